//! Conditions: which handler is for them, and their items. Programs of sessions and those within a statement have them alike.

use crate::ast::{Action, ConditionItem, ConditionValue, Program};
use crate::error::Error;
use crate::session::{ConditionItems, Warning, WarningLevel};
use crate::types::text::to_text;
use crate::types::{DataType, TypeKind, Value};

/// Characters of a condition's message.
const MESSAGE_CHARACTERS_MAX: usize = 128;
/// Characters of its other items.
const ITEM_CHARACTERS_MAX: usize = 64;

/// Whether a step raises conditions of its own, rather than leaving those of the one before.
#[must_use]
pub fn raises(action: &Action) -> bool {
    match action {
        Action::Run(_)
        | Action::Set { value: Some(_), .. }
        | Action::JumpUnless { .. }
        | Action::Open(_)
        | Action::Return(_)
        | Action::Fetch { .. } => true,
        Action::Set { value: None, .. }
        | Action::Jump(_)
        | Action::CaseNotFound
        | Action::Close(_)
        | Action::CloseBetween { .. }
        | Action::EndHandler(_) => false,
    }
}

/// The handler that stands for a condition in a scope.
#[must_use]
pub fn find(
    program: &Program,
    scope: usize,
    code: u16,
    state: [u8; 5],
    level: WarningLevel,
) -> Option<usize> {
    let mut next = Some(scope);
    while let Some(scope) = next.and_then(|scope| program.scopes.get(scope)) {
        let best = scope
            .handlers
            .iter()
            .filter_map(|number| {
                let handler = program.handlers.get(*number)?;
                let ranks = handler.conditions.iter().filter_map(|value| rank(*value, code, state, level));
                ranks.min().map(|rank| (rank, *number))
            })
            .min();
        if let Some((_, number)) = best {
            return Some(number);
        }
        next = scope.parent;
    }
    None
}

/// How well a handler's condition fits, the less the better; none for not at all.
fn rank(value: ConditionValue, code: u16, state: [u8; 5], level: WarningLevel) -> Option<u8> {
    let fits = match value {
        ConditionValue::Code(of) => of == code,
        ConditionValue::State(of) => of == state,
        ConditionValue::Warning => state.starts_with(b"01") || level == WarningLevel::Warning,
        ConditionValue::NotFound => state.starts_with(b"02"),
        ConditionValue::Exception => {
            level == WarningLevel::Error && !state.starts_with(b"01") && !state.starts_with(b"02")
        }
    };
    let rank = match value {
        ConditionValue::Code(_) => 0,
        ConditionValue::State(_) => 1,
        ConditionValue::NotFound => 2,
        ConditionValue::Warning | ConditionValue::Exception => 3,
    };
    fits.then_some(rank)
}

/// A condition that SIGNAL raises, before its items.
#[must_use]
pub fn raised(state: [u8; 5]) -> Warning {
    let (level, code, message) = match &state[..2] {
        b"01" => (WarningLevel::Warning, 1642, "Unhandled user-defined warning condition"),
        b"02" => (WarningLevel::Error, 1643, "Unhandled user-defined not found condition"),
        _ => (WarningLevel::Error, 1644, "Unhandled user-defined exception condition"),
    };
    // Nobody has said where it comes from.
    let mut items = Box::<ConditionItems>::default();
    items.set(ConditionItem::ClassOrigin, String::new());
    items.set(ConditionItem::SubclassOrigin, String::new());
    Warning { level, code, message: message.to_owned(), state: Some(state), items: Some(items) }
}

/// Sets an item of a condition.
///
/// # Errors
/// 1231, 1648.
pub fn set_item(
    condition: &mut Warning,
    item: ConditionItem,
    value: &Value,
    of: &DataType,
) -> Result<(), Error> {
    let refused = |value: &str| {
        let message = format!("Variable '{}' can't be set to the value of '{value}'", item.word());
        Err(Error::mysql(1231, *b"42000", message))
    };
    let Some(text) = to_text(value, of) else { return refused("NULL") };
    let text = String::from_utf8_lossy(&text).into_owned();
    if item == ConditionItem::MysqlErrno {
        return match text.parse::<u16>() {
            Ok(code) if code > 0 => {
                condition.code = code;
                Ok(())
            }
            _ => refused(&text),
        };
    }
    let most = if item == ConditionItem::MessageText { MESSAGE_CHARACTERS_MAX } else { ITEM_CHARACTERS_MAX };
    if text.chars().count() > most {
        let message = format!("Data too long for condition item '{}'", item.word());
        return Err(Error::mysql(1648, *b"HY000", message));
    }
    if item == ConditionItem::MessageText {
        condition.message = text;
        return Ok(());
    }
    let items = condition.items.get_or_insert_default();
    items.set(item, text);
    Ok(())
}

/// An item of a condition.
#[must_use]
pub fn item_of(condition: &Warning, item: ConditionItem) -> Value {
    let text = |text: &str| Value::Text(bytes::Bytes::copy_from_slice(text.as_bytes()));
    let state = condition.state.unwrap_or_else(|| super::warning_state(condition.code));
    let own = condition.items.as_deref().and_then(|items: &ConditionItems| items.get(item));
    if let Some(own) = own {
        return text(own);
    }
    match item {
        ConditionItem::ReturnedSqlstate => text(&String::from_utf8_lossy(&state)),
        ConditionItem::MessageText => text(&condition.message),
        ConditionItem::MysqlErrno => Value::UInt(condition.code.into()),
        ConditionItem::ClassOrigin | ConditionItem::SubclassOrigin => text("ISO 9075"),
        ConditionItem::ConstraintCatalog
        | ConditionItem::ConstraintSchema
        | ConditionItem::ConstraintName
        | ConditionItem::CatalogName
        | ConditionItem::SchemaName
        | ConditionItem::TableName
        | ConditionItem::ColumnName
        | ConditionItem::CursorName => text(""),
    }
}

/// A value as a user variable holds it: dates and times as text, decimals with their column's digits.
#[must_use]
pub fn variable_value(value: &Value, of: &DataType) -> Value {
    match (value, of.kind) {
        (Value::Decimal(decimal), TypeKind::Decimal { scale, .. }) => Value::Decimal(decimal.rescale(scale)),
        (Value::Date(_) | Value::Time(_) | Value::DateTime(_) | Value::Json(_), _) => {
            to_text(value, of).map_or(Value::Null, Value::Text)
        }
        _ => value.clone(),
    }
}
