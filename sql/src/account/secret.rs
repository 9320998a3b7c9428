//! Authentication strings: what is kept of a password.
//!
//! | plugin | string |
//! |---|---|
//! | `caching_sha2_password` | `$A$`, thousands of rounds as three hexadecimal digits, `$`, 20 bytes of salt, 43 of digest |
//! | `mysql_native_password` | `*` and SHA1(SHA1(password)) in 40 hexadecimal digits |
//!
//! The digest is that of SHA-crypt with SHA-256 (Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512", 2007), but for its
//! salt, which MySQL makes longer than the 16 bytes there. No password is an empty string in either.

use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::limits::PASSWORD_BYTES_MAX;

/// How accounts authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthPlugin {
    /// `caching_sha2_password`, the default.
    CachingSha2Password,
    /// `mysql_native_password`.
    MysqlNativePassword,
}

impl AuthPlugin {
    /// MySQL's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            AuthPlugin::CachingSha2Password => "caching_sha2_password",
            AuthPlugin::MysqlNativePassword => "mysql_native_password",
        }
    }

    /// The plugin of that name, letters without case.
    #[must_use]
    pub fn by_name(name: &str) -> Option<AuthPlugin> {
        [AuthPlugin::CachingSha2Password, AuthPlugin::MysqlNativePassword]
            .into_iter()
            .find(|plugin| plugin.name().eq_ignore_ascii_case(name))
    }
}

const SALT_BYTES: usize = 20;
const DIGEST_CHARACTERS: usize = 43;
/// What MySQL hashes with unless it is told otherwise (`caching_sha2_password_digest_rounds`).
const ROUNDS: u32 = 5_000;
const PREFIX_BYTES: usize = "$A$005$".len();

/// The authentication string of a new password, with a random salt. It takes about a millisecond of a processor for
/// `caching_sha2_password`. A password longer than [`PASSWORD_BYTES_MAX`] is refused before (see
/// [`crate::ddl::account`]).
#[must_use]
pub fn make(plugin: AuthPlugin, password: &[u8]) -> Vec<u8> {
    if password.is_empty() {
        return Vec::new();
    }
    match plugin {
        AuthPlugin::CachingSha2Password => {
            let mut salt = [0u8; SALT_BYTES];
            rand::Rng::fill(&mut rand::rng(), &mut salt);
            for byte in &mut salt {
                *byte &= 0x7F;
                // NUL ends a text in MySQL and `$` a part of the string.
                if matches!(*byte, 0 | b'$') {
                    *byte += 1;
                }
            }
            caching_sha2(password, &salt, ROUNDS)
        }
        AuthPlugin::MysqlNativePassword => native(password),
    }
}

/// Whether it is an authentication string of the plugin.
#[must_use]
pub fn is_valid(plugin: AuthPlugin, authentication_string: &[u8]) -> bool {
    if authentication_string.is_empty() {
        return true;
    }
    match plugin {
        AuthPlugin::CachingSha2Password => Parts::parse(authentication_string).is_some(),
        AuthPlugin::MysqlNativePassword => match authentication_string {
            [b'*', digits @ ..] => digits.len() == 40 && digits.iter().all(u8::is_ascii_hexdigit),
            _ => false,
        },
    }
}

/// Whether the password is the one the string was made of. It takes as long as [`make`], and as long for a wrong one.
#[must_use]
pub fn verify(plugin: AuthPlugin, authentication_string: &[u8], password: &[u8]) -> bool {
    if authentication_string.is_empty() || password.is_empty() {
        return authentication_string.is_empty() && password.is_empty();
    }
    if password.len() > PASSWORD_BYTES_MAX {
        return false;
    }
    match plugin {
        AuthPlugin::CachingSha2Password => match Parts::parse(authentication_string) {
            Some(parts) => is_same(&caching_sha2(password, parts.salt, parts.rounds), authentication_string),
            None => false,
        },
        AuthPlugin::MysqlNativePassword => {
            is_same(&native(password), &authentication_string.to_ascii_uppercase())
        }
    }
}

/// Compares in a time that does not tell where they differ.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).fold(0, |difference, (one, other)| difference | (one ^ other)) == 0
}

/// An authentication string of `caching_sha2_password`.
struct Parts<'a> {
    rounds: u32,
    salt: &'a [u8],
}

