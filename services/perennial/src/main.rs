//! The command `perennial`: servers, migrations, the demo, and daily work over gRPC.

use std::process::ExitCode;

use clap::FromArgMatches as _;
use perennial::{
    cli::{self, Cli},
    commands, failure,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let read = Cli::from_arg_matches(&cli::command().get_matches());
    let cli = read.unwrap_or_else(|error| error.format(&mut cli::command()).exit());
    match commands::run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if failure::nobody_reads(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", failure::explained(&error));
            failure::exit_code(&error).into()
        }
    }
}
