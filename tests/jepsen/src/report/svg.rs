//! Drawings as SVG, in a few lines of our own: a canvas, and axes that a plot lies between.
//!
//! Left out: all that plots of operations over time do not need.

use std::fmt::Write;

use crate::report::markup::escaped;

/// A point in pixels, or a width and a height.
pub type Pair = (f64, f64);

/// What is drawn, from the upper left corner, in pixels.
#[derive(Debug)]
pub struct Canvas {
    size: Pair,
    body: String,
}

/// What stands for a point of a plot, so that series can be told apart without colours too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Marker {
    /// A filled circle.
    Circle,
    /// A filled square.
    Square,
    /// A filled triangle.
    Triangle,
    /// An upright cross.
    Plus,
    /// A slanted cross.
    Cross,
}

impl Marker {
    /// All of them.
    pub const ALL: [Marker; 5] =
        [Marker::Circle, Marker::Square, Marker::Triangle, Marker::Plus, Marker::Cross];
}

impl Canvas {
    /// An empty one.
    #[must_use]
    pub fn new(width: f64, height: f64) -> Canvas {
        Canvas { size: (width, height), body: String::new() }
    }

    /// Words whose `anchor` (`start`, `middle`, `end`) lies at a point.
    pub fn text(&mut self, (x, y): Pair, anchor: &str, words: &str) {
        let words = escaped(words);
        let _ =
            writeln!(self.body, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>");
    }

    /// A filled rectangle with a text that shows when the pointer is on it.
    pub fn rectangle(&mut self, (x, y): Pair, (width, height): Pair, fill: &str, opacity: f64, hover: &str) {
        let _ = writeln!(
            self.body,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{fill}\" \
             fill-opacity=\"{opacity}\"><title>{}</title></rect>",
            escaped(hover)
        );
    }

    /// A straight line.
    pub fn line(&mut self, (x, y): Pair, (to_x, to_y): Pair, stroke: &str) {
        let _ = writeln!(
            self.body,
            "<line x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{to_x:.1}\" y2=\"{to_y:.1}\" stroke=\"{stroke}\"/>"
        );
    }

    /// A line through points.
    pub fn path(&mut self, points: &[Pair], stroke: &str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(
            self.body,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"1.5\"/>",
            points.join(" ")
        );
    }

    /// A marker around a point.
    pub fn marker(&mut self, (x, y): Pair, marker: Marker, colour: &str) {
        let fill = format!("fill=\"{colour}\" fill-opacity=\"0.75\"");
        let stroke = format!("stroke=\"{colour}\" stroke-width=\"1.2\" fill=\"none\"");
        let _ = match marker {
            Marker::Circle => writeln!(self.body, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2\" {fill}/>"),
            Marker::Square => {
                writeln!(
                    self.body,
                    "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"3.6\" height=\"3.6\" {fill}/>",
                    x - 1.8,
                    y - 1.8
                )
            }
            Marker::Triangle => {
                writeln!(self.body, "<path d=\"M{x:.1} {:.1}l2.3 4h-4.6z\" {fill}/>", y - 2.4)
            }
            Marker::Plus => writeln!(
                self.body,
                "<path d=\"M{:.1} {y:.1}h4.8M{x:.1} {:.1}v4.8\" {stroke}/>",
                x - 2.4,
                y - 2.4
            ),
            Marker::Cross => writeln!(
                self.body,
                "<path d=\"M{:.1} {:.1}l4 4M{:.1} {:.1}l4 -4\" {stroke}/>",
                x - 2.0,
                y - 2.0,
                x - 2.0,
                y + 2.0
            ),
        };
    }

    /// The document.
    #[must_use]
    pub fn finish(self) -> String {
        let (width, height) = self.size;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"sans-serif\" font-size=\"11\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{}</svg>\n",
            self.body
        )
    }
}

/// How values become places on an axis.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Scale {
    low: f64,
    high: f64,
    is_logarithmic: bool,
}

/// About how many ticks a linear axis has.
const TICKS: f64 = 8.0;

impl Scale {
    /// From 0 to `high`, which is more than 0.
    #[must_use]
    pub fn linear(high: f64) -> Scale {
        Scale { low: 0.0, high: high.max(f64::MIN_POSITIVE), is_logarithmic: false }
    }

