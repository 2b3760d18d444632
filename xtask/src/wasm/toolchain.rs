//! The compiler for wasm: rustup's targets where they are installed, else Debian's compiler, which builds the standard
//! library itself.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::module::Target;
use super::multivalue;
use crate::project::Project;
use crate::{command, debian};

/// Debian's compiler.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// The command entry point (`_start`) of wasi-libc. Debian's compiler brings none of its own.
const WASI_START: &str = "/usr/lib/wasm32-wasi/crt1-command.o";

/// What a module need not carry: a panic traps at once and says nothing, and nothing is written with `{:?}`, which is for
/// people who debug. Errors are written with `{}`.
const SIZE_FLAGS: [&str; 4] =
    ["-Zlocation-detail=none", "-Zfmt-debug=none", "-Zunstable-options", "-Cpanic=immediate-abort"];

/// How the compiler and LLVM are kept from code that is long for what it gains: nothing is computed on every way because one
/// way has it at hand already (`pre`), loops count by numbers and not by pointers (`lsr`), constants stay where they are used
/// (`machine-licm`), and so do fields that a loop changes (`licm-promotion`). The compiler copies nothing to save a jump;
/// where LLVM does, a few more instructions than it would take by itself pay for themselves. Ways that end alike become one,
/// be it by a single instruction (`tail-merge-size`).
const CODE_FLAGS: [&str; 7] = [
    "-Zmir-enable-passes=-JumpThreading",
    "-Cllvm-args=-enable-pre=false",
    "-Cllvm-args=-disable-lsr",
    "-Cllvm-args=-disable-machine-licm",
    "-Cllvm-args=-disable-licm-promotion",
    "-Cllvm-args=-jump-threading-threshold=6",
    "-Cllvm-args=-tail-merge-size=1",
];

/// Crates whose dependents need no copy of their own of the code that drops their types. That is what the compiler makes of
/// an incremental build; the module is the same whether anything was compiled before or not.
const SHARED_CRATES: [&str; 5] =
    ["wasm-dbms", "wasm-dbms-api", "wasm-dbms-memory", "wasm-dbms-module", "wasm-dbms-sql"];

/// How Debian's compiler links for WASI.
const WASI_FLAGS: [&str; 4] =
    ["-Clink-self-contained=no", "-Clinker=wasm-ld-22", "-L/usr/lib/wasm32-wasi", "-Clink-arg=-lc"];

/// What a run of this tool by cargo leaves in the environment, and flags that are meant for the native build.
const FOREIGN_VARIABLES: [&str; 17] = [
    "CARGO",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_INCREMENTAL",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    // Under it cargo builds nothing incrementally.
    "CI",
    "LD_LIBRARY_PATH",
    "RUSTC",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTDOC",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
    "RUSTUP_TOOLCHAIN_SOURCE",
    "RUST_RECURSION_COUNT",
];

/// A compiler that can build for both targets.
pub(super) enum Toolchain {
    /// The toolchain of rustup that runs this tool, with its precompiled standard library.
    Rustup {
        /// What `rustc --version` says.
        version: String,
    },
    /// Debian's packages.
    Debian {
        /// What `rustc --version` says.
        version: String,
    },
}

impl Toolchain {
    /// The toolchain to take, if there is one.
    pub(super) fn find() -> Result<Option<Self>> {
        let sysroot = command::output(&mut native_rustc("--print=sysroot"))?;
        let targets = Path::new(sysroot.trim()).join("lib").join("rustlib");
        if Target::ALL.iter().all(|target| targets.join(target.triple()).join("lib").is_dir()) {
            let version = command::output(&mut native_rustc("--version"))?.trim().to_owned();
            return Ok(Some(Self::Rustup { version }));
        }
        if debian::missing(&debian::TOOLCHAIN).is_empty() {
            let version = command::output(clean(&mut Command::new(DEBIAN_RUSTC)).arg("--version"))?;
            return Ok(Some(Self::Debian { version: version.trim().to_owned() }));
        }
        Ok(None)
    }

