//! The long run: every workload under every nemesis, at one level after the other, on three nodes and on five in three regions, until the hours are
//! over, and a table of what came of it.
//!
//! Workloads are run side by side in groups, so an hour of the machine is several of them. What most needs to be known comes first: each
//! workload under each nemesis on three nodes at the strongest level.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;

use super::options::Options;
use super::{Error, Outcome};
use crate::nemesis;
use crate::verdict::Valid;
use crate::workloads::levels::{Consistency, Isolation, Levels};
use crate::workloads::{self, Kindred, Setting};

use super::target::Server;

/// Workloads that are run side by side unless it is said.
const GROUP: u8 = 6;
/// Name of the table in the store.
const TABLE: &str = "table.md";

/// The levels, one for each round. Each isolation level and each consistency is among them.
const LEVELS: [(Isolation, Consistency); 6] = [
    (Isolation::Serializable, Consistency::Strong),
    (Isolation::RepeatableRead, Consistency::Strong),
    (Isolation::ReadCommitted, Consistency::Session),
    (Isolation::Serializable, Consistency::Eventual),
    (Isolation::ReadCommitted, Consistency::Strong),
    (Isolation::ReadUncommitted, Consistency::Auto),
];
/// Nodes and regions, one for each round of one level.
const TOPOLOGIES: [(usize, usize); 2] = [(3, 1), (5, 3)];

/// `jepsen rotate`.
#[derive(Args, Clone, Debug)]
pub struct Rotation {
    /// For how long.
    #[arg(long)]
    pub hours: f64,
    /// How many workloads are run side by side on one cluster. Many are gone through sooner, and each has less of the machine.
    #[arg(long, default_value_t = GROUP, value_parser = clap::value_parser!(u8).range(1..))]
    pub group: u8,
    /// What each run has in common; workload, nemesis, levels, nodes and regions are chosen.
    #[command(flatten)]
    pub options: Options,
}

/// One run of the rotation.
#[derive(Clone, Copy)]
struct Cell {
    levels: Levels,
    topology: (usize, usize),
    nemesis: &'static str,
    group: &'static [Kindred],
}

/// The runs in their order, once around, with so many workloads at a time.
fn cells(group: u8) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (isolation, consistency) in LEVELS {
        let levels = Levels { isolation, consistency };
        for topology in TOPOLOGIES {
            for nemesis in nemesis::NAMES {
                for group in workloads::ALL.chunks(usize::from(group)) {
                    cells.push(Cell { levels, topology, nemesis, group });
                }
            }
        }
    }
    cells
}

impl Cell {
    /// The run's options; none when none of the group claims anything under the levels.
    fn options(&self, common: &Options, seed: u64) -> Option<Options> {
        let setting = Setting { levels: self.levels, server: Server::Quorate };
        let claims = |kindred: &&Kindred| kindred.make(setting).is_ok();
        let workload: Vec<String> =
            self.group.iter().filter(claims).map(|kindred| kindred.name.to_owned()).collect();
        let (nodes, regions) = self.topology;
        (!workload.is_empty()).then(|| Options {
            workload,
            nemesis: self.nemesis.to_owned(),
            nodes,
            regions,
            seed: Some(seed),
            isolation: self.levels.isolation,
            consistency: self.levels.consistency,
            ..common.clone()
        })
    }
}

/// Runs until the hours are over. The worst that came of it.
///
/// # Errors
/// When the table cannot be written. A run that cannot be begun stands in the table.
pub fn rotate(rotation: &Rotation) -> Result<Valid, Error> {
    let until = Instant::now() + Duration::from_secs_f64(rotation.hours.clamp(0.0, 1_000.0) * 3_600.0);
    let first_seed = rotation.options.seed.unwrap_or_else(rand::random::<u64>) >> 1;
    let mut table = Table::new(&rotation.options.store);
    let all = cells(rotation.group);
    for (seed, cell) in (first_seed..).zip(all.iter().cycle()) {
        if Instant::now() >= until {
            break;
        }
        let Some(options) = cell.options(&rotation.options, seed) else { continue };
        println!("{}", options.command(seed));
        match super::test(&options) {
            Ok(outcomes) => outcomes.each.iter().for_each(|outcome| table.add(&options, outcome)),
            Err(error) => table.add_error(&options, &error),
        }
        table.write()?;
    }
    println!("{}", table.text());
    Ok(table.valid)
}

/// What came of the runs.
struct Table {
    path: PathBuf,
    rows: Vec<String>,
    valid: Valid,
}

impl Table {
    fn new(store: &Path) -> Table {
        Table { path: store.join(TABLE), rows: Vec::new(), valid: Valid::Yes }
    }

    fn add(&mut self, options: &Options, outcome: &Outcome) {
        self.valid = Valid::of_all([self.valid, outcome.valid]);
        let (committed, _) = outcome.committed;
        let row = format!(
            "| {} | {} | {} | {} | {} | {} | {committed} | {} | {} |",
            outcome.workload,
            options.nemesis,
            options.levels(),
            where_it_ran(options),
            options.time,
            options.seed.unwrap_or_default(),
            outcome.valid.name(),
            outcome.hash,
        );
        println!("{row}");
        for verdict in outcome.verdicts.iter().filter(|verdict| verdict.valid != Valid::Yes) {
            for finding in &verdict.findings {
                println!("    {}: {finding}", verdict.checker);
            }
        }
        self.rows.push(row);
    }

    fn add_error(&mut self, options: &Options, error: &Error) {
        self.valid = Valid::of_all([self.valid, Valid::Unknown]);
        let row = format!(
            "| {} | {} | {} | {} | {} | {} | 0 | not run: {error} | |",
            options.workload.join(" "),
            options.nemesis,
            options.levels(),
            where_it_ran(options),
            options.time,
            options.seed.unwrap_or_default(),
        );
        println!("{row}");
        self.rows.push(row);
    }

    fn text(&self) -> String {
        let mut text = String::from(
            "| workload | nemesis | isolation, reads | nodes | seconds | seed | done | verdict | history |\n|---|---|---|---|---|---|---|---|---|\n",
        );
        for row in &self.rows {
            let _ = writeln!(text, "{row}");
        }
        text
    }

    fn write(&self) -> Result<(), Error> {
        std::fs::write(&self.path, self.text())
            .map_err(|error| Error::Report(crate::report::Error::File { path: self.path.clone(), error }))
    }
}

fn where_it_ran(options: &Options) -> String {
    match options.regions {
        1 => options.nodes.to_string(),
        regions => format!("{} in {regions} regions", options.nodes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_workload_meets_every_nemesis_before_anything_is_done_twice() {
        let first_round = nemesis::NAMES.len() * workloads::ALL.len().div_ceil(usize::from(GROUP));
        let met: BTreeSet<(&str, &str)> = cells(GROUP)[..first_round]
            .iter()
            .flat_map(|cell| cell.group.iter().map(|kindred| (kindred.name, cell.nemesis)))
            .collect();
        assert_eq!(met.len(), nemesis::NAMES.len() * workloads::ALL.len());
    }

    #[test]
    fn every_level_that_a_workload_claims_something_of_has_its_isolation_and_its_consistency_run() {
        let run: Vec<Levels> = cells(GROUP).iter().map(|cell| cell.levels).collect();
        for level in workloads::ALL.iter().flat_map(Kindred::levels) {
            assert!(run.iter().any(|other| other.isolation == level.isolation), "{level}");
            assert!(run.iter().any(|other| other.consistency == level.consistency), "{level}");
        }
    }
}
