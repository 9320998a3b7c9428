//! Views: a name for a query.
//!
//! The catalog keeps a view's query as MySQL's canonical text ([`print`](mod@print)), in which every name is complete, and its columns as they
//! were when it was made ([`View::table`]), which SHOW and grants are about. A view is read as a derived table ([`bind`]) with the rights of its
//! definer, or of whoever uses it, or [merged](crate::bind::merge) into the query around. [`qualify`] completes the names of a query;
//! [`statement`] is CREATE, ALTER and DROP VIEW; rows are changed through one as [`plan::through_view`](crate::plan::through_view) says.

pub mod bind;
pub mod encode;
pub mod print;
pub mod qualify;
pub mod statement;
pub mod updatable;

use std::sync::Arc;

use crate::account::AccountId;
use crate::ast::{Query, ViewAlgorithm, ViewCheck};
use crate::catalog::Table;

/// A view.
#[derive(Clone, Debug)]
pub struct View {
    /// Its name, its columns, and when it was made. It has no rows, and its ids are 0.
    pub table: Arc<Table>,
    /// The names of columns that were written; empty when none were.
    pub column_names: Vec<String>,
    /// The query, all names of which are complete.
    pub query: Arc<Query>,
    /// Whose rights count with SQL SECURITY DEFINER.
    pub definer: AccountId,
    /// SQL SECURITY INVOKER.
    pub invoker: bool,
    /// ALGORITHM.
    pub algorithm: ViewAlgorithm,
    /// WITH CHECK OPTION.
    pub check: ViewCheck,
    /// What MySQL says of it in `IS_UPDATABLE`.
    pub updatable: bool,
    /// `character_set_client` when it was made.
    pub character_set: String,
    /// `collation_connection` when it was made.
    pub collation: String,
}
