//! The cluster as one node sees it, for the tables and procedures that show it.
//!
//! The node fills a [`ClusterView`] when [`Host::cluster`](crate::execute::Host::cluster) is called; what is made of it
//! (information_schema's ALISQL_CLUSTER_* and QUORATE_CLUSTER_* tables) stands in `show/cluster`. Everything is a plain number or
//! text, so that this crate needs no consensus.
//!
//! Invariants: node ids are never zero; `members` ascends by id and has this node once, unless it is no member; what a node
//! cannot know (a follower, of the others' progress) is `None`, never a guess.

/// Everything about the cluster that SQL can show. Empty ([`ClusterView::default`]) where there is no cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterView {
    /// This node's id.
    pub server_id: u64,
    /// This node's `server_uuid`.
    pub server_uuid: String,
    /// The UUID that the cluster's GTIDs carry.
    pub cluster_uuid: String,
    /// Whether this node leads.
    pub is_leader: bool,
    /// The members of the membership in force on this node, ascending by id.
    pub members: Vec<MemberView>,
    /// The ids that were removed from the cluster, ascending.
    pub removed: Vec<u64>,
    /// Index of the entry that the membership in force came with; 0 for the founding one.
    pub membership_index: u64,
    /// Whether that entry is committed.
    pub is_membership_committed: bool,
    /// To whom the leadership is being handed over, while it is.
    pub transfer_target: Option<u64>,
    /// This node.
    pub local: LocalView,
    /// The learners that this node feeds, ascending by id.
    pub feeds: Vec<FeedView>,
    /// What this node counted since it started.
    pub counters: CounterView,
    /// The last changes of the membership, oldest first. The node bounds how many it keeps.
    pub changes: Vec<ChangeView>,
    /// The last events of the cluster (roles, degraded voters, changed sources, purges, …), oldest first. The node bounds how many it keeps.
    pub events: Vec<EventView>,
    /// The files of this node's log, oldest first.
    pub log_files: Vec<LogFileView>,
}

/// What part a node plays, in X-Cluster's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShownRole {
    /// It leads, and may not serve yet.
    Leader,
    /// A voter that does not lead.
    Follower,
    /// A voter that stands, or asks whether it could.
    Candidate,
    /// Without a vote.
    Learner,
    /// Not a member.
    #[default]
    None,
}

impl ShownRole {
    /// The word in the ROLE columns.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            ShownRole::Leader => "Leader",
            ShownRole::Follower => "Follower",
            ShownRole::Candidate => "Candidate",
            ShownRole::Learner => "Learner",
            ShownRole::None => "No Role",
        }
    }
}

/// One member. The part that begins with `role` comes from the membership and is known everywhere; what follows
/// `source_group` is known to the leader of all members, to other nodes only of themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberView {
    /// Its id.
    pub id: u64,
    /// Where other nodes reach it, `host:port`.
    pub peer_address: String,
    /// Where clients reach it, `host:port`; empty when not known.
    pub sql_address: String,
    /// Its role: the leader known to this node is Leader, every other voter Follower, but this node has its own role.
    pub role: ShownRole,
    /// Keeps the log and no tables.
    pub is_log_only: bool,
    /// Commits wait for it.
    pub is_strong_sync: bool,
    /// Election weight, 0 to 9.
    pub weight: u8,
    /// The node configured to feed it; `None` is the leader.
    pub source: Option<u64>,
    /// The nodes it turns to when that one is silent, in this order.
    pub source_group: Vec<u64>,
    /// Last entry it is known to have on disk.
    pub match_index: Option<u64>,
    /// Next entry to be sent to it.
    pub next_index: Option<u64>,
    /// Last entry that its tables have. On a log-only node: what it knows to be committed.
    pub applied_index: Option<u64>,
    /// Whether it voted for this leader in the current term.
    pub has_voted: Option<bool>,
    /// Whether entries are sent to it without waiting for the answer to those before.
    pub is_pipelined: Option<bool>,
    /// Whether it was heard within an election timeout.
    pub is_connected: Option<bool>,
    /// Milliseconds since it was last heard.
    pub silent_ms: Option<u64>,
    /// Whether this node reaches it: a leader has heard it within an election timeout, any other node has a connection to it.
    pub is_reachable: bool,
    /// Its `server_uuid`.
    pub server_uuid: String,
    /// A strong-sync voter that commits do not wait for at the moment, because it missed its acks for too long.
    pub is_degraded: Option<bool>,
}

/// This node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalView {
    /// Its term.
    pub current_term: u64,
    /// The leader's id, if known.
    pub leader_id: Option<u64>,
    /// The leader's peer address, if known.
    pub leader_address: Option<String>,
    /// Last entry known to be committed.
    pub commit_index: u64,
    /// Term of the log's last entry; 0 in an empty log.
    pub last_log_term: u64,
    /// Index of the log's last entry; 0 in an empty log.
    pub last_log_index: u64,
    /// Its role.
    pub role: ShownRole,
    /// Whom it voted for in its term.
    pub voted_for: Option<u64>,
    /// Last entry that its tables have; on a log-only node the commit index.
    pub applied_index: u64,
    /// Whether it takes writes.
    pub is_ready_for_writes: bool,
    /// It replays its log, or waits for a snapshot: what its tables have is not known.
    pub is_recovering: bool,
    /// Keeps the log and no tables.
    pub is_log_only: bool,
    /// Which node feeds it at the moment, for a learner.
    pub current_source: Option<u64>,
    /// Every member is known to hold everything up to this index.
    pub floor_index: u64,
    /// First index that its log holds.
    pub first_log_index: u64,
}

/// A learner that this node feeds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedView {
    /// The learner's id.
    pub learner_id: u64,
    /// Last entry that it is known to have, committed and on disk.
    pub match_index: u64,
    /// Next entry to be sent to it.
    pub next_index: u64,
    /// Last entry that its tables have, as it said.
    pub applied_index: Option<u64>,
}

/// How often something happened on this node since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CounterView {
    /// Append messages sent (feeds of learners too).
    pub appends_sent: u64,
    /// Requests for a vote sent (pre-votes too).
    pub vote_requests_sent: u64,
    /// Heartbeats sent.
    pub heartbeats_sent: u64,
    /// Append messages received (feeds of a source too).
    pub appends_received: u64,
    /// Requests for a vote received (pre-votes too).
    pub vote_requests_received: u64,
    /// Heartbeats received.
    pub heartbeats_received: u64,
    /// Entries proposed to this node as leader.
    pub proposals: u64,
    /// Reads of log entries for a peer that memory answered.
    pub log_reads_in_memory: u64,
    /// Reads of log entries for a peer, from memory or disk.
    pub log_reads: u64,
}

/// One change of the membership.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeView {
    /// When this node saw it come into force: microseconds since the epoch, UTC.
    pub time_us: i64,
    /// What was asked for, such as `CALL dbms_consensus.add_learner('127.0.0.1:4104')`.
    pub command: String,
}

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventView {
    /// When: microseconds since the epoch, UTC.
    pub time_us: i64,
    /// What happened, a sentence.
    pub event: String,
}

/// One file of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFileView {
    /// The file's name, without its folder.
    pub name: String,
    /// Bytes on disk.
    pub size_bytes: u64,
    /// Index of its first entry.
    pub first_index: u64,
}

impl ClusterView {
    /// The member of this id.
    #[must_use]
    pub fn member(&self, id: u64) -> Option<&MemberView> {
        self.members.iter().find(|member| member.id == id)
    }
}
