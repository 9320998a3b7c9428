//! CREATE, ALTER and DROP of procedures and functions, in a step of a job.

use std::sync::Arc;

use super::{Compiled, CompiledCell, Routine, encode, missing};
use crate::account::{AccountId, Privilege, PrivilegeSet};
use crate::ast::{
    Action, Characteristics, CreateRoutine, ProgramStatement, RoutineKind, TableName, UserName, definer_of,
};
use crate::authorization::{Authorization, Grant};
use crate::catalog::Database;
use crate::catalog::store::CatalogKey;
use crate::ddl::account::authorize::needs;
use crate::execute::{Context, Run};
use crate::session::WarningLevel;
use crate::types::Collation;
use crate::{Error, Result};

/// Characters of a routine's comment (`mysql.routines.comment` is a TEXT).
const COMMENT_CHARACTERS_MAX: usize = 65_535;

/// Runs the statement; its names have their databases. Gives whether the catalog is changed.
///
/// # Errors
/// 1049, 1059, 1304, 1305, and those of variables' types.
pub fn run(ctx: &mut Context<'_>, statement: &ProgramStatement) -> Run<bool> {
    match statement {
        ProgramStatement::CreateRoutine(create) => self::create(ctx, create),
        ProgramStatement::AlterRoutine { kind, name, characteristics } => {
            alter(ctx, *kind, name, characteristics)
        }
        // A job runs it by itself.
        ProgramStatement::Event(_) => Err(Error::internal("an event is no routine").into()),
        ProgramStatement::CreateTrigger(create) => super::trigger_statement::create(ctx, create),
        ProgramStatement::DropTrigger { name, if_exists } => {
            super::trigger_statement::drop(ctx, name, *if_exists)
        }
        ProgramStatement::DropRoutine { kind, name, if_exists } => drop(ctx, *kind, name, *if_exists),
    }
}

fn database_of<'c>(ctx: &Context<'c>, name: &TableName) -> Result<&'c Database> {
    let database = name.database.as_deref().unwrap_or_default();
    ctx.catalog.databases.get(database).ok_or_else(|| Error::unknown_database(database))
}

fn create(ctx: &mut Context<'_>, create: &CreateRoutine) -> Run<bool> {
    let name = &create.name.table;
    crate::ddl::definition::check_identifier_length(name)?;
    let found = database_of(ctx, &create.name)?;
    let collation = found.collation;
    Compiled::new(Arc::clone(&create.program), collation, ctx.session)?;
    let returns = returns_text(ctx, create, collation)?;
    if found.routine(create.kind, name).is_some() {
        let message = format!("{} {name} already exists", create.kind.word());
        let exists = Error::mysql(1304, *b"42000", message);
        if !create.if_not_exists {
            return Err(exists.into());
        }
        ctx.session.warn(WarningLevel::Note, exists.code, exists.message);
        return Ok(false);
    }
    let definer = definer(ctx, create.definer.as_ref())?;
    let written = &create.characteristics;
    let comment = written.comment.clone().unwrap_or_default();
    check_comment(&comment, name)?;
    let now_us = u64::try_from(ctx.now_us).unwrap_or(0);
    let connection = ctx.session.variables.collation_connection;
    let routine = Routine {
        kind: create.kind,
        database: found.name.clone(),
        name: name.clone(),
        parameters: create.parameters_text.clone(),
        returns,
        body: create.body.clone(),
        definer,
        invoker: written.invoker.unwrap_or(false),
        deterministic: written.deterministic.unwrap_or(false),
        access: written.access.unwrap_or_default(),
        comment,
        sql_mode: ctx.session.variables.sql_mode,
        character_set: connection.character_set().to_owned(),
        collation: connection,
        database_collation: collation,
        created_us: now_us,
        altered_us: now_us,
        compiled: CompiledCell::default(),
    };
    put(ctx, &routine);
    grant_to_maker(ctx, &routine);
    Ok(true)
}

/// Who makes a function may call, alter and drop it (`automatic_sp_privileges`).
fn grant_to_maker(ctx: &mut Context<'_>, routine: &Routine) {
    let Routine { kind, database, name, .. } = routine;
    let wanted = [Privilege::Execute, Privilege::AlterRoutine];
    let authorization = &ctx.session.authorization;
    let has_all = wanted.iter().all(|wanted| authorization.has_routine(*wanted, *kind, database, name));
    if *kind == RoutineKind::Procedure || has_all {
        return;
    }
    let Some(account) = ctx.catalog.accounts.get(&ctx.session.account) else { return };
    let mut changed = (**account).clone();
    let key = (*kind, database.clone(), name.to_lowercase());
    let grant = changed.grants.routines.entry(key).or_default();
    grant.privileges = grant.privileges.with(PrivilegeSet::of(&wanted));
    grant.grantor = format!("{}@{}", ctx.session.account.user, ctx.session.account.host);
    grant.granted_unix_seconds = u64::try_from(ctx.now_us).unwrap_or(0) / 1_000_000;
    let place = CatalogKey::Account { user: &changed.id.user, host: &changed.id.host };
    ctx.txn.put(place.to_bytes(), crate::account::encode::write_account(&changed));
}

