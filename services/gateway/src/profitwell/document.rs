//! The OpenAPI document of the dialect. Paths are relative to the two servers, as in the
//! documented contract.

use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::error::ErrorResponse;
use super::{BASE, EVENT_BASE};
use crate::Shared;

/// What the document says of the dialect as a whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Perennial: ProfitWell dialect",
        description = "Reported subscriptions, customers, traits and revenue metrics. The token \
                       is the bare value of `Authorization`. Errors are `{\"error\": …}`. Every \
                       mutating operation accepts an `Idempotency-Key` header of 1 to 255 \
                       characters."
    ),
    components(schemas(ErrorResponse))
)]
struct Dialect;

/// Error statuses that any operation may answer with.
const COMMON: [(&str, &str); 4] = [
    ("401", "There is no valid token."),
    ("429", "Request was throttled."),
    ("500", "A failure of the server."),
    ("503", "Try again."),
];

/// The OpenAPI document of the dialect.
pub(crate) fn openapi() -> Value {
    let mut routes: OpenApiRouter<Shared> = OpenApiRouter::new();
    for (_, methods) in super::table() {
        routes = routes.routes(methods);
    }
    routes = routes.routes(super::event_table());
    let mut document = Dialect::openapi();
    document.merge(routes.split_for_parts().1);
    let mut document = serde_json::to_value(&document).unwrap_or_default();
    let token = |which: &str| {
        json!({
            "type": "apiKey", "in": "header", "name": "Authorization",
            "description": format!("The {which} token, without a scheme word."),
        })
    };
    document["servers"] = json!([{"url": BASE}]);
    document["security"] = json!([{"privateToken": []}]);
    document["components"]["securitySchemes"] =
        json!({"privateToken": token("private"), "publicToken": token("public")});
    let Some(paths) = document["paths"].as_object_mut() else {
        return document;
    };
    for (path, item) in paths {
        for operation in item
            .as_object_mut()
            .into_iter()
            .flat_map(|item| item.values_mut())
        {
            complete(operation);
            if path.starts_with("/customer/event") {
                operation["servers"] = json!([{"url": EVENT_BASE}]);
                operation["security"] = json!([{"publicToken": []}]);
            }
        }
    }
    document
}

/// Adds the answers that every operation may give, and the form of all refusals.
fn complete(operation: &mut Value) {
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    for (status, description) in COMMON {
        responses
            .entry(status)
            .or_insert_with(|| json!({"description": description}));
    }
    for (status, response) in responses {
        if !status.starts_with('2') {
            response["content"] = json!({
                "application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}
            });
        }
    }
}
