//! The OpenAPI document of the dialect.

use serde_json::{Value, json};
use utoipa::OpenApi;

use super::error::ErrorDocument;

/// What the document says of the dialect as a whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Perennial: Probe dialect",
        description = "Subscriptions that are reported by what changed, payments for spans of \
                       time, and segments of customers. Errors are `{\"error\": …}` with \
                       `fields` where members are to blame. Every mutating operation accepts an \
                       `Idempotency-Key` header of 1 to 255 characters."
    ),
    components(schemas(ErrorDocument))
)]
struct Dialect;

/// Error statuses that any operation may answer with.
const COMMON: [(&str, &str); 3] = [
    ("401", "There is no valid token."),
    ("500", "A failure of the server."),
    ("503", "Try again."),
];

/// The OpenAPI document of the dialect.
pub(crate) fn openapi() -> Value {
    let mut document = Dialect::openapi();
    document.merge(super::table().split_for_parts().1);
    let mut document = serde_json::to_value(&document).unwrap_or_default();
    document["security"] = json!([{"bearer": []}]);
    document["components"]["securitySchemes"] =
        json!({"bearer": {"type": "http", "scheme": "bearer"}});
    let Some(paths) = document["paths"].as_object_mut() else {
        return document;
    };
    for operation in paths
        .values_mut()
        .filter_map(Value::as_object_mut)
        .flat_map(|item| item.values_mut())
    {
        complete(operation);
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
                "application/json": {"schema": {"$ref": "#/components/schemas/Error"}}
            });
        }
    }
}
