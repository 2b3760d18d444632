//! Adapters for the routines that calculate with numbers of 128 bits.
//!
//! LLVM calls them (`__multi3` multiplies) and expects two values of 64 bits, but they are written as C would have it: what
//! they find goes to where their first argument says. The linker sees that types differ and has the call trap. So all calls
//! go to an adapter instead, which calls the routine and fetches what it wrote.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow, bail};
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{
    CodeSection, CustomSection, ExportSection, Function, FunctionSection, MemArg, MemArgTarget, Module, TypeSection,
    ValType,
};
use wasmparser::{
    CodeSectionReader, CompositeInnerType, CustomSectionReader, Export, FunctionSectionReader, KnownCustom, Name,
    Parser, Payload, TypeRef, TypeSectionReader,
};

/// The routines that return a number of 128 bits. No Rust calls them by these names, only what LLVM adds.
const ROUTINES: [&str; 10] = [
    "__ashlti3",
    "__ashrti3",
    "__divti3",
    "__fixdfti",
    "__fixunsdfti",
    "__lshrti3",
    "__modti3",
    "__multi3",
    "__udivti3",
    "__umodti3",
];

/// What the linker's name for a function begins with that it puts where a caller expects another type than its callee has.
/// It traps.
const MISMATCH: &str = "signature_mismatch:";

/// The linker's name for the end of the stack in memory.
const STACK_POINTER: &str = "__stack_pointer";

/// What a routine writes, in bytes: a number of 128 bits. The stack is aligned to as much.
const RESULT_BYTES: i32 = 16;

/// What the compiler is told so that no [routine](ROUTINES) is missing when [`adapted`] looks for it: the linker sees no
/// call where types differ.
pub(super) fn flags() -> impl Iterator<Item = String> {
    ROUTINES.iter().map(|routine| format!("-Clink-arg=--export-if-defined={routine}"))
}

/// A linked module with adapters for the [routines](ROUTINES) that it has, and without their exports.
pub(super) fn adapted(module: &[u8]) -> Result<Vec<u8>> {
    let mut adapting = Adapting::of(module)?;
    let mut changed = Module::new();
    adapting
        .parse_core_module(&mut changed, Parser::new(0), module)
        .map_err(|problem| anyhow!("the module cannot be written anew: {problem}"))?;
    Ok(changed.finish())
}

/// A copy of a module in which adapters are called.
struct Adapting {
    /// The number of the first type that is added, one for each adapter.
    first_type: u32,
    adapters: Vec<Adapter>,
    /// What is called instead of a function.
    instead: BTreeMap<u32, u32>,
    stack_pointer: u32,
}

/// A function that calls a routine with room on the stack for what it writes, and returns that.
struct Adapter {
    routine: u32,
    parameters: Vec<ValType>,
}

impl Adapting {
    fn of(module: &[u8]) -> Result<Self> {
        let names = Names::of(module)?;
        let (types, functions) = types(module)?;
        let (mut adapters, mut instead) = (Vec::new(), BTreeMap::new());
        for (name, number) in &names.functions {
            if !ROUTINES.contains(&name.as_str()) {
                continue;
            }
            let of_type = functions.get(*number as usize).and_then(|of_type| types.get(*of_type as usize));
            let Some(CompositeInnerType::Func(of_type)) = of_type else { bail!("`{name}` has no type") };
            let Some((wasmparser::ValType::I32, parameters)) = of_type.params().split_first() else {
                bail!("`{name}` does not begin with where its number goes: {of_type:?}");
            };
            instead.insert(*number, u32::try_from(functions.len() + adapters.len())?);
            let parameters = parameters.iter().map(|of_type| ValType::try_from(*of_type)).collect::<Result<_, _>>();
            let parameters = parameters.map_err(|problem| anyhow!("what `{name}` takes: {problem}"))?;
            adapters.push(Adapter { routine: *number, parameters });
        }
        for (name, number) in &names.functions {
            let Some(routine) = name.strip_prefix(MISMATCH) else { continue };
            let is_named = |(name, _): &&(String, u32)| name == routine;
            let adapter = names.functions.iter().find(is_named).and_then(|(_, number)| instead.get(number));
            let adapter = adapter.with_context(|| format!("`{routine}` is called as what it is not"))?;
            instead.insert(*number, *adapter);
        }
        let stack_pointer = names.stack_pointer.context("the module names no stack")?;
        Ok(Self { first_type: u32::try_from(types.len())?, adapters, instead, stack_pointer })
    }
}

impl Adapter {
    fn body(&self, stack_pointer: u32) -> Function {
        let room = self.parameters.len() as u32;
        let mut function = Function::new([(1, ValType::I32)]);
        let mut body = function.instructions();
        body.global_get(stack_pointer).i32_const(RESULT_BYTES).i32_sub().local_tee(room).global_set(stack_pointer);
        body.local_get(room);
        for argument in 0..room {
            body.local_get(argument);
        }
        body.call(self.routine);
        for offset in [0, 8] {
            let place = MemArg { offset, align: 3, target: MemArgTarget::Memory(0), ordering: None };
            body.local_get(room).i64_load(place);
        }
        body.local_get(room).i32_const(RESULT_BYTES).i32_add().global_set(stack_pointer).end();
        function
    }
}

impl Reencode for Adapting {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error> {
        Ok(self.instead.get(&function).copied().unwrap_or(function))
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: TypeSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        reencode::utils::parse_type_section(self, types, section)?;
        for adapter in &self.adapters {
            types.ty().function(adapter.parameters.iter().copied(), [ValType::I64; 2]);
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        reencode::utils::parse_function_section(self, functions, section)?;
        for (of_type, _) in (self.first_type..).zip(&self.adapters) {
            functions.function(of_type);
        }
        Ok(())
    }

