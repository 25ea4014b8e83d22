//! Meter queries and their rows.

use std::collections::{BTreeMap, HashMap, HashSet};

use contract::{
    convert::{decimal, timestamp},
    metering::v1::{self as pb, WindowSize as WireSize},
};
use kernel::{
    Timestamp,
    calendar::floor_to_second,
    window::{WindowSize, Windows, zone},
};

use super::{at_most, checked, filter, from_span, from_time};
use crate::{
    domain::{
        filter::TextFilter,
        meter::Meter,
        query::{GroupBy, Query, Row},
    },
    error::MeteringError,
    store::{progress::Standing, scan::Span},
};

/// Most subjects, customers and group-bys of one query.
const LIST_MAX: usize = 100;
/// Most subjects of one internal query.
const SUBJECTS_MAX: usize = 20_000;
/// Longest subject that is looked for, in bytes.
const SUBJECT_MAX: usize = 4_096;
/// Longest name of a watched query, in characters.
const CLIENT_ID_MAX: usize = 36;
/// Groups that are no keys of a meter.
const SUBJECT: &str = "subject";
const CUSTOMER: &str = "customer_id";

/// A query that is ready to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The asked start.
    pub from: Option<Timestamp>,
    /// The asked end.
    pub to: Option<Timestamp>,
    /// The events to read.
    pub span: Span,
    /// What to do with them.
    pub query: Query,
}

/// The customer ids of a query, checked for number only.
pub fn from_customer_ids(request: &pb::QueryMeterRequest) -> Result<&[String], MeteringError> {
    at_most("customer_ids", &request.customer_ids, LIST_MAX)
}

/// The plan of a meter query. `customers` tells the customer of each subject when customers are filtered.
pub fn from_query(
    request: &pb::QueryMeterRequest,
    meter: &Meter,
    customers: Option<HashMap<String, String>>,
) -> Result<Plan, MeteringError> {
    let (from, to) = from_span(request.from_time.as_ref(), request.to_time.as_ref())?;
    let windows = from_windows(
        "window_size",
        "window_time_zone",
        request.window_size,
        &request.window_time_zone,
    )?;
    let mut subjects: HashSet<&str> = HashSet::new();
    for (index, subject) in at_most("subjects", &request.subjects, LIST_MAX)?
        .iter()
        .enumerate()
    {
        subjects.insert(checked(
            &format!("subjects[{index}]"),
            subject,
            SUBJECT_MAX,
        )?);
    }
    let mut by_subject = !subjects.is_empty();
    let mut group_by: Vec<GroupBy> = Vec::new();
    for (index, key) in at_most("group_by", &request.group_by, LIST_MAX)?
        .iter()
        .enumerate()
    {
        let field = || format!("group_by[{index}]");
        match (key.as_str(), meter.group_by.get(key)) {
            (SUBJECT, _) => by_subject = true,
            (CUSTOMER, _) if customers.is_some() => {}
            (CUSTOMER, _) => {
                return Err(MeteringError::invalid(
                    field(),
                    "customer filter is required to group by customer_id",
                ));
            }
            (key, Some(path)) => {
                if group_by.iter().all(|known| known.key != key) {
                    group_by.push(GroupBy {
                        key: key.to_owned(),
                        path: path.clone(),
                    });
                }
            }
            (key, None) => {
                return Err(MeteringError::invalid(
                    field(),
                    format!("invalid group by: {key}"),
                ));
            }
        }
    }
    if !request.group_by_values.is_empty() && !request.group_by_filters.is_empty() {
        return Err(MeteringError::invalid(
            "group_by_filters",
            "cannot be combined with group_by_values",
        ));
    }
    let mut filters = Vec::new();
    for (key, values) in &request.group_by_values {
        let field = format!("group_by_values[{key}]");
        let group = filtered(meter, &field, key)?;
        let values = filter::from_list(&field, values)?;
        if !values.is_empty() {
            filters.push((group, TextFilter::OneOf(values)));
        }
    }
    filters.extend(from_filters(
        meter,
        "group_by_filters",
        &request.group_by_filters,
    )?);
    let attributed = customers.as_ref().map(|customers| {
        customers
            .keys()
            .filter(|subject| subjects.is_empty() || subjects.contains(subject.as_str()))
            .cloned()
            .collect()
    });
    let wanted: Option<Vec<String>> = attributed.or_else(|| {
        (!subjects.is_empty()).then(|| {
            subjects
                .iter()
                .map(|subject| (*subject).to_owned())
                .collect()
        })
    });
    Ok(Plan {
        from,
        to,
        span: span_of(meter, from, to, wanted),
        query: Query {
            measure: meter.measure.clone(),
            windows,
            by_subject,
            customers,
            group_by,
            filters,
        },
    })
}

