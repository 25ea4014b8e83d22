//! The question how much a meter counted, as JSON or as CSV (metering text §4).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use contract::customer::v1 as customer;
use contract::metering::v1 as pb;
use kernel::Decimal;
use serde::de::IntoDeserializer as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::decode::from_json;
use super::error::{Problem, ProblemDocument};
use super::extract::{Body, Call, Path, Query};
use super::filters::FilterString;
use super::meters::meter_ref;
use super::scalars::{Number, Text, Time};
use super::value::{all_pages, number_or_zero, present, required_time};

const MAX_FILTER_ITEMS: usize = 100;

/// Size of the windows of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum WindowSize {
    /// One minute.
    Minute,
    /// One hour.
    Hour,
    /// One civil day.
    Day,
    /// One civil month.
    Month,
}

impl WindowSize {
    fn into_proto(self) -> pb::WindowSize {
        match self {
            Self::Minute => pb::WindowSize::Minute,
            Self::Hour => pb::WindowSize::Hour,
            Self::Day => pb::WindowSize::Day,
            Self::Month => pb::WindowSize::Month,
        }
    }
}

/// Name under which progress is asked for.
pub(crate) type ClientId = Text<1, 36>;

/// An instant that the answer repeats just as it was asked, offset included (metering text
/// §1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AskedTime {
    time: Time,
    text: String,
}

impl Serialize for AskedTime {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        writer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for AskedTime {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let text = String::deserialize(reader)?;
        let time = Time::deserialize(text.as_str().into_deserializer())?;
        Ok(Self { time, text })
    }
}

impl PartialSchema for AskedTime {
    fn schema() -> RefOr<Schema> {
        Time::schema()
    }
}

impl ToSchema for AskedTime {
    fn name() -> Cow<'static, str> {
        Time::name()
    }
}

impl From<AskedTime> for prost_types::Timestamp {
    fn from(asked: AskedTime) -> Self {
        asked.time.into()
    }
}

/// What to count.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MeterQueryRequest {
    pub client_id: Option<ClientId>,
    pub from: Option<AskedTime>,
    pub to: Option<AskedTime>,
    pub window_size: Option<WindowSize>,
    pub window_time_zone: Option<String>,
    #[schema(max_items = 100)]
    pub subject: Option<Vec<String>>,
    #[schema(max_items = 100)]
    pub filter_customer_id: Option<Vec<String>>,
    pub filter_group_by: Option<BTreeMap<String, Vec<String>>>,
    pub advanced_meter_group_by_filters: Option<BTreeMap<String, FilterString>>,
    #[schema(max_items = 100)]
    pub group_by: Option<Vec<String>>,
}

/// Parameters of a query: the same, in a query string.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct MeterQueryParams {
    /// Name under which progress is asked for.
    #[param(value_type = Option<String>, min_length = 1, max_length = 36)]
    client_id: Option<ClientId>,
    /// First instant that counts.
    from: Option<AskedTime>,
    /// First instant that no longer counts.
    to: Option<AskedTime>,
    /// Size of the windows; absent for one total.
    #[param(inline)]
    window_size: Option<WindowSize>,
    /// Time zone of the windows.
    window_time_zone: Option<String>,
    /// Only these subjects, and grouped by subject.
    #[serde(default)]
    #[param(required = false)]
    subject: Vec<String>,
    /// Only these customers, and grouped by customer.
    #[serde(default)]
    #[param(required = false, max_items = 100)]
    filter_customer_id: Vec<String>,
    /// Only these group-by values.
    #[param(style = DeepObject, explode)]
    filter_group_by: Option<BTreeMap<String, Vec<String>>>,
    /// Conditions on group-by values, as a JSON document.
    advanced_meter_group_by_filters: Option<String>,
    /// Keys to group by, `subject` or `customer_id`.
    #[serde(default)]
    #[param(required = false)]
    group_by: Vec<String>,
}

impl MeterQueryParams {
    pub(crate) fn into_request(self) -> Result<MeterQueryRequest, Problem> {
        let list = |list: Vec<String>| (!list.is_empty()).then_some(list);
        let advanced = self
            .advanced_meter_group_by_filters
            .map(|text| {
                let value: Value = serde_json::from_str(&text).map_err(|error| {
                    Problem::invalid(format!("advancedMeterGroupByFilters: {error}"))
                })?;
                from_json(&value)
                    .map_err(|error| Problem::from(error.under("advancedMeterGroupByFilters")))
            })
            .transpose()?;
        Ok(MeterQueryRequest {
            client_id: self.client_id,
            from: self.from,
            to: self.to,
            window_size: self.window_size,
            window_time_zone: self.window_time_zone,
            subject: list(self.subject),
            filter_customer_id: list(self.filter_customer_id),
            filter_group_by: self.filter_group_by,
            advanced_meter_group_by_filters: advanced,
            group_by: list(self.group_by),
        })
    }
}

