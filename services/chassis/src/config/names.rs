//! The names of all settings. One that is in no list here is refused wherever it is given: a misspelled setting must not
//! leave a default in force unnoticed.

use super::{GATEWAY, SERVICES};

/// What the variables of the environment that are settings begin with.
const PREFIX: &str = "PERENNIAL_";

/// Settings of the process.
const PROCESS: &[&str] = &[
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
    "grpc_tls_certificate",
    "grpc_tls_key",
    "grpc_tls_client_authorities",
    "http_tls_certificate",
    "http_tls_key",
    "http_tls_client_authorities",
    "link_tls_authorities",
    "link_tls_certificate",
    "link_tls_key",
];

/// Where a service is and where it keeps things: settings that a variable may name with one underscore as well.
const PLACES: &[&str] = &["url", "database_url"];

/// Other settings of every service.
const COMMON: &[&str] = &["concurrent_calls", "database_connections"];

/// Settings that one part has of its own.
const OWN: &[(&str, &[&str])] = &[
    ("customer", &["rates_file"]),
    (
        "metering",
        &[
            "ingest_log_stream",
            "ingest_log_max_bytes",
            "ingest_log_replicas",
            "ingest_log_credentials",
            "ingest_log_certificates",
        ],
    ),
    (
        "billing",
        &[
            "public_url",
            "stripe_api_base",
            "stripe_timeout_ms",
            "stripe_retry_pause_ms",
            "stripe_connect_base",
            "stripe_connect_client_id",
            "stripe_connect_client_secret",
            "stripe_connect_redirect_url",
        ],
    ),
    ("subscription", &["multi_subscription", "revenue_metrics"]),
    (
        "notification",
        &[
            "retry_waits",
            "attempt_timeout",
            "deliveries_max",
            "channel_deliveries_max",
            "disable_after",
            "event_retention",
        ],
    ),
    (
        GATEWAY,
        &[
            "trusted_proxies",
            "limit_profitwell_base",
            "limit_profitwell_plans",
            "limit_profitwell_metrics",
            "limit_profitwell_exclude",
            "limit_profitwell_anonymize",
            "limit_profitwell_traits",
            "limit_revenuecat_customer_information",
            "limit_revenuecat_project_configuration",
            "limit_revenuecat_charts_metrics",
        ],
    ),
];

fn own(part: &str) -> impl Iterator<Item = &'static str> {
    let lists = OWN.iter().filter(move |(name, _)| *name == part);
    lists.flat_map(|(_, names)| names.iter().copied())
}

/// The settings of a part; none of what is no part.
fn of(part: &str) -> impl Iterator<Item = &'static str> {
    let service = SERVICES.contains(&part);
    let everywhere = PLACES.iter().chain(COMMON).filter(move |_| service);
    everywhere.copied().chain(own(part))
}

/// Whether a part has a setting of this name.
pub fn is_of(part: &str, name: &str) -> bool {
    of(part).any(|known| known == name)
}

/// Whether a part may ask for a setting of this name.
pub fn is_some_parts_own(name: &str) -> bool {
    let own = OWN.iter().flat_map(|(_, names)| names.iter());
    COMMON.iter().chain(own).any(|known| *known == name)
}

/// The names of all settings, as a file has them: `http`, `billing.public_url`.
fn all() -> impl Iterator<Item = String> {
    let parts = SERVICES.into_iter().chain([GATEWAY]);
    let theirs = parts.flat_map(|part| of(part).map(move |name| format!("{part}.{name}")));
    PROCESS.iter().map(|name| (*name).to_owned()).chain(theirs)
}

/// The variable of a setting.
fn variable(setting: &str) -> String {
    let (part, name) = setting.split_once('.').unwrap_or(("", setting));
    let separator = match part {
        "" => "",
        _ if PLACES.contains(&name) => "_",
        _ => "__",
    };
    format!("{PREFIX}{part}{separator}{name}").to_uppercase()
}

/// What a variable of the environment is to a server.
#[derive(Debug, PartialEq, Eq)]
pub enum Variable {
    /// A setting, or what claims to be one.
    Setting(String),
    /// No setting, but so close to the one whose variable is named here that it has to be meant.
    Misspelled(String),
    /// Somebody else's: the command line's, a tool's, or one of those that Kubernetes makes for each Service, such as
    /// `PERENNIAL_CUSTOMER_SERVICE_HOST`.
    Foreign,
}

