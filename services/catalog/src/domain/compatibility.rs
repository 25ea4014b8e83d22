//! Whether an add-on can be sold on top of a plan, and whether two rate cards of the same key
//! can be merged.

use jiff::Timestamp;

use super::{
    addon::{AddonSpec, InstanceType},
    entitlement_template::{EntitlementTemplate, TemplateKind},
    field::Field,
    issue::{Issue, IssueCode},
    plan::PlanSpec,
    price::{Price, PriceModel},
    rate_card::RateCard,
    versioning::{Effective, State},
};

/// How an add-on is assigned to a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment<'a> {
    /// Key of the first phase in which it can be bought.
    pub from_phase: &'a str,
    /// How many instances a subscription may hold.
    pub max_quantity: Option<i32>,
}

/// Everything that keeps plan and add-on from going together.
pub fn assignment_issues(
    (plan, plan_effective): (&PlanSpec, Effective),
    (addon, addon_effective): (&AddonSpec, Effective),
    assignment: &Assignment<'_>,
    now: Timestamp,
) -> Vec<Issue> {
    let root = Field::root();
    let mut issues = Vec::new();
    let status = |part: &'static str| {
        Issue::new(
            IssueCode::PlanAddonIncompatibleStatus,
            root.property(part).property("status"),
        )
    };
    if plan_effective.state(now) == State::Archived {
        issues.push(status("plan"));
    }
    if addon_effective.addon_state(now) != State::Active || addon_effective.to.is_some() {
        issues.push(status("addon"));
    }
    let quantity_code = match (addon.body.instance_type, assignment.max_quantity) {
        (InstanceType::Multiple, Some(quantity)) if quantity <= 0 => {
            Some(IssueCode::PlanAddonMaxQuantityMustBeSet)
        }
        (InstanceType::Single, Some(_)) => Some(IssueCode::PlanAddonMaxQuantityMustNotBeSet),
        (InstanceType::Multiple | InstanceType::Single, _) => None,
    };
    issues.extend(quantity_code.map(|code| Issue::new(code, root.property("maxQuantity"))));
    let unaligned = |card: &RateCard| {
        card.billing_cadence
            .as_ref()
            .is_some_and(|cadence| !cadence.aligns_with(&plan.body.billing_cadence))
    };
    if addon.body.rate_cards.iter().any(unaligned) {
        issues.push(Issue::new(
            IssueCode::RateCardBillingCadenceUnaligned,
            root.property("billingCadence"),
        ));
    }
    if plan.currency != addon.currency {
        issues.push(Issue::new(
            IssueCode::PlanAddonCurrencyMismatch,
            root.property("addon").property("currency"),
        ));
    }
    issues.extend(phase_issues(plan, addon, assignment.from_phase));
    issues
}

fn phase_issues(plan: &PlanSpec, addon: &AddonSpec, from_phase: &str) -> Vec<Issue> {
    let phases = &plan.body.phases;
    let Some(first) = phases.iter().position(|phase| phase.key == from_phase) else {
        return vec![Issue::new(
            IssueCode::PlanAddonUnknownPlanPhaseKey,
            Field::root().property("fromPlanPhase"),
        )];
    };
    let mut issues = Vec::new();
    for phase in phases.iter().skip(first) {
        for (index, overlay) in addon.body.rate_cards.iter().enumerate() {
            let base = phase.rate_cards.iter().find(|card| card.key == overlay.key);
            if let Some(base) = base {
                let field =
                    Field::root()
                        .property("addon")
                        .member("ratecards", index, &overlay.key);
                for issue in rate_card_issues(base, overlay, &field) {
                    issues.push(issue.with("planPhaseKey", phase.key.clone()));
                }
            }
        }
    }
    issues
}

/// What keeps an overlay from being merged into a base card of the same key. `card` is the
/// path of the overlay.
pub fn rate_card_issues(base: &RateCard, overlay: &RateCard, card: &Field) -> Vec<Issue> {
    let mut issues = Vec::new();
    if let (Some(a), Some(b)) = (&base.price, &overlay.price)
        && let Some(code) = price_mismatch(a, b)
    {
        issues.push(Issue::new(code, card.property("price")));
    }
    if both_differ(base.feature_key.as_ref(), overlay.feature_key.as_ref()) {
        issues.push(Issue::new(
            IssueCode::RateCardFeatureKeyMismatch,
            card.property("featureKey"),
        ));
    }
    if both_differ(base.feature_id, overlay.feature_id) {
        issues.push(Issue::new(
            IssueCode::RateCardFeatureIdMismatch,
            card.property("featureId"),
        ));
    }
    if both_differ(
        base.billing_cadence.as_ref(),
        overlay.billing_cadence.as_ref(),
    ) {
        issues.push(Issue::new(
            IssueCode::RateCardBillingCadenceMismatch,
            card.property("billingCadence"),
        ));
    }
    if let (Some(a), Some(b)) = (&base.entitlement_template, &overlay.entitlement_template) {
        issues.extend(template_mismatch(
            a,
            b,
            &card.property("entitlementTemplate"),
        ));
    }
    if base.discounts.percentage.is_some() && overlay.discounts.percentage.is_some() {
        issues.push(Issue::new(
            IssueCode::RateCardPercentageDiscountNotAllowed,
            card.property("discounts").property("percentage"),
        ));
    }
    issues
}

