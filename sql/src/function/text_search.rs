//! Functions that look for strings in strings. They compare by the collation that their arguments agree on.

use crate::collation;
use crate::execute::{Context, Run};
use crate::expression::{Expression, RegexpPattern, collate};
use crate::function::argument::{bytes, integer, shared, string};
use crate::function::{ALL, Call, Function, returns};
use crate::types::compare::compare_sql;
use crate::types::text::{as_str, character_count, character_offset};
use crate::types::{CharacterSet, Collation, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("INSTR", 2, 2, returns::bigint, instr).text(ALL),
    Function::new("LOCATE", 2, 3, returns::bigint, locate).text(0b11),
    Function::new("POSITION", 2, 2, returns::bigint, locate).text(ALL),
    Function::new("STRCMP", 2, 2, returns::bigint, strcmp).text(ALL),
    Function::new("FIELD", 2, usize::MAX, returns::bigint, field).never_null(),
    Function::new("FIND_IN_SET", 2, 2, returns::bigint, find_in_set).text(ALL),
    Function::new("SUBSTRING_INDEX", 3, 3, returns::same_text, substring_index).text(0b11),
    Function::new("ASCII", 1, 1, returns::bigint, ascii).text(ALL),
    Function::new("ORD", 1, 1, returns::bigint, ord).text(ALL),
    Function::new("REGEXP_LIKE", 2, 3, returns::bigint, regexp_like).text(ALL),
    Function::new("REGEXP_REPLACE", 3, 3, returns::long_text, regexp_replace).text(ALL),
    Function::new("REGEXP_SUBSTR", 2, 2, returns::same_text, regexp_substr).text(ALL).nullable_result(),
    Function::new("REGEXP_INSTR", 2, 2, returns::bigint, regexp_instr).text(ALL),
];

/// The byte position of `needle` at or after byte `from`, character by character under the collation.
fn find(text: &[u8], needle: &[u8], from: usize, collation: Collation) -> Option<usize> {
    if needle.is_empty() {
        return Some(from);
    }
    if collation.is_binary() {
        return (from..text.len()).find(|at| text[*at..].starts_with(needle));
    }
    let rest = as_str(&text[from..]);
    let count = character_count(needle) as usize;
    rest.char_indices().map(|(at, _)| from + at).find(|at| {
        let end = at + character_offset(&text[*at..], count);
        let same_length = character_count(&text[*at..end]) as usize == count;
        // A trailing space of a padding collation is a character here like any other.
        let spaces = |part: &[u8]| part.iter().rev().take_while(|byte| **byte == b' ').count();
        same_length
            && spaces(&text[*at..end]) == spaces(needle)
            && collation::equal(collation, &text[*at..end], needle)
    })
}

/// A byte position as a position in units, from 1.
fn position(value: &Value, at: usize) -> Value {
    Value::Int(
        1 + match value {
            Value::Text(text) => i64::from(character_count(&text[..at])),
            _ => i64::try_from(at).unwrap_or(i64::MAX - 1),
        },
    )
}

fn instr(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let found = find(bytes(&values[0]), bytes(&values[1]), 0, call.collation);
    Ok(found.map_or(Value::Int(0), |at| position(&values[0], at)))
}

/// LOCATE(needle, text[, from]).
fn locate(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let text = bytes(&values[1]);
    let from = values.get(2).map_or(1, |from| integer(from, ctx));
    let Ok(skipped) = usize::try_from(from - 1) else { return Ok(Value::Int(0)) };
    let start = match &values[1] {
        Value::Text(text) if skipped <= character_count(text) as usize => character_offset(text, skipped),
        Value::Blob(_) if skipped <= text.len() => skipped,
        _ => return Ok(Value::Int(0)),
    };
    let found = find(text, bytes(&values[0]), start, call.collation);
    Ok(found.map_or(Value::Int(0), |at| position(&values[1], at)))
}

/// Whether an argument is a date that was made text for the function.
fn is_written_date(argument: &Expression) -> bool {
    matches!(argument, Expression::Cast { operand, .. } if operand.data_type().has_date())
}

/// Whether an argument is a number that was made text for the function.
fn is_written_number(argument: &Expression) -> bool {
    matches!(argument, Expression::Cast { operand, .. } if operand.data_type().is_numeric())
}

/// As in MySQL, a text next to a date becomes one of latin1, in which it may not be.
fn strcmp(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    if call.arguments.iter().any(is_written_date) {
        let lost = values.iter().find(
            |value| matches!(value, Value::Text(text) if CharacterSet::Latin1.first_lost(text).is_some()),
        );
        if let Some(text) = lost {
            return Err(
                collate::cannot_become(bytes(text), CharacterSet::Utf8mb4, CharacterSet::Latin1).into()
            );
        }
    }
    let by = match call.arguments.iter().any(is_written_number) {
        true => Collation::Latin1SwedishCi,
        false => call.collation,
    };
    let order = collation::compare(by, bytes(&values[0]), bytes(&values[1]));
    Ok(Value::Int(order as i64))
}

