//! What a transaction costs over the number of clients, of rows, of nodes, and over the distance between the nodes.
//!
//! Each curve is a CSV file and a plot in `benches/history/curves/`. Only this server is measured, so the numbers are those of one machine
//! and hour: they show shapes. Left out: allocations of a statement, which the server does not count.

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use crate::history;
use crate::hosts::{Hosts, Link};
use crate::measure::{Run, Subject};
use crate::peers::Places;
use crate::plot::{Curves, Panel, Series};
use crate::record::Origin;
use crate::report::{grouped, short};
use crate::sandbox;
use crate::sysbench::Size;
use crate::system::{NodePlan, Running, System, wipe_ours};

const THREADS: [u32; 7] = [1, 4, 16, 64, 256, 512, 1000];
const ROWS: [u64; 3] = [100_000, 1_000_000, 10_000_000];
const NODES: [usize; 4] = [1, 3, 5, 7];
const RTTS_MS: [f64; 7] = [0.0, 1.0, 5.0, 10.0, 30.0, 60.0, 100.0];
/// Tables of the curves; rows are spread over them.
const TABLES: u32 = 4;
/// Rows of each table where rows are not what is varied.
const ROWS_EACH: u64 = 50_000;

/// `curves`: what a transaction of this server costs over clients, rows, nodes and distance.
#[derive(Debug, Parser)]
#[command(name = "curves", disable_version_flag = true)]
pub struct Arguments {
    /// Only these: threads, rows, nodes, rtt
    #[arg(long, value_delimiter = ',')]
    only: Vec<Axis>,
    /// Seconds of a run
    #[arg(long, default_value_t = 5)]
    seconds: u32,
    /// Most rows, for those who cannot wait for ten million
    #[arg(long, default_value_t = 10_000_000)]
    rows_max: u64,
    #[command(flatten)]
    places: Places,
}

/// What is varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Axis {
    Threads,
    Rows,
    Nodes,
    Rtt,
}

/// A measured point.
struct Point {
    test: &'static str,
    threads: u32,
    x: f64,
    run: Run,
}

/// A test and its clients.
type Load = (&'static str, u32);

impl Axis {
    const ALL: [Axis; 4] = [Axis::Threads, Axis::Rows, Axis::Nodes, Axis::Rtt];

    fn name(self) -> &'static str {
        match self {
            Axis::Threads => "threads",
            Axis::Rows => "rows",
            Axis::Nodes => "nodes",
            Axis::Rtt => "rtt",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Axis::Threads => "clients",
            Axis::Rows => "rows",
            Axis::Nodes => "nodes",
            Axis::Rtt => "round trip between nodes, ms",
        }
    }

    fn is_logarithmic(self) -> bool {
        match self {
            Axis::Threads | Axis::Rows => true,
            Axis::Nodes | Axis::Rtt => false,
        }
    }
}

