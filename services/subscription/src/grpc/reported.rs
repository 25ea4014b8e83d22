//! `ReportedSubscriptionService`: the reports of whole states, and the way of each RPC.

use chassis::Context;
use contract::customer::v1 as customer;
use contract::subscription::v1::{
    self as pb, reported_subscription_service_server::ReportedSubscriptionService,
};
use jiff::Timestamp;
use kernel::id::{CustomerId, Ulid};
use tonic::{Request, Response, Status};

use crate::convert::reported::{self as show, end_reason, required_instant, whole_state};
use crate::domain::refusal::Refusal;
use crate::domain::reported::event::{Event, EventStatus};
use crate::domain::reported::state_report::{NewReported, WholeState};
use crate::domain::reported::{ALIAS_LENGTH_MAX, Amount, End, EndReason, Origin, Reported};
use crate::engine::Engine;
use crate::error::SubscriptionError;
use crate::report::{Report, Writing, came_second};
use crate::store;

/// How often a new subscription is tried again when others keep writing for the customer.
const ATTEMPTS_MAX: u32 = 10;
/// What reporters' names of customers and subscriptions must not begin with: our own look so.
const OWN_PREFIXES: [&str; 2] = ["pwu_", "pws_"];
/// Longest name of a subscription.
pub(super) const KEY_LENGTH_MAX: usize = 255;

/// The handlers.
pub struct ReportedServer {
    pub(super) engine: Engine,
}

