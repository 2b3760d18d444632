//! Drives the component from Rust, by wasmtime:
//!
//! ```text
//! component-host COMPONENT SCRIPT EXPORT
//! ```
//!
//! where EXPORT is what SCRIPT exports natively.

mod medium;

use std::error::Error as StdError;
use std::fs;

use wasmtime::component::{Component, HasSelf, Linker, ResourceAny};
use wasmtime::{Engine, Store};

use bindings::exports::wasm_dbms::database::store::{Guest, Storage};
use bindings::exports::wasm_dbms::database::types::{
    Assignment, Column, Compare, Comparison, DataType, Durability, Error, Isolation, Node, Options, Output, Query,
    Table, Value,
};
use medium::Media;

mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "database",
        with: { "wasm-dbms:database/media.medium": crate::medium::Medium },
    });
}

type Result<T> = std::result::Result<T, Box<dyn StdError>>;

/// How much of an image goes over the edge at once.
const PIECE_BYTES: u32 = 1 << 20;

/// An instance, and calls that fail as the component says.
struct Host {
    store: Store<Media>,
    database: bindings::Database,
}

impl Host {
    fn new(component: &str) -> Result<Self> {
        let engine = Engine::default();
        let component = Component::new(&engine, fs::read(component)?)?;
        let mut linker = Linker::new(&engine);
        bindings::Database::add_to_linker::<_, HasSelf<_>>(&mut linker, |media: &mut Media| media)?;
        let mut store = Store::new(&engine, Media::default());
        let database = bindings::Database::instantiate(&mut store, &component, &linker)?;
        Ok(Self { store, database })
    }

    /// One call of the component.
    fn call<T>(
        &mut self,
        call: impl FnOnce(&Guest, &mut Store<Media>) -> wasmtime::Result<std::result::Result<T, Error>>,
    ) -> Result<T> {
        let answer = call(self.database.wasm_dbms_database_store(), &mut self.store)?;
        answer.map_err(|error| format!("{error:?}").into())
    }

    fn open(&mut self, storage: Storage, database_id: Option<u64>) -> Result<ResourceAny> {
        let options = Options { page_size: None, cache_bytes: None, database_id };
        self.call(|guest, store| guest.database().call_open(store, &storage, options))
    }

    fn rows(&mut self, rows: ResourceAny) -> Result<Vec<Vec<Value>>> {
        let mut all = Vec::new();
        loop {
            let batch = self.call(|guest, store| guest.rows().call_next(store, rows, 1000))?;
            if batch.is_empty() {
                rows.resource_drop(&mut self.store)?;
                return Ok(all);
            }
            all.extend(batch);
        }
    }

