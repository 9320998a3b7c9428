//! A run, from the hosts to the verdict.
//!
//! [`test`] starts the nodes, makes the workload's tables, has [`worker`]s do what the workload says while the nemesis hurts the nodes, heals
//! everything, does what the workload does last, has the history judged, compares the nodes, and writes the folder of the run.
//!
//! What must hold of every run:
//! * An invocation is recorded before its statement is sent, a completion after its answer has come.
//! * Nothing is called undone that may have been done ([`session`]).
//! * A run in which too little was done has no verdict: each workload has a floor.
//! * Whatever goes wrong, what was recorded is judged and kept, and the hosts are taken away.

pub mod connections;
pub mod library;
pub mod options;
pub mod rate;
pub mod session;
pub mod target;
pub mod worker;

mod finish;
mod harm;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::history::Recorder;
use crate::report;
use crate::verdict::{Valid, Verdict};
use crate::workloads::{self, DATABASE, Kindred, Setting, Workload};

use connections::{Connections, Place, WORKERS_MAX};
use library::{Account, Manner};
use options::Options;
use rate::Rate;
use session::{Failure, Session};
use target::{Server, Target};
use worker::{Trial, Worker};

/// How long the tables may take to be made.
const PREPARE_TIMEOUT: Duration = Duration::from_secs(60);
/// Pause between two tries of that.
const PREPARE_PAUSE: Duration = Duration::from_millis(200);
/// Every so many workers one waits longer for its answers, by so much: some servers say only late that they do not know.
const PATIENT_EACH: usize = 4;
const PATIENCE: u32 = 3;