impl MeterQueryRequest {
    pub(crate) fn into_proto(self, meter: String) -> Result<pb::QueryMeterRequest, Problem> {
        for (field, list) in [
            ("subject", &self.subject),
            ("filterCustomerId", &self.filter_customer_id),
            ("groupBy", &self.group_by),
        ] {
            if list
                .as_ref()
                .is_some_and(|list| list.len() > MAX_FILTER_ITEMS)
            {
                return Err(Problem::invalid(format!(
                    "{field}: must have at most {MAX_FILTER_ITEMS} items"
                )));
            }
        }
        if self.window_time_zone.as_deref() == Some("") {
            return Err(Problem::invalid("windowTimeZone: invalid time zone"));
        }
        let given = |empty: Option<bool>| empty == Some(false);
        if given(self.filter_group_by.as_ref().map(BTreeMap::is_empty))
            && given(
                self.advanced_meter_group_by_filters
                    .as_ref()
                    .map(BTreeMap::is_empty),
            )
        {
            return Err(Problem::invalid(
                "advancedMeterGroupByFilters: cannot be combined with filterGroupBy",
            ));
        }
        let mut filters = BTreeMap::new();
        for (key, filter) in self.advanced_meter_group_by_filters.unwrap_or_default() {
            let field = format!("advancedMeterGroupByFilters.{key}");
            // One that sets nothing goes along: its key still has to exist.
            let filter = filter.into_proto(&field)?.unwrap_or_default();
            filters.insert(key, filter);
        }
        Ok(pb::QueryMeterRequest {
            meter: meter_ref(meter),
            from_time: self.from.map(Into::into),
            to_time: self.to.map(Into::into),
            window_size: self
                .window_size
                .map_or(pb::WindowSize::Unspecified, WindowSize::into_proto)
                .into(),
            window_time_zone: self.window_time_zone.unwrap_or_default(),
            subjects: self.subject.unwrap_or_default(),
            customer_ids: self.filter_customer_id.unwrap_or_default(),
            group_by: self.group_by.unwrap_or_default(),
            group_by_values: self
                .filter_group_by
                .unwrap_or_default()
                .into_iter()
                .map(|(key, values)| (key, pb::StringList { values }))
                .collect(),
            group_by_filters: filters,
            client_id: self.client_id.map(Into::into).unwrap_or_default(),
        })
    }
}

/// What a meter counted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MeterQueryResult {
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<AskedTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<AskedTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window_size: Option<WindowSize>,
    data: Vec<MeterQueryRow>,
}

/// What was counted in one window and group.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MeterQueryRow {
    value: Number,
    window_start: Time,
    window_end: Time,
    /// Null unless grouped by subject.
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<String>,
    #[schema(value_type = BTreeMap<String, Option<String>>)]
    group_by: BTreeMap<String, String>,
}

impl MeterQueryRow {
    fn from_proto(wire: pb::UsageRow) -> Result<Self, Problem> {
        Ok(Self {
            value: number_or_zero(wire.value.as_ref())?,
            window_start: required_time(wire.window_start_time.as_ref())?,
            window_end: required_time(wire.window_end_time.as_ref())?,
            subject: wire.subject,
            customer_id: wire.customer_id,
            group_by: wire.group_by,
        })
    }
}

struct Counted {
    slug: String,
    /// Usage was asked for by subject: of some, or grouped by it.
    by_subject: bool,
    /// Usage of some customers was asked for.
    by_customer: bool,
    group_by: Vec<String>,
    result: MeterQueryResult,
}

async fn count(call: &Call, meter: String, query: MeterQueryRequest) -> Result<Counted, Problem> {
    let (from, to, window_size) = (query.from.clone(), query.to.clone(), query.window_size);
    let request = query.into_proto(meter)?;
    let group_by = request.group_by.clone();
    let by_subject = !request.subjects.is_empty() || group_by.iter().any(|key| key == "subject");
    let by_customer = !request.customer_ids.is_empty();
    let answer = call.take(call.clients().usage().query_meter(call.rpc(request)).await)?;
    let data = answer
        .rows
        .into_iter()
        .map(MeterQueryRow::from_proto)
        .collect::<Result<_, _>>()?;
    Ok(Counted {
        slug: present(answer.meter)?.slug,
        by_subject,
        by_customer,
        group_by,
        result: MeterQueryResult {
            from,
            to,
            window_size,
            data,
        },
    })
}

