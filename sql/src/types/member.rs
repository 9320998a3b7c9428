//! The members of ENUM and SET.
//!
//! A column owns its members by an [`Arc`]; a [`DataType`](crate::types::DataType), which is small and `Copy`, names them by
//! a [`MemberId`]. Whoever has only the type finds them in a registry that holds them weakly: when the last column (of a
//! table's definition, of a statement that still runs on an older one) is gone, so is the entry. Ids are not stored and mean
//! something only in this process; two sets of the same members have the same id while either lives.
//!
//! The value of such a column is the text of its member, as MySQL shows it, so that whatever takes text takes it. Only
//! where MySQL takes the number (arithmetic, the order of rows, comparison with a number) it is looked up. Rows and keys hold
//! the number.
//!
//! Left out: telling the error value (number 0) of an ENUM that has `''` among its members from that member.

use std::sync::{Arc, LazyLock, PoisonError, RwLock, Weak};

use bytes::Bytes;
use rustc_hash::FxHashMap;

use crate::collation;
use crate::types::text::character_count;
use crate::types::{Collation, TypeKind};

/// Names the members of an ENUM or SET within this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MemberId(u32);

impl MemberId {
    /// Of a type whose members are not known yet: a column as it is parsed.
    pub const NONE: MemberId = MemberId(0);
}

/// The members of an ENUM or SET, in their order.
#[derive(Debug)]
pub struct MemberSet {
    id: MemberId,
    members: Vec<Bytes>,
    /// Position, from 1, of each member by its exact text.
    positions: FxHashMap<Bytes, u32>,
}

impl PartialEq for MemberSet {
    fn eq(&self, other: &MemberSet) -> bool {
        self.members == other.members
    }
}

/// Every set that lives.
#[derive(Default)]
struct Registry {
    by_id: FxHashMap<MemberId, Weak<MemberSet>>,
    by_members: FxHashMap<Vec<Bytes>, MemberId>,
    last_id: u32,
}

static REGISTRY: LazyLock<RwLock<Registry>> = LazyLock::new(RwLock::default);

impl MemberSet {
    /// The set of these members: the one that lives already, if one does.
    #[must_use]
    pub fn intern(members: Vec<Bytes>) -> Arc<MemberSet> {
        let mut registry = REGISTRY.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(set) =
            registry.by_members.get(&members).and_then(|id| registry.by_id.get(id)).and_then(Weak::upgrade)
        {
            return set;
        }
        let id = registry.free_id();
        let positions =
            members.iter().zip(1..).map(|(member, position)| (member.clone(), position)).collect();
        let set = Arc::new(MemberSet { id, members, positions });
        registry.by_id.insert(id, Arc::downgrade(&set));
        registry.by_members.insert(set.members.clone(), id);
        set
    }

    /// The set of this id, if it lives.
    #[must_use]
    pub fn find(id: MemberId) -> Option<Arc<MemberSet>> {
        REGISTRY.read().unwrap_or_else(PoisonError::into_inner).by_id.get(&id).and_then(Weak::upgrade)
    }

