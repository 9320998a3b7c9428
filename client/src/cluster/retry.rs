//! What may be tried again, and when.
//!
//! Everything here errs to one side: what is not known to be without effect is not repeated.

use std::time::{Duration, Instant};

use wire::mysql::error::code;

use crate::{Error, ServerError, limits};

/// What a failure means for what has not been committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The node does not lead or is gone, and with it everything uncommitted: again, on the leader.
    LeaderLost,
    /// The node took nothing, as one that does not lead: again, unless it leads and has another reason, such as `read_only`.
    Refused,
    /// Rolled back because of another transaction: again.
    Conflict,
    /// The caller's.
    Final,
}

/// Judges an error of a statement in a transaction whose COMMIT was not sent.
pub(super) fn before_commit(error: &Error, retries_lock_waits: bool) -> Verdict {
    match error {
        Error::Connect { .. } | Error::Stale | Error::Lost { .. } => Verdict::LeaderLost,
        _ if error.is_not_leader() => Verdict::Refused,
        Error::Server(server) => match server.code {
            code::ER_LOCK_DEADLOCK => Verdict::Conflict,
            code::ER_LOCK_WAIT_TIMEOUT if retries_lock_waits => Verdict::Conflict,
            code::ER_SERVER_SHUTDOWN => Verdict::LeaderLost,
            _ if is_not_confirmed(server) => Verdict::LeaderLost,
            _ => Verdict::Final,
        },
        // A node that is full, or that stops, is as good as one that is not there.
        Error::LoginRefused { error, .. } => match error.code {
            code::ER_CON_COUNT_ERROR | code::ER_SERVER_SHUTDOWN => Verdict::LeaderLost,
            _ => Verdict::Final,
        },
        Error::Tls { .. }
        | Error::Protocol(_)
        | Error::NotSupported { .. }
        | Error::NoLeader { .. }
        | Error::Busy { .. }
        | Error::Unknown { .. }
        | Error::AnswerLost { .. } => Verdict::Final,
    }
}

/// A strong read on a node that hears from no majority.
fn is_not_confirmed(error: &ServerError) -> bool {
    error.code == code::ER_UNKNOWN_ERROR && error.message.contains("no majority")
}

/// What became of a write whose COMMIT, or which itself, was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Certainly not committed, and may be tried again.
    NotCommitted(Verdict),
    /// Not known here; it has this name.
    InDoubt(String),
    /// Not known, and has no name.
    Unknown,
    /// Certainly not committed, and the caller's.
    Failed,
}

/// Judges an error of a COMMIT, or of a statement that commits by itself.
pub(super) fn after_commit(error: &Error, retries_lock_waits: bool) -> Fate {
    if let Error::Server(server) = error {
        if server.code == code::ER_UNKNOWN_ERROR
            && let Some(gtid) = named_gtid(&server.message)
        {
            return Fate::InDoubt(gtid.to_owned());
        }
        // MySQL's 1053 does not say what became of it. Quorate's does: only when the transaction is not to be.
        if server.code == code::ER_SERVER_SHUTDOWN && server.message.contains("rolled back") {
            return Fate::NotCommitted(Verdict::LeaderLost);
        }
    }
    if error.may_have_run() {
        return Fate::Unknown;
    }
    match before_commit(error, retries_lock_waits) {
        Verdict::Final => Fate::Failed,
        verdict => Fate::NotCommitted(verdict),
    }
}

/// The transaction's name in the error that says that its outcome is not known yet.
fn named_gtid(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("quorate_transaction_outcome('")?;
    let (gtid, _) = rest.split_once('\'')?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':' | b'_');
    (!gtid.is_empty() && gtid.bytes().all(is_plain)).then_some(gtid)
}

/// The place in the log that a transaction's name ends with.
pub(super) fn gtid_index(gtid: &str) -> Option<u64> {
    gtid.rsplit(':').next()?.parse().ok()
}

/// Pauses between tries: each up to twice as long as the one before, and of random length, so that many clients do not come at once.
#[derive(Debug)]
pub(super) struct Backoff {
    pause_max: Duration,
}

