//! Statements that change rows; each is rolled back.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::expression::{LITERALS, Scope, Visible};
use super::schema::{Family, Schema, Table};
use crate::node::{Kind, Node};

/// A change, and the tables that it may change.
#[derive(Clone, Debug)]
pub struct Change {
    /// The statement.
    pub node: Node,
    /// Its tables.
    pub tables: Vec<String>,
    /// What its transaction does before it.
    pub before: Vec<String>,
}

/// Any change.
pub fn change(schema: &Schema, random: &mut StdRng) -> Change {
    let before = before(schema, random);
    Change { before, ..one(schema, random) }
}

/// Now and then a change of one row, with or without a savepoint that takes it back.
fn before(schema: &Schema, random: &mut StdRng) -> Vec<String> {
    if !random.random_ratio(1, 5) {
        return Vec::new();
    }
    let simple = |random: &mut StdRng| {
        let table = &schema.tables.choose(random).unwrap().name;
        let id = random.random_range(1..=8);
        match random.random_range(0..3) {
            0 => format!("DELETE FROM {table} WHERE id = {id}"),
            1 => format!("UPDATE IGNORE {table} SET id = id + 20 WHERE id = {id}"),
            _ => format!("INSERT IGNORE INTO {table} (id) VALUES ({id})"),
        }
    };
    match random.random_range(0..3) {
        0 => vec![simple(random)],
        1 => vec!["SAVEPOINT s".to_owned(), simple(random), "ROLLBACK TO s".to_owned()],
        _ => vec![simple(random), "SAVEPOINT s".to_owned(), simple(random), "ROLLBACK TO s".to_owned()],
    }
}

fn one(schema: &Schema, random: &mut StdRng) -> Change {
    let table = schema.tables.choose(random).unwrap();
    let columns = columns(table, "");
    let scope = Scope { schema, columns: &columns, nesting: u32::from(random.random_ratio(1, 6)) };
    let node = match random.random_range(0..18) {
        0..=2 => delete(table, &scope, random),
        3..=5 => insert_select(table, &scope, random),
        6..=9 => update(table, &scope, random),
        10..=12 => insert_values(table, random),
        13 => on_duplicate(table, &scope, random),
        14 => select_on_duplicate(table, &scope, random),
        15 => return joined_both(schema, random),
        _ => return joined(schema, random),
    };
    // Rows of children may follow.
    Change { node, tables: names(schema), before: Vec::new() }
}

fn names(schema: &Schema) -> Vec<String> {
    schema.tables.iter().map(|table| table.name.clone()).collect()
}

fn columns(table: &Table, alias: &str) -> Vec<Visible> {
    let visible = |name: &str, family| Visible { name: format!("{alias}{name}"), family };
    let own = table.columns.iter().chain(&table.generated).map(|column| visible(&column.name, column.family));
    own.chain([visible("id", Family::Integer)]).collect()
}

fn ignore(random: &mut StdRng) -> &'static str {
    if random.random_ratio(1, 6) { "IGNORE " } else { "" }
}

fn filter(scope: &Scope<'_>, random: &mut StdRng) -> Node {
    Node::of(Kind::Optional, " WHERE {}", vec![scope.condition(2, random)])
}

/// ORDER BY and LIMIT, which leave nothing open.
fn order(random: &mut StdRng) -> &'static str {
    ["", " ORDER BY id", " ORDER BY id DESC LIMIT 3", " ORDER BY id LIMIT 2", " ORDER BY id LIMIT 0"]
        .choose(random)
        .unwrap()
}

fn delete(table: &Table, scope: &Scope<'_>, random: &mut StdRng) -> Node {
    let template = format!("DELETE {}FROM {}{{}}{}", ignore(random), table.name, order(random));
    Node::of(Kind::Fixed, &template, vec![filter(scope, random)])
}

fn update(table: &Table, scope: &Scope<'_>, random: &mut StdRng) -> Node {
    let mut parts = Vec::new();
    for number in 0..random.random_range(1..=2) {
        let column = table.columns.choose(random).unwrap();
        let value = match random.random_ratio(1, 12) {
            true => Node::value("DEFAULT"),
            false => scope.value(2, random),
        };
        let kind = if number == 0 { Kind::Fixed } else { Kind::Optional };
        parts.push(Node::of(kind, &format!("{} = {{}}", column.name), vec![value]));
    }
    let order = [" ORDER BY id", order(random)].choose(random).copied().unwrap();
    let template = format!("UPDATE {}{} SET {{}}{{}}{order}", ignore(random), table.name);
    Node::of(Kind::Fixed, &template, vec![Node::list(Kind::Fixed, parts), filter(scope, random)])
}

fn insert_select(table: &Table, scope: &Scope<'_>, random: &mut StdRng) -> Node {
    let values = table.columns.iter().map(|_| scope.value(2, random)).collect();
    let verb =
        if random.random_ratio(1, 8) { "REPLACE ".to_owned() } else { format!("INSERT {}", ignore(random)) };
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let names = names.join(", ");
    let template =
        format!("{verb}INTO {0} (id, {names}) SELECT id + 1000, {{}} FROM {0}{{}} ORDER BY id", table.name);
    Node::of(Kind::Fixed, &template, vec![Node::list(Kind::Fixed, values), filter(scope, random)])
}

/// A literal for a column: mostly one that fits.
fn cell(table: &Table, place: usize, random: &mut StdRng) -> Node {
    match random.random_range(0..12) {
        0 => Node::value("DEFAULT"),
        1 => Node::value("NULL"),
        2 | 3 => Node::value(*LITERALS.choose(random).unwrap()),
        _ => Node::value(*table.columns[place].values.choose(random).unwrap()),
    }
}

