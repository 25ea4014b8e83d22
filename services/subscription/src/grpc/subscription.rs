//! `SubscriptionService`.

use chassis::Context;
use chassis::page::PageRequest;
use contract::catalog::v1::plan::State;
use contract::customer::v1::customer_ref::Ref as CustomerBy;
use contract::subscription::v1::{
    self as pb, create_subscription_request::Customer,
    subscription_service_server::SubscriptionService, subscription_source::Source,
};
use kernel::id::{CustomerId, SubscriptionId};
use tonic::{Request, Response, Status};

use crate::convert::list::{list_query, numbered_page_size};
use crate::convert::request::{instant, operations, texts, timing};
use crate::convert::{self, reported_view, subscription as show};
use crate::decide::{Succession, delete, mint, named, pick, restore, starting_phase};
use crate::domain::ledger::Cause;
use crate::domain::lifecycle::Timing;
use crate::domain::plan::{Plan, starting_time, subscribe};
use crate::domain::rate_card::Labels;
use crate::domain::refusal::Refusal;
use crate::domain::subscription::Subscription;
use crate::engine::{Call, Engine};
use crate::error::SubscriptionError;
use crate::provision::{Reservation, Saved, apply};
use crate::store;
use crate::store::reported::Stored;
use crate::store::subscription::{Found, Part};

/// The handlers.
pub struct SubscriptionServer {
    engine: Engine,
}

impl SubscriptionServer {
    /// Handlers on an engine.
    pub fn new(engine: Engine) -> Self {
        Self { engine }
    }

    async fn source(
        &self,
        context: &Context,
        source: Option<pb::SubscriptionSource>,
        change: bool,
    ) -> Result<Plan, SubscriptionError> {
        let clients = &self.engine.clients;
        match source.and_then(|source| source.source) {
            None => Err(SubscriptionError::field("source", "is required")),
            Some(Source::Plan(plan)) if plan.key.is_empty() => {
                Err(SubscriptionError::field("source.plan.key", "is required"))
            }
            // A new subscription always takes the active version.
            Some(Source::Plan(plan)) if change => {
                clients
                    .plan_version(context, &plan.key, plan.version, &[State::Active])
                    .await
            }
            Some(Source::Plan(plan)) => clients.active_plan(context, &plan.key).await,
            Some(Source::CustomPlan(plan)) => clients.custom_plan(context, plan).await,
        }
    }

    /// Starts a subscription.
    async fn create(
        &self,
        call: &Call<'_, pb::CreateSubscriptionRequest>,
    ) -> Result<Response<pb::CreateSubscriptionResponse>, Status> {
        let Call {
            context, request, ..
        } = *call;
        let by = match request.customer.clone() {
            Some(Customer::CustomerId(id)) if !id.is_empty() => CustomerBy::Id(id),
            Some(Customer::CustomerKey(key)) if !key.is_empty() => CustomerBy::Key(key),
            Some(Customer::CustomerId(_) | Customer::CustomerKey(_)) | None => {
                return Err(SubscriptionError::CustomerRequired.into());
            }
        };
        let asked = timing(request.timing.as_ref())?.unwrap_or(Timing::Immediate);
        let active_from = starting_time(asked, context.now).map_err(SubscriptionError::from)?;
        let anchor = instant("billing_anchor_time", request.billing_anchor_time.as_ref())?;
        texts(&request.name, &request.description, request.metadata.iter())?;
        let customer = self.engine.clients.subscriber(context, by).await?;
        let plan = self.source(context, request.source.clone(), false).await?;
        let mut new = named(
            &plan,
            customer,
            &request.name,
            &request.description,
            &request.metadata,
        );
        new.active_from = active_from;
        new.billing_anchor = anchor;
        new.starting_phase = starting_phase(&plan, &request.starting_phase_key)?;
        let subscription =
            subscribe(&plan, new, context.now, &mut mint).map_err(SubscriptionError::from)?;
        let decide = |_: &[Subscription]| {
            Ok(vec![Saved {
                before: None,
                after: subscription.clone(),
                reservation: Reservation::All,
            }])
        };
        let reply = |saved: &[Saved]| {
            let view = Some(show::view(&saved[0].after, None, context.now)?);
            Ok(pb::CreateSubscriptionResponse { view })
        };
        self.engine.change(call, customer, decide, reply).await
    }

