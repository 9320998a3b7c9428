//! MySQL's expression grammar on top of sqlparser's expression parser.
//!
//! sqlparser gives the machinery (token stream, precedence climbing, queries and joins); this dialect decides what may
//! begin an expression, what each infix operator means and how tightly it binds (`sql_yacc.yy` of MySQL 8.4), because
//! sqlparser's own MySQL dialect groups `a LIKE BINARY 'x' AND b`, `a XOR b`, `a << b & c` and others wrongly. Whatever
//! is not handled here is a syntax error: nothing of another database's grammar is accepted by accident.
//! It answers [`Dialect::dialect`] with [`MySqlDialect`]'s identity, so that sqlparser's own checks for MySQL hold.

use std::any::TypeId;

use sqlparser::ast::{BinaryOperator, Expr};
use sqlparser::dialect::{Dialect, MySqlDialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, Word};

use crate::limits::PARSE_DEPTH_MAX;
use crate::parse::call::{is_sounds_like, sounds_like};
use crate::parse::json::{is_member_of, member_of};
use crate::parse::keyword::is_reserved_keyword;
use crate::parse::operand::operand;

/// The dialect. It has no state: what depends on `sql_mode` is settled in the tokens.
#[derive(Debug)]
pub(crate) struct Grammar;

// How tightly operators bind; larger is tighter.
const OR: u8 = 5;
const XOR: u8 = 7;
const AND: u8 = 10;
pub(crate) const NOT: u8 = 15;
pub(crate) const COMPARISON: u8 = 20;
pub(crate) const PREDICATE: u8 = 25;
const BIT_OR: u8 = 30;
const BIT_AND: u8 = 32;
const SHIFT: u8 = 34;
const ADDITIVE: u8 = 40;
const MULTIPLICATIVE: u8 = 50;
const BIT_XOR: u8 = 60;
const CONCAT: u8 = 62;
pub(crate) const UNARY: u8 = 65;
const JSON_ARROW: u8 = 80;

/// An expression, or where it cannot be one.
pub(crate) type Parsed = Result<Expr, ParserError>;

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
                _ if is_member_of(parser) || is_sounds_like(parser) => PREDICATE,
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
        Some(operand(parser))
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
    if is_member_of(parser) {
        return member_of(parser, left);
    }
    if is_sounds_like(parser) {
        return sounds_like(parser, *left);
    }
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
pub(crate) fn parenthesized_query(
    parser: &mut Parser,
) -> Result<Option<Box<sqlparser::ast::Query>>, ParserError> {
    // There are no blanks among the tokens, so that they can be looked at by index.
    let first = parser.index();
    let parens = (0..=PARSE_DEPTH_MAX)
        .take_while(|ahead| parser.token_at(first + ahead).token == Token::LParen)
        .count();
    let word = |at: usize| match &parser.token_at(at).token {
        Token::Word(Word { keyword, quote_style: None, .. }) => Some(*keyword),
        _ => None,
    };
    let begins_query = match word(first + parens) {
        Some(Keyword::SELECT | Keyword::WITH) => true,
        // `VALUES(c)` is the value that was to be inserted.
        Some(Keyword::VALUES) => word(first + parens + 1) == Some(Keyword::ROW),
        _ => false,
    };
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
