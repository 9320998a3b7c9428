//! Drawings as SVG: a few shapes, and text that is escaped.

use std::fmt::Write;

/// Of a character in the drawings' font.
pub(super) const CHARACTER_WIDTH_PX: usize = 7;

/// A drawing that is being made.
pub(super) struct Svg {
    body: String,
}

/// Text inside of XML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// At most so many characters.
pub(super) fn shorten(text: &str, characters_max: usize) -> String {
    if text.chars().count() <= characters_max {
        return text.to_owned();
    }
    text.chars().take(characters_max.saturating_sub(1)).chain(['…']).collect()
}

impl Svg {
    pub(super) fn new() -> Svg {
        Svg { body: String::new() }
    }

    fn add(&mut self, shape: &str) {
        self.body.push_str(shape);
        self.body.push('\n');
    }

    /// A box with what is shown when the mouse is over it.
    pub(super) fn rect(
        &mut self,
        (x, y): (usize, usize),
        (width, height): (usize, usize),
        class: &str,
        title: &str,
    ) {
        self.add(&format!(
            "<rect x='{x}' y='{y}' width='{width}' height='{height}' rx='3' class='{class}'><title>{}</title></rect>",
            escape(title)
        ));
    }

    pub(super) fn text(&mut self, (x, y): (usize, usize), class: &str, text: &str) {
        self.add(&format!("<text x='{x}' y='{y}' class='{class}'>{}</text>", escape(text)));
    }

    /// A line with an arrowhead, in SVG's path language.
    pub(super) fn arrow(&mut self, path: &str, class: &str) {
        self.add(&format!("<path d='{path}' class='arrow {class}' marker-end='url(#head)'/>"));
    }

    pub(super) fn finish(self, width: usize, height: usize) -> String {
        let mut svg = String::new();
        let style = "text { font: 12px monospace; fill: #222 } .title { font-weight: bold } .ok { fill: #b7ffb7 } .info { fill: #ffe0a0 } \
            .fail { fill: #ffc0c0 } rect { stroke: #777 } .arrow { fill: none; stroke: #555; stroke-width: 1.5 } \
            .ww { stroke: #c02828 } .wr { stroke: #2850c0 } .rw { stroke: #b8860b } .realtime, .process { stroke-dasharray: 5 3 }";
        let head = "<marker id='head' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='8' markerHeight='8' orient='auto'>\
            <path d='M0,0 L8,4 L0,8 z' fill='#555'/></marker>";
        // Writing to a String cannot fail.
        let _ = write!(
            svg,
            "<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' viewBox='0 0 {width} {height}'>\n\
             <style>{style}</style>\n<defs>{head}</defs>\n<rect width='{width}' height='{height}' fill='white' stroke='none'/>\n{}</svg>\n",
            self.body
        );
        svg
    }
}
