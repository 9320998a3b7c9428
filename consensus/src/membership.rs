//! Who belongs to the cluster, and as what.
//!
//! A [`Membership`] is a whole: each membership entry in the log carries all members, not a difference. It is in force on a
//! node from the moment it is in that node's log. One changes at a time: a leader refuses a change until the one before, and an entry of
//! its own term, are committed; so any two majorities that can ever count at the same time have a node in common
//! (Raft, section 6; Ongaro's correction of 2015).
//!
//! Invariants of a [`Membership`] that passed [`Membership::check`]: members ascend by id without doubles; there are 1 to
//! [`crate::limits::VOTERS_MAX`] voters, at least one of them with tables and a weight; nobody is both a member and removed; weights are
//! at most 9; texts are bounded; a source is a member and nobody's source leads back to itself.
//!
//! Left out: what an address means (it is text for the driver), the incarnations of a node (the driver's), what a change does
//! (`membership_change`), and the bytes (`membership_codec`).

use alloc::string::String;
use alloc::vec::Vec;

use crate::limits::{MEMBER_ADDRESS_BYTES_MAX, MEMBERS_MAX, REMOVED_MAX, SOURCE_GROUP_MAX, VOTERS_MAX};
use crate::types::{LogIndex, NodeId};

/// One member of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its id: given once, for ever.
    pub id: NodeId,
    /// Has a vote; else it is a learner.
    pub is_voter: bool,
    /// Keeps the log and no tables.
    pub is_log_only: bool,
    /// Election weight, 1 to 9, highest first; 0 stands only to bring another up to date that could lead but for its log.
    pub weight: u8,
    /// Commits wait for it, unless it is degraded. Only for voters.
    pub is_strong_sync: bool,
    /// Which node feeds it, for a learner; none: the leader.
    pub source: Option<NodeId>,
    /// Nodes to turn to, in this order, when the source is silent; after them the leader.
    pub source_group: Vec<NodeId>,
    /// Where other nodes reach it, `host:port`.
    pub peer_address: String,
    /// Where clients reach it, `host:port`; empty: not known yet.
    pub sql_address: String,
}

/// The weight of a member that nobody set.
pub const WEIGHT_DEFAULT: u8 = 5;
/// The highest weight.
pub const WEIGHT_MAX: u8 = 9;

impl Member {
    /// May be elected to serve: has a vote, tables and a weight.
    #[must_use]
    pub fn is_electable(&self) -> bool {
        self.is_voter && !self.is_log_only && self.weight > 0
    }

    /// A voter with tables and the default weight.
    #[must_use]
    pub fn voter(id: NodeId, peer_address: String, sql_address: String) -> Member {
        Member {
            id,
            is_voter: true,
            is_log_only: false,
            weight: WEIGHT_DEFAULT,
            is_strong_sync: false,
            source: None,
            source_group: Vec::new(),
            peer_address,
            sql_address,
        }
    }
}

/// All members, and who was one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// Ascending by id.
    pub members: Vec<Member>,
    /// Ids that were removed, ascending: they never come back.
    pub removed: Vec<NodeId>,
}

/// One change of the membership. Asked for again when it is done already, nothing happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new member without a vote.
    AddLearner {
        /// A number that was never used; none: the lowest such.
        id: Option<NodeId>,
        /// Keeps no tables.
        is_log_only: bool,
        /// See [`Member::source`].
        source: Option<NodeId>,
        /// See [`Member::peer_address`].
        peer_address: String,
        /// See [`Member::sql_address`].
        sql_address: String,
    },
    /// A learner gets a vote; refused while it lags.
    Promote {
        /// The learner.
        id: NodeId,
    },
    /// A voter becomes a learner. Refused for the leader: transfer first.
    Demote {
        /// The voter.
        id: NodeId,
    },
    /// A member leaves, and its id with it. Refused for the leader: transfer first.
    Remove {
        /// The member.
        id: NodeId,
    },
    /// A voter's weight and strong sync.
    Configure {
        /// The voter.
        id: NodeId,
        /// New weight.
        weight: Option<u8>,
        /// New sync strength.
        is_strong_sync: Option<bool>,
    },
    /// A learner's source.
    SetSource {
        /// The learner.
        id: NodeId,
        /// See [`Member::source`].
        source: Option<NodeId>,
        /// See [`Member::source_group`].
        source_group: Vec<NodeId>,
    },
    /// A member has moved.
    SetAddress {
        /// The member.
        id: NodeId,
        /// See [`Member::peer_address`].
        peer_address: String,
        /// See [`Member::sql_address`].
        sql_address: String,
    },
}

