//! Where the items of each select list stand in the text, found while the tokens are made.
//!
//! MySQL names a column without alias by its text as the client wrote it, which sqlparser's tree does not have. A list
//! begins after SELECT (and DISTINCT and its like) and ends at the reserved word that begins the next clause, at the parenthesis that
//! closes around it, or with the statement; its items are separated by the commas of its own level.

use sqlparser::keywords::Keyword;

use crate::limits::QUERY_DEPTH_MAX;
use crate::parse::source::SelectText;

/// Finds where the items of each select list start and end.
#[derive(Default)]
pub(crate) struct SelectScan {
    /// Open select lists, innermost last.
    open: Vec<OpenSelect>,
    /// Parentheses open now.
    depth: usize,
    /// The depths at which enclosing queries began, outermost first.
    queries: Vec<usize>,
    /// Lists that are over.
    pub(crate) done: Vec<SelectText>,
}

struct OpenSelect {
    depth: usize,
    text: SelectText,
    /// Start and end of the item being read.
    item: Option<(usize, usize)>,
    /// No item has begun: DISTINCT and its like are to be skipped.
    in_modifiers: bool,
}

impl SelectScan {
    /// A token that means nothing here but to be part of an item.
    pub(crate) fn other(&mut self, start: usize, end: usize) {
        // Only the innermost list is extended: the outer ones go on when it closes, at its parenthesis.
        if let Some(select) = self.open.last_mut() {
            select.in_modifiers = false;
            select.item = Some((select.item.map_or(start, |(first, _)| first), end));
        }
    }

    /// Whether queries nest deeper than the parser's stack allows.
    pub(crate) fn too_deep(&self) -> bool {
        self.queries.len() > QUERY_DEPTH_MAX
    }

    /// A word that is not quoted.
    pub(crate) fn word(&mut self, keyword: Keyword, start: usize, end: usize) {
        if keyword == Keyword::SELECT {
            if self.queries.last() != Some(&self.depth) {
                self.queries.push(self.depth);
            }
            if self.open.last().is_some_and(|select| select.depth == self.depth) {
                self.close_list();
            }
            self.open.push(OpenSelect {
                depth: self.depth,
                text: SelectText { offset: start, items: Vec::new() },
                item: None,
                in_modifiers: true,
            });
            return;
        }
        let Some(select) = self.open.last_mut() else { return };
        if select.depth == self.depth {
            match keyword {
                Keyword::FROM
                | Keyword::INTO
                | Keyword::WHERE
                | Keyword::GROUP
                | Keyword::HAVING
                | Keyword::ORDER
                | Keyword::LIMIT
                | Keyword::UNION
                | Keyword::EXCEPT
                | Keyword::INTERSECT
                | Keyword::FOR
                | Keyword::LOCK
                | Keyword::WINDOW => {
                    self.close_list();
                    return;
                }
                Keyword::ALL
                | Keyword::DISTINCT
                | Keyword::DISTINCTROW
                | Keyword::HIGH_PRIORITY
                | Keyword::STRAIGHT_JOIN
                | Keyword::SQL_SMALL_RESULT
                | Keyword::SQL_BIG_RESULT
                | Keyword::SQL_BUFFER_RESULT
                | Keyword::SQL_NO_CACHE
                | Keyword::SQL_CALC_FOUND_ROWS
                    if select.in_modifiers =>
                {
                    return;
                }
                _ => {}
            }
        }
        self.other(start, end);
    }

    /// `(`.
    pub(crate) fn open(&mut self, start: usize, end: usize) {
        self.other(start, end);
        self.depth += 1;
    }

    /// `)`.
    pub(crate) fn close(&mut self, start: usize, end: usize) {
        while self.open.last().is_some_and(|select| select.depth >= self.depth) && self.depth > 0 {
            self.close_list();
        }
        while self.queries.last().is_some_and(|depth| *depth >= self.depth) && self.depth > 0 {
            self.queries.pop();
        }
        self.depth = self.depth.saturating_sub(1);
        self.other(start, end);
    }

    /// `,`.
    pub(crate) fn comma(&mut self, start: usize) {
        let depth = self.depth;
        if let Some(select) = self.open.last_mut() {
            if select.depth == depth {
                let item = select.item.take().unwrap_or((start, start));
                select.text.items.push(item);
            } else {
                self.other(start, start + 1);
            }
        }
    }

    fn close_list(&mut self) {
        if let Some(mut select) = self.open.pop() {
            select.text.items.extend(select.item);
            self.done.push(select.text);
        }
    }

    /// `;` or the end of the text.
    pub(crate) fn finish(&mut self) {
        while !self.open.is_empty() {
            self.close_list();
        }
    }
}
