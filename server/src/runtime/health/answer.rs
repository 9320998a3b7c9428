//! What each path asks, and answers as bytes.
//!
//! | path | 200 when this node |
//! |---|---|
//! | `/primary`, `/leader`, `/master` | leads, is open for writes, and holds its lease |
//! | `/replica[?lag=…]` | follows a known leader, as a voter or a learner, with data at most that old |
//! | `/read[?lag=…]` | is one or the other |
//! | `/health` | works: its threads run |
//! | `/ready` | serves statements: its tables are here |
//!
//! Else 503. `lag` is a time: `5s`, `500ms`, or seconds. The body is a [`Report`] as JSON.

use std::time::Duration;

use serde::Serialize;

use super::request::{Method, Request};
use crate::limits::FRESHNESS_INTERVAL;
use crate::node::Node;
use crate::node::health::{Check, Report};

/// The methods that are answered.
const ALLOW: &str = "GET, HEAD, OPTIONS";
/// No shorter lag is asked for: it would come and go between two looks at the leader.
const LAG_MIN: Duration = Duration::from_millis(2 * FRESHNESS_INTERVAL.as_millis() as u64);

/// HTTP's status codes that are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Ok,
    BadRequest,
    NotFound,
    MethodNotAllowed,
    Timeout,
    HeadTooLarge,
    Unavailable,
    VersionNotSupported,
}

impl Status {
    fn line(self) -> &'static str {
        match self {
            Status::Ok => "200 OK",
            Status::BadRequest => "400 Bad Request",
            Status::NotFound => "404 Not Found",
            Status::MethodNotAllowed => "405 Method Not Allowed",
            Status::Timeout => "408 Request Timeout",
            Status::HeadTooLarge => "431 Request Header Fields Too Large",
            Status::Unavailable => "503 Service Unavailable",
            Status::VersionNotSupported => "505 HTTP Version Not Supported",
        }
    }
}

/// A request that is not answered, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: Status,
    pub what: &'static str,
}

/// The body of a refusal.
#[derive(Serialize)]
struct Refused<'a> {
    ok: bool,
    reason: &'a str,
}

/// An answer, before it is known how much of it is sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    status: Status,
    body: String,
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Answer {
        Answer::refusal(refusal.status, refusal.what)
    }
}

impl Answer {
    pub fn refusal(status: Status, reason: &str) -> Answer {
        Answer { status, body: json(&Refused { ok: false, reason }) }
    }

    fn report(report: &Report) -> Answer {
        Answer { status: if report.ok { Status::Ok } else { Status::Unavailable }, body: json(report) }
    }

    /// As it is sent to a request of this method (none: it could not be read); `goes_on`: another request may follow.
    pub fn bytes(&self, method: Option<Method>, goes_on: bool) -> Vec<u8> {
        let length = if method == Some(Method::Options) { 0 } else { self.body.len() };
        let connection = if goes_on { "keep-alive" } else { "close" };
        let allow = match (self.status, method) {
            (Status::MethodNotAllowed, _) | (_, Some(Method::Options)) => format!("Allow: {ALLOW}\r\n"),
            _ => String::new(),
        };
        let mut bytes = format!(
            "HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{allow}Cache-Control: no-store\r\n\
             Connection: {connection}\r\n\r\n",
            self.status.line()
        )
        .into_bytes();
        if matches!(method, None | Some(Method::Get | Method::Other)) {
            bytes.extend_from_slice(self.body.as_bytes());
        }
        bytes
    }
}

fn json(value: &impl Serialize) -> String {
    // Numbers, texts and truth values always can be written.
    serde_json::to_string(value).unwrap_or_default() + "\n"
}

/// Answers a request.
pub fn answer(node: &Node, request: &Request<'_>) -> Answer {
    if request.method == Method::Other {
        return Answer::refusal(Status::MethodNotAllowed, "the methods here are GET, HEAD and OPTIONS");
    }
    match check(request.path, request.query) {
        Ok(check) => Answer::report(&node.health(check)),
        Err(refusal) => refusal.into(),
    }
}

