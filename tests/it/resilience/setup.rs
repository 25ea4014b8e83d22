//! A small company to shake: one meter, one feature, one plan with a fee in advance and a
//! metered entitlement; and what has to hold for each of its customers.

use std::{collections::BTreeSet, time::Duration};

use contract::{
    billing::v1 as billing,
    catalog::v1::{self as catalog, entitlement_template::Template, price::Model},
    convert::{decimal, from_decimal},
    customer::v1 as customer,
    entitlement::v1 as entitlement,
    metering::v1 as metering,
    subscription::v1 as subscription,
};
use perennial_sdk::Client;
use rust_decimal::Decimal;
use tonic::{Code, Status};

/// The monthly fee of the plan.
pub const FEE: i64 = 49;
const PLAN: &str = "pro";

/// Freezes the clock and makes meter, feature and plan.
pub async fn company(client: &Client) {
    client
        .freeze_clock("2026-01-01T00:00:00Z".parse().unwrap())
        .await
        .unwrap();
    offer(client).await;
}

/// Makes meter, feature and plan.
pub async fn offer(client: &Client) {
    meter(client).await;
    client
        .features()
        .create_feature(catalog::CreateFeatureRequest {
            feature: Some(catalog::Feature {
                key: "tokens".into(),
                name: "Tokens".into(),
                meter_slug: "tokens".into(),
                ..Default::default()
            }),
            request_id: String::new(),
        })
        .await
        .unwrap();
    let plan = draft(client, PLAN).await;
    publish(client, &plan).await.unwrap();
}

/// A meter that counts the events of type `prompt`.
pub async fn meter(client: &Client) {
    client
        .meters()
        .create_meter(metering::CreateMeterRequest {
            meter: Some(metering::Meter {
                slug: "tokens".into(),
                event_type: "prompt".into(),
                aggregation: metering::meter::Aggregation::Count.into(),
                ..Default::default()
            }),
            request_id: String::new(),
        })
        .await
        .unwrap();
}

/// A draft of a plan; answers its id.
pub async fn draft(client: &Client, key: &str) -> String {
    let flat = catalog::RateCard {
        key: "fee".into(),
        name: "Fee".into(),
        kind: catalog::RateCardKind::FlatFee.into(),
        billing_cadence: "P1M".into(),
        price: Some(flat_price(FEE)),
        ..Default::default()
    };
    let tokens = catalog::RateCard {
        key: "tokens".into(),
        name: "Tokens".into(),
        kind: catalog::RateCardKind::UsageBased.into(),
        feature_key: "tokens".into(),
        billing_cadence: "P1M".into(),
        entitlement_template: Some(catalog::EntitlementTemplate {
            template: Some(Template::Metered(catalog::MeteredEntitlementTemplate {
                issue_after_reset: Some(decimal(Decimal::from(1_000))),
                usage_period_duration: "P1M".into(),
                ..Default::default()
            })),
        }),
        ..Default::default()
    };
    let plan = catalog::Plan {
        key: key.into(),
        name: "Pro".into(),
        currency_code: "USD".into(),
        billing_cadence: "P1M".into(),
        phases: vec![catalog::PlanPhase {
            key: "default".into(),
            name: "Default".into(),
            rate_cards: vec![flat, tokens],
            ..Default::default()
        }],
        ..Default::default()
    };
    let request = catalog::CreatePlanRequest {
        plan: Some(plan),
        request_id: String::new(),
    };
    let answer = client
        .plans()
        .create_plan(request)
        .await
        .unwrap()
        .into_inner();
    answer.plan.unwrap().id
}

/// Publishes a plan.
pub async fn publish(client: &Client, id: &str) -> Result<catalog::Plan, Status> {
    let request = catalog::PublishPlanRequest {
        id: id.into(),
        ..Default::default()
    };
    let answer = client.plans().publish_plan(request).await?.into_inner();
    Ok(answer.plan.unwrap())
}

/// A flat price in advance.
pub fn flat_price(amount: i64) -> catalog::Price {
    catalog::Price {
        model: Some(Model::Flat(catalog::FlatPrice {
            amount: Some(decimal(Decimal::from(amount))),
            payment_term: catalog::PaymentTerm::InAdvance.into(),
        })),
        ..Default::default()
    }
}

