//! A record as a Markdown table.

use std::fmt::Write;

use crate::history::Regression;
use crate::record::{Cell, LineRecord, Record, Verdict};
use crate::system::System;

/// Dash for what was not measured.
const NONE: &str = "–";

/// The systems that a record has numbers of.
#[must_use]
pub fn systems(record: &Record) -> Vec<System> {
    let has = |system: &System| {
        record.lines.iter().any(|line| line.cells.iter().any(|cell| cell.system == *system))
    };
    System::ALL.into_iter().filter(has).collect()
}

/// The whole report.
#[must_use]
pub fn markdown(record: &Record, regressions: &[Regression]) -> String {
    let mut text = heading(record);
    text += "\n";
    let systems = systems(record);
    let mut columns = vec!["transactions/s (p99 ms)".to_owned(), "threads".to_owned()];
    columns.extend(systems.iter().map(|system| system.name().to_owned()));
    columns.extend(["at least".to_owned(), "ratio".to_owned(), String::new()]);
    text += &row(&columns);
    text += &row(&columns.iter().map(|_| "---".to_owned()).collect::<Vec<_>>());
    for line in &record.lines {
        text += &line_row(line, &systems);
    }
    text += "\n";
    text += &costs(record);
    text += &notes(record);
    if !regressions.is_empty() {
        text += "\n**Worse than before:**\n\n";
    }
    for Regression { what, before, now, since } in regressions {
        let change = (now / before - 1.0) * 100.0;
        let _ = writeln!(
            text,
            "- {what}: {} times, was {} ({change:.0} %) on {since}",
            short(*now),
            short(*before)
        );
    }
    text
}

fn heading(record: &Record) -> String {
    let (origin, settings) = (&record.origin, &record.settings);
    let program = if origin.is_given_program { " (program given)" } else { "" };
    let label = if origin.label.is_empty() { String::new() } else { format!(", {}", origin.label) };
    let flags = if settings.node_flags.is_empty() {
        String::new()
    } else {
        format!("; our nodes with `{}`", settings.node_flags.join(" "))
    };
    format!(
        "{}, commit {}{program}{label}. {}. {} tables × {} rows, {} rounds of {} s{flags}; medians.\n",
        origin.date,
        origin.commit,
        origin.machine,
        settings.size.tables,
        settings.size.rows,
        settings.rounds,
        settings.seconds
    )
}

fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

fn line_row(line: &LineRecord, systems: &[System]) -> String {
    let mut cells = vec![line.title.clone(), line.threads.to_string()];
    cells.extend(systems.iter().map(|system| rate(line, *system)));
    let each =
        |text: &dyn Fn(&Verdict) -> String| line.verdicts.iter().map(text).collect::<Vec<_>>().join("<br>");
    cells.push(each(&|verdict| format!("{} × {}", short(verdict.at_least), verdict.against)));
    cells.push(each(&|verdict| verdict.ratio.map_or_else(|| NONE.into(), short)));
    cells.push(each(&|verdict| met(verdict).into()));
    row(&cells)
}

/// What became of a target, in a few words.
#[must_use]
pub fn met(verdict: &Verdict) -> &'static str {
    match (verdict.ratio, verdict.is_met, verdict.is_processor_full) {
        (None, ..) => "not measured",
        (Some(_), true, true) => "processor full",
        (Some(_), true, false) => "met",
        (Some(_), false, _) => "**not met**",
    }
}

fn rate(line: &LineRecord, system: System) -> String {
    let Some(cell) = line.cell(system) else { return NONE.into() };
    let own = text(cell);
    // Ours may run a second test to compare with.
    let second = line.cells.iter().find(|other| other.system == system && other.test != cell.test);
    match second {
        Some(other) => format!("{own}<br>{}: {}", other.test, text(other)),
        None => own,
    }
}

fn text(cell: &Cell) -> String {
    match cell.tps().zip(cell.median(|run| run.outcome.p99_ms)) {
        Some((rate, p99)) => format!("{} ({})", grouped(rate), short(p99)),
        None => "failed".into(),
    }
}

