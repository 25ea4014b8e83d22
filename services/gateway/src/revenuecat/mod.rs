//! The RevenueCat dialect (Developer API v2): `/v2/projects…`. The route table below is the index of the
//! resources, one file each; the OpenAPI document is emitted from the same table, and the permissions that
//! are checked are those of the document.
//!
//! Words: an *entitlement* is our entitlement definition; a *subscription* is a term, a stretch of a customer on one
//! product; an *app* is a store app; `lookup_key`, *offering*, *package*, *product* and *purchase* are ours too;
//! a *customer id* is any of the names of a customer, and the canonical one in answers.

mod actions;
mod app_input;
mod apps;
mod attributes;
mod customers;
mod document;
mod entitlements;
mod error;
mod extract;
mod frame;
mod joins;
mod list;
mod metrics;
mod money;
mod objects;
mod offerings;
mod packages;
mod products;
mod projects;
mod purchases;
mod subscriptions;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Router, middleware};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use document::openapi;

use crate::Shared;
use error::Refusal;
use frame::Frame;

/// The operations of the dialect.
fn table() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(projects::list))
        .routes(routes!(apps::list, apps::create))
        .routes(routes!(apps::get, apps::update, apps::delete))
        .routes(routes!(products::list, products::create))
        .routes(routes!(products::get, products::delete))
        .routes(routes!(metrics::overview))
        // Customers
        .routes(routes!(customers::list, customers::create))
        .routes(routes!(customers::get, customers::delete))
        .routes(routes!(customers::list_active))
        .routes(routes!(customers::list_aliases))
        .routes(routes!(attributes::list, attributes::set))
        .routes(routes!(subscriptions::list))
        .routes(routes!(purchases::list))
        .routes(routes!(actions::grant))
        .routes(routes!(actions::revoke))
        .routes(routes!(actions::transfer))
        // What they have
        .routes(routes!(subscriptions::get))
        .routes(routes!(subscriptions::list_entitlements))
        .routes(routes!(subscriptions::cancel))
        .routes(routes!(subscriptions::refund))
        .routes(routes!(purchases::get))
        .routes(routes!(purchases::list_entitlements))
        .routes(routes!(purchases::refund))
        // Access configuration
        .routes(routes!(entitlements::list, entitlements::create))
        .routes(routes!(
            entitlements::get,
            entitlements::update,
            entitlements::delete
        ))
        .routes(routes!(entitlements::list_products))
        .routes(routes!(entitlements::attach))
        .routes(routes!(entitlements::detach))
        .routes(routes!(offerings::list, offerings::create))
        .routes(routes!(
            offerings::get,
            offerings::update,
            offerings::delete
        ))
        .routes(routes!(packages::list, packages::create))
        .routes(routes!(packages::get, packages::update, packages::delete))
        .routes(routes!(packages::list_products))
        .routes(routes!(packages::attach))
        .routes(routes!(packages::detach))
}

/// The routes of the dialect; every one of them asks for a key.
pub(crate) fn routes(gateway: &Shared) -> Router<Shared> {
    let (routes, _) = table().split_for_parts();
    let frame = Arc::new(Frame::new(gateway, &openapi()));
    routes.route_layer(middleware::from_fn_with_state(frame, frame::enter))
}

/// What a layer or the router refused with a bare status.
pub(crate) fn bare(status: StatusCode) -> Response {
    Refusal::bare(status).into_response()
}
