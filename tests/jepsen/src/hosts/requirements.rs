//! What a machine must have for test hosts, and what to do where it does not.

use std::path::{Path, PathBuf};

use super::clock::library;
use super::{Error, Plan};

/// How to get the programs on Debian.
const INSTALL: &str = "on Debian: apt-get install iproute2 nftables ethtool faketime fuse3";

/// Checks everything before anything is made.
pub(super) fn check(plan: &Plan) -> Result<(), Error> {
    if plan.nodes == 0 {
        return Err(Error::Plan("a cluster has at least one node".to_owned()));
    }
    if plan.regions != 1 && plan.regions != 3 {
        return Err(Error::Plan(format!("{} regions: there can be 1 or 3", plan.regions)));
    }
    if !plan.binary.is_file() {
        return Err(Error::Plan(format!("the server's program {} is not there", plan.binary.display())));
    }
    if !rustix::process::geteuid().is_root() {
        return Err(missing("this is not root", "network namespaces are made by root only"));
    }
    let mut programs = vec!["ip", "nft"];
    if plan.regions > 1 {
        programs.push("ethtool");
    }
    for program in programs {
        if find(program).is_none() {
            return Err(missing(&format!("the program {program} is not there"), INSTALL));
        }
    }
    if plan.clock && library().is_none() {
        return Err(missing("libfaketime is not there", INSTALL));
    }
    if plan.disk.is_some() && !Path::new("/dev/fuse").exists() {
        return Err(missing(
            "/dev/fuse is not there",
            "load the kernel's module fuse (modprobe fuse), or leave --disk out",
        ));
    }
    Ok(())
}

fn missing(what: &str, advice: &str) -> Error {
    Error::Missing { what: what.to_owned(), advice: advice.to_owned() }
}

/// Where a program is.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    // Root's programs are not in everybody's path.
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused_before_anything_is_made() {
        let plan = Plan {
            nodes: 3,
            regions: 1,
            binary: "/proc/self/exe".into(),
            folder: PathBuf::new(),
            disk: None,
            flags: Vec::new(),
            clock: false,
        };
        let said = |plan: Plan| check(&plan).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said(Plan { nodes: 0, ..plan.clone() }).contains("at least one node"));
        assert!(said(Plan { regions: 2, ..plan.clone() }).contains("1 or 3"));
        assert!(said(Plan { binary: "/no/such".into(), ..plan }).contains("/no/such"));
    }

    #[test]
    fn programs_are_found_in_the_path() {
        assert!(find("sh").is_some());
        assert_eq!(find("a-program-that-nobody-has"), None);
    }
}
