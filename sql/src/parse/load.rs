//! LOAD DATA, and what stands after INTO in a SELECT.

use sqlparser::tokenizer::Token;

use crate::ast::{DiagnosticTarget, FileFormat, IntoTarget, Load, LoadDuplicates, LoadInput, Statement};
use crate::error::Error;
use crate::parse::cursor::Cursor;
use crate::parse::dml;
use crate::parse::partition;
use crate::parse::tokens::{Tokens, user_variable};
use crate::variables::SqlMode;

/// Parses LOAD DATA.
pub(crate) fn load(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    cursor.expect_word("LOAD")?;
    cursor.expect_word("DATA")?;
    // InnoDB knows neither.
    cursor.one_of(&["LOW_PRIORITY", "CONCURRENT"]);
    let local = cursor.word("LOCAL");
    cursor.expect_word("INFILE")?;
    let file = cursor.string()?;
    let duplicates = match cursor.one_of(&["REPLACE", "IGNORE"]) {
        Some("REPLACE") => LoadDuplicates::Replace,
        Some(_) => LoadDuplicates::Ignore,
        None => LoadDuplicates::Refuse,
    };
    cursor.expect_word("INTO")?;
    cursor.expect_word("TABLE")?;
    let table = cursor.table_name()?;
    let partitions = partition::selection(cursor)?;
    let character_set = character_set(cursor)?;
    let format = format(cursor)?;
    let mut skipped_lines = 0;
    if cursor.word("IGNORE") {
        skipped_lines = cursor.unsigned()?;
        if cursor.one_of(&["LINES", "ROWS"]).is_none() {
            return Err(cursor.unexpected());
        }
    }
    let inputs = inputs(cursor)?;
    let assignments = if cursor.word("SET") { cursor.list(dml::assignment)? } else { Vec::new() };
    Ok(Statement::Load(Box::new(Load {
        local,
        file,
        duplicates,
        table,
        partitions,
        character_set,
        format,
        skipped_lines,
        inputs,
        assignments,
    })))
}

fn character_set(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<String>> {
    if cursor.words(&["CHARACTER", "SET"]) || cursor.word("CHARSET") {
        return cursor.name_or_string().map(Some);
    }
    Ok(None)
}

/// `(a, @b)`; `()` is as none.
fn inputs(cursor: &mut Cursor<'_, '_>) -> crate::Result<Vec<LoadInput>> {
    if *cursor.peek() != Token::LParen {
        return Ok(Vec::new());
    }
    if *cursor.peek_at(1) == Token::RParen {
        cursor.skip();
        cursor.skip();
        return Ok(Vec::new());
    }
    cursor.parenthesized(|cursor| match user_variable(cursor.peek()).map(str::to_lowercase) {
        Some(name) => {
            cursor.skip();
            Ok(LoadInput::Variable(name))
        }
        None => dml::column(cursor).map(LoadInput::Column),
    })
}

/// `[FIELDS …] [LINES …]`.
fn format(cursor: &mut Cursor<'_, '_>) -> crate::Result<FileFormat> {
    let mut format = FileFormat::default();
    if cursor.source().mode.has(SqlMode::NO_BACKSLASH_ESCAPES) {
        format.escaped.clear();
    }
    if cursor.one_of(&["FIELDS", "COLUMNS"]).is_some() {
        let mut is_empty = true;
        loop {
            if cursor.words(&["TERMINATED", "BY"]) {
                format.fields_terminated = separator(cursor)?;
            } else if cursor.words(&["OPTIONALLY", "ENCLOSED", "BY"]) {
                format.enclosed = separator(cursor)?;
                format.optionally = true;
            } else if cursor.words(&["ENCLOSED", "BY"]) {
                format.enclosed = separator(cursor)?;
            } else if cursor.words(&["ESCAPED", "BY"]) {
                format.escaped = separator(cursor)?;
            } else if is_empty {
                return Err(cursor.unexpected());
            } else {
                break;
            }
            is_empty = false;
        }
    }
    if cursor.word("LINES") {
        let mut is_empty = true;
        loop {
            if cursor.words(&["STARTING", "BY"]) {
                format.lines_starting = separator(cursor)?;
            } else if cursor.words(&["TERMINATED", "BY"]) {
                format.lines_terminated = separator(cursor)?;
            } else if is_empty {
                return Err(cursor.unexpected());
            } else {
                break;
            }
            is_empty = false;
        }
    }
    Ok(format)
}

/// A text or hexadecimal literal, as bytes.
fn separator(cursor: &mut Cursor<'_, '_>) -> crate::Result<Vec<u8>> {
    let bytes = match cursor.peek() {
        Token::SingleQuotedString(text) => Some(text.as_bytes().to_vec()),
        Token::HexStringLiteral(digits) | Token::SingleQuotedByteStringLiteral(digits) => bytes_of(digits),
        _ => None,
    };
    let Some(bytes) = bytes else { return Err(cursor.unexpected()) };
    cursor.skip();
    Ok(bytes)
}

fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    let pair = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(pair).collect()
}

