//! The resource `database`.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_dbms::{BeginOptions, Database, HeapProvider, Isolation, Options, TableSchema};

use crate::bindings::exports::wasm_dbms::database::store::{self, GuestDatabase, Image, Rows, Session, Transaction};
use crate::bindings::exports::wasm_dbms::database::types as wit;
use crate::failure::{Result, of};
use crate::image::ImageResource;
use crate::medium::MediumProvider;
use crate::session::SessionResource;
use crate::table;
use crate::transaction::TransactionResource;
use crate::verbs::{self, verbs};

/// A database until it is closed; sessions keep it too.
pub(crate) struct DatabaseResource(RefCell<Option<Rc<Database>>>);

impl DatabaseResource {
    fn with<R>(&self, work: impl FnOnce(&Database) -> Result<R>) -> Result<R> {
        self.0.borrow().as_deref().map_or(Err(wit::Error::Closed), work)
    }
}

impl GuestDatabase for DatabaseResource {
    fn open(storage: store::Storage, options: wit::Options) -> Result<store::Database> {
        let options = read_options(options);
        let database = match storage {
            store::Storage::Memory => Database::in_memory_with(options),
            store::Storage::Exported(image) => {
                let bytes = image.into_inner::<ImageResource>().into_bytes();
                Database::open_with(HeapProvider::from_bytes(bytes), options)
            }
            store::Storage::Medium(name) => {
                let provider = MediumProvider::open(&name).map_err(|error| of(error.into()))?;
                Database::open_with(provider, options)
            }
        };
        Ok(store::Database::new(Self(RefCell::new(Some(Rc::new(database.map_err(of)?))))))
    }

    fn close(&self) -> Result<()> {
        let database = self.0.take().ok_or(wit::Error::Closed)?;
        match Rc::try_unwrap(database) {
            Ok(database) => database.close().map_err(of),
            Err(database) => {
                self.0.replace(Some(database));
                Err(wit::Error::Busy("a session of the database is open".to_owned()))
            }
        }
    }

    fn export(&self) -> Result<Image> {
        self.with(|database| {
            let mut bytes = Vec::new();
            database.export(&mut bytes).map_err(of)?;
            Ok(Image::new(ImageResource::of(bytes)))
        })
    }

    fn verify(&self) -> Result<Vec<String>> {
        self.with(|database| database.check().map_err(of))
    }

    fn tables(&self) -> Result<Vec<wit::Table>> {
        self.with(|database| Ok(database.schemas().map_err(of)?.into_iter().map(table::write).collect()))
    }

    fn create_tables(&self, tables: Vec<wit::Table>) -> Result<()> {
        let schemas: Vec<TableSchema> = tables.into_iter().map(table::read).collect::<Result<_>>()?;
        self.with(|database| database.create_tables(&schemas.iter().collect::<Vec<_>>()).map_err(of))
    }

    fn drop_table(&self, name: String) -> Result<()> {
        self.with(|database| database.drop_table(&name).map_err(of))
    }

    verbs!();

    fn begin(&self, isolation: wit::Isolation) -> Result<Transaction> {
        let isolation = match isolation {
            wit::Isolation::Serializable => Isolation::Serializable,
            wit::Isolation::Snapshot => Isolation::Snapshot,
        };
        self.with(|database| {
            let transaction = database.begin_with(BeginOptions::new().isolation(isolation)).map_err(of)?;
            Ok(Transaction::new(TransactionResource::new(transaction)))
        })
    }

    fn begin_session(&self) -> Result<Session> {
        let database = self.0.borrow().as_ref().map(Rc::clone).ok_or(wit::Error::Closed)?;
        Ok(Session::new(SessionResource::new(database)))
    }
}

fn read_options(wit::Options { page_size, cache_bytes, database_id }: wit::Options) -> Options {
    let mut options = Options::new();
    if let Some(bytes) = page_size {
        options = options.page_size(bytes as usize);
    }
    if let Some(bytes) = cache_bytes {
        options = options.cache_bytes(usize::try_from(bytes).unwrap_or(usize::MAX));
    }
    if let Some(id) = database_id {
        options = options.database_id(id);
    }
    options
}
