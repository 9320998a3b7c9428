//! A small web server for the store: the list of runs, and the files of each.
//!
//! HTTP/1.1 with one request a connection, GET and HEAD only, a thread a connection up to [`CONNECTIONS_MAX`]. Nothing is ever written. Whatever a request
//! says, only files within the store are read: links are followed to where they lead, and what lies outside is not found.
//!
//! Left out: names and passwords, TLS, ranges. It is for the engineer at this machine, so it listens where it is told to, and that is loopback
//! unless told otherwise.

mod list;
mod request;

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::report::Error;
use crate::report::markup::{escaped, page};
use request::Request;

/// More connections than this at a time are closed at once.
pub const CONNECTIONS_MAX: usize = 32;
/// A client that does not say or take anything for this long is left.
const TIMEOUT: Duration = Duration::from_secs(10);
/// No folder's listing has more entries.
const ENTRIES_MAX: usize = 1_000;

/// What is sent back.
struct Response {
    status: &'static str,
    content_type: &'static str,
    /// A further header, for where to go instead.
    location: Option<String>,
    body: Body,
}

enum Body {
    Text(String),
    File(File, u64),
}

impl Response {
    fn html(status: &'static str, text: String) -> Response {
        Response { status, content_type: "text/html; charset=utf-8", location: None, body: Body::Text(text) }
    }

    fn refusal(status: &'static str) -> Response {
        Response::html(
            status,
            page(status, "", &format!("<h1>{status}</h1><p><a href=\"/\">all runs</a></p>")),
        )
    }
}

/// Shows a store until the process ends.
///
/// # Errors
/// When the store is not there, or its address is taken.
pub fn serve(store: &Path, address: SocketAddr) -> Result<(), Error> {
    let listener = TcpListener::bind(address).map_err(|error| Error::Listen { address, error })?;
    let address = listener.local_addr().map_err(|error| Error::Listen { address, error })?;
    let store = canonical(store)?;
    println!("{} is shown at http://{address}/", store.display());
    accept(&listener, &store);
    Ok(())
}

fn canonical(store: &Path) -> Result<PathBuf, Error> {
    store.canonicalize().map_err(|error| Error::File { path: store.to_owned(), error })
}

