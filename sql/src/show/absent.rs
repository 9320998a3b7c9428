//! Columns of SHOW for things that the server does not have: the sets are empty.

use crate::show::spec::{ColumnSpec, exact, exact_long, integer, of, text, unsigned};
use crate::types::TypeKind;

pub(super) const TRIGGERS: &[ColumnSpec] = &[
    text("Trigger", 64),
    exact("Event", 6),
    exact("Table", 64),
    exact_long("Statement", TypeKind::LongText),
    exact("Timing", 6),
    of("Created", TypeKind::Timestamp(2)),
    exact("sql_mode", 546),
    exact("Definer", 288),
    text("character_set_client", 64),
    text("collation_connection", 64),
    text("Database Collation", 64),
];
pub(super) const EVENTS: &[ColumnSpec] = &[
    exact("Db", 64),
    text("Name", 64),
    exact("Definer", 288),
    exact("Time zone", 64),
    text("Type", 9),
    of("Execute at", TypeKind::DateTime(0)).or_null(),
    text("Interval value", 256).or_null(),
    exact("Interval field", 18).or_null(),
    of("Starts", TypeKind::DateTime(0)).or_null(),
    of("Ends", TypeKind::DateTime(0)).or_null(),
    exact("Status", 21),
    unsigned("Originator", TypeKind::Int),
    text("character_set_client", 64),
    text("collation_connection", 64),
    text("Database Collation", 64),
];
pub(super) const ROUTINES: &[ColumnSpec] = &[
    exact("Db", 64),
    text("Name", 64),
    exact("Type", 9),
    exact("Language", 64),
    exact("Definer", 288),
    of("Modified", TypeKind::Timestamp(0)),
    of("Created", TypeKind::Timestamp(0)),
    exact("Security_type", 7),
    exact_long("Comment", TypeKind::Text),
    text("character_set_client", 64),
    text("collation_connection", 64),
    text("Database Collation", 64),
];
pub(super) const OPEN_TABLES: &[ColumnSpec] = &[
    text("Database", 64),
    text("Table", 64),
    integer("In_use", TypeKind::BigInt),
    integer("Name_locked", TypeKind::BigInt),
];
