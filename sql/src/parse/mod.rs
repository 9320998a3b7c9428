//! Text → [`crate::ast::Statement`].
//!
//! ```text
//! bytes ──lexer──► lexemes ──┬─ insert_rows: INSERT … VALUES of literals, straight to the tree
//!                            └─ tokens ──► router: one small parser a kind of statement
//!                                            │ expressions, queries, joins
//!                                            └─ sqlparser with our dialect ──lower──► ast
//! ```
//! `lexer` and `literal` know MySQL's text (quotes, escapes, version comments, `sql_mode`); `tokens` hands it to sqlparser's
//! parser; `dialect` says what an expression is; `lower` leaves nothing out: what this server does not do is refused by
//! name (1235), what MySQL does not have is a syntax error (1064). Depth and length are bounded (`limits.rs`), so that no
//! text can overflow the stack. The text must be UTF-8 but for string literals, where other bytes make a binary string.

mod account;
mod alter;
mod alter_action;
mod call;
mod call_statement;
mod chains;
mod client_text;
mod column;
mod constraint;
mod create_table;
mod cursor;
mod dialect;
mod dml;
mod flush;
mod foreign_key;
mod hint;
mod insert_rows;
mod json;
mod keyword;
mod lexer;
mod literal;
mod load;
mod lower;
mod maintenance;
mod operand;
mod partition;
mod program;
mod refused;
mod rewrite;
mod router;
mod select_scan;
mod set;
mod show;
mod source;
mod table_lock;
mod table_option;
pub mod template;
mod tokens;
mod transaction;
mod view;
mod window;
mod with;
mod xa;

#[cfg(test)]
mod tests;

pub(crate) use account::unknown_privilege;
pub use client_text::to_utf8;
pub(crate) use column::set_collation;
pub use hint::max_execution_time;
pub use lexer::{is_blank, split_first, trimmed};
pub(crate) use lower::is_native_function;
pub(crate) use window::is_window_function;

/// Whether an aggregate has this name, in upper case.
pub(crate) fn is_aggregate(name: &str) -> bool {
    lower::aggregate_function(name).is_some()
}

use std::sync::Arc;

use crate::ast::{SelectInto, Statement};
use crate::error::Error;
use crate::variables::SqlMode;
use cursor::Cursor;
use source::Source;
use tokens::Tokens;

/// A parsed statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The statement.
    pub statement: Statement,
    /// How many `?` it has.
    pub parameter_count: usize,
}

/// Parses one statement, a closing `;` allowed.
///
/// # Errors
/// 1064 syntax error, 1065 nothing but blanks, 1235 what this server does not do, 1300 invalid UTF-8 outside of
/// literals, 1436 nested too deep, and what a literal or a definition itself is refused for.
pub fn parse_statement(text: &[u8], mode: SqlMode) -> crate::Result<Parsed> {
    if let Some(parsed) = insert_rows::parse(text, mode) {
        return Ok(parsed);
    }
    let mut source = Source { text, mode, selects: Vec::new(), locals: None };
    let tokens = tokens::tokenize(&mut source)?;
    if tokens.tokens.is_empty() {
        // Comments alone are a statement that does nothing.
        return match lexer::trimmed(text).first() {
            None | Some(0) => Err(Error::empty_query()),
            Some(_) => Ok(Parsed { statement: Statement::Do(Vec::new()), parameter_count: 0 }),
        };
    }
    if program::is_definition(&tokens.tokens) {
        return program::definition(source, tokens);
    }
    statement_of(&source, tokens)
}

/// Parses the tokens of one statement, which may be a part of the source's text.
fn statement_of(source: &Source<'_>, mut tokens: Tokens) -> crate::Result<Parsed> {
    rewrite::rewrite(source, &mut tokens)?;
    let parameter_count = tokens.parameter_count;
    let into = match router::is_query(&tokens) {
        true => load::take_into(&mut tokens, |clause| {
            let mut cursor = Cursor::new(source, clause);
            let target = load::into(&mut cursor)?;
            Ok((target, cursor.taken()))
        })?,
        false => None,
    };
    let mut cursor = Cursor::new(source, tokens);
    let statement = router::statement(&mut cursor)?;
    cursor.end()?;
    let statement = match (into, statement) {
        (Some(target), query @ Statement::Query(_)) => {
            Statement::SelectInto(Box::new(SelectInto { query: Arc::new(query), target }))
        }
        (_, Statement::CreateTable(_)) if parameter_count > 0 => {
            return Err(Error::not_supported("parameters in CREATE TABLE … SELECT"));
        }
        // EXPLAIN: nothing is put anywhere.
        (_, statement) => statement,
    };
    Ok(Parsed { statement, parameter_count })
}

/// Parses an expression that stands alone, as the catalog keeps those of columns and constraints, under the default `sql_mode`.
///
/// # Errors
/// As [`parse_statement`].
pub fn parse_expression(text: &str) -> crate::Result<crate::ast::Expr> {
    let mut source =
        Source { text: text.as_bytes(), mode: SqlMode::default(), selects: Vec::new(), locals: None };
    let tokens = tokens::tokenize(&mut source)?;
    let mut cursor = Cursor::new(&source, tokens);
    let expr = cursor.expr()?;
    cursor.end()?;
    Ok(expr)
}
