//! AES_ENCRYPT and AES_DECRYPT in every mode of `block_encryption_mode`, with keys folded or derived as MySQL does.
//!
//! The block cipher is the crate `aes`'s; the modes around it are here, since CFB of one bit and of eight are in no crate that is used
//! already. (MySQL 8.4 Reference Manual, "Encryption and Compression Functions".)

use aes::cipher::generic_array::GenericArray;
use aes::cipher::{BlockDecrypt, BlockEncrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256};
use sha2::Sha512;

use crate::error::{Error, Result};
use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::function::argument::bytes;
use crate::function::{Call, Function};
use crate::session::WarningLevel;
use crate::types::{Collation, DataType, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("AES_ENCRYPT", 2, 6, encrypted_type, encrypt).text(0b1_1111).takes_null(),
    Function::new("AES_DECRYPT", 2, 6, decrypted_type, decrypt).text(0b1_1111).takes_null(),
];

/// Bytes of a block, whatever the length of the key.
const BLOCK_BYTES: usize = 16;
/// Salt and info of a key derivation are shorter than this.
const KDF_OPTION_BYTES: usize = 256;
/// Digits of a count of iterations are fewer than this.
const ITERATIONS_DIGITS: usize = 6;
const ITERATIONS_DEFAULT: u32 = 1_000;
const ITERATIONS: std::ops::RangeInclusive<i64> = 1_000..=65_535;

type Block = [u8; BLOCK_BYTES];

fn encrypted_type(arguments: &[Expression], _: Collation) -> DataType {
    let length = arguments[0].data_type().characters().saturating_mul(4);
    DataType::varbinary((length / 16).saturating_add(1).saturating_mul(16))
}

fn decrypted_type(arguments: &[Expression], _: Collation) -> DataType {
    DataType::varbinary(arguments[0].data_type().characters())
}

/// How blocks are chained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chaining {
    Ecb,
    Cbc,
    Cfb1,
    Cfb8,
    Cfb128,
    Ofb,
}

/// A value of `block_encryption_mode`.
#[derive(Clone, Copy, Debug)]
struct Mode {
    key_bytes: usize,
    chaining: Chaining,
}

impl Mode {
    fn of(name: &str) -> Mode {
        let mut parts = name.split('-').skip(1);
        let key_bytes = match parts.next() {
            Some("192") => 24,
            Some("256") => 32,
            _ => 16,
        };
        let chaining = match parts.next() {
            Some("cbc") => Chaining::Cbc,
            Some("cfb1") => Chaining::Cfb1,
            Some("cfb8") => Chaining::Cfb8,
            Some("cfb128") => Chaining::Cfb128,
            Some("ofb") => Chaining::Ofb,
            _ => Chaining::Ecb,
        };
        Mode { key_bytes, chaining }
    }

    fn of_session(ctx: &Context<'_>) -> Mode {
        match ctx.session.variables.others.get("block_encryption_mode") {
            Some(Value::Text(name)) => Mode::of(&String::from_utf8_lossy(name)),
            _ => Mode::of("aes-128-ecb"),
        }
    }
}

/// The block cipher with its key.
enum Cipher {
    Short(Box<Aes128>),
    Middle(Box<Aes192>),
    Long(Box<Aes256>),
}

impl Cipher {
    /// Of a key of 16, 24 or 32 bytes.
    fn new(key: &[u8]) -> Option<Cipher> {
        Some(match key.len() {
            16 => Cipher::Short(Box::new(Aes128::new_from_slice(key).ok()?)),
            24 => Cipher::Middle(Box::new(Aes192::new_from_slice(key).ok()?)),
            _ => Cipher::Long(Box::new(Aes256::new_from_slice(key).ok()?)),
        })
    }

    fn encrypt(&self, block: &mut Block) {
        let block = GenericArray::from_mut_slice(block);
        match self {
            Cipher::Short(cipher) => cipher.encrypt_block(block),
            Cipher::Middle(cipher) => cipher.encrypt_block(block),
            Cipher::Long(cipher) => cipher.encrypt_block(block),
        }
    }

    fn decrypt(&self, block: &mut Block) {
        let block = GenericArray::from_mut_slice(block);
        match self {
            Cipher::Short(cipher) => cipher.decrypt_block(block),
            Cipher::Middle(cipher) => cipher.decrypt_block(block),
            Cipher::Long(cipher) => cipher.decrypt_block(block),
        }
    }
}

fn exclusive_or(block: &mut Block, with: &[u8]) {
    for (byte, other) in block.iter_mut().zip(with) {
        *byte ^= other;
    }
}

