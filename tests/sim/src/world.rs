//! The nodes of one run and what they live through.
//!
//! A run has two parts: a *storm*, in which messages are lost, links are cut, disks fail, processes die and stand still, and members
//! come and go; and a *calm* ([`crate::calm`]), in which everything is restored and the cluster must make progress. All choices
//! come from the seed.

use bytes::Bytes;
use consensus::{Config, Fault, Member, Membership, NodeId, Role};

use crate::checker::Checker;
use crate::clock::RealUs;
use crate::env::{Env, Tally, Trace};
use crate::kinds::{Kind, Kinds};
use crate::network::{Network, Weather};
use crate::node::{Node, TICK_NS};
use crate::queue::{Event, Local, Queue};
use crate::random::Random;

/// Most nodes of a run, those that were removed included.
pub const NODES_MAX: usize = 9;
/// A lease that is too long is so by this factor.
const LEASE_TOO_LONG: u64 = 3;

/// What is run.
#[derive(Clone, Copy, Debug)]
pub struct RunOptions {
    /// Everything follows from it.
    pub seed: u64,
    /// Length of the storm, in inputs to nodes.
    pub steps: u64,
    /// What may go wrong.
    pub kinds: Kinds,
    /// What is wrong with the nodes.
    pub fault: Option<Fault>,
    /// How many lines of the record are kept.
    pub trace_lines_max: usize,
}

impl RunOptions {
    /// A run with everything that may go wrong, and sound nodes.
    #[must_use]
    pub fn new(seed: u64, steps: u64) -> RunOptions {
        RunOptions { seed, steps, kinds: Kinds::all(), fault: None, trace_lines_max: 0 }
    }
}

/// How a run is tuned, drawn from its seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tuning {
    /// Longest time between two misfortunes.
    pub(crate) misfortune_us_max: u64,
    /// Longest time between two things that operators do.
    pub(crate) operators_us_max: u64,
    /// Longest time between two things that clients do.
    pub(crate) clients_us_max: u64,
    /// After one in so many writes nobody writes for a while.
    pub(crate) quiet_one_in: u64,
    /// One in so many things that clients do is a read.
    pub(crate) read_one_in: u64,
    /// The election timeout, by clock: other times are measured by it.
    pub(crate) election_us: u64,
}

/// One run.
pub struct World {
    pub(crate) options: RunOptions,
    pub(crate) env: Env,
    /// By number, from 1.
    pub(crate) nodes: Vec<Node>,
    pub(crate) founders: Membership,
    pub(crate) tuning: Tuning,
    /// What clients and operators choose.
    pub(crate) random: Random,
    pub(crate) template: Config,
    pub(crate) payloads: u64,
    /// Nobody writes until then.
    pub(crate) quiet_until_us: RealUs,
    /// What clients could count on when the leases were last looked at.
    frontier: u64,
}

impl World {
    /// The cluster of this seed, started.
    #[must_use]
    pub fn new(options: RunOptions) -> World {
        let mut random = Random::new(options.seed);
        let weather = Weather::draw(&mut random, options.kinds);
        let encodes = random.once_in(4);
        let template = draw_config(&mut random, options);
        let election_us = u64::from(template.election_ticks) * TICK_NS / 1_000;
        let tuning = Tuning {
            misfortune_us_max: election_us * [1, 4, 12, 40][random.below(4) as usize] / 4,
            operators_us_max: election_us * [1, 3, 20][random.below(3) as usize],
            clients_us_max: [1_000, 4_000, 12_000][random.below(3) as usize],
            quiet_one_in: [0, 10, 50][random.below(3) as usize],
            read_one_in: [2, 3, 5][random.below(3) as usize],
            election_us,
        };
        let founders = draw_founders(&mut random);
        let env = Env {
            now_us: 0,
            steps: 0,
            queue: Queue::default(),
            network: Network::new(Random::new(random.number()), weather, encodes),
            boots: Vec::new(),
            checker: Checker::default(),
            random: Random::new(random.number()),
            kinds: options.kinds,
            is_calm: false,
            challenger: None,
            tally: Tally::default(),
            trace: Trace::keeping(options.trace_lines_max),
            effects: consensus::Effects::new(),
        };
        let random = Random::new(random.number());
        let mut world = World {
            options,
            env,
            nodes: Vec::new(),
            founders,
            tuning,
            random,
            template,
            payloads: 0,
            quiet_until_us: 0,
            frontier: 0,
        };
        for place in 0..world.founders.members.len() {
            let member = &world.founders.members[place];
            let (id, is_log_only) = (member.id, member.is_log_only);
            world.add_node(id, is_log_only);
            world.start(id);
        }
        for event in [Event::Clients, Event::Misfortune, Event::Operators] {
            world.env.queue.push(1_000, event);
        }
        world
    }

