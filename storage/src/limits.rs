//! Every bound of this crate, by part. Sizes are in bytes unless the name says otherwise.

// ---------------------------------------------------------------------------------------------------------
// Disk and log
// ---------------------------------------------------------------------------------------------------------

/// How much of a lock file is read to name its owner.
pub const LOCK_FILE_BYTES_MAX: u64 = 64;

/// The size of a log segment unless it is configured.
pub const LOG_SEGMENT_BYTES_DEFAULT: u64 = 64 << 20;
/// The smallest size of a log segment that may be configured.
pub const LOG_SEGMENT_BYTES_MIN: u64 = 16 << 10;
/// The largest size of a log segment that may be configured.
pub const LOG_SEGMENT_BYTES_MAX: u64 = 1 << 30;
/// The largest payload of one log record.
pub const LOG_RECORD_BYTES_MAX: usize = 64 << 20;
/// A batch is written and synced before the next record would make it larger than this; only a batch of one
/// record may be larger.
pub const LOG_BATCH_BYTES_MAX: usize = 8 << 20;
/// The write buffer is given back to the allocator after a batch larger than this.
pub const LOG_BATCH_BYTES_KEPT: usize = 2 << 20;
/// How far zeros are written ahead of the log's end: writing into blocks that were written before makes
/// `fdatasync` about a third cheaper than writing into blocks that are only allocated.
pub const LOG_ZERO_AHEAD_BYTES: u64 = 256 << 10;
/// One entry of the sparse index covers about this much of a segment.
pub const LOG_INDEX_EVERY_BYTES: u64 = 64 << 10;
/// How much of a segment a reader fetches at once, at least.
pub const LOG_READ_AHEAD_BYTES: usize = 256 << 10;
/// How much of a segment a reader fetches at once, at most, unless one record is larger.
pub const LOG_READ_AHEAD_BYTES_MAX: usize = 4 << 20;
/// No index of a log is as large as this: room for counting on without an overflow.
pub const LOG_INDEX_MAX: u64 = 1 << 62;
/// The payload bytes that the ring of recent records keeps unless it is configured.
pub const LOG_RING_BYTES_DEFAULT: usize = 32 << 20;
/// The records that the ring of recent records keeps unless it is configured.
pub const LOG_RING_ENTRIES_DEFAULT: usize = 64 << 10;

const _: () = {
    // A leaf that was just loaded can be joined with another.
    assert!(LEAF_LOAD_ROWS <= LEAF_ROWS_MAX);
    assert!(LEAF_BYTES_MAX <= LEAF_BYTES_HUGE);
    assert!(LOG_SEGMENT_BYTES_MIN <= LOG_SEGMENT_BYTES_DEFAULT);
    assert!(LOG_SEGMENT_BYTES_DEFAULT <= LOG_SEGMENT_BYTES_MAX);
    assert!(LOG_BATCH_BYTES_KEPT <= LOG_BATCH_BYTES_MAX);
    // Lengths and batch sizes are 32 bits on disk.
    assert!((LOG_BATCH_BYTES_MAX + LOG_RECORD_BYTES_MAX) as u64 + LOG_SEGMENT_BYTES_MAX < u32::MAX as u64);
    assert!(LOG_READ_AHEAD_BYTES <= LOG_READ_AHEAD_BYTES_MAX);
    assert!(LOG_INDEX_EVERY_BYTES <= LOG_READ_AHEAD_BYTES as u64);
};

// ---------------------------------------------------------------------------------------------------------
// Entries
// ---------------------------------------------------------------------------------------------------------

/// The largest entry of a transaction: it is one log record.
pub const ENTRY_BYTES_MAX: usize = LOG_RECORD_BYTES_MAX;

// ---- The engine and the versioned store ------------------------------------------------------------------

/// Default bound of sled's page cache, in bytes as sled counts them.
pub const SLED_CACHE_BYTES_DEFAULT: u64 = 48 << 20;
/// How long opening a store of sled waits for one that was closed in this process.
pub const SLED_LOCK_WAIT: std::time::Duration = std::time::Duration::from_secs(2);
/// Size of a segment of sled's log, in bytes; sled keeps a few buffers of this size in memory.
pub const SLED_SEGMENT_BYTES: usize = 512 << 10;

