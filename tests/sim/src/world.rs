//! The nodes of one run and everything that happens to them.
//!
//! A run has three parts: a *storm*, in which messages are lost, links are cut, disks stall and nodes crash; a *calm*, in which
//! everything is restored; and the verdict, in which every node must have committed everything, including proposals made in the
//! calm. All choices come from the seed.

use std::collections::BTreeMap;

use bytes::Bytes;
use consensus::{
    Config, Effect, Effects, Entry, Input, LogIndex, Message, NodeId, Replica, Role, Term, WriteSeq,
};

use crate::checker::Checker;
use crate::disk::{Disk, Write};
use crate::network::{Network, Weather};
use crate::random::Random;

/// Rounds in one tick of a node's clock.
const ROUNDS_PER_TICK: u64 = 2;
/// Ticks of a storm.
const STORM_TICKS: u64 = 1_500;
/// Ticks in which a healed cluster must have a leader that a majority follows: 4 s.
const LEADER_TICKS_MAX: u64 = 400;
/// Ticks in which it must have committed what was proposed, everywhere. Some runs send one entry at a time, and some nodes have
/// missed a thousand.
const CALM_TICKS_MAX: u64 = 3_000;
/// Proposals that must go through in the calm.
const CALM_PROPOSALS: u64 = 20;

/// One node: its replica while it runs, and what outlives it.
struct Node {
    config: Config,
    replica: Option<Replica>,
    /// The log as ordered, from the disk's base on: what peers are sent.
    entries: Vec<Entry>,
    base: (LogIndex, Term),
    disk: Disk,
    durable: WriteSeq,
    held_back: Vec<(WriteSeq, NodeId, Message)>,
    commit: LogIndex,
    /// How seldom the disk finishes something, in rounds.
    disk_pace: u64,
    clock_pace: u64,
    starts_at: u64,
}

impl Node {
    fn term_at(&self, index: LogIndex) -> Option<Term> {
        if index == self.base.0 {
            return Some(self.base.1);
        }
        let place = index.get().checked_sub(self.base.0.get() + 1)?;
        self.entries.get(place as usize).map(|entry| entry.term)
    }
}

/// What a run was like, to see that the storms are storms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Entries committed.
    pub committed: u64,
    /// Terms that had a leader.
    pub leaders: u64,
    /// Crashes.
    pub crashes: u64,
    /// Truncations.
    pub truncations: u64,
    /// Ticks of calm until everything was settled.
    pub calm_ticks: u64,
}

/// One run.
pub struct World {
    random: Random,
    round: u64,
    nodes: BTreeMap<NodeId, Node>,
    network: Network,
    checker: Checker,
    effects: Effects,
    payloads: u64,
    tally: Tally,
    is_calm: bool,
    /// How much worse than usual luck is in this run.
    fury: u64,
    /// Every effect as text, when wanted.
    trace: Option<String>,
}

impl World {
    /// The cluster of this seed, not yet started.
    #[must_use]
    pub fn new(seed: u64, with_trace: bool) -> World {
        let mut random = Random::new(seed);
        let count = [3, 3, 5, 1, 4][random.below(5) as usize];
        let voters: Vec<NodeId> = (1..=count).map(NodeId::new).collect();
        let weather = Weather {
            lose_one_in: [0, 200, 20, 5][random.below(4) as usize],
            double_one_in: [0, 50, 10][random.below(3) as usize],
            delay_rounds_max: [1, 3, 12][random.below(3) as usize],
            straggle_one_in: [0, 100, 20][random.below(3) as usize],
        };
        let mut world = World {
            network: Network::new(weather),
            round: 0,
            nodes: BTreeMap::new(),
            checker: Checker::default(),
            effects: Effects::new(),
            payloads: 0,
            tally: Tally::default(),
            is_calm: false,
            fury: 1,
            trace: with_trace.then(String::new),
            random,
        };
        world.fury = [1, 2, 5][world.random.below(3) as usize];
        // Half of the runs have short timeouts, and so many more elections, some of them in vain.
        let is_quick = world.random.once_in(2);
        let batch_entries_max = world.random.between(1, 6) as u32;
        let inflight_batches_max = world.random.between(1, 5) as u32;
        for id in &voters {
            let mut config = Config::lan(*id, voters.clone(), seed);
            if is_quick {
                (config.heartbeat_ticks, config.election_ticks, config.election_spread_ticks) = (3, 12, 9);
            }
            config.batch_entries_max = batch_entries_max;
            config.inflight_batches_max = inflight_batches_max;
            config.inflight_entries_max = u64::from(batch_entries_max) * 3;
            let node = Node {
                config,
                replica: None,
                entries: Vec::new(),
                base: (LogIndex::ZERO, Term::ZERO),
                disk: Disk::default(),
                durable: WriteSeq::ZERO,
                held_back: Vec::new(),
                commit: LogIndex::ZERO,
                disk_pace: 1,
                clock_pace: 0,
                starts_at: 0,
            };
            world.nodes.insert(*id, node);
            world.start(*id);
        }
        world
    }

