//! Reads a compiled zone (TZif, RFC 8536): its transitions, and those that the rule at its end gives up to the end of 2037.

/// What was before the first transition, and the transitions: second since the epoch, offset.
type Periods = (i32, Vec<(i64, i32)>);

/// The last year of which there are transitions: MySQL reads no others.
const LAST_YEAR: i64 = 2037;
const HEADER_BYTES: usize = 44;

struct Header {
    utc_count: usize,
    standard_count: usize,
    leap_count: usize,
    time_count: usize,
    type_count: usize,
    character_count: usize,
}

fn header(bytes: &[u8]) -> Option<Header> {
    let count = |at: usize| {
        let four = bytes.get(at..at + 4)?;
        usize::try_from(u32::from_be_bytes(four.try_into().ok()?)).ok()
    };
    (bytes.get(..4)? == b"TZif").then_some(())?;
    Some(Header {
        utc_count: count(20)?,
        standard_count: count(24)?,
        leap_count: count(28)?,
        time_count: count(32)?,
        type_count: count(36)?,
        character_count: count(40)?,
    })
}

impl Header {
    /// Bytes of the block behind it, times of `width` bytes.
    fn length(&self, width: usize) -> usize {
        self.time_count * (width + 1)
            + self.type_count * 6
            + self.character_count
            + self.leap_count * (width + 4)
            + self.standard_count
            + self.utc_count
    }
}

/// The transitions of a zone; none when the bytes are no zone of version 2 or later.
pub(super) fn periods(bytes: &[u8]) -> Option<Periods> {
    let first = header(bytes)?;
    let bytes = bytes.get(HEADER_BYTES + first.length(4)..)?;
    let second = header(bytes)?;
    let (block, rest) = bytes.get(HEADER_BYTES..)?.split_at_checked(second.length(8))?;
    let (times, block) = block.split_at_checked(second.time_count * 8)?;
    let (kinds, block) = block.split_at_checked(second.time_count)?;
    let types: Vec<(i32, bool)> = block
        .get(..second.type_count * 6)?
        .chunks_exact(6)
        .map(|kind| (i32::from_be_bytes([kind[0], kind[1], kind[2], kind[3]]), kind[4] != 0))
        .collect();
    let before = types.first()?.0;
    let mut periods = Vec::with_capacity(second.time_count + 64);
    for (time, kind) in times.chunks_exact(8).zip(kinds) {
        let time = i64::from_be_bytes(time.try_into().ok()?);
        periods.push((time, types.get(usize::from(*kind))?.0));
    }
    let rule = std::str::from_utf8(rest).ok()?.trim_matches('\n');
    extend(&mut periods, rule);
    Some((before, periods))
}

/// When in a year a rule's change is.
#[derive(Clone, Copy, Debug)]
enum Day {
    /// The weekday (0 is Sunday) of the n-th week of a month, 5 the last.
    Weekday { month: i64, week: i64, weekday: i64 },
    /// Day of the year from 1, the 29th of February never counted.
    Julian(i64),
    /// Day of the year from 0.
    Ordinal(i64),
}

/// Days since the epoch of a date. (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".)
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

impl Day {
    /// Days since the epoch.
    fn of(self, year: i64) -> i64 {
        let first = days_from_civil(year, 1, 1);
        match self {
            Day::Ordinal(day) => first + day,
            Day::Julian(day) => {
                let is_leap = days_from_civil(year + 1, 1, 1) - first == 366;
                first + day - 1 + i64::from(is_leap && day >= 60)
            }
            Day::Weekday { month, week, weekday } => {
                let start = days_from_civil(year, month, 1);
                let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
                let end = days_from_civil(next_year, next_month, 1);
                // The epoch was a Thursday.
                let ahead = (weekday - (start + 4)).rem_euclid(7);
                let mut day = start + ahead + (week - 1) * 7;
                while day >= end {
                    day -= 7;
                }
                day
            }
        }
    }
}

struct Rule<'t> {
    text: &'t str,
}

impl<'t> Rule<'t> {
    fn eat(&mut self, character: char) -> bool {
        let rest = self.text.strip_prefix(character);
        self.text = rest.unwrap_or(self.text);
        rest.is_some()
    }

    fn name(&mut self) -> Option<()> {
        let end = match self.text.strip_prefix('<') {
            Some(_) => self.text.find('>')? + 1,
            None => self.text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(self.text.len()),
        };
        self.text = self.text.get(end..)?;
        (end > 0).then_some(())
    }

    fn number(&mut self) -> Option<i64> {
        let end = self.text.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.text.len());
        let (digits, rest) = self.text.split_at(end);
        self.text = rest;
        digits.parse().ok()
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    fn seconds(&mut self) -> Option<i64> {
        let is_negative = self.eat('-');
        if !is_negative {
            self.eat('+');
        }
        let mut seconds = self.number()? * 3_600;
        for unit in [60, 1] {
            if !self.eat(':') {
                break;
            }
            seconds += self.number()? * unit;
        }
        Some(if is_negative { -seconds } else { seconds })
    }

    /// `Mm.w.d`, `Jn` or `n`, and `/time`.
    fn change(&mut self) -> Option<(Day, i64)> {
        let day = if self.eat('M') {
            let month = self.number()?;
            self.eat('.').then_some(())?;
            let week = self.number()?;
            self.eat('.').then_some(())?;
            Day::Weekday { month, week, weekday: self.number()? }
        } else if self.eat('J') {
            Day::Julian(self.number()?)
        } else {
            Day::Ordinal(self.number()?)
        };
        let time = if self.eat('/') { self.seconds()? } else { 7_200 };
        Some((day, time))
    }
}

/// Offsets of standard and summer time, and when the second begins and ends.
type Changes = (i64, i64, (Day, i64), (Day, i64));

fn changes(text: &str) -> Option<Changes> {
    let mut rule = Rule { text };
    rule.name()?;
    let standard = -rule.seconds()?;
    rule.name()?;
    let summer = match rule.text.starts_with(',') {
        true => standard + 3_600,
        false => -rule.seconds()?,
    };
    rule.eat(',').then_some(())?;
    let begins = rule.change()?;
    rule.eat(',').then_some(())?;
    let ends = rule.change()?;
    Some((standard, summer, begins, ends))
}

/// Appends the transitions of the rule after those that are there.
fn extend(periods: &mut Vec<(i64, i32)>, rule: &str) {
    let Some((standard, summer, begins, ends)) = changes(rule) else { return };
    let last = periods.last().map_or(i64::MIN, |(time, _)| *time);
    let mut made = Vec::new();
    for year in 1970..=LAST_YEAR {
        let at = |(day, time): (Day, i64), offset: i64| day.of(year) * 86_400 + time - offset;
        made.push((at(begins, standard), summer));
        made.push((at(ends, summer), standard));
    }
    made.sort_unstable();
    for (time, offset) in made.into_iter().filter(|(time, _)| *time > last) {
        if let Ok(offset) = i32::try_from(offset) {
            periods.push((time, offset));
        }
    }
}
