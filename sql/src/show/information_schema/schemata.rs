//! SCHEMATA.

use crate::catalog::SYSTEM_DATABASES;
use crate::execute::{Context, Run};
use crate::show::information_schema::CATALOG;
use crate::show::spec::{ColumnSpec, Row, exact, fixed, null, string, text};
use crate::types::{Collation, Value};

pub(super) const SCHEMATA: &[ColumnSpec] = &[
    exact("CATALOG_NAME", 64),
    exact("SCHEMA_NAME", 64),
    text("DEFAULT_CHARACTER_SET_NAME", 64),
    text("DEFAULT_COLLATION_NAME", 64),
    null("SQL_PATH"),
    exact("DEFAULT_ENCRYPTION", 3),
];

/// The databases that the account sees, by name.
pub(super) fn rows(ctx: &mut Context) -> Run<Vec<Row>> {
    let row = |name: &str, collation: Collation| {
        vec![
            fixed(CATALOG),
            string(name),
            fixed(collation.character_set()),
            fixed(collation.name()),
            Value::Null,
            fixed("NO"),
        ]
    };
    let mut rows: Vec<(&str, Row)> = Vec::new();
    rows.extend(
        ctx.catalog.databases.values().map(|found| (found.name.as_str(), row(&found.name, found.collation))),
    );
    rows.extend(SYSTEM_DATABASES.map(|name| (name, row(name, Collation::default()))));
    rows.retain(|(name, _)| ctx.session.authorization.sees_database(name));
    rows.sort_by_key(|(name, _)| *name);
    // `mysql` is in the catalog when it has stored tables.
    rows.dedup_by_key(|(name, _)| *name);
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}
