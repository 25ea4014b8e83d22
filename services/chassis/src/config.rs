//! Configuration: defaults, then the file, then the environment, then flags; the later one
//! wins. Everything is checked at the start and all problems are reported at once.

mod names;
mod read;

use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use crate::{
    Db,
    config::read::Reader,
    secret::MasterKey,
    tls::{LinkFiles, ListenerFiles, Port},
};

/// The services in dependency order: each may call only those before it.
pub const SERVICES: [&str; 7] = [
    "customer",
    "metering",
    "catalog",
    "entitlement",
    "billing",
    "subscription",
    "notification",
];
/// The REST gateway, which is started like a service.
pub const GATEWAY: &str = "gateway";

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(secret)")
    }
}

/// Settings of the process.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folder of the SQLite files and of `bootstrap.json`. Default `./perennial-data`.
    pub data_dir: PathBuf,
    /// Address of the REST gateway and of health and metrics. Default `127.0.0.1:8888`.
    pub http: SocketAddr,
    /// Address of gRPC. Default `127.0.0.1:50051`.
    pub grpc: SocketAddr,
    /// PostgreSQL for all services, one schema each; SQLite files when absent.
    pub database_url: Option<Secret>,
    /// Root of all secrets; made and kept in the data folder when absent in the all-in-one.
    pub master_key: Option<MasterKey>,
    /// First API key; generated when absent.
    pub bootstrap_key: Option<Secret>,
    /// Whether OpenMeter calls without a credential act as project `default`.
    pub dev: bool,
    /// Whether webhook targets on loopback and private addresses are accepted.
    pub allow_private_webhooks: bool,
    /// Whether the rate limits that two dialects document are enforced. Default true.
    pub rate_limits: bool,
    /// Message log that takes usage events in before the database; none when absent.
    pub ingest_log: Option<Secret>,
    /// Where traces are sent; nowhere when absent.
    pub otlp_endpoint: Option<String>,
    /// Log filter. Default `info`.
    pub log: String,
    /// Whether log lines are JSON. Default false.
    pub log_json: bool,
    /// TLS of the gRPC port: `grpc_tls_certificate`, `grpc_tls_key`, `grpc_tls_client_authorities`. Plain when absent.
    pub grpc_tls: Option<ListenerFiles>,
    /// The same for the HTTP port, `http_tls_…`.
    pub http_tls: Option<ListenerFiles>,
    /// What links to `https://` addresses trust and show: `link_tls_authorities`, `link_tls_certificate`, `link_tls_key`.
    pub link_tls: Option<LinkFiles>,
    /// Settings by service.
    services: BTreeMap<String, BTreeMap<String, String>>,
}

/// Settings of one service.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    /// Its database: `sqlite:…` or `postgres://…`.
    pub database_url: String,
    /// First API key, for the customer service.
    pub bootstrap_key: Option<Secret>,
    /// Whether webhook targets on loopback and private addresses are accepted.
    pub allow_private_webhooks: bool,
    /// Whether documented rate limits are enforced.
    pub rate_limits: bool,
    /// Message log that takes usage events in before the database, for the metering service.
    pub ingest_log: Option<Secret>,
    settings: BTreeMap<String, String>,
}

impl ServiceConfig {
    /// A service on a database, all other settings at their defaults.
    pub fn on(database_url: impl Into<String>) -> Self {
        Self {
            database_url: database_url.into(),
            bootstrap_key: None,
            allow_private_webhooks: false,
            rate_limits: true,
            ingest_log: None,
            settings: BTreeMap::new(),
        }
    }

    /// The same with a setting of the service's own.
    pub fn with_setting(mut self, name: &str, value: impl Into<String>) -> Self {
        self.settings.insert(name.to_owned(), value.into());
        self
    }

    /// A setting of the service's own, given as `PERENNIAL_<SERVICE>__<NAME>`.
    pub fn setting(&self, name: &str) -> Option<&str> {
        // One that is in no list could never be given: it would be refused.
        debug_assert!(names::is_some_parts_own(name), "`{name}` is not listed");
        self.settings.get(name).map(String::as_str)
    }
}

/// Everything that is wrong with the settings.
#[derive(Debug, thiserror::Error)]
#[error("the settings cannot be used:\n{}", .0.iter().map(|p| format!("  - {p}")).collect::<Vec<_>>().join("\n"))]
pub struct ConfigErrors(pub Vec<String>);

