//! What a connection keeps between statements, as far as SQL sees it.
//!
//! Transactions, prepared statements and sockets belong to the server's session; here is only what statements read and
//! write: variables, warnings, the current database and the counters behind `LAST_INSERT_ID()` and its like.

mod locked_tables;
mod tracked;

use std::collections::HashMap;
use std::sync::Arc;

use crate::account::AccountId;
use crate::ast::ConditionItem;
use crate::authorization::Authorization;
use crate::catalog::{Catalog, Table, TemporaryTables};
use crate::execute::memory::ConnectionMemory;
use crate::gtid::Gtid;
use crate::types::{DataType, Value};
use crate::variables::SessionVariables;
use crate::{Error, Result};

pub use locked_tables::{LockedTable, LockedTables};
pub use tracked::Tracked;

/// A warning, note or error for SHOW WARNINGS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Level.
    pub level: WarningLevel,
    /// Error number.
    pub code: u16,
    /// Message.
    pub message: String,
    /// SQLSTATE, where it is another than the number's.
    pub state: Option<[u8; 5]>,
    /// What SIGNAL has set of it.
    pub items: Option<Box<ConditionItems>>,
}

/// Items of a condition that are texts, as SIGNAL sets them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConditionItems(Vec<(ConditionItem, String)>);

impl ConditionItems {
    /// Sets an item.
    pub fn set(&mut self, item: ConditionItem, text: String) {
        self.0.retain(|(known, _)| *known != item);
        self.0.push((item, text));
    }

    /// An item that was set.
    #[must_use]
    pub fn get(&self, item: ConditionItem) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == item).map(|(_, text)| text.as_str())
    }
}

impl Warning {
    /// A warning as statements make them.
    #[must_use]
    pub fn new(level: WarningLevel, code: u16, message: String) -> Warning {
        Warning { level, code, message, state: None, items: None }
    }

    /// The error that strict mode makes of it, if it does.
    #[must_use]
    pub fn into_strict(self) -> Option<Error> {
        let state =
            crate::execute::strict_state(self.code).filter(|_| self.level == WarningLevel::Warning)?;
        Some(Error { code: self.code, state, message: self.message })
    }
}

/// See [`SessionState::warnings_mark`].
#[derive(Clone, Copy, Debug)]
pub struct WarningsMark {
    kept: usize,
    count: u64,
    unkept: bool,
}

/// Levels of SHOW WARNINGS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words SHOW WARNINGS prints")]
pub enum WarningLevel {
    Note,
    Warning,
    Error,
}

/// The state of one connection.
#[derive(Clone, Debug)]
pub struct SessionState {
    /// CONNECTION_ID().
    pub connection_id: u64,
    /// User name as authenticated.
    pub user: String,
    /// Client host.
    pub host: String,
    /// Current database.
    pub database: Option<String>,
    /// System variables with their session values.
    pub variables: SessionVariables,
    /// `@name`, names in lower case.
    pub user_variables: HashMap<String, Value>,
    /// Types of the parameters that the statement being planned is executed with; empty when it is only prepared.
    pub parameter_types: Vec<DataType>,
    /// The parameters are variables of a program.
    pub parameters_are_variables: bool,
    /// The diagnostics area of the last statement.
    pub warnings: Vec<Warning>,
    /// Warnings counted, also past `max_error_count`.
    pub warning_count: u64,
    /// The first warning past `max_error_count` that strict mode makes an error: what is not kept to be shown still fails the statement.
    pub unkept: Option<Warning>,
    /// LAST_INSERT_ID().
    pub last_insert_id: u64,
    /// `@@quorate_last_gtid`: the name of the last transaction that was committed here.
    pub last_gtid: Option<Gtid>,
    /// ROW_COUNT().
    pub row_count: i64,
    /// FOUND_ROWS().
    pub found_rows: u64,
    /// Whether a transaction is open (for `@@in_transaction`-like reads and DDL's implicit commit).
    pub in_transaction: bool,
    /// CLIENT_FOUND_ROWS: UPDATE reports matched instead of changed rows.
    pub client_found_rows: bool,
    /// CLIENT_OPTIONAL_RESULTSET_METADATA: `resultset_metadata` can be NONE.
    pub client_takes_no_metadata: bool,
    /// The client is connected to another node, which passes on what only the leader can run.
    pub is_forwarded: bool,
    /// Its temporary tables, if it has made any.
    pub temporary: Option<Arc<TemporaryTables>>,
    /// LOCK TABLES: statements may use these tables only.
    pub locked_tables: Option<Arc<LockedTables>>,
    /// The account that the session was logged in as: `CURRENT_USER()`.
    pub account: AccountId,
    /// The roles that are active: `CURRENT_ROLE()`. What of them is still granted is for
    /// [`Accounts::privileges`](crate::account::Accounts::privileges) to say.
    pub active_roles: Vec<AccountId>,
    /// What the account may do with these roles, as of a version of the catalog: made anew by the server before a statement when that has
    /// moved.
    pub authorization: Arc<Authorization>,
    /// What its statements keep in memory.
    pub memory: Arc<ConnectionMemory>,
    /// What has changed since the client was last told; none for clients that are not told.
    pub tracked: Option<Box<Tracked>>,
    /// What SIGNAL in a trigger has set of the error under way.
    pub raised: Option<Box<ConditionItems>>,
}

