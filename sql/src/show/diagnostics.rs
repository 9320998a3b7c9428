//! SHOW WARNINGS, SHOW ERRORS and their counts: the diagnostics area of the last statement that was none of these.

use crate::session::{SessionState, Warning, WarningLevel};
use crate::show::spec::{ColumnSpec, Row, fixed, string, text, unsigned};
use crate::types::{TypeKind, Value};

pub(super) const WARNINGS: &[ColumnSpec] =
    &[text("Level", 7), unsigned("Code", TypeKind::Int), text("Message", 512)];
pub(super) const COUNT_WARNINGS: &[ColumnSpec] =
    &[unsigned("@@session.warning_count", TypeKind::BigInt).or_null()];
pub(super) const COUNT_ERRORS: &[ColumnSpec] =
    &[unsigned("@@session.error_count", TypeKind::BigInt).or_null()];

/// The warnings, or those of them that are errors.
pub(super) fn warnings(
    errors_only: bool,
    limit: Option<u64>,
    offset: u64,
    session: &SessionState,
) -> Vec<Row> {
    let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    session
        .warnings
        .iter()
        .filter(|warning| !errors_only || is_error(warning))
        .skip(offset)
        .take(limit)
        .map(|warning| {
            vec![fixed(level(warning.level)), Value::UInt(warning.code.into()), string(&warning.message)]
        })
        .collect()
}

/// SHOW COUNT(*) WARNINGS counts also those that `max_error_count` did not keep.
pub(super) fn count_warnings(session: &SessionState) -> Vec<Row> {
    vec![vec![Value::UInt(session.warning_count)]]
}

/// SHOW COUNT(*) ERRORS.
pub(super) fn count_errors(session: &SessionState) -> Vec<Row> {
    let errors = session.warnings.iter().filter(|warning| is_error(warning)).count();
    vec![vec![Value::UInt(errors as u64)]]
}

fn is_error(warning: &Warning) -> bool {
    warning.level == WarningLevel::Error
}

fn level(level: WarningLevel) -> &'static str {
    match level {
        WarningLevel::Note => "Note",
        WarningLevel::Warning => "Warning",
        WarningLevel::Error => "Error",
    }
}
