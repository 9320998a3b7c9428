//! A login on a connection: the packets of [`wire::mysql::auth`], played between the client and [`crate::node::login`].
//!
//! Passwords are decrypted and hashed on threads of their own, a bounded number at once, and within the time that a client has for its
//! login. Whoever is refused is told so in MySQL's words and the connection ends, also after COM_CHANGE_USER.
//!
//! Invariant: an account that does not exist, or has another password, takes the same steps and hears the same.

pub mod key;
pub mod names;

use std::net::IpAddr;
use std::sync::Arc;

use sql::account::{Account, ClientHost};
use wire::mysql::auth::{Authenticator, Denial, Plugin, Sent, Step, Terms};
use wire::mysql::error::{ErrorPacket, code};
use wire::mysql::handshake::Salt;

use self::key::PasswordKey;
use super::connection::{End, Socket};
use crate::node::Node;
use crate::node::login::{Connecting, Proven, Refusal, Standing, verify};

/// The plugin that the greeting names.
pub const DEFAULT_PLUGIN: Plugin = Plugin::CachingSha2;

/// Who says to be whom.
pub struct Attempt<'a> {
    /// The connection's challenge.
    pub salt: Salt,
    /// The plugin that made the answer.
    pub plugin: Option<&'a [u8]>,
    /// The first answer.
    pub answer: &'a [u8],
    /// The user's name.
    pub user: &'a [u8],
    /// Where the client is.
    pub host: &'a ClientHost,
    /// What the account's rules are judged by.
    pub connecting: &'a Connecting,
}

/// Plays a login. `sequence` is the number of the client's packet.
///
/// # Errors
/// When the client went away or was refused; it has been told then.
pub async fn log_in(
    node: &Arc<Node>,
    socket: &mut Socket,
    sequence: u8,
    attempt: &Attempt<'_>,
) -> Result<Standing, End> {
    socket.writer.set_sequence(sequence.wrapping_add(1));
    let Some(accounts) = node.logins.accounts(node) else {
        return refuse(node, socket, attempt, &Refusal::NotReady, None).await;
    };
    // A name that is no text is nobody's.
    let account = std::str::from_utf8(attempt.user).ok().and_then(|user| accounts.find(user, attempt.host));
    let Some(key) = node.password_key.get() else {
        return refuse(node, socket, attempt, &Refusal::NotReady, None).await;
    };
    let shown = String::from_utf8_lossy(attempt.user);
    let credential = node.logins.credential(&accounts, &shown, account.map(Arc::as_ref));
    let undecided = Undecided { node, account: account.filter(|_| !matches!(attempt.answer, [] | [0])) };
    let denial = play(node, socket, attempt, key, account, credential).await?;
    undecided.end();
    match (denial, account) {
        (Some(denial), account) => {
            let blocked = account.and_then(|account| node.logins.failed(account));
            let refusal = blocked.unwrap_or(Refusal::Denied(denial));
            refuse(node, socket, attempt, &refusal, account).await
        }
        (None, None) => {
            let denial = Denial::AccessDenied { using_password: true };
            refuse(node, socket, attempt, &Refusal::Denied(denial), None).await
        }
        (None, Some(account)) => match node.logins.admit(&accounts, account, attempt.connecting) {
            Ok(standing) => Ok(standing),
            Err(refusal) => refuse(node, socket, attempt, &refusal, Some(account)).await,
        },
    }
}

/// A login that has begun. Who hears that the password was not the one that is remembered, and leaves or lets the time pass, has tried it
/// all the same: that counts as a failure, as in MySQL.
struct Undecided<'a> {
    node: &'a Node,
    account: Option<&'a Arc<Account>>,
}

impl Undecided<'_> {
    fn end(mut self) {
        self.account = None;
    }
}

impl Drop for Undecided<'_> {
    fn drop(&mut self) {
        if let Some(account) = self.account {
            let _ = self.node.logins.failed(account);
        }
    }
}

