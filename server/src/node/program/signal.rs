//! SIGNAL, RESIGNAL and GET DIAGNOSTICS.

use sql::Error;
use sql::ast::{AssignmentTarget, DiagnosticTarget, GetDiagnostics, Signal};
use sql::execute::Outcome;
use sql::program::condition::{item_of, raised, set_item};
use sql::session::{Warning, WarningLevel};
use sql::types::{DataType, Value};

use crate::node::plan_cache::parameter_type;
use crate::node::session::Session;

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
