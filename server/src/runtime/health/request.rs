//! The head of an HTTP/1.0 or HTTP/1.1 request (RFC 9112), read strictly: what could be understood in two ways is refused.
//!
//! Left out: bodies, which no check has: a request with one is refused and its connection closed.

use super::answer::{Refusal, Status};

/// What may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    /// As GET, answered without the body.
    Head,
    /// As GET, answered with the status alone.
    Options,
    /// Any other: refused.
    Other,
}

/// A head.
#[derive(Debug, PartialEq, Eq)]
pub struct Request<'a> {
    pub method: Method,
    /// From the first slash to the question mark, as it was sent.
    pub path: &'a str,
    /// What is behind the question mark.
    pub query: Option<&'a str>,
    /// Whether another request may follow on the connection.
    pub keeps_alive: bool,
}

/// Length of the head at the beginning of `bytes`, with the empty line that ends it; none: it is not whole. The first `searched` bytes were
/// looked at before.
pub fn head_bytes(bytes: &[u8], searched: usize) -> Option<usize> {
    let from = searched.saturating_sub(3);
    let rest = &bytes[from..];
    let long = rest.windows(3).position(|three| three == b"\n\r\n").map(|at| from + at + 3);
    let short = rest.windows(2).position(|two| two == b"\n\n").map(|at| from + at + 2);
    match (long, short) {
        (Some(long), Some(short)) => Some(long.min(short)),
        (found, None) | (None, found) => found,
    }
}

fn malformed(what: &'static str) -> Refusal {
    Refusal { status: Status::BadRequest, what }
}

impl<'a> Request<'a> {
    /// Reads a whole head.
    ///
    /// # Errors
    /// What is wrong with it, as it is to be answered.
    pub fn parse(head: &'a [u8]) -> Result<Request<'a>, Refusal> {
        let text = std::str::from_utf8(head).map_err(|_| malformed("the head is not text"))?;
        // Some clients send an empty line behind what came before.
        let text = text.strip_prefix("\r\n").or(text.strip_prefix('\n')).unwrap_or(text);
        let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        let mut words = lines.next().unwrap_or_default().split(' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(malformed("the first line is not METHOD PATH HTTP/1.1"));
        };
        let method = parse_method(method)?;
        let is_old = parse_version(version)?;
        let fields = Fields::parse(lines)?;
        if !is_old && fields.host_count == 0 {
            return Err(malformed("a request of HTTP/1.1 needs a field Host"));
        }
        if fields.has_body && method != Method::Other {
            return Err(malformed("a health check has no body"));
        }
        let (path, query) = parse_target(target)?;
        let keeps_alive = if is_old { fields.says_keep_alive } else { !fields.says_close };
        // What follows may be a body.
        let keeps_alive = keeps_alive && !fields.has_body && method != Method::Other;
        Ok(Request { method, path, query, keeps_alive })
    }

    /// What is needed of it once it is answered: the method, and whether another may follow.
    pub fn to_owned_parts(&self) -> (Method, bool) {
        (self.method, self.keeps_alive)
    }
}

/// Letters, digits and some signs (RFC 9110, 5.6.2).
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn parse_method(text: &str) -> Result<Method, Refusal> {
    match text {
        "GET" => Ok(Method::Get),
        "HEAD" => Ok(Method::Head),
        "OPTIONS" => Ok(Method::Options),
        other if is_token(other) => Ok(Method::Other),
        _ => Err(malformed("the method is no name")),
    }
}

/// Whether it is HTTP/1.0.
fn parse_version(text: &str) -> Result<bool, Refusal> {
    match text {
        "HTTP/1.0" => Ok(true),
        "HTTP/1.1" => Ok(false),
        _ if text.strip_prefix("HTTP/").is_some_and(is_number_pair) => Err(Refusal {
            status: Status::VersionNotSupported,
            what: "HTTP/1.0 and HTTP/1.1 are spoken here",
        }),
        _ => Err(malformed("the first line does not end with HTTP/1.0 or HTTP/1.1")),
    }
}

fn is_number_pair(text: &str) -> bool {
    matches!(text.as_bytes(), [major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit())
}

/// Path and query, of `/path?query` or of `http://host/path?query`.
fn parse_target(text: &str) -> Result<(&str, Option<&str>), Refusal> {
    let is_sound = text.bytes().all(|byte| byte.is_ascii_graphic());
    let path = match text.strip_prefix("http://") {
        Some(rest) => rest.find('/').map(|slash| &rest[slash..]),
        None => Some(text),
    };
    match path {
        Some(path) if is_sound && path.starts_with('/') => {
            Ok(path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query))))
        }
        _ => Err(malformed("the path does not begin with a slash")),
    }
}

/// What is looked at of the fields.
#[derive(Default)]
struct Fields {
    host_count: u32,
    says_close: bool,
    says_keep_alive: bool,
    has_body: bool,
}

impl Fields {
    fn parse<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Fields, Refusal> {
        let mut fields = Fields::default();
        for line in lines.take_while(|line| !line.is_empty()) {
            let Some((name, value)) = line.split_once(':').filter(|(name, _)| is_token(name)) else {
                return Err(malformed("a field is not NAME: VALUE"));
            };
            if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
                return Err(malformed("a field holds a control character"));
            }
            fields.take(name, value.trim_matches([' ', '\t']))?;
        }
        Ok(fields)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        if name.eq_ignore_ascii_case("host") {
            self.host_count += 1;
            if self.host_count > 1 {
                return Err(malformed("there are two fields Host"));
            }
        } else if name.eq_ignore_ascii_case("connection") {
            let says = |word: &str| value.split(',').any(|one| one.trim().eq_ignore_ascii_case(word));
            self.says_close |= says("close");
            self.says_keep_alive |= says("keep-alive");
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            self.has_body = true;
        } else if name.eq_ignore_ascii_case("content-length") {
            if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(malformed("Content-Length is no number"));
            }
            self.has_body |= value.bytes().any(|digit| digit != b'0');
        }
        Ok(())
    }
}
