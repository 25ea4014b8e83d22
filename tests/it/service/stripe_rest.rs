//! Stripe over REST: what callers send and get, with the documented statuses, against the
//! fake Stripe.

use std::time::Duration;

use serde_json::{Value, json};
use suite::{
    Rest, World,
    fake_stripe::{FakeStripe, KEY},
};

/// Longest wait for what happens behind the scenes.
const LIMIT: Duration = Duration::from_secs(60);

const LISTING: &str = "/api/v1/marketplace/listings/stripe";

/// An installation whose Stripe is a fake.
struct Scene {
    world: World,
    stripe: FakeStripe,
}

impl Scene {
    async fn start(connect: bool) -> Self {
        let stripe = FakeStripe::start().await;
        let base = stripe.base().to_owned();
        let mut settings = vec![
            ("billing.stripe_api_base", base.as_str()),
            ("billing.stripe_retry_pause_ms", "1"),
        ];
        if connect {
            settings.extend([
                ("billing.stripe_connect_base", base.as_str()),
                ("billing.stripe_connect_client_id", "ca_1"),
                ("billing.stripe_connect_client_secret", "sk_platform"),
                (
                    "billing.stripe_connect_redirect_url",
                    "https://example.com/apps",
                ),
            ]);
        }
        let world = World::with(&settings).await;
        Self { world, stripe }
    }

    fn rest(&self) -> Rest {
        self.world.rest()
    }

    async fn install(&self) -> Value {
        self.rest()
            .post(&format!("{LISTING}/install/apikey"), json!({"apiKey": KEY}))
            .await
            .expect(200)
    }

    async fn customer(&self) -> String {
        let body = json!({"key": "acme", "name": "ACME", "currency": "USD"});
        let made = self
            .rest()
            .post("/api/v1/customers", body)
            .await
            .expect(201);
        made["id"].as_str().unwrap().to_owned()
    }
}

