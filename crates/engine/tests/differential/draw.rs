//! Tables and questions of which two engines must say the same: whole numbers that stay small, halves, plain texts.

use fastrand::Rng;
use wasm_dbms::prelude::*;
use wasm_dbms::{
    AggregateCall, Arithmetic, Case, Join, JoinCondition, JoinKind, Nulls, Output, ScalarFunction, SetOperation, Source,
};

/// The kinds of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Float,
    Text,
}

const KINDS: [Kind; 3] = [Kind::Integer, Kind::Float, Kind::Text];

/// What each table has beside `id`.
const COLUMNS: [(&str, Kind); 5] =
    [("m", Kind::Integer), ("n", Kind::Integer), ("f", Kind::Float), ("s", Kind::Text), ("u", Kind::Text)];

/// The tables.
pub(crate) const TABLES: usize = 5;

/// A table, with every kind of key and index.
pub(crate) fn table(random: &mut Rng, number: usize) -> TableSchema {
    let mut schema = TableSchema::new(format!("t{number}")).column(ColumnSchema::new("id", DataType::I64));
    for (name, kind) in COLUMNS {
        let data_type = match kind {
            Kind::Integer => DataType::I64,
            Kind::Float => DataType::F64,
            Kind::Text => DataType::Text,
        };
        let column = ColumnSchema::new(name, data_type);
        schema = schema.column(if name == "m" { column } else { column.nullable() });
    }
    let keys: [&[&str]; 4] = [&[], &["id"], &["id"], &["m", "id"]];
    schema = schema.primary_key(keys[random.usize(..4)].iter().copied());
    for number in 0..random.usize(..6) {
        let mut columns = vec!["id", "m", "n", "f", "s", "u"];
        random.shuffle(&mut columns);
        let mut rest = columns.split_off(random.usize(1..4));
        let is_unique = columns.contains(&"id") && random.bool();
        let columns = columns.iter().map(|name| match random.u8(..3) {
            0 => IndexColumn::new(*name).descending(),
            _ => IndexColumn::new(*name),
        });
        let mut index = IndexSchema::new(columns).named(format!("i{number}"));
        if random.u8(..3) == 0 {
            rest.truncate(random.usize(..4));
            index = index.include(rest);
        }
        schema.indexes.push(if is_unique { index.unique() } else { index });
    }
    schema
}

/// The rows of a table.
pub(crate) fn rows(random: &mut Rng, count: usize) -> Vec<Vec<Value>> {
    let mut row = |id: usize| {
        let own = COLUMNS.map(|(name, kind)| match random.u8(..6) {
            0 if name != "m" => Value::Null,
            _ => value(random, kind),
        });
        std::iter::once(Value::from(id as i64)).chain(own).collect()
    };
    (0..count).map(&mut row).collect()
}

fn value(random: &mut Rng, kind: Kind) -> Value {
    match kind {
        Kind::Integer => Value::from(random.i64(-2..8)),
        Kind::Float => Value::from(random.i64(-3..7) as f64 / 2.0),
        Kind::Text => Value::from(text(random)),
    }
}

fn text(random: &mut Rng) -> String {
    (0..random.usize(..3)).map(|_| ["a", "b", "A", "B", "_", "%"][random.usize(..6)]).collect()
}

/// Draws questions.
pub(crate) struct Draw<'r> {
    random: &'r mut Rng,
    /// What can be named, with those of the queries around.
    visible: Vec<(String, Kind)>,
    names: usize,
}

/// How an answer is to be compared.
pub(crate) struct Question {
    pub(crate) query: Query,
    /// So many of the first columns come in the order of both.
    pub(crate) ordered_columns: usize,
}

impl<'r> Draw<'r> {
    pub(crate) fn new(random: &'r mut Rng) -> Self {
        Self { random, visible: Vec::new(), names: 0 }
    }

    /// A question.
    pub(crate) fn question(&mut self) -> Question {
        if self.random.u8(..8) == 0 {
            return self.set();
        }
        if self.random.u8(..6) == 0 {
            return self.wide();
        }
        let (mut query, own) = self.from(2);
        if self.random.u8(..5) > 0 {
            query = query.filter(self.condition(3));
        }
        self.visible = own;
        self.finish(query)
    }

