//! DATE_FORMAT, TIME_FORMAT, STR_TO_DATE: the `%` specifiers. DATE_FORMAT's names of days and months are those of `lc_time_names`;
//! STR_TO_DATE reads English ones only.

use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::function::argument::bytes;
use crate::function::locale::Locale;
use crate::function::temporal_parts::{DAYS, MONTHS, week_of};
use crate::function::{Call, Function, returns};
use crate::session::WarningLevel;
use crate::types::convert::{date_rules, message_text, to_datetime, to_time};
use crate::types::datetime::{Date, DateTime, MICROSECONDS, Time};
use crate::types::temporal_text::DateRules;
use crate::types::text::as_str;
use crate::types::{Collation, DataType, TypeKind, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("DATE_FORMAT", 2, 2, returns::formatted, date_format).text(0b10).nullable_result(),
    Function::new("TIME_FORMAT", 2, 2, returns::formatted, time_format).text(0b10).nullable_result(),
    Function::new("STR_TO_DATE", 2, 2, str_to_date_type, str_to_date).text(0b11).nullable_result(),
];

fn date_format(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let datetime = to_datetime(&values[0], DateRules::default(), ctx.session, ctx.now_us);
    let Some(datetime) = datetime else { return Ok(Value::Null) };
    Ok(format(datetime, as_str(bytes(&values[1])), Locale::of_session(&ctx.session.variables)))
}

/// A date and time in a format.
pub(super) fn format(datetime: DateTime, format: &str, locale: &Locale) -> Value {
    render(Some(datetime.date()), datetime.time(), format, locale).map_or(Value::Null, Value::text)
}

fn time_format(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let Some(time) = to_time(&values[0], ctx.session) else { return Ok(Value::Null) };
    Ok(render(None, time, as_str(bytes(&values[1])), Locale::english()).map_or(Value::Null, Value::text))
}

/// The text; None when a specifier has no meaning for the value (the month's name of month 0).
fn render(date: Option<Date>, time: Time, format: &str, locale: &Locale) -> Option<String> {
    let mut out = String::new();
    if date.is_none() && time.is_negative() {
        out.push('-');
    }
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            out.push(character);
            continue;
        }
        match characters.next() {
            None => out.push('%'),
            Some(specifier) => {
                if !render_time(specifier, time, &mut out) {
                    match date {
                        Some(date) => render_date(specifier, date, locale, &mut out)?,
                        None => render_no_date(specifier, &mut out)?,
                    }
                }
            }
        }
    }
    Some(out)
}

fn render_time(specifier: char, time: Time, out: &mut String) -> bool {
    let twelve = (time.hour() + 11) % 12 + 1;
    let half = if time.hour() % 24 < 12 { "AM" } else { "PM" };
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    out.push_str(&match specifier {
        'f' => format!("{:06}", time.microsecond()),
        'H' => format!("{hour:02}"),
        'k' => hour.to_string(),
        'h' | 'I' => format!("{twelve:02}"),
        'l' => twelve.to_string(),
        'i' => format!("{minute:02}"),
        'S' | 's' => format!("{second:02}"),
        'p' => half.to_string(),
        'r' => format!("{twelve:02}:{minute:02}:{second:02} {half}"),
        'T' => format!("{hour:02}:{minute:02}:{second:02}"),
        _ => return false,
    });
    true
}

/// TIME_FORMAT knows no dates: numbers are zero, names make the result NULL.
fn render_no_date(specifier: char, out: &mut String) -> Option<()> {
    match specifier {
        'Y' => out.push_str("0000"),
        'y' | 'm' | 'd' => out.push_str("00"),
        'c' | 'e' => out.push('0'),
        'M' | 'b' | 'W' | 'a' | 'D' | 'j' | 'U' | 'u' | 'V' | 'v' | 'X' | 'x' | 'w' => return None,
        other => out.push(other),
    }
    Some(())
}

