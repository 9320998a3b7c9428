//! Indexes that are built, and rows that are written anew, while the table is written: what the table's definition says of such a job.
//!
//! A job is a part of its table's definition from the entry that begins it to the entry that ends it. Whoever writes the table meanwhile keeps the
//! job's indexes too ([`crate::dml::online`]); nobody reads them. The leader writes the entries of the rows that were there before, batch by batch
//! ([`crate::ddl::alter::online`]). How far it is, and that it is to be given up, are keys of the catalog of their own
//! ([`CatalogKey::JobPlace`](super::store::CatalogKey::JobPlace), [`CatalogKey::JobFailed`](super::store::CatalogKey::JobFailed)).
//!
//! Invariants: the indexes of a job have ids that no other index has or had; they are in no definition's [`Table::indexes`](super::Table::indexes)
//! before the job's last entry. Every change of a row that comes after the job's first entry in the log has the change of the row's entries beside it.

use crate::codec::{Input, damaged, write_varint};
use crate::{Error, Result};

use std::sync::Arc;

use super::encode::{
    read_bytes, read_index, read_list, read_string, read_table, read_u32, read_value, write_bytes,
    write_index, write_string, write_table, write_value,
};
use super::{Index, IndexId, Table, TableId};
use crate::types::{TimeZone, Value};
use crate::variables::SqlMode;

/// Where a column of a row that is written anew comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A column of the row, converted to the new type.
    Column(usize),
    /// The same in all rows.
    Value(Value),
    /// A new AUTO_INCREMENT column: the rows are numbered. Not in a job.
    Counter,
    /// A new column whose default is an expression. Not in a job.
    Default,
}

/// Rows that a job writes anew: each is a function of the old row, which has the same key but for the index id.
#[derive(Clone, Debug)]
pub struct Rewrite {
    /// The definition that the table is to have, without the job.
    pub target: Arc<Table>,
    /// Where its columns come from.
    pub sources: Vec<Source>,
    /// The client is told of the rows, as MySQL copies them.
    pub counts_rows: bool,
    /// The mode that values are converted under.
    pub sql_mode: SqlMode,
    /// The time zone that values are converted under.
    pub zone: TimeZone,
}

impl Rewrite {
    fn write(&self, out: &mut Vec<u8>) {
        write_bytes(&write_table(&self.target), out);
        write_varint(self.sources.len() as u64, out);
        for source in &self.sources {
            match source {
                Source::Column(column) => {
                    out.push(0);
                    write_varint(*column as u64, out);
                }
                Source::Value(value) => {
                    out.push(1);
                    write_value(value, out);
                }
                Source::Counter | Source::Default => unreachable!("no job has such a column"),
            }
        }
        out.push(u8::from(self.counts_rows));
        write_string(&self.sql_mode.to_string(), out);
        let seconds = match self.zone {
            TimeZone::Fixed(seconds) => seconds,
            TimeZone::Named(_) => 0,
        };
        out.extend_from_slice(&seconds.to_be_bytes());
    }

    fn read(id: TableId, columns: usize, input: &mut Input<'_>) -> Result<Rewrite> {
        let target = Arc::new(read_table(id, read_bytes(input)?)?);
        let sources = read_list(input, |input| match input.byte()? {
            0 => Ok(Source::Column(read_u32(input)? as usize)),
            1 => Ok(Source::Value(read_value(input)?)),
            _ => Err(damaged("a column of an online ALTER TABLE comes from somewhere unknown")),
        })?;
        let is_known = |source: &Source| !matches!(source, Source::Column(column) if *column >= columns);
        if sources.len() != target.columns.len() || !sources.iter().all(is_known) {
            return Err(damaged("an online ALTER TABLE has columns that the table has not"));
        }
        let counts_rows = input.byte()? != 0;
        let sql_mode = SqlMode::parse(&read_string(input)?)?;
        let seconds = input.big_endian(4)? as u32;
        Ok(Rewrite { target, sources, counts_rows, sql_mode, zone: TimeZone::Fixed(seconds.cast_signed()) })
    }
}

/// A job that builds indexes of a table.
#[derive(Clone, Debug)]
pub struct OnlineJob {
    /// The indexes, with their ids. There is one at least; where rows are written anew, all that the table is to have.
    pub indexes: Vec<Index>,
    /// The rows that are written anew, if not only indexes are built.
    pub rewrite: Option<Rewrite>,
    /// Who asked for it.
    pub user: String,
    /// What the process list shows of it.
    pub text: String,
}

impl OnlineJob {
    /// The job's identity, never used twice: that of its first index.
    #[must_use]
    pub fn id(&self) -> IndexId {
        self.indexes[0].id
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        write_varint(self.indexes.len() as u64, out);
        for index in &self.indexes {
            write_index(index, out);
        }
        write_string(&self.user, out);
        write_string(&self.text, out);
        if let Some(rewrite) = &self.rewrite {
            rewrite.write(out);
        }
    }

