//! Reads that LLVM (22, at least) puts before the write that they are to see, which is wrong code.
//!
//! Where an expression takes both results of a call, and the second one before the first (`high + (low >> 63)`), only the
//! first can stay on the stack of values; the second goes to a local. The read of that local is put where the operand
//! belongs, on the stack below what is made of the first result, and so before the call:
//!
//! ```wat
//! local.get $high      ;; what was there before
//! (call $parts ...)    ;; low, high
//! local.set $high
//! i64.const 63
//! i64.shr_u
//! i64.add
//! ```
//!
//! So much is certain: in code that is right, no value read from a local waits on the stack while that local is written.
//! LLVM has one local for several values only if none of them is to be read when another is written, and a value that waits
//! is yet to be read. (What optimisers of WebAssembly make may well do so; this is about what comes from the linker.) So
//! each such read is told from the stack, and done again behind the write. One that waits for another write than that of a
//! call's result is none that this knows: the module is refused.

use std::collections::VecDeque;

use anyhow::{Context, Result, anyhow, bail};
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{CodeSection, CustomSection, Function, Module, ValType};
use wasmparser::{
    CustomSectionReader, FuncValidator, FuncValidatorAllocations, FunctionBody, Operator, OperatorsReader, Parser,
    ValidPayload, Validator, ValidatorResources,
};

/// The module with its early reads done again.
pub(super) fn mended(module: &[u8]) -> Result<Vec<u8>> {
    let mut mending = Mending::default();
    let mut validator = Validator::new();
    for payload in Parser::new(0).parse_all(module) {
        if let ValidPayload::Func(function, body) = validator.payload(&payload?)? {
            let number = function.index;
            let validator = function.into_validator(FuncValidatorAllocations::default());
            mending.functions.push_back(Mend::of(validator, &body).with_context(|| format!("in function {number}"))?);
        }
    }
    let mut changed = Module::new();
    mending
        .parse_core_module(&mut changed, Parser::new(0), module)
        .map_err(|problem| anyhow!("the module cannot be written anew: {problem}"))?;
    Ok(changed.finish())
}

/// A copy of a module in which early reads are done again.
#[derive(Default)]
struct Mending {
    /// What is to do in each function that is yet to come.
    functions: VecDeque<Mend>,
}

impl Reencode for Mending {
    type Error = std::convert::Infallible;

    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: CustomSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        module.section(&CustomSection { name: section.name().into(), data: section.data().into() });
        Ok(())
    }

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Result<(), reencode::Error> {
        let Some(mend) = self.functions.pop_front() else {
            return reencode::utils::parse_function_body(self, code, body);
        };
        let mut locals = Vec::new();
        for group in body.get_locals_reader()? {
            let (count, of_type) = group?;
            locals.push((count, self.val_type(of_type)?));
        }
        locals.extend(mend.writes.iter().flat_map(Write::rooms).map(|of_type| (1, of_type)));
        let mut function = Function::new(locals);
        let mut operators = body.get_operators_reader()?;
        let (mut place, mut first_room) = (0, mend.locals);
        let mut writes = mend.writes.iter().peekable();
        while !operators.eof() {
            function.instruction(&self.parse_instruction(&mut operators)?);
            if let Some(write) = writes.next_if(|write| write.place == place) {
                first_room = write.mend(&mut function, first_room);
            }
            place += 1;
        }
        code.function(&function);
        Ok(())
    }
}

/// What is to do in a function.
struct Mend {
    /// How many locals it has.
    locals: u32,
    /// The writes of locals that are read too early, in its order.
    writes: Vec<Write>,
}

/// A write of a local that is read too early.
struct Write {
    /// Where its instruction is, in the order of the function.
    place: usize,
    /// The local.
    local: u32,
    /// The values on the stack behind it, from the lowest that is such a read: a read, or another value by its type.
    waiting: Vec<Waiting>,
}

#[derive(Clone, Copy)]
enum Waiting {
    EarlyRead,
    Value(ValType),
}

