//! The unpacked package.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Folders whose scripts are about what we have, below `mysql-test`.
pub const FOLDERS: [&str; 10] = [
    "main",
    "suite/engines/funcs",
    "suite/engines/iuds",
    "suite/funcs_1",
    "suite/gcol",
    "suite/innodb",
    "suite/json",
    "suite/parts",
    "suite/roles",
    "suite/vcol",
];

/// Commands of `mysqltest` that reach past the server: they run programs, touch its files, or end it.
const OUTSIDE: [&str; 14] = [
    "append_file",
    "change_user_ssl",
    "chmod",
    "copy_file",
    "exec",
    "execw",
    "file_exists",
    "list_files",
    "mkdir",
    "perl",
    "remove_file",
    "send_shutdown",
    "shutdown_server",
    "system",
];
/// Includes that do.
const OUTSIDE_INCLUDES: [&str; 6] =
    ["restart_mysqld", "start_mysqld", "shutdown_mysqld", "kill_mysqld", "kill_and_restart", "have_debug"];
/// Includes within includes that are followed.
const INCLUDE_DEPTH_MAX: u32 = 6;

/// The package, made by `install.sh`.
#[derive(Clone, Debug)]
pub struct Package {
    /// `mysqltest`.
    pub program: PathBuf,
    /// `mysql-test`.
    pub folder: PathBuf,
}

/// One script.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Script {
    /// `FOLDER/NAME`, as in `passing.txt`.
    pub name: String,
    /// The script, below `mysql-test`.
    pub test: PathBuf,
    /// What it prints.
    pub result: PathBuf,
}

impl Package {
    /// The package where `install.sh` puts it; none if it was not run.
    #[must_use]
    pub fn find() -> Option<Package> {
        let folder = match std::env::var_os("QUORATE_MTR") {
            Some(folder) => PathBuf::from(folder),
            None => {
                let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
                    || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
                    PathBuf::from,
                );
                target.join("mtr")
            }
        };
        let folder = std::fs::canonicalize(folder).ok()?;
        let package = Package { program: folder.join("mysqltest"), folder: folder.join("mysql-test") };
        package.program.exists().then_some(package)
    }

    /// The script of a name.
    #[must_use]
    pub fn script(&self, name: &str) -> Script {
        let (folder, file) = name.rsplit_once('/').unwrap();
        let folder = Path::new(folder);
        let is_split = self.folder.join(folder).join("t").is_dir();
        let (tests, results) = match is_split {
            true => (folder.join("t"), folder.join("r")),
            false => (folder.to_owned(), folder.to_owned()),
        };
        Script {
            name: name.to_owned(),
            test: tests.join(format!("{file}.test")),
            result: results.join(format!("{file}.result")),
        }
    }

    /// All scripts of a folder that have a result, by name.
    #[must_use]
    pub fn scripts(&self, folder: &str) -> Vec<Script> {
        let inner = self.folder.join(folder).join("t");
        let tests = if inner.is_dir() { inner } else { self.folder.join(folder) };
        let files = std::fs::read_dir(&tests).unwrap().map(|entry| entry.unwrap().path());
        let names = files.filter(|path| path.extension().is_some_and(|ending| ending == "test"));
        let scripts = names.map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy();
            self.script(&format!("{folder}/{name}"))
        });
        let mut scripts: Vec<Script> =
            scripts.filter(|script| self.folder.join(&script.result).exists()).collect();
        scripts.sort();
        scripts
    }

    /// Whether a script needs no more than a server to talk to.
    #[must_use]
    pub fn can_run(&self, script: &Script) -> bool {
        let test = self.folder.join(&script.test);
        let has_options = ["-master.opt", ".opt", ".cnf", "-master.sh"]
            .iter()
            .any(|ending| test.with_file_name(format!("{}{ending}", stem(&test))).exists());
        !has_options && !self.reaches_outside(&test, 0, &mut BTreeSet::new())
    }

    fn reaches_outside(&self, path: &Path, depth: u32, seen: &mut BTreeSet<PathBuf>) -> bool {
        if depth > INCLUDE_DEPTH_MAX || !seen.insert(path.to_owned()) {
            return false;
        }
        let Ok(bytes) = std::fs::read(path) else { return false };
        let text = String::from_utf8_lossy(&bytes);
        text.lines().any(|line| {
            let line = line.trim_start().trim_start_matches("--").trim_start();
            let word = line.split([' ', ';', '\t']).next().unwrap_or("");
            if OUTSIDE.iter().any(|outside| word.starts_with(outside)) {
                return true;
            }
            let Some(included) = line.strip_prefix("source ") else { return false };
            let included = included.trim().trim_end_matches(';');
            OUTSIDE_INCLUDES.iter().any(|outside| included.contains(outside))
                || [self.folder.join(included), path.with_file_name(included)]
                    .iter()
                    .any(|path| self.reaches_outside(path, depth + 1, seen))
        })
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}
