//! Tests of the model: who is found, what is allowed, what is stored.

use proptest::prelude::*;

use super::encode::{read_account, write_account};
use super::*;

fn account(user: &str, host: &str) -> Account {
    Account::new(AccountId::new(user, host))
}

fn client(address: &str) -> ClientHost {
    ClientHost::from_address(address.parse().unwrap())
}

#[test]
fn the_most_specific_account_is_found() {
    let accounts = Accounts::of(
        [
            account("", "localhost"),
            account("u", "%"),
            account("u", "10.1.%"),
            account("", "%"),
            account("v", "10.1.2.3"),
        ],
        true,
    );
    let found =
        |user: &str, address: &str| accounts.find(user, &client(address)).map(|found| found.id.plain());
    // MySQL's well-known trap: the anonymous user of a closer host comes before the named one of all hosts.
    assert_eq!(found("u", "127.0.0.1").as_deref(), Some("@localhost"));
    assert_eq!(found("u", "10.1.2.3").as_deref(), Some("u@10.1.%"));
    assert_eq!(found("u", "192.0.2.1").as_deref(), Some("u@%"));
    assert_eq!(found("x", "192.0.2.1").as_deref(), Some("@%"));
    assert_eq!(found("v", "10.1.2.3").as_deref(), Some("v@10.1.2.3"));
    assert_eq!(found("U", "192.0.2.1").as_deref(), Some("@%"));
}

#[test]
fn a_new_store_has_root_on_this_machine_alone() {
    let accounts = Accounts::default();
    assert!(accounts.find("root", &client("127.0.0.1")).is_some());
    assert!(accounts.find("root", &client("::1")).is_some());
    assert!(accounts.find("root", &client("10.0.0.1")).is_none());
    assert!(accounts.find("x", &client("127.0.0.1")).is_none());
    let privileges = accounts.privileges(&AccountId::root(), &[]);
    assert!(privileges.has_all_global() && privileges.has_dynamic("SYSTEM_USER"));
    // What is stored is all there is.
    let none = accounts.changed([(AccountId::root(), None)]);
    assert!(none.is_stored() && none.iter().next().is_none());
}

#[test]
fn wider_levels_include_narrower_ones() {
    let mut user = account("u", "%");
    let set = |privileges: &[Privilege]| PrivilegeSet::of(privileges);
    user.grants.global = set(&[Privilege::Process]);
    user.grants.databases.insert("app%".into(), set(&[Privilege::Select]));
    user.grants.databases.insert("app1".into(), set(&[Privilege::Insert]));
    user.grants.databases.insert(r"my\_db".into(), set(&[Privilege::Delete]));
    let columns = [("A".to_owned(), set(&[Privilege::Update]))].into();
    let grant = TableGrant { privileges: set(&[Privilege::Drop]), columns, ..TableGrant::default() };
    user.grants.tables.insert(("d".into(), "t".into()), grant);
    let accounts = Accounts::of([user], true);
    let has = accounts.privileges(&AccountId::new("u", "%"), &[]);
    assert!(has.has_global(Privilege::Process) && !has.has_global(Privilege::Select));
    assert!(has.has_database(Privilege::Select, "app2"));
    // The exact name wins over the pattern, and they are not added up.
    assert!(!has.has_database(Privilege::Select, "app1") && has.has_database(Privilege::Insert, "app1"));
    assert!(has.has_database(Privilege::Delete, "my_db") && !has.has_database(Privilege::Delete, "myxdb"));
    assert!(has.has_table(Privilege::Select, "app2", "t"));
    assert!(has.has_table(Privilege::Drop, "d", "t") && !has.has_table(Privilege::Drop, "d", "T"));
    assert!(
        has.has_column(Privilege::Update, "d", "t", "a") && !has.has_column(Privilege::Update, "d", "t", "b")
    );
    assert!(has.has_column(Privilege::Drop, "d", "t", "b"));
    assert!(
        has.has_any_column(Privilege::Update, "d", "t") && !has.has_any_column(Privilege::Select, "d", "t")
    );
    assert!(has.has_any_in_database("d") && !has.has_any_in_database("e"));
    assert!(has.has_any_on_table("d", "t") && !has.has_any_on_table("d", "u"));
    assert!(has.has_any_on_table("app2", "x"));
}

