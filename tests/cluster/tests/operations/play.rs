//! `quorate play` and the other commands, as a newcomer runs them.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use cluster_tests::{connect, program, server_binary};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// How long `play` may take to be ready. It says itself how long it took: under 5 s on an idle machine.
const READY_MAX: Duration = Duration::from_secs(15);
/// How long it may take to stop.
const STOP_MAX: Duration = Duration::from_secs(15);
/// Ports that the nodes take at most.
const NODES_PORTS_MAX: u16 = 50;

fn quorate(arguments: &[&str]) -> Output {
    program::run(Command::new(server_binary()).args(arguments))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A running `quorate play`.
struct Play {
    process: Child,
    output: BufReader<ChildStdout>,
    /// What it printed until it was ready.
    ready: String,
}

impl Play {
    /// Starts it with further arguments; waits for the last line of what it prints when it is ready.
    fn start(folder: &Path, arguments: &[&str]) -> Play {
        let started = Instant::now();
        // The nodes take the ports that follow.
        let ports = cluster_tests::ports();
        let port = rand::random_range(ports.start..ports.end - NODES_PORTS_MAX).to_string();
        let mut process = Command::new(server_binary())
            .args(["play", "--port", &port, "--data"])
            .arg(folder)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut play = Play { process, output, ready: String::new() };
        while !play.ready.contains("Remove") {
            let line = play.line();
            assert!(!line.is_empty(), "play ended: {}", play.ready);
            play.ready.push_str(&line);
        }
        assert!(started.elapsed() < READY_MAX, "ready after {:?}", started.elapsed());
        play
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }

    /// The part of a line after its heading.
    fn after(&self, heading: &str) -> &str {
        let line = self.ready.lines().map(str::trim).find(|line| line.starts_with(heading));
        line.unwrap_or_else(|| panic!("no '{heading}' in {}", self.ready)).trim_start_matches(heading).trim()
    }

    /// The client addresses in the line of nodes, by node.
    fn addresses(&self) -> Vec<String> {
        self.after("Status").rsplit(' ').next().unwrap().split(',').map(str::to_owned).collect()
    }

    /// Process ids of the nodes: its children.
    fn nodes(&self) -> Vec<Pid> {
        let id = self.process.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
        children.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap()).unwrap()).collect()
    }

    /// Sends a signal; all its processes have to end. Returns what it said last.
    fn stop(mut self, signal: Signal) -> String {
        let nodes = self.nodes();
        assert!(!nodes.is_empty());
        let stopped = Instant::now();
        kill_process(Pid::from_raw(self.process.id() as i32).unwrap(), signal).unwrap();
        let mut said = String::new();
        while {
            let line = self.line();
            said.push_str(&line);
            !line.is_empty()
        } {}
        assert_eq!(self.process.wait().unwrap().code(), Some(0), "{said}");
        assert!(stopped.elapsed() < STOP_MAX, "stopped after {:?}", stopped.elapsed());
        for node in nodes {
            assert!(test_kill_process(node).is_err(), "node process {node:?} is still there");
        }
        said
    }
}

impl Drop for Play {
    fn drop(&mut self) {
        // A test that failed: SIGTERM, so that it takes its nodes along.
        if let Ok(None) = self.process.try_wait() {
            let _ = kill_process(Pid::from_raw(self.process.id() as i32).unwrap(), Signal::TERM);
            let _ = self.process.wait();
        }
    }
}

