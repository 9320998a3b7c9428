//! Named bounds of this crate; each queue, recursion and buffer has one here.

/// Digits of a DECIMAL.
pub const DECIMAL_DIGITS_MAX: u8 = 65;
/// Digits of a DECIMAL while it is calculated with (MySQL's nine words of nine).
pub const DECIMAL_ARITHMETIC_DIGITS_MAX: u32 = 81;
/// Digits of a DECIMAL after the point.
pub const DECIMAL_SCALE_MAX: u8 = 30;
/// The largest TIME, 838:59:59, in microseconds.
pub const TIME_MICROSECONDS_MAX: i64 = (838 * 3600 + 59 * 60 + 59) * 1_000_000;
/// Depth of an expression's tree, past which it is refused when bound.
pub const EXPRESSION_DEPTH_MAX: usize = 1_000;
/// Bytes that a compiled regular expression may take.
pub const REGEXP_COMPILED_BYTES_MAX: usize = 10 << 20;
/// Tokens of one statement (the fast path for multi-row INSERT does not count them).
pub const STATEMENT_TOKENS_MAX: usize = 2_000_000;
/// Nested calls of the expression and query parser: about this many nested parentheses, CASEs and subqueries.
pub const PARSE_DEPTH_MAX: usize = 100;
/// How deep blocks, loops and conditions of a stored program nest.
pub const PROGRAM_DEPTH_MAX: usize = 64;
/// Triggers that fire each other, within one statement.
pub const TRIGGER_DEPTH_MAX: usize = 16;
/// Stored functions that are called within each other.
pub const FUNCTION_DEPTH_MAX: usize = 16;
/// Stack that they may take from the outermost one on; a statement takes up to 1 MiB more on either side, of 8 that there are.
pub const FUNCTION_STACK_BYTES_MAX: usize = 2 << 20;
/// Statements and expressions of triggers' bodies that are planned for one statement: each trigger anew wherever it may be fired.
pub const TRIGGER_PLANS_MAX: usize = 4096;
/// Queries nested in one another; each takes the parser tens of kilobytes of stack.
pub const QUERY_DEPTH_MAX: usize = 20;
/// Operators in one unparenthesized chain (`1 + 1 + 1 …`), added up over the parentheses around it; AND and OR count apart.
pub const CHAIN_OPERATORS_MAX: usize = 400;
/// ANDs, ORs and XORs in one chain: they are lowered to a balanced tree, so that only the parser's own tree is deep.
pub const CHAIN_LOGICAL_MAX: usize = 10_000;
/// Set operations (UNION) in one statement.
pub const UNION_MAX: usize = 200;
/// Tables in one join, MySQL's bound.
pub const JOIN_TABLES_MAX: usize = 61;
/// Bytes of the statement that a syntax error repeats, MySQL's bound.
pub const SYNTAX_NEAR_BYTES_MAX: usize = 80;
/// The version up to which `/*!NNNNN … */` comments are executed: MySQL 8.4.0's number.
pub const VERSION_COMMENT_MAX: u32 = 80_400;

