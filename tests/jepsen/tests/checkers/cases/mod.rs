//! What each checker of ours must refuse.

mod orders;
mod values;

use jepsen::edn::Value;
use jepsen::history::{History, Kind, Operation};
use jepsen::verdict::Verdict;

/// A checker of ours: a name, histories that are right by seed, the judge, and what is planted by name, each with the kind of finding it must lead to.
pub struct Case {
    pub checker: &'static str,
    pub good: fn(u64) -> History,
    pub judge: fn(&History) -> Verdict,
    pub bad: Vec<(&'static str, &'static str, Plant)>,
}

/// How something is planted.
pub enum Plant {
    /// Operations somewhere.
    Lines(&'static str),
    /// A change of what is there.
    Change(fn(&mut Vec<Operation>)),
}

/// The last operation that ended well.
fn last<'o>(operations: &'o mut [Operation], function: &str) -> &'o mut Operation {
    operations
        .iter_mut()
        .rev()
        .find(|operation| operation.kind == Kind::Ok && operation.function == function)
        .unwrap()
}

fn ok_values(operations: &[Operation], function: &str) -> Vec<Value> {
    let ok = operations.iter().filter(|one| one.kind == Kind::Ok && one.function == function);
    ok.map(|operation| operation.value.clone()).collect()
}

pub fn cases() -> [Case; 10] {
    [
        values::registers(),
        values::counter(),
        values::set(),
        values::unique_ids(),
        values::bank(),
        orders::long_fork(),
        orders::predicate(),
        orders::sessions(),
        orders::mutex(),
        orders::outcomes(),
    ]
}
