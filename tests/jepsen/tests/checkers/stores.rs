//! Stores that are right.

use std::collections::BTreeMap;

use jepsen::edn::Value;
use rand::Rng;
use rand::rngs::StdRng;

use crate::generate::{Store, edn};

fn vector(values: impl IntoIterator<Item = Value>) -> Value {
    Value::Vector(values.into_iter().collect())
}

/// Transactions over lists or registers.
pub struct Transactions {
    /// `append` or `w`.
    write: &'static str,
    next: i64,
    rows: BTreeMap<i64, Vec<i64>>,
}

impl Transactions {
    pub fn new(write: &'static str) -> Transactions {
        Transactions { write, next: 0, rows: BTreeMap::new() }
    }
}

impl Store for Transactions {
    fn generate(&mut self, random: &mut StdRng) -> (&'static str, Value) {
        let first_key = self.next / 40;
        let steps: Vec<Value> = (0..random.random_range(1..=4))
            .map(|_| {
                let key = Value::Integer(first_key + random.random_range(0..4));
                if random.random() {
                    self.next += 1;
                    return vector([Value::keyword(self.write), key, Value::Integer(self.next)]);
                }
                vector([Value::keyword("r"), key, Value::Nil])
            })
            .collect();
        ("txn", vector(steps))
    }

    fn apply(&mut self, _function: &str, value: &Value) -> Result<Value, &'static str> {
        let steps = value.elements().unwrap().iter().map(|step| {
            let [name, key, argument] = step.elements().unwrap() else { panic!("{step}") };
            let row = self.rows.entry(key.as_integer().unwrap()).or_default();
            if name.name() == Some("r") {
                let seen = match (self.write, row.last()) {
                    (_, None) => Value::Nil,
                    ("w", Some(last)) => Value::Integer(*last),
                    (_, Some(_)) => vector(row.iter().map(|element| Value::Integer(*element))),
                };
                return vector([name.clone(), key.clone(), seen]);
            }
            row.push(argument.as_integer().unwrap());
            step.clone()
        });
        Ok(vector(steps.collect::<Vec<_>>()))
    }
}

/// Registers by key, compared and set. Every write has a value of its own, or one of few; what is compared with is held now, or was a moment ago.
#[derive(Default)]
pub struct Registers {
    /// How many values there are; none: no bound.
    values: Option<i64>,
    next: i64,
    held: BTreeMap<i64, Value>,
}

impl Registers {
    /// Of so many values.
    pub fn of(values: i64) -> Registers {
        Registers { values: Some(values), ..Registers::default() }
    }
}

impl Store for Registers {
    fn generate(&mut self, random: &mut StdRng) -> (&'static str, Value) {
        let number = random.random_range(0..3);
        let held = self.held.get(&number).cloned().unwrap_or(Value::Nil);
        let key = Value::Integer(number);
        self.next += 1;
        let new = Value::Integer(self.values.map_or(self.next, |values| random.random_range(0..values)));
        match random.random_range(0..5) {
            0 => ("write", vector([key, new])),
            1 => ("cas", vector([key, vector([held, new])])),
            _ => ("read", vector([key, Value::Nil])),
        }
    }

    fn apply(&mut self, function: &str, value: &Value) -> Result<Value, &'static str> {
        let [key, argument] = value.elements().unwrap() else { panic!("{value}") };
        let held = self.held.entry(key.as_integer().unwrap()).or_insert(Value::Nil);
        match (function, argument.elements()) {
            ("read", _) => return Ok(vector([key.clone(), held.clone()])),
            ("cas", Some([from, to])) if held == from => *held = to.clone(),
            ("cas", _) => return Err("precondition"),
            (_, _) => *held = argument.clone(),
        }
        Ok(value.clone())
    }
}

/// A counter.
#[derive(Default)]
pub struct Counter(i64);

impl Store for Counter {
    fn generate(&mut self, random: &mut StdRng) -> (&'static str, Value) {
        if random.random() {
            ("read", Value::Nil)
        } else {
            ("add", Value::Integer(random.random_range(-3..6)))
        }
    }

    fn apply(&mut self, function: &str, value: &Value) -> Result<Value, &'static str> {
        self.0 += if function == "add" { value.as_integer().unwrap() } else { 0 };
        Ok(if function == "add" { value.clone() } else { Value::Integer(self.0) })
    }
}

/// A set of numbers; also what `outcomes` reads.
pub struct Set {
    add: &'static str,
    next: i64,
    elements: Vec<Value>,
}

impl Set {
    pub fn new(add: &'static str) -> Set {
        Set { add, next: 0, elements: Vec::new() }
    }
}

impl Store for Set {
    fn generate(&mut self, random: &mut StdRng) -> (&'static str, Value) {
        self.next += 1;
        if random.random_ratio(1, 8) { ("read", Value::Nil) } else { (self.add, Value::Integer(self.next)) }
    }

    fn apply(&mut self, function: &str, value: &Value) -> Result<Value, &'static str> {
        if function == "read" {
            return Ok(vector(self.elements.clone()));
        }
        self.elements.push(value.clone());
        Ok(value.clone())
    }
}

/// Ids that go up.
#[derive(Default)]
pub struct Ids(i64);

impl Store for Ids {
    fn generate(&mut self, _random: &mut StdRng) -> (&'static str, Value) {
        ("generate", Value::Nil)
    }

    fn apply(&mut self, _function: &str, _value: &Value) -> Result<Value, &'static str> {
        self.0 += 3;
        Ok(vector([Value::Integer(self.0), Value::Integer(self.0 + 1)]))
    }
}

