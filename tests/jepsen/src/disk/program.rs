//! The process that serves a disk: `jepsen disk`.
//!
//! It is a process of its own so that the harness never waits for its own mount. It ends, and unmounts first, when it is told to, when its
//! standard input ends (the harness is gone, however that came), or when somebody else unmounts.
//!
//! On the control socket a line is a command and is answered by a line, `ok …` or `error …`: `lose`, `lose SEED`, `fault FAULT` (as
//! [`Fault`] is written), `clear`, `status`, `stop`.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use fuser::{INodeNo, Notifier};
use rustix::mount::{UnmountFlags, unmount};

use super::faults::Fault;
use super::mount::mount;
use super::names::Owner;
use super::store::Store;

/// The line on standard output that says that the disk can be used.
pub(super) const READY: &str = "ready";

/// Descriptors that the process may have: one an inode, and then some.
const OPEN_FILES_MAX: u64 = 1 << 16;

/// What `jepsen disk` is told.
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// The folder that holds what is synced, under `tree/`; made if it is not there.
    #[arg(long)]
    pub backing: PathBuf,
    /// The folder to mount on; made if it is not there.
    #[arg(long)]
    pub mount: PathBuf,
    /// The socket to listen on for commands.
    #[arg(long)]
    pub control: PathBuf,
    /// The seed of the chances of faults.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// End when standard input does.
    #[arg(long)]
    pub while_input: bool,
}

/// Serves a disk until it is told to stop.
#[must_use]
pub fn serve(arguments: &Arguments) -> ExitCode {
    let served = serve_until_told(arguments);
    // Also when it could not begin: whatever is mounted there now is ours or is dead.
    unmount(&arguments.mount, UnmountFlags::DETACH | UnmountFlags::FORCE).ok();
    fs::remove_file(&arguments.control).ok();
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("jepsen disk: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve_until_told(arguments: &Arguments) -> io::Result<()> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let current = Some(limit.maximum.map_or(OPEN_FILES_MAX, |most| most.min(OPEN_FILES_MAX)));
    rustix::process::setrlimit(
        rustix::process::Resource::Nofile,
        rustix::process::Rlimit { current, ..limit },
    )?;
    fs::create_dir_all(&arguments.backing)?;
    fs::create_dir_all(&arguments.mount)?;
    let metadata = fs::metadata(&arguments.mount)?;
    let owner =
        Owner { mode: metadata.permissions().mode() & 0o7777, uid: metadata.uid(), gid: metadata.gid() };
    let store = Arc::new(Store::open(&arguments.backing, owner, arguments.seed)?);
    let session = mount(Arc::clone(&store), &arguments.mount)?;
    let listener = listen(&arguments.control)?;
    let control = Control { store, notifier: session.notifier() };
    let (end, ended) = channel();
    if arguments.while_input {
        let end = end.clone();
        thread::spawn(move || {
            io::stdin().read_to_end(&mut Vec::new()).ok();
            end.send(()).ok();
        });
    }
    let unmounted = end.clone();
    thread::spawn(move || {
        session.join().ok();
        unmounted.send(()).ok();
    });
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (control, end) = (control.clone(), end.clone());
            thread::spawn(move || control.converse(stream, &end));
        }
    });
    println!("{READY}");
    // The senders live as long as the listener, so an error is as good as an end.
    ended.recv().ok();
    Ok(())
}

/// A path to the same place that fits into the address of a socket, valid as long as the folder's descriptor.
pub(super) fn short(socket: &Path) -> io::Result<(fs::File, PathBuf)> {
    let (Some(folder), Some(name)) = (socket.parent(), socket.file_name()) else {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    };
    let folder = fs::File::open(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?;
    let path = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name);
    Ok((folder, path))
}

fn listen(socket: &Path) -> io::Result<UnixListener> {
    let (_folder, path) = short(socket)?;
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    UnixListener::bind(path)
}

#[derive(Clone)]
struct Control {
    store: Arc<Store>,
    notifier: Notifier,
}

impl Control {
    fn converse(&self, stream: UnixStream, end: &Sender<()>) {
        let Ok(mut answers) = stream.try_clone() else { return };
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { return };
            let stop = line.trim() == "stop";
            let answer = if stop { Ok("stopping".to_owned()) } else { self.command(line.trim()) };
            let written = match answer {
                Ok(answer) => writeln!(answers, "ok {answer}"),
                Err(error) => writeln!(answers, "error {error}"),
            };
            if stop {
                end.send(()).ok();
            }
            if written.is_err() {
                return;
            }
        }
    }

    fn command(&self, line: &str) -> Result<String, String> {
        let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
        match (name, rest) {
            ("lose", seed) => {
                let seed = match seed {
                    "" => None,
                    seed => Some(seed.parse().map_err(|_| format!("no seed: {seed}"))?),
                };
                let lost = self.store.lose(seed).map_err(|error| error.to_string())?;
                self.drop_caches();
                Ok(format!("{} {}", lost.pages, lost.names))
            }
            ("fault", fault) => {
                let fault: Fault = fault.parse()?;
                let reads = matches!(fault, Fault::EioOnRead(_));
                self.store.set_fault(fault);
                if reads {
                    self.drop_caches();
                }
                Ok(String::new())
            }
            ("clear", "") => {
                self.store.clear();
                Ok(String::new())
            }
            ("status", "") => {
                let unsynced = self.store.unsynced();
                Ok(format!("{} {}", unsynced.pages, unsynced.names))
            }
            _ => Err(format!("no command: {line}")),
        }
    }

    /// What the kernel holds of files is read anew. An inode that it does not know is none to drop.
    fn drop_caches(&self) {
        for inode in self.store.files() {
            self.notifier.inval_inode(INodeNo(inode), 0, 0).ok();
        }
    }
}
