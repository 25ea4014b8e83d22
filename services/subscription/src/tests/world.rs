//! The service on a database of its own (SQLite, or PostgreSQL where `PERENNIAL_TEST_DATABASE_URL` names a server), with
//! neighbors that answer from memory, can be down, can refuse, and can be there when the service dies.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use bytes::{BufMut as _, Bytes, BytesMut};
use chassis::auth::Grants;
use chassis::clock::Clocks;
use chassis::config::ServiceConfig;
use chassis::link::Links;
use chassis::secret::MasterKey;
use chassis::timer::Timer as _;
use chassis::{Context, Env, Link};
use contract::billing::v1 as billing;
use contract::catalog::v1 as catalog;
use contract::customer::v1 as customer;
use contract::entitlement::v1 as entitlement;
use contract::subscription::v1::{
    self as pb, subscription_service_server::SubscriptionService as _,
};
use http_body_util::{BodyExt as _, Full};
use jiff::Timestamp;
use kernel::id::{ProjectId, Ulid};
use prost::Message;
use tokio::sync::Notify;
use tonic::body::Body;
use tonic::{Request, Status};

use crate::clients::Clients;
use crate::convert;
use crate::domain::fixture::{flat, time, unpriced};
use crate::engine::Engine;
use crate::grpc::addon::SubscriptionAddonServer;
use crate::grpc::reported::ReportedServer;
use crate::grpc::revenue::RevenueServer;
use crate::grpc::subscription::SubscriptionServer;
use crate::multiple::Multiple;
use crate::revenue::Revenue;
use crate::worker::ApplyTimer;
use crate::{provision, store};

pub const CUSTOMER: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// What the neighbours know, and how they behave.
#[derive(Default)]
pub struct Neighbors {
    /// Plans by key and version.
    pub plans: BTreeMap<(String, i32), catalog::Plan>,
    /// The one add-on, and the plan that it is assigned to.
    pub addon: Option<catalog::PlanAddon>,
    /// Services that cannot be reached.
    pub down: BTreeSet<&'static str>,
    /// The method whose answer the service does not live to hear.
    pub last_words: Option<&'static str>,
    /// The method whose next answer takes until the test says so.
    pub slow: Option<&'static str>,
    /// What entitlement has reserved, by subscription.
    pub reserved: BTreeMap<String, pb::SubscriptionState>,
    /// Refusals by method.
    pub refuse: BTreeMap<&'static str, Status>,
    /// Methods called, in order.
    pub calls: Vec<String>,
    /// Newest states that entitlement and billing applied, by service and subscription.
    pub applied: BTreeMap<(&'static str, String), pb::SubscriptionState>,
    /// Holds by subscription.
    pub holds: BTreeMap<String, Option<contract::kernel::v1::Period>>,
    /// Holds on features by subscription.
    pub feature_holds: BTreeMap<String, Vec<catalog::FeatureHold>>,
    /// The newest report.
    pub report: Option<customer::ReportSubscriptionsRequest>,
    /// Issues that every check of a plan finds.
    pub issues: Vec<contract::kernel::v1::ValidationIssue>,
    /// The project; without a currency, in USD.
    pub project: customer::Project,
    /// Products of the catalog.
    pub products: Vec<catalog::Product>,
    /// Ids of its entitlement definitions by lookup key.
    pub definitions: BTreeMap<String, String>,
    /// The types of its apps, by id.
    pub app_types: BTreeMap<String, catalog::store_app::Type>,
    /// Whether the app that sells them is in the small-business program.
    pub small_business: bool,
    /// What entitlement was told that customers have by what they bought.
    pub rights: BTreeMap<String, entitlement::ApplyProductAccessRequest>,
    /// Rates into the project's currency.
    pub rates: BTreeMap<String, &'static str>,
    /// Ids of customers by every name that leads to one.
    pub customers: BTreeMap<String, String>,
    /// Products that were made sure of: key and interval.
    pub ensured: BTreeSet<(String, String)>,
}

/// How a test and its neighbors wait for each other.
#[derive(Default)]
pub struct Turns {
    /// The service dies.
    died: Notify,
    /// A slow neighbor has the question.
    pub parked: Notify,
    /// It may answer.
    pub resumed: Notify,
}

/// The world of one test.
pub struct World {
    pub subscriptions: SubscriptionServer,
    pub addons: SubscriptionAddonServer,
    pub revenue: RevenueServer,
    pub reported: ReportedServer,
    pub engine: Engine,
    pub neighbors: Arc<Mutex<Neighbors>>,
    env: Env,
    master: MasterKey,
    /// Whose turn it is, between the test and a neighbor.
    pub turns: Arc<Turns>,
    _database: testdb::TestDatabase,
}

impl World {
    pub async fn new() -> Self {
        Self::with(Multiple::default()).await
    }

