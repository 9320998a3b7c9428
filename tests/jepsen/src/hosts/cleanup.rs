//! What is left of runs that are no more, and the end of this one by a signal.
//!
//! Names of namespaces, and of the temporary folders of runs, are `quorate-jepsen-PID-…`: those of a process that runs no more are nobody's, and
//! what runs in them neither. The disk layers' processes see to themselves: they end with the process that started them.

use std::path::Path;
use std::sync::Once;
use std::{fs, thread};

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tempfile::TempDir;

use super::Error;
use super::namespace::{ip, remove};

/// Names of namespaces and folders begin so, then comes the process id of the harness.
const PREFIX: &str = "quorate-jepsen-";
/// A shell's exit code for a program that a signal ended, less the signal.
const EXIT_SIGNAL: i32 = 128;

/// The name of a namespace of this process.
pub(super) fn namespace_name(run: u64, host: &str) -> String {
    format!("{PREFIX}{}-{run}-{host}", std::process::id())
}

/// A temporary folder for a run, which goes with the value; when this process cannot see to that, with the start of a later run.
///
/// # Errors
/// When there can be none.
pub fn run_folder() -> Result<TempDir, Error> {
    let prefix = format!("{PREFIX}{}-", std::process::id());
    let folder = tempfile::Builder::new().prefix(&prefix).tempdir();
    folder.map_err(Error::system("making a temporary folder"))
}

/// Whose a namespace or folder is; none when it is not a harness'.
fn owner(name: &str) -> Option<u32> {
    name.strip_prefix(PREFIX)?.split('-').next()?.parse().ok()
}

/// Removes what runs left that are no more: namespaces, the processes in them, and folders.
pub(super) fn remove_stale() -> Result<(), Error> {
    let is_gone = |owner: u32| !Path::new(&format!("/proc/{owner}")).exists();
    remove_where(is_gone)?;
    remove_folders(&std::env::temp_dir(), is_gone);
    Ok(())
}

/// Removes the folders of such runs. One that something is still mounted in stays: nothing is to be removed through a mount.
fn remove_folders(parent: &Path, is_to_go: impl Fn(u32) -> bool) {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        let is_nobodys = name.to_str().and_then(owner).is_some_and(&is_to_go);
        let is_mounted = mounts.contains(&format!(" {}/", path.display()));
        if is_nobodys
            && !is_mounted
            && let Err(error) = fs::remove_dir_all(&path)
        {
            eprintln!("a folder is left: {}: {error}", path.display());
        }
    }
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

/// From now on SIGINT, SIGTERM and SIGHUP remove everything that this process made, and then end it.
pub(super) fn watch_signals() -> Result<(), Error> {
    static WATCH: Once = Once::new();
    let mut result = Ok(());
    WATCH.call_once(|| {
        result = Signals::new([SIGINT, SIGTERM, SIGHUP]).map(|mut signals| {
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

    #[test]
    fn folders_of_runs_that_are_no_more_go_and_no_others() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["quorate-jepsen-1-a", "quorate-jepsen-2-b", "quorate-jepsen-x", "other"] {
            fs::create_dir_all(parent.path().join(name).join("n1")).unwrap();
        }
        remove_folders(parent.path(), |owner| owner == 2);
        let left = |name: &str| parent.path().join(name).exists();
        assert!(left("quorate-jepsen-1-a") && left("quorate-jepsen-x") && left("other"));
        assert!(!left("quorate-jepsen-2-b"));
        let own = run_folder().unwrap();
        let name = own.path().file_name().unwrap().to_str().unwrap();
        assert_eq!(owner(name), Some(std::process::id()));
    }
}
