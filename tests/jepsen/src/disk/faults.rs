//! What a disk does wrong, while told to.
//!
//! Several faults add up; one of a kind replaces the one before it. Chance is seeded, but which request meets it depends on the order in which
//! threads ask, so that a run is repeated in kind and not in every error.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::content::PAGE_BYTES;

/// One million: what chances are given in.
const MILLION: u32 = 1_000_000;

/// Which requests a fault meets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Aim {
    /// How many of a million requests fail; a million is every one.
    pub per_million: u32,
    /// Only files whose path from the mount point holds this; empty is every file. Without spaces.
    pub part_of_path: String,
}

/// A fault of a disk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// So many bytes can be written to new places until the disk is full: `ENOSPC`. What is overwritten in place needs none, what is freed
    /// gives back.
    FullDisk {
        /// How many, rounded down to pages.
        free_bytes: u64,
    },
    /// A read fails with `EIO`. What the kernel has cached is read without asking the disk; the caches are dropped when this is set.
    EioOnRead(Aim),
    /// A write fails with `EIO` and writes nothing.
    EioOnWrite(Aim),
    /// A sync of a file or folder fails with `EIO`. As in Linux the unsynced pages count as clean from then on: they can be read, and a later
    /// sync succeeds without writing them.
    EioOnSync(Aim),
    /// A write is cut short and says so.
    ShortWrite(Aim),
    /// Every sync takes this much longer.
    SlowSync(Duration),
}

impl Aim {
    /// Every file.
    #[must_use]
    pub fn all(per_million: u32) -> Aim {
        Aim { per_million, part_of_path: String::new() }
    }

    /// The files whose path holds `part_of_path`.
    #[must_use]
    pub fn files(part_of_path: &str, per_million: u32) -> Aim {
        Aim { per_million, part_of_path: part_of_path.to_owned() }
    }
}

impl Display for Aim {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.per_million)?;
        if !self.part_of_path.is_empty() {
            write!(f, " {}", self.part_of_path)?;
        }
        Ok(())
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Fault::FullDisk { free_bytes } => write!(f, "full-disk {free_bytes}"),
            Fault::EioOnRead(aim) => write!(f, "eio-on-read {aim}"),
            Fault::EioOnWrite(aim) => write!(f, "eio-on-write {aim}"),
            Fault::EioOnSync(aim) => write!(f, "eio-on-sync {aim}"),
            Fault::ShortWrite(aim) => write!(f, "short-write {aim}"),
            Fault::SlowSync(time) => write!(f, "slow-sync {}", time.as_millis()),
        }
    }
}

impl FromStr for Fault {
    type Err = String;

    /// Reads what [`Display`] writes.
    fn from_str(text: &str) -> Result<Fault, String> {
        let mut words = text.split_whitespace();
        let name = words.next().ok_or("no fault")?;
        let number: u64 = words
            .next()
            .and_then(|word| word.parse().ok())
            .ok_or_else(|| format!("{name} needs a number"))?;
        let part_of_path = words.next().unwrap_or_default().to_owned();
        let aim = || match u32::try_from(number) {
            Ok(per_million) if per_million <= MILLION => {
                Ok(Aim { per_million, part_of_path: part_of_path.clone() })
            }
            Ok(_) | Err(_) => Err(format!("{name}: at most {MILLION} of a million")),
        };
        let fault = match name {
            "full-disk" => Fault::FullDisk { free_bytes: number },
            "eio-on-read" => Fault::EioOnRead(aim()?),
            "eio-on-write" => Fault::EioOnWrite(aim()?),
            "eio-on-sync" => Fault::EioOnSync(aim()?),
            "short-write" => Fault::ShortWrite(aim()?),
            "slow-sync" => Fault::SlowSync(Duration::from_millis(number)),
            unknown => return Err(format!("no fault is called {unknown}")),
        };
        if words.next().is_some()
            || fault.to_string().split_whitespace().count() != text.split_whitespace().count()
        {
            return Err(format!("too many words: {text}"));
        }
        Ok(fault)
    }
}

/// The faults that are set.
pub(super) struct Faults {
    free_pages: Option<u64>,
    read: Option<Aim>,
    write: Option<Aim>,
    sync: Option<Aim>,
    short: Option<Aim>,
    slow_sync: Duration,
    random: StdRng,
}

