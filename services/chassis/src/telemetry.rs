//! Logs, traces and metrics: one subscriber for the process, OTLP export where an endpoint
//! is set, W3C trace context on every hop, Prometheus metrics for `/metrics`.

mod exemplars;
mod lines;

use std::{
    collections::HashMap,
    sync::OnceLock,
    time::{Duration, SystemTime},
};

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::{
    KeyValue,
    propagation::{Extractor, TextMapPropagator as _},
    trace::{Span as _, SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _},
};
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{SdkTracer, SdkTracerProvider},
};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

pub use exemplars::openmetrics;

/// The header and the column that carry a trace on.
const TRACEPARENT: &str = "traceparent";

/// What makes spans; nothing where no traces are exported.
static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// Ends the export of traces when dropped.
#[derive(Debug, Default)]
pub struct Telemetry(Option<SdkTracerProvider>);

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(provider) = &self.0
            && let Err(error) = provider.shutdown()
        {
            eprintln!("the last traces were not exported: {error}");
        }
    }
}

/// Sets up logging at a level filter such as `info,billing=debug`, as lines of text, in color or not, or of
/// JSON, and export of traces to an OTLP endpoint if there is one.
pub fn init(
    filter: &str,
    json: bool,
    color: bool,
    otlp_endpoint: Option<&str>,
) -> Result<Telemetry, String> {
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let provider = otlp_endpoint
        .map(|endpoint| {
            let exporter = opentelemetry_otlp::SpanExporter::builder()
                .with_tonic()
                .with_endpoint(endpoint)
                .build()
                .map_err(|error| format!("otlp_endpoint: {error}"))?;
            Ok::<_, String>(
                SdkTracerProvider::builder()
                    .with_batch_exporter(exporter)
                    .with_resource(Resource::builder().with_service_name("perennial").build())
                    .build(),
            )
        })
        .transpose()?;
    let traces = provider.as_ref().map(|provider| {
        let tracer = TRACER.get_or_init(|| provider.tracer("perennial"));
        tracing_opentelemetry::layer().with_tracer(tracer.clone())
    });
    let filter = EnvFilter::try_new(filter).map_err(|error| format!("log: {error}"))?;
    let origin = lines::Origin::default();
    let registry = tracing_subscriber::registry()
        .with(filter)
        .with(traces)
        .with(origin.clone());
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(color)
        .with_writer(std::io::stderr);
    let done = if json {
        let lines = lines
            .json()
            .map_event_format(|format| lines::Traced::new(format, origin));
        registry.with(lines).try_init()
    } else {
        registry.with(lines.compact()).try_init()
    };
    done.map_err(|error| error.to_string())?;
    Ok(Telemetry(provider))
}

/// Upper bounds of the buckets of all durations, in seconds.
const DURATION_BUCKETS: [f64; 11] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

/// Upper bounds of the buckets of all numbers of events.
const EVENT_BUCKETS: [f64; 8] = [1.0, 10.0, 50.0, 100.0, 500.0, 1_000.0, 5_000.0, 10_000.0];

