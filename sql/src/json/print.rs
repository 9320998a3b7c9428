//! Documents as text, as MySQL prints them.

use crate::json::tree::field_type;
use crate::json::view::{Node, View};
use crate::types::number::{write_double, write_integer, write_unsigned};

/// Appends the text of a node: `", "` and `": "` between.
pub fn print(view: View<'_>, out: &mut Vec<u8>) {
    match view.node() {
        Node::Array(array) => {
            out.push(b'[');
            for (position, element) in array.iter().enumerate() {
                if position > 0 {
                    out.extend_from_slice(b", ");
                }
                print(element, out);
            }
            out.push(b']');
        }
        Node::Object(object) => {
            out.push(b'{');
            for (position, (name, value)) in object.iter().enumerate() {
                if position > 0 {
                    out.extend_from_slice(b", ");
                }
                quote(name, out);
                out.extend_from_slice(b": ");
                print(value, out);
            }
            out.push(b'}');
        }
        scalar => print_scalar(&scalar, out),
    }
}

/// Appends the text of a node, a line an element, indented by two spaces a level: JSON_PRETTY.
pub fn pretty(view: View<'_>, level: usize, out: &mut Vec<u8>) {
    let line = |level: usize, out: &mut Vec<u8>| {
        out.push(b'\n');
        out.resize(out.len() + 2 * level, b' ');
    };
    match view.node() {
        Node::Array(array) if !array.is_empty() => {
            out.push(b'[');
            for (position, element) in array.iter().enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                line(level + 1, out);
                pretty(element, level + 1, out);
            }
            line(level, out);
            out.push(b']');
        }
        Node::Object(object) if !object.is_empty() => {
            out.push(b'{');
            for (position, (name, value)) in object.iter().enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                line(level + 1, out);
                quote(name, out);
                out.extend_from_slice(b": ");
                pretty(value, level + 1, out);
            }
            line(level, out);
            out.push(b'}');
        }
        _ => print(view, out),
    }
}

/// Appends the text of a string without its quotes, of anything else as [`print()`]: JSON_UNQUOTE of a document.
pub fn print_unquoted(view: View<'_>, out: &mut Vec<u8>) {
    match view.node() {
        Node::Text(text) => out.extend_from_slice(text.as_bytes()),
        Node::Array(_) | Node::Object(_) => print(view, out),
        Node::Opaque(kind, bytes) => print_opaque(kind, bytes, b"\n", out),
        scalar => {
            let start = out.len();
            print_scalar(&scalar, out);
            if out.get(start) == Some(&b'"') {
                // Dates and opaque values: nothing in their text is escaped.
                out.remove(start);
                out.pop();
            }
        }
    }
}

fn print_scalar(node: &Node<'_>, out: &mut Vec<u8>) {
    let quoted = |out: &mut Vec<u8>, write: &dyn Fn(&mut Vec<u8>)| {
        out.push(b'"');
        write(out);
        out.push(b'"');
    };
    match node {
        Node::Null => out.extend_from_slice(b"null"),
        Node::Bool(true) => out.extend_from_slice(b"true"),
        Node::Bool(false) => out.extend_from_slice(b"false"),
        Node::Int(number) => write_integer(*number, out),
        Node::UInt(number) => write_unsigned(*number, out),
        Node::Double(number) => print_double(*number, out),
        Node::Decimal(number) => number.write(out),
        Node::Text(text) => quote(text, out),
        Node::Date(date) => quoted(out, &|out| date.write(out)),
        Node::Time(time) => quoted(out, &|out| time.write(6, out)),
        Node::DateTime(datetime) => quoted(out, &|out| datetime.write(6, out)),
        Node::Opaque(field_type, bytes) => quoted(out, &|out| print_opaque(*field_type, bytes, b"\\n", out)),
        // Containers are printed by the caller.
        Node::Array(_) => out.extend_from_slice(b"[]"),
        Node::Object(_) => out.extend_from_slice(b"{}"),
    }
}

/// A double is seen to be one: `1.0`.
fn print_double(number: f64, out: &mut Vec<u8>) {
    let start = out.len();
    write_double(number, out);
    if number == 0.0 && number.is_sign_negative() && out.get(start) != Some(&b'-') {
        out.insert(start, b'-');
    }
    if out[start..].iter().all(|byte| byte.is_ascii_digit() || *byte == b'-') {
        out.extend_from_slice(b".0");
    }
}

fn print_opaque(kind: u8, bytes: &[u8], line_break: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out.extend_from_slice(b"base64:type");
    write_unsigned(u64::from(kind), out);
    out.push(b':');
    for (number, three) in bytes.chunks(3).enumerate() {
        // A line is 76 digits long.
        if number > 0 && number % 19 == 0 {
            out.extend_from_slice(line_break);
        }
        let bits =
            three.iter().enumerate().fold(0_u32, |bits, (at, byte)| bits | u32::from(*byte) << (16 - 8 * at));
        for digit in 0..4 {
            out.push(if digit > three.len() {
                b'='
            } else {
                DIGITS[(bits >> (18 - 6 * digit)) as usize & 63]
            });
        }
    }
}

/// Appends a text in double quotes, with what JSON escapes.
pub fn quote(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        let escaped = match byte {
            b'"' | b'\\' => byte,
            8 => b'b',
            12 => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0..=0x1f => {
                out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
                continue;
            }
            _ => {
                out.push(byte);
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', escaped]);
    }
    out.push(b'"');
}

/// JSON_TYPE's name of a node.
#[must_use]
pub fn type_name(view: View<'_>) -> &'static str {
    match view.node() {
        Node::Null => "NULL",
        Node::Bool(_) => "BOOLEAN",
        Node::Int(_) => "INTEGER",
        Node::UInt(_) => "UNSIGNED INTEGER",
        Node::Double(_) => "DOUBLE",
        Node::Decimal(_) => "DECIMAL",
        Node::Text(_) => "STRING",
        Node::Array(_) => "ARRAY",
        Node::Object(_) => "OBJECT",
        Node::Date(_) => "DATE",
        Node::Time(_) => "TIME",
        Node::DateTime(_) => "DATETIME",
        Node::Opaque(field_type::BIT, _) => "BIT",
        Node::Opaque(..) => "BLOB",
    }
}
