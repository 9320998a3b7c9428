//! The syntax tree of this server: what a statement says, names unresolved.
//!
//! `parse` lowers sqlparser's tree into this one at once, so that the rest of the crate never depends on the parser's
//! releases. Nothing here is stored or replicated.

pub mod account;
pub mod alter;
mod counted;
pub mod ddl;
pub mod event;
pub mod expression;
pub mod foreign_key;
pub mod json_table;
pub mod load;
pub mod maintenance;
pub mod partition;
pub mod print;
mod print_json;
pub mod program;
pub mod query;
pub mod statement;
pub mod view;
pub mod window;
pub mod xa;

pub use account::*;
pub use alter::*;
pub use counted::Counted;
pub use ddl::*;
pub use event::*;
pub use expression::*;
pub use foreign_key::*;
pub use json_table::*;
pub use load::*;
pub use maintenance::*;
pub use partition::*;
pub use program::*;
pub use query::*;
pub use statement::*;
pub use view::*;
pub use window::*;
pub use xa::*;
