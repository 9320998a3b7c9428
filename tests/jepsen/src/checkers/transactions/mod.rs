//! Transactions over lists and registers, judged by the anomalies that a model forbids.
//!
//! The search is that of the crate `adya`, a native Elle; [`convert`] gives it our histories, [`cycle`] finds the smallest cycle of those that it names, [`drawing`] draws it.
//! Real-time edges come in where the model has them. Two things that are promised here and that Elle does not ask for at weak levels are asked for in [`own`] and [`stale`].
//!
//! List-append is the stronger of the two: every read shows the order of all appends before it. Of registers much less is known. What the model promises for each key is used: that a
//! write follows what its transaction read, and under strong models that versions follow real time ([`projection`]).

mod convert;
mod cycle;
mod dependencies;
mod drawing;
mod own;
mod projection;
mod stale;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use adya::{Anomaly, Opts, Report, Workload};

use crate::edn::Value;
use crate::history::History;
use crate::verdict::Verdict;

use super::judge::Judge;

/// For the search of each component of the graph.
const CYCLE_SEARCH_TIME_MAX: Duration = Duration::from_secs(10);
/// A component of so many transactions is about 1 GB of the crate's arrays.
const TRANSACTIONS_MAX: usize = 500_000;
/// With more, versions of registers are not put in the order of real time: the crate's way to do so is quadratic. Each register is judged by itself all the same.
const LINEARIZABLE_KEYS_TRANSACTIONS_MAX: usize = 5_000;
/// Of an explanation, which may quote long lists.
const EXPLANATION_CHARACTERS_MAX: usize = 4000;

/// A consistency model, by its name at Jepsen (`jepsen.io/consistency`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Model {
    /// Adya's PL-1: no G0.
    ReadUncommitted,
    /// Adya's PL-2: no G1.
    ReadCommitted,
    /// PL-2, and its dependencies agree with real time.
    StrongReadCommitted,
    /// Adya's PL-2.99: no G1, no G2-item. **Not** what MySQL calls so, and not what ours is: see [`Model::claimed`].
    RepeatableRead,
    /// No G1, no G-single, no G-nonadjacent: cycles have two anti-dependencies one after the other, as write skew has.
    SnapshotIsolation,
    /// Snapshot isolation, and a transaction's snapshot has all that was acknowledged before it began.
    StrongSnapshotIsolation,
    /// Adya's PL-3: no cycles.
    Serializable,
    /// No cycles, those through real time included.
    StrictSerializable,
}

impl Model {
    /// All, from weak to strong.
    pub const ALL: [Model; 8] = [
        Model::ReadUncommitted,
        Model::ReadCommitted,
        Model::StrongReadCommitted,
        Model::SnapshotIsolation,
        Model::StrongSnapshotIsolation,
        Model::RepeatableRead,
        Model::Serializable,
        Model::StrictSerializable,
    ];

    /// Elle's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Model::ReadUncommitted => "read-uncommitted",
            Model::ReadCommitted => "read-committed",
            Model::StrongReadCommitted => "strong-read-committed",
            Model::RepeatableRead => "repeatable-read",
            Model::SnapshotIsolation => "snapshot-isolation",
            Model::StrongSnapshotIsolation => "strong-snapshot-isolation",
            Model::Serializable => "serializable",
            Model::StrictSerializable => "strict-serializable",
        }
    }

    /// The model of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Model> {
        Model::ALL.into_iter().find(|model| model.name() == name)
    }

    /// What `docs/isolation.md` promises of an isolation level; none for what is no level.
    ///
    /// READ UNCOMMITTED is READ COMMITTED. REPEATABLE READ is snapshot isolation: with `quorate_snapshot_conflict` at its default it has no lost
    /// updates and no read skew, and it has write skew, so it is neither weaker nor stronger than Adya's [`Model::RepeatableRead`]. With `real_time`, that is under
    /// `quorate_read_consistency = strong`, or if all transactions run on the leader, all of them are strong.
    #[must_use]
    pub fn claimed(isolation: &str, real_time: bool) -> Option<Model> {
        let level = isolation.to_ascii_uppercase().replace(['-', '_'], " ");
        Some(match (level.as_str(), real_time) {
            ("READ UNCOMMITTED" | "READ COMMITTED", false) => Model::ReadCommitted,
            ("READ UNCOMMITTED" | "READ COMMITTED", true) => Model::StrongReadCommitted,
            ("REPEATABLE READ", false) => Model::SnapshotIsolation,
            ("REPEATABLE READ", true) => Model::StrongSnapshotIsolation,
            ("SERIALIZABLE", false) => Model::Serializable,
            ("SERIALIZABLE", true) => Model::StrictSerializable,
            (_, _) => return None,
        })
    }

    /// Whether it has real-time edges.
    fn is_real_time(self) -> bool {
        match self {
            Model::StrongReadCommitted | Model::StrongSnapshotIsolation | Model::StrictSerializable => true,
            Model::ReadUncommitted
            | Model::ReadCommitted
            | Model::RepeatableRead
            | Model::SnapshotIsolation
            | Model::Serializable => false,
        }
    }
}

