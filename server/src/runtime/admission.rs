//! Who may talk to this node: judged by the members in force and by which incarnation of each node was met before.
//!
//! A node that lost its data folder has forgotten votes and acknowledgements, so it must not take part under its old id. Each node notes
//! durably which incarnation of every other it met first (`incarnations.json`) and refuses another one of a voter. The node that is refused
//! so, and that has taken part in nothing yet, ends: in a cluster that knows it, its empty log must not count.
//!
//! A node that is no member in this node's view is admitted as long as its id was not removed: this node's view may be the old one.
//!
//! Left out: learners that lost their folder. They never promised anything, so their new incarnation takes the place of the old.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use consensus::NodeId;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use wire::peer::{Hello, Refusal, RefusalReason, Welcome};

use super::peer::Admission;
use crate::identity::{parse_id, write_durably};
use crate::node::Node;

/// Name of the file in the data folder.
const FILE_NAME: &str = "incarnations.json";

/// The file: incarnations as hexadecimal digits, by node.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Met(BTreeMap<u64, String>);

/// See the module.
pub struct Doorkeeper {
    node: Arc<Node>,
    path: PathBuf,
    met: Mutex<Met>,
    /// Peers whose refusal was noted as an event already.
    told: Mutex<BTreeMap<u64, RefusalReason>>,
    /// Whether this node has ever voted or held an entry: then it is no newcomer.
    took_part: bool,
}

impl Doorkeeper {
    /// Reads whom this node has met.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn open(node: Arc<Node>, folder: &Path, took_part: bool) -> Result<Doorkeeper, String> {
        let path = folder.join(FILE_NAME);
        let met = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| format!("{} cannot be read: {error}", path.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Met::default(),
            Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
        };
        Ok(Doorkeeper { node, path, met: Mutex::new(met), told: Mutex::default(), took_part })
    }

    /// Notes that this incarnation of a node was met; false when another one was met before and is the one that counts.
    fn meet(&self, id: u64, incarnation: u128) -> bool {
        if incarnation == 0 {
            // A folder of the first format.
            return true;
        }
        let Some(member) = self.node.members.member(id) else {
            // Not a member, as far as this node knows: nothing is kept of strangers, whatever ids they think of.
            return true;
        };
        let mut met = self.met.lock();
        let known = met.0.get(&id).map(|text| parse_id("incarnation", text));
        if known == Some(Ok(incarnation)) {
            return true;
        }
        if known.is_some() && member.is_voter {
            return false;
        }
        met.0.insert(id, format!("{incarnation:032x}"));
        self.save(&met);
        true
    }

    fn meet_member(&self, id: u64, peer_address: &str, sql_address: &str) {
        if self.node.members.meet(id, peer_address, sql_address) {
            self.node.steering.reconcile_links();
        }
    }

    fn save(&self, met: &Met) {
        let written = serde_json::to_vec_pretty(met)
            .map_err(std::io::Error::other)
            .and_then(|text| write_durably(&self.node.config.data, &self.path, &text));
        if let Err(error) = written {
            super::fatal("whom this node has met could not be written down", &error);
        }
    }
}

impl Admission for Doorkeeper {
    fn judge(&self, hello: &Hello) -> Result<(), Refusal> {
        let id = hello.node_id;
        if self.node.members.is_removed(id) {
            return Err(Refusal {
                reason: RefusalReason::Removed,
                message: format!(
                    "node {id} was removed from the cluster; to use its machine again, start it as a new node with \
                     --join and an empty data folder"
                ),
            });
        }
        if !self.meet(id, hello.incarnation) {
            return Err(Refusal {
                reason: RefusalReason::OtherIncarnation,
                message: format!(
                    "node {id} has lost its data folder and may have forgotten what it promised; remove it \
                     (quorate member remove {id}) and start it as a new node with --join"
                ),
            });
        }
        self.meet_member(id, &hello.peer_address, &hello.sql_address);
        Ok(())
    }

    fn welcomed(&self, welcome: &Welcome) {
        self.told.lock().remove(&welcome.node_id);
        self.meet_member(welcome.node_id, &welcome.peer_address, &welcome.sql_address);
    }

    fn refused(&self, peer: NodeId, refusal: &Refusal) {
        if self.told.lock().insert(peer.get(), refusal.reason) == Some(refusal.reason) {
            return;
        }
        self.node.cluster.event(format!("node {} refuses this node: {}", peer.get(), refusal.message));
        match refusal.reason {
            RefusalReason::OtherIncarnation if !self.took_part => {
                super::fatal("this data folder is new, but the cluster knows this node", &refusal.message)
            }
            RefusalReason::Removed => self.node.removed.store(true, std::sync::atomic::Ordering::Release),
            RefusalReason::OtherIncarnation
            | RefusalReason::OtherCluster
            | RefusalReason::OtherVersion
            | RefusalReason::NotMember
            | RefusalReason::WrongTarget
            | RefusalReason::NotServing
            | RefusalReason::Encryption
            | RefusalReason::Other(_) => {}
        }
    }
}
