//! A short run of the fuzzing, with seeds that stay. The long one is `cargo run --release -p protocol-fuzz -- run --inputs 10000000`.

use protocol_fuzz::{campaign, corpus, parsers};

#[test]
fn parsers_take_or_refuse_whatever_comes() {
    let sessions = corpus::load(&corpus::folder());
    let taken = parsers::run(&sessions, 11, 200_000);
    assert!(
        (40_000..190_000).contains(&taken),
        "{taken} of 200,000 were taken: the changes are too small or too large"
    );
}

#[test]
fn a_server_answers_or_closes_whatever_comes() {
    let settings =
        campaign::Settings { inputs: 150_000, seed: 12, threads: 4, keep: None, way: None, verbose: false };
    let report = campaign::run(&settings).unwrap_or_else(|what| panic!("{what}"));
    let answers = &report.answers;
    assert!(answers.internal.is_empty(), "internal errors: {report}");
    assert!(answers.count > report.inputs / 3, "most inputs are answered: {report}");
    for way in protocol_fuzz::way::NAMES {
        assert!(answers.logins.get(way).is_some_and(|count| *count > 20), "{way}: {report}");
    }
    assert!(answers.errors > answers.count / 10 && answers.errors < answers.count * 9 / 10, "{report}");
}