/// Whose a new subscription is.
#[derive(Clone, Copy)]
pub(super) enum Payer<'a> {
    /// What the report of a whole state says of him.
    OfState(&'a pb::CreateReportedSubscriptionRequest),
    /// Whoever has the name.
    Named(&'a str),
}

impl ReportedServer {
    /// Handlers on an engine.
    pub fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// The answer that the same request got before.
    pub(super) async fn replayed<Request: prost::Message, Answer: prost::Message + Default>(
        &self,
        report: &Report<'_, Request>,
    ) -> Result<Option<Response<Answer>>, Status> {
        let Report {
            context,
            operation,
            request_id,
            request,
        } = report;
        self.engine
            .db
            .replayed(context, operation, request_id, *request)
            .await
    }

    /// Writes a subscription of which nothing is stored, for a customer who is made if need be; again while others come first.
    pub(super) async fn create<Req, Answer, Reply>(
        &self,
        report: &Report<'_, Req>,
        new: &Reported,
        payment: Option<&str>,
        payer: Payer<'_>,
        reply: Reply,
    ) -> Result<Response<Answer>, Status>
    where
        Req: prost::Message,
        Answer: prost::Message + Default,
        Reply: Fn(&Reported, &customer::Customer) -> Result<Answer, SubscriptionError> + Sync,
    {
        let (engine, context) = (&self.engine, report.context);
        let nothing = Reported::new(NewReported {
            id: new.id,
            customer_id: new.customer_id,
            key: String::new(),
            origin: new.origin,
            now: context.now,
        });
        engine.prepare(context, &nothing, new).await?;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let found = self.ensured(context, payer).await?;
            let customer_id: CustomerId = found
                .id
                .parse()
                .map_err(|_| SubscriptionError::field("customer", "has no readable id"))?;
            let turn = engine.turn(context.project, customer_id).await;
            let seen = store::gate::read(engine.db.reader(), context.project, customer_id);
            let seen = seen.await?;
            let writing = Writing::New(Box::new(Reported {
                customer_id,
                ..new.clone()
            }));
            let reply = |after: &Reported| reply(after, &found);
            let written = engine.commit_report(report, writing, seen, payment, &reply);
            match written.await {
                Err(status) if attempt < ATTEMPTS_MAX && came_second(&status) => drop(turn),
                outcome => {
                    let written = outcome.is_ok();
                    engine.touch_customer(context, customer_id, written).await;
                    return outcome;
                }
            }
        }
    }

    /// The customer of a new subscription that is reported as a whole state, who is not made yet: an existing one, and whether
    /// the other name that was given is still to become an alias of it.
    async fn customer_of(
        &self,
        context: &Context,
        request: &pb::CreateReportedSubscriptionRequest,
    ) -> Result<Option<(customer::Customer, bool)>, SubscriptionError> {
        let (existing, named) = (&request.existing_customer_handle, &request.customer_handle);
        if OWN_PREFIXES.iter().any(|own| named.starts_with(own)) {
            let what = "must not begin with pwu_ or pws_";
            return Err(SubscriptionError::field("customer_handle", what));
        }
        let by_name = if named.is_empty() {
            None
        } else {
            self.engine.customer_named(context, named).await?
        };
        if existing.is_empty() {
            return Ok(by_name.map(|customer| (customer, false)));
        }
        let field = "existing_customer_handle";
        let found = self.engine.customer_named(context, existing).await?;
        let found = found.ok_or_else(|| SubscriptionError::field(field, "names no customer"))?;
        match by_name {
            Some(other) if other.id != found.id => {
                let what = "names another customer";
                Err(SubscriptionError::field("customer_handle", what))
            }
            Some(_) => Ok(Some((found, false))),
            None => Ok(Some((found, !named.is_empty()))),
        }
    }

    /// The customer of a new subscription, made if need be.
    async fn ensured(
        &self,
        context: &Context,
        payer: Payer<'_>,
    ) -> Result<customer::Customer, SubscriptionError> {
        let request = match payer {
            Payer::OfState(request) => request,
            Payer::Named(handle) => {
                let new = customer::EnsureCustomerRequest {
                    handle: handle.to_owned(),
                    ..Default::default()
                };
                return self.engine.ensure_customer(context, new).await;
            }
        };
        match self.customer_of(context, request).await? {
            Some((found, false)) => Ok(found),
            Some((found, true)) => {
                let by = customer::customer_ref::Ref::Id(found.id.clone());
                let alias = customer::AddAliasRequest {
                    customer_ref: Some(customer::CustomerRef { r#ref: Some(by) }),
                    alias: request.customer_handle.clone(),
                    request_id: String::new(),
                };
                let mut aliases = self.engine.clients.aliases.clone();
                aliases.add_alias(context.request(alias)).await?;
                Ok(found)
            }
            None => {
                let new = customer::EnsureCustomerRequest {
                    handle: request.customer_handle.clone(),
                    primary_email: request.primary_email.clone(),
                    alias_profitwell_id: true,
                    request_id: String::new(),
                };
                self.engine.ensure_customer(context, new).await
            }
        }
    }
}

#[tonic::async_trait]
impl ReportedSubscriptionService for ReportedServer {
    async fn create_reported_subscription(
        &self,
        request: Request<pb::CreateReportedSubscriptionRequest>,
    ) -> Result<Response<pb::CreateReportedSubscriptionResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let report = Report {
            context,
            operation: "CreateReportedSubscription",
            request_id: &request.request_id,
            request,
        };
        if let Some(answer) = self.replayed(&report).await? {
            return Ok(answer);
        }
        let state = new_state(request)?;
        check_key(&request.key)?;
        if !request.key.is_empty() && self.engine.named(context, &request.key).await?.is_some() {
            return Err(SubscriptionError::KeyTaken(request.key.clone()).into());
        }
        self.customer_of(context, request).await?;
        let mut new = Reported::new(NewReported {
            id: chassis::id::next(),
            customer_id: CustomerId::from_ulid(Ulid::nil()),
            key: request.key.clone(),
            origin: Origin::States,
            now: context.now,
        });
        let fact = next_id();
        new.begin(fact.clone(), &state);
        let reply = |after: &Reported, customer: &customer::Customer| {
            Ok(pb::CreateReportedSubscriptionResponse {
                event: Some(told(after, &fact, None)?),
                customer: Some(customer.clone()),
            })
        };
        let payer = Payer::OfState(request);
        self.create(&report, &new, None, payer, reply).await
    }

    async fn change_reported_subscription(
        &self,
        request: Request<pb::ChangeReportedSubscriptionRequest>,
    ) -> Result<Response<pb::ChangeReportedSubscriptionResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let report = Report {
            context,
            operation: "ChangeReportedSubscription",
            request_id: &request.request_id,
            request,
        };
        if let Some(answer) = self.replayed(&report).await? {
            return Ok(answer);
        }
        let (found, item) = self.engine.reported(context, &request.handle).await?;
        let mut state = whole_state(
            &request.product_key,
            &request.interval_duration,
            request.amount_hundredths,
            request.effective_time.as_ref(),
        )?;
        state.currency = show::currency("currency_code", &request.currency_code)?;
        match pb::ReportedStatus::try_from(request.status) {
            Ok(pb::ReportedStatus::Unspecified | pb::ReportedStatus::Active) => {}
            Ok(_) | Err(_) => {
                return Err(SubscriptionError::field("status", "must be active").into());
            }
        }
        let fact = next_id();
        let decide =
            |after: &mut Reported| Ok(after.change(fact.clone(), item.as_deref(), &state)?);
        let reply = |after: &Reported| {
            let event = Some(told(after, &fact, item.as_deref())?);
            Ok(pb::ChangeReportedSubscriptionResponse { event })
        };
        self.engine
            .report_on(&report, found.id, decide, reply)
            .await
    }

    async fn end_reported_subscription(
        &self,
        request: Request<pb::EndReportedSubscriptionRequest>,
    ) -> Result<Response<pb::EndReportedSubscriptionResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let report = Report {
            context,
            operation: "EndReportedSubscription",
            request_id: &request.request_id,
            request,
        };
        if let Some(answer) = self.replayed(&report).await? {
            return Ok(answer);
        }
        let (found, item) = self.engine.reported(context, &request.handle).await?;
        let end = End {
            at: required_instant("effective_time", request.effective_time.as_ref())?,
            reason: end_reason(request.reason)?,
        };
        let fact = next_id();
        let decide = |after: &mut Reported| Ok(after.end(fact.clone(), item.as_deref(), end)?);
        let reply = |after: &Reported| {
            let event = Some(told(after, &fact, item.as_deref())?);
            Ok(pb::EndReportedSubscriptionResponse { event })
        };
        self.engine
            .report_on(&report, found.id, decide, reply)
            .await
    }

    async fn retract_reported_end(
        &self,
        request: Request<pb::RetractReportedEndRequest>,
    ) -> Result<Response<pb::RetractReportedEndResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let report = Report {
            context,
            operation: "RetractReportedEnd",
            request_id: &request.request_id,
            request,
        };
        if let Some(answer) = self.replayed(&report).await? {
            return Ok(answer);
        }
        let (found, item) = self.engine.reported(context, &request.handle).await?;
        let decide = |after: &mut Reported| Ok(after.retract_end(item.as_deref())?);
        let reply = |_: &Reported| Ok(pb::RetractReportedEndResponse {});
        self.engine
            .report_on(&report, found.id, decide, reply)
            .await
    }

    async fn upsert_reported_subscription(
        &self,
        request: Request<pb::UpsertReportedSubscriptionRequest>,
    ) -> Result<Response<pb::UpsertReportedSubscriptionResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        self.upsert(context, request).await
    }

    async fn get_reported_subscription(
        &self,
        request: Request<pb::GetReportedSubscriptionRequest>,
    ) -> Result<Response<pb::GetReportedSubscriptionResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        self.get(context, request).await
    }

    async fn list_reported_subscriptions(
        &self,
        request: Request<pb::ListReportedSubscriptionsRequest>,
    ) -> Result<Response<pb::ListReportedSubscriptionsResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        self.list(context, request).await
    }

    async fn list_reported_events(
        &self,
        request: Request<pb::ListReportedEventsRequest>,
    ) -> Result<Response<pb::ListReportedEventsResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        self.list_events(context, request).await
    }

    async fn delete_reported_subscription(
        &self,
        request: Request<pb::DeleteReportedSubscriptionRequest>,
    ) -> Result<Response<pb::DeleteReportedSubscriptionResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        self.delete(context, request).await
    }

    async fn upsert_reported_payment(
        &self,
        request: Request<pb::UpsertReportedPaymentRequest>,
    ) -> Result<Response<pb::UpsertReportedPaymentResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        self.upsert_payment(context, request).await
    }
}

