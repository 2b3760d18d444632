//! Windows: the functions that have one, what stands behind OVER, and windows with names.
//!
//! A window may be named before the WINDOW that says what it is. Until then a parameter that no text can name stands where
//! the call belongs; at the end of the block the call is put in, as if its window was written there.

use wasm_dbms_api::{
    Expr, FrameBound, FrameExclusion, FrameUnit, Name, Order, Value, WindowCall, WindowFrame, WindowFunction,
};

use super::{Parser, bare, next_of};
use crate::keyword::Keyword;
use crate::limits::MAX_TOKENS;

/// What stands in the parentheses of a window.
#[derive(Debug, Clone, Default)]
pub(super) struct WindowParts {
    partition_by: Vec<Expr>,
    order_by: Vec<Order>,
    frame: Option<WindowFrame>,
}

/// A window that WINDOW says.
#[derive(Debug)]
pub(super) struct Definition {
    name: Name,
    parts: WindowParts,
    /// How many tokens it is of.
    tokens: usize,
}

/// A place where a window is named.
#[derive(Debug)]
struct Naming {
    name: Name,
    offset: usize,
    /// Whether nothing is said but the name, without parentheses.
    is_whole: bool,
}

/// A call over a window that is named.
#[derive(Debug)]
pub(super) struct NamingCall {
    naming: Naming,
    /// The call until it is whole.
    waiting: Option<WindowCall>,
    /// The call with its window.
    whole: Option<Expr>,
}

/// The number of the parameter that stands for the call that names a window as the first, and of no other: those of texts
/// are far below.
const FIRST_NAMING: u32 = u32::MAX;

/// The window functions, each with how many arguments it takes.
const FUNCTIONS: [(&str, usize, usize); 11] = [
    ("row_number", 0, 0),
    ("rank", 0, 0),
    ("dense_rank", 0, 0),
    ("percent_rank", 0, 0),
    ("cume_dist", 0, 0),
    ("ntile", 1, 1),
    ("first_value", 1, 1),
    ("last_value", 1, 1),
    ("lag", 1, 3),
    ("lead", 1, 3),
    ("nth_value", 2, 2),
];

