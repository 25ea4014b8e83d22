//! Deleting customers, and what keeps them from being deleted.

use chassis::error::details;
use contract::{
    customer::v1::{self as pb, customer_ref::Ref, hold::Reason},
    kernel::v1::Period,
};
use tonic::Code::{FailedPrecondition, InvalidArgument, NotFound, PermissionDenied};

use super::{World, acme, attribution, by_id, ok, refusal, time};

fn hold(customer: &str, reason: Reason, period: Period) -> pb::PlaceHoldRequest {
    pb::PlaceHoldRequest {
        customer_id: customer.to_owned(),
        reason: reason.into(),
        holder_id: "holder".into(),
        display_text: format!("{reason:?} is there"),
        period: Some(period),
        request_id: String::new(),
    }
}

fn from(start: &str, end: Option<&str>) -> Period {
    Period {
        start_time: time(start),
        end_time: end.and_then(time),
    }
}

#[tokio::test]
async fn a_deleted_customer_is_found_by_id_alone_and_its_names_are_free() {
    let world = World::start().await;
    let made = world
        .create(acme("acme", &["s1", "s2"]))
        .await
        .expect("made");
    let gone = world.delete(&made.id).await.expect("deleted");
    assert!(gone.delete_time.is_some());
    let read = world.get(Ref::Id(made.id.clone())).await.expect("by id");
    assert_eq!(read.usage_attribution, attribution(&["s1", "s2"]));
    assert_eq!(read.key, "acme");
    assert!(world.get(Ref::Key("acme".into())).await.is_err());
    let live_only = world.request(pb::GetCustomerRequest {
        customer_ref: by_id(&made.id),
        include_deleted: false,
        for_subscription: false,
    });
    let live_only = world.customers().get_customer(live_only).await;
    assert_eq!(refusal(live_only), (NotFound, "CUSTOMER_NOT_FOUND".into()));
    let again = world.delete(&made.id).await;
    assert_eq!(
        refusal(again),
        (FailedPrecondition, "CUSTOMER_DELETED".into())
    );
    let next = world
        .create(acme("acme", &["s1"]))
        .await
        .expect("names are free");
    assert_ne!(next.id, made.id);
    let id_as_key = world.create(acme(&made.id, &[])).await;
    assert_eq!(
        refusal(id_as_key).1,
        "KEY_OVERLAPS_ID",
        "also of a deleted one"
    );
    world.stop().await;
}

#[tokio::test]
async fn live_holds_refuse_deletion_with_all_their_reasons() {
    let world = World::start().await;
    let made = world.create(acme("acme", &[])).await.expect("made");
    let place = async |reason, period| {
        let request = world.internal(hold(&made.id, reason, period));
        ok(world.customers().place_hold(request).await);
    };
    place(Reason::Entitlement, from("2020-01-01T00:00:00Z", None)).await;
    place(Reason::Subscription, from("2020-01-01T00:00:00Z", None)).await;
    place(
        Reason::Invoice,
        from("2020-01-01T00:00:00Z", Some("2021-01-01T00:00:00Z")),
    )
    .await;
    let status = world.delete(&made.id).await.expect_err("held");
    assert_eq!(status.code(), FailedPrecondition);
    let facts = details(&status);
    assert_eq!(facts.reason, "CUSTOMER_HELD");
    assert_eq!(facts.metadata["reasons"], "SUBSCRIPTION,ENTITLEMENT");
    assert_eq!(facts.violations.len(), 2);
    assert_eq!(facts.violations[0].description, "Subscription is there");

    for reason in [Reason::Entitlement, Reason::Subscription] {
        let request = world.internal(pb::ReleaseHoldRequest {
            customer_id: made.id.clone(),
            reason: reason.into(),
            holder_id: "holder".into(),
            request_id: String::new(),
        });
        ok(world.customers().release_hold(request).await);
    }
    world
        .delete(&made.id)
        .await
        .expect("the ended hold does not count");
    let late = world.internal(hold(
        &made.id,
        Reason::Invoice,
        from("2020-01-01T00:00:00Z", None),
    ));
    let late = world.customers().place_hold(late).await;
    assert_eq!(
        refusal(late),
        (FailedPrecondition, "CUSTOMER_DELETED".into())
    );
    world.stop().await;
}

