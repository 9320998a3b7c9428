//! A client's bytes in and out: in the clear, or through TLS from the moment that the client asked for it.
//!
//! A reply is one write to the socket either way; a reply of more than 64 KiB is one for each so much of it when it is encrypted. Reading can
//! be given up at any await, and goes on where it was. A write that was given up has left part of a packet, so that nothing can follow it.
//!
//! Left out: taking sessions up again (tickets), which spares a client that connects often part of a handshake.

use std::future::poll_fn;
use std::io::{self, BufRead as _, IoSlice, Write};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use rustls::{Connection, ProtocolVersion, ServerConfig, ServerConnection, SupportedCipherSuite};
use tokio::io::{AsyncRead as _, AsyncReadExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::forward::message::Event;
use crate::limits::{CLIENT_TLS_READ_BYTES, CLIENT_WRITE_TIMEOUT};
use crate::node::process::Encryption;

/// Where a client's bytes come from and go to.
pub enum Channel {
    /// Its socket.
    Socket(Wire),
    /// The client of another node, whose statements are run here: its commands come in another way.
    Forwarded(mpsc::Sender<Event>),
}

/// A socket, and what encrypts it.
pub struct Wire {
    stream: TcpStream,
    tls: Option<Box<Connection>>,
}

/// What came of what was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    /// So many bytes of plaintext; none while a record, or the handshake, is not whole.
    Plaintext(usize),
    /// The client has said that it sends no more, or is gone.
    Closed,
}

impl Channel {
    /// A channel in the clear.
    #[must_use]
    pub fn new(stream: TcpStream) -> Channel {
        Channel::Socket(Wire::new(stream, None))
    }