    /// Many tables, each tied to one before.
    fn wide(&mut self) -> Question {
        let count = self.random.usize(4..8);
        let mut query = Query::default();
        for number in 0..count {
            let alias = self.alias();
            let source = Source::from(self.table()).alias(alias.clone());
            if number == 0 {
                query.from = source;
            } else {
                query = query.cross_join(source);
                let other = self.column(Kind::Integer);
                let name = ["id", "id", "m", "n"][self.random.usize(..4)];
                query = query.filter(self.equal(Expr::column(&format!("{alias}.{name}")), other));
            }
            self.see(&alias);
            if self.random.bool() {
                let before = std::mem::take(&mut self.visible);
                self.see(&alias);
                query = query.filter(self.condition(1));
                self.visible = before;
            }
        }
        self.finish(query)
    }

    fn equal(&mut self, left: Expr, right: Expr) -> Expr {
        let (left, right) = if self.random.bool() { (left, right) } else { (right, left) };
        left.compare(Comparison::Equal, right)
    }

    fn set(&mut self) -> Question {
        let kinds: Vec<Kind> = (0..self.random.usize(1..3)).map(|_| KINDS[self.random.usize(..3)]).collect();
        let mut side = || {
            let (mut query, own) = self.from(1);
            if self.random.bool() {
                query = query.filter(self.condition(1));
            }
            self.visible = own;
            for (number, kind) in kinds.iter().enumerate() {
                query = query.column_as(format!("c{number}"), self.value(*kind, 1));
            }
            self.visible.clear();
            query
        };
        let (left, right) = (side(), side());
        let operation = [SetOperation::Union, SetOperation::Intersect, SetOperation::Except][self.random.usize(..3)];
        let all = operation == SetOperation::Union && self.random.bool();
        let query = left.set(operation, all, right);
        if self.random.bool() {
            return Question { query, ordered_columns: 0 };
        }
        // As a source it can be filtered and joined.
        let alias = self.alias();
        let columns = kinds.iter().enumerate().map(|(number, kind)| (format!("{alias}.c{number}"), *kind));
        self.visible = columns.collect();
        let mut query = Query::from(Source::from(query).alias(alias));
        if self.random.bool() {
            query = query.filter(self.condition(1));
        }
        self.finish(query)
    }

    fn alias(&mut self) -> String {
        self.names += 1;
        format!("r{}", self.names)
    }

    fn table(&mut self) -> String {
        format!("t{}", self.random.usize(..TABLES))
    }

    fn see(&mut self, alias: &str) {
        self.visible.push((format!("{alias}.id"), Kind::Integer));
        self.visible.extend(COLUMNS.map(|(name, kind)| (format!("{alias}.{name}"), kind)));
    }

    /// Sources, joined in any way. What was visible before can still be seen; returned is what is so from now on alone.
    fn from(&mut self, joins: usize) -> (Query, Vec<(String, Kind)>) {
        let around = std::mem::take(&mut self.visible);
        let alias = self.alias();
        let mut query = Query::from(Source::from(self.table()).alias(alias.clone()));
        self.see(&alias);
        for _ in 0..self.random.usize(..=joins) {
            let alias = self.alias();
            let source = Source::from(self.table()).alias(alias.clone());
            let kind = match self.random.u8(..12) {
                0..5 => JoinKind::Inner,
                5..9 => JoinKind::Left,
                9..11 => JoinKind::Right,
                _ => JoinKind::Full,
            };
            let kind_of_column = KINDS[self.random.usize(..3)];
            let left = self.column(kind_of_column);
            let before = std::mem::take(&mut self.visible);
            self.see(&alias);
            let right = self.column(kind_of_column);
            self.visible.splice(..0, before);
            let mut condition = self.equal(left, right);
            if self.random.u8(..3) == 0 {
                condition = condition.and(self.plain_condition());
            }
            let condition = match self.random.u8(..10) {
                0 if kind == JoinKind::Inner => JoinCondition::Always,
                1 => JoinCondition::On(self.plain_condition()),
                _ => JoinCondition::On(condition),
            };
            query = query.join_with(Join { kind, source, condition });
        }
        let own = self.visible.clone();
        self.visible.extend(around);
        (query, own)
    }

