//! `quorate sql`: runs statements on the leader, or on one node; a simple prompt when none are given.

use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use client::blocking::{Cluster, Connection, Options, QueryResult};
use serde_json::json;

use super::nodes::{ANSWER_TIMEOUT, Nodes};

/// Run SQL statements
#[derive(Debug, clap::Args)]
pub struct Sql {
    #[command(flatten)]
    nodes: Nodes,
    /// Use the first of the nodes whether it leads or not
    #[arg(long)]
    here: bool,
    /// Current database
    #[arg(long)]
    database: Option<String>,
    /// As JSON, one object a result
    #[arg(long)]
    json: bool,
    /// Statements; standard input is read when there are none
    statements: Vec<String>,
}

impl Sql {
    /// Connects, runs, prints.
    ///
    /// # Errors
    /// When there is no node to talk to, or a statement fails.
    pub fn run(self) -> Result<ExitCode, String> {
        let address = if self.here {
            self.nodes.nodes.first().cloned().ok_or("--nodes names no node")?
        } else {
            let options = self.nodes.login.options(ANSWER_TIMEOUT)?;
            let mut cluster = Cluster::with_options(self.nodes.nodes.clone(), options);
            cluster.leader_address().map_err(|error| error.to_string())?
        };
        let options = Options {
            database: self.database.clone(),
            multi_statements: true,
            ..self.nodes.login.options(Duration::from_secs(24 * 3600))?
        };
        let mut connection =
            Connection::connect_with(&address, &options).map_err(|error| error.to_string())?;
        if !self.statements.is_empty() {
            for statement in &self.statements {
                self.execute(&mut connection, statement)?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        self.prompt(&mut connection, &address)
    }

    fn prompt(&self, connection: &mut Connection, address: &str) -> Result<ExitCode, String> {
        let interactive = std::io::stdin().is_terminal();
        if interactive {
            println!("connected to {address}; end a statement with ; and leave with Ctrl-D");
        }
        let mut statement = String::new();
        let mut code = ExitCode::SUCCESS;
        loop {
            if interactive {
                print!("{}", if statement.is_empty() { "quorate> " } else { "      -> " });
                std::io::stdout().flush().map_err(|error| error.to_string())?;
            }
            let mut line = String::new();
            let ended = std::io::stdin().lock().read_line(&mut line).map_err(|error| error.to_string())? == 0;
            statement.push_str(&line);
            if !statement.trim().is_empty() && (ended || statement.trim_end().ends_with(';')) {
                if let Err(error) = self.execute(connection, &statement) {
                    eprintln!("{error}");
                    code = ExitCode::from(1);
                    if !interactive {
                        return Ok(code);
                    }
                }
                statement.clear();
            }
            if ended {
                return Ok(code);
            }
        }
    }

    fn execute(&self, connection: &mut Connection, statement: &str) -> Result<(), String> {
        let text = statement.trim().trim_end_matches(';');
        let results = connection.query_all(text).map_err(|error| error.to_string())?;
        for result in &results {
            if self.json {
                println!("{}", as_json(result));
            } else if result.columns.is_empty() {
                println!("OK, {} rows affected", result.affected);
            } else {
                print_table(result);
            }
        }
        Ok(())
    }
}

fn as_json(result: &QueryResult) -> serde_json::Value {
    if result.columns.is_empty() {
        return json!({ "affected_rows": result.affected, "last_insert_id": result.last_insert_id });
    }
    let rows: Vec<Vec<Option<String>>> = (0..result.rows.len())
        .map(|row| (0..result.columns.len()).map(|column| result.text(row, column)).collect())
        .collect();
    let names: Vec<&str> = result.columns.iter().map(|column| column.name.as_str()).collect();
    json!({ "columns": names, "rows": rows })
}

fn print_table(result: &QueryResult) {
    let cell = |row: usize, column: usize| result.text(row, column).unwrap_or_else(|| "NULL".into());
    let mut widths: Vec<usize> = result.columns.iter().map(|column| column.name.chars().count()).collect();
    for row in 0..result.rows.len() {
        for (column, width) in widths.iter_mut().enumerate() {
            *width = (*width).max(cell(row, column).chars().count());
        }
    }
    let rule: String = widths.iter().map(|width| format!("+-{}-", "-".repeat(*width))).collect();
    println!("{rule}+");
    let names = result.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
    print_row(&names, &widths);
    println!("{rule}+");
    for row in 0..result.rows.len() {
        let cells: Vec<String> = (0..widths.len()).map(|column| cell(row, column)).collect();
        print_row(&cells, &widths);
    }
    println!("{rule}+");
    println!("{} rows", result.rows.len());
}

fn print_row(cells: &[String], widths: &[usize]) {
    let text: String = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| format!("| {cell}{} ", " ".repeat(width - cell.chars().count())))
        .collect();
    println!("{text}|");
}
