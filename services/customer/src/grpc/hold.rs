//! What other services tell about customers: holds, reservations, their subscriptions.

use std::time::Duration;

use chassis::{Write, clock::system_now, open};
use contract::customer::v1 as pb;
use kernel::{Timestamp, id::CustomerId};
use tonic::{Code, Request, Response, Status};

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
    store::{
        self,
        hanging::Hanging,
        subscription::{Guard, Reported},
    },
};

/// How long a reservation binds without a report, in system time.
const RESERVATION: Duration = Duration::from_secs(60);

impl Server {
    pub(super) async fn place(
        &self,
        request: Request<pb::PlaceHoldRequest>,
    ) -> Result<Response<pb::PlaceHoldResponse>, Status> {
        let (context, request) = &open(request)?;
        let hold = convert::new_hold(request, context.now)?;
        self.db
            .write(
                context,
                "PlaceHold",
                &request.request_id,
                request,
                |w| async move {
                    let (project, customer) = (context.project, hold.customer);
                    let held = std::slice::from_ref(&hold);
                    let first = store::hold::place(w.tx(), project, customer, held).await?;
                    let stored = Hold {
                        create_time: first.unwrap_or(hold.create_time),
                        ..hold
                    };
                    let hold = Some(convert::hold(&stored));
                    Ok::<_, CustomerError>((w, pb::PlaceHoldResponse { hold }))
                },
            )
            .await
    }

    pub(super) async fn place_all(
        &self,
        request: Request<pb::PlaceHoldsRequest>,
    ) -> Result<Response<pb::PlaceHoldsResponse>, Status> {
        let (context, request) = &open(request)?;
        let customer = convert::customer_id(&request.customer_id)?;
        let holds = &convert::new_holds(request, context.now)?;
        self.db
            .write(
                context,
                "PlaceHolds",
                &request.request_id,
                request,
                |w| async move {
                    store::hold::place(w.tx(), context.project, customer, holds).await?;
                    Ok::<_, CustomerError>((w, pb::PlaceHoldsResponse {}))
                },
            )
            .await
    }

    pub(super) async fn release(
        &self,
        request: Request<pb::ReleaseHoldRequest>,
    ) -> Result<Response<pb::ReleaseHoldResponse>, Status> {
        let (context, request) = &open(request)?;
        let customer = convert::customer_id(&request.customer_id)?;
        let reason = convert::hold_reason(request.reason)?;
        self.db
            .write(
                context,
                "ReleaseHold",
                &request.request_id,
                request,
                |w| async move {
                    store::hold::release(
                        w.tx(),
                        context.project,
                        customer,
                        reason,
                        &request.holder_id,
                    )
                    .await?;
                    Ok::<_, CustomerError>((w, pb::ReleaseHoldResponse {}))
                },
            )
            .await
    }

    pub(super) async fn holds(
        &self,
        request: Request<pb::ListHoldsRequest>,
    ) -> Result<Response<pb::ListHoldsResponse>, Status> {
        let (context, request) = open(request)?;
        let customer = convert::customer_id(&request.customer_id)?;
        let (db, project) = (self.db.reader(), context.project);
        let found = if request.include_inactive {
            store::hold::all(db, project, customer).await?
        } else {
            store::hold::live(db, project, customer, context.now).await?
        };
        Ok(Response::new(pb::ListHoldsResponse {
            holds: found.iter().map(convert::hold).collect(),
        }))
    }

    pub(super) async fn reserve(
        &self,
        request: Request<pb::ReserveForSubscriptionRequest>,
    ) -> Result<Response<pb::ReserveForSubscriptionResponse>, Status> {
        let (context, request) = &open(request)?;
        let id = convert::customer_id(&request.customer_id)?;
        let wanted = convert::optional_currency("currency_code", &request.currency_code)?;
        text::required("subscription_id", request.subscription_id.clone(), 255)
            .map_err(Status::from)?;
        let reserve = |guard: Guard| {
            self.db.write(
                context,
                "ReserveForSubscription",
                &request.request_id,
                request,
                move |w| async move {
                    let project = context.project;
                    let (customer, known) = read(&w, id, guard).await?;
                    customer.require_live()?;
                    let (sequence, ledger) = (known.sequence, known.ledger_update_time);
                    let seen = (&known, guard);
                    store::subscription::mark_later(&w, project, &customer, seen, sequence, ledger);
                    if let Some(wanted) = wanted {
                        let now = system_now();
                        let reserved = &known.reservations;
                        let subscription = &request.subscription_id;
                        currency::admit(customer.currency, reserved, subscription, wanted, now)?;
                        let new = Reservation {
                            subscription: subscription.clone(),
                            revision: request.revision,
                            currency: wanted,
                            expire_time: now + RESERVATION,
                        };
                        store::subscription::reserve_later(&w, project, id, &new);
                    }
                    let customer = Some(convert::customer(&customer));
                    Ok::<_, CustomerError>((w, pb::ReserveForSubscriptionResponse { customer }))
                },
            )
        };
        match reserve(Guard::Checked).await {
            Err(status) if status.code() == Code::Aborted => reserve(Guard::Locked).await,
            answer => answer,
        }
    }