impl Arguments {
    /// Measures, or runs itself again where it can.
    ///
    /// # Errors
    /// When nothing can be measured.
    pub fn run(&self) -> Result<ExitCode, String> {
        let axes = if self.only.is_empty() { Axis::ALL.to_vec() } else { self.only.clone() };
        let Some(folder) = sandbox::inside() else {
            return self.places.confine(axes.contains(&Axis::Rtt));
        };
        let hosts = self.places.hosts(&folder)?;
        let origin = Origin::now(&self.places.label);
        for axis in axes {
            let points = match axis {
                Axis::Threads => self.threads(&hosts),
                Axis::Rows => self.rows(&hosts),
                Axis::Nodes => self.nodes(&hosts),
                Axis::Rtt => self.rtt(&hosts),
            }?;
            store(&history::folder().join("curves"), axis, &origin, &points)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn threads(&self, hosts: &Hosts) -> Result<Vec<Point>, String> {
        let tests = ["oltp_point_select", "oltp_insert", "oltp_update_hot", "oltp_read_write"];
        let mut points = Vec::new();
        self.with_cluster(hosts, 3, Link::Lan, |subject| {
            for threads in THREADS {
                let loads: Vec<Load> = tests.iter().map(|test| (*test, threads)).collect();
                self.point(hosts, subject, f64::from(threads), &loads, &mut points)?;
            }
            Ok(())
        })?;
        Ok(points)
    }

    fn rows(&self, hosts: &Hosts) -> Result<Vec<Point>, String> {
        let loads = [("oltp_point_select", 16), ("oltp_update_index", 32), ("oltp_read_write", 32)];
        let mut points = Vec::new();
        for rows in ROWS.into_iter().filter(|rows| *rows <= self.rows_max) {
            self.with_cluster(hosts, 3, Link::Lan, |subject| {
                subject.resize(Size { tables: TABLES, rows: rows / u64::from(TABLES) });
                self.point(hosts, subject, rows as f64, &loads, &mut points)
            })?;
        }
        Ok(points)
    }

    fn nodes(&self, hosts: &Hosts) -> Result<Vec<Point>, String> {
        let loads =
            [("oltp_point_select", 16), ("oltp_insert", 1), ("oltp_insert", 64), ("oltp_read_write", 32)];
        let mut points = Vec::new();
        for nodes in NODES {
            self.with_cluster(hosts, nodes, Link::Lan, |subject| {
                self.point(hosts, subject, nodes as f64, &loads, &mut points)
            })?;
        }
        Ok(points)
    }

    fn rtt(&self, hosts: &Hosts) -> Result<Vec<Point>, String> {
        let loads =
            [("oltp_insert", 64), ("oltp_insert", 512), ("oltp_update_hot", 64), ("oltp_read_write", 128)];
        let mut points = Vec::new();
        self.with_cluster(hosts, 3, Link::Wan, |subject| {
            for rtt_ms in RTTS_MS {
                hosts.set_rtt(3, rtt_ms)?;
                self.point(hosts, subject, rtt_ms, &loads, &mut points)?;
            }
            Ok(())
        })?;
        Ok(points)
    }

    /// Starts a cluster, does something with it and stops it.
    fn with_cluster(
        &self,
        hosts: &Hosts,
        nodes: usize,
        link: Link,
        mut with: impl FnMut(&mut Subject) -> Result<(), String>,
    ) -> Result<(), String> {
        hosts.up(nodes, link)?;
        let plan = NodePlan { count: nodes, flags: self.places.node_flags.clone() };
        let running = Running::start(hosts, System::Quorate, link, &plan)?;
        let size = Size { tables: TABLES, rows: ROWS_EACH };
        let mut subject = Subject::new(running, size, self.places.gate.clone());
        with(&mut subject)?;
        subject.running.stop(hosts)?;
        wipe_ours(hosts)?;
        hosts.down()
    }

    /// Measures all loads at one place of the axis; one that fails leaves a gap.
    fn point(
        &self,
        hosts: &Hosts,
        subject: &mut Subject,
        x: f64,
        loads: &[Load],
        points: &mut Vec<Point>,
    ) -> Result<(), String> {
        for (test, threads) in loads.iter().copied() {
            match subject.run(hosts, test, threads, self.seconds) {
                Ok(run) => {
                    let (rate, cost) = (grouped(run.outcome.tps), short(run.leader_cpu_us));
                    eprintln!("{:>10} {test:<20} {threads:>5} threads {rate:>9} tps, {cost} µs", short(x));
                    points.push(Point { test, threads, x, run });
                }
                Err(error) => eprintln!("{:>10} {test:<20} {threads:>5} threads failed: {error}", short(x)),
            }
        }
        Ok(())
    }
}

/// Writes a curve's files.
fn store(folder: &Path, axis: Axis, origin: &Origin, points: &[Point]) -> Result<(), String> {
    let write = |extension: &str, text: &str| {
        let path = folder.join(axis.name()).with_extension(extension);
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
    };
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    write("csv", &csv(axis, origin, points))?;
    write("svg", &picture(axis, origin, points).svg())?;
    println!("stored {}.csv and .svg in {}", axis.name(), folder.display());
    Ok(())
}

fn csv(axis: Axis, origin: &Origin, points: &[Point]) -> String {
    let mut text = format!(
        "# {}, commit {}{}, {}\n",
        origin.date,
        origin.commit,
        if origin.is_given_program { " (program given)" } else { "" },
        origin.machine
    );
    let name = axis.name();
    let columns = "tps,average_ms,p99_ms,errors_per_second,leader_cpu_us,follower_cpu_us,sent_bytes,leader_mib,follower_mib,others_busy,allocations";
    let _ = writeln!(text, "x_{name},test,clients,{columns}");
    for Point { test, threads, x, run } in points {
        let outcome = &run.outcome;
        let numbers = [
            outcome.tps,
            outcome.average_ms,
            outcome.p99_ms,
            outcome.errors_per_second,
            run.leader_cpu_us,
            run.follower_cpu_us,
            run.sent_bytes,
            run.leader_mib,
            run.follower_mib,
            run.others_busy,
            run.allocations,
        ];
        let numbers: Vec<String> = numbers.iter().map(|number| format!("{number:.2}")).collect();
        let _ = writeln!(text, "{x},{test},{threads},{}", numbers.join(","));
    }
    text
}

fn picture(axis: Axis, origin: &Origin, points: &[Point]) -> Curves {
    // Where clients are what is varied, their number does not belong to the name.
    let name = |point: &Point| match axis {
        Axis::Threads => point.test.to_owned(),
        Axis::Rows | Axis::Nodes | Axis::Rtt => format!("{}, {} clients", point.test, point.threads),
    };
    let panel = |title: &str, is_logarithmic: bool, value: fn(&Run) -> f64| {
        let mut series: Vec<Series> = Vec::new();
        for point in points {
            let name = name(point);
            let place = (point.x, value(&point.run));
            match series.iter_mut().find(|series| series.name == name) {
                Some(series) => series.points.push(place),
                None => series.push(Series { name, points: vec![place] }),
            }
        }
        Panel { title: title.into(), is_logarithmic, series }
    };
    Curves {
        title: format!("Quorate over {}: {}, commit {}", axis.label(), origin.date, origin.commit),
        x_label: axis.label().into(),
        is_logarithmic: axis.is_logarithmic(),
        panels: vec![
            panel("transactions a second", true, |run| run.outcome.tps),
            panel("99 of 100 answered within, ms", true, |run| run.outcome.p99_ms),
            panel("processor time a transaction, leader, µs", false, |run| run.leader_cpu_us),
            panel("processor time a transaction, a follower, µs", false, |run| run.follower_cpu_us),
            panel("bytes a transaction sent to each follower", false, |run| run.sent_bytes),
            panel("leader's resident memory, MiB", false, |run| run.leader_mib),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_has_a_row_for_each_point_and_a_line_for_each_load() {
        let point = |x, threads| Point { test: "oltp_insert", threads, x, run: Run::default() };
        let points = [point(0.0, 64), point(0.0, 512), point(30.0, 64), point(30.0, 512)];
        let origin =
            Origin { date: "D".into(), commit: "C".into(), machine: "M".into(), ..Origin::default() };
        let text = csv(Axis::Rtt, &origin, &points);
        assert!(text.starts_with("# D, commit C, M\nx_rtt,test,clients,tps,"), "{text}");
        assert_eq!(text.lines().count(), 6);
        let columns = |line: &str| line.split(',').count();
        assert!(text.lines().skip(1).all(|line| columns(line) == 14), "{text}");
        let picture = picture(Axis::Rtt, &origin, &points);
        assert!(picture.panels.iter().all(|panel| panel.series.len() == 2));
        assert!(picture.panels[0].series.iter().all(|series| series.points.len() == 2));
    }
}
