//! The hosts of a run and what is done to them: starting, hurting, healing, comparing.
//!
//! Servers that are there already (`--address`) are left alone.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::options::Options;
use super::target::{Nodes, Target};
use super::worker::Trial;
use super::{Error, account};
use crate::edn::Value;
use crate::hosts::{Cluster, JoinAs, Plan, nodes_agree as compare, run_folder};
use crate::nemesis::{self, View};
use crate::verdict::Verdict;

/// How often the end of a run, or of a pause of the nemesis, is looked for.
const TICK: Duration = Duration::from_millis(50);
/// The nodes of a run, started if they are its own, with a learner beside them where a workload asks for one.
pub(super) fn target(options: &Options, with_learner: bool) -> Result<Target, Error> {
    if !options.address.is_empty() {
        return Ok(Target::new(Nodes::Addresses(options.address.clone()), account(options))?);
    }
    // Known to be there before hosts are made.
    nemesis::by_name(&options.nemesis, 0).map_err(|error| Error::Options(error.to_string()))?;
    let hosts = |error: crate::hosts::Error| Error::Hosts(error.to_string());
    let folder = run_folder().map_err(hosts)?;
    let (needs_disk, needs_clock) = nemesis::needs(&options.nemesis);
    let plan = Plan {
        nodes: options.nodes,
        regions: options.regions,
        binary: binary(options)?,
        folder: folder.path().to_owned(),
        disk: (options.disk || needs_disk).then(own_program).transpose()?,
        flags: options.server_flags.split_whitespace().map(str::to_owned).collect(),
        clock: options.clock || needs_clock,
    };
    let cluster = Cluster::start(&plan).map_err(hosts)?;
    if with_learner {
        cluster.add_node(JoinAs::Learner).map_err(hosts)?;
    }
    Ok(Target::new(Nodes::Hosts(Arc::new(cluster), folder), account(options))?)
}

/// This program, which serves disk layers too.
fn own_program() -> Result<PathBuf, Error> {
    std::env::current_exe().map_err(|error| Error::Hosts(format!("this program's own path: {error}")))
}

/// The server's program: the one that is named (also by `QUORATE_BIN`), or the one that was built beside this one.
fn binary(options: &Options) -> Result<PathBuf, Error> {
    if let Some(binary) = &options.binary {
        return Ok(binary.clone());
    }
    let own = std::env::current_exe().map_err(|error| Error::Hosts(format!("no program: {error}")))?;
    // Tests are one folder deeper than programs.
    let mut beside = own.ancestors().skip(1).take(2).map(|folder| folder.join("quorate"));
    beside.find(|path| path.is_file()).ok_or_else(|| {
        Error::Options(format!(
            "there is no program quorate beside {}: build it (cargo build -p server) or name one with --binary",
            own.display()
        ))
    })
}

/// Hurts the nodes until the clients' time is up. Each step stands in each history twice, as Jepsen has it: before and after.
pub(super) fn until_over(
    options: &Options,
    seed: u64,
    target: &Target,
    trials: &[Arc<Trial>],
) -> Result<(), String> {
    let end = Instant::now() + options.duration();
    let Nodes::Hosts(cluster, _) = &target.nodes else {
        pause(options.duration(), end);
        return Ok(());
    };
    let record = |function: &str, value: Value| {
        for trial in trials {
            trial.recorder.nemesis(function, value.clone());
        }
    };
    let mut nemesis = nemesis::by_name(&options.nemesis, seed).map_err(|error| error.to_string())?;
    while Instant::now() < end {
        let step = nemesis.next(&View::of(cluster));
        if step.is_recorded() {
            record(step.function(), step.value());
        }
        let result = step.perform(cluster);
        if step.is_recorded() {
            record(step.function(), result);
        }
        pause(step.pause, end);
    }
    Ok(())
}

/// Sleeps, but not past the end.
fn pause(time: Duration, end: Instant) {
    let until = end.min(Instant::now() + time);
    while Instant::now() < until {
        std::thread::sleep(TICK.min(until.saturating_duration_since(Instant::now())));
    }
}

/// Brings everything back and waits until it is.
pub(super) fn heal(target: &Target, trials: &[Arc<Trial>]) -> Result<(), String> {
    let Nodes::Hosts(cluster, _) = &target.nodes else { return Ok(()) };
    let record = |value: Value| {
        for trial in trials {
            trial.recorder.nemesis("heal", value.clone());
        }
    };
    record(Value::Nil);
    let healed = cluster.heal().map_err(|error| format!("the cluster did not come back: {error}"));
    record(healed.as_ref().map_or_else(|error| Value::String(error.clone()), |()| Value::keyword("healed")));
    healed
}

/// The nodes' logs.
pub(super) fn logs(target: &Target) -> Vec<(String, PathBuf)> {
    match &target.nodes {
        Nodes::Hosts(cluster, _) => cluster.logs(),
        Nodes::Addresses(_) => Vec::new(),
    }
}

/// Whether the nodes are equal, where that can be known. Nothing can be asked of them afterwards.
pub(super) fn nodes_agree(target: &Target) -> Option<Verdict> {
    match &target.nodes {
        Nodes::Hosts(cluster, _) => Some(compare(cluster)),
        Nodes::Addresses(_) => None,
    }
}
