//! The locales of `lc_time_names` and of FORMAT(): names of months and days, and how numbers are grouped.
//!
//! `locales.tsv` is what a MySQL 9.7 answers for each of its locales, by their number: the name, 12345678901234.5 by FORMAT(), the months,
//! their short names, the days from Monday, their short names. A `~` in the number stands for the byte 0, which MySQL has there.

use std::sync::LazyLock;

use crate::types::Value;

/// A locale.
#[derive(Debug)]
pub struct Locale {
    /// Its name.
    pub name: &'static str,
    /// Between whole number and fraction.
    pub point: &'static str,
    /// Between groups of digits; empty for none.
    pub separator: String,
    /// Groups after the first from the right have two digits rather than three.
    pub has_pairs: bool,
    /// The months' names.
    pub months: Vec<&'static str>,
    /// Their short names.
    pub short_months: Vec<&'static str>,
    /// The days' names, from Monday on.
    pub days: Vec<&'static str>,
    /// Their short names.
    pub short_days: Vec<&'static str>,
}

static LOCALES: LazyLock<Vec<Locale>> =
    LazyLock::new(|| include_str!("locales.tsv").lines().filter_map(Locale::of_line).collect());

impl Locale {
    fn of_line(line: &'static str) -> Option<Locale> {
        let mut fields = line.split('\t');
        let (name, number) = (fields.next()?, fields.next()?);
        let names = |field: &'static str| field.split('|').collect();
        let whole = number.strip_suffix('5')?;
        let point = whole.get(whole.rfind("234")? + 3..)?;
        let separator: String =
            number.get(..number.rfind("234")?)?.chars().rev().take_while(|c| !c.is_ascii_digit()).collect();
        Some(Locale {
            name,
            point,
            separator: separator.replace('~', "\0"),
            has_pairs: number.starts_with("1,23"),
            months: names(fields.next()?),
            short_months: names(fields.next()?),
            days: names(fields.next()?),
            short_days: names(fields.next()?),
        })
    }

    /// By its name, in any case.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Locale> {
        LOCALES.iter().find(|locale| locale.name.eq_ignore_ascii_case(name))
    }

    /// By its number.
    #[must_use]
    pub fn numbered(number: i64) -> Option<&'static Locale> {
        LOCALES.get(usize::try_from(number).ok()?)
    }

    /// English of the United States, the default.
    #[must_use]
    pub fn english() -> &'static Locale {
        static ENGLISH: LazyLock<&Locale> =
            LazyLock::new(|| LOCALES.first().expect("locales.tsv has lines, which is tested"));
        &ENGLISH
    }

    /// The one that `lc_time_names` names.
    #[must_use]
    pub fn of_session(variables: &crate::variables::SessionVariables) -> &'static Locale {
        match variables.others.get("lc_time_names") {
            Some(Value::Text(name)) => {
                Locale::find(&String::from_utf8_lossy(name)).unwrap_or_else(Locale::english)
            }
            _ => Locale::english(),
        }
    }

    /// Digits with an optional sign and fraction (`-1234.5`), grouped.
    #[must_use]
    pub fn grouped(&self, text: &str) -> String {
        let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let mut out = String::from(sign);
        for (position, digit) in whole.chars().enumerate() {
            let after = whole.len() - position;
            let ends_group = match self.has_pairs {
                true => after == 3 || after > 3 && (after - 3).is_multiple_of(2),
                false => after.is_multiple_of(3),
            };
            if position > 0 && ends_group {
                out.push_str(&self.separator);
            }
            out.push(digit);
        }
        if !fraction.is_empty() {
            out.push_str(self.point);
            out.push_str(fraction);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_locale_is_whole() {
        assert_eq!(LOCALES.len(), 111);
        for locale in LOCALES.iter() {
            assert_eq!((locale.months.len(), locale.short_months.len()), (12, 12), "{}", locale.name);
            assert_eq!((locale.days.len(), locale.short_days.len()), (7, 7), "{}", locale.name);
        }
        assert_eq!(Locale::english().name, "en_US");
    }

    #[test]
    fn numbers_are_grouped_as_in_the_table() {
        for line in include_str!("locales.tsv").lines() {
            let mut fields = line.split('\t');
            let (name, number) = (fields.next().unwrap(), fields.next().unwrap().replace('~', "\0"));
            assert_eq!(Locale::find(name).unwrap().grouped("12345678901234.5"), number, "{name}");
        }
    }
}