/// Installs the recorder of metrics and gives back what prints them.
pub fn install_metrics() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets(&DURATION_BUCKETS)?
        .set_buckets_for_metric(Matcher::Suffix("_events".to_owned()), &EVENT_BUCKETS)?
        .install_recorder()?;
    metrics::describe_histogram!(
        "perennial_rpc_duration_seconds",
        metrics::Unit::Seconds,
        "Time from the arrival of a call to its answer, by service, path and gRPC code"
    );
    metrics::describe_histogram!(
        "perennial_http_duration_seconds",
        metrics::Unit::Seconds,
        "Time from the arrival of a request at the gateway to its answer, by dialect and status"
    );
    metrics::describe_counter!(
        "perennial_feed_events_total",
        "Events that a consumer has applied, by consumer"
    );
    metrics::describe_gauge!(
        "perennial_feed_lag_seconds",
        metrics::Unit::Seconds,
        "Age of the oldest event that a consumer knows of and has not applied, by consumer"
    );
    metrics::describe_counter!(
        "perennial_database_statements_total",
        "Statements sent to the database, by service and by the RPC that caused them (empty: timers and feeds)"
    );
    metrics::describe_gauge!(
        "perennial_database_connections",
        "Connections of a service's pool: busy, idle, and the most there may be"
    );
    metrics::describe_counter!(
        "perennial_calls_shed_total",
        "Calls turned away because too many went on at once, by service"
    );
    metrics::describe_counter!(
        "perennial_changes_total",
        "Committed changes that a feed tells of, by service and kind, such as invoice.created"
    );
    metrics::describe_counter!(
        "perennial_usage_events_total",
        "New usage events put into the database"
    );
    metrics::describe_gauge!(
        "perennial_tls_files_usable",
        "Whether the TLS files of a purpose (grpc, http, links) are in use as they are now: 0 where those before them are"
    );
    metrics::describe_counter!(
        "perennial_tls_rotations_total",
        "Times that new TLS files were taken in, by purpose"
    );
    metrics::describe_counter!(
        "perennial_tls_handshakes_failed_total",
        "Callers with whom no TLS was agreed on, by purpose"
    );
    metrics::describe_counter!(
        "perennial_timer_work_total",
        "Things that timers have done, by service and timer"
    );
    Ok(handle)
}

/// The W3C trace context of the current span; empty when traces are off.
pub fn current_traceparent() -> String {
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&tracing::Span::current().context(), &mut carrier);
    carrier.remove(TRACEPARENT).unwrap_or_default()
}

/// Records how long something took; of a trace that is exported, which one it was too.
pub fn record_duration(
    name: &'static str,
    labels: Vec<metrics::Label>,
    span: &tracing::Span,
    took: Duration,
) {
    if TRACER.get().is_some() {
        let context = span.context();
        let traced = context.span().span_context().clone();
        if traced.is_sampled() {
            let (seconds, now) = (took.as_secs_f64(), crate::clock::system_now());
            exemplars::keep(name, &labels, traced.trace_id(), seconds, now);
        }
    }
    metrics::histogram!(name, labels).record(took);
}

/// Makes the span a child of the trace context in some headers.
pub fn continue_trace(span: &tracing::Span, headers: &http::HeaderMap) {
    struct Headers<'a>(&'a http::HeaderMap);
    impl Extractor for Headers<'_> {
        fn get(&self, key: &str) -> Option<&str> {
            self.0.get(key).and_then(|value| value.to_str().ok())
        }
        fn keys(&self) -> Vec<&str> {
            self.0.keys().map(http::HeaderName::as_str).collect()
        }
    }
    if headers.contains_key(TRACEPARENT) {
        set_parent(span, &Headers(headers));
    }
}

/// Makes the span a child of what `current_traceparent` said when the work was left for later.
pub fn continue_later(span: &tracing::Span, traceparent: &str) {
    if !traceparent.is_empty() {
        let carrier = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
        set_parent(span, &carrier);
    }
}

fn set_parent(span: &tracing::Span, carrier: &dyn Extractor) {
    let parent = TraceContextPropagator::new().extract(carrier);
    // Fails only where no trace layer is installed: then there is nothing to continue.
    if span.set_parent(parent).is_err() {
        tracing::trace!("no trace layer");
    }
}

/// Puts a statement that has just ended into the trace of what sent it. Never with its values.
pub(crate) fn trace_statement(service: &'static str, sql: &str, took: Duration, failed: bool) {
    let Some(tracer) = TRACER.get() else {
        return;
    };
    let context = tracing::Span::current().context();
    if !context.span().span_context().is_sampled() {
        return;
    }
    let end = SystemTime::from(crate::clock::system_now());
    let operation = sql.split_whitespace().next().unwrap_or_default();
    let mut span = tracer
        .span_builder(operation.to_uppercase())
        .with_kind(SpanKind::Client)
        .with_start_time(end.checked_sub(took).unwrap_or(end))
        .with_attributes([
            KeyValue::new("db.namespace", service),
            KeyValue::new("db.query.text", sql.to_owned()),
        ])
        .start_with_context(tracer, &context);
    if failed {
        span.set_status(Status::error("the statement failed"));
    }
    span.end_with_timestamp(end);
}
