//! Calls: `f(a, b)`, aggregates, and the functions whose arguments are separated by words.

use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, DateTimeField, DuplicateTreatment, Expr, ExtractSyntax, Function,
    FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArgumentList, FunctionArguments, Ident,
    Interval, ObjectName, TrimWhereField, Value,
};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, Word};

use crate::parse::dialect::{PREDICATE, Parsed};
use crate::parse::keyword::is_reserved;
use crate::parse::lower::is_native_function;
use crate::parse::operand::named_type;
use crate::parse::window;

/// Reserved words that are functions when a parenthesis follows.
const RESERVED_FUNCTIONS: &[&str] = &[
    "CHAR",
    "CUME_DIST",
    "DATABASE",
    "DENSE_RANK",
    "FIRST_VALUE",
    "GROUPING",
    "IF",
    "INSERT",
    "LAG",
    "LAST_VALUE",
    "LEAD",
    "LEFT",
    "MOD",
    "NTH_VALUE",
    "NTILE",
    "PERCENT_RANK",
    "RANK",
    "REPEAT",
    "REPLACE",
    "RIGHT",
    "ROW_NUMBER",
    "SCHEMA",
];

/// Functions that are written without parentheses.
const BARE_FUNCTIONS: &[&str] = &[
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_USER",
    "LOCALTIME",
    "LOCALTIMESTAMP",
    "UTC_DATE",
    "UTC_TIME",
    "UTC_TIMESTAMP",
];

/// Whether the word is a function that is written without parentheses.
pub(crate) fn is_bare_function(word: &str) -> bool {
    BARE_FUNCTIONS.iter().any(|name| name.eq_ignore_ascii_case(word))
}

