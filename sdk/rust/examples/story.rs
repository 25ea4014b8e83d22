//! From a new customer to an invoice, against the server at `PERENNIAL_ADDRESS` with the key in `PERENNIAL_KEY`.
#![expect(
    clippy::disallowed_methods,
    reason = "an example that is told by its environment where the server is"
)]

use std::{cell::Cell, error::Error as StdError};

use futures::TryStreamExt as _;
use perennial_sdk::api::{
    billing::v1::ListInvoicesRequest,
    catalog::v1::{
        CreateFeatureRequest, CreatePlanRequest, EntitlementTemplate, Feature, FlatPrice,
        MeteredEntitlementTemplate, PaymentTerm, Plan, PlanPhase, Price, PriceTier,
        PublishPlanRequest, RateCard, RateCardKind, TieredPrice, entitlement_template::Template,
        price::Model, tiered_price::Mode,
    },
    customer::v1::{
        CreateCustomerRequest, Customer, CustomerRef, UsageAttribution, customer_ref::Ref,
    },
    entitlement::v1::{
        EntitlementRef, GetEntitlementValueRequest, entitlement_ref::Entitlement,
        entitlement_value::Kind,
    },
    kernel,
    metering::v1::{
        CreateMeterRequest, FilterString, IngestEventsRequest, ListEventsRequest, Meter, MeterRef,
        QueryMeterRequest, UsageEvent, filter_string::Operator, meter::Aggregation, meter_ref,
    },
    subscription::v1::{
        CreateSubscriptionRequest, PlanSelector, SubscriptionSource,
        create_subscription_request::Customer as Payer, subscription_source::Source,
    },
};
use perennial_sdk::{
    Client,
    decimal::{Decimal, from_wire, to_wire},
    pages,
};

type Told = Result<(), Box<dyn StdError>>;

#[tokio::main]
async fn main() -> Told {
    let address = std::env::var("PERENNIAL_ADDRESS").unwrap_or_else(|_| "127.0.0.1:50051".into());
    let client = Client::builder(address, std::env::var("PERENNIAL_KEY")?).connect_lazy()?;
    // So that the story can be told again on the same server.
    let mark = ulid::Ulid::generate().to_string().to_lowercase();
    let (key, tokens) = (format!("acme_{mark}"), format!("tokens_{mark}"));
    let customer = sign_up(&client, &key).await?;
    measure(&client, &tokens).await?;
    publish(&client, &tokens).await?;
    subscribe(&client, &customer, &tokens).await?;
    report(&client, &key, &tokens).await?;
    ask(&client, &customer, &tokens).await?;
    read_invoices(&client, &customer).await
}

async fn sign_up(client: &Client, key: &str) -> Result<String, Box<dyn StdError>> {
    let customer = Customer {
        key: key.into(),
        display_name: "Acme".into(),
        currency_code: "USD".into(),
        usage_attribution: Some(UsageAttribution {
            subject_keys: vec![key.into()],
        }),
        ..Customer::default()
    };
    let create = || {
        client.call(|request_id| {
            let customer = Some(customer.clone());
            async move {
                let request = CreateCustomerRequest {
                    customer,
                    request_id,
                    ..CreateCustomerRequest::default()
                };
                client.customers().create_customer(request).await
            }
        })
    };
    let made = create().await?.customer.unwrap_or_default();
    println!("customer: {}, {}", made.display_name, made.currency_code);
    // The same key again is another call, with another request id: an error with a reason.
    if let Err(error) = create().await {
        println!("the same key again: {}", error.reason().unwrap_or_default());
    }
    Ok(made.id)
}

