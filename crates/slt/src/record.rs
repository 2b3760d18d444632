//! The records of a sqllogictest file.

/// How the values of an answer are put in order before they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SortMode {
    None,
    Rows,
    Values,
}

/// What a record says of its statement.
#[derive(Debug)]
pub(crate) enum Expectation<'t> {
    /// It runs.
    Ok,
    /// It is refused.
    Error,
    /// It answers columns of these types, these values.
    Rows { types: &'t str, sort: SortMode, lines: Vec<&'t str> },
}

/// One record.
#[derive(Debug)]
pub(crate) struct Record<'t> {
    /// Its first line, from 1 on.
    pub(crate) line: usize,
    pub(crate) sql: String,
    pub(crate) expectation: Expectation<'t>,
    /// Why it is not for us, if so.
    pub(crate) skip: Option<String>,
}

/// Reads the records of a file. `label` is how the file calls our kind of database.
pub(crate) fn records<'t>(text: &'t str, label: &str) -> Vec<Record<'t>> {
    let mut records = Vec::new();
    let mut lines = text.lines().enumerate().peekable();
    let mut skip = None;
    while let Some((number, line)) = lines.next() {
        let mut words = line.split_whitespace();
        let expectation = match (words.next(), words.next()) {
            (Some("skipif"), Some(name)) if name == label => {
                skip = Some("a record for other databases".to_owned());
                continue;
            }
            (Some("onlyif"), Some(name)) if name != label => {
                skip = Some("a record for other databases".to_owned());
                continue;
            }
            (Some("halt"), _) if skip.is_none() => return records,
            (Some("halt"), _) => {
                skip = None;
                continue;
            }
            (Some("statement"), Some("ok")) => Expectation::Ok,
            (Some("statement"), Some("error")) => Expectation::Error,
            (Some("query"), types) => {
                let sort = match words.next() {
                    Some("rowsort") => SortMode::Rows,
                    Some("valuesort") => SortMode::Values,
                    _ => SortMode::None,
                };
                Expectation::Rows { types: types.unwrap_or_default(), sort, lines: Vec::new() }
            }
            _ => continue,
        };
        let mut record = Record { line: number + 1, sql: String::new(), expectation, skip: skip.take() };
        let mut is_answer = false;
        while let Some((_, line)) = lines.next_if(|(_, line)| !line.trim().is_empty()) {
            match &mut record.expectation {
                Expectation::Rows { lines, .. } if is_answer => lines.push(line),
                Expectation::Rows { .. } if line == "----" => is_answer = true,
                _ => {
                    if !record.sql.is_empty() {
                        record.sql.push('\n');
                    }
                    record.sql.push_str(line);
                }
            }
        }
        records.push(record);
    }
    records
}
