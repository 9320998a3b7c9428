//! As whom the command line logs in.

use std::path::PathBuf;
use std::time::Duration;

use client::blocking::Options;

use crate::password_file;

/// The environment variable of MySQL's clients.
const PASSWORD_VARIABLE: &str = "MYSQL_PWD";

/// User and password.
#[derive(Clone, Debug, clap::Args)]
pub struct Login {
    /// User to log in as
    #[arg(long, env = "QUORATE_USER", default_value = "root")]
    user: String,
    /// File that holds the password; without it the environment variable MYSQL_PWD does, and else there is none
    #[arg(long, env = "QUORATE_PASSWORD_FILE")]
    password_file: Option<PathBuf>,
}

impl Login {
    /// How to connect; `timeout` for each call.
    ///
    /// # Errors
    /// When the password file cannot be used.
    pub fn options(&self, timeout: Duration) -> Result<Options, String> {
        let password = match &self.password_file {
            Some(path) => password_file::read(path)?,
            None => std::env::var(PASSWORD_VARIABLE).unwrap_or_default(),
        };
        Ok(Options { user: self.user.clone(), password, timeout, ..Options::default() })
    }
}
