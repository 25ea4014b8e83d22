//! Other services around a commit: before it they may refuse (`reserve`), after it they are told (`apply`). Telling is by
//! full state and revision, so it can be repeated, and is, until every service knows.

use std::collections::BTreeMap;
use std::time::Duration;

use chassis::{Context, Db, Write};
use contract::billing::v1 as billing;
use contract::catalog::v1::{self as catalog, feature_hold};
use contract::convert::{open_period, timestamp};
use contract::customer::v1 as customer;
use contract::entitlement::v1 as entitlement;
use contract::subscription::v1::SubscriptionState;
use jiff::Timestamp;
use kernel::id::{CustomerId, SubscriptionId};
use tonic::{Code, Status};

use crate::clients::Clients;
use crate::convert;
use crate::domain::refusal::Refusal;
use crate::domain::status::Status as Life;
use crate::domain::subscription::Subscription;
use crate::error::SubscriptionError;
use crate::rights::Left;
use crate::store;
use crate::store::pending::Pending;

/// Longest wait for other services after a commit; what they do not learn by then, the worker tells them.
const DIRECT_WAIT: Duration = Duration::from_secs(10);
/// Most holds on features that catalog takes from one subscription.
const HOLDS_MAX: usize = 1_000;
/// Most subscriptions in one report about a customer, and most of their items that entitle to something.
const REPORT_MAX: usize = 1_000;
const ENTITLED_MAX: usize = 1_000;

/// What a change needs from others before it may be committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reservation {
    /// It takes nothing that others could refuse.
    None,
    /// Only entitlements move, and only to less.
    Entitlements,
    /// Currency, billing setup and entitlements.
    All,
}

/// One subscription of a change: as it was and as it will be.
#[derive(Clone, Debug)]
pub struct Saved {
    /// As it was; `None`: new.
    pub before: Option<Subscription>,
    /// As it will be.
    pub after: Subscription,
    /// What it needs.
    pub reservation: Reservation,
}

/// Asks those who may refuse. Their refusal is the answer, unchanged. Answers the customer as the customer service shows it, where that
/// was asked.
pub async fn reserve(
    clients: &Clients,
    context: &Context,
    saved: &[Saved],
) -> Result<Option<customer::Customer>, SubscriptionError> {
    let mut known = None;
    for saved in saved
        .iter()
        .filter(|saved| saved.reservation == Reservation::All)
    {
        let after = &saved.after;
        let request = customer::ReserveForSubscriptionRequest {
            customer_id: after.customer_id.to_string(),
            currency_code: billed_currency(after),
            subscription_id: after.id.to_string(),
            revision: after.revision,
            request_id: String::new(),
        };
        let answer = clients
            .customers
            .clone()
            .reserve_for_subscription(context.request(request))
            .await?;
        known = answer.into_inner().customer;
        if after.is_billed() {
            let state = Some(convert::subscription::state(after, context.now)?);
            let request = billing::CheckSetupRequest {
                state,
                request_id: String::new(),
            };
            clients
                .billing
                .clone()
                .check_setup(context.request(request))
                .await?;
        }
    }
    // What gives way first: the next one takes over its features.
    let gives_way = |saved: &&Saved| saved.reservation == Reservation::Entitlements;
    let takes = |saved: &&Saved| saved.reservation == Reservation::All;
    for saved in saved
        .iter()
        .filter(gives_way)
        .chain(saved.iter().filter(takes))
    {
        let state = Some(convert::subscription::state(&saved.after, context.now)?);
        let request = entitlement::ReserveSubscriptionRequest {
            state,
            customer: known.clone(),
            request_id: String::new(),
        };
        clients
            .entitlements
            .clone()
            .reserve_subscription(context.request(request))
            .await?;
    }
    Ok(known)
}

