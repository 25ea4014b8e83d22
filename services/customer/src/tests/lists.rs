//! Lists and batches of customers, and the resolution of subjects.

use contract::customer::v1::{self as pb, list_customers_request::OrderBy};

use super::{World, acme, ok, refusal};

async fn list(world: &World, request: pb::ListCustomersRequest) -> pb::ListCustomersResponse {
    ok(world
        .customers()
        .list_customers(world.request(request))
        .await)
}

fn keys(answer: &pb::ListCustomersResponse) -> Vec<&str> {
    answer.customers.iter().map(|c| c.key.as_str()).collect()
}

async fn three(world: &World) -> Vec<pb::Customer> {
    let mut made = Vec::new();
    for (key, name, email, subject) in [
        ("k_one", "Charlie", "c@X.org", "Sub-1"),
        ("k%two", "alpha", "A@x.org", "sub-2"),
        ("k_three", "Bravo", "", "ÄTHER"),
    ] {
        let customer = pb::Customer {
            display_name: name.into(),
            primary_email: email.into(),
            ..acme(key, &[subject])
        };
        made.push(world.create(customer).await.expect("made"));
    }
    made
}

#[tokio::test]
async fn filters_look_for_parts_and_ignore_case() {
    let world = World::start().await;
    three(&world).await;
    let none = pb::ListCustomersRequest {
        order_by: OrderBy::CreateTime.into(),
        ..Default::default()
    };
    let check = async |request: pb::ListCustomersRequest, expected: &[&str]| {
        assert_eq!(keys(&list(&world, request).await), expected);
    };
    check(
        pb::ListCustomersRequest {
            key: "K_".into(),
            ..none.clone()
        },
        &["k_one", "k_three"],
    )
    .await;
    check(
        pb::ListCustomersRequest {
            key: "%".into(),
            ..none.clone()
        },
        &["k%two"],
    )
    .await;
    check(
        pb::ListCustomersRequest {
            display_name: "ALPH".into(),
            ..none.clone()
        },
        &["k%two"],
    )
    .await;
    check(
        pb::ListCustomersRequest {
            primary_email: "x.ORG".into(),
            subject_key: "sub".into(),
            ..none.clone()
        },
        &["k_one", "k%two"],
    )
    .await;
    check(
        pb::ListCustomersRequest {
            subject_key: "äth".into(),
            ..none
        },
        &["k_three"],
    )
    .await;
    world.stop().await;
}

#[tokio::test]
async fn both_ways_of_paging_walk_the_whole_list() {
    let world = World::start().await;
    let mut expected: Vec<String> = three(&world).await.into_iter().map(|c| c.id).collect();
    for (order_by, descending) in [(OrderBy::Id, false), (OrderBy::CreateTime, true)] {
        if descending {
            expected.reverse();
        }
        let mut by_token = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = pb::ListCustomersRequest {
                page_size: 2,
                page_token,
                order_by: order_by.into(),
                descending,
                ..Default::default()
            };
            let answer = list(&world, request).await;
            by_token.extend(answer.customers.into_iter().map(|c| c.id));
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(by_token, expected);
        let mut by_number = Vec::new();
        for page in 1..=3 {
            let request = pb::ListCustomersRequest {
                page_size: 2,
                page,
                order_by: order_by.into(),
                descending,
                ..Default::default()
            };
            let answer = list(&world, request).await;
            assert_eq!(answer.total_size, 3);
            by_number.extend(answer.customers.into_iter().map(|c| c.id));
        }
        assert_eq!(by_number, expected);
    }
    world.stop().await;
}

#[tokio::test]
async fn names_sort_the_list_by_default_and_deleted_ones_are_hidden() {
    let world = World::start().await;
    let made = three(&world).await;
    world.delete(&made[0].id).await.expect("deleted");
    let answer = list(&world, pb::ListCustomersRequest::default()).await;
    assert_eq!(keys(&answer), ["k_three", "k%two"]);
    let all = pb::ListCustomersRequest {
        include_deleted: true,
        ..Default::default()
    };
    assert_eq!(list(&world, all).await.customers.len(), 3);
    world.stop().await;
}

#[tokio::test]
async fn a_token_of_another_query_is_refused() {
    let world = World::start().await;
    three(&world).await;
    let request = pb::ListCustomersRequest {
        page_size: 1,
        ..Default::default()
    };
    let token = list(&world, request).await.next_page_token;
    let other = world.request(pb::ListCustomersRequest {
        page_size: 1,
        page_token: token,
        key: "k".into(),
        ..Default::default()
    });
    let refused = world.customers().list_customers(other).await;
    assert_eq!(refusal(refused).0, tonic::Code::InvalidArgument);
    world.stop().await;
}

#[tokio::test]
async fn batches_leave_out_what_is_unknown() {
    let world = World::start().await;
    let made = three(&world).await;
    let ids = vec![
        made[2].id.clone(),
        "nobody".into(),
        made[0].id.clone(),
        made[2].id.clone(),
    ];
    let request = world.request(pb::BatchGetCustomersRequest { ids });
    let answer = ok(world.customers().batch_get_customers(request).await);
    assert_eq!(answer.customers, [made[0].clone(), made[2].clone()]);
    let too_many = world.request(pb::BatchGetCustomersRequest {
        ids: vec![String::new(); 1001],
    });
    assert!(
        world
            .customers()
            .batch_get_customers(too_many)
            .await
            .is_err()
    );
    world.stop().await;
}

#[tokio::test]
async fn subjects_resolve_by_subject_key_and_by_customer_key() {
    let world = World::start().await;
    let made = three(&world).await;
    let request = world.request(pb::ResolveSubjectsRequest {
        subject_keys: ["k_one", "nobody", "sub-2", "Sub-1"]
            .map(str::to_owned)
            .into(),
    });
    let answer = ok(world.customers().resolve_subjects(request).await);
    let found: Vec<(&str, &str)> = answer
        .attributions
        .iter()
        .map(|one| (one.subject_key.as_str(), one.customer_id.as_str()))
        .collect();
    let (one, two) = (made[0].id.as_str(), made[1].id.as_str());
    assert_eq!(found, [("k_one", one), ("sub-2", two), ("Sub-1", one)]);
    assert_eq!(answer.customers.len(), 2);
    world.stop().await;
}
