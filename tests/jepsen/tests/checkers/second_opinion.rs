//! The search for an order of registers is our own. Here it is compared with another one, that of `porcupine-rs`, on histories that may be right or wrong: of few values, so that
//! there is much to try, and with an answer changed by chance.

use std::collections::BTreeMap;

use jepsen::checkers;
use jepsen::edn::Value;
use jepsen::history::{History, Kind};
use jepsen::verdict::Valid;
use porcupine_rs::Operation;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::generate::{elements, history, simulate};
use crate::stores::Registers;

/// A register, with operations as maps have them: `:f`, `:type`, value.
#[derive(Clone)]
struct Register;

type Step = (String, Kind, Value);

impl porcupine_rs::Model for Register {
    type State = String;
    type Op = Step;
    type Metadata = ();

    fn init() -> String {
        "nil".to_owned()
    }

    fn step(state: &String, (function, kind, value): &Step) -> (bool, String) {
        match (function.as_str(), value.elements()) {
            ("read", _) => (*state == value.to_string(), state.clone()),
            ("cas", Some([from, to])) => {
                let is_met = *state == from.to_string();
                let next = if is_met && *kind != Kind::Fail { to.to_string() } else { state.clone() };
                (*kind == Kind::Info || is_met == (*kind == Kind::Ok), next)
            }
            ("write", _) => (true, value.to_string()),
            (other, _) => panic!("{other}"),
        }
    }
}

/// By key: whether an order explains its operations.
fn opinion(history: &History) -> bool {
    let mut keys: BTreeMap<String, Vec<Operation<Register>>> = BTreeMap::new();
    for pair in history.pairs().unwrap() {
        let (function, kind) = (pair.invoke.function.clone(), pair.outcome());
        let is_compared = pair.completion.is_some_and(|completion| completion.error.is_some());
        if (kind == Kind::Fail && !is_compared) || (kind == Kind::Info && function == "read") {
            continue;
        }
        let answer = pair.completion.filter(|_| function == "read").unwrap_or(pair.invoke);
        let [key, value] = answer.value.elements().unwrap() else { panic!("{answer:?}") };
        let time = |index: u64| i64::try_from(index).unwrap_or(i64::MAX);
        let (call_time, return_time) = (time(pair.invoke.index), time(pair.end()));
        let op = (function, kind, value.clone());
        let operation = Operation { client_id: None, call_time, return_time, op, metadata: None };
        keys.entry(key.to_string()).or_default().push(operation);
    }
    keys.values().all(|operations| porcupine_rs::check_operations(operations))
}

#[test]
fn both_searches_say_the_same() {
    let mut counts = BTreeMap::new();
    for seed in 0..400 {
        let mut random = StdRng::seed_from_u64(seed);
        let values = random.random_range(2..6);
        let count = random.random_range(20..90);
        let mut operations = simulate(seed, count, &mut Registers::of(values), &[]).operations;
        if random.random_ratio(4, 5) {
            let reads: Vec<usize> = (0..operations.len())
                .filter(|at| operations[*at].kind == Kind::Ok && operations[*at].function == "read")
                .collect();
            let at = reads[random.random_range(0..reads.len())];
            elements(&mut operations[at].value)[1] = Value::Integer(random.random_range(0..values));
        }
        let history = history(operations);
        let expected = opinion(&history);
        let verdict = checkers::linearizable_registers(&history);
        let is_valid = match verdict.valid {
            Valid::Yes => true,
            Valid::No => false,
            Valid::Unknown => panic!("seed {seed}: {:?}", verdict.findings),
        };
        assert_eq!(is_valid, expected, "seed {seed}: {:?}", verdict.findings);
        *counts.entry(is_valid).or_insert(0) += 1;
    }
    assert!(counts[&true] >= 100 && counts[&false] >= 100, "both answers are needed: {counts:?}");
}
