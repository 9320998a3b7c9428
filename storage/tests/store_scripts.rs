//! Golden scripts for the versioned store: `tests/scripts/store`. The first line of a script is what it claims.
//! `UPDATE_GOLDENFILES=1` rewrites them.
//!
//! Commands:
//!
//! * `open [memory=BYTES] [crash]`: opens the store over what the engine holds, anew or after a crash;
//! * `install INDEX KEY=VALUE... [KEY=]... [wide=KEY size=BYTES]`: installs an entry; an empty value
//!   deletes, `wide` gets a value of so many bytes;
//! * `stage INDEX TXN PART KEY=VALUE... [KEY=]...`, `outcome INDEX TXN committed|rolled-back [discard=PART]`: installs a part of a
//!   large transaction; its end;
//! * `merge [KEYS]`: one step of bringing large transactions to their places;
//! * `advance INDEX`, `drop INDEX`: moves the watermark; truncates pending versions;
//! * `flush [KEYS]`: one step of write-behind;
//! * `snapshot NAME [at=INDEX]`, `release NAME`, `get NAME KEY...`, `scan NAME [backward]`: snapshots;
//! * `committed KEY`, `latest KEY`: reads without a snapshot;
//! * `wait NAME INDEX`: starts a wait for an index; outcomes are printed as they come;
//! * `show KEY...`: versions in memory (oldest first), and what the engine has.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;

use bytes::Bytes;
use goldenscript::{Command, Runner};
use storage::engine::{Direction, Engine, KeyRange, MemoryEngine};
use storage::format::Mutation;
use storage::staging::{Outcome, StagedId, StagedVersion, encode_versions};
use storage::version::{Snapshot, Store, StoreOptions, WatermarkWait};

struct Scripts {
    engine: MemoryEngine,
    store: Store,
    snapshots: BTreeMap<String, Snapshot>,
    waits: BTreeMap<String, WatermarkWait>,
}

/// All keys of scripts are in one index.
fn key(name: &str) -> Bytes {
    [b"idx1", name.as_bytes()].concat().into()
}

fn staged_id(number: u64) -> StagedId {
    StagedId { term: 1, number }
}

fn text(value: Option<&[u8]>) -> String {
    value.map_or("none".to_owned(), |value| String::from_utf8_lossy(value).into_owned())
}

impl Scripts {
    fn new() -> Scripts {
        let engine = MemoryEngine::new();
        let store = Store::open(Box::new(engine.clone()), StoreOptions::default()).unwrap();
        Scripts { engine, store, snapshots: BTreeMap::new(), waits: BTreeMap::new() }
    }

    fn show(&self, name: &str) -> String {
        let versions: Vec<String> = self
            .store
            .debug_versions(&key(name))
            .into_iter()
            .map(|(index, value)| format!("{index}:{}", text(value.as_deref())))
            .collect();
        let engine = match self.engine.get(&key(name)).unwrap() {
            Some((stamp, value)) => format!("{stamp}:{}", text(Some(&value))),
            None => "none".to_owned(),
        };
        format!("{name} memory [{}] engine {engine}\n", versions.join(" "))
    }

    fn scan(&self, name: &str, direction: Direction) -> Result<String, Box<dyn Error>> {
        let snapshot = self.snapshots.get(name).ok_or("no such snapshot")?;
        let mut scan = snapshot.scan(KeyRange::prefix(b"idx1"), direction);
        let mut rows = Vec::new();
        while let Some((key, stamp, value)) = scan.next()? {
            rows.push(format!("{}={}@{stamp}", text(Some(&key[4..])), text(Some(&value))));
        }
        Ok(format!("[{}]\n", rows.join(" ")))
    }
}

