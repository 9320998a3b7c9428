//! Heads: sound ones, malformed ones, and a seeded fuzzer.

use super::answer::Status;
use super::request::{Method, Request, head_bytes};

fn parsed(head: &str) -> Result<Request<'_>, Status> {
    assert_eq!(head_bytes(head.as_bytes(), 0), Some(head.len()), "{head:?}");
    Request::parse(head.as_bytes()).map_err(|refusal| refusal.status)
}

fn get<'a>(path: &'a str, query: Option<&'a str>, keeps_alive: bool) -> Result<Request<'a>, Status> {
    Ok(Request { method: Method::Get, path, query, keeps_alive })
}

#[test]
fn sound_heads_are_understood() {
    assert_eq!(parsed("GET /primary HTTP/1.0\r\n\r\n"), get("/primary", None, false));
    assert_eq!(parsed("GET /primary HTTP/1.0\n\n"), get("/primary", None, false));
    assert_eq!(parsed("\r\nGET /x HTTP/1.0\r\n\r\n"), get("/x", None, false));
    assert_eq!(parsed("GET /x HTTP/1.0\r\nconnection: Keep-Alive\r\n\r\n"), get("/x", None, true));
    assert_eq!(parsed("GET /x HTTP/1.1\r\nHost: a\r\n\r\n"), get("/x", None, true));
    assert_eq!(parsed("GET /x HTTP/1.1\r\nhost:\r\nConnection: x, close\r\n\r\n"), get("/x", None, false));
    let lag = "GET /replica?lag=5s HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nX: \t y\r\n\r\n";
    assert_eq!(parsed(lag), get("/replica", Some("lag=5s"), true));
    assert_eq!(parsed("GET http://a:1/x?y HTTP/1.1\r\nHost: a\r\n\r\n"), get("/x", Some("y"), true));
    let method = |head| parsed(head).map(|request| (request.method, request.keeps_alive));
    assert_eq!(method("OPTIONS /x HTTP/1.0\r\n\r\n"), Ok((Method::Options, false)));
    assert_eq!(method("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n"), Ok((Method::Head, true)));
    assert_eq!(
        method("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"),
        Ok((Method::Other, false))
    );
}

#[test]
fn malformed_heads_are_refused() {
    for head in [
        "\n\n",
        "GET\r\n\r\n",
        "GET /x\r\n\r\n",
        "GET  /x HTTP/1.0\r\n\r\n",
        "GET /x HTTP/1.0 \r\n\r\n",
        " GET /x HTTP/1.0\r\n\r\n",
        "G(T /x HTTP/1.0\r\n\r\n",
        "GET x HTTP/1.0\r\n\r\n",
        "GET http://a HTTP/1.0\r\n\r\n",
        "GET /\u{e4} HTTP/1.0\r\n\r\n",
        "GET /\u{7f} HTTP/1.0\r\n\r\n",
        "GET /x http/1.0\r\n\r\n",
        "GET /x HTTP/1\r\n\r\n",
        "GET /x HTTP/1.1\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET /x HTTP/1.0\r\nno field\r\n\r\n",
        "GET /x HTTP/1.0\r\n: y\r\n\r\n",
        "GET /x HTTP/1.0\r\na : y\r\n\r\n",
        "GET /x HTTP/1.0\r\na: b\r\n folded\r\n\r\n",
        "GET /x HTTP/1.0\r\na: b\rc\r\n\r\n",
        "GET /x HTTP/1.0\r\na: \0\r\n\r\n",
        "GET /x HTTP/1.0\r\nContent-Length: 5\r\n\r\n",
        "GET /x HTTP/1.0\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n",
        "GET /x HTTP/1.0\r\nContent-Length: +0\r\n\r\n",
        "GET /x HTTP/1.0\r\nContent-Length:\r\n\r\n",
        "GET /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
    ] {
        assert_eq!(parsed(head), Err(Status::BadRequest), "{head:?}");
    }
    assert_eq!(parsed("GET /x HTTP/2.0\r\n\r\n"), Err(Status::VersionNotSupported));
    assert_eq!(Request::parse(b"GET /\xff HTTP/1.0\r\n\r\n").unwrap_err().status, Status::BadRequest);
}

#[test]
fn the_end_of_a_head_is_found_wherever_it_is_cut() {
    let head = b"GET /x HTTP/1.0\r\na: b\r\n\r\n";
    let two = [&head[..], head].concat();
    for cut in 0..head.len() {
        assert_eq!(head_bytes(&two[..cut], 0), None);
        assert_eq!(head_bytes(&two, cut), Some(head.len()), "searched {cut}");
    }
}

/// Sound heads with bytes changed, cut out and put in: nothing panics, and what is understood is what was sent.
#[test]
fn changed_heads_never_panic() {
    let mut state = 0x5eed_4ead_u64;
    let mut random = |bound: usize| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        ((state >> 33) as usize) % bound
    };
    let sound = [
        &b"GET /replica?lag=5s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"[..],
        b"OPTIONS /primary HTTP/1.0\r\n\r\n",
        b"HEAD http://h/read HTTP/1.1\nHost:\nContent-Length: 0\n\n",
    ];
    let mut understood = 0;
    for _ in 0..200_000 {
        let mut head = sound[random(sound.len())].to_vec();
        for _ in 0..=random(3) {
            let at = random(head.len());
            match random(4) {
                0 => head[at] = random(256) as u8,
                1 => head[at] ^= 1 << random(8),
                2 => drop(head.remove(at)),
                _ => head.insert(at, b"\r\n :/?"[random(6)]),
            }
        }
        if let Some(length) = head_bytes(&head, 0)
            && let Ok(request) = Request::parse(&head[..length])
        {
            assert!(request.path.starts_with('/') && !request.path.contains([' ', '\r', '\n', '?']));
            understood += 1;
        }
    }
    assert!((2_000..150_000).contains(&understood), "{understood}");
}
