//! Thresholds: when they fire, when they do not again, and that no trigger is lost.

use chassis::timer::Timer as _;
use contract::{
    entitlement::v1::{EntitlementReset, Grant},
    metering::v1::UsageChanged,
    notification::v1::{self as pb, EventType, threshold::Type},
};
use tonic::Code;

use super::{World, neighbors::Customer, rule_of};
use crate::store::evaluation::{self, Kind};

const SHARES: [(Type, &str); 2] = [
    (Type::UsagePercentage, "50"),
    (Type::UsagePercentage, "100"),
];

impl World {
    /// Usage of a subject, and the look that it causes.
    pub async fn used(&self, customer: &Customer, standing: (i64, i64, i64)) {
        self.neighbors.stands(customer, standing);
        self.usage_of(&[&customer.subject]).await;
        self.look().await;
    }

    async fn usage_of(&self, subjects: &[&str]) {
        let changed = UsageChanged {
            subject_keys: subjects.iter().map(|key| (*key).to_owned()).collect(),
            event_count: 1,
            ..Default::default()
        };
        self.feed("metering", "usage.changed", 1, &changed).await;
    }

    async fn look(&self) {
        while self.evaluation().run(&self.background()).await.unwrap() > 0 {}
    }
}

async fn shares(world: &World) -> pb::Rule {
    let ops = world.made_channel().await;
    world
        .made_rule(rule_of(EventType::BalanceThreshold, &[&ops.id], &SHARES))
        .await
}

// Metering text, appendix A9, and §15.4.
#[tokio::test]
async fn each_threshold_fires_once_in_a_usage_period() {
    let world = World::new().await;
    let rule = shares(&world).await;
    let customer = world.neighbors.customer("known-1");
    world.used(&customer, (100, 0, 0)).await;
    assert!(world.events().await.is_empty());
    world.used(&customer, (40, 60, 0)).await;
    assert_eq!(world.told().await, ["50"]);
    world.used(&customer, (30, 70, 0)).await;
    assert_eq!(world.told().await, ["50"]);
    world.used(&customer, (0, 105, 5)).await;
    assert_eq!(world.told().await, ["50", "100"]);
    world.used(&customer, (0, 150, 50)).await;
    assert_eq!(world.told().await, ["50", "100"]);
    // A new grant: back to the lower threshold, which is told again.
    world.used(&customer, (50, 150, 0)).await;
    assert_eq!(world.told().await, ["50", "100", "50"]);
    // A new usage period starts over.
    world.neighbors.at("2026-02-02T00:00:00Z".parse().unwrap());
    world.used(&customer, (40, 60, 0)).await;
    assert_eq!(world.told().await, ["50", "100", "50", "50"]);

    let event = world.events().await.remove(0);
    assert_eq!(event.customer_id, customer.id);
    assert_eq!(event.subject_key, "known-1");
    assert!(!event.subject_id.is_empty() && !event.test);
    assert_eq!(event.entitlement_id, customer.entitlement);
    assert_eq!(
        event.object,
        format!("entitlement/{}", customer.entitlement)
    );
    assert!(event.dedupe_hash.starts_with("bsnap_v2_"));
    assert_eq!(world.event(&event.id).await.rule.unwrap().id, rule.id);
    let places: Vec<i64> = world
        .events()
        .await
        .iter()
        .map(|event| event.object_sequence)
        .collect();
    assert_eq!(places, [1, 2, 3, 4]);
}

#[tokio::test]
async fn usage_and_balance_thresholds_fire_beside_each_other() {
    let world = World::new().await;
    let ops = world.made_channel().await;
    let both = [(Type::UsagePercentage, "90"), (Type::BalanceValue, "10")];
    world
        .made_rule(rule_of(EventType::BalanceThreshold, &[&ops.id], &both))
        .await;
    let customer = world.neighbors.customer("a");
    world.used(&customer, (5, 95, 0)).await;
    assert_eq!(world.told().await, ["90", "10"]);
    world.used(&customer, (4, 96, 0)).await;
    assert_eq!(world.told().await.len(), 2);
}

