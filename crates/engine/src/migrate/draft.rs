//! [`Draft`]: the stored descriptions of all tables, changed operation by operation before anything is written.

use wasm_dbms_api::{
    ColumnMigration, ColumnSchema, DataType, ForeignKeySchema, MigrationOperation, SchemaError, TableSchema, Value,
};
use wasm_dbms_memory::{Registry, TableId};

use crate::Error;
use crate::catalog::{Catalog, is_hidden};
use crate::codec::row::widened;
use crate::codec::snapshot::{FormColumn, PartId, RowForm, Snapshot, StoredColumn, StoredIndex};
use crate::core::Core;
use crate::error::Fallible;
use crate::function::{Arena, cast};
use crate::shared::Migrations;

/// The tree of what is to be made.
pub(super) const NO_TREE: u32 = 0;

/// Every table, as it is and as it is to be.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) tables: Vec<DraftTable>,
    functions: Migrations,
}

/// How the values of a column become those of another type.
#[derive(Debug, Clone)]
pub(super) struct Conversion {
    pub(super) column: PartId,
    /// A function of the program's own; a cast where there is none.
    pub(super) function: Option<ColumnMigration>,
    /// The names that the enum has by then which it was, by its numbers: some may have been renamed.
    pub(super) names: Vec<String>,
}

/// One table, as it is and as it is to be.
#[derive(Debug)]
pub(super) struct DraftTable {
    pub(super) id: TableId,
    pub(super) rows: u64,
    /// None where it is made.
    pub(super) old: Option<Snapshot>,
    /// None where it goes.
    pub(super) new: Option<Snapshot>,
    /// Columns whose values become those of another type, which is not just a wider one.
    pub(super) converted: Vec<Conversion>,
    /// A column that comes, and in which the rows that are there are counted.
    pub(super) numbered: Option<PartId>,
    /// Whether there are conditions that its rows were never asked.
    pub(super) has_new_checks: bool,
    /// Whether there are references that its rows were never asked.
    pub(super) has_new_keys: bool,
}

impl Draft {
    /// The tables as they are.
    pub(super) fn of(core: &mut Core, functions: Migrations) -> Fallible<Self> {
        let mut draft = Self { functions, ..Self::default() };
        for (id, name, bytes) in Registry::tables(&mut core.store)? {
            if is_hidden(&name) {
                continue;
            }
            let relation = core.catalog.with_id(id);
            let rows = relation.map_or(0, |relation| relation.table.rows);
            let read = || Snapshot::decode(&bytes).map(|snapshot| Some(Snapshot { is_held: false, ..snapshot }));
            draft.tables.push(DraftTable::new(id, rows, read()?, read()?));
        }
        Ok(draft)
    }

