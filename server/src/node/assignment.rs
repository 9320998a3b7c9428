//! SET in a session: variables, character sets, transaction characteristics; and expressions that stand alone.

use std::sync::Arc;

use bytes::Bytes;
use sql::Error;
use sql::ast::{AssignmentTarget, Expr, Query, QueryBody, Select, SelectItem, Statement};
use sql::execute::{self, Interrupt, ResultColumn, Sink, Suspend};
use sql::types::{DataType, Value};
use storage::txn::Transaction;

use super::plan_cache::parameter_type;
use super::result::Answer;
use super::run_plan::{Carried, Parts, make_context};
use super::session::Session;

impl Session {
    pub(super) async fn set(&mut self, statement: &Statement, parameters: &[Value]) -> Result<(), Error> {
        let was_autocommit = self.state.variables.autocommit;
        let result = self.assign(statement, parameters).await;
        // Also when a later assignment failed: autocommit is on.
        if self.state.variables.autocommit && !was_autocommit {
            if let Err(error) = self.check_branch_is_over() {
                self.state.variables.autocommit = false;
                return Err(error);
            }
            self.commit().await?;
        }
        result
    }

    pub(super) async fn assign(&mut self, statement: &Statement, parameters: &[Value]) -> Result<(), Error> {
        match statement {
            Statement::Set(assignments) => {
                for assignment in assignments {
                    let value = match &assignment.value {
                        Expr::Default(None) => None,
                        expr => Some(self.evaluate(expr, parameters).await?),
                    };
                    let node = Arc::clone(&self.node);
                    if let AssignmentTarget::NextTransaction(name) = &assignment.target {
                        self.check_no_transaction()?;
                        let mut state = self.state.clone();
                        sql::variables::assign(&assignment.target, value, &mut state, &*node)?;
                        if name == "transaction_isolation" {
                            self.next.isolation = Some(state.variables.isolation);
                        } else {
                            self.next.read_only = Some(state.variables.transaction_read_only);
                        }
                        continue;
                    }
                    if sql::variables::is_fixed_in_transaction(&assignment.target) && self.is_in_transaction()
                    {
                        let message = "Cannot modify @@session.sql_log_bin inside a transaction".into();
                        return Err(Error { code: 1694, state: *b"HY000", message });
                    }
                    if sql::variables::is_of_cluster(&assignment.target) {
                        // In a box: the future of every SET would be larger for it.
                        Box::pin(self.set_gtid_purged(value)).await?;
                        continue;
                    }
                    sql::variables::assign(&assignment.target, value, &mut self.state, &*node)?;
                }
            }
            Statement::SetNames { character_set, collation, is_names } => {
                sql::variables::set_names(character_set, collation.as_deref(), *is_names, &mut self.state)?;
            }
            Statement::SetTransaction { scope, read_only, isolation } => {
                self.set_transaction(*scope, *read_only, isolation.as_deref())?;
            }
            _ => return Err(Error::internal("not a SET statement")),
        }
        Ok(())
    }

    pub(super) fn set_transaction(
        &mut self,
        scope: Option<sql::ast::VariableScope>,
        read_only: Option<bool>,
        isolation: Option<&str>,
    ) -> Result<(), Error> {
        let node = Arc::clone(&self.node);
        let level = Value::Text(Bytes::from(isolation.unwrap_or_default().to_owned()));
        if scope.is_some() {
            if isolation.is_some() {
                let target = AssignmentTarget::System(scope, "transaction_isolation".into());
                sql::variables::assign(&target, Some(level), &mut self.state, &*node)?;
            }
            if let Some(read_only) = read_only {
                let target = AssignmentTarget::System(scope, "transaction_read_only".into());
                sql::variables::assign(&target, Some(Value::Int(read_only.into())), &mut self.state, &*node)?;
            }
            return Ok(());
        }
        self.check_no_transaction()?;
        if let Some(isolation) = isolation {
            self.next.isolation = Some(sql::variables::parse_isolation(isolation)?);
        }
        self.next.read_only = read_only.or(self.next.read_only);
        Ok(())
    }

    /// SET GLOBAL gtid_purged, which every node is to know: a change of the catalog.
    async fn set_gtid_purged(&mut self, value: Option<Value>) -> Result<(), Error> {
        let text = sql::ddl::gtid_purged::checked(value)?;
        if self.is_in_transaction() {
            let message =
                "The system variable gtid_purged cannot be set when there is an ongoing transaction.".into();
            return Err(Error { code: 1766, state: *b"HY000", message });
        }
        if self.global_read_lock.is_some() {
            return Err(Error::conflicting_read_lock());
        }
        self.run_ddl(&Arc::new(Statement::GtidPurged(text))).await.map(|_| ())
    }

