//! From a gRPC status with its details to the problem documents of the contract (RFC 7807),
//! as the metering text §1.4, the catalog text §2 and the billing text §1.5 describe them.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chassis::error::Details;
use chassis::{Issue, Severity};
use serde::Serialize;
use serde_json::{Map, Value, json};
use tonic::{Code, Status};
use utoipa::ToSchema;

use super::decode::DecodeError;
use crate::body::BadBody;
use crate::call::REPLAYED;

/// What is answered instead of a result.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub status: StatusCode,
    /// A sentence for people; absent for failures of ours.
    pub detail: Option<String>,
    pub extensions: Map<String, Value>,
    /// Seconds after which the same request may succeed.
    pub retry_after: Option<u32>,
    /// The refusal was given before to the same request.
    pub replayed: bool,
}

/// The problem document (RFC 7807).
#[derive(Serialize, ToSchema)]
#[schema(as = UnexpectedProblemResponse)]
pub(crate) struct ProblemDocument {
    /// Always `about:blank`.
    r#type: &'static str,
    /// The reason phrase of the status.
    title: &'static str,
    /// The HTTP status again.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What went wrong, for people; absent for failures of the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The request, as `urn:request:<id>`.
    instance: String,
    /// Facts for programs; absent when there are none.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Option<super::scalars::Annotations>)]
    extensions: Map<String, Value>,
}

impl Problem {
    /// A problem with a sentence, which gets the prefix of its class.
    pub(crate) fn new(status: StatusCode, detail: impl std::fmt::Display) -> Self {
        Self {
            detail: Some(format!("{}{detail}", prefix(status))),
            ..Self::bare(status)
        }
    }

    /// A problem that says no more than its status.
    pub(crate) fn bare(status: StatusCode) -> Self {
        Self {
            status,
            detail: None,
            extensions: Map::new(),
            retry_after: None,
            replayed: false,
        }
    }

