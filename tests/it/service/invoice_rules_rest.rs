//! What billing refuses over REST: each documented code with its status, and nothing written.

use reqwest::Method;
use serde_json::{Value, json};
use suite::{Rest, World};

use super::{
    invoices_rest::{
        INVOICES, fee, invoice, line, metered, newest, pending, tiered, unit, used, workflow,
    },
    subscriptions_rest::{customer, flat, freeze, id, phase, publish},
};

const PROFILES: &str = "/api/v1/billing/profiles";
const NOBODY: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// All that billing has.
async fn everything(rest: &Rest) -> Vec<Value> {
    let mut found = Vec::new();
    for path in [
        format!("{PROFILES}?includeArchived=true"),
        "/api/v1/billing/customers".to_owned(),
        format!("{INVOICES}?expand=lines&includeDeleted=true"),
        "/api/v1/apps".to_owned(),
    ] {
        found.push(rest.get(&path).await.expect(200));
    }
    // What is pending is rated anew by each read.
    for listed in &mut found {
        let items = listed["items"].as_array_mut().into_iter().flatten();
        let lines = items.filter_map(|item| item["lines"].as_array_mut());
        for line in lines.flatten() {
            line["children"] = Value::Null;
        }
    }
    found
}

/// A request that is refused with a status and, if there is one, a code; it leaves everything as it was.
async fn refused(
    rest: &Rest,
    (method, path, body): (Method, &str, Value),
    status: u16,
    code: &str,
) {
    let before = everything(rest).await;
    let mut request = rest.request(method.clone(), path);
    if !body.is_null() {
        request = request.json(&body);
    }
    let answer = rest.send(request).await;
    let what = format!("{method} {path} {body}: {}", answer.text);
    assert_eq!(answer.status, status, "{what}");
    let found = &answer.json["extensions"]["code"];
    let expected = if code.is_empty() {
        Value::Null
    } else {
        json!(code)
    };
    assert_eq!(found, &expected, "{what}");
    assert_eq!(everything(rest).await, before, "{what}");
}

/// The body that leaves an invoice as it is.
pub(super) fn echo(invoice: &Value) -> Value {
    let lines: Vec<Value> = invoice["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            json!({
                "id": line["id"], "name": line["name"], "period": line["period"],
                "invoiceAt": line["invoiceAt"], "rateCard": line["rateCard"],
            })
        })
        .collect();
    json!({
        "supplier": {"name": invoice["supplier"]["name"], "addresses": invoice["supplier"]["addresses"]},
        "customer": {"name": invoice["customer"]["name"]},
        "lines": lines,
        "workflow": {"workflow": {"invoicing": {}, "payment": {}}},
    })
}

