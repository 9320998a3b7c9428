//! What an engine costs, in the shapes in which the store uses it: large sorted batches, point reads, short scans.
//!
//! `cargo run --release -p storage --example engines -- redb 200000 /some/folder` prints one line a shape: microseconds of processor
//! time (all threads of the process) and of the clock, a key or an operation. One engine a process, so that the memory is its own.

use std::path::Path;
use std::time::Instant;

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use storage::engine::{Direction, Engine, EngineKind, EngineWrite, KeyRange};

/// Cache of each engine, as a node has it by default.
const CACHE_BYTES: u64 = 64 << 20;
/// The kernel counts processor time in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;

type Failure = Box<dyn std::error::Error>;

struct Bench {
    name: &'static str,
    engine: Box<dyn Engine>,
    random: StdRng,
    index: u64,
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, name, rows, folder] = &arguments[..] else {
        return Err("usage: engines ENGINE ROWS FOLDER".into());
    };
    let kind = EngineKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or("no such engine")?;
    let rows: u64 = rows.parse()?;
    let folder = Path::new(folder);
    let engine = kind.open(folder, CACHE_BYTES)?;
    let mut bench = Bench { name: kind.name(), engine, random: StdRng::seed_from_u64(7), index: 0 };
    bench.load(rows)?;
    bench.checkpoint("checkpoint after the load")?;
    for size in [4_096, 20_000, 50_000] {
        bench.random_batches(rows, size, 200_000 / size)?;
    }
    bench.checkpoint("checkpoint after updates")?;
    bench.ascending(rows, 4_096, 24)?;
    bench.checkpoint("checkpoint after appends")?;
    bench.gets(rows, 100_000)?;
    bench.scans(rows, 2_000)?;
    let (name, disk) = (bench.name, bench.engine.disk_bytes());
    println!("{name:6} memory {} MB, disk {} MB", resident_bytes()? >> 20, disk >> 20);
    drop(bench);
    let opened = Instant::now();
    let engine = kind.open(folder, CACHE_BYTES)?;
    println!("{name:6} opened again in {:?}, applied {}", opened.elapsed(), engine.applied());
    Ok(())
}

impl Bench {
    fn load(&mut self, rows: u64) -> Result<(), Failure> {
        let started = Cost::now()?;
        for first in (0..rows).step_by(4_096) {
            let batch: Vec<_> = (first..rows.min(first + 4_096)).map(|row| self.put(row * 16)).collect();
            self.write(&batch)?;
        }
        started.print(self.name, "load, ascending, 4096 a batch", rows)
    }

    fn random_batches(&mut self, rows: u64, size: u64, count: u64) -> Result<(), Failure> {
        let mut batches = Vec::new();
        for _ in 0..count {
            let mut keys: Vec<u64> = (0..size).map(|_| self.random.random_range(0..rows) * 16).collect();
            keys.sort_unstable();
            keys.dedup();
            batches.push(keys.into_iter().map(|row| self.put(row)).collect::<Vec<_>>());
        }
        let started = Cost::now()?;
        let mut keys = 0;
        for batch in &batches {
            self.write(batch)?;
            keys += batch.len() as u64;
        }
        started.print(self.name, &format!("random updates, {size} a batch"), keys)
    }

    fn ascending(&mut self, rows: u64, size: u64, count: u64) -> Result<(), Failure> {
        let started = Cost::now()?;
        for step in 0..count {
            let first = rows + step * size;
            let batch: Vec<_> = (first..first + size).map(|row| self.put(row * 16)).collect();
            self.write(&batch)?;
        }
        started.print(self.name, &format!("appends, {size} a batch"), size * count)
    }

    fn gets(&mut self, rows: u64, count: u64) -> Result<(), Failure> {
        let keys: Vec<Bytes> = (0..count).map(|_| key(self.random.random_range(0..rows) * 16)).collect();
        let started = Cost::now()?;
        for key in &keys {
            self.engine.get(key)?.ok_or("a row is missing")?;
        }
        started.print(self.name, "point get", count)
    }

    fn scans(&mut self, rows: u64, count: u64) -> Result<(), Failure> {
        let starts: Vec<u64> = (0..count).map(|_| self.random.random_range(0..rows - 100)).collect();
        let started = Cost::now()?;
        for start in starts {
            let range = KeyRange::new(key(start * 16), key((start + 100) * 16));
            let mut scan = self.engine.scan(range, Direction::Forward);
            let mut found = 0;
            while scan.next()?.is_some() {
                found += 1;
            }
            if found != 100 {
                return Err(format!("{found} rows in place of 100").into());
            }
        }
        started.print(self.name, "scan of 100", count)
    }

    fn checkpoint(&self, what: &str) -> Result<(), Failure> {
        let started = Cost::now()?;
        self.engine.checkpoint()?;
        started.print(self.name, what, 1)
    }

    fn put(&mut self, row: u64) -> EngineWrite {
        let mut value = vec![0; self.random.random_range(40..200)];
        self.random.fill(&mut value[..]);
        (key(row), Some((self.index + 1, value.into())))
    }

    fn write(&mut self, batch: &[EngineWrite]) -> Result<(), Failure> {
        self.index += 1;
        self.engine.raise_reach(self.index)?;
        Ok(self.engine.write(batch, self.index)?)
    }
}

/// Key of a row: an index id and a number.
fn key(row: u64) -> Bytes {
    let mut key = vec![0, 0, 1, 0];
    key.extend_from_slice(&row.to_be_bytes());
    key.into()
}

/// Time spent since.
struct Cost {
    clock: Instant,
    processor: f64,
}

impl Cost {
    fn now() -> Result<Cost, Failure> {
        Ok(Cost { clock: Instant::now(), processor: processor_seconds()? })
    }

    fn print(self, engine: &str, what: &str, count: u64) -> Result<(), Failure> {
        let each = 1e6 / count as f64;
        let (clock, processor) = (self.clock.elapsed().as_secs_f64(), processor_seconds()? - self.processor);
        println!(
            "{engine:6} {what:32} {:10.2} us processor {:10.2} us clock",
            processor * each,
            clock * each
        );
        Ok(())
    }
}

fn processor_seconds() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().ok_or("no statistics")?;
    let ticks: Vec<f64> =
        after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    Ok(ticks.iter().sum::<f64>() / TICKS_PER_SECOND)
}

fn resident_bytes() -> Result<u64, Failure> {
    let pages = std::fs::read_to_string("/proc/self/statm")?;
    Ok(pages.split_whitespace().nth(1).ok_or("no statistics")?.parse::<u64>()? * 4096)
}