/// ECB and CBC fill up the last block (PKCS #7).
fn encrypt_padded(cipher: &Cipher, text: &[u8], mut chain: Option<Block>) -> Vec<u8> {
    let missing = BLOCK_BYTES - text.len() % BLOCK_BYTES;
    let mut padded = text.to_vec();
    padded.resize(text.len() + missing, u8::try_from(missing).unwrap_or(0));
    let mut out = Vec::with_capacity(padded.len());
    for part in padded.chunks_exact(BLOCK_BYTES) {
        let mut block = [0; BLOCK_BYTES];
        block.copy_from_slice(part);
        if let Some(chain) = &chain {
            exclusive_or(&mut block, chain);
        }
        cipher.encrypt(&mut block);
        if chain.is_some() {
            chain = Some(block);
        }
        out.extend_from_slice(&block);
    }
    out
}

/// The inverse of [`encrypt_padded`]; none for what it cannot have given.
fn decrypt_padded(cipher: &Cipher, text: &[u8], mut chain: Option<Block>) -> Option<Vec<u8>> {
    if text.is_empty() || !text.len().is_multiple_of(BLOCK_BYTES) {
        return None;
    }
    let mut out = Vec::with_capacity(text.len());
    for part in text.chunks_exact(BLOCK_BYTES) {
        let mut block = [0; BLOCK_BYTES];
        block.copy_from_slice(part);
        let encrypted = block;
        cipher.decrypt(&mut block);
        if let Some(chain) = &mut chain {
            exclusive_or(&mut block, chain);
            *chain = encrypted;
        }
        out.extend_from_slice(&block);
    }
    let padding = usize::from(*out.last()?);
    let is_padding = (1..=BLOCK_BYTES).contains(&padding)
        && out[out.len() - padding..].iter().all(|byte| usize::from(*byte) == padding);
    if !is_padding {
        return None;
    }
    out.truncate(out.len() - padding);
    Some(out)
}

/// CFB of whole blocks and OFB: a stream that is laid over the text.
fn stream(cipher: &Cipher, text: &[u8], mut chain: Block, is_ofb: bool, encrypting: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for part in text.chunks(BLOCK_BYTES) {
        cipher.encrypt(&mut chain);
        let given: Vec<u8> = part.iter().zip(&chain).map(|(byte, key)| byte ^ key).collect();
        if !is_ofb && part.len() == BLOCK_BYTES {
            chain.copy_from_slice(if encrypting { &given } else { part });
        }
        out.extend_from_slice(&given);
    }
    out
}

/// CFB of eight bits: each byte of what is encrypted goes into the chain.
fn bytewise(cipher: &Cipher, text: &[u8], mut chain: Block, encrypting: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        let mut key = chain;
        cipher.encrypt(&mut key);
        let given = byte ^ key[0];
        chain.copy_within(1.., 0);
        chain[BLOCK_BYTES - 1] = if encrypting { given } else { *byte };
        out.push(given);
    }
    out
}

/// CFB of one bit.
fn bitwise(cipher: &Cipher, text: &[u8], chain: Block, encrypting: bool) -> Vec<u8> {
    let mut chain = u128::from_be_bytes(chain);
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        let mut given = 0;
        for bit in (0..8).rev() {
            let mut key = chain.to_be_bytes();
            cipher.encrypt(&mut key);
            let (before, after) = (byte >> bit & 1, (byte >> bit & 1) ^ (key[0] >> 7));
            chain = chain << 1 | u128::from(if encrypting { after } else { before });
            given |= after << bit;
        }
        out.push(given);
    }
    out
}

/// A key of any length laid over one of the right length again and again.
fn folded(key: &[u8], length: usize) -> Vec<u8> {
    let mut folded = vec![0; length];
    for (position, byte) in key.iter().enumerate() {
        folded[position % length] ^= byte;
    }
    folded
}

fn bad_option(length: usize) -> Error {
    let message =
        format!("KDF option size is invalid, please provide valid size < {length} bytes and not NULL");
    Error { code: 3238, state: *b"HY000", message }
}

/// An option of a key derivation: empty when it is not given.
fn option(values: &[Value], position: usize, below: usize) -> Result<&[u8]> {
    match values.get(position) {
        None => Ok(&[]),
        Some(Value::Null) => Err(bad_option(below)),
        Some(value) if bytes(value).len() >= below => Err(bad_option(below)),
        Some(value) => Ok(bytes(value)),
    }
}

