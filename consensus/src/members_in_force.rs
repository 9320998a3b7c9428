//! Which members count now, and how that changes with the log.
//!
//! Every membership entry is in force on a node as soon as it is in that node's log, and the one before is again when it is truncated.
//! What depends on it is kept beside it: the places of the voters, what is known of the peers, this node's own part.
//!
//! Invariants: the list ascends by index; its first was in force at the newest committed membership entry (or at the log's base),
//! so it is never truncated; a leader has at most one that is not committed.
//!
//! Left out: what a change does (`membership_change`) and the bytes (`membership_codec`).

use alloc::vec::Vec;

use bytes::Bytes;

use crate::effect::{Effect, Effects};
use crate::error::Error;
use crate::fault::Fault;
use crate::limits::STRONG_SYNC_LAG_ENTRIES_MAX;
use crate::log::Log;
use crate::membership::{Change, ChangeRefused, Membership};
use crate::membership_codec::{decode_membership, encode_membership};
use crate::progress::Progress;
use crate::replica::Replica;
use crate::types::{Entry, EntryKind, LogIndex, NodeId, Proposal, Role};

/// The memberships of the log, from the newest committed one on.
#[derive(Debug)]
pub(crate) struct MembersInForce {
    list: Vec<(LogIndex, Membership)>,
    /// For [`Fault::MembershipLate`].
    is_late: bool,
}

impl MembersInForce {
    /// Checks what was found at start.
    pub(crate) fn open(list: Vec<(LogIndex, Membership)>, log: &Log, is_late: bool) -> Result<Self, Error> {
        let Some(first) = list.first() else { return Err(Error::MembershipList("it is empty")) };
        if first.0 > log.base_index() {
            return Err(Error::MembershipList("the first lies past the base of the log"));
        }
        if list.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
            return Err(Error::MembershipList("it does not ascend"));
        }
        if list[1..].iter().any(|(index, _)| *index <= log.base_index() || *index > log.last_index()) {
            return Err(Error::MembershipList("an entry lies outside of the log"));
        }
        for (index, membership) in &list {
            let is_unknown = *index == LogIndex::ZERO && membership.is_unknown();
            if !is_unknown {
                membership.check().map_err(|reason| Error::Membership { index: *index, reason })?;
            }
        }
        Ok(MembersInForce { list, is_late })
    }

    fn newest(&self) -> &(LogIndex, Membership) {
        let at = if self.is_late { self.list.first() } else { self.list.last() };
        at.expect("the list is never empty")
    }

    pub(crate) fn in_force(&self) -> &Membership {
        &self.newest().1
    }

    pub(crate) fn index(&self) -> LogIndex {
        self.newest().0
    }

    /// The last entry in the log that makes members, in force or (with a fault) not yet.
    pub(crate) fn last_index(&self) -> LogIndex {
        self.list.last().expect("the list is never empty").0
    }

    /// The members that are decided.
    pub(crate) fn committed(&self) -> &Membership {
        &self.list.first().expect("the list is never empty").1
    }

    fn append(&mut self, index: LogIndex, membership: Membership) {
        assert!(index > self.last_index(), "memberships ascend with the log");
        self.list.push((index, membership));
    }

    /// Drops those from `from` on. Returns whether there were any.
    fn truncate(&mut self, from: LogIndex) -> bool {
        let before = self.list.len();
        while self.list.len() > 1 && self.last_index() >= from {
            self.list.pop();
        }
        self.list.len() < before
    }

    /// Forgets those that a later committed one has replaced. Returns whether there were any.
    pub(crate) fn commit(&mut self, commit: LogIndex) -> bool {
        let replaced = self.list[1..].iter().take_while(|(index, _)| *index <= commit).count();
        self.list.drain(..replaced);
        replaced > 0
    }

    fn reset(&mut self, index: LogIndex, membership: Membership) {
        self.list.clear();
        self.list.push((index, membership));
    }
}

/// What this node is in the membership in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OwnPart {
    pub(crate) is_voter: bool,
    pub(crate) is_log_only: bool,
    pub(crate) is_strong_sync: bool,
    pub(crate) weight: u8,
}

impl OwnPart {
    /// Whether it may be a candidate of its own accord, or by a leader's order.
    pub(crate) fn may_stand(self) -> bool {
        self.is_voter && self.weight > 0
    }

