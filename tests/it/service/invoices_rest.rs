//! Invoices over REST, with real meters: the worked flows of a day that is billed in parts and at once, of usage that
//! is waited for, of fees, and of drafts that a person approves, as callers see them.

use serde_json::{Value, json};
use suite::{Rest, World};

use super::{
    invoice_rules_rest::echo,
    subscriptions_rest::{customer, freeze, id},
};

pub(super) const INVOICES: &str = "/api/v1/billing/invoices";
const DAY: (&str, &str) = ("2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z");

/// A line of the day, due when it ends.
pub(super) fn line(name: &str, feature: &str, price: Value) -> Value {
    let mut card = json!({ "price": price });
    if !feature.is_empty() {
        card["featureKey"] = json!(feature);
    }
    json!({
        "name": name, "period": {"from": DAY.0, "to": DAY.1}, "invoiceAt": DAY.1, "rateCard": card,
    })
}

pub(super) fn unit(amount: &str) -> Value {
    json!({"type": "unit", "amount": amount})
}

pub(super) fn fee(amount: &str) -> Value {
    json!({"type": "flat", "amount": amount, "paymentTerm": "in_arrears"})
}

pub(super) fn tiered(mode: &str) -> Value {
    let tier = |up_to: Option<&str>, amount: &str| {
        let mut tier = json!({"unitPrice": {"type": "unit", "amount": amount}, "flatPrice": null});
        if let Some(up_to) = up_to {
            tier["upToAmount"] = json!(up_to);
        }
        tier
    };
    let tiers = [
        tier(Some("10"), "100"),
        tier(Some("20"), "90"),
        tier(None, "80"),
    ];
    json!({"type": "tiered", "mode": mode, "tiers": tiers})
}

/// A meter with a feature of the same key.
pub(super) async fn metered(rest: &Rest, key: &str) {
    let meter = json!({
        "slug": key, "eventType": key, "aggregation": "SUM", "valueProperty": "$.value",
    });
    rest.post("/api/v1/meters", meter).await.expect(201);
    let feature = json!({"key": key, "name": key, "meterSlug": key});
    rest.post("/api/v1/features", feature).await.expect(201);
}

/// Usage of the customer `acme`.
pub(super) async fn used(rest: &Rest, meter: &str, time: &str, value: i64) {
    let event = json!({
        "specversion": "1.0", "id": format!("{meter}-{time}"), "source": "test", "type": meter,
        "subject": "acme", "time": time, "data": {"value": value},
    });
    rest.post_text(
        "/api/v1/events",
        "application/cloudevents+json",
        &event.to_string(),
    )
    .await
    .expect(204);
}

pub(super) async fn pending(rest: &Rest, customer: &str, lines: Value) -> Value {
    let path = format!("/api/v1/billing/customers/{customer}/invoices/pending-lines");
    rest.post(&path, json!({"currency": "USD", "lines": lines}))
        .await
        .expect(201)
}

/// Invoices what can be; the only invoice that comes of it.
pub(super) async fn invoice(rest: &Rest, customer: &str) -> Value {
    let made = rest
        .post(
            &format!("{INVOICES}/invoice"),
            json!({"customerId": customer}),
        )
        .await
        .expect(201);
    let made = made.as_array().unwrap();
    assert_eq!(made.len(), 1, "{made:?}");
    made[0].clone()
}

/// The newest standard invoice, with lines.
pub(super) async fn newest(rest: &Rest) -> Value {
    let path = format!("{INVOICES}?expand=lines&order=DESC");
    let listed = rest.get(&path).await.expect(200);
    let items = listed["items"].as_array().unwrap();
    let standard = items.iter().find(|item| item["status"] != "gathering");
    standard.unwrap().clone()
}

/// Sets the workflow of the default profile.
pub(super) async fn workflow(rest: &Rest, change: impl FnOnce(&mut Value)) {
    let listed = rest.get("/api/v1/billing/profiles").await.expect(200);
    let items = listed["items"].as_array().unwrap();
    let mut profile = items
        .iter()
        .find(|item| item["default"] == true)
        .unwrap()
        .clone();
    change(&mut profile["workflow"]);
    let path = format!("/api/v1/billing/profiles/{}", id(&profile));
    let body = json!({
        "name": profile["name"], "supplier": profile["supplier"], "default": true,
        "workflow": profile["workflow"],
    });
    rest.put(&path, body).await.expect(200);
}

fn state(invoice: &Value) -> &str {
    invoice["statusDetails"]["extendedStatus"].as_str().unwrap()
}

/// `amount/charges/discounts/total`.
fn sums(of: &Value) -> String {
    let totals = &of["totals"];
    let part = |name: &str| totals[name].as_str().unwrap().to_owned();
    let taxes = ["taxesInclusiveTotal", "taxesExclusiveTotal", "taxesTotal"].map(part);
    assert_eq!(taxes, ["0", "0", "0"]);
    ["amount", "chargesTotal", "discountsTotal", "total"]
        .map(part)
        .join("/")
}

