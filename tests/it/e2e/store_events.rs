//! A customer's life as a store tells it over gRPC, and what follows everywhere: access in the OpenMeter dialect, revenue and history in
//! ProfitWell's, the list in Probe's, and what RevenueCat's says of the same.

use contract::customer::v1::KeyKind;
use contract::subscription::v1::{Store, StoreTransactionType as Type};
use reqwest::Method;
use serde_json::{Value, json};
use suite::World;

use crate::service::ledger_scene::{Caller, seconds, token};
use crate::service::revenuecat_scene::{Project, Sale, id, record};

const BEGIN: &str = "2026-06-01T00:00:00Z";

/// The four dialects of one project, and a product of a store.
struct Scene {
    world: World,
    project: Project,
    profitwell: Caller,
    probe: Caller,
    gold: String,
}

#[tokio::test]
async fn a_store_is_the_source_and_every_dialect_follows() {
    let scene = Scene::begin().await;
    scene.trial().await;
    scene.paid().await;
    scene.nobody_else_writes().await;
    scene.canceled_and_taken_back().await;
    scene.unpaid_and_recovered().await;
    scene.the_other_way_round().await;
    scene.given_on_and_refunded().await;
    scene.world.stop().await;
}

impl Scene {
    /// A monthly product with a week of trial and three days of grace, which gives the entitlement `premium`, which is a feature.
    async fn begin() -> Self {
        let world = World::with(&[("rate_limits", "off")]).await;
        let client = world.client();
        client.freeze_clock(BEGIN.parse().unwrap()).await.unwrap();
        let profitwell =
            Caller::profitwell(&world, &token(&world, KeyKind::ProfitwellPrivate).await);
        let probe = Caller::probe(&world, &token(&world, KeyKind::Probe).await);
        let project = Project::of(&world).await;
        let feature = json!({"key": "premium", "name": "Premium"});
        let feature = project.rest.post("/api/v1/features", feature).await;
        feature.expect(201);
        let app = project.app("phone").await;
        let gold = json!({
            "store_identifier": "gold", "app_id": app, "type": "subscription",
            "subscription": {"duration": "P1M", "trial_duration": "P7D", "grace_period_duration": "P3D"},
        });
        let gold = id(&project.make("/products", gold).await);
        let premium = project.entitlement("premium").await;
        let attach = format!("/entitlements/{premium}/actions/attach_products");
        let attached = project.post(&attach, json!({"product_ids": [gold]})).await;
        attached.expect(200);
        for customer in ["ann", "bob", "eve"] {
            project.make("/customers", json!({"id": customer})).await;
        }
        Self {
            world,
            project,
            profitwell,
            probe,
            gold,
        }
    }

    /// Tells what happened to the store subscription `amz-1` of `ann`.
    async fn tell(&self, id: &str, kind: Type, time: &str, price: &str) {
        let sale = self.sale(id, kind, time, price);
        record(&self.world, sale).await;
    }

    fn sale<'a>(&'a self, id: &'a str, kind: Type, time: &'a str, price: &'a str) -> Sale<'a> {
        Sale {
            id,
            subscription: "amz-1",
            customer: "ann",
            product: &self.gold,
            price,
            time,
            kind: Some(kind),
            store: Some(Store::Amazon),
            ..Sale::default()
        }
    }

    async fn advance(&self, duration: &str) {
        self.world.client().advance_clock(duration).await.unwrap();
    }

    /// Whether the OpenMeter dialect says that a customer has access: in the overview and by the feature's value.
    async fn access(&self, customer: &str) -> bool {
        let rest = &self.project.rest;
        let path = format!("/api/v1/customers/{customer}/access");
        let all = rest.get(&path).await.expect(200);
        let overview = all["entitlements"]["premium"]["hasAccess"] == true;
        let path = format!("/api/v1/customers/{customer}/entitlements/premium/value");
        let value = rest.get(&path).await;
        let single = value.status == 200 && value.json["hasAccess"] == true;
        assert_eq!(overview, single, "{customer}: {all} {}", value.text);
        single
    }

