//! Aligned tables on the terminal.

/// Lines of a table: columns as wide as their widest cell, numbers to the right.
pub fn render(headings: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).chain([headings[column].chars().count()]).max().unwrap_or(0)
    };
    let is_number = |column: usize| {
        let mut cells = rows.iter().filter_map(|row| row.get(column)).filter(|cell| *cell != "-").peekable();
        cells.peek().is_some() && cells.all(|cell| cell.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let columns: Vec<(usize, bool)> =
        (0..headings.len()).map(|column| (width(column), is_number(column))).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (cell, (width, is_number)) in cells.zip(&columns) {
            let gap = " ".repeat(width - cell.chars().count());
            let (before, after) = if *is_number { (gap.as_str(), "") } else { ("", gap.as_str()) };
            text.push_str(&format!("{before}{cell}{after}  "));
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    };
    let mut text = line(&mut headings.iter().copied());
    for row in rows {
        text.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_needed_and_numbers_are_to_the_right() {
        let rows = vec![
            vec!["n1".to_owned(), "leader".to_owned(), "-".to_owned(), "7".to_owned()],
            vec!["n12".to_owned(), "-".to_owned(), "-".to_owned(), "1200".to_owned()],
        ];
        assert_eq!(
            render(&["ID", "ROLE", "SYNC", "LAG"], &rows),
            "ID   ROLE    SYNC   LAG\nn1   leader  -        7\nn12  -       -     1200\n"
        );
    }
}
