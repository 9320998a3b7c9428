//! The first frames of a peer connection: who calls, what for, and the answer.
//!
//! Invariants: node ids are never 0; texts are bounded; a payload with bytes left over is refused, so both ends agree
//! on every field. The version comes first and decides about the rest.

use super::{ClusterId, PROTOCOL_VERSION};
use crate::limits::PEER_TEXT_BYTES_MAX;
use crate::mysql::primitive::Input;
use crate::{Error, Result};

/// Which of the connections between two nodes this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Heartbeats and votes: small frames that must not wait.
    Heartbeat,
    /// Log entries and their acks.
    Data,
    /// A snapshot for the node that called: one of the two lanes on which the one that was called sends after its welcome.
    Snapshot,
    /// Sessions of the caller's clients, one after the other, whose statements the one that is called runs.
    Session,
}

impl Lane {
    fn code(self) -> u8 {
        match self {
            Lane::Heartbeat => 1,
            Lane::Data => 2,
            Lane::Snapshot => 3,
            Lane::Session => 4,
        }
    }

    fn from_code(code: u8) -> Option<Lane> {
        match code {
            1 => Some(Lane::Heartbeat),
            2 => Some(Lane::Data),
            3 => Some(Lane::Snapshot),
            4 => Some(Lane::Session),
            _ => None,
        }
    }
}

/// The first frame on a connection: who opened it, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// [`PROTOCOL_VERSION`] of the sender.
    pub version: u16,
    /// The sender's cluster.
    pub cluster_id: ClusterId,
    /// The sender; never 0.
    pub node_id: u64,
    /// Made at random with the sender's data folder: a node that lost its folder has another, under the same id.
    pub incarnation: u128,
    /// The node that is called; never 0. A wrong address is found by it.
    pub target_id: u64,
    /// Which connection this is.
    pub lane: Lane,
    /// Where the sender listens for other nodes.
    pub peer_address: String,
    /// Where clients reach the sender: what a refusal to write names when it leads.
    pub sql_address: String,
}

impl Hello {
    /// Appends the payload. Addresses are cut at [`PEER_TEXT_BYTES_MAX`].
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.version.to_le_bytes());
        out.extend_from_slice(&self.cluster_id.get().to_le_bytes());
        out.extend_from_slice(&self.node_id.to_le_bytes());
        out.extend_from_slice(&self.incarnation.to_le_bytes());
        out.extend_from_slice(&self.target_id.to_le_bytes());
        out.push(self.lane.code());
        put_text(out, &self.peer_address);
        put_text(out, &self.sql_address);
    }

    /// Reads the payload. The version always comes first: a hello of another one is [`Error::UnknownVersion`], which
    /// is answered with [`RefusalReason::OtherVersion`], whatever follows it.
    pub fn parse(payload: &[u8]) -> Result<Hello> {
        let mut input = Input::new(payload);
        if let Some(version) = Input::new(payload).u16().filter(|version| *version != PROTOCOL_VERSION) {
            return Err(Error::UnknownVersion { version });
        }
        let hello = Hello::parse_fields(&mut input).filter(|_| input.is_empty());
        hello.ok_or(Error::Malformed { what: "peer hello" })
    }

    fn parse_fields(input: &mut Input<'_>) -> Option<Hello> {
        Some(Hello {
            version: input.u16()?,
            cluster_id: ClusterId(u128::from_le_bytes(input.array()?)),
            node_id: input.u64().filter(|id| *id != 0)?,
            incarnation: u128::from_le_bytes(input.array()?),
            target_id: input.u64().filter(|id| *id != 0)?,
            lane: Lane::from_code(input.u8()?)?,
            peer_address: text(input)?,
            sql_address: text(input)?,
        })
    }
}

/// The answer to a hello that is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// The node that was called; never 0.
    pub node_id: u64,
    /// As [`Hello::incarnation`], of the node that was called.
    pub incarnation: u128,
    /// Where it listens for other nodes.
    pub peer_address: String,
    /// Where clients reach it.
    pub sql_address: String,
}

