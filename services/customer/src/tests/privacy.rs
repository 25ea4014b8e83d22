//! Exclusion, opt-outs, removal of personal data from state and records, erasure.

use contract::{
    customer::v1::{
        self as pb, Intervention, customer_ref::Ref, hold::Reason, list_customers_request::OrderBy,
    },
    kernel::v1::Period,
};
use prost::Message as _;
use sea_orm::{ConnectionTrait as _, Statement};
use tonic::{
    Code::{FailedPrecondition, NotFound, PermissionDenied},
    Status,
};

use super::{World, acme, by_handle, by_id, field, ok, refusal, time};

const SECRET: &str = "Anna-Secret";

/// A customer whose every personal field holds the same text.
async fn person(world: &World) -> pb::Customer {
    let request = world.request(pb::CreateCustomerRequest {
        customer: Some(pb::Customer {
            display_name: SECRET.into(),
            description: format!("likes {SECRET}"),
            primary_email: format!("{SECRET}@b.c"),
            billing_address: Some(pb::Address {
                line1: Some(SECRET.into()),
                ..Default::default()
            }),
            metadata: [("tier".to_owned(), "gold".to_owned())].into(),
            ..acme("anna", &["device"])
        }),
        attributes: vec![pb::CustomerAttribute {
            name: "nick".into(),
            value: SECRET.into(),
            update_time: None,
        }],
        ..Default::default()
    });
    let made = ok(world.customers().create_customer(request).await);
    made.customer.expect("a customer")
}

async fn anonymize(world: &World, handle: &str) -> Result<pb::Customer, Status> {
    let request = world.request(pb::AnonymizeCustomerRequest {
        customer_ref: by_handle(handle),
        request_id: String::new(),
    });
    let answer = world.privacy().anonymize_customer(request).await?;
    Ok(answer.into_inner().customer.expect("a customer"))
}

async fn erase(world: &World, id: &str) -> bool {
    let request = world.internal(pb::EraseCustomerRequest {
        customer_id: id.into(),
        request_id: String::new(),
    });
    ok(world.privacy().erase_customer(request).await).erased
}

/// How often a text is somewhere in the database's rows about customers, by table.
async fn mentions(world: &World, text: &str) -> Vec<(&'static str, usize)> {
    let db = world.database().await;
    let mut found = Vec::new();
    for (table, columns) in [
        (
            "customer",
            "name, name_lower, description, email, email_lower, address, key",
        ),
        ("customer_attribute", "value"),
        ("customer_handle", "handle"),
        ("customer_subject_key", "subject_key"),
        ("customer_trait", "value"),
        ("subject", "key, metadata"),
        ("audit_entry", "before, after"),
        ("outbox", "payload"),
    ] {
        let sql = format!("SELECT {columns} FROM {table}");
        let rows = db
            .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
            .await
            .expect("rows");
        let mut count = 0;
        for row in rows {
            for column in columns.split(", ") {
                let bytes = match row.try_get::<Option<String>>("", column) {
                    Ok(text) => text.unwrap_or_default().into_bytes(),
                    Err(_) => row
                        .try_get::<Option<Vec<u8>>>("", column)
                        .expect("bytes")
                        .unwrap_or_default(),
                };
                let shown = String::from_utf8_lossy(&bytes).to_lowercase();
                if shown.contains(&text.to_lowercase()) {
                    count += 1;
                }
            }
        }
        if count > 0 {
            found.push((table, count));
        }
    }
    db.close().await.expect("closed");
    found
}

/// The newest event of a kind.
async fn event(world: &World, kind: &str) -> pb::Customer {
    let db = world.database().await;
    let sql = format!("SELECT payload FROM outbox WHERE kind = '{kind}' ORDER BY seq DESC LIMIT 1");
    let row = db
        .query_one_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .expect("a query")
        .expect("an event");
    let payload: Vec<u8> = row.try_get("", "payload").expect("a payload");
    db.close().await.expect("closed");
    pb::Customer::decode(payload.as_slice()).expect("a customer")
}

