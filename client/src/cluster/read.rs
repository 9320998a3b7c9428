//! Reads, spread over the nodes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::pool::{NodePool, Purpose};
use super::retry::{self, Backoff, Kind, Verdict};
use super::{Cluster, Shared};
use crate::{Error, Param, QueryResult, Result, limits};

/// What a read must see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consistency {
    /// Everything that was acknowledged, to anybody, before the read began.
    #[default]
    Strong,
    /// At least everything that was written before the read began through this [`Cluster`] and its clones. Not that it sees what an
    /// earlier read on another node saw of others' writes. Without session tracking ([`crate::Options::track_session`]) on the
    /// server, reads after a write are strong.
    Session,
    /// What the node that answers has.
    Eventual,
}

/// Reads of one consistency: see [`Cluster::read`].
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) consistency: Consistency,
}

impl Reader<'_> {
    /// Runs a statement that reads, on any node; on another one when that fails. The sessions are read-only: a statement that writes is
    /// error 1792.
    ///
    /// # Errors
    /// The server's, or the last reason when no node could answer in time.
    pub async fn query(&self, sql: &str) -> Result<QueryResult> {
        let deadline = Instant::now() + self.cluster.shared.options.deadline;
        self.cluster.shared.read(sql, None, self.consistency, deadline).await
    }

    /// Runs it with values in place of its `?`; it is prepared once a connection.
    ///
    /// # Errors
    /// As [`Reader::query`].
    pub async fn execute(&self, sql: &str, parameters: &[Param<'_>]) -> Result<QueryResult> {
        let deadline = Instant::now() + self.cluster.shared.options.deadline;
        self.cluster.shared.read(sql, Some(parameters), self.consistency, deadline).await
    }
}

/// A node to read from, and how much of the reads it is to get.
struct Candidate {
    pool: Arc<NodePool>,
    share: f64,
}