#[test]
fn a_newcomers_first_minutes() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("new");
    let play = Play::start(&folder, &["--nodes", "3"]);
    assert!(play.ready.contains("3 voters") && play.ready.contains("survives 1 failure "), "{}", play.ready);
    assert_eq!(
        play.after("Data"),
        format!("{} (kept; the same command resumes it)", folder.canonicalize().unwrap().display())
    );
    assert_eq!(play.after("Remove"), format!("rm -r {}", folder.canonicalize().unwrap().display()));

    // The line to paste, as it is but for the name of the program.
    let paste = play.after("Connect").replacen("mysql ", "mariadb --no-defaults ", 1);
    let shell = |line: &str, sql: &str| {
        program::succeed(Command::new("sh").arg("-c").arg(format!("{line} -N -e \"{sql}\"")))
    };
    let sql = "CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); INSERT INTO d.t VALUES (1), (2); SELECT COUNT(*) FROM d.t";
    assert_eq!(shell(&paste, sql), "2\n");
    let load = "for do in prepare run; do sysbench oltp_read_write --mysql-host=127.0.0.1 --mysql-port=";
    assert!(
        play.after("Load").contains("mysql -h127.0.0.1 -P") && play.ready.contains(load),
        "{}",
        play.ready
    );

    let nodes = play.addresses().join(",");
    assert_eq!(play.addresses().len(), 3);
    status_and_leader(&nodes, &paste);
    statements_by_quorate_sql(&nodes);

    // A second one in the same folder is told that it runs already.
    let again = quorate(&["play", "--data", &folder.to_string_lossy()]);
    assert!(
        !again.status.success() && text(&again.stderr).contains("running already"),
        "{}",
        text(&again.stderr)
    );

    let said = play.stop(Signal::INT);
    assert!(said.contains("stopped; the data is kept in"), "{said}");
    let down = quorate(&["status", "--nodes", &nodes]);
    assert_eq!(down.status.code(), Some(1));
    assert!(
        text(&down.stdout).contains("No leader serves: 0 of 3 nodes answer, 2 are needed."),
        "{}",
        text(&down.stdout)
    );
    let none = quorate(&["leader", "--nodes", &nodes]);
    assert!(
        !none.status.success() && text(&none.stderr).contains("no leader serves"),
        "{}",
        text(&none.stderr)
    );

    // Another number of nodes than the folder holds is refused; the same command goes on with the data.
    let wrong = quorate(&["play", "--nodes", "5", "--data", &folder.to_string_lossy()]);
    assert!(
        !wrong.status.success() && text(&wrong.stderr).contains("holds a cluster of 3 nodes"),
        "{}",
        text(&wrong.stderr)
    );
    let play = Play::start(&folder, &[]);
    assert_eq!(play.addresses().join(","), nodes, "the addresses changed");
    let paste = play.after("Connect").replacen("mysql ", "mariadb --no-defaults ", 1);
    assert_eq!(shell(&paste, "SELECT COUNT(*) FROM d.t"), "3\n");
    play.stop(Signal::TERM);
}

/// `quorate status`, plain and as JSON, and `quorate leader`.
fn status_and_leader(nodes: &str, paste: &str) {
    let status = quorate(&["status", "--nodes", nodes]);
    assert_eq!(status.status.code(), Some(0));
    assert!(text(&status.stdout).contains("it can tolerate 1 more failure."), "{}", text(&status.stdout));
    let leader = text(&quorate(&["leader", "--nodes", nodes]).stdout).trim().to_owned();
    assert!(
        paste.contains(&format!("-P{} ", leader.rsplit(':').next().unwrap())),
        "{leader} is not the leader of '{paste}'"
    );

    let json = quorate(&["status", "--json", "--nodes", &format!("{nodes},127.0.0.1:1")]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&json["healthy"], &json["leader"]), (&true.into(), &leader.as_str().into()), "{json}");
    let reports = json["nodes"].as_array().unwrap();
    assert_eq!(reports.len(), 4);
    let of_role = |role: &str| reports.iter().filter(|node| node["state"]["role"] == role).count();
    assert_eq!((of_role("leader"), of_role("follower")), (1, 2), "{json}");
    assert!(reports[..3].iter().all(|node| node["state"]["leader"] == leader.as_str()), "{json}");
    assert!(reports[..3].iter().all(|node| node["state"]["commit_index"].as_u64() > Some(0)), "{json}");
    assert_eq!(reports[3]["reachable"], false);
    assert!(reports[3]["error"].as_str().unwrap().contains("127.0.0.1:1"), "{json}");
}

