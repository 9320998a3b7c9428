//! A password for a server without TLS: encrypted with the server's RSA key (`caching_sha2_password`'s full authentication).
//!
//! RSAES-OAEP with SHA-1 and MGF1 (RFC 8017, 7.1.1), which is what MySQL's servers decrypt. Only the public half of RSA is here:
//! there is no private key whose time of use could leak. The key comes over the same connection, so this keeps the password from who
//! listens, not from who is in between; TLS with verification does.

use num_bigint::BigUint;
use rustls::crypto::ring;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;
use sha1::{Digest as _, Sha1};

use crate::{Error, Result, limits};

/// Bytes of a SHA-1 digest.
const HASH_BYTES: usize = 20;
/// DER: a sequence.
const SEQUENCE: u8 = 0x30;
/// DER: an integer.
const INTEGER: u8 = 0x02;
/// DER: a string of bits.
const BIT_STRING: u8 = 0x03;

/// An RSA public key.
#[derive(Debug)]
pub(crate) struct PublicKey {
    modulus: BigUint,
    exponent: BigUint,
    /// Bytes of the modulus, and of everything that is encrypted with it.
    size_bytes: usize,
}

impl PublicKey {
    /// Reads a key of the form `-----BEGIN PUBLIC KEY-----`.
    pub(crate) fn from_pem(pem: &[u8]) -> Result<PublicKey> {
        const MALFORMED: Error = Error::NotSupported { what: "the public key that the server has sent" };
        let info = SubjectPublicKeyInfoDer::from_pem_slice(pem).map_err(|_| MALFORMED)?;
        PublicKey::from_der(&info).ok_or(MALFORMED)
    }

    /// SubjectPublicKeyInfo ::= SEQUENCE { algorithm, BIT STRING { SEQUENCE { modulus, exponent } } }
    fn from_der(der: &[u8]) -> Option<PublicKey> {
        let (info, _) = element(der, SEQUENCE)?;
        let (_algorithm, rest) = element(info, SEQUENCE)?;
        let (bits, _) = element(rest, BIT_STRING)?;
        let (&unused_bits, key) = bits.split_first()?;
        let (numbers, _) = element(key, SEQUENCE)?;
        let (modulus, rest) = element(numbers, INTEGER)?;
        let (exponent, _) = element(rest, INTEGER)?;
        let modulus = BigUint::from_bytes_be(modulus);
        let exponent = BigUint::from_bytes_be(exponent);
        let size_bytes = modulus.bits().div_ceil(8) as usize;
        let is_sound = unused_bits == 0
            && (limits::RSA_KEY_BYTES_MIN..=limits::RSA_KEY_BYTES_MAX).contains(&size_bytes)
            && modulus.bit(0)
            && exponent > BigUint::from(1u8)
            && exponent.bits() <= 64;
        is_sound.then_some(PublicKey { modulus, exponent, size_bytes })
    }

    /// Encrypts a password with its closing NUL, XORed with the challenge as the protocol has it.
    pub(crate) fn encrypt_password(&self, password: &[u8], salt: &[u8]) -> Result<Vec<u8>> {
        let mut message = [password, &[0]].concat();
        message.iter_mut().zip(salt.iter().cycle()).for_each(|(byte, salt)| *byte ^= salt);
        let mut seed = [0; HASH_BYTES];
        let random = ring::default_provider().secure_random;
        random
            .fill(&mut seed)
            .map_err(|_| Error::NotSupported { what: "a system without random numbers" })?;
        self.encrypt(&message, seed)
            .ok_or(Error::NotSupported { what: "a password longer than the server's key" })
    }

