//! An add-on version and the rules that decide whether it can be stored and published.

use std::collections::BTreeMap;

use kernel::calendar::IsoDuration;
use serde::{Deserialize, Serialize};

use super::{
    field::Field,
    issue::{Issue, IssueCode},
    rate_card::{self, KnownFeature, RateCard},
    versioning::{Offer, State},
    violation::{Violation, Violations},
};

/// What the user says about an add-on version.
pub type AddonSpec = Offer<AddonBody>;

/// What may change while a version is a draft; stored as one JSON document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddonBody {
    /// Name for people.
    pub name: String,
    /// Text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Free values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// How often a subscription may hold it.
    pub instance_type: InstanceType,
    /// What it sells.
    pub rate_cards: Vec<RateCard>,
}

/// How often a subscription may hold an add-on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstanceType {
    /// Once.
    Single,
    /// In any quantity.
    Multiple,
}

impl AddonBody {
    /// Fills in what the user may leave out.
    pub fn fill_defaults(&mut self) {
        self.rate_cards.iter_mut().for_each(RateCard::fill_defaults);
    }

    fn priced(&self) -> impl Iterator<Item = &RateCard> {
        self.rate_cards.iter().filter(|card| card.price.is_some())
    }
}

impl AddonSpec {
    /// What makes the add-on unreadable; paths start with `addon`.
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Violations::default();
        let body = &self.body;
        found.key(&self.key, "addon");
        found.labels(
            "addon",
            &body.name,
            body.description.as_deref(),
            &body.metadata,
        );
        rate_card::list_violations(&body.rate_cards, "addon", &mut found);
        found.into_vec()
    }

    /// The issues that are checked always: what `validationErrors` shows.
    pub fn issues(&self) -> Vec<Issue> {
        let root = Field::root();
        let mut issues = Vec::new();
        if self.key.is_empty() {
            issues.push(Issue::new(IssueCode::AddonKeyEmpty, root.property("key")));
        }
        if self.body.name.is_empty() {
            issues.push(Issue::new(IssueCode::AddonNameEmpty, root.property("name")));
        }
        if self.body.rate_cards.is_empty() {
            issues.push(Issue::new(
                IssueCode::AddonHasNoRateCards,
                root.property("rateCards"),
            ));
        }
        issues.extend(rate_card::list_issues(&self.body.rate_cards, &root));
        issues
    }

    /// What is checked at publish beside `issues`.
    pub fn publish_issues(&self, state: State, known: &[KnownFeature]) -> Vec<Issue> {
        let root = Field::root();
        let mut issues = Vec::new();
        if state != State::Draft {
            issues.push(
                Issue::new(
                    IssueCode::AddonInvalidStatusForPublish,
                    root.property("status"),
                )
                .with("status", state.as_str()),
            );
        }
        let mut cadences = self
            .body
            .priced()
            .filter_map(|card| card.billing_cadence.as_ref());
        if let Some(first) = cadences.next()
            && cadences.any(|cadence| !same_cadence(cadence, first))
        {
            issues.push(Issue::new(
                IssueCode::RateCardMultipleBillingCadence,
                root.property("ratecards[*]").property("billingCadence"),
            ));
        }
        if self.body.instance_type == InstanceType::Multiple {
            issues.extend(
                self.body
                    .rate_cards
                    .iter()
                    .enumerate()
                    .filter(|(_, card)| card.price.as_ref().is_some_and(|price| !price.is_flat()))
                    .map(|(index, card)| {
                        let field = root.member("ratecards", index, &card.key);
                        Issue::new(
                            IssueCode::AddonInvalidRateCardPriceForMultiInstance,
                            field.property("price"),
                        )
                    }),
            );
        }
        issues.extend(rate_card::feature_issues(
            &self.body.rate_cards,
            known,
            &root,
        ));
        issues
    }
}

/// Whether two cadences are the same length: as text, or in months (12 months are a year).
fn same_cadence(a: &IsoDuration, b: &IsoDuration) -> bool {
    let whole_months = a.is_whole_months() && b.is_whole_months();
    a == b || (whole_months && a.months().is_ok_and(|a| b.months() == Ok(a)))
}

/// The issue of an operation that the state does not allow.
pub fn status_issue(state: State) -> Issue {
    Issue::new(
        IssueCode::AddonInvalidStatus,
        Field::root().property("status"),
    )
    .with("status", state.as_str())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{addon, brief, flat, usage};
    use super::*;

    fn published(instance_type: InstanceType, cards: Vec<RateCard>) -> Vec<(&'static str, String)> {
        let mut spec = addon(instance_type, cards);
        for card in &mut spec.body.rate_cards {
            card.feature_key = None;
        }
        brief(&spec.publish_issues(State::Draft, &[]))
    }

    #[test]
    fn publishing_wants_one_cadence_where_a_year_is_twelve_months() {
        let cards = |a: &str, b: &str| vec![flat("a", a), flat("b", b), flat("once", "")];
        assert!(published(InstanceType::Single, cards("P12M", "P1Y")).is_empty());
        assert_eq!(
            published(InstanceType::Single, cards("P1M", "P1Y")),
            [(
                "rate_card_multiple_billing_cadence",
                "$.ratecards[*].billingCadence".to_owned()
            )]
        );
    }

    #[test]
    fn only_flat_prices_come_in_any_quantity() {
        let cards = || vec![flat("fee", "P1M"), usage("tokens", "P1M")];
        assert!(published(InstanceType::Single, cards()).is_empty());
        assert_eq!(
            published(InstanceType::Multiple, cards()),
            [(
                "addon_invalid_ratecard_price_for_multi_instance",
                "$.ratecards[?(@.key=='tokens')].price".to_owned()
            )]
        );
    }

    #[test]
    fn only_drafts_are_published_and_only_with_live_features() {
        let spec = addon(InstanceType::Single, vec![usage("tokens", "P1M")]);
        assert_eq!(
            brief(&spec.publish_issues(State::Active, &[])),
            [
                ("addon_invalid_status_for_publish", "$.status".to_owned()),
                (
                    "rate_card_feature_not_found",
                    "$.rateCards[?(@.key=='tokens')].featureKey".to_owned()
                )
            ]
        );
        assert!(
            spec.issues().is_empty(),
            "a draft does not show what only publishing checks"
        );
    }

    #[test]
    fn empty_parts_are_found() {
        let mut spec = addon(InstanceType::Single, vec![]);
        spec.key = String::new();
        spec.body.name = String::new();
        let codes: Vec<&str> = brief(&spec.issues())
            .into_iter()
            .map(|(code, _)| code)
            .collect();
        assert_eq!(
            codes,
            [
                "addon_key_empty",
                "addon_name_empty",
                "addon_has_no_rate_cards"
            ]
        );
    }
}
