//! What the bodies of triggers and functions may not do, which run within a statement.

use crate::ast::{AssignmentTarget, IntoTarget, Statement};
use crate::error::Error;

/// What runs within a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A trigger.
    Trigger,
    /// A stored function.
    Function,
}

/// Error 1422.
fn commits() -> Error {
    Error::mysql(1422, *b"HY000", "Explicit or implicit commit is not allowed in stored function or trigger.")
}

/// Error 1415.
fn gives_rows(place: Place) -> Error {
    let place = if place == Place::Trigger { "trigger" } else { "function" };
    Error::mysql(1415, *b"0A000", format!("Not allowed to return a result set from a {place}"))
}

/// What is refused by its first two words.
///
/// # Errors
/// 1336, 1422.
pub(super) fn check_words(first: &dyn Fn(&str) -> bool, second: &dyn Fn(&str) -> bool) -> crate::Result<()> {
    let is_dynamic = first("PREPARE") || first("EXECUTE") || first("DEALLOCATE");
    if is_dynamic {
        return Err(Error::mysql(
            1336,
            *b"0A000",
            "Dynamic SQL is not allowed in stored function or trigger",
        ));
    }
    if first("FLUSH") {
        return Err(Error::mysql(1336, *b"0A000", "FLUSH is not allowed in stored function or trigger"));
    }
    if first("DROP") && (second("TRIGGER") || second("EVENT")) {
        return Err(commits());
    }
    Ok(())
}

impl Place {
    /// Error 1235 for something here.
    fn not_supported(self, what: &str) -> Error {
        match self {
            Place::Trigger => Error::not_supported(format_args!("{what} in a trigger")),
            Place::Function => Error::not_supported(format_args!("{what} in a stored function")),
        }
    }

    /// What may not be done here, or not yet.
    ///
    /// # Errors
    /// 1235, 1415, 1422.
    pub(super) fn check(self, statement: &Statement) -> crate::Result<()> {
        match statement {
            Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => Ok(()),
            Statement::Do(_) | Statement::Set(_) | Statement::Signal(_) | Statement::GetDiagnostics(_) => {
                Ok(())
            }
            Statement::SelectInto(into) => match into.target {
                IntoTarget::Variables(_) | IntoTarget::Program(_) => Ok(()),
                _ => Err(self.not_supported("SELECT … INTO OUTFILE")),
            },
            Statement::Query(_) | Statement::Show(_) | Statement::Explain(_) | Statement::Maintenance(_) => {
                Err(gives_rows(self))
            }
            Statement::AnalyzeTable(_) => Err(gives_rows(self)),
            Statement::Begin { .. }
            | Statement::Commit
            | Statement::Rollback
            | Statement::CommitAndChain
            | Statement::RollbackAndChain
            | Statement::CreateDatabase { .. }
            | Statement::AlterDatabase { .. }
            | Statement::DropDatabase { .. }
            | Statement::CreateTable(_)
            | Statement::View(_)
            | Statement::Program(_)
            | Statement::DropTable { .. }
            | Statement::TruncateTable(_)
            | Statement::AlterTable(_)
            | Statement::CreateIndex(_)
            | Statement::DropIndex(_)
            | Statement::RenameTable(_)
            | Statement::Account(_)
            | Statement::Xa(_) => Err(commits()),
            Statement::Call(_) => Err(self.not_supported("CALL")),
            Statement::DropTemporary { .. } => Err(self.not_supported("DROP TEMPORARY TABLE")),
            Statement::Savepoint(_) | Statement::RollbackTo(_) | Statement::ReleaseSavepoint(_) => {
                Err(self.not_supported("savepoints"))
            }
            _ => Err(self.not_supported("this statement")),
        }
    }

    /// What SET may assign: a statement that meets a lock runs again, and its variables must be as before then.
    ///
    /// # Errors
    /// 1235, 1445.
    pub(super) fn check_assignment(self, target: &AssignmentTarget) -> crate::Result<()> {
        match target {
            AssignmentTarget::User(_) => Ok(()),
            AssignmentTarget::System(_, name) if name.eq_ignore_ascii_case("autocommit") => {
                let message = "Not allowed to set autocommit from a stored function or trigger";
                Err(Error::mysql(1445, *b"HY000", message))
            }
            AssignmentTarget::System(..) | AssignmentTarget::NextTransaction(_) => {
                Err(self.not_supported("SET of a system variable"))
            }
        }
    }
}