impl Config {
    /// Reads the settings. `flags` and the file use names such as `data_dir` and
    /// `billing.url`; the environment `PERENNIAL_DATA_DIR` and `PERENNIAL_BILLING_URL`.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: BTreeMap<String, String>,
    ) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(file, environment, flags);
        let services = reader.services();
        let config = Self {
            data_dir: PathBuf::from(
                reader
                    .text("data_dir")
                    .unwrap_or_else(|| "./perennial-data".into()),
            ),
            http: reader.address("http", "127.0.0.1:8888"),
            grpc: reader.address("grpc", "127.0.0.1:50051"),
            database_url: reader.database("database_url").map(Secret),
            master_key: reader.parse("master_key", |text| {
                MasterKey::parse(text).map_err(|error| error.to_string())
            }),
            bootstrap_key: reader.parse("bootstrap_key", |text| {
                if text.len() < 16 {
                    return Err("must have at least 16 characters".to_owned());
                }
                Ok(Secret(text.to_owned()))
            }),
            dev: reader.flag("dev", false),
            allow_private_webhooks: reader.flag("allow_private_webhooks", false),
            rate_limits: reader
                .parse("rate_limits", |text| match text {
                    "documented" => Ok(true),
                    "off" => Ok(false),
                    _ => Err("must be `documented` or `off`".to_owned()),
                })
                .unwrap_or(true),
            ingest_log: reader.parse("ingest_log", |text| {
                // Never with the text itself: it may hold a password.
                if text.split(',').all(is_log_address) {
                    Ok(Secret(text.to_owned()))
                } else {
                    Err("must be nats://HOST:PORT or tls://HOST:PORT; several are separated by commas".to_owned())
                }
            }),
            otlp_endpoint: reader.text("otlp_endpoint"),
            log: reader
                .text("log")
                .unwrap_or_else(|| "info,sqlx=warn,sea_orm=warn,h2=warn,async_nats=error".into()),
            log_json: reader
                .parse("log_format", |text| match text {
                    "text" => Ok(false),
                    "json" => Ok(true),
                    _ => Err("must be `text` or `json`".to_owned()),
                })
                .unwrap_or(false),
            grpc_tls: reader.listener_tls(Port::Grpc),
            http_tls: reader.listener_tls(Port::Http),
            link_tls: reader.link_tls(&services),
            services,
        };
        if config.dev && !config.http.ip().is_loopback() {
            reader.complain(format!(
                "dev: is refused because http {} is not a loopback address",
                config.http
            ));
        }
        reader.finish()?;
        Ok(config)
    }

    /// The settings of one service.
    pub fn service(&self, name: &str) -> ServiceConfig {
        let mut settings = self.services.get(name).cloned().unwrap_or_default();
        settings.remove("url");
        let database_url = settings
            .remove("database_url")
            .or_else(|| self.database_url.clone().map(|url| url.0))
            .unwrap_or_else(|| Db::sqlite_url(&self.data_dir, name));
        ServiceConfig {
            database_url,
            bootstrap_key: self.bootstrap_key.clone(),
            allow_private_webhooks: self.allow_private_webhooks,
            rate_limits: self.rate_limits,
            ingest_log: self.ingest_log.clone(),
            settings,
        }
    }

    /// The address at which another process serves a service.
    pub fn address(&self, service: &str) -> Option<&str> {
        self.services.get(service)?.get("url").map(String::as_str)
    }
}