    /// The functions of the program's own for a column, by the names that it is to have.
    pub(super) fn functions_of<'a>(
        &self,
        table: &'a str,
        column: &'a str,
    ) -> impl Iterator<Item = &'static ColumnMigration> + use<'a, '_> {
        let of_table = self.functions.iter().filter(move |(name, _)| *name == table);
        of_table.flat_map(|(_, functions)| *functions).filter(move |function| function.column == column)
    }

    /// The table that is to have this name.
    pub(super) fn table(&self, name: &str) -> Option<&DraftTable> {
        self.tables.iter().find(|table| table.name() == Some(name))
    }

    fn table_mut(&mut self, name: &str) -> Fallible<&mut DraftTable> {
        let found = self.tables.iter_mut().find(|table| table.name() == Some(name));
        found.ok_or_else(|| Error::unknown("table", &name))
    }

    /// Makes one change.
    pub(super) fn apply(&mut self, operation: &MigrationOperation) -> Fallible<()> {
        use MigrationOperation as Op;
        let mut function = None;
        match operation {
            Op::CreateTable(schema) => return self.create(schema),
            Op::RenameTable { .. } => return self.apply_said(operation),
            Op::Transform { table, column, function: name, .. } => {
                function = self.functions_of(table, column).find(|other| other.function == *name).copied();
                if function.is_none() {
                    return Err(Error::unknown("function", &format_args!("{name} for {table}.{column}")));
                }
            }
            _ => {}
        }
        let name = operation.table();
        let table = self.table_mut(name)?;
        // A table that goes has no name any more.
        let Some(snapshot) = &mut table.new else { return Ok(()) };
        match operation {
            Op::DropTable { .. } => table.new = None,
            Op::ReorderColumns { columns, .. } => {
                let mut reordered = (Vec::new(), Vec::new());
                for name in columns {
                    let place = column_of(snapshot, name)?;
                    if let (Some(column), Some(stored)) =
                        (snapshot.schema.columns.get(place), snapshot.columns.get(place))
                    {
                        reordered.0.push(column.clone());
                        reordered.1.push(stored.clone());
                    }
                }
                if reordered.0.len() != snapshot.schema.columns.len() {
                    let problem = "the new order must name every column once".to_owned();
                    return Err(SchemaError { table: name.to_owned(), problem }.into());
                }
                (snapshot.schema.columns, snapshot.columns) = reordered;
            }
            Op::Transform { column, data_type, variants, shape, .. } => {
                table.change_type(column, *data_type, variants, function)?;
                if let Some(snapshot) = &mut table.new {
                    column_mut(snapshot, column)?.shape.clone_from(shape);
                }
            }
            Op::RenameVariant { column, variant, name, .. } => table.rename_variant(column, variant, name)?,
            Op::SetShape { column, shape, .. } => column_mut(snapshot, column)?.shape.clone_from(shape),
            Op::SetAutoincrement { column, autoincrement, .. } => {
                column_mut(snapshot, column)?.autoincrement = *autoincrement;
            }
            Op::SetRules { column, sanitizers, validators, .. } => {
                let column = column_mut(snapshot, column)?;
                column.sanitizers = sanitizers.clone();
                column.validators = validators.clone();
            }
            Op::RenameIndex { index, name, .. } => {
                let place = index_of(snapshot, index)?;
                if let Some(index) = snapshot.schema.indexes.get_mut(place) {
                    index.name.clone_from(name);
                }
            }
            other => return self.apply_said(other),
        }
        Ok(())
    }

    /// Makes one change of those that a text says: what makes no others links nothing of them.
    pub(super) fn apply_said(&mut self, operation: &MigrationOperation) -> Fallible<()> {
        use MigrationOperation as Op;
        if let Op::RenameTable { name, .. } = operation {
            self.check_free(name)?;
        }
        let name = operation.table();
        let table = self.table_mut(name)?;
        // A table that goes has no name any more.
        let Some(snapshot) = &mut table.new else { return Ok(()) };
        match operation {
            Op::RenameTable { name: new, .. } => {
                snapshot.schema.name.clone_from(new);
                // Conditions that name the table too are read anew.
                *snapshot = read_again(snapshot, None)?;
                self.each_reference(name, &mut |key| key.table.clone_from(new));
            }
            Op::AddColumn { column, .. } => {
                let rows = table.rows;
                let has_no_value = !column.nullable && column.default.is_none() && !column.autoincrement;
                if rows > 0 && has_no_value {
                    let problem = format!(
                        "column {} would have no value in the {rows} rows that are there: give it a default, or let it \
                         be null",
                        column.name
                    );
                    return Err(SchemaError { table: name.to_owned(), problem }.into());
                }
                let initial = column.default.clone().unwrap_or(Value::Null);
                let id = snapshot.next_id;
                snapshot.columns.push(StoredColumn { id, initial });
                snapshot.next_id += 1;
                let mut column = column.clone();
                column.renamed_from.clear();
                if column.autoincrement && rows > 0 {
                    table.numbered = Some(id);
                }
                snapshot.schema.columns.push(column);
            }
            Op::DropColumn { column, .. } => {
                let place = column_of(snapshot, column)?;
                snapshot.schema.columns.remove(place);
                if place < snapshot.columns.len() {
                    snapshot.columns.remove(place);
                }
            }
            Op::RenameColumn { column, name: new, .. } => {
                column_of(snapshot, column)?;
                *snapshot = read_again(snapshot, Some((column, new)))?;
                self.each_reference(name, &mut |key| {
                    for other in &mut key.references {
                        if other == column {
                            other.clone_from(new);
                        }
                    }
                });
            }
            Op::ChangeType { column, data_type, variants, .. } => {
                table.change_type(column, *data_type, variants, None)?;
            }
            Op::SetNullable { column, nullable, .. } => column_mut(snapshot, column)?.nullable = *nullable,
            Op::SetDefault { column, default, .. } => column_mut(snapshot, column)?.default = default.clone(),
            Op::SetPrimaryKey { columns, .. } => snapshot.schema.primary_key = columns.clone(),
            Op::CreateIndex { index, .. } => {
                snapshot.schema.indexes.push(index.clone());
                snapshot.indexes.push(StoredIndex { id: snapshot.next_id, tree: NO_TREE });
                snapshot.next_id += 1;
            }
            Op::DropIndex { index, .. } => {
                let place = index_of(snapshot, index)?;
                snapshot.schema.indexes.remove(place);
                if place < snapshot.indexes.len() {
                    snapshot.indexes.remove(place);
                }
            }
            Op::AddForeignKey { foreign_key, .. } => {
                snapshot.schema.foreign_keys.push(foreign_key.clone());
                table.has_new_keys = true;
            }
            Op::DropForeignKey { foreign_key, .. } => {
                let keys = &mut snapshot.schema.foreign_keys;
                let place = keys.iter().position(|key| key.name == *foreign_key);
                keys.remove(place.ok_or_else(|| unknown("foreign key", name, foreign_key))?);
            }
            Op::AddCheck { check, .. } => {
                snapshot.schema.checks.push(check.clone());
                table.has_new_checks = true;
            }
            Op::DropCheck { check, .. } => {
                let checks = &mut snapshot.schema.checks;
                let place = checks.iter().position(|other| other.label() == *check);
                checks.remove(place.ok_or_else(|| unknown("check", name, check))?);
            }
            other => return Err(Error::query(format_args!("this version cannot {other}"))),
        }
        Ok(())
    }

    fn create(&mut self, schema: &TableSchema) -> Fallible<()> {
        schema.validate()?;
        self.check_free(&schema.name)?;
        let mut schema = schema.clone();
        schema.renamed_from.clear();
        let trees = vec![NO_TREE; schema.indexes.len()];
        let new = Some(Snapshot::new(&schema, NO_TREE, NO_TREE, &trees));
        self.tables.push(DraftTable::new(0, 0, None, new));
        Ok(())
    }

    fn check_free(&self, name: &str) -> Fallible<()> {
        match self.table(name) {
            Some(_) => Err(Error::TableExists { table: name.to_owned() }.into()),
            None => Ok(()),
        }
    }

    /// Does something with each reference to a table.
    fn each_reference(&mut self, to: &str, change: &mut dyn FnMut(&mut ForeignKeySchema)) {
        for table in &mut self.tables {
            let Some(snapshot) = &mut table.new else { continue };
            for key in &mut snapshot.schema.foreign_keys {
                if key.table == to {
                    change(key);
                }
            }
        }
    }

    /// Checks that what the tables are to be does not contradict itself.
    pub(super) fn validate(&self, core: &Core) -> Fallible<()> {
        let mut schemas: Vec<&TableSchema> = Vec::new();
        let nothing = Catalog::default();
        for table in &self.tables {
            let Some(snapshot) = &table.new else { continue };
            schemas.push(&snapshot.schema);
            if !table.is_changed() {
                continue;
            }
            core.check_conditions(&snapshot.schema)?;
            crate::catalog::Rules::check_patterns(&snapshot.schema)?;
        }
        for schema in &schemas {
            nothing.check_references(schema, &schemas)?;
        }
        Ok(())
    }
}