/// A word that a parenthesis follows: a call, often with a syntax of its own.
pub(crate) fn word_call(parser: &mut Parser, word: Word) -> Parsed {
    let span = parser.peek_token_ref().span;
    let upper = word.value.to_ascii_uppercase();
    match upper.as_str() {
        "CAST" | "CONVERT" => {
            parser.advance_token();
            cast(parser, upper == "CONVERT")
        }
        "EXTRACT" => {
            parser.advance_token();
            parser.expect_token(&Token::LParen)?;
            let field = DateTimeField::Custom(parser.parse_identifier()?);
            parser.expect_keyword_is(Keyword::FROM)?;
            let expr = Box::new(parser.parse_expr()?);
            parser.expect_token(&Token::RParen)?;
            Ok(Expr::Extract { field, syntax: ExtractSyntax::From, expr })
        }
        "TRIM" => {
            parser.advance_token();
            trim(parser)
        }
        "CHAR" => {
            parser.advance_token();
            character(parser, ObjectName::from(vec![word.into_ident(span)]))
        }
        "WEIGHT_STRING" => {
            parser.advance_token();
            weight_string(parser, ObjectName::from(vec![word.into_ident(span)]))
        }
        "SUBSTRING" | "SUBSTR" | "MID" => {
            parser.advance_token();
            substring(parser)
        }
        "GET_FORMAT" => {
            parser.advance_token();
            get_format(parser, ObjectName::from(vec![word.into_ident(span)]))
        }
        "JSON_VALUE" => {
            parser.advance_token();
            crate::parse::json::json_value(parser)
        }
        "POSITION" => {
            parser.advance_token();
            parser.expect_token(&Token::LParen)?;
            // `IN` separates the operands, so the first binds more tightly than it.
            let expr = Box::new(parser.parse_subexpr(PREDICATE)?);
            parser.expect_keyword_is(Keyword::IN)?;
            let within = Box::new(parser.parse_expr()?);
            parser.expect_token(&Token::RParen)?;
            Ok(Expr::Position { expr, r#in: within })
        }
        _ => {
            let is_call = !is_reserved(word.value.as_bytes())
                || word.keyword == Keyword::VALUES
                || RESERVED_FUNCTIONS.contains(&upper.as_str())
                || is_bare_function(&upper);
            if !is_call {
                return parser.expected_ref("an expression", parser.peek_token_ref());
            }
            parser.advance_token();
            let name = ObjectName::from(vec![word.into_ident(span)]);
            if window::is_window_function(&upper) {
                return window::call(parser, name, &upper);
            }
            if upper == "GROUPING" && parser.peek_nth_token_ref(1).token == Token::RParen {
                parser.advance_token();
                return parser.expected_ref("an expression", parser.peek_token_ref());
            }
            let parsed = call(parser, name)?;
            match window::is_window_aggregate(&upper) && parser.parse_keyword(Keyword::OVER) {
                true => window::over_call(parser, parsed),
                false => Ok(parsed),
            }
        }
    }
}

fn function(name: ObjectName, args: FunctionArguments) -> Expr {
    Expr::Function(Function {
        name,
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args,
        within_group: Vec::new(),
        filter: None,
        null_treatment: None,
        over: None,
    })
}

/// Whether a call can only be one of a stored function.
fn is_stored(name: &ObjectName) -> bool {
    match name.0.as_slice() {
        [part] => part.as_ident().is_some_and(|ident| !is_native_function(&ident.value.to_ascii_uppercase())),
        _ => true,
    }
}

/// Whether `word.word(` is what comes next: a stored function with its database.
pub(crate) fn is_qualified(parser: &Parser) -> bool {
    matches!(parser.peek_nth_token_ref(2).token, Token::Word(_))
        && parser.peek_nth_token_ref(3).token == Token::LParen
}

/// `database.function(…)`, after the database.
pub(crate) fn qualified_call(parser: &mut Parser, database: Ident) -> Parsed {
    parser.expect_token(&Token::Period)?;
    let span = parser.peek_token_ref().span;
    let Token::Word(word) = parser.next_token().token else {
        return parser.expected_ref("a function", parser.peek_token_ref());
    };
    call(parser, ObjectName::from(vec![database, word.into_ident(span)]))
}

/// A call without parentheses.
pub(crate) fn bare_call(name: ObjectName) -> Expr {
    function(name, FunctionArguments::None)
}

/// `([DISTINCT] arguments [ORDER BY …] [SEPARATOR '…'])`, the parenthesis being next.
pub(crate) fn call(parser: &mut Parser, name: ObjectName) -> Parsed {
    parser.expect_token(&Token::LParen)?;
    let is_json = name.to_string().get(..5).is_some_and(|begins| begins.eq_ignore_ascii_case("JSON_"));
    if is_json && parser.peek_keyword(Keyword::DISTINCT) {
        return parser.expected_ref("an expression", parser.peek_token_ref());
    }
    let is_aggregate = parser.peek_keyword(Keyword::DISTINCT) || parser.peek_token_ref().token == Token::Mul;
    if is_aggregate && is_stored(&name) {
        return parser.expected_ref("an expression", parser.peek_token_ref());
    }
    let duplicate_treatment = match parser.parse_one_of_keywords(&[Keyword::DISTINCT, Keyword::ALL]) {
        Some(Keyword::DISTINCT) => Some(DuplicateTreatment::Distinct),
        Some(_) => Some(DuplicateTreatment::All),
        None => None,
    };
    let mut args = Vec::new();
    let mut clauses = Vec::new();
    let is_json_aggregate = is_json
        && matches!(name.to_string().to_ascii_uppercase().as_str(), "JSON_ARRAYAGG" | "JSON_OBJECTAGG");
    if is_json_aggregate {
        let value = |parser: &mut Parser| {
            parser.parse_expr().map(|expr| FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)))
        };
        args.push(value(parser)?);
        if name.to_string().len() == "JSON_OBJECTAGG".len() {
            parser.expect_token(&Token::Comma)?;
            args.push(value(parser)?);
        }
    } else if parser.consume_token(&Token::Mul) {
        args.push(FunctionArg::Unnamed(FunctionArgExpr::Wildcard));
    } else if duplicate_treatment.is_some() || parser.peek_token_ref().token != Token::RParen {
        args = parser.parse_comma_separated(|parser| {
            Ok(FunctionArg::Unnamed(FunctionArgExpr::Expr(parser.parse_expr()?)))
        })?;
        if parser.parse_keywords(&[Keyword::ORDER, Keyword::BY]) {
            clauses.push(FunctionArgumentClause::OrderBy(
                parser.parse_comma_separated(Parser::parse_order_by_expr)?,
            ));
        }
        if parser.parse_keyword(Keyword::SEPARATOR) {
            let token = parser.next_token();
            let value = match token.token {
                Token::SingleQuotedString(text) => Value::SingleQuotedString(text),
                _ => return parser.expected("a separator", token),
            };
            clauses.push(FunctionArgumentClause::Separator(value.with_span(token.span)));
        }
    }
    parser.expect_token(&Token::RParen)?;
    let arguments = FunctionArgumentList { duplicate_treatment, args, clauses };
    Ok(function(name, FunctionArguments::List(arguments)))
}

