//! `time_zone`: SYSTEM (which is UTC here), UTC, and offsets. Named zones are not loaded, as in a fresh MySQL: error 1298.

use crate::error::Error;
use crate::types::temporal_text::parse_offset_text;

/// The offset in seconds of a zone, and its name as MySQL shows it.
///
/// # Errors
/// 1298.
pub(super) fn parse(text: &str) -> crate::Result<(i32, String)> {
    if text.eq_ignore_ascii_case("system") {
        return Ok((0, "SYSTEM".to_owned()));
    }
    if text.eq_ignore_ascii_case("utc") {
        return Ok((0, "UTC".to_owned()));
    }
    let text = text.trim();
    // One digit for the hours is allowed.
    let padded = match text.as_bytes() {
        [sign @ (b'+' | b'-'), _, b':', ..] => format!("{}0{}", char::from(*sign), &text[1..]),
        _ => text.to_owned(),
    };
    match parse_offset_text(padded.as_bytes()) {
        Some(offset) => Ok((offset, padded)),
        None => Err(Error {
            code: 1298,
            state: *b"HY000",
            message: format!("Unknown or incorrect time zone: '{text}'"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_names() {
        assert_eq!(parse("+5:30").unwrap(), (19_800, "+05:30".to_owned()));
        assert_eq!(parse("-13:59").unwrap().0, -(13 * 3600 + 59 * 60));
        assert_eq!(parse("system").unwrap(), (0, "SYSTEM".to_owned()));
        for wrong in ["-14:00", "+25:00", "Europe/Paris", "", "+1"] {
            assert_eq!(parse(wrong).unwrap_err().code, 1298, "{wrong}");
        }
    }
}
