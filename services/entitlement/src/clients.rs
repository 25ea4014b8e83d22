//! What this service asks of others: customers and holds, features, meters, usage.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chassis::{Context, Env, Link};
use contract::{
    catalog::v1::{
        self as catalog, entitlement_definition_service_client::EntitlementDefinitionServiceClient,
        feature_service_client::FeatureServiceClient,
    },
    convert::{from_optional_decimal, timestamp},
    customer::v1::{self as customer, customer_service_client::CustomerServiceClient},
    metering::v1::{
        self as metering, meter_service_client::MeterServiceClient,
        usage_service_client::UsageServiceClient,
    },
};
use kernel::{
    Decimal, decimal,
    id::{CustomerId, EntitlementId, FeatureId},
    period::{OpenPeriod, Period},
};
use prost::Message as _;
use tonic::Code;

use crate::{
    convert,
    domain::{
        entitlement::{Entitlement, Feature, UsageSource},
        usage::Aggregation,
    },
    error::EntitlementError,
    lookup::FeatureName,
};

/// Questions of one call to metering.
const QUERIES_MAX: usize = 1_000;
/// Subjects of one question to metering.
const SUBJECTS_MAX: usize = 1_000;
/// Ids of one batch read.
const BATCH_MAX: usize = 1_000;

/// The services that this one may call.
#[derive(Clone)]
pub struct Clients {
    customers: CustomerServiceClient<Link>,
    features: FeatureServiceClient<Link>,
    definitions: EntitlementDefinitionServiceClient<Link>,
    meters: MeterServiceClient<Link>,
    usage: UsageServiceClient<Link>,
}

/// What is known of a customer here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Its id.
    pub id: CustomerId,
    /// Subjects whose usage is the customer's: the key and the subject keys.
    pub subjects: Vec<String>,
    /// Whether it was deleted.
    pub deleted: bool,
}

/// Usage that is asked of a customer.
#[derive(Clone, Debug)]
pub struct UsageQuestion<'a> {
    /// Where usage comes from.
    pub source: &'a UsageSource,
    /// Whose usage.
    pub subjects: &'a [String],
    /// The spans, none empty.
    pub spans: Vec<Period>,
}

impl Clients {
    /// The links of a service.
    pub fn new(env: &Env) -> Self {
        Self {
            customers: CustomerServiceClient::new(env.link("customer")),
            features: FeatureServiceClient::new(env.link("catalog")),
            definitions: EntitlementDefinitionServiceClient::new(env.link("catalog")),
            meters: MeterServiceClient::new(env.link("metering")),
            usage: UsageServiceClient::new(env.link("metering"))
                .max_decoding_message_size(64 * 1024 * 1024),
        }
    }

    /// Lookup keys of the entitlements that products give, by product.
    pub async fn definitions(
        &self,
        context: &Context,
        products: BTreeSet<String>,
    ) -> Result<BTreeMap<String, Vec<String>>, EntitlementError> {
        let products: Vec<String> = products.into_iter().collect();
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for chunk in products.chunks(BATCH_MAX) {
            let request = catalog::BatchGetEntitlementDefinitionsRequest {
                product_ids: chunk.to_vec(),
                ..Default::default()
            };
            let answer = self
                .definitions
                .clone()
                .batch_get_entitlement_definitions(context.request(request))
                .await?
                .into_inner();
            let keys: BTreeMap<String, String> = answer
                .entitlement_definitions
                .into_iter()
                .map(|definition| (definition.id, definition.lookup_key))
                .collect();
            for attachment in answer.attachments {
                if let Some(key) = keys.get(&attachment.entitlement_definition_id) {
                    let given = found.entry(attachment.product_id).or_default();
                    given.push(key.clone());
                }
            }
        }
        Ok(found)
    }

    /// A live customer.
    pub async fn customer(
        &self,
        context: &Context,
        reference: &customer::CustomerRef,
    ) -> Result<Customer, EntitlementError> {
        let name = customer_name(reference);
        let request = context.request(customer::GetCustomerRequest {
            customer_ref: Some(reference.clone()),
            include_deleted: true,
            for_subscription: false,
        });
        let answer = match self.customers.clone().get_customer(request).await {
            Ok(answer) => answer.into_inner(),
            Err(status) if status.code() == Code::NotFound => {
                return Err(EntitlementError::CustomerNotFound(name));
            }
            Err(status) => return Err(status.into()),
        };
        let found = answer
            .customer
            .ok_or_else(|| EntitlementError::CustomerNotFound(name.clone()))?;
        let found = read_customer(found)?;
        if found.deleted {
            return Err(EntitlementError::CustomerDeleted(name));
        }
        Ok(found)
    }