impl Faults {
    pub(super) fn none(seed: u64) -> Faults {
        let random = StdRng::seed_from_u64(seed);
        Faults {
            free_pages: None,
            read: None,
            write: None,
            sync: None,
            short: None,
            slow_sync: Duration::ZERO,
            random,
        }
    }

    pub(super) fn set(&mut self, fault: Fault) {
        match fault {
            Fault::FullDisk { free_bytes } => self.free_pages = Some(free_bytes / PAGE_BYTES as u64),
            Fault::EioOnRead(aim) => self.read = Some(aim),
            Fault::EioOnWrite(aim) => self.write = Some(aim),
            Fault::EioOnSync(aim) => self.sync = Some(aim),
            Fault::ShortWrite(aim) => self.short = Some(aim),
            Fault::SlowSync(time) => self.slow_sync = time,
        }
    }

    pub(super) fn clear(&mut self) {
        self.free_pages = None;
        (self.read, self.write, self.sync, self.short) = (None, None, None, None);
        self.slow_sync = Duration::ZERO;
    }

    pub(super) fn read_fails(&mut self, path: &str) -> bool {
        meets(&mut self.random, self.read.as_ref(), path)
    }

    pub(super) fn write_fails(&mut self, path: &str) -> bool {
        meets(&mut self.random, self.write.as_ref(), path)
    }

    pub(super) fn sync_fails(&mut self, path: &str) -> bool {
        meets(&mut self.random, self.sync.as_ref(), path)
    }

    /// How much longer a sync takes.
    pub(super) fn sync_delay(&self) -> Duration {
        self.slow_sync
    }

    /// How many of the bytes of a write are written.
    pub(super) fn written_of(&mut self, path: &str, count: usize) -> usize {
        if count > 1 && meets(&mut self.random, self.short.as_ref(), path) {
            self.random.random_range(1..count)
        } else {
            count
        }
    }

    /// The pages that are free, if the disk can be full.
    pub(super) fn free_pages(&self) -> Option<u64> {
        self.free_pages
    }

    /// Takes room for pages; false, and nothing taken, when there is not enough.
    pub(super) fn take_pages(&mut self, count: u64) -> bool {
        match &mut self.free_pages {
            None => true,
            Some(free) if *free >= count => {
                *free -= count;
                true
            }
            Some(_) => false,
        }
    }

    pub(super) fn give_back_pages(&mut self, count: u64) {
        if let Some(free) = &mut self.free_pages {
            *free = free.saturating_add(count);
        }
    }
}

fn meets(random: &mut StdRng, aim: Option<&Aim>, path: &str) -> bool {
    aim.is_some_and(|aim| path.contains(&aim.part_of_path) && random.random_ratio(aim.per_million, MILLION))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_of_a_fault_is_read_again() {
        let faults = [
            Fault::FullDisk { free_bytes: 4096 },
            Fault::EioOnRead(Aim::all(10)),
            Fault::EioOnWrite(Aim::files("log/", 1_000_000)),
            Fault::EioOnSync(Aim::all(1)),
            Fault::ShortWrite(Aim::all(0)),
            Fault::SlowSync(Duration::from_millis(300)),
        ];
        for fault in faults {
            assert_eq!(fault.to_string().parse::<Fault>().unwrap(), fault);
        }
        for wrong in [
            "",
            "full-disk",
            "full-disk x",
            "eio-on-read 1000001",
            "nothing 1",
            "slow-sync 1 log",
            "eio-on-read 1 a b",
        ] {
            assert!(wrong.parse::<Fault>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_fault_meets_its_share_of_its_files() {
        let mut faults = Faults::none(1);
        faults.set(Fault::EioOnWrite(Aim::files("log", 100_000)));
        let met = (0..10_000).filter(|_| faults.write_fails("log/1")).count();
        assert!((800..1200).contains(&met), "{met}");
        assert!((0..10_000).all(|_| !faults.write_fails("engine/1")));
        faults.clear();
        assert!((0..10_000).all(|_| !faults.write_fails("log/1")));
    }
}
