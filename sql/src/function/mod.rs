//! The functions: one table of names, counts of arguments, result types and bodies.
//!
//! A function is a row of a table in the submodule of its subject; [`find`] looks it up by name, [`all`] lists them for
//! the manual. By default a NULL argument makes the result NULL without the body being called. Arguments that a function
//! takes as text are converted by the binder, so that bodies see strings. IF, IFNULL, COALESCE, NULLIF, ISNULL and MOD are
//! operators for the binder and not here.
//!
//! Left out, and refused by name: what [`is_refused`] lists.

pub(crate) mod bits;
mod choice;
mod cipher;
mod compression;
mod control;
mod encode;
mod extreme;
mod information;
mod interval;
mod json;
pub mod locale;
pub mod manual;
mod network;
mod numeric;
mod outcome;
mod readable;
mod server;
mod string;
mod temporal;
mod temporal_format;
mod temporal_parts;
mod text_search;
mod user_lock;
mod uuid;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::error::Result;
use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::types::{Collation, DataType, Value};

pub use extreme::compares_dates;
pub use interval::Unit;
pub use json::{
    document_type as json_document_type, json_table_rows, member_name as json_member_name,
    scalar_of_type as json_scalar_of_type,
};
pub(crate) use temporal_parts::text_precision as fraction_of;
pub use user_lock::UserLockCalls;

/// A call as a function's body sees it.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The function's name.
    pub name: &'static str,
    /// Type of the result.
    pub data_type: DataType,
    /// Collation that texts are compared by.
    pub collation: Collation,
    /// The bound arguments, for their types.
    pub arguments: &'a [Expression],
}

type Body = fn(&Call<'_>, &[Value], &mut Context<'_>) -> Run<Value>;
type Check = fn(&[Expression]) -> Result<()>;
type ResultType = fn(&[Expression], Collation) -> DataType;

/// A function.
pub struct Function {
    /// Name in upper case.
    pub name: &'static str,
    /// Fewest arguments.
    pub least: usize,
    /// Most arguments.
    pub most: usize,
    /// Bit n: argument n is taken as text; the top bit stands for all from 31 on.
    texts: u32,
    /// The body wants to see NULLs.
    takes_null: bool,
    /// The result may be NULL though no argument is.
    nullable: bool,
    /// The result changes from call to call.
    volatile: bool,
    result: ResultType,
    body: Body,
    /// What the arguments must be, asked when the call is bound.
    check: Option<Check>,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Function({})", self.name)
    }
}

/// The function that a comparison puts around a text next to a date; no statement can name it.
pub(crate) const AS_DAY: &str = "TEXT AS DAY";

/// The function that a column of TEXT or BLOB is the argument of where a number is wanted; no statement can name it.
pub(crate) const AS_NUMBER: &str = "TEXT AS NUMBER";

/// A number or a time as the year that a YEAR column next to it would hold.
pub(crate) const AS_YEAR: &str = "NUMBER AS YEAR";
/// The condition of a COALESCE whose operand may be another the next time: that its result is not NULL.
pub(crate) const OWN_RESULT: &str = "RESULT IS NOT NULL";
/// A value as a column of dates or times holds it, NULL if it cannot.
pub(crate) const AS_STORED: &str = "VALUE AS STORED";
/// A text or a time as the microseconds of the time, and a given number if it is none.
pub(crate) const AS_TIME: &str = "TEXT AS TIME";
/// A year as the date that has neither month nor day.
pub(crate) const YEAR_AS_DAY: &str = "YEAR AS DAY";
/// A calculated decimal without the digits after the point that it does not have: a zero has none.
pub(crate) const AS_IT_IS: &str = "DECIMAL AS IT IS";
/// As [`AS_NUMBER`], for bits.
pub(crate) const AS_INTEGER: &str = "TEXT AS INTEGER";

