//! Cutting a file into records, as it comes.
//!
//! Bytes are [given](Reader::give) in pieces of any size. [`Reader::next`] reads one record into a [`Batch`], or says that it
//! needs more. A record that is not whole is read again from its start when there is more of it, but only once there is
//! twice as much, so that a long one costs no more than a few times its length. Lines that are passed over, and what stands before
//! LINES STARTING BY, are never kept.
//!
//! What ends a field, a record and a line is in `grammar`.

use bytes::{Buf, BytesMut};

use super::Format;
use super::batch::Batch;
use super::grammar::{End, Grammar, Passed, Scan, Short};
use crate::error::{Error, Result};
use crate::limits::LOAD_RECORD_BYTES_MAX;

/// What fields a record has.
#[derive(Clone, Debug)]
pub enum Fields {
    /// This many, with separators.
    Separated(usize),
    /// Of these widths in bytes, without.
    Fixed(Vec<usize>),
}

/// What [`Reader::next`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A record was read.
    Record,
    /// It takes more bytes to go on.
    Short,
    /// The file is over.
    End,
}

/// Reads records.
#[derive(Debug)]
pub struct Reader {
    grammar: Grammar,
    fields: Fields,
    buffer: BytesMut,
    /// No more is to be given.
    is_ended: bool,
    /// The last record was the file's last.
    is_over: bool,
    /// It is not worth to look again while there are fewer bytes than this.
    wanted: usize,
    /// Lines to pass over.
    lines_to_skip: u64,
    /// Records to pass over, where lines have no end.
    records_to_skip: u64,
    /// In a line that is passed over: whether the byte before was an escape.
    is_escaped: bool,
    /// LINES STARTING BY was found for the next record.
    has_started: bool,
}

impl Reader {
    /// A reader before the first byte of a file of text, or of bytes.
    #[must_use]
    pub fn new(format: &Format, fields: Fields, is_text: bool, lines_to_skip: u64) -> Reader {
        Reader {
            grammar: Grammar::new(format, is_text),
            fields,
            buffer: BytesMut::new(),
            is_ended: false,
            is_over: false,
            wanted: 0,
            lines_to_skip: if format.line_end.is_empty() { 0 } else { lines_to_skip },
            records_to_skip: if format.line_end.is_empty() { lines_to_skip } else { 0 },
            is_escaped: false,
            has_started: false,
        }
    }

    /// The next bytes of the file.
    pub fn give(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// There are no more.
    pub fn end(&mut self) {
        self.is_ended = true;
        self.wanted = 0;
    }

    /// Reads the next record.
    ///
    /// # Errors
    /// 1153 when a record is longer than [`LOAD_RECORD_BYTES_MAX`].
    pub fn next(&mut self, batch: &mut Batch) -> Result<Step> {
        loop {
            let (text, fields) = (batch.text.len(), batch.fields.len());
            let step = self.read(batch)?;
            if step != Step::Record || self.records_to_skip == 0 {
                return Ok(step);
            }
            // What is passed over so is no line, and what follows is not looked for at a line's start.
            self.records_to_skip -= 1;
            self.has_started = true;
            batch.records.pop();
            batch.text.truncate(text);
            batch.fields.truncate(fields);
        }
    }

    fn read(&mut self, batch: &mut Batch) -> Result<Step> {
        if self.is_over {
            return Ok(Step::End);
        }
        if self.buffer.len() < self.wanted || !self.skip_lines() || !self.find_start() {
            return Ok(if self.is_over { Step::End } else { Step::Short });
        }
        let (text, fields) = (batch.text.len(), batch.fields.len());
        let mut scan = Scan { bytes: &self.buffer, at: 0, is_ended: self.is_ended };
        let read = match &self.fields {
            Fields::Separated(count) => self.grammar.separated(*count, &mut scan, batch),
            Fields::Fixed(widths) => self.grammar.fixed(widths, &mut scan, batch),
        };
        match read {
            Ok(Some(end)) => {
                let taken = scan.at;
                self.buffer.advance(taken);
                self.wanted = 0;
                self.is_over = end == End::File;
                self.has_started = false;
                Ok(Step::Record)
            }
            Ok(None) => {
                self.is_over = true;
                Ok(Step::End)
            }
            Err(Short) => {
                batch.text.truncate(text);
                batch.fields.truncate(fields);
                if self.buffer.len() > LOAD_RECORD_BYTES_MAX {
                    return Err(too_long());
                }
                self.wanted = self.buffer.len().saturating_mul(2);
                Ok(Step::Short)
            }
        }
    }

    /// Passes over the lines of IGNORE n LINES; false when that is not done.
    fn skip_lines(&mut self) -> bool {
        while self.lines_to_skip > 0 {
            let mut scan = Scan { bytes: &self.buffer, at: 0, is_ended: self.is_ended };
            let passed = self.grammar.pass_line(&mut scan, &mut self.is_escaped);
            let taken = scan.at;
            self.buffer.advance(taken);
            match passed {
                Ok(Passed::Line { .. }) => self.lines_to_skip -= 1,
                Ok(Passed::File) => {
                    self.is_over = true;
                    return false;
                }
                Err(Short) => return false,
            }
        }
        true
    }

    /// Passes over what stands before LINES STARTING BY; false when that is not done.
    fn find_start(&mut self) -> bool {
        let start = &self.grammar.line_start;
        if self.has_started || start.is_empty() {
            return true;
        }
        if let Some(at) = find(&self.buffer, start) {
            let taken = at + start.len();
            self.buffer.advance(taken);
            self.has_started = true;
            return true;
        }
        let kept = self.buffer.len().min(start.len() - 1);
        self.buffer.advance(self.buffer.len() - kept);
        self.is_over = self.is_ended;
        false
    }
}

/// Where `needle` is first found; it is not empty.
fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

/// Error 1153.
fn too_long() -> Error {
    let message = "Got a packet bigger than 'max_allowed_packet' bytes".to_owned();
    Error { code: 1153, state: *b"08S01", message }
}
