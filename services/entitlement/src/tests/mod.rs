//! The service through its gRPC handlers, on a database of its own (SQLite, or PostgreSQL where
//! `PERENNIAL_TEST_DATABASE_URL` names a server), with neighbors that answer from memory.
#![expect(clippy::unwrap_used, reason = "tests")]

mod access;
mod bought;
mod changes;
mod grants;
mod lifecycle;
mod limits;
mod lists;
mod memory;
mod subscriptions;
mod values;
mod violations;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use bytes::{BufMut as _, Bytes, BytesMut};
use chassis::{
    Context, Db, Env, Link, auth::Grants, clock::Clocks, config::ServiceConfig, link::Links,
    secret::MasterKey, timer::Timer as _,
};
use contract::{
    catalog::v1 as catalog,
    convert::{decimal, from_timestamp, timestamp},
    customer::v1 as customer,
    entitlement::v1::{
        self as pb, entitlement_service_server::EntitlementService as _,
        grant_service_server::GrantService as _,
    },
    metering::v1::{self as metering, filter_string::Operator, meter::Aggregation},
};
use http_body_util::{BodyExt as _, Full};
use kernel::{
    Decimal, Timestamp,
    id::{ProjectId, Ulid},
};
use prost::Message;
use sea_orm::ConnectionTrait as _;
use tonic::{Request, Response, Status, body::Body};

use crate::{clients::Clients, grpc::Server, holds::HoldTimer, store};

pub(crate) const NOW: &str = "2024-03-15T10:20:30Z";
pub(crate) const CUSTOMER: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
pub(crate) const OTHER: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAW";

/// One usage event.
pub(crate) struct Event {
    pub subject: &'static str,
    pub time: Timestamp,
    pub value: i64,
    pub model: &'static str,
}

/// What the neighbors know.
#[derive(Default)]
pub(crate) struct Neighbors {
    pub customers: BTreeMap<String, customer::Customer>,
    pub features: Vec<catalog::Feature>,
    pub aggregations: BTreeMap<String, Aggregation>,
    pub events: Vec<Event>,
    /// Holds by holder.
    pub holds: BTreeMap<String, Option<contract::kernel::v1::Period>>,
    /// Holders of meters, by meter.
    pub meter_holds: BTreeSet<(String, String)>,
    /// Meters that were deleted.
    pub gone_meters: BTreeSet<String>,
    /// Products and the lookup keys of what they give.
    pub attached: BTreeSet<(String, String)>,
    /// Methods called, in order.
    pub calls: Vec<String>,
    /// Methods that fail.
    pub down: BTreeSet<&'static str>,
    /// Spans that metering was asked for.
    pub spans: usize,
}

/// The world of one test.
#[derive(Clone)]
pub(crate) struct World {
    pub server: Server,
    pub neighbors: Arc<Mutex<Neighbors>>,
    /// What the neighbors' versions grow by.
    customer_versions: chassis::Versions,
    metering_versions: chassis::Versions,
    env: Env,
    master: MasterKey,
    _folder: Arc<tempfile::TempDir>,
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn wire(text: &str) -> Option<prost_types::Timestamp> {
    Some(timestamp(at(text)))
}

pub(crate) fn number(value: i64) -> Option<contract::kernel::v1::Decimal> {
    Some(decimal(Decimal::from(value)))
}

pub(crate) fn digits(value: Option<&contract::kernel::v1::Decimal>) -> &str {
    value.unwrap().value.as_str()
}

fn project(number: u128) -> ProjectId {
    ProjectId::from_ulid(Ulid(number))
}

/// The reason that a refusal gives.
pub(crate) fn reason<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    chassis::error::details(&answer.unwrap_err()).reason
}

fn id(service: u128, text: &str) -> String {
    let number = text
        .bytes()
        .fold(service, |sum, byte| sum * 257 + u128::from(byte));
    Ulid(number).to_string()
}

impl World {
    /// Neighbors in the same process.
    pub(crate) async fn new() -> Self {
        Self::made(true).await
    }

    /// Neighbors in other processes, whose versions are not known here.
    pub(crate) async fn apart() -> Self {
        Self::made(false).await
    }