fn named<'a>(invoice: &'a Value, name: &str) -> &'a Value {
    let lines = invoice["lines"].as_array().unwrap();
    lines.iter().find(|line| line["name"] == name).unwrap()
}

/// The names of the lines, in their order.
fn names(invoice: &Value) -> Vec<&str> {
    let lines = invoice["lines"].as_array().unwrap();
    lines
        .iter()
        .map(|line| line["name"].as_str().unwrap())
        .collect()
}

/// The four lines of the day: a capped unit price, a fee, graduated tiers, and a volume price with a minimum.
fn four() -> Value {
    let mut capped = unit("100");
    capped["maximumAmount"] = json!("2000");
    let mut least = tiered("volume");
    least["minimumAmount"] = json!("3000");
    json!([
        line("a", "api", capped),
        line("b", "", fee("100")),
        line("c", "calls", tiered("graduated")),
        line("d", "disk", least),
    ])
}

async fn day_of_four(rest: &Rest, world: &World) -> String {
    freeze(&world.client(), DAY.0).await;
    for key in ["api", "calls", "disk"] {
        metered(rest, key).await;
    }
    customer(rest, "acme").await
}

#[tokio::test]
async fn a_day_is_billed_in_parts() {
    let world = World::start().await;
    let rest = &world.rest();
    let client = world.client();
    let acme = &day_of_four(rest, &world).await;
    let pended = pending(rest, acme, four()).await;
    assert_eq!(pended["isInvoiceNew"], true);
    let path = format!("{INVOICES}/invoice");
    let first = rest.post(&path, json!({"customerId": acme})).await;
    let first = first.expect(400);
    assert_eq!(first["extensions"]["code"], "invoice_create_no_lines");

    used(rest, "api", "2024-01-01T00:30:00Z", 10).await;
    client.advance_clock("PT1H").await.unwrap();
    let first = invoice(rest, acme).await;
    assert_eq!(names(&first), ["a", "c"]);
    assert_eq!(sums(named(&first, "a")), "1000/0/0/1000");
    assert_eq!(sums(&first), "1000/0/0/1000");
    let hour = json!({"from": DAY.0, "to": "2024-01-01T01:00:00Z"});
    assert_eq!(first["period"], hour);
    assert_eq!(named(&first, "c")["children"].as_array().unwrap().len(), 1);
    let path = format!("{INVOICES}/{}", id(&first));
    rest.delete(&path).await.expect(204);
    assert_eq!(state(&rest.get(&path).await.expect(200)), "deleted");

    used(rest, "api", "2024-01-01T01:30:00Z", 20).await;
    used(rest, "calls", "2024-01-01T01:30:00Z", 15).await;
    client.advance_clock("PT1H").await.unwrap();
    let second = invoice(rest, acme).await;
    let a = named(&second, "a");
    assert_eq!(sums(a), "2000/0/0/2000");
    let quantities = ["quantity", "meteredQuantity", "preLinePeriodQuantity"].map(|name| &a[name]);
    assert_eq!(quantities, [&json!("20"), &Value::Null, &json!("10")]);
    let quantities = ["quantity", "preLinePeriodQuantity"].map(|name| &named(&second, "c")[name]);
    assert_eq!(quantities, [&json!("15"), &Value::Null], "nothing before");
    assert_eq!(sums(named(&second, "c")), "1450/0/0/1450");
    assert_eq!(sums(&second), "3450/0/0/3450");

    used(rest, "api", "2024-01-01T03:00:00Z", 30).await;
    used(rest, "calls", "2024-01-01T03:00:00Z", 15).await;
    used(rest, "disk", "2024-01-01T03:00:00Z", 25).await;
    // The timer invoices what falls due on the way.
    client.advance_clock("PT22H").await.unwrap();
    let last = newest(rest).await;
    assert_eq!(names(&last), ["a", "b", "c", "d"]);
    assert_eq!(sums(named(&last, "a")), "3000/0/3000/0");
    assert_eq!(sums(named(&last, "b")), "100/0/0/100");
    assert_eq!(sums(named(&last, "c")), "1250/0/0/1250");
    let d = named(&last, "d");
    assert_eq!(sums(d), "2000/1000/0/3000");
    let children = d["children"].as_array().unwrap();
    let shown: Vec<(&str, &str, &str)> = children
        .iter()
        .map(|child| {
            let text = |name: &str| child[name].as_str().unwrap();
            (text("name"), text("perUnitAmount"), text("category"))
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("d: unit price for tier 3", "80", "regular"),
            ("d: minimum spend", "1000", "commitment")
        ]
    );
    assert_eq!(sums(&last), "6350/1000/3000/4350");
    world.stop().await;
}

