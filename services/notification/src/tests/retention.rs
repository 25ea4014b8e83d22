//! How long events are kept: old ones go with all that hangs on them, but not before they are done.

use chassis::timer::Timer as _;
use contract::notification::v1::{DeliveryState, EventType, threshold::Type};
use jiff::SignedDuration;
use sea_orm::{ConnectionTrait as _, DatabaseBackend, Statement, Value};

use super::{World, endpoint::Endpoint, rule_of, until};
use crate::{prune, store::retention};

const DAY: i64 = 24;

impl World {
    fn pruner(&self, retention_days: i64) -> prune::Prune {
        prune::Prune {
            db: self.db.clone(),
            retention: SignedDuration::from_hours(retention_days * DAY),
        }
    }

    /// Takes out what is older than 400 days.
    async fn prune(&self) -> u64 {
        self.prune_after(400).await
    }

    async fn prune_after(&self, days: i64) -> u64 {
        let (pruner, mut all) = (self.pruner(days), 0);
        loop {
            match pruner.run(&self.background()).await.unwrap() {
                0 => return all,
                count => all += count,
            }
        }
    }

    async fn rows(&self) -> [i64; 3] {
        [
            self.count("event").await,
            self.count("delivery").await,
            self.count("attempt").await,
        ]
    }

    async fn taken(&self, event: &str) {
        until(async || {
            let deliveries = self.event(event).await.deliveries;
            let done = |delivery: &contract::notification::v1::Delivery| {
                delivery.state() == DeliveryState::Success
            };
            deliveries.iter().all(done).then_some(())
        })
        .await;
    }

    /// Gives up all deliveries that nobody has begun.
    async fn give_up(&self) {
        let now = chassis::clock::system_now();
        let write = self.db.system_write(&self.background()).await.unwrap();
        let later = now + SignedDuration::from_secs(60);
        crate::store::queue::give_up_pending(write.tx(), later, now)
            .await
            .unwrap();
        write.commit().await.unwrap();
    }
}

#[tokio::test]
async fn old_events_go_with_their_deliveries_and_numbers_go_on() {
    let world = World::local().await;
    let endpoint = Endpoint::start(|_, _| 200).await;
    let ops = world.channel_to(&endpoint.url()).await;
    let rule = world
        .made_rule(rule_of(EventType::InvoiceCreated, &[&ops.id], &[]))
        .await;
    world.deliver();
    let old = world.fired(&rule.id).await;
    world.pass(300 * DAY);
    let young = world.fired(&rule.id).await;
    world.taken(&old.id).await;
    world.taken(&young.id).await;
    assert_eq!(world.rows().await, [2, 2, 2]);
    assert_eq!(world.prune().await, 0);

    world.pass(101 * DAY);
    assert_eq!(world.prune().await, 1);
    assert_eq!(world.rows().await, [1, 1, 1]);
    let left = world.events().await;
    assert_eq!(left.len(), 1);
    assert_eq!((&left[0].id, left[0].sequence), (&young.id, 2));
    assert_eq!(
        super::reason(world.resend(&old.id, &[]).await),
        "EVENT_NOT_FOUND"
    );

    // When all are gone, the next one is still the next one.
    world.pass(400 * DAY);
    assert_eq!(world.prune().await, 1);
    assert_eq!(world.rows().await, [0, 0, 0]);
    let next = world.fired(&rule.id).await;
    assert_eq!((next.sequence, next.object_sequence), (3, 3));
}

#[tokio::test]
async fn what_is_still_to_be_sent_stays() {
    let world = World::new().await;
    let ops = world.made_channel().await;
    let rule = world
        .made_rule(rule_of(EventType::InvoiceCreated, &[&ops.id], &[]))
        .await;
    let first = world.fired(&rule.id).await;
    let second = world.fired(&rule.id).await;
    world.pass(500 * DAY);
    assert_eq!(world.prune().await, 0);
    // The first is given up; the second waited for it and is due now.
    world.give_up().await;
    assert_eq!(world.prune().await, 1);
    assert_eq!(world.events().await[0].id, second.id);
    // What is asked for once more is kept too.
    let other = world.fired(&rule.id).await;
    assert_eq!(other.object_sequence, first.object_sequence + 2);
    assert_eq!(world.prune().await, 0);
}

