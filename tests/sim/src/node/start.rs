//! How a process begins, with what the disk has, and how it ends.

use std::path::Path;
use std::sync::Arc;

use consensus::{
    Config, HardState, Lease, LogIndex, LogState, Membership, NodeId, Replica, Term, WriteSeq,
    decode_membership,
};
use storage::disk::{Disk, SimDisk};
use storage::log::{Log, Opened, Options};

use super::entry_cache::EntryCache;
use super::log_thread::LogThread;
use super::{Node, Process, Sequencer, TICK_NS};
use crate::clock::Clock;
use crate::env::Env;
use crate::queue::Local;
use crate::random::Random;
use crate::shadow::{Change, Shadow};
use crate::snapshot::State;
use crate::world::place;

/// The folder of the log on its disk.
const FOLDER: &str = "/log";
/// The cluster's id.
const CLUSTER: u128 = 7;

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The process only: the machine keeps what was written.
    Killed,
    /// The power fails: what was not synced is lost, or in part.
    PowerCut,
}

impl Node {
    /// A node with an empty disk, which knows the founding members and nothing else.
    #[must_use]
    pub fn new(
        config: Config,
        is_log_only: bool,
        founders: &Membership,
        lease_ns: u64,
        random: &mut Random,
    ) -> Node {
        let salt = random.number() as u32;
        let log_options = Options {
            segment_bytes: 0,
            ring_bytes: 4_096,
            ring_entries: random.between(1, 12) as usize,
            salt: Some(salt),
            marked_kind: Some(consensus::EntryKind::Membership.code()),
            ..Options::new(CLUSTER)
        };
        Node {
            id: config.id,
            is_log_only,
            config,
            lease_ns,
            clock: Clock::default(),
            sync_us: 200,
            apply_us: 50,
            flush_one_in: 4,
            boot: 0,
            process: None,
            is_disk_failing: false,
            disk: SimDisk::new(random.number()),
            log_options,
            cache_entries_max: random.between(1, 20) as usize,
            engine: State::default(),
            members_file: vec![(LogIndex::ZERO, founders.clone())],
            installing: None,
            unconfirmed: std::collections::VecDeque::new(),
        }
    }

    /// Starts, if the disk lets it. False when it does not.
    ///
    /// # Panics
    /// When what is on a healthy disk is not what was written.
    pub fn start(&mut self, env: &mut Env) -> bool {
        assert!(self.process.is_none(), "it starts once");
        let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
        let mut opened = match Log::open(disk, Path::new(FOLDER), self.log_options.clone()) {
            Ok(opened) => opened,
            Err(error) if self.is_disk_failing => {
                env.note(self.id, "cannot start", &error);
                return false;
            }
            Err(error) => panic!("{} cannot open its log: {error}", self.id),
        };
        let recovered = self.verify(env, &opened);
        *env.checker.disk(self.id) = recovered;
        self.unconfirmed.clear();
        if !self.finish_installing(env, &mut opened) {
            return false;
        }
        self.begin(env, opened);
        true
    }

    /// What was recovered is what was ordered, up to some point at or after the last one reported durable.
    fn verify(&self, env: &mut Env, opened: &Opened) -> Shadow {
        let recovered = shadow_of(opened);
        let mut expected = env.checker.disk(self.id).clone();
        let mut unconfirmed = self.unconfirmed.iter();
        while !recovered.is_end_of(&expected) {
            let Some((_, change)) = unconfirmed.next() else {
                panic!(
                    "{} finds on its disk what was never ordered: {recovered:?}, last expected {expected:?}",
                    self.id
                )
            };
            expected.apply(change);
        }
        recovered
    }

