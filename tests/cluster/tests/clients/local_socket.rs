//! Clients of the same machine over the node's Unix socket.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use cluster_tests::{TestCluster, program};

/// What MariaDB's client says to `statements`, never encrypting.
fn client(socket: &Path, user: &str, password: &str, statements: &str) -> Output {
    let mut command = Command::new("mariadb");
    command.args(["--no-defaults", "--skip-ssl", "--protocol=socket", "-N", "-B", "-u", user]);
    command.arg(format!("--password={password}"));
    command.arg("--socket").arg(socket).args(["-e", statements]);
    program::run(&mut command)
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().replace('\t', " ")
}

#[test]
fn clients_of_the_machine_log_in_over_the_socket() {
    // Past the length that a socket's path may have, a data folder would have none.
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("node.sock");
    let mut cluster = TestCluster::start_with(1, &["--socket", socket.to_str().unwrap()]);
    assert_eq!(
        printed(&client(&socket, "root", "", "SELECT @@socket, USER()")),
        format!("{} root@localhost", socket.display())
    );
    assert_eq!(
        printed(&client(
            &socket,
            "root",
            "",
            "SELECT host FROM information_schema.processlist WHERE id = CONNECTION_ID()"
        )),
        "localhost"
    );
    printed(&client(&socket, "root", "", "SET GLOBAL require_secure_transport = ON"));
    // The whole exchange of passwords: over the socket they are sent as they are, as through TLS.
    printed(&client(
        &socket,
        "root",
        "",
        "CREATE USER ann@localhost IDENTIFIED BY 'secret'; CREATE USER tls@localhost REQUIRE SSL",
    ));
    for _ in 0..2 {
        assert_eq!(printed(&client(&socket, "ann", "secret", "SELECT CURRENT_USER()")), "ann@localhost");
    }
    for (user, password) in [("ann", "wrong"), ("tls", ""), ("nobody", "")] {
        let refused = client(&socket, user, password, "SELECT 1");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("ERROR 1045"), "{user}: {refused:?}");
    }
    // The file of a node that was killed is in nobody's way.
    cluster.kill(1);
    assert!(socket.exists());
    cluster.start_node(1);
    cluster.wait_for_leader(Duration::from_secs(20));
    assert_eq!(printed(&client(&socket, "ann", "secret", "SELECT 1")), "1");
    assert_eq!(cluster.terminate(1), Some(0));
    assert!(!socket.exists());
}
