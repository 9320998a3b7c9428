//! Gives snapshots of this node's tables to other nodes.
//!
//! A snapshot is written to a [`Spool`] as fast as the throttle lets it be, and sent from there: so the tables are held for as long
//! as the disk takes and not for as long as a slow link takes; a transfer that broke goes on where it stopped; and several nodes can be
//! given the same one. There are at most [`SNAPSHOTS_SERVED_MAX`]; one that nobody reads is kept for [`SNAPSHOT_SPOOL_KEEP`].
//!
//! Left out: what is in a snapshot. That is the [`SnapshotSource`]'s.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use wire::peer::{FrameKind, Hello, Refusal, RefusalReason, SnapshotChunk, SnapshotRequest};

use super::counters::RefusedKind;
use super::incoming::{Arrival, Incoming, misplaced};
use super::outgoing::FrameBatch;
use super::spool::{Spool, SpoolReader, Step};
use super::stream::PeerStream;
use super::throttle::Throttle;
use super::{Compression, LinkContext, LinkError, handshake, receiver};
use crate::limits::{
    PEER_HELLO_TIMEOUT, PEER_JUDGE_INTERVAL, PEER_STOP_POLL, SNAPSHOT_SPOOL_KEEP, SNAPSHOTS_SERVED_MAX,
};

/// Where snapshots come from.
pub trait SnapshotSource: Send + Sync {
    /// Begins a snapshot that reaches at least the log index `at_least`. One for a log-only node has no chunks.
    ///
    /// # Errors
    /// Why there is none now, for the other node's log.
    fn open(&self, at_least: u64, is_log_only: bool) -> Result<SnapshotReader, String>;
}

/// Gives the next chunk of a snapshot; none at its end.
pub type NextChunk = Box<dyn FnMut() -> Result<Option<Bytes>, String> + Send>;

/// A snapshot that has begun.
pub struct SnapshotReader {
    /// A random number, never 0.
    pub snapshot_id: u128,
    /// The last log entry in it.
    pub index: u64,
    /// That entry's term.
    pub term: u64,
    /// The log entry that made the membership at `index`.
    pub membership_index: u64,
    /// The membership at `index`, as [`consensus::encode_membership`] writes it.
    pub membership: Bytes,
    /// Called until it gives nothing, from one thread.
    pub next: NextChunk,
}

/// What all connections that give snapshots share.
pub struct SnapshotServer {
    source: Arc<dyn SnapshotSource>,
    folder: PathBuf,
    spools: Mutex<Vec<Arc<Spool>>>,
    /// For writing spools.
    production: Arc<Throttle>,
    /// For sending.
    sending: Throttle,
    stop: Arc<AtomicBool>,
}

impl SnapshotServer {
    /// With an empty folder: what a process before this one left there is removed.
    ///
    /// # Errors
    /// The folder cannot be made or emptied.
    pub fn new(context: &LinkContext) -> std::io::Result<SnapshotServer> {
        let folder = context.snapshot_folder.clone();
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        std::fs::create_dir_all(&folder)?;
        Ok(SnapshotServer {
            source: Arc::clone(&context.snapshots),
            folder,
            spools: Mutex::new(Vec::new()),
            production: Arc::new(Throttle::new(context.snapshot_bytes_per_second)),
            sending: Throttle::new(context.snapshot_bytes_per_second),
            stop: Arc::clone(&context.stop),
        })
    }

    /// Drops the snapshots that nobody has come back for.
    pub fn reap(&self, now: Instant) {
        // Held while a snapshot begins, which may take a while: the next time will do then.
        if let Some(mut spools) = self.spools.try_lock() {
            spools.retain(|spool| spool.idle_for(now).is_none_or(|idle| idle < SNAPSHOT_SPOOL_KEEP));
        }
    }