impl Shared {
    pub(super) async fn read(
        self: &Arc<Self>,
        sql: &str,
        parameters: Option<&[Param<'_>]>,
        consistency: Consistency,
        deadline: Instant,
    ) -> Result<QueryResult> {
        if Kind::of(sql) == Kind::Control {
            return Err(Error::NotSupported { what: "transactions of reads on any node" });
        }
        let mut backoff = Backoff::new();
        let mut tried: Vec<String> = Vec::new();
        loop {
            let Some(pool) = self.choose(&tried) else {
                // No member is known, or all have failed: whom the search finds, and then all again.
                tried.clear();
                let _ = self.leader(deadline.min(Instant::now() + limits::ROLE_TIMEOUT)).await;
                if Instant::now() >= deadline {
                    return Err(Error::NoLeader {
                        waited_ms: 0,
                        addresses: "no node that can be read".into(),
                    });
                }
                backoff.pause(deadline).await;
                continue;
            };
            match self.read_on(&pool, sql, parameters, consistency, deadline).await {
                Ok(result) => return Ok(result),
                Err(error) if !is_passing(&error) => return Err(error),
                Err(error) if Instant::now() >= deadline => return Err(error),
                Err(error) => {
                    pool.note_failure();
                    if error.is_disconnect() {
                        pool.clear();
                        self.leader_failed(&pool.address);
                    }
                    tried.push(pool.address.clone());
                }
            }
        }
    }

    async fn read_on(
        &self,
        pool: &Arc<NodePool>,
        sql: &str,
        parameters: Option<&[Param<'_>]>,
        consistency: Consistency,
        deadline: Instant,
    ) -> Result<QueryResult> {
        let has_unnamed_writes = self.has_unnamed_writes.load(Ordering::Acquire);
        let purpose = match consistency {
            Consistency::Strong => Purpose::StrongRead,
            Consistency::Session if has_unnamed_writes => Purpose::StrongRead,
            Consistency::Session | Consistency::Eventual => Purpose::LocalRead,
        };
        let timeout = self.options.connection.timeout;
        let mut connection = pool.take(purpose, deadline).await?;
        connection.set_deadline(deadline, timeout);
        if consistency == Consistency::Session && purpose == Purpose::LocalRead {
            let index = self.written.load(Ordering::Acquire);
            if index > pool.applied.load(Ordering::Acquire) {
                let seconds = timeout.as_secs().clamp(1, 5);
                let wait = format!("CALL dbms_consensus.wait_apply_index({index}, {seconds})");
                pool.attended(Duration::ZERO, connection.query(&wait)).await?;
                pool.applied.fetch_max(index, Ordering::AcqRel);
            }
        }
        if !Kind::of(sql).leaves_no_trace(sql) {
            connection.soil();
        }
        let start = Instant::now();
        let result = match parameters {
            None => pool.attended(Duration::ZERO, connection.query(sql)).await,
            Some(parameters) => pool.attended(Duration::ZERO, connection.execute(sql, parameters)).await,
        };
        if result.is_ok() {
            pool.note_latency(start.elapsed());
        }
        result
    }

    /// A node that was not tried yet: at random, more often one that is wanted more and answers sooner. One that failed lately only
    /// when there is no other.
    fn choose(&self, tried: &[String]) -> Option<Arc<NodePool>> {
        let mut candidates = Vec::new();
        {
            let topology = self.topology.borrow();
            for member in topology.members.iter().filter(|member| member.is_readable) {
                if tried.contains(&member.address) {
                    continue;
                }
                let is_leader = topology.leader.as_ref() == Some(&member.address);
                let weight = self.options.read_weight(&member.address, is_leader);
                let pool = self.pool(&member.address);
                candidates.push(Candidate { pool, share: f64::from(weight) });
            }
            // Where the members' addresses are not known, or are others from here, there is the leader as it was found.
            let found = topology.leader.as_ref().filter(|leader| !tried.contains(leader));
            if let Some(leader) = found.filter(|_| candidates.is_empty()) {
                candidates.push(Candidate { pool: self.pool(leader), share: 1.0 });
            }
        }
        // Reads differ too; so a slow node gets fewer, and still some, by which it is seen to be fast again.
        let fastest_us = candidates.iter().map(|candidate| candidate.pool.latency_us()).min().unwrap_or(1);
        for candidate in &mut candidates {
            let slowness = candidate.pool.latency_us() as f64 / fastest_us as f64;
            candidate.share /= slowness.min(limits::READ_SLOWNESS_MAX);
        }
        let usable = |candidate: &&Candidate| candidate.share > 0.0 && !candidate.pool.is_resting();
        let is_any_usable = candidates.iter().any(|candidate| usable(&candidate));
        if is_any_usable {
            candidates.retain(|candidate| usable(&candidate));
        } else {
            // Better one that was not to be read from, as the leader, than none.
            candidates.iter_mut().for_each(|candidate| candidate.share = 1.0);
        }
        let total: f64 = candidates.iter().map(|candidate| candidate.share).sum();
        let mut point = rand::random::<f64>() * total;
        let last = candidates.last().map(|candidate| Arc::clone(&candidate.pool));
        for candidate in candidates {
            point -= candidate.share;
            if point < 0.0 {
                return Some(candidate.pool);
            }
        }
        last
    }
}

/// Another node may answer what this one did not.
fn is_passing(error: &Error) -> bool {
    match error {
        Error::Busy { .. } => true,
        // Behind, cut off, or fetching its tables.
        Error::Server(server) if server.code == 1105 => ["no majority", "wait_apply_index", "being fetched"]
            .iter()
            .any(|words| server.message.contains(words)),
        // A logger has no tables; a node that stops ends its statements.
        Error::Server(server) => matches!(server.code, 1053) || error.is_not_leader(),
        _ => retry::before_commit(error, false) == Verdict::LeaderLost,
    }
}
