//! What a session is let do by its login: which account it is of, its place among the account's connections, and whether it must change
//! its password first.

use std::time::Instant;

use sql::account::AccountId;
use sql::ast::{AccountStatement, Statement, UserName, UserSpec};

use super::{Place, unix_seconds};
use crate::node::Node;

/// See the module.
pub struct Standing {
    /// The account that the client is logged in as.
    pub account: AccountId,
    /// The roles that are active when the session begins.
    pub roles: Vec<AccountId>,
    /// None of sessions that did not log in.
    place: Option<Place>,
    /// Nothing but a new password is taken.
    must_change_password: bool,
}

impl Standing {
    pub(super) fn new(
        account: AccountId,
        roles: Vec<AccountId>,
        place: Place,
        must_change_password: bool,
    ) -> Standing {
        Standing { account, roles, place: Some(place), must_change_password }
    }

    /// Of a session that is the node's own.
    #[must_use]
    pub fn internal() -> Standing {
        let (account, roles) = (AccountId::root(), Vec::new());
        Standing { account, roles, place: None, must_change_password: false }
    }

    /// Counts a statement that is to be run.
    ///
    /// # Errors
    /// 1226 past a limit, 1820 as long as the password has expired.
    pub fn admit(&self, statement: &Statement) -> Result<(), sql::Error> {
        if let Some(place) = &self.place {
            place
                .count(changes_data(statement), Instant::now)
                .map_err(|refusal| refusal.to_error(&self.account.user))?;
        }
        match self.must_change_password && !changes_password(statement, &self.account) {
            true => Err(must_change_password()),
            false => Ok(()),
        }
    }

    /// Whether a command that is no statement may be run.
    ///
    /// # Errors
    /// 1820.
    pub fn admit_command(&self) -> Result<(), sql::Error> {
        if self.must_change_password { Err(must_change_password()) } else { Ok(()) }
    }

    /// After a statement: whether it was the one that was waited for.
    pub fn refresh(&mut self, node: &Node) {
        if self.must_change_password {
            let catalog = node.catalog();
            let lifetime_days = sql::variables::global_number(node, "default_password_lifetime");
            let account = catalog.accounts.get(&self.account);
            self.must_change_password =
                account.is_none_or(|account| account.is_password_expired(unix_seconds(), lifetime_days));
        }
    }

    /// Gives the place among the account's connections back, before another login on the same connection.
    pub fn leave(&mut self) {
        self.place = None;
    }
}

/// Whether MAX_UPDATES_PER_HOUR counts the statement.
fn changes_data(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::Insert(_)
            | Statement::Update(_)
            | Statement::Delete(_)
            | Statement::CreateDatabase { .. }
            | Statement::AlterDatabase { .. }
            | Statement::DropDatabase { .. }
            | Statement::CreateTable(_)
            | Statement::View(_)
            | Statement::DropTable { .. }
            | Statement::DropTemporary { .. }
            | Statement::TruncateTable(_)
            | Statement::AlterTable(_)
            | Statement::CreateIndex(_)
            | Statement::DropIndex(_)
            | Statement::RenameTable(_)
            | Statement::Account(_)
    )
}

/// Whether the statement is about the account's own password. (Whether it sets one is seen afterwards.)
fn changes_password(statement: &Statement, account: &AccountId) -> bool {
    let is_own = |spec: &UserSpec| match &spec.user {
        UserName::Current => true,
        UserName::Named(named) => named == account,
    };
    let Statement::Account(statement) = statement else { return false };
    match &**statement {
        AccountStatement::SetPassword(spec) => is_own(spec),
        AccountStatement::AlterUser { users, .. } => users.iter().all(is_own),
        _ => false,
    }
}

fn must_change_password() -> sql::Error {
    sql::Error {
        code: 1820,
        state: *b"HY000",
        message: "You must reset your password using ALTER USER statement before executing this statement."
            .into(),
    }
}
