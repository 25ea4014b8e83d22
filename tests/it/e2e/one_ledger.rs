//! One ledger behind every dialect: what is written through one API is read, to the cent,
//! through all the others and through gRPC.

use contract::customer::v1::KeyKind;
use contract::subscription::v1::{QueryRevenueMetricsRequest, RevenueMetric, Store};
use reqwest::Method;
use serde_json::{Value, json};
use suite::World;

use crate::service::ledger_scene::{Caller, seconds, token};
use crate::service::revenuecat_scene::{Project, Sale, record};

/// The four dialects of one project.
struct Dialects {
    world: World,
    profitwell: Caller,
    probe: Caller,
    revenuecat: Project,
}

#[tokio::test]
async fn what_is_written_in_one_dialect_is_read_in_all() {
    let dialects = begin().await;
    dialects.subscribe_in_each().await;
    dialects.read_customers().await;
    dialects.read_subscriptions().await;
    dialects.expect_revenue("192.35").await;
    dialects.write_across().await;
    dialects.expect_revenue("197.35").await;
    dialects.erase().await;
    dialects.expect_revenue("162.34").await;
    dialects.world.stop().await;
}

/// 1 June, with a token for each dialect and a plan for 50 a month.
async fn begin() -> Dialects {
    let world = World::with(&[("rate_limits", "off")]).await;
    let client = world.client();
    client
        .freeze_clock("2026-06-01T00:00:00Z".parse().unwrap())
        .await
        .unwrap();
    let profitwell = Caller::profitwell(&world, &token(&world, KeyKind::ProfitwellPrivate).await);
    let probe = Caller::probe(&world, &token(&world, KeyKind::Probe).await);
    let plan = json!({
        "key": "team", "name": "Team", "currency": "USD", "billingCadence": "P1M",
        "phases": [{"key": "default", "name": "Default", "duration": null, "rateCards": [{
            "type": "flat_fee", "key": "fee", "name": "Fee", "billingCadence": "P1M",
            "price": {"type": "flat", "amount": "50", "paymentTerm": "in_advance"},
        }]}],
    });
    let rest = world.rest();
    let plan = rest.post("/api/v1/plans", plan).await.expect(201);
    let publish = format!("/api/v1/plans/{}/publish", plan["id"].as_str().unwrap());
    rest.post(&publish, Value::Null).await.expect(200);
    Dialects {
        revenuecat: Project::of(&world).await,
        profitwell,
        probe,
        world,
    }
}

impl Dialects {
    /// `om` by its plan for 50, `pw` for 1,200 a year, `pr` for 30.01 with two products, `rc` in a store for 12.34.
    async fn subscribe_in_each(&self) {
        let rest = self.world.rest();
        let customer = json!({"key": "om", "name": "Olga M", "primaryEmail": "o@m.com"});
        rest.post("/api/v1/customers", customer).await.expect(201);
        let body = json!({"customerKey": "om", "plan": {"key": "team"}});
        rest.post("/api/v1/subscriptions", body).await.expect(201);
        self.world.client().advance_clock("P14D").await.unwrap();
        let body = json!({
            "user_alias": "pw", "subscription_alias": "pw-1", "email": "p@w.com",
            "plan_id": "pro", "plan_interval": "year", "value": 120_000,
            "effective_date": seconds("2026-06-05T00:00:00Z"),
        });
        self.profitwell
            .post("/subscriptions/", &body)
            .await
            .expect(201);
        let body = json!({
            "id": "pr-1", "customer_id": "pr", "started_at": "2026-06-03T00:00:00",
            "monthly_amount": "30.01", "currency": "usd",
            "items": [
                {"product_key": "alpha", "type": "recurring"},
                {"product_key": "beta", "type": "metered"},
            ],
        });
        self.probe
            .put("/subscriptions/upsert", &body)
            .await
            .expect(200);
        let body = json!({"id": "rc", "attributes": [{"name": "$email", "value": "r@c.com"}]});
        self.revenuecat.make("/customers", body).await;
        let app = self.revenuecat.app("phone").await;
        let sale = Sale {
            id: "rc-first",
            subscription: "rc-1",
            customer: "rc",
            product: &self.revenuecat.product(&app, "gold").await,
            price: "12.34",
            time: "2026-06-08T00:00:00Z",
            store: Some(Store::Amazon),
            ..Sale::default()
        };
        record(&self.world, sale).await;
    }

    async fn read_customers(&self) {
        for (customer, cents, status) in [
            ("om", 5_000, "active"),
            ("pw", 10_000, "active"),
            ("pr", 3_001, "active"),
            ("rc", 1_234, "active"),
        ] {
            let told = self
                .profitwell
                .get(&format!("/customers/{customer}"))
                .await
                .expect(200);
            assert_eq!(told["mrr_cents"], cents, "{told}");
            assert_eq!(told["status"], status, "{told}");
            let told = self
                .probe
                .get(&format!("/customers/{customer}"))
                .await
                .expect(200);
            assert_eq!(told["id"], customer);
            let path = format!("/customers/{customer}");
            let told = self.revenuecat.get(&path).await.expect(200);
            assert_eq!(told["id"], customer);
            let path = format!("/api/v1/customers/{customer}");
            assert_eq!(
                self.world.rest().get(&path).await.expect(200)["key"],
                customer
            );
        }
        let olga = self.profitwell.get("/customers/om").await.expect(200);
        assert_eq!(
            (&olga["first_name"], &olga["last_name"]),
            (&json!("Olga"), &json!("M"))
        );
        let mailed = self
            .profitwell
            .get("/customers?email=r@c.com")
            .await
            .expect(200);
        assert_eq!(mailed[0]["customer_id"], "rc");
        // Traits and segments are one store.
        let body = json!({"customer_id": "pr", "category": "Size", "trait": "Large"});
        self.profitwell.post("/traits", &body).await.expect(204);
        let told = self.probe.get("/customers/pr").await.expect(200);
        assert_eq!(
            told["segments"],
            json!([{"name": "size", "value": "large"}])
        );
    }

