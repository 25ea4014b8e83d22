//! A rule: when to send a notification, and to which channels.

use std::collections::{BTreeMap, BTreeSet};

use kernel::id::{ChannelId, FeatureId};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::violation::{Violation, Violations};

/// Most channels of one rule.
pub const CHANNEL_COUNT_MAX: usize = 5;
/// Most thresholds of one rule.
pub const THRESHOLD_COUNT_MAX: usize = 10;
/// Most features that one rule is limited to.
pub const FEATURE_COUNT_MAX: usize = 100;

/// A rule as the user asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSpec {
    /// What it tells about.
    pub event: EventType,
    /// Name for people.
    pub name: String,
    /// Where it sends to.
    pub channels: Vec<ChannelId>,
    /// Only these features; none: every one.
    pub features: Vec<Feature>,
    /// The marks that fire it.
    pub thresholds: Vec<Threshold>,
    /// Nothing is sent while set.
    pub disabled: bool,
    /// Free values.
    pub metadata: BTreeMap<String, String>,
}

/// A feature that a rule is limited to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Its id.
    pub id: FeatureId,
    /// Its key when the rule was written.
    pub key: String,
}

/// What kind of occurrence a rule tells about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventType {
    /// A balance crossed a threshold.
    BalanceThreshold,
    /// Usage was reset.
    EntitlementReset,
    /// An invoice was made.
    InvoiceCreated,
    /// An invoice changed.
    InvoiceUpdated,
}

impl EventType {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::BalanceThreshold,
        Self::EntitlementReset,
        Self::InvoiceCreated,
        Self::InvoiceUpdated,
    ];

    /// The contract's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::BalanceThreshold => "entitlements.balance.threshold",
            Self::EntitlementReset => "entitlements.reset",
            Self::InvoiceCreated => "invoice.created",
            Self::InvoiceUpdated => "invoice.updated",
        }
    }

    /// The event type with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.word() == word)
    }

    fn takes_features(self) -> bool {
        match self {
            Self::BalanceThreshold | Self::EntitlementReset => true,
            Self::InvoiceCreated | Self::InvoiceUpdated => false,
        }
    }

    fn takes_thresholds(self) -> bool {
        match self {
            Self::BalanceThreshold => true,
            Self::EntitlementReset | Self::InvoiceCreated | Self::InvoiceUpdated => false,
        }
    }
}

/// A mark whose crossing fires a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Threshold {
    /// What it is compared with.
    pub kind: ThresholdKind,
    /// The mark.
    #[serde(with = "rust_decimal::serde::str")]
    pub value: Decimal,
}

/// What a threshold is compared with. The older words stay apart, to be echoed as given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThresholdKind {
    /// Usage; the older word.
    Number,
    /// Usage in percent of the credit; the older word.
    Percent,
    /// Usage.
    UsageValue,
    /// Usage in percent of the credit.
    UsagePercentage,
    /// Balance.
    BalanceValue,
}

impl Threshold {
    fn is_sound(&self) -> bool {
        match self.kind {
            ThresholdKind::BalanceValue => self.value >= Decimal::ZERO,
            ThresholdKind::Number
            | ThresholdKind::Percent
            | ThresholdKind::UsageValue
            | ThresholdKind::UsagePercentage => self.value > Decimal::ZERO,
        }
    }
}

impl RuleSpec {
    /// Whether the rule is about a feature.
    pub fn covers(&self, id: &str, key: &str) -> bool {
        self.features.is_empty()
            || self
                .features
                .iter()
                .any(|feature| feature.key == key || feature.id.to_string() == id)
    }

