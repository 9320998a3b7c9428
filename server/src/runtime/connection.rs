//! One client connection: handshake, then commands until it ends.
//!
//! Answers collect in one output buffer, which is written out when all received commands are answered (so pipelined
//! commands share a write) or when it grows large. Nothing is answered that was not done; a command this server does not
//! know gets error 1047. A connection holds its buffers and its session, nothing else; when it ends, however it ends, its
//! transaction is rolled back and its locks are released.

use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use rand::TryRngCore;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};
use wire::mysql::auth::{Authenticator, Credential, Plugin, Step};
use wire::mysql::command::Command;
use wire::mysql::constant::{Capabilities, StatusFlags};
use wire::mysql::error::{ErrorPacket, code, put_error_before_handshake};
use wire::mysql::handshake::{ChangeUser, ClientHello, Greeting, Salt};
use wire::mysql::packet::{Packet, PacketReader, PacketWriter};

use super::channel::Channel;
use super::command::Client;
use crate::limits::{
    CLIENT_GOODBYE_TIMEOUT, CLIENT_HANDSHAKE_TIMEOUT, CLIENT_PACKET_BYTES_MAX, HANDSHAKE_PACKET_BYTES_MAX,
    RESULT_FLUSH_BYTES,
};
use crate::node::Node;
use crate::node::process::{Connection as Process, count};
use crate::node::session::{Session, new_state};

/// Why a connection ended.
#[derive(Debug)]
pub enum End {
    /// The client quit, or went away.
    Closed,
    /// The bytes made no sense; an error packet was sent if one could be.
    Protocol(wire::Error),
}

impl From<std::io::Error> for End {
    fn from(_: std::io::Error) -> Self {
        End::Closed
    }
}

/// Serves a client from its first packet to its last. `process` is none when there are too many connections.
pub async fn run(node: Arc<Node>, stream: TcpStream, address: SocketAddr, process: Option<Arc<Process>>) {
    super::socket::tune_client(&stream);
    let mut socket = Socket::new(Channel::new(stream));
    let Some(process) = process else {
        count(&node.processes.counters.aborted_connects);
        put_error_before_handshake(&mut socket.writer, 1040, "Too many connections");
        let _ = socket.flush().await;
        return;
    };
    let _listed = Listed(&node, process.id);
    let client = match tokio::time::timeout(
        CLIENT_HANDSHAKE_TIMEOUT,
        handshake(&node, &mut socket, address, &process),
    )
    .await
    {
        Ok(Ok(client)) => client,
        Ok(Err(End::Protocol(error))) => {
            count(&node.processes.counters.aborted_connects);
            refuse(&mut socket, &error).await;
            return;
        }
        Ok(Err(End::Closed)) | Err(_) => {
            count(&node.processes.counters.aborted_connects);
            return;
        }
    };
    if let Err(End::Protocol(error)) = serve(&node, &mut socket, client, &process).await {
        tracing::debug!(connection = process.id, "closing a connection: {error}");
        refuse(&mut socket, &error).await;
    }
}

/// Tells the client what was wrong with its bytes, if it still listens.
async fn refuse(socket: &mut Socket, error: &wire::Error) {
    socket.writer.set_sequence(socket.reader.sequence_next());
    crate::node::errno::from_wire(error).encode(&mut socket.writer);
    let _ = socket.flush().await;
}

/// Takes the connection off the process list at its end, also when its task panics.
pub struct Listed<'a>(pub &'a Node, pub u64);

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        self.0.processes.remove(self.1);
    }
}

/// The socket and its two buffers.
pub struct Socket {
    /// The socket, and what encrypts it.
    pub channel: Channel,
    /// Received packets.
    pub reader: PacketReader,
    /// Answers to be written.
    pub writer: PacketWriter,
    /// A write has begun and was not finished.
    is_writing: bool,
}

