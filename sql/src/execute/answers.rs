//! What a correlated subquery answered before, by the values of the enclosing row that it reads.
//!
//! Kept for the statement, the youngest first to stay, where nothing but that row determines the result
//! ([`Dependence::is_on_row_alone`](crate::plan::dependence::Dependence::is_on_row_alone)), and where getting it said no warning, which
//! each row has to say again. Where hardly any value is asked for twice, no more are kept.

use std::collections::HashMap;

use crate::catalog::TableId;
use crate::execute::group_key::value_bytes;
use crate::execute::spill::write_row;
use crate::execute::{Context, Run};
use crate::expression::Subquery;
use crate::limits::{ANSWERS_BYTES_MAX, ANSWERS_TRIED};
use crate::types::Value;

/// What an entry takes beside its bytes, about.
const ENTRY_BYTES: usize = 96;
/// One of so many has to be found.
const FOUND_SHARE: u32 = 20;

type Known = HashMap<Box<[u8]>, Value, rustc_hash::FxBuildHasher>;

/// What a subquery answered: the answers since the last change of guard, and those of the time before it.
#[derive(Debug, Default)]
pub struct Answers {
    recent: Known,
    before: Known,
    recent_bytes: usize,
    asked: u32,
    found: u32,
    /// The tables that the subquery reads.
    pub(super) tables: Vec<TableId>,
}

impl Answers {
    /// None yet, of a subquery that reads these.
    pub(super) fn new(tables: &[TableId]) -> Answers {
        Answers { tables: tables.to_vec(), ..Answers::default() }
    }

    /// Whether it is worth its while.
    fn is_used(&self) -> bool {
        self.asked < ANSWERS_TRIED || self.found >= self.asked / FOUND_SHARE
    }

    fn get(&mut self, key: &[u8]) -> Option<Value> {
        self.asked = self.asked.saturating_add(1);
        if let Some(value) = self.recent.get(key) {
            self.found += 1;
            return Some(value.clone());
        }
        let (key, value) = self.before.remove_entry(key)?;
        self.found += 1;
        let known = value.clone();
        self.keep(key, value);
        Some(known)
    }

    fn keep(&mut self, key: Box<[u8]>, value: Value) {
        let bytes = key.len() + value_bytes(&value) + ENTRY_BYTES;
        if self.recent_bytes + bytes > ANSWERS_BYTES_MAX {
            self.before = std::mem::take(&mut self.recent);
            self.recent_bytes = 0;
        }
        if bytes <= ANSWERS_BYTES_MAX {
            self.recent_bytes += bytes;
            self.recent.insert(key, value);
        }
    }
}

/// The value of a subquery for the row that is on top of [`Context::outer_rows`], by `run` if it is not known.
///
/// # Errors
/// Those of `run`.
pub fn evaluate(
    subquery: &Subquery,
    operand: Option<&[Value]>,
    ctx: &mut Context,
    run: impl FnOnce(&mut Context) -> Run<Value>,
) -> Run<Value> {
    if !subquery.dependence.is_on_row_alone() || !crate::plan::decorrelate::is_on() {
        return run(ctx);
    }
    if !ctx.subqueries.answers(subquery).is_used() {
        return run(ctx);
    }
    let mut key = Vec::new();
    if let Some(row) = ctx.outer_rows.last() {
        for value in subquery.outer_columns.iter().filter_map(|slot| row.get(*slot)) {
            write_row(std::slice::from_ref(value), None, &mut key);
        }
    }
    write_row(operand.unwrap_or_default(), None, &mut key);
    if let Some(value) = ctx.subqueries.answers(subquery).get(&key) {
        return Ok(value);
    }
    let warnings = ctx.session.warning_count;
    let value = run(ctx)?;
    if ctx.session.warning_count == warnings {
        ctx.subqueries.answers(subquery).keep(key.into(), value.clone());
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_when_there_are_too_many_and_those_asked_for_stay() {
        let mut answers = Answers::default();
        let key = |number: u32| number.to_be_bytes();
        let most = (ANSWERS_BYTES_MAX / ENTRY_BYTES) as u32;
        answers.keep(key(0).into(), Value::Int(0));
        for number in 1..4 * most {
            answers.keep(key(number).into(), Value::Int(i64::from(number)));
            assert_eq!(answers.get(&key(0)), Some(Value::Int(0)), "after {number}");
        }
        assert_eq!(answers.get(&key(1)), None);
        assert!(answers.recent.len() + answers.before.len() < 2 * most as usize);
    }

    #[test]
    fn values_that_are_never_asked_for_again_end_it() {
        let mut answers = Answers::default();
        for number in 0..ANSWERS_TRIED {
            assert!(answers.is_used());
            assert_eq!(answers.get(&number.to_be_bytes()), None);
        }
        assert!(!answers.is_used());
    }
}
