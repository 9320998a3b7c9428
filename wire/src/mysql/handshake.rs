//! The connection phase: greeting, handshake response, COM_CHANGE_USER, and the packets of an auth switch.
//!
//! Both directions of each are here, so that our driver and the server test each other. TLS is the server's affair: here an
//! SSLRequest is told from a response, whether it was offered or not.
//!
//! Invariants: names, answers and attributes are bounded ([`crate::limits`]); connection attributes are checked
//! once when parsed, so that iterating them cannot fail.

mod attributes;
mod change_user;

pub use self::attributes::{ConnectAttributes, put_attribute};
pub use self::change_user::ChangeUser;
use crate::limits;
use crate::mysql::constant::{Capabilities, StatusFlags};
use crate::mysql::packet::PacketWriter;
use crate::mysql::primitive::Input;
use crate::{Error, Result};

/// The handshake's version, unchanged since MySQL 3.21.
const PROTOCOL_VERSION: u8 = 10;
/// Bytes of the salt that go before the capabilities in the greeting.
const SALT_FIRST_PART_BYTES: usize = 8;
/// Length of an SSLRequest: the fixed part of a handshake response.
const SSL_REQUEST_BYTES: usize = 32;
/// Zeros after the character set in a handshake response.
const RESPONSE_FILLER_BYTES: usize = 23;
/// First byte of an auth switch request.
pub const AUTH_SWITCH_HEADER: u8 = 0xfe;
/// First byte of more authentication data.
pub const AUTH_MORE_DATA_HEADER: u8 = 0x01;

/// The random challenge of one connection: 20 bytes, none of them NUL or `$`, all of 7 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salt([u8; limits::SALT_BYTES]);

impl Salt {
    /// Makes a salt of random bytes as MySQL does. The bytes must come from a cryptographic source: a salt that
    /// can be foreseen lets a recorded login be replayed.
    pub fn from_random(mut random: [u8; limits::SALT_BYTES]) -> Self {
        for byte in &mut random {
            *byte &= 0x7f;
            if matches!(*byte, 0 | b'$') {
                *byte += 1;
            }
        }
        Salt(random)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; limits::SALT_BYTES] {
        &self.0
    }

    /// Takes a salt as a server sent it, with its closing NUL or without.
    pub fn from_server(bytes: &[u8]) -> Option<Salt> {
        bytes.first_chunk().copied().map(Salt)
    }
}

/// The server's first packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// Version as clients see it; feature checks parse its first numbers.
    pub server_version: String,
    /// The connection's id for KILL.
    pub connection_id: u32,
    /// The challenge.
    pub salt: Salt,
    /// What the server can do.
    pub capabilities: Capabilities,
    /// Default collation; the greeting has only its low byte.
    pub charset: u8,
    /// Session state: AUTOCOMMIT.
    pub status: StatusFlags,
    /// Default authentication plugin.
    pub auth_plugin: String,
}

impl Greeting {
    /// Writes the greeting.
    pub fn encode(&self, writer: &mut PacketWriter) {
        let bits = self.capabilities.bits();
        let (first, second) = self.salt.0.split_at(SALT_FIRST_PART_BYTES);
        writer.begin_packet();
        writer.put_u8(PROTOCOL_VERSION);
        writer.put_nul_terminated(self.server_version.as_bytes());
        writer.put_u32(self.connection_id);
        writer.put_nul_terminated(first);
        writer.put_u16(bits as u16);
        writer.put_u8(self.charset);
        writer.put_u16(self.status.bits());
        writer.put_u16((bits >> 16) as u16);
        writer.put_u8(limits::SALT_BYTES as u8 + 1);
        writer.put_bytes(&[0; 10]);
        writer.put_nul_terminated(second);
        writer.put_nul_terminated(self.auth_plugin.as_bytes());
        writer.end_packet();
    }

    /// Reads a greeting of protocol 10 with the 4.1 authentication.
    pub fn parse(payload: &[u8]) -> Result<Greeting> {
        let mut input = Input::new(payload);
        if input.u8() != Some(PROTOCOL_VERSION) {
            return Err(Error::BadHandshake { what: "greeting is not of protocol 10" });
        }
        Greeting::parse_version_10(&mut input).ok_or(Error::BadHandshake { what: "greeting" })
    }

