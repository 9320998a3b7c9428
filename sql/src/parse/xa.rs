//! XA statements.

use bytes::Bytes;
use sqlparser::tokenizer::Token;

use crate::ast::{Expr, StartMode, Statement, Xa, Xid};
use crate::limits::{XID_FORMAT_MAX, XID_PART_BYTES_MAX};
use crate::parse::cursor::Cursor;
use crate::types::Value;

/// The format of an identifier that does not say which it has.
const FORMAT_DEFAULT: u64 = 1;

/// Parses a statement that begins with XA.
pub(crate) fn xa(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    cursor.skip();
    let Some(verb) = cursor.one_of(&["START", "BEGIN", "END", "PREPARE", "COMMIT", "ROLLBACK", "RECOVER"])
    else {
        return Err(cursor.unexpected());
    };
    if verb == "RECOVER" {
        let convert = cursor.word("CONVERT");
        if convert {
            cursor.expect_word("XID")?;
        }
        return Ok(Statement::Xa(Xa::Recover { convert }));
    }
    let xid = xid(cursor)?;
    Ok(Statement::Xa(match verb {
        "START" | "BEGIN" => {
            let mode = match cursor.one_of(&["JOIN", "RESUME"]) {
                Some("JOIN") => StartMode::Join,
                Some(_) => StartMode::Resume,
                None => StartMode::New,
            };
            Xa::Start { xid, mode }
        }
        "END" => {
            let suspend = cursor.word("SUSPEND");
            if suspend && cursor.word("FOR") {
                cursor.expect_word("MIGRATE")?;
            }
            Xa::End { xid, suspend }
        }
        "PREPARE" => Xa::Prepare(xid),
        "COMMIT" => {
            let one_phase = cursor.word("ONE");
            if one_phase {
                cursor.expect_word("PHASE")?;
            }
            Xa::Commit { xid, one_phase }
        }
        _ => Xa::Rollback(xid),
    }))
}

/// `gtrid [, bqual [, formatID]]`.
fn xid(cursor: &mut Cursor<'_, '_>) -> crate::Result<Xid> {
    let gtrid = part(cursor)?;
    let mut bqual = Bytes::new();
    let mut format_id = FORMAT_DEFAULT;
    if cursor.eat(&Token::Comma) {
        bqual = part(cursor)?;
        if cursor.eat(&Token::Comma) {
            format_id = format(cursor)?;
        }
    }
    Ok(Xid { format_id, gtrid, bqual })
}

/// A string, hexadecimal or bit literal.
fn part(cursor: &mut Cursor<'_, '_>) -> crate::Result<Bytes> {
    if !matches!(
        cursor.peek(),
        Token::SingleQuotedString(_) | Token::HexStringLiteral(_) | Token::SingleQuotedByteStringLiteral(_)
    ) {
        return Err(cursor.unexpected());
    }
    let literal = cursor.operand()?;
    // MySQL finds one that is too long once it has read it.
    match literal {
        Expr::Literal(Value::Text(bytes) | Value::Blob(bytes)) | Expr::HexLiteral(bytes)
            if bytes.len() <= XID_PART_BYTES_MAX =>
        {
            Ok(bytes)
        }
        _ => Err(cursor.unexpected()),
    }
}

/// A number, also one in hexadecimal; what stands behind a point does not count.
fn format(cursor: &mut Cursor<'_, '_>) -> crate::Result<u64> {
    let refusal = cursor.unexpected();
    let number = match cursor.peek() {
        Token::Number(number, _) => number.split('.').next().and_then(|whole| whole.parse().ok()),
        Token::HexStringLiteral(digits) => u64::from_str_radix(digits, 16).ok(),
        _ => None,
    };
    cursor.skip();
    number.filter(|number| *number <= XID_FORMAT_MAX).ok_or(refusal)
}
