//! Plots as SVG, in a few lines of our own: bars of a record, and curves.
//!
//! Left out: anything that a plot with few points does not need, such as ticks that are chosen well.

use std::fmt::Write;

use crate::record::Record;
use crate::report::{short, systems};
use crate::system::System;

/// Colours of the series, told apart also without colour vision.
const COLOURS: [&str; 7] = ["#0072b2", "#e69f00", "#999999", "#009e73", "#cc79a7", "#d55e00", "#56b4e9"];
const BAR_HEIGHT: f64 = 13.0;
const GROUP_GAP: f64 = 10.0;
const LABEL_WIDTH: f64 = 250.0;
const BARS_WIDTH: f64 = 560.0;
const VALUE_WIDTH: f64 = 90.0;
const HEAD_HEIGHT: f64 = 50.0;
const PANEL_WIDTH: f64 = 400.0;
const PANEL_HEIGHT: f64 = 300.0;
const MARGIN: f64 = 60.0;
const PANELS_IN_ROW: usize = 3;

/// One line of a panel.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Its points, ascending.
    pub points: Vec<(f64, f64)>,
}

/// One pair of axes.
#[derive(Clone, Debug)]
pub struct Panel {
    /// What is on the y axis.
    pub title: String,
    /// Whether the y axis is logarithmic; else it begins at 0.
    pub is_logarithmic: bool,
    /// Its lines.
    pub series: Vec<Series>,
}

/// A whole picture.
#[derive(Clone, Debug)]
pub struct Curves {
    /// Above it.
    pub title: String,
    /// What is on all x axes.
    pub x_label: String,
    /// Whether the x axes are logarithmic.
    pub is_logarithmic: bool,
    /// Side by side, in rows.
    pub panels: Vec<Panel>,
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn document(width: f64, height: f64, body: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{body}</svg>\n"
    )
}

fn text(body: &mut String, x: f64, y: f64, anchor: &str, words: &str) {
    let words = escaped(words);
    let _ = writeln!(body, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>");
}

fn rectangle(body: &mut String, (x, y): (f64, f64), (width, height): (f64, f64), colour: &str) {
    let _ = writeln!(
        body,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{colour}\"/>"
    );
}

fn stroke(body: &mut String, (x, y): (f64, f64), (to_x, to_y): (f64, f64), colour: &str) {
    let _ = writeln!(
        body,
        "<line x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{to_x:.1}\" y2=\"{to_y:.1}\" stroke=\"{colour}\"/>"
    );
}

fn colour(place: usize) -> &'static str {
    COLOURS[place % COLOURS.len()]
}

/// Transactions a second of every system in every line, on a logarithmic axis.
#[must_use]
pub fn bars(record: &Record) -> String {
    let systems = systems(record);
    let rates = record.lines.iter().flat_map(|line| line.cells.iter().filter_map(|cell| cell.tps()));
    let (least, most) =
        rates.fold((f64::MAX, 1.0_f64), |(least, most), rate| (least.min(rate), most.max(rate)));
    let low = least.clamp(1.0, most).log10().floor();
    let high = most.log10().ceil().max(low + 1.0);
    let place =
        |rate: f64| LABEL_WIDTH + BARS_WIDTH * ((rate.max(1.0).log10() - low) / (high - low)).clamp(0.0, 1.0);
    let mut body = String::new();
    let title = format!("transactions a second, {}, commit {}", record.origin.date, record.origin.commit);
    text(&mut body, 10.0, 16.0, "start", &title);
    for (number, system) in systems.iter().enumerate() {
        let x = 10.0 + 150.0 * number as f64;
        rectangle(&mut body, (x, 25.0), (10.0, 10.0), system_colour(*system));
        text(&mut body, x + 14.0, 34.0, "start", system.name());
    }
    let mut y = HEAD_HEIGHT + 10.0;
    let mut bars = String::new();
    for line in &record.lines {
        let cells: Vec<_> =
            systems.iter().filter_map(|system| Some((*system, line.cell(*system)?.tps()?))).collect();
        let height = BAR_HEIGHT * cells.len() as f64;
        let label = format!("{}, {} threads", line.title, line.threads);
        text(&mut bars, LABEL_WIDTH - 8.0, y + height / 2.0 + 4.0, "end", &label);
        for (system, rate) in cells {
            let end = place(rate);
            let size = (end - LABEL_WIDTH, BAR_HEIGHT - 2.0);
            rectangle(&mut bars, (LABEL_WIDTH, y), size, system_colour(system));
            text(&mut bars, end + 4.0, y + BAR_HEIGHT - 3.0, "start", &short(rate));
            y += BAR_HEIGHT;
        }
        y += GROUP_GAP;
    }
    let mut tick = low;
    while tick <= high {
        let x = LABEL_WIDTH + BARS_WIDTH * (tick - low) / (high - low);
        stroke(&mut body, (x, HEAD_HEIGHT), (x, y), "#dddddd");
        text(&mut body, x, HEAD_HEIGHT - 2.0, "middle", &short(10_f64.powf(tick)));
        tick += 1.0;
    }
    document(LABEL_WIDTH + BARS_WIDTH + VALUE_WIDTH, y + 10.0, &(body + &bars))
}

fn system_colour(system: System) -> &'static str {
    colour(System::ALL.iter().position(|other| *other == system).unwrap_or_default())
}

