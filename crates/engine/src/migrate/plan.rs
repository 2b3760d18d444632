//! What is to be done so that stored tables become wanted ones. Each operation is made on the draft as soon as it is
//! planned, so that the next is found by what the tables are then.

use wasm_dbms_api::{
    ColumnSchema, DataType, ForeignKeySchema, IndexSchema, MigrationOperation as Op, MigrationPlan, MigrationWork,
    PlannedOperation, TableSchema,
};

use crate::core::Core;
use crate::error::Fallible;
use crate::migrate::draft::{Draft, is_widening};
use crate::shared::Migrations;

/// A plan so far.
struct Planner {
    plan: MigrationPlan,
    draft: Draft,
}

/// The plan from what is stored to wanted tables, and what they are by then. `drops_others` says whether stored tables that
/// are not wanted go; `functions` are the program's own.
pub(super) fn plan(
    core: &mut Core,
    wanted: &[&TableSchema],
    drops_others: bool,
    functions: Migrations,
) -> Fallible<(MigrationPlan, Draft)> {
    let mut planner = Planner { plan: MigrationPlan::default(), draft: Draft::of(core, functions)? };
    planner.rename(wanted)?;
    for schema in wanted {
        planner.drop_parts(schema)?;
    }
    for schema in wanted {
        planner.change_columns(schema)?;
    }
    for schema in wanted {
        planner.add_parts(schema)?;
    }
    if drops_others {
        let names = planner.draft.tables.iter().filter_map(|table| table.new.as_ref());
        let names: Vec<String> = names.map(|new| new.schema.name.clone()).collect();
        for table in names.into_iter().filter(|name| wanted.iter().all(|schema| schema.name != *name)) {
            planner.push(Op::DropTable { table })?;
        }
    }
    Ok((planner.plan, planner.draft))
}

/// Operations with what they mean, and what the tables are by then.
pub(super) fn judged(core: &mut Core, operations: &[Op], functions: Migrations) -> Fallible<(MigrationPlan, Draft)> {
    let mut planner = Planner { plan: MigrationPlan::default(), draft: Draft::of(core, functions)? };
    operations.iter().try_for_each(|operation| planner.push(operation.clone()))?;
    Ok((planner.plan, planner.draft))
}

impl Planner {
    fn push(&mut self, operation: Op) -> Fallible<()> {
        let (work, is_destructive) = judge(&self.draft, &operation);
        let there = self.draft.table(operation.table()).map_or(0, |table| table.rows);
        let is_destructive = is_destructive && there > 0;
        let rows = if work == MigrationWork::Instant && !is_destructive { 0 } else { there };
        self.draft.apply(&operation)?;
        self.plan.operations.push(PlannedOperation { operation, work, rows, is_destructive });
        Ok(())
    }

    /// What a table is by now, if it is there.
    fn now(&self, table: &str) -> Option<TableSchema> {
        Some(self.draft.table(table)?.new.as_ref()?.schema.clone())
    }

    /// Tables, columns and indexes that are there under an earlier name.
    fn rename(&mut self, wanted: &[&TableSchema]) -> Fallible<()> {
        for schema in wanted {
            let name = &schema.name;
            if self.draft.table(name).is_none()
                && let Some(table) = schema.renamed_from.iter().find(|earlier| {
                    self.draft.table(earlier).is_some() && wanted.iter().all(|other| other.name != **earlier)
                })
            {
                self.push(Op::RenameTable { table: table.clone(), name: name.clone() })?;
            }
            let Some(now) = self.now(name) else { continue };
            for column in schema.columns.iter().filter(|column| now.position(&column.name).is_none()) {
                let is_free = |earlier: &&String| now.position(earlier).is_some() && schema.position(earlier).is_none();
                if let Some(earlier) = column.renamed_from.iter().find(is_free) {
                    let (table, column, name) = (name.clone(), earlier.clone(), column.name.clone());
                    self.push(Op::RenameColumn { table, column, name })?;
                }
            }
            let Some(now) = self.now(name) else { continue };
            for index in now.indexes.iter().filter(|index| named(&schema.indexes, &index.name).is_none()) {
                let is_same = |other: &&IndexSchema| {
                    named(&now.indexes, &other.name).is_none()
                        && IndexSchema { name: index.name.clone(), ..(**other).clone() } == *index
                };
                let same = schema.indexes.iter().find(is_same);
                if let Some(same) = same.filter(|same| !self.has_index(name, &same.name)) {
                    let (table, index, name) = (name.clone(), index.name.clone(), same.name.clone());
                    self.push(Op::RenameIndex { table, index, name })?;
                }
            }
        }
        Ok(())
    }

