//! Account statements in a session. What they do is in [`sql::ddl::account`]; they run as schema changes
//! ([`super::schema_change`]), so that the log carries them to every node.

use std::sync::Arc;

use sql::Error;
use sql::ast::{AccountStatement, ActiveRoles, Statement};
use sql::ddl::account;
use sql::execute::Outcome;

use super::result::Answer;
use super::session::Session;

impl Session {
    /// Runs an account statement to its end; its rows are the passwords that were made up.
    pub(super) async fn run_account(
        &mut self,
        statement: &AccountStatement,
        reply: &mut dyn Answer,
    ) -> Result<Outcome, Error> {
        if let Some(shown) = statement.shown_as() {
            self.connection.show_instead(shown);
        }
        self.know_catalog()?;
        if self.global_read_lock.is_some() {
            return Err(Error::conflicting_read_lock());
        }
        let catalog = self.node.catalog();
        // Hashing a password takes milliseconds of a processor.
        let prepared = tokio::task::block_in_place(|| {
            account::prepare(statement, &self.state.account, &catalog.accounts)
        })?;
        let outcome = self.run_ddl(&Arc::new(Statement::Account(Box::new(prepared.statement)))).await?;
        if prepared.generated.is_empty() {
            return Ok(outcome);
        }
        reply.columns(&account::Prepared::columns())?;
        for row in &prepared.generated {
            reply.row(row)?;
        }
        Ok(Outcome { rows: true, ..outcome })
    }

    /// SET ROLE.
    pub(super) fn set_role(&mut self, roles: &ActiveRoles) -> Result<(), Error> {
        self.know_catalog()?;
        let catalog = self.node.catalog();
        account::set_role(roles, &mut self.state, &catalog.accounts)
    }

    /// FLUSH PRIVILEGES.
    pub(super) async fn flush_privileges(&mut self) -> Result<(), Error> {
        self.know_catalog()?;
        let catalog = self.node.catalog();
        account::flush_privileges(&self.state, &catalog.accounts)?;
        // The tables may have been restored through another node just before.
        self.freshen().await?;
        self.know_catalog()?;
        if account::reload::pending(&self.node.catalog()).is_empty() {
            return Ok(());
        }
        if self.global_read_lock.is_some() {
            return Err(Error::conflicting_read_lock());
        }
        let reload = Statement::Account(Box::new(AccountStatement::Reload));
        self.run_ddl(&Arc::new(reload)).await.map(|_| ())
    }
}
