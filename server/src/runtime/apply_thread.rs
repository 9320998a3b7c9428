//! The thread that applies: takes orders of the consensus thread, newest commit index first in line.
//!
//! It holds the [`Applier`] while it works. In between the consensus thread of a leader may move the watermark by itself
//! ([`Applier::advance_leading`]); what it could not do comes as an order.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use parking_lot::Mutex;

use super::fatal;
use super::queue::Receiver;
use super::snapshot::Snapshots;
use crate::node::apply::{Applier, ApplyOrder};

/// Starts the thread. It ends when `orders` is closed.
///
/// # Errors
/// When no thread can be made, or the catalog cannot be read.
pub fn spawn(
    applier: Arc<Mutex<Applier>>,
    snapshots: Arc<Snapshots>,
    orders: Receiver<ApplyOrder>,
    applied: Arc<AtomicU64>,
) -> std::io::Result<JoinHandle<()>> {
    applier.lock().load_catalog().map_err(std::io::Error::other)?;
    std::thread::Builder::new().name("apply".into()).spawn(move || {
        let _vital = super::Vital::thread("apply");
        // Also from before a snapshot was loaded: nothing else may be committed for long.
        let mut commit = 0;
        while let Ok(order) = orders.recv() {
            let mut applier = applier.lock();
            take(&mut applier, &snapshots, order, &mut commit);
            loop {
                for order in orders.take_all() {
                    take(&mut applier, &snapshots, order, &mut commit);
                }
                match applier.apply_batch(commit) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => fatal("a committed entry could not be applied", &error),
                }
            }
            applied.store(applier.applied(), Ordering::Release);
        }
    })
}

fn take(applier: &mut Applier, snapshots: &Snapshots, order: ApplyOrder, commit: &mut u64) {
    match order {
        ApplyOrder::Commit(index) => *commit = index.max(*commit),
        ApplyOrder::Replace { index, term } => load(applier, snapshots, index, term),
    }
}

/// Loads the staged snapshot.
fn load(applier: &mut Applier, snapshots: &Snapshots, index: u64, term: u64) {
    let Some(staged) = snapshots.take() else {
        fatal("a snapshot could not be loaded", &"it is gone");
    };
    if staged.index != index {
        fatal("a snapshot could not be loaded", &format!("it ends at {}, not {index}", staged.index));
    }
    let mut is_damaged = false;
    let mut chunks = staged.chunks().map(|chunk| {
        chunk.map_err(|error| {
            is_damaged = true;
            storage::Error::Engine(error)
        })
    });
    let replaced = applier.replace(index, term, &mut chunks);
    if let Err(error) = replaced {
        drop(chunks);
        if is_damaged {
            // Another is fetched after the restart, which would else meet the same damage again and again.
            staged.remove();
        }
        fatal("a snapshot could not be loaded", &error);
    }
    drop(chunks);
    tracing::info!(index, "snapshot loaded");
    snapshots.loaded(staged);
}
