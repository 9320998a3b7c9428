//! The connectors and how their programs are built and started.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{installed, package};

/// What a program is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `python.py`, by the Python of `install.sh`.
    Python,
    /// `cli.py`: a command line, driven by Python.
    CommandLine,
    /// `libmariadb.c`.
    C,
    /// `matrix.js`.
    Node,
    /// `Matrix.java`.
    Java,
    /// `matrix.go`.
    Go,
    /// `matrix.php`.
    Php,
    /// `matrix.pl`.
    Perl,
    /// `rust/`.
    Rust,
}

/// One connector.
#[derive(Clone, Copy, Debug)]
pub struct Connector {
    /// Its name, the program's first argument.
    pub name: &'static str,
    /// What its program is written in.
    pub language: Language,
}

const fn connector(name: &'static str, language: Language) -> Connector {
    Connector { name, language }
}

/// All of them, in the order of the document.
pub const CONNECTORS: [Connector; 19] = [
    connector("mariadb", Language::CommandLine),
    connector("mysql", Language::CommandLine),
    connector("libmariadb", Language::C),
    connector("PyMySQL", Language::Python),
    connector("mysqlclient", Language::Python),
    connector("connector-python-pure", Language::Python),
    connector("connector-python-c", Language::Python),
    connector("aiomysql", Language::Python),
    connector("Connector/J", Language::Java),
    connector("node-mysql2", Language::Node),
    connector("node-mariadb", Language::Node),
    connector("go-sql-driver", Language::Go),
    connector("mysqli", Language::Php),
    connector("PDO", Language::Php),
    connector("DBD-mysql", Language::Perl),
    connector("DBD-MariaDB", Language::Perl),
    connector("rust-mysql", Language::Rust),
    connector("rust-mysql_async", Language::Rust),
    connector("rust-sqlx", Language::Rust),
];

/// Where Debian puts the Java archive and Go's sources.
const CONNECTOR_J: &str = "/usr/share/java/mariadb-java-client.jar";
const GO_PATH: &str = "/usr/share/gocode";

impl Connector {
    /// The connector of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Connector> {
        CONNECTORS.into_iter().find(|connector| connector.name == name)
    }

    /// The command that runs its program, to which `cells` or `failover` is appended.
    #[must_use]
    pub fn command(&self) -> Command {
        let programs = package().join("programs");
        let mut command = match self.language {
            Language::Python => script(python(), &programs.join("python.py")),
            Language::CommandLine => script(python(), &programs.join("cli.py")),
            Language::C => Command::new(installed().join("libmariadb")),
            Language::Node => {
                let mut command = script("node".into(), &programs.join("matrix.js"));
                command.env("NODE_PATH", installed().join("node_modules"));
                command
            }
            Language::Java => {
                let mut command = Command::new("java");
                let path = format!("{}:{CONNECTOR_J}", installed().display());
                command.args([
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-Xmx512m",
                    "-cp",
                    &path,
                    "Matrix",
                ]);
                command
            }
            Language::Go => Command::new(installed().join("matrix-go")),
            Language::Php => {
                let mut command = Command::new("php");
                // By default it writes doubles with 14 digits, and sends no files.
                command
                    .args(["-d", "precision=17", "-d", "mysqli.allow_local_infile=1"])
                    .arg(programs.join("matrix.php"));
                command
            }
            Language::Perl => script("perl".into(), &programs.join("matrix.pl")),
            Language::Rust => Command::new(installed().join("rust/debug/matrix")),
        };
        command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC").arg(self.name);
        command
    }
}

impl Language {
    /// Builds the program of this language, if it has to be built and its source is newer than it.
    ///
    /// # Errors
    /// What the compiler said, or that there is none.
    pub fn build(self) -> Result<(), String> {
        std::fs::create_dir_all(installed()).map_err(|error| error.to_string())?;
        let programs = package().join("programs");
        match self {
            Language::Python | Language::CommandLine | Language::Node | Language::Php | Language::Perl => {
                Ok(())
            }
            Language::C => {
                let (source, target) = (programs.join("libmariadb.c"), installed().join("libmariadb"));
                let flags = "-Wall -O1 -I/usr/include/mariadb";
                let mut command = Command::new("gcc");
                command.args(flags.split(' ')).arg("-o").arg(&target).arg(&source).arg("-lmariadb");
                build(&mut command, &[source], &target)
            }
            Language::Java => {
                let (source, target) = (programs.join("Matrix.java"), installed().join("Matrix.class"));
                let mut command = Command::new("javac");
                command.args(["-cp", CONNECTOR_J, "-d"]).arg(installed()).arg(&source);
                build(&mut command, &[source], &target)
            }
            Language::Go => {
                let (source, target) = (programs.join("matrix.go"), installed().join("matrix-go"));
                let mut command = Command::new("go");
                command.env("GO111MODULE", "off").env("GOPATH", GO_PATH).env("GOFLAGS", "");
                command.arg("build").arg("-o").arg(&target).arg(&source);
                build(&mut command, &[source], &target)
            }
            Language::Rust => {
                let folder = programs.join("rust");
                let target = installed().join("rust");
                let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
                command
                    .args(["build", "--quiet", "--locked", "--manifest-path"])
                    .arg(folder.join("Cargo.toml"));
                // Flags of the caller's own build would make cargo build everything anew.
                command.env("CARGO_TARGET_DIR", target).env_remove("RUSTFLAGS");
                said(&mut command)
            }
        }
    }
}

/// The interpreter with the connectors of Python: that of `install.sh`, or the system's.
fn python() -> PathBuf {
    let own = installed().join("python/bin/python3");
    if own.exists() { own } else { "python3".into() }
}

fn script(interpreter: PathBuf, path: &Path) -> Command {
    let mut command = Command::new(interpreter);
    command.arg(path);
    command
}

fn build(command: &mut Command, sources: &[PathBuf], target: &Path) -> Result<(), String> {
    let changed = |path: &Path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let newest = sources.iter().map(|source| changed(source)).max().flatten();
    if newest.is_some() && changed(target) > newest { Ok(()) } else { said(command) }
}

fn said(command: &mut Command) -> Result<(), String> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Err(format!("cannot run {}: {error}", command.get_program().to_string_lossy())),
    }
}