    /// Monthly recurring revenue in ProfitWell, and in the RevenueCat dialect.
    async fn mrr(&self) -> (String, String) {
        let told = self
            .profitwell
            .get("/metrics/monthly?metrics=recurring_revenue")
            .await
            .expect(200);
        let months = told["data"]["recurring_revenue"].as_array().unwrap();
        let profitwell = months.last().unwrap()["value"].to_string();
        let overview = self.project.get("/metrics/overview").await.expect(200);
        let metrics = overview["metrics"].as_array().unwrap();
        let mrr = metrics.iter().find(|metric| metric["id"] == "mrr").unwrap();
        (profitwell, mrr["value"].to_string())
    }

    /// Status and revenue in cents of a customer in ProfitWell.
    async fn standing(&self, customer: &str) -> (String, i64) {
        let path = format!("/customers/{customer}");
        let told = self.profitwell.get(&path).await.expect(200);
        let status = told["status"].as_str().unwrap().to_owned();
        (status, told["mrr_cents"].as_i64().unwrap())
    }

    /// The events of a customer's subscriptions in ProfitWell: alias, plan, status, value and day of each.
    async fn history(&self, customer: &str) -> Value {
        let path = format!("/users/{customer}/subscription_history");
        let told = self.profitwell.get(&path).await.expect(200);
        let events = told.as_array().unwrap().iter().map(|event| {
            let time = jiff::Timestamp::from_second(event["effective_date"].as_i64().unwrap());
            let day = time.unwrap().to_string()[..10].to_owned();
            json!([
                event["subscription_alias"],
                event["plan_id"],
                event["status"],
                event["value"],
                day
            ])
        });
        events.collect()
    }

    /// The store subscriptions in the list of Probe: customer, type, amount of a month, and day of the end.
    async fn probed(&self) -> Value {
        let list = self.probe.get("/subscriptions").await.expect(200);
        let items = list["items"].as_array().unwrap().iter().map(|one| {
            assert_eq!(one["items"].as_array().unwrap().len(), 1, "{one}");
            let item = &one["items"][0];
            assert_eq!(item["product_key"], "gold", "{one}");
            let end = one["ended_at"].as_str().map(|end| end[..10].to_owned());
            json!([
                one["id"],
                one["customer_id"],
                item["type"],
                one["monthly_amount"],
                end
            ])
        });
        items.collect()
    }

    /// The subscriptions of a customer in the OpenMeter dialect of a state.
    async fn subscriptions(&self, customer: &str, status: &str) -> Vec<Value> {
        let path = format!("/api/v1/customers/{customer}/subscriptions?status={status}");
        let list = self.project.rest.get(&path).await.expect(200);
        list["items"].as_array().unwrap().clone()
    }

    async fn trial(&self) {
        assert!(!self.access("ann").await);
        let bought = self.sale("t0", Type::Purchase, BEGIN, "");
        record(
            &self.world,
            Sale {
                trial: true,
                ..bought
            },
        )
        .await;
        // A test purchase is seen by those who know what that is, and by nobody else.
        let test = self.sale("x0", Type::Purchase, BEGIN, "10.00");
        record(
            &self.world,
            Sale {
                subscription: "amz-test",
                customer: "eve",
                sandbox: true,
                ..test
            },
        )
        .await;
        assert!(self.access("ann").await);
        assert_eq!(self.mrr().await, ("0".into(), "0".into()));
        assert_eq!(self.standing("ann").await, ("trialing".into(), 0));
        // A trial is over at its end, as every other is, until it is converted.
        let expected = json!([
            ["amz-1", "gold", "trialing", 0, "2026-06-01"],
            ["amz-1", "gold", "churned_voluntary", 0, "2026-06-08"],
        ]);
        assert_eq!(self.history("ann").await, expected);
        assert_eq!(self.history("eve").await, json!([]));
        let list = self.probe.get("/subscriptions").await.expect(200);
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
        let item = &list["items"][0]["items"][0];
        let day = |name: &str| item[name].as_str().unwrap()[..10].to_owned();
        assert_eq!(
            (day("trial_started_at"), day("trial_ended_at")),
            ("2026-06-01".into(), "2026-06-08".into())
        );
        let expected = json!([["amz-1", "ann", "trial", null, null]]);
        assert_eq!(self.probed().await, expected);
    }