/// The plan of one question of the internal batch; none when its span is empty.
pub fn from_usage_query(
    index: usize,
    query: &pb::UsageQuery,
    meter: &Meter,
) -> Result<Option<Plan>, MeteringError> {
    let field = |name: &str| format!("queries[{index}].{name}");
    let from = from_time(&field("start_time"), query.start_time.as_ref())?;
    let to = from_time(&field("end_time"), query.end_time.as_ref())?;
    for subject in at_most(&field("subject_keys"), &query.subject_keys, SUBJECTS_MAX)? {
        checked(&field("subject_keys"), subject, SUBJECT_MAX)?;
    }
    let query = Query {
        measure: meter.measure.clone(),
        windows: from_windows(
            &field("window_size"),
            &field("window_time_zone"),
            query.window_size,
            &query.window_time_zone,
        )?,
        by_subject: false,
        customers: None,
        group_by: Vec::new(),
        filters: from_filters(meter, &field("group_by_filters"), &query.group_by_filters)?,
    };
    let empty = from.zip(to).is_some_and(|(from, to)| from >= to);
    Ok((!empty).then_some(Plan {
        from,
        to,
        span: span_of(meter, from, to, None),
        query,
    }))
}

/// The events of a meter in a span: whole seconds, none before the meter's first.
pub fn span_of(
    meter: &Meter,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    subjects: Option<Vec<String>>,
) -> Span {
    Span {
        event_type: meter.event_type.clone(),
        from: from.map(floor_to_second).max(meter.event_from),
        to: to.map(floor_to_second),
        subjects,
    }
}

fn from_filters(
    meter: &Meter,
    field: &str,
    filters: &BTreeMap<String, pb::FilterString>,
) -> Result<Vec<(GroupBy, TextFilter)>, MeteringError> {
    let mut conditions = Vec::with_capacity(filters.len());
    for (key, wire) in filters {
        let field = format!("{field}[{key}]");
        conditions.push((
            filtered(meter, &field, key)?,
            filter::from_text(&field, Some(wire))?,
        ));
    }
    Ok(conditions)
}

fn filtered(meter: &Meter, field: &str, key: &str) -> Result<GroupBy, MeteringError> {
    let path =
        meter.group_by.get(key).cloned().ok_or_else(|| {
            MeteringError::invalid(field, format!("invalid group by filter: {key}"))
        })?;
    Ok(GroupBy {
        key: key.to_owned(),
        path,
    })
}

fn from_windows(
    size_field: &str,
    zone_field: &str,
    size: i32,
    zone_name: &str,
) -> Result<Option<Windows>, MeteringError> {
    let zone = zone(zone_name).ok_or_else(|| {
        MeteringError::invalid(zone_field, format!("invalid time zone: {zone_name}"))
    })?;
    let size =
        WireSize::try_from(size).map_err(|_| MeteringError::invalid(size_field, "is unknown"))?;
    let size = match size {
        WireSize::Unspecified => return Ok(None),
        WireSize::Minute => WindowSize::Minute,
        WireSize::Hour => WindowSize::Hour,
        WireSize::Day => WindowSize::Day,
        WireSize::Month => WindowSize::Month,
    };
    Ok(Some(Windows { size, zone }))
}

/// The name under which a query can be watched; none when it has none.
pub fn from_client_id(client_id: &str) -> Result<Option<&str>, MeteringError> {
    if client_id.chars().count() > CLIENT_ID_MAX || client_id.contains('\0') {
        return Err(MeteringError::invalid(
            "client_id",
            format!("must be at most {CLIENT_ID_MAX} characters without a NUL"),
        ));
    }
    Ok((!client_id.is_empty()).then_some(client_id))
}

/// How far something has come, for the wire.
pub fn to_progress(standing: &Standing) -> pb::GetProgressResponse {
    pb::GetProgressResponse {
        success_count: standing.success.cast_signed(),
        failed_count: standing.failed.cast_signed(),
        total_count: standing.total.cast_signed(),
        update_time: Some(timestamp(standing.update_time)),
    }
}

/// A row for the wire.
pub fn to_row(query: &Query, row: Row) -> pb::UsageRow {
    let keys = query.group_by.iter().map(|group| group.key.clone());
    pb::UsageRow {
        value: Some(decimal(row.value)),
        window_start_time: Some(timestamp(row.start)),
        window_end_time: Some(timestamp(row.end)),
        subject: row.subject,
        customer_id: row.customer,
        group_by: keys.zip(row.group).collect(),
    }
}

