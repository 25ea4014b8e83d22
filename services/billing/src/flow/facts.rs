//! What other services know and a calculation needs: customers, the meters behind features,
//! and usage, each asked once per call.

use std::collections::{BTreeMap, HashMap};

use chassis::Context;
use contract::{
    catalog::v1 as catalog_pb,
    customer::v1 as customer_pb,
    metering::v1::{self as metering_pb, meter::Aggregation},
};
use kernel::{id::CustomerId, period::Period};
use prost::Message as _;

use super::Billing;
use crate::{
    domain::{
        collect::{LineUsage, Metering, Quantities, UsageFacts, spans},
        invoice::{Invoice, Line},
        party::Buyer,
    },
    error::BillingError,
};

/// Most things that one batch call takes.
const BATCH: usize = 1_000;

/// Features by key, with their meters.
#[derive(Clone, Debug, Default)]
pub struct Features {
    features: BTreeMap<String, catalog_pb::Feature>,
    meters: BTreeMap<String, metering_pb::Meter>,
}

impl Features {
    /// How the usage of a line can develop.
    pub fn metering(&self, line: &Line) -> Metering {
        let aggregation = line
            .feature_key
            .as_ref()
            .and_then(|key| self.features.get(key))
            .and_then(|feature| self.meters.get(&feature.meter_id))
            .map(metering_pb::Meter::aggregation);
        match aggregation {
            Some(
                Aggregation::Sum | Aggregation::Count | Aggregation::UniqueCount | Aggregation::Max,
            ) => Metering::IncreaseOnly,
            Some(
                Aggregation::Unspecified
                | Aggregation::Avg
                | Aggregation::Min
                | Aggregation::Latest,
            )
            | None => Metering::Other,
        }
    }

    /// The feature of a line and its meter, as far as they are there.
    pub(super) fn found(
        &self,
        line: &Line,
    ) -> Option<(&catalog_pb::Feature, Option<&metering_pb::Meter>)> {
        let feature = self.features.get(line.feature_key.as_ref()?)?;
        Some((feature, self.meters.get(&feature.meter_id)))
    }

    /// The feature of a line and its meter, or why there is none.
    pub(super) fn metered(&self, line: &Line) -> Result<&catalog_pb::Feature, String> {
        let key = line.feature_key.as_deref().unwrap_or_default();
        let feature = self
            .features
            .get(key)
            .ok_or_else(|| format!("feature {key} not found"))?;
        if feature.meter_id.is_empty() {
            return Err(format!("feature {key} has no meter"));
        }
        match self.meters.get(&feature.meter_id) {
            Some(meter) if meter.delete_time.is_none() => Ok(feature),
            Some(_) | None => Err(format!("meter of feature {key} not found")),
        }
    }
}

impl Billing {
    /// A customer, deleted ones included.
    pub async fn customer(
        &self,
        ctx: &Context,
        customer: CustomerId,
    ) -> Result<customer_pb::Customer, BillingError> {
        let request = customer_pb::GetCustomerRequest {
            customer_ref: Some(customer_pb::CustomerRef {
                r#ref: Some(customer_pb::customer_ref::Ref::Id(customer.to_string())),
            }),
            include_deleted: true,
            for_subscription: false,
        };
        let answer = self
            .customers
            .clone()
            .get_customer(ctx.request(request))
            .await?
            .into_inner();
        answer
            .customer
            .ok_or_else(|| tonic::Status::internal("no customer in the answer").into())
    }

    /// Customers by id; those that are gone are left out.
    pub async fn customers(
        &self,
        ctx: &Context,
        ids: &[String],
    ) -> Result<BTreeMap<String, customer_pb::Customer>, BillingError> {
        let mut found = BTreeMap::new();
        for chunk in ids.chunks(BATCH) {
            let request = customer_pb::BatchGetCustomersRequest {
                ids: chunk.to_vec(),
            };
            let answer = self
                .customers
                .clone()
                .batch_get_customers(ctx.request(request))
                .await?
                .into_inner();
            found.extend(
                answer
                    .customers
                    .into_iter()
                    .map(|customer| (customer.id.clone(), customer)),
            );
        }
        Ok(found)
    }