    /// A world in which customers may have several subscriptions.
    pub async fn of_several() -> Self {
        Self::with(Multiple::parse("all").unwrap()).await
    }

    async fn with(multiple: Multiple) -> Self {
        let neighbors = Arc::new(Mutex::new(Neighbors::default()));
        let links = Links::default();
        let turns = Arc::new(Turns::default());
        for service in ["customer", "catalog", "entitlement", "billing"] {
            links.join(service, neighbor(service, neighbors.clone(), turns.clone()));
        }
        let database = testdb::TestDatabase::new("subscription").await;
        let master = MasterKey::generate();
        let config = ServiceConfig::on(database.url());
        let env = Env::new(
            "subscription",
            config,
            links,
            Clocks::default(),
            master.clone(),
            Default::default(),
        );
        let db = env.open_db(store::migration::all()).await.unwrap();
        let engine = Engine::new(db, Clients::new(&env), env.page_key(), multiple);
        let world = Self {
            subscriptions: SubscriptionServer::new(engine.clone()),
            addons: SubscriptionAddonServer::new(engine.clone()),
            revenue: RevenueServer::new(Revenue::new(engine.clone(), None)),
            reported: ReportedServer::new(engine.clone()),
            engine,
            neighbors,
            env,
            master,
            turns,
            _database: database,
        };
        world.plan("pro", 1, "10");
        world
    }

    /// Another process on the same database: after the first one died, or beside it.
    pub fn replica(&self) -> Engine {
        let Engine {
            db,
            clients,
            page_key,
            multiple,
            ..
        } = self.engine.clone();
        Engine::new(db, clients, page_key, multiple)
    }

    /// Starts a call whose process dies when the neighbor that answers `method` has heard it.
    pub async fn die<T: std::fmt::Debug>(
        &self,
        method: &'static str,
        call: impl Future<Output = Result<T, Status>>,
    ) {
        self.neighbors.lock().unwrap().last_words = Some(method);
        tokio::select! {
            outcome = call => panic!("it outlived {method}: {outcome:?}"),
            () = self.turns.died.notified() => {}
        }
        self.neighbors.lock().unwrap().last_words = None;
    }

    /// Offers a plan: a free month with a trial, then `fee` each month.
    pub fn plan(&self, key: &str, version: i32, fee: &str) {
        let phase = |key: &str, duration: &str, card| catalog::PlanPhase {
            key: key.to_owned(),
            name: key.to_owned(),
            duration: duration.to_owned(),
            rate_cards: vec![convert::rate_card::to_proto(&card)],
            ..Default::default()
        };
        let plan = catalog::Plan {
            id: format!("{key}-{version}"),
            key: key.to_owned(),
            version,
            name: format!("Plan {key}"),
            currency_code: "USD".to_owned(),
            billing_cadence: "P1M".to_owned(),
            phases: vec![
                phase("trial", "P1M", unpriced("fee")),
                phase("paid", "", flat("fee", fee)),
            ],
            state: catalog::plan::State::Active.into(),
            ..Default::default()
        };
        let mut neighbors = self.neighbors.lock().unwrap();
        for ((known, _), older) in &mut neighbors.plans {
            if known == key {
                older.set_state(catalog::plan::State::Archived);
            }
        }
        neighbors.plans.insert((key.to_owned(), version), plan);
    }

    pub fn context(&self, now: &str) -> Context {
        let clock = Some(time(now));
        let project = ProjectId::from_ulid(Ulid(1));
        Context::new(
            project,
            "key:test".to_owned(),
            Grants::All,
            clock,
            chassis::token::Signer::new(&self.master),
        )
    }

    /// A request at a time.
    pub fn at<T>(&self, now: &str, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.extensions_mut().insert(self.context(now));
        request
    }