impl Parser<'_> {
    /// The window function of this name, which takes its arguments.
    #[inline(never)]
    pub(super) fn window_function(
        &mut self,
        name: &str,
        values: &mut Vec<Expr>,
        offset: usize,
    ) -> Option<WindowFunction> {
        let (number, (_, fewest, most)) = FUNCTIONS.iter().enumerate().find(|(_, (other, ..))| *other == name)?;
        if !(*fewest..=*most).contains(&values.len()) {
            return self.contradiction(format_args!("{name} does not take {} arguments", values.len()), offset);
        }
        let mut values = std::mem::take(values).into_iter();
        let mut next = || next_of(&mut values);
        let of = next().unwrap_or(Expr::Literal(Value::Null));
        Some(match number {
            0 => WindowFunction::RowNumber,
            1 => WindowFunction::Rank,
            2 => WindowFunction::DenseRank,
            3 => WindowFunction::PercentRank,
            4 => WindowFunction::CumulativeDistribution,
            5 => WindowFunction::Ntile(of),
            6 => WindowFunction::FirstValue(of),
            7 => WindowFunction::LastValue(of),
            8 => WindowFunction::Lag(of, next(), next()),
            9 => WindowFunction::Lead(of, next(), next()),
            _ => WindowFunction::NthValue(of, next().unwrap_or(Expr::from(1))),
        })
    }

    /// What stands behind OVER.
    #[inline(never)]
    pub(super) fn window(&mut self, function: WindowFunction) -> Expr {
        let (named, parts) = match self.is_name() {
            true => (Some(self.named_window(true)), WindowParts::default()),
            false => self.window_parts(),
        };
        let WindowParts { partition_by, order_by, frame } = parts;
        let call = WindowCall { function, partition_by, order_by, frame };
        match named {
            Some(naming) => self.wait(naming, call),
            None => call.into(),
        }
    }

    /// Keeps a call until its window is known; what stands for it.
    #[inline(never)]
    fn wait(&mut self, naming: Naming, call: WindowCall) -> Expr {
        let Naming { name, offset, .. } = &naming;
        if !call.partition_by.is_empty() {
            return self.contradiction(format_args!("PARTITION BY belongs to the window {name}"), *offset);
        }
        // There are no more than tokens.
        let number = FIRST_NAMING - self.naming_calls.len() as u32;
        self.naming_calls.push(NamingCall { naming, waiting: Some(call), whole: None });
        Expr::Parameter(number)
    }

    fn named_window(&mut self, is_whole: bool) -> Naming {
        let offset = self.token.offset;
        Naming { name: self.name("the name of a window"), offset, is_whole }
    }

    /// What stands in the parentheses of a window: the one that it begins with, and what is said here.
    #[inline(never)]
    fn window_parts(&mut self) -> (Option<Naming>, WindowParts) {
        self.expect_sign(b'(');
        let is_part =
            matches!(self.keyword(), Some(Keyword::Partition | Keyword::Rows | Keyword::Range | Keyword::Groups));
        let named = if self.is_name() && !is_part { Some(self.named_window(false)) } else { None };
        let mut parts = WindowParts::default();
        if self.eat(Keyword::Partition) {
            self.expect(Keyword::By);
            parts.partition_by = self.list(Self::expr);
        }
        parts.order_by = self.order_by();
        let unit = match self.keyword() {
            Some(Keyword::Rows) => Some(FrameUnit::Rows),
            Some(Keyword::Range) => Some(FrameUnit::Range),
            Some(Keyword::Groups) => Some(FrameUnit::Groups),
            _ => None,
        };
        if let Some(unit) = unit {
            self.advance();
            parts.frame = Some(self.frame(unit));
        }
        self.expect_sign(b')');
        (named, parts)
    }

    /// WINDOW, if it is there: the windows that the block can name from now on.
    #[inline(never)]
    pub(super) fn window_clause(&mut self) -> Vec<Definition> {
        let mut definitions: Vec<Definition> = Vec::new();
        if !self.eat(Keyword::Window) {
            return definitions;
        }
        loop {
            let (offset, before) = (self.token.offset, self.tokens);
            let name = self.name("the name of a window");
            if definitions.iter().any(|other| other.name == name) {
                return self.contradiction(format_args!("the window {name} is there twice"), offset);
            }
            self.expect(Keyword::As);
            let (base, mut parts) = self.window_parts();
            if let Some(base) = base {
                parts = self.put_in(&base, parts, &definitions);
            }
            definitions.push(Definition { name, parts, tokens: self.tokens - before });
            if !self.eat_sign(b',') {
                return definitions;
            }
        }
    }

    /// A window that begins with the named one.
    fn put_in(&mut self, named: &Naming, parts: WindowParts, definitions: &[Definition]) -> WindowParts {
        let Naming { name, offset, is_whole } = named;
        let Some(base) = definitions.iter().find(|other| other.name == *name) else {
            return self.contradiction(format_args!("there is no window {name}"), *offset);
        };
        // It counts as what it stands for.
        self.tokens = self.tokens.saturating_add(base.tokens);
        if self.tokens > MAX_TOKENS {
            return self.limit("tokens of a statement", MAX_TOKENS);
        }
        if *is_whole {
            return base.parts.clone();
        }
        if !parts.partition_by.is_empty() {
            return self.contradiction(format_args!("PARTITION BY belongs to the window {name}"), *offset);
        }
        if !parts.order_by.is_empty() && !base.parts.order_by.is_empty() {
            return self.contradiction(format_args!("the window {name} has an ORDER BY already"), *offset);
        }
        if base.parts.frame.is_some() {
            return self.contradiction(format_args!("the window {name} has a frame: say OVER {name}"), *offset);
        }
        let mut own = base.parts.clone();
        if own.order_by.is_empty() {
            own.order_by = parts.order_by;
        }
        own.frame = parts.frame;
        own
    }

    /// Puts the windows in that were named since the naming of this number.
    pub(super) fn put_windows_in<'e>(
        &mut self,
        exprs: impl Iterator<Item = &'e mut Expr>,
        definitions: &[Definition],
        first: usize,
    ) {
        let mut calls = std::mem::take(&mut self.naming_calls);
        if calls.iter().skip(first).any(|call| call.whole.is_none()) {
            for expr in exprs {
                self.put_windows_into(expr, definitions, &mut calls);
            }
        }
        self.naming_calls = calls;
    }

    fn put_windows_into(&mut self, expr: &mut Expr, definitions: &[Definition], calls: &mut [NamingCall]) {
        let Expr::Parameter(number) = expr else {
            return bare::parts(expr, &mut |part| self.put_windows_into(part, definitions, calls));
        };
        let Some(call) = calls.get_mut((FIRST_NAMING - *number) as usize) else { return };
        if let Some(WindowCall { function, order_by, frame, .. }) = call.waiting.take() {
            let parts = WindowParts { partition_by: Vec::new(), order_by, frame };
            let WindowParts { partition_by, order_by, frame } = self.put_in(&call.naming, parts, definitions);
            call.whole = Some(WindowCall { function, partition_by, order_by, frame }.into());
        }
        if let Some(whole) = &call.whole {
            expr.clone_from(whole);
        }
    }

    /// Checks that every window which was named is there.
    pub(super) fn check_named_windows(&mut self) {
        let calls = std::mem::take(&mut self.naming_calls);
        if let Some(NamingCall { naming, .. }) = calls.iter().find(|call| call.whole.is_none()) {
            self.contradiction(format_args!("there is no window {} here", naming.name), naming.offset)
        }
    }

    #[inline(never)]
    fn frame(&mut self, unit: FrameUnit) -> WindowFrame {
        let offset = self.token.offset;
        let is_range = self.eat(Keyword::Between);
        let start = self.frame_bound();
        let end = match is_range {
            true => {
                self.expect(Keyword::And);
                self.frame_bound()
            }
            false => FrameBound::CurrentRow,
        };
        let rank = |bound: &FrameBound| match bound {
            FrameBound::UnboundedPreceding => 0,
            FrameBound::Preceding(_) => 1,
            FrameBound::CurrentRow => 2,
            FrameBound::Following(_) => 3,
            FrameBound::UnboundedFollowing => 4,
        };
        if rank(&start) > rank(&end) || rank(&start) == 4 || rank(&end) == 0 {
            self.contradiction(format_args!("a frame that ends before it begins"), offset)
        }
        WindowFrame { unit, start, end, exclusion: self.frame_exclusion() }
    }

    /// EXCLUDE, if it is there. Two of its words are no keywords: they stand nowhere else.
    #[inline(never)]
    fn frame_exclusion(&mut self) -> FrameExclusion {
        if !self.eat(Keyword::Exclude) {
            return FrameExclusion::NoOthers;
        }
        if self.eat_all(&[Keyword::Current, Keyword::Row]) {
            return FrameExclusion::CurrentRow;
        }
        if self.eat(Keyword::Group) {
            return FrameExclusion::Group;
        }
        let exclusion = match self.token.text.to_ascii_lowercase().as_str() {
            "ties" => FrameExclusion::Ties,
            "no" if self.next.text.eq_ignore_ascii_case("others") => {
                self.advance();
                FrameExclusion::NoOthers
            }
            _ => {
                self.fail::<()>("CURRENT ROW, GROUP, TIES or NO OTHERS");
                FrameExclusion::NoOthers
            }
        };
        self.advance();
        exclusion
    }

    #[inline(never)]
    fn frame_bound(&mut self) -> FrameBound {
        if self.eat_all(&[Keyword::Current, Keyword::Row]) {
            return FrameBound::CurrentRow;
        }
        // A column may be called so.
        let unbounded =
            self.is(Keyword::Unbounded) && matches!(self.next_keyword(), Some(Keyword::Preceding | Keyword::Following));
        if unbounded {
            self.advance();
            return match self.eat(Keyword::Preceding) {
                true => FrameBound::UnboundedPreceding,
                false => {
                    self.expect(Keyword::Following);
                    FrameBound::UnboundedFollowing
                }
            };
        }
        let by = self.expr_above(super::infix::POWER_NOT + 1);
        if self.eat(Keyword::Preceding) {
            return FrameBound::Preceding(by);
        }
        if !self.eat(Keyword::Following) {
            self.fail("PRECEDING or FOLLOWING")
        }
        FrameBound::Following(by)
    }
}
