//! Provisioning and invoicing, shaken at every step: a process is killed before and after every single call that an operation
//! on a subscription or an invoice makes, all of them at once, each on a customer of its own. When the process is back and the
//! client has repeated what was not answered, every customer has what one has that nobody disturbed: the same entitlements,
//! holds, invoice lines, and changes in the ledger.

use std::time::Duration;

use contract::{
    billing::v1 as billing, catalog::v1 as catalog, customer::v1 as customers,
    entitlement::v1 as entitlement, subscription::v1 as subscription,
};
use futures::future::join_all;
use perennial_sdk::Client;
use subscription::{edit_operation::Operation as Edit, subscription_source::Source, timing::When};
use suite::{Stepped, steps::Lane, steps::Moment};
use tonic::Status;

use super::{
    invoicing_steps::{approve, invoice, snapshot, use_something, wait_for_late_usage},
    setup::{company, customer, draft, eventually, flat_price, publish},
};

/// Longest time until everybody knows everything again; longer than the pauses of a client channel.
const BACK: Duration = Duration::from_secs(120);

/// What is done to a customer's subscription, pending lines, or invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Create,
    Edit,
    Cancel,
    Change,
    Migrate,
    Delete,
    Invoice,
    Snapshot,
    Approve,
}

/// Somebody to whom it is done.
struct Subject {
    lane: Lane,
    customer: String,
    /// Id of the subscription or the invoice; empty when the operation makes it.
    target: String,
    name: String,
}

/// Where a process dies.
type StopAt = (usize, Moment);

