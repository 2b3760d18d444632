//! Debian's packages: the ones that build for wasm where rustup cannot be asked for a target, and how to install any.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command;

/// A Rust compiler with its library's source, a linker and a libc: they build for both wasm targets.
pub(crate) const TOOLCHAIN: [&str; 5] = ["rustc-web", "cargo-web", "rust-web-src", "lld-22", "wasi-libc"];

/// Whether this runs in continuous integration, where installing packages is welcome.
pub(crate) fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}

/// The packages of `wanted` that are not installed; all of them where there is no dpkg.
pub(crate) fn missing(wanted: &[&'static str]) -> Vec<&'static str> {
    wanted.iter().copied().filter(|package| !is_installed(package)).collect()
}

/// Installs packages, as root and by apt-get.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    if command::find("apt-get").is_none() {
        bail!("there is no apt-get here to install {}", packages.join(" "));
    }
    let user = command::output(Command::new("id").arg("-u"))?;
    if user.trim() != "0" {
        bail!("only root can install packages; as root: apt-get install -y {}", packages.join(" "));
    }
    command::run(apt_get().args(["update", "--quiet=2"]))?;
    command::run(apt_get().args(["install", "--quiet=2", "-y"]).args(packages))
        .with_context(|| format!("installing {}", packages.join(" ")))
}

fn apt_get() -> Command {
    let mut apt_get = Command::new("apt-get");
    apt_get.env("DEBIAN_FRONTEND", "noninteractive");
    apt_get
}

fn is_installed(package: &str) -> bool {
    command::output(Command::new("dpkg-query").args(["--show", "--showformat=${db:Status-Status}", package]))
        .is_ok_and(|status| status.trim() == "installed")
}
