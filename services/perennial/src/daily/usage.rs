//! `perennial usage`.

use anyhow::{Context as _, ensure};
use contract::{
    json::message_to_json,
    metering::v1::{
        EventRef, FilterString, IngestEventsRequest, ListEventsRequest, QueryMeterRequest,
        ReplaceEventRequest, UsageEvent, VoidEventsRequest, WindowSize, filter_string::Operator,
    },
};
use perennial_sdk::Client;
use serde::Deserialize;
use serde_json::{json, value::RawValue};

use super::{content, customer_ids, list, meters, progress, time};
use crate::{
    cli::{UsageCommand, UsageQuery, Window},
    screen::{Column, List, Screen},
};

/// Events that are sent with one call.
const CALL: usize = 1_000;

const EVENTS: [Column; 7] = [
    Column::text("time", "event.time"),
    Column::text("source", "event.source"),
    Column::text("id", "event.id"),
    Column::text("type", "event.type"),
    Column::text("subject", "event.subject"),
    Column::name("state", "state", "STATE_"),
    Column::text("data", "event.data"),
];
const ROWS: [Column; 6] = [
    Column::text("from", "windowStartTime"),
    Column::text("to", "windowEndTime"),
    Column::text("subject", "subject"),
    Column::text("customer", "customerId"),
    Column::text("group", "groupBy"),
    Column::number("value", "value"),
];

/// Does it.
pub(crate) async fn run(
    client: &Client,
    command: UsageCommand,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    match command {
        UsageCommand::Meters { listing } => meters::show_all(client, listing, screen).await,
        UsageCommand::CreateMeter(new) => meters::create(client, new, screen).await,
        UsageCommand::DeleteMeter { meter } => meters::delete(client, meter, screen).await,
        UsageCommand::Events {
            subject,
            kind,
            customer,
            listing,
        } => {
            let filter = ListEventsRequest {
                subject: subject.map(equal),
                r#type: kind.map(equal),
                customer_ids: customer_ids(client, customer.as_deref()).await?,
                ..Default::default()
            };
            let fetch = |page_size, page_token| {
                let request = ListEventsRequest {
                    page_size,
                    page_token,
                    ..filter.clone()
                };
                async move {
                    let answer = client
                        .call(|_| async { client.usage().list_events(request.clone()).await });
                    let answer = answer.await?;
                    Ok((answer.events, answer.next_page_token))
                }
            };
            list(screen, "events", &EVENTS, listing, fetch).await
        }
        UsageCommand::Query(query) => add_up(client, query, screen).await,
        UsageCommand::Send { file, source } => {
            // All of it is read before anything is sent.
            let events =
                events(&content(&file)?, &source).with_context(|| file.display().to_string())?;
            send(client, &events, screen).await
        }
        UsageCommand::Void {
            source,
            ids,
            reason,
        } => {
            let events = ids.into_iter().map(|id| EventRef {
                source: source.clone(),
                id,
            });
            let request = VoidEventsRequest {
                events: events.collect(),
                reason,
                request_id: String::new(),
            };
            let answer = client.call(|request_id| async {
                let request = VoidEventsRequest {
                    request_id,
                    ..request.clone()
                };
                client.usage().void_events(request).await
            });
            screen.message(&answer.await?)
        }
        UsageCommand::Replace {
            source,
            id,
            data,
            subject,
            kind,
            time: at,
            new_id,
            reason,
        } => {
            let replacement = UsageEvent {
                id: new_id.unwrap_or_default(),
                r#type: kind.unwrap_or_default(),
                subject: subject.unwrap_or_default(),
                time: time(at.as_deref())?,
                data: data.unwrap_or_default(),
                ..Default::default()
            };
            let request = ReplaceEventRequest {
                event: Some(EventRef { source, id }),
                replacement: Some(replacement),
                reason,
                request_id: String::new(),
            };
            let answer = client.call(|request_id| async {
                let request = ReplaceEventRequest {
                    request_id,
                    ..request.clone()
                };
                client.usage().replace_event(request).await
            });
            screen.message(&answer.await?)
        }
    }
}

fn equal(text: String) -> FilterString {
    FilterString {
        operator: Some(Operator::Equals(text)),
    }
}

