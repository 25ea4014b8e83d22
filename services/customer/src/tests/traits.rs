//! Traits and segments of customers.

use contract::customer::v1::{self as pb, list_traits_request::View, trait_target::Target};
use tonic::{
    Code::{FailedPrecondition, NotFound},
    Status,
};

use super::{World, acme, by_handle, by_id, field, ok, refusal};

async fn merge(
    world: &World,
    id: &str,
    changes: &[(&str, Option<&str>)],
) -> Result<pb::MergeSegmentsResponse, Status> {
    let change = |(name, value): &(&str, Option<&str>)| pb::SegmentChange {
        name: (*name).into(),
        value: value.map(str::to_owned),
    };
    let request = world.request(pb::MergeSegmentsRequest {
        customer_ref: by_id(id),
        changes: changes.iter().map(change).collect(),
        request_id: String::new(),
    });
    Ok(world.traits().merge_segments(request).await?.into_inner())
}

fn of(id: &str) -> Target {
    Target::CustomerRef(by_handle(id).expect("a reference"))
}

fn mail(email: &str) -> Target {
    Target::PrimaryEmail(email.into())
}

async fn set(world: &World, target: Target, category: &str, value: &str) -> Result<i32, Status> {
    let request = world.request(pb::SetTraitRequest {
        target: Some(pb::TraitTarget {
            target: Some(target),
        }),
        category: category.into(),
        r#trait: value.into(),
        request_id: String::new(),
    });
    let answer = world.traits().set_trait(request).await?;
    Ok(answer.into_inner().customer_count)
}

async fn remove(world: &World, target: Target, category: &str) -> Result<i32, Status> {
    let request = world.request(pb::RemoveTraitRequest {
        target: Some(pb::TraitTarget {
            target: Some(target),
        }),
        category: category.into(),
        request_id: String::new(),
    });
    let answer = world.traits().remove_trait(request).await?;
    Ok(answer.into_inner().customer_count)
}

async fn list(world: &World, id: &str, view: View) -> Vec<(String, String)> {
    let request = world.request(pb::ListTraitsRequest {
        customer_ref: by_id(id),
        view: view.into(),
    });
    let answer = ok(world.traits().list_traits(request).await);
    let pair = |one: pb::CustomerTrait| (one.name, one.value);
    answer.traits.into_iter().map(pair).collect()
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(pair).collect()
}

#[tokio::test]
async fn segments_merge_in_the_order_they_were_added() {
    let world = World::start().await;
    world.freeze("2026-01-01T00:00:00Z").await;
    let made = world.create(acme("acme", &[])).await.expect("made");
    merge(
        &world,
        &made.id,
        &[("zone", Some("EU")), ("Size", Some("Big"))],
    )
    .await
    .expect("merged");
    world.freeze("2026-01-02T00:00:00Z").await;
    let same = merge(&world, &made.id, &[("zone", Some("EU")), ("nothing", None)])
        .await
        .expect("merged");
    let touched = |answer: &pb::MergeSegmentsResponse| {
        answer.customer.as_ref().expect("a customer").touch_time
    };
    assert_eq!(
        touched(&same),
        super::time("2026-01-01T00:00:00Z"),
        "nothing changed"
    );
    let after = merge(
        &world,
        &made.id,
        &[("zone", Some("US")), ("age", Some("9"))],
    )
    .await
    .expect("merged");
    assert_eq!(touched(&after), super::time("2026-01-02T00:00:00Z"));
    let all = owned(&[("zone", "US"), ("Size", "Big"), ("age", "9")]);
    assert_eq!(list(&world, &made.id, View::Segments).await, all);
    merge(&world, &made.id, &[("zone", None)])
        .await
        .expect("merged");
    let traits = owned(&[("age", "9"), ("size", "big")]);
    assert_eq!(list(&world, &made.id, View::Traits).await, traits);
    merge(&world, &made.id, &[]).await.expect("nothing to do");
    world.stop().await;
}

#[tokio::test]
async fn wrong_segments_are_named_and_none_is_written() {
    let world = World::start().await;
    let made = world.create(acme("acme", &[])).await.expect("made");
    let long = "x".repeat(256);
    let check = async |changes: &[(&str, Option<&str>)], expected: &str| {
        assert_eq!(field(merge(&world, &made.id, changes).await), expected);
    };
    check(&[("a", Some("v")), ("", Some("v"))], "changes.1.name").await;
    check(&[("a", Some("\0"))], "changes.0.value").await;
    check(&[(&long, Some("v"))], "changes.0.name").await;
    check(&[("a", Some(&long))], "changes.0.value").await;
    check(&[("a", Some("v")), ("a", None)], "changes.1.name").await;
    assert!(list(&world, &made.id, View::Segments).await.is_empty());
    let unknown = merge(&world, "nobody", &[("a", Some("v"))]).await;
    assert_eq!(refusal(unknown).0, NotFound);
    world.stop().await;
}

