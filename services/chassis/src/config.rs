//! Configuration: defaults, then the file, then the environment, then flags; the later one
//! wins. Everything is checked at the start and all problems are reported at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use figment::{
    Figment,
    providers::{Format as _, Toml},
    value::Value,
};

use crate::{Db, secret::MasterKey};

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
        let mut problems = Vec::new();
        let mut values = BTreeMap::new();
        if let Some(path) = file {
            read_file(path, &mut values, &mut problems);
        }
        for (name, value) in environment {
            if let Some(key) = environment_key(&name) {
                values.insert(key, (value, name));
            }
        }
        for (key, value) in flags {
            let flag = format!("--{}", key.replace(['_', '.'], "-"));
            values.insert(key, (value, flag));
        }
        let mut reader = Reader { values, problems };
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
            services: reader.services(),
        };
        if config.dev && !config.http.ip().is_loopback() {
            reader.problems.push(format!(
                "dev: is refused because http {} is not a loopback address",
                config.http
            ));
        }
        reader.leftovers();
        if reader.problems.is_empty() {
            Ok(config)
        } else {
            Err(ConfigErrors(reader.problems))
        }
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

fn is_part(name: &str) -> bool {
    name == GATEWAY || SERVICES.contains(&name)
}

/// `PERENNIAL_BILLING_URL` → `billing.url`, `PERENNIAL_BILLING__X` → `billing.x`,
/// `PERENNIAL_HTTP` → `http`. Names that are no setting of the server are left alone.
fn environment_key(name: &str) -> Option<String> {
    let key = name.strip_prefix("PERENNIAL_")?.to_lowercase();
    if let Some((service, field)) = key.split_once("__")
        && is_part(service)
    {
        return Some(format!("{service}.{field}"));
    }
    if let Some((service, field)) = key.split_once('_')
        && is_part(service)
        && matches!(field, "url" | "database_url")
    {
        return Some(format!("{service}.{field}"));
    }
    PROCESS_KEYS.contains(&key.as_str()).then_some(key)
}

const PROCESS_KEYS: [&str; 14] = [
    "data_dir",
    "http",
    "grpc",
    "database_url",
    "master_key",
    "bootstrap_key",
    "dev",
    "allow_private_webhooks",
    "rate_limits",
    "ingest_log",
    "otlp_endpoint",
    "log",
    "log_format",
    "config",
];

fn read_file(
    path: &Path,
    values: &mut BTreeMap<String, (String, String)>,
    problems: &mut Vec<String>,
) {
    let source = path.display().to_string();
    if !path.is_file() {
        problems.push(format!("config: there is no file {source}"));
        return;
    }
    let parsed: Result<BTreeMap<String, Value>, _> =
        Figment::from(Toml::file_exact(path)).extract();
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(errors) => {
            problems.extend(errors.into_iter().map(|error| format!("{source}: {error}")));
            return;
        }
    };
    for (key, value) in parsed {
        if let Value::Dict(_, fields) = &value {
            for (field, value) in fields {
                insert(values, problems, format!("{key}.{field}"), value, &source);
            }
        } else {
            insert(values, problems, key, &value, &source);
        }
    }
}

fn insert(
    values: &mut BTreeMap<String, (String, String)>,
    problems: &mut Vec<String>,
    key: String,
    value: &Value,
    source: &str,
) {
    let text = value
        .as_str()
        .map(str::to_owned)
        .or_else(|| value.to_bool().map(|value| value.to_string()))
        .or_else(|| value.to_i128().map(|value| value.to_string()));
    match text {
        Some(text) => {
            values.insert(key, (text, source.to_owned()));
        }
        None => problems.push(format!(
            "{key} ({source}): must be a text, a number or a flag"
        )),
    }
}

/// Takes values out by name and collects what is wrong with them.
struct Reader {
    values: BTreeMap<String, (String, String)>,
    problems: Vec<String>,
}

impl Reader {
    fn text(&mut self, key: &str) -> Option<String> {
        self.values.remove(key).map(|(value, _)| value)
    }

    fn parse<T>(&mut self, key: &str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let (value, source) = self.values.remove(key)?;
        read(&value)
            .map_err(|problem| self.problems.push(format!("{key} ({source}): {problem}")))
            .ok()
    }

    fn flag(&mut self, key: &str, default: bool) -> bool {
        self.parse(key, |text| match text {
            "true" | "1" => Ok(true),
            "false" | "0" | "" => Ok(false),
            _ => Err("must be `true` or `false`".to_owned()),
        })
        .unwrap_or(default)
    }

    fn address(&mut self, key: &str, default: &str) -> SocketAddr {
        let read = |text: &str| {
            let text = text.replace("localhost", "127.0.0.1");
            text.parse()
                .map_err(|_| format!("`{text}` is not an address such as {default}"))
        };
        self.parse(key, read)
            .unwrap_or_else(|| default.parse().expect("defaults are addresses"))
    }

    fn database(&mut self, key: &str) -> Option<String> {
        self.parse(key, |text| {
            let known = ["sqlite:", "postgres://", "postgresql://"];
            if known.iter().any(|scheme| text.starts_with(scheme)) {
                Ok(text.to_owned())
            } else {
                Err("must start with sqlite: or postgres://".to_owned())
            }
        })
    }

    fn services(&mut self) -> BTreeMap<String, BTreeMap<String, String>> {
        let keys: BTreeSet<String> = self
            .values
            .keys()
            .filter(|key| key.split_once('.').is_some_and(|(part, _)| is_part(part)))
            .cloned()
            .collect();
        let mut services: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for key in keys {
            let value = if key.ends_with(".database_url") {
                self.database(&key)
            } else {
                self.text(&key)
            };
            if let (Some((service, field)), Some(value)) = (key.split_once('.'), value) {
                services
                    .entry(service.to_owned())
                    .or_default()
                    .insert(field.to_owned(), value);
            }
        }
        services
    }

    fn leftovers(&mut self) {
        self.values.remove("config");
        for (key, (_, source)) in std::mem::take(&mut self.values) {
            self.problems
                .push(format!("{key} ({source}): is not a setting"));
        }
    }
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
                ("PERENNIAL_BILLING__TICK", "5"),
                ("PERENNIAL_DATABASE_URL", "postgres://a/a"),
            ],
            &[],
        )
        .unwrap();
        assert_eq!(config.address("billing"), Some("billing:50051"));
        assert_eq!(config.service("billing").database_url, "postgres://b/b");
        assert_eq!(config.service("billing").setting("tick"), Some("5"));
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
