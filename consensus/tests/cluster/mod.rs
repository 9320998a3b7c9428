//! A cluster small enough to be told by hand: replicas, their disks, and the messages between them, moved one command at a
//! time. Nothing happens by itself except that disks write at once, unless they are held.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use consensus::{
    Change, Config, Effect, Effects, Entry, EntryKind, HardState, Input, LogIndex, LogState, Membership,
    Message, NodeId, Proposal, Replica, Term, WriteSeq, decode_membership,
};

use crate::text::{entries_text, members_text, message_text, notice_text};

/// The last entry of a snapshot and its term, and the members there.
type Base = ((LogIndex, Term), (LogIndex, Membership));

/// A write that was ordered and has not reached the disk.
enum Write {
    Append(Vec<Entry>),
    Truncate(LogIndex),
    Persist(HardState),
    Reset(Base),
}

/// A log: what it begins behind, and what is in it.
#[derive(Clone)]
struct Stored {
    base: Base,
    entries: Vec<Entry>,
}

impl Stored {
    fn truncate(&mut self, from: LogIndex) {
        self.entries.retain(|entry| entry.index < from);
    }

    fn reset(&mut self, base: Base) {
        *self = Stored { base, entries: Vec::new() };
    }

    fn range(&self, first: LogIndex, last: LogIndex) -> Vec<Entry> {
        let start = first.since(self.base.0.0.next()) as usize;
        self.entries[start..start + last.since(first.prev()) as usize].to_vec()
    }

    fn term_at(&self, index: LogIndex) -> Term {
        let entry = self.entries.iter().find(|entry| entry.index == index);
        entry.map_or(self.base.0.1, |entry| entry.term)
    }

    /// The memberships, the one at the base first.
    fn memberships(&self) -> Vec<(LogIndex, Membership)> {
        let logged = self.entries.iter().filter(|entry| entry.kind == EntryKind::Membership);
        let logged = logged.map(|entry| (entry.index, decode_membership(&entry.payload).unwrap()));
        std::iter::once(self.base.1.clone()).chain(logged).collect()
    }

    /// Forgets what lies at or before `upto`.
    fn purge(&mut self, upto: LogIndex) {
        let term = self.term_at(upto);
        let kept = self.memberships().into_iter().rfind(|membership| membership.0 <= upto);
        self.base = ((upto, term), kept.unwrap_or_else(|| self.base.1.clone()));
        self.entries.retain(|entry| entry.index > upto);
    }

    fn state(&self) -> LogState {
        let mut term_runs: Vec<(LogIndex, Term)> = Vec::new();
        for entry in &self.entries {
            if term_runs.last().is_none_or(|run| run.1 != entry.term) {
                term_runs.push((entry.index, entry.term));
            }
        }
        let base = self.base.0;
        let last = self.entries.last().map_or(base.0, |entry| entry.index);
        LogState { first: base.0.next(), last, term_runs, base }
    }
}

/// One node: what it has in memory, what its disk has, and what waits between the two.
pub struct Node {
    pub config: Config,
    pub replica: Option<Replica>,
    /// The log as ordered: what peers are sent.
    log: Stored,
    disk_log: Stored,
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
    pub founders: Membership,
    network: VecDeque<(NodeId, NodeId, Message)>,
    cut: BTreeSet<(u64, u64)>,
    effects: Effects,
}

impl Cluster {
    /// A node with entries of these terms, and the founding members.
    pub fn add(&mut self, config: Config, terms: &[u64], hard_state: HardState, commit: u64) -> String {
        let founders = self.founders.clone();
        self.add_with(config, terms, hard_state, commit, founders)
    }

