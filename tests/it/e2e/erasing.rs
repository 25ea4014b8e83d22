//! A customer with usage, a subscription, paid and pending invoices, notifications, rights, traits and revenue is anonymized,
//! then erased: afterwards no service knows anything of who it was, and nothing that was counted or charged is another.

use contract::customer::v1::KeyKind;
use contract::entitlement::v1::ListActiveAccessRequest;
use reqwest::Method;
use serde_json::{Value, json};
use suite::{Receiver, World};

use crate::service::ledger_scene::{Caller, token};

const PLAN: &str = "/api/v1/plans";
const PHONE: &str = "muster-phone";

/// The dialects of one project, and a customer `olga` who is known in all of them.
struct Story {
    world: World,
    profitwell: Caller,
    probe: Caller,
    revenuecat: String,
    /// ULID of the customer.
    olga: String,
    /// Where notifications go.
    _receiver: Receiver,
}

impl Story {
    async fn begin() -> Self {
        let world =
            World::with(&[("rate_limits", "off"), ("allow_private_webhooks", "true")]).await;
        let client = world.client();
        client
            .freeze_clock("2026-06-01T00:00:00Z".parse().unwrap())
            .await
            .unwrap();
        let profitwell = token(&world, KeyKind::ProfitwellPrivate).await;
        let profitwell = Caller::profitwell(&world, &profitwell);
        let probe = Caller::probe(&world, &token(&world, KeyKind::Probe).await);
        let project = client
            .projects()
            .get_project(contract::customer::v1::GetProjectRequest {})
            .await
            .unwrap()
            .into_inner()
            .project
            .unwrap();
        let rest = world.rest();
        let plan = json!({
            "key": "team", "name": "Team", "currency": "USD", "billingCadence": "P1M",
            "phases": [{"key": "default", "name": "Default", "duration": null, "rateCards": [
                {"type": "flat_fee", "key": "fee", "name": "Fee", "billingCadence": "P1M",
                 "price": {"type": "flat", "amount": "50", "paymentTerm": "in_advance"}},
                {"type": "flat_fee", "key": "help", "name": "Help", "featureKey": "help",
                 "billingCadence": "P1M", "price": {"type": "flat", "amount": "1", "paymentTerm": "in_arrears"},
                 "entitlementTemplate": {"type": "boolean"}},
            ]}],
        });
        let feature = json!({"key": "help", "name": "Help"});
        rest.post("/api/v1/features", feature).await.expect(201);
        let plan = rest.post(PLAN, plan).await.expect(201);
        let publish = format!("{PLAN}/{}/publish", plan["id"].as_str().unwrap());
        rest.post(&publish, Value::Null).await.expect(200);
        let receiver = Receiver::start(|_| 204).await;
        let channel = json!({"type": "WEBHOOK", "name": "ops", "url": receiver.url("/hook")});
        let channels = "/api/v1/notification/channels";
        let channel = rest.post(channels, channel).await.expect(201);
        let rule = json!({"type": "invoice.created", "name": "new", "channels": [channel["id"]]});
        let rules = "/api/v1/notification/rules";
        rest.post(rules, rule).await.expect(201);
        let customer = json!({
            "key": "olga", "name": "Olga Muster", "primaryEmail": "olga@muster.example",
            "billingAddress": {"country": "DE", "city": "Musterstadt"},
            "usageAttribution": {"subjectKeys": [PHONE]},
        });
        let made = rest.post("/api/v1/customers", customer).await.expect(201);
        let meter = json!({
            "slug": "calls", "eventType": "call", "aggregation": "SUM", "valueProperty": "$.n",
        });
        rest.post("/api/v1/meters", meter).await.expect(201);
        let call = json!({
            "specversion": "1.0", "id": "1", "source": "app", "type": "call", "subject": PHONE,
            "time": "2026-05-30T00:00:00Z", "data": {"n": "3.5", "from": "Musterstadt"},
        });
        rest.post("/api/v1/events", call).await.expect(204);
        let body = json!({"customerKey": "olga", "plan": {"key": "team"}});
        rest.post("/api/v1/subscriptions", body).await.expect(201);
        let path = format!(
            "/api/v1/billing/customers/{}/invoices/pending-lines",
            made["id"].as_str().unwrap()
        );
        let lines = json!({"currency": "USD", "lines": [{
            "name": "Extra", "invoiceAt": "2026-07-01T00:00:00Z",
            "period": {"from": "2026-06-01T00:00:00Z", "to": "2026-07-01T00:00:00Z"},
            "rateCard": {"price": {"type": "flat", "amount": "5"}},
        }]});
        rest.post(&path, lines).await.expect(201);
        // What follows feeds has heard of all that.
        client.advance_clock("PT1S").await.unwrap();
        let given = json!({"customer_id": "olga", "category": "size", "trait": "large"});
        profitwell.post("/traits", &given).await.expect(204);
        Self {
            revenuecat: format!("/v2/projects/{}", project.revenuecat_id),
            olga: made["id"].as_str().unwrap().to_owned(),
            profitwell,
            probe,
            world,
            _receiver: receiver,
        }
    }