impl DraftTable {
    fn rename_variant(&mut self, column: &str, variant: &str, name: &str) -> Fallible<()> {
        let Some(snapshot) = &mut self.new else { return Ok(()) };
        let place = column_of(snapshot, column)?;
        let (Some(schema), Some(stored)) = (snapshot.schema.columns.get_mut(place), snapshot.columns.get_mut(place))
        else {
            return Ok(());
        };
        let found = schema.variants.iter_mut().find(|other| *other == variant);
        name.clone_into(found.ok_or_else(|| unknown("name of an enum", column, variant))?);
        for value in schema.default.iter_mut().chain([&mut stored.initial]) {
            if let Value::Enum(_, old) = value
                && **old == *variant
            {
                *old = name.into();
            }
        }
        Ok(())
    }

    fn change_type(
        &mut self,
        column: &str,
        data_type: DataType,
        variants: &[String],
        function: Option<ColumnMigration>,
    ) -> Fallible<()> {
        let Some(snapshot) = &mut self.new else { return Ok(()) };
        let place = column_of(snapshot, column)?;
        let (Some(schema), Some(stored)) = (snapshot.schema.columns.get_mut(place), snapshot.columns.get_mut(place))
        else {
            return Ok(());
        };
        let is_wider = function.is_none() && is_widening(schema.data_type, &schema.variants, data_type, variants);
        schema.data_type = data_type;
        let names = std::mem::replace(&mut schema.variants, variants.to_vec());
        if data_type != DataType::Json {
            schema.shape.clear();
        }
        if let Some(default) = &schema.default {
            schema.default = Some(converted(default, schema)?);
        }
        if is_wider {
            stored.initial = widened(stored.initial.as_ref(), data_type).to_value();
        } else {
            // Every row is written anew, so none is older than the column.
            stored.initial = Value::Null;
            let column = stored.id;
            let before = self.converted.iter().position(|conversion| conversion.column == column);
            let names = before.map_or(names, |place| self.converted.remove(place).names);
            self.converted.push(Conversion { column, function, names });
        }
        Ok(())
    }
}

