//! Copies from local to local that `wasm-opt` leaves, taken out.
//!
//! Several results of a call are one value to it, a tuple. What it writes puts each of them in a local of its own, and copies
//! it from there to the local that it is for: four instructions too many for every third such call. So a local that only
//! passes a value on, to one other local in the same stretch of code, gives way to that other one
//! ([`Code::forward`]). Locals that nothing reads any more go, with all that is written to them.

use std::collections::BTreeSet;
use std::mem;

use anyhow::{Result, anyhow};
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{CodeSection, Function, FunctionSection, Module, TypeSection, ValType};
use wasmparser::{CompositeInnerType, FunctionBody, FunctionSectionReader, Operator, Parser, TypeSectionReader};

/// The source of what is done to a module: another way makes another module.
pub(super) const SOURCE: &str = include_str!("copies.rs");

/// The module with values brought where they are wanted at once.
pub(super) fn forwarded(module: &[u8]) -> Result<Vec<u8>> {
    let mut changed = Module::new();
    Forwarding::default()
        .parse_core_module(&mut changed, Parser::new(0), module)
        .map_err(|problem| anyhow!("the module cannot be written anew: {problem}"))?;
    Ok(changed.finish())
}

/// A copy of a module in which values are brought where they are wanted at once.
#[derive(Default)]
struct Forwarding {
    /// How many parameters a function of each type has.
    parameters: Vec<usize>,
    /// The types of the module's own functions, those of the last one first.
    types: Vec<u32>,
}

impl Reencode for Forwarding {
    type Error = std::convert::Infallible;

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: TypeSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        for group in section.clone() {
            for of_type in group?.into_types() {
                self.parameters.push(match of_type.composite_type.inner {
                    CompositeInnerType::Func(of_type) => of_type.params().len(),
                    _ => 0,
                });
            }
        }
        reencode::utils::parse_type_section(self, types, section)
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        self.types = section.clone().into_iter().collect::<Result<_, _>>()?;
        self.types.reverse();
        reencode::utils::parse_function_section(self, functions, section)
    }

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Result<(), reencode::Error> {
        let of_type = self.types.pop().and_then(|of_type| self.parameters.get(of_type as usize));
        let parameters = of_type.copied().unwrap_or_default();
        let mut locals = Vec::new();
        for group in body.get_locals_reader()? {
            let (count, of_type) = group?;
            locals.resize(locals.len() + count as usize, self.val_type(of_type)?);
        }
        let operators = body.get_operators_reader()?.into_iter().collect::<Result<Vec<_>, _>>()?;
        let mut body = Code { operators, locals: parameters + locals.len() };
        body.forward();
        let (locals, operators) = body.without_unused(parameters, &locals);
        let mut function = Function::new_with_locals_types(locals);
        for operator in operators {
            function.instruction(&self.instruction(operator)?);
        }
        code.function(&function);
        Ok(())
    }
}

/// What a function does.
struct Code<'a> {
    operators: Vec<Operator<'a>>,
    /// How many locals there are, parameters included.
    locals: usize,
}

/// What an instruction does with a local.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read(u32),
    Write(u32),
    /// Written, and the value stays on the stack.
    Tee(u32),
}

impl Access {
    fn of(operator: &Operator<'_>) -> Option<Self> {
        match *operator {
            Operator::LocalGet { local_index } => Some(Self::Read(local_index)),
            Operator::LocalSet { local_index } => Some(Self::Write(local_index)),
            Operator::LocalTee { local_index } => Some(Self::Tee(local_index)),
            _ => None,
        }
    }

    fn local(self) -> u32 {
        let (Self::Read(local) | Self::Write(local) | Self::Tee(local)) = self;
        local
    }

    /// The same, done with another local.
    fn with<'a>(self, local_index: u32) -> Operator<'a> {
        match self {
            Self::Read(_) => Operator::LocalGet { local_index },
            Self::Write(_) => Operator::LocalSet { local_index },
            Self::Tee(_) => Operator::LocalTee { local_index },
        }
    }
}

