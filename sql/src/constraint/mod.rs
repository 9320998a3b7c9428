//! What a table's definition computes and asks of its rows: generated columns, expressions as defaults, CHECK.
//!
//! The catalog keeps each of these expressions as the text that SHOW CREATE TABLE prints ([`crate::ast::print`]). A table's texts are
//! parsed and bound once, when the first statement needs them, and kept with the definition ([`RulesCell`]), so that a row
//! costs no more than the evaluation. They are bound without a session: a text's literals name their character set, and what
//! the session's `sql_mode` and time zone change is looked up when a row is evaluated.
//!
//! A generated column's value is stored in the row like any other's, VIRTUAL or STORED: rows are larger than in MySQL, and
//! reading one costs nothing. Writers compute them ([`rules::Rules::compute`]) after the columns that they depend on have their values, and before
//! the row's checks ([`rules::Rules::check`]) and its index entries. A key part that is an expression is a hidden generated
//! column behind the others, which no statement can name.
//!
//! [`definition`] is for CREATE TABLE and ALTER TABLE: it refuses what MySQL refuses in such expressions, and gives the text.

pub mod definition;
mod forbidden;
pub mod key;
pub mod rules;
pub(crate) mod scope;
pub mod substitute;

pub use rules::{Rules, RulesCell};

#[cfg(test)]
mod tests;