/// Takes connections until the listener fails for good.
fn accept(listener: &TcpListener, store: &Path) {
    let open = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        // A connection that was given up before it was taken is no reason to stop.
        let Ok(stream) = stream else { continue };
        if open.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS_MAX {
            open.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        let (store, open_here) = (store.to_owned(), Arc::clone(&open));
        let thread = std::thread::Builder::new().name("serve".into()).spawn(move || {
            // A browser that goes away while it is answered is no error of ours.
            let _ = converse(&stream, &store);
            open_here.fetch_sub(1, Ordering::Relaxed);
        });
        if thread.is_err() {
            open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

fn converse(stream: &TcpStream, store: &Path) -> io::Result<()> {
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let request = request::read(&mut BufReader::new(stream))?;
    let (response, is_head) = match &request {
        None => (Response::refusal("400 Bad Request"), false),
        Some(Request { method, .. }) if method != "GET" && method != "HEAD" => {
            (Response::refusal("405 Method Not Allowed"), false)
        }
        Some(Request { method, path }) => (answer(store, path), method == "HEAD"),
    };
    send(&mut &*stream, response, is_head)
}

fn send(to: &mut impl Write, response: Response, is_head: bool) -> io::Result<()> {
    let length = match &response.body {
        Body::Text(text) => text.len() as u64,
        Body::File(_, length) => *length,
    };
    let location = response.location.map(|path| format!("Location: {path}\r\n")).unwrap_or_default();
    // The pages have no scripts, so what a log or a value of a history says can be none.
    write!(
        to,
        "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {length}\r\n{location}Connection: close\r\n\
         Cache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n\
         Content-Security-Policy: default-src 'none'; img-src 'self'; style-src 'unsafe-inline'\r\n\r\n",
        response.status, response.content_type
    )?;
    if !is_head {
        match response.body {
            Body::Text(text) => to.write_all(text.as_bytes())?,
            Body::File(file, length) => {
                io::copy(&mut file.take(length), to)?;
            }
        }
    }
    to.flush()
}

/// What there is at a path, given by its parts.
fn answer(store: &Path, path: &str) -> Response {
    let Some(parts) = request::parts(path) else { return Response::refusal("404 Not Found") };
    if parts.is_empty() {
        return Response::html("200 OK", list::html(store));
    }
    let asked = parts.iter().fold(store.to_owned(), |folder, part| folder.join(part));
    let found = asked.canonicalize().ok().filter(|found| found.starts_with(store));
    let Some(found) = found else { return Response::refusal("404 Not Found") };
    if !found.is_dir() {
        return file(&found);
    }
    if !path.ends_with('/') {
        // The links of a page are from its folder.
        let mut response = Response::refusal("301 Moved Permanently");
        response.location = Some(format!("{}/", request::written(&parts)));
        return response;
    }
    let index = found.join("index.html");
    if index.is_file() { file(&index) } else { Response::html("200 OK", entries(&found, &parts)) }
}

fn file(path: &Path) -> Response {
    let opened = File::open(path).and_then(|file| file.metadata().map(|metadata| (file, metadata)));
    match opened {
        Ok((file, metadata)) if metadata.is_file() => Response {
            status: "200 OK",
            content_type: content_type(path),
            location: None,
            body: Body::File(file, metadata.len()),
        },
        _ => Response::refusal("404 Not Found"),
    }
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        _ => "text/plain; charset=utf-8",
    }
}

/// A folder without a page of its own.
fn entries(folder: &Path, parts: &[String]) -> String {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            Some(if entry.path().is_dir() { name + "/" } else { name })
        })
        .filter(|name| !name.starts_with('.'))
        .take(ENTRIES_MAX)
        .collect();
    names.sort_unstable();
    let mut body = format!("<p><a href=\"/\">all runs</a></p><h1>{}</h1>\n<ul>\n", escaped(&parts.join("/")));
    for name in names {
        body.push_str(&format!("<li><a href=\"{}\">{}</a></li>\n", request::encoded(&name), escaped(&name)));
    }
    body.push_str("</ul>\n");
    page(&parts.join("/"), "", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a server of a store answers.
    fn get(store: &Path, line: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let mut client = TcpStream::connect(address).expect("a connection");
        client.write_all(format!("{line}\r\nHost: x\r\n\r\n").as_bytes()).expect("a request is sent");
        let (stream, _) = listener.accept().expect("it arrives");
        converse(&stream, &store.canonicalize().expect("the store is there")).expect("it is answered");
        drop(stream);
        let mut text = String::new();
        client.read_to_string(&mut text).expect("an answer");
        text
    }

    fn store() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let run = folder.path().join("store/append/20261122T090507Z-7");
        fs::create_dir_all(&run).expect("the run's folder");
        fs::write(folder.path().join("secret"), "outside").expect("a file beside the store");
        fs::write(run.join("index.html"), "the run").expect("its page");
        fs::write(
            run.join("results.json"),
            r#"{"valid?":false,"run":{"workload":"append","nemesis":"<kill>"}}"#,
        )
        .expect("its results");
        std::os::unix::fs::symlink("append/20261122T090507Z-7", folder.path().join("store/latest"))
            .expect("a link");
        std::os::unix::fs::symlink("../secret", folder.path().join("store/leak")).expect("a link");
        folder
    }

    #[test]
    fn runs_are_listed_and_shown() {
        let folder = store();
        let store = folder.path().join("store");
        let list = get(&store, "GET / HTTP/1.1");
        assert!(
            list.contains("href=\"/append/20261122T090507Z-7/\"") && list.contains("v invalid"),
            "{list}"
        );
        assert!(list.contains("&lt;kill&gt;"), "{list}");
        assert!(get(&store, "GET /latest/ HTTP/1.1").ends_with("\r\n\r\nthe run"));
        let head = get(&store, "HEAD /latest/index.html HTTP/1.1");
        assert!(head.contains("Content-Length: 7\r\n") && head.ends_with("\r\n\r\n"), "{head}");
        assert!(get(&store, "GET /latest?x=1 HTTP/1.1").contains("Location: /latest/\r\n"));
        assert!(get(&store, "GET /append/ HTTP/1.1").contains("href=\"20261122T090507Z-7/\""));
    }

    #[test]
    fn nothing_outside_of_the_store_is_shown() {
        let folder = store();
        let store = folder.path().join("store");
        let asked = [
            "/../secret",
            "/%2e%2e/secret",
            "/..%2fsecret",
            "/append/../../secret",
            "/leak",
            "//secret",
            "/%00",
            "/%ff",
            "/append/./",
            "secret",
            "/latest/index.html/x",
        ];
        for path in asked {
            let answer = get(&store, &format!("GET {path} HTTP/1.1"));
            assert!(answer.starts_with("HTTP/1.1 40"), "{path}: {answer}");
            assert!(!answer.contains("outside"), "{path}: {answer}");
        }
        assert!(get(&store, "POST / HTTP/1.1").starts_with("HTTP/1.1 405"));
        assert!(get(&store, "nonsense").starts_with("HTTP/1.1 400"));
    }
}
