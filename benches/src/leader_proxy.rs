//! A TCP proxy to whichever node leads, for programs that know one address only, such as sysbench.
//!
//! Each connection goes to the node that leads when it is made; when that node is gone the connection is, and the program makes a
//! new one. Left out: moving a connection when the leadership moves and the old leader lives.

use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use client::blocking::{Cluster, Options};
use cluster_tests::relay::relay;

/// How long a connection may wait for a leader.
const LEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// Starts the proxy; its address. It ends with the process.
///
/// # Errors
/// When there is no port for it.
pub fn start(addresses: Vec<String>) -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    let options = Options { timeout: LEADER_TIMEOUT, ..Options::unencrypted() };
    let cluster = Arc::new(Mutex::new(Cluster::with_options(addresses, options)));
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let cluster = Arc::clone(&cluster);
            std::thread::spawn(move || {
                if let Some(server) = connect(&cluster) {
                    relay(&client, &server);
                }
            });
        }
    });
    Ok(address)
}

fn connect(cluster: &Mutex<Cluster>) -> Option<TcpStream> {
    let leader = {
        let mut cluster = cluster.lock().ok()?;
        cluster.forget_leader();
        cluster.leader_address().ok()?
    };
    TcpStream::connect(leader).ok()
}
