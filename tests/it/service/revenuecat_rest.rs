//! Access configuration over the RevenueCat dialect: apps, products, entitlements, offerings, packages; their lists and what is
//! expanded; what deletion takes along.

use serde_json::{Value, json};

use super::revenuecat_scene::{id, ids, refused, unlimited};

fn is_id(text: &Value, prefix: &str) -> bool {
    let digits = text.as_str().and_then(|text| text.strip_prefix(prefix));
    digits.is_some_and(|digits| {
        digits.len() == 10
            && digits
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase())
    })
}

#[tokio::test]
async fn apps_show_the_details_of_their_type_and_never_a_secret() {
    let (world, project) = unlimited().await;
    assert_eq!(project.get("/apps").await.expect(200)["items"], json!([]));
    let key = "k".repeat(40);
    let mut made = Vec::new();
    for (body, shown) in [
        (
            json!({"name": "A", "type": "amazon", "amazon": {"package_name": "p", "shared_secret": "hush"}}),
            json!({"package_name": "p"}),
        ),
        (
            json!({"name": "B", "type": "app_store", "app_store": {
                "bundle_id": "b", "subscription_private_key": key, "subscription_key_id": "i",
                "subscription_key_issuer": "s", "shared_secret": "h".repeat(32),
            }}),
            json!({"bundle_id": "b"}),
        ),
        (
            json!({"name": "C", "type": "play_store", "play_store": {"package_name": "p"}}),
            json!({"package_name": "p"}),
        ),
        (
            json!({"name": "D", "type": "stripe", "stripe": {"stripe_account_id": "acct_1"}}),
            json!({"stripe_account_id": "acct_1"}),
        ),
        (
            json!({"name": "E", "type": "rc_billing", "rc_billing": {"seller_company_name": "S"}}),
            json!({
                "stripe_account_id": null, "seller_company_name": "S", "seller_company_support_email": null,
                "default_currency": "USD",
            }),
        ),
        (
            json!({"name": "F", "type": "roku", "roku": {
                "roku_api_key": "r".repeat(33), "roku_channel_id": "123456", "roku_channel_name": "N",
            }}),
            json!({"roku_channel_id": "123456", "roku_channel_name": "N"}),
        ),
    ] {
        let app = project.make("/apps", body.clone()).await;
        let kind = body["type"].as_str().unwrap();
        assert!(is_id(&app["id"], "app"), "{app}");
        assert_eq!(app["object"], "app");
        assert_eq!(app["project_id"], project.id.as_str());
        assert_eq!(app[kind], shown, "{kind}");
        let read = project.get(&format!("/apps/{}", id(&app))).await;
        assert_eq!(read.json, app);
        for secret in ["hush", "kkkk", "hhhh", "rrrr"] {
            assert!(!read.text.contains(secret), "{}", read.text);
        }
        made.push(app);
    }
    let list = project.get("/apps").await.expect(200);
    assert_eq!(list["items"], json!(made));
    assert_eq!(list["next_page"], Value::Null);
    assert_eq!(list["url"], project.path("/apps"));

    let path = format!("/apps/{}", id(&made[4]));
    let change = json!({"name": "E2", "rc_billing": {"default_currency": "EUR", "seller_company_support_email": "a@b.example"}});
    let changed = project.post(&path, change).await.expect(200);
    assert_eq!(
        (&changed["name"], &changed["type"]),
        (&json!("E2"), &json!("rc_billing"))
    );
    assert_eq!(changed["rc_billing"]["default_currency"], "EUR");
    assert_eq!(changed["rc_billing"]["seller_company_name"], "S");
    let cleared = json!({"rc_billing": {"seller_company_support_email": null}});
    let cleared = project.post(&path, cleared).await.expect(200);
    assert_eq!(
        cleared["rc_billing"]["seller_company_support_email"],
        Value::Null
    );
    assert_eq!(project.post(&path, json!({})).await.expect(200), cleared);

    let gone = project.delete(&path).await.expect(200);
    assert_eq!(
        (&gone["object"], &gone["id"]),
        (&json!("app"), &made[4]["id"])
    );
    assert!(gone["deleted_at"].as_i64().unwrap() > 1_700_000_000_000);
    assert_eq!(
        refused(&project.delete(&path).await, 404),
        ("resource_missing", Some("app_id"))
    );
    world.stop().await;
}