fn render_date(specifier: char, date: Date, locale: &Locale, out: &mut String) -> Option<()> {
    let month_of = |names: &[&'static str]| names.get((date.month() as usize).checked_sub(1)?).copied();
    let weekday = || (!date.has_zero_part()).then(|| date.weekday());
    let day_of = |names: &[&'static str]| names.get(weekday()? as usize).copied();
    let suffix = match (date.day() % 10, date.day() / 10) {
        (_, 1) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    out.push_str(&match specifier {
        'Y' => format!("{:04}", date.year()),
        'y' => format!("{:02}", date.year() % 100),
        'm' => format!("{:02}", date.month()),
        'c' => date.month().to_string(),
        'M' => month_of(&locale.months)?.to_string(),
        'b' => month_of(&locale.short_months)?.to_string(),
        'd' => format!("{:02}", date.day()),
        'e' => date.day().to_string(),
        'D' => format!("{}{suffix}", date.day()),
        'j' => format!("{:03}", date.day_of_year()),
        'W' => day_of(&locale.days)?.to_string(),
        'a' => day_of(&locale.short_days)?.to_string(),
        'w' => ((weekday()? + 1) % 7).to_string(),
        'U' => format!("{:02}", week_of(date, 0).1),
        'u' => format!("{:02}", week_of(date, 1).1),
        'V' => format!("{:02}", week_of(date, 2).1),
        'v' => format!("{:02}", week_of(date, 3).1),
        'X' => format!("{:04}", week_of(date, 2).0),
        'x' => format!("{:04}", week_of(date, 3).0),
        other => other.to_string(),
    });
    Some(())
}

/// The type that a literal format calls for.
fn str_to_date_type(arguments: &[Expression], _: Collation) -> DataType {
    let Some(Value::Text(format)) = arguments[1].as_constant() else { return DataType::datetime(6) };
    let (mut dated, mut timed, mut fraction) = (false, false, false);
    let mut characters = as_str(format).chars();
    while let Some(character) = characters.next() {
        if character == '%' {
            match characters.next() {
                Some('f') => (timed, fraction) = (true, true),
                Some('H' | 'k' | 'h' | 'I' | 'l' | 'i' | 'S' | 's' | 'p' | 'r' | 'T') => timed = true,
                Some('%') | None => {}
                Some(_) => dated = true,
            }
        }
    }
    let fsp = if fraction { 6 } else { 0 };
    match (dated, timed) {
        (_, false) => DataType::DATE,
        (false, true) => DataType::time(fsp),
        _ => DataType::datetime(fsp),
    }
}

/// What STR_TO_DATE has read so far.
#[derive(Default)]
struct Fields {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    micros: i64,
    twelve_hours: bool,
    afternoon: bool,
    day_of_year: Option<i64>,
    weekday: Option<i64>,
    /// Week number, whether weeks begin on Sunday, whether years are week years.
    week: Option<(i64, bool, bool)>,
    week_year: Option<u32>,
}

/// A number of up to `most` digits at the start of `text`.
fn take_number(text: &mut &str, most: usize) -> Option<u32> {
    let digits = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let number = text[..digits].parse().ok()?;
    *text = &text[digits..];
    Some(number)
}

/// One of some names, or of their first three letters, at the start of `text`; its position.
fn take_name(text: &mut &str, names: &[&str], short: bool) -> Option<usize> {
    let matching = |name: &str| {
        let name = if short { &name[..3] } else { name };
        text.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name)).then_some(name.len())
    };
    let (position, length) = names
        .iter()
        .enumerate()
        .find_map(|(position, name)| matching(name).map(|length| (position, length)))?;
    *text = &text[length..];
    Some(position)
}

impl Fields {
    fn take(&mut self, specifier: char, text: &mut &str) -> Option<()> {
        match specifier {
            'Y' => {
                let before = text.len();
                self.year = take_number(text, 4)?;
                if before - text.len() == 2 {
                    self.year += if self.year < 70 { 2000 } else { 1900 };
                }
            }
            'y' => {
                let year = take_number(text, 2)?;
                self.year = year + if year < 70 { 2000 } else { 1900 };
            }
            'm' | 'c' => self.month = take_number(text, 2)?,
            'M' => self.month = u32::try_from(take_name(text, &MONTHS, false)? + 1).ok()?,
            'b' => self.month = u32::try_from(take_name(text, &MONTHS, true)? + 1).ok()?,
            'd' | 'e' => self.day = take_number(text, 2)?,
            'D' => {
                self.day = take_number(text, 2)?;
                *text = text.get(2..)?;
            }
            'H' | 'k' => self.hour = take_number(text, 2)?,
            'h' | 'I' | 'l' => {
                self.hour = take_number(text, 2)?;
                self.twelve_hours = true;
            }
            'i' => self.minute = take_number(text, 2)?,
            's' | 'S' => self.second = take_number(text, 2)?,
            'f' => {
                let before = text.len();
                let number = take_number(text, 6)?;
                let digits = u32::try_from(before - text.len()).ok()?;
                self.micros = i64::from(number) * 10_i64.pow(6 - digits);
            }
            'p' => {
                let head = text.get(..2)?;
                self.afternoon = head.eq_ignore_ascii_case("PM");
                if !self.afternoon && !head.eq_ignore_ascii_case("AM") || !self.twelve_hours {
                    return None;
                }
                *text = &text[2..];
            }
            'W' => self.weekday = Some(i64::try_from(take_name(text, &DAYS, false)?).ok()? + 1),
            'a' => self.weekday = Some(i64::try_from(take_name(text, &DAYS, true)?).ok()? + 1),
            'w' => {
                let day = i64::from(take_number(text, 1).filter(|day| *day <= 6)?);
                self.weekday = Some(if day == 0 { 7 } else { day });
            }
            'j' => self.day_of_year = Some(i64::from(take_number(text, 3)?)),
            'U' | 'u' | 'V' | 'v' => {
                let week = i64::from(take_number(text, 2).filter(|week| *week <= 53)?);
                self.week = Some((week, matches!(specifier, 'U' | 'V'), matches!(specifier, 'V' | 'v')));
            }
            'X' | 'x' => self.week_year = Some(take_number(text, 4)?),
            'r' => self.take_all("%I:%i:%S %p", text)?,
            'T' => self.take_all("%H:%i:%S", text)?,
            '%' => *text = text.strip_prefix('%')?,
            _ => return None,
        }
        Some(())
    }

    fn take_all(&mut self, format: &str, text: &mut &str) -> Option<()> {
        let mut characters = format.chars();
        while let Some(character) = characters.next() {
            *text = text.trim_start();
            if text.is_empty() && character != '%' && !character.is_whitespace() {
                break;
            }
            match character {
                '%' => {
                    if text.is_empty() {
                        break;
                    }
                    self.take(characters.next()?, text)?;
                }
                space if space.is_whitespace() => {}
                other => *text = text.strip_prefix(other)?,
            }
        }
        Some(())
    }

    fn date(&self, rules: DateRules) -> Option<Date> {
        if let Some(days) = self.day_of_year {
            let first = Date::new(self.year, 1, 1)?;
            return (days > 0).then(|| Date::from_day_number(first.day_number() + days - 1)).flatten();
        }
        if let (Some((week, sunday_first, strict)), Some(weekday)) = (self.week, self.weekday) {
            return self.date_of_week(week, sunday_first, strict, weekday);
        }
        let date = Date::new(self.year, self.month, self.day)?;
        let refused =
            if date.is_zero() { rules.no_zero_date } else { rules.no_zero_in_date && date.has_zero_part() };
        (!refused).then_some(date)
    }

    fn date_of_week(&self, week: i64, sunday_first: bool, strict: bool, weekday: i64) -> Option<Date> {
        if strict != self.week_year.is_some() {
            return None;
        }
        let year = self.week_year.unwrap_or(self.year);
        let first = Date::new(year, 1, 1)?.day_number();
        let first_weekday = (first + 5 + i64::from(sunday_first)).rem_euclid(7);
        let days = if sunday_first {
            (if first_weekday == 0 { 0 } else { 7 }) - first_weekday + (week - 1) * 7 + weekday % 7
        } else {
            (if first_weekday <= 3 { 0 } else { 7 }) - first_weekday + (week - 1) * 7 + (weekday - 1)
        };
        Date::from_day_number(first + days)
    }

    fn time(&self) -> Option<i64> {
        let hour = if self.twelve_hours {
            if !(1..=12).contains(&self.hour) {
                return None;
            }
            self.hour % 12 + if self.afternoon { 12 } else { 0 }
        } else {
            self.hour
        };
        (hour < 24 && self.minute < 60 && self.second < 60)
            .then(|| i64::from(hour * 3600 + self.minute * 60 + self.second) * MICROSECONDS + self.micros)
    }
}

fn str_to_date(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let mut text = as_str(bytes(&values[0]));
    let mut fields = Fields::default();
    let is_time = matches!(call.data_type.kind, TypeKind::Time(_));
    let rules = if is_time { DateRules::default() } else { date_rules(ctx.session) };
    let read = fields.take_all(as_str(bytes(&values[1])), &mut text);
    let value = read.and_then(|()| fields.time()).and_then(|time| match call.data_type.kind {
        TypeKind::Time(_) => Time::from_microseconds(time).map(Value::Time),
        TypeKind::Date => fields.date(rules).map(Value::Date),
        _ => fields.date(rules).map(|date| Value::DateTime(DateTime::new(date, time))),
    });
    let Some(value) = value else {
        let kind = if is_time { "time" } else { "datetime" };
        let shown = message_text(&values[0]);
        let message = format!("Incorrect {kind} value: '{shown}' for function str_to_date");
        ctx.session.warn(WarningLevel::Warning, 1411, message);
        return Ok(Value::Null);
    };
    if !text.trim().is_empty() {
        let kind = if is_time {
            "time"
        } else if call.data_type.kind == TypeKind::Date {
            "date"
        } else {
            "datetime"
        };
        crate::types::convert::warn_truncated_value(ctx.session, kind, &values[0]);
    }
    Ok(value)
}
