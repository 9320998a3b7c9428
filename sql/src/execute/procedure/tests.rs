//! Calls as text, and the procedures that they come to; what is refused, and how.

use super::*;
use crate::ast::Statement;
use crate::catalog::test_support::{TestNode, session};
use crate::error::Error;
use crate::variables::SqlMode;

/// What a call comes to in database `d`, with these parameters.
fn called_with(text: &str, parameters: &[Value]) -> Result<Procedure> {
    let parsed = crate::parse::parse_statement(text.as_bytes(), SqlMode::default())?;
    let Statement::Call(call) = parsed.statement else { panic!("{text} is no CALL") };
    let mut node = TestNode::new();
    let mut session = session();
    let table = crate::parse::parse_statement(b"CREATE TABLE t (a INT PRIMARY KEY)", SqlMode::default())?;
    node.job(&table.statement, &mut session)?;
    session.user_variables.insert("weight".into(), Value::Int(7));
    let mut txn = node.begin();
    txn.take_snapshot();
    node.with_context(&mut txn, &mut session, parameters, |ctx| Procedure::of_call(&call, ctx))
}

fn called(text: &str) -> Result<Procedure> {
    called_with(text, &[])
}

fn at(address: &str) -> NodeReference {
    NodeReference::Address(address.to_owned())
}

const PEER: &str = "127.0.0.1:4104";
const SQL: &str = "db-4.example:4004";

/// Each procedure as people write it, and what the server gets.
fn examples() -> Vec<(&'static str, Procedure)> {
    let peer_address = PEER.to_owned();
    let id = NodeReference::Id;
    vec![
        ("change_leader()", Procedure::ChangeLeader { node: None }),
        ("change_leader(NULL)", Procedure::ChangeLeader { node: None }),
        ("change_leader(2)", Procedure::ChangeLeader { node: Some(id(2)) }),
        ("change_leader(' 2 ')", Procedure::ChangeLeader { node: Some(id(2)) }),
        ("change_leader('[::1]:4104')", Procedure::ChangeLeader { node: Some(at("[::1]:4104")) }),
        ("cancel_transfer", Procedure::CancelTransfer),
        (
            "add_learner('127.0.0.1:4104')",
            Procedure::AddLearner { peer_address: peer_address.clone(), sql_address: None, node_id: None },
        ),
        (
            "add_follower('127.0.0.1:4104', NULL, 4)",
            Procedure::AddFollower {
                peer_address: peer_address.clone(),
                sql_address: None,
                node_id: Some(4),
            },
        ),
        (
            "add_logger('127.0.0.1:4104', 'db-4.example:4004', '4')",
            Procedure::AddLogger {
                peer_address: peer_address.clone(),
                sql_address: Some(SQL.to_owned()),
                node_id: Some(4),
            },
        ),
        ("drop_learner(4)", Procedure::DropLearner { node: id(4) }),
        ("remove_node('127.0.0.1:4104')", Procedure::RemoveNode { node: at(PEER) }),
        ("upgrade_learner(4)", Procedure::UpgradeLearner { node: id(4) }),
        ("downgrade_follower(3)", Procedure::DowngradeFollower { node: id(3) }),
        (
            "configure_follower(3, @weight + 2)",
            Procedure::ConfigureFollower { node: id(3), weight: 9, force_sync: None },
        ),
        (
            "configure_follower('3', '0', FALSE)",
            Procedure::ConfigureFollower { node: id(3), weight: 0, force_sync: Some(false) },
        ),
        (
            "configure_follower(3, 5, TRUE)",
            Procedure::ConfigureFollower { node: id(3), weight: 5, force_sync: Some(true) },
        ),
        ("configure_learner(4, 0)", Procedure::ConfigureLearner { node: id(4), source: None, group: vec![] }),
        (
            "configure_learner(4, '', FALSE)",
            Procedure::ConfigureLearner { node: id(4), source: None, group: vec![] },
        ),
        (
            "configure_learner(4, NULL, ' 2, 127.0.0.1:4104 ')",
            Procedure::ConfigureLearner { node: id(4), source: None, group: vec![id(2), at(PEER)] },
        ),
        (
            "configure_learner(4, 3, '2')",
            Procedure::ConfigureLearner { node: id(4), source: Some(id(3)), group: vec![id(2)] },
        ),
        (
            "change_address(4, '127.0.0.1:4104', 'db-4.example:4004')",
            Procedure::ChangeAddress { node: id(4), peer_address, sql_address: SQL.to_owned() },
        ),
        ("purge_log(1000)", Procedure::PurgeLog { index: 1000 }),
        ("local_purge_log('1000')", Procedure::LocalPurgeLog { index: 1000 }),
        ("force_purge_log(0)", Procedure::ForcePurgeLog { index: 0 }),
        ("WAIT_APPLY_INDEX(18, 5)", Procedure::WaitApplyIndex { index: 18, timeout_seconds: 5 }),
        ("show_cluster_global()", Procedure::ShowClusterGlobal),
        ("Show_Cluster_Local()", Procedure::ShowClusterLocal),
        ("show_logs()", Procedure::ShowLogs),
    ]
}

