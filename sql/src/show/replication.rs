//! What MySQL's own replication would show. Quorate replicates through its consensus log, of which `quorate status` and the
//! `quorate_*` variables tell; there is no binary log and no replication channel.

use crate::error::Error;
use crate::show::spec::{ColumnSpec, text, unsigned};
use crate::types::TypeKind;

/// Error 1381: as a MySQL without binary log.
pub(super) fn no_binary_log() -> Error {
    Error { code: 1381, state: *b"HY000", message: "You are not using binary logging".to_owned() }
}

pub(super) const BINARY_LOG_STATUS: &[ColumnSpec] = &[
    text("File", 512),
    unsigned("Position", TypeKind::BigInt),
    text("Binlog_Do_DB", 255),
    text("Binlog_Ignore_DB", 255),
    text("Executed_Gtid_Set", 42),
];
pub(super) const BINARY_LOGS: &[ColumnSpec] =
    &[text("Log_name", 255), unsigned("File_size", TypeKind::BigInt), text("Encrypted", 3)];
pub(super) const REPLICA_STATUS: &[ColumnSpec] = &[
    text("Replica_IO_State", 14),
    text("Source_Host", 256),
    text("Source_User", 97),
    unsigned("Source_Port", TypeKind::Int),
    unsigned("Connect_Retry", TypeKind::Int),
    text("Source_Log_File", 512),
    unsigned("Read_Source_Log_Pos", TypeKind::BigInt),
    text("Relay_Log_File", 512),
    unsigned("Relay_Log_Pos", TypeKind::BigInt),
    text("Relay_Source_Log_File", 512),
    text("Replica_IO_Running", 3),
    text("Replica_SQL_Running", 3),
    text("Replicate_Do_DB", 20),
    text("Replicate_Ignore_DB", 20),
    text("Replicate_Do_Table", 20),
    text("Replicate_Ignore_Table", 23),
    text("Replicate_Wild_Do_Table", 24),
    text("Replicate_Wild_Ignore_Table", 28),
    unsigned("Last_Errno", TypeKind::Int),
    text("Last_Error", 20),
    unsigned("Skip_Counter", TypeKind::Int),
    unsigned("Exec_Source_Log_Pos", TypeKind::BigInt),
    unsigned("Relay_Log_Space", TypeKind::BigInt),
    text("Until_Condition", 6),
    text("Until_Log_File", 512),
    unsigned("Until_Log_Pos", TypeKind::BigInt),
    text("Source_SSL_Allowed", 7),
    text("Source_SSL_CA_File", 512),
    text("Source_SSL_CA_Path", 512),
    text("Source_SSL_Cert", 512),
    text("Source_SSL_Cipher", 512),
    text("Source_SSL_Key", 512),
    unsigned("Seconds_Behind_Source", TypeKind::BigInt),
    text("Source_SSL_Verify_Server_Cert", 3),
    unsigned("Last_IO_Errno", TypeKind::Int),
    text("Last_IO_Error", 20),
    unsigned("Last_SQL_Errno", TypeKind::Int),
    text("Last_SQL_Error", 20),
    text("Replicate_Ignore_Server_Ids", 512),
    unsigned("Source_Server_Id", TypeKind::Int),
    text("Source_UUID", 36),
    text("Source_Info_File", 1024),
    unsigned("SQL_Delay", TypeKind::Int),
    unsigned("SQL_Remaining_Delay", TypeKind::Int),
    text("Replica_SQL_Running_State", 20),
    unsigned("Source_Retry_Count", TypeKind::BigInt),
    text("Source_Bind", 256),
    text("Last_IO_Error_Timestamp", 20),
    text("Last_SQL_Error_Timestamp", 20),
    text("Source_SSL_Crl", 512),
    text("Source_SSL_Crlpath", 512),
    text("Retrieved_Gtid_Set", 0),
    text("Executed_Gtid_Set", 42),
    unsigned("Auto_Position", TypeKind::Int),
    text("Replicate_Rewrite_DB", 24),
    text("Channel_Name", 192),
    text("Source_TLS_Version", 512),
    text("Source_public_key_path", 512),
    unsigned("Get_Source_public_key", TypeKind::Int),
    text("Network_Namespace", 193),
];
