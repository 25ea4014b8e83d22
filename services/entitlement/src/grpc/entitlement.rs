//! `EntitlementService`.

use std::{
    collections::{BTreeSet, HashSet},
    slice,
    sync::Arc,
};

use chassis::{Context, Guard, etag};
use contract::entitlement::v1::{self as pb, entitlement_service_server::EntitlementService};
use kernel::id::{CustomerId, EntitlementId};
use tonic::{Request, Response, Status};

use super::{Server, list::Page};
use crate::{
    bought::bought,
    clients::{Customer, read_customer},
    convert,
    domain::{entitlement::Entitlement, promotion::joined, subscription::SubscriptionRights},
    error::EntitlementError,
    holds,
    lookup::{self, Target},
    memory::{Known, Memory},
    provision::{self, Features},
    store::{self, entitlement::Filter},
    valuation,
};

/// Most questions of one batch.
const QUERIES_MAX: usize = 1_000;
/// Most feature keys of one question.
const KEYS_MAX: usize = 100;
/// Most feature keys of one batch.
const PAIRS_MAX: usize = 10_000;

#[tonic::async_trait]
impl EntitlementService for Server {
    async fn create_entitlement(
        &self,
        request: Request<pb::CreateEntitlementRequest>,
    ) -> Result<Response<pb::CreateEntitlementResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let prepared = self.prepare_creation(context, request).await;
        let made = prepared.as_ref().ok().map(|prepared| prepared.made.clone());
        let answer = self
            .db
            .write(
                context,
                "CreateEntitlement",
                &request.request_id,
                request,
                |mut write| async move {
                    let prepared = prepared?;
                    store::lock_customer(&write, prepared.made.customer).await?;
                    let made = prepared.insert(&mut write).await?;
                    let entitlement = Some(convert::entitlement(&made, context.now)?);
                    Ok::<_, EntitlementError>((
                        write,
                        pb::CreateEntitlementResponse { entitlement },
                    ))
                },
            )
            .await;
        let stored = answer
            .as_ref()
            .ok()
            .and_then(|answer| answer.get_ref().entitlement.as_ref());
        self.after_creation(context, made.as_ref(), stored).await;
        answer
    }

    async fn get_entitlement(
        &self,
        request: Request<pb::GetEntitlementRequest>,
    ) -> Result<Response<pb::GetEntitlementResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let target = convert::target(request.entitlement)?;
        let found = self.find(&context, &target).await?;
        let entitlement = Some(convert::entitlement(&found, context.now)?);
        Ok(Response::new(pb::GetEntitlementResponse { entitlement }))
    }

    async fn list_entitlements(
        &self,
        request: Request<pb::ListEntitlementsRequest>,
    ) -> Result<Response<pb::ListEntitlementsResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let filter = self.filter_of(&context, &request).await?;
        // Time goes on between two pages of one list, so it is no part of the query.
        let query = Filter {
            active_at: None,
            ..filter.clone()
        };
        let query = format!(
            "entitlements {} {} {query:?}",
            context.project, request.active_only
        );
        let page = Page::read(
            request.page_size,
            &request.page_token,
            request.page,
            self.page_key,
            &query,
        )?;
        let rows =
            store::entitlement::list(self.db.reader(), context.project, &filter, &page.slice)
                .await?;
        let paging = page.paging(&rows, |row| {
            let time = if filter.by_update_time {
                row.updated
            } else {
                row.created
            };
            (time, row.id.to_string())
        });
        Ok(Response::new(pb::ListEntitlementsResponse {
            entitlements: rows
                .rows
                .iter()
                .map(|row| convert::entitlement(row, context.now))
                .collect::<Result<_, _>>()?,
            next_page_token: paging.next_page_token,
            total_size: paging.total_size,
        }))
    }

    async fn delete_entitlement(
        &self,
        request: Request<pb::DeleteEntitlementRequest>,
    ) -> Result<Response<pb::DeleteEntitlementResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let target = convert::target(request.entitlement.clone())?;
        let located = self.locate(context, &target).await;
        let answer = self
            .db
            .write(
                context,
                "DeleteEntitlement",
                &request.request_id,
                request,
                |mut write| async move {
                    let found = self.locked(&write, located).await?;
                    found.ensure_unmanaged()?;
                    etag::check(&request.etag, found.revision)
                        .map_err(|_| EntitlementError::Stale)?;
                    let gone = found.clone().delete(context.now);
                    provision::delete(&mut write, Some(&found), &gone).await?;
                    let entitlement = Some(convert::entitlement(&gone, context.now)?);
                    Ok::<_, EntitlementError>((
                        write,
                        pb::DeleteEntitlementResponse { entitlement },
                    ))
                },
            )
            .await?;
        self.tell_customers(context).await;
        Ok(answer)
    }

    async fn override_entitlement(
        &self,
        request: Request<pb::OverrideEntitlementRequest>,
    ) -> Result<Response<pb::OverrideEntitlementResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let prepared = self.prepare_override(context, request).await;
        let made = prepared
            .as_ref()
            .ok()
            .map(|(_, prepared)| prepared.made.clone());
        let answer = self
            .db
            .write(
                context,
                "OverrideEntitlement",
                &request.request_id,
                request,
                |mut write| async move {
                    let (old, prepared) = prepared?;
                    let located = Ok((prepared.made.customer, old));
                    let found = self.locked(&write, located).await?;
                    let ended = found.clone().supersede(context.now)?;
                    store::entitlement::update(write.tx(), context.project, &ended, true).await?;
                    provision::record(&mut write, "entitlement.updated", Some(&found), &ended)
                        .await?;
                    let made = prepared.insert(&mut write).await?;
                    let answer = pb::OverrideEntitlementResponse {
                        entitlement: Some(convert::entitlement(&made, context.now)?),
                        superseded: Some(convert::entitlement(&ended, context.now)?),
                    };
                    Ok::<_, EntitlementError>((write, answer))
                },
            )
            .await;
        let stored = answer
            .as_ref()
            .ok()
            .and_then(|answer| answer.get_ref().entitlement.as_ref());
        self.after_creation(context, made.as_ref(), stored).await;
        answer
    }

    async fn reset_entitlement_usage(
        &self,
        request: Request<pb::ResetEntitlementUsageRequest>,
    ) -> Result<Response<pb::ResetEntitlementUsageResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let target = convert::target(request.entitlement.clone())?;
        let asked = convert::new_reset(request)?;
        let located = self.locate(context, &target).await;
        self.db
            .write(
                context,
                "ResetEntitlementUsage",
                &request.request_id,
                request,
                |mut write| async move {
                    let (project, now) = (context.project, context.now);
                    let found = self.locked(&write, located).await?;
                    let (after, reset) = found.clone().reset(asked, now)?;
                    store::entitlement::update(write.tx(), project, &after, false).await?;
                    store::entitlement::put_reset(write.tx(), project, after.id, &reset, now)
                        .await?;
                    store::checkpoint::forget_from(write.tx(), project, after.id, reset.at).await?;
                    provision::record(&mut write, "entitlement.updated", Some(&found), &after)
                        .await?;
                    let entitlement = Some(convert::entitlement(&after, now)?);
                    let event = pb::EntitlementReset {
                        entitlement: entitlement.clone(),
                        effective_time: Some(contract::convert::timestamp(reset.at)),
                        retain_anchor: asked.retain_anchor,
                        preserve_overage: reset.preserve_overage,
                    };
                    write
                        .event(
                            "entitlement.reset",
                            &after.id.to_string(),
                            after.revision,
                            &event,
                        )
                        .await?;
                    Ok::<_, EntitlementError>((
                        write,
                        pb::ResetEntitlementUsageResponse { entitlement },
                    ))
                },
            )
            .await
    }

    async fn get_entitlement_value(
        &self,
        request: Request<pb::GetEntitlementValueRequest>,
    ) -> Result<Response<pb::GetEntitlementValueResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let target = convert::target(request.entitlement)?;
        let at = convert::time("time", request.time.as_ref())?.unwrap_or(context.now);
        let memory = self.memory().await?;
        let found = lookup::find(memory, &context, &target, at).await?;
        let (customer, name) = (found.customer, found.name);
        let Some(entitlement) = found.entitlement else {
            if let (Some(customer), Some(span)) = (&customer, found.promoted) {
                let value = Some(convert::promoted_value(customer.id, &name, span));
                return Ok(Response::new(pb::GetEntitlementValueResponse { value }));
            }
            if !request.allow_missing {
                return Err(EntitlementError::EntitlementNotFound(name).into());
            }
            let is_id = name.parse::<EntitlementId>().is_ok();
            let value = pb::EntitlementValue {
                customer_id: customer
                    .map(|found| found.id.to_string())
                    .unwrap_or_default(),
                feature_key: if is_id { String::new() } else { name },
                ..pb::EntitlementValue::default()
            };
            return Ok(Response::new(pb::GetEntitlementValueResponse {
                value: Some(value),
            }));
        };
        let customer = match customer {
            Some(customer) => customer,
            None => {
                let id = entitlement.entitlement.customer;
                live_customer(memory, &context, id).await?
            }
        };
        let customers = slice::from_ref(&customer);
        let valued = valuation::values(memory, &context, customers, vec![entitlement], at).await?;
        let value = valued.first().map(convert::value);
        Ok(Response::new(pb::GetEntitlementValueResponse { value }))
    }

    async fn batch_get_values(
        &self,
        request: Request<pb::BatchGetValuesRequest>,
    ) -> Result<Response<pb::BatchGetValuesResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let at = convert::time("time", request.time.as_ref())?.unwrap_or(context.now);
        let keys = request.queries.iter().map(|query| query.feature_keys.len());
        if request.queries.len() > QUERIES_MAX
            || keys.clone().any(|keys| keys > KEYS_MAX)
            || keys.sum::<usize>() > PAIRS_MAX
        {
            return Err(EntitlementError::invalid(
                "queries",
                "must be at most 1000, each of at most 100 feature keys, 10000 in all",
            )
            .into());
        }
        let balances = self.batch(&context, &request, at).await?;
        Ok(Response::new(pb::BatchGetValuesResponse { balances }))
    }

    async fn get_customer_access(
        &self,
        request: Request<pb::GetCustomerAccessRequest>,
    ) -> Result<Response<pb::GetCustomerAccessResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let reference = convert::named_customer("customer", request.customer.as_ref())?;
        let memory = self.memory().await?;
        let customer = memory.customer(&context, &reference).await?;
        let now = context.now;
        let rights = memory.rights_of(&context, customer.id).await?;
        let is_active = |known: &Known| known.entitlement.is_active(now);
        let mut active: Vec<Known> = rights.iter().filter(is_active).collect();
        active.sort_by(|a, b| a.entitlement.feature_key.cmp(&b.entitlement.feature_key));
        let customers = slice::from_ref(&customer);
        let valued = valuation::values(memory, &context, customers, active, now).await?;
        let mut values: Vec<pb::EntitlementValue> = valued.iter().map(convert::value).collect();
        let known: HashSet<&str> = valued
            .iter()
            .map(|found| found.entitlement.feature_key.as_str())
            .collect();
        let mut bought = bought(memory, &context, &[customer.id], now).await?;
        let bought = bought.remove(&customer.id).unwrap_or_default();
        let mut given: BTreeSet<&str> = rights
            .promotions(now)
            .map(|promotion| promotion.feature_key.as_str())
            .chain(bought.keys().map(String::as_str))
            .collect();
        given.retain(|key| !known.contains(key));
        for key in given {
            let spans = rights.promoted(key, now).into_iter();
            let span = joined(spans.chain(bought.get(key).copied()));
            values.extend(span.map(|span| convert::promoted_value(customer.id, key, span)));
        }
        values.sort_by(|a, b| a.feature_key.cmp(&b.feature_key));
        Ok(Response::new(pb::GetCustomerAccessResponse { values }))
    }

    async fn get_entitlement_history(
        &self,
        request: Request<pb::GetEntitlementHistoryRequest>,
    ) -> Result<Response<pb::GetEntitlementHistoryResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let asked = convert::history_request(&request)?;
        let target = convert::target(request.entitlement)?;
        let entitlement = self.find(&context, &target).await?;
        entitlement.metered()?;
        let memory = self.memory().await?;
        let customer = live_customer(memory, &context, entitlement.customer).await?;
        let history = valuation::history(memory, &context, &customer, &entitlement, &asked).await?;
        Ok(Response::new(convert::history(&history)?))
    }

    async fn reserve_subscription(
        &self,
        request: Request<pb::ReserveSubscriptionRequest>,
    ) -> Result<Response<pb::ReserveSubscriptionResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let rights = &convert::subscription_rights(request.state.as_ref())?;
        let mut features = Features::default();
        if !rights.rights.is_empty() {
            let customer = match request.customer.clone() {
                Some(customer) => told_customer(rights.customer, customer)?,
                None => self.customer_of(context, rights.customer).await?,
            };
            if customer.subjects.is_empty() {
                return Err(EntitlementError::CustomerWithoutSubjects(customer.id).into());
            }
            features = Features::of(&self.clients, context, &rights.rights).await?;
            provision::check(rights, &features)?;
        }
        let answer = Guard::escalate(|guard| {
            self.db.write(
                context,
                "ReserveSubscription",
                &request.request_id,
                request,
                move |write| async move {
                    let expires = provision::reserve(&write, rights, guard).await?;
                    let expire_time = Some(contract::convert::timestamp(expires));
                    Ok::<_, EntitlementError>((
                        write,
                        pb::ReserveSubscriptionResponse { expire_time },
                    ))
                },
            )
        })
        .await?;
        self.reserved.keep(context.project, rights, features);
        Ok(answer)
    }

    async fn apply_subscription(
        &self,
        request: Request<pb::ApplySubscriptionRequest>,
    ) -> Result<Response<pb::ApplySubscriptionResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let rights = &convert::subscription_rights(request.state.as_ref())?;
        if self.reserved.is_applied(context.project, rights)
            && let Some(there) = self.applied(context, rights).await?
        {
            return Ok(Response::new(convert::applied(&there, context.now)?));
        }
        let features = &match self.reserved.find(context.project, rights) {
            Some(features) => features,
            None => Features::of(&self.clients, context, &rights.rights).await?,
        };
        let done = std::sync::Mutex::new(None);
        let keep = &done;
        Guard::escalate(|guard| {
            self.db.write(
                context,
                "ApplySubscription",
                &request.request_id,
                request,
                move |mut write| async move {
                    let applied =
                        provision::apply(&mut write, rights.clone(), features, guard).await?;
                    if let Ok(mut kept) = keep.lock() {
                        *kept = applied;
                    }
                    Ok::<_, EntitlementError>((write, pb::ApplySubscriptionResponse::default()))
                },
            )
        })
        .await?;
        let there = match done.into_inner().ok().flatten() {
            Some(applied) => {
                holds::tell(&self.db, &self.clients, context, &applied.changed).await;
                applied.there
            }
            None => {
                let there = self.applied(context, rights).await?;
                there.unwrap_or_default()
            }
        };
        Ok(Response::new(convert::applied(&there, context.now)?))
    }
}

