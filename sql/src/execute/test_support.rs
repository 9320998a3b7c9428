//! Runs SQL text end to end for tests: parse, plan, run, commit, rows as text.

use std::fmt::Write as _;

use storage::txn::Transaction;

use crate::ast::Statement;
use crate::catalog::test_support::{TestNode, ended, session};
use crate::error::{Error, Result};
use crate::execute::{Context, Outcome, ResultColumn, Sink};
use crate::plan::{Plan, is_planned, plan_statement};
use crate::session::SessionState;
use crate::types::Value;
use crate::types::text::write_text;

/// Rows as text, tab separated, as `mysql -N -B` prints them.
#[derive(Default)]
pub struct TextSink {
    pub columns: Vec<ResultColumn>,
    pub text: String,
}

impl Sink for TextSink {
    fn columns(&mut self, columns: &[ResultColumn]) -> Result<()> {
        self.columns = columns.to_vec();
        Ok(())
    }

    fn row(&mut self, row: &[Value]) -> Result<()> {
        assert_eq!(row.len(), self.columns.len(), "a row is as long as its columns");
        for (position, (value, column)) in row.iter().zip(&self.columns).enumerate() {
            if position > 0 {
                self.text.push('\t');
            }
            if *value == Value::Null {
                self.text.push_str("NULL");
                continue;
            }
            let mut text = Vec::new();
            write_text(value, &column.data_type, &mut text);
            self.text.push_str(&String::from_utf8_lossy(&text));
        }
        self.text.push('\n');
        Ok(())
    }
}

/// A node and the sessions on it.
pub struct Harness {
    pub node: TestNode,
    pub sessions: Vec<TestSession>,
}

/// A session.
pub struct TestSession {
    pub state: SessionState,
    pub txn: Option<Transaction>,
}

impl Harness {
    /// A node with database `d` and one session.
    pub fn new() -> Harness {
        Harness { node: TestNode::new(), sessions: vec![TestSession { state: session(), txn: None }] }
    }

    /// Adds a session; its number.
    pub fn connect(&mut self) -> usize {
        self.sessions.push(TestSession { state: session(), txn: None });
        self.sessions.len() - 1
    }

    /// Runs a statement in session 0: the rows as text, or the outcome, or the error.
    pub fn run(&mut self, sql: &str) -> String {
        self.run_in(0, sql, &[])
    }

    /// Runs a statement with parameters.
    pub fn run_in(&mut self, number: usize, sql: &str, parameters: &[Value]) -> String {
        let mut sink = TextSink::default();
        match self.execute(number, sql, parameters, &mut sink) {
            Ok(outcome) if outcome.rows => sink.text,
            Ok(outcome) => {
                let mut text = format!("affected {}", outcome.affected);
                if !outcome.info.is_empty() {
                    let _ = write!(text, " ({})", outcome.info);
                }
                text + "\n"
            }
            Err(error) => format!("{error}\n"),
        }
    }

    /// Runs `body` as a statement of session 0 would run.
    pub fn with_context<T>(&mut self, body: impl FnOnce(&mut Context<'_>) -> T) -> T {
        let mut txn = self.node.begin();
        self.node.with_context(&mut txn, &mut self.sessions[0].state, &[], body)
    }

    /// Plans a statement.
    pub fn plan(&self, number: usize, sql: &str) -> Result<Plan> {
        let state = &self.sessions[number].state;
        let parsed = crate::parse::parse_statement(sql.as_bytes(), state.variables.sql_mode)?;
        plan_statement(&parsed.statement, &self.node.catalog, state)
    }

    fn execute(
        &mut self,
        number: usize,
        sql: &str,
        parameters: &[Value],
        sink: &mut TextSink,
    ) -> Result<Outcome> {
        let state = &self.sessions[number].state;
        let parsed = crate::parse::parse_statement(sql.as_bytes(), state.variables.sql_mode)?;
        match &parsed.statement {
            Statement::Begin { .. } => {
                let txn = self.node.begin();
                let session = &mut self.sessions[number];
                session.txn = Some(txn);
                session.state.in_transaction = true;
                Ok(Outcome::default())
            }
            Statement::Commit | Statement::Rollback => {
                let session = &mut self.sessions[number];
                session.state.in_transaction = false;
                if let Some(mut txn) = session.txn.take() {
                    if parsed.statement == Statement::Commit {
                        self.node.commit(txn, false);
                    } else {
                        txn.rollback();
                    }
                }
                Ok(Outcome::default())
            }
            statement if is_planned(statement) => {
                let plan = plan_statement(statement, &self.node.catalog, &self.sessions[number].state)?;
                self.run_plan(number, &plan, parameters, sink)
            }
            statement => self.node.job(statement, &mut self.sessions[number].state),
        }
    }

    /// Runs a plan in a session's transaction, or in one of its own.
    pub fn run_plan(
        &mut self,
        number: usize,
        plan: &Plan,
        parameters: &[Value],
        sink: &mut TextSink,
    ) -> Result<Outcome> {
        let open = self.sessions[number].txn.take();
        let autocommit = open.is_none();
        let mut txn = open.unwrap_or_else(|| self.node.begin());
        if plan.reads_snapshot && txn.snapshot_index().is_none() {
            txn.take_snapshot();
        }
        let state = &mut self.sessions[number].state;
        state.warnings.clear();
        state.warning_count = 0;
        let savepoint = txn.savepoint();
        let run = self.node.with_context(&mut txn, state, parameters, |ctx| super::run(plan, ctx, sink));
        let result = match ended(run) {
            Err(error) if error == Error::internal("suspended") => Err(Error::lock_wait_timeout()),
            other => other,
        };
        if result.is_err() {
            txn.rollback_to(savepoint);
        }
        if !autocommit {
            self.sessions[number].txn = Some(txn);
        } else if result.is_ok() {
            self.node.commit(txn, false);
        }
        result
    }
}
