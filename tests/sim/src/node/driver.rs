//! The consensus thread: feeds the core and carries out its effects, by the rules of the server's driver.

use consensus::{
    Change as MembersChange, ChangeRefused, Effect, Entry, EntryKind, Input, LogIndex, Membership, Message,
    NodeId, Notice, Proposal, Role, Term, WriteSeq, decode_membership,
};

use super::entry_cache::record_from_entry;
use super::log_thread::LogWrite;
use super::start::End;
use super::{Node, Process, TICK_NS};
use crate::env::Env;
use crate::queue::{Local, Order, Parcel};
use crate::shadow::Change;

/// How long a sender waits before it connects again.
const RECONNECT_US: u64 = 50_000;

impl Node {
    /// Something happens to the process that runs.
    pub fn take(&mut self, env: &mut Env, local: Local) {
        let Some(process) = self.process.as_mut() else { return };
        if let Some(inbox) = &mut process.paused {
            inbox.push_back(local);
            return;
        }
        match local {
            Local::Tick => self.tick(env),
            Local::Message { from, parcel } => {
                let message = match parcel {
                    Parcel::Value(message) => message,
                    Parcel::Encoded(bytes) => {
                        consensus::decode(bytes).expect("what was encoded can be decoded")
                    }
                };
                if !self.answer_from_lease(env, from, &message) {
                    self.step(env, Input::Message { from, message });
                }
            }
            Local::LogBegin => {
                if !self.log_begin(env) {
                    self.end(env, End::Killed);
                }
            }
            Local::LogSync => {
                if !self.log_sync(env) {
                    self.end(env, End::Killed);
                }
            }
            Local::Apply => self.apply(env),
            Local::Purged(base) => self.purged(env, base),
            Local::Propose => self.propose(env),
            Local::Order(order) => self.send_entries(env, order),
            Local::Link { peer, is_up: true } => {
                process.broken.remove(&peer);
                self.step(env, Input::PeerConnected { peer });
            }
            Local::Link { peer, is_up: false } => self.step(env, Input::PeerDisconnected { peer }),
            Local::Snapshot(snapshot) => self.snapshot_arrives(env, snapshot),
        }
    }

    /// A question for a read index that the driver itself can answer, because the lease holds after it came. Now and then the core is
    /// asked nevertheless.
    fn answer_from_lease(&mut self, env: &mut Env, from: NodeId, message: &Message) -> bool {
        let Message::ReadIndex { ticket, .. } = message else { return false };
        let Some(process) = self.process.as_ref() else { return false };
        if !process.has_lease(self.clock.read_ns(env.now_us)) || env.random.once_in(3) {
            return false;
        }
        let (term, index) = (process.replica.term(), Some(process.replica.commit()));
        self.send(env, from, Message::ReadIndexReply { term, ticket: *ticket, index });
        true
    }

    /// The process stands still from now on.
    pub fn pause(&mut self, env: &mut Env) {
        if let Some(process) = self.process.as_mut()
            && process.paused.is_none()
        {
            process.paused = Some(std::collections::VecDeque::new());
            env.tally.pauses += 1;
            env.note(self.id, "pauses", &());
        }
    }

    /// The process goes on: what queued up meanwhile is taken first, then at most one tick.
    pub fn resume(&mut self, env: &mut Env) {
        let Some(inbox) = self.process.as_mut().and_then(|process| process.paused.take()) else { return };
        env.note(self.id, "goes on", &inbox.len());
        // Sessions have threads of their own: they may be faster than the driver, with what was true before the pause.
        self.read(env);
        let mut ticks = false;
        for local in inbox {
            if matches!(local, Local::Tick) {
                ticks = true;
            } else {
                self.take(env, local);
            }
        }
        if ticks {
            self.take(env, Local::Tick);
        }
    }

    fn tick(&mut self, env: &mut Env) {
        let now_ns = self.clock.read_ns(env.now_us);
        let process = self.process.as_mut().expect("it runs");
        let next_ns = process.next_tick_ns;
        if now_ns >= next_ns {
            // Missed ticks are not made up: the core must not believe that it listened all the time.
            process.next_tick_ns = (next_ns + TICK_NS).max(now_ns + TICK_NS / 2);
            self.step(env, Input::Tick);
        }
        if let Some(process) = &self.process {
            let at_us = self.clock.when(env.now_us, process.next_tick_ns);
            env.after(at_us - env.now_us, self.id, self.boot, Local::Tick);
        }
    }

