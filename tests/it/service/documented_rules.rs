//! The rules that the comments of the contract state, held against the services: nothing required may be missing, limits are kept
//! and named, and a text that no database can hold is the caller's mistake. The comments are those that `/docs` shows.

use std::collections::BTreeMap;

use chassis::{
    error::details,
    permission::{Need, Rules},
};
use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor,
    MethodDescriptor, Value,
};
use serde_json::json;
use suite::{World, grpc::call};
use tonic::{Code, Status, transport::Channel};

/// Deepest message that is filled with bad texts.
const DEPTH: usize = 3;

/// An installation, and what is documented of its calls.
pub(super) struct Desk {
    pub(super) world: World,
    channel: Channel,
    rules: Rules,
    pub(super) pool: DescriptorPool,
    /// Comments by message and field.
    comments: BTreeMap<(String, String), String>,
}

impl Desk {
    pub(super) async fn open() -> Self {
        let world = World::start().await;
        let protos = world.rest().get("/docs/protos.json").await.expect(200);
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let mut comments = BTreeMap::new();
        for kind in protos["types"].as_array().unwrap() {
            for field in kind["fields"].as_array().into_iter().flatten() {
                let place = (text(&kind["name"]), text(&field["name"]));
                comments.insert(place, text(&field["comment"]));
            }
        }
        let address = format!("http://{}", world.grpc());
        let channel = Channel::from_shared(address).unwrap();
        Self {
            channel: channel.connect().await.unwrap(),
            world,
            rules: Rules::load(),
            pool: DescriptorPool::decode(contract::FILE_DESCRIPTOR_SET).unwrap(),
            comments,
        }
    }

    fn comment(&self, field: &FieldDescriptor) -> &str {
        let message = field.parent_message().full_name().to_owned();
        &self.comments[&(message, field.name().to_owned())]
    }

    /// The calls that keys may make and that take one request and give one answer.
    fn methods(&self) -> Vec<MethodDescriptor> {
        let services = self.pool.services();
        let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
        methods
            .filter(|method| {
                let rule = self.rules.get(&path(method)).unwrap();
                !rule.streams && matches!(rule.need, Some(Need::Permission(_) | Need::Credential))
            })
            .collect()
    }

    pub(super) async fn ask(
        &self,
        method: &MethodDescriptor,
        request: &DynamicMessage,
    ) -> Result<(), Status> {
        let bytes = request.encode_to_vec();
        let answer = call(&self.channel, self.world.key(), &path(method), bytes).await;
        answer.map(drop)
    }
}

fn path(method: &MethodDescriptor) -> String {
    let service = method.parent_service().full_name().to_owned();
    format!("/{service}/{}", method.name())
}

/// The fields that a refusal names; none when it is no refusal of a request.
pub(super) fn named(answer: &Result<(), Status>) -> Vec<String> {
    match answer {
        Err(status) if status.code() == Code::InvalidArgument => {
            let violations = details(status).violations.into_iter();
            violations.map(|violation| violation.field).collect()
        }
        Ok(()) | Err(_) => Vec::new(),
    }
}

/// What is asked of the state before the request is looked at.
const STATE_FIRST: [&str; 1] = ["/perennial.customer.v1.ClockService/AdvanceClock"];

