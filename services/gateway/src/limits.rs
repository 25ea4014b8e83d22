//! How often a key may call: as often as the contracts document, unless a setting says otherwise.

use std::collections::BTreeMap;

use chassis::config::ServiceConfig;
use contract::customer::v1::RateCharge;

/// The buckets in which calls are counted.
pub(crate) const BUCKETS: [&str; 9] = [
    "profitwell.base",
    "profitwell.plans",
    "profitwell.metrics",
    "profitwell.exclude",
    "profitwell.anonymize",
    "profitwell.traits",
    "revenuecat:customer_information",
    "revenuecat:project_configuration",
    "revenuecat:charts_metrics",
];
/// Most calls that the customer service counts in a bucket.
const LIMIT_MAX: i32 = 100_000;

/// Limits of the dialects that document some; none while nobody is counted.
#[derive(Clone, Debug, Default)]
pub struct Limits(Option<BTreeMap<&'static str, i32>>);

impl Limits {
    /// Reads the settings `limit_` + bucket, such as `limit_profitwell_base`, of the gateway; the error says what is
    /// wrong with one.
    pub fn of(settings: &ServiceConfig) -> Result<Self, String> {
        if !settings.rate_limits {
            return Ok(Self(None));
        }
        let mut own = BTreeMap::new();
        for bucket in BUCKETS {
            let name = format!("limit_{}", bucket.replace(['.', ':'], "_"));
            let Some(text) = settings.setting(&name) else {
                continue;
            };
            let limit = text.parse().ok();
            let limit = limit.filter(|limit| (1..=LIMIT_MAX).contains(limit));
            let limit = limit.ok_or_else(|| {
                format!("gateway.{name}: must be a number of calls from 1 to {LIMIT_MAX}")
            })?;
            own.insert(bucket, limit);
        }
        Ok(Self(Some(own)))
    }

    /// What a call is counted in: the documented buckets, with the limits that apply here.
    pub(crate) fn apply(&self, mut documented: Vec<RateCharge>) -> Vec<RateCharge> {
        let Some(own) = &self.0 else {
            return Vec::new();
        };
        for charge in &mut documented {
            if let Some(limit) = own.get(charge.bucket.as_str()) {
                charge.limit = *limit;
            }
        }
        documented
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> ServiceConfig {
        ServiceConfig::on("sqlite::memory:")
    }

    fn limits(settings: &ServiceConfig) -> Result<Vec<i32>, String> {
        let charge = |bucket: &str| RateCharge {
            bucket: bucket.to_owned(),
            limit: 7,
            ..RateCharge::default()
        };
        let documented = BUCKETS.into_iter().map(charge).collect();
        let applied = Limits::of(settings)?.apply(documented);
        Ok(applied.iter().map(|charge| charge.limit).collect())
    }

    #[test]
    fn a_setting_replaces_one_documented_limit() {
        assert_eq!(limits(&settings()), Ok(vec![7; 9]));
        let mut other = settings()
            .with_setting("limit_profitwell_plans", "12")
            .with_setting("limit_revenuecat_charts_metrics", "100000");
        assert_eq!(limits(&other), Ok(vec![7, 12, 7, 7, 7, 7, 7, 7, 100_000]));
        other.rate_limits = false;
        assert_eq!(limits(&other), Ok(vec![]));
    }

    #[test]
    fn a_limit_is_a_number_of_calls() {
        for text in ["", "0", "-1", "100001", "many", "1.5"] {
            let bad = settings().with_setting("limit_profitwell_base", text);
            let problem =
                "gateway.limit_profitwell_base: must be a number of calls from 1 to 100000";
            assert_eq!(limits(&bad), Err(problem.to_owned()), "{text}");
        }
    }
}
