//! MySQL's expression grammar on top of sqlparser's expression parser.
//!
//! sqlparser gives the machinery (token stream, precedence climbing, queries and joins); this dialect decides what may
//! begin an expression, what each infix operator means and how tightly it binds (`sql_yacc.yy` of MySQL 8.4), because
//! sqlparser's own MySQL dialect groups `a LIKE BINARY 'x' AND b`, `a XOR b`, `a << b & c` and others wrongly. Whatever
//! is not handled here is a syntax error: nothing of another database's grammar is accepted by accident.
//! It answers [`Dialect::dialect`] with [`MySqlDialect`]'s identity, so that sqlparser's own checks for MySQL hold.

use std::any::TypeId;

use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, DateTimeField, DuplicateTreatment, Expr, ExtractSyntax, Function,
    FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArgumentList, FunctionArguments, Ident,
    Interval, ObjectName, TrimWhereField, TypedString, UnaryOperator, Value, WindowType,
};
use sqlparser::dialect::{Dialect, MySqlDialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, Word};

use crate::limits::PARSE_DEPTH_MAX;
use crate::parse::keyword::{is_reserved, is_reserved_keyword};
use crate::parse::tokens::{USER_VARIABLE, VARIABLE};

/// The dialect. It has no state: what depends on `sql_mode` is settled in the tokens.
#[derive(Debug)]
pub(crate) struct Grammar;

// How tightly operators bind; larger is tighter.
const OR: u8 = 5;
const XOR: u8 = 7;
const AND: u8 = 10;
const NOT: u8 = 15;
const COMPARISON: u8 = 20;
const PREDICATE: u8 = 25;
const BIT_OR: u8 = 30;
const BIT_AND: u8 = 32;
const SHIFT: u8 = 34;
const ADDITIVE: u8 = 40;
const MULTIPLICATIVE: u8 = 50;
const BIT_XOR: u8 = 60;
const CONCAT: u8 = 62;
const UNARY: u8 = 65;
const JSON_ARROW: u8 = 80;

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

type Parsed = Result<Expr, ParserError>;

impl Dialect for Grammar {
    fn dialect(&self) -> TypeId {
        TypeId::of::<MySqlDialect>()
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_' || ch == '$'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        self.is_identifier_start(ch) || ch.is_ascii_digit()
    }

    fn supports_limit_comma(&self) -> bool {
        true
    }

    fn supports_select_modifiers(&self) -> bool {
        true
    }

    fn supports_table_hints(&self) -> bool {
        true
    }

    fn supports_cross_join_constraint(&self) -> bool {
        true
    }

    fn supports_group_by_with_modifier(&self) -> bool {
        true
    }

    fn supports_parens_around_table_factor(&self) -> bool {
        true
    }

    fn require_interval_qualifier(&self) -> bool {
        true
    }

    fn supports_named_fn_args_with_rarrow_operator(&self) -> bool {
        false
    }

    fn is_select_item_alias(&self, explicit: bool, keyword: &Keyword, _parser: &mut Parser) -> bool {
        explicit || !is_reserved_keyword(*keyword)
    }

    fn is_table_factor_alias(&self, explicit: bool, keyword: &Keyword, _parser: &mut Parser) -> bool {
        explicit || !is_reserved_keyword(*keyword)
    }

