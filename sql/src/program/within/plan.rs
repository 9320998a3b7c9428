//! The plans of programs: of a table's triggers, and of the body of a function.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use super::function::Calls;
use super::session::{Settings, inside};
use crate::account::{Privilege, PrivilegeSet};
use crate::ast::{Action, Bound, Program, Statement, TableName, TriggerEvent, TriggerTime, select_of};
use crate::authorization::{Requirement, Requirements, Source};
use crate::catalog::{Catalog, Column, Table, TableId};
use crate::error::{Error, Result};
use crate::limits::{TRIGGER_DEPTH_MAX, TRIGGER_PLANS_MAX};
use crate::plan::{Plan, Planned, plan_within};
use crate::program::trigger::Trigger;
use crate::program::{Compiled, trigger_statement};
use crate::session::SessionState;
use crate::types::DataType;

/// What is around a statement of a trigger's body.
#[derive(Clone, Copy)]
pub struct Chain<'c> {
    /// The tables that the statements around use: no trigger may change them.
    used: &'c [TableId],
    /// Triggers around it.
    depth: usize,
    /// Plans that were made for triggers of the client's statement.
    planned: &'c Cell<usize>,
    /// The functions that are being planned around it.
    functions: Option<&'c Rc<Calls>>,
}

impl<'c> Chain<'c> {
    /// Of the client's statement.
    #[must_use]
    pub fn outermost(planned: &'c Cell<usize>) -> Chain<'c> {
        Chain { used: &[], depth: 0, planned, functions: None }
    }

    /// Of a statement of a function's body.
    pub(super) fn within_function(calls: &'c Rc<Calls>, used: &'c [TableId]) -> Chain<'c> {
        Chain { used, depth: calls.depth(), planned: calls.planned(), functions: Some(calls) }
    }

    /// The tables that the statements around use.
    #[must_use]
    pub(crate) fn used(&self) -> &'c [TableId] {
        self.used
    }

    /// The functions that are being planned around it.
    #[must_use]
    pub(crate) fn functions(&self) -> Option<&'c Rc<Calls>> {
        self.functions
    }

    /// Triggers around it.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth
    }
}

/// The triggers of a table that a statement may fire.
#[derive(Debug)]
pub struct TablePrograms {
    triggers: Vec<(TriggerEvent, TriggerTime, ProgramPlan)>,
}

/// A program that can run.
#[derive(Debug)]
pub(super) struct ProgramPlan {
    /// What the session is like while it runs.
    pub settings: Settings,
    pub program: Arc<Program>,
    /// The variables as columns that take values; none for one that takes any.
    pub variables: Vec<Option<Column>>,
    /// Variables that are columns of the row: the slot, whether of NEW, the column.
    pub row: Vec<(usize, bool, usize)>,
    /// By step: the plans of what it evaluates or runs.
    pub steps: Vec<Vec<Result<Plan>>>,
    /// By cursor.
    pub cursors: Vec<Result<Plan>>,
    /// Why it cannot run at all.
    pub refused: Option<Error>,
}

impl TablePrograms {
    /// Whether there are triggers for an event and a time.
    #[must_use]
    pub fn has(&self, event: TriggerEvent, time: TriggerTime) -> bool {
        self.of(event, time).next().is_some()
    }

    pub(super) fn of(&self, event: TriggerEvent, time: TriggerTime) -> impl Iterator<Item = &ProgramPlan> {
        let is_it =
            move |(of, at, _): &&(TriggerEvent, TriggerTime, ProgramPlan)| *of == event && *at == time;
        self.triggers.iter().filter(is_it).map(|(_, _, plan)| plan)
    }

    /// The plans of all statements.
    fn plans(&self) -> impl Iterator<Item = &Plan> {
        self.triggers.iter().flat_map(|(_, _, plan)| plan.plans())
    }
}

impl ProgramPlan {
    /// The plans of all statements.
    pub(super) fn plans(&self) -> impl Iterator<Item = &Plan> {
        self.steps.iter().flatten().chain(&self.cursors).flatten()
    }
}

