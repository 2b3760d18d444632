//! The resource `transaction`.

use std::cell::RefCell;

use wasm_dbms::{Durability, OptimisticTransaction};

use crate::bindings::exports::wasm_dbms::database::store::{GuestTransaction, Rows};
use crate::bindings::exports::wasm_dbms::database::types as wit;
use crate::failure::{Result, of};
use crate::verbs::{self, verbs};

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
    verbs!();

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
