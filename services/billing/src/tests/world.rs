//! The service on a temporary database, with neighbours that answer from memory.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use bytes::{BufMut as _, Bytes, BytesMut};
use chassis::{
    Context, Db, Env, Link, auth::Grants, clock::Clocks, config::ServiceConfig, link::Links,
    secret::MasterKey, timer::Timer,
};
use contract::{
    billing::v1::{self as pb, invoice_service_server::InvoiceService as _},
    catalog::v1 as catalog,
    customer::v1 as customer,
    metering::v1 as metering,
};
use http_body_util::{BodyExt as _, Full};
use kernel::{
    Decimal, Timestamp,
    id::{ProjectId, Ulid},
};
use prost::Message;
use tonic::{Request, Response, Status, body::Body};

use crate::{
    flow::{Billing, settings::Settings},
    grpc, store,
};

pub const CUSTOMER: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// What the neighbours know.
#[derive(Default)]
pub struct Neighbors {
    /// Usage: meter, instant and value.
    pub usage: Vec<(String, Timestamp, Decimal)>,
    /// Aggregation by meter id; features have the key of their meter.
    pub meters: BTreeMap<String, metering::meter::Aggregation>,
    /// Whether the customer is held.
    pub held: bool,
    /// The customer service takes no holds.
    pub refuses_holds: bool,
    /// When the customer was deleted.
    pub deleted: Option<Timestamp>,
    /// Calls of `QueryUsage`.
    pub questions: usize,
    /// Customers besides the one that is always there.
    pub others: Vec<String>,
    /// Customers that were held or released, in order.
    pub told: Vec<(String, bool)>,
}

/// The world of one test. Time is moved by hand.
pub struct World {
    pub billing: Billing,
    pub neighbors: Arc<Mutex<Neighbors>>,
    timers: Vec<Arc<dyn Timer>>,
    env: Env,
    now: Mutex<Timestamp>,
    _folder: tempfile::TempDir,
}

/// `2024-01-10` or `2024-01-10T15:00:00`, UTC.
pub fn at(text: &str) -> Timestamp {
    let full = if text.contains('T') {
        format!("{text}Z")
    } else {
        format!("{text}T00:00:00Z")
    };
    full.parse().unwrap()
}

pub fn wire(text: &str) -> Option<prost_types::Timestamp> {
    Some(contract::convert::timestamp(at(text)))
}

pub fn number(text: &str) -> Option<contract::kernel::v1::Decimal> {
    Some(contract::convert::decimal(
        kernel::decimal::parse(text).unwrap(),
    ))
}

pub fn shown(value: &Option<contract::kernel::v1::Decimal>) -> &str {
    value
        .as_ref()
        .map(|value| value.value.as_str())
        .unwrap_or_default()
}

