//! What customers may use by what they bought: told by full state and revision, joined with what the catalog attaches at each question.

use contract::entitlement::v1::{
    access_service_server::AccessService as _,
    product_access_service_server::ProductAccessService as _, product_right::Subject,
};

use super::*;

fn right(subject: Subject, start: &str, end: Option<&str>) -> pb::ProductRight {
    pb::ProductRight {
        source_id: "T".to_owned(),
        subject: Some(subject),
        start_time: wire(start),
        end_time: end.and_then(wire),
        ..Default::default()
    }
}

fn monthly(right: pb::ProductRight, anchor: &str) -> pb::ProductRight {
    pb::ProductRight {
        renewal_duration: "P1M".to_owned(),
        renewal_anchor_time: wire(anchor),
        ..right
    }
}

fn product(id: &str) -> Subject {
    Subject::ProductId(id.to_owned())
}

async fn tell(world: &World, revision: i64, rights: Vec<pb::ProductRight>) -> Result<i64, Status> {
    let message = pb::ApplyProductAccessRequest {
        customer_id: CUSTOMER.to_owned(),
        revision,
        rights,
    };
    let answer = world
        .server
        .apply_product_access(world.at(NOW, message))
        .await?;
    Ok(answer.into_inner().revision)
}

/// Key, end, and whether it is promotional.
async fn active(world: &World, now: &str) -> Vec<(String, String, bool)> {
    let message = pb::ListActiveAccessRequest {
        customer_ids: vec![CUSTOMER.to_owned()],
    };
    let answer = world
        .server
        .list_active_access(world.at(now, message))
        .await;
    let end = |end: Option<prost_types::Timestamp>| {
        end.map_or_else(String::new, |end| {
            from_timestamp(&end).unwrap().to_string()[..10].to_owned()
        })
    };
    inside(answer)
        .access
        .into_iter()
        .map(|access| (access.feature_key, end(access.end_time), access.promotional))
        .collect()
}

#[tokio::test]
async fn a_product_gives_what_is_attached_to_it_at_the_moment() {
    let world = World::new().await;
    let until = "2024-04-01T00:00:00Z";
    let rights = vec![
        right(product("P1"), "2024-03-01T00:00:00Z", Some(until)),
        right(product("P2"), "2024-03-01T00:00:00Z", None),
        right(product("P3"), "2024-05-01T00:00:00Z", None),
    ];
    assert_eq!(tell(&world, 1, rights).await.unwrap(), 1);
    assert!(active(&world, NOW).await.is_empty());
    world.attach("P1", "pro");
    world.attach("P3", "later");
    assert_eq!(
        active(&world, NOW).await,
        [("pro".into(), "2024-04-01".into(), false)]
    );
    let value = world.value(NOW, feature("pro")).await.unwrap();
    assert!(value.has_access);
    let value = world.value(until, feature("pro")).await;
    assert_eq!(reason(value), "ENTITLEMENT_NOT_FOUND");
    // The latest end counts, and none is later than all.
    world.attach("P2", "pro");
    assert_eq!(
        active(&world, NOW).await,
        [("pro".into(), String::new(), false)]
    );
    let message = pb::GetCustomerAccessRequest {
        customer: Some(customer_ref("acme")),
    };
    let all = world
        .server
        .get_customer_access(world.at(NOW, message))
        .await;
    let all: Vec<(String, bool)> = inside(all)
        .values
        .into_iter()
        .map(|value| (value.feature_key, value.has_access))
        .collect();
    assert_eq!(all, [("pro".to_owned(), true)]);
    let message = pb::BatchGetValuesRequest {
        queries: vec![pb::batch_get_values_request::Query {
            customer_id: CUSTOMER.to_owned(),
            feature_keys: vec!["pro".to_owned(), "other".to_owned()],
        }],
        ..Default::default()
    };
    let values = world.server.batch_get_values(world.at(NOW, message)).await;
    let values: Vec<bool> = inside(values)
        .balances
        .into_iter()
        .map(|balance| balance.value.unwrap().has_access)
        .collect();
    assert_eq!(values, [true, false]);
    world.detach("P1");
    world.detach("P2");
    assert!(active(&world, NOW).await.is_empty());
}

