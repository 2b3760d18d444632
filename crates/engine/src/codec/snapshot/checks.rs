//! The conditions of checks in the schema snapshot: an expression as bytes.
//!
//! An expression is a `u8` kind and what follows. A kind never changes its meaning; new ones get new numbers.
//!
//! | kind | takes |
//! |---|---|
//! | 0 literal | [value](crate::codec::value) |
//! | 1 column | number: twice its id, one more where its table is named too |
//! | 2 comparison | `u8`: 0 `=`, 1 `<>`, 2 `<`, 3 `<=`, 4 `>`, 5 `>=`; two expressions |
//! | 3 IS DISTINCT FROM, 4 AND, 5 OR | two expressions |
//! | 6 NOT, 7 IS NULL, 8 IS FALSE, 9 IS TRUE | expression |
//! | 10 IN | expression, list |
//! | 11 LIKE, 12 ILIKE | number: the escape's, 0 for none; text, pattern |
//! | 13 arithmetic | `u8`: 0 `+`, 1 `-`, 2 `*`, 3 `/`, 4 `%`; two expressions |
//! | 14 negation | expression |
//! | 15 CASE | list: the operand or nothing, list: conditions and values in turn, list: what else or nothing |
//! | 16 CAST | `u8` type, expression |
//! | 17 function | number of bytes, name, list |
//!
//! A list is a number and as many expressions. 255 stands for what cannot be stored; it is not read.

use wasm_dbms_api::{Arithmetic, Case, ColumnRef, Comparison, DataType, Expr, Part, ScalarFunction, Value};

use crate::codec::record::{Problem, Reader, Writer};
use crate::codec::snapshot::decode::data_type;

/// How deep the condition of a check may be.
const MAX_CHECK_DEPTH: usize = 100;

/// How many bytes the condition of a check may take.
const MAX_CHECK_BYTES: usize = 16 << 10;

const COMPARISONS: [Comparison; 6] = [
    Comparison::Equal,
    Comparison::NotEqual,
    Comparison::Less,
    Comparison::LessOrEqual,
    Comparison::Greater,
    Comparison::GreaterOrEqual,
];

const ARITHMETIC: [Arithmetic; 5] =
    [Arithmetic::Add, Arithmetic::Subtract, Arithmetic::Multiply, Arithmetic::Divide, Arithmetic::Remainder];

/// Whether a condition can be stored.
pub(crate) fn is_storable(condition: &Expr) -> bool {
    let mut writer = Writer::default();
    writer.condition(condition, &|_| 0);
    Reader(&writer.0).condition(&mut |_| Ok(ColumnRef::from(""))).is_ok()
}

/// Writes expressions. `id_of` gives the ids of columns.
struct Encoder<'a> {
    writer: &'a mut Writer,
    id_of: &'a dyn Fn(&str) -> u64,
    depth: usize,
}

impl Writer {
    pub(super) fn condition(&mut self, condition: &Expr, id_of: &dyn Fn(&str) -> u64) {
        Encoder { writer: self, id_of, depth: 0 }.expr(condition);
    }
}

impl Encoder<'_> {
    fn kind(&mut self, kind: u8, parts: &[&Expr]) {
        self.writer.0.push(kind);
        parts.iter().for_each(|part| self.expr(part));
    }

    fn list<'e>(&mut self, list: impl ExactSizeIterator<Item = &'e Expr>) {
        self.writer.number(list.len() as u64);
        list.for_each(|part| self.expr(part));
    }

    fn operator<T: PartialEq>(&mut self, kind: u8, all: &[T], own: &T, parts: [&Expr; 2]) {
        let code = all.iter().position(|other| other == own).map_or(u8::MAX, |code| code as u8);
        self.writer.0.extend_from_slice(&[kind, code]);
        parts.iter().for_each(|part| self.expr(part));
    }

    fn expr(&mut self, expr: &Expr) {
        if self.depth == MAX_CHECK_DEPTH {
            return self.writer.0.push(u8::MAX);
        }
        self.depth += 1;
        match expr {
            Expr::Literal(value) => {
                self.writer.0.push(0);
                self.writer.value(value.as_ref());
            }
            Expr::Column(column) => {
                self.writer.0.push(1);
                self.writer.number((self.id_of)(&column.column) * 2 + u64::from(column.table.is_some()));
            }
            Expr::Compare(comparison, left, right) => self.operator(2, &COMPARISONS, comparison, [left, right]),
            Expr::IsDistinct(left, right) => self.kind(3, &[left, right]),
            Expr::And(left, right) => self.kind(4, &[left, right]),
            Expr::Or(left, right) => self.kind(5, &[left, right]),
            Expr::Not(inner) => self.kind(6, &[inner]),
            Expr::IsNull(inner) => self.kind(7, &[inner]),
            Expr::Is(inner, truth) => self.kind(8 + u8::from(*truth), &[inner]),
            Expr::InList(inner, list) => {
                self.kind(10, &[inner]);
                self.list(list.iter());
            }
            Expr::Like { text, pattern, escape, ignores_case } => {
                self.writer.0.push(11 + u8::from(*ignores_case));
                self.writer.number(escape.map_or(0, u64::from));
                self.expr(text);
                self.expr(pattern);
            }
            Expr::Arithmetic(operator, left, right) => self.operator(13, &ARITHMETIC, operator, [left, right]),
            Expr::Negate(inner) => self.kind(14, &[inner]),
            Expr::Case(case) => {
                self.writer.0.push(15);
                self.list(case.operand.iter());
                let branches: Vec<&Expr> = case.branches.iter().flat_map(|(when, then)| [when, then]).collect();
                self.list(branches.into_iter());
                self.list(case.otherwise.iter());
            }
            Expr::Cast(inner, data_type) => {
                self.writer.0.extend_from_slice(&[16, data_type.code()]);
                self.expr(inner);
            }
            Expr::Function(function, arguments) => {
                self.writer.0.push(17);
                self.writer.bytes(function.name().as_bytes());
                self.list(arguments.iter());
            }
            _ => self.writer.0.push(u8::MAX),
        }
        self.depth -= 1;
    }
}

