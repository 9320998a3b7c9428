//! The definitions of the tables of `mysql`, recorded from MySQL 9.7 (`SHOW CREATE TABLE`).

const ALL: [(&str, &str); 14] = [
    ("columns_priv", include_str!("definitions/columns_priv.sql")),
    ("db", include_str!("definitions/db.sql")),
    ("default_roles", include_str!("definitions/default_roles.sql")),
    ("general_log", include_str!("definitions/general_log.sql")),
    ("global_grants", include_str!("definitions/global_grants.sql")),
    ("innodb_index_stats", include_str!("definitions/innodb_index_stats.sql")),
    ("innodb_table_stats", include_str!("definitions/innodb_table_stats.sql")),
    ("password_history", include_str!("definitions/password_history.sql")),
    ("procs_priv", include_str!("definitions/procs_priv.sql")),
    ("proxies_priv", include_str!("definitions/proxies_priv.sql")),
    ("role_edges", include_str!("definitions/role_edges.sql")),
    ("slow_log", include_str!("definitions/slow_log.sql")),
    ("tables_priv", include_str!("definitions/tables_priv.sql")),
    ("user", include_str!("definitions/user.sql")),
];

/// That of the table of this name.
pub(crate) fn of(table: &str) -> Option<&'static str> {
    ALL.iter().find(|(name, _)| *name == table).map(|(_, text)| *text)
}
