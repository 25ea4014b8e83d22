//! What each command does. Servers run in this process; daily work goes over gRPC to a
//! running one, through the SDK.

use anyhow::{Context as _, bail};
use chassis::config::Config;
use contract::{customer::v1 as customer, json::message_to_json, metering::v1 as metering};
use kernel::Timestamp;
use perennial_sdk::Client;
use prost_types::FieldMask;
use serde_json::{Value, json};

use crate::{
    cli::{
        Cli, ClockCommand, Command, Dialect, KeyKindArg, KeysCommand, Output, ProjectCommand,
        RemoteArgs, ServerArgs, UsageCommand,
    },
    embedded::{self, Process},
};

/// Runs a command to its end.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command.unwrap_or(Command::Serve {
        services: Vec::new(),
    }) {
        Command::Serve { services } => serve(&cli.server, &services).await,
        Command::Demo { no_serve } => crate::demo::run(&cli.server, no_serve).await,
        Command::Migrate { services } => {
            let config = load(&cli.server)?;
            for service in embedded::migrate(config, &services).await? {
                println!("{service}: up to date");
            }
            Ok(())
        }
        Command::Openapi { dialect } => {
            println!("{}", serde_json::to_string_pretty(&openapi(dialect))?);
            Ok(())
        }
        Command::Keys { command, remote } => keys(command, &remote).await,
        Command::Project { command, remote } => project(command, &remote).await,
        Command::Clock { command, remote } => clock(command, &remote).await,
        Command::Usage { command, remote } => usage(command, &remote).await,
        Command::Reconcile { invoices, remote } => {
            crate::reconcile::run(&connect(&remote)?, &invoices, remote.output).await
        }
        Command::Revenue { query, remote } => {
            crate::revenue::run(&connect(&remote)?, &query, remote.output).await
        }
        Command::Rates { command, remote } => {
            let answer = crate::rates::run(&connect(&remote)?, command).await?;
            print(&remote, &answer)
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

fn connect(remote: &RemoteArgs) -> anyhow::Result<Client> {
    let Some(key) = &remote.key else {
        bail!("an API key is needed: --key or PERENNIAL_KEY");
    };
    let mut builder = Client::builder(&remote.address, key);
    if let Some(project) = &remote.project {
        builder = builder.project(project);
    }
    Ok(builder.connect_lazy()?)
}

fn print(remote: &RemoteArgs, answer: &Value) -> anyhow::Result<()> {
    match remote.output {
        Output::Json => println!("{answer}"),
        Output::Text => println!("{}", serde_json::to_string_pretty(answer)?),
        Output::Csv => bail!("this is no table: --output text or json"),
    }
    Ok(())
}

async fn keys(command: KeysCommand, remote: &RemoteArgs) -> anyhow::Result<()> {
    let client = connect(remote)?;
    let answer = match command {
        KeysCommand::Create {
            kind,
            permissions,
            name,
        } => {
            let kind = match kind {
                KeyKindArg::Secret => customer::KeyKind::Secret,
                KeyKindArg::ProfitwellPrivate => customer::KeyKind::ProfitwellPrivate,
                KeyKindArg::ProfitwellPublic => customer::KeyKind::ProfitwellPublic,
                KeyKindArg::Probe => customer::KeyKind::Probe,
            };
            let key = customer::ApiKey {
                kind: kind.into(),
                permissions,
                display_name: name,
                ..Default::default()
            };
            // Without a request id: an answer with a secret in it is not kept for replay.
            let made = client
                .keys()
                .create_key(customer::CreateKeyRequest {
                    key: Some(key),
                    request_id: String::new(),
                })
                .await
                .map_err(perennial_sdk::Error::from)?
                .into_inner();
            json!({ "id": made.key.unwrap_or_default().id, "key": made.secret })
        }
        KeysCommand::List => message_to_json(
            &client
                .call(|_| async {
                    client
                        .keys()
                        .list_keys(customer::ListKeysRequest {
                            page_size: 250,
                            ..Default::default()
                        })
                        .await
                })
                .await?,
        )?,
        KeysCommand::Revoke { id } => message_to_json(
            &client
                .call(|request_id| async {
                    client
                        .keys()
                        .revoke_key(customer::RevokeKeyRequest {
                            id: id.clone(),
                            request_id,
                        })
                        .await
                })
                .await?,
        )?,
    };
    print(remote, &answer)
}

async fn project(command: ProjectCommand, remote: &RemoteArgs) -> anyhow::Result<()> {
    let client = connect(remote)?;
    let answer = match command {
        ProjectCommand::Create {
            name,
            revenuecat_id,
        } => message_to_json(
            &client
                .call(|request_id| async {
                    client
                        .projects()
                        .create_project(customer::CreateProjectRequest {
                            project: Some(customer::Project {
                                name: name.clone(),
                                revenuecat_id: revenuecat_id.clone().unwrap_or_default(),
                                ..Default::default()
                            }),
                            request_id,
                        })
                        .await
                })
                .await?,
        )?,
        ProjectCommand::List => message_to_json(
            &client
                .call(|_| async {
                    client
                        .projects()
                        .list_projects(customer::ListProjectsRequest {
                            page_size: 250,
                            ..Default::default()
                        })
                        .await
                })
                .await?,
        )?,
        ProjectCommand::Show => message_to_json(
            &client
                .call(|_| async {
                    client
                        .projects()
                        .get_project(customer::GetProjectRequest {})
                        .await
                })
                .await?,
        )?,
        ProjectCommand::Set {
            name,
            currency,
            timezone,
        } => {
            let fields = [
                ("name", &name),
                ("currency_code", &currency),
                ("time_zone", &timezone),
            ];
            let paths: Vec<String> = fields
                .iter()
                .filter(|(_, value)| value.is_some())
                .map(|(path, _)| (*path).to_owned())
                .collect();
            if paths.is_empty() {
                bail!("say what to change: --name, --currency or --timezone");
            }
            message_to_json(
                &client
                    .call(|request_id| async {
                        client
                            .projects()
                            .update_project(customer::UpdateProjectRequest {
                                project: Some(customer::Project {
                                    name: name.clone().unwrap_or_default(),
                                    currency_code: currency.clone().unwrap_or_default(),
                                    time_zone: timezone.clone().unwrap_or_default(),
                                    ..Default::default()
                                }),
                                update_mask: Some(FieldMask {
                                    paths: paths.clone(),
                                }),
                                request_id,
                            })
                            .await
                    })
                    .await?,
            )?
        }
    };
    print(remote, &answer)
}

async fn clock(command: ClockCommand, remote: &RemoteArgs) -> anyhow::Result<()> {
    let client = connect(remote)?;
    match command {
        ClockCommand::Show => {}
        ClockCommand::Freeze { time } => client.freeze_clock(instant(&time)?).await?,
        ClockCommand::Advance { duration } => {
            let bar = indicatif::ProgressBar::new_spinner()
                .with_message(format!("advancing by {duration}, doing what falls due"));
            bar.enable_steady_tick(std::time::Duration::from_millis(100));
            let done = client.advance_clock(&duration).await;
            bar.finish_and_clear();
            done?;
        }
        ClockCommand::Reset => client.reset_clock().await?,
    }
    let answer = client
        .call(|_| async {
            client
                .clocks()
                .get_clock(customer::GetClockRequest {})
                .await
        })
        .await?;
    print(remote, &message_to_json(&answer)?)
}

async fn usage(command: UsageCommand, remote: &RemoteArgs) -> anyhow::Result<()> {
    let client = connect(remote)?;
    let answer = match command {
        UsageCommand::Void {
            source,
            ids,
            reason,
        } => message_to_json(
            &client
                .call(|request_id| async {
                    let events = ids.iter().map(|id| metering::EventRef {
                        source: source.clone(),
                        id: id.clone(),
                    });
                    let request = metering::VoidEventsRequest {
                        events: events.collect(),
                        reason: reason.clone(),
                        request_id,
                    };
                    client.usage().void_events(request).await
                })
                .await?,
        )?,
        UsageCommand::Replace {
            source,
            id,
            data,
            subject,
            kind,
            time,
            new_id,
            reason,
        } => {
            let time = time.as_deref().map(instant).transpose()?;
            let event = metering::EventRef { source, id };
            let replacement = metering::UsageEvent {
                id: new_id.unwrap_or_default(),
                r#type: kind.unwrap_or_default(),
                subject: subject.unwrap_or_default(),
                time: time.map(contract::convert::timestamp),
                data: data.unwrap_or_default(),
                ..Default::default()
            };
            message_to_json(
                &client
                    .call(|request_id| async {
                        let request = metering::ReplaceEventRequest {
                            event: Some(event.clone()),
                            replacement: Some(replacement.clone()),
                            reason: reason.clone(),
                            request_id,
                        };
                        client.usage().replace_event(request).await
                    })
                    .await?,
            )?
        }
    };
    print(remote, &answer)
}

/// Reads an instant of the command line.
pub(crate) fn instant(text: &str) -> anyhow::Result<Timestamp> {
    text.parse()
        .with_context(|| format!("`{text}` is not an RFC 3339 time"))
}
