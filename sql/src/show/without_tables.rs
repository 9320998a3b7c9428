//! Which statements a node without tables can answer.
//!
//! A log-only node keeps the log and no tables: it does not even know the schema. What it can say truly is about itself and its cluster:
//! variables, status, connections, and the tables made of them. Every other statement is refused by the server, naming the role; an
//! information_schema.TABLES without rows would be a wrong answer.
//!
//! Left out: what a procedure may do there, which the server decides call by call, and the statement inside of PREPARE and
//! EXECUTE, which is looked at when it runs.

use crate::ast::{Expr, JoinCondition, Query, QueryBody, SelectItem, ShowKind, Statement, TableExpr};
use crate::bind::virtual_table::SYSTEM_DATABASES;
use crate::bind::walk::operands;
use crate::show::cluster;
use crate::show::system_table::{INFORMATION_SCHEMA, PERFORMANCE_SCHEMA};

/// Tables of information_schema, besides those of the cluster, whose rows do not come from the schema.
const OF_SERVER: &[&str] = &[
    "CHARACTER_SETS",
    "COLLATIONS",
    "COLLATION_CHARACTER_SET_APPLICABILITY",
    "ENGINES",
    "PARAMETERS",
    "PLUGINS",
    "PROCESSLIST",
    "ROUTINES",
];

/// Whether a node without tables can answer the statement truly. `database` is the session's current one, for names without a
/// database.
#[must_use]
pub fn needs_no_tables(statement: &Statement, database: Option<&str>) -> bool {
    match statement {
        Statement::Query(query) => of_query(query, database),
        Statement::Do(expressions) => expressions.iter().all(|expr| of_expr(expr, database)),
        Statement::Set(assignments) => {
            assignments.iter().all(|assignment| of_expr(&assignment.value, database))
        }
        Statement::Kill { id, .. } => of_expr(id, database),
        Statement::Show(show) => {
            shows_no_tables(&show.kind) && show.filter.as_ref().is_none_or(|expr| of_expr(expr, database))
        }
        Statement::Use(name) => SYSTEM_DATABASES.iter().any(|known| known.eq_ignore_ascii_case(name)),
        // A transaction that reads and writes nothing.
        Statement::Begin { .. }
        | Statement::Commit
        | Statement::Rollback
        | Statement::CommitAndChain
        | Statement::RollbackAndChain
        | Statement::Savepoint(_)
        | Statement::RollbackTo(_)
        | Statement::ReleaseSavepoint(_)
        | Statement::SetNames { .. }
        | Statement::SetTransaction { .. }
        | Statement::Call(_)
        | Statement::Signal(_)
        | Statement::GetDiagnostics(_)
        | Statement::PrepareText { .. }
        | Statement::ExecutePrepared { .. }
        | Statement::UnlockTables
        | Statement::Flush(_)
        | Statement::LockInstance
        | Statement::UnlockInstance
        | Statement::ReloadTls
        | Statement::Deallocate(_) => true,
        Statement::Insert(_)
        | Statement::Update(_)
        | Statement::Delete(_)
        | Statement::Explain(_)
        | Statement::CreateDatabase { .. }
        | Statement::AlterDatabase { .. }
        | Statement::DropDatabase { .. }
        | Statement::CreateTable(_)
        | Statement::View(_)
        | Statement::Program(_)
        | Statement::DropTable { .. }
        | Statement::DropTemporary { .. }
        | Statement::TruncateTable(_)
        | Statement::AlterTable(_)
        | Statement::CreateIndex(_)
        | Statement::DropIndex(_)
        | Statement::RenameTable(_)
        | Statement::LockTables(_)
        | Statement::FlushTables { .. }
        | Statement::Xa(_)
        | Statement::Account(_)
        | Statement::SetRole(_)
        | Statement::GtidPurged(_)
        | Statement::AnalyzeTable(_)
        | Statement::Maintenance(_)
        | Statement::Load(_)
        | Statement::SelectInto(_) => false,
    }
}

/// Whether a SHOW is about the server and not about databases and tables.
#[must_use]
pub fn shows_no_tables(kind: &ShowKind) -> bool {
    match kind {
        ShowKind::Variables { .. }
        | ShowKind::Status { .. }
        | ShowKind::ProcessList { .. }
        | ShowKind::Warnings { .. }
        | ShowKind::Errors { .. }
        | ShowKind::CountWarnings
        | ShowKind::CountErrors
        | ShowKind::Engines
        | ShowKind::CharacterSet
        | ShowKind::Collation
        | ShowKind::Plugins
        | ShowKind::Privileges
        | ShowKind::ProcedureStatus
        | ShowKind::FunctionStatus
        | ShowKind::BinaryLogStatus
        | ShowKind::BinaryLogs
        | ShowKind::ReplicaStatus
        | ShowKind::EngineStatus(_) => true,
        ShowKind::Databases
        | ShowKind::Tables { .. }
        | ShowKind::Columns { .. }
        | ShowKind::Index { .. }
        | ShowKind::CreateTable(_)
        | ShowKind::CreateView(_)
        | ShowKind::CreateProcedure(_)
        | ShowKind::CreateFunction(_)
        | ShowKind::CreateTrigger(_)
        | ShowKind::CreateEvent(_)
        | ShowKind::CreateDatabase { .. }
        | ShowKind::TableStatus { .. }
        | ShowKind::Triggers { .. }
        | ShowKind::Events { .. }
        | ShowKind::Grants { .. }
        | ShowKind::CreateUser(_)
        | ShowKind::OpenTables { .. } => false,
    }
}

