//! The accounts that this node knew last, kept for its next start (`accounts.json`).
//!
//! A node that restarts does not know its catalog before it has replayed its log, for which it may need a majority. Until then it must not
//! let anybody in by the built-in account of a cluster that has none, or by a password that was changed, and should let those in who may
//! look after it. So the file says of which entry of the log it is; the catalog counts as soon as it has come there.
//!
//! Invariants: readable for the owner alone, since it holds what is kept of passwords; replaced as a whole.

use std::path::{Path, PathBuf};

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sql::account::Accounts;
use sql::account::encode::{read_account, write_account};

use crate::identity::write_secret_durably;
use crate::node::login::Known;

const FILE_NAME: &str = "accounts.json";

/// The file.
#[derive(Debug, Serialize, Deserialize)]
struct Content {
    /// The entry of the log that made them so, or a later one.
    index: u64,
    /// Whether the cluster has accounts of its own; else there is the built-in one.
    is_stored: bool,
    /// The accounts' bytes ([`write_account`]) as hexadecimal digits.
    accounts: Vec<String>,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct AccountsFile {
    folder: PathBuf,
}

impl AccountsFile {
    /// The file of this data folder.
    #[must_use]
    pub fn new(folder: &Path) -> AccountsFile {
        AccountsFile { folder: folder.to_owned() }
    }

    /// What was kept; none when nothing was.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(&self) -> Result<Option<Known>, String> {
        let path = self.folder.join(FILE_NAME);
        let failed = |error: &dyn std::fmt::Display| format!("{} cannot be read: {error}", path.display());
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&error)),
        };
        let content: Content = serde_json::from_slice(&bytes).map_err(|error| failed(&error))?;
        let index = content.index;
        if !content.is_stored {
            return Ok(Some(Known { accounts: Arc::default(), index }));
        }
        let mut accounts = Vec::with_capacity(content.accounts.len());
        for digits in &content.accounts {
            let bytes = from_hex(digits).ok_or_else(|| failed(&"not hexadecimal digits"))?;
            accounts.push(read_account(&bytes).map_err(|error| failed(&error))?);
        }
        Ok(Some(Known { accounts: Arc::new(Accounts::of(accounts, true)), index }))
    }

    /// Keeps these.
    ///
    /// # Errors
    /// When the file cannot be written; what was kept before stays.
    pub fn write(&self, known: &Known) -> std::io::Result<()> {
        let Known { accounts, index } = known;
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let is_stored = accounts.is_stored();
        let stored = accounts.iter().filter(|_| is_stored);
        let content = Content {
            index: *index,
            is_stored,
            accounts: stored.map(|account| hex(&write_account(account))).collect(),
        };
        let text = serde_json::to_vec(&content).map_err(std::io::Error::other)?;
        write_secret_durably(&self.folder, &self.folder.join(FILE_NAME), &text)
    }
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16).map(|value| value as u8);
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(value(*high)? << 4 | value(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sql::account::{Account, AccountId};
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn what_was_kept_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = AccountsFile::new(folder.path());
        assert!(file.read().unwrap().is_none());
        let known = |accounts, index| Known { accounts: Arc::new(accounts), index };
        file.write(&known(Accounts::default(), 1)).unwrap();
        let Known { accounts: built_in, .. } = file.read().unwrap().unwrap();
        assert!(!built_in.is_stored() && built_in.get(&AccountId::root()).is_some());
        let mut account = Account::new(AccountId::new("ü", "10.%"));
        account.authentication.authentication_string = b"$A$005$\x01".to_vec();
        file.write(&known(Accounts::of([account.clone()], true), 7)).unwrap();
        let Known { accounts: read, index } = file.read().unwrap().unwrap();
        assert!(read.is_stored() && index == 7);
        assert_eq!(read.iter().map(|found| (**found).clone()).collect::<Vec<_>>(), [account]);
        let path = folder.path().join(FILE_NAME);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for damaged in [
            "",
            "{}",
            r#"{"index":1,"is_stored":true,"accounts":["0"]}"#,
            r#"{"index":1,"is_stored":true,"accounts":["ff"]}"#,
        ] {
            std::fs::write(&path, damaged).unwrap();
            assert!(file.read().unwrap_err().contains(FILE_NAME), "{damaged}");
        }
    }
}