    /// A voter with tables that only stands when it is needed: weight 0.
    pub(crate) fn stands_in_need(self) -> bool {
        self.is_voter && !self.is_log_only && self.weight == 0
    }

    /// Whether, if it leads, that is only until another has what it has.
    pub(crate) fn leads_for_others(self) -> bool {
        self.is_log_only || self.weight == 0
    }
}

/// Whether every membership among `entries` is one.
pub(crate) fn memberships_are_sound(entries: &[Entry]) -> bool {
    let mut memberships = entries.iter().filter(|entry| entry.kind == EntryKind::Membership);
    memberships.all(|entry| decode_membership(&entry.payload).is_ok())
}

impl Replica {
    /// The members in force.
    #[must_use]
    pub fn membership(&self) -> &Membership {
        self.members.in_force()
    }

    /// The entry that made them so; zero for the founding members.
    #[must_use]
    pub fn membership_index(&self) -> LogIndex {
        self.members.index()
    }

    /// Whether that entry is committed.
    #[must_use]
    pub fn is_membership_committed(&self) -> bool {
        self.members.index() <= self.commit
    }

    /// The payload of a [`Proposal`] that makes `change`; nothing when it is made already. To be proposed next, before anything else is
    /// told to this replica.
    ///
    /// # Errors
    /// Why it cannot be made, or not now.
    pub fn prepare_change(&self, change: &Change) -> Result<Option<Bytes>, ChangeRefused> {
        if self.role != Role::Leader {
            return Err(ChangeRefused::NotLeading);
        }
        if !self.is_ready || self.transfer.is_some() {
            return Err(ChangeRefused::NotReady);
        }
        if self.members.last_index() > self.commit && !self.config.has(Fault::TwoChangesAtOnce) {
            return Err(ChangeRefused::InFlight(self.members.last_index()));
        }
        let Some(after) = self.members.in_force().apply(change, self.config.id)? else { return Ok(None) };
        self.check_lag(change)?;
        let mut payload = Vec::new();
        encode_membership(&after, &mut payload);
        Ok(Some(payload.into()))
    }

    /// Whether the node that is to count for more is near enough.
    fn check_lag(&self, change: &Change) -> Result<(), ChangeRefused> {
        match *change {
            Change::Promote { id } => {
                let learner = self.peers.iter().find(|peer| peer.id == id);
                let behind = self.commit.since(learner.map_or(LogIndex::ZERO, |peer| peer.commit_heard));
                let max = self.config.learner_lag_entries_max;
                if behind > max {
                    return Err(ChangeRefused::Lagging { id, behind, max });
                }
                // In a young cluster nobody lags, not even who does not exist.
                let has_answered = |peer: &Progress| peer.acked_seq > self.first_seq && self.is_heard(peer);
                if !learner.is_some_and(has_answered) {
                    return Err(ChangeRefused::NotHeard(id));
                }
            }
            Change::Configure { id, is_strong_sync: Some(true), .. } => {
                let known = self.peers.iter().find(|peer| peer.id == id).map(|peer| peer.match_index);
                let behind = self.commit.since(known.unwrap_or(self.writes.durable_index()));
                let max = STRONG_SYNC_LAG_ENTRIES_MAX;
                let was_strong = self.members.in_force().get(id).is_some_and(|member| member.is_strong_sync);
                if behind > max && !was_strong {
                    return Err(ChangeRefused::StrongSyncLagging { id, behind, max });
                }
            }
            Change::AddLearner { .. }
            | Change::Demote { .. }
            | Change::Remove { .. }
            | Change::Configure { .. }
            | Change::SetSource { .. }
            | Change::SetAddress { .. } => {}
        }
        Ok(())
    }

    /// Whether what is proposed may become entries now.
    pub(crate) fn may_propose(&self, proposals: &[Proposal]) -> bool {
        let mut changes = 0;
        proposals.iter().all(|proposal| match proposal.kind {
            EntryKind::Data => true,
            EntryKind::Empty => false,
            EntryKind::Membership => {
                changes += 1;
                changes == 1 && self.may_propose_members(&proposal.payload)
            }
        })
    }

