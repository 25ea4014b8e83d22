//! What each command does. Servers run in this process; daily work goes over gRPC to a
//! running one, through the SDK.

use std::io::{IsTerminal as _, Write};

use chassis::config::Config;
use clap::CommandFactory as _;
use serde_json::Value;

use crate::{
    cli::{Cli, Command, Dialect, RemoteArgs, ServerArgs},
    daily::{self, connect},
    embedded::{self, Process},
    profile, rates, reconcile, revenue,
    screen::Screen,
};

/// Runs a command to its end.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let terminal = out.is_terminal();
    run_to(cli, &mut out, terminal).await
}

/// The same, with answers for people and scripts written elsewhere than to standard output.
pub async fn run_to(cli: Cli, out: &mut (dyn Write + Send), terminal: bool) -> anyhow::Result<()> {
    let command = cli.command.unwrap_or(Command::Serve {
        services: Vec::new(),
    });
    match command {
        Command::Serve { services } => serve(&cli.server, &services).await,
        Command::Demo { no_serve } => crate::demo::run(&cli.server, no_serve).await,
        Command::Migrate { services } => {
            let config = load(&cli.server)?;
            for service in embedded::migrate(config, &services).await? {
                writeln!(out, "{service}: up to date")?;
            }
            Ok(())
        }
        Command::Openapi { dialect } => Ok(writeln!(
            out,
            "{}",
            serde_json::to_string_pretty(&openapi(dialect))?
        )?),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "perennial", &mut script);
            Ok(out.write_all(&script)?)
        }
        Command::Profiles { command, remote } => {
            profile::run(command, &remote, &mut screen(&remote, out, terminal))
        }
        Command::Customers { command, remote } => {
            daily::customers::run(
                &connect(&remote)?,
                command,
                &mut screen(&remote, out, terminal),
            )
            .await
        }
        Command::Catalog { command, remote } => {
            daily::catalog::run(
                &connect(&remote)?,
                command,
                &mut screen(&remote, out, terminal),
            )
            .await
        }
        Command::Subscriptions { command, remote } => {
            daily::subscriptions::run(
                &connect(&remote)?,
                command,
                &mut screen(&remote, out, terminal),
            )
            .await
        }
        Command::Access { command, remote } => {
            daily::access::run(
                &connect(&remote)?,
                command,
                &mut screen(&remote, out, terminal),
            )
            .await
        }
        Command::Invoices { command, remote } => {
            daily::invoices::run(
                &connect(&remote)?,
                command,
                &mut screen(&remote, out, terminal),
            )
            .await
        }
        Command::Audit { query, remote } => {
            daily::audit::run(
                &connect(&remote)?,
                query,
                &mut screen(&remote, out, terminal),
            )
            .await
        }
        Command::Keys { command, remote } => {
            daily::keys::run(
                &connect(&remote)?,
                command,
                &mut screen(&remote, out, terminal),
            )
            .await
        }
        Command::Project { command, remote } => {
            daily::projects::run(
                &connect(&remote)?,
                command,
                &mut screen(&remote, out, terminal),
            )
            .await
        }
        Command::Clock { command, remote } => {
            daily::clock::run(
                &connect(&remote)?,
                command,
                &mut screen(&remote, out, terminal),
            )
            .await
        }
        Command::Usage { command, remote } => {
            daily::usage::run(
                &connect(&remote)?,
                command,
                &mut screen(&remote, out, terminal),
            )
            .await
        }
        Command::Reconcile { invoices, remote } => {
            reconcile::run(
                &connect(&remote)?,
                &invoices,
                &mut screen(&remote, out, terminal),
            )
            .await
        }
        Command::Revenue { query, remote } => {
            revenue::run(
                &connect(&remote)?,
                &query,
                &mut screen(&remote, out, terminal),
            )
            .await
        }
        Command::Rates { command, remote } => {
            rates::run(
                &connect(&remote)?,
                command,
                &mut screen(&remote, out, terminal),
            )
            .await
        }
    }
}

fn screen<'a>(remote: &RemoteArgs, out: &'a mut (dyn Write + Send), terminal: bool) -> Screen<'a> {
    Screen::new(out, remote.output, terminal && !remote.no_color)
}

/// Reads the settings from file, environment and flags.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that hands the environment to Config"
)]
pub fn load(server: &ServerArgs) -> anyhow::Result<Config> {
    let file = server
        .config
        .clone()
        .or_else(|| std::env::var_os("PERENNIAL_CONFIG").map(Into::into));
    Ok(Config::load(
        file.as_deref(),
        std::env::vars(),
        server.given(),
    )?)
}

async fn serve(server: &ServerArgs, services: &[String]) -> anyhow::Result<()> {
    let config = load(server)?;
    let _telemetry = chassis::telemetry::init(
        &config.log,
        config.log_json,
        config.otlp_endpoint.as_deref(),
    )
    .map_err(anyhow::Error::msg)?;
    let process = Process::start(config, services).await?;
    announce(&process);
    process.wait().await
}

/// Says that the process is ready, in the log, and shows a new bootstrap key once.
pub fn announce(process: &Process) {
    if let Some(key) = &process.new_bootstrap_key {
        println!("bootstrap key of project `default` (shown once, kept in bootstrap.json): {key}");
    }
    tracing::info!(
        http = %process.http,
        grpc = %process.grpc,
        start_ms = u64::try_from(process.start_time.as_millis()).unwrap_or(u64::MAX),
        "ready"
    );
}

fn openapi(dialect: Dialect) -> Value {
    match dialect {
        Dialect::Openmeter => gateway::openapi("openmeter"),
        Dialect::Revenuecat => gateway::openapi("revenuecat"),
        Dialect::Profitwell => gateway::openapi("profitwell"),
        Dialect::Probe => gateway::openapi("probe"),
    }
}
