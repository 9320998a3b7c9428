//! A client's bytes in and out: in the clear, or through TLS from the moment that the client asked for it; as packets, or compressed from the end
//! of the login on.
//!
//! A reply is one write to the socket either way; a reply of more than 64 KiB is one for each so much of it when it is encrypted. Reading can
//! be given up at any await, and goes on where it was. A write that was given up has left part of a packet, so that nothing can follow it.
//!
//! Left out: taking sessions up again (tickets), which spares a client that connects often part of a handshake.

use std::future::poll_fn;
use std::io::{self, BufRead as _, IoSlice, Write};
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use rustls::pki_types::CertificateDer;
use rustls::{Connection, ProtocolVersion, ServerConfig, ServerConnection, SupportedCipherSuite};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use wire::limits::DEFLATED_PART_BYTES_MAX;
use wire::mysql::compression::{Compression, Frames};

use crate::forward::message::Event;
use crate::limits::{CLIENT_COMPRESS_INLINE_BYTES_MAX, CLIENT_TLS_READ_BYTES, CLIENT_WRITE_TIMEOUT};
use crate::node::process::Encryption;

/// Where a client's bytes come from and go to.
pub enum Channel {
    /// Its socket.
    Socket(Wire),
    /// The client of another node, whose statements are run here: its commands come in another way.
    Forwarded(mpsc::Sender<Event>),
}

/// A socket, and what encrypts and compresses it.
pub struct Wire {
    stream: Arc<TcpStream>,
    /// It is a socket of this machine, whose bytes nobody else sees.
    is_local: bool,
    /// How long the other end may take nothing.
    write_timeout: Duration,
    tls: Option<Box<Connection>>,
    compression: Option<Box<Frames>>,
    /// A write is being compressed. One that was given up there has left a stream that nothing can follow.
    is_deflating: bool,
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

    /// A channel in the clear over the Unix socket of this machine.
    #[must_use]
    pub fn local(stream: TcpStream) -> Channel {
        let mut wire = Wire::new(stream, None);
        wire.is_local = true;
        Channel::Socket(wire)
    }

    fn wire(&self) -> Option<&Wire> {
        match self {
            Channel::Socket(wire) => Some(wire),
            Channel::Forwarded(_) => None,
        }
    }

    fn wire_mut(&mut self) -> Option<&mut Wire> {
        match self {
            Channel::Socket(wire) => Some(wire),
            Channel::Forwarded(_) => None,
        }
    }

    /// The client's socket, if it is connected to this node.
    #[must_use]
    pub fn stream(&self) -> Option<&Arc<TcpStream>> {
        self.wire().map(|wire| &wire.stream)
    }

    /// How long the client may take nothing.
    pub fn set_write_timeout(&mut self, timeout: Duration) {
        if let Some(wire) = self.wire_mut() {
            wire.write_timeout = timeout;
        }
    }

