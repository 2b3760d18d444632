//! FROM: tables, queries and how they join.

use wasm_dbms_api::{Expr, Join, JoinCondition, JoinKind, Name, Origin, Query, Source};

use super::Parser;

use crate::keyword::Keyword;
use crate::limits::MAX_LIST_ITEMS;

/// The schema of the tables that tell of the tables.
pub(crate) const INFORMATION_SCHEMA: &str = "information_schema";

/// A source and those that join it.
type Joined = (Source, Vec<Join>);

/// What stands in parentheses.
enum Inside {
    Query(Box<Query>),
    Joined(Box<Joined>),
}

/// A query as a source. One that says nothing but where its rows come from is that place itself.
fn source_of(query: Query) -> Source {
    let Query { with, from, joins, filter, group_by, having, columns, distinct, order_by, limit, offset, .. } = &query;
    let is_place = matches!(from.origin, Origin::Set { .. } | Origin::Values(_)) && from.alias.is_none();
    let is_whole = with.is_empty() && joins.is_empty() && group_by.is_empty() && columns.is_empty() && !distinct;
    let is_all = [filter, having, limit, offset].iter().all(|part| part.is_none()) && order_by.is_empty();
    if is_place && is_whole && is_all { query.from } else { Source::from(query) }
}

impl Parser<'_> {
    /// What stands behind FROM.
    #[inline(never)]
    pub(super) fn from(&mut self) -> Joined {
        let (source, mut joins) = self.joined();
        while self.is_sign(b',') {
            let offset = self.token.offset;
            self.advance();
            let group = self.joined();
            self.append(&mut joins, JoinKind::Inner, JoinCondition::Always, group, offset);
            self.check(&joins);
        }
        (source, joins)
    }

    fn check(&mut self, joins: &[Join]) {
        if joins.len() > MAX_LIST_ITEMS {
            self.limit("joins", MAX_LIST_ITEMS)
        }
    }

    /// A source and what joins it, up to a comma.
    fn joined(&mut self) -> Joined {
        let (source, joins) = self.factor();
        self.joined_from(source, joins)
    }

    #[inline(never)]
    fn joined_from(&mut self, source: Source, mut joins: Vec<Join>) -> Joined {
        loop {
            let offset = self.token.offset;
            let is_natural = self.eat(Keyword::Natural);
            let mut is_cross = false;
            let kind = match self.keyword() {
                Some(Keyword::Join | Keyword::Inner) => JoinKind::Inner,
                Some(Keyword::Left) => JoinKind::Left,
                Some(Keyword::Right) => JoinKind::Right,
                Some(Keyword::Full) => JoinKind::Full,
                Some(Keyword::Cross) if !is_natural => {
                    is_cross = true;
                    JoinKind::Inner
                }
                _ if is_natural => {
                    self.fail::<()>("JOIN");
                    return (source, joins);
                }
                _ => return (source, joins),
            };
            let has_word = !self.is(Keyword::Join);
            if has_word {
                self.advance();
                if kind != JoinKind::Inner {
                    self.eat(Keyword::Outer);
                }
            }
            self.expect(Keyword::Join);
            let group = self.factor();
            let condition = if is_natural {
                JoinCondition::Natural
            } else if is_cross && !(self.is_sqlite() && matches!(self.keyword(), Some(Keyword::On | Keyword::Using))) {
                JoinCondition::Always
            } else {
                self.condition()
            };
            self.append(&mut joins, kind, condition, group, offset);
            self.check(&joins);
        }
    }

    #[inline(never)]
    fn condition(&mut self) -> JoinCondition {
        if self.eat(Keyword::On) {
            return JoinCondition::On(self.expr());
        }
        if self.eat(Keyword::Using) {
            let columns = self.column_names();
            self.refuse_word(Keyword::As, "an alias of USING");
            return JoinCondition::Using(columns);
        }
        if !self.is_sqlite() {
            self.fail("ON or USING")
        }
        JoinCondition::Always
    }

    /// A table, a query, or a join in parentheses.
    #[inline(never)]
    fn factor(&mut self) -> Joined {
        self.refuse_word(Keyword::Lateral, "LATERAL");
        if self.eat_sign(b'(') {
            return match self.parenthesized_source() {
                Inside::Query(query) => (self.aliased(source_of(*query)), Vec::new()),
                Inside::Joined(joined) => {
                    if self.is(Keyword::As) || self.is_name() {
                        self.not_supported("an alias of a join in parentheses")
                    }
                    *joined
                }
            };
        }
        if !self.is_name() {
            self.fail("a table or a query in parentheses")
        }
        let name = self.source_name();
        if self.is_sign(b'(') {
            self.not_supported("functions as tables")
        }
        if let Some((_, named)) = self.recursive.iter_mut().rev().find(|(recursive, _)| *recursive == name) {
            *named = true;
        }
        let has_hint = self.is(Keyword::Not) || self.next_keyword() == Some(Keyword::By);
        if has_hint && self.is_sqlite() && (self.token.text.eq_ignore_ascii_case("indexed") || self.is(Keyword::Not)) {
            if !self.eat_all(&[Keyword::Not]) || !self.token.text.eq_ignore_ascii_case("indexed") {
                self.not_supported("INDEXED BY")
            }
            // A hint of the plan.
            self.advance();
        }
        let mut source = self.aliased(Source::table(name));
        if let (None, Origin::Table(name)) = (&source.alias, &source.origin)
            && let Some(own) = name.strip_prefix(INFORMATION_SCHEMA).and_then(|rest| rest.strip_prefix('.'))
        {
            source.alias = Some(own.to_owned().into());
        }
        self.refuse_word(Keyword::Tablesample, "TABLESAMPLE");
        (source, Vec::new())
    }

    /// The name of a table, or of one that tells of the tables, which is called by its second name.
    fn source_name(&mut self) -> Name {
        if !self.token.text.eq_ignore_ascii_case(INFORMATION_SCHEMA) || !self.next_is_sign(b'.') {
            return self.table_name();
        }
        self.advance();
        self.advance();
        let name = self.name("the name of a table");
        self.noted(format!("{INFORMATION_SCHEMA}.{name}").into())
    }

    /// `[AS] alias [(columns)]`.
    #[inline(never)]
    fn aliased(&mut self, mut source: Source) -> Source {
        if let Some(alias) = self.alias() {
            source.alias = Some(alias);
        }
        if self.is_sign(b'(') && source.name().is_some() {
            source.columns = self.column_names();
        }
        source
    }

    /// What stands behind an opening parenthesis, and the closing one.
    #[inline(never)]
    fn parenthesized_source(&mut self) -> Inside {
        self.nested(2, |parser| {
            let inside = if parser.is_query() {
                Inside::Query(parser.boxed_query())
            } else if parser.eat_sign(b'(') {
                match parser.parenthesized_source() {
                    Inside::Query(first) if parser.is_sign(b')') => Inside::Query(first),
                    Inside::Query(first) if parser.query_goes_on() => Inside::Query(parser.boxed_query_from(first)),
                    first => parser.group(first),
                }
            } else {
                let first = parser.factor();
                parser.group(Inside::Joined(first.into()))
            };
            parser.expect_sign(b')');
            inside
        })
    }

    /// A join in parentheses, whose first source has been read.
    #[inline(never)]
    fn group(&mut self, first: Inside) -> Inside {
        let (source, joins) = match first {
            Inside::Query(query) => (self.aliased(source_of(*query)), Vec::new()),
            Inside::Joined(joined) => *joined,
        };
        Inside::Joined(self.joined_from(source, joins).into())
    }

    /// Joins a source, or a group of them where that comes to the same without parentheses.
    fn append(
        &mut self,
        joins: &mut Vec<Join>,
        kind: JoinKind,
        condition: JoinCondition,
        (source, group): Joined,
        offset: usize,
    ) {
        if group.is_empty() {
            joins.push(Join { kind, source, condition });
            return;
        }
        let is_plain = |condition: &JoinCondition| matches!(condition, JoinCondition::Always | JoinCondition::On(_));
        let is_always = matches!(condition, JoinCondition::Always);
        let comes_to_the_same = kind == JoinKind::Inner
            && is_plain(&condition)
            && group.iter().all(|join| {
                let is_kept = join.kind == JoinKind::Inner || (join.kind == JoinKind::Left && is_always);
                is_kept && is_plain(&join.condition)
            });
        if !comes_to_the_same {
            return self.not_supported_at(
                "joins in parentheses, or behind a comma, that are more than inner joins; write them first, or as a query",
                offset,
            );
        }
        joins.push(Join { kind, source, condition: JoinCondition::Always });
        joins.extend(group);
        if let (JoinCondition::On(outer), Some(last)) = (condition, joins.last_mut()) {
            last.condition = JoinCondition::On(match std::mem::take(&mut last.condition) {
                JoinCondition::On(inner) => Expr::and(inner, outer),
                _ => outer,
            });
        }
    }
}
