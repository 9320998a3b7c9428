//! Statements of MySQL that this server does not have, each named in its refusal.
//!
//! Told by their first words before anything else is read, so that a statement we cannot even parse is answered with 1235
//! and its name rather than with a syntax error.

use sqlparser::tokenizer::Token;

use crate::error::Error;
use crate::parse::cursor::Cursor;

/// First words, and what they are called in the refusal. A longer row stands before its shorter neighbours.
const REFUSED: &[(&[&str], &str)] = &[
    (&["ALTER", "LOGFILE"], "tablespaces"),
    (&["ALTER", "RESOURCE"], "resource groups"),
    (&["ALTER", "SERVER"], "federated servers"),
    (&["ALTER", "TABLESPACE"], "tablespaces"),
    (&["ALTER", "UNDO"], "tablespaces"),
    (&["BINLOG"], "BINLOG"),
    (&["CACHE", "INDEX"], "CACHE INDEX"),
    (&["CHANGE", "MASTER"], "CHANGE REPLICATION SOURCE"),
    (&["CHANGE", "REPLICATION"], "CHANGE REPLICATION SOURCE"),
    (&["CLONE"], "CLONE"),
    (&["CREATE", "AGGREGATE"], "loadable functions"),
    (&["CREATE", "ALGORITHM"], "views"),
    (&["CREATE", "DEFINER"], "views"),
    (&["CREATE", "LOGFILE"], "tablespaces"),
    (&["CREATE", "OR", "REPLACE"], "views"),
    (&["CREATE", "RESOURCE"], "resource groups"),
    (&["CREATE", "SERVER"], "federated servers"),
    (&["CREATE", "SPATIAL", "REFERENCE"], "spatial reference systems"),
    (&["CREATE", "SQL"], "views"),
    (&["CREATE", "TABLESPACE"], "tablespaces"),
    (&["CREATE", "UNDO"], "tablespaces"),
    (&["DROP", "LOGFILE"], "tablespaces"),
    (&["DROP", "RESOURCE"], "resource groups"),
    (&["DROP", "SERVER"], "federated servers"),
    (&["DROP", "TABLESPACE"], "tablespaces"),
    (&["DROP", "UNDO"], "tablespaces"),
    (&["HANDLER"], "HANDLER"),
    (&["HELP"], "HELP"),
    (&["IMPORT", "TABLE"], "IMPORT TABLE"),
    (&["INSTALL"], "INSTALL PLUGIN and INSTALL COMPONENT"),
    (&["LOAD", "INDEX"], "LOAD INDEX"),
    (&["LOAD", "XML"], "LOAD XML"),
    (&["PURGE"], "PURGE BINARY LOGS"),
    (&["RESET"], "RESET"),
    (&["RESTART"], "RESTART"),
    (&["SET", "RESOURCE"], "resource groups"),
    (&["SHUTDOWN"], "SHUTDOWN"),
    (&["START", "GROUP_REPLICATION"], "START GROUP_REPLICATION"),
    (&["START", "REPLICA"], "START REPLICA"),
    (&["START", "SLAVE"], "START REPLICA"),
    (&["STOP", "GROUP_REPLICATION"], "STOP GROUP_REPLICATION"),
    (&["STOP", "REPLICA"], "STOP REPLICA"),
    (&["STOP", "SLAVE"], "STOP REPLICA"),
    (&["UNINSTALL"], "UNINSTALL PLUGIN and UNINSTALL COMPONENT"),
];

/// The refusal of the statement that begins here, if it is one of the table.
pub(crate) fn refusal(cursor: &Cursor<'_, '_>) -> Option<Error> {
    let (words, feature) = REFUSED
        .iter()
        .find(|(words, _)| words.iter().enumerate().all(|(ahead, word)| cursor.peek_word(ahead, word)))?;
    // `SET resource = …` must reach SET's own error.
    if words[0] == "SET" && matches!(cursor.peek_at(words.len()), Token::Eq | Token::Assignment) {
        return None;
    }
    Some(Error::not_supported(feature))
}
