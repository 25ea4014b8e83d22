//! The command `perennial`: servers, migrations, the demo, and daily work over gRPC.

use std::process::ExitCode;

use clap::Parser as _;
use perennial::{cli::Cli, commands, failure};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match commands::run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", failure::explained(&error));
            failure::exit_code(&error).into()
        }
    }
}
