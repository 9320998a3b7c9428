//! Statements about views, as written.

use crate::ast::{Query, TableName, UserName};

/// A statement that makes or drops views.
#[derive(Clone, Debug, PartialEq)]
pub enum ViewStatement {
    /// CREATE VIEW, ALTER VIEW.
    Create(Box<CreateView>),
    /// DROP VIEW.
    Drop {
        /// Names.
        names: Vec<TableName>,
        /// IF EXISTS.
        if_exists: bool,
    },
}

/// CREATE VIEW, ALTER VIEW.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateView {
    /// Name.
    pub name: TableName,
    /// Whether a view of this name may or must be there.
    pub mode: ViewMode,
    /// ALGORITHM.
    pub algorithm: ViewAlgorithm,
    /// DEFINER; the current account without.
    pub definer: Option<UserName>,
    /// SQL SECURITY INVOKER rather than DEFINER.
    pub invoker: bool,
    /// Names of the columns; empty: those of the query.
    pub columns: Vec<String>,
    /// The query.
    pub query: Query,
    /// WITH CHECK OPTION.
    pub check: ViewCheck,
}

/// What CREATE VIEW does with a view that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewMode {
    /// CREATE: there may be none.
    Create,
    /// CREATE … IF NOT EXISTS: it stays.
    CreateIfNotExists,
    /// CREATE OR REPLACE.
    Replace,
    /// ALTER: it must be there.
    Alter,
}

/// ALGORITHM of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the SQL words")]
pub enum ViewAlgorithm {
    Undefined,
    Merge,
    TempTable,
}

/// WITH CHECK OPTION of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the SQL words")]
pub enum ViewCheck {
    None,
    Local,
    Cascaded,
}
