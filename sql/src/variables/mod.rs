//! System variables: which there are, their session values, how SET changes them.
//!
//! The variables that statements read on their way are typed fields of [`SessionVariables`]; all others are in a table
//! (`registry.rs`, which says of each what it does here). Global values that were changed live with the
//! [`Host`](crate::execute::Host) and hold for the sessions that begin after it, as in MySQL. Left out: SET PERSIST, named
//! time zones, structured variables.

mod access;
mod carried;
pub mod character_set;
mod registry;
mod sql_mode;
mod time_zone;

#[cfg(test)]
mod tests;

pub use carried::{carried, restore};

pub use access::{
    activates_all_roles, assign, data_type, get, global_number, is_fixed_in_transaction, is_known,
    is_of_cluster, is_settable, iter_all, new_session, parse_isolation, set_global, set_names, set_session,
    shown_in_session,
};

/// What this server calls itself in the handshake and in `VERSION()`.
pub const VERSION: &str = "8.4.0-quorate";

/// Session values of system variables.
#[derive(Clone, Debug)]
pub struct SessionVariables {
    /// `sql_mode` as flags.
    pub sql_mode: SqlMode,
    /// `autocommit`.
    pub autocommit: bool,
    /// `transaction_isolation`.
    pub isolation: Isolation,
    /// `transaction_read_only`.
    pub transaction_read_only: bool,
    /// `time_zone`; SYSTEM is UTC.
    pub time_zone: crate::types::TimeZone,
    /// `max_error_count`.
    pub max_error_count: u64,
    /// `innodb_lock_wait_timeout`, seconds.
    pub innodb_lock_wait_timeout: u64,
    /// `lock_wait_timeout` (metadata locks), seconds.
    pub lock_wait_timeout: u64,
    /// `cte_max_recursion_depth`.
    pub cte_max_recursion_depth: u64,
    /// `sql_select_limit`.
    pub sql_select_limit: u64,
    /// `max_join_size`: what a query may cost unless there are `sql_big_selects`.
    pub max_join_size: u64,
    /// `sql_big_selects`.
    pub sql_big_selects: bool,
    /// `foreign_key_checks`.
    pub foreign_key_checks: bool,
    /// `sql_safe_updates`.
    pub sql_safe_updates: bool,
    /// `group_concat_max_len`, bytes.
    pub group_concat_max_len: u64,
    /// `div_precision_increment`.
    pub div_precision_increment: u8,
    /// `max_execution_time`, milliseconds, 0 for none.
    pub max_execution_time_ms: u64,
    /// `max_allowed_packet`, bytes.
    pub max_allowed_packet_bytes: u64,
    /// `auto_increment_increment` is always 1 and `auto_increment_offset` 1 (a single leader allocates).
    /// `insert_id`, 0 for none.
    pub insert_id: u64,
    /// `connection_memory_limit`: what the statements of the connection may keep in memory, bytes.
    pub connection_memory_limit: u64,
    /// `connection_memory_chunk_size`: the pieces it is counted in, bytes.
    pub connection_memory_chunk_size: u64,
    /// `global_connection_memory_tracking`: what the connection keeps counts for the node too.
    pub global_connection_memory_tracking: bool,
    /// `timestamp`: the time of every statement, microseconds since the epoch; none for the clock's.
    pub timestamp_us: Option<i64>,
    /// `collation_connection`.
    pub collation_connection: crate::types::Collation,
    /// `character_set_client`: what statements and parameters are in.
    pub character_set_client: crate::types::CharacterSet,
    /// `character_set_results`, with the collation that the definitions of columns name; none where texts go as they are.
    pub results: Option<crate::types::Collation>,
    /// `collation_server`: that of a database that is made without one.
    pub collation_server: crate::types::Collation,
    /// `collation_database`.
    pub collation_database: crate::types::Collation,
    /// `quorate_snapshot_conflict`: writing a row that changed since the transaction's snapshot is refused with 1213.
    pub snapshot_conflict: bool,
    /// `quorate_read_consistency`: what a read on this node must have seen.
    pub read_consistency: ReadConsistency,
    /// `quorate_write_forwarding`: what only the leader can run is run there, for a session elsewhere.
    pub write_forwarding: bool,
    /// `quorate_read_timeout`: how long a read waits for that, seconds.
    pub read_timeout_seconds: u64,
    /// `quorate_operation_memory`: what an operation of a statement keeps in memory before it goes on in a temporary file, bytes.
    pub operation_memory_bytes: usize,
    /// `wait_timeout`, seconds.
    pub wait_timeout: u64,
    /// `net_read_timeout`, seconds.
    pub net_read_timeout: u64,
    /// `net_write_timeout`, seconds.
    pub net_write_timeout: u64,
    /// `sql_notes`: notes are kept among the warnings.
    pub sql_notes: bool,
    /// Session values of all other settable variables, as the client gave them; lower-case names.
    pub others: std::collections::BTreeMap<String, crate::types::Value>,
}