/// Why there is no run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The workload or the levels.
    #[error(transparent)]
    Workload(#[from] workloads::Refusal),
    /// What was asked for does not go together.
    #[error("{0}")]
    Options(String),
    /// The test hosts.
    #[error("test hosts: {0}")]
    Hosts(String),
    /// The servers cannot be spoken to.
    #[error("the servers do not answer: {0}")]
    Servers(#[from] Failure),
    /// The tables could not be made.
    #[error("the tables of {workload} cannot be made: {failure}")]
    Prepare {
        /// Whose.
        workload: &'static str,
        /// Why.
        failure: Failure,
    },
    /// The folder of the run.
    #[error("the run's folder: {0}")]
    Report(#[from] report::Error),
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Of all verdicts.
    pub valid: Valid,
    /// Of each checker.
    pub verdicts: Vec<Verdict>,
    /// Operations of the floor that were `:ok`, and the floor.
    pub committed: (u64, u64),
    /// [`History::hash`](crate::history::History::hash).
    pub hash: String,
    /// The run's folder.
    pub folder: PathBuf,
    /// What repeats it.
    pub command: String,
    /// What was claimed.
    pub claim: String,
}

/// Runs a workload under a nemesis and judges it.
///
/// # Errors
/// When it could not be begun, or its folder not be written. What goes wrong in between is in the verdict.
pub fn test(options: &Options) -> Result<Outcome, Error> {
    let kindred = workloads::by_name(&options.workload)?;
    check_options(options)?;
    // The levels are refused before hosts are made.
    let ours = setting(options, Server::Quorate);
    if options.address.is_empty() {
        kindred.make(ours)?;
    }
    let seed = options.seed.unwrap_or_else(rand::random);
    let target = Arc::new(harm::target(options)?);
    let workload = kindred.make(setting(options, target.server))?;
    prepare(kindred, workload.as_ref(), &target, options)?;

    let start = SystemTime::now();
    let began = Instant::now();
    let trial = Arc::new(Trial {
        recorder: Recorder::new(options.concurrency),
        rate: Rate::new(options.rate),
        is_over: AtomicBool::new(false),
    });
    let workers = workers(options, seed, &target, workload.as_ref(), &trial);
    let trouble = work(options, seed, &target, &trial, workers);
    let duration = began.elapsed();

    let history = trial.recorder.history();
    let committed = workloads::committed(&history, workload.counted());
    let floor = (kindred.floor_per_s * options.duration().as_secs_f64()).ceil() as u64;
    let judged = workload.judge(&history).into_iter();
    let mut verdicts: Vec<Verdict> =
        judged.map(|verdict| crate::checkers::with_floor(verdict, committed, floor)).collect();
    verdicts.extend(trouble.into_iter().map(finish::trouble));
    let command = options.command(seed);
    let hash = history.hash();
    let mut summary = summary(options, seed, start, duration, workload.claim());
    summary.version = finish::version(&target);
    summary.logs = harm::logs(&target);
    verdicts.extend(harm::nodes_agree(&target));
    let folder = report::folder(&options.store, &summary);
    report::write(&folder, &summary, &history, &verdicts)?;
    let valid = Valid::of_all(verdicts.iter().map(|verdict| verdict.valid));
    let claim = workload.claim();
    Ok(Outcome { valid, verdicts, committed: (committed, floor), hash, folder, command, claim })
}

fn check_options(options: &Options) -> Result<(), Error> {
    let wrong = |message: String| Err(Error::Options(message));
    if options.concurrency == 0 || options.concurrency as u64 > WORKERS_MAX {
        return wrong(format!("--concurrency is from 1 to {WORKERS_MAX}"));
    }
    if !(options.rate.is_finite() && options.rate >= 1.0) {
        return wrong("--rate is at least 1".to_owned());
    }
    if options.timeout == 0 {
        return wrong("--timeout is at least 1".to_owned());
    }
    if !options.address.is_empty() && options.nemesis != "none" {
        return wrong("servers that are there already are not hurt: --address goes with --nemesis none".to_owned());
    }
    if !matches!(options.regions, 1 | 3) {
        return wrong("--regions is 1 or 3".to_owned());
    }
    Ok(())
}

fn setting(options: &Options, server: Server) -> Setting {
    Setting { levels: options.levels(), workers: options.concurrency, server }
}

fn account(options: &Options) -> Account {
    Account {
        user: options.user.clone(),
        password: options.password.clone(),
        timeout: Duration::from_secs(options.timeout),
    }
}

/// Makes an empty database and the workload's tables in it, again if the leader is lost meanwhile.
fn prepare(
    kindred: &Kindred,
    workload: &dyn Workload,
    target: &Arc<Target>,
    options: &Options,
) -> Result<(), Error> {
    let began = Instant::now();
    loop {
        let manner = Manner::of(options.client, 0);
        let mut connections =
            Connections::new(Arc::clone(target), manner, options.levels(), 0, 0).without_database();
        let made = connections.seat(Place::Leader).and_then(|seat| make_tables(workload, seat.session));
        match made {
            Ok(()) => return Ok(()),
            Err(failure) if began.elapsed() > PREPARE_TIMEOUT => {
                return Err(Error::Prepare { workload: kindred.name, failure });
            }
            Err(_) => std::thread::sleep(PREPARE_PAUSE),
        }
    }
}

fn make_tables(workload: &dyn Workload, session: &mut dyn Session) -> Result<(), Failure> {
    session.query(&format!("DROP DATABASE IF EXISTS {DATABASE}"))?;
    session.query(&format!("CREATE DATABASE {DATABASE}"))?;
    session.query(&format!("USE {DATABASE}"))?;
    workload.prepare(session)
}

fn workers(
    options: &Options,
    seed: u64,
    target: &Arc<Target>,
    workload: &dyn Workload,
    trial: &Arc<Trial>,
) -> Vec<Worker> {
    let one = |number: usize| {
        let manner = Manner::of(options.client, number);
        let own_seed = seed.wrapping_add(number as u64 + 1);
        let patience = if number % PATIENT_EACH == PATIENT_EACH - 1 { PATIENCE } else { 1 };
        let connections =
            Connections::new(Arc::clone(target), manner, options.levels(), number, own_seed).patient(patience);
        let client = workload.client(number, own_seed);
        Worker::new(number, manner, client, connections, Arc::clone(trial))
    };
    (0..options.concurrency).map(one).collect()
}

/// Has the workers work and the nemesis hurt, heals, and does what comes last. What went wrong with that.
fn work(
    options: &Options,
    seed: u64,
    target: &Arc<Target>,
    trial: &Arc<Trial>,
    mut workers: Vec<Worker>,
) -> Vec<String> {
    let mut trouble = Vec::new();
    std::thread::scope(|scope| {
        let running: Vec<_> =
            workers.iter_mut().map(|worker| scope.spawn(move || worker.run())).collect();
        let hurt = harm::until_over(options, seed, target, trial);
        trial.is_over.store(true, Ordering::Relaxed);
        trouble.extend(hurt.err());
        let panicked = running.into_iter().filter_map(|worker| worker.join().err()).count();
        if panicked > 0 {
            trouble.push(format!("{panicked} workers panicked"));
        }
    });
    trouble.extend(harm::heal(target).err());
    trouble.extend(finish::last(&mut workers));
    trouble
}

fn summary(
    options: &Options,
    seed: u64,
    start: SystemTime,
    duration: Duration,
    claim: String,
) -> report::Summary {
    report::Summary {
        workload: options.workload.clone(),
        nemesis: options.nemesis.clone(),
        seed,
        nodes: if options.address.is_empty() { options.nodes } else { options.address.len() },
        regions: options.regions,
        workers: options.concurrency,
        isolation: options.isolation.name().to_owned(),
        consistency: options.consistency.name().to_owned(),
        model: claim,
        start,
        duration,
        version: String::new(),
        command: options.command(seed),
        logs: Vec::new(),
    }
}
