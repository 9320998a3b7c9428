//! Gets a snapshot of the tables from another node.
//!
//! Chunks are kept as they come ([`Staging`]), so a link that breaks, or a process that ends, costs only what was on the way: the
//! next try asks for the rest, as long as the source still has it, and begins anew otherwise. Sources are asked in the order given,
//! round and round; whenever more of the same snapshot has come, the count of tries begins anew.
//!
//! Left out: what becomes of the snapshot ([`consensus::Input::SnapshotStaged`]), and when one is needed.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Instant;

use consensus::NodeId;
use wire::peer::{
    Frame, FrameKind, Lane, Refusal, SnapshotChunk, SnapshotEnd, SnapshotHead, SnapshotRequest,
};

use super::counters::RefusedKind;
use super::incoming::{Arrival, Incoming, misplaced};
use super::links::LinkControl;
use super::staged::{StagedSnapshot, Staging};
use super::stream::PeerStream;
use super::{LinkContext, LinkError, handshake};
use crate::limits::{
    PEER_STOP_POLL, SNAPSHOT_RETRY_PAUSE, SNAPSHOT_ROUNDS_MAX, SNAPSHOT_SILENCE_MAX,
    SNAPSHOT_TRIES_PER_SOURCE_MAX,
};

/// Told how it went, once, from the fetch's thread.
pub type FetchDone = Box<dyn FnOnce(Result<StagedSnapshot, String>) + Send>;

/// Starts to get a snapshot that reaches at least `at_least` from one of `peers` (id and peer address, the preferred first) into
/// `folder`, which is this fetch's own: there must be one at a time. What an earlier fetch left there is gone on with.
///
/// # Errors
/// When no thread can be made; `done` is not called then.
pub fn spawn_fetch(
    context: &LinkContext,
    peers: Vec<(NodeId, String)>,
    folder: PathBuf,
    at_least: u64,
    is_log_only: bool,
    done: FetchDone,
) -> std::io::Result<()> {
    let mut fetch = Fetch { context: context.clone(), folder, at_least, is_log_only, staging: None };
    std::thread::Builder::new().name("snapshot-fetch".into()).spawn(move || done(fetch.run(&peers)))?;
    Ok(())
}

struct Fetch {
    context: LinkContext,
    folder: PathBuf,
    at_least: u64,
    is_log_only: bool,
    /// What is here already.
    staging: Option<Staging>,
}

/// How a try failed.
enum TryError {
    /// The same source may be able to go on.
    Link(LinkError),
    /// This source has none.
    Refused(String),
    /// This node's disk, or it stops: no source can help.
    Own(String),
}

impl From<LinkError> for TryError {
    fn from(error: LinkError) -> TryError {
        match error {
            LinkError::ByPeer(refusal) => TryError::Refused(refusal.message),
            LinkError::Stopping => TryError::Own(LinkError::Stopping.to_string()),
            LinkError::Io(_) | LinkError::Refused(..) => TryError::Link(error),
        }
    }
}

impl From<wire::Error> for TryError {
    fn from(error: wire::Error) -> TryError {
        TryError::Link(error.into())
    }
}

/// Whether more of a snapshot is here than before the try. One that begins anew each time gets nowhere, however much of it comes.
fn has_advanced(before: Option<(u128, u64)>, now: Option<(u128, u64)>) -> bool {
    match (before, now) {
        (Some((id_before, count_before)), Some((id, count))) => id == id_before && count > count_before,
        (None, Some((_, count))) => count > 0,
        (Some(_) | None, None) => false,
    }
}

impl Fetch {
    fn run(&mut self, peers: &[(NodeId, String)]) -> Result<StagedSnapshot, String> {
        if let Some(staged) = StagedSnapshot::open(&self.folder)
            && staged.index >= self.at_least
        {
            return Ok(staged);
        }
        self.staging = Staging::resume(&self.folder);
        let mut last = "there is nobody to ask".to_owned();
        let mut rounds = 0;
        while rounds < SNAPSHOT_ROUNDS_MAX {
            rounds += 1;
            for (peer, address) in peers {
                let mut tries = 0;
                while tries < SNAPSHOT_TRIES_PER_SOURCE_MAX {
                    tries += 1;
                    let before = self.progress();
                    match self.attempt(*peer, address) {
                        Ok(staged) => {
                            self.context.counters.snapshot_received();
                            return Ok(staged);
                        }
                        Err(TryError::Own(message)) => return Err(message),
                        Err(TryError::Refused(message)) => {
                            last = format!("node {} at {address}: {message}", peer.get());
                            break;
                        }
                        Err(TryError::Link(error)) => {
                            self.count(&error);
                            last = format!("node {} at {address}: {error}", peer.get());
                        }
                    }
                    if has_advanced(before, self.progress()) {
                        (tries, rounds) = (0, 0);
                    }
                    tracing::debug!("no whole snapshot yet: {last}");
                    std::thread::sleep(SNAPSHOT_RETRY_PAUSE);
                }
            }
            std::thread::sleep(SNAPSHOT_RETRY_PAUSE);
            if self.is_over() {
                return Err(LinkError::Stopping.to_string());
            }
        }
        Err(last)
    }