/// The live customer that the caller was just shown.
fn told_customer(
    id: CustomerId,
    told: contract::customer::v1::Customer,
) -> Result<Arc<Customer>, EntitlementError> {
    let customer = read_customer(told)?;
    if customer.id != id {
        return Err(EntitlementError::invalid(
            "customer",
            "must be the one of the subscription",
        ));
    }
    if customer.deleted {
        return Err(EntitlementError::CustomerDeleted(id.to_string()));
    }
    Ok(Arc::new(customer))
}

impl Server {
    /// The entitlement that is meant; by feature key the one active now.
    pub(super) async fn find(
        &self,
        context: &Context,
        target: &Target,
    ) -> Result<Arc<Entitlement>, EntitlementError> {
        let memory = self.memory().await?;
        let found = lookup::find(memory, context, target, context.now).await?;
        Ok(found.entitlement()?.entitlement)
    }

    /// The live entitlements of a subscription, if its state was applied before, maybe a moment ago: whoever did that may still be
    /// telling others, or leave that to the timer.
    async fn applied(
        &self,
        context: &Context,
        rights: &SubscriptionRights,
    ) -> Result<Option<Vec<Entitlement>>, EntitlementError> {
        let (db, project) = (self.db.reader(), context.project);
        let found = store::entitlement::of_applied(db, project, rights.id, rights.revision).await?;
        let Some(managed) = found else {
            return Ok(None);
        };
        holds::tell(&self.db, &self.clients, context, &managed.untold).await;
        Ok(Some(managed.there))
    }

