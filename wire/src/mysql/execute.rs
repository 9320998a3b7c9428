//! Parameters of COM_STMT_EXECUTE, and the long data that comes before it.
//!
//! [`parse_parameters`] checks the fixed part at once and gives an iterator over the values, which reads each when
//! asked, without allocation. Types are sent with the first execution and kept for later ones in the statement's
//! own cache.
//!
//! Invariants: malformed bytes give error 1835 or 1210, never a panic; the type cache changes only when a whole new
//! set of types was read; long data of one statement is bounded.

use crate::limits::STATEMENT_PARAMETERS_MAX;
use crate::mysql::constant::column_type as types;
use crate::mysql::packet::PacketWriter;
use crate::mysql::primitive::Input;
use crate::mysql::query_attributes;
use crate::mysql::value::{DateTime, Param, TemporalError, Time};
use crate::{Error, Result};

/// The bit of a parameter's second type byte that says unsigned.
const UNSIGNED_FLAG: u8 = 0x80;
const MALFORMED: Error = Error::Malformed { what: "COM_STMT_EXECUTE" };

/// The type a parameter was bound with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParameterType {
    /// [`crate::mysql::constant::column_type`].
    pub column_type: u8,
    /// Integers only.
    pub is_unsigned: bool,
}

/// Values that arrived in pieces before an execution (COM_STMT_SEND_LONG_DATA).
#[derive(Debug, Default)]
pub struct LongData {
    /// By parameter; empty when none was sent.
    values: Vec<Option<Vec<u8>>>,
    /// Bytes of all values.
    total_bytes: usize,
    /// What was wrong with a piece. The command is not answered, so the execution is refused with it.
    failed: Option<Error>,
}

impl LongData {
    /// Appends a piece for a parameter of a statement that has `parameter_count`. `bytes_max` bounds all long data
    /// of the statement together. An error is kept for the execution.
    pub fn append(&mut self, parameter: u16, parameter_count: usize, data: &[u8], bytes_max: usize) {
        let index = usize::from(parameter);
        if self.failed.is_some() {
            return;
        }
        if index >= parameter_count {
            self.fail(Error::WrongArguments {
                what: "long data for a parameter the statement does not have",
            });
        } else if self.total_bytes.saturating_add(data.len()) > bytes_max {
            self.fail(Error::LongDataTooLarge);
        } else {
            if self.values.len() <= index {
                self.values.resize(parameter_count, None);
            }
            self.values[index].get_or_insert_default().extend_from_slice(data);
            self.total_bytes += data.len();
        }
    }

    fn fail(&mut self, error: Error) {
        self.clear();
        self.failed = Some(error);
    }

    /// Forgets all values and the error: after an execution, and at COM_STMT_RESET.
    pub fn clear(&mut self) {
        *self = LongData::default();
    }

    /// Whether nothing was sent.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.failed.is_none()
    }

    pub(super) fn get(&self, index: usize) -> Option<&[u8]> {
        self.values.get(index).and_then(Option::as_deref)
    }
}

/// The values of one execution, in order. Ends after `count` values or at the first error.
#[derive(Debug)]
pub struct Parameters<'a> {
    null_bitmap: &'a [u8],
    values: Input<'a>,
    types: &'a [ParameterType],
    long_data: &'a LongData,
    index: usize,
}

/// Reads the parameters part of COM_STMT_EXECUTE for a statement of `count` parameters.
///
/// `types` is the statement's cache: filled when the client sends types, used when it does not. `long_data` takes
/// the place of values in the packet.
///
/// # Errors
///
/// 1835 when bytes are missing, 1210 when types were never sent; values are checked as they are read.
pub fn parse_parameters<'a>(
    bytes: &'a [u8],
    count: usize,
    types: &'a mut Vec<ParameterType>,
    long_data: &'a LongData,
) -> Result<Parameters<'a>> {
    if let Some(error) = &long_data.failed {
        return Err(error.clone());
    }
    let mut input = Input::new(bytes);
    if count == 0 {
        types.clear();
        return Ok(Parameters { null_bitmap: &[], values: Input::new(&[]), types, long_data, index: 0 });
    }
    if count > STATEMENT_PARAMETERS_MAX {
        return Err(Error::WrongArguments { what: "too many parameters" });
    }
    let null_bitmap = input.bytes(count.div_ceil(8)).ok_or(MALFORMED)?;
    match input.u8().ok_or(MALFORMED)? {
        0 if types.len() == count => {}
        0 => return Err(Error::WrongArguments { what: "parameter types were never sent" }),
        1 => {
            let pairs = input.bytes(count * 2).ok_or(MALFORMED)?;
            types.clear();
            types.extend(pairs.chunks_exact(2).map(|pair| type_of_bytes([pair[0], pair[1]])));
        }
        _ => return Err(MALFORMED),
    }
    Ok(Parameters { null_bitmap, values: input, types, long_data, index: 0 })
}

