//! What a module weighs: on disk, and as a server would send it.

use std::fs;
use std::io::Write;

use anyhow::{Context, Result, bail};
use comfy_table::{CellAlignment, Table};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::module::Module;

/// The sizes of one module, in bytes.
struct Sizes {
    raw: usize,
    optimized: Option<usize>,
    gzip: usize,
    brotli: usize,
}

/// Prints the sizes of all modules; an error if one is over its limit.
pub(super) fn check(modules: &[&Module]) -> Result<()> {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::ASCII_MARKDOWN);
    table.set_header(["module (bytes)", "raw", "wasm-opt -Oz", "then gzip -9", "then brotli -q 11"]);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut verdict = Ok(());
    for module in modules {
        let sizes = Sizes::of(module)?;
        let optimized = sizes.optimized.map_or_else(|| "skipped".to_owned(), |bytes| bytes.to_string());
        table.add_row([
            module.to_string(),
            sizes.raw.to_string(),
            optimized,
            sizes.gzip.to_string(),
            sizes.brotli.to_string(),
        ]);
        if let Some(gzip_bytes_max) = module.gzip_bytes_max {
            verdict = verdict.and(sizes.check_limit(module, gzip_bytes_max));
        }
    }
    println!("\n{table}");
    verdict
}

impl Sizes {
    /// Measures a module.
    fn of(module: &Module) -> Result<Self> {
        let read = |path| fs::read(path).with_context(|| format!("reading {path:?}"));
        let shipped = read(module.shipped())?;
        Ok(Self {
            raw: read(&module.raw)?.len(),
            optimized: module.optimized.as_ref().map(|_| shipped.len()),
            gzip: gzip(&shipped)?,
            brotli: brotli(&shipped)?,
        })
    }

    /// Holds the module to its limit.
    fn check_limit(&self, module: &Module, gzip_bytes_max: usize) -> Result<()> {
        if self.optimized.is_none() {
            println!("skipped: the size limit, since it is for a module after `wasm-opt`");
        } else if !module.is_built_for_size {
            println!("skipped: the size limit, since it is for a module whose standard library is built for size");
        } else if self.gzip > gzip_bytes_max {
            bail!("{module} weighs {} bytes gzip, over the limit of {gzip_bytes_max}", self.gzip);
        }
        Ok(())
    }
}

/// How long these bytes are after `gzip -9`.
pub(super) fn gzip(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

fn brotli(bytes: &[u8]) -> Result<usize> {
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    Ok(brotli::BrotliCompress(&mut &*bytes, &mut compressed, &parameters)?)
}
