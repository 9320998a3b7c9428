//! Query attributes: named values that a client sends along with a statement (`QUERY_ATTRIBUTES`).
//!
//! Nothing here reads them (MySQL itself leaves that to components), so they are checked, whole, and stepped over.

use crate::limits::STATEMENT_PARAMETERS_MAX;
use crate::mysql::constant::cursor_type;
use crate::mysql::execute::{LongData, ParameterType, parse_value, type_of_bytes};
use crate::mysql::primitive::Input;
use crate::{Error, Result};

/// The statement's text in a COM_QUERY whose client sends attributes, if only their number.
///
/// # Errors
/// 1835 for attributes that are not whole.
pub fn skip_in_query(body: &[u8]) -> Result<&[u8]> {
    const MALFORMED: Error = Error::Malformed { what: "query attributes" };
    let mut input = Input::new(body);
    let count = input.lenenc_int().ok_or(MALFORMED)?;
    let sets = input.lenenc_int().ok_or(MALFORMED)?;
    if count == 0 {
        return Ok(input.take_rest());
    }
    let count =
        usize::try_from(count).ok().filter(|count| *count <= STATEMENT_PARAMETERS_MAX).ok_or(MALFORMED)?;
    if sets != 1 {
        return Err(MALFORMED);
    }
    let nulls = input.bytes(count.div_ceil(8)).ok_or(MALFORMED)?;
    if input.u8() != Some(1) {
        return Err(MALFORMED);
    }
    let mut types = Vec::new();
    for _ in 0..count {
        types.push(take_type(&mut input).ok_or(MALFORMED)?);
    }
    skip_values(&mut input, nulls, &types, &LongData::default())?;
    Ok(input.take_rest())
}

/// What COM_STMT_EXECUTE says of its parameters, where its client may send attributes behind them.
#[derive(Debug)]
pub struct ExecuteHead<'a> {
    /// A bit for each parameter and attribute.
    pub null_bitmap: &'a [u8],
    /// The values, those of the parameters first.
    pub values: Input<'a>,
}

/// Reads the head of COM_STMT_EXECUTE of a statement with `count` parameters; none when it has neither parameters nor attributes. `types` is
/// filled with those of the parameters when they are sent.
///
/// # Errors
/// 1835 for what is not whole, 1210 when there are fewer values than parameters or their types were never sent.
pub fn parse_execute_head<'a>(
    bytes: &'a [u8],
    count: usize,
    flags: u8,
    types: &mut Vec<ParameterType>,
    long_data: &LongData,
) -> Result<Option<ExecuteHead<'a>>> {
    const MALFORMED: Error = Error::Malformed { what: "COM_STMT_EXECUTE" };
    if count == 0 && flags & cursor_type::PARAMETER_COUNT_AVAILABLE == 0 {
        return Ok(None);
    }
    let mut input = Input::new(bytes);
    let total = input.lenenc_int().and_then(|total| usize::try_from(total).ok()).ok_or(MALFORMED)?;
    if total > STATEMENT_PARAMETERS_MAX || total < count {
        return Err(Error::WrongArguments { what: "number of parameters" });
    }
    if total == 0 {
        return Ok(None);
    }
    let null_bitmap = input.bytes(total.div_ceil(8)).ok_or(MALFORMED)?;
    match input.u8().ok_or(MALFORMED)? {
        // Types are kept of parameters, and of attributes they are not.
        0 if total > count => return Err(MALFORMED),
        0 if types.len() == count => {}
        0 => return Err(Error::WrongArguments { what: "parameter types were never sent" }),
        1 => {
            let mut all = Vec::new();
            for _ in 0..total {
                all.push(take_type(&mut input).ok_or(MALFORMED)?);
            }
            if total > count {
                let mut values = input;
                skip_values(&mut values, null_bitmap, &all, long_data)?;
            }
            all.truncate(count);
            *types = all;
        }
        _ => return Err(MALFORMED),
    }
    Ok(Some(ExecuteHead { null_bitmap, values: input }))
}

fn take_type(input: &mut Input<'_>) -> Option<ParameterType> {
    let parameter = type_of_bytes(input.array()?);
    // The name: a parameter of the statement has none.
    input.lenenc_bytes()?;
    Some(parameter)
}

