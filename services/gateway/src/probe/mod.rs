//! The Probe dialect: `/v4/…`. The table below is the index of the documented operations; the
//! OpenAPI document is emitted from it.
//!
//! Words: a subscription is a reported one, told by fields; its `id` is our key;
//! `started_at` of a change is `effective_time`; a *segment* is a trait; a *subscription
//! history* is a reported payment; the free item type is called `freemium`.

mod document;
mod error;
mod extract;
mod values;

mod customers;
mod histories;
mod page_token;
mod subscriptions;

use axum::{Router, middleware};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use document::openapi;
pub(crate) use error::bare;

use crate::Shared;

/// The documented operations.
fn table() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(subscriptions::upsert))
        .routes(routes!(subscriptions::list))
        .routes(routes!(subscriptions::destroy))
        .routes(routes!(histories::upsert, histories::upsert_by_post))
        .routes(routes!(customers::get, customers::update))
}

/// The routes of the dialect; every one of them asks for a token.
pub(crate) fn routes(gateway: &Shared) -> Router<Shared> {
    let (routes, _) = table().split_for_parts();
    routes.route_layer(middleware::from_fn_with_state(
        gateway.clone(),
        extract::authenticate,
    ))
}