    async fn made(beside: bool) -> Self {
        let neighbors = Arc::new(Mutex::new(Neighbors::default()));
        let links = Links::default();
        for service in ["customer", "catalog", "metering"] {
            links.join(service, neighbor(neighbors.clone()));
        }
        let (customer_versions, metering_versions) =
            (chassis::Versions::default(), chassis::Versions::default());
        if beside {
            links.keep_versions("customer", &customer_versions);
            links.keep_versions("metering", &metering_versions);
        }
        let folder = tempfile::tempdir().unwrap();
        let master = MasterKey::generate();
        let config = ServiceConfig::on(database(folder.path()).await);
        let env = Env::new(
            "entitlement",
            config,
            links,
            Clocks::default(),
            master.clone(),
            tokio_util::sync::CancellationToken::new(),
        );
        let db = env
            .open_db_with_versions(store::migration::all())
            .await
            .unwrap();
        let world = Self {
            server: Server::new(&env, db, Clients::new(&env)),
            neighbors,
            customer_versions,
            metering_versions,
            env,
            master,
            _folder: Arc::new(folder),
        };
        world.customer(CUSTOMER, "acme", &["acme-eu"]);
        world.customer(OTHER, "globex", &[]);
        world.feature("tokens", Some(Aggregation::Sum));
        world.feature("sso", None);
        world
    }

    /// Makes a product give an entitlement.
    pub(crate) fn attach(&self, product: &str, key: &str) {
        let attached = &mut self.neighbors.lock().unwrap().attached;
        attached.insert((product.to_owned(), key.to_owned()));
    }

    /// Makes a product give nothing.
    pub(crate) fn detach(&self, product: &str) {
        let attached = &mut self.neighbors.lock().unwrap().attached;
        attached.retain(|(known, _)| known != product);
    }

    pub(crate) fn customer(&self, id: &str, key: &str, subjects: &[&str]) {
        let customer = customer::Customer {
            id: id.to_owned(),
            key: key.to_owned(),
            usage_attribution: Some(customer::UsageAttribution {
                subject_keys: subjects.iter().map(|&subject| subject.to_owned()).collect(),
            }),
            ..customer::Customer::default()
        };
        let mut neighbors = self.neighbors.lock().unwrap();
        neighbors.customers.insert(id.to_owned(), customer);
        drop(neighbors);
        self.customer_versions.touch(project(1), "customer");
    }

    /// A feature, with a meter of its own if it has an aggregation.
    pub(crate) fn feature(&self, key: &str, aggregation: Option<Aggregation>) -> String {
        let mut neighbors = self.neighbors.lock().unwrap();
        let meter_id = aggregation.map(|_| id(7, key)).unwrap_or_default();
        if let Some(aggregation) = aggregation {
            neighbors.aggregations.insert(meter_id.clone(), aggregation);
        }
        let feature = catalog::Feature {
            id: id(5, key),
            key: key.to_owned(),
            meter_id,
            ..catalog::Feature::default()
        };
        neighbors.features.push(feature.clone());
        feature.id
    }

    /// Reports usage of the customer's second subject.
    pub(crate) fn used(&self, time: &str, value: i64) {
        let event = Event {
            subject: "acme-eu",
            time: at(time),
            value,
            model: "gpt-4",
        };
        self.report(event);
    }

    /// Reports usage.
    pub(crate) fn report(&self, event: Event) {
        let second = event.time.as_second();
        let scopes = [
            format!("subject:{}", event.subject),
            format!("day:{}:{}", second.div_euclid(86_400), event.subject),
            format!("hour:{}:{}", second.div_euclid(3_600), event.subject),
        ];
        self.neighbors.lock().unwrap().events.push(event);
        for scope in scopes {
            self.metering_versions.touch(project(1), &scope);
        }
    }

    /// How many spans metering was asked for so far.
    pub(crate) fn spans(&self) -> usize {
        self.neighbors.lock().unwrap().spans
    }

