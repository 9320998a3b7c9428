//! CREATE, ALTER and DROP EVENT, and what the scheduler writes, in a step of a job.
//!
//! All of it is under the lock of the event's name, so that the scheduler's looks at what it runs and whoever changes it do not cross. A run is in the log
//! before it begins: no leader begins it again.

use std::sync::{Arc, OnceLock};

use super::event::{Event, Schedule, write_event, write_run};
use super::event_schedule::is_past;
use crate::ast::{DefineEvent, EventStatement, EventStatus, TableName};
use crate::catalog::store::CatalogKey;
use crate::execute::{Context, Outcome, Run};
use crate::session::WarningLevel;
use crate::types::Value;
use crate::{Error, Result};

/// Characters of a comment.
const COMMENT_CHARACTERS_MAX: usize = 2048;

/// What a statement came to.
pub struct Done {
    /// The definition is another one.
    pub is_changed: bool,
    /// What was written is of the schema.
    pub is_schema_change: bool,
    /// One affected: the scheduler may run the event.
    pub outcome: Outcome,
}

fn done(is_changed: bool) -> Done {
    Done { is_changed, is_schema_change: is_changed, outcome: Outcome::default() }
}

/// Runs the statement; its names have their databases.
///
/// # Errors
/// 1049, 1059, 1227, 1537, 1539, 1589, 1793 and those of bodies.
pub fn run(ctx: &mut Context<'_>, statement: &EventStatement) -> Run<Done> {
    match statement {
        EventStatement::Create(define) => create(ctx, define).map(done),
        EventStatement::Alter(define) => alter(ctx, define).map(|()| done(true)),
        EventStatement::Drop { name, if_exists } => drop(ctx, name, *if_exists).map(done),
        EventStatement::Begin { name, revision, at, is_last } => begin(ctx, name, *revision, *at, *is_last),
        EventStatement::End { name, revision } => Ok(done(end(ctx, name, *revision))),
    }
}

/// Error 1539.
#[must_use]
pub fn unknown(name: &str) -> Error {
    Error::mysql(1539, *b"HY000", format!("Unknown event '{name}'"))
}

/// Error 1537.
fn exists(name: &str) -> Error {
    Error::mysql(1537, *b"HY000", format!("Event '{name}' already exists"))
}

fn find(ctx: &Context<'_>, name: &TableName) -> Option<Arc<Event>> {
    let database = ctx.catalog.databases.get(name.database.as_deref().unwrap_or_default())?;
    database.event(&name.table).cloned()
}

fn put(ctx: &mut Context<'_>, event: &Event) {
    let name = event.name.to_lowercase();
    let key = CatalogKey::Event { database: &event.database, name: &name };
    ctx.txn.put(key.to_bytes(), write_event(event));
}

/// Takes an event away, and what is known of its runs.
pub fn remove(ctx: &mut Context<'_>, event: &Event) {
    let name = event.name.to_lowercase();
    ctx.txn.delete(CatalogKey::Event { database: &event.database, name: &name }.to_bytes());
    ctx.txn.delete(CatalogKey::EventRun { database: &event.database, name: &name }.to_bytes());
}

fn warn_of_slave(ctx: &mut Context<'_>, define: &DefineEvent) {
    if define.says_slave {
        let message = "'<CREATE|ALTER> EVENT ... DISABLE ON SLAVE' is deprecated and will be removed in a future release. Please use <CREATE|ALTER> EVENT ... DISABLE ON REPLICA instead";
        ctx.session.warn(WarningLevel::Warning, 1287, message);
    }
}

fn warn_of_past(ctx: &mut Context<'_>) {
    let message = "Event execution time is in the past. Event has been disabled";
    ctx.session.warn(WarningLevel::Note, 1544, message);
}

fn check_comment(comment: &str, name: &str) -> Result<()> {
    if comment.chars().count() > COMMENT_CHARACTERS_MAX {
        let message = format!("Comment for event '{name}' is too long (max = {COMMENT_CHARACTERS_MAX})");
        return Err(Error::mysql(1793, *b"HY000", message));
    }
    Ok(())
}

fn originator(ctx: &Context<'_>) -> u64 {
    match ctx.host.variable("server_id") {
        Some(Value::UInt(id)) => id,
        _ => 0,
    }
}

