//! Sets of GTIDs in MySQL's form: `uuid:1-5:9:tag:3, uuid:…`. (MySQL 8.4 Reference Manual, "GTID Sets".)
//!
//! Numbers are from 1 to 9223372036854775806; an interval whose end is before its start is empty. A tag has up to 32 letters, digits and
//! underscores, the first no digit, in any case. Printed, members are sorted, and intervals joined.

use std::collections::BTreeMap;
use std::fmt;

use crate::error::{Error, Result};

/// A UUID and a tag.
type Source = ([u8; 16], String);

/// A set; values are intervals, sorted and apart, the end inclusive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GtidSet {
    members: BTreeMap<Source, Vec<(u64, u64)>>,
}

/// The largest number and one more.
const NUMBER_END: u64 = i64::MAX.cast_unsigned();
/// Characters of a tag.
const TAG_CHARACTERS_MAX: usize = 32;
/// Bytes of the text that an error shows before and after the place.
const SHOWN_BEFORE: usize = 11;
const SHOWN_AFTER: usize = 25;
const DOTS: usize = 3;

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Error 1772 at a place.
    fn error(&self, what: &str, at: usize) -> Error {
        let shown = |bytes: &[u8]| -> String {
            bytes
                .iter()
                .map(|byte| match byte.is_ascii_graphic() || *byte == b' ' {
                    true => char::from(*byte).to_string(),
                    false => format!("\\x{byte:02x}"),
                })
                .collect()
        };
        let (before, after) = self.text.split_at(at.min(self.text.len()));
        // Dots stand for more than they would take.
        let from = match before.len() {
            length if length > SHOWN_BEFORE + DOTS => length - SHOWN_BEFORE,
            _ => 0,
        };
        let to = if after.len() > SHOWN_AFTER + DOTS { SHOWN_AFTER } else { after.len() };
        let (dots_before, dots_after) =
            (if from > 0 { "..." } else { "" }, if to < after.len() { "..." } else { "" });
        let text =
            format!("{dots_before}{}[HERE]{}{dots_after}", shown(&before[from..]), shown(&after[..to]));
        let place = match at {
            0 => format!("{what} at the beginning of the string: \"{}{dots_after}\"", shown(&after[..to])),
            _ => format!("{what} after {at} characters, marked by [HERE] in: \"{text}\""),
        };
        let message = format!("Malformed GTID set specification '{place}'.");
        Error { code: 1772, state: *b"HY000", message }
    }

    fn uuid(&mut self) -> Result<[u8; 16]> {
        /// Bytes before which a dash may stand.
        const DASHES: [usize; 4] = [4, 6, 8, 10];
        let in_braces = self.eat(b'{');
        let mut out = [0; 16];
        let mut has_dashes = false;
        for (position, byte) in out.iter_mut().enumerate() {
            if position == DASHES[0] {
                has_dashes = self.eat(b'-');
            } else if has_dashes && DASHES.contains(&position) && !self.eat(b'-') {
                return Err(self.error("Expected \"-\"", self.at));
            }
            let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
            let Some(high) = digit(self.peek()) else {
                let starts_group = position == 0 || position == DASHES[0] && !has_dashes;
                let what =
                    if starts_group { "Expected at least two hex digits" } else { "Expected hex digit" };
                return Err(self.error(what, self.at));
            };
            let Some(low) = digit(self.text.get(self.at + 1).copied()) else {
                // One digit at the end of the text is none.
                return Err(match self.text.len() - self.at {
                    1 if position == 0 => self.error("Expected at least two hex digits", self.at),
                    _ => self.error("Expected hex digit", self.at + 1),
                });
            };
            *byte = u8::try_from(high << 4 | low).unwrap_or(0);
            self.at += 2;
        }
        if in_braces && !self.eat(b'}') {
            return Err(self.error("Expected \"}\"", self.at));
        }
        Ok(out)
    }

    fn number(&mut self) -> Result<u64> {
        let digits = self.text[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return Err(self.error("Expected number", self.at));
        }
        let text = std::str::from_utf8(&self.text[self.at..self.at + digits]).unwrap_or_default();
        let number = text.parse::<i64>().map_err(|_| self.error("Number out of range", self.at))?;
        self.at += digits;
        Ok(number.unsigned_abs())
    }

    /// A tag, in lower case; none, and nothing read, where none is.
    fn tag(&mut self) -> Option<String> {
        let is_first = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
        if !self.peek().is_some_and(is_first) {
            return None;
        }
        let rest = &self.text[self.at..];
        let length = rest.iter().take_while(|byte| is_first(**byte) || byte.is_ascii_digit()).count();
        if length > TAG_CHARACTERS_MAX {
            return None;
        }
        self.at += length;
        Some(String::from_utf8_lossy(&rest[..length]).to_ascii_lowercase())
    }

    /// An interval, the end inclusive; none for an empty one.
    fn interval(&mut self) -> Result<Option<(u64, u64)>> {
        let place = self.at;
        let start = self.number()?;
        if !(1..NUMBER_END).contains(&start) {
            return Err(self.error("Interval start out of range", place));
        }
        self.skip_blanks();
        if !self.eat(b'-') {
            return Ok(Some((start, start)));
        }
        self.skip_blanks();
        let end = self.number()?;
        if end >= NUMBER_END {
            return Err(self.error("Interval end out of range", self.at));
        }
        Ok((start <= end).then_some((start, end)))
    }
}

