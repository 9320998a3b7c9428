//! The table: this server beside its peers, line by line, on the same hosts within the same minutes.
//!
//! All systems that the lines need run all the time: an idle one costs memory and hardly any processor, and so the runs that are
//! compared follow each other within seconds. A line is measured in rounds; the order of the systems changes from round to round,
//! and medians count.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Parser;

use crate::history;
use crate::hosts::{Hosts, Link};
use crate::limits::SLOW_RTT_MS;
use crate::line::{Entrant, LINES, Line};
use crate::measure::Subject;
use crate::plot;
use crate::record::{Cell, LineRecord, Origin, Record, Settings};
use crate::report;
use crate::sandbox;
use crate::sysbench::Size;
use crate::system::{NodePlan, Running, System, wipe_ours};

/// Nodes of each cluster.
const NODES: usize = 3;

/// Where things are, for every benchmark on the test hosts.
#[derive(Debug, clap::Args)]
pub struct Places {
    /// Folder with the scripts that start peers and hosts [default: `../shared/peers` beside the project]
    #[arg(long, env = "QUORATE_PEERS")]
    pub peers_folder: Option<PathBuf>,
    /// Program of the switch that delays [default: built from the peers' folder]
    #[arg(long, env = "WANSWITCH")]
    pub wanswitch: Option<PathBuf>,
    /// Folder for the servers' data, on the disk that is to be measured [default: in the target folder]
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Keep the data and the servers' logs
    #[arg(long)]
    pub keep: bool,
    /// A further flag of our nodes, such as --node-flag=--engine-cache-mib=512; may be given several times
    #[arg(long = "node-flag", allow_hyphen_values = true)]
    pub node_flags: Vec<String>,
    /// Program that is run before each load with the seconds it takes, and ends when the machine is free: for machines that are shared
    #[arg(long)]
    pub gate: Option<PathBuf>,
    /// What this is, for the record
    #[arg(long, default_value = "")]
    pub label: String,
}

/// `peers`: measures this server beside its peers.
#[derive(Debug, Parser)]
#[command(name = "peers", disable_version_flag = true)]
pub struct Arguments {
    /// Two rounds of 5 s, without the slow link
    #[arg(long)]
    quick: bool,
    /// Only these lines, separated by commas; a name's beginning is enough
    #[arg(long, value_delimiter = ',')]
    lines: Vec<String>,
    /// Names the lines and ends
    #[arg(long)]
    list: bool,
    /// Seconds of a run [default: 10; quick: 5]
    #[arg(long)]
    seconds: Option<u32>,
    /// Runs of each system in each line [default: 3; quick: 2]
    #[arg(long)]
    rounds: Option<usize>,
    /// Tables
    #[arg(long, default_value_t = 4)]
    tables: u32,
    /// Rows of each table
    #[arg(long, default_value_t = 50_000)]
    rows: u64,
    /// Peers to measure in every line although no target names them: mariadb, mysql, galera, mysql-gr
    #[arg(long, value_delimiter = ',')]
    also: Vec<String>,
    /// End with exit code 1 if a ratio is a tenth worse than in the last stored run
    #[arg(long)]
    check: bool,
    /// Do not store the record
    #[arg(long)]
    no_store: bool,
    #[command(flatten)]
    places: Places,
}

impl Places {
    /// The hosts, for the process inside the sandbox.
    ///
    /// # Errors
    /// When the scripts are not where they should be.
    pub fn hosts(&self, folder: &Path) -> Result<Hosts, String> {
        Ok(Hosts::new(&self.scripts()?, folder, &self.wanswitch()?))
    }

    fn scripts(&self) -> Result<PathBuf, String> {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/peers");
        let folder = self.peers_folder.clone().unwrap_or(beside);
        let folder = folder.canonicalize().map_err(|error| {
            format!(
                "{}: {error}; --peers-folder or QUORATE_PEERS says where the peers' scripts are",
                folder.display()
            )
        })?;
        Ok(folder)
    }

    fn target(&self) -> Result<PathBuf, String> {
        let program =
            std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
        program.ancestors().nth(2).map(Path::to_owned).ok_or_else(|| "this program is in no folder".into())
    }

    /// The switch that delays: given, or where [`Places::build_wanswitch`] builds it.
    fn wanswitch(&self) -> Result<PathBuf, String> {
        match &self.wanswitch {
            Some(path) => Ok(path.clone()),
            None => Ok(self.target()?.join("wanswitch/target/release/wanswitch")),
        }
    }

