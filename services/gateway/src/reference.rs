//! The OpenAPI documents of the dialects, and a page to browse them.

use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::{Shared, openmeter};

/// Routes of the documents.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route(
            "/openapi/openmeter.json",
            get(async || Json(openmeter::openapi())),
        )
        .route(
            "/openapi/revenuecat.json",
            get(async || Json(without_operations("RevenueCat"))),
        )
        .route(
            "/openapi/profitwell.json",
            get(async || Json(without_operations("ProfitWell"))),
        )
        .route(
            "/openapi/probe.json",
            get(async || Json(without_operations("Probe"))),
        )
}

/// The document of a dialect by its name.
pub(crate) fn document(dialect: &str) -> Value {
    match dialect {
        "openmeter" => openmeter::openapi(),
        "revenuecat" => without_operations("RevenueCat"),
        "profitwell" => without_operations("ProfitWell"),
        "probe" => without_operations("Probe"),
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
