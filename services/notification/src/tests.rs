//! The service's handlers on a real database in a temporary folder, beside a catalog that
//! knows the feature `tokens`.
#![expect(clippy::unwrap_used, reason = "tests")]

use chassis::{
    Context, Db, Link, auth::Grants, clock::Clocks, config::ServiceConfig, link::Links,
    secret::MasterKey,
};
use contract::{
    catalog::v1 as catalog_pb,
    kernel::v1::Decimal,
    notification::v1::{
        self as pb, EventType, channel_service_server::ChannelService as _,
        rule_service_server::RuleService as _,
    },
};
use kernel::id::ProjectId;
use sea_orm::{ConnectionTrait as _, Statement};
use tonic::{Request, Response, Status};

use crate::grpc::{self, Notification};

struct World {
    service: Notification,
    env: chassis::Env,
    db: Db,
    project: ProjectId,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let links = Links::default();
        let server = catalog_pb::feature_service_server::FeatureServiceServer::new(Features);
        links.join("catalog", Link::new(tonic::service::Routes::new(server)));
        let env = chassis::Env::new(
            "notification",
            ServiceConfig::on(Db::sqlite_url(folder.path(), "notification")),
            links,
            Clocks::default(),
            MasterKey::generate(),
            tokio_util::sync::CancellationToken::new(),
        );
        let db = env.open_db(crate::store::migration::all()).await.unwrap();
        Self {
            service: grpc::notification(&env, &db),
            env,
            db,
            project: chassis::id::next(),
            _folder: folder,
        }
    }

    fn call<T>(&self, message: T) -> Request<T> {
        let context = Context::new(
            self.project,
            "key:test".into(),
            Grants::All,
            None,
            self.env.signer(),
        );
        let mut request = Request::new(message);
        request.extensions_mut().insert(context);
        request
    }

    async fn channel(&self, secret: &str) -> Result<Response<pb::CreateChannelResponse>, Status> {
        let request = pb::CreateChannelRequest {
            channel: Some(channel("ops", secret)),
            request_id: String::new(),
        };
        self.service.create_channel(self.call(request)).await
    }

    async fn made_channel(&self) -> pb::Channel {
        self.channel("")
            .await
            .unwrap()
            .into_inner()
            .channel
            .unwrap()
    }

    async fn rule(&self, rule: pb::Rule) -> Result<Response<pb::CreateRuleResponse>, Status> {
        let request = pb::CreateRuleRequest {
            rule: Some(rule),
            request_id: String::new(),
        };
        self.service.create_rule(self.call(request)).await
    }

    async fn delete_channel(
        &self,
        id: &str,
    ) -> Result<Response<pb::DeleteChannelResponse>, Status> {
        let request = pb::DeleteChannelRequest {
            id: id.into(),
            request_id: String::new(),
        };
        self.service.delete_channel(self.call(request)).await
    }
}

fn channel(name: &str, secret: &str) -> pb::Channel {
    pb::Channel {
        name: name.into(),
        target: Some(pb::channel::Target::Webhook(pb::Webhook {
            url: "https://example.com/hook".into(),
            custom_headers: Default::default(),
            signing_secret: secret.into(),
        })),
        ..Default::default()
    }
}

fn secret(channel: &pb::Channel) -> String {
    let Some(pb::channel::Target::Webhook(webhook)) = &channel.target else {
        panic!("a webhook");
    };
    webhook.signing_secret.clone()
}

fn rule(channel: &str) -> pb::Rule {
    pb::Rule {
        event_type: EventType::BalanceThreshold.into(),
        name: "low".into(),
        channels: vec![pb::RuleChannel {
            id: channel.into(),
            r#type: 0,
        }],
        features: vec![pb::RuleFeature {
            id: "tokens".into(),
            key: String::new(),
        }],
        thresholds: vec![pb::Threshold {
            r#type: pb::threshold::Type::UsagePercentage.into(),
            value: Some(Decimal { value: "90".into() }),
        }],
        ..Default::default()
    }
}

fn reason<T: std::fmt::Debug>(result: Result<Response<T>, Status>) -> String {
    chassis::error::details(&result.unwrap_err()).reason
}

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
        let query = format!("SELECT CAST({column} AS BLOB) AS found FROM {table}");
        let rows = world
            .db
            .reader()
            .query_all_raw(Statement::from_string(world.db.backend(), query))
            .await
            .unwrap();
        assert!(!rows.is_empty());
        for row in rows {
            let stored: Vec<u8> = row.try_get("", "found").unwrap();
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
            id: Features::ID.into(),
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
        id: Features::ID.into(),
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

/// A catalog with one feature.
struct Features;

impl Features {
    const ID: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
}

fn none<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented("not needed"))
}

#[tonic::async_trait]
impl catalog_pb::feature_service_server::FeatureService for Features {
    async fn create_feature(
        &self,
        _: Request<catalog_pb::CreateFeatureRequest>,
    ) -> Result<Response<catalog_pb::CreateFeatureResponse>, Status> {
        none()
    }

    async fn get_feature(
        &self,
        _: Request<catalog_pb::GetFeatureRequest>,
    ) -> Result<Response<catalog_pb::GetFeatureResponse>, Status> {
        none()
    }

    async fn batch_get_features(
        &self,
        request: Request<catalog_pb::BatchGetFeaturesRequest>,
    ) -> Result<Response<catalog_pb::BatchGetFeaturesResponse>, Status> {
        let request = request.into_inner();
        let asked = request.ids.iter().any(|id| id == Self::ID)
            || request.keys.iter().any(|key| key == "tokens");
        let feature = catalog_pb::Feature {
            id: Self::ID.into(),
            key: "tokens".into(),
            ..Default::default()
        };
        Ok(Response::new(catalog_pb::BatchGetFeaturesResponse {
            features: if asked { vec![feature] } else { vec![] },
        }))
    }

    async fn list_features(
        &self,
        _: Request<catalog_pb::ListFeaturesRequest>,
    ) -> Result<Response<catalog_pb::ListFeaturesResponse>, Status> {
        none()
    }

    async fn archive_feature(
        &self,
        _: Request<catalog_pb::ArchiveFeatureRequest>,
    ) -> Result<Response<catalog_pb::ArchiveFeatureResponse>, Status> {
        none()
    }

    async fn query_feature_cost(
        &self,
        _: Request<catalog_pb::QueryFeatureCostRequest>,
    ) -> Result<Response<catalog_pb::QueryFeatureCostResponse>, Status> {
        none()
    }

    async fn replace_feature_holds(
        &self,
        _: Request<catalog_pb::ReplaceFeatureHoldsRequest>,
    ) -> Result<Response<catalog_pb::ReplaceFeatureHoldsResponse>, Status> {
        none()
    }
}
