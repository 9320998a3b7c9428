//! MySQL's own tests: the scripts of Debian's `mariadb-test` package, run by its `mysqltest` against a server of ours.
//!
//! A script passes when every statement does what it says, and all output is what the script's `.result` file has, to the byte. They are MariaDB's
//! scripts (10.11): what MariaDB answers otherwise than MySQL fails here, and so does what tests MariaDB's own features. The number that
//! passes is stated in `docs/compatibility.md` and may only go up: `passing.txt` names those that passed, and CI runs them.
//!
//! * [`package`]: where the scripts are, and which can be run.
//! * [`server`]: one server, as new for each script.
//! * [`run`]: one script, and a whole folder.
//!
//! Left out: scripts that run programs, read the server's files, restart it, or want it started with options.

#![expect(clippy::unwrap_used, reason = "a test harness: what fails here fails the test")]

pub mod package;
pub mod run;
pub mod server;
