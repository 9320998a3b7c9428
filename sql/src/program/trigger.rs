//! Triggers as the catalog keeps them: with their table, in the order in which they run.
//!
//! ```text
//! trigger  name, time (0: BEFORE, 1: AFTER), event (0: INSERT, 1: UPDATE, 2: DELETE), body, definer's user and host, sql_mode as text,
//!          character set, collation, collation of the database (by name), created, microseconds since the epoch
//! ```
//!
//! What runs is made of the text when a statement that changes the table is planned, and kept ([`Trigger::program`]).

use std::sync::{Arc, OnceLock};

use crate::Result;
use crate::account::AccountId;
use crate::ast::{Program, ProgramStatement, Statement, TriggerEvent, TriggerTime};
use crate::catalog::encode::{read_string, write_string};
use crate::codec::{Input, damaged, write_varint};
use crate::types::Collation;
use crate::variables::{SqlMode, character_set};

/// A trigger.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// Its name as written.
    pub name: String,
    /// When it runs.
    pub time: TriggerTime,
    /// What for.
    pub event: TriggerEvent,
    /// The text of the body.
    pub body: String,
    /// Whose rights count.
    pub definer: AccountId,
    /// The mode that it is read and run by.
    pub sql_mode: SqlMode,
    /// `character_set_client` when it was made.
    pub character_set: String,
    /// `collation_connection` when it was made.
    pub collation: Collation,
    /// The collation of its database when it was made: that of its variables.
    pub database_collation: Collation,
    /// When it was made, microseconds since the epoch.
    pub created_us: u64,
    /// Its steps, once they were needed.
    pub(super) parsed: OnceLock<Arc<Program>>,
}

impl Trigger {
    /// Its steps.
    ///
    /// # Errors
    /// 1105 for a text that cannot be read.
    pub fn program(&self) -> Result<Arc<Program>> {
        if let Some(program) = self.parsed.get() {
            return Ok(Arc::clone(program));
        }
        let (time, event) = (self.time.word(), self.event.word());
        let text = format!("CREATE TRIGGER t {time} {event} ON t FOR EACH ROW {}", self.body);
        let parsed = crate::parse::parse_statement(text.as_bytes(), self.sql_mode)?;
        let Statement::Program(statement) = parsed.statement else {
            return Err(damaged("a trigger is no program"));
        };
        let ProgramStatement::CreateTrigger(create) = *statement else {
            return Err(damaged("a trigger is no definition"));
        };
        Ok(Arc::clone(self.parsed.get_or_init(|| create.program)))
    }
}

/// The bytes of a table's triggers.
pub(crate) fn write(triggers: &[Arc<Trigger>], out: &mut Vec<u8>) {
    write_varint(triggers.len() as u64, out);
    for trigger in triggers {
        write_string(&trigger.name, out);
        out.push(match trigger.time {
            TriggerTime::Before => 0,
            TriggerTime::After => 1,
        });
        out.push(match trigger.event {
            TriggerEvent::Insert => 0,
            TriggerEvent::Update => 1,
            TriggerEvent::Delete => 2,
        });
        let mode = trigger.sql_mode.to_string();
        let definer = &trigger.definer;
        for text in [&trigger.body, &definer.user, &definer.host, &mode, &trigger.character_set] {
            write_string(text, out);
        }
        write_string(trigger.collation.name(), out);
        write_string(trigger.database_collation.name(), out);
        write_varint(trigger.created_us, out);
    }
}

/// A trigger from its bytes.
///
/// # Errors
/// 1105 when they are no such bytes.
pub(crate) fn read(input: &mut Input<'_>) -> Result<Arc<Trigger>> {
    let name = read_string(input)?;
    let time = match input.byte()? {
        0 => TriggerTime::Before,
        1 => TriggerTime::After,
        _ => return Err(damaged("a trigger runs at an unknown time")),
    };
    let event = match input.byte()? {
        0 => TriggerEvent::Insert,
        1 => TriggerEvent::Update,
        2 => TriggerEvent::Delete,
        _ => return Err(damaged("a trigger is for an unknown event")),
    };
    let body = read_string(input)?;
    let definer = AccountId { user: read_string(input)?, host: read_string(input)? };
    let sql_mode = SqlMode::parse(&read_string(input)?)?;
    let character_set = read_string(input)?;
    let collation = character_set::collation(&read_string(input)?)?;
    let database_collation = character_set::collation(&read_string(input)?)?;
    Ok(Arc::new(Trigger {
        name,
        time,
        event,
        body,
        definer,
        sql_mode,
        character_set,
        collation,
        database_collation,
        created_us: input.varint()?,
        parsed: OnceLock::new(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trigger() -> Trigger {
        Trigger {
            name: "tr".into(),
            time: TriggerTime::After,
            event: TriggerEvent::Update,
            body: "SET @a = NEW.a".into(),
            definer: AccountId { user: "root".into(), host: "%".into() },
            sql_mode: SqlMode::default(),
            character_set: "utf8mb4".into(),
            collation: Collation::default(),
            database_collation: Collation::default(),
            created_us: 1_700_000_000_123_456,
            parsed: OnceLock::new(),
        }
    }

    #[test]
    fn a_trigger_is_read_as_it_was_written() {
        let mut bytes = Vec::new();
        write(&[Arc::new(trigger())], &mut bytes);
        let mut input = Input::new(&bytes);
        assert_eq!(input.varint().unwrap(), 1);
        let read = read(&mut input).unwrap();
        assert!(input.bytes.is_empty(), "nothing is left");
        assert_eq!(format!("{read:?}"), format!("{:?}", trigger()));
        let program = read.program().unwrap();
        assert_eq!(program.row_columns.len(), 1);
        assert_eq!(program.row_columns[0].name, "a");
    }

    #[test]
    fn what_is_no_trigger_is_refused() {
        let mut bytes = Vec::new();
        write(&[Arc::new(trigger())], &mut bytes);
        for end in 1..bytes.len() {
            assert!(read(&mut Input::new(&bytes[1..end])).is_err(), "cut at {end}");
        }
        // Behind the count, the length of the name and its two letters: the time, then the event.
        for place in [4, 5] {
            let mut other = bytes.clone();
            other[place] = 9;
            assert!(read(&mut Input::new(&other[1..])).is_err(), "byte {place}");
        }
    }
}
