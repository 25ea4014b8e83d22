//! Attributes of customers, and what of it is the customer itself.

use contract::customer::v1::{self as pb, customer_ref::Ref};
use tonic::{
    Code::{FailedPrecondition, NotFound},
    Status,
};

use super::{World, acme, by_id, field, ok, refusal};

fn attributes(pairs: &[(&str, &str)]) -> Vec<pb::CustomerAttribute> {
    let one = |(name, value): &(&str, &str)| pb::CustomerAttribute {
        name: (*name).into(),
        value: (*value).into(),
        update_time: None,
    };
    pairs.iter().map(one).collect()
}

async fn set(
    world: &World,
    id: &str,
    pairs: &[(&str, &str)],
) -> Result<pb::SetAttributesResponse, Status> {
    let request = world.request(pb::SetAttributesRequest {
        customer_ref: by_id(id),
        attributes: attributes(pairs),
        request_id: String::new(),
    });
    Ok(world
        .attributes()
        .set_attributes(request)
        .await?
        .into_inner())
}

async fn list(world: &World, id: &str) -> Vec<(String, String)> {
    let request = world.request(pb::ListAttributesRequest {
        customer_ref: by_id(id),
    });
    let answer = ok(world.attributes().list_attributes(request).await);
    let pair = |one: pb::CustomerAttribute| (one.name, one.value);
    answer.attributes.into_iter().map(pair).collect()
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(pair).collect()
}

#[tokio::test]
async fn attributes_merge_and_empty_ones_go() {
    let world = World::start().await;
    world.freeze("2026-01-01T00:00:00Z").await;
    let made = world.create(acme("acme", &[])).await.expect("made");
    set(&world, &made.id, &[("b", "1"), ("a", "2"), ("$ip", "::1")])
        .await
        .expect("set");
    world.freeze("2026-01-02T00:00:00Z").await;
    let after = set(&world, &made.id, &[("a", ""), ("b", "3"), ("absent", "")])
        .await
        .expect("set");
    let name = ("$displayName", "Name of acme");
    let expected = owned(&[name, ("$ip", "::1"), ("b", "3")]);
    assert_eq!(list(&world, &made.id).await, expected);
    let times: Vec<_> = after.attributes.iter().map(|one| one.update_time).collect();
    assert_eq!(
        times[1],
        super::time("2026-01-01T00:00:00Z"),
        "unchanged, so is its time"
    );
    assert_eq!(times[2], super::time("2026-01-02T00:00:00Z"));
    let read = world.get(Ref::Id(made.id.clone())).await.expect("found");
    assert_eq!(read.etag, made.etag, "the customer itself did not change");
    assert_eq!(read.touch_time, super::time("2026-01-02T00:00:00Z"));
    world.stop().await;
}

#[tokio::test]
async fn email_and_display_name_are_the_customers_own() {
    let world = World::start().await;
    let request = world.request(pb::CreateCustomerRequest {
        customer: Some(pb::Customer {
            key: "anna".into(),
            ..Default::default()
        }),
        attributes: attributes(&[("$email", "a@b"), ("plan", "x")]),
        derive_display_name: true,
        ..Default::default()
    });
    let made = ok(world.customers().create_customer(request).await);
    let made = made.customer.expect("a customer");
    assert_eq!(made.primary_email, "a@b");
    assert_eq!(
        (made.display_name.as_str(), made.display_name_derived),
        ("a@b", true)
    );
    assert_eq!(
        list(&world, &made.id).await,
        owned(&[("$email", "a@b"), ("plan", "x")])
    );

    let named = set(
        &world,
        &made.id,
        &[("$displayName", "Anna"), ("$email", "n@b")],
    )
    .await
    .expect("set")
    .customer
    .expect("a customer");
    assert_eq!(
        (named.display_name.as_str(), named.display_name_derived),
        ("Anna", false)
    );
    assert_eq!(named.primary_email, "n@b");
    assert_ne!(named.etag, made.etag);
    // The other way: who changes the customer changes the attribute.
    let change = pb::Customer {
        primary_email: "z@b".into(),
        ..Default::default()
    };
    world
        .update(&made.id, change, &["primary_email"])
        .await
        .expect("changed");
    assert_eq!(
        list(&world, &made.id).await[1],
        ("$email".into(), "z@b".into())
    );
    // Cleared here, both are gone there, and the name is the key again.
    let bare = set(&world, &made.id, &[("$displayName", ""), ("$email", "")])
        .await
        .expect("set")
        .customer
        .expect("a customer");
    assert_eq!(
        (bare.primary_email.as_str(), bare.display_name.as_str()),
        ("", "anna")
    );
    assert_eq!(list(&world, &made.id).await, owned(&[("plan", "x")]));
    world.stop().await;
}

#[tokio::test]
async fn a_wrong_attribute_is_named_and_nothing_is_written() {
    let world = World::start().await;
    let made = world.create(acme("acme", &[])).await.expect("made");
    let check = async |pairs: &[(&str, &str)], expected: &str| {
        assert_eq!(field(set(&world, &made.id, pairs).await), expected);
    };
    check(&[("ok", "v"), ("$nope", "v")], "attributes.1.name").await;
    check(&[("1a", "v")], "attributes.0.name").await;
    check(&[("ok", "v"), ("ok", "w")], "attributes.1.name").await;
    check(&[("ok", &"x".repeat(501))], "attributes.0.value").await;
    check(&[("ok", "a\0")], "attributes.0.value").await;
    let many: Vec<String> = (0..50).map(|number| format!("a{number}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "v")).collect();
    set(&world, &made.id, &many).await.expect("fifty");
    check(&[("one_more", "v")], "attributes").await;
    assert_eq!(list(&world, &made.id).await.len(), 51, "and the name");
    let request = world.request(pb::CreateCustomerRequest {
        customer: Some(acme("other", &[])),
        attributes: attributes(&[("$nope", "v")]),
        ..Default::default()
    });
    let refused = world.customers().create_customer(request).await;
    assert_eq!(field(refused), "attributes.0.name");
    assert!(world.get(Ref::Key("other".into())).await.is_err());
    let unknown = set(&world, "nobody", &[("a", "v")]).await;
    assert_eq!(refusal(unknown), (NotFound, "CUSTOMER_NOT_FOUND".into()));
    world.delete(&made.id).await.expect("deleted");
    let dead = set(&world, &made.id, &[("a", "v")]).await;
    assert_eq!(
        refusal(dead),
        (FailedPrecondition, "CUSTOMER_DELETED".into())
    );
    world.stop().await;
}
