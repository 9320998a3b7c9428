//! Looks for anomalies in a [`History`]: Adya's, by cycles of dependencies.
//!
//! # Dependencies
//!
//! From the lists, each row's versions are known in their order: not there yet, each element, deleted. Between transactions that
//! committed there is an edge
//!
//! * *ww* from who wrote a version to who wrote the next one;
//! * *wr* from who wrote a version to who read it;
//! * *rw* from who read a version to who wrote the next one;
//! * *rt* from who had ended to who began after that, in real time.
//!
//! A read that shows nothing of a row may have come before its insertion or after its deletion. Where both happened, nothing is
//! derived from it. So nothing that is found is wrong, and with a few such rows nearly everything that is wrong is found.
//!
//! # Levels
//!
//! | | forbidden |
//! |---|---|
//! | [`Level::ReadCommitted`] | reads of what was rolled back (G1a) or written over by its own transaction (G1b), cycles of ww and wr (G0, G1c) |
//! | [`Level::Snapshot`] | also cycles with one rw edge: read skew, lost updates (G-single) |
//! | [`Level::Strict`] | also all cycles, those through real time included |

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use crate::history::{Element, History, Id, Op, Outcome};

/// What a history must keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// READ COMMITTED.
    ReadCommitted,
    /// REPEATABLE READ as ours is.
    Snapshot,
    /// SERIALIZABLE, in an order that real time agrees with.
    Strict,
}

/// The kind of a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edge {
    /// Wrote the next version.
    WriteWrite,
    /// Read what was written.
    WriteRead,
    /// Wrote over what was read.
    ReadWrite,
    /// Began after the other had ended.
    RealTime,
}

/// What is known of a row.
#[derive(Default)]
struct Row {
    /// The longest list that was seen, without the initial element.
    list: Vec<Element>,
    is_initial: bool,
    /// Transactions by number.
    inserter: Option<usize>,
    deleter: Option<usize>,
}

/// A history with what is derived of it.
struct Analysis<'h> {
    history: &'h History,
    rows: BTreeMap<Id, Row>,
    /// Who wrote an element.
    writers: HashMap<Element, usize>,
    /// Transactions that are known to have committed.
    committed: Vec<bool>,
    edges: Vec<BTreeSet<(usize, Edge)>>,
}

/// What of a history a level forbids; empty if it is clean.
#[must_use]
pub fn check(history: &History, level: Level) -> Vec<String> {
    let mut analysis = Analysis::new(history);
    let mut found = analysis.lists();
    found.extend(analysis.dirty_reads());
    analysis.derive();
    if level == Level::Strict {
        analysis.derive_real_time();
    }
    let forbidden: &[fn(Edge) -> bool] = match level {
        Level::ReadCommitted | Level::Snapshot => &[|edge| edge != Edge::ReadWrite],
        Level::Strict => &[|edge| edge != Edge::ReadWrite && edge != Edge::RealTime, |_| true],
    };
    for allowed in forbidden {
        if let Some(cycle) = analysis.cycle(*allowed) {
            found.push(analysis.describe(&cycle));
            break;
        }
    }
    if level == Level::Snapshot
        && let Some(cycle) = analysis.cycle_with_one_rw()
    {
        found.push(analysis.describe(&cycle));
    }
    found
}

