//! Benchmarks: what the suite does in a second, beside what the store alone does on the same machine in
//! the same run. Each benchmark is a module with `run`; they are figures to read, never tests that fail.

mod access;
mod billing;
mod ceiling;
mod customers;
mod event;
mod ingest;
mod revenue;
mod subscriptions;
pub mod table;

use std::time::Instant;

use anyhow::bail;

use crate::World;
use table::Table;

/// How often each thing is measured; the median counts.
pub const RUNS: usize = 3;

/// Runs the benchmark that the first argument names, with the others as its own.
pub async fn run(arguments: &[String]) -> anyhow::Result<()> {
    let (name, rest) = match arguments.split_first() {
        Some((name, rest)) => (name.as_str(), rest),
        None => ("", [].as_slice()),
    };
    match name {
        "access" => access::run(rest).await,
        "billing" => billing::run(rest).await,
        "customers" => customers::run(rest).await,
        "ingest" => ingest::run(rest).await,
        "revenue" => revenue::run(rest).await,
        "subscriptions" => subscriptions::run(rest).await,
        _ => {
            bail!("`{name}` is none of: access, billing, customers, ingest, revenue, subscriptions")
        }
    }
}

/// The store that is measured, for headings.
pub fn store() -> &'static str {
    match crate::database::server() {
        Some(_) => "PostgreSQL",
        None => "SQLite",
    }
}

/// The all-in-one in this process, on a fresh store, with the connections it has by default.
pub async fn start() -> World {
    let connections: Vec<(String, &str)> = chassis::config::SERVICES
        .iter()
        .map(|service| (format!("{service}.database_connections"), "10"))
        .collect();
    let settings: Vec<(&str, &str)> = connections
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    World::with(&settings).await
}

/// How many of `count` things were done in a second, `work` being all of them.
pub async fn per_second(
    count: u64,
    work: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<f64> {
    let start = Instant::now();
    work.await?;
    Ok(table::rate(count, start.elapsed()))
}
