//! Statements with AliSQL's inventory hints: COMMIT_ON_SUCCESS, ROLLBACK_ON_FAIL, TARGET_AFFECT_ROW(n).
//!
//! The last statement of a transaction takes the COMMIT with it: one round trip of the client less, and above all the row's lock is
//! released when the statement has run, not when the client has heard of it and sent a COMMIT. Under autocommit every statement commits or
//! rolls back by itself, and the first two hints say nothing new; the third is looked at before the commit.
//!
//! Invariant: the client hears of success only when the quorum has everything the statement saw, and the commit if there was one. Of
//! failure it hears likewise, but the locks of a transaction that is rolled back do not wait for that.

use std::sync::Arc;

use sql::Error;
use sql::ast::{InventoryHints, Statement};
use sql::execute::Outcome;
use sql::types::Value;

use super::plan_cache::CachedPlan;
use super::result::Answer;
use super::session::Session;

impl Session {
    /// Runs a statement as its hints say.
    ///
    /// # Errors
    /// 7532 when it affects another number of rows than it should; 1399 when it would end the transaction of an XA branch; else what the statement or its commit fails with.
    pub(super) async fn run_hinted(
        &mut self,
        hints: InventoryHints,
        statement: &Arc<Statement>,
        parameters: &[Value],
        plan: Option<&mut Option<Arc<CachedPlan>>>,
        reply: &mut dyn Answer,
    ) -> Result<Outcome, Error> {
        if hints.commit_on_success || hints.rollback_on_fail {
            self.check_branch_is_over()?;
        }
        let is_in_transaction =
            !self.state.variables.autocommit || self.open.as_ref().is_some_and(|open| open.explicit);
        let commits = hints.commit_on_success || !is_in_transaction;
        let rolls_back = hints.rollback_on_fail || !is_in_transaction;
        // Also under autocommit: what it did can then be looked at before it commits.
        let open = self.ensure_open(true);
        let before = open.txn.savepoint();
        self.state.in_transaction = true;
        self.commits_next = commits;
        let result = self.run_planned(statement, parameters, plan, reply).await;
        self.commits_next = false;
        let error = match result {
            Ok(outcome) if hints.target_rows.is_none_or(|target| target == outcome.affected) => {
                if commits {
                    self.commit().await?;
                }
                return Ok(outcome);
            }
            Ok(_) => {
                if let Some(open) = &mut self.open {
                    open.txn.rollback_to(before);
                }
                other_number_of_rows()
            }
            Err(error) => error,
        };
        if !rolls_back {
            return Err(self.fail(error).await);
        }
        let held = self.open.as_ref().and_then(|open| Some((self.held(open)?, open.term)));
        self.rollback();
        if let Some((wait, term)) = held {
            self.wait_for_seen(wait, term).await?;
        }
        Err(error)
    }
}

/// AliSQL's error for TARGET_AFFECT_ROW, in its words.
fn other_number_of_rows() -> Error {
    Error {
        code: 7532,
        state: *b"HY000",
        message: "Inventory conditional hints didn't match with result".into(),
    }
}
