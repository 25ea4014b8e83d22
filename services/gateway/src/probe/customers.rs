//! Customers and their segments (text §8).

use std::collections::HashMap;

use axum::Json;
use contract::customer::v1 as pb;
use contract::customer::v1::customer_ref::Ref;
use contract::customer::v1::list_traits_request::View;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::Refusal;
use super::extract::Body;
use super::values::{Name, SegmentValue, broken, required};
use crate::body::PathText;
use crate::call::Call;
use crate::decode::nullable;

/// A pair by which customers are compared.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Segment {
    name: String,
    value: String,
}

/// A segment to set, or to remove with a value of null.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SegmentInput {
    name: Name,
    #[serde(deserialize_with = "nullable")]
    #[schema(required)]
    value: Option<SegmentValue>,
}

/// Segments to change; others stay.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CustomerUpdate {
    #[schema(nullable = false)]
    segments: Option<Vec<SegmentInput>>,
}

/// A customer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Customer {
    id: String,
    /// First added first.
    segments: Vec<Segment>,
    added_at: String,
    updated_at: String,
}

impl Customer {
    fn from_proto(
        customer: Option<pb::Customer>,
        traits: Vec<pb::CustomerTrait>,
    ) -> Result<Self, Refusal> {
        let customer = customer.ok_or_else(broken)?;
        let segments = traits.into_iter().map(|one| Segment {
            name: one.name,
            value: one.value,
        });
        Ok(Self {
            segments: segments.collect(),
            added_at: required(customer.create_time.as_ref())?,
            updated_at: required(customer.touch_time.as_ref())?,
            id: shown_id(customer),
        })
    }
}

/// What names a customer in answers: the key, else the ULID.
fn shown_id(customer: pb::Customer) -> String {
    if customer.key.is_empty() {
        customer.id
    } else {
        customer.key
    }
}

/// What names each of these customers in answers, by ULID.
pub(crate) async fn ids_of(
    call: &Call,
    mut ids: Vec<String>,
) -> Result<HashMap<String, String>, Refusal> {
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let request = call.rpc(pb::BatchGetCustomersRequest { ids });
    let answer = call
        .clients()
        .customers()
        .batch_get_customers(request)
        .await;
    let customers = call.take(answer)?.customers.into_iter();
    Ok(customers
        .map(|customer| (customer.id.clone(), shown_id(customer)))
        .collect())
}

/// What names a customer in answers.
pub(crate) async fn id_of(call: &Call, id: &str) -> Result<String, Refusal> {
    let mut found = ids_of(call, vec![id.to_owned()]).await?;
    Ok(found.remove(id).unwrap_or_else(|| id.to_owned()))
}

fn by_handle(handle: String) -> Option<pb::CustomerRef> {
    Some(pb::CustomerRef {
        r#ref: Some(Ref::Handle(handle)),
    })
}

/// Reads a customer.
#[utoipa::path(
    get,
    path = "/v4/customers/{id}",
    operation_id = "getCustomer",
    tag = "Customers",
    params(("id" = String, Path, description = "Id of the customer.")),
    responses(
        (status = 200, description = "The customer.", body = Customer),
        (status = 404, description = "There is none."),
    )
)]
pub(crate) async fn get(call: Call, PathText(id): PathText) -> Result<Json<Customer>, Refusal> {
    let request = call.rpc(pb::ListTraitsRequest {
        customer_ref: by_handle(id),
        view: View::Segments.into(),
    });
    let answer = call.take(call.clients().traits().list_traits(request).await)?;
    Customer::from_proto(answer.customer, answer.traits).map(Json)
}

/// Sets and removes segments of a customer.
#[utoipa::path(
    put,
    path = "/v4/customers/{id}",
    operation_id = "updateCustomer",
    tag = "Customers",
    params(("id" = String, Path, description = "Id of the customer.")),
    request_body = CustomerUpdate,
    responses(
        (status = 200, description = "The customer.", body = Customer),
        (status = 400, description = "A segment is wrong or given twice."),
        (status = 404, description = "There is none."),
    )
)]
pub(crate) async fn update(
    call: Call,
    PathText(id): PathText,
    Body(body): Body<CustomerUpdate>,
) -> Result<Json<Customer>, Refusal> {
    let segments = body.segments.unwrap_or_default().into_iter();
    let request = call.rpc(pb::MergeSegmentsRequest {
        customer_ref: by_handle(id),
        changes: segments
            .map(|segment| pb::SegmentChange {
                name: segment.name.0,
                value: segment.value.map(|value| value.0),
            })
            .collect(),
        request_id: call.request_id(),
    });
    let answer = call.take(call.clients().traits().merge_segments(request).await)?;
    Customer::from_proto(answer.customer, answer.traits).map(Json)
}