    /// The inputs given to nodes so far.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.env.steps
    }

    /// Whether everything has been restored.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.env.is_calm
    }

    /// What happened.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.env.trace
    }

    /// Runs the seed to its end, and returns what it was like.
    ///
    /// # Panics
    /// When anything that must hold does not.
    pub fn run(&mut self) -> Tally {
        while self.env.steps < self.options.steps {
            self.pass();
        }
        self.env.tally.storm_steps = self.env.steps;
        self.calm();
        let tally = &mut self.env.tally;
        tally.calm_steps = self.env.steps - tally.storm_steps;
        tally.runs = 1;
        tally.simulated_ms = self.env.now_us / 1_000;
        tally.committed = self.env.checker.committed_count();
        tally.leaders = self.env.checker.leader_count();
        *tally
    }

    /// The next thing happens.
    pub(crate) fn pass(&mut self) {
        let (at_us, event) = self.env.queue.pop().expect("clients never end");
        self.env.now_us = self.env.now_us.max(at_us);
        match event {
            Event::Local { node, boot, local } => {
                let place = place(node);
                let Some(node) = self.nodes.get_mut(place) else { return };
                if boot.is_none_or(|boot| boot == node.boot) {
                    let was_running = node.process.is_some();
                    node.take(&mut self.env, local);
                    if was_running && node.process.is_none() {
                        let id = node.id;
                        self.went_down(id);
                    }
                }
            }
            Event::Start(node) => self.start(node),
            Event::Resume(node, boot) => {
                let place = place(node);
                if self.nodes[place].boot == boot {
                    let was_running = self.nodes[place].process.is_some();
                    self.nodes[place].resume(&mut self.env);
                    if was_running && self.nodes[place].process.is_none() {
                        self.went_down(node);
                    }
                }
            }
            Event::AskSnapshot { node, boot, source, at_least } => {
                self.give_snapshot(node, boot, source, at_least);
            }
            Event::Clients => self.clients(),
            Event::Misfortune => self.misfortune(),
            Event::Operators => self.operators(),
        }
        if let Some(challenger) = self.env.challenger.take() {
            self.silence_leaders(challenger);
            self.quiet_until_us = self.env.now_us;
        }
        let frontier = self.env.checker.frontier();
        if frontier != self.frontier {
            self.frontier = frontier;
            self.hold_leases(frontier);
        }
    }

    /// Whoever holds a lease could be read from right now, and would have to show what was just acknowledged or shown elsewhere.
    fn hold_leases(&self, frontier: u64) {
        for node in &self.nodes {
            if let Some(promised) = node.lease_read(self.env.now_us) {
                assert!(
                    promised >= frontier,
                    "stale read: {} would answer from its lease as of {promised}, when {frontier} is acknowledged",
                    node.id
                );
            }
        }
    }

    pub(crate) fn add_node(&mut self, id: NodeId, is_log_only: bool) {
        assert!(place(id) == self.nodes.len(), "numbers are given out in order");
        let config = Config { id, ..self.template.clone() };
        let mut lease_ns = u64::from(config.lease_ticks) * TICK_NS;
        if self.options.fault == Some(Fault::LeaseTooLong) {
            lease_ns *= LEASE_TOO_LONG;
        }
        let mut node = Node::new(config, is_log_only, &self.founders, lease_ns, &mut self.random);
        if self.env.kinds.has(Kind::Drift) {
            node.clock.set_drift(0, draw_drift(&mut self.random));
        }
        self.nodes.push(node);
        self.env.boots.push(0);
    }

    /// A node starts; if its disk does not let it, it tries again.
    pub(crate) fn start(&mut self, id: NodeId) {
        let node = &mut self.nodes[place(id)];
        if node.process.is_some() {
            return;
        }
        if !node.start(&mut self.env) {
            self.env.queue.push(self.env.now_us + 100_000, Event::Start(id));
        }
    }

    /// A process has ended: it will come back, and its peers' drivers may notice that it is gone.
    pub(crate) fn went_down(&mut self, id: NodeId) {
        let election_us = self.tuning.election_us;
        let down_us = if self.env.is_calm {
            10_000
        } else if self.env.random.once_in(4) {
            self.env.random.between(election_us, 6 * election_us)
        } else {
            self.env.random.between(1_000, election_us)
        };
        self.env.queue.push(self.env.now_us + down_us, Event::Start(id));
        for place in 0..self.nodes.len() {
            let (node, boot) = (self.nodes[place].id, self.nodes[place].boot);
            if node == id || self.nodes[place].process.is_none() || self.env.random.once_in(3) {
                continue;
            }
            let link = |is_up| Local::Link { peer: id, is_up };
            let noticed_us = self.env.random.between(100, 20_000);
            self.env.after(noticed_us, node, boot, link(false));
            self.env.after(down_us + noticed_us, node, boot, link(true));
        }
    }

    fn give_snapshot(&mut self, node: NodeId, boot: u64, source: NodeId, at_least: consensus::LogIndex) {
        let network = &self.env.network;
        let is_reached = !network.is_cut(node, source) && !network.is_cut(source, node) && node != source;
        let for_log_only = self.nodes[place(node)].is_log_only;
        let given = self.nodes.get(place(source)).filter(|_| is_reached);
        let snapshot = given.and_then(|source| source.snapshot(at_least, for_log_only));
        let transfer_us = match snapshot {
            Some(_) => self.env.random.between(1_000, self.tuning.election_us),
            None => self.env.random.between(1_000, 50_000),
        };
        self.env.after(transfer_us, node, boot, Local::Snapshot(snapshot.map(Box::new)));
    }

    /// Clients read and write.
    fn clients(&mut self) {
        let next_us = self.random.between(1, self.tuning.clients_us_max);
        self.env.queue.push(self.env.now_us + next_us, Event::Clients);
        if self.env.is_calm {
            return;
        }
        if self.random.once_in(self.tuning.read_one_in) {
            // Half of the reads go to whoever takes himself for the leader.
            let leaders_only = self.random.once_in(2);
            let is_asked = |node: &Node| {
                node.process.as_ref().is_some_and(|process| {
                    process.paused.is_none() && (!leaders_only || process.role() == Role::Leader)
                })
            };
            if let Some(place) = self.pick(is_asked) {
                self.nodes[place].read(&mut self.env);
            }
        } else if self.env.now_us >= self.quiet_until_us {
            let count = if self.random.once_in(10) { 8 } else { 1 };
            self.write(count);
            if self.random.once_in(self.tuning.quiet_one_in) {
                // Only who has everything can be elected, and that takes a while without writes.
                let quiet_us = self.random.between(1, 4 * self.tuning.election_us);
                self.quiet_until_us = self.env.now_us + quiet_us;
            }
        }
    }

    /// A client writes to a node that takes writes; false when there is none.
    pub(crate) fn write(&mut self, count: u64) -> bool {
        let is_asked = |node: &Node| {
            node.process.as_ref().is_some_and(|process| process.paused.is_none() && process.is_serving())
        };
        let Some(place) = self.pick(is_asked) else { return false };
        for _ in 0..count {
            self.payloads += 1;
            let length = 8 + [0, 0, 0, 40, 700][self.random.below(5) as usize];
            let mut payload = vec![0; length];
            payload[..8].copy_from_slice(&self.payloads.to_le_bytes());
            self.nodes[place].write(&mut self.env, Bytes::from(payload));
        }
        true
    }

    /// Any node of which this holds.
    pub(crate) fn pick(&mut self, is_asked: impl Fn(&Node) -> bool) -> Option<usize> {
        let count = self.nodes.iter().filter(|node| is_asked(node)).count() as u64;
        if count == 0 {
            return None;
        }
        let chosen = self.random.below(count) as usize;
        self.nodes.iter().enumerate().filter(|(_, node)| is_asked(node)).nth(chosen).map(|(place, _)| place)
    }

    /// Real time since the run began.
    #[must_use]
    pub fn now_us(&self) -> RealUs {
        self.env.now_us
    }
}

