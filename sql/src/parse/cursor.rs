//! A statement's tokens as the small parsers of this module read them.
//!
//! The cursor wraps sqlparser's parser: expressions, queries and joins are read by it and lowered at once; words are
//! compared by spelling, so that no statement depends on which keywords sqlparser happens to have.

use sqlparser::ast::Ident;
use sqlparser::parser::{Parser, ParserOptions};
use sqlparser::tokenizer::{Span, Token, Word};

use crate::ast::{Expr, Query, TableExpr, TableName};
use crate::error::Error;
use crate::limits::PARSE_DEPTH_MAX;
use crate::parse::dialect::Grammar;
use crate::parse::lower::Lower;
use crate::parse::source::Source;
use crate::parse::tokens::Tokens;

/// The dialect has no state, so one serves all.
static GRAMMAR: Grammar = Grammar;

/// The reader of one statement.
pub(crate) struct Cursor<'s, 'a> {
    parser: Parser<'static>,
    source: &'s Source<'a>,
}

impl<'s, 'a> Cursor<'s, 'a> {
    /// A cursor before the first token.
    pub(crate) fn new(source: &'s Source<'a>, tokens: Tokens) -> Cursor<'s, 'a> {
        let parser = Parser::new(&GRAMMAR)
            .with_options(ParserOptions::new().with_unescape(false))
            .with_recursion_limit(PARSE_DEPTH_MAX)
            .with_tokens_with_locations(tokens.tokens);
        Cursor { parser, source }
    }

    /// The statement's text and mode.
    pub(crate) fn source(&self) -> &'s Source<'a> {
        self.source
    }

    pub(crate) fn lower(&self) -> Lower<'s, 'a> {
        Lower { source: self.source }
    }

    /// The next token.
    pub(crate) fn peek(&self) -> &Token {
        &self.parser.peek_token_ref().token
    }

    /// The token after `ahead` others.
    pub(crate) fn peek_at(&self, ahead: usize) -> &Token {
        // There are no blanks among the tokens, so that they can be looked at by index.
        &self.parser.token_at(self.parser.index() + ahead).token
    }

    /// Where the next token stands.
    pub(crate) fn span(&self) -> Span {
        self.parser.peek_token_ref().span
    }

    /// Takes the next token.
    pub(crate) fn take(&mut self) -> Token {
        self.parser.next_token().token
    }

    /// Passes over the next token.
    pub(crate) fn skip(&mut self) {
        self.parser.advance_token();
    }

    /// How many tokens were taken.
    pub(crate) fn taken(&self) -> usize {
        self.parser.index()
    }

    /// Error 1064 at the next token.
    pub(crate) fn unexpected(&self) -> Error {
        self.source.syntax_span(self.span())
    }

    /// Whether the statement is over.
    pub(crate) fn at_end(&self) -> bool {
        matches!(self.peek(), Token::EOF | Token::SemiColon)
    }

