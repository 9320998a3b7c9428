//! What happened: changes of the membership, events, counters; and the files of the log.

use crate::execute::cluster::LogFileView;
use crate::execute::{ClusterView, Context, Run};
use crate::show::cluster::number;
use crate::show::spec::{ColumnSpec, Row, integer, long, of, string, text};
use crate::types::{DateTime, TypeKind, Value};

const fn count(name: &'static str) -> ColumnSpec {
    integer(name, TypeKind::BigInt)
}

/// The columns of `show_logs()`.
pub(crate) const LOGS: &[ColumnSpec] = &[text("Log_name", 255), count("File_size"), count("Start_log_index")];

pub(super) const MEMBERSHIP_CHANGE: &[ColumnSpec] = &[text("TIME", 32).or_null(), text("COMMAND", 512)];

pub(super) const EVENTS: &[ColumnSpec] =
    &[of("TIME", TypeKind::DateTime(6)).or_null(), long("EVENT", TypeKind::Text)];

pub(super) const CONSENSUS_STATUS: &[ColumnSpec] = &[
    integer("SERVER_ID", TypeKind::Int),
    count("COUNT_MSG_APPEND_LOG"),
    count("COUNT_MSG_REQUEST_VOTE"),
    count("COUNT_HEARTBEAT"),
    count("COUNT_ON_MSG_APPEND_LOG"),
    count("COUNT_ON_MSG_REQUEST_VOTE"),
    count("COUNT_ON_HEARTBEAT"),
    count("COUNT_REPLICATE_LOG"),
    count("COUNT_LOG_META_GET_IN_CACHE"),
    count("COUNT_LOG_META_GET_TOTAL"),
];

pub(super) const PREFETCH_CHANNEL: &[ColumnSpec] = &[
    count("CHANNEL_ID"),
    count("FIRST_INDEX"),
    count("LAST_INDEX"),
    count("CACHE_SIZE"),
    text("CURRENT_REQUEST", 64),
    text("STOP_FLAG", 10),
];

/// ALISQL_CLUSTER_CONSENSUS_STATUS: what this node counted.
pub(super) fn consensus_status(view: &ClusterView) -> Vec<Row> {
    if view.server_id == 0 {
        return Vec::new();
    }
    let counters = &view.counters;
    let counts = [
        view.server_id,
        counters.appends_sent,
        counters.vote_requests_sent,
        counters.heartbeats_sent,
        counters.appends_received,
        counters.vote_requests_received,
        counters.heartbeats_received,
        counters.proposals,
        counters.log_reads_in_memory,
        counters.log_reads,
    ];
    vec![counts.into_iter().map(number).collect()]
}

/// The rows of `show_logs()`.
pub(crate) fn logs(view: &ClusterView) -> Vec<Row> {
    let row =
        |file: &LogFileView| vec![string(&file.name), number(file.size_bytes), number(file.first_index)];
    view.log_files.iter().map(row).collect()
}

/// ALISQL_CLUSTER_CONSENSUS_MEMBERSHIP_CHANGE: oldest first; the time is text there, in the session's time zone.
pub(super) fn membership_change(ctx: &mut Context) -> Run<Vec<Row>> {
    let row = |(time, command): (Option<DateTime>, &str)| {
        let time = time.map(|time| {
            let mut text = Vec::new();
            time.write(0, &mut text);
            Value::Text(text.into())
        });
        vec![time.unwrap_or(Value::Null), string(command)]
    };
    let view = ctx.host.cluster();
    let changes =
        view.changes.iter().map(|change| (local_time(change.time_us, ctx), change.command.as_str()));
    Ok(changes.map(row).collect())
}

/// QUORATE_CLUSTER_EVENTS: oldest first, in the session's time zone.
pub(super) fn events(ctx: &mut Context) -> Run<Vec<Row>> {
    let view = ctx.host.cluster();
    let rows = view.events.iter().map(|event| {
        vec![local_time(event.time_us, ctx).map_or(Value::Null, Value::DateTime), string(&event.event)]
    });
    Ok(rows.collect())
}

/// A point in time in the session's time zone; none when no DATETIME can say it.
fn local_time(time_us: i64, ctx: &Context) -> Option<DateTime> {
    DateTime::from_epoch(time_us, ctx.session.variables.time_zone)
}
