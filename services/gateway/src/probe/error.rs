//! What this dialect answers instead of a result: `{"error": "<sentence>"}`, with `fields`
//! where members of the body are to blame (text §1).

use std::collections::BTreeMap;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chassis::error::{Details, OVERLOADED};
use serde::Serialize;
use tonic::{Code, Status};
use utoipa::ToSchema;

use crate::body::BadBody;
use crate::call::BadIdempotencyKey;
use crate::decode::DecodeError;
use crate::layers::Told;

/// A header is to blame, and no member of the body.
const REUSED_KEY: &str = "Idempotency-Key: was used before with another request";

/// What is wrong.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct ErrorDocument {
    /// A sentence for people.
    error: String,
    /// What is wrong with each member, by its path; absent when none is to blame.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(required = false)]
    fields: BTreeMap<String, String>,
}

/// A request that is refused.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    sentence: String,
    fields: BTreeMap<String, String>,
    /// Whether the same request may succeed in a second.
    passing: bool,
}

impl Refusal {
    fn new(status: StatusCode, sentence: impl std::fmt::Display) -> Self {
        Self {
            status,
            sentence: sentence.to_string(),
            fields: BTreeMap::new(),
            passing: false,
        }
    }

    /// A request that is wrong as a whole.
    pub(crate) fn bad(sentence: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, sentence)
    }

    /// A request with a wrong member.
    pub(crate) fn field(path: &str, reason: impl std::fmt::Display) -> Self {
        Self::fields([(path.to_owned(), reason.to_string())])
    }

    fn fields(fields: impl IntoIterator<Item = (String, String)>) -> Self {
        let fields: BTreeMap<_, _> = fields.into_iter().collect();
        let told = fields
            .iter()
            .map(|(path, reason)| format!("{path}: {reason}"));
        Self {
            sentence: told.collect::<Vec<_>>().join("; "),
            fields,
            ..Self::bad("")
        }
    }

    /// A refusal that says no more than its status, which is one of the table of the contract.
    pub(crate) fn bare(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Self::new(StatusCode::UNAUTHORIZED, "your API key is wrong")
            }
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                Self::new(StatusCode::NOT_FOUND, "there is nothing here")
            }
            StatusCode::PAYLOAD_TOO_LARGE => Self::bad("the body is larger than 4 MiB"),
            StatusCode::REQUEST_TIMEOUT | StatusCode::SERVICE_UNAVAILABLE => Self {
                passing: true,
                ..Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "temporarily unavailable, try again",
                )
            },
            other if other.is_client_error() => Self::bad("your request is invalid"),
            _ => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "we had a problem with our server",
            ),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let document = ErrorDocument {
            error: self.sentence,
            fields: self.fields,
        };
        let mut response = (self.status, Json(document)).into_response();
        if self.passing {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response.extensions_mut().insert(Told);
        response
    }
}

/// The document of a refusal by the router or a layer.
pub(crate) fn bare(status: StatusCode) -> Response {
    Refusal::bare(status).into_response()
}

impl From<StatusCode> for Refusal {
    fn from(status: StatusCode) -> Self {
        Self::bare(status)
    }
}

impl From<BadBody> for Refusal {
    fn from(bad: BadBody) -> Self {
        Self::bad(bad.message())
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self::field(&error.path, error.message)
    }
}

impl From<BadIdempotencyKey> for Refusal {
    fn from(_: BadIdempotencyKey) -> Self {
        Self::bad("Idempotency-Key: must have 1 to 255 characters")
    }
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        let details = chassis::error::details(&status);
        let http = http_status(status.code(), &details);
        if http != StatusCode::BAD_REQUEST && http != StatusCode::NOT_FOUND {
            return Self::bare(http);
        }
        let fields = match details.reason.as_str() {
            "REQUEST_ID_REUSED" => return Self::bad(REUSED_KEY),
            // No rate leads from the currency to the account's.
            "EXCHANGE_RATE_MISSING" | "RATE_MISSING" => {
                vec![("currency".to_owned(), status.message().to_owned())]
            }
            _ => details
                .violations
                .iter()
                .map(|violation| (wire_path(&violation.field), violation.description.clone()))
                .collect(),
        };
        if fields.is_empty() {
            return Self::new(http, status.message());
        }
        Self {
            status: http,
            ..Self::fields(fields)
        }
    }
}

