//! A snapshot from bytes, which may be foreign.

use wasm_dbms_api::{
    CheckSchema, ColumnRef, ColumnSchema, DataType, ForeignKeySchema, IndexColumn, IndexSchema, MemoryError,
    MemoryResult, ReferentialAction, TableSchema, Value,
};

use crate::codec::record::{Problem, Reader};
use crate::codec::snapshot::{
    ACTIONS, FormColumn, MAX_COPIED_NAME_BYTES, MAX_EARLIER_ROW_FORMS, PartId, RowForm, Snapshot, StoredColumn,
    StoredIndex, VERSION,
};
use crate::numbering::Numbering;

impl Snapshot {
    /// The snapshot of these bytes.
    pub(crate) fn decode(bytes: &[u8]) -> MemoryResult<Self> {
        let mut decoder = Decoder::new(bytes.len());
        let snapshot = match decoder.snapshot(bytes) {
            Ok(snapshot) => snapshot,
            Err(problem) => {
                let of = if decoder.name.is_empty() { String::new() } else { format!(" of {}", decoder.name) };
                return Err(problem.into_error(&format!("the schema snapshot{of}")));
            }
        };
        match snapshot.schema.validate() {
            Ok(()) => Ok(snapshot),
            Err(error) => Err(MemoryError::corrupt_with(format_args!("a schema snapshot contradicts itself: {error}"))),
        }
    }
}

/// What is known of a snapshot while it is read. A column's name is copied for each key and index it is in, and a foreign
/// snapshot may say so thousands of times of a long one: `names_left` bounds the bytes of the copies.
struct Decoder {
    name: String,
    /// The columns so far by their ids, in the order of these.
    positions: Vec<(PartId, usize)>,
    names_left: usize,
}

impl Decoder {
    fn new(length: usize) -> Self {
        let names_left = length.saturating_add(MAX_COPIED_NAME_BYTES);
        Self { name: String::new(), positions: Vec::new(), names_left }
    }