/// The function that bytes are the argument of where they are compared with a text; no statement can name it.
pub(crate) const AS_TEXT: &str = "BYTES AS TEXT";

/// The function that a date as text is the argument of where a number is wanted; no statement can name it.
pub(crate) const AS_DATE_NUMBER: &str = "DATE AS NUMBER";

/// The function whose second argument is evaluated as often as its first says.
const BENCHMARK: &str = "BENCHMARK";

/// All arguments are text.
const ALL: u32 = u32::MAX;

impl Function {
    const fn new(name: &'static str, least: usize, most: usize, result: ResultType, body: Body) -> Function {
        Function {
            name,
            least,
            most,
            texts: 0,
            takes_null: false,
            nullable: false,
            volatile: false,
            result,
            body,
            check: None,
        }
    }

    /// The arguments of these bits are text.
    const fn text(self, texts: u32) -> Function {
        Function { texts, ..self }
    }

    /// The body decides about NULL arguments.
    const fn takes_null(self) -> Function {
        Function { takes_null: true, nullable: true, ..self }
    }

    /// The body decides about NULL arguments, and its result is never NULL.
    const fn never_null(self) -> Function {
        Function { takes_null: true, nullable: false, ..self }
    }

    /// The result may be NULL though no argument is.
    const fn nullable_result(self) -> Function {
        Function { nullable: true, ..self }
    }

    /// Calls are refused when this refuses their arguments.
    const fn checked(self, check: Check) -> Function {
        Function { check: Some(check), ..self }
    }

    /// Evaluated for each row even without columns among its arguments.
    const fn volatile(self) -> Function {
        Function { volatile: true, ..self }
    }

    /// Whether it takes that many arguments.
    #[must_use]
    pub fn takes(&self, count: usize) -> bool {
        (self.least..=self.most).contains(&count)
    }

    /// Whether the argument at a position is taken as text.
    #[must_use]
    pub fn wants_text(&self, position: usize) -> bool {
        self.texts >> position.min(31) & 1 == 1
    }

    /// Whether any argument is taken as text.
    #[must_use]
    pub fn takes_text(&self) -> bool {
        self.texts != 0
    }

    /// Whether the result depends on the bytes that a text has in its character set.
    #[must_use]
    pub fn sees_bytes(&self) -> bool {
        const NAMES: [&str; 21] = [
            "AES_DECRYPT",
            "AES_ENCRYPT",
            "ASCII",
            "BIN_TO_UUID",
            "BIT_LENGTH",
            "COMPRESS",
            "CRC32",
            "HEX",
            "INET6_ATON",
            "INET6_NTOA",
            "LENGTH",
            "MD5",
            "OCTET_LENGTH",
            "ORD",
            "RANDOM_BYTES",
            "SHA",
            "SHA1",
            "SHA2",
            "TO_BASE64",
            "UNCOMPRESS",
            "UNCOMPRESSED_LENGTH",
        ];
        NAMES.contains(&self.name)
    }

    /// Whether the arguments are compared with one another: their collations must agree then.
    #[must_use]
    pub fn compares(&self) -> bool {
        const NAMES: [&str; 9] = [
            "FIELD",
            "FIND_IN_SET",
            "GREATEST",
            "LEAST",
            "REGEXP_INSTR",
            "REGEXP_LIKE",
            "REGEXP_REPLACE",
            "REGEXP_SUBSTR",
            "STRCMP",
        ];
        NAMES.contains(&self.name)
    }

