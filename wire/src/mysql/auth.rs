//! Authentication: `mysql_native_password` and `caching_sha2_password`, both sides.
//!
//! [`Authenticator`] is the server's side as a state machine over packets: it never sees a socket, an account table
//! or a clock. The server looks the account up and passes its [`Credential`] (`None`: no such account), which goes
//! through the same packets as a wrong password, so that names cannot be probed.
//!
//! * native: the account holds SHA1(SHA1(password)); the client proves SHA1(password).
//! * sha2: the account holds SHA256(SHA256(password)), MySQL's *cached* digest, so that the fast path always
//!   decides. An account of which only the salted hash is known needs *full* authentication, which sends the
//!   password itself and is refused without TLS, with the message that MySQL's client library gives.
//! * A client that starts with another plugin than the account's is asked to switch, once.
//!
//! Invariants: digests are compared in constant time; a password in clear is never accepted; a login takes at most
//! [`AUTH_ROUNDS_MAX`] rounds.

use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::limits::AUTH_ROUNDS_MAX;
use crate::mysql::error::{ErrorPacket, code};
use crate::mysql::handshake::{AUTH_MORE_DATA_HEADER, Salt, put_auth_switch};

/// Status byte of caching_sha2_password: the fast path succeeded, an OK packet follows.
const FAST_AUTH_SUCCESS: u8 = 3;
/// Status byte of caching_sha2_password: send the password itself, over TLS or encrypted.
const PERFORM_FULL_AUTHENTICATION: u8 = 4;
/// What goes before the OK packet after the fast path.
const FAST_AUTH_PREFACE: &[u8] = &[AUTH_MORE_DATA_HEADER, FAST_AUTH_SUCCESS];

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

/// What an account is checked against.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// The account has no password.
    Empty,
    /// SHA1(SHA1(password)), for `mysql_native_password`.
    Native([u8; 20]),
    /// SHA256(SHA256(password)), for `caching_sha2_password`.
    Sha2([u8; 32]),
    /// A `caching_sha2_password` account of which only the salted hash is known: needs full authentication.
    Sha2NotCached,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A digest of native is as good as the password, so it is never printed.
        f.write_str(match self {
            Credential::Empty => "Empty",
            Credential::Native(_) => "Native(..)",
            Credential::Sha2(_) => "Sha2(..)",
            Credential::Sha2NotCached => "Sha2NotCached",
        })
    }
}

impl Credential {
    /// The credential of a password for a plugin; an empty password gives [`Credential::Empty`].
    pub fn from_password(plugin: Plugin, password: &[u8]) -> Credential {
        match plugin {
            _ if password.is_empty() => Credential::Empty,
            Plugin::Native => Credential::Native(sha1(&[&sha1(&[password])])),
            Plugin::CachingSha2 => Credential::Sha2(sha256(&[&sha256(&[password])])),
        }
    }

    /// The plugin the client must use; `None`: any that is spoken here.
    fn plugin(&self) -> Option<Plugin> {
        match self {
            Credential::Empty => None,
            Credential::Native(_) => Some(Plugin::Native),
            Credential::Sha2(_) | Credential::Sha2NotCached => Some(Plugin::CachingSha2),
        }
    }
}

/// What the server does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send this payload as a packet, read a packet, call [`Authenticator::step`] with its payload.
    Send(Vec<u8>),
    /// The client is who it says. If `preface` is not empty it is sent as a packet of its own before the OK packet.
    Accept {
        /// Payload that goes before OK.
        preface: &'static [u8],
    },
    /// Send the denial's ERR packet and close.
    Deny(Denial),
}

/// Why a login was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// Unknown account or wrong password: error 1045.
    AccessDenied {
        /// Whether the client sent anything that needs a password.
        using_password: bool,
    },
    /// The password would have to be sent over a connection that is not encrypted: error 2061.
    SecureConnectionRequired,
    /// The account needs a plugin, and the client is older than plugins: error 1251.
    ClientTooOld,
    /// The client took more rounds than any login needs: error 1045.
    TooManyRounds,
}

impl Denial {
    /// The ERR packet for the client, with names as the client gave them.
    pub fn to_packet(self, user: &str, host: &str) -> ErrorPacket {
        let denied = |using_password: bool| {
            let answer = if using_password { "YES" } else { "NO" };
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
            Denial::SecureConnectionRequired => ErrorPacket::new(
                CR_AUTH_PLUGIN_ERR,
                "Authentication plugin 'caching_sha2_password' reported error: \
                 Authentication requires secure connection.",
            ),
        }
    }
}

/// The client library's error for a failed plugin; the server uses it where the library would have.
const CR_AUTH_PLUGIN_ERR: u16 = 2061;

