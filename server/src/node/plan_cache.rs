//! Plans, and the statements that keep theirs: what is prepared, by the protocol or by PREPARE.
//!
//! A plan holds for one version of the schema and for what else it was made of ([`CachedPlan`]).

use std::sync::Arc;

use bytes::Bytes;
use sql::Error;
use sql::account::AccountId;
use sql::ast::{Expr, ProgramStatement, QueryBody, Statement};
use sql::catalog::Catalog;
use sql::execute::Outcome;
use sql::plan::{Plan, is_planned, plan_statement};
use sql::session::SessionState;
use sql::types::{Collation, DataType, Value};
use sql::variables::SqlMode;
use wire::limits::STATEMENT_PARAMETERS_MAX;

use super::authorize::next_plan_number;
use super::capabilities::PreparedPlace;
use super::result::{Answer, Definitions};
use super::session::Session;
use crate::limits::TEXT_PARAMETER_CHARACTERS;

/// A prepared statement.
#[derive(Debug)]
pub struct Prepared {
    /// Its text.
    pub text: Bytes,
    /// Its syntax tree.
    pub statement: Arc<Statement>,
    /// Number of `?`.
    pub parameter_count: usize,
    /// Its plan, made at prepare and again when the schema has changed.
    pub plan: Option<Arc<CachedPlan>>,
    /// Its place among all.
    _place: PreparedPlace,
}

/// A plan and what it depends on.
#[derive(Debug)]
pub struct CachedPlan {
    /// The plan.
    pub plan: Plan,
    /// A number that no other plan has.
    pub(super) number: u64,
    /// The definitions of its columns, as they are sent.
    pub definitions: Arc<Definitions>,
    /// The schema it was made for.
    pub(super) catalog: Arc<Catalog>,
    /// The current database then.
    database: Option<String>,
    /// The sql_mode then.
    sql_mode: SqlMode,
    /// Other variables then.
    settings: Settings,
    /// Types of the parameters it was made for, if they matter.
    parameter_types: Vec<DataType>,
    /// The account and its active roles then, if it calls stored functions: their statements are planned with those rights.
    caller: Option<(AccountId, Vec<AccountId>)>,
}

/// Variables that a plan depends on, besides the sql_mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Settings {
    safe_updates: bool,
    time_zone: sql::types::TimeZone,
    temporary_version: u64,
}

impl Settings {
    fn of(state: &SessionState) -> Settings {
        Settings {
            safe_updates: state.variables.sql_safe_updates,
            time_zone: state.variables.time_zone,
            temporary_version: state.temporary_version(),
        }
    }
}

impl Prepared {
    /// The current database when it was prepared, as far as that matters to it; else the session's.
    #[must_use]
    pub fn database(&self, session: &Session) -> Option<String> {
        let planned = self.plan.as_ref().map(|plan| plan.database.clone());
        planned.unwrap_or_else(|| session.state.database.clone())
    }
}

impl CachedPlan {
    /// The version of the schema that it was made for.
    #[must_use]
    pub fn schema_version(&self) -> u64 {
        self.catalog.version
    }

    /// The schema that it was made for.
    pub(super) fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// The parameters' types to plan for, if the plan's columns depend on them: a NULL keeps the type there was before.
    pub(super) fn types_of(&self, parameters: &[Value]) -> Vec<DataType> {
        if !self.plan.typed_by_parameters {
            return Vec::new();
        }
        let before = |index| self.parameter_types.get(index).copied().unwrap_or(DataType::NULL);
        let known = |(index, value): (usize, &Value)| parameter_type(value).unwrap_or_else(|| before(index));
        parameters.iter().enumerate().map(known).collect()
    }
}

/// The type that stands for all parameters of a kind, so that not each value makes another plan; None for NULL.
pub(super) fn parameter_type(value: &Value) -> Option<DataType> {
    Some(match value {
        Value::Null => return None,
        Value::Int(_) => DataType::BIGINT,
        Value::UInt(_) => DataType::BIGINT_UNSIGNED,
        Value::Double(_) => DataType::DOUBLE,
        Value::Decimal(_) => DataType::decimal(65, 30),
        Value::Text(_) => DataType::varchar(TEXT_PARAMETER_CHARACTERS, Collation::default()),
        Value::Blob(_) => DataType::LONGBLOB,
        Value::Date(_) => DataType::DATE,
        Value::Time(_) => DataType::time(6),
        Value::DateTime(_) => DataType::datetime(6),
        Value::Json(_) => DataType::JSON,
    })
}

