//! Window functions, answered as SQLite answers them, on drawn rows and queries; and what SQLite does not have.
//!
//! `QUERIES` says how many are asked (3,000 if nothing is said), `SEED` what is drawn.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

use fastrand::Rng;
use wasm_dbms::{Database, Value};
use wasm_dbms_sql::{Dialect, Row, Session};

const QUERIES_OF_A_SCHEMA: usize = 60;

fn variable(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

/// What is drawn from: the expressions that stand for rows of one query.
struct Draw {
    rng: Rng,
}

/// The rows that windows stand beside.
struct Rows {
    /// From FROM to HAVING.
    from: String,
    numbers: Vec<String>,
    floats: Vec<String>,
    texts: Vec<String>,
    /// No two rows are equal in these.
    unique: Vec<String>,
}

impl Draw {
    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.rng.usize(..of.len())]
    }

    fn one<'a>(&mut self, of: &'a [String]) -> &'a str {
        &of[self.rng.usize(..of.len())]
    }

    fn schema(&mut self) -> Vec<String> {
        let mut script = Vec::new();
        let most = if self.rng.u8(..6) == 0 { 400 } else { 40 };
        for table in ["t", "u"] {
            script.push(format!("CREATE TABLE {table} (k INTEGER PRIMARY KEY, g INTEGER, i INTEGER, s TEXT, r REAL)"));
            for key in 0..self.rng.usize(..if table == "t" { most } else { 12 }) {
                let group = self.rng.usize(..4).to_string();
                let group = if self.rng.u8(..8) == 0 { "NULL".into() } else { group };
                let number = match self.rng.u8(..8) {
                    0 => "NULL".into(),
                    1 => format!("-{}", self.rng.u32(1..20)),
                    _ => self.rng.u32(..20).to_string(),
                };
                let text = self.pick(&["NULL", "''", "'a'", "'b'", "'C'", "'ab'"]);
                let real = if self.rng.u8(..5) == 0 { "NULL".into() } else { format!("{}.5", self.rng.u32(..9)) };
                script.push(format!("INSERT INTO {table} VALUES ({key}, {group}, {number}, {text}, {real})"));
            }
        }
        script
    }

    fn rows(&mut self) -> Rows {
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let filter = self.pick(&["", " WHERE i > 3", " WHERE i IS NOT NULL", " WHERE g IN (SELECT g FROM u)"]);
        match self.rng.u8(..8) {
            0..=2 => Rows {
                from: format!("FROM t{filter}"),
                numbers: list(&["k", "g", "i", "i + g", "k % 3", "coalesce(i, 0)", "length(s)"]),
                floats: list(&["r", "r * 2"]),
                texts: list(&["s", "upper(s)", "s || 'x'"]),
                unique: list(&["k"]),
            },
            3 => Rows {
                from: format!("FROM t a {} u b ON a.g = b.g", self.pick(&["JOIN", "LEFT JOIN"])),
                numbers: list(&["a.k", "a.g", "b.i", "a.i - b.i", "b.k % 2"]),
                floats: list(&["a.r", "b.r"]),
                texts: list(&["a.s", "b.s"]),
                unique: list(&["a.k", "b.k"]),
            },
            4 => Rows {
                from: format!("FROM (SELECT k, g, i, s, r, i * 2 AS d FROM t{filter} ORDER BY i, k LIMIT 30) q"),
                numbers: list(&["k", "q.g", "d", "i"]),
                floats: list(&["q.r"]),
                texts: list(&["s"]),
                unique: list(&["k"]),
            },
            5 => Rows {
                from: "FROM (SELECT k, g, row_number() OVER (PARTITION BY g ORDER BY k) AS i, s, r FROM t) q".into(),
                numbers: list(&["k", "g", "i"]),
                floats: list(&["r"]),
                texts: list(&["s"]),
                unique: list(&["k"]),
            },
            _ => Rows {
                from: format!(
                    "FROM t{filter} GROUP BY g, s{}",
                    self.pick(&["", " HAVING count(*) > 1", " HAVING sum(i) IS NOT NULL"])
                ),
                numbers: list(&["g", "sum(i)", "count(*)", "max(k)", "min(i) + g"]),
                floats: list(&["sum(r)", "max(r)"]),
                texts: list(&["s", "min(s)"]),
                unique: list(&["g", "s"]),
            },
        }
    }

    fn value(&mut self, rows: &Rows) -> String {
        match self.rng.u8(..6) {
            0..=2 => self.one(&rows.numbers).into(),
            3 => self.one(&rows.floats).into(),
            4 => self.one(&rows.texts).into(),
            _ => self.pick(&["1", "'c'", "NULL"]).into(),
        }
    }

    /// The direction of a key.
    fn directed(&mut self, key: &str) -> String {
        format!("{key}{}{}", self.pick(&["", "", " DESC", " ASC"]), self.pick(&["", "", "", " NULLS LAST", " NULLS FIRST"]))
    }

    fn frame(&mut self, unit: &str) -> String {
        let offset = if unit == "ROWS" && self.rng.u8(..4) == 0 { self.rng.u32(..120) } else { self.rng.u32(..4) };
        let preceding = format!("{offset} PRECEDING");
        let following = format!("{} FOLLOWING", self.rng.u32(..5));
        let bounds = ["UNBOUNDED PRECEDING", &preceding, "CURRENT ROW", &following, "UNBOUNDED FOLLOWING"];
        let start = self.rng.usize(..4);
        let end = self.rng.usize(start.max(1)..5);
        let exclude = self.pick(&["", "", "", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES", " EXCLUDE NO OTHERS"]);
        if end == 2 && self.rng.bool() {
            return format!("{unit} {}{exclude}", bounds[start]);
        }
        let (mut start_text, mut end_text) = (bounds[start].to_owned(), bounds[end].to_owned());
        if start == 1 && end == 1 {
            (start_text, end_text) = (format!("{} PRECEDING", self.rng.u32(..6)), format!("{} PRECEDING", self.rng.u32(..6)));
        }
        if start == 3 && end == 3 {
            (start_text, end_text) = (format!("{} FOLLOWING", self.rng.u32(..6)), format!("{} FOLLOWING", self.rng.u32(..6)));
        }
        format!("{unit} BETWEEN {start_text} AND {end_text}{exclude}")
    }

    /// A function, and whether rows that are equal in the order may change places without a change of its values.
    fn function(&mut self, rows: &Rows) -> (String, bool) {
        let value = self.value(rows);
        let filter = if self.rng.u8(..4) == 0 {
            format!(" FILTER (WHERE {} > {})", self.one(&rows.numbers), self.rng.u8(..9))
        } else {
            String::new()
        };
        match self.rng.u8(..20) {
            0 => ("row_number()".into(), false),
            1 => ("rank()".into(), true),
            2 => ("dense_rank()".into(), true),
            3 => ("percent_rank()".into(), true),
            4 => ("cume_dist()".into(), true),
            5 => (format!("ntile({})", self.rng.u8(1..6)), false),
            6 => (format!("lag({value})"), false),
            7 => (format!("lead({value}, {})", self.rng.u8(..4)), false),
            8 => {
                let number = self.one(&rows.numbers).to_owned();
                (format!("{}({number}, {}, -1)", self.pick(&["lag", "lead"]), self.rng.u8(..4)), false)
            }
            9 => (format!("first_value({value})"), false),
            10 => (format!("last_value({value})"), false),
            11 => (format!("nth_value({value}, {})", self.rng.u8(1..5)), false),
            12 => (format!("count(*){filter}"), true),
            13 => (format!("count({value}){filter}"), true),
            14 => (format!("sum({}){filter}", self.one(&rows.numbers)), true),
            15 => (format!("sum({}){filter}", self.one(&rows.floats)), true),
            16 => (format!("avg({}){filter}", self.one(&rows.numbers)), true),
            17 => (format!("min({value}){filter}"), true),
            18 => (format!("max({value}){filter}"), true),
            // Texts that are empty or NULL SQLite takes out of a frame that moves where they were not put in.
            _ => (format!("group_concat(coalesce({}, '') || 'x'){filter}", self.one(&rows.texts)), false),
        }
    }

    /// What stands in the parentheses of a window; with a key that makes its order whole where that is asked for.
    fn window(&mut self, rows: &Rows, may_tie: bool) -> String {
        let mut parts = Vec::new();
        if self.rng.bool() {
            let count = self.rng.usize(1..3);
            let keys: Vec<String> = (0..count).map(|_| self.value(rows)).collect();
            parts.push(format!("PARTITION BY {}", keys.join(", ")));
        }
        let unit = self.pick(&["", "", "ROWS", "RANGE", "GROUPS"]);
        let mut keys: Vec<String> = Vec::new();
        for _ in 0..self.rng.usize(..3) {
            let key = self.value(rows);
            keys.push(self.directed(&key));
        }
        let frame = if unit.is_empty() { String::new() } else { self.frame(unit) };
        let has_distance = frame.chars().any(|character| character.is_ascii_digit());
        if unit == "RANGE" && has_distance {
            // One key, and that a number.
            let key = if may_tie { self.one(&rows.numbers).to_owned() } else { rows.unique[0].clone() };
            if !may_tie && rows.unique.len() > 1 {
                return self.window(rows, may_tie);
            }
            keys = vec![self.directed(&key)];
        } else if !may_tie || unit == "ROWS" {
            let unique: Vec<String> = rows.unique.iter().map(|key| self.directed(key)).collect();
            keys.extend(unique);
        }
        if keys.is_empty() && unit == "GROUPS" {
            let key = self.value(rows);
            keys.push(key);
        }
        if !keys.is_empty() {
            parts.push(format!("ORDER BY {}", keys.join(", ")));
        }
        if !frame.is_empty() {
            parts.push(frame);
        }
        parts.join(" ")
    }

    fn block(&mut self) -> String {
        let rows = self.rows();
        let mut columns: Vec<String> = (0..self.rng.usize(..3)).map(|_| self.value(&rows)).collect();
        let mut named = Vec::new();
        for _ in 0..self.rng.usize(1..4) {
            let (function, may_tie) = self.function(&rows);
            let window = self.window(&rows, may_tie);
            let call = match self.rng.u8(..6) {
                0 => {
                    named.push(format!("w{} AS ({window})", named.len()));
                    format!("{function} OVER w{}", named.len() - 1)
                }
                1 if !window.contains(" BETWEEN") && window.contains("ORDER BY") && window.contains("PARTITION BY") => {
                    let (partition, rest) = window.split_once(" ORDER BY").unwrap();
                    named.push(format!("w{} AS ({partition})", named.len()));
                    format!("{function} OVER (w{} ORDER BY{rest})", named.len() - 1)
                }
                _ => format!("{function} OVER ({window})"),
            };
            columns.push(match self.rng.u8(..8) {
                0 => format!("CASE WHEN {call} IS NULL THEN 1 ELSE 2 END + {}", self.one(&rows.numbers)),
                1 => format!("CASE WHEN {call} IS NULL THEN 'none' ELSE 'some' END"),
                _ => call,
            });
        }
        self.rng.shuffle(&mut columns);
        let distinct = self.pick(&["", "", "", "DISTINCT "]);
        let named = if named.is_empty() { String::new() } else { format!(" WINDOW {}", named.join(", ")) };
        let tail = match self.rng.u8(..4) {
            0 => {
                let order: Vec<String> = (1..=columns.len()).map(|number| number.to_string()).collect();
                format!(" ORDER BY {} LIMIT {} OFFSET {}", order.join(", "), self.rng.u8(..20), self.rng.u8(..4))
            }
            1 if distinct.is_empty() => {
                let (function, may_tie) = self.function(&rows);
                format!(" ORDER BY {function} OVER ({})", self.window(&rows, may_tie))
            }
            _ => String::new(),
        };
        format!("SELECT {distinct}{} {}{named}{tail}", columns.join(", "), rows.from)
    }

    fn query(&mut self) -> String {
        match self.rng.u8(..10) {
            0 => {
                let rows = self.rows();
                let (function, may_tie) = self.function(&rows);
                let window = self.window(&rows, may_tie);
                format!("SELECT count(*), count(x), min(x), max(x) FROM (SELECT {function} OVER ({window}) AS x {})", rows.from)
            }
            1 => format!(
                "SELECT k, (SELECT max(x) FROM (SELECT {} OVER ({}) AS x FROM u z WHERE z.k <= o.k)) FROM t o",
                self.pick(&["sum(z.i)", "row_number()", "rank()", "sum(z.i + o.k)", "max(o.g)"]),
                self.pick(&["ORDER BY z.k", "PARTITION BY z.g ORDER BY z.k", "ORDER BY z.g, o.k", ""]),
            ),
            2 => format!(
                "SELECT k, sum((SELECT count(*) FROM u WHERE u.g = t.g)) OVER ({}) FROM t WHERE k IN \
                 (SELECT row_number() OVER (ORDER BY i, k) FROM t)",
                self.pick(&["ORDER BY k", "PARTITION BY g", "ORDER BY (SELECT max(k) FROM u WHERE u.g = t.g)"]),
            ),
            _ => self.block(),
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NULL".into(),
        Value::Bool(value) => i64::from(*value).to_string(),
        Value::Float(number) => format!("{:.6}", if *number == 0.0 { 0.0 } else { *number }),
        Value::Text(text) => format!("'{text}'"),
        other => other.to_string(),
    }
}

fn sqlite(connection: &rusqlite::Connection, sql: &str) -> Result<Vec<String>, String> {
    let run = || -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare(sql)?;
        let width = statement.column_count();
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let values = (0..width).map(|column| {
                use rusqlite::types::ValueRef;
                Ok(shown(&match row.get_ref(column)? {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(number) => Value::Integer(number),
                    ValueRef::Real(number) => Value::Float(number),
                    ValueRef::Text(text) | ValueRef::Blob(text) => Value::Text(String::from_utf8_lossy(text).into()),
                }))
            });
            found.push(values.collect::<rusqlite::Result<Vec<_>>>()?.join("|"));
        }
        Ok(found)
    };
    run().map_err(|error| error.to_string())
}