/// Makes a customer with its key as its only subject; answers its id.
pub async fn customer(client: &Client, key: &str, request_id: &str) -> Result<String, Status> {
    let request = customer::CreateCustomerRequest {
        customer: Some(customer::Customer {
            key: key.into(),
            display_name: key.into(),
            usage_attribution: Some(customer::UsageAttribution {
                subject_keys: vec![key.into()],
            }),
            ..Default::default()
        }),
        request_id: request_id.into(),
        ..Default::default()
    };
    let answer = client
        .customers()
        .create_customer(request)
        .await?
        .into_inner();
    Ok(answer.customer.unwrap().id)
}

/// Subscribes a customer to the plan; answers the id of the subscription.
pub async fn subscribe(
    client: &Client,
    customer: &str,
    request_id: &str,
) -> Result<String, Status> {
    let request = subscription::CreateSubscriptionRequest {
        customer: Some(
            subscription::create_subscription_request::Customer::CustomerId(customer.into()),
        ),
        source: Some(subscription::SubscriptionSource {
            source: Some(subscription::subscription_source::Source::Plan(
                subscription::PlanSelector {
                    key: PLAN.into(),
                    version: 0,
                },
            )),
        }),
        request_id: request_id.into(),
        ..Default::default()
    };
    let answer = client
        .subscriptions()
        .create_subscription(request)
        .await?
        .into_inner();
    Ok(answer.view.unwrap().subscription.unwrap().id)
}

/// A usage event of type `prompt`.
pub fn event(id: impl Into<String>, subject: &str) -> metering::UsageEvent {
    metering::UsageEvent {
        id: id.into(),
        source: "resilience".into(),
        r#type: "prompt".into(),
        subject: subject.into(),
        time: None,
        data: String::new(),
    }
}

/// Sends events; answers how many are new.
pub async fn send(client: &Client, events: Vec<metering::UsageEvent>) -> Result<i64, Status> {
    let sent = i64::try_from(events.len()).unwrap();
    let request = metering::IngestEventsRequest {
        events,
        ..Default::default()
    };
    let answer = client.usage().ingest_events(request).await?.into_inner();
    assert_eq!(answer.accepted_count, sent);
    Ok(answer.new_count)
}

/// The count of all events by the meter.
pub async fn counted(client: &Client) -> Decimal {
    let request = metering::QueryMeterRequest {
        meter: Some(metering::MeterRef {
            r#ref: Some(metering::meter_ref::Ref::Slug("tokens".into())),
        }),
        ..Default::default()
    };
    let answer = client
        .usage()
        .query_meter(request)
        .await
        .unwrap()
        .into_inner();
    answer.rows.first().map_or(Decimal::ZERO, |row| {
        from_decimal(row.value.as_ref().unwrap()).unwrap()
    })
}

/// The ids of all stored events, each as often as it is stored.
pub async fn stored(client: &Client) -> Vec<String> {
    let mut ids = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = metering::ListEventsRequest {
            page_size: 100,
            page_token,
            ..Default::default()
        };
        let page = client
            .usage()
            .list_events(request)
            .await
            .unwrap()
            .into_inner();
        ids.extend(page.events.into_iter().map(|event| event.event.unwrap().id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return ids;
        }
    }
}

/// The live subscriptions of a customer.
pub async fn subscriptions(client: &Client, customer: &str) -> Vec<subscription::Subscription> {
    let request = subscription::ListSubscriptionsRequest {
        customer_id: customer.into(),
        ..Default::default()
    };
    let answer = client.subscriptions().list_subscriptions(request).await;
    answer.unwrap().into_inner().subscriptions
}

/// The entitlements of a customer that are active now.
pub async fn entitlements(client: &Client, customer: &str) -> Vec<entitlement::Entitlement> {
    let request = entitlement::ListEntitlementsRequest {
        customer_ids: vec![customer.into()],
        active_only: true,
        ..Default::default()
    };
    let answer = client.entitlements().list_entitlements(request).await;
    answer.unwrap().into_inner().entitlements
}

