//! Rows as they arrive, one in memory at a time.

use bytes::Bytes;
use wire::mysql::column::Column;
use wire::mysql::constant::StatusFlags;

use crate::Result;
use crate::link::{Head, Link, Question};
use crate::result::{QueryResult, RowForm};
use crate::socket::AsyncSocket;

/// The rows of a statement. Read them to the end ([`Rows::next`] gives none), or the connection is
/// [broken](crate::Connection::is_broken): the server is still sending.
#[derive(Debug)]
pub struct Rows<'a> {
    link: &'a mut Link<AsyncSocket>,
    form: RowForm,
    columns: Vec<Column>,
    /// Of a statement without rows.
    done: Option<QueryResult>,
    is_at_end: bool,
    /// The current row, and where its values are in it; used again for each row.
    payload: Bytes,
    text: Vec<u8>,
    cells: Vec<Option<(usize, usize)>>,
}

/// One row, until the next is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    text: &'a [u8],
    cells: &'a [Option<(usize, usize)>],
}

impl<'a> Rows<'a> {
    pub(crate) async fn start(
        link: &'a mut Link<AsyncSocket>,
        question: Question<'_>,
        form: RowForm,
    ) -> Result<Rows<'a>> {
        let (columns, done) = match link.start(question).await? {
            Head::Done(result) => (Vec::new(), Some(result)),
            Head::Rows(columns) => (columns, None),
        };
        if done.as_ref().is_some_and(|result| result.status.contains(StatusFlags::MORE_RESULTS_EXISTS)) {
            link.is_broken = true;
        }
        let is_at_end = done.is_some();
        let (payload, text, cells) = (Bytes::new(), Vec::new(), Vec::new());
        Ok(Rows { link, form, columns, done, is_at_end, payload, text, cells })
    }

    /// The columns; none of a statement without rows.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The counts of a statement without rows.
    pub fn result(&self) -> Option<&QueryResult> {
        self.done.as_ref()
    }

    /// The next row; none at the end.
    ///
    /// # Errors
    /// The server's, or that the connection was lost: the rows so far are not all.
    pub async fn next(&mut self) -> Result<Option<Row<'_>>> {
        if self.is_at_end {
            return Ok(None);
        }
        match self.link.read_row().await {
            Ok(Some(payload)) => self.payload = payload,
            Ok(None) => {
                self.is_at_end = true;
                return Ok(None);
            }
            Err(error) => {
                self.is_at_end = true;
                return Err(error);
            }
        }
        match self.form {
            RowForm::Text => {
                RowForm::cells_of_text(&self.payload, self.columns.len(), &mut self.cells)?;
                Ok(Some(Row { text: &self.payload, cells: &self.cells }))
            }
            RowForm::Binary => {
                self.text.clear();
                RowForm::cells_of_binary(&self.payload, &self.columns, &mut self.text, &mut self.cells)?;
                Ok(Some(Row { text: &self.text, cells: &self.cells }))
            }
        }
    }

    /// Reads what is left and drops it, so that the connection can go on.
    ///
    /// # Errors
    /// As [`Rows::next`].
    pub async fn finish(mut self) -> Result<()> {
        while self.next().await?.is_some() {}
        Ok(())
    }
}

impl<'a> Row<'a> {
    /// Values in the row.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// A value as the text protocol has it; `None` when it is NULL or not there.
    pub fn get(&self, column: usize) -> Option<&'a [u8]> {
        let (start, end) = (*self.cells.get(column)?)?;
        self.text.get(start..end)
    }
}
