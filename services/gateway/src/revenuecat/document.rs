//! The OpenAPI document of the dialect: what the route table says, with the refusals that are the same for
//! every operation added here.

use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::error::ErrorDocument;
use super::frame::per_minute;

/// What the document says of the dialect as a whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Perennial: RevenueCat Developer API v2 dialect",
        description = "Apps, products, entitlements, offerings, customers, their subscriptions and \
                       purchases. `x-permission` names the permission that a key needs; a read_write \
                       permission includes reading. Every mutating operation accepts an \
                       `Idempotency-Key` header of 1 to 255 characters."
    ),
    components(schemas(ErrorDocument))
)]
struct Dialect;

/// Refusals of every operation.
const ALWAYS: [(&str, &str); 8] = [
    (
        "400",
        "The request is malformed: parameter_error, invalid_request.",
    ),
    ("401", "There is no usable key: authentication_error."),
    (
        "403",
        "The key lacks the permission or belongs to another project: authorization_error.",
    ),
    ("404", "It does not exist: resource_missing."),
    (
        "423",
        "Another request is changing it: resource_locked_error.",
    ),
    ("429", "Too many requests: rate_limit_error."),
    ("500", "Internal failure: server_error."),
    ("503", "Temporarily not served: server_error, store_error."),
];
/// Refusals of operations that change something.
const CHANGING: [(&str, &str); 2] = [
    (
        "409",
        "A unique value is taken, or an Idempotency-Key was used before with another request: \
         resource_already_exists, idempotency_error.",
    ),
    (
        "422",
        "Well formed, but cannot be carried out: unprocessable_entity_error, store_error.",
    ),
];

/// The OpenAPI document of the dialect.
pub(crate) fn openapi() -> Value {
    let mut document = Dialect::openapi();
    let (_, table) = super::table().split_for_parts();
    document.merge(table);
    document
        .components
        .get_or_insert_default()
        .add_security_scheme(
            "BearerAuth",
            SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
        );
    let mut document = serde_json::to_value(&document).unwrap_or_default();
    document["security"] = json!([{"BearerAuth": []}]);
    let schemas = document["components"]["schemas"].clone();
    settle(&mut document["components"]["schemas"], &schemas);
    for item in document["paths"]
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut)
    {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            complete(operation, method != "get");
        }
    }
    document
}

/// Objects that may be null; other optional objects are left out instead.
const NULLABLE: [&str; 4] = ["experiment", "one_time", "pending_changes", "subscription"];

/// Writes optional objects without a choice between null and a reference.
fn settle(node: &mut Value, schemas: &Value) {
    match node {
        Value::Object(fields) => {
            if let Some(Value::Object(properties)) = fields.get_mut("properties") {
                for (name, property) in properties {
                    choose(name, property, schemas);
                }
            }
            for child in fields.values_mut() {
                settle(child, schemas);
            }
        }
        Value::Array(items) => {
            for item in items {
                settle(item, schemas);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// An optional object without the choice of null, unless it may be null.
fn choose(name: &str, property: &mut Value, schemas: &Value) {
    let Some(Value::Array(choices)) = property.get("oneOf") else {
        return;
    };
    let mut others = choices.iter().filter(|choice| choice["type"] != "null");
    let (Some(only), None) = (others.next().cloned(), others.next()) else {
        return;
    };
    *property = only;
    if NULLABLE.contains(&name) {
        let target = property["$ref"]
            .as_str()
            .and_then(|path| path.rsplit('/').next());
        if let Some(target) = target {
            *property = schemas[target].clone();
        }
        property["type"] = json!(["object", "null"]);
    }
}

/// Adds what every operation has: its limit, the headers of success, the refusals.
fn complete(operation: &mut Value, changes: bool) {
    let domain = operation["x-permission"]
        .as_str()
        .and_then(|permission| permission.split(':').next())
        .unwrap_or_default()
        .to_owned();
    operation["x-rate-limit-per-minute"] = per_minute(&domain).into();
    operation["x-rate-limit-domain"] = domain.into();
    let Some(responses) = operation
        .get_mut("responses")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    for success in responses.values_mut() {
        success["headers"] = json!({
            "RevenueCat-Rate-Limit-Current-Usage": header("Requests counted in this minute."),
            "RevenueCat-Rate-Limit-Current-Limit": header("Requests allowed in a minute."),
        });
    }
    let changing = if changes { &CHANGING[..] } else { &[] };
    for (status, description) in ALWAYS.iter().chain(changing) {
        let mut refusal = json!({
            "description": description,
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/Error"}}
            },
        });
        if *status == "429" {
            refusal["headers"] = json!({"Retry-After": header("Seconds to wait.")});
        }
        responses.insert((*status).to_owned(), refusal);
    }
}

fn header(description: &str) -> Value {
    json!({"description": description, "schema": {"type": "integer"}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_resolves() {
        let document = openapi();
        let mut missing = Vec::new();
        check(&document, &document, &mut missing);
        assert_eq!(missing, Vec::<String>::new());
    }

    fn check(document: &Value, node: &Value, missing: &mut Vec<String>) {
        match node {
            Value::Object(fields) => {
                if let Some(Value::String(target)) = fields.get("$ref")
                    && document.pointer(target.trim_start_matches('#')).is_none()
                {
                    missing.push(target.clone());
                }
                for value in fields.values() {
                    check(document, value, missing);
                }
            }
            Value::Array(items) => {
                for value in items {
                    check(document, value, missing);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn operations_have_names_of_their_own() {
        let document = openapi();
        let mut names: Vec<&str> = document["paths"]
            .as_object()
            .into_iter()
            .flat_map(Map::values)
            .filter_map(Value::as_object)
            .flat_map(Map::values)
            .filter_map(|operation| operation["operationId"].as_str())
            .collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(count >= 33);
    }
}
