//! The cluster as this node sees it, in SQL's terms: what `information_schema.ALISQL_CLUSTER_*` shows.

use std::sync::atomic::Ordering;

use consensus::{Member, NodeId, PeerPace, PeerStatus, Role, Status};
use sql::execute::cluster::{ClusterView, FeedView, LocalView, LogFileView, MemberView, ShownRole};

use super::Node;

/// A peer that was heard within this many ticks counts as connected: an election timeout.
fn is_heard(node: &Node, contact_ticks: u32) -> bool {
    contact_ticks < node.timing().election_ticks
}

impl Node {
    /// See the module. Without the consensus thread's answer (the node stops, or is very busy) only the members are known.
    pub(super) fn cluster_view(&self) -> ClusterView {
        let status = self.steering.status();
        let members = self.members.in_force();
        let own = self.config.node_id;
        let role = self.role.get();
        let mut view = ClusterView {
            server_id: own,
            server_uuid: self.server_uuid(own),
            cluster_uuid: self.cluster_uuid(),
            is_leader: role.role == "leader",
            members: members
                .members
                .iter()
                .map(|member| self.member_view(member, status.as_ref(), role.leader))
                .collect(),
            removed: members.removed.iter().map(|id| id.get()).collect(),
            membership_index: self.members.index(),
            counters: self.cluster.counters(),
            changes: self.cluster.changes(),
            events: self.cluster.events(),
            log_files: self.log_files(),
            ..ClusterView::default()
        };
        if let Some(cache) = self.entry_cache.get() {
            (view.counters.log_reads, view.counters.log_reads_in_memory) = cache.read_counts();
        }
        if let Some(status) = status {
            view.is_membership_committed = status.is_membership_committed;
            view.transfer_target = status.transfer.map(NodeId::get);
            view.local = self.local_view(&status, role.serving);
            view.feeds = status
                .feeds
                .iter()
                .map(|feed| FeedView {
                    learner_id: feed.subscriber.get(),
                    match_index: feed.match_index.get(),
                    next_index: feed.next.get(),
                    applied_index: Some(feed.applied.get()),
                })
                .collect();
        }
        view
    }

    fn member_view(&self, member: &Member, status: Option<&Status>, leader: Option<u64>) -> MemberView {
        let id = member.id.get();
        let is_own = id == self.config.node_id;
        let role = match status {
            Some(status) if is_own => shown(status.role),
            _ if leader == Some(id) => ShownRole::Leader,
            _ if member.is_voter => ShownRole::Follower,
            _ => ShownRole::Learner,
        };
        let mut view = MemberView {
            id,
            peer_address: member.peer_address.clone(),
            sql_address: self.members.sql_address(id).unwrap_or_default(),
            role,
            is_reachable: is_own || self.peer_counters.is_linked(id),
            server_uuid: self.server_uuid(id),
            is_log_only: member.is_log_only,
            is_strong_sync: member.is_strong_sync,
            weight: member.weight,
            source: member.source.map(NodeId::get),
            source_group: member.source_group.iter().map(|source| source.get()).collect(),
            ..MemberView::default()
        };
        let peer = status.and_then(|status| status.peers.iter().find(|peer| peer.id == member.id));
        match (status, peer) {
            (Some(status), _) if is_own => {
                view.match_index = Some(status.durable_index.get());
                view.next_index = Some(status.last_index.get() + 1);
                view.applied_index = Some(status.applied.get());
                view.is_connected = Some(true);
                view.silent_ms = Some(0);
                view.is_degraded = (status.role == Role::Leader).then_some(status.is_degraded);
            }
            (Some(status), Some(peer)) => self.fill_peer(&mut view, peer, status),
            (_, _) => {}
        }
        view
    }

    fn fill_peer(&self, view: &mut MemberView, peer: &PeerStatus, status: &Status) {
        let feed = status.feeds.iter().find(|feed| feed.subscriber == peer.id);
        let is_fed = !peer.is_voter;
        // Zero is what a leader knows of a member that has not answered it yet.
        let known = |index: consensus::LogIndex| Some(index.get()).filter(|index| *index > 0);
        view.match_index = known(if is_fed { peer.commit } else { peer.match_index.max(peer.commit) });
        view.next_index = match feed {
            Some(feed) if is_fed => Some(feed.next.get()),
            None if is_fed => None,
            Some(_) | None => Some(peer.next.get()),
        };
        view.applied_index = known(peer.applied);
        view.is_pipelined = (!is_fed).then_some(peer.pace == PeerPace::Pipeline);
        let is_connected = is_heard(self, peer.contact_ticks);
        view.is_connected = Some(is_connected);
        view.is_reachable = is_connected;
        view.silent_ms = Some(u64::from(peer.contact_ticks) * u64::from(consensus::limits::TICK_MS));
        view.is_degraded = Some(peer.is_degraded);
    }

    fn local_view(&self, status: &Status, is_serving: bool) -> LocalView {
        let leader = status.leader.and_then(|leader| self.members.member(leader.get()));
        LocalView {
            current_term: status.term.get(),
            leader_id: status.leader.map(NodeId::get),
            leader_address: leader.map(|leader| leader.peer_address),
            commit_index: status.commit.get(),
            last_log_term: self.cluster.last_log_term.load(Ordering::Relaxed),
            last_log_index: status.last_index.get(),
            role: if self.part() == "removed node" { ShownRole::None } else { shown(status.role) },
            voted_for: Some(self.cluster.voted_for.load(Ordering::Relaxed)).filter(|id| *id != 0),
            applied_index: status.applied.get(),
            is_ready_for_writes: is_serving,
            is_recovering: !self.catalog_known.load(Ordering::Relaxed)
                || self.store_is_lost.load(Ordering::Relaxed),
            is_log_only: self.config.log_only,
            current_source: status.source.map(NodeId::get),
            floor_index: status.floor.get(),
            first_log_index: status.first_index.get(),
        }
    }

    /// The files of the log; none when the folder cannot be read.
    fn log_files(&self) -> Vec<LogFileView> {
        let Ok(entries) = std::fs::read_dir(self.config.data.join("log")) else { return Vec::new() };
        let mut files: Vec<LogFileView> = entries
            .filter_map(Result::ok)
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                let first_index = storage::log::segment_first_index(&name)?;
                Some(LogFileView { size_bytes: entry.metadata().ok()?.len(), name, first_index })
            })
            .collect();
        files.sort_by(|left, right| left.name.cmp(&right.name));
        files
    }
}

fn shown(role: Role) -> ShownRole {
    match role {
        Role::Leader => ShownRole::Leader,
        Role::Follower => ShownRole::Follower,
        Role::Candidate | Role::PreCandidate => ShownRole::Candidate,
        Role::Learner => ShownRole::Learner,
    }
}
