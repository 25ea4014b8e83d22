//! `ReportedSubscriptionService`: the reports by fields, and of payments.

use chassis::Context;
use contract::customer::v1 as customer;
use contract::subscription::v1 as pb;
use jiff::Timestamp;
use kernel::id::{CustomerId, Ulid};
use tonic::{Response, Status};

use super::reported::{KEY_LENGTH_MAX, Payer, ReportedServer, next_id};
use crate::convert::reported as show;
use crate::convert::request::instant;
use crate::domain::reported::patch_report::{NewPayment, PaymentPatch};
use crate::domain::reported::payment::Payment;
use crate::domain::reported::refusal::{ReportRefusal, Wrong};
use crate::domain::reported::state_report::NewReported;
use crate::domain::reported::{ItemKind, Origin, Reported};
use crate::domain::term::refusal::TermRefusal;
use crate::error::SubscriptionError;
use crate::report::{Report, Sold};
use crate::store;
use crate::store::reported::Stored;

/// Why a key is refused that somebody has.
const KEY_TAKEN: &str = "KEY_TAKEN";

impl ReportedServer {
    pub(super) async fn upsert(
        &self,
        context: &Context,
        request: &pb::UpsertReportedSubscriptionRequest,
    ) -> Result<Response<pb::UpsertReportedSubscriptionResponse>, Status> {
        let report = Report {
            context,
            operation: "UpsertReportedSubscription",
            request_id: &request.request_id,
            request,
        };
        if let Some(answer) = self.replayed(&report).await? {
            return Ok(answer);
        }
        let effective_time = instant("effective_time", request.effective_time.as_ref())?;
        let patch = show::patch(request)?;
        key_field("key", &request.key)?;
        let fact = next_id();
        // Without an instant nothing is written; what else is wrong is judged as from the beginning of time.
        let at = effective_time.unwrap_or(Timestamp::MIN);
        let decide = |after: &mut Reported| after.patch(fact.clone(), at, patch.clone());
        let answer = |after: &Reported| {
            let subscription = Some(show::latest(after)?);
            Ok(pb::UpsertReportedSubscriptionResponse { subscription })
        };
        let on_known =
            |after: &mut Reported| -> Result<(), SubscriptionError> { Ok(decide(after)?) };
        let mut missing = Wrong::default();
        if effective_time.is_none() {
            missing.add("effective_time", "is required");
        }
        if let Some(known) = self.known(context, &request.key).await? {
            missing.refuse().map_err(SubscriptionError::from)?;
            self.check_customer(context, &known, &request.customer_handle)
                .await?;
            return self
                .engine
                .report_on(&report, known.id, on_known, answer)
                .await;
        }
        let mut new = self.unknown(context, &request.key);
        if request.customer_handle.is_empty() {
            missing.add("customer_handle", "is required for a new subscription");
        }
        let judged = missing.refuse_with(decide(&mut new));
        judged.map_err(SubscriptionError::from)?;
        let payer = Payer::Named(&request.customer_handle);
        let reply = |after: &Reported, _: &customer::Customer| answer(after);
        let made = self.create(&report, &new, None, payer, reply).await;
        match made {
            Err(status) if is_taken(&status) => {
                // Somebody has just made it: then this is about what he made.
                let known = self.known(context, &request.key).await?;
                let known = known.ok_or(status)?;
                self.check_customer(context, &known, &request.customer_handle)
                    .await?;
                self.engine
                    .report_on(&report, known.id, on_known, answer)
                    .await
            }
            outcome => outcome,
        }
    }

    pub(super) async fn upsert_payment(
        &self,
        context: &Context,
        request: &pb::UpsertReportedPaymentRequest,
    ) -> Result<Response<pb::UpsertReportedPaymentResponse>, Status> {
        let report = Report {
            context,
            operation: "UpsertReportedPayment",
            request_id: &request.request_id,
            request,
        };
        if let Some(answer) = self.replayed(&report).await? {
            return Ok(answer);
        }
        if request.key.is_empty() {
            return Err(SubscriptionError::field("key", "is required").into());
        }
        key_field("key", &request.key)?;
        key_field("subscription_key", &request.subscription_key)?;
        let patch = payment_patch(request)?;
        let new_id = next_id();
        let pay = |after: &mut Reported| -> Result<Payment, ReportRefusal> {
            let new = NewPayment {
                id: new_id.clone(),
                key: request.key.clone(),
                reporter_id: show::reporter(context.project, &context.actor),
                now: context.now,
            };
            Ok(after.pay(new, patch.clone())?.clone())
        };
        let known = self.payer(context, request).await?;
        let mut after = match &known {
            Some(known) => known.clone(),
            None => self.unknown(context, &request.subscription_key),
        };
        let mut missing = Wrong::default();
        let is_new = after.payments.iter().all(|held| held.key != request.key);
        if is_new && request.customer_handle.is_empty() {
            missing.add("customer_handle", "is required for a new payment");
        }
        let judged = missing.refuse_with(pay(&mut after));
        let payment = judged.map_err(SubscriptionError::from)?;
        let rate = self
            .engine
            .rate_into_project(context, payment.currency, payment.start)
            .await?;
        let sold = if payment.kind == ItemKind::OneTime {
            Sold::Once
        } else {
            Sold::Monthly
        };
        let product = (payment.product_key.clone(), sold);
        self.engine
            .ensure_products(context, [product].into())
            .await?;
        let answer = |after: &Reported| {
            let paid = after
                .payments
                .iter()
                .find(|payment| payment.key == request.key);
            let payment = paid
                .map(|payment| show::payment(after, payment, rate))
                .transpose()?;
            Ok(pb::UpsertReportedPaymentResponse { payment })
        };
        if let Some(known) = known {
            let decide = |after: &mut Reported| Ok(pay(after).map(drop)?);
            let key = Some(request.key.as_str());
            return self
                .engine
                .report_payment(&report, known.id, key, decide, answer)
                .await;
        }
        let payer = Payer::Named(&request.customer_handle);
        let reply = |after: &Reported, _: &customer::Customer| answer(after);
        self.create(&report, &after, Some(&request.key), payer, reply)
            .await
    }