fn http_status(code: Code, details: &Details) -> StatusCode {
    match details.reason.as_str() {
        // The contract has no 429.
        "REQUEST_IN_PROGRESS" | OVERLOADED => return StatusCode::SERVICE_UNAVAILABLE,
        "RATE_MISSING" => return StatusCode::BAD_REQUEST,
        _ => {}
    }
    match code {
        Code::InvalidArgument
        | Code::OutOfRange
        | Code::FailedPrecondition
        | Code::AlreadyExists
        | Code::ResourceExhausted => StatusCode::BAD_REQUEST,
        Code::Unauthenticated | Code::PermissionDenied => StatusCode::UNAUTHORIZED,
        Code::NotFound => StatusCode::NOT_FOUND,
        // A lost race, too: the same request may succeed.
        Code::Aborted | Code::Cancelled | Code::DeadlineExceeded | Code::Unavailable => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Code::Ok | Code::Unknown | Code::Internal | Code::DataLoss | Code::Unimplemented => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

/// Members of messages that the contract has another word for.
const WIRE_WORDS: [(&str, &str); 13] = [
    ("changes", "segments"),
    ("currency_code", "currency"),
    ("customer_handle", "customer_id"),
    ("customer_ref", "id"),
    ("effective_time", "started_at"),
    ("end_time", "ended_at"),
    ("item_type", "items[0].type"),
    ("key", "id"),
    ("start_time", "started_at"),
    ("subscription_key", "subscription_id"),
    ("trial_end_time", "trial_ended_at"),
    ("trial_start_time", "trial_started_at"),
    ("handle", "id"),
];

/// `items[0].trial_start_time` of a message is `items[0].trial_started_at` of a body,
/// `changes.0.name` is `segments[0].name`. A payment has the members of its one item itself.
fn wire_path(path: &str) -> String {
    if path == "product_key" {
        return "items[0].product_key".to_owned();
    }
    let mut told = String::new();
    for segment in path.split('.') {
        if segment.bytes().all(|byte| byte.is_ascii_digit()) {
            told.push_str(&format!("[{segment}]"));
            continue;
        }
        if !told.is_empty() {
            told.push('.');
        }
        let (word, index) = segment.split_at(segment.find('[').unwrap_or(segment.len()));
        let known = WIRE_WORDS.iter().find(|(ours, _)| *ours == word);
        told.push_str(known.map_or(word, |(_, theirs)| theirs));
        told.push_str(index);
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_named_in_the_words_of_the_contract() {
        for (ours, theirs) in [
            ("effective_time", "started_at"),
            ("items[2].trial_start_time", "items[2].trial_started_at"),
            ("items[0].product_key", "items[0].product_key"),
            ("product_key", "items[0].product_key"),
            ("item_type", "items[0].type"),
            ("changes.1.name", "segments[1].name"),
            ("monthly_amount", "monthly_amount"),
        ] {
            assert_eq!(wire_path(ours), theirs);
        }
    }

    #[test]
    fn a_service_that_has_no_room_passes() {
        let details = Details {
            reason: OVERLOADED.to_owned(),
            ..Details::default()
        };
        let status = http_status(Code::ResourceExhausted, &details);
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(Refusal::bare(status).passing);
    }

    #[test]
    fn every_status_is_one_of_the_contracts_table() {
        for status in [
            400, 401, 403, 404, 405, 408, 413, 415, 429, 500, 501, 503, 504,
        ] {
            let status = StatusCode::from_u16(status).unwrap_or_default();
            let told = Refusal::bare(status).status.as_u16();
            assert!(
                [400, 401, 404, 500, 503].contains(&told),
                "{status}: {told}"
            );
        }
    }
}
