//! Statement texts with their literals taken out: what texts that differ in values only have in common.
//!
//! One pass of the scanner over the text, no tree. `UPDATE t SET k = k + 1, c = 'x' WHERE id = 5` becomes
//! `UPDATE t SET k = k + 1, c = ? WHERE id = ?` with the values `'x'` and `5`: a literal is taken out where it stands alone as the right
//! side of a comparison or an assignment, in BETWEEN, IN or VALUES. All else stays as it is written, every blank of it, so two texts
//! have one template only if they are the same but for those values *and their kinds*.
//!
//! What a parameter means instead of a literal is for others to judge ([`crate::plan::template`]). Here a text is turned down ([`read`] is
//! false) that has comments, parameters or variables, several statements or several SELECTs, or strings that are joined.

use super::lexer::{Kind, Lexeme, Lexer, Symbol};
use super::literal;
use crate::limits::{TEMPLATE_BYTES_MAX, TEMPLATE_VALUES_MAX};
use crate::types::Value;
use crate::variables::SqlMode;

/// A text's template. Kept from statement to statement, so that its buffers are.
#[derive(Debug, Default)]
pub struct Template {
    /// The text with a `?` in place of each value.
    pub text: Vec<u8>,
    /// What was taken out.
    pub values: Vec<Value>,
}

impl Template {
    /// A byte for each value that says of what kind it is.
    pub fn kinds(&self) -> impl Iterator<Item = u8> {
        self.values.iter().map(|value| match value {
            Value::Null => b'n',
            Value::Int(_) => b'i',
            Value::UInt(_) => b'u',
            Value::Double(_) => b'f',
            Value::Decimal(_) => b'd',
            Value::Text(_) => b't',
            Value::Blob(_) => b'b',
            Value::Date(_) | Value::Time(_) | Value::DateTime(_) => b's',
            Value::Json(_) => b'j',
        })
    }
}

/// Where literals may be taken out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Not yet, or not any more.
    Closed,
    /// Behind WHERE or SET.
    Conditions,
    /// Behind VALUES.
    Rows,
}

/// What stands before a lexeme.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Something that a literal may follow as a value of its own.
    Place,
    /// A minus behind such a thing, at this offset.
    Minus(usize),
    /// A string literal.
    Text,
    Other,
}

/// Reads the template of a text; false when it has none. `out` has nothing of use then.
pub fn read(text: &[u8], mode: SqlMode, out: &mut Template) -> bool {
    out.text.clear();
    out.values.clear();
    text.len() <= TEMPLATE_BYTES_MAX
        && Reader::new(text, mode, out).is_some_and(|mut reader| reader.run().is_some())
}

struct Reader<'a> {
    text: &'a [u8],
    mode: SqlMode,
    lexer: Lexer<'a>,
    out: &'a mut Template,
    /// The word behind which literals are taken out.
    opens: &'static [u8],
    part: Part,
    before: Before,
    /// Where the last lexeme ended.
    end: usize,
    /// How much of the text is in the template.
    copied: usize,
}

