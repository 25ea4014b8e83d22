//! Benchmarks: built in release, run one at a time, on SQLite or on a PostgreSQL that keeps what it
//! acknowledges, because a ceiling without durability would flatter nobody.

use anyhow::Result;

use crate::{postgres::Server, process};

/// Tells the benchmark which PostgreSQL server to make its databases on.
const DATABASE_URL: &str = "PERENNIAL_TEST_DATABASE_URL";

/// Builds and runs one benchmark.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let (flags, rest): (Vec<&String>, Vec<&String>) = arguments
        .iter()
        .partition(|argument| *argument == "--postgres");
    let mut bench = process::cargo();
    bench
        .args(["run", "--release", "--package", "suite"])
        .args(["--features", "bench", "--bin", "bench", "--"])
        .args(rest);
    if flags.is_empty() {
        return process::run(&mut bench);
    }
    let server = Server::start_durable()?;
    process::run(bench.env(DATABASE_URL, server.url()))
}
