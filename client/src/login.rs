//! The connection phase, from the greeting to the OK.
//!
//! Invariant: the password is never sent in clear: as the answer to a challenge, or encrypted with the server's key.

use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey};
use wire::mysql::auth::{MoreData, Plugin, REQUEST_PUBLIC_KEY, hidden};
use wire::mysql::constant::{Capabilities, charset};
use wire::mysql::handshake::{
    AUTH_MORE_DATA_HEADER, AUTH_SWITCH_HEADER, ConnectAttributes, Greeting, HandshakeResponse, Salt,
    parse_auth_switch, put_attribute,
};
use wire::mysql::ok::{OK_HEADER, OkPacket};
use wire::mysql::packet::PacketWriter;

use crate::connection::check_error;
use crate::{Connection, Error, Options, Result, limits};

impl Connection {
    /// Logs in on a fresh connection.
    pub(crate) fn log_in(&mut self, options: &Options) -> Result<()> {
        let payload = self.read_packet()?;
        check_error(&payload)?;
        let greeting = Greeting::parse(&payload)?;
        let capabilities = options.capabilities(greeting.capabilities);
        if !capabilities.contains(Capabilities::PROTOCOL_41 | Capabilities::SECURE_CONNECTION) {
            return Err(Error::NotSupported { what: "servers older than protocol 4.1" });
        }
        self.capabilities = capabilities;
        self.server_version = greeting.server_version;
        self.connection_id = greeting.connection_id;
        let password = options.password.as_bytes();
        let plugin = Plugin::from_name(greeting.auth_plugin.as_bytes()).unwrap_or(Plugin::Native);
        let mut pairs = Vec::new();
        put_attribute(&mut pairs, "_client_name", "quorate");
        put_attribute(&mut pairs, "_client_version", env!("CARGO_PKG_VERSION"));
        put_attribute(&mut pairs, "_pid", &std::process::id().to_string());
        let answer = plugin.answer(password, &greeting.salt);
        let response = HandshakeResponse {
            capabilities,
            packet_bytes_max: limits::PACKET_BYTES_MAX as u32,
            charset: charset::UTF8MB4_GENERAL_CI as u8,
            user: options.user.as_bytes(),
            auth_response: &answer,
            database: options.database.as_deref().map(str::as_bytes),
            auth_plugin: Some(plugin.name().as_bytes()),
            attributes: ConnectAttributes::from_encoded(&pairs)?,
            zstd_level: None,
        };
        self.answer_in_login(|writer| response.encode(writer))?;
        self.finish_login(password, greeting.salt)
    }

    /// Plays the rounds of the authentication until OK or ERR.
    fn finish_login(&mut self, password: &[u8], mut salt: Salt) -> Result<()> {
        for _ in 0..limits::LOGIN_PACKETS_MAX {
            let payload = self.read_packet()?;
            check_error(&payload)?;
            match payload.first() {
                Some(&OK_HEADER) => {
                    self.status = OkPacket::parse(&payload)?.status;
                    return Ok(());
                }
                Some(&AUTH_SWITCH_HEADER) => {
                    let (name, challenge) = parse_auth_switch(&payload)?;
                    let plugin = Plugin::from_name(name).ok_or(Error::NotSupported {
                        what: "the authentication plugin the server asks for",
                    })?;
                    salt = Salt::from_server(challenge)
                        .ok_or(wire::Error::BadHandshake { what: "challenge of an auth switch" })?;
                    let answer = plugin.answer(password, &salt);
                    self.answer_in_login(|writer| writer.put_packet(&answer))?;
                }
                Some(&AUTH_MORE_DATA_HEADER) if MoreData::parse(&payload) == MoreData::FastAuthSuccess => {}
                Some(&AUTH_MORE_DATA_HEADER) if MoreData::parse(&payload) == MoreData::FullAuthentication => {
                    self.answer_in_login(|writer| writer.put_packet(&[REQUEST_PUBLIC_KEY]))?;
                }
                Some(&AUTH_MORE_DATA_HEADER) => {
                    let encrypted = encrypt(&payload[1..], password, &salt)
                        .ok_or(Error::NotSupported { what: "the server's key for passwords" })?;
                    self.answer_in_login(|writer| writer.put_packet(&encrypted))?;
                }
                _ => return Err(wire::Error::BadHandshake { what: "answer to the login" }.into()),
            }
        }
        Err(wire::Error::BadHandshake { what: "the login does not end" }.into())
    }

    fn answer_in_login(&mut self, put: impl FnOnce(&mut PacketWriter)) -> Result<()> {
        self.writer.set_sequence(self.reader.sequence_next());
        put(&mut self.writer);
        self.write_out()?;
        self.reader.set_sequence_next(self.writer.sequence());
        Ok(())
    }
}

/// The password, encrypted with the server's key. It keeps the password from who listens, not from who stands between.
fn encrypt(pem: &[u8], password: &[u8], salt: &Salt) -> Option<Vec<u8>> {
    let key = pem::parse(pem).ok().filter(|key| key.tag() == "PUBLIC KEY")?;
    let key = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(key.contents()).ok()?).ok()?;
    let mut encrypted = vec![0; key.ciphertext_size()];
    let hidden = hidden(password, salt);
    let length = key.encrypt(&OAEP_SHA1_MGF1SHA1, hidden.as_bytes(), &mut encrypted, None).ok()?.len();
    encrypted.truncate(length);
    Some(encrypted)
}