/// Why a change is refused. Nothing happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefused {
    /// This node does not lead.
    #[error("this node does not lead")]
    NotLeading,
    /// The leader has not committed anything in its term yet, or hands over.
    #[error("the leader is not ready to change the members; try again")]
    NotReady,
    /// Another change is not committed yet.
    #[error("another change of the members, at log index {0}, is not committed yet; try again")]
    InFlight(LogIndex),
    /// No such member.
    #[error("there is no member {0}")]
    Unknown(NodeId),
    /// The id was removed: give the node a new one, with an empty data folder.
    #[error(
        "node {0} was removed from the cluster; its id cannot be used again: start it with an empty data folder as a new node"
    )]
    Removed(NodeId),
    /// The id belongs to another node.
    #[error("id {0} belongs to a member with another address")]
    IdTaken(NodeId),
    /// The address belongs to another member.
    #[error("the address belongs to member {0}")]
    AddressTaken(NodeId),
    /// An address is empty or too long.
    #[error("an address must have 1 to {max} bytes", max = crate::limits::MEMBER_ADDRESS_BYTES_MAX)]
    Address,
    /// Only for learners.
    #[error("node {0} is a voter, not a learner")]
    NotLearner(NodeId),
    /// Only for voters.
    #[error("node {0} is a learner, not a voter")]
    NotVoter(NodeId),
    /// The leader cannot lose its own vote.
    #[error("node {0} is the leader; transfer the leadership first")]
    IsLeader(NodeId),
    /// A learner that is too far behind to vote.
    #[error("node {id} is {behind} entries behind; at most {max} are allowed")]
    Lagging {
        /// The learner.
        id: NodeId,
        /// How far.
        behind: u64,
        /// The bound.
        max: u64,
    },
    /// Somebody must be able to lead.
    #[error("without node {0} no voter that keeps tables would have a weight above 0, and nobody could lead")]
    LastElectable(NodeId),
    /// More nodes than a source group may have, or one of them twice.
    #[error("a source group has at most {max} different nodes", max = crate::limits::SOURCE_GROUP_MAX)]
    SourceGroup,
    /// As many ids were removed as are remembered.
    #[error("{max} nodes were removed already; no more are remembered", max = crate::limits::REMOVED_MAX)]
    TooManyRemoved,
    /// A learner that says nothing cannot vote either.
    #[error("node {0} has not answered the leader lately; a vote is given only to a node that is up")]
    NotHeard(NodeId),
    /// As many voters as there may be.
    #[error("there are {max} voters already", max = crate::limits::VOTERS_MAX)]
    TooManyVoters,
    /// As many members as there may be.
    #[error("there are {max} members already", max = crate::limits::MEMBERS_MAX)]
    TooManyMembers,
    /// The last voter with tables cannot go.
    #[error("node {0} is the last voter that keeps tables")]
    LastDataVoter(NodeId),
    /// Above 9.
    #[error("a weight is 0 to 9, not {0}")]
    Weight(u8),
    /// The source is no member, or leads back to the learner.
    #[error("node {0} cannot be the source")]
    Source(NodeId),
    /// A voter that is too far behind to be waited for.
    #[error("node {id} is {behind} entries behind; commits can wait for it only within {max}")]
    StrongSyncLagging {
        /// The voter.
        id: NodeId,
        /// How far.
        behind: u64,
        /// The bound.
        max: u64,
    },
}

/// Why a list of members is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMembership {
    /// No voters, or more than the core can count.
    #[error("a cluster has 1 to {VOTERS_MAX} voters, not {0}")]
    VoterCount(usize),
    /// More members than are allowed.
    #[error("a cluster has at most {MEMBERS_MAX} members, not {0}")]
    MemberCount(usize),
    /// More removed ids than are remembered.
    #[error("a cluster remembers at most {REMOVED_MAX} removed nodes, not {0}")]
    RemovedCount(usize),
    /// Not ascending, or twice.
    #[error("node {0} is listed twice or out of order")]
    Order(NodeId),
    /// Here and gone.
    #[error("node {0} is a member and removed")]
    Removed(NodeId),
    /// Nobody could lead.
    #[error("no voter keeps tables and has a weight above 0: nobody could lead")]
    NoElectable,
    /// Above 9.
    #[error("node {0} has a weight above {WEIGHT_MAX}")]
    Weight(NodeId),
    /// A learner cannot be waited for.
    #[error("node {0} has no vote and cannot be a strong-sync voter")]
    StrongSyncLearner(NodeId),
    /// Too long, or none.
    #[error("an address of node {0} is empty or longer than {MEMBER_ADDRESS_BYTES_MAX} bytes")]
    Address(NodeId),
    /// No member, the learner itself, or fed by it.
    #[error("the source of node {0} is not a member, or is fed by it")]
    Source(NodeId),
    /// Too long, or somebody in it twice.
    #[error(
        "the source group of node {0} has more than {SOURCE_GROUP_MAX} nodes, one of them twice, or itself"
    )]
    SourceGroup(NodeId),
}

