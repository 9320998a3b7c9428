//! [`EngineName`]: which storage engine keeps a node's tables, as the command line, the configuration file and the data folder name it.
//!
//! A data folder keeps the engine that it was made with. Nodes of a cluster may differ: what they send each other are rows.

use serde::{Deserialize, Serialize};
use storage::engine::EngineKind;

/// A storage engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum EngineName {
    /// sled 0.34.
    Sled,
    /// redb 4.5: a copy-on-write B-tree.
    Redb,
    /// fjall's log-structured merge tree, without its journal.
    Fjall,
}

impl EngineName {
    /// What a new data folder gets unless something else is asked for.
    pub const DEFAULT: EngineName = EngineName::Fjall;

    /// The engine of a folder that says nothing of it: when that was written there was only this one.
    #[must_use]
    pub fn of_old_folders() -> EngineName {
        EngineName::Sled
    }

    /// The engine itself.
    #[must_use]
    pub fn kind(self) -> EngineKind {
        match self {
            EngineName::Sled => EngineKind::Sled,
            EngineName::Redb => EngineKind::Redb,
            EngineName::Fjall => EngineKind::Fjall,
        }
    }

    /// As it is written on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.kind().name()
    }
}
