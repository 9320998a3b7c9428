//! The history as a picture: a column for each worker and one for the nemesis, a bar for each operation, time downwards.
//!
//! Long pauses are shortened and moments stretched, so that every bar can be read; which of two events came first is always to be seen.
//! A worker that goes on as a new process after an `:info` keeps its column; the bar names the process.
//!
//! A page has [`PAGE_OPERATIONS`] operations. Beyond [`PAGES_MAX`] pages a history is left to its file.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::history::{History, Kind, Operation, Process};
use crate::report::markup::{escaped, page};
use crate::report::spans::{self, Span};

/// Lines of the history on one page.
pub const PAGE_OPERATIONS: usize = 5_000;
/// No history has more pages.
pub const PAGES_MAX: usize = 40;
/// Between an event and the next, in pixels.
const GAP_MIN: f64 = 2.0;
const GAP_MAX: f64 = 40.0;
/// A bar has room for its words.
const BAR_MIN: f64 = 15.0;
const PIXELS_PER_MS: f64 = 1.0;
const COLUMN_WIDTH: usize = 132;
const COLUMN_GAP: usize = 4;
const TOP: f64 = 26.0;
/// What is longer is cut: in the bar, and in the text that shows when the pointer is on it.
const BAR_TEXT_MAX: usize = 60;
const HOVER_TEXT_MAX: usize = 1_500;
const STYLE: &str = "body{max-width:none}.t{position:relative}.t div{position:absolute;overflow:hidden;font:11px/14px sans-serif;\
border-radius:3px;padding:0 3px;box-sizing:border-box;white-space:nowrap}.t div:target{outline:3px solid #000}\
.t .ok{background:#9cc9f0}.t .info{background:#ffd28a}.t .fail{background:#f7a8cd}.t .nemesis{background:#cfcfcf}\
.t .h{font-weight:600;border-bottom:1px solid #888;border-radius:0}";

/// The files of a timeline, each with its name and content; the first is `timeline.html`.
#[must_use]
pub fn pages(history: &History, workers: usize) -> Vec<(String, String)> {
    let workers = workers.max(1);
    let clients = by_invocation(spans::of_clients(history));
    let nemesis = by_invocation(spans::of_nemesis(history));
    let chunks: Vec<&[Operation]> = history.operations.chunks(PAGE_OPERATIONS).take(PAGES_MAX).collect();
    let count = chunks.len().max(1);
    let mut pages = Vec::with_capacity(count);
    for number in 0..count {
        let chunk = chunks.get(number).copied().unwrap_or_default();
        let mut body = heading(&history.operations, count, number);
        body.push_str(&bars(chunk, workers, &clients, &nemesis));
        pages.push((file(number), page("timeline", STYLE, &body)));
    }
    pages
}

fn file(number: usize) -> String {
    if number == 0 { "timeline.html".to_owned() } else { format!("timeline-{number}.html") }
}