/// Judges `:txn` of `:append` and `:r`.
#[must_use]
pub fn list_append(history: &History, model: Model) -> Verdict {
    judge("list-append", history, Workload::ListAppend, model)
}

/// Judges `:txn` of `:w` and `:r`.
#[must_use]
pub fn rw_register(history: &History, model: Model) -> Verdict {
    judge("rw-register", history, Workload::RwRegister, model)
}

fn judge(checker: &str, history: &History, workload: Workload, model: Model) -> Verdict {
    let mut judge = Judge::new(checker);
    judge.detail("model", Value::keyword(model.name()));
    let transactions = match convert::convert(history, workload) {
        Ok(transactions) => transactions,
        Err(error) => {
            judge.unknown("malformed", error.to_string());
            return judge.verdict();
        }
    };
    let ok_count = transactions.ops.iter().filter(|op| op.kind == adya::history::OpType::Ok).count();
    judge.count("transaction-count", transactions.ops.len() / 2);
    judge.count("ok-count", ok_count);
    if transactions.ops.len() / 2 > TRANSACTIONS_MAX {
        judge.unknown("too-many", format!("more than {TRANSACTIONS_MAX} transactions"));
        return judge.verdict();
    }
    let options = Opts {
        models: vec![model.name().to_owned()],
        timeout: CYCLE_SEARCH_TIME_MAX,
        // A write under any model of ours comes after what its transaction has read: readers see what is committed, and versions are in the order of commits.
        wfr_keys: workload == Workload::RwRegister,
        linearizable_keys: workload == Workload::RwRegister
            && model.is_real_time()
            && ok_count <= LINEARIZABLE_KEYS_TRANSACTIONS_MAX,
        ..Opts::default()
    };
    // The crate asserts here and there. A judge that breaks has not judged.
    match catch_unwind(AssertUnwindSafe(|| adya::check(&transactions, workload, &options))) {
        Ok(report) => conclude(&transactions, workload, model, &options, &report, &mut judge),
        Err(_) => judge.unknown("crash", "the search of adya panicked; its message is on standard error"),
    }
    for finding in own::missed(&transactions) {
        judge.wrong("own-change-missed", finding);
    }
    if workload == Workload::RwRegister && model.is_real_time() {
        super::linearizable::check_keys(projection::calls(&transactions), &mut judge);
    }
    if model == Model::StrongReadCommitted
        && let Some(dependencies) = dependencies::Dependencies::of(&transactions, workload, model, &options)
    {
        for (number, cycle) in stale::stale_reads(&transactions, &dependencies).iter().enumerate() {
            judge.wrong("stale-read", cycle.text());
            if number == 0 {
                judge.drawing("stale-read.svg".to_owned(), drawing::draw("stale-read", cycle));
            }
        }
    }
    judge.verdict()
}

fn conclude(
    history: &adya::History,
    workload: Workload,
    model: Model,
    options: &Opts,
    report: &Report,
    judge: &mut Judge,
) {
    let names = |names: &[String]| {
        Value::Vector(names.iter().map(|name| Value::keyword(&name.replace(' ', "-"))).collect())
    };
    judge.detail("anomaly-types", names(&report.anomaly_types));
    judge.detail("not", names(&report.not));
    judge.detail("also-not", names(&report.also_not));
    let counts = report.anomalies.iter().map(|(kind, all)| {
        (Value::keyword(kind), Value::Integer(i64::try_from(all.len()).unwrap_or(i64::MAX)))
    });
    judge.detail("anomaly-counts", Value::Map(counts.collect()));
    let mut drawn_count = 0;
    for (kind, anomalies) in &report.anomalies {
        let Some(anomaly) = anomalies.iter().min_by_key(|anomaly| anomaly.ops.len()) else { continue };
        let explanation = match cycle::smallest(history, workload, model, options, kind, anomaly) {
            Some(cycle) => {
                judge.drawing(format!("cycle-{drawn_count}.svg"), drawing::draw(kind, &cycle));
                drawn_count += 1;
                cycle.text()
            }
            None => text_of(anomaly),
        };
        let finding = super::svg::shorten(&explanation, EXPLANATION_CHARACTERS_MAX);
        match report.valid {
            adya::Valid::False => judge.wrong(kind, finding),
            adya::Valid::Unknown => judge.unknown(kind, finding),
            adya::Valid::True => {}
        }
    }
}

fn text_of(anomaly: &Anomaly) -> String {
    let operations: Vec<String> = anomaly.ops.iter().map(u64::to_string).collect();
    if operations.is_empty() {
        return anomaly.explanation.clone();
    }
    format!("{} (operations {})", anomaly.explanation.trim_end(), operations.join(", "))
}
