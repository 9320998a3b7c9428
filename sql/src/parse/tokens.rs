//! Lexemes → the tokens that sqlparser's parser reads.
//!
//! sqlparser's own tokenizer is not used: it knows neither sql_mode nor version comments. What has no token of its own is
//! carried in one that has: a variable is a word whose quote style is [`VARIABLE`], a binary string
//! (also a text literal that is no UTF-8) a byte string of hexadecimal digits, `&&` the word AND, `||` the word OR unless PIPES_AS_CONCAT. A
//! token's column is its byte offset + 1, so that errors and select items can be cut from the text.
//! Chains of operators are bounded here, because each operator is a level of sqlparser's tree, which is dropped by recursion.

use std::borrow::Cow;

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Word};

use crate::error::Error;
use crate::limits::STATEMENT_TOKENS_MAX;
use crate::parse::chains::Chains;
use crate::parse::keyword::keyword;
use crate::parse::lexer::{Kind, Lexeme, Lexer, Symbol};
use crate::parse::literal::{bit_bytes, hex_bytes, invalid_characters, unquote};
use crate::parse::select_scan::SelectScan;
use crate::parse::source::{Source, too_deep};
use crate::types::CharacterSet;
use crate::types::convert::hex_upper;
use crate::types::text::as_str;
use crate::variables::{SqlMode, character_set};

/// Quote style of a word that is a variable. (sqlparser panics when it prints a quote style it does not know, and it prints
/// tokens in its errors; this one it knows, and MySQL has no names in brackets.)
pub(crate) const VARIABLE: char = '[';
/// How the value of a word begins that is `@name`; the name follows.
pub(crate) const USER_VARIABLE: char = 'u';
/// How the value of a word begins that is `@@name`; what stands after the signs follows.
pub(crate) const SYSTEM_VARIABLE: char = 's';

/// The name of the user variable that a token is.
pub(crate) fn user_variable(token: &Token) -> Option<&str> {
    variable(token, USER_VARIABLE)
}

/// What stands after `@@` of the system variable that a token is.
pub(crate) fn system_variable(token: &Token) -> Option<&str> {
    variable(token, SYSTEM_VARIABLE)
}

fn variable(token: &Token, kind: char) -> Option<&str> {
    match token {
        Token::Word(Word { value, quote_style: Some(VARIABLE), .. }) => value.strip_prefix(kind),
        _ => None,
    }
}

/// The span of a lexeme.
fn span(start: usize, end: usize) -> Span {
    Span::new(Location::new(1, start as u64 + 1), Location::new(1, end as u64 + 1))
}

/// A statement's tokens.
pub(crate) struct Tokens {
    /// The tokens, without blanks and comments.
    pub tokens: Vec<TokenWithSpan>,
    /// How many `?` there are.
    pub parameter_count: usize,
}

/// Cuts the source's text into tokens and notes its select lists in it.
pub(crate) fn tokenize(source: &mut Source<'_>) -> crate::Result<Tokens> {
    let mut writer = Writer {
        text: source.text,
        mode: source.mode,
        tokens: Vec::with_capacity(source.text.len().min(4096) / 4 + 8),
        parameter_count: 0,
        chains: Chains::default(),
        selects: SelectScan::default(),
    };
    let mut lexer = Lexer::new(source.text, source.mode);
    loop {
        let after_point = lexer.is_after_point();
        let lexeme = match lexer.next() {
            Ok(lexeme) => lexeme,
            Err(unreadable) => return Err(source.syntax_at(unreadable.offset)),
        };
        if lexeme.kind == Kind::End {
            break;
        }
        writer.lexeme(lexeme, &mut lexer, after_point)?;
        if writer.tokens.len() > STATEMENT_TOKENS_MAX {
            return Err(Error::too_large(format!("a statement of more than {STATEMENT_TOKENS_MAX} tokens")));
        }
    }
    writer.selects.finish();
    source.selects = writer.selects.done;
    source.selects.sort_unstable_by_key(|select| select.offset);
    Ok(Tokens { tokens: writer.tokens, parameter_count: writer.parameter_count })
}

struct Writer<'a> {
    text: &'a [u8],
    mode: SqlMode,
    tokens: Vec<TokenWithSpan>,
    parameter_count: usize,
    chains: Chains,
    selects: SelectScan,
}

