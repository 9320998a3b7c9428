//! Which ASCII characters a collation takes for one another, each compared alone: most texts have no other characters, and a look here is much
//! less than a comparison.

use std::sync::{LazyLock, OnceLock};

use super::{Collation, equal};

/// For each ASCII character those that are equal to it: bit n for character n.
pub type Equals = [u128; 128];

static TABLES: LazyLock<Vec<OnceLock<Box<Equals>>>> =
    LazyLock::new(|| Collation::all().map(|_| OnceLock::new()).collect());

/// The table of a collation, made when it is first asked for.
#[must_use]
pub fn equals(collation: Collation) -> &'static Equals {
    static NONE: Equals = [0; 128];
    TABLES.get(collation as usize).map_or(&NONE, |table| table.get_or_init(|| Box::new(make(collation))))
}

fn make(collation: Collation) -> Equals {
    let is_equal = |left: u8, right: u8| left == right || equal(collation, &[left], &[right]);
    std::array::from_fn(|left| {
        (0..128_u8).filter(|right| is_equal(left as u8, *right)).fold(0, |bits, right| bits | 1 << right)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_collation_has_its_table() {
        for collation in Collation::all() {
            let table = equals(collation);
            for left in 0..128_u8 {
                for right in 0..128_u8 {
                    let expected = equal(collation, &[left], &[right]);
                    assert_eq!(
                        table[usize::from(left)] >> right & 1 == 1,
                        expected,
                        "{}: {left} {right}",
                        collation.name()
                    );
                }
            }
        }
    }
}