    /// A change of one subscription alone.
    async fn change_one<Message, Answer>(
        &self,
        call: &Call<'_, Message>,
        (id, etag): (SubscriptionId, &str),
        reservation: Reservation,
        next: impl Fn(&Subscription) -> Result<Subscription, SubscriptionError>,
        reply: impl Fn(pb::Subscription) -> Answer,
    ) -> Result<Response<Answer>, Status>
    where
        Message: prost::Message,
        Answer: prost::Message + Default,
    {
        let customer = self
            .engine
            .find(call.context.project, id)
            .await?
            .customer_id;
        let decide = |stored: &[Subscription]| {
            let before = pick(stored, id)?;
            chassis::etag::check(etag, before.revision).map_err(|_| SubscriptionError::Stale)?;
            let after = next(before)?;
            Ok(vec![Saved {
                before: Some(before.clone()),
                after,
                reservation,
            }])
        };
        let now = call.context.now;
        self.engine
            .change(call, customer, decide, |saved| {
                Ok(reply(show::to_proto(&saved[0].after, now)))
            })
            .await
    }

    /// Ends a subscription and starts another of `plan` where it ends.
    async fn supersede<Message, Answer>(
        &self,
        call: &Call<'_, Message>,
        succession: Succession,
        reply: impl Fn(pb::Subscription, pb::SubscriptionView) -> Answer,
    ) -> Result<Response<Answer>, Status>
    where
        Message: prost::Message,
        Answer: prost::Message + Default,
    {
        let now = call.context.now;
        let customer = succession.customer;
        self.engine
            .change(
                call,
                customer,
                |stored| succession.decide(stored, call.context),
                |saved| {
                    Ok(reply(
                        show::to_proto(&saved[0].after, now),
                        show::view(&saved[1].after, None, now)?,
                    ))
                },
            )
            .await
    }
}

