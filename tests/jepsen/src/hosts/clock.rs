//! A clock of its own for the process of a node: libfaketime, told by a file what time it is.
//!
//! The wall clock alone is moved: it jumps and runs fast or slow as a badly kept machine's does. The clocks that never go back
//! (`CLOCK_MONOTONIC`, `CLOCK_BOOTTIME`) stay the machine's: the standard library hands their times to the kernel in waits, where
//! nothing can be pretended, so that moving them would only break waits as no real machine does. Leases and elections rest on those clocks and
//! on the bound that is written in docs/consensus.md; that the bound suffices is for the simulator (tests/sim) to show, whose clocks drift.
//!
//! The machine's own clock, which all share, is never set.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::{Path, PathBuf};

use super::Error;

/// The library's file.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";
/// Where systems keep libraries; Debian in a folder of the architecture below the first.
const LIBRARY_FOLDERS: [&str; 4] = ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib"];
/// How old the library's knowledge of the file may be.
const CACHE_SECONDS: &str = "1";

/// How a clock is wrong.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Skew {
    /// Ahead of the true time by this, when it begins.
    pub offset_ms: i64,
    /// In thousandths of the true rate, since the process began; 1,000 is right.
    pub rate_per_mille: u32,
}

impl Skew {
    /// A clock that is right.
    pub const NONE: Skew = Skew { offset_ms: 0, rate_per_mille: 1_000 };
}

impl Display for Skew {
    /// As libfaketime reads it.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let sign = if self.offset_ms < 0 { '-' } else { '+' };
        let ms = self.offset_ms.unsigned_abs();
        write!(f, "{sign}{}.{:03}", ms / 1_000, ms % 1_000)?;
        if self.rate_per_mille != Skew::NONE.rate_per_mille {
            write!(f, " x{}.{:03}", self.rate_per_mille / 1_000, self.rate_per_mille % 1_000)?;
        }
        Ok(())
    }
}

/// The clock of one node.
pub(super) struct Clock {
    file: PathBuf,
    library: PathBuf,
}

impl Clock {
    /// A clock that is right.
    pub(super) fn create(folder: &Path, id: u64) -> Result<Clock, Error> {
        let library = library().ok_or_else(|| Error::Missing {
            what: format!("the library {LIBRARY} is not there"),
            advice: "on Debian: apt-get install faketime".to_owned(),
        })?;
        let clock = Clock { file: folder.join(format!("n{id}.clock")), library };
        clock.set(Skew::NONE)?;
        Ok(clock)
    }

    /// What a process that has this clock is started with.
    pub(super) fn environment(&self) -> [(&'static str, String); 4] {
        [
            ("LD_PRELOAD", self.library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.display().to_string()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("FAKETIME_CACHE_DURATION", CACHE_SECONDS.to_owned()),
        ]
    }

    /// Sets it: the process has it within about a second.
    pub(super) fn set(&self, skew: Skew) -> Result<(), Error> {
        // Never half a file: the library reads it at any time.
        let new = self.file.with_extension("clock.new");
        let written = fs::write(&new, format!("{skew}\n")).and_then(|()| fs::rename(&new, &self.file));
        written.map_err(Error::system(format!("setting the clock {}", self.file.display())))
    }
}

/// Where libfaketime is.
pub(super) fn library() -> Option<PathBuf> {
    let below = |folder: &Path| {
        let folders = fs::read_dir(folder).into_iter().flatten().flatten();
        folders.map(|entry| entry.path().join(LIBRARY)).find(|path| path.is_file())
    };
    LIBRARY_FOLDERS.iter().map(Path::new).find_map(|folder| {
        let direct = folder.join(LIBRARY);
        if direct.is_file() { Some(direct) } else { below(folder) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skew_is_written_as_the_library_reads_it() {
        let text = |offset_ms, rate_per_mille| Skew { offset_ms, rate_per_mille }.to_string();
        assert_eq!(Skew::NONE.to_string(), "+0.000");
        assert_eq!(text(-1_050, 1_000), "-1.050");
        assert_eq!(text(3_600_000, 1_500), "+3600.000 x1.500");
        assert_eq!(text(0, 950), "+0.000 x0.950");
    }
}
