//! What each command does. Servers run in this process; daily work goes over gRPC to a
//! running one, through the SDK.

use std::io::{IsTerminal as _, Write};

use chassis::{config::Config, telemetry::Telemetry};
use serde_json::Value;

use crate::{
    cli::{self, Cli, Command, Dialect, ServerArgs},
    daily,
    embedded::{self, Process},
    failure, profile,
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
    let mut screen = Screen::new(out, cli.remote.output, terminal && !cli.no_color);
    match command {
        Command::Serve { services } => serve(&cli.server, !cli.no_color, &services).await,
        Command::Demo { no_serve } => {
            let screen = &mut screen.for_people();
            crate::demo::run(&cli.server, !cli.no_color, no_serve, screen).await
        }
        Command::Migrate { services } => {
            let config = load(&cli.server)?;
            for service in embedded::migrate(config, &services).await? {
                screen.line(&format!("{service}: up to date"))?;
            }
            Ok(())
        }
        Command::Openapi { dialect } => {
            screen.line(&serde_json::to_string_pretty(&openapi(dialect))?)
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut cli::command(), "perennial", &mut script);
            screen.raw(&String::from_utf8(script)?)
        }
        Command::Profiles { command } => profile::run(command, &cli.remote, &mut screen),
        Command::Daily(command) => {
            let target = profile::target(&cli.remote)?;
            let done = daily::run(&daily::connect(&target)?, command, &mut screen).await;
            done.map_err(|error| failure::at(&target.address, error))
        }
    }
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

/// Sets up logging, in color where people look and `color` allows it, and traces.
pub(crate) fn telemetry(config: &Config, color: bool) -> anyhow::Result<Telemetry> {
    chassis::telemetry::init(
        &config.log,
        config.log_json,
        color && std::io::stderr().is_terminal(),
        config.otlp_endpoint.as_deref(),
    )
    .map_err(anyhow::Error::msg)
}

async fn serve(server: &ServerArgs, color: bool, services: &[String]) -> anyhow::Result<()> {
    let config = load(server)?;
    let _telemetry = telemetry(&config, color)?;
    let process = Process::start(config, services).await?;
    announce(&process);
    process.wait().await
}

/// Says that the process is ready, in the log, and shows a new bootstrap key once.
pub fn announce(process: &Process) {
    if let Some(key) = &process.new_bootstrap_key {
        let shown = format!(
            "bootstrap key of project `default` (shown once, kept in bootstrap.json): {key}"
        );
        // Where nobody reads it, it is in the file.
        if let Err(error) = writeln!(std::io::stdout(), "{shown}") {
            tracing::warn!(%error, "the bootstrap key is only in bootstrap.json");
        }
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
