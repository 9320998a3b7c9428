//! What a program finds: a database of its own with tables and rows, accounts of its own, and the variables that say so.
//!
//! | variable | is |
//! |---|---|
//! | `MATRIX_HOST`, `MATRIX_PORT` | the leader |
//! | `MATRIX_ADDRESSES` | all nodes, `host:port` separated by commas |
//! | `MATRIX_DATABASE` | the connector's database; the account `root` without a password may do everything |
//! | `MATRIX_NATIVE_USER` | an account with `mysql_native_password`; empty where the server has no such plugin |
//! | `MATRIX_SHA2_PLAIN_USER`, `MATRIX_SHA2_TLS_USER` | accounts with `caching_sha2_password` that have not logged in yet |
//! | `MATRIX_PASSWORD` | of the three |
//! | `MATRIX_COLUMNS`, `MATRIX_ROW_1`, `MATRIX_ROW_2`, `MATRIX_SAME` | see [`crate::values`] |
//! | `MATRIX_FILE` | a file of three lines, `1,one` and so on |

use std::path::{Path, PathBuf};
use std::time::Duration;

use client::blocking::{Connection, Options};
use cluster_tests::program::split;

use crate::connector::Connector;
use crate::values;

/// The password of the accounts: with characters that need quoting somewhere.
const PASSWORD: &str = "Secret-7%x'y\\z";

/// The error of `CREATE USER` for a plugin that the server does not have (`ER_PLUGIN_IS_NOT_LOADED`).
const NO_SUCH_PLUGIN: u16 = 1524;

/// How long a statement of the harness may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The server that the matrix is run against.
#[derive(Clone, Debug)]
pub struct Server {
    /// Client addresses of all nodes, the leader's first.
    pub addresses: Vec<String>,
}

/// A connector's own database and accounts.
#[derive(Clone, Debug)]
pub struct Environment {
    variables: Vec<(String, String)>,
    database: String,
    leader: String,
}

impl Server {
    /// A connection to the leader as root.
    #[must_use]
    pub fn connect(&self) -> Connection {
        connect(&self.addresses[0])
    }

    /// Does something while the server takes files of clients, which by default it does not; then it is as it was.
    pub fn with_local_infile<T>(&self, work: impl FnOnce() -> T) -> T {
        let before =
            self.connect().query("SELECT @@GLOBAL.local_infile").ok().and_then(|result| result.scalar());
        // A server that cannot be told so fails the cell.
        let set = |value: &str| self.connect().query(&format!("SET GLOBAL local_infile = {value}")).is_ok();
        let is_set = set("ON");
        let done = work();
        if is_set && let Some(before) = before {
            set(&before);
        }
        done
    }
}

fn connect(address: &str) -> Connection {
    match Connection::connect_with(address, &Options { timeout: TIMEOUT, ..Options::default() }) {
        Ok(connection) => connection,
        Err(error) => panic!("cannot connect to {address}: {error}"),
    }
}

fn query(connection: &mut Connection, statement: &str) {
    if let Err(error) = connection.query(statement) {
        panic!("{statement}: {error}");
    }
}

impl Environment {
    /// Makes the database and the accounts.
    #[must_use]
    pub fn make(server: &Server, connector: &Connector, folder: &Path) -> Environment {
        let name = connector.name.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let database = format!("connectors_{name}");
        let mut root = server.connect();
        query(&mut root, &format!("DROP DATABASE IF EXISTS {database}"));
        query(&mut root, &format!("CREATE DATABASE {database}"));
        root.use_database(&database).unwrap();
        for statement in values::tables().iter().map(String::as_str).chain(TABLES) {
            query(&mut root, statement);
        }
        let native = account(&mut root, &format!("{name}_n"), "mysql_native_password");
        let plain = account(&mut root, &format!("{name}_p"), "caching_sha2_password");
        let tls = account(&mut root, &format!("{name}_t"), "caching_sha2_password");
        let file = file(folder);
        let (host, port) = split(&server.addresses[0]);
        let variables = [
            ("HOST", host),
            ("PORT", port),
            ("ADDRESSES", &server.addresses.join(",")),
            ("DATABASE", &database),
            ("NATIVE_USER", &native),
            ("SHA2_PLAIN_USER", &plain),
            ("SHA2_TLS_USER", &tls),
            ("PASSWORD", PASSWORD),
            ("COLUMNS", &values::kinds()),
            ("ROW_1", &values::row(1)),
            ("ROW_2", &values::row(2)),
            ("SAME", &values::same()),
            ("FILE", file.to_str().unwrap()),
        ];
        let named = |(name, value): (&str, &str)| (format!("MATRIX_{name}"), value.to_owned());
        let variables = variables.into_iter().map(named).collect();
        Environment { variables, database, leader: server.addresses[0].clone() }
    }

    /// The variables for a program.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The connector's database.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Takes everything back, from a server that goes on.
    pub fn drop(&self) {
        let mut root = connect(&self.leader);
        query(&mut root, &format!("DROP DATABASE {}", self.database));
        for (name, value) in self.variables() {
            if name.ends_with("_USER") && !value.is_empty() {
                // There is none where accounts cannot be made.
                let _ = root.query(&format!("DROP USER IF EXISTS '{value}'@'%'"));
            }
        }
    }
}

/// The tables of the cells other than those of types.
const TABLES: [&str; 8] = [
    "CREATE TABLE counts (id INT PRIMARY KEY, v INT)",
    "INSERT INTO counts VALUES (1, 1), (2, 1)",
    "CREATE TABLE numbered (id INT PRIMARY KEY AUTO_INCREMENT, v INT)",
    "CREATE TABLE transactions (id INT PRIMARY KEY AUTO_INCREMENT, v INT)",
    "CREATE TABLE pooled (id INT PRIMARY KEY)",
    "CREATE TABLE zero (id INT PRIMARY KEY, d DATE, t DATETIME)",
    "CREATE TABLE loaded (id INT PRIMARY KEY, v VARCHAR(20))",
    // A row's key is not unique, so that one that is written twice is seen.
    "CREATE TABLE failover (id INT PRIMARY KEY AUTO_INCREMENT, k INT NOT NULL, KEY (k))",
];

/// Makes an account, by its short name; an empty text where the server has no such plugin. Where accounts cannot be made at all the
/// program is given the name nevertheless, and its log-in fails.
fn account(root: &mut Connection, name: &str, plugin: &str) -> String {
    let password = PASSWORD.replace('\\', "\\\\").replace('\'', "''");
    let _ = root.query(&format!("DROP USER IF EXISTS '{name}'@'%'"));
    match root.query(&format!("CREATE USER '{name}'@'%' IDENTIFIED WITH {plugin} BY '{password}'")) {
        Ok(_) => {
            let _ = root.query(&format!("GRANT ALL ON *.* TO '{name}'@'%'"));
        }
        Err(error) if error.code() == Some(NO_SUCH_PLUGIN) => return String::new(),
        Err(error) => eprintln!("connectors: no account {name}: {error}"),
    }
    name.to_owned()
}

fn file(folder: &Path) -> PathBuf {
    let path = folder.join("three.csv");
    std::fs::write(&path, "1,one\n2,two\n3,three\n").unwrap();
    path
}
