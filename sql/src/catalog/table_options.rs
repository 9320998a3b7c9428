//! Table options that MySQL keeps for SHOW CREATE TABLE. They are written down and shown, and nothing else: rows are stored here as they
//! are stored.

use crate::Result;
use crate::codec::{Input, damaged, write_varint};

/// The options of a table. What was never given, or is at its default, is not shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableOptions {
    /// MIN_ROWS; 0: not given.
    pub min_rows: u64,
    /// MAX_ROWS; 0: not given.
    pub max_rows: u64,
    /// AVG_ROW_LENGTH, bytes; 0: not given.
    pub avg_row_length: u32,
    /// PACK_KEYS.
    pub pack_keys: Option<bool>,
    /// STATS_PERSISTENT.
    pub stats_persistent: Option<bool>,
    /// STATS_AUTO_RECALC.
    pub stats_auto_recalc: Option<bool>,
    /// STATS_SAMPLE_PAGES; 0: not given.
    pub stats_sample_pages: u16,
    /// CHECKSUM.
    pub checksum: bool,
    /// DELAY_KEY_WRITE.
    pub delay_key_write: bool,
    /// ROW_FORMAT.
    pub row_format: Option<RowFormat>,
    /// KEY_BLOCK_SIZE, KiB; 0: not given.
    pub key_block_size: u32,
}

/// One option of CREATE TABLE or ALTER TABLE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the SQL words; the fields of TableOptions")]
pub enum TableOption {
    MinRows(u64),
    MaxRows(u64),
    AvgRowLength(u32),
    PackKeys(Option<bool>),
    StatsPersistent(Option<bool>),
    StatsAutoRecalc(Option<bool>),
    StatsSamplePages(u16),
    Checksum(bool),
    DelayKeyWrite(bool),
    RowFormat(Option<RowFormat>),
    KeyBlockSize(u32),
    /// One that MySQL does not show for an InnoDB table either.
    NotShown,
}

/// ROW_FORMAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the SQL words")]
pub enum RowFormat {
    Fixed,
    Dynamic,
    Compressed,
    Redundant,
    Compact,
}

impl RowFormat {
    /// All of them, in the order of their numbers in the catalog.
    pub const ALL: [(RowFormat, &'static str); 5] = [
        (RowFormat::Fixed, "FIXED"),
        (RowFormat::Dynamic, "DYNAMIC"),
        (RowFormat::Compressed, "COMPRESSED"),
        (RowFormat::Redundant, "REDUNDANT"),
        (RowFormat::Compact, "COMPACT"),
    ];

    /// The SQL word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(format, _)| *format == self).map_or("", |(_, word)| word)
    }
}

impl TableOptions {
    /// Takes one more option, in place of one of its kind.
    pub fn set(&mut self, option: TableOption) {
        match option {
            TableOption::MinRows(rows) => self.min_rows = rows,
            TableOption::MaxRows(rows) => self.max_rows = rows,
            TableOption::AvgRowLength(bytes) => self.avg_row_length = bytes,
            TableOption::PackKeys(packs) => self.pack_keys = packs,
            TableOption::StatsPersistent(persistent) => self.stats_persistent = persistent,
            TableOption::StatsAutoRecalc(recalc) => self.stats_auto_recalc = recalc,
            TableOption::StatsSamplePages(pages) => self.stats_sample_pages = pages,
            TableOption::Checksum(checksum) => self.checksum = checksum,
            TableOption::DelayKeyWrite(delays) => self.delay_key_write = delays,
            TableOption::RowFormat(format) => self.row_format = format,
            TableOption::KeyBlockSize(size) => self.key_block_size = size,
            TableOption::NotShown => {}
        }
    }

