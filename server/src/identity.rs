//! What a data folder is: which node of which cluster, in which format. Written once, at the first start.
//!
//! The first start forms the cluster from its flags, or joins a running one ([`crate::join`]); later starts take everything from
//! here, so the same command or file can be used for every start.
//!
//! Invariant: the incarnation is drawn with the folder and never changes, so that a node whose folder was lost is known as such.

use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::config::{Config, Peer, Timing};
use crate::engine_name::EngineName;

/// Version of the data folder's layout. A folder of a newer one is refused.
pub const FOLDER_FORMAT: u32 = 3;

/// Name of the file in the data folder.
pub const FILE_NAME: &str = "identity.json";

/// The file's content.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Identity {
    /// [`FOLDER_FORMAT`] when it was written.
    pub format: u32,
    /// Which cluster, 32 hexadecimal digits.
    pub cluster_id: String,
    /// The id in the log's files, 32 hexadecimal digits: differs once a recovery has given the cluster another one.
    #[serde(default)]
    pub log_cluster_id: String,
    /// What the cluster's id was made from.
    pub cluster_name: String,
    /// Which node.
    pub node_id: u64,
    /// Drawn with the folder, 32 hexadecimal digits. (Format 1 had none: zero stands for it.)
    #[serde(default)]
    pub incarnation: String,
    /// Keeps the log and no tables.
    #[serde(default)]
    pub log_only: bool,
    /// Heartbeats and elections of the cluster.
    #[serde(default)]
    pub timing: Timing,
    /// Keeps the tables. (Formats 1 and 2 knew only one.)
    #[serde(default = "EngineName::of_old_folders")]
    pub engine: EngineName,
    /// It joined to get a vote, and has none yet.
    #[serde(default)]
    pub wants_vote: bool,
    /// The voters the cluster was formed with.
    pub peers: Vec<Peer>,
}

/// Checks that the folder belongs to this node, and takes everything from it; a new folder is marked as that of a founding member.
/// False when the folder is new and the node is to join a cluster: nothing was written then.
///
/// # Errors
/// A message that says whose folder it is, or what is wrong with the file.
pub fn check_or_create(config: &mut Config) -> Result<bool, String> {
    match read(&config.data)? {
        Some(found) => adopt(config, found).map(|()| true),
        None if config.join.is_empty() => create(config).map(|()| true),
        None => check_empty(&config.data).map(|()| false),
    }
}

/// What a folder says of itself; none: it is new.
///
/// # Errors
/// A message that says what is wrong with the file.
pub fn read(folder: &Path) -> Result<Option<Identity>, String> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let path = folder.join(FILE_NAME);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
    };
    let damaged = |error: serde_json::Error| {
        format!("{} cannot be read ({error}); restore it from a copy of this node's folder", path.display())
    };
    let Format { format } = serde_json::from_slice(&bytes).map_err(damaged)?;
    if format > FOLDER_FORMAT {
        return Err(format!(
            "{} was written by a newer version of Quorate (folder format {format}, this one reads up to {FOLDER_FORMAT}); \
             start that version",
            folder.display()
        ));
    }
    let mut found: Identity = serde_json::from_slice(&bytes).map_err(damaged)?;
    if found.log_cluster_id.is_empty() {
        found.log_cluster_id.clone_from(&found.cluster_id);
    }
    Ok(Some(found))
}

/// An id as the file has it.
///
/// # Errors
/// When it is not a hexadecimal number.
pub fn parse_id(field: &str, text: &str) -> Result<u128, String> {
    if text.is_empty() {
        return Ok(0);
    }
    u128::from_str_radix(text, 16)
        .map_err(|error| format!("{FILE_NAME}: {field} '{text}' cannot be read ({error})"))
}

/// Takes what the folder says, if it is the folder that the flags mean.
fn adopt(config: &mut Config, found: Identity) -> Result<(), String> {
    if config.node_id != 0 && found.node_id != config.node_id {
        return Err(format!(
            "{} belongs to node {}, but this is to be node {}",
            config.data.display(),
            found.node_id,
            config.node_id
        ));
    }
    if config.join.is_empty() && found.cluster_name != config.cluster_name {
        return Err(format!(
            "{} belongs to the cluster '{}', but the cluster '{}' was asked for",
            config.data.display(),
            found.cluster_name,
            config.cluster_name
        ));
    }
    if config.log_only && !found.log_only && !config.join.is_empty() {
        return Err(format!(
            "{} belongs to node {}, which keeps tables; a logger is a new node with an empty data folder",
            config.data.display(),
            found.node_id
        ));
    }
    if let Some(wanted) = config.timing_wanted.filter(|wanted| *wanted != found.timing) {
        return Err(format!(
            "{} belongs to a cluster that was formed with --timing {}, which is for ever (asked for: {}); leave the option out",
            config.data.display(),
            found.timing.name(),
            wanted.name()
        ));
    }
    config.timing = found.timing;
    adopt_engine(config, &found)?;
    if found.peers != config.peers && config.join.is_empty() {
        tracing::info!("members are taken from the data folder, which differs from the flags");
    }
    config.node_id = found.node_id;
    config.cluster_id = parse_id("cluster_id", &found.cluster_id)?;
    config.log_cluster_id = parse_id("log_cluster_id", &found.log_cluster_id)?;
    config.incarnation = parse_id("incarnation", &found.incarnation)?;
    config.log_only = found.log_only;
    config.wants_vote = found.wants_vote;
    config.cluster_name = found.cluster_name;
    config.peers = found.peers;
    Ok(())
}

