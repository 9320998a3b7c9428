//! Expressions.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::schema::{Family, Schema};
use crate::generate::query;
use crate::node::Node;

/// A column that an expression may use.
#[derive(Clone, Debug)]
pub struct Visible {
    /// `a1.c2`.
    pub name: String,
    /// Its family.
    pub family: Family,
}

/// What an expression is made from.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// For subqueries.
    pub schema: &'a Schema,
    /// Columns.
    pub columns: &'a [Visible],
    /// How many queries may still be nested in it.
    pub nesting: u32,
}

pub(super) const LITERALS: &[&str] = &[
    "NULL",
    "0",
    "1",
    "-1",
    "2",
    "10",
    "1.5",
    "-0.25",
    "2.50",
    "1e1",
    "''",
    "'a'",
    "'abc'",
    "'10'",
    "'1.5'",
    "'x y'",
    "TRUE",
    "FALSE",
    "9223372036854775807",
    "18446744073709551615",
    "'2020-01-31'",
    "DATE '2020-02-29'",
    "TIME '10:11:12'",
    "TIMESTAMP '2020-01-31 10:11:12'",
    "x'41'",
    "'ü'",
    "0.1",
    "123456789012345678901234567890",
];
const COMPARISONS: &[&str] = &["=", "<>", "<", "<=", ">", ">=", "<=>"];
const LOGICAL: &[&str] = &["AND", "OR", "XOR"];
/// Calls, `{}` for each argument.
const CALLS: &[&str] = &[
    "({} + {})",
    "({} - {})",
    "({} * {})",
    "({} / {})",
    "({} DIV {})",
    "({} % {})",
    "(-{})",
    "({} & {})",
    "({} | {})",
    "({} ^ {})",
    "ABS({})",
    "SIGN({})",
    "FLOOR({})",
    "CEILING({})",
    "ROUND({})",
    "ROUND({}, 1)",
    "TRUNCATE({}, 1)",
    "COALESCE({}, {})",
    "IFNULL({}, {})",
    "NULLIF({}, {})",
    "IF({}, {}, {})",
    "GREATEST({}, {})",
    "LEAST({}, {}, {})",
    "CASE {} WHEN {} THEN {} ELSE {} END",
    "CASE WHEN {} THEN {} WHEN {} THEN {} END",
    "CONCAT({}, {})",
    "CONCAT_WS(',', {}, {})",
    "LENGTH({})",
    "CHAR_LENGTH({})",
    "LEFT({}, 2)",
    "RIGHT({}, 2)",
    "SUBSTRING({}, 2, 3)",
    "REVERSE({})",
    "TRIM({})",
    "LTRIM({})",
    "LPAD({}, 5, '*')",
    "REPEAT({}, 2)",
    "REPLACE({}, 'a', 'bc')",
    "INSTR({}, {})",
    "LOCATE({}, {})",
    "STRCMP({}, {})",
    "ASCII({})",
    "HEX({})",
    "FIELD({}, {}, {})",
    "ELT(2, {}, {})",
    "MOD({}, 3)",
    "CAST({} AS SIGNED)",
    "CAST({} AS UNSIGNED)",
    "CAST({} AS CHAR)",
    "CAST({} AS DECIMAL(12,3))",
    "CAST({} AS DATE)",
    "CAST({} AS DATETIME)",
    "CAST({} AS TIME)",
    "CAST({} AS BINARY)",
    "CAST({} AS DOUBLE)",
    "YEAR({})",
    "MONTH({})",
    "DAYOFMONTH({})",
    "DAYOFWEEK({})",
    "DATE({})",
    "TIME({})",
    "HOUR({})",
    "MINUTE({})",
    "TO_DAYS({})",
    "DATEDIFF({}, {})",
    "DATE_ADD({}, INTERVAL 1 DAY)",
    "DATE_SUB({}, INTERVAL 1 MONTH)",
    "LAST_DAY({})",
    "ISNULL({})",
    "INTERVAL({}, 1, 5, 10)",
    "CRC32({})",
    "BIT_COUNT({})",
    "QUOTE({})",
    "SPACE(2)",
    "UNHEX(HEX({}))",
    "MAKEDATE(2020, {})",
    "SEC_TO_TIME({})",
    "TIME_TO_SEC({})",
    "EXTRACT(DAY FROM {})",
    "FIND_IN_SET({}, 'a,b,abc')",
    "BIT_LENGTH({})",
];

