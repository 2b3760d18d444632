//! The bytes of a range of keys.

use wasm_dbms_api::ValueRef;

use crate::catalog::{Index, KeyShape, Relation};
use crate::codec::key;
use crate::error::Fallible;
use crate::plan::{Access, Bound, Context};

/// Room for most keys: they grow column by column.
const KEY_BYTES: usize = 64;

/// The bytes that a range of keys starts with and ends before; none if no key can be in it.
#[derive(Debug, Default)]
pub(crate) struct KeyRange {
    pub(crate) start: Vec<u8>,
    pub(crate) end: Option<Vec<u8>>,
}

/// What a bound comes to when the tables before have their rows.
enum BoundValue<'a> {
    Included(ValueRef<'a>),
    Excluded(ValueRef<'a>),
    Prefix(&'a str),
}

impl Access {
    /// The bytes of a range, of the index if it is one's; none if no key can be in it.
    pub(crate) fn key_range(&self, index: Option<&Index>, context: Context<'_>) -> Fallible<Option<KeyRange>> {
        let Self::Range { equal, low, high, .. } = self else { return Ok(Some(KeyRange::default())) };
        let mut base = Vec::with_capacity(KEY_BYTES);
        if !self.push_equal(index, context, &mut base)? {
            return Ok(None);
        }
        let low = low.as_ref().map(|bound| bound_value(bound, context)).transpose()?;
        let high = high.as_ref().map(|bound| bound_value(bound, context)).transpose()?;
        Ok(key_range(index, base, equal.len(), low, high))
    }

    /// Appends the bytes that the keys of a range begin with: of the columns that equal something. Returns false if one
    /// of these is NULL, which equals nothing.
    pub(crate) fn push_equal(&self, index: Option<&Index>, context: Context<'_>, key: &mut Vec<u8>) -> Fallible<bool> {
        let Self::Range { equal, .. } = self else { return Ok(true) };
        for (position, expr) in equal.iter().enumerate() {
            let value = expr.value(context)?;
            if value.is_null() {
                return Ok(false);
            }
            push(index, key, position, value);
        }
        Ok(true)
    }

    /// Whether the range is a whole key that one row has at most.
    pub(crate) fn is_whole_key(&self, relation: &Relation) -> bool {
        let Self::Range { index, equal, low: None, high: None } = self else { return false };
        match (index.and_then(|number| relation.indexes.get(number)), &relation.shape) {
            (Some(index), _) => index.is_unique && index.columns.len() == equal.len(),
            (None, KeyShape::Columns(columns)) => columns.len() == equal.len(),
            (None, KeyShape::RowId) => false,
        }
    }
}

fn bound_value<'a>(bound: &'a Bound, context: Context<'a>) -> Fallible<BoundValue<'a>> {
    Ok(match bound {
        Bound::Included(expr) => BoundValue::Included(expr.value(context)?),
        Bound::Excluded(expr) => BoundValue::Excluded(expr.value(context)?),
        Bound::Prefix(prefix) => BoundValue::Prefix(prefix),
    })
}

/// Appends a value at its place in a key of the index, or of the table's own if there is none.
fn push(index: Option<&Index>, key: &mut Vec<u8>, position: usize, value: ValueRef<'_>) {
    match index {
        Some(index) => index.push(key, position, value),
        None => key::push(key, value),
    }
}

/// Puts the bytes of a range together. `index` is the index whose keys they are; none for the table's own. All begin with
/// `base`; the column at `position` is bounded.
fn key_range(
    index: Option<&Index>,
    base: Vec<u8>,
    position: usize,
    low: Option<BoundValue<'_>>,
    high: Option<BoundValue<'_>>,
) -> Option<KeyRange> {
    let is_descending = index.is_some_and(|index| index.descending.get(position) == Some(&true));
    // Where the largest come first, the upper bound is the one that keys begin with.
    let (first, last) = if is_descending { (high, low) } else { (low, high) };
    let has_first = first.is_some();
    // Appends a bound and says whether keys that begin with it are within.
    let push_bound = |bytes: &mut Vec<u8>, bound: BoundValue<'_>| match bound {
        BoundValue::Included(value) | BoundValue::Excluded(value) if value.is_null() => None,
        BoundValue::Included(value) => {
            push(index, bytes, position, value);
            Some(true)
        }
        BoundValue::Excluded(value) => {
            push(index, bytes, position, value);
            Some(false)
        }
        BoundValue::Prefix(prefix) => {
            let start = bytes.len();
            if index.is_some() {
                key::push_value_tag(bytes);
            }
            key::push_escaped(bytes, prefix.as_bytes());
            if is_descending {
                key::flip(bytes, start);
            }
            Some(true)
        }
    };
    let mut start = base.clone();
    let has_start = match first {
        Some(bound) => push_bound(&mut start, bound)?,
        None => {
            // A bound at the other end only: NULLs, which come first here, are not within it.
            if last.is_some() && index.is_some() && !is_descending {
                key::push_value_tag(&mut start);
            }
            true
        }
    };
    if !has_start && !key::make_successor(&mut start) {
        return None;
    }
    let mut end = base;
    let has_end = match last {
        Some(bound) => push_bound(&mut end, bound)?,
        // NULLs come last here.
        None if has_first && is_descending => {
            key::push_directed(&mut end, ValueRef::Null, true);
            false
        }
        None => true,
    };
    if !has_end {
        return Some(KeyRange { start, end: Some(end) });
    }
    let end = key::make_successor(&mut end).then_some(end);
    Some(KeyRange { start, end })
}
