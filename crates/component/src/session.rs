//! The resource `session`.

#![expect(unsafe_code, reason = "a session borrows the database that it keeps; the proof is at the place")]

use std::rc::Rc;

use wasm_dbms::Database;
use wasm_dbms_sql::Session;

use crate::bindings::exports::wasm_dbms::database::store::{GuestSession, Rows};
use crate::bindings::exports::wasm_dbms::database::types::Row;
use crate::failure::{Result, of_sql};
use crate::rows::RowsResource;
use crate::value;

/// A session with the database that it borrows.
///
/// Invariant I1: `session` borrows what `database` points to, and is dropped before it: fields are dropped in the order in
/// which they stand.
pub(crate) struct SessionResource {
    session: Session<'static>,
    #[expect(dead_code, reason = "it keeps alive what the session borrows (I1)")]
    database: Rc<Database>,
}

impl SessionResource {
    /// A session of a database.
    pub(crate) fn new(database: Rc<Database>) -> Self {
        // SAFETY: I1: what an `Rc` points to does not move and is alive as long as this one is, which is kept beside the
        // session and outlives it; an `Rc` with a second owner is only ever borrowed shared. The session gives nobody the
        // reference that it holds: what it answers owns itself.
        let session = Session::new(unsafe { &*Rc::as_ptr(&database) });
        Self { session, database }
    }
}

impl GuestSession for SessionResource {
    fn execute(&self, sql: String, parameters: Row) -> Result<u64> {
        self.session.execute(&sql, value::read_row(parameters)?).map_err(of_sql)
    }

    fn select(&self, sql: String, parameters: Row) -> Result<Rows> {
        let rows = self.session.query(&sql, value::read_row(parameters)?).map_err(of_sql)?;
        Ok(Rows::new(RowsResource::of_sql(rows)))
    }

    fn run(&self, script: String) -> Result<()> {
        self.session.run(&script).map_err(of_sql)
    }

    fn is_in_transaction(&self) -> bool {
        self.session.is_in_transaction()
    }
}
