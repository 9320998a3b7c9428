//! LIKE: patterns of `%` and `_`, matched character by character under a collation.
//!
//! Each character of the pattern is compared with one of the text (MySQL's rule: LIKE works per character, so an
//! expansion such as `ß` never equals `ss`). A compiled pattern is a list of runs between the `%`.

use crate::collation;
use crate::collation::ascii::{self, Equals};
use crate::types::Collation;
use crate::types::text::as_str;

/// One element of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    /// `_`.
    Any,
    /// A character as it is.
    Exactly(char),
}

/// A pattern, compiled.
#[derive(Clone, Debug)]
pub struct LikePattern {
    /// The runs between `%`; the first is bound to the start of the text, the last to its end.
    runs: Vec<Vec<Element>>,
    collation: Collation,
    ascii: &'static Equals,
}

impl LikePattern {
    /// Compiles a pattern.
    #[must_use]
    pub fn new(pattern: &[u8], escape: Option<char>, collation: Collation) -> LikePattern {
        let mut runs = vec![Vec::new()];
        let mut push = |element: Option<Element>| match (element, runs.last_mut()) {
            (Some(element), Some(run)) => run.push(element),
            _ => runs.push(Vec::new()),
        };
        if collation == Collation::Binary {
            // Bytes stand for themselves.
            let mut bytes = pattern.iter().map(|byte| char::from(*byte)).peekable();
            while let Some(character) = bytes.next() {
                push(element(character, &mut bytes, escape));
            }
        } else {
            let mut characters = as_str(pattern).chars().peekable();
            while let Some(character) = characters.next() {
                push(element(character, &mut characters, escape));
            }
        }
        LikePattern { runs, collation, ascii: ascii::equals(collation) }
    }

    /// Whether a text matches.
    #[must_use]
    pub fn matches(&self, text: &[u8]) -> bool {
        if self.collation == Collation::Binary {
            return self
                .run_all(text, |text| text.split_first().map(|(byte, rest)| (char::from(*byte), rest)));
        }
        self.run_all(text, |text| {
            let (code, length) = first(text)?;
            Some((code, &text[length..]))
        })
    }

    fn run_all<'a>(
        &self,
        text: &'a [u8],
        next: impl Fn(&'a [u8]) -> Option<(char, &'a [u8])> + Copy,
    ) -> bool {
        let (Some(first), last) = (self.runs.first(), self.runs.len() - 1) else { return text.is_empty() };
        let Some(mut rest) = self.match_here(first, text, next) else { return false };
        if last == 0 {
            return rest.is_empty();
        }
        for run in &self.runs[1..last] {
            // The earliest place is the best one: what follows may begin anywhere behind it.
            loop {
                if let Some(after) = self.match_here(run, rest, next) {
                    rest = after;
                    break;
                }
                match next(rest) {
                    Some((_, after)) => rest = after,
                    None => return false,
                }
            }
        }
        let run = &self.runs[last];
        if run.is_empty() {
            return true;
        }
        // The last run must end the text: try from as far back as its length says.
        let mut left = 0;
        let mut counted = rest;
        while let Some((_, after)) = next(counted) {
            counted = after;
            left += 1;
        }
        if left < run.len() {
            return false;
        }
        for _ in 0..left - run.len() {
            if let Some((_, after)) = next(rest) {
                rest = after;
            }
        }
        self.match_here(run, rest, next).is_some_and(<[u8]>::is_empty)
    }

    fn match_here<'a>(
        &self,
        run: &[Element],
        text: &'a [u8],
        next: impl Fn(&'a [u8]) -> Option<(char, &'a [u8])>,
    ) -> Option<&'a [u8]> {
        let mut rest = text;
        for element in run {
            let (character, after) = next(rest)?;
            if let Element::Exactly(wanted) = element
                && !self.same(*wanted, character)
            {
                return None;
            }
            rest = after;
        }
        Some(rest)
    }

    fn same(&self, left: char, right: char) -> bool {
        if left == right {
            return true;
        }
        if self.collation.is_binary() {
            return false;
        }
        if left == ' ' || right == ' ' {
            // No padding here: a space is a character like any other.
            return false;
        }
        if left.is_ascii() && right.is_ascii() {
            return self.ascii[left as usize] >> (right as u32) & 1 == 1;
        }
        let (mut a, mut b) = ([0; 4], [0; 4]);
        let (a, b) = (left.encode_utf8(&mut a), right.encode_utf8(&mut b));
        collation::equal(self.collation, a.as_bytes(), b.as_bytes())
    }
}

