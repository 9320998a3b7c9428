//! A connection's bytes: in the clear, or through TLS from the moment that the login asked for it.

use std::io::{self, BufRead as _, Write as _};
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use crate::limits;
use crate::socket::Socket;

/// See the module.
#[derive(Debug)]
pub struct Channel<S> {
    socket: S,
    tls: Option<Box<Tls>>,
}

/// What encrypts, and its buffers of what is encrypted.
#[derive(Debug)]
struct Tls {
    connection: ClientConnection,
    received: BytesMut,
    to_send: Vec<u8>,
    /// The server has said goodbye.
    is_closed: bool,
}

impl<S: Socket> Channel<S> {
    /// A channel in the clear.
    pub fn new(socket: S) -> Channel<S> {
        Channel { socket, tls: None }
    }

    /// Version of TLS and cipher, when it encrypts.
    pub fn encryption(&self) -> Option<String> {
        let connection = &self.tls.as_ref()?.connection;
        let version = connection.protocol_version()?;
        let suite = connection.negotiated_cipher_suite()?.suite();
        Some(format!("{version:?} {suite:?}"))
    }

    /// TLS's handshake. The server's certificate is judged by `config`.
    pub async fn start_tls(
        &mut self,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        deadline: Instant,
    ) -> io::Result<()> {
        let connection = ClientConnection::new(config, name).map_err(refused)?;
        let tls = self.tls.insert(Box::new(Tls {
            connection,
            received: BytesMut::new(),
            to_send: Vec::new(),
            is_closed: false,
        }));
        let mut none = BytesMut::new();
        loop {
            tls.flush(&mut self.socket, deadline, &mut false).await?;
            if !tls.connection.is_handshaking() {
                return Ok(());
            }
            let taken = match tls.read(&mut self.socket, &mut none, deadline).await {
                Ok(taken) => taken,
                Err(error) => {
                    // The alert that says why; what the server makes of it does not matter here.
                    let _ = tls.flush(&mut self.socket, deadline, &mut false).await;
                    return Err(error);
                }
            };
            if taken.is_none() {
                let what = "the server closed the connection in the TLS handshake";
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, what));
            }
            if !none.is_empty() {
                // A server speaks only when spoken to.
                return Err(io::Error::new(io::ErrorKind::InvalidData, "data in the TLS handshake"));
            }
        }
    }

    /// Appends what the server has sent to `buffer`: how many bytes, 0 at the end.
    pub async fn read(&mut self, buffer: &mut BytesMut, deadline: Instant) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else { return self.socket.read(buffer, deadline).await };
        loop {
            let taken = tls.read(&mut self.socket, buffer, deadline).await?;
            tls.flush(&mut self.socket, deadline, &mut false).await?;
            match taken {
                None => return Ok(0),
                Some(0) => {}
                Some(count) => return Ok(count),
            }
        }
    }

    /// Writes all of `bytes`. `has_sent` becomes true with the first byte that the socket takes.
    pub async fn write_all(
        &mut self,
        mut bytes: &[u8],
        deadline: Instant,
        has_sent: &mut bool,
    ) -> io::Result<()> {
        let Some(tls) = &mut self.tls else {
            return write_plain(&mut self.socket, bytes, deadline, has_sent).await;
        };
        while !bytes.is_empty() {
            // As much as rustls buffers at once.
            let count = tls.connection.writer().write(bytes)?;
            if count == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            bytes = &bytes[count..];
            tls.flush(&mut self.socket, deadline, has_sent).await?;
        }
        Ok(())
    }

    /// Whether the server has sent nothing and is there, as far as this side can know without asking.
    pub fn is_idle(&mut self) -> bool {
        let would_block = |error: &io::Error| error.kind() == io::ErrorKind::WouldBlock;
        let Some(tls) = &mut self.tls else {
            return self.socket.receive_now(&mut [0], true).is_err_and(|error| would_block(&error));
        };
        // TLS's own messages may have come, such as tickets.
        let mut space = [0; limits::TLS_IDLE_BYTES];
        loop {
            match self.socket.receive_now(&mut space, false) {
                Ok(0) => return false,
                Ok(count) => {
                    tls.received.extend_from_slice(&space[..count]);
                    let mut plaintext = BytesMut::new();
                    if !matches!(tls.take_in(&mut plaintext), Ok(Some(0))) {
                        return false;
                    }
                }
                Err(error) => return would_block(&error) && !tls.is_closed,
            }
        }
    }
}

impl Tls {
    /// Reads once from the socket and decrypts: how many bytes of plaintext came, none at the end.
    async fn read<S: Socket>(
        &mut self,
        socket: &mut S,
        plaintext: &mut BytesMut,
        deadline: Instant,
    ) -> io::Result<Option<usize>> {
        if self.is_closed {
            return Ok(None);
        }
        self.received.reserve(limits::READ_BYTES);
        if socket.read(&mut self.received, deadline).await? == 0 {
            return Ok(None);
        }
        self.take_in(plaintext)
    }

    /// Decrypts what was received.
    fn take_in(&mut self, plaintext: &mut BytesMut) -> io::Result<Option<usize>> {
        let before = plaintext.len();
        let mut received = &self.received[..];
        while !received.is_empty() && !self.is_closed {
            if self.connection.read_tls(&mut received)? == 0 {
                break;
            }
            let state = self.connection.process_new_packets().map_err(refused)?;
            self.is_closed = state.peer_has_closed();
            let mut reader = self.connection.reader();
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
        self.received.clear();
        Ok(match plaintext.len() - before {
            0 if self.is_closed => None,
            count => Some(count),
        })
    }

    /// Writes all records that wait to be sent.
    async fn flush<S: Socket>(
        &mut self,
        socket: &mut S,
        deadline: Instant,
        has_sent: &mut bool,
    ) -> io::Result<()> {
        while self.connection.wants_write() {
            self.connection.write_tls(&mut self.to_send)?;
        }
        let result = write_plain(socket, &self.to_send, deadline, has_sent).await;
        self.to_send.clear();
        self.to_send.shrink_to(limits::TLS_KEEP_BYTES);
        result
    }
}

async fn write_plain<S: Socket>(
    socket: &mut S,
    mut bytes: &[u8],
    deadline: Instant,
    has_sent: &mut bool,
) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = socket.write(bytes, deadline).await?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        *has_sent = true;
        bytes = &bytes[count..];
    }
    Ok(())
}

fn refused(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("TLS: {error}"))
}
