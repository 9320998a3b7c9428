//! REGEXP and RLIKE: regular expressions over text.
//!
//! MySQL uses ICU's; here it is the `regex` crate: the common syntax is shared, and matching takes linear time.
//! Patterns with back-references or look-around are refused with an error. Case counts as the collation says; accents
//! always count, as in MySQL.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::{Error, Result};
use crate::limits::{REGEXP_CACHE_COUNT_MAX, REGEXP_COMPILED_BYTES_MAX};
use crate::types::Collation;
use crate::types::text::as_str;

/// A compiled regular expression.
#[derive(Clone, Debug)]
pub struct Pattern(regex::Regex);

/// Patterns that are no literals, compiled lately.
static CACHE: Mutex<Option<Compiled>> = Mutex::new(None);

/// By pattern and whether case counts not.
type Compiled = HashMap<(String, bool), Arc<Pattern>>;

impl Pattern {
    /// Compiles a pattern; `flags` are those of REGEXP_LIKE's third argument (`c i m n u`).
    ///
    /// # Errors
    /// 3685 and its like when the pattern is malformed.
    pub fn new(pattern: &[u8], ignore_case: bool, flags: &str) -> Result<Pattern> {
        let mut builder = regex::RegexBuilder::new(as_str(pattern));
        builder.case_insensitive(ignore_case).size_limit(REGEXP_COMPILED_BYTES_MAX);
        for flag in flags.chars() {
            match flag {
                'c' => builder.case_insensitive(false),
                'i' => builder.case_insensitive(true),
                'm' => builder.multi_line(true),
                'n' => builder.dot_matches_new_line(true),
                'u' => builder.crlf(false),
                _ => return Err(Error::wrong_arguments("regexp_like")),
            };
        }
        match builder.build() {
            Ok(regex) => Ok(Pattern(regex)),
            Err(regex::Error::CompiledTooBig(_)) => {
                Err(regexp_error(3699, "Timeout exceeded in regular expression match."))
            }
            Err(_) if pattern.is_empty() => {
                Err(regexp_error(3685, "Illegal argument to a regular expression."))
            }
            Err(error)
                if ["unclosed group", "unopened group"]
                    .iter()
                    .any(|what| error.to_string().contains(what)) =>
            {
                Err(regexp_error(3691, "Mismatched parenthesis in regular expression."))
            }
            Err(error) => Err(regexp_error(
                3692,
                &format!("Incorrect description of a regular expression: {}", last_line(&error.to_string())),
            )),
        }
    }

    /// The compiled form of a pattern that was met lately, or compiles it.
    ///
    /// # Errors
    /// As [`Pattern::new`].
    pub fn cached(pattern: &[u8], collation: Collation) -> Result<Arc<Pattern>> {
        let key = (as_str(pattern).to_string(), !collation.is_binary());
        if let Some(found) = CACHE.lock().get_or_insert_default().get(&key) {
            return Ok(found.clone());
        }
        let compiled = Arc::new(Pattern::new(pattern, key.1, "")?);
        let mut cache = CACHE.lock();
        let cache = cache.get_or_insert_default();
        if cache.len() >= REGEXP_CACHE_COUNT_MAX {
            cache.clear();
        }
        cache.insert(key, compiled.clone());
        Ok(compiled)
    }

    /// Whether it matches anywhere in the text.
    #[must_use]
    pub fn matches(&self, text: &[u8]) -> bool {
        self.0.is_match(as_str(text))
    }

    /// The expression itself.
    #[must_use]
    pub fn regex(&self) -> &regex::Regex {
        &self.0
    }
}

fn last_line(text: &str) -> String {
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_string()
}

fn regexp_error(code: u16, message: &str) -> Error {
    Error { code, state: *b"HY000", message: message.to_string() }
}
