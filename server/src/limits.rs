//! Named bounds of the server: every queue, batch and wait has one here.

use std::time::Duration;

/// Calls of stored procedures within each other.
pub const PROGRAM_CALLS_MAX: usize = 32;

/// Procedures whose plans a session keeps.
pub const PROGRAM_PLANS_MAX: usize = 64;

/// Steps of a stored program after which other sessions get their turn.
pub const PROGRAM_STEPS_BETWEEN_YIELDS: u32 = 64;

/// How long a question for the index of a linearizable read may be on the way before it is asked again.
pub const READ_ASK_AGAIN: Duration = Duration::from_millis(500);

/// Pause after such a question was refused, because no leader is known.
pub const READ_REFUSED_PAUSE: Duration = Duration::from_millis(20);

/// How long a change of the members may take to be committed (X-Paxos' `configure_change_timeout`).
pub const MEMBERSHIP_CHANGE_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a statement of administration that is passed on to the leader may take there.
pub const FORWARD_TIMEOUT: Duration = Duration::from_secs(70);

/// How long the consensus thread may take to answer a question of its state.
pub const STATUS_ANSWER_TIMEOUT: Duration = Duration::from_millis(500);

/// How long a leader that is stopped may take to hand over.
pub const STOP_TRANSFER_TIMEOUT: Duration = Duration::from_secs(3);

/// How long the node that was asked for may take to lead, once this one does not any more.
pub const TRANSFER_TIMEOUT: Duration = Duration::from_secs(10);

/// How often it is looked at who leads, and whether another change of the members is done.
pub const TRANSFER_POLL: Duration = Duration::from_millis(10);

/// How often the log is looked at for segments that may go (X-Paxos: 10 s).
pub const PURGE_INTERVAL: Duration = Duration::from_secs(2);
/// How long a purge waits for what it would let go of to be brought to the engine; then it lets go of less.
pub const PURGE_FLUSH_WAIT: Duration = Duration::from_secs(2);

/// How often it is an event that segments go although a member may still need them; under load each would be one.
pub const FORCED_PURGE_TOLD_EVERY: Duration = Duration::from_secs(60);

/// How often a node that joined asks for its vote.
pub const PROMOTION_INTERVAL: Duration = Duration::from_millis(500);

/// Events kept for QUORATE_CLUSTER_EVENTS, and changes for ALISQL_CLUSTER_CONSENSUS_MEMBERSHIP_CHANGE.
pub const CLUSTER_EVENTS_MAX: usize = 100;

/// Bytes of rows read at once for a snapshot that another node gets.
pub const SNAPSHOT_CHUNK_BYTES: usize = 1 << 20;

/// Length of one tick of the consensus core.
pub const TICK: Duration = Duration::from_millis(10);

/// Events the consensus thread may have waiting; senders block past it (peer readers, not sessions).
pub const DRIVER_QUEUE_EVENTS_MAX: usize = 16_384;

/// Events the consensus thread takes before it carries out what they caused.
pub const DRIVER_BATCH_EVENTS_MAX: usize = 256;

/// Frames waiting for one peer lane; past it frames are dropped and the core finds out by missing acks.
pub const PEER_QUEUE_FRAMES_MAX: usize = 4_096;

/// Bytes of recent entries kept in memory for peers and the apply, beyond those not yet durable here.
pub const ENTRY_CACHE_BYTES_MAX: usize = 32 << 20;

/// Bytes of entries in one frame to a peer; a single larger entry travels alone.
pub const APPEND_FRAME_BYTES_MAX: usize = 1 << 20;

/// Largest entry, in bytes; a transaction that is larger is written in parts.
pub const ENTRY_BYTES_MAX: usize = 56 << 20;

/// Memory of a write set, in MiB, past which it is written to the log in parts while its transaction runs.
pub const STREAM_TRANSACTION_MIB_DEFAULT: u64 = 16;

/// The largest that may be configured: up to it a transaction is one entry.
pub const STREAM_TRANSACTION_MIB_MAX: u64 = 48;

/// Parts of one transaction that may wait for the quorum.
pub const PARTS_IN_FLIGHT_MAX: usize = 4;

/// Pause of a transaction in parts while write-behind is urgent.
pub const PART_ROOM_PAUSE: Duration = Duration::from_millis(5);

/// Staged rows moved to their places in one step of the write-behind thread.
pub const MERGE_KEYS_PER_STEP_MAX: usize = 1_024;

/// How long a follower's apply may wait for room in the store before it goes on with a batch in any case.
pub const APPLY_ROOM_WAIT: Duration = Duration::from_secs(5);

