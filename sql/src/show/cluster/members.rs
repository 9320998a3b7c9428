//! Tables with a row a member, and the node's own row.

use crate::execute::ClusterView;
use crate::execute::cluster::{FeedView, MemberView, ShownRole};
use crate::limits::CALL_ADDRESS_BYTES_MAX;
use crate::show::cluster::{known, number, yes_no};
use crate::show::spec::{ColumnSpec, Row, fixed, integer, optional, string, text, yes_or};
use crate::types::{TypeKind, Value};

/// Characters of an address.
const ADDRESS: u32 = CALL_ADDRESS_BYTES_MAX as u32;

const fn id(name: &'static str) -> ColumnSpec {
    integer(name, TypeKind::Int)
}

const fn count(name: &'static str) -> ColumnSpec {
    integer(name, TypeKind::BigInt)
}

pub(crate) const GLOBAL: &[ColumnSpec] = &[
    id("SERVER_ID"),
    text("IP_PORT", ADDRESS),
    count("MATCH_INDEX").or_null(),
    count("NEXT_INDEX").or_null(),
    text("ROLE", 10),
    text("HAS_VOTED", 3).or_null(),
    text("FORCE_SYNC", 3),
    count("ELECTION_WEIGHT"),
    count("LEARNER_SOURCE"),
    count("APPLIED_INDEX").or_null(),
    text("PIPELINING", 3).or_null(),
    text("SEND_APPLIED", 3),
];

pub(crate) const LOCAL: &[ColumnSpec] = &[
    id("SERVER_ID"),
    count("CURRENT_TERM"),
    text("CURRENT_LEADER", ADDRESS).or_null(),
    count("COMMIT_INDEX"),
    count("LAST_LOG_TERM"),
    count("LAST_LOG_INDEX"),
    text("ROLE", 10),
    id("VOTED_FOR").or_null(),
    count("LAST_APPLY_INDEX"),
    text("SERVER_READY_FOR_RW", 3),
    text("INSTANCE_TYPE", 10),
];

pub(super) const HEALTH: &[ColumnSpec] = &[
    id("SERVER_ID"),
    text("IP_PORT", ADDRESS),
    text("ROLE", 10),
    text("CONNECTED", 3).or_null(),
    count("LOG_DELAY_NUM").or_null(),
    count("APPLY_DELAY_NUM").or_null(),
];

pub(super) const LEARNER_SOURCE: &[ColumnSpec] = &[
    id("LEARNER_SERVER_ID"),
    text("LEARNER_IP_PORT", ADDRESS).or_null(),
    id("SOURCE_SERVER_ID"),
    text("SOURCE_IP_PORT", ADDRESS).or_null(),
    count("SOURCE_LAST_INDEX"),
    count("SOURCE_COMMIT_INDEX"),
    count("LEARNER_MATCH_INDEX"),
    count("LEARNER_NEXT_INDEX"),
    count("LEARNER_APPLIED_INDEX").or_null(),
];

pub(super) const MEMBERS: &[ColumnSpec] = &[
    count("SERVER_ID"),
    text("PEER_ADDRESS", ADDRESS),
    text("SQL_ADDRESS", ADDRESS).or_null(),
    text("ROLE", 10),
    text("LOG_ONLY", 3),
    count("ELECTION_WEIGHT"),
    text("STRONG_SYNC", 3),
    text("DEGRADED", 3).or_null(),
    count("SOURCE").or_null(),
    text("SOURCE_GROUP", 1024),
    count("MATCH_INDEX").or_null(),
    count("APPLIED_INDEX").or_null(),
    text("CONNECTED", 3).or_null(),
    count("SILENT_MS").or_null(),
];

fn known_yes_no(value: Option<bool>) -> Value {
    value.map_or(Value::Null, yes_no)
}

/// YES, NO or NULL: ALISQL_CLUSTER_HEALTH has capitals.
fn known_capitals(value: Option<bool>) -> Value {
    value.map_or(Value::Null, |yes| yes_or("NO", yes))
}

