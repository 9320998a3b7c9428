//! The end of a run: what clients do last, and what went wrong with the run itself.

use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use super::Part;
use super::library::{Libraries, Manner};
use super::target::Target;
use crate::edn::Value;
use crate::verdict::{Valid, Verdict};

/// How long everything that is done last may take.
const LAST_TIMEOUT: Duration = Duration::from_secs(90);

/// Has each worker of each workload do what it does last: of a workload the first one alone, as it may bring back what others need, and
/// then the others together. What could not be done.
pub(super) fn last(parts: &mut [Part]) -> Vec<String> {
    let deadline = Instant::now() + LAST_TIMEOUT;
    std::thread::scope(|scope| {
        let last = |part| scope.spawn(move || last_of(part, deadline));
        let running: Vec<_> = parts.iter_mut().map(last).collect();
        running.into_iter().flat_map(joined).collect()
    })
}

fn last_of(part: &mut Part, deadline: Instant) -> Vec<String> {
    let Some((first, others)) = part.workers.split_first_mut() else { return Vec::new() };
    let about = |trouble: String| format!("{}: {trouble}", part.kindred.name);
    let mut trouble: Vec<String> = first.finish(true, deadline).err().into_iter().collect();
    std::thread::scope(|scope| {
        let running: Vec<_> = others
            .iter_mut()
            .map(|worker| scope.spawn(move || Vec::from_iter(worker.finish(false, deadline).err())))
            .collect();
        trouble.extend(running.into_iter().flat_map(joined));
    });
    trouble.into_iter().map(about).collect()
}

/// What a thread found; that it panicked if it did.
fn joined(thread: ScopedJoinHandle<'_, Vec<String>>) -> Vec<String> {
    thread.join().unwrap_or_else(|_| vec!["a worker panicked in what it does last".to_owned()])
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
