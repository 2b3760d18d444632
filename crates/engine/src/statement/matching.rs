//! [`Matching`]: the rows that a statement changes, those joined with each, and what is answered of them.

use wasm_dbms_api::{CommonTable, Expr, Join, JoinCondition, JoinKind, Name, Output, Query, Source, ValueRef};

use crate::catalog::RelationIndex;
use crate::core::Core;
use crate::error::Fallible;
use crate::full::{IS_FULL, needs_full};
use crate::statement::returning::{Others, Returning};
use crate::{Answer, Error, Prepared};

/// The rows of a table that a statement changes.
#[derive(Debug)]
pub(super) struct Matching {
    pub(super) table: Name,
    alias: Option<Name>,
    /// Whether they are joined with others: then one may be found more than once.
    pub(super) asks_others: bool,
    /// Which rows they are, what is computed from each, and what RETURNING takes of the others.
    pub(super) question: Prepared<Answer>,
    returning: Vec<Output>,
}

impl Matching {
    /// The rows for which `filter` is true, and of each what the columns become that are `set`.
    pub(super) fn new(
        with: Vec<CommonTable>,
        (table, alias): (Name, Option<Name>),
        beside: Option<(Source, Vec<Join>)>,
        filter: Option<Expr>,
        set: &[(Name, Option<Expr>)],
        returning: Vec<Output>,
    ) -> Result<Self, Error> {
        check_others(&with, beside.as_ref())?;
        let asks_others = beside.is_some();
        let mut query = Query::from(table.clone());
        query.from.alias.clone_from(&alias);
        query.filter = filter;
        query.reads_text = true;
        if IS_FULL {
            query.with = with;
            if let Some((source, mut joins)) = beside {
                query.joins.push(Join { kind: JoinKind::Inner, source, condition: JoinCondition::Always });
                query.joins.append(&mut joins);
            }
        }
        for (_, value) in set {
            if let Some(value) = value {
                query.columns.push(value.clone().into());
            }
        }
        if IS_FULL && !returning.is_empty() {
            for join in &query.joins {
                if let Some(name) = join.source.name() {
                    query.columns.push(Output::EveryOf(name.clone()));
                }
            }
        }
        Ok(Self { table, alias, asks_others, question: Prepared::new(query), returning })
    }

    /// What is answered of each row, if anything is.
    pub(super) fn returning(
        &self,
        core: &Core,
        index: RelationIndex,
        parameters: &[ValueRef<'_>],
    ) -> Fallible<Option<Returning>> {
        let others = Others(Some(self.question.question()));
        Returning::new(core, index, self.alias.as_ref(), &self.returning, &others, parameters)
    }
}

/// Refuses what cannot stand beside the table that changes.
fn check_others(with: &[CommonTable], others: Option<&(Source, Vec<Join>)>) -> Result<(), Error> {
    let Some((_, joins)) = others else {
        return if with.is_empty() { Ok(()) } else { Ok(needs_full()?) };
    };
    needs_full()?;
    if joins.iter().any(|join| matches!(join.kind, JoinKind::Right | JoinKind::Full)) {
        return Err(Error::Query("a RIGHT or FULL join beside the table that changes is not supported".into()));
    }
    Ok(())
}
