//! CALL of a stored procedure.
//!
//! The steps of the body run one after another ([`steps`]); each statement of it goes through [`Session::run`] as if the client had sent it, with its own
//! snapshot, locks, suspension and commit, and no thread is held while it waits. So a statement that is suspended runs again by itself, and nothing
//! before it does. What was read is sent as it comes, a result after another.
//!
//! For its time the session has the routine's database, `sql_mode` and collation, and with SQL SECURITY DEFINER the definer's account and default roles; all of that
//! comes back also after an error ([`Outside`]).
//!
//! Left out: functions and triggers, which run within a statement.

mod condition;
mod cursor;
mod frame;
mod signal;
mod steps;
mod value;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use sql::Error;
use sql::account::AccountId;
use sql::ast::{AssignmentTarget, Call, Expr, ParameterMode, RoutineKind, Statement};
use sql::execute::procedure;
use sql::execute::{Outcome, ResultColumn};
use sql::program::{Compiled, Routine};
use sql::session::{ConditionItems, Warning};
use sql::types::{CharacterSet, Collation, DataType, Value};
use sql::variables::SqlMode;
use storage::txn::Transaction;
use wire::mysql::constant::StatusFlags;

use super::plan_cache::{CachedPlan, parameter_type};
use super::result::Answer;
use super::run_plan::{Parts, make_context};
use super::session::Session;
use crate::limits::{PROGRAM_CALLS_MAX, PROGRAM_PLANS_MAX};
use frame::Frame;

/// What a session keeps for the procedures that it calls.
#[derive(Default)]
pub struct Programs {
    /// The routines that are running, the innermost last.
    running: Vec<(RoutineKind, String, String)>,
    /// Types of the parameters of the statement that comes next, which are those of its program's variables.
    pub(super) types: Option<Vec<DataType>>,
    /// Where the values go that a statement gives to variables of a program: by slot for SELECT … INTO, by parameter for CALL.
    pub(super) outputs: Option<Vec<(usize, Value, DataType)>>,
    /// The expression that is evaluated is for a variable: what is wrong with it is an error in strict mode.
    pub(super) is_assigning: bool,
    /// The error under way is among the warnings already.
    pub(super) is_told: bool,
    /// The conditions that running handlers are for, the innermost last.
    handled: Vec<Vec<Warning>>,
    /// How many of them are of routines around the one that is running.
    handled_outside: usize,
    /// What SIGNAL has set of the error under way.
    pub(super) raised: Option<Box<ConditionItems>>,
    /// Plans of the statements of programs, by their number.
    plans: HashMap<u64, Vec<Option<Arc<CachedPlan>>>>,
}

impl Programs {
    /// Whether a routine is running.
    pub(super) fn is_running(&self) -> bool {
        !self.running.is_empty()
    }

    /// Whether a handler of the running routine runs.
    fn is_handling(&self) -> bool {
        self.handled.len() > self.handled_outside
    }
}

/// The session as it was outside of a routine.
struct Outside {
    database: Option<String>,
    sql_mode: SqlMode,
    collation_connection: Collation,
    collation_database: Collation,
    character_set_client: CharacterSet,
    sql_select_limit: u64,
    account: AccountId,
    active_roles: Vec<AccountId>,
}

/// An argument, evaluated.
enum Argument {
    /// IN.
    Value,
    /// OUT and INOUT: the user variable that it is.
    Variable(String),
    /// OUT and INOUT: the parameter of the CALL that it is.
    Parameter(usize),
}

impl Session {
    /// The stored procedure that a CALL names.
    #[must_use]
    pub fn stored_procedure(&self, call: &Call) -> Option<Arc<Routine>> {
        let catalog = self.node.catalog();
        let current = self.state.database.as_deref().unwrap_or_default();
        let database = if call.schema.is_empty() { current } else { &call.schema };
        catalog.databases.get(database)?.routine(RoutineKind::Procedure, &call.name).cloned()
    }

    /// The same, as fresh as the session wants it; what administers the cluster waits for nobody.
    pub(super) async fn find_procedure(&self, call: &Call) -> Result<Option<Arc<Routine>>, Error> {
        let is_of_cluster = call.schema.eq_ignore_ascii_case(procedure::SCHEMA)
            || call.schema.is_empty()
                && procedure::signatures().iter().any(|known| known.name.eq_ignore_ascii_case(&call.name));
        if !is_of_cluster {
            self.freshen().await?;
        }
        Ok(self.stored_procedure(call))
    }

