//! Bytes of a statement → lexemes, as MySQL's scanner cuts them.
//!
//! The scanner allocates nothing: a [`Lexeme`] is a kind and a range of the text, and its content is decoded by
//! `literal.rs` only where it is needed. Comments vanish here; the inside of `/*!NNNNN … */` does not, when the number is
//! at most [`VERSION_COMMENT_MAX`]. Left out: DELIMITER, which is a client's command.

use crate::limits::VERSION_COMMENT_MAX;
use crate::variables::SqlMode;

/// What a lexeme is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Unquoted name or keyword.
    Word,
    /// Name in backticks (or in double quotes under ANSI_QUOTES), quotes included.
    QuotedName,
    /// `'…'` or `"…"`, quotes included.
    Text,
    /// `N'…'`, prefix and quotes included.
    National,
    /// `12`, `1.5`, `.5`, `1e3`.
    Number,
    /// `X'4D'` or `0x4D`.
    Hex,
    /// `b'01'` or `0b01`.
    Bit,
    /// `@name`, `@'name'`, the sign included.
    UserVariable,
    /// `@@name`, `@@scope.name`, the signs included.
    SystemVariable,
    /// `?`.
    Parameter,
    /// Operator or punctuation.
    Symbol(Symbol),
    /// End of the text (also at a NUL byte that ends it).
    End,
}

/// Operators and punctuation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Symbol {
    LeftParen,
    RightParen,
    LeftBrace,
    RightBrace,
    Comma,
    Period,
    Semicolon,
    Colon,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Eq,
    NullSafeEq,
    NotEq,
    Less,
    LessEq,
    Greater,
    GreaterEq,
    ShiftLeft,
    ShiftRight,
    Ampersand,
    AndAnd,
    Pipe,
    PipePipe,
    Caret,
    Tilde,
    Bang,
    Assign,
    Arrow,
    LongArrow,
}

/// One lexeme: a kind and its range in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lexeme {
    /// Kind.
    pub kind: Kind,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// The text cannot be cut into lexemes from this byte on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// Where.
    pub offset: usize,
}

/// The scanner.
#[derive(Clone)]
pub(crate) struct Lexer<'a> {
    text: &'a [u8],
    position: usize,
    ansi_quotes: bool,
    backslash_escapes: bool,
    /// Inside an executed `/*! … */`, whose `*/` is to be dropped.
    in_version_comment: bool,
    /// The last lexeme was a name: a point after it separates names and starts no number.
    after_name: bool,
    /// The last lexeme was the point after a name: whatever follows is a name, even `1a` or a keyword.
    after_name_point: bool,
}

