//! How many statements of each kind a connection has run: `Com_…` of SHOW STATUS.

use std::sync::atomic::{AtomicU64, Ordering};

use sql::ast::Counted;

/// A number for each kind.
pub struct StatementCounts([AtomicU64; Counted::NAMES.len()]);

impl Default for StatementCounts {
    fn default() -> StatementCounts {
        StatementCounts([const { AtomicU64::new(0) }; Counted::NAMES.len()])
    }
}

impl StatementCounts {
    /// Counts one. Only the connection's own session does: what others read is never less than it was.
    pub fn count(&self, kind: Counted) {
        let counter = &self.0[kind as usize];
        counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// Begins anew; only the connection's own session does.
    pub fn clear(&self) {
        self.0.iter().for_each(|counter| counter.store(0, Ordering::Relaxed));
    }

    /// Adds another's.
    pub fn add(&self, other: &StatementCounts) {
        for (sum, more) in self.0.iter().zip(&other.0) {
            sum.fetch_add(more.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }

    /// Name and value of each variable.
    pub fn shown(&self) -> impl Iterator<Item = (String, String)> {
        let values = self.0.iter().map(|counter| counter.load(Ordering::Relaxed).to_string());
        Counted::NAMES.iter().map(|name| format!("Com_{name}")).zip(values)
    }
}
