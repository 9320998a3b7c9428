//! Inputs to a real server.
//!
//! A connection logs in (mostly as recorded, sometimes with a changed handshake response, compressed or with a password), sends some tens of inputs in one go and COM_QUIT,
//! and reads until the server closes. Where a changed length has swallowed the end, it closes its side when the server has said nothing for a
//! while: a server ends what a client runs that has gone.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use wire::mysql::handshake::Salt;

use crate::answer::Answers;
use crate::corpus::{Hello, Sent, Session};
use crate::mutate;
use crate::way::{self, Way};

/// COM_QUIT.
const QUIT: &[u8] = b"\x01\0\0\0\x01";
/// How long the server may say nothing before this side is closed.
const PAUSE_MAX: Duration = Duration::from_millis(400);
/// How long the server may say nothing after that.
const SILENCE_MAX: Duration = Duration::from_secs(20);
/// The most that is kept of what a server sends to one connection.
const ANSWER_BYTES_MAX: u64 = 64 << 20;
/// Inputs of a connection, at most.
const INPUTS_MAX: usize = 96;

/// How many of a passage's packets are changed: few, so that most of it works and there is something to work on, or many.
const CHANGED_FEW: f64 = 0.1;
const CHANGED_MANY: f64 = 0.7;

/// Texts that would stop the fuzzing rather than be an input to it: what changes the whole server, and what waits.
const AVOIDED: [&str; 9] = [
    "dbms_consensus",
    "shutdown",
    "global",
    "persist",
    "sleep",
    "benchmark",
    "read lock",
    "reload",
    "quorate_",
];

/// What one thread is to do.
#[derive(Clone, Debug)]
pub struct Drive<'a> {
    /// Where the server listens.
    pub address: &'a str,
    /// What is changed.
    pub sessions: &'a [Session],
    /// Only connections that go this way.
    pub way: Option<&'a str>,
    /// Where the thread's randomness begins.
    pub seed: u64,
    /// How many inputs it sends.
    pub inputs: u64,
}

/// A connection whose answers are not well formed.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What is wrong.
    pub what: String,
    /// All that was sent.
    pub sent: Vec<u8>,
}

/// What a connection is going to send.
struct Script {
    /// The login.
    hello: Vec<u8>,
    /// All that follows, framed if the way is.
    bytes: Vec<u8>,
    way: Way,
    inputs: u64,
    /// The numbers of its packets are as they should be.
    is_framed: bool,
}

/// Sends all inputs, a connection at a time.
///
/// # Errors
/// With the first connection whose answers are not well formed.
pub fn run(drive: &Drive<'_>) -> Result<Answers, Box<Fault>> {
    let mut random = StdRng::seed_from_u64(drive.seed);
    let mut answers = Answers::default();
    let mut sent = 0;
    while sent < drive.inputs {
        let fault = |what, sent| Err(Box::new(Fault { what, sent }));
        let (stream, salt) = match connect(drive.address) {
            Ok(connected) => connected,
            Err(error) => return fault(error.to_string(), Vec::new()),
        };
        let script = script(drive, &salt, &mut random);
        sent += script.inputs;
        match converse(stream, &script) {
            Ok(Ok(found)) => answers.add(found),
            Ok(Err(what)) => return fault(what, [script.hello, script.bytes].concat()),
            Err(error) => return fault(error.to_string(), [script.hello, script.bytes].concat()),
        }
    }
    Ok(answers)
}

fn script(drive: &Drive<'_>, salt: &Salt, random: &mut StdRng) -> Script {
    let mut way = Way::choose(random);
    while drive.way.is_some_and(|name| name != way.name()) {
        way = Way::choose(random);
    }
    let mut script = Script { hello: Vec::new(), bytes: Vec::new(), way, inputs: 1, is_framed: true };
    let session = drive.sessions.choose(random).unwrap();
    log_in(&mut script, drive, session, salt, random);
    let wanted = random.random_range(1..=INPUTS_MAX);
    // A session's beginning makes the database and the tables that the rest needs.
    passage(&mut script, session, 0, random);
    while (script.inputs as usize) < wanted {
        let session =
            if random.random_ratio(3, 4) { session } else { drive.sessions.choose(random).unwrap() };
        let start = random.random_range(0..session.packets.len());
        passage(&mut script, session, start, random);
    }
    script.bytes.extend_from_slice(QUIT);
    if let Way::Compressed(compression) = way {
        let (framed, is_whole) = way::frames(compression, &script.bytes, random);
        script.bytes = framed;
        script.is_framed &= is_whole;
    }
    script
}

/// The packets of the login.
fn log_in(script: &mut Script, drive: &Drive<'_>, session: &Session, salt: &Salt, random: &mut StdRng) {
    let answer = script.way.answer(salt, random);
    let compression = match script.way {
        Way::Compressed(compression) => Some(compression),
        Way::Plain | Way::Password(_) => None,
    };
    let is_right = answer.as_ref().is_none_or(|(_, _, is_right)| *is_right);
    let proof = answer.as_ref().map(|(plugin, bytes, _)| (*plugin, &bytes[..]));
    let mut hello = session.hello_of(&Hello { user: script.way.user(), proof, compression });
    if random.random_ratio(1, 12) {
        let others: Vec<&[u8]> = drive.sessions.iter().map(|session| &session.hello[..]).collect();
        hello = mutate::payload(&hello, &others, random);
        // Whatever it has become: its answers may come at any number.
        script.is_framed = false;
    }
    put(script, &Sent { sequence: 1, payload: hello }, random);
    if answer.is_some() && (!is_right || random.random_ratio(1, 4)) {
        // Its numbers fit a login that asks for more, and nothing else.
        script.is_framed = false;
        for sequence in [3, 5] {
            let payload = way::more_answer(random);
            put(script, &Sent { sequence, payload }, random);
        }
    }
    script.hello = std::mem::take(&mut script.bytes);
}

