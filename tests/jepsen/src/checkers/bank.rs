//! A bank: every read shows all accounts, their sum is the total, and no account is in debt.

use std::collections::BTreeMap;

use crate::edn::Value;
use crate::history::{History, Operation, Pair};
use crate::verdict::Verdict;

use super::judge::{Error, Judge, form, judge_pairs};

/// Judges `:read` beside `:transfer`.
#[must_use]
pub fn bank(history: &History, accounts: &[i64], total: i64) -> Verdict {
    judge_pairs("bank", history, |pairs, judge| check(pairs, accounts, total, judge))
}

fn check(pairs: &[Pair<'_>], accounts: &[i64], total: i64, judge: &mut Judge) -> Result<(), Error> {
    let mut read_count = 0;
    for ok in pairs.iter().filter(|pair| pair.invoke.function == "read").filter_map(Pair::ok) {
        read_count += 1;
        let balances = balances(ok)?;
        for account in accounts.iter().filter(|account| !balances.contains_key(account)) {
            judge.wrong("missing-account", format!("read {} does not show account {account}", ok.index));
        }
        for (account, balance) in &balances {
            if !accounts.contains(account) {
                judge.wrong("unexpected-account", format!("read {} shows account {account}", ok.index));
            }
            match balance {
                None => judge.wrong("no-balance", format!("read {}: account {account} has none", ok.index)),
                Some(balance) if *balance < 0 => {
                    judge.wrong("negative", format!("read {}: account {account} has {balance}", ok.index));
                }
                Some(_) => {}
            }
        }
        let sum: i64 = balances.values().flatten().sum();
        if sum != total {
            judge.wrong("wrong-total", format!("read {} sums up to {sum}, not {total}", ok.index));
        }
    }
    let transferred = pairs.iter().filter(|pair| pair.invoke.function == "transfer" && pair.ok().is_some());
    judge.count("transfer-count", transferred.count());
    judge.count("read-count", read_count);
    if read_count == 0 {
        judge.unknown("never-read", "no read succeeded");
    }
    Ok(())
}

/// Balances by account; `nil` as none. JSON's keys may be text.
fn balances(read: &Operation) -> Result<BTreeMap<i64, Option<i64>>, Error> {
    let wrong = || form(read, "a map of balances by account");
    let Value::Map(pairs) = &read.value else { return Err(wrong()) };
    let mut balances = BTreeMap::new();
    for (account, balance) in pairs {
        let account = account.as_integer().ok_or_else(wrong)?;
        let balance = match balance {
            Value::Nil => None,
            number => Some(number.as_integer().ok_or_else(wrong)?),
        };
        if balances.insert(account, balance).is_some() {
            return Err(wrong());
        }
    }
    Ok(balances)
}