impl Backoff {
    pub(super) fn new() -> Backoff {
        Backoff { pause_max: limits::RETRY_PAUSE_MIN }
    }

    /// Waits, at most until the deadline.
    pub(super) async fn pause(&mut self, deadline: Instant) {
        let wanted = self.pause_max.mul_f64(rand::random_range(0.5..=1.0));
        self.pause_max = (self.pause_max * 2).min(limits::RETRY_PAUSE_MAX);
        let left = deadline.saturating_duration_since(Instant::now());
        tokio::time::sleep(wanted.min(left)).await;
    }
}

/// What a statement's first word says of it. A statement that begins with a comment or a parenthesis is looked at behind them; one
/// that hides its beginning (`/*!`) has no known kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Reads.
    Read,
    /// Changes rows.
    Write,
    /// Is part of a transaction, and changes nothing outside of it (savepoints), or only this session's variables.
    Session,
    /// Begins or ends a transaction.
    Control,
    /// Anything else.
    Other,
}

impl Kind {
    pub(super) fn of(sql: &str) -> Kind {
        let Some(rest) = skip_comments(sql) else { return Kind::Other };
        let mut words = rest.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        let first = words.next().unwrap_or_default().to_ascii_uppercase();
        let second = words.find(|word| !word.is_empty()).unwrap_or_default().to_ascii_uppercase();
        match (first.as_str(), second.as_str()) {
            // A WITH may also begin a DELETE or an UPDATE.
            ("SELECT" | "SHOW" | "VALUES" | "TABLE" | "DESCRIBE" | "DESC" | "EXPLAIN", _) => Kind::Read,
            ("INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "WITH" | "DO", _) => Kind::Write,
            ("SAVEPOINT", _) | ("RELEASE", "SAVEPOINT") => Kind::Session,
            ("ROLLBACK", "TO") => Kind::Session,
            ("ROLLBACK", "WORK") if contains(rest, " TO ") => Kind::Session,
            ("SET", _) if contains(rest, "autocommit") => Kind::Control,
            ("SET", _) => Kind::Session,
            ("BEGIN" | "START" | "COMMIT" | "ROLLBACK" | "XA", _) => Kind::Control,
            _ => Kind::Other,
        }
    }

    /// Whether the statement can be part of a transaction that is run again: it cannot end it.
    pub(super) fn may_be_in_transaction(self, sql: &str) -> bool {
        matches!(self, Kind::Read | Kind::Write | Kind::Session) && !contains(sql, "COMMIT_ON_SUCCESS")
    }

    /// Whether the session is after the statement as it was before: no variables, no locks by name, nothing that stays.
    pub(super) fn leaves_no_trace(self, sql: &str) -> bool {
        matches!(self, Kind::Read | Kind::Write) && !sql.contains('@') && !contains(sql, "_LOCK")
    }
}

/// Whether these words are in a statement, in capitals or not.
fn contains(sql: &str, words: &str) -> bool {
    sql.as_bytes().windows(words.len()).any(|part| part.eq_ignore_ascii_case(words.as_bytes()))
}

fn skip_comments(sql: &str) -> Option<&str> {
    let mut rest = sql;
    loop {
        rest = rest.trim_start_matches(|character: char| character.is_whitespace() || character == '(');
        if rest.starts_with("/*!") || rest.starts_with("/*M!") {
            return None;
        }
        rest = if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/")?.1
        } else if rest.starts_with('#') || rest.starts_with("-- ") || rest.starts_with("--\n") {
            rest.split_once('\n')?.1
        } else {
            return Some(rest);
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(code: u16, message: &str) -> Error {
        Error::Server(ServerError { code, sqlstate: "HY000".into(), message: message.into() })
    }

    fn lost() -> Error {
        Error::Lost { source: std::io::ErrorKind::TimedOut.into() }
    }

    const IN_DOUBT: &str = "Internal error: leadership moved while the transaction 3f-0c:t7:12 waited; \
        before trying it again ask SELECT quorate_transaction_outcome('3f-0c:t7:12') on any node";

    #[test]
    fn before_the_commit_a_lost_connection_loses_nothing() {
        for error in [lost(), Error::Stale, server(1053, "stop")] {
            assert_eq!(before_commit(&error, false), Verdict::LeaderLost, "{error}");
        }
        assert_eq!(before_commit(&server(1290, "read-only"), false), Verdict::Refused);
        assert_eq!(before_commit(&server(1213, "deadlock"), false), Verdict::Conflict);
        assert_eq!(before_commit(&server(1205, "lock wait"), false), Verdict::Final);
        assert_eq!(before_commit(&server(1205, "lock wait"), true), Verdict::Conflict);
        assert_eq!(before_commit(&server(1062, "duplicate"), true), Verdict::Final);
        assert_eq!(before_commit(&wire::Error::Malformed { what: "row" }.into(), true), Verdict::Final);
    }

    #[test]
    fn after_the_commit_only_what_certainly_did_not_happen_is_tried_again() {
        assert_eq!(after_commit(&lost(), true), Fate::Unknown);
        assert_eq!(after_commit(&wire::Error::Malformed { what: "row" }.into(), true), Fate::Unknown);
        assert_eq!(after_commit(&server(1053, "Server shutdown in progress"), true), Fate::Unknown);
        let said = "Server shutdown in progress (leadership moved to another node; the transaction was rolled back, retry it there)";
        assert_eq!(after_commit(&server(1053, said), true), Fate::NotCommitted(Verdict::LeaderLost));
        assert_eq!(after_commit(&server(1105, IN_DOUBT), true), Fate::InDoubt("3f-0c:t7:12".into()));
        assert_eq!(after_commit(&server(1317, "interrupted"), true), Fate::Unknown);
        assert_eq!(after_commit(&Error::Stale, true), Fate::NotCommitted(Verdict::LeaderLost));
        assert_eq!(after_commit(&server(1213, "deadlock"), true), Fate::NotCommitted(Verdict::Conflict));
        assert_eq!(after_commit(&server(1062, "duplicate"), true), Fate::Failed);
        assert_eq!(named_gtid("quorate_transaction_outcome('x' or '1')"), Some("x"));
        assert_eq!(
            named_gtid("quorate_transaction_outcome('x or 1')"),
            None,
            "nothing that could be more than a name"
        );
        assert_eq!(gtid_index("3f-0c:t7:12"), Some(12));
    }

    #[test]
    fn kinds_of_statements() {
        let cases = [
            ("select 1", Kind::Read),
            (" /* a */ (SELECT 1)", Kind::Read),
            ("-- a\n# b\nUPDATE t SET a = 1", Kind::Write),
            ("with x as (select 1) delete from t", Kind::Write),
            ("/*! COMMIT */", Kind::Other),
            ("commit", Kind::Control),
            ("Begin", Kind::Control),
            ("rollback to a", Kind::Session),
            ("ROLLBACK WORK TO SAVEPOINT a", Kind::Session),
            ("rollback", Kind::Control),
            ("ROLLBACK AND CHAIN", Kind::Control),
            ("set @@autocommit = 1", Kind::Control),
            ("set @a = 1", Kind::Session),
            ("create table t (a int)", Kind::Other),
            ("call p()", Kind::Other),
            ("", Kind::Other),
            ("/* open", Kind::Other),
        ];
        for (sql, kind) in cases {
            assert_eq!(Kind::of(sql), kind, "{sql}");
        }
        let may = |sql: &str| Kind::of(sql).may_be_in_transaction(sql);
        assert!(may("UPDATE t SET a = 1") && !may("COMMIT") && !may("DROP TABLE t"));
        assert!(!may("UPDATE /*+ commit_on_success */ t SET a = 1"));
        let clean = |sql: &str| Kind::of(sql).leaves_no_trace(sql);
        assert!(clean("SELECT a FROM t") && !clean("SELECT @a := 1") && !clean("SELECT get_lock('a', 1)"));
        assert!(!clean("SET a = 1"));
    }
}
