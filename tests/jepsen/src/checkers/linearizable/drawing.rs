//! A window as a drawing: a row for each process, a bar for each operation, from its invocation to its completion. Distances are ranks, not times.

use std::collections::BTreeSet;

use super::super::svg::{CHARACTER_WIDTH_PX, Svg, shorten};
use super::window::Window;

const LEFT_PX: usize = 110;
const ROW_PX: usize = 34;
const BAR_PX: usize = 24;
/// Between an event and the next one.
const STEP_PX: usize = 60;
/// Where longer windows are cut: the end is what matters.
const CALLS_MAX: usize = 200;

/// Draws it.
pub(super) fn draw(key: &str, window: &Window) -> String {
    let calls = &window.calls[window.calls.len().saturating_sub(CALLS_MAX)..];
    let processes: Vec<u64> =
        calls.iter().map(|call| call.process).collect::<BTreeSet<_>>().into_iter().collect();
    let ends = calls.iter().map(|call| call.ended).filter(|end| *end < u64::MAX);
    let events: Vec<u64> =
        calls.iter().map(|call| call.invoked).chain(ends).collect::<BTreeSet<_>>().into_iter().collect();
    let width = LEFT_PX + STEP_PX * (events.len() + 3);
    let x = |event: u64| LEFT_PX + STEP_PX * events.partition_point(|other| *other < event);
    let mut svg = Svg::new();
    let begin = if window.begins_as_nil { "begins as nil" } else { "may hold anything at first" };
    svg.text((10, 18), "title", &format!("key {key}: the register {begin}; no order explains this"));
    for (row, process) in processes.iter().enumerate() {
        svg.text((10, 30 + row * ROW_PX + 17), "", &format!("process {process}"));
    }
    for call in calls {
        let row = processes.partition_point(|process| *process < call.process);
        let is_open = call.ended == u64::MAX;
        let (left, right) = (x(call.invoked), if is_open { width - 10 } else { x(call.ended) });
        let text = call.action.text();
        // Of a short bar the text goes on to its right.
        let bar = (right - left).max(STEP_PX / 2);
        let top = 30 + row * ROW_PX;
        let ended = if is_open { "no end".to_owned() } else { call.ended.to_string() };
        let class = if is_open { "info" } else { "ok" };
        svg.rect((left, top), (bar, BAR_PX), class, &format!("{} … {ended}: {text}", call.invoked));
        svg.text((left + 4, top + 16), "", &shorten(&text, (bar + STEP_PX) / CHARACTER_WIDTH_PX));
    }
    svg.finish(width, 50 + processes.len() * ROW_PX)
}
