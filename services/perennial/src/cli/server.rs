//! Settings of servers.

use std::{collections::BTreeMap, path::PathBuf};

use chassis::config::{GATEWAY, SERVICES};
use clap::Args;

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
    /// PEM files of TLS.
    #[command(flatten)]
    pub tls: TlsArgs,
    /// Settings of single services.
    #[command(flatten)]
    pub services: ServiceArgs,
}

/// PEM files of TLS: certificates behind which those that lead to an authority may follow, keys, and authorities. Files that are
/// replaced while the process runs are taken in without a restart.
#[derive(Clone, Debug, Default, Args)]
pub struct TlsArgs {
    /// Certificate of the gRPC address; plain without it [env: PERENNIAL_GRPC_TLS_CERTIFICATE]
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub grpc_tls_certificate: Option<String>,
    /// Its private key [env: PERENNIAL_GRPC_TLS_KEY]
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub grpc_tls_key: Option<String>,
    /// Authorities of which each gRPC caller has to show a certificate [env: PERENNIAL_GRPC_TLS_CLIENT_AUTHORITIES]
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub grpc_tls_client_authorities: Option<String>,
    /// Certificate of the HTTP address, with health and metrics; plain without it [env: PERENNIAL_HTTP_TLS_CERTIFICATE]
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub http_tls_certificate: Option<String>,
    /// Its private key [env: PERENNIAL_HTTP_TLS_KEY]
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub http_tls_key: Option<String>,
    /// Authorities of which each HTTP caller has to show a certificate [env: PERENNIAL_HTTP_TLS_CLIENT_AUTHORITIES]
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub http_tls_client_authorities: Option<String>,
    /// Authorities that are trusted at https:// addresses of other services [env: PERENNIAL_LINK_TLS_AUTHORITIES]
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub link_tls_authorities: Option<String>,
    /// Certificate that is shown to other services [env: PERENNIAL_LINK_TLS_CERTIFICATE]
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub link_tls_certificate: Option<String>,
    /// Its private key [env: PERENNIAL_LINK_TLS_KEY]
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub link_tls_key: Option<String>,
}

impl TlsArgs {
    fn given(&self) -> impl Iterator<Item = (&'static str, &Option<String>)> {
        [
            ("grpc_tls_certificate", &self.grpc_tls_certificate),
            ("grpc_tls_key", &self.grpc_tls_key),
            (
                "grpc_tls_client_authorities",
                &self.grpc_tls_client_authorities,
            ),
            ("http_tls_certificate", &self.http_tls_certificate),
            ("http_tls_key", &self.http_tls_key),
            (
                "http_tls_client_authorities",
                &self.http_tls_client_authorities,
            ),
            ("link_tls_authorities", &self.link_tls_authorities),
            ("link_tls_certificate", &self.link_tls_certificate),
            ("link_tls_key", &self.link_tls_key),
        ]
        .into_iter()
    }
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
                    format!("Address of the {service} service, when it runs elsewhere; several are separated by commas, `dns:///` looks up all of a name [env: PERENNIAL_{upper}_URL]"),
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
            .chain(self.tls.given())
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
