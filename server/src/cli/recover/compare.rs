//! Which of the logs that are left is the one to go on with, and what is lost with each. Pure: no files.
//!
//! The argument. An acknowledged entry is in the log of a majority of the voters. The log with the highest last term, and among
//! those the longest, has every entry that any of the given logs has and that was ever committed: a leader of that term had all that was
//! committed in earlier terms (leader completeness; Raft, section 5.4.3), and within a term logs are prefixes of each other. So an
//! entry that only another log has was never committed and may go. And if every majority of the voters has one of the given
//! logs in it, every acknowledged entry is in that log; otherwise some may be on other nodes alone.

use std::collections::BTreeSet;

use consensus::Membership;

use super::inspect::NodeLog;

/// What comparing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Comparison {
    /// Place of the most advanced log among those given.
    pub(super) best: usize,
    /// The voters, by the most advanced log.
    pub(super) voters: BTreeSet<u64>,
    /// Voters whose logs were not given.
    pub(super) missing: BTreeSet<u64>,
    /// The given voters are a majority: they need no recovery.
    pub(super) has_majority: bool,
    /// Every acknowledged entry is in the most advanced log.
    pub(super) is_complete: bool,
    /// What each choice means, in the order of the logs.
    pub(super) choices: Vec<Choice>,
}

/// Going on with one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// Entries up to here are those of the most advanced log; none: the logs cannot be compared, because one of them was purged.
    pub(super) shared_to: Option<u64>,
    /// How it could be gone on with.
    pub(super) verdict: Verdict,
    /// Entries of this log, `first..=last`, that were never committed: a later leader put others in their place.
    pub(super) superseded: Option<(u64, u64)>,
}

/// Whether a node can be gone on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its log is as good as the best.
    Whole,
    /// Entries `first..=last` are taken over from the most advanced log; nothing is lost.
    TakesOver(u64, u64),
    /// It lacks entries that the most advanced log has purged. Nothing can be done but take another.
    Unfit,
    /// It keeps no tables; its log alone serves nobody.
    LogOnly,
}

/// Compares logs of one cluster, at least one.
///
/// # Errors
/// When they cannot be of one cluster, or two are of one node.
pub(super) fn compare(logs: &[NodeLog]) -> Result<Comparison, String> {
    check_one_cluster(logs)?;
    let advanced = |position: &usize| (logs[*position].last_term(), logs[*position].last);
    // The first of equals, but rather one with tables.
    let rank = |position: &usize| (advanced(position), !logs[*position].is_log_only, usize::MAX - position);
    let best = (0..logs.len()).max_by_key(rank).ok_or("no data folder was named")?;
    let given: BTreeSet<u64> = logs.iter().map(|log| log.node_id).collect();
    check_committed(logs, &logs[best])?;
    let memberships = &logs[best].memberships;
    let (_, newest) = memberships.last().ok_or("the log does not say who the members are")?;
    let voters = voters(newest);
    // The newest membership may not be committed; until it is, majorities of the one before count as well.
    let relevant = memberships.iter().rev().take(2).map(|(_, membership)| membership);
    let is_complete = relevant.map(self::voters).all(|voters| {
        let missing = voters.difference(&given).count();
        missing < majority(voters.len())
    });
    let present = voters.intersection(&given).count();
    Ok(Comparison {
        best,
        missing: voters.difference(&given).copied().collect(),
        has_majority: present >= majority(voters.len()),
        is_complete,
        choices: logs.iter().map(|log| choice(log, &logs[best])).collect(),
        voters,
    })
}

fn majority(count: usize) -> usize {
    count / 2 + 1
}

fn voters(membership: &Membership) -> BTreeSet<u64> {
    membership.members.iter().filter(|member| member.is_voter).map(|member| member.id.get()).collect()
}

/// A recovery that was interrupted has given its folder the new id, but it can be given again with all folders.
fn is_one_cluster(one: &NodeLog, other: &NodeLog) -> bool {
    let is_between = one.is_interrupted || other.is_interrupted;
    one.cluster_id == other.cluster_id || (is_between && one.log_cluster_id == other.log_cluster_id)
}

fn check_one_cluster(logs: &[NodeLog]) -> Result<(), String> {
    for (position, log) in logs.iter().enumerate() {
        for earlier in &logs[..position] {
            if !is_one_cluster(earlier, log) {
                return Err(format!(
                    "{} and {} are of different clusters ({:032x} and {:032x}){}",
                    earlier.folder.display(),
                    log.folder.display(),
                    earlier.cluster_id,
                    log.cluster_id,
                    if earlier.log_cluster_id == log.log_cluster_id {
                        ": a recovery has formed the second from the first; name the folders of one of them"
                    } else {
                        ""
                    }
                ));
            }
            if earlier.node_id == log.node_id {
                return Err(format!(
                    "{} and {} are both of node {}: name the one that the node ran with last",
                    earlier.folder.display(),
                    log.folder.display(),
                    log.node_id
                ));
            }
        }
    }
    Ok(())
}

