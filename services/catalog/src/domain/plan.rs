//! A plan version: its phases and the rules that decide whether it can be stored and published.

use std::collections::{BTreeMap, BTreeSet};

use kernel::calendar::IsoDuration;
use serde::{Deserialize, Serialize};

use super::{
    field::Field,
    issue::{Issue, IssueCode},
    rate_card::{self, KnownFeature, RateCard},
    versioning::{Effective, Offer},
    violation::{PHASE_COUNT_MAX, Violation, Violations},
};

/// The cadences that a plan may be billed at, compared as text.
const BILLING_CADENCES: [&str; 8] = ["P1W", "P2W", "P4W", "P1M", "P3M", "P6M", "P12M", "P1Y"];

/// What the user says about a plan version; the key is empty only for a custom plan.
pub type PlanSpec = Offer<PlanBody>;

/// What may change while a version is a draft or scheduled; stored as one JSON document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanBody {
    /// Name for people.
    pub name: String,
    /// Text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Free values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// How often subscriptions are billed.
    pub billing_cadence: IsoDuration,
    /// How parts of a period are priced.
    pub pro_rating: ProRating,
    /// The stages in order.
    pub phases: Vec<Phase>,
}

/// How parts of a period are priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProRating {
    /// Whether they are priced by their share at all.
    pub enabled: bool,
    /// How.
    pub mode: ProRatingMode,
}

/// What is done with the price of a part of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProRatingMode {
    /// Prices are multiplied by the share.
    ProratePrices,
}

impl Default for ProRating {
    fn default() -> Self {
        Self {
            enabled: true,
            mode: ProRatingMode::ProratePrices,
        }
    }
}

/// A stage of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// Unique inside the plan.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// Text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How long it lasts; none: without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<IsoDuration>,
    /// What is sold in it.
    pub rate_cards: Vec<RateCard>,
    /// Free values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

impl Phase {
    fn field(&self, index: usize) -> Field {
        Field::root().member("phases", index, &self.key)
    }
}

impl PlanBody {
    /// All rate cards of all phases.
    pub fn rate_cards(&self) -> impl Iterator<Item = &RateCard> {
        self.phases.iter().flat_map(|phase| &phase.rate_cards)
    }

    /// All rate cards of all phases, to change.
    pub fn rate_cards_mut(&mut self) -> impl Iterator<Item = &mut RateCard> {
        self.phases
            .iter_mut()
            .flat_map(|phase| &mut phase.rate_cards)
    }

    /// Fills in what the user may leave out.
    pub fn fill_defaults(&mut self) {
        self.rate_cards_mut().for_each(RateCard::fill_defaults);
    }
}

impl PlanSpec {
    /// What makes the plan unreadable; paths start with `plan`.
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Violations::default();
        let body = &self.body;
        found.key(&self.key, "plan");
        found.labels(
            "plan",
            &body.name,
            body.description.as_deref(),
            &body.metadata,
        );
        found.require(
            !body.billing_cadence.is_zero(),
            "plan.billing_cadence",
            "must not be zero",
        );
        found.require(
            body.phases.len() <= PHASE_COUNT_MAX,
            "plan.phases",
            "must have at most 50 phases",
        );
        for (index, phase) in body.phases.iter().enumerate() {
            let path = format!("plan.phases[{index}]");
            found.key(&phase.key, &path);
            found.labels(
                &path,
                &phase.name,
                phase.description.as_deref(),
                &phase.metadata,
            );
            rate_card::list_violations(&phase.rate_cards, &path, &mut found);
        }
        found.into_vec()
    }

    /// All issues but those that need features or add-ons: what `validationErrors` shows.
    pub fn issues(&self) -> Vec<Issue> {
        let root = Field::root();
        let mut issues = Vec::new();
        if self.key.is_empty() {
            issues.push(Issue::new(
                IssueCode::ResourceKeyEmpty,
                root.property("key"),
            ));
        }
        issues.extend(self.body.issues());
        issues
    }

    /// Rule P15, for publishing.
    pub fn feature_issues(&self, known: &[KnownFeature]) -> Vec<Issue> {
        self.body
            .phases
            .iter()
            .enumerate()
            .flat_map(|(index, phase)| {
                rate_card::feature_issues(&phase.rate_cards, known, &phase.field(index))
            })
            .collect()
    }
}

