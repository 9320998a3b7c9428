//! User locks: `GET_LOCK`, whether it is still held, `RELEASE_LOCK`.
//!
//! The locks are the leader's and end with its leadership, so what is claimed is claimed of a lock that its holder could release: that nobody else had
//! it meanwhile. A worker does all three in one session; when it has lost the session it has lost the lock.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::{Client, Request, Setting, Turn, Workload};
use crate::checkers;
use crate::edn::Value;
use crate::history::{History, Kind};
use crate::run::session::{Ended, Failure, Session};
use crate::run::target::Server;
use crate::verdict::Verdict;

/// Locks that the workers compete for.
const LOCKS: i64 = 2;

/// See the module.
pub struct Locks;

struct Holder {
    /// The lock that it has, and in which session.
    held: Option<(String, u64)>,
    random: StdRng,
}

impl Locks {
    /// Under all levels, which do not matter to it.
    ///
    /// # Errors
    /// Why nothing is claimed.
    pub fn make(setting: Setting) -> Result<Box<dyn Workload>, &'static str> {
        match setting.server {
            Server::Quorate => Ok(Box::new(Locks)),
            Server::Other => Err("user locks of other servers are locks of one server"),
        }
    }
}

impl Workload for Locks {
    fn prepare(&self, _session: &mut dyn Session) -> Result<(), Failure> {
        Ok(())
    }

    fn client(&self, _worker: usize, seed: u64) -> Box<dyn Client> {
        Box::new(Holder { held: None, random: StdRng::seed_from_u64(seed) })
    }

    fn claim(&self) -> String {
        "mutual exclusion of what was released".to_owned()
    }

    fn judge(&self, history: &History) -> Vec<Verdict> {
        vec![checkers::mutex(history)]
    }

    fn counted(&self) -> &'static [&'static str] {
        &["acquire"]
    }
}

fn value(name: &str) -> Value {
    Value::Vector(vec![Value::from(name), Value::Nil])
}

fn name_of(request: &Request) -> &str {
    match request.value.elements() {
        Some([Value::String(name), _]) => name,
        _ => "",
    }
}

/// The lock is lost, and with it the session is given up: it may hold it still.
fn lost(what: &str) -> Ended {
    let failure = Failure::of_answer(what);
    Ended { is_unknown: false, error: failure.to_value(), failure: Some(failure) }
}

impl Client for Holder {
    fn next(&mut self) -> Request {
        match &self.held {
            None => {
                let name = format!("lock{}", self.random.random_range(0..LOCKS));
                Request::at_leader("acquire", value(&name))
            }
            Some((name, _)) if self.random.random_bool(0.5) => Request::at_leader("hold", value(name)),
            Some((name, _)) => Request::at_leader("release", value(name)),
        }
    }

    fn perform(&mut self, request: &Request, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        let name = name_of(request);
        if request.function == "acquire" {
            let answer = turn.commit("SELECT GET_LOCK(?, 1)", &[name.into()])?;
            if answer.number() != Some(1) {
                return Err(Ended::refused("held-by-another"));
            }
            self.held = Some((name.to_owned(), turn.seat.number));
            return Ok(request.value.clone());
        }
        let is_same = self.held.as_ref().is_some_and(|(_, session)| *session == turn.seat.number);
        if !is_same {
            return Err(Ended::refused("session-lost"));
        }
        if request.function == "hold" {
            let answer = turn.ask("SELECT IS_USED_LOCK(?) = CONNECTION_ID()", &[name.into()])?;
            return if answer.number() == Some(1) {
                Ok(request.value.clone())
            } else {
                Err(lost("it is not held"))
            };
        }
        let answer = turn.commit("SELECT RELEASE_LOCK(?)", &[name.into()])?;
        if answer.number() == Some(1) { Ok(request.value.clone()) } else { Err(lost("it was not held")) }
    }

    fn heard(&mut self, request: &Request, kind: Kind) {
        if kind != Kind::Ok || request.function == "release" {
            self.held = None;
        }
    }

    fn last(&mut self, _first: bool) -> Vec<Request> {
        Vec::new()
    }
}