fn create(ctx: &mut Context<'_>, define: &DefineEvent) -> Run<bool> {
    let name = &define.name.table;
    crate::ddl::definition::check_identifier_length(name)?;
    let times = define.times.as_ref().ok_or_else(|| Error::internal("an event's times are not known"))?;
    warn_of_slave(ctx, define);
    let preserve = define.preserve.unwrap_or(false);
    let mut status = define.status.unwrap_or(EventStatus::Enabled);
    if is_past(&times.schedule, times.now_us) {
        if !preserve {
            let message = "Event execution time is in the past and ON COMPLETION NOT PRESERVE is set. The event was dropped immediately after creation.";
            ctx.session.warn(WarningLevel::Note, 1588, message);
            return Ok(false);
        }
        warn_of_past(ctx);
        status = EventStatus::Disabled;
    }
    let database = define.name.database.as_deref().unwrap_or_default();
    let found = ctx.catalog.databases.get(database).ok_or_else(|| Error::unknown_database(database))?;
    let database_collation = found.collation;
    if found.event(name).is_some() {
        let exists = exists(name);
        if !define.if_not_exists {
            return Err(exists.into());
        }
        ctx.session.warn(WarningLevel::Note, exists.code, exists.message);
        return Ok(false);
    }
    let (body, program) =
        define.body.as_ref().ok_or_else(|| Error::internal("an event that does nothing"))?;
    super::Compiled::new(Arc::clone(program), database_collation, ctx.session)?;
    let definer = super::statement::definer(ctx, define.definer.as_ref())?;
    let comment = define.comment.clone().unwrap_or_default();
    check_comment(&comment, name)?;
    let now_us = u64::try_from(times.now_us).unwrap_or(0);
    let connection = ctx.session.variables.collation_connection;
    let event = Event {
        database: database.to_owned(),
        name: name.clone(),
        body: body.clone(),
        definer,
        comment,
        sql_mode: ctx.session.variables.sql_mode,
        time_zone: zone_name(ctx),
        character_set: connection.character_set().to_owned(),
        collation: connection,
        database_collation,
        status,
        preserve,
        originator: originator(ctx),
        revision: ctx.catalog.version,
        created_us: now_us,
        altered_us: now_us,
        schedule: times.schedule,
        routine: OnceLock::new(),
    };
    put(ctx, &event);
    Ok(true)
}

fn zone_name(ctx: &Context<'_>) -> String {
    crate::variables::shown_in_session(ctx.session, "time_zone").unwrap_or_else(|| "SYSTEM".to_owned())
}

fn alter(ctx: &mut Context<'_>, define: &DefineEvent) -> Run<()> {
    warn_of_slave(ctx, define);
    let Some(event) = find(ctx, &define.name) else { return Err(unknown(&define.name.table).into()) };
    super::statement::check_definer(ctx, &event.definer)?;
    let mut altered = (*event).clone();
    altered.routine = OnceLock::new();
    let now_us = define.times.as_ref().map_or(ctx.now_us, |times| times.now_us);
    altered.preserve = define.preserve.unwrap_or(altered.preserve);
    altered.status = define.status.unwrap_or(altered.status);
    if let Some(times) = &define.times {
        if is_past(&times.schedule, times.now_us) {
            if !altered.preserve {
                let message = "Event execution time is in the past and ON COMPLETION NOT PRESERVE is set. The event was not changed. Specify a time in the future.";
                return Err(Error::mysql(1589, *b"HY000", message).into());
            }
            warn_of_past(ctx);
            altered.status = EventStatus::Disabled;
        }
        altered.schedule = times.schedule;
        altered.time_zone = zone_name(ctx);
    }
    if let Some((body, program)) = &define.body {
        super::Compiled::new(Arc::clone(program), altered.database_collation, ctx.session)?;
        altered.body.clone_from(body);
        altered.sql_mode = ctx.session.variables.sql_mode;
    }
    if let Some(comment) = &define.comment {
        check_comment(comment, &event.name)?;
        altered.comment.clone_from(comment);
    }
    altered.definer = super::statement::definer(ctx, define.definer.as_ref())?;
    let connection = ctx.session.variables.collation_connection;
    altered.character_set = connection.character_set().to_owned();
    altered.collation = connection;
    altered.altered_us = u64::try_from(now_us).unwrap_or(0);
    altered.originator = originator(ctx);
    altered.revision = ctx.catalog.version;
    match &define.rename {
        Some(to) => rename(ctx, &event, altered, to),
        None => {
            put(ctx, &altered);
            Ok(())
        }
    }
}

