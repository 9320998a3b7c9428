//! `QUORATE_TRANSACTION_OUTCOME(gtid)`: what became of a transaction whose client did not hear.
//!
//! `COMMITTED` and `NOT COMMITTED` are final, on whatever node they are said. A node that cannot tell yet first becomes as fresh as
//! `quorate_read_consistency` says; what it cannot tell even then is `UNKNOWN`, with the reason as a warning.

use crate::execute::{Context, Freshness, Interrupt, Run, Suspend, TransactionOutcome};
use crate::function::{Call, Function, argument, returns};
use crate::gtid::Gtid;
use crate::session::WarningLevel;
use crate::types::Value;

pub(super) const FUNCTIONS: &[Function] =
    &[Function::new("QUORATE_TRANSACTION_OUTCOME", 1, 1, returns::name, outcome).text(1).volatile()];

/// Number of the warning that says why the answer is UNKNOWN.
const WARNING_CODE: u16 = 1105;

fn outcome(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let text = String::from_utf8_lossy(argument::bytes(&values[0]));
    let gtid: Gtid = text.parse()?;
    let (reason, may_change) = match ctx.host.transaction_outcome(&gtid) {
        TransactionOutcome::Committed => return Ok(Value::text("COMMITTED")),
        TransactionOutcome::NotCommitted => return Ok(Value::text("NOT COMMITTED")),
        TransactionOutcome::Unknown { reason, may_change } => (reason, may_change),
    };
    let reason = match &ctx.freshness {
        Freshness::NotAsked if may_change => return Err(Interrupt::Suspend(Suspend::Freshness)),
        Freshness::NotAsked | Freshness::Asked => reason,
        Freshness::Failed(why) => format!("{reason}; {why}"),
    };
    ctx.session.warn(WarningLevel::Warning, WARNING_CODE, reason);
    Ok(Value::text("UNKNOWN"))
}