    /// What the meter has counted, by subject.
    async fn usage(&self) -> Value {
        let path = "/api/v1/meters/calls/query?groupBy=subject";
        let told = self.world.rest().get(path).await.expect(200);
        let rows = told["data"].as_array().unwrap().iter();
        let shown = rows.map(|row| json!([row["subject"], row["value"]]));
        Value::Array(shown.collect())
    }

    /// How many notifications there are, and whether they say whose they are.
    async fn notified(&self) -> (usize, bool) {
        let path = "/api/v1/notification/events";
        let told = self.world.rest().get(path).await.expect(200);
        let count = told["items"].as_array().unwrap().len();
        (count, told.to_string().contains("uster"))
    }

    async fn invoices(&self) -> Vec<Value> {
        let path = format!(
            "/api/v1/billing/invoices?customers={}&expand=lines",
            self.olga
        );
        let list = self.world.rest().get(&path).await.expect(200);
        list["items"].as_array().unwrap().clone()
    }

    /// How many features the customer may use.
    async fn rights(&self) -> usize {
        let request = ListActiveAccessRequest {
            customer_ids: vec![self.olga.clone()],
        };
        let answer = self
            .world
            .client()
            .access()
            .list_active_access(request)
            .await;
        answer.unwrap().into_inner().access.len()
    }

    /// Recurring revenue of the month.
    async fn revenue(&self) -> Value {
        let path = "/metrics/monthly?metrics=recurring_revenue";
        let told = self.profitwell.get(path).await.expect(200);
        let months = told["data"]["recurring_revenue"]
            .as_array()
            .unwrap()
            .last()
            .cloned();
        months.map_or(Value::Null, |month| month["value"].clone())
    }
}

