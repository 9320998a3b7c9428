//! What `quorate recover` says, for people and as JSON.

use std::collections::BTreeSet;

use serde_json::json;

use super::compare::{Comparison, Verdict};
use super::form::Formed;
use super::inspect::NodeLog;
use crate::cli::table;

/// The whole comparison, for people.
pub(super) fn text(logs: &[NodeLog], found: &Comparison) -> String {
    let best = &logs[found.best];
    let mut text = format!(
        "Cluster '{}', id {:032x}; voters {} as of node {}'s log\n\n",
        best.cluster_name,
        best.cluster_id,
        names(&found.voters),
        best.node_id
    );
    text.push_str(&logs_table(logs));
    text.push_str(&format!(
        "\nThe most advanced log is that of n{}: last term {}, last entry {}.\n",
        best.node_id,
        best.last_term(),
        best.last
    ));
    for (log, choice) in logs.iter().zip(&found.choices) {
        let node = log.node_id;
        let what = match &choice.verdict {
            Verdict::Whole => "nothing that is in these logs and was acknowledged is lost".into(),
            Verdict::TakesOver(first, last) => format!(
                "nothing that is in these logs and was acknowledged is lost; it takes over {} from n{}'s log",
                entries(*first, *last),
                best.node_id
            ),
            Verdict::Unfit => format!(
                "not possible: it lacks entries that n{}'s log holds no more; {} are in that log alone",
                best.node_id,
                entries(log.last + 1, best.last)
            ),
            Verdict::LogOnly => "not possible: it keeps no tables; its log counts all the same".into(),
        };
        text.push_str(&format!("  Keeping n{node}: {what}.\n"));
        if let Some((first, last)) = choice.superseded {
            text.push_str(&format!(
                "    Its {} were never committed (a later leader replaced them) and go.\n",
                entries(first, last)
            ));
        }
    }
    text.push('\n');
    text.push_str(&advice(logs, found));
    text
}

fn logs_table(logs: &[NodeLog]) -> String {
    let headings = [
        "NODE",
        "ROLE",
        "FIRST",
        "LAST",
        "LAST TERM",
        "TERM",
        "VOTE",
        "COMMITTED TO",
        "NEWEST TRANSACTION",
        "FOLDER",
    ];
    let row = |log: &NodeLog| {
        vec![
            format!("n{}", log.node_id),
            role(log).to_owned(),
            log.first.to_string(),
            log.last.to_string(),
            log.last_term().to_string(),
            log.term.to_string(),
            if log.vote == 0 { "-".into() } else { format!("n{}", log.vote) },
            format!("at least {}", log.committed_at_least),
            log.newest_us.map_or_else(|| "-".to_owned(), utc),
            log.folder.display().to_string(),
        ]
    };
    table::render(&headings, &logs.iter().map(row).collect::<Vec<_>>())
}

/// What to do now.
fn advice(logs: &[NodeLog], found: &Comparison) -> String {
    let given = found.voters.len() - found.missing.len();
    if found.has_majority {
        return format!(
            "These are {given} of {} voters, a majority: start them, and they elect a leader by themselves. No recovery is \
             needed, and nothing is lost.\n",
            found.voters.len()
        );
    }
    let mut text = format!(
        "These are {given} of {} voters, no majority. If one of the others ({}) can be started, start it: as soon as a majority \
         runs the cluster serves, and nothing is lost.\n",
        found.voters.len(),
        names(&found.missing)
    );
    if found.is_complete {
        text.push_str("Every acknowledged transaction is in the most advanced log.\n");
    } else {
        let best = &logs[found.best];
        let newest = best
            .newest_us
            .map_or_else(String::new, |newest| format!(" (its newest transaction is of {})", utc(newest)));
        text.push_str(&format!(
            "Transactions that were acknowledged after entry {}{newest} may be on {} alone: with a new cluster they are lost.\n",
            best.last,
            names(&found.missing)
        ));
    }
    match keepable(logs, found) {
        Some(node) => text.push_str(&format!(
            "If the others are gone for good, form a new cluster:\n\n  quorate recover {} --form --keep {node}\n",
            folders(logs)
        )),
        None => text.push_str("None of these nodes can be gone on with; name the folder of one that keeps tables.\n"),
    }
    text
}

/// The node to keep: the most advanced, or one that can take over its entries.
fn keepable(logs: &[NodeLog], found: &Comparison) -> Option<u64> {
    let is_fit = |at: &usize| matches!(found.choices[*at].verdict, Verdict::Whole | Verdict::TakesOver(..));
    [found.best].into_iter().chain(0..logs.len()).find(is_fit).map(|at| logs[at].node_id)
}

fn folders(logs: &[NodeLog]) -> String {
    let flag = |log: &NodeLog| format!("--data {}", log.folder.display());
    logs.iter().map(flag).collect::<Vec<_>>().join(" ")
}

/// What happened, and how to go on, for people.
pub(super) fn formed_text(formed: &Formed) -> String {
    let mut text = format!(
        "Formed a new cluster, id {:032x}, of n{} alone, from log entry {} on.\n",
        formed.cluster_id, formed.node_id, formed.index
    );
    if let Some((first, last)) = formed.taken_over {
        text.push_str(&format!("It took over {} from another log.\n", entries(first, last)));
    }
    text.push_str(&format!(
        "\n  1. Start n{} with the same command as before.\n  2. On each other machine, with an empty data folder:\n\n     \
         quorate start --join {} --listen CLIENT_HOST:PORT --peer-listen PEER_HOST:PORT --data FOLDER\n\n\
         Old nodes that come back are of another cluster now, and are refused.\n",
        formed.node_id,
        if formed.sql_address.is_empty() { "CLIENT_HOST:PORT_OF_IT" } else { &formed.sql_address }
    ));
    text
}

