//! [`Draft`]: the stored descriptions of all tables, changed operation by operation before anything is written.

use wasm_dbms_api::{ColumnMigration, DataType, MigrationOperation, SchemaError, TableSchema, Value};
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
        let tables = Registry::tables(&mut core.store)?.into_iter();
        for (id, _, bytes) in tables.filter(|(_, name, _)| !is_hidden(name)) {
            let old = Snapshot { is_held: false, ..Snapshot::decode(&bytes)? };
            let relation = core.catalog.with_id(id);
            let rows = relation.map_or(0, |relation| relation.table.rows);
            let new = Some(old.clone());
            draft.tables.push(DraftTable::new(id, rows, Some(old), new));
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

    fn snapshot_mut(&mut self, name: &str) -> Fallible<&mut Snapshot> {
        let new = self.table_mut(name)?.new.as_mut();
        new.ok_or_else(|| Error::unknown("table", &name))
    }

    /// Makes one change.
    pub(super) fn apply(&mut self, operation: &MigrationOperation) -> Fallible<()> {
        use MigrationOperation as Op;
        match operation {
            Op::CreateTable(schema) => {
                schema.validate()?;
                self.check_free(&schema.name)?;
                let schema = TableSchema { renamed_from: Vec::new(), ..schema.clone() };
                let trees = vec![NO_TREE; schema.indexes.len()];
                let new = Some(Snapshot::new(&schema, NO_TREE, NO_TREE, &trees));
                self.tables.push(DraftTable::new(0, 0, None, new));
            }
            Op::DropTable { table } => self.table_mut(table)?.new = None,
            Op::RenameTable { table, name } => {
                self.check_free(name)?;
                let snapshot = self.snapshot_mut(table)?;
                snapshot.schema.name.clone_from(name);
                // Conditions that name the table too are read anew.
                *snapshot = Snapshot::decode(&snapshot.encode())?;
                for key in self.foreign_keys_mut().filter(|key| key.table == *table) {
                    key.table.clone_from(name);
                }
            }
            Op::AddColumn { table, column } => {
                let rows = self.table_mut(table)?.rows;
                let has_no_value = !column.nullable && column.default.is_none() && !column.autoincrement;
                if rows > 0 && has_no_value {
                    let problem = format!(
                        "column {} would have no value in the {rows} rows that are there: give it a default, or let it \
                         be null",
                        column.name
                    );
                    return Err(SchemaError { table: table.clone(), problem }.into());
                }
                let snapshot = self.snapshot_mut(table)?;
                let initial = column.default.clone().unwrap_or(Value::Null);
                let id = snapshot.next_id;
                snapshot.columns.push(StoredColumn { id, initial });
                snapshot.next_id += 1;
                let mut column = column.clone();
                column.renamed_from.clear();
                let is_numbered = column.autoincrement && rows > 0;
                snapshot.schema.columns.push(column);
                if is_numbered {
                    self.table_mut(table)?.numbered = Some(id);
                }
            }
            Op::DropColumn { table, column } => {
                let snapshot = self.snapshot_mut(table)?;
                let place = column_of(snapshot, column)?;
                snapshot.schema.columns.remove(place);
                if place < snapshot.columns.len() {
                    snapshot.columns.remove(place);
                }
            }
            Op::RenameColumn { table, column, name } => {
                let snapshot = self.snapshot_mut(table)?;
                column_of(snapshot, column)?;
                *snapshot = Snapshot::decode(&snapshot.encode_of(&snapshot.schema, Some((column, name))))?;
                for key in self.foreign_keys_mut().filter(|key| key.table == *table) {
                    key.references.iter_mut().filter(|other| *other == column).for_each(|other| other.clone_from(name));
                }
            }
            Op::ReorderColumns { table, columns } => {
                let snapshot = self.snapshot_mut(table)?;
                let mut reordered = (Vec::new(), Vec::new());
                for name in columns {
                    let place = column_of(snapshot, name)?;
                    reordered.0.extend(snapshot.schema.columns.get(place).cloned());
                    reordered.1.extend(snapshot.columns.get(place).cloned());
                }
                if reordered.0.len() != snapshot.schema.columns.len() {
                    let problem = "the new order must name every column once".to_owned();
                    return Err(SchemaError { table: table.clone(), problem }.into());
                }
                (snapshot.schema.columns, snapshot.columns) = reordered;
            }
            Op::ChangeType { table, column, data_type, variants } => {
                self.change_type(table, column, *data_type, variants, None)?;
            }
            Op::Transform { table, column, data_type, variants, shape, function } => {
                let found = self.functions_of(table, column).find(|other| other.function == *function).copied();
                let missing = || Error::Unknown { what: "function", name: format!("{function} for {table}.{column}") };
                let function = found.ok_or_else(missing)?;
                self.change_type(table, column, *data_type, variants, Some(function))?;
                self.column_mut(table, column)?.shape.clone_from(shape);
            }
            Op::RenameVariant { table, column, variant, name } => self.rename_variant(table, column, variant, name)?,
            Op::SetShape { table, column, shape } => self.column_mut(table, column)?.shape.clone_from(shape),
            Op::SetNullable { table, column, nullable } => self.column_mut(table, column)?.nullable = *nullable,
            Op::SetDefault { table, column, default } => self.column_mut(table, column)?.default.clone_from(default),
            Op::SetAutoincrement { table, column, autoincrement } => {
                self.column_mut(table, column)?.autoincrement = *autoincrement;
            }
            Op::SetRules { table, column, sanitizers, validators } => {
                let column = self.column_mut(table, column)?;
                column.sanitizers.clone_from(sanitizers);
                column.validators.clone_from(validators);
            }
            Op::SetPrimaryKey { table, columns } => {
                self.snapshot_mut(table)?.schema.primary_key.clone_from(columns);
            }
            Op::CreateIndex { table, index } => {
                let snapshot = self.snapshot_mut(table)?;
                snapshot.schema.indexes.push(index.clone());
                snapshot.indexes.push(StoredIndex { id: snapshot.next_id, tree: NO_TREE });
                snapshot.next_id += 1;
            }
            Op::DropIndex { table, index } => {
                let snapshot = self.snapshot_mut(table)?;
                let place = index_of(snapshot, index)?;
                snapshot.schema.indexes.remove(place);
                if place < snapshot.indexes.len() {
                    snapshot.indexes.remove(place);
                }
            }
            Op::RenameIndex { table, index, name } => {
                let snapshot = self.snapshot_mut(table)?;
                let place = index_of(snapshot, index)?;
                if let Some(index) = snapshot.schema.indexes.get_mut(place) {
                    index.name.clone_from(name);
                }
            }
            Op::AddForeignKey { table, foreign_key } => {
                self.snapshot_mut(table)?.schema.foreign_keys.push(foreign_key.clone());
                self.table_mut(table)?.has_new_keys = true;
            }
            Op::DropForeignKey { table, foreign_key } => {
                let keys = &mut self.snapshot_mut(table)?.schema.foreign_keys;
                let place = keys.iter().position(|key| key.name == *foreign_key);
                keys.remove(place.ok_or_else(|| unknown("foreign key", table, foreign_key))?);
            }
            Op::AddCheck { table, check } => {
                self.snapshot_mut(table)?.schema.checks.push(check.clone());
                self.table_mut(table)?.has_new_checks = true;
            }
            Op::DropCheck { table, check } => {
                let checks = &mut self.snapshot_mut(table)?.schema.checks;
                let place = checks.iter().position(|other| other.label() == *check);
                checks.remove(place.ok_or_else(|| unknown("check", table, check))?);
            }
            other => return Err(Error::query(format_args!("this version cannot {other}"))),
        }
        Ok(())
    }

    fn check_free(&self, name: &str) -> Fallible<()> {
        match self.table(name) {
            Some(_) => Err(Error::TableExists { table: name.to_owned() }.into()),
            None => Ok(()),
        }
    }

    fn foreign_keys_mut(&mut self) -> impl Iterator<Item = &mut wasm_dbms_api::ForeignKeySchema> {
        let snapshots = self.tables.iter_mut().filter_map(|table| table.new.as_mut());
        snapshots.flat_map(|snapshot| snapshot.schema.foreign_keys.iter_mut())
    }

    fn column_mut(&mut self, table: &str, column: &str) -> Fallible<&mut wasm_dbms_api::ColumnSchema> {
        let snapshot = self.snapshot_mut(table)?;
        let place = column_of(snapshot, column)?;
        snapshot.schema.columns.get_mut(place).ok_or_else(|| unknown("column", table, column))
    }

    fn rename_variant(&mut self, table: &str, column: &str, variant: &str, name: &str) -> Fallible<()> {
        let snapshot = self.snapshot_mut(table)?;
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
        name: &str,
        column: &str,
        data_type: DataType,
        variants: &[String],
        function: Option<ColumnMigration>,
    ) -> Fallible<()> {
        let table = self.table_mut(name)?;
        let Some(snapshot) = &mut table.new else { return Ok(()) };
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
            let before = table.converted.iter().position(|conversion| conversion.column == column);
            let names = before.map_or(names, |place| table.converted.remove(place).names);
            table.converted.push(Conversion { column, function, names });
        }
        Ok(())
    }

    /// Checks that what the tables are to be does not contradict itself.
    pub(super) fn validate(&self, core: &Core) -> Fallible<()> {
        let schemas: Vec<&TableSchema> =
            self.tables.iter().filter_map(|table| Some(&table.new.as_ref()?.schema)).collect();
        let nothing = Catalog::default();
        for table in self.tables.iter().filter(|table| table.is_changed()) {
            let Some(snapshot) = &table.new else { continue };
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
    fn new(id: TableId, rows: u64, old: Option<Snapshot>, new: Option<Snapshot>) -> Self {
        Self { id, rows, old, new, converted: Vec::new(), numbered: None, has_new_checks: false, has_new_keys: false }
    }

    fn name(&self) -> Option<&str> {
        Some(&self.new.as_ref()?.schema.name)
    }

    /// Whether anything of it is to be otherwise.
    pub(super) fn is_changed(&self) -> bool {
        self.old != self.new
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
pub(super) fn converted(value: &Value, column: &wasm_dbms_api::ColumnSchema) -> Fallible<Value> {
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
        let none = || Error::Query(format!("{value} is no {} of column {}", column.data_type, column.name));
        return Ok(found.ok_or_else(none)?.to_value());
    }
    Ok(cast(text.as_ref(), column.data_type, &arena)?.to_value())
}

fn column_of(snapshot: &Snapshot, name: &str) -> Fallible<usize> {
    crate::catalog::column_of(&snapshot.schema, name)
}

fn index_of(snapshot: &Snapshot, name: &str) -> Fallible<usize> {
    let place = snapshot.schema.indexes.iter().position(|index| index.name == name);
    place.ok_or_else(|| unknown("index", &snapshot.schema.name, name))
}

fn unknown(what: &'static str, table: &str, name: &str) -> Box<Error> {
    Error::unknown(what, &format_args!("{table}.{name}"))
}
