//! Programs that run within a statement: the triggers of the tables that it changes, and the stored functions that it calls (`function`).
//!
//! They are planned with the statement (`plan`): each statement of a body has its plan, the columns of NEW and OLD being parameters like the other
//! variables, and their tables are among those that the statement uses and locks. So a table without triggers costs nothing, and neither does the
//! second run of a plan. What cannot be planned fails where it is run, not before, as in MySQL.
//!
//! They run (`run`, `statement`) in the loop over the rows, in the statement's transaction: nothing is committed, nothing is sent. A
//! lock that another transaction holds suspends the statement as a whole, and it runs again from its start: what was written is taken back by its savepoint, user
//! variables by the session. What else a body changes of the session is put back when it ends, however it ends (`session`).
//!
//! As in MySQL a statement of a body that fails is not rolled back by itself when a handler goes on: the rows that it had written before stay.
//!
//! Left out: CALL, DDL of temporary tables, savepoints and SET of system variables (all refused when the program is made), and in a function
//! changes of temporary tables.

mod frame;
pub mod function;
mod plan;
mod run;
mod session;
mod stack;
mod statement;

pub use plan::{Chain, TablePrograms, for_plan};
pub use run::{fire, fire_before};