/// The only invoice of a customer, once its payment is under way.
async fn issued(rest: &Rest, customer: &str) -> Value {
    let wait = async {
        loop {
            let path = format!("/api/v1/billing/invoices?customers={customer}");
            let listed = rest.get(&path).await.expect(200);
            let paying = |invoice: &&Value| {
                invoice["statusDetails"]["extendedStatus"] == "payment_processing.pending"
            };
            let invoices = listed["items"].as_array().unwrap();
            if let Some(found) = invoices.iter().find(paying) {
                return found.clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LIMIT, wait).await.unwrap()
}

#[tokio::test]
async fn apps_are_installed_by_key_with_the_documented_statuses() {
    let scene = Scene::start(false).await;
    let rest = &scene.rest();
    let key = format!("{LISTING}/install/apikey");
    rest.post(&key, json!({"apiKey": ""})).await.problem(400);
    rest.post(&key, json!({"apiKey": "sk_test_unknown_key"}))
        .await
        .problem(401);
    rest.post(&format!("{LISTING}/install"), json!({}))
        .await
        .problem(400);
    let custom = "/api/v1/marketplace/listings/custom_invoicing/install/apikey";
    rest.post(custom, json!({"apiKey": "x"})).await.problem(400);
    rest.get(&format!("{LISTING}/install/oauth2"))
        .await
        .problem(400);
    let installed = scene.install().await;
    let app = &installed["app"];
    assert_eq!(app["type"], "stripe");
    assert_eq!(app["stripeAccountId"], "acct_test");
    assert_eq!(app["livemode"], false);
    assert_eq!(app["maskedAPIKey"], "sk_test_***def");
    assert!(!installed.to_string().contains(KEY));
    assert_eq!(
        installed["defaultForCapabilityTypes"],
        json!(["calculateTax", "invoiceCustomers", "collectPayments"])
    );
    rest.post(&key, json!({"apiKey": KEY})).await.problem(409);
    let replace = format!(
        "/api/v1/apps/{}/stripe/api-key",
        app["id"].as_str().unwrap()
    );
    rest.put(&replace, json!({"secretAPIKey": "sk_live_x_y_z_live"}))
        .await
        .problem(400);
    rest.put(&replace, json!({"secretAPIKey": KEY}))
        .await
        .expect(204);
    scene.world.stop().await;
}

#[tokio::test]
async fn a_customer_pays_an_invoice_through_stripe() {
    let scene = Scene::start(false).await;
    let rest = &scene.rest();
    let customer = scene.customer().await;
    let data = "/api/v1/customers/acme/stripe";
    rest.put(data, json!({"stripeCustomerId": "cus_1"}))
        .await
        .problem(412);
    let app = scene.install().await["app"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    rest.get(data).await.problem(412);
    rest.put(data, json!({"stripeCustomerId": "cus_1"}))
        .await
        .problem(412);
    rest.put(data, json!({"stripeCustomerId": "1"}))
        .await
        .problem(400);
    scene.stripe.customer("cus_1");
    scene.stripe.payment_method("pm_1", "cus_1");
    let item = json!([{
        "type": "stripe", "stripeCustomerId": "cus_1", "stripeDefaultPaymentMethodId": "pm_1",
    }]);
    let stored = rest
        .put("/api/v1/customers/acme/apps", item)
        .await
        .expect(200);
    assert_eq!(stored[0]["id"], app.as_str());
    assert_eq!(stored[0]["app"]["status"], "ready");
    assert_eq!(
        rest.get(data).await.expect(200)["stripeDefaultPaymentMethodId"],
        "pm_1"
    );
    let listed = rest
        .get("/api/v1/customers/acme/apps?type=stripe&page=1&pageSize=10")
        .await
        .expect(200);
    assert_eq!(listed["totalCount"], 1);
    let lines = json!({"currency": "USD", "lines": [{
        "name": "fee", "invoiceAt": "2024-01-01T00:00:00Z",
        "period": {"from": "2024-01-01T00:00:00Z", "to": "2024-02-01T00:00:00Z"},
        "rateCard": {"price": {"type": "flat", "amount": "12.5"}},
    }]});
    rest.post(
        &format!("/api/v1/billing/customers/{customer}/invoices/pending-lines"),
        lines,
    )
    .await
    .expect(201);
    // What is due is also invoiced behind the scenes: who comes second finds nothing to do.
    let body = json!({"customerId": customer});
    let asked = rest.post("/api/v1/billing/invoices/invoice", body).await;
    if asked.status != 201 {
        let detail = asked.problem(400);
        assert!(detail.contains("no lines to be invoiced"), "{detail}");
    }
    let made = issued(rest, &customer).await;
    let invoice = made["id"].as_str().unwrap().to_owned();
    let external = made["externalIds"]["invoicing"]
        .as_str()
        .unwrap()
        .to_owned();
    scene.stripe.set_status(&external, "paid");
    let (body, signature) = scene
        .stripe
        .event("evt_1", "invoice.paid", &json!({"id": external}));
    let body = String::from_utf8(body).unwrap();
    let open = &rest.with_key(None);
    let send = async |app: &str, signature: &str| {
        let path = format!("/api/v1/apps/{app}/stripe/webhook");
        open.send(
            open.request(reqwest::Method::POST, &path)
                .header("stripe-signature", signature)
                .header("content-type", "application/json")
                .body(body.clone()),
        )
        .await
    };
    send(&app, "t=1,v1=00").await.problem(400);
    send("01ARZ3NDEKTSV4RRFFQ69G5FAV", &signature)
        .await
        .problem(404);
    let taken = send(&app, &signature).await.expect(200);
    assert_eq!(taken["appId"], app.as_str());
    assert_eq!(taken["customerId"], customer.as_str());
    let path = format!("/api/v1/billing/invoices/{invoice}");
    assert_eq!(rest.get(&path).await.expect(200)["status"], "paid");
    assert_ne!(
        send(&app, &signature).await.expect(200)["message"],
        Value::Null
    );
    rest.delete(&format!("/api/v1/customers/acme/apps/{app}"))
        .await
        .expect(204);
    scene.world.stop().await;
}

#[tokio::test]
async fn pages_are_opened_for_known_and_new_customers() {
    let scene = Scene::start(false).await;
    let rest = &scene.rest();
    let path = "/api/v1/stripe/checkout/sessions";
    let ask = |customer: Value, options: Value| json!({"customer": customer, "options": options});
    let hosted = json!({"successURL": "https://example.com/done"});
    let customer = scene.customer().await;
    rest.post(path, ask(json!({"id": customer}), hosted.clone()))
        .await
        .problem(404);
    rest.post("/api/v1/customers/acme/stripe/portal", json!({}))
        .await
        .problem(412);
    scene.install().await;
    for (who, options) in [
        (json!({}), hosted.clone()),
        (json!({"key": "acme"}), json!({})),
        (
            json!({"key": "acme"}),
            json!({"uiMode": "embedded", "cancelURL": "https://example.com"}),
        ),
        (
            json!({"key": "acme"}),
            json!({"successURL": "https://example.com", "metadata": {"om_app_id": "x"}}),
        ),
    ] {
        rest.post(path, ask(who, options)).await.problem(400);
    }
    let opened = rest
        .post(path, ask(json!({"key": "acme"}), hosted.clone()))
        .await
        .expect(201);
    assert_eq!(opened["customerId"], customer.as_str());
    assert_eq!(
        (&opened["mode"], &opened["currency"]),
        (&json!("setup"), &json!("USD"))
    );
    let new = json!({"name": "New", "key": "new"});
    let made = rest.post(path, ask(new, hosted)).await.expect(201);
    assert_eq!(
        rest.get("/api/v1/customers/new").await.expect(200)["id"],
        made["customerId"]
    );
    let portal = rest
        .post(
            "/api/v1/customers/acme/stripe/portal",
            json!({"returnUrl": "https://example.com"}),
        )
        .await
        .expect(201);
    assert_eq!(portal["stripeCustomerId"], opened["stripeCustomerId"]);
    assert_eq!(portal["returnUrl"], "https://example.com");
    scene.world.stop().await;
}

#[tokio::test]
async fn a_person_installs_an_app_without_a_key() {
    let scene = Scene::start(true).await;
    let rest = &scene.rest();
    let listing = rest.get(LISTING).await.expect(200);
    assert_eq!(
        listing["installMethods"],
        json!(["with_api_key", "with_oauth2"])
    );
    let start = rest
        .get(&format!("{LISTING}/install/oauth2"))
        .await
        .expect(200);
    let url = start["url"].as_str().unwrap();
    let state = url.split("state=").nth(1).unwrap();
    let authorize = format!("{LISTING}/install/oauth2/authorize");
    let open = &rest.with_key(None);
    for query in [
        String::new(),
        "?state=x.1.y&code=ac_good".to_owned(),
        format!("?state={state}&error=access_denied"),
        format!("?state={state}&error=unheard_of"),
        format!("?state={state}"),
        format!("?state={state}&code=ac_bad"),
    ] {
        open.get(&format!("{authorize}{query}")).await.problem(400);
    }
    let browser = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let request = open.request(
        reqwest::Method::GET,
        &format!("{authorize}?state={state}&code=ac_good"),
    );
    let answer = browser.execute(request.build().unwrap()).await.unwrap();
    assert_eq!(answer.status(), 303);
    assert_eq!(answer.headers()["location"], "https://example.com/apps");
    let apps = rest.get("/api/v1/apps").await.expect(200);
    let kinds: Vec<&Value> = apps["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|app| &app["type"])
        .collect();
    assert!(kinds.contains(&&json!("stripe")), "{kinds:?}");
    scene.world.stop().await;
}
