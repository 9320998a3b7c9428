//! What became of a transaction: `quorate_transaction_outcome()` and the names that it is asked by.
//!
//! The answer comes from the terms of the committed entries ([`super::decided`]). Left out: becoming fresher before asking again, which
//! the statement does ([`sql::execute::Suspend::Freshness`]).

use sql::Error;
use sql::execute::{Freshness, TransactionOutcome};
use sql::gtid::Gtid;

use super::Node;
use super::decided::Fate;
use super::session::Session;

impl Node {
    /// The name of the transaction that the leader of `term` gave its place at `index`.
    #[must_use]
    pub fn gtid(&self, term: u64, index: u64) -> Gtid {
        Gtid { uuid: self.config.cluster_id, term: Some(term), index }
    }

    /// What became of the transaction of this name, as far as this node has applied the log.
    #[must_use]
    pub fn outcome(&self, gtid: &Gtid) -> TransactionOutcome {
        let unknown = |reason: String, may_change| TransactionOutcome::Unknown { reason, may_change };
        if gtid.uuid != self.config.cluster_id {
            return unknown(format!("{gtid} is of another cluster"), false);
        }
        let Some(term) = gtid.term else {
            let reason = format!(
                "{gtid} names no term (as in uuid:t7:1234), and its place in the log may be another transaction's"
            );
            return unknown(reason, false);
        };
        let watermark = self.store.watermark();
        match self.decided.fate(gtid.index, term, watermark) {
            Fate::Committed => TransactionOutcome::Committed,
            Fate::Gone => TransactionOutcome::NotCommitted,
            Fate::Open => {
                let reason = format!(
                    "this node has applied entries up to {watermark}, and {gtid} may still come: ask again"
                );
                unknown(reason, true)
            }
            Fate::Forgotten => {
                let reason = format!(
                    "this node was not there when {gtid} was decided, and began with a snapshot later: ask another"
                );
                unknown(reason, false)
            }
        }
    }
}

impl Session {
    /// Makes the node as fresh as the session wants it, in the middle of a statement.
    ///
    /// # Errors
    /// When the statement is stopped meanwhile.
    pub(super) async fn become_fresh(&self) -> Result<Freshness, Error> {
        match self.freshen().await {
            Ok(()) => Ok(Freshness::Asked),
            Err(error) if error.code == Error::query_interrupted().code => Err(error),
            Err(error) => Ok(Freshness::Failed(error.message)),
        }
    }
}
