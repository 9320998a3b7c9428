//! Latencies and rates over the time of a run, with the times shaded in which the cluster was hurt.
//!
//! Left out: points that would lie on others. A plot has as many as its pixels can show, however long the history.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{History, Kind};
use crate::report::faults::{self, Fault};
use crate::report::spans::{self, Span};
use crate::report::svg::{Axes, Canvas, Marker, Scale};

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 170.0;
const BOTTOM: f64 = 42.0;
const HEAD: f64 = 34.0;
/// Height of the strip of one kind of fault.
const STRIP: f64 = 13.0;
/// Points nearer to each other than this many pixels are one.
const NEAR: f64 = 2.0;
/// Windows over which rates and quantiles are taken.
const WINDOWS: u64 = 60;
/// No window is shorter.
const WINDOW_MIN_NS: u64 = 500_000_000;
/// The quantiles of latencies that are drawn, each with its colour.
const QUANTILES: [(f64, &str); 4] =
    [(0.5, "#0072b2"), (0.95, "#009e73"), (0.99, "#e69f00"), (1.0, "#d55e00")];
/// Colours of faults, told apart also without colour vision.
const FAULT_COLOURS: [&str; 6] = ["#e69f00", "#56b4e9", "#cc79a7", "#009e73", "#d55e00", "#999999"];
const KINDS: [Kind; 3] = [Kind::Ok, Kind::Fail, Kind::Info];

/// A history, as plots need it.
pub struct Plots<'a> {
    spans: Vec<Span<'a>>,
    faults: Vec<Fault>,
    end_ns: u64,
}

/// Completions of one function and kind: how many there were in each window, by its number.
struct Series {
    kind: Kind,
    windows: BTreeMap<u64, u64>,
}

fn colour(kind: Kind) -> &'static str {
    match kind {
        Kind::Ok => "#3b82c4",
        Kind::Fail => "#d6187f",
        Kind::Info | Kind::Invoke => "#f59e0b",
    }
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Ok => "ok",
        Kind::Fail => "fail",
        Kind::Info | Kind::Invoke => "info",
    }
}

fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

fn milliseconds(ns: u64) -> f64 {
    // Below a microsecond nothing is measured, and a logarithm needs more than 0.
    (ns as f64 / 1e6).max(0.001)
}

