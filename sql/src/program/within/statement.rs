//! The statements of a trigger's body, and its expressions.

use super::frame::Frame;
use crate::ast::{
    AssignmentTarget, Bound, DiagnosticTarget, GetDiagnostics, IntoTarget, SelectInto, Signal, Statement,
};
use crate::error::Error;
use crate::execute::{self, Context, Outcome, ResultColumn, Run, Sink, SubqueryCache};
use crate::plan::{Plan, Planned};
use crate::program::condition::{item_of, raised, set_item, variable_value};
use crate::session::{Warning, WarningLevel};
use crate::types::{DataType, Value};
use crate::variables::{Isolation, SqlMode};

/// Runs a plan in the transaction of the statement around it, which is a change, or may be any (`is_change`).
///
/// # Errors
/// The statement's; suspends for locks.
pub(super) fn run_plan(
    plan: &Plan,
    parameters: &[Value],
    (is_assigning, is_change): (bool, bool),
    sink: &mut dyn Sink,
    ctx: &mut Context<'_>,
) -> Run<Outcome> {
    let strict = (plan.is_write() || is_assigning) && ctx.session.variables.sql_mode.has(SqlMode::STRICT);
    let mut locking = ctx.locking;
    if is_change && matches!(plan.statement, Planned::Query(_)) {
        // As the query of INSERT … SELECT.
        locking.reads |= match locking.isolation {
            Isolation::ReadCommitted => false,
            Isolation::RepeatableRead => !ctx.session.variables.snapshot_conflict,
            Isolation::Serializable => true,
        };
    }
    let mut inner = Context {
        session: &mut *ctx.session,
        catalog: ctx.catalog,
        txn: &mut *ctx.txn,
        view: ctx.view,
        locking,
        parameters,
        now_us: ctx.now_us,
        host: ctx.host,
        killed: ctx.killed,
        sleeps_done: ctx.sleeps_done,
        sleeps_met: ctx.sleeps_met,
        freshness: ctx.freshness.clone(),
        gave_last_insert_id: false,
        user_locks: std::mem::take(&mut ctx.user_locks),
        strict,
        outer_rows: Vec::new(),
        subqueries: SubqueryCache::within(),
    };
    let result = execute::run(plan, &mut inner, sink);
    let Context { sleeps_met, freshness, user_locks, mut subqueries, .. } = inner;
    (ctx.sleeps_met, ctx.freshness, ctx.user_locks) = (sleeps_met, freshness, user_locks);
    // What foreign keys have changed; its own tables the statement around it does not read (1442).
    subqueries.take_changed().into_iter().for_each(|table| ctx.subqueries.forget_readers(table));
    result
}

