//! CHECK, CHECKSUM, OPTIMIZE and REPAIR TABLE.

use super::TableName;

/// What is done to tables one after the other, with a row of the result for what is to be said of each.
#[derive(Clone, Debug, PartialEq)]
pub struct Maintenance {
    /// What is done.
    pub kind: MaintenanceKind,
    /// To which tables.
    pub names: Vec<TableName>,
}

/// What a [`Maintenance`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaintenanceKind {
    /// CHECK TABLE: reads all rows and compares the indexes with them. Its options make InnoDB do no other thing either.
    Check,
    /// CHECKSUM TABLE.
    Checksum {
        /// QUICK: the checksum that the engine keeps, which InnoDB does not.
        quick: bool,
    },
    /// OPTIMIZE TABLE: writes the table anew, then counts its rows.
    Optimize,
    /// REPAIR TABLE, which InnoDB does not do.
    Repair,
}

impl MaintenanceKind {
    /// The column `Op` of its result.
    #[must_use]
    pub fn operation(self) -> &'static str {
        match self {
            MaintenanceKind::Check => "check",
            MaintenanceKind::Checksum { .. } => "checksum",
            MaintenanceKind::Optimize => "optimize",
            MaintenanceKind::Repair => "repair",
        }
    }
}
