//! What this dialect answers instead of a result: a status and `{"error": "<sentence>"}`
//! (text §1, §7.1). Sentences about members name them in the contract's words.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chassis::error::{Details, OVERLOADED};
use serde::Serialize;
use tonic::{Code, Status};
use utoipa::ToSchema;

use crate::body::BadBody;
use crate::call::BadIdempotencyKey;
use crate::decode::DecodeError;
use crate::layers::Told;

/// What is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorResponse {
    /// A sentence for people.
    error: String,
}

/// A request that is refused.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    sentence: String,
    /// Seconds after which the same request may succeed.
    retry_after: Option<u64>,
}

impl Refusal {
    /// A refusal with a sentence.
    pub(crate) fn new(status: StatusCode, sentence: impl std::fmt::Display) -> Self {
        Self {
            status,
            sentence: sentence.to_string(),
            retry_after: None,
        }
    }

    /// A request that breaks the contract or a rule.
    pub(crate) fn bad(sentence: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, sentence)
    }

    /// A refusal that says no more than its status.
    pub(crate) fn bare(status: StatusCode) -> Self {
        let sentence = match status {
            StatusCode::UNAUTHORIZED => "Unauthorized",
            StatusCode::NOT_FOUND => "Not found.",
            StatusCode::METHOD_NOT_ALLOWED => "Method not allowed.",
            StatusCode::PAYLOAD_TOO_LARGE => "The body is larger than 4 MiB.",
            StatusCode::TOO_MANY_REQUESTS => "Request was throttled.",
            StatusCode::SERVICE_UNAVAILABLE => "Service unavailable, try again.",
            StatusCode::INTERNAL_SERVER_ERROR => "Something went wrong.",
            other => other.canonical_reason().unwrap_or("Refused."),
        };
        Self::new(status, sentence)
    }

    /// What a service says of somebody or something that is named in a body or a parameter:
    /// what it does not know is a bad request (text §7.1).
    pub(crate) fn in_body(status: Status) -> Self {
        let mut refusal = Self::from(status);
        if refusal.status == StatusCode::NOT_FOUND {
            refusal.status = StatusCode::BAD_REQUEST;
        }
        refusal
    }

    /// What is said of an end that nobody reported (text §4.4).
    pub(crate) fn nothing_to_retract(status: Status) -> Self {
        let nothing = chassis::error::details(&status).reason == "NOT_ENDED";
        let mut refusal = Self::from(status);
        if nothing {
            refusal.status = StatusCode::NOT_FOUND;
        }
        refusal
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (
            self.status,
            Json(ErrorResponse {
                error: self.sentence,
            }),
        )
            .into_response();
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(Told);
        response
    }
}

/// The document of a refusal by the router or a layer, which has a status and headers only.
pub(crate) fn bare(status: StatusCode, headers: &HeaderMap) -> Response {
    let mut response = Refusal::bare(status).into_response();
    if let Some(methods) = headers.get(header::ALLOW) {
        response
            .headers_mut()
            .insert(header::ALLOW, methods.clone());
    }
    response
}

impl From<StatusCode> for Refusal {
    fn from(status: StatusCode) -> Self {
        Self::bare(status)
    }
}

impl From<BadBody> for Refusal {
    fn from(bad: BadBody) -> Self {
        match bad {
            BadBody::TooLarge => Self::bare(StatusCode::PAYLOAD_TOO_LARGE),
            BadBody::Empty | BadBody::NotJson(_) | BadBody::NotObject => Self::bad(bad.message()),
        }
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self::bad(error)
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
        match http {
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => {
                Self::new(http, sentence(&status, &details))
            }
            StatusCode::SERVICE_UNAVAILABLE => Self {
                retry_after: Some(1),
                ..Self::bare(http)
            },
            StatusCode::TOO_MANY_REQUESTS => Self {
                retry_after: Some(retry_after(&details)),
                ..Self::bare(http)
            },
            _ => Self::bare(http),
        }
    }
}

/// Whole seconds, rounded up (text §2).
fn retry_after(details: &Details) -> u64 {
    let milliseconds = details.metadata.get("retry_after_ms");
    milliseconds
        .and_then(|text| text.parse::<u64>().ok())
        .map_or(1, |wait| wait.div_ceil(1000).max(1))
}

fn http_status(code: Code, details: &Details) -> StatusCode {
    match details.reason.as_str() {
        "RATE_LIMITED" | OVERLOADED => return StatusCode::TOO_MANY_REQUESTS,
        "REQUEST_IN_PROGRESS" => return StatusCode::SERVICE_UNAVAILABLE,
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

fn sentence(status: &Status, details: &Details) -> String {
    if details.violations.is_empty() {
        return status.message().to_owned();
    }
    let told = details.violations.iter().map(|violation| {
        let field = wire_name(&violation.field);
        format!("{field}: {}", violation.description)
    });
    told.collect::<Vec<_>>().join("; ")
}

/// Members of messages that the contract has another word for.
const WIRE_WORDS: [(&str, &str); 24] = [
    ("alias", "user_alias"),
    ("amount_hundredths", "value"),
    ("currency_code", "plan_currency"),
    ("customer_handle", "user_alias"),
    ("customer_ref", "customer_id"),
    ("display_name", "name"),
    ("effective_time", "effective_date"),
    ("existing_customer_handle", "user_id"),
    ("handle", "user_alias"),
    ("interval_duration", "plan_interval"),
    ("interventions", "intervention_types"),
    ("key", "subscription_alias"),
    ("named_plan.key", "id"),
    ("opt_out", "intervention_type"),
    ("opt_out_end_time", "end_date"),
    ("opt_out_start_time", "start_date"),
    ("primary_email", "email"),
    ("primary_email_equal", "email"),
    ("product_key", "plan_id"),
    ("reason", "churn_type"),
    ("request_id", "Idempotency-Key"),
    ("target", "customer_id"),
    ("touch_end_time", "end_date"),
    ("touch_start_time", "start_date"),
];

/// A member, or the last part of its path, in the contract's words.
fn wire_name(path: &str) -> &str {
    let last = path.rsplit('.').next().unwrap_or(path);
    let known = |name: &str| WIRE_WORDS.iter().find(|(ours, _)| *ours == name);
    known(path)
        .or_else(|| known(last))
        .map_or(last, |(_, theirs)| theirs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_has_no_room_is_a_call_too_many() {
        let details = Details {
            reason: OVERLOADED.to_owned(),
            metadata: [("retry_after_ms".to_owned(), "1000".to_owned())].into(),
            ..Details::default()
        };
        let status = http_status(Code::ResourceExhausted, &details);
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(retry_after(&details), 1);
    }
}
