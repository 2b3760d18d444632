//! Schemas, rows, questions and changes that are drawn from a seed, in words that this database and SQLite both know.

use fastrand::Rng;

/// What is drawn from.
pub(crate) struct Draw {
    pub(crate) rng: Rng,
    pub(crate) tables: usize,
}

impl Draw {
    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.rng.usize(..of.len())]
    }

    fn number(&mut self) -> String {
        match self.rng.u8(..8) {
            0 => "NULL".into(),
            1 => format!("(-{})", self.rng.u32(1..20)),
            _ => self.rng.u32(..20).to_string(),
        }
    }

    fn text(&mut self) -> String {
        match self.rng.u8(..8) {
            0 => "NULL".into(),
            1 => "''".into(),
            _ => {
                format!("'{}'", (0..self.rng.usize(1..3)).map(|_| self.pick(&["a", "b", "C", "%"])).collect::<String>())
            }
        }
    }

    /// The statements that make the tables and their rows.
    pub(crate) fn schema(&mut self) -> Vec<String> {
        let mut script = Vec::new();
        for table in 0..self.tables {
            let key = self.pick(&["PRIMARY KEY", "NOT NULL", "UNIQUE"]).to_owned();
            let check = self.pick(&["", "CHECK (i < 1000)"]).to_owned();
            script.push(format!("CREATE TABLE t{table} (k INTEGER {key}, i INTEGER {check}, s TEXT, r REAL)"));
            for index in ["i", "s", "s, i", "r, k"] {
                if self.rng.bool() {
                    let name = index.replace(", ", "_");
                    script.push(format!("CREATE INDEX x{table}_{name} ON t{table} ({index})"));
                }
            }
            for key in 0..self.rng.usize(..30) {
                let (number, text) = (self.number(), self.text());
                let real = if self.rng.u8(..5) == 0 { "NULL".into() } else { format!("{}.5", self.rng.u32(..9)) };
                script.push(format!("INSERT INTO t{table} VALUES ({key}, {number}, {text}, {real})"));
            }
        }
        script
    }

    pub(crate) fn column(&mut self, sources: &[String], columns: &[&'static str]) -> String {
        format!("{}.{}", sources[self.rng.usize(..sources.len())], self.pick(columns))
    }

    pub(crate) fn integer(&mut self, sources: &[String], depth: u8) -> String {
        if depth == 0 || self.rng.u8(..3) == 0 {
            return if self.rng.bool() { self.column(sources, &["k", "i"]) } else { self.number() };
        }
        let (one, other) = (self.integer(sources, depth - 1), self.integer(sources, depth - 1));
        match self.rng.u8(..9) {
            0 => format!("({one} + {other})"),
            1 => format!("({one} - {other})"),
            2 => format!("({one} * {other})"),
            3 => format!("({one} / {other})"),
            4 => format!("({one} % {other})"),
            5 => format!("coalesce({one}, {other})"),
            6 => format!("abs({one})"),
            7 => format!("length({})", self.words(sources, depth - 1)),
            _ => format!("CASE WHEN {} THEN {one} ELSE {other} END", self.condition(sources, depth - 1)),
        }
    }

    pub(crate) fn words(&mut self, sources: &[String], depth: u8) -> String {
        if depth == 0 || self.rng.u8(..3) == 0 {
            return if self.rng.bool() { self.column(sources, &["s"]) } else { self.text() };
        }
        let one = self.words(sources, depth - 1);
        match self.rng.u8(..4) {
            0 => format!("({one} || {})", self.words(sources, depth - 1)),
            1 => format!("upper({one})"),
            2 => format!("coalesce({one}, {})", self.words(sources, depth - 1)),
            _ => format!("nullif({one}, {})", self.words(sources, depth - 1)),
        }
    }

    pub(crate) fn condition(&mut self, sources: &[String], depth: u8) -> String {
        let comparison = self.pick(&["=", "<>", "<", "<=", ">", ">="]);
        let deeper = depth.saturating_sub(1);
        match self.rng.u8(..if depth == 0 { 5 } else { 13 }) {
            0 => format!("{} {comparison} {}", self.column(sources, &["k", "i"]), self.number()),
            1 => format!("{} {comparison} {}", self.column(sources, &["s"]), self.text()),
            2 => format!("{} {comparison} {}.5", self.column(sources, &["r"]), self.rng.u8(..9)),
            3 => format!("{} IS NOT NULL", self.column(sources, &["i", "s", "r"])),
            4 => format!("{} {comparison} {}", self.column(sources, &["k", "i"]), self.column(sources, &["i"])),
            5 => format!("({} AND {})", self.condition(sources, deeper), self.condition(sources, deeper)),
            6 => format!("({} OR {})", self.condition(sources, deeper), self.condition(sources, deeper)),
            7 => format!("NOT ({})", self.condition(sources, deeper)),
            8 => format!("{} {comparison} {}", self.integer(sources, deeper), self.integer(sources, deeper)),
            9 => {
                let list: Vec<String> = (0..self.rng.usize(1..5)).map(|_| self.number()).collect();
                format!("{} {}IN ({})", self.integer(sources, deeper), self.pick(&["", "NOT "]), list.join(", "))
            }
            10 => format!(
                "{} BETWEEN {} AND {}",
                self.integer(sources, deeper),
                self.integer(sources, deeper),
                self.integer(sources, deeper)
            ),
            11 => format!("{} LIKE {}", self.words(sources, deeper), self.text()),
            _ => {
                let table = self.rng.usize(..self.tables);
                let inside = [format!("z{depth}")];
                let mut both = sources.to_vec();
                both.push(inside[0].clone());
                let condition = self.condition(&both, deeper);
                match self.rng.u8(..3) {
                    0 => format!("EXISTS (SELECT 1 FROM t{table} z{depth} WHERE {condition})"),
                    1 => {
                        let one = self.integer(sources, deeper);
                        format!("{one} IN (SELECT z{depth}.i FROM t{table} z{depth} WHERE {condition})")
                    }
                    _ => {
                        let one = self.integer(sources, deeper);
                        let of = self.pick(&["max", "min", "count", "sum"]);
                        format!("{one} {comparison} (SELECT {of}(z{depth}.i) FROM t{table} z{depth} WHERE {condition})")
                    }
                }
            }
        }
    }

    fn table(&mut self) -> String {
        format!("t{}", self.rng.usize(..self.tables))
    }

    /// A query with the columns of a table, and about as many rows.
    fn nested(&mut self, depth: u8) -> String {
        let (mut from, mut sources) = (self.source(depth), vec![format!("n{depth}")]);
        from.push_str(&format!(" n{depth}"));
        if self.rng.bool() {
            let (join, other) = (self.pick(&["JOIN", "LEFT JOIN"]), format!("m{depth}"));
            from.push_str(&format!(" {join} {} {other} ON n{depth}.i = {other}.k", self.table()));
            sources.push(other);
        }
        let (key, number) = (self.integer(&sources, 1), self.column(&sources, &["k", "i"]));
        let (words, real) = (self.words(&sources, 1), self.column(&sources, &["r"]));
        let distinct = self.pick(&["", "", "", "DISTINCT "]);
        let filter = if self.rng.bool() { format!(" WHERE {}", self.condition(&sources, 1)) } else { String::new() };
        format!("(SELECT {distinct}{key} k, {number} i, {words} s, {real} r FROM {from}{filter})")
    }

    fn source(&mut self, depth: u8) -> String {
        if depth > 0 && self.rng.u8(..4) == 0 { self.nested(depth - 1) } else { self.table() }
    }

    /// Some tables, or queries in their place, joined, and their names.
    pub(crate) fn tables_joined(&mut self) -> (String, Vec<String>) {
        let count = self.rng.usize(1..4);
        let sources: Vec<String> = (0..count).map(|number| format!("a{number}")).collect();
        let mut from = format!("{} a0", self.source(2));
        for number in 1..count {
            let table = self.source(2);
            let known = &sources[..=number];
            match self.rng.u8(..4) {
                0 => from.push_str(&format!(" CROSS JOIN {table} a{number}")),
                1 => {
                    let before = self.rng.usize(..number);
                    let (one, other) = (self.pick(&["k", "i"]), self.pick(&["k", "i"]));
                    from.push_str(&format!(" JOIN {table} a{number} ON a{before}.{one} = a{number}.{other}"));
                }
                2 => from.push_str(&format!(" JOIN {table} a{number} ON {}", self.condition(known, 1))),
                _ => from.push_str(&format!(" LEFT JOIN {table} a{number} ON {}", self.condition(known, 1))),
            }
        }
        (from, sources)
    }

    fn block(&mut self, width: usize) -> String {
        let (from, sources) = self.tables_joined();
        let filter =
            if self.rng.u8(..4) > 0 { format!(" WHERE {}", self.condition(&sources, 2)) } else { String::new() };
        if self.rng.u8(..3) == 0 {
            let key = self.column(&sources, &["i", "s", "k"]);
            let aggregates: Vec<String> = (1..width).map(|_| self.aggregate(&sources)).collect();
            let columns: Vec<String> = std::iter::once(key.clone()).chain(aggregates).collect();
            let having =
                if self.rng.bool() { format!(" HAVING count(*) > {}", self.rng.u8(..3)) } else { String::new() };
            return format!("SELECT {} FROM {from}{filter} GROUP BY {key}{having}", columns.join(", "));
        }
        let columns: Vec<String> = (0..width).map(|_| self.integer(&sources, 2)).collect();
        let distinct = self.pick(&["", "", "DISTINCT "]);
        format!("SELECT {distinct}{} FROM {from}{filter}", columns.join(", "))
    }

    fn aggregate(&mut self, sources: &[String]) -> String {
        match self.rng.u8(..6) {
            0 => "count(*)".into(),
            1 => format!("count(DISTINCT {})", self.column(sources, &["i", "s", "r"])),
            2 => format!("sum({})", self.integer(sources, 1)),
            3 => format!("min({})", self.column(sources, &["i", "s", "r"])),
            4 => format!("max({})", self.integer(sources, 1)),
            _ => format!("avg({})", self.column(sources, &["i", "k"])),
        }
    }

    pub(crate) fn query(&mut self) -> String {
        let width = self.rng.usize(1..4);
        let mut query = self.block(width);
        if self.rng.u8(..5) == 0 && !query.contains("GROUP BY") {
            let set = self.pick(&["UNION", "UNION ALL", "INTERSECT", "EXCEPT"]);
            let other = self.block(width);
            if !other.contains("GROUP BY") {
                query = format!("{query} {set} {other}");
            }
        }
        if self.rng.u8(..3) == 0 {
            let order: Vec<String> = (1..=width).map(|number| number.to_string()).collect();
            query = format!("{query} ORDER BY {}", order.join(", "));
            if self.rng.bool() {
                query.push_str(&format!(" LIMIT {} OFFSET {}", self.rng.u8(..20), self.rng.u8(..4)));
            }
        }
        query
    }

    /// A change of rows.
    pub(crate) fn change(&mut self) -> String {
        let table = self.rng.usize(..self.tables);
        let own = [format!("t{table}")];
        let filter = self.condition(&own, 1);
        match self.rng.u8(..5) {
            0 => format!("DELETE FROM t{table} WHERE k = {} AND {filter}", self.rng.u8(..30)),
            1 => format!("UPDATE t{table} SET i = {} WHERE {filter}", self.number()),
            2 => format!("UPDATE t{table} SET s = {}, r = r + 1 WHERE {filter}", self.words(&own, 1)),
            3 => format!("INSERT INTO t{table} VALUES ({}, 1, 'new', 0.5)", self.rng.u8(..60)),
            _ => format!("INSERT OR IGNORE INTO t{table} VALUES ({}, 2, 'new', 1.5)", self.rng.u8(..60)),
        }
    }
}