    /// Runs a seed to its end, and returns what it was like and, if wanted, its trace.
    ///
    /// # Panics
    /// When anything that must hold does not.
    #[must_use]
    pub fn run(seed: u64, with_trace: bool) -> (Tally, Option<String>) {
        let mut world = World::new(seed, with_trace);
        for _ in 0..STORM_TICKS * ROUNDS_PER_TICK {
            world.misfortune();
            world.pass_round();
        }
        world.finish();
        world.tally.committed = world.checker.committed_count();
        world.tally.leaders = world.checker.leader_count() as u64;
        (world.tally, world.trace)
    }

    fn ids(&self) -> Vec<NodeId> {
        self.nodes.keys().copied().collect()
    }

    fn any_node(&mut self) -> NodeId {
        let place = self.random.below(self.nodes.len() as u64);
        NodeId::new(place + 1)
    }

    fn node(&mut self, id: NodeId) -> &mut Node {
        self.nodes.get_mut(&id).expect("a node of this world")
    }

    fn start(&mut self, id: NodeId) {
        let random = &mut self.random;
        let node = self.nodes.get_mut(&id).expect("a node of this world");
        node.entries = node.disk.entries.clone();
        node.base = node.disk.base;
        // The state machine comes back with any part of what was both committed and on disk.
        let kept = node.commit.min(self.checker.committed_on(&node.disk));
        let commit = LogIndex::new(random.between(node.base.0.get().min(kept.get()), kept.get()));
        let replica = Replica::new(node.config.clone(), node.disk.hard_state, node.disk.open(), commit);
        let replica = replica.expect("what a crash leaves can be opened");
        self.checker.restarts(id, replica.term());
        node.commit = replica.commit();
        node.durable = WriteSeq::ZERO;
        node.replica = Some(replica);
    }

    fn crash(&mut self, id: NodeId) {
        self.tally.crashes += 1;
        let down_rounds = if self.random.once_in(4) { 400 } else { self.random.between(1, 60) };
        let starts_at = self.round + down_rounds;
        let random = &mut self.random;
        let node = self.nodes.get_mut(&id).expect("a node of this world");
        node.replica = None;
        node.held_back.clear();
        node.disk.crash(random);
        node.starts_at = starts_at;
        for other in self.ids() {
            // What the dead node had sent may still arrive; what was sent to it may not.
            self.network.forget(other, id);
            if self.random.once_in(2) {
                self.step(other, Input::PeerDisconnected { peer: id });
            }
        }
    }

    fn bad_luck(&mut self, one_in: u64) -> bool {
        self.random.once_in(one_in / self.fury)
    }

    /// Now and then something breaks or is mended.
    fn misfortune(&mut self) {
        if self.bad_luck(150) {
            let id = self.any_node();
            if self.nodes[&id].replica.is_some() {
                self.crash(id);
            }
        }
        if self.bad_luck(900) {
            // Power failure: all at once.
            for id in self.ids() {
                if self.nodes[&id].replica.is_some() {
                    self.crash(id);
                }
            }
        }
        if self.bad_luck(120) {
            self.rearrange_links();
        }
        if self.random.once_in(60) {
            let id = self.any_node();
            let pace = [1, 1, 2, 10, 80][self.random.below(5) as usize];
            let clock = [0, 0, 10, 3][self.random.below(4) as usize];
            let node = self.node(id);
            node.disk_pace = pace;
            node.clock_pace = clock;
        }
        if self.bad_luck(40) {
            self.report_link();
        }
        if self.bad_luck(300) {
            self.purge();
        }
    }

