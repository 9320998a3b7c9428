//! Which procedures there are, and what they take.
//!
//! Names are compared without case, as MySQL's. A name without a schema is looked for in `dbms_consensus`; one that is not
//! there gets MySQL's error for the current database.

use crate::ast::Call;
use crate::error::{Error, Result};
use crate::execute::procedure::Procedure;
use crate::execute::procedure::argument::Arguments;

/// The schema of all procedures.
pub const SCHEMA: &str = "dbms_consensus";

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// A node's id, or `host:port`.
    Node,
    /// Several of these in one text, separated by commas.
    Nodes,
    /// `host:port`.
    Address,
    /// A number.
    Number,
    /// TRUE or FALSE.
    Truth,
}

/// One parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, for messages and for information_schema.PARAMETERS.
    pub name: &'static str,
    /// What it takes.
    pub kind: ParameterKind,
}

/// A procedure as it is declared.
pub struct Signature {
    /// Name, without the schema.
    pub name: &'static str,
    /// All parameters, in order.
    pub parameters: &'static [Parameter],
    /// How many of them must be given.
    pub required_count: usize,
    /// What it does, one line.
    pub purpose: &'static str,
    /// Takes the arguments, whose number is right.
    pub(super) make: fn(&mut Arguments) -> Result<Procedure>,
}

impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{SCHEMA}.{}({:?})", self.name, self.parameters)
    }
}

const fn of(name: &'static str, kind: ParameterKind) -> Parameter {
    Parameter { name, kind }
}

const NODE: Parameter = of("node", ParameterKind::Node);
const PEER_ADDRESS: Parameter = of("peer_address", ParameterKind::Address);
const SQL_ADDRESS: Parameter = of("sql_address", ParameterKind::Address);
const INDEX: Parameter = of("index", ParameterKind::Number);
const NEW_MEMBER: &[Parameter] = &[PEER_ADDRESS, SQL_ADDRESS, of("node_id", ParameterKind::Number)];

/// All procedures, ascending by name.
static SIGNATURES: &[Signature] = &[
    Signature {
        name: "add_follower",
        parameters: NEW_MEMBER,
        required_count: 1,
        purpose: "Adds a member that gets a vote once it has caught up.",
        make: |arguments| {
            let (peer_address, sql_address, node_id) = arguments.new_member()?;
            Ok(Procedure::AddFollower { peer_address, sql_address, node_id })
        },
    },
    Signature {
        name: "add_learner",
        parameters: NEW_MEMBER,
        required_count: 1,
        purpose: "Adds a member without a vote.",
        make: |arguments| {
            let (peer_address, sql_address, node_id) = arguments.new_member()?;
            Ok(Procedure::AddLearner { peer_address, sql_address, node_id })
        },
    },
    Signature {
        name: "add_logger",
        parameters: NEW_MEMBER,
        required_count: 1,
        purpose: "Adds a voter that keeps the log and no tables.",
        make: |arguments| {
            let (peer_address, sql_address, node_id) = arguments.new_member()?;
            Ok(Procedure::AddLogger { peer_address, sql_address, node_id })
        },
    },
    Signature {
        name: "cancel_transfer",
        parameters: &[],
        required_count: 0,
        purpose: "Stops a hand-over of the leadership that has not happened yet.",
        make: |_| Ok(Procedure::CancelTransfer),
    },
    Signature {
        name: "change_address",
        parameters: &[NODE, PEER_ADDRESS, SQL_ADDRESS],
        required_count: 3,
        purpose: "Tells the cluster where a member that has moved is reached.",
        make: |arguments| {
            Ok(Procedure::ChangeAddress {
                node: arguments.node()?,
                peer_address: arguments.address()?,
                sql_address: arguments.address()?,
            })
        },
    },
    Signature {
        name: "change_leader",
        parameters: &[NODE],
        required_count: 0,
        purpose: "Hands the leadership over to a voter; without one, or to NULL, to the heaviest that has caught up.",
        make: |arguments| Ok(Procedure::ChangeLeader { node: arguments.optional_node()? }),
    },
    Signature {
        name: "configure_follower",
        parameters: &[NODE, of("weight", ParameterKind::Number), of("force_sync", ParameterKind::Truth)],
        required_count: 2,
        purpose: "Sets a voter's election weight, and whether commits wait for it.",
        make: |arguments| {
            Ok(Procedure::ConfigureFollower {
                node: arguments.node()?,
                weight: arguments.weight()?,
                force_sync: arguments.optional_truth()?,
            })
        },
    },
    Signature {
        name: "configure_learner",
        parameters: &[NODE, of("source", ParameterKind::Node), of("source_group", ParameterKind::Nodes)],
        required_count: 2,
        purpose: "Sets which node feeds a learner (NULL or 0: the leader), and to whom it turns when that one is silent.",
        make: |arguments| {
            Ok(Procedure::ConfigureLearner {
                node: arguments.node()?,
                source: arguments.source()?,
                group: arguments.group()?,
            })
        },
    },
    Signature {
        name: "downgrade_follower",
        parameters: &[NODE],
        required_count: 1,
        purpose: "Makes a voter a learner.",
        make: |arguments| Ok(Procedure::DowngradeFollower { node: arguments.node()? }),
    },
    Signature {
        name: "drop_learner",
        parameters: &[NODE],
        required_count: 1,
        purpose: "Removes a learner from the cluster.",
        make: |arguments| Ok(Procedure::DropLearner { node: arguments.node()? }),
    },
    Signature {
        name: "force_purge_log",
        parameters: &[INDEX],
        required_count: 1,
        purpose: "Drops the log of this node below an index, also what members still need.",
        make: |arguments| Ok(Procedure::ForcePurgeLog { index: arguments.index()? }),
    },
    Signature {
        name: "local_purge_log",
        parameters: &[INDEX],
        required_count: 1,
        purpose: "Drops the log of this node below an index, as far as no member needs it.",
        make: |arguments| Ok(Procedure::LocalPurgeLog { index: arguments.index()? }),
    },
    Signature {
        name: "purge_log",
        parameters: &[INDEX],
        required_count: 1,
        purpose: "Drops the log of all nodes below an index, as far as no member needs it.",
        make: |arguments| Ok(Procedure::PurgeLog { index: arguments.index()? }),
    },
    Signature {
        name: "remove_node",
        parameters: &[NODE],
        required_count: 1,
        purpose: "Removes a member of any kind from the cluster.",
        make: |arguments| Ok(Procedure::RemoveNode { node: arguments.node()? }),
    },
    Signature {
        name: "show_cluster_global",
        parameters: &[],
        required_count: 0,
        purpose: "Shows all members as the leader sees them.",
        make: |_| Ok(Procedure::ShowClusterGlobal),
    },
    Signature {
        name: "show_cluster_local",
        parameters: &[],
        required_count: 0,
        purpose: "Shows this node.",
        make: |_| Ok(Procedure::ShowClusterLocal),
    },
    Signature {
        name: "show_logs",
        parameters: &[],
        required_count: 0,
        purpose: "Shows the files of this node's log.",
        make: |_| Ok(Procedure::ShowLogs),
    },
    Signature {
        name: "upgrade_learner",
        parameters: &[NODE],
        required_count: 1,
        purpose: "Gives a learner a vote.",
        make: |arguments| Ok(Procedure::UpgradeLearner { node: arguments.node()? }),
    },
    Signature {
        name: "wait_apply_index",
        parameters: &[INDEX, of("timeout_seconds", ParameterKind::Number)],
        required_count: 2,
        purpose: "Waits until the tables of this node have everything up to an index.",
        make: |arguments| {
            Ok(Procedure::WaitApplyIndex { index: arguments.index()?, timeout_seconds: arguments.seconds()? })
        },
    },
];

