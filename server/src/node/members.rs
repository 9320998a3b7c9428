//! The members of the cluster as this node knows them: written by the consensus thread, read by sessions, the peer links and the
//! snapshots.
//!
//! Invariants: the one in force is that of this node's log, committed or not; those of the log are all known, from the one at the log's
//! base on, each before anybody can apply its entry. So what was in force at an applied index is known for certain, also when several
//! changes came at once or the node has just started.

use std::collections::BTreeMap;
use std::sync::Arc;

use consensus::{LogIndex, Member, Membership, NodeId};
use parking_lot::RwLock;

struct State {
    index: u64,
    in_force: Arc<Membership>,
    /// Every one of the log, by the index of its entry; the first was in force at the log's base.
    known: BTreeMap<u64, Arc<Membership>>,
    /// Those up to here are committed. Never below the first of `known`.
    committed: u64,
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
    /// What a node that starts knows: the one at its log's base, which is committed, and those in its log, ascending. None stands for a
    /// node that was told nothing.
    #[must_use]
    pub fn new(memberships: Vec<(LogIndex, Membership)>) -> MemberBoard {
        let found = memberships.into_iter().map(|(index, membership)| (index.get(), Arc::new(membership)));
        let mut known: BTreeMap<u64, Arc<Membership>> = found.collect();
        if known.is_empty() {
            known.insert(0, Arc::default());
        }
        let committed = known.first_key_value().map_or(0, |(index, _)| *index);
        let (index, in_force) = known
            .last_key_value()
            .map_or_else(Default::default, |(index, newest)| (*index, Arc::clone(newest)));
        MemberBoard(RwLock::new(State { index, in_force, known, committed, met: BTreeMap::new() }))
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

    /// Whether the members in force are committed, as far as this node knows.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let state = self.0.read();
        state.committed >= state.index
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
        let committed = state.committed();
        NodeId::try_new(id).is_some_and(|id| committed.is_some_and(|known| known.removed.contains(&id)))
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
        let committed = state.committed().map(Arc::clone);
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

    /// The log has one more, at its end.
    pub fn append(&self, index: u64, membership: Membership) {
        self.0.write().known.insert(index, Arc::new(membership));
    }

    /// The log ends before `from` now.
    pub fn truncate(&self, from: u64) {
        let mut state = self.0.write();
        // What is committed stays.
        let from = from.max(state.committed + 1);
        state.known.split_off(&from);
    }

    /// Everything up to `commit` is committed. Those that this is news of, ascending.
    pub fn commit(&self, commit: u64) -> Vec<(u64, Arc<Membership>)> {
        {
            // Asked at every commit, and almost never is there any.
            let state = self.0.read();
            if commit <= state.committed || state.known.range(state.committed + 1..=commit).next().is_none() {
                return Vec::new();
            }
        }
        let mut state = self.0.write();
        let range = state.known.range(state.committed + 1..=commit);
        let news: Vec<(u64, Arc<Membership>)> = range.map(|(at, found)| (*at, Arc::clone(found))).collect();
        if let Some((newest, _)) = news.last() {
            state.committed = *newest;
        }
        news
    }

    /// The members at an applied index, for a snapshot of it.
    #[must_use]
    pub fn at(&self, index: u64) -> Option<(u64, Arc<Membership>)> {
        let state = self.0.read();
        state.known.range(..=index).next_back().map(|(at, found)| (*at, Arc::clone(found)))
    }

    /// The log begins behind `base` now.
    pub fn forget_before(&self, base: u64) {
        let mut state = self.0.write();
        let newest = state.known.range(..=base).next_back().map(|(index, _)| *index);
        if let Some(newest) = newest {
            state.known = state.known.split_off(&newest);
            // Only what is committed is purged.
            state.committed = state.committed.max(newest);
        }
    }

    /// The log was replaced: what is in force at `base` is all there is.
    pub fn reset(&self, membership: (LogIndex, Membership)) {
        let mut state = self.0.write();
        let in_force = Arc::new(membership.1);
        state.index = membership.0.get();
        state.committed = state.index;
        state.known = BTreeMap::from([(state.index, Arc::clone(&in_force))]);
        state.in_force = in_force;
    }
}

impl State {
    /// The newest that is committed.
    fn committed(&self) -> Option<&Arc<Membership>> {
        self.known.get(&self.committed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(count: u64) -> Membership {
        let member = |id| Member::voter(NodeId::new(id), format!("h:{id}"), String::new());
        Membership { members: (1..=count).map(member).collect(), removed: Vec::new() }
    }

    fn index_at(board: &MemberBoard, index: u64) -> Option<u64> {
        board.at(index).map(|(at, found)| {
            assert_eq!(found.members.len() as u64, at / 10, "of its own entry");
            at
        })
    }

    fn started() -> MemberBoard {
        let list = [10, 20, 30].map(|at| (LogIndex::new(at), members(at / 10)));
        MemberBoard::new(list.into())
    }

    /// A node that has started gives snapshots of what it had applied before, and hears of no commit in a cluster that rests.
    #[test]
    fn after_a_start_the_members_at_every_index_are_known() {
        let board = started();
        assert_eq!(board.index(), 30);
        assert_eq!(
            [9, 10, 19, 20, 29, 30, 99].map(|index| index_at(&board, index)),
            [None, Some(10), Some(10), Some(20), Some(20), Some(30), Some(30)]
        );
    }

    #[test]
    fn changes_that_are_committed_together_are_all_told_once() {
        let board = started();
        let told = |commit| board.commit(commit).into_iter().map(|(at, _)| at).collect::<Vec<u64>>();
        assert_eq!(told(10), Vec::<u64>::new(), "the one at the base is written down already");
        assert_eq!(told(30), [20, 30]);
        board.append(40, members(4));
        board.append(50, members(5));
        board.set(50, members(5));
        assert_eq!(
            index_at(&board, 49),
            Some(40),
            "known before it is committed, for who applies it at once"
        );
        assert_eq!(told(39), Vec::<u64>::new());
        assert_eq!(told(60), [40, 50]);
        assert_eq!(told(60), Vec::<u64>::new());
    }

    #[test]
    fn a_change_that_came_to_nothing_is_forgotten() {
        let board = started();
        board.commit(30);
        board.append(40, members(4));
        board.set(40, members(4));
        board.truncate(35);
        board.set(30, members(3));
        assert_eq!(index_at(&board, 45), Some(30));
        assert!(board.commit(45).is_empty());
        board.forget_before(31);
        assert_eq!(index_at(&board, 29), None);
        assert_eq!(index_at(&board, 31), Some(30));
    }
}