/// The id of a new fact or payment.
pub(super) fn next_id() -> String {
    chassis::id::next::<Ulid>().to_string()
}

fn new_state(
    request: &pb::CreateReportedSubscriptionRequest,
) -> Result<WholeState, SubscriptionError> {
    if request.primary_email.is_empty() {
        return Err(SubscriptionError::field("primary_email", "is required"));
    }
    let mut state = whole_state(
        &request.product_key,
        &request.interval_duration,
        request.amount_hundredths,
        request.effective_time.as_ref(),
    )?;
    state.currency = show::currency("currency_code", &request.currency_code)?;
    state.is_trial = match pb::ReportedStatus::try_from(request.status) {
        Ok(pb::ReportedStatus::Unspecified | pb::ReportedStatus::Active) => false,
        Ok(pb::ReportedStatus::Trialing) => true,
        Ok(_) | Err(_) => {
            let what = "must be active or trialing";
            return Err(SubscriptionError::field("status", what));
        }
    };
    if state.is_trial && state.hundredths != 0 {
        let what = "must be 0 in a trial";
        return Err(SubscriptionError::field("amount_hundredths", what));
    }
    Ok(state)
}

fn check_key(key: &str) -> Result<(), SubscriptionError> {
    if key.chars().count() > ALIAS_LENGTH_MAX {
        let what = "must be at most 36 characters";
        return Err(SubscriptionError::field("key", what));
    }
    if OWN_PREFIXES.iter().any(|own| key.starts_with(own)) {
        let what = "must not begin with pwu_ or pws_";
        return Err(SubscriptionError::field("key", what));
    }
    if key.contains('\0') {
        return Err(SubscriptionError::field("key", "must not contain U+0000"));
    }
    Ok(())
}