impl Frame<'_> {
    fn plan(&self, at: usize, number: usize) -> Run<&Plan> {
        match self.plan.steps.get(at).and_then(|plans| plans.get(number)) {
            Some(Ok(plan)) => Ok(plan),
            Some(Err(error)) => Err(error.clone().into()),
            None => Err(Error::internal("a step without a plan").into()),
        }
    }

    /// The value of an expression of a step, and its type.
    pub(super) fn value(
        &mut self,
        at: usize,
        number: usize,
        inputs: &[usize],
        is_assigning: bool,
        ctx: &mut Context<'_>,
    ) -> Run<(Value, DataType)> {
        if !self.keeps_conditions {
            ctx.session.warnings.clear();
            ctx.session.warning_count = 0;
        }
        let parameters = self.inputs(inputs);
        let mut single = Single { count: 1, ..Single::default() };
        let plan = self.plan(at, number)?;
        // What is wrong with a value that is assigned is an error in strict mode.
        let is_change = self.returns.is_none();
        execute::strictly(ctx, !is_assigning, |ctx| {
            run_plan(plan, &parameters, (is_assigning, is_change), &mut single, ctx)
        })?;
        let of = single.types.first().copied().unwrap_or(DataType::NULL);
        Ok((single.values.into_iter().next().unwrap_or(Value::Null), of))
    }

    /// A statement.
    pub(super) fn statement(&mut self, bound: &Bound, at: usize, ctx: &mut Context<'_>) -> Run<()> {
        self.keeps_conditions = match &*bound.statement {
            Statement::GetDiagnostics(_) => true,
            Statement::Signal(signal) => signal.again,
            _ => false,
        };
        if !self.keeps_conditions {
            ctx.session.warnings.clear();
            ctx.session.warning_count = 0;
        }
        let result = self.dispatch(bound, at, ctx);
        ctx.session.row_count = match &result {
            Ok(affected) => i64::try_from(*affected).unwrap_or(i64::MAX),
            Err(_) => -1,
        };
        result.map(|_| ())
    }

    fn dispatch(&mut self, bound: &Bound, at: usize, ctx: &mut Context<'_>) -> Run<u64> {
        match &*bound.statement {
            Statement::SelectInto(into) => self.select_into(into, bound, at, ctx),
            Statement::Set(assignments) => {
                for (number, assignment) in assignments.iter().enumerate() {
                    let (value, _) = self.value(at, number, &bound.inputs, false, ctx)?;
                    let AssignmentTarget::User(_) = &assignment.target else {
                        return Err(Error::not_supported("SET of a system variable in a trigger").into());
                    };
                    put_user(&assignment.target, value, ctx)?;
                }
                Ok(0)
            }
            Statement::Signal(signal) => self.signal(signal, bound, at, ctx).map(|()| 0),
            Statement::GetDiagnostics(get) => self.get_diagnostics(get, bound, at, ctx).map(|()| 0),
            _ => {
                let parameters = self.inputs(&bound.inputs);
                let mut nothing = Single::default();
                let is_change = self.returns.is_none();
                run_plan(self.plan(at, 0)?, &parameters, (false, is_change), &mut nothing, ctx)
                    .map(|outcome| outcome.affected)
            }
        }
    }

    fn select_into(
        &mut self,
        into: &SelectInto,
        bound: &Bound,
        at: usize,
        ctx: &mut Context<'_>,
    ) -> Run<u64> {
        let targets: Vec<DiagnosticTarget> = match &into.target {
            IntoTarget::Variables(names) => names.iter().cloned().map(DiagnosticTarget::User).collect(),
            IntoTarget::Program(targets) => targets.clone(),
            IntoTarget::File { .. } | IntoTarget::Dump { .. } => {
                return Err(Error::not_supported("SELECT … INTO OUTFILE in a trigger").into());
            }
        };
        let parameters = self.inputs(&bound.inputs);
        let mut single = Single { count: targets.len(), ..Single::default() };
        let plan = self.plan(at, 0)?;
        let is_change = self.returns.is_none();
        let result = execute::strictly(ctx, false, |ctx| {
            run_plan(plan, &parameters, (true, is_change), &mut single, ctx)
        });
        // Also when there was another row: as in MySQL.
        let is_error = matches!(result, Err(execute::Interrupt::Error(_)));
        if result.is_ok() || is_error {
            for ((target, value), of) in targets.iter().zip(single.values).zip(&single.types) {
                self.put(target, value, of, ctx)?;
            }
        }
        result?;
        if single.row_count == 0 {
            let message = "No data - zero rows fetched, selected, or processed";
            ctx.session.warn(WarningLevel::Warning, 1329, message);
        }
        Ok(single.row_count)
    }

    fn put(
        &mut self,
        target: &DiagnosticTarget,
        value: Value,
        of: &DataType,
        ctx: &mut Context<'_>,
    ) -> Run<()> {
        match target {
            DiagnosticTarget::User(name) => {
                put_user(&AssignmentTarget::User(name.clone()), variable_value(&value, of), ctx)
            }
            DiagnosticTarget::Slot(slot) => self.assign(*slot, value, of, ctx),
        }
    }

    /// SIGNAL and RESIGNAL.
    fn signal(&mut self, signal: &Signal, bound: &Bound, at: usize, ctx: &mut Context<'_>) -> Run<()> {
        let mut condition = if signal.again {
            let Some((_, _, handled)) = self.handling.last() else {
                return Err(Error::mysql(1645, *b"0K000", "RESIGNAL when handler not active").into());
            };
            let Some(last) = handled.last().cloned() else {
                return Err(Error::internal("a handler without a condition").into());
            };
            let mut earlier = handled.clone();
            if signal.state.is_none() {
                earlier.pop();
            }
            ctx.session.warning_count = earlier.len() as u64;
            ctx.session.warnings = earlier;
            last
        } else {
            Warning::new(WarningLevel::Error, 0, String::new())
        };
        if let Some(state) = signal.state {
            condition = raised(state);
        }
        for (number, (item, _)) in signal.items.iter().enumerate() {
            let keeps = std::mem::replace(&mut self.keeps_conditions, true);
            let value = self.value(at, number, &bound.inputs, false, ctx);
            self.keeps_conditions = keeps;
            let (value, of) = value?;
            set_item(&mut condition, *item, &value, &of)?;
        }
        let state = condition.state.unwrap_or(*b"HY000");
        if condition.level == WarningLevel::Error {
            self.raised = condition.items.clone();
            return Err(Error { code: condition.code, state, message: condition.message }.into());
        }
        ctx.session.warn(condition.level, condition.code, condition.message);
        if let Some(last) = ctx.session.warnings.last_mut() {
            (last.state, last.items) = (Some(state), condition.items);
        }
        Ok(())
    }

    /// GET DIAGNOSTICS.
    fn get_diagnostics(
        &mut self,
        get: &GetDiagnostics,
        bound: &Bound,
        at: usize,
        ctx: &mut Context<'_>,
    ) -> Run<()> {
        let conditions = match (get.stacked, self.handling.last()) {
            (false, _) => ctx.session.warnings.clone(),
            (true, Some((_, _, handled))) => handled.clone(),
            (true, None) => {
                let message = "GET STACKED DIAGNOSTICS when handler not active";
                return Err(Error::mysql(3004, *b"0Z002", message).into());
            }
        };
        let mut values = Vec::new();
        for (target, is_number) in &get.statement {
            let value = match is_number {
                true => Value::UInt(conditions.len() as u64),
                false => Value::Int(ctx.session.row_count),
            };
            values.push((target, value));
        }
        if let Some((_, items)) = &get.condition {
            let (number, _) = self.value(at, 0, &bound.inputs, false, ctx)?;
            let position = match number {
                Value::Int(number) => usize::try_from(number).ok(),
                Value::UInt(number) => usize::try_from(number).ok(),
                _ => None,
            };
            let condition =
                position.and_then(|number| number.checked_sub(1)).and_then(|at| conditions.get(at));
            let Some(condition) = condition else {
                ctx.session.warn(WarningLevel::Error, 1758, "Invalid condition number");
                return Ok(());
            };
            for (target, item) in items {
                values.push((target, item_of(condition, *item)));
            }
        }
        for (target, value) in values {
            let of = DataType::of_value(&value, ctx.session.variables.collation_connection);
            self.put(target, value, &of, ctx)?;
        }
        Ok(())
    }
}

fn put_user(target: &AssignmentTarget, value: Value, ctx: &mut Context<'_>) -> Run<()> {
    let host = ctx.host;
    Ok(crate::variables::assign(target, Some(value), ctx.session, host)?)
}

/// Takes the one row that there may be.
#[derive(Default)]
struct Single {
    count: usize,
    types: Vec<DataType>,
    values: Vec<Value>,
    row_count: u64,
}

impl Sink for Single {
    fn columns(&mut self, columns: &[ResultColumn]) -> crate::Result<()> {
        if columns.len() != self.count {
            let message = "The used SELECT statements have a different number of columns";
            return Err(Error::mysql(1222, *b"21000", message));
        }
        self.types = columns.iter().map(|column| column.data_type).collect();
        Ok(())
    }

    fn row(&mut self, row: &[Value]) -> crate::Result<()> {
        if self.row_count > 0 {
            return Err(Error::mysql(1172, *b"42000", "Result consisted of more than one row"));
        }
        self.row_count = 1;
        self.values = row.to_vec();
        Ok(())
    }
}
