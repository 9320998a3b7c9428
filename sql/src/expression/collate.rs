//! Which collation a comparison or a text result takes: coercibility.
//!
//! (MySQL 8.4 Reference Manual, "Collation Coercibility in Expressions".) The operand of lower coercibility wins; of two
//! equal ones a binary string wins, then the `_bin` collation of the two; else the mix is refused with 1267.

use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::types::Collation;

/// How strongly an expression holds on to its collation; the numbers are COERCIBILITY()'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coercibility {
    /// COLLATE.
    Explicit = 0,
    /// A column, a variable, a cast.
    Implicit = 2,
    /// USER() and its like.
    System = 3,
    /// A literal, a parameter.
    Coercible = 4,
    /// A number or a date.
    Numeric = 5,
    /// NULL.
    Ignorable = 6,
}

impl Coercibility {
    fn name(self) -> &'static str {
        match self {
            Coercibility::Explicit => "EXPLICIT",
            Coercibility::Implicit => "IMPLICIT",
            Coercibility::System => "SYSCONST",
            Coercibility::Coercible => "COERCIBLE",
            Coercibility::Numeric => "NUMERIC",
            Coercibility::Ignorable => "IGNORABLE",
        }
    }
}

impl Expression {
    /// How strongly the expression holds on to its collation.
    #[must_use]
    pub fn coercibility(&self) -> Coercibility {
        match self {
            Expression::Constant { value, .. } if value.is_null() => Coercibility::Ignorable,
            Expression::Collate { .. } => Coercibility::Explicit,
            _ if !self.data_type().is_string() => Coercibility::Numeric,
            Expression::Constant { .. } | Expression::Parameter { .. } => Coercibility::Coercible,
            Expression::Case { branches, otherwise, .. } => {
                strongest(branches.iter().map(|(_, result)| result).chain([otherwise.as_ref()]))
            }
            Expression::Call { function, arguments, .. } => {
                if arguments.is_empty() {
                    Coercibility::System
                } else if function.takes_text() {
                    strongest(arguments.iter())
                } else {
                    Coercibility::Coercible
                }
            }
            Expression::Cast { operand, .. } if !operand.data_type().is_string() => Coercibility::Coercible,
            Expression::Cast { operand, .. } => operand.coercibility().max(Coercibility::Implicit),
            Expression::AssignVariable { operand, .. } => operand.coercibility(),
            _ => Coercibility::Implicit,
        }
    }
}

fn strongest<'a>(operands: impl Iterator<Item = &'a Expression>) -> Coercibility {
    operands
        .filter(|operand| operand.data_type().is_string())
        .map(Expression::coercibility)
        .min()
        .unwrap_or(Coercibility::Coercible)
}

/// The collation that the texts among `operands` agree on for `operation`; `connection` when none is text.
///
/// # Errors
/// 1267 when they do not agree.
pub(super) fn agree<'a>(
    operands: impl IntoIterator<Item = &'a Expression>,
    connection: Collation,
    operation: &str,
) -> Result<Collation> {
    let mut found: Option<(Collation, Coercibility)> = None;
    for operand in operands {
        let data_type = operand.data_type();
        if !data_type.is_string() {
            continue;
        }
        let candidate = (data_type.collation, operand.coercibility());
        found = Some(match found {
            None => candidate,
            Some(best) => stronger(best, candidate, operation)?,
        });
    }
    Ok(found.map_or(connection, |(collation, _)| collation))
}

fn stronger(
    left: (Collation, Coercibility),
    right: (Collation, Coercibility),
    operation: &str,
) -> Result<(Collation, Coercibility)> {
    if left.0 == right.0 {
        return Ok((left.0, left.1.min(right.1)));
    }
    if left.1 != right.1 {
        return Ok(if left.1 < right.1 { left } else { right });
    }
    if left.1 != Coercibility::Explicit {
        // Bytes beat text; of two collations of one character set the binary one wins.
        for candidate in [left, right] {
            if candidate.0 == Collation::Binary {
                return Ok(candidate);
            }
        }
        match (left.0.is_binary(), right.0.is_binary()) {
            (true, false) => return Ok(left),
            (false, true) => return Ok(right),
            _ => {}
        }
    }
    Err(Error {
        code: 1267,
        state: *b"HY000",
        message: format!(
            "Illegal mix of collations ({},{}) and ({},{}) for operation '{operation}'",
            left.0.name(),
            left.1.name(),
            right.0.name(),
            right.1.name()
        ),
    })
}
