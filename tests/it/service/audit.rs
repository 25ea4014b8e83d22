//! The audit log over gRPC: who changed what, when, what was before and after; by resource, in
//! pages, and within one project.

use contract::{
    audit::v1::{AuditEntry, ListAuditEntriesRequest, ListAuditEntriesResponse},
    customer::v1::{self as pb, CreateProjectRequest, Project},
};
use perennial_sdk::Client;
use prost::Message as _;
use serde_json::json;
use suite::World;
use tonic::{Request, Status};

async fn list(
    client: &Client,
    resource_id: &str,
    page_size: i32,
    page_token: &str,
) -> Result<ListAuditEntriesResponse, Status> {
    let mut request = Request::new(ListAuditEntriesRequest {
        resource_id: resource_id.into(),
        page_size,
        page_token: page_token.into(),
    });
    let service = "customer".parse().unwrap();
    request
        .metadata_mut()
        .insert("x-perennial-service", service);
    Ok(client
        .audit()
        .list_audit_entries(request)
        .await?
        .into_inner())
}

/// All entries about a resource, two at a time.
async fn walk(client: &Client, resource_id: &str) -> Vec<AuditEntry> {
    let (mut entries, mut token) = (Vec::new(), String::new());
    loop {
        let page = list(client, resource_id, 2, &token).await.unwrap();
        assert!(page.entries.len() <= 2);
        entries.extend(page.entries);
        token = page.next_page_token;
        if token.is_empty() {
            return entries;
        }
    }
}

fn kinds(entries: &[AuditEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.kind.as_str()).collect()
}

fn customer(bytes: &[u8]) -> pb::Customer {
    pb::Customer::decode(bytes).unwrap()
}

#[tokio::test]
async fn the_life_of_a_customer_is_read_back_newest_first() {
    let world = World::start().await;
    let (rest, client) = (world.rest(), world.client());
    client
        .freeze_clock("2026-01-01T00:00:00Z".parse().unwrap())
        .await
        .unwrap();
    let body = json!({"key": "a", "name": "One", "usageAttribution": {"subjectKeys": ["s"]}});
    let made = rest.post("/api/v1/customers", body).await.expect(201);
    let id = made["id"].as_str().unwrap();
    let path = format!("/api/v1/customers/{id}");
    for name in ["Two", "Three"] {
        rest.put(&path, json!({"key": "a", "name": name}))
            .await
            .expect(200);
    }
    rest.put(&path, json!({"key": id, "name": "Refused"}))
        .await
        .problem(409);
    rest.delete(&path).await.expect(204);

    let entries = walk(&client, id).await;
    assert_eq!(
        kinds(&entries),
        [
            "customer.deleted",
            "customer.updated",
            "customer.updated",
            "customer.created"
        ]
    );
    assert!(entries.is_sorted_by(|a, b| a.sequence > b.sequence));
    let names: Vec<(String, String)> = entries
        .iter()
        .map(|entry| {
            let name = |bytes: &[u8]| customer(bytes).display_name;
            (name(&entry.before), name(&entry.after))
        })
        .collect();
    let told = names
        .iter()
        .map(|(before, after)| (before.as_str(), after.as_str()));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            ("Three", "Three"),
            ("Two", "Three"),
            ("One", "Two"),
            ("", "One")
        ]
    );
    assert!(customer(&entries[0].after).delete_time.is_some());
    for entry in &entries {
        assert_eq!(entry.resource_id, id);
        assert_eq!(entry.resource_type, "perennial.customer.v1.Customer");
        assert!(entry.actor.starts_with("key:"), "{}", entry.actor);
        let time = contract::convert::from_timestamp(&entry.create_time.unwrap()).unwrap();
        assert_eq!(time.to_string(), "2026-01-01T00:00:00Z");
    }
    assert!(entries[3].before.is_empty());

    // The subject that came with it has a life of its own.
    let subject = rest.get("/api/v1/subjects/s").await.expect(200);
    let subject_id = subject["id"].as_str().unwrap();
    rest.delete("/api/v1/subjects/s").await.expect(204);
    let entries = walk(&client, subject_id).await;
    assert_eq!(kinds(&entries), ["subject.deleted", "subject.created"]);
    world.stop().await;
}

#[tokio::test]
async fn the_log_is_paged_by_resource_and_by_project() {
    let world = World::start().await;
    let (rest, client) = (world.rest(), world.client());
    let mut ids = Vec::new();
    for key in ["a", "b", "c"] {
        let body = json!({"key": key, "name": key});
        let made = rest.post("/api/v1/customers", body).await.expect(201);
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    let all = walk(&client, "").await;
    let mut seen: Vec<String> = all
        .iter()
        .filter(|entry| entry.kind == "customer.created")
        .map(|entry| entry.resource_id.clone())
        .collect();
    seen.reverse();
    assert_eq!(seen, ids, "without a resource the log is everything");
    assert_eq!(walk(&client, &ids[1]).await.len(), 1);
    assert!(walk(&client, "nobody").await.is_empty());
    // A token belongs to its query.
    let token = list(&client, "", 1, "").await.unwrap().next_page_token;
    let refused = list(&client, &ids[0], 1, &token).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);

    let second = Project {
        name: "second".into(),
        ..Default::default()
    };
    let request = CreateProjectRequest {
        project: Some(second),
        request_id: String::new(),
    };
    let made = client.projects().create_project(request).await.unwrap();
    let second = made.into_inner().project.unwrap().id;
    assert!(walk(&world.client_in(&second), &ids[0]).await.is_empty());
    let other = list(&world.client_in(&second), "", 250, "").await.unwrap();
    let foreign = other
        .entries
        .iter()
        .any(|entry| ids.contains(&entry.resource_id));
    assert!(!foreign, "another project's log");
    world.stop().await;
}
