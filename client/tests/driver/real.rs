//! The login against a real MySQL: every way a password can take. Runs when `QUORATE_TEST_MYSQL` has `address user password`, of an
//! account that may create others.

use std::time::Duration;

use client::blocking::{Connection, Error, Options, SslMode};

const PASSWORDS: [&str; 3] = [
    "secret",
    "pässwörd ' \\ 🔑",
    "a password of more than twenty bytes, so that the challenge comes around",
];

fn target() -> Option<(String, Options)> {
    let target = std::env::var("QUORATE_TEST_MYSQL").ok()?;
    let mut parts = target.split(' ').map(str::to_owned);
    let address = parts.next()?;
    let user = parts.next()?;
    let password = parts.next().unwrap_or_default();
    Some((address, Options { user, password, timeout: Duration::from_secs(10), ..Options::default() }))
}

#[test]
fn a_password_reaches_a_real_server_in_every_way() {
    let Some((address, admin_options)) = target() else { return };
    let mut admin = Connection::connect_with(&address, &admin_options).unwrap();
    assert!(admin.encryption().is_some(), "MySQL offers TLS");
    let quoted = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"));
    for password in PASSWORDS {
        admin.query("DROP USER IF EXISTS driver_login").unwrap();
        let created =
            format!("CREATE USER driver_login IDENTIFIED WITH caching_sha2_password BY {}", quoted(password));
        admin.query(&created).unwrap();
        for ssl_mode in [SslMode::Disabled, SslMode::Preferred, SslMode::Required] {
            // Empties the cache, so that the first login of each needs the password itself: encrypted with the server's key, or in TLS.
            admin.query("FLUSH PRIVILEGES").unwrap();
            let options = Options {
                user: "driver_login".into(),
                password: password.into(),
                ssl_mode,
                ..admin_options.clone()
            };
            let wrong = Options { password: format!("{password}x"), ..options.clone() };
            let refused = Connection::connect_with(&address, &wrong).unwrap_err();
            assert_eq!(refused.code(), Some(1045), "{ssl_mode:?}: {refused}");
            for pass in ["full", "fast"] {
                let mut connection = Connection::connect_with(&address, &options)
                    .unwrap_or_else(|error| panic!("{ssl_mode:?} {pass} {password}: {error}"));
                assert_eq!(connection.encryption().is_some(), ssl_mode != SslMode::Disabled);
                let user = connection.query("SELECT CURRENT_USER()").unwrap();
                assert_eq!(user.scalar().as_deref(), Some("driver_login@%"));
            }
            let refused = Connection::connect_with(&address, &wrong).unwrap_err();
            assert_eq!(refused.code(), Some(1045), "{ssl_mode:?}: {refused}");
        }
    }
    admin.query("DROP USER driver_login").unwrap();
    let unverified = Options { ssl_mode: SslMode::VerifyCa, ..admin_options };
    assert!(matches!(Connection::connect_with(&address, &unverified), Err(Error::Tls { .. })));
}

#[test]
fn a_real_server_says_what_changes_in_the_session() {
    let Some((address, options)) = target() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = Options { track_session: true, ..options };
        let mut connection = client::Connection::connect(&address, &options).await.unwrap();
        // Each is an OK with changes in it, which have to be understood to find its end.
        for sql in [
            "SET autocommit = 0",
            "USE mysql",
            "SET NAMES latin1",
            "SELECT 1",
            "SET SESSION session_track_system_variables = '*'",
        ] {
            connection.query(sql).await.unwrap();
        }
        connection.query("SET SESSION session_track_transaction_info = 'CHARACTERISTICS'").await.unwrap();
        connection.query("START TRANSACTION READ ONLY").await.unwrap();
        assert_eq!(connection.query("SELECT 6 * 7").await.unwrap().scalar().as_deref(), Some("42"));
        connection.query("COMMIT").await.unwrap();
        connection.reset().await.unwrap();
        connection.ping().await.unwrap();
    });
}
