//! SET GLOBAL gtid_purged: transactions of other servers whose effects are here, as a dump of theirs says with its first lines.
//!
//! The set is a part of the catalog: the log carries it to every node. It is shown in `gtid_purged` and `gtid_executed`, and counts for
//! nothing else: nobody replicates from here by GTID (`gtid_mode` is OFF).

use bytes::Bytes;

use super::bump_version;
use crate::catalog::store::CatalogKey;
use crate::execute::{Context, Outcome, Run};
use crate::gtid_set::GtidSet;
use crate::types::Value;
use crate::{Error, Result};

const NAME: &str = "gtid_purged";

/// The text of a value to be set; None is DEFAULT.
///
/// # Errors
/// 1230 to 1232.
pub fn checked(value: Option<Value>) -> Result<String> {
    let Some(value) = value else {
        let message = format!("Variable '{NAME}' doesn't have a default value");
        return Err(Error { code: 1230, state: *b"42000", message });
    };
    let text = match value {
        Value::Text(text) | Value::Blob(text) => String::from_utf8_lossy(&text).into_owned(),
        Value::Null => return Err(Error::wrong_value_for_variable(NAME, "NULL")),
        _ => return Err(Error::wrong_type_for_variable(NAME)),
    };
    match parts(&text) {
        Ok(_) => Ok(text),
        Err(_) => Err(Error::wrong_value_for_variable(NAME, text)),
    }
}

/// Whether the set is to be added to the one there is, and the set.
fn parts(text: &str) -> Result<(bool, GtidSet)> {
    let text = text.trim_start();
    match text.strip_prefix('+') {
        Some(set) => Ok((true, GtidSet::parse(set.as_bytes())?)),
        None => Ok((false, GtidSet::parse(text.as_bytes())?)),
    }
}

/// Sets it to a text that is [checked].
///
/// # Errors
/// 3546.
pub(super) fn run(ctx: &mut Context<'_>, text: &str) -> Run<Outcome> {
    let (is_more, set) = parts(text)?;
    let before = &ctx.catalog.gtid_purged;
    let added = match is_more {
        true => set,
        false if before.minus(&set).is_empty() => set.minus(before),
        false => return Err(refused("the new value must be a superset of the old value").into()),
    };
    let executed = match ctx.host.variable("gtid_executed") {
        Some(Value::Text(text)) => GtidSet::parse(&text)?,
        _ => GtidSet::default(),
    };
    if added.minus(&executed) != added {
        return Err(refused("the added gtid set must not overlap with @@GLOBAL.GTID_EXECUTED").into());
    }
    if !added.is_empty() {
        let value = Bytes::from(before.with(&added).to_string());
        bump_version(ctx)?;
        ctx.txn.put(CatalogKey::GtidPurged.to_bytes(), value);
    }
    Ok(Outcome::default())
}

fn refused(why: &str) -> Error {
    let message = format!("@@GLOBAL.GTID_PURGED cannot be changed: {why}");
    Error { code: 3546, state: *b"HY000", message }
}
