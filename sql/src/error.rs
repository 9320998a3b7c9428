//! The error that a statement ends with, in MySQL's terms: number, SQLSTATE, message.
//!
//! Every refusal in this crate is an [`Error`]. Its number is API: drivers and frameworks branch on it. Numbers and
//! message forms follow the MySQL 8.4 Error Message Reference. Constructors for the errors that several statements
//! raise stand here, so that a message is worded once.

/// `Result` of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// An error as MySQL reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// MySQL's error number, such as 1062.
    pub code: u16,
    /// The five characters of SQLSTATE.
    pub state: [u8; 5],
    /// The message, without number and state.
    pub message: String,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ERROR {} ({}): {}", self.code, String::from_utf8_lossy(&self.state), self.message)
    }
}

impl std::error::Error for Error {}

macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident($($arg:ident),*) = $code:literal, $state:literal, $format:literal;)*) => {
        impl Error {
    /// Error 1449: the account that a view or a program acts for.
    #[must_use]
    pub fn no_such_definer(id: &crate::account::AccountId) -> Error {
        let message = format!("The user specified as a definer ('{}'@'{}') does not exist", id.user, id.host);
        Error::mysql(1449, *b"HY000", message)
    }

            $($(#[$doc])* #[must_use] pub fn $name($($arg: impl std::fmt::Display),*) -> Error {
                Error { code: $code, state: *$state, message: format!($format) }
            })*
        }
    };
}

impl Error {
    /// An error of MySQL's.
    #[must_use]
    pub fn mysql(code: u16, state: [u8; 5], message: impl Into<String>) -> Error {
        Error { code, state, message: message.into() }
    }

    /// Whether it is the server's own 1213, which ends the transaction, and not one that SIGNAL has made.
    #[must_use]
    pub fn is_deadlock(&self) -> bool {
        let own = Error::deadlock();
        self.code == own.code && self.message == own.message
    }
}

