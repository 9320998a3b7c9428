//! Changing rows: INSERT and REPLACE, and the writing of rows that UPDATE and DELETE use too.
//!
//! * [`mod@write`] changes one row with its index entries, under its locks;
//! * [`insert`] plans INSERT and REPLACE, [`run`] runs them, [`duplicate`] does ON DUPLICATE KEY UPDATE and REPLACE;
//! * [`online`] keeps indexes that are being built meanwhile;
//! * [`load`] is LOAD DATA, whose rows come from a file ([`crate::data_file`]);
//! * [`sequence`] gives AUTO_INCREMENT values and hidden row ids; [`default`] the values of columns that got none.
//!
//! Every function that locks may be suspended before it has written anything of its row; a statement that was
//! suspended is run again from its start, with what it had written rolled back and its locks kept.
//!
//! What triggers add is in [`trigger`]. What foreign keys ask for is in [`foreign_key`]; what a row owes to its table's expressions is in [`crate::constraint`].

pub mod default;
pub mod duplicate;
pub mod foreign_key;
pub mod insert;
pub mod load;
pub mod online;
pub mod run;
mod scope;
pub mod sequence;
mod through_view;
pub mod trigger;
pub mod write;

#[cfg(test)]
mod tests;
