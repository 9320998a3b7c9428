//! The connection phase, from the greeting to the OK.
//!
//! Invariant: the password leaves only as the answer to a challenge, inside of TLS, or encrypted with the server's key.

use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey};
use wire::mysql::auth::{MoreData, Plugin, REQUEST_PUBLIC_KEY, hidden};
use wire::mysql::constant::{Capabilities, charset};
use wire::mysql::handshake::{
    AUTH_MORE_DATA_HEADER, AUTH_SWITCH_HEADER, ConnectAttributes, Greeting, HandshakeResponse, Salt,
    parse_auth_switch, put_attribute,
};
use wire::mysql::ok::OK_HEADER;
use wire::mysql::packet::PacketWriter;

use crate::link::{Link, check_error};
use crate::socket::Socket;
use crate::{Error, Options, Result, SslMode, limits, tls};

/// Zeros after the character set in a request for TLS.
const SSL_REQUEST_FILLER_BYTES: usize = 23;

impl<S: Socket> Link<S> {
    /// Logs in on a fresh connection.
    pub(crate) async fn log_in(&mut self, options: &Options) -> Result<()> {
        let payload = self.read_packet().await?;
        check_error(&payload)?;
        let greeting = Greeting::parse(&payload)?;
        let capabilities = options.capabilities(greeting.capabilities);
        if !capabilities.contains(Capabilities::PROTOCOL_41 | Capabilities::SECURE_CONNECTION) {
            return Err(Error::NotSupported { what: "servers older than protocol 4.1" });
        }
        self.capabilities = capabilities;
        self.server_version = greeting.server_version;
        self.encrypt(options).await?;
        self.connection_id = greeting.connection_id;
        let password = options.password.as_bytes();
        let plugin = Plugin::from_name(greeting.auth_plugin.as_bytes()).unwrap_or(Plugin::Native);
        let mut pairs = Vec::new();
        put_attribute(&mut pairs, "_client_name", "quorate");
        put_attribute(&mut pairs, "_client_version", env!("CARGO_PKG_VERSION"));
        put_attribute(&mut pairs, "_pid", &std::process::id().to_string());
        if options.track_session {
            put_attribute(&mut pairs, "_quorate_topology", "1");
        }
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
        self.answer_in_login(|writer| response.encode(writer)).await?;
        self.finish_login(password, greeting.salt).await
    }

    /// Begins TLS, if the options and the server want it.
    async fn encrypt(&mut self, options: &Options) -> Result<()> {
        if !self.capabilities.contains(Capabilities::SSL) {
            return match options.ssl_mode {
                SslMode::Disabled | SslMode::Preferred => Ok(()),
                SslMode::Required | SslMode::VerifyCa | SslMode::VerifyIdentity => Err(Error::Tls {
                    what: format!("{} does not offer TLS, which is required", self.address),
                }),
            };
        }
        let (config, name) = (tls::config(options)?, tls::server_name(&self.address)?);
        let capabilities = self.capabilities.bits();
        self.answer_in_login(|writer| {
            writer.begin_packet();
            writer.put_u32(capabilities);
            writer.put_u32(limits::PACKET_BYTES_MAX as u32);
            writer.put_u8(charset::UTF8MB4_GENERAL_CI as u8);
            writer.put_bytes(&[0; SSL_REQUEST_FILLER_BYTES]);
            writer.end_packet();
        })
        .await?;
        if !self.reader.is_drained() {
            // Nothing that came in the clear may be read as if it had been encrypted.
            return Err(wire::Error::BadHandshake { what: "data before TLS" }.into());
        }
        let started = self.channel.start_tls(config, name, self.deadline).await;
        started.map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => Error::Tls { what: format!("{}: {error}", self.address) },
            _ => Error::Lost { source: error },
        })
    }

    /// Plays the rounds of the authentication until OK or ERR.
    async fn finish_login(&mut self, password: &[u8], mut salt: Salt) -> Result<()> {
        for _ in 0..limits::LOGIN_PACKETS_MAX {
            let payload = self.read_packet().await?;
            check_error(&payload)?;
            match payload.first() {
                Some(&OK_HEADER) => {
                    self.status = self.take_ok(&payload)?.status;
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
                    self.answer_in_login(|writer| writer.put_packet(&answer)).await?;
                }
                Some(&AUTH_MORE_DATA_HEADER) => match MoreData::parse(&payload) {
                    MoreData::FastAuthSuccess => {}
                    MoreData::FullAuthentication => self.send_password(password, &salt).await?,
                    MoreData::Unknown => {
                        return Err(wire::Error::BadHandshake { what: "authentication data" }.into());
                    }
                },
                _ => return Err(wire::Error::BadHandshake { what: "answer to the login" }.into()),
            }
        }
        Err(wire::Error::BadHandshake { what: "the login does not end" }.into())
    }

    /// Full authentication of `caching_sha2_password`: the server has to see the password.
    async fn send_password(&mut self, password: &[u8], salt: &Salt) -> Result<()> {
        if self.channel.encryption().is_some() {
            let clear = [password, &[0]].concat();
            return self.answer_in_login(|writer| writer.put_packet(&clear)).await;
        }
        self.answer_in_login(|writer| writer.put_packet(&[REQUEST_PUBLIC_KEY])).await?;
        let payload = self.read_packet().await?;
        check_error(&payload)?;
        let Some((&AUTH_MORE_DATA_HEADER, pem)) = payload.split_first() else {
            return Err(wire::Error::BadHandshake { what: "public key" }.into());
        };
        let encrypted = encrypt(pem, password, salt)
            .ok_or(Error::NotSupported { what: "the server's key for passwords" })?;
        self.answer_in_login(|writer| writer.put_packet(&encrypted)).await
    }

    async fn answer_in_login(&mut self, put: impl FnOnce(&mut PacketWriter)) -> Result<()> {
        self.writer.set_sequence(self.reader.sequence_next());
        put(&mut self.writer);
        self.write_out().await?;
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
