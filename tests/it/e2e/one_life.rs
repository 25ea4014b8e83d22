//! The life of one customer, written through the OpenMeter, ProfitWell and Probe dialects and over gRPC, and read through the
//! RevenueCat dialect alone: which subscriptions there are, what they cost and give, and what the overview says.

use contract::customer::v1::{CustomerRef, KeyKind, customer_ref::Ref};
use contract::subscription::v1::{
    GrantPromotionalTermRequest, Store, grant_promotional_term_request::Span,
};
use reqwest::Method;
use serde_json::{Value, json};
use suite::World;

use crate::service::ledger_scene::{Caller, seconds, token};
use crate::service::revenuecat_scene::{Project, Sale, id, record, unlimited};

/// Those who write, and the one who reads.
struct Life {
    world: World,
    profitwell: Caller,
    probe: Caller,
    reader: Project,
}

#[tokio::test]
async fn a_life_written_through_every_other_surface_is_read_here() {
    let life = Life::begin().await;
    life.openmeter_subscribes().await;
    life.probe_reports_a_trial().await;
    life.profitwell_reports_a_year_and_another_plan().await;
    life.grpc_records_what_a_store_sold_and_gives_away().await;
    life.a_month_goes_by().await;
    life.each_ends_what_it_began().await;
    life.world.stop().await;
}

