//! The state machine of a simulated node: what it has applied, as one number that depends on every entry and their order.
//!
//! Two nodes that have applied the same entries have the same number, and with any other entry, order or gap a different one, so
//! comparing the numbers compares the state machines. A snapshot is that number with what goes with it.

use consensus::{LogIndex, Membership, Term};

/// What a state machine holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The last entry applied.
    pub index: u64,
    /// Its term.
    pub term: u64,
    /// Made of every entry up to here.
    pub chain: u64,
}

impl State {
    /// The state after one more entry.
    #[must_use]
    pub fn after(self, term: u64, kind: u8, payload: &[u8]) -> State {
        let mut chain = mix(self.chain ^ mix(term) ^ u64::from(kind));
        for bytes in payload.chunks(8) {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            chain = mix(chain ^ u64::from_le_bytes(word));
        }
        State { index: self.index + 1, term, chain: chain ^ payload.len() as u64 }
    }
}

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 32)).wrapping_mul(0x9FB2_1C65_1E98_DF25);
    bits ^ (bits >> 29)
}

/// A copy of a node's state machine at one index, as it travels.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// What it holds; from a node without tables only index and term are true.
    pub state: State,
    /// It holds the tables.
    pub has_tables: bool,
    /// The members at that index, and the entry that made them so.
    pub membership: (LogIndex, Membership),
}

impl Snapshot {
    /// Index and term, as the core wants them.
    #[must_use]
    pub fn base(&self) -> (LogIndex, Term) {
        (LogIndex::new(self.state.index), Term::new(self.state.term))
    }
}