impl Socket {
    /// With nothing received yet.
    #[must_use]
    pub fn new(channel: Channel) -> Socket {
        Socket {
            channel,
            reader: PacketReader::new(HANDSHAKE_PACKET_BYTES_MAX),
            writer: PacketWriter::new(),
            is_writing: false,
        }
    }

    /// Writes out what has collected.
    ///
    /// # Errors
    /// When the client is gone, or an earlier write was given up midway: nothing can follow half a packet.
    pub async fn flush(&mut self) -> std::io::Result<()> {
        if self.is_writing {
            return Err(std::io::ErrorKind::BrokenPipe.into());
        }
        if !self.writer.is_empty() {
            self.is_writing = true;
            self.channel.write_all(self.writer.as_slice()).await?;
            self.is_writing = false;
            self.writer.clear();
        }
        Ok(())
    }

    /// The next packet; answers are written out before waiting for it.
    async fn packet(&mut self) -> Result<Packet, End> {
        loop {
            if let Some(packet) = self.reader.next().map_err(End::Protocol)? {
                return Ok(packet);
            }
            self.receive().await?;
        }
    }

    /// Waits for bytes of the client; answers are written out before.
    ///
    /// # Errors
    /// When the client is gone.
    pub async fn receive(&mut self) -> Result<(), End> {
        self.flush().await?;
        match self.channel.read(self.reader.buffer_mut()).await? {
            0 => Err(End::Closed),
            _ => Ok(()),
        }
    }
}

async fn handshake(
    node: &Arc<Node>,
    socket: &mut Socket,
    address: SocketAddr,
    process: &Arc<Process>,
) -> Result<Client, End> {
    let mut random = [0; wire::limits::SALT_BYTES];
    rand::rngs::OsRng.try_fill_bytes(&mut random).map_err(std::io::Error::other)?;
    let salt = Salt::from_random(random);
    let mut advertised = Capabilities::SERVER;
    advertised.set(Capabilities::SSL, node.client_tls.get().is_some());
    let greeting = Greeting {
        server_version: sql::variables::VERSION.into(),
        connection_id: process.id as u32,
        salt,
        capabilities: advertised,
        charset: 255,
        status: StatusFlags::AUTOCOMMIT,
        auth_plugin: Plugin::CachingSha2.name().into(),
    };
    socket.writer.set_sequence(0);
    greeting.encode(&mut socket.writer);
    socket.reader.set_sequence_next(1);
    let address = super::proxy::client_address(node, socket, address, process).await?;
    let mut packet = socket.packet().await?;
    let hello = ClientHello::parse(&packet.payload, advertised).map_err(End::Protocol)?;
    if hello == ClientHello::SslRequest {
        begin_tls(node, socket, process).await?;
        packet = socket.packet().await?;
    }
    let response = match ClientHello::parse(&packet.payload, advertised).map_err(End::Protocol)? {
        ClientHello::Response(response) => response,
        ClientHello::SslRequest => return Err(bad("TLS has begun already")),
    };
    if response.capabilities.contains(Capabilities::SSL) && !socket.channel.is_encrypted() {
        return Err(bad("the client announces TLS and does not begin it"));
    }
    let user = String::from_utf8_lossy(response.user).into_owned();
    if node.requires_secure_transport() && !socket.channel.is_encrypted() {
        socket.writer.set_sequence(packet.sequence.wrapping_add(1));
        let message =
            "Connections using insecure transport are prohibited while --require_secure_transport=ON.";
        ErrorPacket::new(code::ER_SECURE_TRANSPORT_REQUIRED, message).encode(&mut socket.writer);
        socket.flush().await?;
        return Err(End::Closed);
    }
    let login =
        Login { salt, plugin: response.auth_plugin, answer: response.auth_response, user: &user, address };
    authenticate(socket, packet.sequence, login).await?;
    socket.reader.set_packet_bytes_max(CLIENT_PACKET_BYTES_MAX);
    let host = address.ip().to_string();
    let mut state = new_state(node, &user, &host, process.id);
    state.client_found_rows = response.capabilities.contains(Capabilities::FOUND_ROWS);
    process.identify(&user, None);
    let mut session = Session::new(Arc::clone(node), Arc::clone(process), state);
    if let Some(Err(error)) =
        response.database.map(|name| session.use_database(&String::from_utf8_lossy(name)))
    {
        crate::node::errno::packet(&error).encode(&mut socket.writer);
        socket.flush().await?;
        return Err(End::Closed);
    }
    let client = Client::new(session, response.capabilities, salt, address);
    client.put_login_ok(&mut socket.writer);
    Ok(client)
}