    fn parse_version_10(input: &mut Input<'_>) -> Option<Greeting> {
        let server_version = lossy(input.nul_terminated()?);
        let connection_id = input.u32()?;
        let first = input.array::<SALT_FIRST_PART_BYTES>()?;
        input.u8()?;
        let low = input.u16()?;
        let charset = input.u8()?;
        let status = StatusFlags::from_bits(input.u16()?);
        let capabilities = Capabilities::from_bits(u32::from(low) | u32::from(input.u16()?) << 16);
        input.bytes(11)?;
        let second = input.array::<{ limits::SALT_BYTES - SALT_FIRST_PART_BYTES }>()?;
        input.u8()?;
        let mut salt = [0; limits::SALT_BYTES];
        salt[..SALT_FIRST_PART_BYTES].copy_from_slice(&first);
        salt[SALT_FIRST_PART_BYTES..].copy_from_slice(&second);
        let auth_plugin = match capabilities.contains(Capabilities::PLUGIN_AUTH) {
            true => lossy(input.nul_terminated_or_rest()),
            false => String::new(),
        };
        let salt = Salt(salt);
        Some(Greeting { server_version, connection_id, salt, capabilities, charset, status, auth_plugin })
    }
}

/// The client's first packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientHello<'a> {
    /// The client wants TLS before it says who it is: with the next byte it begins TLS's own handshake, and inside of that it sends
    /// its response.
    SslRequest,
    /// Who the client is and its first authentication answer.
    Response(HandshakeResponse<'a>),
}

/// The handshake response of protocol 4.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeResponse<'a> {
    /// What both sides can do: the client's flags without those that were not advertised. FOUND_ROWS,
    /// INTERACTIVE, IGNORE_SPACE, MULTI_STATEMENTS and MULTI_RESULTS are for the session to honour.
    pub capabilities: Capabilities,
    /// The largest packet the client reads. Informative: MySQL does not use it either.
    pub packet_bytes_max: u32,
    /// The collation the client wants for its connection.
    pub charset: u8,
    /// User name.
    pub user: &'a [u8],
    /// First authentication answer.
    pub auth_response: &'a [u8],
    /// Schema to use.
    pub database: Option<&'a [u8]>,
    /// Plugin that made the answer; `None` from clients before plugins, which mean `mysql_native_password`.
    pub auth_plugin: Option<&'a [u8]>,
    /// Connection attributes.
    pub attributes: ConnectAttributes<'a>,
    /// The level of zstd that the client asks for, if it asks for zstd.
    pub zstd_level: Option<u8>,
}

