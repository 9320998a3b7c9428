//! Authentication: `mysql_native_password` and `caching_sha2_password`, both sides.
//!
//! [`Authenticator`] is the server's side as a state machine over packets: it never sees a socket, an account table, a clock or a private
//! key. The server looks the account up and passes its [`Credential`]; for a name that is none it passes [`Credential::Decoy`], which goes
//! through the same packets as a wrong password, so that names cannot be probed.
//!
//! * native: the account holds SHA1(SHA1(password)); the client proves SHA1(password).
//! * sha2, fast path: the server remembers SHA256(SHA256(password)) of whoever has logged in before, and the client proves that it knows
//!   the password.
//! * sha2, full authentication, whenever the fast path does not decide for the client: the password itself, over TLS or encrypted with
//!   the server's RSA key. [`Step::Verify`] hands it out, because checking it against the account's salted hash is slow work, which is not
//!   done here. So a wrong password, one that is not remembered and an account that does not exist look alike.
//! * A client that starts with another plugin than the account's is asked to switch, once.
//!
//! Invariants: digests are compared in constant time; over a connection that is not encrypted a password in clear is never accepted; a login
//! takes at most [`AUTH_ROUNDS_MAX`] rounds.
//!
//! Left out: the rules of an account (locks, limits, expiry), `sha256_password`, and every plugin that sends passwords in clear.

mod credential;
mod denial;
mod digest;
mod password;

use std::sync::Arc;

pub use self::credential::{Credential, Plugin};
pub use self::denial::Denial;
pub use self::digest::{NATIVE_DIGEST_BYTES, SHA2_DIGEST_BYTES, native_digest, sha2_digest};
pub use self::password::{Password, Sent, hidden};
use crate::limits::{AUTH_RESPONSE_BYTES_MAX, AUTH_ROUNDS_MAX};
use crate::mysql::handshake::{AUTH_MORE_DATA_HEADER, Salt, put_auth_switch};

/// What a client of caching_sha2_password sends for the RSA key.
pub const REQUEST_PUBLIC_KEY: u8 = 2;
/// Status byte of caching_sha2_password: the fast path succeeded, an OK packet follows.
const FAST_AUTH_SUCCESS: u8 = 3;
/// Status byte of caching_sha2_password: send the password itself, over TLS or encrypted.
const PERFORM_FULL_AUTHENTICATION: u8 = 4;
/// What goes before the OK packet after the fast path.
const FAST_AUTH_PREFACE: &[u8] = &[AUTH_MORE_DATA_HEADER, FAST_AUTH_SUCCESS];

/// What the server does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send this payload as a packet, read a packet, call [`Authenticator::step`] with its payload.
    Send(Vec<u8>),
    /// Check this password against the account's salted hash, and call [`Authenticator::verified`]. For [`Credential::Decoy`] as much is
    /// done, and the answer does not count.
    Verify(Sent),
    /// The client is who it says. If `preface` is not empty it is sent as a packet of its own before the OK packet.
    Accept {
        /// Payload that goes before OK.
        preface: &'static [u8],
    },
    /// Send the denial's ERR packet and close.
    Deny(Denial),
}

/// What the next packet from the client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expecting {
    /// Nothing yet: `start` was not called.
    Start,
    /// An answer to the challenge, made by this plugin.
    Answer(Plugin),
    /// A password, or a request for the RSA key that is to encrypt it.
    FullAuthentication {
        /// The key was sent: it is not sent again.
        has_key: bool,
    },
    /// Nothing: the server is checking a password.
    Verdict,
    /// Nothing: it is decided.
    Nothing,
}

/// What both sides of a connection know when a login begins.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The connection's challenge.
    pub salt: Salt,
    /// The plugin that the greeting named.
    pub greeted: Plugin,
    /// Whether what is sent is encrypted, so that a password may be sent as it is.
    pub is_encrypted: bool,
    /// PEM: the key with which clients encrypt passwords where the connection is not encrypted.
    pub public_key: Arc<str>,
}

/// The server's side of one login.
#[derive(Debug)]
pub struct Authenticator {
    terms: Terms,
    credential: Credential,
    expecting: Expecting,
    rounds: u8,
}

impl Authenticator {
    /// A login on a connection of these terms.
    pub fn new(terms: Terms) -> Self {
        let credential = Credential::Decoy(terms.greeted);
        Authenticator { terms, credential, expecting: Expecting::Start, rounds: 0 }
    }

    /// Judges the handshake response (or COM_CHANGE_USER): the plugin it names, its answer, and the account that was
    /// found for its user. A response that names no plugin is of `mysql_native_password`, from a client that cannot
    /// switch.
    pub fn start(&mut self, client_plugin: Option<&[u8]>, answer: &[u8], credential: Credential) -> Step {
        let used = match client_plugin {
            Some(name) => Plugin::from_name(name),
            None => Some(Plugin::Native),
        };
        let required = credential.plugin();
        self.credential = credential;
        self.rounds = 1;
        let greeted = self.terms.greeted;
        // A client that does not know the greeting's plugin names its own one, and sends nothing for it: the
        // challenge was not meant for that plugin. So no answer is not yet an empty password.
        let has_answered = !answer.is_empty() || used == Some(greeted) || client_plugin.is_none();
        let plugin = required.or(used).unwrap_or(greeted);
        if used == Some(plugin) && has_answered {
            return self.judge(plugin, answer);
        }
        if client_plugin.is_none() {
            return self.deny(Denial::ClientTooOld);
        }
        self.expecting = Expecting::Answer(plugin);
        let mut payload = Vec::with_capacity(48);
        put_auth_switch(&mut payload, plugin.name(), &self.terms.salt);
        Step::Send(payload)
    }