#[tonic::async_trait]
impl SubscriptionService for SubscriptionServer {
    async fn create_subscription(
        &self,
        request: Request<pb::CreateSubscriptionRequest>,
    ) -> Result<Response<pb::CreateSubscriptionResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let call = Call {
            context,
            operation: "CreateSubscription",
            cause: Cause::Created,
            request_id: &request.request_id,
            request,
        };
        match self.create(&call).await {
            Ok(answer) => Ok(answer),
            // What the same request brought about before is not a reason to refuse it.
            Err(refusal) => self.engine.or_replayed(&call, refusal).await,
        }
    }

    async fn get_subscription(
        &self,
        request: Request<pb::GetSubscriptionRequest>,
    ) -> Result<Response<pb::GetSubscriptionResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let id = convert::request::id(&request.id)?;
        let at = instant("time", request.time.as_ref())?;
        let db = self.engine.db.reader();
        let found = store::reported::find_any(db, context.project, id).await?;
        let view = match found {
            Some(Stored::Plan(found)) => show::view(&found.subscription, at, context.now)?,
            Some(Stored::Reported(found)) => reported_view::view(&found, at, context.now)?,
            Some(Stored::Store(found)) => {
                let found = found
                    .reported(context.now)
                    .map_err(SubscriptionError::from)?;
                reported_view::view(&found, at, context.now)?
            }
            None => return Err(SubscriptionError::NotFound(id.to_string()).into()),
        };
        let view = Some(view);
        Ok(Response::new(pb::GetSubscriptionResponse { view }))
    }

    async fn list_subscriptions(
        &self,
        request: Request<pb::ListSubscriptionsRequest>,
    ) -> Result<Response<pb::ListSubscriptionsResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let project = context.project;
        let db = self.engine.db.reader();
        let (filter, sorting) = list_query(&request)?;
        if request.page < 0 {
            return Err(SubscriptionError::field("page", "must not be negative").into());
        }
        let shape = format!("{filter:?}{sorting:?}");
        let query = [project.to_string(), "subscriptions".to_owned(), shape];
        let query: Vec<&str> = query.iter().map(String::as_str).collect();
        let page = PageRequest::parse(
            request.page_size,
            &request.page_token,
            self.engine.page_key,
            &query,
        )?;
        if let Ok(number @ 1..) = u64::try_from(request.page) {
            let size = numbered_page_size(request.page_size);
            let part = Part::Offset((number - 1).saturating_mul(size), size);
            let found =
                store::subscription::list(db, project, &filter, sorting, &part, context.now)
                    .await?;
            let total = store::subscription::count(db, project, &filter, context.now).await?;
            return Ok(Response::new(pb::ListSubscriptionsResponse {
                subscriptions: listed(&found, context.now)?,
                next_page_token: String::new(),
                total_size: i64::try_from(total).unwrap_or(i64::MAX),
            }));
        }
        let after = page.after.as_deref().and_then(|values| match values {
            [value, id] => Some((value.parse().ok()?, id.clone())),
            _ => None,
        });
        let part = Part::After(after, page.limit + 1);
        let mut found =
            store::subscription::list(db, project, &filter, sorting, &part, context.now).await?;
        let more = u64::try_from(found.len()).is_ok_and(|count| count > page.limit);
        if more {
            found.pop();
        }
        let last = found.last().filter(|_| more);
        let next_page_token = last.map_or_else(String::new, |last| {
            page.token(&[&last.sort_value.to_string(), &last.id])
        });
        Ok(Response::new(pb::ListSubscriptionsResponse {
            subscriptions: listed(&found, context.now)?,
            next_page_token,
            total_size: 0,
        }))
    }

    async fn edit_subscription(
        &self,
        request: Request<pb::EditSubscriptionRequest>,
    ) -> Result<Response<pb::EditSubscriptionResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let call = Call {
            context,
            operation: "EditSubscription",
            cause: Cause::Edited,
            request_id: &request.request_id,
            request,
        };
        if let Some(answer) = self.engine.replayed(&call).await? {
            return Ok(answer);
        }
        let id = convert::request::id(&request.id)?;
        let found = self.engine.find(context.project, id).await?;
        if request.operations.is_empty() {
            return Err(SubscriptionError::NoOperations.into());
        }
        // Before anything is said about single operations.
        if found.has_addons() {
            return Err(SubscriptionError::from(Refusal::HasAddons).into());
        }
        let asked = operations(request.operations.clone())?;
        let timing = timing(request.timing.as_ref())?.unwrap_or(Timing::Immediate);
        let operations = self
            .engine
            .clients
            .check_cards(context, &found, asked)
            .await?;
        self.change_one(
            &call,
            (id, &request.etag),
            Reservation::All,
            |before| Ok(before.edited(&operations, timing, context.now, &mut mint)?),
            |subscription| pb::EditSubscriptionResponse {
                subscription: Some(subscription),
            },
        )
        .await
    }

    async fn cancel_subscription(
        &self,
        request: Request<pb::CancelSubscriptionRequest>,
    ) -> Result<Response<pb::CancelSubscriptionResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let call = Call {
            context,
            operation: "CancelSubscription",
            cause: Cause::Canceled,
            request_id: &request.request_id,
            request,
        };
        if let Some(answer) = self.engine.replayed(&call).await? {
            return Ok(answer);
        }
        let timing = timing(request.timing.as_ref())?.unwrap_or(Timing::Immediate);
        self.change_one(
            &call,
            (convert::request::id(&request.id)?, &request.etag),
            Reservation::None,
            |before| Ok(before.canceled(timing, context.now)?),
            |subscription| pb::CancelSubscriptionResponse {
                subscription: Some(subscription),
            },
        )
        .await
    }

    async fn unschedule_cancellation(
        &self,
        request: Request<pb::UnscheduleCancellationRequest>,
    ) -> Result<Response<pb::UnscheduleCancellationResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let call = Call {
            context,
            operation: "UnscheduleCancellation",
            cause: Cause::Continued,
            request_id: &request.request_id,
            request,
        };
        if let Some(answer) = self.engine.replayed(&call).await? {
            return Ok(answer);
        }
        self.change_one(
            &call,
            (convert::request::id(&request.id)?, &request.etag),
            Reservation::All,
            |before| Ok(before.continued(context.now)?),
            |subscription| pb::UnscheduleCancellationResponse {
                subscription: Some(subscription),
            },
        )
        .await
    }

    async fn restore_subscription(
        &self,
        request: Request<pb::RestoreSubscriptionRequest>,
    ) -> Result<Response<pb::RestoreSubscriptionResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let call = Call {
            context,
            operation: "RestoreSubscription",
            cause: Cause::Restored,
            request_id: &request.request_id,
            request,
        };
        if let Some(answer) = self.engine.replayed(&call).await? {
            return Ok(answer);
        }
        let id = convert::request::id(&request.id)?;
        let customer = self.engine.find(context.project, id).await?.customer_id;
        if self.engine.multiple.allows(context.project) {
            return Err(SubscriptionError::RestoreAmongSeveral.into());
        }
        let decide = |stored: &[Subscription]| restore(stored, id, context);
        let reply = |saved: &[Saved]| {
            let subscription = Some(show::to_proto(&saved[0].after, context.now));
            Ok(pb::RestoreSubscriptionResponse { subscription })
        };
        self.engine.change(&call, customer, decide, reply).await
    }

    async fn change_subscription(
        &self,
        request: Request<pb::ChangeSubscriptionRequest>,
    ) -> Result<Response<pb::ChangeSubscriptionResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let call = Call {
            context,
            operation: "ChangeSubscription",
            cause: Cause::Changed,
            request_id: &request.request_id,
            request,
        };
        if let Some(answer) = self.engine.replayed(&call).await? {
            return Ok(answer);
        }
        let id = convert::request::id(&request.id)?;
        let timing = timing(request.timing.as_ref())?
            .ok_or_else(|| SubscriptionError::field("timing", "is required"))?;
        let anchor = instant("billing_anchor_time", request.billing_anchor_time.as_ref())?;
        texts(&request.name, &request.description, request.metadata.iter())?;
        let customer = self.engine.find(context.project, id).await?.customer_id;
        let plan = self.source(context, request.source.clone(), true).await?;
        let mut new = named(
            &plan,
            customer,
            &request.name,
            &request.description,
            &request.metadata,
        );
        new.billing_anchor = anchor;
        new.starting_phase = starting_phase(&plan, &request.starting_phase_key)?;
        let succession = Succession {
            customer,
            current: id,
            plan,
            timing,
            new,
            migration: false,
        };
        self.supersede(&call, succession, |current, next| {
            pb::ChangeSubscriptionResponse {
                current: Some(current),
                next: Some(next),
            }
        })
        .await
    }

    async fn migrate_subscription(
        &self,
        request: Request<pb::MigrateSubscriptionRequest>,
    ) -> Result<Response<pb::MigrateSubscriptionResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let call = Call {
            context,
            operation: "MigrateSubscription",
            cause: Cause::Migrated,
            request_id: &request.request_id,
            request,
        };
        if let Some(answer) = self.engine.replayed(&call).await? {
            return Ok(answer);
        }
        let id = convert::request::id(&request.id)?;
        let timing = timing(request.timing.as_ref())?.unwrap_or(Timing::Immediate);
        let anchor = instant("billing_anchor_time", request.billing_anchor_time.as_ref())?;
        let found = self.engine.find(context.project, id).await?;
        let reference = found
            .plan
            .as_ref()
            .ok_or_else(|| SubscriptionError::from(Refusal::NoPlan(id.to_string())))?;
        if request.target_version < 0 {
            return Err(SubscriptionError::field("target_version", "must not be negative").into());
        }
        if request.target_version > 0 {
            found
                .check_migration(request.target_version)
                .map_err(SubscriptionError::from)?;
        }
        let states = [State::Active, State::Archived];
        let clients = &self.engine.clients;
        let plan = clients
            .plan_version(context, &reference.key, request.target_version, &states)
            .await?;
        let mut new = named(&plan, found.customer_id, "", "", &Labels::new());
        new.billing_anchor = anchor;
        new.starting_phase = starting_phase(&plan, &request.starting_phase_key)?;
        let succession = Succession {
            customer: found.customer_id,
            current: id,
            plan,
            timing,
            new,
            migration: true,
        };
        self.supersede(&call, succession, |current, next| {
            pb::MigrateSubscriptionResponse {
                current: Some(current),
                next: Some(next),
            }
        })
        .await
    }

    async fn delete_subscription(
        &self,
        request: Request<pb::DeleteSubscriptionRequest>,
    ) -> Result<Response<pb::DeleteSubscriptionResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let call = Call {
            context,
            operation: "DeleteSubscription",
            cause: Cause::Deleted,
            request_id: &request.request_id,
            request,
        };
        if let Some(answer) = self.engine.replayed(&call).await? {
            return Ok(answer);
        }
        let id = convert::request::id(&request.id)?;
        let customer = self.engine.find(context.project, id).await?.customer_id;
        let decide = |stored: &[Subscription]| delete(stored, id, context);
        self.engine
            .change(&call, customer, decide, |_| {
                Ok(pb::DeleteSubscriptionResponse {})
            })
            .await
    }

    async fn list_subscription_changes(
        &self,
        request: Request<pb::ListSubscriptionChangesRequest>,
    ) -> Result<Response<pb::ListSubscriptionChangesResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let page = super::change::list(&self.engine, &context, &request).await?;
        Ok(Response::new(page))
    }

    async fn erase_customer(
        &self,
        request: Request<pb::EraseCustomerRequest>,
    ) -> Result<Response<pb::EraseCustomerResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        crate::erase::erase(&self.engine, context, request).await
    }

    async fn sync_customer(
        &self,
        request: Request<pb::SyncCustomerRequest>,
    ) -> Result<Response<pb::SyncCustomerResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let customer: CustomerId = request
            .customer_id
            .parse()
            .map_err(|_| SubscriptionError::field("customer_id", "is not an id"))?;
        let applied = apply(&self.engine.db, &self.engine.clients, &context, customer).await?;
        Ok(Response::new(pb::SyncCustomerResponse {
            applied_count: i32::try_from(applied).unwrap_or(i32::MAX),
        }))
    }
}

fn listed(
    found: &[Found],
    now: jiff::Timestamp,
) -> Result<Vec<pb::Subscription>, SubscriptionError> {
    let show = |found: &Found| match &found.stored {
        Stored::Plan(listed) => Ok(show::to_proto(&listed.subscription, now)),
        Stored::Reported(reported) => reported_view::to_proto(reported, now),
        Stored::Store(line) => reported_view::to_proto(&line.reported(now)?, now),
    };
    found.iter().map(show).collect()
}
