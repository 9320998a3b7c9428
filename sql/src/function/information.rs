//! Functions about the server, the session and the statement.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::account::AccountId;
use crate::execute::{Context, Run};
use crate::function::argument::integer;
use crate::function::{Call, Function, returns};
use crate::types::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("VERSION", 0, 0, returns::name, |_, _, _| Ok(Value::text(crate::variables::VERSION))),
    Function::new("DATABASE", 0, 0, returns::name, database).nullable_result(),
    Function::new("SCHEMA", 0, 0, returns::name, database).nullable_result(),
    Function::new("USER", 0, 0, returns::name, user),
    Function::new("SESSION_USER", 0, 0, returns::name, user),
    Function::new("SYSTEM_USER", 0, 0, returns::name, user),
    Function::new("CURRENT_USER", 0, 0, returns::name, current_user),
    Function::new("CURRENT_ROLE", 0, 0, returns::name, current_role),
    Function::new("CONNECTION_ID", 0, 0, returns::bigint_unsigned, connection_id),
    Function::new("LAST_INSERT_ID", 0, 1, returns::bigint_unsigned, last_insert_id).takes_null().volatile(),
    Function::new("ROW_COUNT", 0, 0, returns::bigint, |_, _, ctx| Ok(Value::Int(ctx.session.row_count))),
    Function::new("FOUND_ROWS", 0, 0, returns::bigint, found_rows),
    Function::new("UUID", 0, 0, returns::name, uuid).volatile(),
    Function::new("UUID_SHORT", 0, 0, returns::bigint_unsigned, uuid_short).volatile(),
    Function::new("CHARSET", 1, 1, returns::name, charset).never_null(),
    Function::new("COLLATION", 1, 1, returns::name, collation).never_null(),
    Function::new("COERCIBILITY", 1, 1, returns::bigint, coercibility).never_null(),
];

fn database(_: &Call<'_>, _: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    Ok(ctx.session.database.as_ref().map_or(Value::Null, Value::text))
}

fn user(_: &Call<'_>, _: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    Ok(Value::text(format!("{}@{}", ctx.session.user, ctx.session.host)))
}

/// The active roles that the account still has.
fn current_role(_: &Call<'_>, _: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let own = ctx.catalog.accounts.get(&ctx.session.account);
    let is_granted = |role: &&AccountId| own.is_some_and(|own| own.grants.roles.contains_key(*role));
    let roles: Vec<String> =
        ctx.session.active_roles.iter().filter(is_granted).map(AccountId::to_string).collect();
    Ok(Value::text(if roles.is_empty() { "NONE".to_owned() } else { roles.join(",") }))
}

/// The account that the client was logged in as: its host may be a pattern.
fn current_user(_: &Call<'_>, _: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    Ok(Value::text(ctx.session.account.plain()))
}

fn connection_id(_: &Call<'_>, _: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    Ok(Value::UInt(ctx.session.connection_id))
}

fn found_rows(_: &Call<'_>, _: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    Ok(Value::Int(i64::try_from(ctx.session.found_rows).unwrap_or(i64::MAX)))
}

/// LAST_INSERT_ID(n) remembers n and returns it.
fn last_insert_id(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let Some(value) = values.first() else { return Ok(Value::UInt(ctx.session.last_insert_id)) };
    ctx.gave_last_insert_id = true;
    if value.is_null() {
        ctx.session.last_insert_id = 0;
        return Ok(Value::Null);
    }
    let id = match value {
        Value::UInt(id) => *id,
        other => integer(other, ctx).cast_unsigned(),
    };
    ctx.session.last_insert_id = id;
    Ok(Value::UInt(id))
}

/// A version 1 UUID: the statement's time and a counter within the process, with a random node per process.
fn uuid(_: &Call<'_>, _: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    /// 100 ns ticks between the UUID epoch, 1582-10-15, and 1970-01-01.
    const EPOCH_TICKS: u64 = 122_192_928_000_000_000;
    static LAST: AtomicU64 = AtomicU64::new(0);
    static NODE: std::sync::LazyLock<(u16, u64)> = std::sync::LazyLock::new(|| {
        (rand::random::<u16>() & 0x3fff | 0x8000, rand::random::<u64>() | 1 << 40)
    });
    let wanted = EPOCH_TICKS + ctx.now_us.max(0).unsigned_abs() * 10;
    // Never the same tick twice, and never back.
    let last = LAST
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(wanted.max(last + 1)))
        .unwrap_or(0);
    let ticks = wanted.max(last + 1);
    Ok(Value::text(format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        ticks & 0xffff_ffff,
        ticks >> 32 & 0xffff,
        ticks >> 48 & 0x0fff | 0x1000,
        NODE.0,
        NODE.1 & 0xffff_ffff_ffff
    )))
}

/// 64 bits: server id, the process's start in seconds, a counter. The server id is the host's `server_id`.
fn uuid_short(_: &Call<'_>, _: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    if NEXT.load(Ordering::Relaxed) == 0 {
        let server = match ctx.host.variable("server_id") {
            Some(Value::UInt(id)) => id,
            Some(Value::Int(id)) => id.unsigned_abs(),
            _ => 1,
        };
        let start =
            (server & 0xff) << 56 | ((ctx.now_us.max(0).unsigned_abs() / 1_000_000) & 0xffff_ffff) << 24;
        // Whoever loses the race takes the winner's start.
        let _ = NEXT.compare_exchange(0, start, Ordering::Relaxed, Ordering::Relaxed);
    }
    Ok(Value::UInt(NEXT.fetch_add(1, Ordering::Relaxed)))
}

fn charset(call: &Call<'_>, _: &[Value], _: &mut Context<'_>) -> Run<Value> {
    Ok(Value::text(call.arguments[0].data_type().collation.character_set()))
}

fn collation(call: &Call<'_>, _: &[Value], _: &mut Context<'_>) -> Run<Value> {
    Ok(Value::text(call.arguments[0].data_type().collation.name()))
}

fn coercibility(call: &Call<'_>, _: &[Value], _: &mut Context<'_>) -> Run<Value> {
    Ok(Value::Int(call.arguments[0].coercibility() as i64))
}