async fn measure(client: &Client, tokens: &str) -> Told {
    client
        .call(|request_id| async {
            let meter = Meter {
                slug: tokens.into(),
                name: "Tokens".into(),
                event_type: tokens.into(),
                aggregation: Aggregation::Sum.into(),
                value_property: "$.tokens".into(),
                ..Meter::default()
            };
            let meter = Some(meter);
            let request = CreateMeterRequest { meter, request_id };
            client.meters().create_meter(request).await
        })
        .await?;
    client
        .call(|request_id| async {
            let feature = Feature {
                key: tokens.into(),
                name: "Tokens".into(),
                meter_slug: tokens.into(),
                ..Feature::default()
            };
            let feature = Some(feature);
            let request = CreateFeatureRequest {
                feature,
                request_id,
            };
            client.features().create_feature(request).await
        })
        .await?;
    println!("meter: sum of $.tokens");
    Ok(())
}

fn number(value: Decimal) -> Option<kernel::v1::Decimal> {
    Some(to_wire(value))
}

fn price(model: Model) -> Option<Price> {
    Some(Price {
        model: Some(model),
        ..Price::default()
    })
}

/// A plan of 49 a month, with 1000 tokens included and a cent for each further one.
async fn publish(client: &Client, tokens: &str) -> Told {
    let fee = RateCard {
        key: "base".into(),
        name: "Base fee".into(),
        kind: RateCardKind::FlatFee.into(),
        billing_cadence: "P1M".into(),
        price: price(Model::Flat(FlatPrice {
            amount: number(Decimal::from(49)),
            payment_term: PaymentTerm::InAdvance.into(),
        })),
        ..RateCard::default()
    };
    let included = PriceTier {
        up_to_amount: number(Decimal::from(1000)),
        unit_amount: number(Decimal::ZERO),
        ..PriceTier::default()
    };
    let further = PriceTier {
        unit_amount: number(Decimal::new(1, 2)),
        ..PriceTier::default()
    };
    let metered = RateCard {
        key: tokens.into(),
        name: "Tokens".into(),
        kind: RateCardKind::UsageBased.into(),
        feature_key: tokens.into(),
        billing_cadence: "P1M".into(),
        price: price(Model::Tiered(TieredPrice {
            mode: Mode::Graduated.into(),
            tiers: vec![included, further],
        })),
        entitlement_template: Some(EntitlementTemplate {
            template: Some(Template::Metered(MeteredEntitlementTemplate {
                issue_after_reset: number(Decimal::from(1000)),
                usage_period_duration: "P1M".into(),
                ..MeteredEntitlementTemplate::default()
            })),
        }),
        ..RateCard::default()
    };
    let plan = Plan {
        key: tokens.into(),
        name: "Pro".into(),
        currency_code: "USD".into(),
        billing_cadence: "P1M".into(),
        phases: vec![PlanPhase {
            key: "default".into(),
            name: "Default".into(),
            rate_cards: vec![fee, metered],
            ..PlanPhase::default()
        }],
        ..Plan::default()
    };
    let draft = client
        .call(|request_id| async {
            let plan = Some(plan.clone());
            let request = CreatePlanRequest { plan, request_id };
            client.plans().create_plan(request).await
        })
        .await?
        .plan
        .unwrap_or_default();
    let plan = client
        .call(|request_id| async {
            let request = PublishPlanRequest {
                id: draft.id.clone(),
                request_id,
                ..PublishPlanRequest::default()
            };
            client.plans().publish_plan(request).await
        })
        .await?
        .plan
        .unwrap_or_default();
    let state = plan.state().as_str_name();
    println!(
        "plan: version {}, {}",
        plan.version,
        state.trim_start_matches("STATE_")
    );
    Ok(())
}

async fn subscribe(client: &Client, customer: &str, plan: &str) -> Told {
    let started = client
        .call(|request_id| async {
            let selector = PlanSelector {
                key: plan.into(),
                ..PlanSelector::default()
            };
            let request = CreateSubscriptionRequest {
                customer: Some(Payer::CustomerId(customer.into())),
                source: Some(SubscriptionSource {
                    source: Some(Source::Plan(selector)),
                }),
                request_id,
                ..CreateSubscriptionRequest::default()
            };
            client.subscriptions().create_subscription(request).await
        })
        .await?;
    let subscription = started
        .view
        .and_then(|view| view.subscription)
        .unwrap_or_default();
    let status = subscription.status().as_str_name();
    println!(
        "subscription: {}",
        status.trim_start_matches("SUBSCRIPTION_STATUS_")
    );
    Ok(())
}