    /// Demands the end of the statement, a closing `;` allowed.
    pub(crate) fn end(&mut self) -> crate::Result<()> {
        while *self.peek() == Token::SemiColon {
            self.skip();
        }
        if *self.peek() == Token::EOF { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Whether a token is this unquoted word.
    pub(crate) fn is_word(token: &Token, text: &str) -> bool {
        matches!(token, Token::Word(Word { value, quote_style: None, .. }) if value.eq_ignore_ascii_case(text))
    }

    /// Whether the token after `ahead` others is this unquoted word.
    pub(crate) fn peek_word(&self, ahead: usize, text: &str) -> bool {
        Self::is_word(self.peek_at(ahead), text)
    }

    /// Takes the word if it is next.
    pub(crate) fn word(&mut self, text: &str) -> bool {
        let found = self.peek_word(0, text);
        if found {
            self.skip();
        }
        found
    }

    /// Takes all the words if they are next, else none.
    pub(crate) fn words(&mut self, texts: &[&str]) -> bool {
        let found = texts.iter().enumerate().all(|(ahead, text)| self.peek_word(ahead, text));
        if found {
            for _ in texts {
                self.skip();
            }
        }
        found
    }

    /// Takes whichever of the words is next.
    pub(crate) fn one_of(&mut self, texts: &[&'static str]) -> Option<&'static str> {
        texts.iter().find(|text| self.word(text)).copied()
    }

    /// Demands a word.
    pub(crate) fn expect_word(&mut self, text: &str) -> crate::Result<()> {
        if self.word(text) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Takes the token if it is next.
    pub(crate) fn eat(&mut self, token: &Token) -> bool {
        let found = self.peek() == token;
        if found {
            self.skip();
        }
        found
    }

    /// Demands a token.
    pub(crate) fn expect(&mut self, token: &Token) -> crate::Result<()> {
        if self.eat(token) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn ident(&mut self) -> crate::Result<Ident> {
        let span = self.span();
        match self.peek() {
            Token::Word(_) => match self.take() {
                Token::Word(word) => Ok(word.into_ident(span)),
                _ => Err(self.unexpected()),
            },
            _ => Err(self.unexpected()),
        }
    }

    /// A name.
    pub(crate) fn name(&mut self) -> crate::Result<String> {
        let ident = self.ident()?;
        self.lower().name(ident)
    }

    /// Any word, reserved ones too, in lower case; for names of options and values.
    pub(crate) fn any_word(&mut self) -> crate::Result<String> {
        let ident = self.ident()?;
        if matches!(ident.quote_style, None | Some('`')) {
            Ok(ident.value.to_ascii_lowercase())
        } else {
            Err(self.source.syntax_span(ident.span))
        }
    }

    /// `t` or `db.t`.
    pub(crate) fn table_name(&mut self) -> crate::Result<TableName> {
        let first = self.name()?;
        if self.eat(&Token::Period) {
            return Ok(TableName { database: Some(first), table: self.name()? });
        }
        Ok(TableName { database: None, table: first })
    }

    /// `a, b, …`.
    pub(crate) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> crate::Result<T>,
    ) -> crate::Result<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.eat(&Token::Comma) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// `(a, b, …)`.
    pub(crate) fn parenthesized<T>(
        &mut self,
        item: impl FnMut(&mut Self) -> crate::Result<T>,
    ) -> crate::Result<Vec<T>> {
        self.expect(&Token::LParen)?;
        let items = self.list(item)?;
        self.expect(&Token::RParen)?;
        Ok(items)
    }

    /// A string literal.
    pub(crate) fn string(&mut self) -> crate::Result<String> {
        if !matches!(self.peek(), Token::SingleQuotedString(_)) {
            return Err(self.unexpected());
        }
        match self.take() {
            Token::SingleQuotedString(text) => Ok(text),
            _ => Err(self.unexpected()),
        }
    }

    /// A name or a string literal, for names of character sets and the like.
    pub(crate) fn name_or_string(&mut self) -> crate::Result<String> {
        match self.peek() {
            Token::SingleQuotedString(_) => self.string(),
            _ => self.any_word(),
        }
    }

    /// An unsigned integer literal.
    pub(crate) fn unsigned(&mut self) -> crate::Result<u64> {
        let value = match self.peek() {
            Token::Number(number, _) => number.parse().ok(),
            _ => None,
        };
        let Some(value) = value else { return Err(self.unexpected()) };
        self.skip();
        Ok(value)
    }

    /// An expression.
    pub(crate) fn expr(&mut self) -> crate::Result<Expr> {
        let expr = self.parser.parse_expr().map_err(|error| self.source.parser_error(error))?;
        self.lower().expr(expr)
    }

    /// A literal, name or call, with its sign: an expression without operators after it.
    pub(crate) fn operand(&mut self) -> crate::Result<Expr> {
        let expr = self.parser.parse_prefix().map_err(|error| self.source.parser_error(error))?;
        self.lower().expr(expr)
    }

    /// A query.
    pub(crate) fn query(&mut self) -> crate::Result<Query> {
        let query = self.parser.parse_query().map_err(|error| self.source.parser_error(error))?;
        self.lower().query(*query)
    }

    /// What stands after FROM (or UPDATE): tables and joins; none for DUAL.
    pub(crate) fn tables(&mut self) -> crate::Result<Option<TableExpr>> {
        let mut tables = Vec::new();
        loop {
            tables
                .push(self.parser.parse_table_and_joins().map_err(|error| self.source.parser_error(error))?);
            if !self.eat(&Token::Comma) {
                return self.lower().from(tables);
            }
        }
    }

    /// `ORDER BY …`, if there is one.
    pub(crate) fn order_by(&mut self) -> crate::Result<Vec<crate::ast::OrderItem>> {
        if !self.words(&["ORDER", "BY"]) {
            return Ok(Vec::new());
        }
        let items = self
            .parser
            .parse_comma_separated(Parser::parse_order_by_expr)
            .map_err(|error| self.source.parser_error(error))?;
        self.lower().order_by(items)
    }

    /// `LIMIT n` of UPDATE and DELETE, which has no offset.
    pub(crate) fn limit(&mut self) -> crate::Result<Option<Expr>> {
        if !self.word("LIMIT") {
            return Ok(None);
        }
        let value = self.parser.parse_expr().map_err(|error| self.source.parser_error(error))?;
        self.lower().limit_value(value).map(Some)
    }
}
