//! What stands between the socket and opensrv-mysql: an `AsyncRead` that gives it one packet at a time.
//!
//! Invariants:
//!
//! * No read crosses the end of a packet. opensrv-mysql 0.7.0 frees the buffer that a packet points into when more bytes
//!   came with it (its issue 66); with one packet a read it never does.
//! * The next packet is taken from the client only when the crate asks for it, which is when the one before is answered.
//! * The crate sees no command that it would answer OK without doing it, or that would make it drop the connection. In its
//!   place it sees a COM_QUERY, and the shim answers that with the [refusal](Link::take_refusal).
//! * No command passes before the login was accepted.
//!
//! It also keeps the bounds that the crate does not have: packet sizes, long data, the time a client may be idle.

use std::collections::HashMap;
use std::future::Future;
use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use tokio::net::tcp::OwnedReadHalf;
use wire::mysql::command::Command;
use wire::mysql::constant::Capabilities;
use wire::mysql::error::ErrorPacket;
use wire::mysql::handshake::ClientHello;
use wire::mysql::packet::{Packet, PacketReader, PacketWriter};

use crate::limits::{
    CLIENT_HANDSHAKE_TIMEOUT, CLIENT_PACKET_BYTES_MAX, HANDSHAKE_PACKET_BYTES_MAX, LONG_DATA_BYTES_MAX,
};
use crate::node::Node;
use crate::node::errno;
use crate::node::process::Connection as Process;

/// COM_QUERY with a text that nobody runs.
const REFUSED: &[u8] = b"\x03refused";

/// What the gate and the shim of a connection tell each other.
pub struct Link {
    logged_in: AtomicBool,
    /// `wait_timeout` of the session; until the login, how long that may take.
    idle_limit_ms: AtomicU64,
    refusal: Mutex<Option<ErrorPacket>>,
    /// Bytes of long data that wait for an execution, by prepared statement.
    statements: Mutex<HashMap<u32, usize>>,
}

impl Link {
    /// A connection that has not logged in.
    pub fn new() -> Link {
        Link {
            logged_in: AtomicBool::new(false),
            idle_limit_ms: AtomicU64::new(milliseconds(CLIENT_HANDSHAKE_TIMEOUT)),
            refusal: Mutex::new(None),
            statements: Mutex::new(HashMap::new()),
        }
    }

    /// The login was accepted; from now on commands pass.
    pub fn log_in(&self) {
        self.logged_in.store(true, Ordering::Release);
    }

    /// Whether the login was accepted.
    pub fn is_logged_in(&self) -> bool {
        self.logged_in.load(Ordering::Acquire)
    }

    /// How long the client may say nothing.
    pub fn set_idle_limit(&self, limit: Duration) {
        self.idle_limit_ms.store(milliseconds(limit), Ordering::Release);
    }

    /// Why the command that the shim is given now was refused; none when it was not.
    pub fn take_refusal(&self) -> Option<ErrorPacket> {
        self.refusal.lock().take()
    }

