//! Refusals of the dialect (behaviour text §2): from a gRPC status with its details to the one error
//! document, with its type, the parameter that is wrong, and when to try again.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chassis::error::{Details, OVERLOADED};
use serde::Serialize;
use tonic::{Code, Status};
use utoipa::ToSchema;

use crate::body::BadBody;
use crate::call::REPLAYED;
use crate::decode::DecodeError;
use crate::layers::Told;

/// Requests counted in this minute.
pub(crate) const USAGE: HeaderName = HeaderName::from_static("revenuecat-rate-limit-current-usage");
/// Requests allowed in a minute.
pub(crate) const LIMIT: HeaderName = HeaderName::from_static("revenuecat-rate-limit-current-limit");
/// How long to wait after a failure of ours, in milliseconds.
const BACKOFF_MS: u64 = 1000;
/// How long to wait for another write to the same thing, in milliseconds.
const LOCKED_BACKOFF_MS: u64 = 500;

/// Machine-readable class of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ErrorType {
    ParameterError,
    ResourceAlreadyExists,
    ResourceMissing,
    IdempotencyError,
    RateLimitError,
    AuthenticationError,
    AuthorizationError,
    StoreError,
    ServerError,
    ResourceLockedError,
    UnprocessableEntityError,
    InvalidRequest,
}

impl ErrorType {
    fn slug(self) -> &'static str {
        match self {
            Self::ParameterError => "parameter-error",
            Self::ResourceAlreadyExists => "resource-already-exists",
            Self::ResourceMissing => "resource-missing",
            Self::IdempotencyError => "idempotency-error",
            Self::RateLimitError => "rate-limit-error",
            Self::AuthenticationError => "authentication-error",
            Self::AuthorizationError => "authorization-error",
            Self::StoreError => "store-error",
            Self::ServerError => "server-error",
            Self::ResourceLockedError => "resource-locked-error",
            Self::UnprocessableEntityError => "unprocessable-entity-error",
            Self::InvalidRequest => "invalid-request",
        }
    }

    fn retryable(self) -> bool {
        match self {
            Self::RateLimitError
            | Self::StoreError
            | Self::ServerError
            | Self::ResourceLockedError => true,
            Self::ParameterError
            | Self::ResourceAlreadyExists
            | Self::ResourceMissing
            | Self::IdempotencyError
            | Self::AuthenticationError
            | Self::AuthorizationError
            | Self::UnprocessableEntityError
            | Self::InvalidRequest => false,
        }
    }
}

/// What is answered instead of a result.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub status: StatusCode,
    pub kind: ErrorType,
    pub message: String,
    /// The parameter that is wrong, as a dotted path.
    pub param: Option<String>,
    /// Milliseconds after which the same request may succeed.
    pub backoff_ms: Option<u64>,
    /// Seconds after which the same request may succeed, as a header.
    pub retry_after: Option<u64>,
    /// The limit that the call would have exceeded.
    pub limit: Option<u64>,
    /// The refusal was given before to the same request.
    pub replayed: bool,
}

/// The word `error`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ErrorObject {
    Error,
}

/// The error document.
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct ErrorDocument {
    object: ErrorObject,
    r#type: ErrorType,
    /// The offending parameter, as a dotted path; absent when none can be named.
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<String>,
    /// What went wrong, for people.
    message: String,
    /// Whether the same request may succeed later.
    retryable: bool,
    /// Where the class of the error is explained.
    doc_url: String,
    /// Milliseconds to wait; only for retryable errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    backoff_ms: Option<u64>,
}

