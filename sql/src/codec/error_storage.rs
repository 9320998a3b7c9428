//! What the errors of the store are to a client. The one place where `storage` errors become MySQL's.

use crate::Error;

impl From<storage::Error> for Error {
    fn from(error: storage::Error) -> Self {
        match error {
            storage::Error::LockDeadlock | storage::Error::WriteConflict => Error::deadlock(),
            storage::Error::LockWaitTimeout => Error::lock_wait_timeout(),
            storage::Error::LockNotAvailable => Error::lock_nowait(),
            storage::Error::SnapshotTooOld => Error {
                code: 1105,
                state: *b"HY000",
                message:
                    "The transaction's snapshot is too old: the row versions that it needs are no longer \
                          kept; restart the transaction"
                        .to_owned(),
            },
            storage::Error::TooLarge { what, bytes, bytes_max } => Error::too_large(format_args!(
                "{what} is {bytes} bytes, more than the {bytes_max} allowed; use smaller transactions"
            )),
            storage::Error::TooManyLocks { .. } => Error {
                code: 1206,
                state: *b"HY000",
                message: "The total number of locks exceeds the lock table size".to_owned(),
            },
            storage::Error::PartRefused => Error {
                code: 1053,
                state: *b"08S01",
                message: "Server shutdown in progress (leadership moved to another node; the transaction was rolled back, \
                          retry it there)"
                    .to_owned(),
            },
            storage::Error::PartInterrupted => Error::query_interrupted(),
            storage::Error::NotReady => Error::internal(
                "this node's tables are being fetched from another node; try again, or ask another node",
            ),
            other => Error::internal(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_errors_have_the_numbers_that_drivers_retry_on() {
        let code = |error: storage::Error| Error::from(error).code;
        assert_eq!(code(storage::Error::LockDeadlock), 1213);
        assert_eq!(code(storage::Error::WriteConflict), 1213);
        assert_eq!(code(storage::Error::LockWaitTimeout), 1205);
        assert_eq!(code(storage::Error::LockNotAvailable), 3572);
        assert_eq!(code(storage::Error::TooManyLocks { lock_count: 1 }), 1206);
        assert_eq!(code(storage::Error::PartRefused), 1053);
        assert_eq!(code(storage::Error::PartInterrupted), 1317);
        assert_eq!(code(storage::Error::SnapshotTooOld), 1105);
        assert!(Error::from(storage::Error::NotReady).message.contains("ask another node"));
        assert_eq!(code(storage::Error::Engine("x".into())), 1105);
    }
}
