//! `CALL dbms_consensus.*`: what those who look after a cluster ask of it.
//!
//! What only the leader can do is passed on to it, as the same statement, from any node. A change of the members returns when it is
//! committed. Everything may be asked for again: what is done already is no error.
//!
//! Left out: what the core allows ([`consensus::ChangeRefused`] says why not), and the command line, which sends these statements.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use consensus::{Change, ChangeRefused, Member, Membership, NodeId, TransferEnd};
use sql::Error;
use sql::execute::procedure::{NodeReference, Procedure};

use super::Node;
use super::steering::Placed;
use crate::limits::{
    FORWARD_TIMEOUT, MEMBERSHIP_CHANGE_TIMEOUT, PROMOTION_INTERVAL, TRANSFER_POLL, TRANSFER_TIMEOUT,
};

/// The user variable by which a session says that its statements were passed on by another node. (No client has a reason to set it; one
/// that does only keeps its own statements from being passed on.)
pub const FORWARDED_VARIABLE: &str = "quorate_forwarded";

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A client.
    Client,
    /// Another node, for a client of its own. It is not passed on again: a wrong address could lead back to where it came from.
    Forwarded,
}

/// Does what a procedure is for. The id of the node that it was about, for those that add one.
///
/// # Errors
/// 1210 when it makes no sense, 1290 when there is no leader to pass it on to, 1105 when it may work later.
pub async fn run(node: &Arc<Node>, procedure: &Procedure, origin: Origin) -> Result<Option<u64>, Error> {
    if procedure.needs_leader() && node.role.get().role != "leader" {
        if origin == Origin::Forwarded {
            return Err(Error::read_only(format_args!(
                "this was passed on to node {} as the leader, which it is not: an election may be running, or the address of the \
                 leader for clients leads elsewhere (dbms_consensus.change_address sets it); try again",
                node.config.node_id
            )));
        }
        let (node, procedure) = (Arc::clone(node), procedure.clone());
        let forwarded = tokio::task::spawn_blocking(move || forward(&node, &procedure)).await;
        return forwarded.map_err(|error| Error::internal(error.to_string()))?;
    }
    let id = |reference: &NodeReference| resolve(node, procedure, reference);
    match procedure {
        Procedure::ChangeLeader { node: to } => {
            let to = to.as_ref().map(id).transpose()?;
            transfer(node, procedure, to).await.map(|()| None)
        }
        Procedure::CancelTransfer => {
            node.steering.cancel_transfer();
            Ok(None)
        }
        Procedure::AddLearner { peer_address, sql_address, node_id }
        | Procedure::AddFollower { peer_address, sql_address, node_id }
        | Procedure::AddLogger { peer_address, sql_address, node_id } => {
            let new = NewNode {
                peer_address,
                sql_address: sql_address.as_deref(),
                id: *node_id,
                is_log_only: matches!(procedure, Procedure::AddLogger { .. }),
            };
            let id = add(node, procedure, new).await?;
            if !matches!(procedure, Procedure::AddLearner { .. }) {
                promote_later(node, id);
            }
            Ok(Some(id))
        }
        Procedure::PurgeLog { index } => purge_everywhere(node, *index).await.map(|()| None),
        Procedure::LocalPurgeLog { index } => {
            node.purge_wanted.store(index.saturating_sub(1), Ordering::Release);
            Ok(None)
        }
        Procedure::ForcePurgeLog { index } => {
            node.purge_forced.store(true, Ordering::Release);
            node.purge_wanted.store(index.saturating_sub(1), Ordering::Release);
            Ok(None)
        }
        Procedure::WaitApplyIndex { index, timeout_seconds } => {
            wait_apply_index(node, *index, Duration::from_secs(*timeout_seconds)).await.map(|()| None)
        }
        Procedure::DropLearner { .. }
        | Procedure::RemoveNode { .. }
        | Procedure::UpgradeLearner { .. }
        | Procedure::DowngradeFollower { .. }
        | Procedure::ConfigureFollower { .. }
        | Procedure::ConfigureLearner { .. }
        | Procedure::ChangeAddress { .. } => {
            let change = change_of(node, procedure)?;
            commit(node, procedure, change).await.map(|()| None)
        }
        // Shown before it comes here.
        Procedure::ShowClusterGlobal | Procedure::ShowClusterLocal | Procedure::ShowLogs => Ok(None),
    }
}

