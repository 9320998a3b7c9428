//! A place that everything a benchmark starts is confined to, and that goes with it.
//!
//! The benchmark runs itself again in a mount and a process namespace of its own. Network namespaces made there have names that nobody
//! else sees, and every process started there is killed by the kernel when the first one ends: so nothing is left behind, whether the
//! run ends well, fails, panics, is interrupted or is killed, and nothing that was not started there can be hit.
//!
//! The process outside holds a pipe to the one inside; when it is gone, however it went, the one inside reads the end of the pipe and
//! ends. Left out: users other than root, and kernels other than Linux.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// Set for the process inside: the folder of the run.
const FOLDER: &str = "QUORATE_BENCH_FOLDER";
/// Set to keep the folder of the run.
const KEEP: &str = "QUORATE_BENCH_KEEP";
/// Exit code of a run whose outside is gone.
const ABANDONED: i32 = 130;

/// What the first process of the namespace does: it runs the benchmark, ends whatever that left behind, and removes the folder.
const FIRST_PROCESS: &str = "\
folder=$1; shift
mount -t tmpfs tmpfs /run/netns || exit 1
ulimit -n \"$(ulimit -Hn)\"
\"$@\"
code=$?
kill -9 -1 2>/dev/null
[ -n \"$QUORATE_BENCH_KEEP\" ] || rm -rf \"$folder\"
exit $code";

/// The folder of the run, if this process is the one inside; it then ends when the one outside does.
#[must_use]
pub fn inside() -> Option<PathBuf> {
    let folder = std::env::var_os(FOLDER)?;
    std::thread::spawn(|| {
        // Nothing is ever written to the pipe, so any answer means that it is closed.
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(ABANDONED);
    });
    Some(folder.into())
}

/// Runs this program again with the same arguments, confined; `folder` is made anew, and removed in the end unless it is to be kept.
///
/// # Errors
/// When the namespaces cannot be made.
pub fn run(folder: &Path, is_kept: bool) -> Result<ExitCode, String> {
    let failed = |what: &str, error: std::io::Error| format!("{what}: {error}");
    if folder.exists() {
        std::fs::remove_dir_all(folder)
            .map_err(|error| failed("cannot remove the last run's folder", error))?;
    }
    std::fs::create_dir_all(folder).map_err(|error| failed("cannot make a folder", error))?;
    std::fs::create_dir_all("/run/netns").map_err(|error| failed("cannot make /run/netns", error))?;
    let program = std::env::current_exe().map_err(|error| failed("cannot find this program", error))?;
    let mut command = Command::new("unshare");
    command.args([
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "--",
        "sh",
        "-c",
        FIRST_PROCESS,
    ]);
    command.arg("sh").arg(folder).arg(program).args(std::env::args_os().skip(1));
    command.env(FOLDER, folder).stdin(Stdio::piped());
    if is_kept {
        command.env(KEEP, "1");
    }
    let mut process = command.spawn().map_err(|error| failed("cannot run unshare (util-linux)", error))?;
    // `wait` would close it, and with it end the run.
    let held = process.stdin.take();
    let status = process.wait().map_err(|error| failed("cannot wait for unshare", error))?;
    drop(held);
    match status.code() {
        Some(code) => Ok(ExitCode::from(u8::try_from(code).unwrap_or(1))),
        None => Err("the run was killed (namespaces need root)".into()),
    }
}
