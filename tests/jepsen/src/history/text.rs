//! Histories as text: EDN, which is exact, and JSON, which is not.
//!
//! EDN is written as one map a line, keys in Jepsen's order. Read is what Jepsen writes in any version of its store: maps or `#jepsen.history.Op` records,
//! one after the other or in one vector. Where `:index` or `:time` is missing, the place in the file stands for it.
//!
//! JSON is for tools that have no EDN (`elle-cli`'s form: one object a line). It has no keywords: they become strings, which read back as strings in values
//! ([`Value::name`] takes both); keys of objects read back as integers where they look so, else as keywords.

use std::io::{self, Write};

use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use super::{History, Kind, Operation, Process};
use crate::edn::{self, Value};

/// Text that is no history.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not EDN.
    #[error("EDN: {0}")]
    Edn(#[from] edn::Error),
    /// It is not JSON.
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is no operation.
    #[error("operation {at}: {what}")]
    Operation {
        /// Which one of the file, from 0.
        at: u64,
        /// What is wrong with it.
        what: String,
    },
}

/// Keys that are fields of [`Operation`]; all others are [`Operation::extra`].
const FIELDS: [&str; 7] = ["index", "time", "type", "process", "f", "value", "error"];

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Invoke => "invoke",
        Kind::Ok => "ok",
        Kind::Fail => "fail",
        Kind::Info => "info",
    }
}

impl Operation {
    /// The map that stands for it in a history.
    #[must_use]
    pub fn to_edn(&self) -> Value {
        let process = match self.process {
            Process::Client(process) => Value::Integer(clamp(process)),
            Process::Nemesis => Value::keyword("nemesis"),
        };
        let mut pairs = vec![
            (Value::keyword("index"), Value::Integer(clamp(self.index))),
            (Value::keyword("time"), Value::Integer(clamp(self.time_ns))),
            (Value::keyword("type"), Value::keyword(kind_name(self.kind))),
            (Value::keyword("process"), process),
            (Value::keyword("f"), Value::keyword(&self.function)),
            (Value::keyword("value"), self.value.clone()),
        ];
        if let Some(error) = &self.error {
            pairs.push((Value::keyword("error"), error.clone()));
        }
        pairs.extend(self.extra.iter().map(|(name, value)| (Value::keyword(name), value.clone())));
        Value::Map(pairs)
    }

    fn from_edn(at: u64, value: Value) -> Result<Operation, Error> {
        let wrong = |what: String| Error::Operation { at, what };
        let value = if let Value::Tagged(_, value) = value { *value } else { value };
        let number = |name: &str| match value.get(name) {
            None | Some(Value::Nil) => Ok(at),
            Some(number) => number
                .as_integer()
                .and_then(|number| u64::try_from(number).ok())
                .ok_or_else(|| wrong(format!(":{name} is no number: {number}"))),
        };
        let kind = match value.get("type").and_then(Value::name) {
            Some("invoke") => Kind::Invoke,
            Some("ok") => Kind::Ok,
            Some("fail") => Kind::Fail,
            Some("info") => Kind::Info,
            Some(_) | None => return Err(wrong("its :type is none of invoke, ok, fail, info".into())),
        };
        let process = match value.get("process") {
            Some(Value::Integer(process)) => Process::Client(
                u64::try_from(*process).map_err(|_| wrong(format!(":process {process} is negative")))?,
            ),
            Some(nemesis) if nemesis.name() == Some("nemesis") => Process::Nemesis,
            Some(other) => return Err(wrong(format!("its :process is no number: {other}"))),
            None => return Err(wrong("it has no :process".into())),
        };
        let function = value.get("f").and_then(Value::name).ok_or_else(|| wrong("it has no :f".into()))?;
        let (index, time_ns, function) = (number("index")?, number("time")?, function.to_owned());
        let taken = |name: &str| value.get(name).cloned();
        let (argument, error) = (taken("value").unwrap_or(Value::Nil), taken("error"));
        let Value::Map(pairs) = value else { return Err(wrong("it is no map".into())) };
        let extra = pairs
            .into_iter()
            .filter_map(|(key, value)| Some((key.name()?.to_owned(), value)))
            .filter(|(name, _)| !FIELDS.contains(&name.as_str()))
            .collect();
        Ok(Operation { index, time_ns, process, kind, function, value: argument, error, extra })
    }
}

