//! A row of `mysql.user`.

use serde_json::{Map, Value as Json};

use super::record::{Record, odd};
use crate::account::{
    Account, AuthPlugin, Authentication, PasswordLock, RequireCurrent, ResourceLimits, TlsRequirement,
};
use crate::ddl::account::attribute::printed;
use crate::ddl::account::secret::plugin;
use crate::show::user_privileges;
use crate::{Error, Result};

/// The account as the row has it; what it was granted below `*.*` and its former secrets stay as they are.
///
/// # Errors
/// 1105 for what no such row has; 1235, 1524.
pub(super) fn account(record: &Record, former: Account) -> Result<Account> {
    let days = |column: &str| record.number::<u16>(column);
    let limit = |column: &str| Ok::<u32, Error>(record.number(column)?.unwrap_or(0));
    let mut account = Account {
        authentication: Authentication {
            plugin: plugin_of(record, &former)?,
            authentication_string: record.bytes("authentication_string")?,
        },
        retained: None,
        require: requirement(record)?,
        limits: ResourceLimits {
            max_queries_per_hour: limit("max_questions")?,
            max_updates_per_hour: limit("max_updates")?,
            max_connections_per_hour: limit("max_connections")?,
            max_user_connections: limit("max_user_connections")?,
        },
        is_locked: record.is_yes("account_locked")?,
        password_expired: record.is_yes("password_expired")?,
        password_lifetime_days: days("password_lifetime")?,
        password_changed_unix_seconds: record.time_us("password_last_changed")? / 1_000_000,
        failed_login_attempts: 0,
        password_lock: PasswordLock::Off,
        password_history: days("Password_reuse_history")?,
        password_reuse_days: days("Password_reuse_time")?,
        require_current: match record.text("Password_require_current")?.as_str() {
            "Y" => RequireCurrent::Required,
            "N" => RequireCurrent::Optional,
            _ => RequireCurrent::Default,
        },
        attribute: None,
        ..former
    };
    account.grants.global = record.switches(&user_privileges())?;
    if let Some(text) = record.maybe("User_attributes")? {
        attributes(&text, &mut account)?;
    }
    Ok(account)
}

fn plugin_of(record: &Record, account: &Account) -> Result<AuthPlugin> {
    let name = record.text("plugin")?;
    plugin(&name).map_err(|error| Error { message: format!("{}: {}", account.id, error.message), ..error })
}

fn requirement(record: &Record) -> Result<TlsRequirement> {
    let given = |column: &str| Ok::<_, Error>(Some(record.text(column)?).filter(|text| !text.is_empty()));
    Ok(match record.text("ssl_type")?.as_str() {
        "" => TlsRequirement::None,
        "ANY" => TlsRequirement::Ssl,
        "X509" => TlsRequirement::X509,
        "SPECIFIED" => TlsRequirement::Specified {
            cipher: given("ssl_cipher")?,
            issuer: given("x509_issuer")?,
            subject: given("x509_subject")?,
        },
        other => return Err(odd("an ssl_type", other)),
    })
}

/// What `User_attributes` has beside the attribute itself.
fn attributes(text: &[u8], account: &mut Account) -> Result<()> {
    let wrong = || odd("User_attributes", &String::from_utf8_lossy(text));
    let Json::Object(all) = serde_json::from_slice(text).map_err(|_| wrong())? else { return Err(wrong()) };
    for (name, value) in &all {
        match (name.as_str(), value) {
            ("metadata", metadata) => account.attribute = Some(printed(metadata)),
            ("additional_password", Json::String(secret)) => {
                account.retained = Some(secret.as_bytes().to_vec());
            }
            ("Password_locking", Json::Object(locking)) => {
                lock_by(locking, account).ok_or_else(wrong)?;
            }
            ("Restrictions", _) => return Err(refused("partial revokes", account)),
            ("multi_factor_authentication", _) => return Err(refused("a second factor", account)),
            _ => return Err(wrong()),
        }
    }
    Ok(())
}

fn refused(what: &str, account: &Account) -> Error {
    Error::not_supported(format_args!("{what} of {}", account.id))
}

fn lock_by(locking: &Map<String, Json>, account: &mut Account) -> Option<()> {
    let number = |name: &str| locking.get(name).map_or(Some(0), Json::as_i64);
    let is_days = |number: &u16| *number <= i16::MAX as u16;
    account.failed_login_attempts = u16::try_from(number("failed_login_attempts")?).ok().filter(is_days)?;
    account.password_lock = match number("password_lock_time_days")? {
        0 => PasswordLock::Off,
        -1 => PasswordLock::Unbounded,
        days => PasswordLock::Days(u16::try_from(days).ok().filter(is_days)?),
    };
    Some(())
}
