//! Differences that are known, and not followed: each has a name, a reason, and a line of `docs/compatibility.md`.
//!
//! None of them hides rows: where both servers gave rows and the rows are not the same, nothing is excused but where MySQL
//! contradicts itself ([`crate::otherwise`]). A run says how often each excused something, so that one that is never met can go.

use crate::compare::{Answer, Outcome, Rules, same_rows};
use crate::otherwise::Otherwise;
use wire::mysql::constant::column_type as type_code;

/// Two answers to one statement that are not the same.
#[derive(Clone, Copy, Debug)]
pub struct Met<'m> {
    /// The statement.
    pub statement: &'m str,
    /// What CREATE TABLE said of its tables.
    pub schema: &'m str,
    /// Ours.
    pub ours: &'m Outcome,
    /// MySQL's.
    pub theirs: &'m Outcome,
    /// Whether both changed the same rows outside of strict mode, where that was tried.
    pub agree_leniently: bool,
    /// How MySQL was brought to answer as we do.
    pub otherwise: Option<Otherwise>,
}

/// A difference that is known.
pub struct Known {
    /// Its name, as `docs/compatibility.md` has it.
    pub name: &'static str,
    /// Why it is not followed.
    pub why: &'static str,
    /// Whether this is one.
    pub is: fn(&Met<'_>) -> bool,
}

/// All of them.
pub const KNOWN: &[Known] = &[
    Known {
        name: "outer-joins",
        why: "MySQL takes functions of an inner table's columns for NULL where those are, though they are not, and makes an \
              inner join of the outer one: with IFNULL(…, NULL) around them it answers as we do",
        is: |met| met.otherwise == Some(Otherwise::Unsimplified),
    },
    Known {
        name: "true-null",
        why: "MySQL takes the NULL that GREATEST or LEAST with a date among numbers or texts gives for true where it is the whole \
              condition of an IF or a CASE: with IS TRUE behind it it answers as we do",
        is: |met| met.otherwise == Some(Otherwise::Truthful),
    },
    Known {
        name: "plan-dependent",
        why: "MySQL answers as we do if it may not use ranges of indexes (which read 1 beside a YEAR as 2001), or \
              materialized subqueries and semijoins",
        is: |met| met.otherwise == Some(Otherwise::Replanned),
    },
    Known {
        name: "error-order",
        why: "both refuse the change, for another one of the values that are wrong with it: MySQL reads constants late, \
              other rows early, as its plan goes",
        is: |met| {
            let (ours, theirs) = (quoted(&met.ours.answer), quoted(&met.theirs.answer));
            let is_of_values = is_of_value(met.our_error()) && is_of_value(met.their_error());
            // A literal is read when its query is prepared, before or after what is wrong with a query further out.
            let is_of_query = |error| matches!(error, Some(1052 | 1093));
            let (our, their) = (met.our_error(), met.their_error());
            let is_mixed =
                (is_of_query(our) && is_of_value(their)) || (is_of_value(our) && is_of_query(their));
            // Collations that do not agree, and texts that are no dates, are found in the order in which conditions are read.
            let is_of_condition = |error| matches!(error, Some(1267 | 1270 | 1271 | 1525));
            let is_of_conditions = is_of_condition(our) && is_of_condition(their) && our != their;
            is_of_conditions
                || met.is_change() && (is_of_values && (ours != theirs || our != their) || is_mixed)
        },
    },
    Known {
        name: "strict-conversions",
        why: "strict mode makes an error of what a condition or an expression meets when it reads a value as another type, and which values \
              are read depends on MySQL's plan and on the order in which its functions ask: outside of strict mode both change the same rows",
        is: |met| {
            let is_of_conversion = |answer| is_of_conversion(answer, met.statement);
            let (ours, theirs) = (&met.ours.answer, &met.theirs.answer);
            met.is_change()
                && met.agree_leniently
                && match (ours.error(), theirs.error()) {
                    (Some(_), Some(_)) | (None, None) => false,
                    (Some(_), None) => is_of_conversion(ours),
                    (None, Some(_)) => is_of_conversion(theirs),
                }
        },
    },
    Known {
        name: "count-distinct-null",
        why: "COUNT(DISTINCT (SELECT …)) of a subquery that is NULL and evaluated once is 0 here and 1 there",
        is: counts_a_null,
    },
    Known {
        name: "temporary-types",
        why: "columns of DISTINCT and GROUP BY have the types of MySQL's temporary table, if its plan has one",
        is: has_temporary_types,
    },
    Known {
        name: "mixed-collations",
        why: "the same refusal, with the collations of all members of IN or of the first two that do not agree",
        is: |met| met.our_error() == Some(1267) && matches!(met.their_error(), Some(1270 | 1271)),
    },
    Known {
        name: "date-overflow",
        why: "the same refusal with another number: the date is beyond the year 9999",
        is: |met| met.our_error() == Some(1441) && met.their_error() == Some(6527),
    },
    Known {
        name: "primary-key-ranges",
        why: "a constant that is computed, compared with the primary key, is read by MySQL's range optimizer, which throws \
              its warnings away",
        is: |met| {
            met.our_error() == Some(1292)
                && met.their_error().is_none()
                && met.is_change()
                && COMPARISONS.iter().any(|op| {
                    met.statement.contains(&format!("{op} id)"))
                        || met.statement.contains(&format!("(id {op}"))
                })
        },
    },
];

const COMPARISONS: [&str; 7] = [" =", " <>", " <", " <=", " >", " >=", " <=>"];

/// Whether the answers differ only in columns that are 0 here in every row and 0 or 1 there, of a statement that counts a subquery's values.
fn counts_a_null(met: &Met<'_>) -> bool {
    let (Answer::Rows(_, ours), Answer::Rows(_, theirs)) = (&met.ours.answer, &met.theirs.answer) else {
        return false;
    };
    let counts_subquery =
        met.statement.split_once("COUNT(DISTINCT").is_some_and(|(_, rest)| rest.contains("(SELECT"));
    if !counts_subquery || ours.len() != theirs.len() {
        return false;
    }
    let width = ours.first().map_or(0, Vec::len);
    let is_all = |rows: &[Vec<Option<Vec<u8>>>], column: usize, of: &[&[u8]]| {
        rows.iter()
            .all(|row| row.get(column).and_then(Option::as_deref).is_some_and(|text| of.contains(&text)))
    };
    let counts: Vec<usize> = (0..width)
        .filter(|column| is_all(ours, *column, &[b"0"]) && is_all(theirs, *column, &[b"0", b"1"]))
        .collect();
    let others = |rows: &[Vec<Option<Vec<u8>>>]| {
        let mut rows = rows.to_vec();
        rows.iter_mut().for_each(|row| counts.iter().for_each(|column| row[*column] = None));
        rows.sort();
        rows
    };
    !counts.is_empty() && others(ours) == others(theirs)
}

/// Whether the rows are the same, and types differ only by what a temporary table makes of them: of DISTINCT here, of GROUP BY there.
fn has_temporary_types(met: &Met<'_>) -> bool {
    let (Answer::Rows(our_types, ours), Answer::Rows(their_types, theirs)) =
        (&met.ours.answer, &met.theirs.answer)
    else {
        return false;
    };
    let is_made = |own: u8, stored: u8| {
        matches!(
            (own, stored),
            (
                type_code::YEAR | type_code::LONG | type_code::TINY | type_code::SHORT | type_code::INT24,
                type_code::LONGLONG
            ) | (
                type_code::LONGLONG | type_code::YEAR | type_code::TINY | type_code::SHORT | type_code::INT24,
                type_code::LONG
            ) | (type_code::STRING | type_code::NULL, type_code::VAR_STRING)
                | (type_code::VAR_STRING, type_code::BLOB)
        )
    };
    let is_distinct = met.statement.contains("SELECT DISTINCT");
    let is_grouped = met.statement.contains(" GROUP BY ");
    let mut types = our_types.iter().zip(their_types);
    let are_known = types.all(|((our, our_sign), (their, their_sign))| {
        our == their && our_sign == their_sign
            || our_sign == their_sign
                && (is_distinct && is_made(*their, *our) || is_grouped && is_made(*our, *their))
    });
    ours == theirs && our_types.len() == their_types.len() && are_known
}

/// What an error says is wrong: the first text in quotes, a value or a column.
fn quoted(answer: &Answer) -> Option<&str> {
    match answer {
        Answer::Error(_, message) => message.split('\'').nth(1),
        Answer::Rows(..) | Answer::Count(_) => None,
    }
}

/// Whether an error is of a value that was read, not of one that was stored.
fn is_of_conversion(answer: &Answer, statement: &str) -> bool {
    let Answer::Error(1292 | 1365, message) = answer else { return false };
    match message.split(" for column '").nth(1).and_then(|rest| rest.split('\'').next()) {
        None | Some("<left expr>") => true,
        // A constant that is compared with a column is read as the column's value.
        Some(column) => {
            let assigned = statement.split(" WHERE ").next().unwrap_or_default();
            match statement.starts_with("UPDATE") {
                true => !assigned.contains(&format!("{column} = ")),
                false => statement.starts_with("DELETE"),
            }
        }
    }
}

/// Errors about one value.
fn is_of_value(error: Option<u16>) -> bool {
    matches!(
        error,
        Some(1048 | 1264 | 1265 | 1292 | 1364 | 1365 | 1366 | 1406 | 1411 | 1441 | 1525 | 1062 | 1452 | 3819)
    )
}

impl Met<'_> {
    /// Our error's number.
    #[must_use]
    pub fn our_error(&self) -> Option<u16> {
        self.ours.answer.error()
    }

