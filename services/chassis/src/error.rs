//! From a service's own error to a gRPC status with `google.rpc` details, and back to
//! facts on the caller's side. Nobody parses messages.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use contract::kernel::v1 as pb;
use prost::{Message as _, Name as _};
use tonic::Status;
use tonic_types::{ErrorDetails, StatusExt as _};

/// Why a call fails: the small set that every error lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The request is wrong whatever the state.
    InvalidArgument,
    /// The thing does not exist in this project.
    NotFound,
    /// A create collides with a key that is taken.
    AlreadyExists,
    /// The state is wrong now; the caller must change something first.
    FailedPrecondition,
    /// A race was lost or the etag is stale; retry the whole operation.
    Aborted,
    /// No credential, or one that is not known.
    Unauthenticated,
    /// The credential does not allow this.
    PermissionDenied,
    /// A stated limit is reached.
    ResourceExhausted,
    /// A dependency is down; retry.
    Unavailable,
    /// A dependency is too slow; retry.
    DeadlineExceeded,
    /// A bug of ours.
    Internal,
}

impl From<Code> for tonic::Code {
    fn from(code: Code) -> Self {
        match code {
            Code::InvalidArgument => Self::InvalidArgument,
            Code::NotFound => Self::NotFound,
            Code::AlreadyExists => Self::AlreadyExists,
            Code::FailedPrecondition => Self::FailedPrecondition,
            Code::Aborted => Self::Aborted,
            Code::Unauthenticated => Self::Unauthenticated,
            Code::PermissionDenied => Self::PermissionDenied,
            Code::ResourceExhausted => Self::ResourceExhausted,
            Code::Unavailable => Self::Unavailable,
            Code::DeadlineExceeded => Self::DeadlineExceeded,
            Code::Internal => Self::Internal,
        }
    }
}

/// One field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field in the request, such as `customer.key` or `events[3].subject`.
    pub field: String,
    /// What is wrong with it.
    pub description: String,
}

impl Violation {
    /// A violation of one field.
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            description: description.into(),
        }
    }
}

/// How much an issue weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Cannot be stored.
    Critical,
    /// Can be stored, cannot be published.
    Warning,
}

/// One coded problem of a resource, as the OpenMeter dialect prints them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Machine code; empty for an issue without one.
    pub code: String,
    /// One sentence for people.
    pub message: String,
    /// How much it weighs.
    pub severity: Severity,
    /// JSONPath of the field.
    pub field: Option<String>,
    /// The part that found it.
    pub component: Option<String>,
    /// Facts about it.
    pub attributes: BTreeMap<String, String>,
    /// The HTTP status it asks for.
    pub status: Option<u16>,
}

impl From<&Issue> for pb::ValidationIssue {
    fn from(issue: &Issue) -> Self {
        use pb::validation_issue::Severity as Wire;
        Self {
            code: issue.code.clone(),
            message: issue.message.clone(),
            severity: match issue.severity {
                Severity::Critical => Wire::Critical.into(),
                Severity::Warning => Wire::Warning.into(),
            },
            field: issue.field.clone().unwrap_or_default(),
            component: issue.component.clone().unwrap_or_default(),
            attributes: issue.attributes.clone().into_iter().collect(),
            http_status: issue.status.unwrap_or_default().into(),
        }
    }
}

impl From<pb::ValidationIssue> for Issue {
    fn from(issue: pb::ValidationIssue) -> Self {
        let warning = issue.severity() == pb::validation_issue::Severity::Warning;
        let text = |text: String| (!text.is_empty()).then_some(text);
        Self {
            severity: if warning {
                Severity::Warning
            } else {
                Severity::Critical
            },
            status: u16::try_from(issue.http_status).ok().filter(|s| *s > 0),
            code: issue.code,
            message: issue.message,
            field: text(issue.field),
            component: text(issue.component),
            attributes: issue.attributes.into_iter().collect(),
        }
    }
}

