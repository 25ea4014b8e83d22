//! What lies in the log: the events of one call that go to one partition. The form is protobuf, so that
//! versions of the service that run side by side understand each other's messages.

use std::{collections::BTreeMap, sync::Arc};

use chassis::{
    db::{instant, micros},
    secret::{hex, sha256},
};
use kernel::{Timestamp, id::ProjectId};
use prost::Message as _;

use super::partition;
use crate::{
    domain::event::{EventDraft, NewEvent},
    ingest::Batch,
};

/// The form that this version writes. One that it does not know is not guessed at.
const FORMAT: u32 = 1;
/// Most events of a message.
const EVENTS_MAX: usize = 500;
/// A message takes events in until it has this many bytes.
const BYTES_ENOUGH: usize = 256 * 1_024;
/// Longest message: a full one, and the longest event behind it.
pub const BYTES_MAX: usize = 512 * 1_024;

#[derive(Clone, PartialEq, prost::Message)]
struct LoggedEvents {
    #[prost(uint32, tag = "1")]
    format: u32,
    #[prost(string, tag = "2")]
    project: String,
    /// When the call was received, in microseconds since 1970.
    #[prost(int64, tag = "3")]
    ingest_time: i64,
    /// Whether an event that conflicts with a stored one is set aside, and not dropped.
    #[prost(bool, tag = "4")]
    reject_conflicts: bool,
    #[prost(message, repeated, tag = "5")]
    events: Vec<LoggedEvent>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct LoggedEvent {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(string, tag = "2")]
    source: String,
    #[prost(string, tag = "3")]
    kind: String,
    #[prost(string, tag = "4")]
    subject: String,
    /// Whole seconds since 1970.
    #[prost(int64, tag = "5")]
    time: i64,
    #[prost(bool, tag = "6")]
    time_sent: bool,
    #[prost(string, optional, tag = "7")]
    data: Option<String>,
}

/// A message on its way into the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The partition that it goes to.
    pub partition: u16,
    /// The same for the same events: the log drops a repetition within two minutes.
    pub id: String,
    /// The encoded events.
    pub payload: Vec<u8>,
}

/// A message from the log.
#[derive(Clone, Debug)]
pub struct Logged {
    /// The project of the call.
    pub project: ProjectId,
    /// Its events that went to this partition.
    pub batch: Arc<Batch>,
}

/// The messages of a call. Those of one partition are in the order of the call.
pub fn outgoing(project: ProjectId, batch: &Batch) -> Vec<Outgoing> {
    let mut partitions: BTreeMap<u16, Vec<&NewEvent>> = BTreeMap::new();
    for event in &batch.events {
        let partition = partition::of(project, &event.subject);
        partitions.entry(partition).or_default().push(event);
    }
    let mut messages = Vec::new();
    for (partition, events) in partitions {
        let mut rest = events.as_slice();
        while !rest.is_empty() {
            let mut bytes = 0;
            let count = rest
                .iter()
                .take(EVENTS_MAX)
                .take_while(|event| {
                    let before = bytes;
                    bytes += size(event);
                    before < BYTES_ENOUGH
                })
                .count();
            let (part, later) = rest.split_at(count);
            rest = later;
            messages.push(Outgoing {
                partition,
                id: id_of(project, part),
                payload: encode(project, batch, part),
            });
        }
    }
    messages
}

fn size(event: &NewEvent) -> usize {
    let data = event.data.as_ref().map_or(0, String::len);
    event.id.len() + event.source.len() + event.kind.len() + event.subject.len() + data + 32
}

fn encode(project: ProjectId, batch: &Batch, events: &[&NewEvent]) -> Vec<u8> {
    let events = events.iter().map(|event| LoggedEvent {
        id: event.id.clone(),
        source: event.source.clone(),
        kind: event.kind.clone(),
        subject: event.subject.clone(),
        time: event.time.as_second(),
        time_sent: event.time_sent,
        data: event.data.clone(),
    });
    LoggedEvents {
        format: FORMAT,
        project: project.to_string(),
        ingest_time: micros(batch.ingest_time),
        reject_conflicts: batch.reject_conflicts,
        events: events.collect(),
    }
    .encode_to_vec()
}

