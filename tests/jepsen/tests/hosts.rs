//! The test hosts with real servers: what is cut is cut, what is healed is healed, and nothing is left.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jepsen::disk::{Aim, Fault};
use jepsen::edn::Value;
use jepsen::hosts::{Cluster, End, JoinAs, Plan, REGION_DELAY, Skew, nodes_agree};
use jepsen::nemesis::Action;
use jepsen::verdict::Valid;

/// How long something may take to come about.
const PATIENCE: Duration = Duration::from_secs(30);

/// One at a time: they count what is left, and two cores are few.
static ALONE: Mutex<()> = Mutex::new(());

/// Whether tests that need namespaces are to be left out, as the environment says.
fn is_left_out() -> bool {
    let is_set = std::env::var_os("QUORATE_NO_NETNS").is_some();
    if is_set {
        eprintln!("left out: QUORATE_NO_NETNS is set, so no network namespaces are made");
    }
    is_set
}

/// The server's program: `QUORATE_BIN`, or beside the tests' folder.
fn binary() -> PathBuf {
    let beside = || std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("quorate");
    std::env::var_os("QUORATE_BIN").map_or_else(beside, PathBuf::from)
}

fn plan(nodes: usize, regions: usize, folder: &tempfile::TempDir) -> Plan {
    Plan {
        nodes,
        regions,
        binary: binary(),
        folder: folder.path().to_owned(),
        disk: None,
        flags: Vec::new(),
        clock: false,
    }
}

fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "{what} did not come about within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// One question to a node as its clients ask.
fn ask(
    cluster: &Cluster,
    id: u64,
    sql: &str,
    timeout: Duration,
) -> Result<Option<String>, client::blocking::Error> {
    let options = client::blocking::Options { timeout, ..client::blocking::Options::unencrypted() };
    let mut connection = client::blocking::Connection::connect_with(&cluster.client_address(id), &options)?;
    connection.query(sql).map(|result| result.scalar())
}

/// Namespaces of this process that there are now.
fn namespaces() -> usize {
    let output = Command::new("ip").args(["netns", "list"]).output().unwrap();
    let own = format!("quorate-jepsen-{}-", std::process::id());
    String::from_utf8(output.stdout).unwrap().lines().filter(|line| line.starts_with(&own)).count()
}

