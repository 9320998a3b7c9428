//! What statements keep in memory, and its bounds.
//!
//! Rows that a statement keeps (to sort, group, join, …) are counted by a [`Bounded`]: it refuses what is above the fixed bound of its kind, and
//! above `connection_memory_limit` and `global_connection_memory_limit`, which are counted in pieces of `connection_memory_chunk_size`. As in
//! MySQL these two end the connection, do not hold for accounts with `CONNECTION_ADMIN`, and the global one is counted only for sessions with
//! `global_connection_memory_tracking`.
//!
//! Left out: MySQL counts every allocation of a connection. What is not counted here has fixed bounds of its own (`docs/administration.md`).

pub use crate::execute::group_key::value_bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::authorization::Grant;
use crate::error::{Error, Result};
use crate::session::SessionState;

/// What all connections of a node keep.
#[derive(Debug)]
pub struct TotalMemory {
    bytes: AtomicU64,
    bytes_max: AtomicU64,
}

impl Default for TotalMemory {
    fn default() -> TotalMemory {
        TotalMemory { bytes: AtomicU64::new(0), bytes_max: AtomicU64::new(u64::MAX) }
    }
}

impl TotalMemory {
    /// Bytes that are kept: `Global_connection_memory`.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Sets `global_connection_memory_limit`.
    pub fn set_limit(&self, bytes_max: u64) {
        self.bytes_max.store(bytes_max, Ordering::Relaxed);
    }
}

/// What a connection keeps.
#[derive(Debug, Default)]
pub struct ConnectionMemory {
    bytes: AtomicU64,
    total: Arc<TotalMemory>,
}

impl ConnectionMemory {
    /// That of a connection that keeps nothing yet.
    #[must_use]
    pub fn new(total: &Arc<TotalMemory>) -> ConnectionMemory {
        ConnectionMemory { bytes: AtomicU64::new(0), total: Arc::clone(total) }
    }
}

/// Something that grows, within bounds. What it took is given back when it goes.
#[derive(Debug)]
pub struct Bounded {
    bytes: usize,
    bytes_max: usize,
    what: &'static str,
    /// Up to here nothing need be looked at.
    free: usize,
    charge: Option<Charge>,
}

/// What is counted of it, in whole pieces.
#[derive(Debug)]
struct Charge {
    memory: Arc<ConnectionMemory>,
    bytes: u64,
    piece: u64,
    /// `connection_memory_limit`.
    connection_bytes_max: u64,
    is_tracked: bool,
    is_exempt: bool,
}

impl Bounded {
    /// Of a session's statement; more than `bytes_max` is refused as too large, which `what` names.
    #[must_use]
    pub fn new(session: &SessionState, bytes_max: usize, what: &'static str) -> Bounded {
        let variables = &session.variables;
        let is_counted =
            variables.connection_memory_limit != u64::MAX || variables.global_connection_memory_tracking;
        let charge = is_counted.then(|| Charge {
            memory: Arc::clone(&session.memory),
            bytes: 0,
            piece: variables.connection_memory_chunk_size.max(1),
            connection_bytes_max: variables.connection_memory_limit,
            is_tracked: variables.global_connection_memory_tracking,
            is_exempt: session.authorization.has_global(Grant::Dynamic("CONNECTION_ADMIN")),
        });
        Bounded { bytes: 0, bytes_max, what, free: if is_counted { 0 } else { bytes_max }, charge }
    }

    /// It grew.
    ///
    /// # Errors
    /// 1038 above the fixed bound, 4081 and 4082 above those of the node and of the connection.
    pub fn add(&mut self, bytes: usize) -> Result<()> {
        self.set(self.bytes.saturating_add(bytes))
    }

    /// It has this size now. What it has given up is counted on until it goes.
    ///
    /// # Errors
    /// Those of [`Bounded::add`].
    pub fn set(&mut self, bytes: usize) -> Result<()> {
        self.bytes = bytes;
        if bytes <= self.free {
            return Ok(());
        }
        if bytes > self.bytes_max {
            return Err(Error::too_large(self.what));
        }
        if let Some(charge) = &mut self.charge {
            self.free =
                usize::try_from(charge.cover(bytes as u64)?).unwrap_or(usize::MAX).min(self.bytes_max);
        }
        Ok(())
    }

