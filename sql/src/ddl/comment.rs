//! Comments of tables and columns, which MySQL keeps in utf8mb3.

use crate::collation::CharacterSet;
use crate::execute::Context;
use crate::session::WarningLevel;

/// Bytes that the warning shows.
const SHOWN_BYTES_MAX: usize = 6;

/// A comment as it is kept: with `?` for what utf8mb3 has not, and warning 1300.
pub(super) fn kept(comment: &str, ctx: &mut Context<'_>) -> String {
    if CharacterSet::Utf8mb3.first_lost(comment.as_bytes()).is_none() {
        return comment.to_owned();
    }
    let mut shown: String = comment
        .bytes()
        .take(SHOWN_BYTES_MAX)
        .map(|byte| match byte {
            0x20..=0x7e => char::from(byte).to_string(),
            _ => format!("\\x{byte:02X}"),
        })
        .collect();
    if comment.len() > SHOWN_BYTES_MAX {
        shown.push_str("...");
    }
    let message = format!("Cannot convert string '{shown}' from utf8mb4 to utf8mb3");
    ctx.session.warn(WarningLevel::Warning, 1300, message);
    let kept = CharacterSet::Utf8mb3.replace_lost(comment.as_bytes()).into_owned();
    String::from_utf8_lossy(&kept).into_owned()
}