impl<'a> Writer<'a> {
    fn push(&mut self, token: Token, start: usize, end: usize) {
        self.tokens.push(TokenWithSpan::new(token, span(start, end)));
    }

    fn escapes(&self) -> bool {
        !self.mode.has(SqlMode::NO_BACKSLASH_ESCAPES)
    }

    fn lexeme(&mut self, lexeme: Lexeme, lexer: &mut Lexer<'a>, after_point: bool) -> crate::Result<()> {
        let Lexeme { kind, start, mut end } = lexeme;
        let raw = &self.text[start..end];
        match kind {
            Kind::Word => {
                if raw[0] == b'_' && !after_point && self.introducer(start, raw, lexer)? {
                    return Ok(());
                }
                return self.word(start, raw, after_point);
            }
            Kind::QuotedName => {
                let value = utf8(unquote(raw, false))?;
                self.selects.other(start, end);
                self.push(
                    Token::Word(Word { value, quote_style: Some('`'), keyword: Keyword::NoKeyword }),
                    start,
                    end,
                );
                return Ok(());
            }
            Kind::Text | Kind::National => end = self.text_literal(lexeme, lexer),
            Kind::Number => {
                let number = String::from_utf8_lossy(raw).into_owned();
                self.push(Token::Number(number, false), start, end);
            }
            Kind::Hex => self.push(Token::HexStringLiteral(hex_digits(&hex_bytes(raw))), start, end),
            Kind::Bit => self.push(Token::HexStringLiteral(hex_digits(&bit_bytes(raw))), start, end),
            Kind::UserVariable => {
                let name = match raw.get(1) {
                    Some(b'\'' | b'"') => unquote(&raw[1..], self.escapes()),
                    Some(b'`') => unquote(&raw[1..], false),
                    _ => Cow::Borrowed(&raw[1..]),
                };
                let value = format!("{USER_VARIABLE}{}", utf8(name)?);
                self.push(
                    Token::Word(Word { value, quote_style: Some(VARIABLE), keyword: Keyword::NoKeyword }),
                    start,
                    end,
                );
            }
            Kind::SystemVariable => {
                let value = format!("{SYSTEM_VARIABLE}{}", utf8(Cow::Borrowed(&raw[2..]))?.replace('`', ""));
                self.push(
                    Token::Word(Word { value, quote_style: Some(VARIABLE), keyword: Keyword::NoKeyword }),
                    start,
                    end,
                );
            }
            Kind::Parameter => {
                let token = Token::Placeholder(format!("?{}", self.parameter_count));
                self.parameter_count += 1;
                self.push(token, start, end);
            }
            Kind::Symbol(symbol) => return self.symbol(symbol, start, end),
            Kind::End => {}
        }
        self.selects.other(start, end);
        Ok(())
    }

    /// A text literal, joined with those right after it; one past its last byte.
    fn text_literal(&mut self, lexeme: Lexeme, lexer: &mut Lexer<'a>) -> usize {
        let from = lexeme.start + usize::from(lexeme.kind == Kind::National);
        let mut end = lexeme.end;
        let mut bytes = unquote(&self.text[from..end], self.escapes());
        loop {
            let mut ahead = lexer.clone();
            match ahead.next() {
                Ok(Lexeme { kind: Kind::Text, start, end: next_end }) => {
                    bytes.to_mut().extend_from_slice(&unquote(&self.text[start..next_end], self.escapes()));
                    end = next_end;
                    *lexer = ahead;
                }
                _ => break,
            }
        }
        let token = match lexeme.kind {
            Kind::National => introduced(CharacterSet::Utf8mb3, &bytes).unwrap_or_else(|_| text_token(bytes)),
            _ => text_token(bytes),
        };
        self.push(token, lexeme.start, end);
        end
    }

