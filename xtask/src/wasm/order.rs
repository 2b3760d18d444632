//! The order of the functions in a module: like ones near each other, so that a compressor finds in one what the other
//! has. A compressor such as gzip's looks back no further than 32 KiB, and the compiler's order knows nothing of that.
//!
//! It is a greedy walk: the next function is the one that has most in common with the last few, byte for byte and for its
//! length. Nothing but numbers of functions changes in the module, and the alignment that a load or store promises: where
//! the compiler knew less than that of the type, it is the type's. It is a hint and may be wrong, no engine asks for it,
//! and a byte that always follows from the one before it costs nothing when compressed.

use std::collections::HashMap;

use anyhow::{Context, Result, anyhow};
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{CodeSectionReader, FunctionSectionReader, Parser, Payload, TypeRef};

/// How many bytes make a piece that functions may have in common.
const PIECE_BYTES: usize = 6;

/// A piece that more functions have says nothing.
const SHARERS_MAX: usize = 200;

/// What the weight of a short function is counted as at least.
const LENGTH_MIN: u64 = 40;

/// How many bytes of functions are looked back at. Each makes another order; the smallest module wins.
const WINDOWS_BYTES: [usize; 4] = [4 * 1024, 8 * 1024, 16 * 1024, 28 * 1024];

/// The module with its functions in the order in which `compressed_len` is smallest, of those that are tried.
pub(super) fn arrange(module: &[u8], compressed_len: impl Fn(&[u8]) -> Result<usize>) -> Result<Vec<u8>> {
    let (imported, bodies) = functions(module)?;
    let pieces = Pieces::of(&bodies);
    let mut best = module.to_vec();
    let mut best_len = compressed_len(module)?;
    for window_bytes in WINDOWS_BYTES {
        let arranged = renumbered(module, imported, &pieces.order(&bodies, window_bytes))?;
        let len = compressed_len(&arranged)?;
        if len < best_len {
            (best, best_len) = (arranged, len);
        }
    }
    Ok(best)
}

/// How many functions are imported, and the bodies of the module's own.
fn functions(module: &[u8]) -> Result<(u32, Vec<&[u8]>)> {
    let (mut imported, mut bodies) = (0, Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes()),
            _ => {}
        }
    }
    Ok((imported, bodies))
}

/// What functions have in common.
struct Pieces {
    /// The pieces of each function, by number, each once.
    of_function: Vec<Vec<usize>>,
    /// The functions that have each piece.
    sharers: Vec<Vec<usize>>,
}

impl Pieces {
    fn of(bodies: &[&[u8]]) -> Self {
        let mut numbers = HashMap::new();
        let mut sharers: Vec<Vec<usize>> = Vec::new();
        for (function, body) in bodies.iter().enumerate() {
            for piece in body.windows(PIECE_BYTES) {
                let number = *numbers.entry(piece).or_insert(sharers.len());
                if number == sharers.len() {
                    sharers.push(Vec::new());
                }
                if let Some(sharers) = sharers.get_mut(number)
                    && sharers.last() != Some(&function)
                {
                    sharers.push(function);
                }
            }
        }
        let mut of_function = vec![Vec::new(); bodies.len()];
        sharers.retain(|sharers| (2..=SHARERS_MAX).contains(&sharers.len()));
        for (number, sharers) in sharers.iter().enumerate() {
            for function in sharers {
                if let Some(pieces) = of_function.get_mut(*function) {
                    pieces.push(number);
                }
            }
        }
        Self { of_function, sharers }
    }

    /// The numbers of the functions in a good order.
    fn order(&self, bodies: &[&[u8]], window_bytes: usize) -> Vec<usize> {
        let mut walk = Walk { pieces: self, in_window: vec![0; self.sharers.len()], common: vec![0; bodies.len()] };
        let length = |function: usize| bodies.get(function).map_or(0, |body| body.len());
        let mut left: Vec<usize> = (0..bodies.len()).collect();
        let mut order = Vec::with_capacity(left.len());
        let (mut first_in_window, mut bytes_in_window) = (0, 0);
        while !left.is_empty() {
            let worth = |function: usize| {
                let common = walk.common.get(function).copied().unwrap_or(0);
                (common << 16) / (length(function) as u64 + LENGTH_MIN)
            };
            let best = (0..left.len()).max_by_key(|place| {
                let function = left.get(*place).copied().unwrap_or(0);
                (worth(function), std::cmp::Reverse(function))
            });
            let function = left.swap_remove(best.unwrap_or(0));
            order.push(function);
            walk.enter(function);
            bytes_in_window += length(function);
            while bytes_in_window > window_bytes && first_in_window + 1 < order.len() {
                if let Some(function) = order.get(first_in_window) {
                    walk.leave(*function);
                    bytes_in_window -= length(*function);
                }
                first_in_window += 1;
            }
        }
        order
    }
}

/// Where the order has come to.
struct Walk<'p> {
    pieces: &'p Pieces,
    /// How many functions in the window have each piece.
    in_window: Vec<u32>,
    /// What each function has in common with the window, rare pieces for more than frequent ones.
    common: Vec<u64>,
}