fn both_differ<T: PartialEq>(a: Option<T>, b: Option<T>) -> bool {
    a.zip(b).is_some_and(|(a, b)| a != b)
}

fn price_mismatch(base: &Price, overlay: &Price) -> Option<IssueCode> {
    if base.kind() != overlay.kind() {
        return Some(IssueCode::RateCardPriceTypeMismatch);
    }
    match (&base.model, &overlay.model) {
        (
            PriceModel::Flat {
                payment_term: a, ..
            },
            PriceModel::Flat {
                payment_term: b, ..
            },
        ) => (a != b).then_some(IssueCode::RateCardPricePaymentTermMismatch),
        _both_not_flat => Some(IssueCode::RateCardOnlyFlatPriceAllowed),
    }
}

fn template_mismatch(
    base: &EntitlementTemplate,
    overlay: &EntitlementTemplate,
    field: &Field,
) -> Option<Issue> {
    match (&base.kind, &overlay.kind) {
        (TemplateKind::Static { .. }, TemplateKind::Static { .. }) => Some(Issue::new(
            IssueCode::RateCardStaticEntitlementTemplateNotAllowed,
            field.property("type"),
        )),
        (TemplateKind::Metered(a), TemplateKind::Metered(b)) => (a.usage_period != b.usage_period)
            .then(|| {
                Issue::new(
                    IssueCode::RateCardMeteredEntitlementTemplateUsagePeriodMismatch,
                    field.property("usagePeriod"),
                )
            }),
        (TemplateKind::Boolean, TemplateKind::Boolean) => None,
        (
            TemplateKind::Metered(_) | TemplateKind::Static { .. } | TemplateKind::Boolean,
            TemplateKind::Metered(_) | TemplateKind::Static { .. } | TemplateKind::Boolean,
        ) => Some(Issue::new(
            IssueCode::RateCardEntitlementTemplateTypeMismatch,
            field.property("type"),
        )),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use kernel::{
        currency::Currency,
        id::{FeatureId, Ulid},
    };

    use super::super::{
        discount::{Discounts, PercentageDiscount},
        fixture::{addon, brief, flat, flat_price, metered, phase, plan, usage},
        price::PaymentTerm,
    };
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    const ACTIVE: (i64, Option<i64>) = (5, None);

    fn effective((from, to): (i64, Option<i64>)) -> Effective {
        Effective {
            from: Some(at(from)),
            to: to.map(at),
        }
    }

    fn check(plan: &PlanSpec, addon: &AddonSpec, quantity: Option<i32>, expected: &[(&str, &str)]) {
        let assignment = Assignment {
            from_phase: "pro",
            max_quantity: quantity,
        };
        let found = assignment_issues(
            (plan, Effective::default()),
            (addon, effective(ACTIVE)),
            &assignment,
            at(10),
        );
        let found = brief(&found);
        let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (*a, b.as_str())).collect();
        assert_eq!(found, expected);
    }

    fn pro(cards: Vec<RateCard>) -> PlanSpec {
        let trial = phase("trial", "P1M", vec![usage("tokens", "P1M")]);
        plan("P1M", vec![trial, phase("pro", "", cards)])
    }

    #[test]
    fn flat_cards_of_one_key_and_cadence_go_together() {
        let base = pro(vec![flat("fee", "P1M")]);
        check(
            &base,
            &addon(InstanceType::Single, vec![flat("fee", "P1M")]),
            None,
            &[],
        );
        check(
            &base,
            &addon(InstanceType::Multiple, vec![flat("fee", "P1M")]),
            Some(3),
            &[],
        );
        check(
            &base,
            &addon(InstanceType::Multiple, vec![flat("other", "P1Y")]),
            None,
            &[],
        );
    }

    #[test]
    fn phases_before_the_first_one_do_not_matter() {
        let base = pro(vec![flat("fee", "P1M")]);
        check(
            &base,
            &addon(InstanceType::Single, vec![usage("tokens", "P1M")]),
            None,
            &[],
        );
    }

    #[test]
    fn quantities_belong_to_add_ons_of_many_instances() {
        let base = pro(vec![flat("fee", "P1M")]);
        let single = addon(InstanceType::Single, vec![flat("other", "P1M")]);
        let many = addon(InstanceType::Multiple, vec![flat("other", "P1M")]);
        let field = "$.maxQuantity";
        check(
            &base,
            &single,
            Some(1),
            &[("plan_addon_max_quantity_must_not_be_set", field)],
        );
        check(
            &base,
            &many,
            Some(0),
            &[("plan_addon_max_quantity_must_be_set", field)],
        );
    }

    #[test]
    fn currency_cadence_phase_and_status_must_fit() {
        let base = pro(vec![flat("fee", "P1M")]);
        let mut extra = addon(
            InstanceType::Single,
            vec![flat("a", "P1W"), flat("b", "P3D")],
        );
        extra.currency = Currency::parse("EUR").unwrap();
        check(
            &base,
            &extra,
            None,
            &[
                ("rate_card_billing_cadence_unaligned", "$.billingCadence"),
                ("plan_addon_currency_mismatch", "$.addon.currency"),
            ],
        );
        let fitting = addon(InstanceType::Single, vec![flat("a", "P1M")]);
        let assignment = Assignment {
            from_phase: "gold",
            max_quantity: None,
        };
        let found = assignment_issues(
            (&base, effective((1, Some(2)))),
            (&fitting, effective((1, Some(20)))),
            &assignment,
            at(10),
        );
        let found = brief(&found);
        let fields: Vec<&str> = found.iter().map(|(_, field)| field.as_str()).collect();
        assert_eq!(
            fields,
            ["$.plan.status", "$.addon.status", "$.fromPlanPhase"]
        );
    }

    #[test]
    fn cards_of_one_key_must_be_mergeable() {
        const CARD: &str = "$.addon.ratecards[?(@.key=='tokens')]";
        let check_cards = |base: RateCard, overlay: RateCard, expected: &[(&str, &str)]| {
            let field = Field::root()
                .property("addon")
                .member("ratecards", 0, "tokens");
            let expected: Vec<(&str, String)> = expected
                .iter()
                .map(|(code, field)| (*code, format!("{CARD}{field}")))
                .collect();
            assert_eq!(brief(&rate_card_issues(&base, &overlay, &field)), expected);
        };
        let unit = || usage("tokens", "P1M");
        let fee = || RateCard {
            price: Some(flat_price(5)),
            ..usage("tokens", "P1M")
        };
        check_cards(
            unit(),
            unit(),
            &[("rate_card_only_flat_price_allowed", ".price")],
        );
        check_cards(
            unit(),
            fee(),
            &[("rate_card_price_type_mismatch", ".price")],
        );
        check_cards(
            unit(),
            RateCard {
                price: None,
                ..unit()
            },
            &[],
        );
        let mut arrears = flat_price(5);
        if let PriceModel::Flat { payment_term, .. } = &mut arrears.model {
            *payment_term = PaymentTerm::InArrears;
        }
        check_cards(
            fee(),
            RateCard {
                price: Some(arrears),
                ..fee()
            },
            &[("rate_card_price_payment_term_mismatch", ".price")],
        );
        check_cards(
            fee(),
            RateCard {
                billing_cadence: fee().billing_cadence.map(|c| c.times(3)),
                ..fee()
            },
            &[("rate_card_billing_cadence_mismatch", ".billingCadence")],
        );
        check_cards(
            fee(),
            RateCard {
                feature_key: Some("disk".into()),
                ..fee()
            },
            &[("rate_card_feature_key_mismatch", ".featureKey")],
        );
        // The feature was archived and made anew under its key.
        let of_feature = |number| RateCard {
            feature_key: Some("tokens".into()),
            feature_id: Some(FeatureId::from_ulid(Ulid(number))),
            ..fee()
        };
        check_cards(of_feature(1), of_feature(1), &[]);
        check_cards(
            of_feature(1),
            of_feature(2),
            &[("rate_card_feature_id_mismatch", ".featureId")],
        );
        let template = |template| RateCard {
            entitlement_template: Some(template),
            ..fee()
        };
        check_cards(
            template(metered("P1M")),
            template(metered("P1Y")),
            &[(
                "rate_card_metered_entitlement_template_usage_period_mismatch",
                ".entitlementTemplate.usagePeriod",
            )],
        );
        let kind = |kind| {
            template(EntitlementTemplate {
                kind,
                metadata: Default::default(),
            })
        };
        check_cards(
            kind(TemplateKind::Boolean),
            template(metered("P1M")),
            &[(
                "rate_card_entitlement_template_type_mismatch",
                ".entitlementTemplate.type",
            )],
        );
        let fixed = || TemplateKind::Static { config: "1".into() };
        check_cards(
            kind(fixed()),
            kind(fixed()),
            &[(
                "rate_card_static_entitlement_template_not_allowed",
                ".entitlementTemplate.type",
            )],
        );
        let off = || RateCard {
            discounts: Discounts {
                percentage: Some(PercentageDiscount {
                    percentage: rust_decimal::Decimal::TEN,
                    correlation_id: None,
                }),
                usage: None,
            },
            ..fee()
        };
        check_cards(
            off(),
            off(),
            &[(
                "rate_card_percentage_discount_not_allowed",
                ".discounts.percentage",
            )],
        );
    }
}
