//! Meters: what is counted, and the question how much (metering text §3 and §4).

use std::collections::BTreeMap;

use axum::Json;
use axum::http::StatusCode;
use contract::metering::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::{Problem, ProblemDocument};
use super::extract::{Body, Call, Path, Query};
use super::page::{PageQuery, SortOrder};
use super::scalars::{
    Annotations, Description, Filled, Key, Label, Metadata, Time, Ulid, annotations, metadata,
    optional,
};
use super::value::{all_pages, known, present, required_time, time};

/// How events become a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum MeterAggregation {
    /// Sum of the values.
    Sum,
    /// Number of events.
    Count,
    /// Number of different values.
    UniqueCount,
    /// Mean of the values.
    Avg,
    /// Smallest value.
    Min,
    /// Largest value.
    Max,
    /// Value of the newest event.
    Latest,
}

impl MeterAggregation {
    fn into_proto(self) -> pb::meter::Aggregation {
        use pb::meter::Aggregation as Wire;
        match self {
            Self::Sum => Wire::Sum,
            Self::Count => Wire::Count,
            Self::UniqueCount => Wire::UniqueCount,
            Self::Avg => Wire::Avg,
            Self::Min => Wire::Min,
            Self::Max => Wire::Max,
            Self::Latest => Wire::Latest,
        }
    }

    fn from_proto(wire: i32) -> Result<Self, Problem> {
        use pb::meter::Aggregation as Wire;
        match known(wire)? {
            Wire::Unspecified | Wire::Sum => Ok(Self::Sum),
            Wire::Count => Ok(Self::Count),
            Wire::UniqueCount => Ok(Self::UniqueCount),
            Wire::Avg => Ok(Self::Avg),
            Wire::Min => Ok(Self::Min),
            Wire::Max => Ok(Self::Max),
            Wire::Latest => Ok(Self::Latest),
        }
    }
}

/// A meter: which events count, and how.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Meter {
    #[schema(value_type = Ulid)]
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    name: String,
    #[schema(value_type = Key)]
    slug: String,
    aggregation: MeterAggregation,
    event_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_from: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_property: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_by: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Annotations>,
}

impl Meter {
    fn from_proto(wire: pb::Meter) -> Result<Self, Problem> {
        Ok(Self {
            id: wire.id,
            description: optional(wire.description),
            metadata: metadata(wire.metadata),
            created_at: required_time(wire.create_time.as_ref())?,
            updated_at: required_time(wire.update_time.as_ref())?,
            deleted_at: time(wire.delete_time.as_ref())?,
            name: wire.name,
            slug: wire.slug,
            aggregation: MeterAggregation::from_proto(wire.aggregation)?,
            event_type: wire.event_type,
            event_from: time(wire.event_from_time.as_ref())?,
            value_property: optional(wire.value_property),
            group_by: metadata(wire.group_by),
            annotations: annotations(wire.annotations),
        })
    }
}

/// A meter to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MeterCreate {
    description: Option<Description>,
    metadata: Option<Metadata>,
    name: Option<Label>,
    slug: Key,
    aggregation: MeterAggregation,
    event_type: Filled,
    event_from: Option<Time>,
    value_property: Option<Filled>,
    group_by: Option<BTreeMap<String, String>>,
}

impl MeterCreate {
    fn into_proto(self) -> Result<pb::Meter, Problem> {
        not_empty("description", self.description.as_ref())?;
        Ok(pb::Meter {
            slug: self.slug.into(),
            name: self.name.map(String::from).unwrap_or_default(),
            description: self.description.map(String::from).unwrap_or_default(),
            event_type: self.event_type.into(),
            event_from_time: self.event_from.map(Into::into),
            aggregation: self.aggregation.into_proto().into(),
            value_property: self.value_property.map(String::from).unwrap_or_default(),
            group_by: self.group_by.unwrap_or_default(),
            metadata: self.metadata.unwrap_or_default(),
            ..pb::Meter::default()
        })
    }
}

/// Metering text §3.1: an explanation may be absent, but not empty.
fn not_empty(field: &str, text: Option<&Description>) -> Result<(), Problem> {
    if text.is_some_and(|text| text.0.is_empty()) {
        return Err(Problem::invalid(format!("{field}: must not be empty")));
    }
    Ok(())
}

/// The changeable part of a meter. Without a name it is called by its slug again, without
/// group-bys it has none, without a description it keeps the one it has.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MeterUpdate {
    description: Option<Description>,
    metadata: Option<Metadata>,
    name: Option<Label>,
    group_by: Option<BTreeMap<String, String>>,
}

/// Sort key of a list of meters.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum MeterOrderBy {
    /// By slug.
    #[default]
    Key,
    /// By name.
    Name,
    /// By aggregation.
    Aggregation,
    /// By time of making.
    CreatedAt,
    /// By time of the last change.
    UpdatedAt,
}