#[tokio::test]
async fn every_change_of_a_balance_is_a_trigger() {
    let world = World::new().await;
    shares(&world).await;
    let triggers: [&str; 4] = [
        "entitlement.created",
        "grant.created",
        "grant.voided",
        "entitlement.reset",
    ];
    for (number, kind) in triggers.into_iter().enumerate() {
        let customer = world.neighbors.customer(kind);
        world.neighbors.stands(&customer, (40, 60, 0));
        let entitlement = world.neighbors.entitlement(&customer);
        let grant = Grant {
            customer_id: customer.id.clone(),
            ..Default::default()
        };
        match kind {
            "entitlement.created" => world.feed("entitlement", kind, 1, &entitlement).await,
            "entitlement.reset" => {
                let reset = EntitlementReset {
                    entitlement: Some(entitlement),
                    ..Default::default()
                };
                world.feed("entitlement", kind, 1, &reset).await;
            }
            _ => world.feed("entitlement", kind, 1, &grant).await,
        }
        world.look().await;
        assert_eq!(world.events().await.len(), number + 1, "{kind}");
    }
    // A customer without a subject resource is shown by a stand-in, which has no id of its own.
    assert!(
        world
            .events()
            .await
            .iter()
            .all(|event| event.subject_id.is_empty())
    );
}

#[tokio::test]
async fn many_customers_and_rules_are_one_question() {
    let world = World::new().await;
    let ops = world.made_channel().await;
    for share in ["10", "20", "30"] {
        let threshold = [(Type::UsagePercentage, share)];
        world
            .made_rule(rule_of(EventType::BalanceThreshold, &[&ops.id], &threshold))
            .await;
    }
    let subjects: Vec<String> = (0..40).map(|number| format!("subject-{number}")).collect();
    for subject in &subjects {
        let customer = world.neighbors.customer(subject);
        world.neighbors.stands(&customer, (40, 60, 0));
    }
    let names: Vec<&str> = subjects.iter().map(String::as_str).collect();
    world.usage_of(&names).await;
    world.neighbors.calls();
    world.look().await;
    assert_eq!(world.events().await.len(), 120);
    let calls = world.neighbors.calls();
    let count = |method: &str| calls.iter().filter(|call| call.ends_with(method)).count();
    assert_eq!(count("BatchGetValues"), 1);
    assert_eq!(count("ResolveSubjects"), 1);
    assert_eq!(count("BatchGetCustomers"), 1);
    assert_eq!(count("BatchGetFeatures"), 1);
    // What has been told is looked at again with two questions, and told no more.
    world.usage_of(&names).await;
    world.look().await;
    assert_eq!(world.events().await.len(), 120);
    let again = world.neighbors.calls();
    assert!(
        !again.iter().any(|call| call.ends_with("BatchGetFeatures")),
        "{again:?}"
    );
}

#[tokio::test]
async fn a_dependency_that_is_down_delays_and_loses_nothing() {
    let world = World::new().await;
    shares(&world).await;
    let customer = world.neighbors.customer("a");
    world.neighbors.stands(&customer, (40, 60, 0));
    world.usage_of(&["a"]).await;
    world.neighbors.refuse(Some(Code::Unavailable));
    for _ in 0..3 {
        let refused = world
            .evaluation()
            .run(&world.background())
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable);
    }
    assert_eq!(world.count("evaluation").await, 1);
    world.neighbors.refuse(None);
    world.look().await;
    assert_eq!(world.told().await, ["50"]);
    assert_eq!(world.count("evaluation").await, 0);
}

#[tokio::test]
async fn one_balance_that_cannot_be_computed_does_not_hold_up_the_others() {
    let world = World::new().await;
    shares(&world).await;
    let all: Vec<Customer> = (0..7)
        .map(|number| world.neighbors.customer(&format!("s{number}")))
        .collect();
    for customer in &all {
        world.neighbors.stands(customer, (40, 60, 0));
    }
    world.neighbors.break_balance(&all[3]);
    world
        .usage_of(&["s0", "s1", "s2", "s3", "s4", "s5", "s6"])
        .await;
    world.look().await;
    assert_eq!(world.events().await.len(), 6);
    assert_eq!(world.count("evaluation").await, 0);
}

