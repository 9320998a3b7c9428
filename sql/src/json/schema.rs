//! JSON Schema, draft 4: whether a document keeps to one, and where it first does not.
//!
//! The order of checks is that of MySQL's validator, which reads the document from its begin: a node's type, then what is inside, then
//! what concerns it as a whole. Keywords that are not of draft 4, and patterns that are no regular expressions, say nothing.
//! Left out: `$ref`, which MySQL refuses too, and `format`, which it does not look at.

use crate::error::Error;
use crate::json::compare::compare;
use crate::json::tree::Members;
use crate::json::view::{Array, Node, Object, View};
use crate::json::{Tree, encode};
use crate::limits::REGEXP_COMPILED_BYTES_MAX;

/// Where a document first fails a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Where in the schema, as a pointer behind `#`.
    pub schema: String,
    /// Where in the document.
    pub document: String,
    /// What it fails.
    pub keyword: &'static str,
}

impl Failure {
    /// JSON_SCHEMA_VALIDATION_REPORT's document.
    #[must_use]
    pub fn report(&self) -> Tree {
        let text = |text: String| Tree::Text(text);
        let (schema, document) = (format!("#{}", self.schema), format!("#{}", self.document));
        let reason = format!(
            "The JSON document location '{document}' failed requirement '{}' at JSON Schema location '{schema}'",
            self.keyword
        );
        Tree::Object(Members::from_pairs(vec![
            ("valid".to_owned(), Tree::Bool(false)),
            ("reason".to_owned(), text(reason)),
            ("schema-location".to_owned(), text(schema)),
            ("document-location".to_owned(), text(document)),
            ("schema-failed-keyword".to_owned(), text(self.keyword.to_owned())),
        ]))
    }
}

/// Refuses schemas with references.
///
/// # Errors
/// 1235.
pub fn check_schema(schema: View<'_>) -> crate::Result<()> {
    match schema.node() {
        Node::Object(object) => object.iter().try_for_each(|(name, value)| {
            if name == "$ref" && matches!(value.node(), Node::Text(_)) {
                return Err(Error::not_supported("references in JSON Schema"));
            }
            check_schema(value)
        }),
        Node::Array(array) => array.iter().try_for_each(check_schema),
        _ => Ok(()),
    }
}

/// Whether a document keeps to a schema.
///
/// # Errors
/// Where it does not.
pub fn validate(schema: View<'_>, document: View<'_>) -> Result<(), Failure> {
    Place { schema: String::new(), document: String::new() }.check(schema, document)
}

/// The way to what is being checked.
#[derive(Clone)]
struct Place {
    schema: String,
    document: String,
}

/// A part of a pointer: RFC 6901's escapes.
fn pointer(part: &str) -> String {
    format!("/{}", part.replace('~', "~0").replace('/', "~1"))
}

fn number(view: View<'_>) -> Option<f64> {
    match view.node() {
        Node::Int(_) | Node::UInt(_) | Node::Double(_) | Node::Decimal(_) => Some(
            crate::json::convert::to_number(&view.to_document(), crate::json::convert::Target::Double)
                .0
                .to_f64(),
        ),
        _ => None,
    }
}

fn count(schema: Object<'_>, keyword: &str) -> Option<usize> {
    let limit = number(schema.get(keyword)?)?;
    (limit >= 0.0).then_some(limit as usize)
}

fn is_true(schema: Object<'_>, keyword: &str) -> bool {
    matches!(schema.get(keyword).map(|view| view.node()), Some(Node::Bool(true)))
}

fn matches_pattern(pattern: &str, text: &str) -> Option<bool> {
    let pattern = regex::RegexBuilder::new(pattern).size_limit(REGEXP_COMPILED_BYTES_MAX).build().ok()?;
    Some(pattern.is_match(text))
}

impl Place {
    fn fail(&self, keyword: &'static str) -> Failure {
        Failure { schema: self.schema.clone(), document: self.document.clone(), keyword }
    }

    fn within(&self, schema: &str, document: &str) -> Place {
        Place { schema: format!("{}{schema}", self.schema), document: format!("{}{document}", self.document) }
    }

