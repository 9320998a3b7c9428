//! What may begin an expression: literals, columns, variables, operators before their operand, parentheses.

use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, Ident, ObjectName, TypedString, UnaryOperator, Value,
};
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Word};

use crate::parse::call;
use crate::parse::dialect::{NOT, Parsed, UNARY, parenthesized_query};
use crate::parse::keyword::is_reserved;
use crate::parse::tokens::{USER_VARIABLE, VARIABLE};

/// What may begin an expression.
pub(crate) fn operand(parser: &mut Parser) -> Parsed {
    let token = parser.peek_token_ref();
    let span = token.span;
    match &token.token {
        Token::Word(word) => {
            let word = word.clone();
            word_prefix(parser, word)
        }
        Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::NationalStringLiteral(_)
        | Token::HexStringLiteral(_)
        | Token::SingleQuotedByteStringLiteral(_)
        | Token::Placeholder(_) => {
            let value = match parser.next_token().token {
                Token::Number(number, _) => Value::Number(number, false),
                Token::SingleQuotedString(text) => Value::SingleQuotedString(text),
                Token::NationalStringLiteral(text) => Value::NationalStringLiteral(text),
                Token::HexStringLiteral(digits) => Value::HexStringLiteral(digits),
                Token::SingleQuotedByteStringLiteral(digits) => Value::SingleQuotedByteStringLiteral(digits),
                Token::Placeholder(name) => Value::Placeholder(name),
                _ => Value::Null,
            };
            Ok(Expr::Value(value.with_span(span)))
        }
        Token::Minus => unary(parser, UnaryOperator::Minus),
        Token::Plus => unary(parser, UnaryOperator::Plus),
        Token::Tilde => unary(parser, UnaryOperator::BitwiseNot),
        Token::ExclamationMark => unary(parser, UnaryOperator::BangNot),
        Token::LParen => parenthesis(parser),
        Token::LBrace => odbc_escape(parser),
        _ => parser.expected_ref("an expression", parser.peek_token_ref()),
    }
}

fn unary(parser: &mut Parser, op: UnaryOperator) -> Parsed {
    parser.advance_token();
    Ok(Expr::UnaryOp { op, expr: Box::new(parser.parse_subexpr(UNARY)?) })
}

fn parenthesis(parser: &mut Parser) -> Parsed {
    if let Some(query) = parenthesized_query(parser)? {
        return Ok(Expr::Subquery(query));
    }
    parser.expect_token(&Token::LParen)?;
    let first = parser.parse_expr()?;
    if parser.consume_token(&Token::RParen) {
        return Ok(Expr::Nested(Box::new(first)));
    }
    let mut members = vec![first];
    while parser.consume_token(&Token::Comma) {
        members.push(parser.parse_expr()?);
    }
    parser.expect_token(&Token::RParen)?;
    Ok(Expr::Tuple(members))
}

/// `{d '2020-01-01'}`, `{ts '…'}`, `{t '…'}`, `{fn expression}`.
fn odbc_escape(parser: &mut Parser) -> Parsed {
    parser.advance_token();
    let kind = parser.parse_identifier()?.value.to_ascii_lowercase();
    let expr = match kind.as_str() {
        "d" => typed_literal(parser, "DATE")?,
        "t" => typed_literal(parser, "TIME")?,
        "ts" => typed_literal(parser, "TIMESTAMP")?,
        _ => parser.parse_expr()?,
    };
    parser.expect_token(&Token::RBrace)?;
    Ok(expr)
}

/// The text after DATE, TIME or TIMESTAMP.
fn typed_literal(parser: &mut Parser, kind: &str) -> Parsed {
    let token = parser.next_token();
    match token.token {
        Token::SingleQuotedString(text) => Ok(Expr::TypedString(TypedString {
            data_type: named_type(kind, Vec::new()),
            value: Value::SingleQuotedString(text).with_span(token.span),
            uses_odbc_syntax: false,
        })),
        _ => parser.expected("a date or time literal", token),
    }
}

/// A type as [`Lower`](crate::parse::lower::Lower) reads it: its first word, then numbers and words.
pub(crate) fn named_type(name: &str, modifiers: Vec<String>) -> DataType {
    DataType::Custom(ObjectName::from(vec![Ident::new(name)]), modifiers)
}

