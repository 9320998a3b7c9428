//! The first line of an HTTP request, and paths.

use std::fmt::Write;
use std::io::{self, BufRead, Read};

/// The head of a request is no longer.
const HEAD_BYTES_MAX: u64 = 16 * 1024;

/// What is asked for.
#[derive(Debug)]
pub struct Request {
    /// `GET`.
    pub method: String,
    /// As it was sent, without what follows a `?`.
    pub path: String,
}

/// Reads the head of a request; nothing, when it is none.
///
/// # Errors
/// When the connection fails.
pub fn read(from: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut head = from.take(HEAD_BYTES_MAX);
    let mut line = Vec::new();
    head.read_until(b'\n', &mut line)?;
    let first = line.clone();
    // A browser whose request is answered before it was read whole sees a reset connection.
    while !matches!(line.as_slice(), b"\r\n" | b"\n" | b"") {
        line.clear();
        head.read_until(b'\n', &mut line)?;
    }
    let Ok(first) = std::str::from_utf8(&first) else { return Ok(None) };
    let words: Vec<&str> = first.trim_end().split(' ').collect();
    let &[method, target, version] = words.as_slice() else { return Ok(None) };
    if !version.starts_with("HTTP/1.") {
        return Ok(None);
    }
    let path = target.split('?').next().unwrap_or_default();
    Ok(Some(Request { method: method.to_owned(), path: path.to_owned() }))
}

/// The parts of a path, decoded. Nothing, when one of them is not the name of a file that may be shown: `..`, hidden ones, or one with a
/// slash in it.
#[must_use]
pub fn parts(path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix('/')?;
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Some(Vec::new());
    }
    path.split('/').map(|part| decoded(part).filter(|part| is_name(part))).collect()
}

fn is_name(part: &str) -> bool {
    !part.is_empty() && !part.starts_with('.') && !part.contains(['/', '\\', '\0'])
}

fn decoded(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first != b'%' {
            bytes.push(*first);
            rest = after;
            continue;
        }
        let digits = std::str::from_utf8(after.get(..2)?).ok()?;
        // `from_str_radix` would take a sign.
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &after[2..];
    }
    String::from_utf8(bytes).ok()
}

/// A path of parts, as it is written in a URL.
#[must_use]
pub fn written(parts: &[String]) -> String {
    parts.iter().map(|part| format!("/{}", encoded(part))).collect()
}

/// One part of a path, as it is written in a URL; a slash at its end stays.
#[must_use]
pub fn encoded(part: &str) -> String {
    let mut encoded = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_decoded_and_written() {
        assert_eq!(parts("/"), Some(Vec::new()));
        assert_eq!(parts("/a%20b/c/"), Some(vec!["a b".to_owned(), "c".to_owned()]));
        assert_eq!(written(&["a b".to_owned(), "ü".to_owned()]), "/a%20b/%C3%BC");
        for refused in ["", "a", "/a//b", "/..", "/.git", "/%2", "/%+1", "/%zz", "/a%2fb"] {
            assert_eq!(parts(refused), None, "{refused}");
        }
    }

    #[test]
    fn a_head_that_never_ends_is_not_read_for_ever() {
        let endless = "GET / HTTP/1.1\r\n".to_owned() + &"x: y\r\n".repeat(100_000);
        let request = read(&mut endless.as_bytes()).expect("memory does not fail");
        assert_eq!(request.map(|request| request.path).as_deref(), Some("/"));
    }
}