impl Mend {
    fn of(mut validator: FuncValidator<ValidatorResources>, body: &FunctionBody<'_>) -> Result<Self> {
        let mut reader = body.get_binary_reader();
        validator.read_locals(&mut reader)?;
        let mut operators = OperatorsReader::new(reader);
        let mut mend = Self { locals: validator.len_locals(), writes: Vec::new() };
        // For each value on the stack, which local it was read from.
        let mut stack: Vec<Option<u32>> = Vec::new();
        let (mut place, mut are_results) = (0, false);
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset()?;
            let (taken, given) = operator.operator_arity(&validator).context("an instruction of unknown effect")?;
            validator.op(offset, &operator)?;
            stack.truncate(stack.len().saturating_sub(taken as usize));
            if let Operator::LocalSet { local_index: local } | Operator::LocalTee { local_index: local } = operator
                && let Some(lowest) = stack.iter().position(|read| *read == Some(local))
            {
                if !are_results || !matches!(operator, Operator::LocalSet { .. }) {
                    bail!("local {local} is written at instruction {place} while a value read from it waits");
                }
                mend.writes.push(Write { place, local, waiting: waiting(&validator, &stack, lowest, local)? });
            }
            are_results = match operator {
                Operator::Call { .. } | Operator::CallIndirect { .. } => given > 1,
                Operator::LocalSet { .. } | Operator::Drop => are_results,
                _ => false,
            };
            // Behind a jump the stack is what it was where its block begins.
            stack.resize(validator.operand_stack_height() as usize, None);
            if let (Operator::LocalGet { local_index }, Some(top)) = (&operator, stack.last_mut()) {
                *top = Some(*local_index);
            }
            place += 1;
        }
        Ok(mend)
    }
}

/// What is on the stack from `lowest`, which is an early read of `local`.
fn waiting(
    validator: &FuncValidator<ValidatorResources>,
    stack: &[Option<u32>],
    lowest: usize,
    local: u32,
) -> Result<Vec<Waiting>> {
    if validator.get_control_frame(0).is_none_or(|block| lowest < block.height) {
        bail!("a value read from local {local} waits outside the block in which that is written");
    }
    let of = |(place, read): (usize, &Option<u32>)| {
        if *read == Some(local) {
            return Ok(Waiting::EarlyRead);
        }
        let of_type = validator.get_operand_type(stack.len() - 1 - place).flatten();
        Ok(Waiting::Value(ValType::try_from(of_type.context("a value of unknown type")?)?))
    };
    stack.iter().enumerate().skip(lowest).map(of).collect()
}

impl Write {
    /// The locals that the other values are kept in.
    fn rooms(&self) -> impl Iterator<Item = ValType> {
        self.waiting.iter().filter_map(|waiting| match waiting {
            Waiting::EarlyRead => None,
            Waiting::Value(of_type) => Some(*of_type),
        })
    }

