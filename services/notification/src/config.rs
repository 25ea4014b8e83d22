//! The settings of deliveries and events, `PERENNIAL_NOTIFICATION__<NAME>`.

use std::time::Duration;

use chassis::{BuildError, Env};
use jiff::SignedDuration;

use crate::domain::delivery::Schedule;

/// Deliveries are tried for up to two days: what is younger is not taken out.
const RETENTION_MIN: SignedDuration = SignedDuration::from_hours(72);

/// How deliveries are made, and how long events are kept.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The waits between attempts. `retry_waits`: durations joined by commas, such as `5s,5m,2h`.
    pub schedule: Schedule,
    /// Longest time for one attempt. `attempt_timeout`, default `15s`.
    pub timeout: Duration,
    /// Most attempts at once in this process. `deliveries_max`, default 128.
    pub in_flight_max: usize,
    /// Most attempts at once to one channel in this process. `channel_deliveries_max`, default 16.
    pub channel_in_flight_max: usize,
    /// A channel that took nothing for so long is disabled. `disable_after`, default `120h`.
    pub disable_after: SignedDuration,
    /// How long events are kept. `event_retention`, default `9600h`, which is 400 days.
    pub retention: SignedDuration,
    /// Whether endpoints on private addresses are called. `--allow-private-webhooks`.
    pub allow_private: bool,
}

impl Settings {
    /// Reads the settings of the service.
    pub fn read(env: &Env) -> Result<Self, BuildError> {
        let setting = |name: &'static str| env.config.setting(name).map(|text| (name, text));
        let schedule = match setting("retry_waits") {
            None => Schedule::default(),
            Some((name, text)) => {
                let waits = text.split(',').map(|part| duration(name, part.trim()));
                Schedule::new(waits.collect::<Result<_, _>>()?)
                    .ok_or_else(|| wrong(name, text, "must not be negative"))?
            }
        };
        let timeout = match setting("attempt_timeout") {
            None => Duration::from_secs(15),
            Some((name, text)) => Duration::try_from(duration(name, text)?)
                .ok()
                .filter(|timeout| !timeout.is_zero())
                .ok_or_else(|| wrong(name, text, "must be positive"))?,
        };
        let disable_after = match setting("disable_after") {
            None => SignedDuration::from_hours(120),
            Some((name, text)) => duration(name, text)?,
        };
        let retention = match setting("event_retention") {
            None => SignedDuration::from_hours(400 * 24),
            Some((name, text)) => Some(duration(name, text)?)
                .filter(|retention| *retention >= RETENTION_MIN)
                .ok_or_else(|| wrong(name, text, "must be at least 72h"))?,
        };
        let count = |name: &'static str, default: usize| match setting(name) {
            None => Ok(default),
            Some((name, text)) => text
                .parse()
                .ok()
                .filter(|count| (1..=10_000).contains(count))
                .ok_or_else(|| wrong(name, text, "must be 1 to 10000")),
        };
        Ok(Self {
            schedule,
            timeout,
            in_flight_max: count("deliveries_max", 128)?,
            channel_in_flight_max: count("channel_deliveries_max", 16)?,
            disable_after,
            retention,
            allow_private: env.config.allow_private_webhooks,
        })
    }
}

fn duration(name: &str, text: &str) -> Result<SignedDuration, BuildError> {
    text.parse()
        .map_err(|_| wrong(name, text, "must be a duration such as 5s, 30m or 2h"))
}

fn wrong(name: &str, text: &str, what: &str) -> BuildError {
    BuildError::Setting(format!("notification.{name}: `{text}` {what}"))
}