#[tokio::test]
async fn anonymizing_removes_the_person_from_state_and_records() {
    let world = World::start().await;
    world.freeze("2026-01-01T00:00:00Z").await;
    let made = person(&world).await;
    let change = pb::Customer {
        display_name: format!("{SECRET} II"),
        ..Default::default()
    };
    world
        .update(&made.id, change, &["display_name"])
        .await
        .expect("changed");
    assert!(mentions(&world, SECRET).await.len() >= 3);

    let bare = anonymize(&world, &made.profitwell_id)
        .await
        .expect("anonymized");
    assert_eq!(
        (bare.display_name.as_str(), bare.primary_email.as_str()),
        ("anonymized", "")
    );
    assert_eq!(
        (bare.description.as_str(), bare.billing_address.clone()),
        ("", None)
    );
    assert_eq!(bare.key, "anna");
    assert_eq!(bare.usage_attribution, made.usage_attribution);
    assert_eq!(bare.metadata, made.metadata);
    assert_eq!(bare.anonymize_time, time("2026-01-01T00:00:00Z"));
    assert_eq!(mentions(&world, SECRET).await, []);
    assert_eq!(event(&world, "customer.anonymized").await, bare);
    assert_eq!(
        event(&world, "customer.updated").await.display_name,
        "anonymized"
    );
    let request = world.request(pb::ListAttributesRequest {
        customer_ref: by_handle("anna"),
    });
    let left = ok(world.attributes().list_attributes(request).await);
    assert!(left.attributes.is_empty());

    let again = anonymize(&world, "anna").await;
    assert_eq!(
        refusal(again),
        (FailedPrecondition, "CUSTOMER_ANONYMIZED".into())
    );
    let nobody = anonymize(&world, "nobody").await;
    assert_eq!(refusal(nobody), (NotFound, "CUSTOMER_NOT_FOUND".into()));
    // New personal data can be removed anew.
    let change = pb::Customer {
        primary_email: "new@b.c".into(),
        ..Default::default()
    };
    let named = world
        .update(&made.id, change, &["primary_email"])
        .await
        .expect("changed");
    assert_eq!(named.anonymize_time, None);
    anonymize(&world, "anna").await.expect("again");
    world.stop().await;
}

#[tokio::test]
async fn anonymizing_by_email_takes_everybody_who_has_it() {
    let world = World::start().await;
    for (key, email) in [("a", "X@b.c"), ("b", "x@B.c"), ("c", "other@b.c")] {
        let customer = pb::Customer {
            primary_email: email.into(),
            ..acme(key, &[])
        };
        world.create(customer).await.expect("made");
    }
    let by_email = async |email: &str| {
        let request = world.request(pb::AnonymizeCustomersByEmailRequest {
            primary_email: email.into(),
            request_id: String::new(),
        });
        world.privacy().anonymize_customers_by_email(request).await
    };
    let done = ok(by_email("x@b.c").await).customers;
    let keys: Vec<&str> = done.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, ["a", "b"]);
    assert_eq!(
        refusal(by_email("x@b.c").await),
        (NotFound, "EMAIL_NOT_FOUND".into())
    );
    assert_eq!(field(by_email("").await), "primary_email");
    let other = world.get(Ref::Key("c".into())).await.expect("found");
    assert_eq!(other.primary_email, "other@b.c");
    world.stop().await;
}

#[tokio::test]
async fn erasing_leaves_nothing_and_frees_the_names() {
    let world = World::start().await;
    let made = person(&world).await;
    let hold = world.internal(pb::PlaceHoldRequest {
        customer_id: made.id.clone(),
        reason: Reason::Subscription.into(),
        holder_id: "holder".into(),
        display_text: "a subscription".into(),
        period: Some(Period {
            start_time: time("2020-01-01T00:00:00Z"),
            end_time: None,
        }),
        request_id: String::new(),
    });
    ok(world.customers().place_hold(hold).await);
    let by_a_client = world.request(pb::EraseCustomerRequest {
        customer_id: made.id.clone(),
        request_id: String::new(),
    });
    let refused = world.privacy().erase_customer(by_a_client).await;
    assert_eq!(refusal(refused).0, PermissionDenied);

    assert!(erase(&world, &made.id).await, "holds do not count");
    assert!(!erase(&world, &made.id).await, "nothing is left");
    for name in [
        Ref::Id(made.id.clone()),
        Ref::Key("anna".into()),
        Ref::Handle(made.profitwell_id.clone()),
    ] {
        assert_eq!(
            refusal(world.get(name).await),
            (NotFound, "CUSTOMER_NOT_FOUND".into())
        );
    }
    assert_eq!(mentions(&world, SECRET).await, []);
    // Names are left in one place only: the event from which others learn what is theirs to
    // remove. It goes with the outbox.
    assert_eq!(mentions(&world, "anna").await, [("outbox", 1)]);
    assert_eq!(mentions(&world, "device").await, [("outbox", 1)]);
    let event = event(&world, "customer.erased").await;
    assert_eq!(
        (event.id.as_str(), event.key.as_str()),
        (made.id.as_str(), "anna")
    );
    assert_eq!(event.usage_attribution, made.usage_attribution);
    assert!(event.delete_time.is_some());
    assert_eq!(event.display_name, "");

    let next = world
        .create(acme("anna", &["device"]))
        .await
        .expect("names are free");
    assert_ne!(next.id, made.id);
    world.stop().await;
}

