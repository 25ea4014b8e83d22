//! Where the log is and how it is kept: `--ingest-log`, and settings of the metering service. What
//! opens it is taken out of the address at once, so that no address that is ever shown has it.

use std::{path::PathBuf, time::Duration};

use async_nats::{ConnectOptions, ServerAddr};
use chassis::{
    BuildError,
    config::{Secret, ServiceConfig},
};
use percent_encoding::percent_decode_str;

/// The stream when none is named.
const STREAM: &str = "PERENNIAL_USAGE";
/// What the log holds when nothing is said, in bytes.
const MAX_BYTES: i64 = 1 << 30;
/// How long a connection may be silent before it is asked whether it lives.
const PING: Duration = Duration::from_secs(5);
/// Longest pause between two attempts to connect.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// How the log is reached and kept.
#[derive(Clone, Debug)]
pub struct Settings {
    servers: Vec<ServerAddr>,
    login: Login,
    certificates: Option<PathBuf>,
    /// Name of the stream.
    pub stream: String,
    /// What the log holds at most, in bytes; more is refused.
    pub max_bytes: i64,
    /// On how many servers of a cluster the log is kept.
    pub replicas: u8,
}

#[derive(Clone, Debug)]
enum Login {
    None,
    Token(Secret),
    Password(String, Secret),
    Credentials(Secret),
}

impl Settings {
    /// The settings of the service; none where it takes events in directly.
    pub fn read(config: &ServiceConfig) -> Result<Option<Self>, BuildError> {
        let Some(address) = &config.ingest_log else {
            return Ok(None);
        };
        let wrong = |text: String| BuildError::Setting(text);
        let (mut servers, mut login) = (Vec::new(), Login::None);
        for address in address.0.split(',') {
            let given: ServerAddr = address.trim().parse().map_err(|_| {
                wrong("ingest_log: is not an address such as nats://127.0.0.1:4222".into())
            })?;
            let host = match given.host() {
                "" => return Err(wrong("ingest_log: has no host".into())),
                host if host.contains(':') => format!("[{host}]"),
                host => host.to_owned(),
            };
            let bare = format!("{}://{host}:{}", given.scheme(), given.port());
            servers.push(
                bare.parse()
                    .map_err(|_| wrong("ingest_log: has a host that cannot be read".into()))?,
            );
            login = match (given.username(), given.password()) {
                (Some(user), Some(password)) => {
                    Login::Password(decoded(user), Secret(decoded(password)))
                }
                (Some(token), None) => Login::Token(Secret(decoded(token))),
                (None, _) => login,
            };
        }
        if let Some(file) = config.setting("ingest_log_credentials") {
            let text = std::fs::read_to_string(file).map_err(|error| {
                wrong(format!("metering.ingest_log_credentials: {file}: {error}"))
            })?;
            login = Login::Credentials(Secret(text));
        }
        let settings = Self {
            servers,
            login,
            certificates: config.setting("ingest_log_certificates").map(PathBuf::from),
            stream: config
                .setting("ingest_log_stream")
                .unwrap_or(STREAM)
                .to_owned(),
            max_bytes: number(config, "ingest_log_max_bytes", MAX_BYTES)?,
            replicas: number(config, "ingest_log_replicas", 1)?,
        };
        let plain = |text: &str| {
            text.chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-')
        };
        if settings.stream.is_empty() || !plain(&settings.stream) {
            return Err(wrong(
                "metering.ingest_log_stream: must be letters, digits, `_` and `-`".into(),
            ));
        }
        if settings.max_bytes < 1 << 20 {
            return Err(wrong(
                "metering.ingest_log_max_bytes: must be at least 1048576".into(),
            ));
        }
        settings.options()?;
        Ok(Some(settings))
    }

