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
use sql::account::ClientHost;
use tokio::time::{Instant, Sleep};
use wire::mysql::command::Command;
use wire::mysql::constant::{Capabilities, StatusFlags};
use wire::mysql::error::{ErrorPacket, code, put_error_before_handshake};
use wire::mysql::handshake::{ChangeUser, ClientHello, Greeting, Salt};
use wire::mysql::packet::{Packet, PacketReader, PacketWriter};

use super::channel::Channel;
use super::command::Client;
use super::login::{self, Attempt, DEFAULT_PLUGIN};
use crate::limits::{
    CLIENT_GOODBYE_TIMEOUT, CLIENT_READ_TIMEOUT, HANDSHAKE_PACKET_BYTES_MAX, RESULT_FLUSH_BYTES,
};
use crate::node::Node;
use crate::node::login::Connecting;
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
    fn from(error: std::io::Error) -> Self {
        // A frame of the compressed protocol that is none comes this way.
        error.downcast::<wire::Error>().map_or(End::Closed, End::Protocol)
    }
}

/// Serves a client from its first packet to its last. `process` is none when there are too many connections.
pub async fn run(node: Arc<Node>, channel: Channel, address: SocketAddr, process: Option<Arc<Process>>) {
    let mut socket = Socket::new(channel);
    let Some(process) = process else {
        count(&node.processes.counters.aborted_connects);
        put_error_before_handshake(&mut socket.writer, 1040, "Too many connections");
        let _ = socket.flush().await;
        return;
    };
    let _listed = Listed(&node, process.id);
    if let Some(stream) = socket.channel.stream() {
        let _ = process.is_gone.set(Box::new(super::vanished::probe(stream)));
    }
    let login = async {
        tokio::select! {
            login = tokio::time::timeout(node.connect_timeout(), handshake(&node, &mut socket, address, &process)) => login,
            () = process.until_connection_killed() => Ok(Err(End::Closed)),
        }
    };
    let client = match login.await {
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
    // Before the first byte of a command was understood, the client waits for the first packet of its answer.
    socket.writer.set_sequence(socket.reader.sequence_next().max(GOODBYE_SEQUENCE));
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
    /// How long the client may pause within a packet.
    pub read_timeout: Duration,
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
            read_timeout: CLIENT_READ_TIMEOUT,
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
    ///
    /// # Errors
    /// When the client is gone, or sends no packets.
    pub async fn packet(&mut self) -> Result<Packet, End> {
        loop {
            if let Some(packet) = self.reader.next().map_err(End::Protocol)? {
                return Ok(packet);
            }
            if self.reader.is_drained() && self.channel.is_drained() {
                self.receive().await?;
            } else {
                // A packet that has begun has to go on.
                let timeout = self.read_timeout;
                let in_time = tokio::time::timeout(timeout, self.receive()).await;
                in_time.map_err(|_elapsed| End::Protocol(wire::Error::ReadTimeout))??;
            }
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
    if !login::knows_host(node, address.ip()) {
        let refused = login::host_refused(address.ip());
        put_error_before_handshake(&mut socket.writer, refused.code, &refused.message);
        socket.flush().await?;
        return Err(End::Closed);
    }
    let mut random = [0; wire::limits::SALT_BYTES];
    rand::rngs::OsRng.try_fill_bytes(&mut random).map_err(std::io::Error::other)?;
    let salt = Salt::from_random(random);
    let advertised = node.advertised();
    let greeting = Greeting {
        server_version: sql::variables::VERSION.into(),
        connection_id: process.id as u32,
        salt,
        capabilities: advertised,
        charset: 255,
        status: StatusFlags::AUTOCOMMIT,
        auth_plugin: DEFAULT_PLUGIN.name().into(),
    };
    socket.writer.set_sequence(0);
    greeting.encode(&mut socket.writer);
    socket.reader.set_sequence_next(1);
    let address = if socket.channel.is_local() {
        address
    } else {
        super::proxy::client_address(node, socket, address, process).await?
    };
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
    if node.requires_secure_transport() && !socket.channel.is_secure() {
        socket.writer.set_sequence(packet.sequence.wrapping_add(1));
        let message =
            "Connections using insecure transport are prohibited while --require_secure_transport=ON.";
        ErrorPacket::new(code::ER_SECURE_TRANSPORT_REQUIRED, message).encode(&mut socket.writer);
        socket.flush().await?;
        return Err(End::Closed);
    }
    let host = ClientHost::from_address(address.ip());
    let attempt = Attempt {
        salt,
        plugin: response.auth_plugin,
        answer: response.auth_response,
        user: response.user,
        host: &host,
        connecting: &connecting(node, socket, process, response.capabilities),
    };
    let compression = match node.compression_algorithms().choose(&response) {
        Ok(compression) => compression,
        Err(refusal) => {
            socket.writer.set_sequence(packet.sequence.wrapping_add(1));
            refusal.encode(&mut socket.writer);
            socket.flush().await?;
            return Err(End::Closed);
        }
    };
    let standing = login::log_in(node, socket, packet.sequence, &attempt).await?;
    let mut state = new_state(node, &user, host.name(), process.id);
    (state.account, state.active_roles) = (standing.account.clone(), standing.roles.clone());
    state.client_found_rows = response.capabilities.contains(Capabilities::FOUND_ROWS);
    super::requested::apply(node, &response, &mut state, process);
    if let Err(error) = state.variables.speak(response.charset.into()) {
        crate::node::errno::packet(&error).encode(&mut socket.writer);
        socket.flush().await?;
        return Err(End::Closed);
    }
    socket.reader.set_packet_bytes_max(state.variables.max_allowed_packet_bytes as usize);
    process.identify(&user, None);
    let mut session = Session::new(Arc::clone(node), Arc::clone(process), state);
    session.standing = standing;
    if let Some(name) = response.database
        && let Err(error) = session.use_database(&String::from_utf8_lossy(name)).await
    {
        crate::node::errno::packet(&error).encode(&mut socket.writer);
        socket.flush().await?;
        return Err(End::Closed);
    }
    let mut client = Client::new(session, response.capabilities, salt, address);
    client.put_login_ok(&mut socket.writer);
    if let Some(compression) = compression {
        socket.flush().await?;
        let received = socket.reader.take_unread();
        socket.channel.begin_compression(compression, &received);
        socket.reader.ignore_sequence();
        let _ = process.compression.set(compression);
    }
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

/// What the account's rules are judged by, on this connection.
fn connecting(node: &Node, socket: &Socket, process: &Process, capabilities: Capabilities) -> Connecting {
    let encryption = process.encryption.get().copied();
    let certificate = socket.channel.client_certificate();
    Connecting {
        encryption,
        certificate: certificate.and_then(login::names::certificate_names),
        handles_expired_passwords: capabilities.contains(Capabilities::CAN_HANDLE_EXPIRED_PASSWORDS),
        password_lifetime_days_default: sql::variables::global_number(node, "default_password_lifetime"),
        is_last: node.processes.is_full(),
        activates_all_roles: sql::variables::activates_all_roles(node),
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
        client.session.rest();
        socket.reader.reset_sequence();
        // Compressed answers have numbers of their own, by which a client tells them apart.
        if socket.writer.len() >= RESULT_FLUSH_BYTES || socket.channel.is_compressed() {
            socket.flush().await?;
        }
        socket.channel.await_command();
        let variables = &client.session.state.variables;
        let idle_limit = Duration::from_secs(variables.wait_timeout);
        socket.read_timeout = Duration::from_secs(variables.net_read_timeout);
        socket.channel.set_write_timeout(Duration::from_secs(variables.net_write_timeout));
        let packet = match next_packet(socket, process, idle.as_mut(), idle_limit).await? {
            Next::Packet(packet) => packet,
            Next::Idle => {
                count(&node.processes.counters.aborted_clients);
                let message = "The client was disconnected by the server because of inactivity. See wait_timeout and interactive_timeout for configuring this behavior.";
                socket.writer.set_sequence(GOODBYE_SEQUENCE);
                ErrorPacket::new(4031, message).encode(&mut socket.writer);
                return end(socket, client).await;
            }
            // Of KILL a client hears nothing, as in MySQL: it is its connection that failed, not a statement.
            Next::Killed if !process.server_stops() => return end(socket, client).await,
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
    // As a new connection: nothing of the session before is left, whoever it becomes. A refusal ends the connection.
    client.session.rollback();
    client.session.standing.leave();
    let host = ClientHost::from_address(client.address.ip());
    let mut connecting =
        connecting(&client.session.node, socket, &client.session.connection, client.capabilities);
    connecting.is_last = false;
    let attempt = Attempt {
        salt: client.salt,
        plugin: change.auth_plugin,
        answer: change.auth_response,
        user: change.user,
        host: &host,
        connecting: &connecting,
    };
    let node = Arc::clone(&client.session.node);
    let logging_in = login::log_in(&node, socket, sequence, &attempt);
    let standing =
        tokio::time::timeout(node.connect_timeout(), logging_in).await.map_err(|_| End::Closed)??;
    let identified = client.become_user(&user, standing, database.as_deref()).await;
    let charset = change.charset;
    let spoken = identified
        .and_then(|()| charset.map_or(Ok(()), |charset| client.session.state.variables.speak(charset)));
    if let Err(error) = spoken {
        crate::node::errno::packet(&error).encode(&mut socket.writer);
        socket.flush().await?;
        return Err(End::Closed);
    }
    client.put_login_ok(&mut socket.writer);
    Ok(())
}
