//! The value of an expression that reads nothing, before its statement runs: some types depend on it, as that of `TIME('1' '.25')`.
//!
//! Left out: subqueries, stored functions, variables, what depends on the time, and what may act on the session: they have no value here.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};

use storage::engine::MemoryEngine;
use storage::txn::{LockTable, Transaction, View};
use storage::version::{Store, StoreOptions};

use crate::catalog::Catalog;
use crate::execute::{Context, Freshness, Host, Locking, Process, SubqueryCache};
use crate::expression::Expression;
use crate::function::UserLockCalls;
use crate::session::SessionState;
use crate::types::Value;

/// The functions whose results depend on their arguments only, of those that give texts and what texts are made of.
const PLAIN: [&str; 77] = [
    "ABS",
    "ASCII",
    "BIN",
    "BIT_COUNT",
    "BIT_LENGTH",
    "CEIL",
    "CEILING",
    "CHAR",
    "CHARACTER_LENGTH",
    "CHAR_LENGTH",
    "CONCAT",
    "CONCAT_WS",
    "CONV",
    "CRC32",
    "DATE",
    "DATEDIFF",
    "DATE_FORMAT",
    "DAY",
    "DAYOFMONTH",
    "DAYOFWEEK",
    "ELT",
    "EXPORT_SET",
    "FIELD",
    "FIND_IN_SET",
    "FLOOR",
    "FORMAT",
    "GREATEST",
    "HEX",
    "HOUR",
    "INSERT",
    "INSTR",
    "INTERVAL",
    "LAST_DAY",
    "LCASE",
    "LEAST",
    "LEFT",
    "LENGTH",
    "LOCATE",
    "LOWER",
    "LPAD",
    "LTRIM",
    "MAKEDATE",
    "MAKETIME",
    "MAKE_SET",
    "MICROSECOND",
    "MID",
    "MINUTE",
    "MONTH",
    "OCT",
    "OCTET_LENGTH",
    "ORD",
    "POSITION",
    "QUARTER",
    "QUOTE",
    "REPEAT",
    "REPLACE",
    "REVERSE",
    "RIGHT",
    "ROUND",
    "RPAD",
    "RTRIM",
    "SECOND",
    "SEC_TO_TIME",
    "SIGN",
    "SPACE",
    "STRCMP",
    "SUBSTR",
    "SUBSTRING",
    "SUBSTRING_INDEX",
    "SUBTIME",
    "TO_DAYS",
    "TRUNCATE",
    "UCASE",
    "UNHEX",
    "UPPER",
    "WEEKDAY",
    "YEAR",
];
/// The beginnings of names of more of them.
const PLAIN_STARTS: [&str; 10] = [
    "ADDTIME",
    "BYTES AS ",
    "DATE AS ",
    "DATE_ADD_",
    "DATE_SUB_",
    "DECIMAL AS ",
    "EXTRACT_",
    "TEXT AS ",
    "TIME",
    "TRIM",
];

/// A server that knows nothing.
struct Nowhere;

impl Host for Nowhere {
    fn processes(&self) -> Vec<Process> {
        Vec::new()
    }
    fn status(&self, _session: bool, _connection_id: u64) -> Vec<(String, String)> {
        Vec::new()
    }
    fn variable(&self, _name: &str) -> Option<Value> {
        None
    }
    fn variables(&self) -> Vec<(String, Value)> {
        Vec::new()
    }
    fn global_override(&self, _name: &str) -> Option<Value> {
        None
    }
    fn set_global(&self, _name: &str, _value: Value) {}
    fn kill(&self, _connection_id: u64, _query_only: bool) -> bool {
        false
    }
}

/// An empty database, that nothing is ever written to.
static EMPTY: LazyLock<Option<(Store, LockTable)>> = LazyLock::new(|| {
    let store = Store::open(Box::new(MemoryEngine::new()), StoreOptions::default()).ok()?;
    Some((store, LockTable::new()))
});

impl Expression {
    /// What it will give, if that is known already. What it would warn of, it warns of when it is evaluated.
    pub(crate) fn known_value(&self, session: &SessionState) -> Option<Value> {
        if let Some(value) = self.as_constant() {
            return Some(value.clone());
        }
        if !self.is_fixed() || !self.is_plain() {
            return None;
        }
        let (store, locks) = EMPTY.as_ref()?;
        let mut session = session.clone();
        let mut txn = Transaction::begin(store, locks, 0);
        let mut ctx = Context {
            session: &mut session,
            catalog: &Arc::new(Catalog::default()),
            txn: &mut txn,
            view: View::Snapshot,
            locking: Locking::default(),
            parameters: &[],
            now_us: 0,
            host: &Nowhere,
            killed: &AtomicBool::new(false),
            sleeps_done: 0,
            sleeps_met: 0,
            freshness: Freshness::NotAsked,
            gave_last_insert_id: false,
            user_locks: UserLockCalls::default(),
            strict: false,
            outer_rows: Vec::new(),
            subqueries: SubqueryCache::default(),
        };
        self.eval(&[], &mut ctx).ok()
    }

    fn is_plain(&self) -> bool {
        let mut is_plain = match self {
            Expression::Call { function, .. } => {
                PLAIN.contains(&function.name)
                    || PLAIN_STARTS.iter().any(|start| function.name.starts_with(start))
            }
            _ => true,
        };
        self.for_each_operand(&mut |operand| is_plain = is_plain && operand.is_plain());
        is_plain
    }
}