impl SessionVariables {
    /// The session has another current database, of this collation.
    pub fn enter_database(&mut self, collation: crate::types::Collation) {
        self.collation_database = collation;
    }

    /// What a client speaks, by the collation's number of its handshake; a number that MySQL has not changes nothing.
    ///
    /// # Errors
    /// 1231 for a character set that clients cannot speak, 1235 for one that is not built.
    pub fn speak(&mut self, collation: u16) -> crate::Result<()> {
        let Some(collation) = crate::types::Collation::from_id(collation) else {
            return character_set::check_refused_id(collation);
        };
        if !collation.set().is_for_clients() {
            let set = collation.character_set();
            return Err(crate::Error::wrong_value_for_variable("character_set_client", set));
        }
        self.character_set_client = collation.set();
        self.collation_connection = collation;
        self.results = Some(collation);
        Ok(())
    }

    /// Whether `resultset_metadata` is NONE.
    #[must_use]
    pub fn omits_metadata(&self) -> bool {
        let word = self.others.get("resultset_metadata");
        matches!(word, Some(crate::types::Value::Text(word)) if &word[..] == b"NONE")
    }

    /// `character_set_database`, in which LOAD DATA reads files.
    #[must_use]
    pub fn character_set_database(&self) -> Option<&[u8]> {
        Some(self.collation_database.character_set().as_bytes())
    }
}

impl Default for SessionVariables {
    fn default() -> SessionVariables {
        SessionVariables {
            sql_mode: SqlMode::default(),
            autocommit: true,
            isolation: Isolation::default(),
            transaction_read_only: false,
            time_zone: crate::types::TimeZone::UTC,
            max_error_count: 1024,
            innodb_lock_wait_timeout: 50,
            lock_wait_timeout: 31_536_000,
            cte_max_recursion_depth: 1000,
            sql_select_limit: u64::MAX,
            max_join_size: u64::MAX,
            sql_big_selects: true,
            foreign_key_checks: true,
            sql_safe_updates: false,
            group_concat_max_len: 1024,
            div_precision_increment: 4,
            max_execution_time_ms: 0,
            max_allowed_packet_bytes: 64 << 20,
            insert_id: 0,
            connection_memory_limit: u64::MAX,
            connection_memory_chunk_size: 8192,
            global_connection_memory_tracking: false,
            timestamp_us: None,
            collation_connection: crate::types::Collation::default(),
            character_set_client: crate::types::CharacterSet::Utf8mb4,
            results: Some(crate::types::Collation::default()),
            collation_server: crate::types::Collation::default(),
            collation_database: crate::types::Collation::default(),
            snapshot_conflict: true,
            read_consistency: ReadConsistency::default(),
            write_forwarding: false,
            read_timeout_seconds: 10,
            operation_memory_bytes: crate::limits::OPERATION_BYTES_DEFAULT,
            wait_timeout: 28_800,
            net_read_timeout: 30,
            net_write_timeout: 60,
            sql_notes: true,
            others: std::collections::BTreeMap::new(),
        }
    }
}

/// Transaction isolation levels that are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Isolation {
    /// A snapshot a statement. READ UNCOMMITTED is this too.
    ReadCommitted,
    /// A snapshot a transaction.
    #[default]
    RepeatableRead,
    /// Locking reads, with locks on ranges; or one snapshot, for what only reads.
    Serializable,
}

/// `quorate_read_consistency`: what a read must have seen before it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ReadConsistency {
    /// [`ReadConsistency::Strong`] on the leader, [`ReadConsistency::Session`] elsewhere.
    Auto,
    /// Whatever the node has.
    Eventual,
    /// What this session has read and written before.
    Session,
    /// Everything that was acknowledged, on any node, before the read began.
    #[default]
    Strong,
}

impl ReadConsistency {
    /// All levels, in the order of the variable's numbers.
    pub const ALL: [ReadConsistency; 4] =
        [ReadConsistency::Auto, ReadConsistency::Eventual, ReadConsistency::Session, ReadConsistency::Strong];