    /// A character set introducer with the literal after it, in one token; false when it is just a name.
    fn introducer(&mut self, start: usize, raw: &[u8], lexer: &mut Lexer<'a>) -> crate::Result<bool> {
        let name = String::from_utf8_lossy(&raw[1..]);
        let set = match character_set::character_set(&name) {
            Ok(set) => Some(set),
            // One of MySQL's that is not built is no name of a column, if a literal follows.
            Err(error) if error.code == 1235 => None,
            Err(_) => return Ok(false),
        };
        let mut ahead = lexer.clone();
        let Ok(Lexeme { kind, start: literal, end }) = ahead.next() else { return Ok(false) };
        let raw = &self.text[literal..end];
        let bytes = match kind {
            Kind::Text => unquote(raw, self.escapes()),
            Kind::Hex => Cow::Owned(hex_bytes(raw)),
            Kind::Bit => Cow::Owned(bit_bytes(raw)),
            _ => return Ok(false),
        };
        let token = match set {
            None => return Err(Error::not_supported(format_args!("the character set {name}"))),
            Some(CharacterSet::Binary) => Token::SingleQuotedByteStringLiteral(hex_digits(&bytes)),
            Some(set) => introduced(set, &bytes)?,
        };
        *lexer = ahead;
        self.push(token, start, end);
        self.selects.other(start, end);
        Ok(true)
    }

    fn word(&mut self, start: usize, raw: &[u8], after_point: bool) -> crate::Result<()> {
        let end = start + raw.len();
        let value = utf8(Cow::Borrowed(raw))?;
        if after_point {
            self.selects.other(start, end);
            self.push(
                Token::Word(Word { value, quote_style: Some('`'), keyword: Keyword::NoKeyword }),
                start,
                end,
            );
            return Ok(());
        }
        let keyword = keyword(raw);
        self.selects.word(keyword, start, end);
        if self.selects.too_deep() {
            return Err(too_deep());
        }
        self.chains.word(keyword)?;
        self.push(Token::Word(Word { value, quote_style: None, keyword }), start, end);
        if keyword == Keyword::MODE {
            self.lock_in_share_mode(start, end);
        }
        Ok(())
    }

    /// Rewrites the words LOCK IN SHARE MODE, which end here, as FOR SHARE.
    fn lock_in_share_mode(&mut self, start: usize, end: usize) {
        let Some(from) = self.tokens.len().checked_sub(4) else { return };
        let is = |index: usize, keyword: Keyword| matches!(&self.tokens[from + index].token, Token::Word(word) if word.keyword == keyword);
        if is(0, Keyword::LOCK) && is(1, Keyword::IN) && is(2, Keyword::SHARE) {
            let place = self.tokens[from].span;
            self.tokens.truncate(from);
            let word = |value: &str, keyword| {
                Token::Word(Word { value: value.to_owned(), quote_style: None, keyword })
            };
            self.tokens.push(TokenWithSpan::new(word("FOR", Keyword::FOR), place));
            self.push(word("SHARE", Keyword::SHARE), start, end);
        }
    }

    fn symbol(&mut self, symbol: Symbol, start: usize, end: usize) -> crate::Result<()> {
        let operator_word =
            |value: &str, keyword| Token::Word(Word { value: value.to_owned(), quote_style: None, keyword });
        let token = match symbol {
            Symbol::LeftParen => Token::LParen,
            Symbol::RightParen => Token::RParen,
            Symbol::LeftBrace => Token::LBrace,
            Symbol::RightBrace => Token::RBrace,
            Symbol::Comma => Token::Comma,
            Symbol::Period => Token::Period,
            Symbol::Semicolon => Token::SemiColon,
            Symbol::Colon => Token::Colon,
            Symbol::Plus => Token::Plus,
            Symbol::Minus => Token::Minus,
            Symbol::Star => Token::Mul,
            Symbol::Slash => Token::Div,
            Symbol::Percent => Token::Mod,
            Symbol::Eq => Token::Eq,
            Symbol::NullSafeEq => Token::Spaceship,
            Symbol::NotEq => Token::Neq,
            Symbol::Less => Token::Lt,
            Symbol::LessEq => Token::LtEq,
            Symbol::Greater => Token::Gt,
            Symbol::GreaterEq => Token::GtEq,
            Symbol::ShiftLeft => Token::ShiftLeft,
            Symbol::ShiftRight => Token::ShiftRight,
            Symbol::Ampersand => Token::Ampersand,
            Symbol::AndAnd => operator_word("&&", Keyword::AND),
            Symbol::Pipe => Token::Pipe,
            Symbol::PipePipe if self.mode.has(SqlMode::PIPES_AS_CONCAT) => Token::StringConcat,
            Symbol::PipePipe => operator_word("||", Keyword::OR),
            Symbol::Caret => Token::Caret,
            Symbol::Tilde => Token::Tilde,
            Symbol::Bang => Token::ExclamationMark,
            Symbol::Assign => Token::Assignment,
            Symbol::Arrow => Token::Arrow,
            Symbol::LongArrow => Token::LongArrow,
        };
        self.chains.symbol(symbol, &token)?;
        match symbol {
            Symbol::LeftParen => self.selects.open(start, end),
            Symbol::RightParen => self.selects.close(start, end),
            Symbol::Comma => self.selects.comma(start),
            Symbol::Semicolon => self.selects.finish(),
            _ => self.selects.other(start, end),
        }
        self.push(token, start, end);
        Ok(())
    }
}