impl Variable {
    /// `PERENNIAL_BILLING_URL` is `billing.url`, `PERENNIAL_BILLING__X` is `billing.x`, `PERENNIAL_HTTP` is `http`. Two
    /// underscores are always meant for a part.
    pub fn of(variable_name: &str) -> Self {
        let Some(key) = variable_name.strip_prefix(PREFIX) else {
            return Self::Foreign;
        };
        let key = key.to_lowercase();
        if let Some((part, name)) = key.split_once("__") {
            return Self::Setting(format!("{part}.{name}"));
        }
        if let Some((part, name)) = key.split_once('_')
            && SERVICES.contains(&part)
            && PLACES.contains(&name)
        {
            return Self::Setting(format!("{part}.{name}"));
        }
        if PROCESS.contains(&key.as_str()) {
            return Self::Setting(key);
        }
        nearest(variable_name, all().map(|setting| variable(&setting)))
            .map_or(Self::Foreign, Self::Misspelled)
    }
}

/// The setting that was probably meant by a name that is none.
pub fn meant(setting: &str) -> Option<String> {
    nearest(setting, all())
}

/// The candidate that differs in the fewest letters, if those are few.
fn nearest(name: &str, candidates: impl Iterator<Item = String>) -> Option<String> {
    // A short word is close to many.
    let length = name.trim_start_matches(PREFIX).len();
    let most = if length < 6 { 1 } else { 2 };
    candidates
        .map(|candidate| (distance(name, &candidate), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters have to be put in, taken out or replaced to make one text of the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, letter) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_differ_are_counted() {
        for (from, to, expected) in [
            ("", "", 0),
            ("http", "http", 0),
            ("", "log", 3),
            ("databse", "database", 1),
            ("databasee", "database", 1),
            ("htpp", "http", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(from, to), expected, "{from} {to}");
            assert_eq!(distance(to, from), expected, "{to} {from}");
        }
    }

    #[test]
    fn every_setting_has_a_variable_that_is_read_as_it() {
        for setting in all() {
            let read = Variable::of(&variable(&setting));
            assert_eq!(read, Variable::Setting(setting));
        }
    }

    #[test]
    fn what_kubernetes_and_others_set_is_left_alone() {
        let mut foreign: Vec<String> = [
            "PATH",
            "PERENNIAL_KEY",
            "PERENNIAL_ADDRESS",
            "PERENNIAL_PROJECT",
            "PERENNIAL_PROFILE",
            "PERENNIAL_PROFILES",
            "PERENNIAL_TEST_DATABASE_URL",
            "PERENNIAL_BINARY",
            "PERENNIAL_IMAGE",
        ]
        .map(str::to_owned)
        .to_vec();
        let parts = SERVICES.into_iter().chain([GATEWAY]);
        for service in parts.map(|part| format!("_{part}")).chain([String::new()]) {
            for rest in [
                "SERVICE_HOST",
                "SERVICE_PORT",
                "SERVICE_PORT_GRPC",
                "SERVICE_PORT_HTTP",
                "PORT",
                "PORT_50051_TCP",
                "PORT_50051_TCP_PROTO",
                "PORT_50051_TCP_PORT",
                "PORT_50051_TCP_ADDR",
            ] {
                foreign.push(format!("PERENNIAL{}_{rest}", service.to_uppercase()));
            }
        }
        for name in foreign {
            assert_eq!(Variable::of(&name), Variable::Foreign, "{name}");
        }
    }

    #[test]
    fn a_variable_that_is_nearly_a_setting_is_not_left_alone() {
        for (name, meant) in [
            ("PERENNIAL_DATABSE_URL", "PERENNIAL_DATABASE_URL"),
            ("PERENNIAL_MASTERKEY", "PERENNIAL_MASTER_KEY"),
            ("PERENNIAL_HTPP", "PERENNIAL_HTTP"),
            ("PERENNIAL_BILING_URL", "PERENNIAL_BILLING_URL"),
            (
                "PERENNIAL_BILLING_PUBLIC_URL",
                "PERENNIAL_BILLING__PUBLIC_URL",
            ),
        ] {
            let expected = Variable::Misspelled(meant.to_owned());
            assert_eq!(Variable::of(name), expected, "{name}");
        }
    }
}
