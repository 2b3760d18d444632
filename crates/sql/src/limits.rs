//! Every bound of the parser. `docs/LIMITS.md` says what happens at each.

/// The longest text of SQL, in bytes.
pub const MAX_TEXT_BYTES: usize = 16 << 20;

/// The most words, numbers, texts and signs of one statement.
pub const MAX_TOKENS: usize = 1_000_000;

/// The most items of a list: values of an IN, rows of VALUES, columns, joins, arguments.
pub const MAX_LIST_ITEMS: usize = 100_000;

/// How deep expressions, parentheses and queries may stand in each other.
pub const MAX_NESTING: usize = 200;

/// How many levels of [`MAX_NESTING`] a query in a query counts for: it needs that much more of the stack.
pub const QUERY_LEVELS: usize = 4;

/// The most operators of one kind in a row, `a + b + c ..`, and the most UNIONs of one query; AND and OR have no bound
/// of their own.
pub const MAX_CHAIN: usize = 400;

/// From how many operands on ANDs and ORs in a row are put together as a tree of few levels.
pub const BALANCED_FROM: usize = 32;

/// The largest number of a parameter.
pub const MAX_PARAMETERS: u32 = 65_535;

/// The longest name, in bytes.
pub const MAX_NAME_BYTES: usize = 1024;

/// How much of the text an error shows before and behind its place, in characters.
pub const EXCERPT_CHARACTERS: usize = 60;

/// How many statements a session keeps by their text.
pub const MAX_CACHED_STATEMENTS: usize = 128;

/// The longest text that a session keeps a statement by, in bytes.
pub const MAX_CACHED_TEXT_BYTES: usize = 64 << 10;

/// How deep views may stand in each other.
pub const MAX_VIEW_DEPTH: usize = 32;

/// How often the words between queries may change in a row of UNION, INTERSECT and EXCEPT; a row of the same becomes a tree
/// of few levels, but for EXCEPT, each of which counts.
pub const MAX_SET_CHANGES: usize = 32;
