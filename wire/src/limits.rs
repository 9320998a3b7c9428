//! Every bound of this crate, by name, and the relations between them.

/// Bytes of a MySQL packet header: 3 of length, 1 of sequence id.
pub const PACKET_HEADER_BYTES: usize = 4;
/// Payload bytes of one physical packet. A payload of this many bytes or more is split, and a payload that is an
/// exact multiple ends with an empty packet.
pub const PACKET_FRAGMENT_BYTES: usize = 0xff_ffff;
/// `max_allowed_packet` as MySQL 8 has it by default.
pub const MAX_ALLOWED_PACKET_DEFAULT_BYTES: usize = 64 << 20;
/// The largest value `max_allowed_packet` can be given.
pub const MAX_ALLOWED_PACKET_BYTES_MAX: usize = 1 << 30;
/// The largest packet taken from a client that has not logged in: a handshake response with the connection
/// attributes MySQL allows (64 KiB) and the largest names.
pub const HANDSHAKE_PACKET_BYTES_MAX: usize = 128 << 10;

/// Space asked for before a read, and the first size of a connection's input buffer.
pub const INPUT_READ_BYTES: usize = 8 << 10;
/// Free space at which the input buffer asks for more before a read.
pub const INPUT_SPARE_BYTES_MIN: usize = 2 << 10;
/// The most by which the input buffer is grown ahead of bytes that have arrived: a client gets memory only for
/// what it sends, plus this.
pub const INPUT_AHEAD_BYTES_MAX: usize = 256 << 10;
/// An input buffer larger than this is given back once it is empty.
pub const INPUT_KEEP_BYTES: usize = 64 << 10;

/// Output at which a server writes to the socket before it encodes more rows.
pub const OUTPUT_FLUSH_BYTES: usize = 32 << 10;
/// Capacity that an emptied output buffer keeps.
pub const OUTPUT_KEEP_BYTES: usize = 64 << 10;

/// Bytes of the header of a compressed frame.
pub const COMPRESSED_HEADER_BYTES: usize = 7;
/// The most that a compressed frame can say of itself, in 3 bytes: its own bytes, and those that it inflates to.
pub const COMPRESSED_FRAME_BYTES_MAX: usize = 0xff_ffff;
/// What is shorter is not compressed (MySQL's MIN_COMPRESS_LENGTH).
pub const COMPRESSED_PAYLOAD_BYTES_MIN: usize = 50;
/// Bytes of plaintext handed out at once, whatever a frame inflates to.
pub const INFLATED_PART_BYTES_MAX: usize = 64 << 10;
/// Bytes that are compressed as one frame: what is in one frame has to be there before any of it is sent.
pub const DEFLATED_PART_BYTES_MAX: usize = 1 << 20;

/// Bytes of the random challenge of the handshake.
pub const SALT_BYTES: usize = 20;
/// Bytes of connection attributes accepted in a handshake.
pub const CONNECT_ATTRIBUTES_BYTES_MAX: usize = 64 << 10;
/// Connection attributes accepted in a handshake.
pub const CONNECT_ATTRIBUTES_COUNT_MAX: usize = 1024;
/// Bytes of a user name taken in a handshake: more than any account has (32 characters of 4 bytes), so that a client with a longer one hears
/// that it is denied, and not that its handshake is broken.
pub const USER_NAME_BYTES_MAX: usize = 1024;
/// Bytes of a schema name taken in a handshake: more than any schema has (64 characters of 4 bytes), for the same reason.
pub const SCHEMA_NAME_BYTES_MAX: usize = 1024;
/// Bytes of a password (of caching_sha2_password in MySQL).
pub const PASSWORD_BYTES_MAX: usize = 256;
/// Bytes of an authentication answer: larger than any answer of a plugin spoken here.
pub const AUTH_RESPONSE_BYTES_MAX: usize = 1024;
/// Rounds of an authentication before it is denied.
pub const AUTH_ROUNDS_MAX: u8 = 4;

/// Bytes of a PROXY header of version 1, with its end of line (the protocol's own bound).
pub const PROXY_LINE_BYTES_MAX: usize = 107;
/// Bytes of a PROXY header of version 2, additional fields among them.
pub const PROXY_HEADER_BYTES_MAX: usize = 4 << 10;