    /// Whether it reads its argument at a position as a date or time, so that a YEAR there is its first day.
    #[must_use]
    pub fn takes_day(&self, position: usize) -> bool {
        const NAMES: [&str; 28] = [
            "YEAR",
            "MONTH",
            "DAY",
            "DAYOFMONTH",
            "QUARTER",
            "HOUR",
            "MINUTE",
            "SECOND",
            "MICROSECOND",
            "WEEKDAY",
            "DAYOFWEEK",
            "DAYOFYEAR",
            "TO_DAYS",
            "TO_SECONDS",
            "WEEK",
            "WEEKOFYEAR",
            "YEARWEEK",
            "DAYNAME",
            "MONTHNAME",
            "LAST_DAY",
            "TIME_TO_SEC",
            "DATE",
            "TIME",
            "TIMESTAMP",
            "UNIX_TIMESTAMP",
            "DATE_FORMAT",
            "TIME_FORMAT",
            "CONVERT_TZ",
        ];
        const PREFIXES: [&str; 3] = ["DATE_ADD_", "DATE_SUB_", "EXTRACT_"];
        let is_difference = self.name == "DATEDIFF" || self.name.starts_with("TIMESTAMPDIFF_");
        let takes_first =
            NAMES.contains(&self.name) || PREFIXES.iter().any(|prefix| self.name.starts_with(prefix));
        is_difference || position == 0 && takes_first
    }

    /// Whether a text that it gives is made of the texts that it takes, rather than digits and names.
    #[must_use]
    pub fn gives_text_of_arguments(&self) -> bool {
        const NAMES: [&str; 21] = [
            "BIN",
            "BIN_TO_UUID",
            "CHARSET",
            "COLLATION",
            "CONV",
            "FORMAT",
            "FORMAT_BYTES",
            "FORMAT_PICO_TIME",
            "GET_FORMAT",
            "GTID_SUBTRACT",
            "HEX",
            "INET6_NTOA",
            "INET_NTOA",
            "MD5",
            "OCT",
            "SHA",
            "SHA1",
            "SHA2",
            "SPACE",
            "TO_BASE64",
            "UUID",
        ];
        !NAMES.contains(&self.name)
    }

    /// Whether the result changes from call to call.
    #[must_use]
    pub fn is_volatile(&self) -> bool {
        self.volatile
    }

    /// Whether a call with these arguments may be NULL.
    #[must_use]
    pub fn nullable(&self, arguments: &[Expression]) -> bool {
        self.nullable || (!self.takes_null && arguments.iter().any(Expression::nullable))
    }

    /// Type of a call's result.
    #[must_use]
    pub fn result_type(&self, arguments: &[Expression], collation: Collation) -> DataType {
        (self.result)(arguments, collation)
    }

    /// Refuses what can be refused when the statement is bound.
    ///
    /// # Errors
    /// Functions that need a literal argument and did not get one.
    pub fn check(&self, arguments: &[Expression]) -> Result<()> {
        if let Some(check) = self.check {
            check(arguments)?;
        }
        temporal::check_precision(self.name, arguments)
    }

    /// Evaluates the arguments and the function.
    ///
    /// # Errors
    /// What the arguments or the body raise.
    pub fn eval(&self, call: &Call<'_>, row: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
        match call.arguments {
            [] => (self.body)(call, &[], ctx),
            [first] => {
                let values = [first.eval(row, ctx)?];
                self.apply(call, &values, ctx)
            }
            [_, _] if self.name == BENCHMARK => server::benchmark(call, row, ctx),
            [first, second] => {
                let values = [first.eval(row, ctx)?, second.eval(row, ctx)?];
                self.apply(call, &values, ctx)
            }
            [first, second, third] => {
                let values = [first.eval(row, ctx)?, second.eval(row, ctx)?, third.eval(row, ctx)?];
                self.apply(call, &values, ctx)
            }
            arguments => {
                let values =
                    arguments.iter().map(|argument| argument.eval(row, ctx)).collect::<Run<Vec<_>>>()?;
                self.apply(call, &values, ctx)
            }
        }
    }

    fn apply(&self, call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
        if !self.takes_null && values.iter().any(Value::is_null) {
            return Ok(Value::Null);
        }
        (self.body)(call, values, ctx)
    }
}

/// Every function, by name.
static BY_NAME: LazyLock<HashMap<&'static str, &'static Function>> =
    LazyLock::new(|| all().map(|function| (function.name, function)).collect());