/// A name for what these events say. Their identities alone would not do: an event that conflicts with an
/// earlier one must get through, to be seen. A time that was not sent is no part of what is said.
pub fn id_of(project: ProjectId, events: &[&NewEvent]) -> String {
    let mut said = project.to_string().into_bytes();
    for event in events {
        let time = if event.time_sent {
            event.time.as_second()
        } else {
            0
        };
        let data = event.data.as_deref().unwrap_or_default();
        for text in [&event.source, &event.id, &event.kind, &event.subject, data] {
            said.extend(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            said.extend(text.as_bytes());
        }
        said.extend(time.to_be_bytes());
    }
    hex(&sha256(&said))
}

impl Logged {
    /// Reads a message, or says why it cannot be read. Its events are checked as on their way in: what is
    /// in the log need not be ours.
    pub fn decode(payload: &[u8]) -> Result<Self, String> {
        let logged = LoggedEvents::decode(payload).map_err(|_| "is no message of the log")?;
        if logged.format != FORMAT {
            return Err(format!("has the unknown form {}", logged.format));
        }
        let project: ProjectId = logged.project.parse().map_err(|_| "names no project")?;
        let ingest_time = instant(logged.ingest_time);
        let mut events = Vec::with_capacity(logged.events.len());
        for event in logged.events {
            events.extend(read(event, ingest_time)?);
        }
        let batch = Batch {
            events,
            reject_conflicts: logged.reject_conflicts,
            ingest_time,
        };
        Ok(Self {
            project,
            batch: Arc::new(batch),
        })
    }
}

fn read(event: LoggedEvent, ingest_time: Timestamp) -> Result<Option<NewEvent>, String> {
    let time = Timestamp::from_second(event.time).map_err(|_| "has an event without a time")?;
    let draft = EventDraft {
        id: event.id,
        source: event.source,
        kind: event.kind,
        subject: event.subject,
        time: Some(time),
        data: event.data.unwrap_or_default(),
    };
    let read = NewEvent::new(draft, ingest_time).map_err(|wrong| {
        let fields: Vec<String> = wrong.into_iter().map(|bad| bad.field).collect();
        format!("has an event with a wrong {}", fields.join(", "))
    })?;
    Ok(read.map(|read| NewEvent {
        time_sent: event.time_sent,
        ..read
    }))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn project() -> ProjectId {
        "01JZZZZZZZZZZZZZZZZZZZZZZ0".parse().unwrap()
    }

    fn event(id: &str, subject: &str, time: Option<i64>, data: &str) -> NewEvent {
        let draft = EventDraft {
            id: id.into(),
            source: "s".into(),
            kind: "t".into(),
            subject: subject.into(),
            time: time.map(|time| Timestamp::from_second(time).unwrap()),
            data: data.into(),
        };
        let now = "2025-01-01T00:00:00.25Z".parse().unwrap();
        NewEvent::new(draft, now).unwrap().unwrap()
    }

    fn batch(events: Vec<NewEvent>) -> Batch {
        Batch {
            events,
            reject_conflicts: true,
            ingest_time: "2025-01-01T00:00:00.25Z".parse().unwrap(),
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let wrong = |payload: &[u8]| Logged::decode(payload).unwrap_err();
        assert_eq!(wrong(b"garbage"), "is no message of the log");
        assert_eq!(wrong(b""), "has the unknown form 0");
        let mut logged = LoggedEvents {
            format: FORMAT,
            project: "x".into(),
            ..LoggedEvents::default()
        };
        assert_eq!(wrong(&logged.encode_to_vec()), "names no project");
        logged.project = project().to_string();
        logged.events = vec![LoggedEvent {
            time: 5,
            ..LoggedEvent::default()
        }];
        assert_eq!(
            wrong(&logged.encode_to_vec()),
            "has an event with a wrong id, source, type, subject"
        );
    }

    #[test]
    fn a_message_is_named_by_what_it_says() {
        let id = |event: &NewEvent| id_of(project(), &[event]);
        let first = event("1", "a", None, r#"{"v":1}"#);
        let later = NewEvent {
            time: Timestamp::from_second(5).unwrap(),
            ..first.clone()
        };
        assert_eq!(id(&first), id(&later), "a default time says nothing");
        let others = [
            event("2", "a", None, r#"{"v":1}"#),
            event("1", "b", None, r#"{"v":1}"#),
            event("1", "a", None, r#"{"v":2}"#),
            event("1", "a", Some(5), r#"{"v":1}"#),
            event("1", "a", Some(6), r#"{"v":1}"#),
        ];
        let ids: HashSet<String> = others.iter().map(id).chain([id(&first)]).collect();
        assert_eq!(ids.len(), others.len() + 1);
    }

    #[test]
    fn messages_are_bounded() {
        let large = format!(r#"{{"v":"{}"}}"#, "x".repeat(60_000));
        let events = (0..2_000).map(|number| {
            let data = if number % 50 == 0 { large.as_str() } else { "" };
            event(&number.to_string(), "one", None, data)
        });
        let batch = batch(events.collect());
        let messages = outgoing(project(), &batch);
        assert!(messages.len() > 4);
        let mut read = Vec::new();
        for message in &messages {
            assert!(message.payload.len() <= BYTES_MAX);
            let logged = Logged::decode(&message.payload).unwrap();
            assert!(logged.batch.events.len() <= EVENTS_MAX);
            read.extend(logged.batch.events.clone());
        }
        assert_eq!(read, batch.events);
    }

    proptest! {
        #[test]
        fn messages_carry_every_event_in_the_order_of_its_subject(
            drafts in prop::collection::vec(("[a-c]{1,2}", "[a-h]", prop::option::of(1_i64..2_000_000_000), 0..3_u8), 0..60),
        ) {
            let data = ["", "{}", r#"{"a":1.50,"b":"x"}"#];
            let events = drafts
                .into_iter()
                .map(|(id, subject, time, shape)| event(&id, &subject, time, data[usize::from(shape)]));
            let batch = batch(events.collect());
            let mut read: Vec<NewEvent> = Vec::new();
            for message in outgoing(project(), &batch) {
                let logged = Logged::decode(&message.payload).unwrap();
                prop_assert_eq!(logged.project, project());
                prop_assert_eq!((logged.batch.ingest_time, logged.batch.reject_conflicts), (batch.ingest_time, true));
                for event in &logged.batch.events {
                    prop_assert_eq!(message.partition, partition::of(project(), &event.subject));
                }
                read.extend(logged.batch.events.clone());
            }
            let of = |events: &[NewEvent], subject: &str| -> Vec<NewEvent> {
                events.iter().filter(|event| event.subject == subject).cloned().collect()
            };
            for subject in ["a", "b", "c", "d", "e", "f", "g", "h"] {
                prop_assert_eq!(of(&read, subject), of(&batch.events, subject));
            }
        }
    }
}
