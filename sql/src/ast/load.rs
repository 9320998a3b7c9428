//! Rows from and to files, as written: LOAD DATA, SELECT … INTO.

use crate::ast::{Expr, Statement, TableName};

/// LOAD DATA.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// LOCAL: the file is the client's.
    pub local: bool,
    /// The file's name.
    pub file: String,
    /// What becomes of rows whose values are taken.
    pub duplicates: LoadDuplicates,
    /// Table.
    pub table: TableName,
    /// PARTITION (…).
    pub partitions: Vec<String>,
    /// CHARACTER SET, as written.
    pub character_set: Option<String>,
    /// FIELDS and LINES.
    pub format: FileFormat,
    /// IGNORE n LINES.
    pub skipped_lines: u64,
    /// What the fields go to; empty for all columns.
    pub inputs: Vec<LoadInput>,
    /// SET.
    pub assignments: Vec<(String, Expr)>,
}

/// What LOAD DATA does about duplicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the word of its name; Refuse is none")]
pub enum LoadDuplicates {
    Refuse,
    Ignore,
    Replace,
}

/// What a field of a file goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadInput {
    /// A column.
    Column(String),
    /// `@name`, in lower case.
    Variable(String),
}

/// FIELDS and LINES, with MySQL's defaults for what is not written (without backslash escapes there is no ESCAPED BY either).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFormat {
    /// FIELDS TERMINATED BY.
    pub fields_terminated: Vec<u8>,
    /// ENCLOSED BY.
    pub enclosed: Vec<u8>,
    /// OPTIONALLY.
    pub optionally: bool,
    /// ESCAPED BY.
    pub escaped: Vec<u8>,
    /// LINES STARTING BY.
    pub lines_starting: Vec<u8>,
    /// LINES TERMINATED BY.
    pub lines_terminated: Vec<u8>,
}

impl Default for FileFormat {
    fn default() -> FileFormat {
        FileFormat {
            fields_terminated: b"\t".to_vec(),
            enclosed: Vec::new(),
            optionally: false,
            escaped: b"\\".to_vec(),
            lines_starting: Vec::new(),
            lines_terminated: b"\n".to_vec(),
        }
    }
}

/// SELECT … INTO.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectInto {
    /// The query, as a statement of its own.
    pub query: std::sync::Arc<Statement>,
    /// Where its rows go.
    pub target: IntoTarget,
}

/// What stands after INTO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntoTarget {
    /// OUTFILE.
    File {
        /// The file's name.
        name: String,
        /// CHARACTER SET, as written.
        character_set: Option<String>,
        /// FIELDS and LINES.
        format: FileFormat,
    },
    /// DUMPFILE: the values of one row, and nothing between them.
    Dump {
        /// The file's name.
        name: String,
    },
    /// `@a, @b`: names in lower case.
    Variables(Vec<String>),
    /// Variables of a program, perhaps among others.
    Program(Vec<crate::ast::DiagnosticTarget>),
}