#[test]
fn roles_count_while_active_and_granted() {
    let role = |name: &str| AccountId::new(name, "%");
    let mut user = account("u", "%");
    let (mut one, mut two) = (account("r1", "%"), account("r2", "%"));
    user.grants.roles.insert(role("r1"), false);
    user.grants.roles.insert(role("gone"), false);
    user.default_roles = vec![role("r1"), role("r3")];
    one.grants.roles.insert(role("r2"), true);
    // Two roles that hold each other: the walk ends.
    two.grants.roles.insert(role("r1"), false);
    two.grants.global = Privilege::Select.into();
    two.grants.dynamic.insert("ROLE_ADMIN".into(), false);
    let accounts = Accounts::of([user, one, two], true);
    let id = role("u");
    assert!(!accounts.privileges(&id, &[]).has_global(Privilege::Select));
    let active = accounts.privileges(&id, &[role("r1"), role("gone")]);
    assert!(active.has_global(Privilege::Select) && active.has_dynamic("ROLE_ADMIN"));
    assert!(active.has_admin_option(&role("r2")) && !active.has_admin_option(&role("r1")));
    // Not granted to the account itself.
    assert!(!accounts.privileges(&id, &[role("r2")]).has_global(Privilege::Select));
    assert!(accounts.reaches(&id, &role("r2")) && !accounts.reaches(&role("r2"), &id));
    assert_eq!(accounts.roles_at_login(&id, false), [role("r1")]);
    assert_eq!(accounts.roles_at_login(&id, true).len(), 2);
    assert!(!accounts.privileges(&role("nobody"), &[role("r1")]).has_global(Privilege::Select));
}

#[test]
fn names_are_printed_in_three_ways() {
    let id = AccountId::new("o'`x", "Host.Example");
    assert_eq!(id.to_string(), "`o'``x`@`host.example`");
    assert_eq!(id.quoted(), "'o'`x'@'host.example'");
    assert_eq!(id.plain(), "o'`x@host.example");
    let shown = format!(
        "{:?}",
        Authentication { plugin: AuthPlugin::MysqlNativePassword, authentication_string: b"*AB".into() }
    );
    assert!(!shown.contains("AB"), "{shown}");
}

/// An account with something in every field.
fn full() -> Account {
    let mut user = account("u", "h");
    user.authentication =
        Authentication { plugin: AuthPlugin::MysqlNativePassword, authentication_string: b"*A".to_vec() };
    user.retained = Some(vec![0, 255]);
    user.require = TlsRequirement::Specified {
        cipher: None,
        issuer: Some("/C=x".into()),
        subject: Some("/CN=y".into()),
    };
    user.limits = ResourceLimits {
        max_queries_per_hour: 1,
        max_updates_per_hour: 2,
        max_connections_per_hour: 3,
        max_user_connections: 4,
    };
    user.is_locked = true;
    user.password_lifetime_days = Some(90);
    user.password_changed_unix_seconds = 1_700_000_000;
    user.failed_login_attempts = 3;
    user.password_lock = PasswordLock::Days(2);
    user.password_history = Some(5);
    user.password_reuse_days = Some(0);
    user.require_current = RequireCurrent::Optional;
    user.former_secrets = vec![FormerSecret { set_us: 7, authentication_string: b"*B".to_vec() }];
    user.default_roles = vec![AccountId::new("r", "%")];
    user.attribute = Some("{}".into());
    user.grants = Grants { global: Privilege::Insert.into(), ..Grants::default() };
    user.grants.dynamic.insert("SYSTEM_USER".into(), true);
    user.grants.databases.insert("d".into(), Privilege::Select.into());
    let columns = [("c".to_owned(), PrivilegeSet::from(Privilege::Update))].into();
    user.grants.tables.insert(
        ("d".into(), "t".into()),
        TableGrant {
            privileges: Privilege::Drop.into(),
            columns,
            grantor: "root@%".into(),
            granted_unix_seconds: 9,
        },
    );
    user.grants.roles.insert(AccountId::new("r", "%"), true);
    user
}

#[test]
fn stored_bytes_are_these() {
    // A change of them needs another version and a reader of this one.
    let hex: String = write_account(&full()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        "010175016802022a410102\
         00ff03000104\
         2f433d7801052f434e3d7901020304\
         01015a80e2cfaa060301020105010002\
         0107022a42\
         01017201250102\
         7b7d0201\
         0b53595354454d5f555345520101016401\
         01016401742001016304\
         06726f6f74402509010172012501"
    );
}