/// The place of a node among the nodes.
pub(crate) fn place(id: NodeId) -> usize {
    usize::try_from(id.get() - 1).expect("few nodes")
}

/// A rate within what the lease is made for: no two clocks differ by more than a tenth.
pub(crate) fn draw_drift(random: &mut Random) -> i64 {
    [-50_000, -20_000, 0, 0, 20_000, 50_000][random.below(6) as usize]
}

fn draw_config(random: &mut Random, options: RunOptions) -> Config {
    let mut config = Config::lan(NodeId::new(1), options.seed);
    // Most runs have short timeouts, and so many more elections, some of them in vain.
    if !random.once_in(4) {
        config.heartbeat_ticks = 3;
        config.election_ticks = 12;
        config.election_spread_ticks = 9;
        config.weight_step_ticks = random.between(1, 4) as u32;
        config.lease_ticks = 9;
        config.transfer_ticks = 20;
        config.strong_sync_degrade_ticks = 30;
    }
    config.learner_lag_entries_max = [5, 100, 10_000][random.below(3) as usize];
    config.batch_entries_max = random.between(1, 8) as u32;
    config.inflight_batches_max = random.between(1, 6) as u32;
    config.inflight_entries_max = u64::from(config.batch_entries_max) * random.between(1, 5);
    config.fault = options.fault;
    config
}