    /// Customers by id, deleted ones too; unknown ones are left out.
    pub async fn customers(
        &self,
        context: &Context,
        ids: &[CustomerId],
    ) -> Result<BTreeMap<CustomerId, Customer>, EntitlementError> {
        let mut found = BTreeMap::new();
        for chunk in ids.chunks(BATCH_MAX) {
            let request = context.request(customer::BatchGetCustomersRequest {
                ids: chunk.iter().map(ToString::to_string).collect(),
            });
            let answer = self.customers.clone().batch_get_customers(request).await?;
            for wire in answer.into_inner().customers {
                let customer = read_customer(wire)?;
                found.insert(customer.id, customer);
            }
        }
        Ok(found)
    }

    /// The live customers that references name, as far as two questions for all of them tell. Who
    /// is not told must be asked for alone.
    pub async fn customers_named(
        &self,
        context: &Context,
        references: &[customer::CustomerRef],
    ) -> Result<Vec<Option<CustomerId>>, EntitlementError> {
        let ids: Vec<CustomerId> = references.iter().filter_map(named_id).collect();
        let mut by_id = self.customers(context, &ids).await?;
        by_id.retain(|_, customer| !customer.deleted);
        let keys: Vec<String> = references
            .iter()
            .filter_map(named_key)
            .map(str::to_owned)
            .collect();
        let mut by_key = HashMap::new();
        for chunk in keys.chunks(SUBJECTS_MAX) {
            // A key is a subject as well, of its customer unless another one holds it.
            let request = context.request(customer::ResolveSubjectsRequest {
                subject_keys: chunk.to_vec(),
            });
            let answer = self.customers.clone().resolve_subjects(request).await?;
            for mut wire in answer.into_inner().customers {
                let key = std::mem::take(&mut wire.key);
                by_key.insert(key, read_customer(wire)?.id);
            }
        }
        let found = references.iter().map(|reference| {
            let by_id = named_id(reference).filter(|id| by_id.contains_key(id));
            by_id.or_else(|| by_key.get(named_key(reference)?).copied())
        });
        Ok(found.collect())
    }

    /// The customers whose usage that of some subjects is, at most 1000.
    pub async fn customers_of_subjects(
        &self,
        context: &Context,
        subjects: &[String],
    ) -> Result<Vec<CustomerId>, EntitlementError> {
        let mut found = Vec::new();
        for chunk in subjects.chunks(SUBJECTS_MAX) {
            let request = context.request(customer::ResolveSubjectsRequest {
                subject_keys: chunk.to_vec(),
            });
            let answer = self.customers.clone().resolve_subjects(request).await?;
            for attribution in answer.into_inner().attributions {
                found.push(attribution.customer_id.parse().map_err(|_| {
                    EntitlementError::Corrupt {
                        what: "customer id",
                    }
                })?);
            }
        }
        Ok(found)
    }

    /// A live feature with its meter.
    pub async fn feature(
        &self,
        context: &Context,
        name: &FeatureName,
    ) -> Result<Feature, EntitlementError> {
        let (ids, keys) = match name {
            FeatureName::Id(id) => (vec![id.clone()], Vec::new()),
            FeatureName::Key(key) => (Vec::new(), vec![key.clone()]),
        };
        let not_found = || EntitlementError::FeatureNotFound(name.to_string());
        if matches!(name, FeatureName::Id(id) if id.parse::<FeatureId>().is_err()) {
            return Err(not_found());
        }
        let found = self.features(context, ids, keys, false).await?;
        found.into_iter().next().ok_or_else(not_found)
    }

    /// Features by id and key with their meters.
    pub async fn features(
        &self,
        context: &Context,
        ids: Vec<String>,
        keys: Vec<String>,
        include_archived: bool,
    ) -> Result<Vec<Feature>, EntitlementError> {
        if ids.is_empty() && keys.is_empty() {
            return Ok(Vec::new());
        }
        let request = context.request(catalog::BatchGetFeaturesRequest {
            ids,
            keys,
            include_archived,
        });
        let answer = self.features.clone().batch_get_features(request).await?;
        let features = answer.into_inner().features;
        let mut meter_ids: Vec<String> = features
            .iter()
            .filter(|feature| !feature.meter_id.is_empty())
            .map(|feature| feature.meter_id.clone())
            .collect();
        meter_ids.sort_unstable();
        meter_ids.dedup();
        let meters = if meter_ids.is_empty() {
            Vec::new()
        } else {
            let request = context.request(metering::BatchGetMetersRequest {
                ids: meter_ids,
                slugs: Vec::new(),
            });
            let answer = self.meters.clone().batch_get_meters(request).await?;
            answer.into_inner().meters
        };
        features
            .iter()
            .map(|feature| {
                let meter = meters.iter().find(|meter| meter.id == feature.meter_id);
                convert::feature(feature, meter)
            })
            .collect()
    }