    /// As [`Cluster::add`], with other members than the founders.
    pub fn add_with(
        &mut self,
        config: Config,
        terms: &[u64],
        hard_state: HardState,
        commit: u64,
        members: Membership,
    ) -> String {
        let entry = |(term, index): (&u64, u64)| Entry {
            index: LogIndex::new(index),
            term: Term::new(*term),
            kind: EntryKind::Data,
            payload: Vec::from(format!("t{term}")).into(),
        };
        let base = ((LogIndex::ZERO, Term::ZERO), (LogIndex::ZERO, members));
        let log = Stored { base, entries: terms.iter().zip(1..).map(entry).collect() };
        let id = config.id.get();
        let node = Node {
            config,
            replica: None,
            log: log.clone(),
            disk_log: log,
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
        node.log = node.disk_log.clone();
        node.durable = WriteSeq::ZERO;
        // Its connections are gone with it.
        self.network.retain(|sent| sent.1.get() != id);
    }

    pub fn restart(&mut self, id: u64, commit: u64) -> String {
        let node = self.node(id);
        let (log, memberships) = (node.log.state(), node.log.memberships());
        let commit = LogIndex::new(commit);
        match Replica::new(node.config.clone(), node.disk_hard_state, log, commit, memberships) {
            Ok(replica) => {
                node.replica = Some(replica);
                String::new()
            }
            Err(error) => format!("n{id} refused: {error}\n"),
        }
    }

    /// Asks a node for a change of the members and proposes it.
    pub fn change(&mut self, id: u64, change: &Change) -> String {
        let replica = self.replica(id);
        match replica.prepare_change(change) {
            Ok(None) => format!("n{id}: done already\n"),
            Err(refused) => format!("n{id} refuses: {refused}\n"),
            Ok(Some(payload)) => {
                let (term, first) = (replica.term(), replica.last_index().next());
                let proposals = vec![Proposal { kind: EntryKind::Membership, payload }];
                self.step(id, Input::Propose { term, first, proposals })
            }
        }
    }

    /// Node `id` gets a snapshot of all that node `of` has committed.
    pub fn stage(&mut self, id: u64, of: u64) -> String {
        let commit = self.replica(of).commit();
        let mut log = self.nodes[&of].log.clone();
        log.purge(commit);
        let (base, membership) = log.base;
        self.step(id, Input::SnapshotStaged { base, membership })
    }

    pub fn purge(&mut self, id: u64, upto: u64) -> String {
        let upto = LogIndex::new(upto);
        let node = self.node(id);
        node.log.purge(upto);
        node.disk_log.purge(upto);
        self.step(id, Input::Purged { upto })
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
                node.log.entries.extend(entries.iter().cloned());
                node.writes.push_back((seq, Write::Append(entries)));
            }
            Effect::Truncate { from, seq } => {
                writeln!(out, "n{id} write {seq}: truncate from {from}").unwrap();
                node.log.truncate(from);
                node.writes.push_back((seq, Write::Truncate(from)));
            }
            Effect::Persist { hard_state, seq } => {
                let vote = hard_state.vote.map_or("nobody".into(), |vote| vote.to_string());
                writeln!(out, "n{id} write {seq}: term {} vote {vote}", hard_state.term).unwrap();
                node.writes.push_back((seq, Write::Persist(hard_state)));
            }
            Effect::Reset { base, membership, seq } => {
                writeln!(out, "n{id} write {seq}: nothing after {}@{}", base.0, base.1).unwrap();
                node.log.reset((base, membership.clone()));
                node.writes.push_back((seq, Write::Reset((base, membership))));
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
            Effect::SendEntries { to, term, prev_index, prev_term, first, last, commit, is_feed } => {
                assert_eq!(prev_index.next(), first);
                let entries = node.log.range(first, last);
                let message = match is_feed {
                    true => Message::Feed { term, prev_index, prev_term, entries, commit },
                    false => Message::Append { term, prev_index, prev_term, entries, commit },
                };
                writeln!(out, "n{id} -> {to} {}", message_text(&message)).unwrap();
                self.network.push_back((NodeId::new(id), to, message));
            }
            other => writeln!(out, "n{id} {}", plain_text(other)).unwrap(),
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
                    Write::Append(entries) => node.disk_log.entries.extend(entries),
                    Write::Truncate(from) => node.disk_log.truncate(from),
                    Write::Persist(hard_state) => node.disk_hard_state = hard_state,
                    Write::Reset(base) => node.disk_log.reset(base),
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

    /// A tick passes for every node that runs, and everything that is on the way arrives.
    pub fn pass(&mut self, count: u64) -> String {
        let mut out = String::new();
        for _ in 0..count {
            for id in self.nodes.keys().copied().collect::<Vec<_>>() {
                out += &self.step(id, Input::Tick);
            }
            out += &self.deliver(None, None, usize::MAX);
        }
        out
    }

    /// How many messages are on the way.
    pub fn sent_count(&self) -> usize {
        self.network.len()
    }

    /// What is on the way at this place arrives; it stays on the way when it is to arrive twice.
    pub fn deliver_at(&mut self, place: usize, is_twice: bool) -> String {
        let found = match is_twice {
            true => self.network.get(place).cloned(),
            false => self.network.remove(place),
        };
        match found {
            Some((from, to, message)) if !self.cut.contains(&(from.get(), to.get())) => {
                self.step(to.get(), Input::Message { from, message })
            }
            Some(_) | None => String::new(),
        }
    }

    /// What is on the way at this place never arrives.
    pub fn lose_at(&mut self, place: usize) {
        self.network.remove(place);
    }

    pub fn is_up(&self, id: u64) -> bool {
        self.nodes[&id].replica.is_some()
    }

    /// The entries that a node holds, committed or not.
    pub fn entries(&self, id: u64) -> &[Entry] {
        &self.nodes[&id].log.entries
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
        let terms: Vec<String> = node.log.entries.iter().map(|entry| entry.term.to_string()).collect();
        let (role, term, commit, durable) = (status.role, status.term, status.commit, status.durable_index);
        let base = node.log.base.0.0;
        let base = if base == LogIndex::ZERO { String::new() } else { format!("{base}..") };
        let terms = format!("{base}{}", terms.join(","));
        writeln!(
            out,
            "n{id} {role} term={term} leader={leader} commit={commit} durable={durable} log=[{terms}]"
        )
        .unwrap();
        for peer in status.peers {
            let (match_index, next, inflight) = (peer.match_index, peer.next, peer.inflight_batches);
            let (id, pace) = (peer.id, format!("{:?}", peer.pace).to_lowercase());
            let mut link = String::from(if peer.connected { "" } else { " disconnected" });
            for (is_set, word) in [(peer.behind_log, " behind"), (peer.is_degraded, " degraded")] {
                link += if is_set { word } else { "" };
            }
            if !peer.is_voter {
                writeln!(out, "  {id} learner holds={match_index}{link}").unwrap();
                continue;
            }
            writeln!(out, "  {id} {pace} match={match_index} next={next} inflight={inflight}{link}").unwrap();
        }
        for feed in status.feeds {
            let (subscriber, match_index, next) = (feed.subscriber, feed.match_index, feed.next);
            writeln!(out, "  feeds {subscriber} match={match_index} next={next}").unwrap();
        }
        if let Some(source) = status.source {
            writeln!(out, "  fed by {source}").unwrap();
        }
        if let Some(to) = status.transfer {
            writeln!(out, "  hands over to {to}").unwrap();
        }
        if status.ignored != Default::default() {
            let counts = status.ignored;
            let (unknown, malformed) = (counts.unknown_sender, counts.malformed);
            let (stale, impossible) = (counts.stale, counts.impossible);
            let removed = match counts.removed_sender {
                0 => String::new(),
                count => format!(" removed={count}"),
            };
            writeln!(
                out,
                "  ignored unknown={unknown} malformed={malformed} stale={stale} impossible={impossible}{removed}"
            )
            .unwrap();
        }
        out
    }

    pub fn members(&self, id: u64) -> String {
        let replica = self.replica(id);
        let state = if replica.is_membership_committed() { "committed" } else { "not committed" };
        let (index, members) = (replica.membership_index(), members_text(replica.membership()));
        let floor = replica.floor();
        format!("n{id} members from {index} ({state}): {members}; all hold {floor}\n")
    }
}

/// The effects that only tell something.
fn plain_text(effect: Effect) -> String {
    match effect {
        Effect::Commit { index } => format!("commits up to {index}"),
        Effect::Role { role, term, leader } => {
            let leader = leader.map_or("nobody".into(), |leader| leader.to_string());
            format!("is {role} in term {term}, leader {leader}")
        }
        Effect::LeaderReady { term, index } => format!("is ready in term {term} at {index}"),
        Effect::ProposalRefused { first } => format!("refuses proposal at {first}"),
        Effect::Membership { index, membership } => {
            format!("members from {index}: {}", members_text(&membership))
        }
        Effect::FetchSnapshot { from, leader, at_least } => {
            format!("fetches a snapshot from {from} (leader {leader}) of at least {at_least}")
        }
        Effect::HeartbeatRound { term, seq } => format!("begins round {seq} of term {term}"),
        Effect::LeaseRound { seq } => format!("has a lease from round {seq}"),
        Effect::LeaseRevoked => "has no lease any more".into(),
        Effect::ReadReady { ticket, index } => format!("may answer read {ticket} at {index}"),
        Effect::ReadRefused { ticket } => format!("refuses read {ticket}"),
        Effect::HoldProposals { to } => format!("holds proposals for {to}"),
        Effect::TransferEnded { reason } => format!("does not hand over: {reason:?}"),
        Effect::Notice(notice) => notice_text(notice),
        Effect::Append { .. }
        | Effect::Truncate { .. }
        | Effect::Persist { .. }
        | Effect::Reset { .. }
        | Effect::Send { .. }
        | Effect::SendEntries { .. } => unreachable!("carried out, not told"),
    }
}
