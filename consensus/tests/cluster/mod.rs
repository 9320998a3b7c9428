//! A cluster small enough to be told by hand: replicas, their disks, and the messages between them, moved one command at a
//! time. Nothing happens by itself except that disks write at once, unless they are held.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use consensus::{
    Config, Effect, Effects, Entry, EntryKind, HardState, Input, LogIndex, LogState, Message, NodeId,
    Replica, Term, WriteSeq,
};

/// A write that was ordered and has not reached the disk.
enum Write {
    Append(Vec<Entry>),
    Truncate(LogIndex),
    Persist(HardState),
}

/// One node: what it has in memory, what its disk has, and what waits between the two.
pub struct Node {
    pub config: Config,
    pub replica: Option<Replica>,
    /// The log as ordered: what peers are sent.
    entries: Vec<Entry>,
    disk_entries: Vec<Entry>,
    disk_hard_state: HardState,
    writes: VecDeque<(WriteSeq, Write)>,
    durable: WriteSeq,
    held_back: Vec<(WriteSeq, NodeId, Message)>,
    disk_held: bool,
}

/// All nodes and what is on the way.
#[derive(Default)]
pub struct Cluster {
    pub nodes: BTreeMap<u64, Node>,
    network: VecDeque<(NodeId, NodeId, Message)>,
    cut: BTreeSet<(u64, u64)>,
    effects: Effects,
}

impl Cluster {
    pub fn add(&mut self, config: Config, terms: &[u64], hard_state: HardState, commit: u64) -> String {
        let entries: Vec<Entry> = terms
            .iter()
            .zip(1..)
            .map(|(term, index)| Entry {
                index: LogIndex::new(index),
                term: Term::new(*term),
                kind: EntryKind::Data,
                payload: Vec::from(format!("t{term}")).into(),
            })
            .collect();
        let id = config.id.get();
        let node = Node {
            config,
            replica: None,
            entries: entries.clone(),
            disk_entries: entries,
            disk_hard_state: hard_state,
            writes: VecDeque::new(),
            durable: WriteSeq::ZERO,
            held_back: Vec::new(),
            disk_held: false,
        };
        self.nodes.insert(id, node);
        self.restart(id, commit)
    }

    fn node(&mut self, id: u64) -> &mut Node {
        self.nodes.get_mut(&id).expect("a node of the cluster")
    }

    pub fn replica(&self, id: u64) -> &Replica {
        self.nodes[&id].replica.as_ref().expect("a node that runs")
    }

    /// The node stops; its memory is gone, and what had not reached the disk.
    pub fn crash(&mut self, id: u64) {
        let node = self.node(id);
        node.replica = None;
        node.writes.clear();
        node.held_back.clear();
        node.entries = node.disk_entries.clone();
        node.durable = WriteSeq::ZERO;
    }

    pub fn restart(&mut self, id: u64, commit: u64) -> String {
        let node = self.node(id);
        let mut runs: Vec<(LogIndex, Term)> = Vec::new();
        for entry in &node.entries {
            if runs.last().is_none_or(|run| run.1 != entry.term) {
                runs.push((entry.index, entry.term));
            }
        }
        let last = node.entries.last().map_or(LogIndex::ZERO, |entry| entry.index);
        let log = LogState { last, term_runs: runs, ..LogState::empty() };
        match Replica::new(node.config.clone(), node.disk_hard_state, log, LogIndex::new(commit)) {
            Ok(replica) => {
                node.replica = Some(replica);
                String::new()
            }
            Err(error) => format!("n{id} refused: {error}\n"),
        }
    }

    /// Gives a node one input and carries out the effects, telling each.
    pub fn step(&mut self, id: u64, input: Input) -> String {
        let mut out = String::new();
        let mut effects = std::mem::take(&mut self.effects);
        let Some(replica) = self.node(id).replica.as_mut() else { return out };
        replica.step(input, &mut effects);
        for effect in effects.drain() {
            self.carry_out(id, effect, &mut out);
        }
        self.effects = effects;
        if !self.nodes[&id].disk_held {
            out += &self.sync(id, None);
        }
        out
    }