impl Membership {
    /// The member with this id.
    #[must_use]
    pub fn get(&self, id: NodeId) -> Option<&Member> {
        self.position(id).ok().map(|place| &self.members[place])
    }

    /// Where the member is, or where it would be.
    pub(crate) fn position(&self, id: NodeId) -> Result<usize, usize> {
        self.members.binary_search_by_key(&id, |member| member.id)
    }

    /// Whether this node has a vote.
    #[must_use]
    pub fn is_voter(&self, id: NodeId) -> bool {
        self.get(id).is_some_and(|member| member.is_voter)
    }

    /// Whether this node was a member and never will be again.
    #[must_use]
    pub fn is_removed(&self, id: NodeId) -> bool {
        self.removed.binary_search(&id).is_ok()
    }

    /// Those with a vote, ascending by id.
    pub fn voters(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.is_voter)
    }

    /// Nobody at all: what a node knows that was told nothing yet.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.members.is_empty() && self.removed.is_empty()
    }

    /// Checks everything the module says of a membership.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check(&self) -> Result<(), InvalidMembership> {
        self.check_lists()?;
        let voters = self.voters().count();
        if voters == 0 || voters > VOTERS_MAX {
            return Err(InvalidMembership::VoterCount(voters));
        }
        if !self.members.iter().any(Member::is_electable) {
            return Err(InvalidMembership::NoElectable);
        }
        self.members.iter().try_for_each(|member| self.check_member(member))
    }

    fn check_lists(&self) -> Result<(), InvalidMembership> {
        if self.members.len() > MEMBERS_MAX {
            return Err(InvalidMembership::MemberCount(self.members.len()));
        }
        if self.removed.len() > REMOVED_MAX {
            return Err(InvalidMembership::RemovedCount(self.removed.len()));
        }
        if let Some(pair) = self.members.windows(2).find(|pair| pair[0].id >= pair[1].id) {
            return Err(InvalidMembership::Order(pair[1].id));
        }
        if let Some(pair) = self.removed.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(InvalidMembership::Order(pair[1]));
        }
        match self.members.iter().find(|member| self.is_removed(member.id)) {
            Some(member) => Err(InvalidMembership::Removed(member.id)),
            None => Ok(()),
        }
    }

    fn check_member(&self, member: &Member) -> Result<(), InvalidMembership> {
        let id = member.id;
        if member.weight > WEIGHT_MAX {
            return Err(InvalidMembership::Weight(id));
        }
        if member.is_strong_sync && !member.is_voter {
            return Err(InvalidMembership::StrongSyncLearner(id));
        }
        let longest = member.peer_address.len().max(member.sql_address.len());
        if member.peer_address.is_empty() || longest > MEMBER_ADDRESS_BYTES_MAX {
            return Err(InvalidMembership::Address(id));
        }
        if member.source.is_some_and(|source| self.get(source).is_none() || self.is_fed_by(source, id)) {
            return Err(InvalidMembership::Source(id));
        }
        let group = &member.source_group;
        let is_double = |(place, other): (usize, &NodeId)| group[..place].contains(other);
        if group.len() > SOURCE_GROUP_MAX || group.contains(&id) || group.iter().enumerate().any(is_double) {
            return Err(InvalidMembership::SourceGroup(id));
        }
        match group.iter().all(|other| self.get(*other).is_some()) {
            true => Ok(()),
            false => Err(InvalidMembership::Source(id)),
        }
    }

    /// Whether what `node` has comes, by configured sources, from `origin`. A node comes from itself.
    pub(crate) fn is_fed_by(&self, node: NodeId, origin: NodeId) -> bool {
        let mut at = Some(node);
        // A chain longer than there are members goes round.
        for _ in 0..=self.members.len() {
            let Some(member) = at else { return false };
            if member == origin {
                return true;
            }
            at = self.get(member).filter(|member| !member.is_voter).and_then(|member| member.source);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;

    fn id(number: u64) -> NodeId {
        NodeId::new(number)
    }

    fn voter(number: u64) -> Member {
        Member::voter(id(number), "host:1".to_string(), String::new())
    }

    fn learner(number: u64, source: Option<u64>) -> Member {
        Member { is_voter: false, source: source.map(id), ..voter(number) }
    }

    fn good() -> Membership {
        let members = vec![voter(1), voter(2), learner(3, Some(1)), learner(5, Some(3))];
        Membership { members, removed: vec![id(4), id(6)] }
    }

    /// What is wrong after `spoil`.
    fn spoiled(spoil: impl FnOnce(&mut Membership)) -> InvalidMembership {
        let mut membership = good();
        spoil(&mut membership);
        membership.check().unwrap_err()
    }

    #[test]
    fn a_sound_membership_passes_and_answers() {
        let membership = good();
        assert_eq!(membership.check(), Ok(()));
        assert!(membership.is_voter(id(2)) && !membership.is_voter(id(3)) && !membership.is_voter(id(9)));
        assert!(membership.is_removed(id(4)) && !membership.is_removed(id(5)));
        assert!(membership.is_fed_by(id(5), id(1)) && !membership.is_fed_by(id(1), id(5)));
    }

    #[test]
    fn each_broken_rule_is_named() {
        assert_eq!(spoiled(|m| m.members[0].weight = 10), InvalidMembership::Weight(id(1)));
        assert_eq!(spoiled(|m| m.members.swap(0, 1)), InvalidMembership::Order(id(1)));
        assert_eq!(spoiled(|m| m.removed = vec![id(6), id(6)]), InvalidMembership::Order(id(6)));
        assert_eq!(spoiled(|m| m.removed = vec![id(2)]), InvalidMembership::Removed(id(2)));
        assert_eq!(spoiled(|m| drop(m.members.drain(..2))), InvalidMembership::VoterCount(0));
        let weightless = |m: &mut Membership| m.members.iter_mut().for_each(|member| member.weight = 0);
        assert_eq!(spoiled(weightless), InvalidMembership::NoElectable);
        let logs_only =
            |m: &mut Membership| m.members.iter_mut().for_each(|member| member.is_log_only = true);
        assert_eq!(spoiled(logs_only), InvalidMembership::NoElectable);
        let strong = |m: &mut Membership| m.members[2].is_strong_sync = true;
        assert_eq!(spoiled(strong), InvalidMembership::StrongSyncLearner(id(3)));
        assert_eq!(spoiled(|m| m.members[1].peer_address.clear()), InvalidMembership::Address(id(2)));
        let long = |m: &mut Membership| m.members[1].sql_address = "x".repeat(256);
        assert_eq!(spoiled(long), InvalidMembership::Address(id(2)));
        let many = |m: &mut Membership| m.members.extend((10..110).map(voter));
        assert_eq!(spoiled(many), InvalidMembership::VoterCount(102));
        let crowd = |m: &mut Membership| m.members.extend((10..300).map(|number| learner(number, None)));
        assert_eq!(spoiled(crowd), InvalidMembership::MemberCount(294));
    }

    #[test]
    fn a_source_is_a_member_and_leads_to_a_voter() {
        assert_eq!(spoiled(|m| m.members[2].source = Some(id(8))), InvalidMembership::Source(id(3)));
        assert_eq!(spoiled(|m| m.members[2].source = Some(id(3))), InvalidMembership::Source(id(3)));
        // 3 is fed by 5, and 5 by 3.
        assert_eq!(spoiled(|m| m.members[2].source = Some(id(5))), InvalidMembership::Source(id(3)));
        assert_eq!(spoiled(|m| m.members[2].source_group = vec![id(7)]), InvalidMembership::Source(id(3)));
        let twice = |m: &mut Membership| m.members[2].source_group = vec![id(1), id(1)];
        assert_eq!(spoiled(twice), InvalidMembership::SourceGroup(id(3)));
        let own = |m: &mut Membership| m.members[2].source_group = vec![id(3)];
        assert_eq!(spoiled(own), InvalidMembership::SourceGroup(id(3)));
    }
}