fn utf8(bytes: Cow<'_, [u8]>) -> crate::Result<String> {
    String::from_utf8(bytes.into_owned()).map_err(|error| invalid_characters(error.as_bytes()))
}

/// A literal of a character set, as [`Lower`](crate::parse::lower::Lower) reads it: the set's name, a blank, the text.
///
/// # Errors
/// 1300 for bytes that are none of the set's.
fn introduced(set: CharacterSet, bytes: &[u8]) -> crate::Result<Token> {
    match set.decode_literal(bytes) {
        Ok(text) => Ok(Token::NationalStringLiteral(format!("{} {}", set.name(), as_str(&text)))),
        Err(at) => Err(Error {
            code: 1300,
            state: *b"HY000",
            message: format!("Invalid {} character string: '{}'", set.name(), hex_upper(&bytes[at..], 6)),
        }),
    }
}

/// A text literal; bytes that are no UTF-8 make a binary one.
fn text_token(bytes: Cow<'_, [u8]>) -> Token {
    match String::from_utf8(bytes.into_owned()) {
        Ok(text) => Token::SingleQuotedString(text),
        Err(error) => Token::SingleQuotedByteStringLiteral(hex_digits(error.as_bytes())),
    }
}

/// Two digits a byte.
fn hex_digits(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut digits = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        digits.push(char::from(DIGITS[usize::from(byte >> 4)]));
        digits.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str) -> Vec<Vec<&str>> {
        let mut source =
            Source { text: text.as_bytes(), mode: SqlMode(0), selects: Vec::new(), locals: None };
        tokenize(&mut source).unwrap();
        source
            .selects
            .iter()
            .map(|select| select.items.iter().map(|&(start, end)| &text[start..end]).collect())
            .collect()
    }

    #[test]
    fn select_items_are_cut_as_written() {
        assert_eq!(items("SELECT DISTINCT a,  b + 1 , f(x, y) FROM t"), [["a", "b + 1", "f(x, y)"]]);
        assert_eq!(items("select 1"), [["1"]]);
        assert_eq!(
            items("select (select max(b), 2 from t) , c from u"),
            [vec!["(select max(b), 2 from t)", "c"], vec!["max(b)", "2"]]
        );
        assert_eq!(items("select a union select b, c order by 1"), [vec!["a"], vec!["b", "c"]]);
        assert_eq!(items("select extract(day from d), t.from from t"), [["extract(day from d)", "t.from"]]);
        assert_eq!(
            items("select a from (select 'x' 'y' z) q where b in (select c from d)"),
            [vec!["a"], vec!["'x' 'y' z"], vec!["c"]]
        );
    }

    #[test]
    fn chains_are_bounded_and_restart_at_commas() {
        let refused = |text: String| {
            let mut source =
                Source { text: text.as_bytes(), mode: SqlMode(0), selects: Vec::new(), locals: None };
            tokenize(&mut source).err().map(|error| error.code)
        };
        assert_eq!(refused(format!("SELECT 1{}", " + 1".repeat(390))), None);
        assert_eq!(refused(format!("SELECT 1{}", " + 1".repeat(410))), Some(1436));
        assert_eq!(refused(format!("SELECT 1{}", ", 1 + 1".repeat(2000))), None);
        assert_eq!(refused(format!("SELECT 1{}", " OR a = 1".repeat(9000))), None);
        assert_eq!(refused(format!("SELECT 1{}", " OR a = 1".repeat(50_000))), Some(1436));
        assert_eq!(refused(format!("SELECT 1{}", " UNION SELECT 1".repeat(500))), Some(1038));
        assert_eq!(refused(format!("SELECT 1 FROM t{}", " JOIN t".repeat(500))), Some(1116));
    }
}
