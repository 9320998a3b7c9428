//! What is sent.

pub mod change;
pub mod expression;
pub mod query;
pub mod schema;

pub use schema::{Column, Family, Schema, Table};