    /// What InnoDB, which checks them (`innodb_strict_mode`), warns of where it refuses them.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        match (self.row_format, self.key_block_size) {
            (Some(RowFormat::Fixed), _) => Some("InnoDB: invalid ROW_FORMAT specifier.".to_owned()),
            (_, 0) => None,
            (_, size) if !matches!(size, 1 | 2 | 4 | 8 | 16) => {
                Some(format!("InnoDB: invalid KEY_BLOCK_SIZE = {size}. Valid values are [1, 2, 4, 8, 16]"))
            }
            (None | Some(RowFormat::Compressed), _) => None,
            (Some(format), _) => {
                Some(format!("InnoDB: cannot specify ROW_FORMAT={} with KEY_BLOCK_SIZE.", format.word()))
            }
        }
    }

    /// `ROW_FORMAT` of information_schema.
    #[must_use]
    pub fn shown_row_format(&self) -> &'static str {
        match self.row_format {
            None if self.key_block_size > 0 => "Compressed",
            None | Some(RowFormat::Dynamic | RowFormat::Fixed) => "Dynamic",
            Some(RowFormat::Compressed) => "Compressed",
            Some(RowFormat::Redundant) => "Redundant",
            Some(RowFormat::Compact) => "Compact",
        }
    }

    /// As SHOW CREATE TABLE prints them, each with a space before it.
    #[must_use]
    pub fn clause(&self) -> String {
        let mut out = String::new();
        let mut add = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                out.push_str(&format!(" {name}={value}"));
            }
        };
        for (name, value) in self.named() {
            if !matches!(name, "ROW_FORMAT" | "KEY_BLOCK_SIZE") {
                add(name, value);
            }
        }
        add("ROW_FORMAT", self.row_format.map(|format| format.word().to_owned()));
        add("KEY_BLOCK_SIZE", given(self.key_block_size));
        out
    }

    /// `CREATE_OPTIONS` of information_schema, which has them in an order of its own.
    #[must_use]
    pub fn create_options(&self) -> Vec<String> {
        const ORDER: [&str; 11] = [
            "MAX_ROWS",
            "MIN_ROWS",
            "AVG_ROW_LENGTH",
            "ROW_FORMAT",
            "STATS_SAMPLE_PAGES",
            "STATS_AUTO_RECALC",
            "KEY_BLOCK_SIZE",
            "STATS_PERSISTENT",
            "PACK_KEYS",
            "CHECKSUM",
            "DELAY_KEY_WRITE",
        ];
        let named = self.named();
        let value_of = |name: &str| named.iter().find(|(other, _)| *other == name)?.1.clone();
        let shown = |name: &&str| {
            let value = value_of(name)?;
            let name = if *name == "KEY_BLOCK_SIZE" { (*name).to_owned() } else { name.to_lowercase() };
            Some(format!("{name}={value}"))
        };
        ORDER.iter().filter_map(shown).collect()
    }

    /// Names and values in SHOW CREATE TABLE's order.
    fn named(&self) -> [(&'static str, Option<String>); 11] {
        let on_off = |value: Option<bool>| value.map(|on| u8::from(on).to_string());
        let on = |value: bool| value.then(|| "1".to_owned());
        [
            ("MIN_ROWS", given(self.min_rows)),
            ("MAX_ROWS", given(self.max_rows)),
            ("AVG_ROW_LENGTH", given(self.avg_row_length)),
            ("PACK_KEYS", on_off(self.pack_keys)),
            ("STATS_PERSISTENT", on_off(self.stats_persistent)),
            ("STATS_AUTO_RECALC", on_off(self.stats_auto_recalc)),
            ("STATS_SAMPLE_PAGES", given(self.stats_sample_pages)),
            ("CHECKSUM", on(self.checksum)),
            ("DELAY_KEY_WRITE", on(self.delay_key_write)),
            ("ROW_FORMAT", self.row_format.map(|format| format.word().to_owned())),
            ("KEY_BLOCK_SIZE", given(self.key_block_size)),
        ]
    }

    /// Their bytes: 11 numbers in the order of the fields; options that may be absent are 0, and 1 more than their value if they are not.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let on_off = |value: Option<bool>| value.map_or(0, |on| u64::from(on) + 1);
        let format = |format: RowFormat| RowFormat::ALL.iter().position(|(other, _)| *other == format);
        for number in [
            self.min_rows,
            self.max_rows,
            u64::from(self.avg_row_length),
            on_off(self.pack_keys),
            on_off(self.stats_persistent),
            on_off(self.stats_auto_recalc),
            u64::from(self.stats_sample_pages),
            u64::from(self.checksum),
            u64::from(self.delay_key_write),
            self.row_format.and_then(format).map_or(0, |position| position as u64 + 1),
            u64::from(self.key_block_size),
        ] {
            write_varint(number, out);
        }
    }

    /// Those of [`TableOptions::write`].
    ///
    /// # Errors
    /// 1105 when they are no such bytes.
    pub(crate) fn read(input: &mut Input<'_>) -> Result<TableOptions> {
        let too_large = || damaged("an option of a table is out of range");
        let on_off = |number: u64| match number {
            0 => Ok(None),
            1 | 2 => Ok(Some(number == 2)),
            _ => Err(too_large()),
        };
        Ok(TableOptions {
            min_rows: input.varint()?,
            max_rows: input.varint()?,
            avg_row_length: u32::try_from(input.varint()?).map_err(|_| too_large())?,
            pack_keys: on_off(input.varint()?)?,
            stats_persistent: on_off(input.varint()?)?,
            stats_auto_recalc: on_off(input.varint()?)?,
            stats_sample_pages: u16::try_from(input.varint()?).map_err(|_| too_large())?,
            checksum: input.varint()? != 0,
            delay_key_write: input.varint()? != 0,
            row_format: match usize::try_from(input.varint()?).map_err(|_| too_large())? {
                0 => None,
                number => Some(RowFormat::ALL.get(number - 1).ok_or_else(too_large)?.0),
            },
            key_block_size: u32::try_from(input.varint()?).map_err(|_| too_large())?,
        })
    }
}

/// A number that was given.
fn given(number: impl Into<u64>) -> Option<String> {
    let number = number.into();
    (number > 0).then(|| number.to_string())
}
