//! The system variables there are: scope, type, default, and what each does here.
//!
//! | effect | meaning |
//! |---|---|
//! | [`Effect::Acts`] | read by the server where MySQL reads it; a typed field of [`SessionVariables`](super::SessionVariables) or state of the session |
//! | [`Effect::Hint`] | cannot change any answer here (sizes of buffers, optimizer knobs); kept and shown |
//! | [`Effect::Only`] | would have to act but does not: setting it to anything else than the default is refused (1235) |
//! | [`Effect::Fixed`] | a fact of this server, read only (1238) |
//! | [`Effect::Host`] | a fact that only the node knows, read only |
//! | [`Effect::Cluster`] | kept in the catalog, the same on all nodes: SET is a statement for the leader, whom [`super::is_of_cluster`] tells |
//!
//! Variables of MySQL that describe parts that do not exist here (InnoDB's pages, MyISAM, the binary log's caches, plugins)
//! are not listed, so that nothing is shown that is not so; reading them is error 1193.

/// Where a variable has values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Global,
    Session,
    Both,
}

/// A variable's type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Bool,
    /// Unsigned integer from..=to, in steps of the third.
    Unsigned(u64, u64, u64),
    /// Double, with its bounds.
    Double(f64, f64),
    /// One of these words, or its number.
    Enum(&'static [&'static str]),
    Text,
    SqlMode,
    TimeZone,
    /// A locale's name or number.
    Locale,
    /// A character set that clients and results may have.
    CharacterSet,
    Collation,
}

/// What a variable does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Acts,
    Hint,
    Only,
    Fixed,
    Host,
    Cluster,
}

/// One variable.
#[derive(Debug)]
pub(super) struct Variable {
    pub name: &'static str,
    pub scope: Scope,
    pub kind: Kind,
    /// As SHOW VARIABLES prints it.
    pub default: &'static str,
    pub effect: Effect,
}

const fn variable(
    name: &'static str,
    scope: Scope,
    kind: Kind,
    default: &'static str,
    effect: Effect,
) -> Variable {
    Variable { name, scope, kind, default, effect }
}

use Effect::{Acts, Cluster, Fixed, Hint, Host, Only};
use Kind::{Bool, CharacterSet, Collation, Double, Enum, Locale, Text, TimeZone, Unsigned};
use Scope::{Both, Global, Session};

/// What MySQL 8.4 tracks unless it is told otherwise.
const TRACKED_VARIABLES: &str =
    "time_zone,autocommit,character_set_client,character_set_results,character_set_connection";
const U32: u64 = u32::MAX as u64;
const MAX: u64 = u64::MAX;
/// A size whose bound does not matter.
const SIZE: Kind = Unsigned(0, MAX, 1);

const ISOLATION: Kind = Enum(&["READ-UNCOMMITTED", "READ-COMMITTED", "REPEATABLE-READ", "SERIALIZABLE"]);
const ENGINE: Kind = Enum(&["InnoDB"]);
/// The levels that Group Replication has, in its order. Two of them have a commit wait for all members; `access.rs` refuses them.
const GROUP_CONSISTENCY: Kind =
    Enum(&["EVENTUAL", "BEFORE_ON_PRIMARY_FAILOVER", "BEFORE", "AFTER", "BEFORE_AND_AFTER"]);
const READ_CONSISTENCY: Kind = Enum(&["AUTO", "EVENTUAL", "SESSION", "STRONG"]);
/// In MySQL's order, which numbers mean.
const ENCRYPTION_MODE: Kind = Enum(&[
    "aes-128-ecb",
    "aes-192-ecb",
    "aes-256-ecb",
    "aes-128-cbc",
    "aes-192-cbc",
    "aes-256-cbc",
    "aes-128-cfb1",
    "aes-192-cfb1",
    "aes-256-cfb1",
    "aes-128-cfb8",
    "aes-192-cfb8",
    "aes-256-cfb8",
    "aes-128-cfb128",
    "aes-192-cfb128",
    "aes-256-cfb128",
    "aes-128-ofb",
    "aes-192-ofb",
    "aes-256-ofb",
]);
const OFF_ON: Kind = Enum(&["OFF", "ON"]);
const OPTIMIZER_SWITCH: &str = "index_merge=on,index_merge_union=on,index_merge_sort_union=on,index_merge_intersection=on,\
engine_condition_pushdown=on,index_condition_pushdown=on,mrr=on,mrr_cost_based=on,block_nested_loop=on,\
batched_key_access=off,materialization=on,semijoin=on,loosescan=on,firstmatch=on,duplicateweedout=on,\
subquery_materialization_cost_based=on,use_index_extensions=on,condition_fanout_filter=on,derived_merge=on,\
use_invisible_indexes=off,skip_scan=on,hash_join=on,subquery_to_derived=off,prefer_ordering_index=on,\
hypergraph_optimizer=off,derived_condition_pushdown=on,hash_set_operations=on";
/// `sql_mode` unless set.
pub(super) const SQL_MODE: &str = "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";