    /// Whether the client has begun TLS.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.wire().is_some_and(|wire| wire.tls.is_some())
    }

    /// Whether the client is on the other end of a Unix socket.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.wire().is_some_and(|wire| wire.is_local)
    }

    /// Whether nobody between can read what is sent.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.is_encrypted() || self.is_local()
    }

    /// The certificate that the client has shown. It was verified then.
    #[must_use]
    pub fn client_certificate(&self) -> Option<&CertificateDer<'static>> {
        self.wire()?.tls.as_ref()?.peer_certificates()?.first()
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

    /// The login is done, and what follows is compressed. `received` is what came behind the client's last packet.
    pub fn begin_compression(&mut self, compression: Compression, received: &[u8]) {
        if let Some(wire) = self.wire_mut() {
            let mut frames = Box::new(Frames::server(compression));
            frames.received_mut().extend_from_slice(received);
            wire.compression = Some(frames);
        }
    }

    /// Whether nothing was received that waits for more: part of a compressed frame.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        let frames = self.wire().and_then(|wire| wire.compression.as_ref());
        frames.is_none_or(|frames| frames.is_drained())
    }

    /// Whether what is sent is compressed.
    #[must_use]
    pub fn is_compressed(&self) -> bool {
        self.wire().is_some_and(|wire| wire.compression.is_some())
    }

    /// The client's next command is waited for.
    pub fn await_command(&mut self) {
        if let Some(frames) = self.wire_mut().and_then(|wire| wire.compression.as_mut()) {
            frames.await_command();
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
        Wire {
            stream: Arc::new(stream),
            is_local: false,
            write_timeout: CLIENT_WRITE_TIMEOUT,
            tls: tls.map(Box::new),
            compression: None,
            is_deflating: false,
        }
    }

    /// Whether the other end has neither sent anything nor gone, as far as this end's kernel knows.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        use rustix::net::{RecvFlags, recv};
        let mut first = [0];
        matches!(
            recv(&*self.stream, &mut first[..], RecvFlags::PEEK | RecvFlags::DONTWAIT),
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
        let (timeout, Wire { stream, tls, .. }) = (self.write_timeout, self);
        let tls = tls.insert(Box::new(Connection::Server(connection)));
        take_in(tls, received, plaintext)?;
        loop {
            write_records(stream, tls, timeout).await?;
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
    /// When the connection broke, or what came is not what the client encrypted or compressed.
    pub async fn read(&mut self, buffer: &mut BytesMut) -> io::Result<usize> {
        let Wire { stream, tls, compression, write_timeout, .. } = self;
        let timeout = *write_timeout;
        let Some(frames) = compression else { return read_transport(stream, tls, buffer, timeout).await };
        loop {
            match frames.inflate(buffer).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))? {
                0 if read_transport(stream, tls, frames.received_mut(), timeout).await? == 0 => return Ok(0),
                0 => {}
                count => return Ok(count),
            }
        }
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// When the client is gone, or has taken nothing for the write timeout: it may hold locks.
    pub async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Wire { stream, tls, compression, write_timeout, is_deflating, is_local: _ } = self;
        let timeout = *write_timeout;
        if *is_deflating {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        for part in bytes.chunks(DEFLATED_PART_BYTES_MAX) {
            let Some(mut frames) = compression.take() else {
                return write_transport(stream, tls, bytes, timeout).await;
            };
            let mut framed = Vec::new();
            if part.len() < CLIENT_COMPRESS_INLINE_BYTES_MAX {
                frames.deflate(part, &mut framed);
            } else {
                // Takes some milliseconds, and with the highest levels more: other sessions go on meanwhile. A thread for that does it, and this
                // one stays with the async workers: what one thread has allocated and another given back piles up in the allocator.
                *is_deflating = true;
                let part = part.to_vec();
                let deflating = tokio::task::spawn_blocking(move || {
                    frames.deflate(&part, &mut framed);
                    (frames, framed)
                });
                (frames, framed) = deflating.await.map_err(io::Error::other)?;
                *is_deflating = false;
            }
            *compression = Some(frames);
            write_transport(stream, tls, &framed, timeout).await?;
        }
        Ok(())
    }
}

async fn read_transport(
    stream: &TcpStream,
    tls: &mut Option<Box<Connection>>,
    buffer: &mut BytesMut,
    write_timeout: Duration,
) -> io::Result<usize> {
    let Some(tls) = tls else { return read_plain(stream, buffer).await };
    loop {
        let taken = poll_fn(|cx| poll_take(stream, tls, buffer, cx)).await?;
        if tls.wants_write() {
            // Answers of TLS itself, as to a change of keys.
            write_records(stream, tls, write_timeout).await?;
        }
        match taken {
            Taken::Plaintext(0) => {}
            Taken::Plaintext(count) => return Ok(count),
            Taken::Closed => return Ok(0),
        }
    }
}

async fn write_transport(
    stream: &TcpStream,
    tls: &mut Option<Box<Connection>>,
    mut bytes: &[u8],
    timeout: Duration,
) -> io::Result<()> {
    let Some(tls) = tls else { return write_plain(stream, bytes, timeout).await };
    while !bytes.is_empty() {
        // As much as rustls buffers at once.
        let count = tls.writer().write(bytes)?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[count..];
        write_records(stream, tls, timeout).await?;
    }
    Ok(())
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

async fn read_plain(stream: &TcpStream, buffer: &mut BytesMut) -> io::Result<usize> {
    loop {
        match stream.try_read_buf(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => stream.readable().await?,
            other => return other,
        }
    }
}

async fn write_plain(stream: &TcpStream, mut bytes: &[u8], timeout: Duration) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.try_write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                until_writable(stream, timeout).await?
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes all records that wait to be sent.
async fn write_records(stream: &TcpStream, tls: &mut Connection, timeout: Duration) -> io::Result<()> {
    while tls.wants_write() {
        match tls.write_tls(&mut AtOnce(stream)) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                until_writable(stream, timeout).await?
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn until_writable(stream: &TcpStream, timeout: Duration) -> io::Result<()> {
    tokio::time::timeout(timeout, stream.writable())
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

/// Reads once from the socket and decrypts what came. The space for it is on the stack: a connection that waits holds none.
fn poll_take(
    stream: &TcpStream,
    tls: &mut Connection,
    plaintext: &mut BytesMut,
    cx: &mut Context<'_>,
) -> Poll<io::Result<Taken>> {
    let mut space = [const { MaybeUninit::<u8>::uninit() }; CLIENT_TLS_READ_BYTES];
    loop {
        let received = stream.try_io(Interest::READABLE, || {
            Ok(rustix::io::read(stream, &mut space[..]).map(|(received, _)| received)?)
        });
        match received {
            Ok([]) => return Poll::Ready(Ok(Taken::Closed)),
            Ok(bytes) => return Poll::Ready(take_in(tls, bytes, plaintext)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready!(stream.poll_read_ready(cx))?,
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
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
