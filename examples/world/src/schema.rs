//! The two tables, and the options under which every host makes the same bytes of them.

use wasm_dbms::prelude::*;

use crate::{Error, Result};

/// A first-level region of a country: a state, a province, a county.
#[derive(Table, Debug, Clone, PartialEq)]
#[table = "regions"]
pub struct Region {
    /// Country and number within it, `US.CA`.
    #[primary_key]
    pub code: String,
    /// Name for people; not unique (there are four parishes of Saint George).
    pub name: String,
}

/// A populated place.
#[derive(Table, Debug, Clone, PartialEq)]
#[table = "places"]
pub struct Place {
    /// Number given by the source.
    #[primary_key]
    pub id: u32,
    /// Name for people; not unique.
    #[index]
    pub name: String,
    /// Two-letter code of the country.
    pub country: String,
    /// Region it lies in; none where the source names none or one that it does not list.
    #[index]
    #[foreign_key(table = "regions", column = "code", on_delete = "restrict")]
    pub region: Option<String>,
    /// Degrees north of the equator.
    pub latitude: f64,
    /// Degrees east of Greenwich.
    pub longitude: f64,
}

/// The schema of the scenario.
#[derive(DatabaseSchema)]
#[tables(Region = "regions", Place = "places")]
pub struct World;

/// The tables of [`World`], as the file names them.
pub const TABLES: [&str; 2] = ["regions", "places"];

/// Identity of the database: fixed, so that checksums and exports do not differ from host to host.
const DATABASE_ID: u64 = 0x0057_4f52_4c44;

/// Bytes of a page of every database of the scenario.
pub const PAGE_SIZE: usize = 8 * 1024;

/// The options of every host: the same operations under them give the same exported bytes.
pub fn options() -> Options {
    Options::new().page_size(PAGE_SIZE).database_id(DATABASE_ID)
}

/// Opens the database in `provider` and creates the tables that are missing.
///
/// # Errors
/// If what the provider holds cannot be opened as a database of this schema.
pub fn open(provider: impl MemoryProvider + 'static) -> Result<Database> {
    Ok(Database::open_with(provider, options())?.with_schema::<World>()?)
}

/// Opens a database that this scenario has written before; creates nothing.
///
/// # Errors
/// If it cannot be opened, or lacks one of the tables.
pub fn open_written(provider: impl MemoryProvider + 'static) -> Result<Database> {
    let database = Database::open_with(provider, options())?;
    let tables = database.tables()?;
    for table in TABLES {
        if !tables.iter().any(|name| name == table) {
            return Err(Error::Foreign { table });
        }
    }
    Ok(database.with_schema::<World>()?)
}