impl<'a> Reader<'a> {
    /// At the second word of a statement that may have a template.
    fn new(text: &'a [u8], mode: SqlMode, out: &'a mut Template) -> Option<Reader<'a>> {
        let mut lexer = Lexer::new(text, mode);
        let first = lexer.next().ok()?;
        // Blanks alone may stand before it.
        if first.kind != Kind::Word || !text[..first.start].iter().all(u8::is_ascii_whitespace) {
            return None;
        }
        let word = &text[first.start..first.end];
        let is = |known: &[u8]| word.eq_ignore_ascii_case(known);
        let opens: &'static [u8] = if is(b"SELECT") || is(b"DELETE") {
            b"WHERE"
        } else if is(b"UPDATE") {
            b"SET"
        } else if is(b"INSERT") || is(b"REPLACE") {
            b"VALUES"
        } else {
            return None;
        };
        let (part, before) = (Part::Closed, Before::Other);
        Some(Reader { text, mode, lexer, out, opens, part, before, end: first.end, copied: 0 })
    }

    fn run(&mut self) -> Option<()> {
        loop {
            let lexeme = self.lexer.next().ok()?;
            // A comment would be here, or a hint.
            if !self.text[self.end..lexeme.start].iter().all(u8::is_ascii_whitespace) {
                return None;
            }
            self.end = lexeme.end;
            let before = std::mem::replace(&mut self.before, Before::Other);
            match lexeme.kind {
                Kind::End => break,
                Kind::Word => self.word(&self.text[lexeme.start..lexeme.end])?,
                Kind::Symbol(symbol) => self.symbol(symbol, before, lexeme)?,
                Kind::Number => self.number(before, lexeme)?,
                Kind::Text => self.string(before, lexeme)?,
                Kind::QuotedName | Kind::Hex | Kind::Bit => {}
                Kind::National | Kind::UserVariable | Kind::SystemVariable | Kind::Parameter => return None,
            }
        }
        self.out.text.extend_from_slice(&self.text[self.copied..]);
        Some(())
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        let is = |known: &[u8]| word.eq_ignore_ascii_case(known);
        if is(b"SELECT") {
            return None;
        }
        if self.part == Part::Closed {
            if is(self.opens) {
                self.part = if self.opens == b"VALUES" { Part::Rows } else { Part::Conditions };
            }
        } else if is(b"BETWEEN") || is(b"AND") {
            self.before = Before::Place;
        } else if [&b"ORDER"[..], b"GROUP", b"HAVING", b"LIMIT", b"UNION", b"FOR", b"LOCK", b"ON", b"AS"]
            .iter()
            .any(|last| is(last))
        {
            // For good: no word opens it again.
            self.part = Part::Closed;
            self.opens = b"";
        }
        Some(())
    }

    fn symbol(&mut self, symbol: Symbol, before: Before, lexeme: Lexeme) -> Option<()> {
        match symbol {
            Symbol::LeftParen | Symbol::Comma => self.before = Before::Place,
            Symbol::Eq
            | Symbol::NullSafeEq
            | Symbol::NotEq
            | Symbol::Less
            | Symbol::LessEq
            | Symbol::Greater
            | Symbol::GreaterEq
                if self.part == Part::Conditions =>
            {
                self.before = Before::Place;
            }
            Symbol::Minus if self.part == Part::Rows && before == Before::Place => {
                self.before = Before::Minus(lexeme.start);
            }
            // Behind it only the end may come, or it is another statement.
            Symbol::Semicolon => {
                return self.text[lexeme.end..].iter().all(u8::is_ascii_whitespace).then_some(());
            }
            _ => {}
        }
        Some(())
    }

    fn number(&mut self, before: Before, lexeme: Lexeme) -> Option<()> {
        let raw = &self.text[lexeme.start..lexeme.end];
        let (start, is_negative) = match before {
            Before::Minus(start) => (start, true),
            Before::Place => (lexeme.start, false),
            Before::Text | Before::Other => return Some(()),
        };
        let value = match short_integer(raw) {
            Some(value) => Value::Int(if is_negative { -value } else { value }),
            // Elsewhere its type could matter.
            None if self.part != Part::Rows => return Some(()),
            None => {
                let value = literal::number(std::str::from_utf8(raw).ok()?).ok()?;
                match value {
                    value if !is_negative => value,
                    Value::Double(value) => Value::Double(-value),
                    Value::Decimal(value) => Value::Decimal(value.negate()),
                    _ => return None,
                }
            }
        };
        self.take(start, lexeme.end, value)
    }

    fn string(&mut self, before: Before, lexeme: Lexeme) -> Option<()> {
        self.before = Before::Text;
        match before {
            // 'a' 'b' is one string.
            Before::Text => return None,
            Before::Place => {}
            Before::Minus(_) | Before::Other => return Some(()),
        }
        let raw = &self.text[lexeme.start..lexeme.end];
        let escapes = !self.mode.has(SqlMode::NO_BACKSLASH_ESCAPES);
        match literal::text_value(literal::unquote(raw, escapes)) {
            value @ Value::Text(_) => self.take(lexeme.start, lexeme.end, value),
            _ => None,
        }
    }

    /// Takes a value out of the text, if it is where that may be.
    fn take(&mut self, start: usize, end: usize, value: Value) -> Option<()> {
        if self.part == Part::Closed {
            return Some(());
        }
        if self.out.values.len() >= TEMPLATE_VALUES_MAX {
            return None;
        }
        self.out.text.extend_from_slice(&self.text[self.copied..start]);
        self.out.text.push(b'?');
        self.out.values.push(value);
        self.copied = end;
        Some(())
    }
}

