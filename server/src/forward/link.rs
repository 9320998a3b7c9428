//! A connection between a client's node and the leader: messages of any size, in frames, in both directions.
//!
//! It is made by the hello of all links between nodes, so it has their trust and their encryption, and is then read and written by the
//! async workers. A message is sent in pieces, so that a statement as large as a client may send passes through frames of a bounded size.
//!
//! Invariants: [`Link::receive`] can be given up at any await and goes on where it was; a [`Link::send`] that was given up has left half
//! a message, so the link is not used after it. Memory follows what has arrived.

use std::io;

use bincode::{Decode, Encode};
use rustls::Connection;
use tokio::net::TcpStream;
use wire::peer::{ClusterTag, FrameHeader, FrameKind, FrameReader};

use super::message::{decode, encode};
use crate::limits::{FORWARDED_MESSAGE_BYTES_MAX, FORWARDED_PIECE_BYTES_MAX};
use crate::runtime::channel::Wire;
use crate::runtime::peer::stream::PeerStream;

/// First byte of a piece that others follow.
const MORE: u8 = 0;
/// First byte of a message's last piece.
const LAST: u8 = 1;

/// See the module.
pub struct Link {
    wire: Wire,
    reader: FrameReader,
    cluster: ClusterTag,
    /// Pieces of a message whose last one has not arrived.
    begun: Vec<u8>,
}

impl Link {
    /// Takes over a connection whose hello is done. To be called on the async workers.
    ///
    /// # Errors
    /// The socket.
    pub fn new(stream: PeerStream, mut reader: FrameReader, cluster: ClusterTag) -> io::Result<Link> {
        let (stream, tls): (_, Option<Connection>) = stream.into_parts()?;
        stream.set_nonblocking(true)?;
        reader.allow_large_frames();
        let wire = Wire::new(TcpStream::from_std(stream)?, tls);
        Ok(Link { wire, reader, cluster, begun: Vec::new() })
    }

    /// Whether nothing has come that nobody waited for, the end least of all.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.reader.pending_bytes() == 0 && self.begun.is_empty() && self.wire.is_quiet()
    }

    /// Sends a message.
    ///
    /// # Errors
    /// The socket: the other end cannot have all of the message. One that is too large is not begun.
    pub async fn send(&mut self, message: &impl Encode) -> io::Result<()> {
        let bytes = encode(message);
        if bytes.len() > FORWARDED_MESSAGE_BYTES_MAX {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut pieces = bytes.chunks(FORWARDED_PIECE_BYTES_MAX).peekable();
        while let Some(piece) = pieces.next() {
            let mark = [if pieces.peek().is_some() { MORE } else { LAST }];
            let header = FrameHeader::encode(FrameKind::Session, self.cluster, &[&mark, piece])
                .map_err(io::Error::other)?;
            let mut frame = Vec::with_capacity(header.len() + 1 + piece.len());
            frame.extend_from_slice(&header);
            frame.extend_from_slice(&mark);
            frame.extend_from_slice(piece);
            self.wire.write_all(&frame).await?;
        }
        Ok(())
    }

    /// The next message.
    ///
    /// # Errors
    /// The socket, its end, or bytes that are no message.
    pub async fn receive<T: Decode<()>>(&mut self) -> io::Result<T> {
        loop {
            while let Some(frame) = self.reader.next().map_err(io::Error::other)? {
                let Some((mark, piece)) =
                    frame.payload.split_first().filter(|_| frame.kind == FrameKind::Session)
                else {
                    return Err(io::ErrorKind::InvalidData.into());
                };
                if self.begun.len() + piece.len() > FORWARDED_MESSAGE_BYTES_MAX {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                if *mark == LAST && self.begun.is_empty() {
                    return decode(piece).ok_or_else(|| io::ErrorKind::InvalidData.into());
                }
                self.begun.extend_from_slice(piece);
                if *mark == LAST {
                    let message = std::mem::take(&mut self.begun);
                    return decode(&message).ok_or_else(|| io::ErrorKind::InvalidData.into());
                }
            }
            if self.wire.read(self.reader.buffer_mut()).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}