/// The type that a function returns, as it is shown. Empty for a procedure.
///
/// # Errors
/// 1320, and those of columns.
fn returns_text(ctx: &mut Context<'_>, create: &CreateRoutine, collation: Collation) -> Result<String> {
    let Some(returns) = &create.returns else { return Ok(String::new()) };
    if !create.program.steps.iter().any(|step| matches!(step.action, Action::Return(_))) {
        let database = create.name.database.as_deref().unwrap_or_default();
        let message = format!("No RETURN found in FUNCTION {database}.{}", create.name.table);
        return Err(Error::mysql(1320, *b"42000", message));
    }
    let column = crate::ddl::definition::build_variable(returns, collation, ctx.session)?;
    let mut text = crate::show::type_text(&column.data_type);
    if column.data_type.is_text() && !column.data_type.is_json() {
        let own = column.data_type.collation;
        text.push_str(" CHARSET ");
        text.push_str(own.character_set());
        if own != own.set().default_collation() {
            text.push_str(" COLLATE ");
            text.push_str(own.name());
        }
    }
    let name = &create.name.table;
    if create.kind == RoutineKind::Function && crate::parse::is_native_function(&name.to_uppercase()) {
        let message = format!("This function '{name}' has the same name as a native function");
        ctx.session.warn(WarningLevel::Note, 1585, message);
    }
    Ok(text)
}

/// What is done in the name of an account that is SYSTEM_USER, others may not make, change or drop.
///
/// # Errors
/// 1227.
pub(super) fn check_definer(ctx: &Context<'_>, definer: &AccountId) -> Result<()> {
    const SYSTEM_USER: Grant = Grant::Dynamic("SYSTEM_USER");
    let roles = ctx.catalog.accounts.roles_at_login(definer, true);
    let of_definer = Authorization::of(ctx.catalog, definer, &roles);
    let session = &ctx.session;
    let own = Authorization::of(ctx.catalog, &session.account, &session.active_roles);
    if of_definer.has_global(SYSTEM_USER) && !own.has_global(SYSTEM_USER) {
        return Err(needs("SYSTEM_USER"));
    }
    Ok(())
}

/// Who the definer of a program is to be, if the account may say so; one that is not there is noted.
///
/// # Errors
/// 1227.
pub(super) fn definer(ctx: &mut Context<'_>, named: Option<&UserName>) -> Result<AccountId> {
    let definer = definer_of(named, &ctx.session.account);
    if ctx.catalog.accounts.get(&definer).is_none() {
        let missing = Error::no_such_definer(&definer);
        ctx.session.warn(WarningLevel::Note, missing.code, missing.message);
    }
    if definer != ctx.session.account {
        check_definer(ctx, &definer)?;
    }
    Ok(definer)
}

fn check_comment(comment: &str, name: &str) -> Result<()> {
    if comment.chars().count() > COMMENT_CHARACTERS_MAX {
        let message = format!("Comment for routine '{name}' is too long (max = {COMMENT_CHARACTERS_MAX})");
        return Err(Error::mysql(1793, *b"HY000", message));
    }
    Ok(())
}

fn put(ctx: &mut Context<'_>, routine: &Routine) {
    let name = routine.name.to_lowercase();
    let key = CatalogKey::Routine { kind: routine.kind, database: &routine.database, name: &name };
    ctx.txn.put(key.to_bytes(), encode::write_routine(routine));
}

fn alter(ctx: &mut Context<'_>, kind: RoutineKind, name: &TableName, written: &Characteristics) -> Run<bool> {
    let database = name.database.as_deref().unwrap_or_default();
    let found = database_of(ctx, name)?;
    let Some(routine) = found.routine(kind, &name.table) else {
        return Err(missing(kind, database, &name.table).into());
    };
    check_definer(ctx, &routine.definer)?;
    let mut altered = (**routine).clone();
    if let Some(comment) = &written.comment {
        check_comment(comment, &name.table)?;
        altered.comment.clone_from(comment);
    }
    altered.access = written.access.unwrap_or(altered.access);
    altered.invoker = written.invoker.unwrap_or(altered.invoker);
    altered.altered_us = u64::try_from(ctx.now_us).unwrap_or(0);
    put(ctx, &altered);
    Ok(true)
}

/// What was granted on a routine goes with it.
fn forget_grants(ctx: &mut Context<'_>, kind: RoutineKind, database: &str, name: &str) {
    let key = (kind, database.to_owned(), name.to_lowercase());
    let accounts = Arc::clone(&ctx.catalog.accounts);
    for account in accounts.iter().filter(|account| account.grants.routines.contains_key(&key)) {
        let mut changed = (**account).clone();
        changed.grants.routines.remove(&key);
        let place = CatalogKey::Account { user: &changed.id.user, host: &changed.id.host };
        ctx.txn.put(place.to_bytes(), crate::account::encode::write_account(&changed));
    }
}

fn drop(ctx: &mut Context<'_>, kind: RoutineKind, name: &TableName, if_exists: bool) -> Run<bool> {
    let database = name.database.as_deref().unwrap_or_default();
    let known = ctx.catalog.databases.get(database).and_then(|found| found.routine(kind, &name.table));
    if let Some(routine) = known {
        check_definer(ctx, &routine.definer)?;
        let key = CatalogKey::Routine { kind, database, name: &name.table.to_lowercase() };
        ctx.txn.delete(key.to_bytes());
        forget_grants(ctx, kind, database, &name.table);
        return Ok(true);
    }
    let missing = missing(kind, database, &name.table);
    if !if_exists {
        return Err(missing.into());
    }
    ctx.session.warn(WarningLevel::Note, missing.code, missing.message);
    Ok(false)
}
