//! The OpenAPI documents of the dialects, and a page to browse them.

use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::{Shared, openmeter, probe, profitwell, revenuecat};

/// Routes of the documents.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route(
            "/openapi/openmeter.json",
            get(async || Json(openmeter::openapi())),
        )
        .route(
            "/openapi/revenuecat.json",
            get(async || Json(revenuecat::openapi())),
        )
        .route(
            "/openapi/profitwell.json",
            get(async || Json(profitwell::openapi())),
        )
        .route("/openapi/probe.json", get(async || Json(probe::openapi())))
}

/// The document of a dialect by its name.
pub(crate) fn document(dialect: &str) -> Value {
    match dialect {
        "openmeter" => openmeter::openapi(),
        "revenuecat" => revenuecat::openapi(),
        "profitwell" => profitwell::openapi(),
        "probe" => probe::openapi(),
        other => without_operations(other),
    }
}

/// The document of a dialect that serves no operation.
fn without_operations(dialect: &str) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": format!("Perennial: {dialect} dialect"),
            "version": env!("CARGO_PKG_VERSION"),
        },
        "paths": {},
    })
}
