//! Writes without pause while nodes of a cluster are killed, and says how long nothing could be written and that nothing is missing.
//!
//! Start a cluster (`quorate play`), then `cargo run --release -p client --example failover -- 127.0.0.1:4001,127.0.0.1:4002`
//! and kill the leader: `kill -9`, `kill -STOP`, or `quorate transfer`. Takes addresses of some nodes, a time in seconds
//! (default 30), and a user and password (default root without one).
//!
//! It makes the table `driver_example.written`, and drops it when all is well. It ends with 1 when an acknowledged row is missing, is there
//! twice, or one is there that nobody wrote.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use client::{Cluster, ClusterOptions, Consistency, Error, Options, Param, Result};

/// A pause in the writing that is worth a line.
const GAP_SHOWN_MIN: Duration = Duration::from_millis(200);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<bool> {
    let mut arguments = std::env::args().skip(1);
    let addresses = arguments.next().unwrap_or_else(|| "127.0.0.1:4001".to_owned());
    let seconds = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(30);
    let user = arguments.next().unwrap_or_else(|| "root".to_owned());
    let password = arguments.next().unwrap_or_default();
    let connection = Options { user, password, timeout: Duration::from_secs(15), ..Options::default() };
    let options =
        ClusterOptions { connection, deadline: Duration::from_secs(60), ..ClusterOptions::default() };
    let cluster = Cluster::connect(addresses.split(','), options).await?;
    cluster.query("CREATE DATABASE IF NOT EXISTS driver_example").await?;
    cluster.query("DROP TABLE IF EXISTS driver_example.written").await?;
    cluster.query("CREATE TABLE driver_example.written (id BIGINT PRIMARY KEY, tries INT NOT NULL)").await?;
    println!("writing for {seconds} s; the leader is {}", leader(&cluster));

    let (mut acknowledged, mut unknown) = (Vec::new(), Vec::new());
    let (mut longest, mut last) = (Duration::ZERO, Instant::now());
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut id = 0;
    while Instant::now() < end {
        id += 1;
        let mut tries = 0;
        let written = cluster.transaction(|txn| {
            tries += 1;
            async move {
                let values = [Param::Int(id), Param::Int(tries)];
                txn.execute("INSERT INTO driver_example.written VALUES (?, ?)", &values).await?;
                Result::Ok(())
            }
        });
        match written.await {
            Ok(()) => acknowledged.push(id),
            Err(Error::Unknown { source, .. }) => {
                println!("  row {id}: not known whether it was written ({source})");
                unknown.push(id);
            }
            Err(error) => return Err(error),
        }
        let gap = last.elapsed();
        if gap >= GAP_SHOWN_MIN {
            println!("  nothing was written for {} ms; the leader is {}", gap.as_millis(), leader(&cluster));
        }
        longest = longest.max(gap);
        last = Instant::now();
    }
    println!(
        "{} rows acknowledged, {} not known; longest pause {} ms",
        acknowledged.len(),
        unknown.len(),
        longest.as_millis()
    );
    check(&cluster, &acknowledged, &unknown).await
}

fn leader(cluster: &Cluster) -> String {
    cluster.topology().leader.unwrap_or_else(|| "not known".to_owned())
}

/// Whether all that was acknowledged is there, and nothing but what was written.
async fn check(cluster: &Cluster, acknowledged: &[i64], unknown: &[i64]) -> Result<bool> {
    let result = cluster.read(Consistency::Strong).query("SELECT id FROM driver_example.written").await?;
    let there: std::collections::BTreeSet<i64> =
        (0..result.rows.len()).filter_map(|row| result.text(row, 0)?.parse().ok()).collect();
    let missing = acknowledged.iter().filter(|id| !there.contains(id)).count();
    let of_unknown = unknown.iter().filter(|id| there.contains(id)).count();
    let strange = there.len() + missing - acknowledged.len() - of_unknown;
    println!(
        "{} rows are there: {missing} missing, {strange} that nobody wrote, {of_unknown} of those not known",
        there.len()
    );
    let is_right = missing == 0 && strange == 0;
    if is_right {
        cluster.query("DROP DATABASE driver_example").await?;
    }
    Ok(is_right)
}