fn by_invocation(spans: Vec<Span<'_>>) -> BTreeMap<u64, Span<'_>> {
    spans.into_iter().map(|span| (span.invocation.index, span)).collect()
}

fn heading(operations: &[Operation], count: usize, number: usize) -> String {
    let mut text = String::from(
        "<p><a href=\"index.html\">the run</a> · <span class=\"t\">blue: done, orange: unknown, pink: not done</span> · operations ",
    );
    for page in 0..count {
        let from = page * PAGE_OPERATIONS;
        let to = (from + PAGE_OPERATIONS).min(operations.len()).saturating_sub(1);
        if page == number {
            let _ = write!(text, "<b>{from}–{to}</b> ");
        } else {
            let _ = write!(text, "<a href=\"{}\">{from}–{to}</a> ", file(page));
        }
    }
    if operations.len() > PAGE_OPERATIONS * PAGES_MAX {
        let _ = write!(text, "(the rest, up to {}, is in history.edn)", operations.len() - 1);
    }
    text.push_str("</p>\n");
    text
}

/// Where each line of a piece of the history is, from above. A line that ends what began in this piece is far enough below its beginning.
fn places(chunk: &[Operation], ends: &BTreeMap<u64, u64>) -> BTreeMap<u64, f64> {
    let begins: BTreeMap<u64, u64> = ends.iter().map(|(begin, end)| (*end, *begin)).collect();
    let mut places = BTreeMap::new();
    let (mut y, mut before_ns) = (TOP, None);
    for operation in chunk {
        let passed_ms = before_ns.map_or(0.0, |before| operation.time_ns.saturating_sub(before) as f64 / 1e6);
        y += (passed_ms * PIXELS_PER_MS).clamp(GAP_MIN, GAP_MAX);
        if let Some(begin) = begins.get(&operation.index).and_then(|begin| places.get(begin)) {
            y = f64::max(y, begin + BAR_MIN);
        }
        before_ns = Some(operation.time_ns);
        places.insert(operation.index, y);
    }
    places
}

fn bars(
    chunk: &[Operation],
    workers: usize,
    clients: &BTreeMap<u64, Span<'_>>,
    nemesis: &BTreeMap<u64, Span<'_>>,
) -> String {
    let spans: Vec<Span<'_>> = chunk
        .iter()
        .filter_map(|operation| clients.get(&operation.index).or_else(|| nemesis.get(&operation.index)))
        .copied()
        .collect();
    let ends = spans
        .iter()
        .filter_map(|span| Some((span.invocation.index, span.completion?.index)))
        .collect::<BTreeMap<_, _>>();
    let places = places(chunk, &ends);
    let bottom = places.values().copied().fold(TOP, f64::max) + BAR_MIN;
    let width = (workers + 1) * (COLUMN_WIDTH + COLUMN_GAP);
    let mut text = format!("<div class=\"t\" style=\"width:{width}px;height:{bottom:.0}px\">\n");
    for column in 0..=workers {
        let name = if column == 0 { "nemesis".to_owned() } else { format!("worker {}", column - 1) };
        let left = column * (COLUMN_WIDTH + COLUMN_GAP);
        let _ = writeln!(
            text,
            "<div class=\"h\" style=\"left:{left}px;top:0;width:{COLUMN_WIDTH}px\">{name}</div>"
        );
    }
    for span in &spans {
        let top = places.get(&span.invocation.index).copied().unwrap_or(TOP);
        let end = span.completion.and_then(|completion| places.get(&completion.index));
        // What ends on a later page, or never, goes to the end of this one.
        let end = end.copied().unwrap_or(bottom);
        text.push_str(&bar(span, workers, top, end - top));
    }
    text.push_str("</div>\n");
    text
}

fn bar(span: &Span<'_>, workers: usize, top: f64, height: f64) -> String {
    let invocation = span.invocation;
    let (column, class) = match invocation.process {
        Process::Nemesis => (0, "nemesis"),
        Process::Client(process) => {
            let worker = process % workers as u64;
            let class = match span.kind() {
                Kind::Ok => "ok",
                Kind::Fail => "fail",
                Kind::Info | Kind::Invoke => "info",
            };
            (worker as usize + 1, class)
        }
    };
    // Of a fault what is done says more than what came of it.
    let shown = match invocation.process {
        Process::Nemesis => invocation,
        Process::Client(_) => span.completion.unwrap_or(invocation),
    };
    let words = cut(&format!("{} {}", invocation.function, shown.value), BAR_TEXT_MAX);
    let hover = cut(&hover(span), HOVER_TEXT_MAX);
    let left = column * (COLUMN_WIDTH + COLUMN_GAP);
    format!(
        "<div class=\"{class}\" id=\"op-{}\" style=\"left:{left}px;top:{top:.0}px;width:{COLUMN_WIDTH}px;height:{height:.0}px\" \
         title=\"{}\">{}</div>\n",
        invocation.index,
        escaped(&hover),
        escaped(&words)
    )
}

fn hover(span: &Span<'_>) -> String {
    let invocation = span.invocation;
    let process = match invocation.process {
        Process::Nemesis => "nemesis".to_owned(),
        Process::Client(process) => format!("process {process}"),
    };
    let mut text = format!(
        "{process}, index {}, {} ms\n:{} {}",
        invocation.index,
        invocation.time_ns / 1_000_000,
        invocation.function,
        invocation.value
    );
    match span.completion {
        None => text.push_str("\nnever ended"),
        Some(end) => {
            let took_ms = end.time_ns.saturating_sub(invocation.time_ns) as f64 / 1e6;
            let _ =
                write!(text, "\nindex {}, after {took_ms:.3} ms: {:?} {}", end.index, end.kind, end.value);
            if let Some(error) = &end.error {
                let _ = write!(text, "\n{error}");
            }
            for (name, value) in &end.extra {
                let _ = write!(text, "\n:{name} {value}");
            }
        }
    }
    text
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edn::Value;
    use crate::report::spans::tests::{history, operation};

    fn attribute(page: &str, id: &str, name: &str) -> f64 {
        let bar = page.lines().find(|line| line.contains(&format!("id=\"{id}\""))).expect("the bar");
        let rest = bar.split(&format!("{name}:")).nth(1).expect("the attribute");
        rest.split("px").next().and_then(|number| number.parse().ok()).expect("a number")
    }

    #[test]
    fn bars_stand_below_each_other_in_the_order_of_events() {
        let process = Process::Client;
        let mut operations = vec![
            operation(process(0), Kind::Invoke, "read", 1),
            operation(process(1), Kind::Invoke, "write", 2),
            operation(process(0), Kind::Ok, "read", 3),
            operation(process(1), Kind::Info, "write", 9_000),
            operation(process(3), Kind::Invoke, "write", 9_001),
        ];
        operations[2].value = Value::from("<script>");
        let pages = pages(&history(operations), 2);
        let (name, page) = &pages[0];
        assert_eq!((pages.len(), name.as_str()), (1, "timeline.html"));
        assert!(page.contains("read &quot;&lt;script&gt;&quot;") && !page.contains("<script>"));
        let end = |id| attribute(page, id, "top") + attribute(page, id, "height");
        assert!(attribute(page, "op-1", "top") < end("op-0"), "they overlapped");
        assert!(end("op-1") - end("op-0") <= GAP_MAX, "nine seconds are shortened");
        assert!(attribute(page, "op-4", "top") >= end("op-1"));
        assert_eq!(attribute(page, "op-4", "left"), attribute(page, "op-1", "left"), "process 3 is worker 1");
    }

    #[test]
    fn a_long_history_has_pages_and_a_longest() {
        let count = (PAGE_OPERATIONS * (PAGES_MAX + 1)) as u64;
        let many = (0..count).map(|number| {
            let kind = if number % 2 == 0 { Kind::Invoke } else { Kind::Ok };
            operation(Process::Client(0), kind, "read", number)
        });
        let pages = pages(&history(many.collect()), 1);
        assert_eq!(pages.len(), PAGES_MAX);
        assert_eq!(pages[1].0, "timeline-1.html");
        assert!(pages[1].1.contains("id=\"op-5000\"") && !pages[1].1.contains("id=\"op-10000\""));
        assert!(pages[0].1.contains("is in history.edn"));
    }
}
