//! The service's handlers on a database of their own (SQLite, or PostgreSQL where
//! `PERENNIAL_TEST_DATABASE_URL` names a server), with a clock that stands where a test puts it
//! and a metering service that knows a few meters.
#![expect(clippy::unwrap_used, reason = "tests")]

mod access;
mod addon_issues;
mod addons;
mod costs;
mod features;
mod indexes;
mod issues;
mod lists;
mod meters;
mod plans;
mod races;
mod stores;
mod trail;

use std::sync::Mutex;

use chassis::{
    Context, Db, audit::AuditServer, auth::Grants, clock::Clocks, config::ServiceConfig,
    error::Details, feed::FeedServer, link::Links, secret::MasterKey,
};
use contract::{
    audit::v1::{self as audit_pb, audit_service_server::AuditService as _},
    catalog::v1 as pb,
    feed::v1::{self as feed_pb, feed_service_server::FeedService as _},
    kernel::v1 as kernel_pb,
};
use jiff::Timestamp;
use kernel::id::ProjectId;
use tonic::{Request, Response, Status};

use self::meters::Meters;
use crate::grpc::{self, Catalog};

/// A catalog of its own.
pub struct World {
    pub catalog: Catalog,
    pub meters: Meters,
    pub db: Db,
    env: chassis::Env,
    project: ProjectId,
    now: Mutex<Timestamp>,
    _database: testdb::TestDatabase,
}

impl World {
    pub async fn new() -> Self {
        let database = testdb::TestDatabase::new("catalog").await;
        let links = Links::default();
        let meters = Meters::default();
        links.join("metering", meters.link());
        let env = chassis::Env::new(
            "catalog",
            ServiceConfig::on(database.url()),
            links,
            Clocks::default(),
            MasterKey::generate(),
            tokio_util::sync::CancellationToken::new(),
        );
        let db = env.open_db(crate::store::migration::all()).await.unwrap();
        Self {
            catalog: grpc::catalog(&env, &db),
            meters,
            db,
            env,
            project: chassis::id::next(),
            now: Mutex::new(Timestamp::from_second(1_700_000_000).unwrap()),
            _database: database,
        }
    }

    /// A call at the world's time.
    pub fn call<T>(&self, message: T) -> Request<T> {
        self.call_as(self.project, message)
    }

    /// A call by another project.
    pub fn call_as<T>(&self, project: ProjectId, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.extensions_mut().insert(self.context_in(project));
        request
    }

    /// The context of a call at the world's time.
    pub fn context(&self) -> Context {
        self.context_in(self.project)
    }

    fn context_in(&self, project: ProjectId) -> Context {
        Context::new(
            project,
            "key:test".into(),
            Grants::All,
            Some(self.now()),
            self.env.signer(),
        )
    }

    /// A sealed secret in clear.
    pub fn unseal(&self, sealed: &str) -> String {
        self.env.unseal(sealed).unwrap()
    }

    /// Runs a statement on the database.
    pub async fn execute(&self, sql: &str) {
        use sea_orm::ConnectionTrait as _;
        let write = self.db.system_write(&self.context()).await.unwrap();
        write.tx().execute_unprepared(sql).await.unwrap();
        write.commit().await.unwrap();
    }

    /// The audit trail of a thing, or of everything, oldest first.
    pub async fn audit(&self, resource_id: &str) -> Vec<audit_pb::AuditEntry> {
        let server = AuditServer::new(self.db.clone(), self.env.page_key());
        let request = audit_pb::ListAuditEntriesRequest {
            resource_id: resource_id.into(),
            page_size: 250,
            ..Default::default()
        };
        let answer = server.list_audit_entries(self.call(request)).await;
        let mut entries = answer.unwrap().into_inner().entries;
        entries.reverse();
        entries
    }

    /// What happened, in order.
    pub async fn kinds(&self) -> Vec<String> {
        let server = FeedServer::new(self.db.clone(), self.env.shutdown.clone());
        let request = feed_pb::ListEventsRequest {
            page_size: 1000,
            ..Default::default()
        };
        let answer = server.list_events(self.call(request)).await;
        let events = answer.unwrap().into_inner().events;
        events.into_iter().map(|event| event.kind).collect()
    }

    /// Moves the clock.
    pub fn advance(&self, seconds: i64) {
        let mut now = self.now.lock().unwrap();
        *now += jiff::SignedDuration::from_secs(seconds);
    }

    pub fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }
}

/// Reason and issue codes of a refusal.
pub fn refusal<T: std::fmt::Debug>(result: Result<Response<T>, Status>) -> (String, Vec<String>) {
    let details: Details = chassis::error::details(&result.unwrap_err());
    let codes = details.issues.into_iter().map(|issue| issue.code).collect();
    (details.reason, codes)
}

/// Code, reason and wrong fields of a refusal.
pub fn refused<T: std::fmt::Debug>(
    result: Result<Response<T>, Status>,
) -> (tonic::Code, String, Vec<String>) {
    let status = result.unwrap_err();
    let details: Details = chassis::error::details(&status);
    let fields = details.violations.into_iter().map(|wrong| wrong.field);
    (status.code(), details.reason, fields.collect())
}

/// Reason alone of a refusal.
pub fn reason<T: std::fmt::Debug>(result: Result<Response<T>, Status>) -> String {
    refusal(result).0
}

pub fn decimal(value: &str) -> Option<kernel_pb::Decimal> {
    Some(kernel_pb::Decimal {
        value: value.into(),
    })
}

pub fn flat(key: &str, cadence: &str) -> pb::RateCard {
    pb::RateCard {
        key: key.into(),
        name: key.into(),
        kind: pb::RateCardKind::FlatFee.into(),
        billing_cadence: cadence.into(),
        price: Some(pb::Price {
            model: Some(pb::price::Model::Flat(pb::FlatPrice {
                amount: decimal("10.50"),
                payment_term: 0,
            })),
            ..Default::default()
        }),
        ..Default::default()
    }
}

pub fn usage(key: &str) -> pb::RateCard {
    pb::RateCard {
        kind: pb::RateCardKind::UsageBased.into(),
        feature_key: key.into(),
        price: Some(pb::Price {
            model: Some(pb::price::Model::Unit(pb::UnitPrice {
                amount: decimal("0.1"),
            })),
            ..Default::default()
        }),
        ..flat(key, "P1M")
    }
}

pub fn phase(key: &str, rate_cards: Vec<pb::RateCard>) -> pb::PlanPhase {
    pb::PlanPhase {
        key: key.into(),
        name: key.into(),
        rate_cards,
        ..Default::default()
    }
}

pub fn plan(rate_cards: Vec<pb::RateCard>) -> pb::Plan {
    pb::Plan {
        key: "pro".into(),
        name: "Pro".into(),
        currency_code: "USD".into(),
        billing_cadence: "P1M".into(),
        phases: vec![phase("default", rate_cards)],
        ..Default::default()
    }
}