    /// Brings an event of metering's feed, as the follower of that feed does.
    pub(crate) async fn hear(&self, now: &str, kind: &str, payload: Vec<u8>) -> bool {
        let spec = crate::consume::usage(self.server.clients.clone());
        let event = chassis::feed::Event {
            cursor: 1,
            kind: kind.to_owned(),
            project: project(1),
            id: "x".to_owned(),
            revision: 1,
            payload,
            create_time: at(now),
            actor: "service:metering".to_owned(),
        };
        let reader = self.server.db.reader();
        if !spec.handler.wants(reader, &event).await.unwrap() {
            return false;
        }
        let context = Context::background(&self.env, project(1), at(now));
        let mut write = self.server.db.system_write(&context).await.unwrap();
        spec.handler.apply(&mut write, &event).await.unwrap();
        write.commit().await.unwrap();
        true
    }

    pub(crate) fn context(&self, now: &str) -> Context {
        self.context_in(1, now)
    }

    fn context_in(&self, project: u128, now: &str) -> Context {
        Context::new(
            self::project(project),
            "key:test".to_owned(),
            Grants::All,
            Some(at(now)),
            chassis::token::Signer::new(&self.master),
        )
    }

    /// A request at a time.
    pub(crate) fn at<T>(&self, now: &str, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.extensions_mut().insert(self.context(now));
        request
    }

    /// A request of another project.
    pub(crate) fn elsewhere<T>(&self, now: &str, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.extensions_mut().insert(self.context_in(2, now));
        request
    }

    pub(crate) async fn create(
        &self,
        now: &str,
        new: pb::NewEntitlement,
    ) -> Result<pb::Entitlement, Status> {
        let message = pb::CreateEntitlementRequest {
            entitlement: Some(new),
            request_id: String::new(),
        };
        let answer = self
            .server
            .create_entitlement(self.at(now, message))
            .await?;
        Ok(answer.into_inner().entitlement.unwrap())
    }

    pub(crate) async fn grant(
        &self,
        now: &str,
        entitlement: pb::EntitlementRef,
        grant: pb::NewGrant,
    ) -> Result<pb::Grant, Status> {
        let message = pb::CreateGrantRequest {
            entitlement: Some(entitlement),
            grant: Some(grant),
            request_id: String::new(),
        };
        let answer = self.server.create_grant(self.at(now, message)).await?;
        Ok(answer.into_inner().grant.unwrap())
    }

    pub(crate) async fn value(
        &self,
        now: &str,
        entitlement: pb::EntitlementRef,
    ) -> Result<pb::EntitlementValue, Status> {
        let message = pb::GetEntitlementValueRequest {
            entitlement: Some(entitlement),
            time: None,
            allow_missing: false,
        };
        let answer = self
            .server
            .get_entitlement_value(self.at(now, message))
            .await?;
        Ok(answer.into_inner().value.unwrap())
    }

    /// (has access, balance, usage, overage) of the metered feature `tokens`.
    pub(crate) async fn tokens(&self, now: &str) -> (bool, String, String, String) {
        let value = self.value(now, feature("tokens")).await.unwrap();
        let Some(pb::entitlement_value::Kind::Metered(metered)) = &value.kind else {
            panic!("no balance: {value:?}");
        };
        let text =
            |value: &Option<contract::kernel::v1::Decimal>| digits(value.as_ref()).to_owned();
        (
            value.has_access,
            text(&metered.balance),
            text(&metered.usage),
            text(&metered.overage),
        )
    }

    pub(crate) async fn reset(
        &self,
        now: &str,
        message: pb::ResetEntitlementUsageRequest,
    ) -> Result<pb::Entitlement, Status> {
        let answer = self
            .server
            .reset_entitlement_usage(self.at(now, message))
            .await?;
        Ok(answer.into_inner().entitlement.unwrap())
    }

    pub(crate) async fn delete(&self, now: &str, id: &str) -> Result<pb::Entitlement, Status> {
        let message = pb::DeleteEntitlementRequest {
            entitlement: Some(by_id(id)),
            ..pb::DeleteEntitlementRequest::default()
        };
        let answer = self
            .server
            .delete_entitlement(self.at(now, message))
            .await?;
        Ok(answer.into_inner().entitlement.unwrap())
    }

    /// Runs the timer of holds; answers how much it did.
    pub(crate) async fn run_holds(&self, now: &str) -> u64 {
        let timer = HoldTimer::new(self.server.db.clone(), self.server.clients.clone());
        let mut done = 0;
        for (project, _) in timer.due().await.unwrap() {
            let context = Context::background(&self.env, project, at(now));
            done += timer.run(&context).await.unwrap();
        }
        done
    }

