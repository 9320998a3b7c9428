//! What a client hears that is not let in, or not let on.

use wire::mysql::auth::Denial;
use wire::mysql::error::ErrorPacket;

/// Why an account does not get what it wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Its plugin says so; or the connection is not as the account requires it.
    Denied(Denial),
    /// 3955: too many wrong passwords.
    Blocked {
        /// PASSWORD_LOCK_TIME; none when it is unbounded.
        days: Option<u16>,
        /// What is left of it.
        remaining_days: u64,
        /// FAILED_LOGIN_ATTEMPTS.
        failures: u16,
    },
    /// 3118: ACCOUNT LOCK.
    Locked,
    /// 1862: the password has expired, and the client could not change it.
    PasswordExpired,
    /// 1226: a limit of the account.
    LimitReached {
        /// MySQL's word for it.
        resource: &'static str,
        /// The limit.
        limit: u32,
    },
    /// 1040: the last connection is for who may look after the others.
    TooManyConnections,
    /// 3168: which accounts there are is not known here yet.
    NotReady,
}

impl Refusal {
    /// The ERR packet: with the name and the host as the client has them, and the name of the account.
    #[must_use]
    pub fn to_packet(&self, user: &str, host: &str, account: &str) -> ErrorPacket {
        let who = format!("Access denied for user '{}'@'{host}'.", &user[..user.floor_char_boundary(48)]);
        match self {
            Refusal::Denied(denial) => denial.to_packet(user, host),
            Refusal::Blocked { days, remaining_days, failures } => {
                let days_text =
                    |days: Option<u64>| days.map_or_else(|| "unlimited".to_owned(), |days| days.to_string());
                let (total, left) =
                    (days_text(days.map(u64::from)), days_text(days.map(|_| *remaining_days)));
                let message = format!(
                    "{who} Account is blocked for {total} day(s) ({left} day(s) remaining) due to {failures} consecutive \
                     failed logins."
                );
                ErrorPacket::new(3955, message)
            }
            Refusal::Locked => ErrorPacket::new(3118, format!("{who} Account is locked.")),
            Refusal::PasswordExpired => ErrorPacket::new(
                1862,
                "Your password has expired. To log in you must change it using a client that supports expired passwords.",
            ),
            Refusal::LimitReached { .. } => crate::node::errno::packet(&self.to_error(account)),
            Refusal::TooManyConnections => ErrorPacket::new(1040, "Too many connections"),
            Refusal::NotReady => ErrorPacket::new(
                3168,
                "Server isn't available: this node does not know the accounts yet; it is replaying its log, or loading a \
                 snapshot. Try again, or another node",
            ),
        }
    }

    /// The error of a statement.
    #[must_use]
    pub fn to_error(&self, account: &str) -> sql::Error {
        match self {
            Refusal::LimitReached { resource, limit } => sql::Error {
                code: 1226,
                state: *b"42000",
                message: format!(
                    "User '{account}' has exceeded the '{resource}' resource (current value: {limit})"
                ),
            },
            other => {
                let packet = other.to_packet(account, "%", account);
                sql::Error { code: packet.code, state: packet.sqlstate, message: packet.message }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_read_like_mysqls() {
        let heard = |refusal: Refusal| {
            let packet = refusal.to_packet("bob", "10.0.0.1", "bob");
            format!("{} ({}): {}", packet.code, packet.sqlstate(), packet.message)
        };
        let blocked = |days, remaining_days| heard(Refusal::Blocked { days, remaining_days, failures: 2 });
        assert_eq!(
            blocked(Some(3), 1),
            "3955 (HY000): Access denied for user 'bob'@'10.0.0.1'. Account is blocked for 3 day(s) (1 day(s) remaining) \
             due to 2 consecutive failed logins."
        );
        assert!(blocked(None, 0).contains("for unlimited day(s) (unlimited day(s) remaining)"));
        assert_eq!(
            heard(Refusal::Locked),
            "3118 (HY000): Access denied for user 'bob'@'10.0.0.1'. Account is locked."
        );
        assert_eq!(
            heard(Refusal::LimitReached { resource: "max_questions", limit: 3 }),
            "1226 (42000): User 'bob' has exceeded the 'max_questions' resource (current value: 3)"
        );
        assert!(heard(Refusal::PasswordExpired).starts_with("1862 (HY000): Your password has expired."));
        assert_eq!(heard(Refusal::TooManyConnections), "1040 (08004): Too many connections");
        assert!(heard(Refusal::NotReady).starts_with("3168 (HY000): Server isn't available"));
    }
}
