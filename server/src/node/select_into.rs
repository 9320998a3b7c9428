//! SELECT … INTO: rows that go to a file of this machine, or to user variables.
//!
//! The query runs as ever; only its rows go elsewhere. A file is new ([`super::secure_files`]), is written as the rows come, and is removed when
//! the statement fails. What a locking read saw may be in it before the quorum has it, but the statement succeeds only after.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::sync::Arc;

use sql::Error;
use sql::ast::{DiagnosticTarget, IntoTarget, SelectInto};
use sql::data_file::Format;
use sql::data_file::write::Writer;
use sql::dml::load::{is_binary, warn_foreign_separator};
use sql::execute::{Outcome, ResultColumn, Sink};
use sql::session::WarningLevel;
use sql::types::text::write_text;
use sql::types::{DataType, Value};

pub(super) use sql::program::condition::variable_value;

use super::Node;
use super::plan_cache::CachedPlan;
use super::result::Answer;
use super::secure_files::{NewFile, create, of_file};
use super::session::Session;
use crate::limits::RESULT_FLUSH_BYTES;

impl Session {
    /// Runs a SELECT … INTO.
    ///
    /// # Errors
    /// 1083, 1086, 1115, 1172, 1222, 1235, 1290, those of files, and what the query fails with.
    pub(super) async fn select_into(
        &mut self,
        into: &SelectInto,
        parameters: &[Value],
        plan: Option<&mut Option<Arc<CachedPlan>>>,
    ) -> Result<Outcome, Error> {
        match &into.target {
            IntoTarget::Variables(names) => {
                let mut rows = Variables { count: names.len(), ..Variables::default() };
                let result = self.run_planned(&into.query, parameters, plan, &mut rows).await;
                // Also when there was another row: as in MySQL.
                for ((name, value), of) in names.iter().zip(rows.values).zip(&rows.types) {
                    let value = variable_value(&value, of);
                    self.state.user_variables.insert(name.clone(), value);
                }
                result?;
                if rows.row_count == 0 {
                    let message = "No data - zero rows fetched, selected, or processed";
                    self.state.warn(WarningLevel::Warning, 1329, message);
                }
                Ok(Outcome { affected: rows.row_count, ..Outcome::default() })
            }
            IntoTarget::Program(targets) => {
                let mut rows = Variables { count: targets.len(), ..Variables::default() };
                let result = self.run_planned(&into.query, parameters, plan, &mut rows).await;
                let (types, row_count) = (rows.types, rows.row_count);
                for ((target, value), of) in targets.iter().zip(rows.values).zip(types) {
                    match (target, &mut self.programs.outputs) {
                        (DiagnosticTarget::User(name), _) => {
                            let value = variable_value(&value, &of);
                            self.state.user_variables.insert(name.clone(), value);
                        }
                        (DiagnosticTarget::Slot(slot), Some(outputs)) => outputs.push((*slot, value, of)),
                        (DiagnosticTarget::Slot(_), None) => {
                            return Err(Error::internal("a variable outside of a program"));
                        }
                    }
                }
                result?;
                if row_count == 0 {
                    let message = "No data - zero rows fetched, selected, or processed";
                    self.state.warn(WarningLevel::Warning, 1329, message);
                }
                Ok(Outcome { affected: row_count, ..Outcome::default() })
            }
            IntoTarget::File { name, character_set, format } => {
                is_binary(character_set.as_deref())?;
                let format = Form::Lines { format: Format::new(format)?, writer: None };
                self.select_into_file(into, name, format, parameters, plan).await
            }
            IntoTarget::Dump { name } => {
                self.select_into_file(into, name, Form::Bytes(Vec::new()), parameters, plan).await
            }
        }
    }

