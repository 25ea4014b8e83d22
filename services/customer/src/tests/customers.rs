//! Making, reading and changing customers; the rules about their names.

use contract::customer::v1::{self as pb, customer_ref::Ref};
use tonic::Code::{Aborted, AlreadyExists, FailedPrecondition, InvalidArgument, NotFound};

use super::{World, acme, attribution, by_id, ok, refusal};

#[tokio::test]
async fn a_customer_is_read_as_it_was_made() {
    let world = World::start().await;
    let sent = pb::Customer {
        description: "text".into(),
        primary_email: "a@b.c".into(),
        currency_code: "EUR".into(),
        billing_address: Some(pb::Address {
            city: Some("Berlin".into()),
            country_code: Some("DE".into()),
            ..Default::default()
        }),
        metadata: [("tier".to_owned(), "gold".to_owned())].into(),
        ..acme("acme", &["b", "a"])
    };
    let made = world.create(sent.clone()).await.expect("made");
    assert_eq!(made.usage_attribution, attribution(&["a", "b"]));
    assert_eq!(made.billing_address, sent.billing_address);
    assert_eq!(made.metadata, sent.metadata);
    assert!(!made.etag.is_empty());
    for name in [
        Ref::Id(made.id.clone()),
        Ref::Key("acme".into()),
        Ref::IdOrKey("acme".into()),
        Ref::Handle(made.id.clone()),
    ] {
        assert_eq!(world.get(name).await.expect("found"), made);
    }
    let missing = world.get(Ref::IdOrKey("nobody".into())).await;
    assert_eq!(refusal(missing), (NotFound, "CUSTOMER_NOT_FOUND".into()));
    world.stop().await;
}

#[tokio::test]
async fn names_that_are_taken_are_refused_each_with_its_reason() {
    let world = World::start().await;
    let first = world.create(acme("first", &["s1"])).await.expect("made");
    let check = async |customer: pb::Customer, code, reason: &str| {
        assert_eq!(
            refusal(world.create(customer).await),
            (code, reason.to_owned())
        );
    };
    check(acme(&first.id, &[]), AlreadyExists, "KEY_OVERLAPS_ID").await;
    check(acme("s1", &[]), AlreadyExists, "KEY_OVERLAPS_SUBJECT").await;
    check(acme("first", &[]), AlreadyExists, "KEY_TAKEN").await;
    check(acme("x", &["s1"]), AlreadyExists, "SUBJECT_KEYS_TAKEN").await;
    check(acme("x", &["y", "y"]), AlreadyExists, "SUBJECT_KEYS_TAKEN").await;
    check(
        acme("", &[]),
        InvalidArgument,
        "KEY_OR_SUBJECT_KEYS_REQUIRED",
    )
    .await;
    check(acme("x", &[""]), InvalidArgument, "INVALID_ARGUMENT").await;
    // A subject key equal to another customer's key is no conflict; its own key is none either.
    let second = world.create(acme("own", &["first", "own"])).await;
    assert!(second.is_ok());
    world.stop().await;
}

#[tokio::test]
async fn only_the_fields_that_the_mask_names_change() {
    let world = World::start().await;
    let made = world
        .create(pb::Customer {
            description: "text".into(),
            primary_email: "a@b.c".into(),
            billing_address: Some(pb::Address {
                city: Some("Berlin".into()),
                line1: Some("Street 1".into()),
                ..Default::default()
            }),
            ..acme("acme", &["s"])
        })
        .await
        .expect("made");
    let given = pb::Customer {
        display_name: "New".into(),
        billing_address: Some(pb::Address {
            city: Some("Bonn".into()),
            ..Default::default()
        }),
        ..Default::default()
    };
    let mask = [
        "display_name",
        "billing_address.city",
        "description",
        "primary_email",
    ];
    let changed = world.update(&made.id, given, &mask).await.expect("changed");
    assert_eq!(changed.display_name, "New");
    assert_eq!(changed.description, "", "named and empty: cleared");
    assert_eq!(changed.primary_email, "a@b.c", "cannot be cleared");
    assert_eq!(changed.key, "acme");
    let address = changed.billing_address.clone().expect("an address");
    assert_eq!(address.city.as_deref(), Some("Bonn"));
    assert_eq!(address.line1.as_deref(), Some("Street 1"));
    assert_ne!(changed.etag, made.etag);
    let read = world.get(Ref::Id(made.id.clone())).await.expect("found");
    assert_eq!(read, changed);
    let wrong = world.update(&made.id, read.clone(), &["nonsense"]).await;
    assert_eq!(refusal(wrong), (InvalidArgument, "INVALID_ARGUMENT".into()));
    let stale = world
        .update(
            &made.id,
            pb::Customer {
                etag: made.etag,
                ..read
            },
            &["key"],
        )
        .await;
    assert_eq!(refusal(stale), (Aborted, "ETAG_STALE".into()));
    world.stop().await;
}

