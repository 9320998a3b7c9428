//! Logins with wrong passwords, one after another, by account.
//!
//! Counted are accounts that have both FAILED_LOGIN_ATTEMPTS and PASSWORD_LOCK_TIME, and no names that are not accounts. Any statement that
//! changes the account, ACCOUNT UNLOCK among them, begins anew.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sql::account::{Account, AccountId, PasswordLock};

use super::Refusal;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What there is of an account.
struct Failed {
    /// As it was when the count began.
    account: Arc<Account>,
    count: u16,
    blocked_since: Option<Instant>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Failures {
    by_account: HashMap<AccountId, Failed>,
}

impl Failures {
    /// A login with the right password: refused if the account is blocked.
    pub fn succeeded(&mut self, account: &Arc<Account>, now: Instant) -> Result<(), Refusal> {
        self.refresh(account, now);
        self.blocked(&account.id, now)?;
        self.by_account.remove(&account.id);
        Ok(())
    }

    /// A login with a wrong password: an error if the account is blocked, by now.
    pub fn failed(&mut self, account: &Arc<Account>, now: Instant) -> Result<(), Refusal> {
        if account.failed_login_attempts == 0 || account.password_lock == PasswordLock::Off {
            return Ok(());
        }
        self.refresh(account, now);
        self.blocked(&account.id, now)?;
        let failed = self.by_account.entry(account.id.clone()).or_insert_with(|| Failed {
            account: Arc::clone(account),
            count: 0,
            blocked_since: None,
        });
        failed.count = failed.count.saturating_add(1);
        if failed.count >= account.failed_login_attempts {
            failed.blocked_since = Some(now);
        }
        self.blocked(&account.id, now)
    }

    /// Forgets what was counted before the account was changed, and a block that is over.
    fn refresh(&mut self, account: &Arc<Account>, now: Instant) {
        let Some(failed) = self.by_account.get(&account.id) else { return };
        let is_over = match (failed.blocked_since, failed.account.password_lock) {
            (Some(since), PasswordLock::Days(days)) => {
                now.saturating_duration_since(since) >= DAY * u32::from(days)
            }
            (Some(_), PasswordLock::Unbounded) | (None, _) => false,
            (Some(_), PasswordLock::Off) => true,
        };
        if is_over || !Arc::ptr_eq(&failed.account, account) {
            self.by_account.remove(&account.id);
        }
    }

    fn blocked(&self, id: &AccountId, now: Instant) -> Result<(), Refusal> {
        let Some(failed) = self.by_account.get(id) else { return Ok(()) };
        let Some(since) = failed.blocked_since else { return Ok(()) };
        let (days, remaining_days) = match failed.account.password_lock {
            PasswordLock::Days(days) => {
                let past = now.saturating_duration_since(since).as_secs() / DAY.as_secs();
                (Some(days), u64::from(days).saturating_sub(past))
            }
            PasswordLock::Unbounded | PasswordLock::Off => (None, 0),
        };
        Err(Refusal::Blocked { days, remaining_days, failures: failed.account.failed_login_attempts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(attempts: u16, password_lock: PasswordLock) -> Arc<Account> {
        let account = Account::new(AccountId::new("u", "%"));
        Arc::new(Account { failed_login_attempts: attempts, password_lock, ..account })
    }

    fn blocked(days: Option<u16>, remaining_days: u64) -> Result<(), Refusal> {
        Err(Refusal::Blocked { days, remaining_days, failures: 2 })
    }

    #[test]
    fn an_account_is_blocked_for_its_days() {
        let (mut failures, account, now) =
            (Failures::default(), account(2, PasswordLock::Days(3)), Instant::now());
        assert_eq!(failures.failed(&account, now), Ok(()));
        assert_eq!(failures.succeeded(&account, now), Ok(()));
        assert_eq!(failures.failed(&account, now), Ok(()), "a success between begins anew");
        assert_eq!(failures.failed(&account, now), blocked(Some(3), 3));
        assert_eq!(failures.succeeded(&account, now + DAY), blocked(Some(3), 2));
        assert_eq!(failures.failed(&account, now + 3 * DAY - Duration::from_secs(1)), blocked(Some(3), 1));
        assert_eq!(failures.failed(&account, now + 3 * DAY), Ok(()), "one of two again");
        assert_eq!(failures.failed(&account, now + 3 * DAY), blocked(Some(3), 3));
    }

    #[test]
    fn a_statement_that_changes_the_account_unblocks_it() {
        let (mut failures, now) = (Failures::default(), Instant::now());
        let first = account(2, PasswordLock::Unbounded);
        assert_eq!(failures.failed(&first, now), Ok(()));
        assert_eq!(failures.failed(&first, now), blocked(None, 0));
        assert_eq!(failures.succeeded(&first, now + 1_000 * DAY), blocked(None, 0));
        assert_eq!(failures.succeeded(&account(2, PasswordLock::Unbounded), now), Ok(()));
    }

    #[test]
    fn accounts_without_such_a_rule_are_not_counted() {
        let mut failures = Failures::default();
        for account in [account(0, PasswordLock::Unbounded), account(2, PasswordLock::Off)] {
            for _ in 0..5 {
                assert_eq!(failures.failed(&account, Instant::now()), Ok(()));
            }
        }
        assert!(failures.by_account.is_empty());
    }
}
