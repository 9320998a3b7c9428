//! What a [`Change`] makes of a [`Membership`].
//!
//! Invariants: a change alters at most one member's vote, so the majorities before and after have a node in common; a change that is
//! done already gives nothing; what comes out passes [`Membership::check`].
//!
//! Left out: how far a node lags and whether a change may be made now ([`crate::Replica::prepare_change`] knows).

use alloc::string::String;
use alloc::vec::Vec;

use crate::limits::{MEMBER_ADDRESS_BYTES_MAX, MEMBERS_MAX, REMOVED_MAX, SOURCE_GROUP_MAX, VOTERS_MAX};
use crate::membership::{Change, ChangeRefused, Member, Membership, WEIGHT_DEFAULT, WEIGHT_MAX};
use crate::types::NodeId;

impl Membership {
    /// The members after `change`; nothing when it is done already. `leader` is the node that makes the change.
    pub(crate) fn apply(&self, change: &Change, leader: NodeId) -> Result<Option<Membership>, ChangeRefused> {
        let after = match change {
            Change::AddLearner { id, is_log_only, source, peer_address, sql_address } => {
                let member = Member {
                    is_voter: false,
                    is_log_only: *is_log_only,
                    source: *source,
                    ..Member::voter(leader, peer_address.clone(), sql_address.clone())
                };
                self.add_learner(*id, member)?
            }
            Change::Promote { id } => self.promote(*id)?,
            Change::Demote { id } => self.demote(*id, leader)?,
            Change::Remove { id } => self.remove(*id, leader)?,
            Change::Configure { id, weight, is_strong_sync } => {
                self.configure(*id, *weight, *is_strong_sync)?
            }
            Change::SetSource { id, source, source_group } => self.set_source(*id, *source, source_group)?,
            Change::SetAddress { id, peer_address, sql_address } => {
                self.set_address(*id, peer_address, sql_address)?
            }
        };
        let after = (after != *self).then_some(after);
        assert!(after.as_ref().is_none_or(|after| after.check().is_ok()), "a change keeps the rules");
        Ok(after)
    }

    /// The place of a member.
    fn place(&self, id: NodeId) -> Result<usize, ChangeRefused> {
        match self.position(id) {
            Ok(place) => Ok(place),
            Err(_) if self.is_removed(id) => Err(ChangeRefused::Removed(id)),
            Err(_) => Err(ChangeRefused::Unknown(id)),
        }
    }

    fn add_learner(&self, id: Option<NodeId>, mut member: Member) -> Result<Membership, ChangeRefused> {
        check_addresses(&member.peer_address, &member.sql_address)?;
        let namesake = self.members.iter().find(|other| other.peer_address == member.peer_address);
        if let Some(namesake) = namesake {
            return match id {
                Some(id) if id != namesake.id => Err(ChangeRefused::AddressTaken(namesake.id)),
                _ => Ok(self.clone()),
            };
        }
        member.id = id.unwrap_or_else(|| self.lowest_unused());
        if self.is_removed(member.id) {
            return Err(ChangeRefused::Removed(member.id));
        }
        let Err(place) = self.position(member.id) else { return Err(ChangeRefused::IdTaken(member.id)) };
        if self.members.len() >= MEMBERS_MAX {
            return Err(ChangeRefused::TooManyMembers);
        }
        if let Some(source) = member.source
            && self.get(source).is_none()
        {
            return Err(ChangeRefused::Source(source));
        }
        let mut after = self.clone();
        after.members.insert(place, member);
        Ok(after)
    }

    /// The lowest id that is no member's and never was.
    fn lowest_unused(&self) -> NodeId {
        let is_free = |id: &NodeId| self.get(*id).is_none() && !self.is_removed(*id);
        (1..).filter_map(NodeId::try_new).find(is_free).expect("there are more numbers than members")
    }

    fn promote(&self, id: NodeId) -> Result<Membership, ChangeRefused> {
        let place = self.place(id)?;
        let mut after = self.clone();
        let member = &mut after.members[place];
        if member.is_voter {
            return Ok(after);
        }
        if self.voters().count() >= VOTERS_MAX {
            return Err(ChangeRefused::TooManyVoters);
        }
        member.is_voter = true;
        member.source = None;
        member.source_group = Vec::new();
        Ok(after)
    }

