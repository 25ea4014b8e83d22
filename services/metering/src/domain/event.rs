//! Usage events: what may be stored, in which form, and what makes two of them the same.

use std::collections::BTreeMap;

use kernel::{Timestamp, calendar::floor_to_second};
use serde_json::Value;

use super::{aggregate::Measure, erasure, meter::BadField};

/// Longest id and source, in bytes. These limits keep the keys of every index within what PostgreSQL takes.
const IDENTITY_MAX: usize = 1_024;
/// Longest type, in bytes.
pub const TYPE_MAX: usize = 512;
/// Longest subject, in bytes: a customer's key may be one.
const SUBJECT_MAX: usize = 1_500;
/// Longest data, in bytes as sent.
const DATA_MAX: usize = 64 * 1_024;
/// First instant that no event has any more, 9999-01-01: the window that an event is in has to end before the calendar does,
/// or else one event would take the answer from every query that counts it.
const TIME_END: Timestamp = Timestamp::constant(253_370_764_800, 0);

/// An event as it was sent.
#[derive(Clone, Debug, Default)]
pub struct EventDraft {
    /// Id within the source.
    pub id: String,
    /// What reported it.
    pub source: String,
    /// What happened.
    pub kind: String,
    /// Whose usage it is.
    pub subject: String,
    /// When it happened; none means now.
    pub time: Option<Timestamp>,
    /// JSON text of the payload; empty for none.
    pub data: String,
}

/// A valid event in stored form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Id within the source.
    pub id: String,
    /// What reported it.
    pub source: String,
    /// What happened.
    pub kind: String,
    /// Whose usage it is.
    pub subject: String,
    /// When it happened, to the second.
    pub time: Timestamp,
    /// Whether the sender said when; a default time is no part of the content.
    pub time_sent: bool,
    /// Compact JSON with sorted keys.
    pub data: Option<String>,
}

/// What makes an event the same as another, within a project.
pub type Identity<'event> = (&'event str, &'event str);

impl NewEvent {
    /// The event in stored form; none when it lies at or before 1970 and is dropped silently; or every
    /// field that is wrong.
    pub fn new(draft: EventDraft, now: Timestamp) -> Result<Option<Self>, Vec<BadField>> {
        let mut wrong = Vec::new();
        for (field, text, max) in [
            ("id", &draft.id, IDENTITY_MAX),
            ("source", &draft.source, IDENTITY_MAX),
            ("type", &draft.kind, TYPE_MAX),
            ("subject", &draft.subject, SUBJECT_MAX),
        ] {
            if let Some(description) = text_problem(text, max) {
                wrong.push(BadField {
                    field: field.to_owned(),
                    description,
                });
            }
        }
        if draft.time.is_some_and(|time| time >= TIME_END) {
            wrong.push(BadField {
                field: "time".to_owned(),
                description: "must be before the year 9999".to_owned(),
            });
        }
        let data = match canonical(&draft.data) {
            Ok(data) => data,
            Err(description) => {
                wrong.push(BadField {
                    field: "data".to_owned(),
                    description,
                });
                None
            }
        };
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let time = floor_to_second(draft.time.unwrap_or(now));
        if time <= Timestamp::UNIX_EPOCH {
            return Ok(None);
        }
        Ok(Some(Self {
            id: draft.id,
            source: draft.source,
            kind: draft.kind,
            subject: draft.subject,
            time,
            time_sent: draft.time.is_some(),
            data,
        }))
    }

    /// What makes the event the same as another.
    pub fn identity(&self) -> Identity<'_> {
        (&self.source, &self.id)
    }

    /// Whether a stored event of the same identity has other content. What a customer who was erased has left cannot be compared.
    pub fn conflicts_with(
        &self,
        kind: &str,
        subject: &str,
        time: Timestamp,
        data: Option<&str>,
    ) -> bool {
        let differs = self.kind != kind
            || self.subject != subject
            || (self.time_sent && self.time != time)
            || self.data.as_deref() != data;
        differs && !erasure::is_erased(subject)
    }
}

