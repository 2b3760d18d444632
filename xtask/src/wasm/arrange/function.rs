//! The functions of a module, and where they name their locals.

use std::ops::Range;

use anyhow::{Context, Result};
use wasmparser::{FunctionBody, Operator, Parser, Payload, TypeRef};

/// Locals from here on have numbers of two bytes; they keep theirs.
const LONG_NUMBER: u32 = 128;

/// A function of a module.
pub(super) struct Function {
    /// The number of its type.
    pub(super) of_type: u32,
    /// Where its body stands in the module.
    pub(super) range: Range<usize>,
    /// The places in the body where a local is named, by one byte.
    pub(super) names: Vec<usize>,
    /// The numbers of locals that may change places: parameters may not, and others with those of their type.
    pub(super) alike: Vec<Range<u8>>,
}

impl Function {
    fn new(body: &FunctionBody<'_>, of_type: u32, parameters: u32) -> Result<Self> {
        let start = body.range().start;
        let mut alike = Vec::new();
        let mut first = parameters;
        for locals in body.get_locals_reader()? {
            let (count, _) = locals?;
            let end = first.saturating_add(count);
            alike.push(first.min(LONG_NUMBER) as u8..end.min(LONG_NUMBER) as u8);
            first = end;
        }
        let mut names = Vec::new();
        for operator in body.get_operators_reader()?.into_iter_with_offsets() {
            if let (
                Operator::LocalGet { local_index }
                | Operator::LocalSet { local_index }
                | Operator::LocalTee { local_index },
                place,
            ) = operator?
                && local_index < LONG_NUMBER
            {
                names.push((place + 1 - start) as usize);
            }
        }
        Ok(Self { of_type, range: start as usize..body.range().end as usize, names, alike })
    }

    /// The body without the numbers of its locals.
    pub(super) fn nameless(&self, body: &[u8]) -> Vec<u8> {
        let mut nameless = body.to_vec();
        for place in &self.names {
            if let Some(name) = nameless.get_mut(*place) {
                *name = 0;
            }
        }
        nameless
    }
}

/// How many functions are imported, and the module's own.
pub(super) fn all(module: &[u8]) -> Result<(u32, Vec<Function>)> {
    let (mut imported, mut types, mut types_of_functions) = (0, Vec::new(), Vec::new());
    let mut functions: Vec<Function> = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::TypeSection(section) => {
                for of_type in section.into_iter_err_on_gc_types() {
                    types.push(of_type?.params().len() as u32);
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)));
                }
            }
            Payload::FunctionSection(section) => {
                types_of_functions = section.into_iter().collect::<Result<_, _>>()?;
            }
            Payload::CodeSectionEntry(body) => {
                let of_type: Option<&u32> = types_of_functions.get(functions.len());
                let of_type = *of_type.context("a function without a type")?;
                let parameters = types.get(of_type as usize).context("a type that is not there")?;
                functions.push(Function::new(&body, of_type, *parameters)?);
            }
            _ => {}
        }
    }
    Ok((imported, functions))
}
