//! The procedures that CALL can call: `dbms_consensus.*`, the administration of the cluster.
//!
//! Their names are X-Cluster's where it has such a procedure. A [`Procedure`] is a call whose arguments are checked: the
//! server matches on it and does it. The path of a call: [`registry`] finds the [`Signature`] (1305 unknown, 1318 wrong number of
//! arguments, 1235 for those of X-Cluster that there are not, with what to use instead), [`argument`] evaluates and checks the
//! arguments (1210), and [`Procedure::statement`] gives it back as text, for a node that forwards it to the leader.
//!
//! An argument that is left out, or NULL where that is allowed, is `None` here. Left out: what a procedure does (the server's), and
//! stored procedures.

mod argument;
mod registry;

#[cfg(test)]
mod tests;

use bytes::Bytes;

use crate::ast::Call;
use crate::error::Result;
use crate::execute::{ClusterView, Context, Outcome, ResultColumn, Sink};
use crate::show::cluster;
use crate::show::spec::{Row, result_columns};
use crate::types::{DataType, Value};

pub use argument::evaluate_arguments;
pub use registry::{Parameter, ParameterKind, SCHEMA, Signature, find, signatures};

/// How a call names a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeReference {
    /// Its id, never zero; written as a number, or as a text of digits.
    Id(u64),
    /// `host:port`, of its peer address or its client address.
    Address(String),
}

impl std::fmt::Display for NodeReference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NodeReference::Id(id) => write!(f, "{id}"),
            NodeReference::Address(address) => f.write_str(address),
        }
    }
}

/// A call with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Procedure {
    /// `change_leader([node])`: hands the leadership over.
    ChangeLeader {
        /// To whom; none: the heaviest caught-up voter.
        node: Option<NodeReference>,
    },
    /// `cancel_transfer()`: stops a hand-over that has not happened yet (ours).
    CancelTransfer,
    /// `add_learner(peer_address[, sql_address[, node_id]])`: a new member without a vote.
    AddLearner {
        /// Where other nodes reach it.
        peer_address: String,
        /// Where clients reach it.
        sql_address: Option<String>,
        /// An id that was never used; none: the lowest such.
        node_id: Option<u64>,
    },
    /// `add_follower(peer_address[, sql_address[, node_id]])`: a new member that gets a vote once it has caught up.
    AddFollower {
        /// Where other nodes reach it.
        peer_address: String,
        /// Where clients reach it.
        sql_address: Option<String>,
        /// An id that was never used; none: the lowest such.
        node_id: Option<u64>,
    },
    /// `add_logger(peer_address[, sql_address[, node_id]])`: a new voter that keeps the log and no tables (ours).
    AddLogger {
        /// Where other nodes reach it.
        peer_address: String,
        /// Where clients reach it.
        sql_address: Option<String>,
        /// An id that was never used; none: the lowest such.
        node_id: Option<u64>,
    },
    /// `drop_learner(node)`: a learner leaves.
    DropLearner {
        /// The learner.
        node: NodeReference,
    },
    /// `remove_node(node)`: a member of any kind leaves (ours).
    RemoveNode {
        /// The member.
        node: NodeReference,
    },
    /// `upgrade_learner(node)`: a learner gets a vote.
    UpgradeLearner {
        /// The learner.
        node: NodeReference,
    },
    /// `downgrade_follower(node)`: a voter becomes a learner.
    DowngradeFollower {
        /// The voter.
        node: NodeReference,
    },
    /// `configure_follower(node, weight[, force_sync])`.
    ConfigureFollower {
        /// The voter.
        node: NodeReference,
        /// Election weight, 0 to 9.
        weight: u8,
        /// Commits wait for it; none: as it is.
        force_sync: Option<bool>,
    },
    /// `configure_learner(node, source[, group])`. X-Cluster's third argument is `use_applied`: its FALSE is taken (a source sends what is
    /// committed), its TRUE refused.
    ConfigureLearner {
        /// The learner.
        node: NodeReference,
        /// Who feeds it; none: the leader.
        source: Option<NodeReference>,
        /// To whom it turns when the source is silent, in this order: written as one text, `'4,127.0.0.1:4105'`. Left out: to nobody but
        /// the leader.
        group: Vec<NodeReference>,
    },
    /// `change_address(node, peer_address, sql_address)`: a member has moved (ours).
    ChangeAddress {
        /// The member.
        node: NodeReference,
        /// Where other nodes reach it.
        peer_address: String,
        /// Where clients reach it.
        sql_address: String,
    },
    /// `purge_log(index)`: drops the log below `index` on every node, as far as no member needs it.
    PurgeLog {
        /// First index to keep.
        index: u64,
    },
    /// `local_purge_log(index)`: the same on the node that is asked only.
    LocalPurgeLog {
        /// First index to keep.
        index: u64,
    },
    /// `force_purge_log(index)`: on the node that is asked, also what members still need.
    ForcePurgeLog {
        /// First index to keep.
        index: u64,
    },
    /// `wait_apply_index(index, timeout)`: returns once the tables of the node that is asked have everything up to `index`.
    WaitApplyIndex {
        /// The index.
        index: u64,
        /// Seconds to wait at most.
        timeout_seconds: u64,
    },
    /// `show_cluster_global()`: the rows of ALISQL_CLUSTER_GLOBAL.
    ShowClusterGlobal,
    /// `show_cluster_local()`: the rows of ALISQL_CLUSTER_LOCAL.
    ShowClusterLocal,
    /// `show_logs()`: the files of the log of the node that is asked.
    ShowLogs,
}