fn rename(ctx: &mut Context<'_>, event: &Event, mut altered: Event, to: &TableName) -> Run<()> {
    let database = to.database.as_deref().unwrap_or_default();
    crate::ddl::definition::check_identifier_length(&to.table)?;
    if !ctx.catalog.databases.contains_key(database) {
        return Err(Error::unknown_database(database).into());
    }
    if find(ctx, to).is_some() {
        return Err(exists(&to.table).into());
    }
    let last = event.last_run(ctx.txn, storage::txn::View::Latest)?;
    remove(ctx, event);
    altered.database = database.to_owned();
    altered.name.clone_from(&to.table);
    put(ctx, &altered);
    if let Some((at, revision)) = last {
        note_run(ctx, &altered, at, revision);
    }
    Ok(())
}

fn drop(ctx: &mut Context<'_>, name: &TableName, if_exists: bool) -> Run<bool> {
    if let Some(event) = find(ctx, name) {
        super::statement::check_definer(ctx, &event.definer)?;
        remove(ctx, &event);
        return Ok(true);
    }
    if !if_exists {
        return Err(unknown(&name.table).into());
    }
    ctx.session.warn(WarningLevel::Note, 1305, format!("Event {} does not exist", name.table));
    Ok(false)
}

fn note_run(ctx: &mut Context<'_>, event: &Event, at: i64, revision: u64) {
    let name = event.name.to_lowercase();
    let key = CatalogKey::EventRun { database: &event.database, name: &name };
    ctx.txn.put(key.to_bytes(), write_run(at, revision));
}

/// Notes a run, unless the event is another one by now or has had this time.
fn begin(ctx: &mut Context<'_>, name: &TableName, revision: u64, at: i64, is_last: bool) -> Run<Done> {
    let none = Done { is_changed: false, is_schema_change: false, outcome: Outcome::default() };
    let Some(event) = find(ctx, name) else { return Ok(none) };
    if event.revision != revision || event.status != EventStatus::Enabled {
        return Ok(none);
    }
    let recurs = matches!(event.schedule, Schedule::Every { .. });
    let last = event.last_run(ctx.txn, storage::txn::View::Latest)?;
    if recurs && last.is_some_and(|(last, of)| of == revision && last >= at) {
        return Ok(none);
    }
    note_run(ctx, &event, at, revision);
    if is_last {
        let mut over = (*event).clone();
        over.status = EventStatus::Disabled;
        put(ctx, &over);
    }
    let outcome = Outcome { affected: 1, ..Outcome::default() };
    Ok(Done { is_changed: is_last, is_schema_change: is_last, outcome })
}