    /// MySQL's error's number.
    #[must_use]
    pub fn their_error(&self) -> Option<u16> {
        self.theirs.answer.error()
    }

    /// Whether it is no query.
    #[must_use]
    pub fn is_change(&self) -> bool {
        ["INSERT", "UPDATE", "DELETE", "REPLACE"].iter().any(|verb| self.statement.starts_with(verb))
    }
}

/// The name of the known difference that this is.
#[must_use]
pub fn excuse(met: &Met<'_>, rules: Rules) -> Option<&'static str> {
    if let (Answer::Rows(_, ours), Answer::Rows(_, theirs)) = (&met.ours.answer, &met.theirs.answer)
        && !same_rows(ours, theirs, rules)
        && met.otherwise.is_none()
        && !counts_a_null(met)
    {
        return None;
    }
    KNOWN.iter().find(|known| (known.is)(met)).map(|known| known.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_difference_is_on_the_page() {
        let page = include_str!("../../../docs/compatibility.md");
        for known in KNOWN {
            assert!(page.contains(&format!("`{}`", known.name)), "{}", known.name);
            assert!(!known.why.is_empty(), "{}", known.name);
        }
    }

    #[test]
    fn rows_that_differ_are_never_excused() {
        let outcome = |rows| Outcome { answer: Answer::Rows(Vec::new(), rows), warnings: Vec::new() };
        let (ours, theirs) = (outcome(vec![vec![None]]), outcome(Vec::new()));
        let met = Met {
            statement: "SELECT 1",
            schema: "",
            ours: &ours,
            theirs: &theirs,
            agree_leniently: true,
            otherwise: None,
        };
        assert_eq!(excuse(&met, Rules::default()), None);
    }

    #[test]
    fn only_the_count_of_a_subquery_may_differ() {
        let cell = |text: &str| Some(text.as_bytes().to_vec());
        let outcome = |rows| Outcome { answer: Answer::Rows(Vec::new(), rows), warnings: Vec::new() };
        let name_of = |statement, ours: &Outcome, theirs: &Outcome| {
            let met = Met { statement, schema: "", ours, theirs, agree_leniently: false, otherwise: None };
            excuse(&met, Rules::default())
        };
        let counts = "SELECT id, COUNT(DISTINCT (SELECT NULL FROM t)) FROM t GROUP BY id";
        let ours = outcome(vec![vec![cell("1"), cell("0")], vec![cell("2"), cell("0")]]);
        let theirs = outcome(vec![vec![cell("1"), cell("1")], vec![cell("2"), cell("1")]]);
        assert_eq!(name_of(counts, &ours, &theirs), Some("count-distinct-null"));
        assert_eq!(name_of("SELECT id, COUNT(DISTINCT id) FROM t GROUP BY id", &ours, &theirs), None);
        let others = outcome(vec![vec![cell("1"), cell("1")], vec![cell("3"), cell("1")]]);
        assert_eq!(name_of(counts, &ours, &others), None);
        assert_eq!(name_of(counts, &theirs, &ours), None);
    }
}
