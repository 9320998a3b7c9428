//! A client of the MySQL protocol that says exactly what a test wants it to say, and shows exactly what came back.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use wire::mysql::compression::{Compression, Frames};
use wire::mysql::constant::{Capabilities, command_code};
use wire::mysql::handshake::{ConnectAttributes, Greeting, HandshakeResponse, put_attribute};
use wire::mysql::ok::{End, OkPacket};
use wire::mysql::packet::{PacketReader, PacketWriter};

/// How long a server may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// First byte of an ERR packet.
const ERR_HEADER: u8 = 0xff;

/// A connection.
pub struct Raw {
    /// The socket.
    pub stream: TcpStream,
    /// What both sides can do.
    pub capabilities: Capabilities,
    /// The connection's id.
    pub id: u32,
    /// What the login was answered with.
    pub login: Vec<u8>,
    reader: PacketReader,
    frames: Option<Frames>,
}

/// What a client says of itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hello<'a> {
    /// Capabilities besides the usual ones.
    pub more: Capabilities,
    /// Usual capabilities to go without.
    pub less: Capabilities,
    /// Level of zstd.
    pub zstd_level: Option<u8>,
    /// Connection attributes.
    pub attributes: &'a [(&'a str, &'a str)],
    /// The database.
    pub database: Option<&'a str>,
}

impl Raw {
    /// Logs in as root without a password.
    ///
    /// # Errors
    /// When the server closes the connection.
    pub fn connect(address: &str, hello: Hello<'_>) -> io::Result<Raw> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        stream.set_nodelay(true)?;
        let mut raw = Raw {
            stream,
            capabilities: Capabilities::empty(),
            id: 0,
            login: Vec::new(),
            reader: PacketReader::new(1 << 30),
            frames: None,
        };
        let first = raw.packet()?;
        let greeting = Greeting::parse(&first).map_err(io::Error::other)?;
        raw.id = greeting.connection_id;
        let mut wanted = Capabilities::CLIENT.with(hello.more).without(hello.less);
        wanted.set(Capabilities::CONNECT_WITH_DB, hello.database.is_some());
        raw.capabilities = wanted & greeting.capabilities;
        let mut pairs = Vec::new();
        for (name, value) in hello.attributes {
            put_attribute(&mut pairs, name, value);
        }
        let response = HandshakeResponse {
            capabilities: raw.capabilities,
            packet_bytes_max: 1 << 24,
            charset: 255,
            user: b"root",
            auth_response: &[],
            database: hello.database.map(str::as_bytes),
            auth_plugin: Some(b"caching_sha2_password"),
            attributes: ConnectAttributes::from_encoded(&pairs).map_err(io::Error::other)?,
            zstd_level: hello.zstd_level,
        };
        let mut writer = PacketWriter::new();
        writer.set_sequence(1);
        response.encode(&mut writer);
        raw.stream.write_all(writer.as_slice())?;
        raw.reader.set_sequence_next(2);
        raw.login = raw.packet()?;
        if raw.login.first() == Some(&0) {
            let has = |flag| raw.capabilities.contains(flag);
            let compression = match hello.zstd_level {
                _ if has(Capabilities::COMPRESS) => Some(Compression::Zlib),
                Some(level) if has(Capabilities::ZSTD_COMPRESSION) => Some(Compression::Zstd { level }),
                _ => None,
            };
            raw.frames = compression.map(Frames::client);
        }
        Ok(raw)
    }

