//! Group Replication's face: the tables, and ProxySQL's view, by which its tools follow a group.
//!
//! A member of the cluster that has tables is a member of the group; the leader is its primary. What is shown is what this node knows for
//! itself: without a leader there is no primary, and nobody else is said to be there (`UNREACHABLE`), so that a node that is cut off
//! never claims a majority. On a leader another member is `ONLINE` while it is heard within an election timeout, elsewhere
//! while there is a connection to it. A member that keeps no tables is always `RECOVERING`: it counts in a majority, and is to get no
//! clients.
//!
//! Left out: the tables of channels and appliers, which do not exist here.

use crate::execute::ClusterView;
use crate::execute::cluster::{MemberView, ShownRole};
use crate::show::spec::{ColumnSpec, Row, exact, exact_long, fixed, integer, string, text, unsigned};
use crate::show::system_table::SystemTable;
use crate::types::{TypeKind, Value};
use crate::variables::VERSION;

/// `replication_group_members`.
pub(super) const MEMBERS: &[ColumnSpec] = &[
    text("CHANNEL_NAME", 64),
    exact("MEMBER_ID", 36),
    text("MEMBER_HOST", 255),
    integer("MEMBER_PORT", TypeKind::Int).or_null(),
    exact("MEMBER_STATE", 64),
    exact("MEMBER_ROLE", 64),
    exact("MEMBER_VERSION", 64),
    exact("MEMBER_COMMUNICATION_STACK", 64),
];

const fn count(name: &'static str) -> ColumnSpec {
    unsigned(name, TypeKind::BigInt)
}

/// `replication_group_member_stats`.
pub(super) const MEMBER_STATS: &[ColumnSpec] = &[
    text("CHANNEL_NAME", 64),
    exact("VIEW_ID", 60),
    exact("MEMBER_ID", 36),
    count("COUNT_TRANSACTIONS_IN_QUEUE"),
    count("COUNT_TRANSACTIONS_CHECKED"),
    count("COUNT_CONFLICTS_DETECTED"),
    count("COUNT_TRANSACTIONS_ROWS_VALIDATING"),
    exact_long("TRANSACTIONS_COMMITTED_ALL_MEMBERS", TypeKind::LongText),
    exact_long("LAST_CONFLICT_FREE_TRANSACTION", TypeKind::Text),
    count("COUNT_TRANSACTIONS_REMOTE_IN_APPLIER_QUEUE"),
    count("COUNT_TRANSACTIONS_REMOTE_APPLIED"),
    count("COUNT_TRANSACTIONS_LOCAL_PROPOSED"),
    count("COUNT_TRANSACTIONS_LOCAL_ROLLBACK"),
];

/// What ProxySQL's documentation has its users make as a view, and what it then asks.
const ROUTING: &[ColumnSpec] = &[
    exact("viable_candidate", 3),
    exact("read_only", 3),
    count("transactions_behind"),
    count("transactions_to_cert"),
];

/// The tables of `sys`.
pub(super) const SYS_TABLES: &[SystemTable] = &[SystemTable {
    name: "gr_member_routing_candidate_status",
    columns: ROUTING,
    rows: |ctx| Ok(routing(&ctx.host.cluster())),
}];

const CHANNEL: &str = "group_replication_applier";
const ONLINE: &str = "ONLINE";
const RECOVERING: &str = "RECOVERING";
const UNREACHABLE: &str = "UNREACHABLE";
const OFFLINE: &str = "OFFLINE";

/// The state of a member, as far as this node knows.
fn state(view: &ClusterView, member: &MemberView) -> &'static str {
    let is_own = member.id == view.server_id;
    if !is_own && (view.local.leader_id.is_none() || !member.is_reachable) {
        return UNREACHABLE;
    }
    let is_recovering = member.is_log_only || is_own && view.local.is_recovering;
    if is_recovering { RECOVERING } else { ONLINE }
}

fn is_primary(view: &ClusterView, member: &MemberView) -> bool {
    // One that leads and does not serve yet takes no writes.
    let serves = member.id != view.server_id || view.local.is_ready_for_writes;
    view.local.leader_id == Some(member.id) && serves
}

/// Rows of `replication_group_members`; a node that is no member shows itself alone, as one that is not in a group.
pub(super) fn members(view: &ClusterView) -> Vec<Row> {
    let row = |member: &MemberView| {
        let (host, port) = member.sql_address.rsplit_once(':').unwrap_or((&member.sql_address, ""));
        vec![
            fixed(CHANNEL),
            string(&member.server_uuid),
            string(host),
            port.parse().map_or(Value::Null, Value::Int),
            fixed(state(view, member)),
            fixed(if is_primary(view, member) { "PRIMARY" } else { "SECONDARY" }),
            fixed(VERSION.split_once('-').map_or(VERSION, |(number, _)| number)),
            fixed("Quorate"),
        ]
    };
    let is_member = view.members.iter().any(|member| member.id == view.server_id);
    if !is_member || view.local.role == ShownRole::None {
        let nobody = |text: &'static str| fixed(text);
        let own = string(&view.server_uuid);
        let empty = || nobody("");
        return vec![vec![
            nobody(CHANNEL),
            own,
            empty(),
            Value::Null,
            nobody(OFFLINE),
            empty(),
            empty(),
            empty(),
        ]];
    }
    view.members.iter().map(row).collect()
}

