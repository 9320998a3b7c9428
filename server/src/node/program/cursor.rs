//! Cursors of programs: the rows of a query, read whole when it is opened, handed out one by one.

use std::collections::VecDeque;

use sql::Error;
use sql::execute::memory::Bounded;
use sql::execute::{ResultColumn, Sink};
use sql::types::{DataType, Value};

use super::frame::Frame;
use crate::limits::RESULT_HELD_BYTES_MAX;
use crate::node::result::Answer;
use crate::node::session::Session;

/// What a row takes besides its values.
const ROW_BYTES: usize = 48;

/// The rows of an open cursor.
pub(super) struct OpenCursor {
    types: Vec<DataType>,
    rows: VecDeque<Vec<Value>>,
    memory: Bounded,
}

impl Session {
    /// OPEN.
    ///
    /// # Errors
    /// 1325, and what the query fails with.
    pub(super) async fn open_cursor(&mut self, number: usize, frame: &mut Frame) -> Result<(), Error> {
        self.state.warnings.clear();
        self.state.warning_count = 0;
        if frame.cursors.get(number).is_none_or(Option::is_some) {
            return Err(Error::mysql(1325, *b"24000", "Cursor is already open"));
        }
        let Some(definition) = frame.compiled.program.cursors.get(number).cloned() else {
            return Err(Error::internal("no such cursor"));
        };
        let (values, types) = frame.inputs(&definition.query);
        let place = frame.compiled.program.steps.len() + number;
        let mut plan = frame.plans.get_mut(place).and_then(Option::take);
        let memory = Bounded::new(&self.state, RESULT_HELD_BYTES_MAX, "rows of a cursor");
        let mut rows = OpenCursor { types: Vec::new(), rows: VecDeque::new(), memory };
        self.programs.types = Some(types);
        let statement = &definition.query.statement;
        let result = Box::pin(self.run_planned(statement, &values, Some(&mut plan), &mut rows)).await;
        self.programs.types = None;
        if let Some(place) = frame.plans.get_mut(place) {
            *place = plan;
        }
        result?;
        frame.cursors[number] = Some(rows);
        Ok(())
    }

    /// FETCH.
    ///
    /// # Errors
    /// 1326, 1328, 1329, and those of conversion.
    pub(super) fn fetch_cursor(
        &mut self,
        number: usize,
        into: &[usize],
        frame: &mut Frame,
    ) -> Result<(), Error> {
        self.state.warnings.clear();
        self.state.warning_count = 0;
        let Some(Some(cursor)) = frame.cursors.get_mut(number) else { return Err(not_open()) };
        if cursor.types.len() != into.len() {
            return Err(Error::mysql(1328, *b"HY000", "Incorrect number of FETCH variables"));
        }
        let Some(row) = cursor.rows.pop_front() else {
            let message = "No data - zero rows fetched, selected, or processed";
            return Err(Error::mysql(1329, *b"02000", message));
        };
        let types = cursor.types.clone();
        for ((slot, value), of) in into.iter().zip(row).zip(&types) {
            self.assign_slot(frame, *slot, value, of)?;
        }
        Ok(())
    }

    /// CLOSE.
    ///
    /// # Errors
    /// 1326.
    pub(super) fn close_cursor(number: usize, frame: &mut Frame) -> Result<(), Error> {
        match frame.cursors.get_mut(number).map(Option::take) {
            Some(Some(_)) => Ok(()),
            Some(None) | None => Err(not_open()),
        }
    }
}

fn not_open() -> Error {
    Error::mysql(1326, *b"24000", "Cursor is not open")
}

impl Sink for OpenCursor {
    fn columns(&mut self, columns: &[ResultColumn]) -> sql::Result<()> {
        self.types = columns.iter().map(|column| column.data_type).collect();
        Ok(())
    }

    fn row(&mut self, row: &[Value]) -> sql::Result<()> {
        let bytes: usize = row.iter().map(sql::execute::memory::value_bytes).sum();
        self.memory.add(bytes + ROW_BYTES)?;
        self.rows.push_back(row.to_vec());
        Ok(())
    }
}

impl Answer for OpenCursor {
    fn rewind(&mut self) -> bool {
        self.rows.clear();
        self.memory.set(0).is_ok()
    }
}