impl<'a> ClientHello<'a> {
    /// Reads the client's first packet. `advertised` is what the greeting offered.
    pub fn parse(payload: &'a [u8], advertised: Capabilities) -> Result<ClientHello<'a>> {
        let mut input = Input::new(payload);
        let short = input.u16().ok_or(bad("handshake response"))?;
        if !Capabilities::from_bits(u32::from(short)).contains(Capabilities::PROTOCOL_41) {
            return Err(bad("the client does not speak protocol 4.1"));
        }
        let high = input.u16().ok_or(bad("capability flags"))?;
        let requested = Capabilities::from_bits(u32::from(short) | u32::from(high) << 16);
        if payload.len() == SSL_REQUEST_BYTES && requested.contains(Capabilities::SSL) {
            return Ok(ClientHello::SslRequest);
        }
        let response = HandshakeResponse::parse_41(&mut input, requested & advertised)?;
        if response.user.len() > limits::USER_NAME_BYTES_MAX {
            return Err(bad("user name is too long"));
        }
        if response.database.is_some_and(|name| name.len() > limits::SCHEMA_NAME_BYTES_MAX) {
            return Err(bad("schema name is too long"));
        }
        Ok(ClientHello::Response(response))
    }
}

impl<'a> HandshakeResponse<'a> {
    fn parse_41(input: &mut Input<'a>, capabilities: Capabilities) -> Result<HandshakeResponse<'a>> {
        let packet_bytes_max = input.u32().ok_or(bad("max packet size"))?;
        let charset = input.u8().ok_or(bad("character set"))?;
        input.bytes(RESPONSE_FILLER_BYTES).ok_or(bad("filler"))?;
        let user = input.nul_terminated().ok_or(bad("user name"))?;
        let auth_response = if capabilities.contains(Capabilities::PLUGIN_AUTH_LENENC) {
            input.lenenc_bytes()
        } else if capabilities.contains(Capabilities::SECURE_CONNECTION) {
            input.u8().and_then(|length| input.bytes(usize::from(length)))
        } else {
            input.nul_terminated()
        };
        let auth_response = auth_response.ok_or(bad("authentication answer"))?;
        if auth_response.len() > limits::AUTH_RESPONSE_BYTES_MAX {
            return Err(bad("authentication answer is too long"));
        }
        let has = |flag| capabilities.contains(flag);
        // A client may set CONNECT_WITH_DB and name no schema.
        let database = has(Capabilities::CONNECT_WITH_DB).then(|| input.nul_terminated_or_rest());
        let auth_plugin = has(Capabilities::PLUGIN_AUTH).then(|| input.nul_terminated_or_rest());
        let attributes = match has(Capabilities::CONNECT_ATTRS) {
            true => ConnectAttributes::parse(input)?,
            false => ConnectAttributes::default(),
        };
        let zstd_level =
            has(Capabilities::ZSTD_COMPRESSION).then(|| input.u8().ok_or(bad("compression level")));
        Ok(HandshakeResponse {
            capabilities,
            packet_bytes_max,
            charset,
            user,
            auth_response,
            database: database.filter(|name| !name.is_empty()),
            auth_plugin: auth_plugin.filter(|name| !name.is_empty()),
            attributes,
            zstd_level: zstd_level.transpose()?,
        })
    }

    /// Writes the response. `capabilities` decide which fields are sent; the client side must have masked them
    /// with the server's.
    pub fn encode(&self, writer: &mut PacketWriter) {
        let has = |flag| self.capabilities.contains(flag);
        writer.begin_packet();
        writer.put_u32(self.capabilities.bits());
        writer.put_u32(self.packet_bytes_max);
        writer.put_u8(self.charset);
        writer.put_bytes(&[0; RESPONSE_FILLER_BYTES]);
        writer.put_nul_terminated(self.user);
        if has(Capabilities::PLUGIN_AUTH_LENENC) {
            writer.put_lenenc_bytes(self.auth_response);
        } else if has(Capabilities::SECURE_CONNECTION) {
            let answer = &self.auth_response[..self.auth_response.len().min(usize::from(u8::MAX))];
            writer.put_u8(answer.len() as u8);
            writer.put_bytes(answer);
        } else {
            writer.put_nul_terminated(self.auth_response);
        }
        if has(Capabilities::CONNECT_WITH_DB) {
            writer.put_nul_terminated(self.database.unwrap_or_default());
        }
        if has(Capabilities::PLUGIN_AUTH) {
            writer.put_nul_terminated(self.auth_plugin.unwrap_or_default());
        }
        if has(Capabilities::CONNECT_ATTRS) {
            writer.put_lenenc_bytes(self.attributes.as_encoded());
        }
        if has(Capabilities::ZSTD_COMPRESSION) {
            writer.put_u8(self.zstd_level.unwrap_or_default());
        }
        writer.end_packet();
    }
}

/// Appends the payload of an auth switch request: use this plugin with this challenge.
pub fn put_auth_switch(out: &mut Vec<u8>, plugin: &str, salt: &Salt) {
    out.push(AUTH_SWITCH_HEADER);
    out.extend_from_slice(plugin.as_bytes());
    out.push(0);
    out.extend_from_slice(&salt.0);
    out.push(0);
}

/// Reads an auth switch request: the plugin and its challenge.
pub fn parse_auth_switch(payload: &[u8]) -> Result<(&[u8], &[u8])> {
    let mut input = Input::new(payload);
    if input.u8() != Some(AUTH_SWITCH_HEADER) {
        return Err(bad("auth switch request"));
    }
    let plugin = input.nul_terminated().ok_or(bad("auth switch request"))?;
    Ok((plugin, input.take_rest()))
}

fn bad(what: &'static str) -> Error {
    Error::BadHandshake { what }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn greeting() -> Greeting {
        Greeting {
            server_version: "8.0.36-Quorate".to_owned(),
            connection_id: 0x0102_0304,
            salt: Salt::from_random([b'$'; 20]),
            capabilities: Capabilities::SERVER,
            charset: 255,
            status: StatusFlags::AUTOCOMMIT,
            auth_plugin: "caching_sha2_password".to_owned(),
        }
    }

    #[test]
    fn golden_greeting() {
        let mut writer = PacketWriter::new();
        greeting().encode(&mut writer);
        let expected =
            b"\x52\0\0\0\x0a8.0.36-Quorate\0\x04\x03\x02\x01%%%%%%%%\0\x8f\xa7\xff\x02\0\xff\x0b\x15\
                         \0\0\0\0\0\0\0\0\0\0%%%%%%%%%%%%\0caching_sha2_password\0";
        assert_eq!(writer.as_slice(), expected);
        assert_eq!(Greeting::parse(&writer.as_slice()[4..]), Ok(greeting()));
    }

    #[test]
    fn golden_response() {
        // The handshake response of MySQL 5.6's client, from the protocol documentation ("54 00 00 01 8d a6 0f 00 …").
        let mut payload = b"\x8d\xa6\x0f\x00\x00\x00\x00\x01\x08".to_vec();
        payload.extend_from_slice(&[0; 23]);
        payload.extend_from_slice(
            b"pam\0\x14\xab\x09\xee\xf6\xbc\xb1\x32\x3e\x61\x14\x38\x65\xc0\x99\x1d\x95\x7d\x75\xd4\x47test\0mysql_native_password\0",
        );
        assert_eq!(payload.len(), 0x54);
        let advertised =
            Capabilities::from_bits(Capabilities::SERVER.bits() & !Capabilities::LOCAL_FILES.bits());
        let ClientHello::Response(response) = ClientHello::parse(&payload, advertised).unwrap() else {
            panic!("not an SSL request");
        };
        assert_eq!((response.user, response.database), (&b"pam"[..], Some(&b"test"[..])));
        assert_eq!((response.charset, response.packet_bytes_max), (8, 1 << 24));
        assert_eq!((response.auth_response.len(), response.auth_response[0]), (20, 0xab));
        assert_eq!(response.auth_plugin, Some(&b"mysql_native_password"[..]));
        assert!(!response.capabilities.contains(Capabilities::LOCAL_FILES), "not advertised");
        let mut writer = PacketWriter::new();
        HandshakeResponse { capabilities: Capabilities::from_bits(0x000f_a68d), ..response }
            .encode(&mut writer);
        assert_eq!(&writer.as_slice()[4..], payload);
        for cut in 0..payload.len() - b"test\0mysql_native_password\0".len() {
            assert!(ClientHello::parse(&payload[..cut], Capabilities::SERVER).is_err(), "{cut}");
        }
    }

    #[test]
    fn an_ssl_request_is_seen() {
        let mut payload = [0; 32];
        payload[..4].copy_from_slice(&(Capabilities::PROTOCOL_41 | Capabilities::SSL).bits().to_le_bytes());
        assert_eq!(ClientHello::parse(&payload, Capabilities::SERVER), Ok(ClientHello::SslRequest));
        payload[1] = 0;
        let error = ClientHello::parse(&payload, Capabilities::SERVER).unwrap_err();
        assert_eq!(error.errno(), 1043, "before protocol 4.1: {error}");
    }

    #[test]
    fn a_long_user_name_is_refused() {
        let user = [b'u'; limits::USER_NAME_BYTES_MAX + 1];
        let response = HandshakeResponse {
            capabilities: Capabilities::CLIENT,
            packet_bytes_max: 0,
            charset: 45,
            user: &user,
            auth_response: &[],
            database: None,
            auth_plugin: None,
            attributes: ConnectAttributes::default(),
            zstd_level: None,
        };
        let mut writer = PacketWriter::new();
        response.encode(&mut writer);
        assert!(ClientHello::parse(&writer.as_slice()[4..], Capabilities::SERVER).is_err());
        writer.clear();
        HandshakeResponse { user: &user[1..], ..response }.encode(&mut writer);
        assert!(ClientHello::parse(&writer.as_slice()[4..], Capabilities::SERVER).is_ok());
    }

    proptest! {
        #[test]
        fn response_round_trip(user in "[a-zé]{0,30}", answer in proptest::collection::vec(any::<u8>(), 0..250),
                               database in proptest::option::of("[a-z]{1,60}"), charset: u8, flags: u32) {
            let capabilities = Capabilities::from_bits(flags) | Capabilities::PROTOCOL_41 | Capabilities::SECURE_CONNECTION;
            let offered = Capabilities::SERVER | Capabilities::ZSTD_COMPRESSION;
            let capabilities = capabilities & offered;
            let has = |flag| capabilities.contains(flag);
            let mut pairs = Vec::new();
            put_attribute(&mut pairs, "name", &user);
            let response = HandshakeResponse {
                capabilities,
                packet_bytes_max: flags,
                charset,
                user: user.as_bytes(),
                auth_response: &answer,
                database: database.as_deref().map(str::as_bytes).filter(|_| has(Capabilities::CONNECT_WITH_DB)),
                auth_plugin: has(Capabilities::PLUGIN_AUTH).then_some(b"plugin"),
                attributes: match has(Capabilities::CONNECT_ATTRS) {
                    true => ConnectAttributes::from_encoded(&pairs).unwrap(),
                    false => ConnectAttributes::default(),
                },
                zstd_level: has(Capabilities::ZSTD_COMPRESSION).then_some(flags as u8),
            };
            let mut writer = PacketWriter::new();
            response.encode(&mut writer);
            let parsed = ClientHello::parse(&writer.as_slice()[4..], offered);
            prop_assert_eq!(parsed, Ok(ClientHello::Response(response)));
        }

        #[test]
        fn random_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = ClientHello::parse(&bytes, Capabilities::SERVER);
            let _ = parse_auth_switch(&bytes);
            if bytes.len() > 4 {
                bytes[1] |= 2;
                let _ = ClientHello::parse(&bytes, Capabilities::SERVER);
                bytes[0] = PROTOCOL_VERSION;
                let _ = Greeting::parse(&bytes);
            }
        }
    }
}