impl Scope<'_> {
    /// Any value.
    pub fn value(&self, depth: u32, random: &mut StdRng) -> Node {
        match random.random_range(0..10) {
            _ if depth == 0 => self.leaf(random),
            0..=2 => self.leaf(random),
            3..=7 => self.call(CALLS.choose(random).unwrap(), depth, random),
            8 if self.nesting > 0 => {
                let query = query::scalar(self, random);
                Node::call("({})", vec![query])
            }
            _ => self.condition(depth - 1, random),
        }
    }

    /// A column or a literal.
    pub fn leaf(&self, random: &mut StdRng) -> Node {
        match self.columns.choose(random) {
            Some(column) if random.random_ratio(3, 4) => Node::value(&column.name),
            _ => Node::value(*LITERALS.choose(random).unwrap()),
        }
    }

    fn call(&self, template: &str, depth: u32, random: &mut StdRng) -> Node {
        let count = template.matches("{}").count();
        Node::call(template, (0..count).map(|_| self.value(depth - 1, random)).collect())
    }

    /// Something that is true, false or NULL.
    pub fn condition(&self, depth: u32, random: &mut StdRng) -> Node {
        let inner = depth.saturating_sub(1);
        let value = |random: &mut StdRng| self.value(inner, random);
        match random.random_range(0..13) {
            0..=3 => {
                let operator = COMPARISONS.choose(random).unwrap();
                Node::call(&format!("({{}} {operator} {{}})"), vec![value(random), value(random)])
            }
            4 | 5 if depth > 0 => {
                let operator = LOGICAL.choose(random).unwrap();
                let sides = vec![self.condition(inner, random), self.condition(inner, random)];
                Node::call(&format!("({{}} {operator} {{}})"), sides)
            }
            6 => {
                let not = if random.random() { " NOT" } else { "" };
                Node::call(
                    &format!("({{}}{not} IN ({{}}, {{}}))"),
                    vec![value(random), value(random), value(random)],
                )
            }
            7 => {
                let not = if random.random_ratio(1, 4) { " NOT" } else { "" };
                let parts = vec![value(random), value(random), value(random)];
                Node::call(&format!("({{}}{not} BETWEEN {{}} AND {{}})"), parts)
            }
            8 => {
                let pattern = ["'a%'", "'%b%'", "'_'", "'1%'", "'%'", "'a\\\\_c'"].choose(random).unwrap();
                Node::call(&format!("({{}} LIKE {pattern})"), vec![value(random)])
            }
            9 => {
                let test =
                    ["NULL", "NOT NULL", "TRUE", "FALSE", "NOT TRUE", "UNKNOWN"].choose(random).unwrap();
                Node::call(&format!("({{}} IS {test})"), vec![value(random)])
            }
            10 if depth > 0 => Node::call("(NOT {})", vec![self.condition(inner, random)]),
            11 if self.nesting > 0 => {
                let not = if random.random() { "NOT " } else { "" };
                Node::call(&format!("({not}EXISTS ({{}}))"), vec![query::any(self, random)])
            }
            12 if self.nesting > 0 => {
                let not = if random.random_ratio(1, 3) { " NOT" } else { "" };
                let parts = vec![value(random), query::of_one_column(self, random)];
                Node::call(&format!("({{}}{not} IN ({{}}))"), parts)
            }
            _ => {
                let operator = COMPARISONS.choose(random).unwrap();
                Node::call(&format!("({{}} {operator} {{}})"), vec![self.leaf(random), self.leaf(random)])
            }
        }
    }
}