/// Bytes of a key as declared, MySQL's bound for InnoDB (DYNAMIC rows): 3072.
pub const KEY_BYTES_MAX: u64 = 3_072;
/// Columns of a key, MySQL's bound.
pub const KEY_COLUMNS_MAX: usize = 16;
/// Keys of a table besides the primary, MySQL's bound.
pub const TABLE_KEYS_MAX: usize = 64;
/// Columns of a table, InnoDB's bound.
pub const TABLE_COLUMNS_MAX: usize = 1_017;
/// Columns of a SELECT, its stars written out: as many as a result set of the protocol can have. MySQL has no bound, and counts
/// modulo 65,536 when it answers a preparation.
pub const SELECT_COLUMNS_MAX: usize = 65_535;
/// Bytes of a row without BLOB and TEXT columns, MySQL's bound.
pub const ROW_BYTES_MAX: u64 = 65_535;
/// Characters of the name of a database, table, column or key.
pub const NAME_CHARACTERS_MAX: usize = 64;
/// Characters of a table's comment.
pub const TABLE_COMMENT_CHARACTERS_MAX: usize = 2_048;
/// Characters of a column's comment.
pub const COLUMN_COMMENT_CHARACTERS_MAX: usize = 1_024;
/// Ids below this are reserved; [`crate::catalog::IndexId`] 0 is the catalog's own keys.
pub const FIRST_FREE_ID: u32 = 100;
/// Temporary tables that a session may have at once.
pub const TEMPORARY_TABLES_MAX: usize = 4096;
/// Rows of one table that are looked at to estimate how many it has.
pub const ESTIMATE_TABLE_ROWS_MAX: u64 = 2_000;
/// Rows of all tables that are looked at, at start.
pub const ESTIMATE_CATALOG_ROWS_MAX: u64 = 200_000;
/// Rows that ANALYZE TABLE counts before it extrapolates.
pub const ANALYZE_ROWS_MAX: u64 = 1_000_000;
/// Entries of each index that the first use of a table looks at for statistics of its values.
pub const STATISTICS_SAMPLE_ROWS_MAX: u64 = 4_000;
/// Places of a larger index that are looked at.
pub const STATISTICS_WINDOWS: u64 = 32;
/// Parts of an index that its histogram tells apart; up to twice as many while it is made.
pub const HISTOGRAM_BUCKETS_MAX: usize = 64;
/// Bytes of a key in a histogram.
pub const HISTOGRAM_KEY_BYTES_MAX: usize = 40;
/// Bytes of index entries that one log entry of an index build holds, about.
pub const INDEX_BUILD_CHUNK_BYTES: usize = 1 << 20;
/// Rows that one step of an index build reads at most, also when they give few bytes.
pub const INDEX_BUILD_CHUNK_ROWS_MAX: usize = 20_000;
/// How long a schema change lets a job begin again that a new leader has not gone on with yet, before it looks again.
pub const ONLINE_MET_WAIT: std::time::Duration = std::time::Duration::from_millis(100);
/// Rows that one batch of an index that is built while its table is written does at most. They stay locked until the batch has its place in the log.
pub const ONLINE_BATCH_ROWS_MAX: usize = 500;
/// Bytes of rows that one such batch reads, about.
pub const ONLINE_BATCH_BYTES: usize = 256 << 10;
/// A table of fewer rows and …
pub const ONLINE_TABLE_ROWS_MIN: usize = 2_000;
/// … of fewer bytes is not worth a job: its indexes are built under its lock.
pub const ONLINE_TABLE_BYTES_MIN: usize = 1 << 20;
/// Slots of a table's rows, dropped columns among them; an ALTER TABLE that would make more writes the rows anew.
pub const LAYOUT_SLOTS_MAX: usize = 2_048;

