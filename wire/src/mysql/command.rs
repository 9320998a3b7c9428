//! Commands: the packets a client sends after it has logged in.
//!
//! [`Command::parse`] gives every command MySQL has a variant, so that the server's match says for each what it
//! does; a byte that is no command is [`Command::Unknown`]. Those the server does not do are answered with error
//! 1047 (or 1235), never with OK. Bodies are slices of the packet: SQL is bytes, in the client's character set.

use crate::mysql::constant::command_code;
use crate::mysql::primitive::Input;
use crate::{Error, Result};

/// One command, with its fields as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// Close the connection; not answered.
    Quit,
    /// USE a schema.
    InitDb(&'a [u8]),
    /// Statement text; several statements when the client can take several results.
    Query(&'a [u8]),
    /// Columns of a table, with their defaults.
    FieldList {
        /// The table.
        table: &'a [u8],
        /// LIKE pattern of column names; empty for all.
        pattern: &'a [u8],
    },
    /// CREATE DATABASE, removed from MySQL.
    CreateDb(&'a [u8]),
    /// DROP DATABASE, removed from MySQL.
    DropDb(&'a [u8]),
    /// FLUSH, deprecated.
    Refresh {
        /// What to flush.
        flags: u8,
    },
    /// SHUTDOWN, deprecated.
    Shutdown,
    /// A line of text about the server.
    Statistics,
    /// SHOW PROCESSLIST, deprecated.
    ProcessInfo,
    /// KILL CONNECTION, deprecated.
    ProcessKill {
        /// The connection.
        connection_id: u32,
    },
    /// Dump state to the server's log.
    Debug,
    /// Is the server there?
    Ping,
    /// Log in anew on this connection; parse with [`crate::mysql::handshake::ChangeUser`].
    ChangeUser(&'a [u8]),
    /// Stream the binlog from a file position.
    BinlogDump(&'a [u8]),
    /// Stream the binlog from a set of GTIDs.
    BinlogDumpGtid(&'a [u8]),
    /// A replica says who it is.
    RegisterReplica(&'a [u8]),
    /// Prepare a statement.
    StmtPrepare(&'a [u8]),
    /// Run a prepared statement.
    StmtExecute {
        /// From COM_STMT_PREPARE.
        id: u32,
        /// Bits of [`crate::mysql::constant::cursor_type`].
        flags: u8,
        /// Bitmap, types and values, for [`crate::mysql::execute::parse_parameters`].
        parameters: &'a [u8],
    },
    /// A piece of a parameter's value; not answered.
    StmtSendLongData {
        /// The statement.
        id: u32,
        /// The parameter, from 0.
        parameter: u16,
        /// Bytes to append.
        data: &'a [u8],
    },
    /// Forget a statement; not answered.
    StmtClose {
        /// The statement.
        id: u32,
    },
    /// Close a statement's cursor and drop its long data.
    StmtReset {
        /// The statement.
        id: u32,
    },
    /// Rows of an open cursor.
    StmtFetch {
        /// The statement.
        id: u32,
        /// Rows wanted.
        row_count: u32,
    },
    /// Turn several statements per COM_QUERY on (0) or off (1).
    SetOption {
        /// The option.
        option: u16,
    },
    /// Reset the session's state without logging in anew.
    ResetConnection,
    /// A command of MySQL's that is internal to servers or gone from all of them: COM_SLEEP, COM_CONNECT, COM_TIME,
    /// COM_DELAYED_INSERT, COM_TABLE_DUMP, COM_CONNECT_OUT, COM_DAEMON, COM_CLONE and group replication's stream.
    Internal(u8),
    /// A byte that is no command.
    Unknown(u8),
}

impl<'a> Command<'a> {
    /// Reads a command packet.
    pub fn parse(payload: &'a [u8]) -> Result<Command<'a>> {
        let mut input = Input::new(payload);
        let code = input.u8().ok_or(Error::Malformed { what: "empty command" })?;
        let body = input.rest();
        Ok(match code {
            command_code::QUERY => Command::Query(body),
            command_code::STMT_EXECUTE
            | command_code::STMT_SEND_LONG_DATA
            | command_code::STMT_CLOSE
            | command_code::STMT_RESET
            | command_code::STMT_FETCH => return Command::parse_statement(code, input),
            command_code::STMT_PREPARE => Command::StmtPrepare(body),
            command_code::PING => Command::Ping,
            command_code::QUIT => Command::Quit,
            command_code::INIT_DB => Command::InitDb(body),
            command_code::RESET_CONNECTION => Command::ResetConnection,
            command_code::CHANGE_USER => Command::ChangeUser(body),
            command_code::FIELD_LIST => {
                let table = input.nul_terminated().ok_or(Error::Malformed { what: "COM_FIELD_LIST" })?;
                Command::FieldList { table, pattern: trim_nul(input.rest()) }
            }
            command_code::SET_OPTION => {
                let option = input.u16().ok_or(Error::Malformed { what: "COM_SET_OPTION" })?;
                Command::SetOption { option }
            }
            command_code::PROCESS_KILL => {
                let connection_id = input.u32().ok_or(Error::Malformed { what: "COM_PROCESS_KILL" })?;
                Command::ProcessKill { connection_id }
            }
            command_code::REFRESH => {
                let flags = input.u8().ok_or(Error::Malformed { what: "COM_REFRESH" })?;
                Command::Refresh { flags }
            }
            command_code::STATISTICS => Command::Statistics,
            command_code::PROCESS_INFO => Command::ProcessInfo,
            command_code::DEBUG => Command::Debug,
            command_code::SHUTDOWN => Command::Shutdown,
            command_code::CREATE_DB => Command::CreateDb(body),
            command_code::DROP_DB => Command::DropDb(body),
            command_code::BINLOG_DUMP => Command::BinlogDump(body),
            command_code::BINLOG_DUMP_GTID => Command::BinlogDumpGtid(body),
            command_code::REGISTER_SLAVE => Command::RegisterReplica(body),
            command_code::SLEEP
            | command_code::CONNECT
            | command_code::TIME
            | command_code::DELAYED_INSERT
            | command_code::TABLE_DUMP
            | command_code::CONNECT_OUT
            | command_code::DAEMON
            | command_code::CLONE
            | command_code::SUBSCRIBE_GROUP_REPLICATION_STREAM => Command::Internal(code),
            _ => Command::Unknown(code),
        })
    }

    /// The commands that start with a statement's id.
    fn parse_statement(code: u8, mut input: Input<'a>) -> Result<Command<'a>> {
        let what = match code {
            command_code::STMT_EXECUTE => "COM_STMT_EXECUTE",
            command_code::STMT_SEND_LONG_DATA => "COM_STMT_SEND_LONG_DATA",
            command_code::STMT_FETCH => "COM_STMT_FETCH",
            command_code::STMT_RESET => "COM_STMT_RESET",
            _ => "COM_STMT_CLOSE",
        };
        let malformed = Error::Malformed { what };
        let Some(id) = input.u32() else { return Err(malformed) };
        let command = match code {
            command_code::STMT_EXECUTE => input.u8().zip(input.u32()).map(|(flags, _iterations)| {
                // The count of iterations is always 1 and MySQL does not read it.
                Command::StmtExecute { id, flags, parameters: input.rest() }
            }),
            command_code::STMT_SEND_LONG_DATA => {
                input.u16().map(|parameter| Command::StmtSendLongData { id, parameter, data: input.rest() })
            }
            command_code::STMT_FETCH => input.u32().map(|row_count| Command::StmtFetch { id, row_count }),
            command_code::STMT_RESET => Some(Command::StmtReset { id }),
            _ => Some(Command::StmtClose { id }),
        };
        command.ok_or(malformed)
    }

    /// Whether the protocol forbids an answer, even an ERR packet.
    pub fn is_silent(&self) -> bool {
        matches!(self, Command::Quit | Command::StmtSendLongData { .. } | Command::StmtClose { .. })
    }
}

fn trim_nul(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(&[0]).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn golden_commands() {
        let cases: [(&[u8], Command<'_>); 19] = [
            (b"\x01", Command::Quit),
            (b"\x02test", Command::InitDb(b"test")),
            (b"\x03select '\xff'", Command::Query(b"select '\xff'")),
            (b"\x03", Command::Query(b"")),
            (b"\x04t1\0c%\0", Command::FieldList { table: b"t1", pattern: b"c%" }),
            (b"\x04t1\0", Command::FieldList { table: b"t1", pattern: b"" }),
            (b"\x09", Command::Statistics),
            (b"\x0c\x07\0\0\0", Command::ProcessKill { connection_id: 7 }),
            (b"\x0e", Command::Ping),
            (b"\x11root\0", Command::ChangeUser(b"root\0")),
            (b"\x16select ?", Command::StmtPrepare(b"select ?")),
            (
                b"\x17\x01\0\0\0\x02\x01\0\0\0\0\x01",
                Command::StmtExecute { id: 1, flags: 2, parameters: b"\0\x01" },
            ),
            (b"\x18\x01\0\0\0\x02\0abc", Command::StmtSendLongData { id: 1, parameter: 2, data: b"abc" }),
            (b"\x19\x05\0\0\0", Command::StmtClose { id: 5 }),
            (b"\x1a\x05\0\0\0", Command::StmtReset { id: 5 }),
            (b"\x1b\x01\0", Command::SetOption { option: 1 }),
            (b"\x1c\x05\0\0\0\x0a\0\0\0", Command::StmtFetch { id: 5, row_count: 10 }),
            (b"\x0f", Command::Internal(0x0f)),
            (b"\xff", Command::Unknown(0xff)),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Command::parse(bytes), Ok(expected));
        }
    }

    #[test]
    fn short_commands_are_malformed() {
        for bytes in [
            &b""[..],
            b"\x04t1",
            b"\x0c\x01",
            b"\x17\x01\0\0\0\0",
            b"\x18\x01\0\0\0\x01",
            b"\x19\x01",
            b"\x1a",
            b"\x1b\x01",
            b"\x1c\x01\0\0\0",
        ] {
            assert_eq!(Command::parse(bytes).unwrap_err().errno(), 1835, "{bytes:?}");
        }
    }

    #[test]
    fn which_commands_are_silent() {
        let silent: Vec<u8> = (0..=255u8)
            .filter(|code| {
                Command::parse(&[*code, 0, 0, 0, 0, 0, 0, 0, 0, 0]).is_ok_and(|command| command.is_silent())
            })
            .collect();
        assert_eq!(silent, [0x01, 0x18, 0x19]);
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(code: u8, body in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut bytes = vec![code];
            bytes.extend(body);
            let _ = Command::parse(&bytes);
        }
    }
}
