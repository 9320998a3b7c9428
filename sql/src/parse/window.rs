//! `OVER`, and the functions that need it.
//!
//! sqlparser's tree has no place for three things, which are carried in one that MySQL does not use: FROM LAST and EXCLUDE,
//! which lowering refuses by name, are a `filter` of that name.

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident,
    NullTreatment, ObjectName, WindowFrame, WindowFrameBound, WindowSpec, WindowType,
};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, Word};

use crate::parse::dialect::Parsed;
use crate::parse::keyword::is_reserved;
use crate::parse::operand::operand;

/// `FROM LAST` as a `filter`.
pub(crate) const FROM_LAST: &str = "FROM LAST";
/// `EXCLUDE` as a `filter`.
pub(crate) const EXCLUDE: &str = "EXCLUDE";

/// Whether the function, in upper case, is one that needs OVER.
pub(crate) fn is_window_function(name: &str) -> bool {
    matches!(
        name,
        "ROW_NUMBER"
            | "RANK"
            | "DENSE_RANK"
            | "PERCENT_RANK"
            | "CUME_DIST"
            | "NTILE"
            | "LAG"
            | "LEAD"
            | "FIRST_VALUE"
            | "LAST_VALUE"
            | "NTH_VALUE"
    )
}

/// Whether the function, in upper case, is an aggregate that can have OVER.
pub(crate) fn is_window_aggregate(name: &str) -> bool {
    name != "ANY_VALUE" && crate::parse::lower::aggregate_function(name).is_some()
}

/// A call of a function that needs OVER, the parenthesis being next; `upper` is its name in upper case.
pub(crate) fn call(parser: &mut Parser, name: ObjectName, upper: &str) -> Parsed {
    parser.expect_token(&Token::LParen)?;
    let mut args = Vec::new();
    match upper {
        "NTILE" => args.push(stable_integer(parser)?),
        "LAG" | "LEAD" => {
            args.push(parser.parse_expr()?);
            if parser.consume_token(&Token::Comma) {
                args.push(stable_integer(parser)?);
                if parser.consume_token(&Token::Comma) {
                    args.push(parser.parse_expr()?);
                }
            }
        }
        "FIRST_VALUE" | "LAST_VALUE" => args.push(parser.parse_expr()?),
        "NTH_VALUE" => {
            args.push(parser.parse_expr()?);
            parser.expect_token(&Token::Comma)?;
            args.push(parser.parse_expr()?);
        }
        _ => {}
    }
    parser.expect_token(&Token::RParen)?;
    let mut filter = None;
    if upper == "NTH_VALUE" && parser.parse_keyword(Keyword::FROM) {
        if take_word(parser, "LAST") {
            filter = Some(marker(FROM_LAST));
        } else if !take_word(parser, "FIRST") {
            return parser.expected_ref("FIRST or LAST", parser.peek_token_ref());
        }
    }
    let null_treatment = match upper {
        "LAG" | "LEAD" | "FIRST_VALUE" | "LAST_VALUE" | "NTH_VALUE" => null_treatment(parser)?,
        _ => None,
    };
    parser.expect_keyword_is(Keyword::OVER)?;
    let over = over(parser)?;
    let args = args.into_iter().map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg))).collect();
    let arguments = FunctionArgumentList { duplicate_treatment: None, args, clauses: Vec::new() };
    Ok(Expr::Function(Function {
        name,
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(arguments),
        within_group: Vec::new(),
        filter: filter.or(over.filter),
        null_treatment,
        over: Some(over.window),
    }))
}

fn marker(name: &str) -> Box<Expr> {
    Box::new(Expr::Identifier(Ident::new(name)))
}

/// A number that does not change from row to row: an integer literal, `?`, `@variable`, or the name of a stored program's variable.
fn stable_integer(parser: &mut Parser) -> Parsed {
    let is_integer = match &parser.peek_token_ref().token {
        Token::Number(digits, _) => digits.bytes().all(|byte| byte.is_ascii_digit()),
        Token::Placeholder(_) => true,
        Token::Word(word) => match word.quote_style {
            // A variable, or a name in backticks.
            Some(_) => true,
            None => !is_reserved(word.value.as_bytes()),
        },
        _ => false,
    };
    let ends = matches!(parser.peek_nth_token_ref(1).token, Token::Comma | Token::RParen);
    if !is_integer {
        return parser.expected_ref("an integer", parser.peek_token_ref());
    }
    if !ends {
        parser.advance_token();
        return parser.expected_ref("a comma or a parenthesis", parser.peek_token_ref());
    }
    parser.parse_expr()
}

