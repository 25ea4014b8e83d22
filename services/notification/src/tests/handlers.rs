//! Channels and rules: what is refused, kept and hidden.

use contract::notification::v1::{
    self as pb, EventType, channel_service_server::ChannelService as _,
    rule_service_server::RuleService as _,
};
use sea_orm::{ConnectionTrait as _, Statement};

use super::{FEATURE, World, channel, reason, rule, secret};

#[tokio::test]
async fn a_secret_is_made_shown_kept_and_never_stored_in_clear() {
    let world = World::new().await;
    let made = world.made_channel().await;
    let first = secret(&made);
    assert!(first.starts_with("whsec_") && first.len() == 6 + 44);
    let mut renamed = channel("renamed", "");
    renamed.id.clone_from(&made.id);
    let update = pb::UpdateChannelRequest {
        channel: Some(renamed),
        ..Default::default()
    };
    let kept = world
        .service
        .update_channel(world.call(update))
        .await
        .unwrap()
        .into_inner()
        .channel
        .unwrap();
    assert_eq!(
        (kept.name.as_str(), secret(&kept)),
        ("renamed", first.clone())
    );
    let bytes = first.as_bytes();
    for table in ["channel", "outbox", "audit_entry"] {
        let column = match table {
            "channel" => "secret",
            "outbox" => "payload",
            _ => "after",
        };
        let query = format!("SELECT {column} AS found FROM {table}");
        let rows = world
            .db
            .reader()
            .query_all_raw(Statement::from_string(world.db.backend(), query))
            .await
            .unwrap();
        assert!(!rows.is_empty());
        for row in rows {
            let stored: Vec<u8> = row
                .try_get("", "found")
                .unwrap_or_else(|_| row.try_get::<String>("", "found").unwrap().into_bytes());
            assert!(
                !stored.windows(bytes.len()).any(|window| window == bytes),
                "{table}"
            );
        }
    }
}

#[tokio::test]
async fn bad_channels_are_refused() {
    let world = World::new().await;
    assert_eq!(
        reason(world.channel("whsec_short").await),
        "INVALID_ARGUMENT"
    );
    let private = pb::Channel {
        target: Some(pb::channel::Target::Webhook(pb::Webhook {
            url: "http://127.0.0.1:9000/".into(),
            ..Default::default()
        })),
        ..channel("ops", "")
    };
    let request = pb::CreateChannelRequest {
        channel: Some(private),
        request_id: String::new(),
    };
    assert_eq!(
        reason(world.service.create_channel(world.call(request)).await),
        "INVALID_ARGUMENT"
    );
}

#[tokio::test]
async fn rules_resolve_features_and_hold_their_channels() {
    let world = World::new().await;
    let ops = world.made_channel().await;
    let made = world
        .rule(rule(&ops.id))
        .await
        .unwrap()
        .into_inner()
        .rule
        .unwrap();
    assert_eq!(
        made.features[0],
        pb::RuleFeature {
            id: FEATURE.into(),
            key: "tokens".into()
        }
    );
    assert_eq!(
        reason(world.delete_channel(&ops.id).await),
        "CHANNEL_IN_USE"
    );
    let list = pb::ListRulesRequest {
        features: vec!["tokens".into()],
        channel_ids: vec![ops.id.clone()],
        ..Default::default()
    };
    let found = world
        .service
        .list_rules(world.call(list))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(found.rules, std::slice::from_ref(&made));

    let delete = || pb::DeleteRuleRequest {
        id: made.id.clone(),
        request_id: String::new(),
    };
    world
        .service
        .delete_rule(world.call(delete()))
        .await
        .unwrap();
    world
        .service
        .delete_rule(world.call(delete()))
        .await
        .unwrap();
    let update = pb::UpdateRuleRequest {
        rule: Some(made.clone()),
        ..Default::default()
    };
    assert_eq!(
        reason(world.service.update_rule(world.call(update)).await),
        "RULE_DELETED"
    );
    world.delete_channel(&ops.id).await.unwrap();
    let get = pb::GetChannelRequest { id: ops.id.clone() };
    let gone = world
        .service
        .get_channel(world.call(get))
        .await
        .unwrap()
        .into_inner()
        .channel
        .unwrap();
    assert!(gone.delete_time.is_some());
    let update = pb::UpdateChannelRequest {
        channel: Some(gone),
        ..Default::default()
    };
    assert_eq!(
        reason(world.service.update_channel(world.call(update)).await),
        "CHANNEL_DELETED"
    );
    assert_eq!(reason(world.rule(rule(&ops.id)).await), "CHANNELS_UNKNOWN");
}

#[tokio::test]
async fn unknown_features_and_changed_types_are_refused() {
    let world = World::new().await;
    let ops = world.made_channel().await;
    let mut unknown = rule(&ops.id);
    unknown.features[0].id = "storage".into();
    assert_eq!(reason(world.rule(unknown).await), "FEATURES_UNKNOWN");
    let mut twice = rule(&ops.id);
    twice.features.push(pb::RuleFeature {
        id: FEATURE.into(),
        key: String::new(),
    });
    assert_eq!(reason(world.rule(twice).await), "INVALID_ARGUMENT");
    let made = world
        .rule(rule(&ops.id))
        .await
        .unwrap()
        .into_inner()
        .rule
        .unwrap();
    let other = pb::Rule {
        event_type: EventType::EntitlementReset.into(),
        ..made
    };
    let update = pb::UpdateRuleRequest {
        rule: Some(other),
        ..Default::default()
    };
    assert_eq!(
        reason(world.service.update_rule(world.call(update)).await),
        "INVALID_ARGUMENT"
    );
}

#[tokio::test]
async fn a_channel_serves_at_most_ten_rules() {
    let world = World::new().await;
    let ops = world.made_channel().await;
    for _ in 0..10 {
        world.rule(rule(&ops.id)).await.unwrap();
    }
    assert_eq!(reason(world.rule(rule(&ops.id)).await), "CHANNEL_FULL");
}

#[tokio::test]
async fn disabled_and_deleted_channels_are_hidden_from_lists() {
    let world = World::new().await;
    let shown = world.made_channel().await;
    let disabled = pb::Channel {
        disabled: true,
        ..channel("off", "")
    };
    let request = pb::CreateChannelRequest {
        channel: Some(disabled),
        request_id: String::new(),
    };
    world
        .service
        .create_channel(world.call(request))
        .await
        .unwrap();
    let gone = world.made_channel().await;
    world.delete_channel(&gone.id).await.unwrap();
    let count = async |request: pb::ListChannelsRequest| {
        world
            .service
            .list_channels(world.call(request))
            .await
            .unwrap()
            .into_inner()
            .channels
            .len()
    };
    let list = pb::ListChannelsRequest {
        descending: true,
        ..Default::default()
    };
    assert_eq!(count(list.clone()).await, 1);
    assert_eq!(
        count(pb::ListChannelsRequest {
            include_disabled: true,
            ..list.clone()
        })
        .await,
        2
    );
    let all = pb::ListChannelsRequest {
        include_disabled: true,
        include_deleted: true,
        ..list
    };
    assert_eq!(count(all).await, 3);
    assert!(!shown.disabled);
}