    pub(super) async fn report(
        &self,
        request: Request<pb::ReportSubscriptionsRequest>,
    ) -> Result<Response<pb::ReportSubscriptionsResponse>, Status> {
        let (context, request) = &open(request)?;
        let id = convert::customer_id(&request.customer_id)?;
        let reported = convert::reported(&request.subscriptions)?;
        let ledger =
            convert::optional_time("ledger_update_time", request.ledger_update_time.as_ref())?;
        let reported = &reported;
        let report = |guard: Guard| {
            self.db.write(
                context,
                "ReportSubscriptions",
                &request.request_id,
                request,
                move |mut w| async move {
                    let (project, now) = (context.project, context.now);
                    let (before, known) = read(&w, id, guard).await?;
                    let answer = pb::ReportSubscriptionsResponse {};
                    if request.sequence != 0 && request.sequence < known.sequence {
                        return Ok::<_, CustomerError>((w, answer));
                    }
                    store::subscription::mark_later(
                        &w,
                        project,
                        &before,
                        (&known, guard),
                        request.sequence.max(known.sequence),
                        ledger.or(known.ledger_update_time),
                    );
                    store::subscription::replace_later(&w, project, id, reported);
                    let changed = ledger.unwrap_or(now);
                    if before.delete_time.is_none() {
                        let holds: Vec<Hold> = reported
                            .iter()
                            // What has ended by now can never count again.
                            .filter(|one| !one.period.is_empty())
                            .filter(|one| one.period.end.is_none_or(|end| end > now))
                            .map(|one| subscription_hold(id, one, now))
                            .collect();
                        let reason = HoldReason::Subscription;
                        store::hold::replace_later(&w, project, id, reason, &holds);
                    }
                    // A subscription may be known here only by what it reserved.
                    let reserved = known.reservations;
                    let priced = reported.iter().filter_map(|one| {
                        let promised = || reserved.iter().find(|r| r.subscription == one.id);
                        one.currency.or_else(|| Some(promised()?.currency))
                    });
                    let settled = currency::settle(before.currency, priced);
                    let confirmed: Vec<String> =
                        reported.iter().map(|one| one.id.clone()).collect();
                    store::subscription::settle_reservations_later(
                        &w,
                        project,
                        id,
                        &confirmed,
                        system_now(),
                    );
                    if before.delete_time.is_none() && settled != before.currency {
                        let mut after = before.clone();
                        after.currency = settled;
                        after.revision += 1;
                        after.update_time = now;
                        after.touch_time = after.touch_time.max(now).max(changed);
                        store::customer::save_currency_later(&w, project, &after);
                        let (old, new) = (
                            convert::customer_state(&before),
                            convert::customer_state(&after),
                        );
                        w.record(
                            "customer.updated",
                            &new.id,
                            after.revision,
                            Some(&old),
                            Some(&new),
                        )
                        .await?;
                    } else {
                        store::profile::touch_at_later(&w, project, id, changed);
                    }
                    Ok((w, answer))
                },
            )
        };
        match report(Guard::Checked).await {
            Err(status) if status.code() == Code::Aborted => report(Guard::Locked).await,
            answer => answer,
        }
    }
}

/// The customer with what decides about its subscriptions.
async fn read(
    w: &Write,
    id: CustomerId,
    guard: Guard,
) -> Result<(Customer, Hanging), CustomerError> {
    let (tx, project, now) = (w.tx(), w.context().project, w.context().now);
    match guard {
        Guard::Locked => store::customer::locked_with_subscriptions(tx, project, id, now).await,
        Guard::Checked => store::customer::with_subscriptions(tx, project, id, now).await,
    }
}

/// What keeps a customer from being deleted while a subscription holds.
fn subscription_hold(customer: CustomerId, reported: &Reported, now: Timestamp) -> Hold {
    Hold {
        customer,
        reason: HoldReason::Subscription,
        holder: reported.id.clone(),
        display_text: format!("subscription {} is active", reported.id),
        period: reported.period,
        create_time: now,
    }
}