/// The fourth argument's way to make a key.
fn derived(values: &[Value], length: usize) -> Result<Vec<u8>> {
    let method = option(values, 3, KDF_OPTION_BYTES)?;
    let is_hkdf = match method {
        b"hkdf" => true,
        b"pbkdf2_hmac" => false,
        _ => {
            let message = "KDF method name is not valid. Please use hkdf or pbkdf2_hmac method name";
            return Err(Error { code: 3235, state: *b"HY000", message: message.to_owned() });
        }
    };
    let salt = option(values, 4, KDF_OPTION_BYTES)?;
    let (key, mut made) = (bytes(&values[1]), vec![0; length]);
    if is_hkdf {
        let info = crate::types::text::to_text(
            values.get(5).unwrap_or(&Value::Text(::bytes::Bytes::new())),
            &DataType::NULL,
        );
        let info = info.ok_or_else(|| bad_option(KDF_OPTION_BYTES))?;
        if info.len() >= KDF_OPTION_BYTES {
            return Err(bad_option(KDF_OPTION_BYTES));
        }
        let expanded = hkdf::Hkdf::<Sha512>::new(Some(salt), key).expand(&info, &mut made);
        expanded.map_err(|_| Error::internal("length of a derived key"))?;
        return Ok(made);
    }
    let iterations = match values.get(5) {
        None => ITERATIONS_DEFAULT,
        Some(Value::Null) => return Err(bad_option(ITERATIONS_DIGITS)),
        Some(value) => {
            let digits = crate::types::convert::message_text(value);
            if digits.len() >= ITERATIONS_DIGITS {
                return Err(bad_option(ITERATIONS_DIGITS));
            }
            let count = digits.parse().unwrap_or(0);
            let fits = ITERATIONS.contains(&count);
            u32::try_from(count).ok().filter(|_| fits).ok_or_else(|| {
                let message = "For KDF method pbkdf2_hmac iterations value less than 1000 or more than 65535 is not allowed due to security reasons. Please provide iterations >= 1000 and iterations < 65535";
                Error { code: 3236, state: *b"HY000", message: message.to_owned() }
            })?
        }
    };
    pbkdf2::pbkdf2_hmac::<Sha512>(key, salt, iterations, &mut made);
    Ok(made)
}

/// The cipher and the first block of the chain that the arguments ask for.
fn prepared(
    call: &Call<'_>,
    values: &[Value],
    mode: Mode,
    ctx: &mut Context<'_>,
) -> Result<(Cipher, Option<Block>)> {
    let chain = if mode.chaining == Chaining::Ecb {
        if values.len() == 3 {
            ctx.session.warn(WarningLevel::Warning, 1618, "<IV> option ignored");
        }
        None
    } else {
        let Some(given) = values.get(2) else { return Err(Error::parameter_count(call.name.to_lowercase())) };
        let Some(first) = bytes(given).first_chunk::<BLOCK_BYTES>() else {
            let name = call.name.to_lowercase();
            let message = format!(
                "The initialization vector supplied to {name} is too short. Must be at least {BLOCK_BYTES} bytes long"
            );
            return Err(Error { code: 1882, state: *b"HY000", message });
        };
        Some(*first)
    };
    let key = bytes(&values[1]);
    let made = if values.len() > 3 {
        derived(values, mode.key_bytes)?
    } else {
        if key.len() > mode.key_bytes {
            let message = format!(
                "AES key size should be {} bytes length or secure KDF methods hkdf or pbkdf2_hmac should be used, please provide exact AES key size or use KDF methods for better security.",
                mode.key_bytes
            );
            ctx.session.warn(WarningLevel::Warning, 3237, message);
        }
        folded(key, mode.key_bytes)
    };
    let cipher = Cipher::new(&made).ok_or_else(|| Error::internal("length of a key"))?;
    Ok((cipher, chain))
}

fn run(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>, encrypting: bool) -> Run<Value> {
    if values[0].is_null() || values[1].is_null() {
        return Ok(Value::Null);
    }
    let mode = Mode::of_session(ctx);
    let (cipher, chain) = prepared(call, values, mode, ctx)?;
    let (text, first) = (bytes(&values[0]), chain.unwrap_or_default());
    let given = match mode.chaining {
        Chaining::Ecb | Chaining::Cbc if encrypting => Some(encrypt_padded(&cipher, text, chain)),
        Chaining::Ecb | Chaining::Cbc => decrypt_padded(&cipher, text, chain),
        Chaining::Cfb128 => Some(stream(&cipher, text, first, false, encrypting)),
        Chaining::Ofb => Some(stream(&cipher, text, first, true, encrypting)),
        Chaining::Cfb8 => Some(bytewise(&cipher, text, first, encrypting)),
        Chaining::Cfb1 => Some(bitwise(&cipher, text, first, encrypting)),
    };
    Ok(given.map_or(Value::Null, |given| Value::Blob(given.into())))
}

fn encrypt(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    run(call, values, ctx, true)
}

fn decrypt(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    run(call, values, ctx, false)
}
