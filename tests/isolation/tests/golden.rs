//! The scripts of `cases` under each level: Hermitage's, and what is locked.
//!
//! `UPDATE_GOLDENFILES=1` rewrites what is expected of our server. `record_mysql` records a MySQL beside it, whose address and
//! account are given by `ISOLATION_MYSQL=host:port/user/password`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use client::blocking::{Connection, Options};
use cluster_tests::TestCluster;
use isolation_tests::golden::{LEVELS, cases, expected_file, folder, read, run_case, write};
use isolation_tests::script::Dialect;

#[test]
fn every_script_answers_as_recorded() {
    let cluster = TestCluster::start(1);
    let wanted = std::env::var("ISOLATION_CASE").ok();
    let mut wrong = Vec::new();
    for name in cases().into_iter().filter(|name| wanted.as_ref().is_none_or(|wanted| wanted == name)) {
        let transcripts = write(&run_case(&name, Dialect::Quorate, &|| cluster.connect(1)));
        let file = expected_file(&name, Dialect::Quorate);
        if std::env::var_os("UPDATE_GOLDENFILES").is_some() {
            std::fs::write(&file, &transcripts).unwrap();
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        if expected != transcripts {
            wrong.push(format!("--- {name}, expected:\n{expected}\n--- {name}, but:\n{transcripts}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every script and level in which MySQL answers otherwise has a line in the documentation, and no other has.
#[test]
fn every_difference_from_mysql_is_documented() {
    let text = std::fs::read_to_string(folder("../../docs/isolation.md")).unwrap();
    let mut documented: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let table = text.split("<!-- differences -->").nth(1).unwrap();
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let names = cells.next().unwrap();
        let levels = cells.next().unwrap().split(", ").map(str::to_owned);
        for name in names.split(", ") {
            let name = name.trim_matches('`').to_owned();
            documented.entry(name).or_default().extend(levels.clone());
        }
    }
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for name in cases() {
        let of = |dialect| read(&std::fs::read_to_string(expected_file(&name, dialect)).unwrap());
        let (ours, mysqls) = (of(Dialect::Quorate), of(Dialect::MySql));
        for (level, mysql) in mysqls {
            if ours[&level] != mysql {
                found.entry(name.clone()).or_default().insert(LEVELS[level].0.to_owned());
            }
        }
    }
    assert_eq!(documented, found, "documented, and found");
}

#[test]
#[ignore = "needs a MySQL"]
fn record_mysql() {
    let account = std::env::var("ISOLATION_MYSQL").unwrap();
    let mut parts = account.split('/');
    let (address, user, password) =
        (parts.next().unwrap(), parts.next().unwrap_or("root"), parts.next().unwrap_or_default());
    let options = Options {
        user: user.to_owned(),
        password: password.to_owned(),
        timeout: Duration::from_secs(60),
        ..Options::unencrypted()
    };
    let connect = || Connection::connect_with(address, &options).unwrap();
    let wanted = std::env::var("ISOLATION_CASE").ok();
    for name in cases().into_iter().filter(|name| wanted.as_ref().is_none_or(|wanted| wanted == name)) {
        let transcripts = write(&run_case(&name, Dialect::MySql, &connect));
        std::fs::write(expected_file(&name, Dialect::MySql), transcripts).unwrap();
    }
}
