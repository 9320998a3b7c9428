//! Running plans.

pub mod context;
pub mod subquery;

pub use context::{Context, Host, Interrupt, Outcome, Process, ResultColumn, Run, Sink, Suspend};
pub use subquery::SubqueryCache;
