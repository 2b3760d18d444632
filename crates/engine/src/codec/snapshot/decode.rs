//! A snapshot from bytes, which may be foreign.

use wasm_dbms_api::{
    CheckSchema, ColumnRef, ColumnSchema, DataType, Expr, ForeignKeySchema, IndexColumn, IndexSchema, MemoryError,
    MemoryResult, ReferentialAction, TableSchema, Value,
};

use crate::codec::record::Reader;
use crate::codec::snapshot::{
    ACTIONS, FormColumn, MAX_COPIED_NAME_BYTES, MAX_EARLIER_ROW_FORMS, PartId, RowForm, Snapshot, StoredColumn,
    StoredIndex, VERSION,
};
use crate::numbering::Numbering;

impl Snapshot {
    /// The snapshot of these bytes.
    pub(crate) fn decode(bytes: &[u8]) -> MemoryResult<Self> {
        let mut decoder = Decoder::new(bytes.len());
        let mut reader = Reader::new(bytes);
        let snapshot = decoder.snapshot(&mut reader);
        if let Err(problem) = reader.finish() {
            let of = if decoder.name.is_empty() { String::new() } else { format!(" of {}", decoder.name) };
            return Err(problem.into_error(&format!("the schema snapshot{of}")));
        }
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

    fn snapshot(&mut self, reader: &mut Reader<'_>) -> Snapshot {
        let version = reader.u8();
        if version != VERSION {
            reader.newer(format_args!("version {version}"));
        }
        let mut snapshot = Snapshot::without_schema(&TableSchema::new(""), 0, 0, &[]);
        // Ids of columns are known only when the columns are, which follow.
        let mut primary_key: &[u8] = &[];
        reader.fields("a table", &mut |tag, field| {
            let Snapshot { schema, .. } = &mut snapshot;
            match tag {
                1 => {
                    schema.name = field.text();
                    self.name.clone_from(&schema.name);
                }
                2 => snapshot.version = field.u32(),
                3 => snapshot.next_id = field.u32(),
                4 => snapshot.table = field.u32(),
                5 => snapshot.primary_key = field.u32(),
                6 => primary_key = field.rest(),
                7 => snapshot.is_held = true,
                128 => self.column(field, &mut snapshot),
                129 => self.index(field, &mut snapshot),
                130 => {
                    let key = self.foreign_key(field, schema);
                    push(field, &mut schema.foreign_keys, key, TableSchema::MAX_FOREIGN_KEYS);
                }
                131 => {
                    let form = row_form(field);
                    push(field, &mut snapshot.earlier, form, MAX_EARLIER_ROW_FORMS);
                }
                132 => {
                    let check = self.check(field, schema);
                    push(field, &mut schema.checks, check, TableSchema::MAX_CHECKS);
                }
                _ => return false,
            }
            true
        });
        reader.within(primary_key, |field| {
            snapshot.schema.primary_key = self.names(field, &snapshot.schema);
        });
        let ids = snapshot.columns.iter().map(|column| column.id).chain(snapshot.indexes.iter().map(|index| index.id));
        let mut seen = Numbering::default();
        for id in ids {
            if id == 0 || id >= snapshot.next_id || !seen.is_new(&id.to_be_bytes()) {
                reader.damaged();
            }
        }
        let versions = snapshot.earlier.iter().map(|form| form.version).chain([snapshot.version]);
        if !versions.is_sorted_by(|one, next| one < next) {
            reader.damaged();
        }
        snapshot
    }

    fn column(&mut self, record: &mut Reader<'_>, snapshot: &mut Snapshot) {
        let mut column = ColumnSchema::new("", DataType::Bool);
        let mut stored = StoredColumn { id: 0, initial: Value::Null };
        record.fields("a column", &mut |tag, field| {
            match tag {
                1 => stored.id = field.u32(),
                2 => column.name = field.text(),
                3 => column.data_type = field.data_type(),
                4 => column.nullable = true,
                5 => column.autoincrement = true,
                6 => column.default = Some(field.value()),
                7 => stored.initial = field.value(),
                8 => column.shape = field.text(),
                128 => {
                    let name = field.text();
                    push(field, &mut column.variants, name, TableSchema::MAX_VARIANTS);
                }
                129 => {
                    let rule = field.sanitizer();
                    push(field, &mut column.sanitizers, rule, ColumnSchema::MAX_RULES);
                }
                130 => {
                    let rule = field.validator();
                    push(field, &mut column.validators, rule, ColumnSchema::MAX_RULES);
                }
                _ => return false,
            }
            true
        });
        if !column.holds(stored.initial.as_ref()) {
            record.damaged();
        }
        let place = self.positions.partition_point(|(id, _)| *id <= stored.id);
        self.positions.insert(place, (stored.id, snapshot.columns.len()));
        snapshot.columns.push(stored);
        push(record, &mut snapshot.schema.columns, column, TableSchema::MAX_COLUMNS);
    }

    fn index(&mut self, record: &mut Reader<'_>, snapshot: &mut Snapshot) {
        let mut index = IndexSchema::new([""; 0]);
        let mut stored = StoredIndex { id: 0, tree: 0 };
        let schema = &snapshot.schema;
        record.fields("an index", &mut |tag, field| {
            match tag {
                1 => stored.id = field.u32(),
                2 => stored.tree = field.u32(),
                3 => index.name = field.text(),
                4 => index.unique = true,
                5 => {
                    index.columns = field.list(TableSchema::MAX_KEY_COLUMNS, |field| {
                        let number = field.number();
                        IndexColumn { name: self.name_of(field, number / 2, schema), descending: number % 2 == 1 }
                    });
                }
                6 => index.include = self.names(field, schema),
                _ => return false,
            }
            true
        });
        snapshot.indexes.push(stored);
        push(record, &mut snapshot.schema.indexes, index, TableSchema::MAX_INDEXES);
    }

    fn foreign_key(&mut self, record: &mut Reader<'_>, schema: &TableSchema) -> ForeignKeySchema {
        let mut key = ForeignKeySchema::new([], "", []);
        record.fields("a foreign key", &mut |tag, field| {
            match tag {
                1 => key.name = field.text(),
                2 => key.columns = self.names(field, schema),
                3 => key.table = field.text(),
                4 => key.on_delete = action(field),
                5 => key.on_update = action(field),
                128 => {
                    let name = field.text();
                    push(field, &mut key.references, name, TableSchema::MAX_KEY_COLUMNS);
                }
                _ => return false,
            }
            true
        });
        key
    }

    fn check(&mut self, record: &mut Reader<'_>, schema: &TableSchema) -> CheckSchema {
        let mut check = CheckSchema { name: String::new(), condition: Expr::Literal(Value::Null) };
        let mut has_condition = false;
        record.fields("a check", &mut |tag, field| {
            match tag {
                1 => check.name = field.text(),
                2 => {
                    has_condition = true;
                    check.condition = field.condition(&mut |field, number| {
                        let column = self.name_of(field, number / 2, schema).into();
                        ColumnRef { table: (number % 2 == 1).then(|| schema.name.clone().into()), column }
                    });
                }
                _ => return false,
            }
            true
        });
        if !has_condition {
            record.damaged();
        }
        check
    }

    /// The names of the columns whose ids follow.
    fn names(&mut self, field: &mut Reader<'_>, schema: &TableSchema) -> Vec<String> {
        field.list(TableSchema::MAX_INCLUDED_COLUMNS, |field| {
            let id = field.number();
            self.name_of(field, id, schema)
        })
    }

    fn name_of(&mut self, field: &mut Reader<'_>, id: u64, schema: &TableSchema) -> String {
        let place = self.positions.partition_point(|(other, _)| u64::from(*other) <= id);
        let known = place.checked_sub(1).and_then(|place| self.positions.get(place));
        let column = known.filter(|(known, _)| u64::from(*known) == id).and_then(|(_, at)| schema.columns.get(*at));
        let name = column.map_or("", |column| &column.name);
        match self.names_left.checked_sub(name.len()) {
            Some(left) if column.is_some() => self.names_left = left,
            _ => {
                field.damaged();
                return String::new();
            }
        }
        name.to_owned()
    }
}

/// One more, up to so many.
fn push<T>(record: &mut Reader<'_>, list: &mut Vec<T>, one: T, limit: usize) {
    list.push(one);
    if list.len() > limit {
        record.damaged();
    }
}

fn row_form(record: &mut Reader<'_>) -> RowForm {
    let mut form = RowForm { version: 0, columns: Vec::new() };
    record.fields("a row form", &mut |tag, field| {
        match tag {
            1 => form.version = field.u32(),
            2 => {
                form.columns = field.list(TableSchema::MAX_COLUMNS, |field| {
                    let (id, number) = (field.u32(), field.number());
                    let data_type = match u8::try_from(number / 2) {
                        Ok(code) => field.data_type_of(code),
                        Err(_) => {
                            field.damaged();
                            DataType::Bool
                        }
                    };
                    FormColumn { id, data_type, nullable: number % 2 == 1 }
                });
            }
            _ => return false,
        }
        true
    });
    form
}

fn action(field: &mut Reader<'_>) -> ReferentialAction {
    let code = field.u8();
    ACTIONS.get(usize::from(code)).copied().unwrap_or_else(|| {
        field.newer(format_args!("the action {code} of a foreign key"));
        ReferentialAction::Restrict
    })
}

impl Reader<'_> {
    pub(super) fn data_type(&mut self) -> DataType {
        let code = self.u8();
        self.data_type_of(code)
    }

    fn data_type_of(&mut self, code: u8) -> DataType {
        DataType::from_code(code).unwrap_or_else(|| {
            self.newer(format_args!("the type {code}"));
            DataType::Bool
        })
    }
}