/// ALISQL_CLUSTER_GLOBAL: all members, on the leader; nothing elsewhere.
pub(crate) fn global(view: &ClusterView) -> Vec<Row> {
    let row = |member: &MemberView| {
        vec![
            number(member.id),
            string(&member.peer_address),
            known(member.match_index),
            known(member.next_index),
            fixed(member.role.text()),
            known_yes_no(member.has_voted),
            yes_no(member.is_strong_sync),
            number(member.weight.into()),
            number(member.source.unwrap_or(0)),
            known(member.applied_index),
            known_yes_no(member.is_pipelined),
            yes_no(false),
        ]
    };
    if view.is_leader { view.members.iter().map(row).collect() } else { Vec::new() }
}

/// ALISQL_CLUSTER_LOCAL: this node.
pub(crate) fn local(view: &ClusterView) -> Vec<Row> {
    if view.server_id == 0 {
        return Vec::new();
    }
    let local = &view.local;
    vec![vec![
        number(view.server_id),
        number(local.current_term),
        optional(local.leader_address.as_deref()),
        number(local.commit_index),
        number(local.last_log_term),
        number(local.last_log_index),
        fixed(local.role.text()),
        known(local.voted_for),
        number(local.applied_index),
        yes_no(local.is_ready_for_writes),
        fixed(if local.is_log_only { "Log" } else { "Normal" }),
    ]]
}

/// ALISQL_CLUSTER_HEALTH: all members on the leader, elsewhere this node's own row. The delays are entries: of the leader's log that
/// the member does not have, and of what is committed that its tables do not have.
pub(super) fn health(view: &ClusterView) -> Vec<Row> {
    let row = |member: &MemberView| {
        let behind = |last: u64, index: Option<u64>| known(index.map(|index| last.saturating_sub(index)));
        vec![
            number(member.id),
            string(&member.peer_address),
            fixed(member.role.text()),
            known_capitals(member.is_connected),
            // Only the leader knows how long the log is.
            if view.is_leader { behind(view.local.last_log_index, member.match_index) } else { Value::Null },
            behind(view.local.commit_index, member.applied_index),
        ]
    };
    let is_shown = |member: &&MemberView| view.is_leader || member.id == view.server_id;
    view.members.iter().filter(is_shown).map(row).collect()
}

/// ALISQL_CLUSTER_LEARNER_SOURCE: the learners that this node feeds.
pub(super) fn learner_source(view: &ClusterView) -> Vec<Row> {
    let address = |id| optional(view.member(id).map(|member| member.peer_address.as_str()));
    let row = |feed: &FeedView| {
        vec![
            number(feed.learner_id),
            address(feed.learner_id),
            number(view.server_id),
            address(view.server_id),
            number(view.local.last_log_index),
            number(view.local.commit_index),
            number(feed.match_index),
            number(feed.next_index),
            known(feed.applied_index),
        ]
    };
    view.feeds.iter().map(row).collect()
}

/// QUORATE_CLUSTER_MEMBERS: all members, on every node; what this node does not know of them is NULL.
pub(super) fn members(view: &ClusterView) -> Vec<Row> {
    let row = |member: &MemberView| {
        let role = match member.role {
            ShownRole::Follower if member.is_log_only => "Logger",
            role => role.text(),
        };
        let group: Vec<String> = member.source_group.iter().map(u64::to_string).collect();
        vec![
            number(member.id),
            string(&member.peer_address),
            optional(Some(member.sql_address.as_str()).filter(|address| !address.is_empty())),
            fixed(role),
            yes_no(member.is_log_only),
            number(member.weight.into()),
            yes_no(member.is_strong_sync),
            known_yes_no(member.is_degraded),
            known(member.source),
            string(&group.join(",")),
            known(member.match_index),
            known(member.applied_index),
            known_yes_no(member.is_connected),
            known(member.silent_ms),
        ]
    };
    view.members.iter().map(row).collect()
}