    fn carry_out(&mut self, id: u64, effect: Effect, out: &mut String) {
        let node = self.nodes.get_mut(&id).expect("a node of the cluster");
        match effect {
            Effect::Append { entries, seq } => {
                writeln!(out, "n{id} write {seq}: append {}", entries_text(&entries)).unwrap();
                node.entries.extend(entries.iter().cloned());
                node.writes.push_back((seq, Write::Append(entries)));
            }
            Effect::Truncate { from, seq } => {
                writeln!(out, "n{id} write {seq}: truncate from {from}").unwrap();
                node.entries.retain(|entry| entry.index < from);
                node.writes.push_back((seq, Write::Truncate(from)));
            }
            Effect::Persist { hard_state, seq } => {
                let vote = hard_state.vote.map_or("nobody".into(), |vote| vote.to_string());
                writeln!(out, "n{id} write {seq}: term {} vote {vote}", hard_state.term).unwrap();
                node.writes.push_back((seq, Write::Persist(hard_state)));
            }
            Effect::Send { to, message, after } => {
                let wait = after.filter(|seq| *seq > node.durable);
                let tail = wait.map_or(String::new(), |seq| format!(" (after write {seq})"));
                writeln!(out, "n{id} -> {to} {}{tail}", message_text(&message)).unwrap();
                match wait {
                    Some(seq) => node.held_back.push((seq, to, message)),
                    None => self.network.push_back((NodeId::new(id), to, message)),
                }
            }
            Effect::SendEntries { to, term, prev_index, prev_term, first, last, commit } => {
                assert_eq!(prev_index.next(), first);
                let held = first.get() as usize - 1..last.get() as usize;
                let entries = node.entries[held].to_vec();
                let message = Message::Append { term, prev_index, prev_term, entries, commit };
                writeln!(out, "n{id} -> {to} {}", message_text(&message)).unwrap();
                self.network.push_back((NodeId::new(id), to, message));
            }
            Effect::Commit { index } => writeln!(out, "n{id} commits up to {index}").unwrap(),
            Effect::Role { role, term, leader } => {
                let leader = leader.map_or("nobody".into(), |leader| leader.to_string());
                writeln!(out, "n{id} is {role} in term {term}, leader {leader}").unwrap();
            }
            Effect::LeaderReady { term, index } => {
                writeln!(out, "n{id} is ready in term {term} at {index}").unwrap();
            }
            Effect::ProposalRefused { first } => writeln!(out, "n{id} refuses proposal at {first}").unwrap(),
        }
    }

    /// Brings writes to the disk, up to a number or all, and lets go what waited for them.
    pub fn sync(&mut self, id: u64, upto: Option<u64>) -> String {
        let mut out = String::new();
        loop {
            let node = self.node(id);
            let mut reached = None;
            while node.writes.front().is_some_and(|write| upto.is_none_or(|upto| write.0.get() <= upto)) {
                let (seq, write) = node.writes.pop_front().expect("there is one");
                reached = Some(seq);
                match write {
                    Write::Append(entries) => node.disk_entries.extend(entries),
                    Write::Truncate(from) => node.disk_entries.retain(|entry| entry.index < from),
                    Write::Persist(hard_state) => node.disk_hard_state = hard_state,
                }
            }
            let Some(seq) = reached else { return out };
            node.durable = seq;
            if node.disk_held {
                writeln!(out, "n{id} has write {seq} on disk").unwrap();
            }
            let (free, held): (Vec<_>, Vec<_>) =
                std::mem::take(&mut node.held_back).into_iter().partition(|waiting| waiting.0 <= seq);
            node.held_back = held;
            for (_, to, message) in free {
                self.network.push_back((NodeId::new(id), to, message));
            }
            out += &self.step(id, Input::Durable { seq });
        }
    }

    pub fn hold_disk(&mut self, id: u64, held: bool) -> String {
        self.node(id).disk_held = held;
        if held { String::new() } else { self.sync(id, None) }
    }

    /// Delivers what is on the way, and what that causes, until nothing more matches; at most `count` messages.
    pub fn deliver(&mut self, from: Option<u64>, to: Option<u64>, count: usize) -> String {
        let mut out = String::new();
        let matches = |id: NodeId, wanted: Option<u64>| wanted.is_none_or(|wanted| wanted == id.get());
        for _ in 0..count {
            let place = self.network.iter().position(|sent| matches(sent.0, from) && matches(sent.1, to));
            let Some((from, to, message)) = place.and_then(|place| self.network.remove(place)) else {
                return out;
            };
            if !self.cut.contains(&(from.get(), to.get())) {
                out += &self.step(to.get(), Input::Message { from, message });
            }
        }
        out
    }

