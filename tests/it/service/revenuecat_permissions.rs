//! Who may do what over the RevenueCat dialect, made from the served OpenAPI document: every operation with every permission but
//! its own, with its own, and with the key of another project; a new operation is covered by itself.

use contract::customer::v1::{
    ApiKey, CreateKeyRequest, CreateProjectRequest, KeyKind, Project as Tenant,
};
use http::Method;
use serde_json::{Value, json};
use suite::{World, http::Answer};

use super::revenuecat_scene::{Project, key, refused, unlimited};

/// One operation of the document.
struct Operation {
    id: String,
    method: Method,
    path: String,
    permission: String,
    expand: Vec<(String, String)>,
    success: u16,
}

/// All operations; names of things in their paths are those of nothing.
fn operations(document: &Value) -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            let success = responses
                .keys()
                .find(|status| status.starts_with('2'))
                .unwrap();
            let expand = operation["x-expand-permission"]
                .as_object()
                .into_iter()
                .flatten();
            found.push(Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                permission: operation["x-permission"].as_str().unwrap().to_owned(),
                expand: expand
                    .map(|(value, needed)| (value.clone(), needed.as_str().unwrap().to_owned()))
                    .collect(),
                success: success.parse().unwrap(),
            });
        }
    }
    found
}

impl Operation {
    async fn call(&self, project: &Project, query: &str) -> Answer {
        let mut path = self.path.replace("{project_id}", &project.id);
        while let Some((before, rest)) = path.split_once('{') {
            let (_, after) = rest.split_once('}').unwrap();
            path = format!("{before}nothing{after}");
        }
        let request = project
            .rest
            .request(self.method.clone(), &format!("{path}{query}"));
        let request = if self.method == Method::POST {
            request.json(&json!({}))
        } else {
            request
        };
        project.rest.send(request).await
    }
}

fn write(permission: &str) -> String {
    let (resource, _) = permission.rsplit_once(':').unwrap();
    format!("{resource}:read_write")
}

async fn document(project: &Project) -> Value {
    project
        .rest
        .get("/openapi/revenuecat.json")
        .await
        .expect(200)
}

/// A key with these permissions, made once.
async fn with(world: &World, project: &Project, permissions: &[&str]) -> Project {
    project.with_key(&key(world, permissions).await)
}

