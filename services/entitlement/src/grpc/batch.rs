//! The larger questions of `EntitlementService`: filters of lists and batches of values.

use std::collections::{BTreeMap, HashMap, HashSet};

use chassis::Context;
use contract::entitlement::v1::{
    self as pb,
    list_entitlements_request::{Kind as WireKind, OrderBy},
};
use kernel::{Timestamp, id::CustomerId};

use super::{Server, check_filter};
use crate::{
    bought::bought,
    convert,
    domain::promotion::joined,
    error::EntitlementError,
    store::entitlement::Filter,
    valuation::{self, Valued},
};

impl Server {
    /// Which entitlements a list shows.
    pub(super) async fn filter_of(
        &self,
        context: &Context,
        request: &pb::ListEntitlementsRequest,
    ) -> Result<Filter, EntitlementError> {
        check_filter("features", &request.features)?;
        let kinds = request
            .kinds
            .iter()
            .map(|kind| match WireKind::try_from(*kind) {
                Ok(WireKind::Metered) => Ok("metered"),
                Ok(WireKind::Static) => Ok("static"),
                Ok(WireKind::Boolean) => Ok("boolean"),
                Ok(WireKind::Unspecified) | Err(_) => Err(EntitlementError::invalid(
                    "kinds",
                    "is not a kind of entitlement",
                )),
            })
            .collect::<Result<_, _>>()?;
        let by_update_time = match OrderBy::try_from(request.order_by) {
            Ok(OrderBy::Unspecified | OrderBy::CreateTime) => false,
            Ok(OrderBy::UpdateTime) => true,
            Err(_) => return Err(EntitlementError::invalid("order_by", "is not known")),
        };
        let subscription = match request.subscription_id.as_str() {
            "" => None,
            text => Some(
                text.parse()
                    .map_err(|_| EntitlementError::invalid("subscription_id", "is not a ULID"))?,
            ),
        };
        Ok(Filter {
            customers: self
                .customers_of_list(context, &request.customers, &request.customer_ids)
                .await?,
            features: request.features.clone(),
            kinds,
            active_at: request.active_only.then_some(context.now),
            include_deleted: request.include_deleted,
            subscription,
            by_update_time,
            descending: request.descending,
        })
    }

    /// Values for many customers and features.
    pub(super) async fn batch(
        &self,
        context: &Context,
        request: &pb::BatchGetValuesRequest,
        at: Timestamp,
    ) -> Result<Vec<pb::EntitlementBalance>, EntitlementError> {
        let queries: Vec<(Option<CustomerId>, &[String])> = request
            .queries
            .iter()
            .map(|query| {
                (
                    query.customer_id.parse().ok(),
                    query.feature_keys.as_slice(),
                )
            })
            .collect();
        let ids: Vec<CustomerId> = queries
            .iter()
            .filter_map(|(customer, _)| *customer)
            .collect::<HashSet<_>>()
            .into_iter()
            .collect();
        let memory = self.memory().await?;
        let mut customers = memory.customers(context, &ids).await?;
        customers.retain(|_, customer| !customer.deleted);
        let live: Vec<CustomerId> = customers.keys().copied().collect();
        let mut asked: HashMap<CustomerId, Option<HashSet<&str>>> = HashMap::new();
        for (customer, keys) in &queries {
            let Some(customer) = customer else { continue };
            let keys = keys.iter().map(String::as_str);
            match asked
                .entry(*customer)
                .or_insert_with(|| Some(HashSet::new()))
            {
                _ if keys.len() == 0 => {
                    asked.insert(*customer, None);
                }
                Some(known) => known.extend(keys),
                None => {}
            }
        }
        let rights = memory.rights(context, &live).await?;
        let wanted = rights
            .iter()
            .flat_map(|(customer, rights)| rights.iter().map(move |known| (customer, known)))
            .filter(|(customer, known)| {
                let key = known.entitlement.feature_key.as_str();
                let keys = asked.get(customer);
                keys.is_some_and(|keys| keys.as_ref().is_none_or(|keys| keys.contains(key)))
                    && known.entitlement.is_active(at)
                    && (!request.metered_only || known.entitlement.metered().is_ok())
            })
            .map(|(_, known)| known)
            .collect();
        let valued = valuation::values(
            memory,
            context,
            &customers.into_values().collect::<Vec<_>>(),
            wanted,
            at,
        )
        .await?;
        let mut by_customer: HashMap<CustomerId, BTreeMap<&str, &Valued>> = HashMap::new();
        for found in &valued {
            by_customer
                .entry(found.entitlement.customer)
                .or_default()
                .insert(&found.entitlement.feature_key, found);
        }
        // Only where a key is asked for that no entitlement answers.
        let unanswered: Vec<CustomerId> = queries
            .iter()
            .filter(|_| !request.metered_only)
            .filter_map(|(customer, keys)| {
                let own = by_customer.get(customer.as_ref()?);
                let missing = |key: &String| own.is_none_or(|own| !own.contains_key(key.as_str()));
                keys.iter().any(missing).then_some((*customer)?)
            })
            .collect();
        let bought = bought(memory, context, &unanswered, at).await?;
        let mut balances = Vec::new();
        for (index, (customer, keys)) in queries.iter().enumerate() {
            let Some(customer) = customer.filter(|id| rights.contains_key(id)) else {
                continue;
            };
            let query_index = i32::try_from(index).unwrap_or(i32::MAX);
            let own = by_customer.get(&customer);
            let every_key = || own.iter().flat_map(|own| own.keys().copied()).collect();
            let asked: Vec<&str> = if keys.is_empty() {
                every_key()
            } else {
                keys.iter().map(String::as_str).collect()
            };
            for key in asked {
                match own.and_then(|own| own.get(key)) {
                    Some(found) => balances.push(pb::EntitlementBalance {
                        query_index,
                        entitlement: request
                            .with_entitlements
                            .then(|| convert::entitlement(&found.entitlement, at))
                            .transpose()?,
                        value: Some(convert::value(found)),
                    }),
                    None if request.metered_only => {}
                    None => {
                        let promoted = rights
                            .get(&customer)
                            .and_then(|rights| rights.promoted(key, at));
                        let sold = bought.get(&customer).and_then(|own| own.get(key)).copied();
                        let value = match joined(promoted.into_iter().chain(sold)) {
                            Some(span) => convert::promoted_value(customer, key, span),
                            None => pb::EntitlementValue {
                                customer_id: customer.to_string(),
                                feature_key: key.to_owned(),
                                ..pb::EntitlementValue::default()
                            },
                        };
                        balances.push(pb::EntitlementBalance {
                            query_index,
                            entitlement: None,
                            value: Some(value),
                        });
                    }
                }
            }
        }
        Ok(balances)
    }
}
