//! What must hold in every step of every run, whatever breaks.
//!
//! The checker sees the whole cluster at once, disks of dead nodes included, which no node can. Its own state only grows: who
//! led which term, who got whose vote, which entry was made under an index and term, which entries are committed.
//!
//! Left out: liveness, which only the end of a run can tell ([`crate::world::World::finish`]).

use std::collections::BTreeMap;

use bytes::Bytes;
use consensus::{Entry, LogIndex, Message, NodeId, Term};

use crate::disk::Disk;

/// What is known of the run so far.
#[derive(Debug, Default)]
pub struct Checker {
    leaders: BTreeMap<Term, NodeId>,
    votes: BTreeMap<(Term, NodeId), NodeId>,
    /// Every entry ever made, with the term of the entry before it: by induction, logs that agree at an entry agree before.
    made: BTreeMap<(LogIndex, Term), (Bytes, Term)>,
    /// The term of every committed entry, from index 1.
    committed: Vec<Term>,
    /// The highest term each node spoke in.
    spoken: BTreeMap<NodeId, Term>,
}

impl Checker {
    /// How many entries are committed.
    #[must_use]
    pub fn committed_count(&self) -> u64 {
        self.committed.len() as u64
    }

    /// The last committed entry that is on this disk; what lies there past it may be on its way out.
    #[must_use]
    pub fn committed_on(&self, disk: &Disk) -> LogIndex {
        let mut index = LogIndex::new(self.committed_count()).min(disk.last());
        while index > disk.base.0
            && disk.term_at(index) != self.committed.get(index.get() as usize - 1).copied()
        {
            index = index.prev();
        }
        index
    }

    /// How many terms had a leader.
    #[must_use]
    pub fn leader_count(&self) -> usize {
        self.leaders.len()
    }

    /// A node appends entries behind `prev`, or holds them.
    pub fn entries(&mut self, node: NodeId, mut previous: Term, entries: &[Entry]) {
        for entry in entries {
            let made = self
                .made
                .entry((entry.index, entry.term))
                .or_insert_with(|| (entry.payload.clone(), previous));
            assert!(
                made.0 == entry.payload && made.1 == previous,
                "log matching: {node} has another entry {} of term {} than was made before",
                entry.index,
                entry.term
            );
            previous = entry.term;
        }
    }

    /// A node leads. `term_at` tells its log.
    pub fn leads(
        &mut self,
        node: NodeId,
        term: Term,
        term_at: impl Fn(LogIndex) -> Option<Term>,
        base: LogIndex,
    ) {
        let leader = *self.leaders.entry(term).or_insert(node);
        assert!(leader == node, "election safety: {leader} and {node} lead in term {term}");
        for (committed, index) in self.committed.iter().zip(1..) {
            let index = LogIndex::new(index);
            if index > base {
                let held = term_at(index);
                assert!(
                    held == Some(*committed),
                    "leader completeness: {node} leads term {term} with {held:?} at {index}, committed was {committed}"
                );
            }
        }
    }

    /// A node moves its commit index to `index`. `term_at` tells its log from `from` on; `disks` are those of all voters.
    pub fn commits<'a>(
        &mut self,
        node: NodeId,
        (from, index): (LogIndex, LogIndex),
        term_at: impl Fn(LogIndex) -> Option<Term>,
        disks: impl Iterator<Item = &'a Disk> + Clone,
    ) {
        let mut at = from;
        while at < index {
            at = at.next();
            let Some(term) = term_at(at) else { panic!("{node} commits {at}, which it does not hold") };
            if let Some(known) = self.committed.get(at.get() as usize - 1) {
                assert!(
                    *known == term,
                    "{node} commits {at} of term {term}, where term {known} is committed"
                );
                continue;
            }
            let voters = disks.clone().count();
            let holding =
                disks.clone().filter(|disk| disk.base.0 >= at || disk.term_at(at) == Some(term)).count();
            assert!(
                2 * holding > voters,
                "{node} commits {at} of term {term}, which is on {holding} of {voters} disks"
            );
            self.committed.push(term);
        }
    }

    /// A node drops its log from an index on.
    pub fn truncates(&self, node: NodeId, from: LogIndex, commit: LogIndex) {
        assert!(from > commit, "{node} drops {from}, having committed {commit}");
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
            }
            Message::Vote { term, .. } => {
                let vote = *self.votes.entry((*term, node)).or_insert(node);
                assert!(vote == node, "{node} stands in term {term}, having voted for {vote}");
            }
            Message::VoteReply { .. }
            | Message::Append { .. }
            | Message::AppendAck { .. }
            | Message::AppendReject { .. }
            | Message::Heartbeat { .. }
            | Message::HeartbeatAck { .. }
            | Message::Commit { .. } => {}
        }
        let spoken = self.spoken.entry(node).or_default();
        *spoken = (*spoken).max(message.term());
    }

    /// A node starts again with what its disk has.
    pub fn restarts(&self, node: NodeId, term: Term) {
        let spoken = self.spoken.get(&node).copied().unwrap_or_default();
        assert!(term >= spoken, "{node} comes back in term {term}, having spoken in term {spoken}");
    }

    /// At the end: a node has committed everything that anybody has.
    pub fn is_complete(&self, node: NodeId, commit: LogIndex, term_at: impl Fn(LogIndex) -> Option<Term>) {
        assert!(
            commit.get() == self.committed_count(),
            "{node} has committed {commit} of {}",
            self.committed_count()
        );
        let held = term_at(commit);
        assert!(held == self.committed.last().copied(), "{node} ends with {held:?}");
    }
}
