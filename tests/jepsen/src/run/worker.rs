//! A worker: a thread that has one operation at a time, as the processes of a history do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::connections::Connections;
use super::library::Manner;
use super::rate::Rate;
use super::session::Failure;
use crate::edn::Value;
use crate::history::{Completion, Kind, Recorder};
use crate::workloads::{Client, Request, Turn};

/// How long a worker waits before it looks again for a node that takes its operation.
const NO_SEAT_PAUSE: Duration = Duration::from_millis(50);

/// What all workers share.
pub struct Trial {
    /// The history.
    pub recorder: Recorder,
    /// How fast they go.
    pub rate: Rate,
    /// The time is up.
    pub is_over: AtomicBool,
}

/// One worker.
pub struct Worker {
    number: usize,
    manner: Manner,
    client: Box<dyn Client>,
    connections: Connections,
    trial: Arc<Trial>,
}

impl Worker {
    /// One that has not begun.
    #[must_use]
    pub fn new(
        number: usize,
        manner: Manner,
        client: Box<dyn Client>,
        connections: Connections,
        trial: Arc<Trial>,
    ) -> Worker {
        Worker { number, manner, client, connections, trial }
    }

    /// Does operations until the time is up.
    pub fn run(&mut self) {
        let trial = Arc::clone(&self.trial);
        let is_over = || trial.is_over.load(Ordering::Relaxed);
        while trial.rate.wait(is_over) {
            let request = self.client.next();
            // An operation that no node can be asked for has not begun: it is kept until there is one.
            while self.perform(&request).is_none() {
                if is_over() {
                    return;
                }
                std::thread::sleep(NO_SEAT_PAUSE);
            }
        }
    }

    /// Does what is to be done once the cluster is healed, each until it is told to be done.
    ///
    /// # Errors
    /// The first that could not be done before `deadline`.
    pub fn finish(&mut self, first: bool, deadline: Instant) -> Result<(), String> {
        for request in self.client.last(first) {
            while self.perform(&request) != Some(Kind::Ok) {
                if Instant::now() > deadline {
                    return Err(format!(
                        "worker {} could not do {} {} after healing",
                        self.number, request.function, request.value
                    ));
                }
                std::thread::sleep(NO_SEAT_PAUSE);
            }
        }
        Ok(())
    }

    /// Does one operation and records it; none when no node could be asked.
    fn perform(&mut self, request: &Request) -> Option<Kind> {
        let seat = self.connections.seat(request.place).ok()?;
        let (node, session) = (seat.node, seat.number);
        let mut about = vec![
            ("node".to_owned(), Value::String(format!("n{node}"))),
            ("client".to_owned(), Value::keyword(self.manner.library.name())),
        ];
        if self.client.tells_session() {
            about.push(("session".to_owned(), Value::Integer(i64::try_from(session).unwrap_or(i64::MAX))));
        }
        let recorder = &self.trial.recorder;
        let invocation = recorder.invoke(self.number, request.function, request.value.clone(), about.clone());
        let mut turn = Turn { seat, extra: about };
        let outcome = self.client.perform(request, &mut turn);
        let extra = turn.extra;
        let (completion, failure): (Completion, Option<Failure>) = match outcome {
            Ok(value) => (Completion::ok(value), None),
            Err(ended) if ended.is_unknown => (Completion::info(ended.error), ended.failure),
            Err(ended) => (Completion::fail(ended.error), ended.failure),
        };
        let kind = completion.kind;
        recorder.complete(invocation, Completion { extra, ..completion });
        if let Some(failure) = failure {
            self.connections.failed(node, &failure);
        }
        self.client.heard(request, kind);
        Some(kind)
    }
}