impl<'a> Code<'a> {
    /// Has locals give way that only bring a value to another one, and writes nothing that nothing reads.
    fn forward(&mut self) {
        // What gives way or is no longer read may let another give way.
        while self.forward_once() {}
        for place in 1..self.operators.len() {
            if let (Some(Access::Write(local)), Some(read)) = (self.access(place - 1), self.access(place))
                && read == Access::Read(local)
            {
                self.put(place - 1, Operator::Nop);
                self.put(place, Operator::LocalTee { local_index: local });
            }
        }
        self.operators.retain(|operator| !matches!(operator, Operator::Nop));
    }

    /// Whether there was anything to do.
    fn forward_once(&mut self) -> bool {
        self.operators.retain(|operator| !matches!(operator, Operator::Nop));
        let is_passing = self.passing();
        let mut has_changed = false;
        for place in 0..self.operators.len() {
            let Some(access @ (Access::Write(local) | Access::Tee(local))) = self.access(place) else { continue };
            if is_passing.get(local as usize).is_some_and(|passing| *passing) {
                has_changed |= self.forward_at(place, access);
            }
        }
        has_changed
    }

    /// Which locals pass values on within a stretch only: before each read of one is a write of it that the read follows in
    /// any case.
    fn passing(&self) -> Vec<bool> {
        let mut is_passing = vec![true; self.locals];
        let mut written = BTreeSet::new();
        for operator in &self.operators {
            match Access::of(operator) {
                Some(Access::Write(local) | Access::Tee(local)) => {
                    written.insert(local);
                }
                Some(Access::Read(local)) if !written.contains(&local) => {
                    if let Some(passing) = is_passing.get_mut(local as usize) {
                        *passing = false;
                    }
                }
                _ if is_end_of_stretch(operator) => written.clear(),
                _ => {}
            }
        }
        is_passing
    }

    /// Has the local that is written here give way, if it can.
    fn forward_at(&mut self, place: usize, access: Access) -> bool {
        let local = access.local();
        let mut reads = Vec::new();
        for (later, operator) in self.operators.iter().enumerate().skip(place + 1) {
            match Access::of(operator) {
                Some(Access::Read(read)) if read == local => reads.push(later),
                Some(other) if other.local() == local => break,
                _ if is_end_of_stretch(operator) => break,
                _ => {}
            }
        }
        let read = match reads[..] {
            [] => {
                let is_write = matches!(access, Access::Write(_));
                self.put(place, if is_write { Operator::Drop } else { Operator::Nop });
                return true;
            }
            [read] => read,
            _ => return false,
        };
        let copy = read + 1;
        let (target, left) = match self.access(copy) {
            Some(Access::Write(target)) => (target, Operator::Nop),
            Some(Access::Tee(target)) => (target, Operator::LocalGet { local_index: target }),
            _ => return false,
        };
        let between = self.operators.get(place + 1..read).unwrap_or_default();
        let is_in_the_way = |operator: &Operator<'_>| {
            is_end_of_stretch(operator)
                || matches!(operator, Operator::If { .. } | Operator::BrIf { .. })
                || Access::of(operator).is_some_and(|access| access.local() == target)
        };
        if between.iter().any(is_in_the_way) {
            return false;
        }
        self.put(place, access.with(target));
        self.put(read, Operator::Nop);
        self.put(copy, left);
        true
    }

    fn access(&self, place: usize) -> Option<Access> {
        self.operators.get(place).and_then(Access::of)
    }

    fn put(&mut self, place: usize, operator: Operator<'a>) {
        if let Some(at) = self.operators.get_mut(place) {
            *at = operator;
        }
    }

    /// The types of the locals that are left of these, which follow so many parameters, and the instructions with their
    /// numbers.
    fn without_unused(self, parameters: usize, locals: &[ValType]) -> (Vec<ValType>, Vec<Operator<'a>>) {
        let mut is_used = vec![false; self.locals];
        for access in self.operators.iter().filter_map(Access::of) {
            if let Some(used) = is_used.get_mut(access.local() as usize) {
                *used = true;
            }
        }
        is_used.iter_mut().take(parameters).for_each(|used| *used = true);
        let before = |used: &bool, number: &mut u32| Some(mem::replace(number, *number + u32::from(*used)));
        let numbers: Vec<u32> = is_used.iter().scan(0, |number, used| before(used, number)).collect();
        let mut operators = self.operators;
        for operator in &mut operators {
            if let Some(access) = Access::of(operator)
                && let Some(number) = numbers.get(access.local() as usize)
            {
                *operator = access.with(*number);
            }
        }
        let kept = locals.iter().zip(is_used.iter().skip(parameters)).filter(|(_, used)| **used);
        (kept.map(|(of_type, _)| *of_type).collect(), operators)
    }
}

