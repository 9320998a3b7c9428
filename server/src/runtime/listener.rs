//! Accepts clients and runs their sessions on the async workers until the node is told to stop.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};

use super::channel::Channel;
use super::connection;
use super::local_socket::LocalSocket;
use crate::limits::{
    FILE_HANDLES_RESERVED_DIVISOR, SESSION_STACK_BYTES, SESSIONS_PULSE, SHUTDOWN_WAIT, STOP_TRANSFER_TIMEOUT,
};
use crate::node::Node;
use crate::node::process::{count, shown_address};

/// The host that a client of the Unix socket is shown with; it has no port.
const LOCAL_HOST: &str = "localhost";
/// And the address by which accounts are found for it.
const LOCAL_ADDRESS: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));

/// Serves clients until SIGTERM or SIGINT, then lets running statements end.
///
/// # Errors
/// When the address cannot be listened on.
pub fn serve_until_stopped(node: &Arc<Node>) -> std::io::Result<()> {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let workers = if node.config.worker_threads == 0 { cores.max(2) } else { node.config.worker_threads };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_name("session")
        .thread_stack_size(SESSION_STACK_BYTES)
        .enable_all()
        .build()?;
    let result = runtime.block_on(serve(node));
    runtime.shutdown_timeout(SHUTDOWN_WAIT);
    result
}

async fn serve(node: &Arc<Node>) -> std::io::Result<()> {
    let listener = TcpListener::bind(&node.config.listen).await.map_err(|error| {
        std::io::Error::new(error.kind(), format!("cannot listen on {}: {error}", node.config.listen))
    })?;
    let local = local_socket(node)?;
    #[cfg(feature = "opensrv")]
    let second_listener = super::opensrv::listen(node).await?;
    let _ = node.forwarding.runtime.set(tokio::runtime::Handle::current());
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let connections_max = connections_max(node.config.connections_max);
    tokio::spawn(show_pulse(Arc::clone(node)));
    tokio::spawn(super::formation::write_accounts(Arc::clone(node)));
    tokio::spawn(super::vanished::watch(Arc::clone(node)));
    tokio::spawn(crate::node::online::watch(Arc::clone(node)));
    tokio::spawn(crate::node::event::watch(Arc::clone(node)));
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => {
                    super::socket::tune_client(&stream);
                    let process = node.processes.add(shown_address(address), connections_max);
                    tokio::spawn(connection::run(Arc::clone(node), Channel::new(stream), address, process));
                }
                Err(error) => not_accepted(node, &error).await,
            },
            accepted = accept_local(local.as_ref()) => match accepted {
                Ok(stream) => {
                    let process = node.processes.add(LOCAL_HOST.into(), connections_max);
                    tokio::spawn(connection::run(Arc::clone(node), Channel::local(stream), LOCAL_ADDRESS, process));
                }
                Err(error) => not_accepted(node, &error).await,
            },
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    node.vitals.stop();
    drop((listener, local));
    #[cfg(feature = "opensrv")]
    drop(second_listener);
    tracing::info!("stopping");
    hand_over(node).await;
    node.processes.kill_all();
    let deadline = tokio::time::Instant::now() + SHUTDOWN_WAIT;
    while !node.processes.is_empty() && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// The Unix socket, if there is to be one.
fn local_socket(node: &Node) -> std::io::Result<Option<LocalSocket>> {
    let Some(socket) = &node.config.socket else { return Ok(None) };
    match LocalSocket::bind(&socket.path) {
        Ok(bound) => Ok(Some(bound)),
        Err(error) if socket.is_asked => Err(error),
        Err(error) => {
            tracing::warn!("clients of this machine have no Unix socket: {error}");
            Ok(None)
        }
    }
}

/// The next client of the Unix socket, if there is one.
async fn accept_local(local: Option<&LocalSocket>) -> std::io::Result<TcpStream> {
    match local {
        Some(local) => local.accept().await,
        None => std::future::pending().await,
    }
}

/// Out of file handles, mostly: connections that end give some back.
async fn not_accepted(node: &Node, error: &std::io::Error) {
    count(&node.processes.counters.aborted_connects);
    tracing::warn!("cannot accept a client: {error}");
    tokio::time::sleep(Duration::from_millis(50)).await;
}

/// Shows again and again that sessions are run.
async fn show_pulse(node: Arc<Node>) {
    let mut every = tokio::time::interval(SESSIONS_PULSE);
    loop {
        every.tick().await;
        node.vitals.sessions.beat();
    }
}

/// A leader that is stopped hands over first, if there is anybody to hand over to: commits go on there at once, and not only after an
/// election.
async fn hand_over(node: &Arc<Node>) {
    if node.role.get().serving
        && let Ok(Some(reason)) =
            tokio::time::timeout(STOP_TRANSFER_TIMEOUT, node.steering.transfer(None)).await
    {
        tracing::info!("the leadership is not handed over before stopping: {reason:?}");
    }
}

/// How many clients there may be: what the limits say, as far as this process may have file handles. Clients must never take
/// those that the log needs for its next segment, or the node would have to stop.
fn connections_max(wanted: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!("cannot raise the limit of open files: {error}");
        }
    }
    let handles = getrlimit(Resource::Nofile).current.map_or(usize::MAX, |most| most as usize);
    let most = wanted.min(handles - handles / FILE_HANDLES_RESERVED_DIVISOR);
    if most < wanted {
        tracing::warn!(
            handles,
            "at most {most} clients are served: this process may have no more open files"
        );
    }
    most
}