/// Passes a statement on to the leader. Blocks.
///
/// # Errors
/// 1290 when no leader is known or it cannot be reached; else the leader's own.
pub fn forward(node: &Node, procedure: &Procedure) -> Result<Option<u64>, Error> {
    let no_leader = |what: &str| Error::read_only(format_args!("{what}; try again"));
    let leader = node.role.get().leader.filter(|id| *id != node.config.node_id);
    let leader = leader.ok_or_else(|| no_leader("no leader is known"))?;
    let address = node
        .members
        .sql_address(leader)
        .ok_or_else(|| no_leader("the address of the leader for clients is not known here"))?;
    let login = crate::password_file::node_login(&node.config).map_err(Error::internal)?;
    call(&address, login, procedure).map_err(|error| match error {
        client::blocking::Error::Server(answer) => Error {
            code: answer.code,
            state: answer.sqlstate.as_bytes().try_into().unwrap_or(*b"HY000"),
            message: answer.message,
        },
        other => no_leader(&format!("the leader at {address} cannot be reached ({other})")),
    })
}

fn call(
    address: &str,
    login: client::blocking::Options,
    procedure: &Procedure,
) -> Result<Option<u64>, client::blocking::Error> {
    let options = client::blocking::Options { timeout: FORWARD_TIMEOUT, ..login };
    let mut connection = client::blocking::Connection::connect_with(address, &options)?;
    connection.query(&format!("SET @{FORWARDED_VARIABLE} = 1"))?;
    let answer = connection.query(&procedure.statement())?;
    Ok(answer.scalar().and_then(|id| id.parse().ok()))
}

/// A node that is to become a member.
struct NewNode<'a> {
    peer_address: &'a str,
    sql_address: Option<&'a str>,
    id: Option<u64>,
    is_log_only: bool,
}

/// Adds a learner; its id, also when it is one already.
async fn add(node: &Arc<Node>, procedure: &Procedure, new: NewNode<'_>) -> Result<u64, Error> {
    let id = match new.id {
        Some(id) => Some(NodeId::try_new(id).ok_or_else(|| wrong(procedure, "a node id is at least 1"))?),
        None => None,
    };
    let known = |members: &Membership| {
        members.members.iter().find(|member| member.peer_address == new.peer_address).cloned()
    };
    if let Some(member) = known(&node.members.in_force()) {
        if member.is_voter {
            return Err(wrong(
                procedure,
                &format!("{} is the address of the voter {}", new.peer_address, member.id.get()),
            ));
        }
        if member.is_log_only != new.is_log_only || id.is_some_and(|id| id != member.id) {
            return Err(wrong(
                procedure,
                &format!("{} is the address of learner {}", new.peer_address, member.id.get()),
            ));
        }
    }
    let is_new = |member: &Member| member.peer_address != new.peer_address;
    let addresses = [Some(new.peer_address), new.sql_address];
    refuse_taken(procedure, &node.members.in_force(), is_new, addresses.into_iter().flatten())?;
    let change = Change::AddLearner {
        id,
        is_log_only: new.is_log_only,
        source: None,
        peer_address: new.peer_address.to_owned(),
        sql_address: new.sql_address.unwrap_or_default().to_owned(),
    };
    commit(node, procedure, change).await?;
    known(&node.members.in_force())
        .map(|member| member.id.get())
        .ok_or_else(|| Error::internal("the new member was removed again".to_owned()))
}

/// Gives a learner its vote once it has caught up, as long as this node leads.
fn promote_later(node: &Arc<Node>, id: u64) {
    let Some(id) = NodeId::try_new(id) else { return };
    let node = Arc::clone(node);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(PROMOTION_INTERVAL).await;
            match node.steering.change(Change::Promote { id }).await {
                Ok(_) => return,
                Err(
                    ChangeRefused::Lagging { .. }
                    | ChangeRefused::NotHeard(_)
                    | ChangeRefused::InFlight(_)
                    | ChangeRefused::NotReady,
                ) => {}
                Err(refused) => {
                    node.cluster.event(format!("node {} does not get a vote by itself: {refused}", id.get()));
                    return;
                }
            }
        }
    });
}

