//! `quorate play`: a cluster of node processes on loopback, started, watched and stopped together.
//!
//! Each node is a real `quorate start` process with a data folder of its own under the play folder. Ports, roles and the cluster's
//! name are kept in `play.json` there, so a second start in the same folder resumes the same data at the same addresses.
//! With `--layout` the nodes have roles and regions; between regions their connections go through a [relay](crate::relay)
//! inside this process, which adds the delay.
//!
//! Left out: starting a node again that ended; it is reported.

mod layout;
mod nodes;
mod ready;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use storage::disk::{Disk, RealDisk};

use self::layout::{DELAY_MS_MAX, Layout, LayoutName, Wanted};
use self::nodes::Nodes;
use crate::engine_name::EngineName;
use crate::relay::Relays;

/// First client port tried.
const FIRST_PORT: u16 = 4001;

/// Start a cluster on this machine
#[derive(Debug, clap::Args)]
pub struct Play {
    /// How many nodes (1 to 9); taken from the folder when it holds a cluster already [default: 3]
    #[arg(long, conflicts_with = "layout")]
    nodes: Option<u16>,
    /// Nodes with roles and places instead of equal ones; kept in the folder
    #[arg(long)]
    layout: Option<LayoutName>,
    /// Delay between the regions of a layout, one way, in milliseconds [default: 15]
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=i64::from(DELAY_MS_MAX)))]
    delay_ms: Option<u32>,
    /// Folder for the data of all nodes
    #[arg(long, default_value = ".quorate/play")]
    data: PathBuf,
    /// First client port; the nodes take this and the following ones, and the same plus 100 for each other
    #[arg(long, default_value_t = FIRST_PORT)]
    port: u16,
    /// Storage engine of the nodes: sled, redb or fjall; kept in the folder [default: fjall]
    #[arg(long, value_enum)]
    engine: Option<EngineName>,
}

impl Play {
    /// Starts, waits for Ctrl-C, stops.
    ///
    /// # Errors
    /// What the user has to know when it does not start.
    pub fn run(self) -> Result<ExitCode, String> {
        let started = Instant::now();
        RealDisk.create_folder(&self.data).map_err(|error| error.to_string())?;
        let folder = self.data.canonicalize().map_err(|error| error.to_string())?;
        let wanted =
            Wanted { nodes: self.nodes, layout: self.layout, delay_ms: self.delay_ms, port: self.port };
        let layout = Layout::load_or_create(&folder, wanted)?;
        let stop = stop_flag()?;
        let (pairs, routes): (Vec<_>, Vec<_>) = layout.routes().into_iter().unzip();
        let relays = Relays::start(&routes).map_err(|error| format!("cannot start the relays: {error}"))?;
        let entrances: Vec<_> = pairs.into_iter().zip(relays.addresses().iter().copied()).collect();
        let mut nodes = Nodes::start(&layout, &entrances, &folder, self.engine)?;
        let leader = nodes.wait_for_leader(&layout, &folder, &stop)?;
        ready::print(&layout, &leader, &folder, started.elapsed()).map_err(|error| error.to_string())?;
        nodes.watch(&folder, &stop);
        println!("stopping");
        nodes.stop();
        println!("stopped; the data is kept in {}", folder.display());
        Ok(ExitCode::SUCCESS)
    }
}

/// A flag that SIGINT and SIGTERM set.
fn stop_flag() -> Result<Arc<AtomicBool>, String> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&flag);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let (ready, is_ready) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let (Ok(mut interrupt), Ok(mut terminate)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                return;
            };
            let _ = ready.send(());
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            set.store(true, Ordering::Release);
        });
    });
    is_ready.recv().map_err(|_| "cannot listen for Ctrl-C".to_owned())?;
    Ok(flag)
}