/// `INTERVAL n unit`, or the function `INTERVAL(n, a, b, …)`, after the word.
pub(crate) fn interval(parser: &mut Parser) -> Parsed {
    let is_query = parser.peek_token() == Token::LParen
        && matches!(parser.peek_nth_token(1).token, Token::Word(word) if matches!(word.keyword, Keyword::SELECT | Keyword::WITH));
    let mut value = match !is_query && parser.consume_token(&Token::LParen) {
        false => parser.parse_expr()?,
        true => {
            let mut members = parser.parse_comma_separated(Parser::parse_expr)?;
            parser.expect_token(&Token::RParen)?;
            if members.len() > 1 {
                return Ok(function(ObjectName::from(vec![Ident::new("INTERVAL")]), list(members)));
            }
            members.pop().map_or(Expr::Tuple(Vec::new()), |member| Expr::Nested(Box::new(member)))
        }
    };
    // What was in parentheses may be the first operand only: `INTERVAL (1) + 2 DAY`.
    loop {
        let precedence = parser.get_next_precedence()?;
        if precedence == 0 {
            break;
        }
        value = parser.parse_infix(value, precedence)?;
    }
    let unit = parser.parse_identifier()?;
    Ok(Expr::Interval(Interval {
        value: Box::new(value),
        leading_field: Some(DateTimeField::Custom(unit)),
        leading_precision: None,
        last_field: None,
        fractional_seconds_precision: None,
    }))
}

fn list(arguments: Vec<Expr>) -> FunctionArguments {
    let unnamed = |argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument));
    FunctionArguments::List(FunctionArgumentList {
        duplicate_treatment: None,
        args: arguments.into_iter().map(unnamed).collect(),
        clauses: Vec::new(),
    })
}

/// `(DATE | TIME | DATETIME | TIMESTAMP, standard)`: the word becomes a text.
fn get_format(parser: &mut Parser, name: ObjectName) -> Parsed {
    parser.expect_token(&Token::LParen)?;
    let word = match &parser.peek_token_ref().token {
        Token::Word(Word { value, quote_style: None, .. }) => value.to_ascii_uppercase(),
        _ => String::new(),
    };
    let kind = match word.as_str() {
        "DATE" => "DATE",
        "TIME" => "TIME",
        "DATETIME" | "TIMESTAMP" => "DATETIME",
        _ => return parser.expected_ref("DATE, TIME or DATETIME", parser.peek_token_ref()),
    };
    parser.advance_token();
    parser.expect_token(&Token::Comma)?;
    let standard = parser.parse_expr()?;
    parser.expect_token(&Token::RParen)?;
    let kind = Expr::Value(Value::SingleQuotedString(kind.to_owned()).with_empty_span());
    Ok(function(name, list(vec![kind, standard])))
}

/// `SOUNDS LIKE b` after its left operand, as `SOUNDEX(a) = SOUNDEX(b)`.
pub(crate) fn sounds_like(parser: &mut Parser, left: Expr) -> Parsed {
    parser.advance_token();
    parser.expect_keyword_is(Keyword::LIKE)?;
    let right = parser.parse_subexpr(PREDICATE)?;
    let sound = |operand| function(ObjectName::from(vec![Ident::new("SOUNDEX")]), list(vec![operand]));
    Ok(Expr::BinaryOp { left: Box::new(sound(left)), op: BinaryOperator::Eq, right: Box::new(sound(right)) })
}

/// Whether `SOUNDS LIKE` is next.
pub(crate) fn is_sounds_like(parser: &Parser) -> bool {
    let is_like = matches!(
        &parser.peek_nth_token_ref(1).token,
        Token::Word(Word { keyword: Keyword::LIKE, quote_style: None, .. })
    );
    is_like
        && matches!(
            &parser.peek_token_ref().token,
            Token::Word(Word { value, quote_style: None, .. }) if value.eq_ignore_ascii_case("sounds")
        )
}

/// `(n, … [USING charset])`: with a character set the bytes are converted to it.
fn character(parser: &mut Parser, name: ObjectName) -> Parsed {
    parser.expect_token(&Token::LParen)?;
    let mut arguments = vec![parser.parse_expr()?];
    while parser.consume_token(&Token::Comma) {
        arguments.push(parser.parse_expr()?);
    }
    let set = match parser.parse_keyword(Keyword::USING) {
        true => Some(parser.parse_identifier()?.value),
        false => None,
    };
    parser.expect_token(&Token::RParen)?;
    let expr = function(name, list(arguments));
    Ok(match set {
        None => expr,
        Some(set) => Expr::Cast {
            kind: CastKind::Cast,
            expr: Box::new(expr),
            data_type: named_type("USING", vec![set]),
            format: None,
        },
    })
}