    /// Whether a transaction is open, here or at the leader.
    fn is_in_transaction(&self) -> bool {
        self.open.is_some() || self.transaction_elsewhere
    }

    /// Error 1568 within a transaction.
    fn check_no_transaction(&self) -> Result<(), Error> {
        if !self.is_in_transaction() {
            return Ok(());
        }
        let message =
            "Transaction characteristics can't be changed while a transaction is in progress".into();
        Err(Error { code: 1568, state: *b"25001", message })
    }

    /// The value of an expression that stands alone, as in SET: evaluated as `SELECT expr`.
    pub(super) async fn evaluate(&mut self, expr: &Expr, parameters: &[Value]) -> Result<Value, Error> {
        match expr {
            Expr::Literal(value) => return Ok(value.clone()),
            Expr::Truth(value) => return Ok(Value::Int(i64::from(*value))),
            Expr::Parameter(index) => {
                return parameters.get(*index).cloned().ok_or_else(|| Error::wrong_arguments("EXECUTE"));
            }
            _ => {}
        }
        if let Some(function) = sql::bind::walk::window_function(expr) {
            return Err(sql::bind::window::misplaced(function));
        }
        let select = Select {
            distinct: false,
            calc_found_rows: false,
            items: vec![SelectItem::Expression { expr: expr.clone(), alias: None, text: String::new() }],
            from: None,
            filter: None,
            group_by: Vec::new(),
            rollup: false,
            having: None,
            windows: Vec::new(),
        };
        let query = Query::of(QueryBody::Select(Box::new(select)));
        let statement = Arc::new(Statement::Query(Box::new(query)));
        self.state.parameter_types =
            parameters.iter().map(|value| parameter_type(value).unwrap_or(DataType::NULL)).collect();
        let planned = self.plan(&statement, None);
        self.state.parameter_types = Vec::new();
        let planned = planned?;
        let mut single = Single(None);
        let is_more = planned.plan.uses_temporary || planned.plan.calls_functions;
        if !planned.plan.tables().is_empty() || is_more {
            // It reads tables, as the session's transaction sees them.
            self.run_planned(&statement, parameters, None, &mut single).await?;
            return Ok(single.0.unwrap_or(Value::Null));
        }
        let mut txn = Transaction::begin(&self.node.store, &self.node.locks, self.node.take_txn_id());
        txn.take_snapshot();
        let before = Carried::of(&self.state);
        let mut context = make_context(Parts {
            session: &mut self.state,
            catalog: &planned.catalog,
            txn: &mut txn,
            parameters,
            host: &self.node,
            killed: &self.connection.statement_killed,
            strict: false,
        });
        // What the node has now is what it answers by.
        context.freshness = execute::Freshness::Asked;
        match execute::run(&planned.plan, &mut context, &mut single) {
            Ok(_) => {
                let calls = std::mem::take(&mut context.user_locks);
                self.confirm_user_locks(&calls).await?;
                Ok(single.0.unwrap_or(Value::Null))
            }
            Err(Interrupt::Error(error)) => Err(error),
            Err(Interrupt::Suspend(Suspend::UserLock(wait, _))) => {
                // To be waited for: as a statement of its own, which does not take again what was taken.
                let calls = std::mem::take(&mut context.user_locks);
                drop(wait);
                self.node.user_locks.give_up(self.connection.id);
                before.restore(&mut self.state);
                self.user_lock_calls = calls;
                self.run_planned(&statement, parameters, None, &mut single).await?;
                Ok(single.0.unwrap_or(Value::Null))
            }
            Err(Interrupt::Suspend(_)) => Err(Error::not_supported("SLEEP() or a locking read in SET")),
        }
    }
}

/// Keeps the first value of the first row.
struct Single(Option<Value>);

impl Sink for Single {
    fn columns(&mut self, _columns: &[ResultColumn]) -> sql::Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &[Value]) -> sql::Result<()> {
        if self.0.is_none() {
            self.0 = row.first().cloned();
        }
        Ok(())
    }
}

impl Answer for Single {
    fn rewind(&mut self) -> bool {
        self.0 = None;
        true
    }
}
