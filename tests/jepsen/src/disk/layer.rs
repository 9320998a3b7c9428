//! The harness' end of a disk: starts its process, tells it what to do, and sees that the mount is gone at the end.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use rustix::mount::{UnmountFlags, unmount};

use super::faults::Fault;
use super::program::{READY, short};
use super::store::Lost;

/// How long a disk may take to be mounted, or to answer.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

/// How long its process may take to end before it is killed.
const END_TIME_MAX: Duration = Duration::from_secs(5);

/// Dead mounts that may lie above each other on one mount point.
const MOUNTS_MAX: usize = 8;

/// What goes wrong with a disk's process.
#[derive(thiserror::Error, Debug)]
pub enum Error {
    /// It could not be started or talked to.
    #[error("the disk at {}: {what}: {source}", mount_point.display())]
    Io {
        /// Where it is mounted.
        mount_point: PathBuf,
        /// What was being done.
        what: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// It says no, or nothing that is understood.
    #[error("the disk at {}: {answer}", mount_point.display())]
    Refused {
        /// Where it is mounted.
        mount_point: PathBuf,
        /// Its answer, or the end of its log.
        answer: String,
    },
}

/// A mounted disk; dropped, it is unmounted, even while it is in use.
#[derive(Debug)]
pub struct DiskLayer {
    child: Child,
    control: PathBuf,
    mount_point: PathBuf,
}

impl DiskLayer {
    /// Mounts a disk on `mount_point` whose synced state is in `backing`, under `tree/`, served by the `jepsen` program at this path. What
    /// `backing/tree` holds already is on the disk.
    ///
    /// # Errors
    ///
    /// When the program cannot be started as `jepsen disk`, or cannot mount.
    pub fn mount(program: &Path, backing: &Path, mount_point: &Path) -> Result<DiskLayer, Error> {
        let failed = |what| move |source| Error::Io { mount_point: mount_point.to_owned(), what, source };
        fs::create_dir_all(backing).map_err(failed("the backing folder"))?;
        let log_path = backing.join("layer.log");
        let log = fs::File::create(&log_path).map_err(failed("its log"))?;
        let control = backing.join("control");
        let mut child = Command::new(program)
            .args(["disk", "--while-input", "--backing"])
            .arg(backing)
            .arg("--mount")
            .arg(mount_point)
            .arg("--control")
            .arg(&control)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            // An interrupt from the terminal ends the harness, whose end ends the layer: not both at once.
            .process_group(0)
            .spawn()
            .map_err(failed("starting its process"))?;
        let output = child.stdout.take();
        let layer = DiskLayer { child, control, mount_point: mount_point.to_owned() };
        let (told, hears) = channel();
        thread::spawn(move || {
            let mut line = String::new();
            let read = output.map(|output| BufReader::new(output).read_line(&mut line));
            told.send(read.is_some_and(|read| read.is_ok()) && line.trim() == READY).ok();
        });
        if hears.recv_timeout(ANSWER_TIME_MAX) == Ok(true) {
            return Ok(layer);
        }
        let answer = format!("not mounted: {}", fs::read_to_string(&log_path).unwrap_or_default().trim());
        Err(Error::Refused { mount_point: mount_point.to_owned(), answer })
    }

    /// Where it is mounted.
    #[must_use]
    pub fn mount_point(&self) -> &Path {
        &self.mount_point
    }

    /// Loses everything that is not synced. To be called when the process that used the disk has been killed and waited for.
    ///
    /// # Errors
    ///
    /// When the disk's process is gone or its backing folder fails: then the disk is of no more use.
    pub fn lose_unsynced(&self) -> Result<Lost, Error> {
        self.lost(&self.ask("lose")?)
    }

    /// Loses what is not synced but for a random part: whole pages or sectors of files, out of order, and the first few changes of names.
    ///
    /// # Errors
    ///
    /// As [`DiskLayer::lose_unsynced`].
    pub fn lose_some_unsynced(&self, seed: u64) -> Result<Lost, Error> {
        self.lost(&self.ask(&format!("lose {seed}"))?)
    }

    /// What a loss would take now.
    ///
    /// # Errors
    ///
    /// When the disk's process is gone.
    pub fn unsynced(&self) -> Result<Lost, Error> {
        self.lost(&self.ask("status")?)
    }

    /// Sets a fault, beside those of other kinds that are set.
    ///
    /// # Errors
    ///
    /// When the disk's process is gone, or a chance is more than a million of a million.
    pub fn set_fault(&self, fault: &Fault) -> Result<(), Error> {
        self.ask(&format!("fault {fault}")).map(drop)
    }

    /// Ends all faults.
    ///
    /// # Errors
    ///
    /// When the disk's process is gone.
    pub fn clear(&self) -> Result<(), Error> {
        self.ask("clear").map(drop)
    }

    fn ask(&self, command: &str) -> Result<String, Error> {
        let failed = |what| move |source| Error::Io { mount_point: self.mount_point.clone(), what, source };
        let (_folder, control) = short(&self.control).map_err(failed("its control socket"))?;
        let mut stream = UnixStream::connect(control).map_err(failed("its control socket"))?;
        stream.set_read_timeout(Some(ANSWER_TIME_MAX)).map_err(failed("its control socket"))?;
        writeln!(stream, "{command}").map_err(failed("telling it"))?;
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).map_err(failed("its answer"))?;
        match answer.trim().strip_prefix("ok") {
            Some(rest) => Ok(rest.trim().to_owned()),
            None => Err(self.refused(&answer)),
        }
    }

    fn lost(&self, answer: &str) -> Result<Lost, Error> {
        let mut numbers = answer.split_whitespace().map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(pages)), Some(Ok(names))) => Ok(Lost { pages, names }),
            _ => Err(self.refused(answer)),
        }
    }

    fn refused(&self, answer: &str) -> Error {
        Error::Refused {
            mount_point: self.mount_point.clone(),
            answer: format!("answered {:?}", answer.trim()),
        }
    }
}

impl Drop for DiskLayer {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let deadline = Instant::now() + END_TIME_MAX;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        // What does not end by itself is killed, and its mount with it; both are harmless when it has ended.
        self.child.kill().ok();
        self.child.wait().ok();
        for _ in 0..MOUNTS_MAX {
            if unmount(&self.mount_point, UnmountFlags::DETACH | UnmountFlags::FORCE).is_err() {
                break;
            }
        }
    }
}
