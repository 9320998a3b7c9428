//! GET_LOCK() and its like: locks by name, for applications.
//!
//! The locks are the server's ([`Host`](crate::execute::Host)); here is what a statement does with them. A call that must wait suspends
//! its statement, which runs again from its start when the wait is over; what calls before it did is remembered in the context, so that
//! it is not done twice ([`UserLockCalls`]).

use std::time::Duration;

use storage::txn::{LockOutcome, WaitPolicy};

use crate::error::{Error, Result};
use crate::execute::{Context, Interrupt, Run, Suspend};
use crate::function::{Call, Function, argument, returns};
use crate::limits::USER_LOCK_NAME_CHARACTERS_MAX;
use crate::types::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("GET_LOCK", 2, 2, returns::bigint, get_lock).text(1).takes_null().volatile(),
    Function::new("RELEASE_LOCK", 1, 1, returns::bigint, release_lock).text(1).takes_null().volatile(),
    Function::new("RELEASE_ALL_LOCKS", 0, 0, returns::bigint_unsigned, release_all_locks).volatile(),
    Function::new("IS_FREE_LOCK", 1, 1, returns::bigint, is_free_lock).text(1).takes_null().volatile(),
    Function::new("IS_USED_LOCK", 1, 1, returns::bigint_unsigned, is_used_lock)
        .text(1)
        .takes_null()
        .volatile(),
];

/// What the calls of a statement that change locks have done, in their order.
#[derive(Debug, Default)]
pub struct UserLockCalls {
    done: Vec<(&'static str, String, Value)>,
    /// Calls met in this run.
    met: usize,
    /// The wait of the first call that is not done has taken as long as it may.
    pub timed_out: bool,
}

impl UserLockCalls {
    /// The statement runs again from its start.
    pub fn run_again(&mut self) {
        self.met = 0;
    }

    /// Whether GET_LOCK() gave any lock.
    #[must_use]
    pub fn took_any(&self) -> bool {
        self.done.iter().any(|(function, _, value)| *function == "GET_LOCK" && *value == Value::Int(1))
    }

    /// What this call gave when the statement ran before. Where the statement takes another way than before, what was done is done, and
    /// what comes now is new.
    fn known(&mut self, function: &'static str, name: &str) -> Option<Value> {
        match self.done.get(self.met) {
            Some((then, of, value)) if *then == function && of == name => {
                self.met += 1;
                Some(value.clone())
            }
            Some(_) => {
                self.done.truncate(self.met);
                None
            }
            None => None,
        }
    }

    fn done(&mut self, function: &'static str, name: String, value: Value) -> Value {
        self.done.push((function, name, value.clone()));
        self.met = self.done.len();
        value
    }
}

/// The lock's name: letters in lower case.
fn name(value: &Value) -> Result<String> {
    let bytes = match value {
        Value::Null => return Err(Error::user_lock_name("NULL")),
        other => argument::bytes(other),
    };
    let Ok(text) = std::str::from_utf8(bytes) else {
        let shown: String = bytes
            .iter()
            .map(
                |byte| if byte.is_ascii() { char::from(*byte).to_string() } else { format!("\\x{byte:02X}") },
            )
            .collect();
        return Err(Error::user_lock_name(shown));
    };
    if text.is_empty() {
        return Err(Error::user_lock_name(""));
    }
    if text.chars().count() > USER_LOCK_NAME_CHARACTERS_MAX {
        return Err(Error::user_lock_name_length(text));
    }
    Ok(text.to_lowercase())
}

/// The seconds that GET_LOCK waits; none: for ever.
fn patience(value: &Value, ctx: &mut Context<'_>) -> Option<Duration> {
    let seconds = if value.is_null() { 0 } else { argument::integer(value, ctx) };
    u64::try_from(seconds).ok().map(Duration::from_secs)
}

/// 1: it is held; 0: it could not be had in time.
fn get_lock(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    check_not_forwarded(ctx, "GET_LOCK")?;
    let name = name(&values[0])?;
    let patience = patience(&values[1], ctx);
    if let Some(value) = ctx.user_locks.known("GET_LOCK", &name) {
        return Ok(value);
    }
    ctx.check()?;
    let is_over = std::mem::take(&mut ctx.user_locks.timed_out) || patience == Some(Duration::ZERO);
    let policy = if is_over { WaitPolicy::SkipLocked } else { WaitPolicy::Wait };
    let is_held = match ctx.host.acquire_user_lock(ctx.session.connection_id, &name, policy)? {
        LockOutcome::Granted => true,
        LockOutcome::Skipped => false,
        LockOutcome::Wait(wait) => return Err(Interrupt::Suspend(Suspend::UserLock(wait, patience))),
    };
    Ok(ctx.user_locks.done("GET_LOCK", name, Value::Int(i64::from(is_held))))
}

/// 1: released once; 0: another session holds it; NULL: nobody does.
fn release_lock(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    check_not_forwarded(ctx, "RELEASE_LOCK")?;
    let name = name(&values[0])?;
    if let Some(value) = ctx.user_locks.known("RELEASE_LOCK", &name) {
        return Ok(value);
    }
    let released = ctx.host.release_user_lock(ctx.session.connection_id, &name);
    let value = released.map_or(Value::Null, |own| Value::Int(i64::from(own)));
    Ok(ctx.user_locks.done("RELEASE_LOCK", name, value))
}

/// A user lock belongs to a connection to the leader; one that is passed on comes by another each time.
fn check_not_forwarded(ctx: &Context<'_>, function: &str) -> crate::Result<()> {
    if !ctx.session.is_forwarded {
        return Ok(());
    }
    Err(Error::read_only(format_args!("{function}() is not forwarded; connect to the leader")))
}

/// How many were released, each as often as it was taken.
fn release_all_locks(_: &Call<'_>, _: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    check_not_forwarded(ctx, "RELEASE_ALL_LOCKS")?;
    if let Some(value) = ctx.user_locks.known("RELEASE_ALL_LOCKS", "") {
        return Ok(value);
    }
    let value = Value::UInt(ctx.host.release_user_locks(ctx.session.connection_id));
    Ok(ctx.user_locks.done("RELEASE_ALL_LOCKS", String::new(), value))
}

fn is_free_lock(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let name = name(&values[0])?;
    Ok(Value::Int(i64::from(ctx.host.user_lock_owner(&name)?.is_none())))
}

/// The connection that holds it.
fn is_used_lock(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let name = name(&values[0])?;
    Ok(ctx.host.user_lock_owner(&name)?.map_or(Value::Null, Value::UInt))
}
