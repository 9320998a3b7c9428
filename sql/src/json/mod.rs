//! JSON documents: what the type JSON holds and the JSON functions work on.
//!
//! A document is either a [`Tree`], which is built and changed, or *stored bytes* ([`encode`]), which are read in place by a
//! [`View`]: looking for a member touches only the objects on the way to it. [`parse()`] makes a tree of text, [`print()`] text of a
//! view. [`path`] is the path language, [`seek`] follows paths. [`compare()`] orders documents.
//!
//! Invariants: members of an object are sorted by the length of their names, then by bytes, and no name is there twice (the last
//! one given stays); a document is at most [`JSON_DEPTH_MAX`](crate::limits::JSON_DEPTH_MAX) deep, so that recursion over it is
//! bounded; text in it is UTF-8. (MySQL 8.4 Reference Manual, "The JSON Data Type".)
//!
//! Left out: changing a stored document in place (MySQL's partial update): a changed document is written whole.

pub mod compare;
pub mod contains;
pub mod convert;
pub mod encode;
pub mod merge;
pub mod parse;
pub mod path;
pub mod print;
pub mod schema;
pub mod seek;
pub mod size;
#[cfg(test)]
mod tests;
pub mod tree;
pub mod view;

pub use compare::compare;
pub use parse::parse;
pub use path::{Leg, Path};
pub use print::{pretty, print, quote};
pub use tree::Tree;
pub use view::{Node, View};