    /// The driver proposes what it was just given by [`Replica::prepare_change`]; that nothing came between is checked here once more,
    /// because two changes at once could make two majorities without a common node.
    fn may_propose_members(&self, payload: &[u8]) -> bool {
        let Ok(after) = decode_membership(payload) else { return false };
        let is_alone = self.members.last_index() <= self.commit || self.config.has(Fault::TwoChangesAtOnce);
        let now = self.members.in_force();
        let given = after.voters().filter(|member| !now.is_voter(member.id)).count();
        let taken = now.voters().filter(|member| !after.is_voter(member.id)).count();
        self.is_ready && is_alone && given + taken <= 1 && after.is_voter(self.config.id)
    }

    /// Entries were added to the log: puts the members among them in force.
    pub(crate) fn take_memberships(&mut self, entries: &[(LogIndex, Bytes)], effects: &mut Effects) {
        for (index, payload) in entries {
            let membership = decode_membership(payload).expect("looked at before it was appended");
            self.members.append(*index, membership);
        }
        if !entries.is_empty() && !self.config.has(Fault::MembershipLate) {
            self.members_changed(effects);
        }
    }

    /// The log was truncated.
    pub(crate) fn drop_memberships(&mut self, from: LogIndex, effects: &mut Effects) {
        if self.members.truncate(from) {
            self.members_changed(effects);
        }
    }

    /// A snapshot has taken the log's place.
    pub(crate) fn reset_memberships(
        &mut self,
        index: LogIndex,
        membership: Membership,
        effects: &mut Effects,
    ) {
        let is_news = (index, &membership) != (self.members.index(), self.members.in_force());
        self.members.reset(index, membership);
        if is_news {
            self.members_changed(effects);
        }
    }

    /// Others are in force than before: tells the driver and acts on it.
    pub(crate) fn members_changed(&mut self, effects: &mut Effects) {
        let (index, membership) = (self.members.index(), self.members.in_force().clone());
        effects.push(Effect::Membership { index, membership });
        self.adopt_members();
        match self.role {
            Role::Follower | Role::Learner => {
                self.role = self.passive_role();
                self.announce(effects);
            }
            Role::PreCandidate | Role::Candidate => {
                if !self.part.is_voter {
                    self.become_follower(self.term, None, effects);
                }
            }
            Role::Leader => {
                self.drop_feeds_of_voters();
                self.check_transfer(effects);
            }
        }
    }

    /// Brings everything that depends on the members up to date.
    pub(crate) fn adopt_members(&mut self) {
        let membership = self.members.in_force();
        let own = membership.get(self.config.id);
        let was_strong_sync = self.part.is_strong_sync;
        self.part = own.map_or(OwnPart::default(), |own| OwnPart {
            is_voter: own.is_voter,
            is_log_only: own.is_log_only,
            is_strong_sync: own.is_strong_sync,
            weight: own.weight,
        });
        if self.part.is_strong_sync != was_strong_sync {
            self.own_sync = crate::strong_sync::StrongSync::default();
        }
        self.voters = membership.voters().map(|member| member.id).collect();
        let next = self.log.last_index().next();
        let mut before = core::mem::take(&mut self.peers);
        for member in membership.members.iter().filter(|member| member.id != self.config.id) {
            let known = before.iter().position(|peer| peer.id == member.id);
            let mut peer = match known {
                Some(place) => before.swap_remove(place),
                None => Progress::new(member.id),
            };
            peer.set_member(member, next);
            self.peers.push(peer);
        }
        self.is_needed = self.is_needed && self.part.stands_in_need();
        let weight_ticks = self.second_stage_ticks(self.lost_leader);
        self.timer.set_weight_ticks(weight_ticks);
    }

    /// What this node is when it does not stand and does not lead.
    pub(crate) fn passive_role(&self) -> Role {
        if self.part.is_voter { Role::Follower } else { Role::Learner }
    }

    /// The place of a voter among all voters, which is its bit in a `Ballot`.
    pub(crate) fn voter_place(&self, node: NodeId) -> Option<usize> {
        self.voters.binary_search(&node).ok()
    }

    /// Whether nobody else has a vote.
    pub(crate) fn is_lone_voter(&self) -> bool {
        self.part.is_voter && self.voters.len() == 1
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};
    use alloc::vec;

    use super::*;
    use crate::config::Config;
    use crate::effect::Input;
    use crate::log::LogState;
    use crate::membership::{InvalidMembership, Member};
    use crate::types::{HardState, Term};

