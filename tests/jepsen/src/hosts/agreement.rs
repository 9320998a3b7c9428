//! Whether the nodes are equal after a run, and whether their processes lived.
//!
//! Tables: `@@quorate_checksum` is a checksum over all rows, index entries and the schema of a node together with the log index it is of; at one
//! index all nodes must have one checksum. Logs: the nodes are killed and their logs compared by the server's own `quorate recover`, which says
//! where each log begins and ends, of which term its end is, what in it was replaced by a later leader, and refuses logs that
//! contradict each other.
//!
//! Processes: none may have ended that nobody ended, unless its disk failed, and none may log a panic.
//!
//! Left out: the content of log entries, byte by byte, as the server has no command for that. What they made of the tables is compared.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use serde_json::Value as Json;

use super::cluster::Cluster;
use super::{Error, Plan};
use crate::edn::Value;
use crate::verdict::{Valid, Verdict};

/// How long the nodes may take to come to one index; nothing writes meanwhile.
const EQUAL_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a checksum may take.
const CHECKSUM_TIMEOUT: Duration = Duration::from_secs(60);
/// What Rust says when a thread panics.
const PANIC: &str = "panicked at ";
/// Panics named of one node.
const PANICS_MAX: usize = 5;
/// How often it is asked.
const POLL: Duration = Duration::from_millis(200);

/// Compares the nodes at the end of a run. Nothing may write any more, and all nodes are dead afterwards.
#[must_use]
pub fn nodes_agree(cluster: &Cluster) -> Verdict {
    let mut verdict = Verdict {
        checker: "nodes".to_owned(),
        valid: Valid::Yes,
        findings: Vec::new(),
        details: Value::Map(Vec::new()),
        drawings: Vec::new(),
    };
    let mut details = Vec::new();
    let tables = compare_tables(cluster, &mut details);
    let ends = lives(cluster);
    let logs = compare_logs(cluster, &mut details);
    for (valid, findings) in [tables, ends, logs].into_iter().filter_map(Result::err) {
        verdict.valid = Valid::of_all([verdict.valid, valid]);
        verdict.findings.extend(findings);
    }
    verdict.details = Value::Map(details);
    verdict
}

/// What was found, if it is not that all is well.
type Found = Result<(), (Valid, Vec<String>)>;
/// Parts of a verdict's details.
type Details = Vec<(Value, Value)>;

fn unknown(finding: impl ToString) -> (Valid, Vec<String>) {
    (Valid::Unknown, vec![finding.to_string()])
}

/// Whether all processes lived until they were ended, and none of their threads panicked.
fn lives(cluster: &Cluster) -> Found {
    let mut findings = cluster.ends();
    for (name, path) in cluster.logs() {
        let text = fs::read(&path).map_err(|error| unknown(format!("{}: {error}", path.display())))?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let panics = text.lines().filter(|line| line.contains(PANIC)).take(PANICS_MAX);
        findings.extend(panics.map(|line| format!("{name} logs: {line}")));
    }
    if findings.is_empty() { Ok(()) } else { Err((Valid::No, findings)) }
}

/// Index and checksum of a node's tables.
type Checksum = Option<(u64, String)>;

fn compare_tables(cluster: &Cluster, details: &mut Details) -> Found {
    let ids = cluster.with_tables().map_err(unknown)?;
    let started = Instant::now();
    loop {
        let checksums: Vec<Checksum> = ids.iter().map(|id| checksum(cluster, *id)).collect();
        let indexes: Vec<Option<u64>> =
            checksums.iter().map(|found| found.as_ref().map(|(index, _)| *index)).collect();
        let is_one_index = indexes.iter().all(|index| index.is_some() && *index == indexes[0]);
        if is_one_index || started.elapsed() > EQUAL_TIMEOUT {
            let by_node = ids.iter().zip(&checksums).map(|(id, found)| (name(*id), tables(found)));
            details.push((Value::keyword("tables"), Value::Map(by_node.collect())));
            return judge_tables(&ids, &checksums, is_one_index);
        }
        thread::sleep(POLL);
    }
}

fn judge_tables(ids: &[u64], checksums: &[Checksum], is_one_index: bool) -> Found {
    let nodes: Vec<String> = ids.iter().map(|id| format!("n{id}")).collect();
    if !is_one_index {
        let what = format!(
            "nodes {} do not come to one log index within {EQUAL_TIMEOUT:?}: {checksums:?}",
            nodes.join(", ")
        );
        return Err(unknown(what));
    }
    if checksums.windows(2).all(|pair| pair[0] == pair[1]) {
        return Ok(());
    }
    Err((
        Valid::No,
        vec![format!("the tables of {} differ at one log index: {checksums:?}", nodes.join(", "))],
    ))
}

fn checksum(cluster: &Cluster, id: u64) -> Checksum {
    let text = cluster.value(id, "SELECT @@quorate_checksum", CHECKSUM_TIMEOUT)?;
    let (index, checksum) = text.split_once(' ')?;
    Some((index.parse().ok()?, checksum.to_owned()))
}

fn name(id: u64) -> Value {
    Value::keyword(&format!("n{id}"))
}