    /// Takes what is sequenced as one proposal.
    fn propose(&mut self, env: &mut Env) {
        let process = self.process.as_mut().expect("it runs");
        let Some(term) = process.sequencer.term else { return };
        let proposals = std::mem::take(&mut process.sequencer.queue);
        if !proposals.is_empty() {
            let first = LogIndex::new(process.sequencer.next - proposals.len() as u64);
            self.step(env, Input::Propose { term, first, proposals });
        }
    }

    /// A client writes. False when this node does not take writes.
    pub fn write(&mut self, env: &mut Env, payload: bytes::Bytes) -> bool {
        let Some(process) = self.process.as_mut().filter(|process| process.is_serving()) else {
            return false;
        };
        let Some(term) = process.sequencer.term else { return false };
        let index = process.sequencer.next;
        process.sequencer.next += 1;
        process.writes.push_back((index, term.get()));
        process.sequencer.queue.push(Proposal::data(payload));
        if process.sequencer.queue.len() == 1 {
            let delay_us = env.random.below(60);
            env.after(delay_us, self.id, self.boot, Local::Propose);
        }
        true
    }

    /// An operator changes the members here. True when there was something to change. `is_wise` is asked about the outcome.
    ///
    /// # Errors
    /// When the node, or the core, refuses.
    pub fn change(
        &mut self,
        env: &mut Env,
        change: &MembersChange,
        is_wise: impl Fn(&Membership) -> bool,
    ) -> Result<bool, ChangeRefused> {
        if !self.process.as_ref().is_some_and(|process| process.is_serving() && process.paused.is_none()) {
            return Err(ChangeRefused::NotReady);
        }
        // What is sequenced already comes before.
        self.propose(env);
        let process = self.process.as_mut().expect("it runs");
        let Some(payload) = process.replica.prepare_change(change)? else { return Ok(false) };
        let changed = decode_membership(&payload).expect("what the core prepares can be decoded");
        if !is_wise(&changed) {
            return Ok(false);
        }
        env.note(self.id, "changes the members", change);
        env.checker.changes(
            self.id,
            process.commit,
            (process.membership().0.get(), &process.membership().1),
            &changed,
        );
        env.tally.changes += 1;
        process.sequencer.next += 1;
        process.sequencer.queue.push(Proposal { kind: EntryKind::Membership, payload });
        self.propose(env);
        Ok(true)
    }

    /// Gives the replica an input and carries out what comes of it.
    pub fn step(&mut self, env: &mut Env, input: Input) {
        let Some(process) = self.process.as_mut() else { return };
        env.steps += 1;
        if env.trace.is_on() {
            env.note(self.id, "<-", &input);
        }
        let mut effects = std::mem::take(&mut env.effects);
        process.replica.step(input, &mut effects);
        for effect in effects.drain() {
            if env.trace.is_on() {
                env.note(self.id, "  ->", &effect);
            }
            self.carry_out(env, effect);
        }
        env.effects = effects;
        self.compare(env);
    }

    /// The replica and its driver have the same log in mind.
    fn compare(&self, env: &mut Env) {
        let Some(process) = &self.process else { return };
        let (replica, ordered) = (&process.replica, &process.ordered);
        assert!(
            replica.last_index().get() == ordered.last(),
            "{}: the log ends at {}, the replica says {}",
            self.id,
            ordered.last(),
            replica.last_index()
        );
        assert!(
            replica.commit().get() == process.commit,
            "{}: every move of the commit index is told; {} was, {} is true",
            self.id,
            process.commit,
            replica.commit()
        );
        let claimed = replica.durable_index().get();
        let disk = env.checker.disk(self.id);
        let is_on_disk = claimed <= disk.base
            || claimed <= disk.last() && disk.term_at(claimed) == ordered.term_at(claimed)
            || claimed <= ordered.base;
        assert!(is_on_disk, "{} takes {claimed} for durable, its disk ends at {}", self.id, disk.last());
        assert!(
            replica.membership_index() == process.membership().0,
            "{}: the members of entry {} are in force, by its log it should be those of {}",
            self.id,
            replica.membership_index(),
            process.membership().0
        );
    }