    pub(crate) fn hold(&self, holder: &str) -> Option<contract::kernel::v1::Period> {
        let neighbors = self.neighbors.lock().unwrap();
        neighbors.holds.get(holder).cloned().flatten()
    }

    pub(crate) fn calls(&self, method: &str) -> usize {
        let neighbors = self.neighbors.lock().unwrap();
        neighbors
            .calls
            .iter()
            .filter(|call| *call == method)
            .count()
    }
}

pub(crate) fn customer_ref(id: &str) -> customer::CustomerRef {
    customer::CustomerRef {
        r#ref: Some(customer::customer_ref::Ref::IdOrKey(id.to_owned())),
    }
}

pub(crate) fn by_id(id: &str) -> pb::EntitlementRef {
    pb::EntitlementRef {
        customer: None,
        entitlement: Some(pb::entitlement_ref::Entitlement::Id(id.to_owned())),
    }
}

/// The customer's entitlement for a feature.
pub(crate) fn feature(key: &str) -> pb::EntitlementRef {
    pb::EntitlementRef {
        customer: Some(customer_ref("acme")),
        entitlement: Some(pb::entitlement_ref::Entitlement::IdOrFeatureKey(
            key.to_owned(),
        )),
    }
}

pub(crate) fn boolean(key: &str) -> pb::NewEntitlement {
    pb::NewEntitlement {
        customer: Some(customer_ref(CUSTOMER)),
        feature_key: key.to_owned(),
        kind: Some(pb::new_entitlement::Kind::Boolean(
            pb::BooleanEntitlement {},
        )),
        ..pb::NewEntitlement::default()
    }
}

/// Monthly tokens from the first of the month.
pub(crate) fn metered(part: pb::NewMeteredEntitlement) -> pb::NewEntitlement {
    pb::NewEntitlement {
        kind: Some(pb::new_entitlement::Kind::Metered(part)),
        usage_period: Some(pb::UsagePeriod {
            interval: "P1M".to_owned(),
            anchor_time: wire("2024-01-01T00:00Z"),
        }),
        ..boolean("tokens")
    }
}

pub(crate) fn issue(amount: i64) -> pb::NewMeteredEntitlement {
    pb::NewMeteredEntitlement {
        issue: Some(pb::Issue {
            amount: number(amount),
            priority: None,
        }),
        ..pb::NewMeteredEntitlement::default()
    }
}

pub(crate) fn new_grant(amount: i64, effective: &str) -> pb::NewGrant {
    pb::NewGrant {
        amount: number(amount),
        effective_time: wire(effective),
        ..pb::NewGrant::default()
    }
}

/// Where the service keeps its data.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are configured by their environment"
)]
async fn database(folder: &std::path::Path) -> String {
    let Some(server) = std::env::var("PERENNIAL_TEST_DATABASE_URL")
        .ok()
        .filter(|url| !url.is_empty())
    else {
        return Db::sqlite_url(folder, "entitlement");
    };
    let name = format!("e_{}", Ulid::generate().to_string().to_lowercase());
    let connection = sea_orm::Database::connect(&server).await.unwrap();
    connection
        .execute_unprepared(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}

fn neighbor(neighbors: Arc<Mutex<Neighbors>>) -> Link {
    Link::new(tower::service_fn(move |request: http::Request<Body>| {
        let neighbors = neighbors.clone();
        async move {
            let method = request.uri().path().rsplit('/').next().unwrap().to_owned();
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let answer = neighbors.lock().unwrap().answer(&method, &body[5..]);
            Ok(match answer {
                Ok(message) => respond(&message),
                Err(status) => status.into_http(),
            })
        }
    }))
}

fn respond(message: &[u8]) -> http::Response<Body> {
    let mut frame = BytesMut::with_capacity(message.len() + 5);
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap());
    frame.put_slice(message);
    let mut trailers = http::HeaderMap::new();
    trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
    let body = Full::<Bytes>::new(frame.freeze()).with_trailers(async move { Some(Ok(trailers)) });
    http::Response::builder()
        .header("content-type", "application/grpc")
        .body(Body::new(body))
        .unwrap()
}

