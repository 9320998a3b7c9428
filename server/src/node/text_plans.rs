//! Plans of statements that come as text, kept for all sessions of the node.
//!
//! What two texts that differ in values only have in common is their *template* ([`sql::parse::template`]). A plan is kept for a template,
//! the kinds of its values, and the settings that a plan is made with (`put_settings`); it is used only where nobody can tell that it was made
//! for other values ([`sql::plan::template`]). A template that a plan cannot be kept for is noted as such, so that it is looked at once a
//! schema.
//!
//! Invariants: a plan found here is of the schema version that was asked with, so whether it may be used was judged by that schema; there
//! are at most [`TEXT_PLANS_MAX`] entries of [`TEXT_PLAN_BYTES_MAX`] bytes of keys in all. When a part is full, the first entry that was not used
//! since it was last looked at goes (the clock algorithm).
//!
//! Left out: statements with comments (a comment may be a hint), joins, expressions with literals in them; they are parsed and planned each
//! time, as before.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;
use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxBuildHasher;
use sql::ast::Statement;
use sql::parse::template::{self, Template};
use sql::session::SessionState;
use sql::types::{DataType, Value};

use super::plan_cache::{CachedPlan, parameter_type};
use super::session::Session;
use crate::limits::{TEXT_PLAN_BYTES_MAX, TEXT_PLAN_SHARDS, TEXT_PLANS_MAX};

/// What is known of a template.
#[derive(Clone)]
enum Known {
    /// Its statement with parameters, and the plan.
    Plan(Arc<Statement>, Arc<CachedPlan>),
    /// No plan can be kept for it under this version of the schema.
    Nothing(u64),
}

struct Entry {
    known: Known,
    is_used: bool,
}

#[derive(Default)]
struct Shard {
    entries: HashMap<Arc<[u8]>, Entry, FxBuildHasher>,
    /// The keys, in the order in which they are looked at when room is needed.
    order: VecDeque<Arc<[u8]>>,
    key_bytes: usize,
    hits: u64,
    misses: u64,
}

/// The plans of a node's texts.
pub struct TextPlans {
    shards: Vec<Mutex<Shard>>,
}

/// Figures about the plans, for SHOW STATUS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Statements that ran by a plan found.
    pub hits: u64,
    /// Statements with a template whose plan was not there.
    pub misses: u64,
    /// Entries.
    pub entries: u64,
}

impl Default for TextPlans {
    fn default() -> TextPlans {
        TextPlans { shards: (0..TEXT_PLAN_SHARDS).map(|_| Mutex::default()).collect() }
    }
}

impl TextPlans {
    fn shard(&self, key: &[u8]) -> &Mutex<Shard> {
        // The high bits: the map uses the low ones.
        let hash = FxBuildHasher.hash_one(key);
        &self.shards[(hash >> 40) as usize % TEXT_PLAN_SHARDS]
    }

    /// What is known of a key under a schema version.
    fn find(&self, key: &[u8], schema_version: u64) -> Option<Known> {
        let mut shard = self.shard(key).lock();
        let found = shard.entries.get_mut(key).and_then(|entry| {
            let of_version = match &entry.known {
                Known::Plan(_, plan) => plan.schema_version(),
                Known::Nothing(version) => *version,
            };
            entry.is_used = true;
            (of_version == schema_version).then(|| entry.known.clone())
        });
        match found {
            Some(Known::Plan(..)) => shard.hits += 1,
            Some(Known::Nothing(_)) => {}
            None => shard.misses += 1,
        }
        found
    }

    fn keep(&self, key: &[u8], known: Known) {
        let mut shard = self.shard(key).lock();
        if let Some(entry) = shard.entries.get_mut(key) {
            entry.known = known;
            return;
        }
        while shard.entries.len() >= TEXT_PLANS_MAX / TEXT_PLAN_SHARDS
            || shard.key_bytes + key.len() > TEXT_PLAN_BYTES_MAX / TEXT_PLAN_SHARDS
        {
            let Some(oldest) = shard.order.pop_front() else { return };
            match shard.entries.get_mut(&oldest) {
                Some(entry) if entry.is_used => {
                    entry.is_used = false;
                    shard.order.push_back(oldest);
                }
                _ => {
                    shard.entries.remove(&oldest);
                    shard.key_bytes -= oldest.len();
                }
            }
        }
        let key: Arc<[u8]> = key.into();
        shard.key_bytes += key.len();
        shard.order.push_back(Arc::clone(&key));
        shard.entries.insert(key, Entry { known, is_used: false });
    }

    /// The figures.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let mut figures = Figures::default();
        for shard in &self.shards {
            let shard = shard.lock();
            figures.hits += shard.hits;
            figures.misses += shard.misses;
            figures.entries += shard.entries.len() as u64;
        }
        figures
    }
}

/// What a session keeps to look its texts up.
#[derive(Default)]
pub struct TextLookup {
    template: Template,
    key: Vec<u8>,
}

/// A text that runs by a plan of its template.
pub struct TextRun {
    /// The statement, with parameters.
    pub statement: Arc<Statement>,
    /// Their values.
    pub values: Vec<Value>,
    /// The plan.
    pub plan: Option<Arc<CachedPlan>>,
}