    async fn paid(&self) {
        self.advance("P7D").await;
        self.tell("t1", Type::Renewal, "2026-06-08T00:00:00Z", "10.00")
            .await;
        assert!(self.access("ann").await);
        assert_eq!(self.mrr().await, ("10".into(), "10".into()));
        // The period that is paid has an end, but nobody has canceled.
        assert_eq!(self.standing("ann").await, ("active".into(), 1000));
        let expected = json!([
            ["amz-1", "gold", "trialing", 0, "2026-06-01"],
            ["amz-1", "gold", "active", 1000, "2026-06-08"],
        ]);
        assert_eq!(self.history("ann").await, expected);
        let expected = json!([["amz-1", "ann", "recurring", "10.0", null]]);
        assert_eq!(self.probed().await, expected);
        let held = self.subscriptions("ann", "active").await;
        assert_eq!(held.len(), 1);
        assert_eq!(
            (&held[0]["name"], &held[0]["billingCadence"]),
            (&json!("gold"), &json!("P1M"))
        );
        assert!(held[0]["plan"].is_null() && held[0]["activeTo"].is_null());
        assert!(self.subscriptions("ann", "canceled").await.is_empty());
    }

    /// The store has the last word; whoever else writes is told so, and nothing changes.
    async fn nobody_else_writes(&self) {
        let change = json!({
            "plan_id": "gold", "plan_interval": "month", "value": 2_000,
            "effective_date": seconds("2026-06-10T00:00:00Z"),
        });
        let told = self.profitwell.put("/subscriptions/amz-1", &change).await;
        let told = told.expect(400);
        let why = told["error"].as_str().unwrap();
        assert!(why.contains("managed by its store"), "{told}");
        let churn = "/subscriptions/amz-1/churn?effective_date=1781049600";
        let told = self.profitwell.bare(Method::POST, churn).await;
        told.expect(400);
        let unchurn = "/subscriptions/amz-1/unchurn";
        let told = self.profitwell.bare(Method::POST, unchurn).await;
        told.expect(400);
        let body = json!({"id": "amz-1", "started_at": "2026-06-10", "monthly_amount": "5"});
        let told = self.probe.put("/subscriptions/upsert", &body).await;
        told.expect(400);
        self.probe.delete("/subscriptions/amz-1").await.expect(400);
        let held = self.subscriptions("ann", "active").await;
        let path = format!("/api/v1/subscriptions/{}", id(&held[0]));
        let rest = &self.project.rest;
        let read = rest.get(&path).await.expect(200);
        assert_eq!(read["phases"][0]["items"][0]["key"], "gold", "{read}");
        rest.post(&format!("{path}/cancel"), json!({}))
            .await
            .expect(403);
        let expected = json!([["amz-1", "ann", "recurring", "10.0", null]]);
        assert_eq!(self.probed().await, expected);
    }

    async fn canceled_and_taken_back(&self) {
        self.advance("P2D").await;
        self.tell("c1", Type::Cancellation, "2026-06-10T00:00:00Z", "")
            .await;
        assert!(self.access("ann").await);
        assert_eq!(self.standing("ann").await, ("cancelled".into(), 1000));
        let expected = json!([["amz-1", "ann", "recurring", "10.0", "2026-07-08"]]);
        assert_eq!(self.probed().await, expected);
        let history = self.history("ann").await;
        let expected = json!(["amz-1", "gold", "churned_voluntary", 1000, "2026-07-08"]);
        assert_eq!(history[2], expected);
        let held = self.subscriptions("ann", "canceled").await;
        assert_eq!(held.len(), 1);
        assert!(
            held[0]["activeTo"]
                .as_str()
                .unwrap()
                .starts_with("2026-07-08")
        );
        self.tell("u1", Type::Uncancellation, "2026-06-10T00:00:00Z", "")
            .await;
        assert_eq!(self.standing("ann").await, ("active".into(), 1000));
        assert_eq!(self.subscriptions("ann", "active").await.len(), 1);
    }

