//! The checkers are checked: by histories of others, whose answers are known ([`foreign`]), by histories of our own with anomalies planted ([`planted`]), and by another
//! search ([`second_opinion`]).

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "these are tests"))]

mod anomalies;
mod cases;
mod foreign;
mod generate;
mod planted;
mod second_opinion;
mod stores;
