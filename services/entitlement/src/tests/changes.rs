//! Checkpoints: a check costs by what happened since the last one, and whatever changes usage behind one,
//! however late, makes it be forgotten.

use metering::UsageChanged;
use sea_orm::Statement;

use super::*;

/// A year after which daily periods have long been closed.
const LATER: &str = "2025-03-15T12:00:30Z";

async fn daily(world: &World) -> pb::Entitlement {
    let new = pb::NewEntitlement {
        usage_period: Some(pb::UsagePeriod {
            interval: "P1D".to_owned(),
            anchor_time: wire("2024-01-01T00:00Z"),
        }),
        ..metered(pb::NewMeteredEntitlement::default())
    };
    let made = world.create(NOW, new).await.unwrap();
    world
        .grant(NOW, feature("tokens"), new_grant(1_000, NOW))
        .await
        .unwrap();
    for day in 16..30 {
        world.used(&format!("2024-03-{day}T12:00Z"), 10);
    }
    made
}

async fn checkpoints(world: &World) -> usize {
    let reader = world.server.db.reader();
    let rows = reader
        .query_all_raw(Statement::from_string(
            reader.get_database_backend(),
            "SELECT reset_time FROM balance_checkpoint",
        ))
        .await
        .unwrap();
    rows.len()
}

fn changed(subject: &str, from: &str) -> Vec<u8> {
    UsageChanged {
        subject_keys: vec![subject.to_owned()],
        event_types: vec!["use".to_owned()],
        from_time: wire(from),
        event_count: 1,
    }
    .encode_to_vec()
}

/// Spans that a check asks for. Usage of now makes what is remembered of the value old, not the checkpoint.
async fn cost(world: &World) -> usize {
    let before = world.spans();
    world.used(LATER, 0);
    world.tokens(LATER).await;
    world.spans() - before
}

#[tokio::test]
async fn a_check_costs_by_what_happened_since_the_last_checkpoint() {
    let world = World::new().await;
    daily(&world).await;
    let first = cost(&world).await;
    // A year of days, which are asked in stretches and not looked into where nothing was used.
    assert!((20..120).contains(&first), "{first}");
    assert_eq!(checkpoints(&world).await, 1);
    // The week in which events may still come, and today: as seven days and thirteen hours once, and then as
    // the hour that is new.
    for spans in [20, 1, 1] {
        assert_eq!(cost(&world).await, spans);
    }
    assert_eq!(world.tokens(LATER).await.1, "860");
}

#[tokio::test]
async fn a_change_of_old_usage_forgets_what_it_reaches() {
    let world = World::new().await;
    daily(&world).await;
    world.tokens(LATER).await;
    // A correction of a year ago, which the feed of metering announces.
    world.used("2024-03-20T13:00Z", 40);
    assert!(
        world
            .hear(
                LATER,
                "usage.changed",
                changed("acme-eu", "2024-03-20T13:00Z")
            )
            .await
    );
    assert_eq!(checkpoints(&world).await, 0);
    assert_eq!(world.tokens(LATER).await.1, "820");
    assert_eq!(checkpoints(&world).await, 1);
    // Taken back: an event of a negative value stands for a void here.
    world.used("2024-03-20T14:00Z", -40);
    let voided = changed("acme-eu", "2024-03-20T14:00Z");
    assert!(world.hear(LATER, "usage.changed", voided).await);
    assert_eq!(world.tokens(LATER).await.1, "860");
}

#[tokio::test]
async fn usage_that_reaches_no_checkpoint_costs_no_transaction() {
    let world = World::new().await;
    daily(&world).await;
    world.tokens(LATER).await;
    let recent = changed("acme-eu", "2025-03-10T00:00Z");
    assert!(!world.hear(LATER, "usage.changed", recent).await);
    assert!(!world.hear(LATER, "meter.created", Vec::new()).await);
    // Somebody else's old usage is looked at and leaves this one alone.
    let other = changed("globex", "2024-03-20T13:00Z");
    assert!(world.hear(LATER, "usage.changed", other).await);
    let nobody = changed("nobody", "2024-03-20T13:00Z");
    assert!(world.hear(LATER, "usage.changed", nobody).await);
    assert_eq!(checkpoints(&world).await, 1);
    // A meter that measures something else changes everything.
    assert!(world.hear(LATER, "meter.updated", Vec::new()).await);
    assert_eq!(checkpoints(&world).await, 0);
}

#[tokio::test]
async fn a_moved_subject_key_takes_its_history_along_past_every_checkpoint() {
    let world = World::new().await;
    daily(&world).await;
    assert_eq!(world.tokens(LATER).await.1, "860");
    world.customer(CUSTOMER, "acme", &[]);
    assert_eq!(world.tokens(LATER).await.1, "1000");
    world.customer(CUSTOMER, "acme", &["acme-us", "acme-eu"]);
    assert_eq!(world.tokens(LATER).await.1, "860");
    world.customer(CUSTOMER, "acme", &["acme-eu", "acme-us"]);
    let before = world.spans();
    world.used(LATER, 0);
    assert_eq!(world.tokens(LATER).await.1, "860");
    assert!(
        world.spans() - before <= 20,
        "the order of subjects is no change"
    );
}

#[tokio::test]
async fn old_checkpoints_do_not_pile_up() {
    let world = World::new().await;
    let made = daily(&world).await;
    let id: kernel::id::EntitlementId = made.id.parse().unwrap();
    let context = world.context(NOW);
    let write = world.server.db.system_write(&context).await.unwrap();
    for day in 0..100 {
        let checkpoint = crate::domain::burn_down::Checkpoint {
            at: at("2024-03-16T00:00Z") + jiff::SignedDuration::from_hours(24 * day),
            balances: BTreeMap::new(),
            overage: Decimal::ZERO,
        };
        let kept = store::checkpoint::Kept {
            checkpoint,
            subjects: "x".to_owned(),
        };
        store::checkpoint::put(write.tx(), context.project, id, &kept)
            .await
            .unwrap();
    }
    write.commit().await.unwrap();
    assert_eq!(checkpoints(&world).await, 32);
}

#[tokio::test]
async fn a_value_of_years_ahead_does_not_ask_for_every_hour() {
    let world = World::new().await;
    world
        .create(NOW, metered(pb::NewMeteredEntitlement::default()))
        .await
        .unwrap();
    let hourly = pb::NewGrant {
        recurrence: Some(pb::GrantRecurrence {
            interval: "PT1H".to_owned(),
            anchor_time: None,
        }),
        ..new_grant(10, NOW)
    };
    world.grant(NOW, feature("tokens"), hourly).await.unwrap();
    world.used("2024-03-15T10:20:10Z", 4);
    let ahead = async |time: &str| {
        let message = pb::GetEntitlementValueRequest {
            entitlement: Some(feature("tokens")),
            time: wire(time),
            allow_missing: false,
        };
        let answer = world.server.get_entitlement_value(world.at(NOW, message));
        let value = inside(answer.await).value.unwrap();
        let Some(pb::entitlement_value::Kind::Metered(part)) = value.kind else {
            panic!("no balance");
        };
        digits(part.balance.as_ref()).to_owned()
    };
    let before = world.spans();
    assert_eq!(ahead("2027-03-15T10:20:30Z").await, "10");
    let spans = world.spans() - before;
    assert!(spans < 200, "{spans} of 26,000 hours were asked");
    // What was reported for the future counts there.
    world.used("2027-03-15T10:20:10Z", 3);
    assert_eq!(ahead("2027-03-15T10:20:30Z").await, "7");
    assert_eq!(ahead("2027-03-15T10:19:30Z").await, "10");
}
