//! Which small parser reads a statement, by its first words.

use sqlparser::tokenizer::{Token, Word};

use crate::ast::{
    Algorithm, AlterAction, AlterLock, AlterTable, Explain, ExplainFormat, Show, ShowKind, Statement,
};
use crate::error::Error;
use crate::parse::cursor::Cursor;
use crate::parse::tokens::Tokens;
use crate::parse::{
    account, alter, call_statement, create_table, dml, flush, hint, load, maintenance, program, refused, set,
    show, table_lock, tokens, transaction, view, with, xa,
};
use crate::variables::character_set;

/// Parses a statement up to its end, which the caller checks.
pub(crate) fn statement(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    let first = match cursor.peek() {
        Token::Word(Word { value, quote_style: None, .. }) => value.to_ascii_uppercase(),
        Token::LParen => return query(cursor),
        _ => return Err(cursor.unexpected()),
    };
    match first.as_str() {
        "SELECT" | "VALUES" | "TABLE" => return query(cursor),
        "WITH" => return with::with(cursor),
        "INSERT" | "REPLACE" => return dml::insert(cursor),
        "UPDATE" => return dml::update(cursor),
        "DELETE" => return dml::delete(cursor),
        _ => {}
    }
    if let Some(statement) = view::statement(cursor)? {
        return Ok(statement);
    }
    if let Some(statement) = program::statement(cursor)? {
        return Ok(statement);
    }
    if let Some(refusal) = refused::refusal(cursor) {
        return Err(refusal);
    }
    if let Some(statement) = account::statement(cursor)? {
        return Ok(statement);
    }
    match first.as_str() {
        "SET" => set::set(cursor),
        "SHOW" => show::show(cursor),
        "BEGIN" | "START" | "COMMIT" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" => {
            transaction::transaction(cursor)
        }
        "CREATE" => create(cursor),
        "DROP" => drop(cursor),
        "ALTER" => alter::alter(cursor),
        "RENAME" => alter::rename(cursor),
        "EXPLAIN" | "DESCRIBE" | "DESC" => explain(cursor),
        "TRUNCATE" => {
            cursor.skip();
            cursor.word("TABLE");
            Ok(Statement::TruncateTable(cursor.table_name()?))
        }
        "ANALYZE" => {
            cursor.skip();
            cursor.one_of(&["NO_WRITE_TO_BINLOG", "LOCAL"]);
            if cursor.one_of(&["TABLE", "TABLES"]).is_none() {
                return Err(cursor.unexpected());
            }
            let names = cursor.list(Cursor::table_name)?;
            if cursor.peek_word(0, "UPDATE") || cursor.peek_word(0, "DROP") {
                return Err(Error::not_supported("histograms"));
            }
            Ok(Statement::AnalyzeTable(names))
        }
        "USE" => {
            cursor.skip();
            Ok(Statement::Use(cursor.name()?))
        }
        "KILL" => {
            cursor.skip();
            let query_only = cursor.one_of(&["CONNECTION", "QUERY"]) == Some("QUERY");
            Ok(Statement::Kill { query_only, id: Box::new(cursor.expr()?) })
        }
        "CALL" => call_statement::call(cursor),
        "DO" => {
            cursor.skip();
            Ok(Statement::Do(cursor.list(Cursor::expr)?))
        }
        "CHECK" | "CHECKSUM" | "OPTIMIZE" | "REPAIR" => maintenance::maintenance(cursor),
        "LOAD" => load::load(cursor),
        "LOCK" | "UNLOCK" => table_lock::lock(cursor),
        "FLUSH" => flush::flush(cursor),
        "XA" => xa::xa(cursor),
        "PREPARE" | "EXECUTE" | "DEALLOCATE" => prepared(cursor),
        _ => Err(cursor.unexpected()),
    }
}

/// Whether the statement is a query or explains one, and so may have INTO.
pub(crate) fn is_query(tokens: &Tokens) -> bool {
    let word = |at: usize, texts: &[&str]| {
        let token = tokens.tokens.get(at).map(|token| &token.token);
        token.is_some_and(|token| {
            (at == 0 && *token == Token::LParen) || texts.iter().any(|text| Cursor::is_word(token, text))
        })
    };
    let is_explained = word(0, &["EXPLAIN", "DESCRIBE", "DESC"])
        && !tokens
            .tokens
            .iter()
            .any(|token| ["INSERT", "REPLACE"].iter().any(|verb| Cursor::is_word(&token.token, verb)));
    // `WITH … INSERT INTO t` is a syntax error, and its INTO none of a query.
    let inserts = || tokens.tokens.iter().any(|token| Cursor::is_word(&token.token, "INSERT"));
    word(0, &["SELECT", "TABLE", "VALUES"]) || (word(0, &["WITH"]) && !inserts()) || is_explained
}