#[tokio::test]
async fn a_trigger_during_a_look_causes_another() {
    let world = World::new().await;
    let note = async || {
        let write = world.db.system_write(&world.background()).await.unwrap();
        let names = ["c".to_owned()];
        evaluation::note(write.tx(), world.project, Kind::Customer, &names)
            .await
            .unwrap();
        write.commit().await.unwrap();
    };
    note().await;
    let seen = evaluation::pending(world.db.reader(), world.project, None, 10)
        .await
        .unwrap();
    note().await;
    let write = world.db.system_write(&world.background()).await.unwrap();
    evaluation::done(write.tx(), world.project, &seen)
        .await
        .unwrap();
    write.commit().await.unwrap();
    assert_eq!(world.count("evaluation").await, 1);
}

#[tokio::test]
async fn rules_that_cannot_fire_cause_no_event_and_no_question() {
    let world = World::new().await;
    let (on, off) = (world.made_channel().await, world.made_channel().await);
    world.set_disabled(&off.id, true).await;
    world
        .made_rule(rule_of(EventType::BalanceThreshold, &[&off.id], &SHARES))
        .await;
    let disabled = rule_of(EventType::BalanceThreshold, &[&on.id], &SHARES);
    world
        .made_rule(pb::Rule {
            disabled: true,
            ..disabled
        })
        .await;
    world
        .made_rule(rule_of(EventType::EntitlementReset, &[&on.id], &[]))
        .await;
    let customer = world.neighbors.customer("a");
    world.neighbors.calls();
    world.used(&customer, (40, 60, 0)).await;
    assert!(world.events().await.is_empty());
    assert!(world.neighbors.calls().is_empty());
    // With one enabled channel the rule fires, and the disabled one is told so.
    let mixed = rule_of(EventType::BalanceThreshold, &[&on.id, &off.id], &SHARES);
    world.made_rule(mixed).await;
    world.used(&customer, (40, 60, 0)).await;
    let event = world.events().await.remove(0);
    let states: Vec<_> = world
        .event(&event.id)
        .await
        .deliveries
        .iter()
        .map(pb::Delivery::state)
        .collect();
    assert_eq!(
        states,
        [pb::DeliveryState::Pending, pb::DeliveryState::Failed]
    );
}

#[tokio::test]
async fn subjects_of_nobody_are_dropped() {
    let world = World::new().await;
    shares(&world).await;
    world.usage_of(&["nobody"]).await;
    world.look().await;
    assert_eq!(world.count("evaluation").await, 0);
    assert!(world.events().await.is_empty());
}

#[tokio::test]
async fn what_a_customer_wants_forgotten_is_taken_out_of_events() {
    let world = World::new().await;
    shares(&world).await;
    let (one, other) = (
        world.neighbors.customer("known-1"),
        world.neighbors.customer("known-2"),
    );
    world.used(&one, (40, 60, 0)).await;
    world.used(&other, (40, 60, 0)).await;
    let body = async |index: usize| -> serde_json::Value {
        serde_json::from_str(&world.events().await[index].body_json).unwrap()
    };
    let (before, untouched) = (body(0).await, body(1).await);
    let about = async |kind: &str| {
        let payload = Grant::default();
        world.feed_of("customer", kind, &one.id, 1, &payload).await;
    };
    about("customer.updated").await;
    assert_eq!(body(0).await, before);
    about("customer.anonymized").await;
    let after = body(0).await;
    assert_eq!(
        (&after["id"], &after["data"]),
        (&before["id"], &serde_json::json!({}))
    );
    assert_eq!(world.events().await[0].subject_key, "known-1");
    about("customer.erased").await;
    assert_eq!(world.events().await[0].subject_key, "");
    assert_eq!(body(1).await, untouched);
}
