//! Where a field, a record and a line end.
//!
//! The rules that are not obvious:
//!
//! * A field that begins with the quote ends at a quote before a separator, a line's end or the file's. Any other quote in it is text, and
//!   a doubled one is one. If the file ends before that, the quote that it began with belongs to its text.
//! * An escape is looked at before everything else, separators and quotes too; but where it is the same character as the quote it only
//!   escapes itself.
//! * `\N` alone is NULL, enclosed or not. With a quote defined, the bare word NULL is, too.
//! * A file that ends behind a separator has no further field; a line's end there makes an empty one.
//!
//! Everything here looks at the bytes that there are, and gives up ([`Short`]) where more of them could say something else.
//!
//! Left out: escapes in multi-byte character sets in which a backslash may be part of a character; none of them is supported.

use super::Format;
use super::batch::{Batch, Place, Span};

/// The format in the form in which it is looked at.
#[derive(Debug)]
pub(super) struct Grammar {
    field_end: Vec<u8>,
    line_end: Vec<u8>,
    pub(super) line_start: Vec<u8>,
    quote: Option<u8>,
    escape: Option<u8>,
    /// Characters may have several bytes.
    is_text: bool,
    /// Bytes that may be more than text.
    is_special: [bool; 256],
}

/// There are too few bytes to say.
pub(super) struct Short;

/// What came of a look at the bytes that there are.
pub(super) type Scanned<T> = std::result::Result<T, Short>;

/// What a field ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Field,
    Line,
    File,
}

/// A place in the bytes that there are.
pub(super) struct Scan<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) is_ended: bool,
}

impl Scan<'_> {
    fn peek(&self) -> Scanned<Option<u8>> {
        match self.bytes.get(self.at) {
            Some(byte) => Ok(Some(*byte)),
            None if self.is_ended => Ok(None),
            None => Err(Short),
        }
    }

    fn take(&mut self) -> Scanned<Option<u8>> {
        let byte = self.peek()?;
        self.at += usize::from(byte.is_some());
        Ok(byte)
    }

    /// Takes `text` if it is next; never an empty one.
    fn eat(&mut self, text: &[u8]) -> Scanned<bool> {
        let rest = &self.bytes[self.at..];
        if text.is_empty() || rest.first() != text.first() {
            return if rest.is_empty() && !self.is_ended && !text.is_empty() {
                Err(Short)
            } else {
                Ok(false)
            };
        }
        if rest.starts_with(text) {
            self.at += text.len();
            return Ok(true);
        }
        if rest.len() < text.len() && text.starts_with(rest) && !self.is_ended {
            Err(Short)
        } else {
            Ok(false)
        }
    }
}

/// How passing over the rest of a line ended.
pub(super) enum Passed {
    /// At its end; whether there was anything before.
    Line { had_more: bool },
    /// With the file.
    File,
}

impl Grammar {
    pub(super) fn new(format: &Format, is_text: bool) -> Grammar {
        let mut line_end = format.line_end.clone();
        if line_end == format.field_end {
            // A line is over when it has all its fields.
            line_end.clear();
        }
        let mut is_special = [false; 256];
        let firsts =
            [format.field_end.first(), line_end.first(), format.quote.as_ref(), format.escape.as_ref()];
        for byte in firsts.into_iter().flatten() {
            is_special[usize::from(*byte)] = true;
        }
        // A character of several bytes is text as a whole, where bytes of it could be taken for more.
        let has_foreign =
            is_special[128..].contains(&true) || !format.field_end.is_ascii() || !line_end.is_ascii();
        if has_foreign && is_text {
            is_special[128..].fill(true);
        }
        Grammar {
            field_end: format.field_end.clone(),
            line_end,
            line_start: format.line_start.clone(),
            quote: format.quote,
            escape: format.escape,
            is_text,
            is_special,
        }
    }

    /// Reads a record of so many fields; none where the file is over. What ended it.
    pub(super) fn separated(
        &self,
        count: usize,
        scan: &mut Scan<'_>,
        batch: &mut Batch,
    ) -> Scanned<Option<End>> {
        let mut end = End::Field;
        for number in 0..count {
            match self.field(scan, batch)? {
                None if number == 0 => return Ok(None),
                None => end = End::File,
                Some(ended) => end = ended,
            }
            if end != End::Field {
                break;
            }
        }
        self.finish(end, scan, batch).map(Some)
    }

    /// Passes over what the line has besides, and notes the record.
    fn finish(&self, end: End, scan: &mut Scan<'_>, batch: &mut Batch) -> Scanned<End> {
        let (mut end, mut is_cut) = (end, false);
        if end == End::Field && !self.line_end.is_empty() {
            match self.pass_line(scan, &mut false)? {
                Passed::Line { had_more } => (end, is_cut) = (End::Line, had_more),
                Passed::File => end = End::File,
            }
        }
        batch.records.push(Place { fields_end: batch.fields.len(), is_cut });
        Ok(end)
    }

    /// Passes over a line up to behind its end. What was passed over before too few bytes were left need not be looked at again, if the
    /// caller keeps `is_escaped`.
    pub(super) fn pass_line(&self, scan: &mut Scan<'_>, is_escaped: &mut bool) -> Scanned<Passed> {
        if self.line_end.is_empty() {
            return Ok(Passed::Line { had_more: false });
        }
        let start = scan.at;
        loop {
            if std::mem::take(is_escaped) {
                match scan.take() {
                    Ok(Some(_)) => {}
                    Ok(None) => return Ok(Passed::File),
                    Err(Short) => {
                        *is_escaped = true;
                        return Err(Short);
                    }
                }
            }
            let Some(byte) = scan.peek()? else { return Ok(Passed::File) };
            let had_more = scan.at > start;
            if Some(byte) == self.escape {
                *is_escaped = true;
            } else if scan.eat(&self.line_end)? {
                return Ok(Passed::Line { had_more });
            }
            scan.at += 1;
        }
    }