    /// Takes all that waits from the stack and puts it back, the early reads done again. The other values are kept in
    /// locals from `first_room` on; the first one behind these.
    fn mend(&self, function: &mut Function, first_room: u32) -> u32 {
        let mut code = function.instructions();
        let mut room = first_room + self.rooms().count() as u32;
        for waiting in self.waiting.iter().rev() {
            match waiting {
                Waiting::EarlyRead => code.drop(),
                Waiting::Value(_) => {
                    room -= 1;
                    code.local_set(room)
                }
            };
        }
        for waiting in &self.waiting {
            match waiting {
                Waiting::EarlyRead => code.local_get(self.local),
                Waiting::Value(_) => {
                    room += 1;
                    code.local_get(room - 1)
                }
            };
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{BlockType, FunctionSection, InstructionSink, TypeSection};
    use wasmparser::Payload;

    /// How many locals of 64 bits a function of the test declares behind its first, which is its parameter.
    const LOCALS: u32 = 2;

    /// A module of two functions: one that takes a number of 64 bits and returns two, and one of the same type with this
    /// body.
    fn module(body: impl FnOnce(&mut InstructionSink<'_>)) -> Vec<u8> {
        let (mut types, mut functions, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
        types.ty().function([ValType::I64], [ValType::I64; 2]);
        functions.function(0).function(0);
        let mut parts = Function::new([]);
        parts.instructions().local_get(0).local_get(0).end();
        let mut tested = Function::new([(LOCALS, ValType::I64)]);
        body(&mut tested.instructions());
        code.function(&parts).function(&tested);
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&code);
        module.finish()
    }

    /// The body of the second function.
    fn body(module: &[u8]) -> Vec<u8> {
        let bodies = Parser::new(0).parse_all(module).filter_map(|payload| match payload.unwrap() {
            Payload::CodeSectionEntry(body) => Some(body),
            _ => None,
        });
        let body = bodies.last().unwrap();
        let mut code = body.get_operators_reader().unwrap().get_binary_reader();
        code.read_bytes(code.bytes_remaining()).unwrap().to_vec()
    }

    /// The same, as it is written.
    fn written(code: impl FnOnce(&mut InstructionSink<'_>)) -> Vec<u8> {
        body(&module(code))
    }

    fn refusal(code: impl FnOnce(&mut InstructionSink<'_>)) -> String {
        format!("{:#}", mended(&module(code)).unwrap_err())
    }

    #[test]
    fn a_read_that_waits_while_the_second_result_of_a_call_is_written_is_done_again_behind_it() {
        let early = module(|code| {
            // What is below stays there.
            code.i64_const(9).local_get(1);
            code.local_get(0).call(0).local_set(1).i64_const(63).i64_shr_u().i64_add().end();
        });
        let expected = written(|code| {
            code.i64_const(9).local_get(1);
            code.local_get(0).call(0).local_set(1);
            code.local_set(LOCALS + 1).drop().local_get(1).local_get(LOCALS + 1);
            code.i64_const(63).i64_shr_u().i64_add().end();
        });
        assert_eq!(body(&mended(&early).unwrap()), expected);
    }

    #[test]
    fn values_of_every_type_that_wait_above_the_read_come_back_in_their_order() {
        let early = module(|code| {
            code.local_get(1).i32_const(7).local_get(1).f64_const(0.5.into());
            code.local_get(0).call(0).local_set(1);
            code.drop().drop().drop().drop().local_get(1).end();
        });
        let changed = mended(&early).unwrap();
        Validator::new().validate_all(&changed).unwrap();
        let (number, real, result) = (LOCALS + 1, LOCALS + 2, LOCALS + 3);
        let expected = written(|code| {
            code.local_get(1).i32_const(7).local_get(1).f64_const(0.5.into());
            code.local_get(0).call(0).local_set(1);
            code.local_set(result).local_set(real).drop().local_set(number).drop();
            code.local_get(1).local_get(number).local_get(1).local_get(real).local_get(result);
            code.drop().drop().drop().drop().local_get(1).end();
        });
        assert_eq!(body(&changed), expected);
    }

    #[test]
    fn each_mend_of_a_function_has_locals_of_its_own() {
        let early = |code: &mut InstructionSink<'_>, sum_into: u32| {
            code.local_get(1).local_get(0).call(0).local_set(1).i64_add().local_set(sum_into);
        };
        let changed = mended(&module(|code| {
            early(code, 0);
            early(code, 2);
            code.local_get(0).local_get(2).end();
        }));
        let of = |code: &mut InstructionSink<'_>, room: u32, sum_into: u32| {
            code.local_get(1).local_get(0).call(0).local_set(1);
            code.local_set(room).drop().local_get(1).local_get(room).i64_add().local_set(sum_into);
        };
        let expected = written(|code| {
            of(code, LOCALS + 1, 0);
            of(code, LOCALS + 2, 2);
            code.local_get(0).local_get(2).end();
        });
        assert_eq!(body(&changed.unwrap()), expected);
    }

    #[test]
    fn a_read_that_was_used_when_its_local_is_written_stays() {
        let right = module(|code| {
            code.local_get(1).i64_const(1).i64_add();
            code.local_get(2).block(BlockType::Empty).local_get(1).local_set(0).br(0).end();
            // Nothing comes here, and nothing of it waits.
            code.drop().block(BlockType::Empty).local_get(1).br(0).i64_const(0).local_set(1).end();
            code.local_get(0).call(0).local_set(1).drop().local_get(1).end();
        });
        assert_eq!(body(&mended(&right).unwrap()), body(&right));
    }

    #[test]
    fn a_read_that_waits_for_a_write_of_something_else_is_refused() {
        let refused = |place| {
            format!("in function 1: local 1 is written at instruction {place} while a value read from it waits")
        };
        let of_a_number = |code: &mut InstructionSink<'_>| {
            code.local_get(1).i64_const(5).local_set(1).local_get(1).end();
        };
        assert_eq!(refusal(of_a_number), refused(2));
        let of_a_call = |code: &mut InstructionSink<'_>| {
            code.local_get(1).local_get(0).call(0).local_tee(1).i64_add().i64_add().local_get(0).end();
        };
        assert_eq!(refusal(of_a_call), refused(3));
        let later = |code: &mut InstructionSink<'_>| {
            code.local_get(1).local_get(0).call(0).i64_add().local_set(1).local_get(0).end();
        };
        assert_eq!(refusal(later), refused(4));
    }

    #[test]
    fn a_read_that_waits_outside_the_block_of_the_write_is_refused() {
        let outside = |code: &mut InstructionSink<'_>| {
            code.local_get(1).block(BlockType::Empty).local_get(0).call(0).local_set(1).drop().end().local_get(0).end();
        };
        let reason = "in function 1: a value read from local 1 waits outside the block in which that is written";
        assert_eq!(refusal(outside), reason);
    }
}