impl GtidSet {
    /// Reads a set.
    ///
    /// # Errors
    /// 1772 for what is none.
    pub fn parse(text: &[u8]) -> Result<GtidSet> {
        let mut reader = Reader { text, at: 0 };
        let mut set = GtidSet::default();
        loop {
            reader.skip_blanks();
            while reader.eat(b',') {
                reader.skip_blanks();
            }
            if reader.peek().is_none() {
                break;
            }
            let uuid = reader.uuid()?;
            let mut tag = String::new();
            reader.skip_blanks();
            while reader.eat(b':') {
                reader.skip_blanks();
                if let Some(found) = reader.tag() {
                    tag = found;
                } else if let Some(interval) = reader.interval()? {
                    set.members.entry((uuid, tag.clone())).or_default().push(interval);
                }
                reader.skip_blanks();
            }
            if reader.peek().is_some_and(|byte| byte != b',') {
                return Err(reader.error("Expected \",\"", reader.at));
            }
        }
        set.members.values_mut().for_each(join);
        Ok(set)
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn minus(&self, other: &GtidSet) -> GtidSet {
        let mut members = BTreeMap::new();
        for (key, own) in &self.members {
            let taken = other.members.get(key).map_or(&[][..], Vec::as_slice);
            let left: Vec<_> = own.iter().flat_map(|interval| without(*interval, taken)).collect();
            if !left.is_empty() {
                members.insert(key.clone(), left);
            }
        }
        GtidSet { members }
    }

    /// What is in this set or in the other.
    #[must_use]
    pub fn with(&self, other: &GtidSet) -> GtidSet {
        let mut both = self.clone();
        for (key, intervals) in &other.members {
            let own = both.members.entry(key.clone()).or_default();
            own.extend_from_slice(intervals);
            join(own);
        }
        both
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

/// Sorts intervals and joins those that touch.
fn join(intervals: &mut Vec<(u64, u64)>) {
    intervals.sort_unstable();
    let mut joined: Vec<(u64, u64)> = Vec::with_capacity(intervals.len());
    for (start, end) in intervals.drain(..) {
        match joined.last_mut() {
            Some(last) if start <= last.1.saturating_add(1) => last.1 = last.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    *intervals = joined;
}

/// The parts of an interval outside of others, which are sorted.
fn without((mut start, end): (u64, u64), taken: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut left = Vec::new();
    for (from, to) in taken {
        if *to < start {
            continue;
        }
        if *from > end {
            break;
        }
        if *from > start {
            left.push((start, from - 1));
        }
        start = start.max(to + 1);
    }
    if start <= end {
        left.push((start, end));
    }
    left
}

impl fmt::Display for GtidSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before: Option<[u8; 16]> = None;
        for ((uuid, tag), intervals) in &self.members {
            if before != Some(*uuid) {
                if before.is_some() {
                    f.write_str(",\n")?;
                }
                for (position, byte) in uuid.iter().enumerate() {
                    if matches!(position, 4 | 6 | 8 | 10) {
                        f.write_str("-")?;
                    }
                    write!(f, "{byte:02x}")?;
                }
                before = Some(*uuid);
            }
            if !tag.is_empty() {
                write!(f, ":{tag}")?;
            }
            for (start, end) in intervals {
                if start == end { write!(f, ":{start}")? } else { write!(f, ":{start}-{end}")? }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_joined_and_taken_apart() {
        const UUID: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
        let set = |text: &str| GtidSet::parse(text.replace('U', UUID).as_bytes()).unwrap();
        assert_eq!(set("U:5:3:1-2:4-4").to_string(), format!("{UUID}:1-5"));
        assert_eq!(set("U:1-9").minus(&set("U:3-4:9")).to_string(), format!("{UUID}:1-2:5-8"));
        assert_eq!(set("U:1-3").with(&set("U:4:9, U:t:1")).to_string(), format!("{UUID}:1-4:9:t:1"));
        assert!(set("U:2:T:3").minus(&set("U:1-4:t:3")).is_empty());
        assert_eq!(GtidSet::parse(b"x").unwrap_err().code, 1772);
    }
}
