//! What must hold in every step of every run, whatever breaks.
//!
//! The checker sees the whole cluster at once, disks of dead nodes included, which no node can. Its own state only grows: who
//! led which term, who got whose vote, which entry was made under an index and term, which entries are committed and what the
//! state machine is behind each, and how far any client has been told or shown.
//!
//! Left out: liveness, which only the end of a run can tell ([`crate::calm`]).

use std::collections::{BTreeMap, BTreeSet};

use consensus::{Entry, EntryKind, LogIndex, Membership, Message, NodeId, Term};

use crate::shadow::Shadow;
use crate::snapshot::State;

/// An entry that some leader made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Made {
    term: u64,
    /// The term of the entry before it: by induction, logs that agree at an entry agree before.
    previous_term: u64,
    /// The content, as a number.
    content: u64,
    kind: u8,
}

/// What is known of the run so far.
#[derive(Debug, Default)]
pub struct Checker {
    leaders: BTreeMap<Term, NodeId>,
    votes: BTreeMap<(Term, NodeId), NodeId>,
    /// By index, all that were ever made there.
    made: Vec<Vec<Made>>,
    /// The state behind each committed entry, from index 0.
    committed: Vec<State>,
    /// The term of the leader that committed it, which may be later than the entry's own.
    committed_in: Vec<u64>,
    /// The highest term each node spoke in.
    spoken: BTreeMap<NodeId, Term>,
    /// What is on each node's disk for certain, by number of the node, from 0.
    pub disks: Vec<Shadow>,
    /// Everything up to here was acknowledged to some client, or shown to one.
    frontier: u64,
    /// Who was removed by a committed change, and the term in which it was committed.
    removed: BTreeMap<NodeId, u64>,
}

fn place(node: NodeId) -> usize {
    usize::try_from(node.get() - 1).expect("few nodes")
}

fn content(entry: &Entry) -> u64 {
    State::default().after(0, entry.kind.code(), &entry.payload).chain
}

impl Checker {
    /// How many entries are committed.
    #[must_use]
    pub fn committed_count(&self) -> u64 {
        self.committed.len().saturating_sub(1) as u64
    }

    /// The state behind a committed entry.
    #[must_use]
    pub fn state_at(&self, index: u64) -> Option<State> {
        if index == 0 {
            Some(State::default())
        } else {
            self.committed.get(usize::try_from(index).ok()?).copied()
        }
    }

    /// How many terms had a leader.
    #[must_use]
    pub fn leader_count(&self) -> u64 {
        self.leaders.len() as u64
    }

    /// What every client may count on seeing from now on.
    #[must_use]
    pub fn frontier(&self) -> u64 {
        self.frontier
    }

    /// The disk of a node.
    #[must_use]
    pub fn disk(&mut self, node: NodeId) -> &mut Shadow {
        let place = place(node);
        if self.disks.len() <= place {
            self.disks.resize_with(place + 1, Shadow::default);
        }
        &mut self.disks[place]
    }

    /// A node appends entries behind one of `previous_term`.
    pub fn appends(&mut self, node: NodeId, mut previous_term: u64, entries: &[Entry]) {
        for entry in entries {
            let index = usize::try_from(entry.index.get()).expect("few entries");
            if self.made.len() <= index {
                self.made.resize_with(index + 1, Vec::new);
            }
            let made = Made {
                term: entry.term.get(),
                previous_term,
                content: content(entry),
                kind: entry.kind.code(),
            };
            let known = self.made[index].iter().find(|known| known.term == made.term);
            match known {
                Some(known) => assert!(
                    *known == made,
                    "log matching: {node} has another entry {} of term {} than was made before",
                    entry.index,
                    entry.term
                ),
                None => self.made[index].push(made),
            }
            previous_term = made.term;
        }
    }

    /// A leader makes a membership entry while an earlier one, at `earlier`, may not be committed.
    pub fn changes(
        &self,
        node: NodeId,
        commit: u64,
        (earlier_index, earlier): (u64, &Membership),
        changed: &Membership,
    ) {
        assert!(
            earlier_index <= commit,
            "one change at a time: {node} changes the members while entry {earlier_index} is not committed ({commit} is)"
        );
        let voters = |membership: &Membership| -> BTreeSet<NodeId> {
            membership.members.iter().filter(|member| member.is_voter).map(|member| member.id).collect()
        };
        let differ = voters(earlier).symmetric_difference(&voters(changed)).count();
        assert!(differ <= 1, "one change at a time: {node} changes {differ} voters at once");
        assert!(
            earlier.removed.iter().all(|id| changed.removed.contains(id)),
            "{node} forgets who was removed"
        );
    }

