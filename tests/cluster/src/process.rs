//! What a server process holds, as the kernel tells.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often a [`ThreadWatch`] looks.
const WATCH_PAUSE: Duration = Duration::from_millis(2);

/// The threads of a process: how many there are of each name.
///
/// # Panics
/// When there is no such process.
#[must_use]
pub fn threads(process_id: u32) -> BTreeMap<String, usize> {
    let mut threads = BTreeMap::new();
    for task in fs::read_dir(format!("/proc/{process_id}/task")).expect("the process runs").flatten() {
        // One that has just ended has no name any more.
        if let Ok(name) = fs::read_to_string(task.path().join("comm")) {
            *threads.entry(name.trim().to_owned()).or_default() += 1;
        }
    }
    threads
}

/// Resident memory of a process.
///
/// # Panics
/// When there is no such process.
#[must_use]
pub fn memory_bytes(process_id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process_id}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line VmRSS");
    let kib: u64 =
        line.split_whitespace().next().and_then(|text| text.parse().ok()).expect("a number of KiB");
    kib << 10
}

/// Whether every thread of a process is stopped, as by SIGSTOP.
///
/// # Panics
/// When there is no such process.
#[must_use]
pub fn is_stopped(process_id: u32) -> bool {
    fs::read_dir(format!("/proc/{process_id}/task")).expect("the process runs").flatten().all(|task| {
        // One that has just ended has no state any more: look again. The name, in brackets, may hold anything.
        let stat = fs::read_to_string(task.path().join("stat"));
        stat.is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('T')))
    })
}

/// Lets this process have as many files as it may.
///
/// # Panics
/// When it may not have `least`.
pub fn allow_files(least: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let most = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most }).expect("own limit of open files");
    assert!(most.is_none_or(|most| most >= least), "this needs {least} open files; {most:?} are allowed");
}

/// Looks all the time which threads a process has.
pub struct ThreadWatch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<BTreeMap<String, usize>>,
}

impl ThreadWatch {
    /// Begins to look.
    #[must_use]
    pub fn start(process_id: u32) -> ThreadWatch {
        let stop = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut most = BTreeMap::new();
            while !end.load(Ordering::Relaxed) {
                let now = threads(process_id);
                if now.values().sum::<usize>() > most.values().sum::<usize>() {
                    most = now;
                }
                std::thread::sleep(WATCH_PAUSE);
            }
            most
        });
        ThreadWatch { stop, thread }
    }

    /// Ends it; the threads when there were most.
    ///
    /// # Panics
    /// When the process has ended.
    #[must_use]
    pub fn most(self) -> BTreeMap<String, usize> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the process has ended")
    }
}
