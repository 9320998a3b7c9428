//! A password against the salted hash of an account: some milliseconds of a processor, which never run on an async worker.

use sql::account::{Account, AuthPlugin, secret};
use wire::mysql::auth::{Password, SHA2_DIGEST_BYTES, sha2_digest};

/// A password that full authentication has proven.
#[derive(Clone, PartialEq, Eq)]
pub struct Proven {
    /// The salted hash that it is the password of.
    pub authentication_string: Vec<u8>,
    /// SHA256(SHA256(password)).
    pub digest: [u8; SHA2_DIGEST_BYTES],
}

/// What is hashed where a client sent nothing that can be read.
const NO_PASSWORD: &[u8] = b"none that was sent";
/// What is compared with where there is no account: of the form of all others, and of no password.
const NO_ACCOUNT: &[u8] = b"$A$005$aaaaaaaaaaaaaaaaaaaaAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Whether a password is the account's, or the one that it has kept beside it. Without an account or without a password the answer is no,
/// after as much work.
#[must_use]
pub fn verify(account: Option<&Account>, password: Option<&Password>) -> Option<Proven> {
    let bytes = password.map_or(NO_PASSWORD, Password::as_bytes);
    let primary = account.map_or(NO_ACCOUNT, |account| &account.authentication.authentication_string);
    let candidates = std::iter::once(primary).chain(account.and_then(|account| account.retained.as_deref()));
    let mut found = None;
    for candidate in candidates {
        if secret::verify(AuthPlugin::CachingSha2Password, candidate, bytes) {
            found = Some(candidate);
        }
    }
    let (found, _) = (found?, account.zip(password)?);
    Some(Proven { authentication_string: found.to_vec(), digest: sha2_digest(bytes) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sql::account::AccountId;

    #[test]
    fn a_password_is_an_accounts_or_nothing() {
        let mut account = Account::new(AccountId::new("u", "%"));
        account.authentication.authentication_string = secret::make(AuthPlugin::CachingSha2Password, b"pw");
        let right = Password::new(b"pw".to_vec());
        let proven = verify(Some(&account), Some(&right)).unwrap();
        assert_eq!(proven.digest, sha2_digest(b"pw"));
        assert!(verify(Some(&account), Some(&Password::new(b"pw2".to_vec()))).is_none());
        assert!(verify(Some(&account), None).is_none());
        assert!(verify(None, Some(&right)).is_none());
        account.authentication.authentication_string =
            secret::make(AuthPlugin::CachingSha2Password, NO_PASSWORD);
        assert!(verify(Some(&account), None).is_none(), "what stands for no password is none");
    }

    #[test]
    fn what_stands_for_no_account_takes_as_much_work() {
        assert!(secret::is_valid(AuthPlugin::CachingSha2Password, NO_ACCOUNT));
    }
}
