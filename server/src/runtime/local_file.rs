//! LOAD DATA LOCAL: the client's side of it.
//!
//! The server asks for the file by its name (a packet that begins with 0xFB), the client sends its bytes in packets of any length, and an empty
//! packet at the end; then comes the statement's answer. A client that cannot read the file, or gives up, sends the empty packet at once.
//! Packets are taken as the session asks for them: never the whole file is in memory.
//!
//! A statement that fails midway ends at once, its locks are released, and then what is left of the file is read and thrown away, because
//! the client does not listen before it has sent it all. A client that says nothing for `net_read_timeout` is taken for gone: it may hold
//! locks.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sql::Error;
use sql::ast::Statement;
use sql::execute::{ResultColumn, Sink};
use sql::types::Value;
use wire::mysql::constant::Capabilities;

use super::command::Client;
use super::connection::{End, Socket};
use crate::node::load::{FileWait, LocalFile};
use crate::node::process::Connection;
use crate::node::result::Answer;

/// First byte of the request for a file.
const REQUEST: u8 = 0xfb;

/// How far a file has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    NotAsked,
    Sending,
    Ended,
}

/// A client that may be asked for a file.
struct Sender<'a> {
    socket: &'a mut Socket,
    connection: Arc<Connection>,
    patience: Duration,
    can_send: bool,
    stage: Stage,
    /// The client is gone, or to be taken for gone.
    is_gone: bool,
}

impl Sender<'_> {
    async fn ask(&mut self, name: &str) -> Result<(), Error> {
        let mut payload = Vec::with_capacity(1 + name.len());
        payload.push(REQUEST);
        payload.extend_from_slice(name.as_bytes());
        self.socket.writer.put_packet(&payload);
        self.socket.reader.set_sequence_next(self.socket.writer.sequence());
        self.stage = Stage::Sending;
        self.socket.flush().await.map_err(|_| self.gone())
    }

    /// The next packet's bytes; none at the end.
    async fn piece(&mut self) -> Result<Option<Bytes>, Error> {
        if self.stage != Stage::Sending {
            return Ok(None);
        }
        let connection = Arc::clone(&self.connection);
        let packet = tokio::select! {
            packet = self.socket.packet() => packet.ok(),
            () = connection.until_killed() => return Err(Error::query_interrupted()),
            () = tokio::time::sleep(self.patience) => None,
        };
        match packet {
            Some(packet) if packet.payload.is_empty() => {
                self.stage = Stage::Ended;
                Ok(None)
            }
            Some(packet) => Ok(Some(packet.payload)),
            None => Err(self.gone()),
        }
    }

    fn gone(&mut self) -> Error {
        self.is_gone = true;
        Error::query_interrupted()
    }

    /// Throws away what is left of the file.
    async fn pass_rest(&mut self) {
        while self.stage == Stage::Sending && !self.is_gone {
            let connection = Arc::clone(&self.connection);
            let packet = tokio::select! {
                packet = self.socket.packet() => packet.ok(),
                () = connection.until_connection_killed() => None,
                () = tokio::time::sleep(self.patience) => None,
            };
            match packet {
                Some(packet) if packet.payload.is_empty() => self.stage = Stage::Ended,
                Some(_) => {}
                None => self.is_gone = true,
            }
        }
    }
}

impl LocalFile for Sender<'_> {
    fn request<'a>(&'a mut self, name: &'a str) -> FileWait<'a, ()> {
        Box::pin(self.ask(name))
    }

    fn next(&mut self) -> FileWait<'_, Option<Bytes>> {
        Box::pin(self.piece())
    }
}

impl Sink for Sender<'_> {
    fn columns(&mut self, _columns: &[ResultColumn]) -> sql::Result<()> {
        Err(Error::internal("LOAD DATA has no rows"))
    }

    fn row(&mut self, _row: &[Value]) -> sql::Result<()> {
        Err(Error::internal("LOAD DATA has no rows"))
    }
}

impl Answer for Sender<'_> {
    fn rewind(&mut self) -> bool {
        true
    }

    fn local_file(&mut self) -> Option<&mut dyn LocalFile> {
        if self.can_send { Some(self) } else { None }
    }
}

impl Client {
    /// Runs a LOAD DATA LOCAL and answers it; false when it failed.
    ///
    /// # Errors
    /// When the client is gone.
    pub(super) async fn load_local(
        &mut self,
        statement: &Arc<Statement>,
        more: bool,
        socket: &mut Socket,
    ) -> Result<bool, End> {
        let mut sender = Sender {
            socket,
            connection: Arc::clone(&self.session.connection),
            patience: self.session.read_patience(),
            can_send: self.capabilities.contains(Capabilities::LOCAL_FILES),
            stage: Stage::NotAsked,
            is_gone: false,
        };
        let result = self.session.run(statement, &[], None, &mut sender).await;
        if sender.stage == Stage::Sending {
            self.session.connection.state("reading the rest of the file");
            sender.pass_rest().await;
        }
        let (is_gone, stage) = (sender.is_gone, sender.stage);
        if is_gone {
            return Err(End::Closed);
        }
        if stage == Stage::Ended {
            socket.writer.set_sequence(socket.reader.sequence_next());
        }
        Ok(self.finish(result, more, &mut socket.writer))
    }
}
