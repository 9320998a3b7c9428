//! [`EngineKind`]: the engines that a node can be told to use, by name.

use std::path::Path;

use super::{
    CachedEngine, Engine, FjallEngine, FjallOptions, RedbEngine, RedbOptions, SledEngine, SledOptions,
};
use crate::Result;
use crate::disk::{Disk, RealDisk};
use crate::limits::{ENGINE_BLOCKS_BYTES_MIN, ENGINE_BLOCKS_DIVISOR};

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

    /// Opens the engine in `folder`, which is made if it does not exist, behind a cache of its rows. Both caches take
    /// `cache_bytes` together, once they are full.
    pub fn open(self, folder: &Path, cache_bytes: u64) -> Result<Box<dyn Engine>> {
        // Engines make their files durable, but not all of them the names of their folders: without those a checkpoint is worth nothing.
        RealDisk.create_folder(folder)?;
        let blocks_bytes = (cache_bytes / ENGINE_BLOCKS_DIVISOR).max(ENGINE_BLOCKS_BYTES_MIN);
        let leaves_bytes = cache_bytes.saturating_sub(blocks_bytes);
        let engine = self.open_bare(folder, blocks_bytes)?;
        RealDisk.sync_dir(folder)?;
        Ok(Box::new(CachedEngine::new(engine, usize::try_from(leaves_bytes).unwrap_or(usize::MAX))))
    }

    fn open_bare(self, folder: &Path, cache_bytes: u64) -> Result<Box<dyn Engine>> {
        Ok(match self {
            EngineKind::Sled => Box::new(SledEngine::open(folder, SledOptions { cache_bytes })?),
            EngineKind::Redb => Box::new(RedbEngine::open(folder, RedbOptions { cache_bytes })?),
            EngineKind::Fjall => Box::new(FjallEngine::open(folder, FjallOptions { cache_bytes })?),
        })
    }
}
