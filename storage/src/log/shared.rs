//! What the writer of the log shares with its readers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::index::Index;
use super::ring::Ring;
use crate::disk::DiskFile;

/// The state behind the lock. The writer changes it, readers look; nobody reads or writes a disk under the
/// lock.
pub(super) struct Shared {
    pub(super) index: Index,
    pub(super) ring: Ring,
    /// The open files of all segments, by number.
    pub(super) segments: BTreeMap<u64, Arc<dyn DiskFile>>,
}