    fn carry_out(&mut self, env: &mut Env, effect: Effect) {
        let process = self.process.as_mut().expect("it just took a step");
        match effect {
            Effect::Append { entries, seq } => self.append(env, &entries, seq),
            Effect::Truncate { from, seq } => self.truncate(env, from, seq),
            Effect::Persist { hard_state, seq } => {
                self.unconfirmed.push_back((seq, Change::Persist(hard_state)));
                self.order_write(env, LogWrite::Persist(hard_state, seq));
            }
            Effect::Reset { base, membership, seq } => self.reset(env, base, membership, seq),
            Effect::Send { to, message, after: None } => self.send(env, to, message),
            Effect::Send { to, message, after: Some(seq) } => process.held.push_back((seq, to, message)),
            Effect::SendEntries { to, term, prev_index, prev_term, first, last, commit, is_feed } => {
                let epoch = process.cache.epoch();
                let order = Order { epoch, to, term, prev_index, prev_term, first, last, commit, is_feed };
                assert!(prev_index.next() == first && first <= last, "{}: a range", self.id);
                if env.random.once_in(2) {
                    self.send_entries(env, order);
                } else {
                    let delay_us = env.random.below(3_000);
                    env.after(delay_us, self.id, self.boot, Local::Order(order));
                }
            }
            Effect::Commit { index } => self.commit(env, index.get()),
            Effect::Role { role, term, leader } => self.role(env, role, term, leader),
            Effect::LeaderReady { term, index } => {
                assert!(!self.is_log_only, "{} keeps no tables and does not lead for long", self.id);
                assert!(
                    process.ordered.term_at(index.get()) == Some(term.get()) && process.commit >= index.get(),
                    "{} is ready too early",
                    self.id
                );
                process.ready = Some((term, index));
                self.open_if_applied(env);
            }
            Effect::ProposalRefused { first } => {
                let leads = process.sequencer.term;
                assert!(leads.is_none(), "{} refuses {first} while it leads term {leads:?}", self.id);
            }
            Effect::Membership { index, membership } => {
                let known = process.membership();
                assert!(
                    known.0 == index && known.1 == membership,
                    "{}: other members are in force than its log says: {index} {membership:?}, should be {known:?}",
                    self.id
                );
            }
            Effect::FetchSnapshot { from, leader, at_least } => self.fetch(env, from, leader, at_least),
            Effect::HeartbeatRound { seq, .. } => {
                process.lease.round_began(seq, self.clock.read_ns(env.now_us));
            }
            Effect::LeaseRound { seq } => process.lease.round_answered(seq),
            Effect::LeaseRevoked => process.lease.revoke(),
            Effect::ReadReady { ticket, index } => self.read_ready(env, ticket, index),
            Effect::ReadRefused { ticket } => process.reads.retain(|read| read.ticket != ticket),
            Effect::HoldProposals { .. } => process.sequencer.is_held = true,
            Effect::TransferEnded { .. } => process.sequencer.is_held = false,
            Effect::Notice(notice) => self.notice(env, notice),
        }
    }

    fn notice(&mut self, env: &mut Env, notice: Notice) {
        let process = self.process.as_mut().expect("it just took a step");
        match notice {
            Notice::StrongSyncDegraded { voter, .. } => {
                process.degraded.insert(voter);
                env.tally.degraded += 1;
            }
            Notice::StrongSyncRearmed { voter } => {
                process.degraded.remove(&voter);
            }
            Notice::HandingOver { .. } | Notice::SourceChanged { .. } => {}
        }
    }

    fn append(&mut self, env: &mut Env, entries: &[Entry], seq: WriteSeq) {
        let process = self.process.as_mut().expect("it just took a step");
        let ordered = &mut process.ordered;
        assert!(
            entries.first().is_some_and(|entry| entry.index.get() == ordered.last() + 1),
            "{}: no gaps",
            self.id
        );
        let previous_term = ordered.terms.last().map_or(ordered.base_term, |term| *term);
        env.checker.appends(self.id, previous_term, entries);
        let change = Change::Append(entries.iter().map(|entry| entry.term.get()).collect());
        ordered.apply(&change);
        for entry in entries.iter().filter(|entry| entry.kind == EntryKind::Membership) {
            let membership = decode_membership(&entry.payload).expect("a membership that a leader made");
            process.memberships.push((entry.index, membership));
        }
        process.appends.push_back((seq, ordered.last()));
        process.cache.push(entries);
        self.unconfirmed.push_back((seq, change));
        let records = entries.iter().map(record_from_entry).collect();
        self.order_write(env, LogWrite::Append(records, seq));
    }

