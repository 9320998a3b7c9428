//! Static privileges: their names, their columns in MySQL's grant tables, the levels they may be granted at, and sets of them.
//!
//! The discriminant of a privilege is its bit in stored sets, so it never changes; the order is that of SHOW GRANTS. USAGE
//! is the empty set, ALL PRIVILEGES all of a level's but GRANT OPTION.

use std::fmt;

macro_rules! privileges {
    ($($(#[$doc:meta])* $name:ident = $bit:literal, $words:literal, $column:literal;)*) => {
        /// A static privilege.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Privilege { $($(#[$doc])* $name = $bit,)* }

        impl Privilege {
            /// All of them, in the order of SHOW GRANTS.
            pub const ALL: &'static [Privilege] = &[$(Privilege::$name,)*];

            /// MySQL's words, in upper case.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Privilege::$name => $words,)* }
            }

            /// The column of mysql.user (and of mysql.db, where it has one).
            #[must_use]
            pub fn column(self) -> &'static str {
                match self { $(Privilege::$name => $column,)* }
            }
        }
    };
}

privileges! {
    /// SELECT.
    Select = 0, "SELECT", "Select_priv";
    /// INSERT.
    Insert = 1, "INSERT", "Insert_priv";
    /// UPDATE.
    Update = 2, "UPDATE", "Update_priv";
    /// DELETE.
    Delete = 3, "DELETE", "Delete_priv";
    /// CREATE.
    Create = 4, "CREATE", "Create_priv";
    /// DROP.
    Drop = 5, "DROP", "Drop_priv";
    /// RELOAD.
    Reload = 6, "RELOAD", "Reload_priv";
    /// SHUTDOWN.
    Shutdown = 7, "SHUTDOWN", "Shutdown_priv";
    /// PROCESS.
    Process = 8, "PROCESS", "Process_priv";
    /// FILE.
    File = 9, "FILE", "File_priv";
    /// REFERENCES.
    References = 10, "REFERENCES", "References_priv";
    /// INDEX.
    Index = 11, "INDEX", "Index_priv";
    /// ALTER.
    Alter = 12, "ALTER", "Alter_priv";
    /// SHOW DATABASES.
    ShowDatabases = 13, "SHOW DATABASES", "Show_db_priv";
    /// SUPER.
    Super = 14, "SUPER", "Super_priv";
    /// CREATE TEMPORARY TABLES.
    CreateTemporaryTables = 15, "CREATE TEMPORARY TABLES", "Create_tmp_table_priv";
    /// LOCK TABLES.
    LockTables = 16, "LOCK TABLES", "Lock_tables_priv";
    /// EXECUTE.
    Execute = 17, "EXECUTE", "Execute_priv";
    /// REPLICATION SLAVE.
    ReplicationSlave = 18, "REPLICATION SLAVE", "Repl_slave_priv";
    /// REPLICATION CLIENT.
    ReplicationClient = 19, "REPLICATION CLIENT", "Repl_client_priv";
    /// CREATE VIEW.
    CreateView = 20, "CREATE VIEW", "Create_view_priv";
    /// SHOW VIEW.
    ShowView = 21, "SHOW VIEW", "Show_view_priv";
    /// CREATE ROUTINE.
    CreateRoutine = 22, "CREATE ROUTINE", "Create_routine_priv";
    /// ALTER ROUTINE.
    AlterRoutine = 23, "ALTER ROUTINE", "Alter_routine_priv";
    /// CREATE USER.
    CreateUser = 24, "CREATE USER", "Create_user_priv";
    /// EVENT.
    Event = 25, "EVENT", "Event_priv";
    /// TRIGGER.
    Trigger = 26, "TRIGGER", "Trigger_priv";
    /// CREATE TABLESPACE.
    CreateTablespace = 27, "CREATE TABLESPACE", "Create_tablespace_priv";
    /// CREATE ROLE.
    CreateRole = 28, "CREATE ROLE", "Create_role_priv";
    /// DROP ROLE.
    DropRole = 29, "DROP ROLE", "Drop_role_priv";
    /// GRANT OPTION: the account may hand on what it has at that level.
    GrantOption = 30, "GRANT OPTION", "Grant_priv";
}

impl Privilege {
    /// A privilege by its words in upper case, one space between them.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Privilege> {
        Privilege::ALL.iter().copied().find(|privilege| privilege.name() == name)
    }
}

/// A set of static privileges.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct PrivilegeSet(u64);

impl PrivilegeSet {
    /// None: USAGE.
    pub const NONE: PrivilegeSet = PrivilegeSet(0);
    /// What may be granted ON *.*, GRANT OPTION included: every one.
    pub const GLOBAL: PrivilegeSet = PrivilegeSet((1 << 31) - 1);
    /// What may be granted on a database, GRANT OPTION included.
    pub const DATABASE: PrivilegeSet = PrivilegeSet::of(&[
        Privilege::Select,
        Privilege::Insert,
        Privilege::Update,
        Privilege::Delete,
        Privilege::Create,
        Privilege::Drop,
        Privilege::References,
        Privilege::Index,
        Privilege::Alter,
        Privilege::CreateTemporaryTables,
        Privilege::LockTables,
        Privilege::Execute,
        Privilege::CreateView,
        Privilege::ShowView,
        Privilege::CreateRoutine,
        Privilege::AlterRoutine,
        Privilege::Event,
        Privilege::Trigger,
        Privilege::GrantOption,
    ]);
    /// What may be granted on a table, GRANT OPTION included.
    pub const TABLE: PrivilegeSet = PrivilegeSet::of(&[
        Privilege::Select,
        Privilege::Insert,
        Privilege::Update,
        Privilege::Delete,
        Privilege::Create,
        Privilege::Drop,
        Privilege::References,
        Privilege::Index,
        Privilege::Alter,
        Privilege::CreateView,
        Privilege::ShowView,
        Privilege::Trigger,
        Privilege::GrantOption,
    ]);
    /// What may be granted on columns.
    pub const COLUMN: PrivilegeSet =
        PrivilegeSet::of(&[Privilege::Select, Privilege::Insert, Privilege::Update, Privilege::References]);