errors! {
    /// A feature of MySQL that is not built yet.
    not_supported(feature) = 1235, b"42000", "This version of Quorate doesn't yet support '{feature}'";
    /// A syntax error; `near` is the text from the offending token on.
    syntax(near, line) = 1064, b"42000", "You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for the right syntax to use near '{near}' at line {line}";
    /// Internal invariant broken or store failure; the statement is rolled back.
    internal(what) = 1105, b"HY000", "Internal error: {what}";
    /// Statement text is empty.
    empty_query() = 1065, b"42000", "Query was empty";
    /// More columns than a table or a SELECT may have.
    too_many_columns() = 1117, b"HY000", "Too many columns";
    /// No database is selected.
    no_database() = 1046, b"3D000", "No database selected";
    /// Database is unknown.
    unknown_database(database) = 1049, b"42000", "Unknown database '{database}'";
    /// Database exists already.
    database_exists(database) = 1007, b"HY000", "Can't create database '{database}'; database exists";
    /// DROP of a database that is not there.
    database_missing(database) = 1008, b"HY000", "Can't drop database '{database}'; database doesn't exist";
    /// Table exists already.
    table_exists(table) = 1050, b"42S01", "Table '{table}' already exists";
    /// DROP of unknown tables (comma separated `db.t`).
    unknown_table(tables) = 1051, b"42S02", "Unknown table '{tables}'";
    /// Table is not there (in any other statement than DROP).
    no_such_table(database, table) = 1146, b"42S02", "Table '{database}.{table}' doesn't exist";
    /// Column cannot be resolved; `clause` is 'field list', 'where clause', 'order clause', 'on clause', 'group statement', 'having clause'.
    unknown_column(column, clause) = 1054, b"42S22", "Unknown column '{column}' in '{clause}'";
    /// Column matches in several tables.
    ambiguous_column(column, clause) = 1052, b"23000", "Column '{column}' in {clause} is ambiguous";
    /// Two tables or aliases of one name.
    nonunique_table(table) = 1066, b"42000", "Not unique table/alias: '{table}'";
    /// Two columns of one name.
    duplicate_column(column) = 1060, b"42S21", "Duplicate column name '{column}'";
    /// Two keys of one name.
    duplicate_key_name(key) = 1061, b"42000", "Duplicate key name '{key}'";
    /// Duplicate value in a unique key; `key` is `table.key`.
    duplicate_entry(entry, key) = 1062, b"23000", "Duplicate entry '{entry}' for key '{key}'";
    /// NULL for a NOT NULL column.
    column_cannot_be_null(column) = 1048, b"23000", "Column '{column}' cannot be null";
    /// A column without default got no value.
    no_default(column) = 1364, b"HY000", "Field '{column}' doesn't have a default value";
    /// Row with a wrong number of values.
    value_count(row) = 1136, b"21S01", "Column count doesn't match value count at row {row}";
    /// What MySQL does not do either, in its own words.
    not_supported_by_mysql(what) = 1235, b"42000", "This version of MySQL doesn't yet support '{what}'";
    /// The table cannot be changed: it is none that is stored. `verb` is UPDATE or DELETE.
    not_updatable(table, verb) = 1288, b"HY000", "The target table {table} of the {verb} is not updatable";
    /// Operands of a set operation with different numbers of columns.
    set_operation_columns() = 1222, b"21000", "The used SELECT statements have a different number of columns";
    /// A temporary table used twice in a statement.
    cant_reopen_table(table) = 1137, b"HY000", "Can't reopen table: '{table}'";
    /// A temporary table in a transaction of XA.
    temporary_in_xa() = 4091, b"HY000", "XA: Temporary tables cannot be accessed inside XA transactions when xa_detach_on_prepare=ON";
    /// A table that has no more room.
    table_full(table) = 1114, b"HY000", "The table '{table}' is full";
    /// Value outside of the column's range.
    out_of_range(column, row) = 1264, b"22003", "Out of range value for column '{column}' at row {row}";
    /// A time that the clock skips.
    skipped_timestamp(column, row) = 1299, b"22007", "Invalid TIMESTAMP value in column '{column}' at row {row}";
    /// Value too long for the column.
    too_long(column, row) = 1406, b"22001", "Data too long for column '{column}' at row {row}";
    /// Truncated value (warning, or error in strict mode).
    truncated(column, row) = 1265, b"01000", "Data truncated for column '{column}' at row {row}";
    /// A text that is no number, date, … for the column. `kind` is MySQL's word: integer, decimal, double, date, datetime, time.
    incorrect_value(kind, value, column, row) = 1366, b"HY000", "Incorrect {kind} value: '{value}' for column '{column}' at row {row}";
    /// A text that is no date or time.
    incorrect_datetime(kind, value, column, row) = 1292, b"22007", "Incorrect {kind} value: '{value}' for column '{column}' at row {row}";
    /// A text cut when it was read as a number (mostly a warning).
    truncated_wrong_value(kind, value) = 1292, b"22007", "Truncated incorrect {kind} value: '{value}'";
    /// Arithmetic out of range; `kind` BIGINT, BIGINT UNSIGNED, DOUBLE, DECIMAL.
    data_out_of_range(kind, expression) = 1690, b"22003", "{kind} value is out of range in '{expression}'";
    /// Division by zero (warning in SELECT, error in strict DML).
    division_by_zero() = 1365, b"22012", "Division by 0";
    /// Function is unknown.
    unknown_function(function) = 1305, b"42000", "FUNCTION {function} does not exist";
    /// Wrong number of arguments.
    parameter_count(function) = 1582, b"42000", "Incorrect parameter count in the call to native function '{function}'";
    /// Aggregate where none may stand.
    invalid_group_function() = 1111, b"HY000", "Invalid use of group function";
    /// Operand with the wrong number of columns.
    operand_columns(count) = 1241, b"21000", "Operand should contain {count} column(s)";
    /// Scalar subquery with several rows.
    subquery_rows() = 1242, b"21000", "Subquery returns more than 1 row";
    /// System variable is unknown.
    unknown_variable(name) = 1193, b"HY000", "Unknown system variable '{name}'";
    /// System variable cannot be set.
    variable_read_only(name) = 1238, b"HY000", "Variable '{name}' is a read only variable";
    /// System variable has no session value.
    variable_global(name) = 1229, b"HY000", "Variable '{name}' is a GLOBAL variable and should be set with SET GLOBAL";
    /// Wrong value for a variable.
    wrong_value_for_variable(name, value) = 1231, b"42000", "Variable '{name}' can't be set to the value of '{value}'";
    /// Wrong type for a variable.
    wrong_type_for_variable(name) = 1232, b"42000", "Incorrect argument type to variable '{name}'";
    /// Key column that is not in the table.
    key_column_missing(column) = 1072, b"42000", "Key column '{column}' doesn't exist in table";
    /// Two primary keys.
    multiple_primary_key() = 1068, b"42000", "Multiple primary key defined";
    /// Column length outside what the type allows.
    column_too_big(column, max) = 1074, b"42000", "Column length too big for column '{column}' (max = {max}); use BLOB or TEXT instead";
    /// Default value does not fit.
    invalid_default(column) = 1067, b"42000", "Invalid default value for '{column}'";
    /// Key or index is not there.
    cannot_drop(name) = 1091, b"42000", "Can't DROP '{name}'; check that column/key exists";
    /// AUTO_INCREMENT used wrongly.
    wrong_auto_key() = 1075, b"42000", "Incorrect table definition; there can be only one auto column and it must be defined as a key";
    /// BLOB/TEXT key without length.
    blob_key_without_length(column) = 1170, b"42000", "BLOB/TEXT column '{column}' used in key specification without a key length";
    /// Deadlock.
    deadlock() = 1213, b"40001", "Deadlock found when trying to get lock; try restarting transaction";
    /// Lock wait timeout.
    lock_wait_timeout() = 1205, b"HY000", "Lock wait timeout exceeded; try restarting transaction";
    /// NOWAIT failed.
    lock_nowait() = 3572, b"HY000", "Statement aborted because lock(s) could not be acquired immediately and NOWAIT is set.";
    /// Statement was killed.
    query_interrupted() = 1317, b"70100", "Query execution was interrupted";
    /// Write on a node that does not lead; `reason` names the leader.
    read_only(reason) = 1290, b"HY000", "The MySQL server is running with the --read-only option so it cannot execute this statement ({reason})";
    /// Write in a READ ONLY transaction.
    read_only_transaction() = 1792, b"25006", "Cannot execute statement in a READ ONLY transaction.";
    /// ONLY_FULL_GROUP_BY.
    not_in_group_by(position, column) = 1055, b"42000", "Expression #{position} of SELECT list is not in GROUP BY clause and contains nonaggregated column '{column}' which is not functionally dependent on columns in GROUP BY clause; this is incompatible with sql_mode=only_full_group_by";
    /// ONLY_FULL_GROUP_BY without GROUP BY.
    mixed_aggregate(position, column) = 1140, b"42000", "In aggregated query without GROUP BY, expression #{position} of SELECT list contains nonaggregated column '{column}'; this is incompatible with sql_mode=only_full_group_by";
    /// Unknown thread id in KILL.
    no_such_thread(id) = 1094, b"HY000", "Unknown thread id: {id}";
    /// SAVEPOINT is unknown.
    no_such_savepoint(name) = 1305, b"42000", "SAVEPOINT {name} does not exist";
    /// The statement's result or memory would pass a bound.
    too_large(what) = 1038, b"HY001", "Out of memory bound: {what}";
    /// LOCK TABLES is in force and has not locked this table.
    table_not_locked(alias) = 1100, b"HY000", "Table '{alias}' was not locked with LOCK TABLES";
    /// LOCK TABLES has locked this table for reading.
    table_locked_for_read(alias) = 1099, b"HY000", "Table '{alias}' was locked with a READ lock and can't be updated";
    /// What LOCK TABLES does not let happen.
    active_locked_tables() = 1192, b"HY000", "Can't execute the given command because you have active locked tables or an active transaction";
    /// What this session's FLUSH TABLES WITH READ LOCK does not let happen.
    conflicting_read_lock() = 1223, b"HY000", "Can't execute the query because you have a conflicting read lock";
    /// A name that GET_LOCK() does not take.
    user_lock_name(name) = 3057, b"42000", "Incorrect user-level lock name '{name}'. The name is empty, NULL, or can not be expressed in the current character-set.";
    /// A name that is too long for GET_LOCK().
    user_lock_name_length(name) = 4163, b"42000", "User-level lock name '{name}' should not exceed 64 characters.";
    /// A deadlock among user locks.
    user_lock_deadlock() = 3058, b"HY000", "Deadlock found when trying to get user-level lock; try rolling back transaction/releasing locks and restarting lock acquisition.";
    /// XA: there is no such branch.
    xa_unknown() = 1397, b"XAE04", "XAER_NOTA: Unknown XID";
    /// XA: what is asked for is not there.
    xa_invalid() = 1398, b"XAE05", "XAER_INVAL: Invalid arguments (or unsupported command)";
    /// XA: not in this state.
    xa_wrong_state(state) = 1399, b"XAE07", "XAER_RMFAIL: The command cannot be executed when global transaction is in the  {state} state";
    /// XA: a transaction is open already.
    xa_outside() = 1400, b"XAE09", "XAER_OUTSIDE: Some work is done outside global transaction";
    /// XA: the branch was rolled back.
    xa_rolled_back() = 1402, b"XA100", "XA_RBROLLBACK: Transaction branch was rolled back";
    /// XA: the branch was rolled back, because of a deadlock.
    xa_deadlock() = 1614, b"XA102", "XA_RBDEADLOCK: Transaction branch was rolled back: deadlock was detected";
    /// XA: there is a branch of this name.
    xa_duplicate() = 1440, b"XAE08", "XAER_DUPID: The XID already exists";
    /// Wrong arguments.
    wrong_arguments(to) = 1210, b"HY000", "Incorrect arguments to {to}";
    /// Unknown collation.
    unknown_collation(name) = 1273, b"HY000", "Unknown collation: '{name}'";
    /// Unknown character set.
    unknown_character_set(name) = 1115, b"42000", "Unknown character set: '{name}'";
}
