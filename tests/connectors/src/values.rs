//! The columns and rows that every connector writes and reads.
//!
//! A value is given to the programs as text, which each turns into its language's own: `i` an integer, `n` a DECIMAL, `f` a floating
//! number, `s` a text, `b` bytes in hexadecimal, `d` a date, `t` a time, `D` a date with a time.

/// Name, type of the column, kind of value, and the values of rows 1 and 2. Row 3 is NULL everywhere.
pub const COLUMNS: [(&str, &str, char, &str, &str); 25] = [
    ("i8", "TINYINT", 'i', "-128", "127"),
    ("u8", "TINYINT UNSIGNED", 'i', "0", "255"),
    ("i16", "SMALLINT", 'i', "-32768", "32767"),
    ("u16", "SMALLINT UNSIGNED", 'i', "0", "65535"),
    ("i24", "MEDIUMINT", 'i', "-8388608", "8388607"),
    ("u24", "MEDIUMINT UNSIGNED", 'i', "0", "16777215"),
    ("i32", "INT", 'i', "-2147483648", "2147483647"),
    ("u32", "INT UNSIGNED", 'i', "0", "4294967295"),
    ("i64", "BIGINT", 'i', "-9223372036854775808", "9223372036854775807"),
    ("u64", "BIGINT UNSIGNED", 'i', "0", "18446744073709551615"),
    ("dcm", "DECIMAL(30,10)", 'n', "-99999999999999999999.9999999999", "99999999999999999999.9999999999"),
    ("flo", "FLOAT", 'f', "-1.5", "3.25"),
    ("dbl", "DOUBLE", 'f', "-2.5e-300", "1.7976931348623157e308"),
    ("chr", "CHAR(20)", 's', "", "na\u{ef}ve \u{1f600}"),
    ("vch", "VARCHAR(200)", 's', "", "it's \"a\\b\" % \u{1f600}\u{65e5}\u{672c}"),
    ("txt", "TEXT", 's', "", "?;--\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}"),
    ("bin", "BINARY(4)", 'b', "00000000", "00ff275c"),
    ("vbn", "VARBINARY(200)", 'b', "", "00010a0d1a22275c80ff"),
    ("blo", "BLOB", 'b', "", "fffe0027225c1a0a0d00f09f9880"),
    ("dat", "DATE", 'd', "1000-01-01", "9999-12-31"),
    ("tim", "TIME(6)", 't', "-800:59:58.999999", "100:00:00.123456"),
    ("dtm", "DATETIME(6)", 'D', "1000-01-01 00:00:00.000000", "9999-12-31 23:59:59.999999"),
    ("tsp", "TIMESTAMP(6)", 'D', "1970-01-02 00:00:01.000000", "2038-01-19 03:14:07.499999"),
    ("yea", "YEAR", 'i', "1901", "2155"),
    ("boo", "BOOL", 'i', "0", "1"),
];

/// `i8:i,u8:i,…`
#[must_use]
pub fn kinds() -> String {
    COLUMNS.iter().map(|(name, _, kind, _, _)| format!("{name}:{kind}")).collect::<Vec<_>>().join(",")
}

/// The values of a row (1 or 2), separated by tabs.
#[must_use]
pub fn row(id: u32) -> String {
    let value = |column: &(_, _, _, &'static str, &'static str)| if id == 1 { column.3 } else { column.4 };
    COLUMNS.iter().map(value).collect::<Vec<_>>().join("\t")
}

/// Statements that make the table `expected` with its three rows and the empty table `written`.
#[must_use]
pub fn tables() -> Vec<String> {
    let columns =
        COLUMNS.iter().map(|(name, kind, ..)| format!("{name} {kind} NULL")).collect::<Vec<_>>().join(", ");
    let table = |name: &str| format!("CREATE TABLE {name} (id INT PRIMARY KEY, {columns})");
    let literals = |id: u32| {
        let values = row(id);
        let pairs = COLUMNS.iter().zip(values.split('\t'));
        pairs.map(|((_, _, kind, ..), value)| literal(*kind, value)).collect::<Vec<_>>().join(", ")
    };
    let nulls = vec!["NULL"; COLUMNS.len()].join(", ");
    vec![
        table("expected"),
        table("written"),
        format!("INSERT INTO expected VALUES (1, {}), (2, {}), (3, {nulls})", literals(1), literals(2)),
    ]
}

fn literal(kind: char, value: &str) -> String {
    match kind {
        'i' | 'n' | 'f' => value.to_owned(),
        'b' => format!("X'{value}'"),
        _ => format!("'{}'", value.replace('\\', "\\\\").replace('\'', "''")),
    }
}

/// A query to which the id of a row in `written` is appended: 1 if the row is what it should be.
#[must_use]
pub fn same() -> String {
    let equal = COLUMNS.iter().map(|(name, ..)| format!("w.{name} <=> e.{name}")).collect::<Vec<_>>();
    format!(
        "SELECT COUNT(*) FROM expected e JOIN written w ON e.id = w.id % 10 AND {} WHERE w.id = ",
        equal.join(" AND ")
    )
}
