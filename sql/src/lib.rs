//! SQL: text → statement → plan → rows, over a storage transaction.
//!
//! The modules are the path of a statement: [`parse`] makes the syntax tree ([`ast`]); [`bind`] resolves names against the
//! [`catalog`] and types expressions ([`expression`]); [`plan`] chooses access paths; [`execute`] runs the plan;
//! [`dml`] and [`ddl`] change rows and schema; [`authorization`] says who may; [`show`] answers introspection, [`maintenance`] checks tables; [`session`] keeps a connection's state.
//! This crate knows keys and transactions of `storage`; it knows no sockets, threads, clocks or consensus.

pub mod account;
pub mod ast;
pub mod authorization;
pub mod bind;
pub mod catalog;
pub mod codec;
pub mod collation;
pub mod constraint;
pub mod data_file;
pub mod ddl;
pub mod dml;
pub mod error;
pub mod execute;
pub mod expression;
pub mod function;
pub mod gtid;
pub mod gtid_set;
pub mod json;
pub mod limits;
pub mod maintenance;
pub mod parse;
pub mod plan;
pub mod program;
pub mod session;
pub mod show;
pub mod types;
pub mod variables;
pub mod view;

pub use error::{Error, Result};
