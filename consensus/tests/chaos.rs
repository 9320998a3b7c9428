//! A short storm over a small cluster: messages lost, doubled and out of order, disks held, crashes, cuts, changes of the members,
//! transfers, purges and snapshots, by a seeded draw. The simulator does the same with the shipped log, clocks and leases, and for much
//! longer; this one is here so that a mistake in the core is found by the core's own tests.
//!
//! After every input: one leader a term; what is committed anywhere is the same everywhere and never changes; an index given to a read
//! covers all that was committed anywhere when the read began. At the end, when nothing goes wrong any more, everybody gets everything.

#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "shared: each of the tests uses a part")]
mod cluster;
mod text;

use std::collections::BTreeMap;

use cluster::Cluster;
use consensus::{
    Change, Config, HardState, Input, LogIndex, Member, Membership, NodeId, Proposal, Role, Term,
};

const NODES: u64 = 6;
const STEPS: u32 = 6_000;
const SEEDS: u64 = 100;
/// How long it may take until everybody has everything once nothing goes wrong any more.
const CALM_TICKS: u64 = 4_000;

/// SplitMix64.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (bits ^ (bits >> 31)) % bound
    }

    fn node(&mut self) -> u64 {
        1 + self.below(NODES)
    }
}

struct Storm {
    cluster: Cluster,
    draw: Draw,
    leaders: BTreeMap<Term, u64>,
    /// Every committed entry: its term and payload.
    committed: BTreeMap<LogIndex, (Term, Vec<u8>)>,
    /// How far each node has been looked at since its start.
    looked: BTreeMap<u64, LogIndex>,
    reads: BTreeMap<u64, LogIndex>,
    next_ticket: u64,
    /// Which node was cut off from all others last.
    cut_off: Option<u64>,
    answered: u32,
    changed: u32,
}

impl Storm {
    fn new(seed: u64) -> Storm {
        Storm::with(seed, |_| {})
    }

    fn with(seed: u64, configure: impl Fn(&mut Config)) -> Storm {
        let mut draw = Draw(seed);
        let voters = 1 + draw.below(5);
        let mut cluster = Cluster::default();
        let mut member = |id: u64| {
            let node = Member::voter(NodeId::new(id), format!("host{id}:1"), String::new());
            Member {
                is_log_only: id > 1 && draw.below(5) == 0,
                is_strong_sync: id <= voters && draw.below(6) == 0,
                is_voter: id <= voters,
                weight: 1 + draw.below(9) as u8,
                ..node
            }
        };
        let founders = voters + (NODES - voters) / 2;
        let members = (1..=founders).map(&mut member).collect();
        cluster.founders = Membership { members, removed: vec![] };
        for id in 1..=NODES {
            let mut config = Config::lan(NodeId::new(id), seed);
            config.batch_entries_max = 1 + draw.below(4) as u32;
            config.inflight_batches_max = 3;
            configure(&mut config);
            let members = if id <= founders { cluster.founders.clone() } else { Membership::default() };
            cluster.add_with(config, &[], HardState::default(), 0, members);
        }
        Storm {
            cluster,
            draw,
            leaders: BTreeMap::new(),
            committed: BTreeMap::new(),
            looked: BTreeMap::new(),
            reads: BTreeMap::new(),
            next_ticket: 1,
            cut_off: None,
            answered: 0,
            changed: 0,
        }
    }

    fn leader(&self) -> Option<u64> {
        let ids = self.cluster.nodes.keys().copied().filter(|id| self.cluster.is_up(*id));
        ids.filter(|id| self.cluster.replica(*id).role() == Role::Leader)
            .max_by_key(|id| self.cluster.replica(*id).term())
    }

    fn known_commit(&self) -> LogIndex {
        self.committed.last_key_value().map_or(LogIndex::ZERO, |entry| *entry.0)
    }

    fn one_step(&mut self) -> String {
        let id = self.draw.node();
        let on_the_way = self.cluster.sent_count() as u64;
        let is_up = self.cluster.is_up(id);
        match self.draw.below(1_000) {
            0..400 if on_the_way > 0 => self.deliver_some(),
            400..420 if on_the_way > 0 => {
                let place = self.draw.below(on_the_way);
                self.cluster.lose_at(place as usize);
                String::new()
            }
            420..780 if is_up => {
                // The clocks go at different speeds, and that of whoever is cut off hardly at all.
                let ticks_max = if self.cut_off == Some(id) { 1 } else { 12 };
                (0..1 + self.draw.below(ticks_max)).map(|_| self.cluster.step(id, Input::Tick)).collect()
            }
            780..860 => self.propose(),
            860..900 if is_up => self.read(id),
            900..908 => {
                self.cluster.crash(id);
                self.looked.remove(&id);
                String::new()
            }
            908..940 if !is_up => self.cluster.restart(id, 0),
            940..950 => {
                let is_held = self.draw.below(2) == 0;
                if is_up { self.cluster.hold_disk(id, is_held) } else { String::new() }
            }
            950..953 => {
                self.cluster.cut(id, 1 + id % NODES);
                String::new()
            }
            953..955 => {
                // Most often the one that matters.
                let id = self.leader().unwrap_or(id);
                self.cut_off = Some(id);
                for other in (1..=NODES).filter(|other| *other != id && self.draw.below(8) > 0) {
                    self.cluster.cut(id, other);
                    self.cluster.cut(other, id);
                }
                String::new()
            }
            955..959 => {
                self.cut_off = None;
                self.cluster.heal();
                String::new()
            }
            962..966 if is_up => {
                let peer = NodeId::new(1 + id % NODES);
                self.cluster.step(id, Input::PeerDisconnected { peer })
                    + &self.cluster.step(id, Input::PeerConnected { peer })
            }
            966..984 => self.change(),
            984..988 => match self.leader() {
                Some(leader) => {
                    let to = (self.draw.below(3) > 0).then(|| NodeId::new(id));
                    self.cluster.step(leader, Input::Transfer { to })
                }
                None => String::new(),
            },
            988..994 if is_up => self.purge(id),
            994..1_000 if is_up => self.stage(id),
            _ => String::new(),
        }
    }