impl<'a> Parts<'a> {
    fn parse(string: &'a [u8]) -> Option<Parts<'a>> {
        let rest = string.strip_prefix(b"$A$")?;
        let (thousands, rest) = rest.split_at_checked(3)?;
        let thousands = u32::from_str_radix(std::str::from_utf8(thousands).ok()?, 16).ok()?;
        let rest = rest.strip_prefix(b"$")?;
        if rest.len() != SALT_BYTES + DIGEST_CHARACTERS || !(5..=0xFFF).contains(&thousands) {
            return None;
        }
        let (salt, digest) = rest.split_at(SALT_BYTES);
        let is_digest = digest.iter().all(|character| ALPHABET.contains(character));
        (is_digest && !salt.contains(&0)).then_some(Parts { rounds: thousands * 1000, salt })
    }
}

fn native(password: &[u8]) -> Vec<u8> {
    let twice = Sha1::digest(Sha1::digest(password));
    let mut string = vec![b'*'];
    for byte in twice {
        string.extend_from_slice(format!("{byte:02X}").as_bytes());
    }
    string
}

fn caching_sha2(password: &[u8], salt: &[u8], rounds: u32) -> Vec<u8> {
    let mut string = Vec::with_capacity(PREFIX_BYTES + SALT_BYTES + DIGEST_CHARACTERS);
    string.extend_from_slice(format!("$A${:03X}$", rounds / 1000).as_bytes());
    string.extend_from_slice(salt);
    write_digest(&sha_crypt(password, salt, rounds), &mut string);
    string
}

/// The 32 bytes of SHA-crypt with SHA-256. The steps are numbered as in its specification.
fn sha_crypt(password: &[u8], salt: &[u8], rounds: u32) -> [u8; 32] {
    // 4-8: B.
    let b = Sha256::new().chain_update(password).chain_update(salt).chain_update(password).finalize();
    // 1-3, 9-12: A.
    let mut a = Sha256::new().chain_update(password).chain_update(salt);
    a.update(repeated(&b, password.len()));
    let mut length = password.len();
    while length > 0 {
        if length & 1 == 1 {
            a.update(b);
        } else {
            a.update(password);
        }
        length >>= 1;
    }
    let mut a: [u8; 32] = a.finalize().into();
    // 13-16: P, from the digest of the password as often as it has bytes.
    let mut dp = Sha256::new();
    for _ in 0..password.len() {
        dp.update(password);
    }
    let p = repeated(&dp.finalize(), password.len());
    // 17-20: S.
    let mut ds = Sha256::new();
    for _ in 0..16 + usize::from(a[0]) {
        ds.update(salt);
    }
    let s = repeated(&ds.finalize(), salt.len());
    // 21: the rounds.
    for round in 0..rounds {
        let mut c = Sha256::new();
        if round & 1 == 1 {
            c.update(&p);
        } else {
            c.update(a);
        }
        if round % 3 != 0 {
            c.update(&s);
        }
        if round % 7 != 0 {
            c.update(&p);
        }
        if round & 1 == 1 {
            c.update(a);
        } else {
            c.update(&p);
        }
        a = c.finalize().into();
    }
    a
}

fn repeated(digest: &[u8], length: usize) -> Vec<u8> {
    digest.iter().copied().cycle().take(length).collect()
}

const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// 22: the digest in 43 characters, its bytes three by three in an order of their own.
fn write_digest(digest: &[u8; 32], out: &mut Vec<u8>) {
    let mut write = |number: u32, characters: usize| {
        for position in 0..characters {
            out.push(ALPHABET[(number >> (6 * position) & 63) as usize]);
        }
    };
    let (mut x, mut y, mut z) = (0, 10, 20);
    for _ in 0..10 {
        let number = u32::from(digest[x]) << 16 | u32::from(digest[y]) << 8 | u32::from(digest[z]);
        write(number, 4);
        (x, y, z) = (z + 1, x + 1, y + 1);
    }
    write(u32::from(digest[31]) << 8 | u32::from(digest[30]), 3);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(digits: &str) -> Vec<u8> {
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
    }

    /// Read from mysql.user of MySQL 9.7.
    const RECORDED: &[(&str, &str)] = &[
        (
            "secret",
            "244124303041246063153376093E3E21213B552729023E441C066B463452767447534C552F7659683450394F3975527641797A7A476E62476768772E7358496E782E5A443338",
        ),
        (
            "a longer password that has more than thirty-two bytes in it, or more than sixty-four",
            "24412430304124014B2F2573113A1F7247423C011720153068120C432F595A746F486B5A70306C424C4447506673362F746D2E6665667A6335424A326C42616B393648467643",
        ),
    ];

    #[test]
    fn mysqls_strings_are_verified() {
        for (password, digits) in RECORDED {
            let string = bytes(digits);
            let plugin = AuthPlugin::CachingSha2Password;
            assert!(is_valid(plugin, &string));
            assert!(verify(plugin, &string, password.as_bytes()), "{password}");
            assert!(!verify(plugin, &string, format!("{password} ").as_bytes()));
            assert!(!verify(plugin, &string, b""));
        }
        // SELECT PASSWORD('secret') of older versions.
        let native = b"*14E65567ABDB5135D0CFD9A70B3032C179A49EE7";
        assert_eq!(make(AuthPlugin::MysqlNativePassword, b"secret"), native);
        assert!(verify(AuthPlugin::MysqlNativePassword, &native.to_ascii_lowercase(), b"secret"));
        assert!(!verify(AuthPlugin::MysqlNativePassword, native, b"Secret"));
    }

    #[test]
    fn what_is_made_verifies_and_differs() {
        for plugin in [AuthPlugin::CachingSha2Password, AuthPlugin::MysqlNativePassword] {
            let string = make(plugin, "pässword".as_bytes());
            assert!(is_valid(plugin, &string));
            assert!(verify(plugin, &string, "pässword".as_bytes()));
            assert!(!verify(plugin, &string, b"password"));
            assert_eq!(make(plugin, b""), b"");
            assert!(verify(plugin, b"", b""));
            assert!(!verify(plugin, b"", b"x"));
        }
        let plugin = AuthPlugin::CachingSha2Password;
        assert_ne!(make(plugin, b"a"), make(plugin, b"a"));
    }

    #[test]
    fn other_strings_are_refused() {
        for string in [&b"x"[..], b"$A$005$", b"*14E6", b"$A$zzz$", &[0xFF; 70]] {
            assert!(!is_valid(AuthPlugin::CachingSha2Password, string));
            assert!(!is_valid(AuthPlugin::MysqlNativePassword, string));
            assert!(!verify(AuthPlugin::CachingSha2Password, string, b"x"));
        }
    }
}
