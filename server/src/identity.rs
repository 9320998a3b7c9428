//! What a data folder is: which node of which cluster, in which format. Written once, at the first start.
//!
//! The first start forms the cluster from its flags; later starts take cluster name and members from here, so the same
//! command or file can be used for every start.

use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::config::{Config, Peer};

/// Version of the data folder's layout. A folder of a newer one is refused.
pub const FOLDER_FORMAT: u32 = 1;

/// Name of the file in the data folder.
pub const FILE_NAME: &str = "identity.json";

/// The file's content.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
struct Identity {
    /// [`FOLDER_FORMAT`] when it was written.
    format: u32,
    /// Which cluster, 32 hexadecimal digits; checked against name and members.
    cluster_id: String,
    /// What the cluster's id was made from.
    cluster_name: String,
    /// Which node.
    node_id: u64,
    /// The voters the cluster was formed with.
    peers: Vec<Peer>,
}

/// Checks that the folder belongs to this node, and takes cluster name and members from it; a new folder is marked.
///
/// # Errors
/// A message that says whose folder it is, or what is wrong with the file.
pub fn check_or_create(config: &mut Config) -> Result<(), String> {
    let path = config.data.join(FILE_NAME);
    match std::fs::read(&path) {
        Ok(bytes) => check(config, &path, &bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => create(config, &path),
        Err(error) => Err(format!("cannot read {}: {error}", path.display())),
    }
}

fn check(config: &mut Config, path: &Path, bytes: &[u8]) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let damaged = |error: serde_json::Error| {
        format!("{} cannot be read ({error}); restore it from a copy of this node's folder", path.display())
    };
    let Format { format } = serde_json::from_slice(bytes).map_err(damaged)?;
    if format > FOLDER_FORMAT {
        return Err(format!(
            "{} was written by a newer version of Quorate (folder format {format}, this one reads up to {FOLDER_FORMAT}); \
             start that version",
            config.data.display()
        ));
    }
    let found: Identity = serde_json::from_slice(bytes).map_err(damaged)?;
    if found.node_id != config.node_id {
        return Err(format!(
            "{} belongs to node {}, but this is to be node {}",
            config.data.display(),
            found.node_id,
            config.node_id
        ));
    }
    if found.cluster_name != config.cluster_name {
        return Err(format!(
            "{} belongs to the cluster '{}', but the cluster '{}' was asked for",
            config.data.display(),
            found.cluster_name,
            config.cluster_name
        ));
    }
    if found.peers != config.peers {
        tracing::info!("members are taken from the data folder, which differs from the flags");
        config.peers = found.peers;
    }
    let cluster_id = format!("{:032x}", config.cluster_id());
    if cluster_id != found.cluster_id {
        return Err(format!(
            "{} was changed by hand: its cluster id does not fit its members",
            path.display()
        ));
    }
    Ok(())
}

fn create(config: &Config, path: &Path) -> Result<(), String> {
    let others = std::fs::read_dir(&config.data)
        .map_err(|error| format!("cannot read {}: {error}", config.data.display()))?
        .filter_map(Result::ok)
        .any(|entry| entry.file_name() == "log" || entry.file_name() == "store");
    if others {
        return Err(format!(
            "{} holds a log or store but no {FILE_NAME}: restore that file, or name an empty folder",
            config.data.display()
        ));
    }
    let identity = Identity {
        format: FOLDER_FORMAT,
        cluster_id: format!("{:032x}", config.cluster_id()),
        cluster_name: config.cluster_name.clone(),
        node_id: config.node_id,
        peers: config.peers.clone(),
    };
    let text = serde_json::to_vec_pretty(&identity).map_err(|error| error.to_string())?;
    write_durably(&config.data, path, &text)
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn write_durably(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = std::fs::File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(folder: &Path, node_id: u64, cluster_name: &str) -> Config {
        Config::for_test(folder, node_id, cluster_name)
    }

    #[test]
    fn a_folder_is_one_nodes_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        check_or_create(&mut config(folder.path(), 1, "a")).unwrap();
        check_or_create(&mut config(folder.path(), 1, "a")).unwrap();
        let other_node = check_or_create(&mut config(folder.path(), 2, "a")).unwrap_err();
        assert!(other_node.contains("belongs to node 1"), "{other_node}");
        let other_cluster = check_or_create(&mut config(folder.path(), 1, "b")).unwrap_err();
        assert!(other_cluster.contains("cluster 'a'"), "{other_cluster}");
    }

    #[test]
    fn later_starts_take_the_members_from_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let first = config(folder.path(), 1, "a");
        check_or_create(&mut first.clone()).unwrap();
        let mut later = first.clone();
        later.peers.pop();
        check_or_create(&mut later).unwrap();
        assert_eq!(later.peers, first.peers);
    }

    #[test]
    fn a_newer_format_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path(), 1, "a");
        check_or_create(&mut config).unwrap();
        let path = folder.path().join(FILE_NAME);
        let text = std::fs::read_to_string(&path).unwrap().replace("\"format\": 1", "\"format\": 2");
        std::fs::write(&path, text).unwrap();
        let error = check_or_create(&mut config).unwrap_err();
        assert!(error.contains("newer version"), "{error}");
    }

    #[test]
    fn a_log_without_identity_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("log")).unwrap();
        assert!(check_or_create(&mut config(folder.path(), 1, "a")).is_err());
    }
}
