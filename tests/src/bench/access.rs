//! Access: how many questions a second are answered, beside empty calls of tonic in the same process, through
//! the same kind of client on as many connections.
//!
//! The customer has a metered entitlement with 10 grants and 100,000 events in its current period. A check is
//! asked again and again with nothing new behind it, then while its usage keeps arriving; the bulk call asks
//! 100 customers for 10 features each. The target of each ratio is printed beside it.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use chassis::clock::system_now;
use contract::{
    catalog::v1::{CreateFeatureRequest, Feature, feature_service_client::FeatureServiceClient},
    customer::v1::{
        CreateCustomerRequest, Customer, CustomerRef, UsageAttribution, customer_ref::Ref,
        customer_service_client::CustomerServiceClient,
    },
    entitlement::v1::{
        self as pb, entitlement_service_client::EntitlementServiceClient,
        grant_service_client::GrantServiceClient,
    },
    metering::v1::{
        CreateMeterRequest, IngestEventsRequest, Meter, UsageEvent, meter::Aggregation,
        meter_service_client::MeterServiceClient, usage_service_client::UsageServiceClient,
    },
};
use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use tonic::{
    Request, Response, Status, body::Body, metadata::MetadataValue, server::UnaryService,
    transport::Channel,
};

use super::{RUNS, Table, start, table};
use crate::World;

/// Connections of a client.
const CONNECTIONS: usize = 2;
/// Calls in flight on each of them.
const IN_FLIGHT: usize = 16;
/// How long each thing is measured.
const SPAN: Duration = Duration::from_secs(4);
/// Events of history.
const EVENTS: usize = 100_000;
/// Events of one ingest call.
const BATCH: usize = 1_000;
/// Customers of the bulk call.
const CUSTOMERS: usize = 100;
/// Features of the bulk call.
const FEATURES: usize = 10;

/// An empty unary service: what any answer costs.
#[derive(Clone)]
struct Empty;

impl tonic::server::NamedService for Empty {
    const NAME: &'static str = "bench.Empty";
}

impl UnaryService<()> for Empty {
    type Response = ();
    type Future = Ready<Result<Response<()>, Status>>;

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::new(())))
    }
}

impl tower::Service<http::Request<Body>> for Empty {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = futures::future::BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(tonic_prost::ProstCodec::default());
            Ok(grpc.unary(Empty, request).await)
        })
    }
}

/// Runs it.
pub async fn run(_arguments: &[String]) -> anyhow::Result<()> {
    let world = start().await;
    let stage = Stage::set(&world).await?;
    let empty_address = serve_empty().await?;
    let nothing = connect(&empty_address).await?;
    let ours = connect(&world.grpc().to_string()).await?;
    let key = world.key();

    let (mut empties, mut checks, mut busy, mut bulks) = (vec![], vec![], vec![], vec![]);
    for _ in 0..RUNS {
        empties.push(rate_of(&nothing, |channel| empty_call(channel.clone())).await?);
        checks.push(rate_of(&ours, |channel| one_call(channel.clone(), key, "history")).await?);
        busy.push(stage.while_usage_arrives(&ours, key).await?);
        let bulk = bulk_request(&stage.customers);
        let calls = rate_of(&ours, |channel| bulk_call(channel.clone(), key, &bulk)).await?;
        #[expect(
            clippy::float_arithmetic,
            reason = "a figure to print, rounded by its reader"
        )]
        let pairs = calls * (CUSTOMERS * FEATURES) as f64;
        bulks.push(pairs);
    }

    let mut table = Table::new("access");
    let empty = ("an empty tonic call", empties.as_slice());
    table.row(
        "checks, 10 grants, 100,000 events (target: 0.35)",
        "calls/s",
        &checks,
        Some(empty),
    );
    table.row(
        "the same while its usage arrives 50 times a second (target: 0.35)",
        "calls/s",
        &busy,
        Some(empty),
    );
    let single = ("single checks", checks.as_slice());
    table.row(
        "pairs of 100 customers × 10 features in one call (target: 10)",
        "pairs/s",
        &bulks,
        Some(single),
    );
    table.print();
    world.stop().await;
    Ok(())
}

/// Serves nothing but empty calls, on an address of its own.
async fn serve_empty() -> anyhow::Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    tokio::spawn(
        tonic::transport::Server::builder()
            .add_service(Empty)
            .serve_with_incoming(
                tonic::transport::server::TcpIncoming::from(listener).with_nodelay(Some(true)),
            ),
    );
    Ok(address)
}

async fn connect(address: &str) -> anyhow::Result<Vec<Channel>> {
    let endpoint = Channel::from_shared(format!("http://{address}"))?.tcp_nodelay(true);
    let mut channels = Vec::new();
    for _ in 0..CONNECTIONS {
        channels.push(endpoint.connect().await?);
    }
    Ok(channels)
}