    /// A job of a table of `columns` columns, which ends with the input.
    ///
    /// # Errors
    /// 1105 when the bytes are none.
    pub(super) fn read(input: &mut Input<'_>, id: TableId, columns: usize) -> Result<OnlineJob> {
        let indexes = read_list(input, read_index)?;
        let (user, text) = (read_string(input)?, read_string(input)?);
        if indexes.is_empty() {
            return Err(damaged("an online ALTER TABLE builds no index"));
        }
        let rewrite = match input.bytes.is_empty() {
            true => None,
            false => Some(Rewrite::read(id, columns, input)?),
        };
        let columns = rewrite.as_ref().map_or(columns, |rewrite| rewrite.target.columns.len());
        if indexes.iter().flat_map(|index| &index.columns).any(|part| part.column >= columns) {
            return Err(damaged("an online ALTER TABLE has a column that the table has not"));
        }
        Ok(OnlineJob { indexes, rewrite, user, text })
    }
}

/// How far a job is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// All rows before this key are done.
    pub next: Vec<u8>,
    /// How many those are.
    pub rows: u64,
}

impl Place {
    /// The place's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> bytes::Bytes {
        let mut out = Vec::with_capacity(self.next.len() + 12);
        write_varint(self.rows, &mut out);
        write_bytes(&self.next, &mut out);
        bytes::Bytes::from(out)
    }

    /// A place from its bytes.
    ///
    /// # Errors
    /// 1105 when they are none.
    pub fn read(bytes: &[u8]) -> Result<Place> {
        let mut input = Input::new(bytes);
        let rows = input.varint()?;
        let next = read_bytes(&mut input)?.to_vec();
        if !input.bytes.is_empty() {
            return Err(damaged("the place of an online ALTER TABLE is too long"));
        }
        Ok(Place { next, rows })
    }
}

/// The bytes of the error that a job failed with.
#[must_use]
pub fn write_failure(error: &Error) -> bytes::Bytes {
    let mut out = error.code.to_be_bytes().to_vec();
    out.extend_from_slice(&error.state);
    write_string(&error.message, &mut out);
    bytes::Bytes::from(out)
}

/// The error that a job failed with.
///
/// # Errors
/// 1105 when the bytes are none.
pub fn read_failure(bytes: &[u8]) -> Result<Error> {
    let mut input = Input::new(bytes);
    let code = u16::from_be_bytes([input.byte()?, input.byte()?]);
    let mut state = [0; 5];
    for byte in &mut state {
        *byte = input.byte()?;
    }
    let message = read_string(&mut input)?;
    Ok(Error { code, state, message })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::IndexColumn;

    fn job() -> OnlineJob {
        let columns = vec![IndexColumn { column: 1, prefix: Some(3), descending: true }];
        let index = Index {
            id: IndexId(300),
            name: "by_b".into(),
            unique: true,
            columns,
            invisible: false,
            generated: false,
            options: crate::ast::KeyOptions::default(),
        };
        OnlineJob { indexes: vec![index], rewrite: None, user: "ann".into(), text: "ALTER".into() }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut out = Vec::new();
        job().write(&mut out);
        let read = OnlineJob::read(&mut Input::new(&out), TableId(7), 2).unwrap();
        assert_eq!((read.indexes, read.user, read.text), (job().indexes, job().user, job().text));
        assert_eq!(
            out,
            [1, 172, 2, 4, 98, 121, 95, 98, 1, 1, 1, 3, 3, 3, 97, 110, 110, 5, 65, 76, 84, 69, 82]
        );
        let place = Place { next: vec![0, 0, 1, 2, 7], rows: 700 };
        assert_eq!(Place::read(&place.to_bytes()).unwrap(), place);
        let error = Error::lock_wait_timeout();
        assert_eq!(read_failure(&write_failure(&error)).unwrap().message, error.message);
    }

    #[test]
    fn what_is_no_job_is_refused() {
        let mut out = Vec::new();
        job().write(&mut out);
        assert!(OnlineJob::read(&mut Input::new(&out), TableId(7), 1).is_err());
        for end in 0..out.len() {
            assert!(OnlineJob::read(&mut Input::new(&out[..end]), TableId(7), 2).is_err(), "{end}");
        }
        assert!(OnlineJob::read(&mut Input::new(&[0, 0, 0]), TableId(7), 2).is_err());
        let place = Place { next: vec![1], rows: 1 }.to_bytes();
        assert!(Place::read(&place[..1]).is_err());
        assert!(read_failure(&[4, 38, 50]).is_err());
    }
}