/// Socket buffer of a peer link's reader.
pub const PEER_READ_BYTES: usize = 256 << 10;

/// Entries applied before the watermark moves.
pub const APPLY_BATCH_ENTRIES_MAX: u64 = 1_024;

/// Committed transactions of this node, leading, that the consensus thread moves the watermark for by itself.
pub const APPLY_INLINE_ENTRIES_MAX: u64 = 8;

/// Mutations in a batch of the apply from which other threads help with it: waking them takes as long as installing some hundred.
pub const PARALLEL_APPLY_MUTATIONS_MIN: usize = 512;

/// Threads that apply one batch (`replica_parallel_workers`), and never more than there are cores.
pub const PARALLEL_APPLY_WORKERS_MAX: usize = 64;

/// Bytes of entries read for one batch of the apply.
pub const APPLY_BATCH_BYTES_MAX: usize = 8 << 20;

/// Bytes of entries that may wait for the quorum; past it a COMMIT waits before it takes its place in the log.
pub const COMMIT_QUEUE_BYTES_MAX: u64 = 128 << 20;

/// Batches of commits that are timed at once in one stage of the commit path.
pub const STAGE_BATCHES_REMEMBERED_MAX: usize = 4_096;

/// How long a COMMIT waits for the quorum after this node lost its leadership before the client hears that its
/// outcome is unknown.
pub const IN_DOUBT_WAIT: Duration = Duration::from_secs(10);

/// How often a session in doubt looks whether its transaction's fate is decided.
pub const IN_DOUBT_POLL: Duration = Duration::from_millis(20);

/// Changes of leader remembered for transactions in doubt.
pub const DECIDED_TERMS_MAX: usize = 1_024;

/// Pause between two tries to reach a peer.
pub const PEER_RECONNECT_PAUSE: Duration = Duration::from_millis(100);

/// How long connecting to a peer may take.
pub const PEER_CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a peer may take for its hello.
pub const PEER_HELLO_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a client may take to authenticate, unless `connect_timeout` is set.
pub const CLIENT_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client that has not logged in may take nothing of what is sent to it; later `net_write_timeout` says so.
pub const CLIENT_WRITE_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a client that has not logged in may pause within a packet; later `net_read_timeout` says so.
pub const CLIENT_READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How often it is asked whether the clients of running statements are still there.
pub const CLIENT_VANISHED_POLL: Duration = Duration::from_millis(200);

/// What ends sooner is not asked for.
pub const CLIENT_BUSY_MIN: Duration = Duration::from_millis(100);

/// How long a client whose connection is ended from this side has for its last packets.
pub const CLIENT_GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);

/// Bytes of the head of an HTTP request.
pub const HTTP_HEAD_BYTES_MAX: usize = 8 << 10;

/// How long a client of the health checks may take for a request, from the moment one could begin; and for taking the answer.
pub const HTTP_REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Requests on one connection of the health checks; then it is closed.
pub const HTTP_REQUESTS_PER_CONNECTION_MAX: usize = 1_000;

/// Connections of the health checks at once.
pub const HTTP_CONNECTIONS_MAX: usize = 128;

/// How often a node that follows asks how far the leader is, for the health checks. No smaller lag can be told.
pub const FRESHNESS_INTERVAL: Duration = Duration::from_millis(100);

/// How long it waits for the answer before it asks anew.
pub const FRESHNESS_PATIENCE: Duration = Duration::from_secs(1);

/// Answers that are kept while the apply has not come there; past it every second one is forgotten.
pub const FRESHNESS_ANSWERS_MAX: usize = 1_024;

/// Silence of a thread after which the health checks say that it hangs.
pub const THREAD_SILENCE_MAX: Duration = Duration::from_secs(10);

/// How often the async workers show that they run.
pub const SESSIONS_PULSE: Duration = Duration::from_millis(500);

/// Passwords that are decrypted and hashed at once: each takes a thread some milliseconds, and logins must not take the machine from the
/// statements of those that are in.
pub const PASSWORD_CHECKS_MAX: usize = 2;

/// Accounts whose passwords are remembered for the fast path of caching_sha2_password.
pub const REMEMBERED_PASSWORDS_MAX: usize = 4_096;

/// Between two lines of the log about refused logins.
pub const REFUSED_LOGINS_LOGGED_INTERVAL: Duration = Duration::from_secs(1);

/// Connections above `max_connections` that are kept for accounts with CONNECTION_ADMIN.
pub const CONNECTIONS_RESERVED: usize = 1;

/// Client connections at once (`max_connections`).
pub const CONNECTIONS_MAX: usize = 10_000;