    fn rearrange_links(&mut self) {
        self.network.heal();
        let ids = self.ids();
        match self.random.below(5) {
            0 | 1 => {}
            2 => {
                // One node on its own.
                let lonely = self.any_node();
                for id in ids.into_iter().filter(|id| *id != lonely) {
                    self.network.cut(id, lonely);
                    self.network.cut(lonely, id);
                }
            }
            3 => {
                // Two halves, any way.
                let sides = self.random.number();
                for from in &ids {
                    for to in &ids {
                        if (sides >> from.get() ^ sides >> to.get()) & 1 == 1 {
                            self.network.cut(*from, *to);
                        }
                    }
                }
            }
            _ => {
                // Some directions, any of them.
                for from in &ids {
                    for to in &ids {
                        if from != to && self.random.once_in(3) {
                            self.network.cut(*from, *to);
                        }
                    }
                }
            }
        }
    }

    /// A driver notices that a link broke, and that it works again: both may be told when they are no longer true.
    fn report_link(&mut self) {
        let (id, peer) = (self.any_node(), self.any_node());
        if id == peer {
            return;
        }
        self.network.forget(id, peer);
        self.step(id, Input::PeerDisconnected { peer });
        if !self.network.is_cut(id, peer) {
            self.step(id, Input::PeerConnected { peer });
        }
    }

    /// Drops what every node has on disk and committed: nobody can need it any more.
    fn purge(&mut self) {
        let least =
            self.nodes.values().map(|node| node.commit.min(self.checker.committed_on(&node.disk))).min();
        let upto = least.map_or(LogIndex::ZERO, |least| LogIndex::new(least.get() - least.get() % 7));
        for id in self.ids() {
            let node = self.node(id);
            // A driver purges when its writes are done.
            if node.replica.is_none() || node.disk.is_busy() || upto <= node.base.0 {
                continue;
            }
            node.disk.purge(upto);
            node.entries.drain(..upto.since(node.base.0) as usize);
            node.base = node.disk.base;
            self.step(id, Input::Purged { upto });
        }
    }

    /// Time passes: clocks, disks, network, clients.
    fn pass_round(&mut self) {
        self.round += 1;
        for id in self.ids() {
            let node = &self.nodes[&id];
            if node.replica.is_none() {
                if self.round >= node.starts_at {
                    self.start(id);
                }
                continue;
            }
            let (disk_pace, clock_pace) = (node.disk_pace, node.clock_pace);
            // A slow clock misses one tick in some.
            if self.round.is_multiple_of(ROUNDS_PER_TICK) && !self.random.once_in(clock_pace) {
                self.step(id, Input::Tick);
            }
            if self.nodes[&id].disk.is_busy() && self.random.once_in(disk_pace) {
                self.finish_writes(id);
            }
            if !self.is_calm && self.random.once_in(6) {
                let count = self.random.between(1, 4);
                self.propose(id, count);
            }
        }
        for (from, to, message) in self.network.arrivals(self.round, &mut self.random) {
            self.step(to, Input::Message { from, message });
        }
    }

    fn finish_writes(&mut self, id: NodeId) {
        let random = &mut self.random;
        let node = self.nodes.get_mut(&id).expect("a node of this world");
        let waiting = node.disk.pending_count() as u64;
        let count = if random.once_in(3) { random.between(1, waiting) } else { waiting };
        let Some(seq) = node.disk.finish(count as usize) else { return };
        node.durable = seq;
        let (free, held) = std::mem::take(&mut node.held_back).into_iter().partition(|held| held.0 <= seq);
        node.held_back = held;
        let free: Vec<(WriteSeq, NodeId, Message)> = free;
        for (_, to, message) in free {
            self.send(id, to, &message);
        }
        self.step(id, Input::Durable { seq });
    }