impl PlanBody {
    /// All issues of a plan but that of its key, which a custom plan does not have.
    pub fn issues(&self) -> Vec<Issue> {
        let root = Field::root();
        let mut issues = Vec::new();
        if self.name.is_empty() {
            issues.push(Issue::new(
                IssueCode::ResourceNameEmpty,
                root.property("name"),
            ));
        }
        if !BILLING_CADENCES.contains(&self.billing_cadence.as_str()) {
            issues.push(Issue::new(
                IssueCode::PlanBillingCadenceInvalid,
                root.property("billingCadence"),
            ));
        }
        if self.phases.is_empty() {
            issues.push(Issue::new(
                IssueCode::PlanWithNoPhases,
                root.property("phases"),
            ));
        }
        let mut seen = BTreeSet::new();
        let last = self.phases.len().saturating_sub(1);
        for (index, phase) in self.phases.iter().enumerate() {
            let field = phase.field(index);
            if !seen.insert(phase.key.as_str()) {
                // The last segment is doubled in the contract's own answers.
                issues.push(Issue::new(
                    IssueCode::PlanPhaseDuplicatedKey,
                    field.property("key.key"),
                ));
            }
            issues.extend(phase.issues(&field, index == last));
            issues.extend(phase.alignment_issues(&field, &self.billing_cadence));
        }
        issues
    }
}

impl Phase {
    /// Rules P2 and P7 to P13 of one phase, which is at `field`.
    fn issues(&self, field: &Field, last: bool) -> Vec<Issue> {
        let duration = field.property("duration");
        let mut issues = Vec::new();
        if self.key.is_empty() {
            issues.push(Issue::new(
                IssueCode::ResourceKeyEmpty,
                field.property("key"),
            ));
        }
        if self.name.is_empty() {
            issues.push(Issue::new(
                IssueCode::ResourceNameEmpty,
                field.property("name"),
            ));
        }
        match &self.duration {
            None if !last => issues.push(Issue::new(
                IssueCode::PlanHasNonLastPhaseWithNoDuration,
                duration.clone(),
            )),
            Some(_) if last => issues.push(Issue::new(
                IssueCode::PlanHasLastPhaseWithDuration,
                duration.clone(),
            )),
            None | Some(_) => {}
        }
        if let Some(length) = &self.duration {
            if length.is_negative() {
                issues.push(Issue::new(
                    IssueCode::PlanPhaseWithNegativeDuration,
                    duration.clone(),
                ));
            }
            if !length.at_least_an_hour() {
                issues.push(Issue::new(
                    IssueCode::PlanPhaseDurationLessThanAnHour,
                    duration,
                ));
            }
        }
        if self.rate_cards.is_empty() {
            issues.push(Issue::new(
                IssueCode::PlanPhaseHasNoRateCards,
                field.property("rateCards"),
            ));
        }
        issues.extend(rate_card::list_issues(&self.rate_cards, field));
        issues
    }

    /// Rules R11 and P14: priced cards are billed at cadences that align with the plan's.
    fn alignment_issues(&self, field: &Field, plan: &IsoDuration) -> Vec<Issue> {
        self.rate_cards
            .iter()
            .enumerate()
            .filter(|(_, card)| card.price.is_some())
            .filter(|(_, card)| {
                card.billing_cadence
                    .as_ref()
                    .is_some_and(|cadence| !cadence.aligns_with(plan))
            })
            .map(|(index, card)| {
                let field = field.member("rateCards", index, &card.key);
                Issue::new(
                    IssueCode::RateCardBillingCadenceUnaligned,
                    field.property("billingCadence"),
                )
            })
            .collect()
    }
}