fn own(session: &Session<'_>, sql: &str) -> Result<Vec<String>, String> {
    let rows = session.query_rows::<Row>(sql, ()).map_err(|error| error.to_string())?;
    Ok(rows.iter().map(|row| row.values().iter().map(shown).collect::<Vec<_>>().join("|")).collect())
}

#[test]
fn drawn_windows_are_answered_as_sqlite_answers_them() {
    let (queries, seed) = (variable("QUERIES", 3_000), variable("SEED", 11));
    println!("SEED={seed} QUERIES={queries}");
    let mut rng = Rng::with_seed(seed);
    let (mut asked, mut refused) = (0, 0);
    while asked < queries {
        let mut draw = Draw { rng: rng.fork() };
        // Now and then with little memory, so that rows go to scratch space.
        let database = Database::in_memory();
        let session = Session::with_dialect(&database, Dialect::Sqlite);
        let peer = rusqlite::Connection::open_in_memory().unwrap();
        let script = draw.schema();
        for statement in &script {
            session.execute(statement, ()).unwrap_or_else(|error| panic!("{statement}\n{error}"));
            peer.execute_batch(statement).unwrap();
        }
        for _ in 0..QUERIES_OF_A_SCHEMA {
            asked += 1;
            let query = draw.query();
            let script = script.join(";\n");
            let (mut own, mut other) = match (own(&session, &query), sqlite(&peer, &query)) {
                (Ok(own), Ok(other)) => (own, other),
                (Err(_), Err(_)) => {
                    refused += 1;
                    continue;
                }
                (own, other) => panic!("{script};\n{query}\nown {own:?}\nsqlite {other:?}"),
            };
            if !query.contains(" OFFSET ") {
                own.sort_unstable();
                other.sort_unstable();
            }
            assert!(own == other, "{script};\n{query}\nown    {own:?}\nsqlite {other:?}");
        }
    }
    println!("{asked} asked, {refused} refused");
    assert!(refused < asked / 20, "{refused} refused");
}