fn query(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    let (first, is_select) = (cursor.span(), cursor.peek_word(0, "SELECT"));
    let query = cursor.query()?;
    if is_select && hint::has_inventory(cursor, first)? {
        return Err(Error::not_supported(
            "COMMIT_ON_SUCCESS, ROLLBACK_ON_FAIL and TARGET_AFFECT_ROW in SELECT",
        ));
    }
    Ok(Statement::Query(Box::new(query)))
}

/// PREPARE, EXECUTE, DEALLOCATE PREPARE (and DROP PREPARE, from [`drop`]).
fn prepared(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    if cursor.word("PREPARE") {
        let name = cursor.name()?;
        cursor.expect_word("FROM")?;
        let is_source = matches!(cursor.peek(), Token::SingleQuotedString(_))
            || tokens::user_variable(cursor.peek()).is_some();
        if !is_source {
            return Err(cursor.unexpected());
        }
        return Ok(Statement::PrepareText { name, from: Box::new(cursor.expr()?) });
    }
    if cursor.word("EXECUTE") {
        let name = cursor.name()?;
        let using = if cursor.word("USING") { cursor.list(user_variable)? } else { Vec::new() };
        return Ok(Statement::ExecutePrepared { name, using });
    }
    cursor.skip();
    cursor.expect_word("PREPARE")?;
    Ok(Statement::Deallocate(cursor.name()?))
}

fn user_variable(cursor: &mut Cursor<'_, '_>) -> crate::Result<String> {
    match tokens::user_variable(cursor.peek()).map(str::to_lowercase) {
        Some(name) => {
            cursor.skip();
            Ok(name)
        }
        None => Err(cursor.unexpected()),
    }
}

fn create(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    cursor.skip();
    if cursor.one_of(&["DATABASE", "SCHEMA"]).is_some() {
        let if_not_exists = cursor.words(&["IF", "NOT", "EXISTS"]);
        let name = cursor.name()?;
        let collation = database_options(cursor)?;
        return Ok(Statement::CreateDatabase { name, if_not_exists, collation });
    }
    if cursor.word("TEMPORARY") {
        cursor.expect_word("TABLE")?;
        return create_table::create_table(cursor, true);
    }
    if cursor.word("TABLE") {
        return create_table::create_table(cursor, false);
    }
    if cursor.peek_word(0, "UNIQUE") || cursor.peek_word(0, "INDEX") {
        return create_table::create_index(cursor);
    }
    if let Some(kind @ ("FULLTEXT" | "SPATIAL")) = cursor.one_of(&["FULLTEXT", "SPATIAL"]) {
        return Err(Error::not_supported(format_args!("{kind} indexes")));
    }
    Err(cursor.unexpected())
}

