//! A session's variables as one node hands them to another: by name, those that are not as they are compiled in.

use super::SessionVariables;
use super::access::{default, of_session, store};
use super::registry::{Effect, Scope, VARIABLES, Variable, find};
use crate::session::SessionState;
use crate::types::Value;

/// Whether a variable belongs to the session alone, and is a variable: the diagnostics and what the last INSERT gave are carried otherwise.
fn is_carried(variable: &Variable) -> bool {
    let is_counter = matches!(
        variable.name,
        "identity" | "last_insert_id" | "error_count" | "warning_count" | "pseudo_thread_id"
    );
    variable.scope != Scope::Global
        && !is_counter
        && matches!(variable.effect, Effect::Acts | Effect::Hint | Effect::Only)
}

/// The session values that differ from those compiled in.
#[must_use]
pub fn carried(session: &SessionState) -> Vec<(&'static str, Value)> {
    let of_sessions = VARIABLES.iter().filter(|variable| is_carried(variable));
    let changed = |variable: &'static Variable| {
        if variable.name == "timestamp" && session.variables.timestamp_us.is_none() {
            return None;
        }
        let value = of_session(variable, session);
        (value != default(variable)).then_some((variable.name, value))
    };
    of_sessions.filter_map(changed).collect()
}

/// Makes the session's variables those that were carried here. Names that are unknown here, as to an older node, are left out.
pub fn restore<'a>(session: &mut SessionState, carried: impl IntoIterator<Item = (&'a str, Value)>) {
    session.variables = SessionVariables::default();
    for (name, value) in carried {
        if let Some(variable) = find(name).filter(|variable| is_carried(variable)) {
            store(&mut session.variables, variable.name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::test_support::session;
    use crate::variables::{Isolation, SqlMode};

    #[test]
    fn a_new_session_has_nothing_to_carry() {
        assert_eq!(carried(&session()), []);
    }

    #[test]
    fn what_was_set_arrives() {
        let mut from = session();
        let text = |word: &'static str| Value::Text(word.into());
        for (name, value) in [
            ("autocommit", Value::Int(0)),
            ("sql_mode", text("ANSI_QUOTES")),
            ("time_zone", text("+02:00")),
            ("transaction_isolation", text("SERIALIZABLE")),
            ("collation_connection", text("utf8mb4_bin")),
            ("insert_id", Value::UInt(7)),
            ("innodb_lock_wait_timeout", Value::UInt(3)),
            ("net_write_timeout", Value::UInt(11)),
        ] {
            store(&mut from.variables, find(name).unwrap().name, value);
        }
        let mut to = session();
        let packed: Vec<(&str, Value)> = carried(&from);
        restore(&mut to, packed.iter().map(|(name, value)| (*name, value.clone())));
        assert_eq!(carried(&to), packed);
        assert!(!to.variables.autocommit && to.variables.sql_mode == SqlMode(SqlMode::ANSI_QUOTES));
        assert_eq!(to.variables.isolation, Isolation::Serializable);
        assert_eq!((to.variables.time_zone, to.variables.insert_id), (7_200.into(), 7));
        restore(&mut to, [("autocommit", Value::Int(0)), ("no_such", Value::Null), ("version", Value::Null)]);
        assert_eq!(carried(&to), [("autocommit", Value::Int(0))]);
    }
}
