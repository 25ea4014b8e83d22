//! The command line. Names and flags are a promise to scripts: they may grow, not change.

use std::{collections::BTreeMap, path::PathBuf};

use chassis::config::{GATEWAY, SERVICES};
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Subscription backend: customers, catalog, subscriptions, usage, entitlements, invoices
/// and revenue on one ledger, over gRPC and REST.
#[derive(Debug, Parser)]
#[command(name = "perennial", version, max_term_width = 100)]
pub struct Cli {
    /// What to do; `serve` when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Settings of servers.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// Settings of servers. Each can also be given as an environment variable or in a file.
#[derive(Clone, Debug, Default, Args)]
pub struct ServerArgs {
    /// File with settings in TOML [env: PERENNIAL_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of the SQLite files [env: PERENNIAL_DATA_DIR] [default: ./perennial-data]
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<String>,
    /// Address of the REST gateway, health and metrics [env: PERENNIAL_HTTP] [default: 127.0.0.1:8888]
    #[arg(long, global = true, value_name = "ADDR")]
    pub http: Option<String>,
    /// Address of all gRPC services of the process [env: PERENNIAL_GRPC] [default: 127.0.0.1:50051]
    #[arg(long, global = true, value_name = "ADDR")]
    pub grpc: Option<String>,
    /// PostgreSQL instead of SQLite, one schema per service [env: PERENNIAL_DATABASE_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Root of all secrets: 32 bytes in base64; `new,old` rotates [env: PERENNIAL_MASTER_KEY]
    #[arg(long, global = true, value_name = "KEY")]
    pub master_key: Option<String>,
    /// First API key of project `default`, with all rights [env: PERENNIAL_BOOTSTRAP_KEY]
    #[arg(long, global = true, value_name = "KEY")]
    pub bootstrap_key: Option<String>,
    /// OpenMeter calls without a credential act as project `default` (loopback only) [env: PERENNIAL_DEV]
    #[arg(long, global = true)]
    pub dev: bool,
    /// Accept webhook targets on loopback and private addresses [env: PERENNIAL_ALLOW_PRIVATE_WEBHOOKS]
    #[arg(long, global = true)]
    pub allow_private_webhooks: bool,
    /// Limits that the RevenueCat and ProfitWell contracts document [env: PERENNIAL_RATE_LIMITS]
    #[arg(long, global = true, value_name = "documented|off")]
    pub rate_limits: Option<String>,
    /// NATS JetStream that takes usage events in before the database: nats://HOST:PORT [env: PERENNIAL_INGEST_LOG]
    #[arg(long, global = true, value_name = "URL")]
    pub ingest_log: Option<String>,
    /// Where traces are sent by OTLP [env: PERENNIAL_OTLP_ENDPOINT]
    #[arg(long, global = true, value_name = "URL")]
    pub otlp_endpoint: Option<String>,
    /// Log filter, such as `info,billing=debug` [env: PERENNIAL_LOG]
    #[arg(long, global = true, value_name = "FILTER")]
    pub log: Option<String>,
    /// Form of log lines, `text` or `json` [env: PERENNIAL_LOG_FORMAT]
    #[arg(long, global = true, value_name = "FORM")]
    pub log_format: Option<String>,
    /// Settings of single services.
    #[command(flatten)]
    pub services: ServiceArgs,
}

/// Address and database of each service, for installations that are split.
#[derive(Clone, Debug, Default)]
pub struct ServiceArgs(BTreeMap<String, String>);

impl clap::FromArgMatches for ServiceArgs {
    fn from_arg_matches(matches: &clap::ArgMatches) -> Result<Self, clap::Error> {
        let mut values = Self::default();
        values.update_from_arg_matches(matches)?;
        Ok(values)
    }

