//! `jepsen test|check|serve`: see the library.

fn main() {}
