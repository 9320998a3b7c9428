//! Records that were read, together: their fields are places in one text.

use bytes::Bytes;

/// A field of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) is_null: bool,
}

/// Where a record's fields end in its batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) fields_end: usize,
    pub(super) is_cut: bool,
}

/// Records that were read.
#[derive(Debug, Default)]
pub struct Batch {
    pub(super) text: Vec<u8>,
    pub(super) fields: Vec<Span>,
    pub(super) records: Vec<Place>,
    frozen: Bytes,
}

/// One record.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    batch: &'a Batch,
    first: usize,
    place: Place,
}

impl Batch {
    /// Number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Bytes of memory, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.len() + self.fields.len() * size_of::<Span>() + self.records.len() * size_of::<Place>()
    }

    /// No more is read into it: its records can be looked at.
    pub fn freeze(&mut self) {
        self.frozen = Bytes::from(std::mem::take(&mut self.text));
    }

    /// The records, of a batch that is frozen.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        let mut first = 0;
        self.records.iter().map(move |place| {
            let record = Record { batch: self, first, place: *place };
            first = place.fields_end;
            record
        })
    }
}

impl Record<'_> {
    /// The fields that there are; none for NULL.
    pub fn fields(&self) -> impl Iterator<Item = Option<Bytes>> {
        let spans = &self.batch.fields[self.first..self.place.fields_end];
        spans.iter().map(|span| (!span.is_null).then(|| self.batch.frozen.slice(span.start..span.end)))
    }

    /// Whether its line had more than that.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.place.is_cut
    }
}
