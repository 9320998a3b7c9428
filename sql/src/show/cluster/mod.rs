//! The cluster as tables: information_schema's ALISQL_CLUSTER_* and QUORATE_CLUSTER_*.
//!
//! The first have X-Cluster's names, columns, order and words, so that its users' tools find what they look for; NULL stands where this
//! node cannot know a value (X-Cluster has 0 there). All rows are made from one [`ClusterView`](crate::execute::ClusterView) a statement and table, taken from the host.
//!
//! Differences from X-Cluster: IP_PORT is the peer address, which is not the client address plus a constant here (both are in
//! QUORATE_CLUSTER_MEMBERS); SEND_APPLIED is always No, because a source sends what is committed; a log-only node's APPLIED_INDEX is what it knows
//! to be committed; there are no prefetch channels (what is read ahead for a lagging peer belongs to its link), so that table has no
//! rows.

mod log;
mod members;

#[cfg(test)]
mod tests;

pub(crate) use log::{LOGS, logs};
pub(crate) use members::{GLOBAL, LOCAL, global, local};

use crate::execute::{Context, Run};
use crate::show::spec::{Row, fixed};
use crate::show::system_table::SystemTable;
use crate::types::Value;

/// The tables, in information_schema.
pub(super) const TABLES: &[SystemTable] = &[
    SystemTable {
        name: "ALISQL_CLUSTER_CONSENSUS_MEMBERSHIP_CHANGE",
        columns: log::MEMBERSHIP_CHANGE,
        rows: log::membership_change,
    },
    SystemTable {
        name: "ALISQL_CLUSTER_CONSENSUS_STATUS",
        columns: log::CONSENSUS_STATUS,
        rows: |ctx| Ok(log::consensus_status(&ctx.host.cluster())),
    },
    SystemTable {
        name: "ALISQL_CLUSTER_GLOBAL",
        columns: members::GLOBAL,
        rows: |ctx| Ok(members::global(&ctx.host.cluster())),
    },
    SystemTable {
        name: "ALISQL_CLUSTER_HEALTH",
        columns: members::HEALTH,
        rows: |ctx| Ok(members::health(&ctx.host.cluster())),
    },
    SystemTable {
        name: "ALISQL_CLUSTER_LEARNER_SOURCE",
        columns: members::LEARNER_SOURCE,
        rows: |ctx| Ok(members::learner_source(&ctx.host.cluster())),
    },
    SystemTable {
        name: "ALISQL_CLUSTER_LOCAL",
        columns: members::LOCAL,
        rows: |ctx| Ok(members::local(&ctx.host.cluster())),
    },
    SystemTable { name: "ALISQL_CLUSTER_PREFETCH_CHANNEL", columns: log::PREFETCH_CHANNEL, rows: no_rows },
    SystemTable { name: "QUORATE_CLUSTER_EVENTS", columns: log::EVENTS, rows: log::events },
    SystemTable {
        name: "QUORATE_CLUSTER_MEMBERS",
        columns: members::MEMBERS,
        rows: |ctx| Ok(members::members(&ctx.host.cluster())),
    },
];

fn no_rows(_: &mut Context) -> Run<Vec<Row>> {
    Ok(Vec::new())
}

/// A number. Log indexes and terms stay far below where it would not fit.
fn number(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

/// A number or NULL.
fn known(value: Option<u64>) -> Value {
    value.map_or(Value::Null, number)
}

/// X-Cluster's word.
fn yes_no(yes: bool) -> Value {
    fixed(if yes { "Yes" } else { "No" })
}