/// A database of its own for each test: a file, or a new database on the PostgreSQL server
/// that `PERENNIAL_TEST_DATABASE_URL` names.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are configured by their environment"
)]
async fn database(folder: &std::path::Path) -> String {
    use sea_orm::ConnectionTrait as _;
    let Some(server) = std::env::var("PERENNIAL_TEST_DATABASE_URL")
        .ok()
        .filter(|url| !url.is_empty())
    else {
        return Db::sqlite_url(folder, "billing");
    };
    let name = format!(
        "t_{}",
        chassis::id::next::<Ulid>().to_string().to_lowercase()
    );
    let connection = sea_orm::Database::connect(&server).await.unwrap();
    connection
        .execute_unprepared(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    connection.close().await.unwrap();
    format!("{}/{name}", server.rsplit_once('/').unwrap().0)
}

impl World {
    /// A world in which it is `now`, with a meter `api` that sums.
    pub async fn new(now: &str) -> Self {
        Self::with(now, &[]).await
    }

    /// The same with settings of the service.
    pub async fn with(now: &str, settings: &[(&str, &str)]) -> Self {
        let neighbors = Arc::new(Mutex::new(Neighbors::default()));
        let links = Links::default();
        for service in ["customer", "catalog", "metering"] {
            links.join(service, neighbor(neighbors.clone()));
        }
        let folder = tempfile::tempdir().unwrap();
        let config = settings.iter().fold(
            ServiceConfig::on(database(folder.path()).await),
            |config, (name, value)| config.with_setting(name, *value),
        );
        let env = Env::new(
            "billing",
            config,
            links,
            Clocks::default(),
            MasterKey::generate(),
            tokio_util::sync::CancellationToken::new(),
        );
        let db = env.open_db(store::migration::all()).await.unwrap();
        let settings = Settings::read(&env.config).unwrap();
        let billing = Billing::new(&env, db, settings).unwrap();
        let world = Self {
            timers: grpc::timers(&billing),
            billing,
            neighbors,
            env,
            now: Mutex::new(at(now)),
            _folder: folder,
        };
        world.meter("api", metering::meter::Aggregation::Sum);
        world
    }

    pub fn meter(&self, key: &str, aggregation: metering::meter::Aggregation) {
        self.neighbors
            .lock()
            .unwrap()
            .meters
            .insert(key.to_owned(), aggregation);
    }

    pub fn used(&self, meter: &str, when: &str, value: i64) {
        self.neighbors.lock().unwrap().usage.push((
            meter.to_owned(),
            at(when),
            Decimal::from(value),
        ));
    }

    pub fn project(&self) -> ProjectId {
        ProjectId::from_ulid(Ulid(1))
    }

    pub fn context(&self) -> Context {
        let now = *self.now.lock().unwrap();
        Context::new(
            self.project(),
            "key:test".to_owned(),
            Grants::All,
            Some(now),
            self.env.signer(),
        )
    }

    /// A request of now.
    pub fn call<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.extensions_mut().insert(self.context());
        request
    }

    /// Moves time without running timers.
    pub fn jump(&self, to: &str) {
        *self.now.lock().unwrap() = at(to);
        self.env.clocks().set(self.project(), Some(at(to)));
    }

    /// Moves time and does all that falls due.
    pub async fn advance(&self, to: &str) {
        self.jump(to);
        let now = at(to);
        chassis::timer::in_order(&self.env, &self.timers, self.project(), now)
            .await
            .unwrap();
    }

    pub async fn pending(
        &self,
        currency: &str,
        lines: Vec<pb::LineInput>,
    ) -> pb::CreatePendingLinesResponse {
        self.try_pending_in(currency, lines).await.unwrap()
    }

    pub async fn try_pending(
        &self,
        lines: Vec<pb::LineInput>,
    ) -> Result<pb::CreatePendingLinesResponse, Status> {
        self.try_pending_in("USD", lines).await
    }

    async fn try_pending_in(
        &self,
        currency: &str,
        lines: Vec<pb::LineInput>,
    ) -> Result<pb::CreatePendingLinesResponse, Status> {
        let request = pb::CreatePendingLinesRequest {
            customer_id: CUSTOMER.to_owned(),
            currency_code: currency.to_owned(),
            lines,
            request_id: String::new(),
        };
        let answer = self.billing.create_pending_lines(self.call(request)).await;
        answer.map(Response::into_inner)
    }

    /// Adds a line for another customer, who is made known.
    pub async fn pending_of(&self, customer: &str, lines: Vec<pb::LineInput>) {
        let known = self
            .neighbors
            .lock()
            .unwrap()
            .others
            .contains(&customer.to_owned());
        if !known {
            let mut neighbors = self.neighbors.lock().unwrap();
            neighbors.others.push(customer.to_owned());
        }
        let request = pb::CreatePendingLinesRequest {
            customer_id: customer.to_owned(),
            currency_code: "USD".to_owned(),
            lines,
            request_id: String::new(),
        };
        self.billing
            .create_pending_lines(self.call(request))
            .await
            .unwrap();
    }

    pub async fn try_invoice(&self) -> Result<Vec<pb::Invoice>, Status> {
        let request = pb::InvoicePendingLinesRequest {
            customer_id: CUSTOMER.to_owned(),
            ..Default::default()
        };
        Ok(self
            .billing
            .invoice_pending_lines(self.call(request))
            .await?
            .into_inner()
            .invoices)
    }

    pub async fn invoice(&self) -> pb::Invoice {
        let mut made = self.try_invoice().await.unwrap();
        assert_eq!(made.len(), 1);
        made.remove(0)
    }

    pub async fn get(&self, id: &str) -> pb::Invoice {
        let request = pb::GetInvoiceRequest {
            invoice_id: id.to_owned(),
            include_deleted_lines: false,
        };
        self.billing
            .get_invoice(self.call(request))
            .await
            .unwrap()
            .into_inner()
            .invoice
            .unwrap()
    }

    /// The customer as invoices have it.
    pub async fn buyer(&self) -> crate::domain::party::Buyer {
        let known = self
            .billing
            .customer(&self.context(), CUSTOMER.parse().unwrap())
            .await
            .unwrap();
        crate::convert::customer::buyer(&known).unwrap()
    }

    /// Numbers of all standard invoices.
    pub async fn numbers(&self) -> Vec<String> {
        use sea_orm::{ConnectionTrait as _, Statement};
        let db = self.billing.db.reader();
        let statement = "SELECT number FROM invoice WHERE state <> 'gathering'";
        let rows = db
            .query_all_raw(Statement::from_string(db.get_database_backend(), statement))
            .await
            .unwrap();
        rows.iter()
            .map(|row| row.try_get("", "number").unwrap())
            .collect()
    }

    pub async fn list(&self) -> Vec<pb::Invoice> {
        let request = pb::ListInvoicesRequest {
            include_lines: true,
            page: 1,
            ..Default::default()
        };
        self.billing
            .list_invoices(self.call(request))
            .await
            .unwrap()
            .into_inner()
            .invoices
    }

    pub async fn standard(&self) -> Vec<pb::Invoice> {
        self.list()
            .await
            .into_iter()
            .filter(|invoice| status(invoice) != "gathering")
            .collect()
    }

    pub async fn gathering(&self) -> pb::Invoice {
        self.list()
            .await
            .into_iter()
            .find(|invoice| status(invoice) == "gathering")
            .unwrap()
    }

    pub async fn explain(&self, id: &str) -> pb::InvoiceExplanation {
        let request = pb::ExplainInvoiceRequest {
            invoice_id: id.to_owned(),
        };
        self.billing
            .explain_invoice(self.call(request))
            .await
            .unwrap()
            .into_inner()
            .explanation
            .unwrap()
    }

    /// What a new calculation of everything finds different, as `field recorded recomputed`.
    pub async fn differences(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut token = String::new();
        loop {
            let request = pb::ReconcileInvoicesRequest {
                page_size: 2,
                page_token: token,
                ..Default::default()
            };
            let page = self
                .billing
                .reconcile_invoices(self.call(request))
                .await
                .unwrap()
                .into_inner();
            let invoices = page.invoices.into_iter().flat_map(|one| one.differences);
            let missing = page
                .subscriptions
                .into_iter()
                .flat_map(|one| one.missing_lines);
            found.extend(
                invoices
                    .chain(missing)
                    .map(|one| format!("{} {} {}", one.field, one.recorded, one.recomputed)),
            );
            token = page.next_page_token;
            if token.is_empty() {
                return found;
            }
        }
    }

    pub async fn update_profile(&self, change: impl FnOnce(&mut pb::BillingProfile)) {
        use pb::profile_service_server::ProfileService as _;
        let request = pb::GetProfileRequest::default();
        let mut profile = self
            .billing
            .get_profile(self.call(request))
            .await
            .unwrap()
            .into_inner()
            .profile
            .unwrap();
        change(&mut profile);
        let request = pb::UpdateProfileRequest {
            profile: Some(profile),
            ..Default::default()
        };
        self.billing
            .update_profile(self.call(request))
            .await
            .unwrap();
    }
}

