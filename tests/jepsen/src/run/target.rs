//! What a run works on: test hosts of its own, or servers that are there already (`--address`), of Quorate or of another maker.

use std::sync::Arc;

use tempfile::TempDir;

use super::library::{Account, Libraries, Manner, open};
use super::session::{Failure, Session};
use crate::hosts::Cluster;

/// The error of a variable that a server does not know.
const UNKNOWN_VARIABLE: u16 = 1193;

/// Whose server it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Server {
    /// Ours: one node leads and takes the writes, and reads have a consistency.
    Quorate,
    /// MySQL, or MariaDB with or without Galera: each node takes writes, as far as the harness is concerned.
    Other,
}

/// The nodes of a run.
pub enum Nodes {
    /// Hosts of the run, and the folder that their data are in, which goes after them.
    Hosts(Arc<Cluster>, TempDir),
    /// Servers at these addresses, numbered from 1. Nothing but their tables in the database `jepsen` is touched.
    Addresses(Vec<String>),
}

/// The nodes of a run, and how to speak to them.
pub struct Target {
    /// Where they are.
    pub nodes: Nodes,
    /// Whom clients log in as.
    pub account: Account,
    /// Whose they are.
    pub server: Server,
}

impl Nodes {
    /// The members' numbers now.
    #[must_use]
    pub fn ids(&self) -> Vec<u64> {
        match self {
            Nodes::Hosts(cluster, _) => cluster.nodes(),
            Nodes::Addresses(addresses) => (1..=addresses.len() as u64).collect(),
        }
    }

    /// Where a client reaches a node.
    #[must_use]
    pub fn address(&self, id: u64) -> String {
        match self {
            Nodes::Hosts(cluster, _) => cluster.client_address(id),
            Nodes::Addresses(addresses) => usize::try_from(id)
                .ok()
                .and_then(|id| addresses.get(id.checked_sub(1)?))
                .cloned()
                .unwrap_or_default(),
        }
    }
}

impl Target {
    /// Finds out whose servers these are.
    ///
    /// # Errors
    /// When the first node does not answer.
    pub fn new(nodes: Nodes, account: Account) -> Result<Target, Failure> {
        let mut target = Target { nodes, account, server: Server::Quorate };
        let first = target.nodes.ids().first().copied().unwrap_or(1);
        match target.open(first, Manner::of(Libraries::Quorate, 0))?.query("SELECT @@quorate_serving") {
            Ok(_) => {}
            Err(failure) if failure.code == Some(UNKNOWN_VARIABLE) => target.server = Server::Other,
            Err(failure) => return Err(failure),
        }
        Ok(target)
    }

    /// A session at a node, as it is when somebody has logged in.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn open(&self, id: u64, manner: Manner) -> Result<Box<dyn Session>, Failure> {
        self.open_as(id, manner, &self.account)
    }

    /// The same, of somebody with other patience.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn open_as(&self, id: u64, manner: Manner, account: &Account) -> Result<Box<dyn Session>, Failure> {
        open(&self.nodes.address(id), account, manner)
    }
}
