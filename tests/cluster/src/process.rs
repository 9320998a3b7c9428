//! What a server process holds, as the kernel tells.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often a [`ThreadWatch`] looks.
const WATCH_PAUSE: Duration = Duration::from_millis(2);

/// The threads of a process.
///
/// # Panics
/// When there is no such process.
#[must_use]
pub fn thread_count(process_id: u32) -> usize {
    fs::read_dir(format!("/proc/{process_id}/task")).expect("the process runs").count()
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

/// Looks all the time how many threads a process has.
pub struct ThreadWatch {
    most: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl ThreadWatch {
    /// Begins to look.
    #[must_use]
    pub fn start(process_id: u32) -> ThreadWatch {
        let (most, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (seen, end) = (Arc::clone(&most), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !end.load(Ordering::Relaxed) {
                seen.fetch_max(thread_count(process_id), Ordering::Relaxed);
                std::thread::sleep(WATCH_PAUSE);
            }
        });
        ThreadWatch { most, stop, thread }
    }

    /// Ends it; the most that were seen.
    ///
    /// # Panics
    /// When the process has ended.
    #[must_use]
    pub fn most(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the process has ended");
        self.most.load(Ordering::Relaxed)
    }
}