impl<'h> Analysis<'h> {
    fn new(history: &'h History) -> Analysis<'h> {
        let mut rows: BTreeMap<Id, Row> = BTreeMap::new();
        let mut writers = HashMap::new();
        for (id, _) in &history.initial {
            rows.entry(*id).or_default().is_initial = true;
        }
        for (number, txn) in history.txns.iter().enumerate() {
            for op in &txn.ops {
                if let Op::Insert(_, element) | Op::Append(element) = op {
                    writers.insert(*element, number);
                }
            }
        }
        let committed = committed(history, &writers);
        for (number, txn) in history.txns.iter().enumerate().filter(|(number, _)| committed[*number]) {
            for op in &txn.ops {
                match op {
                    Op::Insert(id, _) => rows.entry(*id).or_default().inserter = Some(number),
                    Op::Delete(id) => rows.entry(*id).or_default().deleter = Some(number),
                    Op::Read(..) | Op::Exists(_) | Op::Absent(_) | Op::Append(_) => {}
                }
            }
        }
        let edges = vec![BTreeSet::new(); history.txns.len()];
        Analysis { history, rows, writers, committed, edges }
    }

    /// The reads of transactions that committed.
    fn reads(&self) -> impl Iterator<Item = (usize, Id, &'h Vec<Element>)> + '_ {
        let txns = self.history.txns.iter().enumerate().filter(|(number, _)| self.committed[*number]);
        txns.flat_map(|(number, txn)| {
            txn.ops.iter().filter_map(move |op| match op {
                Op::Read(id, list) => Some((number, *id, list)),
                Op::Exists(_) | Op::Absent(_) | Op::Insert(..) | Op::Append(_) | Op::Delete(_) => None,
            })
        })
    }

    /// Finds each row's longest list. Of two lists of a row one must be the beginning of the other.
    fn lists(&mut self) -> Vec<String> {
        let mut found = Vec::new();
        let mut longest: BTreeMap<Id, &Vec<Element>> = BTreeMap::new();
        for (number, id, list) in self.reads() {
            let known = longest.entry(id).or_insert(list);
            let (short, long) = if list.len() < known.len() { (list, *known) } else { (*known, list) };
            if !long.starts_with(short) {
                found.push(format!("row {id}: {} saw {list:?}, others {known:?}", self.name(number)));
            }
            *known = long;
        }
        let longest: Vec<(Id, Vec<Element>)> =
            longest.into_iter().map(|(id, list)| (id, list.clone())).collect();
        for (id, list) in longest {
            let row = self.rows.entry(id).or_default();
            row.list = if row.is_initial { list[1..].to_vec() } else { list };
        }
        found
    }

    /// G1a and G1b.
    fn dirty_reads(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (number, id, list) in self.reads() {
            let row = &self.rows[&id];
            for (place, element) in list.iter().enumerate() {
                let Some(writer) = self.writers.get(element) else { continue };
                if self.history.txns[*writer].outcome == Outcome::Aborted && *writer != number {
                    let (reader, writer) = (self.name(number), self.name(*writer));
                    found.push(format!("G1a: {reader} saw {element} of {writer}, which was rolled back"));
                }
                let next = row.list.get(usize::from(!row.is_initial) + place);
                let is_last_seen = place + 1 == list.len();
                if is_last_seen
                    && *writer != number
                    && next.and_then(|next| self.writers.get(next)) == Some(writer)
                {
                    let (reader, writer) = (self.name(number), self.name(*writer));
                    found.push(format!("G1b: {reader} saw {element} of {writer}, which wrote the row again"));
                }
            }
        }
        found
    }

    fn edge(&mut self, from: Option<usize>, to: Option<usize>, edge: Edge) {
        if let (Some(from), Some(to)) = (from, to)
            && from != to
        {
            self.edges[from].insert((to, edge));
        }
    }

    /// All edges but those of real time.
    fn derive(&mut self) {
        let writer = |analysis: &Self, element: &Element| {
            analysis.writers.get(element).copied().filter(|writer| analysis.committed[*writer])
        };
        let mut edges = Vec::new();
        for row in self.rows.values() {
            let writers: Vec<Option<usize>> = row.list.iter().map(|element| writer(self, element)).collect();
            edges.extend(writers.windows(2).map(|pair| (pair[0], pair[1], Edge::WriteWrite)));
            edges.extend(writers.iter().map(|writer| (*writer, row.deleter, Edge::WriteWrite)));
            edges.push((row.inserter, row.deleter, Edge::WriteWrite));
        }
        for (number, txn) in
            self.history.txns.iter().enumerate().filter(|(number, _)| self.committed[*number])
        {
            for (place, op) in txn.ops.iter().enumerate() {
                let before = &txn.ops[..place];
                self.derive_read(number, op, before, &mut edges);
            }
        }
        for (from, to, edge) in edges {
            self.edge(from, to, edge);
        }
    }

    fn derive_read(
        &self,
        number: usize,
        op: &Op,
        before: &[Op],
        edges: &mut Vec<(Option<usize>, Option<usize>, Edge)>,
    ) {
        let own =
            |id: &Id| before.iter().any(|op| matches!(op, Op::Insert(own, _) | Op::Delete(own) if own == id));
        let me = Some(number);
        match op {
            Op::Read(id, list) => {
                let Some(row) = self.rows.get(id) else { return };
                let seen = &list[usize::from(row.is_initial)..];
                if seen.iter().any(|element| self.writers.get(element) == Some(&number)) {
                    return;
                }
                let writer_at =
                    |place: usize| row.list.get(place).and_then(|element| self.writers.get(element).copied());
                edges.push((row.inserter, me, Edge::WriteRead));
                if let Some(last) = seen.len().checked_sub(1) {
                    edges.push((writer_at(last), me, Edge::WriteRead));
                }
                edges.push((me, writer_at(seen.len()), Edge::ReadWrite));
                edges.push((me, row.deleter, Edge::ReadWrite));
            }
            Op::Exists(id) if !own(id) => {
                let Some(row) = self.rows.get(id) else { return };
                edges.push((row.inserter, me, Edge::WriteRead));
                edges.push((me, row.deleter, Edge::ReadWrite));
            }
            Op::Absent(id) if !own(id) => {
                let Some(row) = self.rows.get(id) else { return };
                match (row.is_initial || row.inserter.is_some(), row.deleter) {
                    (true, None) => edges.push((me, row.inserter, Edge::ReadWrite)),
                    (true, Some(deleter)) if row.is_initial => {
                        edges.push((Some(deleter), me, Edge::WriteRead))
                    }
                    (true | false, _) => {}
                }
            }
            Op::Exists(_) | Op::Absent(_) | Op::Insert(..) | Op::Append(_) | Op::Delete(_) => {}
        }
    }

    /// An edge from each transaction to those that began after its end: to the first of them and, by way of those, to the rest.
    fn derive_real_time(&mut self) {
        let of = |analysis: &Self| -> Vec<usize> {
            (0..analysis.history.txns.len()).filter(|number| analysis.committed[*number]).collect()
        };
        let mut by_begin = of(self);
        by_begin.sort_by_key(|number| self.history.txns[*number].begun);
        for number in of(self) {
            let ended = self.history.txns[number].ended;
            let first = by_begin.partition_point(|other| self.history.txns[*other].begun <= ended);
            // Who begins after the end of one of these is behind it by way of that one.
            let mut horizon = u64::MAX;
            for other in by_begin[first..].iter().copied() {
                if self.history.txns[other].begun > horizon {
                    break;
                }
                horizon = horizon.min(self.history.txns[other].ended);
                self.edge(Some(number), Some(other), Edge::RealTime);
            }
        }
    }

    /// A shortest cycle of allowed edges.
    fn cycle(&self, allowed: fn(Edge) -> bool) -> Option<Vec<(usize, Edge)>> {
        let starts = 0..self.edges.len();
        starts.filter_map(|start| self.path(start, start, allowed)).min_by_key(Vec::len)
    }

    /// A cycle of one rw edge and others of ww and wr.
    fn cycle_with_one_rw(&self) -> Option<Vec<(usize, Edge)>> {
        let flows: fn(Edge) -> bool = |edge| matches!(edge, Edge::WriteWrite | Edge::WriteRead);
        for (from, edges) in self.edges.iter().enumerate() {
            for (to, _) in edges.iter().filter(|(_, edge)| *edge == Edge::ReadWrite) {
                if let Some(path) = self.path(*to, from, flows) {
                    let mut cycle = vec![(from, Edge::ReadWrite)];
                    cycle.extend(path);
                    return Some(cycle);
                }
            }
        }
        None
    }

    /// A shortest path of at least one edge: each transaction with the edge that leaves it.
    fn path(&self, from: usize, to: usize, allowed: fn(Edge) -> bool) -> Option<Vec<(usize, Edge)>> {
        let mut came: HashMap<usize, (usize, Edge)> = HashMap::new();
        let mut queue = VecDeque::from([from]);
        while let Some(number) = queue.pop_front() {
            for (next, edge) in self.edges[number].iter().filter(|(_, edge)| allowed(*edge)) {
                if came.contains_key(next) {
                    continue;
                }
                came.insert(*next, (number, *edge));
                if *next == to {
                    let mut path = Vec::new();
                    let mut at = to;
                    loop {
                        let (before, edge) = came[&at];
                        path.push((before, edge));
                        at = before;
                        if at == from {
                            path.reverse();
                            return Some(path);
                        }
                    }
                }
                queue.push_back(*next);
            }
        }
        None
    }

    fn name(&self, number: usize) -> String {
        format!("T{number} ({})", self.history.txns[number].note)
    }

    fn describe(&self, cycle: &[(usize, Edge)]) -> String {
        let mut text = String::from("a cycle:");
        for (number, edge) in cycle {
            let arrow = match edge {
                Edge::WriteWrite => "-ww->",
                Edge::WriteRead => "-wr->",
                Edge::ReadWrite => "-rw->",
                Edge::RealTime => "-rt->",
            };
            text.push_str(&format!("\n  T{number} {arrow}"));
        }
        for (number, _) in cycle {
            let txn = &self.history.txns[*number];
            text.push_str(&format!(
                "\n  T{number} {:?} {}..{} {}: {:?}",
                txn.outcome, txn.begun, txn.ended, txn.note, txn.ops
            ));
        }
        text
    }
}

/// Who committed: those that were told so, and those of which something was seen by who committed.
fn committed(history: &History, writers: &HashMap<Element, usize>) -> Vec<bool> {
    let mut committed: Vec<bool> = history.txns.iter().map(|txn| txn.outcome == Outcome::Committed).collect();
    let inserters: HashMap<Id, usize> = history
        .txns
        .iter()
        .enumerate()
        .flat_map(|(number, txn)| {
            txn.ops.iter().filter_map(move |op| match op {
                Op::Insert(id, _) => Some((*id, number)),
                Op::Read(..) | Op::Exists(_) | Op::Absent(_) | Op::Append(_) | Op::Delete(_) => None,
            })
        })
        .collect();
    loop {
        let mut more: Vec<&usize> = Vec::new();
        for txn in
            history.txns.iter().zip(&committed).filter(|(_, committed)| **committed).map(|(txn, _)| txn)
        {
            for op in &txn.ops {
                match op {
                    Op::Read(_, list) => more.extend(list.iter().filter_map(|element| writers.get(element))),
                    Op::Exists(id) => more.extend(inserters.get(id)),
                    Op::Absent(_) | Op::Insert(..) | Op::Append(_) | Op::Delete(_) => {}
                }
            }
        }
        let before = committed.clone();
        for number in more {
            if history.txns[*number].outcome == Outcome::Unknown {
                committed[*number] = true;
            }
        }
        if committed == before {
            return committed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Txn;

    /// A history of transactions over rows 1 and 2, which are there from the beginning with elements 100 and 200.
    fn history(txns: &[(u64, u64, Outcome, &[Op])]) -> History {
        let txn = |(begun, ended, outcome, ops): &(u64, u64, Outcome, &[Op])| Txn {
            ops: ops.to_vec(),
            outcome: *outcome,
            begun: *begun,
            ended: *ended,
            note: String::new(),
        };
        History { initial: vec![(1, 100), (2, 200)], txns: txns.iter().map(txn).collect() }
    }

    fn found(history: &History) -> [bool; 3] {
        [Level::ReadCommitted, Level::Snapshot, Level::Strict].map(|level| !check(history, level).is_empty())
    }

    use Outcome::{Aborted, Committed, Unknown};

    #[test]
    fn a_serial_history_is_clean() {
        let serial = history(&[
            (1, 2, Committed, &[Op::Read(1, vec![100]), Op::Append(11), Op::Insert(3, 13)]),
            (3, 4, Committed, &[Op::Read(1, vec![100, 11]), Op::Append(12), Op::Delete(3), Op::Absent(3)]),
            (5, 6, Committed, &[Op::Read(1, vec![100, 11, 12]), Op::Absent(3), Op::Read(2, vec![200])]),
        ]);
        assert_eq!(found(&serial), [false; 3]);
    }

    #[test]
    fn g0_write_cycle() {
        let cycle = history(&[
            (1, 9, Committed, &[Op::Append(11), Op::Append(12)]),
            (1, 9, Committed, &[Op::Append(21), Op::Append(22)]),
            (10, 11, Committed, &[Op::Read(1, vec![100, 11, 21]), Op::Read(2, vec![200, 22, 12])]),
        ]);
        assert_eq!(found(&cycle), [true; 3]);
    }

    #[test]
    fn g1a_aborted_read() {
        let dirty =
            history(&[(1, 9, Aborted, &[Op::Append(11)]), (1, 9, Committed, &[Op::Read(1, vec![100, 11])])]);
        assert_eq!(found(&dirty), [true; 3]);
    }

    #[test]
    fn g1b_intermediate_read() {
        let dirty = history(&[
            (1, 9, Committed, &[Op::Append(11), Op::Append(12)]),
            (1, 5, Committed, &[Op::Read(1, vec![100, 11])]),
            (10, 11, Committed, &[Op::Read(1, vec![100, 11, 12])]),
        ]);
        assert_eq!(found(&dirty), [true; 3]);
    }

    #[test]
    fn g1c_circular_flow() {
        let circle = history(&[
            (1, 9, Committed, &[Op::Append(11), Op::Read(2, vec![200, 21])]),
            (1, 9, Committed, &[Op::Append(21), Op::Read(1, vec![100, 11])]),
        ]);
        assert_eq!(found(&circle), [true; 3]);
    }

    #[test]
    fn g_single_read_skew() {
        let skew = history(&[
            (1, 9, Committed, &[Op::Read(1, vec![100]), Op::Read(2, vec![200, 22])]),
            (1, 9, Committed, &[Op::Append(21), Op::Append(22)]),
            (10, 11, Committed, &[Op::Read(1, vec![100, 21])]),
        ]);
        assert_eq!(found(&skew), [false, true, true]);
    }

    #[test]
    fn lost_update() {
        let lost = history(&[
            (1, 9, Committed, &[Op::Read(1, vec![100]), Op::Append(11)]),
            (1, 9, Committed, &[Op::Read(1, vec![100]), Op::Append(21)]),
            (10, 11, Committed, &[Op::Read(1, vec![100, 11, 21])]),
        ]);
        assert_eq!(found(&lost), [false, true, true]);
    }

    #[test]
    fn g2_write_skew() {
        let skew = history(&[
            (1, 9, Committed, &[Op::Read(1, vec![100]), Op::Append(12)]),
            (1, 9, Committed, &[Op::Read(2, vec![200]), Op::Append(21)]),
            (10, 11, Committed, &[Op::Read(1, vec![100, 21]), Op::Read(2, vec![200, 12])]),
        ]);
        assert_eq!(found(&skew), [false, false, true]);
    }

    #[test]
    fn g2_phantoms() {
        let phantoms = history(&[
            (1, 9, Committed, &[Op::Absent(3), Op::Absent(4), Op::Insert(3, 13)]),
            (1, 9, Committed, &[Op::Absent(3), Op::Absent(4), Op::Insert(4, 14)]),
        ]);
        assert_eq!(found(&phantoms), [false, false, true]);
    }

    #[test]
    fn a_deletion_that_is_seen_and_an_append_that_is_not() {
        let skew = history(&[
            (1, 9, Committed, &[Op::Delete(1), Op::Append(22)]),
            (1, 9, Committed, &[Op::Absent(1), Op::Read(2, vec![200])]),
            (10, 11, Committed, &[Op::Read(2, vec![200, 22])]),
        ]);
        assert_eq!(found(&skew), [false, true, true]);
    }

    #[test]
    fn a_stale_read() {
        let stale = history(&[
            (1, 2, Committed, &[Op::Append(11)]),
            (3, 4, Committed, &[Op::Read(1, vec![100])]),
            (5, 6, Committed, &[Op::Read(1, vec![100, 11])]),
        ]);
        assert_eq!(found(&stale), [false, false, true]);
    }

    #[test]
    fn real_time_reaches_through_others() {
        let stale = history(&[
            (1, 2, Committed, &[Op::Append(11)]),
            (3, 4, Committed, &[Op::Read(2, vec![200])]),
            (5, 6, Committed, &[Op::Read(2, vec![200])]),
            (7, 8, Committed, &[Op::Read(1, vec![100])]),
            (9, 10, Committed, &[Op::Read(1, vec![100, 11])]),
        ]);
        assert_eq!(found(&stale), [false, false, true]);
    }

    #[test]
    fn lists_that_do_not_agree() {
        let torn = history(&[
            (1, 2, Committed, &[Op::Append(11)]),
            (1, 2, Committed, &[Op::Append(21)]),
            (3, 4, Committed, &[Op::Read(1, vec![100, 11])]),
            (3, 4, Committed, &[Op::Read(1, vec![100, 21])]),
        ]);
        assert_eq!(found(&torn), [true; 3]);
    }

    #[test]
    fn an_unknown_outcome_may_be_either() {
        let unseen = history(&[
            (1, u64::MAX, Unknown, &[Op::Append(11)]),
            (3, 4, Committed, &[Op::Read(1, vec![100])]),
        ]);
        assert_eq!(found(&unseen), [false; 3]);
        let skew = history(&[
            (1, u64::MAX, Unknown, &[Op::Append(11), Op::Append(12)]),
            (3, 4, Committed, &[Op::Read(1, vec![100, 11]), Op::Read(2, vec![200])]),
            (5, 6, Committed, &[Op::Read(2, vec![200, 12])]),
        ]);
        assert_eq!(found(&skew), [false, true, true]);
    }
}
