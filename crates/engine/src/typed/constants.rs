//! [`Constants`]: new values of columns, without memory of their own where there is one.

use std::ops::Deref;

use crate::write::Assignment;

/// New values of columns that are the same for every row. Most statements have one.
#[derive(Debug, Clone)]
pub(crate) enum Constants {
    AtMostOne(Option<Assignment>),
    Several(Vec<Assignment>),
}

impl Constants {
    /// Adds one.
    pub(crate) fn push(&mut self, assignment: Assignment) {
        match self {
            Self::AtMostOne(place) => match place.take() {
                None => *place = Some(assignment),
                Some(first) => *self = Self::Several(vec![first, assignment]),
            },
            Self::Several(all) => all.push(assignment),
        }
    }

    /// Drops those of a column.
    pub(crate) fn forget(&mut self, column: usize) {
        match self {
            Self::AtMostOne(one) => drop(one.take_if(|(other, _)| *other == column)),
            Self::Several(all) => {
                while let Some(place) = all.iter().position(|(other, _)| *other == column) {
                    all.remove(place);
                }
            }
        }
    }
}

impl Default for Constants {
    fn default() -> Self {
        Self::AtMostOne(None)
    }
}

impl Deref for Constants {
    type Target = [Assignment];

    #[inline]
    fn deref(&self) -> &[Assignment] {
        match self {
            Self::AtMostOne(one) => one.as_slice(),
            Self::Several(all) => all,
        }
    }
}
