//! A process that dies within a replacement: the next one sees that, reads nothing, and replaces again.

use std::path::Path;

use bytes::Bytes;
use storage::Error;
use storage::engine::{EngineKind, KeyRange};
use storage::version::Store;

use crate::cases::{chunks, commit, disk_store, fill, given, key, memory_store, open, put, sum};

fn source() -> (u64, Vec<Bytes>, u64) {
    let (source, _) = memory_store();
    fill(&source);
    let (index, chunks) = chunks(&source, 5_000);
    assert!(chunks.len() > 10);
    (index, chunks, sum(&source).sum)
}

fn old_rows(store: &Store) {
    commit(store, 7, &(0..3000).map(|number| put(number, "old")).collect::<Vec<_>>());
    store.flush_all(1000).unwrap();
    store.checkpoint().unwrap();
}

fn nothing_can_be_read(store: &Store) {
    assert!(store.needs_replace() && !store.is_ready());
    assert!(matches!(store.read_committed(&key(1)), Err(Error::NotReady)));
    assert!(matches!(store.snapshot().get(&key(1)), Err(Error::NotReady)));
    assert!(matches!(store.snapshot_at(400), Err(Error::NotReady)));
    assert!(matches!(store.export().err(), Some(Error::NotReady)));
    assert!(matches!(store.delete_range(&KeyRange::all(), 1), Err(Error::NotReady)));
}

#[test]
fn a_crash_between_any_two_chunks_is_noticed() {
    let (index, chunks, expected) = source();
    let (store, engine) = memory_store();
    old_rows(&store);
    let mut forks = Vec::new();
    let fork = |chunk: &Bytes| {
        forks.push(engine.fork());
        Ok(chunk.clone())
    };
    store.replace(index, &mut chunks.iter().map(fork)).unwrap();
    assert!(!open(engine.fork()).needs_replace());
    for fork in forks {
        let store = open(fork.clone());
        nothing_can_be_read(&store);
        store.replace(index, &mut given(&chunks)).unwrap();
        assert_eq!(sum(&store).sum, expected);
        assert!(!open(fork).needs_replace());
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The engine's files are copied while a replacement is under way: that is what a killed process leaves.
fn a_killed_process_leaves_files_that_say_so(kind: EngineKind) {
    let (index, chunks, expected) = source();
    let folder = tempfile::tempdir().unwrap();
    let store = disk_store(kind, &folder);
    old_rows(&store);
    let mut copies = Vec::new();
    let mut number = 0;
    let copy = |chunk: &Bytes| {
        number += 1;
        if number % 6 == 1 {
            let copy = tempfile::tempdir().unwrap();
            copy_folder(folder.path(), copy.path());
            copies.push(copy);
        }
        Ok(chunk.clone())
    };
    store.replace(index, &mut chunks.iter().map(copy)).unwrap();
    let done = tempfile::tempdir().unwrap();
    copy_folder(folder.path(), done.path());
    let store = disk_store(kind, &done);
    assert!(!store.needs_replace(), "what has returned is durable");
    assert_eq!((store.watermark(), sum(&store).sum), (index, expected));

    assert!(copies.len() >= 2);
    for copy in copies {
        let store = disk_store(kind, &copy);
        nothing_can_be_read(&store);
        store.replace(index, &mut given(&chunks)).unwrap();
        assert_eq!(sum(&store).sum, expected);
        drop(store);
        let store = disk_store(kind, &copy);
        assert!(!store.needs_replace());
        assert_eq!(sum(&store).sum, expected);
    }
}

fn an_engine_dropped_on_the_way_says_so(kind: EngineKind) {
    let (index, chunks, expected) = source();
    let folder = tempfile::tempdir().unwrap();
    for count in [0, 1, 5, chunks.len()] {
        let store = disk_store(kind, &folder);
        let mut broken = given(&chunks[..count]).chain([Err(Error::Closed("the link"))]);
        store.replace(index, &mut broken).unwrap_err();
        drop(store);
        nothing_can_be_read(&disk_store(kind, &folder));
    }
    let store = disk_store(kind, &folder);
    store.replace(index, &mut given(&chunks)).unwrap();
    assert_eq!(sum(&store).sum, expected);
}

macro_rules! over_each_engine {
    ($($name:ident: $kind:expr),*) => {
        $(mod $name {
            use storage::engine::EngineKind;

            #[test]
            fn a_killed_process_leaves_files_that_say_so() {
                super::a_killed_process_leaves_files_that_say_so($kind);
            }

            #[test]
            fn an_engine_dropped_on_the_way_says_so() {
                super::an_engine_dropped_on_the_way_says_so($kind);
            }
        })*
    };
}

over_each_engine!(sled: EngineKind::Sled, redb: EngineKind::Redb, fjall: EngineKind::Fjall);

/// For measuring: `cargo test -p storage --test replace a_million -- --ignored --nocapture`.
#[test]
#[ignore = "takes long; for measuring"]
fn a_million_rows_are_exported_and_loaded_in_bounded_memory() {
    let kind = EngineKind::Fjall;
    let resident = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap().to_owned();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    };
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = disk_store(kind, &from);
    for index in 1..=1000 {
        let first = index as u32 * 1000;
        let rows: Vec<_> = (first..first + 1000).map(|number| put(number, [index as u8; 150])).collect();
        commit(&store, index, &rows);
        store.flush_all(10_000).unwrap();
    }
    println!("{} MiB with a store of a million rows", resident());
    let begun = std::time::Instant::now();
    let mut export = store.export().unwrap();
    let (mut bytes, mut most) = (0, 0);
    while let Some(chunk) = export.next(1 << 20).unwrap() {
        bytes += chunk.len();
        most = most.max(resident());
    }
    println!("exported {} MiB in {:?}, at most {most} MiB", bytes >> 20, begun.elapsed());
    drop(export);
    let target = disk_store(kind, &to);
    for round in 0..2 {
        let begun = std::time::Instant::now();
        let mut export = store.export().unwrap();
        let mut chunks = std::iter::from_fn(|| export.next(1 << 20).transpose());
        target.replace(1000, &mut chunks).unwrap();
        println!("round {round}: loaded in {:?}, {} MiB", begun.elapsed(), resident());
        let mut disk = 0;
        for entry in std::fs::read_dir(to.path()).unwrap() {
            disk += entry.unwrap().metadata().unwrap().len();
        }
        println!("{} MiB on disk", disk >> 20);
    }
    assert_eq!(sum(&store), sum(&target));
}
