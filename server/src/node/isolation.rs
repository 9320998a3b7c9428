//! What a transaction's isolation level means for a statement of it.
//!
//! | level | plain reads | what locking reads and changes lock |
//! |---|---|---|
//! | READ UNCOMMITTED, READ COMMITTED | a snapshot a statement | rows |
//! | REPEATABLE READ | a snapshot a transaction | rows, and ranges against insertion |
//! | SERIALIZABLE, read only, and single SELECTs | a snapshot a transaction | |
//! | SERIALIZABLE | the newest versions, locked | rows, and ranges against every write |
//!
//! Locks are held to the transaction's place in the log, so the order of the log is a serial order of what SERIALIZABLE
//! transactions do, and a snapshot, which is a prefix of the log, is consistent with it on any node. `docs/isolation.md` says
//! what each level promises.

use sql::Error;
use sql::execute::Locking;
use sql::plan::{Plan, Planned};
use sql::variables::Isolation;
use storage::txn::RangeKind;

use super::Node;
use super::session::{Open, Session};

impl Session {
    /// Whether a statement reads the newest versions under locks although it does not say so: any that reads tables in a
    /// SERIALIZABLE transaction that may write.
    pub(super) fn locks_reads(&self, plan: &Plan) -> bool {
        if plan.tables().is_empty() {
            return false;
        }
        let variables = &self.state.variables;
        let (explicit, isolation, read_only) = match &self.open {
            Some(open) => (open.explicit, open.isolation, open.read_only),
            None => (
                !variables.autocommit,
                self.next.isolation.unwrap_or(variables.isolation),
                self.next.read_only.unwrap_or(variables.transaction_read_only),
            ),
        };
        let reads = match &plan.statement {
            Planned::Query(_) | Planned::Do(_) => true,
            Planned::Update(_)
            | Planned::Delete(_)
            | Planned::Joined(_)
            | Planned::Insert(_)
            | Planned::Load(_) => plan.is_write(),
            Planned::Explain(_) => false,
        };
        isolation == Isolation::Serializable
            && reads
            && (plan.is_write() || plan.writes_within || (explicit && !read_only))
    }
}

impl Open {
    /// What a statement of the transaction locks; `latest` if it reads newest versions.
    pub(super) fn locking(&self, latest: bool) -> Locking {
        let (ranges, reads) = match self.isolation {
            Isolation::ReadCommitted => (None, false),
            // Nothing of a single statement is read again.
            Isolation::RepeatableRead => (self.explicit.then_some(RangeKind::Insertions), false),
            Isolation::Serializable => (Some(RangeKind::Writes), latest),
        };
        Locking { isolation: self.isolation, ranges: ranges.filter(|_| latest), reads }
    }

    /// Takes the snapshot that a run of a statement reads, if it needs one that is not taken yet. One that only changes or locks rows reads
    /// their latest versions and needs none. One is taken for each statement under READ COMMITTED, and kept for the transaction otherwise.
    ///
    /// # Errors
    /// 1412 when a table was made or changed after the transaction's snapshot.
    pub(super) fn choose_snapshot(
        &mut self,
        node: &Node,
        plan: &Plan,
        latest: bool,
        locking: Locking,
    ) -> Result<(), Error> {
        // The newest committed version of one row is a snapshot of it, and so are newest versions that are all locked.
        let needs_none = plan.reads_one_row && !self.explicit || locking.reads;
        if needs_none || !plan.reads_snapshot {
            return Ok(());
        }
        let is_taken = self.txn.snapshot_index().is_some();
        if self.isolation == Isolation::ReadCommitted || !self.explicit {
            if !is_taken || self.explicit || latest {
                self.txn.take_snapshot();
            }
            return Ok(());
        }
        if !is_taken {
            self.take_snapshot(node);
        }
        if self.can_read(plan.tables()) { Ok(()) } else { Err(definition_changed()) }
    }

    /// Refuses a locking read where the transaction is a snapshot: it would see something newer.
    ///
    /// # Errors
    /// 1235.
    pub(super) fn check_locking_read(&self, plan: &Plan) -> Result<(), Error> {
        let locks = matches!(plan.statement, Planned::Query(_)) && plan.is_write();
        if locks && self.read_only && self.isolation == Isolation::Serializable {
            return Err(Error::not_supported("a locking read in a READ ONLY transaction under SERIALIZABLE"));
        }
        Ok(())
    }
}

/// The error of a read whose transaction took its snapshot before the table was made or changed.
fn definition_changed() -> Error {
    Error {
        code: 1412,
        state: *b"HY000",
        message: "Table definition has changed, please retry transaction".into(),
    }
}