    /// A node leads, with the members in force on it. `log` is its log.
    pub fn leads(&mut self, node: NodeId, term: Term, log: &Shadow, membership: &Membership) {
        let leader = *self.leaders.entry(term).or_insert(node);
        assert!(leader == node, "election safety: {leader} and {node} lead in term {term}");
        let removed_in = self.removed.get(&node).copied();
        assert!(
            removed_in.is_none_or(|removed_in| removed_in >= term.get()),
            "{node} leads term {term}, having been removed in term {removed_in:?}"
        );
        let base = usize::try_from(log.base).expect("few entries");
        let committed = self.committed.get(base + 1..).unwrap_or_default();
        for (position, state) in committed.iter().enumerate() {
            // The last votes of an earlier term may be counted after a later leader has committed something.
            if self.committed_in[state.index as usize] >= term.get() {
                break;
            }
            let held = log.terms.get(position);
            assert!(
                held == Some(&state.term),
                "leader completeness: {node} leads term {term} with {held:?} at {}, committed was term {}",
                state.index,
                state.term
            );
        }
        let voters: Vec<NodeId> = voters(membership).collect();
        let granted = voters
            .iter()
            .filter(|voter| **voter == node || self.votes.get(&(term, **voter)) == Some(&node))
            .count();
        assert!(
            2 * granted > voters.len(),
            "{node} leads term {term} with {granted} votes of {voters:?}, who are the voters it knows"
        );
    }

    /// A node's commit index moves to `index`; `entries` are those from its own log that this commits, and `waited_for` the
    /// strong-sync voters that it must wait for if it leads.
    pub fn commits(
        &mut self,
        node: NodeId,
        index: u64,
        log: &Shadow,
        leads: Option<(Term, &Membership, &[NodeId])>,
    ) {
        if self.committed.is_empty() {
            self.committed.push(State::default());
            self.committed_in.push(0);
        }
        let known = self.committed_count();
        // By log matching, what agrees at one entry agrees before it.
        let shared = index.min(known);
        if shared > log.base {
            let (held, decided) = (log.term_at(shared), self.committed[shared as usize].term);
            assert!(
                held == Some(decided),
                "{node} commits {shared} of {held:?}, where term {decided} is committed"
            );
        }
        if index <= known {
            return;
        }
        let (term, membership, waited_for) =
            leads.unwrap_or_else(|| panic!("{node} commits {index}, which no leader has committed"));
        let newest = log.term_at(index).unwrap_or_else(|| panic!("{node} commits {index}, which it lacks"));
        let voters: Vec<NodeId> = voters(membership).collect();
        let has = |voter: &NodeId| self.disks.get(place(*voter)).is_some_and(|disk| disk.has(index, newest));
        let holding = voters.iter().filter(|voter| has(voter)).count();
        assert!(
            2 * holding > voters.len(),
            "{node} commits {index} of term {newest} in term {term}, which is on {holding} of the disks of {voters:?}"
        );
        for voter in waited_for {
            assert!(
                has(voter),
                "{node} commits {index} without {voter}, whose sync is strong and which is not degraded"
            );
        }
        for at in known + 1..=index {
            self.commit_entry(node, at, log);
            let before = self.committed_in.last().copied().unwrap_or_default();
            self.committed_in.push(before.max(term.get()));
        }
    }

    fn commit_entry(&mut self, node: NodeId, index: u64, log: &Shadow) {
        let term = log.term_at(index).unwrap_or_else(|| panic!("{node} commits {index}, which it lacks"));
        let made = self.made.get(index as usize).and_then(|made| made.iter().find(|made| made.term == term));
        let made = made.unwrap_or_else(|| panic!("{node} commits {index} of term {term}, which nobody made"));
        let before = self.committed[index as usize - 1];
        assert!(before.term <= term, "terms go down along what is committed");
        self.committed.push(before.after(term, made.kind, &made.content.to_le_bytes()));
    }

    /// The membership entry at `index` is committed: these are removed for ever.
    pub fn removed(&mut self, index: u64, removed: &[NodeId]) {
        let term = self.committed_in.get(index as usize).copied().unwrap_or_default();
        for node in removed {
            self.removed.entry(*node).or_insert(term);
        }
    }

    /// A node drops its log from an index on, in `term`.
    pub fn truncates(&self, node: NodeId, term: Term, (from, commit): (u64, u64), log: &Shadow) {
        assert!(from > commit, "{node} drops {from}, having committed {commit}");
        // A node that has not heard of the later term may still follow a leader that was deposed before it was committed.
        let is_known =
            self.committed_in.get(from as usize).is_some_and(|committed_in| *committed_in <= term.get());
        if let Some(state) = self.committed.get(from as usize).filter(|_| is_known) {
            assert!(
                log.term_at(from) != Some(state.term),
                "{node} drops entry {from} of term {}, which is committed",
                state.term
            );
        }
    }

