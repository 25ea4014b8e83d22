//! Another project's things do not exist. Made from the served OpenAPI document: every
//! operation is called with the names of one project and the key of another, and answers 404,
//! or an empty list; a new operation is covered by itself, or fails until it is listed here.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};
use suite::Rest;

use super::isolation_scene::{MARKER, Scene, line};

/// Operations that a key of another project may well call, each with the reason. They must
/// tell and change nothing all the same.
const OPEN: [(&str, &str); 7] = [
    ("getMarketplaceListing", "the path names a kind of app"),
    ("marketplaceAppInstall", "the path names a kind of app"),
    (
        "marketplaceAppAPIKeyInstall",
        "the path names a kind of app",
    ),
    (
        "marketplaceOAuth2InstallGetURL",
        "the path names a kind of app",
    ),
    (
        "marketplaceOAuth2InstallAuthorize",
        "the path names a kind of app",
    ),
    (
        "queryPortalMeter",
        "asks for a portal token; has a test of its own",
    ),
    ("appStripeWebhook", "asks for a signature and not for a key"),
];

/// What the owner of the things does not find either, each with the reason.
const ABSENT: [(&str, &str); 3] = [
    ("getProgress", "no work with progress is going on"),
    ("getCustomerStripeAppData", "the customer has no Stripe app"),
    ("getNotificationEvent", "nothing may have been notified"),
];

/// Bodies where one made of the schema alone would be refused before anything is looked up.
fn body(operation: &str) -> Option<Value> {
    let entitlement = || json!({"type": "boolean", "featureKey": "iso_feature"});
    let phases = json!([{"key": "p", "name": "P", "duration": null, "rateCards": []}]);
    let line = || json!({"currency": "USD", "lines": [line()]});
    Some(match operation {
        "updateAddon" => json!({"name": "x", "instanceType": "single", "rateCards": []}),
        "updatePlan" => json!({"name": "x", "billingCadence": "P1M", "phases": phases}),
        "createPendingInvoiceLine" => line(),
        "simulateInvoice" => {
            let mut body = line();
            body["lines"][0]["quantity"] = json!("1");
            body
        }
        "updateInvoice" => json!({
            "customer": {"name": "x"}, "supplier": {"name": "x", "addresses": [{"country": "DE"}]}, "lines": [],
            "workflow": {"workflow": {"invoicing": {}, "payment": {}}},
        }),
        "voidInvoiceAction" => json!({
            "action": {"action": {"type": "discard"}, "percentage": 100}, "reason": "x",
        }),
        "createEntitlement" | "overrideEntitlement" => entitlement(),
        "createCustomerEntitlementV2" | "overrideCustomerEntitlementV2" => entitlement(),
        "editSubscription" => json!({"customizations": [{"op": "unschedule_edit"}]}),
        "changeSubscription" => json!({"timing": "immediate", "plan": {"key": "iso_plan"}}),
        "updateSubscriptionAddon" => json!({"quantity": 1, "timing": "immediate"}),
        _ => return None,
    })
}

/// One operation of the document.
struct Operation {
    id: String,
    method: Method,
    path: String,
    body: Option<Value>,
}

/// The operations with names in their paths, the names filled in.
fn operations(document: &Value, names: &BTreeMap<&'static str, String>) -> Vec<Operation> {
    let mut found = Vec::new();
    for (template, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let mut path = String::new();
            for (index, part) in template.split('/').enumerate() {
                if index > 0 {
                    path.push('/');
                }
                match part
                    .strip_prefix('{')
                    .and_then(|part| part.strip_suffix('}'))
                {
                    None => path.push_str(part),
                    Some(name) => path.push_str(value_of(names, name, template)),
                }
            }
            if !template.contains('{') {
                continue;
            }
            let query = required_query(document, operation);
            if !query.is_empty() {
                path = format!("{path}?{query}");
            }
            let id = operation["operationId"].as_str().unwrap();
            let contents = operation["requestBody"]["content"].as_object();
            let schema = contents.and_then(|kinds| Some(&kinds.values().next()?["schema"]));
            found.push(Operation {
                body: schema
                    .map(|schema| body(id).unwrap_or_else(|| example(document, schema, ""))),
                id: id.to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                path,
            });
        }
    }
    found
}

fn value_of<'a>(names: &'a BTreeMap<&'static str, String>, name: &str, template: &str) -> &'a str {
    let name = match (name, template.contains("/profiles/")) {
        ("id", true) => "profileId",
        ("id", false) => "appId",
        (name, _) => name,
    };
    names
        .get(name)
        .unwrap_or_else(|| panic!("{template}: put a {name} into the scene"))
}

fn parameters(operation: &Value) -> impl Iterator<Item = &Value> {
    let all = operation["parameters"].as_array().into_iter().flatten();
    all.filter(|parameter| parameter["in"] == "query")
}