#[tokio::test]
async fn profiles_and_overrides_are_kept_in_order() {
    let world = World::start().await;
    let rest = &world.rest();
    let acme = &customer(rest, "acme").await;
    let listed = rest.get(PROFILES).await.expect(200);
    let default = listed["items"][0].clone();
    let with = |name: &str, is_default: bool| {
        let app = default["apps"]["invoicing"]["id"].clone();
        json!({
            "name": name, "supplier": default["supplier"], "default": is_default,
            "workflow": default["workflow"], "apps": {"tax": app, "invoicing": app, "payment": app},
        })
    };
    let other = rest.post(PROFILES, with("other", false)).await.expect(201);
    let gone = rest.post(PROFILES, with("gone", false)).await.expect(201);
    let path = |profile: &Value| format!("{PROFILES}/{}", id(profile));
    rest.delete(&path(&gone)).await.expect(204);
    rest.delete(&path(&gone)).await.expect(204);
    let own = &format!("/api/v1/billing/customers/{acme}");
    let put = |body: Value| (Method::PUT, body);
    let check = async |(method, body): (Method, Value), path: &str, status: u16, code: &str| {
        refused(rest, (method, path, body), status, code).await;
    };
    let delete = || (Method::DELETE, Value::Null);
    check(delete(), own, 404, "customer_override_not_found").await;
    let unknown = json!({"billingProfileId": NOBODY});
    check(put(unknown), own, 404, "profile_not_found").await;
    let deleted = json!({"billingProfileId": id(&gone)});
    check(put(deleted), own, 404, "profile_not_found").await;
    rest.put(own, json!({"billingProfileId": id(&other)}))
        .await
        .expect(200);
    check(delete(), &path(&other), 400, "profile_referenced").await;
    rest.delete(own).await.expect(204);
    check(delete(), own, 404, "customer_override_deleted").await;
    let stranger = format!("/api/v1/billing/customers/{NOBODY}");
    check(put(json!({})), &stranger, 404, "").await;

    let nothing = format!("{PROFILES}/{NOBODY}");
    let get = (Method::GET, Value::Null);
    check(get, &nothing, 404, "profile_not_found").await;
    check(delete(), &nothing, 404, "profile_not_found").await;
    check(put(with("x", false)), &nothing, 404, "profile_not_found").await;
    let first = &path(&default);
    check(delete(), first, 400, "default_profile_cannot_be_deleted").await;
    let unset = put(with("x", false));
    check(unset, first, 400, "default_profile_cannot_be_unset").await;
    let late = put(with("x", false));
    check(late, &path(&gone), 400, "profile_already_deleted").await;
    let mut unknown = with("x", false);
    unknown["apps"] = json!({"tax": NOBODY, "invoicing": NOBODY, "payment": NOBODY});
    check((Method::POST, unknown), PROFILES, 404, "").await;
    let mut mixed = with("x", false);
    mixed["apps"]["tax"] = json!(NOBODY);
    check((Method::POST, mixed), PROFILES, 400, "").await;
    for (part, bad) in [
        ("collection", json!({"interval": "-PT1H"})),
        ("invoicing", json!({"dueAfter": "-P1D"})),
        (
            "invoicing",
            json!({"autoAdvance": true, "draftPeriod": "-P1D"}),
        ),
        ("tax", json!({"enabled": false, "enforced": true})),
        (
            "invoicing",
            json!({"defaultTaxConfig": {"stripe": {"code": "txcd_1"}}}),
        ),
    ] {
        let mut wrong = with("x", false);
        wrong["workflow"][part] = bad;
        check((Method::POST, wrong), PROFILES, 400, "").await;
    }
    let mut nowhere = with("x", false);
    nowhere["supplier"] = json!({"name": "Somebody"});
    check((Method::POST, nowhere), PROFILES, 400, "").await;
    world.stop().await;
}

#[tokio::test]
async fn who_was_just_made_or_renamed_is_in_the_list_of_who_is_billed() {
    let world = World::start().await;
    let rest = &world.rest();
    for number in 0..10 {
        let made = &customer(rest, &format!("c-{number}")).await;
        let path = format!("/api/v1/billing/customers?customerId={made}&expand=customer");
        let listed = rest.get(&path).await.expect(200);
        assert_eq!(listed["totalCount"], 1, "{listed}");
        assert_eq!(&listed["items"][0]["customer"]["id"], made);
        rest.delete(&format!("/api/v1/customers/{made}"))
            .await
            .expect(204);
        let listed = rest.get(&path).await.expect(200);
        assert_eq!(listed["totalCount"], 0, "{listed}");
    }
    world.stop().await;
}