    /// Builds the switch that delays from a copy of its source, unless it is there.
    fn build_wanswitch(&self) -> Result<(), String> {
        if self.wanswitch()?.is_file() {
            return Ok(());
        }
        let (from, to) = (self.scripts()?.join("wanswitch"), self.target()?.join("wanswitch"));
        let copy = || -> std::io::Result<()> {
            std::fs::create_dir_all(to.join("src"))?;
            // A workspace of its own, because the copy is inside of this one.
            let manifest = std::fs::read_to_string(from.join("Cargo.toml"))? + "\n[workspace]\n";
            std::fs::write(to.join("Cargo.toml"), manifest)?;
            std::fs::write(to.join("src/main.rs"), std::fs::read_to_string(from.join("src/main.rs"))?)
        };
        copy().map_err(|error| format!("cannot copy the switch's source: {error}"))?;
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .args(["build", "--release", "--quiet"])
            .current_dir(&to)
            .env("CARGO_TARGET_DIR", to.join("target"));
        match cargo.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("the switch that delays cannot be built ({status})")),
            Err(error) => Err(format!("cannot run cargo: {error}")),
        }
    }

    /// Runs this program again inside the sandbox; `has_slow_link` if it will delay.
    ///
    /// # Errors
    /// When something that is needed is missing.
    pub fn confine(&self, has_slow_link: bool) -> Result<ExitCode, String> {
        self.scripts()?;
        if has_slow_link {
            self.build_wanswitch()?;
        }
        let data = match &self.data {
            Some(folder) => folder.clone(),
            None => self.target()?,
        };
        std::fs::create_dir_all(&data).map_err(|error| format!("{}: {error}", data.display()))?;
        let data = data.canonicalize().map_err(|error| format!("{}: {error}", data.display()))?;
        sandbox::run(&data.join("quorate-bench"), self.keep)
    }
}

