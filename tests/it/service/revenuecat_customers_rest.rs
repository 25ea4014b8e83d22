//! Customers over the RevenueCat dialect: their ids and aliases, attributes, what is given away, deletion, walking the list.

use std::time::Duration;

use serde_json::{Value, json};

use contract::customer::v1::{AddAliasRequest, CustomerRef, customer_ref::Ref};

use super::revenuecat_scene::{id, ids, refused, unlimited};
use crate::resilience::setup::eventually;

#[tokio::test]
async fn a_customer_is_found_by_any_of_its_ids_and_shows_one() {
    let (world, project) = unlimited().await;
    let body = json!({"id": "ann", "attributes": [
        {"name": "$email", "value": "ann@b.example"}, {"name": "$displayName", "value": "Ann Lee"}, {"name": "tier", "value": "x"},
    ]});
    let ann = project.make("/customers", body).await;
    assert_eq!(
        (&ann["object"], &ann["id"]),
        (&json!("customer"), &json!("ann"))
    );
    assert_eq!(
        (&ann["last_seen_at"], &ann["experiment"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(ann["project_id"], project.id.as_str());
    let url = project.path("/customers/ann/active_entitlements");
    assert_eq!(
        ann["active_entitlements"],
        json!({"object": "list", "items": [], "next_page": null, "url": url})
    );
    let other = project.rest.get("/api/v1/customers/ann").await.expect(200);
    assert_eq!(
        (&other["name"], &other["primaryEmail"]),
        (&json!("Ann Lee"), &json!("ann@b.example"))
    );
    let request = AddAliasRequest {
        customer_ref: Some(CustomerRef {
            r#ref: Some(Ref::Key("ann".into())),
        }),
        alias: "a b/ö".into(),
        request_id: String::new(),
    };
    world.client().aliases().add_alias(request).await.unwrap();
    for name in ["ann", id(&other).as_str(), "a%20b%2F%C3%B6"] {
        let read = project.get(&format!("/customers/{name}")).await.expect(200);
        assert_eq!(read, ann, "{name}");
    }
    let aliases = project
        .get("/customers/a%20b%2F%C3%B6/aliases")
        .await
        .expect(200);
    assert_eq!(ids(&aliases), ["ann", "a b/ö"]);
    assert_eq!(aliases["items"][0]["object"], "customer.alias");
    assert_eq!(
        aliases["url"],
        project.path("/customers/a%20b%2F%C3%B6/aliases")
    );
    let first = project
        .get("/customers/ann/aliases?limit=1")
        .await
        .expect(200);
    assert!(
        first["next_page"]
            .as_str()
            .unwrap()
            .ends_with("?limit=1&starting_after=ann")
    );
    for name in ["ann", &id(&other)] {
        let taken = project.post("/customers", json!({"id": name})).await;
        assert_eq!(
            refused(&taken, 409),
            ("resource_already_exists", Some("id"))
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn customers_are_walked_in_the_order_of_their_creation() {
    let (world, project) = unlimited().await;
    for index in 0..7 {
        project
            .make("/customers", json!({"id": format!("c{index}")}))
            .await;
    }
    let keyless = json!({"name": "No key", "usageAttribution": {"subjectKeys": ["s"]}});
    let keyless = project
        .rest
        .post("/api/v1/customers", keyless)
        .await
        .expect(201);
    let strange = json!({"name": "x", "key": "a/b c?"});
    project
        .rest
        .post("/api/v1/customers", strange)
        .await
        .expect(201);
    let mut seen: Vec<String> = Vec::new();
    let mut next = Some(project.path("/customers?limit=3"));
    while let Some(path) = next {
        let page = project.rest.get(&path).await.expect(200);
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        next = page["next_page"].as_str().map(str::to_owned);
    }
    let all = [
        "c0",
        "c1",
        "c2",
        "c3",
        "c4",
        "c5",
        "c6",
        &id(&keyless),
        "a/b c?",
    ];
    assert_eq!(seen, all);
    let single = project
        .get("/customers?starting_after=c6&limit=1")
        .await
        .expect(200);
    assert_eq!(ids(&single), [&id(&keyless)]);
    let shown = project.get("/customers/a%2Fb%20c%3F").await.expect(200);
    assert_eq!(
        shown["active_entitlements"]["url"],
        project.path("/customers/a%2Fb%20c%3F/active_entitlements")
    );
    assert_eq!(
        refused(&project.get("/customers?starting_after=nobody").await, 400),
        ("parameter_error", Some("starting_after"))
    );
    world.stop().await;
}

#[tokio::test]
async fn attributes_are_set_listed_and_removed() {
    let (world, project) = unlimited().await;
    project.make("/customers", json!({"id": "ann"})).await;
    let path = "/customers/ann/attributes";
    assert_eq!(project.get(path).await.expect(200)["items"], json!([]));
    let body = json!({"attributes": [{"name": "b", "value": "2"}, {"name": "a", "value": "1"}, {"name": "$email", "value": "a@b.example"}]});
    let list = project.post(path, body).await.expect(200);
    let names = |list: &Value| {
        let items = list["items"].as_array().unwrap().iter();
        items
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&list), ["$email", "a", "b"]);
    assert_eq!(list["items"][0]["object"], "customer.attribute");
    assert!(list["items"][0]["updated_at"].as_i64().unwrap() > 1_700_000_000_000);
    let removed = project
        .post(path, json!({"attributes": [{"name": "a", "value": null}]}))
        .await
        .expect(200);
    assert_eq!(names(&removed), ["$email", "b"]);
    let page = project.get(&format!("{path}?limit=1")).await.expect(200);
    assert!(
        page["next_page"]
            .as_str()
            .unwrap()
            .ends_with("?limit=1&starting_after=%24email")
    );
    let expanded = project
        .get("/customers/ann?expand=attributes")
        .await
        .expect(200);
    assert_eq!(names(&expanded["attributes"]), ["$email", "b"]);
    for (attributes, param) in [
        (
            json!([{"name": "$nope", "value": "1"}]),
            "attributes.0.name",
        ),
        (json!([{"name": "1a", "value": "1"}]), "attributes.0.name"),
        (
            json!([{"name": "a".repeat(41), "value": "1"}]),
            "attributes.0.name",
        ),
        (
            json!([{"name": "ok", "value": "1"}, {"name": "ok", "value": "2"}]),
            "attributes.1.name",
        ),
        (
            json!([{"name": "ok", "value": "v".repeat(501)}]),
            "attributes.0.value",
        ),
        (json!([{"name": "ok", "value": 1}]), "attributes.0.value"),
        (json!([{"name": "ok"}]), "attributes.0.value"),
        (
            json!([{"name": "ok", "value": "", "more": 1}]),
            "attributes.0.more",
        ),
    ] {
        let answer = project.post(path, json!({"attributes": attributes})).await;
        assert_eq!(
            refused(&answer, 400),
            ("parameter_error", Some(param)),
            "{attributes}"
        );
        let answer = project
            .post("/customers", json!({"id": "new", "attributes": attributes}))
            .await;
        assert_eq!(
            refused(&answer, 400),
            ("parameter_error", Some(param)),
            "{attributes}"
        );
    }
    assert_eq!(
        refused(&project.get("/customers/new").await, 404),
        ("resource_missing", Some("customer_id"))
    );
    world.stop().await;
}

#[tokio::test]
async fn a_deleted_customer_is_gone_in_every_dialect_and_its_id_is_free() {
    let (world, project) = unlimited().await;
    project.make("/customers", json!({"id": "ann"})).await;
    let ulid = id(&project.rest.get("/api/v1/customers/ann").await.expect(200));
    let gone = project.delete("/customers/ann").await.expect(200);
    assert_eq!(
        (&gone["object"], &gone["id"]),
        (&json!("customer"), &json!("ann"))
    );
    for path in [
        "",
        "/aliases",
        "/active_entitlements",
        "/subscriptions",
        "/purchases",
        "/attributes",
    ] {
        let answer = project.get(&format!("/customers/ann{path}")).await;
        assert_eq!(
            refused(&answer, 404),
            ("resource_missing", Some("customer_id")),
            "{path}"
        );
    }
    assert_eq!(
        refused(&project.delete("/customers/ann").await, 404).1,
        Some("customer_id")
    );
    project
        .rest
        .get(&format!("/api/v1/customers/{ulid}"))
        .await
        .problem(404);
    project.make("/customers", json!({"id": "ann"})).await;
    world.stop().await;
}

#[tokio::test]
async fn what_is_given_away_ends_with_its_entitlement_and_is_not_given_by_the_next_of_its_key() {
    let (world, project) = unlimited().await;
    project.make("/customers", json!({"id": "ann"})).await;
    let gold = project.entitlement("gold").await;
    let grant = "/customers/ann/actions/grant_entitlement";
    let given = json!({"entitlement_id": gold});
    project.post(grant, given).await.expect(201);
    let gone = format!("/entitlements/{gold}");
    project.delete(&gone).await.expect(200);
    let next = project.entitlement("gold").await;
    // Soon after, without a call or a clock that moves.
    let gifts = "/customers/ann/subscriptions";
    let list = "/customers/ann/active_entitlements";
    eventually(Duration::from_secs(30), || async {
        let gift = project.get(gifts).await.expect(200)["items"][0].clone();
        let rights = project.get(list).await.expect(200)["items"].clone();
        let ended = gift["status"] == "expired" && gift["gives_access"] == false;
        if ended && rights == json!([]) {
            Ok(())
        } else {
            Err(format!("{gift:#} {rights:#}"))
        }
    })
    .await;
    // The next one is given for itself.
    let given = json!({"entitlement_id": next});
    let given = project.post(grant, given).await.expect(201);
    assert_eq!(
        given["active_entitlements"]["items"][0]["entitlement_id"],
        json!(next)
    );
    world.stop().await;
}

#[tokio::test]
async fn an_entitlement_is_given_away_and_taken_back() {
    let (world, project) = unlimited().await;
    world
        .client()
        .freeze_clock("2025-01-01T00:00:00Z".parse().unwrap())
        .await
        .unwrap();
    project.make("/customers", json!({"id": "ann"})).await;
    let (gold, silver) = (
        project.entitlement("gold").await,
        project.entitlement("silver").await,
    );
    let grant = "/customers/ann/actions/grant_entitlement";
    let end = 1_738_368_000_000_i64;
    let answer = project
        .post(grant, json!({"entitlement_id": gold, "expires_at": end}))
        .await
        .expect(201);
    let item = |id: &str, end: Value| json!({"object": "customer.active_entitlement", "entitlement_id": id, "expires_at": end});
    assert_eq!(
        answer["active_entitlements"]["items"],
        json!([item(&gold, json!(end))])
    );
    project
        .post(grant, json!({"entitlement_id": silver}))
        .await
        .expect(201);
    let list = "/customers/ann/active_entitlements";
    let both = json!([item(&gold, json!(end)), item(&silver, Value::Null)]);
    assert_eq!(project.get(list).await.expect(200)["items"], both);
    let page = project.get(&format!("{list}?limit=1")).await.expect(200);
    assert!(
        page["next_page"]
            .as_str()
            .unwrap()
            .ends_with(&format!("starting_after={gold}"))
    );
    let subscriptions = project
        .get("/customers/ann/subscriptions")
        .await
        .expect(200);
    let gift = &subscriptions["items"][0];
    assert_eq!(
        (&gift["store"], &gift["product_id"]),
        (&json!("promotional"), &Value::Null)
    );
    assert_eq!(
        (&gift["gives_access"], &gift["auto_renewal_status"]),
        (&json!(true), &json!("will_not_renew"))
    );
    assert_eq!(ids(&gift["entitlements"]), [&gold]);
    let revoke = "/customers/ann/actions/revoke_granted_entitlement";
    let left = project
        .post(revoke, json!({"entitlement_id": silver}))
        .await
        .expect(200);
    assert_eq!(
        left["active_entitlements"]["items"],
        json!([item(&gold, json!(end))])
    );
    let again = project
        .post(revoke, json!({"entitlement_id": silver}))
        .await;
    assert_eq!(
        refused(&again, 404),
        ("resource_missing", Some("entitlement_id"))
    );
    world.client().advance_clock("P40D").await.unwrap();
    assert_eq!(project.get(list).await.expect(200)["items"], json!([]));
    for (body, status, param) in [
        (
            json!({"entitlement_id": "entl0000000000"}),
            404,
            "entitlement_id",
        ),
        (json!({}), 400, "entitlement_id"),
        (
            json!({"entitlement_id": gold, "expires_at": "soon"}),
            400,
            "expires_at",
        ),
        (
            json!({"entitlement_id": gold, "expires_at": 1}),
            400,
            "expires_at",
        ),
        (json!({"entitlement_id": gold, "x": 1}), 400, "x"),
    ] {
        let answer = project.post(grant, body).await;
        assert_eq!(refused(&answer, status).1, Some(param));
    }
    world.stop().await;
}