    /// The features that these lines charge for. A key without a live feature means the
    /// newest archived one.
    pub async fn features(&self, ctx: &Context, lines: &[&Line]) -> Result<Features, BillingError> {
        let mut keys: Vec<String> = lines
            .iter()
            .filter(|line| !line.price.is_flat())
            .filter_map(|line| line.feature_key.clone())
            .collect();
        keys.sort();
        keys.dedup();
        let mut found = Features::default();
        for chunk in keys.chunks(BATCH) {
            let request = catalog_pb::BatchGetFeaturesRequest {
                ids: Vec::new(),
                keys: chunk.to_vec(),
                include_archived: true,
            };
            let answer = self
                .features
                .clone()
                .batch_get_features(ctx.request(request))
                .await?
                .into_inner();
            for feature in answer.features {
                let newer = found.features.get(&feature.key).is_none_or(|known| {
                    (known.archive_time.is_some(), &feature.id)
                        > (feature.archive_time.is_some(), &known.id)
                });
                if newer {
                    found.features.insert(feature.key.clone(), feature);
                }
            }
        }
        let mut meters: Vec<String> = found
            .features
            .values()
            .map(|feature| feature.meter_id.clone())
            .filter(|id| !id.is_empty())
            .collect();
        meters.sort();
        meters.dedup();
        for chunk in meters.chunks(BATCH) {
            let request = metering_pb::BatchGetMetersRequest {
                ids: chunk.to_vec(),
                slugs: Vec::new(),
            };
            let answer = self
                .meters
                .clone()
                .batch_get_meters(ctx.request(request))
                .await?
                .into_inner();
            found.meters.extend(
                answer
                    .meters
                    .into_iter()
                    .map(|meter| (meter.id.clone(), meter)),
            );
        }
        Ok(found)
    }

    /// The usage of these lines, each with the customer whose usage it is.
    pub async fn usage(
        &self,
        ctx: &Context,
        lines: &[(&Buyer, &Line)],
        features: &Features,
    ) -> Result<UsageFacts, BillingError> {
        let mut facts = UsageFacts::new();
        let mut questions = Questions::default();
        let mut asked = Vec::new();
        for (buyer, line) in lines {
            let Some(spans) = spans(line) else {
                continue;
            };
            match features.metered(line) {
                Err(reason) => {
                    facts.insert(
                        line.id,
                        LineUsage {
                            spans,
                            found: Err(reason),
                        },
                    );
                }
                Ok(feature) => {
                    let subjects = buyer.usage_subjects();
                    let before = spans
                        .before
                        .map(|before| questions.ask(query(feature, &subjects, before)));
                    let counted = questions.ask(query(feature, &subjects, spans.counted));
                    asked.push((line.id, spans, counted, before));
                }
            }
        }
        let mut values = Vec::with_capacity(questions.queries.len());
        for result in self.ask_usage(ctx, questions.queries).await? {
            let value = crate::convert::decimal("usage", result.value.as_ref())?;
            values.push(value.unwrap_or_default());
        }
        let value = |index: usize| values.get(index).copied().unwrap_or_default();
        for (id, spans, counted, before) in asked {
            let before = before.map(value).unwrap_or_default();
            let found =
                Quantities::from_spans(value(counted), before).map_err(|error| error.to_string());
            facts.insert(id, LineUsage { spans, found });
        }
        Ok(facts)
    }

    /// The answers of metering, in the order of the questions.
    pub(super) async fn ask_usage(
        &self,
        ctx: &Context,
        mut queries: Vec<metering_pb::UsageQuery>,
    ) -> Result<Vec<metering_pb::UsageResult>, BillingError> {
        let mut results = Vec::with_capacity(queries.len());
        while !queries.is_empty() {
            let rest = queries.split_off(queries.len().min(BATCH));
            let request = metering_pb::QueryUsageRequest { queries };
            let answer = self.usage.clone().query_usage(ctx.request(request)).await?;
            results.extend(answer.into_inner().results);
            queries = rest;
        }
        Ok(results)
    }

    /// The usage of all live lines of an invoice.
    pub async fn usage_of(
        &self,
        ctx: &Context,
        invoice: &Invoice,
    ) -> Result<UsageFacts, BillingError> {
        let lines: Vec<&Line> = invoice
            .live_lines()
            .filter(|line| !line.price.is_flat())
            .collect();
        if lines.is_empty() {
            return Ok(UsageFacts::new());
        }
        let features = self.features(ctx, &lines).await?;
        let owned: Vec<(&Buyer, &Line)> = lines
            .into_iter()
            .map(|line| (&invoice.header.buyer, line))
            .collect();
        self.usage(ctx, &owned, &features).await
    }
}

/// Questions for metering, each asked once.
#[derive(Default)]
struct Questions {
    queries: Vec<metering_pb::UsageQuery>,
    known: HashMap<Vec<u8>, usize>,
}

impl Questions {
    /// Asks; answers which of the answers it is.
    fn ask(&mut self, query: metering_pb::UsageQuery) -> usize {
        let next = self.queries.len();
        let index = *self.known.entry(query.encode_to_vec()).or_insert(next);
        if index == next {
            self.queries.push(query);
        }
        index
    }
}

pub(super) fn query(
    feature: &catalog_pb::Feature,
    subjects: &[String],
    span: Period,
) -> metering_pb::UsageQuery {
    metering_pb::UsageQuery {
        meter_id: feature.meter_id.clone(),
        subject_keys: subjects.to_vec(),
        group_by_filters: feature.meter_group_by_filters.clone(),
        start_time: Some(contract::convert::timestamp(span.start)),
        end_time: Some(contract::convert::timestamp(span.end)),
        ..metering_pb::UsageQuery::default()
    }
}
