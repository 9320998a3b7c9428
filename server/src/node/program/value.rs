//! Values of expressions in programs, and of variables.

use std::sync::Arc;

use sql::Error;
use sql::ast::{Bound, Expr, QueryBody, SelectItem, Statement};
use sql::catalog::Column;
use sql::execute::{ResultColumn, Sink};
use sql::program;
use sql::types::{DataType, Value};
use storage::txn::Transaction;

use super::frame::Frame;
use crate::node::plan_cache::CachedPlan;
use crate::node::result::Answer;
use crate::node::run_plan::{Parts, make_context};
use crate::node::session::Session;

impl Session {
    /// The value of a program's expression, and its type.
    pub(super) async fn bound_value(
        &mut self,
        bound: &Bound,
        at: usize,
        frame: &mut Frame,
    ) -> Result<(Value, DataType), Error> {
        self.state.warnings.clear();
        self.state.warning_count = 0;
        match single(&bound.statement) {
            Some(Expr::Literal(value)) => return Ok((value.clone(), self.type_of(value))),
            Some(Expr::Parameter(index)) => {
                if let Some(slot) = bound.inputs.get(*index) {
                    return Ok(frame.get(*slot));
                }
            }
            _ => {}
        }
        let (values, types) = frame.inputs(bound);
        let mut plan = frame.plans.get_mut(at).and_then(Option::take);
        let result = self.query_value(&bound.statement, &values, types, &mut plan).await;
        if let Some(place) = frame.plans.get_mut(at) {
            *place = plan;
        }
        result
    }

    /// The value of an argument of CALL.
    pub(super) async fn argument_value(
        &mut self,
        expr: &Expr,
        parameters: &[Value],
        types: &[DataType],
    ) -> Result<(Value, DataType), Error> {
        match expr {
            Expr::Literal(value) => return Ok((value.clone(), self.type_of(value))),
            Expr::Parameter(index) => {
                if let (Some(value), Some(of)) = (parameters.get(*index), types.get(*index)) {
                    return Ok((value.clone(), *of));
                }
            }
            Expr::UserVariable(name) => {
                let value = self.state.user_variables.get(name).cloned().unwrap_or(Value::Null);
                let of = self.type_of(&value);
                return Ok((value, of));
            }
            _ => {}
        }
        let statement = Arc::new(sql::ast::select_of(expr.clone()));
        self.query_value(&statement, parameters, types.to_vec(), &mut None).await
    }

    fn type_of(&self, value: &Value) -> DataType {
        DataType::of_value(value, self.state.variables.collation_connection)
    }

    async fn query_value(
        &mut self,
        statement: &Arc<Statement>,
        values: &[Value],
        types: Vec<DataType>,
        plan: &mut Option<Arc<CachedPlan>>,
    ) -> Result<(Value, DataType), Error> {
        let mut single = Single { value: Value::Null, of: DataType::NULL };
        self.programs.types = Some(types);
        let result = Box::pin(self.run_planned(statement, values, Some(plan), &mut single)).await;
        self.programs.types = None;
        result?;
        Ok((single.value, single.of))
    }

    /// Gives a variable a value.
    ///
    /// # Errors
    /// Those of columns.
    pub(super) fn assign_slot(
        &mut self,
        frame: &mut Frame,
        slot: usize,
        value: Value,
        from: &DataType,
    ) -> Result<(), Error> {
        let compiled = Arc::clone(&frame.compiled);
        let stored = match compiled.variables.get(slot) {
            Some(Some(variable)) => self.converted(variable, value, from)?,
            Some(None) => {
                frame.types[slot] = *from;
                value
            }
            None => return Err(Error::internal("no such variable")),
        };
        frame.values[slot] = stored;
        Ok(())
    }

    fn converted(&mut self, variable: &Column, value: Value, from: &DataType) -> Result<Value, Error> {
        if program::fits(variable, &value) {
            return Ok(value);
        }
        let node = Arc::clone(&self.node);
        let catalog = node.catalog();
        let strict = self.state.variables.sql_mode.is_strict();
        let mut txn = Transaction::begin(&node.store, &node.locks, node.take_txn_id());
        let mut context = make_context(Parts {
            session: &mut self.state,
            catalog: &catalog,
            txn: &mut txn,
            parameters: &[],
            host: &node,
            killed: &self.connection.statement_killed,
            strict,
        });
        program::assign(variable, value, from, &mut context)
    }

    /// Whether a value is a true condition.
    pub(super) fn is_true(&mut self, value: &Value) -> bool {
        program::is_true(value, &mut self.state)
    }
}

/// The expression of a query of one value.
fn single(statement: &Statement) -> Option<&Expr> {
    let Statement::Query(query) = statement else { return None };
    let QueryBody::Select(select) = &query.body else { return None };
    match select.items.as_slice() {
        [SelectItem::Expression { expr, .. }] => Some(expr),
        _ => None,
    }
}

/// Takes the value of the first row.
struct Single {
    value: Value,
    of: DataType,
}

impl Sink for Single {
    fn columns(&mut self, columns: &[ResultColumn]) -> sql::Result<()> {
        self.of = columns.first().map_or(DataType::NULL, |column| column.data_type);
        Ok(())
    }

    fn row(&mut self, row: &[Value]) -> sql::Result<()> {
        self.value = row.first().cloned().unwrap_or(Value::Null);
        Ok(())
    }
}

impl Answer for Single {
    fn rewind(&mut self) -> bool {
        self.value = Value::Null;
        true
    }
}