#[test]
fn every_procedure_is_called_with_and_without_its_schema_and_as_it_is_forwarded() {
    let mut names: Vec<&str> = Vec::new();
    for (text, procedure) in examples() {
        assert_eq!(called(&format!("CALL dbms_consensus.{text}")), Ok(procedure.clone()), "{text}");
        assert_eq!(called(&format!("CALL {text}")), Ok(procedure.clone()), "{text}");
        let forwarded = procedure.statement();
        assert_eq!(called(&forwarded), Ok(procedure.clone()), "{forwarded}");
        names.push(procedure.name());
    }
    names.sort_unstable();
    names.dedup();
    let declared: Vec<&str> = signatures().iter().map(|signature| signature.name).collect();
    assert_eq!(names, declared, "every declared procedure has an example");
}

#[test]
fn what_is_about_the_node_that_is_asked_is_not_forwarded() {
    let mut here: Vec<&str> = examples()
        .iter()
        .filter(|(_, procedure)| !procedure.needs_leader())
        .map(|(_, procedure)| procedure.name())
        .collect();
    here.sort_unstable();
    assert_eq!(
        here,
        [
            "force_purge_log",
            "local_purge_log",
            "show_cluster_global",
            "show_cluster_local",
            "show_logs",
            "wait_apply_index"
        ]
    );
}

#[test]
fn a_forwarded_call_is_short_and_has_constants_only() {
    let statement = |text| called(text).unwrap().statement();
    assert_eq!(
        statement("call configure_follower(1 + 2, @weight)"),
        "CALL dbms_consensus.configure_follower(3, 7)"
    );
    assert_eq!(statement("call add_follower('a:1', null, null)"), "CALL dbms_consensus.add_follower('a:1')");
    assert_eq!(
        statement("call configure_learner(4, null, '2,a:1')"),
        "CALL dbms_consensus.configure_learner(4, 0, '2,a:1')"
    );
    assert_eq!(statement("call change_leader(null)"), "CALL dbms_consensus.change_leader()");
}

#[test]
fn parameters_and_variables_are_arguments() {
    let text = Value::Text(Bytes::from_static(b"127.0.0.1:4102"));
    assert_eq!(
        called_with("CALL dbms_consensus.change_leader(?)", &[text]),
        Ok(Procedure::ChangeLeader { node: Some(at("127.0.0.1:4102")) })
    );
    assert_eq!(
        called_with("CALL configure_follower(?, ?, ?)", &[Value::Int(2), Value::UInt(4), Value::Null]),
        Ok(Procedure::ConfigureFollower { node: NodeReference::Id(2), weight: 4, force_sync: None })
    );
    assert_eq!(
        called("CALL purge_log((SELECT 7) * LENGTH(CONCAT('a', 'b')))"),
        Ok(Procedure::PurgeLog { index: 14 })
    );
}

fn refused(text: &str) -> (u16, String) {
    let Error { code, message, .. } = called(text).expect_err(text);
    (code, message)
}

#[test]
fn what_is_no_procedure_is_refused_as_in_mysql() {
    for (text, code, message) in [
        ("CALL dbms_consensus.foo()", 1305, "PROCEDURE dbms_consensus.foo does not exist"),
        ("CALL sys.ps_setup_save(1)", 1305, "PROCEDURE sys.ps_setup_save does not exist"),
        ("CALL mysql.show_logs()", 1305, "PROCEDURE mysql.show_logs does not exist"),
        ("CALL foo()", 1305, "PROCEDURE d.foo does not exist"),
        (
            "CALL dbms_consensus.add_learner()",
            1318,
            "Incorrect number of arguments for PROCEDURE dbms_consensus.add_learner; expected 1, got 0",
        ),
        (
            "CALL change_leader(1, 2)",
            1318,
            "Incorrect number of arguments for PROCEDURE dbms_consensus.change_leader; expected 1, got 2",
        ),
        // The number is looked at first, as in MySQL.
        (
            "CALL show_logs(nosuch)",
            1318,
            "Incorrect number of arguments for PROCEDURE dbms_consensus.show_logs; expected 0, got 1",
        ),
        ("CALL change_leader(nosuch)", 1054, "Unknown column 'nosuch' in 'field list'"),
    ] {
        assert_eq!(refused(text), (code, message.to_owned()), "{text}");
    }
    let call = Call { schema: String::new(), name: "foo".into(), arguments: Vec::new() };
    assert_eq!(find(&call, None).map(|found| found.name), Err(Error::no_database()));
}