    /// A statement was prepared.
    pub fn add_statement(&self, id: u32) {
        self.statements.lock().insert(id, 0);
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What becomes of a command.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It is handed on.
    Pass,
    /// Nobody sees it: it is one without an answer.
    Skip,
    /// It is answered with an error.
    Refuse(ErrorPacket),
    /// The connection cannot go on.
    Close(&'static str),
}

/// Where packets come from.
struct Source {
    node: Arc<Node>,
    process: Arc<Process>,
    link: Arc<Link>,
    read: OwnedReadHalf,
    reader: PacketReader,
}

/// A packet in the making; it gives the source back.
type Next = Pin<Box<dyn Future<Output = (Source, Result<Option<PacketWriter>>)> + Send>>;

/// The reading side of a connection as opensrv-mysql sees it.
pub struct Gate {
    /// None while `next` has it, and after the end.
    source: Option<Source>,
    next: Option<Next>,
    /// The packet that is being handed on, with its headers.
    packet: PacketWriter,
    given_bytes: usize,
}

impl Gate {
    /// A gate before a socket from which nothing was read.
    pub fn new(node: Arc<Node>, process: Arc<Process>, link: Arc<Link>, read: OwnedReadHalf) -> Gate {
        let mut reader = PacketReader::new(HANDSHAKE_PACKET_BYTES_MAX);
        reader.set_sequence_next(1);
        let source = Source { node, process, link, read, reader };
        Gate { source: Some(source), next: None, packet: PacketWriter::new(), given_bytes: 0 }
    }

    /// Takes the next packet; false at the end.
    fn poll_packet(&mut self, context: &mut Context<'_>) -> Poll<Result<bool>> {
        if self.next.is_none() {
            let Some(mut source) = self.source.take() else { return Poll::Ready(Ok(false)) };
            self.next = Some(Box::pin(async move {
                let packet = source.next().await;
                (source, packet)
            }));
        }
        let Some(next) = self.next.as_mut() else { return Poll::Ready(Ok(false)) };
        let (source, packet) = ready!(next.as_mut().poll(context));
        self.next = None;
        Poll::Ready(packet.map(|packet| match packet {
            Some(packet) => {
                self.source = Some(source);
                self.packet = packet;
                self.given_bytes = 0;
                true
            }
            None => false,
        }))
    }
}

impl AsyncRead for Gate {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let gate = &mut *self;
        if gate.given_bytes == gate.packet.len() && !ready!(gate.poll_packet(context))? {
            return Poll::Ready(Ok(()));
        }
        let rest = &gate.packet.as_slice()[gate.given_bytes..];
        let now = &rest[..rest.len().min(buffer.remaining())];
        buffer.put_slice(now);
        gate.given_bytes += now.len();
        Poll::Ready(Ok(()))
    }
}

impl Source {
    /// The next packet for the crate, with its headers; none when the connection is to end.
    async fn next(&mut self) -> Result<Option<PacketWriter>> {
        self.process.idle();
        if !self.link.is_logged_in() {
            return self.login().await;
        }
        self.reader.set_packet_bytes_max(CLIENT_PACKET_BYTES_MAX);
        loop {
            self.reader.reset_sequence();
            let Some(packet) = self.receive().await? else { return Ok(None) };
            let mut framed = PacketWriter::new();
            framed.set_sequence(0);
            match judge(&packet.payload, &self.link) {
                Verdict::Pass => framed.put_packet(&packet.payload),
                Verdict::Skip => continue,
                Verdict::Refuse(error) => {
                    *self.link.refusal.lock() = Some(error);
                    framed.put_packet(REFUSED);
                }
                Verdict::Close(reason) => return Err(Error::new(ErrorKind::InvalidData, reason)),
            }
            return Ok(Some(framed));
        }
    }

    /// The one packet of a login.
    async fn login(&mut self) -> Result<Option<PacketWriter>> {
        if self.reader.sequence_next() != 1 {
            return Err(Error::new(
                ErrorKind::PermissionDenied,
                "a packet after a login that was not accepted",
            ));
        }
        let Some(packet) = self.receive().await? else { return Ok(None) };
        match ClientHello::parse(&packet.payload, Capabilities::SERVER) {
            Ok(ClientHello::Response(_)) => {}
            Ok(ClientHello::SslRequest) => {
                return Err(Error::new(ErrorKind::InvalidData, "TLS was not offered"));
            }
            Err(error) => return Err(Error::new(ErrorKind::InvalidData, error)),
        }
        let mut framed = PacketWriter::new();
        framed.set_sequence(1);
        framed.put_packet(&packet.payload);
        Ok(Some(framed))
    }

    /// The next packet of the client; none when it is gone, was idle for too long, or was killed.
    async fn receive(&mut self) -> Result<Option<Packet>> {
        if self.process.must_end() {
            return Ok(None);
        }
        let limit = Duration::from_millis(self.link.idle_limit_ms.load(Ordering::Acquire));
        let process = Arc::clone(&self.process);
        let packet = tokio::select! {
            biased;
            packet = tokio::time::timeout(limit, self.fill()) => packet.unwrap_or(Ok(None))?,
            () = process.until_connection_killed() => None,
        };
        if let Some(packet) = &packet {
            let counter = &self.node.processes.counters.bytes_received;
            counter.fetch_add(packet.payload.len() as u64 + 4, Ordering::Relaxed);
        }
        Ok(packet)
    }

