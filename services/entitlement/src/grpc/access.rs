//! `AccessService`.

use std::collections::{BTreeMap, BTreeSet};

use contract::entitlement::v1::{self as pb, access_service_server::AccessService};
use kernel::{Timestamp, id::CustomerId, period::OpenPeriod};
use tonic::{Request, Response, Status};

use super::Server;
use crate::{
    bought::bought_until_renewal,
    convert,
    domain::promotion::{Promotion, check_key, joined},
    erase::erase,
    error::EntitlementError,
    memory::Known,
    store, valuation,
};

/// Most customers of one list.
const CUSTOMERS_MAX: usize = 100;
/// Most promotional accesses that a customer may have, ended ones included.
const PROMOTIONS_MAX: usize = 1_000;

#[tonic::async_trait]
impl AccessService for Server {
    async fn grant_promotional_access(
        &self,
        request: Request<pb::GrantPromotionalAccessRequest>,
    ) -> Result<Response<pb::GrantPromotionalAccessResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let reference = convert::named_customer("customer", request.customer.as_ref())?;
        let span = convert::promotion_span(request.span.as_ref())?;
        let customer = self.clients.customer(context, &reference).await;
        self.db
            .write(
                context,
                "GrantPromotionalAccess",
                &request.request_id,
                request,
                |mut write| async move {
                    let customer = customer?.id;
                    let made = Promotion::new(
                        chassis::id::next(),
                        customer,
                        request.feature_key.clone(),
                        span,
                        context.now,
                    )?;
                    store::lock_customer(&write, customer).await?;
                    let there =
                        store::promotion::of_customers(write.tx(), context.project, &[customer])
                            .await?;
                    if there.len() >= PROMOTIONS_MAX {
                        return Err(EntitlementError::TooManyPromotions {
                            limit: PROMOTIONS_MAX,
                        });
                    }
                    store::promotion::put(write.tx(), context.project, &made).await?;
                    let access = convert::promotion(&made);
                    write
                        .record(
                            "promotional_access.granted",
                            &access.id,
                            made.revision,
                            None,
                            Some(&access),
                        )
                        .await?;
                    let answer = pb::GrantPromotionalAccessResponse {
                        access: Some(access),
                    };
                    Ok((write, answer))
                },
            )
            .await
    }

    async fn revoke_promotional_access(
        &self,
        request: Request<pb::RevokePromotionalAccessRequest>,
    ) -> Result<Response<pb::RevokePromotionalAccessResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let reference = convert::named_customer("customer", request.customer.as_ref())?;
        check_key(&request.feature_key)?;
        let customer = self.clients.customer(context, &reference).await;
        self.db
            .write(
                context,
                "RevokePromotionalAccess",
                &request.request_id,
                request,
                |mut write| async move {
                    let customer = customer?.id;
                    store::lock_customer(&write, customer).await?;
                    let there =
                        store::promotion::of_customers(write.tx(), context.project, &[customer])
                            .await?;
                    let mut revoked = Vec::new();
                    for before in there {
                        if before.feature_key != request.feature_key {
                            continue;
                        }
                        let Some(after) = before.clone().revoke(context.now) else {
                            continue;
                        };
                        store::promotion::put(write.tx(), context.project, &after).await?;
                        let state = convert::promotion(&after);
                        write
                            .record(
                                "promotional_access.revoked",
                                &state.id,
                                after.revision,
                                Some(&convert::promotion(&before)),
                                Some(&state),
                            )
                            .await?;
                        revoked.push(state);
                    }
                    if revoked.is_empty() {
                        return Err(EntitlementError::PromotionNotFound {
                            feature_key: request.feature_key.clone(),
                            customer,
                        });
                    }
                    Ok((write, pb::RevokePromotionalAccessResponse { revoked }))
                },
            )
            .await
    }

    async fn list_active_access(
        &self,
        request: Request<pb::ListActiveAccessRequest>,
    ) -> Result<Response<pb::ListActiveAccessResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        if !(1..=CUSTOMERS_MAX).contains(&request.customer_ids.len()) {
            return Err(EntitlementError::invalid("customer_ids", "must be 1 to 100").into());
        }
        let now = context.now;
        let asked: Vec<CustomerId> = request
            .customer_ids
            .iter()
            .filter_map(|id| id.parse().ok())
            .collect();
        let memory = self.memory().await?;
        let mut customers = memory.customers(&context, &asked).await?;
        customers.retain(|_, customer| !customer.deleted);
        let live: Vec<CustomerId> = customers.keys().copied().collect();
        let rights = memory.rights(&context, &live).await?;
        let active: Vec<Known> = rights
            .values()
            .flat_map(|rights| {
                rights
                    .iter()
                    .filter(|known| known.entitlement.is_active(now))
            })
            .collect();
        let customers: Vec<_> = customers.into_values().collect();
        let valued = valuation::values(memory, &context, &customers, active, now).await?;
        let mut sources: BTreeMap<(CustomerId, &str), Sources> = BTreeMap::new();
        for found in valued.iter().filter(|found| found.access.is_given()) {
            let entitlement = &found.entitlement;
            let key = (entitlement.customer, entitlement.feature_key.as_str());
            let source = sources.entry(key).or_default();
            source.spans.push(entitlement.span());
            source.entitlement = entitlement.id.to_string();
        }
        for (customer, rights) in &rights {
            for promotion in rights.promotions(now) {
                let key = (*customer, promotion.feature_key.as_str());
                let source = sources.entry(key).or_default();
                source.spans.push(promotion.span());
                source.promotional = true;
            }
        }
        let bought = bought_until_renewal(memory, &context, &live, now).await?;
        for (customer, own) in &bought {
            for (key, span) in own {
                let source = sources.entry((*customer, key.as_str())).or_default();
                source.spans.push(*span);
            }
        }
        let mut access = Vec::new();
        let mut answered = BTreeSet::new();
        for customer in asked {
            if answered.insert(customer) {
                let own = (customer, "")..;
                let own = sources
                    .range(own)
                    .take_while(|((of, _), _)| *of == customer);
                access.extend(own.map(|((_, key), source)| source.active(customer, key, now)));
            }
        }
        Ok(Response::new(pb::ListActiveAccessResponse { access }))
    }

    async fn erase_customer_rights(
        &self,
        request: Request<pb::EraseCustomerRightsRequest>,
    ) -> Result<Response<pb::EraseCustomerRightsResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let customer: CustomerId = request
            .customer_id
            .parse()
            .map_err(|_| EntitlementError::invalid("customer_id", "is not a ULID"))?;
        self.db
            .write(
                context,
                "EraseCustomerRights",
                &request.request_id,
                request,
                |mut write| async move {
                    let count = erase(&mut write, customer).await?;
                    let answer = pb::EraseCustomerRightsResponse {
                        entitlement_count: i64::try_from(count).unwrap_or(i64::MAX),
                    };
                    Ok::<_, EntitlementError>((write, answer))
                },
            )
            .await
    }
}

/// What gives a customer access to one feature.
#[derive(Default)]
struct Sources {
    spans: Vec<OpenPeriod>,
    entitlement: String,
    promotional: bool,
}

impl Sources {
    fn active(&self, customer: CustomerId, key: &str, now: Timestamp) -> pb::ActiveAccess {
        let span = joined(self.spans.iter().copied()).unwrap_or(OpenPeriod {
            start: now,
            end: None,
        });
        pb::ActiveAccess {
            customer_id: customer.to_string(),
            feature_key: key.to_owned(),
            end_time: span.end.map(contract::convert::timestamp),
            entitlement_id: self.entitlement.clone(),
            promotional: self.promotional,
            start_time: Some(contract::convert::timestamp(span.start)),
        }
    }
}