fn draw_founders(random: &mut Random) -> Membership {
    let voters = [3, 3, 5, 1, 4, 2, 3, 5][random.below(8) as usize];
    let learners = [0, 0, 1, 2][random.below(4) as usize];
    let has_weights = random.once_in(2);
    let strong_one_in = [0, 0, 3][random.below(3) as usize];
    let log_only_one_in = [0, 4][random.below(2) as usize];
    let mut members: Vec<Member> = Vec::new();
    for number in 1..=voters + learners {
        let id = NodeId::new(number);
        let mut member = Member::voter(id, address(id), String::new());
        member.is_voter = number <= voters;
        member.is_log_only = number > 1 && random.once_in(log_only_one_in);
        if member.is_voter {
            if has_weights {
                member.weight = random.between(1, 9) as u8;
            }
            // Not the first one, and so few that the others can always elect one of them.
            if voters >= 3 && number == 2 && random.once_in(4) {
                member.weight = 0;
            }
            member.is_strong_sync = random.once_in(strong_one_in);
        } else if random.once_in(2) {
            // Any member before it: a cascade cannot lead back.
            member.source = Some(NodeId::new(random.between(1, number - 1)));
            member.source_group = vec![NodeId::new(random.between(1, voters))];
        }
        members.push(member);
    }
    Membership { members, removed: Vec::new() }
}

/// Where a node is reached; only to have something that is unique.
pub(crate) fn address(id: NodeId) -> String {
    format!("{id}:1")
}
