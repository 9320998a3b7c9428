//! How the columns of information_schema are described where MySQL describes them otherwise than results have them: as ENUM and SET, or by other
//! widths. Recorded from MySQL 9.7.

/// A column of information_schema as [`COLUMNS`](super::columns) has it.
pub(super) struct Described {
    /// `COLUMN_TYPE`.
    pub(super) column_type: &'static str,
    /// `CHARACTER_MAXIMUM_LENGTH`.
    pub(super) characters: Option<u64>,
    /// `NUMERIC_PRECISION`.
    pub(super) precision: Option<u64>,
    /// `NUMERIC_SCALE`.
    pub(super) scale: Option<u64>,
}

impl Described {
    /// `DATA_TYPE`.
    pub(super) fn data_type(&self) -> &'static str {
        self.column_type.split(['(', ' ']).next().unwrap_or(self.column_type)
    }
}

/// Table, column, type, characters, precision and scale a line, with tabs between them; `-` for NULL.
const DESCRIBED: &str = include_str!("described.txt");

/// How a column is described; none for those that are described as results have them.
pub(super) fn find(table: &str, column: &str) -> Option<Described> {
    DESCRIBED.lines().find_map(|line| {
        let mut fields = line.split('\t');
        if fields.next() != Some(table) || fields.next() != Some(column) {
            return None;
        }
        let column_type = fields.next()?;
        let mut number = || fields.next().and_then(|field| field.parse().ok());
        Some(Described { column_type, characters: number(), precision: number(), scale: number() })
    })
}
