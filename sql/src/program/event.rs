//! Events as the catalog keeps them.
//!
//! ```text
//! event  version, database, name, body, definer's user and host, comment, sql_mode as text, time zone by name, character set, collation,
//!        collation of the database (by name), status (0: enabled, 1: disabled, 2: on replicas), 1 for PRESERVE, server that made it,
//!        revision, created and altered, microseconds since the epoch, schedule
//! schedule  0, seconds since the epoch
//!           1, value, unit (place in EventUnit::ALL), starts, 1 and ends or 0
//! run    seconds since the epoch, revision: eight bytes each, big endian
//! ```
//!
//! When an event began last is a key of its own ([`Event::last_run`]): what is written with every run changes no schema. What runs is a procedure made of
//! the event's text ([`Event::routine`]), by the rights of whoever calls it, which is the definer.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use storage::txn::{Transaction, View};

use super::{CompiledCell, Routine};
use crate::Result;
use crate::account::AccountId;
use crate::ast::{DataAccess, EventStatus, EventUnit, RoutineKind};
use crate::catalog::encode::{DEFINITION_VERSION, read_string, read_version, write_string};
use crate::catalog::store::CatalogKey;
use crate::codec::{Input, damaged, write_varint};
use crate::types::{Collation, DateTime, TimeZone};
use crate::variables::{SqlMode, character_set};

/// Microseconds of a second.
const SECOND_US: i64 = 1_000_000;

/// When an event runs; times in seconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Once.
    At(i64),
    /// Again and again.
    Every {
        /// How many: units, or the smallest of a compound unit.
        value: i64,
        /// The unit.
        unit: EventUnit,
        /// The first time.
        starts: i64,
        /// Not after this.
        ends: Option<i64>,
    },
}

/// An event.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its database.
    pub database: String,
    /// Its name as written.
    pub name: String,
    /// The text of the body.
    pub body: String,
    /// By whose rights it runs.
    pub definer: AccountId,
    /// COMMENT.
    pub comment: String,
    /// The mode that it is read and run by.
    pub sql_mode: SqlMode,
    /// `time_zone` when its schedule was made: that of its times.
    pub time_zone: String,
    /// `character_set_client` when it was made.
    pub character_set: String,
    /// `collation_connection` when it was made.
    pub collation: Collation,
    /// The collation of its database when it was made.
    pub database_collation: Collation,
    /// Whether it runs.
    pub status: EventStatus,
    /// ON COMPLETION PRESERVE.
    pub preserve: bool,
    /// `server_id` of the node that made it.
    pub originator: u64,
    /// Another one with every CREATE and ALTER of this name.
    pub revision: u64,
    /// When it was made, microseconds since the epoch.
    pub created_us: u64,
    /// When it was made or altered last.
    pub altered_us: u64,
    /// When it runs.
    pub schedule: Schedule,
    /// The procedure that it is.
    pub(super) routine: OnceLock<Arc<Routine>>,
}

impl Event {
    /// The zone of its times.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        TimeZone::find(self.time_zone.as_bytes()).unwrap_or_default()
    }

    /// A time as its zone shows it.
    #[must_use]
    pub fn local(&self, seconds: i64) -> Option<DateTime> {
        DateTime::from_epoch(seconds.checked_mul(SECOND_US)?, self.zone())
    }

    /// The procedure that it runs.
    #[must_use]
    pub fn routine(&self) -> Arc<Routine> {
        let make = || {
            Arc::new(Routine {
                kind: RoutineKind::Procedure,
                database: self.database.clone(),
                name: self.name.clone(),
                parameters: String::new(),
                returns: String::new(),
                body: self.body.clone(),
                definer: self.definer.clone(),
                invoker: true,
                deterministic: false,
                access: DataAccess::ContainsSql,
                comment: String::new(),
                sql_mode: self.sql_mode,
                character_set: self.character_set.clone(),
                collation: self.collation,
                database_collation: self.database_collation,
                created_us: self.created_us,
                altered_us: self.altered_us,
                compiled: CompiledCell::default(),
            })
        };
        Arc::clone(self.routine.get_or_init(make))
    }

    /// When it began last: seconds since the epoch, and the revision that it had.
    ///
    /// # Errors
    /// 1105 when the store cannot be read.
    pub fn last_run(&self, txn: &mut Transaction, view: View) -> Result<Option<(i64, u64)>> {
        let name = self.name.to_lowercase();
        let key = CatalogKey::EventRun { database: &self.database, name: &name }.to_bytes();
        match txn.get(&key, view)? {
            Some(value) => read_run(&value).map(Some),
            None => Ok(None),
        }
    }
}

