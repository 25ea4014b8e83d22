//! Static lookups and the debug metrics (metering text §16).

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use contract::metering::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Problem, ProblemDocument};
use super::extract::{Call, Path};
use super::scalars::{CurrencyCode, Time};
use super::value::required_time;

/// A currency.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Currency {
    #[schema(value_type = CurrencyCode)]
    code: &'static str,
    name: String,
    symbol: String,
    /// Digits of the minor unit.
    subunits: u32,
}

/// How far a query has come.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Progress {
    success: u64,
    failed: u64,
    total: u64,
    updated_at: Time,
}

/// Lists the currencies.
#[utoipa::path(
    get, path = "/api/v1/info/currencies", operation_id = "listCurrencies", tag = "Lookup Information",
    responses((status = 200, body = Vec<Currency>)),
)]
pub(crate) async fn currencies(_: Call) -> Json<Vec<Currency>> {
    Json(
        kernel::currency::Currency::all()
            .map(|currency| Currency {
                code: currency.code(),
                name: title(&currency.name()),
                symbol: currency.symbol(),
                subunits: currency.minor_units(),
            })
            .collect(),
    )
}

/// A name as the contract writes it: `United States Dollar`, `Bosnia and Herzegovina …`.
fn title(name: &str) -> String {
    let word = |word: &str| match word.chars().next() {
        Some(first) if !matches!(word, "and" | "of" | "the") => {
            first.to_uppercase().chain(word.chars().skip(1)).collect()
        }
        Some(_) | None => word.to_owned(),
    };
    name.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Shows how far something has come: the query or list that was given this name as `clientId`, or
/// the adding up of events that are older than the meter with this id.
#[utoipa::path(
    get, path = "/api/v1/info/progress/{id}", operation_id = "getProgress", tag = "Lookup Information",
    params(("id" = String, Path)),
    responses((status = 200, body = Progress), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn progress(
    call: Call,
    Path(id): Path<String>,
) -> Result<Json<Progress>, Problem> {
    let request = pb::GetProgressRequest { id };
    let answer = call.take(call.clients().usage().get_progress(call.rpc(request)).await)?;
    Ok(Json(Progress {
        success: answer.success_count.unsigned_abs(),
        failed: answer.failed_count.unsigned_abs(),
        total: answer.total_count.unsigned_abs(),
        updated_at: required_time(answer.update_time.as_ref())?,
    }))
}

/// Counts today's events by subject, as OpenMetrics text.
#[utoipa::path(
    get, path = "/api/v1/debug/metrics", operation_id = "getDebugMetrics", tag = "Debug",
    responses((status = 200, content((String = "text/plain")))),
)]
pub(crate) async fn metrics(call: Call) -> Result<Response, Problem> {
    let request = pb::CountEventsRequest { from_time: None };
    let answer = call.take(call.clients().usage().count_events(call.rpc(request)).await)?;
    let text = open_metrics(&answer.counts);
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

fn open_metrics(counts: &[pb::SubjectCount]) -> String {
    let mut text = "# HELP openmeter_events Number of ingested events\n\
                    # TYPE openmeter_events counter\n"
        .to_owned();
    for count in counts {
        let subject = count
            .subject
            .replace('\\', r"\\")
            .replace('"', "\\\"")
            .replace('\n', r"\n");
        text += &format!(
            "openmeter_events_total{{subject=\"{subject}\"}} {}.0\n",
            count.event_count
        );
    }
    text + "# EOF\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let counts = [pb::SubjectCount {
            subject: "a\"b\\c\nd".into(),
            event_count: 3,
        }];
        assert!(
            open_metrics(&counts)
                .contains("openmeter_events_total{subject=\"a\\\"b\\\\c\\nd\"} 3.0\n")
        );
    }
}
