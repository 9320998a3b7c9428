//! A client for the health checks, as plain as a load balancer's.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code; 0: the connection was closed without an answer.
    pub status: u16,
    /// Everything before the body.
    pub head: String,
    /// The body.
    pub body: String,
}

/// Sends these bytes and takes what comes until the other side closes.
///
/// # Errors
/// When nobody listens, or nothing comes and nothing is closed for long.
pub fn exchange(address: &str, request: &[u8]) -> io::Result<Answer> {
    let mut stream = connect(address)?;
    // Who refuses what comes may close before all of it is there.
    let _ = stream.write_all(request);
    take(&mut stream)
}

/// A connection.
///
/// # Errors
/// When nobody listens.
pub fn connect(address: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    Ok(stream)
}

/// Takes what comes until the other side closes.
///
/// # Errors
/// When nothing comes and nothing is closed for long.
pub fn take(stream: &mut TcpStream) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(error) if error.kind() != io::ErrorKind::ConnectionReset => return Err(error),
        Ok(_) | Err(_) => {}
    }
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    Ok(Answer { status, head: head.into(), body: body.into() })
}

/// Asks for a path as HAProxy does by default. Nobody listens: status 0.
///
/// # Panics
/// When nothing comes and nothing is closed for long.
#[must_use]
pub fn get(address: &str, path: &str) -> Answer {
    match exchange(address, format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()) {
        Ok(answer) => answer,
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Answer { status: 0, head: String::new(), body: String::new() }
        }
        Err(error) => panic!("GET {path} of {address}: {error}"),
    }
}