/// What the next packet from the client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expecting {
    /// Nothing yet: `start` was not called.
    Start,
    /// An answer to the challenge, made by this plugin.
    Answer(Plugin),
    /// A password, or a request for the RSA key that would encrypt it.
    FullAuthentication,
    /// Nothing: it is decided.
    Nothing,
}

/// The server's side of one login.
#[derive(Debug)]
pub struct Authenticator {
    salt: Salt,
    default_plugin: Plugin,
    credential: Option<Credential>,
    expecting: Expecting,
    rounds: u8,
}

impl Authenticator {
    /// A login on a connection whose greeting had this salt and plugin.
    pub fn new(salt: Salt, default_plugin: Plugin) -> Self {
        Authenticator { salt, default_plugin, credential: None, expecting: Expecting::Start, rounds: 0 }
    }

    /// Judges the handshake response (or COM_CHANGE_USER): the plugin it names, its answer, and the account that was
    /// found for its user. A response that names no plugin is of `mysql_native_password`, from a client that cannot
    /// switch.
    pub fn start(
        &mut self,
        client_plugin: Option<&[u8]>,
        answer: &[u8],
        credential: Option<Credential>,
    ) -> Step {
        let used = match client_plugin {
            Some(name) => Plugin::from_name(name),
            None => Some(Plugin::Native),
        };
        // An unknown account looks like one of the default plugin.
        let required = match &credential {
            Some(credential) => credential.plugin(),
            None => Some(self.default_plugin),
        };
        self.credential = credential;
        self.rounds = 1;
        // A client that does not know the greeting's plugin names its own one, and sends nothing for it: the
        // challenge was not meant for that plugin. So no answer is not yet an empty password.
        let has_answered = !answer.is_empty() || used == Some(self.default_plugin) || client_plugin.is_none();
        let plugin = required.or(used).unwrap_or(self.default_plugin);
        if used == Some(plugin) && has_answered {
            return self.judge(plugin, answer);
        }
        if client_plugin.is_none() {
            return self.deny(Denial::ClientTooOld);
        }
        self.expecting = Expecting::Answer(plugin);
        let mut payload = Vec::with_capacity(48);
        put_auth_switch(&mut payload, plugin.name(), &self.salt);
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
            // Either the RSA key was asked for or the password has come in clear. Neither is taken without TLS.
            Expecting::FullAuthentication => self.deny(Denial::SecureConnectionRequired),
            Expecting::Start | Expecting::Nothing => self.deny(Denial::AccessDenied { using_password: true }),
        }
    }

    fn judge(&mut self, plugin: Plugin, answer: &[u8]) -> Step {
        // An empty password is answered by nothing, or by its closing NUL.
        let is_empty = matches!(answer, [] | [0]);
        let denial = Denial::AccessDenied { using_password: !is_empty };
        let is_right = match (&self.credential, plugin) {
            (Some(Credential::Empty), _) => is_empty,
            (Some(Credential::Native(stored)), Plugin::Native) => native_is_right(stored, answer, &self.salt),
            (Some(Credential::Sha2(stored)), Plugin::CachingSha2) => {
                sha2_is_right(stored, answer, &self.salt)
            }
            (Some(Credential::Sha2NotCached), Plugin::CachingSha2) if !is_empty => {
                self.expecting = Expecting::FullAuthentication;
                return Step::Send(vec![AUTH_MORE_DATA_HEADER, PERFORM_FULL_AUTHENTICATION]);
            }
            (Some(Credential::Native(_) | Credential::Sha2(_) | Credential::Sha2NotCached) | None, _) => {
                false
            }
        };
        if !is_right {
            return self.deny(denial);
        }
        self.expecting = Expecting::Nothing;
        let preface: &'static [u8] = match plugin {
            Plugin::CachingSha2 if !is_empty => FAST_AUTH_PREFACE,
            Plugin::CachingSha2 | Plugin::Native => &[],
        };
        Step::Accept { preface }
    }

    fn deny(&mut self, denial: Denial) -> Step {
        self.expecting = Expecting::Nothing;
        Step::Deny(denial)
    }
}

/// What more authentication data means to a client of caching_sha2_password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoreData {
    /// The OK packet follows.
    FastAuthSuccess,
    /// The server wants the password itself, which our driver does not send without TLS.
    FullAuthentication,
    /// Anything else.
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

/// SHA1(password) XOR SHA1(salt, SHA1(SHA1(password))).
fn native_answer(password: &[u8], salt: &Salt) -> [u8; 20] {
    let proof = sha1(&[password]);
    xor(proof, sha1(&[salt.as_bytes(), &sha1(&[&proof])]))
}