/// Bytes that an operation (a sort, a grouping, a join, a derived table) keeps in memory before it goes on in a temporary file
/// (`quorate_operation_memory`).
pub const OPERATION_BYTES_DEFAULT: usize = 128 << 20;
/// Bytes of rows that are written to a temporary file, and read back, at once.
pub const SPILL_BLOCK_BYTES: usize = 64 << 10;
/// … where keys are looked up among them.
pub const LOOKUP_BLOCK_BYTES: usize = 4 << 10;
/// Parts that the rows which fit into no memory are cut into, by the hash of what they are grouped or joined by.
pub const SPILL_PARTS: usize = 16;
/// Bytes that the rows of window functions, or of INTERSECT and EXCEPT, of one query block may take.
pub const SORT_BYTES_MAX: usize = 128 << 20;
/// Bytes of the longest text whose literals are taken out for the cache of plans.
pub const TEMPLATE_BYTES_MAX: usize = 8 << 10;
/// The most literals that are taken out of one text.
pub const TEMPLATE_VALUES_MAX: usize = 256;
/// Columns of a result that are looked at for whether their values can be moved out of the row instead of copied.
pub const MOVED_COLUMNS_MAX: usize = 16;
/// Bytes that the groups of one query block may take.
pub const GROUP_BYTES_MAX: usize = 128 << 20;
/// Bytes of the binary strings of BIT_AND() and its like, MySQL's bound.
pub const BIT_AGGREGATE_BYTES_MAX: u32 = 511;
/// Bytes that the kept side of a join may take.
pub const JOIN_BUFFER_BYTES_MAX: usize = 128 << 20;
/// Bytes that a derived table, or the result of a subquery kept for the statement, may take.
pub const DERIVED_BYTES_MAX: usize = 128 << 20;
/// Bytes of the younger half of what a correlated subquery's answers, kept for the statement, may take.
pub const ANSWERS_BYTES_MAX: usize = 2 << 20;
/// How often a correlated subquery is asked before it is judged by how many of its answers were known.
pub const ANSWERS_TRIED: u32 = 1_000;
/// Bytes of the keys that one UPDATE or DELETE collects before it changes the first row.
pub const TARGET_BYTES_MAX: usize = 128 << 20;
/// Ranges of one index that a scan reads one after the other; conditions that give more use fewer index columns.
pub const INDEX_RANGES_MAX: usize = 16_384;
/// Joined tables up to which the cheapest order of each subset of an inner join's tables is kept.
pub const JOIN_ORDER_SEARCH_TABLES_MAX: usize = 8;
/// Above that: beginnings of an order that are followed.
pub const JOIN_ORDER_KEPT_MAX: usize = 8;
/// Members of an ENUM, MySQL's bound.
pub const ENUM_MEMBERS_MAX: usize = 65_535;
/// Members of a SET, MySQL's bound.
pub const SET_MEMBERS_MAX: usize = 64;
/// Rows between two looks at whether the statement was killed.
pub const ROWS_BETWEEN_CHECKS: u32 = 256;
/// Regular expressions kept compiled.
pub const REGEXP_CACHE_COUNT_MAX: usize = 256;
/// Bytes of the rows that INSERT … SELECT holds between reading and writing.
pub const INSERT_QUERY_BYTES_MAX: usize = 256 << 20;
/// Bytes of one record of a file that LOAD DATA reads; MySQL's `max_allowed_packet`.
pub const LOAD_RECORD_BYTES_MAX: usize = 64 << 20;
/// Bytes of a file's records that LOAD DATA reads before it writes their rows, about.
pub const LOAD_BATCH_BYTES: usize = 1 << 20;
/// Records of a file that LOAD DATA reads before it writes their rows: those that run again when one meets a lock.
pub const LOAD_BATCH_RECORDS_MAX: usize = 2_000;
/// Rows between two looks at whether the statement was killed, where rows are written.
pub const KILL_CHECK_ROWS: usize = 256;
/// Entries of an index whose mean size stands for all, in SHOW TABLE STATUS.
pub const SIZE_SAMPLE_ROWS: u64 = 32;
/// Characters of the statement that SHOW PROCESSLIST shows without FULL, MySQL's bound.
pub const PROCESS_INFO_CHARACTERS_MAX: usize = 100;
/// AUTO_INCREMENT values that a statement takes at once when it does not know how many rows it has, MySQL's bound.
pub const AUTO_INCREMENT_PIECE_MAX: u64 = (1 << 16) - 1;
/// Bytes of an address in the arguments of CALL.
pub const CALL_ADDRESS_BYTES_MAX: usize = 255;
/// Nodes in one source group in the arguments of CALL.
pub const CALL_GROUP_NODES_MAX: usize = 16;
/// The highest election weight.
pub const CALL_WEIGHT_MAX: u8 = 9;
/// Seconds that a procedure may be told to wait, MySQL's bound for its timeouts.
pub const CALL_WAIT_SECONDS_MAX: u64 = 31_536_000;
/// Bytes of each part of the identifier of an XA transaction, MySQL's bound.
pub const XID_PART_BYTES_MAX: usize = 64;
/// The highest format of the identifier of an XA transaction, MySQL's bound.
pub const XID_FORMAT_MAX: u64 = i64::MAX as u64;
/// Characters of a name given to GET_LOCK(), MySQL's bound.
pub const USER_LOCK_NAME_CHARACTERS_MAX: usize = 64;
/// Bytes of a password, the bound of MySQL's `caching_sha2_password`.
pub const PASSWORD_BYTES_MAX: usize = 256;
/// Characters of a user's name, MySQL's bound.
pub const USER_CHARACTERS_MAX: usize = 32;
/// Characters of an account's host, MySQL's bound.
pub const HOST_CHARACTERS_MAX: usize = 255;
/// Levels of a JSON document (MySQL's bound).
pub const JSON_DEPTH_MAX: usize = 100;
/// Bytes of a JSON document, LONGTEXT's bound for what one statement can hold.
pub const JSON_BYTES_MAX: usize = 1 << 30;
/// Bytes of a member's name in a JSON document (MySQL's bound).
pub const JSON_NAME_BYTES_MAX: usize = 65_535;
/// Parts of a JSON path.
pub const JSON_PATH_LEGS_MAX: usize = 1_000;
/// Bytes that the rows of one JSON_TABLE hold.
pub const JSON_TABLE_BYTES_MAX: usize = 128 << 20;
/// Partitions of a table, subpartitions counted, MySQL's bound.
pub const PARTITIONS_MAX: u64 = 8192;
