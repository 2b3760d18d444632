//! How a column is shown.

use std::fmt;

use crate::ColumnSchema;

/// What is said of it beside its name: `text, not null, default a, sanitizer Trim`.
impl fmt::Display for ColumnSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.data_type)?;
        if !self.variants.is_empty() {
            write!(f, " of {}", self.variants.join(", "))?;
        }
        f.write_str(if self.nullable { ", null" } else { ", not null" })?;
        f.write_str(if self.autoincrement { ", counts up" } else { "" })?;
        let mut say = |what: &str, value: &dyn fmt::Display| write!(f, ", {what} {value}");
        if let Some(default) = &self.default {
            say("default", default)?;
        }
        self.sanitizers.iter().try_for_each(|rule| say("sanitizer", rule))?;
        self.validators.iter().try_for_each(|rule| say("validator", rule))
    }
}