    /// Whole powers of ten around `low` and `high`, which are more than 0.
    #[must_use]
    pub fn logarithmic(low: f64, high: f64) -> Scale {
        let low = low.max(f64::MIN_POSITIVE).log10().floor();
        Scale { low, high: high.max(f64::MIN_POSITIVE).log10().ceil().max(low + 1.0), is_logarithmic: true }
    }

    /// Where a value is, between 0 and 1.
    #[must_use]
    pub fn fraction(&self, value: f64) -> f64 {
        let value = if self.is_logarithmic { value.max(f64::MIN_POSITIVE).log10() } else { value };
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// The values that have a line and a number.
    #[must_use]
    pub fn ticks(&self) -> Vec<f64> {
        if self.is_logarithmic {
            return (self.low as i32..=self.high as i32).map(|power| 10.0_f64.powi(power)).collect();
        }
        let rough = self.high / TICKS;
        let magnitude = 10.0_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * magnitude)
            .find(|step| *step >= rough)
            .unwrap_or(rough);
        (0..).map(|number| f64::from(number) * step).take_while(|tick| *tick <= self.high).collect()
    }
}

/// The rectangle of a canvas that lies between two axes.
#[derive(Clone, Copy, Debug)]
pub struct Axes {
    /// Its upper left corner.
    pub corner: Pair,
    /// Its size.
    pub size: Pair,
    /// From left to right.
    pub x: Scale,
    /// From below to above.
    pub y: Scale,
}

impl Axes {
    /// Where a pair of values is.
    #[must_use]
    pub fn at(&self, (x, y): Pair) -> Pair {
        (
            self.corner.0 + self.size.0 * self.x.fraction(x),
            self.corner.1 + self.size.1 * (1.0 - self.y.fraction(y)),
        )
    }

    /// Lines and numbers of both axes, and what they are.
    pub fn draw(&self, canvas: &mut Canvas, x_label: &str, y_label: &str) {
        let (left, top) = self.corner;
        let (right, bottom) = (left + self.size.0, top + self.size.1);
        for tick in self.y.ticks() {
            let y = bottom - self.size.1 * self.y.fraction(tick);
            canvas.line((left, y), (right, y), "#dddddd");
            canvas.text((left - 5.0, y + 4.0), "end", &number(tick));
        }
        for tick in self.x.ticks() {
            let x = left + self.size.0 * self.x.fraction(tick);
            canvas.line((x, bottom), (x, bottom + 4.0), "#888888");
            canvas.text((x, bottom + 16.0), "middle", &number(tick));
        }
        canvas.line((left, bottom), (right, bottom), "#888888");
        canvas.line((left, top), (left, bottom), "#888888");
        canvas.text((left + self.size.0 / 2.0, bottom + 32.0), "middle", x_label);
        canvas.text((10.0, top - 8.0), "start", y_label);
    }
}

/// `0.5`, `20`, `1500`.
fn number(value: f64) -> String {
    if value == 0.0 || value >= 1.0 && value.fract() == 0.0 {
        return format!("{value:.0}");
    }
    let decimals = usize::try_from((1.0 - value.abs().log10().floor()) as i64).unwrap_or(0);
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(Scale::linear(120.0).ticks(), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0, 120.0]);
        assert_eq!(Scale::logarithmic(0.4, 700.0).ticks(), [0.1, 1.0, 10.0, 100.0, 1_000.0]);
        assert_eq!(Scale::linear(0.0).ticks()[0], 0.0);
    }

    #[test]
    fn values_have_places() {
        assert_eq!(Scale::linear(10.0).fraction(5.0), 0.5);
        assert_eq!(Scale::logarithmic(1.0, 100.0).fraction(10.0), 0.5);
        assert_eq!(Scale::logarithmic(1.0, 100.0).fraction(0.0), 0.0);
    }

    #[test]
    fn numbers_are_short() {
        let numbers = [0.0, 0.001, 0.25, 1.5, 20.0, 1_500.0].map(number);
        assert_eq!(numbers, ["0", "0.001", "0.25", "1.5", "20", "1500"]);
    }
}
