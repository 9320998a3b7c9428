//! What a session's statements have changed of it since the client was last told: for clients that track the session's state.

use std::collections::BTreeSet;

use super::SessionState;

/// Changes that have happened, whether or not anything came of them: MySQL reports `USE d` also when `d` was the database before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tracked {
    /// System variables whose session value was set.
    pub variables: BTreeSet<&'static str>,
    /// The database was chosen.
    pub schema: bool,
    /// Something of the session was changed, of whatever kind.
    pub state: bool,
}

impl SessionState {
    /// A system variable's session value was set.
    pub(crate) fn note_variable(&mut self, name: &'static str) {
        if let Some(tracked) = &mut self.tracked {
            tracked.variables.insert(name);
            tracked.state = true;
        }
    }

    /// The database was chosen.
    pub fn note_schema(&mut self) {
        if let Some(tracked) = &mut self.tracked {
            tracked.schema = true;
            tracked.state = true;
        }
    }

    /// Something else of the session was changed.
    pub fn note_state(&mut self) {
        if let Some(tracked) = &mut self.tracked {
            tracked.state = true;
        }
    }
}
