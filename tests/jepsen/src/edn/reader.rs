//! Text to [`Value`]: what Clojure's `pr` writes.
//!
//! Comments, commas and `#_` are passed over; a tag keeps its name. Nothing is guessed: what is left out of [`Value`] is an error that names its line. The depth is
//! bounded, so a file that is not a history cannot overflow the stack.

use super::Value;

/// Collections in collections, at most; histories have five.
const DEPTH_MAX: usize = 64;

/// Text that is not EDN, or EDN that [`Value`] leaves out.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Error {
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

impl Value {
    /// The one value that a text is.
    ///
    /// # Errors
    ///
    /// The text is not EDN, or it is not exactly one value.
    pub fn parse(text: &str) -> Result<Value, Error> {
        let mut reader = Reader::new(text);
        let value = reader.value()?.ok_or_else(|| reader.error("no value"))?;
        match reader.value()? {
            None => Ok(value),
            Some(_) => Err(reader.error("more than one value")),
        }
    }

    /// All values of a text, one after the other.
    ///
    /// # Errors
    ///
    /// The text is not EDN.
    pub fn parse_all(text: &str) -> Result<Vec<Value>, Error> {
        let mut reader = Reader::new(text);
        let mut values = Vec::new();
        while let Some(value) = reader.value()? {
            values.push(value);
        }
        Ok(values)
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

/// What ends a token.
fn is_delimiter(character: char) -> bool {
    is_space(character) || "()[]{}\";".contains(character)
}

fn is_space(character: char) -> bool {
    character.is_whitespace() || character == ','
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Reader<'t> {
        Reader { text, at: 0, depth: 0 }
    }

    fn error(&self, what: &str) -> Error {
        let line = self.text[..self.at].matches('\n').count() + 1;
        Error { line, what: what.to_owned() }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_space(&mut self) {
        loop {
            let rest = self.rest().trim_start_matches(is_space);
            self.at = self.text.len() - rest.len();
            if !rest.starts_with(';') {
                return;
            }
            self.at += rest.find('\n').unwrap_or(rest.len());
        }
    }

    /// The next value, or none at the end.
    fn value(&mut self) -> Result<Option<Value>, Error> {
        loop {
            self.skip_space();
            let Some(first) = self.peek() else { return Ok(None) };
            if self.rest().starts_with("#_") {
                self.at += 2;
                self.value()?.ok_or_else(|| self.error("nothing after #_"))?;
                continue;
            }
            return match first {
                '[' => self.elements(1, ']').map(Value::Vector),
                '(' => self.elements(1, ')').map(Value::List),
                '{' => self.map(),
                '"' => self.string(),
                '#' => self.dispatch(),
                ')' | ']' | '}' => Err(self.error(&format!("unexpected {first}"))),
                _ => self.atom(),
            }
            .map(Some);
        }
    }

    /// The values up to `close`, behind an opening of `open` bytes.
    fn elements(&mut self, open: usize, close: char) -> Result<Vec<Value>, Error> {
        self.at += open;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.error("nested too deeply"));
        }
        let mut values = Vec::new();
        loop {
            self.skip_space();
            if self.peek() == Some(close) {
                self.at += close.len_utf8();
                self.depth -= 1;
                return Ok(values);
            }
            // A discarded value may stand before the end.
            if self.rest().starts_with("#_") {
                self.at += 2;
                self.value()?.ok_or_else(|| self.error("nothing after #_"))?;
                continue;
            }
            values.push(self.value()?.ok_or_else(|| self.error(&format!("no {close}")))?);
        }
    }

    fn map(&mut self) -> Result<Value, Error> {
        let mut values = self.elements(1, '}')?.into_iter();
        let mut pairs = Vec::new();
        while let Some(key) = values.next() {
            pairs.push((key, values.next().ok_or_else(|| self.error("a map with a key without a value"))?));
        }
        Ok(Value::Map(pairs))
    }

    fn string(&mut self) -> Result<Value, Error> {
        self.at += 1;
        let mut text = String::new();
        let mut characters = self.rest().char_indices();
        while let Some((offset, character)) = characters.next() {
            match character {
                '"' => {
                    self.at += offset + 1;
                    return Ok(Value::String(text));
                }
                '\\' => {
                    let escaped = match characters.next().map(|(_, escaped)| escaped) {
                        Some('n') => '\n',
                        Some('t') => '\t',
                        Some('r') => '\r',
                        Some('b') => '\u{8}',
                        Some('f') => '\u{c}',
                        Some(same @ ('"' | '\\')) => same,
                        Some('u') => {
                            let digits: String =
                                characters.by_ref().take(4).map(|(_, digit)| digit).collect();
                            let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                            code.ok_or_else(|| self.error("\\u without a character's number"))?
                        }
                        Some(other) => return Err(self.error(&format!("unknown escape \\{other}"))),
                        None => break,
                    };
                    text.push(escaped);
                }
                other => text.push(other),
            }
        }
        Err(self.error("a string without end"))
    }