    /// A snapshot that was being put in place when the process ended is put in place. False when the disk does not let it.
    fn finish_installing(&mut self, env: &mut Env, opened: &mut Opened) -> bool {
        let Some(snapshot) = self.installing.clone() else { return true };
        let (index, term) = (snapshot.state.index, snapshot.state.term);
        if opened.first != index + 1 || opened.last != index {
            let change = Change::Reset(index, term);
            // It may fail half way, and be found at the next start.
            self.unconfirmed.push_back((WriteSeq::ZERO, change.clone()));
            if let Err(error) = opened.log.reset(index, term) {
                assert!(self.is_disk_failing, "a healthy disk: {error}");
                return false;
            }
            (opened.first, opened.last, opened.base_term) = (index + 1, index, term);
            opened.term_runs.clear();
            opened.marked.clear();
            env.checker.disk(self.id).apply(&change);
            self.unconfirmed.clear();
        }
        self.engine = snapshot.state;
        self.members_file = vec![snapshot.membership.clone()];
        self.installing = None;
        true
    }

    fn begin(&mut self, env: &mut Env, opened: Opened) {
        let ordered = shadow_of(&opened);
        let memberships = self.memberships(&opened);
        if !self.is_log_only {
            assert!(
                self.engine.index <= ordered.last() && self.engine.index >= ordered.base,
                "{}: the state machine's storage is at {}, the log holds {} to {}",
                self.id,
                self.engine.index,
                ordered.base,
                ordered.last()
            );
        }
        let commit = if self.is_log_only { ordered.base } else { self.engine.index };
        let replica = Replica::new(
            self.config.clone(),
            ordered.hard_state,
            log_state(&opened),
            LogIndex::new(commit),
            memberships.clone(),
        );
        let replica = replica.unwrap_or_else(|error| panic!("{} cannot start: {error}", self.id));
        env.checker.restarts(self.id, replica.term());
        self.boot += 1;
        env.boots[place(self.id)] = self.boot;
        let now_ns = self.clock.read_ns(env.now_us);
        let state = if self.is_log_only { State { index: commit, ..State::default() } } else { self.engine };
        self.process = Some(Process {
            cache: EntryCache::new(opened.log.reader(), opened.last, self.cache_entries_max),
            log_thread: LogThread::new(opened.log),
            held: std::collections::VecDeque::new(),
            appends: std::collections::VecDeque::new(),
            durable: opened.last,
            role: replica.role(),
            ready: None,
            sequencer: Sequencer::default(),
            lease: Lease::new(self.lease_ns),
            commit: replica.commit().get(),
            state,
            is_apply_scheduled: false,
            resets_pending: 0,
            memberships,
            degraded: std::collections::BTreeSet::new(),
            broken: std::collections::BTreeSet::new(),
            reads: Vec::new(),
            // A process never uses the ticket of an earlier one: an answer to that may still be on its way.
            next_ticket: self.boot << 32,
            writes: std::collections::VecDeque::new(),
            is_fetching: false,
            staged: None,
            next_tick_ns: now_ns + TICK_NS,
            paused: None,
            ordered,
            replica,
        });
        env.note(self.id, "starts", &(self.boot, commit, opened.first, opened.last));
        let tick_us = self.clock.when(env.now_us, now_ns + TICK_NS) - env.now_us;
        env.after(tick_us, self.id, self.boot, Local::Tick);
        env.after(1, self.id, self.boot, Local::Apply);
    }

    /// The members at the log's base, and those that the log makes.
    fn memberships(&self, opened: &Opened) -> Vec<(LogIndex, Membership)> {
        let base = LogIndex::new(opened.first - 1);
        let at_base = self.members_file.iter().rev().find(|entry| entry.0 <= base);
        let mut memberships = vec![at_base.expect("the file reaches back to the base").clone()];
        for record in &opened.marked {
            let membership =
                decode_membership(&record.payload).expect("a membership entry that a leader made");
            memberships.push((LogIndex::new(record.index), membership));
        }
        memberships
    }

