//! One trace from a request to the gateway through the services and their statements, out of a feed and into a webhook, as
//! a collector of traces sees it.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use contract::notification::v1 as notification;
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    trace::v1::Span,
};
use perennial_sdk::Client;
use reqwest::Method;
use serde_json::json;
use suite::{Installation, Receiver};
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, transport::Server};

use super::setup::{company, customer, eventually};

const LIMIT: Duration = Duration::from_secs(90);
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// Keeps the spans of the trace that the test begins.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Span>>>);

impl Collector {
    fn spans(&self) -> Vec<Span> {
        let spans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        spans.clone()
    }
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let resources = request.into_inner().resource_spans.into_iter();
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        let spans = scopes.flat_map(|scope| scope.spans);
        let ours = spans.filter(|span| hex(&span.trace_id) == TRACE);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(ours);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn hex(bytes: &[u8]) -> String {
    chassis::secret::hex(bytes)
}

/// Tells a receiver of invoices that are made.
async fn tell(client: &Client, receiver: &Receiver) {
    let webhook = notification::Webhook {
        url: receiver.url("/"),
        ..Default::default()
    };
    let channel = notification::Channel {
        name: "all".into(),
        target: Some(notification::channel::Target::Webhook(webhook)),
        ..Default::default()
    };
    let request = notification::CreateChannelRequest {
        channel: Some(channel),
        ..Default::default()
    };
    let made = client.channels().create_channel(request).await.unwrap();
    let rule = notification::Rule {
        name: "invoices".into(),
        event_type: notification::EventType::InvoiceCreated.into(),
        channels: vec![notification::RuleChannel {
            id: made.into_inner().channel.unwrap().id,
            ..Default::default()
        }],
        ..Default::default()
    };
    let request = notification::CreateRuleRequest {
        rule: Some(rule),
        ..Default::default()
    };
    client.rules().create_rule(request).await.unwrap();
}

/// What is missing in the trace.
fn missing(spans: &[Span]) -> Option<String> {
    let names: BTreeSet<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    let wanted = [
        "request",
        "/perennial.subscription.v1.SubscriptionService/CreateSubscription",
        "SELECT",
        "notification.billing",
        "webhook",
    ];
    let absent: Vec<&str> = wanted
        .into_iter()
        .filter(|wanted| !names.contains(wanted))
        .collect();
    if !absent.is_empty() {
        return Some(format!("no {absent:?} among {names:?}"));
    }
    let known: BTreeSet<String> = spans.iter().map(|span| hex(&span.span_id)).collect();
    let orphan = spans.iter().find(|span| {
        let parent = hex(&span.parent_span_id);
        parent != CALLER && !known.contains(&parent)
    });
    orphan.map(|span| format!("{} has no parent", span.name))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_and_all_that_follows_from_it_is_one_trace() {
    let collector = Collector::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let collecting = tokio::spawn(
        Server::builder()
            .add_service(TraceServiceServer::new(collector.clone()))
            .serve_with_incoming_shutdown(
                TcpListenerStream::new(listener),
                stop.clone().cancelled_owned(),
            ),
    );
    let receiver = Receiver::start(|_| 200).await;
    let otlp = format!("--otlp-endpoint={endpoint}");
    let flags = [otlp.as_str(), "--allow-private-webhooks"];
    let installation = Installation::all_in_one_with(&flags).await.unwrap();
    let client = installation.client();
    company(&client).await;
    tell(&client, &receiver).await;
    let id = customer(&client, "acme", "").await.unwrap();

    let rest = installation.rest();
    let body = json!({"customerId": id, "plan": {"key": "pro"}});
    let request = rest
        .request(Method::POST, "/api/v1/subscriptions")
        .header("traceparent", format!("00-{TRACE}-{CALLER}-01"))
        .json(&body);
    rest.send(request).await.expect(201);

    let message = eventually(LIMIT, || async {
        receiver
            .messages()
            .pop()
            .ok_or_else(|| "no webhook".to_owned())
    })
    .await;
    let traceparent = &message.headers["traceparent"];
    assert!(
        traceparent.starts_with(&format!("00-{TRACE}-")),
        "{traceparent}"
    );
    let spans = eventually(LIMIT, || async {
        let spans = collector.spans();
        match missing(&spans) {
            Some(missing) => Err(missing),
            None => Ok(spans),
        }
    })
    .await;
    let sender = traceparent.split('-').nth(2).unwrap();
    let webhook = spans.iter().find(|span| hex(&span.span_id) == sender);
    assert_eq!(webhook.unwrap().name, "webhook");

    // Whoever asks for OpenMetrics finds the trace where its durations are counted; the other form has none.
    let accept = "application/openmetrics-text; version=1.0.0";
    let metrics = rest.request(Method::GET, "/metrics");
    let answer = rest.send(metrics.header("accept", accept)).await;
    assert!(answer.text.ends_with("# EOF\n"));
    for (family, label) in [
        ("perennial_http_duration_seconds", "dialect=\"openmeter\""),
        (
            "perennial_rpc_duration_seconds",
            "SubscriptionService/CreateSubscription",
        ),
    ] {
        let exemplar = format!(" # {{trace_id=\"{TRACE}\"}} ");
        let of_bucket =
            |line: &&str| line.starts_with(&format!("{family}_bucket{{")) && line.contains(label);
        let found = answer.text.lines().filter(of_bucket);
        assert_eq!(
            found.filter(|line| line.contains(&exemplar)).count(),
            1,
            "{}",
            answer.text
        );
    }
    let plain = rest.get("/metrics").await;
    assert!(!plain.text.contains("trace_id") && !plain.text.contains("# EOF"));
    installation.stop().await.unwrap();
    stop.cancel();
    collecting.await.unwrap().unwrap();
}
