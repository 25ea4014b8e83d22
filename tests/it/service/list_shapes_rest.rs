//! The shapes, pages and orders of the lists of features, entitlements and grants over REST, which differ from
//! list to list (metering text, §1.5), and what features refuse.

use serde_json::{Value, json};

use super::entitlement_scene::{START, Scene, path};

/// One member of every item of a list, whatever its shape.
fn column(list: &Value, name: &str) -> Vec<Value> {
    let items = list.get("items").unwrap_or(list).as_array().unwrap();
    items.iter().map(|item| item[name].clone()).collect()
}

/// Total, number and size of a page; nulls where the list is a bare array.
fn page(list: &Value) -> [Value; 3] {
    ["totalCount", "page", "pageSize"].map(|name| list.get(name).cloned().unwrap_or_default())
}

#[tokio::test]
async fn features_are_an_array_until_a_page_is_asked_for() {
    let scene = Scene::new().await;
    let list = async |query: &str| {
        let path = format!("/api/v1/features?{query}");
        scene.rest.get(&path).await.expect(200)
    };
    let bare = [Value::Null, Value::Null, Value::Null];
    for (query, shape, expected) in [
        ("", bare.clone(), "f gpt latest plain unique"),
        ("limit=2", bare.clone(), "f gpt"),
        ("offset=1&limit=3", bare.clone(), "gpt latest plain"),
        ("offset=7", bare.clone(), ""),
        ("order=DESC&limit=2", bare.clone(), "unique plain"),
        ("orderBy=id", bare.clone(), "f latest unique gpt plain"),
        (
            "orderBy=createdAt",
            bare.clone(),
            "f latest unique gpt plain",
        ),
        (
            "orderBy=updatedAt&order=DESC",
            bare.clone(),
            "plain gpt unique latest f",
        ),
        ("meterSlug=gpt&meterSlug=f", bare.clone(), "f gpt"),
        ("meterSlug=none", bare, ""),
        (
            "page=2&pageSize=2",
            [5, 2, 2].map(Value::from),
            "latest plain",
        ),
        ("pageSize=1", [5, 1, 1].map(Value::from), "f"),
        (
            "page=1",
            [5, 1, 100].map(Value::from),
            "f gpt latest plain unique",
        ),
        ("page=9", [5, 9, 100].map(Value::from), ""),
    ] {
        let found = list(query).await;
        let keys = column(&found, "key");
        let keys: Vec<&str> = keys.iter().map(|key| key.as_str().unwrap()).collect();
        assert_eq!(keys.join(" "), expected, "{query}");
        assert_eq!(page(&found), shape, "{query}");
    }
    let mut by_name = column(&list("orderBy=name").await, "name");
    by_name.reverse();
    let backwards = column(&list("orderBy=name&order=DESC").await, "name");
    assert_eq!(by_name, backwards);
    for query in [
        "page=0",
        "pageSize=1001",
        "limit=0",
        "limit=1001",
        "offset=-1",
        "orderBy=color",
        "order=asc",
        "includeArchived=maybe",
    ] {
        let path = format!("/api/v1/features?{query}");
        scene.rest.get(&path).await.problem(400);
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn an_archived_feature_leaves_its_key_and_is_shown_in_lists_only() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    let features = "/api/v1/features";
    let first = rest.get("/api/v1/features/plain").await.expect(200);
    let first = first["id"].as_str().unwrap();
    let body = |key: &str, further: Value| {
        let mut body = json!({"key": key, "name": key});
        for (name, value) in further.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let taken = rest.post(features, body("plain", json!({}))).await;
    assert!(taken.problem(409).contains(first));
    rest.delete("/api/v1/features/plain").await.expect(204);
    for gone in ["plain", first, "never"] {
        let path = format!("{features}/{gone}");
        let detail = rest.get(&path).await.problem(404);
        assert!(
            detail.contains(&format!("feature not found: {gone}")),
            "{detail}"
        );
        rest.delete(&path).await.problem(404);
    }
    let live = column(&rest.get(features).await.expect(200), "key");
    assert!(!live.contains(&json!("plain")), "{live:?}");
    let made = rest.post(features, body("plain", json!({}))).await;
    assert_ne!(made.expect(201)["id"], first);
    let all = rest.get(&format!("{features}?includeArchived=true")).await;
    let all = all.expect(200);
    let old: Vec<&Value> = all
        .as_array()
        .unwrap()
        .iter()
        .filter(|feature| feature.get("archivedAt").is_some())
        .collect();
    assert_eq!((old.len(), &old[0]["id"]), (1, &json!(first)));

    let mean = json!({
        "slug": "mean", "eventType": "use", "aggregation": "AVG", "valueProperty": "$.v",
    });
    rest.post("/api/v1/meters", mean).await.expect(201);
    for (body, status, named) in [
        (body("01arz3ndektsv4rrffq69g5fav", json!({})), 400, "key"),
        (body("Not a key", json!({})), 400, "key"),
        (body("new", json!({"meterSlug": "mean"})), 400, "meterSlug"),
        (
            body("new", json!({"meterSlug": "none"})),
            404,
            "meter not found",
        ),
        (
            body(
                "new",
                json!({"meterSlug": "f", "meterGroupByFilters": {"nope": "a"}}),
            ),
            400,
            "nope",
        ),
        (
            body(
                "new",
                json!({"unitCost": {"type": "manual", "amount": "1"}}),
            ),
            400,
            "unitCost",
        ),
        (
            body(
                "new",
                json!({"meterSlug": "f", "unitCost": {"type": "gift"}}),
            ),
            400,
            "unitCost.type",
        ),
        (
            body(
                "new",
                json!({"meterSlug": "f", "unitCost": {
                    "type": "llm", "provider": "p", "model": "m", "tokenType": "images",
                }}),
            ),
            400,
            "tokenType",
        ),
        (
            body(
                "new",
                json!({"meterSlug": "f", "unitCost": {
                    "type": "llm", "provider": "p", "modelProperty": "nope", "tokenType": "input",
                }}),
            ),
            400,
            "modelProperty",
        ),
    ] {
        let detail = rest.post(features, body.clone()).await.problem(status);
        assert!(detail.contains(named), "{body}: {detail}");
    }
    rest.get("/api/v1/features/new").await.problem(404);
    scene.world.stop().await;
}

#[tokio::test]
async fn lists_of_entitlements_have_the_shape_of_their_version() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    let mut made = Vec::new();
    for customer in ["a", "b", "c"] {
        made.push(scene.metered(customer, "f", json!({})).await["id"].clone());
    }
    let list = async |path: &str| rest.get(path).await.expect(200);
    let bare = [Value::Null, Value::Null, Value::Null];
    for (path, shape, expected) in [
        ("/api/v1/entitlements", bare.clone(), &made[..]),
        (
            "/api/v1/entitlements?offset=1&limit=1",
            bare.clone(),
            &made[1..2],
        ),
        (
            "/api/v1/entitlements?page=2&pageSize=2",
            [3, 2, 2].map(Value::from),
            &made[2..],
        ),
        (
            "/api/v1/entitlements?subject=b&subject=nobody",
            bare.clone(),
            &made[1..2],
        ),
        (
            "/api/v1/entitlements?subject=nobody",
            bare.clone(),
            &made[..0],
        ),
        (
            "/api/v1/entitlements?feature=none",
            bare.clone(),
            &made[..0],
        ),
        (
            "/api/v2/entitlements?offset=1&limit=1",
            [3, 1, 100].map(Value::from),
            &made[..],
        ),
        (
            "/api/v2/entitlements?page=9",
            [3, 9, 100].map(Value::from),
            &made[..0],
        ),
        // Whom nobody knows has nothing, by id or by key.
        (
            "/api/v2/entitlements?customerKeys=nobody",
            [0, 1, 100].map(Value::from),
            &made[..0],
        ),
        (
            "/api/v2/entitlements?customerIds=01ARZ3NDEKTSV4RRFFQ69G5FAV&pageSize=2",
            [0, 1, 2].map(Value::from),
            &made[..0],
        ),
        (
            "/api/v2/entitlements?customerKeys=nobody&customerKeys=c&customerKeys=a&order=ASC&pageSize=1",
            [2, 1, 1].map(Value::from),
            &made[..1],
        ),
        (
            "/api/v2/customers/b/entitlements",
            [1, 1, 100].map(Value::from),
            &made[1..2],
        ),
        ("/api/v1/subjects/c/entitlements", bare.clone(), &made[2..]),
    ] {
        let found = list(path).await;
        assert_eq!(column(&found, "id"), expected, "{path}");
        assert_eq!(page(&found), shape, "{path}");
    }
    let b = list("/api/v1/customers/b").await;
    let either = format!(
        "/api/v2/entitlements?customerKeys=a&customerIds={}",
        b["id"].as_str().unwrap()
    );
    assert_eq!(column(&list(&either).await, "id"), made[..2]);
    let many = vec!["customerKeys=x"; 1001].join("&");
    let detail = rest.get(&format!("/api/v2/entitlements?{many}")).await;
    assert!(detail.problem(400).contains("customerKeys"));

    // A deleted one is in its own lists only, when asked for.
    rest.delete(&path("b", "f")).await.expect(204);
    assert_eq!(page(&list("/api/v2/entitlements").await)[0], 2);
    for of_b in [
        "/api/v1/subjects/b/entitlements",
        "/api/v2/customers/b/entitlements",
    ] {
        assert!(column(&list(of_b).await, "id").is_empty(), "{of_b}");
        let all = list(&format!("{of_b}?includeDeleted=true")).await;
        assert_eq!(column(&all, "id"), made[1..2], "{of_b}");
        assert!(column(&all, "deletedAt")[0].is_string(), "{of_b}");
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn lists_of_grants_have_the_shape_of_their_version() {
    let scene = Scene::new().await;
    let rest = &scene.rest;
    scene.metered("a", "f", json!({})).await;
    for (amount, from) in [
        (1, "2026-03-03T00:00:00Z"),
        (2, "2026-03-02T00:00:00Z"),
        (3, START),
    ] {
        scene.grant("a", "f", amount, from, json!({})).await;
    }
    let own = format!("{}/grants", path("a", "f"));
    let second = format!("{own}?page=2&pageSize=1&order=DESC");
    let bare = [Value::Null, Value::Null, Value::Null];
    for (path, shape, expected) in [
        ("/api/v1/grants", bare.clone(), vec![3, 2, 1]),
        ("/api/v1/grants?limit=2", bare.clone(), vec![3, 2]),
        (
            "/api/v1/grants?offset=1&limit=2&order=DESC",
            bare.clone(),
            vec![2, 3],
        ),
        (
            "/api/v1/grants?orderBy=id&page=1",
            [3, 1, 100].map(Value::from),
            vec![1, 2, 3],
        ),
        ("/api/v1/grants?subject=nobody", bare.clone(), vec![]),
        (
            "/api/v2/grants",
            [3, 1, 100].map(Value::from),
            vec![3, 2, 1],
        ),
        (
            "/api/v2/grants?limit=2",
            [3, 1, 2].map(Value::from),
            vec![3, 2],
        ),
        (
            "/api/v2/grants?orderBy=createdAt&page=2&pageSize=2",
            [3, 2, 2].map(Value::from),
            vec![3],
        ),
        (
            "/api/v2/grants?feature=none",
            [0, 1, 100].map(Value::from),
            vec![],
        ),
        (own.as_str(), [3, 1, 100].map(Value::from), vec![1, 2, 3]),
        (second.as_str(), [3, 2, 1].map(Value::from), vec![2]),
        (
            "/api/v1/subjects/a/entitlements/f/grants",
            bare,
            vec![1, 2, 3],
        ),
    ] {
        let found = rest.get(path).await.expect(200);
        assert_eq!(column(&found, "amount"), expected, "{path}");
        assert_eq!(page(&found), shape, "{path}");
    }
    // Who is deleted has nothing to show, and is no mistake of the caller.
    scene.customer("gone").await;
    let gone = rest.get("/api/v1/customers/gone").await.expect(200);
    rest.delete("/api/v1/customers/gone").await.expect(204);
    let gone = gone["id"].as_str().unwrap();
    let both = format!("/api/v2/grants?customer={gone}&customer=a");
    assert_eq!(page(&rest.get(&both).await.expect(200))[0], 3);
    let alone = format!("/api/v2/grants?customer={gone}");
    assert_eq!(page(&rest.get(&alone).await.expect(200))[0], 0);
    scene.world.stop().await;
}
