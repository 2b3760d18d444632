//! Flat lists of nodes to expressions.
//!
//! Invariant I1: a node is named by one other, which stands after it; so what comes of a list is no larger than the list, and
//! it is built in one pass, without recursion.

use wasm_dbms::{AggregateCall, AggregateFunction, Arithmetic, ColumnRef, Comparison, Expr, ScalarFunction};

use crate::bindings::exports::wasm_dbms::database::types as wit;
use crate::failure::{Result, nonsense};
use crate::{table, value};

/// The nodes before the one that is built, each until it is taken.
struct Before(Vec<Option<Expr>>);

/// The expression that a list says.
pub(crate) fn read(nodes: wit::Expression) -> Result<Expr> {
    let mut before = Before(Vec::with_capacity(nodes.len()));
    for node in nodes {
        let expr = before.node(node)?;
        before.0.push(Some(expr));
    }
    let whole = before.0.pop().flatten().ok_or_else(|| nonsense("an expression without a node"))?;
    match before.0.iter().position(Option::is_some) {
        Some(number) => Err(nonsense(format!("node {number} of the expression is named by no other"))),
        None => Ok(whole),
    }
}

/// The filter that a list says, if there is one.
pub(crate) fn read_some(nodes: Option<wit::Expression>) -> Result<Option<Expr>> {
    nodes.map(read).transpose()
}

impl Before {
    fn take(&mut self, number: wit::NodeNumber) -> Result<Expr> {
        let node = usize::try_from(number).ok().and_then(|number| self.0.get_mut(number)?.take());
        node.ok_or_else(|| nonsense(format!("node {number} of the expression is named before it stands, or twice")))
    }

    fn take_all(&mut self, numbers: Vec<wit::NodeNumber>) -> Result<Vec<Expr>> {
        numbers.into_iter().map(|number| self.take(number)).collect()
    }

    fn node(&mut self, node: wit::Node) -> Result<Expr> {
        Ok(match node {
            wit::Node::Literal(literal) => Expr::Literal(value::read(literal)?),
            wit::Node::Parameter(number) => Expr::Parameter(number),
            wit::Node::Column(name) => Expr::Column(ColumnRef::from(name.as_str())),
            wit::Node::Compare(wit::Compare { comparison, left, right }) => {
                self.take(left)?.compare(of_comparison(comparison), self.take(right)?)
            }
            wit::Node::IsDistinct(wit::Pair { left, right }) => self.take(left)?.is_distinct(self.take(right)?),
            wit::Node::AllOf(parts) => {
                self.take_all(parts)?.into_iter().reduce(Expr::and).unwrap_or_else(|| true.into())
            }
            wit::Node::AnyOf(parts) => {
                self.take_all(parts)?.into_iter().reduce(Expr::or).unwrap_or_else(|| false.into())
            }
            wit::Node::IsNot(part) => Expr::Not(self.take(part)?.into()),
            wit::Node::IsNull(part) => Expr::IsNull(self.take(part)?.into()),
            wit::Node::IsAmong(wit::IsAmong { operand, others }) => {
                Expr::InList(self.take(operand)?.into(), self.take_all(others)?.into())
            }
            wit::Node::Like(wit::Like { text, pattern, ignores_case }) => {
                self.take(text)?.like_with(self.take(pattern)?, Some('\\'), ignores_case)
            }
            wit::Node::Arithmetic(wit::Arithmetic { operator, left, right }) => {
                Expr::Arithmetic(of_operator(operator), self.take(left)?.into(), self.take(right)?.into())
            }
            wit::Node::Negate(part) => Expr::Negate(self.take(part)?.into()),
            wit::Node::Cast(wit::Cast { operand, data_type }) => self.take(operand)?.cast(table::data_type(data_type)),
            wit::Node::Call(wit::Call { function, arguments }) => {
                let known = ScalarFunction::from_name(&function);
                let function = known.ok_or_else(|| unknown_function(function))?;
                Expr::function(function, self.take_all(arguments)?)
            }
            wit::Node::Aggregate(wit::Aggregate { function, argument, is_distinct }) => {
                let known = AggregateFunction::from_name(&function);
                let function = known.ok_or_else(|| unknown_function(function))?;
                let call = AggregateCall::new(function, argument.map(|argument| self.take(argument)).transpose()?);
                Expr::from(if is_distinct { call.distinct() } else { call })
            }
        })
    }
}

fn unknown_function(name: String) -> wit::Error {
    wit::Error::Unknown(wit::Missing { what: "function".to_owned(), name })
}

fn of_comparison(comparison: wit::Comparison) -> Comparison {
    match comparison {
        wit::Comparison::Equal => Comparison::Equal,
        wit::Comparison::NotEqual => Comparison::NotEqual,
        wit::Comparison::Less => Comparison::Less,
        wit::Comparison::LessOrEqual => Comparison::LessOrEqual,
        wit::Comparison::Greater => Comparison::Greater,
        wit::Comparison::GreaterOrEqual => Comparison::GreaterOrEqual,
    }
}

fn of_operator(operator: wit::Operator) -> Arithmetic {
    match operator {
        wit::Operator::Add => Arithmetic::Add,
        wit::Operator::Subtract => Arithmetic::Subtract,
        wit::Operator::Multiply => Arithmetic::Multiply,
        wit::Operator::Divide => Arithmetic::Divide,
        wit::Operator::Remainder => Arithmetic::Remainder,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str) -> wit::Node {
        wit::Node::Column(name.to_owned())
    }

    fn words(nodes: wit::Expression) -> String {
        read(nodes).map_or_else(|error| format!("{error:?}"), |expr| expr.to_string())
    }

    #[test]
    fn nodes_become_the_expression_that_they_say() {
        let literal = wit::Node::Literal(wit::Value::Integer(18));
        let compare = wit::Compare { comparison: wit::Comparison::GreaterOrEqual, left: 0, right: 1 };
        let nodes = vec![
            column("users.age"),
            literal,
            wit::Node::Compare(compare),
            column("name"),
            wit::Node::IsNull(3),
            wit::Node::IsNot(4),
            wit::Node::AllOf(vec![2, 5]),
        ];
        assert_eq!(words(nodes), "(users.age >= 18 AND NOT (name IS NULL))");
    }

    #[test]
    fn a_node_that_is_named_twice_or_too_early_or_never_is_refused() {
        let twice = vec![column("a"), wit::Node::AllOf(vec![0, 0])];
        let early = vec![column("a"), wit::Node::AllOf(vec![0, 1])];
        let never = vec![column("a"), column("b")];
        assert!([twice, early, never, vec![]].into_iter().all(|nodes| read(nodes).is_err()));
    }

    #[test]
    fn a_long_chain_is_read_on_a_small_stack() {
        let mut nodes = vec![column("a")];
        nodes.extend((0..100_000).map(wit::Node::IsNot));
        assert!(read(nodes).is_ok());
    }
}