    /// Reads one field; none when the file is over.
    fn field(&self, scan: &mut Scan<'_>, batch: &mut Batch) -> Scanned<Option<End>> {
        let Some(first) = scan.peek()? else { return Ok(None) };
        let start = batch.text.len();
        let is_enclosed = Some(first) == self.quote;
        if is_enclosed {
            scan.at += 1;
            // It belongs to the text if it is never closed.
            batch.text.push(first);
        }
        let mut has_null = false;
        loop {
            self.plain(scan, &mut batch.text);
            let Some(byte) = scan.peek()? else {
                batch.fields.push(self.span(batch, start, false, has_null));
                return Ok(Some(End::File));
            };
            let mut byte = byte;
            if Some(byte) == self.escape {
                scan.at += 1;
                let Some(escaped) = scan.peek()? else {
                    batch.text.push(byte);
                    continue;
                };
                if self.escape != self.quote || escaped == byte {
                    scan.at += 1;
                    has_null |= escaped == b'N';
                    batch.text.push(unescape(escaped));
                    continue;
                }
                // A quote that is the escape too, and escapes nothing.
                scan.at -= 1;
                byte = self.quote.unwrap_or(byte);
            }
            if is_enclosed && Some(byte) == self.quote {
                scan.at += 1;
                if scan.peek()? == self.quote {
                    scan.at += 1;
                    batch.text.push(byte);
                    continue;
                }
                if let Some(end) = self.after_quote(scan)? {
                    batch.fields.push(self.span(batch, start + 1, true, has_null));
                    return Ok(Some(end));
                }
                batch.text.push(byte);
                continue;
            }
            if !is_enclosed {
                let end = if scan.eat(&self.line_end)? {
                    Some(End::Line)
                } else if scan.eat(&self.field_end)? {
                    Some(End::Field)
                } else {
                    None
                };
                if let Some(end) = end {
                    batch.fields.push(self.span(batch, start, false, has_null));
                    return Ok(Some(end));
                }
            }
            self.character(scan, &mut batch.text)?;
        }
    }

    /// What a quote inside of an enclosed field closes it with, if it does.
    fn after_quote(&self, scan: &mut Scan<'_>) -> Scanned<Option<End>> {
        if scan.peek()?.is_none() {
            return Ok(Some(End::File));
        }
        if scan.eat(&self.line_end)? {
            return Ok(Some(End::Line));
        }
        Ok(scan.eat(&self.field_end)?.then_some(End::Field))
    }

    /// Copies bytes that are nothing but text.
    fn plain(&self, scan: &mut Scan<'_>, text: &mut Vec<u8>) {
        let rest = &scan.bytes[scan.at..];
        let length = rest.iter().position(|byte| self.is_special[usize::from(*byte)]).unwrap_or(rest.len());
        text.extend_from_slice(&rest[..length]);
        scan.at += length;
    }

    /// Copies a byte that could have been more, with the rest of its character.
    fn character(&self, scan: &mut Scan<'_>, text: &mut Vec<u8>) -> Scanned<()> {
        let rest = &scan.bytes[scan.at..];
        let length = rest.first().map_or(0, |first| if self.is_text { character_bytes(*first) } else { 1 });
        if rest.len() < length && !scan.is_ended {
            return Err(Short);
        }
        let whole = rest.get(..length).filter(|character| std::str::from_utf8(character).is_ok());
        let taken = whole.map_or(1, <[u8]>::len);
        text.extend_from_slice(&rest[..taken.min(rest.len())]);
        scan.at += taken.min(rest.len());
        Ok(())
    }

    fn span(&self, batch: &Batch, start: usize, is_enclosed: bool, has_null: bool) -> Span {
        let text = &batch.text[start..];
        let is_word = !is_enclosed && self.quote.is_some() && text == b"NULL";
        Span { start, end: batch.text.len(), is_null: is_word || (has_null && text.len() == 1) }
    }

    /// Reads a record of fields of fixed widths; none where the file is over.
    pub(super) fn fixed(
        &self,
        widths: &[usize],
        scan: &mut Scan<'_>,
        batch: &mut Batch,
    ) -> Scanned<Option<End>> {
        let start = batch.text.len();
        let total = widths.iter().fold(0_usize, |total, width| total.saturating_add(*width));
        let mut end = End::Field;
        while batch.text.len() - start < total {
            let Some(byte) = scan.peek()? else {
                end = End::File;
                break;
            };
            if Some(byte) == self.escape {
                scan.at += 1;
                let escaped = scan.take()?;
                batch.text.push(escaped.map_or(byte, unescape));
                continue;
            }
            if scan.eat(&self.line_end)? {
                end = End::Line;
                break;
            }
            scan.at += 1;
            batch.text.push(byte);
        }
        if end == End::File && batch.text.len() == start {
            return Ok(None);
        }
        let (mut from, all) = (start, batch.text.len());
        for width in widths {
            if from == all {
                break;
            }
            let to = from.saturating_add(*width).min(all);
            batch.fields.push(Span { start: from, end: to, is_null: false });
            from = to;
        }
        self.finish(end, scan, batch).map(Some)
    }
}

/// What an escape makes of the byte behind it.
fn unescape(byte: u8) -> u8 {
    match byte {
        b'0' => 0,
        b'b' => 8,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'Z' => 0x1a,
        other => other,
    }
}

/// Bytes of the UTF-8 character that begins so; 1 for what begins none.
fn character_bytes(first: u8) -> usize {
    match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    }
}
