//! Differential fuzzing of SQL: seeded schemas, rows and statements, held to a real MySQL and to themselves.
//!
//! * [`node`]: a piece of a statement that can be made smaller.
//! * [`generate`]: schemas and rows, expressions, queries, changes.
//! * [`oracle`]: what has to be so without another server. A query's rows are those where a condition is true, is false and is NULL, together
//!   (ternary logic partitioning); a condition holds for as many rows as it is true of (NoREC); a query for a row that is there finds it.
//! * [`compare`]: the same statements on both servers; answers are compared as bags of rows, errors by number.
//! * [`known`]: differences that are known and not followed; none hides rows.
//! * [`shrink`]: the smallest statement that still differs.
//! * [`campaign`]: a run.
//!
//! `cargo run --release -p differential -- --against HOST:PORT --queries 1000000`. Without `--against` the oracles run alone, as CI does.
//!
//! Left out on purpose, because MySQL itself promises nothing there: the order of rows that ORDER BY leaves open, which of equal strings a group
//! shows, which error comes first when several would, and warnings of expressions that one plan evaluates and another does not.

#![expect(clippy::unwrap_used, reason = "a test harness: what fails here fails the test")]

pub mod campaign;
pub mod compare;
pub mod generate;
pub mod known;
pub mod node;
pub mod oracle;
pub mod otherwise;
pub mod shrink;