    fn export(&mut self, db: ResourceAny) -> Result<Vec<u8>> {
        let image = self.call(|guest, store| guest.database().call_export(store, db))?;
        let mut all = Vec::new();
        loop {
            let piece = self.call(|guest, store| guest.image().call_next(store, image, PIECE_BYTES).map(Ok))?;
            if piece.is_empty() {
                image.resource_drop(&mut self.store)?;
                return Ok(all);
            }
            all.extend(piece);
        }
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [component, script, export] = arguments.as_slice() else {
        return Err("usage: component-host COMPONENT SCRIPT EXPORT".into());
    };
    let mut host = Host::new(component)?;
    typed_rows(&mut host)?;
    println!("test typed rows, filters, conflicts ... ok");
    medium(&mut host)?;
    println!("test a medium of the host ... ok");
    identity(&mut host, script, export)?;
    println!("test the bytes of every host ... ok\n3 passed, 0 failed");
    Ok(())
}

fn ensure(holds: bool, words: &str) -> Result<()> {
    if holds { Ok(()) } else { Err(words.into()) }
}

fn integer(name: &str) -> Column {
    let (name, data_type) = (name.to_owned(), DataType::S64);
    Column { name, data_type, is_nullable: false, is_autoincrement: false, default: None, choices: Vec::new() }
}

fn typed_rows(host: &mut Host) -> Result<()> {
    let db = host.open(Storage::Memory, None)?;
    let table = Table {
        name: "t".to_owned(),
        columns: vec![integer("id"), integer("n")],
        primary_key: vec!["id".to_owned()],
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
        checks: Vec::new(),
    };
    host.call(|guest, store| guest.database().call_create_tables(store, db, &[table]))?;
    let rows: Vec<_> = (0..2500).map(|n| vec![Value::Integer(n), Value::Integer(n * n)]).collect();
    let count = host.call(|guest, store| guest.database().call_insert(store, db, "t", &[], &rows))?;
    ensure(count == 2500, "rows are missing")?;

    let above = vec![
        Node::Column("n".to_owned()),
        Node::Parameter(1),
        Node::Compare(Compare { comparison: Comparison::Greater, left: 0, right: 1 }),
    ];
    let query = Query {
        table: "t".to_owned(),
        alias: None,
        joins: Vec::new(),
        filter: Some(above),
        group_by: Vec::new(),
        having: None,
        outputs: vec![Output { expression: vec![Node::Column("id".to_owned())], name: None }],
        is_distinct: false,
        order_by: Vec::new(),
        limit: Some(2000),
        offset: None,
    };
    let parameters = vec![Value::Integer(99)];
    let rows = host.call(|guest, store| guest.database().call_query(store, db, &query, &parameters))?;
    let rows = host.rows(rows)?;
    ensure(rows.len() == 2000 && matches!(rows[0][0], Value::Integer(10)), "the filter keeps other rows")?;

    let begin =
        |guest: &Guest, store: &mut Store<Media>| guest.database().call_begin(store, db, Isolation::Serializable);
    let (one, two) = (host.call(begin)?, host.call(begin)?);
    for transaction in [one, two] {
        let to = [Assignment { column: "n".to_owned(), value: vec![Node::Literal(Value::Integer(-1))] }];
        host.call(|guest, store| guest.transaction().call_update(store, transaction, "t", &to, None, &vec![]))?;
    }
    host.call(|guest, store| guest.transaction().call_commit(store, one, Durability::Full))?;
    let guest = host.database.wasm_dbms_database_store();
    let refused = guest.transaction().call_commit(&mut host.store, two, Durability::Full)?;
    ensure(matches!(refused, Err(Error::Conflict(conflict)) if conflict.table == "t"), "no conflict")?;
    db.resource_drop(&mut host.store)?;
    Ok(())
}

fn medium(host: &mut Host) -> Result<()> {
    let storage = || Storage::Medium("app.db".to_owned());
    let db = host.open(storage(), None)?;
    ensure(host.open(storage(), None).is_err_and(|error| error.to_string().starts_with("Error::Locked")), "no lock")?;
    host.call(|guest, store| guest.database().call_execute(store, db, "CREATE TABLE t (n integer)", &vec![]))?;
    let before = host.store.data().syncs;
    let parameters = vec![Value::Integer(7)];
    host.call(|guest, store| guest.database().call_execute(store, db, "INSERT INTO t VALUES (?)", &parameters))?;
    ensure(host.store.data().syncs == before + 1, "a commit is one sync")?;
    host.call(|guest, store| guest.database().call_close(store, db))?;
    let db = host.open(storage(), None)?;
    let rows = host.call(|guest, store| guest.database().call_select(store, db, "SELECT n FROM t", &vec![]))?;
    ensure(matches!(host.rows(rows)?.as_slice(), [row] if matches!(row[0], Value::Integer(7))), "the row is gone")
}

fn identity(host: &mut Host, script: &str, export: &str) -> Result<()> {
    let db = host.open(Storage::Memory, Some(7))?;
    let session = host.call(|guest, store| guest.database().call_begin_session(store, db))?;
    for statement in fs::read_to_string(script)?.lines() {
        let guest = host.database.wasm_dbms_database_store();
        match guest.session().call_run(&mut host.store, session, statement)? {
            Ok(())
            | Err(
                Error::Unique(_)
                | Error::ForeignKey(_)
                | Error::Check(_)
                | Error::NotNull(_)
                | Error::Mismatch(_)
                | Error::Validation(_),
            ) => {}
            Err(error) => return Err(format!("{statement}\n{error:?}").into()),
        }
    }
    session.resource_drop(&mut host.store)?;
    ensure(host.export(db)? == fs::read(export)?, "the exports differ")
}