    pub fn inject(&mut self, from: u64, to: u64, message: Message) -> String {
        self.step(to, Input::Message { from: NodeId::new(from), message })
    }

    pub fn drop_messages(&mut self, from: Option<u64>, to: Option<u64>) -> String {
        let before = self.network.len();
        self.network.retain(|sent| {
            from.is_some_and(|from| from != sent.0.get()) || to.is_some_and(|to| to != sent.1.get())
        });
        format!("dropped {}\n", before - self.network.len())
    }

    pub fn cut(&mut self, from: u64, to: u64) {
        self.cut.insert((from, to));
    }

    pub fn heal(&mut self) {
        self.cut.clear();
    }

    pub fn describe(&self, id: u64) -> String {
        let node = &self.nodes[&id];
        let Some(replica) = &node.replica else { return format!("n{id} is down\n") };
        let status = replica.status();
        let mut out = String::new();
        let leader = status.leader.map_or("nobody".into(), |leader| leader.to_string());
        let terms: Vec<String> = node.entries.iter().map(|entry| entry.term.to_string()).collect();
        let (role, term, commit, durable) = (status.role, status.term, status.commit, status.durable_index);
        let terms = terms.join(",");
        writeln!(
            out,
            "n{id} {role} term={term} leader={leader} commit={commit} durable={durable} log=[{terms}]"
        )
        .unwrap();
        for peer in status.peers {
            let (match_index, next, inflight) = (peer.match_index, peer.next, peer.inflight_batches);
            let (id, pace) = (peer.id, format!("{:?}", peer.pace).to_lowercase());
            let link = if peer.connected { "" } else { " disconnected" };
            writeln!(out, "  {id} {pace} match={match_index} next={next} inflight={inflight}{link}").unwrap();
        }
        if status.ignored != Default::default() {
            let counts = status.ignored;
            let (unknown, malformed) = (counts.unknown_sender, counts.malformed);
            let (stale, impossible) = (counts.stale, counts.impossible);
            writeln!(
                out,
                "  ignored unknown={unknown} malformed={malformed} stale={stale} impossible={impossible}"
            )
            .unwrap();
        }
        out
    }
}

/// `3@1..5@1`, or the payloads when they are few.
fn entries_text(entries: &[Entry]) -> String {
    let text = |entry: &Entry| {
        let payload = String::from_utf8_lossy(&entry.payload).into_owned();
        let payload = if entry.kind == EntryKind::Empty { "empty".into() } else { payload };
        format!("{}@{}:{payload}", entry.index, entry.term)
    };
    match entries {
        [] => "nothing".into(),
        [first, .., last] if entries.len() > 4 => format!("{} .. {}", text(first), text(last)),
        few => few.iter().map(text).collect::<Vec<_>>().join(" "),
    }
}

fn message_text(message: &Message) -> String {
    match message {
        Message::PreVote { term, last_index, last_term } => {
            format!("PreVote term={term} last={last_index}@{last_term}")
        }
        Message::PreVoteReply { term, granted } => format!("PreVoteReply term={term} granted={granted}"),
        Message::Vote { term, last_index, last_term } => {
            format!("Vote term={term} last={last_index}@{last_term}")
        }
        Message::VoteReply { term, granted } => format!("VoteReply term={term} granted={granted}"),
        Message::Append { term, prev_index, prev_term, entries, commit } => {
            let entries = entries_text(entries);
            format!("Append term={term} prev={prev_index}@{prev_term} commit={commit} {entries}")
        }
        Message::AppendAck { term, match_index } => format!("AppendAck term={term} match={match_index}"),
        Message::AppendReject { term, prev_index, conflict_term, conflict_first, last_index } => format!(
            "AppendReject term={term} prev={prev_index} conflict={conflict_first}@{conflict_term} last={last_index}"
        ),
        Message::Heartbeat { term, commit, seq } => {
            format!("Heartbeat term={term} commit={commit} seq={seq}")
        }
        Message::HeartbeatAck { term, seq } => format!("HeartbeatAck term={term} seq={seq}"),
        Message::Commit { term, commit } => format!("Commit term={term} commit={commit}"),
    }
}
