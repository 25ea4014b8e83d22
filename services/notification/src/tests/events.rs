//! Events: firing a rule as a test, reading, pulling, sending once more; and what is refused.

use std::time::Duration;

use contract::notification::v1::{
    self as pb, DeliveryState, EventType, event_service_server::EventService as _,
    rule_service_server::RuleService as _,
};

use super::{World, channel, endpoint::Endpoint, reason, rule, rule_of, until};

const UNKNOWN: &str = "01ARZ3NDEKTSV4RRFFQ69G5FA9";

fn states(event: &pb::Event) -> Vec<DeliveryState> {
    event.deliveries.iter().map(pb::Delivery::state).collect()
}

#[tokio::test]
async fn a_test_stores_an_event_with_a_delivery_per_channel() {
    let world = World::new().await;
    let (on, off) = (world.made_channel().await, world.made_channel().await);
    world.set_disabled(&off.id, true).await;
    for event_type in [
        EventType::BalanceThreshold,
        EventType::EntitlementReset,
        EventType::InvoiceCreated,
        EventType::InvoiceUpdated,
    ] {
        let mark = [(pb::threshold::Type::UsageValue, "10")];
        let thresholds = if event_type == EventType::BalanceThreshold {
            &mark[..]
        } else {
            &[]
        };
        let rule = world
            .made_rule(rule_of(event_type, &[&on.id, &off.id], thresholds))
            .await;
        let made = world.fired(&rule.id).await;
        assert!(made.test && made.dedupe_hash.is_empty());
        assert_eq!(made.event_type(), event_type);
        assert_eq!(made.rule.as_ref(), Some(&rule));
        assert_eq!(
            states(&made),
            [DeliveryState::Pending, DeliveryState::Failed]
        );
        assert_eq!(made.deliveries[0].reason, "");
        assert!(made.deliveries[0].next_attempt_time.is_some());
        assert_eq!(made.deliveries[1].reason, "the channel is disabled");
        assert_eq!(world.event(&made.id).await, made);
        if made.invoice_id.is_empty() {
            assert_eq!(made.feature_key, "test-feature-1");
            assert_eq!(made.subject_key, "test-subject-1");
        } else {
            assert_eq!(made.invoice_number, "TEST-INV-1");
        }
        let threshold = made
            .threshold
            .map(|threshold| threshold.value.unwrap().value);
        let shown = (event_type == EventType::BalanceThreshold).then(|| "50".to_owned());
        assert_eq!(threshold, shown);
    }
    let sequences: Vec<i64> = world
        .events()
        .await
        .iter()
        .map(|event| event.sequence)
        .collect();
    assert_eq!(sequences, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_test_of_what_cannot_fire_is_refused_and_writes_nothing() {
    let world = World::new().await;
    let ops = world.made_channel().await;
    assert_eq!(reason(world.test(UNKNOWN).await), "RULE_NOT_FOUND");
    assert_eq!(reason(world.test("no id").await), "INVALID_ARGUMENT");
    let off = world
        .made_rule(pb::Rule {
            disabled: true,
            ..rule(&ops.id)
        })
        .await;
    assert_eq!(reason(world.test(&off.id).await), "RULE_DISABLED");
    let gone = world.made_rule(rule(&ops.id)).await;
    let request = pb::DeleteRuleRequest {
        id: gone.id.clone(),
        request_id: String::new(),
    };
    world
        .service
        .delete_rule(world.call(request))
        .await
        .unwrap();
    assert_eq!(reason(world.test(&gone.id).await), "RULE_NOT_FOUND");
    assert_eq!(world.count("event").await, 0);
    assert_eq!(world.count("delivery").await, 0);
}

#[tokio::test]
async fn a_repeated_test_request_fires_once() {
    let world = World::new().await;
    let ops = world.made_channel().await;
    let rule = world.made_rule(rule(&ops.id)).await;
    let request = || pb::TestRuleRequest {
        id: rule.id.clone(),
        request_id: "once".into(),
    };
    let first = world
        .service
        .test_rule(world.call(request()))
        .await
        .unwrap()
        .into_inner();
    let second = world
        .service
        .test_rule(world.call(request()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first, second);
    assert_eq!(world.count("event").await, 1);
}

#[tokio::test]
async fn lists_filter_by_everything_and_come_in_pages() {
    let world = World::new().await;
    let (a, b) = (world.made_channel().await, world.made_channel().await);
    let balance = world.made_rule(rule(&a.id)).await;
    let reset = world
        .made_rule(rule_of(EventType::EntitlementReset, &[&b.id], &[]))
        .await;
    let invoice = world
        .made_rule(rule_of(EventType::InvoiceCreated, &[&a.id, &b.id], &[]))
        .await;
    let start = world.now();
    let mut made = Vec::new();
    for rule in [&balance, &reset, &invoice] {
        made.push(world.fired(&rule.id).await);
        world.pass(1);
    }
    let ids = async |request: pb::ListEventsRequest| -> Vec<String> {
        let answer = world
            .service
            .list_events(world.call(request))
            .await
            .unwrap()
            .into_inner();
        answer.events.into_iter().map(|event| event.id).collect()
    };
    let id = |index: usize| made[index].id.clone();
    let all = pb::ListEventsRequest::default();
    assert_eq!(ids(all.clone()).await, [id(0), id(1), id(2)]);
    let newest = pb::ListEventsRequest {
        descending: true,
        ..all.clone()
    };
    assert_eq!(ids(newest).await, [id(2), id(1), id(0)]);
    let of_rule = pb::ListEventsRequest {
        rule_ids: vec![reset.id.clone()],
        ..all.clone()
    };
    assert_eq!(ids(of_rule).await, [id(1)]);
    let of_channel = pb::ListEventsRequest {
        channel_ids: vec![b.id.clone()],
        ..all.clone()
    };
    assert_eq!(ids(of_channel).await, [id(1), id(2)]);
    let of_type = pb::ListEventsRequest {
        event_types: vec![EventType::InvoiceCreated.into()],
        ..all.clone()
    };
    assert_eq!(ids(of_type).await, [id(2)]);
    for feature in ["test-feature-1", &made[0].feature_id] {
        let of_feature = pb::ListEventsRequest {
            features: vec![feature.to_owned()],
            ..all.clone()
        };
        assert!(ids(of_feature).await.contains(&id(0)), "{feature}");
    }
    for subject in ["test-subject-1", &made[1].subject_id] {
        let of_subject = pb::ListEventsRequest {
            subjects: vec![subject.to_owned()],
            ..all.clone()
        };
        assert!(ids(of_subject).await.contains(&id(1)), "{subject}");
    }
    // Both ends count.
    let hour = |hours: i64| {
        Some(contract::convert::timestamp(
            start + jiff::SignedDuration::from_hours(hours),
        ))
    };
    let span = pb::ListEventsRequest {
        start_time: hour(0),
        last_time: hour(1),
        ..all.clone()
    };
    assert_eq!(ids(span).await, [id(0), id(1)]);
    let open = pb::ListEventsRequest {
        start_time: hour(1),
        ..all.clone()
    };
    assert_eq!(ids(open).await, [id(1), id(2)]);
    let failed = pb::ListEventsRequest {
        delivery_states: vec![DeliveryState::Failed.into()],
        ..all.clone()
    };
    assert!(ids(failed).await.is_empty());
    // By number and by token.
    let page = pb::ListEventsRequest {
        page: 2,
        page_size: 2,
        ..all.clone()
    };
    let answer = world
        .service
        .list_events(world.call(page))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((answer.events.len(), answer.total_size), (1, 3));
    let first = pb::ListEventsRequest {
        page_size: 2,
        ..all.clone()
    };
    let answer = world
        .service
        .list_events(world.call(first.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.events.len(), 2);
    let rest = pb::ListEventsRequest {
        page_token: answer.next_page_token,
        ..first
    };
    assert_eq!(ids(rest).await, [id(2)]);
    // Another project sees nothing.
    let other = world.call_in(chassis::id::next(), all);
    assert!(
        world
            .service
            .list_events(other)
            .await
            .unwrap()
            .into_inner()
            .events
            .is_empty()
    );
}

#[tokio::test]
async fn bad_questions_are_refused() {
    let world = World::new().await;
    let later = Some(contract::convert::timestamp(world.now()));
    let earlier = Some(prost_types::Timestamp::default());
    let lists = [
        pb::ListEventsRequest {
            start_time: later,
            last_time: earlier,
            ..Default::default()
        },
        pb::ListEventsRequest {
            order_by: 9,
            ..Default::default()
        },
        pb::ListEventsRequest {
            delivery_states: vec![0],
            ..Default::default()
        },
        pb::ListEventsRequest {
            event_types: vec![0],
            ..Default::default()
        },
        pb::ListEventsRequest {
            event_types: vec![99],
            ..Default::default()
        },
        pb::ListEventsRequest {
            features: vec![String::new(); 251],
            ..Default::default()
        },
        pb::ListEventsRequest {
            page_size: -1,
            ..Default::default()
        },
        pb::ListEventsRequest {
            page_token: "x".into(),
            ..Default::default()
        },
    ];
    for list in lists {
        let refused = world.service.list_events(world.call(list.clone())).await;
        assert_eq!(
            refused.unwrap_err().code(),
            tonic::Code::InvalidArgument,
            "{list:?}"
        );
    }
    let pulls = [
        pb::PullEventsRequest {
            cursor: -1,
            ..Default::default()
        },
        pb::PullEventsRequest {
            page_size: -1,
            ..Default::default()
        },
        pb::PullEventsRequest {
            wait_ms: -1,
            ..Default::default()
        },
        pb::PullEventsRequest {
            event_types: vec![0],
            ..Default::default()
        },
    ];
    for pull in pulls {
        assert_eq!(
            reason(world.service.pull_events(world.call(pull)).await),
            "INVALID_ARGUMENT"
        );
    }
    for id in [UNKNOWN, "no id"] {
        let get = pb::GetEventRequest { id: id.into() };
        assert_eq!(
            reason(world.service.get_event(world.call(get)).await),
            "EVENT_NOT_FOUND"
        );
    }
}

#[tokio::test]
async fn a_pull_goes_on_behind_its_cursor_and_waits_for_what_comes() {
    let world = World::new().await;
    let ops = world.made_channel().await;
    let rule = world.made_rule(rule(&ops.id)).await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(world.fired(&rule.id).await.id);
    }
    let pull = async |cursor, wait_ms| {
        let request = pb::PullEventsRequest {
            cursor,
            page_size: 2,
            wait_ms,
            event_types: vec![],
        };
        world
            .service
            .pull_events(world.call(request))
            .await
            .unwrap()
            .into_inner()
    };
    let first = pull(0, 0).await;
    assert_eq!(
        first
            .events
            .iter()
            .map(|event| event.id.clone())
            .collect::<Vec<_>>(),
        made[..2]
    );
    let second = pull(first.next_cursor, 0).await;
    assert_eq!(
        (second.events[0].id.clone(), second.next_cursor),
        (made[2].clone(), 3)
    );
    let none = pull(3, 0).await;
    assert!(none.events.is_empty() && none.next_cursor == 3);
    let later = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        world.fired(&rule.id).await.id
    };
    let (waited, made) = tokio::join!(pull(3, 20_000), later);
    assert_eq!(waited.events[0].id, made);
}

#[tokio::test]
async fn a_resend_is_for_channels_of_the_event_that_are_not_disabled() {
    let world = World::local().await;
    let endpoint = Endpoint::start(|_, _| 200).await;
    let (on, off, other) = (
        world.channel_to(&endpoint.url()).await,
        world.made_channel().await,
        world.made_channel().await,
    );
    world.set_disabled(&off.id, true).await;
    let rule = world
        .made_rule(rule_of(EventType::InvoiceCreated, &[&on.id, &off.id], &[]))
        .await;
    let made = world.fired(&rule.id).await;
    assert_eq!(reason(world.resend(UNKNOWN, &[]).await), "EVENT_NOT_FOUND");
    assert_eq!(reason(world.resend("no id", &[]).await), "INVALID_ARGUMENT");
    assert_eq!(
        reason(world.resend(&made.id, &["no id"]).await),
        "INVALID_ARGUMENT"
    );
    assert_eq!(
        reason(world.resend(&made.id, &[&other.id]).await),
        "NOT_FOR_CHANNELS"
    );
    assert_eq!(
        reason(world.resend(&made.id, &[&off.id]).await),
        "CHANNELS_DISABLED"
    );
    // What is pending is left alone, and so is a disabled channel.
    world.resend(&made.id, &[]).await.unwrap();
    assert_eq!(world.event(&made.id).await, made);

    world.deliver();
    let delivered = async |count: usize| {
        until(async || {
            let event = world.event(&made.id).await;
            let done = states(&event)[0] == DeliveryState::Success
                && event.deliveries[0].attempts.len() == count;
            done.then_some(event)
        })
        .await
    };
    delivered(1).await;
    world.resend(&made.id, &[&on.id]).await.unwrap();
    let twice = delivered(2).await;
    assert!(twice.deliveries[0].resend_time.is_some());
    assert_eq!(states(&twice)[1], DeliveryState::Failed);
    assert_eq!(endpoint.taken(), [made.id.clone(), made.id.clone()]);
}

#[tokio::test]
async fn a_resend_says_so_until_it_begins() {
    let world = World::new().await;
    let ops = world.made_channel().await;
    world.set_disabled(&ops.id, true).await;
    let rule = world.made_rule(rule(&ops.id)).await;
    let made = world.fired(&rule.id).await;
    world.set_disabled(&ops.id, false).await;
    world.resend(&made.id, &[]).await.unwrap();
    let delivery = world.event(&made.id).await.deliveries.pop().unwrap();
    assert_eq!(delivery.state(), DeliveryState::Resending);
    assert_eq!(delivery.reason, "event re-send was triggered");
    assert!(delivery.resend_time.is_some() && delivery.next_attempt_time.is_some());
}

#[tokio::test]
async fn a_resend_of_what_waits_for_an_earlier_event_goes_on_waiting() {
    let world = World::new().await;
    let ops = world.made_channel().await;
    let rule = world.made_rule(rule(&ops.id)).await;
    world.fired(&rule.id).await;
    let behind = world.fired(&rule.id).await;
    let waiting = world.event(&behind.id).await.deliveries.pop().unwrap();
    assert_eq!(waiting.state(), DeliveryState::Sending);
    assert_eq!(
        waiting.reason,
        "waits for an earlier event of the same object"
    );
    world.resend(&behind.id, &[]).await.unwrap();
    let asked = world.event(&behind.id).await.deliveries.pop().unwrap();
    assert!(asked.resend_time.is_some());
    let unasked = pb::Delivery {
        resend_time: None,
        ..asked
    };
    assert_eq!(unasked, waiting);
}

#[tokio::test]
async fn a_replay_sends_a_span_again_in_order() {
    let world = World::local().await;
    let endpoint = Endpoint::start(|_, _| 200).await;
    let ops = world.channel_to(&endpoint.url()).await;
    let rule = world.made_rule(rule(&ops.id)).await;
    let start = world.now();
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(world.fired(&rule.id).await.id);
        world.pass(1);
    }
    world.deliver();
    until(async || (endpoint.taken().len() == 5).then_some(())).await;
    let all_done = async || {
        until(async || {
            let mut done = true;
            for id in &made {
                done &= states(&world.event(id).await) == [DeliveryState::Success];
            }
            done.then_some(())
        })
        .await;
    };
    all_done().await;
    let at = |hours: i64| {
        Some(contract::convert::timestamp(
            start + jiff::SignedDuration::from_hours(hours),
        ))
    };
    let replay = async |request: pb::ReplayEventsRequest| {
        world.service.replay_events(world.call(request)).await
    };
    let span = pb::ReplayEventsRequest {
        channel_id: ops.id.clone(),
        start_time: at(1),
        end_time: at(4),
        ..Default::default()
    };
    let failed = pb::ReplayEventsRequest {
        failed_only: true,
        ..span.clone()
    };
    assert_eq!(replay(failed).await.unwrap().into_inner().event_count, 0);
    assert_eq!(
        replay(span.clone()).await.unwrap().into_inner().event_count,
        3
    );
    until(async || (endpoint.taken().len() == 8).then_some(())).await;
    all_done().await;
    assert_eq!(endpoint.taken()[5..], made[1..4]);

    for (bad, why) in [
        (
            pb::ReplayEventsRequest {
                start_time: None,
                ..span.clone()
            },
            "INVALID_ARGUMENT",
        ),
        (
            pb::ReplayEventsRequest {
                end_time: None,
                ..span.clone()
            },
            "INVALID_ARGUMENT",
        ),
        (
            pb::ReplayEventsRequest {
                end_time: at(1),
                ..span.clone()
            },
            "INVALID_ARGUMENT",
        ),
        (
            pb::ReplayEventsRequest {
                channel_id: "x".into(),
                ..span.clone()
            },
            "INVALID_ARGUMENT",
        ),
        (
            pb::ReplayEventsRequest {
                channel_id: UNKNOWN.into(),
                ..span.clone()
            },
            "CHANNEL_NOT_FOUND",
        ),
    ] {
        assert_eq!(reason(replay(bad).await), why);
    }
    world.set_disabled(&ops.id, true).await;
    assert_eq!(reason(replay(span).await), "CHANNELS_DISABLED");
}

#[tokio::test]
async fn a_rule_whose_channels_exist_no_more_shows_its_events() {
    let world = World::new().await;
    let ops = world
        .create(channel("ops", ""))
        .await
        .unwrap()
        .into_inner()
        .channel
        .unwrap();
    let rule = world.made_rule(rule(&ops.id)).await;
    let made = world.fired(&rule.id).await;
    let request = pb::DeleteRuleRequest {
        id: rule.id.clone(),
        request_id: String::new(),
    };
    world
        .service
        .delete_rule(world.call(request))
        .await
        .unwrap();
    world.delete_channel(&ops.id).await.unwrap();
    let shown = world.event(&made.id).await;
    assert!(shown.rule.unwrap().delete_time.is_some());
}
