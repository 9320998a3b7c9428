//! Histories of others, whose answers are known: see `fixtures/NOTICE.md`. None is left out.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use jepsen::checkers::{self, Model};
use jepsen::edn::Value;
use jepsen::history::History;
use jepsen::verdict::Valid;
use porcupine_rs::Operation;

fn fixtures(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder)
}

/// By which models, in the order of [`Model::ALL`], a canonical history is refused (`x`), allowed (`.`), or says nothing (`?`): it has one transaction that depends on another one
/// only by what is wrong with it, so that a model that allows this has nothing to look at.
const LIST_APPEND: [(&str, &str); 18] = [
    ("dirty-update", ".xxxxxxx"),
    ("duplicate-elements", "xxxxxxxx"),
    ("g-nonadjacent-long-fork", "...xxxxx"),
    ("g-single-read-skew", "...xxxxx"),
    ("g0-dirty-write", "xxxxxxxx"),
    ("g1a-aborted-read", "?xxxxxxx"),
    ("g1b-intermediate-read", ".xxxxxxx"),
    ("g1c-circular", ".xxxxxxx"),
    ("g2-item-write-skew", ".....xxx"),
    ("good-concurrent", "........"),
    ("good-info", "........"),
    ("good-serial", "........"),
    ("incompatible-order", ".xxxxxxx"),
    // Of a transaction that misses its own change: no level of ours allows it, Elle's weak ones do.
    ("internal", "xxxxxxxx"),
    // Elle's strong READ COMMITTED allows the last four; ours sees what was acknowledged.
    ("lost-append", "..x.x..x"),
    ("lost-update", "...xxxxx"),
    ("process-stale-read", "..x.x..x"),
    ("realtime-stale-read", "..x.x..x"),
];

/// The same of registers, where much less can be derived.
const RW_REGISTER: [(&str, &str); 13] = [
    ("g-nonadjacent-long-fork", "...xxxxx"),
    ("g-single-read-skew", "...xxxxx"),
    // Which write was first is known by real time only.
    ("g0-dirty-write", "..x.x..x"),
    ("g1a-aborted-read", "?xxxxxxx"),
    ("g1b-intermediate-read", "?xxxxxxx"),
    ("g1c-circular", ".xxxxxxx"),
    ("g2-item-write-skew", ".....xxx"),
    ("good-concurrent", "........"),
    ("good-serial", "........"),
    ("internal", "xxxxxxxx"),
    ("lost-update-unread", "..x.x..x"),
    ("lost-update", "...xxxxx"),
    ("realtime-stale-read", "..x.x..x"),
];

#[test]
fn canonical_histories_of_elle() {
    let mut wrong = Vec::new();
    for (folder, expected) in [("list-append", &LIST_APPEND[..]), ("rw-register", &RW_REGISTER[..])] {
        let files = fs::read_dir(fixtures("canonical").join(folder)).unwrap().count();
        assert_eq!(files, expected.len(), "{folder}: none is left out");
        for (name, expected) in expected {
            let path = fixtures("canonical").join(folder).join(format!("{name}.edn"));
            let history = checkers::read_file(&path).unwrap();
            let mark = |model| {
                let judge =
                    if folder == "list-append" { checkers::list_append } else { checkers::rw_register };
                match judge(&history, model).valid {
                    Valid::Yes => '.',
                    Valid::No => 'x',
                    Valid::Unknown => '?',
                }
            };
            let marks: String = Model::ALL.into_iter().map(mark).collect();
            if marks != *expected {
                wrong.push(format!("{folder}/{name}: {marks}, expected {expected}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn registers_of_etcd() {
    let folder = fixtures("porcupine-etcd");
    let expected = fs::read_to_string(folder.join("EXPECTED.json")).unwrap();
    let expected: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&expected).unwrap();
    assert_eq!(expected.len(), 102);
    let mut wrong = Vec::new();
    for (file, expected) in &expected {
        let verdict = checkers::linearizable_register(&checkers::read_file(&folder.join(file)).unwrap());
        let expected = if expected.as_bool().unwrap() { Valid::Yes } else { Valid::No };
        if verdict.valid != expected {
            wrong.push(format!("{file}: {:?}, expected {expected:?}: {:?}", verdict.valid, verdict.findings));
        }
        assert_eq!(verdict.drawings.len(), usize::from(verdict.valid == Valid::No), "{file}");
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// A string that is put, appended to and got.
#[derive(Clone)]
struct Text;

#[derive(Clone, Debug)]
enum Change {
    Put(String),
    Append(String),
    Get(String),
}

/// With the steps that the search has left.
type Step = (Change, Arc<AtomicU64>);

/// Some keys of the largest bad history take all memory there is. Another one is found to be bad at once: the crate searches all at the same time and stops then.
const STEPS_MAX: u64 = 500_000;

impl porcupine_rs::Model for Text {
    type State = String;
    type Op = Step;
    type Metadata = ();

    fn init() -> String {
        String::new()
    }

    fn step(state: &String, (change, steps_left): &Step) -> (bool, String) {
        if steps_left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_err() {
            return (false, state.clone());
        }
        match change {
            Change::Put(text) => (true, text.clone()),
            Change::Append(text) => (true, format!("{state}{text}")),
            Change::Get(text) => (state == text, state.clone()),
        }
    }
}

/// The crate's own data: no workload of ours has such operations, so it is the crate that is asked, in the version that [`second_opinion`](super::second_opinion) trusts.
#[test]
fn stores_of_strings_of_porcupine() {
    let folder = fixtures("porcupine-kv");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 6);
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let maps: Vec<Value> = Value::parse_all(&text).unwrap();
        let history = History::read_edn(&text).unwrap();
        let keys: HashMap<u64, String> =
            (0..).zip(&maps).map(|(index, map)| (index, map.get("key").unwrap().to_string())).collect();
        let mut by_key: BTreeMap<&str, (Arc<AtomicU64>, Vec<Operation<Text>>)> = BTreeMap::new();
        for pair in history.pairs().unwrap() {
            let ok = pair.ok().unwrap();
            let text = ok.value.name().unwrap().to_owned();
            let op = match ok.function.as_str() {
                "put" => Change::Put(text),
                "append" => Change::Append(text),
                "get" => Change::Get(text),
                other => panic!("{other}"),
            };
            let time = |index: u64| i64::try_from(index).unwrap();
            let (call_time, return_time) = (time(pair.invoke.index), time(ok.index));
            let (steps_left, operations) = by_key
                .entry(&keys[&pair.invoke.index])
                .or_insert_with(|| (Arc::new(AtomicU64::new(STEPS_MAX)), Vec::new()));
            let op = (op, Arc::clone(steps_left));
            operations.push(Operation { client_id: None, call_time, return_time, op, metadata: None });
        }
        // A search that ran out of steps has no answer: it counts as if there were an order, and no good history needs that.
        let answers = by_key.values().map(|(steps_left, operations)| {
            porcupine_rs::check_operations(operations) || steps_left.load(Relaxed) == 0
        });
        let is_linearizable = !answers.collect::<Vec<_>>().contains(&false);
        let ran_out = by_key.values().any(|(steps_left, _)| steps_left.load(Relaxed) == 0);
        assert!(!(ran_out && is_linearizable), "{}", path.display());
        let is_expected = path.file_stem().unwrap().to_str().unwrap().ends_with("-ok");
        assert_eq!(is_linearizable, is_expected, "{}", path.display());
    }
}
