//! What went through the links between nodes, and what was refused: for `SHOW STATUS`, and for the log.
//!
//! Anything that is refused is counted. Each kind of refusal is logged at most once a minute, with how often it happened since the
//! line before, so that a peer gone mad (or somebody who knocks at the port) cannot fill the disk.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use parking_lot::Mutex;

use crate::limits::PEER_REFUSED_LOG_INTERVAL;

/// Why something from a peer was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedKind {
    /// The connection ended within a frame.
    Cut,
    /// A frame's checksum does not fit.
    Checksum,
    /// A frame or hello of another cluster.
    OtherCluster,
    /// A frame, hello or message of a version that is not spoken here.
    Version,
    /// A frame longer than any may be.
    Length,
    /// A frame of a kind that is not known, or that does not belong where it came.
    UnknownKind,
    /// Bytes that are no frame, or a payload that is not what its frame says.
    Malformed,
    /// Somebody who is no member (any more), or not the one it says.
    NotMember,
    /// A hello for another node.
    WrongTarget,
    /// One side encrypts and the other does not, or its certificate is not good.
    Encryption,
    /// No hello within the time for it.
    Silent,
    /// More connections, or more snapshots at once, than there may be.
    TooMany,
    /// This node called and was refused.
    ByPeer,
}

impl RefusedKind {
    /// All kinds, with the names of their status variables.
    const ALL: [(RefusedKind, &'static str); 13] = [
        (RefusedKind::Cut, "Quorate_peer_refused_cut"),
        (RefusedKind::Checksum, "Quorate_peer_refused_checksum"),
        (RefusedKind::OtherCluster, "Quorate_peer_refused_other_cluster"),
        (RefusedKind::Version, "Quorate_peer_refused_version"),
        (RefusedKind::Length, "Quorate_peer_refused_length"),
        (RefusedKind::UnknownKind, "Quorate_peer_refused_unknown_kind"),
        (RefusedKind::Malformed, "Quorate_peer_refused_malformed"),
        (RefusedKind::NotMember, "Quorate_peer_refused_not_member"),
        (RefusedKind::WrongTarget, "Quorate_peer_refused_wrong_target"),
        (RefusedKind::Encryption, "Quorate_peer_refused_encryption"),
        (RefusedKind::Silent, "Quorate_peer_refused_silent"),
        (RefusedKind::TooMany, "Quorate_peer_refused_too_many"),
        (RefusedKind::ByPeer, "Quorate_peer_refused_by_peer"),
    ];

    /// The kind that an error of the frame layer is.
    #[must_use]
    pub fn of(error: &wire::Error) -> RefusedKind {
        match error {
            wire::Error::Checksum { .. } => RefusedKind::Checksum,
            wire::Error::OtherCluster { .. } => RefusedKind::OtherCluster,
            wire::Error::UnknownVersion { .. } => RefusedKind::Version,
            wire::Error::FrameTooLarge { .. } | wire::Error::PacketTooLarge { .. } => RefusedKind::Length,
            wire::Error::UnknownKind { .. } => RefusedKind::UnknownKind,
            wire::Error::BadMagic { .. }
            | wire::Error::Malformed { .. }
            | wire::Error::OutOfOrder { .. }
            | wire::Error::BadHandshake { .. }
            | wire::Error::ProxyHeader { .. }
            | wire::Error::ProxyNotAccepted { .. }
            | wire::Error::WrongArguments { .. }
            | wire::Error::Uncompress
            | wire::Error::ReadTimeout
            | wire::Error::LongDataTooLarge => RefusedKind::Malformed,
        }
    }
}

/// One kind's count and log.
#[derive(Debug, Default)]
struct Refused {
    count: AtomicU64,
    /// When it was logged last, and the count then.
    logged: Mutex<Option<(Instant, u64)>>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct PeerCounters {
    frames_received: AtomicU64,
    bytes_received: AtomicU64,
    frames_sent: AtomicU64,
    bytes_sent: AtomicU64,
    frames_dropped: AtomicU64,
    frames_compressed: AtomicU64,
    connections: AtomicU64,
    snapshots_sent: AtomicU64,
    snapshots_received: AtomicU64,
    refused: [Refused; RefusedKind::ALL.len()],
    /// Lanes to each peer that are connected at the moment.
    linked: Mutex<BTreeMap<u64, u32>>,
}

impl PeerCounters {
    /// A lane to a peer is connected.
    pub fn link_up(&self, peer: u64) {
        *self.linked.lock().entry(peer).or_default() += 1;
    }

    /// A lane to a peer that was connected is not any more.
    pub fn link_down(&self, peer: u64) {
        let mut linked = self.linked.lock();
        if let Some(lanes) = linked.get_mut(&peer) {
            *lanes = lanes.saturating_sub(1);
        }
    }