    fn propose(&mut self, id: NodeId, count: u64) {
        let Some(replica) = &self.nodes[&id].replica else { return };
        // Mostly the leader; now and then one that is not, which must refuse.
        if replica.role() != Role::Leader && !self.random.once_in(50) {
            return;
        }
        let (term, first) = (replica.term(), replica.last_index().next());
        let payloads =
            (0..count).map(|place| Bytes::copy_from_slice(&(self.payloads + place).to_le_bytes())).collect();
        self.payloads += count;
        self.step(id, Input::Propose { term, first, payloads });
    }

    fn send(&mut self, from: NodeId, to: NodeId, message: &Message) {
        self.checker.speaks(from, to, message);
        self.network.send(self.round, from, to, message, &mut self.random);
    }

    /// Gives a node an input and carries out what comes of it.
    fn step(&mut self, id: NodeId, input: Input) {
        let mut effects = std::mem::take(&mut self.effects);
        if let Some(replica) = self.node(id).replica.as_mut() {
            replica.step(input, &mut effects);
            if let Some(trace) = &mut self.trace {
                for effect in &effects {
                    *trace += &format!("{} {id} {} {effect:?}\n", self.round, effects.batch);
                }
            }
            for effect in effects.drain() {
                self.carry_out(id, effect);
            }
            self.compare(id);
        }
        self.effects = effects;
    }

    /// The replica and its driver have the same log in mind.
    fn compare(&self, id: NodeId) {
        let node = &self.nodes[&id];
        let replica = node.replica.as_ref().expect("it just took a step");
        let last = node.entries.last().map_or(node.base.0, |entry| entry.index);
        assert!(
            replica.last_index() == last,
            "{id}: the log ends at {last}, the replica says {}",
            replica.last_index()
        );
        assert!(replica.commit() == node.commit, "{id}: every move of the commit index is told");
        let claimed = replica.durable_index();
        assert!(
            claimed <= node.disk.last() && node.disk.term_at(claimed) == node.term_at(claimed),
            "{id} takes {claimed} for durable"
        );
    }

    fn carry_out(&mut self, id: NodeId, effect: Effect) {
        let node = self.nodes.get_mut(&id).expect("a node of this world");
        match effect {
            Effect::Append { entries, seq } => {
                let previous = node.entries.last().map_or(node.base.1, |entry| entry.term);
                self.checker.entries(id, previous, &entries);
                node.entries.extend(entries.iter().cloned());
                node.disk.order(seq, Write::Append(entries));
            }
            Effect::Truncate { from, seq } => {
                self.tally.truncations += 1;
                self.checker.truncates(id, from, node.commit);
                node.entries.truncate(from.prev().since(node.base.0) as usize);
                node.disk.order(seq, Write::Truncate(from));
            }
            Effect::Persist { hard_state, seq } => node.disk.order(seq, Write::Persist(hard_state)),
            Effect::Send { to, message, after } => match after.filter(|seq| *seq > node.durable) {
                Some(seq) => node.held_back.push((seq, to, message)),
                None => self.send(id, to, &message),
            },
            Effect::SendEntries { to, term, prev_index, prev_term, first, last, commit } => {
                self.send_entries(id, to, (term, commit), (prev_index, prev_term), (first, last));
            }
            Effect::Commit { index } => {
                let node = &self.nodes[&id];
                let disks = self.nodes.values().map(|node| &node.disk);
                self.checker.commits(id, (node.commit, index), |index| node.term_at(index), disks);
                self.node(id).commit = index;
                if self.random.once_in(2) {
                    let replica = self.node(id).replica.as_mut().expect("it just took a step");
                    let mut none = Effects::new();
                    replica.step(Input::Applied { index: replica.commit() }, &mut none);
                    assert!(none.iter().all(|effect| !matches!(effect, Effect::Commit { .. })));
                    let more: Vec<Effect> = none.drain().collect();
                    assert!(more.is_empty(), "applying causes nothing: {more:?}");
                }
            }
            Effect::Role { role, term, leader } => {
                assert!((role == Role::Leader) == (leader == Some(id)));
                if role == Role::Leader {
                    let node = &self.nodes[&id];
                    self.checker.leads(id, term, |index| node.term_at(index), node.base.0);
                }
            }
            Effect::LeaderReady { term, index } => {
                assert!(node.term_at(index) == Some(term) && node.commit >= index, "{id} is ready too early");
            }
            Effect::ProposalRefused { .. } => {}
        }
    }

