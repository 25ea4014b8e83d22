//! The service's handlers on a real database in a temporary folder, with a clock that stands
//! where a test puts it and a metering service that knows one meter.
#![expect(clippy::unwrap_used, reason = "tests")]

mod addons;
mod features;
mod plans;

use std::sync::{Arc, Mutex};

use chassis::{
    Context, Db, Link, auth::Grants, clock::Clocks, config::ServiceConfig, error::Details,
    link::Links, secret::MasterKey,
};
use contract::{catalog::v1 as pb, kernel::v1 as kernel_pb, metering::v1 as metering_pb};
use jiff::Timestamp;
use kernel::id::ProjectId;
use tonic::{Request, Response, Status};

use crate::grpc::{self, Catalog};

/// A catalog of its own.
pub struct World {
    pub catalog: Catalog,
    pub meters: Meters,
    env: chassis::Env,
    project: ProjectId,
    now: Mutex<Timestamp>,
    _folder: tempfile::TempDir,
}

impl World {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let links = Links::default();
        let meters = Meters::default();
        let server = metering_pb::meter_service_server::MeterServiceServer::new(meters.clone());
        links.join("metering", Link::new(tonic::service::Routes::new(server)));
        let env = chassis::Env::new(
            "catalog",
            ServiceConfig::on(Db::sqlite_url(folder.path(), "catalog")),
            links,
            Clocks::default(),
            MasterKey::generate(),
            tokio_util::sync::CancellationToken::new(),
        );
        let db = env.open_db(crate::store::migration::all()).await.unwrap();
        Self {
            catalog: grpc::catalog(&env, &db),
            meters,
            env,
            project: chassis::id::next(),
            now: Mutex::new(Timestamp::from_second(1_700_000_000).unwrap()),
            _folder: folder,
        }
    }

    /// A call at the world's time.
    pub fn call<T>(&self, message: T) -> Request<T> {
        self.call_as(self.project, message)
    }

    /// A call by another project.
    pub fn call_as<T>(&self, project: ProjectId, message: T) -> Request<T> {
        let now = *self.now.lock().unwrap();
        let context = Context::new(
            project,
            "key:test".into(),
            Grants::All,
            Some(now),
            self.env.signer(),
        );
        let mut request = Request::new(message);
        request.extensions_mut().insert(context);
        request
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

/// A metering service with the meters `tokens` (sum, by model) and `latency` (average).
#[derive(Clone, Default)]
pub struct Meters {
    pub holds: Arc<Mutex<Vec<metering_pb::MeterHold>>>,
}

fn none<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented("not needed"))
}

#[tonic::async_trait]
impl metering_pb::meter_service_server::MeterService for Meters {
    async fn create_meter(
        &self,
        _: Request<metering_pb::CreateMeterRequest>,
    ) -> Result<Response<metering_pb::CreateMeterResponse>, Status> {
        none()
    }

    async fn get_meter(
        &self,
        request: Request<metering_pb::GetMeterRequest>,
    ) -> Result<Response<metering_pb::GetMeterResponse>, Status> {
        use metering_pb::{meter::Aggregation, meter_ref::Ref};
        let wanted = request.into_inner().meter.and_then(|meter| meter.r#ref);
        let Some(Ref::Slug(slug)) = wanted else {
            return none();
        };
        let aggregation = match slug.as_str() {
            "tokens" => Aggregation::Sum,
            "latency" => Aggregation::Avg,
            _ => return Err(Status::not_found("no such meter")),
        };
        let meter = metering_pb::Meter {
            id: "01ARZ3NDEKTSV4RRFFQ69G5FAV".into(),
            slug,
            aggregation: aggregation.into(),
            group_by: [("model".to_owned(), "$.model".to_owned())].into(),
            ..Default::default()
        };
        Ok(Response::new(metering_pb::GetMeterResponse {
            meter: Some(meter),
        }))
    }

    async fn list_meters(
        &self,
        _: Request<metering_pb::ListMetersRequest>,
    ) -> Result<Response<metering_pb::ListMetersResponse>, Status> {
        none()
    }

    async fn batch_get_meters(
        &self,
        _: Request<metering_pb::BatchGetMetersRequest>,
    ) -> Result<Response<metering_pb::BatchGetMetersResponse>, Status> {
        none()
    }

    async fn update_meter(
        &self,
        _: Request<metering_pb::UpdateMeterRequest>,
    ) -> Result<Response<metering_pb::UpdateMeterResponse>, Status> {
        none()
    }

    async fn delete_meter(
        &self,
        _: Request<metering_pb::DeleteMeterRequest>,
    ) -> Result<Response<metering_pb::DeleteMeterResponse>, Status> {
        none()
    }

    async fn place_meter_hold(
        &self,
        request: Request<metering_pb::PlaceMeterHoldRequest>,
    ) -> Result<Response<metering_pb::PlaceMeterHoldResponse>, Status> {
        self.holds.lock().unwrap().extend(request.into_inner().hold);
        Ok(Response::new(metering_pb::PlaceMeterHoldResponse::default()))
    }

    async fn release_meter_hold(
        &self,
        request: Request<metering_pb::ReleaseMeterHoldRequest>,
    ) -> Result<Response<metering_pb::ReleaseMeterHoldResponse>, Status> {
        let holder = request.into_inner().holder_id;
        self.holds
            .lock()
            .unwrap()
            .retain(|hold| hold.holder_id != holder);
        Ok(Response::new(metering_pb::ReleaseMeterHoldResponse {}))
    }
}