/// Counts with a meter.
#[utoipa::path(
    get, path = "/api/v1/meters/{meterIdOrSlug}/query", operation_id = "queryMeter", tag = "Meters",
    params(("meterIdOrSlug" = String, Path), MeterQueryParams),
    responses(
        (status = 200, content((MeterQueryResult = "application/json"), (String = "text/csv"))),
        (status = 404, body = ProblemDocument),
    ),
)]
pub(crate) async fn query(
    call: Call,
    Path(meter): Path<String>,
    Query(params): Query<MeterQueryParams>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer(&call, meter, params.into_request()?, &headers).await
}

/// The answer to a query, in the form that the caller prefers.
pub(crate) async fn answer(
    call: &Call,
    meter: String,
    query: MeterQueryRequest,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let counted = count(call, meter, query).await?;
    if wants_csv(headers) {
        let names = display_names(call, &counted.result.data).await?;
        let body = csv(&counted, &names)?;
        let disposition = format!("attachment; filename={}.csv", counted.slug);
        let mut response = body.into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv"));
        if let Ok(value) = HeaderValue::try_from(disposition) {
            response
                .headers_mut()
                .insert(header::CONTENT_DISPOSITION, value);
        }
        return Ok(response);
    }
    Ok(Json(counted.result).into_response())
}

