//! What the tests of plans and add-ons are made of: rate cards, phases, plans and add-ons as bodies, and short ways to
//! publish them and to read their issues.

use serde_json::{Value, json};
use suite::Rest;

pub const PLANS: &str = "/api/v1/plans";
pub const ADDONS: &str = "/api/v1/addons";

pub fn id(resource: &Value) -> &str {
    resource["id"].as_str().unwrap()
}

pub fn flat(key: &str, amount: &str, cadence: &str) -> Value {
    json!({
        "type": "flat_fee", "key": key, "name": key, "billingCadence": cadence,
        "price": {"type": "flat", "amount": amount},
    })
}

pub fn unit(key: &str, amount: &str) -> Value {
    json!({
        "type": "usage_based", "key": key, "name": key, "billingCadence": "P1M",
        "price": {"type": "unit", "amount": amount},
    })
}

pub fn phase(key: &str, duration: Value, cards: Vec<Value>) -> Value {
    json!({"key": key, "name": key, "duration": duration, "rateCards": cards})
}

pub fn plan(key: &str, phases: Vec<Value>) -> Value {
    json!({"key": key, "name": key, "currency": "USD", "billingCadence": "P1M", "phases": phases})
}

pub fn simple(key: &str) -> Value {
    plan(
        key,
        vec![phase("only", Value::Null, vec![flat("fee", "10", "P1M")])],
    )
}

pub fn addon(key: &str, kind: &str, cards: Vec<Value>) -> Value {
    json!({"key": key, "name": key, "currency": "USD", "instanceType": kind, "rateCards": cards})
}

/// Codes and fields of the issues of a problem or of a resource.
pub fn issues(body: &Value) -> Vec<(String, String)> {
    let list = body
        .pointer("/extensions/validationErrors")
        .or_else(|| body.get("validationErrors"));
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|issue| {
            let text = |name: &str| issue[name].as_str().unwrap_or_default().to_owned();
            (text("code"), text("field"))
        })
        .collect()
}

pub fn issue(code: &str, field: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), field.to_owned())]
}

pub async fn act(rest: &Rest, path: &str, action: &str, status: u16) -> Value {
    rest.post(&format!("{path}/{action}"), Value::Null)
        .await
        .expect(status)
}
