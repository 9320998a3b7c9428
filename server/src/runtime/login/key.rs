//! The RSA key with which clients encrypt their password where the connection is not encrypted: made when the node first starts, in the data
//! folder, under MySQL's names.
//!
//! It keeps a password from who listens. Who stands between client and server can show the client a key of his own, unless the client was
//! given `public_key.pem`: where that matters there is TLS.
//!
//! Decrypting is aws-lc's, in constant time ([why](../../../../docs/decisions/2026-11-22-rsa-for-passwords.md)).
//!
//! Invariants: the private key is readable for its owner alone; one that is there is never replaced. The public key is made of the private
//! one each time; its file is for people.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use pem::{EncodeConfig, LineEnding, Pem};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;

use crate::identity::{write_durably, write_secret_durably};

const PRIVATE_FILE_NAME: &str = "private_key.pem";
const PUBLIC_FILE_NAME: &str = "public_key.pem";

/// See the module.
#[derive(Clone)]
pub struct PasswordKey {
    private: Arc<OaepPrivateDecryptingKey>,
    public_pem: Arc<str>,
}

impl PasswordKey {
    /// The key in the data folder; it is made if there is none.
    ///
    /// # Errors
    /// When it cannot be read, is none, or cannot be written.
    pub fn open(data: &Path) -> Result<PasswordKey, String> {
        let (path, public_path) = (data.join(PRIVATE_FILE_NAME), data.join(PUBLIC_FILE_NAME));
        let failed = |what: &str, path: &PathBuf, error: &dyn std::fmt::Display| {
            format!("cannot {what} {}: {error}", path.display())
        };
        let is_there = path.try_exists().map_err(|error| failed("look for", &path, &error))?;
        let private = if is_there {
            let der =
                PrivatePkcs8KeyDer::from_pem_file(&path).map_err(|error| failed("read", &path, &error))?;
            PrivateDecryptingKey::from_pkcs8(der.secret_pkcs8_der())
                .map_err(|error| failed("use the RSA key of", &path, &error))?
        } else {
            let key = PrivateDecryptingKey::generate(KeySize::Rsa2048)
                .map_err(|error| failed("make a key for", &path, &error))?;
            let der = AsDer::<Pkcs8V1Der>::as_der(&key).map_err(|error| failed("encode", &path, &error))?;
            write_secret_durably(data, &path, to_pem("PRIVATE KEY", der.as_ref()).as_bytes())
                .map_err(|error| failed("write", &path, &error))?;
            key
        };
        let public = AsDer::<PublicKeyX509Der>::as_der(&private.public_key())
            .map_err(|error| failed("encode", &public_path, &error))?;
        let public_pem = to_pem("PUBLIC KEY", public.as_ref());
        if std::fs::read(&public_path).ok().as_deref() != Some(public_pem.as_bytes()) {
            write_durably(data, &public_path, public_pem.as_bytes())
                .map_err(|error| failed("write", &public_path, &error))?;
        }
        let private = OaepPrivateDecryptingKey::new(private)
            .map_err(|error| failed("use the RSA key of", &path, &error))?;
        Ok(PasswordKey { private: Arc::new(private), public_pem: public_pem.into() })
    }

    /// The public key as PEM: what a client that asks for it is sent.
    #[must_use]
    pub fn public_pem(&self) -> Arc<str> {
        Arc::clone(&self.public_pem)
    }

    /// What a client has encrypted. None when it was not with this key; that takes as long.
    #[must_use]
    pub fn decrypt(&self, ciphertext: &[u8]) -> Option<Vec<u8>> {
        let mut plaintext = vec![0; self.private.min_output_size()];
        let length = self.private.decrypt(&OAEP_SHA1_MGF1SHA1, ciphertext, &mut plaintext, None).ok()?.len();
        plaintext.truncate(length);
        Some(plaintext)
    }
}

fn to_pem(tag: &str, der: &[u8]) -> String {
    pem::encode_config(&Pem::new(tag, der), EncodeConfig::new().set_line_ending(LineEnding::LF))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::rsa::{OaepPublicEncryptingKey, PublicEncryptingKey};
    use std::os::unix::fs::PermissionsExt as _;

    fn encrypt(key: &PasswordKey, text: &[u8]) -> Vec<u8> {
        let public = pem::parse(key.public_pem().as_bytes()).unwrap();
        let public =
            OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(public.contents()).unwrap()).unwrap();
        let mut ciphertext = vec![0; public.ciphertext_size()];
        let length = public.encrypt(&OAEP_SHA1_MGF1SHA1, text, &mut ciphertext, None).unwrap().len();
        assert_eq!(length, 256);
        ciphertext
    }

    #[test]
    fn it_is_made_once_and_decrypts_what_is_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let key = PasswordKey::open(folder.path()).unwrap();
        let private = folder.path().join(PRIVATE_FILE_NAME);
        assert_eq!(std::fs::metadata(&private).unwrap().permissions().mode() & 0o777, 0o600);
        let again = PasswordKey::open(folder.path()).unwrap();
        assert_eq!(key.public_pem(), again.public_pem());
        let ciphertext = encrypt(&key, b"secret\0");
        assert_eq!(again.decrypt(&ciphertext).as_deref(), Some(&b"secret\0"[..]));
        let other = PasswordKey::open(tempfile::tempdir().unwrap().path()).unwrap();
        assert_eq!(other.decrypt(&ciphertext), None);
        for byte in [0, 100, 255] {
            let mut wrong = ciphertext.clone();
            wrong[byte] ^= 1;
            assert_eq!(key.decrypt(&wrong), None, "byte {byte}");
        }
        for wrong in [&[][..], &[0; 255], &[0; 256], &[0; 257], &[0xff; 256]] {
            assert_eq!(key.decrypt(wrong), None);
        }
        assert_eq!(std::fs::read_to_string(folder.path().join(PUBLIC_FILE_NAME)).unwrap(), *key.public_pem());
        assert!(key.public_pem().starts_with("-----BEGIN PUBLIC KEY-----\nMIIBIjAN"), "as MySQL's");
    }

    #[test]
    fn a_key_that_is_none_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(PRIVATE_FILE_NAME);
        std::fs::write(&path, "somebody's").unwrap();
        let error = PasswordKey::open(folder.path()).err().unwrap();
        assert!(error.contains(PRIVATE_FILE_NAME), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"somebody's");
    }
}