    /// Sends a range of the log, cut into messages anyhow, as a driver may.
    fn send_entries(
        &mut self,
        id: NodeId,
        to: NodeId,
        (term, commit): (Term, LogIndex),
        (mut prev_index, mut prev_term): (LogIndex, Term),
        (first, last): (LogIndex, LogIndex),
    ) {
        let node = &self.nodes[&id];
        assert!(prev_index.next() == first && first <= last && node.term_at(prev_index) == Some(prev_term));
        let start = first.since(node.base.0) as usize - 1;
        let mut rest = node.entries[start..start + last.since(prev_index) as usize].to_vec();
        while !rest.is_empty() {
            let count = self.random.between(1, rest.len() as u64) as usize;
            let entries: Vec<Entry> = rest.drain(..count).collect();
            let end = entries[count - 1].clone();
            self.send(id, to, &Message::Append { term, prev_index, prev_term, entries, commit });
            (prev_index, prev_term) = (end.index, end.term);
        }
    }

    /// Heals everything and demands that the cluster settles.
    ///
    /// # Panics
    /// When it does not settle in time, or does not end as it must.
    pub fn finish(&mut self) {
        self.is_calm = true;
        self.network.heal();
        self.network.weather =
            Weather { lose_one_in: 0, double_one_in: 0, delay_rounds_max: 1, straggle_one_in: 0 };
        for node in self.nodes.values_mut() {
            (node.disk_pace, node.clock_pace) = (1, 0);
            node.starts_at = 0;
        }
        let mut proposed = 0;
        for round in 0..CALM_TICKS_MAX * ROUNDS_PER_TICK {
            self.pass_round();
            assert!(
                round != LEADER_TICKS_MAX * ROUNDS_PER_TICK || self.has_leader(),
                "liveness: no leader after {LEADER_TICKS_MAX} ticks of calm:\n{}",
                self.describe()
            );
            let leader = self.ids().into_iter().find(|id| self.is_ready(*id));
            match leader {
                Some(leader) if proposed < CALM_PROPOSALS => {
                    self.propose(leader, 1);
                    proposed += 1;
                }
                Some(leader) if self.is_settled(leader) => {
                    self.tally.calm_ticks = round / ROUNDS_PER_TICK;
                    for node in self.nodes.values() {
                        self.checker.is_complete(node.config.id, node.commit, |index| node.term_at(index));
                    }
                    return;
                }
                Some(_) | None => {}
            }
        }
        panic!("liveness: not settled after {CALM_TICKS_MAX} ticks of calm:\n{}", self.describe());
    }

    fn describe(&self) -> String {
        let running = self.nodes.values().filter_map(|node| node.replica.as_ref());
        let status: Vec<String> = running.map(|replica| format!("{:?}", replica.status())).collect();
        status.join("\n")
    }

    /// Whether a node leads and all others know it.
    fn has_leader(&self) -> bool {
        let mut leaders = self.nodes.values().map(|node| {
            node.replica.as_ref().and_then(|replica| replica.leader().map(|leader| (replica.term(), leader)))
        });
        let first = leaders.next().flatten();
        first.is_some() && leaders.all(|leader| leader == first)
    }

    fn is_ready(&self, id: NodeId) -> bool {
        let node = &self.nodes[&id];
        let leads = node.replica.as_ref().filter(|replica| replica.role() == Role::Leader);
        leads.is_some_and(|replica| node.term_at(replica.commit()) == Some(replica.term()))
    }

    fn is_settled(&self, leader: NodeId) -> bool {
        let Some(leader) = &self.nodes[&leader].replica else { return false };
        self.nodes.values().all(|node| {
            node.replica.as_ref().is_some_and(|replica| {
                replica.leader() == leader.leader()
                    && replica.commit() == leader.last_index()
                    && replica.last_index() == leader.last_index()
                    && replica.status().ignored.impossible == 0
            })
        })
    }
}