#[tokio::test]
async fn what_was_told_of_a_usage_period_that_goes_on_is_kept() {
    let world = World::new().await;
    let ops = world.made_channel().await;
    let thresholds = [(Type::UsagePercentage, "50")];
    world
        .made_rule(rule_of(
            EventType::BalanceThreshold,
            &[&ops.id],
            &thresholds,
        ))
        .await;
    let customer = world.neighbors.customer("a");
    world.used(&customer, (40, 60, 0)).await;
    assert_eq!(world.told().await, ["50"]);
    world.give_up().await;
    // Ten days later, with a retention of five, the month still goes on.
    world.pass(10 * DAY);
    assert_eq!(world.prune_after(5).await, 0);
    world.used(&customer, (30, 70, 0)).await;
    assert_eq!(world.told().await, ["50"]);
    // In the next month it is gone, and the threshold is told anew.
    world.pass(15 * DAY);
    assert_eq!(world.prune_after(5).await, 1);
    world.used(&customer, (40, 60, 0)).await;
    assert_eq!(world.told().await, ["50"]);
    assert_eq!(world.events().await[0].object_sequence, 2);
}

#[tokio::test]
async fn a_project_is_looked_through_once_a_day_and_alone() {
    let mut world = World::new().await;
    let pruner = world.pruner(400);
    assert!(pruner.due().await.unwrap().is_empty());
    let ops = world.made_channel().await;
    let rule = world
        .made_rule(rule_of(EventType::InvoiceCreated, &[&ops.id], &[]))
        .await;
    world.fired(&rule.id).await;
    let (first, start) = (world.project, world.now());
    let day = SignedDuration::from_hours(DAY);
    assert_eq!(pruner.due().await.unwrap(), [(first, start + day)]);
    world.give_up().await;

    // Another project, with an event as old.
    world.project = chassis::id::next();
    let ops = world.made_channel().await;
    let rule = world
        .made_rule(rule_of(EventType::InvoiceCreated, &[&ops.id], &[]))
        .await;
    let other = world.fired(&rule.id).await;
    world.give_up().await;
    let second = std::mem::replace(&mut world.project, first);

    world.pass(401 * DAY);
    assert_eq!(world.prune().await, 1);
    let mut due = pruner.due().await.unwrap();
    due.sort_by_key(|(_, at)| *at);
    assert_eq!(due, [(second, start + day), (first, world.now() + day)]);
    world.project = second;
    assert_eq!(world.events().await[0].id, other.id);
}

#[tokio::test]
async fn old_events_are_found_along_an_index() {
    let world = World::new().await;
    let backend = world.db.backend();
    if backend != DatabaseBackend::Sqlite {
        // The other store chooses by the number of rows.
        return;
    }
    let sql = format!("EXPLAIN QUERY PLAN {}", retention::candidates());
    let bounds: [Value; 4] = ["p".into(), 1i64.into(), 1i64.into(), 1i64.into()];
    let rows = world
        .db
        .reader()
        .query_all_raw(Statement::from_sql_and_values(backend, sql, bounds))
        .await
        .unwrap();
    let lines = rows
        .iter()
        .map(|row| row.try_get::<String>("", "detail").unwrap());
    let plan = lines.collect::<Vec<_>>().join("\n");
    assert!(
        plan.contains("event_by_time (project_id=? AND create_time<?)"),
        "{plan}"
    );
    assert!(
        !plan.contains("TEMP B-TREE") && !plan.contains("SCAN"),
        "{plan}"
    );
}