/// Gives a plan the triggers of the tables that it changes. Its tables are then those of the triggers too.
///
/// # Errors
/// 1235 for triggers nested too deep, 1054 for a trigger of columns that the table has not any more.
pub fn for_plan(
    plan: &mut Plan,
    own: &[TableId],
    catalog: &Arc<Catalog>,
    session: &SessionState,
    chain: Chain<'_>,
) -> Result<()> {
    if !fires(&plan.statement) {
        return Ok(());
    }
    let mut used: Vec<TableId> = chain.used.to_vec();
    used.extend_from_slice(own);
    let chain = Chain { used: &used, depth: plan.depth + 1, ..chain };
    let outside = Outside { catalog, session, chain };
    if chain.depth > TRIGGER_DEPTH_MAX {
        return Err(Error::not_supported(format_args!(
            "triggers within each other deeper than {TRIGGER_DEPTH_MAX}"
        )));
    }
    let mut made: Vec<Arc<TablePrograms>> = Vec::new();
    match &mut plan.statement {
        Planned::Insert(insert) => {
            let events = insert.events();
            insert.programs = outside.of_table(&insert.table, events, &mut made)?;
        }
        Planned::Load(load) => {
            let events = load.insert.events();
            load.insert.programs = outside.of_table(&load.insert.table, events, &mut made)?;
        }
        Planned::Update(change) => {
            change.programs = outside.of_table(&change.scan.table, &[TriggerEvent::Update], &mut made)?;
            // They may assign columns that move the row in the scan.
            let fires = made.iter().any(|made| made.has(TriggerEvent::Update, TriggerTime::Before));
            change.collect |= fires && !change.scan.access.point;
        }
        Planned::Delete(change) => {
            change.programs = outside.of_table(&change.scan.table, &[TriggerEvent::Delete], &mut made)?;
        }
        Planned::Joined(change) => {
            let event = if change.is_update { TriggerEvent::Update } else { TriggerEvent::Delete };
            for target in &mut change.targets {
                target.programs = outside.of_table(&target.table, &[event], &mut made)?;
            }
        }
        Planned::Query(_) | Planned::Explain(_) | Planned::Do(_) => {}
    }
    if !made.is_empty() {
        plan.take_programs(made.iter().flat_map(|programs| programs.plans()));
    }
    Ok(())
}

/// Whether a statement changes a table with triggers.
fn fires(statement: &Planned) -> bool {
    match statement {
        Planned::Insert(insert) => !insert.table.triggers.is_empty(),
        Planned::Load(load) => !load.insert.table.triggers.is_empty(),
        Planned::Update(change) | Planned::Delete(change) => !change.scan.table.triggers.is_empty(),
        Planned::Joined(change) => change.targets.iter().any(|target| !target.table.triggers.is_empty()),
        Planned::Query(_) | Planned::Explain(_) | Planned::Do(_) => false,
    }
}

/// What is around triggers.
struct Outside<'o> {
    catalog: &'o Arc<Catalog>,
    session: &'o SessionState,
    chain: Chain<'o>,
}

impl Outside<'_> {
    fn of_table(
        &self,
        table: &Arc<Table>,
        events: &[TriggerEvent],
        made: &mut Vec<Arc<TablePrograms>>,
    ) -> Result<Option<Arc<TablePrograms>>> {
        let mut triggers = Vec::new();
        for trigger in table.triggers.iter().filter(|trigger| events.contains(&trigger.event)) {
            triggers.push((trigger.event, trigger.time, self.of_trigger(table, trigger)?));
        }
        if triggers.is_empty() {
            return Ok(None);
        }
        let programs = Arc::new(TablePrograms { triggers });
        made.push(Arc::clone(&programs));
        Ok(Some(programs))
    }

    fn of_trigger(&self, table: &Arc<Table>, trigger: &Arc<Trigger>) -> Result<ProgramPlan> {
        let program = trigger.program()?;
        trigger_statement::check_columns(table, &program)?;
        let mut session = self.session.clone();
        session.warnings.clear();
        let settings = Settings {
            account: Some((
                trigger.definer.clone(),
                self.catalog.accounts.roles_at_login(&trigger.definer, false),
            )),
            database: table.database.clone(),
            sql_mode: trigger.sql_mode,
            collation: trigger.collation,
            database_collation: trigger.database_collation,
        };
        inside(&mut session, &settings, self.catalog);
        let compiled = Compiled::new(Arc::clone(&program), trigger.database_collation, &mut session)?;
        let mut variables = compiled.variables;
        let mut types: Vec<DataType> = (variables.iter())
            .map(|variable| variable.as_ref().map_or(DataType::NULL, |variable| variable.data_type))
            .collect();
        let mut row = Vec::with_capacity(program.row_columns.len());
        for named in &program.row_columns {
            let Some(position) = table.column_position(&named.name) else { continue };
            let column = &table.columns[position];
            types[named.slot] = column.data_type;
            variables[named.slot] = Some(column.clone());
            row.push((named.slot, named.is_new, position));
        }
        let refused = self.refusal(table, trigger, &session);
        let planner = Planner {
            catalog: self.catalog,
            chain: self.chain,
            table: Some(table),
            row: &row,
            session,
            types,
        };
        let (steps, cursors) = planner.plans(&program);
        Ok(ProgramPlan { settings, program, variables, row, steps, cursors, refused })
    }

    /// Why a trigger's definer may not run it.
    fn refusal(&self, table: &Arc<Table>, trigger: &Trigger, session: &SessionState) -> Option<Error> {
        let definer = &trigger.definer;
        if self.catalog.accounts.get(definer).is_none() {
            let message = format!(
                "The user specified as a definer ('{}'@'{}') does not exist",
                definer.user, definer.host
            );
            return Some(Error::mysql(1449, *b"HY000", message));
        }
        let mut needed = Requirements::none();
        let name = TableName { database: Some(table.database.clone()), table: table.name.clone() };
        needed.add(Requirement::Table { privileges: PrivilegeSet::of(&[Privilege::Trigger]), table: name });
        needed.check(session).err()
    }
}

