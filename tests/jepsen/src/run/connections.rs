//! The sessions that one worker has: one at each node that it has asked, and a belief of who leads.
//!
//! A worker asks that leader until it hears that it is none. So a leader that was cut off and has not noticed goes on being asked,
//! which is the point of asking.
//!
//! A session is given up with the first error that is not about rows and locks: what state it is in cannot be known from here.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};

use super::library::{Account, Manner};
use super::session::{Failure, Reach, Session};
use super::target::{Server, Target};
use crate::workloads::levels::Levels;

/// Seconds that a statement waits for a lock: short, as a history should not be about waiting.
const LOCK_WAIT_S: u64 = 2;
/// Seconds that a read waits for a majority to say that it is fresh: less than a client waits, so that it hears of it.
const READ_WAIT_S: u64 = 3;
/// Errors after which a session is as before, but for its transaction: duplicate key, lock wait timeout, deadlock, no wait.
const SOUND_AFTER: [u16; 4] = [1062, 1205, 1213, 3572];

/// Which node an operation is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// The one that leads, as far as the worker knows.
    Leader,
    /// Any.
    Any,
    /// This one.
    Node(u64),
}

/// A session that an operation uses.
pub struct Seat<'c> {
    /// The node's number.
    pub node: u64,
    /// The session's number within the run.
    pub number: u64,
    /// The session.
    pub session: &'c mut dyn Session,
}

/// See the module.
pub struct Connections {
    target: Arc<Target>,
    account: Account,
    manner: Manner,
    levels: Levels,
    /// The database that sessions use; none before it is made.
    database: Option<String>,
    sessions: BTreeMap<u64, (u64, Box<dyn Session>)>,
    leader: Option<u64>,
    random: StdRng,
    /// Sessions are numbered `worker + count * STEP`.
    next_number: u64,
}

/// More workers than this there are not, so that numbers of sessions are unique.
pub const WORKERS_MAX: u64 = 1_000;

impl Connections {
    /// None yet, and of no database.
    #[must_use]
    pub fn new(target: Arc<Target>, manner: Manner, levels: Levels, worker: usize, seed: u64) -> Connections {
        Connections {
            account: target.account.clone(),
            target,
            manner,
            levels,
            database: None,
            sessions: BTreeMap::new(),
            leader: None,
            random: StdRng::seed_from_u64(seed),
            next_number: worker as u64,
        }
    }

    /// The same, of a worker that waits so many times as long for answers.
    #[must_use]
    pub fn patient(mut self, times: u32) -> Connections {
        self.account.timeout *= times;
        self
    }

    /// The same, of sessions that use this database.
    #[must_use]
    pub fn using(mut self, database: &str) -> Connections {
        self.database = Some(database.to_owned());
        self
    }

    /// A session at this place.
    ///
    /// # Errors
    /// When there is no leader, or the node cannot be reached.
    pub fn seat(&mut self, place: Place) -> Result<Seat<'_>, Failure> {
        let node = match place {
            Place::Node(id) => id,
            Place::Any => self.any()?,
            Place::Leader => self.leader()?,
        };
        if let Err(failure) = self.connect(node) {
            self.forget(node);
            return Err(Failure { reach: Reach::NotSent, ..failure });
        }
        match self.sessions.get_mut(&node) {
            Some((number, session)) => Ok(Seat { node, number: *number, session: session.as_mut() }),
            None => Err(nobody("the session is gone")),
        }
    }

    fn any(&mut self) -> Result<u64, Failure> {
        let ids = self.target.nodes.ids();
        if ids.is_empty() {
            return Err(nobody("there are no nodes"));
        }
        Ok(ids[self.random.random_range(0..ids.len())])
    }

    fn leader(&mut self) -> Result<u64, Failure> {
        if let Some(id) = self.leader {
            return Ok(id);
        }
        if self.target.server == Server::Other {
            let id = self.any()?;
            self.leader = Some(id);
            return Ok(id);
        }
        let mut ids = self.target.nodes.ids();
        ids.shuffle(&mut self.random);
        for id in ids {
            if self.connect(id).is_err() {
                self.sessions.remove(&id);
                continue;
            }
            let Some((_, session)) = self.sessions.get_mut(&id) else { continue };
            match session.query("SELECT @@quorate_serving") {
                Ok(answer) if answer.number() == Some(1) => {
                    self.leader = Some(id);
                    return Ok(id);
                }
                Ok(_) => {}
                Err(_) => {
                    self.sessions.remove(&id);
                }
            }
        }
        Err(nobody("no node says that it leads"))
    }

    fn connect(&mut self, id: u64) -> Result<(), Failure> {
        if self.sessions.get(&id).is_some_and(|(_, session)| !session.is_broken()) {
            return Ok(());
        }
        self.sessions.remove(&id);
        let mut session = self.target.open_as(id, self.manner, &self.account)?;
        session.query(&format!("SET SESSION TRANSACTION ISOLATION LEVEL {}", self.levels.isolation.sql()))?;
        session.query(&format!("SET SESSION innodb_lock_wait_timeout = {LOCK_WAIT_S}"))?;
        if self.target.server == Server::Quorate {
            let consistency = self.levels.consistency.sql();
            session.query(&format!("SET SESSION quorate_read_consistency = '{consistency}'"))?;
            session.query(&format!("SET SESSION quorate_read_timeout = {READ_WAIT_S}"))?;
        }
        if let Some(database) = &self.database {
            session.query(&format!("USE {database}"))?;
        }
        self.sessions.insert(id, (self.next_number, session));
        self.next_number += WORKERS_MAX;
        Ok(())
    }

    /// After an operation at this node failed: makes the session usable again, or gives it up.
    pub fn failed(&mut self, id: u64, failure: &Failure) {
        if failure.is_elsewhere() {
            self.forget(id);
        }
        let is_sound = failure.code.is_some_and(|code| SOUND_AFTER.contains(&code));
        let rolled_back = is_sound
            && self.sessions.get_mut(&id).is_some_and(|(_, session)| session.query("ROLLBACK").is_ok());
        if !rolled_back {
            self.sessions.remove(&id);
        }
    }

    fn forget(&mut self, id: u64) {
        if self.leader == Some(id) {
            self.leader = None;
        }
    }
}

fn nobody(message: &str) -> Failure {
    Failure { reach: Reach::NotSent, code: None, message: message.to_owned() }
}
