//! Who leads, as far as this node knows: written by the consensus thread, read by every session.

use parking_lot::RwLock;

/// What this node knows of the leadership.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleState {
    /// `leader`, `follower`, `learner`, `candidate` or `pre-candidate`.
    pub role: &'static str,
    /// Current term. Never goes down.
    pub term: u64,
    /// The leader of the term, if known; this node itself when it leads.
    pub leader: Option<u64>,
    /// True on a leader that has applied everything committed before it and takes writes.
    pub serving: bool,
}

impl RoleState {
    /// The role as clients see it: a leader is called so only once it takes writes.
    #[must_use]
    pub fn shown(&self) -> &'static str {
        if self.role == "leader" && !self.serving { "becoming leader" } else { self.role }
    }
}

/// The board the role is written on.
pub struct RoleBoard {
    node_id: u64,
    state: RwLock<RoleState>,
}

impl RoleBoard {
    /// A board that says `follower` of nobody.
    #[must_use]
    pub fn new(node_id: u64) -> RoleBoard {
        RoleBoard { node_id, state: RwLock::new(RoleState { role: "follower", ..RoleState::default() }) }
    }

    /// What it says now.
    #[must_use]
    pub fn get(&self) -> RoleState {
        self.state.read().clone()
    }

    /// The consensus thread's new role; not serving until [`RoleBoard::serve`].
    pub fn set(&self, role: &'static str, term: u64, leader: Option<u64>) {
        let mut state = self.state.write();
        assert!(term >= state.term, "terms never go down");
        let serving = state.serving && role == "leader" && state.term == term;
        *state = RoleState { role, term, leader, serving };
    }

    /// The leader of `term` opens for writes.
    pub fn serve(&self, term: u64) {
        let mut state = self.state.write();
        if state.term == term && state.leader == Some(self.node_id) {
            state.serving = true;
        }
    }
}
