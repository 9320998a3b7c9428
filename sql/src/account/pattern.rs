//! The patterns of hosts and databases in grants: `%`, `_`, and `\` before either; letters count with their case (hosts are
//! kept in lower case).

/// Whether the pattern stands for the text.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<(char, bool)> = elements(pattern).collect();
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut position) = (0, 0);
    // Where to go on after the last `%`: one character of the text more is its.
    let mut again: Option<(usize, usize)> = None;
    while position < text.len() {
        match pattern.get(at) {
            Some(('%', true)) => {
                again = Some((at + 1, position));
                at += 1;
            }
            Some(('_', true)) => {
                at += 1;
                position += 1;
            }
            Some((literal, _)) if *literal == text[position] => {
                at += 1;
                position += 1;
            }
            _ => {
                let Some((after, taken)) = again else { return false };
                again = Some((after, taken + 1));
                at = after;
                position = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|element| *element == ('%', true))
}

/// Characters, and whether each is a wildcard.
fn elements(pattern: &str) -> impl Iterator<Item = (char, bool)> {
    let mut characters = pattern.chars().peekable();
    std::iter::from_fn(move || {
        let next = characters.next()?;
        if next == '\\'
            && let Some(escaped) = characters.next()
        {
            return Some((escaped, false));
        }
        Some((next, matches!(next, '%' | '_')))
    })
}

/// How early MySQL tries a pattern among others, higher before lower: texts without wildcard, then by where the first
/// wildcard stands, the empty text last.
pub(super) fn specificity(pattern: &str) -> usize {
    let mut bytes = pattern.bytes().enumerate();
    while let Some((position, byte)) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b'%' | b'_' => return (position + 1).min(127),
            _ => {}
        }
    }
    if pattern.is_empty() { 0 } else { 128 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("app", "app", true),
            ("app", "App", false),
            ("app%", "app", true),
            ("app_x", "app1x", true),
            (r"app\_x", "app1x", false),
            (r"app\_x", "app_x", true),
            ("%a%b", "xaxxab", true),
            ("%a%b", "xaxxac", false),
            ("%", "", true),
            ("", "a", false),
            (r"a\", r"a\", true),
            ("%_", "", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
        assert_eq!(specificity("app"), 128);
        assert_eq!(specificity("app%"), 4);
        assert_eq!(specificity(r"my\_db"), 128);
        assert_eq!(specificity("%"), 1);
        assert_eq!(specificity(""), 0);
    }
}