impl Runner for Scripts {
    fn run(&mut self, command: &Command) -> Result<String, Box<dyn Error>> {
        let mut args = command.consume_args();
        let mut output = String::new();
        match command.name.as_str() {
            "open" => {
                let memory_bytes_max = args.lookup_parse("memory")?.unwrap_or(192 << 20);
                if args.next_pos().is_some_and(|word| word.value == "crash") {
                    self.engine = self.engine.fork();
                }
                self.snapshots.clear();
                self.store = Store::open(Box::new(self.engine.clone()), StoreOptions { memory_bytes_max })?;
                let (applied, reach) = (self.store.engine_index(), self.store.ready_from());
                writeln!(output, "replay from {}, ready from {reach}", applied + 1)?;
            }
            "install" => {
                let index = args.next_pos().ok_or("which index")?.parse()?;
                let wide = args.lookup("wide").map(|arg| arg.value.clone());
                let size = args.lookup_parse("size")?.unwrap_or(0);
                let mut mutations: Vec<Mutation> = args
                    .rest_key()
                    .into_iter()
                    .map(|arg| {
                        let value = (!arg.value.is_empty()).then(|| Bytes::from(arg.value.clone()));
                        Mutation { key: key(arg.key.as_deref().unwrap_or_default()), value }
                    })
                    .collect();
                if let Some(name) = wide {
                    let value = Some(vec![b'x'; size].into());
                    mutations.push(Mutation { key: key(&name), value });
                }
                self.store.install(index, &mutations);
            }
            "stage" => {
                let index = args.next_pos().ok_or("which index")?.parse()?;
                let id = staged_id(args.next_pos().ok_or("which transaction")?.parse()?);
                let part = args.next_pos().ok_or("which part")?.parse()?;
                let mutation = |arg: &goldenscript::Argument| {
                    let value = (!arg.value.is_empty()).then(|| Bytes::from(arg.value.clone()));
                    let row = encode_versions(&[StagedVersion { part, value }]);
                    Mutation {
                        key: id.staged_key(&key(arg.key.as_deref().unwrap_or_default())),
                        value: Some(row),
                    }
                };
                let mutations: Vec<Mutation> = args.rest_key().into_iter().map(mutation).collect();
                self.store.install(index, &mutations);
            }
            "outcome" => {
                let index = args.next_pos().ok_or("which index")?.parse()?;
                let id = staged_id(args.next_pos().ok_or("which transaction")?.parse()?);
                let discarded = args.lookup_parse("discard")?.map(|part: u32| (part, part + 1));
                let outcome = match args.next_pos().map(|arg| arg.value.as_str()) {
                    Some("committed") => Outcome::Committed {
                        discarded: discarded.into_iter().collect(),
                        index_ids: vec![u32::from_be_bytes(*b"idx1")],
                    },
                    _ => Outcome::RolledBack,
                };
                self.store
                    .install(index, &[Mutation { key: id.outcome_key(), value: Some(outcome.encode()) }]);
            }
            "merge" => {
                let keys_max = args.next_pos().map_or(Ok(1000), |arg| arg.parse())?;
                let report = self.store.merge(keys_max)?;
                let idle = if report.is_idle { ", idle" } else { "" };
                writeln!(
                    output,
                    "merged {} captured {}{idle}, {} left, {} open",
                    report.keys_merged,
                    report.captured,
                    self.store.overlay_count(),
                    self.store.open_staged()?.len()
                )?;
            }
            "advance" => self.store.advance(args.next_pos().ok_or("to where")?.parse()?),
            "drop" => self.store.drop_pending_from(args.next_pos().ok_or("from where")?.parse()?),
            "flush" => {
                let keys_max = args.next_pos().map_or(Ok(1000), |arg| arg.parse())?;
                let report = self.store.flush(keys_max)?;
                write!(
                    output,
                    "wrote {} captured {} engine at {}",
                    report.keys_written, report.captured, report.engine_index
                )?;
                output.push_str(if report.pass_complete { "" } else { ", more to do" });
                if let Some(index) = report.snapshot_given_up {
                    write!(output, ", gave up the snapshot at {index}")?;
                }
                output.push('\n');
            }
            "snapshot" => {
                let snapshot = match args.lookup_parse("at")? {
                    Some(index) => self.store.snapshot_at(index)?,
                    None => self.store.snapshot(),
                };
                let name = args.next_pos().ok_or("what name")?.value.clone();
                writeln!(output, "{name} at {}", snapshot.index())?;
                self.snapshots.insert(name, snapshot);
            }
            "release" => drop(self.snapshots.remove(&args.next_pos().ok_or("which snapshot")?.value)),
            "get" => {
                let name = &args.next_pos().ok_or("which snapshot")?.value;
                let snapshot = self.snapshots.get(name).ok_or("no such snapshot")?;
                for arg in args.rest_pos() {
                    writeln!(output, "{}", text(snapshot.get(&key(&arg.value))?.as_deref()))?;
                }
            }
            "scan" => {
                let name = args.next_pos().ok_or("which snapshot")?.value.clone();
                let backward = args.next_pos().is_some_and(|word| word.value == "backward");
                output = self.scan(&name, if backward { Direction::Backward } else { Direction::Forward })?;
            }
            "committed" => {
                let found = self.store.read_committed(&key(&args.next_pos().ok_or("which key")?.value))?;
                writeln!(output, "{}", text(found.as_ref().map(|(_, value)| &value[..])))?;
            }
            "latest" => {
                let found = self.store.read_latest(&key(&args.next_pos().ok_or("which key")?.value))?;
                writeln!(output, "{} at {}", text(found.value.as_deref()), found.index)?;
            }
            "wait" => {
                let name = args.next_pos().ok_or("what name")?.value.clone();
                let index = args.next_pos().ok_or("for what")?.parse()?;
                self.waits.insert(name, self.store.wait_for(index));
            }
            "show" => {
                for arg in args.rest_pos() {
                    output.push_str(&self.show(&arg.value));
                }
            }
            other => return Err(format!("unknown command {other}").into()),
        }
        args.reject_rest()?;
        Ok(output)
    }

    fn end_command(&mut self, _: &Command) -> Result<String, Box<dyn Error>> {
        assert_eq!(self.store.memory_bytes(), self.store.debug_recount_bytes());
        let mut output = String::new();
        self.waits.retain(|name, wait| match wait.outcome() {
            Some(Ok(())) => {
                writeln!(output, "{name}: {} is committed", wait.index()).unwrap();
                false
            }
            Some(Err(error)) => {
                writeln!(output, "{name}: {error}").unwrap();
                false
            }
            None => true,
        });
        Ok(output)
    }
}

#[test]
fn scripts() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scripts/store");
    let mut count = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        goldenscript::run(&mut Scripts::new(), file.unwrap().path()).unwrap();
        count += 1;
    }
    assert!(count >= 8, "only {count} scripts were found");
}