/// The id of a replacement when its sender names none: `e` becomes `e~1`, `e~1` becomes `e~2`.
pub fn replacement_id(id: &str) -> String {
    let next = id.rsplit_once('~').and_then(|(stem, number)| {
        let canonical = !number.starts_with(['0', '+']);
        let number: u32 = number.parse().ok().filter(|_| canonical)?;
        Some(format!("{stem}~{}", number.checked_add(1)?))
    });
    next.unwrap_or_else(|| format!("{id}~1"))
}

fn text_problem(text: &str, max: usize) -> Option<String> {
    if text.is_empty() {
        Some("is required".to_owned())
    } else if text.len() > max {
        Some(format!("must be at most {max} bytes"))
    } else if text.contains('\0') {
        Some("must not contain a NUL".to_owned())
    } else {
        None
    }
}

/// Data in stored form: compact, keys sorted, numbers with the digits that were sent.
fn canonical(data: &str) -> Result<Option<String>, String> {
    if data.is_empty() {
        return Ok(None);
    }
    if data.len() > DATA_MAX {
        return Err("must be at most 64 KiB".to_owned());
    }
    let value: Value =
        serde_json::from_str(data).map_err(|error| format!("is no JSON: {error}"))?;
    match value {
        Value::Null => Ok(None),
        Value::Object(members) => {
            let text = if members.keys().is_sorted() {
                serde_json::to_string(&members)
            } else {
                let sorted: BTreeMap<String, Value> = members.into_iter().collect();
                serde_json::to_string(&sorted)
            };
            text.map(Some)
                .map_err(|error| format!("cannot be stored: {error}"))
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err("must be a JSON object".to_owned())
        }
    }
}

/// Why an event that was corrected does not count.
pub fn void_complaint(reason: &str) -> String {
    format!("event voided: {reason}")
}

