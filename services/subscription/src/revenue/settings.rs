//! What of the project shapes the figures.

use chassis::Context;
use contract::customer::v1 as customer;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kernel::currency::Currency;
use kernel::period::Period;

use super::Revenue;
use crate::error::SubscriptionError;

/// What of the project shapes the figures.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Currency of all figures.
    pub currency: Currency,
    /// Zone of days and months.
    pub time_zone: TimeZone,
    /// Its name.
    pub zone_name: String,
    /// Entries before this instant have come to pass: what takes effect at this very instant has.
    pub until: Timestamp,
}

impl Settings {
    /// The end of a period as far as it has come.
    pub fn visible(&self, period: Period) -> Period {
        Period {
            end: period.end.min(self.until).max(period.start),
            ..period
        }
    }
}

impl Revenue {
    /// The project's settings, once everything that was said before is known.
    pub async fn settings(&self, context: &Context) -> Result<Settings, SubscriptionError> {
        self.follow(context).await?;
        let request = context.request(customer::GetProjectRequest {});
        let mut projects = self.engine.clients.projects.clone();
        let answer = projects.get_project(request).await?.into_inner();
        let project = answer.project.unwrap_or_default();
        let currency = Currency::parse(&project.currency_code).unwrap_or(Currency::USD);
        let zone_name = match project.time_zone.as_str() {
            "" => "UTC",
            name => name,
        };
        let time_zone = match zone_name {
            "UTC" => TimeZone::UTC,
            name => TimeZone::get(name).map_err(|error| {
                SubscriptionError::field("project.time_zone", error.to_string())
            })?,
        };
        Ok(Settings {
            currency,
            time_zone,
            zone_name: zone_name.to_owned(),
            until: context
                .now
                .checked_add(SignedDuration::from_micros(1))
                .unwrap_or(context.now),
        })
    }
}