/// What is committed for certain must be in the most advanced log; where it is not, a disk has lost what it promised to keep.
fn check_committed(logs: &[NodeLog], best: &NodeLog) -> Result<(), String> {
    for log in logs {
        let reaches_to = shared_to(log, best).unwrap_or(best.last);
        if reaches_to < log.committed_at_least {
            return Err(format!(
                "node {} has entries up to {} committed, but the log of node {}, which should be the most advanced, has them only up \
                 to {reaches_to}: one of the two folders is not as its node left it. Name only the one that you trust",
                log.node_id, log.committed_at_least, best.node_id
            ));
        }
    }
    Ok(())
}

/// What going on with `log` means when `best` is the most advanced.
fn choice(log: &NodeLog, best: &NodeLog) -> Choice {
    let shared_to = shared_to(log, best);
    let superseded = shared_to.filter(|shared| *shared < log.last).map(|shared| (shared + 1, log.last));
    let verdict = match shared_to {
        _ if log.is_log_only => Verdict::LogOnly,
        Some(shared) if shared == best.last => Verdict::Whole,
        // The best log has everything behind the place up to which the two are known to be the same.
        Some(shared) => Verdict::TakesOver(shared + 1, best.last),
        None => Verdict::Unfit,
    };
    Choice { shared_to, verdict, superseded }
}

