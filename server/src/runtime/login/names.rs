//! Whom a certificate is of and by, as MySQL compares it with REQUIRE SUBJECT and ISSUER: OpenSSL's `X509_NAME_oneline`.
//!
//! `/C=DE/O=Shop/CN=client`: the parts in the certificate's order, types by their short name (or their numbers), bytes that are no printable
//! ASCII as `\xHH`.

use std::fmt::Write as _;

use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Name};

use crate::node::login::CertificateNames;

/// OpenSSL's short names.
const SHORT_NAMES: [(&str, &str); 24] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.13", "description"),
    ("2.5.4.15", "businessCategory"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.20", "telephoneNumber"),
    ("2.5.4.41", "name"),
    ("2.5.4.42", "GN"),
    ("2.5.4.43", "initials"),
    ("2.5.4.44", "generationQualifier"),
    ("2.5.4.46", "dnQualifier"),
    ("2.5.4.65", "pseudonym"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
    ("1.2.840.113549.1.9.2", "unstructuredName"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("0.9.2342.19200300.100.1.1", "UID"),
];

/// The names of a certificate that was verified; none when it cannot be read.
#[must_use]
pub fn certificate_names(certificate: &CertificateDer<'_>) -> Option<CertificateNames> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    Some(CertificateNames {
        subject: one_line(certificate.subject()),
        issuer: one_line(certificate.issuer()),
    })
}

fn one_line(name: &X509Name<'_>) -> String {
    let mut line = String::new();
    for attribute in name.iter_attributes() {
        let number = attribute.attr_type().to_id_string();
        let short = SHORT_NAMES.iter().find(|(id, _)| *id == number).map_or(&*number, |(_, short)| short);
        line.push('/');
        line.push_str(short);
        line.push('=');
        for byte in attribute.as_slice() {
            match byte {
                b' '..=b'~' => line.push(char::from(*byte)),
                other => {
                    // Writing into a text does not fail.
                    let _ = write!(line, "\\x{other:02X}");
                }
            }
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};

    #[test]
    fn names_are_written_as_openssl_writes_them() {
        let mut name = DistinguishedName::new();
        name.push(DnType::CountryName, "DE");
        name.push(DnType::OrganizationName, "Käse / Co");
        name.push(DnType::CommonName, "client");
        name.push(DnType::CustomDnType(vec![1, 2, 840, 113_549, 1, 9, 1]), "a@b.example");
        name.push(DnType::CustomDnType(vec![1, 3, 6, 1, 4, 1, 99_999]), "x");
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = name;
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let names = certificate_names(certificate.der()).unwrap();
        // openssl x509 -nameopt compat
        let expected = r"/C=DE/O=K\xC3\xA4se / Co/CN=client/emailAddress=a@b.example/1.3.6.1.4.1.99999=x";
        assert_eq!((names.subject.as_str(), names.issuer.as_str()), (expected, expected));
        assert_eq!(certificate_names(&CertificateDer::from(&b"nonsense"[..])), None);
    }
}