/// Whether a statement names tables or databases, or lists them. One without FROM is asked when it is planned.
pub(super) fn reads_catalog(statement: &Statement) -> bool {
    match statement {
        Statement::Query(query) => !matches!(&query.body, QueryBody::Select(select) if select.from.is_none()),
        Statement::Do(_) => false,
        Statement::Show(show) => !sql::show::shows_no_tables(&show.kind),
        _ => true,
    }
}

fn not_preparable() -> Error {
    let message = "This command is not supported in the prepared statement protocol yet".into();
    Error { code: 1295, state: *b"HY000", message }
}

impl Session {
    /// The plan of a statement, which the account may run: the cached one while it holds.
    ///
    /// # Errors
    /// What binding the statement raises; 1142, 1143 and their like.
    pub fn plan(
        &mut self,
        statement: &Arc<Statement>,
        cache: Option<&mut Option<Arc<CachedPlan>>>,
    ) -> Result<Arc<CachedPlan>, Error> {
        // Binding asks what the account may do when it fails.
        self.authorize();
        let planned = self.find_plan(statement, cache)?;
        self.check_may_run_plan(&planned)?;
        Ok(planned)
    }

    fn find_plan(
        &self,
        statement: &Arc<Statement>,
        cache: Option<&mut Option<Arc<CachedPlan>>>,
    ) -> Result<Arc<CachedPlan>, Error> {
        let known = self.know_catalog();
        if reads_catalog(statement) {
            known.clone()?;
        }
        if let Some(Some(cached)) = cache.as_deref()
            && cached.catalog.version == self.node.catalog_version()
            && cached.sql_mode == self.state.variables.sql_mode
            && cached.settings == Settings::of(&self.state)
            // Else it is planned anew, which looks whether it keeps to the locked tables.
            && self.state.locked_tables.is_none()
            && !cached.plan.is_outdated()
            && (cached.caller.as_ref()).is_none_or(|(account, roles)| {
                *account == self.state.account && *roles == self.state.active_roles
            })
            && (!cached.plan.typed_by_parameters || cached.parameter_types == self.state.parameter_types)
        {
            return Ok(Arc::clone(cached));
        }
        let catalog = self.node.catalog();
        // A prepared statement keeps the database it was prepared in.
        let elsewhere =
            cache.as_deref().and_then(Option::as_ref).filter(|cached| cached.database != self.state.database);
        let (plan, database) = match elsewhere {
            None => (plan_statement(statement, &catalog, &self.state), self.state.database.clone()),
            Some(cached) => {
                let mut state = self.state.clone();
                state.database.clone_from(&cached.database);
                (plan_statement(statement, &catalog, &state), state.database)
            }
        };
        // While no table is known, one that is not there is no news.
        let plan = plan.map_err(|error| known.err().unwrap_or(error))?;
        let sql_mode = self.state.variables.sql_mode;
        let parameter_types = self.state.parameter_types.clone();
        let definitions = Arc::default();
        let settings = Settings::of(&self.state);
        let caller =
            plan.calls_functions.then(|| (self.state.account.clone(), self.state.active_roles.clone()));
        let made = Arc::new(CachedPlan {
            caller,
            plan,
            number: next_plan_number(),
            definitions,
            catalog,
            database,
            sql_mode,
            settings,
            parameter_types,
        });
        if let Some(cache) = cache {
            *cache = Some(Arc::clone(&made));
        }
        Ok(made)
    }

    /// After an error that says that something is not there, or not granted: whether this node has another schema than `schema` once it is as fresh as
    /// the session wants it. It may have been made on another node just before.
    pub(super) async fn has_newer_schema(&self, error: &Error, schema: &Arc<Catalog>) -> Result<bool, Error> {
        // Of what is not granted too: the GRANT may have been said on another node.
        if !matches!(
            error.code,
            1044 | 1049 | 1054 | 1072 | 1091 | 1142 | 1143 | 1146 | 1176 | 1305 | 1318 | 1370
        ) {
            return Ok(false);
        }
        self.freshen().await?;
        self.know_catalog()?;
        Ok(!Arc::ptr_eq(schema, &self.node.catalog()))
    }

    /// Whether a plan is of the schema as it is. It is not while the tables are being replaced by a snapshot, although the watermark is
    /// there already: the schema follows.
    pub(super) fn is_current(&self, planned: &CachedPlan) -> bool {
        let is_of_no_schema = planned.plan.tables().is_empty() && !planned.plan.calls_functions;
        let is_known = is_of_no_schema || self.know_catalog().is_ok();
        is_known && self.node.catalog_version() == planned.catalog.version
    }