/// Rows of `replication_group_member_stats`: of this node, and on the leader of everybody.
pub(super) fn member_stats(view: &ClusterView) -> Vec<Row> {
    let commit = view.local.commit_index;
    let up_to = |index: u64| match index {
        0 => string(""),
        index => string(&format!("{}:1-{index}", view.cluster_uuid)),
    };
    let row = |member: &MemberView| {
        let applied =
            if member.id == view.server_id { Some(view.local.applied_index) } else { member.applied_index };
        let applied = applied?;
        Some(vec![
            fixed(CHANNEL),
            string(&format!("{}:{}", view.membership_index, view.local.current_term)),
            string(&member.server_uuid),
            Value::UInt(0),
            Value::UInt(applied),
            Value::UInt(0),
            Value::UInt(0),
            up_to(view.local.floor_index),
            string(&format!("{}:{commit}", view.cluster_uuid)),
            Value::UInt(commit.saturating_sub(applied)),
            Value::UInt(applied),
            Value::UInt(0),
            Value::UInt(0),
        ])
    };
    view.members.iter().filter_map(row).collect()
}

/// The row of `sys.gr_member_routing_candidate_status`: whether this node is online in a majority, as ProxySQL's view has it.
fn routing(view: &ClusterView) -> Vec<Row> {
    let away =
        view.members.iter().filter(|member| !matches!(state(view, member), ONLINE | RECOVERING)).count();
    let is_online =
        view.members.iter().any(|member| member.id == view.server_id && state(view, member) == ONLINE);
    let yes_no = |yes: bool| fixed(if yes { "YES" } else { "NO" });
    let behind = view.local.commit_index.saturating_sub(view.local.applied_index);
    vec![vec![
        yes_no(is_online && 2 * away < view.members.len()),
        yes_no(!view.local.is_ready_for_writes),
        Value::UInt(behind),
        Value::UInt(0),
    ]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execute::cluster::LocalView;

    fn view(leader: Option<u64>, reachable: [bool; 3]) -> ClusterView {
        let member = |id: u64| MemberView {
            id,
            sql_address: format!("host{id}:330{id}"),
            server_uuid: format!("uuid-{id}"),
            is_reachable: reachable[id as usize - 1],
            ..MemberView::default()
        };
        ClusterView {
            server_id: 1,
            members: (1..=3).map(member).collect(),
            local: LocalView {
                leader_id: leader,
                is_ready_for_writes: leader == Some(1),
                role: ShownRole::Follower,
                commit_index: 9,
                applied_index: 7,
                ..LocalView::default()
            },
            cluster_uuid: "c".into(),
            ..ClusterView::default()
        }
    }

    fn column(rows: &[Row], column: usize) -> Vec<String> {
        let text = |value: &Value| match value {
            Value::Text(text) => String::from_utf8_lossy(text).into_owned(),
            other => format!("{other:?}"),
        };
        rows.iter().map(|row| text(&row[column])).collect()
    }

    #[test]
    fn everybody_is_online_where_the_leader_is_known() {
        let view = view(Some(2), [true; 3]);
        let rows = members(&view);
        assert_eq!(column(&rows, 4), [ONLINE; 3]);
        assert_eq!(column(&rows, 5), ["SECONDARY", "PRIMARY", "SECONDARY"]);
        assert_eq!(column(&rows, 2), ["host1", "host2", "host3"]);
        assert_eq!(rows[2][3], Value::Int(3303));
        assert_eq!(column(&routing(&view), 0), ["YES"]);
        assert_eq!(column(&routing(&view), 1), ["YES"], "read only");
    }

    #[test]
    fn a_node_that_is_cut_off_claims_no_majority() {
        let view = view(None, [true; 3]);
        let rows = members(&view);
        assert_eq!(column(&rows, 4), [ONLINE, UNREACHABLE, UNREACHABLE]);
        assert_eq!(column(&rows, 5), ["SECONDARY"; 3]);
        assert_eq!(column(&routing(&view), 0), ["NO"]);
    }

    #[test]
    fn a_leader_that_does_not_serve_is_no_primary_and_one_that_misses_a_member_is() {
        let mut view = view(Some(1), [true, false, true]);
        assert_eq!(column(&members(&view), 5)[0], "PRIMARY");
        assert_eq!(column(&members(&view), 4), [ONLINE, UNREACHABLE, ONLINE]);
        assert_eq!(column(&routing(&view), 0), ["YES"]);
        view.local.is_ready_for_writes = false;
        assert_eq!(column(&members(&view), 5)[0], "SECONDARY");
        view.local.is_recovering = true;
        assert_eq!(column(&members(&view), 4)[0], RECOVERING);
        assert_eq!(column(&routing(&view), 0), ["NO"]);
    }

    #[test]
    fn statistics_are_of_those_that_are_known() {
        let mut view = view(Some(1), [true; 3]);
        view.members[1].applied_index = Some(4);
        view.local.floor_index = 4;
        let rows = member_stats(&view);
        assert_eq!(column(&rows, 2), ["uuid-1", "uuid-2"]);
        assert_eq!([&rows[0][9], &rows[1][9]], [&Value::UInt(2), &Value::UInt(5)]);
        assert_eq!(column(&rows, 7), ["c:1-4"; 2]);
        view.server_id = 9;
        assert_eq!(column(&members(&view), 4), [OFFLINE]);
    }
}