    /// A request that breaks the contract.
    pub(crate) fn invalid(detail: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// Something named in the path is unknown.
    pub(crate) fn not_found(detail: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// The document, for the request with this id.
    pub(crate) fn document(&self, request_id: &str) -> ProblemDocument {
        ProblemDocument {
            r#type: "about:blank",
            title: title(self.status),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            instance: format!("urn:request:{request_id}"),
            extensions: self.extensions.clone(),
        }
    }

    /// The answer to the request with this id.
    pub(crate) fn render(&self, request_id: &str) -> Response {
        let mut response = (self.status, Json(self.document(request_id))).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
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
        response
    }
}

impl IntoResponse for Problem {
    /// The body is written by the outermost layer, which knows the request id.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<BadBody> for Problem {
    fn from(bad: BadBody) -> Self {
        match bad {
            BadBody::TooLarge => Self::new(StatusCode::PAYLOAD_TOO_LARGE, bad.message()),
            BadBody::Empty | BadBody::NotJson(_) | BadBody::NotObject => {
                Self::invalid(bad.message())
            }
        }
    }
}

impl From<DecodeError> for Problem {
    fn from(error: DecodeError) -> Self {
        Self::invalid(error)
    }
}

impl From<Status> for Problem {
    fn from(status: Status) -> Self {
        Self {
            replayed: status
                .metadata()
                .contains_key(chassis::idempotency::REPLAYED_HEADER),
            ..from_status(&status)
        }
    }
}

fn from_status(status: &Status) -> Problem {
    let details = chassis::error::details(status);
    let http = http_status(status.code(), &details);
    if http.is_server_error() && http != StatusCode::NOT_IMPLEMENTED {
        return Problem::bare(http);
    }
    let billing = details.domain == "perennial.billing";
    if !details.issues.is_empty() && !billing {
        return from_issues(http, status, &details);
    }
    let mut problem = Problem::new(http, sentence(status, &details));
    if details.reason == "REQUEST_IN_PROGRESS" || http == StatusCode::TOO_MANY_REQUESTS {
        problem.retry_after = Some(1);
    }
    if let Some(id) = conflicting(&details) {
        problem
            .extensions
            .insert("conflictingEntityId".to_owned(), id.into());
    }
    if billing {
        billing_extensions(&mut problem, status, &details);
    }
    problem
}

/// Coded issues: when those that ask for a status all ask for the same one, it decides, and
/// only they are listed (catalog text §2.3).
fn from_issues(http: StatusCode, status: &Status, details: &Details) -> Problem {
    let mut asked = details.issues.iter().filter_map(|issue| issue.status);
    let agreed = asked
        .next()
        .filter(|first| asked.all(|other| other == *first));
    let (http, listed): (_, Vec<&Issue>) = match agreed {
        Some(code) => (
            StatusCode::from_u16(code).unwrap_or(http),
            details
                .issues
                .iter()
                .filter(|issue| issue.status == Some(code))
                .collect(),
        ),
        None => (http, details.issues.iter().collect()),
    };
    let messages: Vec<&str> = listed.iter().map(|issue| issue.message.as_str()).collect();
    let sentence = if agreed.is_some() {
        messages.join("\n")
    } else {
        format!("{}{}", prefix(http), status.message())
    };
    let mut problem = Problem {
        detail: Some(sentence),
        ..Problem::bare(http)
    };
    problem.extensions.insert(
        "validationErrors".to_owned(),
        listed.into_iter().map(issue).collect(),
    );
    if let Some(id) = conflicting(details) {
        problem
            .extensions
            .insert("conflictingEntityId".to_owned(), id.into());
    }
    problem
}

/// Catalog endpoints answer 400 with a fixed sentence and every issue, whatever status one
/// asks for (catalog text §2.3).
pub(crate) fn invalid_offer<T>(
    sentence: &'static str,
    answer: Result<T, Status>,
) -> Result<T, Problem> {
    let status = match answer {
        Ok(message) => return Ok(message),
        Err(status) => status,
    };
    let details = chassis::error::details(&status);
    let problem = Problem::from(status);
    if details.issues.is_empty() {
        return Err(problem);
    }
    let mut invalid = Problem {
        detail: Some(sentence.to_owned()),
        replayed: problem.replayed,
        ..Problem::bare(StatusCode::BAD_REQUEST)
    };
    invalid.extensions.insert(
        "validationErrors".to_owned(),
        details.issues.iter().map(issue).collect(),
    );
    Err(invalid)
}

/// What another service refused while a subscription was made or changed: a customer that
/// cannot be billed is a conflict, an unknown feature of a custom plan a bad request
/// (catalog text §10).
pub(crate) fn subscription_refusal<T>(answer: Result<T, Status>) -> Result<T, Problem> {
    let status = match answer {
        Ok(message) => return Ok(message),
        Err(status) => status,
    };
    let details = chassis::error::details(&status);
    let problem = Problem::from(status.clone());
    if details.domain == "perennial.billing" && problem.status.is_client_error() {
        return Err(Problem {
            replayed: problem.replayed,
            ..Problem::new(
                StatusCode::CONFLICT,
                format!("invalid billing setup: {}", status.message()),
            )
        });
    }
    if details.reason == "FEATURE_NOT_FOUND" {
        return Err(Problem {
            replayed: problem.replayed,
            ..Problem::invalid(status.message())
        });
    }
    Err(problem)
}

/// Billing puts the first issue into the extensions themselves (billing text §1.5).
fn billing_extensions(problem: &mut Problem, status: &Status, details: &Details) {
    let mut issues = details.issues.iter().map(|issue| {
        let mut map = Map::new();
        map.insert("severity".to_owned(), severity(issue.severity).into());
        map.insert("message".to_owned(), issue.message.clone().into());
        if !issue.code.is_empty() {
            map.insert("code".to_owned(), issue.code.clone().into());
        }
        if let Some(component) = &issue.component {
            map.insert("component".to_owned(), component.clone().into());
        }
        if let Some(field) = &issue.field {
            map.insert("path".to_owned(), field.clone().into());
        }
        map
    });
    if let Some(first) = issues.next() {
        problem.extensions.extend(first);
        let more: Vec<Value> = issues.map(Value::Object).collect();
        if !more.is_empty() {
            problem
                .extensions
                .insert("additionalIssues".to_owned(), more.into());
        }
        return;
    }
    let code = details.reason.to_lowercase();
    if BILLING_CODES.contains(&code.as_str()) {
        problem
            .extensions
            .insert("severity".to_owned(), "critical".into());
        problem
            .extensions
            .insert("message".to_owned(), status.message().into());
        problem.extensions.insert("code".to_owned(), code.into());
    }
}

/// The codes of the billing text §26 that are errors of their own.
const BILLING_CODES: [&str; 19] = [
    "default_profile_not_found",
    "profile_not_found",
    "profile_already_deleted",
    "profile_referenced",
    "default_profile_cannot_be_deleted",
    "default_profile_cannot_be_unset",
    "customer_override_not_found",
    "customer_override_deleted",
    "invoice_cannot_advance",
    "invoice_action_not_available",
    "invoice_cannot_delete_gathering",
    "invoice_delete_failed",
    "invoice_create_no_lines",
    "invoice_lines_not_billable",
    "invoice_progressive_billing_not_supported",
    "invoice_create_ubp_line_period_is_empty",
    "invoice_line_no_period_change_for_split_line",
    "invoice_line_no_period_change_for_subscription_managed_line",
    "invoice_line_progressive_billing_usage_discount_update_forbidden",
];

/// One coded issue; its attributes never overwrite the five names.
fn issue(issue: &Issue) -> Value {
    let mut map: Map<String, Value> = issue
        .attributes
        .iter()
        .map(|(name, text)| (name.clone(), attribute(text)))
        .collect();
    if !issue.code.is_empty() {
        map.insert("code".to_owned(), issue.code.clone().into());
    }
    map.insert("message".to_owned(), issue.message.clone().into());
    map.insert("severity".to_owned(), severity(issue.severity).into());
    if let Some(field) = &issue.field {
        map.insert("field".to_owned(), field.clone().into());
    }
    if let Some(component) = &issue.component {
        map.insert("component".to_owned(), component.clone().into());
    }
    Value::Object(map)
}

/// Attributes travel as text; what is a number in JSON is printed as one.
fn attribute(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(number @ Value::Number(_)) => number,
        Ok(flag @ Value::Bool(_)) => flag,
        _ => json!(text),
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::Warning => "warning",
    }
}

/// The entitlement that already covers the customer and feature (metering text §1.4).
fn conflicting(details: &Details) -> Option<String> {
    (details.reason == "ENTITLEMENT_EXISTS")
        .then(|| details.metadata.get("entitlement_id").cloned())
        .flatten()
}

/// Reasons whose sentence the contract has; it names no fields.
const WHOLE_SENTENCES: [&str; 2] = ["CUSTOMER_HELD", "KEY_OR_SUBJECT_KEYS_REQUIRED"];

/// The fields that are wrong, one a line; else the message.
fn sentence(status: &Status, details: &Details) -> String {
    if details.violations.is_empty() || WHOLE_SENTENCES.contains(&details.reason.as_str()) {
        return status.message().to_owned();
    }
    details
        .violations
        .iter()
        .map(|violation| {
            let field = wire_path(&violation.field);
            format!("{field}: {}", violation.description)
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// Words of messages that the contract has another word for; an empty one it does without.
const WIRE_WORDS: [(&str, &str); 26] = [
    ("add_item", ""),
    ("add_phase", "phase"),
    ("anchor_time", "anchor"),
    ("currency_code", "currency"),
    ("effective_time", "effectiveAt"),
    ("end_time", "to"),
    ("expire_time", "expiresAt"),
    ("extend_by_duration", "extendBy"),
    ("from_time", "from"),
    ("llm", ""),
    ("manual", ""),
    ("measure_usage_from_preset", "measureUsageFrom"),
    ("measure_usage_from_time", "measureUsageFrom"),
    ("metered", ""),
    ("operations", "customizations"),
    ("remove_item", ""),
    ("remove_phase", ""),
    ("start_after_duration", "startAfter"),
    ("start_time", "from"),
    ("static", ""),
    ("stretch_phase", ""),
    ("tiered", ""),
    ("to_time", "to"),
    ("usage_period_duration", "usagePeriod"),
    ("void_time", "at"),
    ("webhook", ""),
];

/// Fields whose word is another one elsewhere: a subject has a `displayName`, a meter an `eventType`.
const WIRE_PATHS: [(&str, &str); 3] = [
    (
        "customer.billing_address.country_code",
        "billingAddress.country",
    ),
    ("customer.display_name", "name"),
    ("rule.event_type", "type"),
];

/// `meter.group_by.x` of a message is `groupBy.x` of a body: the resource's own name goes,
/// the rest is written in the contract's words and in camel case.
fn wire_path(path: &str) -> String {
    if let Some((_, theirs)) = WIRE_PATHS.iter().find(|(ours, _)| *ours == path) {
        return (*theirs).to_owned();
    }
    let inner = match path.split_once('.') {
        Some((resource, rest)) if !resource.contains('[') => rest,
        Some(_) | None => path,
    };
    let words = inner.split('.').filter_map(|segment| {
        let (word, index) = segment.split_at(segment.find('[').unwrap_or(segment.len()));
        match WIRE_WORDS.iter().find(|(ours, _)| *ours == word) {
            Some((_, "")) => None,
            Some((_, theirs)) => Some(format!("{theirs}{index}")),
            None => Some(format!("{}{index}", camel_case(word))),
        }
    });
    words.collect::<Vec<_>>().join(".")
}

fn camel_case(word: &str) -> String {
    let mut camel = String::with_capacity(word.len());
    let mut raise = false;
    for letter in word.chars() {
        match letter {
            '_' => raise = true,
            _ if raise => {
                camel.push(letter.to_ascii_uppercase());
                raise = false;
            }
            _ => camel.push(letter),
        }
    }
    camel
}

/// Reasons whose status is not the usual one of their code.
const BY_REASON: [(&str, StatusCode); 22] = [
    // Billing text §1.5: what a provider refuses, and the wrong app for a customer.
    ("PROVIDER_REFUSED", StatusCode::PRECONDITION_FAILED),
    ("APP_NOT_OF_CUSTOMER", StatusCode::PRECONDITION_FAILED),
    ("NO_STRIPE_CUSTOMER", StatusCode::PRECONDITION_FAILED),
    ("REQUEST_ID_REUSED", StatusCode::CONFLICT),
    ("REQUEST_IN_PROGRESS", StatusCode::CONFLICT),
    ("SUBJECT_DELETED", StatusCode::PRECONDITION_FAILED),
    ("METER_IN_USE", StatusCode::CONFLICT),
    ("METER_GROUP_BY_IN_USE", StatusCode::CONFLICT),
    ("APP_IN_USE", StatusCode::CONFLICT),
    ("CHANNEL_DELETED", StatusCode::CONFLICT),
    ("RULE_DELETED", StatusCode::CONFLICT),
    ("ENTITLEMENT_MANAGED_BY_SUBSCRIPTION", StatusCode::FORBIDDEN),
    // Catalog text §9.4, §11 and §16: what the state of a subscription forbids.
    ("TRANSITION_NOT_ALLOWED", StatusCode::FORBIDDEN),
    ("REPORTED_SUBSCRIPTION", StatusCode::FORBIDDEN),
    ("PAST_PHASE", StatusCode::FORBIDDEN),
    ("ITEM_EXISTS", StatusCode::FORBIDDEN),
    ("ITEM_OVERLAP", StatusCode::FORBIDDEN),
    ("PHASE_IN_PAST", StatusCode::FORBIDDEN),
    ("PHASE_AFTER_END", StatusCode::FORBIDDEN),
    ("SINGLE_PHASE", StatusCode::CONFLICT),
    ("PHASE_WOULD_DISAPPEAR", StatusCode::CONFLICT),
    ("NO_CURRENT_PHASE", StatusCode::CONFLICT),
];

fn http_status(code: Code, details: &Details) -> StatusCode {
    let reason = details.reason.as_str();
    if let Some((_, status)) = BY_REASON.iter().find(|(known, _)| *known == reason) {
        return *status;
    }
    if reason == "CUSTOMER_DELETED" && code == Code::FailedPrecondition {
        return StatusCode::PRECONDITION_FAILED;
    }
    // Catalog text §3.6: an entitlement outranks everything else that holds a customer.
    if reason == "CUSTOMER_HELD"
        && details
            .metadata
            .get("reasons")
            .is_some_and(|reasons| reasons.split(',').any(|reason| reason == "ENTITLEMENT"))
    {
        return StatusCode::CONFLICT;
    }
    if reason.starts_with("TOO_MANY_") {
        return StatusCode::BAD_REQUEST;
    }
    match code {
        Code::InvalidArgument | Code::OutOfRange | Code::FailedPrecondition => {
            StatusCode::BAD_REQUEST
        }
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Cancelled | Code::DeadlineExceeded => StatusCode::REQUEST_TIMEOUT,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Ok | Code::Unknown | Code::Internal | Code::DataLoss => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

/// The words that open the sentence of each class (catalog text §2.2).
fn prefix(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "validation error: ",
        401 => "unauthorized error: ",
        403 => "forbidden error: ",
        404 => "not found error: ",
        409 => "conflict error: ",
        412 => "precondition failed error: ",
        501 => "not implemented error: ",
        _ => "",
    }
}

fn title(status: StatusCode) -> &'static str {
    match status.as_u16() {
        413 => "Request Entity Too Large",
        _ => status.canonical_reason().unwrap_or("Error"),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use std::collections::BTreeMap;

    #[derive(Debug, thiserror::Error)]
    #[error("{sentence}")]
    struct Refusal {
        sentence: &'static str,
        code: chassis::Code,
        reason: &'static str,
        issues: Vec<Issue>,
        violations: Vec<chassis::Violation>,
        metadata: Vec<(&'static str, String)>,
    }

    impl chassis::Problem for Refusal {
        const SERVICE: &'static str = "catalog";
        fn code(&self) -> chassis::Code {
            self.code
        }
        fn reason(&self) -> &'static str {
            self.reason
        }
        fn issues(&self) -> Vec<Issue> {
            self.issues.clone()
        }
        fn violations(&self) -> Vec<chassis::Violation> {
            self.violations.clone()
        }
        fn metadata(&self) -> Vec<(&'static str, String)> {
            self.metadata.clone()
        }
    }

    fn refusal(code: chassis::Code, reason: &'static str) -> Refusal {
        Refusal {
            sentence: "no",
            code,
            reason,
            issues: vec![],
            violations: vec![],
            metadata: vec![],
        }
    }

    fn document(refusal: Refusal) -> Value {
        let problem = Problem::from(chassis::error::to_status(refusal));
        serde_json::to_value(problem.document("r1")).unwrap()
    }

    fn coded(status: Option<u16>) -> Issue {
        Issue {
            code: "only_one".into(),
            message: "only one".into(),
            severity: Severity::Critical,
            field: Some("$.x".into()),
            component: None,
            attributes: BTreeMap::from([("amount".into(), "0".into())]),
            status,
        }
    }

    #[test]
    fn a_plain_refusal_has_the_words_of_its_class() {
        assert_eq!(
            document(refusal(chassis::Code::NotFound, "METER_NOT_FOUND")),
            json!({
                "type": "about:blank", "title": "Not Found", "status": 404,
                "detail": "not found error: no", "instance": "urn:request:r1",
            })
        );
    }

    // Metering text, §1.4.
    #[test]
    fn statuses_follow_from_codes() {
        let plain = Details::default();
        for (code, status) in [
            (Code::InvalidArgument, 400),
            (Code::OutOfRange, 400),
            (Code::FailedPrecondition, 400),
            (Code::Unauthenticated, 401),
            (Code::PermissionDenied, 403),
            (Code::NotFound, 404),
            (Code::Cancelled, 408),
            (Code::DeadlineExceeded, 408),
            (Code::AlreadyExists, 409),
            (Code::Aborted, 409),
            (Code::ResourceExhausted, 429),
            (Code::Internal, 500),
            (Code::Unimplemented, 501),
            (Code::Unavailable, 503),
        ] {
            assert_eq!(http_status(code, &plain), status, "{code:?}");
        }
    }

    #[test]
    fn failures_of_ours_tell_nothing() {
        let told = document(refusal(chassis::Code::Internal, "INTERNAL"));
        assert_eq!(told["status"], 500);
        assert_eq!(told.get("detail"), None);
    }

    #[test]
    fn violations_name_the_fields_of_the_body() {
        let told = document(Refusal {
            violations: vec![
                chassis::Violation::new("customer.primary_email", "is no address"),
                chassis::Violation::new("events[3].subject", "is required"),
                chassis::Violation::new("customer.currency_code", "is no currency"),
                chassis::Violation::new("customer.display_name", "is empty"),
                chassis::Violation::new("subject.display_name", "is long"),
                chassis::Violation::new("rule.event_type", "cannot be changed"),
                chassis::Violation::new("meter.event_type", "cannot be changed"),
                chassis::Violation::new("channel.webhook.custom_headers[X]", "is odd"),
                chassis::Violation::new("feature.unit_cost.manual.amount", "is low"),
                chassis::Violation::new("void_time", "is late"),
                chassis::Violation::new(
                    "operations[0].stretch_phase.extend_by_duration",
                    "is no duration",
                ),
            ],
            ..refusal(chassis::Code::InvalidArgument, "INVALID")
        });
        assert_eq!(
            told["detail"],
            "validation error: primaryEmail: is no address\nevents[3].subject: is required\n\
             currency: is no currency\nname: is empty\ndisplayName: is long\n\
             type: cannot be changed\neventType: cannot be changed\n\
             customHeaders[X]: is odd\nunitCost.amount: is low\nat: is late\ncustomizations[0].extendBy: is no duration"
        );
    }

    #[test]
    fn issues_that_agree_on_a_status_decide_it() {
        let told = document(Refusal {
            issues: vec![coded(Some(409)), coded(Some(409)), coded(None)],
            ..refusal(chassis::Code::InvalidArgument, "INVALID")
        });
        assert_eq!(told["status"], 409);
        assert_eq!(told["detail"], "only one\nonly one");
        assert_eq!(
            told["extensions"]["validationErrors"],
            json!([
                {"code": "only_one", "message": "only one", "severity": "critical", "field": "$.x", "amount": 0},
                {"code": "only_one", "message": "only one", "severity": "critical", "field": "$.x", "amount": 0},
            ])
        );
    }

    #[test]
    fn issues_that_disagree_leave_the_status_to_the_class() {
        let told = document(Refusal {
            issues: vec![coded(Some(409)), coded(Some(400))],
            ..refusal(chassis::Code::InvalidArgument, "INVALID")
        });
        assert_eq!(told["status"], 400);
    }

    #[test]
    fn a_conflict_names_the_other_entity() {
        let told = document(Refusal {
            metadata: vec![("entitlement_id", "01J".into())],
            ..refusal(chassis::Code::AlreadyExists, "ENTITLEMENT_EXISTS")
        });
        assert_eq!(told["status"], 409);
        assert_eq!(told["extensions"], json!({"conflictingEntityId": "01J"}));
    }

    #[test]
    fn what_holds_a_customer_decides_the_status() {
        let held = |reasons: &str| {
            document(Refusal {
                metadata: vec![("reasons", reasons.to_owned())],
                ..refusal(chassis::Code::FailedPrecondition, "CUSTOMER_HELD")
            })["status"]
                .clone()
        };
        assert_eq!(held("SUBSCRIPTION,ENTITLEMENT"), 409);
        assert_eq!(held("SUBSCRIPTION,INVOICE"), 400);
    }

    #[test]
    fn a_deleted_customer_is_a_failed_precondition() {
        let told = document(refusal(
            chassis::Code::FailedPrecondition,
            "CUSTOMER_DELETED",
        ));
        assert_eq!(told["status"], 412);
    }
}
