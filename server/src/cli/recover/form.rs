//! Forming a new cluster of one node from its folder.
//!
//! The steps, and why a crash between any two does no harm and the command can be given again:
//!
//! 1. The kept log takes over what the most advanced log has and it has not, and drops what was never committed: what any leader of
//!    the old cluster would have sent it. It is a log of the old cluster before and after.
//! 2. `recovery.json` notes that a recovery is under way; it goes when it is done. It only says that the folder may still be compared with
//!    those of the old cluster.
//! 3. `identity.json` gets a new cluster id, replaced as a whole. From here on no node of the old cluster talks to it, nor it to
//!    them. Should it be started now, it waits for members that it cannot reach.
//! 4. One batch of the log gets an entry with a membership of this node alone, of a term above all that were ever known here, and
//!    that term as the hard state. Now it is the new cluster's only voter.
//!
//! The log's files keep the id of the cluster that they were made in ([`crate::identity::Identity::log_cluster_id`]).

use std::sync::Arc;

use bytes::Bytes;
use consensus::membership::WEIGHT_DEFAULT;
use consensus::{EntryKind, Member, Membership, NodeId};
use storage::disk::RealDisk;
use storage::log::{HardState, Log, LogReader, Options, Record};

use super::compare::{Comparison, Verdict};
use super::inspect::{self, NodeLog, OpenFolder, READ_BYTES, RECOVERY_FILE, StoreState};
use crate::identity;

/// A cluster that was formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Formed {
    pub(super) cluster_id: u128,
    /// Its only member.
    pub(super) node_id: u64,
    /// Where clients reach that; empty when not known.
    pub(super) sql_address: String,
    /// The entry that made it the only member, and its term.
    pub(super) index: u64,
    pub(super) term: u64,
    /// Entries `first..=last` that came from another log.
    pub(super) taken_over: Option<(u64, u64)>,
}

/// What is going to be done, checked: nothing is written yet.
#[derive(Debug)]
pub(super) struct Plan {
    keep: usize,
    best: usize,
    taken_over: Option<(u64, u64)>,
    /// The entry's term.
    term: u64,
    membership: Membership,
    own: Member,
}

/// Checks that a new cluster can be formed of node `keep`.
///
/// # Errors
/// Why it must not, or cannot.
pub(super) fn plan(logs: &[NodeLog], found: &Comparison, keep: u64) -> Result<Plan, String> {
    let at = logs.iter().position(|log| log.node_id == keep);
    let at =
        at.ok_or_else(|| format!("--keep {keep}: the folder of node {keep} is not among those named"))?;
    if found.has_majority {
        return Err(
            "these nodes are a majority of the voters: start them; a new cluster would only split them"
                .into(),
        );
    }
    let taken_over = match found.choices[at].verdict {
        Verdict::Whole => None,
        Verdict::TakesOver(first, last) => Some((first, last)),
        Verdict::Unfit => {
            return Err(format!(
                "node {keep} cannot be kept: it lacks entries that the most advanced log holds no more; keep node {}",
                logs[found.best].node_id
            ));
        }
        Verdict::LogOnly => {
            return Err(format!(
                "node {keep} cannot be kept: it keeps the log and no tables; keep another one"
            ));
        }
    };
    let shared_to = found.choices[at].shared_to.unwrap_or(logs[at].last);
    check_store(&logs[at], inspect::store_state(&logs[at].folder), shared_to)?;
    let term = logs.iter().map(|log| log.term.max(log.last_term())).max().unwrap_or(0) + 1;
    if term > consensus::limits::TERM_MAX {
        return Err(format!("the terms are used up: the highest is {}", term - 1));
    }
    let members = logs[found.best].members().ok_or("the log does not say who the members are")?;
    let (membership, own) = alone(members, &logs[at])?;
    Ok(Plan { keep: at, best: found.best, taken_over, term, membership, own })
}

/// What may help a node that was stopped between taking a snapshot and loading it.
const COMPLETE: &str = "start it once: a snapshot that it has on disk is then loaded";