    fn demote(&self, id: NodeId, leader: NodeId) -> Result<Membership, ChangeRefused> {
        let place = self.place(id)?;
        let mut after = self.clone();
        let member = &mut after.members[place];
        if !member.is_voter {
            return Ok(after);
        }
        member.is_voter = false;
        member.is_strong_sync = false;
        member.weight = WEIGHT_DEFAULT;
        after.check_loss(id, leader)?;
        Ok(after)
    }

    fn remove(&self, id: NodeId, leader: NodeId) -> Result<Membership, ChangeRefused> {
        let mut after = self.clone();
        let Err(removed_place) = self.removed.binary_search(&id) else { return Ok(after) };
        let place = self.place(id)?;
        if self.removed.len() >= REMOVED_MAX {
            return Err(ChangeRefused::TooManyRemoved);
        }
        after.members.remove(place);
        after.removed.insert(removed_place, id);
        for member in &mut after.members {
            // Who was fed by it turns to the leader.
            member.source = member.source.filter(|source| *source != id);
            member.source_group.retain(|other| *other != id);
        }
        after.check_loss(id, leader)?;
        Ok(after)
    }

    /// Whether the cluster can do without the vote of `id`.
    fn check_loss(&self, id: NodeId, leader: NodeId) -> Result<(), ChangeRefused> {
        if id == leader {
            return Err(ChangeRefused::IsLeader(id));
        }
        if !self.voters().any(|member| !member.is_log_only) {
            return Err(ChangeRefused::LastDataVoter(id));
        }
        match self.members.iter().any(Member::is_electable) {
            true => Ok(()),
            false => Err(ChangeRefused::LastElectable(id)),
        }
    }

    fn configure(
        &self,
        id: NodeId,
        weight: Option<u8>,
        is_strong_sync: Option<bool>,
    ) -> Result<Membership, ChangeRefused> {
        let place = self.place(id)?;
        let mut after = self.clone();
        let member = &mut after.members[place];
        if !member.is_voter {
            return Err(ChangeRefused::NotVoter(id));
        }
        member.weight = weight.unwrap_or(member.weight);
        member.is_strong_sync = is_strong_sync.unwrap_or(member.is_strong_sync);
        if member.weight > WEIGHT_MAX {
            return Err(ChangeRefused::Weight(member.weight));
        }
        match after.members.iter().any(Member::is_electable) {
            true => Ok(after),
            false => Err(ChangeRefused::LastElectable(id)),
        }
    }

    fn set_source(
        &self,
        id: NodeId,
        source: Option<NodeId>,
        group: &[NodeId],
    ) -> Result<Membership, ChangeRefused> {
        let place = self.place(id)?;
        let mut after = self.clone();
        if after.members[place].is_voter {
            return Err(ChangeRefused::NotLearner(id));
        }
        let is_double = |(place, other): (usize, &NodeId)| group[..place].contains(other);
        if group.len() > SOURCE_GROUP_MAX || group.iter().enumerate().any(is_double) {
            return Err(ChangeRefused::SourceGroup);
        }
        let is_sound = |other: &&NodeId| **other != id && self.get(**other).is_some();
        if let Some(other) = group.iter().find(|other| !is_sound(other)) {
            return Err(ChangeRefused::Source(*other));
        }
        if let Some(source) = source
            && (self.get(source).is_none() || self.is_fed_by(source, id))
        {
            return Err(ChangeRefused::Source(source));
        }
        after.members[place].source = source;
        after.members[place].source_group = group.to_vec();
        Ok(after)
    }