fn is_log_address(text: &str) -> bool {
    ["nats://", "tls://"]
        .into_iter()
        .filter_map(|scheme| text.trim().strip_prefix(scheme))
        .any(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn load(environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Config::load(
            None,
            environment.iter().map(own).collect::<Vec<_>>(),
            flags.iter().map(own).collect(),
        )
    }

    #[test]
    fn flags_win_over_the_environment() {
        let config = load(
            &[
                ("PERENNIAL_HTTP", "127.0.0.1:1"),
                ("PERENNIAL_GRPC", "127.0.0.1:2"),
                ("PERENNIAL_KEY", "not a server setting"),
            ],
            &[("http", "127.0.0.1:3")],
        )
        .unwrap();
        assert_eq!(config.http.port(), 3);
        assert_eq!(config.grpc.port(), 2);
    }

    #[test]
    fn a_service_has_its_own_address_database_and_settings() {
        let config = load(
            &[
                ("PERENNIAL_BILLING_URL", "billing:50051"),
                ("PERENNIAL_BILLING_DATABASE_URL", "postgres://b/b"),
                ("PERENNIAL_BILLING__STRIPE_TIMEOUT_MS", "5"),
                ("PERENNIAL_DATABASE_URL", "postgres://a/a"),
            ],
            &[],
        )
        .unwrap();
        assert_eq!(config.address("billing"), Some("billing:50051"));
        assert_eq!(config.service("billing").database_url, "postgres://b/b");
        let billing = config.service("billing");
        assert_eq!(billing.setting("stripe_timeout_ms"), Some("5"));
        assert_eq!(config.service("catalog").database_url, "postgres://a/a");
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let ConfigErrors(problems) = load(
            &[("PERENNIAL_HTTP", "nowhere"), ("PERENNIAL_MASTER_KEY", "x")],
            &[("rate_limits", "sometimes"), ("database_url", "mysql://x")],
        )
        .unwrap_err();
        assert_eq!(problems.len(), 4, "{problems:?}");
        assert!(problems.iter().any(|p| p.contains("PERENNIAL_HTTP")));
        assert!(problems.iter().any(|p| p.contains("--rate-limits")));
    }

    #[test]
    fn a_setting_that_is_none_is_refused_with_all_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("perennial.toml");
        let text = "htpp = \"127.0.0.1:1\"\n[billing]\ntick = 5\n[biling]\npublic_url = \"http://x\"\n[gateway]\nurl = \"x\"\n";
        std::fs::write(&file, text).unwrap();
        let environment = [
            ("PERENNIAL_METERING__INGEST_LOG_STRAEM", "x"),
            ("PERENNIAL_BILING__PUBLIC_URL", "http://x"),
            ("PERENNIAL_DATABSE_URL", "postgres://x"),
            ("PERENNIAL_RATE_LIMITS", "sometimes"),
            ("PERENNIAL_CUSTOMER_SERVICE_HOST", "10.0.0.1"),
            ("PERENNIAL_CUSTOMER_PORT", "tcp://10.0.0.1:50051"),
            ("PERENNIAL_CUSTOMER_PORT_50051_TCP", "tcp://10.0.0.1:50051"),
            ("PERENNIAL_KEY", "of the command line"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let ConfigErrors(mut problems) =
            Config::load(Some(&file), environment, BTreeMap::new()).unwrap_err();
        problems.sort();
        let file = file.display();
        let mut expected = vec![
            "PERENNIAL_DATABSE_URL: is not a setting; is PERENNIAL_DATABASE_URL meant?".to_owned(),
            "biling.public_url (PERENNIAL_BILING__PUBLIC_URL): is not a setting; is `billing.public_url` meant?".to_owned(),
            format!("billing.tick ({file}): is not a setting"),
            format!("gateway.url ({file}): is not a setting"),
            format!("htpp ({file}): is not a setting; is `http` meant?"),
            "metering.ingest_log_straem (PERENNIAL_METERING__INGEST_LOG_STRAEM): is not a setting; is `metering.ingest_log_stream` meant?".to_owned(),
            "rate_limits (PERENNIAL_RATE_LIMITS): must be `documented` or `off`".to_owned(),
        ];
        expected.sort();
        assert_eq!(problems, expected);
    }

    #[test]
    fn tls_is_refused_where_a_part_of_it_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let some = folder.path().join("some.pem");
        std::fs::write(&some, "nothing in PEM").unwrap();
        let some = some.to_str().unwrap();
        let ConfigErrors(problems) = load(
            &[
                ("PERENNIAL_GRPC_TLS_CERTIFICATE", some),
                ("PERENNIAL_HTTP_TLS_CLIENT_AUTHORITIES", some),
                ("PERENNIAL_LINK_TLS_KEY", "/nowhere/key.pem"),
                ("PERENNIAL_BILLING_URL", "https://billing:50051"),
                ("PERENNIAL_CATALOG_URL", "catalog:50051"),
            ],
            &[],
        )
        .unwrap_err();
        for expected in [
            "grpc_tls_certificate: needs grpc_tls_key as well",
            "http_tls_client_authorities: needs http_tls_certificate as well",
            "http_tls_client_authorities: needs http_tls_key as well",
            "link_tls_key: needs link_tls_authorities as well",
            "link_tls_key: needs link_tls_certificate as well",
            "link_tls_key (PERENNIAL_LINK_TLS_KEY): `/nowhere/key.pem` cannot be read",
            "billing.url: `https://billing:50051` needs link_tls_authorities",
        ] {
            let named = problems.iter().any(|problem| problem.starts_with(expected));
            assert!(named, "{expected}: {problems:#?}");
        }
        assert_eq!(problems.len(), 7, "{problems:#?}");
    }

    #[test]
    fn tls_is_refused_where_it_would_not_be_used_or_holds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let some = folder.path().join("some.pem");
        std::fs::write(&some, "nothing in PEM").unwrap();
        let some = some.to_str().unwrap();
        let ConfigErrors(problems) = load(
            &[
                ("PERENNIAL_HTTP_TLS_CERTIFICATE", some),
                ("PERENNIAL_HTTP_TLS_KEY", some),
                ("PERENNIAL_LINK_TLS_AUTHORITIES", some),
                ("PERENNIAL_BILLING_URL", "billing:50051"),
            ],
            &[],
        )
        .unwrap_err();
        let expected = [
            format!("http_tls_certificate: {some} holds no certificate in PEM"),
            "link_tls_authorities: no address of a service begins with https://".to_owned(),
            format!("link_tls_authorities: {some} holds no certificate in PEM"),
        ];
        assert_eq!(problems, expected);
    }

    #[test]
    fn an_ingest_log_is_an_address_and_never_shown() {
        let config = load(
            &[("PERENNIAL_INGEST_LOG", "nats://u:hunter2@a:1,tls://b")],
            &[],
        )
        .unwrap();
        assert!(config.service("metering").ingest_log.is_some());
        assert!(!format!("{config:?}").contains("hunter2"));
        for wrong in ["http://u:hunter2@a", "nats://", "nats://a,u:hunter2@b", ""] {
            let error = load(&[], &[("ingest_log", wrong)]).unwrap_err().to_string();
            assert!(
                error.contains("--ingest-log") && !error.contains("hunter2"),
                "{error}"
            );
        }
    }

    #[test]
    fn dev_needs_a_loopback_address() {
        assert!(load(&[], &[("dev", "true"), ("http", "0.0.0.0:80")]).is_err());
        assert!(load(&[], &[("dev", "true")]).is_ok());
    }
}
