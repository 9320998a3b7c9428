//! Tables and their rows.

use std::fmt::Write as _;

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};

/// What a column's values are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Whole numbers.
    Integer,
    /// Exact numbers with a point.
    Decimal,
    /// Approximate ones.
    Double,
    /// Strings with a collation.
    Text,
    /// Strings of bytes.
    Binary,
    /// Dates and times.
    Temporal,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// `c3`.
    pub name: String,
    /// As in CREATE TABLE.
    pub declared: &'static str,
    /// Its family.
    pub family: Family,
    /// Values that fit, as literals.
    pub values: &'static [&'static str],
}

/// A table; its column `id` is its primary key.
#[derive(Clone, Debug)]
pub struct Table {
    /// `t2`.
    pub name: String,
    /// Without `id`, and those that get a value from nobody.
    pub columns: Vec<Column>,
    /// Generated ones.
    pub generated: Vec<Column>,
    /// What makes it and its rows.
    pub statements: Vec<String>,
    /// It has partitions, and can have no foreign keys.
    pub is_partitioned: bool,
}

/// Tables of one database.
#[derive(Clone, Debug)]
pub struct Schema {
    /// They.
    pub tables: Vec<Table>,
}

type Type = (&'static str, Family, &'static [&'static str]);

/// Strings that no collation here holds for equal, though many are near each other. Trailing spaces are left to the recorded tests.
const TEXTS: &[&str] = &[
    "''",
    "'a'",
    "'b'",
    "'abc'",
    "'abd'",
    "'Zed'",
    "'10'",
    "'9'",
    "'-5'",
    "'1e1'",
    "'0.50'",
    "'2020-01-31'",
    "'x y'",
    "'%'",
    "'a_c'",
    "'ü'",
    "'ß'",
    "'日本'",
    "'😀'",
    "'10:11:12'",
    "'0x1F'",
    "'true'",
    "' lead'",
];
const INTEGERS: &[&str] = &["0", "1", "2", "-1", "7", "10", "100", "-128", "127", "42", "3"];
const WIDE: &[&str] = &[
    "0",
    "1",
    "-1",
    "5",
    "2147483647",
    "-2147483648",
    "9223372036854775807",
    "-9223372036854775808",
    "1000000007",
    "12",
];
const NATURALS: &[&str] = &["0", "1", "2", "9", "200", "255", "42", "128"];
const WIDE_NATURALS: &[&str] = &["0", "1", "3", "18446744073709551615", "9223372036854775808", "77"];

const TYPES: &[Type] = &[
    ("TINYINT", Family::Integer, INTEGERS),
    ("SMALLINT", Family::Integer, INTEGERS),
    ("INT", Family::Integer, INTEGERS),
    ("BIGINT", Family::Integer, WIDE),
    ("TINYINT UNSIGNED", Family::Integer, NATURALS),
    ("INT UNSIGNED", Family::Integer, NATURALS),
    ("BIGINT UNSIGNED", Family::Integer, WIDE_NATURALS),
    ("YEAR", Family::Integer, &["1901", "2000", "2155", "1999", "2024"]),
    ("DECIMAL(10,2)", Family::Decimal, &["0.00", "1.50", "-1.50", "99999999.99", "-0.01", "10", "3.33"]),
    ("DECIMAL(30,10)", Family::Decimal, &["0", "1.0000000001", "-12345678901234567890.5", "7.25", "0.1"]),
    ("DECIMAL(5,0)", Family::Decimal, &["0", "99999", "-99999", "12", "1"]),
    ("DOUBLE", Family::Double, &["0", "0.5", "-0.25", "1e10", "3.75", "-1e3", "1e100"]),
    ("FLOAT", Family::Double, &["0", "0.5", "-0.25", "1024", "3.75"]),
    ("VARCHAR(20)", Family::Text, TEXTS),
    ("VARCHAR(40) COLLATE utf8mb4_bin", Family::Text, TEXTS),
    ("VARCHAR(30) COLLATE utf8mb4_general_ci", Family::Text, TEXTS),
    ("CHAR(12)", Family::Text, TEXTS),
    ("TEXT", Family::Text, TEXTS),
    ("VARBINARY(30)", Family::Binary, TEXTS),
    ("BLOB", Family::Binary, TEXTS),
    (
        "DATE",
        Family::Temporal,
        &["'2020-01-31'", "'1999-12-31'", "'2020-02-29'", "'0001-01-01'", "'9999-12-31'"],
    ),
    (
        "DATETIME",
        Family::Temporal,
        &["'2020-01-31 10:11:12'", "'2020-02-29 00:00:00'", "'1970-01-01 00:00:01'", "'2038-01-19 03:14:08'"],
    ),
    (
        "DATETIME(6)",
        Family::Temporal,
        &["'2020-01-31 10:11:12.000001'", "'2020-02-29 23:59:59.999999'", "'1969-12-31 23:59:59.5'"],
    ),
    ("TIME", Family::Temporal, &["'10:11:12'", "'-01:00:00'", "'838:59:59'", "'00:00:00'", "'24:00:00'"]),
    ("TIME(3)", Family::Temporal, &["'10:11:12.123'", "'-00:00:00.001'", "'00:00:00'"]),
];

/// Rows of a table, at most: products of three tables stay small.
const ROWS_MAX: usize = 14;

impl Schema {
    /// Two to four tables.
    pub fn new(random: &mut StdRng) -> Schema {
        let count = random.random_range(2..=4);
        let mut tables: Vec<Table> = Vec::new();
        for number in 0..count {
            tables.push(table(number, &tables, random));
        }
        Schema { tables }
    }
}

fn table(number: usize, before: &[Table], random: &mut StdRng) -> Table {
    let name = format!("t{number}");
    let count = random.random_range(2..=6);
    let column = |place: usize, random: &mut StdRng| {
        let (declared, family, values) = *TYPES.choose(random).unwrap();
        Column { name: format!("c{place}"), declared, family, values }
    };
    let columns: Vec<Column> = (0..count).map(|place| column(place, random)).collect();
    let mut create = format!("CREATE TABLE {name} (id INT PRIMARY KEY");
    let not_null: Vec<bool> = columns.iter().map(|_| random.random_ratio(1, 5)).collect();
    for (column, not_null) in columns.iter().zip(&not_null) {
        let nullable = if *not_null { " NOT NULL" } else { "" };
        write!(create, ", {} {}{nullable}", column.name, column.declared).unwrap();
    }
    let made = generated(&columns, &mut create, random);
    let nullable: Vec<Column> = columns
        .iter()
        .zip(&not_null)
        .filter(|(_, not_null)| !**not_null)
        .map(|(column, _)| column.clone())
        .collect();
    let child = nullable.iter().find(|column| number > 0 && column.declared == "INT");
    for _ in 0..random.random_range(0..=3) {
        write!(create, ", KEY ({})", key(&columns, child, random)).unwrap();
    }
    constraints(before, &nullable, made.stored_of.as_deref(), &mut create, random);
    create.push_str(") DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci");
    let is_partitioned =
        !create.contains("UNIQUE") && !create.contains("FOREIGN") && random.random_ratio(1, 8);
    if is_partitioned {
        create.push_str(PARTITIONS.choose(random).unwrap());
    }
    let mut statements = vec![create];
    let rows = random.random_range(0..=ROWS_MAX);
    if rows > 0 {
        let row = |id: usize, random: &mut StdRng| {
            let values: Vec<&str> = columns
                .iter()
                .zip(&not_null)
                .map(|(column, not_null)| match !not_null && random.random_ratio(1, 4) {
                    true => "NULL",
                    false => column.values.choose(random).unwrap(),
                })
                .collect();
            format!("({id}, {})", values.join(", "))
        };
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let rows: Vec<String> = (1..=rows).map(|id| row(id, random)).collect();
        // What a constraint refuses is left out.
        let names = names.join(", ");
        statements.push(format!("INSERT IGNORE INTO {name} (id, {names}) VALUES {}", rows.join(", ")));
    }
    Table { name, columns, generated: made.columns, statements, is_partitioned }
}

/// Ways to lay out a table by its `id`.
const PARTITIONS: &[&str] = &[
    " PARTITION BY HASH (id) PARTITIONS 3",
    " PARTITION BY KEY (id) PARTITIONS 2",
    " PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (5), PARTITION p1 VALUES LESS THAN (25), \
     PARTITION p2 VALUES LESS THAN MAXVALUE)",
];

/// What generated columns are made of; no value of any column here makes one of them fail.
const GENERATED: &[(&str, Family, &str)] = &[
    ("INT", Family::Integer, "LENGTH({})"),
    ("VARCHAR(100)", Family::Text, "CONCAT('g', {})"),
    ("TINYINT", Family::Integer, "{} IS NULL"),
];

/// Generated columns.
#[derive(Default)]
struct Generated {
    columns: Vec<Column>,
    /// What a STORED one is made of: no foreign key may change that.
    stored_of: Option<String>,
}

/// Now and then a generated column.
fn generated(columns: &[Column], create: &mut String, random: &mut StdRng) -> Generated {
    if !random.random_ratio(1, 4) {
        return Generated::default();
    }
    let (declared, family, expression) = *GENERATED.choose(random).unwrap();
    let of = columns.choose(random).unwrap();
    let of = match of.family {
        Family::Binary => "id",
        _ => of.name.as_str(),
    };
    let kind = if random.random() { "STORED" } else { "VIRTUAL" };
    write!(create, ", c9 {declared} AS ({}) {kind}", expression.replace("{}", of)).unwrap();
    if random.random_ratio(1, 3) {
        create.push_str(", KEY (c9, id)");
    }
    let columns = vec![Column { name: "c9".to_owned(), declared, family, values: &[] }];
    Generated { columns, stored_of: (kind == "STORED").then(|| of.to_owned()) }
}

/// Now and then a unique key, a CHECK, or a foreign key of an integer column to a table made before.
fn constraints(
    before: &[Table],
    columns: &[Column],
    stored_of: Option<&str>,
    create: &mut String,
    random: &mut StdRng,
) {
    if columns.is_empty() {
        return;
    }
    let plain = |column: &&Column| !matches!(column.declared, "TEXT" | "BLOB");
    if random.random_ratio(1, 6)
        && let Some(column) = columns.iter().find(plain)
    {
        write!(create, ", UNIQUE KEY ({})", column.name).unwrap();
    }
    let mut checked = None;
    if random.random_ratio(1, 6) {
        let column = columns.choose(random).unwrap();
        write!(create, ", CHECK (LENGTH({}) <> 2)", column.name).unwrap();
        checked = Some(column.name.as_str());
    }
    let child = columns.iter().find(|column| column.declared == "INT");
    if let Some(child) = child
        && let Some(parent) = before.choose(random)
        && !parent.is_partitioned
        && random.random_ratio(1, 2)
    {
        let action = ["", " ON DELETE CASCADE", " ON DELETE SET NULL", " ON DELETE RESTRICT"].choose(random);
        let name = &child.name;
        let is_fixed = [stored_of, checked].contains(&Some(name.as_str()));
        let action = if is_fixed { "" } else { *action.unwrap() };
        write!(create, ", FOREIGN KEY ({name}) REFERENCES {} (id){action}", parent.name).unwrap();
    }
}

/// Columns of a key, some by a prefix, some descending. None begins with the foreign key's `child` and goes on: MySQL 9.7 does not look for
/// the parent of a row that has a NULL in another column of such a key.
fn key(columns: &[Column], child: Option<&Column>, random: &mut StdRng) -> String {
    let mut order: Vec<&Column> = columns.iter().collect();
    order.shuffle(random);
    order.truncate(random.random_range(1..=3));
    if child.is_some_and(|child| order[0].name == child.name) {
        order.truncate(1);
    }
    let part = |column: &&Column| {
        let needs_prefix = matches!(column.declared, "TEXT" | "BLOB");
        let is_string = matches!(column.family, Family::Text | Family::Binary);
        let prefix = match needs_prefix || (is_string && random.random_ratio(1, 4)) {
            true => format!("({})", random.random_range(1..=4)),
            false => String::new(),
        };
        let order = if random.random_ratio(1, 5) { " DESC" } else { "" };
        format!("{}{prefix}{order}", column.name)
    };
    let parts: Vec<String> = order.iter().map(part).collect();
    parts.join(", ")
}
