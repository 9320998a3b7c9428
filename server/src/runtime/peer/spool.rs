//! A snapshot on its way out: written to a file by a thread of its own, read from there by any number of connections, which follow
//! the writer.
//!
//! Invariants: a reader sees whole chunks only; the file goes when the last who knows of it lets go; a writer whose spool nobody wants
//! any more stops.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::{Condvar, Mutex};
use wire::limits::PEER_SNAPSHOT_MEMBERSHIP_BYTES_MAX;
use wire::peer::{SnapshotEnd, SnapshotHead};

use super::chunk_file::{ChunkReader, ChunkWriter};
use super::snapshot_source::{NextChunk, SnapshotReader, pause};
use super::throttle::Throttle;

#[derive(Debug)]
struct State {
    /// Chunks in the file.
    chunk_count: u64,
    /// Set once, when the writer is done.
    outcome: Option<Result<SnapshotEnd, String>>,
    readers: usize,
    /// When the last reader left.
    idle_since: Instant,
}

/// See the module.
#[derive(Debug)]
pub struct Spool {
    /// Which snapshot.
    pub head: SnapshotHead,
    /// It is for nodes without tables.
    pub is_log_only: bool,
    path: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
}

impl Drop for Spool {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!("cannot remove the snapshot in {}: {error}", self.path.display());
        }
    }
}

impl Spool {
    /// Makes the file in `folder` and the thread that fills it.
    ///
    /// # Errors
    /// One of them cannot be made.
    pub fn start(
        folder: &Path,
        reader: SnapshotReader,
        is_log_only: bool,
        throttle: Arc<Throttle>,
        stop: Arc<AtomicBool>,
    ) -> Result<Arc<Spool>, String> {
        let SnapshotReader { snapshot_id, index, term, membership_index, membership, next } = reader;
        if snapshot_id == 0 || membership.len() > PEER_SNAPSHOT_MEMBERSHIP_BYTES_MAX {
            return Err("the snapshot's head makes no sense".to_owned());
        }
        let path = folder.join(format!("spool-{snapshot_id:032x}"));
        let failed = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
        let writer = ChunkWriter::create(&path).map_err(failed)?;
        let state = State { chunk_count: 0, outcome: None, readers: 0, idle_since: Instant::now() };
        let head = SnapshotHead { snapshot_id, index, term, membership_index, membership };
        let spool =
            Arc::new(Spool { head, is_log_only, path, state: Mutex::new(state), changed: Condvar::new() });
        let filled = Arc::clone(&spool);
        std::thread::Builder::new()
            .name("snapshot-spool".into())
            .spawn(move || {
                let outcome = fill(&filled, writer, next, &throttle, &stop);
                filled.state.lock().outcome = Some(outcome);
                filled.changed.notify_all();
            })
            .map_err(|error| format!("cannot start a thread: {error}"))?;
        Ok(spool)
    }

    /// How long nobody has read from it; none: somebody does.
    #[must_use]
    pub fn idle_for(&self, now: Instant) -> Option<Duration> {
        let state = self.state.lock();
        (state.readers == 0).then(|| now.saturating_duration_since(state.idle_since))
    }

    /// Whether it could not be written to its end.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        matches!(self.state.lock().outcome, Some(Err(_)))
    }
}

/// Writes all chunks.
fn fill(
    spool: &Arc<Spool>,
    mut writer: ChunkWriter,
    mut next: NextChunk,
    throttle: &Throttle,
    stop: &AtomicBool,
) -> Result<SnapshotEnd, String> {
    while let Some(bytes) = next()? {
        pause(throttle.take(bytes.len(), Instant::now()), stop).map_err(|error| error.to_string())?;
        writer.append(&bytes).map_err(|error| format!("cannot write {}: {error}", spool.path.display()))?;
        spool.state.lock().chunk_count = writer.chunk_count();
        spool.changed.notify_all();
        // Only this thread knows of it: it was given up.
        if Arc::strong_count(spool) == 1 || stop.load(Ordering::Relaxed) {
            return Err("given up".to_owned());
        }
    }
    Ok(SnapshotEnd { chunk_count: writer.chunk_count(), checksum: writer.checksum() })
}

/// What a reader finds.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// The next chunk.
    Chunk(Bytes),
    /// Nothing yet.
    Wait,
    /// That was all.
    End(SnapshotEnd),
}

/// Reads a spool from some chunk on.
#[derive(Debug)]
pub struct SpoolReader {
    spool: Arc<Spool>,
    chunks: ChunkReader,
    number: u64,
}

impl Drop for SpoolReader {
    fn drop(&mut self) {
        let mut state = self.spool.state.lock();
        state.readers -= 1;
        state.idle_since = Instant::now();
    }
}

impl SpoolReader {
    /// At chunk `first`.
    ///
    /// # Errors
    /// There is no such chunk (yet), or the file cannot be read.
    pub fn open(spool: &Arc<Spool>, first: u64) -> Result<SpoolReader, String> {
        let chunk_count = spool.state.lock().chunk_count;
        if first > chunk_count {
            return Err(format!("the snapshot has {chunk_count} chunks, not {first}"));
        }
        let mut chunks = ChunkReader::open(&spool.path).map_err(|error| error.to_string())?;
        for _ in 0..first {
            chunks.skip()?;
        }
        spool.state.lock().readers += 1;
        Ok(SpoolReader { spool: Arc::clone(spool), chunks, number: first })
    }

    /// Which snapshot.
    #[must_use]
    pub fn head(&self) -> &SnapshotHead {
        &self.spool.head
    }

    /// Number of the chunk that comes next.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The next chunk, waited for at most so long.
    ///
    /// # Errors
    /// The snapshot failed.
    pub fn next(&mut self, patience: Duration) -> Result<Step, String> {
        let mut state = self.spool.state.lock();
        if state.chunk_count == self.number && state.outcome.is_none() {
            // Whatever woke it up, it looks again.
            let _ = self.spool.changed.wait_for(&mut state, patience);
        }
        if state.chunk_count == self.number {
            return match &state.outcome {
                None => Ok(Step::Wait),
                Some(Ok(end)) => Ok(Step::End(*end)),
                Some(Err(message)) => Err(message.clone()),
            };
        }
        drop(state);
        let chunk = self.chunks.next()?.ok_or("the snapshot's file is shorter than it was")?;
        self.number += 1;
        Ok(Step::Chunk(chunk))
    }
}
