//! Engines on disk after the worst: a process killed while it writes, and files that are not what was written.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use storage::Error;
use storage::engine::{Direction, Engine, EngineKind, EngineWrite, KeyRange};
use storage::limits::ENGINE_CACHE_BYTES_DEFAULT;

/// Set for the process that is killed: engine and folder.
const CHILD: &str = "QUORATE_ENGINE_CHILD";
const KEYS: u32 = 2_000;
/// Small, so that engines write pages before any checkpoint.
const CHILD_CACHE_BYTES: u64 = 4 << 20;

type Rows = BTreeMap<Bytes, (u64, Bytes)>;

/// What the entry at `index` writes: the same for all time. Each ninth has so much that a half of it is a batch which an engine may treat in a
/// way of its own.
fn entry(index: u64) -> Vec<EngineWrite> {
    let mut random = StdRng::seed_from_u64(index);
    let mut writes = BTreeMap::new();
    let is_large = index.is_multiple_of(9);
    for _ in 0..if is_large { 400 } else { random.random_range(1..200) } {
        let key = Bytes::copy_from_slice(&(0x0100_0000 + random.random_range(0..KEYS)).to_be_bytes());
        let length = if is_large { 16_000 } else { random.random_range(0..300) };
        let value = (random.random_range(0..5) > 0).then(|| (index, Bytes::from(vec![index as u8; length])));
        writes.insert(key, value);
    }
    writes.into_iter().collect()
}

fn rows(engine: &dyn Engine) -> Result<Rows, Error> {
    let mut scan = engine.scan(KeyRange::all(), Direction::Forward);
    let mut rows = Rows::new();
    while let Some((key, stamp, value)) = scan.next()? {
        rows.insert(key.into_bytes(), (stamp, value.into_bytes()));
    }
    Ok(rows)
}