impl Curves {
    /// As SVG.
    #[must_use]
    pub fn svg(&self) -> String {
        let mut body = String::new();
        text(&mut body, 10.0, 16.0, "start", &self.title);
        let mut names: Vec<&str> = Vec::new();
        for series in self.panels.iter().flat_map(|panel| &panel.series) {
            if !names.contains(&series.name.as_str()) {
                names.push(&series.name);
            }
        }
        for (number, name) in names.iter().enumerate() {
            let x = 10.0 + 190.0 * number as f64;
            rectangle(&mut body, (x, 25.0), (10.0, 10.0), colour(number));
            text(&mut body, x + 14.0, 34.0, "start", name);
        }
        for (number, panel) in self.panels.iter().enumerate() {
            let (row, column) = (number / PANELS_IN_ROW, number % PANELS_IN_ROW);
            let corner = (PANEL_WIDTH * column as f64, HEAD_HEIGHT + (PANEL_HEIGHT + MARGIN) * row as f64);
            self.panel(&mut body, panel, &names, corner);
        }
        let rows = self.panels.len().div_ceil(PANELS_IN_ROW) as f64;
        let width = PANEL_WIDTH * PANELS_IN_ROW as f64;
        document(width, HEAD_HEIGHT + (PANEL_HEIGHT + MARGIN) * rows, &body)
    }

    fn panel(&self, body: &mut String, panel: &Panel, names: &[&str], corner: (f64, f64)) {
        let points = || panel.series.iter().flat_map(|series| &series.points);
        let scaled = |x: f64| if self.is_logarithmic { x.max(f64::MIN_POSITIVE).ln() } else { x };
        let mut xs: Vec<f64> = points().map(|point| point.0).collect();
        xs.sort_by(f64::total_cmp);
        xs.dedup();
        let (Some(first), Some(last)) = (xs.first(), xs.last()) else { return };
        let width = (scaled(*last) - scaled(*first)).max(f64::MIN_POSITIVE);
        let (low, high) = panel.bounds();
        let (left, top) = (corner.0 + MARGIN, corner.1 + 20.0);
        let inner = (PANEL_WIDTH - MARGIN - 20.0, PANEL_HEIGHT - 20.0);
        let at = |(x, y): (f64, f64)| {
            (
                left + inner.0 * (scaled(x) - scaled(*first)) / width,
                top + inner.1 * (1.0 - (panel.scaled(y) - low) / (high - low)),
            )
        };
        text(body, left, top - 8.0, "start", &panel.title);
        for step in 0..=4 {
            let value = panel.unscaled(low + (high - low) * f64::from(step) / 4.0);
            let y = at((*first, value)).1;
            stroke(body, (left, y), (left + inner.0, y), "#dddddd");
            text(body, left - 5.0, y + 4.0, "end", &short(value));
        }
        for x in &xs {
            text(body, at((*x, 1.0)).0, top + inner.1 + 15.0, "middle", &short(*x));
        }
        text(body, left + inner.0 / 2.0, top + inner.1 + 32.0, "middle", &self.x_label);
        for series in &panel.series {
            let number = names.iter().position(|name| *name == series.name).unwrap_or_default();
            let path: Vec<String> =
                series.points.iter().map(|point| at(*point)).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
            let _ = writeln!(
                body,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>",
                path.join(" "),
                colour(number)
            );
        }
    }
}

impl Panel {
    fn scaled(&self, y: f64) -> f64 {
        if self.is_logarithmic { y.max(1.0).log10() } else { y }
    }

    fn unscaled(&self, y: f64) -> f64 {
        if self.is_logarithmic { 10_f64.powf(y) } else { y }
    }

    /// The ends of the y axis, scaled.
    fn bounds(&self) -> (f64, f64) {
        let values =
            || self.series.iter().flat_map(|series| &series.points).map(|point| self.scaled(point.1));
        if self.is_logarithmic {
            let low = values().fold(f64::MAX, f64::min).floor();
            (low, values().fold(low + 1.0, f64::max).ceil())
        } else {
            (0.0, values().fold(f64::MIN_POSITIVE, f64::max))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_goes_from_corner_to_corner() {
        let series = Series { name: "a & b".into(), points: vec![(1.0, 0.0), (10.0, 50.0), (100.0, 100.0)] };
        let panel = Panel { title: "y < z".into(), is_logarithmic: false, series: vec![series] };
        let curves =
            Curves { title: "t".into(), x_label: "x".into(), is_logarithmic: true, panels: vec![panel] };
        let svg = curves.svg();
        // Even steps on a logarithmic axis, from bottom left to top right.
        assert!(svg.contains("points=\"60.0,350.0 220.0,210.0 380.0,70.0\""), "{svg}");
        assert!(svg.contains("a &amp; b") && svg.contains("y &lt; z") && svg.ends_with("</svg>\n"));
    }

    #[test]
    fn a_logarithmic_axis_ends_at_powers_of_ten() {
        let series = Series { name: "a".into(), points: vec![(1.0, 20.0), (2.0, 9_000.0)] };
        let panel = Panel { title: "y".into(), is_logarithmic: true, series: vec![series] };
        assert_eq!(panel.bounds(), (1.0, 4.0));
        let curves = Curves {
            title: "t".into(),
            x_label: "x".into(),
            is_logarithmic: false,
            panels: vec![panel.clone()],
        };
        // The numbers of the x axis are below it, wherever the y axis begins.
        assert!(curves.svg().contains("y=\"365.0\" text-anchor=\"middle\">2<"), "{}", curves.svg());
        let linear = Panel { is_logarithmic: false, ..panel };
        assert_eq!(linear.bounds(), (0.0, 9_000.0));
    }

    #[test]
    fn nothing_to_draw_is_drawn_as_nothing() {
        let panel = Panel { title: "y".into(), is_logarithmic: false, series: Vec::new() };
        let curves =
            Curves { title: "t".into(), x_label: "x".into(), is_logarithmic: false, panels: vec![panel] };
        assert!(!curves.svg().contains("NaN"));
    }
}