/// An event that will not run again is dropped or disabled. Gives whether anything is changed.
fn end(ctx: &mut Context<'_>, name: &TableName, revision: u64) -> bool {
    let Some(event) = find(ctx, name).filter(|event| event.revision == revision) else { return false };
    if !event.preserve {
        remove(ctx, &event);
        return true;
    }
    let is_changed = event.status == EventStatus::Enabled;
    if is_changed {
        let mut over = (*event).clone();
        over.status = EventStatus::Disabled;
        put(ctx, &over);
    }
    is_changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ast::{EventTimes, ProgramStatement, Statement};
    use crate::catalog::test_support::{TestNode, session};

    const NOW_US: i64 = 1_700_000_000_000_000;

    fn name() -> TableName {
        TableName { database: Some("d".into()), table: "E".into() }
    }

    fn run(node: &mut TestNode, event: EventStatement) -> Result<Outcome> {
        let statement = Statement::Program(Box::new(ProgramStatement::Event(Box::new(event))));
        node.job(&statement, &mut session())
    }

    /// The statement of a text, with the times of its schedule.
    fn define(text: &str, schedule: Option<Schedule>) -> EventStatement {
        let parsed = crate::parse::parse_statement(text.as_bytes(), crate::variables::SqlMode::default());
        let Statement::Program(statement) = parsed.unwrap().statement else { panic!("{text}") };
        let ProgramStatement::Event(mut event) = *statement else { panic!("{text}") };
        if let EventStatement::Create(define) | EventStatement::Alter(define) = &mut *event {
            define.times = schedule.map(|schedule| EventTimes { schedule, now_us: NOW_US });
        }
        *event
    }

    fn event(node: &TestNode) -> Option<Arc<Event>> {
        node.catalog.databases["d"].event("e").cloned()
    }

    fn begin(node: &mut TestNode, revision: u64, at: i64, is_last: bool) -> u64 {
        run(node, EventStatement::Begin { name: name(), revision, at, is_last }).unwrap().affected
    }

    #[test]
    fn a_time_is_begun_once_and_of_the_definition_that_there_is() {
        let mut node = TestNode::new();
        let schedule = Schedule::Every {
            value: 1,
            unit: crate::ast::EventUnit::Second,
            starts: 1_700_000_000,
            ends: None,
        };
        let text = "CREATE EVENT d.E ON SCHEDULE EVERY 1 SECOND DO BEGIN SELECT 1; END";
        run(&mut node, define(text, Some(schedule))).unwrap();
        let made = event(&node).unwrap();
        let version = node.catalog.version;
        assert_eq!(begin(&mut node, made.revision, 1_700_000_001, false), 1);
        assert_eq!(begin(&mut node, made.revision, 1_700_000_001, false), 0, "another leader has begun it");
        assert_eq!(begin(&mut node, made.revision, 1_700_000_000, false), 0, "an earlier time");
        assert_eq!(begin(&mut node, made.revision, 1_700_000_002, false), 1);
        assert_eq!(node.catalog.version, version, "runs make no other schema");
        run(&mut node, define("ALTER EVENT d.e DISABLE", None)).unwrap();
        assert_eq!(begin(&mut node, made.revision, 1_700_000_003, false), 0, "it is another one");
        let altered = event(&node).unwrap();
        assert_ne!(altered.revision, made.revision);
        assert_eq!(begin(&mut node, altered.revision, 1_700_000_003, false), 0, "it is disabled");
        run(&mut node, define("ALTER EVENT d.e RENAME TO d.f ENABLE", None)).unwrap();
        let renamed = node.catalog.databases["d"].event("F").cloned().unwrap();
        let mut txn = node.begin();
        let last = renamed.last_run(&mut txn, storage::txn::View::Latest).unwrap();
        assert_eq!(last, Some((1_700_000_002, made.revision)), "it goes with the name");
        assert!(event(&node).is_none());
    }

    #[test]
    fn the_last_run_ends_an_event() {
        let mut node = TestNode::new();
        let text = "CREATE EVENT d.E ON SCHEDULE AT NOW() ON COMPLETION PRESERVE DO SELECT 1";
        run(&mut node, define(text, Some(Schedule::At(1_700_000_000)))).unwrap();
        let made = event(&node).unwrap();
        assert_eq!(begin(&mut node, made.revision, 1_700_000_000, true), 1);
        assert_eq!(event(&node).unwrap().status, EventStatus::Disabled);
        assert_eq!(begin(&mut node, made.revision, 1_700_000_001, true), 0);
        run(&mut node, EventStatement::End { name: name(), revision: made.revision }).unwrap();
        assert!(event(&node).is_some(), "it is preserved");
        run(&mut node, define("ALTER EVENT d.e ON COMPLETION NOT PRESERVE", None)).unwrap();
        run(&mut node, EventStatement::End { name: name(), revision: made.revision }).unwrap();
        let altered = event(&node).expect("that was another one");
        run(&mut node, EventStatement::End { name: name(), revision: altered.revision }).unwrap();
        assert!(event(&node).is_none());
        run(&mut node, define("DROP EVENT IF EXISTS d.e", None)).unwrap();
        let left =
            node.all_keys().into_iter().filter(|(key, _)| key.starts_with(&[0, 0, 0, 0, b'l'])).count();
        assert_eq!(left, 0, "nothing of it is left");
    }
}