/// The change of the members that a procedure asks for.
fn change_of(node: &Node, procedure: &Procedure) -> Result<Change, Error> {
    let resolve = |reference: &NodeReference| resolve(node, procedure, reference);
    Ok(match procedure {
        Procedure::DropLearner { node: learner } => {
            let id = resolve(learner)?;
            if node.members.member(id.get()).is_some_and(|member| member.is_voter) {
                return Err(wrong(procedure, &ChangeRefused::NotLearner(id).to_string()));
            }
            Change::Remove { id }
        }
        Procedure::RemoveNode { node: member } => Change::Remove { id: resolve(member)? },
        Procedure::UpgradeLearner { node: learner } => Change::Promote { id: resolve(learner)? },
        Procedure::DowngradeFollower { node: voter } => Change::Demote { id: resolve(voter)? },
        Procedure::ConfigureFollower { node: voter, weight, force_sync } => {
            Change::Configure { id: resolve(voter)?, weight: Some(*weight), is_strong_sync: *force_sync }
        }
        Procedure::ConfigureLearner { node: learner, source, group } => Change::SetSource {
            id: resolve(learner)?,
            source: source.as_ref().map(resolve).transpose()?,
            source_group: group.iter().map(resolve).collect::<Result<_, _>>()?,
        },
        Procedure::ChangeAddress { node: member, peer_address, sql_address } => {
            let id = may_move(node, procedure, resolve(member)?, peer_address)?;
            let addresses = [peer_address.as_str(), sql_address.as_str()];
            refuse_taken(
                procedure,
                &node.members.in_force(),
                |member| member.id != id,
                addresses.into_iter(),
            )?;
            Change::SetAddress { id, peer_address: peer_address.clone(), sql_address: sql_address.clone() }
        }
        other => return Err(Error::internal(format!("{} is no change of the members", other.name()))),
    })
}

/// Has a change made and waits until it is committed.
async fn commit(node: &Arc<Node>, procedure: &Procedure, change: Change) -> Result<(), Error> {
    let deadline = tokio::time::Instant::now() + MEMBERSHIP_CHANGE_TIMEOUT;
    let placed = loop {
        match node.steering.change(change.clone()).await {
            Ok(None) => return Ok(()),
            Ok(Some(placed)) => break placed,
            // Changes one after another, by several people or tools, wait for each other.
            Err(ChangeRefused::InFlight(_)) if tokio::time::Instant::now() < deadline => {
                tokio::time::sleep(TRANSFER_POLL).await;
            }
            Err(refused) => return Err(refused_error(node, procedure, &refused)),
        }
    };
    let Placed { term, index, wait } = placed;
    match tokio::time::timeout_at(deadline, wait).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_truncated)) => Err(Error::internal(format!(
            "leadership moved before the change of the members (entry {index} of term {term}) was committed; look at the members \
             and try again"
        ))),
        Err(_elapsed) => Err(Error::internal(format!(
            "the change of the members (entry {index} of term {term}) is not committed yet: the quorum does not answer; it may \
             still be committed"
        ))),
    }
}

async fn transfer(node: &Arc<Node>, procedure: &Procedure, to: Option<NodeId>) -> Result<(), Error> {
    let own = NodeId::new(node.config.node_id);
    if to == Some(own) {
        return Ok(());
    }
    if let Some(to) = to
        && node.members.member(to.get()).is_none()
    {
        return Err(wrong(procedure, &ChangeRefused::Unknown(to).to_string()));
    }
    if let Some(reason) = node.steering.transfer(to).await {
        return Err(match reason {
            TransferEnd::NotLeading => node_not_leading(),
            TransferEnd::Busy => {
                Error::internal("another handover of the leadership is going on; try again".to_owned())
            }
            TransferEnd::NotEligible => {
                wrong(procedure, "the node is no voter that may lead (learner, log-only, or weight 0)")
            }
            TransferEnd::NoTarget => {
                wrong(procedure, "there is no other voter that may lead and that is heard")
            }
            TransferEnd::TimedOut => Error::internal(
                "the other node did not catch up or take over in time; this node goes on leading".to_owned(),
            ),
            TransferEnd::Cancelled => Error::internal("the handover was cancelled".to_owned()),
        });
    }
    let deadline = tokio::time::Instant::now() + TRANSFER_TIMEOUT;
    while tokio::time::Instant::now() < deadline {
        match node.role.get().leader {
            Some(leader) if to.is_none_or(|to| to.get() == leader) && leader != own.get() => return Ok(()),
            Some(_) | None => tokio::time::sleep(TRANSFER_POLL).await,
        }
    }
    Err(Error::internal(
        "the leadership has left this node, but not for the node that was asked for".to_owned(),
    ))
}

