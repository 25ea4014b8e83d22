//! What the subscription service asks and tells of customers: reservations before a subscription is committed, reports after it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chassis::{Guard, Write, clock::system_now, open};
use contract::customer::v1 as pb;
use kernel::{Timestamp, currency::Currency, id::CustomerId};
use tonic::{Request, Response, Status};

use super::Server;
use crate::{
    convert,
    domain::{
        currency::{self, Reservation},
        customer::Customer,
        hold::{Hold, HoldReason},
        text,
    },
    error::CustomerError,
    seen::Known,
    store::{self, subscription::Reported},
};

/// How long a reservation binds without a report, in system time.
const RESERVATION: Duration = Duration::from_secs(60);

impl Server {
    pub(super) async fn reserve(
        &self,
        request: Request<pb::ReserveForSubscriptionRequest>,
    ) -> Result<Response<pb::ReserveForSubscriptionResponse>, Status> {
        let (context, request) = &open(request)?;
        let id = convert::customer_id(&request.customer_id)?;
        let wanted = convert::optional_currency("currency_code", &request.currency_code)?;
        text::required("subscription_id", request.subscription_id.clone(), 255)
            .map_err(Status::from)?;
        let new = &Reservation {
            subscription: request.subscription_id.clone(),
            revision: request.revision,
            currency: wanted,
            expire_time: system_now() + RESERVATION,
        };
        let left = &Mutex::new(None);
        let answer = Guard::escalate(|guard| {
            self.db.write(
                context,
                "ReserveForSubscription",
                &request.request_id,
                request,
                move |w| async move {
                    let known = match self.just_seen(&w, id, guard) {
                        // A refusal needs another look: what was seen may be outdated.
                        Some(known) if admit(&known, new).is_ok() => known,
                        Some(_) | None => {
                            let known = read(&w, id, guard).await?;
                            admit(&known, new)?;
                            known
                        }
                    };
                    let (sequence, ledger) =
                        (known.hanging.sequence, known.hanging.ledger_update_time);
                    store::subscription::mark_later(&w, &known, guard, sequence, ledger);
                    store::subscription::reserve_later(&w, context.project, id, new);
                    let customer = Some(convert::customer(&known.customer));
                    let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
                    *left = Some(known.reserved(new));
                    drop(left);
                    Ok::<_, CustomerError>((w, pb::ReserveForSubscriptionResponse { customer }))
                },
            )
        })
        .await?;
        let left = left.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(left) = left {
            self.seen.keep(context.project, left, context.now);
        }
        Ok(answer)
    }

    pub(super) async fn report(
        &self,
        request: Request<pb::ReportSubscriptionsRequest>,
    ) -> Result<Response<pb::ReportSubscriptionsResponse>, Status> {
        let (context, request) = &open(request)?;
        let id = convert::customer_id(&request.customer_id)?;
        let reported = &convert::reported(&request.subscriptions)?;
        let ledger =
            convert::optional_time("ledger_update_time", request.ledger_update_time.as_ref())?;
        Guard::escalate(|guard| {
            self.db.write(
                context,
                "ReportSubscriptions",
                &request.request_id,
                request,
                move |mut w| async move {
                    let answer = pb::ReportSubscriptionsResponse {};
                    let known = match self.just_seen(&w, id, guard) {
                        Some(known) => known,
                        None => read(&w, id, guard).await?,
                    };
                    let last = known.hanging.sequence;
                    if request.sequence != 0 && request.sequence < last {
                        return Ok::<_, CustomerError>((w, answer));
                    }
                    store::subscription::mark_later(
                        &w,
                        &known,
                        guard,
                        request.sequence.max(last),
                        ledger.or(known.hanging.ledger_update_time),
                    );
                    take_over(&mut w, &known, reported, ledger.unwrap_or(context.now)).await?;
                    Ok((w, answer))
                },
            )
        })
        .await
    }

