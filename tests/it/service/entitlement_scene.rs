//! What the tests of entitlements and grants start from: a frozen clock, meters, features and
//! a customer, and short ways to use and read them.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use suite::{Rest, World};

pub const START: &str = "2026-03-01T00:00:00Z";
pub const NEXT_PERIOD: &str = "2026-04-01T01:00:00Z";

/// A world at [`START`] with a feature `f` on a sum, `latest` and `unique` on the same events,
/// and `gpt` on a count of those of one model.
pub struct Scene {
    pub world: World,
    pub rest: Rest,
    pub events: AtomicUsize,
}

impl Scene {
    pub async fn new() -> Self {
        let world = World::start().await;
        world
            .client()
            .freeze_clock(START.parse().unwrap())
            .await
            .unwrap();
        let rest = world.rest();
        for (slug, aggregation) in [
            ("f", "SUM"),
            ("latest", "LATEST"),
            ("unique", "UNIQUE_COUNT"),
            ("gpt", "COUNT"),
        ] {
            let mut meter = json!({
                "slug": slug, "eventType": "use", "aggregation": aggregation, "groupBy": {"model": "$.model"},
            });
            if aggregation != "COUNT" {
                meter["valueProperty"] = json!("$.v");
            }
            rest.post("/api/v1/meters", meter).await.expect(201);
            let mut feature = json!({"key": slug, "name": slug, "meterSlug": slug});
            if slug == "gpt" {
                feature["meterGroupByFilters"] = json!({"model": "gpt-4"});
            }
            rest.post("/api/v1/features", feature).await.expect(201);
        }
        rest.post("/api/v1/features", json!({"key": "plain", "name": "Plain"}))
            .await
            .expect(201);
        Self {
            world,
            rest,
            events: AtomicUsize::new(0),
        }
    }

    pub async fn advance(&self, by: &str) {
        self.world.client().advance_clock(by).await.unwrap();
    }

    pub async fn customer(&self, key: &str) {
        self.rest
            .post(
                "/api/v1/customers",
                json!({"key": key, "name": key, "usageAttribution": {"subjectKeys": [key]}}),
            )
            .await
            .expect(201);
    }

    /// A customer with a monthly metered entitlement.
    pub async fn metered(&self, customer: &str, feature: &str, further: Value) -> Value {
        self.customer(customer).await;
        let mut body = json!({
            "type": "metered", "featureKey": feature,
            "usagePeriod": {"interval": "MONTH", "anchor": START},
        });
        for (name, value) in further.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.rest.post(&list_path(customer), body).await.expect(201)
    }

    pub async fn grant(
        &self,
        customer: &str,
        feature: &str,
        amount: i64,
        from: &str,
        further: Value,
    ) -> Value {
        let mut body = json!({"amount": amount, "effectiveAt": from});
        for (name, value) in further.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.rest
            .post(&format!("{}/grants", path(customer, feature)), body)
            .await
            .expect(201)
    }

    pub async fn usage(&self, customer: &str, value: i64, time: &str) {
        let id = self.events.fetch_add(1, Ordering::Relaxed).to_string();
        let event = json!({
            "specversion": "1.0", "id": id, "source": "test", "type": "use", "subject": customer,
            "time": time, "data": {"v": value},
        });
        self.rest
            .post_text(
                "/api/v1/events",
                "application/cloudevents+json",
                &event.to_string(),
            )
            .await
            .expect(204);
    }

    /// Balance, usage and overage at a time.
    pub async fn value(&self, customer: &str, feature: &str, time: &str) -> [Value; 3] {
        let value = self
            .rest
            .get(&format!("{}/value?time={time}", path(customer, feature)))
            .await
            .expect(200);
        ["balance", "usage", "overage"].map(|name| value[name].clone())
    }

    pub async fn history(&self, customer: &str, feature: &str, query: &str) -> Value {
        self.rest
            .get(&format!("{}/history?{query}", path(customer, feature)))
            .await
            .expect(200)
    }
}

pub fn list_path(customer: &str) -> String {
    format!("/api/v2/customers/{customer}/entitlements")
}

pub fn path(customer: &str, feature: &str) -> String {
    format!("{}/{feature}", list_path(customer))
}

/// Some members of every item of a list.
pub fn columns<const N: usize>(list: &Value, names: [&str; N]) -> Vec<[Value; N]> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| names.map(|name| item[name].clone()))
        .collect()
}
