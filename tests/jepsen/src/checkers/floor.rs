//! A floor of work, below which a clean history proves nothing.

use crate::edn::Value;
use crate::verdict::{Valid, Verdict};

/// The verdict, if so many operations were committed as the floor asks; else what was found to be right is *unknown*. What is wrong stays wrong.
#[must_use]
pub fn with_floor(mut verdict: Verdict, committed: u64, floor: u64) -> Verdict {
    let number = |count: u64| Value::Integer(i64::try_from(count).unwrap_or(i64::MAX));
    if let Value::Map(details) = &mut verdict.details {
        details.push((Value::keyword("committed"), number(committed)));
        details.push((Value::keyword("floor"), number(floor)));
    }
    if committed < floor {
        verdict.findings.push(format!("floor: {committed} operations were committed, of at least {floor}"));
        verdict.valid = Valid::of_all([verdict.valid, Valid::Unknown]);
    }
    verdict
}
