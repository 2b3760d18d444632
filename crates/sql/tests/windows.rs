//! Window functions, answered as SQLite answers them, on drawn rows and queries; and what SQLite does not have.
//!
//! `QUERIES` says how many are asked (3,000 if nothing is said), `SEED` what is drawn.

use fastrand::Rng;
use wasm_dbms::{Database, HeapProvider, Interrupt, Options, Value};
use wasm_dbms_sql::{Dialect, Row, Session, Sql};

use crate::peer::{own, shown, sqlite, store, variable};

const QUERIES_OF_A_SCHEMA: usize = 60;

/// So little that rows of one query do not fit.
fn little_memory() -> Options {
    Options::new().page_size(4096).cache_bytes(32 * 4096).query_memory_bytes(1024)
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
        format!(
            "{key}{}{}",
            self.pick(&["", "", " DESC", " ASC"]),
            self.pick(&["", "", "", " NULLS LAST", " NULLS FIRST"])
        )
    }

    fn frame(&mut self, unit: &str) -> String {
        let offset = if unit == "ROWS" && self.rng.u8(..4) == 0 { self.rng.u32(..120) } else { self.rng.u32(..4) };
        let preceding = format!("{offset} PRECEDING");
        let following = format!("{} FOLLOWING", self.rng.u32(..5));
        let bounds = ["UNBOUNDED PRECEDING", &preceding, "CURRENT ROW", &following, "UNBOUNDED FOLLOWING"];
        let start = self.rng.usize(..4);
        let end = self.rng.usize(start.max(1)..5);
        let exclude =
            self.pick(&["", "", "", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES", " EXCLUDE NO OTHERS"]);
        if end == 2 && self.rng.bool() {
            return format!("{unit} {}{exclude}", bounds[start]);
        }
        let (mut start_text, mut end_text) = (bounds[start].to_owned(), bounds[end].to_owned());
        if start == 1 && end == 1 {
            (start_text, end_text) =
                (format!("{} PRECEDING", self.rng.u32(..6)), format!("{} PRECEDING", self.rng.u32(..6)));
        }
        if start == 3 && end == 3 {
            (start_text, end_text) =
                (format!("{} FOLLOWING", self.rng.u32(..6)), format!("{} FOLLOWING", self.rng.u32(..6)));
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
                format!(
                    "SELECT count(*), count(x), min(x), max(x) FROM (SELECT {function} OVER ({window}) AS x {})",
                    rows.from
                )
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

#[test]
fn drawn_windows_are_answered_as_sqlite_answers_them() {
    let (queries, seed) = (variable("QUERIES", 3_000), variable("SEED", 11));
    println!("SEED={seed} QUERIES={queries}");
    let mut rng = Rng::with_seed(seed);
    let (mut asked, mut refused) = (0, 0);
    while asked < queries {
        let mut draw = Draw { rng: rng.fork() };
        // Now and then with little memory, so that rows go to scratch space.
        let database = match draw.rng.u8(..4) {
            0 => Database::open_with(HeapProvider::new(), little_memory()).unwrap(),
            _ => Database::in_memory(),
        };
        let session = Session::with_dialect(&database, Dialect::Sqlite);
        let peer = rusqlite::Connection::open_in_memory().unwrap();
        let script = draw.schema();
        store(&session, &peer, &script);
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

/// An aggregate that takes its rows in an order of its own.
fn in_order(draw: &mut Draw) -> String {
    let text = draw.pick(&["s", "s || i", "upper(s)", "i || '-' || k"]).to_owned();
    let separator = draw.pick(&["", "", ", '/'"]);
    let key = draw.pick(&["i", "s", "r", "i % 3"]);
    let (key, last) = (draw.directed(key), draw.directed("k"));
    let filter = draw.pick(&["", "", " FILTER (WHERE i > 4)"]);
    match draw.rng.u8(..4) {
        0 => {
            let direction = draw.pick(&["", " DESC"]);
            format!("group_concat(DISTINCT s ORDER BY s{direction}){filter}")
        }
        _ => format!("group_concat({text}{separator} ORDER BY {key}, {last}){filter}"),
    }
}

#[test]
fn aggregates_take_their_rows_in_an_order_of_their_own() {
    let (queries, seed) = (variable("QUERIES", 3_000) / 3, variable("SEED", 12));
    println!("SEED={seed} QUERIES={queries}");
    let mut rng = Rng::with_seed(seed);
    let mut asked = 0;
    while asked < queries {
        let mut draw = Draw { rng: rng.fork() };
        let database = Database::in_memory();
        let session = Session::with_dialect(&database, Dialect::Sqlite);
        let peer = rusqlite::Connection::open_in_memory().unwrap();
        let script = draw.schema();
        store(&session, &peer, &script);
        for _ in 0..QUERIES_OF_A_SCHEMA {
            asked += 1;
            let (one, other) = (in_order(&mut draw), in_order(&mut draw));
            let filter = draw.pick(&["", " WHERE i > 3", " WHERE g IN (SELECT g FROM u)"]);
            let query = match draw.rng.u8(..7) {
                0 => format!("SELECT {one} FROM t{filter}"),
                1 => format!("SELECT g, {one}, {other}, count(*), max(i) FROM t{filter} GROUP BY g"),
                2 => format!("SELECT g, sum(i) FROM t{filter} GROUP BY g HAVING {one} > 'b' OR {other} IS NULL"),
                3 => format!("SELECT g + 1, {one}, rank() OVER (ORDER BY {other}) FROM t{filter} GROUP BY g + 1"),
                4 => format!("SELECT k, (SELECT {one} FROM u WHERE u.g = a.g) FROM t a"),
                5 => format!("SELECT g, s, {one} FROM t{filter} GROUP BY g, s ORDER BY {other}, g, s LIMIT 9 OFFSET 1"),
                _ => format!("SELECT g, max(x) FROM (SELECT g, i % 2, {one} AS x FROM t GROUP BY 1, 2) q GROUP BY g"),
            };
            let script = script.join(";\n");
            let (mut own, mut other) = match (own(&session, &query), sqlite(&peer, &query)) {
                (Ok(own), Ok(other)) => (own, other),
                (own, other) => panic!("{script};\n{query}\nown {own:?}\nsqlite {other:?}"),
            };
            if !query.contains(" OFFSET ") {
                own.sort_unstable();
                other.sort_unstable();
            }
            assert!(own == other, "{script};\n{query}\nown    {own:?}\nsqlite {other:?}");
        }
    }
}

#[test]
fn an_order_of_an_aggregate_is_checked_also_where_it_changes_nothing() {
    let db = prices();
    let both = "SELECT string_agg(DISTINCT name, '+' ORDER BY name DESC), string_agg(name, '' ORDER BY stock, day), \
                sum(stock ORDER BY day) FROM prices";
    assert_eq!(answer(&db, both), ["'b+a'|'abbaab'|14"]);
    assert_eq!(answer(&db, "SELECT string_agg(name, ',' ORDER BY day) FROM prices WHERE stock > 100"), ["NULL"]);
    for (sql, wanted) in [
        ("SELECT string_agg(DISTINCT name, ',' ORDER BY day) FROM prices", "must begin with what is DISTINCT"),
        ("SELECT sum(stock ORDER BY colour) FROM prices", "colour"),
        ("SELECT string_agg(name, ',' ORDER BY rank() OVER ()) FROM prices", "cannot stand here"),
        ("SELECT string_agg(name, ',' ORDER BY count(*)) FROM prices", "cannot stand here"),
        ("SELECT name FROM prices WHERE string_agg(name, ',' ORDER BY day) = ''", "cannot stand here"),
    ] {
        let error = db.query_rows::<Row>(sql, ()).unwrap_err().to_string();
        assert!(error.contains(wanted), "{sql}\n{error}");
    }
}

/// A database with the prices of some days.
fn prices() -> Database {
    let db = Database::in_memory();
    db.execute("CREATE TABLE prices (day date, name text, price numeric, stock bigint)", ()).unwrap();
    db.execute(
        "INSERT INTO prices VALUES ('2024-01-01', 'a', 1.5, 3), ('2024-01-02', 'a', 2.25, 1), ('2024-01-04', 'a', 0.25, 7),
         ('2024-01-09', 'b', 4, 2), ('2024-01-10', 'b', 1.00, NULL), (NULL, 'b', 9, 1)",
        (),
    )
    .unwrap();
    db
}

fn answer(db: &Database, sql: &str) -> Vec<String> {
    let rows: Vec<Row> = db.query_rows(sql, ()).unwrap_or_else(|error| panic!("{sql}\n{error}"));
    rows.iter().map(|row| row.values().iter().map(shown).collect::<Vec<_>>().join("|")).collect()
}

#[test]
fn ranges_are_counted_in_days_and_in_decimals() {
    let db = prices();
    let days = "SELECT stock, sum(price) OVER (ORDER BY day RANGE BETWEEN 2 PRECEDING AND 1 FOLLOWING) FROM prices";
    assert_eq!(answer(&db, days), ["3|3.75", "1|3.75", "7|2.50", "2|5.00", "NULL|5.00", "1|9"]);
    let back = "SELECT price, count(*) OVER (ORDER BY price DESC RANGE 1.25 PRECEDING) FROM prices";
    assert_eq!(answer(&db, back), ["9|1", "4|1", "2.25|1", "1.5|2", "1.00|3", "0.25|3"]);
    let texts = "SELECT string_agg(name, '-') OVER (ORDER BY day ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES), \
                 avg(price) OVER (PARTITION BY name) FROM prices LIMIT 3";
    assert_eq!(answer(&db, texts).len(), 3);
}

#[test]
fn edges_of_frames_may_be_parameters() {
    let db = prices();
    let sums = db.prepare("SELECT sum(stock) OVER (ORDER BY day ROWS ? PRECEDING) FROM prices ORDER BY day").unwrap();
    let sums = |rows: i64| -> Result<Vec<Option<i64>>, String> {
        let rows = sums.query((rows,)).map_err(|error| error.to_string())?;
        Ok(rows.all::<(Option<i64>,)>().unwrap().into_iter().map(|(sum,)| sum).collect())
    };
    assert_eq!(sums(0).unwrap(), [Some(3), Some(1), Some(7), Some(2), None, Some(1)]);
    assert_eq!(sums(1).unwrap(), [Some(3), Some(4), Some(8), Some(9), Some(2), Some(1)]);
    assert!(sums(-1).unwrap_err().contains("at no distance"));
}

#[test]
fn what_cannot_be_meant_is_refused_in_words() {
    let db = prices();
    for (sql, wanted) in [
        ("SELECT name FROM prices WHERE row_number() OVER () = 1", "cannot stand here"),
        ("SELECT name FROM prices GROUP BY name HAVING rank() OVER () = 1", "cannot stand here"),
        ("SELECT rank() OVER () FROM prices GROUP BY 1", "cannot be grouped by an aggregate or a window"),
        ("SELECT sum(rank() OVER ()) FROM prices", "cannot stand here"),
        ("SELECT sum(rank() OVER ()) OVER () FROM prices", "cannot stand here"),
        ("SELECT price, sum(stock) OVER () FROM prices GROUP BY name", "neither grouped by nor inside an aggregate"),
        ("SELECT sum(name) OVER () FROM prices", "only numbers can be added up"),
        ("SELECT ntile(name) OVER () FROM prices", "no whole number"),
        ("SELECT ntile(0) OVER () FROM prices", "no number of buckets"),
        ("SELECT nth_value(name, 0) OVER () FROM prices", "counted from 1"),
        ("SELECT lag(name, 1, 0) OVER () FROM prices", "cannot be compared"),
        ("SELECT count(DISTINCT name) OVER () FROM prices", "DISTINCT in an aggregate over a window"),
        ("SELECT string_agg(name, ',' ORDER BY name) OVER () FROM prices", "that of its window"),
        ("SELECT sum(stock) OVER (ORDER BY name RANGE 1 PRECEDING) FROM prices", "a number or a date"),
        ("SELECT sum(stock) OVER (ORDER BY day, name RANGE 1 PRECEDING) FROM prices", "one key"),
        ("SELECT sum(stock) OVER (RANGE 1 PRECEDING) FROM prices", "one key"),
        ("SELECT sum(stock) OVER (ORDER BY day RANGE 1.5 PRECEDING) FROM prices", "is no number of days"),
        ("SELECT sum(stock) OVER (ROWS -1 PRECEDING) FROM prices", "negative"),
        ("SELECT sum(stock) OVER (ROWS 1.5 PRECEDING) FROM prices", "is no whole number"),
        ("SELECT sum(stock) OVER (ROWS NULL PRECEDING) FROM prices", "at no distance"),
        ("SELECT sum(stock) OVER (ROWS stock PRECEDING) FROM prices", "not the same for all rows"),
        ("SELECT sum(stock) OVER (ROWS BETWEEN CURRENT ROW AND 1 PRECEDING) FROM prices", "ends before it begins"),
        ("SELECT rank() OVER w FROM prices", "no window w"),
        ("SELECT rank() OVER w FROM (SELECT 1 AS n FROM prices WINDOW w AS ()) q", "no window w"),
        ("SELECT name FROM prices WHERE rank() OVER w = 1 WINDOW w AS ()", "no window w here"),
        ("SELECT rank() OVER (w PARTITION BY name) FROM prices WINDOW w AS ()", "PARTITION BY belongs to"),
        ("SELECT rank() OVER (w ORDER BY name) FROM prices WINDOW w AS (ORDER BY day)", "has an ORDER BY"),
        ("SELECT rank() OVER (w) FROM prices WINDOW w AS (ROWS 1 PRECEDING)", "has a frame"),
        ("SELECT rank() OVER w FROM prices WINDOW w AS (), w AS ()", "there twice"),
        ("SELECT rank() OVER w FROM prices WINDOW w AS (v), v AS ()", "no window v"),
        ("SELECT 1 UNION SELECT 2 FROM prices WINDOW w AS () ORDER BY rank() OVER w", "no window w"),
        ("SELECT rank() FROM prices", "wants OVER"),
        ("UPDATE prices SET stock = rank() OVER ()", "a window cannot stand in a change of rows"),
        ("INSERT INTO prices (stock) VALUES (1) RETURNING rank() OVER ()", "cannot stand here"),
    ] {
        let error = match db.query_rows::<Row>(sql, ()) {
            Err(error) => error.to_string(),
            Ok(rows) => panic!("{sql} answers {} rows", rows.len()),
        };
        assert!(error.contains(wanted), "{sql}\n{error}");
    }
}

#[test]
fn windows_begin_with_others_and_are_seen_by_the_order_of_the_block() {
    let db = prices();
    let sql = "SELECT name, rank() OVER (w ORDER BY price), sum(stock) OVER v FROM prices \
               WINDOW w AS (PARTITION BY name), v AS (w ORDER BY price ROWS UNBOUNDED PRECEDING) \
               ORDER BY row_number() OVER (ORDER BY price DESC), rank() OVER v";
    assert_eq!(answer(&db, sql), ["'b'|3|3", "'b'|2|2", "'a'|3|11", "'a'|2|10", "'b'|1|NULL", "'a'|1|7"]);
    // Each block has its own.
    let nested = "SELECT (SELECT max(n) FROM (SELECT rank() OVER w AS n FROM prices WINDOW w AS (ORDER BY day)) q), \
                  count(*) OVER w FROM prices WINDOW w AS () LIMIT 1";
    assert_eq!(answer(&db, nested), ["6|6"]);
}

#[test]
fn windows_are_kept_in_views_and_written_to_tables() {
    let db = prices();
    db.execute(
        "CREATE VIEW ranked AS SELECT name, rank() OVER w AS place FROM prices WINDOW w AS (ORDER BY price)",
        (),
    )
    .unwrap();
    assert_eq!(answer(&db, "SELECT name FROM ranked WHERE place = 1"), ["'a'"]);
    db.execute("CREATE TABLE places (name text, place bigint)", ()).unwrap();
    db.execute("INSERT INTO places SELECT name, row_number() OVER (ORDER BY price) FROM prices", ()).unwrap();
    assert_eq!(answer(&db, "SELECT max(place), count(*) FROM places"), ["6|6"]);
    db.execute(
        "DELETE FROM places WHERE place IN (SELECT place FROM (SELECT place, ntile(2) OVER (ORDER BY place) AS half \
         FROM places) q WHERE half = 2)",
        (),
    )
    .unwrap();
    assert_eq!(answer(&db, "SELECT max(place), count(*) FROM places"), ["3|3"]);
    let plan = answer(&db, "EXPLAIN SELECT name, rank() OVER (ORDER BY price) FROM prices").join("\n");
    assert!(plan.contains("window rank() OVER (ORDER BY price"), "{plan}");
}

#[test]
fn frames_are_not_looked_through_row_by_row() {
    let db = Database::in_memory();
    db.execute("CREATE TABLE n (k bigint PRIMARY KEY, f double precision)", ()).unwrap();
    let values = (0..20_000).map(|key| [Value::from(key), Value::from(f64::from(key % 1_000))]);
    db.insert_many_values("n", &["k", "f"], values).unwrap();
    for window in [
        "sum(f) OVER (ORDER BY k)",
        "avg(f) OVER ()",
        "max(f) OVER (ORDER BY k DESC)",
        "sum(f) OVER (ORDER BY k ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)",
        "max(f) OVER (ORDER BY k ROWS BETWEEN 5000 PRECEDING AND 5000 FOLLOWING)",
        "min(f) OVER (ORDER BY k ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW)",
        "count(f) OVER (ORDER BY k RANGE BETWEEN 7000 PRECEDING AND 20 FOLLOWING)",
    ] {
        let sql = format!("SELECT count(x) FROM (SELECT {window} AS x FROM n) q");
        // Each row of the frames would be 100 million rows.
        let limited = db.budget(3_000_000);
        assert_eq!(
            limited.query_row::<(i64,)>(&sql, ()).unwrap_or_else(|error| panic!("{window}: {error}")),
            (20_000,)
        );
    }
    // What must be looked through is counted.
    let texts = "SELECT count(x) FROM (SELECT string_agg('', '') OVER (ORDER BY k ROWS BETWEEN 5000 PRECEDING AND \
                 CURRENT ROW) AS x FROM n) q";
    let error = db.budget(3_000_000).query_row::<(i64,)>(texts, ()).unwrap_err();
    assert!(error.to_string().contains("3000000"), "{error}");
    let interrupt = Interrupt::new();
    interrupt.stop();
    assert!(db.interrupt(&interrupt).query_row::<(i64,)>(texts, ()).is_err());
}

#[test]
fn sums_of_decimals_and_of_large_numbers_are_exact_in_every_frame() {
    let db = Database::in_memory();
    db.execute("CREATE TABLE n (k bigint, d numeric)", ()).unwrap();
    let values = (0..500_i64)
        .map(|key| [Value::from(key), Value::Decimal(format!("{}.{:02}", key * 7 - 900, key % 100).parse().unwrap())]);
    db.insert_many_values("n", &["k", "d"], values).unwrap();
    let sql = "SELECT count(*) FROM (SELECT k, sum(d) OVER (ORDER BY k ROWS BETWEEN 200 PRECEDING AND 90 FOLLOWING) AS x, \
               (SELECT sum(d) FROM n b WHERE b.k BETWEEN a.k - 200 AND a.k + 90) AS y FROM n a) q WHERE x = y";
    assert_eq!(answer(&db, sql), ["500"]);
    let sql = "SELECT sum(9223372036854775807 - k) OVER (ORDER BY k ROWS 1 PRECEDING) FROM n";
    let error = db.query_rows::<Row>(sql, ()).unwrap_err();
    assert!(error.to_string().contains("range"), "{error}");
}