/// Ascending by name.
pub(super) static VARIABLES: &[Variable] = &[
    variable("activate_all_roles_on_login", Global, Bool, "OFF", Acts),
    variable("authentication_policy", Global, Text, "*,,", Fixed),
    variable("auto_increment_increment", Both, Unsigned(1, 65_535, 1), "1", Only),
    variable("auto_increment_offset", Both, Unsigned(1, 65_535, 1), "1", Only),
    variable("autocommit", Both, Bool, "ON", Acts),
    variable("big_tables", Both, Bool, "OFF", Hint),
    variable("binlog_format", Both, Enum(&["MIXED", "STATEMENT", "ROW"]), "ROW", Only),
    variable("binlog_row_image", Both, Enum(&["MINIMAL", "NOBLOB", "FULL"]), "FULL", Only),
    variable("block_encryption_mode", Both, ENCRYPTION_MODE, "aes-128-ecb", Acts),
    variable("bulk_insert_buffer_size", Both, SIZE, "8388608", Hint),
    variable("caching_sha2_password_auto_generate_rsa_keys", Global, Bool, "ON", Fixed),
    variable("caching_sha2_password_digest_rounds", Global, Unsigned(5_000, 4_095_000, 1), "5000", Fixed),
    variable("caching_sha2_password_private_key_path", Global, Text, "private_key.pem", Fixed),
    variable("caching_sha2_password_public_key_path", Global, Text, "public_key.pem", Fixed),
    variable("character_set_client", Both, CharacterSet, "utf8mb4", Acts),
    variable("character_set_connection", Both, CharacterSet, "utf8mb4", Acts),
    variable("character_set_database", Both, CharacterSet, "utf8mb4", Acts),
    variable("character_set_filesystem", Both, CharacterSet, "binary", Only),
    variable("character_set_results", Both, CharacterSet, "utf8mb4", Acts),
    variable("character_set_server", Both, CharacterSet, "utf8mb4", Acts),
    variable("character_set_system", Global, Text, "utf8mb3", Fixed),
    variable("collation_connection", Both, Collation, "utf8mb4_0900_ai_ci", Acts),
    variable("collation_database", Both, Collation, "utf8mb4_0900_ai_ci", Acts),
    variable("collation_server", Both, Collation, "utf8mb4_0900_ai_ci", Acts),
    variable("completion_type", Both, Enum(&["NO_CHAIN", "CHAIN", "RELEASE"]), "NO_CHAIN", Only),
    variable("connect_timeout", Global, Unsigned(2, 31_536_000, 1), "10", Acts),
    variable("connection_memory_chunk_size", Both, Unsigned(1, 536_870_912, 1), "8192", Acts),
    variable("connection_memory_limit", Both, Unsigned(2_097_152, MAX, 1), "18446744073709551615", Acts),
    variable("consensus_election_timeout", Global, Unsigned(0, MAX, 1), "", Host),
    variable("consensus_heartbeat_interval", Global, Unsigned(0, MAX, 1), "", Host),
    variable("cte_max_recursion_depth", Both, Unsigned(0, U32, 1), "1000", Acts),
    variable("datadir", Global, Text, "", Host),
    variable("default_collation_for_utf8mb4", Both, Collation, "utf8mb4_0900_ai_ci", Only),
    variable("default_password_lifetime", Global, Unsigned(0, 65_535, 1), "0", Acts),
    variable("default_storage_engine", Both, ENGINE, "InnoDB", Only),
    variable("default_table_encryption", Both, Bool, "OFF", Only),
    variable("default_tmp_storage_engine", Both, ENGINE, "InnoDB", Only),
    variable("default_week_format", Both, Unsigned(0, 7, 1), "0", Acts),
    variable("disabled_storage_engines", Global, Text, "", Fixed),
    variable("disconnect_on_expired_password", Global, Bool, "ON", Fixed),
    variable("div_precision_increment", Both, Unsigned(0, 30, 1), "4", Acts),
    variable("end_markers_in_json", Both, Bool, "OFF", Hint),
    variable("enforce_gtid_consistency", Global, Enum(&["OFF", "ON", "WARN"]), "ON", Only),
    variable("eq_range_index_dive_limit", Both, Unsigned(0, U32, 1), "200", Hint),
    variable("error_count", Session, Unsigned(0, MAX, 1), "0", Fixed),
    variable("event_scheduler", Global, Enum(&["OFF", "ON"]), "ON", Acts),
    variable("explain_format", Both, Enum(&["TRADITIONAL", "JSON", "TREE"]), "TRADITIONAL", Only),
    variable("explicit_defaults_for_timestamp", Both, Bool, "ON", Only),
    variable("foreign_key_checks", Both, Bool, "ON", Acts),
    variable("general_log", Global, Bool, "OFF", Only),
    variable(
        "global_connection_memory_limit",
        Global,
        Unsigned(16_777_216, MAX, 1),
        "18446744073709551615",
        Acts,
    ),
    variable("global_connection_memory_tracking", Both, Bool, "OFF", Acts),
    variable("group_concat_max_len", Both, Unsigned(4, MAX, 1), "1024", Acts),
    variable("group_replication_consistency", Both, GROUP_CONSISTENCY, "BEFORE", Acts),
    variable("group_replication_group_name", Global, Text, "", Host),
    variable("group_replication_single_primary_mode", Global, Bool, "ON", Fixed),
    variable("gtid_executed", Global, Text, "", Host),
    variable("gtid_mode", Global, Enum(&["OFF", "OFF_PERMISSIVE", "ON_PERMISSIVE", "ON"]), "OFF", Only),
    variable("gtid_next", Session, Text, "AUTOMATIC", Only),
    variable("gtid_owned", Both, Text, "", Fixed),
    variable("gtid_purged", Global, Text, "", Cluster),
    variable("have_compress", Global, Text, "YES", Fixed),
    variable("have_profiling", Global, Text, "NO", Fixed),
    variable("have_query_cache", Global, Text, "NO", Fixed),
    variable("have_statement_timeout", Global, Text, "YES", Fixed),
    variable("histogram_generation_max_mem_size", Both, SIZE, "20000000", Hint),
    variable("host_cache_size", Global, Unsigned(0, 65_536, 1), "0", Fixed),
    variable("hostname", Global, Text, "", Host),
    variable("identity", Session, Unsigned(0, MAX, 1), "0", Acts),
    variable("information_schema_stats_expiry", Both, Unsigned(0, 31_536_000, 1), "86400", Hint),
    variable("init_connect", Global, Text, "", Only),
    variable("innodb_autoinc_lock_mode", Global, Unsigned(0, 2, 1), "2", Fixed),
    variable("innodb_deadlock_detect", Global, Bool, "ON", Only),
    variable("innodb_flush_log_at_trx_commit", Global, Unsigned(0, 2, 1), "1", Only),
    variable("innodb_lock_wait_timeout", Both, Unsigned(1, 1_073_741_824, 1), "50", Acts),
    variable("innodb_read_only", Global, Bool, "OFF", Fixed),
    variable("innodb_rollback_on_timeout", Global, Bool, "OFF", Fixed),
    variable("innodb_stats_auto_recalc", Global, Bool, "ON", Hint),
    variable("innodb_stats_on_metadata", Global, Bool, "OFF", Hint),
    variable("innodb_strict_mode", Both, Bool, "ON", Hint),
    variable("innodb_table_locks", Both, Bool, "ON", Hint),
    variable("insert_id", Session, Unsigned(0, MAX, 1), "0", Acts),
    variable("interactive_timeout", Both, Unsigned(1, 31_536_000, 1), "28800", Acts),
    variable("internal_tmp_mem_storage_engine", Both, Enum(&["MEMORY", "TempTable"]), "TempTable", Hint),
    variable("join_buffer_size", Both, Unsigned(128, MAX, 128), "262144", Hint),
    variable("key_buffer_size", Global, SIZE, "8388608", Hint),
    variable("last_insert_id", Session, Unsigned(0, MAX, 1), "0", Acts),
    variable("lc_messages", Both, Text, "en_US", Only),
    variable("lc_time_names", Both, Locale, "en_US", Acts),
    variable("license", Global, Text, "Apache-2.0", Fixed),
    variable("local_infile", Global, Bool, "OFF", Acts),
    variable("lock_wait_timeout", Both, Unsigned(1, 31_536_000, 1), "31536000", Acts),
    variable("log_bin", Global, Bool, "OFF", Fixed),
    variable("log_bin_trust_function_creators", Global, Bool, "OFF", Hint),
    variable("long_query_time", Both, Double(0.0, 31_536_000.0), "10.000000", Hint),
    variable("low_priority_updates", Both, Bool, "OFF", Hint),
    variable("lower_case_file_system", Global, Bool, "OFF", Fixed),
    variable("lower_case_table_names", Global, Unsigned(0, 2, 1), "0", Fixed),
    variable("mandatory_roles", Global, Text, "", Only),
    variable("max_allowed_packet", Both, Unsigned(1024, 1_073_741_824, 1024), "67108864", Acts),
    variable("max_connect_errors", Global, Unsigned(1, MAX, 1), "100", Fixed),
    variable("max_connections", Global, Unsigned(1, 100_000, 1), "", Host),
    variable("max_error_count", Both, Unsigned(0, 65_535, 1), "1024", Acts),
    variable("max_execution_time", Both, Unsigned(0, U32, 1), "0", Acts),
    variable("max_heap_table_size", Both, Unsigned(16_384, MAX, 1024), "16777216", Hint),
    variable("max_join_size", Both, Unsigned(1, MAX, 1), "18446744073709551615", Acts),
    variable("max_length_for_sort_data", Both, Unsigned(4, 8_388_608, 1), "4096", Hint),
    variable("max_prepared_stmt_count", Global, Unsigned(0, 4_194_304, 1), "16382", Acts),
    variable("max_seeks_for_key", Both, Unsigned(1, MAX, 1), "18446744073709551615", Hint),
    variable("max_sort_length", Both, Unsigned(4, 8_388_608, 1), "1024", Hint),
    variable("max_sp_recursion_depth", Both, Unsigned(0, 255, 1), "0", Hint),
    variable("max_user_connections", Both, Unsigned(0, U32, 1), "0", Only),
    variable("min_examined_row_limit", Both, SIZE, "0", Hint),
    variable("net_buffer_length", Both, Unsigned(1024, 1_048_576, 1024), "16384", Hint),
    variable("net_read_timeout", Both, Unsigned(1, 31_536_000, 1), "30", Acts),
    variable("net_retry_count", Both, Unsigned(1, MAX, 1), "10", Hint),
    variable("net_write_timeout", Both, Unsigned(1, 31_536_000, 1), "60", Acts),
    variable("offline_mode", Global, Bool, "OFF", Only),
    variable("old_alter_table", Both, Bool, "OFF", Hint),
    variable("optimizer_prune_level", Both, Unsigned(0, 1, 1), "1", Hint),
    variable("optimizer_search_depth", Both, Unsigned(0, 62, 1), "62", Hint),
    variable("optimizer_switch", Both, Text, OPTIMIZER_SWITCH, Hint),
    variable("optimizer_trace", Both, Text, "enabled=off,one_line=off", Only),
    variable("partial_revokes", Global, Bool, "OFF", Only),
    variable("password_history", Global, Unsigned(0, U32, 1), "0", Acts),
    variable("password_require_current", Global, Bool, "OFF", Acts),
    variable("password_reuse_interval", Global, Unsigned(0, U32, 1), "0", Acts),
    variable("performance_schema", Global, Bool, "OFF", Fixed),
    variable(
        "performance_schema_session_connect_attrs_size",
        Global,
        Unsigned(0, 1_048_576, 1),
        "512",
        Fixed,
    ),
    variable("port", Global, Unsigned(0, 65_535, 1), "", Host),
    variable("preload_buffer_size", Both, SIZE, "32768", Hint),
    variable("print_identified_with_as_hex", Both, Bool, "OFF", Hint),
    variable("profiling", Both, Bool, "OFF", Only),
    variable("profiling_history_size", Both, Unsigned(0, 100, 1), "15", Hint),
    variable("protocol_compression_algorithms", Global, Text, "zlib,zstd,uncompressed", Acts),
    variable("protocol_version", Global, Unsigned(10, 10, 1), "10", Fixed),
    variable("pseudo_replica_mode", Session, Bool, "OFF", Only),
    variable("pseudo_slave_mode", Session, Bool, "OFF", Only),
    variable("pseudo_thread_id", Session, Unsigned(0, MAX, 1), "0", Fixed),
    variable("query_alloc_block_size", Both, Unsigned(1024, U32, 1024), "8192", Hint),
    variable("query_prealloc_size", Both, Unsigned(8192, MAX, 1024), "8192", Hint),
    variable("quorate_alter_throttle_percent", Global, Unsigned(0, 100, 1), "75", Acts),
    variable("quorate_checksum", Global, Text, "", Host),
    variable("quorate_cluster_id", Global, Text, "", Host),
    variable("quorate_cluster_identity", Global, Text, "", Host),
    variable("quorate_commit_index", Global, Unsigned(0, MAX, 1), "", Host),
    variable("quorate_engine", Global, Text, "", Host),
    variable("quorate_last_gtid", Session, Text, "", Fixed),
    variable("quorate_leader", Global, Text, "", Host),
    variable("quorate_leader_id", Global, Unsigned(0, MAX, 1), "", Host),
    variable("quorate_membership", Global, Text, "", Host),
    variable("quorate_node_role", Global, Text, "", Host),
    variable("quorate_operation_memory", Both, Unsigned(32_768, MAX, 1), "134217728", Acts),
    variable("quorate_read_consistency", Both, READ_CONSISTENCY, "STRONG", Acts),
    variable("quorate_read_timeout", Both, Unsigned(1, 31_536_000, 1), "10", Acts),
    variable("quorate_role", Global, Text, "", Host),
    variable("quorate_serving", Global, Bool, "", Host),
    variable("quorate_snapshot_conflict", Both, Bool, "ON", Acts),
    variable("quorate_term", Global, Unsigned(0, MAX, 1), "", Host),
    variable("quorate_topology", Global, Text, "", Host),
    variable("quorate_track_topology", Both, Bool, "OFF", Acts),
    variable("quorate_write_forwarding", Both, Bool, "OFF", Acts),
    variable("rand_seed1", Session, Unsigned(0, MAX, 1), "0", Only),
    variable("rand_seed2", Session, Unsigned(0, MAX, 1), "0", Only),
    variable("range_alloc_block_size", Both, Unsigned(4096, U32, 1024), "4096", Hint),
    variable("range_optimizer_max_mem_size", Both, SIZE, "8388608", Hint),
    variable("read_buffer_size", Both, Unsigned(8192, 2_147_479_552, 4096), "131072", Hint),
    variable("read_only", Global, Bool, "", Host),
    variable("read_rnd_buffer_size", Both, Unsigned(1, 2_147_483_647, 1), "262144", Hint),
    variable("replica_parallel_workers", Global, Unsigned(0, 1024, 1), "4", Acts),
    variable("require_secure_transport", Global, Bool, "OFF", Acts),
    variable("resultset_metadata", Session, Enum(&["NONE", "FULL"]), "FULL", Acts),
    variable("secure_file_priv", Global, Text, "", Host),
    variable("server_id", Global, Unsigned(0, U32, 1), "", Host),
    variable("server_uuid", Global, Text, "", Host),
    variable("session_track_gtids", Both, Enum(&["OFF", "OWN_GTID", "ALL_GTIDS"]), "OFF", Acts),
    variable("session_track_schema", Both, Bool, "ON", Acts),
    variable("session_track_state_change", Both, Bool, "OFF", Acts),
    variable("session_track_system_variables", Both, Text, TRACKED_VARIABLES, Acts),
    variable("session_track_transaction_info", Both, Enum(&["OFF", "STATE", "CHARACTERISTICS"]), "OFF", Acts),
    variable("show_create_table_skip_secondary_engine", Session, Bool, "OFF", Hint),
    variable("show_create_table_verbosity", Both, Bool, "OFF", Hint),
    variable("show_gipk_in_create_table_and_information_schema", Both, Bool, "ON", Hint),
    variable("skip_external_locking", Global, Bool, "ON", Fixed),
    variable("skip_name_resolve", Global, Bool, "ON", Fixed),
    variable("skip_networking", Global, Bool, "OFF", Fixed),
    variable("slow_query_log", Global, Bool, "OFF", Only),
    variable("socket", Global, Text, "", Host),
    variable("sort_buffer_size", Both, Unsigned(32_768, MAX, 1), "262144", Hint),
    variable("sql_auto_is_null", Both, Bool, "OFF", Only),
    variable("sql_big_selects", Both, Bool, "ON", Acts),
    variable("sql_buffer_result", Both, Bool, "OFF", Hint),
    variable("sql_generate_invisible_primary_key", Both, Bool, "OFF", Only),
    // There is no binary log (`log_bin` is OFF) to leave a statement out of; the log of the cluster has them all.
    variable("sql_log_bin", Session, Bool, "ON", Hint),
    variable("sql_log_off", Both, Bool, "OFF", Hint),
    variable("sql_mode", Both, Kind::SqlMode, SQL_MODE, Acts),
    variable("sql_notes", Both, Bool, "ON", Acts),
    variable("sql_quote_show_create", Both, Bool, "ON", Only),
    variable("sql_require_primary_key", Both, Bool, "OFF", Only),
    variable("sql_safe_updates", Both, Bool, "OFF", Acts),
    variable("sql_select_limit", Both, Unsigned(0, MAX, 1), "18446744073709551615", Acts),
    variable("sql_warnings", Both, Bool, "OFF", Hint),
    variable("ssl_ca", Global, Text, "", Host),
    variable("ssl_cert", Global, Text, "", Host),
    variable("ssl_key", Global, Text, "", Host),
    variable("super_read_only", Global, Bool, "", Host),
    variable("sync_binlog", Global, Unsigned(0, U32, 1), "1", Only),
    variable("system_time_zone", Global, Text, "UTC", Fixed),
    variable("table_definition_cache", Global, Unsigned(400, 524_288, 1), "2000", Hint),
    variable("table_open_cache", Global, Unsigned(1, 524_288, 1), "4000", Hint),
    variable("temptable_max_ram", Global, SIZE, "1073741824", Hint),
    variable(
        "terminology_use_previous",
        Both,
        Enum(&["NONE", "BEFORE_8_0_26", "BEFORE_8_2_0"]),
        "NONE",
        Hint,
    ),
    variable("thread_cache_size", Global, Unsigned(0, 16_384, 1), "9", Hint),
    variable("time_zone", Both, TimeZone, "SYSTEM", Acts),
    variable("timestamp", Session, Double(0.0, 2_147_483_647.0), "0", Acts),
    variable("tls_version", Global, Text, "", Host),
    variable("tmp_table_size", Both, Unsigned(1024, MAX, 1), "16777216", Hint),
    variable("transaction_alloc_block_size", Both, Unsigned(1024, 131_072, 1024), "8192", Hint),
    variable("transaction_isolation", Both, ISOLATION, "REPEATABLE-READ", Acts),
    variable("transaction_prealloc_size", Both, Unsigned(1024, 131_072, 1024), "4096", Hint),
    variable("transaction_read_only", Both, Bool, "OFF", Acts),
    variable("unique_checks", Both, Bool, "ON", Hint),
    variable("updatable_views_with_limit", Both, OFF_ON, "ON", Hint),
    variable("use_secondary_engine", Session, Enum(&["OFF", "ON", "FORCED"]), "ON", Hint),
    variable("version", Global, Text, super::VERSION, Fixed),
    variable("version_comment", Global, Text, "Quorate", Fixed),
    variable("version_compile_machine", Global, Text, std::env::consts::ARCH, Fixed),
    variable("version_compile_os", Global, Text, "Linux", Fixed),
    variable("wait_timeout", Both, Unsigned(1, 31_536_000, 1), "28800", Acts),
    variable("warning_count", Session, Unsigned(0, MAX, 1), "0", Fixed),
    variable("windowing_use_high_precision", Both, Bool, "ON", Hint),
];

/// The variable of this lower-case name.
pub(super) fn find(name: &str) -> Option<&'static Variable> {
    let index = VARIABLES.binary_search_by(|variable| variable.name.cmp(name)).ok()?;
    Some(&VARIABLES[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ascend_and_defaults_have_their_type() {
        assert!(VARIABLES.windows(2).all(|pair| pair[0].name < pair[1].name));
        for variable in VARIABLES.iter().filter(|variable| variable.effect != Host) {
            let fits = match variable.kind {
                Bool => matches!(variable.default, "ON" | "OFF"),
                Unsigned(from, to, step) => variable
                    .default
                    .parse()
                    .is_ok_and(|value: u64| (from..=to).contains(&value) && value.is_multiple_of(step)),
                Double(from, to) => {
                    variable.default.parse().is_ok_and(|value: f64| (from..=to).contains(&value))
                }
                Enum(words) => words.contains(&variable.default),
                Text | Kind::SqlMode | TimeZone | Locale | CharacterSet | Collation => true,
            };
            assert!(fits, "{variable:?}");
        }
    }
}