/// As [`parse_parameters`], of a client that may send attributes behind the parameters; `flags` are those of the command.
///
/// # Errors
/// As [`parse_parameters`], for the attributes too.
pub fn parse_parameters_and_attributes<'a>(
    bytes: &'a [u8],
    count: usize,
    flags: u8,
    types: &'a mut Vec<ParameterType>,
    long_data: &'a LongData,
) -> Result<Parameters<'a>> {
    if let Some(error) = &long_data.failed {
        return Err(error.clone());
    }
    let head = query_attributes::parse_execute_head(bytes, count, flags, types, long_data)?;
    let Some(head) = head else { return parse_parameters(&[], 0, types, long_data) };
    Ok(Parameters { null_bitmap: head.null_bitmap, values: head.values, types, long_data, index: 0 })
}

pub(super) fn type_of_bytes([column_type, flags]: [u8; 2]) -> ParameterType {
    ParameterType { column_type, is_unsigned: flags & UNSIGNED_FLAG != 0 }
}

impl<'a> Parameters<'a> {
    fn value(&mut self, index: usize, parameter: ParameterType) -> Result<Param<'a>> {
        let long_data = self.long_data;
        if let Some(value) = long_data.get(index) {
            return Ok(Param::Bytes { value, column_type: parameter.column_type });
        }
        if self.null_bitmap[index / 8] & (1 << (index % 8)) != 0 {
            return Ok(Param::Null);
        }
        parse_value(&mut self.values, parameter)
    }
}

impl<'a> Iterator for Parameters<'a> {
    type Item = Result<Param<'a>>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let index = self.index;
        let parameter = *self.types.get(index)?;
        self.index += 1;
        let result = self.value(index, parameter);
        if result.is_err() {
            self.types = &[];
        }
        Some(result)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.types.len().saturating_sub(self.index);
        (left, Some(left))
    }
}

/// Reads one value in the binary form of its type: a parameter, or a value of a binary row.
///
/// # Errors
///
/// 1835 when bytes are missing, 1210 for a type that has no binary form or a date or time part out of range.
pub fn parse_value<'a>(input: &mut Input<'a>, parameter: ParameterType) -> Result<Param<'a>> {
    let signed = !parameter.is_unsigned;
    let column_type = parameter.column_type;
    let value = match column_type {
        types::NULL => Some(Param::Null),
        types::TINY | types::BOOL if signed => input.u8().map(|value| Param::Int(i64::from(value as i8))),
        types::TINY | types::BOOL => input.u8().map(|value| Param::UInt(u64::from(value))),
        types::SHORT if signed => input.u16().map(|value| Param::Int(i64::from(value as i16))),
        types::SHORT | types::YEAR => input.u16().map(|value| Param::UInt(u64::from(value))),
        types::LONG | types::INT24 if signed => input.u32().map(|value| Param::Int(i64::from(value as i32))),
        types::LONG | types::INT24 => input.u32().map(|value| Param::UInt(u64::from(value))),
        types::LONGLONG if signed => input.u64().map(|value| Param::Int(value as i64)),
        types::LONGLONG => input.u64().map(Param::UInt),
        types::FLOAT => input.u32().map(|bits| Param::Float(f32::from_bits(bits))),
        types::DOUBLE => input.u64().map(|bits| Param::Double(f64::from_bits(bits))),
        types::DATE | types::NEWDATE => {
            return DateTime::parse(input).map(Param::Date).map_err(temporal_error);
        }
        types::DATETIME | types::TIMESTAMP => {
            return DateTime::parse(input).map(Param::DateTime).map_err(temporal_error);
        }
        types::TIME => return Time::parse(input).map(Param::Time).map_err(temporal_error),
        types::DECIMAL
        | types::NEWDECIMAL
        | types::VARCHAR
        | types::VAR_STRING
        | types::STRING
        | types::ENUM
        | types::SET
        | types::BIT
        | types::JSON
        | types::GEOMETRY
        | types::VECTOR
        | types::TINY_BLOB
        | types::MEDIUM_BLOB
        | types::LONG_BLOB
        | types::BLOB => input.lenenc_bytes().map(|value| Param::Bytes { value, column_type }),
        _ => return Err(Error::WrongArguments { what: "unknown parameter type" }),
    };
    value.ok_or(MALFORMED)
}

fn temporal_error(error: TemporalError) -> Error {
    match error {
        TemporalError::Malformed => MALFORMED,
        TemporalError::OutOfRange => Error::WrongArguments { what: "date or time part out of range" },
    }
}