    fn set_address(
        &self,
        id: NodeId,
        peer_address: &String,
        sql_address: &String,
    ) -> Result<Membership, ChangeRefused> {
        let place = self.place(id)?;
        check_addresses(peer_address, sql_address)?;
        let is_namesake = |other: &&Member| other.id != id && other.peer_address == *peer_address;
        if let Some(other) = self.members.iter().find(is_namesake) {
            return Err(ChangeRefused::AddressTaken(other.id));
        }
        let mut after = self.clone();
        after.members[place].peer_address.clone_from(peer_address);
        after.members[place].sql_address.clone_from(sql_address);
        Ok(after)
    }
}

fn check_addresses(peer_address: &str, sql_address: &str) -> Result<(), ChangeRefused> {
    let longest = peer_address.len().max(sql_address.len());
    if peer_address.is_empty() || longest > MEMBER_ADDRESS_BYTES_MAX {
        return Err(ChangeRefused::Address);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;

    fn id(number: u64) -> NodeId {
        NodeId::new(number)
    }

    /// Voters 1, 2 and, without tables, 3; learner 5, fed by 2; 4 was removed. Node 1 leads.
    fn sample() -> Membership {
        let voter = |number: u64| Member::voter(id(number), format!("host{number}:1"), String::new());
        let members = vec![
            voter(1),
            voter(2),
            Member { is_log_only: true, ..voter(3) },
            Member { is_voter: false, source: Some(id(2)), source_group: vec![id(3)], ..voter(5) },
        ];
        Membership { members, removed: vec![id(4)] }
    }

    fn apply(change: &Change) -> Result<Option<Membership>, ChangeRefused> {
        sample().apply(change, id(1))
    }

    fn learner(number: Option<u64>, address: &str, source: Option<u64>) -> Change {
        Change::AddLearner {
            id: number.map(id),
            is_log_only: false,
            source: source.map(id),
            peer_address: address.to_string(),
            sql_address: String::new(),
        }
    }

    fn configure(number: u64, weight: Option<u8>, is_strong_sync: Option<bool>) -> Change {
        Change::Configure { id: id(number), weight, is_strong_sync }
    }

    #[test]
    fn a_learner_gets_the_lowest_number_that_was_never_used() {
        let after = apply(&learner(None, "host6:1", None)).unwrap().unwrap();
        assert_eq!(after.members.last().map(|member| (member.id, member.is_voter)), Some((id(6), false)));
        let after = apply(&learner(Some(9), "host9:1", Some(5))).unwrap().unwrap();
        assert_eq!(after.get(id(9)).and_then(|member| member.source), Some(id(5)));
    }

    #[test]
    fn adding_is_refused_for_taken_ids_and_addresses_and_done_twice_is_nothing() {
        assert_eq!(apply(&learner(Some(4), "host9:1", None)), Err(ChangeRefused::Removed(id(4))));
        assert_eq!(apply(&learner(Some(2), "host9:1", None)), Err(ChangeRefused::IdTaken(id(2))));
        assert_eq!(apply(&learner(Some(9), "host2:1", None)), Err(ChangeRefused::AddressTaken(id(2))));
        assert_eq!(apply(&learner(Some(9), "", None)), Err(ChangeRefused::Address));
        assert_eq!(apply(&learner(Some(9), "host9:1", Some(8))), Err(ChangeRefused::Source(id(8))));
        assert_eq!(apply(&learner(Some(5), "host5:1", None)), Ok(None));
        assert_eq!(apply(&learner(None, "host5:1", None)), Ok(None));
    }

    #[test]
    fn a_promoted_learner_has_no_source_and_a_demoted_voter_no_strong_sync() {
        let after = apply(&Change::Promote { id: id(5) }).unwrap().unwrap();
        let member = after.get(id(5)).unwrap();
        assert!(member.is_voter && member.source.is_none() && member.source_group.is_empty());
        assert_eq!(after.apply(&Change::Promote { id: id(5) }, id(1)), Ok(None));
        let strong = apply(&configure(2, Some(9), Some(true))).unwrap().unwrap();
        let after = strong.apply(&Change::Demote { id: id(2) }, id(1)).unwrap().unwrap();
        let member = after.get(id(2)).unwrap();
        assert!(!member.is_voter && !member.is_strong_sync && member.weight == WEIGHT_DEFAULT);
    }

    #[test]
    fn the_leader_and_the_last_that_could_lead_keep_their_votes() {
        assert_eq!(apply(&Change::Demote { id: id(1) }), Err(ChangeRefused::IsLeader(id(1))));
        assert_eq!(apply(&Change::Remove { id: id(1) }), Err(ChangeRefused::IsLeader(id(1))));
        let fewer = apply(&Change::Remove { id: id(2) }).unwrap().unwrap();
        // Node 3 keeps no tables and leads for a moment.
        let last = fewer.apply(&Change::Demote { id: id(1) }, id(3));
        assert_eq!(last, Err(ChangeRefused::LastDataVoter(id(1))));
        let light = apply(&configure(2, Some(0), None)).unwrap().unwrap();
        let last = light.apply(&Change::Remove { id: id(1) }, id(2));
        assert_eq!(last, Err(ChangeRefused::LastElectable(id(1))));
        let none = light.apply(&configure(1, Some(0), None), id(1));
        assert_eq!(none, Err(ChangeRefused::LastElectable(id(1))));
    }

    #[test]
    fn a_removed_node_is_remembered_and_nobody_is_fed_by_it_any_more() {
        let after = apply(&Change::Remove { id: id(2) }).unwrap().unwrap();
        assert_eq!(after.removed, vec![id(2), id(4)]);
        assert_eq!(after.get(id(5)).unwrap().source, None);
        assert_eq!(after.apply(&Change::Remove { id: id(2) }, id(1)), Ok(None));
        assert_eq!(after.apply(&Change::Promote { id: id(2) }, id(1)), Err(ChangeRefused::Removed(id(2))));
        let after = after.apply(&Change::Remove { id: id(3) }, id(1)).unwrap().unwrap();
        assert!(after.get(id(5)).unwrap().source_group.is_empty());
    }

    #[test]
    fn configuring_is_for_voters_and_sources_are_for_learners() {
        assert_eq!(apply(&configure(5, Some(1), None)), Err(ChangeRefused::NotVoter(id(5))));
        assert_eq!(apply(&configure(2, Some(10), None)), Err(ChangeRefused::Weight(10)));
        assert_eq!(apply(&configure(2, Some(5), Some(false))), Ok(None));
        assert_eq!(apply(&configure(8, None, None)), Err(ChangeRefused::Unknown(id(8))));
        let source = |number: u64, source: Option<u64>, group: &[u64]| Change::SetSource {
            id: id(number),
            source: source.map(id),
            source_group: group.iter().copied().map(id).collect(),
        };
        assert_eq!(apply(&source(2, None, &[])), Err(ChangeRefused::NotLearner(id(2))));
        assert_eq!(apply(&source(5, Some(5), &[])), Err(ChangeRefused::Source(id(5))));
        assert_eq!(apply(&source(5, Some(8), &[])), Err(ChangeRefused::Source(id(8))));
        assert_eq!(apply(&source(5, None, &[5])), Err(ChangeRefused::Source(id(5))));
        assert_eq!(apply(&source(5, None, &[1, 1])), Err(ChangeRefused::SourceGroup));
        assert_eq!(apply(&source(5, Some(2), &[3])), Ok(None));
        let after = apply(&source(5, Some(1), &[2, 3])).unwrap().unwrap();
        assert_eq!(after.get(id(5)).unwrap().source_group, vec![id(2), id(3)]);
    }

    #[test]
    fn a_member_moves_to_a_free_address() {
        let address = |number: u64, address: &str| Change::SetAddress {
            id: id(number),
            peer_address: address.to_string(),
            sql_address: "sql:2".to_string(),
        };
        assert_eq!(apply(&address(2, "host1:1")), Err(ChangeRefused::AddressTaken(id(1))));
        assert_eq!(apply(&address(2, &"x".repeat(256))), Err(ChangeRefused::Address));
        let after = apply(&address(2, "host8:1")).unwrap().unwrap();
        assert_eq!(after.get(id(2)).unwrap().peer_address, "host8:1");
        assert_eq!(after.apply(&address(2, "host8:1"), id(1)), Ok(None));
    }
}