impl Arguments {
    fn chosen(&self) -> Result<Vec<&'static Line>, String> {
        for name in &self.lines {
            if !LINES.iter().any(|line| line.name.starts_with(name.as_str())) {
                return Err(format!("no line is called {name}: see --list"));
            }
        }
        let is_chosen = |line: &&Line| match &self.lines[..] {
            [] => !self.quick || line.link == Link::Lan,
            names => names.iter().any(|name| line.name.starts_with(name.as_str())),
        };
        Ok(LINES.iter().filter(is_chosen).collect())
    }

    fn also(&self) -> Result<Vec<System>, String> {
        let system = |name: &String| {
            let found = System::ALL.into_iter().find(|system| system.script_name() == Some(name.as_str()));
            found.ok_or_else(|| format!("{name} is none of mariadb, mysql, galera, mysql-gr"))
        };
        self.also.iter().map(system).collect()
    }

    /// Measures, or runs itself again where it can.
    ///
    /// # Errors
    /// When nothing can be measured.
    pub fn run(&self) -> Result<ExitCode, String> {
        let lines = self.chosen()?;
        if self.list {
            for line in lines {
                println!("{:<20} {}, {} threads", line.name, line.title(), line.threads);
            }
            return Ok(ExitCode::SUCCESS);
        }
        let also = self.also()?;
        let Some(folder) = sandbox::inside() else {
            return self.places.confine(lines.iter().any(|line| line.link == Link::Wan));
        };
        let hosts = self.places.hosts(&folder)?;
        let mut table = Table {
            hosts,
            settings: Settings {
                size: Size { tables: self.tables, rows: self.rows },
                seconds: self.seconds.unwrap_or(if self.quick { 5 } else { 10 }).max(1),
                rounds: self.rounds.unwrap_or(if self.quick { 2 } else { 3 }).max(1),
                node_flags: self.places.node_flags.clone(),
            },
            also,
            gate: self.places.gate.clone(),
            lines: Vec::new(),
        };
        let origin = Origin::now(&self.places.label);
        let mut is_whole = true;
        for link in [Link::Lan, Link::Wan] {
            let of_link: Vec<&Line> = lines.iter().copied().filter(|line| line.link == link).collect();
            if !of_link.is_empty() {
                // What was measured until then is not to be lost.
                if let Err(error) = table.measure(link, &of_link) {
                    eprintln!("{error}");
                    is_whole = false;
                }
            }
        }
        let code = self.conclude(&Record { origin, settings: table.settings, lines: table.lines })?;
        Ok(if is_whole { code } else { ExitCode::FAILURE })
    }

    /// Compares, prints and stores.
    fn conclude(&self, record: &Record) -> Result<ExitCode, String> {
        let folder = history::folder();
        let regressions = history::regressions(&history::load(&folder)?, record);
        let table = report::markdown(record, &regressions);
        println!("\n{table}");
        if !self.no_store {
            let stem = history::store(&folder, record, &table, &plot::bars(record))?;
            println!("stored as {}.json, .md and .svg", stem.display());
        }
        let is_bad = self.check && !regressions.is_empty();
        Ok(if is_bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// A table that is being measured.
struct Table {
    hosts: Hosts,
    settings: Settings,
    also: Vec<System>,
    gate: Option<PathBuf>,
    lines: Vec<LineRecord>,
}

impl Table {
    /// Measures the lines of one kind of link.
    fn measure(&mut self, link: Link, lines: &[&Line]) -> Result<(), String> {
        self.hosts.up(NODES, link)?;
        if link == Link::Wan {
            self.hosts.set_rtt(NODES, SLOW_RTT_MS)?;
        }
        let is_needed = |system: &System| {
            lines.iter().any(|line| line.entrants(&self.also).iter().any(|entrant| entrant.system == *system))
        };
        let mut subjects = Vec::new();
        for system in System::ALL.into_iter().filter(is_needed) {
            eprintln!("starting {} …", system.name());
            let plan = NodePlan { count: NODES, flags: self.settings.node_flags.clone() };
            match Running::start(&self.hosts, system, link, &plan) {
                Ok(running) => {
                    subjects.push(Subject::new(running, self.settings.size, self.gate.clone()));
                }
                Err(error) => eprintln!("  it does not start: {error}"),
            }
        }
        for line in lines {
            let record = self.line(line, &mut subjects);
            for verdict in &record.verdicts {
                let ratio = verdict.ratio.map_or_else(|| "–".into(), report::short);
                eprintln!("  {ratio} × {} ({})", verdict.against, report::met(verdict));
            }
            self.lines.push(record);
        }
        for subject in subjects {
            subject.running.stop(&self.hosts)?;
        }
        wipe_ours(&self.hosts)?;
        self.hosts.down()
    }

    /// Measures one line.
    fn line(&self, line: &Line, subjects: &mut [Subject]) -> LineRecord {
        let entrants = line.entrants(&self.also);
        let mut cells: Vec<Cell> = entrants.iter().map(|entrant| Cell::new(*entrant)).collect();
        eprintln!("{} ({}, {} threads)", line.name, line.title(), line.threads);
        for round in 0..self.settings.rounds {
            for place in order(entrants.len(), round) {
                self.once(line, entrants[place], &mut cells[place], subjects);
            }
        }
        LineRecord::new(line, cells)
    }

    /// One run.
    fn once(&self, line: &Line, entrant: Entrant, cell: &mut Cell, subjects: &mut [Subject]) {
        let Some(subject) = subjects.iter_mut().find(|subject| subject.running.system == entrant.system)
        else {
            cell.failures.push("it did not start".into());
            return;
        };
        let name = entrant.system.name();
        match subject.run(&self.hosts, entrant.test, line.threads, self.settings.seconds) {
            Ok(run) => {
                eprintln!(
                    "  {name:<22} {:<22} {:>9} tps  p99 {:>7} ms  cpu {} + {} µs  errors {}/s  others {:.0} %",
                    entrant.test,
                    report::grouped(run.outcome.tps),
                    report::short(run.outcome.p99_ms),
                    report::short(run.leader_cpu_us),
                    report::short(run.follower_cpu_us),
                    report::short(run.outcome.errors_per_second),
                    run.others_busy * 100.0
                );
                cell.runs.push(run);
            }
            Err(error) => {
                eprintln!("  {name:<22} {:<22} failed: {error}", entrant.test);
                cell.failures.push(error);
            }
        }
    }
}

/// In which order systems run in a round: everyone is first once, and the neighbours change.
fn order(count: usize, round: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).map(|place| (place + round) % count).collect();
    if round % 2 == 1 {
        places.reverse();
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &str) -> Arguments {
        Arguments::try_parse_from(std::iter::once("peers").chain(line.split_whitespace())).unwrap()
    }

    #[test]
    fn the_order_changes_from_round_to_round() {
        assert_eq!(order(3, 0), [0, 1, 2]);
        assert_eq!(order(3, 1), [0, 2, 1]);
        assert_eq!(order(3, 2), [2, 0, 1]);
        assert_eq!(order(1, 5), [0]);
    }

    #[test]
    fn lines_are_chosen_by_name_or_beginning() {
        let names =
            |line: &str| arguments(line).chosen().unwrap().iter().map(|line| line.name).collect::<Vec<_>>();
        assert_eq!(names("--lines insert-64,hot"), ["insert-64", "hot-64", "hot-300"]);
        assert_eq!(names("").len(), LINES.len());
        assert!(names("--quick").iter().all(|name| !name.starts_with("wan-")));
        assert_eq!(names("--quick --lines wan-hot-64"), ["wan-hot-64"]);
        assert!(arguments("--lines nosuch").chosen().unwrap_err().contains("nosuch"));
        assert!(arguments("--also oracle").also().is_err());
        assert_eq!(arguments("--also mysql").also().unwrap(), [System::MySql]);
    }
}
