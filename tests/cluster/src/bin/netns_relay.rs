//! Passes TCP connections on into a network namespace, for the tests' clients.
//!
//! Runs in the namespace. Standard input is a listening socket that was made outside; every connection that comes on it is
//! connected to the address in the first argument, inside. Ends with the test that started it.

use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::Duration;

use cluster_tests::relay::relay;

/// How often it is looked whether the test is still there.
const PARENT_POLL: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let Some(target) = std::env::args().nth(1) else {
        eprintln!("netns_relay ADDRESS, with a listening socket as standard input");
        return ExitCode::from(2);
    };
    let listener = match std::io::stdin().as_fd().try_clone_to_owned() {
        Ok(socket) => TcpListener::from(socket),
        Err(error) => {
            eprintln!("netns_relay: standard input: {error}");
            return ExitCode::FAILURE;
        }
    };
    std::thread::spawn(end_with_parent);
    for outside in listener.incoming().flatten() {
        let target = target.clone();
        std::thread::spawn(move || {
            // A node that is not there: the client finds its connection closed.
            if let Ok(inside) = TcpStream::connect(&target) {
                relay(&outside, &inside);
            }
        });
    }
    ExitCode::SUCCESS
}

fn end_with_parent() {
    let parent = rustix::process::getppid();
    while rustix::process::getppid() == parent {
        std::thread::sleep(PARENT_POLL);
    }
    std::process::exit(0);
}
