//! What the programs of Rust share.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// What came of a cell; an error that begins with `skip: ` is what the connector itself cannot do.
pub type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The cells but the failover.
pub const CELLS: [&str; 21] = [
    "plain-native", "plain-sha2", "plain-sha2-again", "tls-native", "tls-sha2", "tls-sha2-again", "text", "prepared", "nulls", "zero-dates",
    "warnings", "errors", "multi", "big", "cursor", "transactions", "pool", "counts", "load-data", "compression", "reset",
];

pub fn env(name: &str) -> String {
    std::env::var(format!("MATRIX_{name}")).unwrap_or_default()
}

pub fn port() -> u16 {
    env("PORT").parse().unwrap_or_default()
}

pub fn ports() -> Vec<u16> {
    env("ADDRESSES").split(',').filter_map(|address| address.rsplit(':').next()?.parse().ok()).collect()
}

/// Names and kinds of the columns.
pub fn columns() -> Vec<(String, char)> {
    let pair = |text: &str| text.split_once(':').map(|(name, kind)| (name.to_owned(), kind.chars().next().unwrap_or('?')));
    env("COLUMNS").split(',').filter_map(pair).collect()
}

pub fn names() -> String {
    columns().into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ")
}

/// The values of the row with this id (1, 2, 11 or 12).
pub fn texts(id: u32) -> Vec<String> {
    env(&format!("ROW_{}", id % 10)).split('\t').map(str::to_owned).collect()
}

pub fn check<T: PartialEq + Debug>(found: T, wanted: T, what: &str) -> Outcome {
    if found == wanted { Ok(()) } else { Err(format!("{what}: {found:.150?}, not {wanted:.150?}").into()) }
}

pub fn skip<T>(why: &str) -> Result<T, Box<dyn std::error::Error>> {
    Err(format!("skip: {why}").into())
}

pub fn user(cell: &str) -> Result<(String, bool), Box<dyn std::error::Error>> {
    let is_encrypted = cell.starts_with("tls");
    let name = env(match cell {
        "plain-native" | "tls-native" => "NATIVE_USER",
        "plain-sha2" | "plain-sha2-again" => "SHA2_PLAIN_USER",
        _ => "SHA2_TLS_USER",
    });
    if name.is_empty() { skip("this server has no mysql_native_password") } else { Ok((name, is_encrypted)) }
}

pub fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).filter_map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()).collect()
}

pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Text of 17 MiB.
pub fn big() -> String {
    "0123456789abcdef".repeat(17 * 65_536)
}

/// Statements that fail, with number, SQLSTATE and message.
pub fn mistakes() -> [(&'static str, u16, &'static str, String); 3] {
    [
        ("SELECT * FROM missing", 1146, "42S02", format!("Table '{}.missing' doesn't exist", env("DATABASE"))),
        ("INSERT INTO counts (id) VALUES (1)", 1062, "23000", "Duplicate entry '1' for key 'counts.PRIMARY'".to_owned()),
        ("SELECT nothing FROM counts", 1054, "42S22", "Unknown column 'nothing' in 'field list'".to_owned()),
    ]
}

/// The state of a program that writes rows one by one and goes to the next address when one fails.
pub struct Failover {
    pub at: usize,
    pub key: u32,
    pub is_in_doubt: bool,
    moved: u32,
    until: Instant,
}

impl Failover {
    pub fn new() -> Failover {
        Failover { at: 0, key: 1, is_in_doubt: false, moved: 0, until: Instant::now() + Duration::from_secs(60) }
    }

    pub fn goes_on(&self) -> bool {
        (self.moved == 0 || self.key <= self.moved + 20) && Instant::now() < self.until
    }

    pub fn port(&self) -> u16 {
        let ports = ports();
        ports[self.at % ports.len()]
    }

    pub fn question(&self) -> String {
        format!("SELECT COUNT(*) FROM failover WHERE k = {} FOR UPDATE", self.key)
    }

    pub fn insert(&self) -> String {
        format!("INSERT INTO failover (k) VALUES ({})", self.key)
    }

    pub fn acknowledged(&mut self) {
        println!("ACK {}", self.key);
        if self.is_in_doubt && self.key > 1 {
            self.moved = self.key;
        }
        self.key += 1;
        self.is_in_doubt = false;
    }

    pub fn failed(&mut self) {
        self.at += 1;
        self.is_in_doubt = true;
        std::thread::sleep(Duration::from_millis(50));
    }

    pub fn end(&self) {
        println!("failover {}", if self.moved > 0 { "ok" } else { "fail: it never went on elsewhere" });
    }
}