/// Purges this node's log, and asks every other member to do the same.
async fn purge_everywhere(node: &Arc<Node>, index: u64) -> Result<(), Error> {
    node.purge_wanted.store(index.saturating_sub(1), Ordering::Release);
    let own = node.config.node_id;
    let members = node.members.in_force();
    let others = members.members.iter().map(|member| member.id.get()).filter(|id| *id != own);
    let addresses: Vec<String> = others.filter_map(|id| node.members.sql_address(id)).collect();
    let login = crate::password_file::node_login(&node.config).map_err(Error::internal)?;
    let asked = tokio::task::spawn_blocking(move || {
        let failed =
            |address: String| match call(&address, login.clone(), &Procedure::LocalPurgeLog { index }) {
                Ok(_) => None,
                Err(error) => Some(format!("{address}: {error}")),
            };
        addresses.into_iter().filter_map(failed).collect::<Vec<_>>()
    });
    let failed = asked.await.map_err(|error| Error::internal(error.to_string()))?;
    if failed.is_empty() {
        return Ok(());
    }
    Err(Error::internal(format!("not every node could be asked to purge its log: {}", failed.join("; "))))
}

async fn wait_apply_index(node: &Node, index: u64, patience: Duration) -> Result<(), Error> {
    let deadline = tokio::time::Instant::now() + patience;
    loop {
        match tokio::time::timeout_at(deadline, node.store.wait_for(index)).await {
            Ok(Ok(())) => return Ok(()),
            // Another entry took that place in the log: wait for it.
            Ok(Err(_truncated)) => tokio::task::yield_now().await,
            Err(_elapsed) => {
                let applied = node.store.watermark();
                return Err(Error::internal(format!(
                    "wait_apply_index: index {index} was not applied in time; this node has applied up to {applied}"
                )));
            }
        }
    }
}

/// The id of the node that a call names.
fn resolve(node: &Node, procedure: &Procedure, reference: &NodeReference) -> Result<NodeId, Error> {
    match reference {
        NodeReference::Id(id) => {
            NodeId::try_new(*id).ok_or_else(|| wrong(procedure, "a node id is at least 1"))
        }
        NodeReference::Address(address) => {
            let members = node.members.in_force();
            let is_at = |member: &&Member| {
                member.peer_address == *address
                    || node.members.sql_address(member.id.get()).is_some_and(|known| known == *address)
            };
            let found = members.members.iter().find(is_at).map(|member| member.id);
            found.ok_or_else(|| wrong(procedure, &format!("no member has the address {address}")))
        }
    }
}

/// Refuses addresses that another member has, be it for nodes or for clients: an address names one member, also in calls. (The core
/// compares the addresses for nodes alone, and again when the change is made.)
fn refuse_taken<'a>(
    procedure: &Procedure,
    members: &Membership,
    is_other: impl Fn(&Member) -> bool,
    mut addresses: impl Iterator<Item = &'a str>,
) -> Result<(), Error> {
    let owner = |address: &str| {
        let has = |member: &&Member| member.peer_address == address || member.sql_address == address;
        members.members.iter().filter(|member| is_other(member)).find(has).map(|member| member.id)
    };
    match addresses.find_map(owner) {
        Some(id) => Err(wrong(procedure, &ChangeRefused::AddressTaken(id).to_string())),
        None => Ok(()),
    }
}

/// Refuses to move the leader's address for other nodes: they would all call the new one at once, and the change could not be committed.
fn may_move(node: &Node, procedure: &Procedure, id: NodeId, peer_address: &str) -> Result<NodeId, Error> {
    let own = node.config.node_id;
    let is_moved = node.members.member(own).is_some_and(|member| member.peer_address != peer_address);
    if id.get() == own && is_moved {
        return Err(wrong(procedure, &ChangeRefused::IsLeader(id).to_string()));
    }
    Ok(id)
}

fn wrong(procedure: &Procedure, why: &str) -> Error {
    Error {
        code: 1210,
        state: *b"HY000",
        message: format!("Incorrect arguments to dbms_consensus.{}: {why}", procedure.name()),
    }
}

fn node_not_leading() -> Error {
    Error::read_only("this node does not lead any more; try again")
}

