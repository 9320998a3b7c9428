//! Two TCP connections as one: what comes on either goes out on the other.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

/// Bytes passed on at once.
const CHUNK_BYTES: usize = 64 << 10;

/// Passes bytes on in both directions until one end is gone.
pub fn relay(left: &TcpStream, right: &TcpStream) {
    for stream in [left, right] {
        let _ = stream.set_nodelay(true);
    }
    std::thread::scope(|scope| {
        scope.spawn(|| pass(left, right));
        pass(right, left);
    });
}

fn pass(mut from: &TcpStream, mut to: &TcpStream) {
    let mut chunk = vec![0; CHUNK_BYTES];
    while let Ok(length) = from.read(&mut chunk) {
        if length == 0 || to.write_all(&chunk[..length]).is_err() {
            break;
        }
    }
    // Whichever end went: the other hears of it.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