/// The invoices of a customer that are no longer gathering, with their lines.
pub async fn invoices(client: &Client, customer: &str) -> Vec<billing::Invoice> {
    let request = billing::ListInvoicesRequest {
        customer_ids: vec![customer.into()],
        include_lines: true,
        page_size: 100,
        ..Default::default()
    };
    let answer = client.invoices().list_invoices(request).await.unwrap();
    let gathering = billing::InvoiceState::Gathering;
    answer
        .into_inner()
        .invoices
        .into_iter()
        .filter(|invoice| invoice.state() != gathering)
        .collect()
}

/// The revenue of the month at its end.
pub async fn revenue(client: &Client) -> Decimal {
    let request = subscription::GetRevenueSeriesRequest {
        first_month: "2026-01".into(),
        last_month: "2026-01".into(),
    };
    let answer = client.revenue().get_revenue_series(request).await.unwrap();
    let months = answer.into_inner().months;
    from_decimal(months[0].mrr_end.as_ref().unwrap()).unwrap()
}

/// Says what is half made of a customer: a subscription needs its entitlement, its paid
/// invoice and its hold, and without one there is none of them.
pub async fn half_made(client: &Client, customer: &str) -> Option<String> {
    let live = subscriptions(client, customer).await;
    let access = entitlements(client, customer).await;
    let billed = invoices(client, customer).await;
    let request = customer::ListHoldsRequest {
        customer_id: customer.into(),
        include_inactive: false,
    };
    let holds = client
        .customers()
        .list_holds(request)
        .await
        .unwrap()
        .into_inner()
        .holds;
    let held: BTreeSet<String> = holds
        .iter()
        .filter(|hold| hold.reason() == customer::hold::Reason::Subscription)
        .map(|hold| hold.holder_id.clone())
        .collect();
    let ids: BTreeSet<String> = live.iter().map(|live| live.id.clone()).collect();
    let entitled: BTreeSet<String> = access
        .iter()
        .map(|access| access.subscription_id.clone())
        .collect();
    let paid = billed
        .iter()
        .filter(|invoice| invoice.state() == billing::InvoiceState::Paid)
        .map(|invoice| {
            from_decimal(invoice.totals.as_ref().unwrap().total.as_ref().unwrap()).unwrap()
        })
        .collect::<Vec<_>>();
    let fees = vec![Decimal::from(FEE); live.len()];
    let whole = ids.len() < 2
        && access.len() == ids.len()
        && entitled == ids
        && held == ids
        && billed.len() == ids.len()
        && paid == fees;
    (!whole).then(|| {
        format!(
            "{customer}: subscriptions {ids:?}, entitled {entitled:?}, held {held:?}, paid {paid:?} of {} invoices",
            billed.len()
        )
    })
}

/// Waits until all these customers are whole.
pub async fn all_whole(client: &Client, customers: &[String], limit: Duration) {
    eventually(limit, || async {
        for customer in customers {
            if let Some(missing) = half_made(client, customer).await {
                return Err(missing);
            }
        }
        Ok(())
    })
    .await;
}

/// Asks until the answer is good; fails with the last bad one at the limit.
pub async fn eventually<Answer, Ask, Asking>(limit: Duration, ask: Ask) -> Answer
where
    Ask: Fn() -> Asking,
    Asking: Future<Output = Result<Answer, String>>,
{
    let deadline = tokio::time::Instant::now() + limit;
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(last) => assert!(
                tokio::time::Instant::now() < deadline,
                "not so within {limit:?}: {last}"
            ),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Of answers to the same wish at the same time, the good ones; all others have to be
/// refusals that a client can understand.
#[track_caller]
pub fn winners<Answer>(answers: Vec<Result<Answer, Status>>) -> Vec<Answer> {
    let mut good = Vec::new();
    for answer in answers {
        match answer {
            Ok(answer) => good.push(answer),
            Err(status) => assert!(
                [
                    Code::AlreadyExists,
                    Code::FailedPrecondition,
                    Code::InvalidArgument,
                    Code::Aborted
                ]
                .contains(&status.code()),
                "{status:?}"
            ),
        }
    }
    good
}
