//! `quorate member`, `transfer`, `recover` and the layouts of `play`, on real processes.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use cluster_tests::{LEADER_TIMEOUT, TestCluster, connect, program, server_binary};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// How long a change may take to show.
const CHANGE_MAX: Duration = Duration::from_secs(30);

fn quorate(arguments: &[&str]) -> Output {
    program::run(Command::new(server_binary()).args(arguments))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a command that has to succeed, with `--json`.
fn json(arguments: &[&str]) -> Value {
    let output = quorate(&[arguments, &["--json"]].concat());
    assert_eq!(
        output.status.code(),
        Some(0),
        "{arguments:?}: {}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs a command that has to be refused with this exit code; what it said.
fn refused(code: i32, arguments: &[&str]) -> String {
    let output = quorate(arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output.stdout));
    text(&output.stdout) + &text(&output.stderr)
}

/// The member of this id, as `member list` says.
fn member(nodes: &str, id: u64) -> Option<Value> {
    let list = json(&["member", "list", "--nodes", nodes]);
    list["members"].as_array().unwrap().iter().find(|member| member["id"] == id).cloned()
}

/// Waits until something about a member is so.
fn wait_for_member(nodes: &str, id: u64, what: &str, is_so: impl Fn(&Value) -> bool) {
    let started = Instant::now();
    loop {
        let found = member(nodes, id);
        if found.as_ref().is_some_and(&is_so) {
            return;
        }
        assert!(started.elapsed() < CHANGE_MAX, "n{id} is not {what}: {found:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A node process that goes with the test.
struct Process(Child);

impl Process {
    /// Runs `quorate start …` as `member add` printed it.
    fn start(command: &str, data: &Path) -> Process {
        let words = command.strip_prefix("quorate ").unwrap().split(' ');
        let data = data.to_string_lossy();
        let arguments = words.map(|word| if word == "FOLDER" { data.as_ref() } else { word });
        let process = Command::new(server_binary())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(format!("{data}.log")).unwrap())
            .spawn()
            .unwrap();
        Process(process)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An address that is free now, below the range the kernel takes outgoing ports from.
fn free_address() -> String {
    loop {
        let address = format!("127.0.0.1:{}", rand::random_range(15_000..30_000_u16));
        if std::net::TcpListener::bind(&address).is_ok() {
            return address;
        }
    }
}

#[test]
fn a_node_is_added_promoted_configured_leads_and_the_old_leader_is_removed() {
    let cluster = TestCluster::start(3);
    let leader = cluster.leader().unwrap();
    let follower = (1..=3).find(|id| *id != leader).unwrap();
    // One follower is enough for everything: it knows the leader and passes the calls on.
    let nodes = cluster.node(follower).sql_address.clone();
    let table = text(&quorate(&["member", "list", "--nodes", &nodes]).stdout);
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.starts_with("NODE  ROLE      WEIGHT  SYNC"), "{table}");

    let addresses = format!("{}/{}", free_address(), free_address());
    let added = json(&["member", "add", &addresses, "--nodes", &nodes]);
    assert_eq!((&added["node"], &added["as"]), (&4.into(), &"learner".into()), "{added}");
    let again = json(&["member", "add", &addresses, "--nodes", &nodes]);
    assert_eq!(again["node"], 4, "asked for again it is the same node: {again}");
    let _new = Process::start(added["start"].as_str().unwrap(), &cluster.folder().join("n4"));
    wait_for_member(&nodes, 4, "caught up", |member| member["lag"] == 0 && member["connected"] == true);

    json(&["member", "promote", "4", "--nodes", &nodes]);
    wait_for_member(&nodes, 4, "a follower", |member| member["role"] == "follower");
    let said = refused(1, &["member", "demote", &leader.to_string(), "--nodes", &nodes]);
    assert!(said.contains("is the leader"), "{said}");
    let moved = json(&["transfer", "--to", "4", "--nodes", &nodes]);
    assert_eq!((&moved["from"], &moved["to"]), (&leader.into(), &4.into()), "{moved}");
    let said = text(&quorate(&["transfer", "--to", "4", "--nodes", &nodes]).stdout);
    assert_eq!(said, "n4 leads already.\n");

    // Only now: a follower of a larger weight is handed the leadership without being asked for.
    json(&["member", "configure", "n4", "--weight", "7", "--strong-sync", "on", "--nodes", &nodes]);
    json(&["member", "configure", "4", "--strong-sync", "off", "--nodes", &nodes]);
    let configured = member(&nodes, 4).unwrap();
    assert_eq!((&configured["weight"], &configured["strong_sync"]), (&7.into(), &false.into()));

    json(&["member", "demote", &leader.to_string(), "--nodes", &nodes]);
    assert_eq!(member(&nodes, leader).unwrap()["role"], "learner");
    json(&["member", "configure", &leader.to_string(), "--source", &follower.to_string(), "--nodes", &nodes]);
    assert_eq!(member(&nodes, leader).unwrap()["source"], follower);
    json(&["member", "remove", &leader.to_string(), "--nodes", &nodes]);
    assert_eq!(member(&nodes, leader), None);
    json(&["member", "remove", &leader.to_string(), "--nodes", &nodes]);
}

#[test]
fn what_makes_no_sense_is_refused_with_the_right_exit_code() {
    for arguments in [
        &["member", "list", "--nodez", "x"][..],
        &["member", "promote", "nobody"],
        &["member", "configure", "2"],
        &["member", "add", "127.0.0.1:1"],
        &["transfer", "--to", "0"],
        &["play", "--nodes", "3", "--layout", "same-city"],
        &["play", "--layout", "two-planets"],
        &["recover"],
        &["recover", "--data", "x", "--form"],
        &["recover", "--data", "x", "--form", "--keep", "1"],
    ] {
        refused(2, arguments);
    }
    let cluster = TestCluster::start(1);
    let nodes = &cluster.node(1).sql_address;
    let said = refused(1, &["member", "promote", "7", "--nodes", nodes]);
    assert!(said.contains('7'), "{said}");
    let said = refused(1, &["member", "promote", "7", "--json", "--nodes", nodes]);
    let value: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(value["done"], false, "{value}");
    let running = cluster.node(1).data.to_string_lossy().into_owned();
    let said = refused(1, &["recover", "--data", &running]);
    assert!(said.contains("a node runs there"), "{said}");
}

#[test]
fn after_the_majority_is_lost_one_folder_becomes_a_new_cluster() {
    let mut cluster = TestCluster::start(3);
    let leader = cluster.leader().unwrap();
    let mut connection = cluster.connect_leader();
    connection.query("CREATE DATABASE d").unwrap();
    connection.query("CREATE TABLE d.t (id INT PRIMARY KEY)").unwrap();
    connection.query("INSERT INTO d.t VALUES (1), (2)").unwrap();
    drop(connection);
    cluster.kill_all();
    let other = (1..=3).find(|id| *id != leader).unwrap();
    let folder = |id: u64| cluster.node(id).data.to_string_lossy().into_owned();
    let (kept, second) = (folder(leader), folder(other));

    let both = json(&["recover", "--data", &kept, "--data", &second]);
    assert_eq!(
        (&both["is_majority"], &both["missing"].as_array().unwrap().len()),
        (&true.into(), &1),
        "{both}"
    );
    let keep = leader.to_string();
    let form = ["--form", "--keep", &keep, "--yes"];
    let two = [&["recover", "--data", &kept, "--data", &second][..], &form].concat();
    assert!(refused(1, &two).contains("a majority"));

    let looked = text(&quorate(&["recover", "--data", &kept]).stdout);
    assert!(looked.contains("These are 1 of 3 voters, no majority."), "{looked}");
    assert!(looked.contains(&format!("--form --keep {leader}")), "{looked}");
    let formed = json(&[&["recover", "--data", &kept][..], &form].concat());
    assert_eq!(formed["formed"]["node"], leader, "{formed}");

    // An old node that comes back is of another cluster: it does not take part, and does not get in the way.
    cluster.start_node(leader);
    cluster.start_node(other);
    assert_eq!(cluster.wait_for_leader(LEADER_TIMEOUT), leader);
    let mut connection = cluster.connect(leader);
    connection.query("INSERT INTO d.t VALUES (3)").unwrap();
    assert_eq!(connection.query("SELECT COUNT(*) FROM d.t").unwrap().scalar().unwrap(), "3");
    let nodes = cluster.node(leader).sql_address.clone();
    let list = json(&["member", "list", "--nodes", &nodes]);
    assert_eq!(list["members"].as_array().unwrap().len(), 1, "{list}");

    // A new node joins with an id that was never used.
    let addresses = format!("{}/{}", free_address(), free_address());
    let added = json(&["member", "add", &addresses, "--as", "voter", "--nodes", &nodes]);
    assert_eq!(added["node"], 4, "{added}");
    let _new = Process::start(added["start"].as_str().unwrap(), &cluster.folder().join("n4"));
    wait_for_member(&nodes, 4, "a follower", |member| member["role"] == "follower");
}

/// A running `quorate play`, stopped with the test.
struct Play {
    process: Child,
    ready: String,
}

impl Play {
    fn start(folder: &Path, arguments: &[&str]) -> Play {
        let port = rand::random_range(15_000_u16..28_000).to_string();
        let mut process = Command::new(server_binary())
            .args(["play", "--port", &port, "--data"])
            .arg(folder)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut play = Play { process, ready: String::new() };
        while !play.ready.contains("Remove") {
            assert!(output.read_line(&mut play.ready).unwrap() > 0, "play ended: {}", play.ready);
        }
        // What it prints later must not fill the pipe.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        play
    }

    fn nodes(&self) -> String {
        let line = self.ready.lines().find(|line| line.trim().starts_with("Status")).unwrap();
        line.rsplit(' ').next().unwrap().to_owned()
    }

    fn stop(&mut self) {
        let _ = kill_process(Pid::from_raw(self.process.id() as i32).unwrap(), Signal::TERM);
        let _ = self.process.wait();
    }
}

impl Drop for Play {
    fn drop(&mut self) {
        self.stop();
    }
}

#[test]
fn same_city_has_two_nodes_with_data_and_one_with_the_log() {
    let temporary = tempfile::tempdir().unwrap();
    let mut play = Play::start(temporary.path(), &["--layout", "same-city"]);
    let headline = "3 voters (2 data, 1 log-only), leader n1, survives 1 failure";
    assert!(play.ready.contains(headline), "{}", play.ready);
    let nodes = play.nodes();
    let logger = member(&nodes, 3).unwrap();
    assert_eq!(
        (&logger["role"], &logger["log_only"], &logger["weight"]),
        (&"logger".into(), &true.into(), &1.into())
    );
    assert_eq!(member(&nodes, 1).unwrap()["weight"], 9);
    play.stop();
    let said =
        refused(1, &["play", "--layout", "three-region", "--data", &temporary.path().to_string_lossy()]);
    assert!(said.contains("of the layout same-city"), "{said}");
    let play = Play::start(temporary.path(), &[]);
    assert!(play.ready.contains(headline), "{}", play.ready);
}

#[test]
fn a_commit_across_regions_takes_the_delay_there_and_back() {
    let temporary = tempfile::tempdir().unwrap();
    let play = Play::start(temporary.path(), &["--layout", "three-region", "--delay-ms", "20"]);
    let headline = "5 voters (4 data, 1 log-only) in 3 regions, leader n1, survives 2 failures";
    assert!(play.ready.contains(headline), "{}", play.ready);
    let nodes = play.nodes();
    let mut connection = connect(nodes.split(',').next().unwrap(), Duration::from_secs(10)).unwrap();
    connection.query("CREATE DATABASE d").unwrap();
    connection.query("CREATE TABLE d.t (id INT PRIMARY KEY)").unwrap();
    for id in 0..5 {
        let started = Instant::now();
        connection.query(&format!("INSERT INTO d.t VALUES ({id})")).unwrap();
        let took = started.elapsed();
        assert!(took >= Duration::from_millis(40), "committed after {took:?}: not by another region");
    }
    let list = json(&["member", "list", "--nodes", &nodes]);
    assert_eq!(
        list["members"].as_array().unwrap().iter().filter(|member| member["connected"] == true).count(),
        5
    );
}
