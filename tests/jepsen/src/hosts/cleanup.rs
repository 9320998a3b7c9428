//! What is left of runs that are no more, and the end of this one by a signal.
//!
//! Names of namespaces are `quorate-jepsen-PID-…`: those of a process that runs no more are nobody's, and what runs in them neither.
//! The disk layers' processes see to themselves: they end with the process that started them.

use std::path::Path;
use std::sync::Once;
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::Error;
use super::namespace::{ip, remove};

/// Names of namespaces begin so, then comes the process id of the harness.
const PREFIX: &str = "quorate-jepsen-";
/// A shell's exit code for a program that a signal ended, less the signal.
const EXIT_SIGNAL: i32 = 128;

/// The name of a namespace of this process.
pub(super) fn namespace_name(run: u64, host: &str) -> String {
    format!("{PREFIX}{}-{run}-{host}", std::process::id())
}

/// Whose a namespace is; none when it is not a harness'.
fn owner(namespace: &str) -> Option<u32> {
    namespace.strip_prefix(PREFIX)?.split('-').next()?.parse().ok()
}

/// Removes namespaces of runs that are no more, and the processes that were left in them.
pub(super) fn remove_stale() -> Result<(), Error> {
    remove_where(|owner| !Path::new(&format!("/proc/{owner}")).exists())
}

fn remove_where(is_to_go: impl Fn(u32) -> bool) -> Result<(), Error> {
    let list = ip(&["netns", "list"])?;
    let names = list.lines().filter_map(|line| line.split_whitespace().next());
    for name in names.filter(|name| owner(name).is_some_and(&is_to_go)) {
        kill_inside(name);
        remove(name);
    }
    Ok(())
}

/// SIGKILL to all that runs in a namespace.
fn kill_inside(name: &str) {
    // One that went meanwhile has nothing in it.
    let Ok(pids) = ip(&["netns", "pids", name]) else { return };
    let own = std::process::id().cast_signed();
    let pids = pids.lines().filter_map(|line| line.trim().parse().ok()).filter(|pid| *pid != own);
    for pid in pids.filter_map(Pid::from_raw) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// From now on SIGINT and SIGTERM remove everything that this process made, and then end it.
pub(super) fn watch_signals() -> Result<(), Error> {
    static WATCH: Once = Once::new();
    let mut result = Ok(());
    WATCH.call_once(|| {
        result = Signals::new([SIGINT, SIGTERM]).map(|mut signals| {
            thread::spawn(move || {
                if let Some(signal) = signals.forever().next() {
                    eprintln!("ended by signal {signal}: removing the test hosts");
                    let own = std::process::id();
                    if let Err(error) = remove_where(|owner| owner == own) {
                        eprintln!("{error}");
                    }
                    std::process::exit(EXIT_SIGNAL + signal);
                }
            });
        });
    });
    result.map_err(Error::system("watching for signals"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whose_it_is_and_others_are_left_alone() {
        assert_eq!(owner(&namespace_name(3, "n1")), Some(std::process::id()));
        assert_eq!(owner("quorate-jepsen-x-1"), None);
        assert_eq!(owner("quorate-test-12-1-n1"), None);
        assert_eq!(owner("anything"), None);
    }
}