/// What a path asks.
fn check(path: &str, query: Option<&str>) -> Result<Check, Refusal> {
    let check = match path {
        "/primary" | "/leader" | "/master" => Check::Primary,
        "/replica" => return Ok(Check::Replica(lag(query)?)),
        "/read" => return Ok(Check::Read(lag(query)?)),
        "/health" => Check::Health,
        "/ready" => Check::Ready,
        _ => {
            let what = "the paths here are /primary, /replica, /read, /health and /ready";
            return Err(Refusal { status: Status::NotFound, what });
        }
    };
    match query {
        None | Some("") => Ok(check),
        Some(_) => Err(bad("only /replica and /read take a parameter: lag")),
    }
}

fn bad(what: &'static str) -> Refusal {
    Refusal { status: Status::BadRequest, what }
}

/// `lag=5s`, `lag=500ms`, `lag=5`; none: it is not asked for.
fn lag(query: Option<&str>) -> Result<Option<Duration>, Refusal> {
    let Some(query) = query.filter(|query| !query.is_empty()) else { return Ok(None) };
    let text = query.strip_prefix("lag=").ok_or(bad("the only parameter here is lag, as in lag=5s"))?;
    let (digits, unit_ms) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(digits), _) => (digits, 1),
        (None, Some(digits)) => (digits, 1_000),
        (None, None) => (text, 1_000),
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let milliseconds =
        digits.parse::<u64>().ok().filter(|_| is_number).and_then(|count| count.checked_mul(unit_ms));
    let lag = milliseconds
        .map(Duration::from_millis)
        .ok_or(bad("lag is a time: 5s, 500ms, or a number of seconds"))?;
    if lag < LAG_MIN {
        return Err(bad("lag is at least 200ms: less cannot be told"));
    }
    Ok(Some(lag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_their_parameters() {
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(check("/primary", None), Ok(Check::Primary));
        assert_eq!(check("/master", Some("")), Ok(Check::Primary));
        assert_eq!(check("/replica", None), Ok(Check::Replica(None)));
        assert_eq!(check("/replica", Some("lag=5s")), Ok(Check::Replica(ms(5_000))));
        assert_eq!(check("/replica", Some("lag=500ms")), Ok(Check::Replica(ms(500))));
        assert_eq!(check("/read", Some("lag=7")), Ok(Check::Read(ms(7_000))));
        assert_eq!(check("/health", None), Ok(Check::Health));
        let refused = |path, query| check(path, query).unwrap_err().status;
        for path in ["/", "", "/Primary", "/primary/", "/replica/x", "//health", "/%70rimary"] {
            assert_eq!(refused(path, None), Status::NotFound, "{path}");
        }
        assert_eq!(refused("/primary", Some("lag=5s")), Status::BadRequest);
        for query in [
            "lag",
            "lag=",
            "lag=ms",
            "lag=s",
            "lag=-1",
            "lag=+1",
            "lag=1.5s",
            "lag=5MB",
            "lag=1s&x=1",
            "x=1",
            "lag=18446744073709551616",
            "lag=18446744073709551615s",
            "lag=0",
            "lag=199ms",
            "lag= 5",
        ] {
            assert_eq!(refused("/replica", Some(query)), Status::BadRequest, "{query}");
        }
    }

    #[test]
    fn the_shortest_lag_is_the_one_that_is_named() {
        assert_eq!(LAG_MIN.as_millis(), 200);
    }

    #[test]
    fn each_method_gets_its_part_of_the_answer() {
        let answer = Answer::refusal(Status::NotFound, "no");
        let text = |method, goes_on| String::from_utf8(answer.bytes(method, goes_on)).unwrap();
        let get = text(Some(Method::Get), true);
        assert!(get.starts_with("HTTP/1.1 404 Not Found\r\n") && get.contains("Connection: keep-alive\r\n"));
        assert!(get.ends_with("\r\n\r\n{\"ok\":false,\"reason\":\"no\"}\n"), "{get}");
        let head = text(Some(Method::Head), false);
        assert!(head.contains("Content-Length: 27\r\n") && head.ends_with("\r\n\r\n"), "{head}");
        let options = text(Some(Method::Options), false);
        assert!(options.contains("Content-Length: 0\r\nAllow: GET, HEAD, OPTIONS\r\n"), "{options}");
        assert!(options.ends_with("Connection: close\r\n\r\n"), "{options}");
    }
}
