//! Random inserts, updates and deletes by filter leave the rows that a naive evaluation leaves, with indexes and without,
//! by themselves and in transactions and savepoints that are rolled back.

use wasm_dbms::prelude::*;

use crate::model::{ModelTable, random, shown};
use crate::support::{assert_sound, seed};

#[derive(Table, Debug, Clone)]
#[table = "keyed"]
#[index(small, name)]
#[unique(number, name)]
struct Keyed {
    #[primary_key]
    id: u64,
    #[index]
    small: Option<i8>,
    number: i64,
    #[index(desc)]
    ratio: Option<f64>,
    #[index(include(id, blob, name))]
    half: f32,
    #[index]
    name: Option<String>,
    blob: Option<Vec<u8>>,
    #[index]
    flag: bool,
    #[unique(include(ratio))]
    code: Option<u32>,
}

#[derive(Table, Debug, Clone)]
#[table = "named"]
#[unique(code desc, ratio, include(blob, small))]
struct Named {
    #[primary_key]
    name: String,
    #[primary_key]
    small: i8,
    #[unique]
    id: u64,
    #[index]
    ratio: Option<f64>,
    blob: Option<Vec<u8>>,
    code: Option<u32>,
}

#[derive(Table, Debug, Clone)]
#[table = "plain"]
struct Plain {
    id: u64,
    small: Option<i8>,
    ratio: f64,
    name: Option<String>,
}

#[derive(DatabaseSchema)]
#[tables(Keyed = "keyed", Named = "named", Plain = "plain")]
struct All;

/// A change by its column and value, for each of the tables.
type Set = (&'static str, fn(&Transaction<'_>, Expr, &Value) -> Result<u64>);

macro_rules! sets {
    ($table:ty: $($column:ident $name:literal $type:ty),*) => {
        &[$(($name, |tx, filter, value| {
            let value = <$type as wasm_dbms::Field>::from_value(value.as_ref()).unwrap();
            tx.update::<$table>().set(<$table>::$column, value).filter(filter).run()
        })),*]
    };
}

const KEYED: &[Set] = sets!(Keyed: ID "id" u64, SMALL "small" Option<i8>, NUMBER "number" i64,
    RATIO "ratio" Option<f64>, HALF "half" f32, NAME "name" Option<String>, BLOB "blob" Option<Vec<u8>>,
    FLAG "flag" bool, CODE "code" Option<u32>);
const NAMED: &[Set] = sets!(Named: NAME "name" String, SMALL "small" i8, ID "id" u64, RATIO "ratio" Option<f64>,
    BLOB "blob" Option<Vec<u8>>, CODE "code" Option<u32>);
const PLAIN: &[Set] = sets!(Plain: ID "id" u64, SMALL "small" Option<i8>, RATIO "ratio" f64,
    NAME "name" Option<String>);

/// A value of a column; long text and bytes too.
fn column_value(random: &mut fastrand::Rng, column: &ColumnSchema) -> Value {
    match column.data_type {
        _ if column.nullable && random.u8(..5) == 0 => Value::Null,
        DataType::U64 => Value::from(random.u64(..300)),
        DataType::U32 => Value::from(random.u32(..60)),
        DataType::Bytes if random.u8(..8) == 0 => Value::from(vec![random.u8(..); random.usize(..9000)]),
        DataType::Text if random.u8(..12) == 0 => Value::from("long ".repeat(random.usize(..600))),
        data_type => random::value(random, data_type),
    }
}

impl ModelTable {
    /// Whether no two rows are equal in the columns of a key, unless one of them is NULL there.
    fn is_unique(&self) -> bool {
        let unique = self
            .schema
            .indexes
            .iter()
            .filter(|index| index.unique)
            .map(|index| index.columns.iter().map(|column| column.name.clone()).collect());
        unique.chain([self.schema.primary_key.clone()]).filter(|columns: &Vec<String>| !columns.is_empty()).all(
            |columns| {
                let places: Vec<usize> = columns.iter().map(|column| self.schema.position(column).unwrap()).collect();
                let mut keys: Vec<String> = Vec::new();
                for row in &self.rows {
                    let key: Vec<Value> = places.iter().map(|place| row[*place].clone()).collect();
                    if !key.contains(&Value::Null) {
                        keys.push(shown(&key));
                    }
                }
                let count = keys.len();
                keys.sort_unstable();
                keys.dedup();
                keys.len() == count
            },
        )
    }
}

