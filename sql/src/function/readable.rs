//! Numbers and dates for people: FORMAT_BYTES, FORMAT_PICO_TIME, GET_FORMAT.

use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::function::argument::{bytes, double};
use crate::function::{Call, Function};
use crate::types::{Collation, DataType, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "FORMAT_BYTES",
        1,
        1,
        |_, c| named(11, c),
        |_, v, ctx| Ok(shown(double(&v[0], ctx), BYTES, 4)),
    ),
    Function::new(
        "FORMAT_PICO_TIME",
        1,
        1,
        |_, c| named(11, c),
        |_, v, ctx| Ok(shown(double(&v[0], ctx), TIMES, 3)),
    ),
    Function::new("GET_FORMAT", 2, 2, format_type, get_format).text(0b11).nullable_result(),
];

/// Units and what they are worth, ascending; the first is counted in whole numbers.
type Units = &'static [(f64, &'static str)];

const KIB: f64 = 1024.0;
const BYTES: Units = &[
    (1.0, "bytes"),
    (KIB, "KiB"),
    (KIB * KIB, "MiB"),
    (KIB * KIB * KIB, "GiB"),
    (KIB * KIB * KIB * KIB, "TiB"),
    (KIB * KIB * KIB * KIB * KIB, "PiB"),
    (KIB * KIB * KIB * KIB * KIB * KIB, "EiB"),
];
const TIMES: Units = &[
    (1.0, "ps"),
    (1e3, "ns"),
    (1e6, "us"),
    (1e9, "ms"),
    (1e12, "s"),
    (60e12, "min"),
    (3_600e12, "h"),
    (86_400e12, "d"),
];
/// From here on a number is written with an exponent.
const LONG: f64 = 100_000.0;

fn named(characters: u32, collation: Collation) -> DataType {
    DataType::varchar(
        characters,
        if collation == Collation::Binary { Collation::default() } else { collation },
    )
}

fn format_type(_: &[Expression], collation: Collation) -> DataType {
    named(17, collation)
}

/// A number in the largest unit that it reaches.
fn shown(number: f64, units: Units, width: usize) -> Value {
    let (worth, unit) = units
        .iter()
        .rev()
        .find(|(worth, _)| number.abs() >= *worth)
        .or(units.first())
        .copied()
        .unwrap_or((1.0, ""));
    if worth <= 1.0 {
        return Value::text(format!("{:>width$} {unit}", number.trunc() as i64));
    }
    let value = number / worth;
    if value.abs() < LONG {
        return Value::text(format!("{value:.2} {unit}"));
    }
    // As C writes it: a sign, and two digits at least.
    let text = format!("{value:.2e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    Value::text(format!("{mantissa}e+{exponent:0>2} {unit}"))
}

/// GET_FORMAT(kind, standard): the parser gives the kind as text.
fn get_format(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let standard = String::from_utf8_lossy(bytes(&values[1])).to_ascii_uppercase();
    let formats = match (bytes(&values[0]), standard.as_str()) {
        (b"DATE", "USA") => "%m.%d.%Y",
        (b"DATE", "JIS" | "ISO") => "%Y-%m-%d",
        (b"DATE", "EUR") => "%d.%m.%Y",
        (b"DATE", "INTERNAL") => "%Y%m%d",
        (b"TIME", "USA") => "%h:%i:%s %p",
        (b"TIME", "JIS" | "ISO") => "%H:%i:%s",
        (b"TIME", "EUR") => "%H.%i.%s",
        (b"TIME", "INTERNAL") => "%H%i%s",
        (b"DATETIME", "USA" | "EUR") => "%Y-%m-%d %H.%i.%s",
        (b"DATETIME", "JIS" | "ISO") => "%Y-%m-%d %H:%i:%s",
        (b"DATETIME", "INTERNAL") => "%Y%m%d%H%i%s",
        _ => return Ok(Value::Null),
    };
    Ok(Value::text(formats))
}