    /// The process ends, at any point of what its log thread was at.
    pub fn end(&mut self, env: &mut Env, end: End) {
        let Some(mut process) = self.process.take() else { return };
        env.tally.crashes += 1;
        env.note(self.id, "ends", &end);
        if !self.is_disk_failing && env.random.once_in(2) {
            // The log thread gets a little further, and is stopped in the middle.
            self.disk.fail_after(env.random.below(8), std::io::ErrorKind::Other);
            let _ = process.log_thread.log.sync();
            self.disk.heal();
        }
        match end {
            End::Killed => {}
            End::PowerCut => self.disk.crash(),
        }
        if self.is_disk_failing {
            self.fail_disk(0);
        }
    }

    /// From now on the disk fails, after a few more operations.
    pub fn fail_disk(&mut self, count: u64) {
        self.is_disk_failing = true;
        self.disk.fail_after(count, std::io::ErrorKind::StorageFull);
    }

    /// The disk works again.
    pub fn heal_disk(&mut self) {
        self.is_disk_failing = false;
        self.disk.heal();
    }

    /// Changes a byte in a copy of the log of a node that is down: the log must say so, or lose at most what no sync covered.
    /// Returns whether it was found.
    ///
    /// # Panics
    /// When the log opens and holds something else than was written.
    pub fn rot(&self, env: &mut Env) -> bool {
        assert!(self.process.is_none(), "only a node that is down");
        let copy = SimDisk::new(env.random.number());
        let names = self.disk.list(Path::new(FOLDER)).unwrap_or_default();
        let files: Vec<_> = names.iter().map(|name| Path::new(FOLDER).join(name)).collect();
        if files.is_empty() {
            return false;
        }
        let chosen = env.random.below(files.len() as u64) as usize;
        for (place, path) in files.iter().enumerate() {
            let mut bytes = self.disk.read_file(path).expect("a file that is listed");
            if place == chosen && !bytes.is_empty() {
                // Most of a segment is zeros that nobody needs.
                let used = bytes.iter().rposition(|byte| *byte != 0).map_or(bytes.len(), |last| last + 1);
                let at = env.random.below(used as u64) as usize;
                bytes[at] ^= 1 << env.random.below(8);
            }
            copy.write_file(path, &bytes);
        }
        match Log::open(Arc::new(copy), Path::new(FOLDER), self.log_options.clone()) {
            Err(_) => true,
            Ok(opened) => {
                let found = shadow_of(&opened);
                let mut expected = env.checker.disk(self.id).clone();
                for (_, change) in &self.unconfirmed {
                    expected.apply(change);
                }
                // Read as a torn write: the last batch is gone. Anything that is there is as it was written.
                for index in found.base + 1..=found.last().min(expected.last()) {
                    let (held, written) = (found.term_at(index), expected.term_at(index));
                    let is_later =
                        self.unconfirmed.iter().any(|(_, change)| matches!(change, Change::Truncate(_)));
                    assert!(held == written || is_later, "{}: rot changed entry {index}", self.id);
                }
                false
            }
        }
    }
}

fn shadow_of(opened: &Opened) -> Shadow {
    let mut terms = Vec::with_capacity((opened.last + 1 - opened.first) as usize);
    for (place, (first, term)) in opened.term_runs.iter().enumerate() {
        let end = opened.term_runs.get(place + 1).map_or(opened.last + 1, |run| run.0);
        terms.extend(std::iter::repeat_n(*term, (end - first) as usize));
    }
    let vote = NodeId::try_new(opened.hard_state.vote);
    let hard_state = HardState { term: Term::new(opened.hard_state.term), vote };
    Shadow { base: opened.first - 1, base_term: opened.base_term, terms, hard_state }
}

fn log_state(opened: &Opened) -> LogState {
    let runs = opened.term_runs.iter();
    LogState {
        first: LogIndex::new(opened.first),
        last: LogIndex::new(opened.last),
        term_runs: runs.map(|(first, term)| (LogIndex::new(*first), Term::new(*term))).collect(),
        base: (LogIndex::new(opened.first - 1), Term::new(opened.base_term)),
    }
}