fn bad(what: &'static str) -> End {
    End::Protocol(wire::Error::BadHandshake { what })
}

/// TLS's handshake, which the client has asked for.
///
/// What came behind its request is the beginning of that handshake, if the client did not wait; clients do not have to. It may also be what
/// somebody between put there in the clear, to have it taken for the client's own words later on: so TLS gets it, which takes it for nothing
/// but a handshake, and nothing of it is left when the encrypted connection begins.
async fn begin_tls(node: &Node, socket: &mut Socket, process: &Process) -> Result<(), End> {
    let Some(tls) = node.client_tls.get() else { return Err(bad("TLS was not offered")) };
    count(&node.processes.counters.tls_accepts);
    let received = socket.reader.take_unread();
    let plaintext = socket.reader.buffer_mut();
    match socket.channel.accept_tls(tls.current(), &received, plaintext).await {
        Ok(encryption) => {
            count(&node.processes.counters.tls_finished_accepts);
            let _ = process.encryption.set(encryption);
            Ok(())
        }
        Err(error) => {
            tracing::debug!(connection = process.id, "no encrypted connection: {error}");
            Err(End::Closed)
        }
    }
}

/// Number of a packet that nobody asked for. The client may be sending a command at this moment: it then takes the packet for the answer.
const GOODBYE_SEQUENCE: u8 = 1;

/// What a login is judged by.
struct Login<'a> {
    salt: Salt,
    plugin: Option<&'a [u8]>,
    answer: &'a [u8],
    user: &'a str,
    address: SocketAddr,
}

/// The only account so far: root without a password, from this machine. Accounts come with the protocol issue.
fn credential(user: &str, address: SocketAddr) -> Option<Credential> {
    (user == "root" && address.ip().is_loopback()).then_some(Credential::Empty)
}

async fn authenticate(socket: &mut Socket, sequence: u8, login: Login<'_>) -> Result<(), End> {
    let mut authenticator = Authenticator::new(login.salt, Plugin::CachingSha2);
    let mut step = authenticator.start(login.plugin, login.answer, credential(login.user, login.address));
    let mut sequence = sequence;
    loop {
        socket.writer.set_sequence(sequence.wrapping_add(1));
        match step {
            Step::Accept { preface } => {
                if !preface.is_empty() {
                    socket.writer.put_packet(preface);
                }
                return Ok(());
            }
            Step::Deny(denial) => {
                denial.to_packet(login.user, &login.address.ip().to_string()).encode(&mut socket.writer);
                socket.flush().await?;
                return Err(End::Closed);
            }
            Step::Send(payload) => {
                socket.writer.put_packet(&payload);
                socket.reader.set_sequence_next(socket.writer.sequence());
                let packet = socket.packet().await?;
                sequence = packet.sequence;
                step = authenticator.step(&packet.payload);
            }
        }
    }
}