    fn truncate(&mut self, env: &mut Env, from: LogIndex, seq: WriteSeq) {
        env.tally.truncations += 1;
        let process = self.process.as_mut().expect("it just took a step");
        let term = process.replica.term();
        env.checker.truncates(self.id, term, (from.get(), process.commit), &process.ordered);
        let change = Change::Truncate(from.get());
        process.ordered.apply(&change);
        process.cache.truncate(from);
        let last = from.prev().get();
        for append in &mut process.appends {
            append.1 = append.1.min(last);
        }
        process.durable = process.durable.min(last);
        while process.memberships.last().is_some_and(|entry| entry.0 >= from) {
            process.memberships.pop();
        }
        self.unconfirmed.push_back((seq, change));
        self.order_write(env, LogWrite::Truncate(from.get(), seq));
    }

    fn reset(
        &mut self,
        env: &mut Env,
        base: (LogIndex, Term),
        membership: (LogIndex, Membership),
        seq: WriteSeq,
    ) {
        env.tally.resets += 1;
        let process = self.process.as_mut().expect("it just took a step");
        let snapshot = process.staged.take().expect("a reset follows a snapshot that was staged");
        assert!(
            snapshot.base() == base && snapshot.membership == membership,
            "{}: another snapshot",
            self.id
        );
        assert!(base.0.get() > process.commit, "{}: a snapshot leads forward", self.id);
        let change = Change::Reset(base.0.get(), base.1.get());
        process.ordered.apply(&change);
        process.cache.reset(base.0.get());
        process.appends.clear();
        process.appends.push_back((seq, base.0.get()));
        process.durable = process.durable.min(base.0.get());
        process.memberships = vec![membership];
        process.commit = base.0.get();
        process.resets_pending += 1;
        self.unconfirmed.push_back((seq, change));
        self.order_write(env, LogWrite::Reset(snapshot, seq));
    }

    fn commit(&mut self, env: &mut Env, index: u64) {
        let process = self.process.as_mut().expect("it just took a step");
        let membership = &process.memberships.last().expect("there always are members").1;
        let waited_for: Vec<NodeId> = membership
            .members
            .iter()
            .filter(|member| {
                member.is_voter && member.is_strong_sync && !process.degraded.contains(&member.id)
            })
            .map(|member| member.id)
            .collect();
        let leads = (process.role == Role::Leader).then_some((
            process.replica.term(),
            membership,
            waited_for.as_slice(),
        ));
        env.checker.commits(self.id, index, &process.ordered, leads);
        for entry in &process.memberships {
            if entry.0.get() > process.commit && entry.0.get() <= index {
                env.checker.removed(entry.0.get(), &entry.1.removed);
            }
        }
        process.commit = process.commit.max(index);
        self.wake_apply(env);
    }

    fn role(&mut self, env: &mut Env, role: Role, term: Term, leader: Option<NodeId>) {
        assert!((role == Role::Leader) == (leader == Some(self.id)), "{}: a leader knows itself", self.id);
        let process = self.process.as_mut().expect("it just took a step");
        if role == Role::Leader {
            let membership = &process.memberships.last().expect("there always are members").1;
            env.checker.leads(self.id, term, &process.ordered, membership);
        } else {
            process.ready = None;
            process.sequencer = super::Sequencer::default();
        }
        if matches!(role, Role::Candidate | Role::Leader) && process.role != role {
            env.challenger = Some(self.id);
        }
        process.degraded.clear();
        process.lease.revoke();
        process.role = role;
    }

    fn open_if_applied(&mut self, env: &mut Env) {
        let process = self.process.as_mut().expect("it runs");
        if let Some((term, index)) = process.ready
            && process.state.index >= index.get()
        {
            process.ready = None;
            let next = process.ordered.last() + 1;
            assert!(next == index.get() + 1, "{}: nothing was appended before the sequencer opened", self.id);
            // A transfer may have begun meanwhile.
            let is_held = process.sequencer.is_held;
            process.sequencer = super::Sequencer { term: Some(term), next, queue: Vec::new(), is_held };
            env.note(self.id, "open for writes", &(term, next));
        }
    }

