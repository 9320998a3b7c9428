//! CREATE, ALTER and DROP EVENT.

use std::sync::Arc;

use crate::ast::{Expr, Program, TableName, UserName};
use crate::program::event::Schedule;

/// Units of EVERY: those of INTERVAL without microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the unit of its name")]
pub enum EventUnit {
    Year,
    Quarter,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
    YearMonth,
    DayHour,
    DayMinute,
    DaySecond,
    HourMinute,
    HourSecond,
    MinuteSecond,
}

impl EventUnit {
    /// All of them, by the byte that stands for each.
    pub const ALL: [EventUnit; 15] = [
        EventUnit::Year,
        EventUnit::Quarter,
        EventUnit::Month,
        EventUnit::Week,
        EventUnit::Day,
        EventUnit::Hour,
        EventUnit::Minute,
        EventUnit::Second,
        EventUnit::YearMonth,
        EventUnit::DayHour,
        EventUnit::DayMinute,
        EventUnit::DaySecond,
        EventUnit::HourMinute,
        EventUnit::HourSecond,
        EventUnit::MinuteSecond,
    ];

    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            EventUnit::Year => "YEAR",
            EventUnit::Quarter => "QUARTER",
            EventUnit::Month => "MONTH",
            EventUnit::Week => "WEEK",
            EventUnit::Day => "DAY",
            EventUnit::Hour => "HOUR",
            EventUnit::Minute => "MINUTE",
            EventUnit::Second => "SECOND",
            EventUnit::YearMonth => "YEAR_MONTH",
            EventUnit::DayHour => "DAY_HOUR",
            EventUnit::DayMinute => "DAY_MINUTE",
            EventUnit::DaySecond => "DAY_SECOND",
            EventUnit::HourMinute => "HOUR_MINUTE",
            EventUnit::HourSecond => "HOUR_SECOND",
            EventUnit::MinuteSecond => "MINUTE_SECOND",
        }
    }
}

/// Whether an event runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventStatus {
    /// ENABLE.
    Enabled,
    /// DISABLE, or it has run for the last time.
    Disabled,
    /// DISABLE ON REPLICA.
    ReplicaSide,
}

/// ON SCHEDULE as written.
#[derive(Clone, Debug, PartialEq)]
pub enum EventTiming {
    /// AT.
    At(Expr),
    /// EVERY.
    Every {
        /// How many units.
        value: Expr,
        /// The unit.
        unit: EventUnit,
        /// STARTS.
        starts: Option<Expr>,
        /// ENDS.
        ends: Option<Expr>,
    },
}

/// ON SCHEDULE with the values of its expressions.
#[derive(Clone, Debug, PartialEq)]
pub struct EventTimes {
    /// The times.
    pub schedule: Schedule,
    /// When the statement began, microseconds since the epoch.
    pub now_us: i64,
}

/// CREATE EVENT and ALTER EVENT: none where nothing was written.
#[derive(Clone, Debug, PartialEq)]
pub struct DefineEvent {
    /// Name.
    pub name: TableName,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// DEFINER.
    pub definer: Option<UserName>,
    /// ON SCHEDULE.
    pub timing: Option<EventTiming>,
    /// What ON SCHEDULE comes to; the server finds that out before the statement is run.
    pub times: Option<EventTimes>,
    /// ON COMPLETION, with or without NOT.
    pub preserve: Option<bool>,
    /// RENAME TO.
    pub rename: Option<TableName>,
    /// ENABLE and its like.
    pub status: Option<EventStatus>,
    /// It says SLAVE.
    pub says_slave: bool,
    /// COMMENT.
    pub comment: Option<String>,
    /// The text of the body, and its steps.
    pub body: Option<(String, Arc<Program>)>,
}

/// Statements about events.
#[derive(Clone, Debug, PartialEq)]
pub enum EventStatement {
    /// CREATE EVENT.
    Create(DefineEvent),
    /// ALTER EVENT.
    Alter(DefineEvent),
    /// DROP EVENT.
    Drop {
        /// Name.
        name: TableName,
        /// IF EXISTS.
        if_exists: bool,
    },
    /// Of the scheduler: notes that an event runs now, if it may.
    Begin {
        /// Name.
        name: TableName,
        /// Which definition of it.
        revision: u64,
        /// When, seconds since the epoch.
        at: i64,
        /// It will not run again.
        is_last: bool,
    },
    /// Of the scheduler: an event will not run again.
    End {
        /// Name.
        name: TableName,
        /// Which definition of it.
        revision: u64,
    },
}

impl EventStatement {
    /// The event's name.
    pub fn name_mut(&mut self) -> &mut TableName {
        match self {
            EventStatement::Create(define) | EventStatement::Alter(define) => &mut define.name,
            EventStatement::Drop { name, .. }
            | EventStatement::Begin { name, .. }
            | EventStatement::End { name, .. } => name,
        }
    }
}