/// Calls a second, with all connections busy for a span.
async fn rate_of<Call, Pending>(channels: &[Channel], call: Call) -> anyhow::Result<f64>
where
    Call: Fn(&Channel) -> Pending,
    Pending: Future<Output = anyhow::Result<()>>,
{
    // The first call fills what both sides remember.
    call(&channels[0]).await?;
    let done = AtomicU64::new(0);
    let begun = Instant::now();
    let workers = channels
        .iter()
        .flat_map(|channel| std::iter::repeat_n(channel, IN_FLIGHT))
        .map(|channel| {
            let (call, done) = (&call, &done);
            async move {
                while begun.elapsed() < SPAN {
                    call(channel).await?;
                    done.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<_, anyhow::Error>(())
            }
        });
    try_join_all(workers).await?;
    Ok(table::rate(done.into_inner(), begun.elapsed()))
}

async fn empty_call(channel: Channel) -> anyhow::Result<()> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await?;
    let path = http::uri::PathAndQuery::from_static("/bench.Empty/Call");
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    client.unary(Request::new(()), path, codec).await?;
    Ok(())
}

fn with_key<T>(key: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    if let Ok(value) = MetadataValue::try_from(format!("Bearer {key}")) {
        request.metadata_mut().insert("authorization", value);
    }
    request
}

fn by_feature(customer: &str, feature: &str) -> pb::EntitlementRef {
    pb::EntitlementRef {
        customer: Some(CustomerRef {
            r#ref: Some(Ref::IdOrKey(customer.to_owned())),
        }),
        entitlement: Some(pb::entitlement_ref::Entitlement::IdOrFeatureKey(
            feature.to_owned(),
        )),
    }
}

async fn one_call(channel: Channel, key: &str, customer: &str) -> anyhow::Result<()> {
    let message = pb::GetEntitlementValueRequest {
        entitlement: Some(by_feature(customer, "f0")),
        time: None,
        allow_missing: false,
    };
    let answer = EntitlementServiceClient::new(channel)
        .get_entitlement_value(with_key(key, message))
        .await?;
    let value = answer.into_inner().value.context("a value")?;
    anyhow::ensure!(value.has_access, "the balance ran out");
    Ok(())
}

fn bulk_request(customers: &[String]) -> pb::BatchGetValuesRequest {
    let features: Vec<String> = (0..FEATURES).map(|number| format!("f{number}")).collect();
    pb::BatchGetValuesRequest {
        queries: customers
            .iter()
            .map(|customer| pb::batch_get_values_request::Query {
                customer_id: customer.clone(),
                feature_keys: features.clone(),
            })
            .collect(),
        time: None,
        metered_only: false,
        with_entitlements: false,
    }
}

async fn bulk_call(
    channel: Channel,
    key: &str,
    message: &pb::BatchGetValuesRequest,
) -> anyhow::Result<()> {
    let answer = EntitlementServiceClient::new(channel)
        .batch_get_values(with_key(key, message.clone()))
        .await?;
    let count = answer.into_inner().balances.len();
    anyhow::ensure!(count == CUSTOMERS * FEATURES, "answers are missing");
    Ok(())
}

/// What is measured against.
struct Stage {
    customers: Vec<String>,
    usage: UsageServiceClient<Channel>,
    key: &'static str,
    sent: AtomicU64,
}

impl Stage {
    async fn set(world: &World) -> anyhow::Result<Self> {
        let channel = connect(&world.grpc().to_string()).await?.remove(0);
        let key = world.key();
        for number in 0..FEATURES {
            let (mut meters, mut features) = (
                MeterServiceClient::new(channel.clone()),
                FeatureServiceClient::new(channel.clone()),
            );
            let meter = Meter {
                slug: format!("f{number}"),
                event_type: format!("use{number}"),
                aggregation: Aggregation::Sum.into(),
                value_property: "$.v".to_owned(),
                ..Meter::default()
            };
            let meter = CreateMeterRequest {
                meter: Some(meter),
                ..CreateMeterRequest::default()
            };
            meters.create_meter(with_key(key, meter)).await?;
            let feature = CreateFeatureRequest {
                feature: Some(Feature {
                    key: format!("f{number}"),
                    name: format!("f{number}"),
                    meter_slug: format!("f{number}"),
                    ..Feature::default()
                }),
                ..CreateFeatureRequest::default()
            };
            features.create_feature(with_key(key, feature)).await?;
        }
        let stage = Self {
            customers: Vec::new(),
            usage: UsageServiceClient::new(channel.clone()),
            key,
            sent: AtomicU64::new(0),
        };
        stage.customer(&channel, "history", 1, 10).await?;
        stage.history().await?;
        let mut customers = Vec::new();
        for number in 0..CUSTOMERS {
            let name = format!("customer-{number}");
            customers.push(stage.customer(&channel, &name, FEATURES, 1).await?);
        }
        Ok(Self { customers, ..stage })
    }