fn integer(number: u64) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn tables(found: &Checksum) -> Value {
    let Some((index, checksum)) = found else { return Value::Nil };
    Value::Map(vec![
        (Value::keyword("index"), integer(*index)),
        (Value::keyword("checksum"), checksum.as_str().into()),
    ])
}

fn compare_logs(cluster: &Cluster, details: &mut Details) -> Found {
    let nodes = cluster.node_arcs();
    let ids: Vec<u64> = nodes.iter().map(|(id, _)| *id).collect();
    cluster.kill_together(&ids, None).map_err(unknown)?;
    let folders: Vec<String> =
        nodes.iter().map(|(_, node)| node.data_folder().display().to_string()).collect();
    let said = recover(cluster.plan(), &folders).map_err(unknown)?;
    match said {
        Err(refused) => Err((Valid::No, vec![format!("the logs contradict each other: {refused}")])),
        Ok(json) => judge_logs(&json, details),
    }
}

/// What `quorate recover` says of the logs, or why it refuses them.
fn recover(plan: &Plan, folders: &[String]) -> Result<Result<Json, String>, Error> {
    let mut command = Command::new(&plan.binary);
    command
        .args(["recover", "--json", "--with-store"])
        .args(folders.iter().flat_map(|folder| ["--data", folder]));
    let output = command.stdin(Stdio::null()).output().map_err(Error::system("comparing the logs"))?;
    if !output.status.success() {
        return Ok(Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    serde_json::from_slice(&output.stdout).map(Ok).map_err(|error| Error::Command {
        command: "quorate recover --json".to_owned(),
        said: error.to_string(),
    })
}

fn judge_logs(said: &Json, details: &mut Details) -> Found {
    let empty = Vec::new();
    let nodes = said["nodes"].as_array().unwrap_or(&empty);
    if nodes.is_empty() {
        return Err(unknown(format!("quorate recover names no nodes: {said}")));
    }
    let number = |node: &Json, key: &str| node[key].as_u64().unwrap_or(0);
    let by_node = nodes.iter().map(|node| {
        let keys = ["first", "last", "last_term", "term", "committed_at_least"];
        let values =
            keys.iter().map(|key| (Value::keyword(&key.replace('_', "-")), integer(number(node, key))));
        (name(number(node, "node")), Value::Map(values.collect()))
    });
    details.push((Value::keyword("logs"), Value::Map(by_node.collect())));
    let end = |node: &Json| (number(node, "last_term"), number(node, "last"));
    let best = nodes.iter().map(end).max().unwrap_or_default();
    let committed = nodes.iter().map(|node| number(node, "committed_at_least")).max().unwrap_or(0);
    let mut findings = Vec::new();
    for node in nodes {
        let id = number(node, "node");
        // The end may differ by what a leader proposed last and nobody was told: but not below what was committed.
        if let Some([first, last]) = node["never_committed"].as_array().map(Vec::as_slice) {
            let (first, last) = (first.as_u64().unwrap_or(0), last.as_u64().unwrap_or(0));
            if first <= committed {
                findings.push(format!(
                    "n{id}'s log has entries {first} to {last} that a later leader replaced, although {committed} is committed"
                ));
            }
        }
        if node["verdict"] == "unfit" {
            findings.push(format!(
                "n{id}'s log ends at {} and lacks what others have purged",
                number(node, "last")
            ));
        }
    }
    if best.1 < committed {
        findings.push(format!("no log reaches index {committed}, which is committed"));
    }
    if findings.is_empty() { Ok(()) } else { Err((Valid::No, findings)) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(index: u64, checksum: &str) -> Checksum {
        Some((index, checksum.to_owned()))
    }

    #[test]
    fn different_tables_at_one_index_are_refused() {
        assert_eq!(judge_tables(&[1, 2], &[at(7, "a"), at(7, "a")], true), Ok(()));
        let differ = judge_tables(&[1, 2], &[at(7, "a"), at(7, "b")], true);
        assert_eq!(differ.map_err(|(valid, _)| valid), Err(Valid::No));
        let late = judge_tables(&[1, 2], &[at(7, "a"), None], false);
        assert_eq!(late.map_err(|(valid, _)| valid), Err(Valid::Unknown));
    }

    fn log(node: u64, last: u64, never_committed: Json) -> Json {
        json!({"node": node, "first": 1, "last": last, "last_term": 3, "term": 3, "committed_at_least": 8,
               "verdict": "whole", "never_committed": never_committed})
    }

    #[test]
    fn logs_may_differ_only_above_what_is_committed() {
        let mut details = Vec::new();
        let mut judge = |nodes: Json| judge_logs(&json!({"nodes": nodes}), &mut details);
        assert_eq!(judge(json!([log(1, 9, Json::Null), log(2, 10, json!([9, 10]))])), Ok(()));
        let replaced = judge(json!([log(1, 9, Json::Null), log(2, 10, json!([8, 10]))]));
        assert_eq!(replaced.map_err(|(valid, _)| valid), Err(Valid::No));
        let lost = judge(json!([log(1, 7, Json::Null), log(2, 7, Json::Null)]));
        assert_eq!(lost.map_err(|(valid, _)| valid), Err(Valid::No));
        let nothing = judge(json!([]));
        assert_eq!(nothing.map_err(|(valid, _)| valid), Err(Valid::Unknown));
    }
}
