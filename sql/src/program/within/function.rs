//! Stored functions: their plans, which are made with the statement that calls them, and a call.
//!
//! A function is planned once a statement, however often it is named there ([`Calls`]); its parameters have types of their own, so that its plans do not hang
//! on its arguments. A function that is planned within itself is not planned again: the call of it fails when it is met (1424), not before.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use super::frame::Frame;
use super::plan::{Chain, Planner, ProgramPlan};
use super::session::{self, Settings};
use super::stack::Nested;
use crate::account::{AccountId, Privilege};
use crate::ast::RoutineKind;
use crate::authorization::{Authorization, Needs, Requirement};
use crate::catalog::{Catalog, Column, TableId};
use crate::error::{Error, Result};
use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::limits::FUNCTION_DEPTH_MAX;
use crate::plan::Plan;
use crate::program::{Routine, missing, warning_state};
use crate::session::{SessionState, Warning, WarningLevel};
use crate::types::{DataType, Value};

/// A function by its database, its name in lower case, and who runs it.
type Key = (String, String, AccountId);
/// One that is planned, with what was used around it.
type Made = (Key, Vec<TableId>, Arc<FunctionPlan>);

/// The functions that a statement of a client calls, while it is planned.
#[derive(Debug, Default)]
pub struct Calls {
    /// Plans that were made for their bodies.
    planned: Cell<usize>,
    /// Those that are being planned, the innermost last.
    running: RefCell<Vec<Key>>,
    /// Those that are planned, with what was used around them.
    made: RefCell<Vec<Made>>,
    /// Calls of functions within themselves that were met.
    recursions: Cell<usize>,
    /// The tables that the statements around use: no function may change them.
    used: RefCell<Vec<TableId>>,
}

impl Calls {
    pub(super) fn depth(&self) -> usize {
        self.running.borrow().len()
    }

    pub(super) fn planned(&self) -> &Cell<usize> {
        &self.planned
    }

    /// Of a statement of a trigger: the statements around use these tables.
    #[must_use]
    pub(crate) fn of_trigger(used: &[TableId]) -> Calls {
        Calls { used: RefCell::new(used.to_vec()), ..Calls::default() }
    }

    /// Notes the tables of a statement whose functions are planned next; how many there were before.
    pub(crate) fn use_tables(&self, tables: impl Iterator<Item = TableId>) -> usize {
        let mut used = self.used.borrow_mut();
        let before = used.len();
        used.extend(tables);
        before
    }

    /// The statement is planned.
    pub(crate) fn leave_tables(&self, before: usize) {
        self.used.borrow_mut().truncate(before);
    }
}

/// A function that a statement calls.
#[derive(Debug)]
pub struct FunctionPlan {
    name: String,
    /// Type of the result.
    data_type: DataType,
    /// What RETURN gives its value to.
    returns: Column,
    parameter_count: usize,
    /// Its body, or why it cannot run.
    body: Result<ProgramPlan>,
    /// Whether it changes stored rows, or locks them.
    writes: bool,
}

impl FunctionPlan {
    /// Type of the result.
    #[must_use]
    pub fn data_type(&self) -> DataType {
        self.data_type
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it changes stored rows, or locks them, or a function that it calls does.
    pub(crate) fn writes(&self) -> bool {
        self.writes
    }

    /// The plans of the statements of its body.
    pub(crate) fn plans(&self) -> impl Iterator<Item = &Plan> {
        self.body.iter().flat_map(ProgramPlan::plans)
    }
}

/// Where a function is named.
pub(crate) struct Site<'s> {
    /// The catalog.
    pub catalog: &'s Arc<Catalog>,
    /// The session.
    pub session: &'s SessionState,
    /// What the statement needs.
    pub needs: &'s Needs,
}