/// The answer to a question about an empty span.
pub fn to_empty_result(meter: &Meter, windows: bool) -> pb::UsageResult {
    let counts = meter.measure.aggregation().counts() && !windows;
    pb::UsageResult {
        value: counts.then(|| decimal(kernel::Decimal::ZERO)),
        windows: Vec::new(),
    }
}

/// The answer to one question of the internal batch.
pub fn to_result(query: &Query, rows: Vec<Row>) -> pb::UsageResult {
    if query.windows.is_none() {
        let value = rows.into_iter().next().map(|row| decimal(row.value));
        return pb::UsageResult {
            value,
            windows: Vec::new(),
        };
    }
    let windows = rows.into_iter().map(|row| pb::UsageWindow {
        start_time: Some(timestamp(row.start)),
        end_time: Some(timestamp(row.end)),
        value: Some(decimal(row.value)),
    });
    pb::UsageResult {
        value: None,
        windows: windows.collect(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use chassis::Problem as _;

    use super::*;
    use crate::domain::meter::MeterDraft;

    fn meter() -> Meter {
        let draft = MeterDraft {
            slug: "tokens".into(),
            event_type: "prompt".into(),
            event_from: Some("2025-01-01T00:00:00.5Z".parse().unwrap()),
            aggregation: Some(crate::domain::aggregate::Aggregation::Count),
            group_by: BTreeMap::from([("model".into(), "$.model".into())]),
            ..MeterDraft::default()
        };
        let now = "2025-01-01T00:00:00Z".parse().unwrap();
        Meter::new(
            kernel::id::MeterId::from_ulid(kernel::id::Ulid::nil()),
            draft,
            now,
        )
        .unwrap()
    }

    fn refused(request: &pb::QueryMeterRequest, field: &str) {
        let error = from_query(request, &meter(), None).unwrap_err();
        assert_eq!(error.violations()[0].field, field);
    }

    fn second(seconds: i64) -> Option<prost_types::Timestamp> {
        Some(prost_types::Timestamp { seconds, nanos: 0 })
    }

    #[test]
    fn bad_parameters_are_named() {
        let request = pb::QueryMeterRequest::default();
        let texts = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| (*text).to_owned())
                .collect::<Vec<String>>()
        };
        refused(
            &pb::QueryMeterRequest {
                from_time: second(5),
                to_time: second(5),
                ..request.clone()
            },
            "to_time",
        );
        refused(
            &pb::QueryMeterRequest {
                window_time_zone: "Nowhere".into(),
                ..request.clone()
            },
            "window_time_zone",
        );
        refused(
            &pb::QueryMeterRequest {
                window_size: 9,
                ..request.clone()
            },
            "window_size",
        );
        refused(
            &pb::QueryMeterRequest {
                group_by: texts(&["x"]),
                ..request.clone()
            },
            "group_by[0]",
        );
        refused(
            &pb::QueryMeterRequest {
                group_by: texts(&["customer_id"]),
                ..request.clone()
            },
            "group_by[0]",
        );
        refused(
            &pb::QueryMeterRequest {
                subjects: texts(&["s"; 101]),
                ..request.clone()
            },
            "subjects",
        );
        let values = BTreeMap::from([("x".to_owned(), pb::StringList::default())]);
        refused(
            &pb::QueryMeterRequest {
                group_by_values: values.clone(),
                ..request.clone()
            },
            "group_by_values[x]",
        );
        let filters = BTreeMap::from([("model".to_owned(), pb::FilterString::default())]);
        refused(
            &pb::QueryMeterRequest {
                group_by_values: values,
                group_by_filters: filters,
                ..request
            },
            "group_by_filters",
        );
    }

    #[test]
    fn the_span_starts_at_the_first_event_that_counts() {
        let request = pb::QueryMeterRequest {
            from_time: second(5),
            ..pb::QueryMeterRequest::default()
        };
        let plan = from_query(&request, &meter(), None).unwrap();
        assert_eq!(plan.span.from.unwrap().to_string(), "2025-01-01T00:00:00Z");
        assert_eq!(plan.from.unwrap().as_second(), 5);
    }

    #[test]
    fn subjects_and_customers_are_a_conjunction() {
        let request = pb::QueryMeterRequest {
            subjects: vec!["a".into(), "x".into()],
            ..pb::QueryMeterRequest::default()
        };
        let customers = HashMap::from([
            ("a".to_owned(), "C".to_owned()),
            ("b".to_owned(), "C".to_owned()),
        ]);
        let plan = from_query(&request, &meter(), Some(customers)).unwrap();
        assert_eq!(plan.span.subjects.unwrap(), ["a"]);
        assert!(plan.query.by_subject && plan.query.customers.is_some());
    }
}