fn read<M: Message + Default>(body: &[u8]) -> M {
    M::decode(body).unwrap()
}

impl Neighbors {
    fn answer(&mut self, method: &str, body: &[u8]) -> Result<Vec<u8>, Status> {
        self.calls.push(method.to_owned());
        if self.down.contains(method) {
            return Err(Status::unavailable("down"));
        }
        Ok(match method {
            "GetCustomer" => self.get_customer(&read(body))?.encode_to_vec(),
            "BatchGetCustomers" => {
                let asked: customer::BatchGetCustomersRequest = read(body);
                let found = asked
                    .ids
                    .iter()
                    .filter_map(|id| self.customers.get(id).cloned());
                customer::BatchGetCustomersResponse {
                    customers: found.collect(),
                }
                .encode_to_vec()
            }
            "ResolveSubjects" => {
                let asked: customer::ResolveSubjectsRequest = read(body);
                self.resolve_subjects(&asked).encode_to_vec()
            }
            "PlaceHold" => {
                let asked: customer::PlaceHoldRequest = read(body);
                self.holds.insert(asked.holder_id, asked.period);
                customer::PlaceHoldResponse::default().encode_to_vec()
            }
            "PlaceHolds" => {
                let asked: customer::PlaceHoldsRequest = read(body);
                for hold in asked.holds {
                    self.holds.insert(hold.holder_id, hold.period);
                }
                customer::PlaceHoldsResponse::default().encode_to_vec()
            }
            "ReleaseHold" => {
                let asked: customer::ReleaseHoldRequest = read(body);
                self.holds.remove(&asked.holder_id);
                customer::ReleaseHoldResponse::default().encode_to_vec()
            }
            "BatchGetEntitlementDefinitions" => {
                let asked: catalog::BatchGetEntitlementDefinitionsRequest = read(body);
                self.definitions(&asked).encode_to_vec()
            }
            "BatchGetFeatures" => self.batch_get_features(&read(body)).encode_to_vec(),
            "BatchGetMeters" => {
                let asked: metering::BatchGetMetersRequest = read(body);
                let meters = asked.ids.into_iter().map(|id| metering::Meter {
                    aggregation: self.aggregations[&id].into(),
                    id,
                    ..metering::Meter::default()
                });
                metering::BatchGetMetersResponse {
                    meters: meters.collect(),
                }
                .encode_to_vec()
            }
            "PlaceMeterHolds" => {
                let asked: metering::PlaceMeterHoldsRequest = read(body);
                let is_gone =
                    |hold: &metering::MeterHold| self.gone_meters.contains(&hold.meter_id);
                if asked.holds.iter().any(is_gone) {
                    return Err(Status::failed_precondition("a meter is deleted"));
                }
                let names = asked
                    .holds
                    .into_iter()
                    .map(|hold| (hold.meter_id, hold.holder_id));
                self.meter_holds.extend(names);
                metering::PlaceMeterHoldsResponse::default().encode_to_vec()
            }
            "ReleaseMeterHold" => {
                let asked: metering::ReleaseMeterHoldRequest = read(body);
                self.meter_holds.remove(&(asked.meter_id, asked.holder_id));
                metering::ReleaseMeterHoldResponse::default().encode_to_vec()
            }
            "QueryUsage" => {
                let asked: metering::QueryUsageRequest = read(body);
                self.spans += asked.queries.len();
                metering::QueryUsageResponse {
                    results: asked
                        .queries
                        .iter()
                        .map(|query| self.usage(query))
                        .collect(),
                }
                .encode_to_vec()
            }
            other => panic!("nobody answers {other}"),
        })
    }

    fn definitions(
        &self,
        asked: &catalog::BatchGetEntitlementDefinitionsRequest,
    ) -> catalog::BatchGetEntitlementDefinitionsResponse {
        let given = self
            .attached
            .iter()
            .filter(|(product, _)| asked.product_ids.contains(product));
        let definition = |key: &String| catalog::EntitlementDefinition {
            id: format!("ID-{key}"),
            lookup_key: key.clone(),
            ..Default::default()
        };
        catalog::BatchGetEntitlementDefinitionsResponse {
            entitlement_definitions: given.clone().map(|(_, key)| definition(key)).collect(),
            attachments: given
                .map(|(product, key)| catalog::EntitlementAttachment {
                    entitlement_definition_id: format!("ID-{key}"),
                    product_id: product.clone(),
                })
                .collect(),
        }
    }

