//! Which SQL is read.

/// Which SQL is read, where databases differ.
///
/// | | `PostgreSql` | `Sqlite` | `Shown` |
/// |---|---|---|---|
/// | `1.5` | exact decimal | float | exact decimal |
/// | `ORDER BY a`, where nothing is said of NULLs | they count as largest | as smallest | as smallest |
/// | `LIKE` | letters as they are, `\` escapes | upper and lower case alike, nothing escapes | as `PostgreSql` |
/// | `x / 0`, `x % 0` | an error | NULL | an error |
/// | `INTEGER` | 32 bits | 64 bits; as primary key it counts up | 32 bits |
/// | `VARCHAR(10)` | at most 10 characters | the length says nothing | at most 10 characters |
/// | `` [name], `name`, a == b, a IS b, min(a, b), total(a) `` | refused | read | refused |
/// | a column that is neither grouped by nor in an aggregate, beside GROUP BY | refused | its smallest value, where there is no min or max | refused |
/// | `UPDATE t SET a = 1, a = 2` | refused | the last holds | refused |
/// | `sum` and `avg` of a text, `CAST(text AS INTEGER)` | refused; the whole text must be a number | the number that it begins with | as `PostgreSql` |
/// | `CAST(1.5 AS INTEGER)` | rounded | cut | rounded |
/// | `'a' IN (SELECT number ..)` | refused | false | refused |
/// | `string_agg(DISTINCT a, b)` | read | refused | read |
/// | `a # b` | the bits that are set in one only | refused | as `PostgreSql` |
/// | `IN ()` | refused | read | read |
/// | `\|\|` | binds as other operators, below `+` | above `*` | as `PostgreSql` |
///
/// In all of them the division of integers is one of integers; names that are not quoted are folded to lower case (ASCII
/// letters only), quoted ones are taken as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Dialect {
    /// As PostgreSQL reads it.
    #[default]
    PostgreSql,
    /// As SQLite reads it.
    Sqlite,
    /// What `Query` and `Expr` show with `to_string`: as `PostgreSql`, but NULLs count as smallest, which is the order
    /// that keys and indexes have.
    Shown,
}
