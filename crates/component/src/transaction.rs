//! The resource `transaction`.

use std::cell::RefCell;

use wasm_dbms::{Durability, OptimisticTransaction};

use crate::bindings::exports::wasm_dbms::database::store::{GuestTransaction, Rows};
use crate::bindings::exports::wasm_dbms::database::types as wit;
use crate::failure::{Result, of};
use crate::verbs;

/// A transaction until it has ended.
pub(crate) struct TransactionResource(RefCell<Option<OptimisticTransaction>>);

impl TransactionResource {
    /// One that is open.
    pub(crate) fn new(transaction: OptimisticTransaction) -> Self {
        Self(RefCell::new(Some(transaction)))
    }

    fn with<R>(&self, work: impl FnOnce(&OptimisticTransaction) -> Result<R>) -> Result<R> {
        self.0.borrow().as_ref().map_or(Err(wit::Error::Closed), work)
    }
}

impl GuestTransaction for TransactionResource {
    fn get(&self, table: String, key: wit::Row) -> Result<Option<wit::Row>> {
        self.with(|transaction| verbs::get(transaction, &table, key))
    }

    fn insert(&self, table: String, columns: Vec<String>, rows: Vec<wit::Row>) -> Result<u64> {
        self.with(|transaction| verbs::insert(transaction, table, columns, rows))
    }

    fn update(
        &self,
        table: String,
        assignments: Vec<wit::Assignment>,
        filter: Option<wit::Expression>,
        parameters: wit::Row,
    ) -> Result<u64> {
        self.with(|transaction| verbs::update(transaction, table, assignments, filter, parameters))
    }

    fn delete(&self, table: String, filter: Option<wit::Expression>, parameters: wit::Row) -> Result<u64> {
        self.with(|transaction| verbs::delete(transaction, table, filter, parameters))
    }

    fn query(&self, query: wit::Query, parameters: wit::Row) -> Result<Rows> {
        self.with(|transaction| verbs::query(transaction, query, parameters).map(Rows::new))
    }

    fn execute(&self, sql: String, parameters: wit::Row) -> Result<u64> {
        self.with(|transaction| verbs::execute(transaction, &sql, parameters))
    }

    fn select(&self, sql: String, parameters: wit::Row) -> Result<Rows> {
        self.with(|transaction| verbs::select(transaction, &sql, parameters).map(Rows::new))
    }

    fn commit(&self, durability: wit::Durability) -> Result<()> {
        let durability = match durability {
            wit::Durability::Full => Durability::Full,
            wit::Durability::Eventual => Durability::Eventual,
        };
        self.0.take().ok_or(wit::Error::Closed)?.commit(durability).map_err(of)
    }

    fn rollback(&self) {
        drop(self.0.take());
    }
}