impl Refusal {
    fn new(status: StatusCode, kind: ErrorType, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            message: message.into(),
            param: None,
            backoff_ms: None,
            retry_after: None,
            limit: None,
            replayed: false,
        }
    }

    /// A parameter breaks the contract.
    pub(crate) fn parameter(param: impl Into<String>, message: impl std::fmt::Display) -> Self {
        let param = param.into();
        Self {
            message: if param.is_empty() {
                message.to_string()
            } else {
                format!("{param} {message}")
            },
            param: Some(param).filter(|param| !param.is_empty()),
            ..Self::new(StatusCode::BAD_REQUEST, ErrorType::ParameterError, "")
        }
    }

    /// The same, with another name for the parameter where it begins with this one, also where the message begins with it.
    pub(crate) fn renamed(mut self, from: &str, to: &str) -> Self {
        let Some(param) = self.param.take_if(|param| param.starts_with(from)) else {
            return self;
        };
        if let Some(wrong) = self.message.strip_prefix(&format!("{param} ")) {
            self.message = format!("{to} {wrong}");
        }
        self.param = Some(to.to_owned());
        self
    }

    /// The request as a whole breaks the contract.
    pub(crate) fn request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorType::InvalidRequest, message)
    }

    /// There is no usable key.
    pub(crate) fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            ErrorType::AuthenticationError,
            "a valid secret API key is required as Authorization: Bearer",
        )
    }

    /// The key does not open this.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            ErrorType::AuthorizationError,
            message,
        )
    }

    /// A parameter names nothing.
    pub(crate) fn missing(param: &str, message: impl Into<String>) -> Self {
        Self {
            param: Some(param.to_owned()).filter(|param| !param.is_empty()),
            ..Self::new(StatusCode::NOT_FOUND, ErrorType::ResourceMissing, message)
        }
    }

    /// Well formed, but cannot be carried out.
    pub(crate) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            ErrorType::UnprocessableEntityError,
            message,
        )
    }

    /// A failure of ours.
    pub(crate) fn server(status: StatusCode) -> Self {
        Self {
            backoff_ms: Some(BACKOFF_MS),
            ..Self::new(
                status,
                ErrorType::ServerError,
                if status == StatusCode::INTERNAL_SERVER_ERROR {
                    "something went wrong"
                } else {
                    "temporarily unavailable"
                },
            )
        }
    }

    /// An answer of a service that breaks its own contract.
    pub(crate) fn broken(what: &'static str) -> Self {
        tracing::error!(what, "a service answered what its contract does not allow");
        Self::server(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What a layer or the router refused with a bare status. The dialect has no 405 and no 413.
    pub(crate) fn bare(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::unauthenticated(),
            StatusCode::FORBIDDEN => Self::forbidden("the key does not open this"),
            StatusCode::NOT_FOUND => Self::missing("", "there is no such path"),
            StatusCode::METHOD_NOT_ALLOWED => Self::request("the path does not have this method"),
            StatusCode::PAYLOAD_TOO_LARGE => Self::request("the body is larger than 4 MiB"),
            StatusCode::REQUEST_TIMEOUT => Self::server(StatusCode::GATEWAY_TIMEOUT),
            other if other.is_server_error() => Self::server(other),
            _ => Self::request("the request cannot be read"),
        }
    }

    /// What a service refused. `own` is the last parameter of the path, which names what the call is about.
    pub(crate) fn of(status: &Status, own: &str) -> Self {
        let details = chassis::error::details(status);
        Self {
            replayed: status
                .metadata()
                .contains_key(chassis::idempotency::REPLAYED_HEADER),
            ..classify(status, &details, own)
        }
    }
}