#[tokio::test]
async fn a_customer_has_one_trait_of_a_category() {
    let world = World::start().await;
    let made = world.create(acme("acme", &[])).await.expect("made");
    set(&world, of("acme"), " Team ", "RED").await.expect("set");
    let again = set(&world, of(&made.profitwell_id), "team", "red").await;
    assert_eq!(refusal(again), (FailedPrecondition, "TRAIT_HELD".into()));
    set(&world, of("acme"), "team", "blue")
        .await
        .expect("replaced");
    assert_eq!(
        list(&world, &made.id, View::Traits).await,
        owned(&[("team", "blue")])
    );
    // A segment of the same name in another case is the same category; the last write counts.
    merge(&world, &made.id, &[("TEAM", Some("Green"))])
        .await
        .expect("merged");
    assert_eq!(
        list(&world, &made.id, View::Traits).await,
        owned(&[("team", "green")])
    );
    assert_eq!(list(&world, &made.id, View::Segments).await.len(), 2);
    remove(&world, of("acme"), "Team").await.expect("removed");
    assert!(
        list(&world, &made.id, View::Segments).await.is_empty(),
        "both"
    );
    let none = remove(&world, of("acme"), "team").await;
    assert_eq!(refusal(none), (FailedPrecondition, "TRAIT_NOT_HELD".into()));
    for (category, value, expected) in [
        ("", "v", "category"),
        ("country", "v", "category"),
        ("c", " none ", "trait"),
        ("c", "", "trait"),
        ("#N/A", "v", "category"),
    ] {
        assert_eq!(
            field(set(&world, of("acme"), category, value).await),
            expected
        );
    }
    let nobody = set(&world, of("nobody"), "c", "v").await;
    assert_eq!(refusal(nobody), (NotFound, "CUSTOMER_NOT_FOUND".into()));
    world.stop().await;
}

#[tokio::test]
async fn an_email_reaches_everybody_who_has_it() {
    let world = World::start().await;
    for (key, email) in [("a", "X@b.c"), ("b", "x@B.c"), ("c", "other@b.c")] {
        let customer = pb::Customer {
            primary_email: email.into(),
            ..acme(key, &[])
        };
        world.create(customer).await.expect("made");
    }
    assert_eq!(
        set(&world, mail("x@b.C"), "team", "red")
            .await
            .expect("set"),
        2
    );
    set(&world, of("b"), "team", "blue").await.expect("set");
    // One of two has it already: neither is changed.
    let half = set(&world, mail("x@b.c"), "team", "blue").await;
    assert_eq!(refusal(half), (FailedPrecondition, "TRAIT_HELD".into()));
    assert_eq!(
        remove(&world, mail("x@b.c"), "team")
            .await
            .expect("removed"),
        2
    );
    let nobody = set(&world, mail("no@b.c"), "team", "red").await;
    assert_eq!(refusal(nobody), (NotFound, "EMAIL_NOT_FOUND".into()));
    let request = world.request(pb::SetTraitRequest {
        category: "c".into(),
        r#trait: "v".into(),
        ..Default::default()
    });
    assert_eq!(field(world.traits().set_trait(request).await), "target");
    world.stop().await;
}

#[tokio::test]
async fn a_category_has_a_hundred_traits_and_goes_at_once() {
    let world = World::start().await;
    let made = world.create(acme("acme", &[])).await.expect("made");
    world.create(acme("other", &[])).await.expect("made");
    world.create(acme("probe", &[])).await.expect("made");
    let db = world.database().await;
    // A hundred customers with a trait each, made the short way.
    for number in 0..99 {
        let sql = format!(
            "INSERT INTO customer_trait (project_id, customer_id, name, category, value, limited, \
             added, written, create_time, update_time) \
             VALUES ('{}', '{number}', 'team', 'team', 'v{number}', true, 0, 0, 0, 0)",
            world.project()
        );
        sea_orm::ConnectionTrait::execute_unprepared(&db, &sql)
            .await
            .expect("a row");
    }
    set(&world, of("acme"), "team", "hundredth")
        .await
        .expect("set");
    let full = set(&world, of("other"), "team", "one more").await;
    let status = full.expect_err("full");
    assert!(status.message().contains("hit trait limit"), "{status:?}");
    assert_eq!(super::refusal::<()>(Err(status)).1, "TRAIT_LIMIT");
    set(&world, of("other"), "team", "v7").await.expect("known");
    let probe = world.get(pb::customer_ref::Ref::Key("probe".into())).await;
    let probe = probe.expect("found").id;
    merge(&world, &probe, &[("team", Some("free"))])
        .await
        .expect("not limited");
    for number in 0..99 {
        let sql = format!("DELETE FROM customer_trait WHERE customer_id = '{number}'");
        sea_orm::ConnectionTrait::execute_unprepared(&db, &sql)
            .await
            .expect("gone");
    }
    let clear = async |category: &str| {
        let request = world.request(pb::RemoveTraitCategoryRequest {
            category: category.into(),
            request_id: String::new(),
        });
        world.traits().remove_trait_category(request).await
    };
    assert_eq!(ok(clear("Team").await).customer_count, 3);
    assert!(list(&world, &made.id, View::Traits).await.is_empty());
    let none = clear("team").await;
    assert_eq!(refusal(none), (NotFound, "TRAIT_CATEGORY_NOT_FOUND".into()));
    db.close().await.expect("closed");
    world.stop().await;
}