/// Of the file handles that the process may have, one in this many is kept from clients, for the log, the store and peers.
pub const FILE_HANDLES_RESERVED_DIVISOR: usize = 4;

/// Bytes of prepared-statement long data held for one statement.
#[cfg(feature = "opensrv")]
pub const LONG_DATA_BYTES_MAX: usize = 64 << 20;

/// `net_read_timeout` unless it is set, MySQL's.
pub const NET_READ_TIMEOUT_SECONDS: u64 = 30;

/// Bytes of this machine's file that LOAD DATA reads at once.
pub const LOAD_READ_BYTES: usize = 256 << 10;

/// A result's bytes past which a statement that may stream hands them to the socket.
pub const RESULT_FLUSH_BYTES: usize = 256 << 10;

/// Bytes of one result that cannot stream (locking reads, whose rows are held for the quorum).
pub const RESULT_HELD_BYTES_MAX: usize = 512 << 20;

/// The engine's cache takes this part of the memory that the process may use, unless it is configured.
pub const ENGINE_CACHE_DIVISOR: u64 = 16;
/// The least that is.
pub const ENGINE_CACHE_BYTES_MIN: u64 = 64 << 20;
/// The most that is.
pub const ENGINE_CACHE_BYTES_MAX: u64 = 8 << 30;

/// Pause of the write-behind thread when nothing presses.
pub const FLUSH_INTERVAL: Duration = Duration::from_millis(200);
/// After this long the thread brings also what is little to the engine: it bounds what an idle node replays after a crash, and what its
/// log keeps. Sooner costs more, as rows that change again are written again.
pub const FLUSH_AGE_MAX: Duration = Duration::from_secs(10);

/// The versions in memory take this part of the memory that the process may use, unless it is configured.
pub const STORE_MEMORY_DIVISOR: u64 = 32;
/// The least that is.
pub const STORE_MEMORY_BYTES_MIN: u64 = 64 << 20;
/// The most that is.
pub const STORE_MEMORY_BYTES_MAX: u64 = 1 << 30;

/// How long a clean stop waits for sessions and the write-behind.
pub const SHUTDOWN_WAIT: Duration = Duration::from_secs(10);

/// Characters that a text parameter counts for in the width of a result's columns.
pub const TEXT_PARAMETER_CHARACTERS: u32 = 16_383;

/// Plans that are kept for texts, at most.
pub const TEXT_PLANS_MAX: usize = 4_096;

/// Bytes of the texts that plans are kept for, at most.
pub const TEXT_PLAN_BYTES_MAX: usize = 4 << 20;

/// Separately locked parts of these plans.
pub const TEXT_PLAN_SHARDS: usize = 16;

/// What the temporary tables of a session may take in memory, in bytes.
pub const TEMPORARY_SESSION_BYTES_MAX: usize = 256 << 20;
/// What the temporary tables of all sessions of a node may take together, in bytes.
pub const TEMPORARY_NODE_BYTES_MAX: usize = 1 << 30;
const _: () = assert!(TEMPORARY_SESSION_BYTES_MAX < TEMPORARY_NODE_BYTES_MAX);

// The longest text with a plan fits a part, and its settings with it.
const _: () = assert!(sql::limits::TEMPLATE_BYTES_MAX * 4 < TEXT_PLAN_BYTES_MAX / TEXT_PLAN_SHARDS);

const _: () = assert!(FRESHNESS_ANSWERS_MAX >= 2);
const _: () = assert!(SESSIONS_PULSE.as_millis() * 4 < THREAD_SILENCE_MAX.as_millis());

const _: () = assert!(APPEND_FRAME_BYTES_MAX < ENTRY_BYTES_MAX);
const _: () = assert!((STREAM_TRANSACTION_MIB_MAX << 20) < ENTRY_BYTES_MAX as u64);
const _: () = assert!(COMMIT_QUEUE_BYTES_MAX > 2 * ENTRY_BYTES_MAX as u64);
const _: () = assert!(ENTRY_BYTES_MAX + (4 << 20) < wire::limits::PEER_FRAME_PAYLOAD_BYTES_MAX);
const _: () = assert!(DRIVER_BATCH_EVENTS_MAX < DRIVER_QUEUE_EVENTS_MAX);

/// Keys of a dropped table removed from the engine in one step of the write-behind thread. Removing one costs sled about
/// 10 µs; at one step a [`FLUSH_INTERVAL`] this takes some percent of a core, not what sessions need.
pub const RECLAIM_KEYS_PER_STEP_MAX: usize = 1_024;

/// Largest packet of a client that has not authenticated.
pub const HANDSHAKE_PACKET_BYTES_MAX: usize = 64 << 10;

