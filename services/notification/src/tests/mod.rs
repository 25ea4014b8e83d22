//! The service on a database of its own (SQLite, or PostgreSQL where `PERENNIAL_TEST_DATABASE_URL` names a server),
//! beside neighbors that answer what a test tells them, and an endpoint that takes webhooks.
#![expect(clippy::unwrap_used, reason = "tests")]

mod delivery;
mod endpoint;
mod evaluation;
mod events;
mod handlers;
mod invoices;
mod neighbors;
mod resets;
mod retention;

use std::sync::Mutex;

use chassis::{
    Context, Db, auth::Grants, clock::Clocks, config::ServiceConfig, feed::Event, link::Links,
    secret::MasterKey,
};
use contract::{
    kernel::v1::Decimal,
    notification::v1::{
        self as pb, EventType, channel_service_server::ChannelService as _,
        event_service_server::EventService as _, rule_service_server::RuleService as _,
    },
};
use jiff::{SignedDuration, Timestamp};
use kernel::id::ProjectId;
use sea_orm::{ConnectionTrait as _, Statement};
use tonic::{Request, Response, Status};

use crate::{
    config::Settings,
    domain::delivery::Schedule,
    facts::Facts,
    grpc::{self, Notification},
};
use neighbors::Neighbors;

/// Id of the feature `tokens`.
const FEATURE: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// Writes bodies that tests can read: the type, and the threshold or invoice state.
fn render(payload: pb::EventPayload) -> Result<String, String> {
    let kind = payload.event_type().as_str_name().to_owned();
    let told = match payload.facts {
        Some(pb::event_payload::Facts::Entitlement(facts)) => facts
            .threshold
            .map(|threshold| threshold.value.unwrap_or_default().value)
            .unwrap_or_default(),
        Some(pb::event_payload::Facts::Invoice(invoice)) => {
            invoice.state().as_str_name().to_owned()
        }
        None => return Err("no facts".to_owned()),
    };
    Ok(serde_json::json!({"id": payload.event_id, "kind": kind, "told": told}).to_string())
}

struct World {
    service: Notification,
    env: chassis::Env,
    db: Db,
    project: ProjectId,
    neighbors: Neighbors,
    now: Mutex<Timestamp>,
    _database: testdb::TestDatabase,
}

impl Drop for World {
    fn drop(&mut self) {
        self.env.shutdown.cancel();
    }
}

impl World {
    /// One that accepts only public endpoints.
    async fn new() -> Self {
        Self::with(false).await
    }

    /// One that delivers to endpoints of this machine.
    async fn local() -> Self {
        Self::with(true).await
    }

    async fn with(allow_private: bool) -> Self {
        let database = testdb::TestDatabase::new("notification").await;
        let links = Links::default();
        let neighbors = Neighbors::default();
        neighbors.join(&links);
        let clocks = Clocks::default();
        clocks.replace_if(clocks.version(), []);
        let mut config = ServiceConfig::on(database.url());
        config.allow_private_webhooks = allow_private;
        let env = chassis::Env::new(
            "notification",
            config,
            links,
            clocks,
            MasterKey::generate(),
            tokio_util::sync::CancellationToken::new(),
        );
        let db = env.open_db(crate::store::migration::all()).await.unwrap();
        Self {
            service: grpc::notification(&env, &db, render),
            env,
            db,
            project: chassis::id::next(),
            neighbors,
            now: Mutex::new("2026-01-10T12:00:00Z".parse().unwrap()),
            _database: database,
        }
    }

    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn pass(&self, hours: i64) {
        *self.now.lock().unwrap() += SignedDuration::from_hours(hours);
        self.neighbors.at(self.now());
    }

    /// A context with a clock that stands still, for work in the background.
    fn background(&self) -> Context {
        self.env.clocks().set(self.project, Some(self.now()));
        Context::background(&self.env, self.project, self.now())
    }

    fn call<T>(&self, message: T) -> Request<T> {
        self.call_in(self.project, message)
    }