    async fn fill(&mut self) -> Result<Option<Packet>> {
        loop {
            match self.reader.next() {
                Ok(Some(packet)) => return Ok(Some(packet)),
                Ok(None) => {}
                Err(error) => return Err(Error::new(ErrorKind::InvalidData, error)),
            }
            if self.read.read_buf(self.reader.buffer_mut()).await? == 0 {
                return Ok(None);
            }
        }
    }
}

/// Decides about a command.
fn judge(payload: &[u8], link: &Link) -> Verdict {
    let command = match Command::parse(payload) {
        Ok(command) => command,
        Err(error) => return Verdict::Refuse(errno::from_wire(&error)),
    };
    match command {
        Command::Query(text) | Command::StmtPrepare(text) | Command::InitDb(text) => {
            if std::str::from_utf8(text).is_ok() {
                return Verdict::Pass;
            }
            let error = sql::Error::not_supported("statement text that is not UTF-8, through opensrv-mysql");
            Verdict::Refuse(errno::packet(&error))
        }
        Command::Ping | Command::Quit => Verdict::Pass,
        Command::StmtExecute { id, .. } => match link.statements.lock().get_mut(&id) {
            Some(long_data_bytes) => {
                *long_data_bytes = 0;
                Verdict::Pass
            }
            None => {
                let message =
                    format!("Unknown prepared statement handler ({id}) given to mysqld_stmt_execute");
                Verdict::Refuse(ErrorPacket::new(1243, message))
            }
        },
        Command::StmtSendLongData { id, data, .. } => match link.statements.lock().get_mut(&id) {
            Some(long_data_bytes) if data.len() > LONG_DATA_BYTES_MAX - *long_data_bytes => {
                // The crate would keep what it has for the next execution.
                Verdict::Close("too much long data for a prepared statement")
            }
            Some(long_data_bytes) => {
                *long_data_bytes += data.len();
                Verdict::Pass
            }
            None => Verdict::Skip,
        },
        Command::StmtClose { id } => {
            link.statements.lock().remove(&id);
            Verdict::Pass
        }
        Command::ResetConnection
        | Command::ChangeUser(_)
        | Command::StmtReset { .. }
        | Command::StmtFetch { .. }
        | Command::SetOption { .. }
        | Command::Statistics
        | Command::ProcessInfo
        | Command::ProcessKill { .. }
        | Command::FieldList { .. }
        | Command::CreateDb(_)
        | Command::DropDb(_)
        | Command::Refresh { .. }
        | Command::Shutdown
        | Command::Debug
        | Command::BinlogDump(_)
        | Command::BinlogDumpGtid(_)
        | Command::RegisterReplica(_)
        | Command::Internal(_)
        | Command::Unknown(_) => Verdict::Refuse(ErrorPacket::new(1047, "Unknown command")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(verdict: Verdict) -> u16 {
        match verdict {
            Verdict::Refuse(error) => error.code,
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn what_the_crate_would_acknowledge_without_doing_it_is_refused() {
        let link = Link::new();
        for code in [0x04, 0x09, 0x11, 0x12, 0x1a, 0x1b, 0x1c, 0x1f, 0x20, 0xff_u8] {
            let payload = [code, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            assert!(matches!(judge(&payload, &link), Verdict::Refuse(_)), "command {code:#x}");
        }
        assert_eq!(number(judge(&[0x1f], &link)), 1047);
        assert_eq!(judge(b"\x03SELECT 1", &link), Verdict::Pass);
        assert_eq!(number(judge(b"\x03SELECT '\xff'", &link)), 1235);
    }

    #[test]
    fn long_data_is_bounded_and_only_for_known_statements() {
        let link = Link::new();
        let piece = |bytes: usize| [&[0x18, 7, 0, 0, 0, 0, 0][..], &vec![0; bytes]].concat();
        assert_eq!(judge(&piece(10), &link), Verdict::Skip);
        let execute = [0x17, 7, 0, 0, 0, 0, 1, 0, 0, 0];
        assert_eq!(number(judge(&execute, &link)), 1243);
        link.add_statement(7);
        assert_eq!(judge(&piece(LONG_DATA_BYTES_MAX), &link), Verdict::Pass);
        assert!(matches!(judge(&piece(1), &link), Verdict::Close(_)));
        assert_eq!(judge(&execute, &link), Verdict::Pass);
        assert_eq!(judge(&piece(1), &link), Verdict::Pass);
        assert_eq!(judge(&[0x19, 7, 0, 0, 0], &link), Verdict::Pass);
        assert_eq!(number(judge(&execute, &link)), 1243);
    }
}
