//! Concurrent callers: of those who want the same thing exactly one gets it, and the others are
//! told why not.

use contract::customer::v1 as pb;
use tonic::{
    Code::{Aborted, AlreadyExists, FailedPrecondition, NotFound},
    Status,
};

use super::{World, acme, by_id, refusal};

const CALLERS: usize = 8;

/// Splits answers into the winners and the refusals.
fn split<T: std::fmt::Debug>(
    answers: Vec<Result<T, Status>>,
) -> (Vec<T>, Vec<(tonic::Code, String)>) {
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    (
        won.into_iter().filter_map(Result::ok).collect(),
        lost.into_iter().map(refusal).collect(),
    )
}

#[tokio::test]
async fn one_of_many_who_take_a_key_gets_it() {
    let world = World::start().await;
    let answers =
        futures::future::join_all((0..CALLERS).map(|_| world.create(acme("acme", &[])))).await;
    let (won, lost) = split(answers);
    assert_eq!(won.len(), 1);
    assert_eq!(
        lost,
        vec![(AlreadyExists, "KEY_TAKEN".to_owned()); CALLERS - 1]
    );
    world.stop().await;
}

#[tokio::test]
async fn one_of_many_who_take_a_subject_key_gets_it() {
    let world = World::start().await;
    let keys: Vec<String> = (0..CALLERS).map(|number| format!("c{number}")).collect();
    let answers = keys.iter().map(|key| world.create(acme(key, &["shared"])));
    let (won, lost) = split(futures::future::join_all(answers).await);
    assert_eq!(won.len(), 1);
    for (code, reason) in lost {
        // Whoever met the other over the subject itself can repeat the call and is told then.
        let told = [
            (AlreadyExists, "SUBJECT_KEYS_TAKEN"),
            (Aborted, "ETAG_STALE"),
        ];
        assert!(told.contains(&(code, reason.as_str())), "{code:?} {reason}");
    }
    let again = world.create(acme("again", &["shared"])).await;
    assert_eq!(refusal(again), (AlreadyExists, "SUBJECT_KEYS_TAKEN".into()));
    world.stop().await;
}

#[tokio::test]
async fn of_many_who_reserve_a_currency_one_decides_which() {
    let world = World::start().await;
    let made = world.create(acme("acme", &[])).await.expect("made");
    let currencies = ["EUR", "USD"];
    let answers = (0..CALLERS).map(|number| {
        let request = world.internal(pb::ReserveForSubscriptionRequest {
            customer_id: made.id.clone(),
            currency_code: currencies[number % 2].to_owned(),
            subscription_id: format!("s{number}"),
            revision: 1,
            request_id: String::new(),
        });
        let world = &world;
        async move {
            let answer = world.customers().reserve_for_subscription(request).await;
            answer.map(|_| currencies[number % 2])
        }
    });
    let (won, lost) = split(futures::future::join_all(answers).await);
    assert_eq!(won, vec![won[0]; CALLERS / 2]);
    let refused = (FailedPrecondition, "CURRENCY_MISMATCH".to_owned());
    assert_eq!(lost, vec![refused; CALLERS / 2]);
    world.stop().await;
}

#[tokio::test]
async fn one_of_many_who_rename_to_a_key_gets_it() {
    let world = World::start().await;
    let mut ids = Vec::new();
    for number in 0..CALLERS {
        let key = format!("c{number}");
        ids.push(world.create(acme(&key, &[])).await.expect("made").id);
    }
    let answers = ids
        .iter()
        .map(|id| world.update(id, acme("best", &[]), &["key"]));
    let (won, lost) = split(futures::future::join_all(answers).await);
    assert_eq!(won.len(), 1);
    assert_eq!(
        lost,
        vec![(AlreadyExists, "KEY_TAKEN".to_owned()); CALLERS - 1]
    );
    world.stop().await;
}

#[tokio::test]
async fn one_of_many_who_change_the_same_version_wins() {
    let world = World::start().await;
    let made = world.create(acme("acme", &[])).await.expect("made");
    let change = |number: usize| pb::Customer {
        display_name: format!("Name {number}"),
        etag: made.etag.clone(),
        ..Default::default()
    };
    let answers =
        (0..CALLERS).map(|number| world.update(&made.id, change(number), &["display_name"]));
    let (won, lost) = split(futures::future::join_all(answers).await);
    assert_eq!(won.len(), 1);
    assert_eq!(lost, vec![(Aborted, "ETAG_STALE".to_owned()); CALLERS - 1]);
    let read = world
        .get(pb::customer_ref::Ref::Id(made.id.clone()))
        .await
        .expect("found");
    assert_eq!(read.display_name, won[0].display_name);
    // Without an etag the last one wins, and none fails.
    let free = (0..CALLERS).map(|number| {
        let change = pb::Customer {
            etag: String::new(),
            ..change(number)
        };
        world.update(&made.id, change, &["display_name"])
    });
    let (won, _) = split(futures::future::join_all(free).await);
    assert_eq!(won.len(), CALLERS);
    world.stop().await;
}

#[tokio::test]
async fn one_of_many_who_add_an_alias_gets_it() {
    let world = World::start().await;
    let mut ids = Vec::new();
    for number in 0..CALLERS {
        let key = format!("c{number}");
        ids.push(world.create(acme(&key, &[])).await.expect("made").id);
    }
    let answers = ids.iter().map(|id| {
        let request = world.request(pb::AddAliasRequest {
            customer_ref: by_id(id),
            alias: "shared".into(),
            request_id: String::new(),
        });
        let mut client = world.aliases();
        async move { client.add_alias(request).await }
    });
    let (won, lost) = split(futures::future::join_all(answers).await);
    assert_eq!(won.len(), 1);
    assert_eq!(
        lost,
        vec![(AlreadyExists, "ALIAS_TAKEN".to_owned()); CALLERS - 1]
    );
    world.stop().await;
}

#[tokio::test]
async fn many_who_ensure_a_customer_get_the_same_one() {
    let world = World::start().await;
    let answers = (0..CALLERS).map(|_| {
        let request = world.request(pb::EnsureCustomerRequest {
            handle: "anna".into(),
            ..Default::default()
        });
        let mut client = world.aliases();
        async move { client.ensure_customer(request).await }
    });
    let (won, lost) = split(futures::future::join_all(answers).await);
    assert_eq!(lost, []);
    let won: Vec<_> = won.into_iter().map(tonic::Response::into_inner).collect();
    assert_eq!(won.iter().filter(|one| one.created).count(), 1);
    let first = won[0].customer.as_ref().expect("a customer").id.clone();
    assert!(
        won.iter()
            .all(|one| one.customer.as_ref().is_some_and(|c| c.id == first))
    );
    world.stop().await;
}

#[tokio::test]
async fn a_deletion_and_a_change_come_one_after_the_other() {
    let world = World::start().await;
    for _ in 0..4 {
        let made = world.create(acme("acme", &["s"])).await.expect("made");
        let (deleted, changed) = tokio::join!(
            world.delete(&made.id),
            world.update(
                &made.id,
                acme("other", &["t"]),
                &["key", "usage_attribution"]
            ),
        );
        deleted.expect("nothing holds it");
        if let Err(status) = changed {
            assert_eq!(super::details(&status).reason, "CUSTOMER_DELETED");
        }
        // Whatever came first, its names are free now.
        for handle in ["acme", "other"] {
            let gone = world
                .get(pb::customer_ref::Ref::Handle(handle.into()))
                .await;
            assert_eq!(refusal(gone).0, NotFound);
        }
    }
    world.stop().await;
}
