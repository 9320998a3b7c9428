//! What a log-only node answers: it votes and keeps the log, and has no tables.
//!
//! Status, variables, the views of the cluster and its administration work as on any node ([`sql::show::needs_no_tables`] knows which
//! statements those are); everything else is refused, naming the role.

use sql::Error;
use sql::ast::Statement;
use sql::show::needs_no_tables;

/// Refuses statements that need tables.
///
/// # Errors
/// 1235 that names the node's role.
pub fn check(statement: &Statement, database: Option<&str>) -> Result<(), Error> {
    if needs_no_tables(statement, database) {
        return Ok(());
    }
    Err(Error::not_supported(
        "tables on this node: it is a logger, a voter that keeps the log alone; connect to another node",
    ))
}