    /// What is answered, in what order.
    fn finish(&mut self, mut query: Query) -> Question {
        let is_grouped = self.random.u8(..4) == 0;
        let mut outputs: Vec<Expr> = Vec::new();
        if is_grouped {
            for _ in 0..self.random.usize(..3) {
                let kind = KINDS[self.random.usize(..3)];
                let key = if self.random.u8(..4) == 0 { self.value(kind, 1) } else { self.column(kind) };
                if !matches!(key, Expr::Literal(_)) {
                    query = query.group_by_expr(key.clone());
                    outputs.push(key);
                }
            }
            outputs.extend((0..self.random.usize(1..4)).map(|_| self.aggregate()).collect::<Vec<_>>());
            if self.random.u8(..4) == 0 {
                let having = self.aggregate().is_null().not();
                query = query.having(having.and(Expr::count().compare(Comparison::Greater, 1)));
            }
        } else {
            for _ in 0..self.random.usize(1..5) {
                let kind = KINDS[self.random.usize(..3)];
                let output = if self.random.bool() { self.column(kind) } else { self.value(kind, 2) };
                outputs.push(output);
            }
            if self.random.u8(..4) == 0 {
                outputs.push(self.condition(1));
            }
            query.distinct = self.random.u8(..5) == 0;
        }
        let count = outputs.len();
        query.columns = outputs
            .into_iter()
            .enumerate()
            .map(|(number, output)| Output::Expr(output, Some(format!("o{number}").into())))
            .collect();
        let ordered_columns = if self.random.bool() { self.random.usize(..=count) } else { 0 };
        let is_limited = self.random.u8(..3) == 0;
        let count = if is_limited { count } else { ordered_columns };
        for number in 0..count {
            query = query.order_by(Expr::from(number as i64 + 1), self.random.bool());
            if let Some(order) = query.order_by.last_mut() {
                order.nulls = [None, None, Some(Nulls::First), Some(Nulls::Last)][self.random.usize(..4)];
            }
        }
        for order in &mut query.order_by {
            // NULLs count as smallest in both, and both can be told otherwise; what is not said is said here.
            order.nulls.get_or_insert(if order.descending { Nulls::Last } else { Nulls::First });
        }
        if is_limited {
            query = query.limit(self.random.u64(..12));
            if self.random.bool() {
                query = query.offset(self.random.u64(..5));
            }
        }
        Question { query, ordered_columns: count }
    }

    fn aggregate(&mut self) -> Expr {
        use AggregateFunction::{Average, Count, Maximum, Minimum, Sum};
        let function = [Count, Sum, Average, Minimum, Maximum][self.random.usize(..5)];
        let kind = match function {
            Sum | Average => [Kind::Integer, Kind::Float][self.random.usize(..2)],
            _ => KINDS[self.random.usize(..3)],
        };
        let argument = if self.random.u8(..3) == 0 { self.value(kind, 1) } else { self.column(kind) };
        let has_argument = function != Count || self.random.bool();
        let mut call = AggregateCall::new(function, has_argument.then_some(argument));
        if has_argument && self.random.u8(..4) == 0 {
            call = call.distinct();
        }
        if self.random.u8(..5) == 0 {
            call = call.filter(self.plain_condition());
        }
        call.into()
    }

    fn column(&mut self, kind: Kind) -> Expr {
        let alike: Vec<_> = self.visible.iter().filter(|(_, other)| *other == kind).collect();
        match alike.as_slice() {
            [] => Expr::from(value(self.random, kind)),
            alike => Expr::column(&alike[self.random.usize(..alike.len())].0),
        }
    }

    /// An expression of a kind.
    fn value(&mut self, kind: Kind, depth: usize) -> Expr {
        let choice = if depth == 0 { self.random.u8(..8) } else { self.random.u8(..16) };
        match (choice, kind) {
            (0..6, _) => self.column(kind),
            (6 | 7, _) => Expr::from(value(self.random, kind)),
            (8..11, Kind::Integer | Kind::Float) => {
                let operator = [Arithmetic::Add, Arithmetic::Subtract, Arithmetic::Multiply][self.random.usize(..3)];
                let other = if kind == Kind::Integer || self.random.bool() { kind } else { Kind::Integer };
                self.value(kind, depth - 1).arithmetic(operator, self.value(other, 0))
            }
            (8..11, Kind::Text) => self.value(kind, depth - 1).join(self.value(kind, 0)),
            (11 | 12, _) => {
                let branches = vec![(self.plain_condition(), self.value(kind, depth - 1))];
                let otherwise = self.random.bool().then(|| self.value(kind, 0));
                Case { operand: None, branches, otherwise }.into()
            }
            (13, _) => {
                let arguments = [self.column(kind), self.value(kind, depth - 1)];
                Expr::function(ScalarFunction::Coalesce, arguments)
            }
            (14, _) => Expr::function(ScalarFunction::NullIf, [self.column(kind), self.value(kind, depth - 1)]),
            _ => {
                let query = self.inner(&mut |own| {
                    let function = [AggregateFunction::Minimum, AggregateFunction::Maximum][own.random.usize(..2)];
                    Expr::aggregate(function, Some(own.column(kind)))
                });
                Expr::scalar(query)
            }
        }
    }

