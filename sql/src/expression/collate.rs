//! Which collation a comparison or a text result takes: coercibility.
//!
//! (MySQL 8.4 Reference Manual, "Collation Coercibility in Expressions".) The operand of lower coercibility wins. Bytes win over
//! text of the same coercibility, the `_bin` collation over others of its character set, a Unicode set over one that is none,
//! and what is all ASCII goes with anything. Else a comparison is refused (1267, 1270, 1271), and a text that is made of such
//! operands has the `_bin` collation and no say of its own ([`Coercibility::None`]). A literal is converted to the
//! character set that wins; one that cannot be is refused as well.

use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::types::{CharacterSet, Collation, DataType, TypeKind, Value};

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
    /// Made of texts that do not agree.
    None = 7,
}

impl Coercibility {
    fn name(self) -> &'static str {
        match self {
            Coercibility::Explicit => "EXPLICIT",
            Coercibility::None => "NONE",
            Coercibility::Implicit => "IMPLICIT",
            Coercibility::System => "SYSCONST",
            Coercibility::Coercible => "COERCIBLE",
            Coercibility::Numeric => "NUMERIC",
            Coercibility::Ignorable => "NULL",
        }
    }
}

/// What an operand brings with it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Held {
    collation: Collation,
    coercibility: Coercibility,
    /// All of it is ASCII.
    ascii: bool,
}

impl Held {
    fn of(operand: &Expression) -> Held {
        Held {
            collation: operand.data_type().collation,
            coercibility: operand.coercibility(),
            ascii: operand.is_ascii(),
        }
    }

    fn set(self) -> CharacterSet {
        self.collation.set()
    }

    /// Whether the other can be converted to this one's character set without loss, and has no better claim.
    fn is_above(self, other: Held) -> bool {
        let (own, others) = (self.set(), other.set());
        let same = self.coercibility == other.coercibility;
        let wider = !others.is_unicode()
            || own.is_full_unicode()
                && !others.is_full_unicode()
                && own.bytes_max() > others.bytes_max()
                && own.bytes_min() == others.bytes_min();
        if own.is_unicode() && (self.coercibility < other.coercibility || same && wider) {
            return true;
        }
        other.ascii && (self.coercibility < other.coercibility || same && !self.ascii)
    }

    /// What the two of them are; none if they do not go together.
    fn with(self, other: Held) -> Option<Held> {
        let ascii = self.ascii && other.ascii;
        let stronger = if other.coercibility < self.coercibility { other } else { self };
        if self.set() == other.set() {
            if self.coercibility != other.coercibility || self.collation == other.collation {
                return Some(Held { ascii, ..stronger });
            }
            if self.coercibility == Coercibility::Explicit {
                return None;
            }
            let binary = self.set().binary_collation();
            return Some(if self.collation == binary || other.collation == binary {
                Held { collation: binary, ascii, ..self }
            } else {
                Held { collation: binary, coercibility: Coercibility::None, ascii }
            });
        }
        if self.coercibility == Coercibility::Explicit && other.coercibility == Coercibility::Explicit {
            return None;
        }
        let bytes = |held: Held| held.collation == Collation::Binary;
        let winner = if bytes(self) {
            stronger
        } else if bytes(other) {
            if other.coercibility <= self.coercibility { other } else { self }
        } else if self.is_above(other) {
            self
        } else if other.is_above(self) || (stronger != self && self.coercibility >= Coercibility::System) {
            other
        } else if self.coercibility < other.coercibility && other.coercibility >= Coercibility::System {
            self
        } else {
            return None;
        };
        Some(Held { ascii, ..winner })
    }
}

/// What the texts among operands are together; the first is taken as it is.
fn together<'a>(operands: impl Iterator<Item = &'a Expression>) -> Option<Held> {
    let mut texts = operands.filter(|operand| operand.data_type().is_string()).map(Held::of);
    let first = texts.next()?;
    texts.try_fold(first, Held::with)
}

