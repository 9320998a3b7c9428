//! Accepts clients and runs their sessions on the async workers until the node is told to stop.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::connection;
use crate::limits::{CONNECTIONS_MAX, SESSION_STACK_BYTES, SHUTDOWN_WAIT};
use crate::node::Node;
use crate::node::process::count;

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
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => {
                    let process = node.processes.add(address.to_string(), CONNECTIONS_MAX);
                    tokio::spawn(connection::run(Arc::clone(node), stream, address, process));
                }
                Err(error) => {
                    // Out of file handles, mostly: connections that end give some back.
                    count(&node.processes.counters.aborted_connects);
                    tracing::warn!("cannot accept a client: {error}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    drop(listener);
    tracing::info!("stopping");
    node.processes.kill_all();
    let deadline = tokio::time::Instant::now() + SHUTDOWN_WAIT;
    while !node.processes.is_empty() && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}