/// The bytes of a run.
#[must_use]
pub fn write_run(at: i64, revision: u64) -> Bytes {
    Bytes::from([at.to_be_bytes(), revision.to_be_bytes()].concat())
}

/// A run from its bytes.
///
/// # Errors
/// 1105 when they are no such bytes.
pub fn read_run(bytes: &[u8]) -> Result<(i64, u64)> {
    let (at, rest) = bytes.split_first_chunk::<8>().ok_or_else(|| damaged("an event's run is too short"))?;
    let revision = <[u8; 8]>::try_from(rest).map_err(|_| damaged("an event's run has a bad length"))?;
    Ok((i64::from_be_bytes(*at), u64::from_be_bytes(revision)))
}

fn write_seconds(seconds: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(&seconds.to_be_bytes());
}

fn read_seconds(input: &mut Input<'_>) -> Result<i64> {
    let mut bytes = [0; 8];
    for byte in &mut bytes {
        *byte = input.byte()?;
    }
    Ok(i64::from_be_bytes(bytes))
}

/// The bytes of an event.
#[must_use]
pub fn write_event(event: &Event) -> Bytes {
    let mut out = vec![DEFINITION_VERSION];
    let Event { database, name, body, definer, comment, time_zone, .. } = event;
    let mode = event.sql_mode.to_string();
    let texts = [database, name, body, &definer.user, &definer.host, comment, &mode, time_zone];
    for text in texts.into_iter().chain([&event.character_set]) {
        write_string(text, &mut out);
    }
    write_string(event.collation.name(), &mut out);
    write_string(event.database_collation.name(), &mut out);
    out.push(match event.status {
        EventStatus::Enabled => 0,
        EventStatus::Disabled => 1,
        EventStatus::ReplicaSide => 2,
    });
    out.push(u8::from(event.preserve));
    for number in [event.originator, event.revision, event.created_us, event.altered_us] {
        write_varint(number, &mut out);
    }
    match event.schedule {
        Schedule::At(at) => {
            out.push(0);
            write_seconds(at, &mut out);
        }
        Schedule::Every { value, unit, starts, ends } => {
            out.push(1);
            write_seconds(value, &mut out);
            let place = EventUnit::ALL.iter().position(|other| *other == unit).unwrap_or(0);
            out.push(place as u8);
            write_seconds(starts, &mut out);
            out.push(u8::from(ends.is_some()));
            if let Some(ends) = ends {
                write_seconds(ends, &mut out);
            }
        }
    }
    Bytes::from(out)
}

fn read_schedule(input: &mut Input<'_>) -> Result<Schedule> {
    match input.byte()? {
        0 => Ok(Schedule::At(read_seconds(input)?)),
        1 => {
            let value = read_seconds(input)?;
            let unit = EventUnit::ALL.get(usize::from(input.byte()?)).copied();
            let unit = unit.ok_or_else(|| damaged("an event has an unknown unit"))?;
            let starts = read_seconds(input)?;
            let ends = if input.byte()? == 1 { Some(read_seconds(input)?) } else { None };
            Ok(Schedule::Every { value, unit, starts, ends })
        }
        _ => Err(damaged("an event has an unknown schedule")),
    }
}

