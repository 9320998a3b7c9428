//! The cache of `caching_sha2_password`: SHA256(SHA256(password)) by account.

use std::collections::HashMap;

use sql::account::{Account, AccountId};
use wire::mysql::auth::SHA2_DIGEST_BYTES;

use super::Proven;
use crate::limits::REMEMBERED_PASSWORDS_MAX;

/// Passwords that were proven, by account.
#[derive(Default)]
pub(super) struct Digests {
    by_account: HashMap<AccountId, Vec<Proven>>,
}

impl Digests {
    /// The digests that are still an account's.
    pub fn of(&self, account: &Account) -> Vec<[u8; SHA2_DIGEST_BYTES]> {
        let Some(found) = self.by_account.get(&account.id) else { return Vec::new() };
        found.iter().filter(|proven| is_current(account, proven)).map(|proven| proven.digest).collect()
    }

    /// Keeps one, and forgets those that are not the account's any more. When there are too many, some other account's go: it logs in by
    /// full authentication once more.
    pub fn remember(&mut self, account: &Account, proven: Proven) {
        if !is_current(account, &proven) {
            return;
        }
        if self.by_account.len() >= REMEMBERED_PASSWORDS_MAX
            && !self.by_account.contains_key(&account.id)
            && let Some(other) = self.by_account.keys().next().cloned()
        {
            self.by_account.remove(&other);
        }
        let kept = self.by_account.entry(account.id.clone()).or_default();
        kept.retain(|other| {
            is_current(account, other) && other.authentication_string != proven.authentication_string
        });
        kept.push(proven);
    }
}

fn is_current(account: &Account, proven: &Proven) -> bool {
    account.authentication.authentication_string == proven.authentication_string
        || account.retained.as_ref() == Some(&proven.authentication_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_bounded() {
        let mut digests = Digests::default();
        for number in 0..=REMEMBERED_PASSWORDS_MAX {
            let mut account = Account::new(AccountId::new(format!("u{number}"), "%"));
            account.authentication.authentication_string = b"$A$".to_vec();
            let proven = Proven { authentication_string: b"$A$".to_vec(), digest: [0; SHA2_DIGEST_BYTES] };
            digests.remember(&account, proven);
            assert_eq!(digests.of(&account).len(), 1);
        }
        assert_eq!(digests.by_account.len(), REMEMBERED_PASSWORDS_MAX);
    }
}