#[tokio::test]
async fn pending_lines_have_rules() {
    let world = World::start().await;
    let rest = &world.rest();
    freeze(&world.client(), "2024-01-01T00:00:00Z").await;
    let acme = &customer(rest, "acme").await;
    let path = format!("/api/v1/billing/customers/{acme}/invoices/pending-lines");
    let with = |change: &dyn Fn(&mut Value)| {
        let mut line = line("use", "api", unit("1"));
        change(&mut line);
        json!({"currency": "USD", "lines": [line]})
    };
    let price = |price: Value| with(&move |line| line["rateCard"]["price"] = price.clone());
    let tier = |up_to: Option<&str>, amount: &str| {
        let mut tier = json!({"unitPrice": {"type": "unit", "amount": amount}, "flatPrice": null});
        if let Some(up_to) = up_to {
            tier["upToAmount"] = json!(up_to);
        }
        tier
    };
    let tiers =
        |tiers: Vec<Value>| price(json!({"type": "tiered", "mode": "volume", "tiers": tiers}));
    let discount =
        |discounts: Value| with(&move |line| line["rateCard"]["discounts"] = discounts.clone());
    let of_fee = with(&|line| {
        line["rateCard"] = json!({"price": fee("1"), "discounts": {"usage": {"quantity": "5"}}});
    });
    for body in [
        json!({"currency": "USD", "lines": []}),
        json!({"currency": "XXY", "lines": [line("fee", "", fee("1"))]}),
        price(Value::Null),
        price(unit("-1")),
        price(json!({"type": "unit", "amount": "1", "minimumAmount": "10", "maximumAmount": "5"})),
        price(json!({"type": "package", "amount": "1", "quantityPerPackage": "0"})),
        tiers(vec![]),
        tiers(vec![tier(Some("5"), "1")]),
        tiers(vec![
            tier(Some("5"), "1"),
            tier(Some("5"), "2"),
            tier(None, "3"),
        ]),
        tiers(vec![json!({"unitPrice": null, "flatPrice": null})]),
        with(&|line| line["rateCard"] = json!({"price": unit("1")})),
        with(&|line| line["price"] = unit("2")),
        with(&|line| line["featureKey"] = json!("other")),
        with(&|line| line["period"]["to"] = json!("2023-12-31T00:00:00Z")),
        discount(json!({"percentage": {"percentage": 101}})),
        discount(json!({"usage": {"quantity": "-1"}})),
        discount(json!({"usage": {"quantity": "1", "correlationId": "none"}})),
        of_fee,
    ] {
        refused(rest, (Method::POST, &path, body), 400, "").await;
    }
    let stranger = format!("/api/v1/billing/customers/{NOBODY}/invoices/pending-lines");
    let good = json!({"currency": "USD", "lines": [line("fee", "", fee("1"))]});
    refused(rest, (Method::POST, &stranger, good), 404, "").await;

    let path = format!("/api/v1/billing/customers/{acme}/invoices/simulate");
    let simulated = |change: &dyn Fn(&mut Value)| {
        let mut line = line("use", "api", tiered("volume"));
        line["quantity"] = json!("5");
        change(&mut line);
        json!({"currency": "USD", "lines": [line]})
    };
    let split = simulated(&|line| line["preLinePeriodQuantity"] = json!("1"));
    let code = "invoice_line_graduated_split_not_supported";
    refused(rest, (Method::POST, &path, split), 400, code).await;
    let early = simulated(&|line| line["invoiceAt"] = json!("2024-01-01T00:00:00Z"));
    refused(rest, (Method::POST, &path, early), 400, "").await;
    let empty = simulated(&|line| line["period"]["to"] = line["period"]["from"].clone());
    let code = "invoice_create_ubp_line_period_is_empty";
    refused(rest, (Method::POST, &path, empty), 400, code).await;
    for body in [
        json!({"currency": "USD", "lines": []}),
        simulated(&|line| line["quantity"] = json!("many")),
    ] {
        refused(rest, (Method::POST, &path, body), 400, "").await;
    }
    world.stop().await;
}

#[tokio::test]
async fn each_state_allows_what_it_allows() {
    let world = World::start().await;
    let rest = &world.rest();
    freeze(&world.client(), "2024-01-01T00:00:00Z").await;
    let acme = &customer(rest, "acme").await;
    let now = |mut line: Value| {
        line["invoiceAt"] = json!("2024-01-01T00:00:00Z");
        line
    };
    let lines = json!([now(line("now", "", fee("1"))), line("later", "", fee("2"))]);
    let pended = pending(rest, acme, lines).await;
    let later = pended["lines"][1]["id"].clone();
    // The timer invoices what is due.
    world.client().advance_clock("PT1S").await.unwrap();
    let paid = newest(rest).await;
    assert_eq!(paid["status"], "paid");
    let call = &format!("{INVOICES}/invoice");
    let asking = |body: Value| {
        let mut whole = body;
        whole["customerId"] = json!(acme);
        whole
    };
    let post = |path: &str, body: Value| (Method::POST, path.to_owned(), body);
    let check = async |(method, path, body): (Method, String, Value), status: u16, code: &str| {
        refused(rest, (method, &path, body), status, code).await;
    };
    for (body, code) in [
        (json!({"asOf": "2024-01-01T00:00:02Z"}), ""),
        (json!({"filters": {"lineIds": []}}), ""),
        (
            json!({"filters": {"lineIds": [later]}}),
            "invoice_lines_not_billable",
        ),
        (
            json!({"filters": {"lineIds": [NOBODY]}}),
            "invoice_lines_not_billable",
        ),
    ] {
        check(post(call, asking(body)), 400, code).await;
    }
    check(
        post(call, asking(json!({}))),
        400,
        "invoice_create_no_lines",
    )
    .await;

    let void = json!({
        "reason": "wrong", "action": {"percentage": 100, "action": {"type": "discard"}},
    });
    let pending_invoice = format!("{INVOICES}/{}", id(&pended["invoice"]));
    let paid_invoice = format!("{INVOICES}/{}", id(&paid));
    let nowhere = format!("{INVOICES}/{NOBODY}");
    for (action, body, code) in [
        ("advance", Value::Null, "invoice_cannot_advance"),
        ("approve", Value::Null, "invoice_action_not_available"),
        ("retry", Value::Null, "invoice_action_not_available"),
        (
            "snapshot-quantities",
            Value::Null,
            "invoice_action_not_available",
        ),
        (
            "taxes/recalculate",
            Value::Null,
            "invoice_action_not_available",
        ),
        ("void", void.clone(), "invoice_action_not_available"),
    ] {
        for of in [&paid_invoice, &pending_invoice] {
            check(post(&format!("{of}/{action}"), body.clone()), 400, code).await;
        }
        check(post(&format!("{nowhere}/{action}"), body), 404, "").await;
    }
    let delete = |path: &str| (Method::DELETE, path.to_owned(), Value::Null);
    check(delete(&paid_invoice), 400, "invoice_action_not_available").await;
    let code = "invoice_cannot_delete_gathering";
    check(delete(&pending_invoice), 400, code).await;
    check(delete(&nowhere), 404, "").await;
    let put = (Method::PUT, paid_invoice, echo(&paid));
    check(put, 400, "invoice_action_not_available").await;
    check((Method::PUT, nowhere, echo(&paid)), 404, "").await;
    world.stop().await;
}