    /// Subscribes the customer to `pro`.
    pub async fn subscribe(&self, now: &str) -> pb::SubscriptionView {
        let answer = self
            .subscriptions
            .create_subscription(self.at(now, create("pro")))
            .await
            .unwrap();
        answer.into_inner().view.unwrap()
    }

    /// Runs the worker as if all pauses were over; answers how much it did.
    pub async fn work(&self, now: &str) -> u64 {
        let context = Context::background(&self.env, ProjectId::from_ulid(Ulid(1)), time(now));
        ApplyTimer::new(self.engine.clone()).due().await.unwrap();
        let customer = CUSTOMER.parse().unwrap();
        provision::apply(&self.engine.db, &self.engine.clients, &context, customer)
            .await
            .unwrap()
    }

    /// What the next process does about erasures that were interrupted; answers how many it finished.
    pub async fn finish_erasures(&self, now: &str) -> u64 {
        let context = Context::background(&self.env, ProjectId::from_ulid(Ulid(1)), time(now));
        let timer = crate::erase::EraseTimer::new(self.replica());
        timer.due().await.unwrap();
        timer.run(&context).await.unwrap()
    }

    /// The revision that a service knows.
    pub fn known(&self, service: &'static str, id: &str) -> i64 {
        let neighbors = self.neighbors.lock().unwrap();
        let state = neighbors.applied.get(&(service, id.to_owned()));
        state
            .and_then(|state| state.subscription.as_ref())
            .map_or(0, |known| known.revision)
    }