impl<'a> Lexer<'a> {
    /// A scanner at the start of `text`.
    pub(crate) fn new(text: &'a [u8], mode: SqlMode) -> Lexer<'a> {
        Lexer {
            text,
            position: 0,
            ansi_quotes: mode.has(SqlMode::ANSI_QUOTES),
            backslash_escapes: !mode.has(SqlMode::NO_BACKSLASH_ESCAPES),
            in_version_comment: false,
            after_name: false,
            after_name_point: false,
        }
    }

    /// Whether the next lexeme follows `name.`.
    pub(crate) fn is_after_point(&self) -> bool {
        self.after_name_point
    }

    fn at(&self, offset: usize) -> u8 {
        self.text.get(offset).copied().unwrap_or(0)
    }

    /// The next lexeme; [`Kind::End`] again and again once the text is used up.
    pub(crate) fn next(&mut self) -> Result<Lexeme, Unreadable> {
        let end_before = self.position;
        self.skip_blanks()?;
        let start = self.position;
        let after_point = std::mem::take(&mut self.after_name_point);
        let after_name = std::mem::take(&mut self.after_name);
        if start >= self.text.len() {
            return Ok(Lexeme { kind: Kind::End, start, end: start });
        }
        let byte = self.text[start];
        let kind = match byte {
            b'\'' => self.quoted(start, b'\'', Kind::Text)?,
            b'"' if self.ansi_quotes => self.quoted(start, b'"', Kind::QuotedName)?,
            b'"' => self.quoted(start, b'"', Kind::Text)?,
            b'`' => self.quoted(start, b'`', Kind::QuotedName)?,
            b'0'..=b'9' if !after_point => self.number(start),
            // `SELECT .5` is a number; `t.5` is not.
            b'.' if !(after_name && start == end_before) && self.at(start + 1).is_ascii_digit() => {
                self.number(start)
            }
            b'x' | b'X' | b'b' | b'B' | b'n' | b'N' if self.at(start + 1) == b'\'' && !after_point => {
                self.prefixed(start, byte)?
            }
            b'@' => self.variable(start)?,
            b'?' => {
                self.position += 1;
                Kind::Parameter
            }
            _ if is_name_byte(byte) => {
                self.name_end(start);
                Kind::Word
            }
            _ => self.symbol(start)?,
        };
        self.after_name = matches!(kind, Kind::Word | Kind::QuotedName);
        self.after_name_point = after_name && kind == Kind::Symbol(Symbol::Period);
        Ok(Lexeme { kind, start, end: self.position })
    }

    /// Skips blanks and comments.
    fn skip_blanks(&mut self) -> Result<(), Unreadable> {
        loop {
            let byte = self.at(self.position);
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => self.position += 1,
                b'#' => self.skip_line(),
                b'-' if self.at(self.position + 1) == b'-' => {
                    let next = self.text.get(self.position + 2);
                    if next.is_some_and(|next| *next > b' ' && *next != 0x7f) {
                        return Ok(());
                    }
                    self.skip_line();
                }
                b'/' if self.at(self.position + 1) == b'*' => self.comment()?,
                b'*' if self.in_version_comment && self.at(self.position + 1) == b'/' => {
                    self.in_version_comment = false;
                    self.position += 2;
                }
                // A NUL that only blanks follow ends the text, as clients that send a C string expect.
                0 if self.position < self.text.len() => {
                    if self.text[self.position..]
                        .iter()
                        .any(|byte| !matches!(byte, 0 | b' ' | b'\n' | b'\r' | b'\t'))
                    {
                        return Err(Unreadable { offset: self.position });
                    }
                    self.position = self.text.len();
                }
                _ => break,
            }
            if self.position >= self.text.len() {
                break;
            }
        }
        if self.in_version_comment && self.position >= self.text.len() {
            return Err(Unreadable { offset: self.text.len() });
        }
        Ok(())
    }

    fn skip_line(&mut self) {
        while self.position < self.text.len() && self.text[self.position] != b'\n' {
            self.position += 1;
        }
    }

    /// A comment, or the head of a version comment whose inside is executed.
    fn comment(&mut self) -> Result<(), Unreadable> {
        let start = self.position;
        if self.at(start + 2) == b'!' && !self.in_version_comment {
            let digits =
                self.text[start + 3..].iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
            // MySQL takes five digits, or six when the sixth is a digit too.
            let digits = if digits >= 5 { digits } else { 0 };
            let version = self.text[start + 3..start + 3 + digits]
                .iter()
                .fold(0u32, |version, digit| version * 10 + u32::from(digit - b'0'));
            if digits == 0 || version <= VERSION_COMMENT_MAX {
                self.in_version_comment = true;
                self.position = start + 3 + digits;
                return Ok(());
            }
        }
        self.position = self.comment_end(start)?;
        Ok(())
    }

    /// One past the `*/` of the comment at `start`; comments inside a skipped version comment nest once, as in MySQL.
    fn comment_end(&self, start: usize) -> Result<usize, Unreadable> {
        let nests = self.at(start + 2) == b'!';
        let mut depth = 1;
        let mut position = start + 2;
        while position + 1 < self.text.len() {
            match (self.text[position], self.text[position + 1]) {
                (b'*', b'/') => {
                    depth -= 1;
                    position += 2;
                    if depth == 0 {
                        return Ok(position);
                    }
                }
                (b'/', b'*') if nests && depth == 1 => {
                    depth += 1;
                    position += 2;
                }
                _ => position += 1,
            }
        }
        Err(Unreadable { offset: start })
    }