impl DraftTable {
    fn new(id: TableId, rows: u64, old: Option<Snapshot>, new: Option<Snapshot>) -> Self {
        Self { id, rows, old, new, converted: Vec::new(), numbered: None, has_new_checks: false, has_new_keys: false }
    }

    fn name(&self) -> Option<&str> {
        Some(&self.new.as_ref()?.schema.name)
    }

    /// Whether anything of it is to be otherwise.
    pub(super) fn is_changed(&self) -> bool {
        let bytes_of = |snapshot: &Option<Snapshot>| snapshot.as_ref().map(Snapshot::encode);
        bytes_of(&self.old) != bytes_of(&self.new)
    }
}

/// The columns of the rows that are written with this snapshot.
pub(super) fn form_of(snapshot: &Snapshot) -> RowForm {
    let columns = snapshot.schema.columns.iter().zip(&snapshot.columns);
    let form = columns.map(|(column, stored)| FormColumn {
        id: stored.id,
        data_type: column.data_type,
        nullable: column.nullable,
    });
    RowForm { version: snapshot.version, columns: form.collect() }
}

/// Whether every value of one type is one of another, in a form that a row's reader makes of it.
pub(super) fn is_widening(from: DataType, old_names: &[String], to: DataType, names: &[String]) -> bool {
    match (from.integer_range(), to.integer_range()) {
        (Some((low, high)), Some((lower, higher))) => lower <= low && high <= higher,
        (Some(_), None) => to == DataType::Decimal,
        _ if from == DataType::Enum => to == DataType::Enum && names.starts_with(old_names),
        _ => from == to || (from, to) == (DataType::F32, DataType::F64),
    }
}

/// A value as its column has it.
pub(super) fn converted(value: &Value, column: &ColumnSchema) -> Fallible<Value> {
    if column.holds(value.as_ref()) {
        return Ok(value.clone());
    }
    let arena = Arena::default();
    let text = match value.as_ref() {
        wasm_dbms_api::ValueRef::Enum(_, name) => Value::from(name),
        _ => value.clone(),
    };
    if column.data_type == DataType::Enum {
        let found = match &text {
            Value::Text(name) => column.variant(name),
            _ => None,
        };
        let (data_type, name) = (column.data_type, &column.name);
        let none = || Error::query(format_args!("{value} is no {data_type} of column {name}"));
        return Ok(found.ok_or_else(none)?.to_value());
    }
    Ok(cast(text.as_ref(), column.data_type, &arena)?.to_value())
}

/// What its bytes say, with another name of a column.
#[inline(never)]
pub(super) fn read_again(snapshot: &Snapshot, renamed: Option<(&str, &str)>) -> Fallible<Snapshot> {
    Ok(Snapshot::decode(&snapshot.encode_of(&snapshot.schema, renamed))?)
}

fn column_of(snapshot: &Snapshot, name: &str) -> Fallible<usize> {
    crate::catalog::column_of(&snapshot.schema, name)
}

fn column_mut<'s>(snapshot: &'s mut Snapshot, name: &str) -> Fallible<&'s mut ColumnSchema> {
    let place = column_of(snapshot, name)?;
    snapshot.schema.columns.get_mut(place).ok_or_else(|| Error::unknown("column", &name))
}

fn index_of(snapshot: &Snapshot, name: &str) -> Fallible<usize> {
    let place = snapshot.schema.indexes.iter().position(|index| index.name == name);
    place.ok_or_else(|| unknown("index", &snapshot.schema.name, name))
}

fn unknown(what: &'static str, table: &str, name: &str) -> Box<Error> {
    Error::unknown(what, &format_args!("{table}.{name}"))
}
