//! Which statements of a session go to the leader.
//!
//! | statement | under autocommit | in a transaction |
//! |---|---|---|
//! | INSERT, REPLACE, UPDATE, DELETE | leader | leader |
//! | SELECT … FOR UPDATE, FOR SHARE | leader | leader |
//! | any other SELECT | here | leader, if it reads tables that are stored |
//! | BEGIN, and the COMMIT, ROLLBACK, SAVEPOINT that follow | leader | leader |
//! | START TRANSACTION READ ONLY, and what follows | here | here |
//! | schema changes, CREATE USER, GRANT, SET PASSWORD and their like | leader | leader |
//! | SET of user variables only | here | leader |
//! | SHOW, EXPLAIN, other SET, SET ROLE, USE, KILL, CALL, PREPARE | here | here |
//! | SELECT … INTO @variables | as the SELECT | as the SELECT |
//! | SELECT … INTO OUTFILE, DUMPFILE | here | refused: 1290 |
//! | what uses temporary tables | here | refused on a transaction of the leader: 1290 |
//! | LOAD DATA, also LOCAL | refused: 1290 | refused: 1290 |
//! | XA, LOCK TABLES, FLUSH TABLES, GET_LOCK() | refused: 1290 | refused: 1290 |
//!
//! A transaction that may write is on the leader from its beginning, so that all of it has one snapshot and one set of locks. Under
//! autocommit=0 it begins with the first statement that reads or writes a table.

use sql::ast::{
    AssignmentTarget, Expr, FlushOption, IntoTarget, Maintenance, MaintenanceKind, Query, QueryBody,
    SelectItem, Statement, TableExpr,
};

use crate::node::session::Session;

/// Where a statement runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// On this node.
    Here,
    /// On this node, once the transaction on the leader is committed.
    HereAfterCommit,
    /// On the leader.
    Leader(Effect),
    /// Nowhere: the leader would not keep what it is for.
    Refused,
}

/// What a statement commits, for when its answer is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: what it did goes with its transaction.
    Nothing,
    /// One transaction, after which it is through.
    One,
    /// A transaction, or several, and there is more to it.
    More,
}

/// Where `statement` of a session runs that may have statements forwarded.
#[must_use]
pub fn route(session: &Session, statement: &Statement) -> Route {
    let elsewhere = session.transaction_elsewhere;
    // One that has read from a snapshot here cannot go on elsewhere.
    let has_begun_here = session.open.as_ref().is_some_and(|open| {
        open.explicit && (open.read_only || open.term.is_some() || open.txn.snapshot_index().is_some())
    });
    let has_locked_here =
        session.global_read_lock.is_some() || session.tables.is_some() || session.instance_lock.is_some();
    let reads_only = session.next.read_only.unwrap_or(session.state.variables.transaction_read_only);
    let begins = !session.state.variables.autocommit && !reads_only;
    let uses_own = is_of_temporary(session, statement);
    match statement {
        _ if has_locked_here || session.branch.is_some() => Route::Here,
        // The leader has no temporary tables of this session, and this node not its transaction.
        _ if uses_own && elsewhere => Route::Refused,
        _ if uses_own => Route::Here,
        Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => match has_begun_here {
            true => Route::Here,
            false => Route::Leader(effect_of_change(session, statement)),
        },
        Statement::Query(query) if has_begun_here || reads_nothing_stored(session, query) => Route::Here,
        Statement::Query(query) if elsewhere || begins || locks(query) => Route::Leader(Effect::Nothing),
        Statement::Query(_) => Route::Here,
        Statement::SelectInto(into) => match into.target {
            IntoTarget::Variables(_) => route(session, &into.query),
            // Of a program, which runs here.
            IntoTarget::Program(_) => Route::Here,
            // The file would be one of the leader's.
            IntoTarget::File { .. } | IntoTarget::Dump { .. } if elsewhere => Route::Refused,
            IntoTarget::File { .. } | IntoTarget::Dump { .. } => Route::Here,
        },
        // Its statements run here, where the transaction is not.
        Statement::Call(call) if elsewhere && session.stored_procedure(call).is_some() => Route::Refused,
        Statement::Do(_) if elsewhere => Route::Leader(Effect::Nothing),
        Statement::Set(assignments) if elsewhere => {
            let is_user = |target: &AssignmentTarget| matches!(target, AssignmentTarget::User(_));
            let is_all_user = assignments.iter().all(|assignment| is_user(&assignment.target));
            if is_all_user { Route::Leader(Effect::Nothing) } else { Route::Here }
        }
        // What they change is every node's.
        Statement::Set(assignments)
            if assignments.iter().all(|assignment| sql::variables::is_of_cluster(&assignment.target)) =>
        {
            Route::Leader(Effect::More)
        }
        Statement::Flush(options)
            if !elsewhere
                && !has_locked_here
                && options.iter().all(|option| *option == FlushOption::Privileges) =>
        {
            Route::Leader(Effect::More)
        }
        Statement::CreateDatabase { .. }
        | Statement::AlterDatabase { .. }
        | Statement::DropDatabase { .. }
        | Statement::CreateTable(_)
        | Statement::View(_)
        | Statement::Program(_)
        | Statement::DropTable { .. }
        | Statement::TruncateTable(_)
        | Statement::AlterTable(_)
        | Statement::CreateIndex(_)
        | Statement::DropIndex(_)
        | Statement::RenameTable(_)
        | Statement::Account(_) => Route::Leader(Effect::More),
        Statement::Begin { read_only, .. } if read_only.unwrap_or(reads_only) => {
            if elsewhere {
                Route::HereAfterCommit
            } else {
                Route::Here
            }
        }
        Statement::Maintenance(Maintenance { kind: MaintenanceKind::Checksum { .. }, .. }) if elsewhere => {
            Route::Leader(Effect::Nothing)
        }
        Statement::AnalyzeTable(_) | Statement::Maintenance(_) if elsewhere => Route::HereAfterCommit,
        Statement::Begin { .. } if elsewhere => Route::Leader(Effect::More),
        Statement::Begin { .. } => Route::Leader(Effect::Nothing),
        Statement::Commit if elsewhere => Route::Leader(Effect::One),
        Statement::Rollback | Statement::RollbackTo(_) | Statement::ReleaseSavepoint(_) if elsewhere => {
            Route::Leader(Effect::Nothing)
        }
        Statement::Savepoint(_) if elsewhere || begins && !has_begun_here => Route::Leader(Effect::Nothing),
        // The next transaction would begin here, where it cannot write.
        Statement::CommitAndChain | Statement::RollbackAndChain => Route::Refused,
        Statement::Xa(_)
        | Statement::LockTables(_)
        | Statement::FlushTables { .. }
        | Statement::Flush(_)
        | Statement::LockInstance
        | Statement::Load(_)
            if elsewhere =>
        {
            Route::Refused
        }
        // What is not known to be safe elsewhere stays, where it is refused if it writes.
        _ => Route::Here,
    }
}

