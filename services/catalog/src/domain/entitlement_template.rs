//! What a rate card entitles its subscriber to.

use std::collections::BTreeMap;

use kernel::calendar::IsoDuration;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    field::Field,
    issue::{Issue, IssueCode},
    violation::{METADATA_COUNT_MAX, Violations},
};

/// What a rate card entitles to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntitlementTemplate {
    /// The kind of entitlement.
    pub kind: TemplateKind,
    /// Free values, copied to the entitlement.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// Kinds of entitlements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateKind {
    /// A balance that usage consumes.
    Metered(MeteredTemplate),
    /// A fixed value: one JSON document as text.
    Static {
        /// The document.
        config: String,
    },
    /// Plain access.
    Boolean,
}

/// A balance that usage consumes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeteredTemplate {
    /// Access stays when the balance is used up.
    pub soft_limit: bool,
    /// Granted at each reset.
    #[serde(
        default,
        with = "rust_decimal::serde::str_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub issue_after_reset: Option<Decimal>,
    /// Burn-down priority of that grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue_after_reset_priority: Option<u8>,
    /// Overage is carried over a reset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preserve_overage_at_reset: Option<bool>,
    /// Length of a usage period; filled in from the card's cadence when it was left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage_period: Option<IsoDuration>,
}

impl EntitlementTemplate {
    /// The word of the kind.
    pub fn kind_word(&self) -> &'static str {
        match self.kind {
            TemplateKind::Metered(_) => "metered",
            TemplateKind::Static { .. } => "static",
            TemplateKind::Boolean => "boolean",
        }
    }

    /// A metered template without a usage period takes the card's billing cadence.
    pub fn fill_usage_period(&mut self, cadence: Option<&IsoDuration>) {
        if let TemplateKind::Metered(metered) = &mut self.kind
            && metered.usage_period.is_none()
        {
            metered.usage_period = cadence.cloned();
        }
    }

    /// What makes the template unreadable.
    pub fn violations(&self, path: &str, found: &mut Violations) {
        found.require(
            self.metadata.len() <= METADATA_COUNT_MAX,
            format!("{path}.{}.metadata", self.kind_word()),
            "must have at most 200 entries",
        );
        if let TemplateKind::Metered(metered) = &self.kind {
            found.require(
                metered.usage_period.is_some(),
                format!("{path}.metered.usage_period_duration"),
                "missing UsagePeriod: a rate card without billing cadence has none to default to",
            );
            found.require(
                metered
                    .issue_after_reset
                    .is_none_or(|amount| amount >= Decimal::ZERO),
                format!("{path}.metered.issue_after_reset"),
                "must not be negative",
            );
            found.require(
                metered.issue_after_reset_priority != Some(0),
                format!("{path}.metered.issue_after_reset_priority"),
                "must be 1 to 255",
            );
        }
    }

    /// Problems of the values. `field` is the path of the template.
    pub fn issues(&self, field: &Field) -> Vec<Issue> {
        let mut issues = Vec::new();
        match &self.kind {
            TemplateKind::Metered(metered) => {
                if metered.issue_after_reset.is_none()
                    && metered.issue_after_reset_priority.is_some()
                {
                    issues.push(Issue::new(
                        IssueCode::EntitlementTemplateInvalidIssueAfterResetWithPriority,
                        field.property("issueAfterReset"),
                    ));
                }
                if let Some(period) = &metered.usage_period {
                    let field = field.property("usagePeriod");
                    if period.is_negative() || period.is_zero() {
                        issues.push(Issue::new(
                            IssueCode::EntitlementTemplateNegativeUsagePeriod,
                            field.clone(),
                        ));
                    }
                    if !period.at_least_an_hour() {
                        issues.push(Issue::new(
                            IssueCode::EntitlementTemplateUsagePeriodLessThanAnHour,
                            field,
                        ));
                    }
                }
            }
            TemplateKind::Static { config } => {
                if serde_json::from_str::<serde::de::IgnoredAny>(config).is_err() {
                    issues.push(Issue::new(
                        IssueCode::EntitlementTemplateInvalidJsonConfig,
                        field.property("config"),
                    ));
                }
            }
            TemplateKind::Boolean => {}
        }
        issues
    }
}