impl Site<'_> {
    /// The function that a call names.
    ///
    /// # Errors
    /// 1046, 1305, 1318.
    pub fn find(&self, database: Option<&str>, name: &str, given_count: usize) -> Result<Arc<FunctionPlan>> {
        let is_qualified = database.is_some();
        let current = self.session.database.as_deref();
        let database = database.or(current).ok_or_else(Error::no_database)?;
        let kind = RoutineKind::Function;
        let found = self.catalog.databases.get(database).and_then(|found| found.routine(kind, name));
        let account = self.needs.acting().unwrap_or_else(|| self.session.account.clone());
        // Who may not call it does not hear whether it is there.
        self.needs.add(Requirement::Routine {
            privilege: Privilege::Execute,
            kind,
            database: database.to_owned(),
            name: found.map_or(name, |routine| &routine.name).to_owned(),
        });
        let Some(routine) = found else {
            if crate::function::is_refused(&name.to_uppercase()) {
                return Err(Error::not_supported(format_args!("the function {name}")));
            }
            return Err(missing(kind, database, name));
        };
        let plan = self.plan(routine, account)?;
        if is_qualified && crate::parse::is_native_function(&name.to_uppercase()) {
            self.needs.warn(Warning::new(
                WarningLevel::Note,
                1585,
                format!("This function '{name}' has the same name as a native function"),
            ));
        }
        if plan.parameter_count != given_count {
            let message = format!(
                "Incorrect number of arguments for FUNCTION {}.{}; expected {}, got {given_count}",
                routine.database, routine.name, plan.parameter_count
            );
            return Err(Error::mysql(1318, *b"42000", message));
        }
        self.needs.note_function(&plan);
        Ok(plan)
    }

    fn plan(&self, routine: &Arc<Routine>, account: AccountId) -> Result<Arc<FunctionPlan>> {
        let calls = self.needs.calls();
        let used = calls.used.borrow().clone();
        let key = (routine.database.clone(), routine.name.to_lowercase(), account);
        let known =
            |(known, around, plan): &Made| (*known == key && *around == used).then(|| Arc::clone(plan));
        let known = calls.made.borrow().iter().find_map(known);
        if let Some(plan) = known {
            return Ok(plan);
        }
        let is_within = |outer: &Key| outer.0 == key.0 && outer.1 == key.1;
        let is_recursive = calls.running.borrow().iter().any(is_within);
        let recursions = calls.recursions.get();
        let depth = calls.depth();
        calls.running.borrow_mut().push(key.clone());
        let plan = self.make(routine, &key.2, (&calls, &used), is_recursive, depth);
        calls.running.borrow_mut().pop();
        let plan = Arc::new(plan?);
        if is_recursive {
            calls.recursions.set(recursions + 1);
        } else if calls.recursions.get() == recursions || depth == 0 {
            calls.made.borrow_mut().push((key, used, Arc::clone(&plan)));
        }
        Ok(plan)
    }

    fn make(
        &self,
        routine: &Arc<Routine>,
        account: &AccountId,
        (calls, used): (&Rc<Calls>, &[TableId]),
        is_recursive: bool,
        depth: usize,
    ) -> Result<FunctionPlan> {
        let _nested = Nested::enter()?;
        let mut session = self.session.clone();
        session.warnings.clear();
        let compiled = routine.compiled_in(&mut session)?;
        let Some(returns) = compiled.returns.clone() else {
            return Err(Error::internal("a function that returns nothing"));
        };
        let data_type = match returns.data_type {
            of if of.has_members() => crate::expression::member::member_text(&of),
            of => of,
        };
        let body = if is_recursive {
            let message = "Recursive stored functions and triggers are not allowed.";
            Err(Error::mysql(1424, *b"HY000", message))
        } else if depth >= FUNCTION_DEPTH_MAX {
            Err(Error::not_supported(format_args!(
                "functions within each other deeper than {FUNCTION_DEPTH_MAX}"
            )))
        } else {
            self.settings(routine, account).map(|settings| {
                session::inside(&mut session, &settings, self.catalog);
                let declared = |variable: &Option<Column>| {
                    variable.as_ref().map_or(DataType::NULL, |variable| variable.data_type)
                };
                let planner = Planner {
                    catalog: self.catalog,
                    chain: Chain::within_function(calls, used),
                    table: None,
                    row: &[],
                    session,
                    types: compiled.variables.iter().map(declared).collect(),
                };
                let (steps, cursors) = planner.plans(&compiled.program);
                ProgramPlan {
                    settings,
                    program: Arc::clone(&compiled.program),
                    variables: compiled.variables.clone(),
                    row: Vec::new(),
                    steps,
                    cursors,
                    refused: None,
                }
            })
        };
        let parameter_count = compiled.program.parameters.len();
        let writes = body.as_ref().is_ok_and(|body| body.plans().any(Plan::needs_leader));
        let name = routine.name.clone();
        Ok(FunctionPlan { name, data_type, returns, parameter_count, body, writes })
    }

    /// What the session is like while the function runs.
    ///
    /// # Errors
    /// 1449.
    fn settings(&self, routine: &Routine, account: &AccountId) -> Result<Settings> {
        let accounts = &self.catalog.accounts;
        let runs_as = match routine.invoker {
            true if *account == self.session.account => None,
            // In a view it is the view's definer.
            true => Some((account.clone(), Vec::new())),
            false if routine.definer == self.session.account => None,
            false => {
                let definer = &routine.definer;
                if accounts.get(definer).is_none() {
                    return Err(Error::no_such_definer(definer));
                }
                self.check_definer(routine)?;
                Some((definer.clone(), accounts.roles_at_login(definer, false)))
            }
        };
        Ok(Settings {
            account: runs_as,
            database: routine.database.clone(),
            sql_mode: routine.sql_mode,
            collation: routine.collation,
            database_collation: routine.database_collation,
        })
    }
}

