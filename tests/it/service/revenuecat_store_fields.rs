//! Every field that the RevenueCat dialect computes of what a store sold: money in another currency with tax and commission, what is to come at the
//! end of the period, pauses, family sharing, what has not begun, and things bought once.

use contract::customer::v1::{CustomerRef, customer_ref::Ref};
use contract::kernel::v1::Money;
use contract::subscription::v1::{
    Ownership, RecordStoreTransactionRequest, Store, StoreTransaction, StoreTransactionType as Type,
};
use serde_json::{Value, json};
use suite::World;

use super::ledger_scene::rate;
use super::revenuecat_scene::{Project, id, unlimited};

const BEGIN: &str = "2025-03-01T00:00:00Z";

fn instant(time: &str) -> Option<prost_types::Timestamp> {
    Some(contract::convert::timestamp(time.parse().unwrap()))
}

fn millis(time: &str) -> i64 {
    time.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

fn share(text: &str) -> Option<contract::kernel::v1::Decimal> {
    Some(contract::kernel::v1::Decimal { value: text.into() })
}

fn price(currency_code: &str, amount: &str) -> Option<Money> {
    Some(Money {
        currency_code: currency_code.into(),
        amount: share(amount),
    })
}

/// Something that happened in Google Play to the subscription `gp-1` of `ann`.
fn happened(id: &str, kind: Type, time: &str) -> StoreTransaction {
    StoreTransaction {
        id: id.into(),
        r#type: kind.into(),
        store: Store::PlayStore.into(),
        store_subscription_identifier: "gp-1".into(),
        time: instant(time),
        customer: Some(CustomerRef {
            r#ref: Some(Ref::Handle("ann".into())),
        }),
        ..Default::default()
    }
}

async fn tell(world: &World, transaction: StoreTransaction) {
    let request = RecordStoreTransactionRequest {
        transaction: Some(transaction),
        request_id: String::new(),
    };
    let mut client = world.client().store_transactions();
    client.record_store_transaction(request).await.unwrap();
}

async fn subscriptions(project: &Project) -> Vec<Value> {
    let list = project.get("/customers/ann/subscriptions").await;
    list.expect(200)["items"].as_array().unwrap().clone()
}

/// Status, renewal and access of the last subscription.
async fn last(project: &Project) -> (Value, String) {
    let last = subscriptions(project).await.pop().unwrap();
    let text = |name: &str| last[name].as_str().unwrap().to_owned();
    let access = last["gives_access"].as_bool().unwrap();
    let standing = format!(
        "{} {} {access}",
        text("status"),
        text("auto_renewal_status")
    );
    (last, standing)
}

/// An app in Google Play with two monthly products and coins, and ten dollars for nine euros.
async fn shop() -> (World, Project, [String; 3]) {
    let (world, project) = unlimited().await;
    let client = world.client();
    client.freeze_clock(BEGIN.parse().unwrap()).await.unwrap();
    rate(&world, "EUR", "USD", "1.1").await;
    let app = json!({"name": "Phone", "type": "play_store", "play_store": {"package_name": "p"}});
    let app = id(&project.make("/apps", app).await);
    let basic = project.product(&app, "basic").await;
    let pro = project.product(&app, "pro").await;
    let coins = json!({"store_identifier": "coins", "app_id": app, "type": "one_time"});
    let coins = id(&project.make("/products", coins).await);
    project.make("/customers", json!({"id": "ann"})).await;
    (world, project, [basic, pro, coins])
}

#[tokio::test]
async fn a_subscription_shows_money_place_and_what_is_to_come() {
    let (world, project, [basic, pro, _]) = shop().await;
    let client = world.client();
    let offering = project.offering("main").await;
    let bought = StoreTransaction {
        product_id: basic.clone(),
        price: price("EUR", "10"),
        tax_share: share("0.19"),
        country_code: "DE".into(),
        management_url: "https://play.example/s".into(),
        presented_offering_id: offering.clone(),
        ..happened("1", Type::Purchase, BEGIN)
    };
    tell(&world, bought).await;
    let (shown, standing) = last(&project).await;
    assert_eq!(standing, "active will_renew true");
    // 10 × 1.1; × 0.19; × 0.3; the rest.
    let revenue =
        json!({"currency": "USD", "gross": 11, "tax": 2.09, "commission": 3.3, "proceeds": 5.61});
    assert_eq!(shown["total_revenue_in_usd"], revenue);
    assert_eq!(
        (&shown["store"], &shown["environment"], &shown["ownership"]),
        (
            &json!("play_store"),
            &json!("production"),
            &json!("purchased")
        )
    );
    assert_eq!(
        (&shown["country"], &shown["management_url"]),
        (&json!("DE"), &json!("https://play.example/s"))
    );
    assert_eq!(shown["presented_offering_id"], offering);
    assert_eq!(shown["product_id"], basic);
    assert_eq!(shown["pending_changes"], Value::Null);
    assert_eq!(shown["pending_payment"], false);

    let change = StoreTransaction {
        product_id: pro.clone(),
        ..happened("2", Type::ProductChange, BEGIN)
    };
    tell(&world, change).await;
    let (shown, standing) = last(&project).await;
    assert_eq!(standing, "active will_change_product true");
    assert_eq!(shown["pending_changes"]["product"]["id"], pro);
    assert_eq!(shown["product_id"], basic);
    tell(&world, happened("3", Type::PriceIncreaseAsked, BEGIN)).await;
    let (shown, standing) = last(&project).await;
    assert_eq!(standing, "active requires_price_increase_consent true");
    assert_eq!(shown["pending_changes"], Value::Null);
    tell(&world, happened("4", Type::PriceIncreaseAgreed, BEGIN)).await;
    assert_eq!(last(&project).await.1, "active will_change_product true");

    // The renewal sells the other product: another subscription, with money of its own.
    client.advance_clock("P31D").await.unwrap();
    let renewal = StoreTransaction {
        price: price("USD", "20"),
        commission_share: share("0.15"),
        ..happened("5", Type::Renewal, "2025-04-01T00:00:00Z")
    };
    tell(&world, renewal).await;
    let all = subscriptions(&project).await;
    assert_eq!(all.len(), 2);
    assert_eq!(
        (&all[0]["status"], &all[0]["auto_renewal_status"]),
        (&json!("expired"), &json!("will_not_renew"))
    );
    assert_ne!(all[0]["id"], all[1]["id"]);
    assert_eq!(
        (&all[1]["product_id"], &all[1]["starts_at"]),
        (&json!(pro), &json!(millis("2025-04-01T00:00:00Z")))
    );
    let revenue =
        json!({"currency": "USD", "gross": 20, "tax": 0, "commission": 3, "proceeds": 17});
    assert_eq!(all[1]["total_revenue_in_usd"], revenue);

    // A pause at the end of the period, with a day on which it ends.
    let pause = StoreTransaction {
        resume_time: instant("2025-06-01T00:00:00Z"),
        ..happened("6", Type::Pause, "2025-04-01T00:00:00Z")
    };
    tell(&world, pause).await;
    assert_eq!(last(&project).await.1, "active will_pause true");
    client.advance_clock("P30D").await.unwrap();
    let (shown, standing) = last(&project).await;
    assert_eq!(standing, "paused will_renew false");
    assert_eq!(
        shown["current_period_ends_at"],
        millis("2025-06-01T00:00:00Z")
    );
    tell(&world, happened("7", Type::Resume, "2025-05-01T00:00:00Z")).await;
    let renewal = StoreTransaction {
        price: price("USD", "20"),
        ..happened("8", Type::Renewal, "2025-05-01T00:00:00Z")
    };
    tell(&world, renewal).await;
    let (same, standing) = last(&project).await;
    assert_eq!(
        (standing.as_str(), &same["id"]),
        ("active will_renew true", &shown["id"])
    );
    // What is given back counts against it.
    let refund = StoreTransaction {
        price: price("USD", "5"),
        ..happened("9", Type::Refund, "2025-05-01T00:00:00Z")
    };
    tell(&world, refund).await;
    let (shown, standing) = last(&project).await;
    assert_eq!(standing, "active will_renew true");
    assert_eq!(shown["total_revenue_in_usd"]["gross"], 35);
    world.stop().await;
}

#[tokio::test]
async fn what_is_shared_costs_nothing_and_what_has_not_begun_gives_nothing() {
    let (world, project, [basic, pro, _]) = shop().await;
    let shared = StoreTransaction {
        product_id: basic,
        ownership: Ownership::FamilyShared.into(),
        price: price("USD", "10"),
        store_subscription_identifier: "gp-2".into(),
        ..happened("1", Type::Purchase, BEGIN)
    };
    tell(&world, shared).await;
    let (shown, standing) = last(&project).await;
    assert_eq!(standing, "active will_renew true");
    assert_eq!(shown["ownership"], "family_shared");
    let nothing = json!({"currency": "USD", "gross": 0, "tax": 0, "commission": 0, "proceeds": 0});
    assert_eq!(shown["total_revenue_in_usd"], nothing);
    let ahead = StoreTransaction {
        product_id: pro,
        price: price("USD", "10"),
        store_subscription_identifier: "gp-3".into(),
        period_start_time: instant("2025-03-10T00:00:00Z"),
        ..happened("2", Type::Purchase, BEGIN)
    };
    tell(&world, ahead).await;
    let (shown, standing) = last(&project).await;
    assert_eq!(standing, "incomplete will_renew false");
    assert_eq!(shown["starts_at"], millis("2025-03-10T00:00:00Z"));
    world.stop().await;
}

#[tokio::test]
async fn things_bought_once_count_by_their_number_until_they_are_given_back() {
    let (world, project, [_, _, coins]) = shop().await;
    let extra = project.entitlement("extra").await;
    let attach = format!("/entitlements/{extra}/actions/attach_products");
    let attached = project.post(&attach, json!({"product_ids": [coins]})).await;
    attached.expect(200);
    let bought = StoreTransaction {
        product_id: coins,
        price: price("EUR", "2"),
        quantity: 3,
        country_code: "FR".into(),
        store_subscription_identifier: String::new(),
        ..happened("1", Type::Purchase, BEGIN)
    };
    tell(&world, bought).await;
    let purchase = async || {
        let list = project.get("/customers/ann/purchases").await.expect(200);
        list["items"][0].clone()
    };
    let shown = purchase().await;
    assert_eq!(
        (&shown["status"], &shown["quantity"], &shown["country"]),
        (&json!("owned"), &json!(3), &json!("FR"))
    );
    let revenue =
        json!({"currency": "USD", "gross": 6.6, "tax": 0, "commission": 1.98, "proceeds": 4.62});
    assert_eq!(shown["revenue_in_usd"], revenue);
    assert_eq!(shown["purchased_at"], millis(BEGIN));
    assert_eq!(shown["store_purchase_identifier"], "1");
    let active = "/customers/ann/active_entitlements";
    let given = project.get(active).await.expect(200);
    assert_eq!(given["items"][0]["entitlement_id"], extra);
    assert_eq!(given["items"][0]["expires_at"], Value::Null);

    let refund = StoreTransaction {
        store_subscription_identifier: String::new(),
        target_transaction_id: "1".into(),
        ..happened("2", Type::Refund, BEGIN)
    };
    tell(&world, refund).await;
    let shown = purchase().await;
    assert_eq!(shown["status"], "refunded");
    let nothing = json!({"currency": "USD", "gross": 0, "tax": 0, "commission": 0, "proceeds": 0});
    assert_eq!(shown["revenue_in_usd"], nothing);
    let given = project.get(active).await.expect(200);
    assert_eq!(given["items"], json!([]));
    world.stop().await;
}
