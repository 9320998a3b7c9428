//! [`KeyMap`]: an ordered map by keys that are slices of log entries or pages.
//!
//! The bytes of such keys lie all over memory, and a search that looked at them would wait for memory at each step: with a million keys that is
//! most of what a read costs. So each key has its *head* beside it in the map's nodes, its first 16 bytes as a number, which decides nearly every
//! comparison: an index id and the integers of a key are in it.
//!
//! Order is that of the bytes. Heads are padded with zeros: of two keys with the same head the shorter one, if it fits its head, is the other's
//! beginning and comes first.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::btree_map;
use std::ops::Bound;

use bytes::Bytes;

/// Bytes of a key that are in its head.
const HEAD_BYTES: usize = 16;

/// The first bytes of a key as a number.
#[inline]
fn head_of(key: &[u8]) -> u128 {
    if let Some(head) = key.first_chunk::<HEAD_BYTES>() {
        return u128::from_be_bytes(*head);
    }
    let mut head = [0; HEAD_BYTES];
    head[..key.len()].copy_from_slice(key);
    u128::from_be_bytes(head)
}

/// What keys in the map and keys that are looked for have in common.
trait Headed {
    fn head(&self) -> u128;
    fn bytes(&self) -> &[u8];
}

/// A key in the map.
pub(crate) struct MapKey {
    // As two halves: an aligned u128 would add eight bytes.
    head: [u64; 2],
    bytes: Bytes,
}

impl MapKey {
    fn new(bytes: Bytes) -> MapKey {
        let head = head_of(&bytes);
        MapKey { head: [(head >> 64) as u64, head as u64], bytes }
    }
}

/// A key that is looked for.
struct Probe<'a> {
    head: u128,
    bytes: &'a [u8],
}

impl<'a> Probe<'a> {
    fn new(bytes: &'a [u8]) -> Probe<'a> {
        Probe { head: head_of(bytes), bytes }
    }
}

impl Headed for MapKey {
    #[inline]
    fn head(&self) -> u128 {
        u128::from(self.head[0]) << 64 | u128::from(self.head[1])
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Headed for Probe<'_> {
    #[inline]
    fn head(&self) -> u128 {
        self.head
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        self.bytes
    }
}

impl Ord for dyn Headed + '_ {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        match self.head().cmp(&other.head()) {
            Ordering::Equal => {
                let (own, others) = (self.bytes(), other.bytes());
                match (own.get(HEAD_BYTES..), others.get(HEAD_BYTES..)) {
                    (Some(own), Some(others)) => own.cmp(others),
                    (None, _) | (_, None) => own.len().cmp(&others.len()),
                }
            }
            order => order,
        }
    }
}

impl PartialOrd for dyn Headed + '_ {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for dyn Headed + '_ {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for dyn Headed + '_ {}

impl Ord for MapKey {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        let (own, other): (&dyn Headed, &dyn Headed) = (self, other);
        own.cmp(other)
    }
}

impl PartialOrd for MapKey {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for MapKey {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for MapKey {}

impl<'a> Borrow<dyn Headed + 'a> for MapKey {
    #[inline]
    fn borrow(&self) -> &(dyn Headed + 'a) {
        self
    }
}

fn borrowed<'a>(bound: &'a Bound<Probe<'a>>) -> Bound<&'a (dyn Headed + 'a)> {
    bound.as_ref().map(|probe| probe as &(dyn Headed + 'a))
}

/// A map in the order of its keys' bytes. The module's documentation says what is special about it.
pub(crate) struct KeyMap<V>(BTreeMap<MapKey, V>);

impl<V> Default for KeyMap<V> {
    fn default() -> KeyMap<V> {
        KeyMap(BTreeMap::new())
    }
}

impl<V> KeyMap<V> {
    #[inline]
    pub(crate) fn get(&self, key: &[u8]) -> Option<&V> {
        let probe = Probe::new(key);
        self.0.get(&probe as &dyn Headed)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, key: &[u8]) -> Option<&mut V> {
        let probe = Probe::new(key);
        self.0.get_mut(&probe as &dyn Headed)
    }

    pub(crate) fn insert(&mut self, key: Bytes, value: V) -> Option<V> {
        self.0.insert(MapKey::new(key), value)
    }

    pub(crate) fn remove(&mut self, key: &[u8]) -> Option<V> {
        let probe = Probe::new(key);
        self.0.remove(&probe as &dyn Headed)
    }

    #[inline]
    pub(crate) fn entry(&mut self, key: Bytes) -> btree_map::Entry<'_, MapKey, V> {
        self.0.entry(MapKey::new(key))
    }

    /// Keys within bounds, which must not be those of an empty range: a start behind the end is a panic.
    #[inline]
    pub(crate) fn range(
        &self,
        bounds: (Bound<&[u8]>, Bound<&[u8]>),
    ) -> impl DoubleEndedIterator<Item = (&Bytes, &V)> + use<'_, V> {
        let (start, end) = (bounds.0.map(Probe::new), bounds.1.map(Probe::new));
        let bounds = (borrowed(&start), borrowed(&end));
        self.0.range::<dyn Headed + '_, _>(bounds).map(|(key, value)| (&key.bytes, value))
    }

    /// Removes what `keeps` says no to.
    pub(crate) fn retain(&mut self, mut keeps: impl FnMut(&Bytes, &mut V) -> bool) {
        self.0.retain(|key, value| keeps(&key.bytes, value));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Bytes, &V)> {
        self.0.iter().map(|(key, value)| (&key.bytes, value))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &Bytes> {
        self.0.keys().map(|key| &key.bytes)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.values()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    /// Keys that share much: few byte values, zeros among them, lengths around the head's.
    fn key(random: &mut StdRng) -> Bytes {
        let length = random.random_range(0..24);
        (0..length).map(|_| [0, 0, 0, 1, 0xff][random.random_range(0..5)]).collect()
    }

    #[test]
    fn order_is_that_of_the_bytes() {
        let mut random = StdRng::seed_from_u64(3);
        for _ in 0..100_000 {
            let (a, b) = (key(&mut random), key(&mut random));
            assert_eq!(MapKey::new(a.clone()).cmp(&MapKey::new(b.clone())), a.cmp(&b), "{a:?} {b:?}");
        }
    }

    #[test]
    fn it_is_a_map_like_any_other() {
        let mut random = StdRng::seed_from_u64(4);
        let mut map = KeyMap::default();
        let mut model = BTreeMap::new();
        for number in 0..20_000 {
            let key = key(&mut random);
            match random.random_range(0..6) {
                0 => assert_eq!(map.remove(&key), model.remove(&key)),
                1 => assert_eq!(map.get(&key), model.get(&key)),
                2 => assert_eq!(map.get_mut(&key), model.get_mut(&key)),
                3 => {
                    *map.entry(key.clone()).or_insert(0) += 1;
                    *model.entry(key).or_insert(0) += 1;
                }
                _ => assert_eq!(map.insert(key.clone(), number), model.insert(key, number)),
            }
            let (start, end) = (self::key(&mut random), self::key(&mut random));
            if start < end {
                let bounds = (Bound::Excluded(&start[..]), Bound::Included(&end[..]));
                assert!(map.range(bounds).eq(model.range::<[u8], _>(bounds)));
                assert!(map.range(bounds).rev().eq(model.range::<[u8], _>(bounds).rev()));
            }
        }
        assert_eq!(map.len(), model.len());
        assert!(map.iter().eq(&model) && map.keys().eq(model.keys()) && map.values().eq(model.values()));
    }
}