/// Reads expressions. `column` gives the columns of ids, with their table where the bit says so.
struct Parser<'a, 'b> {
    reader: &'a mut Reader<'b>,
    column: &'a mut dyn FnMut(u64) -> Result<ColumnRef, Problem>,
    depth: usize,
}

impl Reader<'_> {
    pub(super) fn condition(
        &mut self,
        column: &mut dyn FnMut(u64) -> Result<ColumnRef, Problem>,
    ) -> Result<Expr, Problem> {
        if self.0.len() > MAX_CHECK_BYTES {
            return Err(Problem::Damaged);
        }
        Parser { reader: self, column, depth: 0 }.expr()
    }
}

impl Parser<'_, '_> {
    fn list(&mut self) -> Result<Vec<Expr>, Problem> {
        let count = self.reader.number()?;
        self.exprs(count)
    }

    fn exprs(&mut self, count: u64) -> Result<Vec<Expr>, Problem> {
        let mut list = Vec::new();
        for _ in 0..count {
            list.push(self.expr()?);
        }
        Ok(list)
    }

    fn at_most_one(&mut self) -> Result<Option<Expr>, Problem> {
        let mut list = self.list()?;
        let only = list.pop();
        if list.is_empty() { Ok(only) } else { Err(Problem::Damaged) }
    }

    /// The operator that a number stands for, one of the first so many.
    fn operator(&mut self, count: usize, what: &str) -> Result<usize, Problem> {
        let code = usize::from(self.reader.u8()?);
        if code < count { Ok(code) } else { Err(Problem::Newer(format!("the {what} {code}"))) }
    }

    fn expr(&mut self) -> Result<Expr, Problem> {
        if self.depth == MAX_CHECK_DEPTH {
            return Err(Problem::Damaged);
        }
        self.depth += 1;
        let kind = self.reader.u8()?;
        // What stands before the operands.
        let detail = match kind {
            2 => self.operator(COMPARISONS.len(), "comparison")?,
            13 => self.operator(ARITHMETIC.len(), "arithmetic")?,
            11 | 12 => self.reader.u32()? as usize,
            _ => 0,
        };
        let data_type = if kind == 16 { data_type(self.reader.u8()?)? } else { DataType::Bool };
        let count = match kind {
            2..=5 | 11..=13 => 2,
            6..=10 | 14 | 16 => 1,
            _ => 0,
        };
        let mut operands = self.exprs(count)?.into_iter();
        let mut part = || Part::new(operands.next().unwrap_or(Expr::Literal(Value::Null)));
        let expr = match kind {
            0 => Expr::Literal(self.reader.value()?),
            1 => {
                let number = self.reader.number()?;
                Expr::Column((self.column)(number)?)
            }
            2 => Expr::Compare(*COMPARISONS.get(detail).ok_or(Problem::Damaged)?, part(), part()),
            3 => Expr::IsDistinct(part(), part()),
            4 => Expr::And(part(), part()),
            5 => Expr::Or(part(), part()),
            6 => Expr::Not(part()),
            7 => Expr::IsNull(part()),
            8 | 9 => Expr::Is(part(), kind == 9),
            10 => Expr::InList(part(), self.list()?.into()),
            11 | 12 => {
                let escape = match detail {
                    0 => None,
                    number => Some(char::from_u32(number as u32).ok_or(Problem::Damaged)?),
                };
                Expr::Like { text: part(), pattern: part(), escape, ignores_case: kind == 12 }
            }
            13 => Expr::Arithmetic(*ARITHMETIC.get(detail).ok_or(Problem::Damaged)?, part(), part()),
            14 => Expr::Negate(part()),
            15 => {
                let operand = self.at_most_one()?;
                let mut branches = Vec::new();
                let mut parts = self.list()?.into_iter();
                while let Some(condition) = parts.next() {
                    branches.push((condition, parts.next().ok_or(Problem::Damaged)?));
                }
                Case { operand, branches, otherwise: self.at_most_one()? }.into()
            }
            16 => Expr::Cast(part(), data_type),
            17 => {
                let name = Reader(self.reader.bytes()?).text()?;
                let function = ScalarFunction::from_name(&name);
                let function = function.ok_or_else(|| Problem::Newer(format!("the function {name}")))?;
                Expr::Function(function, self.list()?.into())
            }
            u8::MAX => return Err(Problem::Damaged),
            kind => return Err(Problem::Newer(format!("an expression of kind {kind}"))),
        };
        self.depth -= 1;
        Ok(expr)
    }
}