    /// The set of these.
    #[must_use]
    pub const fn of(privileges: &[Privilege]) -> PrivilegeSet {
        let mut bits = 0;
        let mut next = 0;
        while next < privileges.len() {
            bits |= 1 << privileges[next] as u64;
            next += 1;
        }
        PrivilegeSet(bits)
    }

    /// The stored form: bit `n` is the privilege of discriminant `n`.
    #[must_use]
    pub fn bits(self) -> u64 {
        self.0
    }

    /// From the stored form; `None` when a bit is of no privilege.
    #[must_use]
    pub fn from_bits(bits: u64) -> Option<PrivilegeSet> {
        (bits & !PrivilegeSet::GLOBAL.0 == 0).then_some(PrivilegeSet(bits))
    }

    /// Whether it is empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the privilege is in it.
    #[must_use]
    pub fn has(self, privilege: Privilege) -> bool {
        self.0 & (1 << privilege as u64) != 0
    }

    /// Whether all of the other's are in it.
    #[must_use]
    pub fn has_all(self, other: PrivilegeSet) -> bool {
        other.0 & !self.0 == 0
    }

    /// Both sets together.
    #[must_use]
    pub fn with(self, other: PrivilegeSet) -> PrivilegeSet {
        PrivilegeSet(self.0 | other.0)
    }

    /// This set without the other's.
    #[must_use]
    pub fn without(self, other: PrivilegeSet) -> PrivilegeSet {
        PrivilegeSet(self.0 & !other.0)
    }

    /// What is in both.
    #[must_use]
    pub fn and(self, other: PrivilegeSet) -> PrivilegeSet {
        PrivilegeSet(self.0 & other.0)
    }

    /// Its privileges, in the order of SHOW GRANTS.
    pub fn iter(self) -> impl Iterator<Item = Privilege> {
        Privilege::ALL.iter().copied().filter(move |privilege| self.has(*privilege))
    }
}

impl From<Privilege> for PrivilegeSet {
    fn from(privilege: Privilege) -> PrivilegeSet {
        PrivilegeSet(1 << privilege as u64)
    }
}

impl fmt::Debug for PrivilegeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Privilege::name)).finish()
    }
}

/// The dynamic privileges that this server knows, in order: those of MySQL 8.4 and its bundled components. Another name
/// cannot be granted, as in MySQL one that no component has registered.
pub const DYNAMIC_PRIVILEGES: &[&str] = &[
    "ALLOW_NONEXISTENT_DEFINER",
    "APPLICATION_PASSWORD_ADMIN",
    "AUDIT_ABORT_EXEMPT",
    "AUDIT_ADMIN",
    "AUTHENTICATION_POLICY_ADMIN",
    "BACKUP_ADMIN",
    "BINLOG_ADMIN",
    "BINLOG_ENCRYPTION_ADMIN",
    "CLONE_ADMIN",
    "CONNECTION_ADMIN",
    "ENCRYPTION_KEY_ADMIN",
    "FIREWALL_EXEMPT",
    "FLUSH_OPTIMIZER_COSTS",
    "FLUSH_PRIVILEGES",
    "FLUSH_STATUS",
    "FLUSH_TABLES",
    "FLUSH_USER_RESOURCES",
    "GROUP_REPLICATION_ADMIN",
    "GROUP_REPLICATION_STREAM",
    "INNODB_REDO_LOG_ARCHIVE",
    "INNODB_REDO_LOG_ENABLE",
    "OPTIMIZE_LOCAL_TABLE",
    "PASSWORDLESS_USER_ADMIN",
    "PERSIST_RO_VARIABLES_ADMIN",
    "REPLICATION_APPLIER",
    "REPLICATION_SLAVE_ADMIN",
    "RESOURCE_GROUP_ADMIN",
    "RESOURCE_GROUP_USER",
    "ROLE_ADMIN",
    "SENSITIVE_VARIABLES_OBSERVER",
    "SERVICE_CONNECTION_ADMIN",
    "SESSION_VARIABLES_ADMIN",
    "SET_ANY_DEFINER",
    "SHOW_ROUTINE",
    "SYSTEM_USER",
    "SYSTEM_VARIABLES_ADMIN",
    "TABLE_ENCRYPTION_ADMIN",
    "TELEMETRY_LOG_ADMIN",
    "TRANSACTION_GTID_TAG",
    "XA_RECOVER_ADMIN",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_the_stored_ones() {
        for (position, privilege) in Privilege::ALL.iter().enumerate() {
            assert_eq!(*privilege as usize, position, "{privilege:?}");
            assert_eq!(Privilege::by_name(privilege.name()), Some(*privilege));
        }
        assert_eq!(Privilege::ALL.len(), 31);
        assert_eq!(PrivilegeSet::GLOBAL.iter().count(), 31);
        assert_eq!(PrivilegeSet::DATABASE.iter().count(), 19);
        assert_eq!(PrivilegeSet::TABLE.iter().count(), 13);
        assert_eq!(PrivilegeSet::of(&[Privilege::Select, Privilege::GrantOption]).bits(), 0x4000_0001);
        assert_eq!(PrivilegeSet::from_bits(1 << 31), None);
        assert!(DYNAMIC_PRIVILEGES.is_sorted());
    }
}
