//! Text to documents, by RFC 7159, with the errors that MySQL's parser (RapidJSON) gives.

use crate::json::tree::{Members, Tree};
use crate::limits::JSON_DEPTH_MAX;
use crate::types::number;

/// Why a text is no document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// MySQL's words, and how many bytes before the place.
    Text(&'static str, usize),
    /// It is nested too deeply.
    TooDeep,
}

impl Invalid {
    /// Error 3141 of a function's argument, counted from 1; 3157.
    #[must_use]
    pub fn in_argument(self, argument: usize, function: &str) -> crate::Error {
        match self {
            Invalid::TooDeep => super::tree::too_deep(),
            Invalid::Text(why, position) => crate::Error {
                code: 3141,
                state: *b"22032",
                message: format!(
                    "Invalid JSON text in argument {argument} to function {function}: \"{why}\" at position {position}."
                ),
            },
        }
    }

    /// Error 3140 of a column; 3157.
    #[must_use]
    pub fn in_column(self, column: &str) -> crate::Error {
        match self {
            Invalid::TooDeep => super::tree::too_deep(),
            Invalid::Text(why, position) => crate::Error {
                code: 3140,
                state: *b"22032",
                message: format!(
                    "Invalid JSON text: \"{why}\" at position {position} in value for column '{column}'."
                ),
            },
        }
    }
}

/// Parses a document.
///
/// # Errors
/// What is wrong with the text.
pub fn parse(text: &[u8]) -> Result<Tree, Invalid> {
    let mut parser = Parser { text, at: 0 };
    parser.blanks();
    if parser.peek() == 0 {
        return Err(parser.invalid("The document is empty."));
    }
    let tree = parser.value(1)?;
    parser.blanks();
    if parser.at < text.len() {
        return Err(parser.invalid("The document root must not be followed by other values."));
    }
    Ok(tree)
}

