//! The clients of a workload, each on a thread of its own, until they are stopped. They can be made to stand still in between, each with its
//! transaction ended, so that what there is can be held against what they know.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use client::blocking::{Connection, Error};
use rand::Rng;

use super::ledger::Ledger;
use super::session::{PATIENCE, Session};
use super::{Choice, Ending, Outcome, Workload, is_expected, number};
use crate::{TestCluster, connect};

/// How long the clients may take until all stand still.
const STILL_MAX: Duration = Duration::from_secs(60);
/// How long they may take for what [`Clients::progress`] waits for.
const PROGRESS_MAX: Duration = Duration::from_secs(45);
/// How long a client looks whether a transaction is there, on another node.
const LOOK_TIMEOUT: Duration = Duration::from_secs(3);
/// One transaction in this many is looked for by its client afterwards.
const LOOKED_FOR_EVERY: u32 = 16;
/// Pause after the leader was lost.
const PAUSE: Duration = Duration::from_millis(20);

/// What is wrong, as the threads of a trial find it.
#[derive(Clone, Default)]
pub struct Findings(Arc<Mutex<Vec<String>>>);

impl Findings {
    /// Notes it.
    pub fn add(&self, what: String) {
        self.list().push(what);
    }

    /// All there is.
    pub fn list(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where clients stand still.
#[derive(Default)]
struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    is_closed: bool,
    waiting: u64,
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, GateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass(&self) {
        let mut state = self.state();
        if !state.is_closed {
            return;
        }
        state.waiting += 1;
        self.changed.notify_all();
        let open = self.changed.wait_while(state, |state| state.is_closed);
        open.unwrap_or_else(PoisonError::into_inner).waiting -= 1;
    }

    /// False when not all came in time.
    fn close(&self, clients: u64) -> bool {
        let mut state = self.state();
        state.is_closed = true;
        let waited = self.changed.wait_timeout_while(state, STILL_MAX, |state| state.waiting < clients);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    fn open(&self) {
        self.state().is_closed = false;
        self.changed.notify_all();
    }
}

/// What all clients of a workload share.
struct Shared {
    workload: Arc<dyn Workload>,
    ledger: Arc<Ledger>,
    addresses: Vec<String>,
    findings: Findings,
    gate: Gate,
    stop: AtomicBool,
}

/// See the module.
pub struct Clients {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Clients {
    /// Starts them.
    #[must_use]
    pub fn start(
        workload: Arc<dyn Workload>,
        ledger: Arc<Ledger>,
        addresses: Vec<String>,
        findings: Findings,
        seed: u64,
    ) -> Clients {
        let count = workload.clients();
        let (gate, stop) = (Gate::default(), AtomicBool::new(false));
        let shared = Arc::new(Shared { workload, ledger, addresses, findings, gate, stop });
        let spawn = |client| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || {
                let session = Session::new(client, &shared.addresses, seed);
                Client { looks: shared.addresses.iter().map(|_| None).collect(), shared, session }.work();
            })
        };
        let threads = (0..count).map(spawn).collect();
        Clients { shared, threads }
    }

    /// Waits until this many more transactions were acknowledged.
    ///
    /// # Panics
    /// When that takes too long.
    pub fn progress(&self, count: u64, cluster: &TestCluster) {
        let (from, started) = (self.shared.ledger.done(), Instant::now());
        while self.shared.ledger.done() < from + count {
            assert!(started.elapsed() < PROGRESS_MAX, "the clients make no progress\n{}", cluster.logs());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Makes them stand still.
    ///
    /// # Panics
    /// When some do not come to an end.
    pub fn stand_still(&self) {
        let all = self.threads.len() as u64;
        assert!(self.shared.gate.close(all), "a client has no answer after {STILL_MAX:?}");
    }

    /// Lets them go on.
    pub fn go_on(&self) {
        self.shared.gate.open();
    }

    /// Ends them.
    ///
    /// # Panics
    /// When one has panicked.
    pub fn stop(self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.shared.gate.open();
        for thread in self.threads {
            thread.join().expect("a client panicked");
        }
    }
}

struct Client {
    shared: Arc<Shared>,
    session: Session,
    /// Its connections to look at what each node has.
    looks: Vec<Option<Connection>>,
}

impl Client {
    fn work(&mut self) {
        while !self.shared.stop.load(Ordering::Relaxed) {
            self.shared.gate.pass();
            if let Err(error) = self.session.get_ready() {
                self.recover(&error, false);
                continue;
            }
            let workload = Arc::clone(&self.shared.workload);
            let choice = workload.choose(&mut self.session);
            let tag = self.shared.ledger.begin();
            let started = Instant::now();
            let outcome = self.transaction(&*workload, &choice, tag);
            self.shared.ledger.end(tag, choice.key, &outcome);
            if started.elapsed() > PATIENCE {
                let client = self.session.client;
                self.shared.findings.add(format!(
                    "client {client} had no answer to transaction {tag} for {:?}: {outcome:?}",
                    started.elapsed()
                ));
            }
            if self.session.random.random_range(0..LOOKED_FOR_EVERY) == 0 {
                self.look(&*workload, tag, &outcome);
            }
        }
    }

    fn transaction(&mut self, workload: &dyn Workload, choice: &Choice, tag: u64) -> Outcome {
        let is_single = choice.is_single && !self.session.manner.is_without_autocommit;
        if is_single {
            return match workload.body(&mut self.session, choice, tag) {
                Ok(_) => Outcome::Done,
                Err(error) => {
                    self.recover(&error, true);
                    Outcome::of_end(&error)
                }
            };
        }
        let begun = match self.session.manner.is_without_autocommit {
            true => Ok(()),
            false => self.session.text("BEGIN").map(drop),
        };
        match begun.and_then(|()| workload.body(&mut self.session, choice, tag)) {
            Ok(Ending::Commit) => match self.session.text("COMMIT") {
                Ok(_) => Outcome::Done,
                Err(error) => {
                    self.recover(&error, true);
                    Outcome::of_end(&error)
                }
            },
            Ok(Ending::Rollback) => {
                if let Err(error) = self.session.text("ROLLBACK") {
                    self.recover(&error, false);
                }
                Outcome::RolledBack("its client wanted it so".into())
            }
            Err(error) => {
                self.give_up(&error);
                Outcome::of_body(&error)
            }
        }
    }

    /// After an error in the middle of a transaction.
    fn give_up(&mut self, error: &Error) {
        // Both mean that the server has rolled it back: who then sends BEGIN must not commit anything by it.
        let is_over = matches!(error.code(), Some(1053 | 1213));
        let is_trusted = is_over && self.session.manner.trusts_errors;
        if !error.is_disconnect()
            && !is_trusted
            && let Err(error) = self.session.text("ROLLBACK")
        {
            self.recover(&error, false);
        }
        self.recover(error, false);
    }

    fn recover(&mut self, error: &Error, ends: bool) {
        let timed_out =
            matches!(error, Error::Lost { source } if source.kind() == std::io::ErrorKind::TimedOut);
        if !is_expected(error, ends) || (timed_out && !self.session.manner.is_impatient) {
            self.shared.findings.add(format!("client {} (ends: {ends}): {error}", self.session.client));
        }
        if error.code() != Some(1213) {
            // A connection on which nothing was lost is kept now and then: the leader may be back.
            let is_kept = !error.is_disconnect() && self.session.random.random_range(0..4) == 0;
            if !is_kept {
                self.session.forget_leader();
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Looks whether a transaction is where its client must think it is, on any node.
    fn look(&mut self, workload: &dyn Workload, tag: u64, outcome: &Outcome) {
        let wanted = match outcome {
            Outcome::Done => 1,
            Outcome::RolledBack(_) => 0,
            Outcome::Unknown(_) => return,
        };
        let Some(sql) = workload.presence(tag) else { return };
        let place = self.session.random.random_range(0..self.looks.len());
        let look = &mut self.looks[place];
        if look.as_ref().is_none_or(Connection::is_broken) {
            *look = connect(&self.shared.addresses[place], LOOK_TIMEOUT).ok();
        }
        // Reads are strong by default: whatever node answers, it has what was acknowledged before.
        let Some(Ok(rows)) = look.as_mut().map(|connection| connection.query(&sql)) else { return };
        let there = number(&rows, 0, 0);
        if there != wanted {
            self.shared.findings.add(format!(
                "client {} was told {outcome:?} of transaction {tag}, and finds it {there} times on node {}",
                self.session.client,
                place + 1
            ));
        }
    }
}
