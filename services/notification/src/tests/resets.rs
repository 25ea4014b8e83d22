//! Resets: by hand and at the end of a usage period, each told once per rule, entitlement and period.

use chassis::timer::Timer as _;
use contract::{
    convert::timestamp,
    entitlement::v1::EntitlementReset,
    notification::v1::{self as pb, EventType},
};
use jiff::Timestamp;

use super::{World, neighbors::Customer, rule_of};

impl World {
    async fn has(&self, customer: &Customer) {
        let entitlement = self.neighbors.entitlement(customer);
        self.feed("entitlement", "entitlement.created", 1, &entitlement)
            .await;
    }

    /// Moves all clocks, and does what falls due.
    async fn reaches(&self, now: &str) {
        let now: Timestamp = now.parse().unwrap();
        *self.now.lock().unwrap() = now;
        self.neighbors.at(now);
        self.notice().await;
    }

    async fn notice(&self) {
        while self.rollover().run(&self.background()).await.unwrap() > 0 {}
    }

    async fn reset(&self, customer: &Customer, at: &str) {
        let at: Timestamp = at.parse().unwrap();
        self.neighbors.reset_at(at);
        let reset = EntitlementReset {
            entitlement: Some(self.neighbors.entitlement(customer)),
            effective_time: Some(timestamp(at)),
            ..Default::default()
        };
        self.feed("entitlement", "entitlement.reset", 2, &reset)
            .await;
    }
}

async fn reset_rule(world: &World) -> pb::Rule {
    let ops = world.made_channel().await;
    world
        .made_rule(rule_of(EventType::EntitlementReset, &[&ops.id], &[]))
        .await
}

#[tokio::test]
async fn the_end_of_a_usage_period_is_noticed_once() {
    let world = World::new().await;
    let rule = reset_rule(&world).await;
    let customer = world.neighbors.customer("a");
    world.has(&customer).await;
    world.notice().await;
    assert!(
        world.events().await.is_empty(),
        "the first period is no reset"
    );
    world.reaches("2026-01-31T23:59:59Z").await;
    assert!(world.events().await.is_empty());
    world.reaches("2026-02-01T00:00:00Z").await;
    world.notice().await;
    world.reaches("2026-02-20T00:00:00Z").await;
    let events = world.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].event_type(), EventType::EntitlementReset);
    assert_eq!(events[0].entitlement_id, customer.entitlement);
    assert_eq!(world.event(&events[0].id).await.rule.unwrap().id, rule.id);
    // The new period has a new balance to look at, if a rule would.
    assert_eq!(world.count("evaluation").await, 1);
}

#[tokio::test]
async fn every_period_that_was_missed_is_told() {
    let world = World::new().await;
    reset_rule(&world).await;
    let customer = world.neighbors.customer("a");
    world.has(&customer).await;
    world.reaches("2026-03-15T00:00:00Z").await;
    assert_eq!(world.events().await.len(), 2);
    world.notice().await;
    assert_eq!(world.events().await.len(), 2);
}

#[tokio::test]
async fn a_manual_reset_is_told_and_moves_the_next_boundary() {
    let world = World::new().await;
    reset_rule(&world).await;
    let customer = world.neighbors.customer("a");
    world.has(&customer).await;
    world.reset(&customer, "2026-01-10T12:00:00Z").await;
    world.notice().await;
    assert_eq!(world.events().await.len(), 1);
    // The feed may tell it again.
    let again = EntitlementReset {
        entitlement: Some(world.neighbors.entitlement(&customer)),
        effective_time: Some(timestamp("2026-01-10T12:00:00Z".parse().unwrap())),
        ..Default::default()
    };
    world
        .feed("entitlement", "entitlement.reset", 2, &again)
        .await;
    world.notice().await;
    assert_eq!(world.events().await.len(), 1);
    world.reaches("2026-02-01T00:00:00Z").await;
    assert_eq!(world.events().await.len(), 2);
}

#[tokio::test]
async fn two_resets_before_the_service_looks_are_two_periods() {
    let world = World::new().await;
    reset_rule(&world).await;
    let customer = world.neighbors.customer("a");
    world.has(&customer).await;
    world.reset(&customer, "2026-01-10T11:00:00Z").await;
    world.reset(&customer, "2026-01-10T11:30:00Z").await;
    world.notice().await;
    assert_eq!(world.events().await.len(), 2);
}

#[tokio::test]
async fn a_rule_tells_nothing_of_what_was_before_it() {
    let world = World::new().await;
    let customer = world.neighbors.customer("a");
    world.has(&customer).await;
    world.reaches("2026-02-10T00:00:00Z").await;
    reset_rule(&world).await;
    world.notice().await;
    assert!(world.events().await.is_empty());
    world.reaches("2026-03-01T00:00:00Z").await;
    assert_eq!(world.events().await.len(), 1);
}

#[tokio::test]
async fn without_a_rule_about_entitlements_nothing_is_due() {
    let world = World::new().await;
    let customer = world.neighbors.customer("a");
    world.has(&customer).await;
    assert!(world.rollover().due().await.unwrap().is_empty());
    reset_rule(&world).await;
    let due = world.rollover().due().await.unwrap();
    assert_eq!(
        due,
        [(world.project, "2026-02-01T00:00:00Z".parse().unwrap())]
    );
}

#[tokio::test]
async fn a_deleted_entitlement_is_watched_no_more() {
    let world = World::new().await;
    reset_rule(&world).await;
    let customer = world.neighbors.customer("a");
    world.has(&customer).await;
    let gone = world.neighbors.entitlement(&customer);
    world
        .feed("entitlement", "entitlement.deleted", 2, &gone)
        .await;
    assert_eq!(world.count("boundary").await, 0);
    world.reaches("2026-02-10T00:00:00Z").await;
    assert!(world.events().await.is_empty());
}