/// `quorate sql`: arguments, standard input, JSON, errors.
fn statements_by_quorate_sql(nodes: &str) {
    let output = quorate(&[
        "sql",
        "--nodes",
        nodes,
        "INSERT INTO d.t VALUES (3)",
        "SELECT id, NULL AS n FROM d.t ORDER BY id LIMIT 1",
    ]);
    assert_eq!(
        text(&output.stdout),
        "OK, 1 rows affected\n+----+------+\n| id | n    |\n+----+------+\n| 1  | NULL |\n+----+------+\n1 rows\n"
    );
    let output = quorate(&["sql", "--nodes", nodes, "--json", "SELECT 1 AS a, NULL AS b", "DO 0"]);
    let lines: Vec<serde_json::Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0], serde_json::json!({"columns": ["a", "b"], "rows": [["1", null]]}));
    assert_eq!(lines[1]["affected_rows"], 0);
    let output = quorate(&["sql", "--nodes", nodes, "SELECT * FROM d.missing"]);
    assert!(!output.status.success() && text(&output.stderr).contains("1146"), "{}", text(&output.stderr));
    let mut process = Command::new(server_binary())
        .args(["sql", "--database", "d", "--nodes", nodes])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(
        &mut process.stdin.take().unwrap(),
        b"SELECT\n COUNT(*) AS n\nFROM t;\nSELECT 7 AS seven",
    )
    .unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(
        text(&output.stdout).contains("| 3 |") && text(&output.stdout).contains("| seven |"),
        "{}",
        text(&output.stdout)
    );
}

#[test]
fn one_node_and_an_ended_node() {
    let temporary = tempfile::tempdir().unwrap();
    let mut play = Play::start(temporary.path(), &["--nodes", "1"]);
    assert!(play.ready.contains("1 voters") && play.ready.contains("survives 0 failures"), "{}", play.ready);
    let address = play.addresses().remove(0);
    let mut connection = connect(&address, Duration::from_secs(5)).unwrap();
    connection.query("CREATE DATABASE d").unwrap();
    // Its only node is killed: it says so and ends.
    let node = play.nodes()[0];
    kill_process(node, Signal::KILL).unwrap();
    let said = play.line();
    assert!(said.contains("node 1 ended (signal: 9"), "{said}");
    assert!(play.line().contains("all nodes have ended"));
    play.process.wait().unwrap();
    drop(play);
    let play = Play::start(temporary.path(), &[]);
    let mut connection = connect(&play.addresses()[0], Duration::from_secs(5)).unwrap();
    connection.query("USE d").unwrap();
    play.stop(Signal::TERM);
}

#[test]
fn nonsense_on_the_command_line_is_refused_with_the_reason() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().to_string_lossy().into_owned();
    let cases: [(&[&str], &str); 8] = [
        (&["play", "--nodes", "0", "--data", &folder], "must be from 1 to 9"),
        (&["play", "--nodes", "10", "--data", &folder], "must be from 1 to 9"),
        (&["play", "--nodes", "x"], "invalid value 'x'"),
        (&["play", "--data", "/proc/nowhere"], "cannot create the folder /proc/nowhere"),
        (&["start", "--data", &folder], "--peers is missing"),
        (&["start", "--config", "/nowhere.toml"], "cannot read /nowhere.toml"),
        (
            &["start", "--node-id", "1", "--data", &folder, "--peers", "1=127.0.0.1:1/127.0.0.1"],
            "'127.0.0.1' is not of the form HOST:PORT",
        ),
        (&["frobnicate"], "unrecognized subcommand"),
    ];
    for (arguments, reason) in cases {
        let output = quorate(arguments);
        assert!(!output.status.success(), "{arguments:?} was accepted");
        assert!(text(&output.stderr).contains(reason), "{arguments:?}: {}", text(&output.stderr));
    }
    let help = text(&quorate(&["start", "--help"]).stdout);
    for option in ["--node-id", "--listen", "--peer-listen", "--peers", "--data", "--config", "--log-json"] {
        assert!(help.contains(option), "no {option} in {help}");
    }
}
