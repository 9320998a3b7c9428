//! The path language: `$.a[0]**."b c"[last-1 to last].*`.
//!
//! Blanks may stand around every part. Names that are no ECMAScript identifiers are written in double quotes, with JSON's escapes.
//! (MySQL 8.4 Reference Manual, "JSON Path Syntax".)

use crate::error::Error;
use crate::json::parse::parse;
use crate::json::print::quote;
use crate::json::tree::Tree;
use crate::limits::JSON_PATH_LEGS_MAX;

/// A place in an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// How far from the first or last element.
    pub offset: u32,
    /// Counted from the last element.
    pub from_end: bool,
}

impl Cell {
    /// The position in an array of so many elements, and whether it is inside; one outside is at the nearer end.
    #[must_use]
    pub fn position(self, count: usize) -> (usize, bool) {
        let offset = self.offset as usize;
        match self.from_end {
            false if offset < count => (offset, true),
            false => (count, false),
            true if offset < count => (count - 1 - offset, true),
            true => (0, false),
        }
    }
}

/// A part of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leg {
    /// `.name`.
    Member(String),
    /// `.*`.
    AnyMember,
    /// `[n]`, `[last-n]`.
    Cell(Cell),
    /// `[m to n]`.
    Range(Cell, Cell),
    /// `[*]`.
    AnyCell,
    /// `**`: the node and everything inside.
    Anywhere,
}

/// A path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// Its parts from the root on.
    pub legs: Vec<Leg>,
}

impl Path {
    /// Parses a path.
    ///
    /// # Errors
    /// 3143 with the place of the error.
    pub fn parse(text: &str) -> crate::Result<Path> {
        let mut parser = Parser { text, at: 0 };
        parser.path().map_err(|()| Error {
            code: 3143,
            state: *b"42000",
            message: format!(
                "Invalid JSON path expression. The error is around character position {}.",
                text.get(..parser.at).map_or(parser.at, |before| before.chars().count())
            ),
        })
    }

    /// Whether it may match several nodes.
    #[must_use]
    pub fn has_wildcard(&self) -> bool {
        self.legs.iter().any(|leg| !matches!(leg, Leg::Member(_) | Leg::Cell(_)))
    }

    /// Refuses a path that may match several nodes.
    ///
    /// # Errors
    /// 3149.
    pub fn check_single(&self) -> crate::Result<()> {
        if !self.has_wildcard() {
            return Ok(());
        }
        let message =
            "In this situation, path expressions may not contain the * and ** tokens or an array range.";
        Err(Error { code: 3149, state: *b"42000", message: message.to_owned() })
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("$")?;
        self.legs.iter().try_for_each(|leg| write!(f, "{leg}"))
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.from_end, self.offset) {
            (false, offset) => write!(f, "{offset}"),
            (true, 0) => f.write_str("last"),
            (true, offset) => write!(f, "last-{offset}"),
        }
    }
}

impl std::fmt::Display for Leg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Leg::Member(name) if is_identifier(name) => write!(f, ".{name}"),
            Leg::Member(name) => {
                let mut quoted = Vec::new();
                quote(name, &mut quoted);
                write!(f, ".{}", String::from_utf8_lossy(&quoted))
            }
            Leg::AnyMember => f.write_str(".*"),
            Leg::Cell(cell) => write!(f, "[{cell}]"),
            Leg::Range(from, to) => write!(f, "[{from} to {to}]"),
            Leg::AnyCell => f.write_str("[*]"),
            Leg::Anywhere => f.write_str("**"),
        }
    }
}

/// Whether a name needs no quotes in a path.
#[must_use]
pub fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    let begins = |character: char| character.is_alphabetic() || matches!(character, '$' | '_');
    characters.next().is_some_and(begins)
        && characters.all(|character| {
            begins(character) || character.is_numeric() || matches!(character, '\u{200c}' | '\u{200d}')
        })
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