/// Whether the text is a document, without making one.
#[must_use]
pub fn is_valid(text: &[u8]) -> bool {
    parse(text).is_ok()
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    /// The next byte; 0 at the end.
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.at < self.text.len() && self.text[self.at] == byte;
        self.at += usize::from(found);
        found
    }

    fn blanks(&mut self) {
        while matches!(self.text.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn invalid(&self, why: &'static str) -> Invalid {
        Invalid::Text(why, self.at)
    }

    fn value(&mut self, depth: usize) -> Result<Tree, Invalid> {
        match self.peek() {
            b'n' => self.word(b"null", Tree::Null),
            b't' => self.word(b"true", Tree::Bool(true)),
            b'f' => self.word(b"false", Tree::Bool(false)),
            b'"' => self.string().map(Tree::Text),
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &[u8], tree: Tree) -> Result<Tree, Invalid> {
        for byte in word {
            if !self.eat(*byte) {
                return Err(self.invalid("Invalid value."));
            }
        }
        Ok(tree)
    }

    fn array(&mut self, depth: usize) -> Result<Tree, Invalid> {
        if depth > JSON_DEPTH_MAX {
            return Err(Invalid::TooDeep);
        }
        self.at += 1;
        self.blanks();
        let mut elements = Vec::new();
        if self.eat(b']') {
            return Ok(Tree::Array(elements));
        }
        loop {
            elements.push(self.value(depth + 1)?);
            self.blanks();
            if self.eat(b']') {
                return Ok(Tree::Array(elements));
            }
            if !self.eat(b',') {
                return Err(self.invalid("Missing a comma or ']' after an array element."));
            }
            self.blanks();
        }
    }

    fn object(&mut self, depth: usize) -> Result<Tree, Invalid> {
        if depth > JSON_DEPTH_MAX {
            return Err(Invalid::TooDeep);
        }
        self.at += 1;
        self.blanks();
        let mut members = Vec::new();
        if self.eat(b'}') {
            return Ok(Tree::Object(Members::default()));
        }
        loop {
            if self.peek() != b'"' {
                return Err(self.invalid("Missing a name for object member."));
            }
            let name = self.string()?;
            self.blanks();
            if !self.eat(b':') {
                return Err(self.invalid("Missing a colon after a name of object member."));
            }
            self.blanks();
            members.push((name, self.value(depth + 1)?));
            self.blanks();
            if self.eat(b'}') {
                return Ok(Tree::Object(Members::from_pairs(members)));
            }
            if !self.eat(b',') {
                return Err(self.invalid("Missing a comma or '}' after an object member."));
            }
            self.blanks();
        }
    }

    fn digits(&mut self) -> bool {
        let start = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        self.at > start
    }

    fn number(&mut self) -> Result<Tree, Invalid> {
        let start = self.at;
        let negative = self.eat(b'-');
        if !self.eat(b'0') && !self.digits() {
            return Err(self.invalid("Invalid value."));
        }
        let mut is_integer = true;
        if self.eat(b'.') {
            is_integer = false;
            if !self.digits() {
                return Err(self.invalid("Miss fraction part in number."));
            }
        }
        if self.eat(b'e') || self.eat(b'E') {
            is_integer = false;
            if !self.eat(b'+') {
                self.eat(b'-');
            }
            if !self.digits() {
                return Err(self.invalid("Miss exponent in number."));
            }
        }
        let text = std::str::from_utf8(&self.text[start..self.at]).unwrap_or("0");
        if is_integer {
            // What needs more than 32 bits is unsigned where it can be.
            match text.parse::<i64>() {
                Ok(number) if negative || number <= i64::from(u32::MAX) => return Ok(Tree::Int(number)),
                _ => {}
            }
            if let Ok(number) = text.parse::<u64>() {
                return Ok(Tree::UInt(number));
            }
        }
        let double: f64 = text.parse().unwrap_or_else(|_| number::double_prefix(text.as_bytes()).0);
        if !double.is_finite() {
            return Err(Invalid::Text("Number too big to be stored in double.", start));
        }
        Ok(Tree::Double(double))
    }

    fn string(&mut self) -> Result<String, Invalid> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), b'"' | b'\\' | 0..=0x1f) {
                self.at += 1;
            }
            out.extend_from_slice(&self.text[start..self.at]);
            match self.peek() {
                b'"' => {
                    self.at += 1;
                    return String::from_utf8(out)
                        .map_err(|_| Invalid::Text("Invalid encoding in string.", start));
                }
                b'\\' => self.escape(&mut out)?,
                0 => return Err(self.invalid("Missing a closing quotation mark in string.")),
                _ => return Err(self.invalid("Invalid encoding in string.")),
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), Invalid> {
        let start = self.at;
        self.at += 1;
        let plain = match self.peek() {
            byte @ (b'"' | b'\\' | b'/') => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                self.at += 1;
                let character = self.unicode(start)?;
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return Err(Invalid::Text("Invalid escape character in string.", start)),
        };
        self.at += 1;
        out.push(plain);
        Ok(())
    }

    fn unicode(&mut self, start: usize) -> Result<char, Invalid> {
        let broken = Invalid::Text("The surrogate pair in string is invalid.", start);
        let first = self.hexadecimal(start)?;
        if !(0xd800..0xe000).contains(&first) {
            return char::from_u32(first).ok_or(broken);
        }
        if first > 0xdbff || !self.eat(b'\\') || !self.eat(b'u') {
            return Err(broken);
        }
        let second = self.hexadecimal(start)?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err(broken);
        }
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)).ok_or(broken)
    }

    fn hexadecimal(&mut self, start: usize) -> Result<u32, Invalid> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = char::from(self.peek()).to_digit(16) else {
                return Err(Invalid::Text("Incorrect hex digit after \\u escape in string.", start));
            };
            code = code << 4 | digit;
            self.at += 1;
        }
        Ok(code)
    }
}
