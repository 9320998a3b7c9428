//! The cells of the matrix for Rust's connectors: `matrix rust-mysql|rust-mysql_async|rust-sqlx cells|failover|version`.
//! What a cell is: ../../../src/lib.rs. Each connector is a module with the same functions; what they share is here.

mod asynchronous;
mod blocking;
mod shared;
mod sqlx_;

use shared::{CELLS, Outcome};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let (version, run, failover): (&str, fn(&str) -> Outcome, fn()) = match arguments[1].as_str() {
        "rust-mysql" => ("28.0.4", blocking::run, blocking::failover),
        "rust-mysql_async" => ("0.37.1", asynchronous::run, asynchronous::failover),
        "rust-sqlx" => ("0.9.0", sqlx_::run, sqlx_::failover),
        other => panic!("no connector {other}"),
    };
    println!("version {version}");
    match arguments[2].as_str() {
        "failover" => failover(),
        "cells" => {
            for cell in CELLS {
                if arguments.len() > 3 && !arguments[3..].iter().any(|name| name == cell) {
                    continue;
                }
                let ran = std::panic::catch_unwind(|| run(cell)).unwrap_or_else(|_| Err("it panicked".into()));
                match ran {
                    Ok(()) => println!("{cell} ok"),
                    Err(error) => {
                        let text = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
                        let text: String = text.chars().take(300).collect();
                        println!("{cell} {}", if text.starts_with("skip: ") { text } else { format!("fail: {text}") });
                    }
                }
            }
        }
        _ => {}
    }
}