fn database_options(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<crate::types::Collation>> {
    let mut choice = character_set::Choice::default();
    loop {
        cursor.word("DEFAULT");
        if cursor.word("CHARSET") || cursor.words(&["CHARACTER", "SET"]) {
            cursor.eat(&Token::Eq);
            choice.name_set(character_set::character_set(&cursor.name_or_string()?)?)?;
        } else if cursor.word("COLLATE") {
            cursor.eat(&Token::Eq);
            choice.name_collation(character_set::collation(&cursor.name_or_string()?)?)?;
        } else if cursor.word("ENCRYPTION") {
            cursor.eat(&Token::Eq);
            if !cursor.string()?.eq_ignore_ascii_case("n") {
                return Err(Error::not_supported("encryption at rest"));
            }
        } else {
            return Ok(choice.collation());
        }
    }
}

/// `ALTER DATABASE [name] …`, from the name on.
pub(crate) fn alter_database(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    let is_option = ["DEFAULT", "CHARACTER", "CHARSET", "COLLATE", "ENCRYPTION", "READ"]
        .iter()
        .any(|word| cursor.peek_word(0, word));
    let name = if is_option { None } else { Some(cursor.name()?) };
    if cursor.at_end() {
        return Err(cursor.unexpected());
    }
    if cursor.peek_word(0, "READ") {
        return Err(Error::not_supported("ALTER DATABASE … READ ONLY"));
    }
    Ok(Statement::AlterDatabase { name, collation: database_options(cursor)? })
}

fn drop(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    cursor.skip();
    if cursor.one_of(&["DATABASE", "SCHEMA"]).is_some() {
        let if_exists = cursor.words(&["IF", "EXISTS"]);
        return Ok(Statement::DropDatabase { name: cursor.name()?, if_exists });
    }
    if cursor.word("PREPARE") {
        return Ok(Statement::Deallocate(cursor.name()?));
    }
    let is_temporary = cursor.word("TEMPORARY");
    if cursor.one_of(&["TABLE", "TABLES"]).is_some() {
        let if_exists = cursor.words(&["IF", "EXISTS"]);
        let names = cursor.list(Cursor::table_name)?;
        // RESTRICT and CASCADE do nothing in MySQL.
        cursor.one_of(&["RESTRICT", "CASCADE"]);
        if is_temporary {
            return Ok(Statement::DropTemporary { names, if_exists });
        }
        return Ok(Statement::DropTable { names, if_exists });
    }
    if is_temporary {
        return Err(cursor.unexpected());
    }
    if cursor.word("INDEX") {
        let name = create_table::index_name(cursor)?;
        cursor.expect_word("ON")?;
        let table = cursor.table_name()?;
        let mut alter = AlterTable {
            table,
            actions: vec![AlterAction::DropKey(name)],
            algorithm: Algorithm::Default,
            lock: AlterLock::Default,
        };
        while alter::algorithm_or_lock(cursor, &mut alter)? {}
        return Ok(Statement::DropIndex(Box::new(alter)));
    }
    Err(cursor.unexpected())
}

/// EXPLAIN of a statement, or DESCRIBE of a table.
fn explain(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    cursor.skip();
    let analyze = cursor.word("ANALYZE");
    let mut format = if analyze { ExplainFormat::Tree } else { ExplainFormat::Traditional };
    let has_format = cursor.peek_word(0, "FORMAT") && *cursor.peek_at(1) == Token::Eq;
    if has_format {
        cursor.skip();
        cursor.skip();
        let name = cursor.name_or_string()?;
        format = match name.to_ascii_lowercase().as_str() {
            "traditional" | "default" => ExplainFormat::Traditional,
            "json" => ExplainFormat::Json,
            "tree" => ExplainFormat::Tree,
            _ => {
                let message = format!("Unknown EXPLAIN format name: '{name}'");
                return Err(Error { code: 1791, state: *b"HY000", message });
            }
        };
        match (analyze, format) {
            (true, ExplainFormat::Traditional) => {
                return Err(Error::not_supported_by_mysql("EXPLAIN ANALYZE with TRADITIONAL format"));
            }
            (true, ExplainFormat::Json) => {
                return Err(Error::not_supported("EXPLAIN ANALYZE FORMAT=JSON"));
            }
            (true, ExplainFormat::Tree) | (false, _) => {}
        }
    }
    if let Some(word @ ("EXTENDED" | "PARTITIONS")) = cursor.one_of(&["EXTENDED", "PARTITIONS"]) {
        return Err(Error::not_supported(format_args!("EXPLAIN {word}")));
    }
    if cursor.words(&["FOR", "CONNECTION"]) {
        return Err(Error::not_supported("EXPLAIN FOR CONNECTION"));
    }
    let explains = *cursor.peek() == Token::LParen
        || ["SELECT", "WITH", "TABLE", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE"]
            .iter()
            .any(|word| cursor.peek_word(0, word));
    if explains {
        let statement = statement(cursor)?;
        return Ok(Statement::Explain(Box::new(Explain { statement, format, analyze })));
    }
    if analyze || has_format {
        return Err(cursor.unexpected());
    }
    let table = cursor.table_name()?;
    let like = match cursor.peek() {
        Token::SingleQuotedString(_) => Some(cursor.string()?),
        Token::EOF | Token::SemiColon => None,
        _ => Some(cursor.name()?),
    };
    Ok(Statement::Show(Box::new(Show { kind: ShowKind::Columns { table, full: false }, like, filter: None })))
}