/// Writes a COM_STMT_EXECUTE packet, types included: the client's side.
pub fn put_execute(writer: &mut PacketWriter, statement_id: u32, parameters: &[Param<'_>]) {
    writer.begin_packet();
    writer.put_u8(crate::mysql::constant::command_code::STMT_EXECUTE);
    writer.put_u32(statement_id);
    writer.put_u8(crate::mysql::constant::cursor_type::NO_CURSOR);
    writer.put_u32(1);
    if !parameters.is_empty() {
        let out = writer.payload_mut();
        let bitmap_start = out.len();
        out.resize(bitmap_start + parameters.len().div_ceil(8), 0);
        for (index, _) in parameters.iter().enumerate().filter(|(_, value)| **value == Param::Null) {
            out[bitmap_start + index / 8] |= 1 << (index % 8);
        }
        out.push(1);
        for value in parameters {
            let (column_type, flags) = type_of(value);
            out.extend_from_slice(&[column_type, flags]);
        }
        for value in parameters {
            put_value(out, value);
        }
    }
    writer.end_packet();
}

fn type_of(value: &Param<'_>) -> (u8, u8) {
    match value {
        Param::Null => (types::NULL, 0),
        Param::Int(_) => (types::LONGLONG, 0),
        Param::UInt(_) => (types::LONGLONG, UNSIGNED_FLAG),
        Param::Float(_) => (types::FLOAT, 0),
        Param::Double(_) => (types::DOUBLE, 0),
        Param::Bytes { column_type, .. } => (*column_type, 0),
        Param::Date(_) => (types::DATE, 0),
        Param::DateTime(_) => (types::DATETIME, 0),
        Param::Time(_) => (types::TIME, 0),
    }
}

fn put_value(out: &mut Vec<u8>, value: &Param<'_>) {
    match value {
        Param::Null => {}
        Param::Int(value) => out.extend_from_slice(&value.to_le_bytes()),
        Param::UInt(value) => out.extend_from_slice(&value.to_le_bytes()),
        Param::Float(value) => out.extend_from_slice(&value.to_le_bytes()),
        Param::Double(value) => out.extend_from_slice(&value.to_le_bytes()),
        Param::Bytes { value, .. } => crate::mysql::primitive::put_lenenc_bytes(out, value),
        Param::Date(value) | Param::DateTime(value) => value.put_binary(out),
        Param::Time(value) => value.put_binary(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::command::Command;
    use proptest::prelude::*;

    fn read<'a>(
        bytes: &'a [u8],
        count: usize,
        types: &'a mut Vec<ParameterType>,
        long_data: &'a LongData,
    ) -> Result<Vec<Param<'a>>> {
        parse_parameters(bytes, count, types, long_data)?.collect()
    }

    #[test]
    fn golden_execute() {
        // From the protocol documentation: one parameter 'foo':
        // 12 00 00 00 17 01 00 00 00 00 01 00 00 00 00 01 0f 00 03 66 6f 6f
        let payload = b"\x17\x01\0\0\0\0\x01\0\0\0\0\x01\x0f\0\x03foo";
        let Ok(Command::StmtExecute { id: 1, flags: 0, parameters }) = Command::parse(payload) else {
            panic!("COM_STMT_EXECUTE");
        };
        let (mut cache, long_data) = (Vec::new(), LongData::default());
        let expected = [Param::Bytes { value: b"foo", column_type: types::VARCHAR }];
        assert_eq!(read(parameters, 1, &mut cache, &long_data).unwrap(), expected);
        let mut writer = PacketWriter::new();
        put_execute(&mut writer, 1, &expected);
        assert_eq!(&writer.as_slice()[4..], payload);
        // The second execution sends no types.
        assert_eq!(
            read(b"\0\0\x03bar", 1, &mut cache, &long_data).unwrap(),
            [Param::Bytes { value: b"bar", column_type: types::VARCHAR }]
        );
    }

    #[test]
    fn widths_and_signs() {
        let bytes = b"\0\x01\x01\0\x01\x80\x02\0\x0d\0\x09\0\x03\x80\xff\xff\xfe\xff\xea\x07\xfd\xff\xff\xff\xff\xff\xff\xff";
        let (mut cache, long_data) = (Vec::new(), LongData::default());
        assert_eq!(
            read(bytes, 6, &mut cache, &long_data).unwrap(),
            [
                Param::Int(-1),
                Param::UInt(255),
                Param::Int(-2),
                // YEAR is bound as signed by some clients; two bytes of it are the same value.
                Param::UInt(2026),
                Param::Int(-3),
                Param::UInt(u64::from(u32::MAX))
            ]
        );
    }

    #[test]
    fn what_is_refused() {
        let long_data = LongData::default();
        let cases: [(&[u8], usize, u16); 8] = [
            (b"", 1, 1835),
            (b"\0", 1, 1835),
            (b"\0\0", 1, 1210),
            (b"\0\x02\x01\0\x01", 1, 1835),
            (b"\0\x01\x01", 1, 1835),
            (b"\0\x01\x01\0", 1, 1835),
            (b"\0\x01\x0e\x01\x01\x01", 1, 1835),
            (b"\0\x01\x63\0\x01", 1, 1210),
        ];
        for (bytes, count, errno) in cases {
            assert_eq!(
                read(bytes, count, &mut Vec::new(), &long_data).unwrap_err().errno(),
                errno,
                "{bytes:?}"
            );
        }
        assert_eq!(read(b"", 0, &mut Vec::new(), &long_data), Ok(Vec::new()));
        let month_13 = b"\0\x01\x0c\0\x04\xea\x07\x0d\x01";
        assert_eq!(read(month_13, 1, &mut Vec::new(), &long_data).unwrap_err().errno(), 1210);
    }

    #[test]
    fn long_data_takes_the_place_of_a_value() {
        let mut long_data = LongData::default();
        long_data.append(1, 3, b"ab", 100);
        long_data.append(1, 3, b"cd", 100);
        let (mut cache, bytes) = (Vec::new(), b"\0\x01\x01\0\xfc\0\x01\0\x05\x06");
        let expected =
            [Param::Int(5), Param::Bytes { value: b"abcd", column_type: types::BLOB }, Param::Int(6)];
        assert_eq!(read(bytes, 3, &mut cache, &long_data).unwrap(), expected);
        long_data.append(0, 3, &[0; 97], 100);
        assert_eq!(read(bytes, 3, &mut cache, &long_data), Err(Error::LongDataTooLarge));
        long_data.clear();
        long_data.append(3, 3, b"x", 100);
        assert_eq!(read(bytes, 3, &mut cache, &long_data).unwrap_err().errno(), 1210);
        long_data.clear();
        assert!(long_data.is_empty());
        assert_eq!(read(bytes, 3, &mut cache, &long_data).unwrap_err().errno(), 1835, "the blob is missing");
    }

    fn any_param() -> impl Strategy<Value = Param<'static>> {
        prop_oneof![
            Just(Param::Null),
            any::<i64>().prop_map(Param::Int),
            any::<u64>().prop_map(Param::UInt),
            (-1e30f32..1e30).prop_map(Param::Float),
            (-1e300..1e300).prop_map(Param::Double),
            (0usize..300, prop_oneof![Just(types::VAR_STRING), Just(types::BLOB), Just(types::NEWDECIMAL)])
                .prop_map(|(length, column_type)| Param::Bytes {
                    value: &[b'x'; 300][..length],
                    column_type
                }),
            (any::<u16>(), 0u8..13, 0u8..32).prop_map(|(y, m, d)| Param::Date(DateTime::date(y, m, d))),
            (any::<u16>(), 0u8..24, 0u32..1_000_000).prop_map(|(year, hour, microsecond)| {
                Param::DateTime(DateTime { year, hour, microsecond, ..DateTime::default() })
            }),
            (any::<bool>(), 1u32..839, 0u8..60, 0u32..1_000_000).prop_map(
                |(negative, hours, second, microsecond)| {
                    Param::Time(Time { negative, hours, minute: 0, second, microsecond })
                }
            ),
        ]
    }

    proptest! {
        #[test]
        fn round_trip(parameters in proptest::collection::vec(any_param(), 0..40), cut in 1usize..8) {
            let mut writer = PacketWriter::new();
            put_execute(&mut writer, 3, &parameters);
            let Ok(Command::StmtExecute { id: 3, parameters: bytes, .. }) = Command::parse(&writer.as_slice()[4..]) else {
                panic!("COM_STMT_EXECUTE");
            };
            let (mut cache, long_data) = (Vec::new(), LongData::default());
            prop_assert_eq!(read(bytes, parameters.len(), &mut cache, &long_data), Ok(parameters.clone()));
            if bytes.len() >= cut {
                let short = &bytes[..bytes.len() - cut];
                prop_assert!(read(short, parameters.len(), &mut Vec::new(), &long_data).is_err());
            }
        }

        #[test]
        fn random_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), count in 0usize..40) {
            let long_data = LongData::default();
            let mut cache = Vec::new();
            let _ = read(&bytes, count, &mut cache, &long_data);
            if let Some(flag) = bytes.get_mut(count.div_ceil(8)) {
                *flag = 1;
            }
            let _ = read(&bytes, count, &mut cache, &long_data);
        }
    }
}
