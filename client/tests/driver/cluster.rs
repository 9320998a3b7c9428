//! Following the leader, against three servers whose roles the test sets.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::fake::{Answer, Server};
use client::blocking::{Cluster, Error, Options, Role};

/// Three nodes that know which of them leads, and what each has run.
struct Nodes {
    servers: Vec<Server>,
    leader: Arc<AtomicUsize>,
    ran: Arc<Mutex<Vec<(usize, String)>>>,
}

const NOBODY: usize = 99;

fn nodes() -> Nodes {
    let leader = Arc::new(AtomicUsize::new(0));
    let ran = Arc::new(Mutex::new(Vec::new()));
    let start = |number: usize| {
        let (leader, ran) = (Arc::clone(&leader), Arc::clone(&ran));
        Server::start(move |sql| {
            let sql = String::from_utf8(sql.to_vec()).unwrap();
            let leads = leader.load(Ordering::SeqCst) == number;
            if sql == "SELECT @@global.quorate_role" {
                let role = if leads { "leader" } else { "follower" };
                return Answer::Rows(vec![vec![Some(role.as_bytes().to_vec())]]);
            }
            if !leads {
                return Answer::Error(1290, "this node follows".to_owned());
            }
            ran.lock().unwrap().push((number, sql.clone()));
            match sql.as_str() {
                "BEGIN" => Answer::Begun,
                "read only" => Answer::Error(1290, "--super-read-only".to_owned()),
                "lose" => Answer::Close,
                "last" => Answer::ChangedThenClose(1),
                _ => Answer::Changed(1),
            }
        })
    };
    let servers = (0..3).map(start).collect();
    Nodes { servers, leader, ran }
}

impl Nodes {
    fn cluster(&self, timeout: Duration) -> Cluster {
        let addresses = self.servers.iter().map(|server| server.address.clone());
        Cluster::with_options(addresses, Options { timeout, ..Options::default() })
    }

    fn ran(&self) -> Vec<(usize, String)> {
        self.ran.lock().unwrap().clone()
    }
}

#[test]
fn finds_the_leader_and_follows_it() {
    let nodes = nodes();
    nodes.leader.store(1, Ordering::SeqCst);
    let mut cluster = nodes.cluster(Duration::from_secs(10));
    let roles: Vec<Role> = cluster.states().into_iter().map(|state| state.role.unwrap()).collect();
    assert_eq!(roles, [Role::Follower, Role::Leader, Role::Follower]);
    assert_eq!(cluster.leader_address().unwrap(), nodes.servers[1].address);
    cluster.query("a").unwrap();
    nodes.leader.store(2, Ordering::SeqCst);
    cluster.query("b").unwrap();
    assert_eq!(nodes.ran(), [(1, "a".to_owned()), (2, "b".to_owned())]);
}

#[test]
fn waits_for_a_leader_and_gives_up_in_time() {
    let nodes = nodes();
    nodes.leader.store(NOBODY, Ordering::SeqCst);
    let mut cluster = nodes.cluster(Duration::from_millis(300));
    let start = Instant::now();
    let error = cluster.query("a").unwrap_err();
    assert!(matches!(error, Error::NoLeader { .. }), "{error}");
    assert!(!error.may_have_run());
    assert!(start.elapsed() < Duration::from_secs(5));
    let mut cluster = nodes.cluster(Duration::from_secs(10));
    let leader = Arc::clone(&nodes.leader);
    let setter = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(150));
        leader.store(0, Ordering::SeqCst);
    });
    cluster.query("b").unwrap();
    setter.join().unwrap();
    assert_eq!(nodes.ran(), [(0, "b".to_owned())]);
    assert!(Cluster::new(Vec::<String>::new()).query("c").is_err());
}

#[test]
fn nothing_is_repeated_in_a_transaction() {
    let nodes = nodes();
    let mut cluster = nodes.cluster(Duration::from_secs(10));
    cluster.query("BEGIN").unwrap();
    nodes.leader.store(1, Ordering::SeqCst);
    let error = cluster.query("a").unwrap_err();
    assert!(error.is_not_leader(), "{error}");
    assert_eq!(nodes.ran(), [(0, "BEGIN".to_owned())]);
    cluster.query("b").unwrap();
    assert_eq!(nodes.ran()[1], (1, "b".to_owned()));
}

#[test]
fn a_lost_answer_is_not_repeated_but_a_closed_idle_connection_is_replaced() {
    let nodes = nodes();
    let mut cluster = nodes.cluster(Duration::from_secs(10));
    let error = cluster.query("lose").unwrap_err();
    assert!(matches!(error, Error::Lost { .. }), "{error}");
    assert_eq!(nodes.ran(), [(0, "lose".to_owned())], "it ran once");
    cluster.query("last").unwrap();
    // Until the close has arrived the statement may be sent and lost; from then on it is sent anew.
    let deadline = Instant::now() + Duration::from_secs(10);
    while cluster.query("a").is_err() {
        assert!(Instant::now() < deadline, "the connection is never replaced");
    }
    assert!(nodes.ran().contains(&(0, "a".to_owned())));
}

#[test]
fn a_leader_that_refuses_for_another_reason_is_believed() {
    let nodes = nodes();
    let mut cluster = nodes.cluster(Duration::from_secs(10));
    let error = cluster.query("read only").unwrap_err();
    assert_eq!(error.code(), Some(1290));
    assert_eq!(nodes.ran().len(), 1);
}
