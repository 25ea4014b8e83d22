//! One customer's life, written through other surfaces and read through the RevenueCat dialect: a plan subscription made over the
//! OpenMeter dialect, store transactions told over gRPC, and what both give.

use contract::subscription::v1::{Store, StoreTransactionType};
use serde_json::{Value, json};

use super::revenuecat_scene::{Project, Sale, id, ids, record, refused, unlimited};

const DAY: i64 = 86_400_000;

fn millis(time: &str) -> i64 {
    time.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

async fn active(project: &Project, customer: &str) -> Vec<(String, Option<i64>)> {
    let path = format!("/customers/{customer}/active_entitlements");
    let list = project.get(&path).await.expect(200);
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| {
            let entitlement = item["entitlement_id"].as_str().unwrap().to_owned();
            (entitlement, item["expires_at"].as_i64())
        })
        .collect()
}

async fn subscriptions(project: &Project, customer: &str, query: &str) -> Vec<Value> {
    let path = format!("/customers/{customer}/subscriptions{query}");
    let list = project.get(&path).await.expect(200);
    list["items"].as_array().unwrap().clone()
}

async fn metric(project: &Project, wanted: &str) -> Value {
    let all = project.get("/metrics/overview").await.expect(200);
    assert_eq!(all["object"], "overview_metrics");
    let metrics = all["metrics"].as_array().unwrap();
    assert_eq!(metrics.len(), 7);
    let found = metrics.iter().find(|metric| metric["id"] == wanted);
    found.unwrap()["value"].clone()
}

/// A plan of 20 USD a month after a trial of two weeks.
async fn plan(project: &Project) {
    let card = |cadence: Value, price: Value| json!({"type": "flat_fee", "key": "seat", "name": "Seat", "billingCadence": cadence, "price": price});
    let plan = json!({
        "key": "team", "name": "Team", "currency": "USD", "billingCadence": "P1M",
        "phases": [
            {"key": "trial", "name": "Trial", "duration": "P14D", "rateCards": [card(Value::Null, Value::Null)]},
            {"key": "paid", "name": "Paid", "duration": null, "rateCards": [
                card(json!("P1M"), json!({"type": "flat", "amount": "20", "paymentTerm": "in_advance"})),
            ]},
        ],
    });
    let plan = project.rest.post("/api/v1/plans", plan).await.expect(201);
    let publish = format!("/api/v1/plans/{}/publish", id(&plan));
    project.rest.post(&publish, Value::Null).await.expect(200);
}

