//! The server process: whether it runs, what it holds, where it panicked.

use std::time::Duration;

use cluster_tests::TestCluster;
use cluster_tests::process::memory_bytes;

/// Memory that a node may hold more at the end than after its warming up: rows, caches, and what the allocator keeps of large statements. In ten
/// million inputs it is 50 bytes an input.
pub const MEMORY_MORE_BYTES_MAX: u64 = 512 << 20;

/// How long memory may take to fall below that after a round.
const SETTLING_SECONDS: u32 = 20;

/// A node under fuzzing.
pub struct Watch {
    memory_before_bytes: u64,
}

impl Watch {
    /// Begins, once the node is warm.
    #[must_use]
    pub fn begin(cluster: &TestCluster) -> Watch {
        Watch { memory_before_bytes: memory_bytes(cluster.process_id(1)) }
    }

    /// What is wrong with the node; empty: nothing.
    pub fn faults(&self, cluster: &mut TestCluster) -> Vec<String> {
        if !cluster.is_running(1) {
            return vec!["the server ended".to_owned()];
        }
        let mut faults: Vec<String> = panics(&cluster.log(1));
        let most = self.memory_before_bytes + MEMORY_MORE_BYTES_MAX;
        let mut memory = memory_bytes(cluster.process_id(1));
        let mut waits = 0;
        // What the last statements of the round held may go back a little later, and is no growth.
        while memory > most && waits < SETTLING_SECONDS {
            std::thread::sleep(Duration::from_secs(1));
            memory = memory_bytes(cluster.process_id(1));
            waits += 1;
        }
        if memory > most {
            faults.push(format!("{} MiB of memory, from {}", memory >> 20, self.memory_before_bytes >> 20));
        }
        faults
    }
}

/// The panics in a log, with the line behind each, which has its message.
#[must_use]
pub fn panics(log: &str) -> Vec<String> {
    let lines: Vec<&str> = log.lines().collect();
    let found = lines.iter().enumerate().filter(|(_, line)| line.contains("panicked at"));
    found.map(|(number, line)| format!("{line} {}", lines.get(number + 1).unwrap_or(&""))).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_panic_is_found_with_its_message() {
        let log = "INFO x\nthread 'worker' panicked at sql/src/x.rs:1:2:\nindex out of bounds\nINFO y\n";
        assert_eq!(super::panics(log), ["thread 'worker' panicked at sql/src/x.rs:1:2: index out of bounds"]);
        assert!(super::panics("INFO nothing\n").is_empty());
    }
}