/// Parameters of a list of meters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListMetersParams {
    /// Direction.
    #[param(inline)]
    order: Option<SortOrder>,
    /// Sort key.
    #[param(inline)]
    order_by: Option<MeterOrderBy>,
    /// Deleted meters too.
    include_deleted: Option<bool>,
}

/// Lists meters.
#[utoipa::path(
    get, path = "/api/v1/meters", operation_id = "listMeters", tag = "Meters",
    params(PageQuery, ListMetersParams),
    responses((status = 200, body = Vec<Meter>)),
)]
pub(crate) async fn list(
    call: Call,
    Query(page): Query<PageQuery>,
    Query(params): Query<ListMetersParams>,
) -> Result<Json<Vec<Meter>>, Problem> {
    use pb::list_meters_request::OrderBy as Wire;
    let order_by = match params.order_by.unwrap_or_default() {
        MeterOrderBy::Key => Wire::Slug,
        MeterOrderBy::Name => Wire::Name,
        MeterOrderBy::Aggregation => Wire::Aggregation,
        MeterOrderBy::CreatedAt => Wire::CreateTime,
        MeterOrderBy::UpdatedAt => Wire::UpdateTime,
    };
    let wanted = pb::ListMetersRequest {
        include_deleted: params.include_deleted.unwrap_or_default(),
        order_by: order_by.into(),
        descending: params.order.unwrap_or_default().descending(),
        page_size: 250,
        ..pb::ListMetersRequest::default()
    };
    let meters = all_pages(async |page_token| {
        let request = pb::ListMetersRequest {
            page_token,
            ..wanted.clone()
        };
        let answer = call.take(call.clients().meters().list_meters(call.rpc(request)).await)?;
        Ok((answer.meters, answer.next_page_token))
    })
    .await?;
    let meters = if page.is_given() {
        let window = page.window()?;
        let size = usize::try_from(window.size).unwrap_or_default();
        let before = usize::try_from(window.page - 1).unwrap_or_default();
        meters
            .into_iter()
            .skip(before.saturating_mul(size))
            .take(size)
            .collect()
    } else {
        meters
    };
    meters
        .into_iter()
        .map(Meter::from_proto)
        .collect::<Result<_, _>>()
        .map(Json)
}

/// Makes a meter.
#[utoipa::path(
    post, path = "/api/v1/meters", operation_id = "createMeter", tag = "Meters",
    request_body = MeterCreate,
    responses((status = 201, body = Meter), (status = 409, body = ProblemDocument)),
)]
pub(crate) async fn create(
    call: Call,
    Body(new): Body<MeterCreate>,
) -> Result<(StatusCode, Json<Meter>), Problem> {
    let request = pb::CreateMeterRequest {
        meter: Some(new.into_proto()?),
        request_id: call.request_id(),
    };
    let answer = call.take(
        call.clients()
            .meters()
            .create_meter(call.rpc(request))
            .await,
    )?;
    let meter = Meter::from_proto(present(answer.meter)?)?;
    Ok((StatusCode::CREATED, Json(meter)))
}

/// The meter that a path names.
pub(crate) fn meter_ref(id_or_slug: String) -> Option<pb::MeterRef> {
    Some(pb::MeterRef {
        r#ref: Some(pb::meter_ref::Ref::IdOrSlug(id_or_slug)),
    })
}

/// Shows a meter.
#[utoipa::path(
    get, path = "/api/v1/meters/{meterIdOrSlug}", operation_id = "getMeter", tag = "Meters",
    params(("meterIdOrSlug" = String, Path)),
    responses((status = 200, body = Meter), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn get(call: Call, Path(id): Path<String>) -> Result<Json<Meter>, Problem> {
    let request = pb::GetMeterRequest {
        meter: meter_ref(id),
    };
    let answer = call.take(call.clients().meters().get_meter(call.rpc(request)).await)?;
    Meter::from_proto(present(answer.meter)?).map(Json)
}

/// Replaces the changeable part of a meter.
#[utoipa::path(
    put, path = "/api/v1/meters/{meterIdOrSlug}", operation_id = "updateMeter", tag = "Meters",
    params(("meterIdOrSlug" = String, Path)),
    request_body = MeterUpdate,
    responses((status = 200, body = Meter), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn update(
    call: Call,
    Path(id): Path<String>,
    Body(update): Body<MeterUpdate>,
) -> Result<Json<Meter>, Problem> {
    not_empty("description", update.description.as_ref())?;
    let mut paths = vec!["name".to_owned(), "group_by".into(), "metadata".into()];
    if update.description.is_some() {
        paths.push("description".into());
    }
    let request = pb::UpdateMeterRequest {
        meter_ref: meter_ref(id),
        meter: Some(pb::Meter {
            name: update.name.map(String::from).unwrap_or_default(),
            description: update.description.map(String::from).unwrap_or_default(),
            group_by: update.group_by.unwrap_or_default(),
            metadata: update.metadata.unwrap_or_default(),
            ..pb::Meter::default()
        }),
        update_mask: Some(prost_types::FieldMask { paths }),
        request_id: call.request_id(),
    };
    let answer = call.take(
        call.clients()
            .meters()
            .update_meter(call.rpc(request))
            .await,
    )?;
    Meter::from_proto(present(answer.meter)?).map(Json)
}

/// Deletes a meter; its events stay.
#[utoipa::path(
    delete, path = "/api/v1/meters/{meterIdOrSlug}", operation_id = "deleteMeter", tag = "Meters",
    params(("meterIdOrSlug" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument)),
)]
pub(crate) async fn delete(call: Call, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let request = pb::DeleteMeterRequest {
        meter: meter_ref(id),
        request_id: call.request_id(),
    };
    call.take(
        call.clients()
            .meters()
            .delete_meter(call.rpc(request))
            .await,
    )?;
    Ok(StatusCode::NO_CONTENT)
}