/// Takes the INTO clause out of a query's tokens, if it has one where it may have one: sqlparser knows another INTO.
///
/// # Errors
/// 3953 for a second one, 3954 for one inside of parentheses or before UNION, 1064 for one that is none.
pub(crate) fn take_into(
    tokens: &mut Tokens,
    parse: impl FnOnce(Tokens) -> crate::Result<(IntoTarget, usize)>,
) -> crate::Result<Option<IntoTarget>> {
    let Some(at) = find_into(tokens)? else { return Ok(None) };
    let begins = |token: &Token| {
        *token == Token::LParen
            || ["SELECT", "WITH", "TABLE", "VALUES"].iter().any(|word| Cursor::is_word(token, word))
    };
    if !tokens.tokens[..at].iter().any(|token| begins(&token.token)) {
        // Before the query it is EXPLAIN's own.
        return Err(Error::not_supported("EXPLAIN INTO"));
    }
    let rest = Tokens { tokens: tokens.tokens[at..].to_vec(), parameter_count: 0 };
    let (target, count) = parse(rest)?;
    tokens.tokens.drain(at..(at + count).min(tokens.tokens.len()));
    Ok(Some(target))
}

/// Where the one INTO of a query stands.
fn find_into(tokens: &Tokens) -> crate::Result<Option<usize>> {
    let (mut depth, mut found) = (0_usize, None);
    for (at, token) in tokens.tokens.iter().enumerate() {
        match &token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            token if Cursor::is_word(token, "INTO") => {
                if depth > 0 {
                    return Err(misplaced_into());
                }
                if found.is_some() {
                    return Err(second_into());
                }
                found = Some(at);
            }
            token if found.is_some() && depth == 0 && is_set_operator(token) => {
                return Err(misplaced_into());
            }
            _ => {}
        }
    }
    Ok(found)
}

fn is_set_operator(token: &Token) -> bool {
    ["UNION", "EXCEPT", "INTERSECT"].iter().any(|word| Cursor::is_word(token, word))
}

/// Parses an INTO clause.
pub(crate) fn into(cursor: &mut Cursor<'_, '_>) -> crate::Result<IntoTarget> {
    cursor.expect_word("INTO")?;
    if cursor.word("OUTFILE") {
        let name = cursor.string()?;
        let character_set = character_set(cursor)?;
        return Ok(IntoTarget::File { name, character_set, format: format(cursor)? });
    }
    if cursor.word("DUMPFILE") {
        return Ok(IntoTarget::Dump { name: cursor.string()? });
    }
    let targets = cursor.list(variable_target)?;
    let named = |target: &DiagnosticTarget| match target {
        DiagnosticTarget::User(name) => Some(name.clone()),
        DiagnosticTarget::Slot(_) => None,
    };
    Ok(match targets.iter().map(named).collect() {
        Some(names) => IntoTarget::Variables(names),
        None => IntoTarget::Program(targets),
    })
}

/// `@name`, or a variable of the program.
///
/// # Errors
/// 1327 for a name that is none.
pub(crate) fn variable_target(cursor: &mut Cursor<'_, '_>) -> crate::Result<DiagnosticTarget> {
    if let Some(name) = user_variable(cursor.peek()).map(str::to_lowercase) {
        cursor.skip();
        return Ok(DiagnosticTarget::User(name));
    }
    let name = cursor.name()?;
    match cursor.source().local_slot(&name) {
        Some(slot) => Ok(DiagnosticTarget::Slot(slot)),
        None => Err(Error { code: 1327, state: *b"42000", message: format!("Undeclared variable: {name}") }),
    }
}

fn misplaced_into() -> Error {
    let message = "Misplaced INTO clause, INTO is not allowed inside subqueries, and must be placed at end of UNION clauses.";
    Error { code: 3954, state: *b"42000", message: message.to_owned() }
}