/// Default bound of the page cache of the other engines, in bytes.
pub const ENGINE_CACHE_BYTES_DEFAULT: u64 = 64 << 20;
/// Rows after which a scan of redb's goes on in the newest state: about a millisecond's work.
pub const REDB_SCAN_ROWS_MAX: usize = 4096;
/// Keys that redb removes in one transaction when a range is deleted.
pub const ENGINE_DELETE_KEYS_MAX: usize = 4096;
/// The longest key that fjall's trees take, in bytes.
pub const FJALL_KEY_BYTES_MAX: usize = u16::MAX as usize;
/// Size at which fjall's memtable is written out, in bytes as the tree counts them.
pub const FJALL_MEMTABLE_BYTES: u64 = 32 << 20;
/// A batch with at least so many bytes of keys and values becomes a table of fjall's at once.
pub const FJALL_SORTED_BYTES_MIN: usize = 1 << 20;
/// Size of fjall's sorted tables, in bytes.
pub const FJALL_TABLE_BYTES: u64 = 32 << 20;
/// Tables of fjall's that overlap, which each read that no leaf answers has to look into, before they are merged.
pub const FJALL_UNSORTED_TABLES_MAX: u8 = 8;
/// Merges of fjall's tables that one batch waits for.
pub const FJALL_MERGES_MAX: usize = 8;

/// Of the memory for an engine's cache, this part is for the pages or blocks of the engine itself; the rest is for leaves.
pub const ENGINE_BLOCKS_DIVISOR: u64 = 8;
/// The least an engine itself gets for its pages or blocks, in bytes.
pub const ENGINE_BLOCKS_BYTES_MIN: u64 = 8 << 20;
/// Separately locked parts of the cache of leaves.
pub const LEAF_SHARD_COUNT: usize = 64;
/// Rows that are read from the engine to make a leaf.
pub const LEAF_LOAD_ROWS: usize = 64;
/// Rows of a leaf; with more it is cut.
pub const LEAF_ROWS_MAX: usize = 128;
/// Keys and values of a leaf, in bytes; with more it is cut, unless it is one row.
pub const LEAF_BYTES_MAX: usize = 16 << 10;
/// A leaf with more bytes than this, which is one row, is not kept.
pub const LEAF_BYTES_HUGE: usize = 1 << 20;
/// What a leaf costs beside its rows, in bytes, for the cache's bound.
pub const LEAF_OVERHEAD_BYTES: usize = 192;
/// One of so many reads of a single key that no leaf has makes a leaf.
pub const LEAF_LOAD_EVERY: u32 = 16;
/// A leaf that the writer has made anew so often, with no reader between, is dropped.
pub const LEAF_IDLE_WRITES_MAX: u8 = 8;
/// Places of leaves that are gone, beyond as many as there are leaves, that the clock may have.
pub const LEAF_QUEUE_SLACK: usize = 1024;

/// Default bound of the memory that versions take, in bytes. At the bound, new transactions have to wait.
pub const STORE_MEMORY_BYTES_MAX_DEFAULT: usize = 192 << 20;
/// The least bound a store may be opened with, in bytes: below it, it would do nothing but push back.
pub const STORE_MEMORY_BYTES_MAX_LEAST: usize = 64 << 10;
/// Write-behind is wanted once versions take this part of their memory bound.
pub const FLUSH_WANTED_DIVISOR: usize = 4;
/// Write-behind is urgent, and an old snapshot no longer holds it back, once versions take this part of their
/// memory bound.
pub const FLUSH_URGENT_DIVISOR: usize = 2;
/// History, the versions kept only for old snapshots, may take this part of the memory bound; past it the
/// oldest snapshot is given up.
pub const HISTORY_DIVISOR: usize = 2;
/// Write-behind is wanted once the engine is this many log entries behind the watermark, which bounds the replay
/// after a crash.
pub const FLUSH_LAG_ENTRIES_MAX: u64 = 300_000;
/// Bytes of keys and values in one step of write-behind.
pub const FLUSH_STEP_BYTES_MAX: usize = 16 << 20;
/// Keys removed from memory in one hold of a lock after they were written behind.
pub const FLUSH_REMOVE_KEYS_MAX: usize = 64;
/// Keys looked at in one hold of a lock by write-behind.
pub const FLUSH_WALK_KEYS_MAX: usize = 256;
/// Versions installed in one hold of a lock, when a batch of entries is.
pub const INSTALL_HELD_MUTATIONS_MAX: usize = 256;
/// Number of separately locked parts of the versions in memory.
pub const STORE_SHARD_COUNT: usize = 64;
/// Rows of memory that a scan copies under the lock at first.
pub const SCAN_CHUNK_ROWS_MIN: usize = 32;
/// Rows of memory that a long scan copies under the lock at a time.
pub const SCAN_CHUNK_ROWS_MAX: usize = 512;
/// A key's older versions are pruned while a transaction is installed when there are this many, and then each time
/// their number has doubled.
pub const CHAIN_PRUNE_VERSIONS_MIN: usize = 16;
/// What one version costs beside its value, in bytes, for the memory bound.
pub const VERSION_OVERHEAD_BYTES: usize = 48;
/// What one key in memory costs beside the key and its versions, in bytes, for the memory bound.
pub const CHAIN_OVERHEAD_BYTES: usize = 80;
/// Committed transactions in parts that wait for older snapshots before they are merged; with more, they are merged past
/// them.
pub const OVERLAYS_WAITING_MAX: usize = 4;
/// Truncations of pending versions that are remembered one by one; who asks about an older one is told that what
/// it saw is gone.
pub const TRUNCATIONS_REMEMBERED_MAX: usize = 1024;

