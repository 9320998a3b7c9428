//! Judges of histories.
//!
//! A checker is a function from a [`History`](crate::history::History) to a [`Verdict`](crate::verdict::Verdict) and knows nothing else of the run. It takes operations of the functions
//! (`:f`) that stand in its table and passes over all others, nemesis included, so several checkers may judge one history.
//!
//! # Rules for all forms
//!
//! * The forms are those of Jepsen's own suites where there is one, so that Elle, Knossos and Jepsen's checkers read our files.
//! * `:invoke` carries the arguments, with `nil` in the place of what is asked; `:ok` carries the same with the answer in it; `:fail`
//!   and `:info` carry the invocation's value again.
//! * `:fail` says that it *surely* did not and will not happen. What is not sure is `:info`, also an invocation that never ended. A read that failed is `:fail`.
//! * Where each key is judged for itself, values are `[key value]`, Jepsen's `independent` tuples.
//! * Writes of registers have values that are unique in the history, or a key has few operations: where values come back, what never ended may explain nearly everything.
//! * A row that is not there reads as `nil`; numbers are integers.
//! * Values that do not have the form make the verdict *unknown*, with the index of the first in the findings: such a history proves nothing.
//!
//! # Forms
//!
//! | checker | `:f` | invoke → ok | beside |
//! |---|---|---|---|
//! | `linearizable_registers` | `:read` | `[k nil]` → `[k 3]`, or `[k nil]` of no row | each key is a register that begins as `nil` |
//! | | `:write` | `[k 3]` → same | upsert of one row |
//! | | `:cas` | `[k [3 4]]` → same | `UPDATE … SET v = 4 WHERE k = … AND v = 3`; where it changed no row: `:fail` with `:error :precondition`, which is judged as having seen another value than 3 |
//! | `linearizable_register` | the same | the same without key: `nil` → `3`, `3`, `[3 4]` | one register in the whole history |
//! | `counter` | `:add` | `1` → same, of either sign | begins at 0 |
//! | | `:read` | `nil` → `17` | |
//! | `set` | `:add` | `7` → same; each element is added once | |
//! | | `:read` | `nil` → `[1 2 7]` (or `#{…}`), all elements, duplicates if there are | the last reads come after healing |
//! | `unique_ids` | `:generate` | `nil` → `42`, or `[42 43 44]` of an INSERT of several rows | |
//! | `bank` | `:read` | `nil` → `{0 10, 1 25, …}`, all accounts | one transaction or statement |
//! | | `:transfer` | `{:from 0, :to 1, :amount 5}` → same | too little money: `:fail` |
//! | `list_append` | `:txn` | `[[:append k 3] [:r k nil]]` → `[[:append k 3] [:r k [1 2 3]]]` | what is appended is unique per key; no row: `nil` |
//! | `rw_register` | `:txn` | `[[:w k 3] [:r k nil]]` → `[[:w k 3] [:r k 3]]` | what is written is unique per key |
//! | `long_fork` | `:write` | `[[:w k 1]]` → same; each key is written once | keys are in groups of n: `k / n` is the group |
//! | | `:read` | `[[:r k nil] [:r l nil]]` → `[[:r k 1] [:r l nil]]` | all keys of one group, in one transaction |
//! | `predicate` | `:insert` | `[k [id nil]]` or `[k [nil id]]` → same; `id` is unique in the history | one transaction: a predicate read of both tables for rows of `k`, and if there are none the insertion, into the first or the second; there is one: `:fail` with `:error :too-late` |
//! | | `:read` | `[k nil]` → `[k [[ids] [ids]]]` | one transaction that reads the same predicate twice, all ids of `k` in both tables |
//! | `monotonic`, `sessions` | `:add` | `[k nil]` → `[k 4]` | increments the row of `k` and answers with its new value; begins at 0 |
//! | | `:read` | `[k nil]` → `[k 4]`; no row: 0 | |
//! | | `:snapshot` | `[[k nil] [l nil]]` → `[[k 4] [l 2]]` | several rows by one statement or READ ONLY transaction |
//! | | | | a session is a process; where a client has begun another session (connection) as the same process it says so by `:session 2` in the operation's extra |
//! | `mutex` | `:acquire` | `[name nil]` → `[name nil]`, or `[name lease_ms]` | `GET_LOCK` = 1. Not got: `:fail` |
//! | | `:hold` | `[name nil]` → same | `IS_USED_LOCK` = own connection. It is not: `:fail` |
//! | | `:release` | `[name nil]` → same | `RELEASE_LOCK` = 1. 0 or NULL: `:fail`, and the client knows that it had lost it |
//! | `outcomes` | `:insert` | `id` → same; unique | one transaction; by `:gtid "…"` in the extra of `:info` it may be asked for |
//! | | `:outcome` | `[id nil]` → `[id :committed]`, `[id :not-committed]`, `[id :unknown]` | `quorate_transaction_outcome(gtid)` |
//! | | `:read` | `nil` → `[ids]`, all | at least one after all else has ended |
//!
//! Hot rows are judged by `counter`, XA by `bank` (transfers between two tables in two branches) and `outcomes`, DDL beside DML by `set` or `list_append` (the DDL is `:f :ddl`, which
//! no checker takes), strong reads of followers by `linearizable_registers`, `list_append` or `sessions` with real time.
//!
//! # Signatures
//!
//! ```text
//! linearizable_registers(&History) -> Verdict             linearizable_register(&History) -> Verdict
//! counter(&History)                                       set(&History, Staleness::{Allowed, Forbidden})
//! unique_ids(&History)                                    bank(&History, accounts: &[i64], total: i64)
//! list_append(&History, Model)                            rw_register(&History, Model)
//! long_fork(&History, group: i64)                         predicate(&History)
//! monotonic(&History)                                     sessions(&History, &[Guarantee])
//! mutex(&History)                                         outcomes(&History)
//! with_floor(Verdict, committed: u64, floor: u64) -> Verdict
//! Model::{ReadUncommitted, ReadCommitted, RepeatableRead, SnapshotIsolation, Serializable,
//!         StrongReadCommitted, StrongSnapshotIsolation, StrictSerializable}     Model::claimed(isolation: &str, real_time: bool) -> Option<Model>
//! Guarantee::{MonotonicReads, ReadYourWrites, MonotonicWrites, WritesFollowReads, ConsistentPrefix, RealTime}
//! command(model: &str, files: &[PathBuf]) -> Result<Valid, Error>               // `jepsen check --model M FILE…`: prints
//! Checker::from_str("list-append:snapshot-isolation"), Checker::judge(&History) -> Verdict
//! ```

mod bank;
mod command;
mod counter;
mod floor;
mod judge;
mod linearizable;
mod long_fork;
mod mutex;
mod outcomes;
mod predicate;
mod sessions;
mod set;
mod svg;
mod transactions;
mod unique_ids;

pub use bank::bank;
pub use command::{Checker, Error, command, read_file};
pub use counter::counter;
pub use floor::with_floor;
pub use linearizable::{linearizable_register, linearizable_registers};
pub use long_fork::long_fork;
pub use mutex::mutex;
pub use outcomes::outcomes;
pub use predicate::predicate;
pub use sessions::{Guarantee, monotonic, sessions};
pub use set::{Staleness, set};
pub use transactions::{Model, list_append, rw_register};
pub use unique_ids::unique_ids;