/// Plays the plugin's packets; why the client is denied, if it is. Packets before the OK packet are in the socket's buffer then.
async fn play(
    node: &Arc<Node>,
    socket: &mut Socket,
    attempt: &Attempt<'_>,
    key: &PasswordKey,
    account: Option<&Arc<Account>>,
    credential: wire::mysql::auth::Credential,
) -> Result<Option<Denial>, End> {
    let mut authenticator = Authenticator::new(Terms {
        salt: attempt.salt,
        greeted: DEFAULT_PLUGIN,
        is_encrypted: socket.channel.is_secure(),
        public_key: key.public_pem(),
    });
    let mut step = authenticator.start(attempt.plugin, attempt.answer, credential);
    loop {
        step = match step {
            Step::Accept { preface } => {
                if !preface.is_empty() {
                    socket.writer.put_packet(preface);
                }
                return Ok(None);
            }
            Step::Deny(denial) => return Ok(Some(denial)),
            Step::Verify(sent) => {
                let proven = check_password(node, key, account, sent).await?;
                let is_right = proven.is_some();
                if let (Some(proven), Some(account)) = (proven, account) {
                    node.logins.remember(account, proven);
                }
                authenticator.verified(is_right)
            }
            Step::Send(payload) => {
                socket.writer.put_packet(&payload);
                socket.reader.set_sequence_next(socket.writer.sequence());
                let packet = socket.packet().await?;
                socket.writer.set_sequence(packet.sequence.wrapping_add(1));
                authenticator.step(&packet.payload)
            }
        };
    }
}

/// Decrypts and checks a password, on a thread of its own.
async fn check_password(
    node: &Arc<Node>,
    key: &PasswordKey,
    account: Option<&Arc<Account>>,
    sent: Sent,
) -> Result<Option<Proven>, End> {
    let _place = node.logins.checks.acquire().await.map_err(std::io::Error::other)?;
    let (key, account) = (key.clone(), account.cloned());
    let checked = tokio::task::spawn_blocking(move || {
        let password = sent.reveal(|ciphertext| key.decrypt(ciphertext));
        verify(account.as_deref(), password.as_ref())
    });
    Ok(checked.await.map_err(std::io::Error::other)?)
}

/// Tells the client, and the log, that it is not let in.
async fn refuse(
    node: &Node,
    socket: &mut Socket,
    attempt: &Attempt<'_>,
    refusal: &Refusal,
    account: Option<&Arc<Account>>,
) -> Result<Standing, End> {
    let user = String::from_utf8_lossy(attempt.user);
    let host = attempt.host.name();
    let account_user = account.map_or(&*user, |account| &account.id.user);
    let packet = refusal.to_packet(&user, host, account_user);
    if let Some(unlogged_count) = node.logins.log_refusal() {
        let error = packet.code;
        tracing::warn!(%host, error, unlogged_count, "refused a login: {:?}", bounded(&packet.message));
    }
    packet.encode(&mut socket.writer);
    socket.flush().await?;
    Err(End::Closed)
}

/// As much of a message as is worth a line: it holds what the client says to be called.
fn bounded(message: &str) -> &str {
    &message[..message.floor_char_boundary(256)]
}

/// Whether any account could be that of a client at this address, or it is a proxy, whose clients' addresses come later. Without accounts
/// of its own a cluster serves this machine only.
#[must_use]
pub fn knows_host(node: &Node, address: IpAddr) -> bool {
    let host = ClientHost::from_address(address);
    let accounts = node.logins.accounts(node);
    node.config.proxy_networks.contain(address)
        || accounts.is_none_or(|accounts| accounts.iter().any(|account| host.is_in(&account.id.host)))
}

/// The packet for a client that comes from where no account is. It is sent in place of the greeting.
#[must_use]
pub fn host_refused(address: IpAddr) -> ErrorPacket {
    ErrorPacket::new(
        code::ER_HOST_NOT_PRIVILEGED,
        format!("Host '{}' is not allowed to connect to this MySQL server", address.to_canonical()),
    )
}
