//! HTML: text that cannot become markup, and the frame of every page.

use std::fmt::Write;

use crate::verdict::Valid;

const STYLE: &str = "\
body{font:14px/1.45 system-ui,sans-serif;margin:1.2em auto;max-width:76em;padding:0 1em;color:#222;background:#fff}\
h1{font-size:1.5em;margin:.4em 0}h2{font-size:1.15em;margin:1.4em 0 .4em;border-bottom:1px solid #ddd}\
table{border-collapse:collapse}td,th{padding:.2em .7em;text-align:left;vertical-align:top;border-bottom:1px solid #eee}\
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}pre{background:#f6f6f6;padding:.7em;overflow-x:auto;white-space:pre-wrap}\
img{max-width:100%}.v{display:inline-block;padding:.1em .6em;border-radius:.3em;color:#fff;font-weight:600}\
.v.valid{background:#00794f}.v.invalid{background:#b3261e}.v.unknown{background:#8a6100}a{color:#0757a5}";

/// The text, with nothing left in it that begins markup or ends an attribute.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // XML 1.0 knows no other control characters, not even escaped ones.
            control if control.is_control() && !matches!(control, '\n' | '\t') => {
                let _ = write!(escaped, "\\x{:02x}", u32::from(control));
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// A page: `style` is added to the one of all pages, `body` is HTML.
#[must_use]
pub fn page(title: &str, style: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\
         <meta name=\"viewport\" content=\"width=device-width\"/><title>{}</title>\
         <style>{STYLE}{style}</style></head>\n<body>\n{body}</body></html>\n",
        escaped(title)
    )
}

/// The word for a verdict, which is also its class in the style.
#[must_use]
pub fn word(valid: Valid) -> &'static str {
    match valid {
        Valid::Yes => "valid",
        Valid::No => "invalid",
        Valid::Unknown => "unknown",
    }
}

/// A verdict as a coloured word.
#[must_use]
pub fn badge(valid: Valid) -> String {
    format!("<span class=\"v {0}\">{0}</span>", word(valid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        assert_eq!(escaped("<a href='x\">&\u{0}\n"), "&lt;a href=&#39;x&quot;&gt;&amp;\\x00\n");
    }
}
