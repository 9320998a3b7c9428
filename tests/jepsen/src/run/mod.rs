//! A run, from the hosts to the verdict.
//!
//! [`test()`] starts the nodes, makes the workload's tables, has [`worker`]s do what the workload says while the nemesis hurts the nodes, heals
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
pub mod rotate;
pub mod seeded;
pub mod session;
pub mod target;
pub mod worker;

mod finish;
mod harm;

use std::fmt::{self, Display, Formatter};
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
/// As much longer as this.
const PATIENCE: u32 = 3;

/// In place of a workload's name: all that claim something under the levels.
pub const ALL_WORKLOADS: &str = "all";

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
    /// A run in a process of its own, or the server's program.
    #[error("a process: {0}")]
    Process(std::io::Error),
    /// The folder of the run.
    #[error("the run's folder: {0}")]
    Report(#[from] report::Error),
}

/// What came of a run for one of its workloads.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Which workload.
    pub workload: &'static str,
    /// Of all verdicts.
    pub valid: Valid,
    /// Of each checker.
    pub verdicts: Vec<Verdict>,
    /// Operations of the floor that were `:ok`, and the floor.
    pub committed: (u64, u64),
    /// [`History::hash`](crate::history::History::hash).
    pub hash: String,
    /// The folder that has it all.
    pub folder: PathBuf,
    /// What was claimed.
    pub claim: String,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcomes {
    /// Of each workload.
    pub each: Vec<Outcome>,
    /// What repeats it.
    pub command: String,
}

/// One workload of a run. Several may be run at a time, on the same nodes and under the same nemesis, each with its database, its workers and its
/// history.
struct Part {
    kindred: &'static Kindred,
    workload: Box<dyn Workload>,
    trial: Arc<Trial>,
    workers: Vec<Worker>,
}

/// A workload that is to be run.
type Choice = (&'static Kindred, Box<dyn Workload>);

impl Outcomes {
    /// Of all.
    #[must_use]
    pub fn valid(&self) -> Valid {
        Valid::of_all(self.each.iter().map(|outcome| outcome.valid))
    }
}

impl Display for Outcomes {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for part in &self.each {
            let (committed, floor) = part.committed;
            writeln!(f, "# {}: {}; claimed: {}", part.workload, part.valid.name(), part.claim)?;
            let folder = part.folder.display();
            writeln!(f, "  {committed} operations of a floor of {floor}; history {}; {folder}", part.hash)?;
            for verdict in &part.verdicts {
                writeln!(f, "  {}: {}", verdict.checker, verdict.valid.name())?;
                for line in verdict.findings.iter().flat_map(|finding| finding.lines()) {
                    writeln!(f, "    {line}")?;
                }
            }
        }
        // The last line: the verdict, and how to have it again.
        writeln!(f, "{}: {}", self.valid().name(), self.command)
    }
}

/// Runs workloads under a nemesis and judges each.
///
/// # Errors
/// When it could not be begun, or its folder not be written. What goes wrong in between is in the verdict.
pub fn test(options: &Options) -> Result<Outcomes, Error> {
    check_options(options)?;
    // What cannot be is refused before hosts are made.
    let with_learner =
        chosen(options, Server::Quorate)?.iter().any(|(_, workload)| workload.reads_learners());
    let seed = options.seed.unwrap_or_else(rand::random);
    let target = Arc::new(harm::target(options, with_learner)?);
    let mut parts = Vec::new();
    for (kindred, workload) in chosen(options, target.server)? {
        prepare(kindred, workload.as_ref(), &target, options)?;
        parts.push(part(kindred, workload, &target, options, seed));
    }

    let start = SystemTime::now();
    let began = Instant::now();
    let mut trouble = work(options, seed, &target, &mut parts);
    trouble.extend(finish::last(&mut parts));
    let duration = began.elapsed();
    let version = finish::version(&target);
    let agree = harm::nodes_agree(&target);
    let logs = harm::logs(&target);

    let mut each = Vec::new();
    for part in parts {
        let mut verdicts: Vec<Verdict> = trouble.iter().cloned().map(finish::trouble).collect();
        verdicts.extend(agree.clone());
        let summary = report::Summary {
            version: version.clone(),
            logs: logs.clone(),
            ..summary(options, seed, start, duration, &part)
        };
        each.push(judge(options, part, verdicts, &summary)?);
    }
    Ok(Outcomes { each, command: options.command(seed) })
}

/// Has a history judged, and writes the folder.
fn judge(
    options: &Options,
    part: Part,
    others: Vec<Verdict>,
    summary: &report::Summary,
) -> Result<Outcome, Error> {
    let history = part.trial.recorder.history();
    let committed = workloads::committed(&history, part.workload.counted());
    let floor = (part.kindred.floor_per_s * options.duration().as_secs_f64()).ceil() as u64;
    let judged = part.workload.judge(&history).into_iter();
    let mut verdicts: Vec<Verdict> =
        judged.map(|verdict| crate::checkers::with_floor(verdict, committed, floor)).collect();
    verdicts.extend(others);
    let folder = report::folder(&options.store, summary);
    report::write(&folder, summary, &history, &verdicts)?;
    Ok(Outcome {
        workload: part.kindred.name,
        valid: Valid::of_all(verdicts.iter().map(|verdict| verdict.valid)),
        verdicts,
        committed: (committed, floor),
        hash: history.hash(),
        folder,
        claim: part.workload.claim(),
    })
}