#[tokio::test]
async fn what_is_renewed_is_had_until_it_is() {
    let world = World::new().await;
    let start = "2024-01-31T00:00:00Z";
    let renewed = monthly(right(product("P1"), start, None), start);
    tell(&world, 1, vec![renewed.clone()]).await.unwrap();
    world.attach("P1", "pro");
    let end = async |now: &str| active(&world, now).await[0].1.clone();
    assert_eq!(end("2024-02-10T00:00:00Z").await, "2024-02-29");
    assert_eq!(end("2024-02-29T00:00:00Z").await, "2024-03-31");
    // It is no end to count on: nothing but the list of access says it.
    let value = world.value("2024-02-10T00:00:00Z", feature("pro")).await;
    assert_eq!(value.unwrap().active_to_time, None);
    let canceled = pb::ProductRight {
        end_time: wire("2024-03-15T00:00:00Z"),
        ..renewed
    };
    tell(&world, 2, vec![canceled]).await.unwrap();
    assert_eq!(end("2024-02-10T00:00:00Z").await, "2024-02-29");
    assert_eq!(end("2024-03-10T00:00:00Z").await, "2024-03-15");
    // What was bought beside it for good has no end.
    let both = vec![
        monthly(right(product("P1"), start, None), start),
        right(product("P1"), start, None),
    ];
    tell(&world, 3, both).await.unwrap();
    assert_eq!(end("2024-02-10T00:00:00Z").await, "");
}

#[tokio::test]
async fn a_newer_state_replaces_all_and_an_older_one_nothing() {
    let world = World::new().await;
    let vip = || Subject::FeatureKey("vip".to_owned());
    let first = vec![right(vip(), "2024-03-01T00:00:00Z", None)];
    assert_eq!(tell(&world, 2, first.clone()).await.unwrap(), 2);
    assert_eq!(active(&world, NOW).await.len(), 1);
    assert_eq!(tell(&world, 1, Vec::new()).await.unwrap(), 2);
    assert_eq!(active(&world, NOW).await.len(), 1);
    assert_eq!(tell(&world, 3, Vec::new()).await.unwrap(), 3);
    assert!(active(&world, NOW).await.is_empty());
    // After an erasure what is told late has no effect.
    let message = pb::EraseCustomerRightsRequest {
        customer_id: CUSTOMER.to_owned(),
        request_id: String::new(),
    };
    inside(
        world
            .server
            .erase_customer_rights(world.at(NOW, message))
            .await,
    );
    tell(&world, 9, first).await.unwrap();
    assert!(active(&world, NOW).await.is_empty());
}

#[tokio::test]
async fn a_wrong_right_is_refused_by_field() {
    let world = World::new().await;
    let vip = Subject::FeatureKey("vip".to_owned());
    let good = right(vip, "2024-03-01T00:00:00Z", None);
    let backwards = pb::ProductRight {
        end_time: wire("2024-02-01T00:00:00Z"),
        ..good.clone()
    };
    let nothing = pb::ProductRight {
        subject: None,
        ..good.clone()
    };
    let timeless = pb::ProductRight {
        start_time: None,
        ..good.clone()
    };
    let endless = pb::ProductRight {
        renewal_duration: "P0D".to_owned(),
        ..monthly(good.clone(), "2024-03-01T00:00:00Z")
    };
    let adrift = pb::ProductRight {
        renewal_anchor_time: None,
        ..monthly(good.clone(), "2024-03-01T00:00:00Z")
    };
    for (revision, rights, field) in [
        (0, vec![good.clone()], "revision"),
        (1, vec![backwards], "rights[0].end_time"),
        (1, vec![good.clone(), nothing], "rights[1].subject"),
        (1, vec![timeless], "rights[0].start_time"),
        (1, vec![endless], "rights[0].renewal_duration"),
        (1, vec![adrift], "rights[0].renewal_anchor_time"),
        (1, vec![good; 2_001], "rights"),
    ] {
        let refused = tell(&world, revision, rights).await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::InvalidArgument);
        let details = chassis::error::details(&refused);
        assert_eq!(details.violations[0].field, field);
    }
    assert!(active(&world, NOW).await.is_empty());
}