    /// The state machine has applied something, and the replica is told.
    pub(super) fn applied(&mut self, env: &mut Env, index: u64) {
        self.step(env, Input::Applied { index: LogIndex::new(index) });
        if self.process.is_some() {
            self.open_if_applied(env);
        }
    }

    /// Everything up to this write is on disk: what waited for it leaves.
    pub(super) fn durable(&mut self, env: &mut Env, seq: WriteSeq) {
        // Each message is held to what was on disk when its write was: a truncation behind it may be durable by now too.
        loop {
            let process = self.process.as_mut().expect("it runs");
            let Some((write, to, message)) = process.held.pop_front_if(|(write, _, _)| *write <= seq) else {
                break;
            };
            self.confirm(env, write);
            self.send(env, to, message);
        }
        self.confirm(env, seq);
        let process = self.process.as_mut().expect("it runs");
        while let Some((_, last)) = process.appends.pop_front_if(|(write, _)| *write <= seq) {
            process.durable = process.durable.max(last);
        }
        process.cache.set_durable(process.durable);
        self.step(env, Input::Durable { seq });
    }

    /// What was ordered up to this write is on disk for certain.
    fn confirm(&mut self, env: &mut Env, seq: WriteSeq) {
        while let Some((_, change)) = self.unconfirmed.pop_front_if(|(write, _)| *write <= seq) {
            env.checker.disk(self.id).apply(&change);
        }
    }

    /// The log has purged.
    pub(super) fn purged(&mut self, env: &mut Env, base: u64) {
        let process = self.process.as_mut().expect("it runs");
        if base <= process.ordered.base {
            return;
        }
        env.tally.purges += 1;
        process.ordered.purge(base);
        env.checker.disk(self.id).purge(base);
        self.step(env, Input::Purged { upto: LogIndex::new(base) });
    }

    fn send(&mut self, env: &mut Env, to: NodeId, message: Message) {
        assert!(to != self.id, "{} talks to itself: {message:?}", self.id);
        env.send(self.id, to, message);
    }

    /// Reads the entries of an order and sends them, cut anyhow.
    fn send_entries(&mut self, env: &mut Env, order: Order) {
        let Order { epoch, to, term, mut prev_index, mut prev_term, first, last, commit, is_feed } = order;
        let mut next = first.get();
        while next <= last.get() {
            let process = self.process.as_mut().expect("it runs");
            if process.cache.epoch() != epoch || process.broken.contains(&to) {
                return;
            }
            let count_max = env.random.between(1, 8);
            let entries = match process.cache.read(next, last.get(), count_max) {
                Ok(entries) => entries,
                Err(error) => {
                    // The sender's connection ends, and it makes a new one. What queues up meanwhile is dropped.
                    process.broken.insert(to);
                    env.note(self.id, "cannot send", &error);
                    let noticed_us = env.random.between(10, 200);
                    env.after(noticed_us, self.id, self.boot, Local::Link { peer: to, is_up: false });
                    env.after(RECONNECT_US, self.id, self.boot, Local::Link { peer: to, is_up: true });
                    return;
                }
            };
            let end = entries.last().expect("at least one");
            assert!(
                entries[0].index.get() == next && process.ordered.has(prev_index.get(), prev_term.get()),
                "{}: an order that does not fit the log",
                self.id
            );
            let (end_index, end_term) = (end.index, end.term);
            next = end_index.get() + 1;
            let message = if is_feed {
                env.tally.feeds += 1;
                Message::Feed { term, prev_index, prev_term, entries, commit }
            } else {
                Message::Append { term, prev_index, prev_term, entries, commit }
            };
            self.send(env, to, message);
            (prev_index, prev_term) = (end_index, end_term);
        }
    }
}

impl Process {
    /// The end of the lease has not come, by this clock.
    pub(super) fn has_lease(&self, now_ns: u64) -> bool {
        self.role == Role::Leader && self.sequencer.term.is_some() && now_ns < self.lease.until_ns()
    }
}
