//! The engine instantiates the storage functions once, over one store. This finds the ones that a module holds twice.
//!
//! It reads the names of the functions in the module and leaves out the generic arguments: two functions that have
//! the same name then are two instances of one source function.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use wasmparser::{KnownCustom, Name, Parser, Payload};

use super::module::Module;

/// Where the tree functions are.
const TREE: &str = "wasm_dbms_memory::tree::";

/// Says how many tree functions a module has; an error if one is there twice, or if none is found.
pub(super) fn check(module: &Module) -> Result<()> {
    let count = count(&module.raw).with_context(|| format!("in {}", module.raw.display()))?;
    println!("{module}: {count} tree functions, each compiled once");
    Ok(())
}

fn count(module: &Path) -> Result<usize> {
    let bytes = fs::read(module).with_context(|| format!("reading {}", module.display()))?;
    let names = function_names(&bytes)?;
    if names.is_empty() {
        bail!("the module names none of its functions; the release profile should strip no more than `debuginfo`");
    }
    let instances = instances(&names);
    if instances.is_empty() {
        bail!("none of the {} functions in the module is of {TREE}, so this check has nothing to check", names.len());
    }
    let mut findings = String::new();
    for (function, instances) in instances.iter().filter(|(_, instances)| instances.len() > 1) {
        write!(findings, "\n  {function}, {} times:", instances.len())?;
        for instance in instances {
            write!(findings, "\n    {instance}")?;
        }
    }
    if !findings.is_empty() {
        bail!("tree functions that were compiled more than once:{findings}");
    }
    Ok(instances.len())
}

/// The names of all functions in the module that have one, demangled, without hashes.
fn function_names(module: &[u8]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        let Payload::CustomSection(section) = payload? else { continue };
        let KnownCustom::Name(subsections) = section.as_known() else { continue };
        for subsection in subsections {
            let Name::Function(functions) = subsection? else { continue };
            for function in functions {
                names.push(format!("{:#}", rustc_demangle::demangle(function?.name)));
            }
        }
    }
    Ok(names)
}

/// The tree functions by their name without generic arguments.
fn instances(names: &[String]) -> BTreeMap<String, Vec<&str>> {
    let mut instances: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in names {
        let function = source_function(name);
        // The older mangling gives the closures of one function one name.
        if function.trim_start_matches('<').starts_with(TREE) && !function.contains("{{closure}}") {
            instances.entry(function).or_default().push(name);
        }
    }
    instances
}

/// A function's name without generic arguments, except those of a trait: an implementation of `From<A>` and one of
/// `From<B>` are two source functions.
fn source_function(name: &str) -> String {
    let Some((qualifier, rest)) = split_qualifier(name) else {
        return without_arguments(name);
    };
    let rest = without_arguments(rest);
    match split_at_as(qualifier) {
        Some((implementor, of_trait)) => format!("<{} as {of_trait}>{rest}", without_arguments(implementor)),
        None => format!("<{}>{rest}", without_arguments(qualifier)),
    }
}

/// Splits `<qualifier>rest`.
fn split_qualifier(name: &str) -> Option<(&str, &str)> {
    let inner = name.strip_prefix('<')?;
    let (close, ..) = with_depths(name).find(|&(_, character, depth)| character == '>' && depth == 0)?;
    Some((inner.get(..close - 1)?, name.get(close + 1..)?))
}

/// Splits `implementor as of_trait`.
fn split_at_as(qualifier: &str) -> Option<(&str, &str)> {
    with_depths(qualifier)
        .filter(|&(.., depth)| depth == 0)
        .find_map(|(index, ..)| Some((qualifier.get(..index)?, qualifier.get(index..)?.strip_prefix(" as ")?)))
}

/// Leaves out `<..>` and `::<..>`.
fn without_arguments(path: &str) -> String {
    let mut kept = String::new();
    for (_, character, _) in with_depths(path).filter(|&(.., depth)| depth == 0) {
        match character {
            '<' => kept.truncate(kept.trim_end_matches("::").len()),
            '>' => {}
            _ => kept.push(character),
        }
    }
    kept
}

/// The characters of a name with their index, and how many pairs of angle brackets are around each of them.
fn with_depths(name: &str) -> impl Iterator<Item = (usize, char, usize)> {
    let mut depth = 0_usize;
    let mut previous = ' ';
    name.char_indices().map(move |(index, character)| {
        let opens = character == '<';
        let closes = character == '>' && previous != '-';
        previous = character;
        depth -= usize::from(closes && depth > 0);
        let around = depth;
        depth += usize::from(opens);
        (index, character, around)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generic_arguments_of_functions_types_and_closures_are_left_out() {
        for (name, expected) in [
            ("wasm_dbms_memory::tree::find::<world::One>", "wasm_dbms_memory::tree::find"),
            ("wasm_dbms_memory::tree::find::<A<B>>::{closure#0}", "wasm_dbms_memory::tree::find::{closure#0}"),
            ("<wasm_dbms_memory::tree::Tree<world::One>>::get", "<wasm_dbms_memory::tree::Tree>::get"),
            ("<tree::Tree<fn(u8) -> A<u8>>>::get::<B>", "<tree::Tree>::get"),
            ("<tree::Cursor<A> as core::iter::Iterator>::next", "<tree::Cursor as core::iter::Iterator>::next"),
            ("<tree::Fault as From<A<B>>>::from", "<tree::Fault as From<A<B>>>::from"),
            ("<tree::Tree<<A as B>::C> as Drop>::drop", "<tree::Tree as Drop>::drop"),
        ] {
            assert_eq!(source_function(name), expected);
        }
    }

    #[test]
    fn two_instances_of_a_tree_function_are_one_entry_and_others_are_none() {
        let names = [
            "wasm_dbms_memory::tree::find::<A>",
            "wasm_dbms_memory::tree::find::<B>",
            "<wasm_dbms_memory::tree::Tree<A>>::get",
            "<alloc::vec::Vec<wasm_dbms_memory::tree::Node>>::push",
            "wasm_dbms_memory::tree::old::{{closure}}",
        ]
        .map(str::to_owned);
        let counts: Vec<_> = instances(&names).into_iter().map(|(name, found)| (name, found.len())).collect();
        assert_eq!(
            counts,
            [("<wasm_dbms_memory::tree::Tree>::get".to_owned(), 1), ("wasm_dbms_memory::tree::find".to_owned(), 2)]
        );
    }
}
