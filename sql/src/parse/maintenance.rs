//! CHECK, CHECKSUM, OPTIMIZE and REPAIR TABLE.

use crate::ast::{Maintenance, MaintenanceKind, Statement};
use crate::parse::cursor::Cursor;

/// Parses a statement that begins with CHECK, CHECKSUM, OPTIMIZE or REPAIR.
pub(crate) fn maintenance(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    let verb = cursor.one_of(&["CHECKSUM", "CHECK", "OPTIMIZE", "REPAIR"]);
    if matches!(verb, Some("OPTIMIZE" | "REPAIR")) {
        cursor.one_of(&["NO_WRITE_TO_BINLOG", "LOCAL"]);
    }
    if cursor.one_of(&["TABLE", "TABLES"]).is_none() {
        return Err(cursor.unexpected());
    }
    let names = cursor.list(Cursor::table_name)?;
    let kind = match verb {
        Some("CHECKSUM") => {
            MaintenanceKind::Checksum { quick: cursor.one_of(&["QUICK", "EXTENDED"]) == Some("QUICK") }
        }
        Some("CHECK") => {
            let is_option = |cursor: &mut Cursor<'_, '_>| {
                cursor.words(&["FOR", "UPGRADE"])
                    || cursor.one_of(&["QUICK", "FAST", "MEDIUM", "EXTENDED", "CHANGED"]).is_some()
            };
            while is_option(cursor) {}
            MaintenanceKind::Check
        }
        Some("OPTIMIZE") => MaintenanceKind::Optimize,
        _ => {
            while cursor.one_of(&["QUICK", "EXTENDED", "USE_FRM"]).is_some() {}
            MaintenanceKind::Repair
        }
    };
    Ok(Statement::Maintenance(Maintenance { kind, names }))
}
