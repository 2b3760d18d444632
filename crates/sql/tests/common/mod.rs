//! Random expressions and queries that SQL can say.

use fastrand::Rng;
use wasm_dbms_api::{
    AggregateCall, AggregateFunction, Arithmetic, Case, ColumnRef, CommonTable, Comparison, DataType, Date, DateTime,
    Decimal, Expr, FrameBound, FrameExclusion, FrameUnit, Join, JoinCondition, JoinKind, Json, MAX_ARGUMENTS, Name,
    Nulls, Order, Origin, Output, Query, ScalarFunction, SetOperation, Source, Uuid, Value, WindowCall, WindowFrame,
    WindowFunction,
};

const NAMES: [&str; 10] = ["a", "b", "id", "user", "Name", "order", "x y", "quo\"te", "left", "\u{e4}\u{f6}"];

/// Makes them from a seed.
pub(crate) struct Maker {
    pub(crate) rng: Rng,
    /// Whether literals have forms that only this database has.
    pub(crate) own_forms: bool,
    /// How many queries have names.
    named: usize,
}

impl Maker {
    pub(crate) fn new(seed: u64) -> Self {
        Self { rng: Rng::with_seed(seed), own_forms: true, named: 0 }
    }

    fn name(&mut self) -> Name {
        self.rng.choice(NAMES).unwrap().into()
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.rng.bool().then(|| make(self))
    }

