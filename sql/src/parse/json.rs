//! What JSON has of syntax in expressions: `JSON_VALUE(… RETURNING … ON EMPTY … ON ERROR)` and `MEMBER OF (…)`.

use sqlparser::ast::{
    CastKind, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident,
    ObjectName, Value,
};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Span, Token, Word};

use crate::parse::call::cast_type;
use crate::parse::dialect::{COMPARISON, Parsed};
use crate::parse::operand::named_type;

/// The function that `x MEMBER OF (y)` is.
const MEMBER_OF: &str = "MEMBER OF";

fn is_word(parser: &Parser, ahead: usize, wanted: &str) -> bool {
    matches!(
        &parser.peek_nth_token_ref(ahead).token,
        Token::Word(Word { value, quote_style: None, .. }) if value.eq_ignore_ascii_case(wanted)
    )
}

fn eat_word(parser: &mut Parser, wanted: &str) -> bool {
    let found = is_word(parser, 0, wanted);
    if found {
        parser.advance_token();
    }
    found
}

fn call(name: &str, span: Span, arguments: Vec<Expr>) -> Expr {
    let args = arguments.into_iter().map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)));
    let arguments =
        FunctionArgumentList { duplicate_treatment: None, args: args.collect(), clauses: Vec::new() };
    let mut ident = Ident::new(name);
    ident.span = span;
    Expr::Function(Function {
        name: ObjectName::from(vec![ident]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(arguments),
        within_group: Vec::new(),
        filter: None,
        null_treatment: None,
        over: None,
    })
}

/// Whether `MEMBER [OF] (` is next.
pub(crate) fn is_member_of(parser: &Parser) -> bool {
    is_word(parser, 0, "MEMBER")
        && (parser.peek_nth_token_ref(1).token == Token::LParen
            || is_word(parser, 1, "OF") && parser.peek_nth_token_ref(2).token == Token::LParen)
}

/// `MEMBER [OF] (document)` after its left operand.
pub(crate) fn member_of(parser: &mut Parser, left: Box<Expr>) -> Parsed {
    let span = parser.peek_token_ref().span;
    parser.advance_token();
    eat_word(parser, "OF");
    parser.expect_token(&Token::LParen)?;
    let document = parser.parse_subexpr(COMPARISON)?;
    parser.expect_token(&Token::RParen)?;
    Ok(call(MEMBER_OF, span, vec![*left, document]))
}

fn number(number: u8) -> Expr {
    Expr::Value(Value::Number(number.to_string(), false).with_empty_span())
}

/// What NULL, ERROR or DEFAULT says, as its number and the default.
fn otherwise(parser: &mut Parser) -> Result<Option<(u8, Expr)>, ParserError> {
    let null = || Expr::Value(Value::Null.with_empty_span());
    if parser.parse_keyword(Keyword::NULL) {
        return Ok(Some((0, null())));
    }
    if eat_word(parser, "ERROR") {
        return Ok(Some((1, null())));
    }
    if parser.parse_keyword(Keyword::DEFAULT) {
        return Ok(Some((2, parser.parse_expr()?)));
    }
    Ok(None)
}

/// `(document, path [RETURNING type] [… ON EMPTY] [… ON ERROR])` after JSON_VALUE: seven arguments, the last a cast of NULL to the type.
pub(crate) fn json_value(parser: &mut Parser) -> Parsed {
    let span = parser.peek_token_ref().span;
    parser.expect_token(&Token::LParen)?;
    let document = parser.parse_expr()?;
    parser.expect_token(&Token::Comma)?;
    let path = parser.parse_expr()?;
    let data_type = match eat_word(parser, "RETURNING") {
        true => cast_type(parser)?,
        false => named_type("CHAR", vec!["512".to_owned()]),
    };
    let null = || Expr::Value(Value::Null.with_empty_span());
    let (mut empty, mut error) = (None, None);
    while error.is_none()
        && let Some(given) = otherwise(parser)?
    {
        if !parser.parse_keyword(Keyword::ON) {
            return parser.expected_ref("ON", parser.peek_token_ref());
        }
        let slot = if empty.is_none() && eat_word(parser, "EMPTY") {
            &mut empty
        } else if eat_word(parser, "ERROR") {
            &mut error
        } else {
            return parser.expected_ref("ERROR", parser.peek_token_ref());
        };
        *slot = Some(given);
    }
    parser.expect_token(&Token::RParen)?;
    let (empty, error) = (empty.unwrap_or((0, null())), error.unwrap_or((0, null())));
    let to = Expr::Cast { kind: CastKind::Cast, expr: Box::new(null()), data_type, format: None };
    let arguments = vec![document, path, number(empty.0), empty.1, number(error.0), error.1, to];
    Ok(call("JSON_VALUE", span, arguments))
}