/// A number of so few digits that it surely fits.
fn short_integer(raw: &[u8]) -> Option<i64> {
    (raw.len() <= 18 && raw.iter().all(u8::is_ascii_digit))
        .then(|| raw.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Option<(String, Vec<Value>)> {
        let mut out = Template::default();
        read(text.as_bytes(), SqlMode(0), &mut out)
            .then(|| (String::from_utf8(out.text).unwrap(), std::mem::take(&mut out.values)))
    }

    fn text(value: &str) -> Value {
        Value::Text(value.to_owned().into())
    }

    #[test]
    fn values_are_taken_out_where_they_stand_alone() {
        let found = |given: &str, expected: &str, values: &[Value]| {
            assert_eq!(template(given), Some((expected.to_owned(), values.to_vec())), "{given}");
        };
        found("SELECT 1, c FROM t WHERE id=5", "SELECT 1, c FROM t WHERE id=?", &[Value::Int(5)]);
        found(
            "select c  from t where a between 1 and 20 and b in ('x', 'y''z')  order by 1 limit 7;",
            "select c  from t where a between ? and ? and b in (?, ?)  order by 1 limit 7;",
            &[Value::Int(1), Value::Int(20), text("x"), text("y'z")],
        );
        found(
            "UPDATE t SET k=k+1, c='q\\n' WHERE id = 3",
            "UPDATE t SET k=k+1, c=? WHERE id = ?",
            &[text("q\n"), Value::Int(3)],
        );
        found(
            "INSERT INTO t(a, b) VALUES (1, -2, NULL, 0x41, '', 12345678901234567890)",
            "INSERT INTO t(a, b) VALUES (?, ?, NULL, 0x41, ?, ?)",
            &[Value::Int(1), Value::Int(-2), text(""), Value::UInt(12_345_678_901_234_567_890)],
        );
        // Not where it is part of something, or its type matters.
        found("SELECT a FROM t WHERE a = 1.5 AND b = -1", "SELECT a FROM t WHERE a = 1.5 AND b = -1", &[]);
        found("DELETE FROM t WHERE a + 1 = b", "DELETE FROM t WHERE a + 1 = b", &[]);
    }

    #[test]
    fn what_could_mean_something_else_has_no_template() {
        for given in [
            "SELECT /* c */ a FROM t WHERE id = 1",
            "SELECT a FROM t WHERE id = 1 -- c",
            "/*!40001 SELECT a */ FROM t WHERE id = 1",
            "SELECT a FROM t WHERE id = ?",
            "SELECT a FROM t WHERE id = @a",
            "SELECT a FROM t WHERE id = 1; SELECT 2",
            "SELECT a FROM t WHERE id IN (SELECT 1)",
            "SELECT a FROM t WHERE id = 'a' 'b'",
            "SELECT a FROM t WHERE id = 'a",
            "SELECT a FROM t WHERE id = N'a'",
            "INSERT INTO t SELECT 1",
            "SHOW TABLES",
            "",
        ] {
            assert_eq!(template(given), None, "{given}");
        }
    }
}