impl Welcome {
    /// Appends the payload.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.node_id.to_le_bytes());
        out.extend_from_slice(&self.incarnation.to_le_bytes());
        put_text(out, &self.peer_address);
        put_text(out, &self.sql_address);
    }

    /// Reads the payload.
    pub fn parse(payload: &[u8]) -> Result<Welcome> {
        let mut input = Input::new(payload);
        let welcome = Welcome::parse_fields(&mut input).filter(|_| input.is_empty());
        welcome.ok_or(Error::Malformed { what: "peer welcome" })
    }

    fn parse_fields(input: &mut Input<'_>) -> Option<Welcome> {
        Some(Welcome {
            node_id: input.u64().filter(|id| *id != 0)?,
            incarnation: u128::from_le_bytes(input.array()?),
            peer_address: text(input)?,
            sql_address: text(input)?,
        })
    }
}

/// Why a hello is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalReason {
    /// The caller belongs to another cluster.
    OtherCluster,
    /// The caller speaks another protocol version.
    OtherVersion,
    /// The caller is not a member, or no longer.
    NotMember,
    /// The caller wanted another node: its address list is wrong.
    WrongTarget,
    /// The caller was removed from the cluster: its id never comes back.
    Removed,
    /// The caller has the id of a member, but not its data folder: the folder was lost, or the id is used twice.
    OtherIncarnation,
    /// There is nothing here of what was asked for now: no snapshot, or too many of them at once.
    NotServing,
    /// One of the two encrypts the links between nodes and the other does not.
    Encryption,
    /// A reason of a newer build.
    Other(u8),
}

impl RefusalReason {
    fn code(self) -> u8 {
        match self {
            RefusalReason::OtherCluster => 1,
            RefusalReason::OtherVersion => 2,
            RefusalReason::NotMember => 3,
            RefusalReason::WrongTarget => 4,
            RefusalReason::Removed => 5,
            RefusalReason::OtherIncarnation => 6,
            RefusalReason::NotServing => 7,
            RefusalReason::Encryption => 8,
            RefusalReason::Other(code) => code,
        }
    }

    fn from_code(code: u8) -> RefusalReason {
        match code {
            1 => RefusalReason::OtherCluster,
            2 => RefusalReason::OtherVersion,
            3 => RefusalReason::NotMember,
            4 => RefusalReason::WrongTarget,
            5 => RefusalReason::Removed,
            6 => RefusalReason::OtherIncarnation,
            7 => RefusalReason::NotServing,
            8 => RefusalReason::Encryption,
            code => RefusalReason::Other(code),
        }
    }
}

/// The answer to a hello that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why, for the program.
    pub reason: RefusalReason,
    /// Why, for the log.
    pub message: String,
}

impl Refusal {
    /// Appends the payload. The message is cut at [`PEER_TEXT_BYTES_MAX`].
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.reason.code());
        put_text(out, &self.message);
    }

    /// Reads the payload.
    pub fn parse(payload: &[u8]) -> Result<Refusal> {
        let mut input = Input::new(payload);
        let fields = input.u8().zip(text(&mut input)).filter(|_| input.is_empty());
        let (code, message) = fields.ok_or(Error::Malformed { what: "peer refusal" })?;
        Ok(Refusal { reason: RefusalReason::from_code(code), message })
    }
}