    fn snapshot(&mut self, bytes: &[u8]) -> Result<Snapshot, Problem> {
        let mut reader = Reader(bytes);
        let version = reader.u8()?;
        if version != VERSION {
            return Err(Problem::Newer(format!("version {version}")));
        }
        let mut snapshot = Snapshot::without_schema(&TableSchema::new(""), 0, 0, &[]);
        // Ids of columns are known only when the columns are, which follow.
        let mut primary_key = Reader(&[]);
        reader.fields("a table", &mut |tag, field| {
            let slot = match tag {
                2 => Slot::Number(&mut snapshot.version),
                3 => Slot::Number(&mut snapshot.next_id),
                4 => Slot::Number(&mut snapshot.table),
                5 => Slot::Number(&mut snapshot.primary_key),
                7 => Slot::Flag(&mut snapshot.is_held),
                _ => Slot::Other,
            };
            if slot.fill(field)? {
                return Ok(true);
            }
            match tag {
                1 => {
                    snapshot.schema.name = field.text()?;
                    self.name.clone_from(&snapshot.schema.name);
                }
                6 => primary_key = std::mem::replace(field, Reader(&[])),
                128 => self.column(field, &mut snapshot)?,
                129 => self.index(field, &mut snapshot)?,
                130 => {
                    let key = self.foreign_key(field, &snapshot.schema)?;
                    push(&mut snapshot.schema.foreign_keys, key, TableSchema::MAX_FOREIGN_KEYS)?;
                }
                131 => push(&mut snapshot.earlier, row_form(field)?, MAX_EARLIER_ROW_FORMS)?,
                132 => {
                    let check = self.check(field, &snapshot.schema)?;
                    push(&mut snapshot.schema.checks, check, TableSchema::MAX_CHECKS)?;
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        snapshot.schema.primary_key = self.names(&mut primary_key, &snapshot.schema)?;
        let ids = snapshot.columns.iter().map(|column| column.id).chain(snapshot.indexes.iter().map(|index| index.id));
        let mut seen = Numbering::default();
        for id in ids {
            if id == 0 || id >= snapshot.next_id || !seen.is_new(&id.to_be_bytes()) {
                return Err(Problem::Damaged);
            }
        }
        let mut versions: Vec<u32> = snapshot.earlier.iter().map(|form| form.version).collect();
        versions.push(snapshot.version);
        if !versions.is_sorted_by(|one, next| one < next) {
            return Err(Problem::Damaged);
        }
        Ok(snapshot)
    }

    fn column(&mut self, record: &mut Reader<'_>, snapshot: &mut Snapshot) -> Result<(), Problem> {
        let mut column = ColumnSchema::new("", DataType::Bool);
        let mut stored = StoredColumn { id: 0, initial: Value::Null };
        record.fields("a column", &mut |tag, field| {
            let slot = match tag {
                1 => Slot::Number(&mut stored.id),
                2 => Slot::Text(&mut column.name),
                3 => Slot::Type(&mut column.data_type),
                4 => Slot::Flag(&mut column.nullable),
                5 => Slot::Flag(&mut column.autoincrement),
                6 => Slot::Value(column.default.insert(Value::Null)),
                7 => Slot::Value(&mut stored.initial),
                8 => Slot::Text(&mut column.shape),
                128 => Slot::Texts(&mut column.variants, TableSchema::MAX_VARIANTS),
                _ => Slot::Other,
            };
            if slot.fill(field)? {
                return Ok(true);
            }
            match tag {
                129 => push(&mut column.sanitizers, field.sanitizer()?, ColumnSchema::MAX_RULES)?,
                130 => push(&mut column.validators, field.validator()?, ColumnSchema::MAX_RULES)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        if !column.holds(stored.initial.as_ref()) {
            return Err(Problem::Damaged);
        }
        let place = self.positions.partition_point(|(id, _)| *id <= stored.id);
        self.positions.insert(place, (stored.id, snapshot.columns.len()));
        snapshot.columns.push(stored);
        push(&mut snapshot.schema.columns, column, TableSchema::MAX_COLUMNS)
    }

    fn index(&mut self, record: &mut Reader<'_>, snapshot: &mut Snapshot) -> Result<(), Problem> {
        let mut index = IndexSchema::new([""; 0]);
        let mut stored = StoredIndex { id: 0, tree: 0 };
        let schema = &snapshot.schema;
        record.fields("an index", &mut |tag, field| {
            let slot = match tag {
                1 => Slot::Number(&mut stored.id),
                2 => Slot::Number(&mut stored.tree),
                3 => Slot::Text(&mut index.name),
                4 => Slot::Flag(&mut index.unique),
                _ => Slot::Other,
            };
            if slot.fill(field)? {
                return Ok(true);
            }
            match tag {
                5 => {
                    index.columns = field.list(TableSchema::MAX_KEY_COLUMNS, |field| {
                        let number = field.number()?;
                        let name = self.name_of(number / 2, schema)?;
                        Ok(IndexColumn { name, descending: number % 2 == 1 })
                    })?;
                }
                6 => index.include = self.names(field, schema)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        snapshot.indexes.push(stored);
        push(&mut snapshot.schema.indexes, index, TableSchema::MAX_INDEXES)
    }

    fn foreign_key(&mut self, record: &mut Reader<'_>, schema: &TableSchema) -> Result<ForeignKeySchema, Problem> {
        let mut key = ForeignKeySchema::new([], "", []);
        record.fields("a foreign key", &mut |tag, field| {
            let slot = match tag {
                1 => Slot::Text(&mut key.name),
                3 => Slot::Text(&mut key.table),
                4 => Slot::Action(&mut key.on_delete),
                5 => Slot::Action(&mut key.on_update),
                128 => Slot::Texts(&mut key.references, TableSchema::MAX_KEY_COLUMNS),
                _ => Slot::Other,
            };
            if slot.fill(field)? {
                return Ok(true);
            }
            if tag == 2 {
                key.columns = self.names(field, schema)?;
            }
            Ok(tag == 2)
        })?;
        Ok(key)
    }

    fn check(&mut self, record: &mut Reader<'_>, schema: &TableSchema) -> Result<CheckSchema, Problem> {
        let (mut name, mut condition) = (String::new(), None);
        record.fields("a check", &mut |tag, field| {
            match tag {
                1 => name = field.text()?,
                2 => {
                    condition = Some(field.condition(&mut |number| {
                        let column = self.name_of(number / 2, schema)?.into();
                        Ok(ColumnRef { table: (number % 2 == 1).then(|| schema.name.clone().into()), column })
                    })?);
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(CheckSchema { name, condition: condition.ok_or(Problem::Damaged)? })
    }

    /// The names of the columns whose ids follow.
    fn names(&mut self, field: &mut Reader<'_>, schema: &TableSchema) -> Result<Vec<String>, Problem> {
        field.list(TableSchema::MAX_INCLUDED_COLUMNS, |field| {
            let id = field.number()?;
            self.name_of(id, schema)
        })
    }

    fn name_of(&mut self, id: u64, schema: &TableSchema) -> Result<String, Problem> {
        let place = self.positions.partition_point(|(other, _)| u64::from(*other) <= id);
        let (found, position) =
            place.checked_sub(1).and_then(|place| self.positions.get(place)).ok_or(Problem::Damaged)?;
        let column = schema.columns.get(*position).filter(|_| u64::from(*found) == id).ok_or(Problem::Damaged)?;
        self.names_left = self.names_left.checked_sub(column.name.len()).ok_or(Problem::Damaged)?;
        Ok(column.name.clone())
    }
}

/// Where a field goes that is what it says. A place for each kind, and not the code that reads it: most fields are of few kinds.
enum Slot<'s> {
    Number(&'s mut u32),
    Text(&'s mut String),
    Flag(&'s mut bool),
    Type(&'s mut DataType),
    Action(&'s mut ReferentialAction),
    Value(&'s mut Value),
    /// One text more, up to so many.
    Texts(&'s mut Vec<String>, usize),
    Other,
}

impl Slot<'_> {
    /// Reads the field, if it is one of these.
    fn fill(self, field: &mut Reader<'_>) -> Result<bool, Problem> {
        match self {
            Self::Number(number) => *number = field.u32()?,
            Self::Text(text) => *text = field.text()?,
            Self::Flag(flag) => *flag = true,
            Self::Type(own) => *own = data_type(field.u8()?)?,
            Self::Action(own) => *own = action(field.u8()?)?,
            Self::Value(value) => *value = field.value()?,
            Self::Texts(texts, limit) => push(texts, field.text()?, limit)?,
            Self::Other => return Ok(false),
        }
        Ok(true)
    }
}

fn push<T>(list: &mut Vec<T>, one: T, limit: usize) -> Result<(), Problem> {
    list.push(one);
    if list.len() <= limit { Ok(()) } else { Err(Problem::Damaged) }
}

fn row_form(record: &mut Reader<'_>) -> Result<RowForm, Problem> {
    let mut form = RowForm { version: 0, columns: Vec::new() };
    record.fields("a row form", &mut |tag, field| {
        match tag {
            1 => form.version = field.u32()?,
            2 => {
                form.columns = field.list(TableSchema::MAX_COLUMNS, |field| {
                    let (id, number) = (field.u32()?, field.number()?);
                    let code = u8::try_from(number / 2).map_err(|_| Problem::Damaged)?;
                    Ok(FormColumn { id, data_type: data_type(code)?, nullable: number % 2 == 1 })
                })?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(form)
}

fn action(code: u8) -> Result<ReferentialAction, Problem> {
    let action = ACTIONS.get(usize::from(code)).copied();
    action.ok_or_else(|| Problem::Newer(format!("the action {code} of a foreign key")))
}

pub(super) fn data_type(code: u8) -> Result<DataType, Problem> {
    DataType::from_code(code).ok_or_else(|| Problem::Newer(format!("the type {code}")))
}
