//! The service through its gRPC clients, on a temporary database: SQLite always, and PostgreSQL too when
//! `PERENNIAL_TEST_DATABASE_URL` names a server.
#![expect(clippy::unwrap_used, reason = "tests")]

mod batches;
mod corrections;
mod erasing;
mod events;
mod log;
mod meters;
#[path = "../../../../tests/src/nats.rs"]
mod nats;
mod portal;
#[path = "../../../../tests/src/ports.rs"]
#[expect(dead_code, reason = "the suite needs more of it")]
mod ports;
mod progress;
mod queries;
mod rollups;

use std::sync::Arc;

use chassis::{
    Context, Db, Link,
    auth::{Gate, Grants, Principal, PrincipalSource},
    clock::Clocks,
    config::ServiceConfig,
    link::Links,
    permission::Rules,
    secret::MasterKey,
    service::Backlog,
    token::Signer,
};
use contract::{
    customer::v1 as customer,
    metering::v1::{
        self as pb, meter_service_client::MeterServiceClient,
        portal_token_service_client::PortalTokenServiceClient,
        usage_service_client::UsageServiceClient,
    },
};
use kernel::{Timestamp, id::ProjectId};
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status, body::Body};
use tower::util::BoxCloneSyncService;

/// One installation of the service, and a caller.
struct World {
    meters: MeterServiceClient<Link>,
    usage: UsageServiceClient<Link>,
    tokens: PortalTokenServiceClient<Link>,
    db: Db,
    env: chassis::Env,
    signer: Signer,
    project: ProjectId,
    now: Timestamp,
    backlog: Option<Arc<dyn Backlog>>,
    _folder: tempfile::TempDir,
}

struct NoKeys;

#[tonic::async_trait]
impl PrincipalSource for NoKeys {
    async fn resolve(&self, _: &str, _: Option<&str>) -> Result<Principal, Status> {
        Err(Status::unauthenticated("there are no keys here"))
    }
}

/// Runs a test on every database there is.
async fn everywhere<F: AsyncFn(World)>(test: F) {
    on_every_database(async |url, folder| {
        test(World::start(ServiceConfig::on(url), folder).await).await;
    })
    .await;
}

/// Runs a test with the address of every database there is, and a folder.
async fn on_every_database<F: AsyncFn(String, tempfile::TempDir)>(test: F) {
    let folder = tempfile::tempdir().unwrap();
    let url = Db::sqlite_url(folder.path(), "metering");
    test(url, folder).await;
    #[expect(
        clippy::disallowed_methods,
        reason = "tests are configured by their environment"
    )]
    let server = std::env::var("PERENNIAL_TEST_DATABASE_URL")
        .ok()
        .filter(|url| !url.is_empty());
    let Some(server) = server else { return };
    let mut options = ConnectOptions::new(&server);
    options.sqlx_logging(false).max_connections(1);
    let admin = Database::connect(options).await.unwrap();
    let name = format!(
        "t_{}",
        chassis::id::next::<kernel::id::Ulid>()
            .to_string()
            .to_lowercase()
    );
    admin
        .execute_unprepared(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    test(format!("{base}/{name}"), tempfile::tempdir().unwrap()).await;
    admin
        .execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)"))
        .await
        .unwrap();
}

impl World {
    async fn start(config: ServiceConfig, folder: tempfile::TempDir) -> Self {
        let (master, links, clocks) = (MasterKey::generate(), Links::default(), Clocks::default());
        links.join("customer", fake_customers());
        let shutdown = CancellationToken::new();
        let env = chassis::Env::new(
            "metering",
            config,
            links,
            clocks.clone(),
            master.clone(),
            shutdown,
        );
        let service = crate::build(env.clone()).await.unwrap();
        let signer = Signer::new(&master);
        let gate = Gate::new(signer.clone(), clocks, Arc::new(NoKeys));
        let link = chassis::rpc::protect("metering", service.routes, gate, Arc::new(Rules::load()));
        Self {
            meters: MeterServiceClient::new(link.clone()),
            usage: UsageServiceClient::new(link.clone()),
            tokens: PortalTokenServiceClient::new(link),
            db: service.db,
            env,
            signer,
            project: chassis::id::next(),
            now: "2025-06-15T12:00:00.5Z".parse().unwrap(),
            backlog: service.backlog,
            _folder: folder,
        }
    }

    fn context(&self) -> Context {
        Context::new(
            self.project,
            "key:test".to_owned(),
            Grants::All,
            Some(self.now),
            self.signer.clone(),
        )
    }

    fn request<T>(&self, message: T) -> tonic::Request<T> {
        self.context().request(message)
    }

    async fn create(&self, meter: pb::Meter) -> Result<pb::Meter, Status> {
        let request = pb::CreateMeterRequest {
            meter: Some(meter),
            request_id: String::new(),
        };
        let answer = self
            .meters
            .clone()
            .create_meter(self.request(request))
            .await?;
        Ok(answer.into_inner().meter.unwrap())
    }