#[tokio::test]
async fn a_hold_placed_again_replaces_its_span() {
    let world = World::start().await;
    let made = world.create(acme("acme", &[])).await.expect("made");
    for end in [None, Some("2020-02-01T00:00:00Z")] {
        let period = from("2020-01-01T00:00:00Z", end);
        let request = world.internal(hold(&made.id, Reason::Invoice, period));
        ok(world.customers().place_hold(request).await);
    }
    let list = async |include_inactive| {
        let request = world.request(pb::ListHoldsRequest {
            customer_id: made.id.clone(),
            include_inactive,
        });
        ok(world.customers().list_holds(request).await).holds
    };
    assert!(list(false).await.is_empty());
    let all = list(true).await;
    assert_eq!(all.len(), 1);
    assert_eq!(
        all[0].period,
        Some(from("2020-01-01T00:00:00Z", Some("2020-02-01T00:00:00Z")))
    );
    world.stop().await;
}

fn one_of_many(holder: &str, end: Option<&str>) -> pb::Hold {
    pb::Hold {
        reason: Reason::Entitlement.into(),
        holder_id: holder.into(),
        display_text: format!("{holder} is there"),
        period: Some(from("2020-01-01T00:00:00Z", end)),
        ..pb::Hold::default()
    }
}

#[tokio::test]
async fn several_holds_are_placed_at_once_or_none() {
    let world = World::start().await;
    let made = world.create(acme("acme", &[])).await.expect("made");
    let place = async |customer: &str, holds: Vec<pb::Hold>| {
        let request = world.internal(pb::PlaceHoldsRequest {
            customer_id: customer.to_owned(),
            holds,
            request_id: String::new(),
        });
        world.customers().place_holds(request).await
    };
    let held = async || {
        let request = world.request(pb::ListHoldsRequest {
            customer_id: made.id.clone(),
            include_inactive: true,
        });
        let holds = ok(world.customers().list_holds(request).await).holds;
        let end = |hold: pb::Hold| hold.period.unwrap_or_default().end_time;
        let told = holds
            .into_iter()
            .map(|hold| (hold.holder_id.clone(), end(hold)));
        told.collect::<Vec<_>>()
    };
    let end = "2030-01-01T00:00:00Z";
    let two = |end| vec![one_of_many("a", None), one_of_many("b", end)];
    ok(place(&made.id, two(None)).await);
    ok(place(&made.id, two(Some(end))).await);
    let there = vec![("a".to_owned(), None), ("b".to_owned(), time(end))];
    assert_eq!(held().await, there);

    let no_reason = pb::Hold {
        reason: Reason::Unspecified.into(),
        ..one_of_many("d", None)
    };
    let no_period = pb::Hold {
        period: None,
        ..one_of_many("d", None)
    };
    let turned = one_of_many("d", Some("2019-01-01T00:00:00Z"));
    let cases = [
        (Vec::new(), "holds"),
        (vec![one_of_many("c", None); 1_001], "holds"),
        (vec![one_of_many("c", None), no_reason], "holds[1].reason"),
        (vec![one_of_many("c", None), no_period], "holds[1].period"),
        (vec![one_of_many("c", None), turned], "holds[1].period"),
        (
            vec![one_of_many("c", None), one_of_many("", None)],
            "holds[1].holder_id",
        ),
        (
            vec![one_of_many("c", None), one_of_many("c", Some(end))],
            "holds[1].holder_id",
        ),
    ];
    for (holds, field) in cases {
        let status = place(&made.id, holds).await.expect_err(field);
        assert_eq!(status.code(), InvalidArgument, "{field}");
        assert_eq!(details(&status).violations[0].field, field);
    }
    assert_eq!(held().await, there, "nothing was placed");

    let nobody = place("01ARZ3NDEKTSV4RRFFQ69G5FAV", two(None)).await;
    assert_eq!(refusal(nobody), (NotFound, "CUSTOMER_NOT_FOUND".into()));
    for holder in ["a", "b"] {
        let request = world.internal(pb::ReleaseHoldRequest {
            customer_id: made.id.clone(),
            reason: Reason::Entitlement.into(),
            holder_id: holder.into(),
            request_id: String::new(),
        });
        ok(world.customers().release_hold(request).await);
    }
    world.delete(&made.id).await.expect("nothing holds");
    let late = place(&made.id, two(None)).await;
    assert_eq!(
        refusal(late),
        (FailedPrecondition, "CUSTOMER_DELETED".into())
    );
    assert!(held().await.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn clients_place_no_holds() {
    let world = World::start().await;
    let made = world.create(acme("acme", &[])).await.expect("made");
    let period = from("2020-01-01T00:00:00Z", None);
    let request = world.request(hold(&made.id, Reason::Invoice, period));
    let refused = world.customers().place_hold(request).await;
    assert_eq!(refusal(refused).0, PermissionDenied);
    let request = world.request(pb::PlaceHoldsRequest {
        customer_id: made.id.clone(),
        holds: vec![one_of_many("a", None)],
        request_id: String::new(),
    });
    let refused = world.customers().place_holds(request).await;
    assert_eq!(refusal(refused).0, PermissionDenied);
    world.stop().await;
}