    /// CALL of a stored procedure, as a future of a known type: procedures call procedures.
    pub(super) fn call_stored<'s>(
        &'s mut self,
        call: &'s Call,
        routine: Arc<Routine>,
        parameters: &'s [Value],
        reply: &'s mut dyn Answer,
    ) -> Pin<Box<dyn Future<Output = Result<Outcome, Error>> + Send + 's>> {
        Box::pin(self.call_routine(call, routine, parameters, reply))
    }

    async fn call_routine(
        &mut self,
        call: &Call,
        routine: Arc<Routine>,
        parameters: &[Value],
        reply: &mut dyn Answer,
    ) -> Result<Outcome, Error> {
        self.check_depth(&routine)?;
        let compiled = self.compiled(&routine)?;
        let mut frame = Frame::new(Arc::clone(&compiled));
        let arguments = self.arguments(call, &routine, parameters, &mut frame).await?;
        let outside = self.enter(&routine)?;
        // Whoever called it waits for its own.
        let outputs = self.programs.outputs.take();
        let known =
            self.programs.plans.remove(&compiled.number).filter(|plans| plans.len() == frame.plans.len());
        if let Some(known) = known {
            frame.plans = known;
        }
        let handled = std::mem::replace(&mut self.programs.handled_outside, self.programs.handled.len());
        let result = self.run_frame(&mut frame, reply).await;
        self.programs.handled.truncate(self.programs.handled_outside);
        self.programs.handled_outside = handled;
        self.keep_plans(compiled.number, std::mem::take(&mut frame.plans));
        self.programs.outputs = outputs;
        self.leave(outside);
        result?;
        self.put_outputs(&arguments, &frame, &compiled, reply)?;
        let affected = u64::try_from(self.state.row_count).unwrap_or(0);
        Ok(Outcome { affected, ..Outcome::default() })
    }

    /// That the call is not too deep.
    ///
    /// # Errors
    /// 1456; 1235 for more calls within each other than the server has room for.
    fn check_depth(&self, routine: &Routine) -> Result<(), Error> {
        let is_same = |running: &&(RoutineKind, String, String)| {
            running.0 == routine.kind && running.1 == routine.database && running.2 == routine.name
        };
        let depth = self.programs.running.iter().filter(is_same).count() as u64;
        let limit = match sql::variables::get(&self.state, &*self.node, None, "max_sp_recursion_depth")? {
            Value::UInt(limit) => limit,
            Value::Int(limit) => limit.unsigned_abs(),
            _ => 0,
        };
        if depth > limit {
            let message = format!(
                "Recursive limit {limit} (as set by the max_sp_recursion_depth variable) was exceeded for routine {}",
                routine.name
            );
            return Err(Error::mysql(1456, *b"HY000", message));
        }
        if self.programs.running.len() >= PROGRAM_CALLS_MAX {
            return Err(Error::not_supported(format_args!("calls deeper than {PROGRAM_CALLS_MAX}")));
        }
        Ok(())
    }

    fn compiled(&mut self, routine: &Routine) -> Result<Arc<Compiled>, Error> {
        let node = Arc::clone(&self.node);
        let catalog = node.catalog();
        let mut txn = Transaction::begin(&node.store, &node.locks, node.take_txn_id());
        let mut context = make_context(Parts {
            session: &mut self.state,
            catalog: &catalog,
            txn: &mut txn,
            parameters: &[],
            host: &node,
            killed: &self.connection.statement_killed,
            strict: true,
        });
        routine.compiled(&mut context)
    }

    /// Evaluates the arguments into the first variables.
    ///
    /// # Errors
    /// 1318, 1414, and those of the expressions and their conversion.
    async fn arguments(
        &mut self,
        call: &Call,
        routine: &Routine,
        parameters: &[Value],
        frame: &mut Frame,
    ) -> Result<Vec<Argument>, Error> {
        let types = self.programs.types.take().unwrap_or_else(|| {
            parameters.iter().map(|value| parameter_type(value).unwrap_or(DataType::NULL)).collect()
        });
        let modes = frame.compiled.program.parameters.clone();
        if modes.len() != call.arguments.len() {
            let message = format!(
                "Incorrect number of arguments for PROCEDURE {}.{}; expected {}, got {}",
                routine.database,
                routine.name,
                modes.len(),
                call.arguments.len()
            );
            return Err(Error::mysql(1318, *b"42000", message));
        }
        let mut arguments = Vec::with_capacity(modes.len());
        for (slot, (mode, expr)) in modes.iter().zip(&call.arguments).enumerate() {
            let target = match (mode, expr) {
                (ParameterMode::In, _) => Argument::Value,
                (_, Expr::UserVariable(name)) => Argument::Variable(name.clone()),
                (_, Expr::Parameter(index)) => Argument::Parameter(*index),
                _ => {
                    let message = format!(
                        "OUT or INOUT argument {} for routine {}.{} is not a variable or NEW pseudo-variable in BEFORE trigger",
                        slot + 1,
                        routine.database,
                        routine.name
                    );
                    return Err(Error::mysql(1414, *b"42000", message));
                }
            };
            if *mode != ParameterMode::Out {
                self.programs.is_assigning = true;
                let evaluated = self.argument_value(expr, parameters, &types).await;
                self.programs.is_assigning = false;
                let (value, from) = evaluated?;
                self.assign_slot(frame, slot, value, &from)?;
            }
            arguments.push(target);
        }
        Ok(arguments)
    }

    /// Puts the session into the routine.
    ///
    /// # Errors
    /// 1449.
    fn enter(&mut self, routine: &Routine) -> Result<Outside, Error> {
        let catalog = self.node.catalog();
        let variables = &self.state.variables;
        let outside = Outside {
            database: self.state.database.clone(),
            sql_mode: variables.sql_mode,
            collation_connection: variables.collation_connection,
            collation_database: variables.collation_database,
            character_set_client: variables.character_set_client,
            sql_select_limit: variables.sql_select_limit,
            account: self.state.account.clone(),
            active_roles: self.state.active_roles.clone(),
        };
        if !routine.invoker && routine.definer != self.state.account {
            let definer = &routine.definer;
            if catalog.accounts.get(definer).is_none() {
                let message = format!(
                    "The user specified as a definer ('{}'@'{}') does not exist",
                    definer.user, definer.host
                );
                return Err(Error::mysql(1449, *b"HY000", message));
            }
            self.state.active_roles = catalog.accounts.roles_at_login(definer, false);
            self.state.account = definer.clone();
        }
        self.state.database = Some(routine.database.clone());
        let variables = &mut self.state.variables;
        variables.sql_mode = routine.sql_mode;
        variables.collation_connection = routine.collation;
        variables.enter_database(routine.database_collation);
        // It is for the client's own statements.
        variables.sql_select_limit = u64::MAX;
        self.programs.running.push((routine.kind, routine.database.clone(), routine.name.clone()));
        Ok(outside)
    }

    fn leave(&mut self, outside: Outside) {
        self.programs.running.pop();
        let variables = &mut self.state.variables;
        variables.sql_mode = outside.sql_mode;
        variables.collation_connection = outside.collation_connection;
        variables.enter_database(outside.collation_database);
        variables.character_set_client = outside.character_set_client;
        if variables.sql_select_limit == u64::MAX {
            variables.sql_select_limit = outside.sql_select_limit;
        }
        self.state.database = outside.database;
        self.state.account = outside.account;
        self.state.active_roles = outside.active_roles;
    }

    fn keep_plans(&mut self, number: u64, plans: Vec<Option<Arc<CachedPlan>>>) {
        if self.programs.plans.len() >= PROGRAM_PLANS_MAX {
            self.programs.plans.clear();
        }
        self.programs.plans.insert(number, plans);
    }

    /// Gives OUT and INOUT arguments their values: once the procedure has succeeded.
    fn put_outputs(
        &mut self,
        arguments: &[Argument],
        frame: &Frame,
        compiled: &Compiled,
        reply: &mut dyn Answer,
    ) -> Result<(), Error> {
        let (mut columns, mut row) = (Vec::new(), Vec::new());
        for (slot, argument) in arguments.iter().enumerate() {
            let (value, of) = frame.get(slot);
            match argument {
                Argument::Value => {}
                Argument::Variable(name) => {
                    let value = super::select_into::variable_value(&value, &of);
                    let target = AssignmentTarget::User(name.clone());
                    let node = Arc::clone(&self.node);
                    sql::variables::assign(&target, Some(value), &mut self.state, &*node)?;
                }
                Argument::Parameter(index) => match &mut self.programs.outputs {
                    Some(outputs) => outputs.push((*index, value, of)),
                    None => {
                        let name = compiled.program.names.get(slot).cloned().unwrap_or_default();
                        columns.push(ResultColumn::computed(name, of, true));
                        row.push(value);
                    }
                },
            }
        }
        if columns.is_empty() || !reply.takes_output_parameters() {
            return Ok(());
        }
        // A prepared CALL of the protocol: they are one more result.
        reply.columns(&columns)?;
        reply.row(&row)?;
        reply.end_result(self.status_flags().with(StatusFlags::PS_OUT_PARAMS), 0)
    }

    /// The session's status flags.
    #[must_use]
    pub fn status_flags(&self) -> StatusFlags {
        let state = &self.state;
        let mut flags = StatusFlags::empty();
        flags.set(StatusFlags::AUTOCOMMIT, state.variables.autocommit);
        let open = self.open.as_ref().filter(|open| open.explicit);
        flags.set(StatusFlags::IN_TRANS, open.is_some() || self.transaction_elsewhere);
        flags.set(StatusFlags::IN_TRANS_READONLY, open.is_some_and(|open| open.read_only));
        let no_escapes = state.variables.sql_mode.has(SqlMode::NO_BACKSLASH_ESCAPES);
        flags.set(StatusFlags::NO_BACKSLASH_ESCAPES, no_escapes);
        flags
    }

    /// A statement of a program, as a future of a known type.
    fn run_inner<'s>(
        &'s mut self,
        statement: &'s Arc<Statement>,
        values: &'s [Value],
        plan: &'s mut Option<Arc<CachedPlan>>,
        reply: &'s mut dyn Answer,
    ) -> Pin<Box<dyn Future<Output = Result<Outcome, Error>> + Send + 's>> {
        Box::pin(self.run(statement, values, Some(plan), reply))
    }
}