    fn demand(&self, holds: bool, keyword: &'static str) -> Result<(), Failure> {
        if holds { Ok(()) } else { Err(self.fail(keyword)) }
    }

    fn check(&self, schema: View<'_>, document: View<'_>) -> Result<(), Failure> {
        let Node::Object(schema) = schema.node() else { return Ok(()) };
        if let Some(kind) = schema.get("type") {
            let has = |kind: View<'_>| matches!(kind.node(), Node::Text(name) if has_type(document, name));
            let holds = match kind.node() {
                Node::Array(kinds) => kinds.iter().any(has),
                _ => has(kind),
            };
            self.demand(holds, "type")?;
        }
        match document.node() {
            Node::Object(members) => self.object(schema, members)?,
            Node::Array(elements) => self.array(schema, elements)?,
            Node::Text(text) => self.text(schema, text)?,
            _ => {
                if let Some(value) = number(document) {
                    self.number(schema, value)?;
                }
            }
        }
        self.combined(schema, document)
    }

    fn object(&self, schema: Object<'_>, members: Object<'_>) -> Result<(), Failure> {
        let part = |keyword: &str| schema.get(keyword).and_then(|view| view.as_object());
        let (properties, patterns) = (part("properties"), part("patternProperties"));
        for (name, value) in members.iter() {
            let mut known = false;
            if let Some(property) = properties.and_then(|properties| properties.get(name)) {
                known = true;
                self.within(&format!("/properties{}", pointer(name)), &pointer(name))
                    .check(property, value)?;
            }
            for (pattern, property) in patterns.iter().flat_map(|patterns| patterns.iter()) {
                if matches_pattern(pattern, name) == Some(true) {
                    known = true;
                    let place = self.within("", &pointer(name));
                    place.demand(place.check(property, value).is_ok(), "patternProperties")?;
                }
            }
            match schema.get("additionalProperties").map(|view| (view, view.node())) {
                Some((_, Node::Bool(false))) if !known => {
                    return Err(self.within("", &pointer(name)).fail("additionalProperties"));
                }
                Some((view, Node::Object(_))) if !known => {
                    self.within("/additionalProperties", &pointer(name)).check(view, value)?;
                }
                _ => {}
            }
        }
        if let Some(required) = schema.get("required").and_then(|view| view.as_array()) {
            let holds = |name: View<'_>| match name.node() {
                Node::Text(name) => members.get(name).is_some(),
                _ => true,
            };
            self.demand(required.iter().all(holds), "required")?;
        }
        self.demand(
            count(schema, "minProperties").is_none_or(|least| members.len() >= least),
            "minProperties",
        )?;
        self.demand(
            count(schema, "maxProperties").is_none_or(|most| members.len() <= most),
            "maxProperties",
        )?;
        self.dependencies(schema, members)
    }

    fn dependencies(&self, schema: Object<'_>, members: Object<'_>) -> Result<(), Failure> {
        let Some(dependencies) = schema.get("dependencies").and_then(|view| view.as_object()) else {
            return Ok(());
        };
        for (name, wanted) in dependencies.iter().filter(|(name, _)| members.get(name).is_some()) {
            let holds = match wanted.node() {
                Node::Array(names) => names.iter().all(|name| match name.node() {
                    Node::Text(name) => members.get(name).is_some(),
                    _ => true,
                }),
                Node::Object(wanted) => {
                    let place = self.within(&format!("/dependencies{}", pointer(name)), "");
                    place.object(wanted, members).is_ok()
                }
                _ => true,
            };
            self.demand(holds, "dependencies")?;
        }
        Ok(())
    }

    fn array(&self, schema: Object<'_>, elements: Array<'_>) -> Result<(), Failure> {
        let items = schema.get("items");
        for (position, element) in elements.iter().enumerate() {
            let at = format!("/{position}");
            match items.map(|items| (items, items.node())) {
                Some((items, Node::Object(_))) => self.within("/items", &at).check(items, element)?,
                Some((_, Node::Array(tuple))) => match tuple.get(position) {
                    Some(item) => self.within(&format!("/items{at}"), &at).check(item, element)?,
                    None => match schema.get("additionalItems").map(|view| (view, view.node())) {
                        Some((_, Node::Bool(false))) => return Err(self.fail("additionalItems")),
                        Some((view, Node::Object(_))) => {
                            self.within("/additionalItems", &at).check(view, element)?;
                        }
                        _ => {}
                    },
                },
                _ => {}
            }
        }
        if is_true(schema, "uniqueItems") {
            let mut seen = std::collections::HashSet::new();
            let mut is_new = |element: View<'_>| {
                let mut key = Vec::new();
                crate::json::compare::write_group_key(element, &mut key);
                seen.insert(key)
            };
            if let Some(repeated) = elements.iter().position(|element| !is_new(element)) {
                return Err(self.within("", &format!("/{repeated}")).fail("uniqueItems"));
            }
        }
        self.demand(count(schema, "minItems").is_none_or(|least| elements.len() >= least), "minItems")?;
        self.demand(count(schema, "maxItems").is_none_or(|most| elements.len() <= most), "maxItems")
    }

    fn text(&self, schema: Object<'_>, text: &str) -> Result<(), Failure> {
        let length = text.chars().count();
        self.demand(count(schema, "minLength").is_none_or(|least| length >= least), "minLength")?;
        self.demand(count(schema, "maxLength").is_none_or(|most| length <= most), "maxLength")?;
        match schema.get("pattern").map(|view| view.node()) {
            Some(Node::Text(pattern)) => {
                self.demand(matches_pattern(pattern, text) != Some(false), "pattern")
            }
            _ => Ok(()),
        }
    }

    fn number(&self, schema: Object<'_>, value: f64) -> Result<(), Failure> {
        if let Some(least) = schema.get("minimum").and_then(number) {
            let exclusive = is_true(schema, "exclusiveMinimum");
            self.demand(if exclusive { value > least } else { value >= least }, "minimum")?;
        }
        if let Some(most) = schema.get("maximum").and_then(number) {
            let exclusive = is_true(schema, "exclusiveMaximum");
            self.demand(if exclusive { value < most } else { value <= most }, "maximum")?;
        }
        match schema.get("multipleOf").and_then(number) {
            Some(step) if step > 0.0 => {
                let quotient = value / step;
                self.demand((quotient - quotient.round()).abs() < 1e-9, "multipleOf")
            }
            _ => Ok(()),
        }
    }

    /// What concerns a node as a whole.
    fn combined(&self, schema: Object<'_>, document: View<'_>) -> Result<(), Failure> {
        if let Some(choices) = schema.get("enum").and_then(|view| view.as_array()) {
            self.demand(choices.iter().any(|choice| compare(choice, document).is_eq()), "enum")?;
        }
        let holding = |keyword: &str| {
            let schemas = schema.get(keyword)?.as_array()?;
            let hold = schemas.iter().filter(|schema| self.check(*schema, document).is_ok()).count();
            Some((hold, schemas.len()))
        };
        self.demand(holding("allOf").is_none_or(|(hold, all)| hold == all), "allOf")?;
        self.demand(holding("anyOf").is_none_or(|(hold, _)| hold > 0), "anyOf")?;
        self.demand(holding("oneOf").is_none_or(|(hold, _)| hold == 1), "oneOf")?;
        let refused = schema.get("not").filter(|view| view.as_object().is_some());
        self.demand(refused.is_none_or(|refused| self.check(refused, document).is_err()), "not")
    }
}

fn has_type(document: View<'_>, name: &str) -> bool {
    match document.node() {
        Node::Null => name == "null",
        Node::Bool(_) => name == "boolean",
        Node::Int(_) | Node::UInt(_) => matches!(name, "integer" | "number"),
        Node::Double(_) | Node::Decimal(_) => name == "number",
        Node::Array(_) => name == "array",
        Node::Object(_) => name == "object",
        Node::Text(_) | Node::Date(_) | Node::Time(_) | Node::DateTime(_) | Node::Opaque(..) => {
            name == "string"
        }
    }
}

/// The report of a document that keeps to its schema.
///
/// # Errors
/// None in practice: it is small.
pub fn valid_report() -> crate::Result<bytes::Bytes> {
    encode::encode(&Tree::Object(Members::from_pairs(vec![("valid".to_owned(), Tree::Bool(true))])))
}