    fn prec_value(&self, precedence: Precedence) -> u8 {
        match precedence {
            Precedence::Period | Precedence::DoubleColon | Precedence::AtTz | Precedence::Colon => 100,
            Precedence::PgOther => JSON_ARROW,
            Precedence::MulDivModOp => MULTIPLICATIVE,
            Precedence::PlusMinus => ADDITIVE,
            Precedence::Xor => XOR,
            Precedence::Ampersand => BIT_AND,
            Precedence::Caret => BIT_XOR,
            Precedence::Pipe => BIT_OR,
            Precedence::Between | Precedence::Like => PREDICATE,
            Precedence::Eq | Precedence::Is => COMPARISON,
            Precedence::UnaryNot => NOT,
            Precedence::And => AND,
            Precedence::Or => OR,
        }
    }

    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        Some(Ok(match &parser.peek_token_ref().token {
            Token::Word(word) => match word.keyword {
                Keyword::OR => OR,
                Keyword::XOR => XOR,
                Keyword::AND => AND,
                Keyword::IS => COMPARISON,
                Keyword::IN | Keyword::BETWEEN | Keyword::LIKE | Keyword::REGEXP | Keyword::RLIKE => {
                    PREDICATE
                }
                Keyword::NOT => match &parser.peek_nth_token_ref(1).token {
                    Token::Word(next) => match next.keyword {
                        Keyword::IN | Keyword::BETWEEN | Keyword::LIKE | Keyword::REGEXP | Keyword::RLIKE => {
                            PREDICATE
                        }
                        _ => 0,
                    },
                    _ => 0,
                },
                Keyword::DIV | Keyword::MOD => MULTIPLICATIVE,
                _ => 0,
            },
            Token::Eq | Token::Neq | Token::Lt | Token::LtEq | Token::Gt | Token::GtEq | Token::Spaceship => {
                COMPARISON
            }
            Token::Pipe => BIT_OR,
            Token::Ampersand => BIT_AND,
            Token::ShiftLeft | Token::ShiftRight => SHIFT,
            Token::Plus | Token::Minus => ADDITIVE,
            Token::Mul | Token::Div | Token::Mod => MULTIPLICATIVE,
            Token::Caret => BIT_XOR,
            Token::StringConcat => CONCAT,
            Token::Arrow | Token::LongArrow => JSON_ARROW,
            _ => 0,
        }))
    }

    fn parse_prefix(&self, parser: &mut Parser) -> Option<Parsed> {
        Some(prefix(parser))
    }

    fn parse_infix(&self, parser: &mut Parser, left: &Expr, _precedence: u8) -> Option<Parsed> {
        // The operators that make long chains (AND, OR, arithmetic) go sqlparser's way: it moves `left` instead of copying it.
        match &parser.peek_token_ref().token {
            Token::Word(word) => match word.keyword {
                Keyword::AND | Keyword::OR | Keyword::XOR => None,
                _ => Some(word_infix(parser, left)),
            },
            Token::ShiftLeft => Some(shift(parser, left, BinaryOperator::PGBitwiseShiftLeft)),
            Token::ShiftRight => Some(shift(parser, left, BinaryOperator::PGBitwiseShiftRight)),
            _ => None,
        }
    }
}

fn shift(parser: &mut Parser, left: &Expr, op: BinaryOperator) -> Parsed {
    parser.advance_token();
    Ok(Expr::BinaryOp { left: Box::new(left.clone()), op, right: Box::new(parser.parse_subexpr(SHIFT)?) })
}

/// IS, IN, BETWEEN, LIKE, REGEXP, DIV and MOD after their left operand.
fn word_infix(parser: &mut Parser, left: &Expr) -> Parsed {
    let left = Box::new(left.clone());
    if parser.parse_keyword(Keyword::IS) {
        return is_infix(parser, left);
    }
    let negated = parser.parse_keyword(Keyword::NOT);
    if parser.parse_keyword(Keyword::IN) {
        return in_infix(parser, left, negated);
    }
    if parser.parse_keyword(Keyword::BETWEEN) {
        let low = Box::new(parser.parse_subexpr(PREDICATE)?);
        parser.expect_keyword_is(Keyword::AND)?;
        // The high end is a predicate of its own: `a BETWEEN 1 AND b LIKE c` is `a BETWEEN 1 AND (b LIKE c)`.
        let high = Box::new(parser.parse_subexpr(COMPARISON)?);
        return Ok(Expr::Between { expr: left, negated, low, high });
    }
    if parser.parse_keyword(Keyword::LIKE) {
        let pattern = Box::new(parser.parse_subexpr(PREDICATE)?);
        let escape_char = match parser.parse_keyword(Keyword::ESCAPE) {
            true => Some(Box::new(parser.parse_subexpr(PREDICATE)?)),
            false => None,
        };
        return Ok(Expr::Like { negated, any: false, expr: left, pattern, escape_char });
    }
    if parser.parse_keyword(Keyword::REGEXP) || parser.parse_keyword(Keyword::RLIKE) {
        let pattern = Box::new(parser.parse_subexpr(PREDICATE)?);
        return Ok(Expr::RLike { negated, expr: left, pattern, regexp: true });
    }
    let op = if parser.parse_keyword(Keyword::DIV) {
        BinaryOperator::MyIntegerDivide
    } else if parser.parse_keyword(Keyword::MOD) {
        BinaryOperator::Modulo
    } else {
        return parser.expected_ref("an operator", parser.peek_token_ref());
    };
    Ok(Expr::BinaryOp { left, op, right: Box::new(parser.parse_subexpr(MULTIPLICATIVE)?) })
}