/// Parameters of one prepared statement: the protocol counts them in 16 bits.
pub const STATEMENT_PARAMETERS_MAX: usize = u16::MAX as usize;
/// Columns of one result set: the answer to a preparation counts them in 16 bits.
pub const RESULT_COLUMNS_MAX: usize = u16::MAX as usize;
/// Bytes of the message of an ERR packet (MySQL's MYSQL_ERRMSG_SIZE).
pub const ERROR_MESSAGE_BYTES_MAX: usize = 512;

/// Bytes of a peer frame's header.
pub const PEER_FRAME_HEADER_BYTES: usize = 20;
/// Payload bytes of one peer frame.
pub const PEER_FRAME_PAYLOAD_BYTES_MAX: usize = 64 << 20;
/// Payload bytes of a frame that is read before the peer has said hello.
pub const PEER_HELLO_PAYLOAD_BYTES_MAX: usize = 4 << 10;
/// Space asked for before a read from a peer.
pub const PEER_READ_BYTES: usize = 64 << 10;
/// The most by which a peer's input buffer is grown ahead of bytes that have arrived.
pub const PEER_AHEAD_BYTES_MAX: usize = 4 << 20;
/// Bytes of an address or of a reason in a hello or its answer.
pub const PEER_TEXT_BYTES_MAX: usize = 512;
/// The most that LZ4 can shrink anything by: a claim of more is refused before memory is taken for it.
pub const PEER_COMPRESSION_RATIO_MAX: usize = 255;
/// Bytes of a snapshot's membership: the members of the largest cluster with the longest addresses, several times over.
pub const PEER_SNAPSHOT_MEMBERSHIP_BYTES_MAX: usize = 1 << 20;
/// Bytes of one chunk of a snapshot: a chunk holds at least one key and value, so the largest value must fit.
pub const PEER_SNAPSHOT_CHUNK_BYTES_MAX: usize = 60 << 20;

const _: () = assert!(INPUT_SPARE_BYTES_MIN <= INPUT_READ_BYTES);
const _: () = assert!(INPUT_READ_BYTES <= INPUT_KEEP_BYTES);
const _: () = assert!(INPUT_KEEP_BYTES <= INPUT_AHEAD_BYTES_MAX);
const _: () = assert!(COMPRESSED_PAYLOAD_BYTES_MIN < INFLATED_PART_BYTES_MAX);
const _: () = assert!(DEFLATED_PART_BYTES_MAX < COMPRESSED_FRAME_BYTES_MAX);
const _: () = assert!(OUTPUT_FLUSH_BYTES <= OUTPUT_KEEP_BYTES);
const _: () = assert!(HANDSHAKE_PACKET_BYTES_MAX < PACKET_FRAGMENT_BYTES);
const _: () = assert!(
    CONNECT_ATTRIBUTES_BYTES_MAX + USER_NAME_BYTES_MAX + SCHEMA_NAME_BYTES_MAX + AUTH_RESPONSE_BYTES_MAX
        < HANDSHAKE_PACKET_BYTES_MAX
);
const _: () = assert!(PASSWORD_BYTES_MAX < AUTH_RESPONSE_BYTES_MAX);
const _: () = assert!(PROXY_LINE_BYTES_MAX <= PROXY_HEADER_BYTES_MAX);
const _: () = assert!(PROXY_HEADER_BYTES_MAX < HANDSHAKE_PACKET_BYTES_MAX);
const _: () = assert!(MAX_ALLOWED_PACKET_DEFAULT_BYTES <= MAX_ALLOWED_PACKET_BYTES_MAX);
const _: () = assert!(PEER_HELLO_PAYLOAD_BYTES_MAX < PEER_FRAME_PAYLOAD_BYTES_MAX);
const _: () = assert!(PEER_READ_BYTES <= PEER_AHEAD_BYTES_MAX);
const _: () = assert!(4 * PEER_TEXT_BYTES_MAX < PEER_HELLO_PAYLOAD_BYTES_MAX);
const _: () =
    assert!(PEER_SNAPSHOT_CHUNK_BYTES_MAX + PEER_HELLO_PAYLOAD_BYTES_MAX < PEER_FRAME_PAYLOAD_BYTES_MAX);
const _: () = assert!(PEER_SNAPSHOT_MEMBERSHIP_BYTES_MAX < PEER_SNAPSHOT_CHUNK_BYTES_MAX);
