//! AliSQL's inventory hints: `/*+ COMMIT_ON_SUCCESS ROLLBACK_ON_FAIL TARGET_AFFECT_ROW(1) */` right behind INSERT, REPLACE, UPDATE or DELETE.
//!
//! Comments never become tokens, so the hints are read from the text between the statement's first word and what follows it. Every
//! other hint in such a comment is one for an optimizer, which changes no answer, and is passed over.

use sqlparser::tokenizer::Span;

use crate::ast::InventoryHints;
use crate::parse::cursor::Cursor;

/// How a comment of hints begins.
const OPENING: &[u8] = b"/*+";

/// The hints behind the word at `verb`, which was taken just now.
///
/// # Errors
/// 1064 when one of ours is not written as it should be: it decides whether a transaction commits.
pub(crate) fn inventory(cursor: &Cursor<'_, '_>, verb: Span) -> crate::Result<InventoryHints> {
    let (text, start) = behind(cursor, verb);
    let end = cursor.source().offset(cursor.span());
    read(text.get(start..end).unwrap_or_default()).map_err(|place| cursor.source().syntax_at(start + place))
}

/// Whether there are inventory hints behind the word at `verb`, wherever the cursor is by now.
///
/// # Errors
/// As [`inventory`].
pub(crate) fn has_inventory(cursor: &Cursor<'_, '_>, verb: Span) -> crate::Result<bool> {
    let (text, start) = behind(cursor, verb);
    read(text.get(start..).unwrap_or_default())
        .map(|hints| !hints.is_empty())
        .map_err(|place| cursor.source().syntax_at(start + place))
}

/// The milliseconds of MAX_EXECUTION_TIME in the hints of a statement that begins with SELECT.
#[must_use]
pub fn max_execution_time(text: &[u8]) -> Option<u64> {
    let (word, behind) = behind_comments(text).split_at_checked(b"SELECT".len())?;
    let inside =
        behind.trim_ascii_start().strip_prefix(OPENING).filter(|_| word.eq_ignore_ascii_case(b"SELECT"))?;
    let end = inside.windows(2).position(|bytes| bytes == b"*/")?;
    let hints = inside[..end].to_ascii_uppercase();
    let name = b"MAX_EXECUTION_TIME";
    let start = hints.windows(name.len()).position(|bytes| bytes == name)?;
    let argument = hints[start + name.len()..].trim_ascii_start().strip_prefix(b"(")?;
    let argument = argument.split(|byte| *byte == b')').next()?;
    std::str::from_utf8(argument).ok()?.trim().parse().ok()
}

/// The text from its first word on: applications write who they are in front of it.
fn behind_comments(text: &[u8]) -> &[u8] {
    let mut rest = text.trim_ascii_start();
    loop {
        let end: &[u8] = match rest {
            // `/*!` is no comment, and `/*+` none that stands there.
            [b'/', b'*', b'!' | b'+', ..] => return rest,
            [b'/', b'*', ..] => b"*/",
            [b'#', ..] | [b'-', b'-', b' ' | b'\t' | b'\n', ..] => b"\n",
            _ => return rest,
        };
        let start = if end.len() == 2 { 2 } else { 1 };
        let Some(at) = rest[start..].windows(end.len()).position(|bytes| bytes == end) else { return rest };
        rest = rest[start + at + end.len()..].trim_ascii_start();
    }
}

/// The text, and where it goes on behind a word.
fn behind<'a>(cursor: &Cursor<'_, 'a>, word: Span) -> (&'a [u8], usize) {
    let end = (word.end.column as usize).saturating_sub(1);
    (cursor.source().text, end)
}

/// Whether what stands before the byte at `end` is a comment that may be one of hints.
pub(crate) fn is_before(text: &[u8], end: usize) -> bool {
    let before = text.get(..end).unwrap_or_default().trim_ascii_end();
    before.ends_with(b"*/") && before.windows(OPENING.len()).any(|bytes| bytes == OPENING)
}

/// Reads the first comment of hints in what stands between two words; the error is the place of what is wrong.
fn read(gap: &[u8]) -> Result<InventoryHints, usize> {
    let mut hints = InventoryHints::default();
    let Some(opening) = opening(gap) else { return Ok(hints) };
    let start = opening + OPENING.len();
    let length = gap[start..].windows(2).position(|bytes| bytes == b"*/").ok_or(opening)?;
    let inside = &gap[start..start + length];
    let mut at = 0;
    while at < inside.len() {
        let word =
            inside[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        if word == 0 {
            at += 1;
            continue;
        }
        let name = inside[at..at + word].to_ascii_uppercase();
        let behind = at + word;
        let argument = parenthesized(&inside[behind..]);
        match name.as_slice() {
            b"COMMIT_ON_SUCCESS" => hints.commit_on_success = true,
            b"ROLLBACK_ON_FAIL" => hints.rollback_on_fail = true,
            b"TARGET_AFFECT_ROW" => {
                let count =
                    argument.and_then(|(text, _)| std::str::from_utf8(text).ok()?.trim().parse().ok());
                if hints.target_rows.is_some() || count.is_none() {
                    return Err(start + at);
                }
                hints.target_rows = count;
            }
            _ => {}
        }
        // What stands in another hint's parentheses is no hint.
        at = behind + argument.map_or(0, |(_, length)| length);
    }
    Ok(hints)
}

/// Where a comment of hints begins, with nothing before it but blanks and other comments.
fn opening(gap: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = gap.get(at..)?;
        let skipped = if rest.starts_with(OPENING) {
            return Some(at);
        } else if rest.starts_with(b"/*") {
            rest.windows(2).skip(2).position(|bytes| bytes == b"*/")? + 4
        } else if rest.starts_with(b"#") || rest.starts_with(b"--") {
            rest.iter().position(|byte| *byte == b'\n')? + 1
        } else if rest.first()?.is_ascii_whitespace() {
            1
        } else {
            return None;
        };
        at += skipped;
    }
}