    /// Names stay with the functions that have them.
    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: CustomSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        module.section(&CustomSection { name: section.name().into(), data: section.data().into() });
        Ok(())
    }

    fn parse_export(&mut self, exports: &mut ExportSection, export: Export<'_>) -> Result<(), reencode::Error> {
        if ROUTINES.contains(&export.name) { Ok(()) } else { reencode::utils::parse_export(self, exports, export) }
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        reencode::utils::parse_code_section(self, code, section)?;
        for adapter in &self.adapters {
            code.function(&adapter.body(self.stack_pointer));
        }
        Ok(())
    }
}

/// What the linker calls things.
#[derive(Default)]
struct Names {
    functions: Vec<(String, u32)>,
    stack_pointer: Option<u32>,
}

impl Names {
    fn of(module: &[u8]) -> Result<Self> {
        let mut names = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            let Payload::CustomSection(section) = payload? else { continue };
            let KnownCustom::Name(subsections) = section.as_known() else { continue };
            for subsection in subsections {
                match subsection? {
                    Name::Function(functions) => {
                        for function in functions {
                            let function = function?;
                            names.functions.push((function.name.to_owned(), function.index));
                        }
                    }
                    Name::Global(globals) => {
                        for global in globals {
                            let global = global?;
                            if global.name == STACK_POINTER {
                                names.stack_pointer = Some(global.index);
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(names)
    }
}

/// The types of a module, and the number of the type of each function, imported ones first.
fn types(module: &[u8]) -> Result<(Vec<CompositeInnerType>, Vec<u32>)> {
    let (mut types, mut functions) = (Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::TypeSection(section) => {
                for group in section {
                    types.extend(group?.into_types().map(|of_type| of_type.composite_type.inner));
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    if let TypeRef::Func(of_type) = import?.ty {
                        functions.push(of_type);
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for of_type in section {
                    functions.push(of_type?);
                }
            }
            _ => {}
        }
    }
    Ok((types, functions))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{
        ConstExpr, ExportKind, GlobalSection, GlobalType, MemorySection, MemoryType, NameMap, NameSection,
    };
    use wasmparser::Operator;

    /// A module of four functions: `__multi3`, which writes its product; the linker's stand-in for it, or for `stands_for`;
    /// and two that multiply, one by each.
    fn linked(stands_for: &str) -> Vec<u8> {
        let (mut types, mut functions, mut exports, mut code) =
            (TypeSection::new(), FunctionSection::new(), ExportSection::new(), CodeSection::new());
        types.ty().function([ValType::I32, ValType::I64, ValType::I64, ValType::I64, ValType::I64], []);
        types.ty().function([ValType::I64; 4], [ValType::I64; 2]);
        functions.function(0).function(1).function(1).function(1);
        exports.export("__multi3", ExportKind::Func, 0).export("by_name", ExportKind::Func, 2);
        let mut routine = Function::new([]);
        routine.instructions().end();
        let mut stand_in = Function::new([]);
        stand_in.instructions().unreachable().end();
        code.function(&routine).function(&stand_in);
        for callee in [0, 1] {
            let mut caller = Function::new([]);
            let mut body = caller.instructions();
            body.local_get(0).local_get(1).local_get(2).local_get(3).call(callee).end();
            code.function(&caller);
        }
        let (mut memories, mut globals) = (MemorySection::new(), GlobalSection::new());
        memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
        let pointer = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        globals.global(pointer, &ConstExpr::i32_const(1024));
        let (mut function_names, mut global_names, mut names) = (NameMap::new(), NameMap::new(), NameSection::new());
        function_names.append(0, "__multi3");
        function_names.append(1, &format!("{MISMATCH}{stands_for}"));
        global_names.append(0, STACK_POINTER);
        names.functions(&function_names);
        names.globals(&global_names);
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&memories).section(&globals).section(&exports);
        module.section(&code).section(&names);
        module.finish()
    }

    /// The numbers of the functions that each function calls.
    fn calls(module: &[u8]) -> Vec<Vec<u32>> {
        let mut calls = Vec::new();
        for payload in Parser::new(0).parse_all(module) {
            let Payload::CodeSectionEntry(body) = payload.unwrap() else { continue };
            let callee = |operator| match operator {
                Operator::Call { function_index } => Some(function_index),
                _ => None,
            };
            let operators = body.get_operators_reader().unwrap().into_iter();
            calls.push(operators.filter_map(|operator| callee(operator.unwrap())).collect());
        }
        calls
    }

    #[test]
    fn a_routine_is_called_by_its_adapter_and_by_nobody_else() {
        let adapted = adapted(&linked("__multi3")).unwrap();
        assert_eq!(calls(&adapted), [vec![], vec![], vec![4], vec![4], vec![0]]);
        let (types, functions) = types(&adapted).unwrap();
        let of_type = |number: usize| types[functions[number] as usize].clone();
        assert_eq!(of_type(4), of_type(2));
    }

    #[test]
    fn a_routine_is_not_exported_and_what_the_program_exports_is() {
        let mut exported = Vec::new();
        for payload in Parser::new(0).parse_all(&adapted(&linked("__multi3")).unwrap()) {
            if let Payload::ExportSection(section) = payload.unwrap() {
                exported.extend(section.into_iter().map(|export| export.unwrap().name.to_owned()));
            }
        }
        assert_eq!(exported, ["by_name"]);
    }

    #[test]
    fn a_function_that_is_called_as_what_it_is_not_is_refused_by_name() {
        let refusal = adapted(&linked("__powitf2")).unwrap_err().to_string();
        assert_eq!(refusal, "`__powitf2` is called as what it is not");
    }
}