/// Rule P17.
pub fn effective_issues(effective: &Effective) -> Vec<Issue> {
    let field = Field::root().property("effectiveFrom");
    let code = match (effective.from, effective.to) {
        (None, Some(_)) => IssueCode::EffectivePeriodFromNotSet,
        (Some(from), Some(to)) if to < from => IssueCode::EffectivePeriodFromAfterTo,
        (None | Some(_), None) | (Some(_), Some(_)) => return Vec::new(),
    };
    vec![Issue::new(code, field)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{brief, duration, flat, phase, plan, usage};
    use super::super::issue::{Severity, any_critical};
    use super::*;

    fn check(spec: &PlanSpec, expected: &[(&str, &str)]) {
        let found = brief(&spec.issues());
        let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (*a, b.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_misaligned_cadence_is_a_warning_on_the_card() {
        let spec = plan("P1M", vec![phase("trial", "", vec![flat("setup", "P1W")])]);
        check(
            &spec,
            &[(
                "rate_card_billing_cadence_unaligned",
                "$.phases[?(@.key=='trial')].rateCards[?(@.key=='setup')].billingCadence",
            )],
        );
        let issues = spec.issues();
        assert_eq!(
            issues[0].message,
            "ratecards with prices must have compatible billing cadence"
        );
        assert!(!any_critical(&issues));
        // A card that is not billed may have any cadence, and so may a one-time fee.
        let mut free = flat("setup", "P1W");
        free.price = None;
        check(
            &plan(
                "P1M",
                vec![phase("trial", "", vec![free, flat("once", "")])],
            ),
            &[],
        );
    }

    #[test]
    fn the_last_phase_and_only_it_is_without_end() {
        let card = || vec![flat("fee", "P1M")];
        let spec = plan(
            "P1M",
            vec![phase("trial", "", card()), phase("pro", "P1Y", card())],
        );
        check(
            &spec,
            &[
                (
                    "plan_has_non_last_phase_with_no_duration",
                    "$.phases[?(@.key=='trial')].duration",
                ),
                (
                    "plan_has_last_phase_with_duration",
                    "$.phases[?(@.key=='pro')].duration",
                ),
            ],
        );
        assert!(
            spec.issues()
                .iter()
                .all(|issue| issue.severity() == Severity::Warning)
        );
        check(
            &plan(
                "P1M",
                vec![phase("trial", "P1M", card()), phase("pro", "", card())],
            ),
            &[],
        );
    }

    #[test]
    fn phases_last_an_hour_or_more() {
        let phases = |length: &str| {
            let card = || vec![flat("fee", "P1M")];
            plan(
                "P1M",
                vec![phase("a", length, card()), phase("b", "", card())],
            )
        };
        let field = "$.phases[?(@.key=='a')].duration";
        check(&phases("PT1H"), &[]);
        check(
            &phases("PT59M"),
            &[("plan_phase_duration_less_then_an_hour", field)],
        );
        check(
            &phases("-P1D"),
            &[
                ("plan_phase_with_negative_duration", field),
                ("plan_phase_duration_less_then_an_hour", field),
            ],
        );
    }

    #[test]
    fn repeated_phase_keys_are_critical_with_a_doubled_segment() {
        let card = || vec![flat("fee", "P1M")];
        let spec = plan(
            "P1M",
            vec![phase("p", "P1M", card()), phase("p", "", card())],
        );
        check(
            &spec,
            &[(
                "plan_phase_duplicated_key",
                "$.phases[?(@.key=='p')].key.key",
            )],
        );
        assert!(any_critical(&spec.issues()));
    }

    #[test]
    fn empty_parts_are_found() {
        check(&plan("P1M", vec![]), &[("plan_with_no_phases", "$.phases")]);
        check(
            &plan("P1M", vec![phase("p", "", vec![])]),
            &[(
                "plan_phase_has_no_rate_cards",
                "$.phases[?(@.key=='p')].rateCards",
            )],
        );
        let mut nameless = plan("P1M", vec![phase("p", "", vec![flat("fee", "P1M")])]);
        nameless.key = String::new();
        nameless.body.name = String::new();
        check(
            &nameless,
            &[
                ("resource_key_empty", "$.key"),
                ("resource_name_empty", "$.name"),
            ],
        );
    }

    #[test]
    fn billing_cadences_are_compared_as_text() {
        let spec = |cadence| plan(cadence, vec![phase("p", "", vec![flat("fee", "")])]);
        for cadence in BILLING_CADENCES {
            check(&spec(cadence), &[]);
        }
        for cadence in ["P2M", "P30D", "P7D", "PT24H"] {
            check(
                &spec(cadence),
                &[("plan_billing_cadence_invalid", "$.billingCadence")],
            );
        }
    }

    #[test]
    fn features_are_checked_under_the_other_spelling() {
        let spec = plan("P1M", vec![phase("p", "", vec![usage("tokens", "P1M")])]);
        let found = brief(&spec.feature_issues(&[]));
        assert_eq!(
            found,
            [(
                "rate_card_feature_not_found",
                "$.phases[?(@.key=='p')].rateCards[?(@.key=='tokens')].featureKey".to_owned()
            )]
        );
    }

    #[test]
    fn an_effective_period_starts_before_it_ends() {
        let at = |second| jiff::Timestamp::from_second(second).ok();
        let check = |from, to, expected: Option<&str>| {
            let found = brief(&effective_issues(&Effective { from, to }));
            assert_eq!(found.first().map(|(code, _)| *code), expected);
        };
        check(None, None, None);
        check(at(1), at(1), None);
        check(at(2), at(1), Some("effective_period_from_after_to"));
        check(None, at(1), Some("effective_period_from_not_set"));
    }

    proptest! {
        /// Whole multiples of the plan's months always align, whichever way they divide.
        #[test]
        fn cadences_of_whole_months_align_when_one_divides_the_other(months in 1i64..=24) {
            let spec = plan("P6M", vec![phase("p", "", vec![flat("fee", &format!("P{months}M"))])]);
            let divides = months % 6 == 0 || 6 % months == 0;
            prop_assert_eq!(spec.issues().is_empty(), divides);
        }

        /// What is stored comes back as it was.
        #[test]
        fn a_body_survives_storage(amount in 0i64..1_000_000, cadence in "P[1-9]M") {
            let mut card = usage("tokens", &cadence);
            card.price = Some(super::super::fixture::unit_price(amount));
            card.entitlement_template = Some(super::super::fixture::metered(&cadence));
            let spec = plan("P1M", vec![phase("p", "", vec![card])]);
            let text = serde_json::to_string(&spec.body).expect("serializes");
            let back: PlanBody = serde_json::from_str(&text).expect("deserializes");
            prop_assert_eq!(back, spec.body);
        }
    }

    #[test]
    fn durations_keep_their_text() {
        assert_eq!(duration("P12M").as_str(), "P12M");
    }
}
