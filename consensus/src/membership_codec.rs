//! A [`Membership`] as bytes: the payload of a membership entry, and what travels with a snapshot.
//!
//! Everything is little endian, nothing is padded.
//!
//! ```text
//! version u8 = 1 | member count u16 | removed count u16 | members | removed ids u64 ...
//!
//! member: id u64 | flags u8 | weight u8 | source u64 (zero: the leader) | group count u8 | group ids u64 ...
//!         | peer address length u8 | peer address | sql address length u8 | sql address
//! flags:  1 voter, 2 log only, 4 strong sync; the others are zero
//! ```
//!
//! Invariants: one to one (what decodes, encodes to the same bytes again); what decodes passes [`Membership::check`];
//! [`decode_membership`] never panics and never allocates more than the bytes it was given justify.
//!
//! Left out: a checksum; the log and the peer link have theirs.

use alloc::string::String;
use alloc::vec::Vec;

use bytes::Buf;

use crate::decode::DecodeError;
use crate::limits::SOURCE_GROUP_MAX;
use crate::membership::{Member, Membership};
use crate::types::NodeId;

/// The version of the encoding, the first byte.
pub const MEMBERSHIP_VERSION: u8 = 1;

const VOTER: u8 = 1;
const LOG_ONLY: u8 = 2;
const STRONG_SYNC: u8 = 4;

/// Adds the bytes of `membership` to `out`.
///
/// # Panics
/// If it does not pass [`Membership::check`].
pub fn encode_membership(membership: &Membership, out: &mut Vec<u8>) {
    assert!(membership.check().is_ok(), "only a sound membership is written down");
    out.push(MEMBERSHIP_VERSION);
    out.extend_from_slice(&(membership.members.len() as u16).to_le_bytes());
    out.extend_from_slice(&(membership.removed.len() as u16).to_le_bytes());
    for member in &membership.members {
        encode_member(member, out);
    }
    put_ids(&membership.removed, out);
}

fn encode_member(member: &Member, out: &mut Vec<u8>) {
    out.extend_from_slice(&member.id.get().to_le_bytes());
    let flag = |is_set: bool, bit: u8| if is_set { bit } else { 0 };
    out.push(
        flag(member.is_voter, VOTER)
            | flag(member.is_log_only, LOG_ONLY)
            | flag(member.is_strong_sync, STRONG_SYNC),
    );
    out.push(member.weight);
    out.extend_from_slice(&member.source.map_or(0, NodeId::get).to_le_bytes());
    out.push(member.source_group.len() as u8);
    put_ids(&member.source_group, out);
    for address in [&member.peer_address, &member.sql_address] {
        out.push(address.len() as u8);
        out.extend_from_slice(address.as_bytes());
    }
}

fn put_ids(ids: &[NodeId], out: &mut Vec<u8>) {
    for id in ids {
        out.extend_from_slice(&id.get().to_le_bytes());
    }
}

/// Reads a membership, which must take up all the bytes.
///
/// # Errors
/// The bytes are not a membership of this version, or one that breaks a rule of [`Membership::check`].
pub fn decode_membership(bytes: &[u8]) -> Result<Membership, DecodeError> {
    let mut reader = Reader(bytes);
    let version = reader.byte()?;
    if version != MEMBERSHIP_VERSION {
        return Err(DecodeError::MembershipVersion(version));
    }
    let (members, removed) = (reader.count()?, reader.count()?);
    let members: Vec<Member> = (0..members).map(|_| reader.member()).collect::<Result<_, _>>()?;
    let removed = reader.ids(removed)?;
    if !reader.0.is_empty() {
        return Err(DecodeError::Trailing(reader.0.len()));
    }
    let membership = Membership { members, removed };
    membership.check().map_err(DecodeError::Membership)?;
    Ok(membership)
}

