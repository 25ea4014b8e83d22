//! Every rule of a plan through the service: critical issues are refused at once and
//! leave nothing, warnings are stored, shown, and keep the version from being published.

use contract::catalog::v1::{self as pb, plan_service_server::PlanService as _};
use tonic::{Code, Status};

use super::{World, decimal, features, flat, phase, plan, plans, refused, usage};

/// Code, severity and field of the issues of a refusal.
pub fn issues(status: &Status) -> Vec<(String, chassis::Severity, String)> {
    let details = chassis::error::details(status);
    details
        .issues
        .into_iter()
        .map(|issue| (issue.code, issue.severity, issue.field.unwrap_or_default()))
        .collect()
}

/// Code and field as tests write them; generic issues have no code.
pub type Expected<'a> = &'a [(&'a str, &'a str)];

pub fn brief(issues: &[(String, chassis::Severity, String)]) -> Vec<(&str, &str)> {
    issues
        .iter()
        .map(|(code, _, field)| (code.as_str(), field.as_str()))
        .collect()
}

/// Field and sentence of what a refusal has wrong.
pub fn wrong_fields(status: &Status) -> Vec<(String, String)> {
    let violations = chassis::error::details(status).violations.into_iter();
    violations
        .map(|wrong| (wrong.field, wrong.description))
        .collect()
}

async fn plan_count(world: &World) -> i64 {
    let request = pb::ListPlansRequest {
        page: 1,
        include_deleted: true,
        ..Default::default()
    };
    let answer = world.catalog.list_plans(world.call(request)).await;
    answer.unwrap().into_inner().total_size
}

/// The plan is refused at once, with these issues among others, and nothing is written.
async fn refuses(world: &World, bad: pb::Plan, expected: Expected<'_>) {
    let before = (plan_count(world).await, world.audit("").await.len());
    let status = plans::create(world, bad).await.unwrap_err();
    let details = chassis::error::details(&status);
    assert_eq!(
        (status.code(), details.reason.as_str()),
        (Code::InvalidArgument, "INVALID_PLAN"),
        "{expected:?}"
    );
    assert_eq!(status.message(), "invalid plan");
    let found = issues(&status);
    assert_eq!(brief(&found), expected);
    assert!(
        found
            .iter()
            .any(|(_, severity, _)| *severity == chassis::Severity::Critical)
    );
    let after = (plan_count(world).await, world.audit("").await.len());
    assert_eq!(before, after, "nothing was written");
}

/// The plan is stored with these warnings and cannot be published until they are gone.
async fn warns(world: &World, soft: pb::Plan, expected: Expected<'_>) {
    let stored = plans::created(world, soft).await;
    let shown: Vec<(&str, &str)> = stored
        .validation_issues
        .iter()
        .map(|issue| (issue.code.as_str(), issue.field.as_str()))
        .collect();
    assert_eq!(shown, expected);
    let status = plans::publish(world, &stored.id).await.unwrap_err();
    let details = chassis::error::details(&status);
    assert_eq!(
        (status.code(), details.reason.as_str()),
        (Code::FailedPrecondition, "PLAN_NOT_PUBLISHABLE")
    );
    let found = issues(&status);
    assert_eq!(brief(&found), expected);
    assert!(
        found
            .iter()
            .all(|(_, severity, _)| *severity == chassis::Severity::Warning)
    );
    let draft = pb::DeletePlanRequest {
        id: stored.id.clone(),
        request_id: String::new(),
    };
    let deleted = world.catalog.delete_plan(world.call(draft)).await.unwrap();
    let deleted = deleted.into_inner().plan.unwrap();
    assert_eq!(deleted.effective_from_time, None, "it stayed a draft");
    assert_eq!(world.audit(&stored.id).await.len(), 2, "made and deleted");
}

fn card_path(name: &str) -> String {
    format!("$.phases[?(@.key=='default')].ratecards[?(@.key=='fee')]{name}")
}

pub fn fee() -> pb::RateCard {
    flat("fee", "P1M")
}

pub fn metered() -> pb::RateCard {
    pb::RateCard {
        feature_key: String::new(),
        ..usage("fee")
    }
}

