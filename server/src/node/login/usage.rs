//! What each account uses: connections now, and what it did in the hour.
//!
//! An hour begins with the account's first login after the one before is over. An account that has no limits is counted too, since it may
//! get some.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sql::account::{Account, AccountId, ResourceLimits};

use super::Refusal;

const HOUR: Duration = Duration::from_secs(60 * 60);
/// Accounts after which those are forgotten that use nothing.
const IDLE_ACCOUNTS_MAX: usize = 256;

/// What an account has used.
#[derive(Clone, Copy, Debug)]
struct Used {
    connections: u32,
    hour_began: Instant,
    logins: u32,
    queries: u32,
    updates: u32,
}

impl Used {
    fn new(now: Instant) -> Used {
        Used { connections: 0, hour_began: now, logins: 0, queries: 0, updates: 0 }
    }

    fn begin_hour(&mut self, now: Instant) {
        if now.saturating_duration_since(self.hour_began) >= HOUR {
            *self = Used { connections: self.connections, ..Used::new(now) };
        }
    }
}

/// All accounts' usage.
#[derive(Default)]
pub(super) struct Usages {
    by_account: Mutex<HashMap<AccountId, Arc<Mutex<Used>>>>,
}

impl Usages {
    /// A place for one more connection of the account.
    pub fn enter(&self, account: &Account, now: Instant) -> Result<Place, Refusal> {
        let mut by_account = self.by_account.lock();
        if by_account.len() >= IDLE_ACCOUNTS_MAX {
            by_account.retain(|_, used| {
                let used = used.lock();
                used.connections > 0 || now.saturating_duration_since(used.hour_began) < HOUR
            });
        }
        let used =
            by_account.entry(account.id.clone()).or_insert_with(|| Arc::new(Mutex::new(Used::new(now))));
        let used = Arc::clone(used);
        drop(by_account);
        let limits = account.limits;
        {
            let mut used = used.lock();
            used.begin_hour(now);
            // In MySQL's order.
            within("max_user_connections", limits.max_user_connections, used.connections)?;
            within("max_connections_per_hour", limits.max_connections_per_hour, used.logins)?;
            used.connections += 1;
            used.logins += 1;
        }
        Ok(Place { used, limits })
    }

    /// What all accounts did in the hour is forgotten, and a new one begins; their connections stay counted.
    pub fn forget(&self, now: Instant) {
        for used in self.by_account.lock().values() {
            let mut used = used.lock();
            *used = Used { connections: used.connections, ..Used::new(now) };
        }
    }
}

/// Whether one more is within the limit; 0 is none.
fn within(resource: &'static str, limit: u32, used: u32) -> Result<(), Refusal> {
    if limit != 0 && used >= limit { Err(Refusal::LimitReached { resource, limit }) } else { Ok(()) }
}

/// A connection's place among those of its account, given back when it is dropped.
pub struct Place {
    used: Arc<Mutex<Used>>,
    /// As they were at the login, as in MySQL.
    limits: ResourceLimits,
}

impl Place {
    /// Counts a statement.
    ///
    /// # Errors
    /// [`Refusal::LimitReached`]: it is not to be run.
    pub fn count(&self, is_update: bool, now: impl FnOnce() -> Instant) -> Result<(), Refusal> {
        if self.limits.max_queries_per_hour == 0 && self.limits.max_updates_per_hour == 0 {
            return Ok(());
        }
        let mut used = self.used.lock();
        used.begin_hour(now());
        within("max_questions", self.limits.max_queries_per_hour, used.queries)?;
        used.queries += 1;
        if is_update {
            within("max_updates", self.limits.max_updates_per_hour, used.updates)?;
            used.updates += 1;
        }
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut used = self.used.lock();
        used.connections = used.connections.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(limits: ResourceLimits) -> Account {
        Account { limits, ..Account::new(AccountId::new("u", "%")) }
    }

    fn reached(resource: &'static str, limit: u32) -> Option<Refusal> {
        Some(Refusal::LimitReached { resource, limit })
    }

    #[test]
    fn connections_are_counted_while_they_last_and_by_the_hour() {
        let (usages, now) = (Usages::default(), Instant::now());
        let account = account(ResourceLimits {
            max_user_connections: 1,
            max_connections_per_hour: 2,
            ..Default::default()
        });
        let first = usages.enter(&account, now).unwrap();
        assert_eq!(usages.enter(&account, now).err(), reached("max_user_connections", 1));
        drop(first);
        let second = usages.enter(&account, now).unwrap();
        drop(second);
        assert_eq!(usages.enter(&account, now).err(), reached("max_connections_per_hour", 2));
        assert!(usages.enter(&account, now + HOUR).is_ok());
    }

    #[test]
    fn statements_are_counted_by_the_hour_for_all_connections_together() {
        let (usages, now) = (Usages::default(), Instant::now());
        let account = account(ResourceLimits {
            max_queries_per_hour: 4,
            max_updates_per_hour: 2,
            ..Default::default()
        });
        let (one, other) = (usages.enter(&account, now).unwrap(), usages.enter(&account, now).unwrap());
        assert_eq!((one.count(true, || now), other.count(true, || now)), (Ok(()), Ok(())));
        assert_eq!(one.count(true, || now).err(), reached("max_updates", 2));
        assert_eq!(other.count(false, || now), Ok(()));
        assert_eq!(one.count(false, || now).err(), reached("max_questions", 4));
        assert_eq!(one.count(true, || now + HOUR), Ok(()));
    }

    #[test]
    fn accounts_that_use_nothing_are_forgotten() {
        let (usages, now) = (Usages::default(), Instant::now());
        let enter = |number: usize, now| {
            let account = Account::new(AccountId::new(format!("u{number}"), "%"));
            usages.enter(&account, now)
        };
        let _open = enter(0, now).unwrap();
        for number in 1..IDLE_ACCOUNTS_MAX {
            enter(number, now).unwrap();
        }
        enter(IDLE_ACCOUNTS_MAX, now + HOUR).unwrap();
        assert_eq!(usages.by_account.lock().len(), 2);
    }
}
