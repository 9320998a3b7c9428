//! What a run of the table found: every number, with what it was found with, and the verdicts drawn from it.

use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::limits::{DISTURBED_SHARE, FULL_SHARE};
use crate::line::{Entrant, Line, Target};
use crate::measure::Run;
use crate::sysbench::Size;
use crate::system::System;

/// Where and from what it was measured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Origin {
    /// UTC, `2026-11-22T06:30:00Z`.
    pub date: String,
    /// Commit of the project, with `+` when files differed from it.
    pub commit: String,
    /// What the user says it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Whether the server's program was given and not built from this commit.
    pub is_given_program: bool,
    /// Processor model and count, memory, kernel.
    pub machine: String,
}

/// How it was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The tables.
    #[serde(flatten)]
    pub size: Size,
    /// Of each run.
    pub seconds: u32,
    /// Runs of each system in each line.
    pub rounds: usize,
    /// Flags of our nodes beyond the defaults.
    pub node_flags: Vec<String>,
}

/// One system in one test of a line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cell {
    /// The system.
    pub system: System,
    /// Its test: the line's, but for our own comparison.
    pub test: String,
    /// Its runs, in order; fewer when some failed.
    pub runs: Vec<Run>,
    /// Why runs failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<String>,
}

/// What became of a target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Compared with what.
    pub against: String,
    /// The least ratio.
    pub at_least: f64,
    /// The ratio of medians; none when one of the two could not be measured.
    pub ratio: Option<f64>,
    /// Whether it is met, by the ratio or because a processor was full where that is enough.
    pub is_met: bool,
    /// A processor was full, where that counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_processor_full: bool,
}

/// A line of the table, measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LineRecord {
    /// The line's name.
    pub name: String,
    /// The line's title.
    pub title: String,
    /// Clients.
    pub threads: u32,
    /// What was measured.
    pub cells: Vec<Cell>,
    /// What it means.
    pub verdicts: Vec<Verdict>,
}

/// A run of the table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Where it comes from.
    pub origin: Origin,
    /// How it was done.
    pub settings: Settings,
    /// Its lines.
    pub lines: Vec<LineRecord>,
}

/// The middle one; of an even number the mean of the two.
#[must_use]
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len() % 2 == 1 { upper } else { f64::midpoint(values[middle - 1], upper) })
}

/// What a program prints; nothing when it cannot be run.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

impl Origin {
    /// Of this moment, machine and work tree.
    #[must_use]
    pub fn now(label: &str) -> Origin {
        let field = |path: &str, name: &str| {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split(':').nth(1).unwrap_or_default().trim().to_owned()
        };
        let model = field("/proc/cpuinfo", "model name");
        let memory_kib = field("/proc/meminfo", "MemTotal");
        let memory_kib: u64 = memory_kib.trim_end_matches(" kB").parse().unwrap_or(0);
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let dirty = if said("git", &["status", "--porcelain"]).is_empty() { "" } else { "+" };
        Origin {
            date: said("date", &["-u", "+%FT%TZ"]),
            commit: said("git", &["rev-parse", "--short", "HEAD"]) + dirty,
            label: label.into(),
            is_given_program: std::env::var_os("QUORATE_BIN").is_some(),
            machine: format!("{cores} × {model}, {} GiB, Linux {}", memory_kib >> 20, said("uname", &["-r"])),
        }
    }
}

impl Cell {
    /// Nothing measured yet.
    #[must_use]
    pub fn new(entrant: Entrant) -> Cell {
        Cell { system: entrant.system, test: entrant.test.into(), runs: Vec::new(), failures: Vec::new() }
    }

    /// Median of something of the runs.
    #[must_use]
    pub fn median(&self, value: impl Fn(&Run) -> f64) -> Option<f64> {
        median(self.runs.iter().map(value).collect())
    }

    /// Median of transactions a second.
    #[must_use]
    pub fn tps(&self) -> Option<f64> {
        self.median(|run| run.outcome.tps)
    }

    /// How many runs other programs disturbed.
    #[must_use]
    pub fn disturbed(&self) -> usize {
        self.runs.iter().filter(|run| run.others_busy > DISTURBED_SHARE).count()
    }
}

impl LineRecord {
    /// Draws the verdicts.
    #[must_use]
    pub fn new(line: &Line, cells: Vec<Cell>) -> LineRecord {
        let verdicts = line.targets.iter().map(|target| verdict(line, target, &cells)).collect();
        LineRecord { name: line.name.into(), title: line.title(), threads: line.threads, cells, verdicts }
    }