/// Appends a text after its two-byte length, cut at the bound.
fn put_text(out: &mut Vec<u8>, text: &str) {
    let end =
        (0..=text.len().min(PEER_TEXT_BYTES_MAX)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    out.extend_from_slice(&(end as u16).to_le_bytes());
    out.extend_from_slice(&text.as_bytes()[..end]);
}

fn text(input: &mut Input<'_>) -> Option<String> {
    let length = usize::from(input.u16()?);
    if length > PEER_TEXT_BYTES_MAX {
        return None;
    }
    String::from_utf8(input.bytes(length)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CLUSTER: ClusterId = ClusterId::new(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);

    fn hello() -> Hello {
        Hello {
            version: PROTOCOL_VERSION,
            cluster_id: CLUSTER,
            node_id: 2,
            incarnation: 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10,
            target_id: 3,
            lane: Lane::Heartbeat,
            peer_address: "10.0.0.2:7000".to_owned(),
            sql_address: "10.0.0.2:3306".to_owned(),
        }
    }

    #[test]
    fn golden_hello() {
        let mut payload = Vec::new();
        hello().encode(&mut payload);
        let expected =
            b"\x02\0\xff\xee\xdd\xcc\xbb\xaa\x99\x88\x77\x66\x55\x44\x33\x22\x11\0\x02\0\0\0\0\0\0\0\
                         \x10\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08\x07\x06\x05\x04\x03\x02\x01\
                         \x03\0\0\0\0\0\0\0\x01\x0d\x0010.0.0.2:7000\x0d\x0010.0.0.2:3306";
        assert_eq!(payload, expected);
        assert_eq!(Hello::parse(&payload), Ok(hello()));
        for cut in 0..payload.len() {
            assert!(Hello::parse(&payload[..cut]).is_err(), "{cut}");
        }
        payload.push(0);
        assert!(Hello::parse(&payload).is_err(), "bytes after the end");
        assert_eq!(Hello::parse(&[9, 0, 1]), Err(Error::UnknownVersion { version: 9 }));
    }

    #[test]
    fn golden_answers() {
        let mut payload = Vec::new();
        let welcome = Welcome {
            node_id: 3,
            incarnation: 5,
            peer_address: "a:1".to_owned(),
            sql_address: "b:2".to_owned(),
        };
        welcome.encode(&mut payload);
        assert_eq!(payload, b"\x03\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x03\0a:1\x03\0b:2");
        assert_eq!(Welcome::parse(&payload), Ok(welcome));
        for cut in 0..payload.len() {
            assert!(Welcome::parse(&payload[..cut]).is_err(), "{cut}");
        }
        payload[0] = 0;
        assert!(Welcome::parse(&payload).is_err(), "node 0");
        payload.clear();
        Refusal { reason: RefusalReason::Removed, message: "gone".to_owned() }.encode(&mut payload);
        assert_eq!(payload, b"\x05\x04\0gone");
    }

    #[test]
    fn each_lane_and_reason_has_its_code() {
        for (lane, code) in [(Lane::Heartbeat, 1), (Lane::Data, 2), (Lane::Snapshot, 3), (Lane::Session, 4)] {
            assert_eq!((lane.code(), Lane::from_code(code)), (code, Some(lane)));
        }
        assert_eq!((Lane::from_code(0), Lane::from_code(5)), (None, None));
        let reasons = [
            RefusalReason::OtherCluster,
            RefusalReason::OtherVersion,
            RefusalReason::NotMember,
            RefusalReason::WrongTarget,
            RefusalReason::Removed,
            RefusalReason::OtherIncarnation,
            RefusalReason::NotServing,
            RefusalReason::Encryption,
            RefusalReason::Other(9),
        ];
        for (code, reason) in (1..).zip(reasons) {
            assert_eq!((reason.code(), RefusalReason::from_code(code)), (code, reason));
        }
    }

    #[test]
    fn long_texts_are_cut() {
        let refusal = Refusal { reason: RefusalReason::NotMember, message: "é".repeat(PEER_TEXT_BYTES_MAX) };
        let mut payload = Vec::new();
        refusal.encode(&mut payload);
        let parsed = Refusal::parse(&payload).unwrap();
        assert_eq!(parsed.reason, RefusalReason::NotMember);
        assert_eq!(parsed.message.len(), PEER_TEXT_BYTES_MAX);
    }

    proptest! {
        #[test]
        fn answers_round_trip(node_id in 1u64.., incarnation: u128, code: u8, message in ".{0,100}") {
            let mut payload = Vec::new();
            let peer_address = message.chars().rev().collect();
            let welcome = Welcome { node_id, incarnation, peer_address, sql_address: message.clone() };
            welcome.encode(&mut payload);
            prop_assert_eq!(Welcome::parse(&payload), Ok(welcome));
            payload.clear();
            let refusal = Refusal { reason: RefusalReason::from_code(code), message };
            refusal.encode(&mut payload);
            prop_assert_eq!(payload[0], code);
            prop_assert_eq!(Refusal::parse(&payload), Ok(refusal));
        }

        #[test]
        fn random_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = Welcome::parse(&bytes);
            let _ = Refusal::parse(&bytes);
            let _ = Hello::parse(&bytes);
            if let Some(version) = bytes.first_chunk_mut() {
                *version = PROTOCOL_VERSION.to_le_bytes();
            }
            let _ = Hello::parse(&bytes);
        }
    }
}
