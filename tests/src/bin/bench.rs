//! `bench NAME [ARGUMENT]…`: runs one benchmark and prints its table. Built in release and run by
//! `cargo xtask bench NAME`; on SQLite, or on PostgreSQL where `PERENNIAL_TEST_DATABASE_URL` names a server.

use std::process::ExitCode;

/// As in the binary that is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match suite::bench::run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