fn element(
    character: char,
    rest: &mut std::iter::Peekable<impl Iterator<Item = char>>,
    escape: Option<char>,
) -> Option<Element> {
    if Some(character) == escape {
        return Some(Element::Exactly(rest.next().unwrap_or(character)));
    }
    match character {
        '%' => {
            while rest.next_if_eq(&'%').is_some() {}
            None
        }
        '_' => Some(Element::Any),
        other => Some(Element::Exactly(other)),
    }
}

fn first(text: &[u8]) -> Option<(char, usize)> {
    let lead = *text.first()?;
    if lead < 0x80 {
        return Some((char::from(lead), 1));
    }
    let length = match lead {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    }
    .min(text.len());
    let character = std::str::from_utf8(&text[..length]).ok().and_then(|text| text.chars().next());
    character.map_or(Some((char::REPLACEMENT_CHARACTER, 1)), |character| Some((character, length)))
}

/// The literal text that a pattern begins with, and whether a lone `%` is all that follows it: then the pattern is
/// exactly the range of texts with that prefix.
#[must_use]
pub fn like_prefix(pattern: &str, escape: Option<char>) -> (String, bool) {
    let mut prefix = String::new();
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        match element(character, &mut characters, escape) {
            Some(Element::Exactly(literal)) => prefix.push(literal),
            Some(Element::Any) => return (prefix, false),
            None => return (prefix, characters.peek().is_none()),
        }
    }
    (prefix, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(text: &str, pattern: &str) -> bool {
        LikePattern::new(pattern.as_bytes(), Some('\\'), Collation::Utf8mb4_0900AiCi).matches(text.as_bytes())
    }

    #[test]
    fn like_matches() {
        for (text, pattern) in [
            ("abc", "abc"),
            ("abc", "a%"),
            ("abc", "%c"),
            ("abc", "%B%"),
            ("abc", "_b_"),
            ("a%c", "a\\%c"),
            ("", "%"),
            ("", ""),
            ("aXbXc", "a%b%c"),
            ("éa", "e_"),
            ("aab", "%ab"),
            ("a\\", "a\\"),
            ("abcabc", "%abc"),
        ] {
            assert!(like(text, pattern), "{text} {pattern}");
        }
        for (text, pattern) in [
            ("abc", "ab"),
            ("abc", "b%"),
            ("abc", "____"),
            ("abc", "a\\%c"),
            ("ß", "ss"),
            ("a ", "a"),
            ("b", "%a"),
        ] {
            assert!(!like(text, pattern), "{text} {pattern}");
        }
        assert!(!LikePattern::new(b"A", None, Collation::Utf8mb4Bin).matches(b"a"));
        assert!(LikePattern::new(b"\xff_", None, Collation::Binary).matches(b"\xff\xfe"));
    }

    #[test]
    fn like_prefixes() {
        assert_eq!(like_prefix("abc%", Some('\\')), ("abc".to_string(), true));
        assert_eq!(like_prefix("ab\\%c%%", Some('\\')), ("ab%c".to_string(), true));
        assert_eq!(like_prefix("a_c%", Some('\\')), ("a".to_string(), false));
        assert_eq!(like_prefix("abc", Some('\\')), ("abc".to_string(), false));
    }
}
