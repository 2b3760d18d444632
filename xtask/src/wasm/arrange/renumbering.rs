//! A module with its functions in another order: nothing but their numbers changes, and the alignment that loads and stores
//! promise.

use anyhow::{Context, Result, anyhow};
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{CodeSectionReader, FunctionSectionReader, Parser};

/// The module with its own functions in this order.
pub(super) fn renumbered(module: &[u8], imported: u32, order: &[usize]) -> Result<Vec<u8>> {
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
    use wasmparser::Payload;

    fn bodies(module: &[u8]) -> Vec<&[u8]> {
        let bodies = Parser::new(0).parse_all(module).filter_map(|payload| match payload.unwrap() {
            Payload::CodeSectionEntry(body) => Some(body.as_bytes()),
            _ => None,
        });
        bodies.collect()
    }

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
        let (before, after) = (bodies(&old), bodies(&arranged));
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
}
