//! The state machine of a node: what is committed is applied in order, reads and acknowledgements wait for it, its storage is
//! written behind, snapshots are taken of it and put in its place.

use consensus::{Input, LogIndex, NodeId, Role};

use super::log_thread::LogWrite;
use super::{Node, WaitingRead};
use crate::checker;
use crate::clock::RealUs;
use crate::env::Env;
use crate::queue::{Event, Local};
use crate::snapshot::{Snapshot, State};

/// Reads that may wait in one node.
const READS_MAX: usize = 32;
/// Entries applied in one piece.
const APPLY_ENTRIES_MAX: u64 = 64;

impl Node {
    /// The apply goes on, soon.
    pub(super) fn wake_apply(&mut self, env: &mut Env) {
        let process = self.process.as_mut().expect("it runs");
        if !process.is_apply_scheduled {
            process.is_apply_scheduled = true;
            let delay_us = env.random.between(1, self.apply_us);
            env.after(delay_us, self.id, self.boot, Local::Apply);
        }
    }

    pub(super) fn apply(&mut self, env: &mut Env) {
        let process = self.process.as_mut().expect("it runs");
        process.is_apply_scheduled = false;
        if process.resets_pending > 0 {
            return;
        }
        let before = process.state.index;
        if self.is_log_only {
            process.state.index = process.commit;
        } else if !self.apply_entries(env) {
            self.end(env, super::start::End::Killed);
            return;
        }
        let process = self.process.as_mut().expect("it runs");
        let state = process.state;
        if state.index > before || state.index > process.replica.applied().get() {
            self.acknowledge(env);
            self.answer_reads(env);
            self.applied(env, state.index);
        }
        self.flush(env);
        let Some(process) = &self.process else { return };
        if process.state.index < process.commit {
            self.wake_apply(env);
        }
    }

    /// Applies a piece. False when the log cannot be read.
    fn apply_entries(&mut self, env: &mut Env) -> bool {
        let process = self.process.as_mut().expect("it runs");
        let last = process.commit.min(process.state.index + APPLY_ENTRIES_MAX);
        while process.state.index < last {
            let entries = match process.cache.read(process.state.index + 1, last, APPLY_ENTRIES_MAX) {
                Ok(entries) => entries,
                Err(error) => panic!("{} cannot read what it has committed: {error}", self.id),
            };
            for entry in entries {
                assert!(entry.index.get() == process.state.index + 1, "entries are applied in order");
                process.state = checker::apply(process.state, entry.term.get(), entry.kind, &entry.payload);
                env.checker.applies(self.id, process.state);
            }
        }
        true
    }

    /// Writes behind, never past what the log has on disk.
    fn flush(&mut self, env: &mut Env) {
        let is_time = env.random.once_in(self.flush_one_in);
        let Some(process) = &self.process else { return };
        if is_time && process.resets_pending == 0 && process.state.index <= process.durable {
            self.engine = process.state;
        }
    }

    /// Tells the clients whose writes are committed; forgets those that are not to be.
    fn acknowledge(&mut self, env: &mut Env) {
        let process = self.process.as_mut().expect("it runs");
        let applied = process.state.index;
        while let Some((index, term)) = process.writes.pop_front_if(|(index, _)| *index <= applied) {
            if process.ordered.term_at(index) == Some(term) {
                env.tally.acknowledged += 1;
                env.checker.acknowledges(self.id, index, term);
            }
        }
    }

    /// A client reads, and must see what every client may count on by now.
    pub fn read(&mut self, env: &mut Env) {
        if self.is_log_only {
            return;
        }
        let now_ns = self.clock.read_ns(env.now_us);
        let Some(process) = self.process.as_mut() else { return };
        let began_frontier = env.checker.frontier();
        if process.has_lease(now_ns) {
            // Not what is applied: a follower may be ahead with that and have shown it. Nobody is ahead of the leader's commit index.
            let (ticket, index) = (0, Some(process.commit));
            process.reads.push(WaitingRead { ticket, began_frontier, index });
            self.answer_reads(env);
        } else if process.reads.len() < READS_MAX {
            let ticket = process.next_ticket;
            process.next_ticket += 1;
            process.reads.push(WaitingRead { ticket, began_frontier, index: None });
            self.step(env, Input::Read { ticket });
        } else {
            // They time out; their clients ask again.
            process.reads.clear();
        }
    }

    /// What a read from the lease would promise now, if there is a lease.
    #[must_use]
    pub fn lease_read(&self, now_us: RealUs) -> Option<u64> {
        let process = self.process.as_ref().filter(|process| process.role == Role::Leader)?;
        let holds = process.paused.is_none() && process.has_lease(self.clock.read_ns(now_us));
        holds.then_some(process.commit)
    }