/// What is read at once of a client's encrypted connection; a record of TLS is up to 16 KiB and some bytes.
pub const CLIENT_TLS_READ_BYTES: usize = 17 << 10;

/// What is compressed for a client without making way for other sessions.
pub const CLIENT_COMPRESS_INLINE_BYTES_MAX: usize = 16 << 10;

/// Largest packet of a client of the second front end.
#[cfg(feature = "opensrv")]
pub const CLIENT_PACKET_BYTES_MAX: usize = 64 << 20;

/// Bytes of a cursor's rows that are read back at once.
pub const CURSOR_READ_BYTES: usize = 256 << 10;

/// Bytes of the disk that the rows of all cursors of a node may take.
pub const CURSOR_SPILL_BYTES_MAX: u64 = 4 << 30;

/// Bytes of the disk that the temporary files of all statements of a node may take.
pub const SCRATCH_BYTES_MAX: u64 = 64 << 30;

/// Bytes of the data folder's disk that temporary files leave free.
pub const SCRATCH_DISK_LEFT_BYTES: u64 = 1 << 30;

/// Bytes that a temporary file grows by until it is seen again how much the disk has left.
pub const SCRATCH_CHECK_BYTES: u64 = 16 << 20;

/// Bytes of connection attributes that are kept of a connection (`performance_schema_session_connect_attrs_size`).
pub const CONNECT_ATTRIBUTES_KEPT_BYTES_MAX: usize = 512;

/// The engine is made durable once this many entries were brought to it since the last time: a node that crashed reads them again.
pub const CHECKPOINT_ENTRIES: u64 = 300_000;
/// The same, by bytes of keys and values.
pub const CHECKPOINT_BYTES: u64 = 64 << 20;

/// Keys written behind in one engine batch, at most. Their number follows the memory of the versions, ...
pub const FLUSH_KEYS_PER_STEP_MAX: usize = 256 << 10;
/// ... at least this many, ...
pub const FLUSH_KEYS_PER_STEP_MIN: usize = 4 << 10;
/// ... one for each of so many bytes. A batch takes about 200 bytes a key while it is written.
pub const FLUSH_STORE_BYTES_PER_KEY: usize = 3 << 10;

/// Stack of the threads that run sessions; parsing and planning nested expressions recurses, within bounds that need less than
/// 4 MiB in a development build and 1 MiB in a release. Only what is used takes memory.
pub const SESSION_STACK_BYTES: usize = 8 << 20;

/// How long sent bytes may stay unacknowledged on a link between nodes before it is given up.
pub const PEER_SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// Silence on a link between nodes before it is probed.
pub const PEER_KEEPALIVE_IDLE: Duration = Duration::from_secs(3);

/// Pause between two probes of a silent link between nodes.
pub const PEER_KEEPALIVE_INTERVAL: Duration = Duration::from_secs(1);

/// Unanswered probes after which a link between nodes is given up.
pub const PEER_KEEPALIVE_COUNT: u32 = 3;

/// Silence of a client before it is probed.
pub const CLIENT_KEEPALIVE_IDLE: Duration = Duration::from_secs(30);

/// Pause between two probes of a silent client.
pub const CLIENT_KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);

/// Unanswered probes after which a client is taken for gone: its transaction is rolled back.
pub const CLIENT_KEEPALIVE_COUNT: u32 = 4;

/// Connections from other nodes at once: three lanes from each of the largest cluster's members, and some that are on their way out.
pub const PEER_CONNECTIONS_MAX: usize = 1_024;

/// Pause before a peer that refused this node is called again.
pub const PEER_REFUSED_PAUSE: Duration = Duration::from_secs(2);

/// How long a link between nodes has nothing to send before it looks whether the other end is still there.
pub const PEER_IDLE_POLL: Duration = Duration::from_millis(50);

/// How often a link between nodes that waits for something looks whether it is to end.
pub const PEER_STOP_POLL: Duration = Duration::from_millis(500);

/// How often it is asked again whether a connected peer may still send.
pub const PEER_JUDGE_INTERVAL: Duration = Duration::from_secs(1);

/// Socket buffer of a reader of heartbeats, whose messages are small.
pub const PEER_HEARTBEAT_READ_BYTES: usize = 16 << 10;

/// Entries larger than this are handed to the socket where they are; smaller ones are copied together first.
pub const PEER_ZERO_COPY_BYTES_MIN: usize = 4 << 10;

/// Each kind of refusal between nodes is logged at most once in this time.
pub const PEER_REFUSED_LOG_INTERVAL: Duration = Duration::from_secs(60);