#[tokio::test]
async fn nothing_required_may_be_missing() {
    let desk = Desk::open().await;
    let (mut wrong, mut count) = (Vec::new(), 0);
    for method in desk.methods() {
        let input = method.input();
        let required = input
            .fields()
            .any(|field| desk.comment(&field).contains("Required"));
        if !required || STATE_FIRST.contains(&path(&method).as_str()) {
            continue;
        }
        count += 1;
        let answer = desk.ask(&method, &DynamicMessage::new(input)).await;
        // An empty id names nothing.
        let refused =
            |status: &Status| [Code::InvalidArgument, Code::NotFound].contains(&status.code());
        if !answer.as_ref().is_err_and(refused) {
            wrong.push(format!("{}: {answer:?}", path(&method)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 100, "{count} calls");
    desk.world.stop().await;
}

/// The most that a comment allows: elements of a list, or characters of a text.
fn most(comment: &str, of_text: bool) -> Option<usize> {
    let spaced = comment.replace("..", " to ");
    let words: Vec<&str> = spaced
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| c.is_ascii_punctuation()))
        .collect();
    let number = |index: usize| words.get(index)?.parse::<usize>().ok();
    (0..words.len()).find_map(|index| {
        let at_most =
            words[index].eq_ignore_ascii_case("at") && words.get(index + 1) == Some(&"most");
        let span = number(index).is_some() && words.get(index + 1) == Some(&"to");
        if !at_most && !span {
            return None;
        }
        let place = index + 2;
        let fits = !of_text || words.get(place + 1) == Some(&"characters");
        number(place).filter(|_| fits)
    })
}

/// A field with one element or character more than it may have.
fn too_much(field: &FieldDescriptor, most: usize) -> Option<Value> {
    if field.is_map() {
        let entry = |index: usize| {
            (
                MapKey::String(format!("k{index}")),
                Value::String("v".into()),
            )
        };
        return Some(Value::Map((0..=most).map(entry).collect()));
    }
    let element = |index: usize| {
        if let Kind::Message(message) = field.kind() {
            return Some(Value::Message(DynamicMessage::new(message)));
        }
        (field.kind() == Kind::String).then(|| Value::String(format!("x{index}")))
    };
    if field.is_list() {
        let elements: Option<_> = (0..=most).map(element).collect();
        return elements.map(Value::List);
    }
    (field.kind() == Kind::String).then(|| Value::String("x".repeat(most + 1)))
}

/// A field whose limit is looked at after the thing that it is about, which is not there.
const THING_FIRST: [(&str, &str); 7] = [
    ("UpdateInvoice", "metadata"),
    ("CreatePlanAddon", "metadata"),
    ("ListPlanAddons", "addon_ids"),
    ("ListPlanAddons", "addon_keys"),
    ("ListPlanAddons", "key_versions"),
    ("ChangeReportedSubscription", "product_key"),
    ("EditSubscription", "operations"),
];

/// What else a request needs before its limits are looked at.
fn rest_of(method: &MethodDescriptor) -> serde_json::Value {
    let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    let event = json!({"source": "desk", "id": "1"});
    let source = json!({"plan": {"key": "pro"}});
    let report = json!({
        "primaryEmail": "a@acme.com", "customerHandle": "acme", "productKey": "pro", "intervalDuration": "P1M",
        "amountHundredths": "4900", "effectiveTime": "2026-01-01T00:00:00Z",
    });
    match method.name() {
        "PutCustomerApps" => json!({"customerId": id}),
        "CreatePendingLines" => json!({"customerId": id, "currencyCode": "USD"}),
        "VoidEvents" => json!({"events": [event]}),
        "ReplaceEvent" => json!({"event": event, "replacement": {}}),
        "QueryMeter" => json!({"meter": {"slug": "calls"}}),
        "SetTrait" => json!({"category": "size", "trait": "large"}),
        "GrantPromotionalAccess" => json!({"customer": {"key": "acme"}}),
        "CreateReportedSubscription" => report,
        "UpsertReportedSubscription" => json!({"effectiveTime": "2026-01-01T00:00:00Z"}),
        "UpsertReportedPayment" => json!({"key": "invoice-1"}),
        "CreateSubscription" => json!({"customerKey": "acme", "source": source}),
        "ChangeSubscription" => {
            json!({"id": id, "source": source, "timing": {"policy": "TIMING_POLICY_IMMEDIATE"}})
        }
        "CreateSubscriptionAddon" => json!({"subscriptionId": id, "addonId": id}),
        _ => json!({}),
    }
}

#[tokio::test]
async fn limits_are_kept() {
    let desk = Desk::open().await;
    let rest = desk.world.rest();
    let customer = json!({"key": "acme", "name": "Acme"});
    rest.post("/api/v1/customers", customer).await.expect(201);
    let meter = json!({"slug": "calls", "eventType": "call", "aggregation": "COUNT"});
    rest.post("/api/v1/meters", meter).await.expect(201);
    let (mut wrong, mut count) = (Vec::new(), 0);
    for method in desk.methods() {
        for field in method.input().fields() {
            // What makes a call repeatable is looked at last, in one place for all calls.
            let skipped = field.name() == "request_id"
                || THING_FIRST.contains(&(method.name(), field.name()));
            if skipped {
                continue;
            }
            let of_text = !field.is_list() && !field.is_map();
            let limit = most(desk.comment(&field), of_text);
            let Some(value) = limit.and_then(|most| too_much(&field, most)) else {
                continue;
            };
            count += 1;
            let mut request =
                DynamicMessage::deserialize(method.input(), rest_of(&method)).unwrap();
            request.set_field(&field, value);
            let answer = desk.ask(&method, &request).await;
            if !named(&answer).iter().any(|name| name == field.name()) {
                wrong.push(format!("{} {}: {answer:?}", path(&method), field.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 60, "{count} fields");
    desk.world.stop().await;
}

/// A value that is full of a text that PostgreSQL cannot hold.
fn unstorable(field: &FieldDescriptor, depth: usize) -> Option<Value> {
    let text = || "a\0b".to_owned();
    if field.is_map() {
        let entry = (MapKey::String(text()), Value::String(text()));
        let texts = matches!(field.kind(), Kind::Message(entry) if entry.map_entry_value_field().kind() == Kind::String);
        return texts.then(|| Value::Map([entry].into()));
    }
    let value = if let Kind::Message(message) = field.kind() {
        (depth < DEPTH).then(|| Value::Message(all_unstorable(&message, depth + 1)))
    } else {
        (field.kind() == Kind::String).then(|| Value::String(text()))
    };
    if field.is_list() {
        return value.map(|value| Value::List(vec![value]));
    }
    value
}

fn all_unstorable(message: &MessageDescriptor, depth: usize) -> DynamicMessage {
    let mut filled = DynamicMessage::new(message.clone());
    for field in message.fields() {
        if let Some(value) = unstorable(&field, depth) {
            filled.set_field(&field, value);
        }
    }
    filled
}

#[tokio::test]
async fn a_text_that_cannot_be_stored_is_no_failure_of_ours() {
    let desk = Desk::open().await;
    let (mut wrong, mut count) = (Vec::new(), 0);
    for method in desk.methods() {
        // All fields at once, and each alone: what is wrong first hides the rest.
        let mut requests = vec![all_unstorable(&method.input(), 0)];
        for field in method.input().fields() {
            // These are no texts of the caller's: the chassis reads them for all calls alike.
            if ["request_id", "page_token", "etag"].contains(&field.name()) {
                continue;
            }
            if let Some(value) = unstorable(&field, 0) {
                let mut request = DynamicMessage::new(method.input());
                request.set_field(&field, value);
                requests.push(request);
            }
        }
        for request in requests {
            count += 1;
            if let Err(status) = desk.ask(&method, &request).await
                && matches!(status.code(), Code::Internal | Code::Unknown)
            {
                wrong.push(format!("{} {request:?}: {status:?}", path(&method)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 300, "{count} requests");
    desk.world.stop().await;
}
