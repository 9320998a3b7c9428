//! Histories of others, whose answers are known.

use std::path::{Path, PathBuf};

use jepsen::checkers::linearizable_register;
use jepsen::history::History;
use jepsen::verdict::Valid;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

#[test]
fn registers_of_etcd() {
    let folder = fixtures().join("porcupine-etcd");
    let expected = std::fs::read_to_string(folder.join("EXPECTED.json")).unwrap();
    let expected: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&expected).unwrap();
    assert_eq!(expected.len(), 102);
    let mut wrong = Vec::new();
    for (file, expected) in &expected {
        let history = History::read_edn(&std::fs::read_to_string(folder.join(file)).unwrap()).unwrap();
        let verdict = linearizable_register(&history);
        let expected = if expected.as_bool().unwrap() { Valid::Yes } else { Valid::No };
        if verdict.valid != expected {
            wrong.push(format!("{file}: {:?}, expected {expected:?}: {:?}", verdict.valid, verdict.findings));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