    /// Whether there is a connection to a peer.
    #[must_use]
    pub fn is_linked(&self, peer: u64) -> bool {
        self.linked.lock().get(&peer).is_some_and(|lanes| *lanes > 0)
    }

    /// Frames have arrived.
    pub fn received(&self, frames: u64, bytes: u64) {
        self.frames_received.fetch_add(frames, Ordering::Relaxed);
        self.bytes_received.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Frames were handed to the socket.
    pub fn sent(&self, frames: u64, bytes: u64) {
        self.frames_sent.fetch_add(frames, Ordering::Relaxed);
        self.bytes_sent.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Something was not sent: its queue is full, or its entries are gone.
    pub fn dropped(&self) {
        self.frames_dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// A frame was made smaller.
    pub fn compressed(&self) {
        self.frames_compressed.fetch_add(1, Ordering::Relaxed);
    }

    /// A peer's connection was taken.
    pub fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// A whole snapshot was given to another node.
    pub fn snapshot_sent(&self) {
        self.snapshots_sent.fetch_add(1, Ordering::Relaxed);
    }

    /// A whole snapshot came from another node.
    pub fn snapshot_received(&self) {
        self.snapshots_received.fetch_add(1, Ordering::Relaxed);
    }

    /// How often this kind was refused.
    #[must_use]
    pub fn refused_count(&self, kind: RefusedKind) -> u64 {
        self.refused[kind as usize].count.load(Ordering::Relaxed)
    }

    /// Counts a refusal and logs it, unless this kind was logged within the last minute.
    pub fn refuse(&self, kind: RefusedKind, what: &dyn Display) {
        if let Some(times) = self.count_refused(kind, Instant::now()) {
            let reason = RefusedKind::ALL[kind as usize].1;
            tracing::warn!(reason, times, "link between nodes refused: {what}");
        }
    }

    /// Counts a refusal; how many there were since the last that was logged, when this one is to be logged.
    fn count_refused(&self, kind: RefusedKind, now: Instant) -> Option<u64> {
        let refused = &self.refused[kind as usize];
        let count = refused.count.fetch_add(1, Ordering::Relaxed) + 1;
        let mut logged = refused.logged.lock();
        let before = match *logged {
            Some((at, _)) if now.saturating_duration_since(at) < PEER_REFUSED_LOG_INTERVAL => return None,
            Some((_, before)) => before,
            None => 0,
        };
        *logged = Some((now, count));
        Some(count.saturating_sub(before))
    }

    /// All counts under the names of their status variables.
    #[must_use]
    pub fn snapshot(&self) -> Vec<(&'static str, u64)> {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut all = vec![
            ("Quorate_peer_frames_received", load(&self.frames_received)),
            ("Quorate_peer_bytes_received", load(&self.bytes_received)),
            ("Quorate_peer_frames_sent", load(&self.frames_sent)),
            ("Quorate_peer_bytes_sent", load(&self.bytes_sent)),
            ("Quorate_peer_frames_dropped", load(&self.frames_dropped)),
            ("Quorate_peer_frames_compressed", load(&self.frames_compressed)),
            ("Quorate_peer_connections_accepted", load(&self.connections)),
            ("Quorate_peer_snapshots_sent", load(&self.snapshots_sent)),
            ("Quorate_peer_snapshots_received", load(&self.snapshots_received)),
        ];
        all.extend(RefusedKind::ALL.map(|(kind, name)| (name, self.refused_count(kind))));
        all
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_kind_has_its_own_place() {
        for (place, (kind, _)) in RefusedKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, place);
        }
        let counters = PeerCounters::default();
        counters.refuse(RefusedKind::Length, &"a test");
        counters.received(2, 300);
        let all = counters.snapshot();
        let value = |name| all.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
        assert_eq!(value("Quorate_peer_refused_length"), Some(1));
        assert_eq!(value("Quorate_peer_refused_cut"), Some(0));
        assert_eq!(value("Quorate_peer_bytes_received"), Some(300));
        let names: std::collections::BTreeSet<_> = all.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), all.len(), "no name twice");
    }

    #[test]
    fn one_line_a_minute_and_kind_tells_how_many_there_were() {
        let counters = PeerCounters::default();
        let start = Instant::now();
        assert_eq!(counters.count_refused(RefusedKind::Cut, start), Some(1));
        for second in 1..60 {
            let at = start + Duration::from_secs(second);
            assert_eq!(counters.count_refused(RefusedKind::Cut, at), None);
        }
        assert_eq!(counters.count_refused(RefusedKind::Checksum, start), Some(1), "another kind");
        assert_eq!(counters.count_refused(RefusedKind::Cut, start + PEER_REFUSED_LOG_INTERVAL), Some(60));
        assert_eq!(counters.refused_count(RefusedKind::Cut), 61);
    }
}
