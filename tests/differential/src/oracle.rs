//! What has to be so on one server alone.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use crate::compare::{Answer, Side};
use crate::generate::expression::Scope;
use crate::generate::query;
use crate::generate::schema::Schema;
use crate::node::Node;

/// A statement's parts do not come to the whole.
#[derive(Clone, Debug)]
pub struct Broken {
    /// What is wrong, with the statements.
    pub what: String,
}

/// Asks one question.
///
/// # Errors
/// When there was no answer.
pub fn ask(side: &mut Side, schema: &Schema, random: &mut StdRng) -> Result<Option<Broken>, String> {
    match random.random_range(0..3) {
        0 => partitions(side, schema, random),
        1 => counts(side, schema, random),
        _ => pivot(side, schema, random),
    }
}

/// The rows of a query are those where a condition is true, those where it is false, and those where it is NULL.
fn partitions(side: &mut Side, schema: &Schema, random: &mut StdRng) -> Result<Option<Broken>, String> {
    let from = query::from(schema, 0, &[], random);
    let scope = Scope { schema, columns: &from.columns, nesting: 2 };
    let condition = scope.condition(3, random);
    let list = Node::list(crate::node::Kind::Fixed, vec![scope.leaf(random), scope.leaf(random)]);
    let whole = format!("SELECT {list} FROM {}", from.node);
    let parts = [
        format!("{whole} WHERE {condition}"),
        format!("{whole} WHERE NOT {condition}"),
        format!("{whole} WHERE {condition} IS NULL"),
    ];
    let Answer::Rows(_, all) = side.ask(&whole)? else { return Ok(None) };
    let mut together = Vec::new();
    for part in &parts {
        match side.ask(part)? {
            Answer::Rows(_, rows) => together.extend(rows),
            Answer::Error(..) | Answer::Count(_) => return Ok(None),
        }
    }
    together.sort();
    let what = || format!("{} rows, and {} in its parts:\n{}", all.len(), together.len(), parts.join(";\n"));
    Ok((all != together).then(|| Broken { what: what() }))
}

/// A condition holds for as many rows as it is true of, also where no index could help.
fn counts(side: &mut Side, schema: &Schema, random: &mut StdRng) -> Result<Option<Broken>, String> {
    let from = query::from(schema, 0, &[], random);
    let condition = Scope { schema, columns: &from.columns, nesting: 2 }.condition(3, random);
    let filtered = format!("SELECT COUNT(*) FROM {} WHERE {condition}", from.node);
    let looked_at = format!("SELECT COALESCE(SUM({condition} IS TRUE), 0) FROM {}", from.node);
    let (Answer::Rows(_, left), Answer::Rows(_, right)) = (side.ask(&filtered)?, side.ask(&looked_at)?)
    else {
        return Ok(None);
    };
    Ok((left != right).then(|| Broken { what: format!("{left:?} and {right:?}:\n{filtered};\n{looked_at}") }))
}

/// A row that is there is found by what is in it.
fn pivot(side: &mut Side, schema: &Schema, random: &mut StdRng) -> Result<Option<Broken>, String> {
    let table = schema.tables.choose(random).unwrap();
    let condition: Vec<String> = table
        .columns
        .iter()
        .filter(|_| random.random_ratio(2, 3))
        .map(|column| format!("{0} <=> (SELECT {0} FROM {1} WHERE id = 1)", column.name, table.name))
        .collect();
    if condition.is_empty() {
        return Ok(None);
    }
    let there = format!("SELECT id FROM {} WHERE id = 1", table.name);
    let found = format!("SELECT id FROM {} WHERE {} AND id = 1", table.name, condition.join(" AND "));
    let (there_answer, found_answer) = (side.ask(&there)?, side.ask(&found)?);
    Ok((there_answer != found_answer).then(|| Broken { what: format!("not found: {found}") }))
}
