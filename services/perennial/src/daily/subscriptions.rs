//! `perennial subscriptions`.

use contract::subscription::v1::{
    CancelSubscriptionRequest, CreateSubscriptionRequest, GetSubscriptionRequest,
    ListSubscriptionsRequest, PlanSelector, SubscriptionSource, SubscriptionStatus, Timing,
    TimingPolicy, UnscheduleCancellationRequest, create_subscription_request::Customer as Payer,
    subscription_source::Source, timing::When,
};
use perennial_sdk::Client;

use super::{customer, customer_ids, list, time};
use crate::{
    cli::{SubscriptionStatusArg, SubscriptionsCommand},
    screen::{Column, Screen},
};

const COLUMNS: [Column; 7] = [
    Column::text("id", "id"),
    Column::text("customer", "customerId"),
    Column::text("plan", "plan.key"),
    Column::number("version", "plan.version"),
    Column::name("status", "status", "SUBSCRIPTION_STATUS_"),
    Column::text("from", "activeFromTime"),
    Column::text("to", "activeToTime"),
];

/// Does it.
pub(crate) async fn run(
    client: &Client,
    command: SubscriptionsCommand,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    match command {
        SubscriptionsCommand::List {
            customer,
            plans,
            statuses,
            listing,
        } => {
            let statuses = statuses.into_iter().map(|status| status.to_wire().into());
            let filter = ListSubscriptionsRequest {
                customer_id: customer_ids(client, customer.as_deref()).await?.concat(),
                plan_keys: plans,
                statuses: statuses.collect(),
                ..Default::default()
            };
            let fetch = |page_size, page_token| {
                let request = ListSubscriptionsRequest {
                    page_size,
                    page_token,
                    ..filter.clone()
                };
                async move {
                    let answer = client.call(|_| async {
                        client
                            .subscriptions()
                            .list_subscriptions(request.clone())
                            .await
                    });
                    let answer = answer.await?;
                    Ok((answer.subscriptions, answer.next_page_token))
                }
            };
            list(screen, "subscriptions", &COLUMNS, listing, fetch).await
        }
        SubscriptionsCommand::Show { id } => {
            let request = GetSubscriptionRequest { id, time: None };
            let answer = client.call(|_| async {
                client
                    .subscriptions()
                    .get_subscription(request.clone())
                    .await
            });
            screen.message(&answer.await?)
        }
        SubscriptionsCommand::Start {
            customer: named,
            plan,
            version,
            at,
        } => {
            let timing = timing(at.as_deref(), TimingPolicy::Immediate)?;
            let request = CreateSubscriptionRequest {
                customer: Some(Payer::CustomerId(customer(client, &named).await?.id)),
                source: Some(SubscriptionSource {
                    source: Some(Source::Plan(PlanSelector {
                        key: plan,
                        version: version.unwrap_or_default(),
                    })),
                }),
                timing,
                ..Default::default()
            };
            let answer = client.call(|request_id| async {
                let request = CreateSubscriptionRequest {
                    request_id,
                    ..request.clone()
                };
                client.subscriptions().create_subscription(request).await
            });
            screen.message(&answer.await?)
        }
        SubscriptionsCommand::Cancel { id, now, at } => {
            let policy = if now {
                TimingPolicy::Immediate
            } else {
                TimingPolicy::NextBillingCycle
            };
            let timing = timing(at.as_deref(), policy)?;
            let answer = client.call(|request_id| async {
                let request = CancelSubscriptionRequest {
                    id: id.clone(),
                    timing,
                    request_id,
                    ..Default::default()
                };
                client.subscriptions().cancel_subscription(request).await
            });
            screen.message(&answer.await?)
        }
        SubscriptionsCommand::Resume { id } => {
            let answer = client.call(|request_id| async {
                let request = UnscheduleCancellationRequest {
                    id: id.clone(),
                    request_id,
                    ..Default::default()
                };
                client
                    .subscriptions()
                    .unschedule_cancellation(request)
                    .await
            });
            screen.message(&answer.await?)
        }
    }
}

/// At a time where one is given, else by the policy.
fn timing(at: Option<&str>, policy: TimingPolicy) -> anyhow::Result<Option<Timing>> {
    let when = match time(at)? {
        Some(time) => When::Time(time),
        None => When::Policy(policy.into()),
    };
    Ok(Some(Timing { when: Some(when) }))
}

impl SubscriptionStatusArg {
    fn to_wire(self) -> SubscriptionStatus {
        match self {
            Self::Scheduled => SubscriptionStatus::Scheduled,
            Self::Active => SubscriptionStatus::Active,
            Self::Canceled => SubscriptionStatus::Canceled,
            Self::Inactive => SubscriptionStatus::Inactive,
        }
    }
}