    /// The word that the variable has for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ReadConsistency::Auto => "AUTO",
            ReadConsistency::Eventual => "EVENTUAL",
            ReadConsistency::Session => "SESSION",
            ReadConsistency::Strong => "STRONG",
        }
    }

    /// The level of Group Replication that promises as much, or the next lower one.
    #[must_use]
    pub const fn group_name(self) -> &'static str {
        match self {
            ReadConsistency::Eventual => "EVENTUAL",
            ReadConsistency::Auto | ReadConsistency::Session => "BEFORE_ON_PRIMARY_FAILOVER",
            ReadConsistency::Strong => "BEFORE",
        }
    }

    /// The level that keeps what a level of Group Replication promises; none for those of which the waiting is on the writer's side.
    #[must_use]
    pub fn of_group(name: &str) -> Option<ReadConsistency> {
        match name {
            "EVENTUAL" => Some(ReadConsistency::Eventual),
            "BEFORE_ON_PRIMARY_FAILOVER" => Some(ReadConsistency::Auto),
            "BEFORE" => Some(ReadConsistency::Strong),
            _ => None,
        }
    }

    /// The level of this name, in any case of letters.
    #[must_use]
    pub fn parse(name: &str) -> Option<ReadConsistency> {
        ReadConsistency::ALL.into_iter().find(|level| level.name().eq_ignore_ascii_case(name))
    }
}

/// `sql_mode` as a set of flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqlMode(pub u64);

impl SqlMode {
    /// STRICT_TRANS_TABLES or STRICT_ALL_TABLES.
    pub const STRICT: u64 = 1;
    /// ONLY_FULL_GROUP_BY.
    pub const ONLY_FULL_GROUP_BY: u64 = 1 << 1;
    /// NO_ZERO_IN_DATE.
    pub const NO_ZERO_IN_DATE: u64 = 1 << 2;
    /// NO_ZERO_DATE.
    pub const NO_ZERO_DATE: u64 = 1 << 3;
    /// ERROR_FOR_DIVISION_BY_ZERO.
    pub const ERROR_FOR_DIVISION_BY_ZERO: u64 = 1 << 4;
    /// NO_ENGINE_SUBSTITUTION.
    pub const NO_ENGINE_SUBSTITUTION: u64 = 1 << 5;
    /// ANSI_QUOTES.
    pub const ANSI_QUOTES: u64 = 1 << 6;
    /// PIPES_AS_CONCAT.
    pub const PIPES_AS_CONCAT: u64 = 1 << 7;
    /// NO_BACKSLASH_ESCAPES.
    pub const NO_BACKSLASH_ESCAPES: u64 = 1 << 8;
    /// NO_AUTO_VALUE_ON_ZERO.
    pub const NO_AUTO_VALUE_ON_ZERO: u64 = 1 << 9;
    /// NO_UNSIGNED_SUBTRACTION.
    pub const NO_UNSIGNED_SUBTRACTION: u64 = 1 << 10;
    /// HIGH_NOT_PRECEDENCE.
    pub const HIGH_NOT_PRECEDENCE: u64 = 1 << 11;
    /// IGNORE_SPACE.
    pub const IGNORE_SPACE: u64 = 1 << 12;
    /// REAL_AS_FLOAT.
    pub const REAL_AS_FLOAT: u64 = 1 << 13;
    /// ALLOW_INVALID_DATES.
    pub const ALLOW_INVALID_DATES: u64 = 1 << 14;
    /// PAD_CHAR_TO_FULL_LENGTH.
    pub const PAD_CHAR_TO_FULL_LENGTH: u64 = 1 << 15;
    /// TIME_TRUNCATE_FRACTIONAL.
    pub const TIME_TRUNCATE_FRACTIONAL: u64 = 1 << 16;
    /// TRADITIONAL.
    pub const TRADITIONAL: u64 = 1 << 17;
    /// ANSI.
    pub const ANSI: u64 = 1 << 18;
    /// STRICT_ALL_TABLES as such (STRICT is set too).
    pub const STRICT_ALL_TABLES: u64 = 1 << 19;
    /// STRICT_TRANS_TABLES as such (STRICT is set too).
    pub const STRICT_TRANS_TABLES: u64 = 1 << 20;
    /// NO_DIR_IN_CREATE, which changes nothing: there are no table directories.
    pub const NO_DIR_IN_CREATE: u64 = 1 << 21;

    /// Whether all of `flags` are set.
    #[must_use]
    pub fn has(self, flags: u64) -> bool {
        self.0 & flags == flags
    }
}