impl Walk<'_> {
    fn enter(&mut self, function: usize) {
        for piece in self.pieces.of_function.get(function).into_iter().flatten() {
            let Some(count) = self.in_window.get_mut(*piece) else { continue };
            *count += 1;
            if *count == 1 {
                self.weigh(*piece, u64::wrapping_add);
            }
        }
    }

    fn leave(&mut self, function: usize) {
        for piece in self.pieces.of_function.get(function).into_iter().flatten() {
            let Some(count) = self.in_window.get_mut(*piece) else { continue };
            *count -= 1;
            if *count == 0 {
                self.weigh(*piece, u64::wrapping_sub);
            }
        }
    }

    fn weigh(&mut self, piece: usize, change: fn(u64, u64) -> u64) {
        let Some(sharers) = self.pieces.sharers.get(piece) else { return };
        let rarity = (self.common.len() * 16 / sharers.len().max(1)).max(1).ilog2();
        for function in sharers {
            if let Some(common) = self.common.get_mut(*function) {
                *common = change(*common, u64::from(rarity));
            }
        }
    }
}

/// The module with its own functions in this order.
fn renumbered(module: &[u8], imported: u32, order: &[usize]) -> Result<Vec<u8>> {
    let mut numbers: Vec<u32> = vec![0; order.len()];
    for (new, old) in order.iter().enumerate() {
        *numbers.get_mut(*old).context("the order names no function")? = u32::try_from(new)? + imported;
    }
    let mut arranged = Module::new();
    let mut renumbering = Renumbering { imported, numbers, order };
    renumbering
        .parse_core_module(&mut arranged, Parser::new(0), module)
        .map_err(|problem| anyhow!("the module cannot be written anew: {problem}"))?;
    Ok(arranged.finish())
}

/// A copy of a module with other numbers of functions.
struct Renumbering<'o> {
    imported: u32,
    /// The new number of each of the module's own functions.
    numbers: Vec<u32>,
    order: &'o [usize],
}

impl Renumbering<'_> {
    /// These, one for each of the module's own functions, in the new order.
    fn in_order<T: Clone>(&self, items: &[T]) -> Vec<T> {
        self.order.iter().filter_map(|old| items.get(*old)).cloned().collect()
    }
}

impl Reencode for Renumbering<'_> {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error> {
        let own = function.checked_sub(self.imported).and_then(|own| self.numbers.get(own as usize));
        Ok(own.copied().unwrap_or(function))
    }

    fn mem_arg(&mut self, place: wasmparser::MemArg) -> Result<wasm_encoder::MemArg, reencode::Error> {
        reencode::utils::mem_arg(self, wasmparser::MemArg { align: place.max_align, ..place })
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        let types = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        for of_type in self.in_order(&types) {
            functions.function(self.type_index(of_type)?);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        let bodies = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        for body in self.in_order(&bodies) {
            self.parse_function_body(code, body)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{ExportKind, ExportSection, Function, FunctionSection, TypeSection, ValType};

    /// A module whose functions answer with these numbers, the last calling the one before.
    fn module(numbers: &[i32]) -> Vec<u8> {
        let (mut types, mut functions, mut exports, mut code) =
            (TypeSection::new(), FunctionSection::new(), ExportSection::new(), CodeSection::new());
        types.ty().function([], [ValType::I32]);
        for (index, number) in (0..).zip(numbers) {
            functions.function(0);
            exports.export(&format!("f{number}"), ExportKind::Func, index);
            let mut function = Function::new([]);
            function.instructions().i32_const(*number).end();
            code.function(&function);
        }
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&exports).section(&code);
        module.finish()
    }

    #[test]
    fn every_function_goes_with_its_name_to_its_new_place() {
        let (old, order) = (module(&[10, 11, 12, 13]), [2, 0, 3, 1]);
        let arranged = renumbered(&old, 0, &order).unwrap();
        let (_, before) = functions(&old).unwrap();
        let (_, after) = functions(&arranged).unwrap();
        let exported = |module: &[u8]| {
            let mut numbers = Vec::new();
            for payload in Parser::new(0).parse_all(module) {
                if let Payload::ExportSection(section) = payload.unwrap() {
                    numbers.extend(section.into_iter().map(|export| export.unwrap().index as usize));
                }
            }
            numbers
        };
        for (old_number, new_number) in exported(&old).into_iter().zip(exported(&arranged)) {
            assert_eq!(before[old_number], after[new_number]);
        }
        assert_ne!(before, after);
    }

    #[test]
    fn functions_that_have_much_in_common_stand_together() {
        let of = |letter: u8, other: u8| {
            let mut body = vec![letter; 20];
            body.extend((0..20).map(|step| letter.wrapping_mul(step).wrapping_add(3)));
            body.push(other);
            body
        };
        let bodies = [of(1, 1), of(7, 1), of(1, 2), of(7, 2), of(1, 3), of(7, 3)];
        let bodies: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
        let order = Pieces::of(&bodies).order(&bodies, 1024);
        let kinds: Vec<usize> = order.iter().map(|function| function % 2).collect();
        assert!(kinds.windows(2).filter(|two| two[0] != two[1]).count() == 1, "{order:?}");
    }
}
