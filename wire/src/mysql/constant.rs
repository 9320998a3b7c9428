//! Numbers of the protocol: capability and status flags, commands, column types and flags, character sets.
//!
//! Values are MySQL's (`mysql_com.h`, `field_types.h`); names are MySQL's without their prefixes.

use std::fmt;
use std::ops::{BitAnd, BitOr};

/// Defines a set of named bits over an integer.
macro_rules! bit_set {
    ($(#[$type_doc:meta])* $name:ident : $repr:ty { $($(#[$doc:meta])* $bit:ident = $value:expr;)* }) => {
        $(#[$type_doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct $name($repr);

        impl $name {
            $($(#[$doc])* pub const $bit: $name = $name($value);)*

            /// No bit.
            pub const fn empty() -> Self {
                $name(0)
            }

            /// The set with these bits, known or not.
            pub const fn from_bits(bits: $repr) -> Self {
                $name(bits)
            }

            /// The bits as the protocol sends them.
            pub const fn bits(self) -> $repr {
                self.0
            }

            /// Whether all bits of `other` are set.
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// The bits of both.
            pub const fn with(self, other: Self) -> Self {
                $name(self.0 | other.0)
            }

            /// The bits of this set that are not in `other`.
            pub const fn without(self, other: Self) -> Self {
                $name(self.0 & !other.0)
            }

            /// Sets or clears the bits of `other`.
            pub const fn set(&mut self, other: Self, on: bool) {
                *self = if on { self.with(other) } else { self.without(other) };
            }
        }

        impl BitOr for $name {
            type Output = Self;
            fn bitor(self, other: Self) -> Self {
                self.with(other)
            }
        }

        impl BitAnd for $name {
            type Output = Self;
            fn bitand(self, other: Self) -> Self {
                $name(self.0 & other.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut set = f.debug_set();
                let mut known: $repr = 0;
                $(
                    if self.contains($name::$bit) {
                        set.entry(&format_args!(stringify!($bit)));
                    }
                    known |= $value;
                )*
                if self.0 & !known != 0 {
                    set.entry(&format_args!("{:#x}", self.0 & !known));
                }
                set.finish()
            }
        }
    };
}

bit_set! {
    /// What a client or a server can do; a connection uses what both can.
    Capabilities: u32 {
        /// The newer password hash. MariaDB reads its absence as "I am MariaDB", so it is always advertised.
        LONG_PASSWORD = 1;
        /// UPDATE reports rows found rather than rows changed.
        FOUND_ROWS = 1 << 1;
        /// Column flags have two bytes.
        LONG_FLAG = 1 << 2;
        /// The handshake response names a schema.
        CONNECT_WITH_DB = 1 << 3;
        /// `schema.table.column` is refused.
        NO_SCHEMA = 1 << 4;
        /// Packets may be compressed.
        COMPRESS = 1 << 5;
        /// An ODBC client; no effect.
        ODBC = 1 << 6;
        /// LOAD DATA LOCAL.
        LOCAL_FILES = 1 << 7;
        /// A space is allowed between a function name and its parenthesis (sql_mode IGNORE_SPACE).
        IGNORE_SPACE = 1 << 8;
        /// The protocol of MySQL 4.1; required.
        PROTOCOL_41 = 1 << 9;
        /// An interactive client: its idle time is `interactive_timeout`.
        INTERACTIVE = 1 << 10;
        /// TLS.
        SSL = 1 << 11;
        /// The client ignores SIGPIPE; no effect here.
        IGNORE_SIGPIPE = 1 << 12;
        /// OK and EOF packets carry status flags.
        TRANSACTIONS = 1 << 13;
        /// No effect.
        RESERVED = 1 << 14;
        /// The 20-byte challenge and an authentication answer with its length.
        SECURE_CONNECTION = 1 << 15;
        /// Several statements in one COM_QUERY.
        MULTI_STATEMENTS = 1 << 16;
        /// Several result sets in answer to COM_QUERY.
        MULTI_RESULTS = 1 << 17;
        /// Several result sets in answer to COM_STMT_EXECUTE.
        PS_MULTI_RESULTS = 1 << 18;
        /// Authentication plugins and the auth switch.
        PLUGIN_AUTH = 1 << 19;
        /// Connection attributes in the handshake response.
        CONNECT_ATTRS = 1 << 20;
        /// The authentication answer has a length-encoded length.
        PLUGIN_AUTH_LENENC = 1 << 21;
        /// The client can change an expired password.
        CAN_HANDLE_EXPIRED_PASSWORDS = 1 << 22;
        /// OK packets carry changes of the session's state.
        SESSION_TRACK = 1 << 23;
        /// Result sets end with an OK packet, and there is no EOF after the columns.
        DEPRECATE_EOF = 1 << 24;
        /// Column metadata can be left out.
        OPTIONAL_RESULTSET_METADATA = 1 << 25;
        /// zstd compression.
        ZSTD_COMPRESSION = 1 << 26;
        /// Query attributes in COM_QUERY and COM_STMT_EXECUTE.
        QUERY_ATTRIBUTES = 1 << 27;
        /// More than two authentication factors.
        MULTI_FACTOR_AUTHENTICATION = 1 << 28;
        /// Used by client libraries only.
        SSL_VERIFY_SERVER_CERT = 1 << 30;
        /// Used by client libraries only.
        REMEMBER_OPTIONS = 1 << 31;
    }
}

impl Capabilities {
    /// What our server advertises, with SSL besides where it has a certificate and COMPRESS and ZSTD_COMPRESSION where they are not turned off. Each one is honoured by this crate or handed to the
    /// session.
    pub const SERVER: Capabilities = Capabilities::LONG_PASSWORD
        .with(Capabilities::FOUND_ROWS)
        .with(Capabilities::LONG_FLAG)
        .with(Capabilities::CONNECT_WITH_DB)
        .with(Capabilities::LOCAL_FILES)
        .with(Capabilities::IGNORE_SPACE)
        .with(Capabilities::PROTOCOL_41)
        .with(Capabilities::INTERACTIVE)
        .with(Capabilities::TRANSACTIONS)
        .with(Capabilities::SECURE_CONNECTION)
        .with(Capabilities::MULTI_STATEMENTS)
        .with(Capabilities::MULTI_RESULTS)
        .with(Capabilities::PS_MULTI_RESULTS)
        .with(Capabilities::PLUGIN_AUTH)
        .with(Capabilities::CONNECT_ATTRS)
        .with(Capabilities::PLUGIN_AUTH_LENENC)
        .with(Capabilities::CAN_HANDLE_EXPIRED_PASSWORDS)
        .with(Capabilities::DEPRECATE_EOF)
        .with(Capabilities::SESSION_TRACK)
        .with(Capabilities::OPTIONAL_RESULTSET_METADATA)
        .with(Capabilities::QUERY_ATTRIBUTES);

    /// What our driver asks for.
    pub const CLIENT: Capabilities = Capabilities::LONG_PASSWORD
        .with(Capabilities::LONG_FLAG)
        .with(Capabilities::PROTOCOL_41)
        .with(Capabilities::TRANSACTIONS)
        .with(Capabilities::SECURE_CONNECTION)
        .with(Capabilities::MULTI_RESULTS)
        .with(Capabilities::PS_MULTI_RESULTS)
        .with(Capabilities::PLUGIN_AUTH)
        .with(Capabilities::CONNECT_ATTRS)
        .with(Capabilities::PLUGIN_AUTH_LENENC)
        .with(Capabilities::DEPRECATE_EOF);
}

bit_set! {
    /// The session's state, in every OK and EOF packet. Drivers decide by it whether a transaction is open.
    StatusFlags: u16 {
        /// A transaction is open.
        IN_TRANS = 1;
        /// Autocommit is on.
        AUTOCOMMIT = 1 << 1;
        /// Another result set follows.
        MORE_RESULTS_EXISTS = 1 << 3;
        /// The statement used no good index.
        NO_GOOD_INDEX_USED = 1 << 4;
        /// The statement used no index.
        NO_INDEX_USED = 1 << 5;
        /// A cursor is open on the statement.
        CURSOR_EXISTS = 1 << 6;
        /// The cursor has sent its last row.
        LAST_ROW_SENT = 1 << 7;
        /// A schema was dropped.
        DB_DROPPED = 1 << 8;
        /// sql_mode NO_BACKSLASH_ESCAPES is on: clients quote by it.
        NO_BACKSLASH_ESCAPES = 1 << 9;
        /// The statement's metadata changed at re-prepare.
        METADATA_CHANGED = 1 << 10;
        /// The statement was slow.
        QUERY_WAS_SLOW = 1 << 11;
        /// Result set of OUT parameters.
        PS_OUT_PARAMS = 1 << 12;
        /// The open transaction is read only.
        IN_TRANS_READONLY = 1 << 13;
        /// The OK packet carries session state changes.
        SESSION_STATE_CHANGED = 1 << 14;
    }
}

/// First bytes of command packets.
#[expect(missing_docs, reason = "the names are MySQL's own")]
pub mod command_code {
    pub const SLEEP: u8 = 0x00;
    pub const QUIT: u8 = 0x01;
    pub const INIT_DB: u8 = 0x02;
    pub const QUERY: u8 = 0x03;
    pub const FIELD_LIST: u8 = 0x04;
    pub const CREATE_DB: u8 = 0x05;
    pub const DROP_DB: u8 = 0x06;
    pub const REFRESH: u8 = 0x07;
    pub const SHUTDOWN: u8 = 0x08;
    pub const STATISTICS: u8 = 0x09;
    pub const PROCESS_INFO: u8 = 0x0a;
    pub const CONNECT: u8 = 0x0b;
    pub const PROCESS_KILL: u8 = 0x0c;
    pub const DEBUG: u8 = 0x0d;
    pub const PING: u8 = 0x0e;
    pub const TIME: u8 = 0x0f;
    pub const DELAYED_INSERT: u8 = 0x10;
    pub const CHANGE_USER: u8 = 0x11;
    pub const BINLOG_DUMP: u8 = 0x12;
    pub const TABLE_DUMP: u8 = 0x13;
    pub const CONNECT_OUT: u8 = 0x14;
    pub const REGISTER_SLAVE: u8 = 0x15;
    pub const STMT_PREPARE: u8 = 0x16;
    pub const STMT_EXECUTE: u8 = 0x17;
    pub const STMT_SEND_LONG_DATA: u8 = 0x18;
    pub const STMT_CLOSE: u8 = 0x19;
    pub const STMT_RESET: u8 = 0x1a;
    pub const SET_OPTION: u8 = 0x1b;
    pub const STMT_FETCH: u8 = 0x1c;
    pub const DAEMON: u8 = 0x1d;
    pub const BINLOG_DUMP_GTID: u8 = 0x1e;
    pub const RESET_CONNECTION: u8 = 0x1f;
    pub const CLONE: u8 = 0x20;
    pub const SUBSCRIBE_GROUP_REPLICATION_STREAM: u8 = 0x21;
    /// MariaDB's bulk execute.
    pub const STMT_BULK_EXECUTE: u8 = 0xfa;
}

/// Column types in column definitions and of statement parameters.
#[expect(missing_docs, reason = "the names are MySQL's own")]
pub mod column_type {
    pub const DECIMAL: u8 = 0;
    pub const TINY: u8 = 1;
    pub const SHORT: u8 = 2;
    pub const LONG: u8 = 3;
    pub const FLOAT: u8 = 4;
    pub const DOUBLE: u8 = 5;
    pub const NULL: u8 = 6;
    pub const TIMESTAMP: u8 = 7;
    pub const LONGLONG: u8 = 8;
    pub const INT24: u8 = 9;
    pub const DATE: u8 = 10;
    pub const TIME: u8 = 11;
    pub const DATETIME: u8 = 12;
    pub const YEAR: u8 = 13;
    pub const NEWDATE: u8 = 14;
    pub const VARCHAR: u8 = 15;
    pub const BIT: u8 = 16;
    pub const TIMESTAMP2: u8 = 17;
    pub const DATETIME2: u8 = 18;
    pub const TIME2: u8 = 19;
    pub const VECTOR: u8 = 242;
    pub const INVALID: u8 = 243;
    pub const BOOL: u8 = 244;
    pub const JSON: u8 = 245;
    pub const NEWDECIMAL: u8 = 246;
    pub const ENUM: u8 = 247;
    pub const SET: u8 = 248;
    pub const TINY_BLOB: u8 = 249;
    pub const MEDIUM_BLOB: u8 = 250;
    pub const LONG_BLOB: u8 = 251;
    pub const BLOB: u8 = 252;
    pub const VAR_STRING: u8 = 253;
    pub const STRING: u8 = 254;
    pub const GEOMETRY: u8 = 255;
}

/// Flags of a column definition.
#[expect(missing_docs, reason = "the names are MySQL's own")]
pub mod column_flag {
    pub const NOT_NULL: u16 = 1;
    pub const PRI_KEY: u16 = 1 << 1;
    pub const UNIQUE_KEY: u16 = 1 << 2;
    pub const MULTIPLE_KEY: u16 = 1 << 3;
    pub const BLOB: u16 = 1 << 4;
    pub const UNSIGNED: u16 = 1 << 5;
    pub const ZEROFILL: u16 = 1 << 6;
    pub const BINARY: u16 = 1 << 7;
    pub const ENUM: u16 = 1 << 8;
    pub const AUTO_INCREMENT: u16 = 1 << 9;
    pub const TIMESTAMP: u16 = 1 << 10;
    pub const SET: u16 = 1 << 11;
    pub const NO_DEFAULT_VALUE: u16 = 1 << 12;
    pub const ON_UPDATE_NOW: u16 = 1 << 13;
    pub const PART_KEY: u16 = 1 << 14;
    pub const NUM: u16 = 1 << 15;
}

/// The `decimals` of a column whose number of decimals is not fixed (FLOAT and DOUBLE without a scale).
pub const DECIMALS_NOT_FIXED: u8 = 31;

/// Flags of COM_STMT_EXECUTE.
#[expect(missing_docs, reason = "the names are MySQL's own")]
pub mod cursor_type {
    pub const NO_CURSOR: u8 = 0;
    pub const READ_ONLY: u8 = 1;
    pub const FOR_UPDATE: u8 = 2;
    pub const SCROLLABLE: u8 = 4;
    pub const PARAMETER_COUNT_AVAILABLE: u8 = 8;
}

/// Collation numbers, which name character sets in the protocol.
#[expect(missing_docs, reason = "the names are MySQL's own")]
pub mod charset {
    pub const LATIN1_SWEDISH_CI: u16 = 8;
    pub const ASCII_GENERAL_CI: u16 = 11;
    pub const UTF8MB3_GENERAL_CI: u16 = 33;
    pub const UTF8MB4_GENERAL_CI: u16 = 45;
    pub const UTF8MB4_BIN: u16 = 46;
    pub const LATIN1_BIN: u16 = 47;
    pub const LATIN1_GENERAL_CI: u16 = 48;
    pub const LATIN1_GENERAL_CS: u16 = 49;
    pub const BINARY: u16 = 63;
    pub const ASCII_BIN: u16 = 65;
    pub const UTF8MB3_BIN: u16 = 83;
    pub const UTF8MB3_UNICODE_CI: u16 = 192;
    pub const UTF8MB4_UNICODE_CI: u16 = 224;
    pub const UTF8MB4_UNICODE_520_CI: u16 = 246;
    pub const UTF8MB4_0900_AI_CI: u16 = 255;
    pub const UTF8MB4_0900_AS_CS: u16 = 278;
    pub const UTF8MB4_0900_AS_CI: u16 = 305;
    pub const UTF8MB4_0900_BIN: u16 = 309;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_advertised_is_what_the_brief_names() {
        // FOUND_ROWS … DEPRECATE_EOF, SESSION_TRACK, OPTIONAL_RESULTSET_METADATA, QUERY_ATTRIBUTES; SSL and compression are the node's to add.
        assert_eq!(Capabilities::SERVER.bits(), 0x0bff_a78f);
        for refused in [Capabilities::SSL, Capabilities::COMPRESS, Capabilities::ZSTD_COMPRESSION] {
            assert_eq!(Capabilities::SERVER & refused, Capabilities::empty());
        }
    }

    #[test]
    fn a_set_prints_its_names() {
        let status = StatusFlags::AUTOCOMMIT | StatusFlags::from_bits(1 << 15);
        assert_eq!(format!("{status:?}"), "{AUTOCOMMIT, 0x8000}");
    }
}
