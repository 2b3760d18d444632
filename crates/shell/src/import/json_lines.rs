//! JSON lines: an object a line. An array of objects is taken too.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use wasm_dbms::Durability;
use wasm_dbms::prelude::*;

use super::infer::Guess;
use super::rows::Inserter;
use super::{Job, Place, Record, progress, table, value};
use crate::Outcome;
use crate::error::{Error as ShellError, Result};

/// An object, its members in order, each as it is written.
struct Object(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Object, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// What a line came to.
type Line = (Place, std::result::Result<Object, String>);

/// Gives each object to a visitor.
fn each(job: &Job<'_>, visit: &mut dyn FnMut(Line, u64) -> Result<()>) -> Result<()> {
    let failed = |error: std::io::Error| ShellError::import(job.path, error);
    let mut reader = BufReader::new(File::open(job.path).map_err(failed)?);
    let is_array = reader.fill_buf().map_err(failed)?.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    if is_array {
        let mut text = String::new();
        reader.read_to_string(&mut text).map_err(failed)?;
        let objects: Vec<Object> = serde_json::from_str(&text).map_err(|error| ShellError::import(job.path, error))?;
        for (number, object) in objects.into_iter().enumerate() {
            visit((Place::Row(number as u64 + 1), Ok(object)), 0)?;
        }
        return Ok(());
    }
    let (mut line, mut number) = (Vec::new(), 0);
    loop {
        line.clear();
        let length = reader.read_until(b'\n', &mut line).map_err(failed)?;
        if length == 0 {
            return Ok(());
        }
        number += 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let object = serde_json::from_slice(&line).map_err(|error| error.to_string());
        visit((Place::Line(number), object), length as u64)?;
    }
}

/// A column as the objects show it.
struct Found {
    name: String,
    texts: Guess,
    numbers: Guess,
    has_texts: bool,
    has_numbers: bool,
    has_bools: bool,
    has_others: bool,
}

impl Found {
    fn new(name: String) -> Self {
        let (texts, numbers) = Default::default();
        Self { name, texts, numbers, has_texts: false, has_numbers: false, has_bools: false, has_others: false }
    }

    fn see(&mut self, raw: &str) {
        match raw.bytes().next() {
            Some(b'"') => {
                self.has_texts = true;
                let text: String = serde_json::from_str(raw).unwrap_or_default();
                // An empty text is one, not NULL.
                self.texts.see(if text.is_empty() { "\"" } else { &text });
            }
            Some(b't' | b'f') => self.has_bools = true,
            Some(b'n') => {}
            Some(b'{' | b'[') => self.has_others = true,
            _ => {
                self.has_numbers = true;
                self.numbers.see(raw);
            }
        }
    }

    /// The type of the column; what is of several kinds is JSON.
    fn data_type(&self) -> DataType {
        match (self.has_texts, self.has_numbers, self.has_bools, self.has_others) {
            (true, false, false, false) => self.texts.data_type(),
            (false, true, false, false) if self.numbers.data_type() != DataType::Text => self.numbers.data_type(),
            (false, false, true, false) => DataType::Bool,
            (false, false, false, false) => DataType::Text,
            _ => DataType::Json,
        }
    }
}

/// Imports a file of objects.
pub(super) fn import(job: &Job<'_>, name: &str, length: u64, out: &mut dyn Write) -> Result<Outcome> {
    let mut found: Vec<Found> = Vec::new();
    each(job, &mut |(_, object), _| {
        let Ok(Object(members)) = object else { return Ok(()) };
        for (place, (name, raw)) in members.into_iter().enumerate() {
            // Objects of one file have mostly the same members in the same places.
            let is_here = found.get(place).is_some_and(|column| column.name == name);
            let known = if is_here { Some(place) } else { found.iter().position(|column| column.name == name) };
            let known = known.unwrap_or_else(|| {
                found.push(Found::new(name));
                found.len() - 1
            });
            found.iter_mut().skip(known).take(1).for_each(|column| column.see(raw.get()));
        }
        Ok(())
    })?;
    if found.is_empty() {
        return Err(ShellError::import(job.path, "there is no object with members"));
    }
    let names: Vec<String> = found.iter().map(|column| column.name.clone()).collect();
    let target = table::find(job, name, &names, || Ok(found.iter().map(Found::data_type).collect()))?;
    let transaction = job.database.begin_exclusive()?;
    if target.is_new {
        wasm_dbms::SchemaChange::CreateTable(target.schema.clone()).run(&transaction)?;
    }
    let bar = progress(length, name);
    let mut rows = Inserter::new(&transaction, job.interrupt, &target.schema.name, &target.columns);
    each(job, &mut |(place, object), length| {
        let values = object.and_then(|object| values(&object, &names, &target.columns));
        bar.inc(length);
        rows.push(Record { place, values })
    })?;
    let report = rows.end()?;
    transaction.commit(Durability::Full)?;
    bar.finish_and_clear();
    report.write(name, target.is_new.then_some(&target.schema), out)
}

/// The values of an object in the order of the columns; NULL where it has none.
fn values(object: &Object, names: &[String], columns: &[ColumnSchema]) -> std::result::Result<Vec<Value>, String> {
    let Object(members) = object;
    let mut values = Vec::with_capacity(columns.len());
    for (place, (name, column)) in names.iter().zip(columns).enumerate() {
        let here = members.get(place).filter(|(member, _)| member == name);
        let member = here.or_else(|| members.iter().find(|(member, _)| member == name));
        values.push(match member.map(|(_, raw)| raw.get()) {
            None | Some("null") => Value::Null,
            Some(raw) if column.data_type == DataType::Json => value::of_text(raw, column)?,
            Some(raw) if raw.starts_with('"') => {
                let text: String = serde_json::from_str(raw).map_err(|error| error.to_string())?;
                value::of_text(&text, column)?
            }
            Some(raw) => value::of_text(raw, column)?,
        });
    }
    Ok(values)
}
