//! Readers, one a node, that ask all the time for what must hold in every snapshot, on leaders and followers, whatever happens to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use client::blocking::Connection;
use rand::Rng;

use super::clients::Findings;
use super::{Workload, is_expected, number};
use crate::connect;

/// How long an observer waits for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(40);
/// Looks on one connection before another takes its place.
const LOOKS_PER_CONNECTION: u32 = 200;
/// The errors of a database and of a table that are not there: a node that has just started reads what it had written out, which may be
/// older than they are. A strong read never is.
const NOT_THERE: [u16; 2] = [1049, 1146];

/// A read that sees all that was acknowledged before it.
const STRONG: &str = "STRONG";
/// What reads may ask for.
const HOW: [&str; 4] = ["EVENTUAL", "SESSION", STRONG, "AUTO"];

/// The running observers.
pub struct Observers {
    stop: Arc<AtomicBool>,
    looks: Arc<AtomicU64>,
    threads: Vec<JoinHandle<()>>,
}

struct Observer {
    node: usize,
    address: String,
    workload: Arc<dyn Workload>,
    findings: Findings,
    stop: Arc<AtomicBool>,
    looks: Arc<AtomicU64>,
}

impl Observers {
    /// Starts one a node.
    #[must_use]
    pub fn start(workload: &Arc<dyn Workload>, addresses: &[String], findings: &Findings) -> Observers {
        let (stop, looks) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let observer = |(place, address): (usize, &String)| Observer {
            node: place + 1,
            address: address.clone(),
            workload: Arc::clone(workload),
            findings: findings.clone(),
            stop: Arc::clone(&stop),
            looks: Arc::clone(&looks),
        };
        let observers: Vec<Observer> = addresses.iter().enumerate().map(observer).collect();
        let threads =
            observers.into_iter().map(|observer| std::thread::spawn(move || observer.work())).collect();
        Observers { stop, looks, threads }
    }

    /// Ends them; how often they have seen what they look for.
    ///
    /// # Panics
    /// When one has panicked.
    pub fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().expect("an observer panicked");
        }
        self.looks.load(Ordering::Relaxed)
    }
}

impl Observer {
    fn work(&self) {
        while !self.stop.load(Ordering::Relaxed) {
            match connect(&self.address, ANSWER_TIMEOUT) {
                Ok(mut connection) => {
                    let how = HOW[rand::rng().random_range(0..HOW.len())];
                    if let Err(error) = self.watch(&mut connection, how)
                        && !is_expected(&error, false)
                        && !(how != STRONG && error.code().is_some_and(|code| NOT_THERE.contains(&code)))
                    {
                        self.findings.add(format!("observer on node {} ({how}): {error}", self.node));
                    }
                }
                Err(_) => std::thread::sleep(PAUSE),
            }
        }
    }

    fn watch(&self, connection: &mut Connection, how: &str) -> client::blocking::Result<()> {
        connection.query(&format!("SET quorate_read_consistency = {how}"))?;
        connection.query("SET quorate_read_timeout = 2")?;
        let mut before = 0;
        for round in 0..LOOKS_PER_CONNECTION {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            before = if round % 3 == 2 {
                self.look_twice(connection, before, how)?
            } else {
                self.look(connection, before, how)?
            };
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    fn look(&self, connection: &mut Connection, before: i64, how: &str) -> client::blocking::Result<i64> {
        let rows = connection.query(self.workload.observation())?;
        if how != STRONG && (rows.text(0, 0).is_none() || rows.text(0, 1).is_none()) {
            // A sum over tables that are still empty: the node has just started, and has what it had written out, see NOT_THERE.
            return Ok(before);
        }
        let (wrong, progress) = (number(&rows, 0, 0), number(&rows, 0, 1));
        if wrong != 0 {
            self.findings.add(format!("node {} ({how}): off by {wrong} at {progress}", self.node));
        }
        if progress < before {
            self.findings.add(format!("node {} ({how}): {progress} was read after {before}", self.node));
        }
        self.looks.fetch_add(1, Ordering::Relaxed);
        Ok(progress)
    }

    /// In one transaction the same is read twice.
    fn look_twice(
        &self,
        connection: &mut Connection,
        before: i64,
        how: &str,
    ) -> client::blocking::Result<i64> {
        connection.query("START TRANSACTION WITH CONSISTENT SNAPSHOT")?;
        let first = self.look(connection, before, how)?;
        std::thread::sleep(PAUSE);
        let second = self.look(connection, first, how)?;
        connection.query("COMMIT")?;
        if first != second {
            self.findings.add(format!("node {}: {first}, then {second} in one snapshot", self.node));
        }
        Ok(second)
    }
}
