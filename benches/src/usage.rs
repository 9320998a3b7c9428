//! What processes use of the machine: processor time and memory, from `/proc`.

use std::fs::read_to_string;
use std::time::{Duration, Instant};

use crate::limits::{POLL_INTERVAL, SETTLE_BUSY_SHARE, SETTLE_MAX, SETTLE_WINDOW};

/// Ticks a second of the times in `/proc`: a constant of Linux's interface.
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor time since the start of the machine, seconds over all processors.
#[derive(Clone, Copy, Default, Debug)]
pub struct MachineTime {
    /// Not idle.
    pub busy: f64,
    /// Not idle, without interrupts, which belong to no process.
    pub busy_in_processes: f64,
    /// All of it.
    pub total: f64,
}

impl MachineTime {
    /// Now.
    #[must_use]
    pub fn now() -> MachineTime {
        Self::parse(&read_to_string("/proc/stat").unwrap_or_default())
    }

    fn parse(text: &str) -> MachineTime {
        let line = text.lines().next().unwrap_or_default();
        let ticks: Vec<f64> =
            line.split_whitespace().skip(1).take(8).filter_map(|word| word.parse().ok()).collect();
        // user nice system idle iowait irq softirq steal
        let sum = |places: &[usize]| -> f64 {
            places.iter().filter_map(|place| ticks.get(*place)).sum::<f64>() / TICKS_PER_SECOND
        };
        MachineTime {
            busy: sum(&[0, 1, 2, 5, 6, 7]),
            busy_in_processes: sum(&[0, 1, 2]),
            total: sum(&[0, 1, 2, 3, 4, 5, 6, 7]),
        }
    }
}

/// Processor time of a process, seconds; none when it is gone.
#[must_use]
pub fn process_seconds(pid: u32) -> Option<f64> {
    let text = read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat_ticks(&text, &[13, 14])? / TICKS_PER_SECOND)
}

/// Sum of some fields of a `stat` file, numbered from 0 as in proc(5) less one.
fn stat_ticks(text: &str, places: &[usize]) -> Option<f64> {
    // The name of the program, in parentheses, may contain anything.
    let rest = &text[text.rfind(')')? + 1..];
    let fields: Vec<&str> = rest.split_whitespace().collect();
    places.iter().map(|place| fields.get(place - 2)?.parse::<f64>().ok()).sum()
}

/// Processor time of all processes of this process namespace, living and waited for, seconds.
#[must_use]
pub fn own_seconds() -> f64 {
    let Ok(folder) = std::fs::read_dir("/proc") else { return 0.0 };
    let pids = folder.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let living: f64 = pids.filter_map(process_seconds).sum();
    let text = read_to_string("/proc/self/stat").unwrap_or_default();
    living + stat_ticks(&text, &[15, 16]).unwrap_or(0.0) / TICKS_PER_SECOND
}

/// Resident memory of a process, bytes; none when it is gone.
#[must_use]
pub fn resident_bytes(pid: u32) -> Option<u64> {
    let text = read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// Waits, for a bounded time, until what this benchmark started is idle: a server may still be busy with what its last run left behind.
pub fn settle() {
    let started = Instant::now();
    while started.elapsed() < SETTLE_MAX {
        let (before, own) = (MachineTime::now(), own_seconds());
        std::thread::sleep(SETTLE_WINDOW);
        let total = MachineTime::now().total - before.total;
        if own_seconds() - own < SETTLE_BUSY_SHARE * total {
            return;
        }
    }
}

/// Waits until something holds.
///
/// # Errors
/// What was waited for, when it does not come true in time.
pub fn wait_until(what: &str, timeout: Duration, mut holds: impl FnMut() -> bool) -> Result<(), String> {
    let started = Instant::now();
    while !holds() {
        if started.elapsed() > timeout {
            return Err(format!("{what}: not within {} s", timeout.as_secs()));
        }
        std::thread::sleep(POLL_INTERVAL);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_s_time_is_read_by_its_columns() {
        let time = MachineTime::parse("cpu  100 10 50 1000 40 5 15 30 7 7\ncpu0 1 2 3\n");
        assert_eq!((time.busy, time.busy_in_processes, time.total), (2.1, 1.6, 12.5));
    }

    #[test]
    fn a_process_may_have_any_name() {
        let text = "42 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 150 250 3 4 20 0";
        assert_eq!(stat_ticks(text, &[13, 14]), Some(400.0));
        assert_eq!(stat_ticks("42 (a) S 1", &[13]), None);
    }

    #[test]
    fn this_process_uses_something() {
        let own = std::process::id();
        assert!(resident_bytes(own).unwrap() > 100_000);
        assert!(process_seconds(own).is_some());
        assert_eq!(resident_bytes(u32::MAX), None);
    }
}
