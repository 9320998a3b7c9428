//! FLUSH of anything but tables.

use std::sync::atomic::Ordering;

use sql::Error;
use sql::ast::FlushOption;

use super::session::Session;

impl Session {
    /// FLUSH of these, in their order. It commits the open transaction, as every FLUSH does.
    ///
    /// # Errors
    /// 1227; those of the commit.
    pub(super) async fn flush(&mut self, options: &[FlushOption]) -> Result<(), Error> {
        self.commit().await?;
        for option in options {
            match option {
                FlushOption::Privileges => self.flush_privileges().await?,
                FlushOption::Status => self.flush_status(),
                FlushOption::UserResources => self.node.logins.forget_usage(),
                FlushOption::Logs => {}
            }
        }
        Ok(())
    }

    /// The session's counters begin anew; the node's keep what they had. The most connections there were are those that there are.
    fn flush_status(&self) {
        let processes = &self.node.processes;
        processes.forget_statement_counts(&self.connection);
        processes.counters.connections_most.store(processes.len() as u64, Ordering::Relaxed);
    }
}
