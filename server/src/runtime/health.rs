//! Answers the health checks of load balancers over HTTP: who is the primary, who may be read from, who works.
//!
//! The paths are those of Patroni's REST API, as far as they fit ([`answer`]). There is a thread of its own for it, with an async runtime of its
//! own: sessions, however many and busy, take nothing away from it, and it takes nothing from them. Nothing that a request causes waits for
//! another thread or holds a lock for longer than it takes to copy a value.
//!
//! HTTP is read and written by hand ([`request`]): GET, HEAD and OPTIONS without a body, and nothing that needs more than a head. A library for it
//! would be several times the code that it replaces, with all of HTTP for an attacker to try.
//!
//! Bounds: [`HTTP_CONNECTIONS_MAX`] connections, [`HTTP_HEAD_BYTES_MAX`] a head, [`HTTP_REQUEST_TIMEOUT`] a request,
//! [`HTTP_REQUESTS_PER_CONNECTION_MAX`] requests a connection. Past the first, a connection is answered with 503 and closed.
//!
//! Left out: names and passwords, TLS. What is told is no secret, and nothing can be changed; who listens to whom is for the network.

mod answer;
mod request;
#[cfg(test)]
mod tests;

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use self::answer::{Answer, Status};
use self::request::Request;
use crate::limits::{
    CLIENT_GOODBYE_TIMEOUT, FRESHNESS_INTERVAL, FRESHNESS_PATIENCE, HTTP_CONNECTIONS_MAX,
    HTTP_HEAD_BYTES_MAX, HTTP_REQUEST_TIMEOUT, HTTP_REQUESTS_PER_CONNECTION_MAX,
};
use crate::node::Node;
use crate::node::reads::now_ns;

/// Pause after a connection could not be taken: out of file handles, mostly.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Bytes asked for in one read.
const READ_BYTES: usize = 1 << 10;

/// The thread that answers.
pub struct Server {
    /// Its end ends the thread.
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Server {
    /// Takes the address, so that a wrong one is found before anything is begun.
    ///
    /// # Errors
    /// When it cannot be listened on.
    pub fn bind(address: &str) -> io::Result<TcpListener> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    }

    /// Begins to answer.
    ///
    /// # Errors
    /// When there can be no thread.
    pub fn start(node: Arc<Node>, listener: TcpListener) -> io::Result<Server> {
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("health".into()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    never = serve(&node, listener) => match never {
                        Ok(()) => {}
                        Err(error) => tracing::error!("health checks are not answered any more: {error}"),
                    },
                    () = keep_fresh(&node) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        })?;
        Ok(Server { stop, thread })
    }

    /// Ends it.
    pub fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the thread health panicked");
        }
    }
}

/// Asks again and again how far the leader is, while this node does not lead. One without tables has no data that could be old.
async fn keep_fresh(node: &Node) {
    let mut every = tokio::time::interval(FRESHNESS_INTERVAL);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        if node.config.log_only || node.role.get().role == "leader" {
            continue;
        }
        let asked_ns = now_ns();
        // Whatever is asked again in there is asked later.
        if let Ok(index) = node.reads.index(FRESHNESS_PATIENCE).await {
            node.freshness.answered(asked_ns, index);
        }
        // Lets go of what is applied.
        let _ = node.freshness.lag(node.store.watermark());
    }
}

/// Takes connections. Ends only when that is not possible at all.
async fn serve(node: &Arc<Node>, listener: TcpListener) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let places = Arc::new(Semaphore::new(HTTP_CONNECTIONS_MAX));
    loop {
        let mut stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!("cannot accept a health check: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        match Arc::clone(&places).try_acquire_owned() {
            Ok(place) => {
                let node = Arc::clone(node);
                tokio::spawn(async move {
                    let _place = place;
                    // A client that goes away while it is answered is no error of ours.
                    let _ = Conversation::new(stream).run(&node).await;
                });
            }
            Err(_full) => {
                let full = Answer::refusal(Status::Unavailable, "too many connections").bytes(None, false);
                // It fits the socket's empty buffer: nobody is waited for.
                let _ = timeout(CLIENT_GOODBYE_TIMEOUT, stream.write_all(&full)).await;
            }
        }
    }
}

/// One connection.
struct Conversation {
    stream: TcpStream,
    /// Received, and not answered.
    input: Vec<u8>,
}

/// How waiting for a head ended.
enum Head {
    /// It is the input's first so many bytes.
    Whole(usize),
    TooLarge,
    /// The client went away, or was idle.
    Gone,
    /// The client began, and did not end in time.
    Late,
}

impl Conversation {
    fn new(stream: TcpStream) -> Conversation {
        Conversation { stream, input: Vec::new() }
    }

    async fn run(mut self, node: &Node) -> io::Result<()> {
        let _ = self.stream.set_nodelay(true);
        for left in (0..HTTP_REQUESTS_PER_CONNECTION_MAX).rev() {
            let (answer, request) = match self.head().await? {
                Head::Gone => return Ok(()),
                Head::TooLarge => (Answer::refusal(Status::HeadTooLarge, "the head is too large"), None),
                Head::Late => (Answer::refusal(Status::Timeout, "the request did not end in time"), None),
                Head::Whole(length) => {
                    let head: Vec<u8> = self.input.drain(..length).collect();
                    match Request::parse(&head) {
                        Ok(request) => (answer::answer(node, &request), Some(request.to_owned_parts())),
                        Err(refusal) => (refusal.into(), None),
                    }
                }
            };
            let (method, wants_more) = request.unzip();
            let goes_on = wants_more == Some(true) && left > 0;
            let bytes = answer.bytes(method, goes_on);
            timeout(HTTP_REQUEST_TIMEOUT, self.stream.write_all(&bytes)).await??;
            if !goes_on {
                break;
            }
        }
        self.close().await
    }

    /// Waits for a head to be whole.
    async fn head(&mut self) -> io::Result<Head> {
        let mut searched = 0;
        let whole = async {
            loop {
                if let Some(length) = request::head_bytes(&self.input, searched) {
                    return Ok::<Head, io::Error>(if length > HTTP_HEAD_BYTES_MAX {
                        Head::TooLarge
                    } else {
                        Head::Whole(length)
                    });
                }
                if self.input.len() >= HTTP_HEAD_BYTES_MAX {
                    return Ok(Head::TooLarge);
                }
                searched = self.input.len();
                let mut bytes = [0; READ_BYTES];
                match self.stream.read(&mut bytes).await? {
                    0 => return Ok(Head::Gone),
                    count => self.input.extend_from_slice(&bytes[..count]),
                }
            }
        };
        let ended: Result<io::Result<Head>, _> = timeout(HTTP_REQUEST_TIMEOUT, whole).await;
        match ended {
            Ok(head) => head,
            Err(_elapsed) if self.input.is_empty() => Ok(Head::Gone),
            Err(_elapsed) => Ok(Head::Late),
        }
    }

    /// Closes so that the answer arrives: a socket with unread bytes would be reset.
    async fn close(mut self) -> io::Result<()> {
        self.stream.shutdown().await?;
        let mut bytes = [0; READ_BYTES];
        let read_over = async {
            let mut left = 8 * HTTP_HEAD_BYTES_MAX;
            while left > 0 {
                match self.stream.read(&mut bytes).await {
                    Ok(count) if count > 0 => left = left.saturating_sub(count),
                    Ok(_) | Err(_) => break,
                }
            }
        };
        let _ = timeout(CLIENT_GOODBYE_TIMEOUT, read_over).await;
        Ok(())
    }
}