fn is_infix(parser: &mut Parser, left: Box<Expr>) -> Parsed {
    let negated = parser.parse_keyword(Keyword::NOT);
    let keywords = [Keyword::NULL, Keyword::TRUE, Keyword::FALSE, Keyword::UNKNOWN];
    Ok(match (parser.expect_one_of_keywords(&keywords)?, negated) {
        (Keyword::NULL, false) => Expr::IsNull(left),
        (Keyword::NULL, true) => Expr::IsNotNull(left),
        (Keyword::TRUE, false) => Expr::IsTrue(left),
        (Keyword::TRUE, true) => Expr::IsNotTrue(left),
        (Keyword::FALSE, false) => Expr::IsFalse(left),
        (Keyword::FALSE, true) => Expr::IsNotFalse(left),
        (_, false) => Expr::IsUnknown(left),
        (_, true) => Expr::IsNotUnknown(left),
    })
}

fn in_infix(parser: &mut Parser, left: Box<Expr>, negated: bool) -> Parsed {
    if let Some(subquery) = parenthesized_query(parser)? {
        return Ok(Expr::InSubquery { expr: left, subquery, negated });
    }
    parser.expect_token(&Token::LParen)?;
    let list = parser.parse_comma_separated(Parser::parse_expr)?;
    parser.expect_token(&Token::RParen)?;
    Ok(Expr::InList { expr: left, list, negated })
}

/// `(SELECT …)`, also in further parentheses; None, and nothing consumed, when the parenthesis holds something else.
fn parenthesized_query(parser: &mut Parser) -> Result<Option<Box<sqlparser::ast::Query>>, ParserError> {
    // There are no blanks among the tokens, so that they can be looked at by index.
    let first = parser.index();
    let parens = (0..=PARSE_DEPTH_MAX)
        .take_while(|ahead| parser.token_at(first + ahead).token == Token::LParen)
        .count();
    let begins_query = matches!(
        &parser.token_at(first + parens).token,
        Token::Word(Word { keyword: Keyword::SELECT | Keyword::WITH | Keyword::TABLE, .. })
    );
    if parens == 0 || !begins_query {
        return Ok(None);
    }
    let parse = |parser: &mut Parser| {
        parser.expect_token(&Token::LParen)?;
        let query = parser.parse_query()?;
        parser.expect_token(&Token::RParen)?;
        Ok(query)
    };
    if parens == 1 { parse(parser).map(Some) } else { parser.maybe_parse(parse) }
}

