//! What the usage of a feature cost (metering text §7.2).

use std::collections::BTreeMap;

use axum::Json;
use contract::catalog::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Problem, ProblemDocument};
use super::extract::{Call, Path, Query};
use super::features::feature_ref;
use super::meter_query::{AskedTime, MeterQueryParams, WindowSize};
use super::scalars::{CurrencyCode, Numeric, Time, optional};
use super::value::{numeric, numeric_or_zero, present, required_time};

/// What usage cost.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FeatureCostQueryResult {
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<AskedTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<AskedTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window_size: Option<WindowSize>,
    #[schema(value_type = CurrencyCode)]
    currency: String,
    data: Vec<FeatureCostQueryRow>,
}

/// What the usage of one window and group cost.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FeatureCostQueryRow {
    usage: Numeric,
    /// Null when it is not known.
    cost: Option<Numeric>,
    #[schema(value_type = CurrencyCode)]
    currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    window_start: Time,
    window_end: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Option<BTreeMap<String, Option<String>>>)]
    group_by: BTreeMap<String, String>,
}

impl FeatureCostQueryRow {
    fn from_proto(wire: pb::FeatureCostRow, currency: &str) -> Result<Self, Problem> {
        let usage = present(wire.usage)?;
        Ok(Self {
            usage: numeric_or_zero(usage.value.as_ref())?,
            cost: numeric(wire.cost.as_ref())?,
            currency: currency.to_owned(),
            detail: optional(wire.detail),
            window_start: required_time(usage.window_start_time.as_ref())?,
            window_end: required_time(usage.window_end_time.as_ref())?,
            subject: usage.subject,
            customer_id: usage.customer_id,
            group_by: usage.group_by,
        })
    }
}

/// Tells what the usage of a feature cost.
#[utoipa::path(
    get, path = "/api/v1/features/{featureId}/cost", operation_id = "queryFeatureCost", tag = "Product Catalog",
    params(("featureId" = String, Path), MeterQueryParams),
    responses((status = 200, body = FeatureCostQueryResult), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn query(
    call: Call,
    Path(id): Path<String>,
    Query(params): Query<MeterQueryParams>,
) -> Result<Json<FeatureCostQueryResult>, Problem> {
    let query = params.into_request()?;
    let (from, to, window_size) = (query.from.clone(), query.to.clone(), query.window_size);
    let request = pb::QueryFeatureCostRequest {
        feature: feature_ref(id),
        // The feature says which meter.
        usage: Some(query.into_proto(String::new())?),
    };
    let answer = call
        .clients()
        .features()
        .query_feature_cost(call.rpc(request))
        .await;
    let answer = call.take(answer)?;
    let data = answer
        .rows
        .into_iter()
        .map(|row| FeatureCostQueryRow::from_proto(row, &answer.currency_code))
        .collect::<Result<_, _>>()?;
    Ok(Json(FeatureCostQueryResult {
        from,
        to,
        window_size,
        currency: answer.currency_code,
        data,
    }))
}
