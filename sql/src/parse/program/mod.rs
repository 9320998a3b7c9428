//! CREATE PROCEDURE and CREATE FUNCTION: a definition, and its body as a list of steps ([`crate::ast::Program`]).
//!
//! The text is cut into tokens once. [`body`] walks them: what belongs to programs it reads itself, any other statement goes, from its tokens up to the
//! `;`, to the parser that statements of clients go to. [`locals`] knows the names that are declared where it stands. The end of a definition is where its
//! body ends, not at the first `;` ([`definition_end`]).
//!
//! [`trigger`] is CREATE TRIGGER, [`event`] CREATE EVENT, [`within`] what the bodies of triggers and functions may not do.

mod body;
mod declare;
mod event;
mod flow;
mod locals;
mod signal;
mod trigger;
mod within;

use std::cell::RefCell;
use std::sync::Arc;

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::ast::{
    Characteristics, ColumnDefinition, CreateRoutine, DataAccess, ParameterMode, ProgramStatement,
    RoutineKind, Statement,
};
use crate::error::Error;
use crate::parse::account::user_name;
use crate::parse::cursor::Cursor;
use crate::parse::lexer::{Kind, Lexer};
use crate::parse::source::Source;
use crate::parse::tokens::{self, Tokens};
use crate::parse::{Parsed, column};
use crate::variables::SqlMode;
pub(crate) use locals::Locals;

/// What is defined with a body.
const KINDS: [&str; 3] = ["PROCEDURE", "FUNCTION", "TRIGGER"];
/// Functions of the grammar: where a parenthesis follows at once, their names are no names.
const TOKENS: [&str; 32] = [
    "ADDDATE",
    "BIT_AND",
    "BIT_OR",
    "BIT_XOR",
    "CAST",
    "COUNT",
    "CURDATE",
    "CURTIME",
    "DATE_ADD",
    "DATE_SUB",
    "EXTRACT",
    "GROUP_CONCAT",
    "JSON_ARRAYAGG",
    "JSON_OBJECTAGG",
    "MAX",
    "MID",
    "MIN",
    "NOW",
    "POSITION",
    "SESSION_USER",
    "STD",
    "STDDEV",
    "STDDEV_POP",
    "STDDEV_SAMP",
    "SUBDATE",
    "SUBSTR",
    "SUBSTRING",
    "SUM",
    "SYSDATE",
    "SYSTEM_USER",
    "TRIM",
    "VARIANCE",
];
/// Words that may stand between CREATE and PROCEDURE come to no more tokens.
const PREFIX_TOKENS_MAX: usize = 20;

/// Whether the statement is a definition whose body is a program.
pub(crate) fn is_definition(tokens: &[TokenWithSpan]) -> bool {
    let word =
        |at: usize, text: &str| tokens.get(at).is_some_and(|token| Cursor::is_word(&token.token, text));
    // ALTER EVENT too has a body.
    let is_alter = word(0, "ALTER");
    if !word(0, "CREATE") && !is_alter {
        return false;
    }
    let is_kind = |at: usize| word(at, "EVENT") || !is_alter && KINDS.iter().any(|kind| word(at, kind));
    if is_kind(1) {
        return true;
    }
    let others = ["VIEW", "SQL"];
    word(1, "DEFINER")
        && (2..PREFIX_TOKENS_MAX).take_while(|at| !others.iter().any(|other| word(*at, other))).any(is_kind)
}