/// Snapshots for other nodes at once; each needs the disk space of the tables.
pub const SNAPSHOTS_SERVED_MAX: usize = 2;

/// How long a snapshot is kept for a node whose connection broke.
pub const SNAPSHOT_SPOOL_KEEP: Duration = Duration::from_secs(60);

/// How long nothing may come of a snapshot before another source is tried.
pub const SNAPSHOT_SILENCE_MAX: Duration = Duration::from_secs(20);

/// Tries with one source, without anything having come, before the next is asked.
pub const SNAPSHOT_TRIES_PER_SOURCE_MAX: u32 = 3;

/// Rounds through all sources, without anything having come, before a fetch is given up.
pub const SNAPSHOT_ROUNDS_MAX: u32 = 3;

/// Pause between two tries to get a snapshot.
pub const SNAPSHOT_RETRY_PAUSE: Duration = Duration::from_millis(500);

const _: () = assert!(PEER_ZERO_COPY_BYTES_MIN < APPEND_FRAME_BYTES_MAX);
const _: () = assert!(PEER_STOP_POLL.as_millis() <= PEER_JUDGE_INTERVAL.as_millis());
const _: () = assert!(SNAPSHOT_SILENCE_MAX.as_millis() < SNAPSHOT_SPOOL_KEEP.as_millis());

/// Connections of a node to the leader for its clients' statements, those that nobody uses at the moment included.
pub const FORWARDING_LINKS_MAX: usize = 1_024;

/// Such connections that are being made at the same time: each holds a thread, for a leader that hangs a few seconds.
pub const FORWARDING_CALLS_MAX: usize = 8;

/// Those of them that nobody uses and that are kept.
pub const FORWARDING_IDLE_LINKS_MAX: usize = 64;

/// How long one that nobody uses is good for.
pub const FORWARDING_IDLE_MAX: Duration = Duration::from_secs(30);

/// How long a statement that is to be forwarded waits for a leader, or for a connection to it.
pub const FORWARDING_WAIT: Duration = Duration::from_secs(5);

/// How long a leader that was replaced may take to say what became of a statement.
pub const FORWARDING_DEPOSED_WAIT: Duration = Duration::from_secs(3);

/// How often a node that waits for the leader's answer looks whether there is another one.
pub const FORWARDING_POLL: Duration = Duration::from_millis(250);

/// How long a statement that was killed may take to end before its connection to the leader is cut.
pub const FORWARDING_KILL_WAIT: Duration = Duration::from_secs(2);

/// Sessions of other nodes' clients on a leader.
pub const FORWARDED_SESSIONS_MAX: usize = 4_096;

/// Parts of an answer that wait for their way to the client's node.
pub const FORWARDED_EVENTS_MAX: usize = 2;

/// Statements that a forwarded connection keeps prepared.
pub const FORWARDED_PREPARED_MAX: usize = 128;

/// Bytes of a message about a statement: its text, its parameters, and its session's variables.
pub const FORWARDED_MESSAGE_BYTES_MAX: usize = 256 << 20;

/// Bytes of such a message in a frame.
pub const FORWARDED_PIECE_BYTES_MAX: usize = 4 << 20;

const _: () = assert!(FORWARDED_PIECE_BYTES_MAX < wire::limits::PEER_FRAME_PAYLOAD_BYTES_MAX);

/// Events that run at a time on a node; others wait for one to end.
pub const EVENTS_RUNNING_MAX: usize = 64;
/// How long the event scheduler sleeps at most while an event is waited for: a clock that is set is noticed then.
pub const EVENT_CLOCK_LOOK: Duration = Duration::from_secs(60);

/// Between two looks for ALTER TABLEs that an earlier leader has left.
pub const ONLINE_WATCH_INTERVAL: Duration = Duration::from_millis(200);
/// How often an ALTER TABLE that waits looks whether its leadership is over.
pub const ONLINE_TERM_POLL: Duration = Duration::from_millis(200);
/// Before an ALTER TABLE tries again what did not go.
pub const ONLINE_RETRY: Duration = Duration::from_millis(20);
/// How often a paused ALTER TABLE looks whether it is to go on.
pub const ONLINE_PAUSE_POLL: Duration = Duration::from_millis(100);
/// The longest rest of an ALTER TABLE between two batches.
pub const ONLINE_REST_MAX: Duration = Duration::from_secs(2);
/// How long the end of an ALTER TABLE first waits for the statements and transactions that use the table, with everybody who comes behind it; …
pub const ONLINE_END_PATIENCE: Duration = Duration::from_millis(50);
/// … and at the longest, after it has stepped back some times.
pub const ONLINE_END_PATIENCE_MAX: Duration = Duration::from_secs(10);