    /// Whether the standard library is built for size too, and without [what a module need not carry](SIZE_FLAGS): a
    /// precompiled one adds about 16 KB of faster sorting and formatting, the rest 10 KB.
    pub(super) fn builds_for_size(&self) -> bool {
        matches!(self, Self::Debian { .. })
    }

    /// A cargo command that builds one `artifact` (arguments of cargo) for `target`, in the release profile but for its
    /// level of optimisation.
    pub(super) fn build(
        &self,
        project: &Project,
        target: Target,
        artifact: &[&str],
        opt_level: &str,
    ) -> Result<Command> {
        match self {
            Self::Rustup { .. } => {
                let mut cargo = command::cargo();
                cargo_rustc(&mut cargo, target.triple(), artifact, opt_level);
                // The older mangling does not tell the instances of a function apart by name.
                cargo.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", "-Csymbol-mangling-version=v0");
                Ok(cargo)
            }
            Self::Debian { .. } => {
                let flags = SIZE_FLAGS.into_iter().chain(CODE_FLAGS);
                let mut flags: Vec<String> = flags.map(str::to_owned).collect();
                let mut described = target.triple().to_owned();
                match target {
                    Target::Unknown => {
                        let file = multivalue::specification(project, clean(&mut Command::new(DEBIAN_RUSTC)))?;
                        described = file.to_string_lossy().into_owned();
                        flags.extend(multivalue::flags());
                    }
                    Target::Wasip1 => flags.extend(WASI_FLAGS.map(str::to_owned)),
                }
                let mut cargo = Command::new("/usr/bin/cargo");
                cargo_rustc(clean(&mut cargo), &described, artifact, opt_level).args([
                    "-Zjson-target-spec",
                    "-Zbuild-std=std,panic_abort",
                    "-Zbuild-std-features=optimize_for_size",
                ]);
                cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", DEBIAN_RUSTC).env("RUSTFLAGS", flags.join(" "));
                if target == Target::Wasip1 {
                    // For the program alone: a library of the same build has no `main` that `_start` could call.
                    cargo.args(["--", &format!("-Clink-arg={WASI_START}")]);
                }
                Ok(cargo)
            }
        }
    }

    /// The module that a build for `target` left in `raw`, as it is meant; the file that it is in.
    pub(super) fn fitted(&self, target: Target, raw: PathBuf) -> Result<PathBuf> {
        match (self, target) {
            (Self::Debian { .. }, Target::Unknown) => multivalue::fitted(&raw),
            _ => Ok(raw),
        }
    }
}

impl fmt::Display for Toolchain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rustup { version } => write!(formatter, "rustup's targets, {version}"),
            Self::Debian { version } => write!(formatter, "Debian's packages with -Zbuild-std, {version}"),
        }
    }
}

/// What to install where there is no toolchain.
pub(super) fn advice() -> String {
    let packages = debian::TOOLCHAIN.join(" ");
    format!(
        "there is no toolchain for wasm here. Either:\n    rustup target add {}\nor, on Debian as root:\n    \
         apt-get install -y {packages}\n(`cargo xtask wasm --install` does the latter)",
        Target::ALL.map(Target::triple).join(" "),
    )
}

/// The native compiler beside the cargo that runs this tool.
fn native_rustc(question: &str) -> Command {
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.arg(question);
    rustc
}

fn cargo_rustc<'a>(cargo: &'a mut Command, target: &str, artifact: &[&str], opt_level: &str) -> &'a mut Command {
    // A number is one, a letter is a text.
    let is_for_size = opt_level.parse::<u8>().is_err();
    let level = if is_for_size { format!("'{opt_level}'") } else { opt_level.to_owned() };
    cargo.args(["rustc", "--release", "--config", &format!("profile.release.opt-level={level}")]);
    if is_for_size {
        // Behind the verb: what stands before it gives way to what stands behind.
        for name in SHARED_CRATES {
            cargo.args(["--config", &format!("profile.release.package.{name}.incremental=true")]);
        }
    }
    cargo.args(["--target", target]).args(artifact)
}

fn clean(command: &mut Command) -> &mut Command {
    for variable in FOREIGN_VARIABLES {
        command.env_remove(variable);
    }
    command
}