    /// How to connect.
    pub fn options(&self) -> Result<ConnectOptions, BuildError> {
        let options = ConnectOptions::new()
            .name("perennial-metering")
            .retry_on_initial_connect()
            .ping_interval(PING)
            .reconnect_delay_callback(|attempt| {
                let exponent = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
                Duration::from_millis(50)
                    .saturating_mul(2_u32.saturating_pow(exponent.min(10)))
                    .min(PAUSE_MAX)
            });
        let options = match &self.certificates {
            Some(file) => options.add_root_certificates(file.clone()),
            None => options,
        };
        Ok(match &self.login {
            Login::None => options,
            Login::Token(token) => options.token(token.0.clone()),
            Login::Password(user, password) => {
                options.user_and_password(user.clone(), password.0.clone())
            }
            // The cause may hold what it is about.
            Login::Credentials(text) => options.credentials(&text.0).map_err(|_| {
                BuildError::Setting(
                    "metering.ingest_log_credentials: is no credentials file".into(),
                )
            })?,
        })
    }

    /// The servers, without what opens them.
    pub fn servers(&self) -> &[ServerAddr] {
        &self.servers
    }

    /// The servers for people.
    pub fn places(&self) -> String {
        let places: Vec<String> = self
            .servers
            .iter()
            .map(|server| format!("{}:{}", server.host(), server.port()))
            .collect();
        places.join(", ")
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn number<N: std::str::FromStr>(
    config: &ServiceConfig,
    name: &str,
    default: N,
) -> Result<N, BuildError> {
    config.setting(name).map_or(Ok(default), |text| {
        text.parse()
            .map_err(|_| BuildError::Setting(format!("metering.{name}: `{text}` is not a number")))
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn config(address: &str) -> ServiceConfig {
        let mut config = ServiceConfig::on("sqlite:x");
        config.ingest_log = Some(Secret(address.to_owned()));
        config
    }

    #[test]
    fn no_address_is_no_log() {
        assert!(
            Settings::read(&ServiceConfig::on("sqlite:x"))
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn what_opens_the_log_is_nowhere_to_be_seen() {
        let settings = Settings::read(&config("nats://me:s%40cret@a.example,tls://[::1]:99"))
            .unwrap()
            .unwrap();
        assert_eq!(settings.places(), "a.example:4222, ::1:99");
        let Login::Password(user, password) = &settings.login else {
            panic!("{settings:?}")
        };
        assert_eq!((user.as_str(), password.0.as_str()), ("me", "s@cret"));
        let shown = format!("{settings:?}");
        assert!(
            !shown.contains("s@cret") && !shown.contains("40cret"),
            "{shown}"
        );
        let token = Settings::read(&config("nats://topsecret@a"))
            .unwrap()
            .unwrap();
        assert!(matches!(&token.login, Login::Token(token) if token.0 == "topsecret"));
        assert!(!format!("{token:?}").contains("topsecret"), "{token:?}");
    }

    #[test]
    fn wrong_settings_are_named_and_not_repeated() {
        for address in ["nats://u:topsecret@", "nats://u:topsecret@a:99999"] {
            let error = Settings::read(&config(address)).unwrap_err().to_string();
            assert!(error.starts_with("ingest_log: "), "{error}");
            assert!(!error.contains("topsecret"), "{error}");
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("user.creds");
        std::fs::write(&file, "topsecret").unwrap();
        for (name, value) in [
            ("ingest_log_stream", "a.b"),
            ("ingest_log_max_bytes", "10"),
            ("ingest_log_max_bytes", "much"),
            ("ingest_log_replicas", "-1"),
            ("ingest_log_credentials", "/nowhere"),
            ("ingest_log_credentials", file.to_str().unwrap()),
        ] {
            let config = config("nats://a").with_setting(name, value);
            let error = Settings::read(&config).unwrap_err().to_string();
            assert!(error.starts_with(&format!("metering.{name}: ")), "{error}");
            assert!(!error.contains("topsecret"), "{error}");
        }
    }
}
