//! `quorate recover`: after the majority of the voters was lost for good, compares the logs that are left and, when told so, forms a
//! new cluster from one of them.
//!
//! It works on the data folders of nodes that are stopped, takes their locks, and only reads, until `--form --keep NODE` is
//! confirmed. Then only the kept folder is written (`form` has the steps).
//!
//! Left out: repairing a damaged log, and merging tables: the logs are all that is looked at.

mod compare;
mod form;
mod inspect;
mod read_only_disk;
mod report;

use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use self::inspect::{NodeLog, OpenFolder};

/// Exit code for a command line that makes no sense.
const USAGE: u8 = 2;

/// Which folders, and what to do with them.
#[derive(Debug, clap::Args)]
pub struct Recover {
    /// Data folder of a stopped node; give it once for each node that is left
    #[arg(long, required = true)]
    data: Vec<PathBuf>,
    /// Look into the nodes' stores as well, which tells better what is committed (opening one may tidy its files up)
    #[arg(long)]
    with_store: bool,
    /// Form a new cluster of one node; the others are then added again, with empty folders
    #[arg(long, requires = "keep")]
    form: bool,
    /// The node to go on with, by its id
    #[arg(long, requires = "form")]
    keep: Option<u64>,
    /// Do not ask
    #[arg(long, requires = "form")]
    yes: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Recover {
    /// Compares, prints, and forms a cluster if that was asked for and confirmed.
    ///
    /// # Errors
    /// When a folder cannot be read, the folders do not belong together, or the cluster must not be formed.
    pub fn run(self) -> Result<ExitCode, String> {
        if self.form && !self.yes && (self.json || !std::io::stdin().is_terminal()) {
            eprintln!("quorate: forming a new cluster needs --yes, or a terminal to say yes on");
            return Ok(ExitCode::from(USAGE));
        }
        check_different(&self.data)?;
        let opened: Result<Vec<OpenFolder>, String> =
            self.data.iter().map(|folder| inspect::open(folder, self.with_store)).collect();
        let mut folders = opened?;
        folders.sort_by_key(|folder| folder.log.node_id);
        let logs: Vec<NodeLog> = folders.iter().map(|folder| folder.log.clone()).collect();
        let found = compare::compare(&logs)?;
        if !self.json {
            print!("{}", report::text(&logs, &found));
        }
        let formed = match self.keep {
            None => None,
            Some(keep) => {
                let plan = form::plan(&logs, &found, keep)?;
                if !self.yes && !Self::confirm(keep)? {
                    eprintln!("nothing was changed");
                    return Ok(ExitCode::from(1));
                }
                Some(form::form(&folders, &plan)?)
            }
        };
        if self.json {
            let value = report::as_json(&logs, &found, formed.as_ref());
            println!("{}", serde_json::to_string_pretty(&value).map_err(|error| error.to_string())?);
        } else if let Some(formed) = &formed {
            print!("\n{}", report::formed_text(formed));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Asks on the terminal.
    fn confirm(keep: u64) -> Result<bool, String> {
        print!(
            "\nForm a new cluster of n{keep} alone? All other nodes are then refused for ever. Type yes: "
        );
        std::io::stdout().flush().map_err(|error| error.to_string())?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer).map_err(|error| error.to_string())?;
        Ok(answer.trim() == "yes")
    }
}

/// That no folder is named twice: its own lock would look like a node that runs.
fn check_different(folders: &[PathBuf]) -> Result<(), String> {
    let known = |folder: &PathBuf| folder.canonicalize().unwrap_or_else(|_| folder.clone());
    for (place, folder) in folders.iter().enumerate() {
        if folders[..place].iter().any(|other| known(other) == known(folder)) {
            return Err(format!("{} is named twice", folder.display()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_named_twice_is_said_to_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let with_slash = PathBuf::from(format!("{}/", path.display()));
        assert!(check_different(&[path.clone(), with_slash]).unwrap_err().contains("twice"));
        assert_eq!(check_different(&[path.clone(), path.join("other")]), Ok(()));
    }
}
