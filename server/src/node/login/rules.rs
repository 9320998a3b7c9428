//! The order in which a login is judged, once its plugin has: as MySQL judges it.

use std::sync::Arc;
use std::time::Instant;

use sql::account::{Account, Accounts, Privilege, TlsRequirement};
use wire::mysql::auth::Denial;

use super::{Logins, Refusal, Standing, unix_seconds};
use crate::node::process::Encryption;

/// Whom a client's certificate is of and by, in OpenSSL's one-line form (`/C=DE/CN=client`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateNames {
    /// SUBJECT.
    pub subject: String,
    /// ISSUER.
    pub issuer: String,
}

/// What an account's rules are judged by.
#[derive(Clone, Debug, Default)]
pub struct Connecting {
    /// How the connection is encrypted, if it is.
    pub encryption: Option<Encryption>,
    /// The client's certificate, if it has shown one; then it is valid.
    pub certificate: Option<CertificateNames>,
    /// CAN_HANDLE_EXPIRED_PASSWORDS.
    pub handles_expired_passwords: bool,
    /// `default_password_lifetime`.
    pub password_lifetime_days_default: u64,
    /// All connections but the one that is kept back are taken.
    pub is_last: bool,
    /// `activate_all_roles_on_login`.
    pub activates_all_roles: bool,
}

impl Logins {
    /// Judges a login whose password was right.
    ///
    /// # Errors
    /// Why it is refused all the same.
    pub fn admit(
        &self,
        accounts: &Accounts,
        account: &Arc<Account>,
        connecting: &Connecting,
    ) -> Result<Standing, Refusal> {
        let now = Instant::now();
        self.failures.lock().succeeded(account, now)?;
        if account.is_locked {
            return Err(Refusal::Locked);
        }
        if !is_as_required(&account.require, connecting) {
            let using_password = !account.authentication.authentication_string.is_empty();
            return Err(Refusal::Denied(Denial::AccessDenied { using_password }));
        }
        let has_expired =
            account.is_password_expired(unix_seconds(), connecting.password_lifetime_days_default);
        if has_expired && !connecting.handles_expired_passwords {
            return Err(Refusal::PasswordExpired);
        }
        let roles = accounts.roles_at_login(&account.id, connecting.activates_all_roles);
        if connecting.is_last {
            let privileges = accounts.privileges(&account.id, &roles);
            if !privileges.has_dynamic("CONNECTION_ADMIN") && !privileges.has_global(Privilege::Super) {
                return Err(Refusal::TooManyConnections);
            }
        }
        let place = self.usage.enter(account, now)?;
        Ok(Standing::new(account.id.clone(), roles, place, has_expired))
    }

    /// Notes that a login failed that had found an account; what the client hears, if not the plugin's own denial.
    #[must_use]
    pub fn failed(&self, account: &Arc<Account>) -> Option<Refusal> {
        self.failures.lock().failed(account, Instant::now()).err()
    }
}

/// REQUIRE.
fn is_as_required(require: &TlsRequirement, connecting: &Connecting) -> bool {
    let Some(encryption) = connecting.encryption else { return *require == TlsRequirement::None };
    match require {
        TlsRequirement::None | TlsRequirement::Ssl => true,
        TlsRequirement::X509 => connecting.certificate.is_some(),
        TlsRequirement::Specified { cipher, issuer, subject } => {
            let is = |wanted: &Option<String>, found: fn(&CertificateNames) -> &str| match (
                wanted,
                &connecting.certificate,
            ) {
                (None, _) => true,
                (Some(wanted), Some(certificate)) => wanted == found(certificate),
                (Some(_), None) => false,
            };
            cipher.as_ref().is_none_or(|wanted| wanted == encryption.cipher)
                && is(issuer, |certificate| &certificate.issuer)
                && is(subject, |certificate| &certificate.subject)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sql::account::AccountId;

    fn encrypted(certificate: Option<CertificateNames>) -> Connecting {
        let encryption = Encryption { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" };
        Connecting { encryption: Some(encryption), certificate, ..Connecting::default() }
    }

    #[test]
    fn a_connection_is_as_the_account_requires_it() {
        let names = CertificateNames { subject: "/CN=client".into(), issuer: "/CN=ca".into() };
        let (clear, tls, shown) = (Connecting::default(), encrypted(None), encrypted(Some(names)));
        let specified = |cipher: Option<&str>, issuer: Option<&str>, subject: Option<&str>| {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            TlsRequirement::Specified {
                cipher: owned(cipher),
                issuer: owned(issuer),
                subject: owned(subject),
            }
        };
        for (require, expected) in [
            (TlsRequirement::None, [true, true, true]),
            (TlsRequirement::Ssl, [false, true, true]),
            (TlsRequirement::X509, [false, false, true]),
            (specified(None, None, Some("/CN=client")), [false, false, true]),
            (specified(None, Some("/CN=ca"), Some("/CN=client")), [false, false, true]),
            (specified(None, Some("/CN=client"), None), [false, false, false]),
            (specified(Some("TLS_AES_256_GCM_SHA384"), None, None), [false, true, true]),
            (specified(Some("TLS_AES_128_GCM_SHA256"), None, Some("/CN=client")), [false, false, false]),
        ] {
            let found = [&clear, &tls, &shown].map(|connecting| is_as_required(&require, connecting));
            assert_eq!(found, expected, "{require:?}");
        }
    }

    #[test]
    fn the_last_connection_is_for_who_may_administer_connections() {
        let (logins, accounts) = (Logins::default(), Accounts::default());
        let root = accounts.get(&AccountId::root()).unwrap();
        let last = Connecting { is_last: true, ..Connecting::default() };
        assert!(logins.admit(&accounts, root, &last).is_ok());
        let other = Arc::new(Account::new(AccountId::new("u", "%")));
        assert_eq!(logins.admit(&accounts, &other, &last).err(), Some(Refusal::TooManyConnections));
    }

    #[test]
    fn a_locked_account_hears_so_before_anything_else_of_it() {
        let (logins, accounts) = (Logins::default(), Accounts::default());
        let account = Account::new(AccountId::new("u", "%"));
        let locked = Arc::new(Account {
            is_locked: true,
            password_expired: true,
            require: TlsRequirement::Ssl,
            ..account
        });
        assert_eq!(logins.admit(&accounts, &locked, &Connecting::default()).err(), Some(Refusal::Locked));
    }
}
