//! A rate card: what one line of a plan phase, or of an add-on, sells. Rules R1 to R9.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{calendar::IsoDuration, id::FeatureId};
use serde::{Deserialize, Serialize};

use super::{
    discount::Discounts,
    entitlement_template::EntitlementTemplate,
    field::Field,
    issue::{Issue, IssueCode},
    price::Price,
    violation::{RATE_CARD_COUNT_MAX, Violations},
};

/// What one line of a plan phase, or of an add-on, sells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateCard {
    /// Unique inside its phase or add-on.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// Text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Flat fee or usage based.
    pub kind: RateCardKind,
    /// Key of the feature sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature_key: Option<String>,
    /// The feature that the key named when the card was stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature_id: Option<FeatureId>,
    /// How often it is billed; none: once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_cadence: Option<IsoDuration>,
    /// What it costs; none: not billed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// Reductions of the price.
    #[serde(default, skip_serializing_if = "Discounts::is_empty")]
    pub discounts: Discounts,
    /// What it entitles to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entitlement_template: Option<EntitlementTemplate>,
    /// How it is taxed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<TaxConfig>,
    /// Free values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// Kinds of rate cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateCardKind {
    /// A fixed fee.
    FlatFee,
    /// Recurring, by usage.
    UsageBased,
}

/// How a card is taxed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxConfig {
    /// Whether the price contains the tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behavior: Option<TaxBehavior>,
    /// Stripe tax code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stripe_code: Option<String>,
}

/// Whether prices contain the tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxBehavior {
    /// They do.
    Inclusive,
    /// It comes on top.
    Exclusive,
}

impl TaxConfig {
    fn issues(&self, field: &Field) -> Vec<Issue> {
        let right = self.stripe_code.as_deref().is_none_or(|code| {
            code.strip_prefix("txcd_").is_some_and(|digits| {
                digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit())
            })
        });
        if right {
            Vec::new()
        } else {
            vec![Issue::generic(
                "invalid product tax code: must be txcd_ and 8 digits",
                field.property("stripe.code"),
            )]
        }
    }
}

impl RateCard {
    /// Fills in what the user may leave out.
    pub fn fill_defaults(&mut self) {
        if let Some(template) = &mut self.entitlement_template {
            template.fill_usage_period(self.billing_cadence.as_ref());
        }
    }

    /// What makes the card unreadable.
    pub fn violations(&self, path: &str, found: &mut Violations) {
        found.key(&self.key, path);
        found.require(
            !self.key.is_empty(),
            format!("{path}.key"),
            "must not be empty",
        );
        found.require(
            !self.name.is_empty(),
            format!("{path}.name"),
            "must not be empty",
        );
        found.labels(
            path,
            &self.name,
            self.description.as_deref(),
            &self.metadata,
        );
        if let Some(key) = &self.feature_key
            && let Err(bad) = kernel::key::ResourceKey::parse(key)
        {
            found.add(format!("{path}.feature_key"), bad.to_string());
        }
        match self.kind {
            RateCardKind::FlatFee => found.require(
                self.price.as_ref().is_none_or(Price::is_flat),
                format!("{path}.price"),
                "a flat fee can only have a flat price",
            ),
            RateCardKind::UsageBased => found.require(
                self.billing_cadence.is_some(),
                format!("{path}.billing_cadence"),
                "must not be empty for a usage based rate card",
            ),
        }
        if let Some(price) = &self.price {
            price.violations(&format!("{path}.price"), found);
        }
        if let Some(template) = &self.entitlement_template {
            template.violations(&format!("{path}.entitlement_template"), found);
        }
    }

    /// Rules R2 to R9. `card` is the path of the card.
    pub fn issues(&self, card: &Field) -> Vec<Issue> {
        let mut issues = Vec::new();
        if self
            .feature_key
            .as_ref()
            .is_some_and(|feature| *feature != self.key)
        {
            issues.push(Issue::new(
                IssueCode::RateCardKeyFeatureKeyMismatch,
                card.property("key"),
            ));
        }
        if let Some(template) = &self.entitlement_template {
            if self.feature_key.is_none() {
                issues.push(Issue::new(
                    IssueCode::EntitlementTemplateWithNoFeature,
                    card.property("featureKey"),
                ));
            }
            issues.extend(template.issues(&card.property("entitlementTemplate")));
        }
        if self.billing_cadence.as_ref().is_some_and(|cadence| {
            cadence.is_negative() || cadence.is_zero() || !cadence.at_least_an_hour()
        }) {
            issues.push(Issue::new(
                IssueCode::BillingCadenceInvalidValue,
                card.property("billingCadence"),
            ));
        }
        if let Some(price) = &self.price {
            issues.extend(price.issues(&card.property("price")));
        }
        issues.extend(self.discounts.issues(self.price.as_ref(), card));
        if let Some(tax) = &self.tax {
            issues.extend(tax.issues(&card.property("taxConfig")));
        }
        issues
    }
}

