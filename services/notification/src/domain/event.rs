//! An event: one firing of a rule; and what tells that two firings are the same.

use jiff::Timestamp;
use kernel::id::{ChannelId, EntitlementId, EventId, RuleId};

use super::rule::{EventType, Threshold, ThresholdKind};

/// What an event is about, beside its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subjects {
    /// The entitlement.
    pub entitlement_id: String,
    /// The customer.
    pub customer_id: String,
    /// The customer's key.
    pub customer_key: String,
    /// The subject.
    pub subject_id: String,
    /// The subject's key.
    pub subject_key: String,
    /// The feature.
    pub feature_id: String,
    /// The feature's key.
    pub feature_key: String,
    /// The invoice.
    pub invoice_id: String,
    /// The invoice's number.
    pub invoice_number: String,
}

/// A firing that is about to be stored.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its id, which its body carries.
    pub id: EventId,
    /// What it tells about.
    pub event: EventType,
    /// The rule that fires.
    pub rule: RuleId,
    /// Where it goes.
    pub channels: Vec<ChannelId>,
    /// The thing whose events keep their order.
    pub object: String,
    /// What is sent.
    pub body: String,
    /// The threshold that was crossed.
    pub threshold: Option<Threshold>,
    /// What makes it the same as another: the state it tells of, and what it tells about it.
    /// Of one state the same thing is not told twice in a row.
    pub sameness: Option<Sameness>,
    /// Whether it was asked for as a test.
    pub test: bool,
    /// What it is about.
    pub about: Subjects,
}

/// What tells repeated firings apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sameness {
    /// Names the state, such as one usage period of an entitlement.
    pub hash: String,
    /// What is told about it.
    pub told: String,
    /// When the state ends: until then it has to be known that it was told.
    pub until: Timestamp,
}

/// The state that a threshold event tells of (metering text §15.4): as text, to be hashed.
#[derive(Clone, Debug)]
pub struct BalanceState<'a> {
    /// Whether it is about usage or about balance.
    pub about_balance: bool,
    /// The rule.
    pub rule: RuleId,
    /// The usage period.
    pub period: (Timestamp, Timestamp),
    /// The subject's key.
    pub subject: &'a str,
    /// The entitlement.
    pub entitlement: EntitlementId,
    /// The feature's id.
    pub feature: &'a str,
    /// From when usage counts.
    pub measured_from: Timestamp,
}

impl BalanceState<'_> {
    /// The state as text; the subject, which may hold anything, comes last.
    pub fn text(&self) -> String {
        let kind = if self.about_balance {
            "balance"
        } else {
            "usage"
        };
        format!(
            "{kind}\n{}\n{}\n{}\n{}\n{}\n{}\n{}",
            self.rule,
            self.period.0,
            self.period.1,
            self.entitlement,
            self.feature,
            self.measured_from,
            self.subject
        )
    }
}

/// A threshold in a word: its type as it was given, and its value.
pub fn threshold_text(threshold: &Threshold) -> String {
    format!(
        "{}:{}",
        threshold_word(threshold.kind),
        threshold.value.normalize()
    )
}

/// The contract's word of a kind of threshold.
pub fn threshold_word(kind: ThresholdKind) -> &'static str {
    match kind {
        ThresholdKind::Number => "NUMBER",
        ThresholdKind::Percent => "PERCENT",
        ThresholdKind::UsageValue => "usage_value",
        ThresholdKind::UsagePercentage => "usage_percentage",
        ThresholdKind::BalanceValue => "balance_value",
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn each_part_of_a_state_tells_it_apart() {
        let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let state = BalanceState {
            about_balance: false,
            rule: id.parse().unwrap(),
            period: (at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z")),
            subject: "c1",
            entitlement: id.parse().unwrap(),
            feature: id,
            measured_from: at("2026-01-01T00:00:00Z"),
        };
        let others = [
            BalanceState {
                about_balance: true,
                ..state.clone()
            },
            BalanceState {
                subject: "c2",
                ..state.clone()
            },
            BalanceState {
                measured_from: at("2026-01-02T00:00:00Z"),
                ..state.clone()
            },
            BalanceState {
                period: (at("2026-01-01T00:00:00Z"), at("2026-03-01T00:00:00Z")),
                ..state.clone()
            },
        ];
        for other in others {
            assert_ne!(other.text(), state.text(), "{other:?}");
        }
        assert_eq!(state.text(), state.clone().text());
    }

    #[test]
    fn equal_values_are_one_threshold() {
        let mark = |value: &str| Threshold {
            kind: ThresholdKind::UsageValue,
            value: value.parse().unwrap(),
        };
        assert_eq!(threshold_text(&mark("10")), threshold_text(&mark("10.00")));
        assert_ne!(threshold_text(&mark("10")), threshold_text(&mark("11")));
    }
}