/// Takes a word that sqlparser is not told to be one of its own.
fn take_word(parser: &mut Parser, wanted: &str) -> bool {
    let is_wanted = match &parser.peek_token_ref().token {
        Token::Word(Word { value, quote_style: None, .. }) => value.eq_ignore_ascii_case(wanted),
        _ => false,
    };
    if is_wanted {
        parser.advance_token();
    }
    is_wanted
}

fn null_treatment(parser: &mut Parser) -> Result<Option<NullTreatment>, ParserError> {
    let treatment = if take_word(parser, "RESPECT") {
        NullTreatment::RespectNulls
    } else if take_word(parser, "IGNORE") {
        NullTreatment::IgnoreNulls
    } else {
        return Ok(None);
    };
    if take_word(parser, "NULLS") {
        Ok(Some(treatment))
    } else {
        parser.expected_ref("NULLS", parser.peek_token_ref())
    }
}

/// An aggregate's call with the window after the word OVER.
pub(crate) fn over_call(parser: &mut Parser, call: Expr) -> Parsed {
    let over = over(parser)?;
    Ok(match call {
        Expr::Function(call) => {
            Expr::Function(Function { filter: over.filter, over: Some(over.window), ..call })
        }
        other => other,
    })
}

/// What stands after OVER.
struct Over {
    window: WindowType,
    /// [`EXCLUDE`].
    filter: Option<Box<Expr>>,
}

/// The window after the word OVER.
fn over(parser: &mut Parser) -> Result<Over, ParserError> {
    if !parser.consume_token(&Token::LParen) {
        return Ok(Over { window: WindowType::NamedWindow(parser.parse_identifier()?), filter: None });
    }
    let window_name = match &parser.peek_token_ref().token {
        Token::Word(Word { quote_style: Some('`'), .. }) => Some(parser.parse_identifier()?),
        Token::Word(Word { quote_style: None, value, .. }) if !is_reserved(value.as_bytes()) => {
            Some(parser.parse_identifier()?)
        }
        _ => None,
    };
    let mut spec =
        WindowSpec { window_name, partition_by: Vec::new(), order_by: Vec::new(), window_frame: None };
    if parser.parse_keyword(Keyword::PARTITION) {
        parser.expect_keyword_is(Keyword::BY)?;
        spec.partition_by = parser.parse_comma_separated(Parser::parse_expr)?;
    }
    if parser.parse_keyword(Keyword::ORDER) {
        parser.expect_keyword_is(Keyword::BY)?;
        spec.order_by = parser.parse_comma_separated(Parser::parse_order_by_expr)?;
    }
    let mut filter = None;
    if parser.peek_token_ref().token != Token::RParen {
        spec.window_frame = Some(frame(parser)?);
        if take_word(parser, "EXCLUDE") {
            filter = Some(marker(EXCLUDE));
            while !matches!(parser.peek_token_ref().token, Token::RParen | Token::EOF) {
                parser.advance_token();
            }
        }
    }
    parser.expect_token(&Token::RParen)?;
    Ok(Over { window: WindowType::WindowSpec(spec), filter })
}

/// A frame. FOLLOWING cannot stand without BETWEEN.
fn frame(parser: &mut Parser) -> Result<WindowFrame, ParserError> {
    let units = parser.parse_window_frame_units()?;
    if parser.parse_keyword(Keyword::BETWEEN) {
        let start_bound = frame_bound(parser, true)?;
        parser.expect_keyword_is(Keyword::AND)?;
        let end_bound = Some(frame_bound(parser, true)?);
        return Ok(WindowFrame { units, start_bound, end_bound });
    }
    Ok(WindowFrame { units, start_bound: frame_bound(parser, false)?, end_bound: None })
}

/// A bound: `CURRENT ROW`, or UNBOUNDED, a number, a parameter or an INTERVAL with its direction.
fn frame_bound(parser: &mut Parser, can_follow: bool) -> Result<WindowFrameBound, ParserError> {
    if take_word(parser, "CURRENT") {
        parser.expect_keyword_is(Keyword::ROW)?;
        return Ok(WindowFrameBound::CurrentRow);
    }
    let offset = if take_word(parser, "UNBOUNDED") {
        None
    } else {
        let is_offset = match &parser.peek_token_ref().token {
            Token::Number(..) | Token::Placeholder(_) => true,
            Token::Word(word) => word.quote_style.is_none() && word.keyword == Keyword::INTERVAL,
            _ => false,
        };
        if !is_offset {
            return parser.expected_ref("a frame bound", parser.peek_token_ref());
        }
        // No operator may follow a number.
        Some(Box::new(operand(parser)?))
    };
    if take_word(parser, "PRECEDING") {
        return Ok(WindowFrameBound::Preceding(offset));
    }
    if can_follow && take_word(parser, "FOLLOWING") {
        return Ok(WindowFrameBound::Following(offset));
    }
    parser.expected_ref("PRECEDING or FOLLOWING", parser.peek_token_ref())
}
