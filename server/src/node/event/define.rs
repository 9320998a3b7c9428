//! CREATE EVENT and ALTER EVENT in a session: their times are found out before the schema is changed.

use std::sync::Arc;

use sql::Error;
use sql::ast::{DefineEvent, EventStatement, EventTimes, EventTiming, Expr, ProgramStatement, Statement};
use sql::execute::Outcome;
use sql::program::event_schedule::resolve;

use crate::node::run_plan::statement_time_us;
use crate::node::session::Session;

impl Session {
    /// Runs a statement about events.
    ///
    /// # Errors
    /// 1525, 1542, 1543, those of the expressions and of schema changes.
    pub(in crate::node) async fn run_event_statement(
        &mut self,
        statement: &Arc<Statement>,
        event: &EventStatement,
    ) -> Result<Outcome, Error> {
        let known = match event {
            EventStatement::Create(define) => EventStatement::Create(self.with_times(define).await?),
            EventStatement::Alter(define) => EventStatement::Alter(self.with_times(define).await?),
            EventStatement::Drop { .. } | EventStatement::Begin { .. } | EventStatement::End { .. } => {
                return self.run_ddl(statement).await;
            }
        };
        let known = Statement::Program(Box::new(ProgramStatement::Event(Box::new(known))));
        self.run_ddl(&Arc::new(known)).await
    }

    /// The definition with the times of its schedule.
    async fn with_times(&mut self, define: &DefineEvent) -> Result<DefineEvent, Error> {
        let mut known = define.clone();
        let Some(timing) = &define.timing else { return Ok(known) };
        // Before the expressions, so that what is to happen now is not past.
        let now_us = statement_time_us(&self.state);
        let expressions: Vec<&Expr> = match timing {
            EventTiming::At(at) => vec![at],
            EventTiming::Every { value, starts, ends, .. } => {
                std::iter::once(value).chain(starts).chain(ends).collect()
            }
        };
        let mut values = Vec::with_capacity(expressions.len());
        for expression in expressions {
            values.push(self.evaluate(expression, &[]).await?);
        }
        let schedule = resolve(timing, &values, &mut self.state, now_us)?;
        known.times = Some(EventTimes { schedule, now_us });
        Ok(known)
    }
}
