//! New passwords: hashed before the statement takes its lock, put into the account by its step.

use rand::Rng;

use super::Work;
use crate::account::secret::{is_valid, make, verify};
use crate::account::{
    Account, AccountId, Accounts, AuthPlugin, Authentication, FormerSecret, RequireCurrent,
};
use crate::ast::{AccountStatement, NewSecret, Secret, UserName, UserSpec};
use crate::execute::ResultColumn;
use crate::limits::PASSWORD_BYTES_MAX;
use crate::show::spec::{result_columns, text, unsigned};
use crate::types::{TypeKind, Value};
use crate::{Error, Result};

/// How long random passwords are, MySQL's default.
const RANDOM_PASSWORD_CHARACTERS: usize = 20;
/// What they are made of: nothing that would have to be escaped anywhere.
const RANDOM_PASSWORD_ALPHABET: &[u8] =
    b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789.,:;_-+*/=()[]{}<>!?#%&@~^";

/// An account statement whose secrets are made.
#[derive(Debug)]
pub struct Prepared {
    /// The statement: every secret in it is [`NewSecret::None`] or [`NewSecret::Made`].
    pub statement: AccountStatement,
    /// The rows of passwords that were made up, which are the statement's result; none when there are none.
    pub generated: Vec<Vec<Value>>,
}

impl Prepared {
    /// The columns of the result.
    #[must_use]
    pub fn columns() -> Vec<ResultColumn> {
        result_columns(&[
            text("user", 32),
            text("host", 255),
            text("generated password", 80),
            unsigned("auth_factor", TypeKind::BigInt),
        ])
    }
}

/// Makes the secrets of an account statement. A new password costs some milliseconds of a processor.
///
/// # Errors
/// 1235 and 1524 for a plugin that is not there, 1827 for an authentication string that is none of the plugin's, 1819 for a
/// password that is too long.
pub fn prepare(statement: &AccountStatement, actor: &AccountId, accounts: &Accounts) -> Result<Prepared> {
    let mut statement = statement.clone();
    let creates = matches!(statement, AccountStatement::CreateUser { .. });
    let mut generated = Vec::new();
    for spec in statement.specs_mut() {
        let id = match &spec.user {
            UserName::Current => actor.clone(),
            UserName::Named(id) => id.clone(),
        };
        let plugin = match &spec.plugin {
            Some(name) => plugin(name)?,
            None if creates => AuthPlugin::CachingSha2Password,
            None => accounts
                .get(&id)
                .map_or(AuthPlugin::CachingSha2Password, |account| account.authentication.plugin),
        };
        make_secret(spec, plugin, &id, &mut generated)?;
    }
    Ok(Prepared { statement, generated })
}

fn make_secret(
    spec: &mut UserSpec,
    plugin: AuthPlugin,
    id: &AccountId,
    generated: &mut Vec<Vec<Value>>,
) -> Result<()> {
    let from_password = |password: Vec<u8>| {
        if password.len() > PASSWORD_BYTES_MAX {
            return Err(Error {
                code: 1819,
                state: *b"HY000",
                message: "Your password does not satisfy the current policy requirements".into(),
            });
        }
        let authentication_string = Secret(make(plugin, &password));
        Ok(NewSecret::Made { plugin, authentication_string, password: Some(Secret(password)) })
    };
    spec.secret = match std::mem::replace(&mut spec.secret, NewSecret::None) {
        NewSecret::None if spec.plugin.is_none() => NewSecret::None,
        NewSecret::None => {
            NewSecret::Made { plugin, authentication_string: Secret(Vec::new()), password: None }
        }
        NewSecret::Password(Secret(password)) => from_password(password)?,
        NewSecret::Random => {
            let mut random = rand::rng();
            let character = |_| {
                char::from(RANDOM_PASSWORD_ALPHABET[random.random_range(..RANDOM_PASSWORD_ALPHABET.len())])
            };
            let password: String = (0..RANDOM_PASSWORD_CHARACTERS).map(character).collect();
            generated.push(vec![
                Value::text(&id.user),
                Value::text(&id.host),
                Value::text(&password),
                Value::UInt(1),
            ]);
            from_password(password.into_bytes())?
        }
        NewSecret::Hash(string) => {
            if !is_valid(plugin, &string.0) {
                return Err(Error {
                    code: 1827,
                    state: *b"HY000",
                    message: "The password hash doesn't have the expected format.".into(),
                });
            }
            NewSecret::Made { plugin, authentication_string: string, password: None }
        }
        made @ NewSecret::Made { .. } => made,
    };
    Ok(())
}

pub(super) fn plugin(name: &str) -> Result<AuthPlugin> {
    if let Some(plugin) = AuthPlugin::by_name(name) {
        return Ok(plugin);
    }
    if name.eq_ignore_ascii_case("sha256_password") {
        return Err(Error::not_supported("sha256_password; use caching_sha2_password"));
    }
    Err(Error { code: 1524, state: *b"HY000", message: format!("Plugin '{name}' is not loaded") })
}

