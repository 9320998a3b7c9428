//! The accounts of a cluster that is formed: `root`@`localhost` and `root`@`%` with the password of `--root-password-file`.
//!
//! Every founding node is given the file; the one that leads first writes the accounts, in one entry. Where accounts are stored, by this or by
//! an account statement, the file is used for nothing but this node's own logins on others.
//!
//! Invariants: the password is hashed here and only its hash goes to the log; it is never written to a log of messages.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sql::account::{AuthPlugin, Authentication, secret};
use sql::ast::{AccountStatement, Statement};
use wire::mysql::constant::{Capabilities, StatusFlags};
use wire::mysql::packet::PacketWriter;

use crate::node::Node;
use crate::node::result::Reply;
use crate::node::session::{Session, new_state};
use crate::password_file;

/// Between two looks at whether this node leads.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// Who is shown to be at it.
const USER: &str = "system user";

/// Writes the accounts once this node leads, unless there are some. Returns when accounts are stored, whoever wrote them.
pub async fn write_accounts(node: Arc<Node>) {
    let Some(path) = node.config.root_password_file.clone() else { return };
    if node.config.log_only {
        return;
    }
    let mut told = String::new();
    let mut has_written = false;
    loop {
        if node.catalog_known.load(Ordering::Acquire) {
            if node.catalog().accounts.is_stored() {
                if !has_written {
                    tracing::info!(
                        "accounts are stored: --root-password-file forms nothing, and is for this node's own logins"
                    );
                }
                return;
            }
            if node.role.get().serving {
                match write(&node, path.clone()).await {
                    Ok(()) => {
                        tracing::info!("root has the password of --root-password-file");
                        has_written = true;
                    }
                    Err(error) if error == told => {}
                    Err(error) => {
                        tracing::error!("root's password is not set yet: {error}");
                        told = error;
                    }
                }
            }
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

async fn write(node: &Arc<Node>, path: std::path::PathBuf) -> Result<(), String> {
    let hashed = tokio::task::spawn_blocking(move || {
        let password = password_file::read(&path)?;
        Ok::<_, String>(secret::make(AuthPlugin::CachingSha2Password, password.as_bytes()))
    });
    let authentication_string = hashed.await.map_err(|error| error.to_string())??;
    let authentication = Authentication { plugin: AuthPlugin::CachingSha2Password, authentication_string };
    let statement = Statement::Account(Box::new(AccountStatement::Form(authentication)));
    let connection =
        (node.processes.add(String::new(), usize::MAX - 1)).ok_or("there is no room for a session")?;
    connection.identify(USER, None);
    let id = connection.id;
    let state = new_state(node, USER, "", id);
    let mut session = Session::new(Arc::clone(node), connection, state);
    let mut rows = PacketWriter::new();
    let mut reply = Reply::new(&mut rows, Capabilities::DEPRECATE_EOF, false, StatusFlags::empty());
    let result = session.run(&Arc::new(statement), &[], None, &mut reply).await;
    drop(session);
    node.processes.remove(id);
    result.map(|_| ()).map_err(|error| error.to_string())
}