    fn id(number: u64) -> NodeId {
        NodeId::new(number)
    }

    fn index(number: u64) -> LogIndex {
        LogIndex::new(number)
    }

    fn members(count: u64) -> Membership {
        let member = |number: u64| Member::voter(id(number), number.to_string(), String::new());
        Membership { members: (1..=count).map(member).collect(), removed: vec![] }
    }

    /// Node 1 with entries 4 to 9 of term 2 behind a base at 3.
    fn started(memberships: Vec<(LogIndex, Membership)>) -> Result<Replica, Error> {
        let base = (index(3), Term::new(1));
        let log =
            LogState { first: index(4), last: index(9), term_runs: vec![(index(4), Term::new(2))], base };
        let hard_state = HardState { term: Term::new(2), vote: None };
        Replica::new(Config::lan(id(1), 1), hard_state, log, index(5), memberships)
    }

    #[test]
    fn the_newest_in_the_log_is_in_force_and_those_that_are_replaced_for_good_are_forgotten() {
        let list = vec![(index(2), members(1)), (index(4), members(2)), (index(7), members(3))];
        let replica = started(list).unwrap();
        assert_eq!((replica.membership_index(), replica.membership()), (index(7), &members(3)));
        assert!(!replica.is_membership_committed());
        assert_eq!(replica.members.list, vec![(index(4), members(2)), (index(7), members(3))]);
    }

    #[test]
    fn a_list_that_does_not_fit_the_log_is_refused() {
        let refused = |list: Vec<(u64, u64)>| {
            let list = list.into_iter().map(|(at, count)| (index(at), members(count))).collect();
            started(list).map(|_| ()).unwrap_err()
        };
        for list in [vec![], vec![(4, 1)], vec![(3, 1), (3, 2)], vec![(0, 1), (2, 2)], vec![(0, 1), (10, 2)]]
        {
            assert!(matches!(refused(list.clone()), Error::MembershipList(_)), "{list:?}");
        }
        let reason = InvalidMembership::VoterCount(0);
        assert_eq!(refused(vec![(2, 0)]), Error::Membership { index: index(2), reason });
        let learner = started(vec![(LogIndex::ZERO, Membership::default())]).unwrap();
        assert_eq!(learner.role(), Role::Learner, "who was told nothing yet knows no members");
    }

    #[test]
    fn a_proposal_that_is_no_single_change_of_the_present_members_is_refused() {
        let mut effects = Effects::new();
        let founders = vec![(LogIndex::ZERO, members(1))];
        let hard_state = HardState::default();
        let config = Config::lan(id(1), 1);
        let mut replica =
            Replica::new(config, hard_state, LogState::empty(), LogIndex::ZERO, founders).unwrap();
        replica.step(Input::Tick, &mut effects);
        for seq in [1, 2] {
            let seq = crate::types::WriteSeq::new(seq);
            replica.step(Input::Durable { seq }, &mut effects);
        }
        assert_eq!((replica.role(), replica.commit()), (Role::Leader, index(1)));
        let payload = |membership: &Membership| {
            let mut out = Vec::new();
            encode_membership(membership, &mut out);
            Proposal { kind: EntryKind::Membership, payload: out.into() }
        };
        let mut propose = |proposals: Vec<Proposal>| {
            effects.clear();
            let (term, first) = (replica.term(), replica.last_index().next());
            replica.step(Input::Propose { term, first, proposals }, &mut effects);
            !effects.iter().any(|effect| matches!(effect, Effect::ProposalRefused { .. }))
        };
        assert!(!propose(vec![payload(&members(3))]), "two votes at once");
        let without_leader = Membership { members: members(2).members.split_off(1), removed: vec![id(1)] };
        assert!(!propose(vec![payload(&without_leader)]), "the leader's own vote");
        assert!(!propose(vec![payload(&members(2)), payload(&members(1))]), "two changes");
        let nonsense = Proposal { kind: EntryKind::Membership, payload: Bytes::from_static(b"no") };
        assert!(!propose(vec![nonsense]), "not a membership");
        assert!(!propose(vec![Proposal { kind: EntryKind::Empty, payload: Bytes::new() }]), "a leader's own");
        assert!(propose(vec![Proposal::data(Bytes::from_static(b"a")), payload(&members(2))]));
        assert!(!propose(vec![payload(&members(2))]), "another is in flight");
    }
}
