//! CHECK, CHECKSUM, OPTIMIZE and REPAIR TABLE in a session.
//!
//! CHECKSUM reads the tables as a SELECT of all their columns would, in the session's transaction and as fresh as its reads are. CHECK reads this
//! node's tables and indexes. OPTIMIZE is `ALTER TABLE … FORCE`, as InnoDB does it, and so a schema change of the cluster.

use std::sync::Arc;

use sql::Error;
use sql::ast::{Maintenance, MaintenanceKind, Statement, TableName};
use sql::catalog::{Column, Table};
use sql::codec::Zone;
use sql::ddl;
use sql::execute::{Outcome, ResultColumn, Sink};
use sql::maintenance::check;
use sql::maintenance::checksum::{self, Checksum};
use sql::session::WarningLevel;
use sql::types::Value;
use sql::variables::SqlMode;

use super::result::Answer;
use super::session::Session;

/// How often a table may change under a CHECKSUM before it is given up.
const CHECKSUM_ATTEMPTS_MAX: usize = 10;

/// What InnoDB says of OPTIMIZE TABLE.
const RECREATED: &str = "Table does not support optimize, doing recreate + analyze instead";
/// What InnoDB says of REPAIR TABLE.
const NOT_REPAIRED: &str = "The storage engine for the table doesn't support repair";

/// Adds up the rows of a query of all of a table's columns.
struct Adding {
    table: Arc<Table>,
    zone: Zone,
    checksum: Option<Checksum>,
}

impl Sink for Adding {
    fn columns(&mut self, columns: &[ResultColumn]) -> sql::Result<()> {
        self.checksum = Some(Checksum::new(&self.table, columns, self.zone)?);
        Ok(())
    }

    fn row(&mut self, row: &[Value]) -> sql::Result<()> {
        let checksum = self.checksum.as_mut();
        checksum.ok_or_else(|| Error::internal("a row before its columns"))?.add(row)
    }
}

impl Answer for Adding {
    fn rewind(&mut self) -> bool {
        self.checksum = None;
        true
    }
}

impl Session {
    /// Runs the statement.
    pub(super) async fn maintain(
        &mut self,
        maintenance: &Maintenance,
        reply: &mut dyn Answer,
    ) -> Result<Outcome, Error> {
        self.know_catalog()?;
        match maintenance.kind {
            MaintenanceKind::Checksum { quick } => {
                let sums = self.checksums(&maintenance.names, quick).await?;
                reply.columns(&checksum::columns())?;
                for row in &sums {
                    reply.row(row)?;
                }
            }
            MaintenanceKind::Check => {
                self.commit().await?;
                reply.columns(&ddl::analyze::columns())?;
                self.with_context(|ctx| check::run(&maintenance.names, ctx, &mut *reply))?;
            }
            MaintenanceKind::Optimize | MaintenanceKind::Repair => {
                self.commit().await?;
                let mut rows = Vec::new();
                for name in &maintenance.names {
                    self.rewrite(maintenance.kind, name, &mut rows).await?;
                }
                reply.columns(&ddl::analyze::columns())?;
                for row in &rows {
                    reply.row(row)?;
                }
            }
        }
        Ok(Outcome { rows: true, ..Outcome::default() })
    }

    /// A name with its database.
    fn full_name(&self, name: &TableName) -> Result<(String, String), Error> {
        let database = name.database.as_ref().or(self.state.database.as_ref());
        let database = database.ok_or_else(Error::no_database)?.clone();
        let full = format!("{database}.{}", name.table);
        Ok((database, full))
    }

    /// The rows of CHECKSUM TABLE.
    async fn checksums(&mut self, names: &[TableName], quick: bool) -> Result<Vec<Vec<Value>>, Error> {
        let mut rows = Vec::with_capacity(names.len());
        for name in names {
            let (database, full) = self.full_name(name)?;
            let sum = match self.checksum(&database, &name.table, quick).await {
                Ok(sum) => sum.map_or(Value::Null, |sum| Value::Int(i64::from(sum))),
                Err(error) if is_about_table(&error) => {
                    self.state.warn(WarningLevel::Error, error.code, error.message);
                    Value::Null
                }
                Err(error) => return Err(error),
            };
            rows.push(vec![Value::text(full.as_str()), sum]);
        }
        Ok(rows)
    }