    /// Grace keeps access, retry takes it; ProfitWell counts both as paid until nothing more is tried, RevenueCat only grace.
    async fn unpaid_and_recovered(&self) {
        self.advance("P28D").await;
        self.tell("b1", Type::BillingIssue, "2026-07-08T00:00:00Z", "")
            .await;
        assert!(self.access("ann").await);
        assert_eq!(self.mrr().await, ("10".into(), "10".into()));
        self.advance("P4D").await;
        assert!(!self.access("ann").await);
        assert_eq!(self.mrr().await, ("10".into(), "0".into()));
        assert_eq!(self.standing("ann").await, ("active".into(), 1000));
        self.tell("t2", Type::Renewal, "2026-07-12T00:00:00Z", "10.00")
            .await;
        assert!(self.access("ann").await);
        assert_eq!(self.mrr().await, ("10".into(), "10".into()));
        let expected = json!([["amz-1", "ann", "recurring", "10.0", null]]);
        assert_eq!(self.probed().await, expected);
    }

    /// What is told in the wrong order comes to the same.
    async fn the_other_way_round(&self) {
        let renewal = self.sale("e2", Type::Renewal, "2026-07-05T00:00:00Z", "10.00");
        let purchase = self.sale("e1", Type::Purchase, "2026-06-05T00:00:00Z", "10.00");
        for sale in [renewal, purchase] {
            let sale = Sale {
                subscription: "amz-2",
                customer: "eve",
                ..sale
            };
            record(&self.world, sale).await;
        }
        assert!(self.access("eve").await);
        assert_eq!(self.mrr().await.0, "20");
        let expected = json!([["amz-2", "gold", "active", 1000, "2026-06-05"]]);
        assert_eq!(self.history("eve").await, expected);
        let expected = json!([
            ["amz-1", "ann", "recurring", "10.0", null],
            ["amz-2", "eve", "recurring", "10.0", null],
        ]);
        assert_eq!(self.probed().await, expected);
    }

    async fn given_on_and_refunded(&self) {
        let body = json!({"target_customer_id": "bob"});
        let moved = self.project.post("/customers/ann/actions/transfer", body);
        moved.await.expect(200);
        assert!(!self.access("ann").await && self.access("bob").await);
        assert_eq!(self.mrr().await.0, "20");
        assert_eq!(self.standing("bob").await, ("active".into(), 1000));
        assert_eq!(self.history("ann").await, json!([]));
        assert_eq!(self.history("bob").await.as_array().unwrap().len(), 2);
        assert_eq!(self.probed().await[0][1], "bob");
        assert_eq!(self.subscriptions("bob", "active").await.len(), 1);
        self.advance("P1D").await;
        let refund = self.sale("r1", Type::Refund, "2026-07-13T00:00:00Z", "");
        record(
            &self.world,
            Sale {
                revoke: true,
                ..refund
            },
        )
        .await;
        assert!(!self.access("bob").await);
        assert_eq!(self.mrr().await, ("10".into(), "10".into()));
        assert_eq!(self.standing("bob").await, ("churned_voluntary".into(), 0));
        assert_eq!(self.probed().await[0][4], "2026-07-13");
        assert_eq!(self.subscriptions("bob", "inactive").await.len(), 1);
        // Who is removed is gone from every list.
        self.project.delete("/customers/bob").await.expect(200);
        let expected = json!([["amz-2", "eve", "recurring", "10.0", null]]);
        assert_eq!(self.probed().await, expected);
        self.profitwell.get("/customers/bob").await.expect(404);
    }
}