#[tokio::test]
async fn a_customer_who_goes_leaves_bare_invoices_and_nothing_else() {
    let story = Story::begin().await;
    let rest = story.world.rest();
    let invoices = story.invoices().await;
    assert_eq!(invoices.len(), 2, "{invoices:?}");
    let paid = invoices
        .iter()
        .find(|one| one["status"] == "paid")
        .unwrap()
        .clone();
    let pending = invoices
        .iter()
        .find(|one| one["status"] == "gathering")
        .unwrap()
        .clone();
    assert_eq!(paid["customer"]["name"], "Olga Muster");
    assert_eq!(
        (story.rights().await, story.revenue().await),
        (1, json!(51))
    );

    assert_eq!(story.usage().await, json!([[PHONE, 3.5]]));
    let (notified, named) = story.notified().await;
    assert!(notified > 0 && named);

    // Anonymized: known by the key alone; what is not issued follows, the rest is as it was.
    story
        .profitwell
        .bare(Method::POST, "/customers/olga/anonymize")
        .await
        .expect(204);
    let told = story.profitwell.get("/customers/olga").await.expect(200);
    assert_eq!(
        (&told["email"], &told["first_name"], &told["mrr_cents"]),
        (&Value::Null, &Value::Null, &json!(5_100))
    );
    let told = rest.get("/api/v1/customers/olga").await.expect(200);
    assert_eq!(
        (&told["name"], &told["key"]),
        (&json!("anonymized"), &json!("olga"))
    );
    assert!(
        told["billingAddress"].is_null() && told["primaryEmail"].is_null(),
        "{told}"
    );
    let told = story.probe.get("/customers/olga").await.expect(200);
    assert_eq!(
        told["segments"],
        json!([{"name": "size", "value": "large"}])
    );
    let open = |invoice: &Value| {
        let id = invoice["id"].as_str().unwrap().to_owned();
        format!("/api/v1/billing/invoices/{id}")
    };
    let now = rest.get(&open(&paid)).await.expect(200);
    assert_eq!(now["customer"], paid["customer"]);
    let now = rest.get(&open(&pending)).await.expect(200);
    assert_eq!(now["customer"]["name"], "anonymized");

    assert_eq!(story.usage().await, json!([[PHONE, 3.5]]));
    let settle = async || story.world.client().advance_clock("PT1S").await.unwrap();
    settle().await;
    let (count, named) = story.notified().await;
    assert!(count >= notified && !named);

    // Erased: gone in every dialect, also the second time.
    story.profitwell.delete("/users/olga").await.expect(204);
    let bare = rest.get(&open(&paid)).await.expect(200);
    assert_eq!(
        (&bare["customer"]["name"], &bare["customer"]["id"]),
        (&json!("anonymized"), &json!(story.olga))
    );
    assert!(!bare.to_string().contains("uster"), "{bare}");
    for member in ["status", "number", "totals", "currency"] {
        assert_eq!(bare[member], paid[member], "{member}");
    }
    rest.get(&open(&pending)).await.expect(404);
    assert_eq!(story.invoices().await.len(), 1);
    assert_eq!(story.rights().await, 0);
    for path in ["/customers/olga", "/users/olga", "/customers/olga/traits"] {
        story.profitwell.get(path).await.expect(404);
    }
    story.profitwell.delete("/users/olga").await.expect(404);
    assert_eq!(
        story.profitwell.get("/customers").await.expect(200),
        json!([])
    );
    story.probe.get("/customers/olga").await.expect(404);
    let list = story.probe.get("/subscriptions").await.expect(200);
    assert_eq!(list["items"], json!([]));
    let path = format!("{}/customers/olga", story.revenuecat);
    rest.get(&path).await.expect(404);
    rest.delete(&path).await.expect(404);
    rest.get("/api/v1/customers/olga").await.expect(404);
    rest.get(&format!("/api/v1/customers/{}", story.olga))
        .await
        .expect(404);
    let told = story.revenue().await;
    assert!(told.is_null() || told == json!(0), "{told}");

    // Those who follow have heard of it: what was counted stays, under a name that leads to nobody.
    settle().await;
    let nobody = format!("erased:{}", story.olga);
    assert_eq!(story.usage().await, json!([[nobody, 3.5]]));
    let events = rest.get("/api/v1/events").await.expect(200);
    assert!(!events.to_string().contains("uster"), "{events}");
    assert!(!story.notified().await.1);

    // The name is free; whoever takes it inherits nothing, also when time goes on.
    let customer = json!({
        "key": "olga", "name": "Another", "usageAttribution": {"subjectKeys": [PHONE]},
    });
    let made = rest.post("/api/v1/customers", customer).await.expect(201);
    assert_ne!(made["id"], json!(story.olga));
    let id = made["id"].as_str().unwrap();
    let path = format!("/api/v1/meters/calls/query?filterCustomerId={id}");
    let used = rest.get(&path).await.expect(200);
    assert_eq!(used["data"], json!([]));
    story.world.client().advance_clock("P2M").await.unwrap();
    assert_eq!(story.invoices().await.len(), 1);
    let told = story.profitwell.get("/customers/olga").await.expect(200);
    assert_eq!(
        (&told["mrr_cents"], &told["plans"]),
        (&json!(0), &json!([]))
    );
    story.world.stop().await;
}
