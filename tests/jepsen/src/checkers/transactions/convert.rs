//! Our histories as those of the crate `adya`.
//!
//! What has no completion gets an `:info` at the end: the crate takes writes from completions only. An empty list of an `:ok` is a list, and so is `nil`: the crate
//! tells them apart where it looks for lost updates, and a row that is not there is the same as one without elements.

use adya::Workload;
use adya::history::{Interner, Mop, Op, OpType, ReadValue, Scalar};

use crate::edn::Value;
use crate::history::{History, Kind, Operation, Pair, Process};

use super::super::judge::{Error, form, process};

const EXPECTED: &str = "a transaction: [[:append k v] [:w k v] [:r k nil] …]";

/// The transactions of a history, without all else.
pub(super) fn convert(history: &History, workload: Workload) -> Result<adya::History, Error> {
    let pairs = history.pairs()?;
    let mut interner = Interner::default();
    let mut ops = Vec::new();
    let transactions =
        history.operations.iter().filter(|operation| operation.function == "txn" && is_client(operation));
    for operation in transactions {
        ops.push(op(operation, &mut interner, workload)?);
    }
    let open = |pair: &&Pair<'_>| pair.invoke.function == "txn" && pair.completion.is_none();
    for pair in pairs.iter().filter(open) {
        ops.push(Op { kind: OpType::Info, ..op(pair.invoke, &mut interner, workload)? });
    }
    Ok(adya::History::from_ops(ops, interner))
}

fn is_client(operation: &Operation) -> bool {
    operation.process != Process::Nemesis
}

fn op(operation: &Operation, interner: &mut Interner, workload: Workload) -> Result<Op, Error> {
    let kind = match operation.kind {
        Kind::Invoke => OpType::Invoke,
        Kind::Ok => OpType::Ok,
        Kind::Fail => OpType::Fail,
        Kind::Info => OpType::Info,
    };
    let steps = operation.value.elements().ok_or_else(|| form(operation, EXPECTED))?;
    let mut value = Vec::with_capacity(steps.len());
    for step in steps {
        let Some([name, key, argument]) = step.elements() else { return Err(form(operation, EXPECTED)) };
        let mut scalar = |value: &Value| {
            let scalar = match value {
                Value::Integer(number) => Scalar::Int(*number),
                other => Scalar::Str(other.name().ok_or_else(|| form(operation, EXPECTED))?.to_owned()),
            };
            Ok(interner.intern(scalar))
        };
        let key = scalar(key)?;
        value.push(match (name.name(), workload) {
            (Some("append"), Workload::ListAppend) => Mop::Append { key, value: scalar(argument)? },
            (Some("w"), Workload::RwRegister) => Mop::Write { key, value: scalar(argument)? },
            (Some("r"), Workload::RwRegister) if *argument == Value::Nil => {
                Mop::Read { key, value: ReadValue::Nil }
            }
            (Some("r"), Workload::RwRegister) => {
                Mop::Read { key, value: ReadValue::Scalar(scalar(argument)?) }
            }
            (Some("r"), Workload::ListAppend) => match (argument, kind) {
                (Value::Nil, OpType::Ok) => Mop::Read { key, value: ReadValue::List(Vec::new()) },
                (Value::Nil, OpType::Invoke | OpType::Fail | OpType::Info) => {
                    Mop::Read { key, value: ReadValue::Nil }
                }
                (list, _) => {
                    let elements = list.elements().ok_or_else(|| form(operation, EXPECTED))?;
                    let elements = elements.iter().map(scalar).collect::<Result<_, Error>>()?;
                    Mop::Read { key, value: ReadValue::List(elements) }
                }
            },
            (Some(_) | None, _) => return Err(form(operation, EXPECTED)),
        });
    }
    Ok(Op {
        index: operation.index,
        kind,
        process: Some(i64::try_from(process(operation)).unwrap_or(i64::MAX)),
        value,
        time: Some(i64::try_from(operation.time_ns).unwrap_or(i64::MAX)),
    })
}
