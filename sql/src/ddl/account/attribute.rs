//! COMMENT and ATTRIBUTE of accounts: a JSON object, changed by merging (RFC 7396), printed as MySQL prints JSON.

use serde_json::{Map, Value};

use crate::ast::UserAttribute;
use crate::{Error, Result};

/// The attribute after a change; `None` when nothing was ever said.
///
/// # Errors
/// 3982 when it is no JSON object.
pub(super) fn merged(before: Option<&str>, change: &UserAttribute) -> Result<String> {
    let patch = match change {
        UserAttribute::Comment(text) => Map::from_iter([("comment".to_owned(), Value::String(text.clone()))]),
        UserAttribute::Json(text) => object(text)?,
    };
    let mut object = before.map_or_else(|| Ok(Map::new()), object)?;
    merge(&mut object, patch);
    Ok(printed(&Value::Object(object)))
}

fn object(text: &str) -> Result<Map<String, Value>> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(Error {
            code: 3982,
            state: *b"HY000",
            message: "The user attribute must be a valid JSON object".into(),
        }),
    }
}

/// The parser bounds the depth.
fn merge(into: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                into.remove(&name);
            }
            Value::Object(patch) => {
                let mut inner = match into.remove(&name) {
                    Some(Value::Object(inner)) => inner,
                    _ => Map::new(),
                };
                merge(&mut inner, patch);
                into.insert(name, Value::Object(inner));
            }
            other => {
                into.insert(name, other);
            }
        }
    }
}

/// JSON as MySQL prints it: `", "` and `": "` between, the names of an object by length, then bytes.
pub(crate) fn printed(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let mut names: Vec<&String> = object.keys().collect();
            names.sort_by_key(|name| (name.len(), name.as_bytes().to_vec()));
            let parts: Vec<String> = names
                .into_iter()
                .map(|name| format!("{}: {}", Value::String(name.clone()), printed(&object[name])))
                .collect();
            format!("{{{}}}", parts.join(", "))
        }
        Value::Array(items) => {
            let parts: Vec<String> = items.iter().map(printed).collect();
            format!("[{}]", parts.join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_merge_and_print_as_in_mysql() {
        let json = |text: &str| UserAttribute::Json(text.to_owned());
        let first = merged(None, &UserAttribute::Comment(r#"he'llo "w""#.into())).unwrap();
        assert_eq!(first, r#"{"comment": "he'llo \"w\""}"#);
        let second =
            merged(Some(&first), &json(r#"{"zz":1,"b":[1,2,{"k":null}],"a":2.50,"s":"é"}"#)).unwrap();
        assert_eq!(
            second,
            r#"{"a": 2.5, "b": [1, 2, {"k": null}], "s": "é", "zz": 1, "comment": "he'llo \"w\""}"#
        );
        assert!(!merged(Some(&second), &json(r#"{"zz":null}"#)).unwrap().contains("zz"));
        for text in ["", "xx", "[1]", "1", "{"] {
            assert_eq!(merged(None, &json(text)).unwrap_err().code, 3982, "{text}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(merged(None, &json(&deep)).unwrap_err().code, 3982);
    }
}
