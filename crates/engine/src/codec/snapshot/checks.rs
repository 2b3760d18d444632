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

use wasm_dbms_api::{Arithmetic, Case, ColumnRef, Comparison, Expr, Part, ScalarFunction, Value};

use crate::codec::record::{Reader, Writer};

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
    let mut reader = Reader::new(&writer.0);
    reader.condition(&mut |_, _| ColumnRef::from(""));
    reader.finish().is_ok()
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
    column: &'a mut dyn FnMut(&mut Reader<'b>, u64) -> ColumnRef,
    depth: usize,
}

impl<'b> Reader<'b> {
    pub(super) fn condition(&mut self, column: &mut dyn FnMut(&mut Self, u64) -> ColumnRef) -> Expr {
        if self.left() > MAX_CHECK_BYTES {
            self.damaged();
        }
        Parser { reader: self, column, depth: 0 }.expr()
    }
}

impl Parser<'_, '_> {
    fn list(&mut self) -> Vec<Expr> {
        let mut list = Vec::new();
        for _ in 0..self.reader.number() {
            if self.reader.is_at_end() {
                self.reader.damaged();
                break;
            }
            list.push(self.expr());
        }
        list
    }

    fn at_most_one(&mut self) -> Option<Expr> {
        let mut list = self.list();
        let only = list.pop();
        if !list.is_empty() {
            self.reader.damaged();
        }
        only
    }

    fn part(&mut self) -> Part<Expr> {
        Part::new(self.expr())
    }

    /// The operator that a number stands for.
    fn operator<T: Copy>(&mut self, all: &[T], or: T, what: &str) -> T {
        let code = self.reader.u8();
        all.get(usize::from(code)).copied().unwrap_or_else(|| {
            self.reader.newer(format_args!("the {what} {code}"));
            or
        })
    }

    fn expr(&mut self) -> Expr {
        if self.depth == MAX_CHECK_DEPTH {
            self.reader.damaged();
        }
        self.depth += 1;
        let expr = match self.reader.u8() {
            0 => Expr::Literal(self.reader.value()),
            1 => {
                let number = self.reader.number();
                Expr::Column((self.column)(self.reader, number))
            }
            2 => Expr::Compare(self.operator(&COMPARISONS, Comparison::Equal, "comparison"), self.part(), self.part()),
            3 => Expr::IsDistinct(self.part(), self.part()),
            4 => Expr::And(self.part(), self.part()),
            5 => Expr::Or(self.part(), self.part()),
            6 => Expr::Not(self.part()),
            7 => Expr::IsNull(self.part()),
            8 => Expr::Is(self.part(), false),
            9 => Expr::Is(self.part(), true),
            10 => Expr::InList(self.part(), self.list().into()),
            kind @ (11 | 12) => {
                let number = self.reader.u32();
                let (text, pattern) = (self.part(), self.part());
                let escape = char::from_u32(number);
                if escape.is_none() {
                    self.reader.damaged();
                }
                Expr::Like { text, pattern, escape: escape.filter(|_| number > 0), ignores_case: kind == 12 }
            }
            13 => Expr::Arithmetic(self.operator(&ARITHMETIC, Arithmetic::Add, "arithmetic"), self.part(), self.part()),
            14 => Expr::Negate(self.part()),
            15 => {
                let operand = self.at_most_one();
                let mut branches = Vec::new();
                let mut parts = self.list().into_iter();
                while let Some(condition) = parts.next() {
                    let Some(value) = parts.next() else {
                        self.reader.damaged();
                        break;
                    };
                    branches.push((condition, value));
                }
                Case { operand, branches, otherwise: self.at_most_one() }.into()
            }
            16 => {
                let data_type = self.reader.data_type();
                Expr::Cast(self.part(), data_type)
            }
            17 => {
                let name = self.reader.bytes();
                let name = self.reader.text_of(name);
                let function = ScalarFunction::from_name(&name).unwrap_or_else(|| {
                    self.reader.newer(format_args!("the function {name}"));
                    ScalarFunction::Absolute
                });
                Expr::Function(function, self.list().into())
            }
            kind => {
                match kind {
                    u8::MAX => self.reader.damaged(),
                    kind => self.reader.newer(format_args!("an expression of kind {kind}")),
                }
                Expr::Literal(Value::Null)
            }
        };
        self.depth -= 1;
        expr
    }
}
