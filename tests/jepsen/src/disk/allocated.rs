//! Which pages of a file have room on the disk: what a full disk counts.

/// A set of pages, as bits.
#[derive(Default)]
pub(super) struct Allocated {
    words: Vec<u64>,
    count: u64,
}

impl Allocated {
    /// The pages below `end`.
    pub(super) fn up_to(end: u64) -> Allocated {
        let mut pages = Allocated::default();
        pages.take(0, end);
        pages
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// How many pages of a range are not in it.
    pub(super) fn missing(&self, from: u64, to: u64) -> u64 {
        (from..to).filter(|page| !self.has(*page)).count() as u64
    }

    /// Adds a range.
    pub(super) fn take(&mut self, from: u64, to: u64) {
        let words = to.div_ceil(64) as usize;
        if self.words.len() < words {
            self.words.resize(words, 0);
        }
        for page in from..to {
            let (word, bit) = place(page);
            self.count += u64::from(self.words[word] & bit == 0);
            self.words[word] |= bit;
        }
    }

    /// Removes a range; returns how many of it were there.
    pub(super) fn give_back(&mut self, from: u64, to: u64) -> u64 {
        let mut freed = 0;
        for page in from..to.min(self.words.len() as u64 * 64) {
            let (word, bit) = place(page);
            freed += u64::from(self.words[word] & bit != 0);
            self.words[word] &= !bit;
        }
        self.count -= freed;
        freed
    }

    /// Removes everything from `end` on; returns how many were there.
    pub(super) fn cut(&mut self, end: u64) -> u64 {
        let freed = self.give_back(end, u64::MAX);
        self.words.truncate(end.div_ceil(64) as usize);
        freed
    }

    fn has(&self, page: u64) -> bool {
        let (word, bit) = place(page);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }
}

fn place(page: u64) -> (usize, u64) {
    ((page / 64) as usize, 1 << (page % 64))
}

#[cfg(test)]
mod tests {
    use super::Allocated;

    #[test]
    fn pages_are_counted_once() {
        let mut pages = Allocated::up_to(3);
        assert_eq!((pages.count(), pages.missing(0, 100)), (3, 97));
        pages.take(2, 130);
        assert_eq!((pages.count(), pages.missing(0, 200)), (130, 70));
        assert_eq!(pages.give_back(1, 3), 2);
        assert_eq!(pages.give_back(1, 3), 0);
        assert_eq!(pages.cut(64), 66);
        assert_eq!((pages.count(), pages.missing(0, 64)), (62, 2));
    }
}