/// Lets the customer go whom a change reserved for a subscription that does not come to be after all. Should that fail, the
/// reservation ends by itself.
pub async fn let_go(clients: &Clients, context: &Context, saved: &[Saved]) {
    let new = saved
        .iter()
        .filter(|saved| saved.reservation == Reservation::All && saved.before.is_none());
    for Saved { after, .. } in new {
        let request = customer::ReleaseHoldRequest {
            customer_id: after.customer_id.to_string(),
            reason: customer::hold::Reason::Subscription.into(),
            holder_id: after.id.to_string(),
            request_id: String::new(),
        };
        let mut customers = clients.customers.clone();
        if let Err(error) = customers.release_hold(context.request(request)).await {
            tracing::debug!(subscription.id = %after.id, %error, "a reservation is left to expire");
        }
    }
}

/// Takes back what was reserved for a subscription: it then has reserved what it is, or nothing when it never came to be.
pub async fn void(
    clients: &Clients,
    context: &Context,
    customer: CustomerId,
    holder: SubscriptionId,
    known: Option<&Subscription>,
) -> Result<(), SubscriptionError> {
    let mut state = match known {
        Some(known) => convert::subscription::state(known, context.now)?,
        None => SubscriptionState {
            subscription: Some(contract::subscription::v1::Subscription {
                id: holder.to_string(),
                customer_id: customer.to_string(),
                billing_anchor_time: Some(timestamp(context.now)),
                ..Default::default()
            }),
            phases: Vec::new(),
            deleted: true,
        },
    };
    // What was applied already is not reserved again: the void one is a revision ahead.
    if let Some(subscription) = &mut state.subscription {
        subscription.revision += 1;
    }
    let request = entitlement::ReserveSubscriptionRequest {
        state: Some(state),
        customer: None,
        request_id: String::new(),
    };
    clients
        .entitlements
        .clone()
        .reserve_subscription(context.request(request))
        .await?;
    Ok(())
}

/// What a change has just committed: nobody has to read it again to tell the others.
#[derive(Clone, Debug)]
pub struct Committed {
    /// The customer's gate after it.
    pub sequence: i64,
    /// All subscriptions of the customer, deleted ones too if they were deleted by it.
    pub all: Vec<Subscription>,
    /// Those that the others have to be told of, where nothing was left from before.
    pub only: Option<Vec<SubscriptionId>>,
    /// The customer, where the customer service was asked.
    pub customer: Option<customer::Customer>,
    /// What it left of the customer's rights.
    pub rights: Left,
}

impl Committed {
    /// What the others have to be told, where that is known.
    fn pending(&self) -> Option<Vec<Pending>> {
        let only = self.only.as_ref()?;
        let told = self.all.iter().filter(|known| only.contains(&known.id));
        Some(told.map(Pending::new).collect())
    }
}

/// Tells all services what is pending of a customer, for the worker; answers how many subscriptions all of them know now.
pub async fn apply(
    db: &Db,
    clients: &Clients,
    context: &Context,
    customer: CustomerId,
) -> Result<u64, SubscriptionError> {
    let told = inform(db, clients, context, customer, None).await?;
    if told.is_empty() {
        return Ok(0);
    }
    let write = db.system_write(context).await?;
    settle_later(&write, &told);
    write.commit().await?;
    let done = told.iter().filter(|(_, told)| *told).count();
    Ok(u64::try_from(done).unwrap_or(u64::MAX))
}