    fn encrypt(&self, message: &[u8], mut seed: [u8; HASH_BYTES]) -> Option<Vec<u8>> {
        // 0x00 || seed || hash of no label || zeros || 0x01 || message, the last four hidden by the seed, and the seed by them.
        let mut block = vec![0; self.size_bytes - HASH_BYTES - 1];
        let start = block.len().checked_sub(message.len()).filter(|start| *start > HASH_BYTES)?;
        block[..HASH_BYTES].copy_from_slice(&Sha1::digest(b""));
        block[start - 1] = 1;
        block[start..].copy_from_slice(message);
        mask(&mut block, &seed);
        mask(&mut seed, &block);
        let padded = [&seed[..], &block].concat();
        let encrypted = BigUint::from_bytes_be(&padded).modpow(&self.exponent, &self.modulus).to_bytes_be();
        let mut out = vec![0; self.size_bytes - encrypted.len()];
        out.extend_from_slice(&encrypted);
        Some(out)
    }
}

/// XORs with MGF1 of the seed.
fn mask(block: &mut [u8], seed: &[u8]) {
    for (counter, chunk) in (0u32..).zip(block.chunks_mut(HASH_BYTES)) {
        let hash = Sha1::new().chain_update(seed).chain_update(counter.to_be_bytes()).finalize();
        chunk.iter_mut().zip(hash).for_each(|(byte, mask)| *byte ^= mask);
    }
}

/// The content of the DER element that `input` begins with, and what follows it.
fn element(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, input) = input.split_first()?;
    let (&first, input) = input.split_first()?;
    let (length, input) = match first {
        0..=0x7f => (usize::from(first), input),
        0x81 => (usize::from(*input.first()?), input.get(1..)?),
        0x82 => (usize::from(u16::from_be_bytes(*input.first_chunk()?)), input.get(2..)?),
        _ => return None,
    };
    (found == tag && length <= input.len()).then(|| input.split_at(length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// openssl genrsa 1024 | openssl rsa -pubout, and its private exponent.
    const PEM: &str = include_str!("public_key/test_key.pem");
    const PRIVATE_EXPONENT: &str = include_str!("public_key/test_exponent.txt");

    /// The other side, as RFC 8017 has it.
    fn decrypt(key: &PublicKey, bytes: &[u8]) -> Vec<u8> {
        let exponent = BigUint::parse_bytes(PRIVATE_EXPONENT.trim().as_bytes(), 16).unwrap();
        let opened = BigUint::from_bytes_be(bytes).modpow(&exponent, &key.modulus).to_bytes_be();
        let mut padded = vec![0; key.size_bytes - 1 - opened.len()];
        padded.extend(opened);
        let (seed, block) = padded.split_at_mut(HASH_BYTES);
        mask(seed, block);
        mask(block, seed);
        assert_eq!(block[..HASH_BYTES], Sha1::digest(b"")[..]);
        let start = block[HASH_BYTES..].iter().position(|byte| *byte != 0).unwrap() + HASH_BYTES;
        assert_eq!(block[start], 1);
        block[start + 1..].to_vec()
    }

    #[test]
    fn what_is_encrypted_is_the_password() {
        let key = PublicKey::from_pem(PEM.as_bytes()).unwrap();
        let salt = *b"abcdefghijklmnopqrst";
        for length in [0, 1, 19, 20, 21, 85] {
            let password = vec![b'p'; length];
            let sent = key.encrypt_password(&password, &salt).unwrap();
            assert_eq!(sent.len(), 128);
            assert_ne!(sent, key.encrypt_password(&password, &salt).unwrap(), "the seed is new each time");
            let mut opened = decrypt(&key, &sent);
            opened.iter_mut().zip(salt.iter().cycle()).for_each(|(byte, salt)| *byte ^= salt);
            assert_eq!(opened, [&password[..], &[0]].concat());
        }
        assert!(key.encrypt_password(&[b'p'; 86], &salt).is_err(), "longer than the key allows");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for wrong in ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "key"] {
            assert!(PublicKey::from_pem(wrong.as_bytes()).is_err());
        }
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..40) {
            let _ = PublicKey::from_der(&bytes);
            let mut der = SubjectPublicKeyInfoDer::from_pem_slice(PEM.as_bytes()).unwrap().to_vec();
            if let Some(byte) = bytes.pop() {
                der[at] ^= byte;
            }
            if let Some(key) = PublicKey::from_der(&der) {
                let _ = key.encrypt(b"x", [1; HASH_BYTES]);
            }
        }
    }
}