impl Work {
    /// Puts a new secret into the account, with the rules of the statement and of the account. What is known of a
    /// password that was given as a hash is checked too, as far as it can be.
    pub(super) fn set_secret(&mut self, account: &mut Account, spec: &UserSpec, is_new: bool) -> Result<()> {
        if spec.discard {
            account.retained = None;
            return Ok(());
        }
        let NewSecret::Made { plugin, authentication_string, password } = &spec.secret else { return Ok(()) };
        if !is_new {
            self.check_current(account, spec)?;
        }
        let fresh =
            Authentication { plugin: *plugin, authentication_string: authentication_string.0.clone() };
        self.keep_history(account, &fresh, password.as_ref())?;
        let changes_plugin = account.authentication.plugin != *plugin;
        if spec.retain {
            retain(account, &fresh, changes_plugin)?;
        } else if changes_plugin || fresh.authentication_string.is_empty() {
            account.retained = None;
        }
        account.authentication = fresh;
        // A plugin without a secret leaves an empty one, that must be changed at once.
        account.password_expired = !is_new && password.is_none() && authentication_string.0.is_empty();
        account.password_changed_unix_seconds = self.now_seconds();
        Ok(())
    }

    /// REPLACE.
    fn check_current(&self, account: &Account, spec: &UserSpec) -> Result<()> {
        let is_own = account.id == self.actor.id;
        let error = |code, message: &str| Error { code, state: *b"HY000", message: message.to_owned() };
        let Some(current) = &spec.replace else {
            let is_required = match account.require_current {
                RequireCurrent::Default => self.password_require_current,
                RequireCurrent::Required => true,
                RequireCurrent::Optional => false,
            };
            // Who may change everybody's password need not know them.
            let is_exempt = self.actor.has(crate::account::Privilege::CreateUser);
            if is_own && is_required && !is_exempt {
                let message =
                    "Current password needs to be specified in the REPLACE clause in order to change it.";
                return Err(error(3892, message));
            }
            return Ok(());
        };
        if !is_own {
            let message = "Do not specify the current password while changing it for other users.";
            return Err(error(3893, message));
        }
        let held = &account.authentication;
        if !verify(held.plugin, &held.authentication_string, &current.0) {
            let message =
                "Incorrect current password. Specify the correct password which has to be replaced.";
            return Err(error(3891, message));
        }
        Ok(())
    }

    /// PASSWORD HISTORY and PASSWORD REUSE INTERVAL.
    fn keep_history(
        &self,
        account: &mut Account,
        fresh: &Authentication,
        password: Option<&Secret>,
    ) -> Result<()> {
        let count = account.password_history.map_or(self.password_history, u64::from);
        let days = account.password_reuse_days.map_or(self.password_reuse_days, u64::from);
        let since = self.now_us.saturating_sub(days.saturating_mul(86_400_000_000));
        let counts = |position: usize, former: &FormerSecret| {
            (position as u64) < count || (days > 0 && former.set_us > since)
        };
        let mut kept = Vec::new();
        for (position, former) in std::mem::take(&mut account.former_secrets).into_iter().enumerate() {
            if !counts(position, &former) {
                continue;
            }
            let is_same = match password {
                Some(password) => verify(fresh.plugin, &former.authentication_string, &password.0),
                None => former.authentication_string == fresh.authentication_string,
            };
            if is_same {
                let message = format!(
                    "Cannot use these credentials for '{}@{}' because they contradict the password history policy",
                    account.id.user, account.id.host
                );
                return Err(Error { code: 3638, state: *b"HY000", message });
            }
            kept.push(former);
        }
        if (count > 0 || days > 0) && !fresh.authentication_string.is_empty() {
            let authentication_string = fresh.authentication_string.clone();
            kept.insert(0, FormerSecret { set_us: self.now_us, authentication_string });
        }
        let kept = kept.into_iter().enumerate().filter(|(position, former)| counts(*position, former));
        account.former_secrets = kept.map(|(_, former)| former).collect();
        Ok(())
    }
}

/// RETAIN CURRENT PASSWORD.
fn retain(account: &mut Account, fresh: &Authentication, changes_plugin: bool) -> Result<()> {
    let name = account.id.quoted();
    let error = |code, message: String| Err(Error { code, state: *b"HY000", message });
    if account.authentication.authentication_string.is_empty() {
        return error(
            3878,
            format!("Empty password can not be retained as second password for user {name}."),
        );
    }
    if changes_plugin {
        let why = "because authentication plugin is being changed";
        return error(3894, format!("Current password can not be retained for user {name} {why}."));
    }
    if fresh.authentication_string.is_empty() {
        let why = "because new password is empty";
        return error(3895, format!("Current password can not be retained for user {name} {why}."));
    }
    account.retained = Some(account.authentication.authentication_string.clone());
    Ok(())
}