#[tokio::test]
async fn a_former_key_names_the_customer_until_somebody_takes_it() {
    let world = World::start().await;
    let made = world.create(acme("old", &["s"])).await.expect("made");
    let renamed = world.update(&made.id, acme("new", &[]), &["key"]).await;
    assert_eq!(renamed.expect("changed").former_keys, ["old"]);
    let by_handle = world.get(Ref::Handle("old".into())).await;
    assert_eq!(by_handle.expect("found").id, made.id);
    assert!(world.get(Ref::IdOrKey("old".into())).await.is_err());
    let other = world.create(acme("old", &[])).await.expect("taken");
    let by_handle = world.get(Ref::Handle("old".into())).await;
    assert_eq!(by_handle.expect("found").id, other.id);
    let first = world.get(Ref::Key("new".into())).await.expect("found");
    assert!(first.former_keys.is_empty());
    // And back: its own former key can become the key again.
    let again = world.update(&made.id, acme("newest", &[]), &["key"]).await;
    assert!(again.is_ok());
    let back = world.update(&made.id, acme("new", &[]), &["key"]).await;
    assert_eq!(back.expect("changed").former_keys, ["newest"]);
    world.stop().await;
}

#[tokio::test]
async fn subject_keys_are_claimed_and_released_at_once() {
    let world = World::start().await;
    let first = world
        .create(acme("first", &["a", "b"]))
        .await
        .expect("made");
    let second = world.create(acme("second", &["c"])).await.expect("made");
    let conflict = world
        .update(&second.id, acme("", &["a", "c"]), &["usage_attribution"])
        .await;
    assert_eq!(
        refusal(conflict),
        (AlreadyExists, "SUBJECT_KEYS_TAKEN".into())
    );
    let released = world
        .update(&first.id, acme("", &["b"]), &["usage_attribution"])
        .await;
    assert_eq!(
        released.expect("changed").usage_attribution,
        attribution(&["b"])
    );
    let claimed = world
        .update(&second.id, acme("", &["c", "a"]), &["usage_attribution"])
        .await;
    assert_eq!(
        claimed.expect("changed").usage_attribution,
        attribution(&["a", "c"])
    );
    let none = pb::Customer::default();
    let emptied = world.update(&first.id, none, &["usage_attribution"]).await;
    assert_eq!(emptied.expect("changed").usage_attribution, None);
    let bare = world
        .update(&first.id, pb::Customer::default(), &["key"])
        .await;
    assert_eq!(
        refusal(bare),
        (InvalidArgument, "KEY_OR_SUBJECT_KEYS_REQUIRED".into())
    );
    world.stop().await;
}

#[tokio::test]
async fn a_repeated_request_makes_one_customer() {
    let world = World::start().await;
    let request = || {
        world.request(pb::CreateCustomerRequest {
            customer: Some(acme("acme", &["s"])),
            request_id: "once".into(),
            ..Default::default()
        })
    };
    let first = ok(world.customers().create_customer(request()).await);
    let second = ok(world.customers().create_customer(request()).await);
    assert_eq!(first, second);
    let other = world.request(pb::CreateCustomerRequest {
        customer: Some(acme("other", &[])),
        request_id: "once".into(),
        ..Default::default()
    });
    let reused = world.customers().create_customer(other).await;
    assert_eq!(
        refusal(reused),
        (InvalidArgument, "REQUEST_ID_REUSED".into())
    );
    world.stop().await;
}

#[tokio::test]
async fn another_project_sees_nothing() {
    let world = World::start().await;
    let made = world.create(acme("acme", &["s"])).await.expect("made");
    let project = world.request(pb::CreateProjectRequest {
        project: Some(pb::Project {
            name: "other".into(),
            ..Default::default()
        }),
        request_id: String::new(),
    });
    ok(world.projects().create_project(project).await);
    let get = pb::GetCustomerRequest {
        customer_ref: by_id(&made.id),
        include_deleted: true,
        for_subscription: false,
    };
    let seen = world
        .customers()
        .get_customer(world.request_in("other", get))
        .await;
    assert_eq!(refusal(seen), (NotFound, "CUSTOMER_NOT_FOUND".into()));
    let create = pb::CreateCustomerRequest {
        customer: Some(acme("acme", &["s"])),
        ..Default::default()
    };
    let same = world
        .customers()
        .create_customer(world.request_in("other", create))
        .await;
    assert!(same.is_ok(), "the same names are free in another project");
    world.stop().await;
}

#[tokio::test]
async fn a_deleted_customer_does_not_change() {
    let world = World::start().await;
    let made = world.create(acme("acme", &["s"])).await.expect("made");
    world.delete(&made.id).await.expect("deleted");
    let changed = world.update(&made.id, acme("x", &[]), &["key"]).await;
    assert_eq!(
        refusal(changed),
        (FailedPrecondition, "CUSTOMER_DELETED".into())
    );
    world.stop().await;
}