#[tokio::test]
async fn an_erased_customer_that_was_deleted_takes_nothing_from_its_heirs() {
    let world = World::start().await;
    let made = world.create(acme("acme", &["s"])).await.expect("made");
    world.delete(&made.id).await.expect("deleted");
    let heir = world.create(acme("acme", &["s"])).await.expect("made");
    assert!(erase(&world, &made.id).await);
    let event = event(&world, "customer.erased").await;
    assert_eq!((event.key.as_str(), event.usage_attribution), ("", None));
    let found = world.get(Ref::Key("acme".into())).await.expect("found");
    assert_eq!(
        (found.id, found.usage_attribution),
        (heir.id, heir.usage_attribution)
    );
    let subjects = world.request(pb::ListSubjectsRequest::default());
    assert_eq!(
        ok(world.subjects().list_subjects(subjects).await)
            .subjects
            .len(),
        1
    );
    world.stop().await;
}

#[tokio::test]
async fn exclusion_is_for_ever_and_twice_is_once() {
    let world = World::start().await;
    world.freeze("2026-01-01T00:00:00Z").await;
    let made = world.create(acme("acme", &[])).await.expect("made");
    let exclude = async |handle: &str| {
        let request = world.request(pb::ExcludeCustomerRequest {
            customer_ref: by_handle(handle),
            request_id: String::new(),
        });
        world.privacy().exclude_customer(request).await
    };
    let out = ok(exclude("acme").await).customer.expect("a customer");
    assert_eq!(out.exclude_time, time("2026-01-01T00:00:00Z"));
    world.freeze("2026-01-02T00:00:00Z").await;
    assert_eq!(
        ok(exclude(&made.id).await).customer.expect("a customer"),
        out
    );
    assert_eq!(event(&world, "customer.updated").await, out);
    let nobody = exclude("nobody").await;
    assert_eq!(refusal(nobody), (NotFound, "CUSTOMER_NOT_FOUND".into()));
    world.stop().await;
}

#[tokio::test]
async fn opt_outs_are_stored_once_and_listed_by_when() {
    let world = World::start().await;
    for (day, key) in ["a", "b", "c"].into_iter().enumerate() {
        world
            .freeze(&format!("2026-01-0{}T12:00:00Z", day + 1))
            .await;
        world.create(acme(key, &[])).await.expect("made");
        let request = world.request(pb::OptOutOfInterventionsRequest {
            customer_ref: by_handle(key),
            interventions: vec![Intervention::Reactivation.into(); 2],
            request_id: String::new(),
        });
        let answer = ok(world.privacy().opt_out_of_interventions(request).await);
        assert_eq!(answer.opt_outs.len(), 1);
    }
    let request = world.request(pb::OptOutOfInterventionsRequest {
        customer_ref: by_handle("a"),
        interventions: vec![
            Intervention::Reactivation.into(),
            Intervention::Retain.into(),
        ],
        request_id: String::new(),
    });
    let both = ok(world.privacy().opt_out_of_interventions(request).await).opt_outs;
    assert_eq!(both.len(), 2);
    assert_eq!(
        both[1].create_time,
        time("2026-01-01T12:00:00Z"),
        "the first time counts"
    );
    let list = async |intervention: Intervention, start: Option<&str>, end: Option<&str>| {
        let request = world.request(pb::ListCustomersRequest {
            opt_out: intervention.into(),
            opt_out_start_time: start.and_then(time),
            opt_out_end_time: end.and_then(time),
            order_by: OrderBy::Id.into(),
            ..Default::default()
        });
        let answer = ok(world.customers().list_customers(request).await);
        let keys = answer.customers.into_iter().map(|one| one.key);
        keys.collect::<String>()
    };
    let (first, second) = (Some("2026-01-01T12:00:00Z"), Some("2026-01-02T12:00:00Z"));
    assert_eq!(list(Intervention::Reactivation, None, None).await, "abc");
    assert_eq!(
        list(Intervention::Reactivation, first, second).await,
        "ab",
        "both inclusive"
    );
    assert_eq!(list(Intervention::Retain, None, None).await, "a");
    assert_eq!(list(Intervention::TermOptimization, None, None).await, "");
    for interventions in [vec![], vec![0], vec![9]] {
        let request = world.request(pb::OptOutOfInterventionsRequest {
            customer_ref: by_id("x"),
            interventions,
            request_id: String::new(),
        });
        let refused = world.privacy().opt_out_of_interventions(request).await;
        assert_eq!(field(refused), "interventions");
    }
    let alone = world.request(pb::ListCustomersRequest {
        opt_out_start_time: time("2026-01-01T12:00:00Z"),
        ..Default::default()
    });
    assert_eq!(
        field(world.customers().list_customers(alone).await),
        "opt_out"
    );
    world.stop().await;
}