impl Procedure {
    /// The procedure of a call whose arguments were evaluated. `database` is the session's current one.
    ///
    /// # Errors
    /// Those of [`find`]; 1210 for an argument of the wrong kind.
    pub fn resolve(call: &Call, database: Option<&str>, arguments: &[Value]) -> Result<Procedure> {
        let signature = find(call, database)?;
        argument::check(signature, arguments)
    }

    /// Finds the procedure, evaluates the arguments and checks them.
    ///
    /// # Errors
    /// Those of [`evaluate_arguments`] and [`Procedure::resolve`].
    pub fn of_call(call: &Call, ctx: &mut Context) -> Result<Procedure> {
        let values = evaluate_arguments(call, ctx)?;
        Procedure::resolve(call, ctx.session.database.as_deref(), &values)
    }

    /// Its name, without the schema.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Procedure::ChangeLeader { .. } => "change_leader",
            Procedure::CancelTransfer => "cancel_transfer",
            Procedure::AddLearner { .. } => "add_learner",
            Procedure::AddFollower { .. } => "add_follower",
            Procedure::AddLogger { .. } => "add_logger",
            Procedure::DropLearner { .. } => "drop_learner",
            Procedure::RemoveNode { .. } => "remove_node",
            Procedure::UpgradeLearner { .. } => "upgrade_learner",
            Procedure::DowngradeFollower { .. } => "downgrade_follower",
            Procedure::ConfigureFollower { .. } => "configure_follower",
            Procedure::ConfigureLearner { .. } => "configure_learner",
            Procedure::ChangeAddress { .. } => "change_address",
            Procedure::PurgeLog { .. } => "purge_log",
            Procedure::LocalPurgeLog { .. } => "local_purge_log",
            Procedure::ForcePurgeLog { .. } => "force_purge_log",
            Procedure::WaitApplyIndex { .. } => "wait_apply_index",
            Procedure::ShowClusterGlobal => "show_cluster_global",
            Procedure::ShowClusterLocal => "show_cluster_local",
            Procedure::ShowLogs => "show_logs",
        }
    }

    /// Whether only the leader can do it: another node forwards it. The others are about the node that is asked.
    #[must_use]
    pub fn needs_leader(&self) -> bool {
        match self {
            Procedure::ChangeLeader { .. }
            | Procedure::CancelTransfer
            | Procedure::AddLearner { .. }
            | Procedure::AddFollower { .. }
            | Procedure::AddLogger { .. }
            | Procedure::DropLearner { .. }
            | Procedure::RemoveNode { .. }
            | Procedure::UpgradeLearner { .. }
            | Procedure::DowngradeFollower { .. }
            | Procedure::ConfigureFollower { .. }
            | Procedure::ConfigureLearner { .. }
            | Procedure::ChangeAddress { .. }
            | Procedure::PurgeLog { .. } => true,
            Procedure::LocalPurgeLog { .. }
            | Procedure::ForcePurgeLog { .. }
            | Procedure::WaitApplyIndex { .. }
            | Procedure::ShowClusterGlobal
            | Procedure::ShowClusterLocal
            | Procedure::ShowLogs => false,
        }
    }

    /// Its arguments as values, those that were left out at the end omitted.
    fn arguments(&self) -> Vec<Value> {
        let mut arguments = match self {
            Procedure::ChangeLeader { node } => vec![node.as_ref().map_or(Value::Null, reference)],
            Procedure::CancelTransfer
            | Procedure::ShowClusterGlobal
            | Procedure::ShowClusterLocal
            | Procedure::ShowLogs => Vec::new(),
            Procedure::AddLearner { peer_address, sql_address, node_id }
            | Procedure::AddFollower { peer_address, sql_address, node_id }
            | Procedure::AddLogger { peer_address, sql_address, node_id } => vec![
                text(peer_address),
                sql_address.as_deref().map_or(Value::Null, text),
                node_id.map_or(Value::Null, Value::UInt),
            ],
            Procedure::DropLearner { node }
            | Procedure::RemoveNode { node }
            | Procedure::UpgradeLearner { node }
            | Procedure::DowngradeFollower { node } => vec![reference(node)],
            Procedure::ConfigureFollower { node, weight, force_sync } => vec![
                reference(node),
                Value::UInt((*weight).into()),
                force_sync.map_or(Value::Null, |force| Value::UInt(force.into())),
            ],
            Procedure::ConfigureLearner { node, source, group } => {
                let names: Vec<String> = group.iter().map(NodeReference::to_string).collect();
                let group = if group.is_empty() { Value::Null } else { text(&names.join(",")) };
                vec![reference(node), source.as_ref().map_or(Value::UInt(0), reference), group]
            }
            Procedure::ChangeAddress { node, peer_address, sql_address } => {
                vec![reference(node), text(peer_address), text(sql_address)]
            }
            Procedure::PurgeLog { index }
            | Procedure::LocalPurgeLog { index }
            | Procedure::ForcePurgeLog { index } => vec![Value::UInt(*index)],
            Procedure::WaitApplyIndex { index, timeout_seconds } => {
                vec![Value::UInt(*index), Value::UInt(*timeout_seconds)]
            }
        };
        while arguments.last().is_some_and(Value::is_null) {
            arguments.pop();
        }
        arguments
    }

    /// The call as a statement that any node, under any `sql_mode`, takes for the same: constants for arguments.
    #[must_use]
    pub fn statement(&self) -> String {
        let written: Vec<String> = self.arguments().iter().map(literal).collect();
        format!("CALL {SCHEMA}.{}({})", self.name(), written.join(", "))
    }

    /// The columns of its result set; none for a procedure that has no result set.
    #[must_use]
    pub fn result_columns(&self) -> Vec<ResultColumn> {
        match (self, self.rows(&ClusterView::default())) {
            (_, Some((columns, _))) => columns,
            // The id that the new member was given.
            (
                Procedure::AddLearner { .. } | Procedure::AddFollower { .. } | Procedure::AddLogger { .. },
                None,
            ) => vec![ResultColumn::computed("SERVER_ID", DataType::BIGINT_UNSIGNED, false)],
            (_, None) => Vec::new(),
        }
    }

    /// Whether it only shows something: then [`Procedure::show`] is all there is to it.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.rows(&ClusterView::default()).is_some()
    }

    /// Columns and rows of a procedure that only shows something; `None` for one that does something.
    fn rows(&self, view: &ClusterView) -> Option<(Vec<ResultColumn>, Vec<Row>)> {
        let (columns, rows) = match self {
            Procedure::ShowClusterGlobal => (cluster::GLOBAL, cluster::global(view)),
            Procedure::ShowClusterLocal => (cluster::LOCAL, cluster::local(view)),
            Procedure::ShowLogs => (cluster::LOGS, cluster::logs(view)),
            Procedure::ChangeLeader { .. }
            | Procedure::CancelTransfer
            | Procedure::AddLearner { .. }
            | Procedure::AddFollower { .. }
            | Procedure::AddLogger { .. }
            | Procedure::DropLearner { .. }
            | Procedure::RemoveNode { .. }
            | Procedure::UpgradeLearner { .. }
            | Procedure::DowngradeFollower { .. }
            | Procedure::ConfigureFollower { .. }
            | Procedure::ConfigureLearner { .. }
            | Procedure::ChangeAddress { .. }
            | Procedure::PurgeLog { .. }
            | Procedure::LocalPurgeLog { .. }
            | Procedure::ForcePurgeLog { .. }
            | Procedure::WaitApplyIndex { .. } => return None,
        };
        Some((result_columns(columns), rows))
    }

    /// Sends the result set of a procedure that only shows something; `None`, and nothing sent, for one that does something.
    ///
    /// # Errors
    /// The sink's.
    pub fn show(&self, view: &ClusterView, sink: &mut dyn Sink) -> Result<Option<Outcome>> {
        let Some((columns, rows)) = self.rows(view) else { return Ok(None) };
        sink.columns(&columns)?;
        rows.iter().try_for_each(|row| sink.row(row))?;
        Ok(Some(Outcome { rows: true, ..Outcome::default() }))
    }
}

fn text(text: &str) -> Value {
    Value::Text(Bytes::copy_from_slice(text.as_bytes()))
}

fn reference(node: &NodeReference) -> Value {
    match node {
        NodeReference::Id(id) => Value::UInt(*id),
        NodeReference::Address(address) => text(address),
    }
}

/// A value as SQL. Texts here are addresses that were checked: there is no quote and no backslash in them.
fn literal(value: &Value) -> String {
    match value {
        Value::UInt(number) => number.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) | Value::Blob(text) => {
            format!("'{}'", String::from_utf8_lossy(text).replace('\'', "''"))
        }
        Value::Null
        | Value::Double(_)
        | Value::Decimal(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::DateTime(_)
        | Value::Json(_) => "NULL".to_owned(),
    }
}