    fn has_index(&self, table: &str, name: &str) -> bool {
        self.now(table).is_some_and(|now| named(&now.indexes, name).is_some())
    }

    /// References, conditions and indexes that are not wanted, or not as they are.
    fn drop_parts(&mut self, schema: &TableSchema) -> Fallible<()> {
        let Some(now) = self.now(&schema.name) else { return Ok(()) };
        for key in now.foreign_keys.iter().filter(|key| !schema.foreign_keys.contains(key)) {
            self.push(Op::DropForeignKey { table: schema.name.clone(), foreign_key: key.name.clone() })?;
        }
        for check in now.checks.iter().filter(|check| !schema.checks.contains(check)) {
            self.push(Op::DropCheck { table: schema.name.clone(), check: check.label().into_owned() })?;
        }
        for index in now.indexes.iter().filter(|index| !schema.indexes.contains(index)) {
            self.push(Op::DropIndex { table: schema.name.clone(), index: index.name.clone() })?;
        }
        Ok(())
    }

    fn change_columns(&mut self, schema: &TableSchema) -> Fallible<()> {
        let Some(now) = self.now(&schema.name) else { return Ok(()) };
        let table = || schema.name.clone();
        for column in now.columns.iter().filter(|column| schema.position(&column.name).is_none()) {
            self.push(Op::DropColumn { table: table(), column: column.name.clone() })?;
        }
        for column in &schema.columns {
            match now.columns.iter().find(|other| other.name == column.name) {
                Some(now) => self.change_column(&schema.name, now, column)?,
                None => {
                    let column = ColumnSchema { renamed_from: Vec::new(), ..column.clone() };
                    self.push(Op::AddColumn { table: table(), column })?;
                }
            }
        }
        let Some(now) = self.now(&schema.name) else { return Ok(()) };
        let names = |schema: &TableSchema| schema.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        if names(&now) != names(schema) {
            self.push(Op::ReorderColumns { table: table(), columns: names(schema) })?;
        }
        if now.primary_key != schema.primary_key {
            self.push(Op::SetPrimaryKey { table: table(), columns: schema.primary_key.clone() })?;
        }
        Ok(())
    }

    fn change_column(&mut self, table: &str, now: &ColumnSchema, wanted: &ColumnSchema) -> Fallible<()> {
        let name = table;
        let (table, column) = (|| table.to_owned(), || wanted.name.clone());
        let now = &self.rename_variants(name, now, wanted)?;
        let default = |default| Op::SetDefault { table: table(), column: column(), default };
        let has_new_type = now.data_type != wanted.data_type || now.variants != wanted.variants;
        // Who says nothing of the fields of a struct wants none of them changed.
        let has_new_shape = !wanted.shape.is_empty() && now.shape != wanted.shape;
        let is_asked = has_new_type || has_new_shape;
        let function = self.draft.functions_of(name, &wanted.name).find(|function| is_asked && (function.takes)(now));
        let mut kept = now.default.clone();
        if let Some(function) = function {
            if kept.is_some() && kept != wanted.default {
                self.push(default(None))?;
                kept = None;
            }
            let (data_type, variants, shape) = (wanted.data_type, wanted.variants.clone(), wanted.shape.clone());
            let function = function.function.to_owned();
            self.push(Op::Transform { table: table(), column: column(), data_type, variants, shape, function })?;
        } else if has_new_type {
            if kept.is_some() && kept != wanted.default {
                self.push(default(None))?;
                kept = None;
            }
            let (data_type, variants) = (wanted.data_type, wanted.variants.clone());
            self.push(Op::ChangeType { table: table(), column: column(), data_type, variants })?;
        }
        if function.is_none() && has_new_shape {
            self.push(Op::SetShape { table: table(), column: column(), shape: wanted.shape.clone() })?;
        }
        if now.autoincrement && !wanted.autoincrement {
            self.push(Op::SetAutoincrement { table: table(), column: column(), autoincrement: false })?;
        }
        if kept != wanted.default {
            self.push(default(wanted.default.clone()))?;
        }
        if now.nullable != wanted.nullable {
            self.push(Op::SetNullable { table: table(), column: column(), nullable: wanted.nullable })?;
        }
        if !now.autoincrement && wanted.autoincrement {
            self.push(Op::SetAutoincrement { table: table(), column: column(), autoincrement: true })?;
        }
        if now.sanitizers != wanted.sanitizers || now.validators != wanted.validators {
            let (sanitizers, validators) = (wanted.sanitizers.clone(), wanted.validators.clone());
            self.push(Op::SetRules { table: table(), column: column(), sanitizers, validators })?;
        }
        Ok(())
    }