fn classify(status: &Status, details: &Details, own: &str) -> Refusal {
    let message = status.message();
    if details.reason == "REQUEST_ID_REUSED" {
        return Refusal::new(
            StatusCode::CONFLICT,
            ErrorType::IdempotencyError,
            "the Idempotency-Key was used before with another request",
        );
    }
    if details.reason == "REQUEST_IN_PROGRESS" {
        return Refusal {
            backoff_ms: Some(BACKOFF_MS),
            retry_after: Some(1),
            ..locked("a request with this Idempotency-Key is in progress")
        };
    }
    if details.reason.starts_with("STORE_REFUSED") {
        return Refusal {
            backoff_ms: Some(BACKOFF_MS),
            ..Refusal::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                ErrorType::StoreError,
                message,
            )
        };
    }
    match status.code() {
        Code::InvalidArgument | Code::OutOfRange => match details.violations.first() {
            Some(first) => Refusal::parameter(param(&first.field, own), &first.description),
            None => Refusal::parameter("", message),
        },
        Code::Unauthenticated => Refusal::unauthenticated(),
        Code::PermissionDenied => Refusal::forbidden(message),
        Code::NotFound => Refusal::missing(&named(details, own), message),
        Code::AlreadyExists => Refusal {
            param: Some(taken(details)),
            ..Refusal::new(
                StatusCode::CONFLICT,
                ErrorType::ResourceAlreadyExists,
                message,
            )
        },
        Code::FailedPrecondition => Refusal {
            param: details.metadata.get("field").map(|field| param(field, own)),
            ..Refusal::unprocessable(message)
        },
        Code::Aborted => locked("another request is changing the same thing"),
        Code::ResourceExhausted
            if details.reason == "RATE_LIMITED" || details.reason == OVERLOADED =>
        {
            limited(details)
        }
        Code::ResourceExhausted => Refusal::unprocessable(message),
        Code::DeadlineExceeded => Refusal::server(StatusCode::GATEWAY_TIMEOUT),
        Code::Unavailable | Code::Cancelled => Refusal::server(StatusCode::SERVICE_UNAVAILABLE),
        Code::Ok | Code::Unknown | Code::Unimplemented | Code::Internal | Code::DataLoss => {
            Refusal::server(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

fn locked(message: &str) -> Refusal {
    Refusal {
        backoff_ms: Some(LOCKED_BACKOFF_MS),
        ..Refusal::new(StatusCode::LOCKED, ErrorType::ResourceLockedError, message)
    }
}

/// A call too many: the wait is told in whole seconds, and in as many milliseconds.
fn limited(details: &Details) -> Refusal {
    let number = |name: &str| {
        details
            .metadata
            .get(name)
            .and_then(|text| text.parse::<u64>().ok())
    };
    let seconds = number("retry_after_ms")
        .unwrap_or_default()
        .div_ceil(1000)
        .max(1);
    Refusal {
        backoff_ms: Some(seconds.saturating_mul(1000)),
        retry_after: Some(seconds),
        limit: number("limit"),
        ..Refusal::new(
            StatusCode::TOO_MANY_REQUESTS,
            ErrorType::RateLimitError,
            "Rate limit exceeded",
        )
    }
}

/// The parameter that names what was not found.
fn named(details: &Details, own: &str) -> String {
    if details.reason.starts_with("CUSTOMER_") && own != "customer_id" {
        // Only bodies name customers beside paths, and they say so themselves.
        return "customer_id".to_owned();
    }
    details
        .metadata
        .get("field")
        .map_or_else(|| own.to_owned(), |field| param(field, own))
}

/// The parameter whose value is taken.
fn taken(details: &Details) -> String {
    match details.metadata.get("field") {
        Some(field) => param(field, "id"),
        None => "id".to_owned(),
    }
}

/// The parameter that a field of a message is in the contract.
fn param(field: &str, own: &str) -> String {
    match field {
        "id" | "customer_ref" | "customer_ref.handle" | "customer.handle" => return own.to_owned(),
        "after_id" | "after_customer" | "after_alias" => return "starting_after".to_owned(),
        "page_size" => return "limit".to_owned(),
        "request_id" => return "Idempotency-Key".to_owned(),
        "customer.key" => return "id".to_owned(),
        _ => {}
    }
    let dotted = dotted(field);
    // The resource's own name goes.
    let inner = match dotted.split_once('.') {
        Some((resource, rest)) if !rest.starts_with(|first: char| first.is_ascii_digit()) => {
            if RESOURCES.contains(&resource) {
                rest
            } else {
                dotted.as_str()
            }
        }
        Some(_) | None => dotted.as_str(),
    };
    match inner {
        "store_app_id" => "app_id".to_owned(),
        "metadata_json" => "metadata".to_owned(),
        "kind" => "type".to_owned(),
        "duration" | "grace_period_duration" | "trial_duration" => format!("subscription.{inner}"),
        "built_in.default_currency_code" => "rc_billing.default_currency".to_owned(),
        other => other.replace("built_in.", "rc_billing."),
    }
}

/// Messages that a request holds whole.
const RESOURCES: [&str; 6] = [
    "store_app",
    "product",
    "entitlement_definition",
    "offering",
    "package",
    "customer",
];

/// `a[0].b` is `a.0.b` in the dialect.
fn dotted(path: &str) -> String {
    path.replace("][", ".")
        .replace('[', ".")
        .replace(']', "")
        .trim_start_matches('.')
        .to_owned()
}

impl From<BadBody> for Refusal {
    fn from(bad: BadBody) -> Self {
        match bad {
            BadBody::NotObject => Self::parameter("", bad.message()),
            BadBody::TooLarge | BadBody::Empty | BadBody::NotJson(_) => {
                Self::request(bad.message())
            }
        }
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self::parameter(dotted(&error.path), error.message)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let document = ErrorDocument {
            object: ErrorObject::Error,
            r#type: self.kind,
            param: self.param.clone(),
            message: self.message.clone(),
            retryable: self.kind.retryable(),
            doc_url: format!("https://errors.rev.cat/{}", self.kind.slug()),
            backoff_ms: self.backoff_ms.filter(|_| self.kind.retryable()),
        };
        let mut response = (self.status, Json(document)).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(limit) = self.limit {
            headers.insert(USAGE, HeaderValue::from(limit));
            headers.insert(LIMIT, HeaderValue::from(limit));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"perennial\""),
            );
        }
        if self.replayed {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response.extensions_mut().insert(Told);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_named_in_the_words_of_the_contract() {
        for (field, name) in [
            ("id", "app_id"),
            ("after_id", "starting_after"),
            ("product_ids", "product_ids"),
            ("product.store_app_id", "app_id"),
            (
                "store_app.built_in.seller_company_name",
                "rc_billing.seller_company_name",
            ),
            ("attributes[0].name", "attributes.0.name"),
            ("offering.metadata_json", "metadata"),
            ("product.duration", "subscription.duration"),
            (
                "product.grace_period_duration",
                "subscription.grace_period_duration",
            ),
            ("product.trial_duration", "subscription.trial_duration"),
        ] {
            assert_eq!(param(field, "app_id"), name, "{field}");
        }
    }

    #[test]
    fn a_renamed_parameter_is_renamed_in_its_message_too() {
        let renamed = |param: &str| {
            let refusal = Refusal::parameter(param, "must lie in the future");
            let refusal = refusal.renamed("end_time", "expires_at");
            (refusal.param.unwrap_or_default(), refusal.message)
        };
        for (param, shown) in [("end_time", "expires_at"), ("duration", "duration")] {
            let message = format!("{shown} must lie in the future");
            assert_eq!(renamed(param), (shown.to_owned(), message));
        }
        // What is missing says so in its own words.
        let missing = Refusal::missing("product_ids", "there is no such product");
        let missing = missing.renamed("product_ids", "products");
        assert_eq!(missing.param.as_deref(), Some("products"));
        assert_eq!(missing.message, "there is no such product");
    }

    #[test]
    fn what_services_refuse_has_a_status_and_a_type() {
        use ErrorType::{
            AuthenticationError, AuthorizationError, ParameterError, ResourceAlreadyExists,
            ResourceLockedError, ResourceMissing, ServerError, UnprocessableEntityError,
        };
        for (refused, status, kind) in [
            (Status::invalid_argument("x"), 400, ParameterError),
            (Status::unauthenticated("x"), 401, AuthenticationError),
            (Status::permission_denied("x"), 403, AuthorizationError),
            (Status::not_found("x"), 404, ResourceMissing),
            (Status::already_exists("x"), 409, ResourceAlreadyExists),
            (
                Status::failed_precondition("x"),
                422,
                UnprocessableEntityError,
            ),
            (Status::aborted("x"), 423, ResourceLockedError),
            (Status::internal("inner workings"), 500, ServerError),
            (Status::unavailable("x"), 503, ServerError),
            (Status::deadline_exceeded("x"), 504, ServerError),
        ] {
            let refusal = Refusal::of(&refused, "app_id");
            assert_eq!((refusal.status.as_u16(), refusal.kind), (status, kind));
            assert_eq!(refusal.backoff_ms.is_some(), kind.retryable(), "{status}");
            assert!(!refusal.message.contains("inner workings"));
        }
    }

    #[test]
    fn repeated_requests_and_calls_too_many() {
        let details = |reason: &str, metadata: &[(&str, &str)]| Details {
            reason: reason.to_owned(),
            metadata: metadata
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..Details::default()
        };
        let other = details("REQUEST_ID_REUSED", &[]);
        let other = classify(&Status::invalid_argument("x"), &other, "");
        assert_eq!(other.status, StatusCode::CONFLICT);
        assert_eq!(other.kind, ErrorType::IdempotencyError);
        let running = details("REQUEST_IN_PROGRESS", &[]);
        let running = classify(&Status::aborted("x"), &running, "");
        assert_eq!(running.status, StatusCode::LOCKED);
        assert_eq!(
            (running.retry_after, running.backoff_ms),
            (Some(1), Some(1000))
        );
        let many = details(
            "RATE_LIMITED",
            &[("retry_after_ms", "1001"), ("limit", "5")],
        );
        let many = classify(&Status::resource_exhausted("x"), &many, "");
        assert_eq!(many.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!((many.retry_after, many.backoff_ms), (Some(2), Some(2000)));
        assert_eq!(many.limit, Some(5));
        let full = details(OVERLOADED, &[("retry_after_ms", "1000")]);
        let full = classify(&Status::resource_exhausted("x"), &full, "");
        assert_eq!(full.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!((full.retry_after, full.backoff_ms), (Some(1), Some(1000)));
    }

    #[test]
    fn bare_statuses_have_a_type() {
        for (status, answered, kind) in [
            (404, 404, ErrorType::ResourceMissing),
            (405, 400, ErrorType::InvalidRequest),
            (413, 400, ErrorType::InvalidRequest),
            (408, 504, ErrorType::ServerError),
            (500, 500, ErrorType::ServerError),
        ] {
            let status = StatusCode::from_u16(status).unwrap_or_default();
            let refusal = Refusal::bare(status);
            assert_eq!((refusal.status.as_u16(), refusal.kind), (answered, kind));
        }
    }
}
