//! The members of the cluster as this node knows them: written by the consensus thread, read by sessions, the peer links and the
//! snapshots.
//!
//! Invariants: the one in force is that of this node's log, committed or not; the committed ones ascend by index and lack none from the
//! log's base on.

use std::collections::BTreeMap;
use std::sync::Arc;

use consensus::{LogIndex, Member, Membership, NodeId};
use parking_lot::RwLock;

struct State {
    index: u64,
    in_force: Arc<Membership>,
    committed: BTreeMap<u64, Arc<Membership>>,
    /// What nodes told of themselves when they were met.
    met: BTreeMap<u64, Met>,
}

/// A node that was met.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Met {
    peer_address: String,
    sql_address: String,
}

/// See the module.
pub struct MemberBoard(RwLock<State>);

impl MemberBoard {
    /// What a node that starts knows: what is committed for certain at the log's base, and what is in force.
    #[must_use]
    pub fn new(base: (LogIndex, Membership), in_force: (LogIndex, Membership)) -> MemberBoard {
        MemberBoard(RwLock::new(State {
            index: in_force.0.get(),
            in_force: Arc::new(in_force.1),
            committed: BTreeMap::from([(base.0.get(), Arc::new(base.1))]),
            met: BTreeMap::new(),
        }))
    }

    /// The members now.
    #[must_use]
    pub fn in_force(&self) -> Arc<Membership> {
        Arc::clone(&self.0.read().in_force)
    }

    /// The index of the entry that made them so.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.0.read().index
    }

    /// A member.
    #[must_use]
    pub fn member(&self, id: u64) -> Option<Member> {
        let state = self.0.read();
        state.in_force.members.iter().find(|member| member.id.get() == id).cloned()
    }

    /// Where clients reach a member, as far as that is known.
    #[must_use]
    pub fn sql_address(&self, id: u64) -> Option<String> {
        let state = self.0.read();
        let known = state.in_force.members.iter().find(|member| member.id.get() == id)?;
        if !known.sql_address.is_empty() {
            return Some(known.sql_address.clone());
        }
        state.met.get(&id).map(|met| met.sql_address.clone())
    }

    /// Whether the id was removed, as far as that is committed: a removal that is not may still come to nothing, and then the others go on
    /// with that node.
    #[must_use]
    pub fn is_removed(&self, id: u64) -> bool {
        let state = self.0.read();
        let committed = state.committed.last_key_value();
        NodeId::try_new(id).is_some_and(|id| committed.is_some_and(|(_, known)| known.removed.contains(&id)))
    }

    /// A node was met and told where it is reached. True when it is no member in this node's view and was not met there before: then
    /// there is no link to it yet.
    pub fn meet(&self, id: u64, peer_address: &str, sql_address: &str) -> bool {
        let mut state = self.0.write();
        if state.met.len() >= consensus::limits::MEMBERS_MAX && !state.met.contains_key(&id) {
            state.met.pop_first();
        }
        let met = Met { peer_address: peer_address.to_owned(), sql_address: sql_address.to_owned() };
        let is_news = state.met.insert(id, met.clone()) != Some(met);
        is_news && !state.in_force.members.iter().any(|member| member.id.get() == id)
    }

    /// Whom this node needs links to, with their addresses: the members in force, those that are committed (a change that is not may come
    /// to nothing), and who else called: a node that joins knows only the founding members.
    #[must_use]
    pub fn reachable(&self) -> BTreeMap<u64, String> {
        let state = self.0.read();
        let committed = state.committed.last_key_value().map(|(_, known)| Arc::clone(known));
        let is_removed = |id: u64| {
            let removed = committed.as_ref().map(|known| known.removed.as_slice()).unwrap_or_default();
            removed.iter().any(|gone| gone.get() == id)
        };
        let met = state.met.iter().filter(|(id, _)| !is_removed(**id));
        let mut found: BTreeMap<u64, String> = met.map(|(id, met)| (*id, met.peer_address.clone())).collect();
        for members in committed.iter().chain([&state.in_force]) {
            found.extend(members.members.iter().map(|member| (member.id.get(), member.peer_address.clone())));
        }
        found
    }

    /// Other members are in force.
    pub fn set(&self, index: u64, membership: Membership) {
        let mut state = self.0.write();
        state.index = index;
        state.in_force = Arc::new(membership);
    }

    /// The members in force, if they are committed by now and that is news.
    pub fn commit(&self, commit: u64) -> Option<(u64, Arc<Membership>)> {
        let mut state = self.0.write();
        let (index, in_force) = (state.index, Arc::clone(&state.in_force));
        if index > commit || state.committed.get(&index).is_some_and(|known| *known == in_force) {
            return None;
        }
        state.committed.insert(index, Arc::clone(&in_force));
        Some((index, in_force))
    }

    /// The members at a committed index, for a snapshot of it.
    #[must_use]
    pub fn at(&self, index: u64) -> Option<(u64, Arc<Membership>)> {
        let state = self.0.read();
        state.committed.range(..=index).next_back().map(|(at, found)| (*at, Arc::clone(found)))
    }

    /// The log begins behind `base` now.
    pub fn forget_before(&self, base: u64) {
        let mut state = self.0.write();
        if let Some((&newest, _)) = state.committed.range(..=base).next_back() {
            state.committed = state.committed.split_off(&newest);
        }
    }

    /// The log was replaced: what is in force at `base` is all there is.
    pub fn reset(&self, membership: (LogIndex, Membership)) {
        let mut state = self.0.write();
        let in_force = Arc::new(membership.1);
        state.index = membership.0.get();
        state.committed = BTreeMap::from([(state.index, Arc::clone(&in_force))]);
        state.in_force = in_force;
    }
}
