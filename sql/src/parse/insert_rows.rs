//! The fast path: INSERT and REPLACE whose VALUES are nothing but literals and parameters.
//!
//! Bulk loads are statements of thousands of such rows, and a prepared INSERT is one row of `?`; both go from the lexemes
//! straight to the tree, one allocation a string. At anything else (an expression, ON DUPLICATE KEY, a syntax error) it gives up
//! without a trace, and the general parser starts over: there is one place that words errors.

use bytes::Bytes;

use crate::ast::{Expr, Insert, InsertSource, InventoryHints, Statement, TableName};
use crate::parse::Parsed;
use crate::parse::keyword::is_reserved;
use crate::parse::lexer::{Kind, Lexeme, Lexer, Symbol};
use crate::parse::literal;
use crate::types::Value;
use crate::variables::SqlMode;

/// Parses the statement if it is of that form.
pub(crate) fn parse(text: &[u8], mode: SqlMode) -> Option<Parsed> {
    let lexer = Lexer::new(text, mode);
    let mut reader =
        Reader { text, lexer, mode, next: Lexeme { kind: Kind::End, start: 0, end: 0 }, parameter_count: 0 };
    reader.advance()?;
    let replace = reader.word(b"REPLACE")?;
    if !replace && !reader.word(b"INSERT")? {
        return None;
    }
    if reader.follows_hint() {
        return None;
    }
    let ignore = !replace && reader.word(b"IGNORE")?;
    reader.word(b"INTO")?;
    let mut table = TableName { database: None, table: reader.name()? };
    if reader.symbol(Symbol::Period)? {
        table = TableName { database: Some(table.table), table: reader.name()? };
    }
    let mut columns = Vec::new();
    if reader.symbol(Symbol::LeftParen)? {
        loop {
            columns.push(reader.name()?);
            if !reader.symbol(Symbol::Comma)? {
                break;
            }
        }
        reader.demand(Symbol::RightParen)?;
    }
    if !reader.word(b"VALUES")? {
        return None;
    }
    let rows = reader.rows(columns.len())?;
    while reader.symbol(Symbol::Semicolon)? {}
    if reader.next.kind != Kind::End {
        return None;
    }
    let source = InsertSource::Values(rows);
    let insert = Insert {
        table,
        columns,
        source,
        replace,
        ignore,
        on_duplicate: Vec::new(),
        row_alias: None,
        partitions: Vec::new(),
        hints: InventoryHints::default(),
    };
    Some(Parsed { statement: Statement::Insert(Box::new(insert)), parameter_count: reader.parameter_count })
}

/// One lexeme of look-ahead over the text; None is "not of the simple form".
struct Reader<'a> {
    text: &'a [u8],
    lexer: Lexer<'a>,
    mode: SqlMode,
    next: Lexeme,
    parameter_count: usize,
}

impl Reader<'_> {
    /// Whether there is a hint between the statement's verb, which was taken just now, and what is next.
    fn follows_hint(&self) -> bool {
        super::hint::is_before(self.text, self.next.start)
    }

    fn advance(&mut self) -> Option<()> {
        self.next = self.lexer.next().ok()?;
        Some(())
    }

    fn raw(&self) -> &[u8] {
        &self.text[self.next.start..self.next.end]
    }

    fn word(&mut self, word: &[u8]) -> Option<bool> {
        let found = self.next.kind == Kind::Word && self.raw().eq_ignore_ascii_case(word);
        if found {
            self.advance()?;
        }
        Some(found)
    }

    fn symbol(&mut self, symbol: Symbol) -> Option<bool> {
        let found = self.next.kind == Kind::Symbol(symbol);
        if found {
            self.advance()?;
        }
        Some(found)
    }

    fn demand(&mut self, symbol: Symbol) -> Option<()> {
        if self.symbol(symbol)? { Some(()) } else { None }
    }

    fn name(&mut self) -> Option<String> {
        let name = match self.next.kind {
            Kind::Word if !is_reserved(self.raw()) => std::str::from_utf8(self.raw()).ok()?.to_owned(),
            Kind::QuotedName => String::from_utf8(literal::unquote(self.raw(), false).into_owned()).ok()?,
            _ => return None,
        };
        self.advance()?;
        Some(name)
    }

    fn rows(&mut self, width: usize) -> Option<Vec<Vec<Expr>>> {
        let mut rows: Vec<Vec<Expr>> = Vec::new();
        loop {
            self.demand(Symbol::LeftParen)?;
            let mut row = Vec::with_capacity(rows.last().map_or(width, Vec::len));
            loop {
                row.push(self.value()?);
                if !self.symbol(Symbol::Comma)? {
                    break;
                }
            }
            self.demand(Symbol::RightParen)?;
            rows.push(row);
            if !self.symbol(Symbol::Comma)? {
                return Some(rows);
            }
        }
    }

    fn value(&mut self) -> Option<Expr> {
        let negative = self.symbol(Symbol::Minus)?;
        let raw = &self.text[self.next.start..self.next.end];
        let value = match self.next.kind {
            Kind::Number => {
                let value = number(raw)?;
                if negative { negated(value)? } else { value }
            }
            _ if negative => return None,
            Kind::Text => {
                let value =
                    literal::text_value(literal::unquote(raw, !self.mode.has(SqlMode::NO_BACKSLASH_ESCAPES)));
                self.advance()?;
                // Adjacent strings are one; leave the joining to the general parser.
                return if self.next.kind == Kind::Text { None } else { Some(Expr::Literal(value)) };
            }
            Kind::Parameter => {
                self.parameter_count += 1;
                self.advance()?;
                return Some(Expr::Parameter(self.parameter_count - 1));
            }
            Kind::Hex => {
                let literal = Expr::HexLiteral(Bytes::from(literal::hex_bytes(raw)));
                self.advance()?;
                return Some(literal);
            }
            Kind::Word if raw.eq_ignore_ascii_case(b"NULL") => Value::Null,
            Kind::Word if raw.eq_ignore_ascii_case(b"TRUE") => return self.truth(true),
            Kind::Word if raw.eq_ignore_ascii_case(b"FALSE") => return self.truth(false),
            Kind::Word if raw.eq_ignore_ascii_case(b"DEFAULT") => {
                self.advance()?;
                return if self.next.kind == Kind::Symbol(Symbol::LeftParen) {
                    None
                } else {
                    Some(Expr::Default(None))
                };
            }
            _ => return None,
        };
        self.advance()?;
        Some(Expr::Literal(value))
    }

    fn truth(&mut self, value: bool) -> Option<Expr> {
        self.advance()?;
        Some(Expr::Truth(value))
    }
}

/// A number; short integers without the detour over text.
fn number(raw: &[u8]) -> Option<Value> {
    if raw.len() <= 18 && raw.iter().all(u8::is_ascii_digit) {
        return Some(Value::Int(raw.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0'))));
    }
    literal::number(std::str::from_utf8(raw).ok()?).ok()
}

fn negated(value: Value) -> Option<Value> {
    match value {
        Value::Int(value) => Some(Value::Int(-value)),
        Value::Double(value) => Some(Value::Double(-value)),
        Value::Decimal(value) => Some(Value::Decimal(value.negate())),
        _ => None,
    }
}