#[test]
fn what_only_x_cluster_has_is_refused_with_what_to_use_instead() {
    for (name, instead) in [
        ("force_single_mode", "quorate recover"),
        ("force_promote", "change_leader"),
        ("fix_cluster_id", "empty data folder"),
        ("fix_matchindex", "not needed"),
        ("drop_prefetch_channel", "not needed"),
        ("refresh_learner_meta", "not needed"),
    ] {
        for text in [format!("CALL dbms_consensus.{name}()"), format!("CALL {name}(1, 'x')")] {
            let (code, message) = refused(&text);
            assert_eq!(code, 1235, "{text}");
            assert!(message.contains(name) && message.contains(instead), "{text}: {message}");
        }
    }
    assert_eq!(refused("CALL configure_learner(4, 3, TRUE)").0, 1235);
    assert_eq!(refused("CALL purge_log((SELECT 1 FROM information_schema.nothing))").0, 1109);
    assert_eq!(refused("CALL purge_log((SELECT MAX(a) FROM t))").0, 1235);
    assert_eq!(refused("CALL purge_log(SLEEP(1))").0, 1235);
}

#[test]
fn arguments_of_the_wrong_kind_are_named() {
    let node = "a node's id, or its address as 'host:port'";
    for (text, parameter, wanted) in [
        ("change_leader(0)", "node", node),
        ("change_leader(-1)", "node", node),
        ("change_leader(1.5)", "node", node),
        ("change_leader('localhost')", "node", node),
        ("change_leader('localhost:')", "node", node),
        ("change_leader('localhost:0')", "node", node),
        ("change_leader('localhost:65536')", "node", node),
        ("change_leader(':4102')", "node", node),
        ("change_leader('a b:4102')", "node", node),
        ("change_leader('a''b:4102')", "node", node),
        ("change_leader('[::g]:4102')", "node", node),
        ("change_leader('')", "node", node),
        ("change_leader(REPEAT('a', 251))", "node", node),
        ("drop_learner(NULL)", "node", "a node's id, or its address as 'host:port', not NULL"),
        ("add_learner(4)", "peer_address", "an address as 'host:port'"),
        ("add_learner(NULL)", "peer_address", "an address as 'host:port', not NULL"),
        ("add_learner('a:1', 'b')", "sql_address", "an address as 'host:port'"),
        ("add_learner('a:1', 'b:1', 0)", "node_id", "a number above 0"),
        ("configure_follower(1, 10)", "weight", "a number from 0 to 9"),
        ("configure_follower(1, NULL)", "weight", "a number from 0 to 9"),
        ("configure_follower(1, 'heavy')", "weight", "a number from 0 to 9"),
        ("configure_follower(1, 5, 2)", "force_sync", "TRUE or FALSE"),
        (
            "configure_learner(4, 3, '2,2')",
            "source_group",
            "a text of ids and addresses separated by commas, each once",
        ),
        (
            "configure_learner(4, 3, '2,,5')",
            "source_group",
            "a text of ids and addresses separated by commas, each once",
        ),
        (
            "configure_learner(4, 3, 2)",
            "source_group",
            "a text of ids and addresses separated by commas, each once",
        ),
        ("configure_learner(4, 'nobody')", "source", node),
        ("purge_log(NULL)", "index", "a log index"),
        ("purge_log(-1)", "index", "a log index"),
        ("purge_log('99999999999999999999')", "index", "a log index"),
        ("wait_apply_index(1, 31536001)", "timeout_seconds", "whole seconds from 0 to 31536000"),
    ] {
        let name = text.split('(').next().unwrap_or_default();
        let message = format!("Incorrect arguments to dbms_consensus.{name}: {parameter} must be {wanted}");
        assert_eq!(refused(&format!("CALL {text}")), (1210, message), "{text}");
    }
    let long = format!("CALL change_leader('{}:4102')", "a".repeat(251));
    assert_eq!(refused(&long).0, 1210, "an address is bounded");
    let most = format!("CALL change_leader('{}:4102')", "a".repeat(250));
    assert!(called(&most).is_ok());
    let group: Vec<String> = (1..=17).map(|id| id.to_string()).collect();
    assert_eq!(refused(&format!("CALL configure_learner(40, 30, '{}')", group.join(","))).0, 1210);
    assert!(called(&format!("CALL configure_learner(40, 30, '{}')", group[..16].join(","))).is_ok());
}