/// Procedures of X-Cluster that there are not, and why.
const REFUSED: &[(&str, &str)] = &[
    (
        "drop_prefetch_channel",
        "it is not needed: what is read ahead for a lagging node is bounded and dropped by itself",
    ),
    (
        "fix_cluster_id",
        "a node of another cluster cannot be made one of this: start it with an empty data folder",
    ),
    ("fix_matchindex", "it is not needed: a leader finds by itself where the logs agree"),
    (
        "force_promote",
        "terms never go down and no node is elected without a majority: use dbms_consensus.change_leader, or `quorate recover` when the \
         majority is lost for good",
    ),
    (
        "force_single_mode",
        "a running node never gives up the others' votes: when the majority is lost for good, stop the nodes that are left and use \
         `quorate recover`",
    ),
    ("refresh_learner_meta", "it is not needed: the members are in the log, which every learner gets"),
];

/// All procedures, ascending by name.
#[must_use]
pub fn signatures() -> &'static [Signature] {
    SIGNATURES
}

/// The procedure that a call names, once the number of arguments is right. `database` is the session's current one.
///
/// # Errors
/// 1046 no schema written, none current, and the name unknown; 1235 a procedure of X-Cluster that there is not; 1305 unknown; 1318 wrong
/// number of arguments.
pub fn find(call: &Call, database: Option<&str>) -> Result<&'static Signature> {
    let is_ours = call.schema.is_empty() || call.schema.eq_ignore_ascii_case(SCHEMA);
    let found =
        SIGNATURES.iter().find(|signature| is_ours && signature.name.eq_ignore_ascii_case(&call.name));
    let Some(signature) = found else { return Err(unknown(call, is_ours, database)) };
    let (given, most) = (call.arguments.len(), signature.parameters.len());
    if (signature.required_count..=most).contains(&given) {
        return Ok(signature);
    }
    let expected = if given > most { most } else { signature.required_count };
    Err(Error {
        code: 1318,
        state: *b"42000",
        message: format!(
            "Incorrect number of arguments for PROCEDURE {SCHEMA}.{}; expected {expected}, got {given}",
            signature.name
        ),
    })
}

fn unknown(call: &Call, is_ours: bool, database: Option<&str>) -> Error {
    let refused = REFUSED.iter().find(|(name, _)| is_ours && name.eq_ignore_ascii_case(&call.name));
    if let Some((name, reason)) = refused {
        let message = format!("{SCHEMA}.{name} is not supported: {reason}");
        return Error { code: 1235, state: *b"42000", message };
    }
    let schema = match (call.schema.as_str(), database) {
        ("", None) => return Error::no_database(),
        ("", Some(database)) => database,
        (schema, _) => schema,
    };
    Error {
        code: 1305,
        state: *b"42000",
        message: format!("PROCEDURE {schema}.{} does not exist", call.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ascend_and_no_more_arguments_are_required_than_there_are_parameters() {
        assert!(SIGNATURES.windows(2).all(|pair| pair[0].name < pair[1].name));
        assert!(REFUSED.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for signature in SIGNATURES {
            assert!(signature.required_count <= signature.parameters.len(), "{signature:?}");
            assert!(REFUSED.iter().all(|(name, _)| *name != signature.name), "{signature:?}");
        }
    }
}