    fn call_in<T>(&self, project: ProjectId, message: T) -> Request<T> {
        let frozen = Some(self.now());
        let context = Context::new(
            project,
            "key:test".into(),
            Grants::All,
            frozen,
            self.env.signer(),
        );
        let mut request = Request::new(message);
        request.extensions_mut().insert(context);
        request
    }

    async fn channel(&self, secret: &str) -> Result<Response<pb::CreateChannelResponse>, Status> {
        self.create(channel("ops", secret)).await
    }

    async fn create(
        &self,
        channel: pb::Channel,
    ) -> Result<Response<pb::CreateChannelResponse>, Status> {
        let request = pb::CreateChannelRequest {
            channel: Some(channel),
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

    /// A channel to an address.
    async fn channel_to(&self, url: &str) -> pb::Channel {
        let target = pb::Webhook {
            url: url.to_owned(),
            custom_headers: [("X-Env".to_owned(), "test".to_owned())].into(),
            signing_secret: String::new(),
        };
        let channel = pb::Channel {
            target: Some(pb::channel::Target::Webhook(target)),
            ..channel("ops", "")
        };
        self.create(channel)
            .await
            .unwrap()
            .into_inner()
            .channel
            .unwrap()
    }

    async fn set_disabled(&self, id: &str, disabled: bool) {
        let request = pb::UpdateChannelRequest {
            channel: Some(pb::Channel {
                id: id.to_owned(),
                disabled,
                ..Default::default()
            }),
            update_mask: Some(prost_types::FieldMask {
                paths: vec!["disabled".to_owned()],
            }),
            request_id: String::new(),
        };
        self.service
            .update_channel(self.call(request))
            .await
            .unwrap();
    }

    async fn channel_now(&self, id: &str) -> pb::Channel {
        let request = pb::GetChannelRequest { id: id.to_owned() };
        let answer = self.service.get_channel(self.call(request)).await;
        answer.unwrap().into_inner().channel.unwrap()
    }

    async fn rule(&self, rule: pb::Rule) -> Result<Response<pb::CreateRuleResponse>, Status> {
        let request = pb::CreateRuleRequest {
            rule: Some(rule),
            request_id: String::new(),
        };
        self.service.create_rule(self.call(request)).await
    }

    async fn made_rule(&self, new: pb::Rule) -> pb::Rule {
        self.rule(new).await.unwrap().into_inner().rule.unwrap()
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

    async fn test(&self, rule: &str) -> Result<Response<pb::TestRuleResponse>, Status> {
        let request = pb::TestRuleRequest {
            id: rule.into(),
            request_id: String::new(),
        };
        self.service.test_rule(self.call(request)).await
    }

    async fn fired(&self, rule: &str) -> pb::Event {
        self.test(rule).await.unwrap().into_inner().event.unwrap()
    }

    async fn event(&self, id: &str) -> pb::Event {
        let request = pb::GetEventRequest { id: id.to_owned() };
        let answer = self.service.get_event(self.call(request)).await;
        answer.unwrap().into_inner().event.unwrap()
    }

    async fn resend(
        &self,
        id: &str,
        channels: &[&str],
    ) -> Result<Response<pb::ResendEventResponse>, Status> {
        let request = pb::ResendEventRequest {
            id: id.to_owned(),
            channel_ids: channels.iter().map(|id| (*id).to_owned()).collect(),
            request_id: String::new(),
        };
        self.service.resend_event(self.call(request)).await
    }

    /// All events of the project, in their order.
    async fn events(&self) -> Vec<pb::Event> {
        let request = pb::PullEventsRequest {
            page_size: 250,
            ..Default::default()
        };
        let answer = self.service.pull_events(self.call(request)).await;
        answer.unwrap().into_inner().events
    }

    /// What the events tell, in their order.
    async fn told(&self) -> Vec<String> {
        let events = self.events().await;
        let told = |event: &pb::Event| {
            let body: serde_json::Value = serde_json::from_str(&event.body_json).unwrap();
            body["told"].as_str().unwrap().to_owned()
        };
        events.iter().map(told).collect()
    }

    /// Lets the service's consumer of a feed take an event.
    async fn feed<M: prost::Message>(&self, source: &str, kind: &str, revision: i64, payload: &M) {
        self.feed_of(source, kind, "", revision, payload).await;
    }

    /// Lets the service's consumer of a feed take an event about a thing.
    async fn feed_of<M: prost::Message>(
        &self,
        source: &str,
        kind: &str,
        id: &str,
        revision: i64,
        payload: &M,
    ) {
        let consumers = crate::consume::all(render);
        let consumer = consumers.iter().find(|spec| spec.source == source).unwrap();
        let event = Event {
            cursor: 1,
            kind: kind.to_owned(),
            project: self.project,
            id: id.to_owned(),
            revision,
            payload: payload.encode_to_vec(),
            create_time: self.now(),
            actor: "test".to_owned(),
        };
        let handler = &consumer.handler;
        if !handler.concerns(&event) || !handler.wants(self.db.reader(), &event).await.unwrap() {
            return;
        }
        let mut write = self.db.system_write(&self.background()).await.unwrap();
        handler.apply(&mut write, &event).await.unwrap();
        write.commit().await.unwrap();
    }

    fn evaluation(&self) -> crate::evaluate::Evaluation {
        crate::evaluate::Evaluation {
            db: self.db.clone(),
            facts: Facts::new(&self.env),
            render,
        }
    }

    fn rollover(&self) -> crate::rollover::Rollover {
        crate::rollover::Rollover {
            db: self.db.clone(),
            facts: Facts::new(&self.env),
            render,
        }
    }

    async fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT COUNT(*) AS found FROM {table}");
        let statement = Statement::from_string(self.db.backend(), sql);
        let row = self
            .db
            .reader()
            .query_one_raw(statement)
            .await
            .unwrap()
            .unwrap();
        row.try_get("", "found").unwrap()
    }

    /// Starts to deliver, with short waits.
    fn deliver(&self) {
        self.deliver_with(settings(&[20; 12]));
    }

    fn deliver_with(&self, settings: Settings) {
        crate::deliver::start(self.env.clone(), self.db.clone(), settings).unwrap();
    }
}

/// Settings with these waits in milliseconds.
fn settings(waits: &[i64]) -> Settings {
    let waits = waits
        .iter()
        .copied()
        .map(SignedDuration::from_millis)
        .collect();
    Settings {
        schedule: Schedule::new(waits).unwrap(),
        timeout: std::time::Duration::from_secs(10),
        in_flight_max: 64,
        channel_in_flight_max: 16,
        disable_after: SignedDuration::from_hours(120),
        retention: SignedDuration::from_hours(9600),
        allow_private: true,
    }
}

/// Waits until something holds, for as long as a busy machine may need.
async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "it never came about"
        );
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
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

/// A rule about the feature `tokens`, at 90 percent.
fn rule(channel: &str) -> pb::Rule {
    rule_of(
        EventType::BalanceThreshold,
        &[channel],
        &[(pb::threshold::Type::UsagePercentage, "90")],
    )
}

/// A rule with these channels and thresholds, about `tokens` if it is about entitlements.
fn rule_of(
    event: EventType,
    channels: &[&str],
    thresholds: &[(pb::threshold::Type, &str)],
) -> pb::Rule {
    let about_entitlements = matches!(
        event,
        EventType::BalanceThreshold | EventType::EntitlementReset
    );
    let feature = pb::RuleFeature {
        id: "tokens".into(),
        key: String::new(),
    };
    pb::Rule {
        event_type: event.into(),
        name: "low".into(),
        channels: channels
            .iter()
            .map(|id| pb::RuleChannel {
                id: (*id).into(),
                r#type: 0,
            })
            .collect(),
        features: about_entitlements.then_some(feature).into_iter().collect(),
        thresholds: thresholds
            .iter()
            .map(|(kind, value)| pb::Threshold {
                r#type: (*kind).into(),
                value: Some(Decimal {
                    value: (*value).into(),
                }),
            })
            .collect(),
        ..Default::default()
    }
}

fn reason<T: std::fmt::Debug>(result: Result<Response<T>, Status>) -> String {
    chassis::error::details(&result.unwrap_err()).reason
}