/// Some packets of a session, one behind the other, changed or not.
fn passage(script: &mut Script, session: &Session, start: usize, random: &mut StdRng) {
    let end = (start + random.random_range(1..=16)).min(session.packets.len());
    let others: Vec<&[u8]> = session.packets.iter().map(|packet| &packet.payload[..]).collect();
    let changed = if random.random() { CHANGED_FEW } else { CHANGED_MANY };
    for packet in &session.packets[start..end] {
        let payload = match random.random_bool(changed) {
            true => mutate::payload(&packet.payload, &others, random),
            false => packet.payload.clone(),
        };
        if !is_avoided(&payload) {
            put(script, &Sent { sequence: packet.sequence, payload }, random);
        }
    }
}

fn is_avoided(payload: &[u8]) -> bool {
    let text = String::from_utf8_lossy(payload).to_ascii_lowercase();
    // COM_QUIT, and commands that end other connections, would only make the run shorter.
    matches!(payload.first(), Some(0x01 | 0x0c) | None) || AVOIDED.iter().any(|word| text.contains(word))
}

/// Frames a packet; seldom with a wrong length or number.
fn put(script: &mut Script, packet: &Sent, random: &mut StdRng) {
    let mut length = packet.payload.len() as u32;
    let mut sequence = packet.sequence;
    if random.random_ratio(1, 400) {
        script.is_framed = false;
        match random.random_range(0..3) {
            0 => length = *[0, 1, 0xff_fffe, 0xff_ffff].choose(random).unwrap(),
            1 => sequence = random.random(),
            _ => length = length.wrapping_add(random.random_range(0..8)).saturating_sub(4),
        }
    }
    // What answers a question that the server did not ask this time is out of order.
    script.is_framed &= sequence == 0 || script.hello.is_empty();
    script.inputs += 1;
    script.bytes.extend_from_slice(&length.to_le_bytes()[..3]);
    script.bytes.push(sequence);
    script.bytes.extend_from_slice(&packet.payload);
}

/// A connection, and the salt of its greeting.
fn connect(address: &str) -> io::Result<(TcpStream, Salt)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    stream.set_write_timeout(Some(SILENCE_MAX))?;
    let salt = greeting(&mut stream)?;
    Ok((stream, salt))
}

/// Sends a script and reads all answers; the inner error says what is wrong with them.
fn converse(mut stream: TcpStream, script: &Script) -> io::Result<Result<Answers, String>> {
    let reading = stream.try_clone()?;
    let reader = std::thread::spawn(move || read_to_close(reading));
    // A server that refuses what came closes before all of it is there.
    let _ = stream.write_all(&script.hello);
    let _ = stream.write_all(&script.bytes);
    let answers = reader.join().map_err(|_| io::Error::other("the reading thread panicked"))?;
    let plain = answers.and_then(|bytes| match script.way {
        // A changed login may not have asked for frames.
        Way::Compressed(compression) if script.is_framed => way::inflated(compression, &bytes),
        Way::Compressed(_) => Ok(Vec::new()),
        Way::Plain | Way::Password(_) => Ok(bytes),
    });
    Ok(plain.and_then(|bytes| {
        let mut found = Answers::read(&bytes, 2, script.is_framed)?;
        // OK, or `caching_sha2_password`'s word that the first answer was right.
        if matches!(bytes.get(4..), Some([0, ..] | [1, 3, ..])) {
            found.logins.insert(script.way.name(), 1);
        }
        Ok(found)
    }))
}

/// All that comes until the server closes.
fn read_to_close(mut stream: TcpStream) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 1 << 16];
    let mut is_open = true;
    let _ = stream.set_read_timeout(Some(PAUSE_MAX));
    while (bytes.len() as u64) < ANSWER_BYTES_MAX {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && is_open => {
                is_open = false;
                let _ = stream.shutdown(Shutdown::Write);
                let _ = stream.set_read_timeout(Some(SILENCE_MAX));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(format!("no answer and no close within {SILENCE_MAX:?}"));
            }
            // Reset: it closed before it had read everything.
            Err(_) => break,
        }
    }
    Ok(bytes)
}

/// Reads the greeting, which comes before anything is sent.
fn greeting(stream: &mut TcpStream) -> io::Result<Salt> {
    let mut header = [0; 4];
    stream.read_exact(&mut header)?;
    let length = usize::from(header[0]) | usize::from(header[1]) << 8;
    let mut greeting = vec![0; length];
    stream.read_exact(&mut greeting)?;
    match wire::mysql::handshake::Greeting::parse(&greeting) {
        Ok(greeting) => Ok(greeting.salt),
        Err(error) => Err(io::Error::other(format!("{error}: {}", String::from_utf8_lossy(&greeting)))),
    }
}