fn priced(model: pb::price::Model) -> pb::RateCard {
    pb::RateCard {
        price: Some(pb::Price {
            model: Some(model),
            ..Default::default()
        }),
        ..metered()
    }
}

fn tiered(tiers: &[(&str, &str, &str)]) -> pb::RateCard {
    let amount = |text: &str| (!text.is_empty()).then(|| decimal(text)).flatten();
    priced(pb::price::Model::Tiered(pb::TieredPrice {
        mode: pb::tiered_price::Mode::Volume.into(),
        tiers: tiers
            .iter()
            .map(|(up_to, flat, unit)| pb::PriceTier {
                up_to_amount: amount(up_to),
                flat_amount: amount(flat),
                unit_amount: amount(unit),
            })
            .collect(),
    }))
}

fn committed(minimum: &str, maximum: &str) -> pb::RateCard {
    let mut card = metered();
    if let Some(price) = &mut card.price {
        price.minimum_amount = decimal(minimum);
        price.maximum_amount = decimal(maximum);
    }
    card
}

fn discounted(
    card: pb::RateCard,
    percentage: Option<&str>,
    quantity: Option<&str>,
) -> pb::RateCard {
    pb::RateCard {
        discounts: Some(pb::Discounts {
            percentage: percentage.map(|text| pb::PercentageDiscount {
                percentage: decimal(text),
                correlation_id: String::new(),
            }),
            usage: quantity.map(|text| pb::UsageDiscount {
                quantity: decimal(text),
                correlation_id: String::new(),
            }),
        }),
        ..card
    }
}

fn entitled(card: pb::RateCard, template: pb::entitlement_template::Template) -> pb::RateCard {
    pb::RateCard {
        entitlement_template: Some(pb::EntitlementTemplate {
            template: Some(template),
        }),
        ..card
    }
}

fn metered_template(period: &str, priority: Option<i32>) -> pb::entitlement_template::Template {
    pb::entitlement_template::Template::Metered(pb::MeteredEntitlementTemplate {
        usage_period_duration: period.into(),
        issue_after_reset_priority: priority,
        ..Default::default()
    })
}

pub fn of_feature(card: pb::RateCard) -> pb::RateCard {
    pb::RateCard {
        feature_key: "fee".into(),
        ..card
    }
}

