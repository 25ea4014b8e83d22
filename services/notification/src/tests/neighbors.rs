//! The services that notification reads, as a test wants them: they answer the few calls that it makes.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::Response as HttpResponse,
    routing::post,
};
use chassis::{Link, link::Links};
use contract::{
    catalog::v1 as catalog,
    convert::{decimal, timestamp},
    customer::v1 as customer,
    entitlement::v1 as entitlement,
    kernel::v1::Period,
};
use jiff::Timestamp;
use kernel::Decimal;
use prost::Message;
use tonic::{Code, Status, service::Routes};

use super::FEATURE;

/// What they answer. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct Neighbors(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Customers by id: subject key, and entitlement.
    customers: BTreeMap<String, Customer>,
    /// Boundaries of all usage periods, ascending.
    boundaries: Vec<Timestamp>,
    /// What calls are refused with.
    refused: Option<Code>,
    /// A customer whose balance cannot be computed.
    broken: Option<String>,
    calls: Vec<&'static str>,
    now: Timestamp,
}

/// A customer with one metered entitlement on `tokens`.
#[derive(Clone, Debug)]
pub struct Customer {
    /// ULID.
    pub id: String,
    /// Its subject.
    pub subject: String,
    /// ULID of the entitlement.
    pub entitlement: String,
    standing: (i64, i64, i64),
}

impl Neighbors {
    /// Makes them reachable.
    pub fn join(&self, links: &Links) {
        self.0.lock().unwrap().boundaries =
            ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"]
                .iter()
                .map(|day| format!("{day}T00:00:00Z").parse().unwrap())
                .collect();
        self.0.lock().unwrap().now = "2026-01-10T12:00:00Z".parse().unwrap();
        let router = Router::new();
        let router = self.answer(
            router,
            "catalog",
            "FeatureService/BatchGetFeatures",
            features,
        );
        let router = self.answer(
            router,
            "customer",
            "CustomerService/ResolveSubjects",
            resolve,
        );
        let router = self.answer(
            router,
            "customer",
            "CustomerService/BatchGetCustomers",
            customers,
        );
        let router = self.answer(router, "customer", "SubjectService/ListSubjects", subjects);
        let router = self.answer(
            router,
            "entitlement",
            "EntitlementService/BatchGetValues",
            values,
        );
        let link = Link::new(Routes::from(router));
        for service in ["catalog", "customer", "entitlement"] {
            links.join(service, link.clone());
        }
    }

    fn answer<Req, Resp>(
        &self,
        router: Router,
        service: &str,
        method: &'static str,
        answer: fn(&State, Req) -> Resp,
    ) -> Router
    where
        Req: Message + Default + 'static,
        Resp: Message + 'static,
    {
        let state = self.0.clone();
        let path = format!("/perennial.{service}.v1.{method}");
        router.route(
            &path,
            post(async move |body: Bytes| {
                let mut state = state.lock().unwrap();
                state.calls.push(method);
                let request = Req::decode(&body[5..]).unwrap();
                let asks_broken = state.broken.as_ref().is_some_and(|id| {
                    method.ends_with("BatchGetValues")
                        && String::from_utf8_lossy(&body).contains(id)
                });
                if let Some(code) = state.refused {
                    return Status::new(code, "refused by the test").into_http::<Body>();
                }
                if asks_broken {
                    return Status::internal("broken by the test").into_http::<Body>();
                }
                let message = answer(&state, request).encode_to_vec();
                let mut frame = vec![0];
                frame.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
                frame.extend(message);
                HttpResponse::builder()
                    .header("content-type", "application/grpc")
                    .header("grpc-status", "0")
                    .body(Body::from(frame))
                    .unwrap()
            }),
        )
    }

    /// A customer with an entitlement that nothing was used of.
    pub fn customer(&self, subject: &str) -> Customer {
        let id = || chassis::id::next::<kernel::id::CustomerId>().to_string();
        let made = Customer {
            id: id(),
            subject: subject.to_owned(),
            entitlement: id(),
            standing: (100, 0, 0),
        };
        self.0
            .lock()
            .unwrap()
            .customers
            .insert(made.id.clone(), made.clone());
        made
    }

    /// Sets balance, usage and overage.
    pub fn stands(&self, customer: &Customer, standing: (i64, i64, i64)) {
        self.0
            .lock()
            .unwrap()
            .customers
            .get_mut(&customer.id)
            .unwrap()
            .standing = standing;
    }

    /// Moves their clock.
    pub fn at(&self, now: Timestamp) {
        self.0.lock().unwrap().now = now;
    }

    /// Adds a boundary of usage periods, as a manual reset does.
    pub fn reset_at(&self, at: Timestamp) {
        let mut state = self.0.lock().unwrap();
        state.boundaries.push(at);
        state.boundaries.sort_unstable();
    }

    /// Refuses every call with a code, or none any more.
    pub fn refuse(&self, code: Option<Code>) {
        self.0.lock().unwrap().refused = code;
    }

