//! SIGNAL, RESIGNAL and GET DIAGNOSTICS.

use sql::Error;
use sql::ast::{AssignmentTarget, ConditionItem, DiagnosticTarget, GetDiagnostics, Signal};
use sql::execute::Outcome;
use sql::session::{ConditionItems, Warning, WarningLevel};
use sql::types::{DataType, Value};

use crate::node::plan_cache::parameter_type;
use crate::node::session::Session;

/// Characters of a condition's message.
const MESSAGE_CHARACTERS_MAX: usize = 128;
/// Characters of its other items.
const ITEM_CHARACTERS_MAX: usize = 64;

impl Session {
    /// SIGNAL and RESIGNAL.
    ///
    /// # Errors
    /// The condition, unless it is a warning; 1231, 1645, 1648.
    pub(in crate::node) async fn signal(
        &mut self,
        signal: &Signal,
        parameters: &[Value],
    ) -> Result<Outcome, Error> {
        let types = self.parameter_types(parameters);
        let mut condition = if signal.again {
            let Some(handled) = self.programs.handled.last().filter(|_| self.programs.is_handling()) else {
                return Err(Error::mysql(1645, *b"0K000", "RESIGNAL when handler not active"));
            };
            let Some(last) = handled.last().cloned() else {
                return Err(Error::internal("a handler without a condition"));
            };
            let mut earlier = handled.clone();
            if signal.state.is_none() {
                earlier.pop();
            }
            self.state.warning_count = earlier.len() as u64;
            self.state.warnings = earlier;
            last
        } else {
            Warning { level: WarningLevel::Error, code: 0, message: String::new(), state: None, items: None }
        };
        if let Some(state) = signal.state {
            condition = raised(state);
        }
        for (item, expr) in &signal.items {
            let (value, of) = self.argument_value(expr, parameters, &types).await?;
            set_item(&mut condition, *item, &value, &of)?;
        }
        let state = condition.state.unwrap_or(*b"HY000");
        if condition.level == WarningLevel::Error {
            self.programs.raised = condition.items.clone();
            return Err(Error { code: condition.code, state, message: condition.message });
        }
        self.state.warn(condition.level, condition.code, condition.message);
        if let Some(last) = self.state.warnings.last_mut() {
            (last.state, last.items) = (Some(state), condition.items);
        }
        Ok(Outcome::default())
    }

    fn parameter_types(&mut self, parameters: &[Value]) -> Vec<DataType> {
        self.programs.types.take().unwrap_or_else(|| {
            parameters.iter().map(|value| parameter_type(value).unwrap_or(DataType::NULL)).collect()
        })
    }

    /// GET DIAGNOSTICS.
    ///
    /// # Errors
    /// 3004; 1758 is a condition of its own.
    pub(in crate::node) async fn get_diagnostics(
        &mut self,
        get: &GetDiagnostics,
        parameters: &[Value],
    ) -> Result<Outcome, Error> {
        let types = self.parameter_types(parameters);
        let conditions = match get.stacked {
            false => self.state.warnings.clone(),
            true => match self.programs.handled.last().filter(|_| self.programs.is_handling()) {
                Some(handled) => handled.clone(),
                None => {
                    let message = "GET STACKED DIAGNOSTICS when handler not active";
                    return Err(Error::mysql(3004, *b"0Z002", message));
                }
            },
        };
        let mut values = Vec::new();
        for (target, is_number) in &get.statement {
            let value = match is_number {
                true => Value::UInt(conditions.len() as u64),
                false => Value::Int(self.state.row_count),
            };
            values.push((target, value));
        }
        if let Some((number, items)) = &get.condition {
            let (number, _) = self.argument_value(number, parameters, &types).await?;
            let position = match number {
                Value::Int(number) => usize::try_from(number).ok(),
                Value::UInt(number) => usize::try_from(number).ok(),
                _ => None,
            };
            let condition =
                position.and_then(|number| number.checked_sub(1)).and_then(|at| conditions.get(at));
            let Some(condition) = condition else {
                self.state.warn(WarningLevel::Error, 1758, "Invalid condition number");
                return Ok(Outcome::default());
            };
            for (target, item) in items {
                values.push((target, item_of(condition, *item)));
            }
        }
        for (target, value) in values {
            self.put_diagnostic(target, value)?;
        }
        Ok(Outcome::default())
    }

    fn put_diagnostic(&mut self, target: &DiagnosticTarget, value: Value) -> Result<(), Error> {
        match (target, &mut self.programs.outputs) {
            (DiagnosticTarget::User(name), _) => {
                let node = std::sync::Arc::clone(&self.node);
                let target = AssignmentTarget::User(name.clone());
                sql::variables::assign(&target, Some(value), &mut self.state, &*node)
            }
            (DiagnosticTarget::Slot(slot), Some(outputs)) => {
                let of = DataType::of_value(&value, self.state.variables.collation_connection);
                outputs.push((*slot, value, of));
                Ok(())
            }
            (DiagnosticTarget::Slot(_), None) => Err(Error::internal("a variable outside of a program")),
        }
    }
}

/// A condition that SIGNAL raises, before its items.
fn raised(state: [u8; 5]) -> Warning {
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

fn set_item(condition: &mut Warning, item: ConditionItem, value: &Value, of: &DataType) -> Result<(), Error> {
    let refused = |value: &str| {
        let message = format!("Variable '{}' can't be set to the value of '{value}'", item.word());
        Err(Error::mysql(1231, *b"42000", message))
    };
    let Some(text) = sql::types::text::to_text(value, of) else { return refused("NULL") };
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

fn item_of(condition: &Warning, item: ConditionItem) -> Value {
    let text = |text: &str| Value::Text(bytes::Bytes::copy_from_slice(text.as_bytes()));
    let state = condition.state.unwrap_or_else(|| sql::program::warning_state(condition.code));
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