/// Counts with a meter; lists may be longer in a body.
#[utoipa::path(
    post, path = "/api/v1/meters/{meterIdOrSlug}/query", operation_id = "queryMeterPost", tag = "Meters",
    params(("meterIdOrSlug" = String, Path)),
    request_body = MeterQueryRequest,
    responses((status = 200, body = MeterQueryResult), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn query_post(
    call: Call,
    Path(meter): Path<String>,
    Body(query): Body<MeterQueryRequest>,
) -> Result<Json<MeterQueryResult>, Problem> {
    Ok(Json(count(&call, meter, query).await?.result))
}

/// Whether the first media type of `Accept` is CSV (metering text §4.5).
fn wants_csv(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .and_then(|accept| accept.split([',', ';']).next())
        .is_some_and(|first| first.trim().eq_ignore_ascii_case("text/csv"))
}

/// Display names of those subjects of the rows that exist as resources.
async fn display_names(
    call: &Call,
    rows: &[MeterQueryRow],
) -> Result<BTreeMap<String, String>, Problem> {
    let keys: BTreeSet<&String> = rows.iter().filter_map(|row| row.subject.as_ref()).collect();
    let keys: Vec<String> = keys.into_iter().cloned().collect();
    let mut names = BTreeMap::new();
    for chunk in keys.chunks(200) {
        let subjects = all_pages(async |page_token| {
            let request = customer::ListSubjectsRequest {
                page_size: 250,
                page_token,
                keys: chunk.to_vec(),
            };
            let answer = call
                .clients()
                .subjects()
                .list_subjects(call.rpc(request))
                .await;
            let answer = call.take(answer)?;
            Ok((answer.subjects, answer.next_page_token))
        })
        .await?;
        names.extend(
            subjects
                .into_iter()
                .map(|subject| (subject.key, subject.display_name)),
        );
    }
    Ok(names)
}

/// The rows as a table: times, subject and its display name, group values, value.
fn csv(counted: &Counted, names: &BTreeMap<String, String>) -> Result<String, Problem> {
    let rows = &counted.result.data;
    let named = rows
        .iter()
        .filter_map(|row| row.subject.as_ref())
        .any(|subject| names.contains_key(subject));
    let mut columns = vec!["window_start", "window_end"];
    if counted.by_subject {
        columns.push("subject");
    }
    if named {
        columns.push("subject_display_name");
    }
    let groups: Vec<&str> = counted
        .group_by
        .iter()
        .map(String::as_str)
        .filter(|key| *key != "subject")
        .collect();
    if counted.by_customer && !groups.contains(&"customer_id") {
        columns.push("customer_id");
    }
    columns.extend(&groups);
    columns.push("value");
    let mut table = String::new();
    line(&mut table, columns.iter().copied());
    for row in rows {
        let subject = row.subject.clone().unwrap_or_default();
        let cells = columns
            .iter()
            .map(|column| {
                Ok(match *column {
                    "window_start" => row.window_start.0.to_string(),
                    "window_end" => row.window_end.0.to_string(),
                    "subject" => subject.clone(),
                    "subject_display_name" => names.get(&subject).cloned().unwrap_or_default(),
                    "customer_id" => row.customer_id.clone().unwrap_or_default(),
                    "value" => six_decimals(row.value.0),
                    key => row.group_by.get(key).cloned().unwrap_or_default(),
                })
            })
            .collect::<Result<Vec<String>, Problem>>()?;
        line(&mut table, cells.iter().map(String::as_str));
    }
    Ok(table)
}

fn six_decimals(value: Decimal) -> String {
    format!("{:.6}", kernel::decimal::round_half_away(value, 6))
}

/// One row of RFC 4180.
fn line<'a>(table: &mut String, cells: impl Iterator<Item = &'a str>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            table.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            // Writing to a string cannot fail.
            let _infallible = write!(table, "\"{}\"", cell.replace('"', "\"\""));
        } else {
            table.push_str(cell);
        }
    }
    table.push('\n');
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::openmeter::decode::from_query;
    use serde_json::json;

    fn row(subject: Option<&str>, value: i64) -> MeterQueryRow {
        MeterQueryRow {
            value: Number(value.into()),
            window_start: Time::parse("2021-01-01T00:00:00Z").unwrap(),
            window_end: Time::parse("2021-01-01T01:00:00Z").unwrap(),
            subject: subject.map(str::to_owned),
            customer_id: None,
            group_by: BTreeMap::from([("model".to_owned(), "a,b".to_owned())]),
        }
    }

    fn counted(data: Vec<MeterQueryRow>, group_by: &[&str]) -> Counted {
        Counted {
            slug: "tokens".into(),
            by_subject: true,
            by_customer: false,
            group_by: group_by.iter().map(|key| (*key).to_owned()).collect(),
            result: MeterQueryResult {
                from: None,
                to: None,
                window_size: None,
                data,
            },
        }
    }

    #[test]
    fn a_table_has_a_row_per_window_and_group() {
        let table = csv(
            &counted(vec![row(Some("s1"), 300)], &["subject"]),
            &BTreeMap::new(),
        );
        assert_eq!(
            table.unwrap(),
            "window_start,window_end,subject,value\n\
             2021-01-01T00:00:00Z,2021-01-01T01:00:00Z,s1,300.000000\n"
        );
        let names = BTreeMap::from([("s1".to_owned(), "One".to_owned())]);
        let table = csv(
            &counted(vec![row(Some("s1"), 1), row(Some("s2"), 2)], &["model"]),
            &names,
        );
        assert_eq!(
            table.unwrap(),
            "window_start,window_end,subject,subject_display_name,model,value\n\
             2021-01-01T00:00:00Z,2021-01-01T01:00:00Z,s1,One,\"a,b\",1.000000\n\
             2021-01-01T00:00:00Z,2021-01-01T01:00:00Z,s2,,\"a,b\",2.000000\n"
        );
        let table = csv(&counted(vec![], &["model"]), &names);
        assert_eq!(
            table.unwrap(),
            "window_start,window_end,subject,model,value\n"
        );
    }

    #[test]
    fn a_query_string_asks_the_same_as_a_body() {
        let params: MeterQueryParams = from_query(&json!({
            "subject": ["a", "b"], "groupBy": "model", "windowSize": "DAY",
            "filterGroupBy": {"method": "GET"},
        }))
        .unwrap();
        let wire = params
            .into_request()
            .unwrap()
            .into_proto("tokens".to_owned())
            .unwrap();
        assert_eq!(wire.subjects, ["a", "b"]);
        assert_eq!(wire.group_by, ["model"]);
        assert_eq!(wire.window_size(), pb::WindowSize::Day);
        assert_eq!(wire.group_by_values["method"].values, ["GET"]);
        let params: MeterQueryParams = from_query(&json!({
            "advancedMeterGroupByFilters": "{\"path\":{\"$like\":\"/a%\"}}",
        }))
        .unwrap();
        let wire = params
            .into_request()
            .unwrap()
            .into_proto("tokens".to_owned())
            .unwrap();
        assert!(wire.group_by_filters.contains_key("path"));
    }

    #[test]
    fn bounds_come_back_as_they_were_asked() {
        let params: MeterQueryParams =
            from_query(&json!({"from": "2026-11-10T02:00:00.50+02:00"})).unwrap();
        let from = params.into_request().unwrap().from.unwrap();
        assert_eq!(
            serde_json::to_value(&from).unwrap(),
            json!("2026-11-10T02:00:00.50+02:00")
        );
        assert_eq!(from.time, Time::parse("2026-11-10T00:00:00.5Z").unwrap());
        let error = from_query::<MeterQueryParams>(&json!({"from": "noon"})).unwrap_err();
        assert_eq!(error.path, "from");
    }

    #[test]
    fn conditions_on_keys_stay_even_when_they_set_nothing() {
        let request: MeterQueryRequest =
            from_json(&json!({"advancedMeterGroupByFilters": {"path": {}}})).unwrap();
        let wire = request.into_proto("tokens".to_owned()).unwrap();
        assert!(wire.group_by_filters.contains_key("path"));
    }

    #[test]
    fn the_subject_of_a_row_is_null_unless_grouped_by_it() {
        assert_eq!(
            serde_json::to_value(row(None, 100)).unwrap(),
            json!({
                "value": 100, "windowStart": "2021-01-01T00:00:00Z",
                "windowEnd": "2021-01-01T01:00:00Z", "subject": null,
                "groupBy": {"model": "a,b"},
            })
        );
    }
}