    /// Moves past the quoted run that opens at `open`.
    fn quoted(&mut self, open: usize, quote: u8, kind: Kind) -> Result<Kind, Unreadable> {
        let escapes = self.backslash_escapes && kind != Kind::QuotedName;
        let mut position = open + 1;
        while let Some(&byte) = self.text.get(position) {
            if byte == quote {
                if self.at(position + 1) != quote {
                    self.position = position + 1;
                    return Ok(kind);
                }
                position += 2;
            } else if byte == b'\\' && escapes {
                position += 2;
            } else {
                position += 1;
            }
        }
        Err(Unreadable { offset: open })
    }

    /// `x'…'`, `b'…'`, `N'…'`.
    fn prefixed(&mut self, start: usize, prefix: u8) -> Result<Kind, Unreadable> {
        match prefix.to_ascii_lowercase() {
            b'n' => {
                self.quoted(start + 1, b'\'', Kind::Text)?;
                Ok(Kind::National)
            }
            prefix => {
                let digits = self.text[start + 2..]
                    .iter()
                    .take_while(|byte| {
                        if prefix == b'x' { byte.is_ascii_hexdigit() } else { matches!(byte, b'0' | b'1') }
                    })
                    .count();
                let end = start + 2 + digits;
                if self.at(end) != b'\'' || (prefix == b'x' && digits % 2 != 0) {
                    return Err(Unreadable { offset: start });
                }
                self.position = end + 1;
                Ok(if prefix == b'x' { Kind::Hex } else { Kind::Bit })
            }
        }
    }

    fn name_end(&mut self, start: usize) {
        let mut position = start;
        while self.text.get(position).is_some_and(|byte| is_name_byte(*byte)) {
            position += 1;
        }
        self.position = position;
    }

    fn digits_end(&self, mut position: usize) -> usize {
        while self.at(position).is_ascii_digit() {
            position += 1;
        }
        position
    }

    /// A number, or a name that begins with digits.
    fn number(&mut self, start: usize) -> Kind {
        if self.text[start] == b'0' {
            let radix = self.at(start + 1);
            let is_digit =
                |byte: u8| if radix == b'x' { byte.is_ascii_hexdigit() } else { matches!(byte, b'0' | b'1') };
            if matches!(radix, b'x' | b'b') && is_digit(self.at(start + 2)) {
                let digits = self.text[start + 2..].iter().take_while(|byte| is_digit(**byte)).count();
                let end = start + 2 + digits;
                if !is_name_byte(self.at(end)) {
                    self.position = end;
                    return if radix == b'x' { Kind::Hex } else { Kind::Bit };
                }
            }
        }
        let mut position = self.digits_end(start);
        let whole_end = position;
        if self.at(position) == b'.' {
            position = self.digits_end(position + 1);
        }
        if matches!(self.at(position), b'e' | b'E') {
            let sign = usize::from(matches!(self.at(position + 1), b'+' | b'-'));
            if self.at(position + 1 + sign).is_ascii_digit() {
                position = self.digits_end(position + 1 + sign);
                self.position = position;
                return Kind::Number;
            }
        }
        if position == whole_end && is_name_byte(self.at(position)) {
            self.name_end(start);
            return Kind::Word;
        }
        self.position = position;
        Kind::Number
    }

    /// `@name`, `@'name'`, `@@scope.name`.
    fn variable(&mut self, start: usize) -> Result<Kind, Unreadable> {
        if self.at(start + 1) == b'@' {
            let mut position = start + 2;
            while is_name_byte(self.at(position)) || matches!(self.at(position), b'.' | b'`') {
                position += 1;
            }
            if position == start + 2 {
                return Err(Unreadable { offset: start });
            }
            self.position = position;
            return Ok(Kind::SystemVariable);
        }
        match self.at(start + 1) {
            quote @ (b'\'' | b'"' | b'`') => {
                let kind = if quote == b'`' { Kind::QuotedName } else { Kind::Text };
                self.quoted(start + 1, quote, kind)?;
            }
            _ => {
                let mut position = start + 1;
                while is_name_byte(self.at(position)) || self.at(position) == b'.' {
                    position += 1;
                }
                self.position = position;
            }
        }
        Ok(Kind::UserVariable)
    }

