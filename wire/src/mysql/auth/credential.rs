//! What an account's password is checked against, and by which plugin.

use super::digest::{
    NATIVE_DIGEST_BYTES, SHA2_DIGEST_BYTES, native_answer, native_digest, native_is_right, sha2_answer,
    sha2_digest, sha2_is_right,
};
use crate::mysql::handshake::Salt;

/// An authentication plugin that is spoken here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plugin {
    /// `mysql_native_password`.
    Native,
    /// `caching_sha2_password`.
    CachingSha2,
}

impl Plugin {
    /// The name in the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Plugin::Native => "mysql_native_password",
            Plugin::CachingSha2 => "caching_sha2_password",
        }
    }

    /// The plugin of this name, if it is spoken here.
    pub fn from_name(name: &[u8]) -> Option<Plugin> {
        [Plugin::Native, Plugin::CachingSha2].into_iter().find(|plugin| plugin.name().as_bytes() == name)
    }

    /// The client's answer to a challenge.
    pub fn answer(self, password: &[u8], salt: &Salt) -> Vec<u8> {
        match self {
            _ if password.is_empty() => Vec::new(),
            Plugin::Native => native_answer(password, salt).to_vec(),
            Plugin::CachingSha2 => sha2_answer(password, salt).to_vec(),
        }
    }
}

/// What an account is checked against. An account that has kept its former password beside the present one has two digests.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// There is no such account. The login goes the way of an account of this plugin, whose password it does not know.
    Decoy(Plugin),
    /// The account has no password.
    Empty,
    /// SHA1(SHA1(password)) of each password, for `mysql_native_password`.
    Native(Vec<[u8; NATIVE_DIGEST_BYTES]>),
    /// `caching_sha2_password`, whose salted hash the server has.
    Sha2 {
        /// SHA256(SHA256(password)) of each password with which somebody has logged in before.
        remembered: Vec<[u8; SHA2_DIGEST_BYTES]>,
    },
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A digest is as good as the password to whoever has heard a login, so it is never printed.
        f.write_str(match self {
            Credential::Decoy(_) => "Decoy",
            Credential::Empty => "Empty",
            Credential::Native(_) => "Native(..)",
            Credential::Sha2 { .. } => "Sha2(..)",
        })
    }
}

impl Credential {
    /// The credential of a password for a plugin, as if somebody had logged in with it; an empty password gives [`Credential::Empty`].
    pub fn from_password(plugin: Plugin, password: &[u8]) -> Credential {
        match plugin {
            _ if password.is_empty() => Credential::Empty,
            Plugin::Native => Credential::Native(vec![native_digest(password)]),
            Plugin::CachingSha2 => Credential::Sha2 { remembered: vec![sha2_digest(password)] },
        }
    }

    /// The plugin the client must use; `None`: any that is spoken here.
    pub fn plugin(&self) -> Option<Plugin> {
        match self {
            Credential::Empty => None,
            Credential::Decoy(plugin) => Some(*plugin),
            Credential::Native(_) => Some(Plugin::Native),
            Credential::Sha2 { .. } => Some(Plugin::CachingSha2),
        }
    }

    /// Whether an answer of this plugin proves a password. All digests are looked at; of an account that does not exist, one that no password
    /// has.
    pub(super) fn is_proven(&self, plugin: Plugin, answer: &[u8], salt: &Salt) -> bool {
        let native = |digests: &[[u8; NATIVE_DIGEST_BYTES]]| {
            digests.iter().fold(false, |found, stored| found | native_is_right(stored, answer, salt))
        };
        let sha2 = |digests: &[[u8; SHA2_DIGEST_BYTES]]| {
            digests.iter().fold(false, |found, stored| found | sha2_is_right(stored, answer, salt))
        };
        let (is_proven, counts) = match (self, plugin) {
            (Credential::Native(digests), Plugin::Native) => (native(digests), true),
            (Credential::Sha2 { remembered }, Plugin::CachingSha2) => (sha2(remembered), true),
            (Credential::Decoy(_), Plugin::Native) => (native(&[[0; NATIVE_DIGEST_BYTES]]), false),
            (Credential::Decoy(_), Plugin::CachingSha2) => (sha2(&[[0; SHA2_DIGEST_BYTES]]), false),
            (Credential::Native(_) | Credential::Sha2 { .. } | Credential::Empty, _) => (false, false),
        };
        std::hint::black_box(is_proven) && counts
    }
}