/// What a fact means on the time line of an item, or of the whole.
fn told(
    reported: &Reported,
    fact: &str,
    item: Option<&str>,
) -> Result<pb::ReportedEvent, SubscriptionError> {
    let events = reported.events().map_err(Refusal::from)?;
    let own: Vec<&Event> = events
        .iter()
        .filter(|event| event.fact.as_deref() == Some(fact))
        .collect();
    let on_line = own.iter().rev().find(|event| event.line.as_deref() == item);
    if let Some(event) = on_line.or(own.last()) {
        return show::event(reported, event);
    }
    // It changes nothing that has events, such as the end of free access.
    let state = reported.latest().map_err(Refusal::from)?;
    let end = state.end.map(|end| end.reason);
    let known = reported.facts.iter().find(|known| known.id == fact);
    let first = state.items.first();
    let product_key = item.map(str::to_owned);
    let event = Event {
        line: None,
        status: EventStatus::Ended(end.unwrap_or(EndReason::Voluntary)),
        product_key: product_key
            .or(first.map(|first| first.product_key.clone()))
            .unwrap_or_default(),
        amount: state.amount.unwrap_or(Amount {
            value: kernel::Decimal::ZERO,
            months: 1,
        }),
        currency: state.currency,
        at: known.map_or(Timestamp::UNIX_EPOCH, |known| known.at),
        order: String::new(),
        fact: None,
    };
    show::event(reported, &event)
}