/// One random statement on the table and the model. Returns whether it was refused.
fn step<T: Table>(
    tx: &Transaction<'_>,
    table: &mut ModelTable,
    sets: &[Set],
    random: &mut fastrand::Rng,
) -> Result<bool> {
    let mut after = table.clone();
    let columns = random::columns_of(&table.schema);
    let filter = random::filter(random, &columns, 2);
    let kept = |row: &[Value]| table.keeps(&filter, row);
    let (result, expected) = match random.u8(..10) {
        0..6 => {
            let values: Vec<Value> = table.schema.columns.iter().map(|column| column_value(random, column)).collect();
            let names = table.schema.columns.iter().map(|column| column.name.as_str());
            let named: Vec<_> = names.zip(values.iter().cloned()).collect();
            after.rows.push(values);
            (tx.insert_values(&table.schema.name, &named).map(|()| 1), 1)
        }
        6..9 => {
            let (name, set) = &sets[random.usize(..sets.len())];
            let column = table.schema.position(name).unwrap();
            let value = column_value(random, &table.schema.columns[column]);
            let mut count = 0;
            for row in after.rows.iter_mut().filter(|row| kept(row)) {
                row[column] = value.clone();
                count += 1;
            }
            (set(tx, filter.clone(), &value), count)
        }
        // Few deletes of few rows, or nothing would be left.
        _ => {
            let ids = Expr::column("id").compare(Comparison::Less, random.u64(..150));
            let filter = filter.clone().and(ids);
            after.rows.retain(|row| !table.keeps(&filter, row));
            let count = table.rows.len() - after.rows.len();
            (tx.delete::<T>().filter(filter).run(), count as u64)
        }
    };
    match result {
        Ok(count) => {
            assert_eq!(count, expected);
            assert!(after.is_unique(), "a key is there twice");
            *table = after;
            Ok(false)
        }
        Err(error @ Error::Unique { .. }) => {
            assert!(!after.is_unique(), "{error}");
            Ok(true)
        }
        Err(error) => Err(error),
    }
}

fn assert_same(db: &Database, table: &ModelTable, what: &str) {
    let sorted = |rows: &[Vec<Value>]| {
        let mut shown: Vec<String> = rows.iter().map(|row| shown(row)).collect();
        shown.sort_unstable();
        shown
    };
    let found = db.query(&Query::from(table.schema.name.clone())).unwrap().rows;
    assert!(sorted(&found) == sorted(&table.rows), "{what}: the rows differ");
    assert_sound(db);
}

fn run<T: Table>(sets: &[Set], seed: u64) {
    let db = Database::in_memory_with(Options::new().page_size(4096)).unwrap().with_schema::<All>().unwrap();
    let mut random = fastrand::Rng::with_seed(seed);
    let mut table = ModelTable { schema: T::schema().clone(), rows: Vec::new() };
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..250 {
        let before = table.clone();
        let keeps = random.u8(..4) > 0;
        let result = db.transaction(|tx| {
            for _ in 0..random.usize(1..8) {
                let inside = table.clone();
                let keeps_savepoint = random.bool();
                let saved = tx.savepoint(|tx| {
                    for _ in 0..random.usize(1..4) {
                        if step::<T>(tx, &mut table, sets, &mut random)? {
                            refused += 1;
                        } else {
                            accepted += 1;
                        }
                    }
                    if keeps_savepoint { Ok(()) } else { Err(Error::other("rolled back")) }
                });
                match saved {
                    Err(Error::Other(_)) => table = inside,
                    saved => saved?,
                }
            }
            if keeps { Ok(()) } else { Err(Error::other("rolled back")) }
        });
        match result {
            Err(Error::Other(_)) => table = before,
            result => result.unwrap(),
        }
        assert_same(&db, &table, &format!("seed {seed}, round {round}"));
    }
    println!("{}: {accepted} accepted, {refused} refused, {} rows left", table.schema.name, table.rows.len());
    assert!(accepted > 1000 && table.rows.len() > 5);
}

#[test]
fn rows_of_a_table_with_many_indexes_are_those_of_the_model() {
    let seed = seed(77);
    (0..5).for_each(|round| run::<Keyed>(KEYED, seed + round));
}

#[test]
fn rows_of_a_table_keyed_by_text_are_those_of_the_model() {
    let seed = seed(78);
    (0..5).for_each(|round| run::<Named>(NAMED, seed + round));
}

#[test]
fn rows_of_a_table_without_keys_are_those_of_the_model() {
    let seed = seed(79);
    (0..5).for_each(|round| run::<Plain>(PLAIN, seed + round));
}