    /// Parses and plans a statement to be executed later.
    ///
    /// # Errors
    /// What parsing and binding raise.
    pub async fn prepare(&mut self, text: &[u8]) -> Result<Prepared, Error> {
        let schema = self.node.catalog();
        match self.prepare_now(text) {
            Err(error) if self.has_newer_schema(&error, &schema).await? => self.prepare_now(text),
            other => other,
        }
    }

    fn prepare_now(&mut self, text: &[u8]) -> Result<Prepared, Error> {
        let text = sql::parse::trimmed(text);
        let parsed = sql::parse::parse_statement(text, self.state.variables.sql_mode)?;
        if parsed.parameter_count > STATEMENT_PARAMETERS_MAX {
            let message = "Prepared statement contains too many placeholders".into();
            return Err(Error { code: 1390, state: *b"HY000", message });
        }
        let mut prepared = Prepared {
            text: Bytes::copy_from_slice(text),
            statement: Arc::new(parsed.statement),
            parameter_count: parsed.parameter_count,
            plan: None,
            _place: PreparedPlace::take(&self.node)?,
        };
        match &*prepared.statement {
            // What it fails with is said now; its columns are nobody's.
            Statement::SelectInto(into) => {
                self.check_may(&prepared.statement)?;
                self.plan(&into.query, None)?;
            }
            Statement::Do(nothing) if nothing.is_empty() => return Err(not_preparable()),
            Statement::Program(program) if matches!(**program, ProgramStatement::Event(_)) => {
                self.check_may(&prepared.statement)?;
            }
            Statement::Load(_)
            | Statement::Program(_)
            | Statement::LockInstance
            | Statement::UnlockInstance => {
                return Err(not_preparable());
            }
            statement if is_planned(statement) => {
                self.plan(&prepared.statement, Some(&mut prepared.plan))?;
            }
            other => self.check_may(other)?,
        }
        Ok(prepared)
    }

    pub(super) async fn prepare_named(&mut self, name: &str, from: &Expr) -> Result<(), Error> {
        let text = match self.evaluate(from, &[]).await? {
            Value::Text(text) | Value::Blob(text) => text,
            _ => return Err(Error::syntax("NULL", 1)),
        };
        self.named.remove(&name.to_lowercase());
        let prepared = self.prepare(&text).await?;
        self.named.insert(name.to_lowercase(), prepared);
        Ok(())
    }

    pub(super) async fn execute_named(
        &mut self,
        name: &str,
        using: &[String],
        reply: &mut dyn Answer,
    ) -> Result<Outcome, Error> {
        let key = name.to_lowercase();
        let mut prepared = self.named.remove(&key).ok_or_else(|| unknown_prepared(name, "EXECUTE"))?;
        let variables = &self.state.user_variables;
        let parameters: Vec<Value> = using
            .iter()
            .map(|name| variables.get(&name.to_lowercase()).cloned().unwrap_or(Value::Null))
            .collect();
        let statement = Arc::clone(&prepared.statement);
        let result = if parameters.len() != prepared.parameter_count {
            Err(Error::wrong_arguments("EXECUTE"))
        } else if matches!(*statement, Statement::ExecutePrepared { .. } | Statement::PrepareText { .. }) {
            Err(Error::not_supported("PREPARE and EXECUTE inside of a prepared statement"))
        } else {
            // What a CALL gives to its parameters goes to the variables.
            let types = self.programs.types.take();
            let outputs = self.programs.outputs.replace(Vec::new());
            let result =
                Box::pin(self.dispatch(&statement, &parameters, Some(&mut prepared.plan), reply)).await;
            self.programs.types = types;
            for (index, value, of) in
                std::mem::replace(&mut self.programs.outputs, outputs).unwrap_or_default()
            {
                let Some(name) = using.get(index).filter(|_| result.is_ok()) else { continue };
                // MySQL takes them for bytes here.
                let value = match super::select_into::variable_value(&value, &of) {
                    Value::Text(text) => Value::Blob(text),
                    value => value,
                };
                self.state.user_variables.insert(name.to_lowercase(), value);
            }
            result
        };
        self.named.entry(key).or_insert(prepared);
        result
    }
}

pub(super) fn unknown_prepared(name: &str, given_to: &str) -> Error {
    Error {
        code: 1243,
        state: *b"HY000",
        message: format!("Unknown prepared statement handler ({name}) given to {given_to}"),
    }
}