/// EDN's integers are Java's longs.
fn clamp(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl History {
    /// Reads EDN.
    ///
    /// # Errors
    ///
    /// The text is no EDN, or not of operations.
    pub fn read_edn(text: &str) -> Result<History, Error> {
        let mut values = Value::parse_all(text)?;
        if values.len() == 1 && matches!(values[0], Value::Vector(_) | Value::List(_)) {
            let all = values.pop();
            values = all.iter().filter_map(Value::elements).flatten().cloned().collect();
        }
        History::from_values(values)
    }

    fn from_values(values: Vec<Value>) -> Result<History, Error> {
        let operations = values.into_iter().zip(0..).map(|(value, at)| Operation::from_edn(at, value));
        Ok(History { operations: operations.collect::<Result<_, _>>()? })
    }

    /// Writes EDN, one operation a line.
    ///
    /// # Errors
    ///
    /// `to` does not take it.
    pub fn write_edn(&self, mut to: impl Write) -> io::Result<()> {
        for operation in &self.operations {
            writeln!(to, "{}", operation.to_edn())?;
        }
        to.flush()
    }

    /// Reads JSON: one object a line, or one array of objects.
    ///
    /// # Errors
    ///
    /// The text is no JSON, or not of operations.
    pub fn read_json(text: &str) -> Result<History, Error> {
        let mut objects: Vec<Json> =
            serde_json::Deserializer::from_str(text).into_iter().collect::<Result<_, _>>()?;
        if let [Json::Array(all)] = &mut objects[..] {
            objects = std::mem::take(all);
        }
        History::from_values(objects.into_iter().map(from_json).collect())
    }

    /// Writes JSON, one operation a line.
    ///
    /// # Errors
    ///
    /// `to` does not take it.
    pub fn write_json(&self, mut to: impl Write) -> io::Result<()> {
        for operation in &self.operations {
            writeln!(to, "{}", to_json(&operation.to_edn()))?;
        }
        to.flush()
    }

    /// What names it: the first 16 digits of what `sha256sum history.edn` says.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        for operation in &self.operations {
            hasher.update(format!("{}\n", operation.to_edn()));
        }
        hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// As [`History::write_json`] has it.
#[must_use]
pub fn to_json(value: &Value) -> Json {
    match value {
        Value::Nil => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Integer(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::String(text) | Value::Keyword(text) | Value::Symbol(text) => Json::from(text.as_str()),
        Value::Vector(values) | Value::List(values) | Value::Set(values) => {
            Json::Array(values.iter().map(to_json).collect())
        }
        Value::Map(pairs) => {
            let name = |key: &Value| key.name().map_or_else(|| key.to_string(), str::to_owned);
            Json::Object(Map::from_iter(pairs.iter().map(|(key, value)| (name(key), to_json(value)))))
        }
        Value::Tagged(_, value) => to_json(value),
    }
}

fn from_json(json: Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => {
            number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap_or(f64::NAN)), Value::Integer)
        }
        Json::String(text) => Value::String(text),
        Json::Array(values) => Value::Vector(values.into_iter().map(from_json).collect()),
        Json::Object(pairs) => {
            let key = |name: String| name.parse().map_or_else(|_| Value::Keyword(name), Value::Integer);
            Value::Map(pairs.into_iter().map(|(name, value)| (key(name), from_json(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{:index 0, :time 5, :type :invoke, :process 3, :f :txn, :value [[:append 1 2] [:r 1 nil]]}
{:index 1, :time 6, :type :info, :process :nemesis, :f :start, :value {:n1 1.5}}
{:index 2, :time 9, :type :fail, :process 3, :f :txn, :value [[:append 1 2] [:r 1 nil]], :error [1213 "Deadlock"], :node "n1"}
"#;

    #[test]
    fn edn_is_written_as_it_was_read() {
        let history = History::read_edn(TEXT).unwrap();
        let mut written = Vec::new();
        history.write_edn(&mut written).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), TEXT);
        assert_eq!(history.operations[2].extra, [("node".to_owned(), Value::from("n1"))]);
        let sum: String = Sha256::digest(TEXT).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(history.hash(), sum);
    }

    #[test]
    fn a_vector_and_records_are_read_too() {
        let history = History::read_edn(TEXT).unwrap();
        let vector = format!("[{TEXT}]");
        assert_eq!(History::read_edn(&vector).unwrap(), history);
        let records: String = TEXT.lines().map(|line| format!("#jepsen.history.Op{line}\n")).collect();
        assert_eq!(History::read_edn(&records).unwrap(), history);
        let bare = History::read_edn("{:process 1, :type :invoke, :f :read, :value nil}").unwrap();
        assert_eq!((bare.operations[0].index, bare.operations[0].time_ns), (0, 0));
    }

    #[test]
    fn json_keeps_all_but_keywords() {
        let history = History::read_edn(TEXT).unwrap();
        let mut written = Vec::new();
        history.write_json(&mut written).unwrap();
        let again = History::read_json(std::str::from_utf8(&written).unwrap()).unwrap();
        let mut twice = Vec::new();
        again.write_json(&mut twice).unwrap();
        assert_eq!(twice, written);
        assert_eq!(again.operations[1], history.operations[1]);
        assert_eq!(again.operations[2].error, history.operations[2].error);
    }

    #[test]
    fn what_is_no_operation_is_an_error() {
        for text in [
            "1",
            "{:type :invoke, :f :read}",
            "{:type :done, :process 1, :f :read}",
            "{:type :ok, :process -1, :f :read}",
            "{:type :ok, :process 1}",
            "{:type :ok, :process :other, :f :x}",
            "{:type :ok, :process 1, :f :x, :index -2}",
        ] {
            assert!(matches!(History::read_edn(text), Err(Error::Operation { .. })), "{text}");
        }
    }

    #[test]
    fn a_history_that_is_none_has_no_pairs() {
        let line = |kind: &str, process: &str, function: &str| {
            format!("{{:type :{kind}, :process {process}, :f :{function}}}")
        };
        let cases = [
            [line("ok", "1", "r"), String::new()],
            [line("invoke", "1", "r"), line("invoke", "1", "r")],
            [line("invoke", "1", "r"), line("ok", "1", "w")],
            [format!("{} {}", line("invoke", "1", "r"), line("info", "1", "r")), line("invoke", "1", "r")],
            ["{:index 3, :type :invoke, :process 1, :f :r}".into(), line("ok", "1", "r")],
        ];
        for case in cases {
            assert!(History::read_edn(&case.concat()).unwrap().pairs().is_err(), "{case:?}");
        }
    }
}