fn of_query(query: &Query, database: Option<&str>) -> bool {
    let of = |expr: &Expr| of_expr(expr, database);
    let of_body = match &query.body {
        QueryBody::SetOperation { left, right, .. } => of_query(left, database) && of_query(right, database),
        QueryBody::Values(rows) => rows.iter().flatten().all(of),
        QueryBody::Nested(inner) => of_query(inner, database),
        QueryBody::Select(select) => {
            let of_item = |item: &SelectItem| match item {
                SelectItem::Wildcard | SelectItem::TableWildcard { .. } => true,
                SelectItem::Expression { expr, .. } => of(expr),
            };
            select.items.iter().all(of_item)
                && select.from.as_ref().is_none_or(|from| of_tables(from, database))
                && select.filter.iter().chain(&select.group_by).chain(&select.having).all(of)
                && select.windows.is_empty()
        }
    };
    // The names of common table expressions stand for tables that are looked for by name here.
    query.with.is_none()
        && of_body
        && query.order_by.iter().all(|item| of(&item.expr))
        && query.limit.iter().chain(&query.offset).all(of)
}

fn of_tables(tables: &TableExpr, current: Option<&str>) -> bool {
    match tables {
        TableExpr::Table { database, table, .. } => {
            database.as_deref().or(current).is_some_and(|database| is_of_node(database, table))
        }
        TableExpr::Derived { query, .. } => of_query(query, current),
        TableExpr::Join { left, right, condition, .. } => {
            let of_condition = match condition {
                JoinCondition::On(expr) => of_expr(expr, current),
                JoinCondition::None | JoinCondition::Using(_) | JoinCondition::Natural => true,
            };
            of_condition && of_tables(left, current) && of_tables(right, current)
        }
    }
}

fn of_expr(expr: &Expr, database: Option<&str>) -> bool {
    let mut of_all = expr.subquery().is_none_or(|query| of_query(query, database));
    operands(expr, &mut |operand| of_all = of_all && of_expr(operand, database));
    of_all
}

/// Whether the rows of a system table are about the node or its cluster.
fn is_of_node(database: &str, table: &str) -> bool {
    let is_named = |name: &str| name.eq_ignore_ascii_case(table);
    if database.eq_ignore_ascii_case(INFORMATION_SCHEMA) {
        return OF_SERVER.iter().any(|name| is_named(name))
            || cluster::TABLES.iter().any(|known| is_named(known.name));
    }
    database.eq_ignore_ascii_case(PERFORMANCE_SCHEMA)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bind::virtual_table::lookup;
    use crate::variables::SqlMode;

    fn can_answer(sql: &str, database: Option<&str>) -> bool {
        let parsed = crate::parse::parse_statement(sql.as_bytes(), SqlMode::default()).expect(sql);
        needs_no_tables(&parsed.statement, database)
    }

    #[test]
    fn a_node_without_tables_answers_about_itself_only() {
        for sql in [
            "SELECT 1, @@quorate_role",
            "SELECT 1 FROM dual WHERE EXISTS (SELECT 2)",
            "SELECT * FROM information_schema.alisql_cluster_local",
            "SELECT role FROM information_schema.QUORATE_CLUSTER_MEMBERS m JOIN performance_schema.global_status s ON s.variable_name = \
             (SELECT MAX(id) FROM information_schema.processlist)",
            "SELECT 1 UNION SELECT role FROM (SELECT role FROM information_schema.alisql_cluster_local) d",
            "CALL dbms_consensus.change_leader(2)",
            "SHOW STATUS LIKE 'q%'",
            "SHOW VARIABLES WHERE value IN (SELECT 1)",
            "SET autocommit = 1, @a = (SELECT 1)",
            "SET NAMES utf8mb4",
            "BEGIN",
            "COMMIT",
            "USE Information_Schema",
            "KILL 5",
            "DO SLEEP(1)",
        ] {
            assert!(can_answer(sql, None), "{sql}");
            assert!(can_answer(sql, Some("d")), "{sql}");
        }
        for sql in [
            "SELECT * FROM t",
            "SELECT * FROM d.alisql_cluster_local",
            "SELECT * FROM information_schema.tables",
            "SELECT 1 FROM information_schema.processlist WHERE EXISTS (SELECT * FROM t)",
            "SELECT 1 FROM information_schema.processlist p JOIN information_schema.processlist q ON p.id IN (SELECT a FROM t)",
            "SELECT (SELECT 1 FROM t)",
            "SELECT 1 UNION SELECT a FROM t",
            "SELECT 1 ORDER BY (SELECT a FROM t)",
            "SELECT 1 HAVING 1 IN (1, (SELECT a FROM t))",
            "SELECT * FROM (SELECT * FROM t) d",
            "SHOW TABLES",
            "SHOW DATABASES",
            "SHOW VARIABLES WHERE value = (SELECT a FROM t)",
            "SET @a = (SELECT a FROM t)",
            "DO (SELECT a FROM t)",
            "INSERT INTO t VALUES (1)",
            "UPDATE t SET a = 1",
            "DELETE FROM t",
            "CREATE TABLE t (a INT)",
            "ANALYZE TABLE t",
            "EXPLAIN SELECT 1",
            "USE d",
        ] {
            assert!(!can_answer(sql, None), "{sql}");
            assert!(!can_answer(sql, Some("d")), "{sql}");
        }
        assert!(can_answer("SELECT * FROM processlist", Some("information_schema")));
        assert!(!can_answer("SELECT * FROM columns", Some("information_schema")));
    }

    #[test]
    fn the_tables_listed_here_exist() {
        for name in OF_SERVER {
            assert!(
                lookup(&crate::catalog::Catalog::default(), INFORMATION_SCHEMA, name)
                    .is_ok_and(|table| table.is_some()),
                "{name}"
            );
        }
    }
}