    fn update_from_arg_matches(&mut self, matches: &clap::ArgMatches) -> Result<(), clap::Error> {
        for service in SERVICES.into_iter().chain([GATEWAY]) {
            for field in ["url", "database_url"] {
                let id = format!("{service}.{field}");
                if let Some(value) = matches.try_get_one::<String>(&id).ok().flatten() {
                    self.0.insert(id, value.clone());
                }
            }
        }
        Ok(())
    }
}

impl Args for ServiceArgs {
    fn augment_args(mut command: clap::Command) -> clap::Command {
        for service in SERVICES {
            let argument = |field: &str, help: String, value: &'static str| {
                clap::Arg::new(format!("{service}.{field}"))
                    .long(format!("{service}-{}", field.replace('_', "-")))
                    .help(help)
                    .value_name(value)
                    .global(true)
                    .hide_short_help(true)
            };
            let upper = service.to_uppercase();
            command = command
                .arg(argument(
                    "url",
                    format!("Address of the {service} service, when it runs elsewhere [env: PERENNIAL_{upper}_URL]"),
                    "ADDR",
                ))
                .arg(argument(
                    "database_url",
                    format!("Database of the {service} service [env: PERENNIAL_{upper}_DATABASE_URL]"),
                    "URL",
                ));
        }
        command
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl ServerArgs {
    /// The flags that were given, by setting name.
    pub fn given(&self) -> BTreeMap<String, String> {
        let texts = [
            ("data_dir", &self.data_dir),
            ("http", &self.http),
            ("grpc", &self.grpc),
            ("database_url", &self.database_url),
            ("master_key", &self.master_key),
            ("bootstrap_key", &self.bootstrap_key),
            ("rate_limits", &self.rate_limits),
            ("ingest_log", &self.ingest_log),
            ("otlp_endpoint", &self.otlp_endpoint),
            ("log", &self.log),
            ("log_format", &self.log_format),
        ];
        let mut given: BTreeMap<String, String> = texts
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)))
            .collect();
        for (name, set) in [
            ("dev", self.dev),
            ("allow_private_webhooks", self.allow_private_webhooks),
        ] {
            if set {
                given.insert(name.to_owned(), "true".to_owned());
            }
        }
        given.extend(self.services.0.clone());
        given
    }
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Serve every service and the gateway, or only the named ones
    Serve {
        /// customer, metering, catalog, entitlement, billing, subscription, notification, gateway
        services: Vec<String>,
    },
    /// Fill a data folder with a realistic example, tell its story, then serve it
    Demo {
        /// Tell the story and end without serving
        #[arg(long)]
        no_serve: bool,
    },
    /// Apply the migrations of all services, or of the named ones, and end
    Migrate {
        /// Names of services
        services: Vec<String>,
    },
    /// Print the OpenAPI document of a dialect
    Openapi {
        /// Which dialect
        dialect: Dialect,
    },
    /// API keys of the project
    Keys {
        /// What to do with them
        #[command(subcommand)]
        command: KeysCommand,
        /// The server to talk to
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Projects
    Project {
        /// What to do with them
        #[command(subcommand)]
        command: ProjectCommand,
        /// The server to talk to
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// The project's test clock
    Clock {
        /// What to do with it
        #[command(subcommand)]
        command: ClockCommand,
        /// The server to talk to
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Stored usage events
    Usage {
        /// What to do with them
        #[command(subcommand)]
        command: UsageCommand,
        /// The server to talk to
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Calculate invoices again from subscriptions and usage, and tell what differs; exit code 1 if anything does
    Reconcile {
        /// Ids of invoices; none means all invoices and subscriptions of the project
        invoices: Vec<String>,
        /// The server to talk to
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// MRR and its movements by month, or any metric by month or day, as a table
    Revenue {
        /// What of it
        #[command(flatten)]
        query: RevenueArgs,
        /// The server to talk to
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Exchange rates
    Rates {
        /// What to do with them
        #[command(subcommand)]
        command: RatesCommand,
        /// The server to talk to
        #[command(flatten)]
        remote: RemoteArgs,
    },
}

/// The documented JSON APIs.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Dialect {
    /// OpenMeter v1 and v2
    Openmeter,
    /// RevenueCat v2
    Revenuecat,
    /// ProfitWell v2
    Profitwell,
    /// Probe v4
    Probe,
}

/// How to reach a running server.
#[derive(Clone, Debug, Args)]
pub struct RemoteArgs {
    /// gRPC address of the server
    #[arg(
        long,
        global = true,
        env = "PERENNIAL_ADDRESS",
        default_value = "127.0.0.1:50051"
    )]
    pub address: String,
    /// API key
    #[arg(long, global = true, env = "PERENNIAL_KEY", hide_env_values = true)]
    pub key: Option<String>,
    /// Project to act in (id or name); needs the operator right
    #[arg(long, global = true, env = "PERENNIAL_PROJECT")]
    pub project: Option<String>,
    /// Form of the answer
    #[arg(long, global = true, default_value = "text")]
    pub output: Output,
}

/// Form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people
    Text,
    /// One JSON object
    Json,
    /// A line for each row, with a head; only for tables
    Csv,
}

/// What to do with keys.
#[derive(Clone, Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a key; it is shown once
    Create {
        /// What the key is for
        #[arg(long)]
        kind: KeyKindArg,
        /// A permission such as `catalog:plans:read`; none means all of the project
        #[arg(long = "permission", value_name = "P")]
        permissions: Vec<String>,
        /// Name for people
        #[arg(long, default_value = "")]
        name: String,
    },
    /// List the keys
    List,
    /// Revoke a key at once
    Revoke {
        /// Id of the key
        id: String,
    },
}