/// FIELD(value, …): as strings when all are strings, else as numbers, as comparison goes pair by pair.
fn field(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let collation = call
        .arguments
        .iter()
        .map(crate::expression::Expression::data_type)
        .find(crate::types::DataType::is_text)
        .map_or(call.collation, |data_type| data_type.collation);
    let found = values[1..]
        .iter()
        .position(|value| compare_sql(value, &values[0], collation).is_some_and(std::cmp::Ordering::is_eq));
    Ok(Value::Int(found.map_or(0, |at| i64::try_from(at + 1).unwrap_or(0))))
}

fn find_in_set(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let (wanted, set) = (bytes(&values[0]), bytes(&values[1]));
    if set.is_empty() || wanted.contains(&b',') {
        return Ok(Value::Int(0));
    }
    let found =
        set.split(|byte| *byte == b',').position(|part| collation::equal(call.collation, part, wanted));
    Ok(Value::Int(found.map_or(0, |at| i64::try_from(at + 1).unwrap_or(0))))
}

/// SUBSTRING_INDEX(text, delimiter, count): what stands before the count-th delimiter; counted from the end when
/// negative. Delimiters compare by bytes.
fn substring_index(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let (text, delimiter) = (shared(&values[0]), bytes(&values[1]));
    let count = integer(&values[2], ctx);
    let binary = call.collation == Collation::Binary;
    if count == 0 || delimiter.is_empty() || text.is_empty() {
        return Ok(string(bytes::Bytes::new(), binary));
    }
    let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    let mut seen = 0;
    if count > 0 {
        let mut at = 0;
        while at + delimiter.len() <= text.len() {
            if text[at..].starts_with(delimiter) {
                seen += 1;
                if seen == wanted {
                    return Ok(string(text.slice(..at), binary));
                }
                at += delimiter.len();
            } else {
                at += 1;
            }
        }
    } else {
        let mut end = text.len();
        while end >= delimiter.len() {
            if text[..end].ends_with(delimiter) {
                seen += 1;
                if seen == wanted {
                    return Ok(string(text.slice(end..), binary));
                }
                end -= delimiter.len();
            } else {
                end -= 1;
            }
        }
    }
    Ok(string(text, binary))
}

fn ascii(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    Ok(Value::Int(bytes(&values[0]).first().map_or(0, |byte| i64::from(*byte))))
}

/// ORD: the bytes of the first character as one number.
fn ord(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let first = match &values[0] {
        Value::Text(text) => &text[..character_offset(text, 1)],
        other => &bytes(other)[..bytes(other).len().min(1)],
    };
    Ok(Value::Int(first.iter().fold(0, |sum, byte| sum << 8 | i64::from(*byte))))
}

fn regexp_like(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let flags = values.get(2).map_or("", |flags| as_str(bytes(flags)));
    let matched = if flags.is_empty() {
        RegexpPattern::cached(bytes(&values[1]), call.collation)?.matches(bytes(&values[0]))
    } else {
        RegexpPattern::new(bytes(&values[1]), !call.collation.is_binary(), flags)?.matches(bytes(&values[0]))
    };
    Ok(Value::bool(matched))
}

/// REGEXP_REPLACE(text, pattern, replacement): every match; `$1` stands for a group, `\` takes the next as it is.
fn regexp_replace(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let pattern = RegexpPattern::cached(bytes(&values[1]), call.collation)?;
    let template = as_str(bytes(&values[2]));
    let replaced = pattern.regex().replace_all(as_str(bytes(&values[0])), |groups: &regex::Captures<'_>| {
        let mut out = String::new();
        let mut characters = template.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '\\' => out.extend(characters.next()),
                '$' => {
                    let mut group = 0;
                    while let Some(digit) = characters.peek().and_then(|next| next.to_digit(10)) {
                        group = group * 10 + digit as usize;
                        characters.next();
                    }
                    out.push_str(groups.get(group).map_or("", |found| found.as_str()));
                }
                other => out.push(other),
            }
        }
        out
    });
    Ok(Value::text(replaced.into_owned()))
}

fn regexp_substr(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let pattern = RegexpPattern::cached(bytes(&values[1]), call.collation)?;
    let found = pattern.regex().find(as_str(bytes(&values[0])));
    Ok(found.map_or(Value::Null, |found| Value::text(found.as_str())))
}

fn regexp_instr(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let pattern = RegexpPattern::cached(bytes(&values[1]), call.collation)?;
    let found = pattern.regex().find(as_str(bytes(&values[0])));
    Ok(found.map_or(Value::Int(0), |found| position(&values[0], found.start())))
}
