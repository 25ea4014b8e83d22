//! The events that benchmarks send, and the same as rows of a bare store.

use contract::metering::v1 as pb;

/// First second of the 30 days that events are spread over.
pub const START: i64 = 1_748_736_000;
/// Their length in seconds.
pub const SPAN: i64 = 30 * 86_400;
/// Different subjects.
const SUBJECTS: u64 = 100;
/// Different models, which usage is grouped by.
const MODELS: u64 = 4;

/// An event as the bare store takes it.
#[derive(Clone, Debug)]
pub struct Row {
    /// The project.
    pub project: String,
    /// The source.
    pub source: String,
    /// The id.
    pub id: String,
    /// The type.
    pub kind: String,
    /// The subject.
    pub subject: String,
    /// The time in microseconds.
    pub time: i64,
    /// The data.
    pub data: String,
}

/// Event number `number` of a run: subjects take turns, and time goes on by `step` seconds from one to the
/// next, as it does where events are sent when they happen.
pub fn event(run: &str, number: u64, step: f64) -> pb::UsageEvent {
    pb::UsageEvent {
        id: format!("{run}-{number:012}"),
        source: "bench".into(),
        r#type: "prompt".into(),
        subject: subject(number),
        time: Some(prost_types::Timestamp {
            seconds: second(number, step),
            nanos: 0,
        }),
        data: data(number),
    }
}

/// The same for the bare store.
pub fn row(run: &str, number: u64, step: f64) -> Row {
    Row {
        project: "01JZZZZZZZZZZZZZZZZZZZZZZZ".into(),
        source: "bench".into(),
        id: format!("{run}-{number:012}"),
        kind: "prompt".into(),
        subject: subject(number),
        time: second(number, step) * 1_000_000,
        data: data(number),
    }
}

/// The same as a CloudEvent in JSON.
pub fn json(event: &pb::UsageEvent) -> String {
    let time = contract::convert::from_timestamp(&event.time.unwrap_or_default());
    let time = time.map_or_else(|_| String::new(), |time| time.to_string());
    format!(
        r#"{{"specversion":"1.0","id":"{}","source":"{}","type":"{}","subject":"{}","time":"{time}","data":{}}}"#,
        event.id, event.source, event.r#type, event.subject, event.data
    )
}

#[expect(
    clippy::float_arithmetic,
    reason = "where an event lies in the month of a benchmark need not be exact"
)]
fn second(number: u64, step: f64) -> i64 {
    START + ((number as f64 * step) as i64).rem_euclid(SPAN)
}

fn subject(number: u64) -> String {
    format!("customer-{:03}", number % SUBJECTS)
}

fn data(number: u64) -> String {
    let (model, tokens) = (number / SUBJECTS % MODELS, number % 997);
    format!(r#"{{"model":"model-{model}","tokens":"{tokens}"}}"#)
}