    /// The reported subscription that a report by fields goes on with. Names of single items mean nothing here, but for
    /// their short ids.
    async fn known(
        &self,
        context: &Context,
        key: &str,
    ) -> Result<Option<Reported>, SubscriptionError> {
        match self.engine.named(context, key).await? {
            None => Ok(None),
            Some((Stored::Plan(listed), _)) => Err(SubscriptionError::ManagedByPlan(
                listed.subscription.id.to_string(),
            )),
            Some((Stored::Store(_), _)) => Err(TermRefusal::ManagedByStore.into()),
            Some((Stored::Reported(reported), None)) => Ok(Some(*reported)),
            Some((Stored::Reported(reported), Some(item))) => {
                let short = reported.parts.get(&item).is_some_and(|short| short == key);
                Ok(short.then_some(*reported))
            }
        }
    }

    fn unknown(&self, context: &Context, key: &str) -> Reported {
        Reported::new(NewReported {
            id: chassis::id::next(),
            customer_id: CustomerId::from_ulid(Ulid::nil()),
            key: key.to_owned(),
            origin: Origin::Patches,
            now: context.now,
        })
    }

    /// The subscription of a payment, if it is known.
    async fn payer(
        &self,
        context: &Context,
        request: &pb::UpsertReportedPaymentRequest,
    ) -> Result<Option<Reported>, SubscriptionError> {
        let (db, project) = (self.engine.db.reader(), context.project);
        let named = if request.subscription_key.is_empty() {
            None
        } else {
            self.known(context, &request.subscription_key).await?
        };
        let holder = store::reported::holder_of_payment(db, project, &request.key).await?;
        let Some(holder) = holder else {
            if let Some(named) = &named {
                self.check_customer(context, named, &request.customer_handle)
                    .await?;
            }
            return Ok(named);
        };
        if !request.subscription_key.is_empty() && named.is_none_or(|named| named.id != holder) {
            let what = "is not the subscription of this payment";
            return Err(SubscriptionError::field("subscription_key", what));
        }
        let found = store::reported::find(db, project, holder).await?;
        let found = found.ok_or_else(|| SubscriptionError::NotFound(holder.to_string()))?;
        self.check_customer(context, &found, &request.customer_handle)
            .await?;
        Ok(Some(found))
    }

    /// A customer who is named must be the one that the subscription has.
    async fn check_customer(
        &self,
        context: &Context,
        known: &Reported,
        handle: &str,
    ) -> Result<(), SubscriptionError> {
        if handle.is_empty() {
            return Ok(());
        }
        let found = self.engine.customer_named(context, handle).await?;
        if found.is_some_and(|found| found.id == known.customer_id.to_string()) {
            return Ok(());
        }
        let what = "is not the customer of this subscription";
        Err(SubscriptionError::field("customer_handle", what))
    }
}

/// Whether a new subscription could not have its key.
fn is_taken(status: &Status) -> bool {
    chassis::error::details(status).reason == KEY_TAKEN
}

fn payment_patch(
    request: &pb::UpsertReportedPaymentRequest,
) -> Result<PaymentPatch, SubscriptionError> {
    let product_key = &request.product_key;
    Ok(PaymentPatch {
        start: instant("start_time", request.start_time.as_ref())?,
        end: instant("end_time", request.end_time.as_ref())?,
        monthly_amount: show::amount("monthly_amount", request.monthly_amount.as_ref())?,
        currency: show::currency("currency_code", &request.currency_code)?,
        kind: show::item_kind("item_type", request.item_type)?,
        product_key: (!product_key.is_empty()).then(|| product_key.clone()),
    })
}

fn key_field(field: &str, key: &str) -> Result<(), SubscriptionError> {
    if key.chars().count() > KEY_LENGTH_MAX {
        let what = "must be at most 255 characters";
        return Err(SubscriptionError::field(field, what));
    }
    if key.contains('\0') {
        return Err(SubscriptionError::field(field, "must not contain U+0000"));
    }
    Ok(())
}