/// Appends what a plan depends on besides its text and the schema: the current database, and the variables that binding and planning
/// look at.
fn put_settings(state: &SessionState, key: &mut Vec<u8>) {
    let variables = &state.variables;
    key.extend_from_slice(state.database.as_deref().unwrap_or_default().as_bytes());
    key.push(0);
    key.extend_from_slice(&variables.sql_mode.0.to_le_bytes());
    key.extend_from_slice(&variables.collation_connection.id().to_le_bytes());
    key.extend_from_slice(&variables.time_zone.key().to_le_bytes());
    key.push(u8::from(variables.sql_safe_updates));
}

impl Session {
    /// A plan for a text by its template, if it has one that can be trusted to do the same as its own.
    pub fn text_run(&mut self, text: &[u8]) -> Option<TextRun> {
        if self.state.locked_tables.is_some() || self.state.temporary.is_some() {
            // Planning is what keeps a statement to the tables that are locked, and what finds temporary ones.
            return None;
        }
        let mut lookup = std::mem::take(&mut self.text_lookup);
        let run = self.look_up_text(text, &mut lookup);
        self.text_lookup = lookup;
        run
    }

    /// Takes back the values of a run, for the room they have.
    pub fn end_text_run(&mut self, mut values: Vec<Value>) {
        values.clear();
        self.text_lookup.template.values = values;
    }

    fn look_up_text(&mut self, text: &[u8], lookup: &mut TextLookup) -> Option<TextRun> {
        if !template::read(text, self.state.variables.sql_mode, &mut lookup.template) {
            return None;
        }
        let TextLookup { template, key } = lookup;
        key.clear();
        put_settings(&self.state, key);
        key.extend_from_slice(&template.text);
        key.push(0);
        key.extend(template.kinds());
        let schema_version = self.node.catalog_version();
        match self.node.text_plans.find(key, schema_version) {
            Some(Known::Plan(statement, plan)) => {
                let values = std::mem::take(&mut template.values);
                return Some(TextRun { statement, values, plan: Some(plan) });
            }
            Some(Known::Nothing(_)) => return None,
            None => {}
        }
        let known = self.plan_template(template, schema_version)?;
        self.node.text_plans.keep(key, known.clone());
        match known {
            Known::Plan(statement, plan) => {
                let values = std::mem::take(&mut template.values);
                Some(TextRun { statement, values, plan: Some(plan) })
            }
            Known::Nothing(_) => None,
        }
    }

    /// Parses and plans a template. None when that fails: the text itself will say why.
    fn plan_template(&mut self, template: &Template, schema_version: u64) -> Option<Known> {
        let nothing = Some(Known::Nothing(schema_version));
        self.know_catalog().ok()?;
        let Ok(parsed) = sql::parse::parse_statement(&template.text, self.state.variables.sql_mode) else {
            return nothing;
        };
        let catalog = self.node.catalog();
        let database = self.state.database.as_deref();
        let is_faithful = parsed.parameter_count == template.values.len()
            && catalog.version == schema_version
            && sql::plan::template::is_faithful(&parsed.statement, &template.values, &catalog, database);
        if !is_faithful {
            return nothing;
        }
        let statement = Arc::new(parsed.statement);
        self.state.parameter_types =
            template.values.iter().map(|value| parameter_type(value).unwrap_or(DataType::NULL)).collect();
        let planned = self.plan(&statement, None);
        self.state.parameter_types = Vec::new();
        let plan = planned.ok()?;
        (plan.schema_version() == schema_version).then_some(Known::Plan(statement, plan))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_used_goes_and_what_is_used_stays() {
        let plans = TextPlans::default();
        plans.keep(b"used", Known::Nothing(1));
        for number in 0..2 * TEXT_PLANS_MAX as u32 {
            assert!(plans.find(b"used", 1).is_some(), "after {number}");
            plans.keep(&number.to_le_bytes(), Known::Nothing(1));
        }
        let figures = plans.figures();
        assert!(figures.entries <= TEXT_PLANS_MAX as u64, "{figures:?}");
        assert!(figures.entries >= TEXT_PLANS_MAX as u64 / 2, "{figures:?}");
        assert!(plans.find(&1_u32.to_le_bytes(), 1).is_none());
    }

    #[test]
    fn keys_are_bounded_by_their_bytes() {
        let plans = TextPlans::default();
        for number in 0..4_000_u32 {
            let mut key = vec![b'x'; 8 << 10];
            key.extend_from_slice(&number.to_le_bytes());
            plans.keep(&key, Known::Nothing(1));
        }
        let bytes: usize = plans.shards.iter().map(|shard| shard.lock().key_bytes).sum();
        assert!(bytes <= TEXT_PLAN_BYTES_MAX, "{bytes}");
        assert!(bytes >= TEXT_PLAN_BYTES_MAX / 2, "{bytes}");
    }

    #[test]
    fn another_schema_knows_nothing() {
        let plans = TextPlans::default();
        plans.keep(b"key", Known::Nothing(1));
        assert!(plans.find(b"key", 1).is_some());
        assert!(plans.find(b"key", 2).is_none());
    }
}