impl Site<'_> {
    /// That a function's definer may call it.
    ///
    /// # Errors
    /// 1370.
    fn check_definer(&self, routine: &Routine) -> Result<()> {
        let Routine { definer, kind, database, name, .. } = routine;
        let roles = self.catalog.accounts.roles_at_login(definer, false);
        let held = Authorization::of(self.catalog, definer, &roles);
        if held.has_routine(Privilege::Execute, *kind, database, name) {
            return Ok(());
        }
        let message = format!(
            "execute command denied to user '{}'@'{}' for routine '{database}.{name}'",
            definer.user, definer.host
        );
        Err(Error::mysql(1370, *b"42000", message))
    }
}

/// A call: `label` is what errors about the result call it.
///
/// # Errors
/// What no handler of the function takes, 1321, 1424; suspends for whatever its statements wait for.
pub fn call(
    function: &FunctionPlan,
    arguments: &[Expression],
    label: &str,
    row: &[Value],
    ctx: &mut Context<'_>,
) -> Run<Value> {
    let plan = match &function.body {
        Ok(plan) => plan,
        Err(error) => return Err(error.clone().into()),
    };
    ctx.check()?;
    let _nested = Nested::enter()?;
    let mut frame = Frame::new(plan);
    frame.returns = Some((&function.returns, label));
    for (slot, argument) in arguments.iter().enumerate() {
        let value = argument.eval(row, ctx)?;
        let of = match argument {
            Expression::Parameter { is_variable: false, .. } | Expression::UserVariable { .. } => {
                DataType::of_value(&value, ctx.session.variables.collation_connection)
            }
            argument => argument.data_type(),
        };
        frame.assign(slot, value, &of, ctx)?;
    }
    let strict = ctx.strict;
    let outside = session::enter(ctx.session, &plan.settings);
    let result = frame.run(ctx);
    // What RETURN was warned of the caller hears, but no statement fails with it.
    let heard = if result.is_ok() { std::mem::take(&mut ctx.session.warnings) } else { Vec::new() };
    session::leave(ctx.session, outside);
    ctx.strict = strict;
    for warning in heard {
        ctx.session.warn(warning.level, warning.code, warning.message);
        if let Some(last) = ctx.session.warnings.last_mut() {
            last.state = warning.state.or_else(|| Some(warning_state(warning.code)));
        }
    }
    if result.is_err() {
        ctx.session.raised = frame.raised.take();
    }
    result?;
    frame.returned.ok_or_else(|| {
        let message = format!("FUNCTION {} ended without RETURN", function.name);
        Error::mysql(1321, *b"2F005", message).into()
    })
}
