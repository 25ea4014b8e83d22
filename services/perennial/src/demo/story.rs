//! Lives the story through the SDK, like any internal service would: sets up the catalog,
//! signs customers up, sends their usage day by day and moves the clock.

use std::collections::BTreeMap;

use anyhow::Context as _;
use contract::{
    catalog::v1::{self as catalog, entitlement_template::Template, price::Model, tiered_price},
    convert::{decimal, timestamp},
    customer::v1 as customer,
    metering::v1 as metering,
    subscription::v1 as subscription,
};
use indicatif::{ProgressBar, ProgressStyle};
use perennial_sdk::Client;
use rust_decimal::Decimal;

use super::data::{self, CustomerSpec, EventSpec, PlanSpec};

/// What was sent: the figures that the server's answers must add up to.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// Events sent.
    pub events: usize,
    /// Sum of the tokens in them.
    pub tokens: Decimal,
    /// Requests by region.
    pub requests: BTreeMap<&'static str, usize>,
    /// Tokens by model.
    pub tokens_by_model: BTreeMap<&'static str, Decimal>,
    /// Ids of the customers.
    pub customers: Vec<String>,
}

/// How much of the story is lived.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// The first so many days.
    pub days: i64,
    /// The first so many customers.
    pub customers: usize,
    /// One of so many events of each day.
    pub one_event_of: usize,
}

impl Default for Extent {
    /// The whole story.
    fn default() -> Self {
        Self {
            days: data::DAYS,
            customers: data::CUSTOMERS,
            one_event_of: 1,
        }
    }
}