    /// A customer with metered entitlements and grants.
    async fn customer(
        &self,
        channel: &Channel,
        name: &str,
        features: usize,
        grants: usize,
    ) -> anyhow::Result<String> {
        let new = Customer {
            key: name.to_owned(),
            display_name: name.to_owned(),
            usage_attribution: Some(UsageAttribution {
                subject_keys: vec![name.to_owned()],
            }),
            ..Customer::default()
        };
        let request = CreateCustomerRequest {
            customer: Some(new),
            ..CreateCustomerRequest::default()
        };
        let made = CustomerServiceClient::new(channel.clone())
            .create_customer(with_key(self.key, request))
            .await?;
        let begun =
            contract::convert::timestamp(system_now() - SignedDuration::from_hours(24 * 20));
        for number in 0..features {
            let request = pb::CreateEntitlementRequest {
                entitlement: Some(pb::NewEntitlement {
                    customer: Some(CustomerRef {
                        r#ref: Some(Ref::IdOrKey(name.to_owned())),
                    }),
                    feature_key: format!("f{number}"),
                    usage_period: Some(pb::UsagePeriod {
                        interval: "P1M".to_owned(),
                        anchor_time: Some(begun),
                    }),
                    kind: Some(pb::new_entitlement::Kind::Metered(
                        pb::NewMeteredEntitlement {
                            measure_start: Some(
                                pb::new_metered_entitlement::MeasureStart::MeasureUsageFromTime(
                                    begun,
                                ),
                            ),
                            ..pb::NewMeteredEntitlement::default()
                        },
                    )),
                    ..pb::NewEntitlement::default()
                }),
                request_id: String::new(),
            };
            EntitlementServiceClient::new(channel.clone())
                .create_entitlement(with_key(self.key, request))
                .await?;
            for grant in 0..grants {
                let days = 20 - i64::try_from(grant)?;
                let effective = system_now() - SignedDuration::from_hours(24 * days)
                    + SignedDuration::from_mins(5);
                let request = pb::CreateGrantRequest {
                    entitlement: Some(by_feature(name, &format!("f{number}"))),
                    grant: Some(pb::NewGrant {
                        amount: Some(contract::convert::decimal(10_000_000.into())),
                        effective_time: Some(contract::convert::timestamp(effective)),
                        ..pb::NewGrant::default()
                    }),
                    request_id: String::new(),
                };
                GrantServiceClient::new(channel.clone())
                    .create_grant(with_key(self.key, request))
                    .await?;
            }
        }
        Ok(made.into_inner().customer.context("a customer")?.id)
    }

    /// 100,000 events of the last 19 days.
    async fn history(&self) -> anyhow::Result<()> {
        let span = 19 * 24 * 3_600;
        let step = i64::try_from(EVENTS)?;
        let begun = system_now() - SignedDuration::from_secs(span);
        for batch in 0..EVENTS / BATCH {
            let events = (0..BATCH).map(|index| {
                let number = i64::try_from(batch * BATCH + index).unwrap_or_default();
                self.event(begun + SignedDuration::from_secs(span * number / step))
            });
            self.ingest(events.collect()).await?;
        }
        Ok(())
    }

    fn event(&self, time: Timestamp) -> UsageEvent {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        UsageEvent {
            id: format!("e{number}"),
            source: "bench".to_owned(),
            r#type: "use0".to_owned(),
            subject: "history".to_owned(),
            time: Some(contract::convert::timestamp(time)),
            data: r#"{"v":1}"#.to_owned(),
        }
    }

    async fn ingest(&self, events: Vec<UsageEvent>) -> anyhow::Result<()> {
        let request = IngestEventsRequest {
            events,
            ..IngestEventsRequest::default()
        };
        let mut usage = self.usage.clone();
        usage.ingest_events(with_key(self.key, request)).await?;
        Ok(())
    }

    /// Checks a second while an event of the same customer arrives every 20 ms.
    async fn while_usage_arrives(&self, channels: &[Channel], key: &str) -> anyhow::Result<f64> {
        let done = Arc::new(AtomicBool::new(false));
        let writing = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(20));
            while !done.load(Ordering::Relaxed) {
                ticks.tick().await;
                self.ingest(vec![self.event(system_now())]).await?;
            }
            Ok::<_, anyhow::Error>(())
        };
        let asking = async {
            let rate = rate_of(channels, |channel| {
                one_call(channel.clone(), key, "history")
            })
            .await;
            done.store(true, Ordering::Relaxed);
            rate
        };
        let (written, rate) = tokio::join!(writing, asking);
        written?;
        rate
    }
}