    /// A system in the line's own test.
    #[must_use]
    pub fn cell(&self, system: System) -> Option<&Cell> {
        // Where ours runs two tests, the line's own is the first.
        self.cells.iter().find(|cell| cell.system == system)
    }
}

fn verdict(line: &Line, target: &Target, cells: &[Cell]) -> Verdict {
    let find =
        |system: System, test: &str| cells.iter().find(|cell| cell.system == system && cell.test == test);
    let tps = |system: System, test: &str| find(system, test).and_then(Cell::tps);
    let own = tps(System::Quorate, line.test);
    let other = match target {
        Target::Peer(system, _) => tps(*system, line.test),
        Target::OwnTest(test, _) => tps(System::Quorate, test),
        Target::RoundTrips(_) => Some(line.round_trip_bound()),
    };
    let ratio = own.zip(other).map(|(own, other)| own / other);
    let is_full = matches!(target, Target::RoundTrips(_))
        && find(System::Quorate, line.test).is_some_and(|cell| {
            let full = |value: Option<f64>| value.is_some_and(|value| value >= FULL_SHARE);
            // What others had is not this server's to fill.
            full(cell.median(|run| run.leader_cores))
                || full(cell.median(|run| run.machine_busy - run.others_busy))
        });
    let at_least = target.at_least();
    let is_reached = ratio.is_some_and(|ratio| ratio >= at_least);
    Verdict {
        against: target.title(),
        at_least,
        ratio,
        is_met: is_reached || (ratio.is_some() && is_full),
        is_processor_full: is_full && !is_reached,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::LINES;
    use crate::sysbench::Outcome;

    fn cell(system: System, test: &'static str, rates: &[f64], leader_cores: f64) -> Cell {
        let run = |tps: &f64| Run {
            outcome: Outcome { tps: *tps, ..Outcome::default() },
            leader_cores,
            ..Run::default()
        };
        let mut cell = Cell::new(Entrant { system, test });
        cell.runs = rates.iter().map(run).collect();
        cell
    }

    fn line(name: &str) -> &'static Line {
        LINES.iter().find(|line| line.name == name).unwrap()
    }

    #[test]
    fn the_median_is_the_middle_or_the_mean_of_two() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0]), Some(2.5));
        assert_eq!(median(Vec::new()), None);
    }

    #[test]
    fn a_hot_row_is_compared_with_our_other_rows_and_with_peers() {
        let hot = "oltp_update_hot";
        let cells = vec![
            cell(System::Quorate, hot, &[90.0, 95.0, 10.0], 0.0),
            cell(System::Quorate, "oltp_update_non_index", &[100.0], 0.0),
            cell(System::MariaDb, hot, &[31.0], 0.0),
        ];
        let record = LineRecord::new(line("hot-64"), cells);
        let ratios: Vec<(Option<f64>, bool)> =
            record.verdicts.iter().map(|verdict| (verdict.ratio, verdict.is_met)).collect();
        assert_eq!(ratios, [(Some(0.9), true), (Some(90.0 / 31.0), false), (None, false)]);
        assert_eq!(record.cell(System::Quorate).unwrap().tps(), Some(90.0));
    }

    #[test]
    fn a_full_processor_is_enough_where_the_round_trip_is_the_measure() {
        let verdict = |cores: f64, rate: f64| {
            let cells = vec![cell(System::Quorate, "oltp_insert", &[rate], cores)];
            LineRecord::new(line("wan-insert-2000"), cells).verdicts[0].clone()
        };
        assert!(!verdict(0.9, 20_000.0).is_met);
        assert!(verdict(0.96, 20_000.0).is_processor_full && verdict(0.96, 20_000.0).is_met);
        let mut shared = cell(System::Quorate, "oltp_insert", &[20_000.0], 0.5);
        for (others_busy, is_met) in [(0.3, false), (0.02, true)] {
            shared.runs[0].machine_busy = 1.0;
            shared.runs[0].others_busy = others_busy;
            let record = LineRecord::new(line("wan-insert-2000"), vec![shared.clone()]);
            assert_eq!(record.verdicts[0].is_met, is_met);
        }
        assert!(verdict(0.5, 50_000.0).is_met && !verdict(0.96, 50_000.0).is_processor_full);
    }
}