    /// A query inside, which may name what is around it.
    fn inner(&mut self, output: &mut dyn FnMut(&mut Self) -> Expr) -> Query {
        let around = self.visible.clone();
        let (mut query, own) = self.from(1);
        if self.random.u8(..4) > 0 {
            query = query.filter(self.plain_condition());
        }
        if self.random.u8(..3) > 0 {
            // Correlated.
            let kind = KINDS[self.random.usize(..3)];
            self.visible.clone_from(&around);
            let outer = self.column(kind);
            self.visible.clone_from(&own);
            let inner = self.column(kind);
            query = query.filter(self.equal(outer, inner));
        }
        self.visible = own;
        query = query.column(output(self));
        self.visible = around;
        query
    }

    fn comparison(&mut self) -> Comparison {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        [Equal, Equal, Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual][self.random.usize(..8)]
    }

    /// A condition without queries inside.
    fn plain_condition(&mut self) -> Expr {
        let kind = KINDS[self.random.usize(..3)];
        match self.random.u8(..10) {
            0..4 => {
                let other = self.value(kind, 0);
                self.column(kind).compare(self.comparison(), other)
            }
            4 => {
                let other = if kind == Kind::Text { kind } else { KINDS[self.random.usize(..2)] };
                self.column(kind).compare(self.comparison(), value(self.random, other))
            }
            5 => {
                let (low, high) = (value(self.random, kind), self.value(kind, 0));
                self.column(kind).between(low, high)
            }
            6 => self.column(kind).is_null(),
            7 => {
                let values: Vec<Value> = (0..self.random.usize(1..5))
                    .map(|_| match self.random.u8(..12) {
                        0 => Value::Null,
                        _ => value(self.random, kind),
                    })
                    .collect();
                self.column(kind).in_list(values)
            }
            8 => {
                let pattern = text(self.random);
                let pattern = if self.random.bool() { pattern + "%" } else { pattern };
                self.column(Kind::Text).like_with(pattern, Some('!'), false)
            }
            _ => {
                let other = self.value(kind, 0);
                self.column(kind).is_distinct(other)
            }
        }
    }

    /// A condition.
    fn condition(&mut self, depth: usize) -> Expr {
        match self.random.u8(..if depth == 0 { 12 } else { 24 }) {
            0..10 => self.plain_condition(),
            10 => {
                let kind = KINDS[self.random.usize(..3)];
                let other = self.value(kind, 2);
                self.value(kind, 1).compare(self.comparison(), other)
            }
            11 => {
                // The same column with several ranges.
                let kind = KINDS[self.random.usize(..3)];
                let column = self.column(kind);
                let (one, other) = (value(self.random, kind), value(self.random, kind));
                let (first, second) = (self.comparison(), self.comparison());
                let first = column.clone().compare(first, one);
                let second = column.compare(second, other);
                if self.random.bool() { first.and(second) } else { first.or(second) }
            }
            12..16 => self.condition(depth - 1).and(self.condition(depth - 1)),
            16..18 => self.condition(depth - 1).or(self.condition(depth - 1)),
            18 => self.condition(depth - 1).not(),
            19 => match self.random.bool() {
                true => self.condition(depth - 1).is_true(),
                false => self.condition(depth - 1).is_false(),
            },
            20 | 21 => {
                let query = self.inner(&mut |_| Expr::from(1));
                let exists = Expr::exists(query);
                if self.random.bool() { exists } else { exists.not() }
            }
            _ => {
                let kind = KINDS[self.random.usize(..3)];
                let query = self.inner(&mut |own| own.column(kind));
                let is_in = self.value(kind, 0).in_query(query);
                if self.random.u8(..3) > 0 { is_in } else { is_in.not() }
            }
        }
    }
}