    async fn select_into_file(
        &mut self,
        into: &SelectInto,
        name: &str,
        form: Form,
        parameters: &[Value],
        plan: Option<&mut Option<Arc<CachedPlan>>>,
    ) -> Result<Outcome, Error> {
        self.requires_file()?;
        // The file is made when the query is known to be one, and there is none yet; the session is busy with the query then.
        let node = Arc::clone(&self.node);
        let mut rows = Rows { node, name, form, file: None, out: Vec::new(), row_count: 0 };
        self.run_planned(&into.query, parameters, plan, &mut rows).await?;
        rows.flush()?;
        if let Form::Lines { format, .. } = &rows.form
            && format.has_foreign_separator()
        {
            warn_foreign_separator(&mut self.state);
        }
        if let Form::Lines { writer: Some(writer), .. } = &rows.form
            && writer.is_ambiguous()
        {
            let message = "First character of the FIELDS TERMINATED string is ambiguous; please use non-optional and non-empty FIELDS ENCLOSED BY";
            self.state.warn(WarningLevel::Warning, 1475, message);
        }
        if let Some(file) = rows.file.take() {
            file.keep();
        }
        Ok(Outcome { affected: rows.row_count, ..Outcome::default() })
    }
}

/// Error 1172.
fn too_many_rows() -> Error {
    let message = "Result consisted of more than one row".to_owned();
    Error { code: 1172, state: *b"42000", message }
}

/// Takes the one row that goes to variables.
#[derive(Default)]
struct Variables {
    count: usize,
    types: Vec<DataType>,
    values: Vec<Value>,
    row_count: u64,
}

impl Sink for Variables {
    fn columns(&mut self, columns: &[ResultColumn]) -> sql::Result<()> {
        if columns.len() != self.count {
            let message = "The used SELECT statements have a different number of columns".to_owned();
            return Err(Error { code: 1222, state: *b"21000", message });
        }
        self.types = columns.iter().map(|column| column.data_type).collect();
        Ok(())
    }

    fn row(&mut self, row: &[Value]) -> sql::Result<()> {
        if self.row_count > 0 {
            return Err(too_many_rows());
        }
        self.row_count = 1;
        self.values = row.to_vec();
        Ok(())
    }
}

impl Answer for Variables {
    fn rewind(&mut self) -> bool {
        self.row_count = 0;
        self.values.clear();
        true
    }
}

/// What a row is in the file.
enum Form {
    /// OUTFILE: a line.
    Lines { format: Format, writer: Option<Box<Writer>> },
    /// DUMPFILE: the bytes of its values, whose types these are; there may be one row only.
    Bytes(Vec<DataType>),
}

/// Writes rows to a new file.
struct Rows<'a> {
    node: Arc<Node>,
    name: &'a str,
    form: Form,
    file: Option<NewFile>,
    /// What is not in the file yet.
    out: Vec<u8>,
    row_count: u64,
}

impl Rows<'_> {
    fn flush(&mut self) -> sql::Result<()> {
        let Some(file) = &mut self.file else {
            return Err(Error::internal("a result without columns"));
        };
        let written = tokio::task::block_in_place(|| file.file.write_all(&self.out));
        written.map_err(|error| of_file(3, "Error writing file", self.name, &error))?;
        self.out.clear();
        Ok(())
    }
}

impl Sink for Rows<'_> {
    fn columns(&mut self, columns: &[ResultColumn]) -> sql::Result<()> {
        match &mut self.form {
            Form::Lines { format, writer } => *writer = Some(Box::new(Writer::new(format, columns))),
            Form::Bytes(types) => *types = columns.iter().map(|column| column.data_type).collect(),
        }
        if self.file.is_none() {
            self.file = Some(tokio::task::block_in_place(|| create(&self.node, self.name))?);
        }
        Ok(())
    }

    fn row(&mut self, row: &[Value]) -> sql::Result<()> {
        match &mut self.form {
            Form::Lines { writer: Some(writer), .. } => writer.row(row, &mut self.out),
            Form::Lines { writer: None, .. } => return Err(Error::internal("a row before its columns")),
            Form::Bytes(_) if self.row_count > 0 => return Err(too_many_rows()),
            Form::Bytes(types) => {
                for (value, data_type) in row.iter().zip(types) {
                    match value {
                        Value::Null => self.out.push(0),
                        value => write_text(value, data_type, &mut self.out),
                    }
                }
            }
        }
        self.row_count += 1;
        if self.out.len() >= RESULT_FLUSH_BYTES { self.flush() } else { Ok(()) }
    }
}

impl Answer for Rows<'_> {
    fn rewind(&mut self) -> bool {
        self.out.clear();
        self.row_count = 0;
        let Some(file) = &mut self.file else { return true };
        let file = &mut file.file;
        tokio::task::block_in_place(|| file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0)))).is_ok()
    }
}
