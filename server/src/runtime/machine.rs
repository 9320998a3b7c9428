//! What the machine has to offer, for defaults that follow it.
//!
//! Left out: limits of a cgroup of version 1 that is not the root's own, and a machine whose memory changes while the server runs.

use std::fs;
use std::path::{Path, PathBuf};

use crate::limits::{
    ENGINE_CACHE_BYTES_MAX, ENGINE_CACHE_BYTES_MIN, ENGINE_CACHE_DIVISOR, STORE_MEMORY_BYTES_MAX,
    STORE_MEMORY_BYTES_MIN, STORE_MEMORY_DIVISOR,
};

/// The engine's cache where nothing is configured: a part of the memory that the process may use, within bounds.
pub fn engine_cache_bytes() -> u64 {
    engine_cache_of(memory_bytes(Path::new("/")))
}

/// The memory of the versions where nothing is configured: such a part too.
pub fn store_memory_bytes() -> u64 {
    store_memory_of(memory_bytes(Path::new("/")))
}

fn engine_cache_of(memory_bytes: Option<u64>) -> u64 {
    let share = memory_bytes.unwrap_or(0) / ENGINE_CACHE_DIVISOR;
    share.clamp(ENGINE_CACHE_BYTES_MIN, ENGINE_CACHE_BYTES_MAX)
}

fn store_memory_of(memory_bytes: Option<u64>) -> u64 {
    let share = memory_bytes.unwrap_or(0) / STORE_MEMORY_DIVISOR;
    share.clamp(STORE_MEMORY_BYTES_MIN, STORE_MEMORY_BYTES_MAX)
}

/// The memory that the process may use: the machine's, or what its control groups leave of it. None where that cannot be told.
/// `root` is where the file systems of the kernel are mounted.
fn memory_bytes(root: &Path) -> Option<u64> {
    let machine = fs::read_to_string(root.join("proc/meminfo")).ok().and_then(|text| total(&text));
    control_group_limits(root).into_iter().chain(machine).min()
}

/// `MemTotal` of `/proc/meminfo`.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// The limits of the process' own control group and of those around it. Without one the files say `max`, or are not there.
fn control_group_limits(root: &Path) -> Vec<u64> {
    let mounted = root.join("sys/fs/cgroup");
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
    let mut files: Vec<PathBuf> =
        Path::new(own).ancestors().map(|group| mounted.join(group).join("memory.max")).collect();
    files.push(mounted.join("memory/memory.limit_in_bytes"));
    let limit = |file: PathBuf| fs::read_to_string(file).ok()?.trim().parse().ok();
    files.into_iter().filter_map(limit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        for (path, content) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, content).expect("a file");
        }
        root
    }

    #[test]
    fn the_smallest_limit_around_the_process_counts() {
        let meminfo = ("proc/meminfo", "MemTotal:       8388608 kB\nMemFree:  1 kB\n");
        let free = machine(&[meminfo, ("proc/self/cgroup", "0::/\n")]);
        assert_eq!(memory_bytes(free.path()), Some(8 << 30));
        let held = machine(&[
            meminfo,
            ("proc/self/cgroup", "0::/outer/inner\n"),
            ("sys/fs/cgroup/outer/inner/memory.max", "max\n"),
            ("sys/fs/cgroup/outer/memory.max", "1073741824\n"),
        ]);
        assert_eq!(memory_bytes(held.path()), Some(1 << 30));
        let old = machine(&[meminfo, ("sys/fs/cgroup/memory/memory.limit_in_bytes", "2147483648\n")]);
        assert_eq!(memory_bytes(old.path()), Some(2 << 30));
        assert_eq!(memory_bytes(machine(&[]).path()), None);
    }

    #[test]
    fn cache_and_versions_are_parts_of_the_memory_within_bounds() {
        assert_eq!(engine_cache_of(None), ENGINE_CACHE_BYTES_MIN);
        assert_eq!(engine_cache_of(Some(1 << 30)), ENGINE_CACHE_BYTES_MIN);
        assert_eq!(engine_cache_of(Some(16 << 30)), 1 << 30);
        assert_eq!(engine_cache_of(Some(1 << 50)), ENGINE_CACHE_BYTES_MAX);
        assert_eq!(store_memory_of(None), STORE_MEMORY_BYTES_MIN);
        assert_eq!(store_memory_of(Some(16 << 30)), 512 << 20);
        assert_eq!(store_memory_of(Some(1 << 50)), STORE_MEMORY_BYTES_MAX);
    }
}
