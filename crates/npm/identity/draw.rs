//! The script: statements of every kind that changes something, drawn from a seed.

use std::fmt::Write;

use fastrand::Rng;

/// Tables and what they stand on, before the first drawn statement.
const SCHEMA: &str = "\
CREATE TABLE kinds (id integer PRIMARY KEY, name text NOT NULL UNIQUE)
INSERT INTO kinds VALUES (0, 'zero'), (1, 'one'), (2, 'two'), (3, 'three')
CREATE TABLE things (id integer PRIMARY KEY, kind integer NOT NULL REFERENCES kinds (id), name text, weight double precision, \
                      price numeric, born date, doc jsonb, bits bytea, CHECK (weight >= 0))
CREATE INDEX things_name ON things (name)
CREATE INDEX things_kind ON things (kind, weight)
CREATE TABLE notes (thing integer NOT NULL REFERENCES things (id) ON DELETE CASCADE, text text NOT NULL)
CREATE INDEX notes_thing ON notes (thing)
";

/// Keys are drawn below this, so that many are met again.
const KEYS: u32 = 3_000;

/// A script of `count` drawn statements after the tables.
pub(super) fn script(seed: u64, count: u32) -> String {
    let mut random = Rng::with_seed(seed);
    let mut script = SCHEMA.to_owned();
    let mut is_in_transaction = false;
    for number in 0..count {
        let statement = match random.u32(..100) {
            // A transaction, or the end of it.
            0..8 if is_in_transaction => {
                is_in_transaction = false;
                (if random.u32(..4) == 0 { "ROLLBACK" } else { "COMMIT" }).to_owned()
            }
            0..3 => {
                is_in_transaction = true;
                "BEGIN IMMEDIATE".to_owned()
            }
            3 if !is_in_transaction => tables(&mut random, number),
            _ => rows(&mut random),
        };
        script.push_str(&statement);
        script.push('\n');
    }
    if is_in_transaction {
        script.push_str("COMMIT\n");
    }
    script
}

/// A change of the tables.
fn tables(random: &mut Rng, number: u32) -> String {
    match random.u32(..4) {
        0 => format!("ALTER TABLE notes ADD COLUMN c{number} integer DEFAULT {}", random.i32(..)),
        1 => format!("CREATE TABLE t{number} (a integer, b text); INSERT INTO t{number} SELECT id, name FROM things"),
        2 => "DROP INDEX things_kind; CREATE INDEX things_kind ON things (kind, weight)".to_owned(),
        _ => format!("CREATE INDEX i{number} ON notes (text); DROP INDEX i{number}"),
    }
}

/// A change of rows.
fn rows(random: &mut Rng) -> String {
    let key = random.u32(..KEYS);
    match random.u32(..20) {
        0..8 => format!("INSERT INTO things VALUES {}", thing(random, key)),
        8 => {
            let things: Vec<String> = (0..random.u32(1..30)).map(|more| thing(random, key + more)).collect();
            format!("INSERT INTO things VALUES {} ON CONFLICT (id) DO NOTHING", things.join(", "))
        }
        9 => format!(
            "INSERT INTO things VALUES {} ON CONFLICT (id) DO UPDATE SET name = excluded.name",
            thing(random, key)
        ),
        10..13 => format!("INSERT INTO notes (thing, text) VALUES ({key}, '{}')", text(random, 400)),
        13 => format!(
            "UPDATE things SET weight = sqrt(weight) + exp(-weight / 1000) + ln(weight + 2) WHERE id BETWEEN {key} AND {}",
            key + 20
        ),
        14 => format!("UPDATE things SET price = price * 1.07, name = name || 'é' WHERE id = {key}"),
        15 => format!("UPDATE things SET kind = {}, doc = NULL WHERE id = {key}", random.u32(..6)),
        16 => format!("UPDATE things SET id = id + {KEYS} WHERE id = {key}"),
        17 => format!("DELETE FROM things WHERE id BETWEEN {key} AND {}", key + random.u32(..10)),
        18 => format!("DELETE FROM notes WHERE thing = {key}"),
        _ => format!(
            "INSERT INTO notes (thing, text) SELECT id, name FROM things WHERE kind = 1 AND id < {key} AND name IS NOT NULL ORDER BY weight, id LIMIT 20"
        ),
    }
}

/// The values of a thing, some of which its table refuses.
fn thing(random: &mut Rng, key: u32) -> String {
    let mut values = format!("({key}, {}, ", random.u32(..5));
    let _ = match random.u32(..60) {
        0..6 => write!(values, "NULL"),
        6 => write!(values, "'{}'", text(random, 9_000)),
        _ => write!(values, "'{}'", text(random, 40)),
    };
    let weight = f64::from(random.i32(-20..100_000)) / 7.0;
    let bits: String = (0..random.usize(..20)).map(|_| format!("{:02x}", random.u8(..))).collect();
    let (day, month) = (random.u32(1..29), random.u32(1..13));
    let _ = write!(
        values,
        ", {weight}, {}.{:02}, '20{:02}-{month:02}-{day:02}', '{{\"n\": {}}}', x'{bits}')",
        random.i32(-1_000..1_000_000),
        random.u32(..100),
        random.u32(..100),
        random.i32(..),
    );
    values
}

fn text(random: &mut Rng, length: usize) -> String {
    const LETTERS: [char; 8] = ['a', 'b', 'e', 'z', ' ', 'é', '漢', '🐎'];
    (0..random.usize(..length)).filter_map(|_| random.choice(LETTERS)).collect()
}