type Parsed<T> = Result<T, ()>;

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 11 | 12)) {
            self.at += 1;
        }
    }

    /// Takes a character, the awaited one or not.
    fn expect(&mut self, wanted: u8) -> Parsed<()> {
        let found = self.text.get(self.at..).and_then(|rest| rest.chars().next()).ok_or(())?;
        self.at += found.len_utf8();
        if found == char::from(wanted) { Ok(()) } else { Err(()) }
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.text.as_bytes()[self.at..].starts_with(text.as_bytes());
        if found {
            self.at += text.len();
        }
        found
    }

    fn path(&mut self) -> Parsed<Path> {
        self.blanks();
        self.expect(b'$')?;
        self.blanks();
        let mut legs = Vec::new();
        while let Some(next) = self.peek() {
            if legs.len() >= JSON_PATH_LEGS_MAX {
                return Err(());
            }
            legs.push(match next {
                b'[' => self.cell()?,
                b'.' => self.member()?,
                b'*' => self.anywhere()?,
                _ => return Err(()),
            });
            self.blanks();
        }
        if legs.last() == Some(&Leg::Anywhere) { Err(()) } else { Ok(Path { legs }) }
    }

    fn anywhere(&mut self) -> Parsed<Leg> {
        self.at += 1;
        if self.peek() != Some(b'*') {
            return Err(());
        }
        self.at += 1;
        if matches!(self.peek(), None | Some(b'*')) { Err(()) } else { Ok(Leg::Anywhere) }
    }

    fn cell(&mut self) -> Parsed<Leg> {
        self.at += 1;
        self.blanks();
        let leg = if self.eat("*") { Leg::AnyCell } else { self.cells()? };
        self.blanks();
        self.expect(b']')?;
        Ok(leg)
    }

    fn cells(&mut self) -> Parsed<Leg> {
        let from = self.index()?;
        let end = self.at;
        self.blanks();
        let is_apart = self.at > end;
        if !is_apart || !["to ", "to\t", "to\n", "to\r"].into_iter().any(|word| self.eat(word)) {
            return Ok(Leg::Cell(from));
        }
        self.blanks();
        let to = self.index()?;
        let is_empty = from.from_end == to.from_end
            && if from.from_end { from.offset < to.offset } else { from.offset > to.offset };
        if is_empty { Err(()) } else { Ok(Leg::Range(from, to)) }
    }

    fn index(&mut self) -> Parsed<Cell> {
        let from_end = self.eat("last");
        if from_end {
            let end = self.at;
            self.blanks();
            if !self.eat("-") {
                self.at = end;
                return Ok(Cell { offset: 0, from_end });
            }
            self.blanks();
        }
        let digits = self.text.as_bytes()[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let offset = self.text[self.at..self.at + digits].parse().map_err(|_| ())?;
        self.at += digits;
        Ok(Cell { offset, from_end })
    }

    fn member(&mut self) -> Parsed<Leg> {
        self.at += 1;
        self.blanks();
        match self.peek() {
            None => return Err(()),
            Some(b'*') => {
                self.at += 1;
                return Ok(Leg::AnyMember);
            }
            Some(_) => {}
        }
        let start = self.at;
        let is_quoted = self.peek() == Some(b'"');
        self.at = self.name_end();
        let written = &self.text[start..self.at];
        let json = if is_quoted { written.to_owned() } else { format!("\"{written}\"") };
        match parse(json.as_bytes()) {
            Ok(Tree::Text(name)) if is_quoted || is_identifier(&name) => Ok(Leg::Member(name)),
            _ => Err(()),
        }
    }

    /// Where the name that begins here ends.
    fn name_end(&self) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        if bytes.get(at) == Some(&b'"') {
            at += 1;
            while let Some(byte) = bytes.get(at) {
                match byte {
                    b'\\' => at += 2,
                    b'"' => return at + 1,
                    _ => at += 1,
                }
            }
            return bytes.len();
        }
        let ends = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 11 | 12 | b'.' | b'[' | b'*');
        bytes[at..].iter().position(ends).map_or(bytes.len(), |length| at + length)
    }
}
