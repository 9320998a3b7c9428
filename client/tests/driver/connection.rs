//! One connection against a server made of the same protocol code.

use std::time::{Duration, Instant};

use crate::fake::{Answer, Server};
use client::blocking::{Connection, DateTime, Error, Options, Param, Time};
use wire::mysql::auth::{Credential, Plugin};
use wire::mysql::constant::column_type;

const TIMEOUT: Duration = Duration::from_secs(10);

fn connect(server: &Server) -> Connection {
    Connection::connect(&server.address, "root", "", None, TIMEOUT).unwrap()
}

fn value(text: &str) -> Option<Vec<u8>> {
    Some(text.as_bytes().to_vec())
}

#[test]
fn logs_in_with_each_plugin_and_through_a_switch() {
    for default_plugin in [Plugin::Native, Plugin::CachingSha2] {
        for account_plugin in [Plugin::Native, Plugin::CachingSha2] {
            for password in ["", "sécret"] {
                let credential = Credential::from_password(account_plugin, password.as_bytes());
                let server = Server::with_account(default_plugin, Some(credential), |_| Answer::Changed(1));
                let mut connection =
                    Connection::connect(&server.address, "tester", password, Some("shop"), TIMEOUT).unwrap();
                assert_eq!(connection.query("x").unwrap().affected, 1);
                assert_eq!(connection.server_version(), "8.0.36-fake");
                let error =
                    Connection::connect(&server.address, "tester", "wrong", None, TIMEOUT).unwrap_err();
                assert_eq!(error.code(), Some(1045), "{error}");
                assert!(!error.may_have_run());
            }
        }
    }
    let not_remembered = Credential::Sha2 { remembered: Vec::new() };
    let server = Server::with_account(Plugin::CachingSha2, Some(not_remembered), |_| Answer::Changed(1));
    let error = Connection::connect(&server.address, "tester", "x", None, TIMEOUT).unwrap_err();
    assert_eq!(error.code(), Some(1045), "{error}");
    let server = Server::with_account(Plugin::CachingSha2, None, |_| Answer::Changed(1));
    assert_eq!(
        Connection::connect(&server.address, "nobody", "", None, TIMEOUT).unwrap_err().code(),
        Some(1045)
    );
}

#[test]
fn reads_results_in_both_forms_of_the_protocol() {
    let server = Server::start(|sql| match sql {
        b"rows" => Answer::Rows(vec![vec![value("a"), None, value("")], vec![], vec![value("last")]]),
        b"fail" => Answer::Error(1064, "You have an error".to_owned()),
        b"half" => Answer::RowsThenError(1317),
        _ => Answer::Changed(3),
    });
    for old_eof in [false, true] {
        let options = Options { old_eof, multi_statements: true, timeout: TIMEOUT, ..Options::default() };
        let mut connection = Connection::connect_with(&server.address, &options).unwrap();
        let results = connection.query_all("rows").unwrap();
        assert_eq!(results.len(), 3);
        assert_eq!(results[0].rows, [vec![value("a")], vec![None], vec![value("")]]);
        assert_eq!((results[0].columns[0].name.as_str(), results[0].warnings), ("p0", 1));
        assert!(results[1].rows.is_empty() && results[1].columns.len() == 1);
        assert_eq!(results[2].scalar().as_deref(), Some("last"));
        for (sql, code, state) in [("fail", 1064, "42000"), ("half", 1317, "70100")] {
            let error = connection.query(sql).unwrap_err();
            assert_eq!(
                error.server().map(|error| (error.code, error.sqlstate.as_str())),
                Some((code, state))
            );
        }
        let changed = connection.query("update").unwrap();
        assert_eq!((changed.affected, changed.last_insert_id, changed.warnings), (3, 7, 2));
        assert_eq!(changed.info, "Rows matched: 1");
        connection.ping().unwrap();
        connection.use_database("x").unwrap();
        connection.reset().unwrap();
        let error = connection.raw_command(0x0d, &[]).unwrap_err();
        assert_eq!((error.code(), error.is_disconnect()), (Some(1047), false));
        connection.quit();
    }
}

#[test]
fn parameters_come_back_as_their_text() {
    let server = Server::start(|_| Answer::Changed(0));
    for old_eof in [false, true] {
        let options = Options { old_eof, timeout: TIMEOUT, ..Options::default() };
        let mut connection = Connection::connect_with(&server.address, &options).unwrap();
        let statement = connection.prepare("select ?,?,?,?,?,?,?,?,?").unwrap();
        assert_eq!((statement.parameter_count, statement.columns.len()), (9, 9));
        let parameters = [
            Param::Int(-5),
            Param::Null,
            Param::UInt(u64::MAX),
            Param::Float(0.1),
            Param::Double(1e-5),
            Param::Bytes { value: b"\xff\0", column_type: column_type::BLOB },
            Param::Date(DateTime::date(2026, 2, 3)),
            Param::DateTime(DateTime { hour: 4, microsecond: 50, ..DateTime::date(2026, 2, 3) }),
            Param::Time(Time { negative: true, hours: 30, minute: 1, second: 2, microsecond: 3000 }),
        ];
        let expected = [
            value("-5"),
            None,
            value("18446744073709551615"),
            value("0.1"),
            value("0.00001"),
            Some(b"\xff\0".to_vec()),
            value("2026-02-03"),
            value("2026-02-03 04:00:00.000050"),
            value("-30:01:02.003"),
        ];
        assert_eq!(connection.execute(&statement, &parameters).unwrap().rows, [expected]);
        assert!(connection.execute(&statement, &[]).is_err());
        connection.close_statement(&statement).unwrap();

        let statement = connection.prepare("?").unwrap();
        connection.send_long_data(&statement, 0, &[b'a'; 3]).unwrap();
        connection.send_long_data(&statement, 0, &[b'b'; 3]).unwrap();
        let blob = [Param::Bytes { value: b"", column_type: column_type::BLOB }];
        assert_eq!(connection.execute(&statement, &blob).unwrap().scalar().as_deref(), Some("aaabbb"));
        connection.send_long_data(&statement, 0, &[b'a'; 2 << 20]).unwrap();
        assert_eq!(connection.execute(&statement, &blob).unwrap_err().code(), Some(1105), "past its bound");
        let none = connection.prepare("begin").unwrap();
        assert!(connection.execute(&none, &[]).unwrap().columns.is_empty());
    }
}