/// Processor time and memory.
fn costs(record: &Record) -> String {
    let systems = systems(record);
    let mut columns =
        vec!["µs of processor a transaction: leader + each follower".to_owned(), "threads".into()];
    columns.extend(systems.iter().map(|system| system.name().to_owned()));
    columns.push("our leader, follower MiB".into());
    let mut text = row(&columns);
    text += &row(&columns.iter().map(|_| "---".to_owned()).collect::<Vec<_>>());
    for line in &record.lines {
        let cost = |system: &System| {
            let cell = line.cell(*system)?;
            let leader = cell.median(|run| run.leader_cpu_us)?;
            let follower = cell.median(|run| run.follower_cpu_us)?;
            Some(if follower > 0.0 {
                format!("{} + {}", short(leader), short(follower))
            } else {
                short(leader)
            })
        };
        let mut cells = vec![line.title.clone(), line.threads.to_string()];
        cells.extend(systems.iter().map(|system| cost(system).unwrap_or_else(|| NONE.into())));
        let own = line.cell(System::Quorate);
        let memory = own.and_then(|cell| {
            Some(format!(
                "{:.0}, {:.0}",
                cell.median(|run| run.leader_mib)?,
                cell.median(|run| run.follower_mib)?
            ))
        });
        cells.push(memory.unwrap_or_else(|| NONE.into()));
        text += &row(&cells);
    }
    text
}

/// Failures and disturbances.
fn notes(record: &Record) -> String {
    let mut text = String::new();
    let (mut disturbed, mut runs) = (0, 0);
    for line in &record.lines {
        for cell in &line.cells {
            disturbed += cell.disturbed();
            runs += cell.runs.len();
            for failure in &cell.failures {
                let _ = writeln!(text, "- {}, {} {}: {failure}", line.name, cell.system.name(), cell.test);
            }
        }
    }
    if disturbed > 0 {
        let _ = writeln!(
            text,
            "- {disturbed} of {runs} runs were disturbed: other programs used the processors."
        );
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}

/// Three significant digits.
#[must_use]
pub fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => grouped(value),
        size if size >= 10.0 => trimmed(format!("{value:.1}")),
        _ => trimmed(format!("{value:.2}")),
    }
}

fn trimmed(text: String) -> String {
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Whole, with a comma before each three digits.
#[must_use]
pub fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::{Entrant, LINES};
    use crate::measure::Run;
    use crate::record::{Origin, Settings};
    use crate::sysbench::{Outcome, Size};

    #[test]
    fn numbers_are_short() {
        let texts: Vec<String> = [1_234_567.0, 999.6, 100.0, 12.34, 2.0, 0.756].map(short).into();
        assert_eq!(texts, ["1,234,567", "1,000", "100", "12.3", "2", "0.76"]);
    }

    #[test]
    fn a_table_has_a_column_for_each_system_and_a_word_for_each_target() {
        let line = LINES.iter().find(|line| line.name == "insert-64").unwrap();
        let cells = line.entrants(&[]).into_iter().zip([2600.0, 2000.0, 300.0]).map(|(entrant, tps)| {
            let mut cell = Cell::new(Entrant { test: line.test, ..entrant });
            let outcome = Outcome { tps, p99_ms: 5.25, ..Outcome::default() };
            cell.runs = vec![Run { outcome, others_busy: 0.5, leader_cpu_us: 30.0, ..Run::default() }];
            cell
        });
        let record = Record {
            origin: Origin { date: "D".into(), commit: "C".into(), machine: "M".into(), ..Origin::default() },
            settings: Settings {
                size: Size { tables: 4, rows: 10 },
                seconds: 5,
                rounds: 1,
                node_flags: Vec::new(),
            },
            lines: vec![LineRecord::new(line, cells.collect())],
        };
        let regression = Regression { what: "x".into(), before: 2.0, now: 1.0, since: "then".into() };
        let expected = "\
D, commit C. M. 4 tables × 10 rows, 1 rounds of 5 s; medians.

| transactions/s (p99 ms) | threads | Quorate ×3 | MariaDB | Group Replication ×3 | at least | ratio |  |
| --- | --- | --- | --- | --- | --- | --- | --- |
| oltp_insert | 64 | 2,600 (5.25) | 2,000 (5.25) | 300 (5.25) | 1.3 × MariaDB<br>6 × Group Replication ×3 | 1.3<br>8.67 | met<br>met |

| µs of processor a transaction: leader + each follower | threads | Quorate ×3 | MariaDB | Group Replication ×3 | our leader, follower MiB |
| --- | --- | --- | --- | --- | --- |
| oltp_insert | 64 | 30 | 30 | 30 | 0, 0 |

- 3 of 3 runs were disturbed: other programs used the processors.

**Worse than before:**

- x: 1 times, was 2 (-50 %) on then
";
        assert_eq!(markdown(&record, &[regression]), expected);
    }
}