/// Whether what follows an instruction may follow others too, or never does.
fn is_end_of_stretch(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Loop { .. }
            | Operator::Else
            | Operator::End
            | Operator::Br { .. }
            | Operator::BrTable { .. }
            | Operator::Return
            | Operator::Unreachable
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::reencode::RoundtripReencoder;
    use wasm_encoder::{EntityType, ImportSection};
    use wasmparser::{BlockType, Payload, Validator};

    /// A function that is called takes one number and gives two, and one number is what the tested function takes.
    const CALLEE: Operator<'static> = Operator::Call { function_index: 0 };
    const PARAMETERS: usize = 1;

    fn read<'a>(local_index: u32) -> Operator<'a> {
        Operator::LocalGet { local_index }
    }

    fn write<'a>(local_index: u32) -> Operator<'a> {
        Operator::LocalSet { local_index }
    }

    fn tee<'a>(local_index: u32) -> Operator<'a> {
        Operator::LocalTee { local_index }
    }

    fn number<'a>(value: i32) -> Operator<'a> {
        Operator::I32Const { value }
    }

    /// A module of one function of this code; its locals are numbers, its result too.
    fn module(code: &[Operator<'static>], locals: u32) -> Vec<u8> {
        let (mut types, mut imports) = (TypeSection::new(), ImportSection::new());
        let (mut functions, mut section) = (FunctionSection::new(), CodeSection::new());
        types.ty().function([ValType::I32], [ValType::I32; 2]);
        types.ty().function([ValType::I32; PARAMETERS], [ValType::I32]);
        imports.import("test", "two", EntityType::Function(0));
        functions.function(1);
        let mut function = Function::new([(locals - PARAMETERS as u32, ValType::I32)]);
        for operator in code {
            function.instruction(&RoundtripReencoder.instruction(operator.clone()).unwrap());
        }
        section.function(&function);
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&section);
        module.finish()
    }

    /// How many locals the function of a valid module has, and its code.
    fn function(module: &[u8]) -> (u32, Vec<Operator<'_>>) {
        Validator::new().validate_all(module).unwrap();
        let body = Parser::new(0).parse_all(module).find_map(|payload| match payload.unwrap() {
            Payload::CodeSectionEntry(body) => Some(body),
            _ => None,
        });
        let body = body.unwrap();
        let locals: u32 = body.get_locals_reader().unwrap().into_iter().map(|group| group.unwrap().0).sum();
        let operators = body.get_operators_reader().unwrap().into_iter().map(|operator| operator.unwrap());
        (locals + PARAMETERS as u32, operators.collect())
    }

    fn assert_forwards(code: &[Operator<'static>], locals: u32, expected: &[Operator<'static>], left: u32) {
        let changed = forwarded(&module(code, locals)).unwrap();
        let (found_locals, found) = function(&changed);
        assert_eq!(format!("{found:?}"), format!("{expected:?}"));
        assert_eq!(found_locals, left);
    }

    #[test]
    fn results_go_to_their_locals_at_once() {
        use Operator::{End, I32Add};
        let code = [read(0), CALLEE, write(1), write(2), read(1), write(3), read(2), write(4)];
        let rest = |first, second| [read(first), read(second), I32Add, read(first), I32Add, read(second), I32Add, End];
        let expected = [read(0), CALLEE, write(1), write(2)];
        assert_forwards(&[&code[..], &rest(3, 4)].concat(), 5, &[&expected[..], &rest(1, 2)].concat(), 3);
    }

    #[test]
    fn a_local_that_passes_several_values_on_gives_way_each_time() {
        use Operator::{End, I32Add};
        // Each time the first passes the second result on.
        let code = [read(0), CALLEE, write(1), write(2), read(1), write(3)];
        let again = [read(2), CALLEE, write(1), tee(2), write(4), read(1), tee(5)];
        let rest =
            |one, other, last| [read(one), I32Add, read(other), I32Add, read(last), I32Add, read(last), I32Add, End];
        let direct = [read(0), CALLEE, write(2), tee(1), CALLEE, write(4), write(3), read(4)];
        assert_forwards(&[&code[..], &again, &rest(3, 4, 5)].concat(), 6, &[&direct[..], &rest(2, 3, 4)].concat(), 5);
    }

    #[test]
    fn what_nothing_reads_is_not_written() {
        use Operator::{Drop, End};
        let code = [read(0), CALLEE, write(1), tee(2), End];
        assert_forwards(&code, 3, &[read(0), CALLEE, Drop, End], 1);
    }

    #[test]
    fn a_local_stays_whose_value_is_read_later_or_elsewhere() {
        let block = Operator::Block { blockty: BlockType::Empty };
        let again = Operator::Loop { blockty: BlockType::Empty };
        let branch = Operator::BrIf { relative_depth: 0 };
        use Operator::{End, I32Add};
        for code in [
            // Read twice.
            vec![number(1), tee(1), read(1), I32Add, write(2), read(1), read(2), I32Add, read(2), I32Add, End],
            // Read behind the end of a block, where the branch comes too.
            vec![
                block.clone(),
                number(1),
                write(1),
                read(0),
                branch.clone(),
                read(1),
                write(2),
                End,
                read(1),
                read(2),
                I32Add,
                read(2),
                I32Add,
                End,
            ],
            // Copied only where no branch is taken, and its target is read where it is.
            vec![block, number(1), write(1), read(0), branch.clone(), read(1), write(2), End, read(2), End],
            // Its target is written again each time round.
            vec![
                number(1),
                write(1),
                again,
                read(1),
                write(2),
                read(0),
                read(2),
                I32Add,
                CALLEE,
                write(2),
                branch,
                End,
                read(2),
                End,
            ],
            // Its target is read in between, and has another value then.
            vec![number(1), write(1), read(2), read(1), write(2), read(0), I32Add, read(2), I32Add, End],
        ] {
            let locals = 3;
            assert_forwards(&code, locals, &code, locals);
        }
    }

    /// Runs code with this argument: what was told to the callee, up to so many times, and what came of it.
    fn run(code: &[Operator<'_>], locals: u32, argument: i32) -> Vec<i32> {
        let (mut values, mut stack, mut told) = (vec![0; locals as usize], Vec::new(), Vec::new());
        values[0] = argument;
        // Where each block began, how high the stack was, and whether a branch to it goes back.
        let mut blocks: Vec<(usize, bool)> = Vec::new();
        let mut at = 0;
        // The place behind the end of the block, or of its half.
        let skip = |mut at: usize, stops_at_else: bool| {
            let mut depth = 0;
            loop {
                match &code[at] {
                    Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => depth += 1,
                    Operator::Else if depth == 0 && stops_at_else => return (at + 1, true),
                    Operator::End if depth == 0 => return (at + 1, false),
                    Operator::End => depth -= 1,
                    _ => {}
                }
                at += 1;
            }
        };
        while at < code.len() {
            let operator = &code[at];
            at += 1;
            match *operator {
                Operator::I32Const { value } => stack.push(value),
                Operator::LocalGet { local_index } => stack.push(values[local_index as usize]),
                Operator::LocalSet { local_index } => values[local_index as usize] = stack.pop().unwrap(),
                Operator::LocalTee { local_index } => values[local_index as usize] = *stack.last().unwrap(),
                Operator::Drop => drop(stack.pop().unwrap()),
                Operator::I32Add => {
                    let sum = stack.pop().unwrap().wrapping_add(stack.pop().unwrap());
                    stack.push(sum);
                }
                Operator::Call { .. } => {
                    told.push(stack.pop().unwrap());
                    stack.extend([told.len() as i32 * 1000, told.len() as i32 * 1000 + 1]);
                }
                Operator::Block { .. } => blocks.push((at, false)),
                Operator::Loop { .. } => blocks.push((at, true)),
                Operator::If { .. } if stack.pop().unwrap() % 2 != 0 => blocks.push((at, false)),
                Operator::If { .. } => {
                    let (next, is_else) = skip(at, true);
                    at = next;
                    if is_else {
                        blocks.push((at, false));
                    }
                }
                Operator::Else => {
                    blocks.pop();
                    at = skip(at, false).0;
                }
                Operator::End => drop(blocks.pop()),
                Operator::BrIf { .. } if stack.pop().unwrap() % 2 != 0 => {
                    let (begin, is_loop) = blocks.pop().unwrap();
                    if is_loop {
                        blocks.push((begin, true));
                        at = begin;
                    } else {
                        at = skip(at, false).0;
                    }
                }
                Operator::BrIf { .. } => {}
                _ => panic!("{operator:?}"),
            }
            if told.len() > 40 {
                return told;
            }
        }
        told.push(stack.pop().unwrap());
        told
    }

    /// Draws code: calls whose results take detours, copies, blocks of every kind.
    struct Drawing {
        state: u32,
        code: Vec<Operator<'static>>,
    }

    impl Drawing {
        const LOCALS: u32 = 5;

        fn below(&mut self, end: u32) -> u32 {
            self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (self.state >> 16) % end
        }

        fn local(&mut self) -> u32 {
            self.below(Self::LOCALS)
        }

        fn statements(&mut self, depth: u32) {
            for _ in 0..=self.below(5) {
                let (one, other) = (self.local(), self.local());
                match self.below(if depth == 0 { 5 } else { 8 }) {
                    0 => self.code.extend([number(one as i32 * 3), write(other)]),
                    1 | 2 => self.code.extend([read(one), write(other)]),
                    3 => self.code.extend([read(one), tee(other), read(one), Operator::I32Add, write(one)]),
                    4 => {
                        let third = self.local();
                        let second =
                            if self.below(2) == 0 { [tee(other), write(third)] } else { [write(other), read(one)] };
                        self.code.extend([read(third), CALLEE, write(one)]);
                        self.code.extend(second.clone());
                        if let [_, Operator::LocalGet { .. }] = second {
                            self.code.push(write(third));
                        }
                    }
                    5 => {
                        self.code.extend([read(one), Operator::If { blockty: BlockType::Empty }]);
                        self.statements(depth - 1);
                        if self.below(2) == 0 {
                            self.code.push(Operator::Else);
                            self.statements(depth - 1);
                        }
                        self.code.push(Operator::End);
                    }
                    kind => {
                        let blockty = BlockType::Empty;
                        self.code.push(if kind == 6 {
                            Operator::Block { blockty }
                        } else {
                            Operator::Loop { blockty }
                        });
                        self.statements(depth - 1);
                        self.code.extend([read(one), CALLEE, write(other), Operator::BrIf { relative_depth: 0 }]);
                        self.statements(depth - 1);
                        self.code.push(Operator::End);
                    }
                }
            }
        }
    }

    #[test]
    fn code_does_what_it_did_and_is_no_longer() {
        let mut shorter = 0;
        for seed in 0..5000 {
            let mut drawing = Drawing { state: seed, code: Vec::new() };
            drawing.statements(3);
            drawing.code.extend([read(seed % Drawing::LOCALS), Operator::End]);
            let changed = forwarded(&module(&drawing.code, Drawing::LOCALS)).unwrap();
            let (locals, code) = function(&changed);
            for argument in 0..3 {
                let before = run(&drawing.code, Drawing::LOCALS, argument);
                assert_eq!(run(&code, locals, argument), before, "seed {seed}: {:?}\n{code:?}", drawing.code);
            }
            assert!(code.len() <= drawing.code.len());
            shorter += usize::from(code.len() < drawing.code.len());
        }
        assert!(shorter > 1000, "{shorter}");
    }
}
