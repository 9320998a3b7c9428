//! What a run was and what was found, as data: `results.edn` in the form of Jepsen's, and the same as JSON.

use crate::edn::Value;
use crate::history::{History, Kind};
use crate::report::Summary;
use crate::report::{date, spans};
use crate::verdict::{Valid, Verdict};

fn map(pairs: Vec<(&str, Value)>) -> Value {
    Value::Map(pairs.into_iter().map(|(name, value)| (Value::keyword(name), value)).collect())
}

fn integer(number: impl TryInto<i64>) -> Value {
    Value::Integer(number.try_into().unwrap_or(i64::MAX))
}

fn strings(texts: &[String]) -> Value {
    Value::Vector(texts.iter().map(|text| Value::from(text.as_str())).collect())
}

/// `true`, `false` or `:unknown`.
#[must_use]
pub fn valid(valid: Valid) -> Value {
    match valid {
        Valid::Yes => Value::Bool(true),
        Valid::No => Value::Bool(false),
        Valid::Unknown => Value::keyword("unknown"),
    }
}

/// All results, a map: `:valid?`, `:run` (what was run), `:stats` (how many operations ended how) and a map by the name of each checker.
#[must_use]
pub fn of(run: &Summary, history: &History, hash: &str, verdicts: &[Verdict]) -> Value {
    let all = Valid::of_all(verdicts.iter().map(|verdict| verdict.valid));
    let mut pairs = vec![("valid?", valid(all)), ("run", of_run(run, hash)), ("stats", stats(history))];
    let mut names: Vec<String> = Vec::new();
    for verdict in verdicts {
        // Two checkers of one name would be one key of the map.
        let same = verdicts.iter().take(names.len()).filter(|other| other.checker == verdict.checker).count();
        names.push(if same == 0 {
            verdict.checker.clone()
        } else {
            format!("{}-{}", verdict.checker, same + 1)
        });
    }
    for (name, verdict) in names.iter().zip(verdicts) {
        let drawings: Vec<String> = verdict.drawings.iter().map(|(file, _)| file.clone()).collect();
        pairs.push((
            name,
            map(vec![
                ("valid?", valid(verdict.valid)),
                ("findings", strings(&verdict.findings)),
                ("details", verdict.details.clone()),
                ("drawings", strings(&drawings)),
            ]),
        ));
    }
    map(pairs)
}

fn of_run(run: &Summary, hash: &str) -> Value {
    map(vec![
        ("workload", Value::keyword(&run.workload)),
        ("nemesis", Value::keyword(&run.nemesis)),
        // A seed that is no EDN integer must not become another one.
        (
            "seed",
            i64::try_from(run.seed).map_or_else(|_| Value::String(run.seed.to_string()), Value::Integer),
        ),
        ("nodes", integer(run.nodes)),
        ("regions", integer(run.regions)),
        ("workers", integer(run.workers)),
        ("isolation", Value::keyword(&run.isolation)),
        ("consistency", Value::keyword(&run.consistency)),
        ("model", Value::from(run.model.as_str())),
        ("start", Value::from(date::compact(run.start).as_str())),
        ("seconds", Value::Float(run.duration.as_millis() as f64 / 1e3)),
        ("version", Value::from(run.version.as_str())),
        ("command", Value::from(run.command.as_str())),
        ("history-hash", Value::from(hash)),
    ])
}

fn stats(history: &History) -> Value {
    let spans = spans::of_clients(history);
    let counted = |count: &spans::Count| {
        map(vec![
            ("count", integer(count.all())),
            ("ok-count", integer(count.ok)),
            ("fail-count", integer(count.fail)),
            ("info-count", integer(count.info)),
        ])
    };
    let counts = spans::counts(&spans);
    let mut all = spans::Count::default();
    for span in &spans {
        all.add(span.kind());
    }
    let by_function =
        counts.iter().map(|(function, count)| (Value::keyword(function), counted(count))).collect();
    let nemesis = history.operations.iter().filter(|operation| {
        operation.process == crate::history::Process::Nemesis && operation.kind == Kind::Info
    });
    let Value::Map(mut pairs) = counted(&all) else { return Value::Nil };
    pairs.push((Value::keyword("by-f"), Value::Map(by_function)));
    pairs.push((Value::keyword("nemesis-lines"), integer(nemesis.count())));
    Value::Map(pairs)
}
