//! `quorate start`: reads the settings, sets up the log output, runs the node.

use std::path::Path;
use std::process::ExitCode;

use tracing_subscriber::EnvFilter;

use crate::config::Settings;
use crate::runtime;

/// Runs a node until it is told to stop.
///
/// # Errors
/// When the settings make no sense or the node cannot start.
pub fn run(file: Option<&Path>, flags: Settings) -> Result<ExitCode, String> {
    let settings = match file {
        Some(path) => flags.or(Settings::from_file(path)?),
        None => flags,
    };
    let config = settings.check()?;
    let filter = EnvFilter::try_from_env("QUORATE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    if config.log_json {
        subscriber.json().init();
    } else {
        subscriber.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init();
    }
    runtime::start::run(config).map_err(|error| error.to_string())?;
    Ok(ExitCode::SUCCESS)
}
