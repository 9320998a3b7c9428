//! `time_zone`: SYSTEM (which is UTC here), offsets, and the names of the database that is built in ([`TimeZone`]).

use crate::error::Error;
use crate::types::TimeZone;

/// A zone, and its name as MySQL shows it.
///
/// # Errors
/// 1298.
pub(super) fn parse(text: &str) -> crate::Result<(TimeZone, String)> {
    if text.eq_ignore_ascii_case("system") {
        return Ok((TimeZone::UTC, "SYSTEM".to_owned()));
    }
    // One digit for the hours is allowed.
    let padded = match text.trim().as_bytes() {
        [sign @ (b'+' | b'-'), _, b':', ..] => format!("{}0{}", char::from(*sign), &text.trim()[1..]),
        [b'+' | b'-', ..] => text.trim().to_owned(),
        _ => text.to_owned(),
    };
    match TimeZone::find(padded.as_bytes()) {
        Some(zone @ TimeZone::Fixed(_)) => Ok((zone, padded)),
        // Plans that were made for UTC are those of its name too.
        Some(TimeZone::Named(zone)) if zone.name == "UTC" => Ok((TimeZone::UTC, zone.name.clone())),
        Some(TimeZone::Named(zone)) => Ok((TimeZone::Named(zone), zone.name.clone())),
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
        assert_eq!(parse("+5:30").unwrap(), (19_800.into(), "+05:30".to_owned()));
        assert_eq!(parse("-13:59").unwrap().0, TimeZone::Fixed(-(13 * 3600 + 59 * 60)));
        assert_eq!(parse("system").unwrap(), (TimeZone::UTC, "SYSTEM".to_owned()));
        assert_eq!(parse("europe/BERLIN").unwrap().1, "Europe/Berlin");
        for wrong in ["-14:00", "+25:00", "Europe/Nowhere", "", "+1", " UTC"] {
            assert_eq!(parse(wrong).unwrap_err().code, 1298, "{wrong}");
        }
    }
}