    /// Cannot compute the balance of a customer.
    pub fn break_balance(&self, customer: &Customer) {
        self.0.lock().unwrap().broken = Some(customer.id.clone());
    }

    /// The calls since the last question.
    pub fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().unwrap().calls)
    }

    /// The entitlement of a customer, as its service tells the feed.
    pub fn entitlement(&self, customer: &Customer) -> entitlement::Entitlement {
        let state = self.0.lock().unwrap();
        state.entitlement(customer, state.now)
    }
}

impl State {
    fn period(&self, at: Timestamp) -> Period {
        let after = self
            .boundaries
            .iter()
            .position(|boundary| *boundary > at)
            .unwrap();
        Period {
            start_time: Some(timestamp(self.boundaries[after - 1])),
            end_time: Some(timestamp(self.boundaries[after])),
        }
    }

    fn entitlement(&self, customer: &Customer, at: Timestamp) -> entitlement::Entitlement {
        let first = Some(timestamp(self.boundaries[0]));
        entitlement::Entitlement {
            id: customer.entitlement.clone(),
            customer_id: customer.id.clone(),
            feature_id: FEATURE.to_owned(),
            feature_key: "tokens".to_owned(),
            kind: Some(entitlement::entitlement::Kind::Metered(
                entitlement::MeteredEntitlement {
                    measure_usage_from_time: first,
                    last_reset_time: first,
                    ..Default::default()
                },
            )),
            active_from_time: first,
            current_usage_period: Some(self.period(at)),
            ..Default::default()
        }
    }
}

fn features(
    _: &State,
    request: catalog::BatchGetFeaturesRequest,
) -> catalog::BatchGetFeaturesResponse {
    let asked = request.ids.iter().any(|id| id == FEATURE)
        || request.keys.iter().any(|key| key == "tokens");
    let feature = catalog::Feature {
        id: FEATURE.into(),
        key: "tokens".into(),
        ..Default::default()
    };
    catalog::BatchGetFeaturesResponse {
        features: asked.then_some(feature).into_iter().collect(),
    }
}

fn resolve(
    state: &State,
    request: customer::ResolveSubjectsRequest,
) -> customer::ResolveSubjectsResponse {
    let attributions = state
        .customers
        .values()
        .filter(|customer| request.subject_keys.contains(&customer.subject))
        .map(
            |customer| customer::resolve_subjects_response::Attribution {
                subject_key: customer.subject.clone(),
                customer_id: customer.id.clone(),
            },
        );
    customer::ResolveSubjectsResponse {
        attributions: attributions.collect(),
        customers: Vec::new(),
    }
}

fn customers(
    state: &State,
    request: customer::BatchGetCustomersRequest,
) -> customer::BatchGetCustomersResponse {
    let found = request.ids.iter().filter_map(|id| state.customers.get(id));
    customer::BatchGetCustomersResponse {
        customers: found
            .map(|found| customer::Customer {
                id: found.id.clone(),
                usage_attribution: Some(customer::UsageAttribution {
                    subject_keys: vec![found.subject.clone()],
                }),
                ..Default::default()
            })
            .collect(),
    }
}

fn subjects(_: &State, request: customer::ListSubjectsRequest) -> customer::ListSubjectsResponse {
    let known = request.keys.iter().filter(|key| key.starts_with("known"));
    customer::ListSubjectsResponse {
        subjects: known
            .map(|key| customer::Subject {
                id: FEATURE.to_owned(),
                key: key.clone(),
                ..Default::default()
            })
            .collect(),
        next_page_token: String::new(),
    }
}

fn values(
    state: &State,
    request: entitlement::BatchGetValuesRequest,
) -> entitlement::BatchGetValuesResponse {
    let at = request.time.as_ref().map_or(state.now, |time| {
        contract::convert::from_timestamp(time).unwrap()
    });
    let number = |value: i64| Some(decimal(Decimal::from(value)));
    let balance = |(index, query): (usize, &entitlement::batch_get_values_request::Query)| {
        let customer = state.customers.get(&query.customer_id)?;
        let (balance, usage, overage) = customer.standing;
        Some(entitlement::EntitlementBalance {
            query_index: i32::try_from(index).unwrap(),
            entitlement: Some(state.entitlement(customer, at)),
            value: Some(entitlement::EntitlementValue {
                has_access: true,
                kind: Some(entitlement::entitlement_value::Kind::Metered(
                    entitlement::MeteredValue {
                        balance: number(balance),
                        usage: number(usage),
                        overage: number(overage),
                        total_available_grant_amount: number(balance),
                        usage_period: Some(state.period(at)),
                    },
                )),
                ..Default::default()
            }),
        })
    };
    entitlement::BatchGetValuesResponse {
        balances: request
            .queries
            .iter()
            .enumerate()
            .filter_map(balance)
            .collect(),
    }
}
