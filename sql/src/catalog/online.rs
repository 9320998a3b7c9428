//! Indexes that are built while the table is written: what the table's definition says of such a job.
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

use super::encode::{read_bytes, read_index, read_list, read_string, write_index, write_string};
use super::{Index, IndexId};

/// A job that builds indexes of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct OnlineJob {
    /// The indexes, with their ids. There is one at least.
    pub indexes: Vec<Index>,
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
    }

    /// A job of a table of `columns` columns.
    ///
    /// # Errors
    /// 1105 when the bytes are none.
    pub(super) fn read(input: &mut Input<'_>, columns: usize) -> Result<OnlineJob> {
        let indexes = read_list(input, read_index)?;
        let (user, text) = (read_string(input)?, read_string(input)?);
        if indexes.is_empty() {
            return Err(damaged("an online ALTER TABLE builds no index"));
        }
        if indexes.iter().flat_map(|index| &index.columns).any(|part| part.column >= columns) {
            return Err(damaged("an online ALTER TABLE has a column that the table has not"));
        }
        Ok(OnlineJob { indexes, user, text })
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
        super::encode::write_bytes(&self.next, &mut out);
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
        };
        OnlineJob { indexes: vec![index], user: "ann".into(), text: "ALTER".into() }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut out = Vec::new();
        job().write(&mut out);
        assert_eq!(OnlineJob::read(&mut Input::new(&out), 2).unwrap(), job());
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
        assert!(OnlineJob::read(&mut Input::new(&out), 1).is_err());
        for end in 0..out.len() {
            assert!(OnlineJob::read(&mut Input::new(&out[..end]), 2).is_err(), "{end}");
        }
        assert!(OnlineJob::read(&mut Input::new(&[0, 0, 0]), 2).is_err());
        let place = Place { next: vec![1], rows: 1 }.to_bytes();
        assert!(Place::read(&place[..1]).is_err());
        assert!(read_failure(&[4, 38, 50]).is_err());
    }
}