fn refused_error(node: &Node, procedure: &Procedure, refused: &ChangeRefused) -> Error {
    match refused {
        ChangeRefused::NotLeading => node_not_leading(),
        ChangeRefused::NotReady
        | ChangeRefused::InFlight(_)
        | ChangeRefused::Lagging { .. }
        | ChangeRefused::NotHeard(_)
        | ChangeRefused::StrongSyncLagging { .. } => {
            Error::internal(format!("dbms_consensus.{}: {refused}", procedure.name()))
        }
        ChangeRefused::IsLeader(_) => wrong(
            procedure,
            &format!("node {} is the leader; call dbms_consensus.change_leader first", node.config.node_id),
        ),
        _ => wrong(procedure, &refused.to_string()),
    }
}

/// What changed, as the statements that would change it, for ALISQL_CLUSTER_CONSENSUS_MEMBERSHIP_CHANGE.
#[must_use]
pub fn describe_change(before: &Membership, after: &Membership) -> Vec<String> {
    let find =
        |members: &Membership, id: NodeId| members.members.iter().find(|member| member.id == id).cloned();
    let mut lines = Vec::new();
    for member in &after.members {
        let id = member.id.get();
        match find(before, member.id) {
            None => lines.push(format!(
                "CALL dbms_consensus.{}('{}', '{}', {id})",
                if member.is_log_only { "add_logger" } else { "add_learner" },
                member.peer_address,
                member.sql_address
            )),
            Some(earlier) => describe_member(&earlier, member, &mut lines),
        }
    }
    for member in before.members.iter().filter(|member| find(after, member.id).is_none()) {
        let name = if member.is_voter { "remove_node" } else { "drop_learner" };
        lines.push(format!("CALL dbms_consensus.{name}({})", member.id.get()));
    }
    lines
}

fn describe_member(before: &Member, after: &Member, lines: &mut Vec<String>) {
    let id = after.id.get();
    if before.is_voter != after.is_voter {
        let name = if after.is_voter { "upgrade_learner" } else { "downgrade_follower" };
        lines.push(format!("CALL dbms_consensus.{name}({id})"));
    } else if (before.weight, before.is_strong_sync) != (after.weight, after.is_strong_sync) {
        lines.push(format!(
            "CALL dbms_consensus.configure_follower({id}, {}, {})",
            after.weight,
            u8::from(after.is_strong_sync)
        ));
    }
    if (before.source, &before.source_group) != (after.source, &after.source_group) && !after.is_voter {
        let source = after.source.map_or(0, NodeId::get);
        let group: Vec<String> = after.source_group.iter().map(|id| id.get().to_string()).collect();
        lines.push(format!("CALL dbms_consensus.configure_learner({id}, {source}, '{}')", group.join(",")));
    }
    if (&before.peer_address, &before.sql_address) != (&after.peer_address, &after.sql_address) {
        lines.push(format!(
            "CALL dbms_consensus.change_address({id}, '{}', '{}')",
            after.peer_address, after.sql_address
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(count: u64) -> Membership {
        let member = |id| Member::voter(NodeId::new(id), format!("h:{id}"), format!("s:{id}"));
        Membership { members: (1..=count).map(member).collect(), removed: Vec::new() }
    }

    #[test]
    fn an_address_of_another_member_is_refused_whatever_it_is_for() {
        let procedure = Procedure::CancelTransfer;
        let refused = |own: u64, address: &str| {
            let is_other = |member: &Member| member.id.get() != own;
            refuse_taken(&procedure, &members(3), is_other, [address].into_iter())
                .err()
                .map(|error| error.code)
        };
        assert_eq!(refused(4, "h:2"), Some(1210));
        assert_eq!(refused(4, "s:2"), Some(1210));
        assert_eq!(refused(2, "s:2"), None);
        assert_eq!(refused(4, "h:4"), None);
    }

    #[test]
    fn a_change_is_described_by_the_statement_that_makes_it() {
        let before = members(3);
        let mut after = before.clone();
        after.members[1].weight = 9;
        assert_eq!(describe_change(&before, &after), ["CALL dbms_consensus.configure_follower(2, 9, 0)"]);
        let mut after = before.clone();
        after.members[2].is_voter = false;
        assert_eq!(describe_change(&before, &after), ["CALL dbms_consensus.downgrade_follower(3)"]);
        assert_eq!(describe_change(&before, &members(2)), ["CALL dbms_consensus.remove_node(3)"]);
        assert_eq!(
            describe_change(&members(2), &before),
            ["CALL dbms_consensus.add_learner('h:3', 's:3', 3)"]
        );
        assert!(describe_change(&before, &before).is_empty());
    }
}
