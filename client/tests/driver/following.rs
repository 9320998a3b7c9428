//! What [`Cluster`] repeats and what it does not, against servers that do as the test says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::fake::{Answer, Server};
use client::{Cluster, ClusterOptions, Consistency, Error, Options};

const LOST_LEADERSHIP: &str = "Server shutdown in progress (leadership moved to another node; the transaction was rolled back, retry it there)";
const IN_DOUBT: &str = "Internal error: leadership moved while the transaction 3f-0c:t7:12 waited for the quorum: before trying it \
                        again ask SELECT quorate_transaction_outcome('3f-0c:t7:12') on any node";

/// Two nodes; the first leads until the test says otherwise.
#[derive(Default)]
struct State {
    leader: usize,
    addresses: Vec<String>,
    /// What the next statements of this text are answered with.
    planned: VecDeque<(&'static str, Answer)>,
    outcome: &'static str,
    /// Node and statement, but for the driver's own questions.
    ran: Vec<(usize, String)>,
}

struct Nodes {
    state: Arc<Mutex<State>>,
}

fn cell(text: impl ToString) -> Option<Vec<u8>> {
    Some(text.to_string().into_bytes())
}

fn answer(state: &mut State, node: usize, sql: &str) -> Answer {
    let leads = state.leader == node;
    if sql.starts_with("SELECT @@global.quorate_serving") {
        return Answer::Row(vec![
            cell(u8::from(leads)),
            cell(&state.addresses[state.leader]),
            cell(7 + state.leader),
        ]);
    }
    if sql.contains("QUORATE_CLUSTER_MEMBERS") {
        let member = |id: usize| vec![cell(id + 1), cell(&state.addresses[id]), cell("No")];
        return Answer::Table((0..state.addresses.len()).map(member).collect());
    }
    if sql.starts_with("SET SESSION") {
        return Answer::Changed(0);
    }
    state.ran.push((node, sql.to_owned()));
    if let Some(position) = state.planned.iter().position(|(text, _)| *text == sql) {
        let planned = state.planned.remove(position).unwrap().1;
        if matches!(&planned, Answer::Error(1053, message) if message.contains("moved")) {
            state.leader = 1 - state.leader;
        }
        return planned;
    }
    match sql {
        _ if sql.starts_with("SELECT quorate_transaction_outcome('3f-0c:t7:12')") => {
            Answer::Row(vec![cell(state.outcome)])
        }
        "START TRANSACTION" => Answer::Begun,
        "COMMIT" | "ROLLBACK" => Answer::Ended,
        _ if sql.starts_with("CALL") => Answer::Changed(0),
        _ if sql.starts_with("SELECT") => Answer::Row(vec![cell(node)]),
        _ if !leads => Answer::Error(1290, "--read-only".to_owned()),
        _ => Answer::Changed(1),
    }
}

impl Nodes {
    fn start() -> Nodes {
        let state = Arc::new(Mutex::new(State { outcome: "UNKNOWN", ..State::default() }));
        for node in 0..2 {
            let handler = Arc::clone(&state);
            let server = Server::start(move |sql| {
                answer(&mut handler.lock().unwrap(), node, std::str::from_utf8(sql).unwrap())
            });
            state.lock().unwrap().addresses.push(server.address);
        }
        Nodes { state }
    }

    async fn cluster(&self) -> Cluster {
        let addresses = self.state.lock().unwrap().addresses.clone();
        let options = ClusterOptions {
            connection: Options { timeout: Duration::from_secs(5), ..Options::default() },
            deadline: Duration::from_secs(10),
            refresh_every: Duration::from_secs(3600),
            ..ClusterOptions::default()
        };
        Cluster::connect(addresses, options).await.unwrap()
    }

    fn plan(&self, sql: &'static str, answer: Answer) {
        self.state.lock().unwrap().planned.push_back((sql, answer));
    }

    fn set_outcome(&self, outcome: &'static str) {
        self.state.lock().unwrap().outcome = outcome;
    }

    /// How often a statement was run.
    fn count(&self, sql: &str) -> usize {
        self.state.lock().unwrap().ran.iter().filter(|(_, ran)| ran == sql).count()
    }