    /// The checksum of one table; none where it is only to be told if it is known already.
    async fn checksum(&mut self, database: &str, name: &str, quick: bool) -> Result<Option<u32>, Error> {
        if self.node.catalog().is_system_table(database, name) {
            return Err(Error::not_supported("CHECKSUM TABLE of system tables"));
        }
        for _ in 0..CHECKSUM_ATTEMPTS_MAX {
            let schema = self.node.catalog();
            let table = match self.state.table(&schema, database, name) {
                Ok(table) => Arc::clone(table),
                // It may have been made on another node just before.
                Err(error) if self.has_newer_schema(&error, &schema).await? => continue,
                Err(error) => return Err(error),
            };
            if quick {
                return Ok(None);
            }
            let statement = all_columns(database, &table)?;
            let zone = Zone::of(&self.state);
            let mut adding = Adding { table: Arc::clone(&table), zone, checksum: None };
            self.run_planned(&statement, &[], None, &mut adding).await?;
            let now = self.node.catalog();
            let is_same = self.state.table(&now, database, name).is_ok_and(|now| Arc::ptr_eq(now, &table));
            if is_same {
                return Ok(adding.checksum.map(|checksum| checksum.sum()));
            }
        }
        Err(Error::internal("the table's definition changed again and again"))
    }

    /// One table of OPTIMIZE or REPAIR TABLE.
    async fn rewrite(
        &mut self,
        kind: MaintenanceKind,
        name: &TableName,
        rows: &mut Vec<Vec<Value>>,
    ) -> Result<(), Error> {
        let (database, full) = self.full_name(name)?;
        let mut say = |kind_of_text: &str, text: &str| {
            let row = [full.as_str(), kind.operation(), kind_of_text, text];
            rows.push(row.map(Value::text).to_vec());
        };
        let schema = self.node.catalog();
        let found = sql::maintenance::usable(&self.state, &schema, &database, &name.table, true).map(|_| ());
        let done = match (found, kind) {
            (Ok(()), MaintenanceKind::Optimize) => self.recreate(&database, &name.table).await,
            (found, _) => found,
        };
        match done {
            Ok(()) if kind == MaintenanceKind::Repair => say("note", NOT_REPAIRED),
            Ok(()) => {
                say("note", RECREATED);
                say("status", "OK");
            }
            Err(error) if is_about_table(&error) => {
                say("Error", &error.message);
                let (kind, text) = sql::maintenance::failure(&error);
                say(kind, text);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Writes a table anew.
    async fn recreate(&mut self, database: &str, name: &str) -> Result<(), Error> {
        let text = format!("ALTER TABLE {}.{} FORCE", quoted(database), quoted(name));
        let statement = parsed(&text)?;
        if self.is_of_temporary(&statement) {
            return Err(Error::not_supported("OPTIMIZE TABLE of temporary tables"));
        }
        if self.global_read_lock.is_some() {
            return Err(Error::conflicting_read_lock());
        }
        self.run_ddl(&statement).await.map(|_| ())
    }
}

/// Whether an error is told in a table's row, and the other tables follow.
fn is_about_table(error: &Error) -> bool {
    // No such table, no such database, not of this kind; under LOCK TABLES not locked, or for reading.
    matches!(error.code, 1146 | 1049 | 1347 | 1100 | 1099)
}

/// A SELECT of all columns in the table's order, invisible ones too, and then the expressions of its keys, which `sql_select_limit` does not bound.
fn all_columns(database: &str, table: &Table) -> Result<Arc<Statement>, Error> {
    let listed = |column: &Column| match &column.generated {
        Some(generated) if column.hidden => format!("({})", generated.expression),
        _ => quoted(&column.name),
    };
    let columns: Vec<String> = table.columns.iter().map(listed).collect();
    let text = format!(
        "SELECT {} FROM {}.{} LIMIT 18446744073709551615",
        columns.join(", "),
        quoted(database),
        quoted(&table.name)
    );
    parsed(&text)
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

fn parsed(text: &str) -> Result<Arc<Statement>, Error> {
    let parsed = sql::parse::parse_statement(text.as_bytes(), SqlMode::default())?;
    Ok(Arc::new(parsed.statement))
}
