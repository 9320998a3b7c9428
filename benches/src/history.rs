//! Stored records, and what has become worse since the last one.
//!
//! A record is a JSON file in `benches/history/`, named after its time, with the table and its plot beside it. A line is compared with
//! the newest record that has that line with the same tables: ratios only, because rates of different hours say nothing on machines that
//! drift.

use std::path::{Path, PathBuf};

use crate::limits::REGRESSION_SHARE;
use crate::record::Record;

/// The folder of the records.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("history")
}

/// A ratio that got worse.
#[derive(Clone, Debug, PartialEq)]
pub struct Regression {
    /// The line, and compared with what.
    pub what: String,
    /// The ratio then.
    pub before: f64,
    /// The ratio now; 0 when it could not be measured any more.
    pub now: f64,
    /// Date and commit of the other record.
    pub since: String,
}

/// All records, oldest first.
///
/// # Errors
/// When a file cannot be read or is none.
pub fn load(folder: &Path) -> Result<Vec<Record>, String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    // The names begin with the time.
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).map_err(|error| error.to_string());
            let record = text.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()));
            record.map_err(|error| format!("{}: {error}", path.display()))
        })
        .collect()
}

/// The path of a record's files without their extension.
#[must_use]
pub fn stem(folder: &Path, record: &Record) -> PathBuf {
    let date: String = record.origin.date.chars().filter(|letter| *letter != ':' && *letter != '-').collect();
    let commit = record.origin.commit.trim_end_matches('+');
    folder.join(format!("{date}-{commit}-{}x{}", record.settings.size.tables, record.settings.size.rows))
}

/// What got worse since the newest records with the same lines.
#[must_use]
pub fn regressions(earlier: &[Record], now: &Record) -> Vec<Regression> {
    let mut found = Vec::new();
    for line in &now.lines {
        for verdict in &line.verdicts {
            let old = earlier
                .iter()
                .rev()
                .filter(|record| record.settings.size == now.settings.size)
                .find_map(|record| Some((record, ratio(record, &line.name, &verdict.against)?)));
            let Some((record, before)) = old else { continue };
            let ratio = verdict.ratio.unwrap_or(0.0);
            if ratio < before * (1.0 - REGRESSION_SHARE) {
                found.push(Regression {
                    what: format!("{} against {}", line.name, verdict.against),
                    before,
                    now: ratio,
                    since: format!("{} ({})", record.origin.date, record.origin.commit),
                });
            }
        }
    }
    found
}

fn ratio(record: &Record, line: &str, against: &str) -> Option<f64> {
    let line = record.lines.iter().find(|other| other.name == line)?;
    line.verdicts.iter().find(|verdict| verdict.against == against)?.ratio
}

/// Stores a record.
///
/// # Errors
/// When it cannot be written.
pub fn store(folder: &Path, record: &Record, table: &str, plot: &str) -> Result<PathBuf, String> {
    let stem = stem(folder, record);
    let json = serde_json::to_string_pretty(record).map_err(|error| error.to_string())?;
    let write = |extension: &str, text: &str| {
        let path = stem.with_extension(extension);
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
    };
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    write("json", &(json + "\n"))?;
    write("md", table)?;
    write("svg", plot)?;
    Ok(stem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{LineRecord, Origin, Settings, Verdict};
    use crate::sysbench::Size;

    fn record(date: &str, rows: u64, ratios: &[(&str, Option<f64>)]) -> Record {
        let line = |(name, ratio): &(&str, Option<f64>)| LineRecord {
            name: (*name).into(),
            title: (*name).into(),
            threads: 1,
            cells: Vec::new(),
            verdicts: vec![Verdict {
                against: "MariaDB".into(),
                at_least: 1.0,
                ratio: *ratio,
                is_met: false,
                is_processor_full: false,
            }],
        };
        Record {
            origin: Origin { date: date.into(), commit: "abc+".into(), ..Origin::default() },
            settings: Settings {
                size: Size { tables: 4, rows },
                seconds: 10,
                rounds: 3,
                node_flags: Vec::new(),
            },
            lines: ratios.iter().map(line).collect(),
        }
    }

    #[test]
    fn a_tenth_less_is_a_regression_and_a_little_less_is_none() {
        let earlier =
            [record("1", 10, &[("a", Some(5.0)), ("b", Some(1.0))]), record("2", 10, &[("a", Some(2.0))])];
        let found = |ratios: &[(&str, Option<f64>)]| {
            let found = regressions(&earlier, &record("3", 10, ratios));
            found.into_iter().map(|regression| (regression.what, regression.before)).collect::<Vec<_>>()
        };
        assert_eq!(found(&[("a", Some(1.81)), ("b", Some(0.91)), ("c", Some(0.1))]), []);
        // Compared with the newest that has the line: 2.0 of the second, and not 5.0; 1.0 of the first.
        let expected = [("a against MariaDB".to_owned(), 2.0), ("b against MariaDB".to_owned(), 1.0)];
        assert_eq!(found(&[("a", Some(1.79)), ("b", None)]), expected);
        // Other tables: another thing.
        assert_eq!(regressions(&earlier, &record("3", 20, &[("a", Some(0.1))])), []);
    }

    #[test]
    fn what_is_stored_is_read_again_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for date in ["2026-11-22T07:00:00Z", "2026-11-22T06:30:00Z"] {
            store(folder.path(), &record(date, 10, &[("a", Some(2.0))]), "table", "<svg/>").unwrap();
        }
        let records = load(folder.path()).unwrap();
        let dates: Vec<&str> = records.iter().map(|record| record.origin.date.as_str()).collect();
        assert_eq!(dates, ["2026-11-22T06:30:00Z", "2026-11-22T07:00:00Z"]);
        assert_eq!(records[0].lines[0].verdicts[0].ratio, Some(2.0));
        assert!(folder.path().join("20261122T063000Z-abc-4x10.svg").is_file());
        std::fs::write(folder.path().join("x.json"), "{}").unwrap();
        assert!(load(folder.path()).unwrap_err().contains("x.json"));
    }
}