/// Plans the statements of one program.
pub(super) struct Planner<'o> {
    pub catalog: &'o Arc<Catalog>,
    pub chain: Chain<'o>,
    /// The table of a trigger.
    pub table: Option<&'o Arc<Table>>,
    pub row: &'o [(usize, bool, usize)],
    pub session: SessionState,
    pub types: Vec<DataType>,
}

/// Plans by step and by cursor.
pub(super) type Plans = (Vec<Vec<Result<Plan>>>, Vec<Result<Plan>>);

impl Planner<'_> {
    /// All plans of a program.
    pub(super) fn plans(mut self, program: &Program) -> Plans {
        let mut steps = Vec::with_capacity(program.steps.len());
        for step in &program.steps {
            steps.push(self.step(&step.action));
        }
        let cursors = program.cursors.iter().map(|cursor| self.bound(&cursor.query)).collect();
        (steps, cursors)
    }

    fn step(&mut self, action: &Action) -> Vec<Result<Plan>> {
        match action {
            Action::Run(bound) => self.statement(bound),
            Action::Set { slot, value: Some(value), .. } => {
                let plan = self.may_use(*slot, Privilege::Update).and_then(|()| self.bound(value));
                if let (Ok(plan), Some(of)) = (&plan, self.types.get_mut(*slot))
                    && of.kind == crate::types::TypeKind::Null
                    && let Some(column) = plan.result_columns().first()
                {
                    // The value of a CASE, which has the type of its expression.
                    *of = column.data_type;
                }
                vec![plan]
            }
            Action::JumpUnless { condition: value, .. } | Action::Return(value) => vec![self.bound(value)],
            Action::Set { value: None, .. }
            | Action::Jump(_)
            | Action::CaseNotFound
            | Action::Open(_)
            | Action::Fetch { .. }
            | Action::Close(_)
            | Action::CloseBetween { .. }
            | Action::EndHandler(_) => Vec::new(),
        }
    }

    fn statement(&mut self, bound: &Bound) -> Vec<Result<Plan>> {
        match &*bound.statement {
            Statement::SelectInto(into) => vec![self.plan(&into.query, &bound.inputs)],
            Statement::Set(assignments) => {
                let values = assignments.iter().map(|assignment| select_of(assignment.value.clone()));
                values.map(|value| self.plan(&value, &bound.inputs)).collect()
            }
            Statement::Signal(signal) => {
                let values = signal.items.iter().map(|(_, value)| select_of(value.clone()));
                values.map(|value| self.plan(&value, &bound.inputs)).collect()
            }
            Statement::GetDiagnostics(get) => {
                let number = get.condition.iter().map(|(number, _)| select_of(number.clone()));
                number.map(|value| self.plan(&value, &bound.inputs)).collect()
            }
            statement => vec![self.plan(statement, &bound.inputs)],
        }
    }

    /// That the definer may read or assign a column of the row.
    fn may_use(&self, slot: usize, privilege: Privilege) -> Result<()> {
        let Some((_, _, column)) = self.row.iter().find(|(of, ..)| *of == slot) else { return Ok(()) };
        let mut needed = Requirements::none();
        let Some(table) = self.table else { return Ok(()) };
        let source = Source::Stored(Arc::clone(table));
        needed.add(Requirement::Column { privilege, source, column: *column });
        needed.check(&self.session)
    }

    fn bound(&mut self, bound: &Bound) -> Result<Plan> {
        self.plan(&bound.statement, &bound.inputs)
    }

    fn plan(&mut self, statement: &Statement, inputs: &[usize]) -> Result<Plan> {
        let of = |slot: &usize| self.types.get(*slot).copied().unwrap_or(DataType::NULL);
        self.session.parameter_types = inputs.iter().map(of).collect();
        self.session.parameters_are_variables = true;
        let chain = self.chain;
        chain.planned.set(chain.planned.get() + 1);
        if chain.planned.get() > TRIGGER_PLANS_MAX {
            return Err(Error::not_supported(format_args!(
                "more than {TRIGGER_PLANS_MAX} statements and expressions in the triggers and functions of one statement"
            )));
        }
        let plan = plan_within(statement, self.catalog, &self.session, chain)?;
        if self.table.is_none() && plan.changes_temporary() {
            // Whether the statement around it reads them is not known by their metadata locks.
            return Err(Error::not_supported("changes of temporary tables in a stored function"));
        }
        plan.requirements.check(&self.session)?;
        inputs.iter().try_for_each(|slot| self.may_use(*slot, Privilege::Select))?;
        if let Some(table) = plan.changed_tables().into_iter().find(|table| chain.used.contains(&table.id)) {
            let message = format!(
                "Can't update table '{}' in stored function/trigger because it is already used by statement which invoked this stored function/trigger.",
                table.name
            );
            return Err(Error::mysql(1442, *b"HY000", message));
        }
        Ok(plan)
    }
}