#[tokio::test]
async fn a_life_written_elsewhere_is_read_here() {
    let (world, project) = unlimited().await;
    let client = world.client();
    client
        .freeze_clock("2025-01-10T00:00:00Z".parse().unwrap())
        .await
        .unwrap();
    let customer = json!({"key": "ann", "name": "Ann"});
    let customer = id(&project
        .rest
        .post("/api/v1/customers", customer)
        .await
        .expect(201));
    assert_eq!(project.get("/apps").await.expect(200)["items"], json!([]));
    plan(&project).await;
    // A published plan is a product here, in an app made for it.
    let app = project.get("/apps").await.expect(200)["items"][0].clone();
    assert_eq!(
        (&app["type"], &app["name"]),
        (&json!("rc_billing"), &json!("Default"))
    );
    let products = project.get("/products").await.expect(200);
    let team = products["items"][0].clone();
    assert_eq!(
        (&team["store_identifier"], &team["display_name"]),
        (&json!("team"), &json!("Team"))
    );
    assert_eq!(team["subscription"]["duration"], "P1M");
    let home = project.delete(&format!("/apps/{}", id(&app))).await;
    assert_eq!(refused(&home, 422).0, "unprocessable_entity_error");

    let subscribed = json!({"customerId": customer, "plan": {"key": "team"}});
    let subscribed = project
        .rest
        .post("/api/v1/subscriptions", subscribed)
        .await
        .expect(201);
    let shown = subscriptions(&project, "ann", "").await;
    assert_eq!(shown.len(), 1, "{shown:?}");
    let shown = &shown[0];
    assert_eq!(
        (&shown["object"], &shown["status"]),
        (&json!("subscription"), &json!("trialing"))
    );
    assert_eq!(
        (&shown["store"], &shown["environment"]),
        (&json!("rc_billing"), &json!("production"))
    );
    assert_eq!(
        (&shown["customer_id"], &shown["original_customer_id"]),
        (&json!("ann"), &json!("ann"))
    );
    assert_eq!(shown["product_id"], team["id"]);
    assert_eq!(shown["store_subscription_identifier"], subscribed["id"]);
    assert_eq!(shown["starts_at"], millis("2025-01-10T00:00:00Z"));
    assert_eq!(
        (&shown["gives_access"], &shown["auto_renewal_status"]),
        (&json!(true), &json!("will_renew"))
    );
    let nothing = json!({"currency": "USD", "gross": 0, "commission": 0, "tax": 0, "proceeds": 0});
    assert_eq!(shown["total_revenue_in_usd"], nothing);
    assert_eq!(metric(&project, "active_trials").await, json!(1));
    let subscription = id(shown);

    // Attaching the product gives the entitlement in the next request.
    assert_eq!(active(&project, "ann").await, []);
    let premium = project.entitlement("premium").await;
    let attach = format!("/entitlements/{premium}/actions/attach_products");
    project
        .post(&attach, json!({"product_ids": [id(&team)]}))
        .await
        .expect(200);
    let given = active(&project, "ann").await;
    assert_eq!(given.len(), 1);
    assert_eq!(given[0].0, premium);
    let read = project
        .get(&format!("/subscriptions/{subscription}"))
        .await
        .expect(200);
    assert_eq!(ids(&read["entitlements"]), [&premium]);
    assert_eq!(
        read["entitlements"]["url"],
        project.path(&format!("/subscriptions/{subscription}/entitlements"))
    );
    let list = project
        .get(&format!("/subscriptions/{subscription}/entitlements"))
        .await
        .expect(200);
    assert_eq!(ids(&list), [&premium]);

    client.advance_clock("P15D").await.unwrap();
    let paid = &subscriptions(&project, "ann", "").await[0];
    assert_eq!(
        (&paid["id"], &paid["status"]),
        (&json!(subscription), &json!("active"))
    );
    assert_eq!(metric(&project, "active_subscriptions").await, json!(1));
    assert_eq!(metric(&project, "mrr").await, json!(20));

    // A store sells more to the same customer, and a test purchase counts nowhere.
    let store = project.app("phone").await;
    let (gold, coins) = (project.product(&store, "gold").await, {
        let coins = json!({"store_identifier": "coins", "app_id": store, "type": "one_time"});
        id(&project.make("/products", coins).await)
    });
    let extra = project.entitlement("extra").await;
    let both = json!({"product_ids": [gold, coins]});
    project
        .post(
            &format!("/entitlements/{extra}/actions/attach_products"),
            both,
        )
        .await
        .expect(200);
    let sale = |transaction, subscription, product, price| Sale {
        id: transaction,
        subscription,
        customer: "ann",
        product,
        price,
        time: "2025-01-25T00:00:00Z",
        store: Some(Store::Amazon),
        ..Sale::default()
    };
    record(&world, sale("a1", "amz-1", &gold, "10.00")).await;
    record(
        &world,
        Sale {
            sandbox: true,
            ..sale("a2", "amz-2", &gold, "10.00")
        },
    )
    .await;
    let all = subscriptions(&project, "ann", "").await;
    assert_eq!(all.len(), 3, "{all:?}");
    let production = subscriptions(&project, "ann", "?environment=production").await;
    let from_store = &production[1];
    assert_eq!(
        (&from_store["store"], &from_store["status"]),
        (&json!("amazon"), &json!("active"))
    );
    assert_eq!(from_store["store_subscription_identifier"], "amz-1");
    assert_eq!(
        from_store["total_revenue_in_usd"],
        json!({"currency": "USD", "gross": 10, "commission": 3, "tax": 0, "proceeds": 7})
    );
    assert_eq!(
        from_store["current_period_ends_at"],
        millis("2025-02-25T00:00:00Z")
    );
    let sandbox = subscriptions(&project, "ann", "?environment=sandbox").await;
    assert_eq!(sandbox[0]["environment"], "sandbox");
    assert_eq!(metric(&project, "mrr").await, json!(30));
    let given = active(&project, "ann").await;
    let extra_end = given.iter().find(|(id, _)| *id == extra).unwrap().1;
    assert_eq!(extra_end, Some(millis("2025-02-25T00:00:00Z")));

    // Something bought once is had for good.
    record(&world, sale("a3", "", &coins, "2.50")).await;
    let purchases = project.get("/customers/ann/purchases").await.expect(200);
    let bought = &purchases["items"][0];
    assert_eq!(
        (&bought["object"], &bought["status"]),
        (&json!("purchase"), &json!("owned"))
    );
    assert_eq!(
        (&bought["quantity"], &bought["product_id"]),
        (&json!(1), &json!(coins))
    );
    assert_eq!(bought["revenue_in_usd"]["gross"], json!(2.5));
    assert_eq!(ids(&bought["entitlements"]), [&extra]);
    let given = active(&project, "ann").await;
    assert!(given.contains(&(extra.clone(), None)), "{given:?}");
    let only_store = project
        .post(
            &format!("/purchases/{}/actions/refund", id(bought)),
            json!({}),
        )
        .await;
    assert_eq!(refused(&only_store, 422).0, "unprocessable_entity_error");

    // The subscription from the store moves on to another customer.
    project.make("/customers", json!({"id": "bob"})).await;
    let moved = json!({"target_customer_id": "bob"});
    let moved = project
        .post("/customers/ann/actions/transfer", moved)
        .await
        .expect(200);
    assert_eq!(
        (
            &moved["source_customer"]["id"],
            &moved["target_customer"]["id"]
        ),
        (&json!("ann"), &json!("bob"))
    );
    let of_bob = subscriptions(&project, "bob", "?environment=production").await;
    assert_eq!(
        (
            &of_bob[0]["customer_id"],
            &of_bob[0]["original_customer_id"]
        ),
        (&json!("bob"), &json!("ann"))
    );
    let kept: Vec<String> = active(&project, "ann")
        .await
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    assert_eq!(kept, std::slice::from_ref(&premium));

    // Canceling acts at the end of the period, and is seen where the subscription was made.
    let cancel = format!("/subscriptions/{subscription}/actions/cancel");
    let canceled = project.post(&cancel, Value::Null).await.expect(200);
    assert_eq!(canceled["auto_renewal_status"], "will_not_renew");
    assert_eq!(
        (&canceled["status"], &canceled["gives_access"]),
        (&json!("active"), &json!(true))
    );
    let elsewhere = project
        .rest
        .get(&format!(
            "/api/v1/subscriptions/{}",
            subscribed["id"].as_str().unwrap()
        ))
        .await;
    assert!(elsewhere.expect(200)["activeTo"].is_string());
    client.advance_clock("P40D").await.unwrap();
    let ended = project
        .get(&format!("/subscriptions/{subscription}"))
        .await
        .expect(200);
    assert_eq!(
        (&ended["status"], &ended["gives_access"]),
        (&json!("expired"), &json!(false))
    );
    assert_eq!(ended["auto_renewal_status"], "will_not_renew");
    assert_eq!(active(&project, "ann").await, []);
    world.stop().await;
}

