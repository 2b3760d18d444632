//! Every behaviour of the database, a file each: one binary, because compiling and linking one for each file took as long as
//! all tests together. A part of them: `cargo test -p wasm-dbms --test engine hermitage::`.
//!
//! A binary of its own has what cannot share a process; `Cargo.toml` names them:
//!
//! - `kill_nine` starts itself anew and kills that;
//! - `migration_figures` measures the memory of the whole process, and times;
//! - `reader_threads` measures time, two threads against one;
//! - `spills` counts what is allocated, with an allocator.

#![cfg(test)]

mod ascending;
mod bad_files;
mod bad_input;
mod bad_schemas;
mod bulk_load;
mod checks;
mod computed_updates;
mod constraints;
mod crud;
mod cursors;
mod custom_types;
mod differential;
mod dynamic;
mod estimates;
mod feed;
mod first_steps;
mod foreign_keys;
mod functions;
mod golden;
mod golden_releases;
mod hermitage;
mod interactive;
mod join_kinds;
mod journaled_writer;
mod league;
mod leaks;
mod left_joins;
mod limits_of_statements;
mod many_joins;
mod merge_joins;
mod migration_functions;
mod migration_steps;
mod migration_story;
mod migrations;
mod model;
mod panics;
mod partitioning;
mod prepared;
mod queries_against_a_model;
mod query_shapes;
mod referential_actions;
mod related;
mod rules;
mod savepoints;
mod scans;
mod schemas_beside;
mod semi_joins;
mod snapshots;
mod stores;
mod support;
mod threads;
mod types;
mod types_in_constraints;
mod types_in_questions;
mod vacuum;
mod writes_against_a_model;
