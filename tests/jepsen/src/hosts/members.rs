//! Members that come, change and go.
//!
//! Changes are made by the server's own procedures, through any node. Where one fails it may have happened all the same; what the cluster
//! says afterwards counts ([`Cluster::members`]), and [`Cluster::settle_members`] brings the hosts in line with it.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use super::Error;
use super::cluster::Cluster;
use super::node::{Arrival, Node, member_address, peer_address};

/// How long a new node may take to be a member while the cluster is being hurt: other faults wait to be mended meanwhile.
const JOIN_TIMEOUT: Duration = Duration::from_secs(8);
/// How long it may take when all is well again.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(30);
/// How often it is looked.
const POLL: Duration = Duration::from_millis(100);
/// How long a procedure may take.
const PROCEDURE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a node may take to say who the members are.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(2);

/// As what a node joins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JoinAs {
    /// Without a vote.
    Learner,
    /// With a vote, once it has caught up.
    Voter,
    /// With a vote, and without tables.
    Logger,
}

impl JoinAs {
    /// The server's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            JoinAs::Learner => "learner",
            JoinAs::Voter => "voter",
            JoinAs::Logger => "logger",
        }
    }
}

impl Display for JoinAs {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One member, as a node of the cluster shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Its id.
    pub id: u64,
    /// It has a vote.
    pub is_voter: bool,
    /// It keeps no tables.
    pub is_logger: bool,
}

impl Cluster {
    /// The members as the leader shows them, or, without one, as any node that answers does.
    ///
    /// # Errors
    /// What the last node said when none answers.
    pub fn members(&self) -> Result<Vec<Member>, Error> {
        let question = "SELECT SERVER_ID, ROLE, LOG_ONLY FROM information_schema.QUORATE_CLUSTER_MEMBERS";
        let mut last = Error::Plan("no node is awake".to_owned());
        let leader = self.leader().and_then(|id| self.node(id).ok());
        // One that stands still would only be waited for.
        let awake = self.all().into_iter().filter(|node| node.is_running() && !node.is_paused());
        for node in leader.into_iter().chain(awake) {
            match node.execute(question, QUESTION_TIMEOUT) {
                Ok(rows) => return Ok(rows.iter().filter_map(|row| member(row)).collect()),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Calls a procedure of `dbms_consensus` by way of a node.
    ///
    /// # Errors
    /// What it or the connection said. It may have happened all the same.
    pub fn administer(&self, through: u64, procedure: &str) -> Result<(), Error> {
        let call = format!("CALL dbms_consensus.{procedure}");
        self.node(through)?.execute(&call, PROCEDURE_TIMEOUT).map(|_| ())
    }

    /// A new node with an empty folder joins; its id, once it is a member. With a vote it has that a little later.
    ///
    /// # Errors
    /// Why it is no member. Its host is gone again, unless the cluster may have taken it in, or may yet.
    pub fn add_node(&self, joins_as: JoinAs) -> Result<u64, Error> {
        let leader =
            self.leader().ok_or_else(|| Error::Plan("nobody leads, so nobody can join".to_owned()))?;
        let through = self.nodes().into_iter().map(member_address).collect::<Vec<_>>().join(",");
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let region = u8::try_from((id - 1) % u64::from(self.regions())).expect("below the number of regions");
        let node = self.add_host(id, region, &Arrival::Joiner(through, joins_as.name()))?;
        let joined = node.start().and_then(|()| self.wait_for_member(id, &node, JOIN_TIMEOUT));
        if let Err(error) = joined {
            if self.administer(leader, &format!("remove_node({id})")).is_ok() {
                self.remove_host(id);
            }
            return Err(error);
        }
        Ok(id)
    }

    /// Waits until a new node is a member, and tells the cluster where its clients reach it.
    fn wait_for_member(&self, id: u64, node: &Node, bound: Duration) -> Result<(), Error> {
        let started = Instant::now();
        loop {
            let is_member = |members: Vec<Member>| members.iter().any(|member| member.id == id);
            if self.members().is_ok_and(is_member) {
                return self.publish(id, node);
            }
            if !node.is_running() {
                return Err(Error::node(id, "ended instead of joining; its log says why"));
            }
            if started.elapsed() > bound {
                let what = format!("the joining of n{id}");
                return Err(Error::Late { what, bound, details: String::new() });
            }
            thread::sleep(POLL);
        }
    }

    /// A node that joined gave the address that it listens on, on its own loopback: others reach it elsewhere.
    fn publish(&self, id: u64, node: &Node) -> Result<(), Error> {
        if node.is_published() {
            return Ok(());
        }
        let addresses = format!("'{}', '{}'", peer_address(id), member_address(id));
        let leader = self.leader().ok_or_else(|| Error::node(id, "is a member, but nobody leads"))?;
        self.administer(leader, &format!("change_address({id}, {addresses})"))?;
        node.set_published();
        Ok(())
    }

    /// A member leaves by way of another one, and its host goes.
    ///
    /// # Errors
    /// Why not; it may have left all the same.
    pub fn remove_node(&self, through: u64, id: u64) -> Result<(), Error> {
        self.administer(through, &format!("remove_node({id})"))?;
        self.remove_host(id);
        Ok(())
    }

    /// Removes the hosts of nodes that are no members any more, and waits for those to be members that were told to join. There is a leader.
    pub(super) fn settle_members(&self) -> Result<(), Error> {
        let members = self.members()?;
        for (id, node) in self.node_arcs() {
            let is_member = members.iter().any(|member| member.id == id);
            // One that has joined, and is not among them, was removed.
            let is_to_stay = is_member || !node.has_joined();
            let settled = is_to_stay && self.wait_for_member(id, &node, SETTLE_TIMEOUT).is_ok();
            if !settled && !is_member {
                self.remove_host(id);
            }
        }
        Ok(())
    }

    /// The nodes that keep tables.
    pub(super) fn with_tables(&self) -> Result<Vec<u64>, Error> {
        let loggers = self.members()?.into_iter().filter(|member| member.is_logger);
        let loggers: Vec<u64> = loggers.map(|member| member.id).collect();
        Ok(self.nodes().into_iter().filter(|id| !loggers.contains(id)).collect())
    }

    pub(super) fn node_arcs(&self) -> Vec<(u64, Arc<Node>)> {
        self.nodes().into_iter().filter_map(|id| Some((id, self.node(id).ok()?))).collect()
    }
}

fn member(row: &[Option<String>]) -> Option<Member> {
    let column = |at: usize| row.get(at)?.as_deref();
    Some(Member {
        id: column(0)?.parse().ok()?,
        is_voter: column(1)? != "Learner",
        is_logger: column(2)? == "Yes",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_the_members_is_read() {
        let row = |values: [&str; 3]| values.map(|value| Some(value.to_owned()));
        let found = |values| member(&row(values));
        assert_eq!(found(["4", "Learner", "No"]), Some(Member { id: 4, is_voter: false, is_logger: false }));
        assert_eq!(found(["2", "Logger", "Yes"]), Some(Member { id: 2, is_voter: true, is_logger: true }));
        assert_eq!(found(["x", "Leader", "No"]), None);
    }
}
