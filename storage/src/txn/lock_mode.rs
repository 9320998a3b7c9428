//! [`LockMode`]: how a key is locked, which modes go together, and what two of them amount to.
//!
//! The four standard modes. A lock on a whole table (a metadata lock) is taken in an *intention* mode by who reads or writes some of its
//! rows, and in `Shared` or `Exclusive` by who wants all of them; rows themselves are only ever locked `Shared` or `Exclusive`.
//!
//! | | IS | IX | S | X |
//! |---|---|---|---|---|
//! | IS | yes | yes | yes | no |
//! | IX | yes | yes | no | no |
//! | S | yes | no | yes | no |
//! | X | no | no | no | no |
//!
//! A transaction that holds one mode and asks for another holds the least mode that gives it both ([`LockMode::join`]). There is no SIX:
//! S and IX together are X, which locks more than was asked for and is never asked for in practice.

/// How a key is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LockMode {
    /// Parts of what the key stands for are read.
    IntentShared,
    /// Parts of it are written.
    IntentExclusive,
    /// All of it is read: nobody may write any of it.
    Shared,
    /// Nobody else may hold it in any mode.
    Exclusive,
}

impl LockMode {
    /// How many modes there are.
    pub(super) const COUNT: usize = 4;

    /// All modes.
    pub(super) const ALL: [LockMode; Self::COUNT] =
        [LockMode::IntentShared, LockMode::IntentExclusive, LockMode::Shared, LockMode::Exclusive];

    /// The place of the mode in [`LockMode::ALL`].
    pub(super) fn place(self) -> usize {
        match self {
            LockMode::IntentShared => 0,
            LockMode::IntentExclusive => 1,
            LockMode::Shared => 2,
            LockMode::Exclusive => 3,
        }
    }

    /// Whether two transactions may hold a key in these modes at the same time.
    #[must_use]
    pub fn is_compatible(self, other: LockMode) -> bool {
        match (self, other) {
            (LockMode::Exclusive, _)
            | (_, LockMode::Exclusive)
            | (LockMode::IntentExclusive, LockMode::Shared)
            | (LockMode::Shared, LockMode::IntentExclusive) => false,
            (
                LockMode::IntentShared | LockMode::IntentExclusive | LockMode::Shared,
                LockMode::IntentShared | LockMode::IntentExclusive | LockMode::Shared,
            ) => true,
        }
    }

    /// The least mode that is as strong as both.
    #[must_use]
    pub fn join(self, other: LockMode) -> LockMode {
        match (self, other) {
            (LockMode::IntentShared, mode) | (mode, LockMode::IntentShared) => mode,
            (LockMode::IntentExclusive, LockMode::IntentExclusive) => LockMode::IntentExclusive,
            (LockMode::Shared, LockMode::Shared) => LockMode::Shared,
            (LockMode::Exclusive, _)
            | (_, LockMode::Exclusive)
            | (LockMode::IntentExclusive, LockMode::Shared)
            | (LockMode::Shared, LockMode::IntentExclusive) => LockMode::Exclusive,
        }
    }

    /// Whether who holds this mode has what `wanted` gives.
    #[must_use]
    pub fn covers(self, wanted: LockMode) -> bool {
        self.join(wanted) == self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_is_symmetric_and_a_stronger_mode_is_compatible_with_less() {
        for one in LockMode::ALL {
            assert_eq!(LockMode::ALL[one.place()], one);
            for other in LockMode::ALL {
                assert_eq!(one.is_compatible(other), other.is_compatible(one), "{one:?} {other:?}");
                let both = one.join(other);
                assert_eq!(both, other.join(one));
                assert!(both.covers(one) && both.covers(other));
                for third in LockMode::ALL {
                    // What the join lets in, each of the two lets in; and nothing weaker than the join covers both.
                    assert!(
                        !both.is_compatible(third)
                            || (one.is_compatible(third) && other.is_compatible(third))
                    );
                    assert!(!(third.covers(one) && third.covers(other)) || third.covers(both));
                }
            }
        }
        assert_eq!(LockMode::Shared.join(LockMode::IntentExclusive), LockMode::Exclusive);
        assert!(LockMode::IntentShared.is_compatible(LockMode::IntentExclusive));
        assert!(!LockMode::Shared.is_compatible(LockMode::IntentExclusive));
    }
}