#[tokio::test]
async fn what_a_store_tells_moves_one_subscription_through_its_states() {
    let (world, project) = unlimited().await;
    let client = world.client();
    client
        .freeze_clock("2025-03-01T00:00:00Z".parse().unwrap())
        .await
        .unwrap();
    project.make("/customers", json!({"id": "ann"})).await;
    let app = project.app("phone").await;
    let product = json!({
        "store_identifier": "pro", "app_id": app, "type": "subscription",
        "subscription": {"duration": "P1M", "trial_duration": "P7D", "grace_period_duration": "P3D"},
    });
    let product = id(&project.make("/products", product).await);
    let tell = |transaction, kind, time, price| Sale {
        id: transaction,
        subscription: "amz",
        customer: "ann",
        product: &product,
        price,
        time,
        kind: Some(kind),
        store: Some(Store::Amazon),
        ..Sale::default()
    };
    let state = async || {
        let all = subscriptions(&project, "ann", "").await;
        let last = all.last().unwrap();
        let text = |name: &str| last[name].as_str().unwrap().to_owned();
        (
            text("status"),
            text("auto_renewal_status"),
            last["gives_access"] == true,
            id(last),
        )
    };
    let purchase = tell(
        "t0",
        StoreTransactionType::Purchase,
        "2025-03-01T00:00:00Z",
        "",
    );
    record(
        &world,
        Sale {
            trial: true,
            ..purchase
        },
    )
    .await;
    let (status, renewal, access, first) = state().await;
    assert_eq!(
        (status.as_str(), renewal.as_str(), access),
        ("trialing", "will_renew", true)
    );
    client.advance_clock("P7D").await.unwrap();
    record(
        &world,
        tell(
            "t1",
            StoreTransactionType::Renewal,
            "2025-03-08T00:00:00Z",
            "5.00",
        ),
    )
    .await;
    let (status, .., same) = state().await;
    assert_eq!((status.as_str(), &same), ("active", &first));
    let shown = &subscriptions(&project, "ann", "").await[0];
    assert_eq!(
        shown["current_period_starts_at"],
        millis("2025-03-08T00:00:00Z")
    );
    assert_eq!(
        shown["current_period_ends_at"],
        millis("2025-04-08T00:00:00Z")
    );
    assert_eq!(shown["starts_at"], millis("2025-03-08T00:00:00Z") - 7 * DAY);
    record(
        &world,
        tell(
            "c1",
            StoreTransactionType::Cancellation,
            "2025-03-08T00:00:00Z",
            "",
        ),
    )
    .await;
    assert_eq!(state().await.1, "will_not_renew");
    record(
        &world,
        tell(
            "u1",
            StoreTransactionType::Uncancellation,
            "2025-03-08T00:00:00Z",
            "",
        ),
    )
    .await;
    client.advance_clock("P31D").await.unwrap();
    record(
        &world,
        tell(
            "b1",
            StoreTransactionType::BillingIssue,
            "2025-04-08T00:00:00Z",
            "",
        ),
    )
    .await;
    let (status, _, access, _) = state().await;
    assert_eq!((status.as_str(), access), ("in_grace_period", true));
    client.advance_clock("P4D").await.unwrap();
    let (status, _, access, _) = state().await;
    assert_eq!((status.as_str(), access), ("in_billing_retry", false));
    record(
        &world,
        tell(
            "t2",
            StoreTransactionType::Renewal,
            "2025-04-12T00:00:00Z",
            "5.00",
        ),
    )
    .await;
    let (status, _, access, same) = state().await;
    assert_eq!((status.as_str(), access, &same), ("active", true, &first));
    assert_eq!(metric(&project, "num_tx_last_28_days").await, json!(1));
    record(
        &world,
        tell(
            "x1",
            StoreTransactionType::Expiration,
            "2025-04-12T00:00:00Z",
            "",
        ),
    )
    .await;
    assert_eq!(state().await.0, "expired");
    world.stop().await;
}
