//! Nodes that join a test cluster, move, and leave.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::{Arrival, TestCluster, TestNode, free_port, server_binary};

/// How long a node may take to be a member and to answer.
const JOIN_TIMEOUT: Duration = Duration::from_secs(30);

impl TestCluster {
    /// Starts a new node that joins by way of the node `through`, as `learner`, `voter` or `logger`, and waits until it is a member
    /// and answers. Its id, which the cluster gave it.
    pub fn join_node(&mut self, through: u64, joins_as: &str) -> u64 {
        let id = self.start_joining(through, joins_as);
        self.wait_until("the new node is a member and answers", JOIN_TIMEOUT, || {
            self.value(id, "SELECT @@server_id").as_deref() == Some(&id.to_string())
                && self.role(through, id).is_some()
                && self.role(id, id).is_some()
        });
        id
    }

    /// As [`TestCluster::join_node`], without waiting.
    pub fn start_joining(&mut self, through: u64, joins_as: &str) -> u64 {
        let id = self.expect_node(through, joins_as);
        self.start_node(id);
        id
    }

    /// A node that will join, with its addresses; it is not started.
    pub fn expect_node(&mut self, through: u64, joins_as: &str) -> u64 {
        // Ids are never used again, and the cluster gives the lowest.
        let id = self.nodes.len() as u64 + 1;
        assert!(self.network.is_none(), "a node in a namespace cannot reach a client address in another");
        let sql_address = format!("127.0.0.1:{}", free_port());
        let through = self.node(through).sql_address.clone();
        self.nodes.push(TestNode {
            id,
            client_address: sql_address.clone(),
            sql_address,
            peer_address: format!("127.0.0.1:{}", free_port()),
            data: self.folder.path().join(format!("n{id}")),
            arrival: Arrival::Joiner { through, joins_as: joins_as.to_owned() },
            flags: Vec::new(),
            process: None,
        });
        id
    }

    /// The command line of a node that would join with an id of its own choice, with an empty folder, which is returned as well.
    #[must_use]
    pub fn joining_command(&self, through: u64, node_id: u64) -> (Command, PathBuf) {
        let data = self.folder.path().join(format!("again-{node_id}-{:x}", rand::random::<u32>()));
        let mut command = Command::new(server_binary());
        command
            .args(["start", "--join", &self.node(through).sql_address, "--node-id", &node_id.to_string()])
            .args(["--listen", &format!("127.0.0.1:{}", free_port())])
            .args(["--peer-listen", &format!("127.0.0.1:{}", free_port())])
            .arg("--data")
            .arg(&data)
            .args(&self.extra)
            .stdin(Stdio::null());
        (command, data)
    }

    /// Gives a node that joined and does not run other addresses, for its next start.
    pub fn move_node(&mut self, id: u64) {
        let node = &mut self.nodes[id as usize - 1];
        assert!(node.process.is_none(), "node {id} runs");
        assert!(matches!(node.arrival, Arrival::Joiner { .. }), "a founder's addresses are in its --peers");
        node.sql_address = format!("127.0.0.1:{}", free_port());
        node.client_address = node.sql_address.clone();
        node.peer_address = format!("127.0.0.1:{}", free_port());
    }

    /// The role of `member` as `asked` shows it: Leader, Follower, Learner, Logger, …; none when it is no member there.
    #[must_use]
    pub fn role(&self, asked: u64, member: u64) -> Option<String> {
        self.member_value(asked, member, "ROLE")
    }

    /// A column of QUORATE_CLUSTER_MEMBERS as `asked` shows it.
    #[must_use]
    pub fn member_value(&self, asked: u64, member: u64, column: &str) -> Option<String> {
        let table = "information_schema.QUORATE_CLUSTER_MEMBERS";
        self.value(asked, &format!("SELECT {column} FROM {table} WHERE SERVER_ID = {member}"))
    }
}