    fn symbol(&mut self, start: usize) -> Result<Kind, Unreadable> {
        let (symbol, length) = match (self.text[start], self.at(start + 1), self.at(start + 2)) {
            (b'<', b'=', b'>') => (Symbol::NullSafeEq, 3),
            (b'<', b'=', _) => (Symbol::LessEq, 2),
            (b'<', b'>', _) | (b'!', b'=', _) => (Symbol::NotEq, 2),
            (b'<', b'<', _) => (Symbol::ShiftLeft, 2),
            (b'<', ..) => (Symbol::Less, 1),
            (b'>', b'=', _) => (Symbol::GreaterEq, 2),
            (b'>', b'>', _) => (Symbol::ShiftRight, 2),
            (b'>', ..) => (Symbol::Greater, 1),
            (b'&', b'&', _) => (Symbol::AndAnd, 2),
            (b'&', ..) => (Symbol::Ampersand, 1),
            (b'|', b'|', _) => (Symbol::PipePipe, 2),
            (b'|', ..) => (Symbol::Pipe, 1),
            (b':', b'=', _) => (Symbol::Assign, 2),
            (b':', ..) => (Symbol::Colon, 1),
            (b'-', b'>', b'>') => (Symbol::LongArrow, 3),
            (b'-', b'>', _) => (Symbol::Arrow, 2),
            (b'-', ..) => (Symbol::Minus, 1),
            (b'(', ..) => (Symbol::LeftParen, 1),
            (b')', ..) => (Symbol::RightParen, 1),
            (b'{', ..) => (Symbol::LeftBrace, 1),
            (b'}', ..) => (Symbol::RightBrace, 1),
            (b',', ..) => (Symbol::Comma, 1),
            (b'.', ..) => (Symbol::Period, 1),
            (b';', ..) => (Symbol::Semicolon, 1),
            (b'+', ..) => (Symbol::Plus, 1),
            (b'*', ..) => (Symbol::Star, 1),
            (b'/', ..) => (Symbol::Slash, 1),
            (b'%', ..) => (Symbol::Percent, 1),
            (b'=', ..) => (Symbol::Eq, 1),
            (b'^', ..) => (Symbol::Caret, 1),
            (b'~', ..) => (Symbol::Tilde, 1),
            (b'!', ..) => (Symbol::Bang, 1),
            _ => return Err(Unreadable { offset: start }),
        };
        self.position = start + length;
        Ok(Kind::Symbol(symbol))
    }
}

/// Bytes that an unquoted name is made of.
pub(crate) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// Cuts the first statement off a text of several: the bytes before the `;` that ends it, and what follows that `;`.
/// Quotes and comments are honoured; a text that cannot be scanned is one statement, so that its error is reported.
#[must_use]
pub fn split_first(text: &[u8], mode: SqlMode) -> (&[u8], &[u8]) {
    if let Some(end) = super::program::definition_end(text, mode) {
        let (definition, rest) = text.split_at(end.min(text.len()));
        let blanks = rest.iter().take_while(|byte| is_space(**byte)).count();
        return match rest.get(blanks) {
            Some(b';') => (definition, &rest[blanks + 1..]),
            // What follows without a semicolon is an error of the statement.
            Some(_) | None => (text, &[]),
        };
    }
    let mut lexer = Lexer::new(text, mode);
    loop {
        match lexer.next() {
            Ok(Lexeme { kind: Kind::Symbol(Symbol::Semicolon), start, end }) => {
                return (&text[..start], &text[end..]);
            }
            Ok(Lexeme { kind: Kind::End, .. }) | Err(_) => return (text, &[]),
            Ok(_) => {}
        }
    }
}