    /// Sends a command's payload and does not wait.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn send(&mut self, payload: &[u8]) -> io::Result<()> {
        let mut writer = PacketWriter::new();
        writer.put_packet(payload);
        self.reader.set_sequence_next(writer.sequence());
        match &mut self.frames {
            None => self.stream.write_all(writer.as_slice()),
            Some(frames) => {
                let mut out = Vec::new();
                frames.begin_command();
                frames.deflate(writer.as_slice(), &mut out);
                self.stream.write_all(&out)
            }
        }
    }

    /// Sends COM_QUERY and does not wait.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn send_query(&mut self, sql: &str) -> io::Result<()> {
        let no_attributes: &[u8] =
            if self.capabilities.contains(Capabilities::QUERY_ATTRIBUTES) { &[0, 1] } else { &[] };
        self.send(&[&[command_code::QUERY], no_attributes, sql.as_bytes()].concat())
    }

    /// Runs a statement: all packets of its answer.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn query(&mut self, sql: &str) -> io::Result<Vec<Vec<u8>>> {
        self.send_query(sql)?;
        self.answer()
    }

    /// Runs a statement that has to be answered with OK: the packet that says so, or that ends its result.
    ///
    /// # Panics
    /// When it fails.
    #[must_use]
    pub fn ok(&mut self, sql: &str) -> Vec<u8> {
        let packets = self.query(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        let last = packets.last().cloned().unwrap_or_default();
        assert_ne!(last.first(), Some(&ERR_HEADER), "{sql}: {}", String::from_utf8_lossy(&last));
        last
    }

    /// All packets of the next answer, of commands of which several were sent.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn next_answer(&mut self) -> io::Result<Vec<Vec<u8>>> {
        self.reader.set_sequence_next(1);
        if let Some(frames) = &mut self.frames {
            frames.begin_command();
        }
        self.answer()
    }

    /// All packets of one answer to a query.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn answer(&mut self) -> io::Result<Vec<Vec<u8>>> {
        let mut packets = vec![self.packet()?];
        if let Some(0 | &ERR_HEADER) = packets[0].first() {
            return Ok(packets);
        }
        // Of packets that may be definitions none begins with 0xfe. Old clients get an EOF packet behind them, too.
        let mut ends = if self.capabilities.contains(Capabilities::DEPRECATE_EOF) { 1 } else { 2 };
        loop {
            let packet = self.packet()?;
            let is_err = packet.first() == Some(&ERR_HEADER);
            let end = End::parse_result_end(&packet, self.capabilities).map_err(io::Error::other)?;
            packets.push(packet);
            ends -= usize::from(end.is_some());
            if is_err || ends == 0 {
                return Ok(packets);
            }
        }
    }

    /// The next packet.
    ///
    /// # Errors
    /// When the connection is gone, or nothing comes in time.
    pub fn packet(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(packet) = self.reader.next().map_err(io::Error::other)? {
                return Ok(packet.payload.to_vec());
            }
            // One frame at a time: the next one may be of the next answer.
            if let Some(frames) = &mut self.frames
                && frames.inflate(self.reader.buffer_mut()).map_err(io::Error::other)? > 0
            {
                continue;
            }
            let mut space = [0; 16 << 10];
            let count = self.stream.read(&mut space)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match &mut self.frames {
                None => self.reader.buffer_mut().extend_from_slice(&space[..count]),
                Some(frames) => frames.received_mut().extend_from_slice(&space[..count]),
            }
        }
    }

    /// The number of the error that the server sends without being asked.
    ///
    /// # Errors
    /// When the connection is gone, or nothing comes in time.
    pub fn goodbye(&mut self) -> io::Result<u16> {
        self.reader.set_sequence_next(1);
        if let Some(frames) = &mut self.frames {
            frames.begin_command();
        }
        self.errno()
    }

    /// The number of the error that is the next packet; 0 when it is none.
    ///
    /// # Errors
    /// When the connection is gone, or nothing comes in time.
    pub fn errno(&mut self) -> io::Result<u16> {
        self.packet().map(|packet| errno(&packet).unwrap_or_default())
    }

    /// Goes away without a word: with FIN, or with RST.
    pub fn vanish(self, resets: bool) {
        if resets {
            let _ = rustix::net::sockopt::set_socket_linger(&self.stream, Some(Duration::ZERO));
        }
        let _ = if resets { Ok(()) } else { self.stream.shutdown(Shutdown::Both) };
    }
}

/// The number of an error packet.
#[must_use]
pub fn errno(packet: &[u8]) -> Option<u16> {
    match packet {
        [ERR_HEADER, low, high, ..] => Some(u16::from_le_bytes([*low, *high])),
        _ => None,
    }
}

/// The status flags, and the changes of the session's state as text, of an OK packet.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn changes(packet: &[u8]) -> (u16, Vec<String>) {
    use wire::mysql::session_state::Change;
    let parsed = OkPacket::parse_with_changes(packet);
    let (ok, changes) = parsed.unwrap_or_else(|error| panic!("{error}: {packet:?}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let shown = |change| match change {
        Change::Variable { name, value } => format!("{}={}", text(name), text(value)),
        Change::Schema(name) => format!("schema {}", text(name)),
        Change::State => "state".to_owned(),
        Change::Gtids(gtids) => format!("gtids {}", text(gtids)),
        Change::TransactionCharacteristics(statements) => format!("characteristics {}", text(statements)),
        Change::TransactionState(state) => text(state),
        Change::Unknown(kind) => format!("unknown {kind}"),
    };
    (ok.status.bits(), changes.iter().map(shown).collect())
}
