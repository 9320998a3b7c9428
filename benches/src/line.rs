//! The lines of the table: which test, how many clients, against whom, and what is aimed at.

use crate::hosts::Link;
use crate::limits::SLOW_RTT_MS;
use crate::system::System;

/// What a line aims at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// At least this many times what a peer does in the same test.
    Peer(System, f64),
    /// At least this many times what our own server does in another test with as many clients.
    OwnTest(&'static str, f64),
    /// At least this share of what clients that each wait one round trip could do; or a processor is full.
    RoundTrips(f64),
}

/// A line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// By which it is chosen on the command line.
    pub name: &'static str,
    /// sysbench's test.
    pub test: &'static str,
    /// Clients.
    pub threads: u32,
    /// What joins the nodes.
    pub link: Link,
    /// What it aims at.
    pub targets: &'static [Target],
}

/// A system in a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entrant {
    /// The system.
    pub system: System,
    /// The test.
    pub test: &'static str,
}

const fn line(
    name: &'static str,
    test: &'static str,
    threads: u32,
    link: Link,
    targets: &'static [Target],
) -> Line {
    Line { name, test, threads, link, targets }
}

use System::{Galera, GroupReplication, MariaDb};
use Target::{OwnTest, Peer, RoundTrips};

const OTHER_ROWS: &str = "oltp_update_non_index";
const HOT: [Target; 3] = [OwnTest(OTHER_ROWS, 0.9), Peer(MariaDb, 3.0), Peer(GroupReplication, 50.0)];
const INSERT: [Target; 2] = [Peer(MariaDb, 1.3), Peer(GroupReplication, 6.0)];
const READ_WRITE: [Target; 2] = [Peer(MariaDb, 1.5), Peer(GroupReplication, 4.0)];
const MARIADB: [Target; 1] = [Peer(MariaDb, 1.0)];
const SLOW_INSERT: [Target; 2] = [RoundTrips(0.7), Peer(GroupReplication, 4.0)];

/// All lines.
pub const LINES: [Line; 17] = [
    line("point_select-16", "oltp_point_select", 16, Link::Lan, &[Peer(MariaDb, 1.3)]),
    line("insert-1", "oltp_insert", 1, Link::Lan, &[Peer(Galera, 2.0)]),
    line("insert-64", "oltp_insert", 64, Link::Lan, &INSERT),
    line("insert-300", "oltp_insert", 300, Link::Lan, &INSERT),
    line("read_write-32", "oltp_read_write", 32, Link::Lan, &READ_WRITE),
    line("read_write-400", "oltp_read_write", 400, Link::Lan, &READ_WRITE),
    line("update_index-32", "oltp_update_index", 32, Link::Lan, &MARIADB),
    line("delete-32", "oltp_delete", 32, Link::Lan, &MARIADB),
    line("write_only-32", "oltp_write_only", 32, Link::Lan, &MARIADB),
    line("read_only-32", "oltp_read_only", 32, Link::Lan, &MARIADB),
    line("hot-64", "oltp_update_hot", 64, Link::Lan, &HOT),
    line("hot-300", "oltp_update_hot", 300, Link::Lan, &HOT),
    line("wan-insert-512", "oltp_insert", 512, Link::Wan, &SLOW_INSERT),
    line("wan-insert-2000", "oltp_insert", 2000, Link::Wan, &SLOW_INSERT),
    line("wan-hot-64", "oltp_update_hot", 64, Link::Wan, &[RoundTrips(0.7), Peer(GroupReplication, 100.0)]),
    line(
        "wan-hot-2500",
        "oltp_update_hot",
        2500,
        Link::Wan,
        &[RoundTrips(0.7), Peer(GroupReplication, 400.0)],
    ),
    line("wan-read_write-128", "oltp_read_write", 128, Link::Wan, &[Peer(GroupReplication, 3.0)]),
];

impl Line {
    /// Who takes part: ours, whoever a target names, and these others.
    #[must_use]
    pub fn entrants(&self, also: &[System]) -> Vec<Entrant> {
        let mut found = vec![Entrant { system: System::Quorate, test: self.test }];
        let named = self.targets.iter().filter_map(|target| match target {
            Peer(system, _) => Some(Entrant { system: *system, test: self.test }),
            OwnTest(test, _) => Some(Entrant { system: System::Quorate, test }),
            RoundTrips(_) => None,
        });
        let others = also.iter().map(|system| Entrant { system: *system, test: self.test });
        for entrant in named.chain(others) {
            if !found.contains(&entrant) {
                found.push(entrant);
            }
        }
        found
    }

    /// What the clients could do at most if each waits one round trip for a transaction, a second.
    #[must_use]
    pub fn round_trip_bound(&self) -> f64 {
        f64::from(self.threads) * 1000.0 / SLOW_RTT_MS
    }

    /// As the table shows it.
    #[must_use]
    pub fn title(&self) -> String {
        match self.link {
            Link::Lan => self.test.into(),
            Link::Wan => format!("{SLOW_RTT_MS} ms RTT: {}", self.test),
        }
    }
}

impl Target {
    /// As the table shows it, without its number.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Peer(system, _) => system.name().into(),
            OwnTest(test, _) => format!("own {test}"),
            RoundTrips(_) => "threads ÷ RTT".into(),
        }
    }

    /// The least ratio.
    #[must_use]
    pub fn at_least(&self) -> f64 {
        match self {
            Peer(_, at_least) | OwnTest(_, at_least) | RoundTrips(at_least) => *at_least,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let names: std::collections::BTreeSet<&str> = LINES.iter().map(|line| line.name).collect();
        assert_eq!(names.len(), LINES.len());
    }

    #[test]
    fn a_hot_row_runs_beside_our_other_rows_and_the_peers_that_count() {
        let line = LINES.iter().find(|line| line.name == "hot-64").unwrap();
        let entrants = line.entrants(&[MariaDb, Galera]);
        let names: Vec<(System, &str)> =
            entrants.iter().map(|entrant| (entrant.system, entrant.test)).collect();
        let hot = "oltp_update_hot";
        assert_eq!(
            names,
            [
                (System::Quorate, hot),
                (System::Quorate, "oltp_update_non_index"),
                (MariaDb, hot),
                (GroupReplication, hot),
                (Galera, hot)
            ]
        );
    }

    #[test]
    fn two_thousand_clients_at_thirty_milliseconds() {
        let line = LINES.iter().find(|line| line.name == "wan-insert-2000").unwrap();
        assert_eq!(line.round_trip_bound().round(), 66_667.0);
    }
}