    /// What begins with `#`: a set, a symbolic number, a tag.
    fn dispatch(&mut self) -> Result<Value, Error> {
        if self.rest().starts_with("#{") {
            return self.elements(2, '}').map(Value::Set);
        }
        if self.rest().starts_with("##") {
            self.at += 2;
            return match self.token() {
                "NaN" => Ok(Value::Float(f64::NAN)),
                "Inf" => Ok(Value::Float(f64::INFINITY)),
                "-Inf" => Ok(Value::Float(f64::NEG_INFINITY)),
                other => Err(self.error(&format!("unknown number ##{other}"))),
            };
        }
        self.at += 1;
        let tag = self.token();
        if !tag.starts_with(char::is_alphabetic) {
            return Err(self.error(&format!("unknown form #{tag}")));
        }
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.error("nested too deeply"));
        }
        let value = self.value()?.ok_or_else(|| self.error("a tag without a value"))?;
        self.depth -= 1;
        Ok(Value::Tagged(tag.to_owned(), Box::new(value)))
    }

    fn token(&mut self) -> &'t str {
        let rest = self.rest();
        let token = &rest[..rest.find(is_delimiter).unwrap_or(rest.len())];
        self.at += token.len();
        token
    }

    fn atom(&mut self) -> Result<Value, Error> {
        let token = self.token();
        Ok(match token {
            "nil" => Value::Nil,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => {
                if let Some(name) = token.strip_prefix(':') {
                    return match name {
                        "" => Err(self.error("a keyword without a name")),
                        name => Ok(Value::keyword(name)),
                    };
                }
                let unsigned = token.trim_start_matches(['+', '-']);
                if unsigned.starts_with(|first: char| first.is_ascii_digit()) {
                    return self.number(token);
                }
                if token.starts_with('\\') {
                    return Err(self.error("a character, which no history of ours holds"));
                }
                Value::Symbol(token.to_owned())
            }
        })
    }

    fn number(&self, token: &str) -> Result<Value, Error> {
        let digits = token.strip_suffix(['N', 'M']).unwrap_or(token);
        if !token.ends_with('M')
            && let Ok(number) = digits.parse()
        {
            return Ok(Value::Integer(number));
        }
        let is_float = token.ends_with('M') || digits.contains(['.', 'e', 'E']);
        match digits.parse() {
            Ok(number) if is_float => Ok(Value::Float(number)),
            Ok(_) | Err(_) => Err(self.error(&format!("{token} is no number of 64 bits"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_jepsen_writes_is_read() {
        let text = "#jepsen.history.Op{:index 1, :time 12, :type :info, :process :nemesis, :f :start, :value nil} ; hurt\n\
                    #_{:not [read]} {:a #{1 -2}, \"b\" (x 1.5 2.0M 3N true), :c \"q\\\"\\\\\\n\\u00e9\" #_last}";
        let values = Value::parse_all(text).unwrap();
        assert_eq!(values.len(), 2);
        let Value::Tagged(tag, operation) = &values[0] else { panic!("{:?}", values[0]) };
        assert_eq!(tag, "jepsen.history.Op");
        assert_eq!(operation.get("process"), Some(&Value::keyword("nemesis")));
        assert_eq!(values[1].get("a"), Some(&Value::Set(vec![1.into(), (-2).into()])));
        assert_eq!(values[1].get("c"), Some(&Value::from("q\"\\\né")));
        let Value::Map(pairs) = &values[1] else { panic!() };
        let list = [
            Value::Symbol("x".into()),
            Value::Float(1.5),
            Value::Float(2.0),
            Value::Integer(3),
            Value::Bool(true),
        ];
        assert_eq!(pairs[1], (Value::from("b"), Value::List(list.to_vec())));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let value = Value::Map(vec![
            (Value::keyword("f"), Value::Tagged("t".into(), Box::new(Value::Vector(vec![Value::Nil])))),
            (Value::Integer(i64::MIN), Value::Float(1e300)),
            (Value::from("a\u{8}\u{1f}\"\\\n\t😀"), Value::Float(f64::NEG_INFINITY)),
            (Value::Symbol("a.b/c".into()), Value::Set(vec![Value::Float(-0.5), Value::Bool(false)])),
        ]);
        assert_eq!(Value::parse(&value.to_string()).unwrap(), value);
        assert_eq!(Value::parse("##NaN").unwrap().to_string(), "##NaN");
    }

    #[test]
    fn what_is_no_edn_is_an_error_with_its_line() {
        let deep = "[".repeat(10_000);
        let cases =
            ["", "1 2", "[1", "{:a}", "\"x", "\\a", "1/2", "99999999999999999999", "]", "#:a{:b 1}", ":"];
        for text in cases.into_iter().chain([deep.as_str(), "\"\\q\"", "##x", "#_"]) {
            assert!(Value::parse(text).is_err(), "{text}");
        }
        assert_eq!(Value::parse_all("1\n[2\n3)").unwrap_err().line, 3);
    }
}