/// Whether a byte is a blank between statements.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// The text of a command without the blanks around it and the semicolons that end it, which MySQL takes off before it looks at it.
#[must_use]
pub fn trimmed(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !is_space(*byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| *byte != b';' && !is_space(*byte)).map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

/// Whether a text holds nothing but blanks, comments and semicolons.
#[must_use]
pub fn is_blank(text: &[u8]) -> bool {
    let mut lexer = Lexer::new(text, SqlMode(0));
    loop {
        match lexer.next() {
            Ok(Lexeme { kind: Kind::End, .. }) => return true,
            Ok(Lexeme { kind: Kind::Symbol(Symbol::Semicolon), .. }) => {}
            Ok(_) | Err(_) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(Kind, &str)> {
        let mut lexer = Lexer::new(text.as_bytes(), SqlMode(0));
        let mut found = Vec::new();
        loop {
            let lexeme = lexer.next().unwrap();
            if lexeme.kind == Kind::End {
                return found;
            }
            found.push((lexeme.kind, &text[lexeme.start..lexeme.end]));
        }
    }

    fn texts(text: &str) -> Vec<&str> {
        kinds(text).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn comments_vanish_and_version_comments_do_not() {
        assert_eq!(texts("a -- b\n# c\n /* d */ e"), ["a", "e"]);
        assert_eq!(texts("a --b"), ["a", "-", "-", "b"]);
        assert_eq!(texts("/*!40101 SET x */ y"), ["SET", "x", "y"]);
        assert_eq!(texts("/*!80401 SET x */ y"), ["y"]);
        assert_eq!(texts("/*!99999 SET /* in */ x */ y"), ["y"]);
        assert_eq!(texts("/*! SET x*/ y"), ["SET", "x", "y"]);
        assert_eq!(texts("/*M! SET x*/ /*+ HINT */ y"), ["y"]);
        assert_eq!(texts("a /*!050100 b */"), ["a", "b"]);
    }

    #[test]
    fn blanks_around_and_semicolons_behind_are_taken_off() {
        for (text, expected) in [
            ("", ""),
            (" ; ;\n", ""),
            (";", ""),
            ("\x0b;\x0c", ""),
            (";SELECT 1;;", ";SELECT 1"),
            ("\r\n SELECT 1 ; ", "SELECT 1"),
            ("-- x\n;", "-- x"),
        ] {
            assert_eq!(trimmed(text.as_bytes()), expected.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn numbers_and_names_are_told_apart() {
        assert_eq!(kinds("1e5"), [(Kind::Number, "1e5")]);
        assert_eq!(kinds("1e"), [(Kind::Word, "1e")]);
        assert_eq!(kinds("1.5e-3"), [(Kind::Number, "1.5e-3")]);
        assert_eq!(kinds(".5"), [(Kind::Number, ".5")]);
        assert_eq!(texts("t.5a"), ["t", ".", "5a"]);
        assert_eq!(kinds("0x4D"), [(Kind::Hex, "0x4D")]);
        assert_eq!(kinds("0x4g"), [(Kind::Word, "0x4g")]);
        assert_eq!(kinds("b'01'"), [(Kind::Bit, "b'01'")]);
        assert_eq!(
            kinds("@a.b:=@@global.x"),
            [
                (Kind::UserVariable, "@a.b"),
                (Kind::Symbol(Symbol::Assign), ":="),
                (Kind::SystemVariable, "@@global.x")
            ]
        );
    }

    #[test]
    fn statements_split_outside_of_quotes() {
        let mode = SqlMode(0);
        assert_eq!(
            split_first(b"a ';' \";\" `;` /* ; */; b", mode),
            (&b"a ';' \";\" `;` /* ; */"[..], &b" b"[..])
        );
        assert_eq!(split_first(b"a '\\';'; b", mode).1, b" b");
        assert_eq!(split_first(b"a '\\'; b", SqlMode(SqlMode::NO_BACKSLASH_ESCAPES)).1, b" b");
        assert_eq!(split_first(b"a 'open ; b", mode).1, b"");
    }
}
