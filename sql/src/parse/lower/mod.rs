//! sqlparser's tree → [`crate::ast`].
//!
//! Lowering consumes the tree, so that literals are moved and a long left-leaning chain is taken apart by a loop. Nothing
//! is dropped: what [`crate::ast`] cannot express is refused with error 1235 naming it, and what MySQL's grammar does not
//! have, though sqlparser read it, is a syntax error.

pub(crate) mod data_type;
mod expression;
mod function;
mod json_table;
mod query;
mod window;

use sqlparser::ast::{Expr as Parsed, Ident, ObjectName, ObjectNamePart, Spanned};
use sqlparser::tokenizer::Span;

pub(crate) use expression::system_variable;
pub(crate) use function::aggregate as aggregate_function;
pub(crate) use function::is_native as is_native_function;

use crate::ast::TableName;
use crate::parse::keyword::is_reserved;
use crate::parse::source::Source;

/// Where an expression begins, near enough for an error. (sqlparser's own `span` visits the whole tree by recursion, which a long
/// chain of operators would carry past the end of the stack.)
fn place(mut expr: &Parsed) -> Span {
    loop {
        expr = match expr {
            Parsed::Identifier(ident) => return ident.span,
            Parsed::CompoundIdentifier(parts) => {
                return parts.first().map_or_else(Span::empty, |ident| ident.span);
            }
            Parsed::Value(value) => return value.span,
            Parsed::TypedString(typed) => return typed.value.span,
            Parsed::Function(call) => {
                let first = call.name.0.first().and_then(ObjectNamePart::as_ident);
                return first.map_or_else(Span::empty, |ident| ident.span);
            }
            Parsed::Interval(interval) => &interval.value,
            Parsed::BinaryOp { left, .. } => left,
            Parsed::UnaryOp { expr, .. } | Parsed::Nested(expr) | Parsed::Cast { expr, .. } => expr,
            Parsed::Tuple(members) if !members.is_empty() => &members[0],
            _ => return Span::empty(),
        };
    }
}

/// Lowers the tree of one statement.
pub(crate) struct Lower<'s, 'a> {
    /// The statement, for its text and mode.
    pub source: &'s Source<'a>,
}

impl Lower<'_, '_> {
    /// A name: quoted by backticks, or an unreserved word.
    pub(crate) fn name(&self, ident: Ident) -> crate::Result<String> {
        match ident.quote_style {
            None if is_reserved(ident.value.as_bytes()) => Err(self.source.syntax_span(ident.span)),
            None | Some('`') => Ok(ident.value),
            Some(_) => Err(self.source.syntax_span(ident.span)),
        }
    }

    /// A column alias, which may be a string too.
    fn alias(&self, ident: Ident) -> crate::Result<String> {
        if ident.quote_style == Some('\'') { Ok(ident.value) } else { self.name(ident) }
    }

    /// `t` or `db.t`.
    pub(crate) fn table_name(&self, name: ObjectName) -> crate::Result<TableName> {
        let span = name.span();
        let mut parts = self.name_parts(name)?;
        match (parts.pop(), parts.pop(), parts.is_empty()) {
            (Some(table), database, true) => Ok(TableName { database, table }),
            _ => Err(self.source.syntax_span(span)),
        }
    }

    fn name_parts(&self, name: ObjectName) -> crate::Result<Vec<String>> {
        let span = name.span();
        name.0
            .into_iter()
            .map(|part| match part {
                ObjectNamePart::Identifier(ident) => self.name(ident),
                ObjectNamePart::Function(_) => Err(self.source.syntax_span(span)),
            })
            .collect()
    }
}