async fn add_up(client: &Client, query: UsageQuery, screen: &mut Screen<'_>) -> anyhow::Result<()> {
    let window = query
        .window
        .map_or(WindowSize::Unspecified, Window::to_wire);
    let request = QueryMeterRequest {
        meter: Some(meters::named(query.meter)),
        from_time: time(query.from.as_deref())?,
        to_time: time(query.to.as_deref())?,
        window_size: window.into(),
        subjects: query.subjects,
        customer_ids: customer_ids(client, query.customer.as_deref()).await?,
        group_by: query.group_by,
        ..Default::default()
    };
    let answer = client.call(|_| async { client.usage().query_meter(request.clone()).await });
    let answer = answer.await?;
    let items = answer.rows.iter().map(message_to_json);
    screen.list(&List {
        name: "rows",
        columns: &ROWS,
        items: items.collect::<Result<_, _>>()?,
        more: false,
    })
}

async fn send(
    client: &Client,
    events: &[UsageEvent],
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    let (mut accepted, mut new, mut pending) = (0, 0, 0);
    let bar = progress(events.len());
    for chunk in events.chunks(CALL) {
        let answer = client.call(|request_id| async {
            let request = IngestEventsRequest {
                events: chunk.to_vec(),
                request_id,
                ..Default::default()
            };
            client.usage().ingest_events(request).await
        });
        let answer = answer.await?;
        accepted += answer.accepted_count;
        new += answer.new_count;
        pending += answer.pending_count;
        bar.inc(chunk.len().try_into()?);
    }
    bar.finish_and_clear();
    screen.record(&json!({ "accepted": accepted, "new": new, "pending": pending }))
}

/// What is read of a CloudEvent.
#[derive(Deserialize)]
struct Line<'a> {
    id: String,
    source: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    subject: String,
    time: Option<String>,
    /// As it is written, so that numbers keep their digits.
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// Reads an event from each line that is not empty.
fn events(text: &str, source: &str) -> anyhow::Result<Vec<UsageEvent>> {
    let lines = (1_usize..).zip(text.lines());
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    let events: Vec<UsageEvent> = lines
        .map(|(number, line)| event(line, source).with_context(|| format!("line {number}")))
        .collect::<anyhow::Result<_>>()?;
    ensure!(!events.is_empty(), "there is no event");
    Ok(events)
}

fn event(line: &str, source: &str) -> anyhow::Result<UsageEvent> {
    let line: Line<'_> = serde_json::from_str(line)?;
    Ok(UsageEvent {
        id: line.id,
        source: line.source.unwrap_or_else(|| source.to_owned()),
        r#type: line.kind,
        subject: line.subject,
        time: time(line.time.as_deref())?,
        data: line
            .data
            .map(|data| data.get().to_owned())
            .unwrap_or_default(),
    })
}

impl Window {
    fn to_wire(self) -> WindowSize {
        match self {
            Self::Minute => WindowSize::Minute,
            Self::Hour => WindowSize::Hour,
            Self::Day => WindowSize::Day,
            Self::Month => WindowSize::Month,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn events_are_read_with_all_their_digits() {
        let text = "\n{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"api\",\"type\":\"t\",\"subject\":\"s\",\
                    \"time\":\"2026-01-01T00:00:00Z\",\"data\":{\"n\":0.10000000000000000001}}\n\
                    {\"id\":\"2\",\"type\":\"t\",\"subject\":\"s\"}\n";
        let read = events(text, "file").unwrap();
        assert_eq!(
            (read[0].source.as_str(), read[1].source.as_str()),
            ("api", "file")
        );
        assert_eq!(read[0].data, "{\"n\":0.10000000000000000001}");
        assert_eq!(read[0].time.unwrap().seconds, 1_767_225_600);
        assert_eq!((read[1].data.as_str(), read[1].time), ("", None));
    }

    #[test]
    fn a_wrong_line_is_named() {
        let good = "{\"id\":\"1\",\"type\":\"t\",\"subject\":\"s\"}";
        for wrong in [
            "{\"id\":\"1\"}",
            "x",
            "{\"id\":\"1\",\"type\":\"t\",\"subject\":\"s\",\"time\":\"now\"}",
        ] {
            let told = events(&format!("{good}\n{wrong}"), "file").unwrap_err();
            assert!(format!("{told:#}").starts_with("line 2: "), "{told:#}");
        }
        assert!(events("\n", "file").is_err());
    }
}