/// What makes a list of cards unreadable.
pub fn list_violations(cards: &[RateCard], path: &str, found: &mut Violations) {
    found.require(
        cards.len() <= RATE_CARD_COUNT_MAX,
        format!("{path}.rate_cards"),
        "must have at most 200 rate cards",
    );
    for (index, card) in cards.iter().enumerate() {
        card.violations(&format!("{path}.rate_cards[{index}]"), found);
    }
}

/// Rules R1 to R9 of the cards of one phase or add-on, whose path is `parent`. Checks of the
/// cards themselves spell the list `ratecards`, as the contract does.
pub fn list_issues(cards: &[RateCard], parent: &Field) -> Vec<Issue> {
    let mut issues = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, card) in cards.iter().enumerate() {
        let field = parent.member("ratecards", index, &card.key);
        if !seen.insert(card.key.as_str()) {
            issues.push(Issue::new(
                IssueCode::RateCardDuplicatedKey,
                field.property("key"),
            ));
        }
        issues.extend(card.issues(&field));
    }
    issues
}

/// What is known about a feature that a card names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownFeature {
    /// Its id.
    pub id: FeatureId,
    /// Its key.
    pub key: String,
    /// It is no longer live.
    pub archived: bool,
}

/// Rules R10 and P15: the features that the cards were stored with exist and are live.
/// Checks against features spell the list `rateCards`.
pub fn feature_issues(cards: &[RateCard], known: &[KnownFeature], parent: &Field) -> Vec<Issue> {
    let mut issues = Vec::new();
    for (index, card) in cards.iter().enumerate() {
        let Some(key) = &card.feature_key else {
            continue;
        };
        let feature = match card.feature_id {
            Some(id) => known.iter().find(|feature| feature.id == id),
            None => known
                .iter()
                .filter(|feature| feature.key == *key)
                .max_by_key(|feature| (!feature.archived, feature.id)),
        };
        let code = match feature {
            None => IssueCode::RateCardFeatureNotFound,
            Some(feature) if feature.archived => IssueCode::RateCardFeatureArchived,
            Some(feature) if feature.key != *key => IssueCode::RateCardFeatureMismatch,
            Some(_) => continue,
        };
        let field = parent.member("rateCards", index, &card.key);
        let issue = Issue::new(code, field.property("featureKey"));
        issues.push(issue.with("featureKey", key.clone()));
    }
    issues
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use rust_decimal::Decimal;

    use super::super::{
        discount::{PercentageDiscount, UsageDiscount},
        entitlement_template::{MeteredTemplate, TemplateKind},
        fixture::{brief, flat, metered, usage},
        issue::Severity,
    };
    use super::*;

    const CARD: &str = "$.phases[?(@.key=='pro')].ratecards[?(@.key=='storage')]";

    fn check(card: RateCard, expected: &[(&str, &str)]) {
        let parent = Field::root().member("phases", 0, "pro");
        let expected: Vec<(&str, String)> = expected
            .iter()
            .map(|(code, field)| (*code, format!("{CARD}{field}")))
            .collect();
        assert_eq!(brief(&list_issues(&[card], &parent)), expected);
    }

    fn percentage(value: i64) -> Discounts {
        Discounts {
            percentage: Some(PercentageDiscount {
                percentage: Decimal::from(value),
                correlation_id: None,
            }),
            usage: None,
        }
    }

    fn usage_discount(quantity: i64) -> Discounts {
        Discounts {
            percentage: None,
            usage: Some(UsageDiscount {
                quantity: Decimal::from(quantity),
                correlation_id: None,
            }),
        }
    }

    #[test]
    fn keys_are_unique_and_equal_to_the_feature_key() {
        let cards = [flat("storage", "P1M"), flat("storage", "P1M")];
        assert_eq!(
            brief(&list_issues(&cards, &Field::root())),
            [(
                "rate_card_duplicated_key",
                "$.ratecards[?(@.key=='storage')].key".to_owned()
            )]
        );
        let mut card = usage("storage", "P1M");
        card.feature_key = Some("disk".into());
        check(card, &[("rate_card_key_feature_key_mismatch", ".key")]);
    }

    #[test]
    fn a_template_needs_a_feature_and_sound_values() {
        let mut card = flat("storage", "P1M");
        card.entitlement_template = Some(metered("P1M"));
        check(
            card,
            &[("entitlement_template_with_no_feature", ".featureKey")],
        );

        let template = |kind| {
            let mut card = usage("storage", "P1M");
            card.entitlement_template = Some(EntitlementTemplate {
                kind,
                metadata: BTreeMap::new(),
            });
            card
        };
        check(
            template(TemplateKind::Static {
                config: "{not json".into(),
            }),
            &[(
                "entitlement_template_invalid_json_config",
                ".entitlementTemplate.config",
            )],
        );
        check(
            template(TemplateKind::Static {
                config: r#"{"seats": 5}"#.into(),
            }),
            &[],
        );
        let lonely_priority = MeteredTemplate {
            soft_limit: false,
            issue_after_reset: None,
            issue_after_reset_priority: Some(2),
            preserve_overage_at_reset: None,
            usage_period: Some(IsoDuration::parse("PT30M").unwrap()),
        };
        check(
            template(TemplateKind::Metered(lonely_priority)),
            &[
                (
                    "entitlement_template_invalid_issue_after_reset_with_priority",
                    ".entitlementTemplate.issueAfterReset",
                ),
                (
                    "entitlement_template_usage_period_less_then_an_hour",
                    ".entitlementTemplate.usagePeriod",
                ),
            ],
        );
    }

    #[test]
    fn a_usage_period_left_out_is_the_billing_cadence() {
        let template = |cadence: &str| {
            let mut card = usage("storage", cadence);
            let mut template = metered("P1D");
            if let TemplateKind::Metered(metered) = &mut template.kind {
                metered.usage_period = None;
            }
            card.entitlement_template = Some(template);
            card.fill_defaults();
            let mut found = Violations::default();
            card.violations("card", &mut found);
            (card, found.into_vec())
        };
        let (card, violations) = template("P3M");
        assert_eq!(card.entitlement_template, Some(metered("P3M")));
        assert!(violations.is_empty());
        let (_, violations) = template("");
        assert!(
            violations
                .iter()
                .any(|v| v.description.starts_with("missing UsagePeriod"))
        );
    }

    #[test]
    fn cadences_are_an_hour_or_more() {
        check(flat("storage", "PT1H"), &[]);
        for cadence in ["PT0S", "PT59M", "-P1M"] {
            check(
                flat("storage", cadence),
                &[("billing_cadence_invalid_value", ".billingCadence")],
            );
        }
    }

    #[test]
    fn discounts_need_a_price_and_fitting_values() {
        let card = |discounts| RateCard {
            discounts,
            ..usage("storage", "P1M")
        };
        check(card(percentage(0)), &[]);
        check(card(percentage(100)), &[]);
        let field = ".discounts.percentage.percentage";
        check(
            card(percentage(101)),
            &[("percentage_discount_invalid_value", field)],
        );
        check(
            card(percentage(-1)),
            &[("percentage_discount_invalid_value", field)],
        );
        check(
            card(usage_discount(-1)),
            &[(
                "usage_discount_negative_quantity",
                ".discounts.usage.quantity",
            )],
        );
        let on_flat = RateCard {
            discounts: usage_discount(5),
            ..flat("storage", "P1M")
        };
        check(on_flat, &[("usage_discount_with_flat_price", "")]);
        let unpriced = RateCard {
            price: None,
            ..card(percentage(5))
        };
        let issues = unpriced.issues(&Field::root());
        assert_eq!(issues[0].message, "price is required for discounts");
        assert_eq!(issues[0].severity(), Severity::Critical);
    }

    #[test]
    fn tax_codes_have_eight_digits() {
        let card = |code: &str| RateCard {
            tax: Some(TaxConfig {
                behavior: None,
                stripe_code: Some(code.into()),
            }),
            ..flat("storage", "P1M")
        };
        check(card("txcd_10000000"), &[]);
        for code in ["txcd_1000000", "10000000", "txcd_1000000a"] {
            check(card(code), &[("-", ".taxConfig.stripe.code")]);
        }
    }

    #[test]
    fn flat_fees_have_flat_prices_and_usage_recurs() {
        let violations = |card: RateCard| {
            let mut found = Violations::default();
            card.violations("card", &mut found);
            found
                .into_vec()
                .into_iter()
                .map(|v| v.field)
                .collect::<Vec<_>>()
        };
        let unit = RateCard {
            kind: RateCardKind::FlatFee,
            ..usage("storage", "P1M")
        };
        assert_eq!(violations(unit), ["card.price"]);
        assert_eq!(violations(usage("storage", "")), ["card.billing_cadence"]);
        assert!(violations(flat("storage", "")).is_empty());
    }

    #[test]
    fn features_must_be_live_at_publish() {
        let id = |last: char| format!("01ARZ3NDEKTSV4RRFFQ69G5FA{last}").parse().unwrap();
        let known = |last, key: &str, archived| KnownFeature {
            id: id(last),
            key: key.into(),
            archived,
        };
        let card = RateCard {
            feature_id: Some(id('A')),
            ..usage("storage", "P1M")
        };
        let check = |features: &[KnownFeature], expected: Option<&str>| {
            let found = brief(&feature_issues(
                std::slice::from_ref(&card),
                features,
                &Field::root(),
            ));
            assert_eq!(found.first().map(|(code, _)| *code), expected);
        };
        check(&[known('A', "storage", false)], None);
        check(
            &[known('A', "storage", true)],
            Some("rate_card_feature_archived"),
        );
        check(
            &[known('B', "storage", false)],
            Some("rate_card_feature_not_found"),
        );
        check(
            &[known('A', "disk", false)],
            Some("rate_card_feature_mismatch"),
        );
    }
}
