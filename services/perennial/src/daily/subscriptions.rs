//! `perennial subscriptions`.

use anyhow::Context as _;
use contract::{
    json::message_to_json,
    subscription::v1::{
        CancelSubscriptionRequest, CreateSubscriptionRequest, GetSubscriptionRequest,
        ListSubscriptionsRequest, PhaseView, PlanSelector, SubscriptionSource, SubscriptionStatus,
        SubscriptionView, Timing, TimingPolicy, UnscheduleCancellationRequest,
        create_subscription_request::Customer as Payer, subscription_source::Source, timing::When,
    },
};
use perennial_sdk::{Client, Error};

use super::{
    customer, customer_ids, list,
    prices::{item, table},
    time,
};
use crate::{
    cli::{Output, SubscriptionStatusArg, SubscriptionsCommand},
    screen::{Column, List, Screen},
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
            let answer = answer.await?;
            if screen.output() == Output::Json {
                return screen.message(&answer);
            }
            show(
                answer.view.context("the server answered no subscription")?,
                screen,
            )
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
                        key: plan.clone(),
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
            let answer = answer.await;
            screen.message(&answer.map_err(|error| named_plan(error, &plan, version))?)
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

/// The head of a subscription, and a table of what it has in each phase.
fn show(view: SubscriptionView, screen: &mut Screen<'_>) -> anyhow::Result<()> {
    let subscription = view
        .subscription
        .context("the server answered no subscription")?;
    let head = List {
        name: "subscriptions",
        columns: &COLUMNS,
        items: vec![message_to_json(&subscription)?],
        more: false,
    };
    let mut items = Vec::new();
    for PhaseView {
        phase,
        items: current,
    } in view.phases
    {
        let phase = phase.unwrap_or_default();
        let from = phase.start_time.map(|time| time.to_string());
        let from = from.unwrap_or_default();
        let cards = current.iter().filter_map(|item| item.rate_card.as_ref());
        items.extend(cards.map(|card| item(&phase.key, &from, card, &subscription.currency_code)));
    }
    screen.parted(&head, &table(items))
}

/// The error of a start. Where no version was asked for, the server speaks of version 0, as a contract of its wants it.
fn named_plan(mut error: Error, plan: &str, version: Option<i32>) -> Error {
    if let (
        None,
        Error::Refused {
            reason, message, ..
        },
    ) = (version, &mut error)
        && reason == "PLAN_NOT_FOUND"
    {
        *message = format!("no version of the plan {plan} is sold");
    }
    error
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

#[cfg(test)]
mod tests {
    use chassis::error::{Code, refuse};
    use contract::{
        catalog::v1::{FlatPrice, Price, RateCard, price::Model},
        kernel::v1::Decimal,
        subscription::v1::{Item, Phase, PlanReference, Subscription},
    };

    use super::*;

    fn view() -> SubscriptionView {
        let flat = FlatPrice {
            amount: Some(Decimal {
                value: "49".to_owned(),
            }),
            ..FlatPrice::default()
        };
        let card = RateCard {
            key: "base".to_owned(),
            billing_cadence: "P1M".to_owned(),
            price: Some(Price {
                model: Some(Model::Flat(flat)),
                ..Price::default()
            }),
            ..RateCard::default()
        };
        let phase = Phase {
            key: "trial".to_owned(),
            start_time: Some(prost_types::Timestamp::default()),
            ..Phase::default()
        };
        SubscriptionView {
            subscription: Some(Subscription {
                id: "1".to_owned(),
                plan: Some(PlanReference {
                    key: "pro".to_owned(),
                    version: 2,
                    ..PlanReference::default()
                }),
                currency_code: "USD".to_owned(),
                status: SubscriptionStatus::Active.into(),
                ..Subscription::default()
            }),
            phases: vec![PhaseView {
                phase: Some(phase),
                items: vec![Item {
                    rate_card: Some(card),
                    ..Item::default()
                }],
            }],
            ..SubscriptionView::default()
        }
    }

    #[test]
    fn a_subscription_is_its_head_and_what_it_has() {
        let mut out = Vec::new();
        let done = show(view(), &mut Screen::new(&mut out, Output::Text, false));
        assert!(done.is_ok());
        let expected = "\
id  customer  plan  version  status  from  to
1   -         pro         2  active  -     -

phase  from                  item  price   billed every  feature
trial  1970-01-01T00:00:00Z  base  49 USD  P1M           -
";
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn a_plan_that_is_not_there_has_the_version_that_was_asked_for() {
        let error = || {
            let sentence = "plan pro with version 0 not found";
            Error::from(refuse(Code::NotFound, "PLAN_NOT_FOUND", sentence, &[]))
        };
        assert_eq!(
            named_plan(error(), "pro", None).to_string(),
            "no version of the plan pro is sold (PLAN_NOT_FOUND)"
        );
        assert_eq!(
            named_plan(error(), "pro", Some(3)).to_string(),
            error().to_string()
        );
    }
}
