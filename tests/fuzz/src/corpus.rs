//! Sessions of real connectors, as the packets that they sent.
//!
//! A session is a text file: `#` begins a comment, every other line is a packet, `SEQUENCE HEX`. The first packet is the handshake
//! response; those of number 0 begin a command.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use wire::mysql::auth::Plugin;
use wire::mysql::compression::Compression;
use wire::mysql::constant::Capabilities;
use wire::mysql::handshake::{ClientHello, HandshakeResponse};
use wire::mysql::packet::PacketWriter;

/// A packet as a client sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its number; 0 begins a command.
    pub sequence: u8,
    /// What is behind its header.
    pub payload: Vec<u8>,
}

/// What one connection sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// File name without its ending.
    pub name: String,
    /// The handshake response.
    pub hello: Vec<u8>,
    /// Everything after it.
    pub packets: Vec<Sent>,
}

impl Session {
    /// Reads a session's text.
    ///
    /// # Errors
    /// With the line that is none.
    pub fn parse(name: &str, text: &str) -> Result<Session, String> {
        let mut packets = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (sequence, hex) = line.split_once(' ').unwrap_or((line, ""));
            let packet = sequence.parse().ok().zip(from_hex(hex));
            let (sequence, payload) = packet.ok_or(format!("{name}, line {}: no packet", number + 1))?;
            packets.push(Sent { sequence, payload });
        }
        if packets.is_empty() {
            return Err(format!("{name}: no handshake response"));
        }
        let hello = packets.remove(0).payload;
        Ok(Session { name: name.to_owned(), hello, packets })
    }

    /// The session's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("# {}\n1 {}\n", self.name, to_hex(&self.hello));
        for packet in &self.packets {
            writeln!(text, "{} {}", packet.sequence, to_hex(&packet.payload)).unwrap();
        }
        text
    }

    /// The handshake response as another's, and without the schema that was there when it was recorded.
    #[must_use]
    pub fn hello_of(&self, wanted: &Hello<'_>) -> Vec<u8> {
        let Ok(ClientHello::Response(response)) = ClientHello::parse(&self.hello, ANY) else {
            return self.hello.clone();
        };
        let mut capabilities = response.capabilities;
        capabilities.set(Capabilities::SSL, false);
        capabilities.set(Capabilities::COMPRESS, wanted.compression == Some(Compression::Zlib));
        let zstd_level = match wanted.compression {
            Some(Compression::Zstd { level }) => Some(level),
            Some(Compression::Zlib) | None => None,
        };
        capabilities.set(Capabilities::ZSTD_COMPRESSION, zstd_level.is_some());
        let mut auth_plugin = response.auth_plugin;
        if let Some((plugin, _)) = wanted.proof {
            capabilities.set(Capabilities::PLUGIN_AUTH, true);
            auth_plugin = Some(plugin.name().as_bytes());
        }
        let mut writer = PacketWriter::new();
        HandshakeResponse {
            user: wanted.user.as_bytes(),
            database: None,
            auth_response: wanted.proof.map_or(&[], |(_, answer)| answer),
            auth_plugin,
            capabilities,
            zstd_level,
            ..response
        }
        .encode(&mut writer);
        writer.as_slice()[4..].to_vec()
    }
}

/// What is changed in a recorded login.
#[derive(Clone, Copy, Debug)]
pub struct Hello<'a> {
    /// Who logs in.
    pub user: &'a str,
    /// The plugin and its first answer; without one, no password.
    pub proof: Option<(Plugin, &'a [u8])>,
    /// Frames from the login on.
    pub compression: Option<Compression>,
}

/// Every capability: what a client announced is taken as it is.
const ANY: Capabilities = Capabilities::from_bits(u32::MAX);

/// Where the corpus is.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// All sessions of a folder, by name.
///
/// # Panics
/// When one cannot be read, or there is none.
#[must_use]
pub fn load(folder: &Path) -> Vec<Session> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "session"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no session in {}", folder.display());
    let read = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy();
        Session::parse(&name, &std::fs::read_to_string(path).unwrap()).unwrap()
    };
    paths.iter().map(read).collect()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    digits.chunks(2).map(|pair| Some((digit(pair[0])? << 4 | digit(pair[1])?) as u8)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_its_text() {
        let text = "# one\n1 85a2\n0 0e\n0 \n";
        let session = Session::parse("one", text).unwrap();
        assert_eq!(session.hello, [0x85, 0xa2]);
        assert_eq!(session.packets[1], Sent { sequence: 0, payload: Vec::new() });
        assert_eq!(session.to_text(), text);
        assert!(Session::parse("x", "1 8").is_err());
        assert!(Session::parse("x", "1 zz").is_err());
        assert!(Session::parse("x", "# nothing").is_err());
    }

    #[test]
    fn every_recorded_session_has_a_handshake_response() {
        for session in load(&folder()) {
            let hello = ClientHello::parse(&session.hello, ANY);
            assert!(matches!(hello, Ok(ClientHello::Response(_))), "{}: {hello:?}", session.name);
            let other = session.hello_of(&Hello { user: "fuzz", proof: None, compression: None });
            let Ok(ClientHello::Response(response)) = ClientHello::parse(&other, ANY) else {
                panic!("{}: not a response any more", session.name);
            };
            assert_eq!(response.user, b"fuzz");
            assert!(!session.packets.is_empty(), "{}", session.name);
        }
    }
}