    /// Judges the client's next packet after [`Step::Send`].
    pub fn step(&mut self, payload: &[u8]) -> Step {
        self.rounds = self.rounds.saturating_add(1);
        if self.rounds > AUTH_ROUNDS_MAX {
            return self.deny(Denial::TooManyRounds);
        }
        match self.expecting {
            Expecting::Answer(plugin) => self.judge(plugin, payload),
            Expecting::FullAuthentication { has_key } => self.take_password(payload, has_key),
            Expecting::Start | Expecting::Verdict | Expecting::Nothing => {
                self.deny(Denial::AccessDenied { using_password: true })
            }
        }
    }

    /// Goes on after [`Step::Verify`]: whether the password was the account's.
    pub fn verified(&mut self, is_right: bool) -> Step {
        let is_asked = self.expecting == Expecting::Verdict;
        if !is_asked || !is_right || matches!(self.credential, Credential::Decoy(_)) {
            return self.deny(Denial::AccessDenied { using_password: true });
        }
        self.expecting = Expecting::Nothing;
        Step::Accept { preface: &[] }
    }

    fn judge(&mut self, plugin: Plugin, answer: &[u8]) -> Step {
        // An empty password is answered by nothing, or by its closing NUL.
        let is_empty = matches!(answer, [] | [0]);
        let denial = Denial::AccessDenied { using_password: !is_empty };
        let is_right = match &self.credential {
            Credential::Empty => is_empty,
            _ if is_empty => false,
            credential => credential.is_proven(plugin, answer, &self.terms.salt),
        };
        if is_right {
            self.expecting = Expecting::Nothing;
            let is_fast = plugin == Plugin::CachingSha2 && !is_empty;
            return Step::Accept { preface: if is_fast { FAST_AUTH_PREFACE } else { &[] } };
        }
        let may_be_right = match &self.credential {
            Credential::Sha2 { .. } | Credential::Decoy(Plugin::CachingSha2) => {
                answer.len() == SHA2_DIGEST_BYTES
            }
            Credential::Empty | Credential::Native(_) | Credential::Decoy(Plugin::Native) => false,
        };
        if !may_be_right {
            return self.deny(denial);
        }
        self.expecting = Expecting::FullAuthentication { has_key: false };
        Step::Send(vec![AUTH_MORE_DATA_HEADER, PERFORM_FULL_AUTHENTICATION])
    }

    fn take_password(&mut self, payload: &[u8], has_key: bool) -> Step {
        let sent = match payload {
            _ if payload.len() > AUTH_RESPONSE_BYTES_MAX => None,
            _ if self.terms.is_encrypted => Some(Sent::Clear(Password::new(payload.to_vec()))),
            [REQUEST_PUBLIC_KEY] if !has_key => {
                self.expecting = Expecting::FullAuthentication { has_key: true };
                let key = self.terms.public_key.as_bytes();
                return Step::Send([&[AUTH_MORE_DATA_HEADER], key].concat());
            }
            // Shorter than anything that was encrypted: the password itself, maybe. It is not looked at.
            _ if payload.len() < CIPHERTEXT_BYTES_MIN => None,
            _ => Some(Sent::Encrypted { ciphertext: payload.to_vec(), salt: self.terms.salt }),
        };
        let Some(sent) = sent else { return self.deny(Denial::AccessDenied { using_password: true }) };
        self.expecting = Expecting::Verdict;
        Step::Verify(sent)
    }

    fn deny(&mut self, denial: Denial) -> Step {
        self.expecting = Expecting::Nothing;
        Step::Deny(denial)
    }
}

/// Bytes of what an RSA key of 1024 bits encrypts, the smallest that a server may have.
const CIPHERTEXT_BYTES_MIN: usize = 128;

/// What more authentication data means to a client of caching_sha2_password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoreData {
    /// The OK packet follows.
    FastAuthSuccess,
    /// The server wants the password itself.
    FullAuthentication,
    /// Anything else: the public key, if it was asked for.
    Unknown,
}

impl MoreData {
    /// Reads a packet that starts with [`AUTH_MORE_DATA_HEADER`].
    pub fn parse(payload: &[u8]) -> MoreData {
        match payload {
            [AUTH_MORE_DATA_HEADER, FAST_AUTH_SUCCESS] => MoreData::FastAuthSuccess,
            [AUTH_MORE_DATA_HEADER, PERFORM_FULL_AUTHENTICATION] => MoreData::FullAuthentication,
            _ => MoreData::Unknown,
        }
    }
}

#[cfg(test)]
mod tests;