/// What stands in the parentheses that come next, and how many bytes they end behind.
fn parenthesized(text: &[u8]) -> Option<(&[u8], usize)> {
    let open = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    if text.get(open) != Some(&b'(') {
        return None;
    }
    let mut depth = 0;
    for (place, byte) in text.iter().enumerate().skip(open) {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&text[open + 1..place], place + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::ast::{InventoryHints, Statement};
    use crate::parse::parse_statement;
    use crate::variables::SqlMode;

    fn parse(text: &str) -> crate::Result<Statement> {
        parse_statement(text.as_bytes(), SqlMode(0)).map(|parsed| parsed.statement)
    }

    fn hints(text: &str) -> InventoryHints {
        parse(text).unwrap().inventory_hints()
    }

    const ALL: InventoryHints =
        InventoryHints { commit_on_success: true, rollback_on_fail: true, target_rows: Some(1) };

    #[test]
    fn the_time_that_a_select_may_take() {
        let cases: [(&str, Option<u64>); 11] = [
            ("SELECT /*+ MAX_EXECUTION_TIME(100) */ 1", Some(100)),
            ("  select/*+ NO_MERGE(t) max_execution_time ( 7 ) */ 1", Some(7)),
            ("/**/SELECT /*+ MAX_EXECUTION_TIME(100) */ 1", Some(100)),
            (" /* app */ -- who\n #\n# x\nSELECT /*+ MAX_EXECUTION_TIME(9) */ 1", Some(9)),
            ("/* app", None),
            ("--", None),
            ("SELECT /* MAX_EXECUTION_TIME(100) */ 1", None),
            ("SELECT 1 /*+ MAX_EXECUTION_TIME(100) */", None),
            ("SELECT /*+ MAX_EXECUTION_TIME(x) */ 1", None),
            ("SELECT /*+ MAX_EXECUTION_TIME(100 1", None),
            ("UPDATE /*+ MAX_EXECUTION_TIME(100) */ t SET a = 1", None),
        ];
        for (text, expected) in cases {
            assert_eq!(super::max_execution_time(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn hints_are_read_behind_the_verb_of_a_change() {
        let comment = "/*+ commit_on_success ROLLBACK_ON_FAIL Target_Affect_Row ( 1 ) */";
        for tail in ["t SET a = 1", "LOW_PRIORITY t SET a = 1 WHERE b = 2"] {
            assert_eq!(hints(&format!("UPDATE {comment} {tail}")), ALL);
        }
        assert_eq!(hints(&format!("DELETE{comment}FROM t")), ALL);
        for verb in ["INSERT", "REPLACE"] {
            // By the fast path's form and by the other.
            assert_eq!(hints(&format!("{verb} {comment} INTO t VALUES (1)")), ALL);
            assert_eq!(hints(&format!("{verb} {comment} INTO t VALUES (1 + 1)")), ALL);
            assert_eq!(hints(&format!("{verb} {comment} t SET a = 1")), ALL);
        }
        let one = hints("UPDATE /* first */ /*+ BKA(t) TARGET_AFFECT_ROW(12) */ t SET a = 1");
        assert_eq!(one, InventoryHints { target_rows: Some(12), ..InventoryHints::default() });
        // Not behind the verb, no hint, or in another one's parentheses.
        for text in [
            "UPDATE t /*+ COMMIT_ON_SUCCESS */ SET a = 1",
            "UPDATE /* COMMIT_ON_SUCCESS */ t SET a = 1",
            "UPDATE /* /*+ COMMIT_ON_SUCCESS */ t SET a = 1",
            "UPDATE -- /*+ COMMIT_ON_SUCCESS */\n t SET a = 1",
            "UPDATE /*+ SET_VAR(COMMIT_ON_SUCCESS) */ t SET a = 1",
            "INSERT INTO t VALUES ('/*+ COMMIT_ON_SUCCESS */')",
        ] {
            assert!(hints(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_hint_that_is_not_understood_is_refused() {
        for hint in [
            "TARGET_AFFECT_ROW",
            "TARGET_AFFECT_ROW 1",
            "TARGET_AFFECT_ROW(-1)",
            "TARGET_AFFECT_ROW(a)",
            "TARGET_AFFECT_ROW(1",
            "TARGET_AFFECT_ROW(1) TARGET_AFFECT_ROW(2)",
        ] {
            let error = parse(&format!("UPDATE /*+ {hint} */ t SET a = 1")).unwrap_err();
            assert_eq!(error.code, 1064, "{hint}");
            assert!(error.message.contains("TARGET_AFFECT_ROW"), "{}", error.message);
        }
        assert_eq!(parse("SELECT /*+ COMMIT_ON_SUCCESS */ 1").unwrap_err().code, 1235);
        assert!(parse("SELECT /*+ BKA(t) */ 1").is_ok());
        assert!(parse("SELECT 1, '/*+ COMMIT_ON_SUCCESS */'").is_ok());
    }
}
