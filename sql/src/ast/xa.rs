//! XA statements and transaction identifiers, as written.

use bytes::{BufMut, Bytes, BytesMut};

use crate::limits::XID_PART_BYTES_MAX;

/// The identifier of a branch of a global transaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Xid {
    /// Which form the other two are of: a number that the transaction manager chooses, 1 unless it says so.
    pub format_id: u64,
    /// The global transaction: up to 64 bytes.
    pub gtrid: Bytes,
    /// The branch of it: up to 64 bytes.
    pub bqual: Bytes,
}

impl Xid {
    /// The identifier in the form in which it is part of a key: format (8 bytes big endian), length of the first part (1), both parts.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(9 + self.gtrid.len() + self.bqual.len());
        out.put_u64(self.format_id);
        // The parser and `parse` let none be longer than the bound, which is far less than 255.
        out.put_u8(u8::try_from(self.gtrid.len()).unwrap_or(u8::MAX));
        out.put_slice(&self.gtrid);
        out.put_slice(&self.bqual);
        out.freeze()
    }

    /// Reads what [`Xid::to_bytes`] wrote; none if it is nothing of the kind.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Xid> {
        let (format_id, rest) = bytes.split_first_chunk::<8>()?;
        let (length, parts) = rest.split_first()?;
        let (gtrid, bqual) = parts.split_at_checked(usize::from(*length))?;
        let fits = gtrid.len() <= XID_PART_BYTES_MAX && bqual.len() <= XID_PART_BYTES_MAX;
        fits.then(|| Xid {
            format_id: u64::from_be_bytes(*format_id),
            gtrid: Bytes::copy_from_slice(gtrid),
            bqual: Bytes::copy_from_slice(bqual),
        })
    }
}

/// A statement of XA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Xa {
    /// XA START, XA BEGIN.
    Start {
        /// The branch.
        xid: Xid,
        /// JOIN or RESUME.
        mode: StartMode,
    },
    /// XA END.
    End {
        /// The branch.
        xid: Xid,
        /// SUSPEND, with or without FOR MIGRATE.
        suspend: bool,
    },
    /// XA PREPARE.
    Prepare(Xid),
    /// XA COMMIT.
    Commit {
        /// The branch.
        xid: Xid,
        /// ONE PHASE.
        one_phase: bool,
    },
    /// XA ROLLBACK.
    Rollback(Xid),
    /// XA RECOVER.
    Recover {
        /// CONVERT XID: the identifiers in hexadecimal.
        convert: bool,
    },
}

/// What XA START says after the identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartMode {
    /// Nothing: a new branch.
    New,
    /// JOIN.
    Join,
    /// RESUME.
    Resume,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_read_as_they_were_written() {
        for (gtrid, bqual) in [("a", "b"), ("", ""), ("long", ""), ("", "x")] {
            let xid = Xid {
                format_id: 7,
                gtrid: Bytes::from_static(gtrid.as_bytes()),
                bqual: Bytes::from_static(bqual.as_bytes()),
            };
            assert_eq!(Xid::parse(&xid.to_bytes()), Some(xid));
        }
        let xid = Xid { format_id: 1, gtrid: Bytes::from_static(b"g"), bqual: Bytes::from_static(b"q") };
        assert_eq!(&xid.to_bytes()[..], b"\0\0\0\0\0\0\0\x01\x01gq", "the form is part of what is on disk");
        for damaged in [&b""[..], b"\0\0\0\0\0\0\0\x01", b"\0\0\0\0\0\0\0\x01\x02g"] {
            assert_eq!(Xid::parse(damaged), None);
        }
        assert_eq!(Xid::parse(&[0; 9 + 65]), None, "a part is too long");
    }
}
