//! A transaction sees its own changes, at every level.
//!
//! Elle calls it *internal*, and counts to it what READ COMMITTED allows: that the same row read twice is another. Here it is only what a transaction has changed itself. Nobody
//! else can change that before it ends, so a list ends with what the transaction has appended, and a register holds what it has written last.

use std::collections::HashMap;

use adya::History;
use adya::history::{Id, Mop, OpType, ReadValue};

/// The reads that miss the own transaction's changes, in words.
pub(super) fn missed(history: &History) -> Vec<String> {
    let mut found = Vec::new();
    for op in history.ops.iter().filter(|op| op.kind == OpType::Ok) {
        let mut own: HashMap<Id, Vec<Id>> = HashMap::new();
        for mop in &op.value {
            match mop {
                Mop::Append { key, value } => own.entry(*key).or_default().push(*value),
                Mop::Write { key, value } => {
                    own.insert(*key, vec![*value]);
                }
                Mop::Read { key, value } => {
                    let Some(own) = own.get(key) else { continue };
                    let is_right = match value {
                        ReadValue::Nil => false,
                        ReadValue::Scalar(seen) => own.last() == Some(seen),
                        ReadValue::List(seen) => seen.ends_with(own),
                    };
                    if !is_right {
                        let changes: Vec<String> =
                            own.iter().map(|value| history.show(*value).to_string()).collect();
                        found.push(format!(
                            "T{} changed {} ({}) and then did not see it",
                            op.index,
                            history.show(*key),
                            changes.join(", ")
                        ));
                    }
                }
            }
        }
    }
    found
}
