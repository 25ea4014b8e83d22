//! Errors by reason: what went wrong as data, so that nobody parses sentences.

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// One field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field in the request.
    pub field: String,
    /// What is wrong with it.
    pub description: String,
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection cannot be set up with these settings.
    #[error("{0}")]
    Setup(String),
    /// The answer of the server.
    #[error("{message} ({})", name(reason, *code))]
    Refused {
        /// Class of the error.
        code: Code,
        /// Stable reason in upper snake case; empty when the server gave none.
        reason: String,
        /// Who says so, such as `perennial.customer`; empty when the server did not say.
        domain: String,
        /// One sentence.
        message: String,
        /// Fields that are wrong.
        violations: Vec<Violation>,
        /// Facts about the error, by name.
        metadata: Box<std::collections::HashMap<String, String>>,
        /// The error of gRPC, with all its details.
        status: Box<Status>,
    },
}

impl Error {
    /// The stable reason, if the server gave one.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Refused { reason, .. } => Some(reason),
            Self::Setup(_) => None,
        }
    }

    /// Who says so, such as `perennial.customer`; empty when the server did not say.
    pub fn domain(&self) -> Option<&str> {
        match self {
            Self::Refused { domain, .. } => Some(domain),
            Self::Setup(_) => None,
        }
    }

    /// The error of gRPC, with details that this crate does not read.
    pub fn status(&self) -> Option<&Status> {
        match self {
            Self::Refused { status, .. } => Some(status),
            Self::Setup(_) => None,
        }
    }

    /// The class of the error, if it came from the server.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::Setup(_) => None,
        }
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info();
        Self::Refused {
            code: code(&status),
            reason: info.map(|info| info.reason.clone()).unwrap_or_default(),
            domain: info.map(|info| info.domain.clone()).unwrap_or_default(),
            message: status.message().to_owned(),
            violations: details
                .bad_request()
                .map(|bad| {
                    bad.field_violations
                        .iter()
                        .map(|violation| Violation {
                            field: violation.field.clone(),
                            description: violation.description.clone(),
                        })
                        .collect()
                })
                .unwrap_or_default(),
            metadata: Box::new(info.map(|info| info.metadata.clone()).unwrap_or_default()),
            status: Box::new(status),
        }
    }
}

/// What an error is called: by its reason, else by its class.
fn name(reason: &str, code: Code) -> String {
    if reason.is_empty() {
        format!("{code:?}")
    } else {
        reason.to_owned()
    }
}

/// The class of an error. The transport cancels a call whose deadline has passed or whose connection was closed, and does not
/// know what it is that there was no connection: what the caller wants to know is why.
pub(crate) fn code(status: &Status) -> Code {
    let causes = || {
        let first = std::error::Error::source(status);
        std::iter::successors(first, |error| error.source())
    };
    if causes().any(|error| error.is::<tonic::TimeoutExpired>()) {
        Code::DeadlineExceeded
    } else if [Code::Unknown, Code::Cancelled].contains(&status.code())
        && causes().any(|error| error.is::<tonic::transport::Error>())
    {
        Code::Unavailable
    } else {
        status.code()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use tonic_types::ErrorDetails;

    use super::*;

    #[test]
    fn an_error_says_what_it_is_and_who_says_so() {
        let facts = [("key".to_owned(), "acme".to_owned())];
        let mut details = ErrorDetails::with_error_info("KEY_TAKEN", "perennial.customer", facts);
        details.add_bad_request_violation("customer.key", "is taken");
        let status = Status::with_error_details(Code::AlreadyExists, "the key is taken", details);
        let error = Error::from(status.clone());
        assert_eq!(error.to_string(), "the key is taken (KEY_TAKEN)");
        assert_eq!(error.domain(), Some("perennial.customer"));
        assert_eq!(error.status().unwrap().details(), status.details());
    }

    #[test]
    fn an_error_without_a_reason_has_the_name_of_its_class() {
        let error = Error::from(Status::unavailable("tcp connect error"));
        assert_eq!(error.to_string(), "tcp connect error (Unavailable)");
        assert_eq!(error.reason(), Some(""));
    }
}
