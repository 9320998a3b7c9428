//! The end of a run: what clients do last, and what went wrong with the run itself.

use super::library::{Libraries, Manner};
use super::target::Target;
use super::worker::Worker;
use crate::edn::Value;
use crate::verdict::{Valid, Verdict};

/// Has each worker do what it does last: the first one alone, as it may bring back what others need, and then the others together.
/// What could not be done.
pub(super) fn last(workers: &mut [Worker]) -> Vec<String> {
    let Some((first, others)) = workers.split_first_mut() else { return Vec::new() };
    let mut trouble: Vec<String> = first.finish(true).err().into_iter().collect();
    std::thread::scope(|scope| {
        let running: Vec<_> =
            others.iter_mut().map(|worker| scope.spawn(move || worker.finish(false))).collect();
        for worker in running {
            match worker.join() {
                Ok(done) => trouble.extend(done.err()),
                Err(_) => trouble.push("a worker panicked in what it does last".to_owned()),
            }
        }
    });
    trouble
}

/// Something went wrong with the run itself: what was recorded may be judged, and is not all that there should be.
pub(super) fn trouble(what: String) -> Verdict {
    Verdict {
        checker: "run".to_owned(),
        valid: Valid::Unknown,
        findings: vec![what],
        details: Value::Map(Vec::new()),
        drawings: Vec::new(),
    }
}

/// What the first node that answers says of its version.
pub(super) fn version(target: &Target) -> String {
    let ask = |id: u64| {
        let mut session = target.open(id, Manner::of(Libraries::Quorate, 0)).ok()?;
        session.query("SELECT CONCAT(@@version_comment, ' ', @@version)").ok()?.text().map(str::to_owned)
    };
    target.nodes.ids().into_iter().find_map(ask).unwrap_or_default()
}
