//! A wasm module of one of our programs: built, then shrunk where `wasm-opt` is here.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::shrinker::Shrinker;
use super::toolchain::Toolchain;
use crate::command;
use crate::project::Project;

/// The package of the example, and its program, which has the same name.
pub(super) const WORLD: &str = "world";

/// The package of the example of one table; its program and its module are called [`ONE_TABLE_ON_HEAP`].
pub(super) const ONE_TABLE: &str = "one-table";

/// How a module is compiled if nothing else is asked for: small before fast, since it is sent before it runs.
pub(super) const OPT_LEVEL: &str = "z";

/// What a module is built for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// A bare host: a library whose imports and exports are its own.
    Unknown,
    /// WASI preview 1: a program whose storage is a file.
    Wasip1,
}

impl Target {
    /// Every target.
    pub(super) const ALL: [Self; 2] = [Self::Unknown, Self::Wasip1];

    /// The name the compiler has for it.
    pub(super) fn triple(self) -> &'static str {
        match self {
            Self::Unknown => "wasm32-unknown-unknown",
            Self::Wasip1 => "wasm32-wasip1",
        }
    }
}

/// A program of ours, and how it becomes a module.
pub(super) struct Source {
    /// Its name, which the module has too.
    pub(super) name: &'static str,
    target: Target,
    /// What `cargo rustc` is asked for.
    arguments: &'static [&'static str],
    /// Where `cargo rustc` puts it: a folder in that of the profile.
    folder: &'static str,
    /// What the module may weigh after `wasm-opt` and `gzip -9`, with a standard library built for size.
    gzip_bytes_max: Option<usize>,
}

/// The example on the heap. A library that were built as an `rlib` too would get no link-time optimisation.
pub(super) const WORLD_ON_HEAP: Source = Source {
    name: WORLD,
    target: Target::Unknown,
    arguments: &["--package", WORLD, "--no-default-features", "--lib", "--crate-type", "cdylib"],
    folder: "",
    gzip_bytes_max: Some(260_000),
};

/// The whole engine and one table, on the heap: what wasm-dbms itself weighs.
pub(super) const ONE_TABLE_ON_HEAP: Source = Source {
    name: "one_table",
    target: Target::Unknown,
    arguments: &["--package", ONE_TABLE, "--lib", "--crate-type", "cdylib"],
    folder: "",
    gzip_bytes_max: Some(270_000),
};

/// The example on files.
pub(super) const WORLD_ON_WASI: Source = Source {
    name: WORLD,
    target: Target::Wasip1,
    arguments: &["--package", WORLD, "--no-default-features", "--example", WORLD],
    folder: "examples",
    gzip_bytes_max: None,
};

/// What runs in the workers of a browser.
pub(super) const BROWSER_TEST: Source = Source {
    name: "browser_test",
    target: Target::Unknown,
    arguments: &["--package", "wasm-dbms-web", "--example", "browser_test"],
    folder: "examples",
    gzip_bytes_max: Some(241_000),
};

/// The engine with SQL, as the npm package carries it.
pub(super) const NPM: Source = Source {
    name: "wasm_dbms_npm",
    target: Target::Unknown,
    arguments: &["--package", "wasm-dbms-npm", "--lib", "--crate-type", "cdylib"],
    folder: "",
    gzip_bytes_max: Some(318_500),
};

/// The engine without SQL, as the npm package carries it.
pub(super) const TABLES: Source = Source {
    name: "wasm_dbms_tables",
    target: Target::Unknown,
    arguments: &["--package", "wasm-dbms-tables", "--lib", "--crate-type", "cdylib"],
    folder: "",
    gzip_bytes_max: Some(208_500),
};

/// The script whose export is the same on every host, on files.
pub(super) const IDENTITY_ON_WASI: Source = Source {
    name: "identity",
    target: Target::Wasip1,
    arguments: &["--package", "wasm-dbms-npm", "--example", "identity"],
    folder: "examples",
    gzip_bytes_max: None,
};

/// The example of a canister.
pub(super) const CANISTER: Source = Source {
    name: "canister",
    target: Target::Unknown,
    arguments: &["--package", "canister", "--lib", "--crate-type", "cdylib"],
    folder: "",
    gzip_bytes_max: None,
};

/// The engine with SQL as a component carries it.
pub(super) const COMPONENT: Source = Source {
    name: "wasm_dbms_component",
    target: Target::Unknown,
    arguments: &["--package", "wasm-dbms-component", "--lib", "--crate-type", "cdylib"],
    folder: "",
    gzip_bytes_max: None,
};

/// What runs in Node beside the wasm builds of other engines.
pub(super) const BENCH: Source = Source {
    name: "bench_module",
    target: Target::Unknown,
    arguments: &["--manifest-path", "bench/Cargo.toml", "--package", "bench-module", "--lib"],
    folder: "",
    gzip_bytes_max: None,
};

/// Every module that continuous integration runs or measures, in its order.
pub(super) const OF_EACH_COMMIT: [&Source; 9] =
    [&WORLD_ON_HEAP, &WORLD_ON_WASI, &ONE_TABLE_ON_HEAP, &NPM, &TABLES, &CANISTER, &COMPONENT, &BENCH, &BROWSER_TEST];

impl fmt::Display for Module {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} for {}", self.name, self.target.triple())
    }
}

/// A module on disk.
pub(super) struct Module {
    /// The name of its program.
    pub(super) name: &'static str,
    /// What it was built for.
    pub(super) target: Target,
    /// The module before it was shrunk, with the names of its functions.
    pub(super) raw: PathBuf,
    /// The module after `wasm-opt`.
    pub(super) optimized: Option<PathBuf>,
    /// Whether its standard library is built for size too.
    pub(super) is_built_for_size: bool,
    /// What it may weigh after `wasm-opt` and `gzip -9`, with a standard library built for size.
    pub(super) gzip_bytes_max: Option<usize>,
}

impl Module {
    /// Builds and shrinks the module.
    pub(super) fn build(project: &Project, toolchain: &Toolchain, source: &Source) -> Result<Self> {
        Self::build_at(project, toolchain, source, OPT_LEVEL)
    }

    /// Builds the module at another level of optimisation, and shrinks it.
    pub(super) fn build_at(project: &Project, toolchain: &Toolchain, source: &Source, opt_level: &str) -> Result<Self> {
        let Source { name, target, arguments, folder, gzip_bytes_max } = *source;
        let mut cargo = toolchain.build(project, target, arguments, opt_level)?;
        command::run(cargo.current_dir(project.root()).env("CARGO_TARGET_DIR", project.wasm_target()))?;
        let directory = project.wasm_target().join(target.triple()).join("release");
        let is_built_for_size = toolchain.builds_for_size();
        let raw = directory.join(folder).join(format!("{name}.wasm"));
        if !raw.is_file() {
            bail!("the build left no {}", raw.display());
        }
        let raw = toolchain.fitted(target, raw)?;
        let Some(shrinker) = Shrinker::find(project)? else {
            println!("skipped: shrinking the module, since there is no `npm` here to fetch `wasm-opt`");
            return Ok(Self { name, target, raw, optimized: None, is_built_for_size, gzip_bytes_max });
        };
        let optimized = directory.join(format!("{name}.optimized.wasm"));
        shrinker.shrink(&raw, &optimized, gzip_bytes_max.is_some())?;
        Ok(Self { name, target, raw, optimized: Some(optimized), is_built_for_size, gzip_bytes_max })
    }

    /// The module that is measured and run: the shrunk one if there is one.
    pub(super) fn shipped(&self) -> &Path {
        self.optimized.as_deref().unwrap_or(&self.raw)
    }
}