/// Opens the engine; one whose process was just killed, or that was dropped, gives its lock back a little later.
fn open(kind: EngineKind, folder: &Path) -> Box<dyn Engine> {
    let begun = Instant::now();
    loop {
        match kind.open(folder, ENGINE_CACHE_BYTES_DEFAULT) {
            Ok(engine) => return engine,
            Err(error) if begun.elapsed() < Duration::from_secs(10) && error.to_string().contains("lock") => {
                thread::yield_now();
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// The process that is killed: goes on from what the engine has, each entry in two steps, and tells of each checkpoint.
#[test]
#[ignore = "is run by the tests of this file, in a process of its own"]
fn child() {
    let Ok(told) = std::env::var(CHILD) else { return };
    let (name, folder) = told.split_once(' ').unwrap();
    let kind = EngineKind::ALL.into_iter().find(|kind| kind.name() == name).unwrap();
    let engine = kind.open(Path::new(folder), CHILD_CACHE_BYTES).unwrap();
    let mut index = engine.applied();
    loop {
        index += 1;
        let writes = entry(index);
        engine.raise_reach(index).unwrap();
        let (first, second) = writes.split_at(writes.len() / 2);
        engine.write(first, index - 1).unwrap();
        engine.write(second, index).unwrap();
        if index.is_multiple_of(40) {
            let mut out = std::io::stdout();
            writeln!(out, "\ndurable {}", engine.checkpoint().unwrap()).unwrap();
            out.flush().unwrap();
        }
    }
}

/// Every row is that of the applied index, unless an entry up to the reach has written it again.
fn is_a_prefix(engine: &dyn Engine, model: &Rows) {
    let (applied, reach) = (engine.applied(), engine.reach());
    let found = rows(engine).unwrap();
    let mut later: BTreeMap<Bytes, Vec<Option<(u64, Bytes)>>> = BTreeMap::new();
    for index in applied + 1..=reach {
        for (key, write) in entry(index) {
            later.entry(key).or_default().push(write);
        }
    }
    for key in model.keys().chain(found.keys()).chain(later.keys()) {
        let row = found.get(key).cloned();
        let is_later = later.get(key).is_some_and(|writes| writes.contains(&row));
        assert!(is_later || row == model.get(key).cloned(), "{key:?} at {applied}..{reach}: {row:?}");
        let got = engine.get(key).unwrap().map(|(stamp, value)| (stamp, value.into_bytes()));
        assert_eq!(got, row);
    }
}

fn a_killed_process_leaves_a_prefix(kind: EngineKind) {
    let folder = tempfile::tempdir().unwrap();
    let mut random = StdRng::seed_from_u64(5);
    let mut model = Rows::new();
    let mut modelled = 0;
    for round in 0..4 {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--ignored", "--nocapture"])
            .env(CHILD, format!("{} {}", kind.name(), folder.path().display()))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let durable =
            lines.filter_map(|line| line.strip_prefix("durable ").map(|index| index.parse::<u64>().unwrap()));
        let durable = durable.take(3).last().expect("the process ended by itself");
        thread::sleep(Duration::from_micros(random.random_range(0..30_000)));
        process.kill().unwrap();
        process.wait().unwrap();

        let engine = open(kind, folder.path());
        assert!(engine.applied() >= durable, "round {round}: {} after {durable}", engine.applied());
        assert!(engine.applied() <= engine.reach() && !engine.is_replacing());
        for index in modelled + 1..=engine.applied() {
            for (key, write) in entry(index) {
                match write {
                    Some(write) => model.insert(key, write),
                    None => model.remove(&key),
                };
            }
        }
        modelled = engine.applied();
        is_a_prefix(&*engine, &model);
    }
    assert!(modelled > 100);
}

/// A folder with two thousand rows, durable.
fn filled(kind: EngineKind) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(kind, folder.path());
    engine.raise_reach(1).unwrap();
    let batch: Vec<EngineWrite> = (0..KEYS)
        .map(|number| (format!("tab1{number:04}").into(), Some((1, Bytes::from_static(b"some value")))))
        .collect();
    engine.write(&batch, 1).unwrap();
    engine.checkpoint().unwrap();
    folder
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// What became of a damaged folder: refused with an error that says what to do, here or at a read, or behind, or all rows as
/// they were. Never a panic, and never a wrong row.
fn refused_or_behind_or_whole(kind: EngineKind, folder: &Path, what: &str) -> bool {
    let is_told = |error: Error| {
        assert!(error.to_string().contains("can be removed"), "{what}: {error}");
        true
    };
    let engine = match kind.open(folder, ENGINE_CACHE_BYTES_DEFAULT) {
        Ok(engine) => engine,
        Err(error) => return is_told(error),
    };
    for number in (0..KEYS).step_by(37) {
        match engine.get(format!("tab1{number:04}").as_bytes()) {
            Ok(Some((stamp, value))) => assert_eq!((stamp, &value[..]), (1, &b"some value"[..]), "{what}"),
            Ok(None) => assert_eq!(engine.applied(), 0, "{what}: a row is gone unnoticed"),
            Err(error) => return is_told(error),
        }
    }
    match rows(&*engine) {
        Ok(rows) => {
            assert!(
                rows.values().all(|(stamp, value)| *stamp <= engine.reach() && value == "some value"),
                "{what}"
            );
            assert!(engine.applied() == 0 || rows.len() == KEYS as usize, "{what}: rows were lost unnoticed");
            false
        }
        Err(error) => is_told(error),
    }
}

fn damage_is_refused_or_behind(kind: EngineKind) {
    let mut told = 0;
    for place in 0..24 {
        let folder = filled(kind);
        for path in files(folder.path()) {
            let mut content = std::fs::read(&path).unwrap();
            // Where there is something: files are laid out ahead.
            let pages: Vec<usize> = (0..content.len())
                .step_by(4096)
                .filter(|&at| content[at..content.len().min(at + 4096)].iter().any(|byte| *byte != 0))
                .collect();
            if pages.is_empty() {
                continue;
            }
            let at = pages[pages.len() * (place % 12) / 12]
                + if place < 12 { 0 } else { 100 + 301 * (place - 12) };
            let at = at.min(content.len() - 1);
            // A page in some rounds, one bit in the others.
            if place < 12 {
                let end = (at + 4096).min(content.len());
                content[at..end].fill(0xa5);
            } else {
                content[at] ^= 0x10;
            }
            std::fs::write(&path, content).unwrap();
        }
        told += usize::from(refused_or_behind_or_whole(kind, folder.path(), &format!("place {place}")));
    }
    // Most of it hits what is not in use; how much depends on where the engine laid out its pages.
    assert!(told > 0, "no damage was told");
}

/// What met damage while it ran does not open again: it would fail at the same place.
fn damage_that_was_met_is_remembered(kind: EngineKind) {
    let folder = filled(kind);
    for path in files(folder.path()) {
        let mut content = std::fs::read(&path).unwrap();
        // In all values, wherever they are.
        let mut at = 0;
        while let Some(found) = content[at..].windows(10).position(|window| window == b"some value") {
            at += found + 10;
            content[at - 1] = b'X';
        }
        std::fs::write(&path, content).unwrap();
    }
    if let Ok(engine) = kind.open(folder.path(), ENGINE_CACHE_BYTES_DEFAULT) {
        let error = engine.get(b"tab10007").map(|row| row.is_some()).unwrap_err();
        assert!(error.to_string().contains("can be removed"), "{error}");
        drop(engine);
    }
    let error = kind.open(folder.path(), ENGINE_CACHE_BYTES_DEFAULT).err().unwrap();
    assert!(error.to_string().contains("can be removed"), "{error}");
}

macro_rules! over_each_engine {
    ($($engine:ident: $kind:expr => $($name:ident),*;)*) => {
        $(mod $engine {
            use storage::engine::EngineKind;

            $(#[test]
            fn $name() {
                super::$name($kind);
            })*
        })*
    };
}

over_each_engine! {
    sled: EngineKind::Sled => a_killed_process_leaves_a_prefix, damage_is_refused_or_behind;
    redb: EngineKind::Redb => a_killed_process_leaves_a_prefix, damage_is_refused_or_behind, damage_that_was_met_is_remembered;
    fjall: EngineKind::Fjall => a_killed_process_leaves_a_prefix, damage_is_refused_or_behind, damage_that_was_met_is_remembered;
}