    pub fn called(&self, method: &str) -> usize {
        let neighbors = self.neighbors.lock().unwrap();
        neighbors
            .calls
            .iter()
            .filter(|call| *call == method)
            .count()
    }
}

/// A creation from a plan, now.
pub fn create(plan: &str) -> pb::CreateSubscriptionRequest {
    pb::CreateSubscriptionRequest {
        customer: Some(pb::create_subscription_request::Customer::CustomerId(
            CUSTOMER.to_owned(),
        )),
        source: Some(source(plan, 0)),
        ..Default::default()
    }
}

pub fn source(plan: &str, version: i32) -> pb::SubscriptionSource {
    let plan = pb::PlanSelector {
        key: plan.to_owned(),
        version,
    };
    pb::SubscriptionSource {
        source: Some(pb::subscription_source::Source::Plan(plan)),
    }
}

pub fn policy(policy: pb::TimingPolicy) -> Option<pb::Timing> {
    Some(pb::Timing {
        when: Some(pb::timing::When::Policy(policy.into())),
    })
}

pub fn wire(at: &str) -> Option<prost_types::Timestamp> {
    Some(contract::convert::timestamp(time(at)))
}

fn neighbor(service: &'static str, neighbors: Arc<Mutex<Neighbors>>, turns: Arc<Turns>) -> Link {
    Link::new(tower::service_fn(move |request: http::Request<Body>| {
        let (neighbors, turns) = (neighbors.clone(), turns.clone());
        async move {
            let method = request.uri().path().rsplit('/').next().unwrap().to_owned();
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let answer = neighbors
                .lock()
                .unwrap()
                .answer(service, &method, &body[5..]);
            let slow = neighbors
                .lock()
                .unwrap()
                .slow
                .take_if(|slow| *slow == method)
                .is_some();
            if slow {
                turns.parked.notify_one();
                turns.resumed.notified().await;
            }
            if neighbors.lock().unwrap().last_words == Some(method.as_str()) {
                turns.died.notify_one();
                std::future::pending::<()>().await;
            }
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

pub fn read<M: Message + Default>(body: &[u8]) -> M {
    M::decode(body).unwrap()
}

impl Neighbors {
    fn answer(
        &mut self,
        service: &'static str,
        method: &str,
        body: &[u8],
    ) -> Result<Vec<u8>, Status> {
        self.calls.push(method.to_owned());
        if self.down.contains(service) {
            return Err(Status::unavailable("down"));
        }
        if let Some(status) = self.refuse.get(method) {
            return Err(status.clone());
        }
        if let Some(answer) = self.sold(method, body) {
            return answer;
        }
        Ok(match (service, method) {
            ("catalog", "GetPlan") => {
                let request: catalog::GetPlanRequest = read(body);
                catalog::GetPlanResponse {
                    plan: Some(self.find_plan(&request.plan.unwrap())?),
                }
                .encode_to_vec()
            }
            ("catalog", "ValidatePlan") => {
                let request: catalog::ValidatePlanRequest = read(body);
                let issues = self.issues.clone();
                catalog::ValidatePlanResponse {
                    issues,
                    plan: request.plan,
                }
                .encode_to_vec()
            }
            ("catalog", "GetAddon") => {
                let addon = self
                    .addon
                    .as_ref()
                    .and_then(|assigned| assigned.addon.clone());
                let addon = Some(addon.ok_or_else(|| Status::not_found("addon"))?);
                catalog::GetAddonResponse { addon }.encode_to_vec()
            }
            ("catalog", "GetPlanAddon") => {
                let request: catalog::GetPlanAddonRequest = read(body);
                let plan = request.plan.and_then(|plan| plan.r#ref);
                let linked = self.addon.clone().filter(|assigned| {
                    plan == Some(catalog::plan_ref::Ref::Id(assigned.plan_id.clone()))
                });
                let plan_addon = Some(linked.ok_or_else(|| Status::not_found("assignment"))?);
                catalog::GetPlanAddonResponse { plan_addon }.encode_to_vec()
            }
            ("catalog", "ReplaceFeatureHolds") => {
                let request: catalog::ReplaceFeatureHoldsRequest = read(body);
                self.feature_holds.insert(request.holder_id, request.holds);
                Vec::new()
            }
            ("entitlement", "ApplySubscription") => {
                let request: entitlement::ApplySubscriptionRequest = read(body);
                self.apply("entitlement", request.state.unwrap());
                Vec::new()
            }
            ("billing", "ApplySubscription") => {
                let request: billing::ApplySubscriptionRequest = read(body);
                self.apply("billing", request.state.unwrap());
                Vec::new()
            }
            ("billing", "EraseCustomerInvoices") => Vec::new(),
            ("customer", "GetCustomer" | "EnsureCustomer" | "AddAlias" | "EraseCustomer") => {
                self.named_customer(method, body)?
            }
            ("customer", _) => self.customer(method, body)?,
            ("catalog", "EnsureProduct") => {
                let request: catalog::EnsureProductRequest = read(body);
                self.ensured.insert((request.product_key, request.duration));
                catalog::EnsureProductResponse::default().encode_to_vec()
            }
            ("entitlement", "EraseCustomerRights") => Vec::new(),
            ("entitlement", "ReserveSubscription") => {
                let request: entitlement::ReserveSubscriptionRequest = read(body);
                self.reserve(request.state.unwrap())?;
                Vec::new()
            }
            (_, "CheckSetup") => Vec::new(),
            _ => return Err(Status::unimplemented(method.to_owned())),
        })
    }

    fn customer(&mut self, method: &str, body: &[u8]) -> Result<Vec<u8>, Status> {
        Ok(match method {
            "ReportSubscriptions" => {
                let report: customer::ReportSubscriptionsRequest = read(body);
                // What is reported holds the customer.
                let held = report.subscriptions.iter().cloned();
                self.holds = held.map(|one| (one.subscription_id, one.period)).collect();
                self.report = Some(report);
                Vec::new()
            }
            "ReserveForSubscription" | "ReleaseHold" => Vec::new(),
            "GetProject" => {
                let mut project = self.project.clone();
                if project.currency_code.is_empty() {
                    project.currency_code = "USD".to_owned();
                }
                customer::GetProjectResponse {
                    project: Some(project),
                }
                .encode_to_vec()
            }
            "GetRate" => {
                let request: customer::GetRateRequest = read(body);
                let value = self
                    .rates
                    .get(&request.from_currency_code)
                    .ok_or_else(|| Status::not_found("no rate"))?;
                let rate = Some(contract::kernel::v1::Decimal {
                    value: (*value).to_owned(),
                });
                let rate = Some(customer::ExchangeRate {
                    rate,
                    ..Default::default()
                });
                customer::GetRateResponse { rate }.encode_to_vec()
            }
            _ => return Err(Status::unimplemented(method.to_owned())),
        })
    }

    fn named_customer(&mut self, method: &str, body: &[u8]) -> Result<Vec<u8>, Status> {
        use customer::customer_ref::Ref;
        let customer = |id: &str| customer::Customer {
            id: id.to_owned(),
            ..Default::default()
        };
        Ok(match method {
            "GetCustomer" => {
                let request: customer::GetCustomerRequest = read(body);
                let found = match request.customer_ref.and_then(|by| by.r#ref) {
                    Some(Ref::Handle(name)) => customer(
                        self.customers
                            .get(&name)
                            .ok_or_else(|| Status::not_found("customer"))?,
                    ),
                    Some(Ref::Id(id)) => customer(&id),
                    Some(Ref::Key(_) | Ref::IdOrKey(_)) | None => customer(CUSTOMER),
                };
                customer::GetCustomerResponse {
                    customer: Some(found),
                }
                .encode_to_vec()
            }
            "EnsureCustomer" => {
                let request: customer::EnsureCustomerRequest = read(body);
                let number = 1_000 + self.customers.len() as u128;
                let name = match request.handle.as_str() {
                    "" => format!("pwu_{number}"),
                    name => name.to_owned(),
                };
                let new = || Ulid(number).to_string();
                let id = self.customers.entry(name).or_insert_with(new).clone();
                self.customers.insert(id.clone(), id.clone());
                let customer = Some(customer(&id));
                customer::EnsureCustomerResponse {
                    customer,
                    created: true,
                }
                .encode_to_vec()
            }
            "AddAlias" => {
                let request: customer::AddAliasRequest = read(body);
                if let Some(Ref::Id(id)) = request.customer_ref.and_then(|by| by.r#ref) {
                    self.customers.insert(request.alias, id);
                }
                Vec::new()
            }
            _ => {
                let request: customer::EraseCustomerRequest = read(body);
                self.customers.retain(|_, id| *id != request.customer_id);
                Vec::new()
            }
        })
    }

    fn find_plan(&self, by: &catalog::PlanRef) -> Result<catalog::Plan, Status> {
        let Some(catalog::plan_ref::Ref::Key(key)) = &by.r#ref else {
            return Err(Status::not_found("plan"));
        };
        let of_key = self.plans.iter().filter(|((known, _), _)| known == key);
        let mut wanted = of_key.filter(|((_, version), plan)| match by.version {
            0 => plan.state() == catalog::plan::State::Active,
            wanted => *version == wanted,
        });
        wanted
            .next()
            .map(|(_, plan)| plan.clone())
            .ok_or_else(|| Status::not_found("plan"))
    }

    /// Reserves the whole time of a subscription, which nobody else of its customer may have reserved.
    fn reserve(&mut self, state: pb::SubscriptionState) -> Result<(), Status> {
        let wanted = state.subscription.clone().unwrap();
        let span = |subscription: &pb::Subscription| kernel::period::OpenPeriod {
            start: instant(subscription.active_from_time.as_ref()),
            end: subscription
                .active_to_time
                .as_ref()
                .map(|end| instant(Some(end))),
        };
        for other in self.reserved.values().filter(|other| !other.deleted) {
            let other = other.subscription.as_ref().unwrap();
            if !state.deleted
                && other.id != wanted.id
                && other.customer_id == wanted.customer_id
                && span(other).overlaps(&span(&wanted))
            {
                return Err(chassis::error::to_status(Reserved(other.id.clone())));
            }
        }
        self.reserved.insert(wanted.id, state);
        Ok(())
    }

    fn apply(&mut self, service: &'static str, state: pb::SubscriptionState) {
        if service == "entitlement" {
            self.reserved
                .remove(&state.subscription.as_ref().unwrap().id);
        }
        let revision =
            |state: &pb::SubscriptionState| state.subscription.as_ref().unwrap().revision;
        let key = (service, state.subscription.as_ref().unwrap().id.clone());
        if self
            .applied
            .get(&key)
            .is_none_or(|known| revision(known) < revision(&state))
        {
            self.applied.insert(key, state);
        }
    }
}

/// How entitlement refuses what is reserved.
#[derive(Debug, thiserror::Error)]
#[error("reserved by subscription {0}")]
struct Reserved(String);

impl chassis::Problem for Reserved {
    const SERVICE: &'static str = "entitlement";

    fn code(&self) -> chassis::Code {
        chassis::Code::AlreadyExists
    }

    fn reason(&self) -> &'static str {
        "FEATURE_RESERVED_BY_SUBSCRIPTION"
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        vec![("subscription_id", self.0.clone())]
    }
}

/// An instant of the wire.
pub fn instant(time: Option<&prost_types::Timestamp>) -> Timestamp {
    contract::convert::from_required_timestamp(time).unwrap()
}
