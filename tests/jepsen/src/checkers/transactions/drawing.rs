//! A cycle as a drawing: its transactions one below the other, arrows down between them, and one back up at the left.

use super::super::svg::{CHARACTER_WIDTH_PX, Svg, shorten};
use super::cycle::Cycle;

const LEFT_PX: usize = 90;
const TOP_PX: usize = 40;
const BOX_PX: usize = 30;
/// From one transaction to the next one.
const STEP_PX: usize = 84;
const TEXT_CHARACTERS_MAX: usize = 130;

/// Draws it.
pub(super) fn draw(kind: &str, cycle: &Cycle) -> String {
    let mut svg = Svg::new();
    let count = cycle.steps.len();
    svg.text(
        (10, 20),
        "title",
        &format!("{kind}: each transaction must come before the next, and the last before the first"),
    );
    let texts: Vec<String> =
        cycle.steps.iter().map(|step| format!("T{} {}", step.index, step.operation)).collect();
    let shown: Vec<String> = texts.iter().map(|text| shorten(text, TEXT_CHARACTERS_MAX)).collect();
    let reasons: Vec<String> = cycle
        .steps
        .iter()
        .map(|step| format!("{}: {}", step.relation, shorten(&step.why, TEXT_CHARACTERS_MAX)))
        .collect();
    let longest = shown.iter().chain(&reasons).map(|text| text.chars().count()).max().unwrap_or(0);
    let width = longest * CHARACTER_WIDTH_PX + 40;
    for (at, step) in cycle.steps.iter().enumerate() {
        let top = TOP_PX + at * STEP_PX;
        let class = if step.operation.starts_with("info") { "info" } else { "ok" };
        svg.rect((LEFT_PX, top), (width, BOX_PX), class, &texts[at]);
        svg.text((LEFT_PX + 8, top + 19), "", &shown[at]);
        if at + 1 < count {
            let (from, to) = (top + BOX_PX, top + STEP_PX);
            svg.arrow(&format!("M{0},{from} L{0},{to}", LEFT_PX + 20), &step.relation);
            svg.text((LEFT_PX + 30, from + 31), "", &reasons[at]);
        }
    }
    let (first, last) = (TOP_PX + BOX_PX / 2, TOP_PX + (count - 1) * STEP_PX + BOX_PX / 2);
    if let (Some(step), Some(reason)) = (cycle.steps.last(), reasons.last()) {
        let curve = format!("M{LEFT_PX},{last} C20,{last} 20,{first} {LEFT_PX},{first}");
        svg.arrow(&curve, &step.relation);
        svg.text((LEFT_PX, last + BOX_PX + 12), "", &format!("and back to the top, {reason}"));
    }
    svg.finish(LEFT_PX + width + 20, last + BOX_PX + 40)
}
