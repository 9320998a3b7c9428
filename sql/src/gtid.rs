//! [`Gtid`]: the name of a transaction.
//!
//! MySQL's form is `uuid:number`, since 8.4 also `uuid:tag:number`. The number here is the transaction's index in the log. While a
//! transaction waits for the quorum its index alone names nothing: after a change of leader another transaction may get it. So
//! the name of one whose outcome is in doubt has the leader's term as its tag: `uuid:t7:1234`.
//!
//! Left out: sets of them.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// The name of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gtid {
    /// The cluster.
    pub uuid: u128,
    /// The term of the leader that gave it its place in the log, if it is named.
    pub term: Option<u64>,
    /// Its index in the log; never 0.
    pub index: u64,
}

impl fmt::Display for Gtid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.uuid);
        write!(f, "{}-{}-{}-{}-{}:", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])?;
        if let Some(term) = self.term {
            write!(f, "t{term}:")?;
        }
        write!(f, "{}", self.index)
    }
}

impl FromStr for Gtid {
    type Err = Error;

    /// Reads a name. Blanks around its parts are skipped, as in MySQL; the UUID may be written with or without all of its dashes, and
    /// in braces.
    ///
    /// # Errors
    /// 1774 for anything else.
    fn from_str(text: &str) -> Result<Gtid, Error> {
        parse(text).ok_or_else(|| Error {
            code: 1774,
            state: *b"HY000",
            message: format!("Malformed GTID specification '{}'.", shortened(text)),
        })
    }
}

/// As much of a text as an error repeats.
fn shortened(text: &str) -> &str {
    const CHARACTERS_MAX: usize = 200;
    let end = text.char_indices().nth(CHARACTERS_MAX).map_or(text.len(), |(end, _)| end);
    &text[..end]
}

fn parse(text: &str) -> Option<Gtid> {
    let mut parts = text.split(':').map(str::trim);
    let uuid = uuid(parts.next()?)?;
    let second = parts.next()?;
    let (term, index) = match parts.next() {
        None => (None, second),
        Some(third) => (Some(number(second.strip_prefix(['t', 'T'])?)?), third),
    };
    if parts.next().is_some() {
        return None;
    }
    Some(Gtid { uuid, term, index: number(index)? })
}

/// A number from 1 to the largest that a GTID may have.
fn number(text: &str) -> Option<u64> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_digits.then(|| text.parse().ok())??;
    (1..i64::MAX.cast_unsigned()).contains(&number).then_some(number)
}

fn uuid(text: &str) -> Option<u128> {
    let inner = match text.strip_prefix('{') {
        Some(rest) => rest.strip_suffix('}')?,
        None => text,
    };
    let hex: String = match inner.len() {
        32 => inner.to_owned(),
        36 => {
            let dashes = [8, 13, 18, 23];
            let places = inner.bytes().enumerate().filter(|(_, byte)| *byte == b'-').map(|(place, _)| place);
            if !places.eq(dashes) {
                return None;
            }
            inner.replace('-', "")
        }
        _ => return None,
    };
    let is_hex = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u128::from_str_radix(&hex, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

    #[test]
    fn a_name_is_read_as_it_is_written() {
        let uuid = 0x3e11_fa47_71ca_11e1_9e33_c80a_a942_9562;
        for gtid in [Gtid { uuid, term: None, index: 23 }, Gtid { uuid, term: Some(7), index: 1 }] {
            assert_eq!(gtid.to_string().parse(), Ok(gtid));
        }
        let tagged = Gtid { uuid, term: Some(7), index: 1234 };
        assert_eq!(tagged.to_string(), format!("{UUID}:t7:1234"));
        assert_eq!(format!(" {{{}}} : T7 : 1234 ", UUID.to_uppercase()).parse(), Ok(tagged));
        assert_eq!("3E11FA4771CA11E19E33C80AA9429562:t7:1234".parse(), Ok(tagged));
    }

    #[test]
    fn anything_else_is_malformed() {
        let tails = [
            "",
            ":",
            ":0",
            ":-1",
            ":+1",
            ":1-2",
            ":a",
            ":t7",
            ":t7:",
            ":t0:5",
            ":7:5",
            ":x7:5",
            ":t7:5:6",
            ":9223372036854775807",
        ];
        for tail in tails {
            let text = format!("{UUID}{tail}");
            assert_eq!(text.parse::<Gtid>().map_err(|error| error.code), Err(1774), "{text}");
        }
        for uuid in [
            "",
            "3e11",
            "3e11fa4-771ca-11e1-9e33-c80aa9429562",
            "{3e11fa47-71ca-11e1-9e33-c80aa9429562",
            "zz11fa47-71ca-11e1-9e33-c80aa9429562",
            "é11fa47-71ca-11e1-9e33-c80aa942956",
        ] {
            assert!(format!("{uuid}:1").parse::<Gtid>().is_err(), "{uuid}");
        }
    }
}