fn required_query(document: &Value, operation: &Value) -> String {
    let required = parameters(operation).filter(|parameter| parameter["required"] == true);
    let pairs = required.map(|parameter| {
        let name = parameter["name"].as_str().unwrap();
        let value = example(document, &parameter["schema"], name);
        format!("{name}={}", value.as_str().unwrap_or("1"))
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// The smallest value that a schema allows, or nearly.
fn example(document: &Value, schema: &Value, name: &str) -> Value {
    if let Some(target) = schema["$ref"].as_str() {
        let target = target.rsplit('/').next().unwrap();
        return example(document, &document["components"]["schemas"][target], name);
    }
    if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
        return first.clone();
    }
    for union in ["oneOf", "anyOf"] {
        let mut members = schema[union].as_array().into_iter().flatten();
        if let Some(member) = members.find(|member| member["type"] != "null") {
            return example(document, member, name);
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut whole = json!({});
        for part in parts {
            let part = example(document, part, name);
            let Value::Object(fields) = part else {
                return part;
            };
            whole.as_object_mut().unwrap().extend(fields);
        }
        return whole;
    }
    let kind = match schema["type"].as_array() {
        Some(kinds) => kinds.iter().find(|kind| *kind != "null").cloned(),
        None => Some(schema["type"].clone()),
    };
    match kind.as_ref().and_then(Value::as_str) {
        Some("array") => json!([example(document, &schema["items"], name)]),
        Some("integer" | "number") => match schema.get("minimum") {
            Some(least) => least.clone(),
            None => json!(1),
        },
        Some("boolean") => json!(true),
        Some("string") => text(schema, name).into(),
        _ => {
            let mut object = json!({});
            for required in schema["required"].as_array().into_iter().flatten() {
                let field = required.as_str().unwrap();
                object[field] = example(document, &schema["properties"][field], field);
            }
            object
        }
    }
}

fn text(schema: &Value, name: &str) -> String {
    let lower = name.to_lowercase();
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    let text = match schema["format"].as_str() {
        Some("date-time") => "2026-01-01T00:00:00Z",
        Some("duration") => "P1M",
        Some(_) | None if lower.contains("cadence") || lower.contains("duration") => "P1M",
        Some(_) | None if lower.contains("currency") => "USD",
        Some(_) | None if lower.ends_with("url") => "http://127.0.0.1:9/x",
        Some(_) | None if pattern.starts_with("^[0-7]") => "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        Some(_) | None if lower.contains("amount") || lower.contains("quantity") => "1",
        Some(_) | None => "x",
    };
    text.to_owned()
}

async fn call(rest: &Rest, operation: &Operation) -> (u16, String) {
    let mut request = rest.request(operation.method.clone(), &operation.path);
    if let Some(body) = &operation.body {
        request = request.json(body);
    }
    let answer = rest.send(request).await;
    (answer.status, answer.text)
}

#[tokio::test]
async fn no_operation_reaches_into_another_project() {
    let scene = Scene::set().await;
    let (owner, stranger) = (scene.world.rest(), scene.strange_rest());
    let document = owner.get("/openapi/openmeter.json").await.expect(200);
    let operations = operations(&document, &scene.names);
    assert!(operations.len() > 90, "{} operations", operations.len());
    let mut wrong = Vec::new();
    for operation in &operations {
        let (status, text) = call(&stranger, operation).await;
        let open = OPEN.iter().any(|(id, _)| *id == operation.id);
        if text.contains(MARKER) || (status != 404 && !open) {
            wrong.push(format!(
                "{} {} {}: {status} {text}",
                operation.id, operation.method, operation.path
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    scene.is_untouched().await;
    // The names were right: their owner finds what the stranger did not.
    for operation in operations.iter().filter(|one| one.method == Method::GET) {
        let known = OPEN.iter().any(|(id, _)| *id == operation.id)
            || ABSENT.iter().any(|(id, _)| *id == operation.id);
        let (status, text) = call(&owner, operation).await;
        if status == 404 && !known {
            wrong.push(format!("{} {}: {text}", operation.id, operation.path));
        }
    }
    assert!(
        wrong.is_empty(),
        "the owner finds nothing: {}",
        wrong.join("\n")
    );
    scene.world.stop().await;
}

#[tokio::test]
async fn no_list_shows_things_of_another_project() {
    let scene = Scene::set().await;
    let stranger = scene.strange_rest();
    let document = scene.world.rest().get("/openapi/openmeter.json").await;
    let document = document.expect(200);
    let mut calls = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let operation = &methods["get"];
        if operation.is_null() || path.contains('{') {
            continue;
        }
        let required = required_query(&document, operation);
        calls.push(format!("{path}?{required}"));
        // Each filter that could name something, with the name of it.
        for parameter in parameters(operation) {
            let filter = parameter["name"].as_str().unwrap();
            for (kind, name) in [
                ("customer", "customerId"),
                ("subject", "subjectIdOrKey"),
                ("plan", "planId"),
                ("feature", "featureId"),
                ("meter", "meterSlug"),
                ("channel", "channelId"),
                ("rule", "ruleId"),
                ("invoice", "invoiceId"),
                ("addon", "addonId"),
                ("id", "customerId"),
            ] {
                if filter.to_lowercase().contains(kind) {
                    calls.push(format!("{path}?{required}&{filter}={}", scene.names[name]));
                }
            }
        }
    }
    assert!(calls.len() > 40, "{}", calls.len());
    for path in calls {
        let answer = stranger.get(&path).await;
        assert!(
            answer.status < 500,
            "{path}: {} {}",
            answer.status,
            answer.text
        );
        assert!(!answer.text.contains(MARKER), "{path}: {}", answer.text);
        if answer.status >= 300 {
            continue;
        }
        for (name, id) in &scene.names {
            // Ids only: a key may be anybody's.
            if id.len() == 26 {
                assert!(!answer.text.contains(id), "{path}: {name}: {}", answer.text);
            }
        }
    }
    scene.is_untouched().await;
    scene.world.stop().await;
}

#[tokio::test]
async fn a_portal_token_opens_the_meters_of_its_own_project() {
    let scene = Scene::set().await;
    let token = json!({"subject": "iso_subject"});
    let made = scene
        .strange_rest()
        .post("/api/v1/portal/tokens", token)
        .await;
    let token = made.json["token"].as_str().unwrap().to_owned();
    let portal = scene.world.rest().with_key(Some(&token));
    let answer = portal.get("/api/v1/portal/meters/iso_meter/query").await;
    assert!((400..500).contains(&answer.status), "{}", answer.text);
    assert!(!answer.text.contains(MARKER));
    scene.world.stop().await;
}