    /// What makes the rule unreadable; paths start with `rule`.
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Violations::default();
        found.labels("rule", &self.name, &self.metadata);
        found.require(
            (1..=CHANNEL_COUNT_MAX).contains(&self.channels.len()),
            "rule.channels",
            "must be 1 to 5 channels",
        );
        let distinct: BTreeSet<&ChannelId> = self.channels.iter().collect();
        found.require(
            distinct.len() == self.channels.len(),
            "rule.channels",
            "must not be repeated",
        );
        let thresholds = if self.event.takes_thresholds() {
            1..=THRESHOLD_COUNT_MAX
        } else {
            0..=0
        };
        found.require(
            thresholds.contains(&self.thresholds.len()),
            "rule.thresholds",
            "must be 1 to 10 with a balance threshold rule, and none with others",
        );
        for (index, threshold) in self.thresholds.iter().enumerate() {
            found.require(
                threshold.is_sound(),
                format!("rule.thresholds[{index}].value"),
                "must be above 0, or with balance_value not below 0",
            );
        }
        found.require(
            self.features.is_empty() || self.event.takes_features(),
            "rule.features",
            "are only for rules about entitlements",
        );
        let distinct: BTreeSet<FeatureId> =
            self.features.iter().map(|feature| feature.id).collect();
        found.require(
            distinct.len() == self.features.len(),
            "rule.features",
            "must not be repeated",
        );
        found.into_vec()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn channel(last: char) -> ChannelId {
        format!("01ARZ3NDEKTSV4RRFFQ69G5FA{last}").parse().unwrap()
    }

    fn threshold(kind: ThresholdKind, value: i64) -> Threshold {
        Threshold {
            kind,
            value: Decimal::from(value),
        }
    }

    fn rule(event: EventType) -> RuleSpec {
        RuleSpec {
            event,
            name: "low".into(),
            channels: vec![channel('A')],
            features: vec![],
            thresholds: if event.takes_thresholds() {
                vec![threshold(ThresholdKind::UsagePercentage, 90)]
            } else {
                vec![]
            },
            disabled: false,
            metadata: BTreeMap::new(),
        }
    }

    fn fields(rule: &RuleSpec) -> Vec<String> {
        rule.violations().into_iter().map(|v| v.field).collect()
    }

    #[test]
    fn a_plain_rule_of_every_type_is_right() {
        for event in EventType::ALL {
            assert!(rule(event).violations().is_empty(), "{event:?}");
        }
    }

    #[test]
    fn channels_are_one_to_five_and_distinct() {
        let with = |channels| RuleSpec {
            channels,
            ..rule(EventType::InvoiceCreated)
        };
        assert_eq!(fields(&with(vec![])), ["rule.channels"]);
        assert_eq!(fields(&with(vec![channel('A'); 2])), ["rule.channels"]);
        let six = "ABCDEF".chars().map(channel).collect();
        assert_eq!(fields(&with(six)), ["rule.channels"]);
    }

    #[test]
    fn only_entitlement_rules_have_features_and_only_balance_rules_thresholds() {
        let feature = Feature {
            id: "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap(),
            key: "tokens".into(),
        };
        let limited = |event, count| RuleSpec {
            features: vec![feature.clone(); count],
            ..rule(event)
        };
        assert!(fields(&limited(EventType::EntitlementReset, 1)).is_empty());
        assert_eq!(
            fields(&limited(EventType::InvoiceUpdated, 1)),
            ["rule.features"]
        );
        assert_eq!(
            fields(&limited(EventType::EntitlementReset, 2)),
            ["rule.features"]
        );
        let none = RuleSpec {
            thresholds: vec![],
            ..rule(EventType::BalanceThreshold)
        };
        assert_eq!(fields(&none), ["rule.thresholds"]);
    }

    proptest! {
        #[test]
        fn marks_are_positive_and_a_balance_may_be_zero(value in -5i64..5) {
            use ThresholdKind as K;
            for kind in [K::Number, K::Percent, K::UsageValue, K::UsagePercentage, K::BalanceValue] {
                let least = i64::from(kind != K::BalanceValue);
                prop_assert_eq!(threshold(kind, value).is_sound(), value >= least);
            }
        }
    }
}