/// Some columns, in any order, and rows for them.
fn rows(table: &Table, random: &mut StdRng) -> (String, Node) {
    let some: Vec<usize> = (0..table.columns.len()).filter(|_| random.random_ratio(4, 5)).collect();
    let names: Vec<&str> = some.iter().map(|place| table.columns[*place].name.as_str()).collect();
    let names: Vec<&str> = std::iter::once("id").chain(names).collect();
    let row = |number: usize, random: &mut StdRng| {
        let id = random.random_range(1..=30);
        let mut cells = vec![Node::value(id.to_string())];
        cells.extend(some.iter().map(|place| cell(table, *place, random)));
        let kind = if number == 0 { Kind::Fixed } else { Kind::Optional };
        Node::of(kind, "({})", vec![Node::list(Kind::Fixed, cells)])
    };
    let count = random.random_range(1..=3);
    let rows = (0..count).map(|number| row(number, random)).collect();
    (names.join(", "), Node::list(Kind::Fixed, rows))
}

fn insert_values(table: &Table, random: &mut StdRng) -> Node {
    let verb = match random.random_range(0..5) {
        0 => "REPLACE ",
        1 => "INSERT IGNORE ",
        _ => "INSERT ",
    };
    let (names, rows) = rows(table, random);
    Node::of(Kind::Fixed, &format!("{verb}INTO {} ({names}) VALUES {{}}", table.name), vec![rows])
}

fn on_duplicate(table: &Table, scope: &Scope<'_>, random: &mut StdRng) -> Node {
    let (names, rows) = rows(table, random);
    let column = table.columns.choose(random).unwrap();
    let value = match random.random_ratio(1, 3) {
        true => Node::value(format!("VALUES({})", table.columns.choose(random).unwrap().name)),
        false => scope.value(1, random),
    };
    let template = format!(
        "INSERT {}INTO {} ({names}) VALUES {{}} ON DUPLICATE KEY UPDATE {} = {{}}",
        ignore(random),
        table.name,
        column.name
    );
    Node::of(Kind::Fixed, &template, vec![rows, value])
}

/// A change of the rows of a join by `id`, so that each is changed once.
fn joined(schema: &Schema, random: &mut StdRng) -> Change {
    let (left, right) = (schema.tables.choose(random).unwrap(), schema.tables.choose(random).unwrap());
    let visible: Vec<Visible> = columns(left, "a.").into_iter().chain(columns(right, "b.")).collect();
    let scope = Scope { schema, columns: &visible, nesting: 0 };
    let from = format!("{} AS a JOIN {} AS b ON a.id = b.id", left.name, right.name);
    let filter = filter(&scope, random);
    let node = if random.random_ratio(1, 3) {
        Node::of(Kind::Fixed, &format!("DELETE a FROM {from}{{}}"), vec![filter])
    } else {
        let column = left.columns.choose(random).unwrap();
        let template = format!("UPDATE {}{from} SET a.{} = {{}}{{}}", ignore(random), column.name);
        Node::of(Kind::Fixed, &template, vec![scope.value(2, random), filter])
    };
    Change { node, tables: names(schema), before: Vec::new() }
}

/// Rows of a table, next to themselves, of which some are there.
fn select_on_duplicate(table: &Table, scope: &Scope<'_>, random: &mut StdRng) -> Node {
    let values = table.columns.iter().map(|_| scope.leaf(random)).collect();
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let names = names.join(", ");
    let column = &table.columns.choose(random).unwrap().name;
    let of = &table.columns.choose(random).unwrap().name;
    let template = format!(
        "INSERT {}INTO {1} (id, {names}) SELECT id + 2, {{}} FROM {1}{{}} ORDER BY id \
         ON DUPLICATE KEY UPDATE {column} = VALUES({of})",
        ignore(random),
        table.name,
    );
    Node::of(Kind::Fixed, &template, vec![Node::list(Kind::Fixed, values), filter(scope, random)])
}

/// A change of both sides of a join by `id`, of two tables.
fn joined_both(schema: &Schema, random: &mut StdRng) -> Change {
    let mut tables: Vec<&Table> = schema.tables.iter().collect();
    let left = tables.swap_remove(random.random_range(0..tables.len()));
    let right = *tables.choose(random).unwrap();
    let visible: Vec<Visible> = columns(left, "a.").into_iter().chain(columns(right, "b.")).collect();
    let scope = Scope { schema, columns: &visible, nesting: 0 };
    let (one, other) = (left.columns.choose(random).unwrap(), right.columns.choose(random).unwrap());
    let template = format!(
        "UPDATE {}{} AS a JOIN {} AS b ON a.id = b.id SET a.{} = {{}}, b.{} = {{}}{{}}",
        ignore(random),
        left.name,
        right.name,
        one.name,
        other.name
    );
    // Whether an assignment sees what another one of another table has assigned depends on MySQL's plan.
    let own = |columns: Vec<Visible>, random: &mut StdRng| {
        Scope { schema, columns: &columns, nesting: 0 }.value(1, random)
    };
    let values = [own(columns(left, "a."), random), own(columns(right, "b."), random)];
    let parts = values.into_iter().chain([filter(&scope, random)]).collect();
    Change { node: Node::of(Kind::Fixed, &template, parts), tables: names(schema), before: Vec::new() }
}
