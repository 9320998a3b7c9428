//! `index.html`: a run at a glance, the verdict first.

use std::fmt::Write;

use crate::edn::Value;
use crate::report::Summary;
use crate::report::date;
use crate::report::markup::{badge, escaped, page};
use crate::verdict::{Valid, Verdict};

/// No verdict has more findings on the page; all are in `results.edn`.
const FINDINGS_MAX: usize = 50;
/// Details that are longer are cut on the page.
const DETAILS_TEXT_MAX: usize = 4_000;

/// What the page shows.
pub struct Index<'a> {
    /// What was run.
    pub run: &'a Summary,
    /// The results as data.
    pub results: &'a Value,
    /// The hash of the history.
    pub hash: &'a str,
    /// What the checkers say.
    pub verdicts: &'a [Verdict],
    /// The names of the plots' files.
    pub plots: &'a [&'a str],
    /// Further files: the history, the timeline, logs.
    pub files: &'a [String],
}

impl Index<'_> {
    /// As HTML.
    #[must_use]
    pub fn html(&self) -> String {
        let all = Valid::of_all(self.verdicts.iter().map(|verdict| verdict.valid));
        let title = format!("{} with {}", self.run.workload, self.run.nemesis);
        let mut body =
            format!("<p><a href=\"../../\">all runs</a></p>\n<h1>{} {}</h1>\n", badge(all), escaped(&title));
        let _ = writeln!(body, "<pre>{}</pre>", escaped(&self.run.command));
        self.verdicts(&mut body);
        self.run(&mut body);
        self.counts(&mut body);
        body.push_str("<h2>Plots</h2>\n");
        for plot in self.plots {
            let _ = writeln!(body, "<p><img src=\"{0}\" alt=\"{0}\"/></p>", escaped(plot));
        }
        body.push_str("<h2>Files</h2>\n<ul>\n");
        for file in self.files {
            let _ = writeln!(body, "<li><a href=\"{0}\">{0}</a></li>", escaped(file));
        }
        body.push_str("</ul>\n");
        page(&title, "", &body)
    }

    fn verdicts(&self, body: &mut String) {
        body.push_str("<h2>Verdicts</h2>\n");
        if self.verdicts.is_empty() {
            body.push_str("<p>No checker has judged this history.</p>\n");
        }
        for verdict in self.verdicts {
            let _ = writeln!(body, "<h3>{} {}</h3>", badge(verdict.valid), escaped(&verdict.checker));
            if !verdict.findings.is_empty() {
                body.push_str("<ul>\n");
                for finding in verdict.findings.iter().take(FINDINGS_MAX) {
                    let _ = writeln!(body, "<li>{}</li>", escaped(finding).replace('\n', "<br/>"));
                }
                if verdict.findings.len() > FINDINGS_MAX {
                    let _ = writeln!(
                        body,
                        "<li>{} more in results.edn</li>",
                        verdict.findings.len() - FINDINGS_MAX
                    );
                }
                body.push_str("</ul>\n");
            }
            for (file, _) in &verdict.drawings {
                let _ = writeln!(body, "<p><img src=\"{0}\" alt=\"{0}\"/></p>", escaped(file));
            }
            if verdict.details != Value::Nil && verdict.details != Value::Map(Vec::new()) {
                let details = verdict.details.to_string();
                let end = details.char_indices().nth(DETAILS_TEXT_MAX).map_or(details.len(), |(end, _)| end);
                let _ = writeln!(
                    body,
                    "<details><summary>details</summary><pre>{}</pre></details>",
                    escaped(&details[..end])
                );
            }
        }
    }

    fn run(&self, body: &mut String) {
        let run = self.run;
        let rows = [
            ("workload", run.workload.clone()),
            ("nemesis", run.nemesis.clone()),
            ("isolation", run.isolation.clone()),
            ("read consistency", run.consistency.clone()),
            ("model claimed", run.model.clone()),
            ("nodes", format!("{} in {} region(s)", run.nodes, run.regions)),
            ("workers", run.workers.to_string()),
            ("began", date::readable(&date::compact(run.start))),
            ("took", format!("{:.1} s", run.duration.as_secs_f64())),
            ("seed", run.seed.to_string()),
            ("server", run.version.clone()),
            ("hash of the history", self.hash.to_owned()),
        ];
        body.push_str("<h2>Run</h2>\n<table>\n");
        for (name, value) in rows {
            let _ = writeln!(body, "<tr><th>{name}</th><td>{}</td></tr>", escaped(&value));
        }
        body.push_str("</table>\n");
    }

    fn counts(&self, body: &mut String) {
        body.push_str(
            "<h2>Operations</h2>\n<table>\n<tr><th>function</th><th class=\"n\">all</th><th class=\"n\">ok</th>\
             <th class=\"n\">fail</th><th class=\"n\">info</th></tr>\n",
        );
        let stats = self.results.get("stats");
        if let Some(Value::Map(functions)) = stats.and_then(|stats| stats.get("by-f")) {
            for (function, count) in functions {
                count_row(body, &function.to_string(), count);
            }
        }
        if let Some(stats) = stats {
            count_row(body, "all", stats);
        }
        body.push_str("</table>\n");
    }
}

fn count_row(body: &mut String, name: &str, count: &Value) {
    let _ = write!(body, "<tr><td>{}</td>", escaped(name));
    for column in ["count", "ok-count", "fail-count", "info-count"] {
        let number = count.get(column).and_then(Value::as_integer).unwrap_or(0);
        let _ = write!(body, "<td class=\"n\">{number}</td>");
    }
    body.push_str("</tr>\n");
}