/// All to whom something is done.
struct Crowd {
    victim: &'static str,
    disturbed: Vec<(Operation, StopAt, Subject)>,
    undisturbed: Vec<(Operation, Subject)>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_creation_survives_the_death_of_subscription_at_every_step() {
    shake("subscription", &[Operation::Create]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_survives_the_death_of_subscription_at_every_step() {
    shake("subscription", &[Operation::Edit]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_survives_the_death_of_subscription_at_every_step() {
    shake("subscription", &[Operation::Cancel, Operation::Delete]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_survives_the_death_of_subscription_at_every_step() {
    shake("subscription", &[Operation::Change]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_survives_the_death_of_subscription_at_every_step() {
    shake("subscription", &[Operation::Migrate]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invoice_survives_the_death_of_billing_at_every_step() {
    let mut stepped = Stepped::asking("billing", &[]).await.unwrap();
    let client = stepped.client();
    company(&client).await;
    // Long enough for an invoice to wait at each step until a caller moves it on.
    wait_for_late_usage(&client, "P20D").await;
    let operations = [Operation::Invoice, Operation::Snapshot, Operation::Approve];
    let crowd = shaken(&mut stepped, "billing", &operations).await;
    crowd.is_alike(&client).await;
    // What is left is charged later, and nothing again.
    client.advance_clock("P3M").await.unwrap();
    crowd.is_alike(&client).await;
    stepped.stop().await.unwrap();
}

/// Every operation on a subscription; the others are asked only a few times in each.
const ALL: [Operation; 6] = [
    Operation::Create,
    Operation::Edit,
    Operation::Cancel,
    Operation::Change,
    Operation::Migrate,
    Operation::Delete,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_survives_the_death_of_entitlement_at_every_step() {
    shake("entitlement", &ALL).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_survives_the_death_of_billing_at_every_step() {
    shake("billing", &ALL).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_survives_the_death_of_catalog_at_every_step() {
    shake("catalog", &ALL).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_creation_survives_the_death_of_customer_at_every_step() {
    shake("customer", &[Operation::Create]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_and_an_end_survive_the_death_of_customer_at_every_step() {
    let ends = [Operation::Edit, Operation::Cancel, Operation::Delete];
    shake("customer", &ends).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_and_a_migration_survive_the_death_of_customer_at_every_step() {
    shake("customer", &[Operation::Change, Operation::Migrate]).await;
}

async fn shake(victim: &'static str, operations: &[Operation]) {
    let mut stepped = Stepped::start(victim).await.unwrap();
    let client = stepped.client();
    company(&client).await;
    let team = draft(&client, "team").await;
    publish(&client, &team).await.unwrap();
    let crowd = shaken(&mut stepped, victim, operations).await;
    crowd.is_alike(&client).await;
    stepped.stop().await.unwrap();
}

/// Kills the victim at every step of the operations, and repeats what was not answered.
async fn shaken(stepped: &mut Stepped, victim: &'static str, operations: &[Operation]) -> Crowd {
    let client = stepped.client();
    // Everybody has a subscription of version 1 for some days; then version 2 comes out.
    let (mut disturbed, mut undisturbed) = (Vec::new(), Vec::new());
    for operation in operations {
        let steps = rehearse(stepped, &client, *operation).await;
        assert!(!steps.is_empty(), "{operation:?} does not ask {victim}");
        println!("{operation:?}: {steps:?}");
        let stops =
            (0..steps.len()).flat_map(|step| [(step, Moment::Before), (step, Moment::After)]);
        for (number, stop_at) in stops.enumerate() {
            let subject = subject(stepped, &client, *operation, number).await;
            disturbed.push((*operation, stop_at, subject));
        }
        let control = subject(stepped, &client, *operation, 2 * steps.len()).await;
        undisturbed.push((*operation, control));
    }
    client.advance_clock("P9D").await.unwrap();
    if operations.contains(&Operation::Migrate) {
        next_version(&client).await;
    }
    for (operation, subject) in &undisturbed {
        perform(*operation, subject).await.unwrap();
    }
    for (_, stop_at, subject) in &disturbed {
        stepped.watch(&subject.lane, Some(*stop_at));
    }
    let post = stepped.gate();
    let calls = join_all(disturbed.iter().map(|(operation, _, subject)| {
        let post = post.clone();
        async move {
            let outcome = perform(*operation, subject).await;
            // Whoever comes through before the kill asked less often than at the rehearsal.
            post.done(&subject.lane);
            drop(outcome);
        }
    }));
    let kill = async {
        stepped.all_stopped().await.unwrap();
        stepped.kill_and_restart().await.unwrap();
    };
    let (_, ()) = tokio::join!(calls, kill);

    let repeats = disturbed
        .iter()
        .map(|(operation, stop_at, subject)| async move {
            eventually(BACK, || async {
                perform(*operation, subject)
                    .await
                    .map_err(|status| format!("{operation:?} {stop_at:?}: {status}"))
            })
            .await;
        });
    join_all(repeats).await;
    Crowd {
        victim,
        disturbed,
        undisturbed,
    }
}

impl Crowd {
    /// Waits until everybody has what those have who were not disturbed.
    async fn is_alike(&self, client: &Client) {
        let victim = self.victim;
        for (operation, control) in &self.undisturbed {
            let expected = state(client, &control.customer).await.unwrap();
            let like = |(other, ..): &&(Operation, StopAt, Subject)| other == operation;
            for (_, stop_at, subject) in self.disturbed.iter().filter(like) {
                eventually(BACK, || async {
                    let found = state(client, &subject.customer).await;
                    match found {
                        Ok(found) if found == expected => Ok(()),
                        found => Err(format!(
                            "{victim} at {stop_at:?} of {operation:?}: {found:#?}, and not {expected:#?}"
                        )),
                    }
                })
                .await;
            }
        }
    }
}

/// What an operation asks, in order. A migration asks what a change asks.
async fn rehearse(stepped: &Stepped, client: &Client, operation: Operation) -> Vec<String> {
    let played = match operation {
        Operation::Migrate => Operation::Change,
        Operation::Create
        | Operation::Edit
        | Operation::Cancel
        | Operation::Change
        | Operation::Delete
        | Operation::Invoice
        | Operation::Snapshot
        | Operation::Approve => operation,
    };
    let mut subject = subject(stepped, client, played, usize::MAX).await;
    subject.name = format!("rehearsal-of-{operation:?}");
    stepped.watch(&subject.lane, None);
    perform(played, &subject).await.unwrap();
    let calls = stepped.calls(&subject.lane);
    stepped.gate().done(&subject.lane);
    calls
}

/// A customer, with what the operation needs.
async fn subject(
    stepped: &Stepped,
    client: &Client,
    operation: Operation,
    number: usize,
) -> Subject {
    let lane = stepped.lane().await.unwrap();
    let name = format!("{operation:?}-{number}-{}", lane.name()).to_lowercase();
    let customer = customer(client, &name, "").await.unwrap();
    let target = match operation {
        Operation::Create => String::new(),
        Operation::Edit | Operation::Cancel | Operation::Change | Operation::Migrate => {
            create(client, &customer, None, "").await.unwrap()
        }
        Operation::Delete => {
            let start = Some("2026-02-15T00:00:00Z");
            create(client, &customer, start, "").await.unwrap()
        }
        Operation::Invoice => {
            use_something(client, &customer, &name).await;
            String::new()
        }
        Operation::Snapshot | Operation::Approve => {
            use_something(client, &customer, &name).await;
            let made = invoice(client, &customer, "").await.unwrap();
            if operation == Operation::Approve {
                snapshot(client, &made, "").await.unwrap();
            }
            made
        }
    };
    Subject {
        lane,
        customer,
        target,
        name,
    }
}

async fn create(
    client: &Client,
    customer: &str,
    start: Option<&str>,
    request_id: &str,
) -> Result<String, Status> {
    let request = subscription::CreateSubscriptionRequest {
        customer: Some(
            subscription::create_subscription_request::Customer::CustomerId(customer.into()),
        ),
        source: source("pro"),
        timing: start.map(|start| {
            let start: jiff::Timestamp = start.parse().unwrap();
            let when = When::Time(contract::convert::timestamp(start));
            subscription::Timing { when: Some(when) }
        }),
        request_id: request_id.into(),
        ..Default::default()
    };
    let answer = client.subscriptions().create_subscription(request).await?;
    Ok(answer.into_inner().view.unwrap().subscription.unwrap().id)
}

fn source(plan: &str) -> Option<subscription::SubscriptionSource> {
    let plan = subscription::PlanSelector {
        key: plan.into(),
        version: 0,
    };
    Some(subscription::SubscriptionSource {
        source: Some(Source::Plan(plan)),
    })
}

async fn next_version(client: &Client) {
    let request = catalog::CreateNextPlanVersionRequest {
        plan: Some(catalog::PlanRef {
            r#ref: Some(catalog::plan_ref::Ref::Key("pro".into())),
            ..Default::default()
        }),
        request_id: String::new(),
    };
    let answer = client.plans().create_next_plan_version(request).await;
    let draft = answer.unwrap().into_inner().plan.unwrap();
    publish(client, &draft.id).await.unwrap();
}

/// Does it, as the same request each time.
async fn perform(operation: Operation, subject: &Subject) -> Result<(), Status> {
    let Subject {
        lane,
        customer,
        target: id,
        name,
    } = subject;
    let mut subscriptions = lane.client.subscriptions();
    let (id, request_id) = (id.clone(), format!("once-{name}"));
    let timing = |policy: subscription::TimingPolicy| {
        Some(subscription::Timing {
            when: Some(When::Policy(policy.into())),
        })
    };
    match operation {
        Operation::Create => create(&lane.client, customer, None, &request_id)
            .await
            .map(drop),
        Operation::Edit => {
            let remove = Edit::RemoveItem(subscription::RemoveItemOperation {
                phase_key: "default".into(),
                item_key: "fee".into(),
            });
            let add = Edit::AddItem(subscription::AddItemOperation {
                phase_key: "default".into(),
                rate_card: Some(catalog::RateCard {
                    key: "fee".into(),
                    name: "Fee".into(),
                    kind: catalog::RateCardKind::FlatFee.into(),
                    billing_cadence: "P1M".into(),
                    price: Some(flat_price(62)),
                    ..Default::default()
                }),
            });
            let operations = [remove, add].map(|operation| subscription::EditOperation {
                operation: Some(operation),
            });
            let request = subscription::EditSubscriptionRequest {
                id,
                operations: operations.to_vec(),
                request_id,
                ..Default::default()
            };
            subscriptions.edit_subscription(request).await.map(drop)
        }
        Operation::Cancel => {
            let request = subscription::CancelSubscriptionRequest {
                id,
                timing: timing(subscription::TimingPolicy::NextBillingCycle),
                request_id,
                ..Default::default()
            };
            subscriptions.cancel_subscription(request).await.map(drop)
        }
        Operation::Change => {
            let request = subscription::ChangeSubscriptionRequest {
                id,
                source: source("team"),
                timing: timing(subscription::TimingPolicy::Immediate),
                request_id,
                ..Default::default()
            };
            subscriptions.change_subscription(request).await.map(drop)
        }
        Operation::Migrate => {
            let request = subscription::MigrateSubscriptionRequest {
                id,
                request_id,
                ..Default::default()
            };
            subscriptions.migrate_subscription(request).await.map(drop)
        }
        Operation::Delete => {
            let request = subscription::DeleteSubscriptionRequest { id, request_id };
            subscriptions.delete_subscription(request).await.map(drop)
        }
        Operation::Invoice => invoice(&lane.client, customer, &request_id).await.map(drop),
        Operation::Snapshot => snapshot(&lane.client, &id, &request_id).await,
        Operation::Approve => approve(&lane.client, &id, &request_id).await,
    }
}

fn span(
    start: Option<&prost_types::Timestamp>,
    end: Option<&prost_types::Timestamp>,
) -> (i64, i64) {
    let seconds =
        |time: Option<&prost_types::Timestamp>| time.map_or(i64::MAX, |time| time.seconds);
    (seconds(start), seconds(end))
}

fn period(period: Option<&contract::kernel::v1::Period>) -> (i64, i64) {
    period.map_or((0, 0), |period| {
        span(period.start_time.as_ref(), period.end_time.as_ref())
    })
}

/// Everything that the services know of a customer's subscriptions, without ids.
async fn state(client: &Client, customer: &str) -> Result<Vec<String>, Status> {
    let mut known = Vec::new();
    let request = subscription::ListSubscriptionsRequest {
        customer_id: customer.into(),
        ..Default::default()
    };
    let listed = client.subscriptions().list_subscriptions(request).await?;
    for found in listed.into_inner().subscriptions {
        let life = span(
            found.active_from_time.as_ref(),
            found.active_to_time.as_ref(),
        );
        let plan = found.plan.clone().unwrap_or_default();
        known.push(format!(
            "subscription {}@{} {life:?} {:?} revision {}, linked {:?}",
            plan.key,
            plan.version,
            found.status(),
            found.revision,
            found.annotations.keys(),
        ));
    }
    let request = subscription::ListSubscriptionChangesRequest {
        customer_id: customer.into(),
        ..Default::default()
    };
    let listed = client
        .subscriptions()
        .list_subscription_changes(request)
        .await?;
    for change in listed.into_inner().changes {
        let in_force = span(change.effective_time.as_ref(), change.end_time.as_ref());
        known.push(format!(
            "change {:?} {} {in_force:?}",
            change.cause(),
            change.item_key
        ));
    }
    let request = entitlement::ListEntitlementsRequest {
        customer_ids: vec![customer.into()],
        ..Default::default()
    };
    let listed = client.entitlements().list_entitlements(request).await?;
    for found in listed.into_inner().entitlements {
        let life = span(
            found.active_from_time.as_ref(),
            found.active_to_time.as_ref(),
        );
        known.push(format!(
            "entitlement {} {life:?} {:?} {:?}",
            found.feature_key,
            found.kind,
            period(found.current_usage_period.as_ref())
        ));
    }
    // What ended by time counts no more, and may be taken away at any later report.
    let request = customers::ListHoldsRequest {
        customer_id: customer.into(),
        include_inactive: false,
    };
    let listed = client.customers().list_holds(request).await?;
    for hold in listed.into_inner().holds {
        // What an ended invoice or entitlement leaves behind is its service's own affair.
        if hold.reason() == customers::hold::Reason::Subscription {
            known.push(format!("hold {:?}", period(hold.period.as_ref())));
        }
    }
    let request = billing::ListInvoicesRequest {
        customer_ids: vec![customer.into()],
        include_lines: true,
        page_size: 100,
        ..Default::default()
    };
    let listed = client.invoices().list_invoices(request).await?;
    for invoice in listed.into_inner().invoices {
        for line in &invoice.lines {
            let total = line.totals.as_ref().and_then(|totals| totals.total.clone());
            known.push(format!(
                "line {} {:?} due {:?} total {:?} of an invoice in state {:?}",
                line.name,
                period(line.period.as_ref()),
                line.invoice_time.map(|time| time.seconds),
                total.map(|total| total.value),
                invoice.state(),
            ));
        }
    }
    known.sort();
    Ok(known)
}