/// A span of event times.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SpanParams {
    /// First instant that counts.
    from: Option<Time>,
    /// First instant that no longer counts.
    to: Option<Time>,
}

/// Lists the subjects that have events of a meter.
#[utoipa::path(
    get, path = "/api/v1/meters/{meterIdOrSlug}/subjects", operation_id = "listMeterSubjects", tag = "Meters",
    params(("meterIdOrSlug" = String, Path), SpanParams),
    responses((status = 200, body = Vec<String>), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn list_subjects(
    call: Call,
    Path(id): Path<String>,
    Query(span): Query<SpanParams>,
) -> Result<Json<Vec<String>>, Problem> {
    all_pages(async |page_token| {
        let request = pb::ListMeterSubjectsRequest {
            meter: meter_ref(id.clone()),
            from_time: span.from.map(Into::into),
            to_time: span.to.map(Into::into),
            page_size: 250,
            page_token,
        };
        let answer = call
            .clients()
            .usage()
            .list_meter_subjects(call.rpc(request))
            .await;
        let answer = call.take(answer)?;
        Ok((answer.subjects, answer.next_page_token))
    })
    .await
    .map(Json)
}

/// Lists the values of a group-by key.
#[utoipa::path(
    get, path = "/api/v1/meters/{meterIdOrSlug}/group-by/{groupByKey}/values",
    operation_id = "listMeterGroupByValues", tag = "Meters",
    params(("meterIdOrSlug" = String, Path), ("groupByKey" = String, Path), SpanParams),
    responses((status = 200, body = Vec<String>), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn list_group_by_values(
    call: Call,
    Path((id, key)): Path<(String, String)>,
    Query(span): Query<SpanParams>,
) -> Result<Json<Vec<String>>, Problem> {
    all_pages(async |page_token| {
        let request = pb::ListGroupByValuesRequest {
            meter: meter_ref(id.clone()),
            group_by_key: key.clone(),
            from_time: span.from.map(Into::into),
            to_time: span.to.map(Into::into),
            page_size: 250,
            page_token,
        };
        let answer = call
            .clients()
            .usage()
            .list_group_by_values(call.rpc(request))
            .await;
        let answer = call.take(answer)?;
        Ok((answer.values, answer.next_page_token))
    })
    .await
    .map(Json)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::openmeter::decode::from_json;
    use serde_json::json;

    #[test]
    fn a_meter_to_make_becomes_a_message() {
        let new: MeterCreate = from_json(&json!({
            "slug": "tokens", "aggregation": "UNIQUE_COUNT", "eventType": "prompt",
            "valueProperty": "$.n", "groupBy": {"model": "$.model"}, "id": "ignored",
        }))
        .unwrap();
        let wire = new.into_proto().unwrap();
        assert_eq!(wire.slug, "tokens");
        assert_eq!(wire.aggregation(), pb::meter::Aggregation::UniqueCount);
        assert_eq!(wire.group_by["model"], "$.model");
        assert_eq!(wire.name, "");
    }

    #[test]
    fn an_empty_description_is_refused() {
        let new: MeterCreate = from_json(&json!({
            "slug": "tokens", "aggregation": "COUNT", "eventType": "prompt", "description": "",
        }))
        .unwrap();
        assert!(new.into_proto().is_err());
    }

    #[test]
    fn what_is_absent_is_left_out() {
        let meter = Meter::from_proto(pb::Meter {
            id: "01J".into(),
            slug: "tokens".into(),
            name: "tokens".into(),
            event_type: "prompt".into(),
            aggregation: pb::meter::Aggregation::Count.into(),
            create_time: Some(prost_types::Timestamp::default()),
            update_time: Some(prost_types::Timestamp::default()),
            ..pb::Meter::default()
        })
        .unwrap();
        assert_eq!(
            serde_json::to_value(meter).unwrap(),
            json!({
                "id": "01J", "slug": "tokens", "name": "tokens", "aggregation": "COUNT",
                "eventType": "prompt", "createdAt": "1970-01-01T00:00:00Z",
                "updatedAt": "1970-01-01T00:00:00Z",
            })
        );
    }
}
