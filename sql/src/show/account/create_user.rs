//! SHOW CREATE USER.

use super::{Reader, id_of, quoted, quoted_secret};
use crate::Error;
use crate::account::{Account, AccountId, PasswordLock, RequireCurrent, TlsRequirement};
use crate::ast::UserName;
use crate::execute::{Context, Run};
use crate::show::spec::{ColumnSpec, Row, text};
use crate::types::Value;

/// Its column, whose name has the account.
pub(crate) const CREATE_USER: &[ColumnSpec] = &[text("CREATE USER for ", 256)];

/// The statement that makes the account.
///
/// # Errors
/// 1044 for another's without SELECT on mysql, 1396.
pub(crate) fn create_user(user: &UserName, ctx: &Context<'_>) -> Run<Vec<Row>> {
    let reader = Reader::of(ctx);
    let id = id_of(Some(user), ctx.session);
    if id != reader.actor.id && !reader.sees_all {
        return Err(reader.actor.denied_database("mysql").into());
    }
    let Some(account) = reader.accounts.get(&id) else {
        let message =
            format!("Operation SHOW CREATE USER failed for {} (User account does not exist)", id.quoted());
        return Err(Error { code: 1396, state: *b"HY000", message }.into());
    };
    let shows = match (reader.sees_all, shows_hexadecimal(ctx)) {
        (false, _) => Secret::Hidden,
        (true, false) => Secret::Text,
        (true, true) => Secret::Hexadecimal,
    };
    let text = statement(account, shows);
    Ok(vec![vec![match String::from_utf8(text) {
        Ok(text) => Value::text(text),
        Err(bytes) => Value::text(String::from_utf8_lossy(bytes.as_bytes())),
    }]])
}

/// How the hash of a password is shown.
#[derive(Clone, Copy)]
enum Secret {
    Hidden,
    Text,
    /// By digits if it has bytes that are no letters, so that the statement can be kept as text.
    Hexadecimal,
}

/// `print_identified_with_as_hex`.
fn shows_hexadecimal(ctx: &Context<'_>) -> bool {
    match ctx.session.variables.others.get("print_identified_with_as_hex") {
        Some(Value::Int(number)) => *number != 0,
        Some(Value::UInt(number)) => *number != 0,
        Some(Value::Text(text)) => text.eq_ignore_ascii_case(b"ON"),
        _ => false,
    }
}

fn shown_secret(secret: &[u8], shows: Secret) -> Vec<u8> {
    match shows {
        Secret::Hidden => b"'<secret>'".to_vec(),
        Secret::Hexadecimal if !secret.iter().all(u8::is_ascii_graphic) => {
            let digits: String = secret.iter().map(|byte| format!("{byte:02X}")).collect();
            format!("0x{digits}").into_bytes()
        }
        Secret::Text | Secret::Hexadecimal => quoted_secret(secret),
    }
}

fn statement(account: &Account, shows: Secret) -> Vec<u8> {
    let mut out = format!("CREATE USER {} IDENTIFIED WITH ", account.id).into_bytes();
    out.extend(quoted(account.authentication.plugin.name().as_bytes()));
    let secret = &account.authentication.authentication_string;
    if !secret.is_empty() {
        out.extend_from_slice(b" AS ");
        out.extend(shown_secret(secret, shows));
    }
    if !account.default_roles.is_empty() {
        let roles: Vec<String> = account.default_roles.iter().map(AccountId::to_string).collect();
        out.extend_from_slice(format!(" DEFAULT ROLE {}", roles.join(",")).as_bytes());
    }
    requirement(&account.require, &mut out);
    limits(account, &mut out);
    let mut say = |words: String| out.extend_from_slice(words.as_bytes());
    say(match (account.password_expired, account.password_lifetime_days) {
        (true, _) => " PASSWORD EXPIRE".into(),
        (false, None) => " PASSWORD EXPIRE DEFAULT".into(),
        (false, Some(0)) => " PASSWORD EXPIRE NEVER".into(),
        (false, Some(days)) => format!(" PASSWORD EXPIRE INTERVAL {days} DAY"),
    });
    say(if account.is_locked { " ACCOUNT LOCK" } else { " ACCOUNT UNLOCK" }.into());
    say(match account.password_history {
        None => " PASSWORD HISTORY DEFAULT".into(),
        Some(count) => format!(" PASSWORD HISTORY {count}"),
    });
    say(match account.password_reuse_days {
        None => " PASSWORD REUSE INTERVAL DEFAULT".into(),
        Some(days) => format!(" PASSWORD REUSE INTERVAL {days} DAY"),
    });
    say(match account.require_current {
        RequireCurrent::Default => " PASSWORD REQUIRE CURRENT DEFAULT",
        RequireCurrent::Required => " PASSWORD REQUIRE CURRENT",
        RequireCurrent::Optional => " PASSWORD REQUIRE CURRENT OPTIONAL",
    }
    .into());
    if account.failed_login_attempts > 0 {
        say(format!(" FAILED_LOGIN_ATTEMPTS {}", account.failed_login_attempts));
    }
    match account.password_lock {
        PasswordLock::Off => {}
        PasswordLock::Days(days) => say(format!(" PASSWORD_LOCK_TIME {days}")),
        PasswordLock::Unbounded => say(" PASSWORD_LOCK_TIME UNBOUNDED".into()),
    }
    if let Some(attribute) = &account.attribute {
        out.extend_from_slice(b" ATTRIBUTE ");
        out.extend(quoted(attribute.as_bytes()));
    }
    out
}

fn requirement(require: &TlsRequirement, out: &mut Vec<u8>) {
    out.extend_from_slice(b" REQUIRE");
    match require {
        TlsRequirement::None => out.extend_from_slice(b" NONE"),
        TlsRequirement::Ssl => out.extend_from_slice(b" SSL"),
        TlsRequirement::X509 => out.extend_from_slice(b" X509"),
        TlsRequirement::Specified { cipher, issuer, subject } => {
            for (word, value) in [("SUBJECT", subject), ("ISSUER", issuer), ("CIPHER", cipher)] {
                if let Some(value) = value {
                    out.extend_from_slice(format!(" {word} ").as_bytes());
                    out.extend(quoted(value.as_bytes()));
                }
            }
        }
    }
}

fn limits(account: &Account, out: &mut Vec<u8>) {
    let limits = &account.limits;
    let all = [
        ("MAX_QUERIES_PER_HOUR", limits.max_queries_per_hour),
        ("MAX_UPDATES_PER_HOUR", limits.max_updates_per_hour),
        ("MAX_CONNECTIONS_PER_HOUR", limits.max_connections_per_hour),
        ("MAX_USER_CONNECTIONS", limits.max_user_connections),
    ];
    let set: Vec<String> =
        all.iter().filter(|(_, limit)| *limit > 0).map(|(word, limit)| format!("{word} {limit}")).collect();
    if !set.is_empty() {
        out.extend_from_slice(format!(" WITH {}", set.join(" ")).as_bytes());
    }
}