/// The extended status of an invoice.
pub fn status(invoice: &pb::Invoice) -> &str {
    &invoice.status_details.as_ref().unwrap().extended_status
}

pub fn actions(invoice: &pb::Invoice) -> pb::AvailableActions {
    invoice
        .status_details
        .clone()
        .unwrap()
        .available_actions
        .unwrap()
}

/// `amount/charges/discounts/total`.
pub fn sums(totals: &Option<pb::Totals>) -> String {
    let totals = totals.as_ref().unwrap();
    format!(
        "{}/{}/{}/{}",
        shown(&totals.amount),
        shown(&totals.charges_total),
        shown(&totals.discounts_total),
        shown(&totals.total)
    )
}

pub fn total(invoice: &pb::Invoice) -> &str {
    shown(&invoice.totals.as_ref().unwrap().total)
}

pub fn line(name: &str, from: &str, to: &str, due: &str, price: catalog::Price) -> pb::LineInput {
    let usage = !matches!(price.model, Some(catalog::price::Model::Flat(_)));
    pb::LineInput {
        name: name.to_owned(),
        period: Some(contract::kernel::v1::Period {
            start_time: wire(from),
            end_time: wire(to),
        }),
        invoice_time: wire(due),
        price: Some(price),
        feature_key: if usage {
            "api".to_owned()
        } else {
            String::new()
        },
        ..Default::default()
    }
}