    pub(super) fn read_ready(&mut self, env: &mut Env, ticket: u64, index: LogIndex) {
        let process = self.process.as_mut().expect("it just took a step");
        if let Some(read) = process.reads.iter_mut().find(|read| read.ticket == ticket) {
            read.index = Some(index.get());
            self.answer_reads(env);
        }
    }

    fn answer_reads(&mut self, env: &mut Env) {
        let process = self.process.as_mut().expect("it runs");
        if process.resets_pending > 0 {
            return;
        }
        let shown = process.state.index;
        process.reads.retain(|read| match read.index {
            Some(index) if index <= shown => {
                let (count, how) = match read.ticket {
                    0 => (&mut env.tally.lease_reads, "from its lease"),
                    _ => (&mut env.tally.index_reads, "after a round"),
                };
                *count += 1;
                env.checker.answers_read(self.id, read.began_frontier, index, shown, how);
                false
            }
            Some(_) | None => true,
        });
    }

    /// A copy of the state machine, if it reaches far enough.
    #[must_use]
    pub fn snapshot(&self, at_least: LogIndex, for_log_only: bool) -> Option<Snapshot> {
        let process = self.process.as_ref()?;
        let index = process.state.index;
        let is_able = process.paused.is_none()
            && process.resets_pending == 0
            && index >= at_least.get()
            && index > 0
            && (for_log_only || !self.is_log_only);
        if !is_able {
            return None;
        }
        let term = process.ordered.term_at(index)?;
        let state = if self.is_log_only { State { index, term, chain: 0 } } else { process.state };
        let membership = process.membership_at(index).clone();
        Some(Snapshot { state, has_tables: !self.is_log_only, membership })
    }

    pub(super) fn fetch(&mut self, env: &mut Env, from: NodeId, leader: NodeId, at_least: LogIndex) {
        let process = self.process.as_mut().expect("it just took a step");
        if process.is_fetching {
            return;
        }
        process.is_fetching = true;
        let source = if env.random.once_in(5) { leader } else { from };
        let (node, boot) = (self.id, self.boot);
        let delay_us = env.random.between(100, 2_000);
        env.queue.push(env.now_us + delay_us, Event::AskSnapshot { node, boot, source, at_least });
    }

    /// A snapshot is on disk as a whole, or could not be had.
    pub(super) fn snapshot_arrives(&mut self, env: &mut Env, snapshot: Option<Box<Snapshot>>) {
        let process = self.process.as_mut().expect("it runs");
        process.is_fetching = false;
        let Some(snapshot) = snapshot else { return };
        assert!(
            !snapshot.has_tables || env.checker.state_at(snapshot.state.index) == Some(snapshot.state),
            "a snapshot is of what is committed"
        );
        let (base, membership) = (snapshot.base(), snapshot.membership.clone());
        process.staged = Some(snapshot);
        self.step(env, Input::SnapshotStaged { base, membership });
        if let Some(process) = self.process.as_mut() {
            // The log had got past it.
            process.staged = None;
        }
    }

    /// The log is reset: the snapshot replaces the state machine.
    pub(super) fn put_in_place(&mut self, env: &mut Env, snapshot: Snapshot) {
        let process = self.process.as_mut().expect("it runs");
        process.resets_pending -= 1;
        process.state = snapshot.state;
        // Nobody here knows any more what became of them.
        while process.writes.pop_front_if(|(index, _)| *index <= snapshot.state.index).is_some() {}
        self.engine = snapshot.state;
        self.members_file = vec![snapshot.membership];
        self.installing = None;
        self.wake_apply(env);
    }

    /// The operator's bound, or what everybody is known to hold, lets the log be purged.
    pub fn purge(&mut self, env: &mut Env, is_forced: bool) {
        let Some(process) = self.process.as_ref().filter(|process| process.paused.is_none()) else { return };
        let own = if self.is_log_only { process.commit.min(process.durable) } else { self.engine.index };
        let floor = process.replica.floor().get();
        let upto = if is_forced { own } else { own.min(floor) };
        if process.resets_pending > 0 || upto <= process.ordered.base {
            return;
        }
        // Durable before the log goes: it may go in part only, so what is needed at any base up to there is kept.
        let first = process.memberships.partition_point(|entry| entry.0.get() <= process.ordered.base);
        let kept = process.memberships[first.saturating_sub(1)..].iter();
        self.members_file = kept.filter(|entry| entry.0.get() <= upto).cloned().collect();
        env.note(self.id, "purges", &(upto, is_forced));
        self.order_write(env, LogWrite::Purge(upto));
    }
}