#[tokio::test]
async fn the_same_day_is_billed_at_once() {
    let world = World::start().await;
    let rest = &world.rest();
    let client = world.client();
    let acme = &day_of_four(rest, &world).await;
    workflow(rest, |workflow| {
        workflow["invoicing"]["progressiveBilling"] = json!(false);
    })
    .await;
    pending(rest, acme, four()).await;
    used(rest, "api", "2024-01-01T03:00:00Z", 30).await;
    used(rest, "calls", "2024-01-01T03:00:00Z", 30).await;
    used(rest, "disk", "2024-01-01T03:00:00Z", 25).await;
    client.advance_clock("PT1H").await.unwrap();
    let path = format!("{INVOICES}/invoice");
    let early = rest.post(&path, json!({"customerId": acme})).await;
    assert_eq!(
        early.expect(400)["extensions"]["code"],
        "invoice_create_no_lines"
    );
    client.advance_clock("PT23H").await.unwrap();
    let whole = newest(rest).await;
    assert_eq!(sums(named(&whole, "a")), "3000/0/1000/2000");
    assert_eq!(sums(named(&whole, "c")), "2700/0/0/2700");
    assert_eq!(sums(&whole), "7800/1000/1000/7800");
    world.stop().await;
}

#[tokio::test]
async fn late_usage_is_waited_for() {
    let world = World::start().await;
    let rest = &world.rest();
    let client = world.client();
    freeze(&client, DAY.0).await;
    metered(rest, "api").await;
    let acme = &customer(rest, "acme").await;
    workflow(rest, |workflow| {
        workflow["invoicing"]["draftPeriod"] = json!("P3D");
    })
    .await;
    let volume = json!({"type": "tiered", "mode": "volume", "tiers": [
        {"upToAmount": "1000", "unitPrice": {"type": "unit", "amount": "1"}, "flatPrice": null},
        {"unitPrice": {"type": "unit", "amount": "1"}, "flatPrice": null},
    ]});
    let lines = json!([
        line("unit", "api", unit("1")),
        line("volume", "api", volume)
    ]);
    pending(rest, acme, lines).await;
    used(rest, "api", "2024-01-01T00:30:00Z", 1).await;
    client.advance_clock("PT24H30M").await.unwrap();
    let waiting = newest(rest).await;
    let path = format!("{INVOICES}/{}", id(&waiting));
    assert_eq!(state(&waiting), "draft.waiting_for_collection");
    assert_eq!(waiting["collectionAt"], "2024-01-02T01:00:00Z");
    assert_eq!(sums(&waiting), "2/0/0/2");
    assert_eq!(waiting["quantitySnapshotedAt"], Value::Null);
    let can = &waiting["statusDetails"]["availableActions"];
    assert_eq!(can["advance"], Value::Null);
    let early = rest.post(&format!("{path}/advance"), Value::Null).await;
    assert_eq!(
        early.expect(400)["extensions"]["code"],
        "invoice_cannot_advance"
    );

    used(rest, "api", "2024-01-01T00:35:00Z", 2).await;
    client.advance_clock("PT30M").await.unwrap();
    let collected = rest.get(&path).await.expect(200);
    assert_eq!(state(&collected), "draft.waiting_auto_approval");
    assert_eq!(sums(&collected), "6/0/0/6");
    assert_eq!(collected["quantitySnapshotedAt"], "2024-01-02T01:00:00Z");
    assert_eq!(collected["draftUntil"], "2024-01-05T01:00:00Z");
    assert_eq!(
        collected["statusDetails"]["availableActions"],
        json!({
            "approve": {"resultingState": "payment_processing.pending"},
            "delete": {"resultingState": "deleted"},
        })
    );
    // What comes later is too late.
    used(rest, "api", "2024-01-01T00:40:00Z", 50).await;
    let approved = rest.post(&format!("{path}/approve"), Value::Null).await;
    let approved = approved.expect(200);
    assert_eq!(
        (state(&approved), sums(&approved).as_str()),
        ("paid", "6/0/0/6")
    );
    world.stop().await;
}