/// Takes the engine that the folder was made with. Another one may be asked for once the store is gone: it is rebuilt then.
fn adopt_engine(config: &mut Config, found: &Identity) -> Result<(), String> {
    let wanted = config.engine_wanted.unwrap_or(found.engine);
    config.engine = found.engine;
    if wanted == found.engine || found.log_only {
        return Ok(());
    }
    let store = config.data.join("store");
    if store.exists() {
        return Err(format!(
            "{} keeps its tables with --engine {}, but {} was asked for: leave the option out; or, while the other nodes run, remove \
             {} and start this node again with --engine {}: its tables are then rebuilt from its log or from another node (one node at \
             a time)",
            config.data.display(),
            found.engine.name(),
            wanted.name(),
            store.display(),
            wanted.name()
        ));
    }
    config.engine = wanted;
    write(&config.data, &Identity { format: FOLDER_FORMAT, engine: wanted, ..found.clone() })
}

/// That the folder holds nothing of a node.
fn check_empty(folder: &Path) -> Result<(), String> {
    let others = std::fs::read_dir(folder)
        .map_err(|error| format!("cannot read {}: {error}", folder.display()))?
        .filter_map(Result::ok)
        .any(|entry| entry.file_name() == "log" || entry.file_name() == "store");
    if others {
        return Err(format!(
            "{} holds a log or store but no {FILE_NAME}: restore that file, or name an empty folder",
            folder.display()
        ));
    }
    Ok(())
}

/// Marks a new folder as that of `config`'s node, with a new incarnation.
///
/// # Errors
/// When it is not empty or cannot be written.
pub fn create(config: &mut Config) -> Result<(), String> {
    check_empty(&config.data)?;
    config.incarnation = rand::random::<u128>().max(1);
    write(
        &config.data,
        &Identity {
            format: FOLDER_FORMAT,
            cluster_id: format!("{:032x}", config.cluster_id),
            log_cluster_id: format!("{:032x}", config.log_cluster_id),
            cluster_name: config.cluster_name.clone(),
            node_id: config.node_id,
            incarnation: format!("{:032x}", config.incarnation),
            log_only: config.log_only,
            timing: config.timing,
            engine: config.engine,
            wants_vote: config.wants_vote,
            peers: config.peers.clone(),
        },
    )
}

/// The node has got its vote: it will not ask for it again, should it be taken away.
///
/// # Errors
/// When the file cannot be read or written.
pub fn got_vote(folder: &Path) -> Result<(), String> {
    match read(folder)? {
        Some(found) => write(folder, &Identity { format: FOLDER_FORMAT, wants_vote: false, ..found }),
        None => Ok(()),
    }
}