    fn deliver_some(&mut self) -> String {
        let mut out = String::new();
        for _ in 0..1 + self.draw.below(6) {
            let on_the_way = self.cluster.sent_count() as u64;
            if on_the_way == 0 {
                return out;
            }
            // Mostly in order.
            let place = if self.draw.below(4) > 0 { 0 } else { self.draw.below(on_the_way) };
            let is_twice = self.draw.below(20) == 0;
            out += &self.cluster.deliver_at(place as usize, is_twice);
        }
        out
    }

    fn propose(&mut self) -> String {
        let Some(leader) = self.leader() else { return String::new() };
        let replica = self.cluster.replica(leader);
        let (term, first) = (replica.term(), replica.last_index().next());
        let count = 1 + self.draw.below(6);
        let payload =
            |place: u64| Proposal::data(format!("{leader}.{term}.{first}.{place}").into_bytes().into());
        let proposals = (0..count).map(payload).collect();
        self.cluster.step(leader, Input::Propose { term, first, proposals })
    }

    fn read(&mut self, id: u64) -> String {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.reads.insert(ticket, self.known_commit());
        self.cluster.step(id, Input::Read { ticket })
    }

    fn change(&mut self) -> String {
        let Some(leader) = self.leader() else { return String::new() };
        let (id, source) = (NodeId::new(self.draw.node()), NodeId::new(self.draw.node()));
        let change = match self.draw.below(8) {
            0 | 1 => Change::AddLearner {
                id: Some(id),
                is_log_only: self.draw.below(4) == 0,
                source: (self.draw.below(2) == 0).then_some(source),
                peer_address: format!("host{}:1", id.get()),
                sql_address: String::new(),
            },
            2 | 3 => Change::Promote { id },
            4 => Change::Demote { id },
            5 if self.draw.below(4) == 0 => Change::Remove { id },
            6 => Change::SetSource { id, source: Some(source), source_group: vec![] },
            _ => Change::Configure {
                id,
                // A voter of weight 0 that alone has the newest log would keep everybody waiting, as it should.
                weight: Some(1 + self.draw.below(9) as u8),
                is_strong_sync: Some(self.draw.below(3) == 0),
            },
        };
        let out = self.cluster.change(leader, &change);
        self.changed += u32::from(out.contains("append"));
        out
    }

    fn purge(&mut self, id: u64) -> String {
        let replica = self.cluster.replica(id);
        let is_log_only = |member: &Member| member.id.get() == id && member.is_log_only;
        // Whoever keeps no tables has nothing but its log to serve the others from.
        let is_bound = replica.membership().members.iter().any(is_log_only);
        let commit = if is_bound { replica.floor() } else { replica.commit() };
        let base = self.cluster.replica(id).status().first_index.prev();
        if commit <= base {
            return String::new();
        }
        let upto = base.get() + 1 + self.draw.below(commit.since(base));
        // Only what is on this node's disk is applied durably and may go.
        let upto = upto.min(self.cluster.replica(id).durable_index().get());
        if upto <= base.get() { String::new() } else { self.cluster.purge(id, upto) }
    }

    fn stage(&mut self, id: u64) -> String {
        let of = self.draw.node();
        if of == id || !self.cluster.is_up(of) || self.cluster.replica(of).commit() == LogIndex::ZERO {
            return String::new();
        }
        self.cluster.stage(id, of)
    }