/// The tables must fit the log: what is missing in them must be in it, and nothing may be in them that is not in the log.
fn check_store(log: &NodeLog, state: Result<StoreState, String>, shared_to: u64) -> Result<(), String> {
    let refused = |why: String| Err(format!("node {} cannot be kept: {why}; keep another one", log.node_id));
    let base = log.first - 1;
    match state {
        Ok(StoreState { is_replacing: true, .. }) => refused(format!(
            "its tables are incomplete, because it was stopped while it took a snapshot ({COMPLETE})"
        )),
        Ok(StoreState { applied, .. }) if applied < base => refused(format!(
            "its tables are at entry {applied}, but its log begins after entry {base} ({COMPLETE})"
        )),
        Ok(StoreState { applied, .. }) if applied > shared_to => {
            refused(format!("its tables have entry {applied}, but the logs agree only up to {shared_to}"))
        }
        Ok(_) => Ok(()),
        // The log holds everything, and the node builds its tables again from it.
        Err(_) if base == 0 => Ok(()),
        Err(error) => refused(error),
    }
}

/// A membership of this node alone; the ids of all others are never given out again.
fn alone(members: &Membership, log: &NodeLog) -> Result<(Membership, Member), String> {
    let id = NodeId::try_new(log.node_id).ok_or("the folder's node id is 0")?;
    let known = members.members.iter().find(|member| member.id == id);
    let known = known.ok_or_else(|| {
        format!("node {id} is no member by the most advanced log: it was removed, or has not joined; keep another one")
    })?;
    let own = Member {
        is_voter: true,
        is_log_only: false,
        is_strong_sync: false,
        // A node of weight 0 never stands, and there is nobody else.
        weight: if known.weight == 0 { WEIGHT_DEFAULT } else { known.weight },
        source: None,
        source_group: Vec::new(),
        ..known.clone()
    };
    let mut removed = members.removed.clone();
    removed.extend(members.members.iter().map(|member| member.id).filter(|other| *other != id));
    removed.retain(|other| *other != id);
    removed.sort_unstable();
    removed.dedup();
    let membership = Membership { members: vec![own.clone()], removed };
    membership.check().map_err(|refused| format!("node {id} cannot be kept: {refused}"))?;
    Ok((membership, own))
}

/// Carries the plan out.
///
/// # Errors
/// What could not be written. The same command may be given again.
pub(super) fn form(folders: &[OpenFolder], plan: &Plan) -> Result<Formed, String> {
    let kept = &folders[plan.keep].log;
    let failed = |error: storage::Error| format!("{}: {error}", kept.folder.display());
    let options = Options::new(kept.log_cluster_id);
    let mut log = Log::open(Arc::new(RealDisk), &kept.folder.join("log"), options).map_err(failed)?.log;
    if let Some((first, last)) = plan.taken_over {
        let source = &folders[plan.best];
        raise_term(&mut log, kept, source.log.last_term()).map_err(failed)?;
        take_over(&mut log, &source.reader, first, last).map_err(failed)?;
    }

    let cluster_id = rand::random::<u128>().max(1);
    let note = kept.folder.join(RECOVERY_FILE);
    let text = serde_json::json!({ "new_cluster_id": format!("{cluster_id:032x}"), "keeps": kept.node_id });
    identity::write_durably(&kept.folder, &note, text.to_string().as_bytes())
        .map_err(|error| format!("cannot write {}: {error}", note.display()))?;
    identity::reform(&kept.folder, cluster_id)?;

    let mut payload = Vec::new();
    consensus::encode_membership(&plan.membership, &mut payload);
    let index = log.reader().last() + 1;
    let record =
        Record { index, term: plan.term, kind: EntryKind::Membership.code(), payload: Bytes::from(payload) };
    log.append(&[record]).map_err(failed)?;
    log.save_hard_state(HardState { term: plan.term, vote: 0 }).map_err(failed)?;
    std::fs::remove_file(&note).map_err(|error| format!("cannot remove {}: {error}", note.display()))?;
    Ok(Formed {
        cluster_id,
        node_id: kept.node_id,
        sql_address: plan.own.sql_address.clone(),
        index,
        term: plan.term,
        taken_over: plan.taken_over,
    })
}

/// A log never holds an entry of a term above its hard state's.
fn raise_term(log: &mut Log, kept: &NodeLog, term: u64) -> storage::Result<()> {
    if term <= kept.term {
        return Ok(());
    }
    log.save_hard_state(HardState { term, vote: 0 })
}

