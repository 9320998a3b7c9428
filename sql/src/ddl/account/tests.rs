//! Account statements over a store: who may say them (as MySQL answered, `golden/who_may.result`, recorded by `golden/record.py`),
//! that they are atomic, and what is stored.

use std::sync::Arc;

use super::*;
use crate::account::{AuthPlugin, ClientHost, Privilege};
use crate::ast::Statement;
use crate::catalog::Catalog;
use crate::catalog::test_support::{TestNode, ended, session};
use crate::execute::{ResultColumn, Sink};
use crate::types::Value;
use crate::types::text::write_text;

/// A node and a session of one of its accounts.
struct Server {
    node: TestNode,
    state: SessionState,
}

/// The rows of a result, a line each.
#[derive(Default)]
struct Lines(Vec<String>);

impl Sink for Lines {
    fn columns(&mut self, _: &[ResultColumn]) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &[Value]) -> Result<()> {
        let text = |value: &Value| {
            let mut text = Vec::new();
            write_text(value, &crate::types::DataType::BIGINT, &mut text);
            String::from_utf8_lossy(&text).into_owned()
        };
        self.0.push(row.iter().map(text).collect::<Vec<_>>().join("\t"));
        Ok(())
    }
}

impl Server {
    fn new() -> Server {
        Server { node: TestNode::new(), state: session() }
    }

    fn log_in(&mut self, id: AccountId) {
        self.state = SessionState {
            user: id.user.clone(),
            host: "127.0.0.1".into(),
            active_roles: self.node.catalog.accounts.roles_at_login(&id, false),
            account: id,
            ..session()
        };
    }

    fn run(&mut self, sql: &str) -> std::result::Result<Vec<String>, Error> {
        self.state.warnings.clear();
        let statement =
            crate::parse::parse_statement(sql.as_bytes(), self.state.variables.sql_mode)?.statement;
        let catalog = Arc::clone(&self.node.catalog);
        match &statement {
            Statement::Account(account) => {
                let prepared = prepare(account, &self.state.account, &catalog.accounts)?;
                let statement = Statement::Account(Box::new(prepared.statement));
                self.node.job(&statement, &mut self.state)?;
                Ok(prepared.generated.iter().map(|_| "generated".to_owned()).collect())
            }
            Statement::SetRole(roles) => {
                set_role(roles, &mut self.state, &catalog.accounts).map(|()| Vec::new())
            }
            Statement::Flush(options) if options[..] == [crate::ast::FlushOption::Privileges] => {
                flush_privileges(&self.state, &catalog.accounts).map(|()| Vec::new())
            }
            Statement::Show(show) => {
                let mut lines = Lines::default();
                let mut txn = self.node.begin();
                let shown = self.node.with_context(&mut txn, &mut self.state, &[], |ctx| {
                    crate::show::run(show, ctx, &mut lines)
                });
                ended(shown)?;
                Ok(lines.0)
            }
            other => self.node.job(other, &mut self.state).map(|_| Vec::new()),
        }
    }

