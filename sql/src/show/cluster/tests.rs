//! The tables of a made-up cluster: two data voters, a logger, a learner that node 2 feeds.

use super::*;
use crate::ast::Statement;
use crate::catalog::test_support::{TestNode, ended, session};
use crate::execute::cluster::{
    ChangeView, CounterView, EventView, FeedView, LocalView, LogFileView, MemberView, ShownRole,
};
use crate::execute::{self, ClusterView, Host, Procedure, Process, ResultColumn, Sink};
use crate::plan::plan_statement;
use crate::types::text::write_text;
use crate::variables::SqlMode;

/// A server that knows only its cluster.
struct TestHost(ClusterView);

impl Host for TestHost {
    fn processes(&self) -> Vec<Process> {
        Vec::new()
    }
    fn status(&self, _session: bool, _connection_id: u64) -> Vec<(String, String)> {
        Vec::new()
    }
    fn variable(&self, _name: &str) -> Option<Value> {
        None
    }
    fn variables(&self) -> Vec<(String, Value)> {
        Vec::new()
    }
    fn global_override(&self, _name: &str) -> Option<Value> {
        None
    }
    fn set_global(&self, _name: &str, _value: Value) {}
    fn kill(&self, _connection_id: u64, _query_only: bool) -> bool {
        false
    }
    fn cluster(&self) -> ClusterView {
        self.0.clone()
    }
}

/// Rows as text, columns separated by a blank.
#[derive(Default)]
struct TextSink {
    columns: Vec<ResultColumn>,
    lines: Vec<String>,
}

impl Sink for TextSink {
    fn columns(&mut self, columns: &[ResultColumn]) -> crate::Result<()> {
        self.columns = columns.to_vec();
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        self.lines.push(names.join(" "));
        Ok(())
    }