    /// Its size.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Charge {
    /// Takes pieces until `bytes` are covered: how much is.
    fn cover(&mut self, bytes: u64) -> Result<u64> {
        let more = bytes.saturating_sub(self.bytes).div_ceil(self.piece).saturating_mul(self.piece);
        self.bytes = self.bytes.saturating_add(more);
        let kept = self.memory.bytes.fetch_add(more, Ordering::Relaxed) + more;
        let total = &self.memory.total;
        let all = if self.is_tracked { total.bytes.fetch_add(more, Ordering::Relaxed) + more } else { 0 };
        let all_max = total.bytes_max.load(Ordering::Relaxed);
        if self.is_exempt {
            return Ok(self.bytes);
        }
        if kept > self.connection_bytes_max {
            return Err(limit_exceeded(4082, "Connection", self.connection_bytes_max, kept));
        }
        if all > all_max {
            return Err(limit_exceeded(4081, "Global connection", all_max, all));
        }
        Ok(self.bytes)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.memory.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        if self.is_tracked {
            self.memory.total.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        }
    }
}

fn limit_exceeded(code: u16, whose: &str, limit: u64, consumed: u64) -> Error {
    let message =
        format!("Connection closed. {whose} memory limit {limit} bytes exceeded. Consumed {consumed} bytes.");
    Error { code, state: *b"HY000", message }
}

/// Whether an error ends its connection: see the module.
#[must_use]
pub fn ends_connection(error: &Error) -> bool {
    matches!(error.code, 4081 | 4082)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorization::Authorization;

    fn session(limit: u64, tracks: bool, total: &Arc<TotalMemory>) -> SessionState {
        let mut session = SessionState::detached();
        session.variables.connection_memory_limit = limit;
        session.variables.global_connection_memory_tracking = tracks;
        session.memory = Arc::new(ConnectionMemory::new(total));
        session.authorization = Arc::new(Authorization::unknown());
        session
    }

    #[test]
    fn the_fixed_bound_holds_with_and_without_counting() {
        let total = Arc::default();
        for (limit, tracks) in [(u64::MAX, false), (u64::MAX, true), (1 << 30, false)] {
            let mut rows = Bounded::new(&session(limit, tracks, &total), 20_000, "rows");
            rows.add(20_000).unwrap();
            assert_eq!(rows.add(1).unwrap_err().code, 1038);
        }
        assert_eq!(total.bytes(), 0);
    }

    #[test]
    fn a_connection_and_all_of_them_are_bounded_and_give_back() {
        let total: Arc<TotalMemory> = Arc::default();
        let one = session(100_000, true, &total);
        let mut sorted = Bounded::new(&one, usize::MAX, "rows");
        sorted.add(1).unwrap();
        assert_eq!(total.bytes(), 8192, "in pieces");
        let mut grouped = Bounded::new(&one, usize::MAX, "rows");
        grouped.add(80_000).unwrap();
        let error = sorted.add(20_000).unwrap_err();
        assert_eq!(error.code, 4082, "the sum counts: {error}");
        assert!(ends_connection(&error));
        drop(grouped);
        drop(sorted);
        assert_eq!(total.bytes(), 0);

        total.set_limit(50_000);
        let (mut here, mut there) = (
            Bounded::new(&session(u64::MAX, true, &total), usize::MAX, "rows"),
            Bounded::new(&session(u64::MAX, true, &total), usize::MAX, "rows"),
        );
        here.add(30_000).unwrap();
        assert_eq!(there.add(30_000).unwrap_err().code, 4081);
        drop(there);
        let mut exempt = session(10, true, &total);
        exempt.authorization = Arc::new(Authorization::exempt());
        let mut rows = Bounded::new(&exempt, usize::MAX, "rows");
        rows.add(1 << 20).unwrap();
        assert!(total.bytes() > 1 << 20, "counted all the same");
    }
}