pub fn flat(amount: &str, arrears: bool) -> catalog::Price {
    let term = if arrears {
        catalog::PaymentTerm::InArrears
    } else {
        catalog::PaymentTerm::InAdvance
    };
    catalog::Price {
        model: Some(catalog::price::Model::Flat(catalog::FlatPrice {
            amount: number(amount),
            payment_term: term.into(),
        })),
        ..Default::default()
    }
}

pub fn unit(amount: &str) -> catalog::Price {
    catalog::Price {
        model: Some(catalog::price::Model::Unit(catalog::UnitPrice {
            amount: number(amount),
        })),
        ..Default::default()
    }
}

pub fn tiered(mode: catalog::tiered_price::Mode, tiers: &[(&str, &str)]) -> catalog::Price {
    let tiers = tiers
        .iter()
        .map(|(up_to, unit)| catalog::PriceTier {
            up_to_amount: if up_to.is_empty() {
                None
            } else {
                number(up_to)
            },
            flat_amount: None,
            unit_amount: number(unit),
        })
        .collect();
    catalog::Price {
        model: Some(catalog::price::Model::Tiered(catalog::TieredPrice {
            mode: mode.into(),
            tiers,
        })),
        ..Default::default()
    }
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

impl Neighbors {
    fn answer(&mut self, method: &str, body: &[u8]) -> Result<Vec<u8>, Status> {
        Ok(match method {
            "GetCustomer" => {
                let request = customer::GetCustomerRequest::decode(body).unwrap();
                let asked = request.customer_ref.unwrap().r#ref.unwrap();
                let customer::customer_ref::Ref::Id(id) = asked else {
                    return Err(Status::not_found("no such customer"));
                };
                if id != CUSTOMER && !self.others.contains(&id) {
                    return Err(Status::not_found("no such customer"));
                }
                customer::GetCustomerResponse {
                    customer: Some(self.customer(&id)),
                }
                .encode_to_vec()
            }
            "BatchGetCustomers" => {
                let known = self.others.iter().map(String::as_str).chain([CUSTOMER]);
                customer::BatchGetCustomersResponse {
                    customers: known.map(|id| self.customer(id)).collect(),
                }
                .encode_to_vec()
            }
            "PlaceHold" | "ReleaseHold" if self.refuses_holds => {
                return Err(Status::unavailable("away"));
            }
            "PlaceHold" => {
                let request = customer::PlaceHoldRequest::decode(body).unwrap();
                self.told.push((request.customer_id, true));
                self.held = true;
                customer::PlaceHoldResponse::default().encode_to_vec()
            }
            "ReleaseHold" => {
                let request = customer::ReleaseHoldRequest::decode(body).unwrap();
                self.told.push((request.customer_id, false));
                self.held = false;
                customer::ReleaseHoldResponse {}.encode_to_vec()
            }
            "BatchGetFeatures" => {
                let request = catalog::BatchGetFeaturesRequest::decode(body).unwrap();
                let features = request
                    .keys
                    .iter()
                    .filter(|key| self.meters.contains_key(*key))
                    .map(|key| catalog::Feature {
                        id: format!("feature-{key}"),
                        key: key.clone(),
                        meter_id: key.clone(),
                        ..Default::default()
                    })
                    .collect();
                catalog::BatchGetFeaturesResponse { features }.encode_to_vec()
            }
            "BatchGetMeters" => {
                let request = metering::BatchGetMetersRequest::decode(body).unwrap();
                let meters = request
                    .ids
                    .iter()
                    .map(|id| metering::Meter {
                        id: id.clone(),
                        aggregation: self.meters[id].into(),
                        ..Default::default()
                    })
                    .collect();
                metering::BatchGetMetersResponse { meters }.encode_to_vec()
            }
            "QueryUsage" => {
                self.questions += 1;
                let request = metering::QueryUsageRequest::decode(body).unwrap();
                let results = request
                    .queries
                    .iter()
                    .map(|query| self.usage(query))
                    .collect();
                metering::QueryUsageResponse { results }.encode_to_vec()
            }
            other => return Err(Status::unimplemented(other.to_owned())),
        })
    }

    fn customer(&self, id: &str) -> customer::Customer {
        customer::Customer {
            id: id.to_owned(),
            key: "acme".to_owned(),
            display_name: "Test Customer".to_owned(),
            usage_attribution: Some(customer::UsageAttribution {
                subject_keys: vec!["acme-1".to_owned()],
            }),
            delete_time: self.deleted.map(contract::convert::timestamp),
            ..Default::default()
        }
    }

    /// Sums by day.
    fn days(
        &self,
        query: &metering::UsageQuery,
        from: Timestamp,
        to: Timestamp,
    ) -> Vec<metering::UsageWindow> {
        let mut days: BTreeMap<i64, Decimal> = BTreeMap::new();
        for (meter, when, value) in &self.usage {
            if *meter == query.meter_id && *when >= from && *when < to {
                *days.entry(when.as_second().div_euclid(86_400)).or_default() += *value;
            }
        }
        let time = |day: i64| {
            Some(contract::convert::timestamp(
                Timestamp::from_second(day * 86_400).unwrap(),
            ))
        };
        days.into_iter()
            .map(|(day, value)| metering::UsageWindow {
                start_time: time(day),
                end_time: time(day + 1),
                value: Some(contract::convert::decimal(value)),
            })
            .collect()
    }

    fn usage(&self, query: &metering::UsageQuery) -> metering::UsageResult {
        assert!(query.subject_keys.contains(&"acme-1".to_owned()));
        let time = |time: &Option<prost_types::Timestamp>| {
            contract::convert::from_timestamp(time.as_ref().unwrap()).unwrap()
        };
        let (from, to) = (time(&query.start_time), time(&query.end_time));
        let values = self
            .usage
            .iter()
            .filter(|(meter, when, _)| *meter == query.meter_id && *when >= from && *when < to)
            .map(|(_, _, value)| *value);
        let value = if self.meters[&query.meter_id] == metering::meter::Aggregation::Max {
            values.max().unwrap_or_default()
        } else {
            values.sum()
        };
        if query.window_size() == metering::WindowSize::Day {
            let windows = self.days(query, from, to);
            return metering::UsageResult {
                value: None,
                windows,
            };
        }
        metering::UsageResult {
            value: Some(contract::convert::decimal(value)),
            windows: Vec::new(),
        }
    }
}