/// SHA256(password) XOR SHA256(SHA256(SHA256(password)), salt). Note the order, which is not native's.
fn sha2_answer(password: &[u8], salt: &Salt) -> [u8; 32] {
    let proof = sha256(&[password]);
    xor(proof, sha256(&[&sha256(&[&proof]), salt.as_bytes()]))
}

fn native_is_right(stored: &[u8; 20], answer: &[u8], salt: &Salt) -> bool {
    let Ok(answer) = <[u8; 20]>::try_from(answer) else { return false };
    let proof = xor(answer, sha1(&[salt.as_bytes(), stored]));
    is_equal(&sha1(&[&proof]), stored)
}

fn sha2_is_right(stored: &[u8; 32], answer: &[u8], salt: &Salt) -> bool {
    let Ok(answer) = <[u8; 32]>::try_from(answer) else { return false };
    let proof = xor(answer, sha256(&[stored, salt.as_bytes()]));
    is_equal(&sha256(&[&proof]), stored)
}

fn sha1(parts: &[&[u8]]) -> [u8; 20] {
    let mut hasher = Sha1::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

fn xor<const N: usize>(mut left: [u8; N], right: [u8; N]) -> [u8; N] {
    left.iter_mut().zip(right).for_each(|(left, right)| *left ^= right);
    left
}

/// Compares in a time that does not depend on where the bytes differ.
fn is_equal<const N: usize>(left: &[u8; N], right: &[u8; N]) -> bool {
    let difference = left.iter().zip(right).fold(0, |sum, (left, right)| sum | (left ^ right));
    std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::handshake::parse_auth_switch;
    use proptest::prelude::*;

    const DENIED: Step = Step::Deny(Denial::AccessDenied { using_password: true });

    fn salt() -> Salt {
        Salt::from_random(*b"abcdefghijklmnopqrst")
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn stored_digests_are_mysqls() {
        // SELECT PASSWORD('password') of MySQL 5.7; SHA2(UNHEX(SHA2('password', 256)), 256).
        let Credential::Native(native) = Credential::from_password(Plugin::Native, b"password") else {
            panic!()
        };
        assert_eq!(hex(&native), "2470c0c06dee42fd1618bb99005adca2ec9d1e19");
        let Credential::Sha2(sha2) = Credential::from_password(Plugin::CachingSha2, b"password") else {
            panic!()
        };
        assert_eq!(hex(&sha2), "73641c99f7719f57d8f4beb11a303afcd190243a51ced8782ca6d3dbe014d146");
        assert_eq!(Credential::from_password(Plugin::Native, b""), Credential::Empty);
        assert_eq!(format!("{:?}", Credential::Native(native)), "Native(..)");
    }

    #[test]
    fn each_plugin_accepts_its_password_only() {
        for (plugin, preface) in [(Plugin::Native, &[][..]), (Plugin::CachingSha2, FAST_AUTH_PREFACE)] {
            let credential = Credential::from_password(plugin, b"secret");
            let name = Some(plugin.name().as_bytes());
            let mut login = Authenticator::new(salt(), plugin);
            let right = plugin.answer(b"secret", &salt());
            assert_eq!(login.start(name, &right, Some(credential.clone())), Step::Accept { preface });
            for wrong in [plugin.answer(b"Secret", &salt()), right[1..].to_vec(), b"secret\0".to_vec()] {
                assert_eq!(login.start(name, &wrong, Some(credential.clone())), DENIED);
            }
            let other_salt = Salt::from_random([7; 20]);
            assert_eq!(
                login.start(name, &plugin.answer(b"secret", &other_salt), Some(credential.clone())),
                DENIED
            );
            let no_password = Step::Deny(Denial::AccessDenied { using_password: false });
            assert_eq!(login.start(name, &[], Some(credential)), no_password);
            assert_eq!(login.start(name, &right, None), DENIED, "unknown account");
        }
    }

    #[test]
    fn an_empty_password_is_accepted_by_either_plugin_and_nothing_else() {
        for plugin in [Plugin::Native, Plugin::CachingSha2] {
            let mut login = Authenticator::new(salt(), plugin);
            let name = Some(plugin.name().as_bytes());
            for answer in [&[][..], &[0]] {
                assert_eq!(login.start(name, answer, Some(Credential::Empty)), Step::Accept { preface: &[] });
            }
            let answer = plugin.answer(b"x", &salt());
            assert_eq!(login.start(name, &answer, Some(Credential::Empty)), DENIED);
        }
    }

    #[test]
    fn a_client_older_than_plugins_is_native_and_cannot_switch() {
        let mut login = Authenticator::new(salt(), Plugin::CachingSha2);
        assert_eq!(login.start(None, &[], Some(Credential::Empty)), Step::Accept { preface: &[] });
        let native = Credential::from_password(Plugin::Native, b"x");
        let answer = Plugin::Native.answer(b"x", &salt());
        assert_eq!(login.start(None, &answer, Some(native)), Step::Accept { preface: &[] });
        let sha2 = Credential::from_password(Plugin::CachingSha2, b"x");
        assert_eq!(login.start(None, &answer, Some(sha2)), Step::Deny(Denial::ClientTooOld));
        assert_eq!(Denial::ClientTooOld.to_packet("u", "h").code, 1251);
    }

    #[test]
    fn no_answer_for_a_plugin_that_was_not_greeted_is_asked_for_again() {
        // MySQL 9 has no native plugin: greeted with it, it names caching_sha2_password and sends nothing.
        let name = Some(Plugin::CachingSha2.name().as_bytes());
        for (password, accepted) in [(&b"pw"[..], FAST_AUTH_PREFACE), (b"", &[])] {
            let credential = Credential::from_password(Plugin::CachingSha2, password);
            let mut login = Authenticator::new(salt(), Plugin::Native);
            let step = login.start(name, &[], Some(credential));
            assert!(
                matches!(step, Step::Send(ref payload) if payload.starts_with(b"\xfecaching_sha2_password\0"))
            );
            let answer = Plugin::CachingSha2.answer(password, &salt());
            assert_eq!(login.step(&answer), Step::Accept { preface: accepted });
        }
    }

    #[test]
    fn another_plugin_is_switched_once() {
        let credential = Credential::from_password(Plugin::Native, b"pw");
        let mut login = Authenticator::new(salt(), Plugin::CachingSha2);
        let Step::Send(payload) = login.start(Some(b"caching_sha2_password"), &[1; 32], Some(credential))
        else {
            panic!("a switch");
        };
        let (plugin, challenge) = parse_auth_switch(&payload).unwrap();
        assert_eq!(plugin, b"mysql_native_password");
        assert_eq!(Salt::from_server(challenge), Some(salt()));
        let answer = Plugin::Native.answer(b"pw", &salt());
        assert_eq!(login.step(&answer), Step::Accept { preface: &[] });
        assert_eq!(login.step(&answer), DENIED, "it was decided");
    }

    #[test]
    fn an_unknown_plugin_is_switched_even_without_a_password() {
        let mut login = Authenticator::new(salt(), Plugin::CachingSha2);
        let step = login.start(Some(b"mysql_clear_password"), b"guess\0", Some(Credential::Empty));
        assert!(
            matches!(step, Step::Send(ref payload) if payload.starts_with(b"\xfecaching_sha2_password\0"))
        );
        assert_eq!(login.step(&[0]), Step::Accept { preface: &[] });
    }

    #[test]
    fn full_authentication_is_refused_without_tls() {
        for second in [&[2][..], b"secret\0"] {
            let mut login = Authenticator::new(salt(), Plugin::CachingSha2);
            let name = Some(Plugin::CachingSha2.name().as_bytes());
            let step = login.start(name, &[9; 32], Some(Credential::Sha2NotCached));
            assert_eq!(step, Step::Send(vec![1, 4]));
            assert_eq!(MoreData::parse(&[1, 4]), MoreData::FullAuthentication);
            assert_eq!(login.step(second), Step::Deny(Denial::SecureConnectionRequired));
        }
        let packet = Denial::SecureConnectionRequired.to_packet("u", "h");
        assert_eq!(packet.code, 2061);
    }

    #[test]
    fn digests_that_differ_in_one_bit_are_not_equal() {
        let digest = sha1(&[b"x"]);
        assert!(is_equal(&digest, &digest));
        for bit in 0..digest.len() * 8 {
            let mut other = digest;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_equal(&digest, &other), "bit {bit}");
        }
    }

    #[test]
    fn a_denial_reads_like_mysqls() {
        let packet = Denial::AccessDenied { using_password: false }.to_packet("bob", "10.0.0.1");
        assert_eq!((packet.code, packet.sqlstate()), (1045, "28000"));
        assert_eq!(packet.message, "Access denied for user 'bob'@'10.0.0.1' (using password: NO)");
    }

    proptest! {
        #[test]
        fn random_answers_are_never_accepted(answer in proptest::collection::vec(any::<u8>(), 0..64), native: bool,
                                             random in proptest::array::uniform20(any::<u8>())) {
            let plugin = if native { Plugin::Native } else { Plugin::CachingSha2 };
            let salt = Salt::from_random(random);
            prop_assert!(!salt.as_bytes().iter().any(|byte| matches!(*byte, 0 | b'$') || *byte > 0x7f));
            let mut login = Authenticator::new(salt, plugin);
            let step = login.start(Some(plugin.name().as_bytes()), &answer, Some(Credential::from_password(plugin, b"x")));
            prop_assert!(matches!(step, Step::Deny(_)));
        }
    }
}
