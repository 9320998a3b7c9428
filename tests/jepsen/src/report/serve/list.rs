//! The list of runs of a store, newest first.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::request;
use crate::report::date;
use crate::report::markup::{badge, escaped, page};
use crate::verdict::Valid;

/// No list has more runs; older ones are still found by their path.
const RUNS_MAX: usize = 2_000;

struct Run {
    workload: String,
    /// Time and seed: `20261122T090507Z-7`.
    folder: String,
    results: Value,
}

impl Run {
    fn field(&self, part: &str, name: &str) -> String {
        match self.results.get(part).and_then(|part| part.get(name)) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }

    /// None, when there are no results: the run goes on, or it died.
    fn valid(&self) -> Option<Valid> {
        match self.results.get("valid?")? {
            Value::Bool(true) => Some(Valid::Yes),
            Value::Bool(false) => Some(Valid::No),
            _ => Some(Valid::Unknown),
        }
    }
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            // Links, such as `latest`, would show runs twice.
            if !entry.file_type().ok()?.is_dir() {
                return None;
            }
            entry.file_name().into_string().ok()
        })
        .filter(|name| !name.starts_with('.'))
        .collect()
}

fn runs(store: &Path) -> Vec<Run> {
    let mut found: Vec<(String, String)> = Vec::new();
    for workload in names(store) {
        for folder in names(&store.join(&workload)) {
            found.push((folder, workload.clone()));
        }
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.truncate(RUNS_MAX);
    found
        .into_iter()
        .map(|(folder, workload)| {
            let results = fs::read(store.join(&workload).join(&folder).join("results.json"))
                .ok()
                .and_then(|text| serde_json::from_slice(&text).ok())
                .unwrap_or(Value::Null);
            Run { workload, folder, results }
        })
        .collect()
}

/// The page.
#[must_use]
pub fn html(store: &Path) -> String {
    let runs = runs(store);
    let mut body = format!("<h1>{} runs</h1>\n", runs.len());
    if runs.is_empty() {
        body.push_str("<p>There are none yet: <code>jepsen test</code> makes one.</p>\n");
    }
    body.push_str(
        "<table>\n<tr><th></th><th>began</th><th>workload</th><th>nemesis</th><th>isolation</th><th>reads</th><th>model</th>\
         <th class=\"n\">nodes</th><th class=\"n\">seconds</th><th class=\"n\">ok</th><th class=\"n\">of</th><th>seed</th></tr>\n",
    );
    for run in &runs {
        let verdict = run.valid().map_or_else(|| "no results".to_owned(), badge);
        let time = run.folder.split('-').next().unwrap_or_default();
        let path = request::written(&[run.workload.clone(), run.folder.clone()]);
        let _ = write!(
            body,
            "<tr><td>{verdict}</td><td><a href=\"{path}/\">{}</a></td><td>{}</td>",
            escaped(&date::readable(time)),
            escaped(&run.workload)
        );
        for name in ["nemesis", "isolation", "consistency", "model"] {
            let _ = write!(body, "<td>{}</td>", escaped(&run.field("run", name)));
        }
        for (part, name) in [("run", "nodes"), ("run", "seconds"), ("stats", "ok-count"), ("stats", "count")]
        {
            let _ = write!(body, "<td class=\"n\">{}</td>", escaped(&run.field(part, name)));
        }
        let _ = writeln!(body, "<td>{}</td></tr>", escaped(&run.field("run", "seed")));
    }
    body.push_str("</table>\n");
    page("runs", "td{white-space:nowrap}body{max-width:none}", &body)
}
