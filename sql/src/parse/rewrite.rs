//! Forms of queries that sqlparser does not read, written as tokens in a form that it does.
//!
//! * `TABLE t` is `SELECT * FROM t`, which is what MySQL's manual says it is; only ORDER BY, LIMIT, INTO and a set operator may follow.
//! * `{ OJ a LEFT JOIN b ON … }` is a join in parentheses.
//! * `FOR UPDATE OF a, b NOWAIT` is `FOR UPDATE OF a NOWAIT FOR UPDATE OF b NOWAIT`.
//!
//! The new tokens stand where the old ones stood, so that errors point into the text as it was written.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use crate::parse::source::Source;
use crate::parse::tokens::Tokens;

/// Rewrites what needs to be.
///
/// # Errors
/// 1064 where a form is begun and not ended as MySQL wants it.
pub(crate) fn rewrite(source: &Source<'_>, tokens: &mut Tokens) -> crate::Result<()> {
    let is_needed = |token: &TokenWithSpan| match &token.token {
        Token::LBrace => true,
        Token::Word(word) => matches!(word.keyword, Keyword::TABLE | Keyword::OF),
        _ => false,
    };
    if !tokens.tokens.iter().any(is_needed) {
        return Ok(());
    }
    outer_join_escapes(&mut tokens.tokens);
    lock_targets(&mut tokens.tokens);
    explicit_tables(source, &mut tokens.tokens)
}

fn keyword(tokens: &[TokenWithSpan], at: usize) -> Option<Keyword> {
    match tokens.get(at).map(|token| &token.token) {
        Some(Token::Word(Word { quote_style: None, keyword, .. })) => Some(*keyword),
        _ => None,
    }
}

fn word(text: &str, keyword: Keyword) -> Token {
    Token::Word(Word { value: text.to_owned(), quote_style: None, keyword })
}

/// `{ OJ … }`.
fn outer_join_escapes(tokens: &mut Vec<TokenWithSpan>) {
    let mut open = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at].token {
            Token::LBrace => {
                let is_join = matches!(tokens.get(at + 1).map(|token| &token.token),
                    Some(Token::Word(word)) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("OJ"));
                open.push(is_join);
                if is_join {
                    tokens[at].token = Token::LParen;
                    tokens.remove(at + 1);
                }
            }
            Token::RBrace if open.pop() == Some(true) => tokens[at].token = Token::RParen,
            _ => {}
        }
        at += 1;
    }
}

/// `FOR UPDATE OF a, b`.
fn lock_targets(tokens: &mut Vec<TokenWithSpan>) {
    let mut at = 0;
    while at + 2 < tokens.len() {
        let is_clause = keyword(tokens, at) == Some(Keyword::FOR)
            && matches!(keyword(tokens, at + 1), Some(Keyword::UPDATE | Keyword::SHARE))
            && keyword(tokens, at + 2) == Some(Keyword::OF);
        if !is_clause {
            at += 1;
            continue;
        }
        let mut end = at + 3;
        while matches!(
            tokens.get(end).map(|token| &token.token),
            Some(Token::Word(_) | Token::Period | Token::Comma)
        ) && !matches!(
            keyword(tokens, end),
            Some(Keyword::NOWAIT | Keyword::SKIP | Keyword::FOR | Keyword::INTO)
        ) {
            end += 1;
        }
        let wait = match (keyword(tokens, end), keyword(tokens, end + 1)) {
            (Some(Keyword::NOWAIT), _) => 1,
            (Some(Keyword::SKIP), Some(Keyword::LOCKED)) => 2,
            _ => 0,
        };
        let (head, policy) = (tokens[at..at + 3].to_vec(), tokens[end..end + wait].to_vec());
        let names: Vec<Vec<TokenWithSpan>> =
            tokens[at + 3..end].split(|token| token.token == Token::Comma).map(<[_]>::to_vec).collect();
        if names.len() == 1 || names.iter().any(Vec::is_empty) {
            at = end + wait;
            continue;
        }
        let clauses: Vec<TokenWithSpan> =
            names.into_iter().flat_map(|name| [head.clone(), name, policy.clone()].concat()).collect();
        let next = at + clauses.len();
        tokens.splice(at..end + wait, clauses);
        at = next;
    }
}

/// `TABLE t`.
fn explicit_tables(source: &Source<'_>, tokens: &mut Vec<TokenWithSpan>) -> crate::Result<()> {
    let mut at = 0;
    while at < tokens.len() {
        if keyword(tokens, at) != Some(Keyword::TABLE) || !begins_query(tokens, at) {
            at += 1;
            continue;
        }
        let is_name = |at: usize| matches!(tokens.get(at).map(|token| &token.token), Some(Token::Word(_)));
        if !is_name(at + 1) {
            at += 1;
            continue;
        }
        let has_database =
            tokens.get(at + 2).is_some_and(|token| token.token == Token::Period) && is_name(at + 3);
        let end = at + if has_database { 4 } else { 2 };
        if let Some(after) = tokens.get(end)
            && !may_follow(&after.token)
        {
            return Err(source.syntax_span(after.span));
        }
        let place = tokens[at].span;
        let select = [word("SELECT", Keyword::SELECT), Token::Mul, word("FROM", Keyword::FROM)];
        tokens.splice(at..=at, select.map(|token| TokenWithSpan::new(token, place)));
        at = end + 2;
    }
    Ok(())
}

/// Whether the word TABLE at `at` stands where a query can begin, rather than in DDL.
fn begins_query(tokens: &[TokenWithSpan], at: usize) -> bool {
    let Some(before) = at.checked_sub(1) else { return true };
    if matches!(tokens[before].token, Token::LParen) {
        return true;
    }
    match keyword(tokens, before) {
        Some(Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::AS) => return true,
        Some(Keyword::ALL | Keyword::DISTINCT) => {
            let operator = before.checked_sub(1).and_then(|at| keyword(tokens, at));
            return matches!(operator, Some(Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT));
        }
        Some(Keyword::CREATE | Keyword::TEMPORARY | Keyword::INTO) => return false,
        _ => {}
    }
    match keyword(tokens, 0) {
        // INSERT INTO t [(…)] TABLE u, EXPLAIN TABLE t, WITH … TABLE t.
        Some(Keyword::INSERT | Keyword::REPLACE | Keyword::EXPLAIN | Keyword::WITH) => true,
        Some(Keyword::DESC | Keyword::DESCRIBE) => true,
        // CREATE TABLE t [(…)] TABLE u.
        Some(Keyword::CREATE) => at > 2,
        _ => false,
    }
}

/// What may stand after the name of TABLE.
fn may_follow(token: &Token) -> bool {
    match token {
        Token::RParen | Token::SemiColon | Token::EOF => true,
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::UNION
                | Keyword::EXCEPT
                | Keyword::INTERSECT
                | Keyword::ORDER
                | Keyword::LIMIT
                | Keyword::INTO
                | Keyword::FOR
                | Keyword::ON
        ),
        _ => false,
    }
}