#[tokio::test]
async fn each_operation_needs_its_own_permission_and_no_other() {
    let (world, project) = unlimited().await;
    let operations = operations(&document(&project).await);
    // The 33 documented ones and those beyond.
    assert!(operations.len() >= 52, "{} operations", operations.len());
    let mut permissions: Vec<String> = operations
        .iter()
        .flat_map(|one| [one.permission.clone(), write(&one.permission)])
        .filter(|permission| {
            !permission.starts_with("charts_metrics:overview:read_")
                && !permission.contains("projects:read_")
        })
        .collect();
    permissions.sort();
    permissions.dedup();
    for held in &permissions {
        let project = with(&world, &project, &[held]).await;
        for operation in &operations {
            let answer = operation.call(&project, "").await;
            let allowed = *held == operation.permission || *held == write(&operation.permission);
            if allowed {
                assert_ne!(
                    answer.status, 403,
                    "{} with {held}: {}",
                    operation.id, answer.text
                );
                assert!(
                    answer.status < 500,
                    "{} with {held}: {}",
                    operation.id,
                    answer.text
                );
                if operation.method == Method::GET
                    && !operation.path.replace("{project_id}", "").contains('{')
                {
                    assert_eq!(answer.status, operation.success, "{}", operation.id);
                }
            } else {
                assert_eq!(
                    refused(&answer, 403),
                    ("authorization_error", None),
                    "{} with {held}",
                    operation.id
                );
            }
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn each_expansion_needs_a_permission_of_its_own() {
    let (world, project) = unlimited().await;
    let mut count = 0;
    for operation in operations(&document(&project).await) {
        let every: Vec<&str> = operation
            .expand
            .iter()
            .map(|(_, permission)| permission.as_str())
            .collect();
        for (value, permission) in &operation.expand {
            let query = format!("?expand={value}");
            let others: Vec<&str> = every
                .iter()
                .copied()
                .filter(|other| other != permission)
                .collect();
            let without = [vec![operation.permission.as_str()], others].concat();
            let without = with(&world, &project, &without).await;
            let answer = operation.call(&without, &query).await;
            assert_eq!(
                refused(&answer, 403).0,
                "authorization_error",
                "{} {value}",
                operation.id
            );
            let whole = [vec![operation.permission.as_str()], every.clone()].concat();
            let whole = with(&world, &project, &whole).await;
            let answer = operation.call(&whole, &query).await;
            assert!(
                [200, 404].contains(&answer.status),
                "{} {value}: {}",
                operation.id,
                answer.text
            );
            count += 1;
        }
    }
    assert!(count >= 8, "{count} expansions");
    world.stop().await;
}

#[tokio::test]
async fn a_key_of_another_project_opens_nothing() {
    let (world, project) = unlimited().await;
    let second = CreateProjectRequest {
        project: Some(Tenant {
            name: "second".into(),
            revenuecat_id: "proj-second".into(),
            ..Default::default()
        }),
        request_id: String::new(),
    };
    let made = world
        .client()
        .projects()
        .create_project(second)
        .await
        .unwrap()
        .into_inner();
    let second = made.project.unwrap();
    let request = CreateKeyRequest {
        key: Some(ApiKey {
            kind: KeyKind::Secret.into(),
            ..Default::default()
        }),
        request_id: String::new(),
    };
    let secret = world
        .client_in(&second.id)
        .keys()
        .create_key(request)
        .await
        .unwrap()
        .into_inner()
        .secret;
    let app = project.app("isolated-thing").await;
    let product = project.product(&app, "isolated-product").await;
    let entitlement = project.entitlement("isolated-entitlement").await;
    let offering = project.offering("isolated-offering").await;
    project
        .make("/customers", json!({"id": "isolated-customer"}))
        .await;
    let operations = operations(&document(&project).await);
    let intruder = project.with_key(&secret);
    for operation in operations
        .iter()
        .filter(|one| one.path.contains("{project_id}"))
    {
        let answer = operation.call(&intruder, "").await;
        assert_eq!(
            refused(&answer, 403),
            ("authorization_error", None),
            "{}",
            operation.id
        );
    }
    // In its own project it finds none of the other's things, by whatever id.
    let own = Project {
        rest: intruder.rest.clone(),
        id: second.revenuecat_id,
    };
    for path in [
        "/apps",
        "/products",
        "/entitlements",
        "/offerings",
        "/customers",
    ] {
        let list = own.get(path).await.expect(200);
        assert_eq!(list["items"], json!([]), "{path}");
        assert_eq!(list["url"], own.path(path));
    }
    for path in [
        format!("/apps/{app}"),
        format!("/products/{product}"),
        format!("/entitlements/{entitlement}"),
        format!("/entitlements/{entitlement}/products"),
        format!("/offerings/{offering}"),
        format!("/offerings/{offering}/packages"),
        "/customers/isolated-customer".to_owned(),
        "/customers/isolated-customer/subscriptions".to_owned(),
    ] {
        assert_eq!(
            refused(&own.get(&path).await, 404).0,
            "resource_missing",
            "{path}"
        );
    }
    for (path, body) in [
        (
            format!("/entitlements/{entitlement}"),
            json!({"display_name": "x"}),
        ),
        (
            format!("/entitlements/{entitlement}/actions/attach_products"),
            json!({"product_ids": [product]}),
        ),
        (
            format!("/offerings/{offering}"),
            json!({"is_current": false}),
        ),
        (
            format!("/offerings/{offering}/packages"),
            json!({"lookup_key": "x", "display_name": "x"}),
        ),
        (format!("/apps/{app}"), json!({"name": "x"})),
    ] {
        assert_eq!(
            refused(&own.post(&path, body).await, 404).0,
            "resource_missing",
            "{path}"
        );
    }
    let mine = own.entitlement("mine").await;
    let attach = json!({"product_ids": [product]});
    let attach = own
        .post(
            &format!("/entitlements/{mine}/actions/attach_products"),
            attach,
        )
        .await;
    assert_eq!(
        refused(&attach, 404),
        ("resource_missing", Some("product_ids"))
    );
    let projects = own.rest.get("/v2/projects").await.expect(200);
    assert_eq!(projects["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&projects["items"][0]["id"], &projects["items"][0]["object"]),
        (&json!("proj-second"), &json!("project"))
    );
    world.stop().await;
}