/// What every service's error enum says about its variants.
pub trait Problem: std::error::Error {
    /// Name of the service; the domain of the reason is `perennial.<service>`.
    const SERVICE: &'static str;
    /// The class of the error.
    fn code(&self) -> Code;
    /// Stable reason in upper snake case.
    fn reason(&self) -> &'static str;
    /// The fields that are wrong.
    fn violations(&self) -> Vec<Violation> {
        Vec::new()
    }
    /// Coded issues, where the error is a failed check of a resource.
    fn issues(&self) -> Vec<Issue> {
        Vec::new()
    }
    /// Facts about the error, by name.
    fn metadata(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
    /// The status another service answered, which is passed on unchanged.
    fn remote(&self) -> Option<&Status> {
        None
    }
}

/// The status of an error. Internal errors show a fixed sentence; their chain is logged
/// here, once.
pub fn to_status<P: Problem>(problem: P) -> Status {
    if let Some(status) = problem.remote() {
        return status.clone();
    }
    let code = problem.code();
    if code == Code::Internal {
        if let Some(known) = database_cause(std::error::Error::source(&problem)) {
            return known;
        }
        let chain =
            std::iter::successors(std::error::Error::source(&problem), |error| error.source())
                .fold(problem.to_string(), |text, error| {
                    format!("{text}: {error}")
                });
        tracing::error!(service = P::SERVICE, reason = problem.reason(), error = %chain, "internal error");
        return status(
            P::SERVICE,
            code,
            problem.reason(),
            "something went wrong",
            HashMap::new(),
            &[],
            &[],
        );
    }
    let metadata = problem
        .metadata()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    status(
        P::SERVICE,
        code,
        problem.reason(),
        &problem.to_string(),
        metadata,
        &problem.violations(),
        &problem.issues(),
    )
}

/// The status of an error that a known failure of the database caused.
fn database_cause(source: Option<&(dyn std::error::Error + 'static)>) -> Option<Status> {
    std::iter::successors(source, |error| error.source())
        .find_map(|error| error.downcast_ref::<sea_orm::DbErr>())
        .and_then(database_known)
}

/// The status of a failure of the database that is no bug of ours: it may be gone at the next try, or a text was sent that no
/// database of ours need be able to hold.
pub(crate) fn database_known(error: &sea_orm::DbErr) -> Option<Status> {
    if crate::db::has_nul(error) {
        let text = "a text has the character U+0000";
        return Some(refuse(Code::InvalidArgument, "INVALID_ARGUMENT", text, &[]));
    }
    let code = crate::db::passing(error)?;
    if matches!(error, sea_orm::DbErr::RecordNotUpdated) {
        // What was read no longer stood: a race like any other.
        tracing::debug!("a change came in between");
    } else {
        tracing::warn!(%error, "a database failure that may pass");
    }
    let (reason, message) = if code == Code::Aborted {
        (
            "CONCURRENT_CHANGE",
            "another change came in between; try again",
        )
    } else if code == Code::DeadlineExceeded {
        (
            "DATABASE_TIMEOUT",
            "the database took too long; ask for less, or try again",
        )
    } else if crate::db::is_full(error) {
        (
            "DATABASE_FULL",
            "the database has no room for it; nothing was written, try again",
        )
    } else {
        (
            "DATABASE_UNAVAILABLE",
            "the database cannot be reached; try again",
        )
    };
    Some(refuse(code, reason, message, &[]))
}

/// A status for what the chassis itself refuses.
pub fn refuse(code: Code, reason: &'static str, message: &str, violations: &[Violation]) -> Status {
    status(
        "chassis",
        code,
        reason,
        message,
        HashMap::new(),
        violations,
        &[],
    )
}

/// The reason of a call that is turned away because too many go on at once.
pub const OVERLOADED: &str = "OVERLOADED";
/// After how long such a call may be tried again.
const OVERLOAD_PAUSE: Duration = Duration::from_secs(1);

/// The status of a call that is turned away because too many go on at once: nothing of it was done.
pub(crate) fn overloaded() -> Status {
    let wait = OVERLOAD_PAUSE.as_millis().to_string();
    let mut details = ErrorDetails::with_error_info(
        OVERLOADED,
        "perennial.chassis",
        HashMap::from([("retry_after_ms".to_owned(), wait)]),
    );
    details.set_retry_info(Some(OVERLOAD_PAUSE));
    Status::with_error_details(
        tonic::Code::ResourceExhausted,
        "too many calls go on at once; try again",
        details,
    )
}

/// A status for one bad field.
pub fn invalid(field: &str, description: &str) -> Status {
    refuse(
        Code::InvalidArgument,
        "INVALID_ARGUMENT",
        &format!("{field}: {description}"),
        &[Violation::new(field, description)],
    )
}

fn status(
    service: &str,
    code: Code,
    reason: &str,
    message: &str,
    metadata: HashMap<String, String>,
    violations: &[Violation],
    issues: &[Issue],
) -> Status {
    let mut details =
        ErrorDetails::with_error_info(reason, format!("perennial.{service}"), metadata);
    for violation in violations {
        details.add_bad_request_violation(&violation.field, &violation.description);
    }
    let plain = Status::with_error_details(code.into(), message, details);
    if issues.is_empty() {
        return plain;
    }
    let mut wire = tonic_types::pb::Status::decode(plain.details()).unwrap_or_default();
    let issues = pb::ValidationIssues {
        issues: issues.iter().map(Into::into).collect(),
    };
    wire.details.push(prost_types::Any {
        type_url: format!("type.googleapis.com/{}", pb::ValidationIssues::full_name()),
        value: issues.encode_to_vec(),
    });
    Status::with_details(code.into(), message, wire.encode_to_vec().into())
}

/// What the details of a status say.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// The reason in upper snake case; empty when the status has none.
    pub reason: String,
    /// The domain that refused, such as `perennial.catalog`.
    pub domain: String,
    /// Facts about the error, by name.
    pub metadata: HashMap<String, String>,
    /// The fields that are wrong.
    pub violations: Vec<Violation>,
    /// Coded issues.
    pub issues: Vec<Issue>,
}

/// Reads the details of a status that any of our services answered.
pub fn details(status: &Status) -> Details {
    let standard = status.get_error_details();
    let mut details = Details::default();
    if let Some(info) = standard.error_info() {
        details.reason.clone_from(&info.reason);
        details.domain.clone_from(&info.domain);
        details.metadata.clone_from(&info.metadata);
    }
    if let Some(bad) = standard.bad_request() {
        details.violations = bad
            .field_violations
            .iter()
            .map(|violation| Violation::new(&violation.field, &violation.description))
            .collect();
    }
    let wire = tonic_types::pb::Status::decode(status.details()).unwrap_or_default();
    for any in wire.details {
        if any.type_url.ends_with(&pb::ValidationIssues::full_name())
            && let Ok(found) = pb::ValidationIssues::decode(any.value.as_slice())
        {
            details
                .issues
                .extend(found.issues.into_iter().map(Into::into));
        }
    }
    details
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("key `{0}` is taken")]
    struct KeyTaken(String);

