//! Who is let in, and under which rules: what [`crate::runtime::login`] asks of the accounts.
//!
//! | file | is |
//! |---|---|
//! | `digests` | the fast path of `caching_sha2_password`: digests of passwords with which somebody has logged in |
//! | `verify` | a password against an account's salted hash |
//! | `failures` | FAILED_LOGIN_ATTEMPTS and PASSWORD_LOCK_TIME |
//! | `usage` | the limits of an account: connections, queries and updates |
//! | `rules` | in which order all of it is judged |
//! | `refusal` | what the client hears |
//! | `standing` | what an account that was let in may still not do |
//!
//! Invariants: nothing here is durable or known to other nodes: each node counts for itself, as each MySQL server does, and forgets when
//! it stops. All memory is bounded by the number of accounts that exist, and not by what clients say. A digest is kept for as long as the
//! account has the authentication string that it was proven against.
//!
//! A node that restarts goes by the accounts that it knew last, which the runtime keeps in a file, until it has applied as much of its log
//! again; a node that has just joined and knows none lets nobody in.
//!
//! Left out: blocking hosts by `max_connect_errors` (there is no host cache, as with `host_cache_size=0`).

mod digests;
mod failures;
mod refusal;
mod rules;
mod standing;
mod usage;
mod verify;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use sql::account::{Account, Accounts, AuthPlugin};
use tokio::sync::Semaphore;
use wire::mysql::auth::{Credential, NATIVE_DIGEST_BYTES, Plugin};

pub use self::refusal::Refusal;
pub use self::rules::{CertificateNames, Connecting};
pub use self::standing::Standing;
pub use self::usage::Place;
pub use self::verify::{Proven, verify};
use super::Node;
use crate::limits::{PASSWORD_CHECKS_MAX, REFUSED_LOGINS_LOGGED_INTERVAL};

/// What a node knows of logins.
pub struct Logins {
    digests: Mutex<digests::Digests>,
    failures: Mutex<failures::Failures>,
    usage: usage::Usages,
    /// Chooses plugins for names that are no accounts: the same for a name each time, and not to be foreseen.
    decoys: RandomState,
    /// How many passwords may be checked at once; the others wait.
    pub checks: Semaphore,
    log: Mutex<RefusedLog>,
    /// Keeps the accounts for the next start.
    keeper: OnceLock<Keeper>,
    /// The newest accounts that this node has known, in this run or the one before; none: it has never known any.
    newest: Mutex<Option<Known>>,
}

/// Accounts as of an index of the log.
#[derive(Clone, Debug)]
pub struct Known {
    /// The accounts.
    pub accounts: Arc<Accounts>,
    /// The entry that made them so, or a later one.
    pub index: u64,
}

/// Keeps accounts for the next start of the node.
pub type Keeper = Box<dyn Fn(&Known) + Send + Sync>;

impl Default for Logins {
    fn default() -> Logins {
        Logins {
            digests: Mutex::default(),
            failures: Mutex::default(),
            usage: usage::Usages::default(),
            decoys: RandomState::new(),
            checks: Semaphore::new(PASSWORD_CHECKS_MAX),
            log: Mutex::default(),
            keeper: OnceLock::new(),
            newest: Mutex::new(Some(Known { accounts: Arc::default(), index: 0 })),
        }
    }
}

impl Logins {
    /// FLUSH USER_RESOURCES.
    pub fn forget_usage(&self) {
        self.usage.forget(std::time::Instant::now());
    }

    /// What a client that says to be `user` is checked against; `account` is the one that was found for it.
    #[must_use]
    pub fn credential(&self, accounts: &Accounts, user: &str, account: Option<&Account>) -> Credential {
        let Some(account) = account else { return Credential::Decoy(self.decoy_plugin(accounts, user)) };
        let authentication = &account.authentication;
        if authentication.authentication_string.is_empty() {
            return Credential::Empty;
        }
        match authentication.plugin {
            AuthPlugin::CachingSha2Password => {
                Credential::Sha2 { remembered: self.digests.lock().of(account) }
            }
            AuthPlugin::MysqlNativePassword => {
                let secrets = std::iter::once(&authentication.authentication_string).chain(&account.retained);
                Credential::Native(secrets.filter_map(|secret| native_digest(secret)).collect())
            }
        }
    }

    /// The plugin of an account that does not exist: one of those that accounts have, so that its name cannot be told from theirs by it.
    fn decoy_plugin(&self, accounts: &Accounts, user: &str) -> Plugin {
        let is_native = |account: &Arc<Account>| {
            account.authentication.plugin == AuthPlugin::MysqlNativePassword
                && !account.authentication.authentication_string.is_empty()
        };
        if accounts.iter().any(is_native) && self.decoys.hash_one(user) & 1 == 1 {
            return Plugin::Native;
        }
        Plugin::CachingSha2
    }

    /// Keeps what full authentication has proven, for the fast path of the next login.
    pub fn remember(&self, account: &Account, proven: Proven) {
        self.digests.lock().remember(account, proven);
    }