    /// A message leaves a node.
    pub fn speaks(&mut self, node: NodeId, to: NodeId, message: &Message) {
        assert!(message.is_well_formed(), "{node} sends nonsense: {message:?}");
        match message {
            // These name a term that nobody is in yet.
            Message::PreVote { .. } | Message::PreVoteReply { .. } => return,
            Message::VoteReply { term, granted: true } => {
                let vote = *self.votes.entry((*term, node)).or_insert(to);
                assert!(vote == to, "{node} votes for {vote} and for {to} in term {term}");
                self.has_written(node, *term, to);
            }
            Message::Vote { term, .. } => {
                let vote = *self.votes.entry((*term, node)).or_insert(node);
                assert!(vote == node, "{node} stands in term {term}, having voted for {vote}");
                self.has_written(node, *term, node);
            }
            Message::AppendAck { match_index, .. } | Message::FeedAck { match_index, .. } => {
                let last = self.disk(node).last();
                assert!(
                    match_index.get() <= last,
                    "{node} says that {match_index} is on its disk, which ends at {last}"
                );
            }
            Message::HeartbeatAck { commit, .. } | Message::Subscribe { commit, .. } => {
                self.says_it_keeps(node, *commit);
            }
            Message::Feed { entries, commit, .. } => {
                let last = entries.last().map(|entry| (entry.index.get(), entry.term.get()));
                let is_committed = last.is_none_or(|(index, term)| {
                    index <= commit.get() && self.state_at(index).is_some_and(|state| state.term == term)
                });
                assert!(is_committed, "{node} feeds {last:?}, which is not committed");
                // Its term is what the node has heard of, and no promise.
                return;
            }
            Message::VoteReply { .. }
            | Message::Append { .. }
            | Message::AppendReject { .. }
            | Message::Heartbeat { .. }
            | Message::Commit { .. }
            | Message::TimeoutNow { .. }
            | Message::ReadIndex { .. }
            | Message::ReadIndexReply { .. }
            | Message::SnapshotNeeded { .. } => {}
        }
        let spoken = self.spoken.entry(node).or_default();
        *spoken = (*spoken).max(message.term());
    }

    /// A vote is on disk before anybody hears of it (unless its term is over by now).
    fn has_written(&mut self, node: NodeId, term: Term, vote: NodeId) {
        let written = self.disk(node).hard_state;
        assert!(
            written.term > term || written.term == term && written.vote == Some(vote),
            "{node} speaks of its vote for {vote} in term {term}; on its disk is {written:?}"
        );
    }

    /// Others may purge what a node says that it has committed and on disk.
    fn says_it_keeps(&mut self, node: NodeId, commit: LogIndex) {
        let Some(state) = self.state_at(commit.get()) else {
            panic!("{node} says that {commit} is committed, of {}", self.committed_count())
        };
        let disk = self.disk(node);
        assert!(
            disk.has(commit.get(), state.term) && commit.get() <= disk.last(),
            "{node} says that it keeps everything up to {commit}, but has {:?} there and ends at {}",
            disk.term_at(commit.get()),
            disk.last()
        );
    }

    /// A node starts again with what its disk has.
    pub fn restarts(&self, node: NodeId, term: Term) {
        let spoken = self.spoken.get(&node).copied().unwrap_or_default();
        assert!(term >= spoken, "{node} comes back in term {term}, having spoken in term {spoken}");
    }

    /// A state machine has applied up to here.
    pub fn applies(&self, node: NodeId, state: State) {
        let expected = self.state_at(state.index);
        assert!(
            expected == Some(state),
            "state machine safety: {node} is in {state:?}, which should be {expected:?}"
        );
    }

    /// A client is told that its write at `index`, made in `term`, is committed.
    pub fn acknowledges(&mut self, node: NodeId, index: u64, term: u64) {
        let committed = self.state_at(index);
        assert!(
            committed.is_some_and(|state| state.term == term),
            "{node} acknowledges entry {index} of term {term}; committed is {committed:?}"
        );
        self.frontier = self.frontier.max(index);
    }

    /// A read that began when clients could count on seeing `began_frontier` is answered from what is behind `promised` at
    /// least, and shows what is behind `shown`.
    pub fn answers_read(&mut self, node: NodeId, began_frontier: u64, promised: u64, shown: u64, how: &str) {
        assert!(
            promised >= began_frontier,
            "stale read: {node} answers {how} as of {promised}, when {began_frontier} was acknowledged before the read began"
        );
        assert!(shown >= promised, "{node} shows {shown}, having promised {promised}");
        self.frontier = self.frontier.max(shown);
    }
}

fn voters(membership: &Membership) -> impl Iterator<Item = NodeId> + '_ {
    membership.members.iter().filter(|member| member.is_voter).map(|member| member.id)
}

/// How the state machine sees an entry: by its content as a number, as the checker does.
#[must_use]
pub fn apply(state: State, term: u64, kind: EntryKind, payload: &bytes::Bytes) -> State {
    let content = State::default().after(0, kind.code(), payload).chain;
    state.after(term, kind.code(), &content.to_le_bytes())
}
