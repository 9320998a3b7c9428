//! Documents that are built and changed.

use bytes::Bytes;

use crate::error::Error;
use crate::limits::{JSON_DEPTH_MAX, JSON_NAME_BYTES_MAX};
use crate::types::{Date, DateTime, Decimal, Time, Value};

/// Codes of MySQL's column types that opaque values carry.
pub mod field_type {
    /// VARCHAR and VARBINARY: also every binary string that comes from no column.
    pub const VARCHAR: u8 = 15;
    /// BIT.
    pub const BIT: u8 = 16;
    /// TINYBLOB.
    pub const TINY_BLOB: u8 = 249;
    /// MEDIUMBLOB.
    pub const MEDIUM_BLOB: u8 = 250;
    /// LONGBLOB.
    pub const LONG_BLOB: u8 = 251;
    /// BLOB.
    pub const BLOB: u8 = 252;
    /// BINARY.
    pub const STRING: u8 = 254;
}

/// A document, or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// INTEGER.
    Int(i64),
    /// UNSIGNED INTEGER.
    UInt(u64),
    /// DOUBLE; always finite.
    Double(f64),
    /// DECIMAL.
    Decimal(Decimal),
    /// STRING.
    Text(String),
    /// ARRAY.
    Array(Vec<Tree>),
    /// OBJECT.
    Object(Members),
    /// DATE.
    Date(Date),
    /// TIME.
    Time(Time),
    /// DATETIME.
    DateTime(DateTime),
    /// A binary string, with the code of the column type that it came from ([`field_type`]).
    Opaque(u8, Bytes),
}

/// The members of an object: sorted by the length of the name, then by its bytes; no name twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Members(Vec<(String, Tree)>);

/// The order of names in an object.
#[must_use]
pub fn compare_names(left: &str, right: &str) -> std::cmp::Ordering {
    left.len().cmp(&right.len()).then_with(|| left.as_bytes().cmp(right.as_bytes()))
}

impl Members {
    /// Of members in any order; of several with one name the last.
    #[must_use]
    pub fn from_pairs(mut pairs: Vec<(String, Tree)>) -> Members {
        // The sort is stable: the last of a name is the last of its run.
        pairs.sort_by(|left, right| compare_names(&left.0, &right.0));
        let mut kept: Vec<(String, Tree)> = Vec::with_capacity(pairs.len());
        for pair in pairs {
            match kept.last_mut() {
                Some(last) if last.0 == pair.0 => *last = pair,
                _ => kept.push(pair),
            }
        }
        Members(kept)
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| compare_names(known, name))
    }

    /// The member of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Tree> {
        self.place(name).ok().map(|place| &self.0[place].1)
    }

    /// The member of a name.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Tree> {
        let place = self.place(name).ok()?;
        Some(&mut self.0[place].1)
    }

    /// Adds or replaces a member.
    pub fn insert(&mut self, name: String, value: Tree) {
        match self.place(&name) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => self.0.insert(place, (name, value)),
        }
    }

    /// Takes a member out.
    pub fn remove(&mut self, name: &str) -> Option<Tree> {
        self.place(name).ok().map(|place| self.0.remove(place).1)
    }

    /// The members in order.
    #[must_use]
    pub fn as_slice(&self) -> &[(String, Tree)] {
        &self.0
    }

    /// The members in order.
    #[must_use]
    pub fn into_vec(self) -> Vec<(String, Tree)> {
        self.0
    }
}

impl Tree {
    /// The scalar that an SQL value is; NULL is JSON's null. A stored document is taken apart.
    #[must_use]
    pub fn of_value(value: &Value) -> Tree {
        match value {
            Value::Null => Tree::Null,
            Value::Int(number) => Tree::Int(*number),
            Value::UInt(number) => Tree::UInt(*number),
            Value::Double(number) => Tree::Double(*number),
            Value::Decimal(number) => Tree::Decimal(number.clone()),
            Value::Text(text) => Tree::Text(crate::types::text::as_str(text).to_owned()),
            Value::Blob(bytes) => Tree::Opaque(field_type::VARCHAR, bytes.clone()),
            Value::Date(date) => Tree::Date(*date),
            Value::Time(time) => Tree::Time(*time),
            Value::DateTime(datetime) => Tree::DateTime(*datetime),
            Value::Json(document) => super::View::of_document(document).to_tree(),
        }
    }

    /// This as an array: an array as it is, anything else as the only element of one.
    #[must_use]
    pub fn into_elements(self) -> Vec<Tree> {
        match self {
            Tree::Array(elements) => elements,
            other => vec![other],
        }
    }

    /// Whether it is deeper than `most`.
    fn is_deeper(&self, most: usize) -> bool {
        if most == 0 {
            return true;
        }
        match self {
            Tree::Array(elements) => elements.iter().any(|element| element.is_deeper(most - 1)),
            Tree::Object(members) => members.0.iter().any(|(_, value)| value.is_deeper(most - 1)),
            _ => false,
        }
    }

    /// Refuses documents that are nested too deeply, or have too long a name.
    ///
    /// # Errors
    /// 3157, 3151.
    pub fn check(&self) -> crate::Result<()> {
        // The innermost scalars are a level of their own.
        if self.is_deeper(JSON_DEPTH_MAX + 1) {
            return Err(too_deep());
        }
        if self.has_long_name() {
            let message = "The JSON object contains a key name that is too long.".to_owned();
            return Err(Error { code: 3151, state: *b"22032", message });
        }
        Ok(())
    }

    fn has_long_name(&self) -> bool {
        match self {
            Tree::Array(elements) => elements.iter().any(Tree::has_long_name),
            Tree::Object(members) => {
                // The longest name is the last.
                members.0.last().is_some_and(|(name, _)| name.len() > JSON_NAME_BYTES_MAX)
                    || members.0.iter().any(|(_, value)| value.has_long_name())
            }
            _ => false,
        }
    }

    /// As a value of type JSON.
    ///
    /// # Errors
    /// 3157 when it is too deep, 3150 when it is too large, 3151.
    pub fn into_value(self) -> crate::Result<Value> {
        self.check()?;
        super::encode::encode(&self).map(Value::Json)
    }
}

/// Error 3157.
#[must_use]
pub fn too_deep() -> Error {
    Error { code: 3157, state: *b"22032", message: "The JSON document exceeds the maximum depth.".to_owned() }
}

/// Error 3144: bytes are no text to parse.
#[must_use]
pub fn binary_text() -> Error {
    let message = "Cannot create a JSON value from a string with CHARACTER SET 'binary'.";
    Error { code: 3144, state: *b"22032", message: message.to_owned() }
}