    async fn read_subscriptions(&self) {
        let list = self.probe.get("/subscriptions").await.expect(200);
        let told: Vec<_> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["customer_id"].clone(), one["monthly_amount"].clone()))
            .collect();
        assert_eq!(
            json!(told),
            json!([
                ["om", "50.0"],
                ["pw", "100.0"],
                ["pr", "30.01"],
                ["rc", "12.34"]
            ])
        );
        assert_eq!(list["items"][1]["id"], "pw-1");
        assert_eq!(list["items"][0]["items"][0]["product_key"], "team");

        let history = self
            .profitwell
            .get("/users/pr/subscription_history")
            .await
            .expect(200);
        let told: Vec<_> = history
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["subscription_alias"].clone(), one["value"].clone()))
            .collect();
        assert_eq!(
            json!(told),
            json!([["pr-1:alpha", 1501], ["pr-1:beta", 1500]])
        );
        let history = self
            .profitwell
            .get("/users/om/subscription_history")
            .await
            .expect(200);
        assert_eq!(
            (&history[0]["plan_id"], &history[0]["value"]),
            (&json!("team"), &json!(5000))
        );

        let history = self
            .profitwell
            .get("/users/rc/subscription_history")
            .await
            .expect(200);
        assert_eq!(
            (&history[0]["plan_id"], &history[0]["value"]),
            (&json!("gold"), &json!(1234))
        );

        let rest = self.world.rest();
        for (customer, name) in [("pw", "pro"), ("pr", "alpha"), ("rc", "gold")] {
            let path = format!("/api/v1/customers/{customer}/subscriptions");
            let told = rest.get(&path).await.expect(200);
            assert_eq!(told["items"].as_array().unwrap().len(), 1, "{told}");
            assert!(
                told["items"][0]["name"].as_str().unwrap().contains(name),
                "{told}"
            );
        }
        for (customer, count) in [("om", 1), ("pw", 1), ("pr", 2), ("rc", 1)] {
            let path = format!("/customers/{customer}/subscriptions");
            let told = self.revenuecat.get(&path).await.expect(200);
            let items = told["items"].as_array().unwrap();
            assert_eq!(items.len(), count, "{customer}: {told}");
            assert!(items.iter().all(|one| one["status"] == "active"), "{told}");
        }
    }

    /// The recurring revenue of June, in ProfitWell and over gRPC.
    async fn expect_revenue(&self, expected: &str) {
        let told = self
            .profitwell
            .get("/metrics/monthly?metrics=recurring_revenue")
            .await
            .expect(200);
        let june = told["data"]["recurring_revenue"]
            .as_array()
            .unwrap()
            .last()
            .unwrap();
        assert_eq!(june["date"], "2026-06");
        assert_eq!(june["value"].to_string(), expected);
        let answer = self
            .world
            .client()
            .revenue()
            .query_revenue_metrics(QueryRevenueMetricsRequest {
                metrics: vec![RevenueMetric::RecurringRevenue.into()],
                ..Default::default()
            })
            .await
            .unwrap()
            .into_inner();
        let june = answer.series[0]
            .points
            .last()
            .unwrap()
            .value
            .clone()
            .unwrap();
        assert_eq!(june.value, expected);
    }

    /// Each dialect goes on with what another began; nobody but its plan moves `om`.
    async fn write_across(&self) {
        let change = json!({
            "plan_id": "beta", "plan_interval": "month", "value": 2_000,
            "effective_date": seconds("2026-06-10T00:00:00Z"),
        });
        self.profitwell
            .put("/subscriptions/pr-1:beta", &change)
            .await
            .expect(200);
        let list = self.probe.get("/subscriptions").await.expect(200);
        assert_eq!(list["items"][2]["monthly_amount"], "35.01");

        let om = list["items"][0]["id"].as_str().unwrap();
        let told = self
            .profitwell
            .put(&format!("/subscriptions/{om}"), &change)
            .await
            .expect(400);
        assert!(
            told["error"]
                .as_str()
                .unwrap()
                .contains("is managed by its plan"),
            "{told}"
        );
        let body = json!({"id": om, "started_at": "2026-06-10"});
        self.probe
            .put("/subscriptions/upsert", &body)
            .await
            .expect(400);
        self.probe
            .delete(&format!("/subscriptions/{om}"))
            .await
            .expect(400);
    }

    /// Who is removed in one dialect is gone in all.
    async fn erase(&self) {
        self.profitwell
            .bare(Method::DELETE, "/users/pr")
            .await
            .expect(204);
        self.probe.get("/customers/pr").await.expect(404);
        let list = self.probe.get("/subscriptions").await.expect(200);
        assert_eq!(list["items"].as_array().unwrap().len(), 3);
        let rest = self.world.rest();
        self.revenuecat.get("/customers/pr").await.expect(404);
        rest.get("/api/v1/customers/pr").await.expect(404);
    }
}
