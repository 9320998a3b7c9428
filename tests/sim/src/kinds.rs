//! The kinds of misfortune that can befall a cluster, each of which can be switched off: that is how a failing run is made
//! smaller until only what matters is left.

use std::fmt;

/// One kind of misfortune, or of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// Messages are lost.
    Loss,
    /// Messages arrive twice.
    Doubling,
    /// Some messages take very long.
    Straggling,
    /// Nodes are cut off from each other, both ways.
    Cuts,
    /// Links are cut one way.
    OneWayCuts,
    /// Drivers report that a link broke and works again.
    LinkReports,
    /// Power cuts: what was not synced is lost, or torn.
    PowerCuts,
    /// Processes die, and leave what they wrote.
    Kills,
    /// A sync fails, or the disk is full: the process ends.
    DiskFailures,
    /// Disks take their time.
    SlowDisks,
    /// A byte of a log changes while its node is down.
    BitRot,
    /// Processes stand still for a while.
    Pauses,
    /// Clocks run at different rates.
    Drift,
    /// Clocks jump forward.
    Jumps,
    /// State machines lag.
    SlowApply,
    /// Members are added, promoted, demoted, removed and configured.
    Membership,
    /// The leadership is handed over on demand.
    Transfers,
    /// Logs are purged as far as nobody needs them.
    Purges,
    /// Logs are purged further than that, so that snapshots are needed.
    ForcedPurges,
}

/// All of them, and their names.
pub const ALL: [(Kind, &str); 19] = [
    (Kind::Membership, "membership"),
    (Kind::Transfers, "transfers"),
    (Kind::ForcedPurges, "forced-purges"),
    (Kind::Purges, "purges"),
    (Kind::BitRot, "bit-rot"),
    (Kind::DiskFailures, "disk-failures"),
    (Kind::PowerCuts, "power-cuts"),
    (Kind::Kills, "kills"),
    (Kind::Pauses, "pauses"),
    (Kind::Jumps, "jumps"),
    (Kind::Drift, "drift"),
    (Kind::Cuts, "cuts"),
    (Kind::OneWayCuts, "one-way-cuts"),
    (Kind::LinkReports, "link-reports"),
    (Kind::SlowDisks, "slow-disks"),
    (Kind::SlowApply, "slow-apply"),
    (Kind::Straggling, "straggling"),
    (Kind::Doubling, "doubling"),
    (Kind::Loss, "loss"),
];

/// A set of kinds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Kinds(u32);

impl Default for Kinds {
    fn default() -> Kinds {
        Kinds::all()
    }
}

impl Kinds {
    /// Every kind.
    #[must_use]
    pub fn all() -> Kinds {
        Kinds(u32::MAX)
    }

    /// Whether it is in the set.
    #[must_use]
    pub fn has(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u32) != 0
    }

    /// The set without one kind.
    #[must_use]
    pub fn without(self, kind: Kind) -> Kinds {
        Kinds(self.0 & !(1 << kind as u32))
    }

    /// The kinds named, separated by commas, left out.
    ///
    /// # Errors
    /// The first name that is none.
    pub fn all_without(names: &str) -> Result<Kinds, String> {
        let mut kinds = Kinds::all();
        for name in names.split(',').filter(|name| !name.is_empty()) {
            let found = ALL.iter().find(|kind| kind.1 == name);
            let (kind, _) = found.ok_or_else(|| format!("there is no kind of misfortune named {name}"))?;
            kinds = kinds.without(*kind);
        }
        Ok(kinds)
    }
}

impl fmt::Display for Kinds {
    /// The names of what is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left_out: Vec<&str> = ALL.iter().filter(|kind| !self.has(kind.0)).map(|kind| kind.1).collect();
        f.write_str(&left_out.join(","))
    }
}

impl fmt::Debug for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "all without [{self}]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_left_out_by_name() {
        let kinds = Kinds::all_without("pauses,loss").unwrap();
        assert!(!kinds.has(Kind::Pauses) && !kinds.has(Kind::Loss) && kinds.has(Kind::Kills));
        assert_eq!(kinds.to_string(), "pauses,loss");
        assert_eq!(Kinds::all_without("").unwrap(), Kinds::all());
        assert!(Kinds::all_without("rain").is_err());
        for (position, (kind, name)) in ALL.iter().enumerate() {
            assert!(ALL[..position].iter().all(|other| other.0 != *kind && other.1 != *name), "{name} twice");
        }
    }
}
