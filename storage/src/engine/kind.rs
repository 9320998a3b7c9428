//! [`EngineKind`]: the engines that a node can be told to use, by name.

use std::path::Path;

use super::{Engine, FjallEngine, FjallOptions, RedbEngine, RedbOptions, SledEngine, SledOptions};
use crate::Result;

/// An engine on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineKind {
    /// [`SledEngine`].
    Sled,
    /// [`RedbEngine`].
    Redb,
    /// [`FjallEngine`].
    Fjall,
}

impl EngineKind {
    /// All of them.
    pub const ALL: [EngineKind; 3] = [EngineKind::Sled, EngineKind::Redb, EngineKind::Fjall];

    /// Its name in configurations.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            EngineKind::Sled => "sled",
            EngineKind::Redb => "redb",
            EngineKind::Fjall => "fjall",
        }
    }

    /// Opens the engine in `folder`, which is made if it does not exist, with a cache of `cache_bytes`.
    pub fn open(self, folder: &Path, cache_bytes: u64) -> Result<Box<dyn Engine>> {
        Ok(match self {
            EngineKind::Sled => Box::new(SledEngine::open(folder, SledOptions { cache_bytes })?),
            EngineKind::Redb => Box::new(RedbEngine::open(folder, RedbOptions { cache_bytes })?),
            EngineKind::Fjall => Box::new(FjallEngine::open(folder, FjallOptions { cache_bytes })?),
        })
    }
}