/// Three events, one of them sent twice, read back page by page.
async fn report(client: &Client, subject: &str, kind: &str) -> Told {
    let event = |number: u32, tokens: &str| UsageEvent {
        id: format!("{subject}-{number}"),
        source: "story".into(),
        r#type: kind.into(),
        subject: subject.into(),
        data: format!("{{\"tokens\": {tokens}}}"),
        ..UsageEvent::default()
    };
    let events = vec![
        event(1, "700.5"),
        event(2, "299.75"),
        event(3, "500"),
        event(1, "700.5"),
    ];
    let sent = client
        .call(|request_id| async {
            let request = IngestEventsRequest {
                events: events.clone(),
                request_id,
                ..IngestEventsRequest::default()
            };
            client.usage().ingest_events(request).await
        })
        .await?;
    println!(
        "usage: {} accepted, {} new",
        sent.accepted_count, sent.new_count
    );
    let queried = client
        .call(|_| async {
            let request = QueryMeterRequest {
                meter: Some(MeterRef {
                    r#ref: Some(meter_ref::Ref::Slug(kind.into())),
                }),
                ..QueryMeterRequest::default()
            };
            client.usage().query_meter(request).await
        })
        .await?;
    for value in queried.rows.iter().filter_map(|row| row.value.as_ref()) {
        println!("usage: {} tokens", value.value);
    }
    let fetched = Cell::new(0);
    let read: Vec<_> = pages(|page_token| {
        fetched.set(fetched.get() + 1);
        let request = ListEventsRequest {
            page_size: 2,
            page_token,
            subject: Some(FilterString {
                operator: Some(Operator::Equals(subject.into())),
            }),
            ..ListEventsRequest::default()
        };
        async move {
            let page = client
                .call(|_| async { client.usage().list_events(request.clone()).await })
                .await?;
            Ok((page.events, page.next_page_token))
        }
    })
    .try_collect()
    .await?;
    println!("usage: {} events on {} pages", read.len(), fetched.get());
    Ok(())
}

async fn ask(client: &Client, customer: &str, feature: &str) -> Told {
    let value = client
        .call(|_| async {
            let request = GetEntitlementValueRequest {
                entitlement: Some(EntitlementRef {
                    customer: Some(CustomerRef {
                        r#ref: Some(Ref::Id(customer.into())),
                    }),
                    entitlement: Some(Entitlement::FeatureKey(feature.into())),
                }),
                ..GetEntitlementValueRequest::default()
            };
            client.entitlements().get_entitlement_value(request).await
        })
        .await?
        .value
        .unwrap_or_default();
    if let Some(Kind::Metered(metered)) = value.kind {
        println!(
            "access: {}, used {} of {}, {} over",
            value.has_access,
            metered.usage.unwrap_or_default().value,
            metered
                .total_available_grant_amount
                .unwrap_or_default()
                .value,
            metered.overage.unwrap_or_default().value,
        );
    }
    Ok(())
}

/// What was billed at the start, and what the next invoice stands at with the usage of now.
async fn read_invoices(client: &Client, customer: &str) -> Told {
    for state in ["paid", "gathering"] {
        let answer = client
            .call(|_| async {
                let request = ListInvoicesRequest {
                    customer_ids: vec![customer.into()],
                    statuses: vec![state.into()],
                    ..ListInvoicesRequest::default()
                };
                client.invoices().list_invoices(request).await
            })
            .await?;
        for invoice in answer.invoices {
            let totals = invoice.totals.unwrap_or_default();
            let total = from_wire(&totals.total.unwrap_or_default())?;
            println!("invoice: {state}, {total:.2} {}", invoice.currency_code);
        }
    }
    Ok(())
}
