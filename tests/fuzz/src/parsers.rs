//! The parsers of `wire` and `sql`, given inputs in this process.
//!
//! A parser may refuse what it is given, and may not panic. What it takes must be what it says it is: parsed, written and parsed again it is
//! the same, where both directions exist.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use wire::mysql::column::Column;
use wire::mysql::command::Command;
use wire::mysql::constant::Capabilities;
use wire::mysql::error::ErrorPacket;
use wire::mysql::execute::{LongData, parse_parameters};
use wire::mysql::handshake::{ChangeUser, ClientHello, Greeting, parse_auth_switch};
use wire::mysql::ok::{End, OkPacket, PrepareOk};
use wire::mysql::packet::{PacketReader, PacketWriter};

use crate::corpus::Session;
use crate::mutate;

/// The largest packet the framing takes here.
const PACKET_BYTES_MAX: usize = 1 << 20;

/// The stack of a session's thread in the server.
const STACK_BYTES: usize = 8 << 20;

/// Gives `count` inputs to the parsers; how many of them were taken for something.
///
/// # Panics
/// When a parser does.
#[must_use]
pub fn run(sessions: &[Session], seed: u64, count: u64) -> u64 {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        thread.spawn_scoped(scope, || inputs(sessions, seed, count)).unwrap().join().unwrap()
    })
}

fn inputs(sessions: &[Session], seed: u64, count: u64) -> u64 {
    let mut random = StdRng::seed_from_u64(seed);
    let hellos: Vec<&[u8]> = sessions.iter().map(|session| &session.hello[..]).collect();
    let packets: Vec<&[u8]> =
        sessions.iter().flat_map(|session| &session.packets).map(|packet| &packet.payload[..]).collect();
    let mut taken = 0;
    for number in 0..count {
        let is_taken = if number % 4 == 0 {
            let input = mutate::payload(hellos.choose(&mut random).unwrap(), &hellos, &mut random);
            before_login(&input, Capabilities::from_bits(random.random()))
        } else {
            let input = mutate::payload(packets.choose(&mut random).unwrap(), &packets, &mut random);
            if number % 64 == 1 {
                framing(&input, &mut random);
            }
            command(&input, &mut random)
        };
        taken += u64::from(is_taken);
    }
    taken
}

/// What comes before a login, and what our own driver reads.
fn before_login(input: &[u8], capabilities: Capabilities) -> bool {
    let hello = ClientHello::parse(input, capabilities | Capabilities::PROTOCOL_41);
    if let Ok(ClientHello::Response(response)) = &hello {
        let mut writer = PacketWriter::new();
        response.encode(&mut writer);
        let again = ClientHello::parse(&writer.as_slice()[4..], capabilities | Capabilities::PROTOCOL_41);
        let lengths_fit = response.auth_response.len() <= 255 && !response.auth_response.contains(&0);
        if lengths_fit {
            assert_eq!(again.as_ref(), hello.as_ref(), "a handshake response written and read");
        }
    }
    let others = [
        Greeting::parse(input).is_ok(),
        parse_auth_switch(input).is_ok(),
        OkPacket::parse(input).is_ok(),
        End::parse_eof(input).is_ok(),
        End::parse_result_end(input, capabilities).is_ok(),
        PrepareOk::parse(input).is_ok(),
        Column::parse(input).is_ok(),
        ErrorPacket::parse(input).is_ok(),
        ChangeUser::parse(input, capabilities).is_ok(),
    ];
    hello.is_ok() || others.contains(&true)
}

/// A command, its parameters, its statement.
fn command(input: &[u8], random: &mut StdRng) -> bool {
    match Command::parse(input) {
        Ok(Command::Query(text) | Command::StmtPrepare(text)) => {
            let (first, rest) = sql::parse::split_first(text, sql::variables::SqlMode::default());
            assert!(first.len() + rest.len() <= text.len(), "a split text is no longer than the text");
            sql::parse::parse_statement(first, sql::variables::SqlMode::default()).is_ok()
        }
        Ok(Command::StmtExecute { parameters, .. }) => {
            let count = random.random_range(0..12);
            let mut types = Vec::new();
            let first = parse_parameters(parameters, count, &mut types, &LongData::default()).is_ok();
            // As executed again, with the types of before.
            let again = parse_parameters(parameters, count, &mut types, &LongData::default()).is_ok();
            first || again
        }
        Ok(Command::ChangeUser(body)) => ChangeUser::parse(body, Capabilities::SERVER).is_ok(),
        Ok(_) => true,
        Err(_) => false,
    }
}

/// The bytes of packets, cut anywhere.
fn framing(input: &[u8], random: &mut StdRng) {
    let mut writer = PacketWriter::new();
    writer.put_packet(input);
    writer.set_sequence(0);
    writer.put_packet(&input[..input.len() / 2]);
    let mut bytes = writer.as_slice().to_vec();
    if random.random_ratio(1, 2) {
        let at = random.random_range(0..bytes.len());
        bytes[at] ^= 1 << random.random_range(0..8);
    }
    let mut reader = PacketReader::new(PACKET_BYTES_MAX);
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let (now, later) = rest.split_at(random.random_range(1..=rest.len()));
        reader.buffer_mut().extend_from_slice(now);
        while let Ok(Some(packet)) = reader.next() {
            assert!(packet.payload.len() <= bytes.len(), "a packet is no more than what was sent");
            reader.reset_sequence();
        }
        rest = later;
    }
}
