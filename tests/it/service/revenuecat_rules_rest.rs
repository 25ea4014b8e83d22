//! What the RevenueCat dialect refuses, and in which order it looks: bodies, ids, parameters, credentials, repeated requests.

use http::Method;
use serde_json::{Value, json};

use super::revenuecat_scene::{Project, id, ids, key, refused, unlimited};

/// A body that must be refused, and the parameter that the refusal names.
type Rule = (&'static str, Value, &'static str);

async fn are_refused(project: &Project, rules: Vec<Rule>) {
    for (path, body, param) in rules {
        let answer = project.post(path, body.clone()).await;
        assert_eq!(
            refused(&answer, 400),
            ("parameter_error", Some(param)),
            "{path} {body}"
        );
    }
}

fn long(count: usize) -> String {
    "x".repeat(count)
}

#[tokio::test]
async fn bodies_of_apps_are_checked_by_their_type() {
    let (world, project) = unlimited().await;
    let app = |more: Value| {
        let mut body = json!({"name": "n", "type": "amazon", "amazon": {"package_name": "p"}});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let store = |details: Value| json!({"name": "n", "type": "app_store", "app_store": details});
    let secret = |secret: usize| {
        json!({
            "bundle_id": "b", "shared_secret": long(secret), "subscription_private_key": "k", "subscription_key_id": "i",
            "subscription_key_issuer": "s",
        })
    };
    are_refused(&project, vec![
        ("/apps", json!({}), "name"),
        ("/apps", json!({"name": "n"}), "type"),
        ("/apps", app(json!({"name": ""})), "name"),
        ("/apps", app(json!({"name": long(256)})), "name"),
        ("/apps", app(json!({"name": 1})), "name"),
        ("/apps", app(json!({"name": null})), "name"),
        ("/apps", app(json!({"type": "windows"})), "type"),
        ("/apps", app(json!({"extra": 1})), "extra"),
        ("/apps", app(json!({"amazon": null})), "amazon"),
        ("/apps", app(json!({"amazon": "p"})), "amazon"),
        ("/apps", app(json!({"amazon": {}})), "amazon.package_name"),
        ("/apps", app(json!({"amazon": {"package_name": long(257)}})), "amazon.package_name"),
        ("/apps", app(json!({"amazon": {"package_name": "p", "x": 1}})), "amazon.x"),
        ("/apps", app(json!({"play_store": {"package_name": "p"}})), "play_store"),
        ("/apps", app(json!({"roku": {}})), "roku"),
        ("/apps", json!({"name": "n", "type": "amazon"}), "amazon"),
        ("/apps", json!({"name": "n", "type": "play_store"}), "play_store"),
        ("/apps", json!({"name": "n", "type": "app_store"}), "app_store"),
        ("/apps", json!({"name": "n", "type": "mac_app_store"}), "mac_app_store"),
        ("/apps", json!({"name": "n", "type": "rc_billing"}), "rc_billing"),
        ("/apps", store(json!({"bundle_id": "b"})), "app_store.subscription_private_key"),
        ("/apps", store(secret(31)), "app_store.shared_secret"),
        ("/apps", store(secret(33)), "app_store.shared_secret"),
        ("/apps", json!({"name": "n", "type": "rc_billing", "rc_billing": {"seller_company_name": "s", "default_currency": "CHF"}}),
            "rc_billing.default_currency"),
        ("/apps", json!({"name": "n", "type": "roku", "roku": {"roku_channel_id": "12345"}}), "roku.roku_channel_id"),
        ("/apps", json!({"name": "n", "type": "roku", "roku": {"roku_api_key": "12345"}}), "roku.roku_api_key"),
    ])
    .await;
    let mac = json!({"name": "n", "type": "mac_app_store", "mac_app_store": {"bundle_id": "b"}});
    assert_eq!(
        refused(&project.post("/apps", mac).await, 422).0,
        "unprocessable_entity_error"
    );
    for kind in ["stripe", "roku"] {
        project
            .make("/apps", json!({"name": "n", "type": kind}))
            .await;
    }
    let path = format!("/apps/{}", project.app("one").await);
    for (body, param) in [
        (json!({"name": null}), "name"),
        (json!({"type": "amazon"}), "type"),
        (json!({"stripe": {}}), "stripe"),
        (
            json!({"amazon": {"package_name": ""}}),
            "amazon.package_name",
        ),
        (json!({"amazon": {"y": ""}}), "amazon.y"),
    ] {
        let answer = project.post(&path, body).await;
        assert_eq!(refused(&answer, 400), ("parameter_error", Some(param)));
    }
    assert_eq!(ids(&project.get("/apps").await.expect(200)).len(), 3);
    world.stop().await;
}

#[tokio::test]
async fn bodies_of_everything_else_are_checked() {
    let (world, project) = unlimited().await;
    let keyed = |lookup: Value, name: Value| json!({"lookup_key": lookup, "display_name": name});
    let mut rules: Vec<Rule> = vec![
        ("/customers", json!({}), "id"),
        ("/customers", json!({"id": ""}), "id"),
        ("/customers", json!({"id": 1}), "id"),
        ("/customers", json!({"id": null}), "id"),
        ("/customers", json!({"id": long(1501)}), "id"),
        ("/customers", json!({"id": "a", "name": "x"}), "name"),
        (
            "/customers",
            json!({"id": "a", "attributes": {}}),
            "attributes",
        ),
        (
            "/customers",
            json!({"id": "a", "attributes": null}),
            "attributes",
        ),
        (
            "/customers",
            json!({"id": "a", "attributes": vec![json!({"name": "a", "value": "b"}); 51]}),
            "attributes",
        ),
        (
            "/products",
            json!({"app_id": "a", "type": "one_time"}),
            "store_identifier",
        ),
        (
            "/products",
            json!({"app_id": "a", "type": "other", "store_identifier": "s"}),
            "type",
        ),
        (
            "/products",
            json!({"app_id": "a", "type": "one_time", "store_identifier": long(256)}),
            "store_identifier",
        ),
        (
            "/products",
            json!({"app_id": "a", "type": "one_time", "store_identifier": "s", "subscription": {}}),
            "subscription",
        ),
    ];
    for text in ["a b", "a.b", "é", "a/b", "a@b"] {
        rules.push(("/customers", json!({"id": text}), "id"));
    }
    for blocked in [
        "no_user",
        "null",
        "none",
        "nil",
        "NaN",
        "unidentified",
        "undefined",
        "unknown",
        "anonymous",
        "guest",
        "-1",
        "0",
    ] {
        rules.push(("/customers", json!({"id": blocked}), "id"));
    }
    for path in ["/entitlements", "/offerings"] {
        rules.extend([
            (path, json!({}), "lookup_key"),
            (path, json!({"lookup_key": "k"}), "display_name"),
            (path, keyed(json!(""), json!("n")), "lookup_key"),
            (path, keyed(json!(long(201)), json!("n")), "lookup_key"),
            (path, keyed(json!("k"), json!("")), "display_name"),
            (path, keyed(json!("k"), json!(long(1501))), "display_name"),
            (path, keyed(json!("k"), json!(["n"])), "display_name"),
        ]);
    }
    rules.push((
        "/entitlements",
        json!({"lookup_key": "k", "display_name": "n", "x": 1}),
        "x",
    ));
    rules.push((
        "/offerings",
        json!({"lookup_key": "k", "display_name": "n", "metadata": []}),
        "metadata",
    ));
    rules.push((
        "/offerings",
        json!({"lookup_key": "k", "display_name": "n", "metadata": "m"}),
        "metadata",
    ));
    rules.push((
        "/offerings",
        json!({"lookup_key": "k", "display_name": "n", "is_current": true}),
        "is_current",
    ));
    are_refused(&project, rules).await;
    for path in [
        "/customers",
        "/entitlements",
        "/offerings",
        "/products",
        "/apps",
    ] {
        assert_eq!(
            project.get(path).await.expect(200)["items"],
            json!([]),
            "{path}"
        );
    }
    // The limits themselves are allowed.
    project.make("/customers", json!({"id": long(1500)})).await;
    project
        .make(
            "/entitlements",
            keyed(json!(long(200)), json!("é".repeat(1500))),
        )
        .await;
    let offering = project.offering(&long(200)).await;
    for (path, body, param) in [
        (
            format!("/offerings/{offering}"),
            json!({"is_current": "yes"}),
            "is_current",
        ),
        (
            format!("/offerings/{offering}"),
            json!({"is_current": null}),
            "is_current",
        ),
        (
            format!("/offerings/{offering}"),
            json!({"lookup_key": "k"}),
            "lookup_key",
        ),
        (
            format!("/offerings/{offering}"),
            json!({"display_name": ""}),
            "display_name",
        ),
    ] {
        let answer = project.post(&path, body).await;
        assert_eq!(refused(&answer, 400), ("parameter_error", Some(param)));
    }
    let entitlement = project.entitlement("k").await;
    let answer = project
        .post(&format!("/entitlements/{entitlement}"), json!({}))
        .await;
    assert_eq!(
        refused(&answer, 400),
        ("parameter_error", Some("display_name"))
    );
    world.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_an_invalid_request() {
    let (world, project) = unlimited().await;
    let path = project.path("/customers");
    for (kind, body) in [
        ("application/json", "{"),
        ("application/json", ""),
        ("application/json", "{\"id\": }"),
        ("text/plain", "{\"id\": \"a\"}"),
        ("application/x-www-form-urlencoded", "id=a"),
    ] {
        let answer = project.rest.post_text(&path, kind, body).await;
        assert_eq!(
            refused(&answer, 400),
            ("invalid_request", None),
            "{kind} {body}"
        );
    }
    let bare = project
        .rest
        .request(Method::POST, &path)
        .body("{\"id\": \"a\"}");
    assert_eq!(
        refused(&project.rest.send(bare).await, 400),
        ("invalid_request", None)
    );
    for body in ["[]", "\"a\"", "null", "1"] {
        let answer = project
            .rest
            .post_text(&path, "application/json", body)
            .await;
        assert_eq!(refused(&answer, 400), ("parameter_error", None), "{body}");
    }
    let charset = project
        .rest
        .post_text(&path, "Application/JSON; charset=utf-8", "{\"id\": \"a\"}")
        .await;
    assert_eq!(charset.status, 201);
    for (method, below) in [
        (Method::PUT, "/customers"),
        (Method::PATCH, "/customers/a"),
        (Method::POST, "/customers/a"),
        (Method::DELETE, "/apps"),
        (Method::POST, "/metrics/overview"),
    ] {
        let request = project.rest.request(method, &project.path(below));
        assert_eq!(
            refused(&project.rest.send(request).await, 400),
            ("invalid_request", None)
        );
    }
    for below in ["/nothing", "/customers/a/nothing", "/customers/a/invoices"] {
        assert_eq!(
            refused(&project.get(below).await, 404),
            ("resource_missing", None)
        );
    }
    assert_eq!(
        refused(&project.get("/customers/%FF").await, 400),
        ("invalid_request", None)
    );
    world.stop().await;
}

#[tokio::test]
async fn parameters_of_lists_are_checked() {
    let (world, project) = unlimited().await;
    let app = project.app("one").await;
    let entitlement = project.entitlement("e").await;
    let offering = project.offering("o").await;
    let package = json!({"lookup_key": "p", "display_name": "p"});
    let package = id(&project
        .make(&format!("/offerings/{offering}/packages"), package)
        .await);
    project.make("/customers", json!({"id": "ann"})).await;
    for list in [
        "/apps".to_owned(),
        "/products".to_owned(),
        "/customers".to_owned(),
        "/customers/ann/aliases".to_owned(),
        "/customers/ann/attributes".to_owned(),
        "/customers/ann/active_entitlements".to_owned(),
        "/customers/ann/subscriptions".to_owned(),
        "/customers/ann/purchases".to_owned(),
        "/entitlements".to_owned(),
        format!("/entitlements/{entitlement}/products"),
        "/offerings".to_owned(),
        format!("/offerings/{offering}/packages"),
        format!("/packages/{package}/products"),
    ] {
        let whole = project
            .get(&format!("{list}?unknown=1&limit=1000"))
            .await
            .expect(200);
        assert_eq!(
            (&whole["object"], &whole["next_page"]),
            (&json!("list"), &Value::Null),
            "{list}"
        );
        for limit in ["0", "-1", "1001", "x", "", "1.0"] {
            let answer = project.get(&format!("{list}?limit={limit}")).await;
            assert_eq!(
                refused(&answer, 400),
                ("parameter_error", Some("limit")),
                "{list} {limit}"
            );
        }
        for cursor in ["", "nothing", app.as_str(), "%00"] {
            if list == "/apps" && cursor == app {
                continue;
            }
            let answer = project
                .get(&format!("{list}?starting_after={cursor}"))
                .await;
            assert_eq!(
                refused(&answer, 400),
                ("parameter_error", Some("starting_after")),
                "{list} {cursor}"
            );
        }
    }
    for list in ["/customers/ann/subscriptions", "/customers/ann/purchases"] {
        for environment in ["production", "sandbox"] {
            project
                .get(&format!("{list}?environment={environment}"))
                .await
                .expect(200);
        }
        let answer = project.get(&format!("{list}?environment=test")).await;
        assert_eq!(
            refused(&answer, 400),
            ("parameter_error", Some("environment"))
        );
    }
    for path in [
        format!("/entitlements/{entitlement}?expand=products"),
        "/entitlements?expand=product".to_owned(),
        "/offerings?expand=package".to_owned(),
        format!("/offerings/{offering}?expand=items.package"),
        format!("/packages/{package}?expand=product,app"),
        "/products?expand=app".to_owned(),
    ] {
        let answer = project.get(&path).await;
        assert_eq!(
            refused(&answer, 400),
            ("parameter_error", Some("expand")),
            "{path}"
        );
    }
    for (kind, param) in [
        ("apps", "app_id"),
        ("products", "product_id"),
        ("entitlements", "entitlement_id"),
        ("offerings", "offering_id"),
        ("packages", "package_id"),
        ("subscriptions", "subscription_id"),
        ("purchases", "purchase_id"),
    ] {
        let answer = project.get(&format!("/{kind}/{}", long(256))).await;
        assert_eq!(refused(&answer, 400), ("parameter_error", Some(param)));
        for unknown in [
            long(255),
            app.clone(),
            "01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned(),
        ] {
            if kind != "apps" || unknown != app {
                let answer = project.get(&format!("/{kind}/{unknown}")).await;
                assert_eq!(
                    refused(&answer, 404),
                    ("resource_missing", Some(param)),
                    "{kind} {unknown}"
                );
            }
        }
    }
    let answer = project.get(&format!("/customers/{}", long(1501))).await;
    assert_eq!(
        refused(&answer, 400),
        ("parameter_error", Some("customer_id"))
    );
    world.stop().await;
}

#[tokio::test]
async fn the_key_is_looked_at_before_anything_that_could_tell() {
    let (world, project) = unlimited().await;
    let reader = project.with_key(&key(&world, &["customer_information:customers:read"]).await);
    for credential in [None, Some("unknown")] {
        let stranger = Project {
            rest: project.rest.with_key(credential),
            id: "nowhere".to_owned(),
        };
        for path in ["/customers", "/customers/a?limit=0"] {
            assert_eq!(
                refused(&stranger.get(path).await, 401),
                ("authentication_error", None)
            );
        }
    }
    let request = |header: &str| {
        let request = project
            .rest
            .with_key(None)
            .request(Method::GET, &project.path("/customers"));
        request.header("authorization", header)
    };
    let secret = world.key();
    for header in [
        secret.to_owned(),
        format!("Basic {secret}"),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
    ] {
        assert_eq!(
            refused(&project.rest.send(request(&header)).await, 401).0,
            "authentication_error"
        );
    }
    for header in [format!("bearer {secret}"), format!("BEARER {secret}")] {
        assert_eq!(project.rest.send(request(&header)).await.status, 200);
    }
    // The project before the permission, the permission before the ids, the ids before the body.
    let foreign = Project {
        rest: reader.rest.clone(),
        id: "projffffffff".to_owned(),
    };
    assert_eq!(
        refused(&foreign.get("/apps").await, 403),
        ("authorization_error", None)
    );
    assert_eq!(
        refused(&foreign.get("/customers").await, 403),
        ("authorization_error", None)
    );
    let path = format!("/entitlements/{}", long(256));
    assert_eq!(
        refused(&reader.post(&path, json!(1)).await, 403),
        ("authorization_error", None)
    );
    let full = project.post(&path, json!({"x": 1})).await;
    assert_eq!(
        refused(&full, 400),
        ("parameter_error", Some("entitlement_id"))
    );
    let body_first = project
        .post("/entitlements/entl0000000000", json!({"x": 1}))
        .await;
    assert_eq!(refused(&body_first, 400), ("parameter_error", Some("x")));
    assert_eq!(
        refused(&reader.post("/customers", json!({"id": "a"})).await, 403).0,
        "authorization_error"
    );
    reader.get("/customers").await.expect(200);
    let probe = contract::customer::v1::CreateKeyRequest {
        key: Some(contract::customer::v1::ApiKey {
            kind: contract::customer::v1::KeyKind::Probe.into(),
            ..Default::default()
        }),
        request_id: String::new(),
    };
    let probe = world
        .client()
        .keys()
        .create_key(probe)
        .await
        .unwrap()
        .into_inner()
        .secret;
    let other_kind = project.with_key(&probe);
    assert_eq!(
        refused(&other_kind.get("/customers").await, 401).0,
        "authentication_error"
    );
    world.stop().await;
}

#[tokio::test]
async fn a_repeated_request_is_answered_alike() {
    let (world, project) = unlimited().await;
    let body = json!({"lookup_key": "gold", "display_name": "Gold"});
    let first = project
        .once(Method::POST, "/entitlements", "k1", &body)
        .await;
    assert_eq!(
        (first.status, first.headers.get("idempotency-replayed")),
        (201, None)
    );
    let again = project
        .once(Method::POST, "/entitlements", "k1", &body)
        .await;
    assert_eq!((again.status, &again.json), (201, &first.json));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let other = json!({"lookup_key": "silver", "display_name": "Silver"});
    let other = project
        .once(Method::POST, "/entitlements", "k1", &other)
        .await;
    assert_eq!(refused(&other, 409), ("idempotency_error", None));
    let taken = project
        .once(Method::POST, "/entitlements", "k2", &body)
        .await;
    assert_eq!(refused(&taken, 409).0, "resource_already_exists");
    let path = format!("/entitlements/{}", id(&first.json));
    let gone = project
        .once(Method::DELETE, &path, "k3", &Value::Null)
        .await;
    let replayed = project
        .once(Method::DELETE, &path, "k3", &Value::Null)
        .await;
    assert_eq!((gone.status, &replayed.json), (200, &gone.json));
    for bad in ["", &long(256)] {
        let answer = project
            .once(Method::POST, "/entitlements", bad, &body)
            .await;
        assert_eq!(
            refused(&answer, 400),
            ("parameter_error", Some("Idempotency-Key"))
        );
    }
    let silver = json!({"lookup_key": "silver", "display_name": "Silver"});
    project
        .once(Method::POST, "/entitlements", &long(255), &silver)
        .await
        .expect(201);
    world.stop().await;
}