    /// Usage of all spans of all questions, in one call to metering unless they are more than a call
    /// may hold. The answer has the shape of the question.
    pub async fn usage(
        &self,
        context: &Context,
        questions: &[UsageQuestion<'_>],
    ) -> Result<Vec<Vec<Option<Decimal>>>, EntitlementError> {
        let mut answers: Vec<Vec<Option<Decimal>>> = questions
            .iter()
            .map(|question| vec![None; question.spans.len()])
            .collect();
        let mut places = Vec::new();
        let mut queries = Vec::new();
        for (index, question) in questions.iter().enumerate() {
            let template = read_query(question.source)?;
            for (place, span) in question.spans.iter().enumerate() {
                for subjects in question.subject_groups() {
                    places.push((index, place));
                    queries.push(metering::UsageQuery {
                        subject_keys: subjects.to_vec(),
                        start_time: Some(timestamp(span.start)),
                        end_time: Some(timestamp(span.end)),
                        ..template.clone()
                    });
                }
            }
        }
        let mut results = Vec::with_capacity(queries.len());
        for chunk in queries.chunks(QUERIES_MAX) {
            let request = context.request(metering::QueryUsageRequest {
                queries: chunk.to_vec(),
            });
            let answer = self.usage.clone().query_usage(request).await?.into_inner();
            if answer.results.len() != chunk.len() {
                return Err(EntitlementError::UsageMismatch);
            }
            results.extend(answer.results);
        }
        for ((index, place), result) in places.into_iter().zip(results) {
            let value = from_optional_decimal(result.value.as_ref())
                .map_err(|_| EntitlementError::UsageMismatch)?;
            let answer = &mut answers[index][place];
            *answer = match (*answer, value) {
                (Some(sum), Some(value)) => Some(decimal::add(sum, value)?),
                (known, value) => known.or(value),
            };
        }
        Ok(answers)
    }

    /// Keeps a customer from being deleted.
    pub async fn place_hold(
        &self,
        context: &Context,
        customer: CustomerId,
        holder: EntitlementId,
        feature_key: &str,
        span: OpenPeriod,
    ) -> Result<(), EntitlementError> {
        let request = context.request(customer::PlaceHoldRequest {
            customer_id: customer.to_string(),
            reason: customer::hold::Reason::Entitlement.into(),
            holder_id: holder.to_string(),
            display_text: hold_text(holder, feature_key),
            period: Some(convert::hold_period(span)),
            request_id: String::new(),
        });
        self.customers.clone().place_hold(request).await?;
        Ok(())
    }

    /// The same for several entitlements at once: each with its feature and when it holds.
    pub async fn place_holds(
        &self,
        context: &Context,
        customer: CustomerId,
        holders: &[(EntitlementId, &str, OpenPeriod)],
    ) -> Result<(), EntitlementError> {
        for holders in holders.chunks(BATCH_MAX) {
            let hold =
                |(holder, feature_key, span): &(EntitlementId, &str, OpenPeriod)| customer::Hold {
                    reason: customer::hold::Reason::Entitlement.into(),
                    holder_id: holder.to_string(),
                    display_text: hold_text(*holder, feature_key),
                    period: Some(convert::hold_period(*span)),
                    ..customer::Hold::default()
                };
            let request = context.request(customer::PlaceHoldsRequest {
                customer_id: customer.to_string(),
                holds: holders.iter().map(hold).collect(),
                request_id: String::new(),
            });
            self.customers.clone().place_holds(request).await?;
        }
        Ok(())
    }

    /// Keeps the meters behind the features of metered entitlements from being deleted, and what the features filter on in them: all
    /// of them or none.
    pub async fn hold_meters(
        &self,
        context: &Context,
        measuring: &[&Entitlement],
    ) -> Result<(), EntitlementError> {
        // Several entitlements may measure with one feature.
        let mut wanted = BTreeMap::new();
        for entitlement in measuring {
            let query = read_query(&entitlement.metered()?.source)?;
            let hold = metering::MeterHold {
                meter_id: query.meter_id,
                reason: metering::meter_hold::Reason::Entitlement.into(),
                holder_id: entitlement.feature.to_string(),
                group_by_keys: query.group_by_filters.into_keys().collect(),
                display_text: format!("entitlements for feature {}", entitlement.feature_key),
                create_time: None,
            };
            wanted.insert((hold.meter_id.clone(), entitlement.feature), hold);
        }
        let holds: Vec<metering::MeterHold> = wanted.into_values().collect();
        for holds in holds.chunks(BATCH_MAX) {
            let request = context.request(metering::PlaceMeterHoldsRequest {
                holds: holds.to_vec(),
                request_id: String::new(),
            });
            self.meters.clone().place_meter_holds(request).await?;
        }
        Ok(())
    }

    /// Takes back the hold that a metered entitlement's feature has on its meter.
    pub async fn release_meter(
        &self,
        context: &Context,
        entitlement: &Entitlement,
    ) -> Result<(), EntitlementError> {
        let source = &entitlement.metered()?.source;
        let request = context.request(metering::ReleaseMeterHoldRequest {
            meter_id: read_query(source)?.meter_id,
            reason: metering::meter_hold::Reason::Entitlement.into(),
            holder_id: entitlement.feature.to_string(),
            request_id: String::new(),
        });
        self.meters.clone().release_meter_hold(request).await?;
        Ok(())
    }

    /// Takes a hold back.
    pub async fn release_hold(
        &self,
        context: &Context,
        customer: CustomerId,
        holder: EntitlementId,
    ) -> Result<(), EntitlementError> {
        let request = context.request(customer::ReleaseHoldRequest {
            customer_id: customer.to_string(),
            reason: customer::hold::Reason::Entitlement.into(),
            holder_id: holder.to_string(),
            request_id: String::new(),
        });
        self.customers.clone().release_hold(request).await?;
        Ok(())
    }
}

impl UsageQuestion<'_> {
    /// The subjects in groups that metering takes. Only sums of groups are the usage of all.
    fn subject_groups(&self) -> Vec<&[String]> {
        match self.source.aggregation {
            Aggregation::Additive | Aggregation::Count if !self.subjects.is_empty() => {
                self.subjects.chunks(SUBJECTS_MAX).collect()
            }
            Aggregation::Additive
            | Aggregation::Count
            | Aggregation::Unique
            | Aggregation::Latest => {
                vec![self.subjects]
            }
        }
    }
}

