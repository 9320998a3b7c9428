//! The certificate that a node makes itself when it is given none: self-signed, for ten years, in the data folder.
//!
//! It keeps out who listens, and not who stands between: nobody vouches for it, unless clients are given the file (it names `localhost` and
//! the loopback addresses). As with MySQL's own, whoever needs more brings a certificate.
//!
//! Invariants: the key is written before the certificate, and readable for its owner alone; a certificate that is there is never replaced. A
//! key without a certificate, as a crash between the two leaves it, is used.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair};

use crate::identity::{write_durably, write_secret_durably};

/// Name of the certificate's file in the data folder, as in MySQL.
pub(super) const CERT_FILE_NAME: &str = "server-cert.pem";
/// Name of the key's file in the data folder, as in MySQL.
pub(super) const KEY_FILE_NAME: &str = "server-key.pem";
/// Whom it says it is of.
const COMMON_NAME: &str = "Quorate_Server_Auto_Generated_Server_Certificate";
/// Names that a client on this machine may have used for it.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Ten years, as MySQL's.
const VALID: Duration = Duration::from_secs(3_650 * 24 * 60 * 60);

/// The files of the certificate and its key in the data folder; they are made if there is no certificate.
///
/// # Errors
/// When they cannot be written, or a key that is there cannot be used.
pub(super) fn find_or_make(data: &Path) -> Result<(PathBuf, PathBuf), String> {
    let (cert, key) = (data.join(CERT_FILE_NAME), data.join(KEY_FILE_NAME));
    let there = |path: &Path| {
        path.try_exists().map_err(|error| format!("cannot look for {}: {error}", path.display()))
    };
    if there(&cert)? {
        return Ok((cert, key));
    }
    let pair = if there(&key)? { read_key(&key)? } else { make_key(data, &key)? };
    let certificate = params().and_then(|params| params.self_signed(&pair)).map_err(|error| {
        format!(
            "cannot make a certificate of {}: {error}; bring one, with --ssl-cert and --ssl-key",
            key.display()
        )
    })?;
    write_durably(data, &cert, certificate.pem().as_bytes())
        .map_err(|error| format!("cannot write {}: {error}", cert.display()))?;
    tracing::info!(cert = %cert.display(), "made a certificate for clients' connections");
    Ok((cert, key))
}

fn read_key(path: &Path) -> Result<KeyPair, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    KeyPair::from_pem(&text).map_err(|error| {
        format!(
            "{}: {error}; there is no {CERT_FILE_NAME} beside it: bring that too, or remove it",
            path.display()
        )
    })
}

fn make_key(data: &Path, path: &Path) -> Result<KeyPair, String> {
    let pair = KeyPair::generate().map_err(|error| format!("cannot make a key: {error}"))?;
    write_secret_durably(data, path, pair.serialize_pem().as_bytes())
        .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    Ok(pair)
}

fn params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(NAMES.map(str::to_owned).to_vec())?;
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, COMMON_NAME);
    params.distinguished_name = name;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let now = SystemTime::now();
    // A client's clock may be behind.
    params.not_before = (now - DAY).into();
    params.not_after = (now + VALID).into();
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn they_are_made_once_and_the_key_is_the_owners() {
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = find_or_make(folder.path()).unwrap();
        let made = (std::fs::read(&cert).unwrap(), std::fs::read(&key).unwrap());
        assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        find_or_make(folder.path()).unwrap();
        assert_eq!(made, (std::fs::read(&cert).unwrap(), std::fs::read(&key).unwrap()));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing temporary is left");
    }

    #[test]
    fn a_key_that_a_crash_left_alone_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = find_or_make(folder.path()).unwrap();
        let pair = std::fs::read(&key).unwrap();
        std::fs::remove_file(&cert).unwrap();
        find_or_make(folder.path()).unwrap();
        assert_eq!(pair, std::fs::read(&key).unwrap());
        super::super::load(&cert, &key, None, &crate::config::TlsVersion::ALL).unwrap();
    }

    #[test]
    fn a_key_that_is_none_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join(KEY_FILE_NAME);
        std::fs::write(&key, "somebody's").unwrap();
        let error = find_or_make(folder.path()).unwrap_err();
        assert!(error.contains(KEY_FILE_NAME) && error.contains("bring that too"), "{error}");
        assert_eq!(std::fs::read(&key).unwrap(), b"somebody's");
    }
}
