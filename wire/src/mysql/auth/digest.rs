//! The digests of both plugins: what a client proves, and what a server checks it against.

use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::mysql::handshake::Salt;

/// Bytes of native's digests.
pub const NATIVE_DIGEST_BYTES: usize = 20;
/// Bytes of caching_sha2_password's digests.
pub const SHA2_DIGEST_BYTES: usize = 32;

/// SHA1(SHA1(password)): what `mysql_native_password` keeps of a password.
pub fn native_digest(password: &[u8]) -> [u8; NATIVE_DIGEST_BYTES] {
    sha1(&[&sha1(&[password])])
}

/// SHA256(SHA256(password)): what the fast path of `caching_sha2_password` is checked against.
pub fn sha2_digest(password: &[u8]) -> [u8; SHA2_DIGEST_BYTES] {
    sha256(&[&sha256(&[password])])
}

/// SHA1(password) XOR SHA1(salt, SHA1(SHA1(password))).
pub(super) fn native_answer(password: &[u8], salt: &Salt) -> [u8; NATIVE_DIGEST_BYTES] {
    let proof = sha1(&[password]);
    xor(proof, sha1(&[salt.as_bytes(), &sha1(&[&proof])]))
}

/// SHA256(password) XOR SHA256(SHA256(SHA256(password)), salt). Note the order, which is not native's.
pub(super) fn sha2_answer(password: &[u8], salt: &Salt) -> [u8; SHA2_DIGEST_BYTES] {
    let proof = sha256(&[password]);
    xor(proof, sha256(&[&sha256(&[&proof]), salt.as_bytes()]))
}

/// Whether this answer proves the password of which `stored` is kept.
pub(super) fn native_is_right(stored: &[u8; NATIVE_DIGEST_BYTES], answer: &[u8], salt: &Salt) -> bool {
    let Ok(answer) = <[u8; NATIVE_DIGEST_BYTES]>::try_from(answer) else { return false };
    let proof = xor(answer, sha1(&[salt.as_bytes(), stored]));
    is_equal(&sha1(&[&proof]), stored)
}

/// Whether this answer proves the password of which `stored` is kept.
pub(super) fn sha2_is_right(stored: &[u8; SHA2_DIGEST_BYTES], answer: &[u8], salt: &Salt) -> bool {
    let Ok(answer) = <[u8; SHA2_DIGEST_BYTES]>::try_from(answer) else { return false };
    let proof = xor(answer, sha256(&[stored, salt.as_bytes()]));
    is_equal(&sha256(&[&proof]), stored)
}

fn sha1(parts: &[&[u8]]) -> [u8; NATIVE_DIGEST_BYTES] {
    let mut hasher = Sha1::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

fn sha256(parts: &[&[u8]]) -> [u8; SHA2_DIGEST_BYTES] {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

fn xor<const N: usize>(mut left: [u8; N], right: [u8; N]) -> [u8; N] {
    left.iter_mut().zip(right).for_each(|(left, right)| *left ^= right);
    left
}

/// Compares in a time that does not depend on where the bytes differ.
fn is_equal<const N: usize>(left: &[u8; N], right: &[u8; N]) -> bool {
    let difference = left.iter().zip(right).fold(0, |sum, (left, right)| sum | (left ^ right));
    std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn stored_digests_are_mysqls() {
        // SELECT PASSWORD('password') of MySQL 5.7; SHA2(UNHEX(SHA2('password', 256)), 256).
        assert_eq!(hex(&native_digest(b"password")), "2470c0c06dee42fd1618bb99005adca2ec9d1e19");
        assert_eq!(
            hex(&sha2_digest(b"password")),
            "73641c99f7719f57d8f4beb11a303afcd190243a51ced8782ca6d3dbe014d146"
        );
    }

    #[test]
    fn digests_that_differ_in_one_bit_are_not_equal() {
        let digest = sha1(&[b"x"]);
        assert!(is_equal(&digest, &digest));
        for bit in 0..digest.len() * 8 {
            let mut other = digest;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_equal(&digest, &other), "bit {bit}");
        }
    }
}