/// Tells all services what is pending of a customer; answers of each whether all of them know it now, to be settled. Failures are
/// logged and put off, never answered: the change is committed.
pub async fn inform(
    db: &Db,
    clients: &Clients,
    context: &Context,
    customer: CustomerId,
    committed: Option<&Committed>,
) -> Result<Vec<(Pending, bool)>, SubscriptionError> {
    let context = &context.clone().with_deadline(DIRECT_WAIT);
    let pending = match committed.and_then(Committed::pending) {
        Some(pending) => pending,
        None => store::pending::of_customer(db.reader(), context.project, customer).await?,
    };
    if pending.is_empty() {
        return Ok(Vec::new());
    }
    let mut work = Vec::with_capacity(pending.len());
    for pending in pending {
        let known = committed.and_then(|committed| {
            committed.all.iter().find(|known| {
                (known.id, known.revision) == (pending.subscription, pending.revision)
            })
        });
        let found = match known {
            Some(known) => Some(known.clone()),
            None => {
                store::subscription::find_any(db.reader(), context.project, pending.subscription)
                    .await?
            }
        };
        work.extend(found.map(|found| (pending, found)));
    }
    // Whoever gives way goes first: what is deleted, then by start.
    work.sort_by_key(|(_, found)| (found.deleted_at.is_none(), found.active_from, found.id));
    let reported = report(db, clients, context, customer, committed).await;
    log_failure("customer", &reported);
    let mut outcomes = Vec::with_capacity(work.len());
    for (pending, subscription) in &work {
        let known = committed.and_then(|committed| committed.customer.clone());
        let told = tell(clients, context, subscription, known).await;
        outcomes.push((*pending, told && reported.is_ok()));
    }
    Ok(outcomes)
}

/// Keeps with the commit what became of telling.
pub fn settle_later(write: &Write, outcomes: &[(Pending, bool)]) {
    let project = write.context().project;
    for (pending, told) in outcomes {
        if *told {
            store::pending::done_later(write, project, *pending);
        } else {
            store::pending::failed_later(write, project, *pending);
        }
    }
}

/// Tells each service about one subscription; one that fails does not keep it from the others.
async fn tell(
    clients: &Clients,
    context: &Context,
    subscription: &Subscription,
    customer: Option<customer::Customer>,
) -> bool {
    let state = match convert::subscription::state(subscription, context.now) {
        Ok(state) => state,
        Err(error) => {
            tracing::error!(subscription.id = %subscription.id, %error, "a subscription cannot be told to other services");
            return false;
        }
    };
    let kept = hold_features(clients, context, subscription).await;
    let entitled = entitle(clients, context, state.clone()).await;
    let billed = bill(clients, context, state, customer).await;
    for (service, outcome) in [
        ("catalog", &kept),
        ("entitlement", &entitled),
        ("billing", &billed),
    ] {
        log_failure(service, outcome);
    }
    kept.is_ok() && entitled.is_ok() && billed.is_ok()
}

async fn entitle(
    clients: &Clients,
    context: &Context,
    state: SubscriptionState,
) -> Result<(), Status> {
    let request = entitlement::ApplySubscriptionRequest {
        state: Some(state),
        request_id: String::new(),
    };
    clients
        .entitlements
        .clone()
        .apply_subscription(context.request(request))
        .await
        .map(drop)
}

async fn bill(
    clients: &Clients,
    context: &Context,
    state: SubscriptionState,
    customer: Option<customer::Customer>,
) -> Result<(), Status> {
    let request = billing::ApplySubscriptionRequest {
        state: Some(state),
        customer,
        request_id: String::new(),
    };
    clients
        .billing
        .clone()
        .apply_subscription(context.request(request))
        .await
        .map(drop)
}

/// Keeps the features that the subscription sells from being archived while it is active.
async fn hold_features(
    clients: &Clients,
    context: &Context,
    subscription: &Subscription,
) -> Result<(), Status> {
    let period = subscription.active_period();
    let holds = if subscription.deleted_at.is_some() || period.is_empty() {
        Vec::new()
    } else {
        // From the start on, so that what a later phase sells is still there then.
        let mut until: BTreeMap<&str, Option<Timestamp>> = BTreeMap::new();
        let sold = subscription.sold_features().map_err(Refusal::from);
        for (feature, sold) in sold.map_err(SubscriptionError::from)? {
            let end = until.entry(feature).or_insert(sold.end);
            *end = end.zip(sold.end).map(|(one, other)| one.max(other));
        }
        let hold = |(feature, end): (&str, Option<Timestamp>)| catalog::FeatureHold {
            feature_id: feature.to_owned(),
            start_time: Some(timestamp(period.start)),
            end_time: end.map(timestamp),
            ..Default::default()
        };
        until.into_iter().take(HOLDS_MAX).map(hold).collect()
    };
    let request = catalog::ReplaceFeatureHoldsRequest {
        reason: feature_hold::Reason::Subscription.into(),
        holder_id: subscription.id.to_string(),
        holds,
        // What is told late must not undo what is newer.
        revision: subscription.revision,
        request_id: String::new(),
    };
    clients
        .features
        .clone()
        .replace_feature_holds(context.request(request))
        .await
        .map(drop)
}