#[tokio::test]
async fn lines_keep_what_must_not_change() {
    let world = World::start().await;
    let rest = &world.rest();
    let client = world.client();
    freeze(&client, "2024-01-01T00:00:00Z").await;
    metered(rest, "api").await;
    let acme = &customer(rest, "acme").await;
    workflow(rest, |workflow| {
        workflow["invoicing"]["autoAdvance"] = json!(false);
    })
    .await;
    let mut usage = line("use", "api", unit("1"));
    usage["rateCard"]["discounts"] = json!({"usage": {"quantity": "5"}});
    pending(rest, acme, json!([usage])).await;
    used(rest, "api", "2024-01-01T00:30:00Z", 10).await;
    client.advance_clock("PT1H").await.unwrap();
    let part = invoice(rest, acme).await;
    assert_eq!(part["totals"]["total"], "5");
    let path = &format!("{INVOICES}/{}", id(&part));
    let check = async |path: &str, body: Value, code: &str| {
        refused(rest, (Method::PUT, path, body), 400, code).await;
    };
    let with = |invoice: &Value, change: &dyn Fn(&mut Value)| {
        let mut body = echo(invoice);
        change(&mut body["lines"][0]);
        body
    };
    let shorter = with(&part, &|line| {
        line["period"]["to"] = json!("2024-01-01T00:45:00Z");
    });
    let code = "invoice_line_no_period_change_for_split_line";
    check(path, shorter, code).await;
    for price in [tiered("volume"), fee("1")] {
        let other = with(&part, &|line| {
            line["rateCard"] = json!({"featureKey": "api", "price": price});
        });
        let code = "invoice_progressive_billing_not_supported";
        check(path, other, code).await;
    }
    let larger = with(&part, &|line| {
        line["rateCard"]["discounts"]["usage"]["quantity"] = json!("6");
    });
    let code = "invoice_line_progressive_billing_usage_discount_update_forbidden";
    check(path, larger, code).await;
    let mut empty = echo(&part);
    let mut added = line("more", "api", unit("1"));
    added["period"]["to"] = added["period"]["from"].clone();
    empty["lines"].as_array_mut().unwrap().push(added);
    let code = "invoice_create_ubp_line_period_is_empty";
    check(path, empty, code).await;
    let mut early = echo(&part);
    let mut added = line("more", "api", unit("1"));
    added["invoiceAt"] = added["period"]["from"].clone();
    early["lines"].as_array_mut().unwrap().push(added);
    check(path, early, "").await;
    let mut nameless = echo(&part);
    nameless["supplier"] = json!({"name": ""});
    check(path, nameless, "").await;

    // A line of a subscription.
    publish(
        rest,
        "pro",
        vec![phase("p", Value::Null, vec![flat("a", "10")])],
    )
    .await;
    let beta = customer(rest, "beta").await;
    let subscribe = json!({"customerKey": "beta", "plan": {"key": "pro"}});
    rest.post("/api/v1/subscriptions", subscribe)
        .await
        .expect(201);
    let listed = rest
        .get(&format!("{INVOICES}?customers={beta}&expand=lines"))
        .await
        .expect(200);
    let items = listed["items"].as_array().unwrap();
    let draft = items
        .iter()
        .find(|item| item["status"] == "draft")
        .unwrap_or_else(|| panic!("{listed}"));
    let shorter = with(draft, &|line| {
        line["period"]["to"] = json!("2024-01-15T00:00:00Z");
    });
    let code = "invoice_line_no_period_change_for_subscription_managed_line";
    check(&format!("{INVOICES}/{}", id(draft)), shorter, code).await;
    world.stop().await;
}