/// `(x [AS CHAR(n) | AS BINARY(n)])`: of BINARY it is that cast's, of CHAR the length is a second argument.
fn weight_string(parser: &mut Parser, name: ObjectName) -> Parsed {
    parser.expect_token(&Token::LParen)?;
    let mut arguments = vec![parser.parse_expr()?];
    if parser.parse_keyword(Keyword::AS) {
        let kind = parser.parse_one_of_keywords(&[Keyword::CHAR, Keyword::BINARY]);
        parser.expect_token(&Token::LParen)?;
        let token = parser.next_token();
        let Token::Number(number, _) = token.token else { return parser.expected("a number", token) };
        parser.expect_token(&Token::RParen)?;
        match (kind, arguments.pop()) {
            (Some(Keyword::CHAR), Some(expr)) => {
                arguments.extend([expr, Expr::Value(Value::Number(number, false).with_span(token.span))]);
            }
            (Some(_), Some(expr)) => arguments.push(Expr::Cast {
                kind: CastKind::Cast,
                expr: Box::new(expr),
                data_type: named_type("BINARY", vec![number]),
                format: None,
            }),
            _ => return parser.expected_ref("CHAR or BINARY", parser.peek_token_ref()),
        }
    }
    parser.expect_token(&Token::RParen)?;
    Ok(function(name, list(arguments)))
}

/// `(x AS type)`, `(x, type)`, `(x USING charset)`.
fn cast(parser: &mut Parser, convert: bool) -> Parsed {
    parser.expect_token(&Token::LParen)?;
    let expr = Box::new(parser.parse_expr()?);
    let data_type = if convert && parser.parse_keyword(Keyword::USING) {
        named_type("USING", vec![parser.parse_identifier()?.value])
    } else {
        match convert {
            true => parser.expect_token(&Token::Comma).map(|_| ())?,
            false => parser.expect_keyword_is(Keyword::AS)?,
        }
        cast_type(parser)?
    };
    parser.expect_token(&Token::RParen)?;
    Ok(Expr::Cast { kind: CastKind::Cast, expr, data_type, format: None })
}

/// The target of a cast, as a name with the numbers and words after it; lowering checks them.
pub(crate) fn cast_type(parser: &mut Parser) -> Result<DataType, ParserError> {
    let name = parser.parse_identifier()?.value.to_ascii_uppercase();
    let mut modifiers = Vec::new();
    if parser.consume_token(&Token::LParen) {
        loop {
            let token = parser.next_token();
            match token.token {
                Token::Number(number, _) => modifiers.push(number),
                _ => return parser.expected("a number", token),
            }
            if !parser.consume_token(&Token::Comma) {
                break;
            }
        }
        parser.expect_token(&Token::RParen)?;
    }
    while let Token::Word(word) = &parser.peek_token_ref().token {
        // What JSON_VALUE has behind its type.
        if ["NULL", "ERROR", "DEFAULT"].iter().any(|end| word.value.eq_ignore_ascii_case(end)) {
            break;
        }
        modifiers.push(word.value.to_ascii_lowercase());
        parser.advance_token();
    }
    Ok(named_type(&name, modifiers))
}

/// `([BOTH | LEADING | TRAILING] [a] FROM b)`, `(b)`.
fn trim(parser: &mut Parser) -> Parsed {
    parser.expect_token(&Token::LParen)?;
    let trim_where = match parser.parse_one_of_keywords(&[Keyword::BOTH, Keyword::LEADING, Keyword::TRAILING])
    {
        Some(Keyword::BOTH) => Some(TrimWhereField::Both),
        Some(Keyword::LEADING) => Some(TrimWhereField::Leading),
        Some(_) => Some(TrimWhereField::Trailing),
        None => None,
    };
    let mut trim_what = None;
    let mut expr = None;
    if !parser.parse_keyword(Keyword::FROM) {
        let first = Box::new(parser.parse_expr()?);
        if parser.parse_keyword(Keyword::FROM) {
            trim_what = Some(first);
        } else if trim_where.is_none() {
            expr = Some(first);
        } else {
            return parser.expected_ref("FROM", parser.peek_token_ref());
        }
    }
    let expr = match expr {
        Some(expr) => expr,
        None => Box::new(parser.parse_expr()?),
    };
    parser.expect_token(&Token::RParen)?;
    Ok(Expr::Trim { trim_where, trim_what, expr, trim_characters: None })
}

/// `(a, b[, c])`, `(a FROM b [FOR c])`.
fn substring(parser: &mut Parser) -> Parsed {
    parser.expect_token(&Token::LParen)?;
    let expr = Box::new(parser.parse_expr()?);
    let commas = parser.consume_token(&Token::Comma);
    if !commas {
        parser.expect_keyword_is(Keyword::FROM)?;
    }
    let substring_from = Some(Box::new(parser.parse_expr()?));
    let more = if commas { parser.consume_token(&Token::Comma) } else { parser.parse_keyword(Keyword::FOR) };
    let substring_for = match more {
        true => Some(Box::new(parser.parse_expr()?)),
        false => None,
    };
    parser.expect_token(&Token::RParen)?;
    Ok(Expr::Substring { expr, substring_from, substring_for, special: commas, shorthand: false })
}
