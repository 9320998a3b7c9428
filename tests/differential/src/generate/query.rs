//! Queries.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::expression::{Scope, Visible};
use super::schema::{Family, Schema};
use crate::node::{Kind, Node};

/// A query, and how its answer is to be compared.
#[derive(Clone, Debug)]
pub struct Query {
    /// The statement.
    pub node: Node,
    /// Strings that are equal to the collation may stand for each other: DISTINCT, GROUP BY, MIN and their like.
    pub is_loose: bool,
}

/// FROM, with the columns that can be seen through it.
#[derive(Clone, Debug)]
pub struct From {
    /// `t0 AS a0 JOIN …`.
    pub node: Node,
    /// Its columns.
    pub columns: Vec<Visible>,
}

const AGGREGATES: &[&str] = &[
    "COUNT({})",
    "COUNT(DISTINCT {})",
    "MIN({})",
    "MAX({})",
    "SUM({})",
    "AVG({})",
    "BIT_AND({})",
    "BIT_OR({})",
    "BIT_XOR({})",
];

/// A join of one to three tables. Aliases begin at `first`, so that those of nested queries differ.
pub fn from(schema: &Schema, first: usize, outer: &[Visible], random: &mut StdRng) -> From {
    let mut columns = Vec::new();
    let mut node: Option<Node> = None;
    let count = *[1, 1, 1, 2, 2, 3].choose(random).unwrap();
    for number in 0..count {
        let table = schema.tables.choose(random).unwrap();
        let alias = format!("a{}", first + number);
        columns.push(Visible { name: format!("{alias}.id"), family: Family::Integer });
        let of_table = table.columns.iter().chain(&table.generated);
        columns.extend(
            of_table
                .map(|column| Visible { name: format!("{alias}.{}", column.name), family: column.family }),
        );
        let right = Node::text(Kind::Source, format!("{} AS {alias}", table.name));
        node = Some(match node {
            None => right,
            Some(left) => join(schema, left, right, &columns, outer, random),
        });
    }
    From { node: node.unwrap(), columns }
}

fn join(
    schema: &Schema,
    left: Node,
    right: Node,
    columns: &[Visible],
    outer: &[Visible],
    random: &mut StdRng,
) -> Node {
    let visible: Vec<Visible> = columns.iter().chain(outer).cloned().collect();
    let scope = Scope { schema, columns: &visible, nesting: 0 };
    match random.random_range(0..8) {
        0 => Node::of(Kind::Source, "{} CROSS JOIN {}", vec![left, right]),
        1..=3 => {
            let on = Node::call("({} = {})", vec![scope.leaf(random), scope.leaf(random)]);
            Node::of(Kind::Source, "{} JOIN {} ON {}", vec![left, right, on])
        }
        4 => Node::of(Kind::Source, "{} RIGHT JOIN {} ON {}", vec![left, right, scope.condition(1, random)]),
        5 => Node::of(Kind::Source, "{} JOIN {} ON {}", vec![left, right, scope.condition(2, random)]),
        _ => Node::of(Kind::Source, "{} LEFT JOIN {} ON {}", vec![left, right, scope.condition(1, random)]),
    }
}

/// WHERE, mostly.
fn filter(scope: &Scope<'_>, random: &mut StdRng) -> Node {
    match random.random_ratio(3, 4) {
        true => Node::of(Kind::Optional, " WHERE {}", vec![scope.condition(3, random)]),
        false => Node::text(Kind::Fixed, ""),
    }
}

fn optional(mut nodes: Vec<Node>) -> Vec<Node> {
    // One column stays.
    nodes.iter_mut().skip(1).for_each(|node| {
        *node = Node::of(Kind::Optional, "{}", vec![node.clone()]);
    });
    nodes
}

/// A whole query.
pub fn whole(schema: &Schema, random: &mut StdRng) -> Query {
    match random.random_range(0..8) {
        0 | 1 => grouped(schema, random),
        2 => union(schema, random),
        _ => plain(schema, random),
    }
}

fn plain(schema: &Schema, random: &mut StdRng) -> Query {
    let from = from(schema, 0, &[], random);
    let scope = Scope { schema, columns: &from.columns, nesting: 2 };
    let count = random.random_range(1..=4);
    let list = (0..count).map(|_| scope.value(3, random)).collect();
    let distinct = random.random_ratio(1, 6);
    let head = if distinct { "SELECT DISTINCT {} FROM {}{}" } else { "SELECT {} FROM {}{}" };
    let parts = vec![Node::list(Kind::Fixed, optional(list)), from.node, filter(&scope, random)];
    Query { node: Node::of(Kind::Fixed, head, parts), is_loose: distinct }
}

