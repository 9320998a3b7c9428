//! `quorate`: one binary, the server and its command line.
//!
//! `quorate play` starts a cluster on this machine; `quorate start` runs one node; `status`, `leader` and `sql` talk to a
//! running cluster. See `docs/architecture.md` for how the parts work together.

mod accounts_file;
mod allocator;
mod cli;
mod config;
mod engine_name;
mod forward;
mod identity;
mod join;
mod limits;
mod members_file;
mod node;
mod password_file;
mod relay;
mod runtime;
mod socket_path;
mod terms_file;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::run(cli::Arguments::parse()) {
        Ok(code) => code,
        Err(message) => {
            eprintln!("quorate: {message}");
            ExitCode::from(1)
        }
    }
}