async fn serve(
    node: &Arc<Node>,
    socket: &mut Socket,
    mut client: Client,
    process: &Arc<Process>,
) -> Result<(), End> {
    let mut idle = pin!(tokio::time::sleep(Duration::from_secs(client.session.state.variables.wait_timeout)));
    loop {
        process.idle();
        socket.reader.reset_sequence();
        if socket.writer.len() >= RESULT_FLUSH_BYTES {
            socket.flush().await?;
        }
        let idle_limit = Duration::from_secs(client.session.state.variables.wait_timeout);
        let packet = match next_packet(socket, process, idle.as_mut(), idle_limit).await? {
            Next::Packet(packet) => packet,
            Next::Idle => {
                let message = "The client was disconnected by the server because of inactivity. See wait_timeout and interactive_timeout for configuring this behavior.";
                socket.writer.set_sequence(GOODBYE_SEQUENCE);
                ErrorPacket::new(4031, message).encode(&mut socket.writer);
                return end(socket, client).await;
            }
            Next::Killed => {
                let message = "Server shutdown in progress";
                socket.writer.set_sequence(GOODBYE_SEQUENCE);
                ErrorPacket::new(1053, message).encode(&mut socket.writer);
                return end(socket, client).await;
            }
        };
        socket.writer.set_sequence(packet.sequence.wrapping_add(1));
        node.processes
            .counters
            .bytes_received
            .fetch_add(packet.payload.len() as u64 + 4, std::sync::atomic::Ordering::Relaxed);
        let command = match Command::parse(&packet.payload) {
            Ok(command) => command,
            Err(error) => {
                crate::node::errno::from_wire(&error).encode(&mut socket.writer);
                continue;
            }
        };
        match command {
            Command::Quit => return Err(End::Closed),
            Command::ChangeUser(body) => change_user(socket, &mut client, body, packet.sequence).await?,
            other => client.run(other, &packet.payload, socket).await?,
        }
        if process.must_end() {
            return end(socket, client).await;
        }
    }
}

/// What a connection's wait for its client ended with.
enum Next {
    Packet(Packet),
    Idle,
    Killed,
}

/// Waits for the next packet, a KILL, or the end of `limit`. The timer `idle` belongs to the connection and is set anew only
/// when it fires: a timer a command would cost as much as reading the packet.
async fn next_packet(
    socket: &mut Socket,
    process: &Process,
    mut idle: Pin<&mut Sleep>,
    limit: Duration,
) -> Result<Next, End> {
    let since = Instant::now();
    if idle.deadline() > since + limit {
        // wait_timeout was made shorter.
        idle.as_mut().reset(since + limit);
    }
    let mut packet = pin!(socket.packet());
    loop {
        tokio::select! {
            biased;
            packet = packet.as_mut() => return packet.map(Next::Packet),
            () = process.until_connection_killed() => return Ok(Next::Killed),
            () = idle.as_mut() => {
                if since.elapsed() >= limit {
                    return Ok(Next::Idle);
                }
                idle.as_mut().reset(since + limit);
            }
        }
    }
}

/// Ends a connection from this side. Its locks are released first: the client may read its last packet slowly, or never.
async fn end(socket: &mut Socket, client: Client) -> Result<(), End> {
    drop(client);
    let _ = tokio::time::timeout(CLIENT_GOODBYE_TIMEOUT, socket.flush()).await;
    Err(End::Closed)
}

/// COM_CHANGE_USER: a new login on the open connection, with a new session.
async fn change_user(socket: &mut Socket, client: &mut Client, body: &[u8], sequence: u8) -> Result<(), End> {
    let change = match ChangeUser::parse(body, client.capabilities) {
        Ok(change) => change,
        Err(error) => {
            crate::node::errno::from_wire(&error).encode(&mut socket.writer);
            return Ok(());
        }
    };
    let user = String::from_utf8_lossy(change.user).into_owned();
    let database = change.database.map(|name| String::from_utf8_lossy(name).into_owned());
    let login = Login {
        salt: client.salt,
        plugin: change.auth_plugin,
        answer: change.auth_response,
        user: &user,
        address: client.address,
    };
    client.session.rollback();
    authenticate(socket, sequence, login).await?;
    match client.become_user(&user, database.as_deref()) {
        Ok(()) => client.put_login_ok(&mut socket.writer),
        Err(error) => crate::node::errno::packet(&error).encode(&mut socket.writer),
    }
    Ok(())
}