impl Expression {
    /// How strongly the expression holds on to its collation.
    #[must_use]
    pub fn coercibility(&self) -> Coercibility {
        match self {
            Expression::Constant { value, .. } if value.is_null() => Coercibility::Ignorable,
            Expression::Collate { .. } => Coercibility::Explicit,
            Expression::Stored { .. } => Coercibility::Coercible,
            _ if self.data_type().is_json() => Coercibility::Implicit,
            _ if !self.data_type().is_string() => Coercibility::Numeric,
            Expression::Column { data_type, .. } | Expression::Outer { data_type, .. }
                if data_type.has_weak_collation() =>
            {
                Coercibility::Coercible
            }
            Expression::ScalarSubquery(_) | Expression::SubqueryColumn { .. }
                if self.data_type().has_weak_collation() =>
            {
                Coercibility::Coercible
            }
            Expression::Parameter { is_variable: true, .. } => Coercibility::Implicit,
            Expression::Constant { .. } | Expression::Parameter { .. } => Coercibility::Coercible,
            Expression::Case { branches, otherwise, .. } => {
                strongest(branches.iter().map(|(_, result)| result).chain([otherwise.as_ref()]))
            }
            Expression::Call { function, arguments, .. } => {
                if arguments.is_empty() {
                    Coercibility::System
                } else if matches!(function.name, "GREATEST" | "LEAST")
                    || function.takes_text() && function.gives_text_of_arguments()
                {
                    strongest(arguments.iter())
                } else {
                    Coercibility::Coercible
                }
            }
            // What the binder turns into text for a function keeps its operand's claim; a written cast is the same expression,
            // and MySQL calls it implicit.
            Expression::Cast { to, .. } if to.display_width == DataType::IMPLICIT_TEXT => {
                Coercibility::Coercible
            }
            Expression::Cast { operand, .. } => operand.coercibility().min(Coercibility::Implicit),
            Expression::AssignVariable { operand, .. } => operand.coercibility(),
            _ => Coercibility::Implicit,
        }
    }

    /// Whether the text that the expression gives is surely all ASCII.
    fn is_ascii(&self) -> bool {
        match self {
            Expression::Constant { value: Value::Text(text) | Value::Blob(text), .. } => text.is_ascii(),
            Expression::Collate { operand, .. } | Expression::AssignVariable { operand, .. } => {
                operand.is_ascii()
            }
            Expression::Cast { operand, to } => {
                to.collation.set() == CharacterSet::Ascii || operand.is_ascii()
            }
            Expression::Case { branches, otherwise, .. } => {
                branches.iter().all(|(_, result)| result.is_ascii()) && otherwise.is_ascii()
            }
            Expression::Call { function, arguments, data_type, .. } => {
                data_type.collation.set() == CharacterSet::Ascii
                    || !arguments.is_empty()
                        && (!function.gives_text_of_arguments() || arguments.iter().all(Expression::is_ascii))
            }
            _ => {
                let data_type = self.data_type();
                !data_type.is_string() || data_type.collation.set() == CharacterSet::Ascii
            }
        }
    }
}

fn strongest<'a>(operands: impl Iterator<Item = &'a Expression> + Clone) -> Coercibility {
    let found = together(operands.clone()).map_or(Coercibility::Coercible, |held| held.coercibility);
    if found != Coercibility::None {
        return found;
    }
    // A number or NULL has a stronger claim than one text without any.
    let mut types = operands.clone().map(Expression::data_type);
    if types.clone().filter(DataType::is_string).count() > 1 {
        return found;
    }
    match types.any(|own| !own.is_string() && own.kind != TypeKind::Null) {
        true => Coercibility::Coercible,
        false if operands.clone().count() > 1 => Coercibility::Ignorable,
        false => found,
    }
}

/// Bytes of a text that an error shows.
const SHOWN_BYTES_MAX: usize = 6;

/// What the operands are wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// They are compared: they must agree.
    Comparison,
    /// They become parts of a text.
    Result,
}