    /// Runs `work` in a transaction; on which node the last COMMIT was, and what came of it.
    async fn commit(&self, cluster: &Cluster) -> client::Result<()> {
        cluster.transaction(|txn| async move { txn.query("UPDATE t").await.map(drop) }).await
    }
}

fn run<F: Future<Output = ()>>(test: impl FnOnce(Nodes) -> F) {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(test(Nodes::start()));
}

#[test]
fn a_lost_answer_to_a_commit_is_not_known_and_not_repeated() {
    run(async |nodes| {
        let cluster = nodes.cluster().await;
        nodes.plan("COMMIT", Answer::Close);
        let error = nodes.commit(&cluster).await.unwrap_err();
        assert!(matches!(error, Error::Unknown { gtid: None, .. }) && error.may_have_run(), "{error}");
        assert_eq!((nodes.count("UPDATE t"), nodes.count("COMMIT")), (1, 1));
        nodes.plan("UPDATE t", Answer::Close);
        let error = cluster.query("UPDATE t").await.unwrap_err();
        assert!(matches!(error, Error::Unknown { gtid: None, .. }), "{error}");
        assert_eq!(nodes.count("UPDATE t"), 2);
        // A read, and what wrote nothing, is repeated.
        nodes.plan("SELECT 1", Answer::Close);
        cluster.query("SELECT 1").await.unwrap();
        nodes.plan("COMMIT", Answer::Close);
        cluster.transaction(|txn| async move { txn.query("SELECT 2").await.map(drop) }).await.unwrap();
        assert_eq!((nodes.count("SELECT 1"), nodes.count("SELECT 2")), (2, 2));
    });
}

#[test]
fn before_the_commit_the_whole_transaction_is_repeated() {
    run(async |nodes| {
        let cluster = nodes.cluster().await;
        let failures = [
            Answer::Close,
            Answer::Error(1053, LOST_LEADERSHIP.into()),
            Answer::Error(1213, "Deadlock found".into()),
            Answer::Error(1213, "Deadlock found".into()),
        ];
        for failure in failures {
            nodes.plan("UPDATE t", failure);
        }
        nodes.commit(&cluster).await.unwrap();
        assert_eq!((nodes.count("UPDATE t"), nodes.count("COMMIT")), (5, 1));
        assert_eq!(nodes.state.lock().unwrap().leader, 1, "it has followed the leader");
        // Also when the caller's code does not hand the error on.
        nodes.plan("UPDATE t", Answer::Error(1213, "Deadlock found".into()));
        let swallowed: client::Result<()> = cluster
            .transaction(|txn| async move {
                let _ = txn.query("UPDATE t").await;
                Ok(())
            })
            .await;
        swallowed.unwrap();
        assert_eq!((nodes.count("UPDATE t"), nodes.count("COMMIT")), (7, 2));
        // Other errors are the caller's, and roll back.
        nodes.plan("UPDATE t", Answer::Error(1062, "Duplicate entry".into()));
        assert_eq!(nodes.commit(&cluster).await.unwrap_err().code(), Some(1062));
        nodes.plan("UPDATE t", Answer::Error(1205, "Lock wait timeout".into()));
        assert_eq!(nodes.commit(&cluster).await.unwrap_err().code(), Some(1205));
        assert_eq!((nodes.count("UPDATE t"), nodes.count("COMMIT")), (9, 2));
    });
}

#[test]
fn a_commit_that_is_in_doubt_is_asked_for_by_its_name() {
    run(async |nodes| {
        let cluster = nodes.cluster().await;
        let in_doubt = || Answer::Error(1105, IN_DOUBT.into());
        nodes.plan("COMMIT", in_doubt());
        nodes.set_outcome("COMMITTED");
        nodes.commit(&cluster).await.unwrap();
        assert_eq!(nodes.count("UPDATE t"), 1, "it was committed");
        nodes.plan("COMMIT", in_doubt());
        nodes.set_outcome("NOT COMMITTED");
        nodes.commit(&cluster).await.unwrap();
        assert_eq!(nodes.count("UPDATE t"), 3, "it was not, and was run again");
        // A statement of its own: its counts are lost, or it is run again.
        nodes.plan("DELETE t", in_doubt());
        assert_eq!(cluster.query("DELETE t").await.unwrap().affected, 1);
        nodes.set_outcome("COMMITTED");
        nodes.plan("DELETE t", in_doubt());
        let error = cluster.query("DELETE t").await.unwrap_err();
        assert!(matches!(&error, Error::AnswerLost { gtid } if gtid == "3f-0c:t7:12"), "{error}");
        assert_eq!(nodes.count("DELETE t"), 3);
    });
}

#[test]
fn a_commit_that_did_not_happen_is_repeated_and_one_of_which_that_is_not_said_is_not() {
    run(async |nodes| {
        let cluster = nodes.cluster().await;
        nodes.plan("COMMIT", Answer::Error(1053, LOST_LEADERSHIP.into()));
        nodes.commit(&cluster).await.unwrap();
        assert_eq!((nodes.count("UPDATE t"), nodes.count("COMMIT")), (2, 2));
        nodes.plan("COMMIT", Answer::Error(1053, "Server shutdown in progress".into()));
        let error = nodes.commit(&cluster).await.unwrap_err();
        assert!(matches!(error, Error::Unknown { .. }), "{error}");
        assert_eq!(error.code(), Some(1053));
        nodes.plan("COMMIT", Answer::Error(1180, "Got error during COMMIT".into()));
        assert!(matches!(nodes.commit(&cluster).await, Err(Error::Unknown { .. })));
    });
}

#[test]
fn a_node_that_does_not_lead_is_left_and_a_leader_that_refuses_is_believed() {
    run(async |nodes| {
        let cluster = nodes.cluster().await;
        cluster.query("UPDATE t").await.unwrap();
        nodes.state.lock().unwrap().leader = 1;
        cluster.query("UPDATE t").await.unwrap();
        nodes.state.lock().unwrap().leader = 0;
        // The new leader's term is below that of the old one: it is not believed, as an old leader that wakes up is not.
        let start = Instant::now();
        let old = tokio::time::timeout(Duration::from_millis(300), cluster.query("UPDATE t")).await;
        assert!(old.is_err() && start.elapsed() >= Duration::from_millis(300));
        nodes.state.lock().unwrap().leader = 1;
        nodes.plan("UPDATE t", Answer::Error(1290, "--super-read-only".into()));
        assert_eq!(cluster.query("UPDATE t").await.unwrap_err().code(), Some(1290));
        nodes.plan("UPDATE t", Answer::Error(1290, "--super-read-only".into()));
        assert_eq!(nodes.commit(&cluster).await.unwrap_err().code(), Some(1290));
    });
}

#[test]
fn reads_go_to_another_node_when_one_fails() {
    run(async |nodes| {
        let cluster = nodes.cluster().await;
        for failure in
            [Answer::Close, Answer::Error(1105, "no majority of the voters confirmed in time".into())]
        {
            nodes.plan("SELECT x", failure);
        }
        cluster.read(Consistency::Strong).query("SELECT x").await.unwrap();
        assert_eq!(nodes.count("SELECT x"), 3);
        nodes.plan("SELECT x", Answer::Error(1146, "Table 'x' doesn't exist".into()));
        let error = cluster.read(Consistency::Eventual).query("SELECT x").await.unwrap_err();
        assert_eq!(error.code(), Some(1146));
        // Both get some, once those that failed have rested.
        let (mut seen, deadline) = ([0; 2], Instant::now() + Duration::from_secs(10));
        while seen.contains(&0) {
            let answer = cluster.read(Consistency::Eventual).query("SELECT n").await.unwrap();
            seen[answer.scalar().unwrap().parse::<usize>().unwrap()] += 1;
            assert!(Instant::now() < deadline, "{seen:?}");
        }
    });
}

#[test]
fn a_call_that_is_dropped_gives_its_connection_up() {
    run(async |nodes| {
        let cluster = nodes.cluster().await;
        nodes.plan("UPDATE t", Answer::Hang);
        let dropped = tokio::time::timeout(Duration::from_millis(100), cluster.query("UPDATE t")).await;
        assert!(dropped.is_err());
        // The answer of the one that was dropped is nobody else's.
        assert_eq!(cluster.query("UPDATE t").await.unwrap().affected, 1);
    });
}

#[test]
fn what_the_server_says_with_its_answers_is_used() {
    run(async |nodes| {
        let cluster = nodes.cluster().await;
        let addresses = nodes.state.lock().unwrap().addresses.clone();
        let topology = |leader: usize, term: u64| {
            format!("leader={leader};term={term};1={},2={},", addresses[0], addresses[1])
        };
        let waits =
            || nodes.state.lock().unwrap().ran.iter().filter(|(_, sql)| sql.starts_with("CALL")).count();
        cluster.read(Consistency::Session).query("SELECT n").await.unwrap();
        assert_eq!(waits(), 0, "nothing was written");
        nodes.plan("UPDATE t", Answer::Tracked("3f-0c:t7:40", topology(2, 9)));
        cluster.query("UPDATE t").await.unwrap();
        let told = cluster.topology();
        assert_eq!((told.leader.as_ref(), told.term), (Some(&addresses[1]), 9));
        // Each node is waited for once.
        for _ in 0..40 {
            cluster.read(Consistency::Session).query("SELECT n").await.unwrap();
        }
        assert!((1..=2).contains(&waits()), "{}", waits());
        let wait = "CALL dbms_consensus.wait_apply_index(40, 5)";
        assert_eq!(nodes.count(wait), waits());
        cluster.read(Consistency::Eventual).query("SELECT n").await.unwrap();
        let before = waits();
        nodes.plan("UPDATE t", Answer::Tracked("3f-0c:t9:41", topology(2, 9)));
        nodes.state.lock().unwrap().leader = 1;
        cluster.query("UPDATE t").await.unwrap();
        cluster.read(Consistency::Session).query("SELECT n").await.unwrap();
        assert_eq!(waits(), before + 1);
    });
}
