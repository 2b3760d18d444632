//! Rows that were written with an earlier version of their table's schema: how each is brought into the present form.
//!
//! A migration that adds, drops, moves or widens columns leaves the rows as they are. Each says which version it was written
//! with; the snapshot keeps the form of that version and what a column is in rows that are older than it. Whoever reads a
//! row from a table's tree asks [`RowLayout::is_current`], which is one look at its first byte, and at nothing where the
//! table has no earlier forms; what is older is written anew into a buffer, in the present form.

use wasm_dbms_api::{ConversionError, DataType, Decimal, RowSource, TableSchema, Value, ValueRef};
use wasm_dbms_memory::PageValues;

use crate::codec::row::{FIRST_LONG_VERSION, FormedColumn, LONGEST_HEAD, Place, RowLayout, RowView};
use crate::codec::snapshot::{RowForm, StoredColumn};

/// How rows of one earlier version are read.
#[derive(Debug, Clone)]
pub(super) struct EarlierForm {
    version: u32,
    layout: RowLayout,
    /// Of each column of today.
    origins: Vec<FormOrigin>,
}

/// Where a column of today comes from in rows of an earlier version.
#[derive(Debug, Clone)]
enum FormOrigin {
    /// This column of theirs.
    Column(usize),
    /// They are older than the column.
    Initial(Value),
}

impl RowLayout {
    /// Makes known which forms rows have that were written with earlier versions. `columns` are those of today.
    pub(crate) fn set_earlier(
        &mut self,
        schema: &TableSchema,
        key_columns: &[usize],
        columns: &[StoredColumn],
        forms: &[RowForm],
    ) {
        for form in forms {
            let place_of = |id| form.columns.iter().position(|column| column.id == id);
            let today = |id| columns.iter().position(|column| column.id == id);
            let mut formed = Vec::new();
            for column in &form.columns {
                let schema = today(column.id).and_then(|place| schema.columns.get(place));
                let variants = schema.map_or(&[][..], |schema| &schema.variants);
                formed.push(FormedColumn { data_type: column.data_type, nullable: column.nullable, variants });
            }
            let mut key = Vec::new();
            for column in key_columns {
                if let Some(place) = columns.get(*column).and_then(|column| place_of(column.id)) {
                    key.push(place);
                }
            }
            let mut origins = Vec::with_capacity(columns.len());
            for column in columns {
                origins.push(match place_of(column.id) {
                    Some(place) => FormOrigin::Column(place),
                    None => FormOrigin::Initial(column.initial.clone()),
                });
            }
            let layout = Self::of_columns(&formed, &key, form.version, &|_| true);
            self.earlier.push(EarlierForm { version: form.version, layout, origins });
        }
    }

    /// The schema version that rows are written with.
    pub(crate) fn version(&self) -> u32 {
        version_of(&self.head).unwrap_or(0)
    }

    /// Whether rows may have been written with an earlier version.
    #[inline]
    pub(crate) fn has_earlier(&self) -> bool {
        !self.earlier.is_empty()
    }

    /// Whether a row is in the present form.
    #[inline]
    pub(crate) fn is_current(&self, row: &[u8]) -> bool {
        self.earlier.is_empty() || self.is_of_version(row)
    }

    /// Whether all of these rows are in the present form.
    #[inline]
    pub(crate) fn are_current(&self, rows: PageValues<'_>) -> bool {
        let is_of_version = |range| rows.page.get(range).is_some_and(|row| self.is_of_version(row));
        self.earlier.is_empty() || rows.spans.iter().all(|span| is_of_version(span.range()))
    }

    fn is_of_version(&self, row: &[u8]) -> bool {
        version_of(row) == version_of(&self.head)
    }

    /// Sets `present` to a row in the form of today, with the same values.
    ///
    /// # Errors
    /// [`ConversionError`] for bytes that are no row of the table.
    #[cold]
    pub(crate) fn bring_up(&self, row: &[u8], present: &mut Vec<u8>) -> Result<(), ConversionError> {
        let broken = || ConversionError::new("a row of a known version", ValueRef::Bytes(row));
        let version = version_of(row);
        let form = self.earlier.iter().find(|form| Some(form.version) == version).ok_or_else(broken)?;
        let view = RowView { layout: &form.layout, key: &[], row };
        let mut values = Vec::with_capacity(self.columns.len());
        for (column, origin) in self.columns.iter().zip(&form.origins) {
            let value = match (column.place, origin) {
                // It was in the key then too: another key is another tree.
                (Place::Key(_), _) => ValueRef::Null,
                (_, FormOrigin::Column(place)) => view.column(*place)?,
                (_, FormOrigin::Initial(value)) => value.as_ref(),
            };
            values.push(widened(value, column.data_type));
        }
        self.encode(&values, present);
        Ok(())
    }

    /// A row in the form of today: itself, or what `present` is set to.
    ///
    /// # Errors
    /// As [`bring_up`](Self::bring_up).
    #[inline]
    pub(crate) fn brought_up<'a>(&self, row: &'a [u8], present: &'a mut Vec<u8>) -> Result<&'a [u8], ConversionError> {
        if self.is_current(row) {
            return Ok(row);
        }
        self.bring_up(row, present)?;
        Ok(present)
    }

    /// Brings the row in a buffer into the form of today.
    ///
    /// # Errors
    /// As [`bring_up`](Self::bring_up).
    #[inline]
    pub(crate) fn bring_up_in(&self, row: &mut Vec<u8>) -> Result<(), ConversionError> {
        if self.is_current(row) {
            return Ok(());
        }
        let mut present = Vec::new();
        self.bring_up(row, &mut present)?;
        *row = present;
        Ok(())
    }

    /// Whether a row has the one form that its values have in its version.
    pub(crate) fn is_in_one_form(&self, values: &[ValueRef<'_>], row: &[u8], buffer: &mut Vec<u8>) -> bool {
        if self.is_current(row) {
            self.encode(values, buffer);
            return buffer == row;
        }
        let form = self.earlier.iter().find(|form| Some(form.version) == version_of(row));
        let Some(form) = form else { return false };
        let view = RowView { layout: &form.layout, key: &[], row };
        let mut own = Vec::with_capacity(form.layout.columns.len());
        for column in 0..form.layout.columns.len() {
            let is_in_key = form.layout.is_in_key(column);
            let value = if is_in_key { Some(ValueRef::Null) } else { view.value(column) };
            // The names of an enum that is no more are not known: such a row cannot be written again.
            let Some(value) = value else { return true };
            own.push(value);
        }
        form.layout.encode(&own, buffer);
        buffer == row
    }
}

/// A value as a wider type has it.
pub(crate) fn widened(value: ValueRef<'_>, data_type: DataType) -> ValueRef<'_> {
    match (data_type, value) {
        (DataType::Decimal, ValueRef::Integer(_) | ValueRef::Unsigned(_)) => {
            let decimal = value.as_i128().and_then(|number| Decimal::new(number, 0));
            decimal.map_or(value, ValueRef::Decimal)
        }
        _ => value,
    }
}

/// The schema version that a row was written with.
fn version_of(row: &[u8]) -> Option<u32> {
    let short = u32::from(row.first()? >> 2);
    if short < FIRST_LONG_VERSION {
        return Some(short);
    }
    row.get(1..LONGEST_HEAD)?.first_chunk().copied().map(u32::from_le_bytes)
}
