//! Bounds on what makes sqlparser's tree deep without nesting.
//!
//! A chain of infix operators is a level of the tree for each, and sqlparser drops its trees by recursion; so are joins and unions
//! in ours. They are counted while the tokens are made, before anything is built.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use crate::error::Error;
use crate::limits::{CHAIN_LOGICAL_MAX, CHAIN_OPERATORS_MAX, JOIN_TABLES_MAX, UNION_MAX};
use crate::parse::lexer::Symbol;
use crate::parse::source::chain_too_long;

/// Counts what makes sqlparser's tree deep without nesting: chains of infix operators, joins and unions.
#[derive(Default)]
pub(crate) struct Chains {
    /// Operators and logical operators of the enclosing parentheses, innermost last.
    enclosing: Vec<(usize, usize)>,
    /// Of the chain here.
    operators: usize,
    logical: usize,
    /// Sum over `enclosing`.
    outer_operators: usize,
    outer_logical: usize,
    unions: usize,
    joins: usize,
}

impl Chains {
    fn operator(&mut self) -> crate::Result<()> {
        self.operators += 1;
        if self.outer_operators + self.operators > CHAIN_OPERATORS_MAX {
            return Err(chain_too_long(CHAIN_OPERATORS_MAX));
        }
        Ok(())
    }

    /// Counts a word.
    pub(crate) fn word(&mut self, keyword: Keyword) -> crate::Result<()> {
        match keyword {
            Keyword::AND | Keyword::OR | Keyword::XOR => {
                self.operators = 0;
                self.logical += 1;
                if self.outer_logical + self.logical > CHAIN_LOGICAL_MAX {
                    return Err(chain_too_long(CHAIN_LOGICAL_MAX));
                }
            }
            Keyword::IS
            | Keyword::IN
            | Keyword::LIKE
            | Keyword::BETWEEN
            | Keyword::REGEXP
            | Keyword::RLIKE
            | Keyword::DIV
            | Keyword::MOD => {
                self.operator()?;
            }
            Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT => {
                self.unions += 1;
                if self.unions > UNION_MAX {
                    return Err(Error::too_large(format!(
                        "a statement of more than {UNION_MAX} set operations"
                    )));
                }
                self.joins = 0;
                self.restart();
            }
            Keyword::JOIN | Keyword::STRAIGHT_JOIN => {
                self.joins += 1;
                if self.joins >= JOIN_TABLES_MAX {
                    return Err(too_many_tables());
                }
            }
            Keyword::SELECT | Keyword::FROM => {
                self.joins = 0;
                self.restart();
            }
            Keyword::WHERE
            | Keyword::SET
            | Keyword::GROUP
            | Keyword::HAVING
            | Keyword::ORDER
            | Keyword::ON => self.restart(),
            _ => {}
        }
        Ok(())
    }

    fn restart(&mut self) {
        self.operators = 0;
        self.logical = 0;
    }

    /// Counts a symbol, which came out as `token`.
    pub(crate) fn symbol(&mut self, symbol: Symbol, token: &Token) -> crate::Result<()> {
        match symbol {
            Symbol::LeftParen => {
                self.enclosing.push((self.operators, self.logical));
                self.outer_operators += self.operators;
                self.outer_logical += self.logical;
                self.restart();
            }
            Symbol::RightParen => {
                if let Some((operators, logical)) = self.enclosing.pop() {
                    self.outer_operators -= operators;
                    self.outer_logical -= logical;
                    (self.operators, self.logical) = (operators, logical);
                }
            }
            Symbol::Comma | Symbol::Semicolon => self.restart(),
            Symbol::AndAnd | Symbol::PipePipe => {
                if let Token::Word(word) = token {
                    return self.word(word.keyword);
                }
                return self.operator();
            }
            Symbol::Period | Symbol::LeftBrace | Symbol::RightBrace | Symbol::Colon => {}
            _ => return self.operator(),
        }
        Ok(())
    }
}

/// Error 1116.
pub(crate) fn too_many_tables() -> Error {
    Error {
        code: 1116,
        state: *b"HY000",
        message: format!("Too many tables; MySQL can only use {JOIN_TABLES_MAX} tables in a join"),
    }
}