const _: () = assert!(FLUSH_WANTED_DIVISOR > FLUSH_URGENT_DIVISOR && FLUSH_URGENT_DIVISOR > 1);
const _: () = assert!(STORE_SHARD_COUNT.is_power_of_two());
const _: () = assert!(SCAN_CHUNK_ROWS_MIN <= SCAN_CHUNK_ROWS_MAX);

// ---- Transactions in parts -------------------------------------------------------------------------------

/// Versions of a key that a staged row holds: the newest, and what savepoints may bring back.
pub const STAGED_VERSIONS_MAX: usize = 255;
/// What one write of a transaction, or one change of it that can be undone, takes in memory beside its key and value, in bytes, about.
pub const WRITE_OVERHEAD_BYTES: usize = 64;
/// Keys and values in one part of a transaction, in bytes, about: small enough that small transactions are not held up behind
/// it in the log and on the wire.
pub const PART_BYTES: usize = 1 << 20;

/// Index ids from here on are of temporary tables: their keys are a session's own, and never in the log nor the store.
pub const TEMPORARY_INDEX_ID_MIN: u32 = 0xF000_0000;
/// Index ids from here on are of no table: the keys of locks begin with them.
pub const TEMPORARY_INDEX_ID_END: u32 = 0xFF00_0000;
/// Rows of temporary tables that a scan takes at a time, in bytes, about.
pub const TEMPORARY_SCAN_BYTES: usize = 8 << 10;

// ---- Snapshots of the store ------------------------------------------------------------------------------

/// A chunk of a snapshot takes no further pair once its pairs have this many bytes.
pub const SNAPSHOT_CHUNK_BYTES_MAX: usize = 1 << 20;
/// No key and no value of a snapshot is larger: both came through one log record.
pub const SNAPSHOT_PAIR_PART_BYTES_MAX: usize = ENTRY_BYTES_MAX;
/// Rows that a replacement writes or removes in one batch, unless they are of one chunk.
pub const REPLACE_BATCH_KEYS_MAX: usize = 4096;
/// The least length of a key of the store: the index id.
pub const KEY_BYTES_MIN: usize = 4;

// Lengths within a chunk are 32 bits.
const _: () = assert!((SNAPSHOT_CHUNK_BYTES_MAX + 2 * SNAPSHOT_PAIR_PART_BYTES_MAX) < u32::MAX as usize);

// ---- Locks and transactions ------------------------------------------------------------------------------

/// Number of separately locked parts of the lock table.
pub const LOCK_SHARD_COUNT: usize = 64;
/// Room for so many locks is kept in a part of the lock table when they are released.
pub const LOCK_SHARD_KEPT_MIN: usize = 1024;
/// Locks that one transaction may hold. Each takes about 130 bytes.
pub const LOCKS_PER_TRANSACTION_MAX: usize = 3_000_000;
/// Locks that a transaction looks through one by one before it keeps a hash table of them.
pub const LOCKS_LISTED_MAX: usize = 16;
/// Number of separately locked parts of the list of transactions that write.
pub const WRITER_SHARD_COUNT: usize = 64;
/// Keys that are noted one by one of a transaction that writes; past this, the span of them in each index is.
pub const WRITER_KEYS_MAX: usize = 64;
/// Number of separately locked parts of the range locks; an index is in one of them.
pub const RANGE_SHARD_COUNT: usize = 16;
/// Bytes at the beginning of a key that name its index. A range that is locked is of one index.
pub const RANGE_INDEX_BYTES: usize = 4;
/// How often a transaction waits for the writers in a range before it keeps new ones out meanwhile.
pub const RANGE_WAITS_MAX: u32 = 4;

const _: () = assert!(LOCK_SHARD_COUNT.is_power_of_two());