fn skip_values(
    input: &mut Input<'_>,
    nulls: &[u8],
    types: &[ParameterType],
    long_data: &LongData,
) -> Result<()> {
    for (index, parameter) in types.iter().enumerate() {
        if nulls[index / 8] & (1 << (index % 8)) == 0 && long_data.get(index).is_none() {
            parse_value(input, *parameter)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::execute::parse_parameters_and_attributes;
    use crate::mysql::value::Param;
    use proptest::prelude::*;

    #[test]
    fn a_query_with_attributes_is_its_text() {
        let cases: [(&[u8], &[u8]); 4] = [
            (b"\x00\x01SELECT 1", b"SELECT 1"),
            (b"\x02\x01\x00\x01\xfe\x00\x01a\xfe\x00\x01c\x01b\x01dSELECT 2", b"SELECT 2"),
            (b"\x02\x01\x02\x01\x08\x00\x01a\x08\x00\x01b\x05\0\0\0\0\0\0\0SELECT 3", b"SELECT 3"),
            (b"\x00\x01", b""),
        ];
        for (body, text) in cases {
            assert_eq!(skip_in_query(body), Ok(text), "{body:?}");
        }
        // Those that MySQL 9.7 answers with 1835.
        for body in [
            &b""[..],
            b"\x01",
            b"\xff",
            b"\x01\x01\0\0",
            b"\x01\x02\0\x01\xfe\0\x01a\x01b",
            b"\xfd\xff\xff\xff\x01",
            b"\x01\x01\0\x01\xfe\0\x01a\x05b",
        ] {
            assert_eq!(skip_in_query(body).unwrap_err().errno(), 1835, "{body:?}");
        }
    }

    #[test]
    fn parameters_with_attributes_behind_them() {
        let (mut types, long_data) = (Vec::new(), LongData::default());
        let mut values = |bytes: &[u8], count, flags| {
            parse_parameters_and_attributes(bytes, count, flags, &mut types, &long_data).and_then(|values| {
                values.map(|value| value.map(|value| format!("{value:?}"))).collect::<Result<Vec<_>>>()
            })
        };
        let five = format!("{:?}", Param::Int(5));
        let with = b"\x02\0\x01\x08\0\0\x08\0\x03foo\x05\0\0\0\0\0\0\0\x06\0\0\0\0\0\0\0";
        assert_eq!(values(with, 1, 8).unwrap(), std::slice::from_ref(&five));
        assert_eq!(values(b"\x02\0\0\x05\0\0\0\0\0\0\0\x06\0\0\0\0\0\0\0", 1, 8).unwrap_err().errno(), 1835);
        assert_eq!(values(b"\x01\0\0\x05\0\0\0\0\0\0\0", 1, 0).unwrap(), std::slice::from_ref(&five));
        assert_eq!(values(b"\x01\0\x01\x08\0\0\x05\0\0\0\0\0\0\0", 1, 0).unwrap(), [five]);
        assert_eq!(values(b"\x00", 1, 8).unwrap_err().errno(), 1210);
        assert_eq!(values(&with[..with.len() - 1], 1, 8).unwrap_err().errno(), 1835);
        assert_eq!(values(b"", 0, 0).unwrap(), [""; 0]);
        assert_eq!(values(b"\0", 0, 8).unwrap(), [""; 0]);
        assert_eq!(values(b"\x01\0\x01\xfe\0\x01a\x01b", 0, 8).unwrap(), [""; 0]);
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), total in 0u8..40, count in 0usize..40) {
            let _ = skip_in_query(&bytes);
            if let [first, second, ..] = &mut bytes[..] {
                (*first, *second) = (total, 1);
            }
            if let Some(flag) = bytes.get_mut(2 + usize::from(total).div_ceil(8)) {
                *flag = 1;
            }
            let _ = skip_in_query(&bytes);
            let (mut types, long_data) = (Vec::new(), LongData::default());
            if let Ok(values) = parse_parameters_and_attributes(&bytes, count, 8, &mut types, &long_data) {
                prop_assert!(values.count() <= count);
            }
        }
    }
}