/// Kinds of keys that can be made.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum KeyKindArg {
    /// gRPC, OpenMeter, RevenueCat
    Secret,
    /// ProfitWell without its event operation
    ProfitwellPrivate,
    /// The event operation of ProfitWell
    ProfitwellPublic,
    /// Probe
    Probe,
}

/// What to do with projects.
#[derive(Clone, Debug, Subcommand)]
pub enum ProjectCommand {
    /// Make a project (operator)
    Create {
        /// Its name
        name: String,
        /// The id that the RevenueCat dialect uses; generated when absent
        #[arg(long)]
        revenuecat_id: Option<String>,
    },
    /// List the projects (operator)
    List,
    /// Show the own project
    Show,
    /// Change the own project
    Set {
        /// Its name
        #[arg(long)]
        name: Option<String>,
        /// Currency of its revenue metrics, ISO 4217
        #[arg(long)]
        currency: Option<String>,
        /// Time zone of its revenue metrics, IANA name
        #[arg(long)]
        timezone: Option<String>,
    },
}

/// What to do with the test clock.
#[derive(Clone, Debug, Subcommand)]
pub enum ClockCommand {
    /// Show the project's time
    Show,
    /// Stop the clock at an instant
    Freeze {
        /// RFC 3339 time
        time: String,
    },
    /// Move a stopped clock forward; returns when everything that fell due has been done
    Advance {
        /// ISO 8601 duration, such as `P1M` or `PT1H`
        duration: String,
    },
    /// Return to system time
    Reset,
}

/// What to do with stored usage events.
#[derive(Clone, Debug, Subcommand)]
pub enum UsageCommand {
    /// Take events out of all usage, for ever; they stay listed with their state
    Void {
        /// What reported them
        source: String,
        /// Their ids within the source
        #[arg(required = true, num_args = 1..)]
        ids: Vec<String>,
        /// Why, for the audit log
        #[arg(long)]
        reason: String,
    },
    /// Void an event and store another that counts instead
    Replace {
        /// What reported it
        source: String,
        /// Its id within the source
        id: String,
        /// The new data, a JSON object; none when absent
        #[arg(long, value_name = "JSON")]
        data: Option<String>,
        /// The new subject; the old one when absent
        #[arg(long)]
        subject: Option<String>,
        /// The new type; the old one when absent
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<String>,
        /// The new RFC 3339 time; the old one when absent
        #[arg(long)]
        time: Option<String>,
        /// The id of the new event; the old one with a number behind it when absent
        #[arg(long, value_name = "ID")]
        new_id: Option<String>,
        /// Why, for the audit log
        #[arg(long)]
        reason: String,
    },
}

/// What of the revenue to show.
#[derive(Clone, Debug, Default, Args)]
pub struct RevenueArgs {
    /// First month; that of the first change when absent
    #[arg(long, value_name = "YYYY-MM")]
    pub first: Option<String>,
    /// Last month; the current one when absent
    #[arg(long, value_name = "YYYY-MM", conflicts_with = "days")]
    pub last: Option<String>,
    /// The days of this month instead of months
    #[arg(long, value_name = "YYYY-MM", conflicts_with = "first")]
    pub days: Option<String>,
    /// Only one product
    #[arg(long, value_name = "KEY")]
    pub product: Option<String>,
    /// A metric such as `growth_rate`, instead of MRR and its movements; may be given again. `all`: every one there is
    #[arg(long = "metric", value_name = "NAME")]
    pub metrics: Vec<String>,
}

/// What to do with exchange rates.
#[derive(Clone, Debug, Subcommand)]
pub enum RatesCommand {
    /// Set a rate: one FROM is RATE TO
    Set {
        /// ISO 4217 code
        from: String,
        /// ISO 4217 code
        to: String,
        /// Decimal number above zero
        rate: String,
        /// RFC 3339 time from which it holds; now when absent
        #[arg(long)]
        at: Option<String>,
    },
    /// Set many rates from a CSV file with the columns from, to, rate and, where it is not now, time
    Import {
        /// The file; `-` reads standard input
        file: PathBuf,
    },
    /// List the rates, newest first for each pair
    List,
}