    /// At the start: what was known in the run before, and who keeps what becomes known.
    pub fn begin(&self, known: Option<Known>, keeper: Keeper) {
        *self.newest.lock() = known;
        let _ = self.keeper.set(keeper);
    }

    /// The accounts that logins are judged by; none while this node knows none.
    ///
    /// What the catalog says counts, unless it is known to be behind: a node that restarts reads a catalog that is older than what it had
    /// applied, and it may take a majority until it has replayed the rest.
    #[must_use]
    pub fn accounts(&self, node: &Node) -> Option<Arc<Accounts>> {
        let newest = self.newest.lock().clone()?;
        let accounts = match node.store.watermark() < newest.index && !node.role.get().serving {
            true => newest.accounts,
            false => Arc::clone(&node.catalog().accounts),
        };
        // The cluster is being formed with a password: who came before that, without one, would stay.
        let is_formed = accounts.is_stored() || node.config.root_password_file.is_none();
        is_formed.then_some(accounts)
    }

    /// The catalog was read, or is being replaced: these are the accounts as of `index`.
    pub fn accounts_are(&self, accounts: &Arc<Accounts>, index: u64) {
        let mut newest = self.newest.lock();
        if newest.as_ref().is_some_and(|newest| index < newest.index) {
            return;
        }
        let is_new = newest.as_ref().is_none_or(|newest| !Arc::ptr_eq(&newest.accounts, accounts));
        let known = newest.insert(Known { accounts: Arc::clone(accounts), index });
        if is_new && let Some(keep) = self.keeper.get() {
            keep(known);
        }
    }

    /// Whether a refused login is to be logged now: how many were not, since the one before.
    #[must_use]
    pub fn log_refusal(&self) -> Option<u64> {
        self.log.lock().take(Instant::now())
    }
}

/// The digest in an authentication string of `mysql_native_password`.
fn native_digest(authentication_string: &[u8]) -> Option<[u8; NATIVE_DIGEST_BYTES]> {
    let digits = authentication_string.strip_prefix(b"*")?;
    let mut digest = [0; NATIVE_DIGEST_BYTES];
    if digits.len() != 2 * NATIVE_DIGEST_BYTES {
        return None;
    }
    let value = |digit: u8| char::from(digit).to_digit(16).map(|value| value as u8);
    for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(digest)
}

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

/// When a refused login was logged last, and how many were not since.
#[derive(Debug, Default)]
struct RefusedLog {
    last: Option<Instant>,
    silent_count: u64,
}

impl RefusedLog {
    fn take(&mut self, now: Instant) -> Option<u64> {
        let elapsed = self.last.map_or(Duration::MAX, |last| now.saturating_duration_since(last));
        if elapsed < REFUSED_LOGINS_LOGGED_INTERVAL {
            self.silent_count += 1;
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.silent_count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sql::account::{AccountId, secret};

    fn account(plugin: AuthPlugin, password: &[u8]) -> Account {
        let mut account = Account::new(AccountId::new("u", "%"));
        account.authentication.plugin = plugin;
        account.authentication.authentication_string = secret::make(plugin, password);
        account
    }

    #[test]
    fn native_digests_are_read_from_hexadecimal_digits() {
        let account = account(AuthPlugin::MysqlNativePassword, b"pw");
        let expected = Credential::from_password(Plugin::Native, b"pw");
        assert_eq!(Logins::default().credential(&Accounts::default(), "u", Some(&account)), expected);
        for wrong in [&b""[..], b"*", b"*zz", &[b'*'; 41]] {
            assert_eq!(native_digest(wrong), None);
        }
    }

    #[test]
    fn both_passwords_of_an_account_are_remembered_and_no_others() {
        let logins = Logins::default();
        let mut dual = account(AuthPlugin::CachingSha2Password, b"new");
        dual.retained = Some(secret::make(AuthPlugin::CachingSha2Password, b"old"));
        let remembered = |account: &Account| match logins.credential(&Accounts::default(), "u", Some(account))
        {
            Credential::Sha2 { remembered } => remembered.len(),
            other => panic!("{other:?}"),
        };
        assert_eq!(remembered(&dual), 0);
        for password in [&b"new"[..], b"old", b"new"] {
            let password = wire::mysql::auth::Password::new(password.to_vec());
            logins.remember(&dual, verify(Some(&dual), Some(&password)).unwrap());
        }
        assert_eq!(remembered(&dual), 2);
        dual.retained = None;
        assert_eq!(remembered(&dual), 1);
        let changed = account(AuthPlugin::CachingSha2Password, b"new");
        assert_eq!(remembered(&changed), 0, "the same password, salted anew");
    }

    #[test]
    fn refusals_are_logged_once_in_a_while() {
        let mut log = RefusedLog::default();
        let now = Instant::now();
        assert_eq!(log.take(now), Some(0));
        assert_eq!((log.take(now), log.take(now)), (None, None));
        assert_eq!(log.take(now + REFUSED_LOGINS_LOGGED_INTERVAL), Some(2));
    }
}
