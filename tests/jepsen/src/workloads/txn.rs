//! Transactions of micro-operations, as Elle has them: `[[:append 3 7] [:r 4 nil]]`, `[[:w 3 7] [:r 4 nil]]`.
//!
//! What a transaction of either kind goes through is here: a lone operation is a statement without BEGIN, one of reads only may be READ ONLY and go to any
//! node, others go to the leader and end with COMMIT.

use std::sync::Arc;

use rand::Rng as _;
use rand::rngs::StdRng;

use super::keys::Keys;
use super::{Request, Turn};
use crate::checkers::Model;
use crate::edn::Value;
use crate::run::connections::Place;
use crate::run::session::Ended;

use super::levels::Levels;

/// Micro-operations of a transaction, at most.
const LENGTH_MAX: usize = 4;

/// One micro-operation.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Micro {
    /// `:r`, `:w` or `:append`.
    pub(super) function: String,
    /// Its key.
    pub(super) key: i64,
    /// What is written; what was read.
    pub(super) value: Value,
}

/// How one kind of transaction reads and writes.
pub(super) trait Rows {
    /// Reads a key.
    fn read(&mut self, key: i64, turn: &mut Turn<'_>) -> Result<Value, Ended>;

    /// Writes a value; with `commits` the statement stands alone.
    fn write(&mut self, key: i64, value: i64, commits: bool, turn: &mut Turn<'_>) -> Result<(), Ended>;
}

/// `[[:r 4 nil] …]`.
pub(super) fn to_value(micros: &[Micro]) -> Value {
    let one = |micro: &Micro| {
        Value::Vector(vec![Value::keyword(&micro.function), micro.key.into(), micro.value.clone()])
    };
    Value::Vector(micros.iter().map(one).collect())
}

/// Back from there.
pub(super) fn of_value(value: &Value) -> Vec<Micro> {
    let one = |micro: &Value| match micro.elements()? {
        [Value::Keyword(function), Value::Integer(key), value] => {
            Some(Micro { function: function.clone(), key: *key, value: value.clone() })
        }
        _ => None,
    };
    value.elements().unwrap_or_default().iter().filter_map(one).collect()
}

/// A random transaction whose writes are called `write`.
pub(super) fn random(write: &'static str, keys: &Arc<Keys>, random: &mut StdRng) -> Request {
    let only_reads = random.random_ratio(1, 4);
    let length = random.random_range(1..=LENGTH_MAX);
    let micros: Vec<Micro> = (0..length)
        .map(|_| {
            let key = keys.next(random);
            if only_reads || random.random_bool(0.5) {
                Micro { function: "r".to_owned(), key, value: Value::Nil }
            } else {
                Micro { function: write.to_owned(), key, value: Value::Integer(keys.value()) }
            }
        })
        .collect();
    let place = if only_reads { Place::Any } else { Place::Leader };
    Request { function: "txn", value: to_value(&micros), place }
}

/// Transactions that read these keys one by one, on any node.
pub(super) fn reads(keys: impl Iterator<Item = i64>) -> Vec<Request> {
    let read = |key| to_value(&[Micro { function: "r".to_owned(), key, value: Value::Nil }]);
    keys.map(|key| Request::anywhere("txn", read(key))).collect()
}

/// Does a transaction.
pub(super) fn perform(rows: &mut dyn Rows, request: &Request, turn: &mut Turn<'_>) -> Result<Value, Ended> {
    let mut micros = of_value(&request.value);
    let is_read_only = request.place != Place::Leader;
    let is_single = micros.len() == 1;
    if !is_single {
        turn.say(if is_read_only { "START TRANSACTION READ ONLY" } else { "BEGIN" })?;
    }
    let mut has_written = false;
    for micro in &mut micros {
        if let Value::Integer(value) = micro.value {
            has_written = true;
            rows.write(micro.key, value, is_single, turn)?;
        } else {
            micro.value = rows.read(micro.key, turn)?;
        }
    }
    match (is_single, has_written) {
        (true, _) => {}
        (false, true) => turn.end()?,
        (false, false) => drop(turn.say("COMMIT")?),
    }
    Ok(to_value(&micros))
}

/// The model that is claimed.
pub(super) fn model(levels: Levels) -> Result<Model, &'static str> {
    Model::claimed(levels.isolation.name(), levels.consistency.is_strong())
        .ok_or("no model is claimed for this level")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    #[test]
    fn a_transaction_stands_in_a_history_and_comes_back() {
        let keys = Arc::new(Keys::new(3, 10));
        let mut source = StdRng::seed_from_u64(7);
        for _ in 0..50 {
            let request = random("append", &keys, &mut source);
            let micros = of_value(&request.value);
            assert!((1..=LENGTH_MAX).contains(&micros.len()));
            assert_eq!(to_value(&micros), request.value);
            let writes = micros.iter().any(|micro| micro.function == "append");
            assert!(!writes || request.place == Place::Leader, "a write goes to the leader");
        }
    }
}
