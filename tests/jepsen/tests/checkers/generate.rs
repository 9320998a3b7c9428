//! Histories of a store that is right, by seed; and what is wrong, planted into them.
//!
//! Clients take turns by chance. An operation takes effect at one moment between its invocation and its completion; one of unknown outcome does so then, later or never. So every
//! history is linearizable, and strictly serializable if its operations are transactions.

use jepsen::edn::Value;
use jepsen::history::{History, Kind, Operation, Process};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const CLIENTS: u64 = 5;
/// Processes of what is planted begin here.
const PLANTED_PROCESS: u64 = 10_000;

/// A store: what an operation answers, and what it changes.
pub trait Store {
    /// The next operation to ask for.
    fn generate(&mut self, random: &mut StdRng) -> (&'static str, Value);
    /// It takes effect, or is refused for a reason.
    fn apply(&mut self, function: &str, value: &Value) -> Result<Value, &'static str>;
}

enum Client {
    Idle,
    Asked(&'static str, Value),
    /// What it completes with.
    Done(Operation),
}

fn operation(process: u64, kind: Kind, function: &str, value: Value) -> Operation {
    let (process, function) = (Process::Client(process), function.to_owned());
    Operation { index: 0, time_ns: 0, process, kind, function, value, error: None, extra: Vec::new() }
}

fn completion(process: u64, function: &str, value: Value, store: &mut impl Store) -> Operation {
    match store.apply(function, &value) {
        Ok(answer) => operation(process, Kind::Ok, function, answer),
        Err(reason) => Operation {
            error: Some(Value::keyword(reason)),
            ..operation(process, Kind::Fail, function, value)
        },
    }
}

/// Numbers the operations by their place.
pub fn history(mut operations: Vec<Operation>) -> History {
    for (index, operation) in (0..).zip(&mut operations) {
        operation.index = index;
        operation.time_ns = index * 1_000_000;
    }
    History { operations }
}

/// So many operations of a store, and in the end some more of which the outcome is known, one after the other.
pub fn simulate(seed: u64, count: usize, store: &mut impl Store, last: &[(&'static str, Value)]) -> History {
    let mut random = StdRng::seed_from_u64(seed);
    let mut operations = Vec::new();
    let mut processes: Vec<u64> = (0..CLIENTS).collect();
    let mut clients: Vec<Client> = (0..CLIENTS).map(|_| Client::Idle).collect();
    let mut late: Vec<(&'static str, Value)> = Vec::new();
    let mut asked = 0;
    while asked < count || clients.iter().any(|client| !matches!(client, Client::Idle)) {
        if !late.is_empty() && random.random_ratio(1, 20) {
            let (function, value) = late.swap_remove(random.random_range(0..late.len()));
            // Refused or not, nobody hears of it.
            let _ = store.apply(function, &value);
        }
        let at = random.random_range(0..clients.len());
        let process = processes[at];
        clients[at] = match std::mem::replace(&mut clients[at], Client::Idle) {
            Client::Idle if asked < count => {
                asked += 1;
                let (function, value) = store.generate(&mut random);
                operations.push(operation(process, Kind::Invoke, function, value.clone()));
                Client::Asked(function, value)
            }
            Client::Idle => Client::Idle,
            Client::Asked(function, value) => match random.random_range(0..100) {
                0..4 => {
                    operations.push(operation(process, Kind::Fail, function, value));
                    Client::Idle
                }
                4..10 => {
                    operations.push(operation(process, Kind::Info, function, value.clone()));
                    processes[at] += CLIENTS;
                    if random.random() {
                        late.push((function, value));
                    }
                    Client::Idle
                }
                _ => Client::Done(completion(process, function, value, store)),
            },
            Client::Done(completion) => {
                operations.push(completion);
                Client::Idle
            }
        };
    }
    for (function, value) in last {
        operations.push(operation(processes[0], Kind::Invoke, function, value.clone()));
        operations.push(completion(processes[0], function, value.clone(), store));
    }
    history(operations)
}

/// Operations by lines: process, type, `:f`, then the value and more of the map.
pub fn lines(text: &str) -> Vec<Operation> {
    let line = |line: &str| {
        let mut words = line.trim().splitn(4, ' ');
        let mut word = || words.next().unwrap_or_else(|| panic!("{line}"));
        let (process, kind, function, rest) = (word(), word(), word(), word());
        format!("{{:process {process}, :type :{kind}, :f :{function}, :value {rest}}}")
    };
    let text: Vec<String> = text.lines().filter(|text| !text.trim().is_empty()).map(line).collect();
    History::read_edn(&text.join("\n")).unwrap().operations
}

/// Plants operations, in their order, each somewhere behind the one before.
pub fn plant(seed: u64, into: &History, planted: &str) -> History {
    let mut random = StdRng::seed_from_u64(seed);
    let mut operations = into.operations.clone();
    let mut at = random.random_range(0..operations.len() / 2);
    for mut operation in lines(planted) {
        if let Process::Client(process) = &mut operation.process {
            *process += PLANTED_PROCESS;
        }
        at += random.random_range(1..8);
        operations.insert(at.min(operations.len()), operation);
    }
    history(operations)
}

/// The elements of a vector, to change them.
pub fn elements(value: &mut Value) -> &mut Vec<Value> {
    match value {
        Value::Vector(elements) => elements,
        other => panic!("{other} is no vector"),
    }
}

/// Keyword lists like `[[:r 1 nil]]`.
pub fn edn(text: &str) -> Value {
    Value::parse(text).unwrap()
}