/// Accounts with 10 each.
pub struct Bank(Vec<i64>);

impl Bank {
    pub fn new() -> Bank {
        Bank(vec![10; 5])
    }
}

impl Store for Bank {
    fn generate(&mut self, random: &mut StdRng) -> (&'static str, Value) {
        if random.random() {
            return ("read", Value::Nil);
        }
        let mut number = |max| Value::Integer(random.random_range(0..max));
        let map = [("from", number(5)), ("to", number(5)), ("amount", number(4))];
        ("transfer", Value::Map(map.map(|(name, value)| (Value::keyword(name), value)).into()))
    }

    fn apply(&mut self, function: &str, value: &Value) -> Result<Value, &'static str> {
        if function == "read" {
            let balances = self.0.iter().map(|balance| Value::Integer(*balance));
            return Ok(Value::Map((0..).map(Value::Integer).zip(balances).collect()));
        }
        let field = |name| value.get(name).and_then(Value::as_integer).unwrap();
        let place = |name| usize::try_from(field(name)).unwrap();
        let amount = field("amount");
        if self.0[place("from")] < amount {
            return Err("too-little");
        }
        self.0[place("from")] -= amount;
        self.0[place("to")] += amount;
        Ok(value.clone())
    }
}

/// Keys that are written once, read in groups of two.
#[derive(Default)]
pub struct Once {
    next: i64,
    written: BTreeMap<i64, Value>,
}

impl Store for Once {
    fn generate(&mut self, random: &mut StdRng) -> (&'static str, Value) {
        if random.random_ratio(1, 3) {
            self.next += 1;
            return ("write", edn(&format!("[[:w {} 1]]", self.next - 1)));
        }
        let group = (self.next / 2 - random.random_range(0..3)).max(0) * 2;
        ("read", edn(&format!("[[:r {group} nil] [:r {} nil]]", group + 1)))
    }

    fn apply(&mut self, function: &str, value: &Value) -> Result<Value, &'static str> {
        let steps = value.elements().unwrap().iter().map(|step| {
            let [name, key, argument] = step.elements().unwrap() else { panic!("{step}") };
            let number = key.as_integer().unwrap();
            if function == "write" {
                self.written.insert(number, argument.clone());
                return step.clone();
            }
            vector([name.clone(), key.clone(), self.written.get(&number).cloned().unwrap_or(Value::Nil)])
        });
        Ok(vector(steps.collect::<Vec<_>>()))
    }
}

/// Rows that count up.
#[derive(Default)]
pub struct Rows(BTreeMap<i64, i64>);

impl Store for Rows {
    fn generate(&mut self, random: &mut StdRng) -> (&'static str, Value) {
        let key = Value::Integer(random.random_range(0..3));
        match random.random_range(0..3) {
            0 => ("add", vector([key, Value::Nil])),
            1 => ("read", vector([key, Value::Nil])),
            _ => ("snapshot", edn("[[0 nil] [1 nil] [2 nil]]")),
        }
    }

    fn apply(&mut self, function: &str, value: &Value) -> Result<Value, &'static str> {
        let row = |rows: &BTreeMap<i64, i64>, key: &Value| {
            let version = rows.get(&key.as_integer().unwrap()).copied().unwrap_or_default();
            vector([key.clone(), Value::Integer(version)])
        };
        let parts = value.elements().unwrap();
        if function == "snapshot" {
            return Ok(vector(parts.iter().map(|part| row(&self.0, &part.elements().unwrap()[0]))));
        }
        if function == "add" {
            *self.0.entry(parts[0].as_integer().unwrap()).or_default() += 1;
        }
        Ok(row(&self.0, &parts[0]))
    }
}

/// Rows that are inserted if there is none.
#[derive(Default)]
pub struct Predicates {
    next: i64,
    rows: BTreeMap<i64, Value>,
}

impl Store for Predicates {
    fn generate(&mut self, random: &mut StdRng) -> (&'static str, Value) {
        self.next += 1;
        let (key, id) = (self.next / 6, self.next);
        let text = match random.random_range(0..3) {
            0 => format!("[{key} [{id} nil]]"),
            1 => format!("[{key} [nil {id}]]"),
            _ => return ("read", edn(&format!("[{key} nil]"))),
        };
        ("insert", edn(&text))
    }

    fn apply(&mut self, function: &str, value: &Value) -> Result<Value, &'static str> {
        let [key, ids] = value.elements().unwrap() else { panic!("{value}") };
        let number = key.as_integer().unwrap();
        let row = vector(self.rows.get(&number).cloned());
        if function == "read" {
            return Ok(vector([key.clone(), vector([row.clone(), row])]));
        }
        if self.rows.contains_key(&number) {
            return Err("too-late");
        }
        let id = ids.elements().unwrap().iter().find(|id| **id != Value::Nil).unwrap();
        self.rows.insert(number, id.clone());
        Ok(value.clone())
    }
}

/// Locks, whose holders come back to them.
#[derive(Default)]
pub struct Locks {
    held: BTreeMap<i64, bool>,
}

impl Store for Locks {
    fn generate(&mut self, random: &mut StdRng) -> (&'static str, Value) {
        ("acquire", vector([Value::Integer(random.random_range(0..1000)), Value::Nil]))
    }

    fn apply(&mut self, _function: &str, value: &Value) -> Result<Value, &'static str> {
        let name = value.elements().unwrap()[0].as_integer().unwrap();
        if self.held.insert(name, true).is_some() { Err("held") } else { Ok(value.clone()) }
    }
}
