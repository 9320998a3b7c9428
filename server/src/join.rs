//! Joining a running cluster: asks it who it is and to be made a member, before anything is written.
//!
//! The new node is added as a learner; it asks for its vote once it has caught up ([`crate::runtime::promotion`]). Asked again (the
//! process ended in between), the cluster answers with the same id, because the address is a member's already.
//!
//! Left out: joining in the place of a voter that lost its folder: the cluster refuses its address until the voter is removed.

use std::time::{Duration, Instant};

use client::blocking::{Connection, Options};
use serde::{Deserialize, Serialize};

use crate::config::{Config, Peer, Timing};
use crate::{identity, password_file};

/// What a cluster tells a node that joins: the value of `quorate_cluster_identity`.
#[derive(Debug, Serialize, Deserialize)]
pub struct ClusterIdentity {
    /// 32 hexadecimal digits.
    pub cluster_id: String,
    /// Its name.
    pub cluster_name: String,
    /// Its heartbeats and elections.
    #[serde(default)]
    pub timing: Timing,
    /// Its founding voters.
    pub peers: Vec<Peer>,
}

/// How long the cluster may take to add the node: longer than an election.
const JOIN_TIMEOUT: Duration = Duration::from_secs(30);
/// Pause between two tries.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Makes the node of `config`, whose folder is empty, a member, and marks the folder.
///
/// # Errors
/// Why the cluster would not have it, or that none of the addresses answers.
pub fn join(config: &mut Config) -> Result<(), String> {
    let deadline = Instant::now() + JOIN_TIMEOUT;
    loop {
        let mut last_error = String::new();
        for address in config.join.clone() {
            match ask(config, &address) {
                Ok(()) => return identity::create(config),
                Err(Refused::ForGood(reason)) => {
                    return Err(format!("{address} refuses this node: {reason}"));
                }
                Err(Refused::ForNow(reason)) => last_error = format!("{address}: {reason}"),
            }
        }
        if Instant::now() >= deadline {
            return Err(format!("cannot join the cluster: {last_error}"));
        }
        tracing::info!("not joined yet: {last_error}");
        std::thread::sleep(RETRY_PAUSE);
    }
}

enum Refused {
    ForNow(String),
    ForGood(String),
}

fn ask(config: &mut Config, address: &str) -> Result<(), Refused> {
    let for_now = |error: client::blocking::Error| Refused::ForNow(error.to_string());
    let login = password_file::node_login(config).map_err(Refused::ForGood)?;
    let options = Options { timeout: Duration::from_secs(5), ..login };
    let mut connection = Connection::connect_with(address, &options).map_err(|error| match &error {
        client::blocking::Error::LoginRefused { error, .. } if error.code == 1045 => Refused::ForGood(
            format!("{} (a node joins as root, with the password of --root-password-file)", error.message),
        ),
        _ => for_now(error),
    })?;
    let answer = connection.query("SELECT @@global.quorate_cluster_identity").map_err(for_now)?;
    let text = answer.scalar().unwrap_or_default().to_owned();
    let found: ClusterIdentity = serde_json::from_str(&text)
        .map_err(|error| Refused::ForGood(format!("it does not say what cluster it is of ({error})")))?;
    if let Some(wanted) = config.timing_wanted.filter(|wanted| *wanted != found.timing) {
        let (theirs, ours) = (found.timing.name(), wanted.name());
        return Err(Refused::ForGood(format!(
            "the cluster has --timing {theirs}, this node is to have {ours}; leave the option out"
        )));
    }
    let call = format!(
        "CALL dbms_consensus.{}('{}', '{}', {})",
        if config.log_only { "add_logger" } else { "add_learner" },
        config.peer_listen.replace('\'', "''"),
        config.listen.replace('\'', "''"),
        if config.node_id == 0 { "NULL".to_owned() } else { config.node_id.to_string() },
    );
    let answer = connection.query(&call).map_err(|error| match &error {
        // Not the leader, no quorum, another change under way: all pass.
        client::blocking::Error::Server(server) if !matches!(server.code, 1290 | 1205 | 1053 | 1105) => {
            Refused::ForGood(server.message.clone())
        }
        _ => for_now(error),
    })?;
    let id = answer.scalar().and_then(|id| id.parse().ok());
    config.node_id = id.ok_or_else(|| Refused::ForNow("it did not say which id this node has".into()))?;
    config.cluster_id = identity::parse_id("cluster_id", &found.cluster_id).map_err(Refused::ForGood)?;
    config.log_cluster_id = config.cluster_id;
    config.cluster_name = found.cluster_name;
    config.timing = found.timing;
    config.peers = found.peers;
    tracing::info!(node = config.node_id, cluster = config.cluster_name, "joined");
    Ok(())
}