/// What may begin an expression.
fn prefix(parser: &mut Parser) -> Parsed {
    let token = parser.peek_token_ref();
    let span = token.span;
    match &token.token {
        Token::Word(word) => {
            let word = word.clone();
            word_prefix(parser, word)
        }
        Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::HexStringLiteral(_)
        | Token::SingleQuotedByteStringLiteral(_)
        | Token::Placeholder(_) => {
            let value = match parser.next_token().token {
                Token::Number(number, _) => Value::Number(number, false),
                Token::SingleQuotedString(text) => Value::SingleQuotedString(text),
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

fn named_type(name: &str, modifiers: Vec<String>) -> DataType {
    DataType::Custom(ObjectName::from(vec![Ident::new(name)]), modifiers)
}

fn next_is(parser: &Parser, token: &Token) -> bool {
    parser.peek_nth_token_ref(1).token == *token
}

fn word_prefix(parser: &mut Parser, word: Word) -> Parsed {
    let span = parser.peek_token_ref().span;
    match word.quote_style {
        Some(VARIABLE) => {
            parser.advance_token();
            let is_user = word.value.starts_with(USER_VARIABLE);
            let variable = Expr::Identifier(word.into_ident(span));
            if is_user && parser.consume_token(&Token::Assignment) {
                let right = Box::new(parser.parse_expr()?);
                return Ok(Expr::BinaryOp {
                    left: Box::new(variable),
                    op: BinaryOperator::Assignment,
                    right,
                });
            }
            return Ok(variable);
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
            Ok(Expr::Cast {
                kind: CastKind::Cast,
                expr,
                data_type: named_type("BINARY", Vec::new()),
                format: None,
            })
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
            interval(parser)
        }
        Keyword::DATE | Keyword::TIME | Keyword::TIMESTAMP
            if matches!(parser.peek_nth_token_ref(1).token, Token::SingleQuotedString(_)) =>
        {
            parser.advance_token();
            typed_literal(parser, &word.value.to_ascii_uppercase())
        }
        Keyword::ROW if next_is(parser, &Token::LParen) => {
            parser.advance_token();
            match parenthesis(parser)? {
                Expr::Tuple(members) => Ok(Expr::Tuple(members)),
                _ => parser.expected_ref("a row of several values", parser.peek_token_ref()),
            }
        }
        Keyword::DEFAULT => {
            parser.advance_token();
            let name = ObjectName::from(vec![word.into_ident(span)]);
            match parser.peek_token_ref().token {
                Token::LParen => call(parser, name),
                _ => Ok(bare_call(name)),
            }
        }
        Keyword::MATCH if next_is(parser, &Token::LParen) => {
            parser.advance_token();
            parser.parse_match_against()
        }
        _ if next_is(parser, &Token::LParen) => function_prefix(parser, word),
        _ => {
            if is_reserved(word.value.as_bytes()) {
                if BARE_FUNCTIONS.iter().any(|name| name.eq_ignore_ascii_case(&word.value)) {
                    parser.advance_token();
                    return Ok(bare_call(ObjectName::from(vec![word.into_ident(span)])));
                }
                return parser.expected_ref("an expression", parser.peek_token_ref());
            }
            parser.advance_token();
            Ok(Expr::Identifier(word.into_ident(span)))
        }
    }
}

/// A word that a parenthesis follows: a call, often with a syntax of its own.
fn function_prefix(parser: &mut Parser, word: Word) -> Parsed {
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
        "SUBSTRING" | "SUBSTR" | "MID" => {
            parser.advance_token();
            substring(parser)
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
                || BARE_FUNCTIONS.contains(&upper.as_str());
            if !is_call {
                return parser.expected_ref("an expression", parser.peek_token_ref());
            }
            parser.advance_token();
            call(parser, ObjectName::from(vec![word.into_ident(span)]))
        }
    }
}

fn function(name: ObjectName, args: FunctionArguments, over: Option<WindowType>) -> Expr {
    Expr::Function(Function {
        name,
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args,
        within_group: Vec::new(),
        filter: None,
        null_treatment: None,
        over,
    })
}

fn bare_call(name: ObjectName) -> Expr {
    function(name, FunctionArguments::None, None)
}

/// `([DISTINCT] arguments [ORDER BY …] [SEPARATOR '…']) [OVER …]`, the parenthesis being next.
fn call(parser: &mut Parser, name: ObjectName) -> Parsed {
    parser.expect_token(&Token::LParen)?;
    let duplicate_treatment = match parser.parse_one_of_keywords(&[Keyword::DISTINCT, Keyword::ALL]) {
        Some(Keyword::DISTINCT) => Some(DuplicateTreatment::Distinct),
        Some(_) => Some(DuplicateTreatment::All),
        None => None,
    };
    let mut args = Vec::new();
    let mut clauses = Vec::new();
    if parser.consume_token(&Token::Mul) {
        args.push(FunctionArg::Unnamed(FunctionArgExpr::Wildcard));
    } else if parser.peek_token_ref().token != Token::RParen {
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
    let over = match parser.parse_keyword(Keyword::OVER) {
        true => Some(window(parser)?),
        false => None,
    };
    let arguments = FunctionArgumentList { duplicate_treatment, args, clauses };
    Ok(function(name, FunctionArguments::List(arguments), over))
}

fn window(parser: &mut Parser) -> Result<WindowType, ParserError> {
    if parser.consume_token(&Token::LParen) {
        return Ok(WindowType::WindowSpec(parser.parse_window_spec()?));
    }
    Ok(WindowType::NamedWindow(parser.parse_identifier()?))
}

/// `INTERVAL n unit`, or the function `INTERVAL(n, a, b, …)`, after the word.
fn interval(parser: &mut Parser) -> Parsed {
    let value = parser.parse_expr()?;
    if let Expr::Tuple(members) = value {
        let args =
            members.into_iter().map(|member| FunctionArg::Unnamed(FunctionArgExpr::Expr(member))).collect();
        let arguments = FunctionArgumentList { duplicate_treatment: None, args, clauses: Vec::new() };
        let name = ObjectName::from(vec![Ident::new("INTERVAL")]);
        return Ok(function(name, FunctionArguments::List(arguments), None));
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
fn cast_type(parser: &mut Parser) -> Result<DataType, ParserError> {
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