#[tokio::test]
async fn critical_rules_of_a_plan() {
    let world = World::new().await;
    let base = || plan(vec![fee()]);
    let phases = |phases| pb::Plan { phases, ..base() };
    let lasting = |key: &str, duration: &str| pb::PlanPhase {
        duration: duration.into(),
        ..phase(key, vec![fee()])
    };
    let nameless = pb::Plan {
        name: String::new(),
        ..base()
    };
    refuses(&world, nameless, &[("resource_name_empty", "$.name")]).await;
    let keyless = pb::Plan {
        key: String::new(),
        ..base()
    };
    refuses(&world, keyless, &[("resource_key_empty", "$.key")]).await;
    for cadence in ["P2M", "P30D", "PT24H", "P24M"] {
        let odd = pb::Plan {
            billing_cadence: cadence.into(),
            phases: vec![phase("default", vec![flat("fee", "")])],
            ..base()
        };
        let expected = [("plan_billing_cadence_invalid", "$.billingCadence")];
        refuses(&world, odd, &expected).await;
    }
    refuses(
        &world,
        phases(vec![lasting("a", "P1M"), lasting("a", "")]),
        &[(
            "plan_phase_duplicated_key",
            "$.phases[?(@.key=='a')].key.key",
        )],
    )
    .await;
    refuses(
        &world,
        phases(vec![phase("", vec![fee()])]),
        &[
            ("resource_key_empty", "$.phases[?(@.key=='')].key"),
            ("resource_name_empty", "$.phases[?(@.key=='')].name"),
        ],
    )
    .await;
    // A critical issue brings the warnings along.
    refuses(
        &world,
        pb::Plan {
            name: String::new(),
            ..phases(vec![lasting("a", "P1M")])
        },
        &[
            ("resource_name_empty", "$.name"),
            (
                "plan_has_last_phase_with_duration",
                "$.phases[?(@.key=='a')].duration",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn critical_rules_of_rate_cards() {
    let world = World::new().await;
    features::create(&world, "fee", "").await;
    let check = async |card: pb::RateCard, code: &str, field: &str| {
        let path = card_path(field);
        refuses(&world, plan(vec![card]), &[(code, &path)]).await;
    };
    let path = card_path(".key");
    let expected = [("rate_card_duplicated_key", path.as_str())];
    refuses(&world, plan(vec![fee(), fee()]), &expected).await;
    let other = pb::RateCard {
        feature_key: "other".into(),
        ..fee()
    };
    check(other, "rate_card_key_feature_key_mismatch", ".key").await;
    for percentage in ["-0.1", "100.1"] {
        let card = discounted(fee(), Some(percentage), None);
        let field = ".discounts.percentage.percentage";
        check(card, "percentage_discount_invalid_value", field).await;
    }
    let unpriced = pb::RateCard {
        price: None,
        ..discounted(fee(), Some("5"), None)
    };
    check(unpriced, "", ".discounts").await;
    for code in ["txcd_1", "txcd_1234567x", "12345678"] {
        let taxed = pb::RateCard {
            tax_config: Some(pb::TaxConfig {
                stripe_code: code.into(),
                ..Default::default()
            }),
            ..fee()
        };
        check(taxed, "", ".taxConfig.stripe.code").await;
    }
    let fixed = pb::entitlement_template::Template::Static(pb::StaticEntitlementTemplate {
        config: "{".into(),
        ..Default::default()
    });
    let card = entitled(of_feature(fee()), fixed);
    let field = ".entitlementTemplate.config";
    check(card, "entitlement_template_invalid_json_config", field).await;
    use pb::price::Model;
    for card in [
        priced(Model::Unit(pb::UnitPrice {
            amount: decimal("-1"),
        })),
        priced(Model::Flat(pb::FlatPrice {
            amount: decimal("-1"),
            payment_term: 0,
        })),
        priced(Model::Dynamic(pb::DynamicPrice {
            multiplier: decimal("-1"),
        })),
        priced(Model::Package(pb::PackagePrice {
            amount: decimal("-1"),
            quantity_per_package: decimal("10"),
        })),
        priced(Model::Package(pb::PackagePrice {
            amount: decimal("1"),
            quantity_per_package: decimal("0"),
        })),
        tiered(&[("10", "1", "")]),
        tiered(&[]),
        tiered(&[("10", "1", ""), ("10", "2", ""), ("", "1", "")]),
        tiered(&[("-1", "1", ""), ("", "1", "")]),
        tiered(&[("", "", "")]),
        tiered(&[("", "-1", "")]),
        tiered(&[("", "", "-1")]),
        committed("-1", "5"),
        committed("0", "-5"),
        committed("6", "5"),
    ] {
        check(card, "", ".price").await;
    }
}

#[tokio::test]
async fn warnings_of_a_plan() {
    let world = World::new().await;
    let base = || plan(vec![fee()]);
    let phases = |phases| pb::Plan { phases, ..base() };
    let lasting = |key: &str, duration: &str| pb::PlanPhase {
        duration: duration.into(),
        ..phase(key, vec![fee()])
    };
    warns(
        &world,
        phases(vec![]),
        &[("plan_with_no_phases", "$.phases")],
    )
    .await;
    let field = "$.phases[?(@.key=='a')].duration";
    let check = async |duration: &str, expected: &[&str]| {
        let expected: Vec<(&str, &str)> = expected.iter().map(|code| (*code, field)).collect();
        let soft = phases(vec![lasting("a", duration), lasting("b", "")]);
        warns(&world, soft, &expected).await;
    };
    check("", &["plan_has_non_last_phase_with_no_duration"]).await;
    check("PT59M", &["plan_phase_duration_less_then_an_hour"]).await;
    check(
        "-P1M",
        &[
            "plan_phase_with_negative_duration",
            "plan_phase_duration_less_then_an_hour",
        ],
    )
    .await;
    warns(
        &world,
        phases(vec![lasting("a", "P1M")]),
        &[("plan_has_last_phase_with_duration", field)],
    )
    .await;
    warns(
        &world,
        phases(vec![phase("a", vec![])]),
        &[(
            "plan_phase_has_no_rate_cards",
            "$.phases[?(@.key=='a')].rateCards",
        )],
    )
    .await;
}

#[tokio::test]
async fn warnings_of_rate_cards() {
    let world = World::new().await;
    features::create(&world, "fee", "").await;
    let check = async |card: pb::RateCard, expected: &[(&str, &str)]| {
        let expected: Vec<(&str, String)> = expected
            .iter()
            .map(|(code, field)| (*code, card_path(field)))
            .collect();
        let expected: Vec<(&str, &str)> = expected
            .iter()
            .map(|(code, field)| (*code, field.as_str()))
            .collect();
        warns(&world, plan(vec![card]), &expected).await;
    };
    let boolean = || {
        let template = pb::BooleanEntitlementTemplate::default();
        pb::entitlement_template::Template::Boolean(template)
    };
    check(
        entitled(fee(), boolean()),
        &[("entitlement_template_with_no_feature", ".featureKey")],
    )
    .await;
    check(
        discounted(metered(), None, Some("-1")),
        &[(
            "usage_discount_negative_quantity",
            ".discounts.usage.quantity",
        )],
    )
    .await;
    check(
        discounted(fee(), None, Some("5")),
        &[("usage_discount_with_flat_price", "")],
    )
    .await;
    let period = ".entitlementTemplate.usagePeriod";
    check(
        entitled(of_feature(fee()), metered_template("P1M", Some(1))),
        &[(
            "entitlement_template_invalid_issue_after_reset_with_priority",
            ".entitlementTemplate.issueAfterReset",
        )],
    )
    .await;
    check(
        entitled(of_feature(fee()), metered_template("PT59M", None)),
        &[(
            "entitlement_template_usage_period_less_then_an_hour",
            period,
        )],
    )
    .await;
    check(
        entitled(of_feature(fee()), metered_template("-P1M", None)),
        &[
            ("entitlement_template_negative_usage_period", period),
            (
                "entitlement_template_usage_period_less_then_an_hour",
                period,
            ),
        ],
    )
    .await;
    let unpriced = |cadence: &str| pb::RateCard {
        price: None,
        ..flat("fee", cadence)
    };
    for cadence in ["PT59M", "PT0S", "-P1M"] {
        check(
            unpriced(cadence),
            &[("billing_cadence_invalid_value", ".billingCadence")],
        )
        .await;
    }
    // What is not billed aligns with anything; what is does not.
    let soft = plan(vec![flat("fee", "P1W")]);
    let field = "$.phases[?(@.key=='default')].rateCards[?(@.key=='fee')].billingCadence";
    warns(
        &world,
        soft,
        &[("rate_card_billing_cadence_unaligned", field)],
    )
    .await;
    let free = plans::created(&world, plan(vec![unpriced("P1W"), flat("once", "")])).await;
    plans::publish(&world, &free.id).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_read_as_a_plan_names_its_field() {
    let world = World::new().await;
    let base = || plan(vec![fee()]);
    let with_card = |card| plan(vec![card]);
    let cases = [
        (
            pb::Plan {
                currency_code: "XYZ".into(),
                ..base()
            },
            "plan.currency_code",
        ),
        (
            pb::Plan {
                billing_cadence: "monthly".into(),
                ..base()
            },
            "plan.billing_cadence",
        ),
        (
            pb::Plan {
                billing_cadence: "P0M".into(),
                ..base()
            },
            "plan.billing_cadence",
        ),
        (
            pb::Plan {
                pro_rating_config: Some(pb::ProRatingConfig {
                    enabled: true,
                    mode: 0,
                }),
                ..base()
            },
            "plan.pro_rating_config.mode",
        ),
        (
            pb::Plan {
                key: "No Key".into(),
                ..base()
            },
            "plan.key",
        ),
        (
            pb::Plan {
                name: "n".repeat(257),
                ..base()
            },
            "plan.name",
        ),
        (
            pb::Plan {
                description: "d".repeat(1025),
                ..base()
            },
            "plan.description",
        ),
        (
            pb::Plan {
                phases: (0..51)
                    .map(|index| phase(&format!("p{index}"), vec![]))
                    .collect(),
                ..base()
            },
            "plan.phases",
        ),
        (
            with_card(pb::RateCard { kind: 0, ..fee() }),
            "plan.phases[0].rate_cards[0].kind",
        ),
        (
            with_card(pb::RateCard {
                key: String::new(),
                ..fee()
            }),
            "plan.phases[0].rate_cards[0].key",
        ),
        (
            with_card(pb::RateCard {
                kind: pb::RateCardKind::FlatFee.into(),
                ..metered()
            }),
            "plan.phases[0].rate_cards[0].price",
        ),
        (
            with_card(pb::RateCard {
                billing_cadence: String::new(),
                ..metered()
            }),
            "plan.phases[0].rate_cards[0].billing_cadence",
        ),
        (
            with_card(entitled(
                of_feature(flat("fee", "")),
                metered_template("", None),
            )),
            "plan.phases[0].rate_cards[0].entitlement_template.metered.usage_period_duration",
        ),
        (
            with_card(entitled(
                of_feature(fee()),
                metered_template("P1M", Some(256)),
            )),
            "plan.phases[0].rate_cards[0].entitlement_template.metered.issue_after_reset_priority",
        ),
    ];
    for (bad, field) in cases {
        let (code, why, fields) = refused(plans::create(&world, bad).await);
        assert_eq!(
            (code, why.as_str()),
            (Code::InvalidArgument, "INVALID_ARGUMENT"),
            "{field}"
        );
        assert_eq!(fields, [field]);
    }
    let unknown = with_card(usage("tokens"));
    let (code, why, fields) = refused(plans::create(&world, unknown).await);
    assert_eq!(
        (code, why.as_str()),
        (Code::FailedPrecondition, "RATE_CARD_FEATURE_NOT_FOUND")
    );
    assert_eq!(fields, ["feature_key"]);
    assert_eq!(plan_count(&world).await, 0);
    assert!(world.kinds().await.is_empty(), "nothing was written");
}

#[tokio::test]
async fn a_refused_update_or_publish_leaves_the_plan_as_it_was() {
    let world = World::new().await;
    let draft = plans::created(&world, plan(vec![flat("fee", "P1W")])).await;
    let bad = pb::UpdatePlanRequest {
        plan: Some(pb::Plan {
            id: draft.id.clone(),
            phases: vec![phase("default", vec![fee(), fee()])],
            ..Default::default()
        }),
        ..Default::default()
    };
    let status = world
        .catalog
        .update_plan(world.call(bad))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(brief(&issues(&status))[0].0, "rate_card_duplicated_key");
    plans::publish(&world, &draft.id).await.unwrap_err();
    let get = pb::BatchGetPlansRequest {
        ids: vec![draft.id.clone()],
    };
    let found = world.catalog.batch_get_plans(world.call(get)).await;
    assert_eq!(found.unwrap().into_inner().plans, [draft]);
}

#[tokio::test]
async fn a_refusal_names_the_fields_of_the_request_that_are_wrong() {
    let world = World::new().await;
    let bad = pb::Plan {
        billing_cadence: "P5M".into(),
        phases: vec![
            pb::PlanPhase {
                duration: "P1M".into(),
                ..phase("trial", vec![])
            },
            pb::PlanPhase {
                name: String::new(),
                ..phase(
                    "default",
                    vec![
                        fee(),
                        pb::RateCard {
                            feature_key: "other".into(),
                            ..usage("calls")
                        },
                    ],
                )
            },
        ],
        ..plan(vec![])
    };
    let status = plans::create(&world, bad).await.unwrap_err();
    let wrong = |field: &str, sentence: &str| (field.to_owned(), sentence.to_owned());
    assert_eq!(
        wrong_fields(&status),
        [
            wrong(
                "plan.billing_cadence",
                "billing cadence must be one of P1W, P2W, P4W, P1M, P3M, P6M, P12M, P1Y"
            ),
            wrong("plan.phases[1].name", "name must not be empty"),
            wrong(
                "plan.phases[1].rate_cards[1].key",
                "rate card key must be equal to its feature key"
            ),
        ],
        "the first phase has no rate cards, which only keeps it from being published"
    );

    let draft = plans::created(&world, plan(vec![])).await;
    let status = plans::publish(&world, &draft.id).await.unwrap_err();
    assert_eq!(
        wrong_fields(&status),
        [wrong(
            "plan.phases[0].rate_cards",
            "phase must have at least one rate card"
        )]
    );
}