    /// Which entitlement is meant. It is found before a transaction and judged inside, where a repeated
    /// request has already got its first answer.
    pub(super) async fn locate(
        &self,
        context: &Context,
        target: &Target,
    ) -> Result<(CustomerId, EntitlementId), EntitlementError> {
        let found = self.find(context, target).await?;
        Ok((found.customer, found.id))
    }

    /// A located entitlement, read again under the lock of its customer.
    pub(super) async fn locked(
        &self,
        write: &chassis::Write,
        located: Result<(CustomerId, EntitlementId), EntitlementError>,
    ) -> Result<Entitlement, EntitlementError> {
        let (customer, id) = located?;
        let project = write.context().project;
        store::lock_customer(write, customer).await?;
        store::entitlement::by_id(write.tx(), project, id)
            .await?
            .ok_or_else(|| EntitlementError::EntitlementNotFound(id.to_string()))
    }

    /// The live customer of an entitlement.
    pub(super) async fn customer_of(
        &self,
        context: &Context,
        id: CustomerId,
    ) -> Result<Arc<Customer>, EntitlementError> {
        live_customer(self.memory().await?, context, id).await
    }
}

/// A customer by id that must be live.
async fn live_customer(
    memory: &Memory,
    context: &Context,
    id: CustomerId,
) -> Result<Arc<Customer>, EntitlementError> {
    let mut found = memory.customers(context, &[id]).await?;
    match found.remove(&id) {
        None => Err(EntitlementError::CustomerNotFound(id.to_string())),
        Some(customer) if customer.deleted => {
            Err(EntitlementError::CustomerDeleted(id.to_string()))
        }
        Some(customer) => Ok(customer),
    }
}