    /// What must hold after every input.
    fn check(&mut self, seed: u64, out: &str) {
        for line in out.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            if let [_, "may", "answer", "read", ticket, "at", index] = words[..] {
                let began = self.reads.remove(&ticket.parse().unwrap()).expect("each is answered once");
                let index = LogIndex::new(index.parse().unwrap());
                assert!(
                    index >= began,
                    "seed {seed}: read {ticket} at {index}, but {began} was committed: stale"
                );
                self.answered += 1;
            }
            assert!(!line.contains("refused:"), "seed {seed}: {line}");
        }
        for id in 1..=NODES {
            if !self.cluster.is_up(id) {
                continue;
            }
            let replica = self.cluster.replica(id);
            if replica.role() == Role::Leader {
                let leader = *self.leaders.entry(replica.term()).or_insert(id);
                assert_eq!(leader, id, "seed {seed}: two leaders in term {}", replica.term());
            }
            let commit = replica.commit();
            let looked = self.looked.insert(id, commit).unwrap_or(LogIndex::ZERO);
            if commit == looked {
                continue;
            }
            assert!(commit > looked, "seed {seed}: n{id} took back a commit");
            let news =
                self.cluster.entries(id).iter().filter(|entry| entry.index > looked && entry.index <= commit);
            for entry in news {
                let here = (entry.term, entry.payload.to_vec());
                let first = self.committed.entry(entry.index).or_insert_with(|| here.clone());
                assert_eq!(*first, here, "seed {seed}: n{id} committed another entry at {}", entry.index);
            }
        }
    }

    /// Nothing goes wrong any more: everybody who belongs to the cluster gets everything.
    fn calm(&mut self, seed: u64) {
        self.cluster.heal();
        for id in 1..=NODES {
            if !self.cluster.is_up(id) {
                let out = self.cluster.restart(id, 0);
                self.check(seed, &out);
            }
            let out = self.cluster.hold_disk(id, false);
            self.check(seed, &out);
        }
        for tick in 0..CALM_TICKS {
            let out = self.cluster.pass(1);
            self.check(seed, &out);
            for line in out.lines().filter(|line| line.contains("fetches a snapshot from")) {
                self.fetch(seed, line);
            }
            if tick % 50 == 0 {
                let out = self.propose();
                self.check(seed, &out);
            }
            if tick > 100 && self.is_complete() {
                return;
            }
        }
        let state: String =
            (1..=NODES).map(|id| self.cluster.describe(id) + &self.cluster.members(id)).collect();
        let state: Vec<String> = state.lines().map(|line| line.chars().take(160).collect()).collect();
        panic!("seed {seed}: not everybody got everything\n{}", state.join("\n"));
    }

    fn fetch(&mut self, seed: u64, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |word: &str| word.trim_start_matches('n').parse::<u64>().unwrap();
        let (id, from) = (number(words[0]), number(words[5]));
        if self.cluster.replica(from).commit() > LogIndex::ZERO {
            let out = self.cluster.stage(id, from);
            self.check(seed, &out);
        }
    }

    fn is_complete(&self) -> bool {
        let Some(leader) = self.leader() else { return false };
        let replica = self.cluster.replica(leader);
        let (commit, members) = (replica.commit(), replica.membership());
        // Nothing was committed for so long only if nobody proposed: somebody always does.
        let everybody = members.members.iter().map(|member| member.id.get());
        let all = |mut ids: Box<dyn Iterator<Item = u64> + '_>| {
            ids.all(|id| self.cluster.replica(id).commit() == commit)
        };
        commit == replica.last_index() && replica.is_membership_committed() && all(Box::new(everybody))
    }
}

#[test]
fn nothing_breaks_in_a_storm_and_everything_arrives_after_it() {
    let seeds: Vec<u64> = match std::env::var("CHAOS_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..SEEDS).collect(),
    };
    let (mut answered, mut changed, mut terms) = (0, 0, 0);
    let is_one = seeds.len() == 1;
    for seed in seeds {
        let mut storm = Storm::new(seed);
        for _ in 0..STEPS {
            let out = storm.one_step();
            if is_one {
                print!("{out}");
            }
            storm.check(seed, &out);
        }
        storm.calm(seed);
        answered += storm.answered;
        changed += storm.changed;
        terms += storm.leaders.len();
    }
    if !is_one {
        // The storm is one: something happened in it.
        assert!(answered > 100 && changed > 100 && terms > 100, "{answered} {changed} {terms}");
    }
}

/// The storm finds mistakes. Not all: that is for the simulator, which has clocks and leases, watches strong-sync voters, and has more time.
#[cfg(feature = "faults")]
#[test]
fn mistakes_are_found() {
    use consensus::Fault;
    const SEEDS_MAX: u64 = 500;
    std::panic::set_hook(Box::new(|_| {}));
    let mut missed = Vec::new();
    for fault in [
        Fault::AckBeforeSync,
        Fault::TruncateCommitted,
        Fault::MembershipLate,
        Fault::NoEmptyEntry,
        Fault::ReadWithoutRound,
        Fault::TwoChangesAtOnce,
    ] {
        let is_found = |seed: &u64| {
            std::panic::catch_unwind(|| {
                let mut storm = Storm::with(*seed, |config| config.fault = Some(fault));
                for _ in 0..STEPS {
                    let out = storm.one_step();
                    storm.check(*seed, &out);
                }
                storm.calm(*seed);
            })
            .is_err()
        };
        match (0..SEEDS_MAX).find(is_found) {
            Some(seed) => println!("{fault:?}: seed {seed}"),
            None => missed.push(fault),
        }
    }
    let _ = std::panic::take_hook();
    assert!(missed.is_empty(), "not found: {missed:?}");
}
