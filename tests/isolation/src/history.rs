//! What random transactions did and saw.
//!
//! The rows have an id and a list. A write appends an element that no other write appends, so the list that a read shows says
//! which writes came before it, in their order. An id is inserted at most once, with a list of one element, and deleted at most
//! once. A read of a range is a read of every id in it: of those that it did not give, that they are not there.

/// An element of a list: no two writes append the same.
pub type Element = u64;

/// A row's id.
pub type Id = u64;

/// What a transaction did, or saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Saw a row with this list.
    Read(Id, Vec<Element>),
    /// Saw that the row is there, and not its list.
    Exists(Id),
    /// Saw that there is no such row.
    Absent(Id),
    /// Inserted a row with this list of one.
    Insert(Id, Element),
    /// Appended to each row that it found by a condition. Which those were is known from the lists.
    Append(Element),
    /// Deleted a row that was there.
    Delete(Id),
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its commit was acknowledged.
    Committed,
    /// It was rolled back, or refused.
    Aborted,
    /// The connection was lost at its commit, or the server did not know.
    Unknown,
}

/// A transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Txn {
    /// What it did, in order.
    pub ops: Vec<Op>,
    /// How it ended.
    pub outcome: Outcome,
    /// When it was begun, on a clock of all sessions.
    pub begun: u64,
    /// When its end was known; the end of time if it never was.
    pub ended: u64,
    /// What it was, for a failure's message.
    pub note: String,
}

/// All transactions of a run.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The rows before the first transaction, each with an element that nobody wrote.
    pub initial: Vec<(Id, Element)>,
    /// In no order.
    pub txns: Vec<Txn>,
}
