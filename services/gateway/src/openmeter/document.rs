//! The OpenAPI document of the dialect: what the route table says, with the parts that are
//! the same for every operation added here.

use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::error::ProblemDocument;

/// What the document says of the dialect as a whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Perennial: OpenMeter dialect",
        description = "Metering, entitlements, catalog, subscriptions and invoices. Errors are \
                       problem documents (RFC 7807). Every mutating operation accepts an \
                       `Idempotency-Key` header of 1 to 255 characters."
    ),
    components(schemas(ProblemDocument))
)]
struct Dialect;

/// Error statuses that any operation may answer with.
const COMMON: [(&str, &str); 7] = [
    ("400", "The request breaks the contract or a rule."),
    ("401", "There is no valid key."),
    (
        "403",
        "The key lacks a permission, or the state forbids it.",
    ),
    ("412", "The customer or subject is deleted."),
    ("500", "A failure of the server."),
    ("503", "A part of the server cannot be reached; try again."),
    ("default", "Any other problem."),
];

/// The OpenAPI document of the dialect.
pub fn openapi() -> Value {
    let mut document = Dialect::openapi();
    for routes in [
        super::table(),
        super::portal_table(),
        super::provider_table(),
    ] {
        let (_, table) = routes.split_for_parts();
        document.merge(table);
    }
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(
        "key",
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
    );
    let mut document = serde_json::to_value(&document).unwrap_or_default();
    document["security"] = json!([{"key": []}]);
    simplify(&mut document);
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        discriminate(schemas);
    }
    if let Some(paths) = document["paths"].as_object_mut() {
        for operation in paths
            .values_mut()
            .filter_map(Value::as_object_mut)
            .flat_map(|item| item.values_mut())
        {
            complete(operation);
        }
    }
    document
}

/// Writes optional properties without null: they are left out instead. (Properties that are
/// required may still be null, and say so.)
fn simplify(node: &mut Value) {
    match node {
        Value::Object(fields) => {
            let required: Vec<Value> = fields
                .get("required")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default();
            if let Some(Value::Object(properties)) = fields.get_mut("properties") {
                for (name, property) in properties {
                    if !required.contains(&Value::String(name.clone())) {
                        without_null(property);
                    }
                }
            }
            fields.values_mut().for_each(simplify);
        }
        Value::Array(items) => items.iter_mut().for_each(simplify),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn without_null(schema: &mut Value) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    if let Some(Value::Array(options)) = schema.get_mut("oneOf") {
        options.retain(|option| option["type"] != "null");
        if let [only] = options.as_slice() {
            *schema = only.clone();
        }
    }
}

/// Writes the discriminator of a union into its members, so that each of them is complete
/// by itself, and names it.
fn discriminate(schemas: &mut Map<String, Value>) {
    let mut tags = Vec::new();
    for schema in schemas.values_mut() {
        let mut mapping = Map::new();
        let Some(Value::Array(members)) = schema.get_mut("oneOf") else {
            continue;
        };
        for member in members {
            let Some((target, tag, property)) = tagged(member) else {
                continue;
            };
            if let Some(word) = property["enum"][0].as_str() {
                mapping.insert(word.to_owned(), target.clone().into());
            }
            *member = json!({"$ref": target});
            tags.push((target, tag, property));
        }
        if let Some((_, tag, _)) = tags.last()
            && !mapping.is_empty()
        {
            schema["discriminator"] = json!({"propertyName": tag, "mapping": mapping});
        }
    }
    for (target, tag, property) in tags {
        let name = target.rsplit('/').next().unwrap_or_default();
        let Some(member) = schemas.get_mut(name) else {
            continue;
        };
        member["properties"][&tag] = property;
        if let Some(required) = member
            .as_object_mut()
            .map(|member| member.entry("required").or_insert_with(|| json!([])))
            .and_then(Value::as_array_mut)
            && !required.contains(&Value::String(tag.clone()))
        {
            required.push(tag.into());
        }
    }
}

/// A member of a union as it is derived: a reference and an object with the discriminator.
fn tagged(member: &Value) -> Option<(String, String, Value)> {
    let [reference, object] = member["allOf"].as_array()?.as_slice() else {
        return None;
    };
    let target = reference["$ref"].as_str()?.to_owned();
    let (tag, property) = object["properties"].as_object()?.iter().next()?;
    Some((target, tag.clone(), property.clone()))
}

/// Adds the answers that every operation may give.
fn complete(operation: &mut Value) {
    let Some(responses) = operation
        .get_mut("responses")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    for (status, description) in COMMON {
        responses
            .entry(status)
            .or_insert_with(|| json!({"description": description}));
    }
    for (status, response) in responses {
        if status.starts_with('2') || status.starts_with('3') {
            continue;
        }
        response["content"] = json!({
            "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/UnexpectedProblemResponse"}
            }
        });
    }
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
            .flat_map(|paths| paths.values())
            .filter_map(Value::as_object)
            .flat_map(|item| item.values())
            .filter_map(|operation| operation["operationId"].as_str())
            .collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(count > 10);
    }
}