    fn is_over(&self) -> bool {
        self.context.stop.load(Ordering::Relaxed)
    }

    /// Which snapshot is here, and how many chunks of it.
    fn progress(&self) -> Option<(u128, u64)> {
        self.staging.as_ref().map(|staging| (staging.head().snapshot_id, staging.chunk_count()))
    }

    fn count(&self, error: &LinkError) {
        if let LinkError::Refused(kind, what) = error {
            self.context.counters.refuse(*kind, &format_args!("getting a snapshot: {what}"));
        }
    }

    fn attempt(&mut self, peer: NodeId, address: &str) -> Result<StagedSnapshot, TryError> {
        if self.is_over() {
            return Err(LinkError::Stopping.into());
        }
        let control = LinkControl::default();
        let (mut stream, reader) = handshake::call(&self.context, peer, address, Lane::Snapshot, &control)?;
        let (snapshot_id, offset_chunk) = self.progress().unwrap_or((0, 0));
        let request = SnapshotRequest {
            snapshot_id,
            offset_chunk,
            at_least: self.at_least,
            is_log_only: self.is_log_only,
        };
        handshake::send_frame(&mut stream, &self.context, FrameKind::SnapshotRequest, |out| {
            request.encode(out);
        })?;
        stream.set_patience(PEER_STOP_POLL).map_err(LinkError::Io)?;
        let mut incoming = Incoming::new(stream, reader);
        let head = self.frame(&mut incoming, FrameKind::SnapshotHead)?;
        let mut staging = self.begin(SnapshotHead::parse(&head.payload)?)?;
        let result = self.take_chunks(&mut incoming, &mut staging);
        match result {
            Ok(end) => staging
                .finish(&end)
                .map_err(|message| TryError::Link(LinkError::Refused(RefusedKind::Checksum, message))),
            Err(error) => {
                self.staging = Some(staging);
                Err(error)
            }
        }
    }

    /// What the chunks that follow this head are added to.
    fn begin(&mut self, head: SnapshotHead) -> Result<Staging, TryError> {
        if head.index < self.at_least {
            return Err(TryError::Refused(format!(
                "its snapshot reaches log index {}, not {}",
                head.index, self.at_least
            )));
        }
        match self.staging.take() {
            Some(staging) if *staging.head() == head => {
                tracing::info!(chunks = staging.chunk_count(), "going on with a snapshot");
                Ok(staging)
            }
            Some(_) | None => {
                tracing::info!(index = head.index, "getting a snapshot");
                Staging::begin(&self.folder, head).map_err(TryError::Own)
            }
        }
    }

    fn take_chunks(
        &self,
        incoming: &mut Incoming<PeerStream>,
        staging: &mut Staging,
    ) -> Result<SnapshotEnd, TryError> {
        loop {
            let frame = self.frame(incoming, FrameKind::SnapshotChunk)?;
            if frame.kind == FrameKind::SnapshotEnd {
                return Ok(SnapshotEnd::parse(&frame.payload)?);
            }
            let chunk = SnapshotChunk::parse(&frame.payload)?;
            if chunk.number != staging.chunk_count() {
                let message =
                    format!("chunk {} of a snapshot came, not {}", chunk.number, staging.chunk_count());
                return Err(TryError::Link(LinkError::Refused(RefusedKind::Malformed, message)));
            }
            staging.append(&chunk.bytes).map_err(TryError::Own)?;
        }
    }

    /// The next frame, which must be of this kind, or the end in place of a chunk.
    fn frame(&self, incoming: &mut Incoming<PeerStream>, expected: FrameKind) -> Result<Frame, TryError> {
        let waiting = Instant::now();
        loop {
            match incoming.next(&self.context.counters)? {
                Arrival::Frame(frame) => {
                    let is_end = frame.kind == FrameKind::SnapshotEnd && expected == FrameKind::SnapshotChunk;
                    if frame.kind == expected || is_end {
                        return Ok(frame);
                    }
                    if frame.kind == FrameKind::Refusal {
                        return Err(TryError::Refused(Refusal::parse(&frame.payload)?.message));
                    }
                    return Err(misplaced(frame.kind).into());
                }
                Arrival::Quiet if self.is_over() => return Err(LinkError::Stopping.into()),
                Arrival::Quiet if waiting.elapsed() < SNAPSHOT_SILENCE_MAX => {}
                Arrival::Quiet => {
                    let error = std::io::Error::from(std::io::ErrorKind::TimedOut);
                    return Err(TryError::Link(error.into()));
                }
                Arrival::End => {
                    let error = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
                    return Err(TryError::Link(error.into()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_always_begins_anew_is_given_up_for_the_next() {
        assert!(has_advanced(None, Some((1, 3))));
        assert!(has_advanced(Some((1, 3)), Some((1, 4))));
        assert!(!has_advanced(Some((1, 3)), Some((2, 9))));
        assert!(!has_advanced(Some((1, 3)), Some((1, 3))));
        assert!(
            !has_advanced(None, Some((1, 0)))
                && !has_advanced(Some((1, 3)), None)
                && !has_advanced(None, None)
        );
    }
}