    async fn ingest(
        &self,
        events: Vec<pb::UsageEvent>,
        reject: bool,
    ) -> Result<(i64, i64), Status> {
        let request = pb::IngestEventsRequest {
            events,
            reject_conflicts: Some(reject),
            request_id: String::new(),
        };
        let answer = self
            .usage
            .clone()
            .ingest_events(self.request(request))
            .await?
            .into_inner();
        Ok((answer.accepted_count, answer.new_count))
    }

    async fn query(&self, query: pb::QueryMeterRequest) -> Result<Vec<pb::UsageRow>, Status> {
        Ok(self
            .usage
            .clone()
            .query_meter(self.request(query))
            .await?
            .into_inner()
            .rows)
    }
}

/// The customer service as far as metering asks it: customer `C` + n holds the subjects `s` + n and `c` + n
/// (n is a digit).
fn fake_customers() -> Link {
    BoxCloneSyncService::new(tower::service_fn(
        |request: http::Request<Body>| async move {
            use tonic::server::Grpc;
            use tonic_prost::ProstCodec;
            let attribution = |subject: String| {
                let digit = subject
                    .strip_prefix(['s', 'c'])
                    .filter(|rest| rest.len() == 1)?;
                let customer_id = format!("C{digit}");
                Some(customer::resolve_subjects_response::Attribution {
                    subject_key: subject,
                    customer_id,
                })
            };
            if request.uri().path().ends_with("ResolveSubjects") {
                let answer = tower::service_fn(
                    move |request: tonic::Request<customer::ResolveSubjectsRequest>| async move {
                        let attributions = request
                            .into_inner()
                            .subject_keys
                            .into_iter()
                            .filter_map(attribution)
                            .collect();
                        Ok::<_, Status>(tonic::Response::new(customer::ResolveSubjectsResponse {
                            attributions,
                            ..Default::default()
                        }))
                    },
                );
                return Ok(Grpc::new(ProstCodec::default())
                    .unary(answer, request)
                    .await);
            }
            let answer = tower::service_fn(
                |request: tonic::Request<customer::BatchGetCustomersRequest>| async move {
                    let customers = request.into_inner().ids.into_iter().filter_map(|id| {
                        let digit = id.strip_prefix('C')?.to_owned();
                        Some(customer::Customer {
                            key: format!("c{digit}"),
                            usage_attribution: Some(customer::UsageAttribution {
                                subject_keys: vec![format!("s{digit}")],
                            }),
                            id,
                            ..Default::default()
                        })
                    });
                    Ok::<_, Status>(tonic::Response::new(customer::BatchGetCustomersResponse {
                        customers: customers.collect(),
                    }))
                },
            );
            Ok(Grpc::new(ProstCodec::default())
                .unary(answer, request)
                .await)
        },
    ))
}

fn sum_meter(slug: &str) -> pb::Meter {
    pb::Meter {
        slug: slug.into(),
        event_type: "api".into(),
        aggregation: pb::meter::Aggregation::Sum.into(),
        value_property: "$.v".into(),
        group_by: [("model".to_owned(), "$.model".to_owned())].into(),
        ..Default::default()
    }
}

fn event(id: &str, subject: &str, time: &str, data: &str) -> pb::UsageEvent {
    pb::UsageEvent {
        id: id.into(),
        source: "test".into(),
        r#type: "api".into(),
        subject: subject.into(),
        time: Some(at(time)),
        data: data.into(),
    }
}

fn at(text: &str) -> prost_types::Timestamp {
    contract::convert::timestamp(text.parse().unwrap())
}

fn text(time: Option<prost_types::Timestamp>) -> String {
    contract::convert::from_timestamp(&time.unwrap())
        .unwrap()
        .to_string()
}

fn by_id(meter: &pb::Meter) -> Option<pb::MeterRef> {
    Some(pb::MeterRef {
        r#ref: Some(pb::meter_ref::Ref::Id(meter.id.clone())),
    })
}

fn by_slug(slug: &str) -> Option<pb::MeterRef> {
    Some(pb::MeterRef {
        r#ref: Some(pb::meter_ref::Ref::IdOrSlug(slug.into())),
    })
}

fn refused<T: std::fmt::Debug>(result: Result<T, Status>, code: Code, reason: &str) {
    let status = result.unwrap_err();
    assert_eq!(
        (
            status.code(),
            chassis::error::details(&status).reason.as_str()
        ),
        (code, reason),
        "{status:?}"
    );
}

fn values(rows: &[pb::UsageRow]) -> Vec<&str> {
    rows.iter()
        .map(|row| row.value.as_ref().unwrap().value.as_str())
        .collect()
}