/// A function by its name in upper case.
#[must_use]
pub fn find(name: &str) -> Option<&'static Function> {
    BY_NAME.get(name).copied()
}

/// All functions.
pub fn all() -> impl Iterator<Item = &'static Function> {
    [
        bits::FUNCTIONS,
        choice::FUNCTIONS,
        cipher::FUNCTIONS,
        compression::FUNCTIONS,
        control::FUNCTIONS,
        encode::FUNCTIONS,
        extreme::FUNCTIONS,
        information::FUNCTIONS,
        interval::FUNCTIONS,
        network::FUNCTIONS,
        numeric::FUNCTIONS,
        outcome::FUNCTIONS,
        readable::FUNCTIONS,
        server::FUNCTIONS,
        string::FUNCTIONS,
        temporal::FUNCTIONS,
        temporal_format::FUNCTIONS,
        temporal_parts::FUNCTIONS,
        text_search::FUNCTIONS,
        user_lock::FUNCTIONS,
        uuid::FUNCTIONS,
    ]
    .into_iter()
    .flatten()
    .chain(json::functions())
}

/// Functions of MySQL that are not built: they are refused by name rather than called unknown.
#[must_use]
pub fn is_refused(name: &str) -> bool {
    const PREFIXES: [&str; 3] = ["ST_", "MBR", "VECTOR_"];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || manual::is_refused(name)
}

/// Result types that many functions share.
mod returns {
    use super::{Collation, DataType, Expression, Value};

    pub(super) fn bigint(_: &[Expression], _: Collation) -> DataType {
        DataType::BIGINT
    }

    pub(super) fn bigint_unsigned(_: &[Expression], _: Collation) -> DataType {
        DataType::BIGINT_UNSIGNED
    }

    pub(super) fn double(_: &[Expression], _: Collation) -> DataType {
        DataType::DOUBLE
    }

    pub(super) fn date(_: &[Expression], _: Collation) -> DataType {
        DataType::DATE
    }

    /// Text as long as the first argument.
    pub(super) fn same_text(arguments: &[Expression], collation: Collation) -> DataType {
        DataType::varchar(
            arguments.first().map_or(0, |argument| argument.data_type().characters()),
            collation,
        )
    }

    /// A literal count among the arguments.
    fn literal_count(argument: Option<&Expression>) -> Option<u32> {
        match argument?.as_constant()? {
            Value::Int(count) => u32::try_from((*count).max(0)).ok(),
            _ => None,
        }
    }

    fn characters(argument: Option<&Expression>) -> u32 {
        argument.map_or(0, |argument| argument.data_type().characters())
    }

    /// Text padded to the length of the second argument.
    pub(super) fn padded_text(arguments: &[Expression], collation: Collation) -> DataType {
        match literal_count(arguments.get(1)) {
            Some(count) => DataType::varchar(count, collation),
            None => long_text(arguments, collation),
        }
    }

    /// The first argument as often as the second says.
    pub(super) fn repeated_text(arguments: &[Expression], collation: Collation) -> DataType {
        match literal_count(arguments.get(1)) {
            Some(count) => DataType::varchar(characters(arguments.first()).saturating_mul(count), collation),
            None => long_text(arguments, collation),
        }
    }

    /// As many characters as the argument says.
    pub(super) fn counted_text(arguments: &[Expression], collation: Collation) -> DataType {
        match literal_count(arguments.first()) {
            Some(count) => DataType::varchar(count, collation),
            None => long_text(arguments, collation),
        }
    }

    /// The first argument with the second replaced by the third everywhere.
    pub(super) fn replaced_text(arguments: &[Expression], collation: Collation) -> DataType {
        let (whole, to) = (characters(arguments.first()), characters(arguments.get(2)));
        DataType::varchar(whole.saturating_mul(to.max(1)), collation)
    }

