//! The test hosts: machines made of network namespaces, on which real servers run and are hurt.
//!
//! Each node has a namespace with an address of its own, a data folder and a process; clients have another namespace, the *client host*.
//! All hang on bridges in one more namespace ([`network`]), so that any pair can be cut in either direction, or lose packets, with
//! nftables; with three regions there is a bridge in each, and packets between them are held back in user space ([`wire`]).
//!
//! Nothing outside of the namespaces is touched but two things: listening sockets on loopback, through which clients of this process reach
//! the client host ([`door`]), and the folder of the run.
//!
//! Invariant: everything is removed at the end, also after SIGINT, SIGTERM and SIGHUP; what a run left that was killed goes at the start of the next
//! one ([`cleanup`]). Names carry the process id for that.
//!
//! Left out: limits on memory and processor time of a host, and IPv6.

mod agreement;
mod cleanup;
mod clock;
mod cluster;
mod door;
mod members;
mod namespace;
mod network;
mod node;
mod requirements;
mod wire;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

pub use agreement::nodes_agree;
pub use cleanup::run_folder;
pub use clock::Skew;
pub use cluster::Cluster;
pub use members::{JoinAs, Member};
pub use network::{End, REGION_DELAY};

/// What a cluster is made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Founding voters.
    pub nodes: usize,
    /// 1, or 3 with [`REGION_DELAY`] in each direction between any two.
    pub regions: usize,
    /// The server's program.
    pub binary: PathBuf,
    /// Where data folders and logs of the nodes are made.
    pub folder: PathBuf,
    /// Data folders lie on the layer that forgets and fails ([`crate::disk`]), which this `jepsen` program serves; none: on no such layer.
    pub disk: Option<PathBuf>,
    /// Further flags of `quorate start`, for each node.
    pub flags: Vec<String>,
    /// Nodes have a clock of their own that can be set.
    pub clock: bool,
}

/// Why something could not be done to the hosts.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The machine lacks something.
    #[error("{what}; {advice}")]
    Missing {
        /// What is not there.
        what: String,
        /// How to get it.
        advice: String,
    },
    /// A program said no.
    #[error("{command}: {said}")]
    Command {
        /// The program and its arguments.
        command: String,
        /// Its last words.
        said: String,
    },
    /// The system said no.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// Why not.
        source: io::Error,
    },
    /// A node refused a statement, or did not answer.
    #[error("n{id}: {source}")]
    Statement {
        /// The node.
        id: u64,
        /// What it or the connection said.
        source: client::blocking::Error,
    },
    /// Something did not come about in time.
    #[error("{what} did not come about within {bound:?}{details}")]
    Late {
        /// What was waited for.
        what: String,
        /// How long.
        bound: Duration,
        /// What was there instead; begins with a separator.
        details: String,
    },
    /// There is no such node, or it is not in the state that is needed.
    #[error("n{id} {what}")]
    Node {
        /// The node.
        id: u64,
        /// What is wrong.
        what: String,
    },
    /// The layer below the data folders.
    #[error("the disk of n{id}: {said}")]
    Disk {
        /// The node.
        id: u64,
        /// What it said.
        said: String,
    },
    /// The plan asks for something that there is not.
    #[error("{0}")]
    Plan(String),
}

impl Error {
    fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
        let what = what.into();
        |source| Error::System { what, source }
    }

    fn node(id: u64, what: impl Into<String>) -> Error {
        Error::Node { id, what: what.into() }
    }
}