impl SessionState {
    /// A session of nobody, with the defaults of all variables: what belongs to no connection is bound under it.
    #[must_use]
    pub fn detached() -> SessionState {
        SessionState {
            connection_id: 0,
            user: String::new(),
            host: String::new(),
            database: None,
            variables: SessionVariables::default(),
            user_variables: HashMap::new(),
            parameter_types: Vec::new(),
            parameters_are_variables: false,
            warnings: Vec::new(),
            warning_count: 0,
            unkept: None,
            last_insert_id: 0,
            last_gtid: None,
            row_count: 0,
            found_rows: 0,
            in_transaction: false,
            client_found_rows: false,
            client_takes_no_metadata: false,
            is_forwarded: false,
            locked_tables: None,
            account: AccountId::root(),
            active_roles: Vec::new(),
            authorization: Arc::new(Authorization::exempt()),
            memory: Arc::default(),
            tracked: None,
            raised: None,
            temporary: None,
        }
    }

    /// The session's temporary table of this name.
    #[must_use]
    pub fn temporary_table(&self, database: &str, name: &str) -> Option<&Arc<Table>> {
        self.temporary.as_ref()?.find(database, name)
    }

    /// The table that a name means in this session: its own temporary one, or a stored one.
    ///
    /// # Errors
    /// 1049, 1146.
    pub fn table<'t>(&'t self, catalog: &'t Catalog, database: &str, name: &str) -> Result<&'t Arc<Table>> {
        match self.temporary_table(database, name) {
            Some(table) => Ok(table),
            None => catalog.table(database, name),
        }
    }

    /// A number that changes with the session's temporary tables; 0 without any.
    #[must_use]
    pub fn temporary_version(&self) -> u64 {
        self.temporary.as_ref().map_or(0, |temporary| temporary.version())
    }

    /// Adds a warning, within `max_error_count`.
    pub fn warn(&mut self, level: WarningLevel, code: u16, message: impl Into<String>) {
        if level == WarningLevel::Note && !self.variables.sql_notes {
            return;
        }
        self.warning_count += 1;
        if (self.warnings.len() as u64) < self.variables.max_error_count {
            self.warnings.push(Warning { level, code, message: message.into(), state: None, items: None });
        } else if self.unkept.is_none()
            && level == WarningLevel::Warning
            && crate::execute::strict_state(code).is_some()
        {
            self.unkept = Some(Warning { level, code, message: message.into(), state: None, items: None });
        }
    }

    /// Where the warnings stand.
    #[must_use]
    pub fn warnings_mark(&self) -> WarningsMark {
        WarningsMark { kept: self.warnings.len(), count: self.warning_count, unkept: self.unkept.is_some() }
    }

    /// Forgets the warnings since the mark.
    pub fn forget_warnings(&mut self, mark: WarningsMark) {
        self.warnings.truncate(mark.kept);
        self.warning_count = mark.count;
        if !mark.unkept {
            self.unkept = None;
        }
    }
}