    /// The first and the fourth argument.
    pub(super) fn inserted_text(arguments: &[Expression], collation: Collation) -> DataType {
        let longest = characters(arguments.first()).saturating_add(characters(arguments.get(3)));
        DataType::varchar(longest, collation)
    }

    /// The argument with each character escaped, in quotes.
    pub(super) fn quoted_text(arguments: &[Expression], collation: Collation) -> DataType {
        let collation = if collation == Collation::Binary { Collation::default() } else { collation };
        DataType::varchar(characters(arguments.first()).saturating_mul(2).saturating_add(2), collation)
    }

    /// Two characters for each byte.
    pub(super) fn hexadecimal(arguments: &[Expression], collation: Collation) -> DataType {
        let bytes_of_character = match arguments.first() {
            Some(argument) if argument.data_type().is_text() => 4,
            _ => 1,
        };
        let digits = match arguments.first() {
            // Of 64 bits.
            Some(argument) if argument.data_type().is_numeric() => 16,
            _ => characters(arguments.first()).saturating_mul(2 * bytes_of_character),
        };
        DataType::varchar(
            digits,
            if collation == Collation::Binary { Collation::default() } else { collation },
        )
    }

    /// Four characters for three bytes, and line breaks.
    pub(super) fn base64(arguments: &[Expression], collation: Collation) -> DataType {
        let digits = hexadecimal(arguments, collation);
        DataType::varchar(digits.characters(), digits.collation)
    }

    /// A date by a format: each of its characters makes at most ten.
    pub(super) fn formatted(arguments: &[Expression], collation: Collation) -> DataType {
        DataType::varchar(characters(arguments.get(1)).saturating_mul(10), collation)
    }

    /// Text of any length.
    pub(super) fn long_text(_: &[Expression], collation: Collation) -> DataType {
        if collation == Collation::Binary {
            DataType::LONGBLOB
        } else {
            DataType::varchar(u32::MAX / 4, collation)
        }
    }

    /// Text of the connection's character set up to 64 characters: names, hexadecimal digests.
    pub(super) fn name(_: &[Expression], collation: Collation) -> DataType {
        DataType::varchar(64, if collation == Collation::Binary { Collation::default() } else { collation })
    }

    /// Hexadecimal digits of the longest digest.
    pub(super) fn digest(_: &[Expression], collation: Collation) -> DataType {
        DataType::varchar(128, if collation == Collation::Binary { Collation::default() } else { collation })
    }

    /// Bytes of any length.
    pub(super) fn bytes(_: &[Expression], _: Collation) -> DataType {
        DataType::LONGBLOB
    }
}

/// What bodies do with their values.
mod argument {
    use bytes::Bytes;

    use super::Value;
    use crate::execute::Context;
    use crate::types::convert;

    /// The bytes of a string argument; empty for anything else, which the binder has ruled out.
    pub(super) fn bytes(value: &Value) -> &[u8] {
        match value {
            Value::Text(text) | Value::Blob(text) => text,
            _ => &[],
        }
    }

    /// The shared bytes of a string argument.
    pub(super) fn shared(value: &Value) -> Bytes {
        match value {
            Value::Text(text) | Value::Blob(text) => text.clone(),
            _ => Bytes::new(),
        }
    }

    /// A number argument as a double.
    pub(super) fn double(value: &Value, ctx: &mut Context<'_>) -> f64 {
        convert::to_f64(value, ctx.session).unwrap_or(0.0)
    }

    /// A number argument as an integer.
    pub(super) fn integer(value: &Value, ctx: &mut Context<'_>) -> i64 {
        convert::to_i64(value, ctx.session).unwrap_or(0)
    }

    /// A string result: text, or bytes where an argument was bytes.
    pub(super) fn string(bytes: impl Into<Bytes>, binary: bool) -> Value {
        if binary { Value::Blob(bytes.into()) } else { Value::Text(bytes.into()) }
    }
}