    fn row(&mut self, row: &[Value]) -> crate::Result<()> {
        assert_eq!(row.len(), self.columns.len(), "a row is as long as its columns");
        let cells = row.iter().zip(&self.columns).map(|(value, column)| {
            if value.is_null() {
                assert!(column.nullable, "{} is NULL", column.name);
                return "NULL".to_owned();
            }
            let mut text = Vec::new();
            write_text(value, &column.data_type, &mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        self.lines.push(cells.collect::<Vec<_>>().join(" "));
        Ok(())
    }
}

fn member(id: u64, role: ShownRole) -> MemberView {
    MemberView {
        id,
        peer_address: format!("10.0.0.{id}:4100"),
        sql_address: format!("10.0.0.{id}:3306"),
        role,
        weight: 5,
        ..MemberView::default()
    }
}

/// The cluster as its leader, node 1, sees it.
fn leader() -> ClusterView {
    let seen = |member: MemberView, index: u64| MemberView {
        match_index: Some(index),
        next_index: Some(index + 1),
        applied_index: Some(index - 2),
        has_voted: Some(true),
        is_pipelined: Some(true),
        is_connected: Some(true),
        silent_ms: Some(30),
        is_degraded: Some(false),
        ..member
    };
    let follower = MemberView { is_strong_sync: true, weight: 9, ..member(2, ShownRole::Follower) };
    let logger = MemberView {
        is_log_only: true,
        has_voted: Some(false),
        is_connected: Some(false),
        silent_ms: Some(9_000),
        ..seen(member(3, ShownRole::Follower), 70)
    };
    let learner = MemberView {
        sql_address: String::new(),
        source: Some(2),
        source_group: vec![3, 1],
        applied_index: Some(60),
        ..member(4, ShownRole::Learner)
    };
    ClusterView {
        server_id: 1,
        is_leader: true,
        members: vec![seen(member(1, ShownRole::Leader), 100), seen(follower, 98), logger, learner],
        local: LocalView {
            current_term: 7,
            leader_id: Some(1),
            leader_address: Some("10.0.0.1:4100".into()),
            commit_index: 99,
            last_log_term: 7,
            last_log_index: 100,
            role: ShownRole::Leader,
            voted_for: Some(1),
            applied_index: 98,
            is_ready_for_writes: true,
            ..LocalView::default()
        },
        counters: CounterView {
            appends_sent: 1,
            vote_requests_sent: 2,
            heartbeats_sent: 3,
            appends_received: 4,
            vote_requests_received: 5,
            heartbeats_received: 6,
            proposals: 7,
            log_reads_in_memory: 8,
            log_reads: 9,
        },
        changes: vec![ChangeView {
            time_us: 1_700_000_000_123_456,
            command: "CALL dbms_consensus.add_learner('10.0.0.4:4100')".into(),
        }],
        events: vec![
            EventView { time_us: 1_700_000_000_123_456, event: "node 1 leads in term 7".into() },
            EventView { time_us: 1_700_000_001_000_000, event: "voter 2 is degraded".into() },
        ],
        log_files: vec![
            LogFileView { name: "000001.log".into(), size_bytes: 67_108_864, first_index: 1 },
            LogFileView { name: "000002.log".into(), size_bytes: 4_096, first_index: 90 },
        ],
        ..ClusterView::default()
    }
}

/// The same cluster as node 2 sees it: it knows the others' progress only where it feeds them.
fn follower() -> ClusterView {
    let mut own = MemberView { is_strong_sync: true, weight: 9, ..member(2, ShownRole::Follower) };
    (own.match_index, own.applied_index, own.is_connected) = (Some(98), Some(90), Some(true));
    let learner = MemberView { source: Some(2), ..member(4, ShownRole::Learner) };
    ClusterView {
        server_id: 2,
        members: vec![member(1, ShownRole::Leader), own, learner],
        local: LocalView {
            current_term: 7,
            commit_index: 97,
            last_log_term: 7,
            last_log_index: 98,
            role: ShownRole::Follower,
            applied_index: 90,
            is_log_only: true,
            ..LocalView::default()
        },
        feeds: vec![
            FeedView { learner_id: 4, match_index: 80, next_index: 85, applied_index: Some(60) },
            FeedView { learner_id: 9, match_index: 0, next_index: 1, applied_index: None },
        ],
        ..ClusterView::default()
    }
}

/// The answer of a node that sees its cluster like this; a CALL of a procedure that shows something too.
fn answer(view: ClusterView, sql: &str) -> String {
    let statement = crate::parse::parse_statement(sql.as_bytes(), SqlMode::default()).expect(sql).statement;
    let mut node = TestNode::new();
    let (mut session, mut sink) = (session(), TextSink::default());
    session.variables.time_zone = 3_600.into();
    let mut txn = node.begin();
    txn.take_snapshot();
    let catalog = std::sync::Arc::clone(&node.catalog);
    let host: &'static TestHost = Box::leak(Box::new(TestHost(view)));
    node.with_context(&mut txn, &mut session, &[], |ctx| {
        ctx.host = host;
        match &statement {
            Statement::Call(call) => {
                let procedure = Procedure::of_call(call, ctx).expect(sql);
                let outcome = procedure.show(&ctx.host.cluster(), &mut sink).expect(sql);
                assert!(outcome.is_some_and(|outcome| outcome.rows), "{sql} shows something");
                assert_eq!(procedure.result_columns(), sink.columns);
            }
            statement => {
                let plan = plan_statement(statement, &catalog, ctx.session).expect(sql);
                ended(execute::run(&plan, ctx, &mut sink)).expect(sql);
            }
        }
    });
    sink.lines.join("\n")
}

#[test]
fn global_has_all_members_on_the_leader_and_nothing_elsewhere() {
    let expected = "\
SERVER_ID IP_PORT MATCH_INDEX NEXT_INDEX ROLE HAS_VOTED FORCE_SYNC ELECTION_WEIGHT LEARNER_SOURCE APPLIED_INDEX PIPELINING SEND_APPLIED
1 10.0.0.1:4100 100 101 Leader Yes No 5 0 98 Yes No
2 10.0.0.2:4100 98 99 Follower Yes Yes 9 0 96 Yes No
3 10.0.0.3:4100 70 71 Follower No No 5 0 68 Yes No
4 10.0.0.4:4100 NULL NULL Learner NULL No 5 2 60 NULL No";
    assert_eq!(answer(leader(), "select * from information_schema.alisql_cluster_global"), expected);
    assert_eq!(answer(leader(), "call dbms_consensus.show_cluster_global()"), expected);
    let names = expected.lines().next().expect("a first line");
    assert_eq!(answer(follower(), "select * from information_schema.ALISQL_CLUSTER_GLOBAL"), names);
    assert_eq!(answer(follower(), "call show_cluster_global"), names);
}

#[test]
fn local_is_the_node_that_is_asked() {
    let names = "SERVER_ID CURRENT_TERM CURRENT_LEADER COMMIT_INDEX LAST_LOG_TERM LAST_LOG_INDEX ROLE VOTED_FOR LAST_APPLY_INDEX \
                 SERVER_READY_FOR_RW INSTANCE_TYPE";
    let local = "select * from information_schema.alisql_cluster_local";
    let of_leader = format!("{names}\n1 7 10.0.0.1:4100 99 7 100 Leader 1 98 Yes Normal");
    assert_eq!(answer(leader(), local), of_leader);
    assert_eq!(answer(leader(), "call show_cluster_local()"), of_leader);
    assert_eq!(answer(follower(), local), format!("{names}\n2 7 NULL 97 7 98 Follower NULL 90 No Log"));
    assert_eq!(answer(ClusterView::default(), local), names, "without a cluster there is nothing to show");
}

#[test]
fn health_counts_the_entries_that_are_missing() {
    let health = "select * from information_schema.alisql_cluster_health";
    assert_eq!(
        answer(leader(), health),
        "\
SERVER_ID IP_PORT ROLE CONNECTED LOG_DELAY_NUM APPLY_DELAY_NUM
1 10.0.0.1:4100 Leader YES 0 1
2 10.0.0.2:4100 Follower YES 2 3
3 10.0.0.3:4100 Follower NO 30 31
4 10.0.0.4:4100 Learner NULL NULL 39"
    );
    assert_eq!(
        answer(follower(), health).lines().skip(1).collect::<Vec<_>>(),
        ["2 10.0.0.2:4100 Follower YES NULL 7"],
        "a follower knows itself only"
    );
}

#[test]
fn learner_source_has_the_learners_that_this_node_feeds() {
    let sources = "select * from information_schema.alisql_cluster_learner_source";
    assert_eq!(
        answer(follower(), sources),
        "\
LEARNER_SERVER_ID LEARNER_IP_PORT SOURCE_SERVER_ID SOURCE_IP_PORT SOURCE_LAST_INDEX SOURCE_COMMIT_INDEX LEARNER_MATCH_INDEX LEARNER_NEXT_INDEX LEARNER_APPLIED_INDEX
4 10.0.0.4:4100 2 10.0.0.2:4100 98 97 80 85 60
9 NULL 2 10.0.0.2:4100 98 97 0 1 NULL"
    );
    assert_eq!(answer(leader(), sources).lines().count(), 1);
}

#[test]
fn members_are_shown_on_every_node() {
    let members = "select * from information_schema.quorate_cluster_members";
    assert_eq!(
        answer(leader(), members),
        "\
SERVER_ID PEER_ADDRESS SQL_ADDRESS ROLE LOG_ONLY ELECTION_WEIGHT STRONG_SYNC DEGRADED SOURCE SOURCE_GROUP MATCH_INDEX APPLIED_INDEX CONNECTED SILENT_MS
1 10.0.0.1:4100 10.0.0.1:3306 Leader No 5 No No NULL  100 98 Yes 30
2 10.0.0.2:4100 10.0.0.2:3306 Follower No 9 Yes No NULL  98 96 Yes 30
3 10.0.0.3:4100 10.0.0.3:3306 Logger Yes 5 No No NULL  70 68 No 9000
4 10.0.0.4:4100 NULL Learner No 5 No NULL 2 3,1 NULL 60 NULL NULL"
    );
    assert_eq!(
        answer(
            follower(),
            "select server_id, role, match_index from information_schema.quorate_cluster_members"
        ),
        "SERVER_ID ROLE MATCH_INDEX\n1 Leader NULL\n2 Follower 98\n4 Learner NULL"
    );
}

#[test]
fn what_happened_is_told_in_the_time_zone_of_the_session() {
    assert_eq!(
        answer(leader(), "select * from information_schema.alisql_cluster_consensus_membership_change"),
        "TIME COMMAND\n2023-11-14 23:13:20 CALL dbms_consensus.add_learner('10.0.0.4:4100')"
    );
    assert_eq!(
        answer(
            leader(),
            "select * from information_schema.quorate_cluster_events where event like '%degraded'"
        ),
        "TIME EVENT\n2023-11-14 23:13:21.000000 voter 2 is degraded"
    );
}

#[test]
fn counters_stand_in_x_clusters_order() {
    let status = "select * from information_schema.alisql_cluster_consensus_status";
    assert_eq!(
        answer(leader(), status),
        "SERVER_ID COUNT_MSG_APPEND_LOG COUNT_MSG_REQUEST_VOTE COUNT_HEARTBEAT COUNT_ON_MSG_APPEND_LOG COUNT_ON_MSG_REQUEST_VOTE \
         COUNT_ON_HEARTBEAT COUNT_REPLICATE_LOG COUNT_LOG_META_GET_IN_CACHE COUNT_LOG_META_GET_TOTAL\n1 1 2 3 4 5 6 7 8 9"
    );
    assert_eq!(answer(ClusterView::default(), status).lines().count(), 1);
}

#[test]
fn logs_are_the_files_of_this_node_and_there_are_no_prefetch_channels() {
    assert_eq!(
        answer(leader(), "call dbms_consensus.show_logs()"),
        "Log_name File_size Start_log_index\n000001.log 67108864 1\n000002.log 4096 90"
    );
    assert_eq!(
        answer(leader(), "select * from information_schema.alisql_cluster_prefetch_channel"),
        "CHANNEL_ID FIRST_INDEX LAST_INDEX CACHE_SIZE CURRENT_REQUEST STOP_FLAG"
    );
}

#[test]
fn a_procedure_that_does_something_shows_nothing() {
    let mut sink = TextSink::default();
    let purge = Procedure::PurgeLog { index: 1 };
    assert_eq!(purge.show(&leader(), &mut sink), Ok(None));
    assert!(sink.lines.is_empty() && purge.result_columns().is_empty());
}

#[test]
fn tables_and_procedures_are_in_information_schema() {
    assert_eq!(
        answer(
            ClusterView::default(),
            "select table_name, table_type from information_schema.tables where table_name like '%CLUSTER%'"
        ),
        "\
TABLE_NAME TABLE_TYPE
ALISQL_CLUSTER_CONSENSUS_MEMBERSHIP_CHANGE SYSTEM VIEW
ALISQL_CLUSTER_CONSENSUS_STATUS SYSTEM VIEW
ALISQL_CLUSTER_GLOBAL SYSTEM VIEW
ALISQL_CLUSTER_HEALTH SYSTEM VIEW
ALISQL_CLUSTER_LEARNER_SOURCE SYSTEM VIEW
ALISQL_CLUSTER_LOCAL SYSTEM VIEW
ALISQL_CLUSTER_PREFETCH_CHANNEL SYSTEM VIEW
QUORATE_CLUSTER_EVENTS SYSTEM VIEW
QUORATE_CLUSTER_MEMBERS SYSTEM VIEW"
    );
    assert_eq!(
        answer(
            ClusterView::default(),
            "select column_name, column_type from information_schema.columns where table_name = 'ALISQL_CLUSTER_GLOBAL' \
             and ordinal_position <= 3"
        ),
        "COLUMN_NAME COLUMN_TYPE\nSERVER_ID int\nIP_PORT varchar(255)\nMATCH_INDEX bigint"
    );
    assert_eq!(
        answer(
            ClusterView::default(),
            "select routine_name, routine_comment, definer from information_schema.routines where routine_schema = 'dbms_consensus' \
             and routine_name like '%apply%'"
        ),
        "ROUTINE_NAME ROUTINE_COMMENT DEFINER\nwait_apply_index Waits until the tables of this node have everything up to an index. \
         root@localhost"
    );
    assert_eq!(
        answer(
            ClusterView::default(),
            "select parameter_name, dtd_identifier, ordinal_position from information_schema.parameters where specific_name = \
             'configure_follower'"
        ),
        "PARAMETER_NAME DTD_IDENTIFIER ORDINAL_POSITION\nnode varchar(255) 1\nweight bigint unsigned 2\nforce_sync tinyint(1) 3"
    );
}
