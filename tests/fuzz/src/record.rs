//! A relay that writes down what clients send, a file a connection.
//!
//! Only plain connections: what is encrypted or compressed cannot be read, and such a connection is not written.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use wire::mysql::packet::PacketReader;

use crate::corpus::{Sent, Session};

/// How long the relay waits for a further connection after the first.
const IDLE_MAX: Duration = Duration::from_secs(3);
/// The largest packet that is written down; larger ones say nothing more.
const PAYLOAD_BYTES_MAX: usize = 8 << 10;

/// Relays every connection to `server` until none has come for some seconds; the sessions, in order.
///
/// # Errors
/// When nothing can be listened on or the server cannot be reached.
pub fn relay(listener: &TcpListener, server: &str, name: &str) -> io::Result<Vec<Session>> {
    listener.set_nonblocking(true)?;
    let mut threads = Vec::new();
    let mut last = std::time::Instant::now();
    while threads.is_empty() || last.elapsed() < IDLE_MAX {
        match listener.accept() {
            Ok((client, _)) => {
                client.set_nonblocking(false)?;
                let server = TcpStream::connect(server)?;
                threads.push(std::thread::spawn(move || one(client, server)));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                std::thread::sleep(Duration::from_millis(5));
                if threads.iter().any(|thread| !thread.is_finished()) {
                    last = std::time::Instant::now();
                }
            }
            Err(error) => return Err(error),
        }
    }
    let recorded = threads.into_iter().filter_map(|thread| thread.join().unwrap());
    let named =
        recorded.enumerate().filter_map(|(number, bytes)| session(&format!("{name}-{number}"), &bytes));
    Ok(named.collect())
}

/// Writes sessions into a folder.
///
/// # Errors
/// When a file cannot be written.
pub fn write(sessions: &[Session], folder: &Path) -> io::Result<()> {
    for session in sessions {
        std::fs::write(folder.join(format!("{}.session", session.name)), session.to_text())?;
    }
    Ok(())
}

/// Passes both directions on; what the client sent.
fn one(client: TcpStream, server: TcpStream) -> Option<Vec<u8>> {
    let (mut to_client, mut from_server) = (client.try_clone().ok()?, server.try_clone().ok()?);
    let answers = std::thread::spawn(move || {
        let _ = io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let (mut from_client, mut to_server) = (client, server);
    let mut sent = Vec::new();
    let mut chunk = [0; 1 << 16];
    while let Ok(count @ 1..) = from_client.read(&mut chunk) {
        sent.extend_from_slice(&chunk[..count]);
        if to_server.write_all(&chunk[..count]).is_err() {
            break;
        }
    }
    let _ = to_server.shutdown(Shutdown::Both);
    let _ = answers.join();
    Some(sent)
}

/// The packets of what a client sent; none if it is no plain session with a command.
fn session(name: &str, bytes: &[u8]) -> Option<Session> {
    let mut reader = PacketReader::new(64 << 20);
    let mut packets = Vec::new();
    let mut rest = bytes;
    // A command's number is 0, and what answers a question of the server has the number after the server's: as the bytes say.
    while let Some((header, behind)) = rest.split_first_chunk::<4>() {
        let length = usize::from(header[0]) | usize::from(header[1]) << 8 | usize::from(header[2]) << 16;
        if behind.len() < length {
            break;
        }
        reader.set_sequence_next(header[3]);
        reader.buffer_mut().extend_from_slice(&rest[..4 + length]);
        if let Ok(Some(packet)) = reader.next()
            && packet.payload.len() <= PAYLOAD_BYTES_MAX
        {
            packets.push(Sent { sequence: packet.sequence, payload: packet.payload.to_vec() });
        }
        rest = &behind[length..];
    }
    let is_plain = packets.first().is_some_and(|hello| hello.sequence == 1 && hello.payload.len() > 32);
    if !is_plain || packets.len() < 2 {
        return None;
    }
    let hello = packets.remove(0).payload;
    packets.dedup();
    Some(Session { name: name.to_owned(), hello, packets })
}