    /// The members of a type; None for a type without.
    #[must_use]
    pub fn of_kind(kind: TypeKind) -> Option<Arc<MemberSet>> {
        match kind {
            TypeKind::Enum(id) | TypeKind::Set(id) => MemberSet::find(id),
            _ => None,
        }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> MemberId {
        self.id
    }

    /// The members in their order.
    #[must_use]
    pub fn members(&self) -> &[Bytes] {
        &self.members
    }

    /// The text of an ENUM's number: `''` for 0, None above the last one.
    #[must_use]
    pub fn enum_text(&self, number: u64) -> Option<Bytes> {
        match usize::try_from(number).ok()? {
            0 => Some(Bytes::new()),
            position => self.members.get(position - 1).cloned(),
        }
    }

    /// The text of a SET's bits: its members with commas between them; None with a bit that has no member.
    #[must_use]
    pub fn set_text(&self, bits: u64) -> Option<Bytes> {
        if bits & !self.all_bits() != 0 {
            return None;
        }
        if bits.is_power_of_two() {
            return self.members.get(bits.trailing_zeros() as usize).cloned();
        }
        let mut text = Vec::new();
        let mut first = true;
        for (position, member) in self.members.iter().enumerate() {
            if bits & (1 << position) != 0 {
                if !first {
                    text.push(b',');
                }
                first = false;
                text.extend_from_slice(member);
            }
        }
        Some(Bytes::from(text))
    }

    /// The bits of all members of a SET.
    #[must_use]
    pub fn all_bits(&self) -> u64 {
        if self.members.len() >= 64 { u64::MAX } else { (1 << self.members.len()) - 1 }
    }

    /// The position, from 1, of a member that equals `text` under a collation.
    #[must_use]
    pub fn position(&self, text: &[u8], by: Collation) -> Option<u32> {
        if let Some(position) = self.positions.get(text) {
            return Some(*position);
        }
        let equal = |member: &Bytes| collation::compare(by, member, text).is_eq();
        self.members.iter().zip(1..).find(|(member, _)| equal(member)).map(|(_, position)| position)
    }

    /// The bits of the members that `text` lists, and whether all that it lists are members.
    #[must_use]
    pub fn set_bits(&self, text: &[u8], by: Collation) -> (u64, bool) {
        let (mut bits, mut all) = (0, true);
        if text.is_empty() {
            return (0, true);
        }
        for part in text.split(|byte| *byte == b',') {
            match self.position(part, by) {
                Some(position @ 1..=64) => bits |= 1 << (position - 1),
                _ => all = false,
            }
        }
        (bits, all)
    }

    /// The number behind the text of a value of a type with these members; 0 for text that is none.
    #[must_use]
    pub fn number(&self, kind: TypeKind, text: &[u8]) -> u64 {
        match kind {
            TypeKind::Set(_) => self.set_bits(text, Collation::Utf8mb4_0900Bin).0,
            _ => self.positions.get(text).copied().map_or(0, u64::from),
        }
    }

    /// The text behind a number of a type with these members; None when the type has no such number.
    #[must_use]
    pub fn text(&self, kind: TypeKind, number: u64) -> Option<Bytes> {
        match kind {
            TypeKind::Set(_) => self.set_text(number),
            _ => self.enum_text(number),
        }
    }

    /// Characters of the longest text that a value can have.
    #[must_use]
    pub fn characters(&self, kind: TypeKind) -> u32 {
        let lengths = self.members.iter().map(|member| character_count(member));
        match kind {
            TypeKind::Set(_) => {
                let commas = u32::try_from(self.members.len().saturating_sub(1)).unwrap_or(u32::MAX);
                lengths.fold(commas, u32::saturating_add)
            }
            _ => lengths.max().unwrap_or(0),
        }
    }

    /// Bytes of a number in rows and keys: of an ENUM 1 or 2, of a SET 1, 2, 3, 4 or 8.
    #[must_use]
    pub fn number_bytes(&self, kind: TypeKind) -> usize {
        match (kind, self.members.len()) {
            (TypeKind::Set(_), count) => match count.div_ceil(8) {
                bytes @ 0..=4 => bytes.max(1),
                _ => 8,
            },
            (_, 0..=255) => 1,
            _ => 2,
        }
    }
}

impl Registry {
    /// An id that no living set has.
    fn free_id(&mut self) -> MemberId {
        loop {
            self.last_id = self.last_id.wrapping_add(1);
            let id = MemberId(self.last_id);
            if id != MemberId::NONE && !self.by_id.contains_key(&id) {
                return id;
            }
        }
    }
}

impl Drop for MemberSet {
    fn drop(&mut self) {
        let mut registry = REGISTRY.write().unwrap_or_else(PoisonError::into_inner);
        registry.by_id.remove(&self.id);
        // Another set of the same members may have been made since this one's last owner went.
        if registry.by_members.get(&self.members) == Some(&self.id) {
            registry.by_members.remove(&self.members);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(members: &[&str]) -> Arc<MemberSet> {
        MemberSet::intern(members.iter().map(|member| Bytes::copy_from_slice(member.as_bytes())).collect())
    }

    #[test]
    fn members_are_shared_and_forgotten() {
        let first = set(&["only here", "b"]);
        let again = set(&["only here", "b"]);
        assert_eq!(first.id(), again.id());
        assert_ne!(first.id(), set(&["only here", "c"]).id());
        let id = first.id();
        drop(first);
        assert!(MemberSet::find(id).is_some());
        drop(again);
        assert!(MemberSet::find(id).is_none(), "the registry does not keep a set alive");
        assert!(!REGISTRY.read().unwrap().by_members.values().any(|known| *known == id));
    }

    #[test]
    fn members_have_numbers_and_texts() {
        let members = set(&["small", "Medium", "x"]);
        assert_eq!(members.position(b"MEDIUM", Collation::Utf8mb4_0900AiCi), Some(2));
        assert_eq!(members.position(b"MEDIUM", Collation::Utf8mb4Bin), None);
        assert_eq!(members.enum_text(0).as_deref(), Some(&b""[..]));
        assert_eq!(members.enum_text(3).as_deref(), Some(&b"x"[..]));
        assert_eq!(members.enum_text(4), None);
        assert_eq!(members.set_text(5).as_deref(), Some(&b"small,x"[..]));
        assert_eq!(members.set_text(8), None);
        assert_eq!(members.set_bits(b"x,small,x", Collation::Utf8mb4_0900AiCi), (5, true));
        assert_eq!(members.set_bits(b"x,,y", Collation::Utf8mb4_0900AiCi), (4, false));
        assert_eq!(members.characters(TypeKind::Enum(members.id())), 6);
        assert_eq!(members.characters(TypeKind::Set(members.id())), 14);
        let many = MemberSet::intern((0..64).map(|number| Bytes::from(number.to_string())).collect());
        assert_eq!(many.all_bits(), u64::MAX);
        assert_eq!(many.set_text(1 << 63).as_deref(), Some(&b"63"[..]));
        assert_eq!(many.number_bytes(TypeKind::Set(many.id())), 8);
    }
}