fn millis(time: &str) -> i64 {
    time.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

fn revenue(gross: &str) -> Value {
    let gross: Value = serde_json::from_str(gross).unwrap();
    json!({"currency": "USD", "gross": gross, "commission": 0, "tax": 0, "proceeds": gross})
}

impl Life {
    async fn begin() -> Self {
        let (world, reader) = unlimited().await;
        let begin = "2026-06-01T00:00:00Z".parse().unwrap();
        world.client().freeze_clock(begin).await.unwrap();
        let profitwell = token(&world, KeyKind::ProfitwellPrivate).await;
        Self {
            profitwell: Caller::profitwell(&world, &profitwell),
            probe: Caller::probe(&world, &token(&world, KeyKind::Probe).await),
            reader,
            world,
        }
    }

    async fn until(&self, time: &str) {
        let client = self.world.client();
        let now = client.freeze_clock(time.parse().unwrap());
        now.await.unwrap();
    }

    /// The subscriptions of the customer on a product, oldest first.
    async fn on(&self, product: &str) -> Vec<Value> {
        let list = self.reader.get("/customers/ann/subscriptions").await;
        let mut all = list.expect(200)["items"].as_array().unwrap().clone();
        let product = json!(self.product(product).await);
        all.retain(|one| one["product_id"] == product);
        all.sort_by_key(|one| one["starts_at"].as_i64());
        all
    }

    /// The id of the product with a store identifier.
    async fn product(&self, identifier: &str) -> String {
        let list = self.reader.get("/products").await.expect(200);
        let products = list["items"].as_array().unwrap();
        let found = products
            .iter()
            .find(|product| product["store_identifier"] == identifier);
        id(found.unwrap_or_else(|| panic!("{identifier}: {list}")))
    }

    /// Lets a product give an entitlement of its name.
    async fn gives(&self, product: &str) {
        let entitlement = self.reader.entitlement(product).await;
        let attach = format!("/entitlements/{entitlement}/actions/attach_products");
        let products = json!({"product_ids": [self.product(product).await]});
        self.reader.post(&attach, products).await.expect(200);
    }

    /// Keys and ends of what the customer has access to.
    async fn has(&self) -> Value {
        let entitlements = self.reader.get("/entitlements").await.expect(200);
        let key = |id: &Value| {
            let all = entitlements["items"].as_array().unwrap();
            let found = all.iter().find(|one| one["id"] == *id).unwrap();
            found["lookup_key"].clone()
        };
        let list = self.reader.get("/customers/ann/active_entitlements").await;
        let list = list.expect(200);
        let items = list["items"].as_array().unwrap().iter();
        let shown = items.map(|one| json!([key(&one["entitlement_id"]), one["expires_at"]]));
        Value::Array(shown.collect())
    }

    /// The figures of the overview that money and subscriptions move.
    async fn overview(&self) -> Value {
        let all = self.reader.get("/metrics/overview").await.expect(200);
        let metrics = all["metrics"].as_array().unwrap();
        let value = |wanted: &str| {
            let found = metrics.iter().find(|metric| metric["id"] == wanted);
            found.unwrap()["value"].clone()
        };
        json!([
            value("active_trials"),
            value("active_subscriptions"),
            value("mrr"),
        ])
    }

    /// `team` for 20 a month, by its plan.
    async fn openmeter_subscribes(&self) {
        let rest = self.world.rest();
        let customer = json!({"key": "ann", "name": "Ann A", "primaryEmail": "ann@a.com"});
        rest.post("/api/v1/customers", customer).await.expect(201);
        let plan = json!({
            "key": "team", "name": "Team", "currency": "USD", "billingCadence": "P1M",
            "phases": [{"key": "default", "name": "Default", "duration": null, "rateCards": [{
                "type": "flat_fee", "key": "fee", "name": "Fee", "billingCadence": "P1M",
                "price": {"type": "flat", "amount": "20", "paymentTerm": "in_advance"},
            }]}],
        });
        let plan = rest.post("/api/v1/plans", plan).await.expect(201);
        let publish = format!("/api/v1/plans/{}/publish", id(&plan));
        rest.post(&publish, Value::Null).await.expect(200);
        let body = json!({"customerKey": "ann", "plan": {"key": "team"}});
        let made = rest.post("/api/v1/subscriptions", body).await.expect(201);
        let shown = &self.on("team").await[0];
        assert_eq!(
            (&shown["status"], &shown["store_subscription_identifier"]),
            (&json!("active"), &made["id"])
        );
        assert_eq!(shown["starts_at"], millis("2026-06-01T00:00:00Z"));
        assert_eq!(
            shown["current_period_ends_at"],
            millis("2026-07-01T00:00:00Z")
        );
        self.gives("team").await;
        assert_eq!(
            self.has().await,
            json!([["team", millis("2026-07-01T00:00:00Z")]])
        );
        assert_eq!(self.overview().await, json!([0, 1, 20]));
    }

    /// `lite` on trial from 3 to 10 June, then for 30.01 a month.
    async fn probe_reports_a_trial(&self) {
        self.until("2026-06-05T00:00:00Z").await;
        let trial = json!({
            "id": "pr-1", "customer_id": "ann", "started_at": "2026-06-03T00:00:00Z",
            "items": [{
                "type": "trial", "product_key": "lite",
                "trial_started_at": "2026-06-03T00:00:00Z", "trial_ended_at": "2026-06-10T00:00:00Z",
            }],
        });
        let upsert = "/subscriptions/upsert";
        self.probe.put(upsert, &trial).await.expect(200);
        let trialing = self.on("lite").await;
        assert_eq!(trialing.len(), 1);
        assert_eq!(
            (&trialing[0]["status"], &trialing[0]["gives_access"]),
            (&json!("trialing"), &json!(true))
        );
        assert_eq!(
            trialing[0]["current_period_ends_at"],
            millis("2026-06-10T00:00:00Z")
        );
        assert_eq!(self.overview().await, json!([1, 1, 20]));
        self.until("2026-06-10T00:00:00Z").await;
        let paid = json!({
            "id": "pr-1", "started_at": "2026-06-10T00:00:00Z",
            "monthly_amount": "30.01", "currency": "usd",
            "items": [{"type": "recurring", "product_key": "lite"}],
        });
        self.probe.put(upsert, &paid).await.expect(200);
        let converted = self.on("lite").await;
        assert_eq!(converted.len(), 1, "{converted:?}");
        assert_eq!(
            (&converted[0]["id"], &converted[0]["status"]),
            (&trialing[0]["id"], &json!("active"))
        );
        assert_eq!(converted[0]["total_revenue_in_usd"], revenue("30.01"));
        assert_eq!(self.overview().await, json!([0, 2, 50.01]));
    }

    /// `pro` for 1,200 a year, then `max` for 150 a month.
    async fn profitwell_reports_a_year_and_another_plan(&self) {
        self.until("2026-06-12T00:00:00Z").await;
        let body = json!({
            "user_alias": "ann", "subscription_alias": "pw-1", "email": "ann@a.com",
            "plan_id": "pro", "plan_interval": "year", "value": 120_000,
            "effective_date": seconds("2026-06-11T00:00:00Z"),
        });
        let made = self
            .profitwell
            .post("/subscriptions", &body)
            .await
            .expect(201);
        // Whoever asks by the user's generated id reads the same customer.
        let user = made["user_id"].as_str().unwrap();
        let read = self.reader.get(&format!("/customers/{user}")).await;
        assert_eq!(read.expect(200)["id"], "ann");
        self.gives("pro").await;
        let shown = &self.on("pro").await[0];
        assert_eq!(shown["total_revenue_in_usd"], revenue("1200"));
        assert_eq!(
            shown["current_period_ends_at"],
            millis("2027-06-11T00:00:00Z")
        );
        assert_eq!(self.overview().await, json!([0, 3, 150.01]));

        let change = json!({
            "plan_id": "max", "plan_interval": "month", "value": 15_000,
            "effective_date": seconds("2026-06-12T00:00:00Z"),
        });
        let path = "/subscriptions/pw-1";
        self.profitwell.put(path, &change).await.expect(200);
        let (before, after) = (&self.on("pro").await[0], &self.on("max").await[0]);
        assert_eq!(
            (&before["status"], &before["gives_access"]),
            (&json!("expired"), &json!(false))
        );
        assert_ne!(before["id"], after["id"]);
        for one in [before, after] {
            assert_eq!(one["store_subscription_identifier"], "pw-1");
        }
        assert_eq!(after["total_revenue_in_usd"], revenue("150"));
        assert_eq!(
            self.has().await,
            json!([["team", millis("2026-07-01T00:00:00Z")]])
        );
        assert_eq!(self.overview().await, json!([0, 3, 200.01]));

        // An end that is taken back was none: the same subscription goes on.
        let churn = format!(
            "{path}/churn?effective_date={}",
            seconds("2026-06-20T00:00:00Z")
        );
        self.profitwell.bare(Method::POST, &churn).await.expect(200);
        let ending = &self.on("max").await[0];
        assert_eq!(
            (&ending["status"], &ending["auto_renewal_status"]),
            (&json!("active"), &json!("will_not_renew"))
        );
        assert_eq!(
            ending["current_period_ends_at"],
            millis("2026-06-20T00:00:00Z")
        );
        let unchurn = format!("{path}/unchurn");
        self.profitwell
            .bare(Method::POST, &unchurn)
            .await
            .expect(204);
        assert_eq!(self.on("max").await, std::slice::from_ref(after));
    }

    /// A month of `gold` and `coins` from a store, and `vip` for a week.
    async fn grpc_records_what_a_store_sold_and_gives_away(&self) {
        let app = self.reader.app("phone").await;
        let gold = self.reader.product(&app, "gold").await;
        let coins = json!({"store_identifier": "coins", "app_id": app, "type": "one_time"});
        let coins = id(&self.reader.make("/products", coins).await);
        self.gives("coins").await;
        self.reader.entitlement("vip").await;
        let sale = |id, subscription, product, price| Sale {
            id,
            subscription,
            customer: "ann",
            product,
            price,
            time: "2026-06-12T00:00:00Z",
            store: Some(Store::Amazon),
            ..Sale::default()
        };
        record(&self.world, sale("a-1", "amz-1", &gold, "10.00")).await;
        record(&self.world, sale("a-2", "", &coins, "2.50")).await;
        let request = GrantPromotionalTermRequest {
            customer: Some(CustomerRef {
                r#ref: Some(Ref::Handle("ann".into())),
            }),
            entitlement_key: "vip".into(),
            span: Some(Span::Duration("P7D".into())),
            request_id: String::new(),
        };
        let mut terms = self.world.client().terms();
        terms.grant_promotional_term(request).await.unwrap();

        let shown = &self.on("gold").await[0];
        assert_eq!(
            (&shown["store"], &shown["status"]),
            (&json!("amazon"), &json!("active"))
        );
        let purchases = self
            .reader
            .get("/customers/ann/purchases")
            .await
            .expect(200);
        assert_eq!(purchases["items"].as_array().unwrap().len(), 1);
        assert_eq!(purchases["items"][0]["product_id"], coins.as_str());
        assert_eq!(purchases["items"][0]["revenue_in_usd"]["gross"], json!(2.5));
        let all = self
            .reader
            .get("/customers/ann/subscriptions")
            .await
            .expect(200);
        let all = all["items"].as_array().unwrap();
        let gift = all
            .iter()
            .find(|one| one["store"] == "promotional")
            .unwrap();
        assert_eq!(
            (&gift["product_id"], &gift["auto_renewal_status"]),
            (&Value::Null, &json!("will_not_renew"))
        );
        assert_eq!(gift["total_revenue_in_usd"], revenue("0"));
        assert_eq!(
            self.has().await,
            json!([
                ["team", millis("2026-07-01T00:00:00Z")],
                ["coins", null],
                ["vip", millis("2026-06-19T00:00:00Z")],
            ])
        );
        assert_eq!(self.overview().await, json!([0, 4, 210.01]));
    }

    /// What renews by itself has; what a store did not renew has not.
    async fn a_month_goes_by(&self) {
        self.until("2026-07-13T00:00:00Z").await;
        assert_eq!(
            self.has().await,
            json!([["team", millis("2026-08-01T00:00:00Z")], ["coins", null]])
        );
        for (product, status, gross) in [
            ("team", "active", "40"),
            ("lite", "active", "60.02"),
            ("max", "active", "300"),
            ("gold", "expired", "10"),
        ] {
            let shown = &self.on(product).await[0];
            let got = &shown["total_revenue_in_usd"]["gross"];
            assert_eq!(
                (&shown["status"], got.to_string()),
                (&json!(status), gross.to_owned()),
                "{product}"
            );
        }
        assert_eq!(self.overview().await, json!([0, 3, 200.01]));
    }

    async fn each_ends_what_it_began(&self) {
        let end = json!({"id": "pr-1", "started_at": "2026-07-13T00:00:00Z", "ended_at": "2026-07-13T00:00:00Z"});
        self.probe
            .put("/subscriptions/upsert", &end)
            .await
            .expect(200);
        let date = seconds("2026-07-13T00:00:00Z");
        let churn =
            format!("/subscriptions/pw-1/churn?effective_date={date}&churn_type=delinquent");
        self.profitwell.bare(Method::POST, &churn).await.expect(200);
        let team = self.on("team").await[0]["store_subscription_identifier"].clone();
        let cancel = format!("/api/v1/subscriptions/{}/cancel", team.as_str().unwrap());
        let now = json!({"timing": "immediate"});
        self.world.rest().post(&cancel, now).await.expect(200);
        for product in ["team", "lite", "max", "gold", "pro"] {
            let all = self.on(product).await;
            assert_eq!(all.len(), 1, "{product}");
            assert_eq!(
                (&all[0]["status"], &all[0]["gives_access"]),
                (&json!("expired"), &json!(false)),
                "{product}"
            );
        }
        assert_eq!(self.has().await, json!([["coins", null]]));
        assert_eq!(self.overview().await, json!([0, 0, 0]));
    }
}
