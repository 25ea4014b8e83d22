//! Why a command failed: what people read, and what scripts tell from the exit code.

use std::fmt::{self, Display, Formatter};

use clap::error::{Error as Misuse, ErrorKind};
use perennial_sdk::Error;
use tonic::Code;

/// An error of the command line, as clap makes them.
pub fn misused(message: impl Display) -> anyhow::Error {
    <Misuse>::raw(ErrorKind::ValueValidation, format!("{message}\n")).into()
}

/// The error of a command that goes to a server; where that could not be reached or was not in time, with its address.
pub fn at(address: &str, error: anyhow::Error) -> anyhow::Error {
    match refused(&error).and_then(Error::code) {
        Some(Code::Unavailable | Code::DeadlineExceeded) => {
            error.context(format!("server at {address} (see --address)"))
        }
        _ => error,
    }
}

/// Whether it failed because whoever read the answer has enough, as in `… | head`.
pub fn nobody_reads(error: &anyhow::Error) -> bool {
    error.is::<NobodyReads>()
}

/// What writing an answer came to.
pub fn written(done: std::io::Result<()>) -> anyhow::Result<()> {
    match done {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(NobodyReads.into()),
        done => Ok(done?),
    }
}

/// Standard output is a pipe of which the other end is closed.
#[derive(Debug)]
struct NobodyReads;

impl Display for NobodyReads {
    fn fmt(&self, text: &mut Formatter<'_>) -> fmt::Result {
        text.write_str("nobody reads the answer")
    }
}

impl std::error::Error for NobodyReads {}

/// The exit code of an error.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    if error.chain().any(|cause| cause.is::<Misuse>()) {
        return 2;
    }
    match refused(error) {
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

/// What people read: the error, a line for each field that is wrong, and one for each issue of what was sent.
pub fn explained(error: &anyhow::Error) -> String {
    let mut text = format!("perennial: {error:#}");
    if let Some(Error::Refused {
        violations, status, ..
    }) = refused(error)
    {
        for violation in violations {
            text.push_str(&format!(
                "\n  {}: {}",
                violation.field, violation.description
            ));
        }
        for issue in chassis::error::details(status).issues {
            let place = issue.field.unwrap_or(issue.code);
            text.push_str(&format!("\n  {place}: {}", issue.message));
        }
    }
    text
}

/// What the client of the server says.
fn refused(error: &anyhow::Error) -> Option<&Error> {
    error.chain().find_map(|cause| cause.downcast_ref())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::io::{self, ErrorKind};

    use anyhow::{Context as _, anyhow};
    use chassis::error::{Code as Class, Issue, Problem, Severity, Violation, refuse, to_status};
    use tonic::Status;

    use super::*;

    fn refused(code: Code) -> Error {
        Status::new(code, "not now").into()
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
        let violations = [Violation::new("currency_code", "no currency")];
        let status = refuse(
            Class::InvalidArgument,
            "INVALID_ARGUMENT",
            "the request is not valid",
            &violations,
        );
        let error = Err::<(), _>(Error::from(status)).context("line 3");
        let told = error.map_err(|error| explained(&error)).unwrap_err();
        let expected = "perennial: line 3: the request is not valid (INVALID_ARGUMENT)\n  currency_code: no currency";
        assert_eq!(told, expected);
    }

    #[derive(Debug)]
    struct BadPlan;

    impl Display for BadPlan {
        fn fmt(&self, text: &mut Formatter<'_>) -> fmt::Result {
            text.write_str("invalid plan")
        }
    }

    impl std::error::Error for BadPlan {}

    impl Problem for BadPlan {
        const SERVICE: &'static str = "catalog";

        fn code(&self) -> Class {
            Class::InvalidArgument
        }

        fn reason(&self) -> &'static str {
            "INVALID_PLAN"
        }

        fn issues(&self) -> Vec<Issue> {
            let issue = |field: Option<&str>| Issue {
                code: "no_phases".to_owned(),
                message: "a plan has phases".to_owned(),
                severity: Severity::Critical,
                field: field.map(str::to_owned),
                component: None,
                attributes: Default::default(),
                status: None,
            };
            vec![issue(Some("$.phases")), issue(None)]
        }
    }

    #[test]
    fn issues_are_told() {
        let error = Error::from(to_status(BadPlan)).into();
        let expected = "perennial: invalid plan (INVALID_PLAN)\n  $.phases: a plan has phases\n  no_phases: a plan has phases";
        assert_eq!(explained(&error), expected);
    }

    #[test]
    fn a_server_that_is_not_reached_is_named() {
        let told = |code| explained(&at("127.0.0.1:1", refused(code).into()));
        assert_eq!(
            told(Code::Unavailable),
            "perennial: server at 127.0.0.1:1 (see --address): not now (Unavailable)"
        );
        assert!(told(Code::DeadlineExceeded).contains("127.0.0.1:1"));
        assert!(!told(Code::NotFound).contains("127.0.0.1:1"));
        let error = at("127.0.0.1:1", refused(Code::Unavailable).into());
        assert_eq!(exit_code(&error), 3);
    }

    #[test]
    fn only_a_closed_pipe_ends_in_silence() {
        let written = |kind: ErrorKind| written(Err(io::Error::from(kind))).unwrap_err();
        assert!(nobody_reads(&written(ErrorKind::BrokenPipe)));
        assert!(!nobody_reads(&written(ErrorKind::StorageFull)));
        let elsewhere = io::Error::from(ErrorKind::BrokenPipe).into();
        assert!(!nobody_reads(&elsewhere));
    }
}