/// The bytes not yet read.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn member(&mut self) -> Result<Member, DecodeError> {
        let id = self.id()?;
        let flags = self.byte()?;
        if flags & !(VOTER | LOG_ONLY | STRONG_SYNC) != 0 {
            return Err(DecodeError::Flag(flags));
        }
        let weight = self.byte()?;
        let source = NodeId::try_new(self.number()?);
        let group_count = self.byte()?;
        if usize::from(group_count) > SOURCE_GROUP_MAX {
            return Err(DecodeError::SourceGroup(group_count));
        }
        Ok(Member {
            id,
            is_voter: flags & VOTER != 0,
            is_log_only: flags & LOG_ONLY != 0,
            weight,
            is_strong_sync: flags & STRONG_SYNC != 0,
            source,
            source_group: self.ids(u16::from(group_count))?,
            peer_address: self.text()?,
            sql_address: self.text()?,
        })
    }

    fn ids(&mut self, count: u16) -> Result<Vec<NodeId>, DecodeError> {
        if self.0.len() < usize::from(count) * 8 {
            return Err(DecodeError::Truncated);
        }
        (0..count).map(|_| self.id()).collect()
    }

    fn id(&mut self) -> Result<NodeId, DecodeError> {
        NodeId::try_new(self.number()?).ok_or(DecodeError::NodeId)
    }

    fn text(&mut self) -> Result<String, DecodeError> {
        let length = usize::from(self.byte()?);
        if self.0.len() < length {
            return Err(DecodeError::Truncated);
        }
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        core::str::from_utf8(text).map(String::from).map_err(|_| DecodeError::Text)
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        self.0.try_get_u8().map_err(|_| DecodeError::Truncated)
    }

    fn count(&mut self) -> Result<u16, DecodeError> {
        self.0.try_get_u16_le().map_err(|_| DecodeError::Truncated)
    }

    fn number(&mut self) -> Result<u64, DecodeError> {
        self.0.try_get_u64_le().map_err(|_| DecodeError::Truncated)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;
    use crate::membership::InvalidMembership;

    fn encoded(membership: &Membership) -> Vec<u8> {
        let mut out = Vec::new();
        encode_membership(membership, &mut out);
        out
    }

    fn sample() -> Membership {
        let voter = Member::voter(NodeId::new(1), "a:1".to_string(), "b:2".to_string());
        let learner = Member {
            id: NodeId::new(3),
            is_voter: false,
            is_log_only: true,
            source: Some(NodeId::new(1)),
            source_group: vec![NodeId::new(1)],
            sql_address: String::new(),
            ..voter.clone()
        };
        let strong = Member { weight: 9, is_strong_sync: true, ..voter };
        Membership { members: vec![strong, learner], removed: vec![NodeId::new(2)] }
    }

    #[test]
    fn the_bytes_are_golden() {
        let bytes = [
            vec![1, 2, 0, 1, 0],
            vec![1, 0, 0, 0, 0, 0, 0, 0, 0b101, 9],
            vec![0; 8],
            vec![0, 3, b'a', b':', b'1', 3, b'b', b':', b'2'],
            vec![3, 0, 0, 0, 0, 0, 0, 0, 0b010, 5],
            vec![1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 3, b'a', b':', b'1', 0],
            vec![2, 0, 0, 0, 0, 0, 0, 0],
        ]
        .concat();
        assert_eq!(encoded(&sample()), bytes);
        assert_eq!(decode_membership(&bytes), Ok(sample()));
    }

    #[test]
    fn cut_or_lengthened_bytes_are_refused() {
        let bytes = encoded(&sample());
        for cut in 0..bytes.len() {
            assert_eq!(decode_membership(&bytes[..cut]), Err(DecodeError::Truncated), "cut to {cut}");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(decode_membership(&longer), Err(DecodeError::Trailing(1)));
    }

    #[test]
    fn each_kind_of_damage_has_its_error() {
        let spoiled = |place: usize, byte: u8| {
            let mut bytes = encoded(&sample());
            bytes[place] = byte;
            decode_membership(&bytes).unwrap_err()
        };
        assert_eq!(spoiled(0, 2), DecodeError::MembershipVersion(2));
        assert_eq!(spoiled(5, 0), DecodeError::NodeId);
        assert_eq!(spoiled(13, 8), DecodeError::Flag(8));
        assert_eq!(spoiled(14, 10), DecodeError::Membership(InvalidMembership::Weight(NodeId::new(1))));
        assert_eq!(spoiled(23, 9), DecodeError::SourceGroup(9));
        assert_eq!(spoiled(25, 255), DecodeError::Text);
        assert_eq!(spoiled(5, 7), DecodeError::Membership(InvalidMembership::Order(NodeId::new(3))));
    }

    prop_compose! {
        fn member(id: u64)(
            is_voter in any::<bool>(),
            is_log_only in any::<bool>(),
            weight in 1..=9_u8,
            strong in any::<bool>(),
            peer_address in "[a-z\u{e9}]{1,20}:[0-9]{1,5}",
            sql_address in "[a-z]{0,20}",
        ) -> Member {
            Member {
                is_voter,
                is_log_only,
                weight,
                is_strong_sync: strong && is_voter,
                sql_address,
                ..Member::voter(NodeId::new(id), peer_address, String::new())
            }
        }
    }

    fn membership() -> impl Strategy<Value = Membership> {
        let members = (2..40_u64).prop_flat_map(|count| (2..2 + count).map(member).collect::<Vec<_>>());
        (members, 0..50_u64).prop_map(|(mut members, removed)| {
            // Somebody can lead, and learners are fed by it.
            members.insert(0, Member::voter(NodeId::new(1), "a:1".to_string(), String::new()));
            for member in members.iter_mut().filter(|member| !member.is_voter) {
                member.source_group = vec![NodeId::new(1)];
                member.source = (member.weight > 5).then_some(NodeId::new(1));
            }
            Membership { members, removed: (100..100 + removed).map(NodeId::new).collect() }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_membership_comes_back(membership in membership()) {
            prop_assert_eq!(decode_membership(&encoded(&membership)), Ok(membership));
        }

        #[test]
        fn bytes_that_are_changed_mean_something_else_or_nothing(
            membership in membership(), place in any::<prop::sample::Index>(), byte in any::<u8>()
        ) {
            let mut bytes = encoded(&membership);
            let place = place.index(bytes.len());
            prop_assume!(bytes[place] != byte);
            bytes[place] = byte;
            if let Ok(other) = decode_membership(&bytes) {
                prop_assert_ne!(&other, &membership);
                prop_assert_eq!(encoded(&other), bytes);
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(mut bytes in prop::collection::vec(0..4_u8, 1..200)) {
            bytes[0] = MEMBERSHIP_VERSION;
            if let Ok(membership) = decode_membership(&bytes) {
                prop_assert_eq!(encoded(&membership), bytes);
            }
        }
    }
}