fn second_into() -> Error {
    Error { code: 3953, state: *b"42000", message: "Multiple INTO clauses in one query block.".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ast::{QueryBody, SelectInto};
    use crate::parse::parse_statement;

    fn parse(text: &str) -> crate::Result<Statement> {
        parse_statement(text.as_bytes(), SqlMode(0)).map(|parsed| parsed.statement)
    }

    fn loaded(text: &str) -> Load {
        match parse(text).unwrap() {
            Statement::Load(load) => *load,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn into(text: &str) -> SelectInto {
        match parse(text).unwrap() {
            Statement::SelectInto(into) => *into,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn everything_that_load_data_says() {
        let load = loaded(
            "LOAD DATA CONCURRENT LOCAL INFILE 'f' REPLACE INTO TABLE d.t CHARACTER SET binary
             COLUMNS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY 0x21 LINES STARTING BY '>' TERMINATED BY X'0D0A'
             IGNORE 3 ROWS (a, @V, t.b, d.t.c) SET x = @v + 1, y = DEFAULT",
        );
        assert!(load.local && load.file == "f" && load.duplicates == LoadDuplicates::Replace);
        assert_eq!((load.table.database.as_deref(), load.table.table.as_str()), (Some("d"), "t"));
        assert_eq!((load.character_set.as_deref(), load.skipped_lines), (Some("binary"), 3));
        let format = FileFormat {
            fields_terminated: b",".to_vec(),
            enclosed: b"\"".to_vec(),
            optionally: true,
            escaped: b"!".to_vec(),
            lines_starting: b">".to_vec(),
            lines_terminated: b"\r\n".to_vec(),
        };
        assert_eq!(load.format, format);
        let column = |name: &str| LoadInput::Column(name.to_owned());
        assert_eq!(load.inputs, [column("a"), LoadInput::Variable("v".to_owned()), column("b"), column("c")]);
        assert_eq!(load.assignments.len(), 2);
        let plain = loaded("LOAD DATA INFILE 'f' INTO TABLE t ()");
        assert!(!plain.local && plain.inputs.is_empty() && plain.format == FileFormat::default());
    }

    #[test]
    fn into_stands_in_several_places() {
        let variables = IntoTarget::Variables(vec!["a".to_owned(), "b".to_owned()]);
        for text in [
            "SELECT x, y INTO @a, @B FROM t WHERE x = 1 FOR UPDATE",
            "SELECT x, y FROM t WHERE x = 1 INTO @a, @b FOR UPDATE",
            "SELECT x, y FROM t WHERE x = 1 FOR UPDATE INTO @a, @b;",
        ] {
            let into = into(text);
            assert_eq!(into.target, variables, "{text}");
            let Statement::Query(query) = &*into.query else { panic!("{text}") };
            assert!(query.locking.is_some() && matches!(query.body, QueryBody::Select(_)), "{text}");
        }
        let written =
            into("SELECT 1 UNION SELECT 2 INTO OUTFILE 'f' CHARACTER SET utf8mb4 FIELDS TERMINATED BY ','");
        let IntoTarget::File { name, character_set, format } = written.target else { panic!() };
        assert_eq!((name.as_str(), character_set.as_deref()), ("f", Some("utf8mb4")));
        assert_eq!(format, FileFormat { fields_terminated: b",".to_vec(), ..FileFormat::default() });
        assert_eq!(into("SELECT 1 INTO DUMPFILE 'f'").target, IntoTarget::Dump { name: "f".to_owned() });
        assert!(matches!(parse("EXPLAIN SELECT 1 INTO @a").unwrap(), Statement::Explain(_)));
        assert!(matches!(parse("SELECT t.into, `into` FROM t").unwrap(), Statement::Query(_)));
    }

    #[test]
    fn without_backslash_escapes_there_is_no_escape() {
        let parsed =
            parse_statement(b"LOAD DATA INFILE 'f' INTO TABLE t", SqlMode(SqlMode::NO_BACKSLASH_ESCAPES));
        let Statement::Load(load) = parsed.unwrap().statement else { panic!() };
        assert!(load.format.escaped.is_empty());
    }

    #[test]
    fn what_is_none_is_refused() {
        for (text, code) in [
            ("LOAD DATA INFILE 'f' INTO TABLE t FIELDS", 1064),
            ("LOAD DATA INFILE 'f' INTO TABLE t LINES", 1064),
            ("LOAD DATA INFILE f INTO TABLE t", 1064),
            ("LOAD DATA INFILE 'f' INTO TABLE t IGNORE LINES", 1064),
            ("LOAD DATA INFILE 'f' INTO TABLE t FIELDS TERMINATED BY @a", 1064),
            ("LOAD DATA INFILE 'f' INTO TABLE t (a", 1064),
            ("LOAD DATA INFILE 'f' INTO TABLE t LINES TERMINATED BY 'a' FIELDS TERMINATED BY 'b'", 1064),
            ("LOAD", 1064),
            ("SELECT 1 INTO", 1064),
            ("SELECT 1 INTO @a, FROM t", 1064),
            ("SELECT 1 INTO OUTFILE f", 1064),
            ("SELECT 1 INTO a", 1327),
            ("SELECT 1 INTO @a INTO @b", 3953),
            ("SELECT 1 INTO @a UNION SELECT 2", 3954),
            ("SELECT * FROM (SELECT 1 INTO @a) q", 3954),
        ] {
            assert_eq!(parse(text).err().map(|error| error.code), Some(code), "{text}");
        }
    }
}
