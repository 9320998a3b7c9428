//! Looking whether the account of a session may do what a statement does, before it does it.
//!
//! What an account may do is kept in the session ([`SessionState::authorization`](sql::session::SessionState)) for one version of the
//! catalog, the account and its active roles, and made anew before a statement when one of them is another. So GRANT and REVOKE act on the
//! next statement of every session, on each node as soon as it has applied them.
//!
//! A plan is shared between sessions, what it needs is kept with it, and each session decides for itself. That it may run a plan is
//! remembered by the plan's number, which is never given twice ([`Permitted`]); nothing is remembered past a change of the authorization. An
//! account that may do everything with databases and tables, such as root, is not looked at any further.
//!
//! A decision is of the schema that its plan is of: whoever runs the plan makes sure that this is still the schema when the rows are read
//! (`run_plan`), and a REVOKE makes another one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sql::Error;
use sql::account::Privilege;
use sql::ast::Statement;
use sql::authorization::{Authorization, Grant, denied, show, statement};
use sql::plan::is_planned;

use super::plan_cache::CachedPlan;
use super::session::Session;

/// Plans that a session remembers: a power of two.
const PERMITTED_PLANS: usize = 32;

/// The number of the next plan. 0 is no plan's.
static NEXT_PLAN: AtomicU64 = AtomicU64::new(1);

/// A number for a plan that no other plan of this process has.
pub(super) fn next_plan_number() -> u64 {
    NEXT_PLAN.fetch_add(1, Ordering::Relaxed)
}

/// Numbers of plans that the session may run, by its authorization as it is.
#[derive(Debug, Default)]
pub struct Permitted([u64; PERMITTED_PLANS]);

impl Permitted {
    fn has(&self, plan: u64) -> bool {
        self.0[plan as usize % PERMITTED_PLANS] == plan
    }

    fn note(&mut self, plan: u64) {
        self.0[plan as usize % PERMITTED_PLANS] = plan;
    }
}

impl Session {
    /// Finds out what the account may do, unless that is known.
    pub(super) fn authorize(&mut self) {
        let state = &self.state;
        let version = self.node.catalog_version();
        if state.authorization.is_of(version, &state.account, &state.active_roles) {
            return;
        }
        // Its version may be a later one by now.
        let catalog = self.node.catalog();
        let authorization = Authorization::of(&catalog, &state.account, &state.active_roles);
        self.state.authorization = Arc::new(authorization);
        self.permitted = Permitted::default();
    }

    /// That the account may run a statement, as far as its kind tells: of one that is planned, the plan tells.
    ///
    /// # Errors
    /// 1044, 1142, 1227, 1370, 1401.
    pub(super) fn check_may(&mut self, statement: &Statement) -> Result<(), Error> {
        if is_planned(statement) {
            return Ok(());
        }
        self.authorize();
        statement::of_statement(statement, &self.state, &self.node.catalog()).check(&self.state)
    }

    /// That the account may run a plan. What it may do was found out before the plan was made, or found.
    ///
    /// # Errors
    /// 1044, 1142, 1143, 1227.
    pub(super) fn check_may_run_plan(&mut self, planned: &CachedPlan) -> Result<(), Error> {
        if self.state.authorization.version() != planned.schema_version() {
            // Planning has met a later schema, with other grants perhaps.
            self.authorize();
        }
        if self.state.authorization.is_unlimited() || self.permitted.has(planned.number) {
            return Ok(());
        }
        planned.plan.requirements.check(&self.state)?;
        self.permitted.note(planned.number);
        Ok(())
    }

    /// That the account may use a database.
    ///
    /// # Errors
    /// 1044.
    pub(super) fn check_may_use(&mut self, database: &str) -> Result<(), Error> {
        self.authorize();
        show::use_of(database).check(&self.state)
    }

    /// That the account may be told the columns of a table of the current database.
    ///
    /// # Errors
    /// 1142.
    pub(super) fn check_may_describe(&mut self, table: &str) -> Result<(), Error> {
        self.authorize();
        show::columns_of(table, &self.state, &self.node.catalog()).check(&self.state)
    }

    /// KILL, and COM_PROCESS_KILL: of connections of the same user, or with `CONNECTION_ADMIN`. Whoever may not see a connection hears that
    /// it is there all the same, as in MySQL.
    ///
    /// # Errors
    /// 1094, 1095.
    pub fn kill_connection(&mut self, id: u64, query_only: bool) -> Result<(), Error> {
        use sql::execute::Host as _;
        self.authorize();
        let Some(target) = self.node.processes.find(id) else { return Err(Error::no_such_thread(id)) };
        let authorization = &self.state.authorization;
        let is_administrator = authorization.has_global(Grant::Dynamic("CONNECTION_ADMIN"))
            || authorization.has_global(Grant::Static(Privilege::Super));
        let is_own = id == self.connection.id || target.user() == self.state.account.user;
        if !is_administrator && !is_own {
            return Err(denied::kill(id));
        }
        if self.node.kill(id, query_only) { Ok(()) } else { Err(Error::no_such_thread(id)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_permitted_by_its_own_number_only() {
        let mut permitted = Permitted::default();
        assert!(!permitted.has(5));
        permitted.note(5);
        assert!(permitted.has(5));
        let same_place = 5 + PERMITTED_PLANS as u64;
        assert!(!permitted.has(same_place));
        permitted.note(same_place);
        assert!(permitted.has(same_place) && !permitted.has(5));
    }

    #[test]
    fn no_two_plans_have_one_number() {
        let (one, other) = (next_plan_number(), next_plan_number());
        assert!(one != other && one > 0 && other > 0);
    }
}