/// Whether a statement is about temporary tables, which are the session's on the node that its client is connected to.
fn is_of_temporary(session: &Session, statement: &Statement) -> bool {
    session.is_of_temporary(statement)
        || sql::authorization::tables::uses_temporary(statement, &session.state)
}

fn effect_of_change(session: &Session, statement: &Statement) -> Effect {
    let hints = statement.inventory_hints();
    if !hints.is_empty() && (hints.commit_on_success || session.state.variables.autocommit) {
        return Effect::More;
    }
    let is_alone = session.state.variables.autocommit && !session.transaction_elsewhere;
    if is_alone { Effect::One } else { Effect::Nothing }
}

/// Whether a query says that it locks what it reads, in any of its parts that stand where a table could.
fn locks(query: &Query) -> bool {
    query.locking.is_some()
        || query.common_tables().any(|table| locks(&table.query))
        || match &query.body {
            QueryBody::Select(select) => select.from.as_ref().is_some_and(locks_in),
            QueryBody::SetOperation { left, right, .. } => locks(left) || locks(right),
            QueryBody::Values(_) => false,
            QueryBody::Nested(inner) => locks(inner),
        }
}

fn locks_in(from: &TableExpr) -> bool {
    match from {
        TableExpr::Table { .. } => false,
        TableExpr::Derived { query, .. } => locks(query),
        TableExpr::Join { left, right, .. } => locks_in(left) || locks_in(right),
    }
}

/// Whether a query reads no table, or only tables about the node that is asked.
fn reads_nothing_stored(session: &Session, query: &Query) -> bool {
    let QueryBody::Select(select) = &query.body else { return false };
    if query.with.is_some() {
        return false;
    }
    let calls =
        |item: &SelectItem| matches!(item, SelectItem::Expression { expr, .. } if calls_function(expr));
    if select.items.iter().any(calls) || select.filter.as_ref().is_some_and(calls_function) {
        return false;
    }
    let Some(from) = &select.from else { return query.locking.is_none() };
    is_about_node(session, from)
}

/// Whether a stored function is called, which may read tables.
fn calls_function(expr: &Expr) -> bool {
    let mut found = matches!(expr, Expr::Stored { .. });
    sql::bind::walk::operands(expr, &mut |operand| found = found || calls_function(operand));
    found
}

fn is_about_node(session: &Session, from: &TableExpr) -> bool {
    match from {
        TableExpr::Table { database, table, .. } => {
            let database = database.as_deref().or(session.state.database.as_deref());
            database.is_some_and(|database| session.node.catalog().is_system_table(database, table))
        }
        TableExpr::Derived { query, .. } => reads_nothing_stored(session, query),
        TableExpr::Join { left, right, .. } => is_about_node(session, left) && is_about_node(session, right),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        match sql::parse::parse_statement(text.as_bytes(), sql::variables::SqlMode::default())
            .unwrap()
            .statement
        {
            Statement::Query(query) => *query,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn locking_reads_are_known_wherever_the_clause_is() {
        for text in [
            "SELECT a FROM t FOR UPDATE",
            "SELECT a FROM t WHERE a = 1 FOR SHARE SKIP LOCKED",
            "SELECT a FROM t LOCK IN SHARE MODE",
            "SELECT * FROM (SELECT a FROM t FOR UPDATE) AS x",
            "SELECT 1 FROM u JOIN (SELECT a FROM t FOR UPDATE) AS x",
            "(SELECT a FROM t FOR UPDATE) UNION SELECT 1",
        ] {
            assert!(locks(&query(text)), "{text}");
        }
        assert!(!locks(&query("SELECT a FROM t UNION SELECT b FROM u")));
    }
}
