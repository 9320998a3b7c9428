//! A password as a client sends it in full authentication, and how it is hidden on its way.
//!
//! Over TLS it comes as it is, with a closing NUL. Else it is encrypted with the server's RSA key (OAEP with SHA-1), after it was combined
//! with the connection's salt, so that a recording of it opens no other connection. The key itself and its arithmetic are not here.
//!
//! Invariants: what holds a password in clear prints none of it and is wiped when it is dropped; a password is never longer than
//! [`PASSWORD_BYTES_MAX`].

use zeroize::Zeroize as _;

use crate::limits::PASSWORD_BYTES_MAX;
use crate::mysql::handshake::Salt;

/// A password in clear.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Vec<u8>);

impl Password {
    /// Takes the bytes.
    pub fn new(bytes: Vec<u8>) -> Password {
        Password(bytes)
    }

    /// The bytes, without the closing NUL of the protocol.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What a packet holds: the password, closed by NUL. None when it is not closed, empty or too long.
    fn from_packet(mut bytes: Vec<u8>) -> Option<Password> {
        let closed = bytes.pop();
        let password = Password(bytes);
        // As MySQL, which hands it on as a text that ends at its first NUL.
        let is_sound = closed == Some(0)
            && !password.0.is_empty()
            && password.0.len() <= PASSWORD_BYTES_MAX
            && !password.0.contains(&0);
        is_sound.then_some(password)
    }
}

impl Drop for Password {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

/// What a client sent in full authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The packet of a connection that is encrypted.
    Clear(Password),
    /// The packet of one that is not.
    Encrypted {
        /// Encrypted with the server's public key.
        ciphertext: Vec<u8>,
        /// The connection's.
        salt: Salt,
    },
}

impl Sent {
    /// The password. `decrypt` takes the ciphertext; it must take as long when it fails.
    ///
    /// None when there is none: the caller must then do all that it would do with one, or the time tells who sends ciphertexts of his own
    /// making what they decrypt to.
    pub fn reveal(self, decrypt: impl FnOnce(&[u8]) -> Option<Vec<u8>>) -> Option<Password> {
        match self {
            Sent::Clear(mut password) => Password::from_packet(std::mem::take(&mut password.0)),
            Sent::Encrypted { ciphertext, salt } => {
                let mut decrypted = decrypt(&ciphertext)?;
                combine(&mut decrypted, &salt);
                Password::from_packet(decrypted)
            }
        }
    }
}

/// What a client encrypts: the password with its closing NUL, combined with the salt.
pub fn hidden(password: &[u8], salt: &Salt) -> Password {
    let mut bytes = Vec::with_capacity(password.len() + 1);
    bytes.extend_from_slice(password);
    bytes.push(0);
    combine(&mut bytes, salt);
    Password(bytes)
}

fn combine(bytes: &mut [u8], salt: &Salt) {
    bytes.iter_mut().zip(salt.as_bytes().iter().cycle()).for_each(|(byte, salt)| *byte ^= salt);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_revealed_with_the_same_salt_only() {
        let salt = Salt::from_random(*b"abcdefghijklmnopqrst");
        let long = [b'x'; 200];
        for password in [&b"secret"[..], &long] {
            let hidden = hidden(password, &salt);
            assert!(!hidden.as_bytes().windows(6).any(|part| part == &password[..6]));
            let sent = |salt| Sent::Encrypted { ciphertext: hidden.as_bytes().to_vec(), salt };
            let revealed = sent(salt).reveal(|bytes| Some(bytes.to_vec()));
            assert_eq!(revealed, Some(Password::new(password.to_vec())));
            assert_eq!(sent(salt).reveal(|_| None), None);
            let other = Salt::from_random([7; 20]);
            assert_ne!(sent(other).reveal(|bytes| Some(bytes.to_vec())), revealed);
        }
    }

    #[test]
    fn a_password_in_a_packet_is_closed_and_bounded() {
        let clear = |bytes: &[u8]| Sent::Clear(Password::new(bytes.to_vec())).reveal(|_| None);
        assert_eq!(clear(b"pw\0"), Some(Password::new(b"pw".to_vec())));
        for wrong in [&b""[..], b"\0", b"pw", b"p\0w\0"] {
            assert_eq!(clear(wrong), None, "{wrong:?}");
        }
        let longest = [vec![b'x'; PASSWORD_BYTES_MAX], vec![0]].concat();
        assert!(clear(&longest).is_some());
        assert!(clear(&[&b"x"[..], &longest].concat()).is_none());
    }

    #[test]
    fn a_password_is_not_printed() {
        let sent = Sent::Clear(Password::new(b"secret".to_vec()));
        assert_eq!(format!("{sent:?}"), "Clear(Password(..))");
    }
}