/// Replaces the file, durably and as a whole.
///
/// # Errors
/// When it cannot be written.
pub fn write(folder: &Path, identity: &Identity) -> Result<(), String> {
    let path = folder.join(FILE_NAME);
    let text = serde_json::to_vec_pretty(identity).map_err(|error| error.to_string())?;
    write_durably(folder, &path, &text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Gives a node that was stopped another cluster id, so that it never talks to its old cluster again. The log keeps the id that is in
/// its files.
///
/// # Errors
/// When the folder is no node's, or cannot be written.
pub fn reform(folder: &Path, cluster_id: u128) -> Result<(), String> {
    let found = read(folder)?.ok_or_else(|| format!("{} is no data folder of a node", folder.display()))?;
    write(folder, &Identity { format: FOLDER_FORMAT, cluster_id: format!("{cluster_id:032x}"), ..found })
}

/// Writes a file under another name, syncs it, renames it, and syncs the folder.
///
/// # Errors
/// When one of these fails.
pub fn write_durably(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    replace_durably(folder, path, bytes, None)
}

/// As [`write_durably`], readable for the owner alone, from before the first byte is in it.
///
/// # Errors
/// As [`write_durably`].
pub fn write_secret_durably(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    replace_durably(folder, path, bytes, Some(0o600))
}

fn replace_durably(folder: &Path, path: &Path, bytes: &[u8], mode: Option<u32>) -> std::io::Result<()> {
    let temporary = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    if let Some(mode) = mode {
        options.mode(mode);
    }
    let mut file = options.open(&temporary)?;
    if let Some(mode) = mode {
        // Also of a file that a crash left there.
        file.set_permissions(std::fs::Permissions::from_mode(mode))?;
    }
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
        let mut first = config(folder.path(), 1, "a");
        assert!(check_or_create(&mut first).unwrap());
        let mut again = config(folder.path(), 1, "a");
        assert!(check_or_create(&mut again).unwrap());
        assert_eq!(first, again);
        assert_ne!(first.incarnation, 0);
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
        let text = std::fs::read_to_string(&path).unwrap().replace("\"format\": 3", "\"format\": 4");
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

    #[test]
    fn a_folder_of_format_1_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let text = r#"{"format":1,"cluster_id":"00000000000000000000000000000abc","cluster_name":"a","node_id":1,
            "peers":[{"id":1,"peer_address":"h:1","sql_address":"h:2"}]}"#;
        std::fs::write(folder.path().join(FILE_NAME), text).unwrap();
        let mut config = config(folder.path(), 1, "a");
        assert!(check_or_create(&mut config).unwrap());
        assert_eq!((config.cluster_id, config.log_cluster_id, config.incarnation), (0xabc, 0xabc, 0));
        assert_eq!(config.peers.len(), 1);
        assert_eq!(config.engine, EngineName::Sled, "there was no other");
    }

    #[test]
    fn a_reformed_folder_keeps_the_id_of_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let mut before = config(folder.path(), 1, "a");
        check_or_create(&mut before).unwrap();
        reform(folder.path(), 77).unwrap();
        let mut after = config(folder.path(), 1, "a");
        check_or_create(&mut after).unwrap();
        assert_eq!((after.cluster_id, after.log_cluster_id), (77, before.cluster_id));
        assert_eq!(after.incarnation, before.incarnation);
    }

    #[test]
    fn a_node_that_joins_marks_nothing_before_it_has_an_id() {
        let folder = tempfile::tempdir().unwrap();
        let mut joining = config(folder.path(), 1, "a");
        joining.join = vec!["127.0.0.1:4001".into()];
        joining.node_id = 0;
        assert!(!check_or_create(&mut joining).unwrap());
        assert!(read(folder.path()).unwrap().is_none());
        joining.node_id = 4;
        create(&mut joining).unwrap();
        joining.node_id = 0;
        assert!(check_or_create(&mut joining).unwrap());
        assert_eq!(joining.node_id, 4);
        joining.log_only = true;
        assert!(check_or_create(&mut joining).unwrap_err().contains("which keeps tables"));
    }

    #[test]
    fn the_engine_of_a_folder_changes_only_when_its_store_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let with = |engine: Option<EngineName>| Config {
            engine: engine.unwrap_or(EngineName::DEFAULT),
            engine_wanted: engine,
            ..config(folder.path(), 1, "a")
        };
        check_or_create(&mut with(Some(EngineName::Redb))).unwrap();
        std::fs::create_dir(folder.path().join("store")).unwrap();
        let mut silent = with(None);
        check_or_create(&mut silent).unwrap();
        assert_eq!(silent.engine, EngineName::Redb, "as the folder says");
        let error = check_or_create(&mut with(Some(EngineName::Sled))).unwrap_err();
        assert!(error.contains("--engine redb") && error.contains("remove"), "{error}");
        std::fs::remove_dir(folder.path().join("store")).unwrap();
        let mut changed = with(Some(EngineName::Sled));
        check_or_create(&mut changed).unwrap();
        assert_eq!(changed.engine, EngineName::Sled);
        let mut later = with(None);
        check_or_create(&mut later).unwrap();
        assert_eq!(later.engine, EngineName::Sled, "remembered");
    }

    /// A lease of one node rests on the patience of the others.
    #[test]
    fn the_timing_of_a_cluster_does_not_change() {
        let folder = tempfile::tempdir().unwrap();
        let wan = || Config {
            timing: Timing::Wan,
            timing_wanted: Some(Timing::Wan),
            ..config(folder.path(), 1, "a")
        };
        check_or_create(&mut wan()).unwrap();
        let mut silent = config(folder.path(), 1, "a");
        assert!(check_or_create(&mut silent).unwrap());
        assert_eq!(silent.timing, Timing::Wan, "as the folder says");
        let mut other = Config { timing_wanted: Some(Timing::Lan), ..config(folder.path(), 1, "a") };
        assert!(check_or_create(&mut other).unwrap_err().contains("--timing wan"));
    }
}
