//! Statements that change rows; each is rolled back.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::expression::{Scope, Visible};
use super::schema::{Family, Schema, Table};
use crate::node::{Kind, Node};

/// A change, and the table that it changes.
#[derive(Clone, Debug)]
pub struct Change {
    /// The statement.
    pub node: Node,
    /// Its table.
    pub table: String,
}

/// UPDATE, DELETE or INSERT … SELECT.
pub fn change(schema: &Schema, random: &mut StdRng) -> Change {
    let table = schema.tables.choose(random).unwrap();
    let columns = columns(table);
    let scope = Scope { schema, columns: &columns, nesting: 0 };
    let where_ = Node::of(Kind::Optional, " WHERE {}", vec![scope.condition(2, random)]);
    let node = match random.random_range(0..4) {
        0 => Node::of(Kind::Fixed, &format!("DELETE FROM {}{{}}", table.name), vec![where_]),
        1 => {
            let values = table.columns.iter().map(|_| scope.value(2, random)).collect();
            let template =
                format!("INSERT INTO {0} SELECT id + 1000, {{}} FROM {0}{{}} ORDER BY id", table.name);
            Node::of(Kind::Fixed, &template, vec![Node::list(Kind::Fixed, values), where_])
        }
        _ => {
            let column = table.columns.choose(random).unwrap();
            let template = format!("UPDATE {} SET {} = {{}}{{}} ORDER BY id", table.name, column.name);
            Node::of(Kind::Fixed, &template, vec![scope.value(2, random), where_])
        }
    };
    Change { node, table: table.name.clone() }
}

fn columns(table: &Table) -> Vec<Visible> {
    let own = table.columns.iter().map(|column| Visible { name: column.name.clone(), family: column.family });
    own.chain([Visible { name: "id".to_owned(), family: Family::Integer }]).collect()
}