    /// Gives the snapshot that is asked for on this connection.
    ///
    /// # Errors
    /// The connection broke, or what came on it does not belong there.
    pub fn serve(
        &self,
        context: &LinkContext,
        hello: &Hello,
        mut incoming: Incoming<PeerStream>,
    ) -> Result<(), LinkError> {
        incoming.stream_mut().set_deadline(PEER_HELLO_TIMEOUT);
        let request = match incoming.next(&context.counters)? {
            Arrival::Frame(frame) if frame.kind == FrameKind::SnapshotRequest => {
                SnapshotRequest::parse(&frame.payload)?
            }
            Arrival::Frame(frame) => return Err(misplaced(frame.kind)),
            Arrival::Quiet => {
                let message = "no request for a snapshot in time".to_owned();
                return Err(LinkError::Refused(RefusedKind::Silent, message));
            }
            Arrival::End => return Ok(()),
        };
        let mut reader = match self.find(&request) {
            Ok(reader) => reader,
            Err(message) => {
                tracing::info!(to = hello.node_id, "no snapshot given: {message}");
                let refusal = Refusal { reason: RefusalReason::NotServing, message };
                handshake::refuse(context, incoming.stream_mut(), &refusal);
                return Ok(());
            }
        };
        let head = reader.head().clone();
        let first = reader.number();
        tracing::info!(
            to = hello.node_id,
            index = head.index,
            from_chunk = first,
            "giving a snapshot of the tables"
        );
        let stream = incoming.stream_mut();
        handshake::send_frame(stream, context, FrameKind::SnapshotHead, |out| head.encode(out))?;
        self.send_chunks(context, hello, stream, &mut reader)?;
        stream.finish();
        context.counters.snapshot_sent();
        tracing::info!(to = hello.node_id, index = head.index, chunks = reader.number(), "snapshot given");
        Ok(())
    }

    fn send_chunks(
        &self,
        context: &LinkContext,
        hello: &Hello,
        stream: &mut PeerStream,
        reader: &mut SpoolReader,
    ) -> Result<(), LinkError> {
        let mut batch = FrameBatch::new(context.cluster_id.tag(), Compression::None);
        let mut header = Vec::with_capacity(SnapshotChunk::HEADER_BYTES);
        let mut judged = Instant::now();
        loop {
            if judged.elapsed() >= PEER_JUDGE_INTERVAL {
                judged = Instant::now();
                receiver::check(context, hello)?;
            }
            let number = reader.number();
            match reader.next(PEER_STOP_POLL) {
                Ok(Step::Chunk(bytes)) => {
                    pause(self.sending.take(bytes.len(), Instant::now()), &self.stop)?;
                    header.clear();
                    SnapshotChunk::encode_header(number, &mut header);
                    batch.piece(FrameKind::SnapshotChunk, &header, &bytes)?;
                    batch.write(stream, &context.counters)?;
                }
                Ok(Step::Wait) => {}
                Ok(Step::End(end)) => {
                    return handshake::send_frame(stream, context, FrameKind::SnapshotEnd, |out| {
                        end.encode(out);
                    });
                }
                Err(message) => {
                    tracing::warn!("a snapshot for node {} failed: {message}", hello.node_id);
                    let refusal = Refusal { reason: RefusalReason::NotServing, message };
                    handshake::refuse(context, stream, &refusal);
                    return Err(LinkError::Io(std::io::Error::other("the snapshot failed")));
                }
            }
        }
    }

    /// The snapshot to give: the one that was begun, another one that will do, or a new one.
    fn find(&self, request: &SnapshotRequest) -> Result<SpoolReader, String> {
        let mut spools = self.spools.lock();
        spools.retain(|spool| !spool.has_failed());
        let fits =
            |spool: &Spool| spool.is_log_only == request.is_log_only && spool.head.index >= request.at_least;
        let same = spools.iter().find(|spool| spool.head.snapshot_id == request.snapshot_id && fits(spool));
        if let Some(spool) = same {
            return SpoolReader::open(spool, request.offset_chunk);
        }
        if let Some(spool) = spools.iter().rev().find(|spool| fits(spool)) {
            return SpoolReader::open(spool, 0);
        }
        if spools.len() >= SNAPSHOTS_SERVED_MAX {
            let now = Instant::now();
            let idle =
                spools.iter().enumerate().filter_map(|(place, spool)| Some((spool.idle_for(now)?, place)));
            let Some((_, place)) = idle.max() else {
                return Err(format!(
                    "{SNAPSHOTS_SERVED_MAX} other snapshots are being given; try again later"
                ));
            };
            spools.remove(place);
        }
        let reader = self.source.open(request.at_least, request.is_log_only)?;
        let (production, stop) = (Arc::clone(&self.production), Arc::clone(&self.stop));
        let spool = Spool::start(&self.folder, reader, request.is_log_only, production, stop)?;
        let reader = SpoolReader::open(&spool, 0)?;
        spools.push(spool);
        Ok(reader)
    }
}

/// Waits as long as a throttle says.
///
/// # Errors
/// The node stops.
pub fn pause(mut wait: Duration, stop: &AtomicBool) -> Result<(), LinkError> {
    while !wait.is_zero() {
        if stop.load(Ordering::Relaxed) {
            return Err(LinkError::Stopping);
        }
        let step = wait.min(PEER_STOP_POLL);
        std::thread::sleep(step);
        wait -= step;
    }
    Ok(())
}