    /// Names of an enum that are there under an earlier one. Returns the column as it is then.
    fn rename_variants(&mut self, table: &str, now: &ColumnSchema, wanted: &ColumnSchema) -> Fallible<ColumnSchema> {
        let mut now = now.clone();
        for (name, earlier) in &wanted.variants_renamed_from {
            let is_free = now.variants.contains(earlier) && !wanted.variants.contains(earlier);
            if !is_free || !wanted.variants.contains(name) || now.variants.contains(name) {
                continue;
            }
            let variant = earlier.clone();
            let (table, column, name) = (table.to_owned(), wanted.name.clone(), name.clone());
            self.push(Op::RenameVariant { table: table.clone(), column, variant, name })?;
            let renamed = self.now(&table).and_then(|schema| schema.columns.get(schema.position(&now.name)?).cloned());
            now = renamed.unwrap_or(now);
        }
        Ok(now)
    }

    /// Tables, indexes, conditions and references that are not there yet.
    fn add_parts(&mut self, schema: &TableSchema) -> Fallible<()> {
        let Some(now) = self.now(&schema.name) else {
            let mut created = TableSchema { renamed_from: Vec::new(), ..(*schema).clone() };
            created.columns.iter_mut().for_each(|column| column.renamed_from.clear());
            return self.push(Op::CreateTable(created));
        };
        let table = || schema.name.clone();
        for index in schema.indexes.iter().filter(|index| !now.indexes.contains(index)) {
            self.push(Op::CreateIndex { table: table(), index: index.clone() })?;
        }
        for check in schema.checks.iter().filter(|check| !now.checks.contains(check)) {
            self.push(Op::AddCheck { table: table(), check: check.clone() })?;
        }
        for foreign_key in schema.foreign_keys.iter().filter(|key| !now.foreign_keys.contains(key)) {
            let foreign_key: ForeignKeySchema = foreign_key.clone();
            self.push(Op::AddForeignKey { table: table(), foreign_key })?;
        }
        Ok(())
    }
}

fn named<'a>(indexes: &'a [IndexSchema], name: &str) -> Option<&'a IndexSchema> {
    indexes.iter().find(|index| index.name == name)
}

/// What an operation costs, and whether it may lose what rows hold.
fn judge(draft: &Draft, operation: &Op) -> (MigrationWork, bool) {
    match operation {
        Op::DropTable { .. } | Op::DropColumn { .. } => (MigrationWork::Instant, true),
        Op::SetNullable { nullable: false, .. }
        | Op::SetAutoincrement { autoincrement: true, .. }
        | Op::AddForeignKey { .. }
        | Op::AddCheck { .. } => (MigrationWork::Check, false),
        Op::AddColumn { table, column } if column.autoincrement => {
            let has_rows = draft.table(table).is_some_and(|table| table.rows > 0);
            (if has_rows { MigrationWork::Rewrite } else { MigrationWork::Instant }, false)
        }
        Op::CreateIndex { .. } => (MigrationWork::Build, false),
        Op::SetPrimaryKey { .. } | Op::Transform { .. } => (MigrationWork::Rewrite, false),
        Op::ChangeType { table, column, data_type, variants } => {
            let schema = draft.table(table).and_then(|table| table.new.as_ref()).map(|new| &new.schema);
            let found = schema.and_then(|schema| schema.columns.iter().find(|other| other.name == *column));
            let Some(now) = found else { return (MigrationWork::Instant, false) };
            let is_key = schema.is_some_and(|schema| schema.primary_key.contains(column));
            if is_widening(now.data_type, &now.variants, *data_type, variants) {
                let is_rewritten = is_key && *data_type == DataType::Decimal && now.data_type != DataType::Decimal;
                return (if is_rewritten { MigrationWork::Rewrite } else { MigrationWork::Instant }, false);
            }
            (MigrationWork::Rewrite, !is_lossless(now.data_type, *data_type))
        }
        _ => (MigrationWork::Instant, false),
    }
}

/// Whether a cast between these types keeps all of a value.
fn is_lossless(from: DataType, to: DataType) -> bool {
    use DataType::{Bool, Date, DateTime, Decimal, Enum, F64, I8, I16, I32, Text, U8, U16, U32, Uuid};
    match to {
        // By their names; a name that is gone is refused.
        Enum => from == Enum,
        Text => from.is_integer() || matches!(from, Bool | Enum | Uuid | Date | Decimal),
        F64 => matches!(from, I8 | I16 | I32 | U8 | U16 | U32),
        DateTime => from == Date,
        _ => false,
    }
}