/// Lives the story.
pub async fn live(client: &Client, extent: Extent) -> anyhow::Result<Sent> {
    client.freeze_clock(data::instant(0, 0)).await?;
    catalog(client).await.context("setting up the catalog")?;

    let days = u64::try_from(extent.days).unwrap_or(1);
    let bar = ProgressBar::new(days).with_style(
        ProgressStyle::with_template("{msg:30} {bar:30} day {pos} of {len}, {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let mut customers = data::customers();
    customers.truncate(extent.customers);
    let mut sent = Sent {
        customers: vec![String::new(); customers.len()],
        ..Sent::default()
    };
    let mut subscriptions: BTreeMap<usize, String> = BTreeMap::new();
    for day in 0..extent.days {
        bar.set_message("living the story");
        for spec in customers.iter().filter(|spec| spec.start_day == day) {
            let (customer, subscription) = sign_up(client, spec)
                .await
                .with_context(|| format!("signing up {}", spec.key))?;
            sent.customers[spec.index] = customer;
            subscriptions.insert(spec.index, subscription);
        }
        if day == data::UPGRADE.1
            && let Some(id) = subscriptions.get(&data::UPGRADE.0)
        {
            upgrade(client, id).await?;
        }
        if day == data::CANCELLATION.1
            && let Some(id) = subscriptions.get(&data::CANCELLATION.0)
        {
            cancel(client, id).await?;
        }
        let present: Vec<usize> = subscriptions.keys().copied().collect();
        let events: Vec<EventSpec> = data::events(day, &present)
            .into_iter()
            .step_by(extent.one_event_of.max(1))
            .collect();
        for event in &events {
            sent.events += 1;
            sent.tokens += event.tokens;
            *sent.requests.entry(event.region).or_default() += 1;
            *sent.tokens_by_model.entry(event.model).or_default() += event.tokens;
        }
        ingest(client, day, &customers, &events).await?;
        client.advance_clock("P1D").await?;
        bar.inc(1);
    }
    // Usage invoices wait an hour for late events before they are collected.
    client.advance_clock("PT2H").await?;
    bar.finish_and_clear();
    Ok(sent)
}

async fn catalog(client: &Client) -> anyhow::Result<()> {
    let meters = [
        (
            "api_requests",
            metering::meter::Aggregation::Count,
            "",
            BTreeMap::from([("region", "$.region")]),
        ),
        (
            "tokens",
            metering::meter::Aggregation::Sum,
            "$.tokens",
            BTreeMap::from([("model", "$.model")]),
        ),
    ];
    for (slug, aggregation, value, group_by) in meters {
        client
            .call(|request_id| async {
                client
                    .meters()
                    .create_meter(metering::CreateMeterRequest {
                        meter: Some(metering::Meter {
                            slug: slug.into(),
                            event_type: "request".into(),
                            aggregation: aggregation.into(),
                            value_property: value.into(),
                            group_by: group_by
                                .iter()
                                .map(|(key, path)| ((*key).to_owned(), (*path).to_owned()))
                                .collect(),
                            ..Default::default()
                        }),
                        request_id,
                    })
                    .await
            })
            .await?;
    }
    for (key, name, meter) in [
        ("api_requests", "API requests", "api_requests"),
        ("tokens", "Tokens", "tokens"),
        ("single_sign_on", "Single sign-on", ""),
    ] {
        client
            .call(|request_id| async {
                client
                    .features()
                    .create_feature(catalog::CreateFeatureRequest {
                        feature: Some(catalog::Feature {
                            key: key.into(),
                            name: name.into(),
                            meter_slug: meter.into(),
                            ..Default::default()
                        }),
                        request_id,
                    })
                    .await
            })
            .await?;
    }
    for spec in &data::PLANS {
        let made = client
            .call(|request_id| async {
                client
                    .plans()
                    .create_plan(catalog::CreatePlanRequest {
                        plan: Some(plan(spec)),
                        request_id,
                    })
                    .await
            })
            .await?;
        let id = made.plan.context("an answer without a plan")?.id;
        client
            .call(|request_id| async {
                client
                    .plans()
                    .publish_plan(catalog::PublishPlanRequest {
                        id: id.clone(),
                        request_id,
                        ..Default::default()
                    })
                    .await
            })
            .await?;
    }
    Ok(())
}

fn amount(text: &str) -> Option<contract::kernel::v1::Decimal> {
    kernel::decimal::parse(text).ok().map(decimal)
}

/// A flat monthly fee; requests by graduated tiers, with a monthly grant; and, on the
/// largest plan, single sign-on.
fn plan(spec: &PlanSpec) -> catalog::Plan {
    let fee = catalog::RateCard {
        key: "platform_fee".into(),
        name: "Platform fee".into(),
        kind: catalog::RateCardKind::FlatFee.into(),
        billing_cadence: "P1M".into(),
        price: Some(catalog::Price {
            model: Some(Model::Flat(catalog::FlatPrice {
                amount: amount(spec.fee),
                payment_term: catalog::PaymentTerm::InAdvance.into(),
            })),
            ..Default::default()
        }),
        ..Default::default()
    };
    let tiers = spec
        .tiers
        .iter()
        .map(|(up_to, unit)| catalog::PriceTier {
            up_to_amount: up_to.map(|up_to| decimal(Decimal::from(up_to))),
            flat_amount: None,
            unit_amount: amount(unit),
        })
        .collect();
    let requests = catalog::RateCard {
        key: "api_requests".into(),
        name: "API requests".into(),
        kind: catalog::RateCardKind::UsageBased.into(),
        feature_key: "api_requests".into(),
        billing_cadence: "P1M".into(),
        price: Some(catalog::Price {
            model: Some(Model::Tiered(catalog::TieredPrice {
                mode: tiered_price::Mode::Graduated.into(),
                tiers,
            })),
            ..Default::default()
        }),
        entitlement_template: Some(catalog::EntitlementTemplate {
            template: Some(Template::Metered(catalog::MeteredEntitlementTemplate {
                soft_limit: true,
                issue_after_reset: Some(decimal(Decimal::from(spec.included))),
                usage_period_duration: "P1M".into(),
                ..Default::default()
            })),
        }),
        ..Default::default()
    };
    let mut rate_cards = vec![fee, requests];
    if spec.key == "scale" {
        rate_cards.push(catalog::RateCard {
            key: "single_sign_on".into(),
            name: "Single sign-on".into(),
            kind: catalog::RateCardKind::FlatFee.into(),
            feature_key: "single_sign_on".into(),
            entitlement_template: Some(catalog::EntitlementTemplate {
                template: Some(Template::Boolean(
                    catalog::BooleanEntitlementTemplate::default(),
                )),
            }),
            ..Default::default()
        });
    }
    catalog::Plan {
        key: spec.key.into(),
        name: spec.name.into(),
        currency_code: "USD".into(),
        billing_cadence: "P1M".into(),
        pro_rating_config: Some(catalog::ProRatingConfig {
            enabled: true,
            mode: catalog::pro_rating_config::Mode::ProratePrices.into(),
        }),
        phases: vec![catalog::PlanPhase {
            key: "default".into(),
            name: "Default".into(),
            rate_cards,
            ..Default::default()
        }],
        ..Default::default()
    }
}

async fn sign_up(client: &Client, spec: &CustomerSpec) -> anyhow::Result<(String, String)> {
    let customer = client
        .call(|request_id| async {
            client
                .customers()
                .create_customer(customer::CreateCustomerRequest {
                    customer: Some(customer::Customer {
                        key: spec.key.clone(),
                        display_name: spec.name.clone(),
                        primary_email: format!("billing@{}.example", spec.key),
                        usage_attribution: Some(customer::UsageAttribution {
                            subject_keys: vec![spec.key.clone()],
                        }),
                        ..Default::default()
                    }),
                    request_id,
                    ..Default::default()
                })
                .await
        })
        .await?
        .customer
        .context("an answer without a customer")?
        .id;
    let view = client
        .call(|request_id| async {
            client
                .subscriptions()
                .create_subscription(subscription::CreateSubscriptionRequest {
                    customer: Some(
                        subscription::create_subscription_request::Customer::CustomerId(
                            customer.clone(),
                        ),
                    ),
                    source: Some(source(spec.plan.key)),
                    request_id,
                    ..Default::default()
                })
                .await
        })
        .await?;
    let subscription = view
        .view
        .and_then(|view| view.subscription)
        .context("an answer without a subscription")?
        .id;
    Ok((customer, subscription))
}

fn source(plan: &str) -> subscription::SubscriptionSource {
    subscription::SubscriptionSource {
        source: Some(subscription::subscription_source::Source::Plan(
            subscription::PlanSelector {
                key: plan.to_owned(),
                version: 0,
            },
        )),
    }
}

fn timing(policy: subscription::TimingPolicy) -> Option<subscription::Timing> {
    Some(subscription::Timing {
        when: Some(subscription::timing::When::Policy(policy.into())),
    })
}

async fn upgrade(client: &Client, id: &str) -> anyhow::Result<()> {
    client
        .call(|request_id| async {
            client
                .subscriptions()
                .change_subscription(subscription::ChangeSubscriptionRequest {
                    id: id.to_owned(),
                    source: Some(source("scale")),
                    timing: timing(subscription::TimingPolicy::Immediate),
                    request_id,
                    ..Default::default()
                })
                .await
        })
        .await
        .context("the upgrade")?;
    Ok(())
}

async fn cancel(client: &Client, id: &str) -> anyhow::Result<()> {
    client
        .call(|request_id| async {
            client
                .subscriptions()
                .cancel_subscription(subscription::CancelSubscriptionRequest {
                    id: id.to_owned(),
                    timing: timing(subscription::TimingPolicy::NextBillingCycle),
                    request_id,
                    ..Default::default()
                })
                .await
        })
        .await
        .context("the cancellation")?;
    Ok(())
}

async fn ingest(
    client: &Client,
    day: i64,
    customers: &[CustomerSpec],
    events: &[EventSpec],
) -> anyhow::Result<()> {
    let events: Vec<metering::UsageEvent> = events
        .iter()
        .map(|event| metering::UsageEvent {
            id: event.id.clone(),
            source: "demo".into(),
            r#type: "request".into(),
            subject: customers[event.customer].key.clone(),
            time: Some(timestamp(data::instant(day, event.second))),
            data: format!(
                r#"{{"region":"{}","model":"{}","tokens":{}}}"#,
                event.region, event.model, event.tokens
            ),
        })
        .collect();
    client
        .call(|request_id| async {
            client
                .usage()
                .ingest_events(metering::IngestEventsRequest {
                    events: events.clone(),
                    reject_conflicts: None,
                    request_id,
                })
                .await
        })
        .await
        .context("sending usage")?;
    Ok(())
}