    fn ok(&mut self, sql: &str) -> Vec<String> {
        self.run(sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    fn code(&mut self, sql: &str) -> u16 {
        self.run(sql).map_or_else(|error| error.code, |_| 0)
    }
}

#[test]
fn mysql_would_let_the_same_accounts_do_the_same() {
    let mut server = Server::new();
    let mut found = String::new();
    let recorded = include_str!("golden/who_may.result");
    for line in recorded.lines() {
        if let Some(user) = line.strip_prefix("-- as ") {
            let host = if user == "root" { "localhost" } else { "%" };
            server.log_in(AccountId::new(user, host));
            found.push_str(&format!("{line}\n"));
        }
        if let Some(sql) = line.strip_prefix("> ") {
            found.push_str(&format!("{line}\n"));
            match server.run(sql) {
                Ok(rows) => rows.iter().for_each(|row| found.push_str(&format!("{row}\n"))),
                Err(error) => found.push_str(&format!("ERROR {}: {}\n", error.code, error.message)),
            }
        }
    }
    let differing: Vec<String> = recorded
        .lines()
        .zip(found.lines())
        .enumerate()
        .filter(|(_, (recorded, found))| recorded != found)
        .map(|(line, (recorded, found))| format!("{}: {recorded}\n   {found}", line + 1))
        .take(20)
        .collect();
    assert!(differing.is_empty(), "MySQL's line, then ours:\n{}", differing.join("\n"));
    assert_eq!(recorded.lines().count(), found.lines().count());
}

#[test]
fn a_statement_changes_all_of_its_accounts_or_none() {
    let mut server = Server::new();
    server.ok("create user a, b");
    let before = server.node.all_keys();
    for (sql, code) in [
        ("create user c, a", 1396),
        ("drop user b, c", 1396),
        ("alter user a, c account lock", 1396),
        ("rename user a to d, c to e", 1396),
        ("grant select on *.* to a, c", 1410),
        ("revoke if exists select on x.* from a, c", 1141),
        ("create user c default role nobody", 3162),
        ("create user c comment 'x', d attribute '['", 1064),
        ("create user c, d attribute '['", 3982),
        ("grant a to b, c", 3523),
    ] {
        assert_eq!(server.code(sql), code, "{sql}");
        assert_eq!(server.node.all_keys(), before, "{sql}");
    }
}

#[test]
fn accounts_are_stored_with_the_first_statement_and_loaded_again() {
    let mut server = Server::new();
    assert!(!server.node.catalog.accounts.is_stored());
    let version = server.node.catalog.version;
    server.ok("create user a identified by 'secret' require ssl");
    assert_eq!(server.node.catalog.version, version + 1);
    server.ok("create role r");
    server.ok("grant select on d.* to r");
    server.ok("grant r to a with admin option");
    server.ok("alter user root@localhost identified by 'pass'");
    let same = |catalog: &Catalog, server: &Server| {
        let all = |catalog: &Catalog| catalog.accounts.iter().map(|one| (**one).clone()).collect::<Vec<_>>();
        assert_eq!(all(catalog), all(&server.node.catalog));
        assert!(catalog.accounts.is_stored());
    };
    // A node that starts, and a follower that has every entry.
    same(&Catalog::load(&server.node.store).unwrap(), &server);
    let mut follower = Catalog::default();
    for entry in &server.node.entries {
        if let Some(next) = follower.apply(entry).unwrap() {
            follower = next;
        }
    }
    same(&follower, &server);
    // What changes nothing writes nothing.
    let entries = server.node.entries.len();
    server.ok("grant r to a");
    server.ok("create user if not exists a");
    assert_eq!(server.node.entries.len(), entries);
}

#[test]
fn dropping_everybody_brings_no_passwordless_root_back() {
    let mut server = Server::new();
    server.ok("create user a");
    server.ok("drop user root@localhost, a");
    let again = Catalog::load(&server.node.store).unwrap();
    assert_eq!(again.accounts.iter().count(), 0);
    assert!(again.accounts.find("root", &ClientHost::localhost()).is_none());
    assert_eq!(server.code("create user b"), 1227);
}

#[test]
fn no_password_is_in_the_log() {
    let mut server = Server::new();
    server.ok("create user a identified by 'hunter22'");
    server.ok("set password for a = 'hunter23' retain current password");
    assert_eq!(
        server.ok("create user b identified by random password, c identified by random password").len(),
        2
    );
    for (key, value) in server.node.all_keys() {
        let has = |text: &[u8]| value.windows(text.len()).any(|window| window == text);
        assert!(!has(b"hunter"), "{key:?}");
    }
    let account = server.node.catalog.accounts.get(&AccountId::new("a", "%")).unwrap();
    let verify = |string: &[u8], password: &[u8]| {
        crate::account::secret::verify(AuthPlugin::CachingSha2Password, string, password)
    };
    assert!(verify(&account.authentication.authentication_string, b"hunter23"));
    assert!(verify(account.retained.as_deref().unwrap(), b"hunter22"));
    let parsed =
        crate::parse::parse_statement(b"alter user a identified by 'hunter2'", crate::variables::SqlMode(0));
    assert!(!format!("{:?}", parsed.unwrap()).contains("hunter"));
}

#[test]
fn native_passwords_and_changes_of_the_plugin() {
    let mut server = Server::new();
    server.ok("create user n identified with mysql_native_password by 'secret'");
    let text = server.ok("show create user n").remove(0);
    let native = "IDENTIFIED WITH 'mysql_native_password' AS '*14E65567ABDB5135D0CFD9A70B3032C179A49EE7'";
    assert!(text.contains(native), "{text}");
    // The account keeps its plugin.
    server.ok("alter user n identified by 'other' retain current password");
    let of =
        |server: &Server| Arc::clone(server.node.catalog.accounts.get(&AccountId::new("n", "%")).unwrap());
    assert_eq!(of(&server).authentication.plugin, AuthPlugin::MysqlNativePassword);
    assert_eq!(
        server.code("alter user n identified with caching_sha2_password by 'x' retain current password"),
        3894
    );
    server.ok("alter user n identified with caching_sha2_password");
    let account = of(&server);
    assert!(account.password_expired && account.retained.is_none());
    assert_eq!(server.code("create user s identified with sha256_password by 'x'"), 1235);
    let long = "x".repeat(257);
    assert_eq!(server.code(&format!("create user s identified by '{long}'")), 1819);
}

#[test]
fn the_own_password_may_have_to_be_said() {
    let mut server = Server::new();
    server.ok("create user a identified by 'one' password require current");
    server.log_in(AccountId::new("a", "%"));
    assert_eq!(server.code("alter user user() identified by 'two'"), 3892);
    assert_eq!(server.code("alter user user() identified by 'two' replace 'no'"), 3891);
    assert_eq!(server.code("set password = 'two' replace 'one'"), 0);
    assert_eq!(server.code("set password = 'three' replace 'two' retain current password"), 1227);
}

#[test]
fn the_formation_of_a_cluster_writes_root_once() {
    let mut server = Server::new();
    let form = |password: &[u8]| {
        let plugin = AuthPlugin::CachingSha2Password;
        let authentication_string = crate::account::secret::make(plugin, password);
        Statement::Account(Box::new(AccountStatement::Form(Authentication { plugin, authentication_string })))
    };
    server.node.job(&form(b"one"), &mut session()).unwrap();
    let accounts = Arc::clone(&server.node.catalog.accounts);
    let far = ClientHost::from_address("192.0.2.1".parse().unwrap());
    let root = accounts.find("root", &far).unwrap();
    assert!(accounts.privileges(&root.id, &[]).has_all_global());
    assert!(!accounts.get(&AccountId::root()).unwrap().authentication.authentication_string.is_empty());
    let before = server.node.all_keys();
    server.node.job(&form(b"two"), &mut session()).unwrap();
    assert_eq!(server.node.all_keys(), before);
}

#[test]
fn a_role_ends_with_what_granted_it() {
    let mut server = Server::new();
    for sql in ["create user a", "create role r", "grant select on d.* to r", "grant r to a"] {
        server.ok(sql);
    }
    server.log_in(AccountId::new("a", "%"));
    server.ok("set role r");
    let may = |server: &Server| {
        let state = &server.state;
        let accounts = &server.node.catalog.accounts;
        accounts.privileges(&state.account, &state.active_roles).has_database(Privilege::Select, "d")
    };
    assert!(may(&server));
    let active = std::mem::replace(&mut server.state, session());
    server.ok("revoke r from a");
    server.state = active;
    assert!(!may(&server));
    assert_eq!(server.code("set role r"), 3530);
}