impl<'a> Plots<'a> {
    /// Of a history.
    #[must_use]
    pub fn of(history: &'a History) -> Plots<'a> {
        let end_ns = history.operations.iter().map(|operation| operation.time_ns).max().unwrap_or(0);
        Plots { spans: spans::of_clients(history), faults: faults::of(history), end_ns: end_ns.max(1) }
    }

    /// The latency of each operation; colours say how it ended, markers what it was.
    #[must_use]
    pub fn latency_raw(&self) -> String {
        let (mut canvas, axes) = self.begin("latency [ms]", self.latency_scale());
        let functions: Vec<&str> = spans::counts(&self.spans).into_keys().collect();
        let mut drawn = BTreeSet::new();
        for span in &self.spans {
            let Some(latency_ns) = span.latency_ns() else { continue };
            let at = axes.at((seconds(span.invocation.time_ns), milliseconds(latency_ns)));
            let marker = marker(&functions, &span.invocation.function);
            let kind = span.kind();
            let cell = ((at.0 / NEAR) as i64, (at.1 / NEAR) as i64, kind as u8, marker as u8);
            if drawn.insert(cell) {
                canvas.marker(at, marker, colour(kind));
            }
        }
        let mut y = axes.corner.1 + 8.0;
        for kind in KINDS {
            self.legend(&mut canvas, &mut y, name(kind), Marker::Square, colour(kind));
        }
        for function in &functions {
            self.legend(&mut canvas, &mut y, function, marker(&functions, function), "#444444");
        }
        canvas.finish()
    }

    /// Quantiles of the latencies of what was done, over windows of time.
    #[must_use]
    pub fn latency_quantiles(&self) -> String {
        let (mut canvas, axes) = self.begin("latency of ok [ms]", self.latency_scale());
        let window_ns = self.window_ns();
        let mut windows: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for span in self.spans.iter().filter(|span| span.kind() == Kind::Ok) {
            if let Some(latency_ns) = span.latency_ns() {
                windows.entry(span.invocation.time_ns / window_ns).or_default().push(latency_ns);
            }
        }
        for latencies in windows.values_mut() {
            latencies.sort_unstable();
        }
        let mut y = axes.corner.1 + 8.0;
        for (quantile, colour) in QUANTILES {
            let point = |(window, latencies): (&u64, &Vec<u64>)| {
                let place = ((latencies.len() as f64 * quantile).ceil() as usize).clamp(1, latencies.len());
                axes.at((self.middle(*window), milliseconds(latencies[place - 1])))
            };
            let points: Vec<_> = windows.iter().map(point).collect();
            canvas.path(&points, colour);
            for point in points {
                canvas.marker(point, Marker::Circle, colour);
            }
            self.legend(&mut canvas, &mut y, &format!("{quantile}"), Marker::Circle, colour);
        }
        canvas.finish()
    }

    /// Completions a second, over windows of time.
    #[must_use]
    pub fn rate(&self) -> String {
        let window_ns = self.window_ns();
        let functions: Vec<&str> = spans::counts(&self.spans).into_keys().collect();
        let mut series: BTreeMap<(&str, u8), Series> = BTreeMap::new();
        for span in &self.spans {
            let Some(completion) = span.completion else { continue };
            let key = (span.invocation.function.as_str(), completion.kind as u8);
            let series =
                series.entry(key).or_insert(Series { kind: completion.kind, windows: BTreeMap::new() });
            *series.windows.entry(completion.time_ns / window_ns).or_default() += 1;
        }
        // The last window is as long as what there is of it; of a short one a rate says nothing.
        let length_ns = |window: u64| window_ns.min(self.end_ns.saturating_sub(window * window_ns));
        let is_long_enough = |window: u64| window == 0 || length_ns(window) * 2 >= window_ns;
        let per_second = |window: u64, count: u64| count as f64 / seconds(length_ns(window).max(1));
        let rates = series.values().flat_map(|series| &series.windows);
        let most = rates
            .filter(|(window, _)| is_long_enough(**window))
            .map(|(window, count)| per_second(*window, *count))
            .fold(1.0, f64::max);
        let (mut canvas, axes) = self.begin("operations a second", Scale::linear(most * 1.05));
        let mut y = axes.corner.1 + 8.0;
        for ((function, _), Series { kind, windows }) in &series {
            let last = self.end_ns / window_ns;
            let points: Vec<_> = (0..=last)
                .filter(|window| is_long_enough(*window))
                .map(|window| {
                    let count = windows.get(&window).copied().unwrap_or(0);
                    axes.at((self.middle(window), per_second(window, count)))
                })
                .collect();
            let marker = marker(&functions, function);
            canvas.path(&points, colour(*kind));
            for point in points {
                canvas.marker(point, marker, colour(*kind));
            }
            let words = format!("{function} {}", name(*kind));
            self.legend(&mut canvas, &mut y, &words, marker, colour(*kind));
        }
        canvas.finish()
    }

    fn window_ns(&self) -> u64 {
        (self.end_ns / WINDOWS).max(WINDOW_MIN_NS)
    }

    /// The middle of a window in seconds; of the last one that of what there is of it.
    fn middle(&self, window: u64) -> f64 {
        let begin_ns = window * self.window_ns();
        let end_ns = (begin_ns + self.window_ns()).min(self.end_ns);
        seconds(begin_ns / 2 + end_ns / 2)
    }

    fn latency_scale(&self) -> Scale {
        let latencies = || self.spans.iter().filter_map(Span::latency_ns).map(milliseconds);
        let (low, high) = (latencies().fold(f64::MAX, f64::min), latencies().fold(0.0, f64::max));
        if high == 0.0 { Scale::logarithmic(1.0, 10.0) } else { Scale::logarithmic(low, high) }
    }

    /// A canvas with axes, and the faults on them.
    fn begin(&self, y_label: &str, y: Scale) -> (Canvas, Axes) {
        let mut names: Vec<&str> = Vec::new();
        for fault in &self.faults {
            if !names.contains(&fault.name.as_str()) {
                names.push(&fault.name);
            }
        }
        let top = HEAD + STRIP * names.len() as f64;
        let axes = Axes {
            corner: (LEFT, top),
            size: (WIDTH - LEFT - RIGHT, HEIGHT),
            x: Scale::linear(seconds(self.end_ns)),
            y,
        };
        let mut canvas = Canvas::new(WIDTH, top + HEIGHT + BOTTOM);
        for (number, name) in names.iter().enumerate() {
            let colour = FAULT_COLOURS[number % FAULT_COLOURS.len()];
            let strip = 6.0 + STRIP * number as f64;
            canvas.text((WIDTH - RIGHT + 10.0, strip + STRIP - 3.0), "start", name);
            for fault in self.faults.iter().filter(|fault| fault.name == *name) {
                self.draw_fault(&mut canvas, &axes, fault, strip, colour);
            }
        }
        axes.draw(&mut canvas, "seconds since the beginning", y_label);
        (canvas, axes)
    }

    fn draw_fault(&self, canvas: &mut Canvas, axes: &Axes, fault: &Fault, strip: f64, colour: &str) {
        let x = |ns: u64| axes.corner.0 + axes.size.0 * axes.x.fraction(seconds(ns));
        let end_ns = fault.end_ns.unwrap_or(self.end_ns);
        let (left, right) = (x(fault.begin_ns), x(end_ns));
        let width = (right - left).max(1.0);
        let (from, to) = (seconds(fault.begin_ns), seconds(end_ns));
        let hover = format!("{}: {from:.2} s to {to:.2} s, {}", fault.name, fault.what);
        canvas.rectangle((left, strip), (width, STRIP - 3.0), colour, 0.9, &hover);
        if fault.lasts {
            canvas.rectangle((left, axes.corner.1), (width, axes.size.1), colour, 0.13, &hover);
        } else {
            canvas.line((left, axes.corner.1), (left, axes.corner.1 + axes.size.1), colour);
        }
    }

    fn legend(&self, canvas: &mut Canvas, y: &mut f64, words: &str, marker: Marker, colour: &str) {
        let x = WIDTH - RIGHT + 14.0;
        canvas.marker((x, *y - 3.5), marker, colour);
        canvas.text((x + 8.0, *y), "start", words);
        *y += 15.0;
    }
}

fn marker(functions: &[&str], function: &str) -> Marker {
    let place = functions.iter().position(|other| *other == function).unwrap_or(0);
    Marker::ALL[place % Marker::ALL.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Process;
    use crate::report::spans::tests::{history, operation};

    /// Ten operations, one of which takes 200 ms, and a kill.
    fn sample() -> History {
        let mut operations = Vec::new();
        for number in 0..10 {
            let (begin, took) = (number * 300, if number == 5 { 200 } else { 2 });
            let (kind, process) =
                if number == 7 { (Kind::Fail, Process::Client(1)) } else { (Kind::Ok, Process::Client(0)) };
            operations.push(operation(process, Kind::Invoke, "read", begin));
            operations.push(operation(process, kind, "read", begin + took));
        }
        for (function, ms) in [("kill", 900), ("kill", 901), ("start", 1_500), ("start", 1_510)] {
            operations.push(operation(Process::Nemesis, Kind::Info, function, ms));
        }
        operations.sort_by_key(|operation| operation.time_ns);
        history(operations)
    }

    #[test]
    fn every_latency_is_a_point_and_the_fault_is_shaded() {
        let history = sample();
        let svg = Plots::of(&history).latency_raw();
        // Ten points and the marker of the function.
        assert_eq!(svg.matches("<circle").count(), 11, "{svg}");
        assert_eq!(svg.matches(colour(Kind::Fail)).count(), 2, "one point and its legend");
        assert!(svg.contains("fill-opacity=\"0.13\"><title>kill: 0.90 s to 1.51 s, nil</title>"), "{svg}");
    }

    #[test]
    fn rates_and_quantiles_are_drawn_and_an_empty_history_is_none() {
        let history = sample();
        let rate = Plots::of(&history).rate();
        assert!(rate.contains("read ok") && rate.contains("read fail"), "{rate}");
        assert_eq!(Plots::of(&history).latency_quantiles().matches("<polyline").count(), QUANTILES.len());
        let nothing = History::default();
        let plots = Plots::of(&nothing);
        for svg in [plots.latency_raw(), plots.latency_quantiles(), plots.rate()] {
            assert!(!svg.contains("NaN") && !svg.contains("\"inf"), "{svg}");
        }
    }

    #[test]
    fn what_lies_on_each_other_is_drawn_once() {
        let many = (0..50_000).flat_map(|number| {
            let (process, begin) = (Process::Client(number % 7), number / 100);
            [operation(process, Kind::Invoke, "read", begin), operation(process, Kind::Ok, "read", begin + 1)]
        });
        let history = history(many.collect());
        assert!(Plots::of(&history).latency_raw().len() < 200_000);
    }
}