    /// The customer as it was seen a moment ago, where the commit checks that it still is so.
    fn just_seen(&self, w: &Write, id: CustomerId, guard: Guard) -> Option<Known> {
        match guard {
            Guard::Checked => {
                let context = w.context();
                self.seen.take(context.project, id, context.now)
            }
            Guard::Locked => None,
        }
    }
}

/// The customer with what decides about its subscriptions.
async fn read(w: &Write, id: CustomerId, guard: Guard) -> Result<Known, CustomerError> {
    let (tx, project, now) = (w.tx(), w.context().project, w.context().now);
    let (customer, hanging) = match guard {
        Guard::Locked => store::customer::locked_with_subscriptions(tx, project, id, now).await?,
        Guard::Checked => store::customer::with_subscriptions(tx, project, id, now).await?,
    };
    Ok(Known { customer, hanging })
}

/// Whether a customer can take a subscription.
fn admit(known: &Known, new: &Reservation) -> Result<(), CustomerError> {
    known.customer.require_live()?;
    let Some(wanted) = new.currency else {
        return Ok(());
    };
    currency::admit(
        known.customer.currency,
        &known.hanging.reservations,
        &new.subscription,
        wanted,
        system_now(),
    )
}

/// Makes of a report what follows from it, at the time when the customer's ledger changed.
async fn take_over(
    w: &mut Write,
    known: &Known,
    reported: &[Reported],
    changed: Timestamp,
) -> Result<(), CustomerError> {
    let (project, now) = (w.context().project, w.context().now);
    let (before, id) = (&known.customer, known.customer.id);
    store::subscription::replace_later(w, project, id, reported);
    if before.delete_time.is_none() {
        let (subscriptions, included) = holds_of(id, reported, now);
        store::hold::replace_later(w, project, id, HoldReason::Subscription, &subscriptions);
        store::hold::replace_later(w, project, id, HoldReason::Included, &included);
    }
    let confirmed: Vec<String> = reported.iter().map(|one| one.id.clone()).collect();
    store::subscription::settle_reservations_later(w, project, id, &confirmed, system_now());
    let settled = settled(known, reported);
    if before.delete_time.is_some() || settled == before.currency {
        store::profile::touch_at_later(w, project, id, changed);
        return Ok(());
    }
    let after = Customer {
        currency: settled,
        revision: before.revision + 1,
        update_time: now,
        touch_time: before.touch_time.max(now).max(changed),
        ..before.clone()
    };
    store::customer::save_currency_later(w, project, &after);
    super::record_change(w, "customer.updated", before, &after).await?;
    Ok(())
}

/// The currency after a report. A subscription may be known here only by what it reserved.
fn settled(known: &Known, reported: &[Reported]) -> Option<Currency> {
    let reserved = &known.hanging.reservations;
    let priced = reported.iter().filter_map(|one| {
        let promised = || reserved.iter().find(|r| r.subscription == one.id);
        one.currency.or_else(|| promised()?.currency)
    });
    currency::settle(known.customer.currency, priced)
}

/// What keeps a customer from being deleted: subscriptions, and what they entitle to.
fn holds_of(customer: CustomerId, reported: &[Reported], now: Timestamp) -> (Vec<Hold>, Vec<Hold>) {
    let hold = |reason, holder: &str, display_text, period| Hold {
        customer,
        reason,
        holder: holder.to_owned(),
        display_text,
        period,
        create_time: now,
    };
    // What has ended by now can never count again.
    let counts = |hold: &Hold| {
        let period = hold.period;
        !period.is_empty() && period.end.is_none_or(|end| end > now)
    };
    let subscriptions = reported.iter().map(|one| {
        let text = format!("subscription {} is active", one.id);
        hold(HoldReason::Subscription, &one.id, text, one.period)
    });
    let included = reported.iter().flat_map(|one| {
        one.entitled.iter().map(|item| {
            let text = format!(
                "entitlement of subscription {} for feature {} is active",
                one.id, item.feature_key
            );
            hold(HoldReason::Included, &item.item, text, item.period)
        })
    });
    (
        subscriptions.filter(counts).collect(),
        included.filter(counts).collect(),
    )
}