/// Puts the entries `first..=last` of another log in the place of what the log has from `first` on.
fn take_over(log: &mut Log, source: &LogReader, first: u64, last: u64) -> storage::Result<()> {
    log.truncate(first)?;
    let mut next = first;
    while next <= last {
        let records = source.read(next, last, READ_BYTES)?;
        next += records.len() as u64;
        log.append(&records)?;
        log.sync()?;
    }
    log.sync()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use storage::format::{EntryBuilder, EntryHeader};

    use super::super::compare::compare;
    use super::*;
    use crate::config::Config;

    /// Microseconds of the first transaction.
    const FIRST_US: u64 = 1_795_315_893_000_000;

    fn transaction(number: u64) -> Bytes {
        let header = EntryHeader {
            kind: storage::format::EntryKind::Transaction,
            txn_id: number,
            commit_time_us: FIRST_US + number,
            schema_version: 1,
            flags: 0,
        };
        let mut entry = EntryBuilder::new(header);
        entry.put(b"rowkey", &number.to_be_bytes());
        entry.finish()
    }

    /// A folder of one of three voters, with transactions of these terms in its log.
    fn folder(root: &Path, node_id: u64, terms: &[u64], term: u64) -> std::path::PathBuf {
        let path = root.join(format!("n{node_id}"));
        std::fs::create_dir(&path).unwrap();
        let mut config = Config::for_test(&path, node_id, "c");
        identity::check_or_create(&mut config).unwrap();
        let options = Options::new(config.log_cluster_id);
        let mut log = Log::open(Arc::new(RealDisk), &path.join("log"), options).unwrap().log;
        let record = |(at, term): (usize, &u64)| Record {
            index: at as u64 + 1,
            term: *term,
            kind: EntryKind::Data.code(),
            payload: transaction(at as u64 + 1),
        };
        log.append(&terms.iter().enumerate().map(record).collect::<Vec<_>>()).unwrap();
        log.save_hard_state(HardState { term, vote: node_id }).unwrap();
        path
    }

    fn open_all(paths: &[&Path]) -> Vec<OpenFolder> {
        paths.iter().map(|path| inspect::open(path, false).unwrap()).collect()
    }

    fn logs(folders: &[OpenFolder]) -> Vec<NodeLog> {
        folders.iter().map(|folder| folder.log.clone()).collect()
    }

    fn form_of(paths: &[&Path], keep: u64) -> Result<Formed, String> {
        let folders = open_all(paths);
        let logs = logs(&folders);
        let plan = plan(&logs, &compare(&logs)?, keep)?;
        form(&folders, &plan)
    }

    /// Names and lengths of all files, to see that nothing was written.
    fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
        let mut found: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file() && !path.ends_with("LOCK"))
            .map(|path| (path.to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
            .collect();
        found.sort();
        found
    }

    #[test]
    fn looking_changes_nothing_and_tells_what_is_there() {
        let root = tempfile::tempdir().unwrap();
        let path = folder(root.path(), 2, &[1, 1, 3], 4);
        let before = (files(&path), files(&path.join("log")));
        let log = inspect::open(&path, false).unwrap().log;
        assert_eq!((log.node_id, log.first, log.last, log.last_term()), (2, 1, 3, 3));
        assert_eq!((log.term, log.vote, log.newest_us), (4, 2, Some(FIRST_US + 3)));
        assert_eq!(log.members().unwrap().members.len(), 3);
        assert_eq!(log.own_member().unwrap().id, NodeId::new(2));
        assert_eq!((files(&path), files(&path.join("log"))), before);
    }

    #[test]
    fn a_running_node_and_a_folder_of_something_else_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let path = folder(root.path(), 1, &[1], 1);
        let running = storage::disk::lock_folder(&path).unwrap();
        let error = inspect::open(&path, false).err().unwrap();
        assert!(error.contains("a node runs there"), "{error}");
        drop(running);
        assert!(inspect::open(&path, false).is_ok());
        let other = inspect::open(root.path(), false).err().unwrap();
        assert!(other.contains("no data folder of a node"), "{other}");
        assert!(!root.path().join("LOCK").exists());
        assert!(inspect::open(&root.path().join("none"), false).err().unwrap().contains("no folder"));
    }

    #[test]
    fn a_new_cluster_of_one_is_formed_above_all_terms() {
        let root = tempfile::tempdir().unwrap();
        let path = folder(root.path(), 1, &[1, 2], 5);
        let formed = form_of(&[&path], 1).unwrap();
        assert_eq!((formed.node_id, formed.index, formed.term, formed.taken_over), (1, 3, 6, None));
        let log = inspect::open(&path, false).unwrap().log;
        assert_eq!((log.last, log.last_term(), log.term, log.vote), (3, 6, 6, 0));
        assert_eq!(log.cluster_id, formed.cluster_id);
        assert_ne!(log.cluster_id, log.log_cluster_id);
        let members = log.members().unwrap();
        assert_eq!(members.members.iter().map(|member| member.id.get()).collect::<Vec<_>>(), [1]);
        assert!(members.members[0].is_voter && members.members[0].weight > 0);
        assert_eq!(members.removed, [NodeId::new(2), NodeId::new(3)]);
        // Once done there is nothing to recover.
        assert!(form_of(&[&path], 1).unwrap_err().contains("a majority"));
    }

    #[test]
    fn after_a_crash_between_the_steps_the_command_works_again() {
        let root = tempfile::tempdir().unwrap();
        let path = folder(root.path(), 1, &[1, 2], 5);
        // As it is after the third step.
        std::fs::write(path.join(RECOVERY_FILE), "{}").unwrap();
        identity::reform(&path, 99).unwrap();
        let formed = form_of(&[&path], 1).unwrap();
        let log = inspect::open(&path, false).unwrap().log;
        assert_eq!((log.cluster_id, log.last, log.is_interrupted), (formed.cluster_id, 3, false));
        assert_ne!(formed.cluster_id, 99);
    }

    /// Five voters, so that two are no majority.
    fn of_five(root: &Path, node_id: u64, terms: &[u64], term: u64) -> std::path::PathBuf {
        let path = folder(root, node_id, terms, term);
        let mut found = identity::read(&path).unwrap().unwrap();
        for id in [4, 5] {
            let peer = crate::config::Peer::new(id, format!("h:{}", 100 + id), format!("h:{}", 200 + id));
            found.peers.push(peer);
        }
        identity::write(&path, &found).unwrap();
        path
    }

    #[test]
    fn a_node_takes_over_what_only_a_better_log_has() {
        let root = tempfile::tempdir().unwrap();
        let behind = of_five(root.path(), 1, &[1, 1, 1, 1], 3);
        let ahead = of_five(root.path(), 2, &[1, 1, 2, 2, 2], 2);
        let before = files(&ahead.join("log"));
        let formed = form_of(&[&behind, &ahead], 1).unwrap();
        assert_eq!((formed.taken_over, formed.index, formed.term), (Some((3, 5)), 6, 4));
        let opened = inspect::open(&behind, false).unwrap();
        assert_eq!(opened.log.runs, [(1, 1), (3, 2), (6, 4)]);
        let theirs = inspect::open(&ahead, false).unwrap();
        assert_eq!(
            opened.reader.read(1, 5, READ_BYTES).unwrap(),
            theirs.reader.read(1, 5, READ_BYTES).unwrap()
        );
        drop(theirs);
        assert_eq!(files(&ahead.join("log")), before, "the other folder is only read");
    }

    #[test]
    fn tables_that_do_not_fit_the_log_are_refused() {
        let log = NodeLog { first: 11, last: 20, ..super::super::compare::tests::log(1, &[1]) };
        let with = |applied, is_replacing| check_store(&log, Ok(StoreState { applied, is_replacing }), 18);
        assert_eq!((with(10, false), with(18, false)), (Ok(()), Ok(())));
        assert!(with(15, true).unwrap_err().contains("incomplete"));
        assert!(with(9, false).unwrap_err().contains("begins after entry 10"));
        assert!(with(19, false).unwrap_err().contains("agree only up to 18"));
        assert!(check_store(&log, Err("damaged".into()), 18).unwrap_err().contains("damaged"));
        let whole = NodeLog { first: 1, ..log };
        assert_eq!(check_store(&whole, Err("damaged".into()), 18), Ok(()));
    }

    #[test]
    fn what_must_not_be_kept_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let path = folder(root.path(), 1, &[1], 1);
        assert!(form_of(&[&path], 2).unwrap_err().contains("not among those named"));
        let mut found = identity::read(&path).unwrap().unwrap();
        found.log_only = true;
        identity::write(&path, &found).unwrap();
        assert!(form_of(&[&path], 1).unwrap_err().contains("no tables"));
    }
}
