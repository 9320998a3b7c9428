//! What a client hears whose login is refused by its plugin.

use crate::mysql::error::{ErrorPacket, code};

/// Why a login was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// Unknown account or wrong password: error 1045.
    AccessDenied {
        /// Whether the client sent anything that needs a password.
        using_password: bool,
    },
    /// The account needs a plugin, and the client is older than plugins: error 1251.
    ClientTooOld,
    /// The client took more rounds than any login needs: error 1045.
    TooManyRounds,
}

/// Bytes of a user name in messages.
const USER_BYTES_MAX: usize = 48;

impl Denial {
    /// The ERR packet for the client, with names as the client gave them.
    pub fn to_packet(self, user: &str, host: &str) -> ErrorPacket {
        let denied = |using_password: bool| {
            let answer = if using_password { "YES" } else { "NO" };
            let user = &user[..user.floor_char_boundary(USER_BYTES_MAX)];
            let message = format!("Access denied for user '{user}'@'{host}' (using password: {answer})");
            ErrorPacket::new(code::ER_ACCESS_DENIED_ERROR, message)
        };
        match self {
            Denial::AccessDenied { using_password } => denied(using_password),
            Denial::TooManyRounds => denied(true),
            Denial::ClientTooOld => ErrorPacket::new(
                code::ER_NOT_SUPPORTED_AUTH_MODE,
                "Client does not support authentication protocol requested by server; consider upgrading MySQL client",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_reads_like_mysqls() {
        let denial = Denial::AccessDenied { using_password: false };
        let packet = denial.to_packet("bob", "10.0.0.1");
        assert_eq!((packet.code, packet.sqlstate()), (1045, "28000"));
        assert_eq!(packet.message, "Access denied for user 'bob'@'10.0.0.1' (using password: NO)");
        let long = denial.to_packet(&"é".repeat(90), "h").message;
        assert_eq!(long, format!("Access denied for user '{}'@'h' (using password: NO)", "é".repeat(24)));
        assert_eq!(Denial::ClientTooOld.to_packet("u", "h").code, 1251);
    }
}