/// Tells the customer service that the customer's ledger has changed.
pub async fn touch(
    db: &Db,
    clients: &Clients,
    context: &Context,
    customer: CustomerId,
) -> Result<(), Status> {
    let context = &context.clone().with_deadline(DIRECT_WAIT);
    report(db, clients, context, customer, None).await
}

/// Tells the customer service which subscriptions of a customer have not ended; those hold it. The number is read before the list: the
/// newest list then has the greatest number.
async fn report(
    db: &Db,
    clients: &Clients,
    context: &Context,
    customer: CustomerId,
    committed: Option<&Committed>,
) -> Result<(), Status> {
    let (sequence, all) = match committed {
        Some(committed) => (committed.sequence, committed.all.clone()),
        None => (
            store::gate::read(db.reader(), context.project, customer).await?,
            store::subscription::of_customer(db.reader(), context.project, customer).await?,
        ),
    };
    let lasting = all
        .iter()
        .rev()
        .filter(|subscription| subscription.status_at(context.now) != Life::Inactive)
        .take(REPORT_MAX);
    let mut left = ENTITLED_MAX;
    let mut subscriptions = Vec::new();
    for subscription in lasting {
        let entitled_items = entitled_items(subscription, context.now, left)?;
        left -= entitled_items.len();
        subscriptions.push(customer::CustomerSubscription {
            subscription_id: subscription.id.to_string(),
            plan_key: subscription
                .plan
                .as_ref()
                .map(|plan| plan.key.clone())
                .unwrap_or_default(),
            period: Some(open_period(subscription.active_period())),
            currency_code: billed_currency(subscription),
            entitled_items,
        });
    }
    let request = customer::ReportSubscriptionsRequest {
        customer_id: customer.to_string(),
        subscriptions,
        sequence,
        ledger_update_time: Some(timestamp(context.now)),
        request_id: String::new(),
    };
    unless_gone(
        clients
            .customers
            .clone()
            .report_subscriptions(context.request(request))
            .await
            .map(drop),
    )
}

/// What in a subscription entitles to features and has not ended.
fn entitled_items(
    subscription: &Subscription,
    now: Timestamp,
    most: usize,
) -> Result<Vec<customer::EntitledItem>, SubscriptionError> {
    let items = subscription.entitled_items().map_err(Refusal::from)?;
    let lasting = items
        .into_iter()
        .filter(|(_, period)| period.end.is_none_or(|end| end > now));
    let told = lasting.map(|(item, period)| customer::EntitledItem {
        item_id: item.id.to_string(),
        feature_key: item.card.feature_key.clone().unwrap_or_default(),
        period: Some(open_period(period)),
    });
    Ok(told.take(most).collect())
}

/// The currency that the customer is bound to by it; empty when nothing is billed.
fn billed_currency(subscription: &Subscription) -> String {
    if subscription.is_billed() {
        subscription.currency.code().to_owned()
    } else {
        String::new()
    }
}

/// A customer that is deleted needs to be told no more.
fn unless_gone(outcome: Result<(), Status>) -> Result<(), Status> {
    match outcome {
        Err(status) if [Code::NotFound, Code::FailedPrecondition].contains(&status.code()) => {
            Ok(())
        }
        outcome => outcome,
    }
}

fn log_failure(service: &'static str, outcome: &Result<(), Status>) {
    if let Err(status) = outcome {
        tracing::warn!(
            service,
            code = ?status.code(),
            message = status.message(),
            "a service could not be told about a subscription; it is tried again"
        );
    }
}