#[tokio::test]
async fn a_fee_is_paid_at_once_and_shown_as_documented() {
    let world = World::start().await;
    let rest = &world.rest();
    freeze(&world.client(), "2024-01-01T00:00:00.25Z").await;
    let acme = &customer(rest, "acme").await;
    let fee = json!({
        "name": "fee", "period": {"from": DAY.0, "to": "2024-02-01T00:00:00Z"}, "invoiceAt": DAY.0,
        "rateCard": {"price": {"type": "flat", "amount": "10.005"}},
    });
    pending(rest, acme, json!([fee])).await;
    // The timer invoices what is due, as of when it was added.
    world.client().advance_clock("PT1S").await.unwrap();
    let paid = newest(rest).await;
    assert_eq!(
        (paid["status"].as_str(), paid["type"].as_str()),
        (Some("paid"), Some("standard"))
    );
    assert_eq!(
        paid["statusDetails"],
        json!({
            "immutable": true, "failed": false, "extendedStatus": "paid", "availableActions": {},
        })
    );
    assert_eq!(paid["number"], "OM-SANDBOX-ACME-1");
    for time in ["collectionAt", "draftUntil", "issuedAt", "sentToCustomerAt"] {
        assert_eq!(paid[time], paid["createdAt"], "{time}");
    }
    assert_eq!(paid["dueAt"], "2024-01-31T00:00:00Z", "floored to seconds");
    assert_ne!(paid["quantitySnapshotedAt"], Value::Null);
    for absent in [
        "preceding",
        "payment",
        "validationIssues",
        "metadata",
        "voidedAt",
    ] {
        assert_eq!(paid[absent], Value::Null, "{absent}");
    }
    let line = &paid["lines"][0];
    assert_eq!(
        (&line["quantity"], &line["status"]),
        (&json!("1"), &json!("valid"))
    );
    assert_eq!(line["rateCard"]["price"]["paymentTerm"], "in_advance");
    assert_eq!(line["price"], line["rateCard"]["price"]);
    let child = &line["children"][0];
    assert_eq!(child["perUnitAmount"], "10.005");
    assert_eq!(
        (&child["type"], &child["managedBy"]),
        (&json!("flat_fee"), &json!("system"))
    );
    assert_eq!(sums(child), "10.01/0/0/10.01");
    world.stop().await;
}

/// Drafts wait for a person, who approves one that is paid, and one whose payment fails.
#[tokio::test]
async fn a_draft_is_approved_by_hand() {
    let world = World::start().await;
    let rest = &world.rest();
    let client = world.client();
    freeze(&client, DAY.0).await;
    let acme = &customer(rest, "acme").await;
    workflow(rest, |workflow| {
        workflow["invoicing"]["autoAdvance"] = json!(false);
    })
    .await;
    let drafted = async |invoice_at: &str| {
        let mut due = line("fee", "", fee("100"));
        due["invoiceAt"] = json!(invoice_at);
        pending(rest, acme, json!([due])).await;
        client.advance_clock("PT1S").await.unwrap();
        let draft = newest(rest).await;
        assert_eq!(
            draft["statusDetails"],
            json!({
                "immutable": false, "failed": false, "extendedStatus": "draft.manual_approval_needed",
                "availableActions": {
                    "approve": {"resultingState": "payment_processing.pending"},
                    "delete": {"resultingState": "deleted"},
                },
            })
        );
        assert_eq!(
            (&draft["draftUntil"], &draft["dueAt"]),
            (&Value::Null, &Value::Null)
        );
        format!("{INVOICES}/{}", id(&draft))
    };
    let first = drafted(DAY.0).await;
    let paid = rest.post(&format!("{first}/approve"), Value::Null).await;
    let paid = paid.expect(200);
    assert_eq!(
        (state(&paid), sums(&paid).as_str()),
        ("paid", "100/0/0/100")
    );
    assert_eq!(paid["issuedAt"], "2024-01-01T00:00:01Z");
    assert_eq!(
        paid["dueAt"], "2024-01-31T00:00:01Z",
        "30 days after it was issued"
    );

    let second = drafted("2024-01-01T00:00:01Z").await;
    let draft = rest.get(&second).await.expect(200);
    let mut marked = echo(&draft);
    marked["workflow"]["workflow"]["invoicing"]["autoAdvance"] = json!(false);
    marked["metadata"] = json!({"openmeter.io/sandbox/target-payment-status": "failed"});
    let marked = rest.put(&second, marked).await.expect(200);
    assert_eq!(state(&marked), "draft.manual_approval_needed");
    for action in ["approve", "retry"] {
        let failed = rest.post(&format!("{second}/{action}"), Value::Null).await;
        let failed = failed.expect(200);
        assert_eq!(state(&failed), "payment_processing.failed", "{action}");
        let details = &failed["statusDetails"];
        assert_eq!(
            (&details["failed"], &details["immutable"]),
            (&json!(true), &json!(true))
        );
        assert_eq!(
            details["availableActions"]["retry"],
            json!({"resultingState": "payment_processing.pending"})
        );
        let issues = failed["validationIssues"].as_array().unwrap();
        assert_eq!(issues.len(), 1, "{issues:?}");
        let issue = ["severity", "code", "component"].map(|name| issues[0][name].as_str().unwrap());
        let component = "app.sandbox.invoiceCustomers.initiate_payment";
        assert_eq!(issue, ["critical", "simulated_payment_failure", component]);
    }
    world.stop().await;
}