#[test]
fn links_are_cut_and_members_come_and_go_and_nothing_is_left() {
    if is_left_out() {
        return;
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(&plan(3, 1, &folder)).unwrap();
    let first = cluster.wait_for_leader().unwrap();
    let others: Vec<u64> = cluster.nodes().into_iter().filter(|id| *id != first).collect();
    ask(&cluster, first, "CREATE DATABASE x", PATIENCE).unwrap();
    ask(&cluster, first, "CREATE TABLE x.t (id INT PRIMARY KEY)", PATIENCE).unwrap();

    // The clients alone cannot reach the leader, which goes on leading.
    cluster.cut(&[(End::Clients, End::Node(first))]).unwrap();
    let error = ask(&cluster, first, "SELECT 1", Duration::from_millis(500)).unwrap_err();
    assert!(error.is_disconnect(), "{error}");
    assert_eq!(cluster.execute(first, "SELECT 1").unwrap(), [[Some("1".to_owned())]]);
    assert_eq!(cluster.leader(), Some(first));
    cluster.mend_cuts().unwrap();
    assert_eq!(ask(&cluster, first, "SELECT 1", PATIENCE).unwrap().as_deref(), Some("1"));

    // Cut off from the others it is replaced.
    let cut: Vec<(End, End)> = others
        .iter()
        .flat_map(|other| [(End::Node(first), End::Node(*other)), (End::Node(*other), End::Node(first))])
        .collect();
    cluster.cut(&cut).unwrap();
    wait_until("another leader", || cluster.leader().is_some_and(|leader| leader != first));
    let second = cluster.leader().unwrap();
    ask(&cluster, second, "INSERT INTO x.t VALUES (1)", PATIENCE).unwrap();

    // All at once are killed, and one stands still; all comes back.
    cluster.kill_together(&others, None).unwrap();
    cluster.pause(first).unwrap();
    assert!(!cluster.is_running(second));
    cluster.heal().unwrap();
    assert_eq!(ask(&cluster, first, "SELECT COUNT(*) FROM x.t", PATIENCE).unwrap().as_deref(), Some("1"));

    // A new node joins, serves its clients, and leaves.
    let learner = cluster.add_node(JoinAs::Learner).unwrap();
    assert_eq!(learner, 4);
    wait_until(
        "the learner serves",
        || matches!(ask(&cluster, learner, "SELECT COUNT(*) FROM x.t", PATIENCE), Ok(Some(count)) if count == "1"),
    );
    let voter = cluster.add_node(JoinAs::Voter).unwrap();
    wait_until("it has a vote", || {
        cluster.members().unwrap().iter().any(|member| member.id == voter && member.is_voter)
    });
    cluster.administer(cluster.leader().unwrap(), &format!("change_leader({voter})")).unwrap();
    wait_until("it leads", || cluster.leader() == Some(voter));
    ask(&cluster, voter, "INSERT INTO x.t VALUES (2)", PATIENCE).unwrap();
    // What only the leader can do is passed on to it by others: it is found where it said.
    cluster.remove_node(others[0], learner).unwrap();
    assert_eq!(cluster.nodes(), [1, 2, 3, voter]);
    assert!(ask(&cluster, learner, "SELECT 1", PATIENCE).is_err());
    assert!(cluster.stop(voter).unwrap().contains("exit code 0"));
    cluster.heal().unwrap();

    let verdict = nodes_agree(&cluster);
    assert_eq!(verdict.valid, Valid::Yes, "{:?} {}", verdict.findings, verdict.details);
    let logs = verdict.details.get("logs").unwrap();
    assert!(logs.get("n5").and_then(|log| log.get("last")).is_some(), "{}", verdict.details);
    drop(cluster);
    assert_eq!(namespaces(), 0);
}

/// Does it, and fails when it could not be done.
fn perform(cluster: &Cluster, action: &Action) {
    let result = action.perform(cluster);
    let what = action.function();
    assert!(result.get("error").is_none(), "{what} {}: {result}", action.value());
    let all_done = |value: &Value| !value.to_string().contains("does not run");
    assert!(all_done(&result), "{what} {}: {result}", action.value());
}

/// What is done to members, in turn, so that each is possible.
fn changes(leader: u64, follower: u64) -> [Action; 7] {
    let through = follower;
    [
        Action::Configure { through, id: follower, weight: 7, is_strong: true },
        Action::AddMember(JoinAs::Learner),
        Action::Promote { through, id: 4 },
        Action::Transfer { through, to: follower },
        Action::Demote { through, id: leader },
        Action::RemoveMember { through, id: leader },
        Action::Restart(4),
    ]
}

#[test]
fn everything_that_nemeses_do_can_be_done() {
    if is_left_out() {
        return;
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(&Plan { clock: true, ..plan(3, 1, &folder) }).unwrap();
    let leader = cluster.wait_for_leader().unwrap();
    let follower = if leader == 1 { 2 } else { 1 };

    let time = |id: u64| -> i64 {
        let rows = cluster.execute(id, "SELECT FLOOR(UNIX_TIMESTAMP())").unwrap();
        rows[0][0].as_ref().unwrap().parse().unwrap()
    };
    let hour_ahead = Skew { offset_ms: 3_600_000, rate_per_mille: 1_000 };
    perform(&cluster, &Action::StartClock(vec![(follower, hour_ahead)]));
    wait_until("a clock is an hour ahead", || time(follower) - time(leader) > 3_500);
    perform(&cluster, &Action::StopClock);
    wait_until("it is right again", || (time(follower) - time(leader)).abs() < 10);

    let (there, back) = ((End::Node(leader), End::Node(follower)), (End::Node(follower), End::Node(leader)));
    let pairs = vec![there, back];
    perform(&cluster, &Action::StartLink { shape: "loss", pairs, loss_per_mille: 100, delay: None });
    perform(&cluster, &Action::StopLink);
    perform(&cluster, &Action::Pause(vec![follower]));
    let asked = ask(&cluster, follower, "SELECT 1", Duration::from_millis(300));
    assert!(asked.is_err_and(|error| error.is_disconnect()), "it stands still");
    perform(&cluster, &Action::Resume(vec![follower]));
    perform(&cluster, &Action::Kill { ids: vec![follower], torn: None });
    assert!(!cluster.is_running(follower));
    perform(&cluster, &Action::Start(vec![follower]));
    cluster.heal().unwrap();

    for action in changes(leader, follower) {
        // Each may have to wait until what came before is known to all.
        wait_until(&format!("{action:?}"), || action.perform(&cluster).get("error").is_none());
    }
    assert_eq!(cluster.nodes(), [1, 2, 3, 4].into_iter().filter(|id| *id != leader).collect::<Vec<_>>());
    perform(&cluster, &Action::Heal);
    cluster.heal().unwrap();
    let verdict = nodes_agree(&cluster);
    assert_eq!(verdict.valid, Valid::Yes, "{:?} {}", verdict.findings, verdict.details);
}

/// Somebody restarts a node whose disk fails: it refuses to start, and that is no finding. On a disk that is well it would be.
#[test]
fn a_node_that_is_started_while_its_disk_fails_may_end() {
    if is_left_out() {
        return;
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let program = PathBuf::from(env!("CARGO_BIN_EXE_jepsen"));
    let cluster = Cluster::start(&Plan { disk: Some(program), ..plan(3, 1, &folder) }).unwrap();
    let leader = cluster.wait_for_leader().unwrap();
    let id = cluster.nodes().into_iter().find(|id| *id != leader).unwrap();
    cluster.kill(id).unwrap();
    cluster.set_fault(id, &Fault::EioOnRead(Aim::all(1_000_000))).unwrap();
    cluster.start_node(id).unwrap();
    wait_until("the node that cannot read its disk ends", || !cluster.is_running(id));
    cluster.heal().unwrap();
    let verdict = nodes_agree(&cluster);
    assert_eq!(verdict.valid, Valid::Yes, "{:?} {}", verdict.findings, verdict.details);

    // The comparison has stopped them all.
    std::fs::rename(cluster.data_folder(id).join("log"), cluster.data_folder(id).join("gone")).unwrap();
    std::fs::write(cluster.data_folder(id).join("log"), "no folder").unwrap();
    cluster.start_node(id).unwrap();
    wait_until("the node whose log is none ends", || !cluster.is_running(id));
    let verdict = nodes_agree(&cluster);
    assert_eq!(verdict.valid, Valid::No, "{}", verdict.details);
    assert!(
        verdict.findings.iter().any(|finding| finding.contains("ended by itself")),
        "{:?}",
        verdict.findings
    );
}

#[test]
fn regions_are_as_far_from_each_other_as_they_say() {
    if is_left_out() {
        return;
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(&plan(5, 3, &folder)).unwrap();
    let regions: Vec<Option<u8>> = cluster.nodes().into_iter().map(|id| cluster.region(id)).collect();
    assert_eq!(regions, [Some(0), Some(0), Some(1), Some(1), Some(2)]);
    let leader = cluster.wait_for_leader().unwrap();
    ask(&cluster, leader, "CREATE DATABASE x", PATIENCE).unwrap();
    ask(&cluster, leader, "CREATE TABLE x.t (id INT PRIMARY KEY)", PATIENCE).unwrap();
    // A commit needs another region's vote: within its own there are two of five.
    let started = Instant::now();
    for number in 0..5 {
        cluster.execute(leader, &format!("INSERT INTO x.t VALUES ({number})")).unwrap();
    }
    let round_trip = REGION_DELAY * 2;
    assert!(started.elapsed() >= round_trip * 5, "{:?}", started.elapsed());
    // Clients are in the first region.
    let time_of = |id: u64| {
        let started = Instant::now();
        ask(&cluster, id, "SELECT 1", PATIENCE).unwrap();
        started.elapsed()
    };
    assert!(time_of(5) >= round_trip * 2, "connection, greeting and question take a round trip each");
    cluster.set_delay(Duration::from_millis(100));
    assert!(time_of(3) >= Duration::from_millis(400));
    cluster.mend_lines().unwrap();
    let nobody = TcpStream::connect(cluster.client_address(77));
    assert!(nobody.is_err(), "there is no such node");
    let verdict = nodes_agree(&cluster);
    assert_eq!(verdict.valid, Valid::Yes, "{:?} {}", verdict.findings, verdict.details);
}
