//! Attributes of customers, beyond the documented operations, in the vendor's own shapes.

use std::borrow::Cow;

use axum::Json;
use contract::customer::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::customers::{canonical, find};
use super::error::Refusal;
use super::extract::{Body, Call, Id, Text, millis};
use super::list::{List, PageParams, Paging, Parameters, cut};
use super::objects::AttributeObject;

/// Name of an attribute: a reserved one, or one of the caller's own.
pub(crate) struct AttributeName;

impl PartialSchema for AttributeName {
    fn schema() -> RefOr<Schema> {
        AnyOfBuilder::new()
            .item(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .enum_values(Some(kernel::attribute::RESERVED_NAMES)),
            )
            .item(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .min_length(Some(1))
                    .max_length(Some(40))
                    .pattern(Some("^[a-zA-Z][a-zA-Z0-9_-]*$")),
            )
            .into()
    }
}

impl ToSchema for AttributeName {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("CustomerAttributeName")
    }
}

/// One fact about a customer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CustomerAttribute {
    object: AttributeObject,
    name: String,
    #[schema(required)]
    value: Option<String>,
    updated_at: i64,
}

impl CustomerAttribute {
    fn from_proto(wire: pb::CustomerAttribute) -> Result<Self, Refusal> {
        Ok(Self {
            object: AttributeObject,
            updated_at: millis(wire.update_time.as_ref())?,
            name: wire.name,
            value: Some(wire.value),
        })
    }
}

/// All attributes of a customer, by name.
async fn all(call: &Call, customer: &str) -> Result<Vec<CustomerAttribute>, Refusal> {
    let request = pb::ListAttributesRequest {
        customer_ref: Some(by_id(customer)),
    };
    let answer = call
        .clients()
        .attributes()
        .list_attributes(call.rpc(request))
        .await;
    shown(call.take(answer)?.attributes)
}

fn shown(wire: Vec<pb::CustomerAttribute>) -> Result<Vec<CustomerAttribute>, Refusal> {
    wire.into_iter()
        .map(CustomerAttribute::from_proto)
        .collect()
}

fn by_id(customer: &str) -> pb::CustomerRef {
    pb::CustomerRef {
        r#ref: Some(pb::customer_ref::Ref::Id(customer.to_owned())),
    }
}

/// The first attributes of a customer, as part of it.
pub(crate) async fn first(
    call: &Call,
    customer: &str,
    shown_id: &str,
) -> Result<List<CustomerAttribute>, Refusal> {
    embedded(call, shown_id, all(call, customer).await?)
}

fn embedded(
    call: &Call,
    shown_id: &str,
    all: Vec<CustomerAttribute>,
) -> Result<List<CustomerAttribute>, Refusal> {
    let (items, more) = cut(all, &Paging::first(), |attribute| &attribute.name)?;
    let place = ["customers", shown_id, "attributes"];
    Ok(call.embedded(&place, items, more, |attribute| &attribute.name))
}

/// List the attributes of a customer.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/customers/{customer_id}/attributes",
    operation_id = "listCustomerAttributes", tag = "Customer",
    params(("project_id" = String, Path), ("customer_id" = String, Path), PageParams),
    responses((status = 200, body = List<CustomerAttribute>)),
    extensions(("x-permission" = json!("customer_information:customers:read"))),
)]
pub(crate) async fn list(
    call: Call,
    Id(id): Id,
    query: Parameters,
) -> Result<Json<List<CustomerAttribute>>, Refusal> {
    let paging = query.paging()?;
    let customer = find(&call, &id).await?;
    let all = all(&call, &customer.id).await?;
    let (items, more) = cut(all, &paging, |attribute| &attribute.name)?;
    Ok(Json(
        call.page(&query, items, more, |attribute| &attribute.name),
    ))
}

/// An attribute to set; null removes it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangedAttribute {
    /// A reserved name, or one of the caller's own.
    #[schema(value_type = AttributeName)]
    name: Text<1, 40>,
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(value_type = Option<String>, required, max_length = 500)]
    value: Option<Text<0, 500>>,
}

/// Attributes to set.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttributesUpdate {
    #[schema(max_items = 50)]
    attributes: Vec<ChangedAttribute>,
}

/// Set attributes of a customer; those not named stay.
#[utoipa::path(
    post, path = "/v2/projects/{project_id}/customers/{customer_id}/attributes",
    operation_id = "setCustomerAttributes", tag = "Customer",
    params(("project_id" = String, Path), ("customer_id" = String, Path)),
    request_body = AttributesUpdate,
    responses((status = 200, body = List<CustomerAttribute>)),
    extensions(("x-permission" = json!("customer_information:customers:read_write"))),
)]
pub(crate) async fn set(
    call: Call,
    Id(id): Id,
    Body(change): Body<AttributesUpdate>,
) -> Result<Json<List<CustomerAttribute>>, Refusal> {
    let customer = find(&call, &id).await?;
    let request = pb::SetAttributesRequest {
        customer_ref: Some(by_id(&customer.id)),
        attributes: change
            .attributes
            .into_iter()
            .map(|attribute| pb::CustomerAttribute {
                name: attribute.name.into(),
                value: attribute.value.map(Into::into).unwrap_or_default(),
                update_time: None,
            })
            .collect(),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .attributes()
        .set_attributes(call.rpc(request))
        .await;
    let all = shown(call.take(answer)?.attributes)?;
    embedded(&call, canonical(&customer), all).map(Json)
}