#[test]
fn values_past_16_mebibytes_go_both_ways() {
    let server = Server::start(|sql| Answer::Rows(vec![vec![Some(sql.to_vec()), Some(vec![b'z'])]]));
    let mut connection = connect(&server);
    for length in [(1 << 24) - 8, (1 << 24) - 2, (1 << 24) - 1, 1 << 24, (1 << 25) - 3, 1 << 25] {
        let sql = "x".repeat(length);
        let result = connection.query(&sql).unwrap();
        assert_eq!(result.rows.len(), 2);
        assert!(result.rows[0][0].as_deref() == Some(sql.as_bytes()), "{length}");
    }
}

#[test]
fn a_lost_answer_may_have_run_and_a_closed_idle_connection_has_not() {
    let server = Server::start(|sql| match sql {
        b"close" => Answer::Close,
        b"hang" => Answer::Hang,
        _ => Answer::ChangedThenClose(1),
    });
    let mut connection = connect(&server);
    let error = connection.query("close").unwrap_err();
    assert!(matches!(error, Error::Lost { .. }) && error.may_have_run(), "{error}");
    assert!(connection.is_broken());

    let mut connection = connect(&server);
    connection.set_timeout(Duration::from_millis(50));
    let error = connection.query("hang").unwrap_err();
    assert!(
        matches!(&error, Error::Lost { source } if source.kind() == std::io::ErrorKind::TimedOut),
        "{error}"
    );
    assert!(
        matches!(connection.query("x"), Err(Error::Stale)),
        "a late answer cannot be taken for another's"
    );

    // The server closes after its answer. Once that has arrived nothing is sent any more; before it the statement
    // may be sent and lost, so this is tried until the close was faster.
    let deadline = Instant::now() + TIMEOUT;
    let error = loop {
        assert!(Instant::now() < deadline, "the close is never seen before sending");
        let mut connection = connect(&server);
        connection.query("x").unwrap();
        std::thread::yield_now();
        match connection.query("x") {
            Err(error @ Error::Stale) => break error,
            other => assert!(matches!(other, Err(Error::Lost { .. }))),
        }
    };
    assert!(!error.may_have_run());
}

#[test]
fn nothing_listens() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = Connection::connect(&address, "root", "", None, TIMEOUT).unwrap_err();
    assert!(matches!(error, Error::Connect { .. }) && !error.may_have_run(), "{error}");
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let error = Connection::connect(&address, "root", "", None, Duration::from_millis(50)).unwrap_err();
    assert!(
        matches!(&error, Error::Connect { source, .. } if source.kind() == std::io::ErrorKind::TimedOut),
        "{error}"
    );
}

/// Runs against a real server when `QUORATE_TEST_MYSQL` has `address user password`.
#[test]
fn a_real_server_answers_the_same() {
    let Ok(target) = std::env::var("QUORATE_TEST_MYSQL") else { return };
    let mut parts = target.split(' ');
    let (address, user) = (parts.next().unwrap(), parts.next().unwrap());
    let password = parts.next().unwrap_or_default();
    for old_eof in [false, true] {
        let options = Options {
            user: user.to_owned(),
            password: password.to_owned(),
            old_eof,
            multi_statements: true,
            ..Options::default()
        };
        let mut connection = Connection::connect_with(address, &options).unwrap();
        let sql = "SELECT 1, NULL, 1.50, CAST(0.1 AS DOUBLE), 1e15, 1e14, 1e-5, 1e-15, 1e-16, 123456789.125e0, -1e300/3, \
                   CAST('2026-02-03 04:05:06.7' AS DATETIME(3)), CAST('-30:01:02.003' AS TIME(3)), x'ff00', 2e0/3";
        let text = connection.query(sql).unwrap();
        let statement = connection.prepare(sql).unwrap();
        let binary = connection.execute(&statement, &[]).unwrap();
        assert_eq!(text.rows, binary.rows);
        connection.query("CREATE TEMPORARY TABLE test.f (f FLOAT, g FLOAT(8,3), y YEAR, z INT(6) ZEROFILL, t TINYINT, d DATE)").unwrap();
        let changed = connection
            .query("INSERT INTO test.f VALUES (123456789, 2.5, 1999, 42, -1, '2026-01-01'), (1e-7, -1, 2000, 1, 1, NULL), (1e20,0,0,0,0,NULL)")
            .unwrap();
        assert_eq!((changed.affected, changed.info.as_str()), (3, "Records: 3  Duplicates: 0  Warnings: 0"));
        let text = connection.query("SELECT * FROM test.f").unwrap();
        let statement = connection.prepare("SELECT * FROM test.f WHERE z < ? OR ? = 'x'").unwrap();
        let name = Param::Bytes { value: b"x", column_type: column_type::VAR_STRING };
        assert_eq!(text.rows, connection.execute(&statement, &[Param::Int(0), name]).unwrap().rows);
        assert_eq!(connection.query_all("SELECT 1; SELECT 2").unwrap().len(), 2);
        assert_eq!(connection.query("SELEC").unwrap_err().code(), Some(1064));
        connection.ping().unwrap();
        connection.reset().unwrap();
        connection.quit();
    }
}
