//! What asks the server for something else than data: BENCHMARK, LOAD_FILE, RANDOM_BYTES, ICU_VERSION, VALIDATE_PASSWORD_STRENGTH, the
//! threads of the performance schema; sets of GTIDs.

use rand::RngCore;

use crate::account::Privilege;
use crate::authorization::{Authorization, Grant};
use crate::error::Error;
use crate::execute::{Context, Run};
use crate::function::argument::{bytes, integer};
use crate::function::{Call, Function, returns};
use crate::gtid_set::GtidSet;
use crate::session::WarningLevel;
use crate::types::{DataType, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(super::BENCHMARK, 2, 2, returns::bigint, |_, _, _| Ok(Value::Int(0)))
        .takes_null()
        .volatile(),
    Function::new("GTID_SUBSET", 2, 2, returns::bigint, gtid_subset).text(0b11),
    Function::new("GTID_SUBTRACT", 2, 2, returns::long_text, gtid_subtract).text(0b11),
    Function::new(
        "ICU_VERSION",
        0,
        0,
        |_, c| DataType::varchar(5, c),
        |_, _, _| Ok(Value::text(ICU_VERSION)),
    ),
    Function::new("LOAD_FILE", 1, 1, returns::bytes, load_file).text(1).nullable_result().volatile(),
    Function::new("PS_CURRENT_THREAD_ID", 0, 0, returns::bigint_unsigned, no_threads).volatile(),
    Function::new("PS_THREAD_ID", 1, 1, returns::bigint_unsigned, no_threads).never_null().volatile(),
    Function::new("RANDOM_BYTES", 1, 1, |_, _| DataType::varbinary(1024), random_bytes)
        .nullable_result()
        .volatile(),
    Function::new("VALIDATE_PASSWORD_STRENGTH", 1, 1, returns::bigint, |_, _, _| Ok(Value::Int(0))).text(1),
];

/// The version of Unicode's tables that MySQL 9.7 has; here the regular expressions are a crate's.
const ICU_VERSION: &str = "78.3";
/// Bytes of RANDOM_BYTES.
const RANDOM_BYTES: std::ops::RangeInclusive<usize> = 1..=1024;

/// BENCHMARK(count, expression): the expression is evaluated again and again.
pub(super) fn benchmark(call: &Call<'_>, row: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let [count, expression] = call.arguments else { return Ok(Value::Null) };
    let count = count.eval(row, ctx)?;
    if count.is_null() {
        return Ok(Value::Null);
    }
    let count = integer(&count, ctx);
    if count < 0 {
        let message = format!("Incorrect count value: '{count}' for function benchmark");
        ctx.session.warn(WarningLevel::Warning, 1411, message);
        return Ok(Value::Null);
    }
    // It may take any time: the thread is not kept from other sessions.
    let host = ctx.host;
    let mut done = Ok(Value::Int(0));
    host.compute(&mut || {
        let mut repeat = || -> Run<()> {
            for _ in 0..count {
                ctx.check()?;
                expression.eval(row, ctx)?;
            }
            Ok(())
        };
        if let Err(interrupt) = repeat() {
            done = Err(interrupt);
        }
    });
    done
}

fn random_bytes(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let length = usize::try_from(integer(&values[0], ctx)).unwrap_or(0);
    if !RANDOM_BYTES.contains(&length) {
        return Err(Error::data_out_of_range("length", "random_bytes").into());
    }
    let mut out = vec![0; length];
    rand::rng().fill_bytes(&mut out);
    Ok(Value::Blob(out.into()))
}

/// The file's bytes, or NULL for whatever stands against reading it.
fn load_file(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let name = String::from_utf8_lossy(bytes(&values[0])).into_owned();
    let most = ctx.session.variables.max_allowed_packet_bytes;
    // As of the catalog at hand: a statement without tables may not have asked for anything yet.
    let session = &ctx.session;
    let rights = Authorization::of(ctx.catalog, &session.account, &session.active_roles);
    if !rights.has_global(Grant::Static(Privilege::File)) {
        return Ok(Value::Null);
    }
    let Some(text) = ctx.host.read_file(&name, most.saturating_add(1)) else { return Ok(Value::Null) };
    if text.len() as u64 > most {
        let message =
            format!("Result of load_file() was larger than max_allowed_packet ({most}) - truncated");
        ctx.session.warn(WarningLevel::Warning, 1301, message);
        return Ok(Value::Null);
    }
    Ok(Value::Blob(text))
}

/// There is no performance schema that counts threads; error 1683, as of a MySQL whose `performance_schema` is off.
fn no_threads(call: &Call<'_>, _: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let message = format!("'{}': The Performance Schema is not enabled.", call.name.to_lowercase());
    Err(Error { code: 1683, state: *b"HY000", message }.into())
}

fn gtid_subset(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let (inner, outer) = (GtidSet::parse(bytes(&values[0]))?, GtidSet::parse(bytes(&values[1]))?);
    Ok(Value::bool(inner.minus(&outer).is_empty()))
}

fn gtid_subtract(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let (from, what) = (GtidSet::parse(bytes(&values[0]))?, GtidSet::parse(bytes(&values[1]))?);
    Ok(Value::text(from.minus(&what).to_string()))
}