/// Everything as one object.
pub(super) fn as_json(logs: &[NodeLog], found: &Comparison, formed: Option<&Formed>) -> serde_json::Value {
    let nodes: Vec<_> = (0..logs.len()).map(|at| node_json(logs, found, at)).collect();
    json!({
        "cluster_name": logs[found.best].cluster_name,
        "cluster_id": format!("{:032x}", logs[found.best].cluster_id),
        "nodes": nodes,
        "voters": found.voters,
        "missing": found.missing,
        "most_advanced": logs[found.best].node_id,
        "is_majority": found.has_majority,
        "acknowledged_may_be_missing": !found.is_complete && !found.has_majority,
        "keep": keepable(logs, found),
        "formed": formed.map(|formed| json!({
            "cluster_id": format!("{:032x}", formed.cluster_id),
            "node": formed.node_id,
            "index": formed.index,
            "term": formed.term,
            "entries_taken_over": formed.taken_over,
            "client_address": formed.sql_address,
        })),
    })
}

fn node_json(logs: &[NodeLog], found: &Comparison, at: usize) -> serde_json::Value {
    let (log, choice) = (&logs[at], &found.choices[at]);
    let (verdict, takes_over) = match &choice.verdict {
        Verdict::Whole => ("whole", None),
        Verdict::TakesOver(first, last) => ("takes over", Some((first, last))),
        Verdict::Unfit => ("unfit", None),
        Verdict::LogOnly => ("log only", None),
    };
    json!({
        "node": log.node_id,
        "folder": log.folder,
        "role": role(log),
        "first": log.first,
        "last": log.last,
        "last_term": log.last_term(),
        "term": log.term,
        "vote": (log.vote != 0).then_some(log.vote),
        "committed_at_least": log.committed_at_least,
        "newest_transaction": log.newest_us.map(utc),
        "verdict": verdict,
        "takes_over": takes_over,
        "never_committed": choice.superseded,
    })
}

fn role(log: &NodeLog) -> &'static str {
    match log.own_member() {
        None => "no member",
        Some(member) if !member.is_voter => "learner",
        Some(member) if member.is_log_only => "logger",
        Some(_) => "voter",
    }
}

fn names(ids: &BTreeSet<u64>) -> String {
    ids.iter().map(|id| format!("n{id}")).collect::<Vec<_>>().join(", ")
}

fn entries(first: u64, last: u64) -> String {
    if first == last { format!("entry {first}") } else { format!("entries {first} to {last}") }
}

/// A time in microseconds since 1970 UTC, to the second.
fn utc(time_us: u64) -> String {
    let seconds = time_us / 1_000_000;
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Years of the Gregorian calendar that begin in March, so that a leap day is a year's last (Hinnant's civil_from_days).
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::super::compare::compare;
    use super::super::compare::tests::log;
    use super::*;

    fn said(logs: &[NodeLog]) -> (String, serde_json::Value) {
        let found = compare(logs).unwrap();
        (text(logs, &found), as_json(logs, &found, None))
    }

    #[test]
    fn times() {
        assert_eq!(utc(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(utc(951_782_400_000_000), "2000-02-29 00:00:00 UTC");
        assert_eq!(utc(1_795_315_893_999_999), "2026-11-22 02:51:33 UTC");
    }

    #[test]
    fn a_lone_survivor_is_told_what_may_be_lost_and_how_to_go_on() {
        let left = NodeLog { newest_us: Some(1_795_315_893_000_000), ..log(2, &[1, 1, 3]) };
        let (text, json) = said(&[left]);
        let row =
            "n2    voter      1     3          3     3  -     at least 0    2026-11-22 02:51:33 UTC  /n2\n";
        assert!(text.contains(row), "{text}");
        assert!(
            text.contains("These are 1 of 3 voters, no majority. If one of the others (n1, n3)"),
            "{text}"
        );
        let loss = "acknowledged after entry 3 (its newest transaction is of 2026-11-22 02:51:33 UTC) may be on n1, n3 alone";
        assert!(text.contains(loss), "{text}");
        assert!(text.contains("\n  quorate recover --data /n2 --form --keep 2\n"), "{text}");
        assert_eq!(
            (&json["keep"], &json["acknowledged_may_be_missing"]),
            (&2.into(), &true.into()),
            "{json}"
        );
    }

    #[test]
    fn a_majority_is_told_to_start() {
        let (text, json) = said(&[log(1, &[1, 1, 1]), log(2, &[1, 2])]);
        assert!(text.contains("a majority: start them") && !text.contains("--form"), "{text}");
        assert!(text.contains("Its entries 2 to 3 were never committed"), "{text}");
        assert!(text.contains("acknowledged is lost; it takes over entry 2 from n2's log.\n"), "{text}");
        assert_eq!((&json["is_majority"], &json["most_advanced"]), (&true.into(), &2.into()));
        assert_eq!(json["nodes"][0]["never_committed"], serde_json::json!([2, 3]));
    }

    #[test]
    fn loggers_alone_have_nothing_to_go_on_with() {
        let logger = NodeLog { is_log_only: true, ..log(3, &[1]) };
        let (text, json) = said(&[logger]);
        assert!(text.contains("None of these nodes can be gone on with"), "{text}");
        assert!(json["keep"].is_null(), "{json}");
    }
}
