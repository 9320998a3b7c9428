//! Values in EDN, the notation of Jepsen's histories.
//!
//! Left out of what EDN has: characters, ratios and big numbers, which no history of ours holds.

mod reader;

pub use reader::Error;

use std::fmt::{self, Display, Formatter};

/// A value.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// `nil`.
    Nil,
    /// `true`, `false`.
    Bool(bool),
    /// `42`.
    Integer(i64),
    /// `1.5`.
    Float(f64),
    /// `"text"`.
    String(String),
    /// `:name`, without the colon.
    Keyword(String),
    /// `name`.
    Symbol(String),
    /// `[1 2]`.
    Vector(Vec<Value>),
    /// `(1 2)`.
    List(Vec<Value>),
    /// `#{1 2}`, in the order written.
    Set(Vec<Value>),
    /// `{:a 1}`, in the order written.
    Map(Vec<(Value, Value)>),
    /// `#tag value`.
    Tagged(String, Box<Value>),
}

impl Value {
    /// The keyword of this name.
    #[must_use]
    pub fn keyword(name: &str) -> Value {
        Value::Keyword(name.to_owned())
    }

    /// The value of the keyword `name` in a map.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let Value::Map(pairs) = self else { return None };
        pairs
            .iter()
            .find(|(key, _)| matches!(key, Value::Keyword(key) if key == name))
            .map(|(_, value)| value)
    }

    /// The number, when it is an integer.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        if let Value::Integer(number) = self { Some(*number) } else { None }
    }

    /// The name that a keyword or symbol is, or the text of a string: JSON has no other form for a keyword.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Value::Keyword(name) | Value::Symbol(name) | Value::String(name) => Some(name),
            Value::Nil
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Vector(_)
            | Value::List(_)
            | Value::Set(_)
            | Value::Map(_)
            | Value::Tagged(..) => None,
        }
    }

    /// The elements of a vector, list or set.
    #[must_use]
    pub fn elements(&self) -> Option<&[Value]> {
        match self {
            Value::Vector(values) | Value::List(values) | Value::Set(values) => Some(values),
            Value::Nil
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::String(_)
            | Value::Keyword(_)
            | Value::Symbol(_)
            | Value::Map(_)
            | Value::Tagged(..) => None,
        }
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Integer(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::String(text.to_owned())
    }
}

fn sequence(f: &mut Formatter<'_>, open: &str, values: &[Value], close: &str) -> fmt::Result {
    f.write_str(open)?;
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            f.write_str(" ")?;
        }
        Display::fmt(value, f)?;
    }
    f.write_str(close)
}

fn text(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for character in text.chars() {
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            other => write!(f, "{other}")?,
        }
    }
    f.write_str("\"")
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Value::Nil => f.write_str("nil"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Integer(value) => write!(f, "{value}"),
            Value::Float(value) if value.is_nan() => f.write_str("##NaN"),
            Value::Float(value) if value.is_infinite() => {
                f.write_str(if *value > 0.0 { "##Inf" } else { "##-Inf" })
            }
            Value::Float(value) => write!(f, "{value:?}"),
            Value::String(value) => text(f, value),
            Value::Keyword(value) => write!(f, ":{value}"),
            Value::Symbol(value) => f.write_str(value),
            Value::Vector(values) => sequence(f, "[", values, "]"),
            Value::List(values) => sequence(f, "(", values, ")"),
            Value::Set(values) => sequence(f, "#{", values, "}"),
            Value::Map(pairs) => {
                f.write_str("{")?;
                for (at, (key, value)) in pairs.iter().enumerate() {
                    write!(f, "{}{key} {value}", if at > 0 { ", " } else { "" })?;
                }
                f.write_str("}")
            }
            Value::Tagged(tag, value) => write!(f, "#{tag} {value}"),
        }
    }
}
