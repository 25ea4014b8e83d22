//! The examples of the reference at `/docs`, run from top to bottom against the server that shows them, and the descriptor set
//! that it gives away.

use std::collections::BTreeMap;

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use reqwest::Method;
use serde_json::Value;
use suite::{Rest, World, grpc};
use tonic::transport::Channel;

/// What earlier answers said, by the names that later examples have for it.
#[derive(Default)]
struct Kept(BTreeMap<String, String>);

impl Kept {
    /// A text with what was kept in the place of its names.
    fn fill(&self, text: &str) -> String {
        let kept = self.0.iter();
        kept.fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), value)
        })
    }

    fn filled(&self, value: &Value) -> Value {
        serde_json::from_str(&self.fill(&value.to_string())).unwrap()
    }

    fn keep(&mut self, names: &Value, answer: &Value) {
        for (name, path) in names.as_object().into_iter().flatten() {
            let steps = path.as_str().unwrap().split('.');
            let value = steps.fold(answer, |value, step| &value[step]);
            self.0
                .insert(name.clone(), value.as_str().unwrap().to_owned());
        }
    }
}

/// Whether an answer has all that is expected of it; it may have more fields.
fn has(answer: &Value, expected: &Value) -> bool {
    match (answer, expected) {
        (Value::Object(answer), Value::Object(expected)) => expected
            .iter()
            .all(|(name, expected)| answer.get(name).is_some_and(|answer| has(answer, expected))),
        (Value::Array(answer), Value::Array(expected)) => {
            let pairs = || answer.iter().zip(expected);
            answer.len() == expected.len()
                && pairs().all(|(answer, expected)| has(answer, expected))
        }
        (answer, expected) => answer == expected,
    }
}

/// Makes a gRPC call from its JSON.
async fn call(
    pool: &DescriptorPool,
    channel: &Channel,
    key: &str,
    entry: &str,
    request: Value,
) -> Value {
    let (service, method) = entry.split_once('/').unwrap();
    let service = pool.get_service_by_name(service).unwrap();
    let method = service
        .methods()
        .find(|known| known.name() == method)
        .unwrap();
    let request = DynamicMessage::deserialize(method.input(), request).unwrap();
    let answer = grpc::call(channel, key, &format!("/{entry}"), request.encode_to_vec()).await;
    let answer = answer.unwrap_or_else(|status| panic!("{entry}: {status}"));
    let answer = DynamicMessage::decode(method.output(), answer.as_slice()).unwrap();
    serde_json::to_value(answer).unwrap()
}

/// Makes a REST call.
async fn send(rest: &Rest, example: &Value, kept: &Kept) -> Value {
    let entry = example["entry"].as_str().unwrap();
    let method: Method = entry.split(' ').next().unwrap().parse().unwrap();
    let path = kept.fill(example["path"].as_str().unwrap());
    // Another key than that of the world, in the form in which the dialect wants it.
    let mut request = match example["authorization"].as_str() {
        Some(other) => {
            let request = rest.with_key(None).request(method, &path);
            request.header("authorization", kept.fill(other))
        }
        None => rest.request(method, &path),
    };
    if let Some(body) = example.get("request") {
        let kind = example["type"].as_str().unwrap_or("application/json");
        request = request
            .header("content-type", kind)
            .body(kept.filled(body).to_string());
    }
    let answer = rest.send(request).await;
    assert_eq!(answer.status, example["status"], "{entry}: {}", answer.text);
    answer.json
}

#[tokio::test]
async fn the_examples_of_the_reference_work() {
    let world = World::start().await;
    let rest = world.rest();
    let examples = rest.get("/docs/examples.json").await.expect(200);
    let server = rest.get("/docs/server.json").await.expect(200);
    assert_eq!(server["grpc"]["port"], world.grpc().port());
    let descriptors = rest
        .request(Method::GET, "/docs/perennial.binpb")
        .send()
        .await
        .unwrap();
    let pool = DescriptorPool::decode(descriptors.bytes().await.unwrap()).unwrap();
    let address = format!("http://{}", world.grpc());
    let channel = Channel::from_shared(address)
        .unwrap()
        .connect()
        .await
        .unwrap();
    let mut kept = Kept::default();
    for example in examples.as_array().unwrap() {
        let entry = example["entry"].as_str().unwrap();
        let answer = if example["document"] == "grpc" {
            let request = kept.filled(&example["request"]);
            call(&pool, &channel, world.key(), entry, request).await
        } else {
            send(&rest, example, &kept).await
        };
        kept.keep(&example["keep"], &answer);
        let expected = kept.filled(example.get("answer").unwrap_or(&Value::Null));
        assert!(
            expected.is_null() || has(&answer, &expected),
            "{entry}: {answer:#}"
        );
    }
    world.stop().await;
}
