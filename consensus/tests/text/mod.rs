//! How the golden scripts show entries, members and messages. What is usual is left out, so that the unusual is seen.

use consensus::{Entry, EntryKind, Member, Membership, Message, NodeId, Notice};

/// `3@1:a 4@1:b`, or the first and the last when they are many.
pub fn entries_text(entries: &[Entry]) -> String {
    let text = |entry: &Entry| {
        let payload = match entry.kind {
            EntryKind::Empty => "empty".into(),
            EntryKind::Membership => "members".into(),
            EntryKind::Data => String::from_utf8_lossy(&entry.payload).into_owned(),
        };
        format!("{}@{}:{payload}", entry.index, entry.term)
    };
    match entries {
        [] => "nothing".into(),
        [first, .., last] if entries.len() > 4 => format!("{} .. {}", text(first), text(last)),
        few => few.iter().map(text).collect::<Vec<_>>().join(" "),
    }
}

/// `n1 n2:weight9 n3:log n4:learner<n2`, and who was removed.
pub fn members_text(membership: &Membership) -> String {
    let member = |member: &Member| {
        let mut text = member.id.to_string();
        if member.weight != 5 {
            text += &format!(":weight{}", member.weight);
        }
        for (is_set, word) in
            [(member.is_log_only, ":log"), (member.is_strong_sync, ":strong"), (!member.is_voter, ":learner")]
        {
            text += if is_set { word } else { "" };
        }
        if let Some(source) = member.source {
            text += &format!("<{source}");
        }
        if !member.source_group.is_empty() {
            text += &format!("<<{}", ids_text(&member.source_group));
        }
        text
    };
    let mut parts: Vec<String> = membership.members.iter().map(member).collect();
    if !membership.removed.is_empty() {
        parts.push(format!("without {}", ids_text(&membership.removed)));
    }
    parts.join(" ")
}

fn ids_text(ids: &[NodeId]) -> String {
    ids.iter().map(NodeId::to_string).collect::<Vec<_>>().join(",")
}

pub fn notice_text(notice: Notice) -> String {
    match notice {
        Notice::StrongSyncDegraded { voter, match_index } => {
            format!("does not wait for {voter} any more, which holds {match_index}")
        }
        Notice::StrongSyncRearmed { voter } => format!("waits for {voter} again"),
        Notice::HandingOver { to } => format!("would rather have {to} lead"),
        Notice::SourceChanged { source: Some(source) } => format!("turns to source {source}"),
        Notice::SourceChanged { source: None } => "has no source any more".into(),
    }
}

pub fn message_text(message: &Message) -> String {
    let flag = |is_set: bool, word: &'static str| if is_set { word } else { "" };
    match message {
        Message::PreVote { term, last_index, last_term } => {
            format!("PreVote term={term} last={last_index}@{last_term}")
        }
        Message::PreVoteReply { term, granted } => format!("PreVoteReply term={term} granted={granted}"),
        Message::Vote { term, last_index, last_term, is_transfer } => {
            format!("Vote term={term} last={last_index}@{last_term}{}", flag(*is_transfer, " transfer"))
        }
        Message::VoteReply { term, granted } => format!("VoteReply term={term} granted={granted}"),
        Message::Append { term, prev_index, prev_term, entries, commit } => {
            let entries = entries_text(entries);
            format!("Append term={term} prev={prev_index}@{prev_term} commit={commit} {entries}")
        }
        Message::AppendAck { term, match_index } => format!("AppendAck term={term} match={match_index}"),
        Message::AppendReject { term, prev_index, conflict_term, conflict_first, last_index } => format!(
            "AppendReject term={term} prev={prev_index} conflict={conflict_first}@{conflict_term} last={last_index}"
        ),
        Message::Heartbeat { term, commit, seq, floor, is_learner } => {
            let learner = flag(*is_learner, " learner");
            format!("Heartbeat term={term} commit={commit} seq={seq} floor={floor}{learner}")
        }
        Message::HeartbeatAck { term, seq, commit, applied } => {
            format!("HeartbeatAck term={term} seq={seq} commit={commit} applied={applied}")
        }
        Message::Commit { term, commit } => format!("Commit term={term} commit={commit}"),
        Message::TimeoutNow { term, seq } => format!("TimeoutNow term={term} seq={seq}"),
        Message::Subscribe { term, commit, applied } => {
            format!("Subscribe term={term} commit={commit} applied={applied}")
        }
        Message::Feed { term, prev_index, prev_term, entries, commit } => {
            let entries = entries_text(entries);
            format!("Feed term={term} prev={prev_index}@{prev_term} commit={commit} {entries}")
        }
        Message::FeedAck { term, match_index, has_gap } => {
            format!("FeedAck term={term} match={match_index}{}", flag(*has_gap, " gap"))
        }
        Message::ReadIndex { term, ticket } => format!("ReadIndex term={term} ticket={ticket}"),
        Message::ReadIndexReply { term, ticket, index } => {
            let index = index.map_or("none".into(), |index| index.to_string());
            format!("ReadIndexReply term={term} ticket={ticket} index={index}")
        }
        Message::SnapshotNeeded { term, from, at_least } => {
            format!("SnapshotNeeded term={term} from={from} at_least={at_least}")
        }
    }
}