/// The last index at which two logs have the same entry, and so all before it; none: one of them does not go back that far.
pub(super) fn shared_to(one: &NodeLog, other: &NodeLog) -> Option<u64> {
    let mut index = one.last.min(other.last);
    loop {
        let (term, other_term) = (one.term_at(index)?, other.term_at(index)?);
        if term == other_term {
            return Some(index);
        }
        // The higher term begins after the place where they part.
        let higher = if term > other_term { one } else { other };
        let run_first = higher.runs.iter().rev().map(|(first, _)| *first).find(|first| *first <= index)?;
        index = run_first.checked_sub(1)?;
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::PathBuf;

    use consensus::{Member, NodeId};

    use super::*;

    /// Members with these ids, all voters.
    pub(in super::super) fn members(ids: &[u64]) -> Membership {
        let member = |id: &u64| {
            Member::voter(NodeId::new(*id), format!("h:{}", 4100 + id), format!("h:{}", 4000 + id))
        };
        Membership { members: ids.iter().map(member).collect(), removed: Vec::new() }
    }

    /// A log of one of three voters, by the terms of its entries.
    pub(in super::super) fn log(node_id: u64, terms: &[u64]) -> NodeLog {
        let mut runs: Vec<(u64, u64)> = Vec::new();
        for (position, term) in terms.iter().enumerate() {
            if runs.last().is_none_or(|(_, last)| last != term) {
                runs.push((position as u64 + 1, *term));
            }
        }
        NodeLog {
            folder: PathBuf::from(format!("/n{node_id}")),
            node_id,
            cluster_id: 7,
            log_cluster_id: 7,
            is_interrupted: false,
            cluster_name: "c".into(),
            is_log_only: false,
            term: terms.last().copied().unwrap_or(0),
            vote: 0,
            first: 1,
            last: terms.len() as u64,
            base_term: 0,
            runs,
            memberships: vec![(0, members(&[1, 2, 3]))],
            committed_at_least: 0,
            newest_us: None,
        }
    }

    /// The same log without its first entries.
    fn purged(log: NodeLog, first: u64) -> NodeLog {
        let base_term = log.term_at(first - 1).unwrap();
        let mut runs: Vec<(u64, u64)> =
            log.runs.iter().filter(|(start, _)| *start > first).copied().collect();
        if let Some(term) = log.term_at(first) {
            runs.insert(0, (first, term));
        }
        NodeLog { first, base_term, runs, committed_at_least: first - 1, ..log }
    }

    #[test]
    fn the_higher_last_term_wins_over_the_longer_log() {
        let logs = [log(1, &[1, 1, 1, 1, 1]), log(2, &[1, 1, 2])];
        let found = compare(&logs).unwrap();
        assert_eq!(found.best, 1);
        assert_eq!(found.choices[1].verdict, Verdict::Whole);
        let first = &found.choices[0];
        assert_eq!(
            (first.shared_to, &first.verdict, first.superseded),
            (Some(2), &Verdict::TakesOver(3, 3), Some((3, 5)))
        );
    }

    #[test]
    fn in_one_term_the_longer_log_wins_and_the_shorter_takes_over() {
        let found = compare(&[log(1, &[1, 1]), log(2, &[1, 1, 1, 1])]).unwrap();
        assert_eq!((found.best, &found.choices[0].verdict), (1, &Verdict::TakesOver(3, 4)));
        assert_eq!(found.choices[0].superseded, None);
        let equal = compare(&[log(1, &[1]), log(2, &[1])]).unwrap();
        assert_eq!((equal.best, &equal.choices[1].verdict), (0, &Verdict::Whole));
    }

    #[test]
    fn one_log_of_three_may_lack_acknowledged_entries_and_two_cannot() {
        let one = compare(&[log(1, &[1])]).unwrap();
        assert!(!one.is_complete && !one.has_majority);
        assert_eq!(one.missing, BTreeSet::from([2, 3]));
        let two = compare(&[log(1, &[1]), log(3, &[1])]).unwrap();
        assert!(two.is_complete && two.has_majority);
        // Of four, two are in every majority of three, and no majority themselves.
        let four = |id| NodeLog { memberships: vec![(0, members(&[1, 2, 3, 4]))], ..log(id, &[1]) };
        let two = compare(&[four(1), four(2)]).unwrap();
        assert!(two.is_complete && !two.has_majority);
    }

    #[test]
    fn a_change_of_the_members_that_may_not_be_committed_counts_with_the_one_before() {
        let memberships = vec![(0, members(&[1, 2, 3])), (5, members(&[1]))];
        let found = compare(&[NodeLog { memberships, ..log(1, &[1; 5]) }]).unwrap();
        assert!(found.has_majority && !found.is_complete);
    }

    #[test]
    fn a_log_only_node_is_no_choice_but_its_entries_count() {
        let logger = NodeLog { is_log_only: true, ..log(3, &[1, 1, 1]) };
        let found = compare(&[log(1, &[1, 1]), logger.clone()]).unwrap();
        assert_eq!((found.best, &found.choices[1].verdict), (1, &Verdict::LogOnly));
        assert_eq!(found.choices[0].verdict, Verdict::TakesOver(3, 3));
        let equal = compare(&[NodeLog { is_log_only: true, ..log(1, &[1]) }, log(2, &[1])]).unwrap();
        assert_eq!(equal.best, 1, "of equal logs the one with tables");
    }

    #[test]
    fn a_purged_log_is_compared_as_far_as_it_goes() {
        let best = purged(log(2, &[1, 1, 1, 2, 2]), 4);
        let found = compare(&[log(1, &[1, 1, 1]), best.clone()]).unwrap();
        assert_eq!(found.choices[0].verdict, Verdict::TakesOver(4, 5));
        let found = compare(&[log(1, &[1, 1]), best]).unwrap();
        assert_eq!((&found.choices[0].verdict, found.choices[0].shared_to), (&Verdict::Unfit, None));
    }

    #[test]
    fn logs_part_where_their_terms_do() {
        let shared = |one: &[u64], other: &[u64]| shared_to(&log(1, one), &log(2, other));
        assert_eq!(shared(&[1, 1, 2, 4, 4], &[1, 1, 3, 3]), Some(2));
        assert_eq!(shared(&[], &[1, 1]), Some(0));
        assert_eq!(shared(&[2], &[1]), Some(0));
        assert_eq!(shared(&[1, 2, 2], &[1, 2, 2]), Some(3));
    }

    #[test]
    fn a_committed_entry_that_the_best_log_lacks_is_a_contradiction() {
        let older = NodeLog { committed_at_least: 3, ..log(1, &[1, 1, 1]) };
        let error = compare(&[older, log(2, &[1, 2])]).unwrap_err();
        assert!(error.contains("node 1 has entries up to 3 committed"), "{error}");
    }

    #[test]
    fn folders_that_do_not_belong_together_are_refused() {
        let other = NodeLog { cluster_id: 8, log_cluster_id: 8, ..log(2, &[1]) };
        assert!(compare(&[log(1, &[1]), other]).unwrap_err().contains("different clusters"));
        let reformed = NodeLog { cluster_id: 8, ..log(2, &[1]) };
        let error = compare(&[log(1, &[1]), reformed.clone()]).unwrap_err();
        assert!(error.contains("a recovery has formed the second"), "{error}");
        let interrupted = NodeLog { is_interrupted: true, ..reformed.clone() };
        assert!(compare(&[log(1, &[1]), interrupted]).is_ok());
        // A node that joined after the recovery has a log that began in the new cluster.
        let joined = NodeLog { cluster_id: 8, log_cluster_id: 8, ..log(3, &[1]) };
        assert!(compare(&[reformed, joined]).is_ok());
        assert!(compare(&[log(1, &[1]), log(1, &[1])]).unwrap_err().contains("both of node 1"));
    }
}
