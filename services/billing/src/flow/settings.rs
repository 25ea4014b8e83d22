//! Settings of the service, given as `PERENNIAL_BILLING__<NAME>`.

use std::time::Duration;

use chassis::config::ServiceConfig;

/// Settings of billing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where Stripe's API is. `STRIPE_API_BASE`, default `https://api.stripe.com`.
    pub stripe_api_base: String,
    /// How long one call to Stripe may take. `STRIPE_TIMEOUT_MS`, default 20,000.
    pub stripe_timeout: Duration,
    /// Wait before a call to Stripe that failed is sent again; it doubles.
    /// `STRIPE_RETRY_PAUSE_MS`, default 300.
    pub stripe_pause: Duration,
    /// Where the outside world reaches the gateway: webhooks are registered below it.
    /// `PUBLIC_URL`, default `http://localhost:8888`.
    pub public_url: String,
    /// Stripe Connect, for installations by OAuth2. Absent: there are none.
    pub connect: Option<Connect>,
}

/// Settings of Stripe Connect. All three of `STRIPE_CONNECT_CLIENT_ID`,
/// `STRIPE_CONNECT_CLIENT_SECRET` and `STRIPE_CONNECT_REDIRECT_URL` make it configured.
#[derive(Clone, PartialEq, Eq)]
pub struct Connect {
    /// Where consent is given. `STRIPE_CONNECT_BASE`, default `https://connect.stripe.com`.
    pub base: String,
    /// The platform's client id: `ca_…`.
    pub client_id: String,
    /// The platform's secret key.
    pub client_secret: String,
    /// Where a person is sent after the installation.
    pub redirect_url: String,
}

impl std::fmt::Debug for Connect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connect")
            .field("base", &self.base)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// Reads the settings; the error is what is wrong, in words.
    pub fn read(config: &ServiceConfig) -> Result<Self, String> {
        let address = |name: &str, default: &str| {
            let text = config.setting(name).unwrap_or(default);
            match url::Url::parse(text) {
                Ok(url) if matches!(url.scheme(), "http" | "https") => {
                    Ok(text.trim_end_matches('/').to_owned())
                }
                Ok(_) | Err(_) => Err(format!("billing.{name}: `{text}` is not an http address")),
            }
        };
        let milliseconds = |name: &str, default: &str| {
            let text = config.setting(name).unwrap_or(default);
            text.parse()
                .ok()
                .filter(|milliseconds| (1..=600_000).contains(milliseconds))
                .map(Duration::from_millis)
                .ok_or_else(|| format!("billing.{name}: `{text}` is not 1 to 600000"))
        };
        let connect = match (
            config.setting("stripe_connect_client_id"),
            config.setting("stripe_connect_client_secret"),
            config.setting("stripe_connect_redirect_url"),
        ) {
            (Some(client_id), Some(client_secret), Some(_)) => Some(Connect {
                base: address("stripe_connect_base", "https://connect.stripe.com")?,
                client_id: client_id.to_owned(),
                client_secret: client_secret.to_owned(),
                redirect_url: address("stripe_connect_redirect_url", "")?,
            }),
            (None, None, None) => None,
            (_, _, _) => {
                return Err(
                    "billing.stripe_connect_client_id, _client_secret and _redirect_url: set all or none"
                        .to_owned(),
                );
            }
        };
        Ok(Self {
            stripe_api_base: address("stripe_api_base", "https://api.stripe.com")?,
            stripe_timeout: milliseconds("stripe_timeout_ms", "20000")?,
            stripe_pause: milliseconds("stripe_retry_pause_ms", "300")?,
            public_url: address("public_url", "http://localhost:8888")?,
            connect,
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn settings_have_defaults_and_are_checked() {
        let config = ServiceConfig::on("sqlite::memory:");
        let read = Settings::read(&config).unwrap();
        assert_eq!(read.stripe_api_base, "https://api.stripe.com");
        assert_eq!(read.connect, None);
        let own = config
            .clone()
            .with_setting("stripe_api_base", "http://127.0.0.1:12111/")
            .with_setting("stripe_timeout_ms", "250");
        let read = Settings::read(&own).unwrap();
        assert_eq!(read.stripe_api_base, "http://127.0.0.1:12111");
        assert_eq!(read.stripe_timeout, Duration::from_millis(250));
        for (name, wrong) in [
            ("stripe_api_base", "ftp://x"),
            ("public_url", "nowhere"),
            ("stripe_timeout_ms", "0"),
            ("stripe_connect_client_id", "ca_1"),
        ] {
            let config = config.clone().with_setting(name, wrong);
            assert!(
                Settings::read(&config).unwrap_err().contains(name),
                "{name}"
            );
        }
    }
}
