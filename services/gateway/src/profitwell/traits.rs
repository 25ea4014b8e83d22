//! Traits: one in each category, for every customer (text §7).

use std::collections::BTreeMap;

use axum::Json;
use axum::http::StatusCode;
use contract::customer::v1 as pb;
use contract::customer::v1::list_traits_request::View;
use contract::customer::v1::trait_target::Target;
use serde::Deserialize;
use utoipa::ToSchema;

use super::customers::by_handle;
use super::error::Refusal;
use super::extract::Body;
use crate::body::PathText;
use crate::call::Call;

/// A trait to give.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct TraitRequest {
    /// Who gets it; either this or `email`.
    #[schema(nullable = false)]
    customer_id: Option<String>,
    /// Everybody who has this address gets it; either this or `customer_id`.
    #[schema(nullable = false)]
    email: Option<String>,
    category: String,
    r#trait: String,
}

/// A trait to take.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct TraitRemoveRequest {
    /// Who loses it; either this or `email`.
    #[schema(nullable = false)]
    customer_id: Option<String>,
    /// Everybody who has this address loses it; either this or `customer_id`.
    #[schema(nullable = false)]
    email: Option<String>,
    category: String,
}

/// A category to remove, as older clients send it.
#[derive(Debug, Deserialize)]
pub(crate) struct CategoryRequest {
    category: String,
}

/// Whom a call is for: exactly one of the two members names them.
fn target(
    customer_id: Option<String>,
    email: Option<String>,
) -> Result<Option<pb::TraitTarget>, Refusal> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let target = match (given(customer_id), given(email)) {
        (Some(id), None) => by_handle(id).map(Target::CustomerRef),
        (None, Some(email)) => Some(Target::PrimaryEmail(email)),
        (Some(_), Some(_)) | (None, None) => {
            return Err(Refusal::bad(
                "customer_id, email: exactly one of them is required",
            ));
        }
    };
    Ok(Some(pb::TraitTarget { target }))
}

/// Gives a trait to customers.
#[utoipa::path(
    post,
    path = "/traits",
    operation_id = "createOrUpdateCustomerTrait",
    tag = "Customer Traits",
    request_body = TraitRequest,
    responses(
        (status = 204, description = "They have it."),
        (status = 400, description = "The category or trait is not allowed, held already or \
                                      the customer unknown."),
    )
)]
pub(crate) async fn set(call: Call, Body(body): Body<TraitRequest>) -> Result<StatusCode, Refusal> {
    let request = call.rpc(pb::SetTraitRequest {
        target: target(body.customer_id, body.email)?,
        category: body.category,
        r#trait: body.r#trait,
        request_id: call.request_id(),
    });
    let answer = call.clients().traits().set_trait(request).await;
    call.take(answer).map_err(Refusal::in_body)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the trait of a category from customers.
#[utoipa::path(
    post,
    path = "/traits/remove",
    operation_id = "removeCustomerTrait",
    tag = "Customer Traits",
    request_body = TraitRemoveRequest,
    responses(
        (status = 204, description = "They have it no longer."),
        (status = 400, description = "They did not have it."),
        (status = 404, description = "There is no such customer."),
    )
)]
pub(crate) async fn remove(
    call: Call,
    Body(body): Body<TraitRemoveRequest>,
) -> Result<StatusCode, Refusal> {
    let request = call.rpc(pb::RemoveTraitRequest {
        target: target(body.customer_id, body.email)?,
        category: body.category,
        request_id: call.request_id(),
    });
    call.take(call.clients().traits().remove_trait(request).await)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reads the traits of a customer, by category.
#[utoipa::path(
    get,
    path = "/customers/{customer_id}/traits",
    operation_id = "getCustomerTraits",
    tag = "Customer Traits",
    params(("customer_id" = String, Path, description = "Key, alias or `user_id`.")),
    responses(
        (status = 200, description = "The traits.", body = BTreeMap<String, String>),
        (status = 404, description = "There is no such customer."),
    )
)]
pub(crate) async fn list(
    call: Call,
    PathText(id): PathText,
) -> Result<Json<BTreeMap<String, String>>, Refusal> {
    let request = call.rpc(pb::ListTraitsRequest {
        customer_ref: by_handle(id),
        view: View::Traits.into(),
    });
    let answer = call.take(call.clients().traits().list_traits(request).await)?;
    let traits = answer.traits.into_iter().map(|one| (one.name, one.value));
    Ok(Json(traits.collect()))
}

/// Takes the traits of a category from everybody.
#[utoipa::path(
    delete,
    path = "/traits/categories/{category}",
    operation_id = "removeTraitCategory",
    tag = "Customer Traits",
    params(("category" = String, Path, description = "The category, in any case.")),
    responses(
        (status = 204, description = "Nobody has one any longer."),
        (status = 404, description = "Nobody had one."),
    )
)]
pub(crate) async fn remove_category(
    call: Call,
    PathText(category): PathText,
) -> Result<StatusCode, Refusal> {
    remove_from_everybody(&call, category).await
}

/// The same with the category in the body, as older clients send it.
pub(crate) async fn remove_category_in_body(
    call: Call,
    Body(body): Body<CategoryRequest>,
) -> Result<StatusCode, Refusal> {
    remove_from_everybody(&call, body.category).await
}

async fn remove_from_everybody(call: &Call, category: String) -> Result<StatusCode, Refusal> {
    let request = call.rpc(pb::RemoveTraitCategoryRequest {
        category,
        request_id: call.request_id(),
    });
    let answer = call.clients().traits().remove_trait_category(request).await;
    call.take(answer)?;
    Ok(StatusCode::NO_CONTENT)
}
