//! CHECK TABLE and CHECKSUM TABLE, as far as they need no session: what is wrong with a table, and the number that its rows add up to.

pub mod check;
pub mod checksum;
mod record;
