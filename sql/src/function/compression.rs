//! COMPRESS, UNCOMPRESS, UNCOMPRESSED_LENGTH: zlib's form behind four bytes of length, the least significant first.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use crate::error::Error;
use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::function::argument::bytes;
use crate::function::{Call, Function, returns};
use crate::session::WarningLevel;
use crate::types::{Collation, DataType, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("COMPRESS", 1, 1, compressed_type, compress).text(1).nullable_result(),
    Function::new("UNCOMPRESS", 1, 1, returns::bytes, uncompress).text(1).nullable_result(),
    Function::new("UNCOMPRESSED_LENGTH", 1, 1, returns::bigint, uncompressed_length)
        .text(1)
        .nullable_result(),
];

/// The two bits of the length's last byte that mean nothing.
const LENGTH_MASK: u32 = 0x3fff_ffff;
/// Bytes in front of the compressed ones.
const HEADER_BYTES: usize = 4;

fn compressed_type(arguments: &[Expression], _: Collation) -> DataType {
    let data_type = arguments[0].data_type();
    let width = if data_type.is_text() { 4 } else { 1 };
    DataType::varbinary(data_type.characters().saturating_mul(width).saturating_mul(120) / 100 + 14)
}

fn compress(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let text = bytes(&values[0]);
    if text.is_empty() {
        return Ok(Value::Blob(::bytes::Bytes::new()));
    }
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX) & LENGTH_MASK;
    let mut encoder = ZlibEncoder::new(length.to_le_bytes().to_vec(), Compression::default());
    let made = encoder.write_all(text).and_then(|()| encoder.finish());
    let mut out = made.map_err(|_| Error::internal("compression"))?;
    // MySQL ends it with a character that no column strips.
    if out.last() == Some(&b' ') {
        out.push(b'.');
    }
    Ok(Value::Blob(out.into()))
}

/// The length that a compressed text says it has, and what is behind it.
fn parts(text: &[u8]) -> Option<(u32, &[u8])> {
    let (length, rest) = text.split_first_chunk::<HEADER_BYTES>()?;
    (!rest.is_empty()).then(|| (u32::from_le_bytes(*length) & LENGTH_MASK, rest))
}

fn corrupted(ctx: &mut Context<'_>) -> Run<Value> {
    ctx.session.warn(WarningLevel::Warning, 1259, "ZLIB: Input data corrupted");
    Ok(Value::Null)
}

fn uncompress(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let text = bytes(&values[0]);
    if text.is_empty() {
        return Ok(Value::Blob(::bytes::Bytes::new()));
    }
    let Some((length, rest)) = parts(text) else { return corrupted(ctx) };
    let most = ctx.session.variables.max_allowed_packet_bytes;
    if u64::from(length) > most {
        let message = format!(
            "Uncompressed data size too large; the maximum size is {most} (probably, length of uncompressed data was corrupted)"
        );
        ctx.session.warn(WarningLevel::Warning, 1256, message);
        return Ok(Value::Null);
    }
    // No more than it says, and one byte to see that there is more.
    let mut out = Vec::new();
    if ZlibDecoder::new(rest).take(u64::from(length) + 1).read_to_end(&mut out).is_err() {
        return corrupted(ctx);
    }
    if out.len() > usize::try_from(length).unwrap_or(usize::MAX) {
        let message = "ZLIB: Not enough room in the output buffer (probably, length of uncompressed data was corrupted)";
        ctx.session.warn(WarningLevel::Warning, 1258, message);
        return Ok(Value::Null);
    }
    Ok(Value::Blob(out.into()))
}

fn uncompressed_length(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let text = bytes(&values[0]);
    if text.is_empty() {
        return Ok(Value::Int(0));
    }
    match parts(text) {
        Some((length, _)) => Ok(Value::Int(i64::from(length))),
        None => {
            ctx.session.warn(WarningLevel::Warning, 1259, "ZLIB: Input data corrupted");
            Ok(Value::Int(0))
        }
    }
}