fn grouped(schema: &Schema, random: &mut StdRng) -> Query {
    let from = from(schema, 0, &[], random);
    let scope = Scope { schema, columns: &from.columns, nesting: 1 };
    let mut list = Vec::new();
    for _ in 0..random.random_range(1..=3) {
        // Sums of approximate numbers depend on the order of the rows.
        let template = AGGREGATES.choose(random).unwrap();
        let argument = match template.starts_with("SUM") || template.starts_with("AVG") {
            true => Node::call("CAST({} AS DECIMAL(20,4))", vec![scope.value(1, random)]),
            false => scope.value(2, random),
        };
        list.push(Node::call(template, vec![argument]));
    }
    let where_ = filter(&scope, random);
    let key = from.columns.choose(random).filter(|_| random.random_ratio(3, 4));
    let Some(key) = key else {
        let parts = vec![Node::list(Kind::Fixed, optional(list)), from.node, where_];
        return Query { node: Node::of(Kind::Fixed, "SELECT {} FROM {}{}", parts), is_loose: true };
    };
    list.insert(0, Node::text(Kind::Fixed, key.name.clone()));
    let key_scope = Scope { schema, columns: std::slice::from_ref(key), nesting: 0 };
    let having = match random.random_ratio(1, 3) {
        true => Node::of(Kind::Optional, " HAVING {}", vec![key_scope.condition(2, random)]),
        false => Node::text(Kind::Fixed, ""),
    };
    let by = Node::text(Kind::Fixed, key.name.clone());
    let parts = vec![Node::list(Kind::Fixed, optional(list)), from.node, where_, by, having];
    Query { node: Node::of(Kind::Fixed, "SELECT {} FROM {}{} GROUP BY {}{}", parts), is_loose: true }
}

fn union(schema: &Schema, random: &mut StdRng) -> Query {
    let width = random.random_range(1..=3);
    let side = |random: &mut StdRng| {
        let from = from(schema, 0, &[], random);
        let scope = Scope { schema, columns: &from.columns, nesting: 1 };
        let list = (0..width).map(|_| scope.value(2, random)).collect();
        let parts = vec![Node::list(Kind::Fixed, list), from.node, filter(&scope, random)];
        Node::of(Kind::Query, "SELECT {} FROM {}{}", parts)
    };
    let template = if random.random() { "{} UNION {}" } else { "{} UNION ALL {}" };
    let sides = vec![side(random), side(random)];
    let union = Node::of(Kind::Query, template, sides);
    Query { node: Node::of(Kind::Fixed, "{}", vec![union]), is_loose: true }
}

/// Where aliases of a query nested in `scope` begin.
fn first_alias(scope: &Scope<'_>) -> usize {
    10 * (4 - scope.nesting as usize)
}

fn inner(scope: &Scope<'_>, random: &mut StdRng) -> (From, Vec<Visible>) {
    let from = from(scope.schema, first_alias(scope), scope.columns, random);
    let visible = from.columns.iter().chain(scope.columns).cloned().collect();
    (from, visible)
}

/// A query of one row and one column.
pub fn scalar(scope: &Scope<'_>, random: &mut StdRng) -> Node {
    let (from, visible) = inner(scope, random);
    let below = Scope { schema: scope.schema, columns: &visible, nesting: scope.nesting - 1 };
    let own = Scope { columns: &from.columns, ..below };
    let aggregate = ["COUNT({})", "MAX({})", "MIN({})"].choose(random).unwrap();
    let value = Node::call(aggregate, vec![own.value(1, random)]);
    let where_ = Node::of(Kind::Optional, " WHERE {}", vec![below.condition(2, random)]);
    Node::of(Kind::Fixed, "SELECT {} FROM {}{}", vec![value, from.node, where_])
}

/// A query for IN.
pub fn of_one_column(scope: &Scope<'_>, random: &mut StdRng) -> Node {
    let (from, visible) = inner(scope, random);
    let below = Scope { schema: scope.schema, columns: &visible, nesting: scope.nesting - 1 };
    let own = Scope { columns: &from.columns, ..below };
    let where_ = Node::of(Kind::Optional, " WHERE {}", vec![below.condition(2, random)]);
    Node::of(Kind::Fixed, "SELECT {} FROM {}{}", vec![own.leaf(random), from.node, where_])
}

/// A query for EXISTS.
pub fn any(scope: &Scope<'_>, random: &mut StdRng) -> Node {
    let (from, visible) = inner(scope, random);
    let below = Scope { schema: scope.schema, columns: &visible, nesting: scope.nesting - 1 };
    let where_ = Node::of(Kind::Optional, " WHERE {}", vec![below.condition(2, random)]);
    Node::of(Kind::Fixed, "SELECT 1 FROM {}{}", vec![from.node, where_])
}