    /// Whether the client has begun TLS.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        matches!(self, Channel::Socket(Wire { tls: Some(_), .. }))
    }

    /// See [`Wire::accept_tls`].
    ///
    /// # Errors
    /// As there.
    pub async fn accept_tls(
        &mut self,
        config: Arc<ServerConfig>,
        received: &[u8],
        plaintext: &mut BytesMut,
    ) -> io::Result<Encryption> {
        match self {
            Channel::Socket(wire) => wire.accept_tls(config, received, plaintext).await,
            Channel::Forwarded(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// See [`Wire::read`].
    ///
    /// # Errors
    /// As there.
    pub async fn read(&mut self, buffer: &mut BytesMut) -> io::Result<usize> {
        match self {
            Channel::Socket(wire) => wire.read(buffer).await,
            Channel::Forwarded(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// See [`Wire::write_all`].
    ///
    /// # Errors
    /// As there.
    pub async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Channel::Socket(wire) => wire.write_all(bytes).await,
            Channel::Forwarded(way) => {
                let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
                way.send(Event::Answer(bytes.to_vec())).await.map_err(gone)
            }
        }
    }
}

impl Wire {
    /// Around a socket, encrypted when the handshake of `tls` is done.
    #[must_use]
    pub fn new(stream: TcpStream, tls: Option<Connection>) -> Wire {
        Wire { stream, tls: tls.map(Box::new) }
    }

    /// Whether the other end has neither sent anything nor gone, as far as this end's kernel knows.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        use rustix::net::{RecvFlags, recv};
        let mut first = [0];
        matches!(
            recv(&self.stream, &mut first[..], RecvFlags::PEEK | RecvFlags::DONTWAIT),
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR)
        )
    }

    /// TLS's handshake. `received` is what came behind the client's request for it: the beginning of that handshake, and never anything
    /// else, whoever sent it. What the client sends with the handshake's last message goes to `plaintext`.
    ///
    /// # Errors
    /// When what was received is no handshake, there is no version or cipher in common, the client's certificate is none of the
    /// authority's, or the client is gone.
    pub async fn accept_tls(
        &mut self,
        config: Arc<ServerConfig>,
        received: &[u8],
        plaintext: &mut BytesMut,
    ) -> io::Result<Encryption> {
        let connection = ServerConnection::new(config).map_err(io::Error::other)?;
        let Wire { stream, tls } = self;
        let tls = tls.insert(Box::new(Connection::Server(connection)));
        take_in(tls, received, plaintext)?;
        loop {
            write_records(stream, tls).await?;
            if !tls.is_handshaking() {
                return Ok(encryption(tls));
            }
            if poll_fn(|cx| poll_take(stream, tls, plaintext, cx)).await? == Taken::Closed {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Appends what the client has sent to `buffer`: how many bytes, 0 when it sends no more.
    ///
    /// # Errors
    /// When the connection broke, or what came is not what the client encrypted.
    pub async fn read(&mut self, buffer: &mut BytesMut) -> io::Result<usize> {
        let Wire { stream, tls } = self;
        let Some(tls) = tls else { return stream.read_buf(buffer).await };
        loop {
            let taken = poll_fn(|cx| poll_take(stream, tls, buffer, cx)).await?;
            if tls.wants_write() {
                // Answers of TLS itself, as to a change of keys.
                write_records(stream, tls).await?;
            }
            match taken {
                Taken::Plaintext(0) => {}
                Taken::Plaintext(count) => return Ok(count),
                Taken::Closed => return Ok(0),
            }
        }
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// When the client is gone, or has taken nothing for [`CLIENT_WRITE_TIMEOUT`]: it may hold locks.
    pub async fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let Wire { stream, tls } = self;
        let Some(tls) = tls else { return write_plain(stream, bytes).await };
        while !bytes.is_empty() {
            // As much as rustls buffers at once.
            let count = tls.writer().write(bytes)?;
            if count == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            bytes = &bytes[count..];
            write_records(stream, tls).await?;
        }
        Ok(())
    }
}

/// Says that nothing follows, as far as the socket takes it at once: a client is to tell an end from a connection that was cut. After a
/// failure of TLS this sends the alert that says why.
impl Drop for Wire {
    fn drop(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            let _ = tls.write_tls(&mut AtOnce(&self.stream));
        }
    }
}

/// Writes to a socket what it takes without waiting.
struct AtOnce<'a>(&'a TcpStream);

impl Write for AtOnce<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(parts)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn write_plain(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.try_write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => until_writable(stream).await?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes all records that wait to be sent.
async fn write_records(stream: &TcpStream, tls: &mut Connection) -> io::Result<()> {
    while tls.wants_write() {
        match tls.write_tls(&mut AtOnce(stream)) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => until_writable(stream).await?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn until_writable(stream: &TcpStream) -> io::Result<()> {
    tokio::time::timeout(CLIENT_WRITE_TIMEOUT, stream.writable())
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

/// Reads once from the socket and decrypts what came. The space for it is on the stack: a connection that waits holds none.
fn poll_take(
    stream: &mut TcpStream,
    tls: &mut Connection,
    plaintext: &mut BytesMut,
    cx: &mut Context<'_>,
) -> Poll<io::Result<Taken>> {
    let mut space = [const { MaybeUninit::<u8>::uninit() }; CLIENT_TLS_READ_BYTES];
    let mut received = ReadBuf::uninit(&mut space);
    ready!(Pin::new(stream).poll_read(cx, &mut received))?;
    Poll::Ready(match received.filled() {
        [] => Ok(Taken::Closed),
        bytes => take_in(tls, bytes, plaintext),
    })
}

/// Decrypts what was received. All plaintext is taken out at once, so that there is always room for the next record.
fn take_in(tls: &mut Connection, mut received: &[u8], plaintext: &mut BytesMut) -> io::Result<Taken> {
    let before = plaintext.len();
    let mut is_closed = false;
    while !received.is_empty() && !is_closed {
        // What comes behind the client's goodbye is not looked at.
        is_closed = tls.read_tls(&mut received)? == 0;
        let state =
            tls.process_new_packets().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        is_closed |= state.peer_has_closed();
        let mut reader = tls.reader();
        let mut remaining_bytes = state.plaintext_bytes_to_read();
        while remaining_bytes > 0 {
            let chunk = reader.fill_buf()?;
            let length = chunk.len();
            if length == 0 {
                break;
            }
            plaintext.extend_from_slice(chunk);
            reader.consume(length);
            remaining_bytes = remaining_bytes.saturating_sub(length);
        }
    }
    Ok(match plaintext.len() - before {
        0 if is_closed => Taken::Closed,
        count => Taken::Plaintext(count),
    })
}

/// Version and cipher of a connection whose handshake is done, by the names that OpenSSL has for them, which are those that MySQL shows.
fn encryption(tls: &Connection) -> Encryption {
    let version = match tls.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
        Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
        Some(_) | None => "unknown",
    };
    Encryption { version, cipher: tls.negotiated_cipher_suite().map_or("unknown", cipher_name) }
}

fn cipher_name(suite: SupportedCipherSuite) -> &'static str {
    use rustls::CipherSuite as Suite;
    match suite.suite() {
        Suite::TLS13_AES_256_GCM_SHA384 => "TLS_AES_256_GCM_SHA384",
        Suite::TLS13_AES_128_GCM_SHA256 => "TLS_AES_128_GCM_SHA256",
        Suite::TLS13_CHACHA20_POLY1305_SHA256 => "TLS_CHACHA20_POLY1305_SHA256",
        Suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 => "ECDHE-ECDSA-AES256-GCM-SHA384",
        Suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 => "ECDHE-ECDSA-AES128-GCM-SHA256",
        Suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 => "ECDHE-ECDSA-CHACHA20-POLY1305",
        Suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 => "ECDHE-RSA-AES256-GCM-SHA384",
        Suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => "ECDHE-RSA-AES128-GCM-SHA256",
        Suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 => "ECDHE-RSA-CHACHA20-POLY1305",
        other => other.as_str().unwrap_or("unknown"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cipher_has_the_name_that_openssl_has_for_it() {
        for suite in rustls::crypto::ring::ALL_CIPHER_SUITES {
            let name = cipher_name(*suite);
            assert!(!name.contains("TLS13") && !name.contains("WITH") && name != "unknown", "{name}");
        }
    }
}