    fn some<T>(&mut self, range: std::ops::RangeInclusive<usize>, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.rng.usize(range)).map(|_| make(self)).collect()
    }

    fn column(&mut self) -> Expr {
        let table = self.maybe(Self::name);
        Expr::Column(ColumnRef { table, column: self.name() })
    }

    fn literal(&mut self) -> Value {
        match self.rng.u8(..if self.own_forms { 12 } else { 7 }) {
            0 => Value::Null,
            1 => Value::Bool(self.rng.bool()),
            2 => Value::from(self.rng.i64(-1000..1000)),
            3 => Value::Text(["", "it's", "a%_\\", "--", "\u{1F600}\n"][self.rng.usize(..5)].into()),
            4 => Value::Date(Date::new(2024, 2, self.rng.u8(1..29)).unwrap()),
            5 => Value::Decimal(Decimal::new(self.rng.i128(-9999..9999), self.rng.u8(1..4)).unwrap()),
            6 => Value::from(self.rng.i64(..)),
            7 => Value::Float([1.5, -0.0, 1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 3.0][self.rng.usize(..7)]),
            8 => Value::Bytes(self.rng.u32(..).to_le_bytes()[..self.rng.usize(..4)].to_vec()),
            9 => Value::DateTime(DateTime::from_microseconds(self.rng.i64(0..1 << 50))),
            10 => Value::Uuid(Uuid::from_u128(self.rng.u128(..))),
            _ => Value::Json("{\"a\": [1, \"it's\"]}".parse::<Json>().unwrap()),
        }
    }

    fn order(&mut self, depth: u8) -> Order {
        let nulls = self.maybe(|maker| if maker.rng.bool() { Nulls::First } else { Nulls::Last });
        Order { expr: self.expr(depth), descending: self.rng.bool(), nulls }
    }

    fn aggregate(&mut self, depth: u8) -> AggregateCall {
        let function = [
            AggregateFunction::Count,
            AggregateFunction::Sum,
            AggregateFunction::Average,
            AggregateFunction::Minimum,
            AggregateFunction::Maximum,
            AggregateFunction::Concatenate,
        ][self.rng.usize(..6)];
        if function == AggregateFunction::Count && self.rng.bool() {
            return AggregateCall {
                filter: self.maybe(|maker| maker.expr(depth)),
                ..AggregateCall::new(function, None)
            };
        }
        let mut call = AggregateCall::new(function, Some(self.expr(depth)));
        if function == AggregateFunction::Concatenate {
            call.separator = self.maybe(|maker| maker.expr(depth));
        }
        call.distinct = self.rng.bool();
        call.filter = self.maybe(|maker| maker.expr(depth));
        if self.rng.u8(..4) == 0 {
            call.order_by = self.some(1..=2, |maker| maker.order(depth));
        }
        call
    }

    fn window(&mut self, depth: u8) -> WindowCall {
        let function = match self.rng.u8(..8) {
            0 => WindowFunction::RowNumber,
            1 => WindowFunction::DenseRank,
            2 => WindowFunction::Ntile(self.expr(depth)),
            3 => WindowFunction::Lag(self.expr(depth), Some(Expr::from(1)), self.maybe(|maker| maker.expr(depth))),
            4 => WindowFunction::Lead(self.expr(depth), None, None),
            5 => WindowFunction::NthValue(self.expr(depth), Expr::from(2)),
            _ => WindowFunction::Aggregate(AggregateCall { order_by: Vec::new(), ..self.aggregate(depth) }),
        };
        let frame = self.maybe(|maker| WindowFrame {
            unit: [FrameUnit::Rows, FrameUnit::Range, FrameUnit::Groups][maker.rng.usize(..3)],
            start: [FrameBound::UnboundedPreceding, FrameBound::Preceding(Expr::from(3)), FrameBound::CurrentRow]
                [maker.rng.usize(..3)]
            .clone(),
            end: [FrameBound::CurrentRow, FrameBound::Following(Expr::from(3)), FrameBound::UnboundedFollowing]
                [maker.rng.usize(..3)]
            .clone(),
            // `sqlparser` does not read EXCLUDE.
            exclusion: if maker.own_forms {
                [FrameExclusion::NoOthers, FrameExclusion::CurrentRow, FrameExclusion::Group, FrameExclusion::Ties]
                    [maker.rng.usize(..4)]
            } else {
                FrameExclusion::NoOthers
            },
        });
        WindowCall {
            function,
            partition_by: self.some(0..=2, |maker| maker.expr(depth)),
            order_by: self.some(0..=2, |maker| maker.order(depth)),
            frame,
        }
    }

    fn function(&mut self, depth: u8) -> Expr {
        let mut function = *self.rng.choice(ScalarFunction::ALL).unwrap();
        if function == ScalarFunction::Trim && !self.own_forms {
            // `sqlparser` takes no comma in `trim`.
            function = ScalarFunction::TrimStart;
        }
        let signature = function.signature();
        let most = if signature.most == MAX_ARGUMENTS { signature.fewest + 2 } else { signature.most };
        let mut arguments = self.some(signature.fewest..=most, |maker| maker.expr(depth));
        if function == ScalarFunction::Join {
            // A join in front is the same join.
            arguments.insert(0, Expr::from("x"));
            arguments.push(Expr::from("y"));
        }
        Expr::function(function, arguments)
    }

    pub(crate) fn expr(&mut self, depth: u8) -> Expr {
        let Some(less) = depth.checked_sub(1) else {
            return match self.rng.u8(..if self.own_forms { 6 } else { 5 }) {
                0..3 => self.column(),
                3..5 => Expr::Literal(self.literal()),
                _ => Expr::Parameter(self.rng.u32(1..20)),
            };
        };
        match self.rng.u8(..24) {
            0 => {
                let comparison = [
                    Comparison::Equal,
                    Comparison::NotEqual,
                    Comparison::Less,
                    Comparison::LessOrEqual,
                    Comparison::Greater,
                    Comparison::GreaterOrEqual,
                ][self.rng.usize(..6)];
                self.expr(less).compare(comparison, self.expr(less))
            }
            1 => self.expr(less).is_distinct(self.expr(less)),
            2 | 3 => self.expr(less).and(self.expr(less)),
            4 | 5 => self.expr(less).or(self.expr(less)),
            6 => self.expr(less).not(),
            7 => self.expr(less).is_null(),
            8 => Expr::Is(self.expr(less).into(), self.rng.bool()),
            9 => {
                // `sqlparser` takes a list that begins with a query for a query.
                let mut list = self.some(1..=3, |maker| maker.expr(less));
                list.insert(0, self.expr(0));
                self.expr(less).in_list(list)
            }
            10 => {
                let query = self.query(less);
                self.expr(less).in_query(query)
            }
            11 => Expr::exists(self.query(less)),
            12 => Expr::scalar(self.query(less)),
            13 => {
                let escape = [Some('\\'), Some('\''), Some('!'), None][self.rng.usize(..4)];
                let ignores_case = self.rng.bool();
                self.expr(less).like_with(self.expr(less), escape, ignores_case)
            }
            14 | 15 => {
                let operator = [
                    Arithmetic::Add,
                    Arithmetic::Subtract,
                    Arithmetic::Multiply,
                    Arithmetic::Divide,
                    Arithmetic::Remainder,
                ][self.rng.usize(..5)];
                self.expr(less).arithmetic(operator, self.expr(less))
            }
            16 => -self.expr(less),
            17 => Expr::from(Case {
                // `sqlparser` takes `CASE EXISTS` for something else.
                operand: self.maybe(|maker| maker.expr(if maker.own_forms { less } else { 0 })),
                branches: self.some(1..=2, |maker| (maker.expr(less), maker.expr(less))),
                otherwise: self.maybe(|maker| maker.expr(less)),
            }),
            18 => {
                let data_type = DataType::ALL[self.rng.usize(..18)];
                self.expr(less).cast(data_type)
            }
            19 | 20 => self.function(less),
            21 => self.aggregate(less).into(),
            22 => self.window(less).into(),
            _ => self.expr(0),
        }
    }

    fn source(&mut self, depth: u8) -> Source {
        let origin = match self.rng.u8(..if depth == 0 { 1 } else { 5 }) {
            0 | 1 => Origin::Table(self.name()),
            2 => Origin::Query(self.query(depth - 1).into()),
            3 => {
                let width = self.rng.usize(1..4);
                Origin::Values(
                    self.some(1..=3, |maker| maker.some(width..=width, |maker| maker.expr(depth - 1))).into(),
                )
            }
            _ => Origin::Set {
                operation: [SetOperation::Union, SetOperation::Intersect, SetOperation::Except][self.rng.usize(..3)],
                all: self.rng.bool(),
                left: self.query(depth - 1).into(),
                right: self.query(depth - 1).into(),
            },
        };
        let mut source = Source::new(origin);
        // PostgreSQL wants an alias here, and so does the list of columns.
        if self.rng.bool() || !(self.own_forms || matches!(source.origin, Origin::Table(_))) {
            source.alias = Some(self.name());
            source.columns = self.some(0..=2, Self::name);
        }
        source
    }

    pub(crate) fn query(&mut self, depth: u8) -> Query {
        let less = depth.saturating_sub(1);
        let mut query = Query::default();
        if depth > 0 && self.rng.u8(..4) == 0 {
            query.with = self.some(1..=2, |maker| {
                // WITH RECURSIVE is said of all: a name that is recursive nowhere must not stand in its own query.
                maker.named += 1;
                let name = Name::from(format!("q{}", maker.named));
                let mut inner = maker.query(less);
                let is_recursive = maker.rng.u8(..4) == 0;
                if is_recursive {
                    inner = inner.union_all(Query::from(name.clone()).column(Expr::from(1)));
                }
                CommonTable { name, columns: maker.some(0..=2, Self::name), query: inner.into(), is_recursive }
            });
        }
        if depth > 0 && self.rng.u8(..8) > 0 {
            query.from = self.source(less);
            query.joins = self.some(0..=2, |maker| {
                let condition = match maker.rng.u8(..4) {
                    0 => JoinCondition::On(maker.expr(less)),
                    1 => JoinCondition::Using(maker.some(1..=2, Self::name)),
                    2 => JoinCondition::Natural,
                    _ => JoinCondition::Always,
                };
                let kind = match condition {
                    JoinCondition::Always => JoinKind::Inner,
                    _ => [JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Full][maker.rng.usize(..4)],
                };
                Join { kind, source: maker.source(less), condition }
            });
        }
        let has_rows = query.from.origin != Origin::Nothing;
        if !has_rows || self.rng.u8(..3) > 0 {
            query.columns = self.some(1..=3, |maker| match maker.rng.u8(..6) {
                0 if has_rows => Output::EveryOf(maker.name()),
                _ => Output::Expr(maker.expr(less), maker.maybe(Self::name)),
            });
        }
        query.distinct = self.rng.u8(..4) == 0;
        query.filter = self.maybe(|maker| maker.expr(less));
        if self.rng.u8(..3) == 0 {
            query.group_by = self.some(0..=2, |maker| maker.expr(less));
            query.having = self.maybe(|maker| maker.expr(less));
        }
        if self.rng.u8(..3) == 0 {
            query.order_by = self.some(0..=2, |maker| maker.order(less));
            query.limit = self.maybe(|maker| maker.expr(0));
            query.offset = self.maybe(|maker| maker.expr(0));
        }
        query
    }
}