/// The workloads that are asked for: those named, or all that claim something under the levels.
fn chosen(options: &Options, server: Server) -> Result<Vec<Choice>, Error> {
    let setting = Setting { levels: options.levels(), server };
    if options.workload.iter().any(|name| name == ALL_WORKLOADS) {
        let made = workloads::ALL.iter().filter_map(|kindred| Some((kindred, kindred.make(setting).ok()?)));
        return Ok(made.collect());
    }
    let mut all = Vec::new();
    for name in &options.workload {
        let kindred = workloads::by_name(name)?;
        all.push((kindred, kindred.make(setting)?));
    }
    Ok(all)
}

fn check_options(options: &Options) -> Result<(), Error> {
    let wrong = |message: String| Err(Error::Options(message));
    if options.workload.is_empty() {
        return wrong("--workload is empty".to_owned());
    }
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
        return wrong(
            "servers that are there already are not hurt: --address goes with --nemesis none".to_owned(),
        );
    }
    if !matches!(options.regions, 1 | 3) {
        return wrong("--regions is 1 or 3".to_owned());
    }
    Ok(())
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
        let mut connections = Connections::new(Arc::clone(target), manner, options.levels(), 0, 0);
        let made = connections
            .seat(Place::Leader)
            .and_then(|seat| make_tables(workload, &database(options, kindred), seat.session));
        match made {
            Ok(()) => return Ok(()),
            Err(failure) if began.elapsed() > PREPARE_TIMEOUT => {
                return Err(Error::Prepare { workload: kindred.name, failure });
            }
            Err(_) => std::thread::sleep(PREPARE_PAUSE),
        }
    }
}

/// The database of a workload: one for each where there are several, as tables of two may have one name.
fn database(options: &Options, kindred: &Kindred) -> String {
    match options.workload.as_slice() {
        [one] if one != ALL_WORKLOADS => DATABASE.to_owned(),
        _ => format!("{DATABASE}_{}", kindred.name.replace('-', "_")),
    }
}

fn make_tables(workload: &dyn Workload, database: &str, session: &mut dyn Session) -> Result<(), Failure> {
    session.query(&format!("DROP DATABASE IF EXISTS {database}"))?;
    session.query(&format!("CREATE DATABASE {database}"))?;
    session.query(&format!("USE {database}"))?;
    workload.prepare(session)
}

/// A workload with its workers, which have not begun.
fn part(
    kindred: &'static Kindred,
    workload: Box<dyn Workload>,
    target: &Arc<Target>,
    options: &Options,
    seed: u64,
) -> Part {
    let trial = Arc::new(Trial {
        recorder: Recorder::new(options.concurrency),
        rate: Rate::new(options.rate),
        is_over: AtomicBool::new(false),
    });
    let database = database(options, kindred);
    let one = |number: usize| {
        let manner = Manner::of(options.client, number);
        let own_seed = seed.wrapping_add(number as u64 + 1);
        let is_patient = workload.waits_long() || number % PATIENT_EACH == PATIENT_EACH - 1;
        let patience = if is_patient { PATIENCE } else { 1 };
        let connections = Connections::new(Arc::clone(target), manner, options.levels(), number, own_seed)
            .using(&database)
            .patient(patience);
        Worker::new(number, manner, workload.client(number, own_seed), connections, Arc::clone(&trial))
    };
    let workers = (0..options.concurrency).map(one).collect();
    Part { kindred, workload, trial, workers }
}

/// Has the workers work while the nemesis hurts, and heals. What went wrong with that.
fn work(options: &Options, seed: u64, target: &Arc<Target>, parts: &mut [Part]) -> Vec<String> {
    let mut trouble = Vec::new();
    let trials: Vec<Arc<Trial>> = parts.iter().map(|part| Arc::clone(&part.trial)).collect();
    std::thread::scope(|scope| {
        let all = parts.iter_mut().flat_map(|part| part.workers.iter_mut());
        let running: Vec<_> = all.map(|worker| scope.spawn(move || worker.run())).collect();
        trouble.extend(harm::until_over(options, seed, target, &trials).err());
        for trial in &trials {
            trial.is_over.store(true, Ordering::Relaxed);
        }
        let panicked = running.into_iter().filter_map(|worker| worker.join().err()).count();
        if panicked > 0 {
            trouble.push(format!("{panicked} workers panicked"));
        }
    });
    trouble.extend(harm::heal(target, &trials).err());
    trouble
}

fn summary(
    options: &Options,
    seed: u64,
    start: SystemTime,
    duration: Duration,
    part: &Part,
) -> report::Summary {
    report::Summary {
        workload: part.kindred.name.to_owned(),
        nemesis: options.nemesis.clone(),
        seed,
        nodes: if options.address.is_empty() { options.nodes } else { options.address.len() },
        regions: options.regions,
        workers: options.concurrency,
        isolation: options.isolation.name().to_owned(),
        consistency: options.consistency.name().to_owned(),
        model: part.workload.claim(),
        start,
        duration,
        version: String::new(),
        command: options.command(seed),
        logs: Vec::new(),
    }
}