    impl Problem for KeyTaken {
        const SERVICE: &'static str = "catalog";
        fn code(&self) -> Code {
            Code::AlreadyExists
        }
        fn reason(&self) -> &'static str {
            "KEY_TAKEN"
        }
        fn violations(&self) -> Vec<Violation> {
            vec![Violation::new("feature.key", "is taken")]
        }
        fn metadata(&self) -> Vec<(&'static str, String)> {
            vec![("key", self.0.clone())]
        }
        fn issues(&self) -> Vec<Issue> {
            vec![Issue {
                code: "key_taken".into(),
                message: "taken".into(),
                severity: Severity::Warning,
                field: Some("$.key".into()),
                component: None,
                attributes: BTreeMap::from([("a".into(), "b".into())]),
                status: Some(409),
            }]
        }
    }

    #[test]
    fn a_status_carries_reason_fields_facts_and_issues() {
        let status = to_status(KeyTaken("pro".into()));
        assert_eq!(status.code(), tonic::Code::AlreadyExists);
        assert_eq!(status.message(), "key `pro` is taken");
        let details = details(&status);
        assert_eq!(details.reason, "KEY_TAKEN");
        assert_eq!(details.domain, "perennial.catalog");
        assert_eq!(details.metadata["key"], "pro");
        assert_eq!(details.violations[0].field, "feature.key");
        assert_eq!(details.issues, KeyTaken(String::new()).issues());
    }
}