#[tokio::test]
async fn products_belong_to_an_app_and_go_with_it() {
    let (world, project) = unlimited().await;
    let app = project.app("one").await;
    let monthly = json!({
        "store_identifier": "monthly", "app_id": app, "type": "subscription", "display_name": "Monthly",
        "subscription": {"duration": "P1M", "trial_duration": "P1W", "grace_period_duration": "P3D"},
    });
    let product = project.make("/products", monthly.clone()).await;
    assert!(is_id(&product["id"], "prod"), "{product}");
    assert_eq!(product["app_id"], app.as_str());
    assert_eq!(
        product["subscription"],
        json!({"duration": "P1M", "grace_period_duration": "P3D", "trial_duration": "P1W"})
    );
    assert_eq!(product["one_time"], Value::Null);
    assert_eq!(product.get("app"), None);
    let coins = json!({"store_identifier": "coins", "app_id": app, "type": "one_time", "display_name": null});
    let coins = project.make("/products", coins).await;
    assert_eq!(coins["one_time"], json!({"is_consumable": null}));
    assert_eq!(
        (&coins["subscription"], &coins["display_name"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        refused(&project.post("/products", monthly).await, 409),
        ("resource_already_exists", Some("store_identifier"))
    );
    let elsewhere = json!({"store_identifier": "x", "app_id": "app0000000000", "type": "one_time"});
    assert_eq!(
        refused(&project.post("/products", elsewhere).await, 404),
        ("resource_missing", Some("app_id"))
    );

    let path = format!("/products/{}?expand=app", id(&product));
    assert_eq!(
        project.get(&path).await.expect(200)["app"]["id"],
        app.as_str()
    );
    let list = project
        .get(&format!("/products?app_id={app}&limit=1&expand=items.app"))
        .await
        .expect(200);
    assert_eq!(ids(&list), [id(&product)]);
    assert_eq!(list["items"][0]["app"]["object"], "app");
    let next = format!(
        "{}?app_id={app}&expand=items.app&limit=1&starting_after={}",
        project.path("/products"),
        id(&product)
    );
    assert_eq!(list["next_page"], next.as_str());

    let entitlement = project.entitlement("premium").await;
    let both = json!({"product_ids": [id(&product), id(&coins), id(&product)]});
    let attach = format!("/entitlements/{entitlement}/actions/attach_products");
    project.post(&attach, both.clone()).await.expect(200);
    let held = format!("/entitlements/{entitlement}/products");
    assert_eq!(
        ids(&project.get(&held).await.expect(200)),
        [id(&product), id(&coins)]
    );
    let gone = project
        .delete(&format!("/products/{}", id(&coins)))
        .await
        .expect(200);
    assert_eq!(
        (&gone["object"], &gone["id"]),
        (&json!("product"), &coins["id"])
    );
    assert_eq!(ids(&project.get(&held).await.expect(200)), [id(&product)]);
    project.delete(&format!("/apps/{app}")).await.expect(200);
    assert_eq!(project.get(&held).await.expect(200)["items"], json!([]));
    assert_eq!(
        refused(&project.post(&attach, both).await, 404),
        ("resource_missing", Some("product_ids"))
    );
    world.stop().await;
}

#[tokio::test]
async fn attaching_is_all_or_nothing() {
    let (world, project) = unlimited().await;
    let app = project.app("one").await;
    let mut products = Vec::new();
    for index in 0..3 {
        products.push(project.product(&app, &format!("p{index}")).await);
    }
    let entitlement = project.entitlement("premium").await;
    let path = format!("/entitlements/{entitlement}");
    let act = async |action: &str, ids: &[&str]| {
        let path = format!("{path}/actions/{action}_products");
        project.post(&path, json!({"product_ids": ids})).await
    };
    let missing = act("attach", &[&products[0], "prod0000000000"]).await;
    assert_eq!(
        refused(&missing, 404),
        ("resource_missing", Some("product_ids"))
    );
    let list = async || project.get(&format!("{path}/products")).await.expect(200);
    assert_eq!(list().await["items"], json!([]));
    let answer = act("attach", &[&products[0], &products[1]])
        .await
        .expect(200);
    assert_eq!(
        (&answer["object"], &answer["id"]),
        (&json!("entitlement"), &json!(entitlement))
    );
    assert_eq!(answer.get("products"), None);
    act("attach", &[&products[1]]).await.expect(200);
    assert_eq!(ids(&list().await), [&products[0], &products[1]]);
    let partly = act("detach", &[&products[0], &products[2]]).await;
    assert_eq!(
        refused(&partly, 404),
        ("resource_missing", Some("product_ids"))
    );
    assert_eq!(ids(&list().await), [&products[0], &products[1]]);
    act("detach", &[&products[0]]).await.expect(200);
    assert_eq!(ids(&list().await), [&products[1]]);
    let expanded = project
        .get(&format!("{path}?expand=product"))
        .await
        .expect(200);
    assert_eq!(ids(&expanded["products"]), [&products[1]]);
    assert_eq!(
        expanded["products"]["url"],
        project.path(&format!("{path}/products"))
    );
    for wrong in [json!([]), json!(vec![products[0].clone(); 51])] {
        let path = format!("{path}/actions/attach_products");
        let answer = project.post(&path, json!({"product_ids": wrong})).await;
        assert_eq!(
            refused(&answer, 400),
            ("parameter_error", Some("product_ids"))
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn entitlements_are_known_by_their_key_and_walked_by_their_id() {
    let (world, project) = unlimited().await;
    let mut made = Vec::new();
    for index in 0..5 {
        made.push(project.entitlement(&format!("key-{index}")).await);
    }
    assert!(is_id(&json!(made[0]), "entl"), "{}", made[0]);
    let taken = project
        .post(
            "/entitlements",
            json!({"lookup_key": "key-1", "display_name": "x"}),
        )
        .await;
    assert_eq!(
        refused(&taken, 409),
        ("resource_already_exists", Some("lookup_key"))
    );
    project.entitlement("KEY-1").await;
    let mut seen: Vec<String> = Vec::new();
    let mut next = Some(project.path("/entitlements?limit=2"));
    while let Some(path) = next {
        let page = project.rest.get(&path).await.expect(200);
        assert_eq!(page["object"], "list");
        assert_eq!(page["url"], project.path("/entitlements"));
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        next = page["next_page"].as_str().map(str::to_owned);
        assert!(
            next.as_deref()
                .is_none_or(|next| next.contains("?limit=2&starting_after=entl"))
        );
    }
    assert_eq!(seen.len(), 6);
    assert_eq!(seen[..5], made);
    let path = format!("/entitlements/{}", made[2]);
    let renamed = project
        .post(&path, json!({"display_name": "New"}))
        .await
        .expect(200);
    assert_eq!(
        (&renamed["display_name"], &renamed["lookup_key"]),
        (&json!("New"), &json!("key-2"))
    );
    let gone = project.delete(&path).await.expect(200);
    assert_eq!(gone["object"], "entitlement");
    assert_eq!(
        refused(&project.get(&path).await, 404),
        ("resource_missing", Some("entitlement_id"))
    );
    let deleted_cursor = project
        .get(&format!("/entitlements?starting_after={}", made[2]))
        .await;
    assert_eq!(
        refused(&deleted_cursor, 400),
        ("parameter_error", Some("starting_after"))
    );
    let again = project.entitlement("key-2").await;
    assert_ne!(again, made[2]);
    world.stop().await;
}

#[tokio::test]
async fn the_first_offering_is_current_until_another_one_is() {
    let (world, project) = unlimited().await;
    let first = project
        .make(
            "/offerings",
            json!({"lookup_key": "a", "display_name": "A"}),
        )
        .await;
    assert!(is_id(&first["id"], "ofrng"), "{first}");
    assert_eq!(
        (&first["is_current"], &first["metadata"]),
        (&json!(true), &Value::Null)
    );
    let metadata = json!({"n": 1.50, "list": [1, {"a": null}]});
    let second = json!({"lookup_key": "b", "display_name": "B", "metadata": metadata});
    let second = project.make("/offerings", second).await;
    assert_eq!(
        (&second["is_current"], &second["metadata"]),
        (&json!(false), &metadata)
    );
    let (one, two) = (
        format!("/offerings/{}", id(&first)),
        format!("/offerings/{}", id(&second)),
    );
    let current = async |path: &str| project.get(path).await.expect(200)["is_current"].clone();
    project
        .post(&two, json!({"is_current": true}))
        .await
        .expect(200);
    assert_eq!(
        (current(&one).await, current(&two).await),
        (json!(false), json!(true))
    );
    let replaced = project
        .post(&two, json!({"metadata": {"z": 0}}))
        .await
        .expect(200);
    assert_eq!(replaced["metadata"], json!({"z": 0}));
    let erased = project
        .post(&two, json!({"metadata": null}))
        .await
        .expect(200);
    assert_eq!(erased["metadata"], Value::Null);
    assert_eq!(project.post(&two, json!({})).await.expect(200), erased);
    project
        .post(&two, json!({"is_current": false}))
        .await
        .expect(200);
    assert_eq!(
        (current(&one).await, current(&two).await),
        (json!(false), json!(false))
    );
    project
        .post(&one, json!({"is_current": true}))
        .await
        .expect(200);
    assert_eq!(project.delete(&one).await.expect(200)["object"], "offering");
    assert_eq!(current(&two).await, json!(false));
    assert_eq!(
        refused(&project.delete(&one).await, 404),
        ("resource_missing", Some("offering_id"))
    );
    world.stop().await;
}

#[tokio::test]
async fn packages_stand_in_a_row_without_gaps() {
    let (world, project) = unlimited().await;
    let offering = project.offering("default").await;
    let packages = format!("/offerings/{offering}/packages");
    let make = async |key: &str, position: Value| {
        let mut body = json!({"lookup_key": key, "display_name": key});
        if !position.is_null() {
            body["position"] = position;
        }
        project.make(&packages, body).await
    };
    let row = async || {
        let list = project.get(&packages).await.expect(200);
        let row = list["items"].as_array().unwrap().iter().map(|package| {
            let position = package["position"].as_i64().unwrap();
            format!("{position}{}", package["lookup_key"].as_str().unwrap())
        });
        row.collect::<Vec<_>>().join(" ")
    };
    let a = make("a", Value::Null).await;
    assert!(is_id(&a["id"], "pkg"), "{a}");
    make("b", Value::Null).await;
    make("c", json!(1)).await;
    let d = make("d", json!(99)).await;
    assert_eq!(row().await, "1c 2a 3b 4d");
    let path = format!("/packages/{}", id(&d));
    let moved = project
        .post(&path, json!({"position": 2, "display_name": "D"}))
        .await
        .expect(200);
    assert_eq!(
        (&moved["position"], &moved["display_name"]),
        (&json!(2), &json!("D"))
    );
    assert_eq!(row().await, "1c 2d 3a 4b");
    assert_eq!(project.post(&path, json!({})).await.expect(200), moved);
    assert_eq!(project.delete(&path).await.expect(200)["object"], "package");
    assert_eq!(row().await, "1c 2a 3b");
    for position in [json!(0), json!(-1), json!("1"), json!(1.5), Value::Null] {
        let body = json!({"lookup_key": "x", "display_name": "x", "position": position});
        let answer = project.post(&packages, body).await;
        assert_eq!(
            refused(&answer, 400),
            ("parameter_error", Some("position")),
            "{position}"
        );
    }
    let body = json!({"lookup_key": "a", "display_name": "x"});
    assert_eq!(
        refused(&project.post(&packages, body.clone()).await, 409),
        ("resource_already_exists", Some("lookup_key"))
    );
    let other = project.offering("other").await;
    project
        .make(&format!("/offerings/{other}/packages"), body)
        .await;
    let page = project
        .get(&format!("{packages}?limit=2"))
        .await
        .expect(200);
    let next = page["next_page"].as_str().unwrap();
    assert_eq!(ids(&project.rest.get(next).await.expect(200)).len(), 1);
    project
        .delete(&format!("/offerings/{offering}"))
        .await
        .expect(200);
    let orphan = project.get(&format!("/packages/{}", id(&a))).await;
    assert_eq!(
        refused(&orphan, 404),
        ("resource_missing", Some("package_id"))
    );
    world.stop().await;
}

#[tokio::test]
async fn packages_hold_products_for_all_clients_or_for_some() {
    let (world, project) = unlimited().await;
    let app = project.app("one").await;
    let (one, two) = (
        project.product(&app, "p1").await,
        project.product(&app, "p2").await,
    );
    let offering = project.offering("default").await;
    let package = json!({"lookup_key": "monthly", "display_name": "M"});
    let package = id(&project
        .make(&format!("/offerings/{offering}/packages"), package)
        .await);
    let act = async |action: &str, body: Value| {
        project
            .post(
                &format!("/packages/{package}/actions/{action}_products"),
                body,
            )
            .await
    };
    let with = |product: &str, criteria: &str| json!({"product_id": product, "eligibility_criteria": criteria});
    let old = json!({"products": [with(&one, "google_sdk_lt_6"), with(&two, "google_sdk_ge_6")]});
    let answer = act("attach", old).await.expect(200);
    assert_eq!(
        (&answer["object"], answer.get("products")),
        (&json!("package"), None)
    );
    let list = project
        .get(&format!("/packages/{package}/products?limit=1"))
        .await
        .expect(200);
    assert_eq!(list["items"][0]["product"]["id"], one.as_str());
    assert_eq!(list["items"][0]["eligibility_criteria"], "google_sdk_lt_6");
    let rest = project
        .rest
        .get(list["next_page"].as_str().unwrap())
        .await
        .expect(200);
    assert_eq!(rest["items"][0]["product"]["id"], two.as_str());
    let mixed = act("attach", json!({"products": [with(&one, "all")]})).await;
    assert_eq!(refused(&mixed, 422).0, "unprocessable_entity_error");
    act("detach", json!({"product_ids": [two]}))
        .await
        .expect(200);
    act("attach", json!({"products": [with(&one, "all")]}))
        .await
        .expect(200);
    let missing = act("detach", json!({"product_ids": [two]})).await;
    assert_eq!(
        refused(&missing, 404),
        ("resource_missing", Some("product_ids"))
    );
    let missing = act(
        "attach",
        json!({"products": [with("prod0000000000", "all")]}),
    )
    .await;
    assert_eq!(
        refused(&missing, 404),
        ("resource_missing", Some("products"))
    );
    for (body, param) in [
        (json!({"products": []}), "products"),
        (
            json!({"products": [{"product_id": one}]}),
            "products.0.eligibility_criteria",
        ),
        (
            json!({"products": [with(&one, "some")]}),
            "products.0.eligibility_criteria",
        ),
        (
            json!({"products": [{"product_id": one, "eligibility_criteria": "all", "x": 1}]}),
            "products.0.x",
        ),
        (json!({"product_ids": [one]}), "product_ids"),
    ] {
        let answer = act("attach", body).await;
        assert_eq!(refused(&answer, 400), ("parameter_error", Some(param)));
    }

    let plain = project
        .get(&format!("/offerings/{offering}"))
        .await
        .expect(200);
    assert_eq!(plain.get("packages"), None);
    let shallow = project
        .get(&format!("/offerings/{offering}?expand=package"))
        .await
        .expect(200);
    assert_eq!(ids(&shallow["packages"]), [&package]);
    assert_eq!(
        shallow["packages"]["url"],
        project.path(&format!("/offerings/{offering}/packages"))
    );
    assert_eq!(shallow["packages"]["items"][0].get("products"), None);
    let deep = project
        .get("/offerings?expand=items.package.product")
        .await
        .expect(200);
    let products = &deep["items"][0]["packages"]["items"][0]["products"];
    assert_eq!(products["items"][0]["product"]["id"], one.as_str());
    assert_eq!(
        products["url"],
        project.path(&format!("/packages/{package}/products"))
    );
    let single = project
        .get(&format!("/packages/{package}?expand=product"))
        .await
        .expect(200);
    assert_eq!(&single["products"], products);
    let joined = project
        .get(&format!(
            "/offerings/{offering}/packages?expand=items.product"
        ))
        .await
        .expect(200);
    assert_eq!(&joined["items"][0]["products"], products);
    world.stop().await;
}