#[test]
fn damaged_accounts_are_refused() {
    let bytes = write_account(&full());
    assert_eq!(read_account(&bytes).unwrap(), full());
    for length in 0..bytes.len() {
        assert_eq!(read_account(&bytes[..length]).unwrap_err().code, 1105, "{length} bytes");
    }
    let mut longer = bytes.to_vec();
    longer.push(0);
    assert!(read_account(&longer).is_err());
    let mut newer = bytes.to_vec();
    newer[0] = 2;
    assert!(read_account(&newer).unwrap_err().message.contains("version 2"));
}

#[test]
fn keys_of_accounts_are_read_as_written() {
    use crate::catalog::store::CatalogKey;
    for (user, host) in [("", "%"), ("u", "10.0.0.0/8"), ("ü\0x", "")] {
        let key = CatalogKey::Account { user, host }.to_bytes();
        assert_eq!(CatalogKey::parse(&key).unwrap(), Some(CatalogKey::Account { user, host }));
    }
    assert_eq!(CatalogKey::Account { user: "ab", host: "c" }.to_bytes()[..], *b"\0\0\0\0u\0\x02abc");
    assert_eq!(CatalogKey::parse(b"\0\0\0\0u").unwrap(), Some(CatalogKey::AccountsStored));
    for bad in [&b"\0\0\0\0u\0"[..], b"\0\0\0\0u\0\x02a", b"\0\0\0\0u\0\x01\xFF", b"\0\0\0\0u\0\x01a\xFF"] {
        assert_eq!(CatalogKey::parse(bad).unwrap_err().code, 1105, "{bad:?}");
    }
}

proptest! {
    #[test]
    fn accounts_round_trip(
        user in ".{0,12}", host in "[a-z%_.0-9]{0,12}", secret in proptest::collection::vec(any::<u8>(), 0..80),
        bits in 0u64..1 << 31, numbers in any::<[u32; 4]>(), days in proptest::option::of(any::<u16>()), flag in any::<bool>(),
        names in proptest::collection::btree_map(".{0,5}", 0u64..1 << 31, 0..4),
    ) {
        let mut account = full();
        account.id = AccountId { user, host };
        account.retained = flag.then(|| secret.clone());
        account.authentication.authentication_string = secret;
        account.is_locked = flag;
        account.password_expired = !flag;
        account.password_lifetime_days = days;
        account.password_history = days;
        account.limits.max_user_connections = numbers[0];
        account.limits.max_queries_per_hour = numbers[1];
        account.grants.global = PrivilegeSet::from_bits(bits).unwrap();
        account.grants.databases = names.into_iter().map(|(name, bits)| (name, PrivilegeSet::from_bits(bits).unwrap())).collect();
        prop_assert_eq!(read_account(&write_account(&account)).unwrap(), account);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut versioned = vec![encode::ACCOUNT_VERSION];
        versioned.extend(&bytes);
        let _ = read_account(&versioned).map(|account| assert_eq!(read_account(&write_account(&account)).unwrap(), account));
    }
}

#[test]
fn grants_on_routines_are_stored_and_are_no_wider() {
    use crate::ast::RoutineKind;
    let mut user = account("u", "%");
    let before = write_account(&user).len();
    let privileges = PrivilegeSet::of(&[Privilege::Execute]);
    let grant = RoutineGrant { privileges, grantor: "root@%".into(), granted_unix_seconds: 7 };
    user.grants.routines.insert((RoutineKind::Function, "d".into(), "f".into()), grant);
    let bytes = write_account(&user);
    assert!(bytes.len() > before, "one without any takes no room for them");
    assert_eq!(read_account(&bytes).unwrap(), user);
    let has = Accounts::of([user], true).privileges(&AccountId::new("u", "%"), &[]);
    assert!(has.on_routine(RoutineKind::Function, "d", "F").has(Privilege::Execute));
    assert!(has.on_routine(RoutineKind::Procedure, "d", "f").is_empty());
    assert!(!has.has_database(Privilege::Execute, "d") && has.has_any_in_database("d"));
}
