//! Why a command failed: what people read, and what scripts tell from the exit code.

use std::fmt::Display;

use clap::error::{Error as Misuse, ErrorKind};
use perennial_sdk::Error;
use tonic::Code;

/// An error of the command line, as clap makes them.
pub fn misused(message: impl Display) -> anyhow::Error {
    <Misuse>::raw(ErrorKind::ValueValidation, format!("{message}\n")).into()
}

/// The exit code of an error.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    if error.chain().any(|cause| cause.is::<Misuse>()) {
        return 2;
    }
    match error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Error>())
    {
        Some(Error::Setup(_)) => 2,
        Some(Error::Refused { code, .. }) => match code {
            Code::Unavailable | Code::DeadlineExceeded => 3,
            Code::Unauthenticated | Code::PermissionDenied => 4,
            Code::NotFound => 5,
            Code::Ok
            | Code::Cancelled
            | Code::Unknown
            | Code::InvalidArgument
            | Code::AlreadyExists
            | Code::ResourceExhausted
            | Code::FailedPrecondition
            | Code::Aborted
            | Code::OutOfRange
            | Code::Unimplemented
            | Code::Internal
            | Code::DataLoss => 1,
        },
        None => 1,
    }
}

/// What people read: the error, and a line for each field that is wrong.
pub fn explained(error: &anyhow::Error) -> String {
    let mut text = format!("perennial: {error:#}");
    let refused = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Error>());
    if let Some(Error::Refused { violations, .. }) = refused {
        for violation in violations {
            text.push_str(&format!(
                "\n  {}: {}",
                violation.field, violation.description
            ));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use anyhow::{Context as _, anyhow};
    use perennial_sdk::Violation;

    use super::*;

    fn refused(code: Code) -> Error {
        Error::Refused {
            code,
            reason: "INVALID_ARGUMENT".to_owned(),
            message: "the request is not valid".to_owned(),
            violations: vec![Violation {
                field: "currency_code".to_owned(),
                description: "no currency".to_owned(),
            }],
            metadata: Default::default(),
        }
    }

    #[test]
    fn the_exit_code_tells_what_kind_of_failure_it_is() {
        for (code, expected) in [
            (Code::InvalidArgument, 1),
            (Code::Unavailable, 3),
            (Code::DeadlineExceeded, 3),
            (Code::Unauthenticated, 4),
            (Code::PermissionDenied, 4),
            (Code::NotFound, 5),
        ] {
            let error = anyhow::Error::from(refused(code)).context("while asking");
            assert_eq!(exit_code(&error), expected, "{code:?}");
        }
        assert_eq!(exit_code(&Error::Setup("no address".to_owned()).into()), 2);
        assert_eq!(exit_code(&misused("no key")), 2);
        assert_eq!(exit_code(&anyhow!("something differs")), 1);
    }

    #[test]
    fn fields_that_are_wrong_are_named() {
        let error = Err::<(), _>(refused(Code::InvalidArgument)).context("line 3");
        let told = error.map_err(|error| explained(&error)).unwrap_err();
        let expected = "perennial: line 3: the request is not valid (INVALID_ARGUMENT)\n  currency_code: no currency";
        assert_eq!(told, expected);
    }
}