/// Where the definition ends that a text begins with; none for a text that begins with anything else.
pub(crate) fn definition_end(text: &[u8], mode: SqlMode) -> Option<usize> {
    let mut lexer = Lexer::new(text, mode);
    let mut next_is = |words: &[&str]| match lexer.next() {
        Ok(lexeme) if lexeme.kind == Kind::Word => {
            let word = &text[lexeme.start..lexeme.end];
            words.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
        }
        _ => false,
    };
    if !next_is(&["CREATE", "ALTER"]) || !next_is(&["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "DEFINER"]) {
        return None;
    }
    let mut source = Source { text, mode, selects: Vec::new(), locals: None };
    let tokens = tokens::tokenize(&mut source).ok()?;
    if !is_definition(&tokens.tokens) {
        return None;
    }
    // Of one that cannot be read all is its error.
    let Ok((_, at)) = compile(source, &tokens) else { return Some(text.len()) };
    let last = tokens.tokens.get(at.checked_sub(1)?)?;
    Some((last.span.end.column as usize).saturating_sub(1))
}

/// Parses a definition.
///
/// # Errors
/// 1064, and whatever MySQL says of a body before it knows any table: 1303, 1308 to 1310, 1313, 1314, 1319, 1323, 1324, 1327, 1330 to 1333, 1337, 1338,
/// 1357, 1407, 1413.
pub(crate) fn definition(source: Source<'_>, tokens: Tokens) -> crate::Result<Parsed> {
    let text_source = Source { text: source.text, mode: source.mode, selects: Vec::new(), locals: None };
    let (statement, end) = compile(source, &tokens)?;
    let trailing = tokens.tokens.get(end..).unwrap_or_default();
    if let Some(other) = trailing.iter().find(|token| token.token != Token::SemiColon) {
        return Err(text_source.syntax_span(other.span));
    }
    Ok(Parsed { statement, parameter_count: 0 })
}

/// The definition, and how many tokens it takes.
fn compile(source: Source<'_>, tokens: &Tokens) -> crate::Result<(Statement, usize)> {
    let locals = RefCell::new(Locals::default());
    let source =
        Source { locals: Some(&locals), text: source.text, mode: source.mode, selects: source.selects };
    if let Some(place) = tokens.tokens.iter().find(|token| matches!(token.token, Token::Placeholder(_))) {
        return Err(source.syntax_span(place.span));
    }
    let copied = Tokens { tokens: tokens.tokens.clone(), parameter_count: 0 };
    let mut cursor = Cursor::new(&source, copied);
    let is_alter = cursor.word("ALTER");
    if !is_alter {
        cursor.expect_word("CREATE")?;
    }
    let mut definer = None;
    if cursor.word("DEFINER") {
        cursor.expect(&Token::Eq)?;
        definer = Some(user_name(&mut cursor)?);
    }
    if cursor.word("EVENT") {
        let header = event::header(&mut cursor, definer, is_alter)?;
        return event::compile(&source, &locals, tokens, (header, cursor.taken(), is_alter));
    }
    if cursor.word("TRIGGER") {
        let header = trigger::header(&mut cursor, definer)?;
        return trigger::compile(&source, &locals, tokens, (header, cursor.taken()));
    }
    let header = header(&mut cursor, definer)?;
    locals.borrow_mut().is_function = header.kind == RoutineKind::Function;
    let mut body = body::Body::new(&source, &locals, &tokens.tokens, cursor.taken());
    for (mode, definition) in header.parameters {
        body.parameter(mode, definition)?;
    }
    let start =
        tokens.tokens.get(cursor.taken()).map_or(source.text.len(), |token| source.offset(token.span));
    body.whole()?;
    let (program, at) = body.end();
    let last = tokens.tokens.get(at.saturating_sub(1));
    let end = last.map_or(source.text.len(), |token| (token.span.end.column as usize).saturating_sub(1));
    let text = |from: usize, to: usize| {
        String::from_utf8_lossy(source.text.get(from..to).unwrap_or_default()).into_owned()
    };
    let create = CreateRoutine {
        kind: header.kind,
        name: header.name,
        if_not_exists: header.if_not_exists,
        definer: header.definer,
        parameters_text: text(header.parameters_place.0, header.parameters_place.1),
        returns: header.returns,
        characteristics: header.characteristics,
        body: text(start, end),
        program: Arc::new(program),
    };
    Ok((Statement::Program(Box::new(ProgramStatement::CreateRoutine(Box::new(create)))), at))
}

/// What stands before a body.
struct Header {
    kind: RoutineKind,
    name: crate::ast::TableName,
    if_not_exists: bool,
    definer: Option<crate::ast::UserName>,
    parameters: Vec<(ParameterMode, ColumnDefinition)>,
    parameters_place: (usize, usize),
    returns: Option<ColumnDefinition>,
    characteristics: Characteristics,
}

fn header(cursor: &mut Cursor<'_, '_>, definer: Option<crate::ast::UserName>) -> crate::Result<Header> {
    let kind = match cursor.one_of(&["PROCEDURE", "FUNCTION"]) {
        Some("FUNCTION") => RoutineKind::Function,
        Some(_) => RoutineKind::Procedure,
        None => return Err(cursor.unexpected()),
    };
    let if_not_exists = cursor.words(&["IF", "NOT", "EXISTS"]);
    let (before, name) = (cursor.span(), cursor.table_name()?);
    check_name(&name.table)?;
    let is_written_plain =
        cursor.source().offset(before) + name.table.len() == cursor.source().offset(cursor.span());
    if is_written_plain && TOKENS.contains(&name.table.to_uppercase().as_str()) {
        return Err(cursor.source().syntax_span(before));
    }
    if kind == RoutineKind::Function && cursor.peek_word(0, "RETURNS") {
        return Err(Error::not_supported("loadable functions"));
    }
    let open = cursor.source().offset(cursor.span()) + 1;
    cursor.expect(&Token::LParen)?;
    let mut parameters: Vec<(ParameterMode, ColumnDefinition)> = Vec::new();
    while *cursor.peek() != Token::RParen {
        if !parameters.is_empty() {
            cursor.expect(&Token::Comma)?;
        }
        let modes: &[&str] = if kind == RoutineKind::Function { &[] } else { &["INOUT", "IN", "OUT"] };
        let mode = match cursor.one_of(modes) {
            Some("OUT") => ParameterMode::Out,
            Some("INOUT") => ParameterMode::InOut,
            _ => ParameterMode::In,
        };
        let name = cursor.name()?;
        parameters.push((mode, column::variable(cursor, &name)?));
    }
    let close = cursor.source().offset(cursor.span());
    cursor.expect(&Token::RParen)?;
    let returns = match kind {
        RoutineKind::Procedure => None,
        RoutineKind::Function => {
            cursor.expect_word("RETURNS")?;
            Some(column::variable(cursor, &name.table)?)
        }
    };
    let characteristics = characteristics(cursor, true)?;
    let parameters_place = (open, close);
    Ok(Header { kind, name, if_not_exists, definer, parameters, parameters_place, returns, characteristics })
}

/// Checks a routine's name.
///
/// # Errors
/// 1458.
fn check_name(name: &str) -> crate::Result<()> {
    if name.is_empty() || name.ends_with(' ') {
        return Err(Error::mysql(1458, *b"42000", format!("Incorrect routine name '{name}'")));
    }
    Ok(())
}

/// COMMENT, LANGUAGE, DETERMINISTIC (NOT too), what data is used, SQL SECURITY: in any order, the last of each counts.
fn characteristics(cursor: &mut Cursor<'_, '_>, is_create: bool) -> crate::Result<Characteristics> {
    let mut found = Characteristics::default();
    loop {
        if cursor.word("COMMENT") {
            found.comment = Some(cursor.string()?);
        } else if cursor.word("LANGUAGE") {
            if !cursor.word("SQL") {
                return Err(Error::not_supported("stored programs in other languages than SQL"));
            }
        } else if is_create && cursor.word("DETERMINISTIC") {
            found.deterministic = Some(true);
        } else if is_create && cursor.words(&["NOT", "DETERMINISTIC"]) {
            found.deterministic = Some(false);
        } else if cursor.words(&["CONTAINS", "SQL"]) {
            found.access = Some(DataAccess::ContainsSql);
        } else if cursor.words(&["NO", "SQL"]) {
            found.access = Some(DataAccess::NoSql);
        } else if cursor.words(&["READS", "SQL", "DATA"]) {
            found.access = Some(DataAccess::ReadsSqlData);
        } else if cursor.words(&["MODIFIES", "SQL", "DATA"]) {
            found.access = Some(DataAccess::ModifiesSqlData);
        } else if cursor.words(&["SQL", "SECURITY"]) {
            found.invoker = match cursor.one_of(&["DEFINER", "INVOKER"]) {
                Some(word) => Some(word == "INVOKER"),
                None => return Err(cursor.unexpected()),
            };
        } else {
            return Ok(found);
        }
    }
}

/// ALTER and DROP of procedures and functions, and statements about conditions; none when the statement is another.
///
/// # Errors
/// 1064.
pub(crate) fn statement(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<Statement>> {
    if let Some(statement) = signal::statement(cursor)? {
        return Ok(Some(statement));
    }
    if let Some(statement) = event::statement(cursor)? {
        return Ok(Some(statement));
    }
    if cursor.words(&["DROP", "TRIGGER"]) {
        let if_exists = cursor.words(&["IF", "EXISTS"]);
        let drop = ProgramStatement::DropTrigger { name: cursor.table_name()?, if_exists };
        return Ok(Some(Statement::Program(Box::new(drop))));
    }
    let kind = match (cursor.peek_word(1, "PROCEDURE"), cursor.peek_word(1, "FUNCTION")) {
        (true, _) => RoutineKind::Procedure,
        (_, true) => RoutineKind::Function,
        _ => return Ok(None),
    };
    let statement = match cursor.one_of(&["ALTER", "DROP"]) {
        Some("ALTER") => {
            cursor.skip();
            let name = cursor.table_name()?;
            let characteristics = characteristics(cursor, false)?;
            ProgramStatement::AlterRoutine { kind, name, characteristics }
        }
        Some(_) => {
            cursor.skip();
            let if_exists = cursor.words(&["IF", "EXISTS"]);
            ProgramStatement::DropRoutine { kind, name: cursor.table_name()?, if_exists }
        }
        None => return Ok(None),
    };
    Ok(Some(Statement::Program(Box::new(statement))))
}