/// An event from its bytes.
///
/// # Errors
/// 1105 when they are no such bytes.
pub fn read_event(bytes: &[u8]) -> Result<Event> {
    let mut input = Input::new(bytes);
    read_version(&mut input)?;
    let (database, name) = (read_string(&mut input)?, read_string(&mut input)?);
    let body = read_string(&mut input)?;
    let definer = AccountId { user: read_string(&mut input)?, host: read_string(&mut input)? };
    let comment = read_string(&mut input)?;
    let sql_mode = SqlMode::parse(&read_string(&mut input)?)?;
    let (time_zone, character_set) = (read_string(&mut input)?, read_string(&mut input)?);
    let collation = character_set::collation(&read_string(&mut input)?)?;
    let database_collation = character_set::collation(&read_string(&mut input)?)?;
    let status = match input.byte()? {
        0 => EventStatus::Enabled,
        1 => EventStatus::Disabled,
        2 => EventStatus::ReplicaSide,
        _ => return Err(damaged("an event has an unknown status")),
    };
    Ok(Event {
        database,
        name,
        body,
        definer,
        comment,
        sql_mode,
        time_zone,
        character_set,
        collation,
        database_collation,
        status,
        preserve: input.byte()? == 1,
        originator: input.varint()?,
        revision: input.varint()?,
        created_us: input.varint()?,
        altered_us: input.varint()?,
        schedule: read_schedule(&mut input)?,
        routine: OnceLock::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::event_schedule::Next;

    fn event(schedule: Schedule) -> Event {
        Event {
            database: "d".into(),
            name: "E".into(),
            body: "BEGIN SELECT 1; END".into(),
            definer: AccountId { user: "root".into(), host: "%".into() },
            comment: "c".into(),
            sql_mode: SqlMode::default(),
            time_zone: "+02:00".into(),
            character_set: "utf8mb4".into(),
            collation: Collation::default(),
            database_collation: Collation::default(),
            status: EventStatus::ReplicaSide,
            preserve: true,
            originator: 3,
            revision: 77,
            created_us: 1_700_000_000_123_456,
            altered_us: 1_700_000_000_123_457,
            schedule,
            routine: OnceLock::new(),
        }
    }

    #[test]
    fn an_event_is_read_as_it_was_written() {
        let every = |ends| Schedule::Every { value: 90, unit: EventUnit::HourMinute, starts: 5, ends };
        for schedule in [Schedule::At(2_000_000_000), every(None), every(Some(9))] {
            let bytes = write_event(&event(schedule));
            let read = read_event(&bytes).unwrap();
            assert_eq!(format!("{read:?}"), format!("{:?}", event(schedule)));
            for end in 0..bytes.len() {
                assert!(read_event(&bytes[..end]).is_err(), "cut at {end}");
            }
        }
        assert_eq!(read_run(&write_run(5, 6)).unwrap(), (5, 6));
        assert!(read_run(b"short").is_err() && read_run(&[0; 17]).is_err());
    }

    #[test]
    fn it_runs_from_starts_to_ends() {
        let every = |ends| Event {
            status: EventStatus::Enabled,
            ..event(Schedule::Every { value: 10, unit: EventUnit::Second, starts: 1000, ends })
        };
        let next = |now, last| every(Some(1030)).next(now, last);
        assert_eq!(next(500, None), Next::At(1000));
        assert_eq!(next(1000, None), Next::At(1000));
        assert_eq!(next(1000, Some(1000)), Next::At(1010));
        assert_eq!(next(1005, None), Next::At(1010), "what was missed is left out");
        assert_eq!(next(1005, Some(1021)), Next::At(1030), "another clock was ahead");
        assert_eq!(next(1029, Some(1020)), Next::At(1030), "at ENDS too");
        assert_eq!(next(1030, Some(1030)), Next::Over);
        assert_eq!(next(2000, None), Next::Over);
        assert_eq!(every(None).next(2000, None), Next::At(2010));
        assert_eq!(Event { status: EventStatus::Disabled, ..every(None) }.next(1000, None), Next::Never);
        let once = Event { status: EventStatus::Enabled, ..event(Schedule::At(7)) };
        assert_eq!(once.next(1000, None), Next::At(7), "it has not run");
    }

    #[test]
    fn times_are_those_of_its_zone() {
        let local = event(Schedule::At(0)).local(0).unwrap();
        assert_eq!((local.hour(), local.date().year()), (2, 1970));
    }
}