/// The collation that the texts among `operands` agree on for `operation`; `connection` when none is text.
///
/// # Errors
/// 1267, 1270, 1271 when they do not agree, 3854 for a literal that the character set has not.
pub(crate) fn agree<'a>(
    operands: impl IntoIterator<Item = &'a Expression>,
    connection: Collation,
    operation: &str,
    wanted: Wanted,
) -> Result<Collation> {
    let mut found: Option<Held> = None;
    let mut seen: Vec<&Expression> = Vec::new();
    let mut mixed = false;
    let mut lossy = false;
    let mut text_count = 0;
    // The claim of two that do not agree: a third one with a stronger claim decides.
    let mut conflict: Option<Coercibility> = None;
    for operand in operands {
        let data_type = operand.data_type();
        seen.push(operand);
        if !data_type.is_string() {
            continue;
        }
        text_count += 1;
        let held = Held::of(operand);
        match found {
            None => found = Some(held),
            Some(best) if best == held => {}
            Some(best) => {
                lossy |= best.set() != held.set();
                conflict = conflict.filter(|level| held.coercibility >= *level);
                match best.with(held) {
                    Some(both) => {
                        let is_new = best.coercibility != Coercibility::None
                            && held.coercibility != Coercibility::None
                            && both.coercibility == Coercibility::None;
                        conflict = if is_new { Some(held.coercibility) } else { conflict };
                        found = Some(both);
                    }
                    None => mixed = true,
                }
            }
        }
    }
    let Some(found) = found else { return Ok(connection) };
    let disagrees = conflict.is_some() || found.coercibility == Coercibility::None && text_count > 1;
    if mixed || wanted == Wanted::Comparison && disagrees {
        return Err(illegal_mix(&seen, operation));
    }
    if lossy {
        seen.iter().try_for_each(|operand| check_can_become(operand, found.set()))?;
    }
    if lossy && wanted == Wanted::Result && found.collation != Collation::Binary {
        seen.iter().try_for_each(|operand| check_is_text(operand, found.set()))?;
    }
    Ok(found.collation)
}

/// That an operand, if it is a literal, has a text in the character set.
///
/// # Errors
/// 3854 if not.
fn check_can_become(operand: &Expression, set: CharacterSet) -> Result<()> {
    let Some(Value::Text(text)) = operand.as_constant() else { return Ok(()) };
    if set.first_lost(text).is_none() {
        return Ok(());
    }
    Err(cannot_become(text, operand.data_type().collation.set(), set))
}

/// That an operand, if it is a literal of bytes, is a text in the character set.
///
/// # Errors
/// 3854 if not.
fn check_is_text(operand: &Expression, set: CharacterSet) -> Result<()> {
    let Some(Value::Blob(bytes)) = operand.as_constant() else { return Ok(()) };
    set.decode_literal(bytes).map(drop).map_err(|at| not_text(bytes, at, set))
}

/// Bytes that are no text from the place on.
pub(crate) fn not_text(bytes: &[u8], at: usize, set: CharacterSet) -> Error {
    let rest = &bytes[at.min(bytes.len())..];
    let shown: String = rest.iter().take(SHOWN_BYTES_MAX).map(|byte| format!("\\x{byte:02X}")).collect();
    let more = if rest.len() > SHOWN_BYTES_MAX { "..." } else { "" };
    let message = format!("Cannot convert string '{shown}{more}' from binary to {}", set.name());
    Error { code: 3854, state: *b"HY000", message }
}

/// A text of one character set that is none of another.
pub(crate) fn cannot_become(text: &[u8], own: CharacterSet, set: CharacterSet) -> Error {
    let bytes = own.encode(text);
    let more = if bytes.len() > SHOWN_BYTES_MAX { "..." } else { "" };
    let shown: String = bytes
        .iter()
        .take(SHOWN_BYTES_MAX)
        .map(|byte| match byte {
            0x20..=0x7e => char::from(*byte).to_string(),
            _ => format!("\\x{byte:02X}"),
        })
        .collect();
    Error {
        code: 3854,
        state: *b"HY000",
        message: format!("Cannot convert string '{shown}{more}' from {} to {}", own.name(), set.name()),
    }
}

pub(super) fn illegal_mix(operands: &[&Expression], operation: &str) -> Error {
    let shown: Vec<String> = operands
        .iter()
        .map(|operand| {
            let coercibility = operand.coercibility();
            let collation = match coercibility {
                Coercibility::Numeric => "latin1_swedish_ci",
                Coercibility::Ignorable => "binary",
                _ => operand.data_type().collation.name(),
            };
            format!("({collation},{})", coercibility.name())
        })
        .collect();
    let (code, message) = match shown.as_slice() {
        [left, right] => {
            (1267, format!("Illegal mix of collations {left} and {right} for operation '{operation}'"))
        }
        [first, second, third] => {
            let all = format!("{first}, {second}, {third}");
            (1270, format!("Illegal mix of collations {all} for operation '{operation}'"))
        }
        _ => (1271, format!("Illegal mix of collations for operation '{operation}'")),
    };
    Error { code, state: *b"HY000", message }
}