/// What whoever tries to delete the customer is told.
fn hold_text(holder: EntitlementId, feature_key: &str) -> String {
    format!("entitlement {holder} for feature {feature_key} is active")
}

fn read_query(source: &UsageSource) -> Result<metering::UsageQuery, EntitlementError> {
    metering::UsageQuery::decode(source.query.as_slice()).map_err(|_| EntitlementError::Corrupt {
        what: "usage query",
    })
}

/// What is known here of a customer.
pub fn read_customer(wire: customer::Customer) -> Result<Customer, EntitlementError> {
    let mut subjects = wire
        .usage_attribution
        .map(|attribution| attribution.subject_keys)
        .unwrap_or_default();
    if !wire.key.is_empty() && !subjects.contains(&wire.key) {
        subjects.push(wire.key);
    }
    Ok(Customer {
        id: wire.id.parse().map_err(|_| EntitlementError::Corrupt {
            what: "customer id",
        })?,
        subjects,
        deleted: wire.delete_time.is_some(),
    })
}

/// The id that a reference names a customer by, if it does.
fn named_id(reference: &customer::CustomerRef) -> Option<CustomerId> {
    use customer::customer_ref::Ref;
    match reference.r#ref.as_ref()? {
        Ref::Id(text) | Ref::IdOrKey(text) => text.parse().ok(),
        Ref::Key(_) | Ref::Handle(_) => None,
    }
}

/// The key that a reference names a customer by, if it does.
fn named_key(reference: &customer::CustomerRef) -> Option<&str> {
    use customer::customer_ref::Ref;
    match reference.r#ref.as_ref()? {
        Ref::Key(text) => Some(text),
        Ref::IdOrKey(text) if text.parse::<CustomerId>().is_err() => Some(text),
        Ref::IdOrKey(_) | Ref::Id(_) | Ref::Handle(_) => None,
    }
}

/// The text by which a reference names a customer; empty: none.
pub(crate) fn customer_name(reference: &customer::CustomerRef) -> String {
    use customer::customer_ref::Ref;
    match &reference.r#ref {
        None => String::new(),
        Some(Ref::Id(name) | Ref::Key(name) | Ref::IdOrKey(name) | Ref::Handle(name)) => {
            name.clone()
        }
    }
}
