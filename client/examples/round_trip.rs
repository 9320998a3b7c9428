//! What a round trip of the blocking connection costs.
use std::time::{Duration, Instant};
use client::blocking::{Connection, Options};
fn main() {
    let address = std::env::args().nth(1).expect("address");
    let mut connection = Connection::connect_with(&address, &Options { timeout: Duration::from_secs(5), ..Options::unencrypted() }).expect("connect");
    let mut best = f64::MAX;
    for _ in 0..8 {
        let start = Instant::now();
        for _ in 0..10_000 { connection.query("SELECT 1").expect("query"); }
        best = best.min(start.elapsed().as_secs_f64() * 100.0);
    }
    println!("best of 8: {best:.1} us a round trip");
}
