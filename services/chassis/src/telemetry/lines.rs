//! Lines of the log in JSON, each with the trace and the span that it belongs to.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use tracing::{Dispatch, Event, Subscriber, dispatcher::WeakDispatch};
use tracing_subscriber::{
    Layer,
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

/// The subscriber that the lines come from: its spans know their traces. A layer that only notes it.
#[derive(Clone, Default)]
pub struct Origin(Arc<OnceLock<WeakDispatch>>);

impl<S: Subscriber> Layer<S> for Origin {
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        self.0.get_or_init(|| subscriber.downgrade());
    }
}

/// Adds `trace_id` and `span_id` to the lines of another format, which end with the brace of an object.
pub struct Traced<F> {
    inner: F,
    origin: Origin,
}

impl<F> Traced<F> {
    /// The lines of a format with the traces of a subscriber.
    pub const fn new(inner: F, origin: Origin) -> Self {
        Self { inner, origin }
    }
}

impl<S, N, F> FormatEvent<S, N> for Traced<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let span = context.parent_span().map(|span| span.id());
        let Some(traced) = span.and_then(|span| self.origin.span_context(&span)) else {
            return self.inner.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.inner
            .format_event(context, Writer::new(&mut line), event)?;
        let (trace, span) = (traced.trace_id(), traced.span_id());
        match line.trim_end().strip_suffix('}') {
            Some(open) => writeln!(
                writer,
                "{open},\"trace_id\":\"{trace}\",\"span_id\":\"{span}\"}}"
            ),
            None => writer.write_str(&line),
        }
    }
}

impl Origin {
    /// The trace of a span, where traces are exported.
    fn span_context(&self, span: &tracing::span::Id) -> Option<SpanContext> {
        let subscriber = self.0.get()?.upgrade()?;
        let context = tracing_opentelemetry::get_otel_context(span, &subscriber)?;
        let found = context.span().span_context().clone();
        found.is_valid().then_some(found)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::{
        io::{self, Write},
        sync::Mutex,
    };

    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::telemetry::continue_later;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_inside_of_a_trace_name_it() {
        let (paper, origin) = (Paper::default(), Origin::default());
        let written = paper.clone();
        let provider = SdkTracerProvider::builder().build();
        let lines = tracing_subscriber::fmt::layer()
            .json()
            .map_event_format(|format| Traced::new(format, origin.clone()))
            .with_writer(move || paper.clone());
        let subscriber = tracing_subscriber::registry()
            .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("test")))
            .with(origin.clone())
            .with(lines);
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!("outside");
            let span = tracing::info_span!("work", answer = 42);
            continue_later(
                &span,
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            );
            span.in_scope(|| tracing::info!(reason = "{}", "inside"));
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[0].get("trace_id").is_none(), "{text}");
        assert_eq!(lines[0]["fields"]["message"], "outside");
        assert_eq!(lines[1]["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(lines[1]["span_id"].as_str().unwrap().len(), 16);
        assert_ne!(lines[1]["span_id"], "00f067aa0ba902b7");
        assert_eq!(lines[1]["span"]["answer"], 42);
        assert_eq!(lines[1]["fields"]["reason"], "{}");
    }
}
