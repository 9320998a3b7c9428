//! Statements of clients whose character set is not one that text is held in: made UTF-8, without a byte of a string being lost.
//!
//! Names, comments and ordinary strings are decoded. A string is written as a hexadecimal literal of its bytes where those are what counts: behind
//! an introducer (`_binary'…'`, `_utf8mb4'…'`), and where they are no text of the client's set.

use bytes::Bytes;

use crate::parse::lexer::{Kind, Lexeme, Lexer, Unreadable};
use crate::parse::literal::unquote;
use crate::types::CharacterSet;
use crate::variables::SqlMode;

/// The text in UTF-8.
#[must_use]
pub fn to_utf8(text: &Bytes, set: CharacterSet, mode: SqlMode) -> Bytes {
    if set.is_held_as_is() || text.is_ascii() {
        return text.clone();
    }
    match rewritten(text, set, mode) {
        Ok(rewritten) => Bytes::from(rewritten),
        // It cannot be read anyway, and its error says where.
        Err(Unreadable { .. }) => Bytes::from(set.decode_lossily(text).into_owned()),
    }
}

fn rewritten(text: &[u8], set: CharacterSet, mode: SqlMode) -> Result<Vec<u8>, Unreadable> {
    let escapes = !mode.has(SqlMode::NO_BACKSLASH_ESCAPES);
    let mut lexer = Lexer::new(text, mode);
    let mut out = Vec::with_capacity(text.len() + text.len() / 2);
    let mut done = 0;
    let mut is_introduced = false;
    let mut lexeme = lexer.next()?;
    while lexeme.kind != Kind::End {
        if lexeme.kind != Kind::Text {
            is_introduced = lexeme.kind == Kind::Word && is_introducer(&text[lexeme.start..lexeme.end]);
            lexeme = lexer.next()?;
            continue;
        }
        // Strings that follow each other are one.
        let start = lexeme.start;
        let mut end = start;
        let mut content = Vec::new();
        while let Lexeme { kind: Kind::Text, start, end: behind } = lexeme {
            content.extend_from_slice(&unquote(&text[start..behind], escapes));
            end = behind;
            lexeme = lexer.next()?;
        }
        if !content.is_ascii() && (is_introduced || set.decode(&content).is_err()) {
            out.extend_from_slice(&set.decode_lossily(&text[done..start]));
            put_hexadecimal(&content, &mut out);
            done = end;
        }
        is_introduced = false;
    }
    out.extend_from_slice(&set.decode_lossily(&text[done..]));
    Ok(out)
}

/// Whether a word is `_` and the name of a character set.
fn is_introducer(word: &[u8]) -> bool {
    let name = word.strip_prefix(b"_").and_then(|name| std::str::from_utf8(name).ok());
    name.is_some_and(|name| crate::variables::character_set::default_collation(name).is_ok())
}

fn put_hexadecimal(content: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    // The blank keeps it apart from an introducer.
    out.extend_from_slice(b" x'");
    for byte in content {
        out.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    out.push(b'\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(text: &[u8], set: CharacterSet) -> String {
        let made = to_utf8(&Bytes::copy_from_slice(text), set, SqlMode::default());
        String::from_utf8(made.to_vec()).unwrap()
    }

    #[test]
    fn strings_keep_their_bytes_where_those_count() {
        let latin1 = CharacterSet::Latin1;
        assert_eq!(made(b"SELECT 'caf\xe9', `\xfc`", latin1), "SELECT 'café', `ü`");
        assert_eq!(made(b"SELECT _binary'\xff\\'\\0' , 'a'", latin1), "SELECT _binary x'FF2700' , 'a'");
        assert_eq!(made(b"SELECT _utf8mb4 'caf\xc3\xa9'", latin1), "SELECT _utf8mb4  x'636166C3A9'");
        assert_eq!(made(b"SELECT _binary 'a' '\xe9'", latin1), "SELECT _binary  x'61E9'");
        assert_eq!(made(b"SELECT _binary 'a', '\xe9'", latin1), "SELECT _binary 'a', 'é'");
        assert_eq!(made(b"SELECT _x '\xe9'", latin1), "SELECT _x 'é'");
        assert_eq!(made(b"SELECT 'ascii'", latin1), "SELECT 'ascii'");
        // No character of the set.
        assert_eq!(made(b"SELECT '\x98', '\xe9'", CharacterSet::Cp1251), "SELECT  x'98', 'й'");
        assert_eq!(made(b"SELECT '\xe9", latin1), "SELECT 'é");
    }
}