    fn get_customer(
        &self,
        asked: &customer::GetCustomerRequest,
    ) -> Result<customer::GetCustomerResponse, Status> {
        use customer::customer_ref::Ref;
        let reference = asked.customer_ref.clone().unwrap().r#ref.unwrap();
        let (Ref::Id(name) | Ref::Key(name) | Ref::IdOrKey(name) | Ref::Handle(name)) = reference;
        let found = self
            .customers
            .values()
            .find(|customer| customer.id == name || customer.key == name)
            .cloned()
            .ok_or_else(|| Status::not_found("nobody"))?;
        Ok(customer::GetCustomerResponse {
            customer: Some(found),
        })
    }

    fn resolve_subjects(
        &self,
        asked: &customer::ResolveSubjectsRequest,
    ) -> customer::ResolveSubjectsResponse {
        let owner = |subject: &String| {
            self.customers.values().find(|customer| {
                let attributed = customer.usage_attribution.clone().unwrap_or_default();
                customer.key == *subject || attributed.subject_keys.contains(subject)
            })
        };
        let found = asked.subject_keys.iter().filter_map(|subject| {
            Some(customer::resolve_subjects_response::Attribution {
                subject_key: subject.clone(),
                customer_id: owner(subject)?.id.clone(),
            })
        });
        let owners: BTreeMap<&String, &customer::Customer> = asked
            .subject_keys
            .iter()
            .filter_map(owner)
            .map(|customer| (&customer.id, customer))
            .collect();
        customer::ResolveSubjectsResponse {
            attributions: found.collect(),
            customers: owners.into_values().cloned().collect(),
        }
    }

    fn batch_get_features(
        &self,
        asked: &catalog::BatchGetFeaturesRequest,
    ) -> catalog::BatchGetFeaturesResponse {
        let found = self.features.iter().rev().filter(|feature| {
            (asked.include_archived || feature.archive_time.is_none())
                && (asked.ids.contains(&feature.id) || asked.keys.contains(&feature.key))
        });
        catalog::BatchGetFeaturesResponse {
            features: found.cloned().collect(),
        }
    }

    fn usage(&self, query: &metering::UsageQuery) -> metering::UsageResult {
        let start = from_timestamp(query.start_time.as_ref().unwrap()).unwrap();
        let end = from_timestamp(query.end_time.as_ref().unwrap()).unwrap();
        let model = query.group_by_filters.get("model").map(|filter| {
            let Some(Operator::Equals(model)) = &filter.operator else {
                panic!("only equality is known here");
            };
            model.clone()
        });
        let mut inside: Vec<&Event> = self
            .events
            .iter()
            .filter(|event| query.subject_keys.iter().any(|key| key == event.subject))
            .filter(|event| start <= event.time && event.time < end)
            .filter(|event| model.as_ref().is_none_or(|model| model == event.model))
            .collect();
        inside.sort_by_key(|event| event.time);
        let value = match self.aggregations[&query.meter_id] {
            Aggregation::Count => Some(Decimal::from(inside.len())),
            Aggregation::UniqueCount => {
                let distinct: BTreeSet<i64> = inside.iter().map(|event| event.value).collect();
                Some(Decimal::from(distinct.len()))
            }
            Aggregation::Latest => inside.last().map(|event| Decimal::from(event.value)),
            Aggregation::Sum => inside
                .iter()
                .map(|event| Decimal::from(event.value))
                .reduce(|sum, value| sum + value),
            other @ (Aggregation::Unspecified
            | Aggregation::Avg
            | Aggregation::Min
            | Aggregation::Max) => panic!("{other:?} has no balance"),
        };
        metering::UsageResult {
            value: value.map(decimal),
            windows: Vec::new(),
        }
    }
}

/// The message inside an answer.
pub(crate) fn inside<T>(answer: Result<Response<T>, Status>) -> T {
    answer.unwrap().into_inner()
}
