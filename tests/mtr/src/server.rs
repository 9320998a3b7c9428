//! One server for many scripts.

use std::collections::BTreeMap;

use client::blocking::{Connection, QueryResult};
use cluster_tests::TestCluster;

/// Databases that are not a script's.
const KEPT: [&str; 4] = ["information_schema", "mysql", "performance_schema", "sys"];
/// MariaDB's default, without what only MariaDB has.
const SQL_MODE: &str = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";

/// A node that is brought back to its beginning between scripts.
pub struct Server {
    cluster: TestCluster,
    globals: BTreeMap<String, String>,
}

impl Server {
    /// Starts one.
    #[must_use]
    pub fn start() -> Server {
        let cluster = TestCluster::start(1);
        let mut connection = cluster.connect(1);
        connection.query(&format!("SET GLOBAL sql_mode = '{SQL_MODE}'")).unwrap();
        let globals = globals(&mut connection).unwrap();
        Server { cluster, globals }
    }

    /// The port that clients go to.
    #[must_use]
    pub fn port(&self) -> String {
        let address = &self.cluster.node(1).client_address;
        address.rsplit_once(':').unwrap().1.to_owned()
    }

    /// Takes away what the script before has left; a server that cannot be brought back is replaced.
    pub fn reset(&mut self) {
        if !self.cluster.is_running(1) || self.try_reset().is_err() {
            *self = Server::start();
            self.try_reset().unwrap();
        }
    }

    fn try_reset(&self) -> Result<(), client::Error> {
        let mut connection = self.cluster.connect(1);
        for database in texts(&connection.query("SHOW DATABASES")?) {
            if !KEPT.contains(&database.as_str()) {
                connection.query(&format!("DROP DATABASE `{}`", database.replace('`', "``")))?;
            }
        }
        let others = "SELECT CONCAT(QUOTE(user), '@', QUOTE(host)) FROM mysql.user WHERE user <> 'root'";
        for account in texts(&connection.query(others)?) {
            connection.query(&format!("DROP USER {account}"))?;
        }
        for (name, value) in globals(&mut connection)? {
            let before = self.globals.get(&name);
            if before.is_some_and(|before| *before != value) {
                // One that only reports, or that only changes by itself, stays.
                let _ = connection.query(&format!("SET GLOBAL {name} = {}", quoted(&self.globals[&name])));
            }
        }
        connection.query("CREATE DATABASE test")?;
        Ok(())
    }
}

fn globals(connection: &mut Connection) -> Result<BTreeMap<String, String>, client::Error> {
    let result = connection.query("SHOW GLOBAL VARIABLES")?;
    let row = |row| Some((result.text(row, 0)?, result.text(row, 1)?));
    Ok((0..result.rows.len()).filter_map(row).collect())
}

fn quoted(value: &str) -> String {
    match value.parse::<f64>() {
        Ok(_) => value.to_owned(),
        Err(_) => format!("'{}'", value.replace('\'', "''")),
    }
}

fn texts(result: &QueryResult) -> Vec<String> {
    (0..result.rows.len()).filter_map(|row| result.text(row, 0)).collect()
}
