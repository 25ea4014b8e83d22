//! The command `perennial`: servers, migrations, the demo, and daily work over gRPC.

use std::process::ExitCode;

use clap::Parser as _;
use perennial::{cli::Cli, commands};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match commands::run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("perennial: {error:#}");
            ExitCode::FAILURE
        }
    }
}
