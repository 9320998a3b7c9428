//! Cursors of prepared statements: the rows of an execution, kept for COM_STMT_FETCH.
//!
//! As in MySQL a cursor is a materialised result: the statement has run to its end when the cursor opens, so it holds no lock,
//! no snapshot and no plan, and outlives the transaction. It is dropped by the next execution, COM_STMT_RESET and
//! COM_STMT_CLOSE, and when its end was sent. What it may hold is bounded as any held result is
//! ([`crate::limits::RESULT_HELD_BYTES_MAX`]). Left out: scrolling and updating, which the protocol names and MySQL does not do.

use wire::mysql::constant::{Capabilities, StatusFlags};
use wire::mysql::packet::{PacketReader, PacketWriter};
use wire::mysql::primitive::Input;
use wire::mysql::resultset::put_end;

use crate::limits::RESULT_HELD_BYTES_MAX;

/// An open cursor.
pub struct Cursor {
    /// The rows that are left, as the packets of a result.
    rows: PacketReader,
}

impl Cursor {
    /// Opens a cursor over `result`, a result set from its column count to its last row, and answers the execution with its
    /// columns.
    ///
    /// # Errors
    /// When `result` is not such a result set.
    pub fn open(
        result: &PacketWriter,
        capabilities: Capabilities,
        status: StatusFlags,
        warnings: u16,
        writer: &mut PacketWriter,
    ) -> wire::Result<Cursor> {
        const MALFORMED: wire::Error = wire::Error::Malformed { what: "result of a cursor" };
        let mut rows = PacketReader::new(RESULT_HELD_BYTES_MAX);
        rows.buffer_mut().extend_from_slice(result.as_slice());
        let header = rows.next()?.ok_or(MALFORMED)?;
        let mut head = Input::new(&header.payload);
        let columns = head.lenenc_int().ok_or(MALFORMED)?;
        let is_optional = capabilities.contains(Capabilities::OPTIONAL_RESULTSET_METADATA);
        let columns = if is_optional && head.u8() == Some(0) { 0 } else { columns };
        writer.put_packet(&header.payload);
        for _ in 0..columns {
            writer.put_packet(&rows.next()?.ok_or(MALFORMED)?.payload);
        }
        if !capabilities.contains(Capabilities::DEPRECATE_EOF) {
            rows.next()?.ok_or(MALFORMED)?;
        }
        put_end(writer, capabilities, status.with(StatusFlags::CURSOR_EXISTS), warnings);
        Ok(Cursor { rows })
    }

    /// Answers COM_STMT_FETCH with up to `row_count` rows; false when the end was met, and the cursor is of no more use.
    ///
    /// # Errors
    /// Never for a result that [`Cursor::open`] took.
    pub fn fetch(
        &mut self,
        row_count: u32,
        capabilities: Capabilities,
        status: StatusFlags,
        writer: &mut PacketWriter,
    ) -> wire::Result<bool> {
        for _ in 0..row_count {
            let Some(row) = self.rows.next()? else {
                put_end(writer, capabilities, status.with(StatusFlags::LAST_ROW_SENT), 0);
                return Ok(false);
            };
            writer.put_packet(&row.payload);
        }
        put_end(writer, capabilities, status.with(StatusFlags::CURSOR_EXISTS), 0);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::mysql::column::Column;
    use wire::mysql::resultset::put_columns;

    /// Payloads written, each with its sequence id.
    fn packets(writer: &mut PacketWriter) -> Vec<Vec<u8>> {
        let mut reader = PacketReader::new(1 << 20);
        reader.buffer_mut().extend_from_slice(writer.as_slice());
        reader.set_sequence_next(1);
        let mut payloads = Vec::new();
        while let Some(packet) = reader.next().unwrap() {
            payloads.push(packet.payload.to_vec());
        }
        writer.clear();
        writer.set_sequence(1);
        payloads
    }

    #[test]
    fn rows_are_fetched_in_parts_until_the_end() {
        for capabilities in [Capabilities::CLIENT, Capabilities::CLIENT.without(Capabilities::DEPRECATE_EOF)]
        {
            let mut result = PacketWriter::new();
            put_columns(
                &mut result,
                &[Column::parameter(), Column::parameter()],
                capabilities,
                StatusFlags::AUTOCOMMIT,
            );
            for row in 0..5_u8 {
                result.put_packet(&[0, row]);
            }
            let mut writer = PacketWriter::new();
            writer.set_sequence(1);
            let mut cursor =
                Cursor::open(&result, capabilities, StatusFlags::AUTOCOMMIT, 0, &mut writer).unwrap();
            // The count, two columns, and the one packet that says that there is a cursor.
            assert_eq!(packets(&mut writer).len(), 4);
            let mut fetch = |count| {
                let goes_on =
                    cursor.fetch(count, capabilities, StatusFlags::AUTOCOMMIT, &mut writer).unwrap();
                let mut payloads = packets(&mut writer);
                payloads.pop();
                (goes_on, payloads.into_iter().map(|payload| payload[1]).collect::<Vec<_>>())
            };
            assert_eq!(fetch(2), (true, vec![0, 1]));
            assert_eq!(fetch(0), (true, vec![]));
            assert_eq!(fetch(3), (true, vec![2, 3, 4]));
            assert_eq!(fetch(1), (false, vec![]));
        }
    }
}