/// Everything that meters and customers have to say against an event, in the documented order, one
/// sentence a line; none when nothing is wrong.
pub fn complaints<'measure>(
    kind: &str,
    subject: &str,
    data: Option<&Value>,
    measures: impl IntoIterator<Item = &'measure Measure>,
    has_customer: bool,
) -> Option<String> {
    let mut lines = Vec::new();
    let mut measured = false;
    for measure in measures {
        measured = true;
        lines.extend(
            measure
                .complaint(data)
                .map(|complaint| complaint.to_string()),
        );
    }
    if !measured {
        lines.push(format!("no meter found for event type: {kind}"));
    }
    if !has_customer {
        lines.push(format!("no customer found for event subject: {subject}"));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use kernel::window::{self, WindowSize, Windows};
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{aggregate::NumberAggregation, jsonpath::JsonPath};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn draft(data: &str) -> EventDraft {
        EventDraft {
            id: "1".into(),
            source: "my-app".into(),
            kind: "api".into(),
            subject: "c1".into(),
            time: None,
            data: data.into(),
        }
    }

    fn stored(data: &str) -> Option<String> {
        NewEvent::new(draft(data), at("2025-01-01T00:00:00.5Z"))
            .unwrap()
            .unwrap()
            .data
    }

    #[test]
    fn data_is_compact_and_sorted_and_keeps_its_digits() {
        assert_eq!(stored(""), None);
        assert_eq!(stored("null"), None);
        assert_eq!(stored("{}").as_deref(), Some("{}"));
        assert_eq!(
            stored(
                r#"{ "b": 1.50, "a": 0.12345678901234567890123, "c": {"z": 1, "y": [2, "x"]} }"#
            )
            .as_deref(),
            Some(r#"{"a":0.12345678901234567890123,"b":1.50,"c":{"y":[2,"x"],"z":1}}"#)
        );
        assert_eq!(
            stored(r#"{"n":"a\u0000b"}"#).as_deref(),
            Some(r#"{"n":"a\u0000b"}"#)
        );
    }

    #[test]
    fn data_that_is_no_object_is_refused() {
        for data in ["1", "\"x\"", "true", "[1]", "{", "{\"a\":01}"] {
            let wrong = NewEvent::new(draft(data), at("2025-01-01T00:00:00Z")).unwrap_err();
            assert_eq!(wrong[0].field, "data", "{data}");
        }
    }

    #[test]
    fn time_defaults_to_now_and_loses_its_fraction() {
        let event = NewEvent::new(draft(""), at("2025-01-01T00:00:00.9Z"))
            .unwrap()
            .unwrap();
        assert_eq!(
            (event.time, event.time_sent),
            (at("2025-01-01T00:00:00Z"), false)
        );
    }

    #[test]
    fn events_at_or_before_1970_are_dropped() {
        for (time, kept) in [
            ("1970-01-01T00:00:00.9Z", false),
            ("1969-01-01T00:00:00Z", false),
            ("1970-01-01T00:00:01Z", true),
        ] {
            let draft = EventDraft {
                time: Some(at(time)),
                ..draft("")
            };
            assert_eq!(
                NewEvent::new(draft, at("2025-01-01T00:00:00Z"))
                    .unwrap()
                    .is_some(),
                kept,
                "{time}"
            );
        }
    }

    #[test]
    fn the_last_time_still_has_all_its_windows() {
        let draft = |time| EventDraft {
            time: Some(at(time)),
            ..draft("")
        };
        let now = at("2025-01-01T00:00:00Z");
        let wrong = NewEvent::new(draft("9999-01-01T00:00:00Z"), now).unwrap_err();
        assert_eq!(wrong[0].field, "time");
        let last = NewEvent::new(draft("9998-12-31T23:59:59.9Z"), now);
        let last = last.unwrap().unwrap().time.as_second();
        for size in [
            WindowSize::Minute,
            WindowSize::Hour,
            WindowSize::Day,
            WindowSize::Month,
        ] {
            for zone in ["UTC", "Pacific/Kiritimati", "Pacific/Niue"] {
                let zone = window::zone(zone).unwrap();
                let window = Windows { size, zone }.window_of(last).unwrap();
                assert!(window.contains(last), "{size:?}");
            }
        }
    }

    #[test]
    fn all_missing_fields_are_named_at_once() {
        let wrong = NewEvent::new(EventDraft::default(), at("2025-01-01T00:00:00Z")).unwrap_err();
        let fields: Vec<&str> = wrong.iter().map(|bad| bad.field.as_str()).collect();
        assert_eq!(fields, ["id", "source", "type", "subject"]);
    }

    #[test]
    fn a_default_time_is_no_conflict() {
        let now = at("2025-01-01T00:00:00Z");
        let event = NewEvent::new(draft("{}"), now).unwrap().unwrap();
        assert!(!event.conflicts_with("api", "c1", at("2024-01-01T00:00:00Z"), Some("{}")));
        assert!(event.conflicts_with("api", "c1", now, None));
        assert!(event.conflicts_with("api", "c2", now, Some("{}")));
    }

    #[test]
    fn replacements_are_numbered() {
        for (id, expected) in [
            ("e", "e~1"),
            ("e~1", "e~2"),
            ("e~9", "e~10"),
            ("e~01", "e~01~1"),
            ("e~x", "e~x~1"),
            ("e~", "e~~1"),
            ("e~4294967295", "e~4294967295~1"),
        ] {
            assert_eq!(replacement_id(id), expected);
        }
    }

    #[test]
    fn complaints_are_in_the_documented_order() {
        let measure = Measure::Number(
            NumberAggregation::Sum,
            JsonPath::parse("$.duration_ms").unwrap(),
        );
        let empty = serde_json::json!({});
        assert_eq!(
            complaints(
                "api",
                "c1",
                Some(&empty),
                [&measure, &Measure::Count],
                false
            )
            .unwrap(),
            "invalid event: missing value property: \"$.duration_ms\"\nno customer found for event subject: c1"
        );
        assert_eq!(
            complaints("api", "c1", None, [], true).unwrap(),
            "no meter found for event type: api"
        );
        assert_eq!(complaints("api", "c1", None, [&Measure::Count], true), None);
        assert_eq!(
            complaints("api", "c1", None, [&measure], true).unwrap(),
            "invalid event: null and missing value property"
        );
    }

    proptest! {
        #[test]
        fn the_stored_form_is_a_fixed_point(key in "[a-c]{1,3}", digits in "[1-9][0-9]{0,30}", fraction in "[0-9]{1,20}") {
            let text = format!(r#"{{"{key}": -{digits}.{fraction}, "zz": [{digits}]}}"#);
            let once = stored(&text).unwrap();
            let number = format!("-{digits}.{fraction}");
            prop_assert!(once.contains(&number));
            prop_assert_eq!(stored(&once).unwrap(), once);
        }
    }
}