/// A word: a variable, a literal, an operator before its operand, a call, or a column.
fn word_prefix(parser: &mut Parser, word: Word) -> Parsed {
    let span = parser.peek_token_ref().span;
    match word.quote_style {
        Some(VARIABLE) => return variable(parser, word),
        Some(_) if parser.peek_nth_token_ref(1).token == Token::LParen => {
            parser.advance_token();
            return call::call(parser, ObjectName::from(vec![word.into_ident(span)]));
        }
        Some(_) if parser.peek_nth_token_ref(1).token == Token::Period && call::is_qualified(parser) => {
            parser.advance_token();
            return call::qualified_call(parser, word.into_ident(span));
        }
        Some(_) => {
            parser.advance_token();
            return Ok(Expr::Identifier(word.into_ident(span)));
        }
        None => {}
    }
    match word.keyword {
        Keyword::NULL | Keyword::TRUE | Keyword::FALSE => {
            parser.advance_token();
            let value = match word.keyword {
                Keyword::NULL => Value::Null,
                keyword => Value::Boolean(keyword == Keyword::TRUE),
            };
            Ok(Expr::Value(value.with_span(span)))
        }
        Keyword::NOT => {
            parser.advance_token();
            Ok(Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(parser.parse_subexpr(NOT)?) })
        }
        Keyword::BINARY => {
            parser.advance_token();
            let expr = Box::new(parser.parse_subexpr(UNARY)?);
            let data_type = named_type("BINARY", Vec::new());
            Ok(Expr::Cast { kind: CastKind::Cast, expr, data_type, format: None })
        }
        Keyword::CASE => {
            parser.advance_token();
            parser.parse_case_expr()
        }
        Keyword::EXISTS => {
            parser.advance_token();
            match parenthesized_query(parser)? {
                Some(subquery) => Ok(Expr::Exists { subquery, negated: false }),
                None => parser.expected_ref("a subquery", parser.peek_token_ref()),
            }
        }
        Keyword::INTERVAL => {
            parser.advance_token();
            call::interval(parser)
        }
        Keyword::DEFAULT => {
            parser.advance_token();
            let name = ObjectName::from(vec![word.into_ident(span)]);
            match parser.peek_token_ref().token {
                Token::LParen => call::call(parser, name),
                _ => Ok(call::bare_call(name)),
            }
        }
        _ => word_before(parser, word),
    }
}

/// `@name`, `@name := x`, `@@name`.
fn variable(parser: &mut Parser, word: Word) -> Parsed {
    let span = parser.peek_token_ref().span;
    parser.advance_token();
    let is_user = word.value.starts_with(USER_VARIABLE);
    let variable = Expr::Identifier(word.into_ident(span));
    if is_user && parser.consume_token(&Token::Assignment) {
        let right = Box::new(parser.parse_expr()?);
        return Ok(Expr::BinaryOp { left: Box::new(variable), op: BinaryOperator::Assignment, right });
    }
    Ok(variable)
}

/// A word whose meaning the token after it decides.
fn word_before(parser: &mut Parser, word: Word) -> Parsed {
    let span = parser.peek_token_ref().span;
    let next = &parser.peek_nth_token_ref(1).token;
    match (word.keyword, next) {
        (Keyword::DATE | Keyword::TIME | Keyword::TIMESTAMP, Token::SingleQuotedString(_)) => {
            parser.advance_token();
            typed_literal(parser, &word.value.to_ascii_uppercase())
        }
        (Keyword::ROW, Token::LParen) => {
            parser.advance_token();
            match parenthesis(parser)? {
                Expr::Tuple(members) => Ok(Expr::Tuple(members)),
                _ => parser.expected_ref("a row of several values", parser.peek_token_ref()),
            }
        }
        (Keyword::MATCH, Token::LParen) => {
            parser.advance_token();
            parser.parse_match_against()
        }
        (_, Token::LParen) => call::word_call(parser, word),
        (_, Token::Period) if call::is_qualified(parser) => {
            parser.advance_token();
            call::qualified_call(parser, word.into_ident(span))
        }
        _ if !is_reserved(word.value.as_bytes()) => {
            parser.advance_token();
            Ok(Expr::Identifier(word.into_ident(span)))
        }
        _ if call::is_bare_function(&word.value) => {
            parser.advance_token();
            Ok(call::bare_call(ObjectName::from(vec![word.into_ident(span)])))
        }
        _ => parser.expected_ref("an expression", parser.peek_token_ref()),
    }
}
