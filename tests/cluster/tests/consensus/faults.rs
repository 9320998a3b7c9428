//! Folders and disks that are not as they should be: found, named, and never made worse.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use cluster_tests::{TestCluster, program};

/// The output of a start that has to fail.
fn fails(command: &mut Command) -> String {
    let output = program::run_for(command, Duration::from_secs(20));
    assert!(!output.status.success(), "the node started");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn fill(cluster: &TestCluster) {
    let mut connection = cluster.connect_leader();
    connection.query("CREATE DATABASE d").unwrap();
    connection.query("CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(100))").unwrap();
    for id in 0..50 {
        connection.query(&format!("INSERT INTO d.t VALUES ({id}, REPEAT('x', 100))")).unwrap();
    }
    cluster.assert_equal_nodes(Duration::from_secs(20));
}

#[test]
fn a_flipped_byte_in_the_log_is_found_and_named() {
    let mut cluster = TestCluster::start(3);
    fill(&cluster);
    let id = (cluster.wait_for_leader(Duration::from_secs(5)) % 3) + 1;
    cluster.terminate(id);
    let segment = fs::read_dir(cluster.node(id).data.join("log"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| fs::metadata(path).unwrap().len() > 4096)
        .min()
        .unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    let needle = bytes.windows(20).position(|window| window == b"xxxxxxxxxxxxxxxxxxxx").unwrap();
    bytes[needle] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let message = fails(&mut cluster.command(id));
    let name = segment.file_name().unwrap().to_string_lossy().into_owned();
    assert!(message.contains(&name) && message.contains("damaged"), "{message}");
    // The others go on.
    cluster.connect_leader().query("INSERT INTO d.t VALUES (1000, 'after')").unwrap();
}

#[test]
fn folders_of_others_are_refused() {
    let mut cluster = TestCluster::start(1);
    fill(&cluster);
    let running = fails(&mut cluster.command(1));
    assert!(running.contains("in use by another process"), "{running}");
    cluster.terminate(1);

    let message = fails(&mut with_cluster_name(&cluster, "another"));
    assert!(message.contains("belongs to the cluster"), "{message}");

    let path = cluster.node(1).data.join("identity.json");
    let identity = fs::read_to_string(&path).unwrap();
    let newer = identity.replace("\"format\": 3", "\"format\": 99");
    assert_ne!(newer, identity);
    fs::write(&path, newer).unwrap();
    let message = fails(&mut cluster.command(1));
    assert!(message.contains("newer version"), "{message}");
    fs::write(&path, identity).unwrap();
    cluster.start_node(1);
    cluster.wait_for_leader(Duration::from_secs(10));
}

/// The command line of node 1 with another cluster name.
fn with_cluster_name(cluster: &TestCluster, name: &str) -> Command {
    let original = cluster.command(1);
    let mut arguments: Vec<_> = original.get_args().map(std::ffi::OsStr::to_owned).collect();
    let position = arguments.iter().position(|argument| argument == "--cluster-name").unwrap();
    arguments[position + 1] = name.into();
    let mut command = Command::new(original.get_program());
    command.args(arguments);
    command
}

#[test]
fn a_clean_stop_ends_with_code_zero_and_restarts_at_once() {
    let mut cluster = TestCluster::start(3);
    fill(&cluster);
    for id in 1..=3 {
        assert_eq!(cluster.terminate(id), Some(0), "{}", cluster.logs());
    }
    for id in 1..=3 {
        cluster.start_node(id);
    }
    let started = Instant::now();
    let mut connection = cluster.connect_leader();
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(connection.query("SELECT COUNT(*) FROM d.t").unwrap().scalar().as_deref(), Some("50"));
    cluster.assert_equal_nodes(Duration::from_secs(20));
}

#[test]
fn a_damaged_store_is_built_again_from_the_log() {
    let mut cluster = TestCluster::start(1);
    fill(&cluster);
    cluster.terminate(1);
    let store = cluster.node(1).data.join("store");
    for entry in fs::read_dir(&store).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::write(&path, vec![0x5a; 8192]).unwrap();
        }
    }
    cluster.start_node(1);
    let mut connection = cluster.connect_leader();
    assert_eq!(connection.query("SELECT COUNT(*) FROM d.t").unwrap().scalar().as_deref(), Some("50"));
}
